"""Filters on the screen: keys set and clear them, and a list keeps its own."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from core.backtest.loop import Backtest
from core.order import OrderStatus
from tests.tui.driving import app_of, press, session_of
from tui.app import FillstepApp
from tui.panes.list_pane import PAUSE, ListPane
from tui.screens.prompt import PromptScreen

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
LinesOf = Callable[[App[Any]], list[str]]


def pane(pilot: Pilot[Any], name: str) -> ListPane:
    return app_of(pilot).default_screen.query_one(f"#{name}", ListPane)


def title(pilot: Pilot[Any], name: str) -> str:
    return str(pane(pilot, name).border_title)


async def choose(pilot: Pilot[Any], text: str) -> None:
    """Write a filter for the focused list, and wait until all of it was looked at."""
    await pilot.press("slash")
    pilot.app.screen.query_one(Input).value = text
    await press(pilot, "enter")
    while any("+ of" in str(one.border_title) for one in app_of(pilot).default_screen.query(ListPane)):
        await pilot.pause(PAUSE)


@pytest.mark.parametrize(("key", "name"), [("2", "positions"), ("3", "orders"), ("5", "events")])
def test_slash_chooses_and_esc_shows_all_again(sample: Sample, on_screen: OnScreen, key: str, name: str) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = title(pilot, name)
        await pilot.press(key)
        await choose(pilot, "aapl")
        assert title(pilot, name).startswith(f"{before} /aapl ")
        rows = [line for line in pane(pilot, name).plain_lines()[1:] if line.strip()]
        assert rows
        assert all(pane(pilot, name)._shown[index].about == "AAPL" for index in range(len(rows)))
        await pilot.press("slash")
        assert pilot.app.screen.query_one(Input).value == "aapl"
        await pilot.press("escape")
        assert "/aapl" in title(pilot, name)
        await pilot.press("escape")
        assert title(pilot, name) == before

    on_screen(sample(150), script)


def test_esc_clears_the_filter_before_it_leaves_the_zoom(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("3", "z")
        await choose(pilot, "msft")
        await pilot.press("escape")
        assert title(pilot, "orders") == "3 Orders"
        assert pilot.app.screen.maximized is pane(pilot, "orders")
        await pilot.press("escape")
        assert pilot.app.screen.maximized is None

    on_screen(sample(60), script)


def test_a_filter_stays_with_its_list(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("3")
        await choose(pilot, "msft")
        await pilot.press("2")
        await choose(pilot, "goog")
        await pilot.press("1", "escape", "n", "N", "0", "dollar_sign")
        assert ("/msft" in title(pilot, "orders"), "/goog" in title(pilot, "positions")) == (True, True)
        await pilot.press("3", "escape")
        assert ("/msft" in title(pilot, "orders"), "/goog" in title(pilot, "positions")) == (False, True)

    on_screen(sample(60), script)


def test_the_prompt_of_a_filter_is_not_that_of_a_command(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("3", "slash")
        assert isinstance(pilot.app.screen, PromptScreen)
        assert pilot.app.screen.query_one(Input).placeholder == "words of a row, such as: msft !filled"
        await pilot.press("escape", "colon")
        assert "goto" in pilot.app.screen.query_one(Input).placeholder

    on_screen(sample(5), script)


def test_where_there_is_no_list_slash_does_nothing_and_is_not_offered(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for key in "14678":
            await pilot.press(key, "slash")
            assert pilot.app.screen is app_of(pilot).default_screen
            assert "Filter" not in lines_of(pilot.app)[-1]
        await pilot.press("5")
        assert "/ Filter" in lines_of(pilot.app)[-1]

    on_screen(sample(5), script, size=(160, 40))


def test_a_filtered_list_shows_nothing_of_the_future(sample: Sample, on_screen: OnScreen) -> None:
    seen: dict[int, list[str]] = {}

    async def script(pilot: Pilot[Any]) -> None:
        for key in ("3", "5"):
            await pilot.press(key)
            await choose(pilot, "!rejected a")
        for keys in (["n"] * 30, ["N"] * 30, ["n"] * 30):
            for pressed in keys:
                step = session_of(pilot).timeline.cursor.step
                text = [*pane(pilot, "orders").plain_lines(), title(pilot, "orders"), title(pilot, "events")]
                assert seen.setdefault(step, text) == text
                await pilot.press(pressed)

    on_screen(sample(120), script, size=(140, 40))


def test_what_is_selected_is_a_row_that_matches(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("3", "j", "j")
        await choose(pilot, "ibm rejected")
        assert pane(pilot, "orders").cursor == 0
        symbol, key = app_of(pilot).selected
        assert isinstance(key, int)
        timeline = session_of(pilot).timeline
        assert (symbol, timeline.at(timeline.head).get_order(key).status) == ("IBM", OrderStatus.REJECTED)
        await pilot.press("j", "enter")
        assert app_of(pilot).explained_order == app_of(pilot).selected[1]

    on_screen(sample(60), script)


def test_in_a_branch_a_filter_chooses_among_the_orders_of_the_branch(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        def check() -> None:
            timeline, shown = session_of(pilot).timeline, pane(pilot, "orders")._shown
            moment = timeline.at(timeline.cursor)
            newest_first = [moment.get_order(one) for one in range(len(moment.orders), 0, -1)]
            rejected = [one.id for one in newest_first if one.status is OrderStatus.REJECTED]
            assert rejected
            assert [shown[index].key for index in range(len(shown))] == rejected

        await pilot.press("3")
        await choose(pilot, "rejected")
        parent = session_of(pilot)
        await press(pilot, "r")
        check()
        assert session_of(pilot).branch is not None
        await press(pilot, "p")
        check()
        assert session_of(pilot) is parent

    on_screen(sample(3), script)
