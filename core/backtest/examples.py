"""The strategies that ship. None names a symbol, so each runs on any data."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import polars as pl
from attrs import define, field
from attrs.validators import ge

from core.backtest.strategy import Now, Strategy
from core.fill import Fill
from core.order import BUY


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
            limit_price = self._percent_of(now, symbol, now[symbol].close, 100 - self.dip_percent)
            if not limit_price:  # a close of a few ticks has no such price below it
                continue
            share = now.equity * self.share_percent / (100 * limit_price)
            quantity = now.get_instrument(symbol).quantity_below(share)
            self._bids[symbol] = now.buy(symbol, quantity, limit_price=limit_price, tag="bid")

    def on_fill(self, now: Now, fill: Fill) -> None:
        """Offer what was bought at a gain."""
        if fill.side is BUY:
            limit_price = self._percent_of(now, fill.symbol, fill.price, 100 + self.gain_percent)
            now.sell(fill.symbol, fill.quantity, limit_price=limit_price, tag="offer")

    def _withdraw_bid(self, now: Now, symbol: str) -> None:
        order_id = self._bids.pop(symbol, None)
        if order_id is not None and now.get_order(order_id).status.is_open:
            now.cancel(order_id)

    def _percent_of(self, now: Now, symbol: str, price: Decimal, percent: int) -> Decimal:
        return now.get_instrument(symbol).price_below(price * percent / 100)


SHIPPED: Final[Mapping[str, type[Strategy]]] = {
    "buy-and-hold": BuyAndHold,
    "dip-buyer": DipBuyer,
    "sma-cross": SmaCross,
}
"""The strategies by the names under which they are asked for."""
