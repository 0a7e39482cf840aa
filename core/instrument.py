"""What is traded: its symbol, and the units in which its price and quantity move."""

from decimal import Decimal

from attrs import field, frozen

from core.errors import NotExactError
from core.money import ZERO, exact, multiple_above, multiple_below


def _unit(name: str, value: object) -> Decimal | None:
    if value is None:
        return None
    unit = exact(value, name)
    if unit <= ZERO:
        raise NotExactError(name, value, "above zero")
    return unit


def _tick_size(value: object) -> Decimal | None:
    return _unit("tick_size", value)


def _quantity_step(value: object) -> Decimal | None:
    return _unit("quantity_step", value)


@frozen
class Instrument:
    """One symbol's units.

    Attributes:
        symbol: Its name, taken literally.
        tick_size: The smallest move of a price; None where any price will do.
        quantity_step: The smallest move of a quantity; None where any quantity will do.
        currency: The code of the money its prices are in.
        currency_digits: Digits after the point to which commissions are rounded.
    """

    symbol: str
    tick_size: Decimal | None = field(default=None, converter=_tick_size)
    quantity_step: Decimal | None = field(default=None, converter=_quantity_step)
    currency: str = "USD"
    currency_digits: int = 2

    def price_below(self, price: Decimal) -> Decimal:
        """Return the highest price on the tick that is not above this one.

        >>> Instrument("ACME", tick_size=Decimal("0.01")).price_below(Decimal("99.995"))
        Decimal('99.99')
        """
        return price if self.tick_size is None else multiple_below(price, self.tick_size)

    def price_above(self, price: Decimal) -> Decimal:
        """Return the lowest price on the tick that is not below this one."""
        return price if self.tick_size is None else multiple_above(price, self.tick_size)

    def quantity_below(self, quantity: Decimal) -> Decimal:
        """Return the largest quantity on the step that is not above this one.

        >>> Instrument("ACME", quantity_step=Decimal(10)).quantity_below(Decimal(99))
        Decimal('90')
        """
        return quantity if self.quantity_step is None else multiple_below(quantity, self.quantity_step)
