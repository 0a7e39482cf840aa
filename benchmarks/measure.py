"""One measurement of Fillstep, in a process of its own: a run, a run step by step, a file that is loaded."""

import argparse
import gc
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks.outcome import Outcome
from benchmarks.workloads import CASH, WORKLOADS, Idle, make_backtest, write_data
from core import Backtest, Settings
from core.backtest.garbage import rare_collections
from core.data.load import load
from core.events import OrderFilled, OrderSubmitted

_TENTHS: Final = 10


def measure_run(name: str, folder: Path) -> Outcome:
    """Make a run and execute it to its end."""
    make = make_backtest(name, folder)
    begun = perf_counter()
    backtest = make()
    made = perf_counter()
    backtest.run()
    return outcome_of(backtest, made - begun, perf_counter() - made)


def measure_steps(name: str, folder: Path) -> Outcome:
    """The same with one `step()` a bar, and the clock looked at after each tenth of them."""
    make = make_backtest(name, folder)
    begun = perf_counter()
    backtest = make()
    made = perf_counter()
    steps = len(backtest.feed)
    tenths = []
    with rare_collections(), backtest.guard:
        for tenth in range(_TENTHS):
            since = perf_counter()
            for _ in range(steps * (tenth + 1) // _TENTHS - steps * tenth // _TENTHS):
                backtest.step()
            tenths.append(perf_counter() - since)
    return outcome_of(backtest, made - begun, sum(tenths), tenths=tuple(tenths))


def measure_memory(name: str, folder: Path) -> Outcome:
    """The same while every allocation is counted, which takes longer."""
    make = make_backtest(name, folder)
    tracemalloc.start()
    backtest = make()
    backtest.run()
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    columns = sum(int(bars.frame.estimated_size()) for bars in backtest.bars)  # polars keeps them where none is counted
    return outcome_of(backtest, 0.0, 0.0, kept_bytes=kept + columns)


def measure_load(file: Path) -> Outcome:
    """Load and check a file, and execute the first bar."""
    begun = perf_counter()
    bars = load([file])
    loaded = perf_counter()
    backtest = Backtest(bars, Idle(), Settings(initial_capital=CASH))
    backtest.step()
    return outcome_of(backtest, loaded - begun, perf_counter() - loaded)


def outcome_of(
    backtest: Backtest,
    make_seconds: float,
    run_seconds: float,
    *,
    tenths: tuple[float, ...] = (),
    kept_bytes: int = 0,
) -> Outcome:
    """Return what a run has come to, with how long it took."""
    kinds = [row[2] for row in backtest.journal.rows]
    return Outcome(
        make_seconds,
        run_seconds,
        rows=sum(len(bars) for bars in backtest.bars),
        orders=kinds.count(OrderSubmitted),
        fills=kinds.count(OrderFilled),
        equity=f"{backtest.portfolio.equity:.2f}",
        events=len(kinds),
        tenths=tenths,
        kept_bytes=kept_bytes,
    )


_MEASURES: Final[dict[str, Callable[[str, Path], Outcome]]] = {
    "run": measure_run,
    "steps": measure_steps,
    "memory": measure_memory,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, and tell it; or make the data, which is no measurement."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measure", description=__doc__)
    asked = parser.add_subparsers(dest="asked", required=True)
    for name in _MEASURES:
        one = asked.add_parser(name)
        one.add_argument("workload", choices=WORKLOADS)
        one.add_argument("folder", type=Path)
    asked.add_parser("load").add_argument("file", type=Path)
    data = asked.add_parser("data")
    data.add_argument("folder", type=Path)
    data.add_argument("rows", type=int)
    data.add_argument("--for-peers", action="store_true")
    options = parser.parse_args(arguments)
    if options.asked == "data":
        write_data(options.folder, options.rows, for_peers=options.for_peers)
        Outcome(0.0, 0.0, rows=options.rows, orders=0, fills=0, equity="").tell()
    elif options.asked == "load":
        measure_load(options.file).tell()
    else:
        _MEASURES[options.asked](options.workload, options.folder).tell()


if __name__ == "__main__":
    main()
