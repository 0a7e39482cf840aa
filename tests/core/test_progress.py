"""Long work reports to whoever waits, and can be ended there; what was done is kept."""

import pytest

from core.backtest.examples import BuyAndHold
from core.backtest.loop import Backtest
from core.progress import Interrupted, listening, report
from core.replay.branch import Change, branch
from core.replay.breakpoints import read_condition
from core.replay.reexecution import Reexecution
from core.replay.search import STRETCH, Search
from core.replay.timeline import Timeline
from tests.core.builders import bars_of

BARS = bars_of("A", *(["100", "101"] * (2 * STRETCH)))


def ending_at(most: int) -> tuple[list[tuple[int, int]], object]:
    """Return what was reported, and a listener that ends the work after so many reports."""
    heard: list[tuple[int, int]] = []

    def listen(done: int, total: int) -> None:
        heard.append((done, total))
        if len(heard) == most:
            raise Interrupted

    return heard, listen


def test_nobody_needs_to_listen() -> None:
    report(1, 2)


def test_a_search_reports_its_stretches_and_goes_on_where_it_was_ended() -> None:
    run = Backtest(BARS, BuyAndHold())
    run.run()
    search = Search(Timeline(run), read_condition("equity < 0", ["A"]))
    heard, listen = ending_at(2)
    with listening(listen), pytest.raises(Interrupted):
        search.after(Timeline(run).cursor)
    assert heard == [(0, run.step_count), (STRETCH, run.step_count)]
    heard, listen = ending_at(0)
    with listening(listen):
        assert search.after(Timeline(run).cursor) is None
    assert heard[0] == (STRETCH, run.step_count)  # the first stretch was not looked through again


def test_a_strategy_that_is_run_again_goes_on_where_it_was_ended() -> None:
    run = Backtest(BARS, BuyAndHold())
    run.run()
    again = Reexecution(run)
    heard, listen = ending_at(50)
    with listening(listen), pytest.raises(Interrupted):
        again.at(200)
    assert heard[-1][1] == 201
    heard, listen = ending_at(0)
    with listening(listen):
        again.at(200)
    assert 20 < heard[0][0] <= 51


def test_a_branch_that_was_ended_is_as_long_as_it_has_come() -> None:
    run = Backtest(BARS, BuyAndHold())
    run.run()
    _, listen = ending_at(100)
    with listening(listen):
        made = branch(run, Change("nothing"))
    assert 0 < made.run.step_count <= 100
    assert (made.error, made.divergence) == (None, None)
    made.run.run()
    assert made.run.journal.canonical_bytes() == run.journal.canonical_bytes()
