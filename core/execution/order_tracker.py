"""OrderTracker: every order, how far it came, and the only legal ways on (invariants O1, O2 and O6).

Open orders are kept apart, by symbol, so that no bar and no order ever looks at those that are over. It decides
nothing: who decides tells it, and who reads a journal tells it the same, and so comes to the same orders.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from attrs import define, field

from core.errors import InvalidFillError, InvariantError, OrderTransitionError, UnknownOrderError
from core.execution.order_record import Entry, OrderRecord
from core.fill import Fill
from core.money import EXACT, ZERO, add, multiply, subtract
from core.order import LEGAL_MOVES, Order, OrderStatus
from core.protocols import Traded
from core.reason import Code, Reason

_ACCEPTED, _TRIGGERED = OrderStatus.ACCEPTED, OrderStatus.TRIGGERED
_PARTIALLY_FILLED, _FILLED = OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED


@define(eq=False)
class OrderTracker:
    """The orders of one broker, numbered 1, 2, 3, ... in the order of submission."""

    _records: dict[int, OrderRecord] = field(factory=dict, init=False)
    _open: dict[str, dict[int, OrderRecord]] = field(factory=dict, init=False)
    _fills: dict[int, Fill] = field(factory=dict, init=False)
    _next_fill_id: int = field(default=1, init=False)
    _next_line: int = field(default=1, init=False)

    def __len__(self) -> int:
        """How many orders were submitted."""
        return len(self._records)

    def add(
        self,
        order: Order,
        submitted_at: datetime | None,
        eligible_step: int,
        parent_id: int | None = None,
        group_id: int | None = None,
        *,
        step: int = -1,
        is_after_close: bool = False,
        entry: Entry | None = None,
    ) -> OrderRecord:
        """Give an order its number, and its place in line; an exit of a bracket sleeps until its entry fills.

        Args:
            order: What is asked.
            submitted_at: When; None where no clock runs.
            eligible_step: The first step in which it may fill.
            parent_id: The entry whose exit it is.
            group_id: The first of its siblings, which may be itself.
            step: The present step.
            is_after_close: Whether the bars of that step have closed.
            entry: Where it enters the path of a bar, if inside one.
        """
        order_id = len(self) + 1
        record = OrderRecord(
            order_id, order, submitted_at, eligible_step, order.side.sign, order.quantity, self._take_line()
        )
        record.stop_price, record.is_after_close, record.entry = order.stop_price, is_after_close, entry
        self._keep(record)
        if parent_id is not None:
            self._adopt(self.own(parent_id), record)
        if group_id is not None:
            self._join(self.own(group_id), record)
        if submitted_at is not None and eligible_step <= step and not record.asleep:
            record.day = submitted_at.date()
        return record

    def find(self, order_id: int) -> OrderRecord:
        """Return the record of an id.

        Raises:
            UnknownOrderError: No order has it.
        """
        record = self._records.get(order_id)
        if record is None:
            raise UnknownOrderError(order_id)
        return record

    def own(self, order_id: int) -> OrderRecord:
        """Return the record of an id, for whoever changes it.

        Raises:
            UnknownOrderError: No order has it.
        """
        return self.find(order_id)

    def find_open(self, order_ids: Sequence[int]) -> list[OrderRecord]:
        """Return those of some orders that are open, in the order given."""
        if not order_ids:
            return []
        return [record for one in order_ids if (record := self._records.get(one)) is not None and record.is_open]

    def accept(self, record: OrderRecord) -> None:
        """Open an order that passed every check."""
        self._move(record, _ACCEPTED, "accepted")
        record.is_open = True
        self._open.setdefault(record.order.symbol, {})[record.id] = record

    def reject(self, record: OrderRecord, reason: Reason) -> None:
        """End an order that failed a check."""
        self._move(record, OrderStatus.REJECTED, "rejected")
        record.reason = reason
        self.give_up(record, record.remaining)

    def end(self, record: OrderRecord, status: OrderStatus, reason: Reason) -> Decimal:
        """Cancel or expire what is left of an open order, and return how much that is."""
        self._move(record, status, status.value.lower())
        self._close(record)
        record.reason = reason
        return self.give_up(record, record.remaining)

    def give_up(self, record: OrderRecord, quantity: Decimal) -> Decimal:
        """Take units off what remains of an order, waking ones first, and return how many."""
        record.given_up = add(record.given_up, quantity) if record.given_up else quantity
        record.remaining = ZERO if quantity == record.remaining else subtract(record.remaining, quantity)
        record.asleep = min(record.asleep, record.remaining)
        self._check(record)
        return quantity

    def reduce(self, record: OrderRecord, quantity: Decimal, reason: Reason) -> None:
        """Take units off what remains of an open order: sleeping ones where its entry did not fill, else others."""
        if reason.code is Code.PARENT_NOT_FILLED:
            record.asleep = subtract(record.asleep, quantity)
        elif reason.code is Code.SIBLING_FILLED:
            record.taken = add(record.taken, quantity)
        record.reduction = reason
        self.give_up(record, quantity)

    def wake(self, record: OrderRecord, quantity: Decimal, day: date, step: int, entry: Entry | None) -> None:
        """Bring units of an exit to life.

        Args:
            record: The exit.
            quantity: Units, at most those asleep.
            day: The date on which that is.
            step: The step in which that is.
            entry: Where it enters the path of a bar; None where it meets its next bar from the open.
        """
        was_awake = bool(record.awake)
        record.asleep = subtract(record.asleep, quantity)
        record.is_after_close = False
        if entry is not None:
            record.entry, record.day = entry, record.day or day
        elif was_awake:
            record.fresh = (step, quantity)
        else:
            record.eligible_step = max(record.eligible_step, step + 1)

    def trigger(self, record: OrderRecord, entry: Entry) -> None:
        """Note that the stop of an order was reached, and where on the path."""
        if record.status is _ACCEPTED:
            self._move(record, _TRIGGERED, "triggered")
        record.is_triggered, record.entry = True, entry
        record.wait = None

    def request_cancel(self, record: OrderRecord) -> None:
        """Note that an order will be canceled, and claims nothing any more."""
        if record.is_open:
            record.cancel_queued = True

    def move_stop(self, record: OrderRecord, stop_price: Decimal, step: int) -> None:
        """Set a trailing stop."""
        if record.stop_before is None or record.stop_before[0] != step:
            record.stop_before = (step, record.stop_price)
        record.stop_price = stop_price
        record.wait = None

    def amend(
        self,
        record: OrderRecord,
        order: Order,
        stop_price: Decimal | None,
        *,
        keeps_place: bool,
        entry: Entry | None = None,
    ) -> None:
        """Change what an open order asks for, and where its stop is; what it has filled stays."""
        record.stop_price = stop_price
        change = subtract(order.quantity, record.order.quantity)
        if change:
            unfilled = subtract(order.quantity, record.filled)
            record.remaining = max(subtract(unfilled, record.taken), ZERO)
            record.given_up = subtract(unfilled, record.remaining)
            if self.find_open((record.parent_id or 0,)):  # what its entry has not filled sleeps
                record.asleep = min(max(add(record.asleep, change), ZERO), record.remaining)
        record.order, record.entry = order, entry or record.entry
        record.wait = None
        if not keeps_place:
            record.line = self._take_line()
        self._check(record)

    def split(self, record: OrderRecord, order: Order, stop_price: Decimal | None, new: int, old: int) -> None:
        """Put an open order into the units after a split; what it has filled or given up stays in those before it."""
        record.order, record.stop_price = order, stop_price
        record.remaining = subtract(subtract(order.quantity, record.filled), record.given_up)
        record.asleep = EXACT.divide(multiply(record.asleep, new), old)
        record.wait = record.cost = None
        self._check(record)

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
        if self._has_applied(fill.id):
            raise InvalidFillError(fill.id, "was applied before")
        is_whole = fill.quantity == record.remaining and not record.given_up
        self._move(record, _FILLED if is_whole else _PARTIALLY_FILLED, "filled")
        record.traded = traded_after(record.traded, fill.quantity, fill.notional, is_maker=fill.rule.is_maker)
        record.remaining = ZERO if is_whole else subtract(record.remaining, fill.quantity)
        record.commissions = add(record.commissions, fill.commission)
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

    def all_records(self) -> Iterator[OrderRecord]:
        """Return every order ever submitted, by number."""
        return iter(self._records.values())

    def fork(self, records: Iterable[OrderRecord]) -> "OrderTracker":
        """Return a tracker of copies of open orders, which may go another way; it knows no others."""
        other = OrderTracker()
        for record in records:
            copy = record.copy()
            other._records[copy.id] = copy
            other._open.setdefault(copy.order.symbol, {})[copy.id] = copy
        other._next_fill_id = self._next_fill_id
        return other

    def _keep(self, record: OrderRecord) -> None:
        self._records[record.id] = record

    def _has_applied(self, fill_id: int) -> bool:
        return fill_id in self._fills

    def _take_line(self) -> int:
        line = self._next_line
        self._next_line += 1
        return line

    def _adopt(self, parent: OrderRecord, child: OrderRecord) -> None:
        parent.child_ids = (*parent.child_ids, child.id)
        child.parent_id = parent.id
        child.asleep = child.remaining

    def _join(self, first: OrderRecord, record: OrderRecord) -> None:
        if first is record:
            record.group_id = record.id
            return
        members = (first.id, *first.sibling_ids)
        record.group_id, record.sibling_ids = first.id, members
        for order_id in members:
            member = self.own(order_id)
            member.sibling_ids = (*member.sibling_ids, record.id)

    def _move(self, record: OrderRecord, status: OrderStatus, move: str) -> None:
        if status not in LEGAL_MOVES[record.status]:
            raise OrderTransitionError(record.id, move, record.status.value)
        record.status = status

    def _check(self, record: OrderRecord) -> None:
        """Check O2: no part of an order is lost, and it is FILLED if and only if all of it filled."""
        quantity, filled = record.order.quantity, record.traded.quantity
        parts = add(add(filled, record.remaining), record.given_up)
        is_whole = parts == quantity and not record.remaining < ZERO and not record.given_up < ZERO < quantity
        if not is_whole or (filled == quantity > ZERO) != (record.status is _FILLED):
            raise InvariantError("O2", f"{parts} of order {record.id}", f"{quantity}", [str(record)])

    def _close(self, record: OrderRecord) -> None:
        record.is_open = False
        record.asleep = ZERO
        record.wait = record.cost = None  # nobody asks any more, and there may be a million of them
        book = self._open[record.order.symbol]
        del book[record.id]
        if not book:
            del self._open[record.order.symbol]


def traded_after(traded: Traded, quantity: Decimal, notional: Decimal, *, is_maker: bool) -> Traded:
    """Return what an order has filled after one fill more."""
    if not traded.quantity:  # most orders fill at once, and need no sums
        return Traded(quantity, notional, quantity, notional) if is_maker else Traded(quantity, notional)
    maker_quantity, maker_notional = traded.maker_quantity, traded.maker_notional
    if is_maker:
        maker_quantity, maker_notional = add(maker_quantity, quantity), add(maker_notional, notional)
    return Traded(add(traded.quantity, quantity), add(traded.notional, notional), maker_quantity, maker_notional)


def _check_fits(record: OrderRecord, fill: Fill) -> None:
    if (fill.order_id, fill.symbol, fill.side) != (record.id, record.order.symbol, record.order.side):
        raise InvalidFillError(fill.id, f"does not belong to order {record.id}, which is to {record.order}")
    if fill.quantity <= ZERO:
        raise InvalidFillError(fill.id, f"quantity must be above zero, was {fill.quantity}")
    if record.is_open and fill.quantity > record.remaining:
        raise InvalidFillError(fill.id, f"quantity {fill.quantity} is above the remaining {record.remaining}")
