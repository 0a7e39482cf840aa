"""Settings: what a run is told besides its bars and its strategy."""

from decimal import Decimal
from enum import StrEnum
from typing import cast

from attrs import field, frozen
from attrs.validators import instance_of

from core.errors import NotExactError
from core.execution.costs import Commission, Slippage
from core.execution.path import LimitRule, PathRule
from core.execution.terms import CashRule, Limits
from core.money import ZERO, exact
from core.protocols import CommissionModel, SlippageModel


class Timing(StrEnum):
    """When a market order that a strategy asks for on a bar may fill (rule R1)."""

    NEXT_OPEN = "next_open"
    SAME_CLOSE = "same_close"


class SplitRule(StrEnum):
    """What is done with splits that are given with the bars (rule R2).

    ASK: they are applied, unless the prices look as if they were adjusted for one already: that is refused. APPLY: the
    prices are as they were traded. IGNORE: the prices are adjusted.
    """

    ASK = "ask"
    APPLY = "apply"
    IGNORE = "ignore"


def _above_zero(value: object, name: str) -> Decimal:
    number = exact(value, name)
    if number <= ZERO:
        raise NotExactError(name, value, "above zero")
    return number


def _initial_capital(value: int | Decimal) -> Decimal:
    return _above_zero(value, "initial_capital")


def _quantity_step(value: int | Decimal) -> Decimal:
    return _above_zero(value, "quantity_step")


def _tick_size(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else _above_zero(value, "tick_size")


def _volume_cap(value: int | Decimal | None) -> Decimal | None:
    if value is None:
        return None
    cap = _above_zero(value, "volume_cap")
    if cap > 1:
        raise NotExactError("volume_cap", value, "a fraction, at most 1")
    return cap


def _costs(model: CommissionModel) -> Commission:
    return cast("Commission", model)


def _slippage(model: SlippageModel) -> Slippage:
    return cast("Slippage", model)


@frozen
class Settings:
    """What a run is told besides its bars and its strategy.

    Attributes:
        initial_capital: Cash at the start, money above zero.
        allow_short: Whether a sale may exceed what is held.
        timing: When a market order may fill: at the next open, or at the close it was decided on.
        limit_rule: Whether a touch fills a limit order, or the price has to trade through it.
        path: In which order the prices of a bar are taken to have happened.
        cash_rule: What happens to a fill that cash does not cover.
        volume_cap: The part of a bar's volume that may fill, a fraction; none where nothing bounds it.
        tick_size: The smallest move of a price; the finest digit of each symbol's file where it is not given.
        quantity_step: The smallest move of a quantity.
        splits: What is done with splits that are given with the bars.
        dividends: Whether dividends that are given are paid; not where the prices are adjusted for them.
        costs: What orders cost; any `CommissionModel` will do.
        slippage: How much worse than the path's price an order at the market fills; any `SlippageModel` will do.
        limits: What is allowed at most.
    """

    initial_capital: Decimal = field(default=Decimal(100_000), converter=_initial_capital)
    allow_short: bool = field(default=False, validator=instance_of(bool))
    timing: Timing = field(default=Timing.NEXT_OPEN, validator=instance_of(Timing))
    limit_rule: LimitRule = field(default=LimitRule.TOUCH, validator=instance_of(LimitRule))
    path: PathRule = field(default=PathRule.WORST, validator=instance_of(PathRule))
    cash_rule: CashRule = field(default=CashRule.REJECT, validator=instance_of(CashRule))
    volume_cap: Decimal | None = field(default=None, converter=_volume_cap)
    tick_size: Decimal | None = field(default=None, converter=_tick_size)
    quantity_step: Decimal = field(default=Decimal(1), converter=_quantity_step)
    splits: SplitRule = field(default=SplitRule.ASK, validator=instance_of(SplitRule))
    dividends: bool = field(default=True, validator=instance_of(bool))
    costs: Commission = field(factory=Commission, converter=_costs)
    slippage: Slippage = field(factory=Slippage, converter=_slippage)
    limits: Limits = field(factory=Limits, validator=instance_of(Limits))


# What a file and the command line can say are the fields of these; in Python any model of the protocols will do.
Settings.__init__.__annotations__.update(costs=Commission, slippage=Slippage)
