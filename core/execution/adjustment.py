"""What a split does to open orders, and to changes of them that wait (rule R2): other units, or their end.

What is left of an order is multiplied by the ratio and its prices are divided by it, to the tick away from the market.
One that would be off the quantity step, or at a price not above zero, is canceled.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from attrs import evolve, frozen

from core.announcer import Announcer
from core.corporate_action import Split
from core.errors import NotExactError
from core.events import RequestRefused
from core.execution.lifecycle import OrderLifecycle, left_of
from core.execution.order_record import OrderRecord
from core.execution.requests import Change, Request
from core.instrument import Instrument
from core.money import COST_QUANTUM, EXACT, ZERO, add, multiple_above, multiple_below, multiply, quotient, subtract
from core.order import Order, OrderType
from core.reason import Code, Param, Reason


class _NoSuchNumberError(Exception):
    """In the new units an order would have a number that no order can have."""

    def __init__(self, name: str, value: Decimal, unit: Decimal) -> None:
        super().__init__(name)
        self.name, self.value, self.unit = name, value, unit


@frozen
class Adjustment:
    """One split, as orders of its symbol meet it.

    Args:
        split: The split.
        instrument: The units of its symbol.
        lifecycle: Changes orders.
        announcer: What the refusal of a change is announced through.
        now: The stamp of the step.
    """

    _split: Split
    _instrument: Instrument
    _lifecycle: OrderLifecycle
    _announcer: Announcer
    _now: datetime

    def adjust(self, records: Iterable[OrderRecord]) -> list[int]:
        """Put open orders of the symbol into the new units, or cancel them; return which, by id."""
        records = list(records)
        for record in records:
            if record.is_open:  # its entry may have taken it along
                self._adjust(record)
        return [record.id for record in records]

    def adjust_waiting(self, waiting: list[Request]) -> list[int]:
        """Put changes that wait into the new units; return the ids of the orders of which one is refused."""
        requests, refused = waiting.copy(), list[int]()
        waiting.clear()
        for record, change in requests:
            if change is None or record.order.symbol != self._split.symbol or not record.is_open:
                waiting.append((record, change))
                continue
            try:
                waiting.append((record, self._changed(record, change)))
            except _NoSuchNumberError as error:
                self._announcer.announce(RequestRefused, self._now, record.id, "amend", self._reason(record, error))
                refused.append(record.id)
        return refused

    def _adjust(self, record: OrderRecord) -> None:
        split, order = self._split, record.order
        try:
            self._units(record.asleep)
            adjusted = self._order(record, order, add(_settled(record), self._units(record.remaining)))
            stop_price = self._stop(order, record.stop_price)
        except _NoSuchNumberError as error:
            self._lifecycle.end(record, self._reason(record, error), self._now)
        else:
            self._lifecycle.split(record, adjusted, stop_price, split.new, split.old, self._now)

    def _order(self, record: OrderRecord, order: Order, quantity: Decimal) -> Order:
        try:
            return evolve(
                order,
                quantity=quantity,
                limit_price=self._limit(record, order.limit_price),
                stop_price=self._stop(order, order.stop_price),
                trail_amount=self._price("trail_amount", order.trail_amount, 1),
            )
        except NotExactError as error:  # more digits than are kept
            raise _NoSuchNumberError(error.field, quantity, self._step) from error

    def _changed(self, record: OrderRecord, change: Change) -> Change:
        settled, quantity = _settled(record), change.quantity
        if quantity is not None and quantity > settled:
            quantity = add(settled, self._units(subtract(quantity, settled)))
        limit_price = self._limit(record, change.limit_price)
        return Change(quantity, limit_price, self._stop(record.order, change.stop_price))

    @property
    def _step(self) -> Decimal:
        return self._instrument.quantity_step or COST_QUANTUM

    def _units(self, quantity: Decimal) -> Decimal:
        units = self._split.units(quantity, self._step)
        if units is None:
            value = quotient(multiply(quantity, self._split.new), Decimal(self._split.old))
            raise _NoSuchNumberError("quantity", value, self._step)
        return units

    def _limit(self, record: OrderRecord, price: Decimal | None) -> Decimal | None:
        """Return a limit; one behind a stop that waits lies with it on the other side of the market."""
        is_with_stop = record.order.type is OrderType.STOP_LIMIT and not record.is_triggered
        return self._price("limit_price", price, record.sign if is_with_stop else -record.sign)

    def _stop(self, order: Order, price: Decimal | None) -> Decimal | None:
        return self._price("stop_price", price, order.side.sign)

    def _price(self, name: str, price: Decimal | None, direction: int) -> Decimal | None:
        """Return a price in the new units, on the tick: above it where the direction is 1, below it where it is -1."""
        if price is None:
            return None
        new, tick = self._split.new, self._instrument.tick_size or COST_QUANTUM
        round_to = multiple_above if direction > 0 else multiple_below
        divided = multiply(price, self._split.old)
        result = EXACT.divide(round_to(divided, multiply(tick, new)), new)
        if result <= ZERO:
            raise _NoSuchNumberError(name, quotient(divided, Decimal(new)), tick)
        return result

    def _reason(self, record: OrderRecord, error: _NoSuchNumberError) -> Reason:
        params: dict[str, Param] = {"name": error.name, "value": error.value, "unit": error.unit}
        return left_of(record, Code.SPLIT, ratio=self._split.text, **params)


def _settled(record: OrderRecord) -> Decimal:
    """Return the units of an order that stay in old units: those filled and those given up."""
    return add(record.filled, record.given_up)
