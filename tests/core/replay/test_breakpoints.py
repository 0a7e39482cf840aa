"""Breakpoints: where a run stops by itself; forward, backward and all at once they are the same places."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from core.backtest.command import Submit
from core.backtest.loop import Backtest
from core.clock import Phase
from core.errors import ExpressionError, InputError
from core.events import (
    ActionEvent,
    DividendPaid,
    Event,
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    OrderTriggered,
    PositionClosed,
    PositionEvent,
    PositionOpened,
    PositionSplit,
    SplitApplied,
)
from core.order import BUY, Order, TimeInForce
from core.reason import Code
from core.replay import search as search_module
from core.replay.breakpoints import Breakpoints, read_breakpoint, read_condition
from core.replay.conditions import FACTS, About, Change, Condition, Fact, Older
from core.replay.cursor import START, Cursor
from core.replay.expression import parse_expression
from core.replay.moment import Moment
from core.replay.search import Search
from core.replay.timeline import Timeline
from tests.core.builders import Action, at, backtest, bars_of, run
from tests.core.replay.test_places import by_hand, grow, grown
from tests.core.replay.test_timeline_properties import Drawn, runs, runs_with_actions

# --- every place, found by looking at each


def goes_on(fact: Event) -> bool:
    """Say whether a fact is followed by the rest of a fill or of a split."""
    if isinstance(fact, PositionSplit):
        return fact.cash != 0
    return isinstance(fact, (OrderFilled, PositionEvent)) or (isinstance(fact, SplitApplied) and fact.held != 0)


def points_of(made: Backtest) -> list[Cursor]:
    """Return every place at which the books add up after a fact, and the mark of every bar."""
    journal, facts, found = made.journal, list(made.journal), list[Cursor]()
    for step in range(-1, made.step_count):
        numbers = [number for number in range(len(facts)) if journal.step_of(number) == step]
        inside = [number for number in numbers if journal.phase_of(number) is not Phase.STRATEGY]
        later = [number for number in numbers if journal.phase_of(number) is Phase.STRATEGY]
        before = sum(journal.step_of(number) < step for number in range(len(facts)))
        found += [Cursor(step, journal.phase_of(one), one + 1) for one in inside if not goes_on(facts[one])]
        if step >= 0:
            found.append(Cursor(step, Phase.MARK, before + len(inside)))
        found += [Cursor(step, Phase.STRATEGY, one + 1) for one in later if not goes_on(facts[one])]
    return found


def after_facts(made: Backtest, holds: Callable[[Event, Event | None], bool]) -> list[Cursor]:
    """Return the places after facts of a kind: where one belongs to a fill, after that."""
    facts, found = list(made.journal), list[Cursor]()
    for number, fact in enumerate(facts):
        if holds(fact, facts[number - 1] if number else None):
            last = next(later for later in range(number, len(facts)) if not goes_on(facts[later]))
            found.append(Cursor(made.journal.step_of(last), made.journal.phase_of(last), last + 1))
    return found


def where_older(made: Backtest, bars: int, symbol: str | None = None) -> list[Cursor]:
    """Return the marks at which an open order is one bar older than so many."""
    timeline = Timeline(made)
    asked = {
        fact.order_id: made.journal.step_of(number)
        for number, fact in enumerate(made.journal)
        if isinstance(fact, OrderSubmitted)
    }
    return [
        place
        for place in points_of(made)
        if place.phase is Phase.MARK
        and any(
            place.step - asked[order.id] == bars + 1 and symbol in (None, order.order.symbol)
            for order in timeline.at(place).open_orders()
        )
    ]


def where_true(made: Backtest, holds: Callable[[Moment], object]) -> list[Cursor]:
    """Return the places at which something begins to hold."""
    timeline, found = Timeline(made), list[Cursor]()
    did = bool(holds(timeline.start()))
    for place in points_of(made):
        does = bool(holds(timeline.at(place)))
        if does and not did:
            found.append(place)
        did = does
    return found


def where_other(made: Backtest, value: Callable[[Moment], object]) -> list[Cursor]:
    """Return the places at which a value has changed."""
    timeline, found = Timeline(made), list[Cursor]()
    was = value(timeline.start())
    for place in points_of(made):
        now = value(timeline.at(place))
        if now != was:
            found.append(place)
        was = now
    return found


Scan: TypeAlias = Callable[[Backtest], list[Cursor]]


def fact(kind: type[Event], symbol: str | None = None, holds: Callable[[Event], bool] = lambda _: True) -> Scan:
    """Return what scans for a kind of fact, of one symbol or of all."""

    def scan(made: Backtest) -> list[Cursor]:
        symbols = {one.id: one.order.symbol for one in made.broker.orders()}

        def fits(one: Event, _: Event | None) -> bool:
            if not isinstance(one, kind) or not holds(one):
                return False
            its = one.symbol if isinstance(one, (PositionEvent, ActionEvent)) else symbols[getattr(one, "order_id", 0)]
            return symbol in (None, its)

        return after_facts(made, fits)

    return scan


def is_partial(one: Event) -> bool:
    return isinstance(one, OrderFilled) and one.remaining_quantity > 0


def is_ambiguous(one: Event) -> bool:
    return isinstance(one, OrderFilled) and Code.AMBIGUOUS in [note.code for note in one.fill.notes]


def has_code(code: Code) -> Callable[[Event], bool]:
    return lambda one: isinstance(one, (OrderRejected, OrderCanceled, OrderExpired)) and one.reason.code is code


def where_flipped(made: Backtest) -> list[Cursor]:
    def fits(one: Event, before: Event | None) -> bool:
        if not isinstance(one, PositionOpened) or not isinstance(before, PositionClosed):
            return False
        return (one.symbol, one.fill_id) == (before.symbol, before.fill_id)

    return after_facts(made, fits)


def about(order_id: int) -> Scan:
    return lambda made: after_facts(made, lambda one, _: isinstance(one, OrderEvent) and one.order_id == order_id)


SCANS: Mapping[str, Scan] = {
    "fill": fact(OrderFilled),
    "fill A": fact(OrderFilled, "A"),
    "partial": fact(OrderFilled, holds=is_partial),
    "ambiguous": fact(OrderFilled, holds=is_ambiguous),
    "order": fact(OrderSubmitted),
    "order A": fact(OrderSubmitted, "A"),
    "rejection": fact(OrderRejected),
    "rejection A": fact(OrderRejected, "A"),
    "rejection CASH_MUST_COVER_PURCHASE": fact(OrderRejected, holds=has_code(Code.CASH_MUST_COVER_PURCHASE)),
    "rejection A POSITION_MUST_COVER_SALE": fact(OrderRejected, "A", has_code(Code.POSITION_MUST_COVER_SALE)),
    "trigger": fact(OrderTriggered),
    "trigger A": fact(OrderTriggered, "A"),
    "cancel": fact(OrderCanceled),
    "cancel SIBLING_FILLED": fact(OrderCanceled, holds=has_code(Code.SIBLING_FILLED)),
    "expiry": fact(OrderExpired),
    "expiry EXPIRED": fact(OrderExpired),
    "opened": fact(PositionOpened),
    "opened A": fact(PositionOpened, "A"),
    "closed": fact(PositionClosed),
    "flipped": where_flipped,
    "split": fact(SplitApplied),
    "split A": fact(SplitApplied, "A"),
    "dividend": fact(DividendPaid),
    "#1": about(1),
    "#2": about(2),
    "#5": about(5),
    "#1000": about(1000),
    "older 1": lambda made: where_older(made, 1),
    "older 2": lambda made: where_older(made, 2),
    "older 1 A": lambda made: where_older(made, 1, "A"),
    "older 4": lambda made: where_older(made, 4),
}
HOLDS: Mapping[str, Callable[[Moment], object]] = {
    "net < 0": lambda now: now.realized_pnl + now.unrealized_pnl - now.commissions < 0,
    "net > 0.50": lambda now: now.realized_pnl + now.unrealized_pnl - now.commissions > Decimal("0.5"),
    "equity < cash": lambda now: now.equity < now.get_cash_balance(),
    "equity > 0": lambda now: now.equity > 0,
    "cash < equity - 50": lambda now: now.get_cash_balance() < now.equity - 50,
    'position["A"] != 0': lambda now: now.get_position("A").quantity,
    'position["A"] < 0': lambda now: now.get_position("A").quantity < 0,
    'position["A"] == 0 and bar > 3': lambda now: now.get_position("A").quantity == 0 and now.cursor.step >= 3,
    'not position["A"] > 0': lambda now: not now.get_position("A").quantity > 0,
    'average["A"] > 10': lambda now: now.get_position("A").quantity and (now.get_position("A").average_price or 0) > 10,
    "drawdown_ratio > 0.001": lambda now: now.drawdown_ratio > Decimal("0.001"),
    "drawdown == 0": lambda now: now.drawdown == 0,
    'close["A"] > 10': lambda now: (now.get_mark("A") or 0) > 10,
    'close["A"] > open["A"]': lambda now: (now.get_price("A", 3) or 0) > (now.get_price("A", 0) or 0),
    'high["A"] - low["A"] > 0.50': lambda now: now.get_mark("A") and spread(now) > Decimal("0.5"),
    "bar == 3": lambda now: now.cursor.step == 2,
    "bar > 4 or equity != cash": lambda now: now.cursor.step > 3 or now.equity != now.get_cash_balance(),
    "equity_low < equity - 1": lambda now: now.lowest_equity < now.equity - 1,
    "leverage > 0.2": lambda now: (now.leverage or 0) > Decimal("0.2"),
    "gross_exposure > 100": lambda now: now.gross_exposure > 100,
    "net_exposure < 0": lambda now: now.net_exposure < 0,
    "realized < 0 or commissions > 1": lambda now: now.realized_pnl < 0 or now.commissions > 1,
    '1 / position["A"] > 0.1': lambda now: 0 < now.get_position("A").quantity < 10,
}
NUMBERS: Mapping[str, Callable[[Moment], object]] = {
    "equity": lambda now: now.equity,
    "cash": lambda now: now.get_cash_balance(),
    "equity_low": lambda now: now.lowest_equity,
    "drawdown_ratio": lambda now: now.drawdown_ratio,
    "leverage": lambda now: now.leverage,
    "unrealized": lambda now: now.unrealized_pnl,
    "bar": lambda now: now.cursor.step,
    "equity < cash": lambda now: now.equity < now.get_cash_balance(),
    'position["A"]': lambda now: now.get_position("A").quantity,
    'average["A"]': lambda now: now.get_position("A").average_price,
    'close["A"]': lambda now: now.get_mark("A"),
    'low["A"] + bar': lambda now: now.get_mark("A") and (now.get_price("A", 2) or 0) + now.cursor.step,
    'realized["A"]': lambda now: now.get_position("A").realized_pnl,
    "7": lambda _: 7,
}


def spread(now: Moment) -> Decimal:
    high, low = now.get_price("A", 1), now.get_price("A", 2)
    assert high is not None
    assert low is not None
    return high - low


class Directions:
    """The places of a condition, as each way of searching finds them."""

    def __init__(self, timeline: Timeline, condition: Condition) -> None:
        self._timeline = timeline
        self._searches = [Search(timeline, condition) for _ in range(3)]

    def found(self) -> list[Cursor]:
        """Return the places as far as the run has come; fail where two ways differ."""
        forward, backward, at_once = self._searches
        places = list(at_once.all())
        assert list(_walk(START, forward.after)) == list(_walk(START, at_once.after)) == places
        head = self._timeline.head
        back = [head] if places[-1:] == [head] else []
        assert back + list(_walk(head, backward.before)) == places[::-1]
        assert back + list(_walk(head, at_once.before)) == places[::-1]
        assert [at_once.count_to(place) for place in places] == list(range(1, len(places) + 1))
        assert forward.count_to(head) == backward.count_to(head) == len(places)
        return places


def _walk(cursor: Cursor, go: Callable[[Cursor], Cursor | None]) -> Iterator[Cursor]:
    while (following := go(cursor)) is not None:
        yield following
        cursor = following


def check(
    drawn: Drawn,
    orders: Mapping[int, Order],
    stretch: int,
    looks: Sequence[bool],
    wanted: Mapping[str, tuple[Callable[[Timeline], Condition], Scan]],
) -> None:
    """Search a run while it grows, and again when it is over, and compare with what every place shows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_module, "STRETCH", stretch)
        seen: list[tuple[Cursor, dict[str, list[Cursor]]]] = []
        searches: dict[str, Directions] = {}
        for number, made in enumerate(grow(drawn, orders)):
            timeline = Timeline(made)
            searches = searches or {name: Directions(timeline, make(timeline)) for name, (make, _) in wanted.items()}
            if looks[number % len(looks)] or made.is_over:
                seen.append((timeline.head, {name: one.found() for name, one in searches.items()}))
        for name, (make, scan) in wanted.items():
            expected = scan(made)
            event(f"{name}: {'found' if expected else 'not met'}")
            for head, found in seen:
                there = [place for place in expected if place.order <= head.order]
                assert found[name] == there, name
            assert Directions(timeline, make(timeline)).found() == expected


