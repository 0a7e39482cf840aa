"""What the page on exports shows runs as it is written."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from core.analysis.frames import FRAMES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_prints_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    printed = StringIO()
    (example,), (text,) = blocks("python"), blocks("text")
    with redirect_stdout(printed):
        exec(example, {"__name__": "page"})  # noqa: S102 - the page's own text
    assert printed.getvalue() == text


def test_the_page_names_every_table() -> None:
    assert re.findall(r"^\| (\w+) \|", PAGE, re.MULTILINE)[1:] == list(FRAMES)
