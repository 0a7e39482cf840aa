"""History: any moment of a run, however one came to it, is the fold of the facts before it from the start."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from core.backtest.equity import EquityCurve
from core.backtest.journal import Row
from core.backtest.loop import Backtest
from core.backtest.strategy import Now, Strategy
from core.clock import Phase
from core.errors import InvariantError, UnknownOrderError
from core.order import Order
from core.replay import history as history_module
from core.replay.conditions import About
from core.replay.cursor import START, Cursor
from core.replay.history import History
from core.replay.moment import Moment
from core.replay.search import Search
from core.replay.timeline import Timeline
from core.risk import portfolio as portfolio_module
from tests.core.builders import backtest, bars_of, run
from tests.core.replay.test_places import all_places, by_hand, grow, grown
from tests.core.replay.test_timeline_properties import Drawn, books, records, runs


class Whole(NamedTuple):
    """All that a moment keeps and shows."""

    cursor: Cursor
    totals: object
    books: dict[str, Any]
    lowest: Decimal
    records: list[dict[str, Any]]
    open_ids: list[int]
    fills: int

    @classmethod
    def of(cls, moment: Moment) -> "Whole":
        orders = moment.orders
        return cls(
            moment.cursor,
            moment._totals,
            books(moment),
            moment.lowest_equity,
            records(orders),
            [record.id for record in orders.open_records()],
            orders.fill_count,
        )


def folded(made: Backtest, cursor: Cursor) -> Whole:
    """Return a moment, folded from the start for itself alone, fact by fact."""
    curve = EquityCurve(made.feed, made.journal, made.settings.initial_capital)
    moment = Moment.start(made.feed, curve, made.settings.initial_capital)
    for row in made.journal.rows[: cursor.sequence]:
        moment.apply(row)
    moment.stand_at(cursor)
    return Whole.of(moment)


def cursors_of(timeline: Timeline) -> list[Cursor]:
    """Return every place of a run, and those inside a fill."""
    after = [timeline.after(number) for number in range(len(timeline.run.journal))]
    return sorted({*all_places(timeline), *after}, key=lambda one: one.order)


jumps = st.lists(st.integers(0, 10**4), min_size=1, max_size=12)
near = st.integers(1, 9)
"""How many facts lie between two moments that are kept."""


# --- any moment


@given(runs(), by_hand, near)
def test_every_moment_is_the_fold_from_the_start(drawn: Drawn, orders: dict[int, Order], apart: int) -> None:
    timeline = Timeline(grown(drawn, orders))
    expected = {cursor: folded(timeline.run, cursor) for cursor in cursors_of(timeline)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "_LEAST_APART", apart)
        forward, back = History(timeline.run), History(timeline.run)
        assert {cursor: Whole.of(forward.at(cursor)) for cursor in expected} == expected
        assert {cursor: Whole.of(back.at(cursor)) for cursor in reversed(expected)} == expected
        assert {cursor: Whole.of(forward.at(cursor)) for cursor in reversed(expected)} == expected
    event(f"{len(forward._kept) // 8 * 8} or more kept")


@given(runs(), by_hand, near, jumps)
def test_jumps_to_and_fro_in_a_run_that_grows_come_to_the_fold_from_the_start(
    drawn: Drawn, orders: dict[int, Order], apart: int, places: list[int]
) -> None:
    history = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "_LEAST_APART", apart)
        for number, made in enumerate(grow(drawn, orders)):
            history = history or History(made)
            there = cursors_of(Timeline(made))
            for place in (places[number % len(places)], places[-number % len(places)], 0):
                cursor = there[-1 - place % len(there)]
                assert Whole.of(history.at(cursor)) == folded(made, cursor)


@given(runs(), by_hand, near, jumps)
def test_a_moment_stays_as_it_was_whatever_others_are_told(
    drawn: Drawn, orders: dict[int, Order], apart: int, places: list[int]
) -> None:
    timeline = Timeline(grown(drawn, orders))
    rows, there = timeline.run.journal.rows, cursors_of(timeline)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "_LEAST_APART", apart)
        history, taken = History(timeline.run), list[tuple[Moment, Whole]]()
        for place in places:
            cursor = there[place % len(there)]
            for moment in (history.at(cursor), history.at(cursor).share()):
                taken.append((moment, Whole.of(moment)))
            moved = history.at(cursor)
            moved.apply_all(rows[cursor.sequence :])
            moved.stand_at(there[-1])
            taken.append((moved, folded(timeline.run, there[-1])))
            taken.append((moved.share(), taken[-1][1]))
        assert [Whole.of(moment) for moment, _ in taken] == [shown for _, shown in taken]


@given(runs(), by_hand, near, jumps)
def test_a_moment_that_others_were_taken_from_moves_on_as_if_alone(
    drawn: Drawn, orders: dict[int, Order], apart: int, places: list[int]
) -> None:
    timeline = Timeline(grown(drawn, orders))
    rows = timeline.run.journal.rows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "_LEAST_APART", apart)
        moment, taken = History(timeline.run).at(START), list[tuple[Cursor, Moment]]()
        for number, row in enumerate(rows):
            if number in places:
                taken.append((moment.cursor, moment.share()))
            moment.apply(row)
    assert records(moment.orders) == folded(timeline.run, timeline.head).records
    assert [Whole.of(one) for _, one in taken] == [folded(timeline.run, cursor) for cursor, _ in taken]


# --- what is kept


class Counted:
    """How many facts are folded."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        fold = Moment.apply_all

        def counting(moment: Moment, rows: Iterable[Row]) -> None:
            rows = list(rows)
            self.count += len(rows)
            fold(moment, rows)

        patch.setattr(Moment, "apply_all", counting)

    def of(self, history: History, cursor: Cursor) -> int:
        """Return how many are folded to look at a moment."""
        before = self.count
        history.at(cursor)
        return self.count - before


