"""What one part of the core may know of another.

Readers of positions and cash get a `PortfolioView`, which has no way to write. The live portfolio and a moment of the
past both satisfy it, so a reader cannot tell them apart.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from core.announcer import Handler
from core.position import Position


class PortfolioView(Protocol):
    """What everybody may read of positions and cash; money is Decimal, in the portfolio's currency."""

    def get_position(self, symbol: str) -> Position:
        """Return the position in a symbol; a flat one if it never traded."""
        ...

    def get_all_positions(self) -> Mapping[str, Position]:
        """Return every position that is not flat, by symbol."""
        ...

    def get_cash_balance(self) -> Decimal:
        """Return the cash."""
        ...

    def get_mark(self, symbol: str) -> Decimal | None:
        """Return the price that values a symbol; None while there is none."""
        ...

    @property
    def timestamp(self) -> datetime | None:
        """The time of the newest mark, aware of its zone; None while there is none."""
        ...

    @property
    def equity(self) -> Decimal:
        """Cash and all market values."""
        ...

    @property
    def realized_pnl(self) -> Decimal:
        """What closing has booked, before commission."""
        ...

    @property
    def unrealized_pnl(self) -> Decimal:
        """Market values less costs, before commission."""
        ...

    @property
    def commissions(self) -> Decimal:
        """What was paid in commissions."""
        ...

    @property
    def gross_exposure(self) -> Decimal:
        """Sum of absolute market values."""
        ...

    @property
    def net_exposure(self) -> Decimal:
        """Sum of signed market values."""
        ...

    @property
    def leverage(self) -> Decimal | None:
        """Gross exposure over equity, a ratio; None where equity is not above zero."""
        ...

    @property
    def drawdown(self) -> Decimal:
        """Peak equity less equity, money, never below zero."""
        ...

    @property
    def drawdown_ratio(self) -> Decimal:
        """Drawdown over peak equity, a fraction."""
        ...


class PortfolioStateProtocol(PortfolioView, Protocol):
    """What the execution engine needs of a portfolio: reading, and booking a fill."""

    def update_position(
        self,
        *,
        symbol: str,
        quantity_delta: int | Decimal,
        price: int | Decimal,
        timestamp: datetime,
        commission: int | Decimal = 0,
        fill_id: int | None = None,
    ) -> Position:
        """Book a fill of a signed quantity at a price, and return the position after it."""
        ...

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Call the handler with every change from now on; returns how to stop."""
        ...


class Marks(Protocol):
    """Where the prices come from that value positions: given one by one, or read from the bars of a run."""

    @property
    def timestamp(self) -> datetime | None:
        """The time of the newest mark; None while there is none."""
        ...

    def get_mark(self, symbol: str) -> Decimal | None:
        """Return the price that values a symbol now; None while there is none."""
        ...

    def put(self, symbol: str, price: Decimal, timestamp: datetime, profit: Callable[[], Decimal]) -> None:
        """Set a mark by hand; `profit` gives equity less capital at it. Raises where the marks come from bars."""
        ...

    def get_peak_profit(self, now: Decimal) -> Decimal:
        """Return the highest profit (equity less capital, money) at any mark so far, at least zero, given that now."""
        ...


class CommissionModel(Protocol):
    """What an order costs: the total for all that it has filled; each fill pays what it adds to that."""

    def total(self, quantity: Decimal, notional: Decimal) -> Decimal:
        """Return the commission, money, of an order that filled so many units for so much money."""
        ...
