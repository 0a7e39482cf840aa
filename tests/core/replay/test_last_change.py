"""To stand in the past: the one cursor of a timeline, and the ways to move it."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import Phase
from core.errors import ExpressionError, InputError, StepOutOfRangeError
from core.order import Order
from core.replay.conditions import Change
from core.replay.cursor import START, Cursor
from core.replay.expression import parse_expression
from core.replay.search import Search
from core.replay.timeline import CursorMoved, Timeline
from tests.core.builders import Action, at, backtest, bars_of, run
from tests.core.replay.test_places import all_places, by_hand, grow, grown
from tests.core.replay.test_timeline_properties import Drawn, Seen, runs


def traded() -> Timeline:
    """Buy 10 at 110 in the second of five bars and sell 4 at 90 in the fourth; closes 100, 115, 120, 90 and 90.

    Facts: 0 and 1 submitted and accepted, 2 to 4 the fill; 5 and 6, 7 to 9.
    """
    steps: dict[int, Action] = {0: lambda now: now.buy("A", 10), 2: lambda now: now.sell("A", 4)}
    return Timeline(run(bars_of("A", "100", "110/120/105/115", "120", "90", "90"), steps))


BOUGHT, SOLD = Cursor(1, Phase.OPEN, 5), Cursor(3, Phase.OPEN, 10)


def mark(step: int, sequence: int) -> Cursor:
    return Cursor(step, Phase.MARK, sequence)


# --- to stand somewhere


def test_one_stands_before_the_first_step_to_begin_with() -> None:
    timeline = traded()
    assert timeline.cursor == START
    assert not timeline.is_at_head
    timeline.seek(timeline.head)
    assert timeline.is_at_head


def test_to_stand_somewhere_is_told_once_to_everybody_who_asked() -> None:
    timeline, told, others = traded(), list[object](), list[object]()
    stop = timeline.subscribe(told.append)
    timeline.subscribe(others.append)
    assert timeline.seek(BOUGHT).get_position("A").quantity == 10
    timeline.seek(BOUGHT)
    timeline.seek(START)
    assert told == others == [CursorMoved(START, BOUGHT), CursorMoved(BOUGHT, START)]
    stop()
    stop()
    timeline.seek(SOLD)
    assert (len(told), len(others)) == (2, 3)


def test_the_cursor_has_moved_before_it_is_told_and_who_is_told_may_stop_listening() -> None:
    timeline, seen = traded(), list[Cursor]()

    def hear(_: CursorMoved) -> None:
        seen.append(timeline.cursor)
        stop()

    stop = timeline.subscribe(hear)
    timeline.seek(BOUGHT)
    timeline.seek(SOLD)
    assert seen == [BOUGHT]


def test_a_run_that_goes_on_leaves_the_head() -> None:
    made = backtest(bars_of("A", "100", "110"), {})
    timeline = Timeline(made)
    made.step()
    timeline.seek(timeline.head)
    made.step()
    assert not timeline.is_at_head
    assert timeline.cursor == timeline.end_of_step(0)


ELSEWHERE = {
    "after the head": Cursor(5, Phase.OPEN, 10),
    "far after it": Cursor(100, Phase.STRATEGY, 1000),
    "before the start": Cursor(-1, Phase.CORPORATE_ACTIONS, 0),
    "far before it": Cursor(-2, Phase.STRATEGY, 0),
    "after more facts than there are": Cursor(4, Phase.STRATEGY, 11),
    "in a step after facts of a later one": Cursor(0, Phase.MARK, 10),
    "in a step after more facts than there are": Cursor(0, Phase.MARK, 10**6),
    "in a step without the facts of those before": Cursor(3, Phase.MARK, 4),
    "in a step after less than no fact": Cursor(2, Phase.MARK, -3),
}


@pytest.mark.parametrize("cursor", ELSEWHERE.values(), ids=ELSEWHERE)
def test_where_nothing_was_recorded_one_cannot_stand(cursor: Cursor) -> None:
    timeline, told = traded(), list[object]()
    timeline.seek(BOUGHT)
    timeline.subscribe(told.append)
    with pytest.raises(InputError, match=f"^cannot seek to bar {cursor.step + 1}: bars 1 to 5 are recorded$"):
        timeline.seek(cursor)
    assert (timeline.cursor, told) == (BOUGHT, [])
    assert timeline.seek(timeline.head).get_cash_balance() == 100_000 - 1_100 + 360


@given(runs(), by_hand)
def test_one_can_stand_at_every_place_and_see_the_moment_there(drawn: Drawn, orders: dict[int, Order]) -> None:
    timeline = Timeline(grown(drawn, orders))
    inside = [timeline.after(number) for number in range(len(timeline.run.journal))]
    for place in [*all_places(timeline), *inside]:
        assert timeline.seek(place).cursor == timeline.cursor == place


def test_to_step_back_is_to_the_end_of_the_bar_before_or_one_place() -> None:
    timeline = traded()
    timeline.seek(Cursor(3, Phase.LEG_2, 10))
    assert timeline.step_back() == timeline.cursor == timeline.end_of_step(2)
    assert timeline.step_back() == timeline.end_of_step(1)
    assert timeline.step_back(by_event=True) == Cursor(1, Phase.MARK, 5)
    assert [timeline.step_back(by_event=True).sequence for _ in range(6)] == [5, 5, 5, 5, 5, 2]
    assert [timeline.step_back() for _ in range(3)] == [timeline.end_of_step(0), START, START]
    assert timeline.step_back(by_event=True) == START


@given(runs(), st.lists(st.booleans(), max_size=30))
def test_to_step_back_changes_nothing_that_was_recorded(drawn: Drawn, steps: list[bool]) -> None:
    timeline = Timeline(drawn.run())
    before, shown = timeline.run.journal.canonical_bytes(), Seen.of_past(timeline, timeline.head)
    timeline.seek(timeline.head)
    for by_event in steps:
        timeline.step_back(by_event=by_event)
    assert timeline.run.journal.canonical_bytes() == before
    assert Seen.of_past(timeline, timeline.head) == shown == Seen.of_run(timeline.run)


# --- where a number was changed

CHANGES = {
    "cash": [BOUGHT, SOLD],
    'position["A"]': [BOUGHT, SOLD],
    'average["A"]': [BOUGHT],
    "realized": [SOLD],
    'close["A"]': [mark(0, 0), mark(1, 5), mark(2, 5), mark(3, 10)],  # the last bar closes where the one before did
    "equity": [BOUGHT, mark(1, 5), mark(2, 5), SOLD],  # marked at 100 inside its bar, and sold at 90, where it is
    "bar": [mark(0, 0), BOUGHT, mark(2, 5), SOLD, mark(4, 10)],
    'position["A"] > 5': [BOUGHT],
    "7": [],
}
CHANGES["equity"].insert(4, mark(3, 10))


@pytest.mark.parametrize(("number", "places"), CHANGES.items(), ids=CHANGES)
def test_the_changes_of_a_number_are_found_back_and_forward(number: str, places: list[Cursor]) -> None:
    timeline = traded()
    found = list[Cursor]()
    while (place := timeline.last_change(number, forward=True)) is not None:
        timeline.seek(place)
        found.append(place)
    assert found == places
    timeline.seek(timeline.head)
    while (place := timeline.last_change(number)) is not None:
        timeline.seek(place)
        assert place == found.pop()
    assert not found


def test_between_two_changes_a_number_is_the_same() -> None:
    timeline = traded()
    timeline.seek(Cursor(2, Phase.MARK, 5))
    assert timeline.last_change("cash") == BOUGHT
    assert timeline.last_change("cash", forward=True) == SOLD
    assert timeline.cursor == Cursor(2, Phase.MARK, 5)


def test_a_number_that_cannot_be_read_is_an_error() -> None:
    timeline = traded()
    for _ in range(2):
        with pytest.raises(ExpressionError, match=r'^position is of a symbol: write position\["A"\]: »position$'):
            timeline.last_change("position")


@given(runs(), by_hand, st.sampled_from(sorted(CHANGES)), st.integers(0, 10**4))
def test_the_last_change_is_the_nearest_of_all_as_far_as_the_run_has_come(
    drawn: Drawn, orders: dict[int, Order], number: str, where: int
) -> None:
    timeline = None
    for made in grow(drawn, orders):
        timeline = timeline or Timeline(made)
        places = all_places(timeline)
        timeline.seek(places[where % len(places)])
        every = list(Search(timeline, Change(parse_expression(number, made.feed.places))).all())
        before = [place for place in every if place.order < timeline.cursor.order]
        after = [place for place in every if place.order > timeline.cursor.order]
        assert timeline.last_change(number) == next(reversed(before), None)
        assert timeline.last_change(number, forward=True) == next(iter(after), None)


@given(runs(), by_hand, st.sampled_from(sorted(CHANGES)))
def test_a_number_is_another_where_it_was_changed_and_the_same_from_there_to_the_head(
    drawn: Drawn, orders: dict[int, Order], number: str
) -> None:
    timeline = Timeline(grown(drawn, orders))
    read = parse_expression(number, timeline.run.feed.places).value
    timeline.seek(timeline.head)
    change = timeline.last_change(number)
    places = all_places(timeline)
    # a fact may change the clock where the next place is a phase before it
    since = [place for place in places if change is None or place.order >= change.order]
    if number != "bar":
        values = [read(timeline.at(place)) for place in since]
        if values[-1] != values[0]:  # it was changed at the head itself, where one stands
            timeline.seek(timeline.previous_place(timeline.head))
            assert timeline.last_change(number, forward=True) == timeline.head
            values.pop()
        assert len(set(values)) == 1
    if change is not None:
        assert change in places


# --- where a time is


def test_a_time_is_at_its_bar_or_at_the_next_with_a_note() -> None:
    timeline = Timeline(run(bars_of("A", "100", "-", "110", "120"), {}))  # the steps are at 0, 2 and 3 days
    assert timeline.find_time(at(2)) == (timeline.end_of_step(1), "")
    gap = "no bar at 2024-01-03 21:00: the next is at 2024-01-04 21:00"
    assert timeline.find_time(at(1)) == (timeline.end_of_step(1), gap)
    cursor, note = timeline.find_time(datetime(1999, 1, 1, tzinfo=UTC))
    assert (cursor, note) == (timeline.end_of_step(0), "no bar at 1999-01-01 00:00: the next is at 2024-01-02 21:00")
    assert timeline.find_time(at(3) - timedelta(microseconds=1))[0] == timeline.end_of_step(2)


def test_a_time_is_told_in_utc_as_the_bars_are() -> None:
    timeline = traded()
    east = timezone(timedelta(hours=9))
    assert timeline.find_time(at(1).astimezone(east)) == (timeline.end_of_step(1), "")
    note = "no bar at 2024-01-03 09:00: the next is at 2024-01-03 21:00"
    assert timeline.find_time(datetime(2024, 1, 3, 18, tzinfo=east)) == (timeline.end_of_step(1), note)
    with pytest.raises(InputError, match=r"^there is no bar at 2024-02-01 00:00 or later: the last is at "):
        timeline.find_time(datetime(2024, 2, 1, 9, tzinfo=east))


def test_after_the_last_bar_there_is_no_time() -> None:
    with pytest.raises(
        InputError, match=r"^there is no bar at 2024-01-06 21:01 or later: the last is at 2024-01-06 21:00$"
    ):
        traded().find_time(at(4) + timedelta(minutes=1))


def test_a_bar_that_was_not_executed_yet_is_not_there() -> None:
    made = backtest(bars_of("A", "100", "110", "120"), {})
    timeline = Timeline(made)
    with pytest.raises(StepOutOfRangeError, match=r"^cannot seek to step 0: no step is recorded$"):
        timeline.find_time(at(0))
    made.step()
    assert timeline.find_time(at(0)) == (timeline.end_of_step(0), "")
    with pytest.raises(StepOutOfRangeError, match=r"^cannot seek to step 1: steps 0 to 0 are recorded$"):
        timeline.find_time(at(0) + timedelta(minutes=1))


def test_the_equity_that_a_number_is_compared_with_is_that_of_the_moment() -> None:
    timeline = traded()
    assert timeline.seek(BOUGHT).equity == Decimal(99_900)  # 98,900 + 10 x 100
    change = timeline.last_change("equity", forward=True)
    assert change == mark(1, 5)
    assert timeline.seek(change).equity == 100_050
