"""The command line offers what can be written, completes it, and points at what is wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, Static

from core.backtest.loop import Backtest
from tests.tui.driving import app_of, end_of, hint, place, press, say, session_of, told
from tui.app import FillstepApp
from tui.screens.help import HelpScreen
from tui.screens.listing import ListingScreen

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
LinesOf = Callable[[App[Any]], list[str]]


def written(pilot: Pilot[Any]) -> str:
    return pilot.app.screen.query_one(Input).value


def offers(pilot: Pilot[Any]) -> str:
    return str(pilot.app.screen.query_one("#offers", Static).content)


async def write(pilot: Pilot[Any], text: str) -> None:
    line = pilot.app.screen.query_one(Input)
    line.value = text
    line.cursor_position = len(text)
    await pilot.pause()


def test_tab_completes_and_what_is_possible_stands_over_the_line(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "colon")
        assert offers(pilot).startswith("a command: goto  break  delete")
        assert offers(pilot).endswith("  …")
        await press(pilot, "w", "a")
        assert offers(pilot) == "a command: watch"
        await press(pilot, "tab", "e", "q")
        assert written(pilot) == "watch eq"
        assert offers(pilot) == "such as equity < 95000: equity  equity_low"
        await press(pilot, "tab")
        assert written(pilot) == "watch equity"

    on_screen(sample(10), script)


def test_tab_completes_the_word_before_the_cursor(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "colon")
        await write(pilot, "buy 5 AA limit 9")
        pilot.app.screen.query_one(Input).cursor_position = len("buy 5 AA")
        await press(pilot, "tab")
        assert written(pilot) == "buy 5 AAPL limit 9"
        assert pilot.app.screen.query_one(Input).cursor_position == len("buy 5 AAPL")

    on_screen(sample(10), script)


def test_names_of_the_run_where_one_stands_are_offered(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "m", "k", "b", "colon")
        for text, said in {
            "cancel 1": "an order, such as 12: 14  13  12  11  10  1",
            "diff ": "the letter of a bookmark: k",
            "delete ": "a breakpoint, such as 2: 1",
            "branch set d": "NAME=VALUE: dip_percent=",
            "buy 5 G": "a symbol: GOOG",
        }.items():
            await write(pilot, text)
            assert offers(pilot) == said
        await press(pilot, "escape", "N", "colon")
        await write(pilot, "cancel 1")  # the bar before, there were 10 orders
        assert offers(pilot) == "an order, such as 12: 10  1"

    on_screen(sample(11), script)


def test_what_is_wrong_is_said_until_the_line_is_changed(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "fyl")
        hint_line, mark = (pilot.app.screen.query_one(name) for name in ("#hint", "#mark"))
        assert (hint_line.display, mark.display) == (True, True)
        await press(pilot, "backspace")
        assert (written(pilot), hint_line.display, mark.display) == ("fy", False, False)

    on_screen(sample(10), script)


@pytest.mark.parametrize(
    ("command", "wrong", "says"),
    [
        ("wacth cash", "wacth", "wacth is unknown: did you mean watch"),
        ("theme bright", "bright", "bright is unknown: known are ansi-dark"),
        ("goto #99", "99", "order 99 is unknown"),
        ("delete 7", "7", "breakpoint 7 is unknown: there are none"),
        ("branch set speed=5", "speed", "speed"),
        ("diff z", "z", "bookmark z is unknown: there are none"),
    ],
)
def test_an_error_points_at_the_word_that_it_is_about(
    sample: Sample, on_screen: OnScreen, command: str, wrong: str, says: str
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, command)
        assert says in hint(pilot)
        mark = str(pilot.app.screen.query_one("#mark", Static).content)
        assert mark == f"{' ' * command.index(wrong)}^"

    on_screen(sample(10), script)


def test_the_mark_stands_under_the_word_when_the_line_is_longer_than_the_screen(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, f"watch cash {'+ cash ' * 20}+ chas")
        lines = lines_of(pilot.app)
        at = next(at for at, line in enumerate(lines) if line.strip() == "^")
        assert lines[at - 1][lines[at].index("^") :].strip() == "chas"

    on_screen(sample(10), script)


def test_what_was_being_written_is_kept_while_one_looks_at_earlier_lines(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "goto 3")
        await press(pilot, "colon")
        await write(pilot, "watch ca")
        await press(pilot, "up")
        assert written(pilot) == "goto 3"
        await press(pilot, "down")
        assert written(pilot) == "watch ca"

    on_screen(sample(10), script)


def test_a_theme_is_chosen_by_its_name(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "theme textual-light")

    assert on_screen(sample(10), script).theme == "textual-light"


def test_each_action_is_a_command_too(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "previous_bar")
        assert place(pilot) == end_of(pilot, 9)
        await say(pilot, "breakpoints")
        assert isinstance(pilot.app.screen, ListingScreen)
        await press(pilot, "escape")
        await say(pilot, "help")
        assert isinstance(pilot.app.screen, HelpScreen)

    on_screen(sample(10), script)


def test_at_asks_where_to_go_and_says_what_it_takes(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "at")
        assert written(pilot) == "goto "
        assert offers(pilot).startswith("a date, a bar, #12, or event 40: event  #10  #9")
        await press(pilot, "4", "enter")
        assert place(pilot) == end_of(pilot, 4)
        await press(pilot, "at", *"#1", "enter")
        assert place(pilot) == session_of(pilot).timeline.find_order(1)
        await press(pilot, "at", *"soon", "enter")
        assert str(pilot.app.screen.query_one("#mark", Static).content) == "     ^"
        await press(pilot, "escape")
        assert told(pilot) == ""
        assert pilot.app.screen is app_of(pilot).default_screen

    on_screen(sample(10), script)
