"""The keys do what they say, on the app over a real run."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, field
from textual.app import App
from textual.pilot import Pilot

from core.backtest.examples import DipBuyer
from core.backtest.loop import Backtest
from core.backtest.strategy import Now
from core.errors import DeadlineError, InvariantError, StrategyError
from core.events import CashChanged, OrderFilled
from core.replay.cursor import Cursor
from tui.app import FillstepApp
from tui.panes import PANES
from tui.screens.help import HelpScreen
from tui.widgets.rows import Rows

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
LinesOf = Callable[[App[Any]], list[str]]
FIRST_FILL, SECOND_FILL = 2, 6

NAMES = [pane.NAME for pane in PANES]


@define
class Faulty(DipBuyer):
    """Fail at a step."""

    error: Exception = field(factory=lambda: ValueError("no \x1b[31mluck"))

    def on_bar(self, now: Now) -> None:
        if now.step == 30:
            raise self.error
        super().on_bar(now)


async def settle(pilot: Pilot[Any]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def app_of(pilot: Pilot[Any]) -> FillstepApp:
    assert isinstance(pilot.app, FillstepApp)
    return pilot.app


def after_fill(run: Backtest) -> Cursor:
    """Return the place of the newest fill: after the last fact of it, which is about cash."""
    number = max(number for number, row in enumerate(run.journal.rows) if row[2] is CashChanged)
    step, phase, _, _ = run.journal.rows[number]
    return Cursor(step, phase, number + 1)


def focused(pilot: Pilot[Any]) -> str | None:
    widget = pilot.app.screen.focused
    return widget.id if widget else None


def shown_alone(pilot: Pilot[Any]) -> str | None:
    widget = pilot.app.screen.maximized
    return widget.id if widget else None


def shows_help(pilot: Pilot[Any]) -> bool:
    return isinstance(pilot.app.screen, HelpScreen)


def title(pilot: Pilot[Any]) -> str:
    return str(pilot.app.screen.query_one("#price").border_title)


# Time


@pytest.mark.parametrize("key", ["n", "right", "f10"])
def test_n_executes_the_next_bar(sample: Sample, on_screen: OnScreen, lines_of: LinesOf, key: str) -> None:
    run = sample(10)

    async def script(pilot: Pilot[Any]) -> None:
        for count in (11, 12, 13):
            await pilot.press(key)
            assert run.step_count == count
            assert f"bar   {count}/2015" in lines_of(pilot.app)[0]

    on_screen(run, script)


def test_f_runs_to_the_next_fill(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    run = sample()

    async def script(pilot: Pilot[Any]) -> None:
        for step in (FIRST_FILL, SECOND_FILL):
            await pilot.press("f")
            await settle(pilot)
            assert run.step_count == step + 1
            assert any(row[2] is OrderFilled for row in run.journal.rows[run.journal.first_of_step(step) :])
            assert app_of(pilot).session.timeline.cursor == after_fill(run)
            assert lines_of(pilot.app)[0].startswith(f" ◀ REWOUND  bar {step + 1:>4}/2015 leg 2")

    on_screen(run, script)


@pytest.mark.parametrize("key", ["c", "f5", "space"])
def test_c_and_space_run_to_the_end(sample: Sample, on_screen: OnScreen, lines_of: LinesOf, key: str) -> None:
    run = sample(1900)

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press(key)
        await settle(pilot)
        assert run.step_count == 2015
        assert lines_of(pilot.app)[0].startswith(" ■ END of data  bar 2015/2015")

    on_screen(run, script)


def test_at_the_end_of_the_data_no_key_changes_anything(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    run = sample(2015)

    async def script(pilot: Pilot[Any]) -> None:
        before = lines_of(pilot.app)
        await pilot.press("n", "n")
        assert lines_of(pilot.app) == before
        for key, told in [("f", "no further fill"), ("c", "this is the end of the data"), ("space", "this is the end")]:
            await pilot.press(key)
            await settle(pilot)
            assert lines_of(pilot.app)[-2].strip().startswith(told)
            assert lines_of(pilot.app)[:2] == before[:2]

    app = on_screen(run, script)
    assert app.error is None
    assert run.step_count == 2015


@pytest.mark.parametrize(
    "key",
    [
        "run_or_pause",
        "next_bar",
        "previous_bar",
        "next_place",
        "previous_place",
        "next_fill",
        "previous_fill",
        "go_back",
        "ten_on",
        "ten_back",
        "first",
        "last",
    ],
)
def test_a_key_of_time_pauses_a_run(sample: Sample, on_screen: OnScreen, lines_of: LinesOf, key: str) -> None:
    run = sample()

    async def script(pilot: Pilot[Any]) -> None:
        app = app_of(pilot)
        app.action_travel("run_or_pause")
        for _ in range(5):
            await asyncio.sleep(0)
        app.action_travel(key)
        paused_at = run.step_count
        await settle(pilot)
        assert 0 < paused_at < 2015
        assert run.step_count == paused_at
        assert f"bar {paused_at:>4}/2015" in lines_of(app)[0]
        assert lines_of(app)[0].startswith(" ■ PAUSED")

    on_screen(run, script)


# Errors


def test_what_a_strategy_raises_is_shown_and_the_app_stays_up(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf
) -> None:
    run = sample(strategy=Faulty())

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("c")
        await settle(pilot)
        lines = lines_of(pilot.app)
        assert lines[0].startswith(" ✖ ERROR    bar   31/2015")
        assert "on_bar raised ValueError: no ␛[31mluck" in " ".join(line.strip() for line in lines[-3:])
        await pilot.press("n", "f", "c", "2", "z")
        await settle(pilot)
        assert run.step_count == 31
        assert focused(pilot) == "positions"

    app = on_screen(run, script)
    assert isinstance(app.error, StrategyError)


def test_one_steps_back_from_what_a_strategy_has_raised_and_to_it_again(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf
) -> None:
    run = sample(29, strategy=Faulty())

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("n", "n")
        failed = lines_of(pilot.app)
        assert failed[0].startswith(" ✖ ERROR    bar   31/2015")
        await pilot.press("N")
        assert lines_of(pilot.app)[0].startswith(" ◀ REWOUND  bar   30/2015")
        assert "on_bar raised" not in "".join(lines_of(pilot.app)[-4:])
        await pilot.press("n")
        assert lines_of(pilot.app) == failed

    on_screen(run, script)


@define
class Looping(DipBuyer):
    """Never come back from a step."""

    def on_bar(self, now: Now) -> None:
        while now.step == 30:
            now.buy("AAPL", 1)
        super().on_bar(now)


def test_a_strategy_that_never_comes_back_is_stopped_and_the_run_stands_before_that_bar(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf
) -> None:
    whole, run = sample(30), sample(29, strategy=Looping())
    run.deadline.seconds = 1

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("c")
        await settle(pilot)
        lines = lines_of(pilot.app)
        assert lines[0].startswith(" ✖ ERROR    bar   30/2015")
        assert "Looping.on_bar took longer than its deadline of 1 s (step 30)" in " ".join(map(str.strip, lines[-4:]))
        await pilot.press("N", "n", "s", "n", "c")
        await settle(pilot)
        assert lines_of(pilot.app)[0].startswith(" ✖ ERROR    bar   30/2015")

    app = on_screen(run, script)
    assert isinstance(app.error, DeadlineError)
    assert [kind for _, _, kind, _ in run.journal.rows] == [kind for _, _, kind, _ in whole.journal.rows]


def test_a_broken_invariant_is_shown_likewise(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    run = sample(29, strategy=Faulty(error=InvariantError("P3", 1, 2)))

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("n", "n")
        assert lines_of(pilot.app)[0].startswith(" ✖ ERROR")
        assert "invariant P3 is broken: 1 is not 2" in "".join(lines_of(pilot.app)[-4:])

    app = on_screen(run, script)
    assert isinstance(app.error, InvariantError)


def test_a_run_that_had_an_error_before_shows_it_from_the_start(sample: Sample, lines_of: LinesOf) -> None:
    app = FillstepApp(sample(3), StrategyError("Dip", "on_bar", "dip.py:7", ValueError("boom")))

    async def look() -> list[str]:
        async with app.run_test(size=(80, 24)):
            return lines_of(app)

    lines = asyncio.run(look())
    assert lines[0].startswith(" ✖ ERROR")
    assert "dip.py:7: Dip.on_bar raised ValueError: boom" in lines[-2]


# Panes


def test_a_number_gives_a_pane_the_focus(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        assert focused(pilot) == "price"
        for number, name in reversed([*enumerate(NAMES, 1)]):
            await pilot.press(str(number))
            assert focused(pilot) == name

    on_screen(sample(), script)


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (40, 12)])
def test_tab_goes_round_in_the_order_of_the_numbers(sample: Sample, on_screen: OnScreen, size: tuple[int, int]) -> None:
    names = NAMES

    async def script(pilot: Pilot[Any]) -> None:
        for name in (*names[1:], names[0]):
            await pilot.press("tab")
            assert focused(pilot) == name
        await pilot.press("shift+tab")
        assert focused(pilot) == names[-1]

    on_screen(sample(), script, size=size)


def test_z_shows_one_pane_alone_and_esc_all_again(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("3", "z")
        assert shown_alone(pilot) == "orders"
        assert pilot.app.screen.query_one("#orders").outer_size == (80, 20)
        await pilot.press("tab")
        assert (shown_alone(pilot), focused(pilot)) == ("pnl", "pnl")
        await pilot.press("z")
        assert shown_alone(pilot) is None
        await pilot.press("z", "escape", "escape")
        assert shown_alone(pilot) is None

    on_screen(sample(20), script)


def test_on_a_small_screen_one_pane_is_shown(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for size in ((79, 24), (80, 23), (60, 15)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert shown_alone(pilot) == "price"
            assert lines_of(pilot.app)[-2].strip() == "80x24 shows all panes, tab the next"
        await pilot.press("escape", "3", "n")
        assert shown_alone(pilot) == "orders"
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert shown_alone(pilot) is None
        assert "80x24" not in "".join(lines_of(pilot.app))

    on_screen(sample(20), script)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 3), (20, 5), (1, 60), (200, 1), (80, 4), (109, 24), (110, 24)])
def test_no_size_is_too_small(sample: Sample, on_screen: OnScreen, size: tuple[int, int]) -> None:
    run = sample(40)

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("n", "tab", "j", "z", "v", "3", "z", "n", "question_mark", "j", "escape")

    on_screen(run, script, size=size)
    assert run.step_count == 42


def test_a_storm_of_sizes_is_survived(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = lines_of(pilot.app)
        for width in (1, 140, 30, 79, 110, 5, 80):
            await pilot.resize_terminal(width, max(width // 4, 1))
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert lines_of(pilot.app) == before

    on_screen(sample(40), script)


# Selection


def test_at_the_start_the_chart_shows_the_symbol_of_the_newest_fill(sample: Sample, on_screen: OnScreen) -> None:
    async def no_fill(pilot: Pilot[Any]) -> None:
        assert title(pilot) == "1 Price AAPL 1d"

    async def a_fill(pilot: Pilot[Any]) -> None:
        assert title(pilot) == "1 Price GOOG 1d"
        await pilot.press("f")
        await settle(pilot)
        assert title(pilot) == "1 Price GOOG 1d"

    on_screen(sample(), no_fill)
    on_screen(sample(SECOND_FILL + 1), a_fill)


def test_the_chart_shows_the_symbol_of_the_row_that_was_selected(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("3", "j", "j")  # 5 AAPL and 2 GOOG are open, and stand before 4 MSFT, 3 IBM and 1 AAPL
        assert title(pilot) == "1 Price MSFT 1d"
        await pilot.press("j")
        assert title(pilot) == "1 Price IBM 1d"
        await pilot.press("5", "g")
        assert title(pilot) == "1 Price AAPL 1d"

    on_screen(sample(3), script)


def test_a_click_selects_too(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("3", "z")
        await pilot.click("#orders", offset=(8, 5))
        await pilot.pause()
        assert (focused(pilot), title(pilot)) == ("orders", "1 Price IBM 1d")

    on_screen(sample(3), script)


def test_v_draws_a_line_and_bars_again(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        bars = lines_of(pilot.app)
        await pilot.press("v")
        line = lines_of(pilot.app)
        assert line != bars
        await pilot.press("n", "v", "v")
        assert any(0x2800 < ord(character) < 0x2900 for row in lines_of(pilot.app) for character in row)

    on_screen(sample(40), script)


# The program


def test_the_help_shows_the_keys_and_takes_them(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    run = sample(10)

    async def script(pilot: Pilot[Any]) -> None:
        for leave in ("escape", "q", "question_mark"):
            await pilot.press("question_mark")
            assert shows_help(pilot)
            assert any("The bars of the selected symbol" in line for line in lines_of(pilot.app))
            await pilot.press("n", "G")
            assert any("quit" in line for line in lines_of(pilot.app))
            await pilot.press(leave)
            assert not shows_help(pilot)
            assert pilot.app.is_running

    on_screen(run, script)
    assert run.step_count == 10


def test_no_line_of_the_help_is_cut(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("question_mark")
        rows = pilot.app.screen.query_one(Rows)
        for _ in range(5):
            assert not [line for line in rows.plain_lines() if "…" in line]
            await pilot.press("pagedown")

    on_screen(sample(), script)


@pytest.mark.parametrize("keys", [("q",), ("ctrl+q",), ("question_mark", "ctrl+q"), ("c", "q"), ("z", "q")])
def test_q_leads_out(sample: Sample, on_screen: OnScreen, keys: tuple[str, ...]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press(*keys)

    app = on_screen(sample(10), script)
    assert app.return_code == 0
    assert app.error is None


def test_esc_does_not_quit(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("escape", "escape")
        assert pilot.app.is_running

    on_screen(sample(), script)


def test_the_palette_offers_the_actions(sample: Sample, on_screen: OnScreen) -> None:
    run = sample(10)

    async def script(pilot: Pilot[Any]) -> None:
        titles = {command.title for command in pilot.app.get_system_commands(pilot.app.screen)}
        assert {"Next bar; at the head, execute it", "To the next fill, or run to it", "Go to P&L", "Quit"} <= titles
        await pilot.press("ctrl+p", *"execute")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        await pilot.pause()

    on_screen(run, script)
    assert run.step_count == 11


def test_a_click_on_the_footer_does_what_it_says(sample: Sample, on_screen: OnScreen) -> None:
    run = sample(10)

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.click("#footer", offset=(2, 0))
        await pilot.pause()
        assert run.step_count == 11
        await pilot.click("#footer", offset=(79, 0))
        assert run.step_count == 11

    on_screen(run, script)


def test_what_is_shown_follows_from_the_run_alone(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    seen: list[list[str]] = []

    async def stepped(pilot: Pilot[Any]) -> None:
        await pilot.press(*["n"] * 30)
        seen.append(lines_of(pilot.app))

    async def at_once(pilot: Pilot[Any]) -> None:
        seen.append(lines_of(pilot.app))

    on_screen(sample(31), stepped, size=(140, 40))  # there is no fill between the two: both show one symbol
    on_screen(sample(61), at_once, size=(140, 40))
    assert seen[0] == seen[1]
