"""The workloads in backtesting.py."""

from collections.abc import Callable
from typing import Any

from backtesting import Backtest, Strategy

from benchmarks.peers.rules import CASH, QUANTITY, Frames, Run, commission, main


class Crosses(Strategy):
    """W1: hold while the fast sum is above."""

    def init(self) -> None:
        """Take the signal as it was computed."""
        self.asked = 0
        self.above = self.I(lambda: self.data.above, plot=False)

    def next(self) -> None:
        """Buy above, sell below."""
        above = self.above[-1]
        if above == 1 and not self.position:
            self.asked += 1
            self.buy(size=QUANTITY)
        elif above == 0 and self.position:
            self.asked += 1
            self.sell(size=QUANTITY)


class Idle(Strategy):
    """W2: nothing."""

    asked = 0

    def init(self) -> None:
        """Need nothing."""

    def next(self) -> None:
        """Do nothing."""


class OneBarLimits(Strategy):
    """W3: a limit order on every bar, alive for one."""

    def init(self) -> None:
        """Count."""
        self.asked = 0

    def next(self) -> None:
        """Cancel what rests, ask for one."""
        for order in self.orders:
            order.cancel()
        self.asked += 1
        if self.position:
            self.sell(size=QUANTITY, limit=self.data.offer[-1])
        else:
            self.buy(size=QUANTITY, limit=self.data.bid[-1])


def _maker(strategy: type[Any]) -> Callable[[Frames], Run]:
    def make(frames: Frames) -> Run:
        (frame,) = frames.values()
        backtest = Backtest(frame, strategy, cash=CASH, commission=commission)

        def run() -> tuple[int, int, float]:
            ended = backtest.run()
            made = ended["_strategy"]
            return made.asked, 2 * len(made.closed_trades) + len(made.trades), ended["Equity Final [$]"]

        return run

    return make


if __name__ == "__main__":
    main({"W1": _maker(Crosses), "W2": _maker(Idle), "W3": _maker(OneBarLimits)})
