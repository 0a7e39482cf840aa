"""Into the code: a call of the strategy under pdb, or under what PYTHONBREAKPOINT names."""

import os
import pdb  # noqa: T100 - what this file is for
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from core.backtest.loop import Backtest
from core.backtest.strategy import Strategy
from core.errors import InputError
from core.events import CashChanged, OrderFilled
from core.replay.cursor import Cursor
from core.replay.reexecution import stop_in

_HOOK: Final = "PYTHONBREAKPOINT"
_OFF: Final = "0"


def check_debugger() -> None:
    """Refuse where a person has switched debugging off, or has named a debugger that is not there.

    Raises:
        InputError: They have.
    """
    hook = os.environ.get(_HOOK)
    if hook == _OFF:
        raise InputError(f"{_HOOK} is {_OFF}, which switches debugging off: unset it to go into the code")
    if hook:
        _module_of(hook)


def debug_at(run: Backtest, cursor: Cursor) -> None:
    """Run again to the strategy's call at a place, and stand there in a debugger until it is left.

    At a fill that is `on_fill`, where the strategy has one; everywhere else `on_bar` of the step.
    """
    step = max(cursor.step, 0)
    fill_id = _fill_at(run, cursor)
    call = "on_bar" if fill_id is None else f"on_fill of fill #{fill_id}"
    sys.stdout.write(f"\nbar {step + 1}: {call}; c or q leads back\n\n")
    stop_in(run, step, fill_id, _debug)


def _fill_at(run: Backtest, cursor: Cursor) -> int | None:
    """Return the fill after whose facts one stands, where the strategy is told of fills."""
    rows = run.journal.rows
    if type(run.strategy).on_fill is Strategy.on_fill or not 0 < cursor.sequence <= len(rows):
        return None
    step, _, kind, fields = rows[cursor.sequence - 1]
    if step != cursor.step:
        return None
    if kind is CashChanged:
        return None if fields[-1] is None else int(fields[-1])
    return int(fields[2].id) if kind is OrderFilled else None


def _debug(method: Callable[..., object], *arguments: Any) -> object:
    """Call a method so that a debugger stands at its first line."""
    hook = os.environ.get(_HOOK)
    runcall = pdb.Pdb(nosigint=True).runcall if not hook else getattr(_module_of(hook), "runcall", None)
    if runcall is not None:
        return runcall(method, *arguments)
    now = arguments[0]  # by this name it can be asked for where the debugger stands
    sys.breakpointhook()  # noqa: T100
    del now
    return method(*arguments)


def _module_of(hook: str) -> object:
    module, _, _ = hook.rpartition(".")
    try:
        return import_module(module)
    except (ImportError, ValueError) as error:
        raise InputError(f"{_HOOK} is {hook}, which cannot be imported: {error}") from error
