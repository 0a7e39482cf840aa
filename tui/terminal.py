"""The terminal: what the screen needs of it, and how the program leaves it when it is told to end."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

from textual.app import App

from core.backtest.deadline import DEFAULT_SECONDS
from core.errors import InputError
from tui.progress import is_terminal

_INSTEAD: Final = "; `fillstep run` prints a summary without one"
_DRIVER: Final = "TEXTUAL_DRIVER"
"""Set where the screen is drawn by something else, such as the server of `fillstep serve`."""
_PLAIN: Final = ("dumb", "unknown")
_ENDINGS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_PATIENCE_SECONDS: Final = DEFAULT_SECONDS + 3
"""A step that takes longer is stopped before."""
_TOLD: Final = 128
"""A program that a signal ended returns this and the signal's number."""


def check_terminal(surroundings: Mapping[str, str] = os.environ) -> None:
    """Refuse to show a screen where there is none.

    Args:
        surroundings: The variables of the process.

    Raises:
        InputError: Keys or the picture go somewhere else, or the terminal cannot place text.
    """
    if surroundings.get(_DRIVER):
        return
    if not is_terminal(sys.stdin, sys.stdout, sys.stderr):
        raise InputError(f"this needs a terminal{_INSTEAD}")
    kind = surroundings.get("TERM", "")
    if kind in _PLAIN:
        raise InputError(f"this needs a terminal that can place text, and TERM is {kind}{_INSTEAD}")


@contextmanager
def leaving_when_told(app: App[None]) -> Iterator[None]:
    """Let a signal that ends the program leave the screen first.

    Told a second time, it ends at once; so it does where the screen is not left in time, or the terminal is gone.
    """
    is_left = Event()

    def leave(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        Thread(target=_leave, args=(app, number, is_left), daemon=True).start()  # it waits

    before = {number: signal.signal(number, leave) for number in _ENDINGS}
    try:
        yield
    finally:
        is_left.set()
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(app: App[None], number: int, is_left: Event) -> None:
    if app.is_running and is_terminal(sys.__stdin__):  # one that was closed is none any more
        app.call_later(app.exit, return_code=_TOLD + number)
        is_left.wait(_PATIENCE_SECONDS)
    if not is_left.is_set():
        os.kill(os.getpid(), number)
