"""Symbols and messages from outside are shown, and do nothing else."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot

from core.backtest.examples import BuyAndHold
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Now
from core.bars import Bars
from tui.app import FillstepApp
from tui.scene import Scene
from tui.shown import Selection
from tui.view import FrameView
from tui.widgets.lines import LineWidget

OnScreen = Callable[..., FillstepApp]
LinesOf = Callable[[App[Any]], list[str]]
START = datetime(2024, 1, 2, 21, tzinfo=UTC)
MARKUP, LINK, ESCAPE = "[/]", "[@click=app.quit]x", "AC\x1b[2JME"
LONG, WIDE, HIDDEN = "A" * 300, "株式会社日本", "A\u202eB\u200d\u0000"
HUGE = Decimal(99_999_999_999_999)


class Loud(BuyAndHold):
    def on_bar(self, now: Now) -> None:
        if now.step == 10:
            raise ValueError(f"{MARKUP}{LINK}\x1b]0;title\x07{HIDDEN}")
        super().on_bar(now)


class Vast(BuyAndHold):
    def on_bar(self, now: Now) -> None:
        for symbol in now.symbols if now.step % 5 == 0 else ():
            now.buy(symbol, Decimal("12345678901.234567"))


def bars_of(symbol: str, price: Decimal = Decimal("45.11")) -> Bars:
    rows = [(START + timedelta(days=day), *[price + day % 7] * 4) for day in range(60)]
    return Bars.from_rows(symbol, rows)


def run_of(*symbols: str, steps: int = 30) -> Backtest:
    run = Backtest([bars_of(symbol) for symbol in symbols], BuyAndHold())
    for _ in range(steps):
        run.step()
    return run


def deeds(app: App[Any]) -> Iterator[object]:
    """Yield what a click anywhere on the screen would do besides what widgets themselves do with it."""
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            if segment.style is not None:
                yield segment.style.link
                yield segment.style.meta.get("@click")


def check_harmless(app: App[Any], lines: list[str]) -> None:
    text = "".join(lines)
    assert text.isprintable()
    assert {cell_len(line) for line in lines} == {app.size.width}
    assert not any(deeds(app))


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_a_symbol_is_taken_literally_in_every_pane(
    on_screen: OnScreen, lines_of: LinesOf, size: tuple[int, int]
) -> None:
    seen: list[str] = []

    async def script(pilot: Pilot[Any]) -> None:
        for key in ("2", "j", "j", "3", "j", "j", "5", "k", "k", "g", "4", "z", "z", "question_mark", "escape"):
            await pilot.press(key)
            lines = lines_of(pilot.app)
            check_harmless(pilot.app, lines)
            seen.extend(lines)
        assert "\x1b" not in pilot.app.export_screenshot()

    on_screen(run_of(MARKUP, LINK, ESCAPE), script, size=size)
    titles = {line.split("1 Price ")[1].split()[0] for line in seen if "1 Price " in line}
    assert titles == {MARKUP, LINK, "AC␛[2JME"}
    assert any("buy 100 [@click=app.quit]x" in line for line in seen)


def test_a_click_on_a_symbol_is_a_click_on_a_row(on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for row in range(2, 5):
            await pilot.click("#positions", offset=(3, row))
            await pilot.click("#price", offset=(12, 0))
        assert pilot.app.is_running

    app = on_screen(run_of(MARKUP, LINK, ESCAPE), script)
    assert app.return_code is None
    assert app._exit_renderables == []


def test_long_wide_and_hidden_symbols_do_not_break_a_line(on_screen: OnScreen, lines_of: LinesOf) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for key in ("2", "j", "j", "5", "k", "z"):
            await pilot.press(key)
            check_harmless(pilot.app, lines_of(pilot.app))

    on_screen(run_of(LONG, WIDE, HIDDEN), script)


def test_what_a_strategy_says_when_it_fails_is_taken_literally(on_screen: OnScreen, lines_of: LinesOf) -> None:
    run = Backtest(bars_of("ACME"), Loud())

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("c")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        lines = lines_of(pilot.app)
        check_harmless(pilot.app, lines)
        assert "[/][@click=app.quit]x␛]0;title␇" in "".join(line.strip() for line in lines[-4:])

    on_screen(run, script)


def test_huge_numbers_leave_every_line_as_wide_as_it_was(on_screen: OnScreen, lines_of: LinesOf) -> None:
    run = Backtest(bars_of("ACME", HUGE), BuyAndHold())

    async def script(pilot: Pilot[Any]) -> None:
        for _ in range(3):
            await pilot.press("n")
            check_harmless(pilot.app, lines_of(pilot.app))

    on_screen(run, script)


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (60, 15)])
def test_in_lists_and_profit_no_number_is_cut(on_screen: OnScreen, size: tuple[int, int]) -> None:
    fine = Decimal("123.456789012345")
    settings = Settings(initial_capital=Decimal(10) ** 17, quantity_step=Decimal("0.000001"))
    run = Backtest([bars_of("株式会社" * 20, fine), bars_of("A" * 60, fine + 1)], Vast(), settings)
    for _ in range(30):
        run.step()

    async def script(pilot: Pilot[Any]) -> None:
        view = FrameView(Scene(run), Selection("A" * 60))
        orders = [view.orders[index] for index in range(len(view.orders))]
        lines = [view.positions[0], view.positions[1], view.position_total(), *orders]
        names = (
            "quantity",
            "average",
            "mark",
            "unrealized",
            "value",
            "realized",
            "share",
            "price",
            "id",
            "ticks",
            "age",
        )
        whole = {getattr(line, name, "") for line in lines for name in (*names, "remaining", "filled")}
        whole |= {text for _, _, text in view.pnl.figures}
        assert max(map(len, whole)) == 25
        for key, name in (("2", "#positions"), ("3", "#orders"), ("4", "#pnl")):
            for zoom in ("z", "z"):
                await pilot.press(key, zoom)
                pane = pilot.app.screen.query_one(name, LineWidget)
                words = " ".join(line.partition("│")[0] for line in pane.plain_lines()[key != "4" :]).split()
                numbers = [word for word in words if word[-1] in "0123456789%#" and "@" not in word]
                assert numbers
                assert [one for one in numbers if one not in whole and set(one) != {"#"}] == []

    on_screen(run, script, size=size)


def test_hostile_symbols_in_a_picture(same_picture: Callable[..., None]) -> None:
    same_picture(FillstepApp(run_of(MARKUP, LINK, ESCAPE)), (100, 30), "2 j")
