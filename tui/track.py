"""Track: where along a run something was done, for a line of so many columns."""

from bisect import bisect_left
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from attrs import define, field

from core.backtest.journal import Journal
from core.events import OrderFilled, OrderRejected
from tui.shown import REJECTION, column_of

BOOKMARK: Final = "♦"


@define(eq=False)
class Track:
    """The steps of fills and rejections, as far as the run has come.

    Args:
        journal: The facts.
    """

    _journal: Journal
    _read: int = field(default=0, init=False)
    _fills: list[int] = field(factory=list, init=False)
    _rejections: list[int] = field(factory=list, init=False)

    def fills(self, count: int, columns: int) -> list[int]:
        """Return how many fills there are in each column.

        Args:
            count: How many steps the run has.
            columns: In how many columns they are shown.
        """
        self._read_on()
        edges = [bisect_left(self._fills, start_of(column, count, columns)) for column in range(columns + 1)]
        return [after - before for before, after in pairwise(edges)]

    def marks(self, count: int, columns: int, bookmarks: Mapping[int, str]) -> dict[int, str]:
        """Return the columns with a rejection or a bookmark, and what marks them; bookmarks by their letter."""
        self._read_on()
        marks: dict[int, str] = {}
        for column in range(columns):
            first, stop = start_of(column, count, columns), start_of(column + 1, count, columns)
            place = bisect_left(self._rejections, first)
            if place < len(self._rejections) and self._rejections[place] < stop:
                marks[column] = REJECTION
        for step, letter in bookmarks.items():
            marks[column_of(step, count, columns)] = letter
        return marks

    def _read_on(self) -> None:
        for step, _, kind, _ in self._journal.rows[self._read :]:
            if kind is OrderFilled:
                self._fills.append(step)
            elif kind is OrderRejected:
                self._rejections.append(step)
        self._read = len(self._journal)


def start_of(column: int, count: int, columns: int) -> int:
    """Return the first step that is in a column or after it."""
    return -(-column * count // max(columns, 1))
