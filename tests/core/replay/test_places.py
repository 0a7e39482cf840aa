"""The places of a run: where one can stand, and the way from one to the next."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from core.backtest.command import Submit
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Now
from core.bars import Bars
from core.clock import Phase
from core.events import CashChanged, OrderFilled, PositionClosed, PositionEvent, PositionOpened
from core.execution.path import PathRule
from core.order import BUY, SELL, Order, OrderType, TimeInForce
from core.replay.cursor import START, Cursor
from core.replay.places import is_whole, places_of
from core.replay.timeline import Timeline
from tests.core.builders import Action, Script, at, backtest, bars_of, run
from tests.core.replay.test_timeline_properties import Drawn, Seen, any_runs, runs
from tests.generators import cents, prices

PHASES = [phase.name for phase in Phase]
LEGS = ["LEG_1", "LEG_2", "LEG_3"]

by_hand = st.dictionaries(
    st.integers(-1, 10),
    st.builds(Order, st.just("A"), st.sampled_from((BUY, SELL)), st.integers(1, 40))
    | st.builds(
        Order,
        st.just("A"),
        st.sampled_from((BUY, SELL)),
        st.integers(1, 40),
        type=st.just(OrderType.LIMIT),
        limit_price=st.integers(950, 1050).map(cents) | prices,
        time_in_force=st.sampled_from((TimeInForce.GTC, TimeInForce.DAY)),
    ),
    max_size=4,
)
"""Orders that a person asks for after some steps."""


def grow(drawn: Drawn, orders: Mapping[int, Order]) -> Iterator[Backtest]:
    """Yield a run before its first step, after each step, and after what a person asked for then."""
    made = drawn.backtest()
    is_going = True
    while is_going:
        yield made
        order = orders.get(made.clock.step)
        if order is not None and not made.is_over:
            made.command(Submit(order))
            yield made
        is_going = made.step()


def grown(drawn: Drawn, orders: Mapping[int, Order]) -> Backtest:
    """Return a run that is over, with what a person asked for."""
    return list(grow(drawn, orders))[-1]


def all_places(timeline: Timeline) -> list[Cursor]:
    """Return every place of a run as far as it has come."""
    return [place for step in range(-1, timeline.run.step_count) for place in timeline.places(step)]


def named(places: list[Cursor]) -> list[tuple[str, int]]:
    return [(place.phase.name, place.sequence) for place in places]


def places_in(made: Backtest, step: int) -> list[tuple[str, int]]:
    """Return the places of a step by phase and how many facts lie before."""
    assert {place.step for place in Timeline(made).places(step)} == {step}
    return named(Timeline(made).places(step))


def bought() -> Backtest:
    """Buy 10 in the open of the second of three bars."""
    return run(bars_of("A", "100", "110", "120"), {0: lambda now: now.buy("A", 10)})


# --- the places of a step


def test_a_quiet_bar_has_a_place_after_each_phase() -> None:
    made = bought()  # submitted, accepted; filled, position, cash
    assert places_in(made, 2) == [(phase, 5) for phase in PHASES]


def test_a_run_that_has_not_begun_has_one_place() -> None:
    timeline = Timeline(backtest(bars_of("A", "100"), {}))
    assert all_places(timeline) == [START] == [timeline.head]


def test_each_fact_of_an_order_is_a_place_in_its_phase() -> None:
    before = [(phase, 0) for phase in PHASES[:-1]]
    assert places_in(bought(), 0) == [*before, ("STRATEGY", 1), ("STRATEGY", 2)]


def test_the_facts_of_a_fill_are_one_place() -> None:
    after = [(phase, 5) for phase in PHASES[3:]]
    assert places_in(bought(), 1) == [("CORPORATE_ACTIONS", 2), ("REQUESTS", 2), ("OPEN", 5), *after]


def test_the_facts_of_a_flip_are_one_place() -> None:
    steps: dict[int, Action] = {0: lambda now: now.buy("A", 10), 1: lambda now: now.sell("A", 25)}
    made = run(bars_of("A", "100", "110", "120"), steps, allow_short=True)
    assert [type(fact) for fact in list(made.journal)[7:]] == [OrderFilled, PositionClosed, PositionOpened, CashChanged]
    after = [(phase, 11) for phase in PHASES[3:]]
    assert places_in(made, 2) == [("CORPORATE_ACTIONS", 7), ("REQUESTS", 7), ("OPEN", 11), *after]


def test_two_fills_of_a_phase_are_two_places() -> None:
    def buy_twice(now: Now) -> None:
        now.buy("A", 10)
        now.buy("A", 5)

    made = run(bars_of("A", "100", "110"), {0: buy_twice})
    assert places_in(made, 1)[2:5] == [("OPEN", 7), ("OPEN", 10), ("LEG_1", 10)]  # 4 facts lie before


def test_what_a_fill_does_to_other_orders_is_a_place_each() -> None:
    exits = [Order("A", SELL, 10, type=OrderType.LIMIT, limit_price=Decimal(one)) for one in (200, 300)]
    made = run(bars_of("A", "100", "110"), {0: lambda now: now.submit_bracket(Order("A", BUY, 10), *exits)})
    # 3 orders submitted and accepted; filled, position, cash; 2 exits wake
    assert places_in(made, 1)[2:6] == [("OPEN", 9), ("OPEN", 10), ("OPEN", 11), ("LEG_1", 11)]


def test_before_the_first_step_each_fact_is_a_place() -> None:
    made = backtest(bars_of("A", "100", "110"), {})
    made.command(Submit(Order("A", BUY, 10)))
    assert places_in(made, -1) == [("STRATEGY", 0), ("STRATEGY", 1), ("STRATEGY", 2)]
    made.run()
    assert places_in(made, -1) == [("STRATEGY", 0), ("STRATEGY", 1), ("STRATEGY", 2)]


def test_what_was_booked_by_hand_is_one_place() -> None:
    made = backtest(bars_of("A", "100", "110"), {})
    made.step()
    made.portfolio.update_position(symbol="A", quantity_delta=10, price=99, timestamp=at(0))
    made.portfolio.deposit(500, at(0))
    assert places_in(made, 0)[-3:] == [("MARK", 0), ("STRATEGY", 2), ("STRATEGY", 3)]


def test_where_finer_bars_stand_for_a_bar_its_phases_come_again() -> None:
    def buy(now: Now) -> None:
        now.buy("A", 10)
        now.buy("A", 5, limit_price=95)

    finer = [(at(1).replace(hour=hour), *[Decimal(price)] * 4) for hour, price in ((19, 110), (21, 90))]
    bars = bars_of("A", "100", "110/110/90/90")
    made = Backtest(bars, Script({0: buy}), Settings(path=PathRule.SUBBARS), Bars.from_rows("A", finer))
    made.run()
    # the market order in the open of the first finer bar, the limit order in the open of the second
    assert places_in(made, 1)[2:5] == [("OPEN", 7), ("OPEN", 10), ("LEG_1", 10)]
    places = Timeline(made).places(1)
    assert [place.order for place in places] == sorted({place.order for place in places})


def test_a_phase_that_lies_behind_in_the_finer_bars_is_not_a_place_again() -> None:
    rows = [(3, phase, CashChanged, ()) for phase in (Phase.OPEN, Phase.LEG_2, Phase.OPEN, Phase.CLOSE)]
    assert named(places_of(3, rows, first=5))[2:] == [
        ("OPEN", 6),
        ("LEG_1", 6),
        ("LEG_2", 7),
        ("OPEN", 8),
        *[(leg, 8) for leg in LEGS],
        ("CLOSE", 9),
        ("MARK", 9),
        ("STRATEGY", 9),
    ]


# --- the places of a run


@given(any_runs, by_hand)
def test_places_are_in_one_order_from_the_start_to_the_head(drawn: Drawn, orders: dict[int, Order]) -> None:
    timeline = Timeline(grown(drawn, orders))
    places = all_places(timeline)
    assert all(one.order < other.order for one, other in pairwise(places))
    assert (places[0], places[-1]) == (START, timeline.head)
    ends = [timeline.end_of_step(step) for step in range(-1, timeline.run.step_count)]
    assert set(ends) <= set(places)


@given(runs(), by_hand)
def test_one_can_stand_after_each_phase_and_after_each_fact_that_ends_a_fill_or_is_in_none(
    drawn: Drawn, orders: dict[int, Order]
) -> None:
    made = grown(drawn, orders)
    places = all_places(Timeline(made))
    phases = {(place.step, place.phase) for place in places if place.step >= 0}
    assert phases == {(step, phase) for step in range(made.step_count) for phase in Phase}
    after = [Timeline(made).after(number) for number in range(len(made.journal))]
    inside = {place for place, fact in zip(after, made.journal, strict=True) if _goes_on(fact)}
    assert set(after) - inside <= set(places)
    assert not inside & set(places)
    event(f"{'some' if inside else 'no'} fill")


def _goes_on(fact: object) -> bool:
    return isinstance(fact, (OrderFilled, PositionEvent))


@given(runs(), by_hand)
def test_at_every_place_the_books_add_up_to_the_fills(drawn: Drawn, orders: dict[int, Order]) -> None:
    timeline = Timeline(grown(drawn, orders))
    for place in all_places(timeline):
        moment = timeline.at(place)
        fills = [fill for fill in moment.orders.fills.values() if fill.id <= moment.orders.fill_count]
        paid = sum(fill.quantity_delta * fill.price + fill.commission for fill in fills)
        assert moment.get_cash_balance() == drawn.settings.initial_capital - paid
        for symbol in {fill.symbol for fill in fills}:
            held = sum(fill.quantity_delta for fill in fills if fill.symbol == symbol)
            assert moment.get_position(symbol).quantity == held


# --- from one place to the next


@given(any_runs, by_hand)
def test_the_ways_forward_and_back_pass_every_place(drawn: Drawn, orders: dict[int, Order]) -> None:
    timeline = Timeline(grown(drawn, orders))
    places = all_places(timeline)
    forward, back = [START], [timeline.head]
    for _ in places[1:]:
        forward.append(timeline.next_place(forward[-1]))
        back.append(timeline.previous_place(back[-1]))
    assert forward == places == back[::-1]


@given(runs(), by_hand, st.integers(0, 1000), st.integers(0, 30))
def test_so_many_places_back_and_forward_again_is_where_one_was(
    drawn: Drawn, orders: dict[int, Order], start: int, count: int
) -> None:
    timeline = Timeline(grown(drawn, orders))
    places = all_places(timeline)
    start %= len(places)
    count = min(count, start)
    cursor, shown = places[start], Seen.of_past(timeline, places[start])
    for _ in range(count):
        cursor = timeline.previous_place(cursor)
        timeline.seek(cursor)
    assert Seen.of_past(timeline, cursor) == Seen.of_past(Timeline(timeline.run), places[start - count])
    for _ in range(count):
        cursor = timeline.next_place(cursor)
        timeline.seek(cursor)
    assert cursor == places[start]
    assert Seen.of_past(timeline, cursor) == shown


@given(runs(), by_hand, st.lists(st.sampled_from(("place", "-place", "bar", "-bar")), max_size=40))
def test_a_walk_ends_where_the_jump_ends(drawn: Drawn, orders: dict[int, Order], walk: list[str]) -> None:
    timeline = Timeline(grown(drawn, orders))
    places = all_places(timeline)
    ends = [timeline.end_of_step(step) for step in range(-1, timeline.run.step_count)]
    cursor = places[len(places) // 2]
    for name in walk:
        if name == "place":
            there = next((one for one in places if one.order > cursor.order), cursor)
            cursor = timeline.next_place(cursor)
        elif name == "-place":
            there = next((one for one in reversed(places) if one.order < cursor.order), cursor)
            cursor = timeline.previous_place(cursor)
        elif name == "bar":
            there = next((one for one in ends if one.order > cursor.order), cursor)
            cursor = timeline.next_bar(cursor)
        else:
            there = next((one for one in reversed(ends) if one.step < cursor.step), START)
            cursor = timeline.previous_bar(cursor)
        assert cursor == there
    assert Seen.of_past(timeline, cursor) == Seen.of_past(Timeline(timeline.run), cursor)


def test_at_the_ends_of_a_run_there_is_nowhere_to_go() -> None:
    timeline = Timeline(bought())
    assert timeline.next_place(timeline.head) == timeline.next_bar(timeline.head) == timeline.head
    assert timeline.previous_place(START) == timeline.previous_bar(START) == START
    begun = Timeline(backtest(bars_of("A", "100"), {}))
    assert {begun.next_place(START), begun.next_bar(START), begun.previous_place(START), begun.head} == {START}


def test_from_inside_a_fill_one_comes_to_its_ends() -> None:
    timeline = Timeline(bought())
    inside = timeline.after(3)  # its position has changed, its cash has not
    assert timeline.next_place(inside) == Cursor(1, Phase.OPEN, 5)
    assert timeline.previous_place(inside) == Cursor(1, Phase.REQUESTS, 2)


def test_from_inside_a_bar_one_comes_to_its_end_and_to_that_of_the_bar_before() -> None:
    timeline = Timeline(bought())
    inside = Cursor(1, Phase.LEG_1, 5)
    assert timeline.next_bar(inside) == timeline.end_of_step(1)
    assert timeline.previous_bar(inside) == timeline.end_of_step(0) == timeline.previous_bar(timeline.end_of_step(1))
    assert timeline.previous_bar(timeline.end_of_step(0)) == START
    assert timeline.next_bar(START) == timeline.end_of_step(0)


@pytest.mark.parametrize(("sequence", "expected"), [(0, 1), (1, 2), (2, 5), (3, 5), (4, 5)])
def test_the_first_whole_place_after_a_fact_is_after_the_last_fact_of_its_fill(sequence: int, expected: int) -> None:
    timeline = Timeline(bought())
    assert timeline.whole_after(sequence) == timeline.after(expected - 1)
    assert is_whole(timeline.run.journal.rows[expected - 1])


def test_what_a_person_asked_for_comes_after_the_call_of_a_strategy_that_asked_for_nothing() -> None:
    made = backtest(bars_of("A", "100", "100"), {})
    made.step()
    timeline = Timeline(made)
    before = timeline.head
    made.command(Submit(Order("A", BUY, 1)))
    assert timeline.places(0)[-3:] == [before, *(Cursor(0, Phase.STRATEGY, count) for count in (1, 2))]
    assert timeline.previous_place(timeline.next_place(before)) == before
