"""Time, whatever one does with it: steps, looks back, commands by hand, branches, reruns (invariants T1 to T4, T6, T8).

The machine draws a run and lets it go on bit by bit. After each rule the past is still what it was, and looking at it
has appended nothing. At the end the same commands given to the same run make the same bytes. And the machine is no
echo: a broken fold is caught by it.

`LONG=true .venv/bin/pytest -n0 tests/core/replay/test_time_machine.py` runs 1,000 times 100 steps: some ten minutes.
"""

import json
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.backtest.command import Amend, Cancel, Command, Submit
from core.backtest.journal import Row, plain
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.clock import Phase as Moment
from core.corporate_action import CorporateAction
from core.errors import InputError, InvalidOrderError, OrderTransitionError
from core.order import BUY, SELL, Order
from core.replay import orders as orders_module
from core.replay.branch import Branch, Change, branch, with_order, without_order
from core.replay.cursor import START, Cursor
from core.replay.moment import Moment as PastMoment
from core.replay.past_orders import PastOrders
from core.replay.reexecution import Reexecution, again, follow
from core.replay.timeline import Timeline
from core.risk.values import PortfolioValues
from tests.core.builders import backtest, bars_of
from tests.generators import (
    PATHS,
    SYMBOLS,
    Market,
    Planned,
    cents,
    corporate_actions,
    markets,
    offsets,
    plans,
    run_settings,
)

LAST_STEP = 40
numbers = st.integers(0, 10**6)
"""Which of some things, modulo how many there are."""
units = st.integers(1, 40)


def written(view: PortfolioValues, orders: list[Any]) -> bytes:
    """Return what one sees of positions, cash and orders, in the one way in which facts are written."""
    held = view.get_all_positions()
    seen = {
        "cash": plain(view.get_cash_balance()),
        "equity": plain(view.equity),
        "positions": [plain(held[symbol]) for symbol in sorted(held)],
        "orders": [plain(one) for one in orders],
    }
    return json.dumps(seen, sort_keys=True).encode()


def of_run(run: Backtest) -> bytes:
    """Return what a run shows."""
    return written(run.portfolio, run.broker.orders())


def of_past(moment: PastMoment) -> bytes:
    """Return what a moment shows."""
    return written(moment, [moment.get_order(number + 1) for number in range(len(moment.orders))])


class Shown(NamedTuple):
    """What a run showed after a step, when its journal had so many facts."""

    cursor: Cursor
    seen: bytes


