"""OpenBook: the open orders of one symbol that a bar can concern, and apart from them those that rest beyond its reach.

An order that waits for a price which a bar does not come to does nothing in it: none of its tests passes, and nothing
of it is recorded. Such orders are sorted by that price, so that one comparison a side says that a bar reaches none.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from typing import Final, TypeAlias

from core.execution.order_record import OrderRecord
from core.execution.path import is_trailing, wait_of

_Key: TypeAlias = tuple[int, int]
"""How soon the price comes to an order that rests, highest first, and its number."""


Reach: TypeAlias = tuple[int, int, int, int]
"""How far the prices of a bar reach: low and high in units of a digit, the digits after the point of a price, and how
many ticks beyond a limit the price must go."""

_NEVER: Final = 10**31  # beyond every price that an order can wait for


class OpenBook(dict[int, OrderRecord]):
    """The open orders of a symbol that the present bar can concern, by number.

    An order is among them from when it is added until a bar does not reach it, and again when one does, or when it is
    stirred: when something has changed what it waits for.
    """

    __slots__ = ("_falls", "_kept", "_rises", "_unit")

    def __init__(self) -> None:
        super().__init__()
        self._falls: list[_Key] = []  # those that wait for the price to fall to them, by their edge
        self._rises: list[_Key] = []  # those that wait for it to rise to them, by their edge below zero
        self._kept: dict[int, tuple[OrderRecord, list[_Key], int]] = {}
        self._unit = (0, 0)

    def add(self, record: OrderRecord) -> None:
        """Take in an order that was opened, or that waits for something else than before."""
        if record.id in self:
            return
        if record.id in self._kept:
            self._take_out(record.id)
        is_last = not self or next(reversed(self)) < record.id
        self[record.id] = record
        if not is_last:
            self._sort()

    def remove(self, record: OrderRecord) -> None:
        """Forget an order that is over."""
        if self.pop(record.id, None) is None and record.id in self._kept:
            self._take_out(record.id)

    def reach(self, bar: Reach) -> bool:
        """Keep those orders that a bar can concern, and say whether there are any."""
        low, high, digits, beyond = bar
        if self._unit != (digits, beyond):
            self._forget_prices((digits, beyond))
        if self:
            self._lay_aside(low, -high)
        falls, rises = self._falls, self._rises
        if (falls and falls[-1][0] >= low) or (rises and rises[-1][0] >= -high):
            self._bring_back(falls, low)
            self._bring_back(rises, -high)
            self._sort()
        return bool(self)

    def lay_all_aside(self, digits: int, beyond: int) -> None:
        """Keep only those orders that any bar concerns; all that rest are apart."""
        if self._unit != (digits, beyond):
            self._forget_prices((digits, beyond))
        self._lay_aside(_NEVER, _NEVER)

    @property
    def highest_fall(self) -> int | None:
        """The price to which it has to fall before an order that is laid aside can do anything; None without one."""
        return self._falls[-1][0] if self._falls else None

    @property
    def lowest_rise(self) -> int | None:
        """The price to which it has to rise before an order that is laid aside can do anything; None without one."""
        return -self._rises[-1][0] if self._rises else None

    def _lay_aside(self, low: int, high: int) -> None:
        digits, beyond = self._unit
        for record in tuple(self.values()):
            kind = record.order.type
            if record.asleep and not record.awake:  # it is added again when it wakes
                self._put_away(record, [], 0)
            elif (kind.has_limit or kind.has_stop) and rests(record):
                edge, direction, _ = wait_of(record, digits, beyond)
                if direction < 0:
                    if edge < low:
                        self._put_away(record, self._falls, edge)
                elif direction and -edge < high:
                    self._put_away(record, self._rises, -edge)

    def _put_away(self, record: OrderRecord, side: list[_Key], key: int) -> None:
        del self[record.id]
        self._kept[record.id] = (record, side, key)
        insort(side, (key, record.id))

    def _take_out(self, order_id: int) -> OrderRecord:
        record, side, key = self._kept.pop(order_id)
        del side[bisect_left(side, (key, order_id))]
        return record

    def _bring_back(self, side: list[_Key], bound: int) -> None:
        while side and side[-1][0] >= bound:
            order_id = side.pop()[1]
            self[order_id] = self._kept.pop(order_id)[0]

    def _forget_prices(self, unit: tuple[int, int]) -> None:
        self._unit = unit
        self.update((order_id, record) for order_id, (record, _, _) in self._kept.items())
        self._kept.clear()
        self._falls.clear()
        self._rises.clear()
        self._sort()

    def _sort(self) -> None:
        """Have them in the order of their numbers, in which facts of one instant are recorded."""
        records = sorted(self.items())
        self.clear()
        self.update(records)


class OpenBooks(defaultdict[str, OpenBook]):
    """The open book of each symbol."""

    def __init__(self) -> None:
        super().__init__(OpenBook)


def rests(record: OrderRecord) -> bool:
    """Say whether an order waits for a price, and does nothing anywhere else: no test, and no stop that follows."""
    if record.instant is not None or is_trailing(record):
        return False
    return record.waits_for_stop or not record.order.time_in_force.is_immediate
