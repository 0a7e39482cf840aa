"""The program in a real terminal: it starts, steps, takes a new size, and leaves the terminal as it was."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from attrs import frozen

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.05
_SURROUNDINGS = ("-u", "COLUMNS", "-u", "LINES", "PS1=ready> ", "ENV=")
"""The shell is told no size: readline, which pytest imports, leaves one in the surroundings of what it starts."""


@frozen
class Terminal:
    """A terminal of its own, with a shell in it, that keys are sent to and text is read from."""

    socket: Path

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-u", "-f", os.devnull, "-S", str(self.socket), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout

    def start(self, columns: int, rows: int) -> None:
        shell = ("env", *_SURROUNDINGS, "sh")
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), *shell)
        self.wait_for("ready>")
        self.type(f"{sys.executable} -m tui; echo left with $?")

    def type(self, line: str) -> None:
        self.tmux("send-keys", "-l", line)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def resize(self, columns: int, rows: int) -> None:
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def text(self) -> str:
        return self.tmux("capture-pane", "-p")

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read the screen until it holds a pattern, and return what was found."""
        deadline = monotonic() + PATIENCE_SECONDS
        while not (found := re.search(pattern, self.text())):
            assert monotonic() < deadline, f"no {pattern} in:\n{self.text()}"
            sleep(POLL_SECONDS)
        return found


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no tmux, and CI must have one")
        pytest.skip("there is no tmux to drive a terminal with")
    terminal = Terminal(tmp_path / "s")
    yield terminal
    terminal.tmux("kill-server")


def test_the_program_starts_and_steps(terminal: Terminal) -> None:
    terminal.start(80, 24)
    found = terminal.wait_for(r"■ PAUSED +bar +(\d+)/2015")
    count = int(found[1])
    for _ in range(3):
        terminal.press("n")
        count += 1
        terminal.wait_for(rf"bar +{count}/2015")
    terminal.press("c")
    terminal.wait_for(r"■ END of data +bar 2015/2015")


def test_the_program_takes_a_new_size(terminal: Terminal) -> None:
    terminal.start(80, 24)
    terminal.wait_for("■ PAUSED")
    assert "drawdown" not in terminal.text()
    terminal.resize(140, 40)
    terminal.wait_for(r"drawdown +\d")
    terminal.resize(60, 15)
    terminal.wait_for("80x24 shows all panes")
    terminal.resize(80, 24)
    terminal.wait_for("5 Events")


def test_the_program_comes_back_from_the_shell(terminal: Terminal) -> None:
    terminal.start(80, 24)
    terminal.wait_for("■ PAUSED")
    terminal.press("C-z")
    terminal.wait_for("Stopped")
    assert "PAUSED" not in terminal.text()
    terminal.type("fg")
    terminal.wait_for(r"■ PAUSED[^$]+1 Price[^$]+2 Positions[^$]+5 Events")
    terminal.press("n")
    terminal.wait_for("1 Price")


def test_the_program_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    terminal.start(80, 24)
    terminal.wait_for("■ PAUSED")
    assert terminal.tmux("display-message", "-p", "#{alternate_on}").strip() == "1"
    terminal.press("q")
    assert terminal.wait_for(r"left with (\d+)")[1] == "0"
    assert "PAUSED" not in terminal.text()
    flags = "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_cursor_flag} #{insert_flag}"
    assert terminal.tmux("display-message", "-p", flags).split() == ["0", "1", "0", "0", "0"]
    terminal.type("echo what is typed is $((6 * 7))")
    terminal.wait_for("what is typed is 42")
