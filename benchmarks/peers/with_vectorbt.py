"""The workload W1 in vectorbt: all of it at once, from an array of what to hold at each open."""

from typing import Any

import numpy as np
import vectorbt

from benchmarks.peers.rules import CASH, QUANTITY, Frames, Run, main


def _make(frames: Frames) -> Run:
    (frame,) = frames.values()
    return lambda: _execute(frame)


def _compile(frames: Frames) -> None:
    (frame,) = frames.values()
    _execute(frame.head(1_000))


def _execute(frame: Any) -> tuple[int, int, float]:
    wanted = QUANTITY * frame["above"].shift(1).to_numpy()  # nan asks for nothing
    portfolio = vectorbt.Portfolio.from_orders(
        frame["Close"],
        size=wanted,
        size_type="targetamount",
        direction="longonly",
        price=frame["Open"],
        fixed_fees=1.0,  # of 100 units the minimum
        init_cash=CASH,
        freq="1min",
    )
    fills = int(portfolio.orders.count())
    return fills, fills, float(np.asarray(portfolio.value())[-1])


if __name__ == "__main__":
    main({"W1": _make}, _compile)
