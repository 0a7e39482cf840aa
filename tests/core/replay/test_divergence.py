"""The first fact in which two runs differ, and where one stands to see it."""

from collections.abc import Mapping

import pytest
from attrs import define

from core.backtest.command import Submit
from core.backtest.loop import Backtest
from core.backtest.strategy import Now, Strategy
from core.clock import Phase
from core.events import OrderFilled, OrderSubmitted
from core.order import BUY, Order
from core.replay.cursor import Cursor
from core.replay.divergence import Divergence, first_divergence, place_of
from core.replay.history import History
from tests.core.builders import Action, backtest, bars_of, run

BARS = bars_of("A", "100", "110", "120", "130", "140")


def buying(quantities: Mapping[int, int]) -> Backtest:
    """Return a run, over, that buys some at some steps."""

    def buy(quantity: int) -> Action:
        return lambda now: now.buy("A", quantity)

    return run(BARS, {step: buy(quantity) for step, quantity in quantities.items()})


def test_equal_runs_do_not_part() -> None:
    assert first_divergence(buying({0: 10, 2: 5}), buying({0: 10, 2: 5})) is None
    assert first_divergence(buying({}), buying({})) is None


def test_the_first_fact_that_differs_is_named_with_what_it_was_in_each() -> None:
    one, other = buying({0: 10, 2: 5}), buying({0: 10, 2: 6})
    found = first_divergence(one, other)  # asked for, accepted; filled, position, cash; and then the second
    assert found == Divergence(5, 2, one.journal.rows[5], other.journal.rows[5])
    assert one.journal.rows[5][2] is OrderSubmitted


def test_a_fact_that_only_one_has_is_one_that_differs() -> None:
    one, other = buying({0: 10}), buying({0: 10, 2: 6})
    assert first_divergence(one, other) == Divergence(5, 2, None, other.journal.rows[5])
    assert first_divergence(other, one) == Divergence(5, 2, other.journal.rows[5], None)


def test_facts_of_two_steps_part_in_the_earlier_of_them() -> None:
    one, other = buying({3: 10}), buying({1: 10})
    assert first_divergence(one, other) == Divergence(0, 1, one.journal.rows[0], other.journal.rows[0])


def test_runs_are_compared_as_far_as_both_have_come() -> None:
    one, other = buying({0: 10, 3: 5}), backtest(BARS, {0: lambda now: now.buy("A", 10)})
    while other.clock.step < 2:
        other.step()
    assert first_divergence(one, other) is None
    assert first_divergence(other, one) is None
    other.step()
    found = first_divergence(one, other)
    assert found is not None
    assert (found.sequence, found.step, found.other) == (5, 3, None)


def test_runs_that_have_not_begun_do_not_part_but_for_what_was_asked_for_by_hand() -> None:
    one, other = backtest(BARS, {}), backtest(BARS, {})
    assert first_divergence(one, other) is None
    other.command(Submit(Order("A", BUY, 1)))
    assert first_divergence(one, other) == Divergence(0, -1, None, other.journal.rows[0])


@define
class Here(Strategy):
    def on_bar(self, now: Now) -> None:
        if now.step == 0:
            order_id = now.buy("A", 10, limit_price=50)
            now.amend(order_id, quantity=5)
            now.cancel(order_id)


@define
class There(Strategy):
    def on_bar(self, now: Now) -> None:
        if now.step == 0:
            order_id = now.buy("A", 10, limit_price=50)
            now.amend(order_id, quantity=5)
            now.cancel(order_id)


def test_the_lines_from_which_was_asked_count_only_where_one_asks_for_the_whole() -> None:
    one, other = run(BARS, Here()), run(BARS, There())
    assert one.journal.canonical_bytes() != other.journal.canonical_bytes()
    assert first_divergence(one, other) is None
    found = first_divergence(one, other, whole=True)
    assert found is not None
    assert (found.sequence, found.step) == (0, 0)
    assert first_divergence(one, other, whole=True, first=1) == Divergence(
        2, 0, one.journal.rows[2], other.journal.rows[2]
    )


def test_one_may_begin_after_what_is_known_to_be_alike() -> None:
    one, other = buying({0: 10, 2: 5}), buying({0: 10, 2: 6})
    whole = first_divergence(one, other)
    assert [first_divergence(one, other, first=first) for first in range(6)] == [whole] * 6
    later = first_divergence(one, other, first=7)
    assert later is not None
    assert later.sequence == 7


# --- where one stands


def test_one_stands_after_the_fact_that_differs() -> None:
    one, other = buying({0: 10, 2: 5}), buying({0: 10, 2: 6})
    found = first_divergence(one, other)
    assert found is not None
    for made in (one, other):
        assert place_of(History(made), found) == Cursor(2, Phase.STRATEGY, 6)


def test_one_stands_after_the_whole_of_a_fill_that_differs() -> None:
    cheap = run(BARS, {0: lambda now: now.buy("A", 10)})
    dear = run(bars_of("A", "100", "111", "120", "130", "140"), {0: lambda now: now.buy("A", 10)})
    found = first_divergence(cheap, dear)
    assert found is not None
    assert found.one is not None
    assert found.one[2] is OrderFilled
    for made in (cheap, dear):
        assert place_of(History(made), found) == Cursor(1, Phase.OPEN, 5)


def test_one_stands_at_the_end_of_the_step_in_a_run_that_has_no_such_fact() -> None:
    one, other = buying({0: 10}), buying({0: 10, 2: 6})
    found = first_divergence(one, other)
    assert found is not None
    assert place_of(History(one), found) == Cursor(2, Phase.STRATEGY, 5)
    assert place_of(History(other), found) == Cursor(2, Phase.STRATEGY, 6)


def test_one_stands_at_the_end_of_the_step_in_a_run_whose_fact_comes_later() -> None:
    one, other = buying({3: 10}), buying({1: 10})
    found = first_divergence(one, other)
    assert found is not None
    assert place_of(History(one), found) == Cursor(1, Phase.STRATEGY, 0)
    assert place_of(History(other), found) == Cursor(1, Phase.STRATEGY, 1)


def test_one_stands_at_the_start_where_runs_part_before_the_first_step() -> None:
    one, other = backtest(BARS, {}), backtest(BARS, {})
    other.command(Submit(Order("A", BUY, 1)))
    found = first_divergence(one, other)
    assert found is not None
    assert place_of(History(one), found) == Cursor(-1, Phase.STRATEGY, 0)
    assert place_of(History(other), found) == Cursor(-1, Phase.STRATEGY, 1)


@pytest.mark.parametrize("until", [0, 1])
def test_one_stands_at_the_head_of_a_run_that_has_not_come_so_far(until: int) -> None:
    one, other = buying({0: 10}), buying({0: 10, 2: 6})
    found = first_divergence(one, other)
    assert found is not None
    short = backtest(BARS, {0: lambda now: now.buy("A", 10)})
    while short.clock.step < until:
        short.step()
    history = History(short)
    assert place_of(history, found) == history.head
