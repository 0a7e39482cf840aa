"""The strategies that ship. None names a symbol, so each runs on any data."""

from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final

import polars as pl
from attrs import define, field
from attrs.validators import and_, ge, lt

from core.backtest.strategy import Now, Strategy
from core.fill import Fill
from core.order import BUY, SELL, Order, OrderStatus, OrderType

_BELOW_ALL: Final = and_(ge(1), lt(100))


@define
class BuyAndHold(Strategy):
    """Buy a fixed quantity of each symbol at its first bar, and hold it."""

    quantity: Decimal = Decimal(100)
    _asked: set[str] = field(factory=set, init=False)

    def on_bar(self, now: Now) -> None:
        """Buy what was not asked for yet."""
        for symbol in now.symbols:
            if symbol not in self._asked:
                self._asked.add(symbol)
                now.buy(symbol, self.quantity)


@define
class SmaCross(Strategy):
    """Hold a fixed quantity of each symbol while the fast average of its close is above the slow one."""

    fast: int = field(default=10, validator=ge(1))
    slow: int = field(default=30, validator=ge(1))
    quantity: Decimal = Decimal(100)

    def indicators(self) -> Mapping[str, pl.Expr]:
        """Compare sums of integers, so that a tie is a tie."""
        close = pl.col("close_ticks")
        return {"above": close.rolling_sum(self.fast) * self.slow > close.rolling_sum(self.slow) * self.fast}

    def on_bar(self, now: Now) -> None:
        """Buy above, sell below."""
        for symbol in now.symbols:
            above, held = now[symbol].above, now.get_position(symbol).quantity
            if above and not held:
                now.buy(symbol, self.quantity)
            elif above is False and held:
                now.sell(symbol, held)


@define
class DipBuyer(Strategy):
    """Rest a limit order below the close of each symbol, and above each fill one that takes the gain.

    The bids together ask for more than the cash, so that some are rejected; those that the price leaves behind are
    canceled and asked for anew.

    Attributes:
        dip_percent: How far below the close a bid rests.
        gain_percent: How far above its fill an offer rests.
        share_percent: How much of equity one bid is for.
        every: Steps between two bids for one symbol.
    """

    dip_percent: int = field(default=2, validator=ge(1))
    gain_percent: int = field(default=4, validator=ge(1))
    share_percent: int = field(default=40, validator=ge(1))
    every: int = field(default=5, validator=ge(1))
    _bids: dict[str, int] = field(factory=dict, init=False)

    def on_bar(self, now: Now) -> None:
        """Replace the bid of each symbol every so many steps."""
        if now.step % self.every:
            return
        for symbol in now.symbols:
            self._withdraw_bid(now, symbol)
            limit_price = _percent_of(now, symbol, now[symbol].close, 100 - self.dip_percent)
            if not limit_price:  # a close of a few ticks has no such price below it
                continue
            quantity = _units_for(now, symbol, limit_price, self.share_percent)
            self._bids[symbol] = now.buy(symbol, quantity, limit_price=limit_price, tag="bid")

    def on_fill(self, now: Now, fill: Fill) -> None:
        """Offer what was bought at a gain."""
        if fill.side is BUY:
            limit_price = _percent_of(now, fill.symbol, fill.price, 100 + self.gain_percent)
            now.sell(fill.symbol, fill.quantity, limit_price=limit_price, tag="offer")

    def _withdraw_bid(self, now: Now, symbol: str) -> None:
        order_id = self._bids.pop(symbol, None)
        if order_id is not None and now.get_order(order_id).status.is_open:
            now.cancel(order_id)


@define
class BracketBreakout(Strategy):
    """Wait above the highest high of each symbol's last bars, with a stop and a target that live once it has bought.

    The bracket moves with the high: the old one is canceled, a new one asked for. There is not cash for all symbols at
    once, so that some are rejected, each with all its orders.

    Attributes:
        window: How many bars the high is looked for in.
        risk_percent: How far below the entry the stop is.
        gain_percent: How far above the entry the target is.
        share_percent: How much of equity one entry is for.
    """

    window: int = field(default=20, validator=ge(1))
    risk_percent: int = field(default=4, validator=_BELOW_ALL)
    gain_percent: int = field(default=8, validator=ge(1))
    share_percent: int = field(default=30, validator=ge(1))
    _highs: dict[str, deque[Decimal]] = field(factory=dict, init=False)
    _waiting: dict[str, tuple[Decimal, int]] = field(factory=dict, init=False)

    def on_bar(self, now: Now) -> None:
        """Ask for a bracket above each high, where nothing is held."""
        for symbol in now.symbols:
            highs = self._highs.setdefault(symbol, deque(maxlen=self.window))
            highs.append(now[symbol].high)
            if len(highs) == self.window and not now.get_position(symbol).quantity:
                self._wait_above(now, symbol, max(highs))

    def _wait_above(self, now: Now, symbol: str, high: Decimal) -> None:
        high_before, entry_id = self._waiting.get(symbol, (None, 0))
        status = now.get_order(entry_id).status if entry_id else OrderStatus.CANCELED
        if high == high_before and (status.is_open or status is OrderStatus.REJECTED):
            return
        if status.is_open:
            now.cancel(entry_id)
        instrument = now.get_instrument(symbol)
        price = instrument.price_above(high) + (instrument.tick_size or 0)
        quantity = _units_for(now, symbol, price, self.share_percent)
        if quantity:
            self._waiting[symbol] = high, self._ask(now, symbol, quantity, price)

    def _ask(self, now: Now, symbol: str, quantity: Decimal, price: Decimal) -> int:
        stop_price = _percent_of(now, symbol, price, 100 - self.risk_percent)
        target_price = _percent_of(now, symbol, price, 100 + self.gain_percent)
        entry_id, *_ = now.submit_bracket(
            Order(symbol, BUY, quantity, stop_price=price, tag="entry"),
            Order(symbol, SELL, quantity, stop_price=stop_price, tag="stop"),
            Order(symbol, SELL, quantity, limit_price=target_price, tag="target"),
        )
        return entry_id


