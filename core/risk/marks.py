"""Marks that are given one by one, for a portfolio that no run values from its bars."""

from datetime import datetime
from decimal import Decimal

from attrs import define, field

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

    def put(self, symbol: str, price: Decimal, timestamp: datetime) -> None:
        """Value the symbol at this price from now on."""
        self._prices[symbol] = price
        self.timestamp = timestamp

    def get_peak_profit(self, now: Decimal) -> Decimal:
        """Return the highest profit that was asked about so far, this one included; the portfolio asks at each mark."""
        self._peak = max(self._peak, now)
        return self._peak
