"""Marks that are given one by one, for a portfolio that no run values from its bars."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from attrs import define, field

from core.corporate_action import price_after
from core.money import ZERO


@define(eq=False)
class GivenMarks:
    """The last price given for each symbol, and when the last of them was given."""

    _prices: dict[str, Decimal] = field(factory=dict, init=False)
    _peak: Decimal = field(default=ZERO, init=False)
    timestamp: datetime | None = field(default=None, init=False)

    def get_mark(self, symbol: str) -> Decimal | None:
        """Return the last price given; None while there is none."""
        return self._prices.get(symbol)

    def put(self, symbol: str, price: Decimal, timestamp: datetime, profit: Callable[[], Decimal]) -> None:
        """Value the symbol at this price from now on, and note the profit at it."""
        self._prices[symbol] = price
        self.timestamp = timestamp
        self._peak = max(self._peak, profit())

    def note_split(self, symbol: str, new: int, old: int) -> None:
        """Value a symbol in the units after a split."""
        price = self._prices.get(symbol)
        if price is not None:
            self._prices[symbol] = price_after(price, new, old)

    def get_peak_profit(self, now: Decimal) -> Decimal:
        """Return the highest profit at any mark so far, or the one now; money, at least zero."""
        return max(self._peak, now)
