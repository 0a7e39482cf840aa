"""Window: which bars a chart shows, and how many of them stand in a column.

Columns are counted from the first bar of all: a bar is in the same column at every moment, so that the columns keep
still while bars come in.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_LADDER: Final = (1, 2, 5)


@frozen
class Window:
    """How a person looks at the bars of a chart; each method returns another one.

    Nothing in it says how many bars there are, or how many columns have room: that is asked each time, so one window
    serves at every moment and in every size.

    Attributes:
        size: Bars in a column: 1, 2, 5, 10, 20, 50, ...
        last: The row that stays in the last column; None where the newest bar does.
        cursor: The row that the cursor is on; None where there is no cursor.
    """

    size: int = 1
    last: int | None = None
    cursor: int | None = None

    def columns(self, newest: int, room: int) -> range:
        """Return the columns in view: so many as have room, or all of them.

        Args:
            newest: The newest row, from 0.
            room: How many columns have room.
        """
        end = newest // self.size
        last = end if self.last is None else min(self.last // self.size, end)
        last = max(last, min(room - 1, end))
        return range(max(last - room + 1, 0), last + 1)

    def row_of(self, column: int, newest: int) -> int:
        """Return the newest row of a column."""
        return min((column + 1) * self.size - 1, newest)

    def cursor_column(self, newest: int, room: int) -> int | None:
        """Return the column of the cursor; None where it is not in view."""
        if self.cursor is None or self.cursor > newest:
            return None
        column = self.cursor // self.size
        return column if column in self.columns(newest, room) else None

    def at(self, column: int, newest: int, room: int) -> Window:
        """Put the cursor on a column, the nearest there is, and bring that into view."""
        column = min(max(column, 0), newest // self.size)
        shown = self.columns(newest, room)
        start = min(max(shown.start, column - room + 1), column)
        moved = evolve(self, cursor=self.row_of(column, newest))
        return moved if start == shown.start else _begun_at(moved, start, newest, room)

    def moved(self, delta: int, newest: int, room: int) -> Window:
        """Move the cursor by columns, to later bars where `delta` is above zero; with none, from the last in view."""
        return self.at(self._place(newest, room) + delta, newest, room)

    def panned(self, delta: int, newest: int, room: int) -> Window:
        """Move what is in view by columns, and the cursor with it."""
        cursor, start = self._place(newest, room) + delta, self.columns(newest, room).start + delta
        return _begun_at(self, start, newest, room).at(cursor, newest, room)

    def followed(self) -> Window:
        """Follow the newest bar, without a cursor."""
        return Window(self.size)

    def zoomed(self, delta: int, newest: int, room: int, column: int | None = None) -> Window:
        """Show fewer bars in a column where `delta` is above zero, and more where it is below, as far as there are any.

        Args:
            delta: In which direction.
            newest: The newest row, from 0.
            room: How many columns have room.
            column: The column that keeps its place; by default that of the cursor, else the last one.
        """
        if delta < 0 and newest // self.size < room:
            return self
        size = _below(self.size) if delta > 0 else _above(self.size)
        still = self.cursor_column(newest, room) if column is None else column
        other = evolve(self, size=size)
        if still is None or room < 1:
            return other
        shown = self.columns(newest, room)
        still = min(max(still, shown.start), shown.stop - 1)
        row = self.cursor if self.cursor is not None and self.cursor // self.size == still else still * self.size
        return _begun_at(other, row // size - (still - shown.start), newest, room)

    def _place(self, newest: int, room: int) -> int:
        """Return the column of the cursor, or the last in view."""
        column = self.cursor_column(newest, room)
        return self.columns(newest, room).stop - 1 if column is None else column


def _begun_at(window: Window, start: int, newest: int, room: int) -> Window:
    """Return the same with another first column; it follows the newest bar where that comes into view."""
    last = max(start, 0) + room - 1
    return evolve(window, last=None if last >= newest // window.size else (last + 1) * window.size - 1)


def _sizes() -> Iterator[int]:
    return (step * 10**power for power in count() for step in _LADDER)


def _above(size: int) -> int:
    return next(one for one in _sizes() if one > size)


def _below(size: int) -> int:
    below = 1
    for one in _sizes():
        if one >= size:
            return below
        below = one
    raise AssertionError
