"""Zones: every time of a zone comes back from what its clock shows, and what it never shows is found."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bars import to_datetime, to_microseconds
from core.data.zones import to_utc

ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "UTC"]


def clocks(*times: str) -> pl.Series:
    return pl.Series([to_microseconds(datetime.fromisoformat(one).replace(tzinfo=UTC)) for one in times])


def shown(stamps: pl.Series) -> list[str]:
    return [f"{to_datetime(stamp):%d %H:%M}" for stamp in stamps]


def test_a_clock_that_is_put_back_shows_an_hour_twice() -> None:
    found = to_utc(
        clocks(*(f"2024-11-03 {clock}" for clock in ("00:59", "01:00", "01:30", "01:00", "01:30", "02:00"))),
        ZoneInfo("America/New_York"),
    )
    assert shown(found.stamps) == ["03 04:59", "03 05:00", "03 05:30", "03 06:00", "03 06:30", "03 07:00"]
    assert (found.repeated, found.missing) == ((1, 2, 3, 4), None)


def test_the_first_of_the_two_hours_is_meant_where_nothing_says_another() -> None:
    found = to_utc(clocks("2024-11-03 01:30"), ZoneInfo("America/New_York"))
    assert (shown(found.stamps), found.repeated) == (["03 05:30"], (0,))


def test_a_clock_that_is_put_forward_leaves_an_hour_out() -> None:
    found = to_utc(clocks("2024-03-10 01:59", "2024-03-10 03:00", "2024-03-10 02:30"), ZoneInfo("America/New_York"))
    assert found.missing == 2


def test_the_ends_of_the_calendar_have_offsets_too() -> None:
    found = to_utc(clocks("0001-01-02 00:00", "9999-12-31 12:00"), ZoneInfo("Asia/Tokyo"))
    assert shown(found.stamps)[1] == "31 03:00"


@pytest.mark.parametrize("zone", ZONES)
@given(start=st.datetimes(datetime(1980, 1, 1), datetime(2030, 1, 1)), minutes=st.integers(1, 30))  # noqa: DTZ001 - made aware below
def test_what_a_clock_shows_from_old_to_new_is_read_back(zone: str, start: datetime, minutes: int) -> None:
    """Where bars are no farther apart than what a clock repeats: in one of these zones that is half an hour."""
    times = [start.replace(tzinfo=UTC) + timedelta(minutes=minutes * count) for count in range(200)]
    first = times[0].astimezone(ZoneInfo(zone))
    shows = [one.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC) for one in times]
    if first.fold == 0:
        found = to_utc(pl.Series([to_microseconds(one) for one in shows]), ZoneInfo(zone))
        assert [to_datetime(stamp) for stamp in found.stamps] == times
