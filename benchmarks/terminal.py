"""A terminal of a given size with a program in it: keys go in, and what the program paints comes out, with its time."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
from collections.abc import Iterable, Sequence
from time import clock_gettime, perf_counter
from typing import Self

from attrs import define, field, frozen

Size = tuple[int, int]
"""Columns and rows."""

QUIET_SECONDS = 0.04
"""A program that has written nothing for so long has painted what it had to paint: more than two frames."""
PATIENCE_SECONDS = 120.0
FRAME_END = b"\x1b[?2026l"
"""What Textual writes after each frame, where the terminal says that it can paint a frame at once."""

_QUESTION, _ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;1$y"
_CHUNK = 1 << 16
_ALL_ITS_THREADS = 2  # of a process, as Linux numbers its clocks
_LEFT_OUT = ("COLUMNS", "LINES", "NO_COLOR", "TEXTUAL", "PYTHONDONTWRITEBYTECODE")
"""A program under measure is told no size, has all its colors, and its modules are compiled before it starts."""


@frozen
class Reply:
    """What a program wrote after a key.

    Attributes:
        seconds: From the key to the last byte.
        count: How many bytes there were.
        frames: How many frames ended in them.
        processor_seconds: How long the program computed meanwhile, in all its threads; others do not slow that down.
    """

    seconds: float
    count: int
    frames: int
    processor_seconds: float


@define(eq=False)
class Terminal:
    """A pseudo-terminal, and the process that has it.

    Use it in a `with` statement: the process ends with it.
    """

    _pid: int
    _master: int
    started: float
    written: bytearray = field(factory=bytearray)
    last_byte: float = 0.0

    @classmethod
    def start(cls, command: Sequence[str], size: Size) -> "Terminal":
        """Start a program in a terminal of a size."""
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
        surroundings |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        started = perf_counter()
        pid, master = pty.fork()
        if not pid:
            _set_size(0, size)
            os.execvpe(command[0], list(command), surroundings)  # noqa: S606 - a program of this project
        return cls(pid, master, started)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._master)

    def resize(self, size: Size) -> None:
        """Give the terminal another size, and wait until the program has painted it."""
        self.written.clear()
        _set_size(self._master, size)
        self.wait_for(FRAME_END)
        self.wait_until_quiet(5 * QUIET_SECONDS)

    def write(self, keys: bytes) -> float:
        """Send keys; return when."""
        at = perf_counter()
        os.write(self._master, keys)
        return at

    def press(self, keys: bytes) -> Reply:
        """Send keys, and read what the program writes until it has no more."""
        self.written.clear()
        computed = self._computed
        at = self.write(keys)
        if not self._read_for(PATIENCE_SECONDS):
            raise TimeoutError(f"no answer to {keys!r}")
        self.wait_until_quiet()
        frames = self.written.count(FRAME_END)
        return Reply(self.last_byte - at, len(self.written), frames, self._computed - computed)

    @property
    def _computed(self) -> float:
        """How long the program has computed, in seconds."""
        return clock_gettime(~self._pid << 3 | _ALL_ITS_THREADS)

    def has_written(self, texts: Iterable[bytes]) -> bool:
        """Say whether all of some texts have come."""
        return all(text in self.written for text in texts)

    def wait_until_quiet(self, seconds: float = QUIET_SECONDS) -> None:
        """Read until nothing has come for so long."""
        while self._read_for(seconds):
            pass

    def wait_for(self, *texts: bytes) -> float:
        """Read until all of some texts have come; return when the last byte came."""
        deadline = perf_counter() + PATIENCE_SECONDS
        while not self.has_written(texts):
            if perf_counter() > deadline:
                raise TimeoutError(f"not there: {bytes(self.written[-2000:])!r}")
            self._read_for(1.0)
        return self.last_byte

    def read_until(self, moment: float) -> list[float]:
        """Read until a moment; return when each frame ended that came meanwhile."""
        ends: list[float] = []
        while (left := moment - perf_counter()) > 0:
            before = len(self.written)
            if self._read_for(left):
                new = self.written[max(before - len(FRAME_END) + 1, 0) :]
                ends += [self.last_byte] * new.count(FRAME_END)
        return ends

    def _read_for(self, seconds: float) -> bool:
        """Read what is there within so many seconds; say whether something was."""
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        chunk = os.read(self._master, _CHUNK)
        self.last_byte = perf_counter()
        self.written += chunk
        if _QUESTION in chunk:
            os.write(self._master, _ANSWER)
        return True


def _set_size(descriptor: int, size: Size) -> None:
    columns, rows = size
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
