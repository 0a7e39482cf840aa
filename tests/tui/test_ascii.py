"""The screen in ASCII: every cell of it is one character, in the place of the one that stood there."""

import ast
import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from core.backtest.loop import Backtest
from tests.core.builders import backtest, bars_of
from tests.tui.driving import press
from tui.app import FillstepApp
from tui.ascii import shows_utf8, to_ascii
from tui.settings import Ascii, UserSettings

TUI = Path(__file__).parents[2] / "tui"
WALK = (
    "",
    "2 j",
    "3 j j enter",
    "v",
    "5 z",
    "z 6",
    "8",
    "7",
    "b B",
    "escape m a",
    "colon b r e a k",
    "escape o",
    "escape d",
    "escape question_mark",
    "escape N N",
    "C",
    "ctrl+p",
    "r e",
    "escape c",
)
"""Keys that lead to every pane and dialog."""


def glyphs() -> Iterator[str]:
    """Yield every character beyond ASCII in a text that the screen's own files write."""
    for path in TUI.rglob("*.py"):
        if path.name == "ascii.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from (one for one in node.value if not one.isascii())


def test_every_glyph_of_ours_has_a_character_of_its_own() -> None:
    seen = set(glyphs())
    assert {"┃", "▲", "█", "●", "…"} <= seen
    assert [one for one in sorted(seen) if to_ascii(one) == "?" or len(to_ascii(one)) != 1] == []


def test_braille_is_denser_with_more_dots() -> None:
    assert to_ascii("⠀⠁⠃⠇⡇⡏⡟⡿⣿") == " ..::**##"


def test_characters_of_data_are_marked_in_each_of_their_cells() -> None:
    assert to_ascii("é 株式 £5 👨‍👩‍👧") == "? ???? ?5 ??"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_a_text_keeps_its_width(text: str) -> None:
    plain = to_ascii(text)
    assert plain.isascii()
    assert len(plain) == cell_len(text)


def test_what_is_ascii_stays_as_it_is() -> None:
    plain = "".join(map(chr, range(32, 127)))
    assert to_ascii(plain) is plain


SURROUNDINGS = {
    "a locale with UTF-8": ({"LANG": "en_US.UTF-8"}, "utf-8", True),
    "written another way": ({"LANG": "de_DE.utf8@euro"}, "utf-8", True),
    "nothing is said": ({}, "utf-8", True),
    "the locale C": ({"LANG": "C"}, "utf-8", False),
    "the locale C, as Python changes it": ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "utf-8", False),
    "the locale POSIX": ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, "utf-8", False),
    "the characters alone": ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, "utf-8", True),
    "C with UTF-8": ({"LANG": "C.UTF-8"}, "utf-8", True),
    "another locale": ({"LANG": "de_DE.ISO-8859-1"}, "utf-8", False),
    "another encoding": ({"LANG": "en_US.UTF-8"}, "latin-1", False),
    "an encoding that is none": ({"LANG": "en_US.other"}, "utf-8", False),
    "no stream to write to": ({"LANG": "en_US.UTF-8"}, "", True),
}


@pytest.mark.parametrize(("surroundings", "encoding", "expected"), SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_a_terminal_says_what_it_shows(surroundings: dict[str, str], encoding: str, expected: bool) -> None:
    assert shows_utf8(surroundings, encoding) is expected


def pictures(
    run: Backtest, wanted: Ascii, lines_of: Callable[..., list[str]], walk: tuple[str, ...] = WALK
) -> list[list[str]]:
    seen = []

    async def script() -> None:
        app = FillstepApp(run, settings=UserSettings(ascii=wanted))
        async with app.run_test(size=(120, 40)) as pilot:
            for keys in walk:
                await press(pilot, *keys.split())
                seen.append(lines_of(app))

    asyncio.run(script())
    return seen


def test_every_cell_of_every_pane_and_dialog_is_ascii_and_stays_in_its_place(
    sample: Callable[..., Backtest], lines_of: Callable[..., list[str]]
) -> None:
    usual, plain = (pictures(sample(300), wanted, lines_of) for wanted in (Ascii.NEVER, Ascii.ALWAYS))
    assert len(usual) == len(plain) == len(WALK)
    for keys, there, here in zip(WALK, usual, plain, strict=True):
        assert "".join(here).isascii(), keys
        assert [to_ascii(line) for line in there] == here, keys
        assert [cell_len(line) for line in there] == [len(line) for line in here], keys


def test_symbols_of_data_are_ascii_too(lines_of: Callable[..., list[str]]) -> None:
    run = backtest(bars_of("株式é", "10/11/9/10", "11/12/10/11"), {})
    run.step()
    (picture,) = pictures(run, Ascii.ALWAYS, lines_of, ("",))
    assert any("?????" in line for line in picture)
    assert all(line.isascii() and len(line) == 120 for line in picture)
