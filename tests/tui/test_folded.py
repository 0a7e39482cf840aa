"""Folded bars are the bars one by one, whatever was asked before, and nothing of later ones."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bars import Bars
from tui.folded import Fold, Folded

START = datetime(2024, 1, 2, tzinfo=UTC)
COUNT = 60


def row_of(number: int, prices: list[int], volume: int | None) -> tuple[object, ...]:
    low, *middle, high = sorted(prices)
    opening, close = middle if number % 2 else reversed(middle)
    return (START + timedelta(days=number), opening, high, low, close, volume)


@st.composite
def bars_of_chance(draw: st.DrawFn) -> Bars:
    prices = st.lists(st.integers(1, 300), min_size=4, max_size=4)
    volumes = st.none() | st.integers(0, 10**9)
    rows = draw(st.lists(st.tuples(prices, volumes), min_size=1, max_size=COUNT))
    return Bars.from_rows("ACME", [row_of(number, *row) for number, row in enumerate(rows)])


def number_at(symbol: str, row: int) -> Mapping[str, object]:
    return {"row": row, "of": symbol}


def by_hand(bars: Bars, size: int, column: int, row: int) -> Fold:
    rows = [bars.bar(one) for one in range(column * size, min((column + 1) * size, row + 1))]
    known = [int(bar.volume) for bar in rows if bar.volume is not None]
    prices = (rows[0].open, max(bar.high for bar in rows), min(bar.low for bar in rows), rows[-1].close)
    opening, high, low, close = map(int, prices)
    last = column * size + len(rows) - 1
    return Fold((opening, high, low, close), sum(known) if known else None, number_at("ACME", last))


@given(
    bars_of_chance(), st.sampled_from([1, 2, 5, 10, 50]), st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=8)
)
def test_columns_are_what_their_bars_are_one_by_one(bars: Bars, size: int, moments: list[int]) -> None:
    folded = Folded(bars, size, number_at)
    for moment in moments:  # forward and back: what is kept from one must not be seen at an earlier one
        row = min(moment, len(bars) - 1)
        columns = range(row // size + 1)
        assert folded.folds(columns, row) == [by_hand(bars, size, column, row) for column in columns]


@cache
def four() -> Bars:
    closes = [(10, 12, 9, 11, 5), (11, 15, 10, 14, None), (14, 16, 13, 13, 7), (13, 13, 2, 3, 9)]
    return Bars.from_rows("ACME", [(START + timedelta(days=day), *row) for day, row in enumerate(closes)])


@pytest.mark.parametrize(
    ("row", "columns", "last"),
    [
        (0, range(1), Fold((10, 20, 9, 19), 5, number_at("ACME", 0))),  # it joins the bar that is over
        (1, range(2), Fold((17, 20, 16, 19), None, {})),  # it is the first of its column
    ],
)
def test_a_bar_that_forms_is_joined_and_its_volume_is_not_known(row: int, columns: range, last: Fold) -> None:
    assert Folded(four(), 2, number_at).folds(columns, row, (17, 20, 16, 19))[-1] == last


def test_a_bar_that_forms_changes_no_column_before_it() -> None:
    folded = Folded(four(), 2, number_at)
    assert folded.folds(range(1), 1, (17, 20, 16, 19)) == folded.folds(range(1), 1)


def test_columns_that_are_whole_are_folded_once() -> None:
    asked: list[int] = []

    def counting(_: str, row: int) -> Mapping[str, object]:
        asked.append(row)
        return {}

    bars = Bars.from_rows("ACME", [(START + timedelta(days=day), *[Decimal(5)] * 4) for day in range(40)])
    folded = Folded(bars, 10, counting)
    folded.folds(range(4), 37)
    folded.folds(range(4), 38)
    assert asked == [9, 19, 29, 37, 38]
