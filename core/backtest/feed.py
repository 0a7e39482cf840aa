"""Feed: many symbols' bars on one clock.

A step is the next time at which any symbol has a bar. A missing bar stays missing: nothing is carried forward into a
step in which a symbol did not trade.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import TypeAlias

import polars as pl

from core.bars import Bars, to_datetime
from core.errors import BarDataError, StepOutOfRangeError
from core.windowed_bars import WindowedBars

Group: TypeAlias = tuple[int, ...]
"""The symbols that have a bar in a step, by their place in `Feed.bars`."""


class Feed:
    """The steps of a run, and which symbols have a bar in each.

    Args:
        bars: One for each symbol, in any order.

    Attributes:
        bars: Those of each symbol, in the order of the symbols.
        places: Where in `bars` each symbol is.
        times: The stamp of each step, in microseconds since 1970 in UTC.
        stamps: The same as a column; there is none where the bars are read in windows.
        groups: The distinct sets of symbols that have a bar in a step.
        group_of_step: Which of them each step has.

    Raises:
        BarDataError: No bars, or two of one symbol.
    """

    __slots__ = ("_is_aligned", "_last", "bars", "group_of_step", "groups", "places", "stamps", "times")

    def __init__(self, bars: Sequence[Bars]) -> None:
        self.bars = tuple(sorted(bars, key=lambda one: one.symbol))
        _check_symbols(self.bars)
        self.places = {one.symbol: place for place, one in enumerate(self.bars)}
        self._last: tuple[int | None, datetime] = (None, to_datetime(0))  # the step that was asked for, and its time
        self.times: Sequence[int]
        self.group_of_step: Sequence[int]
        windowed = next((one for one in self.bars if isinstance(one, WindowedBars)), None)
        if windowed is None:
            self._stand_on_columns()
        else:
            self._stand_on_windows(windowed)
        self._is_aligned = len(self.groups) == 1  # every symbol has a bar in every step

    def _stand_on_columns(self) -> None:
        stamps = [one.frame["time"] for one in self.bars]
        self.stamps = pl.concat(stamps).unique().sort()
        self.times = self.stamps.to_list()
        self.groups, self.group_of_step = _group(self.stamps, stamps)

    def _stand_on_windows(self, windowed: WindowedBars) -> None:
        if len(self.bars) > 1:
            raise BarDataError(windowed.source, "what is read in windows must be the only symbol of a run")
        self.times = windowed.times
        self.groups, self.group_of_step = [(0,)], bytes(len(windowed))

    def __len__(self) -> int:
        """How many steps there are."""
        return len(self.times)

    def time(self, step: int) -> datetime:
        """Return the stamp of a step, in UTC.

        Raises:
            StepOutOfRangeError: There is no such step.
        """
        if self._last[0] != step:
            if not 0 <= step < len(self.times):
                raise StepOutOfRangeError(step, len(self.times))
            self._last = (step, to_datetime(self.times[step]))
        return self._last[1]

    def row_at(self, place: int, step: int) -> int:
        """Return the row of a symbol's newest bar at a step, by its place in `bars`; -1 before its first."""
        if self._is_aligned:
            return step
        return bisect_right(self.bars[place].times, self.times[step]) - 1

    def step_at(self, place: int, row: int) -> int:
        """Return the step of a symbol's row."""
        if self._is_aligned:
            return row
        return bisect_left(self.times, self.bars[place].times[row])


def _check_symbols(bars: Sequence[Bars]) -> None:
    if not bars:
        raise BarDataError("bars", "none were given")
    for one, other in pairwise(bars):
        if one.symbol == other.symbol:
            raise BarDataError(other.source or "bars", f"symbol {one.symbol} is given twice, also by {one.source}")


def _group(clock: pl.Series, stamps: Sequence[pl.Series]) -> tuple[list[Group], list[int]]:
    """Return the distinct groups, and the number of each step's group."""
    presence = pl.DataFrame({str(place): clock.is_in(one.implode()) for place, one in enumerate(stamps)})
    runs = presence.select(run=pl.struct(pl.all()).rle_id())["run"]
    starts = presence[runs.is_first_distinct().arg_true()]
    numbers: dict[Group, int] = {}
    number_of_run = [numbers.setdefault(_members(row), len(numbers)) for row in starts.iter_rows()]
    return list(numbers), runs.replace_strict(list(range(len(number_of_run))), number_of_run).to_list()


def _members(row: tuple[bool, ...]) -> Group:
    return tuple(place for place, is_there in enumerate(row) if is_there)
