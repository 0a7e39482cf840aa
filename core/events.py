"""Every fact that the core announces, in the past tense.

A fact is recorded as a compact row of plain fields; `make` turns the fields into the value that a person sees, when
somebody looks.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Self, TypeAlias

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
    """An order was asked for.

    Attributes:
        order: What was asked.
        eligible_step: The first step in which it may fill.
        entry_price: The price at which it met the path of a bar; None where it meets its next bar from the open.
        parent_id: The entry whose exit it is; None where it is none.
        group_id: The least id of its siblings and itself; None where it has none.
        cause: Where the strategy asked for it, such as `my_strategy.py:14 on_bar`; empty where nobody said.
        part: Which of the finer bars of the step that was, from 0.
    """

    order: Order
    eligible_step: int
    entry_price: Decimal | None = None
    parent_id: int | None = None
    group_id: int | None = None
    cause: str = ""
    part: int = 0


@frozen
class OrderAccepted(OrderEvent):
    """An order passed every check, and is open."""


@frozen
class OrderRejected(OrderEvent):
    """An order failed a check; it changed nothing."""

    reason: Reason


@frozen
class OrderActivated(OrderEvent):
    """An exit of a bracket came to life, in part or whole, with a fill of its entry.

    Attributes:
        quantity: Units that woke.
        entry_price: The price of the path at which it woke; None where it meets its next bar from the open.
        part: Which of the finer bars of the step that was, from 0.
    """

    quantity: Decimal
    entry_price: Decimal | None
    part: int = 0


@frozen
class StopMoved(OrderEvent):
    """A trailing stop was set or has followed the price; `before` is None where it had none yet."""

    before: Decimal | None
    after: Decimal


@frozen
class OrderTriggered(OrderEvent):
    """A stop was reached: its order is a market order from here on, or a limit order.

    Attributes:
        stop_price: The stop.
        price: The price of the path, which is beyond the stop where it gapped.
        part: Which of the finer bars of the step that was, from 0.
    """

    stop_price: Decimal
    price: Decimal
    part: int = 0


@frozen
class OrderFilled(OrderEvent):
    """Part or all of an order was executed.

    Attributes:
        fill: What was executed.
        remaining_quantity: What may still fill.
        part: Which of the finer bars of the step that was, from 0.
    """

    fill: Fill
    remaining_quantity: Decimal
    part: int = 0


@frozen
class OrderReduced(OrderEvent):
    """Part of an open order was given up, such as what a sibling filled; `remaining_quantity` may still fill."""

    given_up_quantity: Decimal
    remaining_quantity: Decimal
    reason: Reason


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
class CancelRequested(OrderEvent):
    """A cancel was asked for; until it takes effect the order claims nothing."""

    cause: str


@frozen
class AmendRequested(OrderEvent):
    """A change of an order was asked for; None is what stays as it is."""

    quantity: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    cause: str


@frozen
class OrderSplit(OrderEvent):
    """A split has put an open order into new units; what it had filled or given up stays in old ones.

    Attributes:
        order: What is asked for now.
        stop_price: Where its stop is now; None where it has none.
        new: Units after the split.
        old: For so many before it.
    """

    order: Order
    stop_price: Decimal | None
    new: int
    old: int


@frozen
class OrderAmended(OrderEvent):
    """An order was changed.

    Attributes:
        order: What is asked for now.
        stop_price: Where its stop is now; None where it has none.
        keeps_place: Whether it keeps its place among orders at one price.
        entry_price: The price of the path at which it changed; None where it meets its next bar from the open.
        part: Which of the finer bars of the step that was, from 0.
    """

    order: Order
    stop_price: Decimal | None
    keeps_place: bool
    entry_price: Decimal | None
    part: int = 0


@frozen
class RequestRefused(OrderEvent):
    """A cancel or a change was refused; the order stands as it was."""

    request: str
    reason: Reason


@frozen
class PathAmbiguous(Event):
    """The other order of a bar's extremes would have given another outcome (rule R3).

    Attributes:
        symbol: Whose bar.
        path: The path that was kept: `high_first` or `low_first`.
        at_stake: By how much cash + quantity x close differ between the two, money above or at zero.
        notes: For each order concerned, the two outcomes.
        part: Which of the finer bars of the step that was, from 0.
    """

    symbol: str
    path: str
    at_stake: Decimal
    notes: tuple[tuple[int, Reason], ...]
    part: int = 0


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
        timestamp, symbol, before, after, *others = fields
        return cls(timestamp, symbol, Position(symbol, *before), Position(symbol, *after), *others)


@frozen
class PositionOpened(PositionEvent):
    """A flat position became long or short."""


@frozen
class PositionChanged(PositionEvent):
    """A position grew, or shrank without becoming flat."""


@frozen
class PositionClosed(PositionEvent):
    """A position became flat."""


@frozen
class PositionSplit(PositionEvent):
    """What is held was split; the part below the quantity step was sold for cash.

    Attributes:
        cash: Money received for that part, paid where it is below zero.
    """

    cash: Decimal


@frozen
class ActionEvent(Event):
    """What a corporate action did, apart from positions and orders.

    Attributes:
        symbol: Of what.
    """

    symbol: str


@frozen
class SplitApplied(ActionEvent):
    """A symbol counts in other units from here on; what became of its position and its orders follows.

    Attributes:
        new: Units after it.
        old: For so many before it.
        held: Signed units held before it.
        mark: The price that values a new unit until the next bar, money; None where there is none.
    """

    new: int
    old: int
    held: Decimal
    mark: Decimal | None


@frozen
class DividendEarned(ActionEvent):
    """Who holds a symbol here is owed a dividend; who is short owes it.

    Attributes:
        per_unit: Money for one unit.
        held: Signed units held.
        amount: Money in all, below zero for a short.
        pay_time: When it is due; None for at once.
    """

    per_unit: Decimal
    held: Decimal
    amount: Decimal
    pay_time: datetime | None


@frozen
class DividendPaid(ActionEvent):
    """A dividend was paid; what it did to cash follows.

    Attributes:
        amount: Money, below zero where it was owed on a short.
    """

    amount: Decimal


CAUSE_FIELD: Final[Mapping[type[Event], int]] = {OrderSubmitted: 7, CancelRequested: 2, AmendRequested: 5}
"""Where in the fields of a row it stands who asked for what."""


class CashCause(StrEnum):
    """What moves cash."""

    FILL = "FILL"
    INCOME = "INCOME"
    CASH_IN_LIEU = "CASH_IN_LIEU"
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
