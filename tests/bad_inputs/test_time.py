"""Bad input: to a time that is not there (row 55): one stays put, or goes to the nearest bar, and it is said."""

from typing import Any

import pytest
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from core.errors import InputError, StepOutOfRangeError
from core.replay.cursor import START, Cursor
from core.replay.timeline import Timeline
from tests.bad_inputs.screens import play
from tests.core.builders import at, backtest, bars_of
from tests.tui.driving import hint, place, press, say, session_of, told

WEEK = ("10", "11", "-", "-", "12", "13")
"""Bars of six days, of which two have none."""


def made(steps: int) -> Backtest:
    """Return a run, so many steps on."""
    run = backtest([bars_of("A", *WEEK)], {0: lambda now: now.buy("A", 1)})
    for _ in range(steps):
        run.step()
    return run


START_TOLD = "this is the start of the run"
END_TOLD = "this is the end of the data: N goes back, C to the last breakpoint, q quits"


@pytest.mark.parametrize(
    ("key", "says"),
    [*((key, START_TOLD) for key in ("N", "S", "0", "left_square_bracket", "C")), ("F", "no fill before this place")],
)
def test_row_55_back_at_the_start_stays_there_and_says_so(key: str, says: str) -> None:
    run = made(2)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "0", key)
        assert place(pilot) == START
        assert told(pilot) == says

    play(run, script)
    assert run.step_count == 2


@pytest.mark.parametrize(
    ("key", "says"),
    [*((key, END_TOLD) for key in ("n", "s", "c", "space")), ("right_square_bracket", "this is the last bar")],
)
def test_row_55_on_at_the_end_of_the_data_stays_there_and_says_so(key: str, says: str) -> None:
    run = made(4)

    async def script(pilot: Pilot[Any]) -> None:
        before = place(pilot)
        await press(pilot, key)
        assert place(pilot) == before
        assert told(pilot) == says

    play(run, script)
    assert run.step_count == 4


NOWHERE = {
    "goto 2030-01-01": "there is no bar at 2030-01-01 or later: the last is at 2024-01-07 21:00",
    "goto event 999": "cannot seek to event 999: events 0 to 4 are recorded",
    "goto #7": "order 7 is unknown",
    "goto 2024-02-30": "a date or a time must stand here",
    "goto 9999999999999999999": "a whole number must stand here",
    "goto -1": "a date or a time must stand here",
}


def test_row_55_to_a_place_beyond_what_there_is_asks_again_and_stays() -> None:
    run = made(2)

    async def script(pilot: Pilot[Any]) -> None:
        before = place(pilot)
        for command, says in NOWHERE.items():
            await say(pilot, command)
            assert says in hint(pilot)
            await press(pilot, "escape")
            assert place(pilot) == before

    play(run, script, (120, 30))
    assert run.step_count == 2


def test_row_55_to_a_bar_beyond_the_data_goes_to_the_last_and_says_which_there_are() -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "goto 99")
        assert (place(pilot).step, told(pilot)) == (3, "there are bars 1 to 4")

    play(made(1), script)


def test_row_55_to_a_holiday_goes_to_the_next_bar_and_says_so() -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for back in ("0", "dollar_sign"):
            await press(pilot, back)
            await say(pilot, "goto 2024-01-04")
            assert place(pilot).step == 2
            assert told(pilot) == "no bar at 2024-01-04: the next is at 2024-01-06 21:00"

    play(made(4), script)


def test_row_55_to_go_back_while_a_run_goes_on_pauses_it_and_keeps_what_was_executed() -> None:
    async def script(pilot: Pilot[Any]) -> None:
        session = session_of(pilot)
        session.runner.speed = 1
        await pilot.press("space")
        await pilot.pause()
        assert session.runner.is_running
        await press(pilot, "N")
        assert not session.runner.is_running
        assert place(pilot).step < session.run.step_count < 4
        bytes_before = session.run.journal.canonical_bytes()
        await press(pilot, "0", "n")
        assert session.run.journal.canonical_bytes() == bytes_before

    play(made(2), script)


def test_row_55_python_is_told_the_steps_that_there_are() -> None:
    timeline = Timeline(made(2))
    with pytest.raises(StepOutOfRangeError, match=r"^cannot seek to step 7: steps 0 to 1 are recorded$"):
        timeline.end_of_step(7)
    with pytest.raises(InputError, match=r"^cannot seek to bar 1: bars 1 to 2 are recorded$"):
        timeline.seek(Cursor(0, START.phase, 99))
    assert timeline.cursor == START
    assert timeline.step_back() == START
    cursor, note = timeline.find_time(at(0))
    assert (cursor.step, note) == (0, "")
