"""Exact numbers: what is taken, what is refused, and how each rounding goes."""

from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from fractions import Fraction
from math import ceil, floor, trunc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError, NotExactError
from core.money import (
    EXACT,
    canonical,
    exact,
    fraction_digits,
    is_multiple,
    minus,
    multiple_above,
    multiple_below,
    parse,
    part_of,
    quantum,
    quotient,
    quotient_up,
    round_half_up,
)
from tests.generators import amounts

QUANTUM = Fraction(1, 10**12)
ANY_AMOUNT = st.one_of(amounts(-(10**6), 10**6), amounts(-(10**20), 10**20, digits=12))
ANY_UNIT = st.one_of(amounts(1, 10**4), amounts(1, 10**14, digits=12), st.just(Decimal("1E+2")))


@pytest.mark.parametrize(
    ("value", "was"),
    [
        pytest.param(0.5, "float 0.5", id="a float, though this one is exact in binary"),
        pytest.param(True, "bool True", id="a bool"),
        pytest.param("1", "1", id="a text"),
        pytest.param(None, "NoneType None", id="nothing"),
        pytest.param(Fraction(1, 2), "Fraction 1/2", id="a fraction"),
        pytest.param(1 + 0j, "complex (1+0j)", id="a complex number"),
    ],
)
def test_what_is_no_int_and_no_decimal_is_refused_by_the_fields_name(value: object, was: str) -> None:
    with pytest.raises(NotExactError) as caught:
        exact(value, "limit_price")
    assert str(caught.value) == f"limit_price must be an int or a Decimal, was {was}"
    assert caught.value.field == "limit_price"


@pytest.mark.parametrize("text", ["NaN", "sNaN", "-NaN123", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_refused_by_the_fields_name(text: str) -> None:
    with pytest.raises(NotExactError, match=r"^quantity must be a number of at most 18 digits before the point"):
        exact(Decimal(text), "quantity")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("999999999999999999", id="18 digits before the point"),
        pytest.param("-999999999999999999.999999999999", id="18 before and 12 after"),
        pytest.param("0.000000000001", id="12 digits after the point"),
        pytest.param("1.5000000000000000000000", id="more digits written, all zero"),
        pytest.param("9E+17", id="18 digits with an exponent"),
        pytest.param("0E+400", id="zero however it is written"),
    ],
)
def test_a_number_within_the_digits_is_taken_as_it_is(text: str) -> None:
    assert exact(Decimal(text), "price") == Decimal(text)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Decimal("1E+18"), id="19 digits before the point"),
        pytest.param(-(10**18), id="an int of 19 digits"),
        pytest.param(Decimal("0.0000000000001"), id="13 digits after the point"),
        pytest.param(Decimal("1.0000000000001"), id="13 digits after the point beside a whole part"),
        pytest.param(Decimal("1E+9999"), id="very large"),
        pytest.param(10**5000, id="an int that Python itself will not write"),
    ],
)
def test_a_number_of_more_digits_is_refused(value: int | Decimal) -> None:
    with pytest.raises(NotExactError, match=r"^price must be a number of at most 18 digits before the point and 12"):
        exact(value, "price")


def test_an_int_becomes_the_decimal_of_the_same_value() -> None:
    assert exact(-7, "quantity") == Decimal(-7)
    assert type(exact(-7, "quantity")) is Decimal


def test_a_refused_number_is_both_an_input_error_and_a_value_error() -> None:
    assert issubclass(NotExactError, InputError)
    assert issubclass(NotExactError, ValueError)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("187.15", "187.15"),
        ("-0.5", "-0.5"),
        ("+3", "3"),
        ("5.", "5"),
        (".5", "0.5"),
        ("1e2", "100"),
        ("12E-1", "1.2"),
    ],
)
def test_a_number_is_read_as_a_person_writes_it(text: str, number: str) -> None:
    assert parse(text, "price") == Decimal(number)


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "1\n", "1,5", "1_000", "NaN", "Infinity", "0x10", "--1", ".", "1e", "1e1.5", "١٢", "½", "1e99999"],
)
def test_other_texts_are_no_number(text: str) -> None:
    with pytest.raises(NotExactError, match=r"^price must be a number such as 187\.15, was "):
        parse(text, "price")


