"""The program in a real terminal: it starts, steps, takes a new size, and leaves the terminal as it was."""

import os
import re
import shutil
import signal
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
_SURROUNDINGS = ("-u", "COLUMNS", "-u", "LINES", "PS1=ready> ", "ENV=", "LC_ALL=C.UTF-8", "XDG_CONFIG_HOME=/nowhere")
"""The shell is told no size: readline, which pytest imports, leaves one in the surroundings of what it starts."""


@frozen
class Terminal:
    """A terminal of its own, with a shell in it, that keys are sent to and text is read from."""

    socket: Path

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-u", "-f", os.devnull, "-S", str(self.socket), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout

    def open_shell(self, columns: int, rows: int) -> None:
        shell = ("env", *_SURROUNDINGS, "sh")
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), *shell)
        self.wait_for("ready>")

    def start(self, columns: int, rows: int) -> None:
        self.open_shell(columns, rows)
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


FLAGS = "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_cursor_flag} #{insert_flag}"


def check_left_clean(terminal: Terminal) -> None:
    """Expect a shell on the main screen, in which what is typed is seen and run."""
    assert terminal.tmux("display-message", "-p", FLAGS).split() == ["0", "1", "0", "0", "0"]
    terminal.type("echo what is typed is $((6 * 7))")
    terminal.wait_for(r"echo what is typed is \$\(\(6")
    terminal.wait_for("^what is typed is 42")


def in_python(lines: str, name: str, folder: Path) -> str:
    """Return a command that runs some lines, and then the program."""
    file = folder / name
    file.write_text(f"{lines}\nfrom tui.__main__ import main\nraise SystemExit(main([]))\n", encoding="utf-8")
    return f"PYTHONPATH={ROOT} {sys.executable} {file}; echo left with $?"


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
    check_left_clean(terminal)


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
    terminal.wait_for(r"(?s)\A(?!.*esc close)")  # else the next key would be alt and that key
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


@pytest.mark.parametrize(("name", "code"), [("TERM", "143"), ("HUP", "129")])
def test_a_program_that_is_told_to_end_leaves_the_terminal_as_it_was(terminal: Terminal, name: str, code: str) -> None:
    terminal.start(80, 24)
    terminal.wait_for("■ PAUSED")
    os.kill(child_of(terminal), signal.Signals[f"SIG{name}"])
    assert terminal.wait_for(r"left with (\d+)")[1] == code
    assert "PAUSED" not in terminal.text()
    check_left_clean(terminal)


def child_of(terminal: Terminal) -> int:
    """Return the process that the shell runs."""
    shell = terminal.tmux("display-message", "-p", "#{pane_pid}").strip()
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", shell], check=True, capture_output=True, text=True)
    return int(found.stdout.split()[0])


def test_a_program_ends_with_its_terminal(terminal: Terminal) -> None:
    terminal.start(80, 24)
    terminal.wait_for("■ PAUSED")
    process = child_of(terminal)
    terminal.tmux("new-session", "-d", "sh")  # so that the server goes on
    terminal.tmux("kill-pane", "-t", "%0")
    deadline = monotonic() + PATIENCE_SECONDS
    while Path(f"/proc/{process}").exists():
        assert monotonic() < deadline, "the program outlives its terminal"
        sleep(POLL_SECONDS)


def test_an_error_in_a_pane_leaves_the_terminal_as_it_was(terminal: Terminal, tmp_path: Path) -> None:
    broken = (
        "from tui.panes.price import PricePane\n"
        "def build(self, width, height):\n"
        "    raise RuntimeError('a pane is broken')\n"
        "PricePane.build = build\n"
    )
    terminal.open_shell(100, 30)
    terminal.type(in_python(broken, "broken.py", tmp_path))
    assert terminal.wait_for(r"left with (\d+)")[1] == "1"
    assert "RuntimeError: a pane is broken" in terminal.text()
    check_left_clean(terminal)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("{program} < /dev/null", "this needs a terminal;"),
        ("{program} | cat", "this needs a terminal;"),
        ("{program} 2>&1 >/dev/null | cat", "this needs a terminal;"),
        ("export TERM=dumb; {program}", "this needs a terminal that can place text, and TERM is dumb;"),
    ],
)
def test_where_there_is_no_terminal_one_line_says_what_to_do(terminal: Terminal, command: str, why: str) -> None:
    terminal.open_shell(120, 30)
    program = f"{{ {sys.executable} -m tui; echo left with $? >&2; }}"
    terminal.type("clear; " + command.format(program=program))
    assert terminal.wait_for(r"left with (\d+)")[1] == "2"
    assert f"fillstep: {why} `fillstep run` prints a summary without one\n" in terminal.text()


def test_the_screen_is_ascii_where_the_terminal_shows_nothing_else(terminal: Terminal) -> None:
    terminal.open_shell(120, 30)
    terminal.type(f"LC_ALL=C {sys.executable} -m tui")
    terminal.wait_for("# PAUSED")
    terminal.wait_for("- 1 Price")
    assert terminal.text().isascii()
