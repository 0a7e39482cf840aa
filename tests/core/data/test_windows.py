"""Parquet files that are read in windows: the same bars as loaded whole, or refused by the same place."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.bars import PRICES
from core.data.load import load
from core.data.windows import is_parquet, open_windows
from core.errors import BarDataError
from tests.generators import Market, markets

NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def write(rows: Sequence[Sequence[Any]], name: str = "A.parquet", **columns: Sequence[Any]) -> str:
    """Write rows of four prices and perhaps a volume, one an hour."""
    names = (*PRICES, "volume")[: len(rows[0])]
    times = columns.pop("time", [NOON + hour * HOUR for hour in range(len(rows))])
    prices = {each: [row[place] for row in rows] for place, each in enumerate(names)}
    pl.DataFrame({"time": times, **prices, **columns}, strict=False).write_parquet(name, row_group_size=3)
    return name


def refusal(path: str, size: int = 4) -> str:
    with pytest.raises(BarDataError) as error:
        open_windows(path, size)
    return str(error.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(markets("A", most_steps=20), st.integers(1, 9), st.sampled_from(("decimal", "text", "double")))
def test_the_bars_are_those_of_the_whole_file(market: Market, size: int, kind: str) -> None:
    whole = market.bars[0]
    cells = [whole.bar(row) for row in range(len(whole))]
    make = {"decimal": Decimal, "text": str, "double": float}[kind]
    rows = [[make(price) for price in (bar.open, bar.high, bar.low, bar.close)] for bar in cells]
    write(rows, time=[bar.time for bar in cells], volume=[bar.volume for bar in cells])
    bars, (loaded,) = open_windows("A.parquet", size), load(["A.parquet"])
    assert (bars.symbol, bars.source) == ("A", "A.parquet")
    assert (bars.digits, bars.volume_digits, len(bars)) == (loaded.digits, loaded.volume_digits, len(loaded))
    assert bars.rows.highest == loaded.frame["high_ticks"].max()
    assert bars.read(0, len(bars)).equals(loaded.frame)


FLAT = (100, 100, 100, 100)


def test_a_digit_that_only_a_late_row_needs_counts_for_all() -> None:
    bars = open_windows(write([[Decimal(100)] * 4] * 9 + [[Decimal("100.125")] * 4]), 4)
    assert bars.digits == 3
    assert bars.bar(0).close == 100
    assert bars.row_units(0)[:4] == (100_000,) * 4
    assert bars.bar(9).close == Decimal("100.125")


def test_a_file_may_name_its_symbol_in_a_column() -> None:
    bars = open_windows(write([FLAT] * 9, symbol=["ACME"] * 9), 4)
    assert bars.symbol == "ACME"
    assert refusal(write([FLAT] * 9, ticker=["ACME"] * 8 + ["B"])) == (
        "A.parquet: must hold one symbol to be read in windows, has ACME and B"
    )
    assert refusal(write([FLAT] * 9, ticker=["ACME"] * 8 + [""])) == "A.parquet: row 8: symbol must not be empty"


@pytest.mark.parametrize("row", range(1, 10))
@pytest.mark.parametrize("back", [0, 1])
def test_a_time_that_does_not_rise_is_found_inside_a_window_and_over_a_border(row: int, back: int) -> None:
    hours = [*range(10)]
    hours[row] = hours[row - 1] - back
    path = write([FLAT] * 10, time=[NOON + hour * HOUR for hour in hours])
    time = (NOON + hours[row] * HOUR).strftime("%Y-%m-%d %H:%M")
    assert refusal(path) == f"A.parquet: row {row}: time {time} does not come after the bar before"


def test_times_are_written_like_the_first_one_in_every_window() -> None:
    days = [f"2024-01-{day:02}" for day in range(1, 11)]
    assert open_windows(write([FLAT] * 10, time=days), 4).times[9] == load(["A.parquet"])[0].times[9]
    clocks = [f"{day} 12:00" for day in days]
    told = "time must be written like the first one, 2024-01-01, was 2024-01-05 12:00"
    assert refusal(write([FLAT] * 10, time=[*days[:4], *clocks[4:]])) == f"A.parquet: row 4: {told}"


def test_rows_from_new_to_old_are_refused() -> None:
    path = write([FLAT] * 3, time=[NOON - hour * HOUR for hour in range(3)])
    assert refusal(path) == "A.parquet: row 1: time 2024-01-02 11:00 does not come after the bar before"


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ((100, 99, 98, 99), "high 99 is below open 100"),
        ((100, 100, 0, 100), "low 0 is not above zero"),
        ((100, 100, None, 100), "low must be a number"),
        ((100, 10**16, 100, 100), "high must be at most 1000000000000000 where 0 decimals are needed"),
    ],
)
def test_a_row_that_is_no_bar_is_refused_by_its_place(row: tuple[Any, ...], what: str) -> None:
    assert refusal(write([FLAT] * 6 + [row, *[FLAT] * 3])).startswith(f"A.parquet: row 6: {what}")


def test_a_price_that_is_too_large_in_the_digits_of_another_window_is_refused_by_its_place() -> None:
    high = [Decimal(100), Decimal(10**13), Decimal(100), Decimal(100)]
    rows = [high, *[[Decimal(100)] * 4] * 5, [Decimal("100.125")] * 4]
    told = "high must be at most 1000000000000 where 3 decimals are needed, was 10000000000000"
    assert refusal(write(rows)) == f"A.parquet: row 0: {told}"


def test_a_volume_that_is_too_large_in_the_digits_of_another_window_is_refused_by_its_place() -> None:
    rows = [[*FLAT, Decimal(volume)] for volume in (1, 10**14, 1, 1, 1, "0.25")]
    told = "volume must be at most 10000000000000 where 2 decimals are needed, was 100000000000000"
    assert refusal(write(rows)) == f"A.parquet: row 1: {told}"


def test_a_file_that_cannot_be_read_is_refused() -> None:
    Path("B.parquet").write_bytes(b"PAR1 and nothing else")
    assert refusal("B.parquet").startswith("B.parquet: cannot be read: ")
    assert refusal("C.parquet") == "C.parquet: cannot be read: no such file or directory"
    Path("D.parquet").mkdir()
    assert refusal("D.parquet") == "D.parquet: must be a file, was a folder"
    pl.DataFrame({"time": [], "open": []}).write_parquet("E.parquet")
    assert refusal("E.parquet") == "E.parquet: no rows"
    pl.DataFrame({"time": [NOON], "open": [1]}).write_parquet("F.parquet")
    assert refusal("F.parquet").startswith("F.parquet: no column high: needed are ")


def test_a_file_that_is_damaged_where_no_one_looked_before_is_refused_when_it_is_read() -> None:
    path = write([FLAT] * 10)
    data = bytearray(Path(path).read_bytes())
    data[60:120] = bytes(60)
    Path(path).write_bytes(data)
    assert refusal(path).startswith("A.parquet: cannot be read: ")


def test_what_pages_claim_is_looked_at_before_any_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    path = write([FLAT] * 10)
    data = bytearray(Path(path).read_bytes())
    data[4:20] = bytes(16)  # the header of the first page
    Path(path).write_bytes(data)

    def decode(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(pl.LazyFrame, "collect", decode)
    assert refusal(path).startswith("A.parquet: cannot be read: ")


def test_a_window_that_cannot_be_decoded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: object, **__: object) -> None:
        raise pl.exceptions.ComputeError("a page is no page\nand more")

    path = write([FLAT] * 10)
    monkeypatch.setattr(pl.LazyFrame, "collect", decode)
    assert refusal(path) == "A.parquet: cannot be read: a page is no page"


def test_a_file_that_changes_while_it_is_read_is_refused() -> None:
    bars = open_windows(write([FLAT] * 10), 4)
    assert bars.bar(0).close == 100
    os.utime("A.parquet", ns=(0, 0))
    with pytest.raises(BarDataError) as error:
        bars.bar(9)
    assert str(error.value) == "A.parquet: was changed while its bars were being read"


def test_times_on_the_clock_of_a_zone_are_refused() -> None:
    times = [f"2024-01-02 09:3{minute} America/New_York" for minute in range(9)]
    told = "A.parquet: must have times in UTC to be read in windows, has them in America/New_York"
    assert refusal(write([FLAT] * 9, time=times)) == told


def test_a_date_and_a_time_in_two_columns_are_refused() -> None:
    told = "A.parquet: the time must be in one column, found are a date and a time"
    assert refusal(write([FLAT], date=["2024-01-02"], time=["09:30"])) == told


def test_a_name_is_taken_literally() -> None:
    Path("a=1").mkdir()
    write([FLAT] * 3, "[AB]*.parquet")
    write([FLAT] * 4, "a=1/A.PQ")
    assert len(open_windows("[AB]*.parquet")) == 3
    assert (len(open_windows("a=1/A.PQ")), open_windows("a=1/A.PQ").symbol) == (4, "A")
    assert (is_parquet("a=1/A.PQ"), is_parquet(Path("A.csv"))) == (True, False)