class TimeMachine(RuleBasedStateMachine):
    """One run, which goes on and is looked back at."""

    @initialize(
        market=markets(most_steps=LAST_STEP, fewest_steps=8),
        plan=plans(),
        chosen=run_settings(path=st.sampled_from(PATHS)),
        actions=corporate_actions(SYMBOLS, LAST_STEP),
    )
    def begin(self, market: Market, plan: Planned, chosen: Settings, actions: list[CorporateAction]) -> None:
        self.run = Backtest(market.bars, plan, chosen, actions=actions)
        self.timeline = Timeline(self.run)
        self.again = Reexecution(self.run)
        self.shown: list[Shown] = []
        self.fields: dict[int, str] = {}
        self.rows: list[Row] = []
        self.keep()

    def keep(self) -> None:
        """Keep what the run shows now; a command adds to what it showed after the step."""
        run = self.run
        self.shown.append(Shown(Cursor(run.clock.step, Moment.STRATEGY, len(run.journal)), of_run(run)))
        assert isinstance(run.strategy, Planned)
        self.fields[run.clock.step] = str(len(run.strategy.seen))
        before, self.rows = self.rows, list(run.journal.rows)
        assert self.rows[: len(before)] == before  # only ever appended to
        self.timeline.seek(self.timeline.head)

    # --- going on

    @rule(count=st.integers(1, 5))
    def go_on(self, count: int) -> None:
        for _ in range(count):
            if self.run.step():
                self.keep()

    @precondition(lambda self: not self.run.is_over)
    @rule(symbol=st.sampled_from(SYMBOLS), quantity=units, side=st.sampled_from((BUY, SELL)), limit=st.none() | offsets)
    def submit(self, symbol: str, quantity: int, side: Any, limit: int | None) -> None:
        self.give(Submit(Order(symbol, side, quantity, limit_price=self.near(symbol, limit))))

    @precondition(lambda self: not self.run.is_over and self.run.broker.order_count)
    @rule(which=numbers)
    def cancel(self, which: int) -> None:
        self.give(Cancel(self.order_id(which)))

    @precondition(lambda self: not self.run.is_over and self.run.broker.order_count)
    @rule(which=numbers, quantity=st.none() | units, limit=st.none() | offsets)
    def amend(self, which: int, quantity: int | None, limit: int | None) -> None:
        order_id = self.order_id(which)
        order = self.run.broker.get_order(order_id).order
        limit_price = self.near(order.symbol, limit)
        command = Amend(order_id, quantity=quantity, limit_price=limit_price)
        if limit_price is None or order.type.has_limit:
            self.give(command)
            return
        before = dict(self.run.commands)
        with pytest.raises(InvalidOrderError):
            self.run.command(command)
        assert self.run.commands == before

    def give(self, command: Command) -> None:
        self.run.command(command)
        self.keep()

    def near(self, symbol: str, offset: int | None) -> Decimal | None:
        mark = self.run.portfolio.get_mark(symbol)
        return None if offset is None else (mark or cents(1000)) + cents(offset)

    def order_id(self, which: int) -> int:
        """Choose an order, mostly one that is open."""
        open_ids = [one.id for one in self.run.broker.open_orders()]
        ids = open_ids if open_ids and which % 4 else range(1, self.run.broker.order_count + 1)
        return ids[which % len(ids)]

    # --- looking back

    @rule(which=numbers)
    def seek_to_what_was_shown(self, which: int) -> None:
        shown = self.shown[which % len(self.shown)]
        assert of_past(self.timeline.seek(shown.cursor)) == shown.seen  # T2
        assert self.timeline.cursor == shown.cursor

    @rule(which=numbers)
    def seek_to_a_time(self, which: int) -> None:
        if not self.run.step_count:
            with pytest.raises(InputError):
                self.timeline.find_time(self.run.feed.time(0))
            return
        step = which % self.run.step_count
        cursor, note = self.timeline.find_time(self.run.feed.time(step))
        assert (cursor, note) == (self.timeline.end_of_step(step), "")
        assert of_past(self.timeline.seek(cursor)) == self.last_shown(step).seen  # T2

    @precondition(lambda self: self.run.broker.order_count)
    @rule(which=numbers)
    def seek_to_an_order(self, which: int) -> None:
        order_id = 1 + which % self.run.broker.order_count
        moment = self.timeline.seek(self.timeline.find_order(order_id))
        assert len(moment.orders) == order_id
        assert moment.get_order(order_id).filled_quantity == 0

    @rule(by_event=st.booleans(), count=st.integers(1, 6))
    def step_back(self, by_event: bool, count: int) -> None:
        for _ in range(count):
            before = self.timeline.cursor
            after = self.timeline.step_back(by_event=by_event)
            assert after.order < before.order or before == after == self.timeline.places(-1)[0]

    @rule(count=st.integers(1, 6))
    def step_on_by_event(self, count: int) -> None:
        for _ in range(count):
            before = self.timeline.cursor
            self.timeline.seek(self.timeline.next_place(before))
            assert self.timeline.cursor.order > before.order or self.timeline.is_at_head
            assert self.timeline.previous_place(self.timeline.cursor) == before or self.timeline.is_at_head

    def last_shown(self, step: int) -> Shown:
        return next(one for one in reversed(self.shown) if one.cursor.step == step)

    # --- running again

    @rule(which=numbers)
    def ask_for_the_fields(self, which: int) -> None:
        step = which % (self.run.step_count + 1) - 1
        seen = self.again.at(step).fields["_answered"], self.again.at(step).fields["_count"]
        other = again(self.run)
        follow(other, self.run.commands, step)
        assert isinstance(other.strategy, Planned)
        assert seen == (str(other.strategy._answered), str(other.strategy._count))
        assert str(len(other.strategy.seen)) == self.fields[step]

    @precondition(lambda self: self.run.broker.order_count)
    @rule(which=numbers, quantity=units)
    def branch_with_an_order(self, which: int, quantity: int) -> None:
        order_id = self.order_id(which)
        order = self.run.journal.rows[self.timeline.asked_at(order_id)][3][2]
        self.branch(with_order(order_id, evolve(order, quantity=quantity)))

    @precondition(lambda self: self.run.broker.order_count)
    @rule(which=numbers)
    def branch_without_an_order(self, which: int) -> None:
        self.branch(without_order(self.order_id(which)))

    @rule(chosen=run_settings(path=st.sampled_from(PATHS)))
    def branch_with_settings(self, chosen: Settings) -> None:
        self.branch(Change("settings", settings=chosen))

    @precondition(lambda self: self.run.step_count)
    @rule(which=numbers, quantity=units)
    def branch_with_a_command(self, which: int, quantity: int) -> None:
        step = which % self.run.step_count - 1
        self.branch(Change("command", command=(step, Submit(Order("A", BUY, quantity)))))

    @rule()
    def branch_without_a_change(self) -> None:
        made = self.branch(Change("nothing"))
        assert made.divergence is None
        assert made.run.journal.canonical_bytes() == self.run.journal.canonical_bytes()  # T6

    def branch(self, change: Change) -> Branch:
        """Return a branch, which is its parent up to where they part, and leaves it as it was."""
        before = self.run.journal.canonical_bytes()
        made = branch(self.run, change)
        assert self.run.journal.canonical_bytes() == before  # T4
        check_parting(made)
        return made

    # --- what holds after each rule

    @invariant()
    def nothing_was_appended_by_looking(self) -> None:
        if hasattr(self, "run"):
            assert self.run.journal.rows == self.rows  # T3

    @invariant()
    def times_never_fall(self) -> None:
        if hasattr(self, "run"):
            rows = self.run.journal.rows
            places = [(step, phase) for step, phase, _, _ in rows]
            assert places == sorted(places)  # T8
            times = [fields[0] for _, _, _, fields in rows if fields[0] is not None]
            assert times == sorted(times)  # T8

    @invariant()
    def the_past_is_the_fold_of_the_facts_before_it(self) -> None:
        if hasattr(self, "run"):
            shown = self.shown[len(self.run.journal) % len(self.shown)]
            for cursor in (shown.cursor, self.timeline.cursor):
                folded = self.timeline.start()
                for row in self.run.journal.rows[: cursor.sequence]:
                    folded.apply(row)
                folded.stand_at(cursor)
                assert of_past(self.timeline.at(cursor)) == of_past(folded)  # T1
            assert of_past(self.timeline.at(shown.cursor)) == shown.seen  # T1

    def teardown(self) -> None:
        if hasattr(self, "run"):
            for shown in self.shown:
                assert of_past(self.timeline.at(shown.cursor)) == shown.seen  # T1
            other = again(self.run)
            follow(other, self.run.commands, self.run.clock.step)
            lines = list(self.run.journal.canonical_lines())
            assert list(other.journal.canonical_lines()) == lines  # T6
            assert [json.loads(line)["sequence"] for line in lines] == [*range(len(lines))]  # T8


