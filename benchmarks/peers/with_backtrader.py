"""The workloads in backtrader."""

from collections.abc import Callable
from typing import Any

import backtrader

from benchmarks.peers.rules import CASH, EVERY, QUANTITY, Frames, Run, commission, main, wanted_quantity

_SIGNALS = ("above", "bid", "offer")
_COLUMNS = ("open", "high", "low", "close", "volume", *_SIGNALS)  # as they stand in a frame, after the time


class Signals(backtrader.feeds.PandasDirectData):
    """Bars with what is decided by, through the faster of the engine's two readers of frames."""

    lines = _SIGNALS
    params = (*((name, place) for place, name in enumerate(_COLUMNS, 1)), ("openinterest", -1))


class Costs(backtrader.CommInfoBase):
    """The commission of all workloads."""

    params = (("stocklike", True), ("commtype", backtrader.CommInfoBase.COMM_FIXED))

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:  # noqa: ARG002 - its words
        return commission(size, price)


class Counting(backtrader.Strategy):
    """W2: nothing; and what the others share."""

    def __init__(self) -> None:
        self.asked = self.filled = 0

    def notify_order(self, order: Any) -> None:
        """Count what fills."""
        if order.status == order.Completed:
            self.filled += 1

    def ask(self, order: Callable[..., Any], **terms: Any) -> Any:
        """Count, and ask."""
        self.asked += 1
        return order(size=QUANTITY, **terms)


class Crosses(Counting):
    """W1: hold while the fast sum is above."""

    def next(self) -> None:
        """Buy above, sell below."""
        above = self.data.above[0]
        if above == 1 and not self.position:
            self.ask(self.buy)
        elif above == 0 and self.position:
            self.ask(self.sell)


class OneBarLimits(Counting):
    """W3: a limit order on every bar, alive for one."""

    resting: Any = None

    def next(self) -> None:
        """Cancel what rests, ask for one."""
        if self.resting is not None and self.resting.alive():
            self.cancel(self.resting)
        order, price = (self.sell, self.data.offer[0]) if self.position else (self.buy, self.data.bid[0])
        self.resting = self.ask(order, exectype=backtrader.Order.Limit, price=price)


class EqualWeight(Counting):
    """W4: each symbol to the same part of equity."""

    def next(self) -> None:
        """Trade what is missing or too much."""
        if (len(self) - 1) % EVERY:
            return
        equity = self.broker.getvalue()
        for data in self.datas:
            change = wanted_quantity(equity, data.close[0], len(self.datas)) - self.getposition(data).size
            if change:
                self.asked += 1
                (self.buy if change > 0 else self.sell)(data=data, size=abs(change))


def _maker(strategy: type[Any]) -> Callable[[Frames], Run]:
    def make(frames: Frames) -> Run:
        engine = backtrader.Cerebro(stdstats=False)
        engine.broker.setcash(CASH)
        engine.broker.addcommissioninfo(Costs())
        for symbol, frame in frames.items():
            engine.adddata(Signals(dataname=frame, name=symbol))
        engine.addstrategy(strategy)

        def run() -> tuple[int, int, float]:
            (made,) = engine.run()
            return made.asked, made.filled, engine.broker.getvalue()

        return run

    return make


if __name__ == "__main__":
    main({"W1": _maker(Crosses), "W2": _maker(Counting), "W3": _maker(OneBarLimits), "W4": _maker(EqualWeight)})
