"""What the charts show follows from the bars, the fills and the step alone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.bars import Bars
from core.fill import Fill
from core.order import BUY, SELL, Side
from tui.charts import BOTH_MARK, BUY_MARK, SELL_MARK, PriceView, equity_points, interval

START = datetime(2024, 1, 2, tzinfo=UTC)


def bars_of(*closes: int, every: timedelta = timedelta(days=1), symbol: str = "ACME") -> Bars:
    return Bars.from_rows(symbol, [(START + i * every, close, close, close, close) for i, close in enumerate(closes)])


def fill(number: int, day: int, side: Side = BUY, symbol: str = "ACME") -> Fill:
    return Fill(number, number, symbol, side, 1, 10, START + timedelta(days=day))


def view_of(row: int, *fills: Fill, count: int = 9) -> PriceView:
    return PriceView(bars_of(*range(10, 10 + count)), row, {one.id: one for one in fills}, len(fills), 2)


@pytest.mark.parametrize(
    ("every", "name"),
    [
        (timedelta(days=1), "1d"),
        (timedelta(weeks=1), "1w"),
        (timedelta(hours=4), "4h"),
        (timedelta(minutes=5), "5m"),
        (timedelta(seconds=90), "90s"),
        (timedelta(milliseconds=250), "0.25s"),
    ],
)
def test_the_length_of_a_bar_is_the_shortest_gap(every: timedelta, name: str) -> None:
    assert interval(bars_of(1, 2, 3, every=every)) == name


def test_a_weekend_does_not_make_a_day_longer() -> None:
    rows = [(START + timedelta(days=day), 1, 1, 1, 1) for day in (0, 3, 4, 7)]
    assert interval(Bars.from_rows("ACME", rows)) == "1d"


def test_one_bar_has_no_length() -> None:
    assert view_of(0, count=1).title == "ACME"


def test_only_bars_up_to_now_are_seen() -> None:
    assert view_of(3).candles(2) == [(12, 12, 12, 12), (13, 13, 13, 13)]


def test_each_fill_stands_at_its_bar() -> None:
    view = view_of(8, fill(1, 2), fill(2, 4, SELL), fill(3, 5, symbol="OTHER"), fill(4, 6), fill(5, 6, SELL))
    assert view.marks(0) == {2: BUY_MARK, 4: SELL_MARK, 6: BOTH_MARK}
    assert view.marks(4) == {0: SELL_MARK, 2: BOTH_MARK}


def test_two_purchases_in_one_bar_are_one_mark() -> None:
    assert view_of(8, fill(1, 2), fill(2, 2)).marks(0) == {2: BUY_MARK}


def test_fills_before_the_first_bar_in_view_are_not_looked_at() -> None:
    view = view_of(8, fill(2, 7))  # asking for number 1 would fail
    with pytest.raises(KeyError):
        PriceView(view.bars, 8, {2: fill(2, 7)}, 2, 2).marks(7)
    assert PriceView(view.bars, 8, {1: fill(1, 2), 2: fill(2, 7)}, 2, 2).marks(7) == {0: BUY_MARK}


def test_labels_have_the_decimals_of_the_run() -> None:
    view = PriceView(bars_of(1), 0, {}, 0, 4)
    assert view.price_label(12) == "12.0000"
    assert view.time_label(0) == "2024-01-02 00:00"


@pytest.mark.parametrize(
    ("step", "columns", "steps"),
    [
        (-1, 9, []),
        (5, 0, []),
        (5, 1, [5]),
        (0, 9, [0]),
        (3, 9, [0, 1, 2, 3]),
        (8, 9, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (9, 9, [0, 2, 4, 6, 8, 9]),
        (16, 9, [0, 2, 4, 6, 8, 10, 12, 14, 16]),
        (17, 9, [0, 4, 8, 12, 16, 17]),
        (1_000_000, 3, [0, 524_288, 1_000_000]),
    ],
)
def test_equity_is_taken_at_as_many_steps_as_have_room(step: int, columns: int, steps: list[int]) -> None:
    assert equity_points(Decimal, step, columns) == list(map(Decimal, steps))
