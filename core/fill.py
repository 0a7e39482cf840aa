"""A fill: one execution of part or all of one order, with the rule that made it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from core.money import ZERO, exact, minus, multiply
from core.order import Side
from core.reason import Reason


class FillRule(StrEnum):
    """Which rule of `docs/fill-rules.md` made a fill, and where in the bar."""

    MARK = "at the mark, no simulator"
    SAME_CLOSE = "R1 at the close it was decided on, optimistic"
    OPEN = "R5 at the open"
    LEG = "R6 on the path"
    INSTANT = "R8 at once, at the price that the path had reached"


def _quantity(value: object) -> Decimal:
    return exact(value, "quantity")


def _price(value: object) -> Decimal:
    return exact(value, "price")


def _commission(value: object) -> Decimal:
    return exact(value, "commission")


@frozen
class Fill:
    """One execution.

    Attributes:
        id: Its number: 1, 2, 3, ... in the order of execution.
        order_id: The order it belongs to.
        symbol: What was traded.
        side: BUY or SELL.
        quantity: Units, above zero.
        price: Money for one unit.
        timestamp: The stamp of the bar it happened in, aware of its zone.
        commission: Money charged for it.
        rule: What made it.
        note: What else there is to say of it, such as that it left cash below zero.
    """

    id: int
    order_id: int
    symbol: str
    side: Side
    quantity: Decimal = field(converter=_quantity)
    price: Decimal = field(converter=_price)
    timestamp: datetime
    commission: Decimal = field(default=ZERO, converter=_commission)
    rule: FillRule = FillRule.MARK
    note: Reason | None = None

    @property
    def quantity_delta(self) -> Decimal:
        """What it does to the position: the quantity, below zero for a sale."""
        return self.quantity if self.side.sign > 0 else minus(self.quantity)

    @property
    def notional(self) -> Decimal:
        """Quantity x price: money, above zero."""
        return multiply(self.quantity, self.price)
