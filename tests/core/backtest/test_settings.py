"""What a run is told besides its bars and its strategy."""

from decimal import Decimal
from typing import Any

import attrs
import pytest

from core.backtest.settings import Settings, SplitRule, Timing
from core.errors import NotExactError
from core.execution.costs import Commission, PerUnit, Slippage, TickSlippage
from core.execution.path import LimitRule, PathRule
from core.execution.terms import CashRule, Limits


def test_amounts_may_be_whole_numbers() -> None:
    settings = Settings(initial_capital=50_000, tick_size=1, quantity_step=10)
    assert (settings.initial_capital, settings.tick_size) == (Decimal(50_000), Decimal(1))
    assert type(settings.quantity_step) is Decimal


def test_a_run_that_is_told_nothing_takes_no_side_that_flatters_it() -> None:
    assert attrs.asdict(Settings(), recurse=False) == {
        "initial_capital": 100_000,
        "allow_short": False,
        "timing": Timing.NEXT_OPEN,
        "limit_rule": LimitRule.TOUCH,
        "path": PathRule.WORST,
        "cash_rule": CashRule.REJECT,
        "volume_cap": None,
        "tick_size": None,
        "quantity_step": 1,
        "splits": SplitRule.ASK,
        "dividends": True,
        "costs": Commission(),
        "slippage": Slippage(),
        "limits": Limits(),
    }


@pytest.mark.parametrize("cap", [Decimal("0.1"), 1], ids=str)
def test_the_part_of_the_volume_is_a_fraction_up_to_all_of_it(cap: int | Decimal) -> None:
    found = Settings(volume_cap=cap).volume_cap
    assert (type(found), found) == (Decimal, cap)


def test_any_model_of_the_protocols_will_do_for_what_orders_cost() -> None:
    costs: Any = PerUnit(Decimal("0.005"))
    slippage: Any = TickSlippage(Decimal(2))
    settings = Settings(costs=costs, slippage=slippage)
    assert (settings.costs, settings.slippage) == (costs, slippage)


REFUSED = {
    "no cash": ({"initial_capital": 0}, "initial_capital must be above zero, was int 0"),
    "negative cash": ({"initial_capital": Decimal(-5)}, "initial_capital must be above zero, was Decimal -5"),
    "a float": ({"initial_capital": 0.5}, "initial_capital must be an int or a Decimal, was float 0.5"),
    "no tick": ({"tick_size": 0}, "tick_size must be above zero, was int 0"),
    "no step": ({"quantity_step": 0}, "quantity_step must be above zero, was int 0"),
    "no volume": ({"volume_cap": 0}, "volume_cap must be above zero, was int 0"),
    "a part of it as a float": ({"volume_cap": 0.1}, "volume_cap must be an int or a Decimal, was float 0.1"),
    "more than all volume": (
        {"volume_cap": Decimal("1.01")},
        "volume_cap must be a fraction, at most 1, was Decimal 1.01",
    ),
}


@pytest.mark.parametrize(("values", "message"), REFUSED.values(), ids=REFUSED)
def test_an_amount_that_cannot_be_is_refused_by_its_name(values: dict[str, Any], message: str) -> None:
    with pytest.raises(NotExactError) as caught:
        Settings(**values)
    assert str(caught.value) == message


CHOICES: list[dict[str, Any]] = [
    {"allow_short": 1},
    {"timing": "same_close"},
    {"limit_rule": "touch"},
    {"path": "worst"},
    {"cash_rule": "reject"},
    {"limits": None},
]


@pytest.mark.parametrize("values", CHOICES, ids=str)
def test_a_choice_is_one_and_no_text_that_looks_like_it(values: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(values))):
        Settings(**values)
