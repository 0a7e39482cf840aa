"""Long work is done in slices, between which the screen answers."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from core.errors import InputError
from core.progress import Interrupted, report
from tests.tui.driving import app_of, press, session_of, told
from tui.app import FillstepApp
from tui.screens.working import WorkingScreen, progress_text
from tui.slices import Slices

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
NO_TIME, ANY_TIME = 0.0, 1e9


def counted(most: int) -> int:
    for done in range(most):
        report(done, most)
    return most


def endless() -> None:
    for done in count():
        report(done, 0)


def test_a_job_is_left_where_it_reports_and_goes_on_from_there() -> None:
    slices = Slices(lambda: counted(3))
    seen = []
    while not slices.go_on(NO_TIME):
        seen.append((slices.done, slices.total))
    assert seen == [(0, 3), (1, 3), (2, 3)]
    assert slices.result() == 3
    assert slices.go_on(NO_TIME)


def test_a_job_for_which_there_is_time_is_done_at_once() -> None:
    slices = Slices(lambda: counted(1000))
    assert slices.go_on(ANY_TIME)
    assert slices.result() == 1000


def test_what_a_job_raises_is_raised_where_its_result_is_asked_for() -> None:
    def fail() -> None:
        report(0, 0)
        raise InputError("no")

    slices = Slices(fail)
    assert not slices.go_on(NO_TIME)
    assert slices.go_on(NO_TIME)
    with pytest.raises(InputError, match="no"):
        slices.result()


def test_a_job_is_ended_where_it_was_left() -> None:
    slices = Slices(endless)
    assert not slices.go_on(NO_TIME)
    slices.interrupt()
    with pytest.raises(Interrupted):
        slices.result()


def test_a_job_that_was_ended_before_it_began_does_nothing() -> None:
    slices = Slices(endless)
    slices.interrupt()
    with pytest.raises(Interrupted):
        slices.result()


def test_what_is_over_is_not_ended() -> None:
    slices = Slices(lambda: counted(1))
    slices.go_on(ANY_TIME)
    slices.interrupt()
    assert slices.result() == 1


@pytest.mark.parametrize(
    ("done", "total", "text"),
    [(0, 0, "x 0  esc ends it"), (12345, 0, "x 12,345  esc ends it"), (1, 2, f"x 50 % {'━' * 12:<24} esc ends it")],
)
def test_progress_is_written(done: int, total: int, text: str) -> None:
    assert progress_text("x", done, total) == text


def test_long_work_shows_how_far_it_has_come_and_esc_ends_it(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        results: list[object] = []
        app_of(pilot).do("counting", endless, results.append)
        await pilot.pause()
        assert isinstance(pilot.app.screen, WorkingScreen)
        assert "counting" in pilot.app.screen._compositor.render_strips()[-1].text
        await press(pilot, "n", "escape")
        assert not isinstance(pilot.app.screen, WorkingScreen)
        assert (results, told(pilot)) == ([], "interrupted: what was done so far is kept")
        await press(pilot, "n")
        assert session_of(pilot).run.step_count == 13

    on_screen(sample(12), script)


def test_the_screen_can_be_left_while_work_goes_on(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        app_of(pilot).do("counting", endless, lambda _: None)
        await pilot.pause()
        await pilot.press("ctrl+q")

    assert on_screen(sample(12), script).return_code == 0


def test_what_the_strategy_was_far_back_is_found_out_beside_the_screen(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        session = session_of(pilot)
        assert session.known_calls(700) is None
        assert session.wanted == 700
        await press(pilot, "8")
        shown = "\n".join(app_of(pilot)._panes["strategy"].plain_lines())
        assert "running again" not in shown
        assert session.wanted is None
        assert session.known_calls(699) is not None

    on_screen(sample(701), script)
