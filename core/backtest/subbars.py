"""Finer bars that stand for the bars of a run, so that the order of prices inside one is known (rule R3).

A bar is replayed by those of its symbol that end after the bar before it and no later than it does; the first bar
by those of its last interval, which is the least between two bars.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import polars as pl

from core.bars import Bars
from core.errors import BarDataError

DAY: Final = 24 * 60 * 60 * 1_000_000
"""In microseconds: the interval of a bar that is alone."""


class Subbars:
    """The finer bars of some symbols.

    Args:
        bars: The bars of the run.
        finer: One for each symbol that has finer bars.

    Raises:
        BarDataError: A symbol that the run does not have or that is given twice, or a finer bar outside of its bar.
    """

    __slots__ = ("_finer", "_starts")

    def __init__(self, bars: Sequence[Bars], finer: Sequence[Bars]) -> None:
        whole = {one.symbol: one for one in bars}
        self._finer: dict[str, Bars] = {}
        self._starts: dict[str, list[int]] = {}
        for one in finer:
            if one.symbol not in whole or one.symbol in self._finer:
                raise BarDataError(one.source or "subbars", f"must be of one symbol of the run each, was {one.symbol}")
            self._finer[one.symbol] = one.with_digits(whole[one.symbol].digits)
            self._starts[one.symbol] = _starts(whole[one.symbol], self._finer[one.symbol])

    def of_row(self, symbol: str, row: int) -> tuple[Bars, range] | None:
        """Return the finer bars of a symbol, and which of their rows stand for one row; None where none do."""
        starts = self._starts.get(symbol)
        if starts is None or starts[row] == starts[row + 1]:
            return None
        return self._finer[symbol], range(starts[row], starts[row + 1])


def _starts(whole: Bars, finer: Bars) -> list[int]:
    """Return where in the finer rows those of each row begin, and where those of the last one end."""
    times = whole.frame["time"]
    least = times.diff().min()
    before = times[0] - (least if isinstance(least, int) else DAY)
    starts = finer.frame["time"].search_sorted(pl.concat([pl.Series([before]), times]), side="right").to_list()
    _check_inside(whole, finer, starts)
    return starts


def _check_inside(whole: Bars, finer: Bars, starts: Sequence[int]) -> None:
    first_of_all = starts[0]
    owners = [row for row, (first, end) in enumerate(pairwise(starts)) for _ in range(first, end)]
    factor = 10 ** (finer.digits - whole.digits)
    bounds = whole.frame[owners].select((pl.col("low_ticks", "high_ticks") * factor).name.suffix("_whole"))
    frame = pl.concat([finer.frame[first_of_all : first_of_all + len(owners)], bounds], how="horizontal")
    is_outside = (pl.col("low_ticks") < pl.col("low_ticks_whole")) | (pl.col("high_ticks") > pl.col("high_ticks_whole"))
    row = frame.select(row=is_outside.arg_true().first())["row"].item()
    if row is not None:
        what = f"row {first_of_all + row} of {finer.symbol}'s finer bars lies outside of its bar, row {owners[row]}"
        raise BarDataError(finer.source or "subbars", what)