@define
class TrailingStop(Strategy):
    """Buy each symbol when its close crosses above its average, and let a trailing stop sell it.

    The stop lives from the fill on, and follows the price up. Where the cash is held in other symbols, a purchase is
    rejected.

    Attributes:
        window: How many closes the average is of.
        trail_percent: How far below the highest price since the purchase the stop is.
        share_percent: How much of equity one purchase is for.
    """

    window: int = field(default=50, validator=ge(2))
    trail_percent: int = field(default=8, validator=_BELOW_ALL)
    share_percent: int = field(default=40, validator=ge(1))

    def indicators(self) -> Mapping[str, pl.Expr]:
        """Compare sums of integers, so that a tie is a tie."""
        close = pl.col("close_ticks")
        above = close * self.window > close.rolling_sum(self.window)
        return {"crossed": above & ~above.shift(1)}

    def lookback(self) -> int:
        """Return how many bars the sum of the bar before begins before this one."""
        return self.window

    def on_bar(self, now: Now) -> None:
        """Buy on the cross, with the stop as the exit."""
        for symbol in now.symbols:
            quantity = _units_for(now, symbol, now[symbol].close, self.share_percent)
            if now[symbol].crossed and quantity and not now.get_position(symbol).quantity:
                now.submit_bracket(
                    Order(symbol, BUY, quantity, tag="entry"),
                    Order(symbol, SELL, quantity, trail_percent=self.trail_percent, tag="trail"),
                )


@define
class Accumulator(Strategy):
    """Buy much of each symbol with one order that lives for days, and sell it at the close with another.

    The bid follows the close up while it lives. Both fill over several bars where volume is capped, so see
    `fillstep run accumulator --volume-cap 0.00001`. The bids together are for more than the cash, so that some are
    rejected.

    Attributes:
        share_percent: How much of equity one bid is for.
        days: How long a bid lives.
        every: Steps from one bid to the next; half of them later it sells.
    """

    share_percent: int = field(default=40, validator=ge(1))
    days: int = field(default=5, validator=ge(1))
    every: int = field(default=20, validator=ge(2))
    _bids: dict[str, int] = field(factory=dict, init=False)

    def on_bar(self, now: Now) -> None:
        """Bid at one step, sell at another, and raise the bids at those between."""
        turn = now.step % self.every
        for symbol in now.symbols:
            if turn == 0:
                self._bid(now, symbol)
            elif turn == self.every // 2:
                self._sell(now, symbol)
            elif symbol in self._bids:
                self._raise_bid(now, symbol)

    def _bid(self, now: Now, symbol: str) -> None:
        limit_price = _percent_of(now, symbol, now[symbol].close, 100)
        quantity = _units_for(now, symbol, limit_price, self.share_percent) if limit_price else 0
        if quantity and not now.get_position(symbol).quantity:
            good_till = now[symbol].bar().time + timedelta(days=self.days)
            self._bids[symbol] = now.buy(symbol, quantity, limit_price=limit_price, good_till=good_till, tag="bid")

    def _raise_bid(self, now: Now, symbol: str) -> None:
        bid = now.get_order(self._bids[symbol])
        limit_price = _percent_of(now, symbol, now[symbol].close, 100)
        if bid.status.is_open and limit_price > (bid.order.limit_price or 0):
            now.amend(bid.id, limit_price=limit_price)

    def _sell(self, now: Now, symbol: str) -> None:
        now.cancel_all(symbol)
        held = now.get_position(symbol).quantity
        if held:
            now.sell(symbol, held, type=OrderType.MARKET_ON_CLOSE, tag="sale")


def _percent_of(now: Now, symbol: str, price: Decimal, percent: int) -> Decimal:
    """Return a part of a price, on the tick."""
    return now.get_instrument(symbol).price_below(price * percent / 100)


def _units_for(now: Now, symbol: str, price: Decimal, percent: int) -> Decimal:
    """Return how many units a part of equity pays for."""
    return now.get_instrument(symbol).quantity_below(now.equity * percent / (100 * price))


SHIPPED: Final[Mapping[str, type[Strategy]]] = {
    "accumulator": Accumulator,
    "bracket-breakout": BracketBreakout,
    "buy-and-hold": BuyAndHold,
    "dip-buyer": DipBuyer,
    "sma-cross": SmaCross,
    "trailing-stop": TrailingStop,
}
"""The strategies by the names under which they are asked for."""
