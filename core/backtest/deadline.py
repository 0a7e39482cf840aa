"""Deadline: ends a call of a strategy that does not come back.

A second thread looks a few times a second whether the run has moved; where it has not for too long, it has Python raise
`OutOfTime` in the thread that runs it. That costs the run nothing, and works wherever Python code is being executed. In
the program's main thread a signal does it, which ends a call that sleeps or waits for the system as well; in another
thread, and inside a library that takes no notice of signals, a call is ended when it comes back.
"""

import ctypes
import signal
import threading
from collections.abc import Callable
from time import sleep
from types import TracebackType
from typing import Final, Self

DEFAULT_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 10.0
_LOOKS: Final = 10  # so many in the time that a call may take
_SIGNAL: Final[int] = getattr(signal, "SIGURG", 0)
"""Means nothing to a program that does not ask for it; 0 where a system has no signals."""


class OutOfTime(BaseException):
    """A call has taken too long. No `except Exception` of a strategy can keep it."""


class Deadline:
    """As a context manager: what is executed inside moves on within some seconds, or is ended by `OutOfTime`.

    Args:
        seconds: How long may pass without progress; any time where it is zero.
        progress: Returns what is another value whenever the run has moved.
    """

    def __init__(self, seconds: float, progress: Callable[[], object]) -> None:
        self.seconds = seconds
        self._progress = progress
        self._watched: int | None = None  # the thread that is watched
        self._is_sending = False
        self._sent = 0
        self._is_due = False  # what a signal has to raise
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self.seconds > 0:
            _listen()
            self._sent = 0
            self._watched = threading.get_ident()
            self._wake.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadline", daemon=True)
                self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._leave()
            if self._sent and not isinstance(error, OutOfTime) and not _was_out_of_time(error):
                _wait_for_it()
        except OutOfTime:  # it has landed here, where it does no harm
            self._leave()

    def _leave(self) -> None:
        self._watched = None
        self._wake.clear()
        while self._is_sending:
            sleep(0)
        self._is_due = False

    def _watch(self) -> None:
        while self._is_wanted():
            seen, looks = self._progress(), 0
            while (watched := self._watched) is not None:
                sleep(self.seconds / _LOOKS)
                now = self._progress()
                if now != seen:
                    seen, looks = now, 0
                    continue
                looks += 1  # and not the time that has passed: the whole program may have stood still
                if looks >= _LOOKS:
                    self._send(watched)
                    looks = 0

    def _is_wanted(self) -> bool:
        """Wait for the next call; say whether there was one before long, else the thread ends."""
        if self._wake.wait(_IDLE_SECONDS):
            return True
        self._thread = None
        if self._wake.is_set() and self._thread is None:
            self._thread = threading.current_thread()
            return True
        return False

    def _send(self, watched: int) -> None:
        self._is_sending = True
        if self._watched == watched:
            if _hears(watched):
                self._is_due = True
                _due.append(self)
                signal.pthread_kill(watched, _SIGNAL)
            else:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(watched), ctypes.py_object(OutOfTime))
                self._sent += 1
        self._is_sending = False

    def take(self) -> bool:
        """Say whether a signal came in time; it comes once."""
        was_due, self._is_due = self._is_due, False
        return was_due


_due: Final[list[Deadline]] = []
"""Those for which a signal is on its way."""


def _raise_what_is_due(*_: object) -> None:
    """Be what Python calls in the main thread when the signal has come."""
    is_due = False
    while _due:
        is_due = _due.pop().take() or is_due
    if is_due:
        raise OutOfTime


def _listen() -> None:
    """Take the signal, if nobody else does; only the main thread may say so."""
    is_main = threading.current_thread() is threading.main_thread()
    if _SIGNAL and is_main and signal.getsignal(_SIGNAL) is signal.SIG_DFL:
        signal.signal(_SIGNAL, _raise_what_is_due)


def _hears(thread: int) -> bool:
    """Say whether the signal ends what a thread does."""
    is_main = thread == threading.main_thread().ident
    return bool(_SIGNAL) and is_main and signal.getsignal(_SIGNAL) is _raise_what_is_due


def _was_out_of_time(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OutOfTime):
            return True
        error = None if error.__cause__ is error else error.__cause__
    return False


def _wait_for_it() -> None:
    """Let what was sent land in the meantime."""
    for _ in range(1000):
        sleep(0.001)