some_looks = st.lists(st.booleans(), min_size=1, max_size=5)
stretches = st.integers(1, 7)


def some(texts: Mapping[str, object]) -> st.SearchStrategy[list[str]]:
    """Draw some of the texts."""
    return st.lists(st.sampled_from(sorted(texts)), min_size=5, max_size=9, unique=True)


def reading(text: str) -> Callable[[Timeline], Condition]:
    return lambda timeline: read_condition(text, timeline.run.feed.places)


def changing(text: str) -> Callable[[Timeline], Condition]:
    return lambda timeline: Change(parse_expression(text, timeline.run.feed.places))


caps = st.sampled_from((None, Decimal("0.1"), Decimal("0.02")))


@given(runs(volume_cap=caps), by_hand, stretches, some_looks, some(SCANS))
def test_facts_and_ages_are_found_from_both_sides_where_they_are(
    drawn: Drawn, orders: dict[int, Order], stretch: int, looks: list[bool], texts: list[str]
) -> None:
    check(drawn, orders, stretch, looks, {text: (reading(text), SCANS[text]) for text in texts})


@given(runs_with_actions(), by_hand, stretches, some_looks)
def test_what_splits_and_dividends_change_is_found_from_both_sides(
    drawn: Drawn, orders: dict[int, Order], stretch: int, looks: list[bool]
) -> None:
    facts = {text: (reading(text), SCANS[text]) for text in ("split", "split A", "dividend", "#1", "cancel")}
    numbers = {
        text: (changing(text), scan_other(text)) for text in ("equity", "cash", 'position["A"]', "drawdown_ratio")
    }
    check(drawn, orders, stretch, looks, facts | numbers)