def test_back_from_before_what_was_asked_for_by_hand_is_the_start() -> None:
    made = backtest(bars_of("A", "100"), {})
    made.command(Submit(Order("A", BUY, 1)))
    timeline = Timeline(made)
    assert timeline.step_back() == timeline.step_back(by_event=True) == START
    timeline.seek(timeline.head)
    assert timeline.cursor.sequence == 2
    assert timeline.step_back() == START


CAUSES = ("OrderSubmitted", "CancelRequested", "AmendRequested")


def without_causes(run: Backtest) -> Iterator[str]:
    """Yield every fact as it is written, without the line that asked for it."""
    for line in run.journal.canonical_lines():
        fact = json.loads(line)
        if fact["event"] in CAUSES:
            del fact["cause"]
        yield json.dumps(fact, sort_keys=True)


def check_parting(made: Branch) -> None:
    """Check that a branch is its parent up to where they part, and another thing there (T4)."""
    one, other = list(without_causes(made.parent)), list(without_causes(made.run))
    if made.divergence is None:
        assert one == other
        return
    sequence = made.divergence.sequence
    assert one[:sequence] == other[:sequence]
    assert one[sequence : sequence + 1] != other[sequence : sequence + 1]
    there = [run.journal.rows[sequence] if sequence < len(run.journal) else None for run in (made.parent, made.run)]
    assert [made.divergence.one, made.divergence.other] == there


TestTime = TimeMachine.TestCase
if os.environ.get("LONG") == "true":
    TestTime.settings = settings(max_examples=1_000, stateful_step_count=100)
elif os.environ.get("CI") == "true":
    TestTime.settings = settings(max_examples=200, stateful_step_count=50)
else:
    TestTime.settings = settings(max_examples=25, stateful_step_count=25)


def _fills_are_forgotten(*_: object) -> None:
    pass


def _cash_is_what_it_was(self: PastMoment, *fields: Any) -> None:
    _now, before, _after, *rest = fields
    pay(self, _now, before, before, *rest)


def _positions_stay(self: PastMoment, *fields: Any) -> None:
    _now, symbol, before, _after, _fill_id = fields
    move(self, _now, symbol, before, before, _fill_id)


pay, move = PastMoment._pay, PastMoment._move


class TestCanary:
    """A broken fold is found within the examples that the machine has."""

    BROKEN: ClassVar[dict[str, Callable[[pytest.MonkeyPatch], None]]] = {
        "fills": lambda patch: patch.setitem(orders_module._FOLDS, _kind("OrderFilled"), _fills_are_forgotten),
        "cancels": lambda patch: patch.setitem(orders_module._FOLDS, _kind("OrderCanceled"), _fills_are_forgotten),
        "cash": lambda patch: patch.setattr(PastMoment, "_pay", _cash_is_what_it_was),
        "positions": lambda patch: patch.setattr(PastMoment, "_move", _positions_stay),
        "shared": lambda patch: patch.setattr(PastOrders, "own", PastOrders.find),
    }

    @pytest.mark.parametrize("fold", BROKEN)
    def test_a_broken_fold_is_found(self, fold: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.BROKEN[fold](monkeypatch)
        with pytest.raises((AssertionError, OrderTransitionError)):
            run_without_shrinking()


def _kind(name: str) -> type:
    return next(kind for kind in orders_module._FOLDS if kind.__name__ == name)


def run_without_shrinking() -> None:
    """Run the machine with the examples that it has in CI, and stop at the first failure as it was found."""
    run_state_machine_as_test(
        TimeMachine,
        settings=settings(
            max_examples=200,
            stateful_step_count=50,
            derandomize=True,
            phases=[Phase.generate],
            database=None,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
