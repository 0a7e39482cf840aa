"""A small run that is recorded as it goes on, and disks to which something happens at a point of it."""

import os
import signal
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from core.backtest.command import Cancel, Submit
from core.backtest.loop import Backtest
from core.clock import Phase
from core.order import BUY, SELL, Order
from core.replay.disk import Disk
from core.replay.manifest import Bookmark, Place
from core.replay.recorder import Recorder
from tests.core.builders import backtest, bars_of

FACTS_AT_ONCE = 6
MOST_POINTS = 500
PRICES = ("10/11/9/10/100", "11/12/10/11/100", "12/13/11/12/100", "11/12/10/11/100", "12/14/11/13/100")


class Unhurried(Disk):
    """A disk that nobody waits for."""

    def sync(self, file: int) -> None:
        pass

    def sync_folder(self, path: Path) -> None:
        pass


class Watched(Disk):
    """A disk that counts the things done to it; before each, and in the middle of what is written, something happens.

    Attributes:
        count: How many there were.
        happens: Is given the number of the next.
    """

    def __init__(self, happens: Callable[[int], object]) -> None:
        self.count = 0
        self.happens = happens

    def _next(self) -> None:
        self.count += 1
        self.happens(self.count - 1)

    def make_folder(self, path: Path) -> None:
        self._next()
        super().make_folder(path)

    def create(self, path: Path) -> int:
        self._next()
        return super().create(path)

    def add(self, path: Path) -> int:
        self._next()
        return super().add(path)

    def write(self, file: int, data: bytes) -> None:
        self._next()
        os.write(file, data[: len(data) // 2])
        self._next()
        super().write(file, data[len(data) // 2 :])

    def sync(self, file: int) -> None:
        self._next()
        super().sync(file)

    def close(self, file: int) -> None:
        self._next()
        super().close(file)

    def rename(self, old: Path, new: Path) -> None:
        self._next()
        super().rename(old, new)

    def sync_folder(self, path: Path) -> None:
        self._next()
        super().sync_folder(path)


def make_run() -> Backtest:
    """Return a run that buys and sells, not begun."""
    return backtest(
        bars_of("ACME", *PRICES),
        {
            0: lambda now: now.buy("ACME", 10, tag="first"),
            1: lambda now: now.sell("ACME", 4),
            2: lambda now: now.buy("ACME", 5, limit_price=Decimal("10.5")),
        },
    )


def play(folder: str, disk: Disk, acknowledge: Callable[[Recorder], object] = bool) -> tuple[Backtest, Recorder]:
    """Run and record to the end; acknowledge after each thing that was recorded."""
    with patch("core.replay.recorder.ENOUGH_FACTS", FACTS_AT_ONCE):
        return _play(folder, disk, acknowledge)


def _play(folder: str, disk: Disk, acknowledge: Callable[[Recorder], object]) -> tuple[Backtest, Recorder]:
    run = make_run()
    run.step()
    run.step()
    recorder = Recorder(run, folder, disk=disk)
    acknowledge(recorder)
    while not run.is_over:
        run.command(Submit(Order("ACME", (BUY, SELL)[run.clock.step % 2], 1)))
        if run.clock.step == 2:
            run.command(Cancel(3))
        recorder.write()
        acknowledge(recorder)
        run.step()
    recorder.keep_places([Bookmark("a", *_end_of(run, 1), "here")], Place(*_end_of(run, 3)))
    acknowledge(recorder)
    recorder.finish()
    acknowledge(recorder)
    return run, recorder


def _end_of(run: Backtest, step: int) -> tuple[int, Phase, int]:
    return step, Phase.STRATEGY, run.journal.first_of_step(step + 1)


def _die(folder: str, point: int) -> None:
    """Record, write down what was acknowledged, and be killed at a point."""

    def happens(number: int) -> None:
        if number == point:
            os.kill(os.getpid(), signal.SIGKILL)

    with Path(f"{folder}/{point}.said").open("w", buffering=1, encoding="ascii") as said:
        play(
            f"{folder}/{point}",
            Watched(happens),
            lambda recorder: said.write(f"{recorder._given} {recorder._facts} {len(recorder._manifest.bookmarks)}\n"),
        )


def main() -> None:
    """Kill a child at every point in turn, until one has come to its end."""
    folder, status = sys.argv[1], -1
    point = 0
    while status and point < MOST_POINTS:
        child = os.fork()  # polars has not been asked for anything, and so has no thread yet
        if not child:
            _die(folder, point)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        point += 1


if __name__ == "__main__":
    main()
