"""OrderTracker: every order, how far it came, and the only legal ways on (invariants O1, O2 and O6).

Open orders are kept apart, by symbol, so that no bar and no order ever looks at those that are over.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

from attrs import define, field

from core.clock import Phase
from core.errors import InvalidFillError, InvariantError, OrderTransitionError, UnknownOrderError
from core.fill import Fill
from core.money import EXACT, ZERO, add, subtract
from core.order import LEGAL_MOVES, Order, OrderStatus, TimeInForce, TrackedOrder
from core.reason import Reason

_ACCEPTED, _PARTIALLY_FILLED, _FILLED = OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
_DAY = TimeInForce.DAY


@define(eq=False)
class OrderRecord:
    """One order as it is kept; `TrackedOrder` is what others see of it.

    Attributes:
        eligible_step: The first step in which it may fill.
        sign: 1 for a purchase, -1 for a sale.
        remaining: Units that may still fill.
        day: The date of the first step in which it was eligible; None before that, and for orders that live on.
        is_after_close: Whether it was asked for once the bars of its step had closed.
        is_inside: Whether it was asked for inside the bar of the step in which it became eligible.
        entry: If so, the phase and the price in ticks at which it met the path.
        cancel_queued: Whether it will be canceled before it can fill again.
        is_open: Whether it may still fill.
    """

    id: int
    order: Order
    submitted_at: datetime | None
    eligible_step: int
    sign: int
    remaining: Decimal
    status: OrderStatus = OrderStatus.SUBMITTED
    filled: Decimal = ZERO
    given_up: Decimal = ZERO
    notional: Decimal = ZERO
    commissions: Decimal = ZERO
    reason: Reason | None = None
    day: date | None = None
    is_after_close: bool = False
    is_inside: bool = False
    entry: tuple[Phase, int] | None = None
    cancel_queued: bool = False
    is_open: bool = False

    @classmethod
    def of(cls, order_id: int, order: Order, submitted_at: datetime | None, eligible_step: int) -> "OrderRecord":
        """Begin the record of an order."""
        return cls(order_id, order, submitted_at, eligible_step, order.side.sign, order.quantity)

    def limit_ticks(self, digits: int) -> int | None:
        """Return the limit price in units of the given digit after the point; None for a market order."""
        limit = self.order.limit_price
        return None if limit is None else int(EXACT.to_integral_exact(limit.scaleb(digits, EXACT)))

    def seen(self) -> TrackedOrder:
        """Return the value that others see."""
        return TrackedOrder(
            id=self.id,
            order=self.order,
            status=self.status,
            submitted_at=self.submitted_at,
            filled_quantity=self.filled,
            given_up_quantity=self.given_up,
            filled_notional=self.notional,
            commissions=self.commissions,
            reason=self.reason,
        )


@define(eq=False)
class OrderTracker:
    """The orders of one broker, numbered 1, 2, 3, ... in the order of submission."""

    _records: list[OrderRecord] = field(factory=list, init=False)
    _open: dict[str, dict[int, OrderRecord]] = field(factory=dict, init=False)
    _for_a_day: dict[int, OrderRecord] = field(factory=dict, init=False)
    _fills: dict[int, Fill] = field(factory=dict, init=False)
    _next_fill_id: int = field(default=1, init=False)

    def __len__(self) -> int:
        """How many orders were submitted."""
        return len(self._records)

    def add(self, order: Order, submitted_at: datetime | None, eligible_step: int) -> OrderRecord:
        """Give an order its number."""
        record = OrderRecord.of(len(self._records) + 1, order, submitted_at, eligible_step)
        self._records.append(record)
        return record

    def find(self, order_id: int) -> OrderRecord:
        """Return the record of an id.

        Raises:
            UnknownOrderError: No order has it.
        """
        if 1 <= order_id <= len(self._records):
            return self._records[order_id - 1]
        raise UnknownOrderError(order_id)

    def accept(self, record: OrderRecord) -> None:
        """Open an order that passed every check."""
        self._move(record, _ACCEPTED, "accepted")
        record.is_open = True
        self._open.setdefault(record.order.symbol, {})[record.id] = record
        if record.order.time_in_force is _DAY:
            self._for_a_day[record.id] = record

    def reject(self, record: OrderRecord, reason: Reason) -> None:
        """End an order that failed a check."""
        self._move(record, OrderStatus.REJECTED, "rejected")
        self._give_up(record, reason)

    def end(self, record: OrderRecord, status: OrderStatus, reason: Reason) -> Decimal:
        """Cancel or expire what is left of an open order, and return how much that is."""
        self._move(record, status, status.value.lower())
        self._close(record)
        return self._give_up(record, reason)

    def check_can_end(self, record: OrderRecord) -> None:
        """Refuse the cancel of an order that is over.

        Raises:
            OrderTransitionError: It is.
        """
        if OrderStatus.CANCELED not in LEGAL_MOVES[record.status]:
            raise OrderTransitionError(record.id, "canceled", record.status.value)

    def apply_fill(self, record: OrderRecord, fill: Fill) -> None:
        """Record a fill on its order.

        Raises:
            InvalidFillError: It was applied before, is of another symbol or side, or exceeds what remains.
            OrderTransitionError: The order is not open.
        """
        _check_fits(record, fill)
        if fill.id in self._fills:
            raise InvalidFillError(fill.id, "was applied before")
        is_whole = fill.quantity == record.remaining
        self._move(record, _FILLED if is_whole else _PARTIALLY_FILLED, "filled")
        is_first = not record.filled  # most orders fill at once, and need no sums
        record.filled = fill.quantity if is_first else add(record.filled, fill.quantity)
        record.remaining = ZERO if is_whole else subtract(record.remaining, fill.quantity)
        record.notional = fill.notional if is_first else add(record.notional, fill.notional)
        record.commissions = fill.commission if is_first else add(record.commissions, fill.commission)
        self._fills[fill.id] = fill
        self._next_fill_id = max(self._next_fill_id, fill.id + 1)
        if is_whole:
            self._close(record)
        self._check(record)

    def next_fill_id(self) -> int:
        """Return the number of the next fill."""
        return self._next_fill_id

    @property
    def fills(self) -> Mapping[int, Fill]:
        """Every fill by its number, in the order of execution."""
        return self._fills

    @property
    def symbols(self) -> Mapping[str, Mapping[int, OrderRecord]]:
        """The open orders of each symbol that has any, by number."""
        return self._open

    def open_records(self) -> list[OrderRecord]:
        """Return every open order by number."""
        records = [record for book in self._open.values() for record in book.values()]
        if len(self._open) > 1:
            records.sort(key=lambda one: one.id)
        return records

    @property
    def has_day_records(self) -> bool:
        """Whether any open order lives for a day."""
        return bool(self._for_a_day)

    def day_records(self) -> list[OrderRecord]:
        """Return the open orders that live for a day, by number."""
        return list(self._for_a_day.values())

    def all_records(self) -> Iterator[OrderRecord]:
        """Return every order ever submitted, by number."""
        return iter(self._records)

    def _move(self, record: OrderRecord, status: OrderStatus, move: str) -> None:
        if status not in LEGAL_MOVES[record.status]:
            raise OrderTransitionError(record.id, move, record.status.value)
        record.status = status

    def _give_up(self, record: OrderRecord, reason: Reason) -> Decimal:
        given_up = record.remaining
        record.given_up = add(record.given_up, given_up)
        record.remaining = ZERO
        record.reason = reason
        self._check(record)
        return given_up

    def _check(self, record: OrderRecord) -> None:
        """Check O2: no part of an order is lost, and it is FILLED if and only if all of it filled."""
        quantity, filled = record.order.quantity, record.filled
        parts = add(add(filled, record.remaining), record.given_up)
        is_whole = parts == quantity and not record.remaining < ZERO and not record.given_up < ZERO < quantity
        if not is_whole or (filled == quantity > ZERO) != (record.status is _FILLED):
            raise InvariantError("O2", f"{parts} of order {record.id}", f"{quantity}", [str(record)])

    def _close(self, record: OrderRecord) -> None:
        record.is_open = False
        self._for_a_day.pop(record.id, None)
        book = self._open[record.order.symbol]
        del book[record.id]
        if not book:
            del self._open[record.order.symbol]


def _check_fits(record: OrderRecord, fill: Fill) -> None:
    if (fill.order_id, fill.symbol, fill.side) != (record.id, record.order.symbol, record.order.side):
        raise InvalidFillError(fill.id, f"does not belong to order {record.id}, which is to {record.order}")
    if fill.quantity <= ZERO:
        raise InvalidFillError(fill.id, f"quantity must be above zero, was {fill.quantity}")
    if record.is_open and fill.quantity > record.remaining:
        raise InvalidFillError(fill.id, f"quantity {fill.quantity} is above the remaining {record.remaining}")
