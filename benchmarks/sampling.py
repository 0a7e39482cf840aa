"""Where the time of a run goes: the function that is being executed is looked at every millisecond.

That slows the run by little, unlike counting every call. Python looks for the signal where a function begins, is left
or loops, so what a function does in one go is found at its end.
"""

import argparse
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from types import CodeType, FrameType
from typing import Final

from attrs import define, field

from benchmarks.measure import outcome_of
from benchmarks.outcome import Outcome
from benchmarks.workloads import WORKLOADS, make_backtest

_ROOT: Final = Path(__file__).parent.parent
_EVERY_SECONDS: Final = 0.001
_LEAST_SAMPLES: Final = 3_000
_MOST_RUNS: Final = 200
_SHOWN: Final = 0.01  # of the whole
_MICRO: Final = 1e6


@define
class Samples:
    """What was being executed.

    Attributes:
        own: How often each function itself.
        inclusive: How often it or what it had called.
        count: How often was looked.
    """

    own: Counter[CodeType] = field(factory=Counter)
    inclusive: Counter[CodeType] = field(factory=Counter)
    count: int = 0

    def take(self, _: int, frame: FrameType | None) -> None:
        """Look."""
        if frame is None:
            return
        self.count += 1
        self.own[frame.f_code] += 1
        seen = set()
        while frame is not None:
            seen.add(frame.f_code)
            frame = frame.f_back
        self.inclusive.update(seen)


def sample(name: str, folder: Path) -> tuple[Outcome, Samples]:
    """Run a workload once as it is, then as often as it takes to see enough of it."""
    make = make_backtest(name, folder)
    backtest = make()
    begun = perf_counter()
    backtest.run()
    outcome = outcome_of(backtest, 0.0, perf_counter() - begun)
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
    return outcome, samples


def lines_of(name: str, outcome: Outcome, samples: Samples) -> Iterator[str]:
    """Yield what a bar or an order takes in each file and in each function, in microseconds."""
    units, unit = (outcome.orders, "order") if outcome.orders == outcome.rows else (outcome.rows, "bar")
    each = _MICRO * outcome.run_seconds / units
    yield f"{name}: {WORKLOADS[name].what}"
    yield (
        f"{outcome.rows:,} rows, {outcome.orders:,} orders, {outcome.fills:,} fills, {outcome.events:,} facts "
        f"in {outcome.run_seconds:.3f} s: {each:.3f} us a {unit}; {samples.count:,} samples"
    )
    files: Counter[str] = Counter()
    for code, count in samples.own.items():
        files[_file(code)] += count
    yield ""
    yield f"{'us':>8}  file"
    for file, count in files.most_common():
        if count >= _SHOWN * samples.count:
            yield f"{each * count / samples.count:>8.3f}  {file}"
    yield ""
    yield f"{'own us':>8}{'with calls':>12}  function"
    shown = [code for code, count in samples.inclusive.most_common() if count >= _SHOWN * samples.count]
    for code in sorted(shown, key=lambda code: -samples.own[code]):
        own, inclusive = (each * counter[code] / samples.count for counter in (samples.own, samples.inclusive))
        yield f"{own:>8.3f}{inclusive:>12.3f}  {_file(code)} {code.co_qualname}"


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
