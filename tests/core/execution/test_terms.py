"""What a broker allows is exact, and nothing is bounded that nobody has bounded."""

from decimal import Decimal
from typing import Any

import attrs
import pytest

from core.errors import NotExactError
from core.execution.costs import Commission
from core.execution.terms import CashRule, Limits, Terms

NAMES = [one.name for one in attrs.fields(Limits)]


def test_no_limit_is_the_default() -> None:
    assert NAMES == ["position_quantity_max", "order_notional_max", "gross_exposure_max", "drawdown_ratio_max"]
    assert [getattr(Limits(), name) for name in NAMES] == [None] * 4


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_is_kept_as_a_decimal_and_may_be_zero(name: str) -> None:
    for value in (0, 7, Decimal("0.25")):
        kept = getattr(Limits(**{name: value}), name)
        assert (type(kept), kept) == (Decimal, value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (-1, "zero or above, was int -1"),
        (Decimal("-0.01"), r"zero or above, was Decimal -0\.01"),
        (0.5, r"an int or a Decimal, was float 0\.5"),
        (True, "an int or a Decimal, was bool True"),
        ("5", "an int or a Decimal, was 5"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_by_its_name(name: str, value: Any, rule: str) -> None:
    with pytest.raises(NotExactError, match=f"^{name} must be {rule}$"):
        Limits(**{name: value})


def test_a_broker_rejects_what_cash_does_not_cover_and_allows_no_shorts_if_nothing_is_said() -> None:
    terms = Terms(Commission())
    assert (terms.allow_short, terms.cash_rule, terms.limits) == (False, CashRule.REJECT, Limits())


@pytest.mark.parametrize(
    ("rule", "word", "checks"),
    [
        (CashRule.REJECT, "reject", True),
        (CashRule.REDUCE, "reduce", True),
        (CashRule.ALLOW_MARGIN, "allow_margin", False),
    ],
)
def test_cash_is_looked_at_unless_margin_is_allowed(rule: CashRule, word: str, *, checks: bool) -> None:
    assert rule.value == word
    assert Terms(Commission(), cash_rule=rule).checks_cash is checks