def scan_true(text: str) -> Scan:
    return lambda made: where_true(made, HOLDS[text])


def scan_other(text: str) -> Scan:
    return lambda made: where_other(made, NUMBERS[text])


@given(runs(), by_hand, stretches, some_looks, some(HOLDS))
def test_conditions_are_found_from_both_sides_where_they_begin_to_hold(
    drawn: Drawn, orders: dict[int, Order], stretch: int, looks: list[bool], texts: list[str]
) -> None:
    check(drawn, orders, stretch, looks, {text: (reading(text), scan_true(text)) for text in texts})


@given(runs(), by_hand, stretches, some_looks, some(NUMBERS))
def test_changes_are_found_from_both_sides_where_a_number_is_another(
    drawn: Drawn, orders: dict[int, Order], stretch: int, looks: list[bool], texts: list[str]
) -> None:
    check(drawn, orders, stretch, looks, {text: (changing(text), scan_other(text)) for text in texts})


def test_every_kind_of_fact_is_scanned_for() -> None:
    assert set(FACTS) <= set(SCANS)


@given(runs(), by_hand, stretches, st.lists(st.tuples(st.sampled_from(sorted(SCANS)), st.integers(0, 3)), max_size=4))
def test_of_several_breakpoints_the_nearest_stop_and_those_that_are_off_do_not(
    drawn: Drawn, orders: dict[int, Order], stretch: int, wanted: list[tuple[str, int]]
) -> None:
    timeline = Timeline(grown(drawn, orders))
    expected: dict[Cursor, list[int]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_module, "STRETCH", stretch)
        breakpoints = Breakpoints(timeline)
        breakpoints.add("order").is_on = False
        for text, ignored in wanted:
            made = breakpoints.add(f"{text} ignore {ignored}")
            for place in SCANS[text](timeline.run)[ignored:]:
                expected.setdefault(place, []).append(made.id)
        in_order = sorted(expected.items(), key=lambda one: one[0].order)
        found, cursor = [], START
        while stop := breakpoints.after(cursor):
            cursor = stop[0]
            found.append((cursor, [one.id for one in stop[1]]))
        assert found == in_order
        cursor = timeline.head._replace(sequence=timeline.head.sequence + 1)  # beyond the head
        while stop := breakpoints.before(cursor):
            cursor = stop[0]
            assert (cursor, [one.id for one in stop[1]]) == found.pop()
        assert not found


