"""Track: where along a run something was done, for a line of so many columns."""

from collections.abc import Iterable, Mapping
from typing import Final

from attrs import define, field

from core.backtest.journal import Journal
from core.events import Event, OrderFilled, OrderRejected
from tui.shown import REJECTION, column_of

BOOKMARK: Final = "♦"
_COUNTED: Final = (OrderFilled, OrderRejected)


@define(eq=False)
class _Columns:
    """What was counted in each of so many columns."""

    shape: tuple[int, int]  # steps of the run, and columns
    fills: list[int] = field(init=False)
    rejected: set[int] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        """Begin with none."""
        self.fills = [0] * self.shape[1]

    def count(self, step: int, kind: type[Event]) -> None:
        """Count a fact of a step."""
        if kind is OrderFilled:
            self.fills[column_of(step, *self.shape)] += 1
        else:
            self.rejected.add(column_of(step, *self.shape))


@define(eq=False)
class Track:
    """The steps of fills and rejections, as far as the run has come.

    What was counted is kept until another number of columns is asked for, so that a step costs what it did itself.

    Args:
        journal: The facts.
    """

    _journal: Journal
    _read: int = field(default=0, init=False)
    _counted: list[tuple[int, type[Event]]] = field(factory=list, init=False)
    _columns: _Columns = field(factory=lambda: _Columns((0, 0)), init=False)

    def fills(self, count: int, columns: int) -> list[int]:
        """Return how many fills there are in each column.

        Args:
            count: How many steps the run has.
            columns: In how many columns they are shown.
        """
        return list(self._columns_of(count, columns).fills)

    def marks(self, count: int, columns: int, bookmarks: Mapping[int, str]) -> dict[int, str]:
        """Return the columns with a rejection or a bookmark, and what marks them; bookmarks by their letter."""
        marks = dict.fromkeys(self._columns_of(count, columns).rejected, REJECTION)
        for step, letter in bookmarks.items():
            marks[column_of(step, count, columns)] = letter
        return marks

    def _columns_of(self, count: int, columns: int) -> _Columns:
        """Return what was counted so far."""
        if self._columns.shape != (count, columns):
            self._columns = _Columns((count, columns))
            self._count(self._counted)
        fresh = [(row[0], row[2]) for row in self._journal.rows[self._read :] if row[2] in _COUNTED]
        self._read = len(self._journal)
        self._counted += fresh
        self._count(fresh)
        return self._columns

    def _count(self, facts: Iterable[tuple[int, type[Event]]]) -> None:
        for step, kind in facts if self._columns.fills else ():
            self._columns.count(step, kind)
