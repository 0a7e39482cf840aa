"""What the workloads are to an engine that computes in floats: the bars, the commission, and how it is told.

Prices come as whole ticks and become the nearest float. What is decided by comparing them was decided in whole ticks
before, since sums of floats differ where the prices do not: three times a sum of 10 closes may equal a sum of 30.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import pandas as pd

from benchmarks.outcome import Outcome

CASH: Final = 1_000_000.0
QUANTITY: Final = 100
EVERY: Final = 20
TICKS: Final = 100
"""Ticks in a price of 1.00."""

_PRICES: Final = {"open": "Open", "high": "High", "low": "Low", "close": "Close", "volume": "Volume"}
_LIMITS: Final = {"bid_ticks": "bid", "offer_ticks": "offer"}

Frames = Mapping[str, Any]
"""A data frame for each symbol: Open, High, Low, Close, Volume, above (0, 1 or nan), bid and offer."""

Ended = tuple[int, int, float]
"""Orders, fills, and equity at the end."""

Run = Callable[[], Ended]
"""Executes a run that was made."""


def read_frames(folder: Path, name: str) -> Frames:
    """Return the bars of a workload, by symbol."""
    files = sorted(folder.glob("S*.ticks.csv" if name == "W4" else "WALK.ticks.csv"))
    return {file.name.removesuffix(".ticks.csv"): _read(file) for file in files}


def _read(file: Path) -> Any:
    table = pd.read_csv(file, parse_dates=["time"], index_col="time").rename(columns=_PRICES | _LIMITS)
    table.index = table.index.tz_localize(None)
    prices = ["Open", "High", "Low", "Close", "bid", "offer"]
    table[prices] = table[prices] / TICKS  # the float that is nearest to the price
    return table


def commission(quantity: float, price: float) -> float:  # noqa: ARG001 - engines give both
    """Return 0.005 a unit, at least 1.00, in whole cents, a half of one up: money."""
    return max(100, (abs(int(quantity)) + 1) // 2) / 100


def wanted_quantity(equity: float, close: float, symbols: int) -> int:
    """Return how many units are the same part of equity for each symbol, one part staying cash; in whole cents."""
    return round(TICKS * equity) // ((symbols + 1) * round(TICKS * close))


def main(makers: Mapping[str, Callable[[Frames], Run]], warm_up: Callable[[Frames], object] | None = None) -> None:
    """Measure the workload that the command line asks for, and tell it.

    Args:
        makers: What makes the run of each workload that the engine can do.
        warm_up: What is done first and not measured, such as compiling.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=makers)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    frames = read_frames(options.folder, options.workload)
    if warm_up is not None:
        warm_up(frames)
    begun = perf_counter()
    run = makers[options.workload](frames)
    made = perf_counter()
    orders, fills, equity = run()
    ended = perf_counter()
    rows = sum(len(frame) for frame in frames.values())
    Outcome(made - begun, ended - made, rows, orders, fills, f"{equity:.2f}").tell()
