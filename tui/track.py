"""Track: where along a run something was done, for a line of so many columns."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Final

from attrs import define, field

from core.backtest.journal import Journal
from core.events import OrderFilled, OrderRejected
from core.replay.breakpoints import Breakpoint
from core.replay.cursor import START, Cursor
from tui.shown import REJECTION, column_of

BREAKPOINT: Final = "◆"


@define(eq=False)
class _Stops:
    """The columns in which a breakpoint stops, as far as was looked."""

    shape: tuple[int, int]  # steps of the run, and columns
    seen: Cursor = START
    columns: set[int] = field(factory=set)

    def look_on(self, one: Breakpoint) -> None:
        """Look from where the last look has ended."""
        while (place := one.after(self.seen)) is not None:
            self.seen = place
            self.columns.add(column_of(place.step, *self.shape))
        self.seen = one.search.history.head


@define(eq=False)
class Track:
    """The steps of fills and rejections, as far as the run has come; where a column begins among them is searched.

    Args:
        journal: The facts.
    """

    _journal: Journal
    _read: int = field(default=0, init=False)
    _fills: list[int] = field(factory=list, init=False)
    _rejections: list[int] = field(factory=list, init=False)
    _stops: dict[Breakpoint, _Stops] = field(factory=dict, init=False)
    _drawdowns: tuple[tuple[int, int], list[Decimal]] = field(factory=lambda: ((0, 0), []), init=False)

    def fills(self, count: int, columns: int) -> list[int]:
        """Return how many fills there are in each column.

        Args:
            count: How many steps the run has.
            columns: In how many columns they are shown.
        """
        self.read_on()
        return _counts(self._fills, count, columns)

    def marks(
        self, count: int, columns: int, bookmarks: Mapping[int, str], breakpoints: Iterable[Breakpoint] = ()
    ) -> dict[int, str]:
        """Return the columns with a rejection, a place of a breakpoint that is on, or a bookmark, and what marks them.

        A later one of these stands over an earlier one; bookmarks are marked by their letter.
        """
        self.read_on()
        rejected = _counts(self._rejections, count, columns)
        marks = {column: REJECTION for column, many in enumerate(rejected) if many}
        there = {one: self._stops.get(one) for one in breakpoints if one.is_on}
        shape = (count, columns)
        self._stops = {one: it if it and it.shape == shape else _Stops(shape) for one, it in there.items()}
        for one, stops in self._stops.items():
            stops.look_on(one)
            marks |= dict.fromkeys(stops.columns, BREAKPOINT)
        for step, letter in bookmarks.items():
            marks[column_of(step, count, columns)] = letter
        return marks

    def drawdowns(self, drawdown_at: Callable[[int], Decimal], head: int, count: int, columns: int) -> list[Decimal]:
        """Return the drawdown at the end of each column, as far as the run has come.

        Args:
            drawdown_at: Returns the drawdown at the end of a step, a fraction of the peak.
            head: The newest step that was executed; -1 before the first.
            count: How many steps the run has.
            columns: In how many columns they are shown.
        """
        if self._drawdowns[0] != (count, columns):
            self._drawdowns = ((count, columns), [])
        known = self._drawdowns[1]
        while len(known) < columns and (last := start_of(len(known) + 1, count, columns) - 1) <= head:
            known.append(drawdown_at(last))
        return known if len(known) > column_of(head, count, columns) or head < 0 else [*known, drawdown_at(head)]

    def read_on(self) -> None:
        """Take in the facts that came since."""
        rows, read = self._journal.rows, self._read
        if read < len(rows):
            fresh = rows[read:]
            self._fills += [row[0] for row in fresh if row[2] is OrderFilled]
            self._rejections += [row[0] for row in fresh if row[2] is OrderRejected]
            self._read = len(rows)


def _counts(steps: list[int], count: int, columns: int) -> list[int]:
    """Return how many of some rising steps are in each column."""
    edges = [bisect_left(steps, start_of(column, count, columns)) for column in range(1, columns)]
    return [stop - first for first, stop in pairwise((0, *edges, len(steps)))][:columns]


def start_of(column: int, count: int, columns: int) -> int:
    """Return the first step that is in a column or after it."""
    return -(-column * count // max(columns, 1))
