"""Strategies by name: those that ship, and those in a file.

A strategy is one file: its folder does not become importable. The file is run as a module whose name is the file as it
was given, so that every error names it so.
"""

import re
import sys
from collections.abc import Mapping
from functools import partial
from types import ModuleType

from core.backtest.examples import SHIPPED
from core.backtest.guard import RAISED, is_interrupt, place_in
from core.backtest.strategy import Strategy
from core.backtest.surroundings import Surroundings, keep_surroundings
from core.errors import StrategyNotFoundError
from core.files import read_file

_IN_A_FILE = re.compile(r"(.+\.py)(?::(.*))?", re.DOTALL)


def find_strategy(name: str) -> type[Strategy]:
    """Return a strategy by its shipped name, or by `path/to/file.py:Class`; a file of one strategy needs no class.

    Raises:
        StrategyNotFoundError: There is none, or its file cannot be run.
    """
    if name in SHIPPED:
        return SHIPPED[name]
    found = _IN_A_FILE.fullmatch(name)
    if not found:
        shipped = ", ".join(SHIPPED)
        raise StrategyNotFoundError(name, f"must be one of {shipped}, or a file such as my_strategy.py:MyStrategy")
    file, kind = found.groups()
    return _choose(name, _run(name, file), kind)


def _run(name: str, file: str) -> ModuleType:
    """Run a file as a module, and keep it as one: types written as text are looked up there."""
    source = read_file(file, partial(StrategyNotFoundError, name))
    module = ModuleType(file)
    module.__file__ = file
    before = sys.modules.get(file)
    sys.modules[file] = module
    try:
        with Surroundings() as surroundings:
            exec(compile(source, file, "exec", dont_inherit=True), vars(module))  # noqa: S102 - it is the user's own code
    except RAISED as error:
        del sys.modules[file]
        if before is not None:
            sys.modules[file] = before
        if is_interrupt(error):
            raise
        raise StrategyNotFoundError(name, _why(file, error)) from error
    for kind in _strategies(module).values():
        keep_surroundings(kind, surroundings)
    return module


def _why(file: str, error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename == file:
        return f"{file}:{error.lineno}: {error.msg}"
    return f"{place_in(file, error)}: {type(error).__name__}: {error}"


def _choose(name: str, module: ModuleType, kind: str | None) -> type[Strategy]:
    own = _strategies(module)
    if kind:
        return _named(name, module, kind, own)
    if len(own) != 1:
        what = f"there are {', '.join(own)}: write {module.__name__}:CLASS" if own else "there is no strategy in it"
        raise StrategyNotFoundError(name, what)
    return next(iter(own.values()))


def _named(name: str, module: ModuleType, kind: str, own: Mapping[str, type[Strategy]]) -> type[Strategy]:
    found = getattr(module, kind, None)
    if isinstance(found, type) and issubclass(found, Strategy):
        return found
    problem = f"{kind} is no subclass of Strategy" if found is not None else f"there is no {kind} in it"
    raise StrategyNotFoundError(name, f"{problem}; its strategies are {', '.join(own) or 'none'}")


def _strategies(module: ModuleType) -> dict[str, type[Strategy]]:
    """Return the strategies that a module itself defines, by the names of their classes."""
    classes = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Strategy)]
    return {one.__name__: one for one in classes if one.__module__ == module.__name__}
