"""The workloads: what each asks of an engine, over which bars; every decision is made in whole ticks."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import polars as pl
from attrs import define, field, frozen

from benchmarks.generate import random_walk, with_prices, write_bars
from core import Backtest, Commission, Now, Settings, Strategy, TimeInForce
from core.backtest.examples import SmaCross
from core.data.load import load

SYMBOL: Final = "WALK"
SYMBOLS: Final = 50
"""How many symbols W4 has."""

EVERY: Final = 20
"""Bars from one rebalancing of W4 to the next."""

PARTS: Final = SYMBOLS + 1
"""Of equity, one for each symbol; the last stays cash, so that no engine has to refuse a purchase."""

QUANTITY: Final = 100
CASH: Final = 1_000_000
PER_UNIT, MINIMUM = Decimal("0.005"), Decimal("1.00")

_TICK: Final = Decimal("0.01")
_CLOSE: Final = pl.col("close_ticks")
_MINUTE: Final = timedelta(minutes=1)

SIGNALS: Final[Mapping[str, pl.Expr]] = {
    **SmaCross().indicators(),
    "bid_ticks": _CLOSE * 995 // 1000,
    "offer_ticks": (_CLOSE * 1005 + 999) // 1000,
}
"""What is decided by, in whole numbers: sums of 10 and of 30 closes compared, and 0.5 % from the close."""


@define
class WokenCross(SmaCross):
    """W1 of a strategy that says when to wake it: where one average has crossed the other."""

    def wake(self) -> pl.Expr:
        """Return the rows on which what is above has changed."""
        above = pl.col("above")
        return above.ne_missing(above.shift(1))


@define
class Idle(Strategy):
    """W2: do nothing on every bar."""

    def on_bar(self, now: Now) -> None:
        """Do nothing."""


@define
class OneBarLimits(Strategy):
    """W3: on every bar ask for one limit order 0.5 % from the close, alive for one bar; sell what a buy has bought."""

    def indicators(self) -> Mapping[str, pl.Expr]:
        """Return where the order rests, below and above the close."""
        return {name: SIGNALS[name] for name in ("bid_ticks", "offer_ticks")}

    def on_bar(self, now: Now) -> None:
        """Ask for one order."""
        walk, stamp = now[SYMBOL], now.timestamp
        until = None if stamp is None else stamp + _MINUTE
        is_held = now.get_position(SYMBOL).quantity
        ask, ticks = (now.sell, walk.offer_ticks) if is_held else (now.buy, walk.bid_ticks)
        ask(SYMBOL, QUANTITY, limit_price=_TICK * ticks, time_in_force=TimeInForce.GTD, good_till=until)


@define
class EqualWeight(Strategy):
    """W4: every so many bars, trade each symbol to the same part of equity, in whole units."""

    def on_bar(self, now: Now) -> None:
        """Trade what is missing or too much."""
        if now.step % EVERY:
            return
        equity = now.equity
        for symbol in now.symbols:
            change = equity // (PARTS * now[symbol].close) - now.get_position(symbol).quantity
            if change > 0:
                now.buy(symbol, change)
            elif change < 0:
                now.sell(symbol, -change)


@define
class EveryFill(Strategy):
    """Buy on one bar and sell on the next, at the market: each order fills."""

    def on_bar(self, now: Now) -> None:
        """Ask for the other side of what is held."""
        (now.sell if now.get_position(SYMBOL).quantity else now.buy)(SYMBOL, QUANTITY)


@define
class FarOrder(Strategy):
    """Ask once for a limit order that the price never reaches, and let it rest."""

    _is_asked: bool = field(default=False, init=False)

    def on_bar(self, now: Now) -> None:
        """Ask on the first bar."""
        if not self._is_asked:
            self._is_asked = True
            now.buy(SYMBOL, QUANTITY, limit_price=_TICK)


@frozen
class Workload:
    """One thing to do.

    Attributes:
        what: What it is, in a few words.
        strategy: What makes a fresh strategy.
        symbols: How many symbols it trades.
    """

    what: str
    strategy: Callable[[], Strategy]
    symbols: int = 1


WORKLOADS: Final[Mapping[str, Workload]] = {
    "W1": Workload("SMA(10) against SMA(30), market orders", SmaCross),
    "wake": Workload("W1 of a strategy that says when to wake it", WokenCross),
    "W2": Workload("an empty callback", Idle),
    "W3": Workload("a limit order on every bar, alive for one", OneBarLimits),
    "W4": Workload(f"{SYMBOLS} symbols to equal weight every {EVERY} bars", EqualWeight, SYMBOLS),
    "fills": Workload("a market order on every bar, each fills", EveryFill),
    "rest": Workload("one limit order that rests from the first bar to the last", FarOrder),
}


def symbols_of(name: str) -> list[str]:
    """Return the symbols that a workload trades."""
    count = WORKLOADS[name].symbols
    return [SYMBOL] if count == 1 else [f"S{number:02}" for number in range(1, count + 1)]


def write_data(folder: Path, rows: int, *, for_peers: bool = False) -> None:
    """Write the bars of every workload, as the program reads them.

    Args:
        folder: Where to; it is made if it is not there.
        rows: How many bars; those of W4 together are as many.
        for_peers: Whether to write each file again as CSV of whole ticks, with the signals.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, SYMBOL, rows, 1, for_peers)
    for seed, symbol in enumerate(symbols_of("W4"), 1):
        _write(folder, symbol, max(rows // SYMBOLS, 1), seed, for_peers)


def _write(folder: Path, symbol: str, rows: int, seed: int, for_peers: bool) -> None:
    walk = random_walk(rows, seed)
    write_bars(with_prices(walk), folder / f"{symbol}.parquet")
    if for_peers:
        ticks = walk.with_columns(close_ticks=pl.col("close")).with_columns(**SIGNALS).drop("close_ticks")
        ticks.with_columns(pl.col("above").cast(pl.Int8)).write_csv(folder / f"{symbol}.ticks.csv")


def make_backtest(name: str, folder: Path) -> Callable[[], Backtest]:
    """Load the bars of a workload; return what makes its run, at the start."""
    bars = load([folder / f"{symbol}.parquet" for symbol in symbols_of(name)])
    settings = Settings(initial_capital=CASH, costs=Commission(per_unit=PER_UNIT, minimum=MINIMUM))
    return lambda: Backtest(bars, WORKLOADS[name].strategy(), settings)
