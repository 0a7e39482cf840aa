"""What one part of the core may know of another.

Readers of positions and cash get a `PortfolioView`, which has no way to write. The live portfolio and a moment of the
past both satisfy it, so a reader cannot tell them apart.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol, Self

from core.announcer import Handler
from core.fill import Fill
from core.money import ZERO
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

    def fork(self) -> Self:
        """Return a copy that goes its own way and announces to nobody: what would be if."""
        ...


def book(portfolio: PortfolioStateProtocol, fill: Fill) -> Position:
    """Book a fill, and return the position after it."""
    return portfolio.update_position(
        symbol=fill.symbol,
        quantity_delta=fill.quantity_delta,
        price=fill.price,
        timestamp=fill.timestamp,
        commission=fill.commission,
        fill_id=fill.id,
    )


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

    def note_split(self, symbol: str, new: int, old: int) -> None:
        """Value a symbol in the units after a split, until its next price comes."""
        ...

    def get_peak_profit(self, now: Decimal) -> Decimal:
        """Return the highest profit (equity less capital, money) at any mark so far, at least zero, given that now."""
        ...


class Traded(NamedTuple):
    """What an order has filled so far, in all.

    Attributes:
        quantity: Units, zero or above.
        notional: Quantity x price, money.
        maker_quantity: Units of it that rested until the price came to them.
        maker_notional: The notional of those.
    """

    quantity: Decimal = ZERO
    notional: Decimal = ZERO
    maker_quantity: Decimal = ZERO
    maker_notional: Decimal = ZERO


class CommissionModel(Protocol):
    """What an order costs: the total for all that it has filled; each fill pays what it adds to that (rule R16).

    Any class with this method is a model; it rounds to the digits of its currency.

    >>> class FreeFirstHundred:
    ...     def total(self, traded: Traded) -> Decimal:
    ...         return max(traded.quantity - 100, Decimal(0)) * Decimal("0.01")
    >>> FreeFirstHundred().total(Traded(Decimal(150), Decimal(7500)))
    Decimal('0.50')
    """

    def total(self, traded: Traded) -> Decimal:
        """Return the whole commission, money, of an order that has filled so much; below zero it is a rebate."""
        ...


class SlippageModel(Protocol):
    """How much worse than its reference price a fill is (rule R11).

    Any class with this method is a model.

    >>> class HalfTick:
    ...     def amount(self, price: Decimal, quantity: Decimal, volume: Decimal | None, tick: Decimal) -> Decimal:
    ...         return tick / 2
    >>> HalfTick().amount(Decimal(101), Decimal(100), None, Decimal("0.01"))
    Decimal('0.005')
    """

    def amount(self, price: Decimal, quantity: Decimal, volume: Decimal | None, tick: Decimal) -> Decimal:
        """Return money per unit against the trader, zero or above.

        It is exact, or rounded up at 12 digits after the point or more; the engine rounds the price to the tick.

        Args:
            price: The reference price, money for one unit.
            quantity: Units of this fill, above zero.
            volume: Units that traded in the bar; None where that is not known.
            tick: The smallest move of the price.
        """
        ...
