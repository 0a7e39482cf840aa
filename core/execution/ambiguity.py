"""What two paths through one bar make of the same orders, and by how much they differ (rule R3)."""

from decimal import Decimal

from attrs import frozen

from core.execution.order_record import OrderRecord
from core.execution.order_tracker import OrderTracker
from core.fill import Fill
from core.money import canonical, magnitude, subtract
from core.reason import Code, Reason


@frozen
class OrderOutcome:
    """What a path makes of one order: its fills, and what it leaves working."""

    fills: tuple[tuple[Decimal, Decimal], ...]
    remaining: Decimal
    asleep: Decimal
    is_triggered: bool
    stop_price: Decimal | None

    @classmethod
    def of(cls, record: OrderRecord, fills: list[Fill]) -> "OrderOutcome":
        """Return what became of a copy of an order."""
        executed = tuple((fill.quantity, fill.price) for fill in fills)
        is_waiting = bool(record.remaining)
        stop = record.stop_price if is_waiting else None
        return cls(executed, record.remaining, record.asleep, is_waiting and record.is_triggered, stop)

    def __str__(self) -> str:
        """Say it: `100 @ 98`, or what is left of it."""
        fills = ", ".join(f"{canonical(quantity)} @ {canonical(price)}" for quantity, price in self.fills)
        if not self.remaining:
            return fills or "no fill, canceled"
        stop = "" if self.stop_price is None or self.is_triggered else f" at stop {canonical(self.stop_price)}"
        left = f"{canonical(self.remaining)} left{' triggered' if self.is_triggered else ''}{stop}"
        return f"{fills or 'no fill'}, {left}"


@frozen
class Outcome:
    """What a path makes of a symbol's orders.

    Attributes:
        path: Its name.
        value: Cash + quantity x close at its end, money.
        orders: What becomes of each order.
    """

    path: str
    value: Decimal
    orders: dict[int, OrderOutcome]

    @classmethod
    def of(cls, path: str, value: Decimal, tracker: OrderTracker) -> "Outcome":
        """Return what became of the copies that a tracker holds."""
        fills: dict[int, list[Fill]] = {}
        for fill in tracker.fills.values():
            fills.setdefault(fill.order_id, []).append(fill)
        records = tracker.all_records()
        return cls(path, value, {one.id: OrderOutcome.of(one, fills.get(one.id, [])) for one in records})


def compare(kept: Outcome, other: Outcome) -> tuple[Decimal, dict[int, Reason]]:
    """Return the money at stake between two outcomes, and a note for each order that differs; none where none does."""
    at_stake = magnitude(subtract(kept.value, other.value))
    notes = {
        order_id: Reason.of(
            Code.AMBIGUOUS,
            path=kept.path,
            outcome=str(outcome),
            other_path=other.path,
            other_outcome=str(other.orders[order_id]),
            at_stake=at_stake,
        )
        for order_id, outcome in kept.orders.items()
        if outcome != other.orders[order_id]
    }
    return at_stake, notes