# --- places that were worked out by hand


def traded() -> Timeline:
    """Buy 10 at 110, ask for too much, buy 5 more with a limit that is met at 120, sell all, and rest.

    The closes are 100, 115, 120, 90 and 95, 95. Facts: 0 and 1 submitted and accepted, 2 to 4 the fill; 5 and 6
    submitted and rejected, 7 and 8 submitted and accepted; 9 to 11 the fill, 12 and 13 submitted and accepted; 14 to 16
    the fill, 17 and 18 submitted and accepted, for a day; 19 expired.
    """
    steps: dict[int, Action] = {
        0: lambda now: now.buy("A", 10),
        1: lambda now: (now.buy("A", 10**6), now.buy("A", 5, limit_price=120)),
        2: lambda now: now.sell("A", 15),
        3: lambda now: now.buy("A", 1, limit_price=50, time_in_force=TimeInForce.DAY),
    }
    bars = [bars_of("A", "100", "110/120/105/115", "120", "90", "95", "95"), bars_of("B", "5", "5", "5", "5", "5", "5")]
    return Timeline(run(bars, steps, initial_capital=Decimal(10_000)))


PLACES = {
    "order": [(0, "STRATEGY", 1), (1, "STRATEGY", 6), (1, "STRATEGY", 8), (2, "STRATEGY", 13), (3, "STRATEGY", 18)],
    "fill": [(1, "OPEN", 5), (2, "OPEN", 12), (3, "OPEN", 17)],
    "fill A": [(1, "OPEN", 5), (2, "OPEN", 12), (3, "OPEN", 17)],
    "fill B": [],
    "partial": [],
    "rejection": [(1, "STRATEGY", 7)],
    "rejection CASH_MUST_COVER_PURCHASE": [(1, "STRATEGY", 7)],
    "rejection SHORT_NOT_ALLOWED": [],
    "expiry": [(5, "REQUESTS", 20)],
    "opened": [(1, "OPEN", 5)],
    "closed": [(3, "OPEN", 17)],
    "flipped": [],
    "#3": [(1, "STRATEGY", 8), (1, "STRATEGY", 9), (2, "OPEN", 12)],
    "#2": [(1, "STRATEGY", 6), (1, "STRATEGY", 7)],
    "#9": [],
    "older 1": [],
    "cash < 9000": [(1, "OPEN", 5)],  # 10,000 - 10 x 110 = 8,900; then 8,300
    "cash == 8300": [(2, "OPEN", 12)],
    "equity > 10000": [(1, "MARK", 5)],  # 8,900 + 10 x 115 = 10,050
    "equity > 10099": [(2, "MARK", 12)],  # 8,300 + 15 x 120 = 10,100
    "equity < 10000": [(1, "OPEN", 5), (3, "OPEN", 17)],  # 8,900 + 10 x 100 before the mark; 8,300 + 15 x 90
    "drawdown > 400": [(3, "OPEN", 17)],  # from 10,100
    "equity_low < 10000": [(3, "MARK", 17)],
    'close["A"] < 100': [(3, "MARK", 17)],
    'close["A"] < 100 and close["A"] > 90': [(4, "MARK", 19)],
    "bar == 3": [(2, "OPEN", 12)],
    "bar == 6": [(5, "REQUESTS", 20)],
    'position["A"] > 10 or close["A"] > 119': [(2, "OPEN", 12)],
    'average["A"] > 111': [(2, "OPEN", 12)],  # 1,700 for 15
    'not position["A"] == 0': [(1, "OPEN", 5)],
    "equity > 0": [],  # from the start on
    "1 > 2": [],
}