class InAndOut(Strategy):
    """Buy and sell in turn, above some orders that rest."""

    def __init__(self, resting: int = 0) -> None:
        self.resting = resting

    def on_bar(self, now: Now) -> None:
        if not now.step:
            for _ in range(self.resting):
                now.buy("A", 1, limit_price=1)
        (now.sell if now.step % 2 else now.buy)("A", 1)


@pytest.mark.parametrize("resting", [0, 400])
def test_a_jump_folds_a_few_hundred_facts_of_a_long_run(resting: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run(bars_of("A", *["100"] * 1000, hours=1), InAndOut(resting))
    assert len(made.journal) > 4900  # for each order submitted, accepted; filled, position, cash
    history, folded_by = History(made), Counted(monkeypatch)
    assert folded_by.of(history, history.head) == len(made.journal)
    jumps_to = [history.end_of_step(step) for step in (500, 3, 998, 0, 499, 501, 17, 999)]
    assert max(folded_by.of(history, cursor) for cursor in jumps_to) <= (300 if resting else 128)
    assert folded_by.of(history, history.head) == 0


def test_a_run_that_goes_on_is_folded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = backtest(bars_of("A", *["100"] * 1000, hours=1), InAndOut())
    history, folded_by = History(made), Counted(monkeypatch)
    while made.step():
        history.at(history.head)
    assert folded_by.count == len(made.journal)


def test_moments_that_are_kept_share_the_orders_that_are_over() -> None:
    made = run(bars_of("A", *["100"] * 1000, hours=1), InAndOut())
    history = History(made)
    history.at(history.head)
    assert len(history._kept) > 30
    assert len({id(moment.orders._over) for moment in history._kept}) == 1
    assert max(len(moment.orders._records) for moment in history._kept) < 60


def test_a_run_that_stopped_inside_a_fill_is_searched_to_its_last_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_books(*_: object) -> None:
        raise InvariantError("I1", 1, 2)

    monkeypatch.setattr(portfolio_module, "check_fill", break_books)
    made = backtest(bars_of("A", "100", "110", "120"), {0: lambda now: now.buy("A", 10)})
    with pytest.raises(InvariantError):
        made.run()
    timeline = Timeline(made)
    assert len(made.journal) == 3  # submitted, accepted; filled, and neither position nor cash
    assert timeline.whole_after(2) == timeline.after(2) == Cursor(1, Phase.OPEN, 3)
    assert list(Search(timeline, About(1)).all()) == [timeline.after(number) for number in range(3)]


# --- where an order was asked for


def buy_twice(now: Now) -> None:
    now.buy("A", 10)
    now.buy("A", 5)


def test_where_each_order_was_asked_for_is_known_as_far_as_the_run_has_come() -> None:
    made = backtest(bars_of("A", "100", "110", "120"), {0: buy_twice, 1: lambda now: now.sell("A", 3)})
    history = History(made)
    made.step()
    assert [history.asked_at(order_id) for order_id in (2, 1)] == [2, 0]
    with pytest.raises(UnknownOrderError, match=r"^order 3 is unknown$"):
        history.asked_at(3)
    made.step()
    assert [history.asked_at(order_id) for order_id in (1, 2, 3)] == [0, 2, 10]  # after two fills of three facts


def test_the_facts_about_each_order_are_known_as_far_as_the_run_has_come() -> None:
    made = backtest(bars_of("A", "100", "110", "120"), {0: buy_twice, 1: lambda now: now.sell("A", 3)})
    history = History(made)
    assert list(history.facts_about(1)) == []
    made.step()
    assert [list(history.facts_about(order_id)) for order_id in (1, 2, 3)] == [[0, 1], [2, 3], []]
    made.step()  # two fills of three facts, and the sale asked for and accepted
    assert [list(history.facts_about(order_id)) for order_id in (1, 2, 3)] == [[0, 1, 4], [2, 3, 7], [10, 11]]


@pytest.mark.parametrize("order_id", [-1, 0, 2, 10**9])
def test_an_order_that_nobody_asked_for_is_nowhere(order_id: int) -> None:
    timeline = Timeline(run(bars_of("A", "100", "110"), {0: lambda now: now.buy("A", 10)}))
    assert timeline.find_order(1) == Cursor(0, Phase.STRATEGY, 1)
    with pytest.raises(UnknownOrderError, match=f"^order {order_id} is unknown$"):
        timeline.find_order(order_id)
    with pytest.raises(UnknownOrderError, match=f"^order {order_id} is unknown$"):
        timeline.at(timeline.head).get_order(order_id)


@given(runs(), by_hand)
def test_the_place_at_which_an_order_was_asked_for_is_the_first_that_has_it(
    drawn: Drawn, orders: dict[int, Order]
) -> None:
    timeline = Timeline(grown(drawn, orders))
    for order in timeline.run.broker.orders():
        place = timeline.find_order(order.id)
        assert len(timeline.at(place).orders) == order.id
        assert len(timeline.at(timeline.previous_place(place)).orders) == order.id - 1


def test_before_a_fact_a_history_has_only_its_start() -> None:
    history = History(backtest(bars_of("A", "100"), {}))
    assert history.head == START
    assert Whole.of(history.at(START)) == Whole.of(history.start())
    assert history.rows_of(-1) == (0, [])
