"""The page on fill rules is run: each of its blocks is played, and each number in it compared with what happens."""

import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from core.reason import Code
from tests.fill_blocks import INPUT
from tests.fill_plays import play

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "fill-rules.md").read_text(encoding="utf-8")
COSTS = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
RULES = [*(f"R{number}" for number in range(1, 13)), "R12b", "R12c", "R13", "R14", "R15", "R15b"]
RULES += [f"R{number}" for number in range(16, 21)]
NOT_OF_FILLS = {"R19"}
"""Rules that say nothing of fills, and so have no block."""
WIDEST_LINE, WIDEST_PICTURE = 120, 60


def fences(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def section(title: str) -> str:
    """Return what the page says under a heading."""
    found = re.search(rf"^##+ {title}\b.*?(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, f"the page has no section {title}"
    return found[0]


BLOCKS = fences(PAGE, "fill")


@pytest.mark.parametrize("rule", RULES)
def test_every_number_in_the_blocks_of_a_rule_is_what_happens(rule: str) -> None:
    found = fences(section(rule), "fill")
    assert bool(found) == (rule not in NOT_OF_FILLS)
    for block in found:
        play(block)


def test_the_blocks_on_other_engines_are_what_this_one_does() -> None:
    found = fences(section("The same order in other engines"), "fill")
    assert len(found) == 4  # a limit, a gap, a market order, a bracket
    for block in found:
        play(block)


def test_no_block_stands_where_it_is_not_played() -> None:
    titles = [*RULES, "The same order in other engines"]
    assert [block for title in titles for block in fences(section(title), "fill")] == BLOCKS


def test_the_page_has_every_rule_once_and_in_order() -> None:
    assert re.findall(r"^### (R\d+[bc]?) ", PAGE, re.MULTILINE) == RULES


def test_the_page_names_the_version_of_the_rules() -> None:
    assert "Rules version: 1." in PAGE


def numbers_said(block: str) -> Iterator[tuple[int, int]]:
    """Yield where each number stands in what a block says of its outcome."""
    for line in re.finditer(r"^.*$", block, re.MULTILINE):
        if line[0].split()[:1] and line[0].split()[0] not in INPUT:
            yield from (found.span() for found in re.compile(r"\d+(\.\d+)?").finditer(block, *line.span()))


def altered(number: str) -> str:
    """Return a number that differs from another in its last digit."""
    return f"{number[:-1]}{(int(number[-1]) + 1) % 10}"


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_with_one_number_altered_fails(block: str) -> None:
    for start, end in numbers_said(block):
        mutant = f"{block[:start]}{altered(block[start:end])}{block[end:]}"
        with pytest.raises(AssertionError):
            play(mutant)


@pytest.mark.parametrize(
    ("written", "mutant"),
    [
        pytest.param("bar    101.00 102.00", "bar    101.01 102.00", id="another open"),
        pytest.param("order  buy 100", "order  buy 101", id="another quantity"),
        pytest.param("fill   100 @ 101.00 R5\n", "", id="a fill that is not written"),
        pytest.param("fill   100 @ 101.00 R5\n", "fill   100 @ 101.00 R5\n" * 2, id="a fill that never happened"),
        pytest.param("bar    101.00 102.00 99.50 100.50\nfill", "bar    103.00\nbar    101.00\nfill", id="another day"),
    ],
)
def test_a_block_with_something_else_altered_fails(written: str, mutant: str) -> None:
    block = BLOCKS[0]
    assert written in block
    with pytest.raises(AssertionError):
        play(block.replace(written, mutant))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in NOT_OF_FILLS])
def test_a_price_in_the_words_or_a_picture_of_a_rule_stands_in_its_blocks(rule: str) -> None:
    text = section(rule)
    played = " ".join(fences(text, "fill"))
    said = re.findall(
        r"(?<![\w.])\d+\.\d+", re.sub(r"^```(fill|python)\n.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    )
    assert [price for price in said if not re.search(rf"(?<![\d.]){re.escape(price)}(?![\d.])", played)] == []


def test_pictures_are_narrow_and_lines_are_not_too_long() -> None:
    wide = [line for picture in fences(PAGE, "text") for line in picture.splitlines() if len(line) > WIDEST_PICTURE]
    assert wide == []
    for page in (PAGE, COSTS):
        assert [line for line in page.splitlines() if len(line) > WIDEST_LINE and not line.startswith("|")] == []


# Reasons


def table() -> dict[str, tuple[set[str], set[str]]]:
    """Return the table of reasons: by code, the params that it always has, and those that it may have."""
    rows = re.findall(r"^\| `([A-Z_]+)` \|[^|]*\|([^|]*)\|$", section("Reasons"), re.MULTILINE)
    codes = [code for code, _ in rows]
    assert len(codes) == len(set(codes)), "a code stands twice"
    return {
        code: (set(re.findall(r"(?<!\()`(\w+)`", cell)), set(re.findall(r"\(`(\w+)`\)", cell))) for code, cell in rows
    }


def test_the_table_has_every_code_and_no_other() -> None:
    assert set(table()) == {code.name for code in Code}


def test_every_reason_that_a_block_sees_has_the_params_of_the_table() -> None:
    said = table()
    reasons = [reason for block in BLOCKS for reason in play(block)]
    for reason in reasons:
        always, at_times = said[reason.code.name]
        assert always <= set(reason.params) <= always | at_times, reason.code
    seen = {reason.code for reason in reasons}
    assert [code.name for code in Code if code not in seen] == ["DROPPED_BY_HAND"]  # a person does that, no rule


# Examples in Python


def printed(page: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the Python of a page, and return what it prints."""
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {"__name__": "page"}
    with redirect_stdout(StringIO()) as output:
        for block in fences(page, "python"):
            exec(block, names)  # noqa: S102 - the page's own text
    return output.getvalue()


def test_a_float_is_refused_as_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(PAGE, monkeypatch) == "".join(fences(section("R19"), "text"))


def test_the_two_models_of_the_page_on_costs_print_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(re.findall("^class ", "".join(fences(COSTS, "python")), re.MULTILINE)) == 3  # two models, one strategy
    assert printed(COSTS, monkeypatch) == "".join(fences(COSTS, "text"))
