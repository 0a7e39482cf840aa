"""Bars that are read in windows: what is read of them is what is read of the same bars in memory."""

from weakref import ref

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bars import TICK_COLUMNS, Bars
from core.errors import BarDataError
from core.windowed_bars import Rows, WindowedBars
from tests.core.builders import windowed
from tests.generators import Market, markets

COLUMNS = ("time", *TICK_COLUMNS)


@given(markets("A", most_steps=40), st.integers(1, 12), st.integers(0, 4), st.data())
def test_every_reading_is_that_of_the_same_bars_in_memory(
    market: Market, size: int, digits: int, data: st.DataObject
) -> None:
    whole = market.bars[0].with_digits(digits)
    bars = windowed(market.bars[0], size).with_digits(digits)
    assert (len(bars), bars.symbol, bars.digits, bars.unit) == (len(whole), "A", whole.digits, whole.unit)
    rows = data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=12))
    assert [bars.bar(row) for row in rows] == [whole.bar(row) for row in rows]
    assert [bars.row_units(row) for row in rows] == [whole.row_units(row) for row in rows]
    for name in COLUMNS:
        assert [bars.column(name)[row] for row in rows] == [whole.column(name)[row] for row in rows]
    assert list(bars.times) == whole.times
    assert [list(column) for column in bars.ticks] == list(whole.ticks)
    first, end = sorted((data.draw(st.integers(0, 45)), data.draw(st.integers(0, 45))))
    assert bars.closes[first:end] == whole.closes[first:end]
    assert bars.closes[:] == whole.closes


def test_no_more_than_two_windows_are_alive_in_whatever_order_rows_are_asked_for(market_of_40: Bars) -> None:
    frames: list[ref[pl.DataFrame]] = []
    most = 0

    def read(first: int, count: int) -> pl.DataFrame:
        nonlocal most
        most = max(most, 1 + sum(one() is not None for one in frames))
        frame = market_of_40.frame.slice(first, count)
        frames.append(ref(frame))
        return frame

    bars = WindowedBars("A", Rows(read, len(market_of_40), 10**6, 7))
    for row in (0, 8, 1, 39, 9, 20, 21, 0, 35, 3, 28, 14):
        assert bars.bar(row) == market_of_40.bar(row)
        assert bars.closes[0 : row + 1] == market_of_40.closes[: row + 1]
    assert most == 2


def test_a_window_that_is_kept_is_not_read_again(market_of_40: Bars) -> None:
    read: list[int] = []

    def note(first: int, count: int) -> pl.DataFrame:
        read.append(first)
        return market_of_40.frame.slice(first, count)

    bars = WindowedBars("A", Rows(note, len(market_of_40), 10**6, 10))
    for row in (5, 15, 5, 15, 9, 25, 9, 15):
        bars.bar(row)
    assert read == [0, 10, 20, 10]


@pytest.fixture
def market_of_40() -> Bars:
    rows = {"time": range(40), **dict.fromkeys(TICK_COLUMNS, range(100, 140)), "volume_units": [None] * 40}
    return Bars("A", pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.Int64)))


@pytest.mark.parametrize("row", [-1, 40])
def test_a_row_that_is_not_there_is_an_index_error(market_of_40: Bars, row: int) -> None:
    with pytest.raises(IndexError):
        windowed(market_of_40, 7).bar(row)


def test_all_rows_at_once_are_refused(market_of_40: Bars) -> None:
    with pytest.raises(BarDataError) as error:
        _ = windowed(market_of_40, 7).frame
    assert str(error.value) == "A.parquet: its bars are read in windows, and all of them at once are asked for"


def test_a_digit_that_the_highest_price_does_not_fit_is_refused(market_of_40: Bars) -> None:
    with pytest.raises(BarDataError) as error:
        windowed(market_of_40, 7).with_digits(16)
    assert str(error.value) == "A.parquet: 1.39 in units of 1E-16 is more than 1,000,000,000,000,000"
