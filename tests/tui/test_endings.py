"""However a run ends, it is said how, and what one can do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategies import find_strategy
from core.backtest.strategy import Now, Strategy
from core.errors import InvariantError
from tests.core.builders import bars_of
from tests.tui.driving import app_of, place, press, told
from tui.app import FillstepApp
from tui.endings import ending, error_text
from tui.runner import Runner
from tui.session import Session

OnScreen = Callable[..., FillstepApp]
LinesOf = Callable[[App[Any]], list[str]]

FAULTY = """
from core import Strategy

class Faulty(Strategy):
    def on_bar(self, now):
        if now.step == 1:
            raise ValueError("no luck")
"""


class Idle(Strategy):
    def on_bar(self, now: Now) -> None:
        pass


class TooMuch(Strategy):
    def on_bar(self, now: Now) -> None:
        if now.step:
            now.buy("ACME", 1_000_000)


class TooLow(Strategy):
    def on_bar(self, now: Now) -> None:
        now.buy("ACME", 1, limit_price=1)


class Both(Strategy):
    def on_bar(self, now: Now) -> None:
        now.buy("ACME", 1, limit_price=1)
        if now.step == 1:
            now.buy("ACME", 1_000_000)


class Trades(Strategy):
    def on_bar(self, now: Now) -> None:
        now.buy("ACME", 1)


def session_of(strategy: Strategy, steps: int = 4) -> Session:
    run = Backtest(bars_of("ACME", "100", "101", "102", "103"), strategy, Settings())
    session = Session(run, Runner(run, lambda: None))
    for _ in range(steps):
        session.runner.step()
    return session


def test_a_run_that_goes_on_has_no_ending() -> None:
    for steps in range(4):
        assert ending(session_of(TooMuch(), steps)).text == ""


def test_at_the_end_of_the_data_it_is_said_what_one_can_do() -> None:
    end = ending(session_of(Trades()))
    assert end.text == "this is the end of the data: N goes back, C to the last breakpoint, q quits"
    assert end.order_id is None


def test_a_strategy_that_never_asked_for_an_order_is_told_so() -> None:
    assert ending(session_of(Idle())).text == (
        "this is the end of the data: the strategy has asked for no order; "
        "8 shows its fields, D opens its code, N goes back"
    )


def test_where_all_orders_were_rejected_the_first_of_them_is_told() -> None:
    end = ending(session_of(TooMuch()))
    assert end.text == (
        "this is the end of the data: no order was filled, all 3 were rejected, the first is #1 in bar 2; "
        "3 lists them, @ #1 goes there, r retries it in a branch"
    )
    assert end.order_id == 1


def test_where_some_wait_and_some_were_rejected_both_are_counted() -> None:
    end = ending(session_of(Both()))  # an order a bar, and in bar 2 a second one
    assert "no order was filled, 1 of 5 were rejected, the first is #3 in bar 2" in end.text


def test_where_no_order_was_reached_the_way_to_the_reasons_is_told() -> None:
    assert ending(session_of(TooLow())).text == (
        "this is the end of the data: no order was filled; 3 lists them, and enter there says why"
    )


def test_an_error_says_what_leads_on(tmp_path: Path) -> None:
    file = tmp_path / "faulty.py"
    file.write_text(FAULTY)
    session = session_of(find_strategy(f"{file}:Faulty")())
    assert session.error is not None
    assert ending(session).text == ""
    said = error_text(session, session.error)
    assert said == f"{session.error} | N goes back, R runs the edited file, D opens the code"
    assert "faulty.py" in said


def test_of_a_strategy_without_a_file_and_of_books_that_broke_only_what_can_be_done_is_told() -> None:
    session = session_of(Idle(), 1)
    assert error_text(session, InvariantError("P3", 1, 2)).endswith(" | N goes back")


def test_on_the_screen_each_way_to_the_end_says_so_and_n_again(on_screen: OnScreen, lines_of: LinesOf) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for keys in (("n",) * 4, ("N", "n", "n"), ("0", "c"), ("N", "$", "s"), ("0", "space")):
            await press(pilot, *("dollar_sign" if key == "$" else key for key in keys))
            if keys == ("N", "n", "n"):
                assert place(pilot).step == 3
            assert told(pilot).startswith("this is the end of the data: no order was filled, all 3 were rejected")
            await press(pilot, "n")
            assert told(pilot).startswith("this is the end of the data")
            assert app_of(pilot).explained_order == 1
        assert any("CASH_MUST_COVER_PURCHASE" in line for line in lines_of(pilot.app))

    on_screen(session_of(TooMuch(), 0).run, script)


def test_after_an_error_n_says_so_and_a_message_does_not_hide_it(on_screen: OnScreen, tmp_path: Path) -> None:
    file = tmp_path / "faulty.py"
    file.write_text(FAULTY)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n", "n")
        for keys in (("n",), ("s",), ("c",), ("f",), ("N", "n")):
            await press(pilot, *keys)
            assert "on_bar raised ValueError: no luck" in told(pilot)
            assert "N goes back, R runs the edited file, D opens the code" in told(pilot)
        await press(pilot, "b")
        assert "no luck" in told(pilot)
        assert told(pilot).endswith(" / breakpoint 1: bar == 2, hits up to here: 1")
        await press(pilot, "N")
        assert told(pilot) == ""

    run = session_of(find_strategy(f"{file}:Faulty")(), 0).run
    on_screen(run, script)


def test_what_is_told_is_read_in_full_by_a_key(on_screen: OnScreen, lines_of: LinesOf) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, *"nnnn", "exclamation_mark")
        read = " ".join(" ".join(line.strip(" │╭╰─╮╯") for line in lines_of(pilot.app)).split())
        assert "the first is #1 in bar 2; 3 lists them, @ #1 goes there, r retries it in a branch" in read
        await press(pilot, "escape", "N", "exclamation_mark")
        assert any("nothing is told" in line for line in lines_of(pilot.app))

    on_screen(session_of(TooMuch(), 0).run, script, size=(80, 24))
