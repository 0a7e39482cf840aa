"""All workloads with one command: what Fillstep takes, beside its goals and other engines.

This process imports neither the program nor another engine: the peak of a process that it starts is at least its own.
"""

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.outcome import ChildError, run_child
from benchmarks.suite import MEASURE, PARTS, WORKLOADS, measure
from benchmarks.table import lines_of

_WHAT = "Measure what Fillstep takes, beside its goals and other engines."
_BARS = 100_000
_TIMES = 5
_PROFILED = (*WORKLOADS, "fills", "rest")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure or profile what the command line asks for, and print it; return the exit code."""
    options = _parser().parse_args(arguments)
    with TemporaryDirectory() as folder:
        try:
            return _profile(options, Path(folder)) if options.profile else _measure(options, Path(folder))
        except ChildError as error:
            print(f"a measurement has failed: {error}", file=sys.stderr)
            return 1


def _measure(options: argparse.Namespace, folder: Path) -> int:
    before = _load()
    results = measure(
        options.only or PARTS,
        folder,
        bars=options.bars,
        times=options.runs,
        with_peers=options.peers,
        note=lambda told: print(told, file=sys.stderr),
    )
    print(f"{options.bars:,} bars, {options.runs} runs; {_machine()}; load {before} before, {_load()} after")
    print()
    for line in lines_of(results):
        print(line)
    return 0


def _profile(options: argparse.Namespace, folder: Path) -> int:
    before = _load()
    run_child(MEASURE, "data", str(folder), str(options.bars))
    print(run_child("benchmarks.sampling", options.profile, str(folder)), end="")
    print(f"\n{_machine()}; load {before} before, {_load()} after")
    return 0


def _machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {python}, polars {version('polars')}"


def _load() -> str:
    return f"{os.getloadavg()[0]:.2f}"


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be above zero, was {number}")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=_WHAT)
    parser.add_argument("--bars", type=_whole, default=_BARS, help=f"bars of a workload ({_BARS})")
    parser.add_argument("--runs", type=_whole, default=_TIMES, help=f"how often what is quick is measured ({_TIMES})")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--peers", action="store_true", help="run W1 to W4 in other engines too, where installed")
    parser.add_argument("--profile", choices=_PROFILED, metavar="WORKLOAD", help="say where the time of one goes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
