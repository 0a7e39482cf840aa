"""The frame of the screen, before anything is loaded: what it waits for, and how to end that.

It is there before the screen library, the engine and the data are, so it knows the terminal and nothing else. A thread
reads keys meanwhile, whatever the program is busy with; the screen, or a line of text, takes its place.
"""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from io import StringIO
from select import select
from shutil import get_terminal_size
from threading import Thread
from typing import Any, Final

with suppress(ImportError):  # another kind of terminal shows nothing until the screen is there
    import termios

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_LOOK_SECONDS: Final = 0.1
_WIDTH: Final = 24
_INTERRUPTED: Final = 130
_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
_ENDS: Final = (b"q", b"\x1b", b"\x03", b"\x11")
"""q, esc, ctrl+c and ctrl+q."""
_ENDINGS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_ASKS: Final = frozenset({"-h", "--help", "--version"})
_PLACES_NO_TEXT: Final = ("dumb", "unknown")
_ROUND, _PLAIN = "╭─╮│╰╯━", "+-+|++="


class Kept(StringIO):
    """What is printed while the frame is seen, for the terminal."""

    def isatty(self) -> bool:
        """Say that it ends in a terminal."""
        return True


class Opening:
    """The terminal while a screen is on its way; it can be opened once."""

    def __init__(self) -> None:
        self._before: list[Any] = []  # how the terminal was; empty while nothing is shown
        self._signals: dict[int, Any] = {}
        self._streams: tuple[Any, Any] = (None, None)
        self._kept = Kept()
        self._progress = (0, 0)
        self._painted = ""
        self._wake = self._woken = -1
        self._thread = Thread(target=self._watch, name="opening", daemon=True)

    def open(self) -> None:
        """Show the frame; what is printed from now on is kept until it has gone."""
        self._before = termios.tcgetattr(_INPUT)
        changed = termios.tcgetattr(_INPUT)
        changed[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        termios.tcsetattr(_INPUT, termios.TCSANOW, changed)
        _write(_OUTPUT, _ENTER)
        self._paint()
        self._streams = (sys.stdout, sys.stderr)
        sys.stdout = sys.stderr = self._kept
        self._signals = {number: signal.signal(number, self._end) for number in _ENDINGS}
        self._woken, self._wake = os.pipe()
        self._thread.start()

    def tell(self, done: int, total: int) -> None:
        """Say how far loading has come; where nothing is shown, nothing is said."""
        self._progress = (done, total)

    def give_way(self) -> None:
        """Leave the terminal to the screen, which paints over the frame."""
        self._close("" if not self._kept.getvalue() else _LEAVE)

    def close(self) -> None:
        """Leave the terminal as it was; nothing where that is done."""
        self._close(_LEAVE)

    def _close(self, leave: str) -> None:
        if not self._before:
            return
        os.write(self._wake, b"x")
        self._thread.join()
        os.close(self._wake)
        os.close(self._woken)
        for number, handler in self._signals.items():
            signal.signal(number, handler)
        self._restore(leave)
        sys.stdout, sys.stderr = self._streams
        _write(_ERRORS, self._kept.getvalue())

    def _restore(self, leave: str) -> None:
        before, self._before = self._before, []
        _write(_OUTPUT, leave)
        termios.tcsetattr(_INPUT, termios.TCSANOW, before)

    def _end(self, number: int, _: object) -> None:
        """End as a signal asks for."""
        self._restore(_LEAVE)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _watch(self) -> None:
        while self._woken not in (ready := select([_INPUT, self._woken], [], [], _LOOK_SECONDS)[0]):
            if ready:
                keys = os.read(_INPUT, 1024)
                if keys in _ENDS or not keys:
                    self._restore(_LEAVE)
                    _write(_ERRORS, "fillstep: interrupted\n")
                    os._exit(_INTERRUPTED)  # the program may be deep in something that cannot be ended
            self._paint()

    def _paint(self) -> None:
        columns, rows = get_terminal_size()
        is_plain = "utf" not in (sys.__stdout__.encoding or "").lower() if sys.__stdout__ else True
        picture = frame(columns, rows, self._progress, _PLAIN if is_plain else _ROUND)
        if picture != self._painted:
            self._painted = picture
            _write(_OUTPUT, picture)


OPENING: Final = Opening()
"""That of this process."""


def frame(columns: int, rows: int, progress: tuple[int, int], signs: str = _ROUND) -> str:
    """Return what paints a terminal of so many columns and rows.

    Args:
        columns: How many there are.
        rows: How many there are.
        progress: How much is loaded, and of how much; 0 where that is not known.
        signs: The corners and edges of the frame, and what a bar is made of.
    """
    left, edge, right, side, low_left, low_right, bar = tuple(signs)
    done, total = progress
    part = min(done / total, 1) if total else 0
    told = f"loading {part:4.0%} {bar * round(part * _WIDTH)}" if total else "loading ..."
    inside = max(columns - 2, 0)
    box = [f"{left}{edge * inside}{right}", *[f"{side}{' ' * inside}{side}"] * max(rows - 4, 0)]
    lines = [f" {told}", *box, f"{low_left}{edge * inside}{low_right}", " q Quit"]
    return "".join(f"\x1b[{row};1H{line[:columns]:<{columns}}" for row, line in enumerate(lines[:rows], 1))


def opens_a_screen(words: Sequence[str], surroundings: Mapping[str, str] = os.environ) -> bool:
    """Say whether a command shows a screen, in a terminal that can show the frame of it.

    Args:
        words: The command.
        surroundings: The variables of the process.
    """
    is_one = not words or (words[0] == "open" and not _ASKS.intersection(words))
    is_seen = surroundings.get("TERM", "") not in _PLACES_NO_TEXT and not surroundings.get("TEXTUAL_DRIVER")
    are_terminals = all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    return "termios" in sys.modules and is_one and is_seen and are_terminals


def main() -> int:
    """Run the command of this process, with the frame of the screen where it shows one; return its exit code."""
    words = [word for word in sys.argv[1:] if word != "--traceback"]
    if opens_a_screen(words):
        OPENING.open()
    try:
        code: int = import_module("tui.__main__").main()  # with all that it takes
    finally:
        OPENING.close()
    return code


def _write(descriptor: int, text: str) -> None:
    if text:
        os.write(descriptor, text.encode(errors="replace"))
