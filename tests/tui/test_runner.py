"""The runner stops exactly where it should, and a pause is a pause."""

import asyncio
from collections.abc import Callable

from core.backtest.loop import Backtest
from core.backtest.strategy import Now, Strategy
from core.errors import StrategyError
from core.events import OrderFilled
from core.replay.breakpoints import read_condition
from core.replay.search import Search
from core.replay.timeline import Timeline
from tui.runner import Condition, Runner

Sample = Callable[..., Backtest]


class Raises(Strategy):
    def on_bar(self, now: Now) -> None:
        if now.step == 40:
            raise ValueError("boom")


def fill_steps(run: Backtest) -> list[int]:
    return [step for step, _, kind, _ in run.journal.rows if kind is OrderFilled]


def quiet() -> None:
    pass


def next_fill(run: Backtest) -> Condition:
    """Return the condition that there is a fill after the newest step."""
    timeline = Timeline(run)
    search, begun = Search(timeline, read_condition("fill", run.feed.places)), timeline.head
    return lambda: search.after(begun) is not None


def test_a_step_is_one_step(sample: Sample) -> None:
    run = sample(3)
    Runner(run, quiet).step()
    assert run.step_count == 4


def test_a_run_ends_with_the_bars(sample: Sample) -> None:
    run = sample()
    runner = Runner(run, quiet)
    asyncio.run(runner.run())
    assert run.is_over
    assert run.step_count == len(run.feed)
    assert not runner.is_running
    runner.step()
    assert run.step_count == len(run.feed)
    assert runner.error is None


def test_a_run_to_the_next_fill_stops_at_the_step_of_each_fill(sample: Sample) -> None:
    whole = sample()
    whole.run()
    run = sample()
    runner = Runner(run, quiet)
    stops = []
    for _ in range(20):
        asyncio.run(runner.run(next_fill(run)))
        stops.append(run.step_count - 1)
    assert stops == sorted(set(fill_steps(whole)))[:20]


def test_a_run_in_slices_records_what_a_run_at_once_does(sample: Sample) -> None:
    whole, run = sample(), sample()
    whole.run()
    asyncio.run(Runner(run, quiet).run())
    assert run.journal.canonical_bytes() == whole.journal.canonical_bytes()


def test_after_a_pause_no_step_is_executed(sample: Sample) -> None:
    run = sample()
    runner = Runner(run, quiet)

    async def pause_soon() -> int:
        task = asyncio.create_task(runner.run())
        await asyncio.sleep(0)
        runner.pause()
        paused_at = run.step_count
        await task
        return paused_at

    paused_at = asyncio.run(pause_soon())
    assert 0 < paused_at < len(run.feed)
    assert run.step_count == paused_at


def test_what_comes_last_is_shown_when_a_run_is_over(sample: Sample) -> None:
    run = sample()
    shown: list[tuple[int, bool]] = []
    runner = Runner(run, lambda: shown.append((run.step_count, runner.is_running)))
    asyncio.run(runner.run())
    assert shown[0] == (1, True)
    assert shown[-1] == (len(run.feed), False)


def test_to_run_while_running_changes_the_condition(sample: Sample) -> None:
    run = sample()
    runner = Runner(run, quiet)

    async def change_its_mind() -> None:
        first = asyncio.create_task(runner.run(next_fill(run)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await runner.run()
        assert runner.is_running
        await first

    asyncio.run(change_its_mind())
    assert run.is_over


def test_what_a_strategy_raises_stops_the_run_and_is_kept(sample: Sample) -> None:
    run = sample(strategy=Raises())
    runner = Runner(run, quiet)
    asyncio.run(runner.run())
    assert isinstance(runner.error, StrategyError)
    assert (run.step_count, run.is_over, runner.is_running) == (41, True, False)
    runner.step()
    asyncio.run(runner.run())
    assert run.step_count == 41


def test_a_run_that_something_stopped_before_is_not_stepped(sample: Sample) -> None:
    error = ValueError("boom")
    stopped = StrategyError("S", "on_bar", "s.py:1", error)
    run = sample(5)
    assert Runner(run, quiet, stopped).error is stopped