@pytest.mark.parametrize(("text", "places"), PLACES.items(), ids=PLACES)
def test_a_condition_is_met_at_these_places(text: str, places: list[tuple[int, str, int]]) -> None:
    timeline = traded()
    condition = read_condition(text, timeline.run.feed.places)
    assert [(one.step, one.phase.name, one.sequence) for one in Search(timeline, condition).all()] == places
    assert Directions(timeline, condition).found() == [Cursor(step, Phase[phase], n) for step, phase, n in places]


def test_an_order_gets_older_than_so_many_bars_once_at_a_mark() -> None:
    bars = [bars_of("A", *["100"] * 6), bars_of("B", *["5"] * 6)]
    steps: dict[int, Action] = {0: lambda now: now.buy("A", 1, limit_price=1), 1: lambda now: now.sell("B", 1)}
    timeline = Timeline(run(bars, steps, allow_short=True))
    found = {text: list(Search(timeline, read_condition(text, "AB")).all()) for text in ("older 1", "older 3 A")}
    assert found["older 1"] == [Cursor(2, Phase.MARK, 7)]
    assert found["older 3 A"] == [Cursor(4, Phase.MARK, 7)]
    assert not list(Search(timeline, Older(3, "B")).all())
    assert not list(Search(timeline, Older(5)).all())  # it is five bars old at the end


