"""Facts say which panes are to be shown anew."""

from collections.abc import Callable
from decimal import Decimal

from core.backtest.loop import Backtest
from core.events import PathAmbiguous
from tui.bridge import FOLLOW_THE_CLOCK, Bridge
from tui.messages import TITLES

Sample = Callable[..., Backtest]
NEVER = 10_000


def dirty_at(run: Backtest, step: int) -> set[str]:
    bridge = Bridge(run)
    while run.step_count <= step:
        bridge.take_dirty()
        run.step()
    return set(bridge.take_dirty())


def test_a_quiet_bar_changes_no_pane(sample: Sample) -> None:
    assert dirty_at(sample(), 1) == set()


def test_an_order_concerns_orders_and_events(sample: Sample) -> None:
    assert dirty_at(sample(), 0) == {"orders", "events"}


def test_a_fill_concerns_every_pane(sample: Sample) -> None:
    assert dirty_at(sample(), 2) == set(TITLES)


def test_money_that_comes_without_a_fill_concerns_the_books(sample: Sample) -> None:
    run = sample(2)
    bridge = Bridge(run)
    time = run.portfolio.timestamp
    assert time is not None
    run.portfolio.receive_income(5, time)
    assert bridge.take_dirty() == {"positions", "pnl", "events"}


def test_an_ambiguous_path_concerns_events(sample: Sample) -> None:
    run = sample(2)
    bridge = Bridge(run)
    run.broker.announcer.announce(PathAmbiguous, run.portfolio.timestamp, "AAPL", "low_first", Decimal(1), ())
    assert bridge.take_dirty() == {"events"}


def test_what_was_taken_is_not_given_again(sample: Sample) -> None:
    run = sample()
    bridge = Bridge(run)
    run.step()
    assert bridge.take_dirty()
    assert bridge.take_dirty() == set()


def test_facts_of_many_steps_are_one_note(sample: Sample) -> None:
    run = sample()
    bridge = Bridge(run)
    for _ in range(50):
        run.step()
    assert bridge.take_dirty() == set(TITLES)


def test_only_events_do_not_follow_the_clock() -> None:
    assert set(TITLES) - FOLLOW_THE_CLOCK == {"events"}
