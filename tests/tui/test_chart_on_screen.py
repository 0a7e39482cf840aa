"""The chart on the screen of a run: its keys lead through the bars, and from a bar to the run at that bar."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import define
from textual.app import App
from textual.pilot import Pilot

from core.backtest.examples import BracketBreakout
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.order import BUY, Order
from tests.tui.driving import app_of, end_of, place, press
from tui.app import FillstepApp
from tui.charts import MOST_LEVELS
from tui.panes.price import PricePane
from tui.scene import Scene
from tui.shown import Selection
from tui.view import FrameView
from tui.widgets.canvas import Level

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
LinesOf = Callable[[App[Any]], list[str]]
START = datetime(2024, 1, 2, 21, tzinfo=UTC)


def chart(pilot: Pilot[Any]) -> PricePane:
    return app_of(pilot).default_screen.query_one(PricePane)


def bars_of(symbol: str, days: range) -> Bars:
    rows = [(START + timedelta(days=day), *[Decimal(10 + day)] * 4) for day in days]
    return Bars.from_rows(symbol, rows)


def test_t_goes_to_the_bar_of_the_cursor(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "1", "h", "h", "h", "t")
        assert place(pilot) == end_of(pilot, 97)
        await press(pilot, "j", "j", "h", "t")
        # bars 1 to 5 are the first column of five, so the one before that of bar 97 ends with bar 95
        assert place(pilot) == end_of(pilot, 95)
        await press(pilot, "2", "t")
        assert place(pilot) == end_of(pilot, 95)

    on_screen(sample(100), script)


def test_without_a_cursor_t_stays(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "1", "t")
        assert place(pilot) == end_of(pilot, 100)

    on_screen(sample(100), script)


def test_two_clicks_on_a_bar_go_there(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.click("#price", offset=(1 + 7, 4))
        await pilot.pause()
        step = chart(pilot).selected_step
        assert step is not None
        assert place(pilot) == end_of(pilot, 100)
        await pilot.click("#price", offset=(1 + 7, 4))
        await pilot.pause()
        assert place(pilot) == end_of(pilot, step + 1)

    on_screen(sample(100), script)


def test_a_row_of_one_symbol_is_not_a_step_of_the_run(on_screen: OnScreen) -> None:
    run = Backtest([bars_of("EARLY", range(8)), bars_of("LATE", range(5, 12))], Strategy(), Settings())
    while run.step():
        pass

    async def script(pilot: Pilot[Any]) -> None:
        app_of(pilot).look_at("LATE")
        await press(pilot, "1", "N", "dollar_sign", "g", "t")
        assert place(pilot) == end_of(pilot, 6)  # its first bar is in the sixth step
        await press(pilot, "dollar_sign", "G", "h", "t")
        assert place(pilot) == end_of(pilot, 11)

    on_screen(run, script)


def test_a_symbol_without_a_bar_in_this_step_is_said(on_screen: OnScreen) -> None:
    run = Backtest([bars_of("EARLY", range(8)), bars_of("LATE", range(5, 12))], Strategy(), Settings())
    while run.step():
        pass

    def has_bar(symbol: str, step: int) -> bool:
        scene = Scene(run)
        return FrameView(scene, Selection(symbol), cursor=scene.timeline.end_of_step(step)).price.has_bar

    assert [has_bar("EARLY", step) for step in (-1, 0, 7, 8)] == [True, True, True, False]
    assert [has_bar("LATE", step) for step in (4, 5, 11)] == [False, True, True]


@define
class Asking(Strategy):
    """Ask for three orders after the first bar."""

    def on_bar(self, now: Now) -> None:
        if now.step == 0:
            now.submit(Order("EARLY", BUY, 1))
            now.submit(Order("EARLY", BUY, 1, limit_price=6))
            now.submit(Order("OTHER", BUY, 1, limit_price=6))
            now.submit(Order("EARLY", BUY, 1, stop_price=90))


def test_open_orders_of_the_symbol_are_levels_at_their_moment() -> None:
    run = Backtest([bars_of("EARLY", range(8)), bars_of("OTHER", range(8))], Asking(), Settings())
    while run.step():
        pass

    def levels(symbol: str, step: int) -> list[Level]:
        scene = Scene(run)
        return list(FrameView(scene, Selection(symbol), cursor=scene.timeline.end_of_step(step)).price.levels)

    # prices of whole units are ticks of 1
    assert levels("EARLY", -1) == []
    assert levels("EARLY", 1) == levels("EARLY", 7) == [Level(90, 1), Level(6, 1)]
    assert levels("OTHER", 7) == [Level(6, 1)]


class Many(Strategy):
    """Ask for more orders than have room."""

    def on_bar(self, now: Now) -> None:
        if now.step == 0:
            for number in range(MOST_LEVELS + 50):
                now.submit(Order("ACME", BUY, 1, stop_price=100 + number))


def test_of_many_open_orders_the_newest_are_looked_at() -> None:
    run = Backtest(bars_of("ACME", range(2)), Many(), Settings())
    run.step()
    levels = FrameView(Scene(run), Selection("ACME")).price.levels
    assert levels == [Level(249 - number, 1) for number in range(MOST_LEVELS)]


def test_indicators_of_the_strategy_are_those_of_its_rows(sample: Sample) -> None:
    run = sample(100, BracketBreakout())
    price = FrameView(Scene(run), Selection("AAPL")).price
    assert price.indicators_at("AAPL", price.row) == run.indicators_at("AAPL", 99)


@pytest.mark.parametrize("key", ["h", "j", "k", "ctrl+u", "g", "G"])
def test_the_keys_of_the_chart_move_nothing_in_the_run(sample: Sample, on_screen: OnScreen, key: str) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "1", "j", "h", key)
        assert place(pilot) == end_of(pilot, 100)

    on_screen(sample(100), script)


def test_what_stands_in_the_border_is_never_cut(sample: Sample, on_screen: OnScreen, lines_of: LinesOf) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for width in range(80, 150, 3):
            await pilot.resize_terminal(width, 30)
            await pilot.press("h")
            await pilot.pause()
            bottom = next(line for line in lines_of(pilot.app) if line.startswith("╰"))
            assert "C" in bottom.partition("╯")[0]
            assert "…" not in bottom.partition("╯")[0]

    on_screen(sample(300), script)
