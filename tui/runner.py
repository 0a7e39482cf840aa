"""Runner: executes steps, one at a time or many between the frames of the screen.

The only file that knows asyncio, and the only one that reads a clock: for pacing, never for anything shown.
"""

import asyncio
import gc
from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress
from math import inf
from time import perf_counter
from typing import TypeAlias

from core.backtest.deadline import OutOfTime
from core.backtest.garbage import rare_collections
from core.backtest.loop import Backtest
from core.errors import DeadlineError, FillstepError, InvariantError, StrategyError
from core.replay.run import Run

Condition: TypeAlias = Callable[[], bool]

SLICE_SECONDS = 0.005
FRAME_SECONDS = 0.1
FRAME_SHARE = 20
"""A frame takes at most one in so many parts of the time, so that a key seldom meets one, nor does it slow the run."""
SPEEDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 0)
"""Bars a second; 0 is as many as it can."""

YIELDS = 12
"""Turns of the event loop between two slices: enough for a key to reach its action, and a frame its terminal."""


def nothing() -> None:
    """Do nothing."""


def never() -> bool:
    """Run to the end."""
    return False


class Runner:
    """Executes the steps of a run.

    Attributes:
        error: What stopped the run, if anything did.
        speed: How many bars a second it plays; 0 for as many as it can.
        record: Called after some steps, between two.
        keep_up: Called after each slice, so that a frame has little to take in, however long the last one is ago.
    """

    def __init__(self, run: Run, show: Callable[[], object], error: FillstepError | None = None) -> None:
        """Drive a run.

        Args:
            run: What to execute.
            show: Called when there is something new to see, at most every `FRAME_SECONDS`, and at the end.
            error: What has stopped it already, if anything did.
        """
        self.error = error
        self._going: asyncio.Event | None = None  # until it is set
        self.speed = 0
        self.record: Callable[[], object] = never
        self.keep_up: Callable[[], object] = nothing
        self._run = run
        self._show = show
        self._until: Condition = never

    def step(self) -> None:
        """Execute a step if there is one left; what the strategy raises is kept as the error."""
        self._execute(1, never)

    @property
    def is_running(self) -> bool:
        """Whether it goes on by itself."""
        return self._going is not None

    def pause(self) -> None:
        """Go no further."""
        if self._going is not None:
            self._going.set()
            self._going = None

    async def run(self, until: Condition = never) -> bool:
        """Execute steps until a condition holds after one, the bars end, something is raised, or `pause`.

        Called while it runs already, it changes the condition.

        Returns:
            Whether it has come to rest with this call.
        """
        self._until = until
        if self.is_running:
            return False
        with rare_collections():
            await self._execute_in_slices(self._begin())
        gc.freeze()
        return self._rest(self._show)

    async def play(self, advance: Callable[[], bool], show: Callable[[], object]) -> bool:
        """Advance at `speed`, which may be changed meanwhile, until there is nothing further, or `pause`.

        Args:
            advance: Goes on by a bar; says whether one can go on from there.
            show: Called after each frame's bars, and at the end.

        Returns:
            Whether it has come to rest with this call.
        """
        if self.is_running:
            return False
        paused = self._begin()
        while not paused.is_set():
            bars = max(1, round(self.speed * FRAME_SECONDS))
            if not all(advance() for _ in range(bars)):
                self.pause()
                break
            show()
            with suppress(TimeoutError):
                await asyncio.wait_for(paused.wait(), bars / max(self.speed, 1))
        return self._rest(show)

    def change_speed(self, steps: int) -> int:
        """Take a speed so many steps along `SPEEDS`, and return it; the last one is as fast as it goes."""
        slower = bisect_left(SPEEDS, self.speed or inf, key=lambda speed: speed or inf)  # so many are
        at = slower + steps if self.speed in SPEEDS else slower + min(steps, 0)
        self.speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
        return self.speed

    def _begin(self) -> asyncio.Event:
        """Go on from now until what is returned is set."""
        self._going = asyncio.Event()
        return self._going

    def _rest(self, show: Callable[[], object]) -> bool:
        """Show where it stands, unless it goes on again by now; say whether it rests."""
        if self.is_running:
            return False
        show()
        return True

    async def _execute_in_slices(self, paused: asyncio.Event) -> None:
        steps, frame_at = 1, perf_counter()
        while not paused.is_set():
            began = perf_counter()
            if not self._execute(steps, self._until):
                self.pause()
            self.keep_up()
            now = perf_counter()
            steps = max(1, min(2 * steps, int(steps * SLICE_SECONDS / (now - began))))
            is_frame = now >= frame_at
            if is_frame:
                self._show()
            for _ in range(YIELDS):
                await asyncio.sleep(0)
            if is_frame:  # it was painted meanwhile
                frame_at = now + max(FRAME_SECONDS, FRAME_SHARE * (perf_counter() - now))

    def _execute(self, steps: int, until: Condition) -> bool:
        """Execute so many steps; say whether there is reason to go on."""
        run = self._run
        if run.is_over or not isinstance(run, Backtest):
            return False
        step = run.step
        try:
            with run.guard:
                for _ in range(steps):
                    if not step() or until():
                        return False
        except (DeadlineError, InvariantError, StrategyError) as error:
            self.error = error
            return False
        except OutOfTime:  # it came when the call was over
            return False
        finally:
            self.record()
        return True
