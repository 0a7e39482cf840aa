"""More bars than memory holds: W1 with `wake` over a Parquet file that is read in windows, and the memory it took."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from benchmarks.outcome import ChildError, Outcome, run_child

_ROWS: Final = 100_000_000
_LONGER: Final = 100
_MEGABYTE: Final = 10**6
_LONGER_HELP: Final = (
    f"how many times as long as in W1 the averages are ({_LONGER}); "
    "the longer they are the fewer fills there are, with which the recording grows"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, run over it, and print what that took; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.windows", description=__doc__)
    parser.add_argument("--rows", type=int, default=_ROWS, help=f"bars ({_ROWS:,})")
    parser.add_argument("--longer", type=int, default=_LONGER, help=_LONGER_HELP)
    parser.add_argument("--folder", type=Path, help="where the file is written, and deleted afterwards")
    options = parser.parse_args(arguments)
    with TemporaryDirectory(dir=options.folder) as folder:
        file = Path(folder) / "WALK.parquet"
        before, begun = os.getloadavg()[0], perf_counter()
        try:
            run_child("benchmarks.long_walk", str(options.rows), str(file))
            written = perf_counter() - begun
            outcome = Outcome.from_child("benchmarks.windows_child", str(file), str(options.longer))
        except ChildError as error:
            print(f"a measurement has failed: {error}", file=sys.stderr)
            return 1
        print(f"{outcome.rows:,} rows, a file of {file.stat().st_size / _MEGABYTE:,.0f} MB written in {written:.0f} s")
    print(f"check          {outcome.make_seconds:>10,.1f} s")
    print(f"run, drawdown  {outcome.run_seconds:>10,.1f} s")
    print(f"peak           {outcome.peak_bytes / _MEGABYTE:>10,.0f} MB")
    print(f"{outcome.events:,} facts, {outcome.fills:,} fills, equity {outcome.equity}")
    print(f"{os.cpu_count()} cores; load {before:.2f} before, {os.getloadavg()[0]:.2f} after")
    return 0


if __name__ == "__main__":
    sys.exit(main())
