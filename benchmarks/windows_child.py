"""One run over a file that is read in windows, in a process of its own."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

import polars as pl
from attrs import define

from benchmarks.measure import outcome_of
from benchmarks.workloads import MINIMUM, PER_UNIT
from core import Backtest, Commission, Settings
from core.backtest.examples import SmaCross
from core.data.windows import open_windows

_CASH: Final = 10_000_000


@define
class WokenSmaCross(SmaCross):
    """`SmaCross`, woken where the averages cross."""

    def wake(self) -> pl.Expr:
        """Name the rows on which the averages are another way around than on the row before."""
        return pl.col("above") != pl.col("above").shift(1)

    def lookback(self) -> int:
        """Return one more than the sums need, for the row before."""
        return max(self.fast, self.slow)


def main(arguments: Sequence[str] | None = None) -> None:
    """Check the file, run, look at equity and drawdown, and tell how long it took and how much memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.windows_child", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("longer", type=int)
    options = parser.parse_args(arguments)
    strategy = WokenSmaCross(fast=10 * options.longer, slow=30 * options.longer)
    settings = Settings(initial_capital=_CASH, costs=Commission(per_unit=PER_UNIT, minimum=MINIMUM))
    begun = perf_counter()
    backtest = Backtest(open_windows(options.file), strategy, settings)
    made = perf_counter()
    backtest.run()
    assert backtest.portfolio.drawdown >= 0  # noqa: S101 - looked at, since that reads the bars again
    outcome_of(backtest, made - begun, perf_counter() - made).tell()


if __name__ == "__main__":
    main()
