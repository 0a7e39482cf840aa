"""A screen with widgets on it, and the app over a run, both of a fixed size."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from benchmarks.time_travel import make_backtest
from core.backtest.examples import DipBuyer
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Strategy
from core.bars import Bars
from core.data.load import load
from core.execution.costs import Commission
from tui.app import FillstepApp

Script: TypeAlias = Callable[[Pilot[Any]], Awaitable[None]]

SAMPLE = Path(__file__).parents[2] / "sample_data"
LONG = 100_000
COSTS = Commission(per_unit=Decimal("0.005"), minimum=Decimal(1))


class Stage(App[None]):
    """An app that shows the widgets it is given."""

    def __init__(self, *widgets: Widget, css: str = "") -> None:
        Stage.CSS = css
        super().__init__()
        self._widgets = widgets

    def compose(self) -> ComposeResult:
        yield from self._widgets


class PlainText(SingleFileSnapshotExtension):
    """The cells of a screen, one line a row."""

    _file_extension = "txt"
    _write_mode = WriteMode.TEXT


@cache
def _sample_bars() -> tuple[Bars, ...]:
    return tuple(load(sorted(SAMPLE.glob("*.csv"))))


def play(app: App[Any], script: Script, size: tuple[int, int]) -> None:
    """Run a script on an app."""

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await script(pilot)

    asyncio.run(run())


@pytest.fixture
def on_stage(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a script with widgets on a screen of a given size."""

    def run(
        script: Script, *widgets: Widget, size: tuple[int, int] = (30, 6), css: str = "", no_color: bool = False
    ) -> None:
        if no_color:
            monkeypatch.setenv("NO_COLOR", "1")
        play(Stage(*widgets, css=css), script, size)

    return run


@pytest.fixture
def on_screen() -> Callable[..., FillstepApp]:
    """Run a script on the app over a run, and return the app."""

    def run(backtest: Backtest, script: Script, *, size: tuple[int, int] = (80, 24)) -> FillstepApp:
        app = FillstepApp(backtest)
        play(app, script, size)
        return app

    return run


@pytest.fixture
def sample() -> Callable[..., Backtest]:
    """Run the sample so many steps: the strategy has bids filled, canceled and rejected, and takes gains."""

    def run(step_count: int = 0, strategy: Strategy | None = None) -> Backtest:
        backtest = Backtest(_sample_bars(), strategy or DipBuyer(), Settings(costs=COSTS))
        for _ in range(step_count):
            backtest.step()
        return backtest

    return run


@pytest.fixture(scope="session")
def long_run() -> Backtest:
    """Return a run with an order on every bar and 100,000 facts behind it, which a test may take some steps on."""
    run = make_backtest(24_000)
    run.run_until(lambda run: len(run.journal) >= LONG)
    return run


@pytest.fixture
def lines_of() -> Callable[[App[Any]], list[str]]:
    """Read the lines of a screen, as they are composed."""
    return _lines


@pytest.fixture
def same_picture(
    snap_compare: Callable[..., bool], snapshot: SnapshotAssertion
) -> Callable[[App[Any], tuple[int, int], str], None]:
    """Compare a screen with its picture and with its text, after some keys."""

    def compare(app: App[Any], size: tuple[int, int], keys: str = "") -> None:
        seen: list[str] = []

        async def press(pilot: Pilot[Any]) -> None:
            await pilot.press(*keys.split())
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
            seen.extend(_lines(pilot.app))

        assert snap_compare(app, terminal_size=size, run_before=press)
        assert "".join(f"{line.rstrip()}\n" for line in seen) == snapshot(extension_class=PlainText)

    return compare


def _lines(app: App[Any]) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]
