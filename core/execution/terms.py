"""What a broker allows: which cash, which shorts, which limits, at which cost."""

from decimal import Decimal
from enum import StrEnum

from attrs import field, frozen

from core.errors import NotExactError
from core.money import (
    ZERO,
    exact,
)
from core.protocols import CommissionModel


class CashRule(StrEnum):
    """What happens to a fill that cash does not cover (rule R15b).

    REJECT: the rest of its order is canceled. REDUCE: as much fills as cash covers, the rest is canceled. ALLOW_MARGIN:
    cash is not looked at, here or at submit.
    """

    REJECT = "reject"
    REDUCE = "reduce"
    ALLOW_MARGIN = "allow_margin"


def _limit(value: object, name: str) -> Decimal | None:
    if value is None:
        return None
    number = exact(value, name)
    if number < ZERO:
        raise NotExactError(name, value, "zero or above")
    return number


def _position_quantity_max(value: int | Decimal | None) -> Decimal | None:
    return _limit(value, "position_quantity_max")


def _order_notional_max(value: int | Decimal | None) -> Decimal | None:
    return _limit(value, "order_notional_max")


def _gross_exposure_max(value: int | Decimal | None) -> Decimal | None:
    return _limit(value, "gross_exposure_max")


def _drawdown_ratio_max(value: int | Decimal | None) -> Decimal | None:
    return _limit(value, "drawdown_ratio_max")


@frozen
class Limits:
    """What a person allows at most; an order that would go beyond is rejected. None is no limit.

    What only reduces a position passes every limit.

    Attributes:
        position_quantity_max: Units of one symbol, long or short, other open orders of that side included.
        order_notional_max: Money that one order is for, at the price it is estimated at.
        gross_exposure_max: Sum of absolute market values with what the order opens, money.
        drawdown_ratio_max: The drawdown, a fraction of the peak, above which only reductions pass.
    """

    position_quantity_max: Decimal | None = field(default=None, converter=_position_quantity_max)
    order_notional_max: Decimal | None = field(default=None, converter=_order_notional_max)
    gross_exposure_max: Decimal | None = field(default=None, converter=_gross_exposure_max)
    drawdown_ratio_max: Decimal | None = field(default=None, converter=_drawdown_ratio_max)


@frozen
class Terms:
    """What a broker allows.

    Attributes:
        commission: What orders cost.
        allow_short: Whether a sale may exceed what is held.
        cash_rule: What happens to a fill that cash does not cover.
        limits: What a person allows at most.
        has_limits: Whether there are any.
    """

    commission: CommissionModel
    allow_short: bool = False
    cash_rule: CashRule = CashRule.REJECT
    limits: Limits = Limits()
    has_limits: bool = field(init=False, repr=False, eq=False)

    @has_limits.default
    def _has_limits(self) -> bool:
        return self.limits != Limits()

    @property
    def checks_cash(self) -> bool:
        """Whether cash has to cover what is opened."""
        return self.cash_rule is not CashRule.ALLOW_MARGIN
