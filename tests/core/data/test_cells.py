"""Cells as integers: exact, or refused by their place."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.bars import to_datetime
from core.data.cells import read_numbers, read_stamps
from core.data.table import Table
from core.errors import BarDataError
from core.money import EXACT

NUMBER = "must be a number such as 187.15"
WITHIN = "must be a number of at most 18 digits before the point and 12 after"
TIME = "time must be a date such as 2024-01-31 or a time such as 2024-01-31 09:30:00 or 2024-01-31T09:30Z"

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


def times(cells: Sequence[object], kind: Kind = pl.String) -> list[str]:
    return [f"{to_datetime(stamp):%Y-%m-%d %H:%M:%S.%f}" for stamp in read_stamps(table("time", cells, kind))]


def refused_time(cells: Sequence[object], kind: Kind = pl.String) -> str:
    with pytest.raises(BarDataError) as caught:
        times(cells, kind)
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


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-02-29", "2024-02-29 23:59:59.999999"),
        ("9999-12-31", "9999-12-31 23:59:59.999999"),
        ("1969-12-31", "1969-12-31 23:59:59.999999"),
        ("2024-01-31 09:30", "2024-01-31 09:30:00.000000"),
        ("2024-01-31T09:30:15", "2024-01-31 09:30:15.000000"),
        ("2024-01-31 09:30:15.5", "2024-01-31 09:30:15.500000"),
        ("2024-01-31 00:00:00.000001", "2024-01-31 00:00:00.000001"),
        ("2024-01-31T09:30Z", "2024-01-31 09:30:00.000000"),
        ("2024-01-31 09:30:15Z", "2024-01-31 09:30:15.000000"),
        ("2024-01-31 09:30:15.25+00:00", "2024-01-31 09:30:15.250000"),
        ("2024-01-31 09:30+05:30", "2024-01-31 04:00:00.000000"),
        ("2024-01-31T19:30:00-0500", "2024-02-01 00:30:00.000000"),
        ("2024-01-31 00:15-00:30", "2024-01-31 00:45:00.000000"),
    ],
)
def test_a_time_is_taken_in_utc(written: str, meant: str) -> None:
    assert times([written]) == [meant]


def test_times_of_several_lengths_and_offsets_stand_together() -> None:
    assert times(["2024-01-31 09:30", "2024-01-31 09:30:01.5", "2024-01-31 09:30:02"]) == [
        "2024-01-31 09:30:00.000000",
        "2024-01-31 09:30:01.500000",
        "2024-01-31 09:30:02.000000",
    ]
    assert times(["2024-03-31 00:30:00+00:00", "2024-03-31 02:00+01:00"]) == [
        "2024-03-31 00:30:00.000000",
        "2024-03-31 01:00:00.000000",
    ]


@pytest.mark.parametrize(
    "written",
    [
        "01/02/2006",
        "2024-1-2",
        "20240102",
        "24-01-02",
        "2024-02-30",
        "2024-13-01",
        "2024-01-31 24:00",
        "2024-01-31 09:60",
        "2024-01-31 09:30:60",
        "2024-01-31 09",
        "2024-01-31 9:30",
        "2024-01-31  09:30",
        "2024-01-31 09:30:00.1234567",
        "2024-01-31Z",
        "2024-01-31 09:30+5",
        "2024-01-31 09:30+24:00",
        "2024-01-31 09:30 UTC",
        "2024-01-31\n",
        "\uff12024-01-31",
        "1704067200",
        "Jan 2, 2024",
        " 2024-01-31",
    ],
)
def test_what_is_no_time_is_refused_with_what_is(written: str) -> None:
    shown = written.replace("\n", "␊")
    assert refused_time([written]) == f"A.csv:2: {TIME}, was {shown}"
    assert refused_time(["2024-01-02", "2024-01-03", written]).endswith(f", was {shown}")


@pytest.mark.parametrize(("written", "shown"), [("", "empty"), (None, "null")])
def test_a_time_that_is_not_there_is_refused(written: str | None, shown: str) -> None:
    assert refused_time([written]) == f"A.csv:2: {TIME}, was {shown}"
    assert refused_time(["2024-01-02", written]) == f"A.csv:3: {TIME}, was {shown}"


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("2024-01-02", "2024-01-03 00:00"),
        ("2024-01-02 00:00", "2024-01-03"),
        ("2024-01-02 00:00", "2024-01-03 00:00Z"),
        ("2024-01-02 00:00Z", "2024-01-03 00:00"),
        ("2024-01-02 00:00+00:00", "2024-01-03 00:00+0000"),
        ("2024-01-02 00:00", "2024-01-03T00:00"),
    ],
)
def test_a_mixture_is_refused(first: str, other: str) -> None:
    rule = f"time must be written like the first one, {first}"
    assert refused_time([first, first, other]) == f"A.csv:4: {rule}, was {other}"


@pytest.mark.parametrize("written", ["9999-12-31 23:00-02:00", "0001-01-01 00:30+01:00", "0000-12-31"])
def test_a_time_outside_of_the_calendar_is_refused(written: str) -> None:
    assert refused_time([written]) == f"A.csv:2: time must be within the years 1 to 9999, was {written}"


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_datetimes_of_any_unit_and_zone_are_taken(unit: str, zone: str | None) -> None:
    utc = datetime(2024, 1, 31, 9, 30, 15, 250_000, tzinfo=UTC)
    cells = pl.Series([utc]).dt.cast_time_unit(unit).dt.convert_time_zone(zone or "UTC")
    cells = cells if zone else cells.dt.replace_time_zone(None)
    assert times(cells, cells.dtype) == ["2024-01-31 09:30:15.250000"]


def test_a_date_stands_for_the_end_of_its_day() -> None:
    assert times([date(2024, 2, 29)], pl.Date) == ["2024-02-29 23:59:59.999999"]


def test_nanoseconds_are_refused_where_they_count() -> None:
    assert times([1_000], pl.Datetime("ns")) == ["1970-01-01 00:00:00.000001"]
    rule = "time must be a whole number of microseconds"
    assert refused_time([1_000, 1_001], pl.Datetime("ns")) == f"A.csv:3: {rule}, was 1001"


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        (pl.Datetime("ms"), 2**63 - 1),
        (pl.Datetime("us"), -(2**63) + 1),
        (pl.Datetime("us"), 253_402_300_800_000_000),
        (pl.Date, 2**31 - 1),
        (pl.Date, -719_163),
    ],
)
def test_a_stored_time_outside_of_the_calendar_is_refused(kind: pl.DataType, stored: int) -> None:
    cells = pl.Series([stored]).cast(kind)
    assert refused_time(cells, kind) == f"A.csv:2: time must be within the years 1 to 9999, was {stored}"


@pytest.mark.parametrize("kind", [pl.Date, pl.Datetime("us")])
def test_a_stored_time_that_is_null_is_refused(kind: pl.DataType) -> None:
    assert refused_time([date(2024, 1, 2), None], kind) == f"A.csv:3: {TIME}, was null"


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float64, pl.Time, pl.Duration, pl.Boolean, pl.Null])
def test_a_column_of_another_type_is_no_time(kind: pl.DataType) -> None:
    cells = table("time", [None], kind)
    with pytest.raises(BarDataError) as caught:
        read_stamps(cells)
    assert str(caught.value) == f"A.csv: column time must hold dates or times, was {cells.cells['time'].dtype}"


@given(st.datetimes().filter(lambda time: 1 < time.year < 9999), st.integers(-14 * 60, 14 * 60))
def test_a_time_is_what_python_reads(time: datetime, minutes: int) -> None:
    zoned = time.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert [to_datetime(stamp) for stamp in read_stamps(table("time", [zoned.isoformat()]))] == [zoned]
    assert [to_datetime(stamp) for stamp in read_stamps(table("time", [str(time)]))] == [time.replace(tzinfo=UTC)]
