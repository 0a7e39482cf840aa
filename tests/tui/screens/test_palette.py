"""The palette, in terminals of any size."""

import asyncio
from collections.abc import Callable

import pytest

from core.backtest.loop import Backtest
from tests.tui.driving import press
from tui.app import FillstepApp
from tui.screens.palette import Palette

Sample = Callable[..., Backtest]


@pytest.mark.parametrize("key", ["pageup", "pagedown", "home", "end", "down"])
def test_a_terminal_without_room_for_its_list_does_not_end_the_program(sample: Sample, key: str) -> None:
    app = FillstepApp(sample(20))

    async def walk() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await press(pilot, "ctrl+p", "o")
            await pilot.resize_terminal(1, 1)
            await press(pilot, key)
            assert isinstance(app.screen, Palette)
            await pilot.resize_terminal(80, 24)
            await press(pilot, key, "escape")
            assert not isinstance(app.screen, Palette)

    asyncio.run(walk())
