"""Lifetimes: when the lives of open orders end (rule R12b), so that no step asks those whose end is far."""

from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from typing import Final

from attrs import define, field

from core.bars import to_microseconds
from core.execution.order_record import OrderRecord
from core.order import TimeInForce

_DAY: Final = timedelta(days=1)
_AT_ONCE: Final = -(2**63)


@define(eq=False)
class Lifetimes:
    """The open orders whose life is bounded by time, by when it ends; those that are over may be among them."""

    _undated: dict[int, OrderRecord] = field(factory=dict, init=False)  # their day has not come yet
    _days: list[tuple[date, int, OrderRecord]] = field(factory=list, init=False)
    _instants: list[tuple[datetime, int, OrderRecord]] = field(factory=list, init=False)
    _count: int = field(default=0, init=False)  # decides between two ends at one time, in the heaps

    def __bool__(self) -> bool:
        """Whether any life may end."""
        return bool(self._instants or self._days or self._undated)

    def add(self, record: OrderRecord) -> None:
        """Take in an order that was opened."""
        good_till = record.order.good_till
        if good_till is not None:
            self._count += 1
            heappush(self._instants, (good_till, self._count, record))
        else:
            self.wake(record)

    def wake(self, record: OrderRecord) -> None:
        """Take in an order of which units woke: a day counts for what is awake."""
        if record.order.time_in_force is TimeInForce.DAY:
            self._undated[record.id] = record

    def next_end(self) -> int | None:
        """Return the stamp from which on a step has to look at lives, microseconds since 1970; None for no such step.

        That is the least number there is where a day has yet to be given to an order.
        """
        if self._undated:
            return _AT_ONCE
        while self._instants and not self._instants[0][2].is_open:
            heappop(self._instants)
        while self._days and not self._days[0][2].is_open:
            heappop(self._days)
        ends: list[int] = []
        if self._instants:
            ends.append(to_microseconds(self._instants[0][0]) + 1)
        if self._days:
            ends.append(to_microseconds(datetime.combine(self._days[0][0] + _DAY, time(), UTC)))
        return min(ends, default=None)

    def due(self, now: datetime, step: int) -> list[OrderRecord]:
        """Return the open orders whose life has ended before a step, by number, and date those whose day it is."""
        if self._undated:
            self._give_dates(now.date(), step)
        found: dict[int, OrderRecord] = {}
        while self._instants and self._instants[0][0] < now:
            record = heappop(self._instants)[2]
            if record.is_open:
                found[record.id] = record
        if self._days:
            today = now.date()
            while self._days and self._days[0][0] < today:
                record = heappop(self._days)[2]
                if record.is_open and record.awake:
                    found[record.id] = record
        return [found[order_id] for order_id in sorted(found)]

    def _give_dates(self, today: date, step: int) -> None:
        for record in tuple(self._undated.values()):
            if record.day is None and record.awake and record.is_open:
                if record.eligible_step > step:
                    continue
                record.day = today
            del self._undated[record.id]
            if record.day is not None and record.awake and record.is_open:
                self._count += 1
                heappush(self._days, (record.day, self._count, record))