def test_what_a_person_asked_for_before_the_first_step_is_found() -> None:
    made = backtest(bars_of("A", "100", "110"), {})
    timeline = Timeline(made)
    searches = [Search(timeline, read_condition(text, "A")) for text in ("order", "#1", "bar > 0")]
    assert [list(one.all()) for one in searches] == [[], [], []]
    made.command(Submit(Order("A", BUY, 10)))
    first = [Cursor(-1, Phase.STRATEGY, sequence) for sequence in (1, 2)]
    assert [list(one.all()) for one in searches] == [first[:1], first, []]
    made.run()
    assert searches[0].before(timeline.head) == searches[1].after(START) == first[0]
    assert list(searches[2].all()) == [Cursor(0, Phase.OPEN, 5)]


def test_what_a_person_asks_for_after_a_search_is_found_by_the_next() -> None:
    made = backtest(bars_of("A", *["100"] * 6), {})
    timeline = Timeline(made)
    made.step()
    made.step()
    searches = [Search(timeline, read_condition(text, "A")) for text in ("order", "older 1", "cash > 100000")]
    assert [list(one.all()) for one in searches] == [[], [], []]
    made.command(Submit(Order("A", BUY, 10, time_in_force=TimeInForce.GTC)))
    made.portfolio.deposit(500, at(1))
    assert list(searches[0].all()) == [Cursor(1, Phase.STRATEGY, 1)]
    assert list(searches[2].all()) == [Cursor(1, Phase.STRATEGY, 3)]
    assert searches[2].before(timeline.head) is None
    made.step()
    found = [list(one.all()) for one in searches]
    assert found == [[Cursor(1, Phase.STRATEGY, 1)], [], [Cursor(1, Phase.STRATEGY, 3)]]


@pytest.mark.parametrize("look", [1, 2, 3, 4])
def test_a_run_that_was_searched_to_the_end_of_a_stretch_goes_on(look: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "STRETCH", 2)
    made = backtest(bars_of("A", *["100"] * 6), {step: lambda now: now.buy("A", 1) for step in range(6)})
    search = Search(Timeline(made), Fact("order"))
    made.run_until(lambda run: run.step_count == look)
    assert [place.step for place in search.all()] == list(range(look))
    made.step()
    assert [place.step for place in search.all()] == list(range(look + 1))
    assert search.count_to(Timeline(made).head) == look + 1


