"""A newcomer's first minute: what the sample shows to somebody who has read nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from tests.tui.driving import press
from tui.app import FillstepApp
from tui.sample import make_sample

OnScreen = Callable[..., FillstepApp]
LinesOf = Callable[[App[Any]], list[str]]
SIZES = pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
STEPS = ("n", "N", "N")  # the two keys that the footer names first


def test_the_first_screen(same_picture: Callable[..., None]) -> None:
    same_picture(FillstepApp(make_sample()), (140, 40))


def seen_by(on_screen: OnScreen, lines_of: LinesOf, run: Backtest, size: tuple[int, int], *keys: str) -> list[str]:
    """Return what is on the screen at first, and after each key."""
    seen: list[str] = []

    async def script(pilot: Pilot[Any]) -> None:
        seen.append("\n".join(lines_of(pilot.app)))
        for key in keys:
            await press(pilot, key)
            seen.append("\n".join(lines_of(pilot.app)))

    on_screen(run, script, size=size)
    return seen


@SIZES
def test_the_first_screen_says_which_keys_step(on_screen: OnScreen, lines_of: LinesOf, size: tuple[int, int]) -> None:
    (first,) = seen_by(on_screen, lines_of, make_sample(), size)
    last = first.splitlines()[-1]
    assert all(text in last for text in ("n Next", "N Back", "s Step", "f Fill", "? Help", "q Quit"))


@SIZES
def test_three_steps_show_a_fill_a_rejection_and_what_did_not_fill(
    on_screen: OnScreen, lines_of: LinesOf, size: tuple[int, int]
) -> None:
    seen = seen_by(on_screen, lines_of, make_sample(), size, *STEPS)
    assert "rejected, CASH_MUST_COVER_PURCHASE" in seen[0]
    assert any("fill #" in one for one in seen)
    assert any("LIMIT_NOT_REACHED" in one for one in seen)


@SIZES
@pytest.mark.parametrize(("pane", "word"), [("1", "bars"), ("2", "held"), ("3", "order"), ("7", "run")])
def test_the_help_begins_with_the_pane_that_has_the_focus(
    on_screen: OnScreen, lines_of: LinesOf, size: tuple[int, int], pane: str, word: str
) -> None:
    *_, shown = seen_by(on_screen, lines_of, make_sample(), size, pane, "question_mark")
    _, _, text = shown.partition("Help")
    assert word in text
    assert text.index(f" {pane} ") < text.index(word)
