"""Orders as a broker keeps them, for tests that need no broker."""

from decimal import Decimal
from typing import Any

from core.execution.order_record import OrderRecord
from core.order import Order, Side


def exact_terms(**terms: Any) -> dict[str, Any]:
    """Return the terms of an order, of which numbers may be written as text."""
    return {name: Decimal(value) if type(value) is str and name != "tag" else value for name, value in terms.items()}


def order_of(side: Side, quantity: int | str = 1, symbol: str = "ACME", **terms: Any) -> Order:
    """Build an order whose numbers may be written as text."""
    return Order(symbol, side, Decimal(quantity), **exact_terms(**terms))


def record_of(order: Order, number: int = 1, **state: Any) -> OrderRecord:
    """Build an open order, and put it in a state."""
    record = OrderRecord(number, order, None, 0, order.side.sign, order.quantity, number, stop_price=order.stop_price)
    record.is_open = True
    for name, value in state.items():
        setattr(record, name, value)
    return record
