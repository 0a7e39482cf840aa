"""A list over the panes is as high as it must be, cuts nothing, and takes clicks."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.containers import Vertical
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from tests.tui.driving import app_of, place, press, say, session_of
from tui.app import FillstepApp
from tui.screens.listing import ClickableRows, ListingScreen, packed

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
A_REFUSAL, SECOND_FILL = 11, 6
SIZES = pytest.mark.parametrize("size", [(80, 24), (140, 40), (60, 15), (40, 10)])
BREAKS = ("equity < 98000", 'position["AAPL"] > 0 and cash < 50000 and equity > 90000 and commissions > 3', "older 20")


def box(pilot: Pilot[Any]) -> Vertical:
    return pilot.app.screen.query_one(Vertical)


def rows(pilot: Pilot[Any]) -> ClickableRows:
    return pilot.app.screen.query_one(ClickableRows)


def texts(pilot: Pilot[Any]) -> list[str]:
    """Return the lines of the list and of its foot, as they are painted."""
    region = box(pilot).region
    lines = [strip.text for strip in pilot.app.screen._compositor.render_strips()]
    return [line[region.x + 1 : region.right - 1] for line in lines[region.y + 1 : region.bottom - 1]]


@SIZES
def test_the_keys_of_the_breakpoints_are_not_cut(sample: Sample, on_screen: OnScreen, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "b", "B")
        shown = " ".join(" ".join(texts(pilot)).split())
        assert "enter next place space on or off x take away a add esc close" in shown
        assert pilot.app.screen.region.contains_region(box(pilot).region)
        await press(pilot, "space")
        assert isinstance(pilot.app.screen, ListingScreen)
        assert not next(iter(session_of(pilot).breakpoints)).is_on

    on_screen(sample(10), script, size=size)


def test_a_list_is_as_high_as_its_rows_and_at_most_most_of_the_screen(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for count in (1, 2, 40):
            while len(session_of(pilot).breakpoints) < count:
                session_of(pilot).breakpoints.add(f"bar == {len(session_of(pilot).breakpoints) + 1}")
            await press(pilot, "B")
            # border, header and keys beside the rows; at most 80 % of 24 lines
            assert box(pilot).outer_size.height == min(count + 4, 19)
            await press(pilot, "escape")

    on_screen(sample(10), script)


@SIZES
def test_what_is_too_long_for_its_column_goes_on_below(
    sample: Sample, on_screen: OnScreen, size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for text in BREAKS:
            session_of(pilot).breakpoints.add(text)
        await press(pilot, "B")
        seen = texts(pilot)
        for _ in range(8):
            await press(pilot, "j")
            seen += texts(pilot)
        assert not [line for line in seen if "…" in line]
        assert [word for text in BREAKS for word in text.split() if word not in " ".join(seen)] == []

    on_screen(sample(10), script, size=size)


@SIZES
def test_nothing_is_cut_where_a_branch_stands_beside_its_parent(
    sample: Sample, on_screen: OnScreen, size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "r", "d")
        seen = " ".join(texts(pilot))
        await press(pilot, "G")
        seen += " ".join(texts(pilot))
        assert "…" not in seen
        assert "fills" in seen

    on_screen(sample(A_REFUSAL), script, size=size)


def test_a_line_below_belongs_to_its_row(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for text in BREAKS:
            session_of(pilot).breakpoints.add(text)
        await press(pilot, "B", "j", "j", "x")  # the second line of the second row
        assert [one.text for one in session_of(pilot).breakpoints] == [BREAKS[0], BREAKS[2]]

    on_screen(sample(10), script, size=(60, 15))


def test_a_click_selects_a_row_and_a_second_one_chooses_it(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "watch cash")
        there = place(pilot)
        await pilot.click(ClickableRows, offset=(5, 2))
        assert (rows(pilot).cursor, place(pilot)) == (1, there)
        await pilot.click(ClickableRows, offset=(5, 0))  # the header
        await pilot.click(ClickableRows, offset=(5, 1))
        assert rows(pilot).cursor == 0
        await pilot.click(ClickableRows, offset=(5, 2))
        assert isinstance(pilot.app.screen, ListingScreen)
        await pilot.click(ClickableRows, offset=(5, 2))
        await pilot.pause()
        assert pilot.app.screen is app_of(pilot).default_screen
        assert place(pilot).step == SECOND_FILL

    on_screen(sample(10), script)


def test_a_click_beside_the_list_closes_it(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        there = place(pilot)
        await press(pilot, "B")
        await pilot.click(offset=(0, 0))
        await pilot.pause()
        assert pilot.app.screen is app_of(pilot).default_screen
        assert place(pilot) == there

    on_screen(sample(10), script)


def test_keys_are_packed_into_the_fewest_lines_that_break_none() -> None:
    keys = ["one two", "three", "four"]
    assert packed(keys, 22) == ["one two   three   four"]
    assert packed(keys, 21) == ["one two   three", "four"]
    assert packed(keys, 3) == keys
