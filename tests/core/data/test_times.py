"""Times as integers: exact, or refused by their place."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bars import to_datetime
from core.data.reading import DateOrder, Reading
from core.data.table import Table
from core.data.times import read_stamps
from core.errors import BarDataError

TIME = "time must be a date such as 2024-01-31 or a time such as 2024-01-31 09:30:00 or 2024-01-31T09:30Z"

Kind = pl.DataType | type[pl.DataType]


def table(cells: Sequence[object], kind: Kind = pl.String) -> Table:
    """Return a table of times; its first row stands on line 2."""
    return Table(
        "A.csv", pl.DataFrame({"time": pl.Series(cells, dtype=kind)}).with_row_index("place", 2), has_lines=True
    )


def times(cells: Sequence[object], kind: Kind = pl.String, reading: Reading | None = None) -> list[str]:
    stamps, _ = read_stamps(table(cells, kind), reading or Reading())
    return [f"{to_datetime(stamp):%Y-%m-%d %H:%M:%S.%f}" for stamp in stamps]


def refused_time(cells: Sequence[object], kind: Kind = pl.String, reading: Reading | None = None) -> str:
    with pytest.raises(BarDataError) as caught:
        times(cells, kind, reading)
    return str(caught.value)


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
        ("20240131", "2024-01-31 23:59:59.999999"),
        ("2024.01.31", "2024-01-31 23:59:59.999999"),
        ("2024/01/31 09:30", "2024-01-31 09:30:00.000000"),
        ("31.01.2024 09:30:00.250", "2024-01-31 09:30:00.250000"),
        ("20240131  09:30:15", "2024-01-31 09:30:15.000000"),
        ("20240131 093015", "2024-01-31 09:30:15.000000"),
        ("2024-01-31 09:30 UTC", "2024-01-31 09:30:00.000000"),
        ("31.01.2024 09:30:00.000 GMT+0100", "2024-01-31 08:30:00.000000"),
        ("1706693415", "2024-01-31 09:30:15.000000"),
        ("1706693415250", "2024-01-31 09:30:15.250000"),
        ("1706693415250000", "2024-01-31 09:30:15.250000"),
        ("1706693415250000000", "2024-01-31 09:30:15.250000"),
        ("100000000", "1973-03-03 09:46:40.000000"),
        ("99999999999", "5138-11-16 09:46:39.000000"),
        ("9223372036854775000", "2262-04-11 23:47:16.854775"),
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
        "2024-1-2",
        "24-01-02",
        "2024-01/02",
        "1704067",
        "2024-01-31   09:30",
        "2024-01-31 09:30 EST",
        "31.01.24",
        "2024-02-30",
        "2024-13-01",
        "2024-01-31 24:00",
        "2024-01-31 09:60",
        "2024-01-31 09:30:60",
        "2024-01-31 09",
        "2024-01-31 9:30",
        "2024-01-31 09:30:00.1234567",
        "2024-01-31Z",
        "2024-01-31 09:30+5",
        "2024-01-31 09:30+24:00",
        "2024-01-31\n",
        "\uff12024-01-31",
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


@pytest.mark.parametrize("kind", [pl.Float64, pl.Time, pl.Duration, pl.Boolean, pl.Null])
def test_a_column_of_another_type_is_no_time(kind: pl.DataType) -> None:
    cells = table([None], kind)
    with pytest.raises(BarDataError) as caught:
        read_stamps(cells, Reading())
    assert str(caught.value) == f"A.csv: column time must hold dates or times, was {cells.cells['time'].dtype}"


@pytest.mark.parametrize(
    ("order", "meant"), [(DateOrder.DAY_FIRST, "2006-02-01"), (DateOrder.MONTH_FIRST, "2006-01-02")]
)
def test_the_day_of_a_date_is_stated_where_it_may_be_the_month(order: DateOrder, meant: str) -> None:
    stated = Reading(dates=order)
    assert times(["01/02/2006"], reading=stated) == [f"{meant} 23:59:59.999999"]
    assert times(["1-2-2006 09:30"], reading=stated) == [f"{meant} 09:30:00.000000"]
    asked = "--dates day-first or month-first says it"
    assert refused_time(["01/02/2006"]) == f"A.csv:2: day and month of 01/02/2006 cannot be told apart: {asked}"
    assert refused_time(["13/13/2006"], reading=stated) == f"A.csv:2: {TIME}, was 13/13/2006"


@pytest.mark.parametrize(
    ("first", "other", "unit"),
    [
        ("1706693415", "1706693415000", "seconds"),
        ("1706693415000", "1706693415", "milliseconds"),
        ("1706693415000000", "x", "microseconds"),
        ("1706693415000000000", "2024-01-31", "nanoseconds"),
        ("1706693415", "99999999", "seconds"),
    ],
)
def test_counts_since_1970_are_of_one_unit(first: str, other: str, unit: str) -> None:
    assert (
        refused_time([first, other])
        == f"A.csv:3: time must be {unit} since 1970 like the first one, {first}, was {other}"
    )
    found = table([first])
    read_stamps(found, Reading())
    assert found.found.all() == (("times", f"{unit} since 1970, such as {first}"),)


@pytest.mark.parametrize("kind", [pl.Int64, pl.UInt64, pl.Int128])
def test_counts_may_be_numbers(kind: pl.DataType) -> None:
    assert times([1_706_693_415, 1_706_693_416], kind) == ["2024-01-31 09:30:15.000000", "2024-01-31 09:30:16.000000"]
    assert times([20_240_131], kind) == ["2024-01-31 23:59:59.999999"]
    assert refused_time([0, 1], kind) == f"A.csv:2: {TIME}, was 0"
    assert refused_time([1_706_693_415, -1] if kind is not pl.UInt64 else [1_706_693_415, 1], kind).startswith(
        "A.csv:3"
    )


def test_nanoseconds_since_1970_are_refused_where_they_count() -> None:
    rule = "time must be a whole number of microseconds"
    assert refused_time(["1706693415250000001"]) == f"A.csv:2: {rule}, was 1706693415250000001"
    assert refused_time(["9999999999999999999"]) == f"A.csv:2: {rule}, was 9999999999999999999"


def test_a_zone_may_be_named_in_the_file() -> None:
    cells = table(["20240131 09:30:00 US/Eastern", "20240131 09:31:00 US/Eastern"])
    stamps, zone = read_stamps(cells, Reading(zone="Asia/Tokyo"))
    assert (zone, to_datetime(stamps[0]).hour) == ("US/Eastern", 9)
    assert (
        refused_time(["2024-01-31 09:30 Mars/Base"]) == "A.csv:2: time must have the name of a time zone, was Mars/Base"
    )
    mixed = ["2024-01-31 09:30 US/Eastern", "2024-01-31 09:30 US/Pacific"]
    assert refused_time(mixed) == f"A.csv:3: time must be written like the first one, {mixed[0]}, was {mixed[1]}"


def test_a_naive_time_is_in_the_zone_that_is_stated() -> None:
    tokyo = Reading(zone="Asia/Tokyo")
    for cells in (["2024-01-31 09:30"], [datetime(2024, 1, 31, 9, 30)]):  # noqa: DTZ001 - what a file may hold
        kind = pl.String if isinstance(cells[0], str) else pl.Datetime("us")
        assert read_stamps(table(cells, kind), tokyo)[1] == "Asia/Tokyo"
        assert read_stamps(table(cells, kind), Reading())[1] is None
    for cells in (["2024-01-31"], ["2024-01-31 09:30Z"], ["1706693415"]):
        assert read_stamps(table(cells), tokyo)[1] is None


@pytest.mark.parametrize(
    "cells",
    [
        ["2024-01-02 00:00", "2024-01-03 00:00"],
        ["2024-01-02 00:00:00-05:00", "2024-01-03 00:00:00-05:00"],
        ["1704153600", "1704240000"],
        pl.Series([datetime(2024, 1, 2, 5, tzinfo=UTC)]).dt.convert_time_zone("America/New_York"),
    ],
    ids=["naive", "offset", "epoch", "stored"],
)
def test_days_that_are_stamped_at_their_start_are_warned_of(cells: Sequence[object]) -> None:
    kind = cells.dtype if isinstance(cells, pl.Series) else pl.String
    read = table(cells, kind)
    read_stamps(read, Reading())
    said = "every time is midnight: a bar of a day must carry the end of that day, or its date alone"
    assert ("warning", said) in read.found.all()


def test_other_times_are_not_warned_of() -> None:
    for cells in (["2024-01-02 00:00", "2024-01-02 00:01"], ["2024-01-02"], ["1704153600", "1704153660"]):
        read = table(cells)
        read_stamps(read, Reading())
        assert "warning" not in dict(read.found.all())


@given(st.datetimes().filter(lambda time: 1 < time.year < 9999), st.integers(-14 * 60, 14 * 60))
def test_a_time_is_what_python_reads(time: datetime, minutes: int) -> None:
    zoned = time.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert [to_datetime(stamp) for stamp in read_stamps(table([zoned.isoformat()]), Reading())[0]] == [zoned]
    assert [to_datetime(stamp) for stamp in read_stamps(table([str(time)]), Reading())[0]] == [time.replace(tzinfo=UTC)]
