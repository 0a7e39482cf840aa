"""What a terminal shows after parts of the screen were painted is what it would show had all of it been painted."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import pytest
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.strip import Strip

from core.backtest.loop import Backtest
from tests.tui.driving import press
from tui.app import FillstepApp

Cells: TypeAlias = dict[tuple[int, int], tuple[str, str]]
"""What stands where, and in which style."""

WRITTEN = re.compile(
    r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;:]*)m"  # goes to a place, and takes a look
    r"|\x1b\[[?<=>]?[\d;$ ]*[A-Za-z]|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)"  # nothing that is seen
    r"|(.)",
    re.DOTALL,
)
COLOR_OF_TEXT = re.compile(r"38;2;\d+;\d+;\d+;?")  # which a blank has in vain
SIZES = [(80, 24), (120, 40)]
KEYS = (
    *("colon x escape", "colon g o t o space 2 0 enter", "colon n o s u c h enter escape", "slash a a p l enter"),
    *("question_mark j G escape", "B escape", "m a", "apostrophe a", "m escape", "b", "b", "exclamation_mark escape"),
    *("3 j j", "o escape", "5", "z", "z n", "1 j v", "7", "8", "6", "ctrl+p escape", "d escape", "3 B a escape"),
    *("left_square_bracket F f", "colon b r e a k space 1 enter", "0 c", "tab shift+tab", "escape dollar_sign"),
)


def paint(cells: Cells, written: str) -> None:
    """Do with cells what a terminal does with what is written to it."""
    column = row = 0
    style = ""
    for found in WRITTEN.finditer(written):
        line, place, look, text = found.groups()
        if line:
            column, row = int(place) - 1, int(line) - 1
        elif look is not None:
            style = "" if look in ("", "0") else look
        elif text == "\n":
            column, row = 0, row + 1
        elif text is not None:
            cells[column, row] = (text, style if text.strip() else COLOR_OF_TEXT.sub("", style))
            column += cell_len(text)


@pytest.fixture(autouse=True)
def fresh_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the codes of each style made anew: they are kept as they were first, for whatever terminal that was."""
    of_text, of_strip = Style.render, Strip.render_style

    def render(style: Style, *text: Any, **terminal: Any) -> str:
        style._ansi = None
        return of_text(style, *text, **terminal)

    def render_style(style: Style, text: str, color_system: ColorSystem) -> str:
        style._ansi = None
        return of_strip(style, text, color_system)

    monkeypatch.setattr(Style, "render", render)
    monkeypatch.setattr(Strip, "render_style", staticmethod(render_style))


class PaintingDriver(HeadlessDriver):
    """Keeps the cells of a terminal."""

    cells: ClassVar[Cells] = {}

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        paint(self.cells, data)


def whole(pilot: Pilot[Any]) -> Cells:
    """Return the cells of a terminal to which the whole screen was written."""
    app, cells = pilot.app, Cells()
    update: Any = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    paint(cells, update.render_segments(app.console))
    return cells


def check(backtest: Backtest, size: tuple[int, int], steps: Callable[[Pilot[Any]], Any]) -> None:
    """Run a script on the app over a run; it writes to a terminal of which the cells are kept."""

    async def look() -> None:
        app = FillstepApp(backtest)
        app.driver_class = PaintingDriver
        app.console._color_system = ColorSystem.TRUECOLOR
        PaintingDriver.cells.clear()
        async with app.run_test(headless=False, size=size) as pilot:
            await pilot.pause()
            await steps(pilot)

    asyncio.run(look())


def assert_whole(pilot: Pilot[Any], after: str) -> None:
    there = PaintingDriver.cells
    wrong = [(place, there.get(place), cell) for place, cell in whole(pilot).items() if there.get(place) != cell]
    assert (after, wrong) == (after, [])


@pytest.mark.parametrize("size", SIZES)
def test_keys_and_dialogs_leave_nothing_old_there(sample: Callable[..., Backtest], size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        assert_whole(pilot, "the start")
        for keys in KEYS:
            for key in keys.split():
                await press(pilot, key)
                assert_whole(pilot, f"{key} of {keys}")

    check(sample(300), size, script)


def test_another_theme_and_another_size_leave_nothing_old_on_the_screen(sample: Callable[..., Backtest]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for keys in ("", "colon", "escape question_mark", "escape z"):
            await press(pilot, *keys.split())
            for theme in ("textual-light", "fillstep", "ansi-dark"):
                pilot.app.theme = theme
                await pilot.pause()
                assert_whole(pilot, f"{theme} after {keys}")
            for size in ((100, 30), (60, 15), (120, 40)):
                PaintingDriver.cells.clear()
                await pilot.resize_terminal(*size)
                await pilot.pause()
                assert_whole(pilot, f"{size} after {keys}")

    check(sample(300), SIZES[0], script)


def test_after_a_while_in_the_shell_all_of_the_screen_is_painted(sample: Callable[..., Backtest]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for keys in ("", "colon"):
            await press(pilot, *keys.split())
            PaintingDriver.cells.clear()
            pilot.app._resume_signal()
            await pilot.pause()
            assert_whole(pilot, f"the shell after {keys}")

    check(sample(300), SIZES[0], script)
