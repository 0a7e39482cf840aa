"""The page about data: its example is what the program prints, and its refusals are those of the program."""

import re
from pathlib import Path

import pytest

from tui.__main__ import main

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "data.md"
EXAMPLE = re.compile(r"<!-- (\w+) -->\n```console\n\$ fillstep (.*)\n((?:.*\n)*?)```\n<!-- end of \1 -->")


EXAMPLES = {found[1]: (found[2], found[3]) for found in EXAMPLE.finditer(PAGE.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", ["report", "split"])
def test_what_the_page_shows_is_what_the_program_prints(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    command, printed = EXAMPLES[name]
    assert main(command.split()) == 0
    assert capsys.readouterr().out == printed


NAMES = "format,left alone,types,floats,times,dropped,rows,range,order,duplicates,interval,gaps,prices,volume,warning"


@pytest.mark.parametrize("name", NAMES.split(","))
def test_every_name_of_a_line_is_on_the_page_and_in_the_program(name: str) -> None:
    files = [ROOT / "core" / "origin.py", *(ROOT / "core" / "data").glob("*.py")]
    sources = "".join(file.read_text(encoding="utf-8") for file in files)
    assert f"`{name}`" in PAGE.read_text(encoding="utf-8")
    assert f'"{name}"' in sources


@pytest.mark.parametrize(
    "option", ["--zone", "--dates", "--sort", "--drop-empty", "--repair", "--memory-gb", "--actions"]
)
def test_every_option_is_on_the_page(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"`{option}" in PAGE.read_text(encoding="utf-8")
    assert main(["data", "--help"]) == 0
    assert option in capsys.readouterr().out
