"""Bad input: a terminal that is small, poor, or none (row 56)."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from core.backtest.loop import Backtest
from tests.bad_inputs.screens import lines_of, play
from tests.core.builders import backtest, bars_of
from tests.tui.driving import press, told
from tests.tui.test_terminal import Terminal, check_left_clean, in_python, terminal  # noqa: F401 - a fixture
from tui.app import LONGEST_PASTE

ROOT = Path(__file__).parents[2]
SMALL = ((20, 5), (1, 1), (1, 50), (200, 1))
MEGABYTE = 1_000_000
GRAYS = {0, 7, 8, 15, 16, 231, *range(232, 256)}
"""Of the 256 colors of a terminal, those without any."""


def made() -> Backtest:
    """Return a run in which something was bought."""
    run = backtest(bars_of("A", *["10/12/9/11"] * 9), {0: lambda now: now.buy("A", 1)})
    for _ in range(4):
        run.step()
    return run


@pytest.mark.parametrize("size", SMALL)
def test_row_56_a_small_screen_shows_less_and_takes_every_key(size: tuple[int, int]) -> None:
    run = made()

    async def script(pilot: Pilot[Any]) -> None:
        for key in ("N", "question_mark", "escape", "colon", "escape", "3", "z", "enter", "z", "n", "n"):
            await press(pilot, key)
            lines = lines_of(pilot.app)
            assert (len(lines), {len(line) for line in lines}) == (size[1], {size[0]})
        assert pilot.app.is_running

    play(run, script, size)
    assert run.step_count == 5


def test_row_56_a_storm_of_sizes_ends_with_the_screen_of_the_last() -> None:
    fresh: list[str] = []

    async def look(pilot: Pilot[Any]) -> None:
        fresh.extend(lines_of(pilot.app))

    async def storm(pilot: Pilot[Any]) -> None:
        for number in range(10):
            await pilot.resize_terminal(number * 37 % 150 + 1, number * 23 % 50 + 1)
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert lines_of(pilot.app) == fresh

    play(made(), look, (100, 30))
    play(made(), storm)


def test_row_56_a_megabyte_that_is_pasted_is_cut_and_that_is_said() -> None:
    async def script(pilot: Pilot[Any]) -> None:
        pilot.app.post_message(events.Paste("q" * MEGABYTE))  # over the panes it is no key
        await press(pilot)
        assert pilot.app.is_running
        await press(pilot, "colon")
        pilot.app.post_message(events.Paste("x\n" + "y" * MEGABYTE))
        await press(pilot)
        assert pilot.app.screen.query_one(Input).value == "x"
        pilot.app.post_message(events.Paste("y" * MEGABYTE))
        await press(pilot)
        assert len(pilot.app.screen.query_one(Input).value) <= LONGEST_PASTE + 1
        assert any("is cut after" in notice.message for notice in pilot.app._notifications)

    play(made(), script)


def test_row_56_where_there_is_no_shell_the_screen_is_not_left() -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "ctrl+z")
        assert told(pilot) == "the screen cannot be left here: there is no shell to go back to"

    play(made(), script)


@pytest.mark.parametrize("words", [(), ("open", "sma-cross")])
def test_row_56_a_pipe_in_the_place_of_a_terminal_is_one_line_and_exit_code_2(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui", *words],
        check=False,
        capture_output=True,
        input=b"q",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    said = b"fillstep: this needs a terminal; `fillstep run` prints a summary without one\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", said)


def test_row_56_a_run_needs_no_terminal_and_no_utf_8() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui", "run", "buy-and-hold"],
        check=True,
        capture_output=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LC_ALL": "C", "TERM": "dumb"},
    )
    assert done.stdout.startswith(b"strategy            buy-and-hold\n")
    assert done.stderr == b""


def test_row_56_a_terminal_that_cannot_place_text_is_one_line(terminal: Terminal) -> None:  # noqa: F811
    terminal.open_shell(110, 30)
    terminal.type(f"TERM=dumb {sys.executable} -m tui; echo left with $?")
    assert terminal.wait_for(r"left with (\d+)")[1] == "2"
    assert "fillstep: this needs a terminal that can place text, and TERM is dumb;" in terminal.text()
    check_left_clean(terminal)


def test_row_56_a_small_terminal_without_color_and_utf_8_is_shown_less_and_comes_back_from_the_shell(
    terminal: Terminal,  # noqa: F811
) -> None:
    terminal.open_shell(20, 5)
    terminal.type(f"clear; NO_COLOR=1 LC_ALL=C {sys.executable} -m tui")
    terminal.wait_for("# PAUSED")
    assert terminal.text().isascii()
    shades = {int(shade) for shade in re.findall(r"[34]8;5;(\d+)", terminal.tmux("capture-pane", "-p", "-e"))}
    assert shades <= GRAYS
    terminal.press("C-z")
    terminal.wait_for("(?i)stopped")
    terminal.type("fg")
    terminal.wait_for("# PAUSED")
    terminal.press("q")
    terminal.wait_for(r"ready>\s*\Z")
    terminal.resize(100, 30)
    check_left_clean(terminal)


def test_row_56_a_crash_leaves_the_terminal_as_it_was(terminal: Terminal, tmp_path: Path) -> None:  # noqa: F811
    broken = (
        "from tui.panes.orders import OrdersPane\n"
        "def show_view(self, view):\n"
        "    raise MemoryError('a pane is broken')\n"
        "OrdersPane.show_view = show_view\n"
    )
    terminal.open_shell(100, 30)
    terminal.type(in_python(broken, "broken.py", tmp_path))
    assert terminal.wait_for(r"left with (\d+)")[1] == "1"
    assert "fillstep: MemoryError: a pane is broken; --traceback shows where it comes from" in terminal.text()
    check_left_clean(terminal)
