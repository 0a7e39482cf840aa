"""Measure time travel over a run of a million events: a jump to any moment, and a search far back.

The run has a limit order on every bar, near enough to the price that about half of them fill.
"""

import argparse
import gc
import random
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from statistics import median
from time import perf_counter
from typing import TypeVar

import polars as pl
from attrs import define

from benchmarks.generate import random_walk
from core import Backtest, Bars, Now, Settings, Strategy, Timeline
from core.replay.breakpoints import Breakpoints
from core.replay.cursor import Cursor

ResultT = TypeVar("ResultT")

_JUMPS = 5_000
_BARS_PER_EVENT = 0.2143
_AWAY = Decimal("0.02")


@define
class EveryBar(Strategy):
    """Ask for a limit order on every bar, alive for one bar."""

    def on_bar(self, now: Now) -> None:
        """Cancel what rests, and ask for the other side of what is held."""
        now.cancel_all()
        close = now["WALK"].close
        if now.get_position("WALK").quantity:
            now.sell("WALK", 10, limit_price=close + _AWAY)
        else:
            now.buy("WALK", 10, limit_price=close - _AWAY)


def make_run(events: int) -> Backtest:
    """Return a run of at least so many events, to its end."""
    backtest = make_backtest(max(int(events * _BARS_PER_EVENT), 1))
    backtest.run()
    return backtest


def make_backtest(bars: int) -> Backtest:
    """Return a run over so many bars, at its start."""
    walk = random_walk(bars, seed=1)
    ticks = {f"{name}_ticks": pl.col(name).cast(pl.Int64) for name in ("open", "high", "low", "close")}
    frame = walk.select(time=pl.col("time").cast(pl.Int64), **ticks, volume_units=pl.col("volume").cast(pl.Int64))
    return Backtest(Bars("WALK", frame), EveryBar(), Settings(initial_capital=1_000_000))


def measure(events: int, write: Callable[[str], object]) -> None:
    """Run, look, and write what it took, one line each."""
    seconds, backtest = _timed(lambda: make_run(events))
    count = len(backtest.journal)
    write(f"run            {count:>11,} events, {backtest.step_count:,} bars, {seconds:.1f} s")
    timeline = Timeline(backtest)
    seconds, _ = _timed(lambda: timeline.at(timeline.head))
    write(f"first look     {seconds:>11.2f} s, {1e6 * seconds / count:.2f} us an event: folds the whole journal once")
    gc.collect()
    gc.freeze()
    chosen = random.Random(1)
    jumps = sorted(_jump(timeline, chosen.randrange(count)) for _ in range(_JUMPS))
    write(
        f"jump           {1e6 * median(jumps):>11.0f} us median, {1e6 * jumps[int(0.99 * _JUMPS)]:.0f} us at 99 %, "
        f"{1e6 * jumps[-1]:.0f} us worst of {_JUMPS:,}"
    )
    back = backtest.journal.step_of(max(count - int(0.9 * count), 1))
    cash = timeline.at(timeline.end_of_step(back)).get_cash_balance()
    for text in (f"bar == {back + 1}", f"cash == {cash} and bar <= {back + 1} and bar > {back - 50}", "equity < 0"):
        seconds, found = _timed(partial(_search_back, timeline, text))
        far = "not met" if found is None else f"met {timeline.head.sequence - found.sequence:,} events back"
        write(f"search back    {seconds:>11.2f} s, {text}: {far}")


def _search_back(timeline: Timeline, text: str) -> Cursor | None:
    breakpoints = Breakpoints(timeline)
    breakpoints.add(text)
    found = breakpoints.before(timeline.head)
    return None if found is None else found[0]


def _jump(timeline: Timeline, sequence: int) -> float:
    cursor = timeline.after(sequence)
    begun = perf_counter()
    timeline.at(cursor)
    return perf_counter() - begun


def _timed(work: Callable[[], ResultT]) -> tuple[float, ResultT]:
    begun = perf_counter()
    result = work()
    return perf_counter() - begun, result


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.time_travel", description=__doc__)
    parser.add_argument("events", type=int, nargs="?", default=1_000_000, help="how many events (default 1000000)")
    measure(parser.parse_args(arguments).events, lambda line: print(line, file=sys.stdout, flush=True))


if __name__ == "__main__":
    main()
