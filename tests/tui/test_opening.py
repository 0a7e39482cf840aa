"""The frame of the screen is there before anything is loaded, gives way to what comes, and is left at once."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from attrs import define, field

from tui.opening import frame, opens_a_screen

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
FRAME, LEFT = b"loading", b"\x1b[?1049l"
HEADER = "time,open,high,low,close,volume\n"
BARS = f"{HEADER}2024-01-02,10,12,9,11,100\n2024-01-03,11,13,10,12.5,100\n"
SLOW = """print("on its way")
import time
while True:
    time.sleep(60)
"""
HEAVY = ("core", "polars", "textual", "cyclopts", "cattrs", "rich", "attrs")


@define(eq=False)
class Started:
    """A program in a terminal of its own, which can be looked at when the program has gone."""

    master: int
    slave: int
    process: "subprocess.Popen[bytes]"
    before: list[object]
    written: bytearray = field(factory=bytearray)

    def wait_for(self, text: bytes) -> None:
        """Read until a text has come."""
        deadline = monotonic() + PATIENCE_SECONDS
        while text not in self.written:
            assert monotonic() < deadline, bytes(self.written)
            self.read(0.1)

    def read(self, seconds: float) -> bool:
        """Read what comes within so many seconds; say whether anything did."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        self.written += os.read(self.master, 1 << 16)
        return True

    def ended(self) -> int:
        """Wait for the end, and return how it ended; the terminal is as it was."""
        deadline = monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None:
            assert monotonic() < deadline, bytes(self.written)
            self.read(0.1)
        while self.read(0):
            pass
        assert termios.tcgetattr(self.slave) == self.before
        assert self.written.count(LEFT) == 1
        return self.process.returncode

    @property
    def said(self) -> str:
        """What stands in the terminal once the frame has gone."""
        return bytes(self.written.partition(LEFT)[2]).decode().replace("\r\n", "\n")


@pytest.fixture
def started(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Started]:
    """Start the program with the words of a test, in a folder with bars and a strategy that never gets anywhere."""
    (tmp_path / "A.csv").write_text(BARS, encoding="utf-8")
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    left_out = ("COLUMNS", "LINES", "NO_COLOR", "TEXTUAL")
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    surroundings |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    before = termios.tcgetattr(slave)
    process = subprocess.Popen(
        [sys.executable, "-m", "tui", *request.param],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=tmp_path,
        env=surroundings,
        start_new_session=True,
    )
    yield Started(master, slave, process, before)
    process.kill()
    process.wait()
    os.close(master)
    os.close(slave)


def with_words(*words: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("started", [words], indirect=True, ids=[" ".join(words)])


@with_words("open", "slow.py:Slow", "--data", "A.csv")
@pytest.mark.parametrize("key", [b"q", b"\x1b", b"\x03"])
def test_a_key_ends_loading_at_once_whatever_it_is_in(started: Started, key: bytes) -> None:
    started.wait_for(FRAME)
    os.write(started.master, b"nnn")  # no key of the frame
    started.read(0.3)
    os.write(started.master, key)
    assert started.ended() == 130
    assert started.said == "fillstep: interrupted\n"


@with_words("open", "slow.py:Slow", "--data", "A.csv")
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(started: Started) -> None:
    started.wait_for(FRAME)
    started.process.send_signal(signal.SIGTERM)
    assert started.ended() == -signal.SIGTERM


@with_words("open", "sma-cross", "--data", "missing.csv")
def test_what_cannot_be_loaded_is_one_line_on_the_terminal(started: Started) -> None:
    started.wait_for(FRAME)
    assert started.ended() == 2
    assert started.said.splitlines()[-1].startswith("fillstep: missing.csv")


@with_words()
def test_the_screen_takes_the_place_of_the_frame(started: Started) -> None:
    started.wait_for(FRAME)
    started.wait_for(b"Positions")
    assert LEFT not in started.written
    os.write(started.master, b"q")
    assert started.ended() == 0


@with_words("open", "slow.py:Slow", "--data", "A.csv")
def test_it_takes_the_size_that_the_terminal_takes(started: Started) -> None:
    started.wait_for(b"\x1b[24;1H q Quit")
    fcntl.ioctl(started.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 40, 0, 0))
    started.wait_for(b"\x1b[10;1H q Quit")


def test_nothing_is_loaded_before_the_frame_is_there() -> None:
    loaded = f"import sys, tui.opening; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (80, 24), (200, 60)])
@pytest.mark.parametrize("progress", [(0, 0), (1, 3), (9, 3)])
def test_the_frame_has_the_size_of_the_terminal(size: tuple[int, int], progress: tuple[int, int]) -> None:
    columns, rows = size
    lines = frame(columns, rows, progress).split("\x1b[")[1:]
    assert [line.partition(";1H")[0] for line in lines] == [str(row) for row in range(1, min(rows, len(lines)) + 1)]
    assert len(lines) == min(rows, len(lines))
    assert {len(line.partition("H")[2]) for line in lines} == {columns}


def test_the_frame_says_how_far_loading_has_come() -> None:
    assert "loading ..." in frame(80, 24, (0, 0))
    assert "loading  50% ============ " in frame(80, 24, (1, 2), "+-+|++=")


def test_a_screen_is_opened_by_no_words_and_by_open_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def opens(*words: str, **surroundings: str) -> bool:
        return opens_a_screen(words, {"TERM": "xterm"} | surroundings)

    assert not opens()  # to a pipe
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}.isatty", lambda: True, raising=False)
    assert opens()
    assert opens("open", "sma-cross")
    assert not opens("open", "--help")
    assert not opens("run", "sma-cross")
    assert not opens(TERM="dumb")
    assert not opens(TEXTUAL_DRIVER="some:Driver")
