"""The page on bad inputs, and a test for every row of it."""

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "bad-inputs.md").read_text(encoding="utf-8")
ROWS = 58


def rows() -> dict[int, tuple[str, str]]:
    """Return what is given and what happens, by the number of the row."""
    found = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
    return {int(number): (given, happens) for number, given, happens in found}


def found_for(number: int) -> list[str]:
    """Return the test functions of a row, as the files of this folder name them."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in sorted(HERE.glob("test_*.py")))
    functions = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return [one.name for one in functions if one.name.startswith(f"test_row_{number:02}_")]


def test_the_page_has_every_row_once_and_in_order() -> None:
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]
    assert numbers == list(range(1, ROWS + 1))
    assert list(rows()) == numbers


@pytest.mark.parametrize("number", range(1, ROWS + 1))
def test_every_row_of_the_page_has_a_test(number: int) -> None:
    assert found_for(number), rows()[number]
