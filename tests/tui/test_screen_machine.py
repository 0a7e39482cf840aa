"""Whatever is pressed, clicked, pasted or resized: the screen goes on, shows what is so, and leaves the record alone.

Each walk is random and comes from its number, so that one that fails can be walked again. `LONG=true` walks a thousand.
"""

import asyncio
import os
from collections.abc import Callable
from random import Random  # noqa: TID251 - with a seed
from string import ascii_letters, digits, punctuation
from typing import Any, Final

import pytest
from attrs import define, field
from rich.cells import cell_len
from textual import events
from textual.pilot import OutOfBounds, Pilot
from textual.widgets import Input

from core.backtest.examples import BracketBreakout, DipBuyer, TrailingStop
from core.backtest.loop import Backtest
from core.backtest.strategy import Now, Strategy
from tests.tui.driving import app_of
from tui.actions import ACTIONS
from tui.app import FillstepApp
from tui.session import Session

Sample = Callable[..., Backtest]

WALKS: Final = 1000 if os.environ.get("LONG") else 60
LENGTH: Final = 60
SIZES: Final = [(80, 24), (140, 40), (100, 30), (60, 15), (200, 60), (30, 8), (5, 3), (1, 1)]
LEADS_OUT: Final = frozenset({"quit", "quit_now", "suspend", "debug"})
KEYS: Final = {key: action for action in ACTIONS if action.id not in LEADS_OUT for key in action.keys}
COMMANDS: Final = [
    "goto 50",
    "goto 2005-06-01",
    "goto #3",
    "break fill",
    "break equity < 100000",
    "break bar == 200",
    "watch cash",
    "buy 10 AAPL",
    "sell 5 MSFT limit 30",
    "cancel #1",
    "branch allow_short=true",
    "note [/] here",
    "delete 1",
    "diff a",
    "theme nord",
    "[/] [@click=app.quit]x",
]
RAISES_AT: Final = 110


class Raises(Strategy):
    """It stops the run."""

    def on_bar(self, now: Now) -> None:
        """Raise at one bar."""
        if now.step == RAISES_AT:
            raise ValueError("[/] boom")


STRATEGIES: Final[list[Callable[[], Strategy]]] = [DipBuyer, BracketBreakout, TrailingStop, Raises, Strategy]


@define
class Walk:
    """One walk.

    Attributes:
        random: Where its choices come from.
        pilot: Drives the app.
        done: What was done so far.
    """

    random: Random
    pilot: Pilot[Any]
    done: list[str] = field(factory=list)

    @property
    def app(self) -> FillstepApp:
        """The app."""
        return app_of(self.pilot)

    async def step(self) -> None:
        """Do something, and check what must hold after it."""
        before = self._records()
        is_quiet = not any(one.runner.is_running for one in self._sessions())
        is_dialog = self.app.screen is not self.app.default_screen
        adds = await self._act()
        if is_quiet and not is_dialog and not adds:
            assert [record for _, record in before] == [one.run.journal.canonical_bytes() for one, _ in before]
        if not any(one.runner.is_running for one in self._sessions()) and not self._is_working():
            self._check_panes()

    def _sessions(self) -> list[Session]:
        other = self.app.other_session()
        return [self.app.session, *([other] if other else [])]

    def _is_working(self) -> bool:
        """Say whether something that takes long is under way: a pane says so until it is done."""
        return any(not worker.is_finished for worker in self.app.workers)

    def _records(self) -> list[tuple[Session, bytes]]:
        return [(one, one.run.journal.canonical_bytes()) for one in self._sessions()]

    def _check_panes(self) -> None:
        """Check that each pane shows what it would show if it were shown everything again."""
        panes = [pane for pane in self.app._panes.values() if pane.size and pane._built_size == pane.size]
        shown = {pane.NAME: pane.plain_lines() for pane in panes}
        for pane in panes:
            assert all(cell_len(line) <= pane.size.width for line in shown[pane.NAME]), pane.NAME
        self.app.sync()
        assert {pane.NAME: pane.plain_lines() for pane in panes} == shown

    async def _act(self) -> bool:
        """Do something; say whether it may add to the record."""
        kind = self.random.choices(
            (self._key, self._letter, self._command, self._resize, self._click, self._wheel, self._paste),
            (60, 8, 10, 8, 10, 3, 1),
        )[0]
        return await kind()

    async def _key(self) -> bool:
        key = self.random.choice(list(KEYS))
        self.done.append(key)
        await self.pilot.press(key)
        return KEYS[key].adds_to_run

    async def _letter(self) -> bool:
        key = self.random.choice([*"aopxy1", "escape", "enter", "tab", "backspace", "delete"])
        self.done.append(key)
        await self.pilot.press(key)
        return True

    async def _command(self) -> bool:
        command = self.random.choice(COMMANDS)
        self.done.append(f":{command}")
        await self.pilot.press("escape", "escape", "colon")
        line = self.app.screen.query(Input)
        if line:
            line.first().value = command
            await self.pilot.press("enter")
        return True

    async def _resize(self) -> bool:
        size = self.random.choice(SIZES)
        self.done.append(f"{size}")
        await self.pilot.resize_terminal(*size)
        return False

    async def _click(self) -> bool:
        x, y = self._somewhere()
        self.done.append(f"click {x},{y}")
        try:
            await self.pilot.click(offset=(x, y))
        except OutOfBounds:  # of what is in the middle of being laid out
            await self.pilot.pause()
        return True  # a click on the footer is its key

    async def _wheel(self) -> bool:
        x, y = self._somewhere()
        kind = self.random.choice([events.MouseScrollDown, events.MouseScrollUp])
        self.done.append(f"{kind.__name__} {x},{y}")
        await self.pilot._post_mouse_events([kind], offset=(x, y), button=0)
        return False

    async def _paste(self) -> bool:
        text = "".join(self.random.choices(ascii_letters + digits + punctuation + "\n\x1b", k=2000))
        self.done.append("paste")
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()
        return True

    def _somewhere(self) -> tuple[int, int]:
        width, height = self.app.size
        return self.random.randrange(width), self.random.randrange(height)


def walk(number: int, run: Backtest) -> None:
    random = Random(number)  # noqa: S311 - a walk
    app = FillstepApp(run)
    done: list[str] = []

    async def go() -> None:
        async with app.run_test(size=random.choice(SIZES)) as pilot:
            one = Walk(random, pilot, done)
            for _ in range(LENGTH):
                if app._exit:
                    break
                await one.step()
            for session in one._sessions():
                session.runner.pause()
            await app.workers.wait_for_complete()

    try:
        asyncio.run(go())
    except BaseException as error:
        error.add_note(f"walk {number}: {' '.join(done)}")
        raise


@pytest.mark.parametrize("number", range(WALKS))
def test_a_walk_of_any_keys_and_sizes(sample: Sample, number: int) -> None:
    strategy = STRATEGIES[number % len(STRATEGIES)]
    steps = (0, 105, 150)[number % 3]
    walk(number, sample(min(steps, RAISES_AT) if strategy is Raises else steps, strategy()))
