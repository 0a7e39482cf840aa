"""Where the time of a run goes: the function that is being executed is looked at every millisecond.

That slows the run by little, unlike counting every call. Python looks for the signal where a function begins, is left
or loops, so what a function does in one go is found at its end.
"""

import argparse
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from types import CodeType, FrameType
from typing import Final, TypeVar

from attrs import define, field

from benchmarks.measure import outcome_of
from benchmarks.outcome import Outcome
from benchmarks.workloads import WORKLOADS, make_backtest
from core import Backtest

KeyT = TypeVar("KeyT")

_ROOT: Final = Path(__file__).parent.parent
_EVERY_SECONDS: Final = 0.001
_LEAST_SAMPLES: Final = 3_000
_MOST_RUNS: Final = 200
_TIMES: Final = 3
_DEPTH: Final = 7  # how far below the loop the tree of calls is shown
_SHOWN: Final = 0.02  # of the whole
_MICRO: Final = 1e6
_LOOP: Final = Backtest.run.__code__


@define
class Samples:
    """What was being executed, each time that was looked.

    Attributes:
        stacks: How often each stack of functions was met, from the one that the run is executed by to the innermost.
        count: How often was looked.
    """

    stacks: Counter[tuple[CodeType, ...]] = field(factory=Counter)
    count: int = 0

    def take(self, _: int, frame: FrameType | None) -> None:
        """Look."""
        codes = []
        while frame is not None and frame.f_code is not _LOOP:
            codes.append(frame.f_code)
            frame = frame.f_back
        self.stacks[tuple(reversed(codes))] += 1
        self.count += 1

    def by(self, name_of: Callable[[tuple[CodeType, ...]], KeyT | None]) -> Counter[KeyT]:
        """Return how often was met what a stack is called; one that is None is not counted."""
        result: Counter[KeyT] = Counter()
        for stack, count in self.stacks.items():
            name = name_of(stack)
            if name is not None:
                result[name] += count
        return result


def sample(name: str, folder: Path) -> tuple[Outcome, Samples]:
    """Run a workload three times as it is, to return the middle one, then as often as it takes to see enough."""
    make = make_backtest(name, folder)
    outcomes = sorted((_timed(make()) for _ in range(_TIMES)), key=lambda one: one.run_seconds)
    samples = Samples()
    before = signal.signal(signal.SIGALRM, samples.take)
    for _ in range(_MOST_RUNS):
        backtest = make()
        signal.setitimer(signal.ITIMER_REAL, _EVERY_SECONDS, _EVERY_SECONDS)
        backtest.run()
        signal.setitimer(signal.ITIMER_REAL, 0)
        if samples.count >= _LEAST_SAMPLES:
            break
    signal.signal(signal.SIGALRM, before)
    return outcomes[_TIMES // 2], samples


def _timed(backtest: Backtest) -> Outcome:
    begun = perf_counter()
    backtest.run()
    return outcome_of(backtest, 0.0, perf_counter() - begun)


def lines_of(name: str, outcome: Outcome, samples: Samples) -> Iterator[str]:
    """Yield what a bar and an order take, in microseconds: below each call of the loop, in each file and function."""
    yield f"{name}: {WORKLOADS[name].what}"
    yield (
        f"{outcome.rows:,} rows, {outcome.orders:,} orders, {outcome.fills:,} fills, {outcome.events:,} facts "
        f"in {outcome.run_seconds:.3f} s; {samples.count:,} samples"
    )
    tree: Counter[tuple[CodeType, ...]] = Counter()
    for depth in range(1, _DEPTH + 1):
        tree.update(samples.by(partial(_first, depth)))
    files = samples.by(lambda stack: _file(stack[-1]) if stack else None)
    functions = samples.by(lambda stack: _named(stack[-1]) if stack else None)
    write = partial(_line, outcome, samples.count)
    yield from ("", _head("with all that it calls"))
    for stack in sorted(tree, key=lambda stack: [(-tree[stack[:end]], _named(stack[end - 1])) for end in _ends(stack)]):
        yield from write(tree[stack], f"{'  ' * (len(stack) - 1)}{_named(stack[-1])}")
    for title, counts in (("file", files), ("function itself", functions)):
        yield from ("", _head(title))
        for told, count in counts.most_common():
            yield from write(count, told)


def _first(depth: int, stack: tuple[CodeType, ...]) -> tuple[CodeType, ...] | None:
    return stack[:depth] if len(stack) >= depth else None


def _ends(stack: Sequence[CodeType]) -> range:
    return range(1, len(stack) + 1)


def _head(title: str) -> str:
    return f"{'us a bar':>10}{'an order':>13}  {title}"


def _line(outcome: Outcome, whole: int, count: int, told: str) -> Iterator[str]:
    """Yield a line for so many of all samples, unless they are few."""
    if count < _SHOWN * whole:
        return
    seconds = outcome.run_seconds * count / whole
    order = f"{_MICRO * seconds / outcome.orders:.3f}" if outcome.orders else ""
    yield f"{_MICRO * seconds / outcome.rows:>10.3f}{order:>13}  {told}"


def _named(code: CodeType) -> str:
    return f"{_file(code)} {code.co_qualname}"


def _file(code: CodeType) -> str:
    file = Path(code.co_filename)
    if file.is_relative_to(_ROOT):
        return str(file.relative_to(_ROOT))
    return "/".join(file.parts[-2:])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print where the time of the workload goes that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sampling", description=__doc__)
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("folder", type=Path, help="what `python -m benchmarks.measure data` has written")
    options = parser.parse_args(arguments)
    for line in lines_of(options.workload, *sample(options.workload, options.folder)):
        print(line)


if __name__ == "__main__":
    main()
