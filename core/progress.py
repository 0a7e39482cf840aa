"""Long work says how far it has come, to whoever waits for it; who waits may end it there.

Work that takes long calls `report` where it can be ended without harm: what it has done so far stays. Where nobody
waits, that costs next to nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

from core.errors import FillstepError

Listener: TypeAlias = Callable[[int, int], object]
"""Is told how much is done, and of how much."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


class Interrupted(FillstepError):  # noqa: N818 - it is no fault
    """Who waited for long work has ended it."""

    def __init__(self) -> None:
        super().__init__("interrupted: what was done so far is kept")


def report(done: int, total: int) -> None:
    """Tell who waits how far the work has come.

    Args:
        done: How much is done, in whatever the work counts.
        total: Of how much; 0 where that is not known.

    Raises:
        Interrupted: Who waits does so no longer.
    """
    listener = _listener.get()
    if listener is not None:
        listener(done, total)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Be told of what is reported inside.

    >>> with listening(lambda done, total: print(f"{done} of {total}")):
    ...     report(3, 4)
    3 of 4
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
