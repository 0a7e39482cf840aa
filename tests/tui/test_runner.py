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
from tui.runner import SPEEDS, Condition, Runner

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


def test_a_speed_is_changed_step_by_step_and_stays_at_the_ends(sample: Sample) -> None:
    runner = Runner(sample(), lambda: None)
    assert runner.speed == 0
    assert [runner.change_speed(1), runner.change_speed(-1), runner.change_speed(-1)] == [0, 1000, 500]
    assert runner.change_speed(-99) == SPEEDS[0] == 1
    assert runner.change_speed(2) == 5
    runner.speed = 30  # as settings may have it
    assert runner.change_speed(1) == 50
    runner.speed = 30
    assert runner.change_speed(-1) == 20
    runner.speed = 5000
    assert runner.change_speed(1) == 0


def test_a_play_advances_until_there_is_nothing_further(sample: Sample) -> None:
    left, frames = list(range(7)), []
    runner = Runner(sample(), quiet)
    runner.speed = 1000  # a hundred at a time
    asyncio.run(runner.play(lambda: bool(left) and left.pop() > 0, lambda: frames.append(len(left))))
    assert (left, frames, runner.is_running) == ([], [0], False)  # one frame, when all is done


def test_a_play_is_paused_between_two_frames(sample: Sample) -> None:
    frames: list[int] = []
    runner = Runner(sample(), quiet)

    def show() -> None:
        frames.append(1)
        runner.pause()

    runner.speed = 1000
    asyncio.run(runner.play(lambda: True, show))
    assert frames == [1, 1]  # the second shows that it is paused


def test_what_is_paused_and_goes_on_at_once_goes_on_once(sample: Sample) -> None:
    runner, advanced = Runner(sample(), quiet), list[int]()
    rested: list[bool] = []

    def advance() -> bool:
        advanced.append(1)
        return len(advanced) < 300

    async def twice() -> None:
        runner.speed = 1000
        first = asyncio.ensure_future(runner.play(advance, quiet))
        await asyncio.sleep(0)
        runner.pause()
        second = asyncio.ensure_future(runner.play(advance, quiet))
        rested.extend(await asyncio.gather(first, second))

    asyncio.run(twice())
    assert rested == [False, True]
    assert len(advanced) == 300


def test_after_each_slice_what_the_panes_need_is_kept_up(sample: Sample) -> None:
    run = sample()
    runner, seen = Runner(run, quiet), list[int]()
    runner.keep_up = lambda: seen.append(run.step_count)
    asyncio.run(runner.run())
    assert seen[0] == 1
    assert seen[-1] == len(run.feed)
    assert seen == sorted(seen)
