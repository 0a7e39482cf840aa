"""Exact numbers as columns: to the last digit, or refused."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.columns import decimal_column, product
from core.errors import InputError
from core.money import multiply
from tests.generators import amounts

fine = st.one_of(amounts(-(10**6), 10**6), amounts(-(10**13), 10**13, digits=12), st.just(Decimal("1E+3")))


@given(st.lists(st.none() | fine, max_size=8))
def test_a_column_holds_every_number_to_the_last_digit(numbers: list[Decimal | None]) -> None:
    column = decimal_column("cash", numbers)
    assert column.to_list() == numbers
    assert column.name == "cash"
    assert isinstance(column.dtype, pl.Decimal)


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param([Decimal(10) ** 38], id="39 digits before the point"),
        pytest.param([Decimal("1E-39")], id="39 digits after it"),
        pytest.param([Decimal(10) ** 30, Decimal("1E-12")], id="31 before it and 12 after it, in two rows"),
    ],
)
def test_numbers_that_need_more_digits_than_a_column_has_are_refused(numbers: list[Decimal]) -> None:
    with pytest.raises(InputError, match=r"^cash does not fit a column of 38 digits$"):
        decimal_column("cash", numbers)


def test_a_column_may_be_filled_to_its_last_digit() -> None:
    largest, least = Decimal("9" * 38), Decimal("-" + "9" * 38)
    assert decimal_column("cash", [largest, least]).to_list() == [largest, least]


@given(fine, st.integers(1, 10**9), st.integers(0, 6))
def test_a_product_is_exact(quantity: Decimal, ticks: int, digits: int) -> None:
    price = Decimal(ticks).scaleb(-digits)
    assert product(decimal_column("q", [quantity]), pl.Series([ticks]), digits).item() == multiply(quantity, price)
