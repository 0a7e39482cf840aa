"""What a run is told besides its bars and its strategy."""

from decimal import Decimal
from typing import Any

import pytest

from core.backtest.settings import Settings
from core.errors import NotExactError


def test_amounts_may_be_whole_numbers() -> None:
    settings = Settings(initial_capital=50_000, tick_size=1, quantity_step=10)
    assert (settings.initial_capital, settings.tick_size) == (Decimal(50_000), Decimal(1))
    assert type(settings.quantity_step) is Decimal


REFUSED = {
    "no cash": ({"initial_capital": 0}, "initial_capital must be above zero, was int 0"),
    "negative cash": ({"initial_capital": Decimal(-5)}, "initial_capital must be above zero, was Decimal -5"),
    "a float": ({"initial_capital": 0.5}, "initial_capital must be an int or a Decimal, was float 0.5"),
    "no tick": ({"tick_size": 0}, "tick_size must be above zero, was int 0"),
    "no step": ({"quantity_step": 0}, "quantity_step must be above zero, was int 0"),
}


@pytest.mark.parametrize(("values", "message"), REFUSED.values(), ids=REFUSED)
def test_an_amount_that_cannot_be_is_refused_by_its_name(values: dict[str, Any], message: str) -> None:
    with pytest.raises(NotExactError) as caught:
        Settings(**values)
    assert str(caught.value) == message


@pytest.mark.parametrize("values", [{"allow_short": 1}, {"timing": "same_close"}, {"limit_rule": "touch"}], ids=str)
def test_a_choice_is_one_and_no_text_that_looks_like_it(values: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(values))):
        Settings(**values)
