"""A fill is exact, and knows its sign and its money."""

from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import pytest

from core.errors import NotExactError
from core.fill import Fill, FillRule
from core.order import BUY, SELL, Side
from core.reason import Code, Reason

NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)


def fill(**changes: Any) -> Fill:
    facts = {"id": 1, "order_id": 1, "symbol": "ACME", "side": BUY, "quantity": 100, "price": 9, "timestamp": NOON}
    return Fill(**(facts | changes))


@pytest.mark.parametrize("field", ["quantity", "price", "commission", "reference_price"])
@pytest.mark.parametrize("value", [1.5, False, "1", Decimal("Infinity")])
def test_a_number_that_is_not_exact_is_refused_by_the_fields_name(field: str, value: object) -> None:
    with pytest.raises(NotExactError, match=rf"^{field} must be "):
        fill(**{field: value})


@pytest.mark.parametrize(("side", "delta"), [(BUY, "100.5"), (SELL, "-100.5")])
def test_the_quantity_is_above_zero_and_its_delta_is_signed(side: Side, delta: str) -> None:
    made = fill(side=side, quantity=Decimal("100.5"))
    assert made.quantity == Decimal("100.5")
    assert made.quantity_delta == Decimal(delta)


@pytest.mark.parametrize("side", Side)
def test_the_notional_is_quantity_x_price_for_both_sides(side: Side) -> None:
    # 100.5 x 9.0025 = 904.75125
    assert fill(side=side, quantity=Decimal("100.5"), price=Decimal("9.0025")).notional == Decimal("904.75125")


def test_a_fill_costs_nothing_if_nothing_is_said() -> None:
    made = fill()
    assert (made.commission, made.notes, made.rule) == (0, (), FillRule.MARK)
    assert (made.reference_price, made.slippage) == (9, 0)
    assert {type(number) for number in (made.quantity, made.price, made.commission, made.reference_price)} == {Decimal}


@pytest.mark.parametrize(
    ("side", "price", "slippage"),
    [
        pytest.param(BUY, "101.06", "0.06", id="a purchase above its reference is worse"),
        pytest.param(BUY, "100.95", "-0.05", id="a purchase below it is better"),
        pytest.param(SELL, "100.94", "0.06", id="a sale below its reference is worse"),
        pytest.param(SELL, "101.05", "-0.05", id="a sale above it is better"),
        pytest.param(BUY, "101.00", "0.00", id="a purchase at it"),
        pytest.param(SELL, "101.00", "0.00", id="a sale at it"),
    ],
)
def test_slippage_is_above_zero_where_it_is_worse_for_us(side: Side, price: str, slippage: str) -> None:
    made = fill(side=side, price=Decimal(price), reference_price=Decimal("101.00"))
    assert str(made.slippage) == slippage


def test_what_else_there_is_to_say_of_a_fill_is_kept() -> None:
    note = Reason.of(Code.CASH_BELOW_ZERO, cash=Decimal(-5))
    assert fill(notes=(note,)).notes == (note,)


def test_only_a_fill_that_the_price_came_to_is_a_makers() -> None:
    assert [rule for rule in FillRule if rule.is_maker] == [FillRule.LEG]


def test_a_rule_says_its_number_and_where_in_the_bar() -> None:
    assert {rule.name: rule.value for rule in FillRule} == {
        "MARK": "at the mark, no simulator",
        "SAME_CLOSE": "R1 at the close it was decided on, optimistic",
        "OPEN": "R5 at the open",
        "LEG": "R6 at its limit on the path",
        "STOP": "R6 at its stop on the path",
        "INSTANT": "R8 at once, at the price that the path had reached",
        "CLOSE": "R2 at the close",
    }


@pytest.mark.parametrize("side", Side)
def test_the_threads_context_changes_no_number(side: Side) -> None:
    made = fill(side=side, quantity=12_345, price=Decimal("99.75"), reference_price=Decimal("99.74"))
    with localcontext(Context(prec=2, traps=[Inexact])):
        assert made.notional == Decimal("1231413.75")  # 12345 x 99.75
        assert made.quantity_delta == (12_345 if side is BUY else -12_345)
        assert made.slippage == (Decimal("0.01") if side is BUY else Decimal("-0.01"))
