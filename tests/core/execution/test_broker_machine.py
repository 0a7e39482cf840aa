"""The broker and the market simulator against the brute-force walk, whatever is asked for and whatever the bars are.

The machine draws settings, bars and orders, and lets the walk of `brute_force.py` go first. At its end the program runs
over the same bars, asks for the same, and has to agree after every step: each fill, each order, cash and position. The
journal has to keep the invariants O1 to O6. And the machine is no echo: a broken rule is caught by it.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, TypeAlias

import pytest
from attrs import define, field
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from core.backtest.loop import Backtest
from core.backtest.settings import Settings, Timing
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.clock import Phase as Moment
from core.errors import InvalidFillError
from core.events import (
    Event,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    OrderTriggered,
    PathAmbiguous,
    RequestRefused,
)
from core.execution.costs import Commission, Slippage
from core.execution.path import LimitRule, PathRule
from core.execution.terms import CashRule
from core.fill import Fill, FillRule
from core.order import LEGAL_MOVES, Order, OrderStatus, OrderType, Side, TimeInForce, TrackedOrder
from core.reason import Code
from tests.core.builders import at
from tests.core.execution.brute_force import BUY, COST_QUANTA, LIMITS, SELL, STOPS, Ask, Bar, BruteForce, Row, Rules
from tests.generators import cents

HOURS = 9
"""From one step to the next: some days have three steps, some two."""
LOWEST, WIDTH = 1_000, 40
"""The band of all prices, in cents."""
KINDS = tuple(OrderType.__members__)
LIVES = ("GTC", "GTC", "GTC", "DAY", "GTD", "IOC", "FOK")
Call: TypeAlias = tuple[Any, ...]
"""Something that a strategy asks for: a word, and what goes with it."""

places = st.integers(LOWEST, LOWEST + WIDTH)
distances = st.integers(-4, 16)
sides = st.sampled_from((BUY, SELL))
units = st.integers(1, 12)
lives = st.sampled_from(LIVES)
bars = st.tuples(st.integers(-4, 4), places, places, places, st.integers(-4, 40))
"""A gap at the open, the close, and two prices that the bar reached; and the volume, with which there may be no bar."""
orders = st.tuples(sides, units, st.sampled_from(KINDS), distances, distances, lives, st.integers(-1, 3))
"""Side, quantity, kind, how far its two prices lie, life, and how many steps a GTD order lives."""
Drawn: TypeAlias = tuple[int, int, str, int, int, str, int]
DrawnBar: TypeAlias = tuple[int, int, int, int, int]
moments = st.sampled_from((False, False, False, True))
"""Whether something is asked for inside a bar, when the next order fills."""


def bar_of(drawn: DrawnBar, before: int) -> Bar | None:
    """Return a bar; None where there is none. One that does not know its volume is rare."""
    gap, last, one, other, volume = drawn
    first = min(max(before + gap * abs(gap) // 2, LOWEST), LOWEST + WIDTH)
    four = (first, last, one, other)
    if volume < -1:
        return None if volume < -2 else Bar(first, max(four), min(four), last, None)
    return Bar(first, max(four), min(four), last, max(volume, 0))


def stamp(step: int) -> int:
    """Return when a step is, in hours."""
    return HOURS * step


def time_of(hours: int) -> datetime:
    return at(0) + timedelta(hours=hours)


def price_of(price: int | None) -> Decimal | None:
    return None if price is None else cents(price)


def order_of(ask: Ask) -> Order:
    """Return an order as the program takes it."""
    return Order(
        "A",
        Side(ask.side),
        Decimal(ask.quantity),
        type=OrderType[ask.kind],
        limit_price=price_of(ask.limit),
        stop_price=price_of(ask.stop),
        trail_amount=price_of(ask.trail),
        time_in_force=TimeInForce[ask.life],
        good_till=None if ask.good_till is None else time_of(ask.good_till),
    )


def settings_of(rules: Rules) -> Settings:
    """Return the settings as the program takes them."""
    return Settings(
        initial_capital=cents(rules.capital),
        tick_size=cents(rules.tick),
        path=PathRule[rules.path],
        limit_rule=LimitRule.THROUGH if rules.through else LimitRule.TOUCH,
        cash_rule=CashRule[rules.cash_rule],
        allow_short=rules.allow_short,
        timing=Timing.SAME_CLOSE if rules.same_close else Timing.NEXT_OPEN,
        volume_cap=None if rules.cap is None else cents(rules.cap),
        slippage=Slippage(ticks=rules.slippage),
        costs=Commission(per_unit=Decimal(rules.rate).scaleb(-3), minimum=cents(rules.minimum)),
    )


def ask_now(now: Now, call: Call) -> None:
    """Ask the program for what the walk was asked for."""
    match call:
        case ("submit", ask):
            now.submit(order_of(ask))
        case ("submit_oco", *asks):
            now.submit_oco(*map(order_of, asks))
        case ("submit_bracket", *asks):
            now.submit_bracket(*map(order_of, asks))
        case ("cancel", order_id):
            now.cancel(order_id)
        case ("amend", order_id, quantity, limit, stop):
            now.amend(order_id, quantity=quantity, limit_price=price_of(limit), stop_price=price_of(stop))


@define
class Repeating(Strategy):
    """Ask at each step and after each fill for what the walk was asked for."""

    steps: list[list[Call]]
    answers: dict[int, Call]

    def on_bar(self, now: Now) -> None:
        for call in self.steps[now.step]:
            ask_now(now, call)

    def on_fill(self, now: Now, fill: Fill) -> None:
        if fill.id in self.answers:
            ask_now(now, self.answers[fill.id])


class Seen(NamedTuple):
    """What is compared after a step."""

    cash: Decimal
    held: Decimal
    fills: list[tuple[Any, ...]]
    refused: list[tuple[int, str]]
    ambiguities: list[tuple[Any, ...]]
    orders: dict[int, tuple[Any, ...]]


def row_as_seen(row: Row) -> tuple[Any, ...]:
    is_over = OrderStatus[row.status].is_final
    stop = None if row.status == "REJECTED" else row.stop
    progress = (row.filled, row.remaining, row.given_up, row.asleep)
    asked = (row.ask.quantity, price_of(row.ask.limit))
    return (row.status, row.code if is_over else None, *asked, *progress, row.triggered, price_of(stop))


def order_as_seen(one: TrackedOrder) -> tuple[Any, ...]:
    code = one.reason.code.name if one.reason is not None and one.status.is_final else None
    stop = None if one.status is OrderStatus.REJECTED else one.stop_price
    progress = (one.filled_quantity, one.remaining_quantity, one.given_up_quantity, one.asleep_quantity)
    asked = (one.order.quantity, one.order.limit_price)
    return (one.status.name, code, *asked, *progress, one.is_triggered, stop)


class BrokerMachine(RuleBasedStateMachine):
    """Let the walk have any bars and any orders, and then the program the same."""

    @initialize(
        chosen=st.fixed_dictionaries(
            {
                "capital": st.sampled_from((40_000, 10_000_000, 10_000_000)),
                "tick": st.sampled_from((1, 1, 5)),
                "path": st.sampled_from(("WORST", "WORST", "NEAREST", "HIGH_FIRST", "LOW_FIRST")),
                "through": st.booleans(),
                "cash_rule": st.sampled_from(("REJECT", "REDUCE", "ALLOW_MARGIN")),
                "allow_short": st.sampled_from((False, True, True)),
                "same_close": st.booleans(),
                "cap": st.sampled_from((None, 25, 50)),
                "slippage": st.sampled_from((0, 0, 1, 3)),
                "rate": st.sampled_from((0, 5, 15)),
                "minimum": st.sampled_from((0, 0, 100)),
            }
        ),
        first=bars,
        held=st.sampled_from((0, 30)),
    )
    def begin(self, chosen: dict[str, Any], first: DrawnBar, held: int) -> None:
        self.chosen = Rules(**chosen)
        self.walk = BruteForce(self.chosen, self.answer)
        self.bars: list[Bar | None] = []
        self.calls: list[list[Call]] = []
        self.answers: dict[int, Call] = {}
        self.waiting: list[Callable[[], Call]] = []
        self.seen: list[Seen] = []
        self.known: set[int] = set()
        self.go_on(first)
        if held:
            self.ask(lambda: ("submit", Ask(BUY, held)), in_answer=False)

    @property
    def last_price(self) -> int:
        return LOWEST + WIDTH // 2 if self.walk.close is None else self.walk.close

    def go_on(self, drawn: DrawnBar) -> None:
        """Let the walk go one step on."""
        bar, step = bar_of(drawn, self.last_price), len(self.bars)
        self.bars.append(bar)
        self.calls.append([])
        self.walk.step(stamp(step), time_of(stamp(step)).toordinal(), bar)

    def end_step(self) -> None:
        """Keep how the walk ends its step."""
        walk = self.walk
        walk.fill_at_close()
        fresh = {**walk.open, **{number: row for number, row in walk.over.items() if number not in self.known}}
        self.known.update(walk.over)
        self.seen.append(
            Seen(
                cents(walk.cash),
                Decimal(walk.held),
                [(one.order_id, one.quantity, cents(one.price), cents(one.commission)) for one in walk.fills],
                sorted(walk.refused),
                [(one.path, cents(one.at_stake), one.orders) for one in walk.ambiguities],
                {number: row_as_seen(row) for number, row in fresh.items()},
            )
        )
        for facts in (walk.fills, walk.refused, walk.ambiguities):
            facts.clear()

    def answer(self, fill_id: int) -> None:
        """Ask inside a bar for what was drawn for the next fill."""
        if self.waiting:
            self.answers[fill_id] = call = self.waiting.pop(0)()
            self.ask_walk(call)

    def ask_walk(self, call: Call) -> None:
        word, *what = call
        getattr(self.walk, word)(*what)

    def ask(self, make: Callable[[], Call], *, in_answer: bool) -> None:
        """Ask now, or inside a bar, once the next order fills."""
        if in_answer:
            self.waiting.append(make)
        else:
            self.calls[-1].append(make())
            self.ask_walk(self.calls[-1][-1])

    @rule(drawn=st.lists(bars, min_size=1, max_size=3))
    def next_bars(self, drawn: list[DrawnBar]) -> None:
        for one in drawn:
            self.end_step()
            self.go_on(one)

    @rule(order=orders, in_answer=moments)
    def submit(self, order: Drawn, in_answer: bool) -> None:
        self.ask(lambda: ("submit", self.ask_of(order)), in_answer=in_answer)

    @rule(group=st.lists(orders, min_size=2, max_size=3), in_answer=moments)
    def submit_oco(self, group: list[Drawn], in_answer: bool) -> None:
        self.ask(lambda: ("submit_oco", *map(self.ask_of, group)), in_answer=in_answer)

    @rule(entry=orders, exits=st.lists(orders, min_size=1, max_size=2), in_answer=moments)
    def submit_bracket(self, entry: Drawn, exits: list[Drawn], in_answer: bool) -> None:
        alike = [(-entry[0], entry[1], *one[2:]) for one in exits]
        self.ask(lambda: ("submit_bracket", *map(self.ask_of, (entry, *alike))), in_answer=in_answer)

    @precondition(lambda self: self.walk.last_id)
    @rule(which=st.integers(0, 40), in_answer=moments)
    def cancel(self, which: int, in_answer: bool) -> None:
        self.ask(lambda: ("cancel", self.choose(which)), in_answer=in_answer)

    @precondition(lambda self: self.walk.last_id)
    @rule(
        which=st.integers(0, 40),
        quantity=st.none() | units,
        limit=st.none() | distances,
        stop=st.none() | distances,
        in_answer=moments,
    )
    def amend(self, which: int, quantity: int | None, limit: int | None, stop: int | None, in_answer: bool) -> None:
        def make() -> Call:
            order_id = self.choose(which)
            ask = (self.walk.open | self.walk.over)[order_id].ask
            new_limit = None if limit is None or ask.kind not in LIMITS else self.near(-ask.side * limit)
            new_stop = None if stop is None or ask.kind not in STOPS else self.near(ask.side * stop)
            return ("amend", order_id, quantity, new_limit, new_stop)

        self.ask(make, in_answer=in_answer)

    def choose(self, which: int) -> int:
        """Choose an order, nearly always an open one."""
        open_ids = sorted(self.walk.open)
        return open_ids[which % len(open_ids)] if open_ids and which != 7 else max(1, self.walk.last_id - which)

    def near(self, distance: int) -> int:
        """Return a price near the last one, on the tick but for a few."""
        price = self.last_price + distance
        return price if abs(distance) == 13 else price - price % self.chosen.tick

    def ask_of(self, drawn: Drawn) -> Ask:
        """Place most limits below the price for a purchase, most stops above it; and the other way round for a sale."""
        side, quantity, kind, one, other, life, steps = drawn
        good_till = stamp(len(self.bars) - 1 + steps) if life == "GTD" else None
        made = Ask(side, quantity, kind, None, None, None, life, good_till)
        match kind:
            case "LIMIT":
                return made._replace(limit=self.near(-side * one))
            case "STOP":
                return made._replace(stop=self.near(side * one))
            case "STOP_LIMIT":
                return made._replace(stop=self.near(side * one), limit=self.near(side * (one + other)))
            case "TRAILING_STOP":
                first = self.near(side * one) if other % 2 else None
                return made._replace(stop=first, trail=abs(other) // self.chosen.tick * self.chosen.tick)
        return made

    def teardown(self) -> None:
        """Let the program have the same."""
        if not hasattr(self, "walk"):
            return
        if not any(self.bars):
            self.next_bars([(0, LOWEST, LOWEST, LOWEST, 0)])
        self.end_step()
        run = Backtest(self.given_bars(), Repeating(self.calls, self.answers), settings_of(self.chosen))
        marks = [0, 0]
        for seen in self.seen:
            assert run.step()
            assert see(run, marks, seen.orders) == seen
        check_journal(run, self.bars, self.chosen)

    def given_bars(self) -> list[Bars]:
        """Return the bars, and those of a second symbol that make a step of each time."""
        rows = [
            (time_of(stamp(step)), *map(cents, bar[:4]), None if bar.volume is None else Decimal(bar.volume))
            for step, bar in enumerate(self.bars)
            if bar is not None
        ]
        clock = [(time_of(stamp(step)), *[Decimal(1)] * 4) for step in range(len(self.bars))]
        return [Bars.from_rows("A", rows), Bars.from_rows("CLOCK", clock)]


def see(run: Backtest, marks: list[int], orders: Iterable[int]) -> Seen:
    """Return how the program ends its step; the marks say up to where its journal and fills have been seen."""
    fills, journal = run.broker.fills(), run.journal
    events = [
        journal[number]
        for number in range(marks[0], len(journal))
        if journal.rows[number][2] in (RequestRefused, PathAmbiguous)
    ]
    ambiguous = [one for one in events if isinstance(one, PathAmbiguous)]
    new_fills, marks[:] = fills[marks[1] :], (len(journal), len(fills))
    return Seen(
        run.portfolio.get_cash_balance(),
        run.portfolio.get_position("A").quantity,
        [(one.order_id, one.quantity, one.price, one.commission) for one in new_fills],
        sorted((one.order_id, one.reason.code.name) for one in events if isinstance(one, RequestRefused)),
        [(one.path.upper(), one.at_stake, frozenset(order for order, _ in one.notes)) for one in ambiguous],
        {number: order_as_seen(run.broker.get_order(number)) for number in orders},
    )


STATUS_AFTER = {
    OrderAccepted: OrderStatus.ACCEPTED,
    OrderRejected: OrderStatus.REJECTED,
    OrderTriggered: OrderStatus.TRIGGERED,
    OrderCanceled: OrderStatus.CANCELED,
    OrderExpired: OrderStatus.EXPIRED,
}


@define
class Audit:
    """O1 to O5, and what is called ambiguous, on what was recorded alone."""

    bars: list[Bar | None]
    cap: int | None
    orders: dict[int, Order] = field(factory=dict)
    eligible_steps: dict[int, int] = field(factory=dict)
    status: dict[int, OrderStatus] = field(factory=dict)
    filled: Counter[int] = field(factory=Counter)
    traded: Counter[int] = field(factory=Counter)
    ambiguous: set[tuple[int, int]] = field(factory=set)
    at_stake: Decimal = Decimal(0)

    def check(self, step: int, phase: Moment, event: Event) -> None:
        match event:
            case OrderSubmitted(order_id=number, order=order):
                self.orders[number], self.status[number] = order, OrderStatus.SUBMITTED
                self.eligible_steps[number] = event.eligible_step
            case OrderAmended(order_id=number, order=order):
                assert self.status[number].is_open
                self.orders[number] = order
            case OrderFilled(order_id=number, fill=fill):
                self.check_fill(step, event)
                is_ambiguous = Moment.LEG_1 <= phase <= Moment.LEG_3 and (step, number) in self.ambiguous
                assert is_ambiguous == any(note.code is Code.AMBIGUOUS for note in fill.notes)
            case OrderEvent(order_id=number) if type(event) in STATUS_AFTER:
                self.move(number, STATUS_AFTER[type(event)])
            case PathAmbiguous(at_stake=at_stake, notes=notes):
                self.at_stake += at_stake
                self.ambiguous.update((step, number) for number, _ in notes)

    def move(self, number: int, status: OrderStatus) -> None:
        assert status in LEGAL_MOVES[self.status[number]]  # O1
        self.status[number] = status

    def check_fill(self, step: int, event: OrderFilled) -> None:
        number, fill, bar = event.order_id, event.fill, self.bars[step]
        order = self.orders[number]
        self.filled[number] += int(fill.quantity)
        self.traded[step] += int(fill.quantity)
        is_filled = self.filled[number] == order.quantity
        self.move(number, OrderStatus.FILLED if is_filled else OrderStatus.PARTIALLY_FILLED)
        assert 0 <= event.remaining_quantity <= order.quantity - self.filled[number]  # O2
        assert (fill.symbol, fill.side) == (order.symbol, order.side)  # O3
        assert step >= self.eligible_steps[number] - (fill.rule is FillRule.SAME_CLOSE)  # O3
        assert bar is not None
        assert cents(bar.low) <= fill.price <= cents(bar.high)  # O4
        if order.limit_price is not None:
            assert fill.side.sign * (order.limit_price - fill.price) >= 0  # O4
        if self.cap is not None and bar.volume is not None:
            assert self.traded[step] <= bar.volume * self.cap // 100  # O5


def check_journal(run: Backtest, bars: list[Bar | None], rules: Rules) -> None:
    """Check O1 to O6 on what was recorded, whatever the walk says."""
    audit = Audit(bars, rules.cap)
    for number, (step, phase, kind, _) in enumerate(run.journal.rows):
        if issubclass(kind, OrderEvent | PathAmbiguous):
            audit.check(step, phase, run.journal[number])
    assert run.money_at_stake == audit.at_stake
    for one in run.broker.orders():
        assert one.status is audit.status[one.id]
        assert one.filled_quantity == audit.filled[one.id]  # O2
        assert min(one.remaining_quantity, one.given_up_quantity) >= 0  # O2
        assert (one.status is OrderStatus.FILLED) == (one.filled_quantity == one.order.quantity > 0)  # O2
    for fill in run.broker.fills()[:1]:
        with pytest.raises(InvalidFillError):
            run.broker.execute_fill(fill)  # O6


TestBroker = BrokerMachine.TestCase
if os.environ.get("CI") == "true":
    TestBroker.settings = settings(max_examples=1_000, stateful_step_count=100)


def _increases_wait_no_longer(self: BruteForce, row: Row) -> tuple[bool, int]:
    return False, row.place


def _trailing_stops_go_back_too(self: BruteForce, row: Row) -> None:
    if row.ask.kind == "TRAILING_STOP" and row.awake and not row.triggered:
        row.stop = self.trailed(row, self.place)


def _siblings_are_left_alone(self: BruteForce, row: Row, quantity: int) -> None:
    pass


def _the_worst_path_is_the_nearest(self: BruteForce, bar: Bar) -> tuple[int, ...]:
    rules, self.rules = self.rules, replace(self.rules, path=self.rules.path.replace("WORST", "NEAREST"))
    kept = choose_path(self, bar)
    self.rules = rules
    return kept


def _an_order_tested_once_goes_on(self: BruteForce, row: Row) -> None:
    row.ask = row.ask._replace(life="GTC")


def _a_stop_limit_pays_slippage_ever_after(self: BruteForce, place: int, direction: int) -> None:
    triggered = [row for row in self.open.values() if row.triggered_here]
    move(self, place, direction)
    for row in triggered:
        row.triggered_here = True


def _what_is_new_at_an_instant_rests(self: BruteForce, row: Row) -> int:
    is_new, row.is_new = row.is_new, False
    found = price(self, row)
    row.is_new = is_new
    return found


def _a_short_keeps_its_proceeds_alone(self: BruteForce, delta: int, price: int = 0, fee: int = 0) -> int:
    cash, held, cost = self.booked(delta, price, fee)
    return cash * COST_QUANTA - (abs(cost) if held < 0 else 0)


def _an_exit_fills_and_its_entry_goes_on(self: BruteForce, row: Row, code: str) -> None:
    if code != "CHILD_FILLED":
        cancel_rest(self, row, code)


choose_path, move = BruteForce.choose_path, BruteForce.move
price, cancel_rest = BruteForce.price, BruteForce.cancel_rest


class TestCanary:
    """A difference in one rule is found within the examples that the machine has."""

    BROKEN: ClassVar = {
        "line": _increases_wait_no_longer,
        "follow": _trailing_stops_go_back_too,
        "lose": _siblings_are_left_alone,
        "choose_path": _the_worst_path_is_the_nearest,
        "end_untouched": _an_order_tested_once_goes_on,
        "move": _a_stop_limit_pays_slippage_ever_after,
        "price": _what_is_new_at_an_instant_rests,
        "free": _a_short_keeps_its_proceeds_alone,
        "cancel_rest": _an_exit_fills_and_its_entry_goes_on,
    }

    @pytest.mark.parametrize("rule_name", BROKEN)
    def test_a_broken_rule_is_found(self, rule_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(BruteForce, rule_name, self.BROKEN[rule_name])
        with pytest.raises(AssertionError):
            run_without_shrinking()


def run_without_shrinking() -> None:
    """Run the machine with the examples that it has in CI, and stop at the first failure as it was found."""
    run_state_machine_as_test(
        BrokerMachine,
        settings=settings(
            max_examples=1_000,
            stateful_step_count=100,
            derandomize=True,
            phases=[Phase.generate],
            database=None,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
