"""A screen with one widget on it, of a fixed size."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

Script: TypeAlias = Callable[[Pilot[None]], Awaitable[None]]


class Stage(App[None]):
    """An app that shows the widgets it is given."""

    def __init__(self, *widgets: Widget, css: str = "") -> None:
        Stage.CSS = css
        super().__init__()
        self._widgets = widgets

    def compose(self) -> ComposeResult:
        yield from self._widgets


@pytest.fixture
def on_stage(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a script with widgets on a screen of a given size, without what a terminal's surroundings would change."""
    for name in [name for name in os.environ if name == "NO_COLOR" or name.startswith("TEXTUAL_")]:
        monkeypatch.delenv(name)

    def run(
        script: Script, *widgets: Widget, size: tuple[int, int] = (30, 6), css: str = "", no_color: bool = False
    ) -> None:
        if no_color:
            monkeypatch.setenv("NO_COLOR", "1")

        async def play() -> None:
            async with Stage(*widgets, css=css).run_test(size=size) as pilot:
                await script(pilot)

        asyncio.run(play())

    return run
