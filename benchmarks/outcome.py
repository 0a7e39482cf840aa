"""What one process has measured, and how it comes back from there: the last line that it prints is JSON."""

import json
import os
import resource
import subprocess
import sys
from typing import Final, Self

from attrs import asdict, frozen

_KILOBYTE: Final = 1 if sys.platform == "darwin" else 1024  # in which the system counts the peak


class ChildError(Exception):
    """A process that measures has failed; the message is its last word."""


@frozen
class Outcome:
    """One run in a process of its own.

    Attributes:
        make_seconds: From bars in memory to a run at its start.
        run_seconds: From there to its end.
        rows: Bars, of all symbols.
        orders: How many orders were asked for.
        fills: How many executions there were.
        equity: Cash and market values at the end, money with two digits.
        events: How many facts were recorded; zero where the engine has no such thing.
        peak_bytes: The most memory that the process has had.
        tenths: How long each tenth of the run took, in seconds; empty where that was not asked for.
        kept_bytes: What is kept of the run when it is over; zero where that was not asked for.
    """

    make_seconds: float
    run_seconds: float
    rows: int
    orders: int
    fills: int
    equity: str
    events: int = 0
    peak_bytes: int = 0
    tenths: tuple[float, ...] = ()
    kept_bytes: int = 0

    @property
    def whole_seconds(self) -> float:
        """From bars in memory to the end of the run."""
        return self.make_seconds + self.run_seconds

    def tell(self) -> None:
        """Print it with the peak of this process, for the one that has started it."""
        print(json.dumps(asdict(self) | {"peak_bytes": _KILOBYTE * _peak()}))

    @classmethod
    def from_child(cls, module: str, *arguments: str) -> Self:
        """Run a module of this package in a process of its own, and return what it tells.

        Raises:
            ChildError: It has failed.
        """
        told = json.loads(run_child(module, *arguments).splitlines()[-1])
        return cls(**told | {"tenths": tuple(told["tenths"])})


def run_child(module: str, *arguments: str) -> str:
    """Run a module in a process of its own, and return what it prints.

    Raises:
        ChildError: It has failed.
    """
    command = [sys.executable, "-m", module, *arguments]
    surroundings = {**os.environ, "TQDM_DISABLE": "1"}  # no engine draws a bar meanwhile
    child = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)  # noqa: S603
    if child.returncode:
        raise ChildError((child.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return child.stdout


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
