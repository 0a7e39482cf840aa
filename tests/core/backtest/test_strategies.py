"""Strategies by name: those that ship, and those in a file."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.backtest.configuration import make_strategy, read_assignments
from core.backtest.examples import SHIPPED, SmaCross
from core.backtest.strategies import find_strategy
from core.errors import StrategyNotFoundError

MINE = """
from __future__ import annotations
from decimal import Decimal
from attrs import define
from core import Now, Strategy
from core.backtest.examples import SmaCross

@define
class Mine(Strategy):
    quantity: Decimal = Decimal(1)

Alias = Mine
number = 3
"""
TWO = "from core import Strategy\nclass A(Strategy): ...\nclass B(Strategy): ...\n"


@pytest.fixture(autouse=True)
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield lambda text, name="mine.py": Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    for name in set(sys.modules) - before:
        del sys.modules[name]


def refusal(name: str) -> str:
    with pytest.raises(StrategyNotFoundError) as caught:
        find_strategy(name)
    return str(caught.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_found_by_name_and_needs_nothing(name: str) -> None:
    assert isinstance(find_strategy(name)(), SHIPPED[name])


def test_a_file_of_one_strategy_needs_no_class(write: Callable[..., int]) -> None:
    write(MINE)
    assert find_strategy("mine.py").__name__ == "Mine"
    assert find_strategy("mine.py:").__name__ == "Mine"
    assert find_strategy("mine.py:Mine").__name__ == "Mine"
    assert find_strategy("mine.py:SmaCross") is SmaCross


def test_a_file_may_stand_anywhere_and_is_named_as_it_was_given(write: Callable[..., int], tmp_path: Path) -> None:
    Path("a folder").mkdir()
    write(MINE, "a folder/mine.py")
    assert find_strategy("a folder/mine.py").__module__ == "a folder/mine.py"
    assert find_strategy("./a folder/mine.py").__module__ == "./a folder/mine.py"
    assert find_strategy(f"{tmp_path}/a folder/mine.py:Mine").__module__ == f"{tmp_path}/a folder/mine.py"


def test_types_written_as_text_are_found_in_the_file(write: Callable[..., int]) -> None:
    write(MINE)
    made = make_strategy(find_strategy("mine.py"), [read_assignments(["quantity=1.5"])])
    assert repr(made) == "Mine(quantity=Decimal('1.5'))"


def test_its_folder_does_not_become_importable(write: Callable[..., int]) -> None:
    write("number = 3", "my_helper.py")
    write("import my_helper")
    assert refusal("mine.py") == "strategy mine.py: mine.py:1: ModuleNotFoundError: No module named 'my_helper'"


def test_an_unknown_name_lists_those_that_ship_and_the_form_of_a_file() -> None:
    assert refusal("sma") == (
        "strategy sma: must be one of accumulator, bracket-breakout, buy-and-hold, dip-buyer, sma-cross, "
        "trailing-stop, or a file such as my_strategy.py:MyStrategy"
    )


WRONG = {
    "syntax": ("x = 1\ny = (", "mine.py:2: '(' was never closed"),
    "import": ("\nimport no_such", "mine.py:2: ModuleNotFoundError: No module named 'no_such'"),
    "raises": ("def f():\n    1 / 0\nf()", "mine.py:2: ZeroDivisionError: division by zero"),
    "exits": ("import sys\nsys.exit(3)", "mine.py:2: SystemExit: 3"),
    "escapes": ("raise ValueError('\\x1b[2J')", "mine.py:1: ValueError: ␛[2J"),
    "none": ("x = 1", "there is no strategy in it"),
    "imported only": ("from core.backtest.examples import SmaCross", "there is no strategy in it"),
    "two": (TWO, "there are A, B: write mine.py:CLASS"),
}


@pytest.mark.parametrize(("text", "why"), WRONG.values(), ids=WRONG)
def test_a_file_that_cannot_be_run_is_refused_by_its_line(
    write: Callable[..., int], monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    monkeypatch.delitem(sys.modules, "mine.py", raising=False)
    write(text)
    assert refusal("mine.py") == f"strategy mine.py: {why}"
    assert ("mine.py" in sys.modules) is ("strategy" in why or "there are" in why)


def test_a_file_that_cannot_be_run_any_more_leaves_what_was_loaded_of_it(write: Callable[..., int]) -> None:
    write(TWO)
    find_strategy("mine.py:A")
    loaded = sys.modules["mine.py"]
    write("1 / 0")
    assert "ZeroDivisionError" in refusal("mine.py")
    assert sys.modules["mine.py"] is loaded


def test_bytes_that_are_no_program_are_refused(write: Callable[..., int]) -> None:
    write(b"x = '\xff'")
    assert refusal("mine.py").startswith("strategy mine.py: mine.py:1: (unicode error) 'utf-8' codec can't decode")
    write(b"a\0b")
    assert "source code string cannot contain null bytes" in refusal("mine.py")


def test_a_fault_of_a_file_that_was_imported_is_named_where_it_was_imported(
    write: Callable[..., int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write("x = (", "my_helper.py")
    write("import my_helper")
    assert refusal("mine.py") == "strategy mine.py: mine.py:1: SyntaxError: '(' was never closed (my_helper.py, line 1)"


CLASSES = {
    "missing": ("C", "there is no C in it; its strategies are A, B"),
    "no class": ("number", "number is no subclass of Strategy; its strategies are A, B"),
}


@pytest.mark.parametrize(("name", "why"), CLASSES.values(), ids=CLASSES)
def test_a_class_that_is_no_strategy_lists_those_there_are(write: Callable[..., int], name: str, why: str) -> None:
    write(f"{TWO}number = 3\n")
    assert find_strategy("mine.py:B").__name__ == "B"
    assert refusal(f"mine.py:{name}") == f"strategy mine.py:{name}: {why}"


def test_what_is_no_file_is_refused_and_not_opened() -> None:
    Path("folder.py").mkdir()
    os.mkfifo("pipe.py")
    assert refusal("no.py:A") == "strategy no.py:A: cannot be read: no such file or directory"
    assert refusal("folder.py") == "strategy folder.py: must be a file, was a folder"
    assert refusal("pipe.py") == "strategy pipe.py: must be a file, was a pipe or a device"
