"""What orders cost: commission (rule R16) and slippage (rule R11).

Each model is a small frozen value, and models of one kind are asked with the same words, also where one needs fewer.
`Commission` and `Slippage` are what settings hold, and are made of the others. Any class with the method of the
protocol is a model as good as these.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from attrs import field, frozen

from core.errors import NotExactError
from core.money import FRACTION_DIGITS, ZERO, add, exact, magnitude, multiply, quotient_up, round_half_up, subtract
from core.protocols import SlippageModel, Traded

_BASIS_POINT: Final = Decimal("0.0001")
_MOST_BASIS_POINTS: Final = 10_000
_PAIR: Final = 2


def _rate(value: object, name: str) -> Decimal:
    rate = exact(value, name)
    if rate < ZERO:
        raise NotExactError(name, value, "zero or above")
    return rate


def _per_unit(value: int | Decimal) -> Decimal:
    return _rate(value, "per_unit")


def _minimum(value: int | Decimal) -> Decimal:
    return _rate(value, "minimum")


def _part(value: object, name: str) -> Decimal:
    """Take basis points, which are at most the whole, to either side."""
    part = exact(value, name)
    if magnitude(part) > _MOST_BASIS_POINTS:
        raise NotExactError(name, value, f"at most {_MOST_BASIS_POINTS:,}, which is all of it")
    return part


def _basis_points(value: int | Decimal) -> Decimal:
    return _part(_rate(value, "basis_points"), "basis_points")


def _maker_basis_points(value: int | Decimal) -> Decimal:
    return _part(value, "maker_basis_points")


def _maker_basis_points_or_none(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else _maker_basis_points(value)


def _taker_basis_points(value: int | Decimal) -> Decimal:
    return _part(_rate(value, "taker_basis_points"), "taker_basis_points")


def _per_order(value: int | Decimal) -> Decimal:
    return _rate(value, "per_order")


def _ticks(value: int | Decimal) -> Decimal:
    return _rate(value, "ticks")


def _impact(value: int | Decimal) -> Decimal:
    return _rate(value, "impact")


def _volume_impact(value: int | Decimal) -> Decimal:
    return _rate(value, "volume_impact")


def _digits(value: int) -> int:
    if type(value) is not int or not 0 <= value <= FRACTION_DIGITS:
        raise NotExactError("digits", value, f"a whole number from 0 to {FRACTION_DIGITS}")
    return value


def _tiers(value: Sequence[tuple[int | Decimal, int | Decimal]]) -> tuple[tuple[Decimal, Decimal], ...]:
    tiers = tuple(_tier(one) for one in _listed(value))
    starts = [from_quantity for from_quantity, _ in tiers]
    if any(starts[:1]) or any(after <= before for before, after in pairwise(starts)):
        raise NotExactError("tiers", value, "in rising order from 0 units on")
    return tiers


def _tier(value: object) -> tuple[Decimal, Decimal]:
    pair = _listed(value)
    if len(pair) != _PAIR:
        raise NotExactError("tiers", value, "pairs of units and money for each")
    return _rate(pair[0], "tiers"), _rate(pair[1], "tiers")


def _listed(value: object) -> Sequence[object]:
    if not isinstance(value, (list, tuple)):
        raise NotExactError("tiers", value, "pairs of units and money for each")
    return value


def _of_notional(basis_points: Decimal, notional: Decimal) -> Decimal:
    return multiply(multiply(basis_points, _BASIS_POINT), notional)


@frozen
class _RoundedCommission(ABC):
    """A commission that is computed exactly, and rounded once."""

    digits: int = field(default=2, converter=_digits, kw_only=True)

    def total(self, traded: Traded) -> Decimal:
        """Return the commission, money, of an order that has filled so much: zero where it has filled nothing."""
        if not traded.quantity:
            return ZERO
        return add(ZERO, round_half_up(self.unrounded(traded), self.digits))  # a sum, so that there is no minus zero

    @abstractmethod
    def unrounded(self, traded: Traded) -> Decimal:
        """Return the same, exact, of an order that has filled something."""


@frozen
class PerUnit(_RoundedCommission):
    """Money for each unit, at least a minimum for the order.

    Attributes:
        per_unit: Money for each unit, zero or above.
        minimum: Least money for an order that fills at all.
        digits: Digits after the point of the currency, to which the total is rounded.

    >>> PerUnit(Decimal("0.005"), Decimal(1)).total(Traded(Decimal(250), Decimal(12500)))
    Decimal('1.25')
    """

    per_unit: Decimal = field(default=ZERO, converter=_per_unit)
    minimum: Decimal = field(default=ZERO, converter=_minimum)

    def unrounded(self, traded: Traded) -> Decimal:
        """Return the rate times the units, or the minimum."""
        return max(self.minimum, multiply(self.per_unit, traded.quantity))


@frozen
class PerNotional(_RoundedCommission):
    """A part of the notional, at least a minimum for the order.

    Attributes:
        basis_points: Hundredths of a percent of the notional, zero or above.
        minimum: Least money for an order that fills at all.
        digits: Digits after the point of the currency, to which the total is rounded.

    >>> PerNotional(Decimal(5)).total(Traded(Decimal(100), Decimal(5050)))  # 2.525
    Decimal('2.53')
    """

    basis_points: Decimal = field(default=ZERO, converter=_basis_points)
    minimum: Decimal = field(default=ZERO, converter=_minimum)

    def unrounded(self, traded: Traded) -> Decimal:
        """Return the rate times the notional, or the minimum."""
        return max(self.minimum, _of_notional(self.basis_points, traded.notional))


@frozen
class MakerTaker(_RoundedCommission):
    """One part of the notional for what rested until the price came to it, another for all else.

    Attributes:
        maker_basis_points: Hundredths of a percent of the notional that was made; below zero it is a rebate.
        taker_basis_points: Hundredths of a percent of the notional that was taken, zero or above.
        digits: Digits after the point of the currency, to which the total is rounded.

    >>> traded = Traded(Decimal(100), Decimal(5000), maker_quantity=Decimal(60), maker_notional=Decimal(3000))
    >>> MakerTaker(-1, 5).total(traded)  # -0.30 + 1.00
    Decimal('0.70')
    """

    maker_basis_points: Decimal = field(default=ZERO, converter=_maker_basis_points)
    taker_basis_points: Decimal = field(default=ZERO, converter=_taker_basis_points)

    def unrounded(self, traded: Traded) -> Decimal:
        """Return each rate times its part of the notional."""
        taken = subtract(traded.notional, traded.maker_notional)
        return add(
            _of_notional(self.maker_basis_points, traded.maker_notional), _of_notional(self.taker_basis_points, taken)
        )


@frozen
class Tiered(_RoundedCommission):
    """Money for each unit, at the rate of the tier in which it lies, counted by what the order has filled.

    Attributes:
        tiers: Pairs of the quantity from which a rate counts and the rate, money for each unit; rising from 0.
        digits: Digits after the point of the currency, to which the total is rounded.

    >>> costs = Tiered([(0, Decimal("0.005")), (1000, Decimal("0.003"))])
    >>> costs.total(Traded(Decimal(1500), Decimal(75000)))  # 1000 x 0.005 + 500 x 0.003
    Decimal('6.50')
    """

    tiers: tuple[tuple[Decimal, Decimal], ...] = field(default=(), converter=_tiers)

    def unrounded(self, traded: Traded) -> Decimal:
        """Return the sum over the tiers: from each on, units cost by so much more or less than before it."""
        total = before = ZERO
        for from_quantity, per_unit in self.tiers:
            beyond = subtract(traded.quantity, from_quantity)
            if beyond <= ZERO:
                break
            total, before = add(total, multiply(subtract(per_unit, before), beyond)), per_unit
        return total


@frozen
class PerOrder(_RoundedCommission):
    """Money for each order that fills at all.

    Attributes:
        per_order: Money for the order, zero or above.
        digits: Digits after the point of the currency, to which the total is rounded.

    >>> PerOrder(7).total(Traded(Decimal(1), Decimal(50)))
    Decimal('7.00')
    """

    per_order: Decimal = field(default=ZERO, converter=_per_order)

    def unrounded(self, traded: Traded) -> Decimal:  # noqa: ARG002 - all models take the same
        """Return the money, however much has filled."""
        return self.per_order


@frozen
class Commission(_RoundedCommission):
    """What settings hold: the sum of the small models, at least a minimum, rounded once.

    Attributes:
        per_unit: Money for each unit.
        minimum: Least money for an order that fills at all, rebates included; none where it is zero.
        basis_points: Hundredths of a percent of the notional.
        maker_basis_points: The same for what rested until the price came to it, below zero a rebate; `basis_points`
            where it is not given.
        per_order: Money for each order that fills at all.
        tiers: Pairs of the quantity from which a rate counts and the rate, money for each unit; rising from 0.
        digits: Digits after the point of the currency, to which the total is rounded.

    >>> costs = Commission(per_unit=Decimal("0.005"), minimum=Decimal(1))
    >>> costs.total(Traded(Decimal(100), Decimal(5000))), costs.total(Traded(Decimal(250), Decimal(12500)))
    (Decimal('1.00'), Decimal('1.25'))
    """

    per_unit: Decimal = field(default=ZERO, converter=_per_unit)
    minimum: Decimal = field(default=ZERO, converter=_minimum)
    basis_points: Decimal = field(default=ZERO, converter=_basis_points)
    maker_basis_points: Decimal | None = field(default=None, converter=_maker_basis_points_or_none)
    per_order: Decimal = field(default=ZERO, converter=_per_order)
    tiers: tuple[tuple[Decimal, Decimal], ...] = field(default=(), converter=_tiers)
    digits: int = field(default=2, converter=_digits)
    _parts: tuple[_RoundedCommission, ...] = field(init=False, repr=False, eq=False)

    @_parts.default
    def _make_parts(self) -> tuple[_RoundedCommission, ...]:
        maker, taker = self.maker_basis_points, self.basis_points
        by_notional = PerNotional(taker) if maker is None else MakerTaker(maker, taker)
        parts = (PerUnit(self.per_unit), by_notional, PerOrder(self.per_order), Tiered(self.tiers))
        return tuple(part for part in parts if part != type(part)())  # one that says nothing costs nothing

    def unrounded(self, traded: Traded) -> Decimal:
        """Return the sum, or the minimum."""
        whole = ZERO
        for part in self._parts:
            whole = add(whole, part.unrounded(traded))
        return max(self.minimum, whole) if self.minimum else whole


@frozen
class TickSlippage:
    """A fixed number of ticks.

    Attributes:
        ticks: How many, zero or above.

    >>> TickSlippage(2).amount(Decimal(95), Decimal(100), None, Decimal("0.01"))
    Decimal('0.02')
    """

    ticks: Decimal = field(default=ZERO, converter=_ticks)

    def amount(self, price: Decimal, quantity: Decimal, volume: Decimal | None, tick: Decimal) -> Decimal:  # noqa: ARG002
        """Return so many ticks, money per unit."""
        return multiply(self.ticks, tick)


@frozen
class BasisPointSlippage:
    """A fixed part of the price.

    Attributes:
        basis_points: Hundredths of a percent of the price, zero or above.

    >>> BasisPointSlippage(5).amount(Decimal(101), Decimal(100), None, Decimal("0.01"))
    Decimal('0.0505')
    """

    basis_points: Decimal = field(default=ZERO, converter=_basis_points)

    def amount(self, price: Decimal, quantity: Decimal, volume: Decimal | None, tick: Decimal) -> Decimal:  # noqa: ARG002
        """Return that part of the price, money per unit."""
        return _of_notional(self.basis_points, magnitude(price))


@frozen
class VolumeShareSlippage:
    """A part of the price that grows with the square of the fill's share of the bar's volume.

    The formula is that of zipline's `VolumeShareSlippage`, price x impact x share^2, whose impact is 0.1 where none is
    given. The share is at most 1; without a volume there is no slippage.

    Attributes:
        impact: The part of the price that a fill of the whole volume moves it by, a fraction, zero or above.

    >>> tenth = VolumeShareSlippage(Decimal("0.1"))
    >>> tenth.amount(Decimal(100), Decimal(500), Decimal(5000), Decimal("0.01"))  # 100 x 0.1 x 0.1^2
    Decimal('0.1')
    """

    impact: Decimal = field(default=ZERO, converter=_impact)

    def amount(self, price: Decimal, quantity: Decimal, volume: Decimal | None, tick: Decimal) -> Decimal:  # noqa: ARG002
        """Return price x impact x share^2, money per unit, rounded up as `quotient_up` rounds."""
        if volume is None:
            return ZERO
        whole = multiply(magnitude(price), self.impact)
        if quantity >= volume:
            return whole
        return quotient_up(multiply(whole, multiply(quantity, quantity)), multiply(volume, volume))


@frozen
class Slippage:
    """What settings hold: the sum of the small models.

    Attributes:
        ticks: How many ticks, zero or above.
        basis_points: Hundredths of a percent of the price, zero or above.
        volume_impact: The part of the price that a fill of the bar's whole volume moves it by, a fraction, zero or
            above; a fill of a share of it moves the price by share^2 of that.

    >>> Slippage(ticks=2, basis_points=5).amount(Decimal(101), Decimal(100), None, Decimal("0.01"))
    Decimal('0.0705')
    """

    ticks: Decimal = field(default=ZERO, converter=_ticks)
    basis_points: Decimal = field(default=ZERO, converter=_basis_points)
    volume_impact: Decimal = field(default=ZERO, converter=_volume_impact)
    _parts: tuple[SlippageModel, ...] = field(init=False, repr=False, eq=False)

    @_parts.default
    def _make_parts(self) -> tuple[SlippageModel, ...]:
        parts = (
            TickSlippage(self.ticks),
            BasisPointSlippage(self.basis_points),
            VolumeShareSlippage(self.volume_impact),
        )
        return tuple(part for part in parts if part != type(part)())  # one that says nothing moves nothing

    def amount(self, price: Decimal, quantity: Decimal, volume: Decimal | None, tick: Decimal) -> Decimal:
        """Return the sum, money per unit against the trader, zero or above."""
        whole = ZERO
        for part in self._parts:
            whole = add(whole, part.amount(price, quantity, volume, tick))
        return whole
