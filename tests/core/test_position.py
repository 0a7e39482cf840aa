"""What derives from a quantity and a total cost."""

from decimal import Decimal

import pytest

from core.position import Position


def position(quantity: str, cost: str) -> Position:
    return Position("ACME", Decimal(quantity), Decimal(cost))


@pytest.mark.parametrize(
    ("quantity", "cost", "average"),
    [
        pytest.param("100", "1050", "10.5", id="long"),  # 1050 / 100
        pytest.param("-30", "-360", "12", id="short"),  # -360 / -30
        pytest.param("3", "30.02", "10.006666666667", id="rounded"),  # 30.02 / 3 = 10.00666...
    ],
)
def test_the_average_price_is_cost_over_quantity(quantity: str, cost: str, average: str) -> None:
    assert position(quantity, cost).average_price == Decimal(average)


def test_a_flat_position_has_no_average_price() -> None:
    assert Position("ACME").average_price is None
    assert Position("ACME").is_flat
    assert not position("-1", "-1").is_flat


@pytest.mark.parametrize(
    ("quantity", "cost", "mark", "value", "unrealized"),
    [
        pytest.param("100", "1050", "11.25", "1125", "75", id="a long that rose"),  # 100 x 11.25; 1125 - 1050
        pytest.param("100", "1050", "10", "1000", "-50", id="a long that fell"),  # 1000 - 1050
        pytest.param("-30", "-360", "13", "-390", "-30", id="a short that rose"),  # -30 x 13; -390 + 360
        pytest.param("-30", "-360", "11", "-330", "30", id="a short that fell"),  # -330 + 360
        pytest.param("0", "0", "11", "0", "0", id="flat"),
    ],
)
def test_value_and_unrealized_gain_at_a_mark(quantity: str, cost: str, mark: str, value: str, unrealized: str) -> None:
    held = position(quantity, cost)
    assert held.market_value(Decimal(mark)) == Decimal(value)
    assert held.unrealized_pnl(Decimal(mark)) == Decimal(unrealized)
