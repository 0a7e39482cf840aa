"""Timeline: the history of a run, and the one cursor that says where in it one stands.

To move the cursor restores nothing and changes nothing: it is told once, as `CursorMoved`.
"""

from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import define, field, frozen

from core.announcer import Handler, Subscribers
from core.bars import to_microseconds, written_time
from core.errors import InputError
from core.replay.conditions import Change
from core.replay.cursor import START, Cursor
from core.replay.expression import parse_expression
from core.replay.history import History
from core.replay.moment import Moment
from core.replay.search import Search


@frozen
class CursorMoved:
    """One stands at another place of the run.

    Attributes:
        before: Where one stood.
        after: Where one stands.
    """

    before: Cursor
    after: Cursor


@define(eq=False)
class Timeline(History):
    """Every recorded moment of a run, and where one stands.

    Args:
        run: The run, as far as it has come.

    Attributes:
        cursor: Where one stands; before the first step to begin with.

    >>> from datetime import UTC, datetime, timedelta
    >>> from decimal import Decimal
    >>> from core import Backtest, Bars
    >>> from core.backtest.examples import BuyAndHold
    >>> days = [datetime(2024, 1, 2, 21, tzinfo=UTC) + day * timedelta(days=1) for day in range(3)]
    >>> bars = Bars.from_rows("ACME", [(day, *[10 + place] * 4) for place, day in enumerate(days)])
    >>> run = Backtest(bars, BuyAndHold())
    >>> run.run()
    >>> timeline = Timeline(run)
    >>> [timeline.at(timeline.end_of_step(step)).equity for step in range(3)]
    [Decimal('100000'), Decimal('100000.00'), Decimal('100100.00')]
    >>> timeline.seek(timeline.head).get_position("ACME").quantity
    Decimal('100')
    >>> timeline.step_back().step, timeline.last_change("cash").step
    (1, 1)
    """

    cursor: Cursor = field(default=START, init=False)
    _handlers: Subscribers = field(factory=Subscribers, init=False)
    _changes: dict[str, Search] = field(factory=dict, init=False)

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Call the handler with a `CursorMoved` whenever the cursor moves; returns how to stop."""
        return self._handlers.subscribe(handler)

    @property
    def is_at_head(self) -> bool:
        """Whether nothing that was recorded lies after the cursor."""
        return self.cursor == self.head

    def seek(self, cursor: Cursor) -> Moment:
        """Stand at another place, and return the moment there.

        Raises:
            InputError: It is not in what was recorded.
        """
        first = self.run.journal.first_of_step
        is_there = START.order <= cursor.order <= self.head.order
        if not is_there or not first(cursor.step) <= cursor.sequence <= first(cursor.step + 1):
            raise InputError(f"cannot seek to bar {cursor.step + 1}: bars 1 to {self.run.step_count} are recorded")
        before, self.cursor = self.cursor, cursor
        if before != cursor:
            for handler in tuple(self._handlers.values()):
                handler(CursorMoved(before, cursor))
        return self.at(cursor)

    def step_back(self, *, by_event: bool = False) -> Cursor:
        """Stand at the end of the bar before, or one place back; at the start it stays."""
        self.seek(self.previous_place(self.cursor) if by_event else self.previous_bar(self.cursor))
        return self.cursor

    def last_change(self, number: str, *, forward: bool = False) -> Cursor | None:
        """Return the place before the cursor at which a number was last changed, or the next one after it.

        Args:
            number: Such as `cash` or `position["AAPL"]`; what can be asked for stands in `core.replay.expression`.
            forward: Whether to look after the cursor.

        Returns:
            None where it was not.

        Raises:
            ExpressionError: It cannot be read.
        """
        search = self._changes.get(number)
        if search is None:
            search = Search(self, Change(parse_expression(number, self.run.feed.places)))
            self._changes[number] = search
        return search.after(self.cursor) if forward else search.before(self.cursor)

    def step_at(self, time: datetime) -> tuple[int, str]:
        """Return the first step of the run at a time or after it, and what to say where it is at another time.

        Raises:
            InputError: The bars end before it.
        """
        stamp, times = to_microseconds(time), self.run.feed.times
        step, asked = bisect_left(times, stamp), written_time(time.astimezone(UTC))
        if step == len(times):
            ends = written_time(self.run.feed.time(len(times) - 1))
            raise InputError(f"there is no bar at {asked} or later: the last is at {ends}")
        there = written_time(self.run.feed.time(step))
        return step, "" if times[step] == stamp else f"no bar at {asked}: the next is at {there}"

    def find_time(self, time: datetime) -> tuple[Cursor, str]:
        """Return the end of the first bar at a time or after it, and what to say where it is at another time.

        Raises:
            InputError: The bars end before it.
            StepOutOfRangeError: It was not executed.
        """
        step, note = self.step_at(time)
        return self.end_of_step(step), note

    def find_order(self, order_id: int) -> Cursor:
        """Return the place after an order was asked for.

        Raises:
            UnknownOrderError: No order has this id.
        """
        return self.after(self.asked_at(order_id))
