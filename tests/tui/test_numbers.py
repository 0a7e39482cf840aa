"""Numbers are rounded for the eye only, and never by what a strategy did to the thread's context."""

from decimal import ROUND_UP, Decimal, localcontext

import pytest

from tui.numbers import average, exactly, money, percent, rough, signed


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00"),
        ("-0.004", "0.00"),
        ("0.005", "0.00"),  # halves to even: 0.00, and
        ("0.015", "0.02"),  # 0.02
        ("1234.5", "1,234.50"),
        ("-1234567.891", "-1,234,567.89"),
        ("999999999999999999.994", "999,999,999,999,999,999.99"),
        ("1E+3", "1,000.00"),
    ],
)
def test_money_has_two_decimals_and_separators(amount: str, text: str) -> None:
    assert money(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("832.19", "+832.19"), ("-5", "-5.00"), ("0", "0.00"), ("0.001", "0.00"), ("-0.001", "0.00"), ("0.1", "+0.10")],
)
def test_a_profit_has_its_sign_unless_it_is_zero(amount: str, text: str) -> None:
    assert signed(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        ("44.5", 2, "44.50"),
        ("44.5", 4, "44.5000"),
        ("44.1215", 2, "44.1215"),
        ("44.121500", 2, "44.1215"),
        ("1E+3", 0, "1,000"),
        ("-100", 0, "-100"),
        ("0.000000000001", 2, "0.000000000001"),
    ],
)
def test_a_price_and_a_quantity_are_never_rounded(number: str, digits: int, text: str) -> None:
    assert exactly(Decimal(number), digits) == text


def test_an_average_is_cut_to_four_decimals() -> None:
    assert average(Decimal("10.006666666667")) == "10.0067"
    assert average(Decimal(10)) == "10.0000"


def test_where_there_is_no_number_stands_a_dash() -> None:
    assert (exactly(None, 2), average(None)) == ("-", "-")


def test_a_fraction_is_written_in_hundredths() -> None:
    assert percent(Decimal("0.161906656888")) == "16.19%"
    assert percent(Decimal(0)) == "0.00%"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0.0, "0"),
        (113_812.4, "113,812"),
        (9_999_999.0, "9,999,999"),
        (9_999_999.6, "10.00M"),
        (-25e6, "-25.00M"),
        (999e6, "999.00M"),
    ],
)
def test_the_label_of_an_axis_has_room_for_millions(amount: float, text: str) -> None:
    assert rough(amount) == text
    assert len(text) <= 9


def test_a_context_that_a_strategy_has_changed_changes_no_number() -> None:
    with localcontext() as context:
        context.prec, context.rounding = 2, ROUND_UP
        assert money(Decimal("1234567.891")) == "1,234,567.89"
        assert average(Decimal("10.006666666667")) == "10.0067"
        assert percent(Decimal("0.161906656888")) == "16.19%"
