"""What orders cost: of an order, max(minimum, rate x filled so far), rounded half-up (rule R16)."""

from decimal import Context, Decimal, Inexact, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotExactError
from core.execution.costs import Commission
from tests.generators import prices, quantities


@pytest.mark.parametrize("rate", ["per_unit", "minimum", "basis_points"])
@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (0.005, "an int or a Decimal"),
        (True, "an int or a Decimal"),
        ("1", "an int or a Decimal"),
        (Decimal("NaN"), "a number of at most"),
        (Decimal("-0.01"), "zero or above"),
    ],
)
def test_a_rate_is_an_exact_number_of_zero_or_above(rate: str, value: object, rule: str) -> None:
    with pytest.raises(NotExactError, match=rf"^{rate} must be {rule}"):
        Commission(**{rate: value})


@pytest.mark.parametrize(
    ("rates", "quantity", "notional", "total"),
    [
        pytest.param({}, "100", "5000", "0", id="nothing"),
        pytest.param({"per_unit": "0.005"}, "250", "12500", "1.25", id="for each unit"),  # 250 x 0.005
        pytest.param({"per_unit": "0.005", "minimum": "1"}, "100", "5000", "1.00", id="the minimum"),  # 0.50
        pytest.param({"minimum": "1"}, "0.001", "0.01", "1.00", id="the minimum of a tiny order"),
        pytest.param({"basis_points": "5"}, "100", "5050", "2.53", id="of the notional"),  # 2.525, half up
        pytest.param({"basis_points": "2.5"}, "1", "10000", "2.50", id="half a basis point"),
        # 100 x 0.005 + 5000 x 0.0002 = 1.50
        pytest.param({"per_unit": "0.005", "basis_points": "2"}, "100", "5000", "1.50", id="both"),
        pytest.param({"per_unit": "0.00499"}, "1", "50", "0.00", id="rounded down"),
        pytest.param({"per_unit": "0.005"}, "1", "50", "0.01", id="a half rounded up"),
        pytest.param({"per_unit": "0.5", "digits": 0}, "5", "50", "3", id="a currency without digits"),  # 2.5
        pytest.param({"minimum": "0.004"}, "1", "1", "0.00", id="a minimum below the last digit"),
    ],
)
def test_what_an_order_costs(rates: dict[str, str], quantity: str, notional: str, total: str) -> None:
    made = Commission(**{name: value if name == "digits" else Decimal(value) for name, value in rates.items()})
    assert str(made.total(Decimal(quantity), Decimal(notional))) == (total if rates else "0.00")


@given(st.lists(st.tuples(quantities, prices), min_size=1, max_size=5), st.integers(0, 500), st.integers(0, 100))
def test_what_fills_add_sums_to_what_the_order_costs_and_none_adds_less_than_nothing(
    fills: list[tuple[Decimal, Decimal]], minimum: int, basis_points: int
) -> None:
    costs = Commission(per_unit=Decimal("0.0035"), minimum=Decimal(minimum), basis_points=Decimal(basis_points))
    quantity, notional, charged = Decimal(0), Decimal(0), Decimal(0)
    for units, price in fills:
        quantity, notional = quantity + units, notional + units * price
        added = costs.total(quantity, notional) - charged
        assert added >= 0
        charged += added
    assert charged == max(costs.total(quantity, notional), 0)
    assert charged >= minimum


def test_the_threads_context_changes_no_commission() -> None:
    costs = Commission(per_unit=Decimal("0.0035"), basis_points=Decimal("1.25"))
    with localcontext(Context(prec=1, traps=[Inexact])):
        total = costs.total(Decimal(123456), Decimal("7890123.45"))
    # 123456 x 0.0035 = 432.096; 7890123.45 x 0.000125 = 986.26543125; together 1418.36143125
    assert total == Decimal("1418.36")
