"""The help begins with the focused pane, and leaves out nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from tests.tui.driving import app_of, press
from tui.actions import ACTIONS
from tui.app import FillstepApp
from tui.commands import HELP
from tui.keys import Group
from tui.panes import PANES
from tui.panes.pane import Pane
from tui.screens.help import HelpScreen, help_rows
from tui.widgets.rows import Rows

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
OF_EACH = pytest.mark.parametrize("kind", PANES, ids=[kind.NAME for kind in PANES])


def here(kind: type[Pane]) -> list[object]:
    """Return the keys of the rows that stand before the first group of other actions."""
    keys = [row.key for row in help_rows(kind)]
    return keys[2 + len(kind.SIGNS) : keys.index(Group.TIME)]


@OF_EACH
def test_the_help_of_a_pane_says_first_what_it_shows(kind: type[Pane]) -> None:
    cells = [row.cells for row in help_rows(kind)]
    assert kind.HELP
    assert cells[: 2 + len(kind.SIGNS)] == [(kind.TITLE, ""), ("", kind.HELP), *kind.SIGNS]


@OF_EACH
def test_each_action_with_a_key_and_each_command_is_in_the_help_once(kind: type[Pane]) -> None:
    keys = [row.key for row in help_rows(kind)]
    listed = [one.id for one in ACTIONS if one.keys]
    assert sorted(key for key in keys if key in listed) == sorted(listed)
    assert set(HELP) <= set(keys)
    assert len(set(keys)) == len(keys)


def test_then_come_the_keys_that_work_in_it() -> None:
    keys = {kind.NAME: here(kind) for kind in PANES}
    assert {"changed_before", "changed_after", "chart"} <= set(keys["price"])
    assert {"down", "explain_row", "go_to_row", "retry", "changed_before"} < set(keys["orders"])
    assert {"down", "explain_row"} < set(keys["events"])
    assert "changed_before" not in keys["events"]
    assert {"difference", "debug", "down"} < set(keys["strategy"])
    assert keys["timeline"] == []


@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_a_question_mark_shows_the_help_of_the_focused_pane_uncut(
    sample: Sample, on_screen: OnScreen, size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for number, kind in enumerate(PANES, 1):
            await press(pilot, str(number), "question_mark")
            assert isinstance(pilot.app.screen, HelpScreen)
            rows = pilot.app.screen.query_one(Rows)
            assert rows.plain_lines()[0].strip() == kind.TITLE
            before = -1
            while before != rows.cursor:
                assert not [line for line in rows.plain_lines() if "…" in line]
                before = rows.cursor
                await press(pilot, "pagedown")
            await press(pilot, "enter", "x")
            assert isinstance(pilot.app.screen, HelpScreen)
            await press(pilot, "escape")
            assert pilot.app.screen is app_of(pilot).default_screen

    on_screen(sample(10), script, size=size)
