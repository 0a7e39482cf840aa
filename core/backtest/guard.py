"""One call of a strategy: what it raises becomes an error that says where, in its own file, it did."""

import inspect
import traceback

from core.backtest.strategy import Strategy
from core.errors import InvariantError, StrategyError

RAISED = (Exception, SystemExit)
"""What a strategy may raise and the program survives."""


def blame(strategy: Strategy, call: str, error: BaseException) -> BaseException:
    """Return the error of a call, naming the strategy, the call, and the line of the strategy's own file.

    A broken invariant is not the strategy's doing, and comes back as it is.
    """
    if isinstance(error, (InvariantError, StrategyError)):
        return error
    return StrategyError(type(strategy).__name__, call, _place(strategy, error), error)


def _place(strategy: Strategy, error: BaseException) -> str:
    own = inspect.getfile(type(strategy)) if type(strategy).__module__ != "__main__" else ""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == own]
    module = type(strategy).__module__
    name = own if module.startswith("strategy_file") else module
    return f"{name}:{lines[-1]}" if lines else name
