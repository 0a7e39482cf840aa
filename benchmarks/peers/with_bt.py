"""The workloads in bt.

It trades at the prices it is shown, so it is shown the opens, and decides on each by the closes before it. A last row
has the last closes, at which nothing is traded and equity is counted.
"""

from collections.abc import Callable
from typing import Any

import bt
import numpy as np
import pandas as pd

from benchmarks.peers.rules import CASH, EVERY, QUANTITY, Frames, Run, commission, main, wanted_quantity


class Idle(bt.Algo):
    """W2: nothing; and what the others share."""

    def __init__(self, frames: Frames) -> None:
        super().__init__()
        self.frames = frames
        self.rows = len(next(iter(frames.values())))
        self.closed = -1  # the row of the newest close
        self.filled = 0

    def __call__(self, target: Any) -> bool:
        """Trade at the opens of a row, by what is known at the closes before it."""
        if 0 <= self.closed < self.rows - 1:
            self.trade(target, self.closed)
        self.closed += 1
        return True

    def trade(self, target: Any, closed: int) -> None:
        """Do nothing."""

    def ask(self, target: Any, symbol: str, change: int) -> None:
        """Trade, and count."""
        self.filled += 1
        target.transact(change, symbol)


class Crosses(Idle):
    """W1: hold while the fast sum is above."""

    def __init__(self, frames: Frames) -> None:
        super().__init__(frames)
        ((self.symbol, frame),) = frames.items()
        self.above = frame["above"].to_numpy()

    def trade(self, target: Any, closed: int) -> None:
        """Buy above, sell below."""
        above, held = self.above[closed], target[self.symbol].position
        if above == 1 and not held:
            self.ask(target, self.symbol, QUANTITY)
        elif above == 0 and held:
            self.ask(target, self.symbol, -QUANTITY)


class EqualWeight(Idle):
    """W4: each symbol to the same part of equity."""

    def __init__(self, frames: Frames) -> None:
        super().__init__(frames)
        self.closes = {symbol: frame["Close"].to_numpy() for symbol, frame in frames.items()}

    def trade(self, target: Any, closed: int) -> None:
        """Trade what is missing or too much."""
        if closed % EVERY:
            return
        prices = {symbol: column[closed] for symbol, column in self.closes.items()}
        held = {symbol: int(target[symbol].position) for symbol in prices}
        equity = target.capital + sum(held[symbol] * price for symbol, price in prices.items())
        for symbol, price in prices.items():
            change = wanted_quantity(equity, price, len(prices)) - held[symbol]
            if change:
                self.ask(target, symbol, change)


def _shown(frames: Frames) -> Any:
    opens = pd.DataFrame({symbol: frame["Open"] for symbol, frame in frames.items()})
    after = opens.index[-1] + pd.Timedelta(minutes=1)
    closes = pd.DataFrame({symbol: [frame["Close"].iloc[-1]] for symbol, frame in frames.items()}, index=[after])
    return pd.concat([opens, closes]).astype(np.float64)


def _maker(kind: type[Idle]) -> Callable[[Frames], Run]:
    def make(frames: Frames) -> Run:
        securities = [bt.Security(symbol) for symbol in frames]
        strategy = bt.Strategy("benchmark", [kind(frames)], securities)
        test = bt.Backtest(strategy, _shown(frames), initial_capital=CASH, commissions=commission, progress_bar=False)

        def run() -> tuple[int, int, float]:
            test.run()
            (algo,) = test.strategy.stack.algos  # a copy of the one it was given
            return algo.filled, algo.filled, test.strategy.value

        return run

    return make


if __name__ == "__main__":
    main({"W1": _maker(Crosses), "W2": _maker(Idle), "W4": _maker(EqualWeight)})
