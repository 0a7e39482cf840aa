"""An instrument's units are above zero, and prices and quantities are rounded to them."""

from decimal import Decimal

import pytest

from core.errors import NotExactError
from core.instrument import Instrument


@pytest.mark.parametrize("unit", ["tick_size", "quantity_step"])
@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (0, "above zero"),
        (Decimal("-0.01"), "above zero"),
        (0.01, "an int or a Decimal"),
        (True, "an int or a Decimal"),
        ("0.01", "an int or a Decimal"),
        (Decimal("NaN"), "a number of at most 18 digits"),
    ],
)
def test_a_unit_that_is_no_exact_number_above_zero_is_refused(unit: str, value: object, rule: str) -> None:
    with pytest.raises(NotExactError, match=rf"^{unit} must be {rule}"):
        Instrument("ACME", **{unit: value})


def test_units_may_be_left_open_or_given_as_an_int() -> None:
    assert Instrument("ACME").tick_size is None
    assert Instrument("ACME", quantity_step=10).quantity_step == Decimal(10)


@pytest.mark.parametrize(
    ("price", "below", "above"),
    [("99.995", "99.99", "100.00"), ("99.99", "99.99", "99.99"), ("0.001", "0.00", "0.01")],
)
def test_a_price_is_rounded_to_the_tick(price: str, below: str, above: str) -> None:
    instrument = Instrument("ACME", tick_size=Decimal("0.01"))
    assert instrument.price_below(Decimal(price)) == Decimal(below)
    assert instrument.price_above(Decimal(price)) == Decimal(above)


@pytest.mark.parametrize(("quantity", "below"), [("99", "90"), ("90", "90"), ("9.999", "0")])
def test_a_quantity_is_cut_to_the_step(quantity: str, below: str) -> None:
    assert Instrument("ACME", quantity_step=Decimal(10)).quantity_below(Decimal(quantity)) == Decimal(below)


def test_without_units_nothing_is_rounded() -> None:
    number = Decimal("99.9951")
    instrument = Instrument("ACME")
    assert instrument.price_below(number) == instrument.price_above(number) == number
    assert instrument.quantity_below(number) == number
