"""What a recording says of a strategy: its name, its file's hash and its parameters; never its code."""

import io
import json
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from decimal import Decimal
from typing import Any

import attrs

from core.backtest.configuration import make_strategy, read_assignments
from core.backtest.conversion import plain
from core.backtest.examples import SHIPPED
from core.backtest.guard import RAISED
from core.backtest.strategy import Strategy
from core.replay.manifest import RecordedStrategy
from core.replay.storage import hash_file


def describe(strategy: Strategy) -> RecordedStrategy:
    """Describe a strategy that has not run, so that it can be found and made again."""
    kind = type(strategy)
    parameters = _parameters(strategy)
    return RecordedStrategy(name_of(kind), hash_of(kind), parameters, _makes(kind, parameters, strategy))


def name_of(kind: type[Strategy]) -> str:
    """Return the name by which a strategy is asked for: a shipped one, or `path/to/file.py:Class`."""
    return next((name for name, one in SHIPPED.items() if one is kind), f"{kind.__module__}:{kind.__qualname__}")


def hash_of(kind: type[Strategy]) -> str | None:
    """Return the SHA-256 of the file that defines a strategy, as it is now; None where there is none."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return hash_file(file) if isinstance(file, str) else None


def _parameters(strategy: Strategy) -> dict[str, str]:
    """Return what the fields of a strategy were given, as far as it can be written as `--set` takes it."""
    written: dict[str, str] = {}
    for one in attrs.fields(type(strategy)):
        value = getattr(strategy, one.name, None)
        if one.init and value is not None:
            try:
                written[str(one.alias)] = _as_toml(plain(value), value)
            except RAISED:
                continue
    return written


def _as_toml(held: Any, value: object) -> str:
    """Write a value as TOML has it; an exact number as a number."""
    if isinstance(value, Decimal):
        return str(held)
    if isinstance(held, list):
        items = value if isinstance(value, (list, tuple)) else held
        return f"[{', '.join(map(_as_toml, held, items))}]"
    return json.dumps(held, ensure_ascii=False, allow_nan=False)


def _makes(kind: type[Strategy], parameters: Mapping[str, str], strategy: Strategy) -> bool:
    """Say whether a strategy made of parameters is the one that was described."""
    try:
        with redirect_stdout(io.StringIO()):
            made = make_strategy(kind, [read_assignments(f"{name}={text}" for name, text in parameters.items())])
        fields = [one.name for one in attrs.fields(kind) if one.init]
        return all(getattr(made, name) == getattr(strategy, name) for name in fields)
    except RAISED:
        return False
