"""Runner: executes steps, one at a time or many between the frames of the screen.

The only file that knows asyncio, and the only one that reads a clock: for pacing, never for anything shown.
"""

import asyncio
import gc
from collections.abc import Callable
from time import perf_counter
from typing import TypeAlias

from core.backtest.deadline import OutOfTime
from core.backtest.garbage import rare_collections
from core.backtest.loop import Backtest
from core.errors import DeadlineError, FillstepError, InvariantError, StrategyError

Condition: TypeAlias = Callable[[], bool]

SLICE_SECONDS = 0.008
FRAME_SECONDS = 0.1
YIELDS = 12
"""Turns of the event loop between two slices: enough for a key to reach its action, and a frame its terminal."""


def never() -> bool:
    """Run to the end."""
    return False


class Runner:
    """Executes the steps of a run.

    Attributes:
        error: What stopped the run, if anything did.
        is_running: Whether it executes steps until a condition holds.
    """

    def __init__(self, run: Backtest, show: Callable[[], object], error: FillstepError | None = None) -> None:
        """Drive a run.

        Args:
            run: What to execute.
            show: Called when there is something new to see, at most every `FRAME_SECONDS`, and at the end.
            error: What has stopped it already, if anything did.
        """
        self.error = error
        self.is_running = False
        self._run = run
        self._show = show
        self._until: Condition = never

    def step(self) -> None:
        """Execute a step if there is one left; what the strategy raises is kept as the error."""
        self._execute(1, never)

    def pause(self) -> None:
        """Execute no further step."""
        self.is_running = False

    async def run(self, until: Condition = never) -> None:
        """Execute steps until a condition holds after one, the bars end, something is raised, or `pause`.

        Called while it runs already, it changes the condition.
        """
        self._until = until
        if self.is_running:
            return
        self.is_running = True
        with rare_collections():
            await self._execute_in_slices()
        gc.freeze()
        self._show()

    async def _execute_in_slices(self) -> None:
        steps, frame_at = 1, perf_counter()
        while self.is_running:
            began = perf_counter()
            if not self._execute(steps, self._until):
                self.pause()
            now = perf_counter()
            steps = max(1, min(2 * steps, int(steps * SLICE_SECONDS / (now - began))))
            if now >= frame_at:
                self._show()
                frame_at = perf_counter() + FRAME_SECONDS
            for _ in range(YIELDS):
                await asyncio.sleep(0)

    def _execute(self, steps: int, until: Condition) -> bool:
        """Execute so many steps; say whether there is reason to go on."""
        if self._run.is_over:
            return False
        step = self._run.step
        try:
            with self._run.deadline:
                for _ in range(steps):
                    if not step() or until():
                        return False
        except (DeadlineError, InvariantError, StrategyError) as error:
            self.error = error
            return False
        except OutOfTime:  # it came when the call was over
            return False
        return True
