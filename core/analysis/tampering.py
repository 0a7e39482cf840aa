"""Tampering: whether a strategy has put something of its own in the place of a part of the engine."""

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import TypeAlias

from attrs import frozen

_ROOT = "core"

Parts: TypeAlias = Mapping[tuple[str, str], object]
"""Whatever the engine's modules and classes define, by the name of the module or class and its own."""


@frozen(eq=False)
class Engine:
    """The parts of the engine at one time."""

    parts: Parts

    def replaced_since(self) -> list[str]:
        """Return the names of those that are others now, or are gone, in order."""
        now = _parts()
        changed = (name for name, part in self.parts.items() if now.get(name) is not part)
        return sorted(f"{owner}.{name}" for owner, name in changed)


def engine_now() -> Engine:
    """Return the engine as it is now."""
    return Engine(_parts())


def _parts() -> Parts:
    found: dict[tuple[str, str], object] = {}
    modules = [module for name, module in sys.modules.items() if name.split(".", maxsplit=1)[0] == _ROOT]
    for module in modules:
        for name, value in _defined(module).items():
            found[module.__name__, name] = value
            if isinstance(value, type) and value.__module__ == module.__name__:
                owner = f"{module.__name__}.{name}"
                found |= {(owner, inner): part for inner, part in vars(value).items() if callable(part)}
    return found


def _defined(module: ModuleType) -> Mapping[str, object]:
    """Return what a module defines or imports and executes: classes and functions."""
    return {name: value for name, value in vars(module).items() if callable(value) and not name.startswith("__")}
