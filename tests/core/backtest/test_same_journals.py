"""The bytes of some journals, without the lines that asked: what makes the engine faster changes none of them.

A change of a rule that is meant to change some gives new ones; look at what differs first.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest
from attrs import define, field

from benchmarks.generate import random_walk
from core.backtest.examples import SHIPPED, SmaCross
from core.backtest.loop import Backtest
from core.backtest.settings import Settings, Timing
from core.backtest.strategy import Now, Strategy
from core.bars import TICK_COLUMNS, Bars
from core.data.load import load
from core.execution.costs import Commission, Slippage
from core.execution.path import LimitRule, PathRule
from core.execution.terms import CashRule, Limits
from core.fill import Fill
from core.order import BUY, SELL, Order, OrderType, Side, TimeInForce

SAMPLE: Final = sorted(Path(__file__).parents[3].glob("sample_data/*.csv"))
COSTS: Final = Commission(per_unit=Decimal("0.005"), minimum=Decimal(1))
FIRST: Final = 1_704_229_200_000_000  # 2024-01-02 21:00
MINUTE: Final = 60_000_000
CAUSE: Final = re.compile(rb'"cause":"[^"]*",')


def walk(count: int, seed: int, symbol: str = "ACME", *, is_daily: bool = False, wide: int = 1) -> Bars:
    """Return bars of a random walk, a minute or a day each, with extremes that many times as far apart."""
    prices = random_walk(count, seed)
    time = FIRST + pl.int_range(pl.len()) * (24 * 60 * MINUTE if is_daily else MINUTE)
    high, low = pl.col("high"), pl.col("low")
    frame = prices.select(
        time.alias("time"),
        pl.col("open").alias(TICK_COLUMNS[0]),
        (high + (high - low) * (wide - 1)).alias(TICK_COLUMNS[1]),
        (low - (high - low) * (wide - 1)).clip(lower_bound=1).alias(TICK_COLUMNS[2]),
        pl.col("close").alias(TICK_COLUMNS[3]),
        pl.col("volume").alias("volume_units"),
    )
    return Bars(symbol, frame.cast(pl.Int64), 2, 0)


def coarse(finer: Bars, count: int) -> Bars:
    """Return bars of so many finer ones each."""
    opened, high, low, close = (pl.col(name) for name in TICK_COLUMNS)
    frame = finer.frame.group_by(pl.int_range(pl.len()) // count, maintain_order=True).agg(
        pl.col("time").last(), opened.first(), high.max(), low.min(), close.last(), pl.col("volume_units").sum()
    )
    return Bars(finer.symbol, frame.drop(frame.columns[0]), finer.digits, finer.volume_digits)


@define
class OneBar(Strategy):
    """Have one bid a bar, half a percent below the close, that is over after it."""

    life: str = "DAY"
    _last: int = field(default=0, init=False)

    def on_bar(self, now: Now) -> None:
        price = now.get_instrument("ACME").price_below(now["ACME"].close * 995 / 1000)
        if self.life == "cancel":
            if self._last and now.get_order(self._last).status.is_open:
                now.cancel(self._last)
            self._last = now.buy("ACME", 1, limit_price=price)
        elif self.life == "GTD":
            now.buy("ACME", 1, limit_price=price, good_till=now["ACME"].bar().time + timedelta(minutes=1))
        else:
            now.buy("ACME", 1, limit_price=price, time_in_force=TimeInForce(self.life))


@define
class Ladder(Strategy):
    """Rest many bids below the close, and an offer above each that has filled."""

    rungs: int = 60

    def on_bar(self, now: Now) -> None:
        if now.step % 300 == 0:
            now.cancel_all()
            for rung in range(1, self.rungs):
                now.buy("ACME", 10, limit_price=_at(now, "ACME", now["ACME"].close, -rung))

    def on_fill(self, now: Now, fill: Fill) -> None:
        if fill.side is BUY:
            now.sell("ACME", fill.quantity, limit_price=_at(now, "ACME", fill.price, 3))
        else:
            now.buy("ACME", fill.quantity, limit_price=_at(now, "ACME", fill.price, -3))


@define
class Restless(Strategy):
    """Ask for orders of every kind, cancel and change them, by a die."""

    seed: int = 0
    most: int = 30
    _state: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._state = self.seed

    def on_bar(self, now: Now) -> None:
        for symbol in now.symbols:
            if self._roll(1, 10) <= 4:
                self._act(now, symbol)
            mine = now.open_orders(symbol)
            if len(mine) > self.most:
                for one in mine[: self.most // 2]:
                    now.cancel(one.id)

    def on_fill(self, now: Now, fill: Fill) -> None:
        if self._roll(1, 10) <= 3:
            self._act(now, fill.symbol)

    def _roll(self, low: int, high: int) -> int:
        self._state = (self._state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        return low + ((self._state >> 32) * (high - low + 1) >> 32)

    def _act(self, now: Now, symbol: str) -> None:
        roll = self._roll(1, 20)
        if roll <= 9:
            now.submit(self._order(now, symbol))
        elif roll <= 13:
            self._bracket(now, symbol)
        elif roll <= 15:
            self._oco(now, symbol)
        elif mine := now.open_orders(symbol):
            self._amend(now, mine[self._roll(0, len(mine) - 1)].id)

    def _order(self, now: Now, symbol: str) -> Order:
        side = BUY if self._roll(0, 1) else SELL
        ahead = -side.sign * self._roll(-3, 30)
        kinds: Sequence[Mapping[str, Any]] = (
            {},
            {"limit_price": self._price(now, symbol, ahead)},
            {"limit_price": self._price(now, symbol, ahead)},
            {"stop_price": self._price(now, symbol, -ahead)},
            {
                "stop_price": self._price(now, symbol, -ahead),
                "limit_price": self._price(now, symbol, self._roll(-30, 30)),
            },
            {"trail_amount": Decimal(self._roll(5, 200)) / 100},
            {"trail_percent": Decimal(self._roll(1, 30)) / 10},
            {"type": OrderType.MARKET_ON_OPEN},
            {"type": OrderType.MARKET_ON_CLOSE},
        )
        lives: Sequence[Mapping[str, Any]] = (
            {},
            {},
            {"time_in_force": TimeInForce.DAY},
            {"time_in_force": TimeInForce.IOC},
            {"time_in_force": TimeInForce.FOK},
            {"good_till": now[symbol].bar().time + timedelta(minutes=self._roll(0, 300))},
        )
        terms = {**kinds[self._roll(0, len(kinds) - 1)], **lives[self._roll(0, len(lives) - 1)]}
        return Order(symbol, side, self._roll(1, 40) * 10, **terms)

    def _bracket(self, now: Now, symbol: str) -> None:
        quantity, far = self._roll(1, 30) * 10, self._roll(1, 10)
        entries: Sequence[Mapping[str, Any]] = ({}, {"limit_price": self._price(now, symbol, -far)})
        exits = [
            Order(symbol, SELL, quantity, stop_price=self._price(now, symbol, -2 * far)),
            Order(symbol, SELL, quantity, limit_price=self._price(now, symbol, far)),
            Order(symbol, SELL, quantity, trail_percent=far, time_in_force=TimeInForce.DAY),
        ]
        count = self._roll(1, 3)
        now.submit_bracket(Order(symbol, BUY, quantity, **entries[self._roll(0, 1)]), *exits[:count])

    def _oco(self, now: Now, symbol: str) -> None:
        side: Side = BUY if self._roll(0, 1) else SELL
        far = side.sign * self._roll(1, 15)
        now.submit_oco(
            Order(symbol, side, 50, limit_price=self._price(now, symbol, -far)),
            Order(symbol, side, 50, stop_price=self._price(now, symbol, far)),
        )

    def _amend(self, now: Now, order_id: int) -> None:
        tracked = now.get_order(order_id)
        price, quantity = self._price(now, tracked.order.symbol, self._roll(-30, 30)), self._roll(1, 40) * 10
        if self._roll(0, 1):
            now.cancel(order_id)
        elif tracked.order.limit_price is not None:
            now.amend(order_id, limit_price=price, quantity=quantity)
        elif tracked.order.stop_price is not None and not tracked.is_triggered:
            now.amend(order_id, stop_price=price)

    def _price(self, now: Now, symbol: str, thousandths: int) -> Decimal:
        return _at(now, symbol, now[symbol].close, thousandths)


def _at(now: Now, symbol: str, price: Decimal, thousandths: int) -> Decimal:
    """Return a price so many thousandths above another, on the tick."""
    return now.get_instrument(symbol).price_below(price * (1000 + thousandths) / 1000)


def run_of(strategy: Strategy, bars: Sequence[Bars], finer: Sequence[Bars] = (), **settings: Any) -> Backtest:
    """Run a strategy to its end."""
    terms = {"initial_capital": Decimal(1_000_000), "costs": COSTS} | settings
    made = Backtest(bars, strategy, Settings(**terms), finer)
    made.run()
    return made


def restless(seed: int, symbols: str = "A", **settings: Any) -> Backtest:
    """Run the restless one over bars of some symbols."""
    bars = [walk(400, 10 * seed + place, symbol, wide=3) for place, symbol in enumerate(symbols)]
    return run_of(Restless(seed), bars, **settings)


def replayed(seed: int, **settings: Any) -> Backtest:
    """Run the restless one over bars for which finer ones stand."""
    finer = [walk(1000, 10 * seed + place, symbol, wide=2) for place, symbol in enumerate("AB")]
    return run_of(Restless(seed), [coarse(one, 5) for one in finer], finer, path=PathRule.SUBBARS, **settings)


TIGHT: Final = Limits(
    position_quantity_max=Decimal(500), gross_exposure_max=Decimal(80_000), drawdown_ratio_max=Decimal("0.1")
)
CAP: Final = Decimal("0.002")
RUNS: Final[Mapping[str, Callable[[], Backtest]]] = {
    "averages": lambda: run_of(SmaCross(), [walk(5000, 1)]),
    **{life: partial(run_of, OneBar(life), [walk(400, 2)]) for life in ("IOC", "GTD", "cancel")},
    "DAY": lambda: run_of(OneBar(), [walk(400, 2, is_daily=True)]),
    "ladder": lambda: run_of(Ladder(), [walk(1500, 4)]),
    "ladder, through, capped": lambda: run_of(
        Ladder(), [walk(1500, 5)], limit_rule=LimitRule.THROUGH, volume_cap=Decimal("0.001")
    ),
    "restless": lambda: restless(1),
    "restless, days": lambda: run_of(Restless(2), [walk(400, 3, "A", is_daily=True, wide=3)]),
    "restless, nearest": lambda: restless(3, path=PathRule.NEAREST),
    "restless, high first, through": lambda: restless(4, path=PathRule.HIGH_FIRST, limit_rule=LimitRule.THROUGH),
    "restless, shorts": lambda: restless(5, "AB", allow_short=True, initial_capital=Decimal(40_000)),
    "restless, capped": lambda: restless(6, "AB", volume_cap=CAP, timing=Timing.SAME_CLOSE),
    "restless, reduced": lambda: restless(7, "AB", cash_rule=CashRule.REDUCE, initial_capital=Decimal(60_000)),
    "restless, slippage": lambda: restless(8, slippage=Slippage(ticks=2, basis_points=3)),
    "restless, limits": lambda: restless(9, "ABC", limits=TIGHT),
    "restless, finer bars": lambda: replayed(10),
    "restless, finer bars, capped": lambda: replayed(11, volume_cap=CAP),
    **{name: partial(run_of, kind(), load(SAMPLE), initial_capital=Decimal(100_000)) for name, kind in SHIPPED.items()},
    "accumulator, capped": lambda: run_of(
        SHIPPED["accumulator"](), load(SAMPLE), initial_capital=Decimal(100_000), volume_cap=Decimal("0.00001")
    ),
}
JOURNALS: Final[Mapping[str, str]] = {
    "averages": "8def59b25c0b0c5f",
    "IOC": "fd48d00701b0ea25",
    "GTD": "e8c4e6a318030958",
    "cancel": "d8b63e416e50656e",
    "DAY": "10c6f76299fd1e5d",
    "ladder": "6e835a529c0a8077",
    "ladder, through, capped": "3a52c8fb6c736187",
    "restless": "d0157f40df7b4fab",
    "restless, days": "00f9be55f0aa5313",
    "restless, nearest": "50c7950335b702f1",
    "restless, high first, through": "f190739d926f472b",
    "restless, shorts": "163099bed229e150",
    "restless, capped": "285d451258b7c490",
    "restless, reduced": "c9326be5156aafb8",
    "restless, slippage": "988b650a3157572f",
    "restless, limits": "33a2d2d7675fa1e2",
    "restless, finer bars": "aa3e1094613584a6",
    "restless, finer bars, capped": "8df846e460bd4c9a",
    "accumulator": "851933c7c5e3dad3",
    "bracket-breakout": "a7e70425bdcf21a0",
    "buy-and-hold": "5c919fcc6cda52f9",
    "dip-buyer": "d26d56c186dc8e9d",
    "sma-cross": "29d38bee9b55578e",
    "trailing-stop": "787979236db7ce76",
    "accumulator, capped": "ae0fad011982bcfa",
}


def digest(run: Backtest) -> str:
    """Return what stands for the bytes of a journal."""
    return hashlib.sha256(CAUSE.sub(b"", run.journal.canonical_bytes())).hexdigest()[:16]


@pytest.mark.parametrize("name", RUNS)
def test_a_run_gives_the_bytes_that_it_gave(name: str) -> None:
    assert digest(RUNS[name]()) == JOURNALS[name]
