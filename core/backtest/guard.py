"""Calls of a strategy: what is around them, and what they raise becomes an error that says where they did."""

import dis
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from traceback import walk_tb
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from core import announcer
from core.backtest.deadline import Deadline, OutOfTime
from core.backtest.strategy import Strategy
from core.backtest.surroundings import Surroundings
from core.errors import DeadlineError, InvariantError, StrategyError

if TYPE_CHECKING:
    from core.backtest.output import Output

RAISED: Final = BaseException
"""What a strategy may raise and the program survives: anything; `blame` returns as it is what is not its doing."""
_RAISE: Final = dis.opmap["RAISE_VARARGS"]
_one_at_a_time: Final = threading.RLock()
"""A process has its surroundings once: of two threads, one executes a run's steps after the other."""


class Guard:
    """As a context manager, what the calls of one run's strategy happen in: its deadline, its surroundings, its output.

    Each step enters it. To enter it takes some microseconds, so whoever executes many steps enters it around them all;
    what is executed inside besides has the strategy's surroundings too.

    Attributes:
        deadline: Ends a call that does not come back.
        surroundings: What the process has once, and the strategy may change.
        output: Takes what the strategy prints; where there is none, it goes where the program's goes.
        depth: How often it was entered and not left.
    """

    def __init__(self, deadline: Deadline, surroundings: Surroundings) -> None:
        self.deadline = deadline
        self.surroundings = surroundings
        self.output: Output | None = None
        self.depth = 0
        self._taking: Output | None = None
        self._process = 0

    def __enter__(self) -> Self:
        if not self.depth:
            self._begin()
        self.depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.depth > 1:
            self.depth -= 1
            return
        try:
            self.deadline.__exit__(kind, error, trace)  # first: what it sends must not land in what follows
        finally:
            self.depth = 0
            self._end()

    def _begin(self) -> None:
        _one_at_a_time.acquire()
        self._process = os.getpid()
        _entered.append((threading.get_ident(), self))
        self.surroundings.enter()
        self._taking = self.output
        if self._taking is not None:
            self._taking.__enter__()
        self.deadline.__enter__()

    def _end(self) -> None:
        if os.getpid() != self._process:
            os._exit(0)  # the strategy has forked, and there must not be two of the program
        if self._taking is not None:
            self._taking.__exit__()
        self.surroundings.leave()
        _entered.pop()
        _one_at_a_time.release()

    @contextmanager
    def _left(self) -> Iterator[None]:
        """Be outside for a while."""
        depth = self.depth
        self.depth = 1
        self.__exit__(None, None, None)
        try:
            yield
        finally:
            self._begin()
            self.depth = depth


_entered: Final[list[tuple[int, Guard]]] = []
"""The guards that were entered and not left, and by which thread: by one at a time."""


@contextmanager
def outside() -> Iterator[None]:
    """Be outside of every guard that this thread has entered, such as to let another thread work meanwhile."""
    thread = threading.get_ident()
    with ExitStack() as left:
        for _, guard in [one for one in reversed(_entered) if one[0] == thread]:
            left.enter_context(guard._left())  # noqa: SLF001 - of this file
        yield


def blame(
    strategy: Strategy | type[Strategy],
    call: str,
    error: BaseException,
    step: int | None = None,
) -> BaseException:
    """Return the error of a call, naming the strategy, the call, the line of the strategy's own file, and the step.

    A broken invariant, what an observer raised, and what ends a call from outside are not the strategy's doing, and
    come back as they are.
    """
    if isinstance(error, (InvariantError, StrategyError, OutOfTime)) or _passed(announcer.__name__, error):
        return error
    if is_interrupt(error):
        return error
    kind = strategy if isinstance(strategy, type) else type(strategy)
    return StrategyError(kind.__name__, call, place_in(kind.__module__, error), error, step)


def is_interrupt(error: BaseException) -> bool:
    """Say whether somebody has interrupted the program: Python raises that between two lines, and no line does."""
    if not isinstance(error, KeyboardInterrupt):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is None or trace.tb_frame.f_code.co_code[trace.tb_lasti] != _RAISE


def blame_deadline(strategy: Strategy, error: BaseException, seconds: float, step: int) -> DeadlineError:
    """Return the error of a call that was ended: which it was, and where in the strategy's own file it stood."""
    kind = type(strategy)
    frames = [frame for frame, _ in walk_tb(error.__traceback__) if frame.f_globals.get("__name__") == kind.__module__]
    call = frames[0].f_code.co_name if frames else "on_bar"
    return DeadlineError(kind.__name__, call, place_in(kind.__module__, error), seconds, step)


def place_in(module: str, error: BaseException) -> str:
    """Return the newest line of a module that an error passed, or the module alone.

    A strategy's file is a module of the name that the file was given by, so no path is shown but that one.
    """
    lines = _passed(module, error)
    return f"{module}:{lines[-1]}" if lines else module


def _passed(module: str, error: BaseException) -> list[int]:
    """Return the lines of a module that an error passed on its way, oldest first."""
    return [line for frame, line in walk_tb(error.__traceback__) if frame.f_globals.get("__name__") == module]
