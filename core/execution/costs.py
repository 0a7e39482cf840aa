"""What orders cost: commission (rule R16)."""

from decimal import Decimal

from attrs import field, frozen
from attrs.validators import ge, le

from core.errors import NotExactError
from core.money import FRACTION_DIGITS, ZERO, add, exact, multiply, round_half_up

_BASIS_POINT = Decimal("0.0001")


def _rate(value: object, name: str) -> Decimal:
    rate = exact(value, name)
    if rate < ZERO:
        raise NotExactError(name, value, "zero or above")
    return rate


def _per_unit(value: int | Decimal) -> Decimal:
    return _rate(value, "per_unit")


def _minimum(value: int | Decimal) -> Decimal:
    return _rate(value, "minimum")


def _basis_points(value: int | Decimal) -> Decimal:
    return _rate(value, "basis_points")


@frozen
class Commission:
    """A commission for each unit and on the notional, with a minimum for each order.

    Attributes:
        per_unit: Money for each unit.
        minimum: Least money for an order that fills at all.
        basis_points: Hundredths of a percent of the notional.
        digits: Digits after the point of the currency.
    """

    per_unit: Decimal = field(default=ZERO, converter=_per_unit)
    minimum: Decimal = field(default=ZERO, converter=_minimum)
    basis_points: Decimal = field(default=ZERO, converter=_basis_points)
    digits: int = field(default=2, validator=(ge(0), le(FRACTION_DIGITS)))

    def total(self, quantity: Decimal, notional: Decimal) -> Decimal:
        """Return the commission, money, of an order that filled so many units for so much money.

        >>> costs = Commission(per_unit=Decimal("0.005"), minimum=Decimal(1))
        >>> costs.total(Decimal(100), Decimal(5000)), costs.total(Decimal(250), Decimal(12500))
        (Decimal('1.00'), Decimal('1.25'))
        """
        by_unit = multiply(self.per_unit, quantity)
        by_notional = multiply(multiply(self.basis_points, _BASIS_POINT), notional)
        return round_half_up(max(self.minimum, add(by_unit, by_notional)), self.digits)