# --- as a person writes them


SYMBOLS = ("A", "B", "BRK.B")
WRITTEN = {
    "fill": (Fact("fill"), 0),
    "  fill   B ": (Fact("fill", "B"), 0),
    "rejection A CASH_MUST_COVER_PURCHASE": (Fact("rejection", "A", Code.CASH_MUST_COVER_PURCHASE), 0),
    "rejection CASH_MUST_COVER_PURCHASE A": (Fact("rejection", "A", Code.CASH_MUST_COVER_PURCHASE), 0),
    "cancel SIBLING_FILLED": (Fact("cancel", None, Code.SIBLING_FILLED), 0),
    "expiry EXPIRED": (Fact("expiry", None, Code.EXPIRED), 0),
    "fill BRK.B ignore 3": (Fact("fill", "BRK.B"), 3),
    "fill ignore 0": (Fact("fill"), 0),
    "older 20": (Older(20), 0),
    "older 1 A": (Older(1, "A"), 0),
    "#12": (About(12), 0),
    "#12  ignore  2 ": (About(12), 2),
}


@pytest.mark.parametrize(("text", "expected"), WRITTEN.items(), ids=WRITTEN)
def test_a_breakpoint_is_read_as_it_is_written(text: str, expected: tuple[Condition, int]) -> None:
    assert read_breakpoint(text, SYMBOLS) == expected


@pytest.mark.parametrize("text", [*SCANS, *HOLDS, "fill ignore 2", "older 3 A ignore 1", "equity < 5 ignore 7"])
def test_what_was_read_is_written_as_it_was(text: str) -> None:
    breakpoints = Breakpoints(traded())
    made = breakpoints.add(text)
    assert made.text == text
    assert breakpoints.find(text) is made


KINDS = ", ".join(FACTS)
WRONG = {
    "": (f"what to wait for: {KINDS}, older, #1, or such as equity < 95000", 0),
    "fill X": ("a symbol must stand here, symbols are A, B, BRK.B", 5),
    "fill fi": ("a symbol must stand here, symbols are A, B, BRK.B", 5),
    "fill A A": ("a symbol must stand here, symbols are A, B, BRK.B", 7),
    "fill A B": ("a symbol must stand here, symbols are A, B, BRK.B", 7),
    "fill EXPIRED": ("a symbol must stand here, symbols are A, B, BRK.B", 5),
    "rejection NONE": ("a symbol, or a reason code must stand here, symbols are A, B, BRK.B", 10),
    "expiry EXPIRED EXPIRED": ("a symbol, or a reason code must stand here, symbols are A, B, BRK.B", 15),
    "fills A": ("fills is unknown: did you mean fill", 0),
    " rejections": ("rejections is unknown: did you mean rejection", 1),
    "older": ("a number of bars must stand here", 5),
    "older A": ("a number of bars must stand here", 6),
    "older o": ("a number of bars must stand here", 6),
    "older -1": ("a number of bars must stand here", 6),
    "older 1.5": ("a number of bars must stand here", 6),
    "older 1 1": ("a symbol must stand here, symbols are A, B, BRK.B", 8),
    "older 2 X": ("a symbol must stand here, symbols are A, B, BRK.B", 8),
    "older 2 A B": ("a symbol must stand here, symbols are A, B, BRK.B", 10),
    "fill ignore": ("a symbol must stand here, symbols are A, B, BRK.B", 5),
    "fill ignore x": ("a number must stand here", 12),
    "fill ignore ": ("a number must stand here", 12),
    "fill ignore -1": ("a number must stand here", 12),
    "#x": ("unexpected #", 0),
    "#1 A": ("unexpected #", 0),
    "equity <": ("a number or a name must stand here", 8),
    "fills": ("fills is unknown: did you mean fill", 0),
}


