"""A moment of the past is what the run showed there, whatever was asked for (invariants T1 to T3)."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from attrs import define, field, fields
from hypothesis import event, given
from hypothesis import strategies as st

from core.backtest.loop import Backtest
from core.backtest.settings import Settings, Timing
from core.backtest.strategy import Now
from core.bars import Bars
from core.clock import Phase
from core.corporate_action import CorporateAction
from core.events import OrderEvent, OrderFilled, OrderSubmitted, PathAmbiguous
from core.execution.order_record import OrderRecord
from core.execution.order_tracker import OrderTracker
from core.execution.path import PathRule
from core.fill import Fill
from core.order import TrackedOrder
from core.reason import Reason
from core.replay.chapters import Ambiguity, FillEffect, Happening, StillOpen, Submission, Waiting
from core.replay.cursor import Cursor
from core.replay.explain import PastBars, explain_order, explain_step
from core.replay.timeline import Timeline
from core.risk.values import PortfolioValues
from tests.generators import PATHS, SYMBOLS, Planned, cents, corporate_actions, markets, plans, run_settings, volumes

NOTED_FOR_LATER = {"instant", "just_triggered", "wait", "cost", "day"}
"""What the broker notes of an order to find its next fill, its claim or its end, and no fact says."""
KEPT = [one.name for one in fields(OrderRecord) if one.name not in NOTED_FOR_LATER]


@st.composite
def finer_bars(draw: st.DrawFn, bars: Bars) -> list[Bars]:
    """Draw up to three finer bars for each bar; none where no bar has any."""
    rows = []
    for bar in map(bars.bar, range(len(bars))):
        low, high, parts = int(bar.low * 100), int(bar.high * 100), draw(st.integers(0, 3))
        for part in range(parts):
            lowest, *inner, highest = sorted(draw(st.lists(st.integers(low, high), min_size=4, max_size=4)))
            opened, close = draw(st.permutations(inner))
            time = bar.time - timedelta(hours=parts - 1 - part)
            rows.append((time, *map(cents, (opened, highest, lowest, close)), draw(volumes)))
    return [Bars.from_rows(bars.symbol, rows)] if rows else []


class Drawn(NamedTuple):
    """A run to be made: over bars that finer ones stand for, where its path says so."""

    bars: list[Bars]
    finer: list[Bars]
    plan: Planned
    settings: Settings
    actions: Sequence[CorporateAction] = ()

    def backtest(self, plan: Planned | None = None) -> Backtest:
        """Return it, not begun."""
        return Backtest(self.bars, plan or self.plan.again(), self.settings, self.finer, actions=self.actions)

    def run(self) -> Backtest:
        """Return it, over."""
        made = self.backtest()
        made.run()
        return made


@st.composite
def runs_with_actions(draw: st.DrawFn) -> Drawn:
    """Draw a run in which symbols are split and pay dividends."""
    drawn = draw(runs())
    actions = draw(corporate_actions([bars.symbol for bars in drawn.bars]))
    return drawn._replace(actions=actions)


@st.composite
def runs(draw: st.DrawFn, /, **told: st.SearchStrategy[Any]) -> Drawn:
    """Draw a run, over finer bars in one of five; with those settings drawn as told."""
    market, plan = draw(markets(fewest_steps=4)), draw(plans())
    settings = draw(run_settings(path=st.sampled_from((*PATHS, PathRule.SUBBARS)), **told))
    is_finer = settings.path is PathRule.SUBBARS
    finer = [one for bars in market.bars for one in draw(finer_bars(bars))] if is_finer else []
    return Drawn(market.bars, finer, plan, settings)


any_runs = st.one_of(runs(), runs_with_actions())
"""Half of them with splits and dividends."""


def books(view: PortfolioValues) -> dict[str, Any]:
    """Return all that can be read of positions and cash."""
    money = (view.get_cash_balance(), view.equity, view.capital, view.income)
    pnl = (view.realized_pnl, view.unrealized_pnl, view.commissions)
    risk = (view.gross_exposure, view.net_exposure, view.leverage, view.drawdown, view.drawdown_ratio)
    marks = [view.get_mark(symbol) for symbol in (*SYMBOLS, "NONE")]
    held = (dict(view.get_all_positions()), [view.get_position(symbol) for symbol in SYMBOLS])
    return {"money": money, "pnl": pnl, "risk": risk, "marks": marks, "held": held, "time": view.timestamp}


def records(orders: OrderTracker) -> list[dict[str, Any]]:
    """Return how far every order came, as it is kept."""
    return [{name: getattr(record, name) for name in KEPT} for record in orders.all_records()]


class Seen(NamedTuple):
    """What a run shows."""

    books: dict[str, Any]
    orders: list[TrackedOrder]
    open_orders: list[TrackedOrder]
    records: list[dict[str, Any]]

    @classmethod
    def of_run(cls, run: Backtest) -> "Seen":
        broker = run.broker
        return cls(books(run.portfolio), broker.orders(), broker.open_orders(), records(broker.tracker))

    @classmethod
    def of_past(cls, timeline: Timeline, cursor: Cursor) -> "Seen":
        moment = timeline.at(cursor)
        orders = [moment.get_order(number + 1) for number in range(len(moment.orders))]
        return cls(books(moment), orders, moment.open_orders(), records(moment.orders))


@define
class Watching(Planned):
    """Look at each call inside a bar."""

    look: Callable[[], None] = field(default=lambda: None, init=False)

    def on_fill(self, now: Now, fill: Fill) -> None:
        self.look()
        super().on_fill(now, fill)

    def on_order(self, now: Now, order: TrackedOrder) -> None:
        self.look()
        super().on_order(now, order)


@given(any_runs)
def test_the_end_of_each_step_is_what_the_run_showed_there(drawn: Drawn) -> None:
    run, shown = drawn.backtest(), list[Seen]()
    while run.step():
        shown.append(Seen.of_run(run))
        timeline = Timeline(run)
        assert Seen.of_past(timeline, timeline.end_of_step(run.clock.step)) == shown[-1]
    timeline = Timeline(run)
    for step in reversed(range(len(shown))):
        assert Seen.of_past(timeline, timeline.end_of_step(step)) == shown[step]


@given(any_runs)
def test_each_place_inside_a_step_is_what_a_call_of_the_strategy_saw_there(drawn: Drawn) -> None:
    watching = Watching(drawn.plan.steps, drawn.plan.answers, is_looking=False)
    run, seen = drawn.backtest(watching), list[tuple[Cursor, Seen]]()
    watching.look = lambda: seen.append(
        (Cursor(run.clock.step, run.clock.phase, len(run.journal)), Seen.of_run(run)),
    )
    run.run()
    timeline = Timeline(run)
    for cursor, shown in seen:
        assert Seen.of_past(timeline, cursor) == shown
        after = timeline.after(cursor.sequence - 1)
        assert after <= cursor
        event(f"seen in {after.phase.name}")


@given(any_runs)
def test_the_steps_are_the_moments_at_their_ends(drawn: Drawn) -> None:
    run = drawn.run()
    timeline, steps = Timeline(run), 0
    for step, moment in enumerate(timeline.steps()):
        cursor, steps = timeline.end_of_step(step), step + 1
        assert moment.cursor == cursor
        at_once = timeline.at(cursor)
        assert books(moment) == books(at_once)
        assert records(moment.orders) == records(at_once.orders)
    assert steps == run.step_count
    later = list(timeline.steps(run.step_count - 1))
    assert [one.cursor for one in later] == [timeline.end_of_step(run.step_count - 1)]


@given(any_runs)
def test_looking_at_the_past_and_explaining_changes_no_fact_that_follows(drawn: Drawn) -> None:
    run = drawn.backtest()
    while run.step():
        before, timeline = len(run.journal), Timeline(run)
        for cursor in (timeline.end_of_step(run.clock.step), timeline.end_of_step(run.clock.step // 2)):
            books(timeline.at(cursor))
        for order in run.broker.orders():
            list(explain_order(run, order.id))
        assert len(run.journal) == before
    assert run.journal.canonical_bytes() == drawn.run().journal.canonical_bytes()


# --- explanations


@given(any_runs)
def test_the_past_says_why_an_order_was_open_as_the_run_did_and_there_is_a_reason(drawn: Drawn) -> None:
    run, shown = drawn.backtest(), list[dict[int, Reason | None]]()
    while run.step():
        shown.append({order.id: run.why_open(order.id) for order in run.broker.orders()})
        assert all(shown[-1][order.id] for order in run.broker.open_orders())
    met = PastBars(run)
    for reasons, moment in zip(shown, Timeline(run).steps(), strict=True):
        assert {order_id: explain_step(run, moment, order_id) for order_id in reasons} == reasons
        assert {order_id: explain_step(run, moment, order_id, met) for order_id in reasons} == reasons
        for reason in reasons.values():
            event(reason.code.name if reason else "no reason")


def facts_about(run: Backtest, order_id: int) -> list[object]:
    """Return every fact about an order, and every note that the path of a bar matters to it."""
    facts: list[object] = []
    for fact in run.journal:
        if isinstance(fact, PathAmbiguous):
            facts += [note for concerned, note in fact.notes if concerned == order_id]
        elif isinstance(fact, OrderFilled) and fact.order_id == order_id:
            facts.append((fact.fill, fact.remaining_quantity))
        elif isinstance(fact, OrderEvent) and fact.order_id == order_id:
            facts.append(fact)
    return facts


@given(any_runs)
def test_a_story_tells_every_fact_about_an_order_and_every_step_that_it_waited(drawn: Drawn) -> None:
    run, waited = drawn.backtest(), list[tuple[int, int]]()
    while run.step():
        step = run.clock.step
        open_records = run.broker.tracker.open_records()
        waited += [(record.id, step) for record in open_records if record.eligible_step <= step]
    for order in run.broker.orders():
        told: list[object] = []
        chapters = list(explain_order(run, order.id))
        for chapter in chapters:
            match chapter:
                case Submission(event=fact) | Happening(event=fact):
                    told.append(fact)
                case FillEffect(fill=fill, remaining=remaining):
                    told.append((fill, remaining))
                case Ambiguity(reason=note):
                    told.append(note)
        assert told == facts_about(run, order.id)
        assert isinstance(chapters[0], Submission)
        assert [one.step for one in chapters] == sorted(one.step for one in chapters)
        waits = [one.step for one in chapters if isinstance(one, Waiting)]
        assert waits == [step for order_id, step in waited if order_id == order.id]
        assert [type(one) for one in chapters].count(StillOpen) == order.status.is_open
        assert isinstance(chapters[-1], StillOpen) == order.status.is_open


@given(runs())
def test_what_fills_did_adds_up_from_the_first_to_the_last(drawn: Drawn) -> None:
    run = drawn.run()
    chapters = [one for order in run.broker.orders() for one in explain_order(run, order.id)]
    effects = sorted((one for one in chapters if isinstance(one, FillEffect)), key=lambda one: one.fill.id)
    assert [one.fill for one in effects] == run.broker.fills()
    cash, held = drawn.settings.initial_capital, dict[str, Decimal]()
    for one in effects:
        fill, before, after = one.fill, one.before, one.after
        assert (before.cash, before.position.quantity) == (cash, held.get(fill.symbol, Decimal(0)))
        cash, held[fill.symbol] = after.cash, after.position.quantity
        assert after.cash - before.cash == -fill.quantity_delta * fill.price - fill.commission
        assert after.position.quantity - before.position.quantity == fill.quantity_delta
        assert before.mark == after.mark
        gained = one.realized_pnl + after.unrealized_pnl - before.unrealized_pnl - fill.commission
        assert after.equity - before.equity == (gained if after.mark else -fill.commission)
        assert one.bar.low <= fill.price <= one.bar.high
    assert cash == run.portfolio.get_cash_balance()


@given(runs(timing=st.just(Timing.NEXT_OPEN)))
def test_what_led_to_an_order_is_the_books_and_the_bar_that_the_strategy_saw(drawn: Drawn) -> None:
    run, plan = drawn.backtest(drawn.plan), drawn.plan
    run.run()
    seen = {step: now for step, now in plan.seen if isinstance(now, dict)}
    for sequence, fact in enumerate(run.journal):
        if isinstance(fact, OrderSubmitted):
            told, symbol = next(iter(explain_order(run, fact.order_id))), fact.order.symbol
            assert isinstance(told, Submission)
            assert told.event == fact
            is_inside = run.journal.phase_of(sequence) is not Phase.STRATEGY
            shown = seen[told.step - is_inside]
            bar, indicators = shown["bars"][symbol]
            assert (told.bar, dict(told.indicators), told.books.mark) == (bar, indicators, bar.close)
            if not is_inside:  # else a fill has come between
                assert (told.books.cash, told.books.equity) == shown["money"][:2]
                assert told.books.position == shown["held"][symbol]
