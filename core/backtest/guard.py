"""One call of a strategy: what it raises becomes an error that says where, in its own file, it did."""

from traceback import walk_tb

from core import announcer
from core.backtest.strategy import Strategy
from core.errors import DeadlineError, InvariantError, StrategyError

RAISED = (Exception, SystemExit)
"""What a strategy may raise and the program survives."""


def blame(
    strategy: Strategy | type[Strategy],
    call: str,
    error: BaseException,
    step: int | None = None,
) -> BaseException:
    """Return the error of a call, naming the strategy, the call, the line of the strategy's own file, and the step.

    A broken invariant, or what an observer raised, is not the strategy's doing, and comes back as it is.
    """
    if isinstance(error, (InvariantError, StrategyError)) or _passed(announcer.__name__, error):
        return error
    kind = strategy if isinstance(strategy, type) else type(strategy)
    return StrategyError(kind.__name__, call, place_in(kind.__module__, error), error, step)


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
