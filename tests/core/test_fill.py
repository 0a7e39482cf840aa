"""A fill is exact, and knows its sign and its money."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.errors import NotExactError
from core.fill import Fill
from core.order import BUY, SELL, Side

NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)


def fill(**changes: Any) -> Fill:
    facts = {"id": 1, "order_id": 1, "symbol": "ACME", "side": BUY, "quantity": 100, "price": 9, "timestamp": NOON}
    return Fill(**(facts | changes))


@pytest.mark.parametrize("field", ["quantity", "price", "commission"])
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
    assert fill().commission == 0
    assert fill().note is None
