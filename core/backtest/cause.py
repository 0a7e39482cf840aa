"""The cause of an order: which line of the strategy's own file asked for it."""

import sys
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

_CALLERS: Final = frozenset({"core.backtest.loop", "core.backtest.wakes"})


def cause_of(module: str) -> str:
    """Return the newest line of a module in the call of a strategy, and its function: `my_strategy.py:14 on_bar`.

    A strategy's file is a module of the name that the file was given by. No path but a relative one is told, so that a
    run is recorded alike wherever it stands. Where the call is inherited from another module, it is the line of that.
    Empty where no strategy is being called.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - a traceback costs a hundred times as much
    own: FrameType | None = None
    called: FrameType | None = None
    while frame is not None and (name := frame.f_globals.get("__name__")) not in _CALLERS:
        if own is None and name == module:
            own = frame
        called, frame = frame, frame.f_back
    found = own or called
    if frame is None or found is None:
        return ""
    return _written(str(found.f_globals.get("__name__")), found.f_lineno, found.f_code.co_name)


@cache  # a strategy has few such lines, and asks at each of them many times
def _written(module: str, line: int, function: str) -> str:
    path = PurePath(module)
    return f"{path.name if path.is_absolute() else module}:{line} {function}"
