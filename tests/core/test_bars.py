"""Bars that exist are valid, and hold every price as it was given."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bars import END_OF_DAY, MOST_TICKS, Bars, to_datetime, to_microseconds, written_time
from core.errors import BarDataError, NotExactError
from tests.core.builders import at, bars_of
from tests.generators import candles, cents

GOOD = {"open": 10, "high": 12, "low": 9, "close": 11, "volume": 5}


def rows(**changes: Any) -> list[tuple[Any, ...]]:
    """Return a good row and then one with changes."""
    cells = GOOD | changes
    second = (cells.pop("time", at(1)), *cells.values())
    return [(at(0), *GOOD.values()), second]


def frame(**changes: Any) -> pl.DataFrame:
    """Return the columns of two good rows, the second with changes."""
    cells = {"time": to_microseconds(at(1))} | {f"{name}_ticks": GOOD[name] for name in ("open", "high", "low")}
    second = cells | {"close_ticks": 11, "volume_units": 5} | changes
    first = cells | {"time": to_microseconds(at(0)), "close_ticks": 11, "volume_units": 5}
    return pl.DataFrame([first, second], schema=dict.fromkeys(first, pl.Int64))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        pytest.param({"open": 0, "low": 0}, "open 0 is not above zero", id="open of zero"),
        pytest.param({"low": -1}, "low -1 is not above zero", id="low below zero"),
        pytest.param({"high": 0}, "high 0 is not above zero", id="high of zero"),
        pytest.param({"close": 0}, "close 0 is not above zero", id="close of zero"),
        pytest.param({"high": 8}, "high 8 is below low 9", id="high below low"),
        pytest.param({"open": 13}, "high 12 is below open 13", id="high below open"),
        pytest.param({"close": 13}, "high 12 is below close 13", id="high below close"),
        pytest.param({"open": 8}, "low 9 is above open 8", id="low above open"),
        pytest.param({"close": 8}, "low 9 is above close 8", id="low above close"),
        pytest.param({"volume": -1}, "volume -1 is below zero", id="volume below zero"),
        pytest.param(
            {"time": at(0)}, "time 2024-01-02 21:00 does not come after the bar before", id="the same time again"
        ),
        pytest.param({"time": at(-1)}, "time 2024-01-01 21:00 does not come after the bar before", id="back in time"),
    ],
)
def test_a_row_that_cannot_be_a_bar_is_refused_by_its_number(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(BarDataError) as caught:
        Bars.from_rows("ACME", rows(**changes))
    assert str(caught.value) == f"bars of ACME: row 1: {fault}"


def test_a_fault_shows_prices_in_money() -> None:
    with pytest.raises(BarDataError, match=r"row 1: high 10\.50 is below close 10\.75$"):
        Bars.from_rows("ACME", rows(high=Decimal("10.50"), close=Decimal("10.75")))


def test_the_first_broken_row_is_named() -> None:
    with pytest.raises(BarDataError, match=r"row 1: high 8"):
        Bars.from_rows("ACME", [*rows(high=8), (at(2), 0, 0, 0, 0)])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"time": None}, "time is missing"),
        ({"open_ticks": None}, "open is missing"),
        ({"high_ticks": None}, "high is missing"),
        ({"low_ticks": None}, "low is missing"),
        ({"close_ticks": None}, "close is missing"),
    ],
)
def test_a_cell_that_is_missing_is_refused(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(BarDataError, match=rf"^prices\.csv: row 1: {fault}$"):
        Bars("ACME", frame(**changes), digits=0, source="prices.csv")


@pytest.mark.parametrize("change", ["drop", "rename"])
def test_columns_other_than_those_of_bars_are_refused(change: str) -> None:
    columns = frame().drop("volume_units") if change == "drop" else frame().rename({"open_ticks": "open"})
    with pytest.raises(BarDataError, match=r"^prices\.csv: columns must be time, open_ticks, high_ticks, low_ticks, "):
        Bars("ACME", columns, digits=0, source="prices.csv")


def test_a_volume_may_be_missing() -> None:
    assert Bars("ACME", frame(volume_units=None), digits=0).bar(1).volume is None
    assert Bars.from_rows("ACME", [(at(0), 1, 1, 1, 1)]).bar(0).volume is None
    assert Bars.from_rows("ACME", [(at(0), 1, 1, 1, 1, None), (at(1), 1, 1, 1, 1, 7)]).bar(1).volume == Decimal(7)


def test_no_rows_are_refused() -> None:
    with pytest.raises(BarDataError, match=r"^bars of ACME: no rows$"):
        Bars.from_rows("ACME", [])


@pytest.mark.parametrize("name", ["open", "high", "low", "close", "volume"])
@pytest.mark.parametrize("value", [9.5, True, "9", Decimal("NaN"), Decimal("1E-13")])
def test_a_number_that_is_not_exact_is_refused_by_the_columns_name(name: str, value: object) -> None:
    with pytest.raises(NotExactError, match=rf"^{name} must be "):
        Bars.from_rows("ACME", rows(**{name: value}))


@pytest.mark.parametrize("time", [datetime(2024, 1, 3, 21), date(2024, 1, 3), "2024-01-03", None])  # noqa: DTZ001
def test_a_time_that_is_not_aware_of_its_zone_is_refused(time: object) -> None:
    with pytest.raises(BarDataError, match=r"^bars: time must be aware of its zone, was "):
        Bars.from_rows("ACME", rows(time=time))


def test_a_time_of_another_zone_is_kept_in_utc() -> None:
    eastern = timezone(timedelta(hours=-5))
    bars = Bars.from_rows("ACME", [(datetime(2024, 1, 2, 16, tzinfo=eastern), 1, 1, 1, 1)])
    assert bars.bar(0).time == datetime(2024, 1, 2, 21, tzinfo=UTC)
    assert bars.bar(0).time.utcoffset() == timedelta(0)


def test_a_price_of_more_units_than_a_column_holds_is_refused() -> None:
    most = Decimal(MOST_TICKS)
    assert Bars.from_rows("ACME", [(at(0), most, most, most, most)]).bar(0).close == most
    with pytest.raises(BarDataError, match=r"1000000000000001 in units of 1"):
        Bars.from_rows("ACME", [(at(0), most + 1, most + 1, most + 1, most + 1)])


def test_a_price_that_fits_alone_is_refused_beside_one_with_many_decimals() -> None:
    large, fine = Decimal(10**14), Decimal("1.25")  # 10**14 in units of 0.01 are 10**16
    with pytest.raises(BarDataError, match=r"100000000000000 in units of 0\.01"):
        Bars.from_rows("ACME", [(at(0), large, large, fine, fine)])


@given(st.lists(st.tuples(candles(), st.integers(0, 3)), min_size=1, max_size=8))
def test_every_price_comes_out_as_it_went_in(drawn: list[tuple[tuple[int, int, int, int], int]]) -> None:
    given_rows = [
        (at(step), *(Decimal(price).scaleb(-digits) for price in prices)) for step, (prices, digits) in enumerate(drawn)
    ]
    bars = Bars.from_rows("ACME", given_rows)
    seen = [bars.bar(row) for row in range(len(bars))]
    assert [(bar.time, bar.open, bar.high, bar.low, bar.close) for bar in seen] == given_rows
    assert [bars.price(ticks) for ticks in bars.ticks[3]] == [row[4] for row in given_rows]
    assert bars.unit * 10**bars.digits == 1


@given(candles(), st.integers(0, 6))
def test_a_finer_digit_changes_no_price(prices: tuple[int, int, int, int], digits: int) -> None:
    bars = Bars.from_rows("ACME", [(at(0), *map(cents, prices), Decimal("1.5"))])
    finer = bars.with_digits(digits)
    assert finer.bar(0) == bars.bar(0)
    assert finer.digits == max(digits, bars.digits)
    assert finer.price(finer.ticks[1][0]) == cents(prices[1])


def test_a_row_is_read_in_the_units_of_its_columns() -> None:
    bars = bars_of("ACME", "100", "101/102/99.5/100.25/10000.5")
    assert bars.row_units(0) == (10_000, 10_000, 10_000, 10_000, None)
    assert bars.row_units(1) == (10_100, 10_200, 9_950, 10_025, 100_005)


def test_a_digit_for_which_a_price_is_too_long_is_refused() -> None:
    # 200,000,000,000,000 in units of 0.00001 are 2E+19, more than a column of 64 bits holds
    with pytest.raises(BarDataError, match=r"200000000000000 in units of 0\.00001"):
        bars_of("ACME", "200000000000000").with_digits(5)


@pytest.mark.parametrize(
    ("time", "written"),
    [
        (datetime(2024, 1, 2, tzinfo=UTC) + END_OF_DAY, "2024-01-02"),
        (datetime(2024, 1, 2, 23, 59, 59, tzinfo=UTC), "2024-01-02 23:59:59"),
        (datetime(2024, 1, 2, 23, 59, 59, 999998, tzinfo=UTC), "2024-01-02 23:59:59.999998"),
        (datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02 00:00"),
        (datetime(2024, 1, 2, 9, 30, tzinfo=UTC), "2024-01-02 09:30"),
        (datetime(2024, 1, 2, 9, 30, 5, tzinfo=UTC), "2024-01-02 09:30:05"),
        (datetime(2024, 1, 2, 9, 30, 0, 5, tzinfo=UTC), "2024-01-02 09:30:00.000005"),
    ],
)
def test_a_bar_that_carries_no_time_is_shown_by_its_date_alone(time: datetime, written: str) -> None:
    assert written_time(time) == written


def test_a_fault_of_a_bar_without_a_time_shows_its_date() -> None:
    day = datetime(2024, 1, 2, tzinfo=UTC) + END_OF_DAY
    with pytest.raises(BarDataError, match=r"time 2024-01-02 does not come"):
        Bars.from_rows("ACME", [(day, 1, 1, 1, 1), (day, 1, 1, 1, 1)])


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_time_is_kept_to_the_microsecond(time: datetime) -> None:
    assert to_datetime(to_microseconds(time)) == time


def test_the_threads_context_changes_no_bar() -> None:
    price = Decimal("1234567.8901")
    with localcontext(Context(prec=2, traps=[Inexact])):
        bars = Bars.from_rows("ACME", [(at(0), price, price, price, price)])
        seen = bars.with_digits(6).bar(0)
    assert (seen.open, bars.bar(0).close) == (price, price)


def test_a_symbol_is_taken_literally_and_shown_harmlessly() -> None:
    with pytest.raises(BarDataError) as caught:
        Bars.from_rows("A\x1b[2J", [(at(0), 0, 1, 1, 1)])
    assert "A␛[2J" in str(caught.value)
    assert Bars.from_rows("A\x1b[2J", [(at(0), 1, 1, 1, 1)]).symbol == "A\x1b[2J"
