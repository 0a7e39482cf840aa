"""A fill: one execution of part or all of one order, with the rule that made it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from core.money import ZERO, exact, minus, multiply, subtract
from core.order import Side
from core.reason import Reason


class FillRule(StrEnum):
    """Which rule of `docs/fill-rules.md` made a fill, and where in the bar."""

    MARK = "at the mark, no simulator"
    SAME_CLOSE = "R1 at the close it was decided on, optimistic"
    OPEN = "R5 at the open"
    LEG = "R6 at its limit on the path"
    STOP = "R6 at its stop on the path"
    INSTANT = "R8 at once, at the price that the path had reached"
    CLOSE = "R2 at the close"

    @property
    def is_maker(self) -> bool:
        """Whether the order rested and the price came to it."""
        return self is FillRule.LEG


def _quantity(value: object) -> Decimal:
    return exact(value, "quantity")


def _price(value: object) -> Decimal:
    return exact(value, "price")


def _commission(value: object) -> Decimal:
    return exact(value, "commission")


def _reference_price(value: object) -> Decimal:
    return exact(value, "reference_price")


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
        reference_price: The price before slippage, money for one unit; the price itself where it is not given.
        notes: What else there is to say of it, such as that its path was ambiguous or its slippage clamped.
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
    reference_price: Decimal = field(converter=_reference_price)
    notes: tuple[Reason, ...] = ()

    @reference_price.default
    def _default_reference_price(self) -> Decimal:
        return self.price

    @property
    def quantity_delta(self) -> Decimal:
        """What it does to the position: the quantity, below zero for a sale."""
        return self.quantity if self.side.sign > 0 else minus(self.quantity)

    @property
    def notional(self) -> Decimal:
        """Quantity x price: money, above zero."""
        return multiply(self.quantity, self.price)

    @property
    def slippage(self) -> Decimal:
        """Fill price less reference price, money for one unit; above zero is worse for us, on either side."""
        better, worse = (self.reference_price, self.price) if self.side.sign > 0 else (self.price, self.reference_price)
        return subtract(worse, better)
