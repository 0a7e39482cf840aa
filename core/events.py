"""Every fact that the core announces, in the past tense.

A fact is recorded as a compact row of plain fields; `make` turns the fields into the value that a person sees, when
somebody looks.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self, TypeAlias

from attrs import frozen

from core.fill import Fill
from core.order import Order
from core.position import Position
from core.reason import Reason

Ledger: TypeAlias = tuple[Decimal, Decimal, Decimal, Decimal]
"""A position as it is kept: quantity, cost basis, realized P&L, commissions."""


@frozen
class Event:
    """What every fact has.

    Attributes:
        timestamp: The stamp of the step in which it happened, aware of its zone; None where nothing has told the time.
    """

    timestamp: datetime | None

    @classmethod
    def make(cls, *fields: Any) -> Self:
        """Build the event from the fields of its row."""
        return cls(*fields)


@frozen
class OrderEvent(Event):
    """What happened to one order."""

    order_id: int


@frozen
class OrderSubmitted(OrderEvent):
    """An order was asked for."""

    order: Order


@frozen
class OrderAccepted(OrderEvent):
    """An order passed every check, and is open."""


@frozen
class OrderRejected(OrderEvent):
    """An order failed a check; it changed nothing."""

    reason: Reason


@frozen
class OrderFilled(OrderEvent):
    """Part or all of an order was executed; `remaining_quantity` is what may still fill."""

    fill: Fill
    remaining_quantity: Decimal


@frozen
class OrderCanceled(OrderEvent):
    """What was left of an order was given up."""

    given_up_quantity: Decimal
    reason: Reason


@frozen
class OrderExpired(OrderEvent):
    """The life of an order was over; what was left of it was given up."""

    given_up_quantity: Decimal
    reason: Reason


@frozen
class PositionEvent(Event):
    """What happened to one position.

    Attributes:
        symbol: Whose position.
        before: The position as it was.
        after: The position as it is.
        fill_id: The fill that caused it; None where it was booked by hand.
    """

    symbol: str
    before: Position
    after: Position
    fill_id: int | None

    @classmethod
    def make(cls, *fields: Any) -> Self:
        """Build the event from a row, in which the positions are ledgers."""
        timestamp, symbol, before, after, fill_id = fields
        return cls(timestamp, symbol, Position(symbol, *before), Position(symbol, *after), fill_id)


@frozen
class PositionOpened(PositionEvent):
    """A flat position became long or short."""


@frozen
class PositionChanged(PositionEvent):
    """A position grew, or shrank without becoming flat."""


@frozen
class PositionClosed(PositionEvent):
    """A position became flat."""


class CashCause(StrEnum):
    """What moves cash."""

    FILL = "FILL"
    INCOME = "INCOME"
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"


@frozen
class CashChanged(Event):
    """The cash balance moved.

    Attributes:
        before: The balance as it was, money.
        after: The balance as it is, money.
        cause: What moved it.
        fill_id: The fill that moved it; None for every other cause, and for a fill booked by hand.
    """

    before: Decimal
    after: Decimal
    cause: CashCause
    fill_id: int | None
