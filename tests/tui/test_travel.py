"""The keys of time move over what is recorded, and execute at the head only."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from core.backtest.loop import Backtest
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.clock import Phase
from core.errors import StrategyError
from core.replay import search as search_module
from core.replay.conditions import About, Finder
from core.replay.cursor import START, Cursor
from core.replay.history import History
from core.replay.search import Search
from tests.tui.driving import app_of, end_of, place, press, say, session_of, told
from tui.app import FillstepApp

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
LinesOf = Callable[[App[Any]], list[str]]

FILLS = [  # of the sample: in the bars 3, 7, 25 and 31, each with its position and cash
    Cursor(2, Phase.LEG_2, 11),
    Cursor(6, Phase.LEG_2, 26),
    Cursor(24, Phase.LEG_2, 55),
    Cursor(30, Phase.LEG_2, 66),
]
LOSSES = [Cursor(5, Phase.MARK, 13), Cursor(19, Phase.MARK, 44), Cursor(22, Phase.MARK, 52)]  # equity < 98000 begins
END_TOLD = "this is the end of the data: N goes back, C to the last breakpoint, q quits"
START_TOLD = "this is the start of the run"


class FailsAt30(Strategy):
    def on_bar(self, now: Now) -> None:
        if now.step == 30:
            raise ValueError("boom")


# Step by step


@pytest.mark.parametrize("key", ["N", "left", "f23"])
def test_n_back_goes_to_the_end_of_the_bar_before(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf, key: str
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for bar in (9, 8, 7):
            await press(pilot, key)
            assert place(pilot) == end_of(pilot, bar)
            assert lines_of(pilot.app)[0].startswith(f" ◀ REWOUND  bar    {bar}/2015  2005-03-")

    assert on_screen(sample(10), script).session.run.step_count == 10


def test_before_the_head_n_moves_and_at_the_head_it_executes(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        run = app_of(pilot).session.run
        await press(pilot, "N", "N", "n")
        assert (place(pilot), run.step_count) == (end_of(pilot, 9), 10)
        await press(pilot, "n")
        assert (place(pilot), run.step_count) == (end_of(pilot, 10), 10)
        assert lines_of(pilot.app)[0].startswith(" ■ PAUSED   bar   10/2015")
        await press(pilot, "n")
        assert (place(pilot), run.step_count) == (end_of(pilot, 11), 11)

    on_screen(sample(10), script)


def test_n_in_the_middle_of_a_bar_goes_to_its_end_and_n_back_to_that_of_the_bar_before(
    sample: Sample, on_screen: OnScreen
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "F", "n")
        assert place(pilot) == end_of(pilot, 7)
        await press(pilot, "F", "N")
        assert place(pilot) == end_of(pilot, 6)

    on_screen(sample(10), script)


def test_at_the_start_back_says_that_it_is_the_start(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for key in ("N", "S", "0", "left_square_bracket", "C"):
            await press(pilot, "n", "0")
            assert (place(pilot), told(pilot)) == (START, "")
            await press(pilot, key)
            assert (place(pilot), told(pilot)) == (START, START_TOLD)

    on_screen(sample(10), script)


def test_before_the_first_bar_all_keys_back_stay_there(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "N", "S", "F", "C", "0", "dollar_sign", *["left_square_bracket", "right_square_bracket"] * 2)
        assert place(pilot) == START

    assert on_screen(sample(), script).session.run.step_count == 0


def test_s_goes_through_every_place_of_a_bar_and_s_back_through_the_same(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        timeline = app_of(pilot).session.timeline
        places = [end_of(pilot, 2), *timeline.places(2), timeline.places(3)[0]]
        await say(pilot, "goto 2")
        seen = [place(pilot)]
        for _ in places[1:]:
            await press(pilot, "s")
            seen.append(place(pilot))
        assert seen == places
        for _ in places[1:]:
            await press(pilot, "S")
            seen.pop()
            assert place(pilot) == seen[-1]

    on_screen(sample(10), script)


def test_s_at_the_head_executes_a_bar_and_stands_at_its_first_place(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "s")
        assert place(pilot) == app_of(pilot).session.timeline.places(10)[0]
        assert lines_of(pilot.app)[0].startswith(" ◀ REWOUND  bar   11/2015 begins  2005-03-15")
        await press(pilot, "S")
        assert place(pilot) == end_of(pilot, 10)

    assert on_screen(sample(10), script).session.run.step_count == 11


def test_ten_bars_on_and_back_stay_in_what_is_recorded(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for keys, bar in [("[", 15), ("[", 5), ("[", 0), ("]", 10), ("]", 20), ("]", 25)]:
            await press(pilot, {"[": "left_square_bracket", "]": "right_square_bracket"}[keys])
            assert place(pilot) == end_of(pilot, bar)
        await press(pilot, "shift+right")
        assert told(pilot) == "this is the newest bar: n executes the next"
        await press(pilot, "shift+left")
        assert place(pilot) == end_of(pilot, 15)

    assert on_screen(sample(25), script).session.run.step_count == 25


def test_0_and_dollar_go_to_both_ends(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "0")
        assert place(pilot) == START
        assert lines_of(pilot.app)[0].startswith(" ◀ REWOUND  bar    0/2015  at the start")
        await press(pilot, "dollar_sign")
        assert place(pilot) == end_of(pilot, 25)
        assert lines_of(pilot.app)[0].startswith(" ■ PAUSED   bar   25/2015")
        await press(pilot, "dollar_sign")
        assert told(pilot) == "this is the newest bar"

    on_screen(sample(25), script)


def test_a_message_is_gone_with_the_next_move(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "0", "0")
        assert told(pilot) == START_TOLD
        await press(pilot, "n")
        assert told(pilot) == ""

    on_screen(sample(25), script)


def test_at_the_end_of_the_data_s_says_so(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "s")
        assert (place(pilot), told(pilot)) == (end_of(pilot, 2015), END_TOLD)

    on_screen(sample(2015), script)


def test_what_a_strategy_raises_while_stepping_inside_bars_is_shown(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "s", "dollar_sign")
        assert lines_of(pilot.app)[0].startswith(" ✖ ERROR    bar   31/2015")
        assert "FailsAt30.on_bar raised ValueError: boom" in told(pilot)
        await press(pilot, "N")
        assert lines_of(pilot.app)[0].startswith(" ◀ REWOUND  bar   30/2015")
        assert told(pilot) == ""
        await press(pilot, "c")
        assert "FailsAt30.on_bar raised ValueError: boom" in told(pilot)

    app = on_screen(sample(30, FailsAt30()), script)
    assert isinstance(app.error, StrategyError)


# Fills


def test_f_and_f_back_find_the_same_fills(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for fill in reversed(FILLS):
            await press(pilot, "F")
            assert place(pilot) == fill
        await press(pilot, "F")
        assert (place(pilot), told(pilot)) == (FILLS[0], "no fill before this place")
        await press(pilot, "0")
        for fill in FILLS:
            await press(pilot, "f")
            assert (place(pilot), told(pilot)) == (fill, "")

    assert on_screen(sample(40), script).session.run.step_count == 40


def test_two_fills_in_one_bar_are_two_places(sample: Sample, on_screen: OnScreen) -> None:
    one, other = Cursor(115, Phase.LEG_2, 215), Cursor(115, Phase.LEG_2, 218)

    async def script(pilot: Pilot[Any]) -> None:
        for key, fill in [("F", other), ("F", one), ("f", other)]:
            await press(pilot, key)
            assert place(pilot) == fill

    on_screen(sample(116), script)


def test_where_no_fill_follows_f_executes_up_to_one(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "N", "N", "f")
        assert (place(pilot), app_of(pilot).session.run.step_count) == (FILLS[2], 25)

    on_screen(sample(10), script)


def test_where_no_fill_follows_at_the_end_f_stands_at_the_head(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "N", "f")
        assert (place(pilot), told(pilot)) == (end_of(pilot, 2015), "no further fill")

    on_screen(sample(2015), script)


def test_breakpoints_do_not_stop_f(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        app_of(pilot).session.breakpoints.add("bar == 20")
        await press(pilot, "f")
        assert place(pilot) == FILLS[2]

    on_screen(sample(10), script)


# Breakpoints


def test_c_and_c_back_find_the_same_places(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        app_of(pilot).session.breakpoints.add("equity < 98000")
        for number, hit in reversed([*enumerate(LOSSES, 1)]):
            await press(pilot, "C")
            assert (place(pilot), told(pilot)) == (hit, f"breakpoint 1: equity < 98000 (hit {number})")
        await press(pilot, "C")
        assert (place(pilot), told(pilot)) == (START, "")
        for number, hit in enumerate(LOSSES, 1):
            await press(pilot, "c")
            assert (place(pilot), told(pilot)) == (hit, f"breakpoint 1: equity < 98000 (hit {number})")

    assert on_screen(sample(28), script).session.run.step_count == 28


def test_a_run_stops_at_a_breakpoint_inside_the_bar_in_which_it_is_met(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        app_of(pilot).session.breakpoints.add("equity < 98000")
        for hit in LOSSES:
            await press(pilot, "space")
            assert (place(pilot), app_of(pilot).session.run.step_count) == (hit, hit.step + 1)

    on_screen(sample(), script)


def test_breakpoints_that_stop_at_one_place_are_all_named(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for text in ("fill", "fill AAPL", "fill GOOG", "opened ignore 1"):
            app_of(pilot).session.breakpoints.add(text)
        await press(pilot, "c")
        assert told(pilot) == "breakpoint 1: fill (hit 1), breakpoint 2: fill AAPL (hit 1)"
        await press(pilot, "c")
        assert told(pilot) == (
            "breakpoint 1: fill (hit 2), breakpoint 3: fill GOOG (hit 1), breakpoint 4: opened ignore 1 (hit 2)"
        )

    on_screen(sample(), script)


def test_a_breakpoint_that_is_off_does_not_stop(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        app_of(pilot).session.breakpoints.add("fill").is_on = False
        app_of(pilot).session.breakpoints.add("bar == 20")
        await press(pilot, "c")
        assert place(pilot).step == 19

    on_screen(sample(), script)


def test_c_goes_on_from_the_past_over_the_head_to_the_end(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "0", "c")
        assert place(pilot) == end_of(pilot, 2015)
        await press(pilot, "0", "c")
        assert (place(pilot), told(pilot)) == (end_of(pilot, 2015), END_TOLD)

    on_screen(sample(1990), script)


def test_c_while_it_runs_goes_only_further(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        app = app_of(pilot)
        app.action_travel("next_fill")
        await asyncio.sleep(0)
        app.action_travel("go_on")
        assert app.session.runner.is_running
        await press(pilot)
        assert place(pilot) == end_of(pilot, 2015)

    on_screen(sample(7), script)


# To a place


@pytest.mark.parametrize(
    ("command", "cursor", "message"),
    [
        ("goto 20", Cursor(19, Phase.STRATEGY, 44), ""),
        ("goto 0", START, ""),
        ("goto 2005-03-09", Cursor(6, Phase.STRATEGY, 28), ""),
        ("goto 2005-03-05", Cursor(4, Phase.STRATEGY, 13), "no bar at 2005-03-05: the next is at 2005-03-07"),
        ("goto 1999-01-01", Cursor(0, Phase.STRATEGY, 8), "no bar at 1999-01-01: the next is at 2005-03-01"),
        ("goto #1", Cursor(0, Phase.STRATEGY, 1), ""),
        ("goto event 0", Cursor(0, Phase.STRATEGY, 1), ""),
        ("goto event 8", FILLS[0], ""),  # the fill, whose position and cash belong to it
        ("goto event 10", FILLS[0], ""),
    ],
)
def test_goto_goes_to_a_bar_a_date_an_order_or_an_event(
    sample: Sample, on_screen: OnScreen, command: str, cursor: Cursor, message: str
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, command)
        assert (place(pilot), told(pilot)) == (cursor, message)

    on_screen(sample(30), script)


@pytest.mark.parametrize(
    ("command", "bar", "message"),
    [
        ("goto 40", 40, ""),
        ("goto 2005-05-28", 64, "no bar at 2005-05-28: the next is at 2005-05-31"),
        ("goto 99999", 2015, "there are bars 1 to 2015"),
    ],
)
def test_goto_beyond_the_head_runs_there(
    sample: Sample, on_screen: OnScreen, command: str, bar: int, message: str
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        app_of(pilot).session.breakpoints.add("fill")  # which is passed on the way
        await say(pilot, command)
        assert (place(pilot), told(pilot)) == (end_of(pilot, bar), message)

    assert on_screen(sample(10), script).session.run.step_count == bar


def test_goto_beyond_the_end_of_a_run_that_is_over_goes_to_its_end(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "goto 40")
        assert place(pilot) == end_of(pilot, 31)
        assert "FailsAt30.on_bar raised ValueError: boom" in told(pilot)

    run = sample(30, FailsAt30())
    with pytest.raises(StrategyError) as stopped:
        run.step()
    app = FillstepApp(run, stopped.value)
    asyncio.run(_play(app, script))


async def _play(app: FillstepApp, script: Callable[[Pilot[Any]], Any]) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await script(pilot)


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("goto #999", "order 999 is unknown"),
        ("goto event 999", "cannot seek to event 999: events 0 to 75 are recorded"),
        ("goto 2030-01-01", "there is no bar at 2030-01-01 or later: the last is at 2013-03-01"),
    ],
)
def test_goto_to_no_place_asks_again_and_says_why(
    sample: Sample, on_screen: OnScreen, lines_of: LinesOf, command: str, hint: str
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        before = place(pilot)
        await say(pilot, command)
        assert place(pilot) == before
        assert any(hint in line for line in lines_of(pilot.app))
        assert pilot.app.screen.query_one(Input).value == command

    on_screen(sample(31), script)


def test_bars_of_minutes_are_found_by_their_time(on_screen: OnScreen) -> None:
    opened = datetime(2024, 1, 5, 9, 30, tzinfo=UTC)
    rows = [(opened.replace(minute=30 + minute), 10, 10, 10, 10) for minute in range(9)]
    run = Backtest(Bars.from_rows("ACME", rows), Strategy())

    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "goto 2024-01-05 09:33")
        assert (place(pilot).step, told(pilot)) == (3, "")
        await say(pilot, "goto 2024-01-05 9:31")
        assert (place(pilot).step, told(pilot)) == (1, "")

    on_screen(run, script)
    assert run.step_count == 4


# What a step costs


def test_a_run_to_a_breakpoint_looks_at_each_stretch_of_the_run_once_and_at_the_newest_each_step(
    sample: Sample, on_screen: OnScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, in_stretch = list[int](), Search._in_stretch

    def count(self: Search, stretch: int) -> list[Cursor]:
        looked.append(stretch)
        return in_stretch(self, stretch)

    async def script(pilot: Pilot[Any]) -> None:
        app_of(pilot).session.breakpoints.add("equity < 0")
        monkeypatch.setattr(search_module, "STRETCH", 8)
        monkeypatch.setattr(Search, "_in_stretch", count)
        await press(pilot, "c")

    run = sample(1815)
    on_screen(run, script)
    assert run.is_over
    assert len(looked) < 3 * 200  # 200 steps; 250 stretches of 8


def test_to_explain_an_order_that_is_over_again_looks_through_the_run_no_second_time(
    sample: Sample, on_screen: OnScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, finder = list[int](), About.finder

    def count(self: About, history: History, first_step: int) -> Finder:
        begun.append(first_step)
        return finder(self, history, first_step)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "3", "G")
        monkeypatch.setattr(About, "finder", count)
        await press(pilot, "N", "N", "N", "n", "n", "n")

    on_screen(sample(200), script)
    assert len(begun) <= 1


# At a speed


def test_space_plays_over_what_is_recorded_and_then_executes(sample: Sample, on_screen: OnScreen) -> None:
    places: list[int] = []

    async def script(pilot: Pilot[Any]) -> None:
        session = session_of(pilot)
        session.runner.speed = 1000
        await say(pilot, "break bar == 30")
        await press(pilot, "0")
        session.timeline.subscribe(lambda moved: places.append(moved.after.step))
        await press(pilot, "space")
        assert place(pilot).step == 29
        assert session.run.step_count == 30
        assert "breakpoint 1" in told(pilot)

    on_screen(sample(20), script)
    assert places[:30] == [*range(30)]


def test_a_play_ends_at_the_end_and_says_so(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        session = session_of(pilot)
        session.runner.speed = 1000
        await press(pilot, *["N"] * 3, "space")
        assert session.timeline.is_at_head
        assert told(pilot) == END_TOLD
        await press(pilot, "space")
        assert told(pilot) == END_TOLD

    on_screen(sample(2015), script)


def test_plus_and_minus_say_how_fast_space_plays(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        said = []
        for key in ("minus", "minus", "plus", "plus", "plus"):
            await press(pilot, key)
            said.append(told(pilot).removeprefix("space "))
        assert said == [
            "plays 1,000 bars a second",
            "plays 500 bars a second",
            "plays 1,000 bars a second",
            "runs as fast as it goes",
            "runs as fast as it goes",
        ]

    on_screen(sample(), script)


def test_any_key_of_time_pauses_a_play(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        session = session_of(pilot)
        session.runner.speed = 1
        await pilot.press("space", "N")
        await press(pilot)
        assert not session.runner.is_running
        assert not session.run.is_over

    on_screen(sample(10), script)
