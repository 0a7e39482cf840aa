"""The README's examples run as they are written, and its commands are those that are checked."""

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from tui.__main__ import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_examples_print_what_the_readme_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    printed = StringIO()
    names: dict[str, object] = {"__name__": "readme"}
    with redirect_stdout(printed):
        for block in blocks("python"):
            exec(block, names)  # noqa: S102 - the README's own text

    assert printed.getvalue() == "".join(blocks("text"))


def test_the_example_of_the_public_names_buys_a_hundred_at_the_mark() -> None:
    example = next(block for block in blocks("python") if "asyncio.run" in block)
    printed = StringIO()
    with redirect_stdout(printed):
        exec(example, {"__name__": "readme"})  # noqa: S102 - the README's own text

    assert printed.getvalue() == "Position: 100 @ 187.15\n"


def test_the_commands_that_are_shown_print_what_the_readme_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    shown = [block.removeprefix("$ fillstep ").split("\n", 1) for block in blocks("console")]
    assert shown
    for command, printed in shown:
        assert main(command.split()) == 0
        assert capsys.readouterr().out == printed


def test_the_test_command_is_what_ci_runs() -> None:
    command = "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e '.[test]' && .venv/bin/pytest"

    assert f"\n{command}\n" in README
    assert f"\n{command}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_command_that_opens_the_app_stands_in_the_readme() -> None:
    command = "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e . && .venv/bin/fillstep"

    assert f"\n{command}\n" in README


def test_every_page_that_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
