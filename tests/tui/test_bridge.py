"""The screen is told whether anything was recorded."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from core.backtest.loop import Backtest
from core.events import Event, OrderAccepted, PathAmbiguous
from tui.bridge import Bridge
from tui.panes import PANES
from tui.runner import Runner
from tui.session import Session

Sample = Callable[..., Backtest]


def has_news(run: Backtest, step: int) -> bool:
    bridge = Bridge(run.journal)
    while run.step_count <= step:
        bridge.take_news()
        run.step()
    return bridge.take_news()


def test_a_quiet_bar_has_no_news(sample: Sample) -> None:
    assert not has_news(sample(), 1)


def test_an_order_and_a_fill_are_news(sample: Sample) -> None:
    assert has_news(sample(), 0)
    assert has_news(sample(), 2)


def test_money_that_comes_without_a_fill_is_news(sample: Sample) -> None:
    run = sample(2)
    bridge = Bridge(run.journal)
    time = run.portfolio.timestamp
    assert time is not None
    run.portfolio.receive_income(5, time)
    assert bridge.take_news()


def test_an_ambiguous_path_is_news(sample: Sample) -> None:
    run = sample(2)
    bridge = Bridge(run.journal)
    run.broker.announcer.announce(PathAmbiguous, run.portfolio.timestamp, "AAPL", "low_first", Decimal(1), ())
    assert bridge.take_news()


def test_what_was_taken_is_not_given_again(sample: Sample) -> None:
    run = sample()
    bridge = Bridge(run.journal)
    for _ in range(50):
        run.step()
    assert bridge.take_news()
    assert not bridge.take_news()


def test_a_run_that_is_looked_at_makes_no_values_of_its_facts(sample: Sample) -> None:
    run = sample()
    session = Session(run, Runner(run, lambda: None))
    made: list[type[Event]] = []

    class Counted(OrderAccepted):
        @classmethod
        def make(cls, *fields: Any) -> Any:
            made.append(cls)
            return super().make(*fields)

    run.broker.announcer.announce(Counted, run.portfolio.timestamp, 1)
    assert session.bridge.take_news()
    assert made == []


def test_only_events_do_not_follow_the_clock() -> None:
    assert [pane.NAME for pane in PANES if not pane.FOLLOWS_CLOCK] == ["events"]