@pytest.mark.parametrize("text", ["1e18", "1e-13", "1e9999", "0.1234567890123"])
def test_a_read_number_of_too_many_digits_is_refused(text: str) -> None:
    with pytest.raises(NotExactError, match="at most 18 digits"):
        parse(text, "price")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1.50", "1.5"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("1.000", "1"),
        ("1E-12", "0.000000000001"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("0E+5", "0"),
        ("0E-9", "0"),
        ("-2.50", "-2.5"),
        ("100.10", "100.1"),
    ],
)
def test_a_number_is_recorded_in_one_way(number: str, text: str) -> None:
    assert canonical(Decimal(number)) == text


@given(ANY_AMOUNT, st.integers(0, 5))
def test_equal_numbers_are_recorded_equally_and_read_back_equally(number: Decimal, zeros: int) -> None:
    longer = Decimal((number.as_tuple().sign, (*number.as_tuple().digits, *(0,) * zeros), -12 - zeros))
    written = canonical(longer)
    assert Decimal(written) == longer
    assert written == canonical(EXACT.normalize(longer))


@pytest.mark.parametrize(
    ("cost", "part", "whole", "share"),
    [
        # 10 x 1 / 3 = 3.3333...
        pytest.param("10", "1", "3", "3.333333333333", id="a third"),
        # 20 / 3 = 6.6666...: down, where half-even would go up
        pytest.param("10", "2", "3", "6.666666666666", id="two thirds"),
        # -20 / 3 = -6.6666...: up to -6.666666666666, toward zero
        pytest.param("-10", "2", "3", "-6.666666666666", id="two thirds of a short"),
        # the signs of a short: (-10) x (-2) / (-3)
        pytest.param("-10", "-2", "-3", "-6.666666666666", id="a short as it is booked"),
        pytest.param("10", "1", "4", "2.5", id="exact"),
        # 1E-12 x 999/1000 is below one quantum
        pytest.param("0.000000000001", "999", "1000", "0", id="less than a quantum"),
    ],
)
def test_a_share_of_the_cost_is_rounded_once_toward_zero(cost: str, part: str, whole: str, share: str) -> None:
    assert part_of(Decimal(cost), Decimal(part), Decimal(whole)) == Decimal(share)


@given(ANY_AMOUNT, amounts(1, 10**16, digits=12), amounts(1, 10**16, digits=12))
def test_a_share_of_the_cost_is_the_fraction_cut_off_at_the_quantum(
    cost: Decimal, part: Decimal, rest: Decimal
) -> None:
    whole = EXACT.add(part, rest)
    share = Fraction(cost) * Fraction(part) / Fraction(whole)
    assert part_of(cost, part, whole) == trunc(share / QUANTUM) * QUANTUM


@pytest.mark.parametrize(
    ("dividend", "divisor", "result"),
    [
        pytest.param("18715.00", "100", "187.15", id="ends"),
        pytest.param("2", "3", "0.666666666667", id="does not end"),
        pytest.param("-2", "3", "-0.666666666667", id="does not end below zero"),
        # 1 / 2**13 = 0.0001220703125 ends at 13 digits, the 13th a 5: half to even, 0.000122070312
        pytest.param("1", "8192", "0.000122070312", id="a half goes to the even digit below"),
        # 3 / 2**13 = 0.0003662109375: half to even, 0.000366210938
        pytest.param("3", "8192", "0.000366210938", id="a half goes to the even digit above"),
        pytest.param("0", "3", "0", id="zero"),
    ],
)
def test_a_quotient_is_exact_within_twelve_digits(dividend: str, divisor: str, result: str) -> None:
    assert quotient(Decimal(dividend), Decimal(divisor)) == Decimal(result)


@given(ANY_AMOUNT, ANY_UNIT)
def test_a_quotient_is_within_half_a_quantum_of_the_fraction(dividend: Decimal, divisor: Decimal) -> None:
    result = Fraction(quotient(dividend, divisor))
    assert abs(result - Fraction(dividend) / Fraction(divisor)) <= QUANTUM / 2


@pytest.mark.parametrize(
    ("dividend", "divisor", "result"),
    [
        pytest.param("1", "8192", "0.0001220703125", id="ends"),
        pytest.param("1", "3", f"0.{'3' * 35}4", id="does not end"),
        pytest.param("-1", "3", f"-0.{'3' * 36}", id="does not end below zero"),
        pytest.param("1E-40", "1", "1E-36", id="ends too late"),
        pytest.param("0", "3", "0", id="zero"),
        # the largest product of five numbers from outside over the smallest of two
        pytest.param("1E+90", "1E-24", "1E+114", id="the largest"),
    ],
)
def test_a_quotient_is_rounded_up_where_it_has_too_many_digits(dividend: str, divisor: str, result: str) -> None:
    assert quotient_up(Decimal(dividend), Decimal(divisor)) == Decimal(result)


