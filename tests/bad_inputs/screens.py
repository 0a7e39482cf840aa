"""The screen over a run, driven by a script."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from tui.app import FillstepApp


def play(run: Backtest, script: Callable[[Pilot[Any]], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> None:
    """Run a script on the app over a run."""

    async def look() -> None:
        async with FillstepApp(run).run_test(size=size) as pilot:
            await pilot.pause()
            await script(pilot)

    asyncio.run(look())


def lines_of(app: App[Any]) -> list[str]:
    """Read the lines of a screen, as they are composed."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def check_harmless(app: App[Any]) -> list[str]:
    """Expect lines of the screen's width that only print, and of which no click does anything; return them."""
    lines = lines_of(app)
    assert "".join(lines).isprintable()
    assert {cell_len(line) for line in lines} == {app.size.width}
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            assert segment.style is None or not (segment.style.link or segment.style.meta.get("@click"))
    return lines
