"""What a person asks of a run: breakpoints, changes of numbers, branches, orders by hand, notes, and the code."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.widgets import Input

from core.backtest.command import Submit
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategies import find_strategy
from core.bars import Bars
from core.clock import Phase
from core.order import BUY, Order, OrderStatus
from core.replay.cursor import START, Cursor
from core.replay.reexecution import NotDeterministicError
from tests.tui.driving import app_of, end_of, hint, place, press, say, session_of, told
from tui.app import FillstepApp
from tui.desk import code
from tui.screens.choice import ChoiceScreen
from tui.screens.listing import ListingScreen
from tui.screens.order_form import OrderForm
from tui.screens.prompt import PromptScreen

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
LinesOf = Callable[[App[Any]], list[str]]

FIRST_FILL, SECOND_FILL = Cursor(2, Phase.LEG_2, 11), Cursor(6, Phase.LEG_2, 26)
A_REFUSAL = 11  # bar 11 ends with four rejections
BUYER = """
from attrs import define
from core import Strategy

@define
class Buyer(Strategy):
    quantity: int = 10
    def on_bar(self, now):
        if now.step == {step}:
            now.buy("AAPL", self.quantity)
"""


def listed(pilot: Pilot[Any]) -> list[tuple[str, ...]]:
    """Return the cells of the list that is shown."""
    screen = pilot.app.screen
    assert isinstance(screen, ListingScreen)
    return [row.cells for row in screen._all]


def title(pilot: Pilot[Any]) -> str:
    return str(pilot.app.screen.query_one(Vertical).border_title)


def breaks(pilot: Pilot[Any]) -> list[str]:
    return [one.text for one in session_of(pilot).breakpoints]


# Breakpoints


def test_b_sets_a_breakpoint_at_the_bar_and_takes_it_away(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "b")
        assert (breaks(pilot), told(pilot)) == (["bar == 10"], "breakpoint 1: bar == 10, hits up to here: 1")
        await press(pilot, "0", "c")
        assert place(pilot) == Cursor(9, Phase.MARK, 28)
        await press(pilot, "b")
        assert (breaks(pilot), told(pilot)) == ([], "no breakpoint at bar == 10 any more")

    on_screen(sample(10), script)


def test_b_before_the_first_bar_is_about_the_first(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "b", "c")
        assert (breaks(pilot), place(pilot).step) == (["bar == 1"], 0)

    on_screen(sample(), script)


def test_breakpoints_are_listed_with_their_hits(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for text in ("fill", "equity < 98000", "rejection GOOG ignore 2"):
            await say(pilot, f"break {text}")
        session_of(pilot).breakpoints.find("fill").is_on = False  # type: ignore[union-attr]
        await press(pilot, "B")
        assert title(pilot) == "Breakpoints"
        assert listed(pilot) == [
            ("1", "off", "fill", "4"),
            ("2", "on", "equity < 98000", "3"),
            ("3", "on", "rejection GOOG ignore 2", "5"),
        ]
        await press(pilot, "escape")
        assert pilot.app.screen is app_of(pilot).default_screen

    on_screen(sample(31), script)


def test_in_the_list_breakpoints_are_switched_taken_away_and_added(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "b", "N", "b", "B", "space")
        assert [row[:3] for row in listed(pilot)] == [("1", "off", "bar == 10"), ("2", "on", "bar == 9")]
        await press(pilot, "space")
        assert [row[1] for row in listed(pilot)] == ["on", "on"]
        await press(pilot, "j", "x")
        assert [row[2] for row in listed(pilot)] == ["bar == 10"]
        await press(pilot, "a")
        assert isinstance(pilot.app.screen, PromptScreen)
        assert pilot.app.screen.query_one(Input).value == "break "
        pilot.app.screen.query_one(Input).value = "break fill"
        await press(pilot, "enter")
        assert breaks(pilot) == ["bar == 10", "fill"]

    on_screen(sample(10), script)


def test_from_the_list_one_goes_to_the_next_place_of_a_breakpoint_or_to_the_last(
    sample: Sample, on_screen: OnScreen
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "break fill")
        await press(pilot, "B", "enter")
        assert place(pilot) == SECOND_FILL
        await press(pilot, "0", "B", "enter")
        assert place(pilot) == FIRST_FILL

    on_screen(sample(10), script)


def test_an_empty_list_can_be_added_to_and_left(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for key in ("x", "space", "enter"):
            await press(pilot, "B")
            assert any("there is none: a adds one" in line for line in lines_of(pilot.app))
            await press(pilot, key)
            assert pilot.app.screen is app_of(pilot).default_screen

    on_screen(sample(10), script)


def test_a_breakpoint_is_taken_away_by_its_number(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "break fill")
        await say(pilot, "delete 1")
        assert (breaks(pilot), told(pilot)) == ([], "breakpoint 1 is gone")
        await say(pilot, "delete 1")
        assert hint(pilot) == "breakpoint 1 is unknown: there are none"

    on_screen(sample(10), script)


# Changes of numbers


def test_a_number_is_chosen_once_and_then_followed(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "W")
        assert isinstance(pilot.app.screen, ChoiceScreen)
        await press(pilot, "c")
        assert (place(pilot), told(pilot)) == (SECOND_FILL, "cash: 60,005.04 -> 21,163.83")
        await press(pilot, "W")
        assert (place(pilot), told(pilot)) == (FIRST_FILL, "cash: 100,000.00 -> 60,005.04")
        await press(pilot, "W")
        assert (place(pilot), told(pilot)) == (FIRST_FILL, "cash was not changed before this place")
        await press(pilot, "w")
        assert place(pilot) == SECOND_FILL
        await press(pilot, "w")
        assert told(pilot) == "cash was not changed after this place"

    assert on_screen(sample(10), script).session.run.step_count == 10


def test_another_row_asks_anew_which_number(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "W", "c", "dollar_sign", "2", "W")
        assert isinstance(pilot.app.screen, ChoiceScreen)
        assert "q AAPL quantity" in " ".join(lines_of(pilot.app)[-2:])
        await press(pilot, "q")
        assert place(pilot) == FIRST_FILL
        assert told(pilot) == "AAPL quantity: 0 -> 917"
        await press(pilot, "W")
        assert told(pilot) == "AAPL quantity was not changed before this place"

    on_screen(sample(10), script)


def test_no_number_is_chosen_with_esc(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "4", "w", "x", "escape")
        assert (place(pilot), told(pilot)) == (end_of(pilot, 10), "")
        assert pilot.app.screen is app_of(pilot).default_screen

    on_screen(sample(10), script)


def test_of_an_order_every_fact_is_a_change(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        session = session_of(pilot)
        await press(pilot, "3", "G", "W")  # order #1: filled, accepted, submitted
        assert (place(pilot), told(pilot)) == (FIRST_FILL, "order #1")
        await say(pilot, "goto #1")
        assert place(pilot) == session.timeline.find_order(1)

    on_screen(sample(10), script)


# Branches


def test_r_retries_the_rejected_order_and_stands_where_the_runs_part(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        parent = session_of(pilot)
        journal = parent.run.journal.canonical_bytes()
        await press(pilot, "3", "r")
        branch = session_of(pilot)
        assert branch is not parent
        assert branch.branch is not None
        order_id, order = next(iter(branch.branch.change.edits.items()))
        assert order is not None
        asked, changed = parent.timeline.order(order_id), branch.timeline.order(order_id)
        assert (asked.symbol, asked.quantity > changed.quantity) == (changed.symbol, True)
        assert branch.run.broker.get_order(order_id).status is not OrderStatus.REJECTED
        parting = branch.branch.divergence
        assert parting is not None
        assert parent.timeline.cursor == parent.timeline.whole_after(parting.sequence)
        assert place(pilot) == branch.timeline.whole_after(parting.sequence)
        assert told(pilot).startswith(f"branch: order #{order_id} is ")
        assert f"| parts at bar {A_REFUSAL} | equity " in told(pilot)
        assert parent.run.journal.canonical_bytes() == journal

    on_screen(sample(A_REFUSAL), script)


def test_p_goes_to_the_parent_and_back_each_where_one_stood(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        parent = session_of(pilot)
        await press(pilot, "p")
        assert told(pilot) == "there is no branch: r retries a rejection in one, :branch makes one"
        await press(pilot, "r", "N")
        branch, there = session_of(pilot), place(pilot)
        await press(pilot, "p")
        assert session_of(pilot) is parent
        assert told(pilot) == ""
        await press(pilot, "0", "p")
        assert (session_of(pilot), place(pilot)) == (branch, there)

    on_screen(sample(A_REFUSAL), script)


def test_a_branch_is_run_on_its_own(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        parent = session_of(pilot).run
        await press(pilot, "r", "dollar_sign", "n", "n")
        assert (session_of(pilot).run.step_count, parent.step_count) == (A_REFUSAL + 2, A_REFUSAL)
        await press(pilot, "p", "dollar_sign", "n")
        assert (session_of(pilot).run, parent.step_count) == (parent, A_REFUSAL + 1)

    on_screen(sample(A_REFUSAL), script)


def test_where_nothing_was_rejected_there_is_nothing_to_retry(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "0", "r")
        assert told(pilot) == "no rejected order is selected, nor was one rejected here"

    on_screen(sample(10), script)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("branch set dip_percent=5", "branch: dip_percent is 5 | parts at bar 1 | "),
        ("branch setting initial_capital=200000", "branch: initial_capital is 200000 | parts at bar 1 | "),
        ("branch set every=5", "branch: every is 5 | the runs do not part | equity 0.00 at bar 10 | "),
        ("branch drop 1", "branch: order #1 is dropped | parts at bar 1 | "),
        ("branch change 1 buy 5 AAPL", "branch: order #1 is buy 5 AAPL | parts at bar 1 | "),
        ("branch buy 5 AAPL", "branch: buy 5 AAPL market after bar 8 | parts at bar 8 | "),
    ],
)
def test_a_branch_is_made_of_one_change(sample: Sample, on_screen: OnScreen, command: str, says: str) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        parent = session_of(pilot)
        journal = parent.run.journal.canonical_bytes()
        await say(pilot, "goto 8")
        await say(pilot, command)
        assert session_of(pilot) is not parent
        assert told(pilot).startswith(says)
        assert parent.run.journal.canonical_bytes() == journal

    on_screen(sample(10), script)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("branch set speed=5", "speed"),
        ("branch set every=0", "every"),
        ("branch setting speed=5", "speed"),
        ("branch drop 99", "order 99 is unknown"),
    ],
)
def test_a_change_that_cannot_be_asks_again(sample: Sample, on_screen: OnScreen, command: str, says: str) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        parent = session_of(pilot)
        await say(pilot, command)
        assert says in hint(pilot)
        assert session_of(pilot) is parent

    on_screen(sample(10), script)


def test_r_runs_the_file_of_the_strategy_as_it_is_now(
    sample: Sample, on_screen: OnScreen, tmp_path: Path, lines_of: LinesOf
) -> None:
    file = tmp_path / "buyer.py"
    file.write_text(BUYER.format(step=3))
    run = sample(10, find_strategy(f"{file}:Buyer")(quantity=7))  # type: ignore[call-arg]

    async def script(pilot: Pilot[Any]) -> None:
        parent = session_of(pilot)
        file.write_text(BUYER.format(step=5))
        await press(pilot, "R")
        assert told(pilot).startswith(f"branch: {file} as it is now | parts at bar 4 | ")
        assert session_of(pilot).timeline.order(1) == Order("AAPL", BUY, 7)  # with the field it was given
        await press(pilot, "p")
        assert session_of(pilot) is parent
        file.write_text("def")
        await press(pilot, "R")
        assert session_of(pilot) is parent
        assert "invalid syntax" in told(pilot)
        file.unlink()
        await press(pilot, "R")
        assert "buyer.py" in told(pilot)

    on_screen(run, script)


def test_a_strategy_that_ships_has_no_file_to_load_again(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "R")
        assert told(pilot) == "DipBuyer ships with the program: there is no file of it to load again"

    on_screen(sample(10), script)


# Two moments


def test_d_shows_what_a_bar_has_changed(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "goto 3")
        await press(pilot, "d")
        assert title(pilot) == "This moment beside another"
        cells = {row[0]: row[1:] for row in listed(pilot)}
        # 917 bought at 43.61: 39,990.37 and a commission of 4.59
        assert cells["cash"] == ("100,000.00", "60,005.04", "-39,994.96")
        assert cells["AAPL"] == ("-", "917 @ 43.6100", "+917")
        assert cells["realized"] == ("0.00", "0.00", "")
        assert cells["fills"] == ("0", "1", "+1")
        await press(pilot, "q")
        assert pilot.app.screen is app_of(pilot).default_screen

    on_screen(sample(10), script)


def test_what_was_found_in_the_files_is_a_list(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = place(pilot)
        await say(pilot, "data")
        await press(pilot)
        assert title(pilot) == "Data"
        cells = listed(pilot)
        assert cells[0][0].endswith("AAPL.csv")
        assert ("  rows", "2,015, line 2 to line 2016") in cells
        await press(pilot, "enter")
        assert place(pilot) == before

    on_screen(sample(10), script)


def test_diff_shows_a_moment_beside_a_bookmark_and_from_pane_8_what_changed_in_the_strategy(
    sample: Sample, on_screen: OnScreen
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "diff a")
        assert "bookmark a is unknown: there are none" in hint(pilot)
        await press(pilot, "escape")
        await say(pilot, "goto 5")
        await press(pilot, "m", "a", "dollar_sign")
        await say(pilot, "diff a")
        cells = {row[0]: row[1:] for row in listed(pilot)}
        assert cells["orders"] == ("5", "10", "+5")
        assert "_bids" not in cells
        await press(pilot, "escape", "8")
        await say(pilot, "diff a")
        cells = {row[0]: row[1:] for row in listed(pilot)}
        assert cells["_bids"] == (
            "{'AAPL': 1, 'GOOG': 2, 'IBM': 3, 'MSFT': 4}",
            "{'AAPL': 6, 'GOOG': 7, 'IBM': 8, 'MSFT': 9}",
            "differs",
        )
        assert "every" not in cells

    on_screen(sample(7), script)


def test_in_a_branch_d_shows_it_beside_its_parent(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "r", "d")
        assert title(pilot) == "Parent and branch, where each stands"
        cells = {row[0]: row[1:] for row in listed(pilot)}
        assert cells["parts with"][0] == cells["parts with"][1] == "order #14 submitted: buy"
        assert cells[""][0] != cells[""][1]

    on_screen(sample(A_REFUSAL), script)


# Bookmarks and notes


def test_a_place_is_marked_with_a_letter_and_found_by_it(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "apostrophe")
        assert told(pilot) == "there is no bookmark: m sets one"
        await press(pilot, "F", "m", "exclamation_mark", "q")
        assert told(pilot) == "bookmark q at bar 7"
        await press(pilot, "0", "m", "escape", "apostrophe", "y", "q")
        assert place(pilot) == SECOND_FILL

    on_screen(sample(10), script)


def test_a_note_stands_where_it_was_written(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "F")
        await say(pilot, "note why so \x1b[2J much?")
        assert told(pilot) == "note a at bar 7: why so ␛[2J much?"
        await say(pilot, "note no, it is fine")
        await press(pilot, "dollar_sign")
        await say(pilot, "note the end")
        assert told(pilot) == "note b at bar 10: the end"
        app_of(pilot).action_ask("bookmarks")
        await press(pilot)
        assert listed(pilot) == [
            ("a", "7", "2005-03-09", "no, it is fine"),
            ("b", "10", "2005-03-14", "the end"),
        ]
        await press(pilot, "enter")
        assert (place(pilot), told(pilot)) == (SECOND_FILL, "no, it is fine")
        app_of(pilot).action_ask("bookmarks")
        await press(pilot, "x")
        assert [row[0] for row in listed(pilot)] == ["b"]

    on_screen(sample(10), script)


# Rows


def test_enter_on_an_order_explains_it(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "3", "G", "enter")
        explain = app_of(pilot).default_screen.query_one("#explain")
        assert str(explain.border_title) == "6 Explain #1, bar 3"
        assert place(pilot) == end_of(pilot, 10)

    on_screen(sample(10), script)


def test_enter_on_an_event_goes_to_it_and_explains_its_order(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "5", "g", *["j"] * 8, "enter")
        assert place(pilot) == FIRST_FILL
        assert app_of(pilot).explained_order == 1

    on_screen(sample(10), script)


def test_t_goes_to_where_a_row_happened(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "3", "G", "t")
        assert place(pilot) == session_of(pilot).timeline.find_order(1)
        await press(pilot, "dollar_sign", "5", "g", *["j"] * 8, "t")
        assert place(pilot) == FIRST_FILL
        await press(pilot, "4", "t", "enter")
        assert place(pilot) == FIRST_FILL

    on_screen(sample(10), script)


# Commands


def test_watch_lists_every_change_and_goes_to_one(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "watch cash")
        assert title(pilot) == "cash: 100,000.00 at the start, changes: 2"
        assert listed(pilot) == [("3", "2005-03-03", "60,005.04"), ("7", "2005-03-09", "21,163.83")]
        await press(pilot, "j", "enter")
        assert place(pilot) == SECOND_FILL
        await say(pilot, "watch cash < 50000")
        assert title(pilot) == "cash < 50000: does not hold at the start, changes: 1"
        assert listed(pilot) == [("7", "2005-03-09", "holds")]

    on_screen(sample(10), script)


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("fly", "fly"),
        ("buy 100 aapl", "aapl"),
        ("watch a", "a"),  # which stands in the first word too
        ("break b", "b"),
        ("break i ignore 3", "i ignore"),
        ("break fill ignore x", "x"),
        ("break rejection AAPL nonsense", "nonsense"),
        ("  watch cash <", ""),
        ("branch set slow", "slow"),
    ],
)
def test_a_wrong_command_is_asked_again_with_a_mark_under_the_wrong_word(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf, command: str, wrong: str
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, command)
        line = pilot.app.screen.query_one(Input)
        assert line.value == command
        lines = lines_of(pilot.app)
        written = next(place for place, text in enumerate(lines) if text.startswith(command))
        place = f" {command}".rindex(f" {wrong}") if wrong else len(command)
        assert lines[written + 1].rstrip() == f"{' ' * place}^"
        assert line.cursor_position == place + len(wrong.split(" ", maxsplit=1)[0])
        await press(pilot, "escape")
        assert pilot.app.screen is app_of(pilot).default_screen

    on_screen(sample(10), script)


def test_lines_that_were_written_can_be_written_again(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for command in ("goto 3", "goto 4", "goto 3"):
            await say(pilot, command)
        await press(pilot, "colon")
        line, seen = pilot.app.screen.query_one(Input), list[str]()
        for key in ("up", "up", "up", "down", "down", "down"):
            await press(pilot, key)
            seen.append(line.value)
        assert seen == ["goto 3", "goto 4", "goto 4", "goto 3", "", ""]
        await press(pilot, "up", "enter")
        assert place(pilot) == end_of(pilot, 3)

    on_screen(sample(10), script)


def test_an_empty_line_asks_for_nothing(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "  ")
        assert pilot.app.screen is app_of(pilot).default_screen
        await say(pilot, "q")

    assert on_screen(sample(10), script).return_code == 0


# Orders by hand


def test_an_order_is_asked_for_by_hand_at_the_head(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        run = session_of(pilot).run
        count = len(session_of(pilot).timeline.at(place(pilot)).orders)
        await say(pilot, "buy 3 AAPL")
        assert app_of(pilot).explained_order == count + 1
        assert place(pilot) == end_of(pilot, 10)
        assert run.commands[9] == [Submit(Order("AAPL", BUY, 3))]
        await press(pilot, "n")
        assert run.broker.get_order(count + 1).status is OrderStatus.FILLED
        await say(pilot, f"amend {count} limit 1")
        await say(pilot, f"cancel {count}")
        assert len(run.commands[10]) == 2

    on_screen(sample(10), script)


def test_in_the_past_no_order_is_asked_for(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        run = session_of(pilot).run
        journal = run.journal.canonical_bytes()
        await press(pilot, "N")
        await say(pilot, "buy 3 AAPL")
        assert told(pilot).startswith("orders are asked for at the head: $ goes there")
        assert run.journal.canonical_bytes() == journal

    on_screen(sample(10), script)


def test_after_the_end_an_order_by_hand_is_refused(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "buy 3 AAPL")
        assert hint(pilot) == "the run is over: no order can be asked for any more"

    on_screen(sample(2015), script)


def test_the_form_writes_the_command(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "2", "j", "o")
        assert isinstance(pilot.app.screen, OrderForm)
        assert pilot.app.screen.query_one("#order-symbol", Input).value == "GOOG"
        await press(pilot, "5", "tab", "tab", *"170", "tab", "tab", *"day", "enter")
        order = session_of(pilot).run.commands[9][0]
        assert isinstance(order, Submit)
        assert str(order.order) == str(Order("GOOG", BUY, 5, limit_price=170, time_in_force=order.order.time_in_force))
        assert order.order.time_in_force.value == "DAY"

    on_screen(sample(10), script)


def test_the_form_can_be_left_and_what_is_wrong_in_it_becomes_a_command_to_mend(
    sample: Sample, on_screen: OnScreen
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "o", "escape")
        assert pilot.app.screen is app_of(pilot).default_screen
        await press(pilot, "o", "x", "enter")
        assert isinstance(pilot.app.screen, PromptScreen)
        assert pilot.app.screen.query_one(Input).value == "buy x GOOG"

    on_screen(sample(10), script)


# The same again


def test_verify_runs_again_in_other_processes(
    sample: Sample, on_screen: OnScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[object] = [28, NotDeterministicError(3, 1, "one", "other", "its clock")]

    def check(_: Backtest) -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, int)
        return answer

    monkeypatch.setattr(code, "check_in_fresh_processes", check)

    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "verify")
        assert told(pilot) == "run again in 3 other processes: all 28 events were alike"
        await say(pilot, "verify")
        assert told(pilot).startswith("run again, the strategy does something else at event 3, bar 2: was one")

    on_screen(sample(10), script)


# The code


def test_where_debugging_is_switched_off_it_says_so(
    sample: Sample, on_screen: OnScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONBREAKPOINT", "0")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "D")
        assert "switches debugging off" in told(pilot)

    on_screen(sample(10), script)


def test_where_there_is_no_terminal_the_screen_is_not_left(
    sample: Sample, on_screen: OnScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONBREAKPOINT", raising=False)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "D")
        assert told(pilot).startswith("the screen cannot be left here")

    on_screen(sample(10), script)


# While it runs


def test_a_branch_made_while_the_parent_runs_stays_where_the_runs_part(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        app, parent = app_of(pilot), session_of(pilot)
        app.action_travel("run_or_pause")
        await pilot.pause()
        app.action_ask("retry")
        assert not parent.runner.is_running
        await press(pilot)
        branch = session_of(pilot)
        assert branch is not parent
        assert branch.branch is not None
        parting = branch.branch.divergence
        assert parting is not None
        assert place(pilot) == branch.timeline.whole_after(parting.sequence)

    on_screen(sample(A_REFUSAL), script)


def test_what_is_written_of_a_symbol_is_harmless(on_screen: OnScreen, lines_of: LinesOf) -> None:
    symbol = 'AC\x1b[2J"[/]ME'
    days = [datetime(2024, 1, day, tzinfo=UTC) for day in (2, 3, 4, 5, 8)]
    bars = Bars.from_rows(symbol, [(day, 10, 10, 10, 10) for day in days])
    run = Backtest(bars, find_strategy("buy-and-hold")(), Settings())

    async def script(pilot: Pilot[Any]) -> None:
        for keys in ("n n n 2 W", "q", "escape o", "enter", "escape", "d", "escape b B"):
            await press(pilot, *keys.split())
            assert "".join(lines_of(pilot.app)).isprintable(), keys
        await press(pilot, "escape", "N")
        await say(pilot, f"branch buy 1 {symbol}")
        assert "".join(lines_of(pilot.app)).isprintable()

    on_screen(run, script)


def test_at_the_start_nothing_that_can_be_asked_fails(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for pane in "12345678":
            for key in ("W", "w", "r", "R", "p", "d", "m", "apostrophe", "b", "B", "o", "enter", "t", "v"):
                await press(pilot, pane, key)
                while pilot.app.screen is not app_of(pilot).default_screen:
                    await press(pilot, "escape")
        assert place(pilot) == START

    assert on_screen(sample(), script).session.run.step_count == 0
