"""A clock that is set forward says so wherever it is asked, and nothing else is another."""

import datetime as dt
import time
from collections.abc import Iterator
from copy import deepcopy

import pytest

from core.replay.later import set_clock_forward

YEARS = 10 * 366 * 86_400
CLOCKS = ("time", "monotonic", "perf_counter")
SET = (*CLOCKS, *(f"{name}_ns" for name in CLOCKS), "localtime", "gmtime", "ctime", "strftime")


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    before = {name: getattr(time, name) for name in SET}
    date, datetime = dt.date, dt.datetime
    set_clock_forward(YEARS)
    yield
    for name, value in before.items():
        setattr(time, name, value)
    dt.date, dt.datetime = date, datetime  # type: ignore[misc]


PLAIN_TIME, PLAIN_DATE, PLAIN_CLOCK = dt.datetime, dt.date, {name: getattr(time, name) for name in SET}
NOW = PLAIN_CLOCK["time"]()
YEAR = PLAIN_CLOCK["gmtime"](NOW + YEARS).tm_year
NEAR = (YEAR, YEAR + 1)  # the year may end while the tests run


@pytest.mark.parametrize("name", CLOCKS)
def test_clocks_are_set_forward(name: str) -> None:
    seconds, nanoseconds = getattr(time, name)(), getattr(time, f"{name}_ns")()
    assert YEARS <= seconds - PLAIN_CLOCK[name]() + 60 <= YEARS + 120
    assert abs(nanoseconds - int(seconds * 10**9)) < 60 * 10**9


def test_what_the_time_is_now_is_written_so() -> None:
    assert time.localtime().tm_year in NEAR
    assert time.gmtime().tm_year in NEAR
    assert int(time.ctime()[-4:]) in NEAR
    assert int(time.strftime("%Y")) in NEAR
    assert dt.date.today().year in NEAR  # noqa: DTZ011 - as a strategy may
    now = dt.datetime.now(dt.UTC)  # noqa: TID251 - likewise
    assert now.year in NEAR
    assert dt.datetime.today().year in NEAR  # noqa: DTZ002 - likewise
    assert dt.datetime.utcnow().year in NEAR  # noqa: DTZ003 - likewise
    assert now.tzinfo is dt.UTC


def test_a_time_that_is_given_is_written_as_it_is() -> None:
    assert time.gmtime(0).tm_year == 1970
    assert time.strftime("%Y", time.gmtime(0)) == "1970"


def test_dates_and_times_are_what_they_were() -> None:
    made = dt.datetime(2024, 1, 2, 3, tzinfo=dt.UTC)
    assert type(made) is PLAIN_TIME
    assert isinstance(made, dt.datetime)
    assert isinstance(made, dt.date)
    assert isinstance(dt.date(2024, 1, 2), dt.date)
    assert not isinstance(dt.date(2024, 1, 2), dt.datetime)
    assert dt.datetime.fromisoformat("2024-01-02T03:00:00+00:00") == made == deepcopy(made)
    assert dt.date.fromisoformat("2024-01-02") == PLAIN_DATE(2024, 1, 2)
