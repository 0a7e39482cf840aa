"""Hypothesis inputs: valid bars, orders and fills; a market of several symbols, and a plan to trade in it.

Prices come from a narrow band of ticks, so that limits are touched exactly, gapped over and missed, all often.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from attrs import define, field
from hypothesis import strategies as st

from core.backtest.strategy import Now, Strategy
from core.bars import Bar, Bars
from core.fill import Fill
from core.order import BUY, SELL, Order, Side, TimeInForce, TrackedOrder

SYMBOLS = ("A", "B", "C")
START = datetime(2024, 1, 2, 21, tzinfo=UTC)
LOWEST, HIGHEST = 900, 1100
"""The band of prices, in cents."""

GivenFill: TypeAlias = tuple[Decimal, Decimal, Decimal]
"""Signed quantity, price and commission."""


def cents(count: int) -> Decimal:
    """Return an amount of money."""
    return Decimal(count).scaleb(-2)


def amounts(lowest: int, highest: int, digits: int = 2) -> st.SearchStrategy[Decimal]:
    """Draw exact numbers, given as counts of their last digit."""
    return st.integers(lowest, highest).map(lambda count: Decimal(count).scaleb(-digits))


prices = amounts(1, 10**7)
fine_prices = amounts(1, 10**12, digits=9)
commissions = amounts(-300, 1_000)
quantities = st.one_of(amounts(1, 300, digits=0), amounts(1, 10**7, digits=4))
sides = st.sampled_from((BUY, SELL))


@st.composite
def candles(draw: st.DrawFn, lowest: int = LOWEST, highest: int = HIGHEST) -> tuple[int, int, int, int]:
    """Draw open, high, low and close in cents; often two of them are equal."""
    four = sorted(draw(st.lists(st.integers(lowest, highest), min_size=4, max_size=4)))
    low, inner, other, high = four
    opened, close = draw(st.sampled_from(((inner, other), (other, inner), (low, high), (high, low), (low, inner))))
    return opened, high, low, close


@st.composite
def single_bars(draw: st.DrawFn, symbol: str = "A") -> Bar:
    """Draw one bar."""
    return Bar(symbol, START, *map(cents, draw(candles())))


class Market(NamedTuple):
    """Some symbols' bars, and on how many steps they lie."""

    bars: list[Bars]
    steps: int


@st.composite
def markets(draw: st.DrawFn, symbols: Sequence[str] = SYMBOLS, most_steps: int = 12, hours: int = 9) -> Market:
    """Draw bars of some symbols on one clock, with steps in which a symbol has none."""
    count = draw(st.integers(1, most_steps))
    chosen = symbols[: draw(st.integers(1, len(symbols)))]
    drawn = []
    for symbol in chosen:
        presence = draw(st.lists(st.booleans(), min_size=count, max_size=count).filter(any))
        rows = [
            (START + step * timedelta(hours=hours), *map(cents, draw(candles())))
            for step, is_there in enumerate(presence)
            if is_there
        ]
        drawn.append(Bars.from_rows(symbol, rows))
    return Market(drawn, count)


class Ask(NamedTuple):
    """One order of a plan; a limit is given in cents from the newest close."""

    symbol: str
    side: Side
    quantity: int
    limit_offset: int | None
    time_in_force: TimeInForce


asks = st.builds(
    Ask,
    st.sampled_from(SYMBOLS),
    sides,
    st.integers(1, 40),
    st.none() | st.integers(-60, 60),
    st.sampled_from(TimeInForce),
)
cancels = st.integers(1, 12)
"""The number of the order to cancel, if it is open."""
Wish: TypeAlias = Ask | int


@st.composite
def plans(draw: st.DrawFn, most_steps: int = 12) -> "Planned":
    """Draw what to ask for at each step, and once after each of the first fills."""
    wishes = st.lists(asks | cancels, max_size=3)
    steps = draw(st.dictionaries(st.integers(0, most_steps - 1), wishes, max_size=most_steps))
    return Planned(steps, draw(st.lists(asks | cancels, max_size=6)))


@define
class Planned(Strategy):
    """Ask for what was drawn, and keep what was seen."""

    steps: Mapping[int, list[Wish]]
    answers: Sequence[Wish] = ()
    seen: list[tuple[int, Any]] = field(factory=list, init=False)
    _answered: int = field(default=0, init=False)

    def again(self) -> "Planned":
        """Return the same plan, not yet begun."""
        return Planned(self.steps, self.answers)

    def on_bar(self, now: Now) -> None:
        self.seen.append((now.step, look(now)))
        for wish in self.steps.get(now.step, ()):
            self._ask(now, wish)

    def on_fill(self, now: Now, fill: Fill) -> None:
        self.seen.append((now.step, fill))
        if self._answered < len(self.answers):
            self._answered += 1
            self._ask(now, self.answers[self._answered - 1])

    def on_order(self, now: Now, order: TrackedOrder) -> None:
        self.seen.append((now.step, order))

    def _ask(self, now: Now, wish: Wish) -> None:
        if isinstance(wish, Ask):
            self._submit(now, wish)
        elif wish in {one.id for one in now.open_orders()}:
            now.cancel(wish)

    def _submit(self, now: Now, ask: Ask) -> None:
        mark = now.get_mark(ask.symbol)
        if mark is None:
            return
        limit = None if ask.limit_offset is None else mark + cents(ask.limit_offset)
        order = Order(
            ask.symbol, ask.side, Decimal(ask.quantity), limit_price=limit, time_in_force=ask.time_in_force, tag="plan"
        )
        now.submit(order)


def look(now: Now) -> dict[str, Any]:
    """Return all that a strategy can read of the symbols that have had a bar."""
    begun = [symbol for symbol in SYMBOLS if now.get_mark(symbol) is not None]
    money = (now.get_cash_balance(), now.equity, now.realized_pnl, now.unrealized_pnl, now.commissions)
    risk = (now.gross_exposure, now.net_exposure, now.leverage, now.drawdown, now.drawdown_ratio)
    bars = {symbol: (now[symbol].bar(), now[symbol].indicators()) for symbol in begun}
    held = {symbol: now.get_position(symbol) for symbol in SYMBOLS}
    present = (tuple(now.symbols), now.timestamp, now.get_all_positions(), now.open_orders())
    return {"money": money, "risk": risk, "bars": bars, "held": held, "present": present}


given_fills = st.lists(
    st.tuples(st.one_of(quantities, quantities.map(lambda units: -units)), prices, commissions),
    min_size=1,
    max_size=12,
)
"""Fills of one symbol, in an order in which they may be booked."""
