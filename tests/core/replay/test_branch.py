"""The same run with one change: where it parts from its parent, which stays as it was."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal

import pytest
from attrs import define, evolve, field, validators
from hypothesis import assume, event, given
from hypothesis import strategies as st

from core.backtest.command import Amend, Cancel, Command, Submit
from core.backtest.examples import SmaCross
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Now, Strategy
from core.errors import DeadlineError, InputError, StrategyError
from core.events import OrderRejected, OrderSubmitted
from core.execution.path import PathRule
from core.execution.terms import Limits
from core.fill import Fill
from core.order import BUY, SELL, Order, OrderStatus
from core.reason import Code, Reason
from core.replay.branch import Branch, Change, branch, remedy, with_field, with_order, without_order
from tests.core.builders import Answering, backtest, bars_of, fills_of, reason_of, run
from tests.generators import Market, Planned, markets, plans, run_settings

BARS = bars_of("A", "100", "110/120/105/115", "120", "130", "90")
CAUSES = ("OrderSubmitted", "CancelRequested", "AmendRequested")


def without_causes(made: Backtest) -> list[str]:
    """Return every fact as it is written, without the line that asked for it."""
    facts = [json.loads(line) for line in made.journal.canonical_lines()]
    return [json.dumps(fact | ({"cause": ""} if fact["event"] in CAUSES else {}), sort_keys=True) for fact in facts]


def check_parting(made: Branch) -> None:
    """Check that both runs are one up to where they part, and that they part there (T4)."""
    one, other = without_causes(made.parent), without_causes(made.run)
    if made.divergence is None:
        assert one == other
        return
    place = made.divergence.sequence
    assert one[:place] == other[:place]
    assert one[place : place + 1] != other[place : place + 1]
    rows = [each.journal.rows[place] if place < len(each.journal) else None for each in (made.parent, made.run)]
    assert [made.divergence.one, made.divergence.other] == rows
    assert made.divergence.step == min(row[0] for row in rows if row is not None)


def branched(parent: Backtest, change: Change) -> Branch:
    """Return a branch; its parent stays, and they part where they say."""
    before = parent.journal.canonical_bytes()
    made = branch(parent, change)
    assert made.parent is parent
    assert made.run.clock.step == parent.clock.step
    assert parent.journal.canonical_bytes() == before
    check_parting(made)
    return made


@define
class Buying(Strategy):
    """Buy at the first step and sell at the third."""

    quantity: int = field(default=10, validator=validators.instance_of(int))
    limit_price: int | None = None

    def on_bar(self, now: Now) -> None:
        if now.step == 0:
            now.buy("A", self.quantity, limit_price=self.limit_price)
        if now.step == 2:
            now.sell("A", now.get_position("A").quantity or 1)


def test_a_changed_order_is_asked_for_in_its_place() -> None:
    made = branched(run(BARS, Buying()), with_order(1, Order("A", BUY, 4)))
    assert made.change.text == "order #1 is buy 4 A"
    assert made.divergence is not None
    assert (made.divergence.sequence, made.divergence.step) == (0, 0)
    assert fills_of(made.parent) == [(1, "10", "110", "03"), (2, "-10", "130", "05")]
    assert fills_of(made.run) == [(1, "4", "110", "03"), (2, "-4", "130", "05")]
    assert made.equity_gained == (4 - 10) * (130 - 110)


def test_a_dropped_order_is_refused_and_keeps_its_number() -> None:
    made = branched(run(BARS, Buying()), without_order(1))
    assert made.change.text == "order #1 is dropped"
    first, second = made.run.broker.orders()
    assert first.status is OrderStatus.REJECTED
    assert reason_of(first.reason)[0] == "DROPPED_BY_HAND"
    assert (second.id, second.order.side) == (2, SELL)
    assert made.divergence is not None
    assert made.divergence.sequence == 1
    assert made.divergence.other is not None
    assert made.divergence.other[2] is OrderRejected
    assert made.equity_gained == -200  # 10 x (130 - 110)


def test_an_added_order_is_asked_for_by_hand_after_its_step() -> None:
    parent = run(BARS, Buying())
    made = branched(parent, Change("5 more", command=(1, Submit(Order("A", BUY, 5)))))
    assert made.divergence is not None
    assert (made.divergence.sequence, made.divergence.step) == (5, 1)  # asked for, accepted; filled, position, cash
    asked = made.run.journal[5]
    assert isinstance(asked, OrderSubmitted)
    assert (asked.cause, asked.eligible_step) == ("by hand", 2)
    assert fills_of(made.run)[1] == (2, "5", "120", "04")
    assert not parent.commands
    assert made.run.commands == {1: [Submit(Order("A", BUY, 5))]}


def test_an_order_may_be_added_before_the_first_step() -> None:
    made = branched(run(BARS, Buying()), Change("5 more", command=(-1, Submit(Order("A", BUY, 5)))))
    assert made.divergence is not None
    assert (made.divergence.sequence, made.divergence.step) == (0, -1)
    assert fills_of(made.run)[0] == (1, "5", "100", "02")


@pytest.mark.parametrize("command", [Cancel(1), Amend(1, limit_price=110)])
def test_a_cancel_or_a_change_of_an_order_may_be_added(command: Command) -> None:
    made = branched(run(BARS, Buying(limit_price=108)), Change("by hand", command=(0, command)))
    assert made.divergence is not None
    assert (made.divergence.sequence, made.divergence.step) == (2, 0)
    assert [fill[0] for fill in fills_of(made.parent)] == [1, 2]
    assert fills_of(made.run)[:1] != fills_of(made.parent)[:1]


def test_a_parameter_is_a_field_of_the_strategy() -> None:
    parent = run(BARS, Buying())
    change = with_field(parent, "quantity", 3)
    assert (change.text, change.strategy) == ("quantity is 3", Buying(quantity=3))
    made = branched(parent, change)
    assert fills_of(made.run)[0] == (1, "3", "110", "03")
    assert parent.strategy == Buying()


@pytest.mark.parametrize(("name", "value"), [("no_such", 1), ("quantity", "many")])
def test_a_field_that_is_not_there_or_not_of_that_value_is_refused(name: str, value: object) -> None:
    with pytest.raises(InputError, match=r"^Buying: "):
        with_field(run(BARS, Buying()), name, value)


def test_a_parameter_of_a_strategy_that_ships_may_change() -> None:
    bars = bars_of("A", *(str(100 + 9 * (place % 7) - place) for place in range(40)))
    parent = run(bars, SmaCross(fast=2, slow=4))
    made = branched(parent, with_field(parent, "slow", 6))
    assert made.divergence is not None
    with pytest.raises(InputError):
        with_field(parent, "slow", -1)


def test_a_setting_may_change() -> None:
    parent = run(bars_of("A", "100", "110/120/100/115"), Bracketing(), path=PathRule.HIGH_FIRST)
    other = evolve(parent.settings, path=PathRule.LOW_FIRST)
    made = branched(parent, Change("path is low_first", settings=other))
    assert made.run.settings.path is PathRule.LOW_FIRST
    assert fills_of(made.parent)[1][:3] == (2, "-10", "118")
    assert fills_of(made.run)[1][:3] == (3, "-10", "104")
    assert made.equity_gained == 10 * (104 - 118)


class Bracketing(Strategy):
    """Buy with a target above and a stop below."""

    def on_bar(self, now: Now) -> None:
        if now.step == 0:
            exits = [Order("A", SELL, 10, limit_price=118), Order("A", SELL, 10, stop_price=104)]
            now.submit_bracket(Order("A", BUY, 10), *exits)


def test_what_decides_may_be_another_strategy() -> None:
    made = branched(run(BARS, Buying()), Change("another", strategy=Buying(quantity=2)))
    assert fills_of(made.run)[0] == (1, "2", "110", "03")


@define
class Alike(Strategy):
    def on_bar(self, now: Now) -> None:
        if now.step == 0:
            now.buy("A", 10)
        if now.step == 2:
            now.sell("A", 10)


def test_other_lines_that_ask_for_the_same_are_no_difference() -> None:
    made = branched(run(BARS, Buying()), Change("another", strategy=Alike()))
    assert made.run.journal.canonical_bytes() != made.parent.journal.canonical_bytes()
    assert made.divergence is None
    assert made.equity_gained == 0


NO_DIFFERENCE = {
    "nothing": Change("nothing"),
    "the same order": with_order(1, Order("A", BUY, 10)),
    "an order that is never asked for": with_order(99, Order("A", BUY, 1)),
    "a drop of one that is never asked for": without_order(99),
    "a setting that matters to nothing": Change("limits", settings=Settings(limits=Limits(drawdown_ratio_max=1))),
    "the same strategy": Change("same", strategy=Buying()),
    "a command after the last step": Change("late", command=(4, Submit(Order("A", BUY, 1)))),
}


@pytest.mark.parametrize("change", NO_DIFFERENCE.values(), ids=NO_DIFFERENCE)
def test_a_change_that_makes_no_difference_parts_nowhere(change: Change) -> None:
    made = branched(run(BARS, Buying()), change)
    assert made.divergence is None
    assert made.run.journal.canonical_bytes() == made.parent.journal.canonical_bytes()
    assert made.equity_gained == 0


def test_a_branch_has_what_was_asked_for_by_hand_and_the_edits_of_its_parent() -> None:
    parent = backtest(BARS, Buying())
    parent.step()
    parent.command(Submit(Order("A", BUY, 1)))
    parent.run()
    first = branched(parent, with_order(1, Order("A", BUY, 4)))
    second = branched(first.run, with_order(3, Order("A", SELL, 2)))
    assert [fill[:2] for fill in fills_of(second.run)] == [(1, "4"), (2, "1"), (3, "-2")]
    assert second.run.edits.keys() == {1, 3}
    assert parent.edits == {}
    back = branched(first.run, with_order(1, Order("A", BUY, 10)))
    assert back.run.journal.canonical_bytes() == parent.journal.canonical_bytes()


def test_a_branch_of_a_run_that_is_not_over_has_come_as_far_and_may_go_on() -> None:
    parent = backtest(BARS, Buying())
    parent.step()
    parent.step()
    made = branched(parent, with_order(1, Order("A", BUY, 4)))
    assert made.equity_gained == (4 - 10) * (115 - 110)
    made.run.run()
    assert fills_of(made.run)[1] == (2, "-4", "130", "05")
    assert parent.clock.step == 1


def test_a_branch_of_a_run_that_has_not_begun_is_one_that_has_not() -> None:
    made = branched(backtest(BARS, Buying()), with_order(1, Order("A", BUY, 4)))
    assert made.divergence is None
    made.run.run()
    assert fills_of(made.run)[0][:2] == (1, "4")


def test_what_a_strategy_raises_in_a_branch_is_its_error() -> None:
    def divide(now: Now) -> None:
        if now.step == 2 and not 1 // int(now.get_position("A").quantity):
            now.buy("A", 1)

    parent = run(BARS, {0: lambda now: now.buy("A", 1), 2: divide})
    made = branch(parent, without_order(1))
    assert isinstance(made.error, StrategyError)
    assert "ZeroDivisionError" in str(made.error)
    assert str(made.error).endswith("(step 2)")
    assert (made.run.clock.step, made.run.is_over) == (2, True)
    assert made.divergence is not None


def test_an_order_by_hand_that_a_branch_does_not_have_is_left_out() -> None:
    parent = backtest(BARS, Buying())
    while parent.clock.step < 2:
        parent.step()
    parent.command(Submit(Order("A", BUY, 1, limit_price=1)))
    parent.command(Cancel(3))
    parent.run()
    made = branched(parent, Change("another", strategy=Strategy()))
    assert made.run.broker.order_count == 1


def test_equity_gained_counts_what_is_recorded_where_a_call_was_ended() -> None:
    def stick(now: Now, _: Fill) -> None:
        while now.step == 1:
            pass

    parent = backtest(BARS, Answering({0: lambda now: now.buy("A", 10)}, answer=stick))
    parent.deadline.seconds = 0.2
    with pytest.raises(DeadlineError), parent.deadline:
        parent.run()
    assert branch(parent, Change("nothing")).equity_gained == 0


# --- remedies


def test_the_remedy_is_the_quantity_that_would_have_passed() -> None:
    parent = run(BARS, Buying(), initial_capital=950)
    rejected = parent.broker.get_order(1)
    assert rejected.reason is not None
    assert remedy(rejected.order, rejected.reason) == Order("A", BUY, 9)  # 9 x 100
    made = branched(parent, with_order(1, Order("A", BUY, 9)))
    assert made.run.broker.get_order(1).status is not OrderStatus.REJECTED


def test_the_remedy_is_the_price_where_no_quantity_would_have_passed() -> None:
    order = Order("A", BUY, 10, limit_price=100)
    reason = Reason.of(
        Code.CASH_MUST_COVER_PURCHASE, needed=1000, available=95, missing=905, at_most=0, worst_price=Decimal("9.50")
    )
    assert remedy(order, reason) == Order("A", BUY, 10, limit_price=Decimal("9.50"))
    assert remedy(evolve(order, limit_price=None, type=Order("A", BUY, 1).type), reason) is None


def test_what_no_quantity_and_no_price_would_have_passed_has_no_remedy() -> None:
    parent = run(BARS, {0: lambda now: now.sell("A", 1)})
    rejected = parent.broker.get_order(1)
    assert rejected.reason is not None
    assert remedy(rejected.order, rejected.reason) is None
    unknown = Reason.of(Code.SYMBOL_MUST_BE_KNOWN, symbol="B", known="A")
    assert remedy(Order("B", BUY, 1), unknown) is None


def rejections(made: Backtest) -> Iterator[tuple[int, Order, Reason]]:
    """Yield each order that was rejected, as it was asked for, with the reason."""
    for one in made.broker.orders():
        if one.status is OrderStatus.REJECTED and one.reason is not None:
            yield one.id, one.order, one.reason


HARD: Mapping[str, st.SearchStrategy[object]] = {
    "initial_capital": st.sampled_from((Decimal(100), Decimal(400), Decimal(10**6))),
    "allow_short": st.sampled_from((False, False, True)),
}


@given(markets(most_steps=6), plans(most_steps=6), run_settings(**HARD))
def test_an_order_that_is_asked_for_again_with_its_remedy_passes_the_check_that_it_failed(
    market: Market, plan: Planned, settings: Settings
) -> None:
    parent = Backtest(market.bars, plan, settings)
    parent.run()
    found = list(rejections(parent))
    assume(found)
    for order_id, order, reason in found:
        failed, other = {reason.code}, remedy(order, reason)
        while other is not None:
            made = branched(parent, with_order(order_id, other)).run.broker.get_order(order_id)
            event(f"{reason.code.name} then {made.status.name if made.reason is None else made.reason.code.name}")
            if made.status is not OrderStatus.REJECTED:
                break
            assert made.reason is not None
            assert made.reason.code not in failed
            failed.add(made.reason.code)
            other = remedy(made.order, made.reason)


@given(markets(most_steps=6), plans(most_steps=6), run_settings(**HARD))
def test_a_lone_order_that_failed_one_check_alone_is_accepted_with_its_remedy(
    market: Market, plan: Planned, settings: Settings
) -> None:
    alone = evolve(settings, limits=Limits())
    parent = Backtest(market.bars, plan, alone)
    parent.run()
    for order_id, order, reason in rejections(parent):
        tracked, other = parent.broker.get_order(order_id), remedy(order, reason)
        if other is None or tracked.group_id or tracked.parent_id or reason.code is Code.POSITION_MUST_COVER_SALE:
            continue
        made = branched(parent, with_order(order_id, other)).run.broker.get_order(order_id)
        event(reason.code.name)
        assert made.status is not OrderStatus.REJECTED or (made.reason and made.reason.code is Code.GROUP_MUST_PASS)


@given(markets(), plans(), run_settings(), st.integers(1, 8), st.integers(1, 40), st.integers(0, 12))
def test_whatever_is_changed_the_parent_stays_and_both_are_one_up_to_where_they_part(
    market: Market, plan: Planned, settings: Settings, order_id: int, quantity: int, until: int
) -> None:
    parent = Backtest(market.bars, plan, settings)
    parent.run_until(lambda made: made.clock.step >= until)
    changes = [
        with_order(order_id, Order("A", BUY, quantity)),
        with_order(order_id, Order("B", SELL, quantity, limit_price=10)),
        without_order(order_id),
        Change("path", settings=evolve(settings, path=PathRule.LOW_FIRST)),
        Change("by hand", command=(until // 2 - 1, Submit(Order("A", SELL, quantity)))),
    ]
    for change in changes:
        branched(parent, change)


def test_what_was_gained_is_counted_at_the_last_bar_that_both_have_come_to() -> None:
    parent = backtest(bars_of("A", "100", "100", "90", "150"), {0: lambda now: now.buy("A", 10)})
    while parent.clock.step < 2:
        parent.step()
    made = branch(parent, with_order(1, Order("A", BUY, 20)))
    assert (made.final_equities, made.equity_gained) == (
        (99_900, 99_800),
        -100,
    )  # 10 and 20 bought at 100, marked at 90
    made.run.run()
    assert (made.final_equities, made.equity_gained) == ((99_900, 99_800), -100)
    parent.run()
    assert (made.final_equities, made.equity_gained) == ((100_500, 101_000), 500)  # marked at 150
