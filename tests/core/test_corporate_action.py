"""Splits and dividends as values: two whole numbers, exact money, times that are aware of their zone."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.corporate_action import MOST_UNITS, Dividend, Split, price_after, units_after
from core.errors import NotExactError
from tests.generators import prices

DAY = datetime(2024, 1, 2, tzinfo=UTC)
NAIVE = DAY.replace(tzinfo=None)
numbers = st.integers(1, MOST_UNITS)


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ({"new": 0}, "new must be a whole number from 1 to 1,000,000, was int 0"),
        ({"new": 2.0}, "new must be a whole number from 1 to 1,000,000, was float 2.0"),
        ({"new": 2, "old": MOST_UNITS + 1}, "old must be a whole number from 1 to 1,000,000, was int 1000001"),
        ({"new": True}, "new must be a whole number from 1 to 1,000,000, was bool True"),
        ({"new": 2, "ex_time": NAIVE}, "ex_time must be aware of its zone, was datetime 2024-01-02 00:00:00"),
    ],
)
def test_a_split_is_two_whole_numbers_at_a_time(given_: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotExactError) as raised:
        Split("A", **({"ex_time": DAY} | given_))
    assert str(raised.value) == sentence


@pytest.mark.parametrize(
    ("given_", "sentence"),
    [
        ({"amount": Decimal(0)}, "amount must be above zero, was Decimal 0"),
        ({"amount": 0.5}, "amount must be an int or a Decimal, was float 0.5"),
        ({"amount": 1, "pay_time": NAIVE}, "pay_time must be aware of its zone, was datetime 2024-01-02 00:00:00"),
    ],
)
def test_a_dividend_is_exact_money_at_a_time(given_: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotExactError) as raised:
        Dividend("A", DAY, **given_)
    assert str(raised.value) == sentence


def test_where_it_was_read_makes_no_other_split() -> None:
    assert Split("A", DAY, 2, place="a.csv:2") == Split("A", DAY, 2, place="b.csv:3")
    assert Dividend("A", DAY, 2, place="a.csv:2") == Dividend("A", DAY, Decimal(2))


@given(prices, numbers, numbers, st.sampled_from((Decimal(1), Decimal("0.5"), Decimal("0.001"))))
def test_units_are_exact_or_none(quantity: Decimal, new: int, old: int, step: Decimal) -> None:
    exact = Fraction(quantity) * new / old
    found = units_after(quantity, new, old, step)
    assert found == (exact if (exact / Fraction(step)).denominator == 1 else None)


@given(prices, numbers, numbers)
def test_a_price_is_within_half_a_quantum(price: Decimal, new: int, old: int) -> None:
    assert abs(Fraction(price_after(price, new, old)) - Fraction(price) * old / new) <= Fraction(1, 2 * 10**12)
