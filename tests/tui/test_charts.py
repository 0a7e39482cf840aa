"""What the charts show follows from the bars, the fills and the step alone."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import itemgetter

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from core.bars import Bars
from core.fill import Fill
from core.order import BUY, SELL, Order, Side
from tui.charts import BOTH_MARK, BUY_MARK, SELL_MARK, PriceView, equity_points, interval, order_levels
from tui.fill_times import FillTimes
from tui.folded import Fold
from tui.widgets.canvas import Level

START = datetime(2024, 1, 2, tzinfo=UTC)


def bars_of(*closes: int, every: timedelta = timedelta(days=1), symbol: str = "ACME") -> Bars:
    return Bars.from_rows(symbol, [(START + i * every, close, close, close, close) for i, close in enumerate(closes)])


def fill(number: int, day: int, side: Side = BUY, symbol: str = "ACME") -> Fill:
    return Fill(number, number, symbol, side, 1, 10, START + timedelta(days=day))


def view_of(row: int, *fills: Fill, count: int = 9, known: int | None = None) -> PriceView:
    times = FillTimes().read(dict(enumerate(fills, 1)), len(fills))
    return PriceView(bars_of(*range(10, 10 + count)), row, times, len(fills) if known is None else known, 2)


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


def test_each_fill_stands_at_its_bar() -> None:
    view = view_of(8, fill(1, 2), fill(2, 4, SELL), fill(3, 5, symbol="OTHER"), fill(4, 6), fill(5, 6, SELL))
    assert view.marks(range(9), 1) == {2: BUY_MARK, 4: SELL_MARK, 6: BOTH_MARK}
    assert view.marks(range(4, 6), 1) == {0: SELL_MARK}


def test_two_purchases_in_one_bar_are_one_mark() -> None:
    assert view_of(8, fill(1, 2), fill(2, 2)).marks(range(9), 1) == {2: BUY_MARK}


def test_the_fills_of_a_column_are_one_mark() -> None:
    view = view_of(8, fill(1, 0), fill(2, 1), fill(3, 2, SELL), fill(4, 3), fill(5, 8, SELL))
    assert view.marks(range(5), 2) == {0: BUY_MARK, 1: BOTH_MARK, 4: SELL_MARK}
    assert view.marks(range(2), 5) == {0: BOTH_MARK, 1: SELL_MARK}


def test_fills_after_the_moment_have_no_mark() -> None:
    assert view_of(8, fill(1, 2), fill(2, 4), known=1).marks(range(9), 1) == {2: BUY_MARK}


def test_before_the_first_bar_there_is_no_mark() -> None:
    assert view_of(-1, fill(1, 2), known=0).marks(range(0), 1) == {}


@given(
    st.lists(st.tuples(st.integers(0, 59), st.sampled_from([BUY, SELL])), max_size=40), st.sampled_from([1, 2, 5, 20])
)
def test_marks_are_what_all_fills_one_by_one_say(done: list[tuple[int, Side]], size: int) -> None:
    fills = [fill(number, day, side) for number, (day, side) in enumerate(sorted(done, key=itemgetter(0)), 1)]
    expected: dict[int, str] = {}
    for day, side in done:
        mark = BUY_MARK if side is BUY else SELL_MARK
        expected[day // size] = mark if expected.get(day // size, mark) == mark else BOTH_MARK
    first = 1 if size < 20 else 0
    shown = {column - first: mark for column, mark in expected.items() if column >= first}
    assert view_of(59, *fills, count=60).marks(range(first, 60 // size), size) == shown


def test_of_many_fills_in_a_column_one_is_looked_at() -> None:
    class Counting(FillTimes):
        asked = 0

        def after(self, symbol: str, side: Side, time: int, count: int) -> int | None:
            self.asked += 1
            return super().after(symbol, side, time, count)

    fills = {number: fill(number, number // 100) for number in range(1, 900)}
    times = Counting().read(fills, 899)
    assert PriceView(bars_of(*range(10, 19)), 8, times, 899, 2).marks(range(3), 3) == dict.fromkeys(range(3), BUY_MARK)
    assert times.asked == 5  # of purchases one a column and one to know that there are no more, of sales the latter


@pytest.mark.parametrize(
    ("order", "stop_price", "waits", "levels"),
    [
        (Order("ACME", BUY, 1), None, False, []),
        (Order("ACME", BUY, 1, limit_price=9), None, False, [Level(900, 1)]),
        (Order("ACME", SELL, 1, stop_price=8), Decimal(8), True, [Level(800, -1)]),
        (Order("ACME", SELL, 1, stop_price=8, limit_price=7), Decimal(8), True, [Level(800, -1), Level(700, -1)]),
        (Order("ACME", SELL, 1, stop_price=8, limit_price=7), Decimal(8), False, [Level(700, -1)]),
        (Order("ACME", SELL, 1, trail_percent=3), Decimal("9.7051"), True, [Level(971, -1)]),
        (Order("ACME", SELL, 1, trail_percent=3), None, True, []),
    ],
)
def test_an_open_order_waits_for_its_prices(
    order: Order, stop_price: Decimal | None, waits: bool, levels: list[Level]
) -> None:
    @frozen
    class Open:
        order: Order
        stop_price: Decimal | None
        waits_for_stop: bool

    assert order_levels([Open(order, stop_price, waits)], 2) == levels


def test_indicators_are_the_first_four_that_can_be_drawn() -> None:
    values = {"above": True, "fast": 10.5, "none": None, "word": "x", "tiny": 0.5, "slow": 11, "more": 12.0}
    view = evolve(view_of(8), indicators_at=lambda _symbol, _row: values)
    assert view.indicators == ["fast", "none", "tiny", "slow"]
    # prices without a fraction have no digits after the point, so a tick is 1
    folds = [Fold((1, 1, 1, 1), None, values), Fold((1, 1, 1, 1), None, {"fast": float("nan"), "none": 3})]
    assert view.points(folds) == [[10.5, None], [None, 3], [0.5, None], [11, None]]


def test_before_the_first_bar_is_over_there_is_no_indicator() -> None:
    assert evolve(view_of(-1), indicators_at=lambda _symbol, row: {"fast": row}).indicators == []


@pytest.mark.parametrize(
    ("room", "text"),
    [
        (60, "2024-01-09 00:00  O 1.00 H 4.00 L 0.00 C 2.00  V 1.2k"),
        (40, "O 1.00 H 4.00 L 0.00 C 2.00  V 1.2k"),
        (31, "O1.00 H4.00 L0.00 C2.00  V 1.2k"),
        (30, "O1.00 H4.00 L0.00 C2.00"),
        (15, "C2.00  V 1.2k"),
        (12, "C2.00"),
        (4, ""),
    ],
)
def test_a_caption_says_as_much_as_has_room(room: int, text: str) -> None:
    assert view_of(8).caption(Fold((1, 4, 0, 2), 1234, {}), 7, room) == text


def test_where_there_is_little_room_prices_have_the_digits_that_they_need() -> None:
    view, fold = evolve(view_of(8), price_digits=4), Fold((1, 4, 0, 2), None, {})
    assert view.caption(fold, 7, 35) == "O 1.0000 H 4.0000 L 0.0000 C 2.0000"
    assert view.caption(fold, 7, 34) == "O1.00 H4.00 L0.00 C2.00"


def test_a_caption_of_the_newest_bar_says_that_there_is_none_now() -> None:
    view, fold = evolve(view_of(8), has_bar=False), Fold((1, 4, 0, 2), None, {})
    assert view.caption(fold, None, 60) == "no bar now  2024-01-10 00:00  O 1.00 H 4.00 L 0.00 C 2.00"
    assert view.caption(fold, None, 4) == "no bar now"
    assert view.caption(fold, 8, 30) == "O 1.00 H 4.00 L 0.00 C 2.00"


def test_labels_have_the_decimals_of_the_run() -> None:
    view = evolve(view_of(0), price_digits=4)
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
