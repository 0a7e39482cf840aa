"""Who imports whom, proved in fresh interpreters."""

import subprocess
import sys
from pathlib import Path

import pytest

import core

ROOT = Path(core.__file__ or "").parents[1]
FILES = sorted((ROOT / "core").rglob("*.py"))
MODULES = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in FILES]
IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sys.modules, sep="\\n")
"""
# the public names of `core` bring all packages; here it is an empty one
WITHOUT_PUBLIC_NAMES = f"""
import sys, types
sys.modules["core"] = types.ModuleType("core")
sys.modules["core"].__path__ = ["core"]
{IMPORT_ALL}
"""


def loaded_by(script: str, modules: list[str]) -> set[str]:
    """Import some modules in a fresh interpreter, and return all that are loaded then."""
    command = [sys.executable, "-c", script, *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100)
    return set(done.stdout.split())


def within(modules: set[str] | list[str], package: str) -> list[str]:
    """Return the modules of a package, itself among them."""
    return sorted(name for name in modules if f"{name}.".startswith(f"{package}."))


def test_the_core_runs_without_a_screen() -> None:
    loaded = loaded_by(IMPORT_ALL, MODULES)
    assert within(loaded, "core") == sorted(MODULES)
    assert len(MODULES) > 30
    assert not {name.partition(".")[0] for name in loaded} & {"textual", "rich", "cyclopts", "tui"}


@pytest.mark.parametrize(
    ("package", "never"),
    [
        ("core.execution", "core.risk"),
        ("core.risk", "core.execution"),
        ("core.data", "core.execution"),
        ("core.data", "core.risk"),
        ("core.execution", "core.backtest"),
        ("core.risk", "core.backtest"),
        ("core.data", "core.backtest"),
    ],
)
def test_a_package_never_imports_what_lies_beside_or_above_it(package: str, never: str) -> None:
    modules = within(MODULES, package)
    loaded = loaded_by(WITHOUT_PUBLIC_NAMES, modules)
    assert within(loaded, package) == modules
    assert within(MODULES, never)
    assert not within(loaded, never)


def test_no_module_of_the_core_imports_an_event_loop() -> None:
    assert not [file for file in FILES if "asyncio" in file.read_text(encoding="utf-8")]


def test_the_public_names_are_there() -> None:
    promised = {"BUY", "SELL", "BacktestBroker", "ExecutionEngine", "Fill", "MarketSimulator", "Order", "Side"}
    promised |= {"PortfolioState", "PortfolioStateProtocol", "PortfolioView", "Position", "Backtest", "Strategy"}
    assert promised <= set(core.__all__)
    assert [name for name in core.__all__ if not hasattr(core, name)] == []
