"""What a terminal may do to the program: other sizes at any time, a flood of text, and no shell to go back to."""

from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from core.backtest.loop import Backtest
from tests.tui.driving import press, told
from tui.app import LONGEST_PASTE, FillstepApp

OnScreen = Callable[..., FillstepApp]
LinesOf = Callable[..., list[str]]
Sample = Callable[..., Backtest]
SIZES = ((1, 1), (2, 200), (300, 2), (79, 24), (80, 24), (110, 24), (120, 40))
MEGABYTE = 1_000_000


async def resize(pilot: Pilot[Any], size: tuple[int, int]) -> None:
    await pilot.resize_terminal(*size)
    await pilot.pause()


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_of_sizes_leaves_the_screen_as_if_it_had_begun_so(
    seed: int, sample: Sample, on_screen: OnScreen, lines_of: LinesOf
) -> None:
    fresh: list[str] = []
    sizes = [((seed + 2) * 47 * i % 160 + 1, (seed + 2) * 29 * i % 50 + 1) for i in range(12)]
    last = SIZES[seed - 3]

    async def look(pilot: Pilot[Any]) -> None:
        fresh.extend(lines_of(pilot.app))

    async def script(pilot: Pilot[Any]) -> None:
        for size in (*sizes, *SIZES, last):
            await resize(pilot, size)
        assert lines_of(pilot.app) == fresh

    on_screen(sample(200), look, size=last)
    on_screen(sample(200), script)


@pytest.mark.parametrize("keys", ["question_mark", "colon", "o", "B", "ctrl+p", "z", "c"])
def test_a_storm_of_sizes_over_a_dialog_raises_nothing(keys: str, sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press(keys)
        for size in SIZES:
            await resize(pilot, size)
        assert pilot.app.is_running

    on_screen(sample(200), script)


async def paste(pilot: Pilot[Any], text: str) -> None:
    pilot.app.post_message(events.Paste(text))
    await pilot.pause()
    await pilot.pause()


def test_a_flood_of_text_is_cut_where_it_is_pasted_and_that_is_said(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "colon")
        await paste(pilot, "x" * MEGABYTE)
        assert pilot.app.screen.query_one(Input).value == "x" * LONGEST_PASTE
        (notice,) = pilot.app._notifications
        assert notice.message == "what was pasted is cut after 1,000 characters"

    on_screen(sample(1), script)


def test_what_is_pasted_is_one_line_without_control_characters(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "colon")
        await paste(pilot, "goto\x1b[2J 5\nq\n")
        assert pilot.app.screen.query_one(Input).value == "goto␛[2J 5"
        assert not pilot.app._notifications
        await paste(pilot, "")

    on_screen(sample(1), script)


def test_a_flood_of_text_on_a_pane_does_nothing(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = lines_of(pilot.app)
        await paste(pilot, "q" * MEGABYTE)
        pilot.app.clear_notifications()
        await pilot.pause()
        assert lines_of(pilot.app) == before

    on_screen(sample(1), script)


def test_where_there_is_no_shell_the_keys_that_lead_there_say_so(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "ctrl+z")
        assert told(pilot) == "the screen cannot be left here: there is no shell to go back to"
        await press(pilot, "D")
        assert told(pilot) == "the screen cannot be left here: the code can be gone into in a terminal only"

    on_screen(sample(5), script)
