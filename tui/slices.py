"""Work that is done a slice at a time, so that the screen answers in between.

It goes on in a thread of its own, but never at the same time as the screen: one of the two always waits for the other,
as if the thread were a function that can be left and entered again. So nothing that either reads changes under it.
"""

import threading
from collections.abc import Callable
from contextvars import copy_context
from time import perf_counter
from typing import Generic, TypeVar

from core.backtest.guard import outside
from core.progress import Interrupted, listening

ResultT = TypeVar("ResultT")


class Slices(Generic[ResultT]):
    """A job, as far as it has come.

    Attributes:
        done: How much is done, in whatever the job counts.
        total: Of how much; 0 where that is not known.
        is_over: Whether it came to an end.
    """

    def __init__(self, job: Callable[[], ResultT]) -> None:
        """Begin with the first `go_on`.

        Args:
            job: What is to be done; where it can be left, it reports (`core.progress`).
        """
        self.done = self.total = 0
        self.is_over = False
        self._job = job
        self._result: ResultT
        self._error: BaseException | None = None
        self._until = 0.0
        self._is_interrupted = False
        self._go, self._stop = threading.Semaphore(0), threading.Semaphore(0)
        context = copy_context()
        self._thread = threading.Thread(target=lambda: context.run(self._work), name="slices", daemon=True)

    def go_on(self, seconds: float) -> bool:
        """Let the job go on until it is over, or until it reports after so many seconds; say whether it is over."""
        if self.is_over:
            return True
        self._until = perf_counter() + seconds
        if self._thread.ident is None:
            self._thread.start()
        else:
            self._go.release()
        self._stop.acquire()
        return self.is_over

    def interrupt(self) -> None:
        """End the job where it reports next, which is where it was left."""
        self._is_interrupted = True
        while not self.go_on(0):
            pass

    def result(self) -> ResultT:
        """Return what the job has returned, or raise what it has raised; it is over."""
        if self._error is not None:
            raise self._error
        return self._result

    def _work(self) -> None:
        try:
            with listening(self._left):
                self._result = self._job()
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            self._error = error
        self.is_over = True
        self._stop.release()

    def _left(self, done: int, total: int) -> None:
        if self._is_interrupted:
            raise Interrupted
        self.done, self.total = done, total
        if perf_counter() < self._until:
            return
        with outside():
            self._stop.release()
            self._go.acquire()
        if self._is_interrupted:
            raise Interrupted
