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
        while not (found := re.search(pattern, self.text(), re.MULTILINE)):
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
    terminal.wait_for("6 Explain")


def test_the_program_comes_back_from_the_shell(terminal: Terminal) -> None:
    terminal.start(80, 24)
    terminal.wait_for("■ PAUSED")
    terminal.press("C-z")
    terminal.wait_for("Stopped")
    assert "PAUSED" not in terminal.text()
    terminal.type("fg")
    terminal.wait_for(r"■ PAUSED[^$]+1 Price[^$]+2 Positions[^$]+6 Explain")
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


def test_the_story_of_a_rejection(terminal: Terminal) -> None:
    terminal.start(120, 44)
    terminal.wait_for(r"■ PAUSED +bar +151/2015")
    terminal.press("0")
    terminal.wait_for(r"◀ REWOUND +bar +0/2015")
    terminal.press(":")
    terminal.wait_for("goto 2024-01-05")
    terminal.type("break rejection")
    terminal.wait_for("breakpoint 1: rejection")
    terminal.press("c")  # run to the first rejection
    terminal.wait_for(r"◀ REWOUND +bar +1/2015")
    terminal.wait_for(r"breakpoint 1: rejection \(hit 1\)")
    terminal.wait_for(r"#3 buy 437 IBM limit 91.434: rejected")  # and its explanation
    terminal.wait_for(r"would pass: at most 219")
    terminal.press("S")  # a place back: it is asked for, and not answered yet
    terminal.wait_for(r"#3 buy 437 IBM limit 91.434: submitted")
    terminal.press("s")
    terminal.wait_for(r"#3 buy 437 IBM limit 91.434: rejected")
    terminal.press("r")  # retried with its remedy, in a branch
    terminal.wait_for(r"branch: order #3 is buy 219 IBM")
    terminal.wait_for(r"parts at bar 1 ")
    terminal.press("d")  # the two moments side by side
    terminal.wait_for(
        r"parts with +order #3 submitted: buy +order #3 submitted: buy[^\n]+\n[^\n]+437 IBM limit 91.434 +219 IBM"
    )
    terminal.press("Escape")
    terminal.wait_for(r"#3 buy 219 IBM limit 91.434: submitted")
    terminal.press("s")
    terminal.wait_for(r"#3 buy 219 IBM limit 91.434: accepted")
    terminal.press("p")  # back to the parent, which is as it was
    terminal.wait_for(r"#3 buy 437 IBM limit 91.434: ")
    terminal.press("f")
    terminal.wait_for(r"bar +3/2015 leg 2")
    terminal.wait_for(r"fill #1: buy 917 @ 43.61")
    terminal.press("D")  # into the code of that fill
    terminal.wait_for(r"on_fill\(\)[^(]+\(Pdb\)")
    terminal.type("print('at', now.step, fill.id, now.get_position('AAPL').quantity)")
    terminal.wait_for(r"^at 2 1 917")
    terminal.type("c")
    terminal.wait_for(r"bar +3/2015 leg 2[^$]+fill #1: buy 917 @ 43.61")  # the same screen
    terminal.press("q")
    assert terminal.wait_for(r"left with (\d+)")[1] == "0"
