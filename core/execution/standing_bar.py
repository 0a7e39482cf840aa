"""StandingBar: one bar that orders are matched against, and how far its path has been walked."""

from datetime import datetime
from decimal import Decimal

from attrs import define, evolve, field

from core.bars import Bar, Bars
from core.errors import InvariantError
from core.execution.path import Path, nearest, to_ticks
from core.fill import FillRule
from core.money import ZERO, fraction_digits, multiply, quantum, subtract
from core.order import Order


@define(eq=False)
class StandingBar:
    """One bar that orders are matched against, and how far its path has been walked.

    Attributes:
        prices: Open, high, low and close, in units of the digit.
        tick: The instrument's tick in the same units, at least 1.
        volume: Units traded; None where it is not known.
        part: Which of the finer bars of its step it is, from 0.
        ends_at: When in its step a finer bar ends, microseconds since 1970; 0 where it is none.
        path: The prices in the order in which they are taken to have happened.
        place: Where on the path the price stands.
        pool: Units that may still fill in it; None where nothing bounds them.
        whole_pool: How many these were in the beginning.
    """

    symbol: str
    timestamp: datetime
    digits: int
    prices: tuple[int, int, int, int]
    tick: int = 1
    volume: Decimal | None = None
    opening_rule: FillRule = FillRule.OPEN
    part: int = 0
    ends_at: int = 0
    path: Path = field(init=False)
    place: int = field(init=False)
    pool: Decimal | None = field(default=None, init=False)
    whole_pool: Decimal = field(default=ZERO, init=False)

    def __attrs_post_init__(self) -> None:
        """Stand at the open."""
        self.path = nearest(*self.prices)
        self.place = self.path[0]

    @classmethod
    def of_row(cls, bars: Bars, row: int, tick: int, timestamp: datetime) -> "StandingBar":
        """Stand on one row of a symbol's bars."""
        opened, high, low, close, units = bars.row_units(row)
        volume = None if units is None else multiply(quantum(bars.volume_digits), units)
        prices = (opened, high, low, close)
        return cls(bars.symbol, timestamp, bars.digits, prices, tick, volume)

    @classmethod
    def of_bar(cls, bar: Bar, order: Order | None = None, tick_size: Decimal | None = None) -> "StandingBar":
        """Stand on a bar, in units fine enough for its prices, those of an order, and a tick."""
        prices = (bar.open, bar.high, bar.low, bar.close)
        asked = () if order is None else (order.limit_price, order.stop_price, order.trail_amount)
        digits = max(fraction_digits(price) for price in (*prices, *asked, tick_size) if price is not None)
        opened, high, low, close = (to_ticks(price, digits) for price in prices)
        tick = 1 if tick_size is None else to_ticks(tick_size, digits)
        return cls(bar.symbol, bar.time, digits, (opened, high, low, close), tick, bar.volume)

    @classmethod
    def at_mark(
        cls,
        order: Order,
        mark: Decimal,
        timestamp: datetime,
        tick_size: Decimal | None = None,
    ) -> "StandingBar":
        """Stand on a mark, as on a bar that never moves."""
        bar = cls.of_bar(Bar(order.symbol, timestamp, mark, mark, mark, mark), order, tick_size)
        bar.opening_rule = FillRule.MARK
        return bar

    @property
    def close(self) -> Decimal:
        """The last price, money."""
        return self.price(self.prices[3])

    @property
    def tick_size(self) -> Decimal:
        """The tick, money."""
        return self.price(self.tick)

    @property
    def has_volume(self) -> bool:
        """Whether anything can still fill."""
        return self.pool is None or self.pool > ZERO

    def price(self, ticks: int) -> Decimal:
        """Return a price, money, of a number of units of the digit."""
        return multiply(quantum(self.digits), ticks)

    def take(self, quantity: Decimal) -> None:
        """Take what has filled off the pool."""
        if self.pool is not None:
            self.pool = subtract(self.pool, quantity)

    def on_path(self, path: Path) -> "StandingBar":
        """Return a copy that goes on from here on a path."""
        other = evolve(self)
        other.path, other.place = path, self.place
        other.pool, other.whole_pool = self.pool, self.whole_pool
        return other

    def clamp(self, ticks: int) -> int:
        """Return a price of an order within the bar: a limit that has to be traded through may lie beyond it."""
        _, high, low, _ = self.prices
        return max(low, min(high, ticks))

    def check(self, price: Decimal) -> None:
        """Check R14: the price lies within the bar."""
        _, high, low, _ = self.prices
        unit = quantum(self.digits)
        if not multiply(unit, low) <= price <= multiply(unit, high):
            raise InvariantError("R14", price, f"within the bar of {self.symbol}")
