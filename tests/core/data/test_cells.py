"""Cells as integers: exact, or refused by their place."""

from collections.abc import Sequence
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.data.cells import read_numbers
from core.data.table import Table
from core.errors import BarDataError
from core.money import EXACT

NUMBER = "must be a number such as 187.15"
WITHIN = "must be a number of at most 18 digits before the point and 12 after"

Kind = pl.DataType | type[pl.DataType]


def table(name: str, cells: Sequence[object], kind: Kind = pl.String) -> Table:
    """Return a table of one column; its first row stands on line 2."""
    return Table("A.csv", pl.DataFrame({name: pl.Series(cells, dtype=kind)}).with_row_index("place", 2), has_lines=True)


def numbers(cells: Sequence[object], kind: Kind = pl.String, name: str = "open") -> list[object]:
    units = read_numbers(table(name, cells, kind), [name])[name]
    return [None if count is None else EXACT.multiply(Decimal("1E-12"), count) for count in units]


def refused_number(cells: Sequence[object], kind: Kind = pl.String, name: str = "open") -> str:
    with pytest.raises(BarDataError) as caught:
        numbers(cells, kind, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("100", "100"),
        ("100.", "100"),
        (".5", "0.5"),
        ("+100.5", "100.5"),
        ("-1.25", "-1.25"),
        ("00100.50", "100.5"),
        ("1e-3", "0.001"),
        ("1.5E+2", "150"),
        ("0000000000000000000001.5", "1.5"),
        ("1.50000000000000000000", "1.5"),
        ("999999999999999999.999999999999", "999999999999999999.999999999999"),
        ("0.000000000001", "0.000000000001"),
        ("0", "0"),
        ("-0.0", "0"),
    ],
)
def test_a_number_is_exactly_what_is_written(written: str, meant: str) -> None:
    assert numbers(["1.1", written, "2"]) == [Decimal("1.1"), Decimal(meant), Decimal(2)]


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("abc", f"{NUMBER}, was abc"),
        ("", f"{NUMBER}, was empty"),
        (None, f"{NUMBER}, was null"),
        ("null", f"{NUMBER}, was null"),
        ("-", f"{NUMBER}, was -"),
        (" 1", f"{NUMBER}, was  1"),
        ("NaN", f"{NUMBER}, was NaN"),
        ("sNaN", f"{NUMBER}, was sNaN"),
        ("inf", f"{NUMBER}, was inf"),
        ("1_000", f"{NUMBER}, was 1_000"),
        ("0x10", f"{NUMBER}, was 0x10"),
        ("1,234.50", f"{NUMBER}, was 1,234.50"),
        ("1,5", f"{NUMBER}, was 1,5"),
        ("\uff11\uff12", f"{NUMBER}, was \uff11\uff12"),
        ("\u0661\u0662", f"{NUMBER}, was \u0661\u0662"),
        ("1\n", f"{NUMBER}, was 1␊"),
        ("1e999", f"{WITHIN}, was 1e999"),
        ("1E+999999999", f"{NUMBER}, was 1E+999999999"),
        ("1000000000000000000", f"{WITHIN}, was 1000000000000000000"),
        ("1.0000000000001", f"{WITHIN}, was 1.0000000000001"),
        ("9" * 200_000, f"{WITHIN}, was {'9' * 60}…"),
    ],
)
def test_what_is_no_exact_number_is_refused_with_its_text(written: str, what: str) -> None:
    assert refused_number(["1.1", "2", written, "x"]) == f"A.csv:4: open {what}"


def test_a_volume_that_is_not_given_is_null() -> None:
    assert numbers(["", "1e3", "0.125", None], name="volume") == [None, Decimal(1000), Decimal("0.125"), None]
    assert numbers([None, 7], pl.Int64, "volume") == [None, Decimal(7)]
    assert numbers([None, Decimal("7.5")], pl.Decimal(18, 2), "volume") == [None, Decimal("7.5")]
    assert numbers([None, None], pl.Null, "volume") == [None, None]


def test_a_volume_that_is_no_number_is_refused() -> None:
    assert refused_number(["", "-"], name="volume") == f"A.csv:3: volume {NUMBER}, was -"
    assert refused_number([None, float("nan")], pl.Float64, "volume") == f"A.csv:3: volume {NUMBER}, was NaN"


@pytest.mark.parametrize("kind", [pl.Int8, pl.UInt64, pl.Int128, pl.Float32, pl.Decimal(4, 1), pl.Decimal(38, 20)])
def test_every_type_of_number_is_taken(kind: pl.DataType) -> None:
    assert numbers([100, 7], kind) == [Decimal(100), Decimal(7)]


@pytest.mark.parametrize("kind", [pl.Boolean, pl.Date, pl.List(pl.Int8), pl.Binary, pl.Categorical])
def test_another_type_is_refused(kind: pl.DataType) -> None:
    cells = table("open", [None], kind)
    with pytest.raises(BarDataError) as caught:
        read_numbers(cells, ["open"])
    assert str(caught.value) == f"A.csv: column open must hold numbers, was {cells.cells['open'].dtype}"


def test_a_float_is_its_shortest_digits() -> None:
    floats = [0.1, 187.15, 1e-7, 1e15, 123456.789012, 2.0**-12]
    assert numbers(floats, pl.Float64) == [Decimal(repr(number)) for number in floats]
    assert numbers([0.1, 187.15, 16777216.0], pl.Float32) == [Decimal("0.1"), Decimal("187.15"), Decimal(16777216)]


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (0.1 + 0.2, f"{WITHIN}, was 0.30000000000000004"),
        (1e18, f"{WITHIN}, was 1e+18"),
        (float("nan"), f"{NUMBER}, was NaN"),
        (float("-inf"), f"{NUMBER}, was -inf"),
        (None, f"{NUMBER}, was null"),
    ],
)
def test_a_float_that_is_no_exact_number_is_refused(number: float | None, what: str) -> None:
    assert refused_number([1.5, number], pl.Float64) == f"A.csv:3: open {what}"


def test_a_decimal_beyond_the_digits_is_refused() -> None:
    assert refused_number([Decimal(10) ** 30], pl.Decimal(38, 0)) == f"A.csv:2: open {WITHIN}, was 1{'0' * 30}"
    assert refused_number([Decimal("1E-13")], pl.Decimal(38, 13)) == f"A.csv:2: open {WITHIN}, was 0.0000000000001"
    assert refused_number([None], pl.Decimal(18, 2)) == f"A.csv:2: open {NUMBER}, was null"


@given(st.lists(st.decimals(-(10**17), 10**17, places=12) | st.integers(-(10**17), 10**17).map(Decimal), min_size=1))
def test_no_digit_is_lost(prices: list[Decimal]) -> None:
    assert numbers([f"{price:f}" for price in prices]) == prices
    assert numbers([f"{price:E}" for price in prices]) == prices


@given(st.floats(1e-5, 1e15).map(lambda number: round(number, 4)))
@example(5e-324)
def test_a_float_is_what_python_writes_for_it(number: float) -> None:
    text = repr(number)
    if Decimal(text) == round(Decimal(text), 12):
        assert numbers([number], pl.Float64) == numbers([text])