@given(ANY_AMOUNT, ANY_UNIT)
def test_a_quotient_rounded_up_is_the_next_of_its_unit(dividend: Decimal, divisor: Decimal) -> None:
    unit = Fraction(1, 10**36)
    assert quotient_up(dividend, divisor) == ceil(Fraction(dividend) / Fraction(divisor) / unit) * unit


@pytest.mark.parametrize(
    ("amount", "digits", "rounded"),
    [
        ("0.125", 2, "0.13"),
        ("-0.125", 2, "-0.13"),
        ("0.1249", 2, "0.12"),
        ("0.115", 2, "0.12"),
        ("2.5", 0, "3"),
        ("1", 2, "1.00"),
    ],
)
def test_an_amount_is_rounded_half_up_to_the_currencys_digits(amount: str, digits: int, rounded: str) -> None:
    assert str(round_half_up(Decimal(amount), digits)) == rounded


@pytest.mark.parametrize(
    ("number", "unit", "below", "above"),
    [
        pytest.param("99.995", "0.01", "99.99", "100.00", id="between two ticks"),
        pytest.param("99.99", "0.01", "99.99", "99.99", id="on a tick"),
        pytest.param("-99.995", "0.01", "-100.00", "-99.99", id="below zero"),
        pytest.param("7", "2.5", "5.0", "7.5", id="a unit that is no power of ten"),
        pytest.param("0.001", "0.25", "0.00", "0.25", id="less than a unit"),
        pytest.param("123", "1E+2", "100", "200", id="a unit of hundreds"),
    ],
)
def test_neighbors_on_a_unit(number: str, unit: str, below: str, above: str) -> None:
    assert multiple_below(Decimal(number), Decimal(unit)) == Decimal(below)
    assert multiple_above(Decimal(number), Decimal(unit)) == Decimal(above)
    assert is_multiple(Decimal(number), Decimal(unit)) == (below == above)


@given(ANY_AMOUNT, ANY_UNIT)
def test_neighbors_are_the_nearest_whole_multiples(number: Decimal, unit: Decimal) -> None:
    count = Fraction(number) / Fraction(unit)
    assert multiple_below(number, unit) == floor(count) * Fraction(unit)
    assert multiple_above(number, unit) == -floor(-count) * Fraction(unit)
    assert is_multiple(number, unit) == (count.denominator == 1)


@pytest.mark.parametrize(("number", "digits"), [("1", 0), ("1E+3", 0), ("0.01", 2), ("187.15", 2), ("-0.001", 3)])
def test_how_many_digits_a_number_has_after_the_point(number: str, digits: int) -> None:
    assert fraction_digits(Decimal(number)) == digits


@pytest.mark.parametrize(("digits", "unit"), [(0, "1"), (2, "0.01"), (12, "0.000000000001")])
def test_the_unit_of_a_digit(digits: int, unit: str) -> None:
    assert quantum(digits) == Decimal(unit)


def test_a_sum_that_is_not_exact_raises() -> None:
    with pytest.raises(Inexact):
        EXACT.add(Decimal("1E+150"), Decimal("1E-150"))


def test_a_quotient_that_does_not_end_raises_where_exactness_is_asked_for() -> None:
    with pytest.raises(Inexact):
        EXACT.divide(Decimal(1), Decimal(3))


def test_the_threads_context_changes_no_result() -> None:
    number = Decimal("123456789.123456789012")
    with localcontext(Context(prec=2, traps=[Inexact, InvalidOperation])):
        results = (
            exact(number, "price"),
            parse("123456789.123456789012", "price"),
            canonical(number),
            part_of(number, Decimal(123457), Decimal(987654)),
            quotient(number, Decimal(7)),
            quotient_up(number, Decimal("0.5")),
            round_half_up(number, 4),
            multiple_below(number, Decimal("0.0005")),
            multiple_above(number, Decimal("0.0005")),
            is_multiple(number, Decimal("0.000000000004")),
            fraction_digits(number),
            minus(number),
        )
    # 123456789.123456789012 x 123457 / 987654 = 15432059.72...; / 7 = 17636684.16049382700171...
    share = Fraction(number) * 123457 / 987654
    assert results == (
        number,
        number,
        "123456789.123456789012",
        trunc(share / QUANTUM) * QUANTUM,
        Decimal("17636684.160493827002"),
        Decimal("246913578.246913578024"),
        Decimal("123456789.1235"),
        Decimal("123456789.1230"),
        Decimal("123456789.1235"),
        True,
        12,
        Decimal("-123456789.123456789012"),
    )