@pytest.mark.parametrize(("text", "expected"), WRONG.items(), ids=WRONG)
def test_a_breakpoint_that_cannot_be_read_is_an_error_at_its_place(text: str, expected: tuple[str, int]) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_breakpoint(text, SYMBOLS)
    what, start = expected
    assert caught.value.what.startswith(what)
    assert caught.value.start == start


@pytest.mark.parametrize("text", ["#{}", "older {}", "older {} A", "fill ignore {}"])
def test_a_number_of_thousands_of_digits_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_breakpoint(text.format("9" * 5000), SYMBOLS)


def test_a_number_is_no_condition() -> None:
    with pytest.raises(InputError, match=r"^cash is a number: write what it is compared with, such as cash < 0$"):
        read_breakpoint("cash", SYMBOLS)


def test_an_age_is_at_least_one_bar() -> None:
    with pytest.raises(InputError, match=r"^older must be followed by a number of bars from 1, was 0$"):
        read_breakpoint("older 0", SYMBOLS)


WORDS = ["fill", "older", "#1", "A", " ", "ignore", "3", "<", "cash"]


@given(st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_is_read_or_is_an_error_of_the_person(text: str) -> None:
    try:
        condition, ignored = read_breakpoint(text, SYMBOLS)
    except InputError:
        event("an error")
    else:
        assert read_condition(condition.text, SYMBOLS).text == condition.text
        assert ignored >= 0
        event("read")


# --- those of a run


def test_what_is_ignored_is_counted_from_the_start_of_the_run() -> None:
    timeline = traded()
    made = Breakpoints(timeline).add("fill ignore 2")
    fills = list(made.search.all())
    assert made.after(START) == made.after(fills[0]) == made.after(fills[1]) == fills[2]
    assert made.after(fills[2]) is None
    assert made.before(timeline.head) == fills[2]
    assert made.before(fills[2]) is None
    assert [made.hits(place) for place in (START, *fills, timeline.head)] == [0, 1, 2, 3, 3]
    assert Breakpoints(timeline).add("fill ignore 3").after(START) is None


def test_breakpoints_are_numbered_and_no_number_is_given_twice() -> None:
    breakpoints = Breakpoints(traded())
    made = [breakpoints.add(text) for text in ("fill", "order", "#1")]
    assert ([one.id for one in breakpoints], len(breakpoints)) == ([1, 2, 3], 3)
    breakpoints.remove(3)
    assert list(breakpoints) == made[:2]
    assert breakpoints.add("older 3").id == 4
    assert breakpoints.find("#1") is None
    assert breakpoints.find("order") is made[1]
    with pytest.raises(InputError, match=r"^breakpoint 3 is unknown: there are 1, 2, 4$"):
        breakpoints.remove(3)
    with pytest.raises(InputError, match=r"^breakpoint 1 is unknown: there are none$"):
        Breakpoints(traded()).remove(1)


def test_one_that_cannot_be_read_is_not_added() -> None:
    breakpoints = Breakpoints(traded())
    with pytest.raises(ExpressionError):
        breakpoints.add("fill X")
    assert len(breakpoints) == 0
    assert breakpoints.add("fill").id == 1


def test_at_one_place_all_that_stop_there_are_told() -> None:
    timeline = traded()
    breakpoints = Breakpoints(timeline)
    made = [breakpoints.add(text) for text in ("rejection", "fill", "opened", "cash < 9000", "older 100")]
    fill = Cursor(1, Phase.OPEN, 5)
    assert breakpoints.after(START) == (fill, made[1:4])
    made[2].is_on = False
    assert breakpoints.after(START) == (fill, [made[1], made[3]])
    assert breakpoints.before(Cursor(1, Phase.STRATEGY, 7)) == (fill, [made[1], made[3]])
    assert breakpoints.before(fill) is None
    assert breakpoints.after(fill) == (Cursor(1, Phase.STRATEGY, 7), [made[0]])
    for one in made:
        one.is_on = False
    assert breakpoints.after(START) is breakpoints.before(timeline.head) is None
    assert Breakpoints(timeline).after(START) is None
