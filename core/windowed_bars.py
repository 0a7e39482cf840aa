"""Bars that memory does not hold at once: the same readings as of `Bars`, over rows that are read as they are needed.

The rows lie in windows of one size. At most two are kept, the one that was asked for last and the one before it, and
whatever was computed of a window is dropped with it.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Final, NoReturn, TypeAlias, TypeVar, overload

import polars as pl
from attrs import evolve, field, frozen

from core.bars import TICK_COLUMNS, Bars
from core.errors import BarDataError

WINDOW_ROWS: Final = 2**18
"""Rows of a window: as many as polars writes into one group of a Parquet file."""

_MOST_KEPT: Final = 2
_T = TypeVar("_T")

ReadRows: TypeAlias = Callable[[int, int], pl.DataFrame]
"""Returns rows as columns of bars, from a first one on, so many."""


@frozen(eq=False)
class Window:
    """Some rows of bars, one after the other.

    Attributes:
        first: The row of the bars that is the first of the frame.
        frame: Their columns.
    """

    first: int
    frame: pl.DataFrame = field(repr=False)
    _made: dict[Hashable, Any] = field(factory=dict, init=False, repr=False)

    @property
    def end(self) -> int:
        """The row after the last."""
        return self.first + self.frame.height

    def column(self, name: str) -> list[int]:
        """Return a column as a list."""
        return self.made(name, self.frame[name].to_list)

    def made(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return what is made of these rows, made when it is first asked for and kept as long as they are."""
        if key not in self._made:
            self._made[key] = make()
        result: _T = self._made[key]
        return result


@frozen(eq=False)
class Rows:
    """Where windows are read.

    Attributes:
        read: Reads rows.
        count: How many there are.
        highest: The highest price of all, in units of the finest digit.
        size: Rows of a window.
    """

    read: ReadRows
    count: int
    highest: int
    size: int = WINDOW_ROWS


class WindowedBars(Bars):
    """One symbol's bars, of which no more than two windows are in memory.

    Args:
        symbol: What was traded, taken literally.
        rows: Where windows are read; each row can be a bar, and was checked.
        digits: Digits after the point of a price.
        volume_digits: Digits after the point of a volume.
        source: Where they come from, for errors.
    """

    __slots__ = ("_kept", "rows")

    rows: Rows
    _kept: list[Window]

    def __init__(self, symbol: str, rows: Rows, digits: int = 2, volume_digits: int = 0, source: str = "") -> None:
        given = {"symbol": symbol, "digits": digits, "volume_digits": volume_digits, "source": source, "origin": None}
        kept: list[Window] = []
        for name, value in {**given, "rows": rows, "_kept": kept}.items():
            object.__setattr__(self, name, value)  # what is frozen is set once

    def __len__(self) -> int:
        """How many bars there are."""
        return self.rows.count

    @property
    def frame(self) -> NoReturn:
        """Refuse: no frame holds them all.

        Raises:
            BarDataError: Always.
        """
        raise BarDataError(self.source, "its bars are read in windows, and all of them at once are asked for")

    @property
    def times(self) -> "Column":  # type: ignore[override]  # a sequence that is read, not a list
        """The stamp of each bar, in microseconds since 1970 in UTC."""
        return Column(self, "time")

    @property
    def ticks(self) -> "tuple[Column, Column, Column, Column]":  # type: ignore[override]  # likewise
        """The opens, highs, lows and closes, each in units of the finest digit."""
        opens, highs, lows, closes = (Column(self, name) for name in TICK_COLUMNS)
        return opens, highs, lows, closes

    @property
    def closes(self) -> "Column":  # type: ignore[override]  # likewise
        """The closes, in units of the finest digit."""
        return Column(self, TICK_COLUMNS[3])

    def column(self, name: str) -> "Column":
        """Return a column by its name, to be read row by row."""
        return Column(self, name)

    def _cells(self, row: int) -> tuple[Any, ...]:
        window = self.window_at(row)
        return window.frame.row(row - window.first)

    def with_digits(self, digits: int) -> "WindowedBars":
        """Return the same bars in units of a finer digit.

        Raises:
            BarDataError: A price has too many digits for that.
        """
        if digits <= self.digits:
            return self
        self._check_fits(self.rows.highest, digits)
        rows, factor = self.rows, 10 ** (digits - self.digits)

        def read(first: int, count: int) -> pl.DataFrame:
            return rows.read(first, count).with_columns(pl.col(*TICK_COLUMNS) * factor)

        finer = evolve(rows, read=read, highest=rows.highest * factor)
        return WindowedBars(self.symbol, finer, digits, self.volume_digits, self.source)

    def window_at(self, row: int) -> Window:
        """Return the window that a row lies in.

        Raises:
            IndexError: There is no such row.
        """
        kept = self._kept
        if kept and kept[-1].first <= row < kept[-1].end:
            return kept[-1]
        if not 0 <= row < self.rows.count:
            raise IndexError(row)
        first = row - row % self.rows.size
        found = next((place for place, window in enumerate(kept) if window.first == first), None)
        if found is not None:
            kept.append(kept.pop(found))
            return kept[-1]
        del kept[: len(kept) - _MOST_KEPT + 1]  # before the next one is read
        kept.append(Window(first, self.read(first, first + self.rows.size)))
        return kept[-1]

    def read(self, first: int, end: int) -> pl.DataFrame:
        """Return rows as columns, without keeping them; those that are not there are left out."""
        first, end = max(first, 0), min(end, self.rows.count)
        for window in self._kept:
            if window.first <= first and end <= window.end:
                return window.frame[first - window.first : end - window.first]
        return self.rows.read(first, end - first)


class Column(Sequence[int]):
    """A column of windowed bars: read like a list, by rows from 0 and by slices."""

    __slots__ = ("_bars", "_name")

    def __init__(self, bars: WindowedBars, name: str) -> None:
        self._bars, self._name = bars, name

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._bars)

    @overload
    def __getitem__(self, row: int) -> int: ...
    @overload
    def __getitem__(self, row: slice) -> list[int]: ...
    def __getitem__(self, row: int | slice) -> int | list[int]:
        """Return the value of a row, or the values of a slice without a step."""
        if isinstance(row, slice):
            first, end, _ = row.indices(len(self))
            return [value for part in self._parts(first, end) for value in part]
        window = self._bars.window_at(row)
        return window.column(self._name)[row - window.first]

    def _parts(self, first: int, end: int) -> Iterator[list[int]]:
        while first < end:
            window = self._bars.window_at(first)
            yield window.column(self._name)[first - window.first : end - window.first]
            first = window.end
