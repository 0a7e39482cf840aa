"""Hypothesis inputs: valid bars, orders and fills; a market of several symbols, a plan to trade in it, and settings.

Prices come from a narrow band of ticks, so that limits and stops are touched exactly, gapped over, and missed, often.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from attrs import define, field
from hypothesis import strategies as st

from core.backtest.settings import Settings, SplitRule, Timing
from core.backtest.strategy import Now, Strategy
from core.bars import Bar, Bars
from core.corporate_action import CorporateAction, Dividend, Split
from core.execution.costs import Commission, Slippage
from core.execution.path import LimitRule, PathRule
from core.execution.terms import CashRule, Limits
from core.fill import Fill
from core.order import BUY, SELL, Order, OrderType, Side, TimeInForce, TrackedOrder

SYMBOLS = ("A", "B", "C")
START = datetime(2024, 1, 2, 21, tzinfo=UTC)
HOURS = 9
"""From one bar to the next."""
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


volumes = st.sampled_from((None, 0, 60, 100, 250, 400, 1000, 2000))
"""Of a bar: often so little that a tenth of it is no more than a few orders ask for."""


@st.composite
def single_bars(draw: st.DrawFn, symbol: str = "A") -> Bar:
    """Draw one bar."""
    return Bar(symbol, START, *map(cents, draw(candles())))


_IS_THERE = st.sampled_from((True, True, True, False))


class Market(NamedTuple):
    """Some symbols' bars, and on how many steps they lie."""

    bars: list[Bars]
    steps: int


@st.composite
def markets(
    draw: st.DrawFn,
    symbols: Sequence[str] = SYMBOLS,
    most_steps: int = 12,
    hours: int = HOURS,
    *,
    fewest_steps: int = 1,
) -> Market:
    """Draw bars of some symbols on one clock, with steps in which a symbol has none."""
    count = draw(st.integers(fewest_steps, most_steps))
    chosen = symbols[: draw(st.integers(1, len(symbols)))]
    drawn = []
    for symbol in chosen:
        presence = draw(st.lists(_IS_THERE, min_size=count, max_size=count).filter(any))
        rows = [
            (START + step * timedelta(hours=hours), *map(cents, draw(candles())), draw(volumes))
            for step, is_there in enumerate(presence)
            if is_there
        ]
        drawn.append(Bars.from_rows(symbol, rows))
    return Market(drawn, count)


@st.composite
def corporate_actions(draw: st.DrawFn, symbols: Sequence[str], most_steps: int = 12) -> list[CorporateAction]:
    """Draw splits, at most one a symbol and step, and dividends, paid at once or later."""
    days = st.integers(0, most_steps).map(lambda step: START + step * timedelta(hours=HOURS))
    places = st.tuples(st.sampled_from(symbols), days)
    ratios = st.sampled_from(((2, 1), (3, 2), (1, 2), (1, 3), (2, 3), (10, 1), (7, 5), (1, 30)))
    splits = draw(st.dictionaries(places, ratios, max_size=3))
    later = st.none() | st.integers(-2, 4).map(lambda steps: steps * timedelta(hours=HOURS))
    dividends = draw(st.dictionaries(places, st.tuples(amounts(1, 300, digits=3), later), max_size=3))
    return [
        *(Split(symbol, day, *ratio) for (symbol, day), ratio in splits.items()),
        *(
            Dividend(symbol, day, amount, None if wait is None else day + wait)
            for (symbol, day), (amount, wait) in dividends.items()
        ),
    ]


# --- what to ask for


class Terms(NamedTuple):
    """When an order may fill, its limit left out.

    Attributes:
        type: The type of the order.
        time_in_force: How long it lives.
        stop_ahead: Its stop, in cents ahead of the newest close: above it for a purchase, below it for a sale.
        trail: How far a trailing stop follows, in cents.
        in_percent: Whether it follows by so many tenths of a percent instead.
        more_bars: How many bars a GTD order lives.
    """

    type: OrderType
    time_in_force: TimeInForce = TimeInForce.GTC
    stop_ahead: int | None = None
    trail: int | None = None
    in_percent: bool = False
    more_bars: int = 0

    def order(self, symbol: str, side: Side, quantity: int, limit_price: Decimal | None, quote: "Quote") -> Order:
        """Return an order on these terms."""
        is_mortal = self.time_in_force is TimeInForce.GTD
        return Order(
            symbol,
            side,
            quantity,
            type=self.type,
            limit_price=limit_price,
            stop_price=None if self.stop_ahead is None else quote.mark + side.sign * cents(self.stop_ahead),
            trail_amount=None if self.trail is None or self.in_percent else cents(self.trail),
            trail_percent=Decimal(self.trail or 0).scaleb(-1) if self.in_percent else None,
            time_in_force=self.time_in_force,
            good_till=quote.time + self.more_bars * timedelta(hours=HOURS) if is_mortal else None,
            tag="plan",
        )


class Quote(NamedTuple):
    """The newest close of a symbol, and the time."""

    mark: Decimal
    time: datetime


class Group(Enum):
    """What the orders of an ask are to each other."""

    ALONE = "alone"
    SIBLINGS = "siblings"
    BRACKET = "bracket"


class Other(NamedTuple):
    """A further order of a group: an exit, or a sibling.

    Attributes:
        terms: When it may fill.
        limit_ahead: Its limit, in cents ahead of the newest close: above it for a purchase, below it for a sale.
        share: Its quantity, counted in that of the first order.
        is_opposite: Whether it is on the other side of the first.
    """

    terms: Terms
    limit_ahead: int | None
    share: int = 1
    is_opposite: bool = True


class Ask(NamedTuple):
    """One order of a plan, or several that belong together.

    Attributes:
        limit_offset: The limit of the first order, in cents above the newest close, whatever its side.
        terms: When the first order may fill.
        group: What the others are to it.
        others: Its exits or siblings.
    """

    symbol: str
    side: Side
    quantity: int
    limit_offset: int | None
    terms: Terms
    group: Group = Group.ALONE
    others: tuple[Other, ...] = ()

    def orders(self, quote: Quote) -> list[Order]:
        """Return its orders, the first one first."""
        limit_price = None if self.limit_offset is None else quote.mark + cents(self.limit_offset)
        first = self.terms.order(self.symbol, self.side, self.quantity, limit_price, quote)
        return [first, *self._others(quote)]

    def _others(self, quote: Quote) -> Iterator[Order]:
        for other in self.others:
            side = other_side(self.side) if other.is_opposite else self.side
            limit_price = None if other.limit_ahead is None else quote.mark + side.sign * cents(other.limit_ahead)
            yield other.terms.order(self.symbol, side, self.quantity * other.share, limit_price, quote)

    def mirrored(self) -> "Ask":
        """Return what asks for the same on the other side, where every price is as far below as it was above."""
        limit_offset = None if self.limit_offset is None else -self.limit_offset
        return self._replace(side=other_side(self.side), limit_offset=limit_offset)

    def doubled(self) -> "Ask":
        """Return what asks for twice as much."""
        return self._replace(quantity=2 * self.quantity)


class Amend(NamedTuple):
    """A change of an order, in those of its terms that it has.

    Attributes:
        back: Which order, counted from the newest; 0 is the newest.
        quantity: Its new quantity, all that it has filled included.
        limit_offset: Its new limit, in cents above the newest close.
        stop_offset: Its new stop, likewise.
    """

    back: int
    quantity: int | None = None
    limit_offset: int | None = None
    stop_offset: int | None = None

    def mirrored(self) -> "Amend":
        """Return what changes the mirrored order as this one changes the order."""
        limit_offset = None if self.limit_offset is None else -self.limit_offset
        stop_offset = None if self.stop_offset is None else -self.stop_offset
        return self._replace(limit_offset=limit_offset, stop_offset=stop_offset)

    def doubled(self) -> "Amend":
        """Return what asks for twice as much."""
        return self if self.quantity is None else self._replace(quantity=2 * self.quantity)

    def changes(self, order: Order, mark: Decimal) -> dict[str, Decimal]:
        """Return what to change of an order."""
        found: dict[str, Decimal] = {}
        if self.quantity is not None:
            found["quantity"] = Decimal(self.quantity)
        if self.limit_offset is not None and order.type.has_limit:
            found["limit_price"] = mark + cents(self.limit_offset)
        if self.stop_offset is not None and order.type.has_stop:
            found["stop_price"] = mark + cents(self.stop_offset)
        return found


class Cancel(NamedTuple):
    """The end of an order, or of all, of one symbol or of every one.

    Attributes:
        back: Which order, counted from the newest; None for all.
        symbol: Of which symbol, if all; None for every one.
    """

    back: int | None = None
    symbol: str | None = None

    def mirrored(self) -> "Cancel":
        """Return itself."""
        return self

    def doubled(self) -> "Cancel":
        """Return itself."""
        return self


Wish: TypeAlias = Ask | Amend | Cancel


def other_side(side: Side) -> Side:
    """Return the side against a side."""
    return SELL if side is BUY else BUY


offsets = st.integers(-90, 90)
_TYPES = st.sampled_from((*OrderType, OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT, OrderType.STOP))
_LIVES = st.sampled_from((*TimeInForce, *[TimeInForce.GTC] * 5))


@st.composite
def terms_of(draw: st.DrawFn, kind: OrderType, *, in_ticks: bool) -> Terms:
    """Draw when an order of a type may fill."""
    is_trailing = kind is OrderType.TRAILING_STOP
    return Terms(
        kind,
        draw(_LIVES),
        stop_ahead=draw(st.none() | offsets if is_trailing else offsets) if kind.has_stop else None,
        trail=draw(st.integers(1, 60)) if is_trailing else None,
        in_percent=is_trailing and not in_ticks and draw(st.booleans()),
        more_bars=draw(st.integers(0, 4)),
    )


def limits_ahead(terms: Terms) -> st.SearchStrategy[int | None]:
    """Draw a limit, in cents ahead of the newest close; often near the stop."""
    if not terms.type.has_limit:
        return st.none()
    stop = terms.stop_ahead
    return offsets if stop is None else offsets | st.integers(stop - 4, stop + 4)


@st.composite
def others_of(draw: st.DrawFn, group: Group, *, in_ticks: bool) -> Other:
    """Draw an exit or a sibling: a stop beyond the newest close, a target before it, or whatever there is."""
    kind = draw(st.sampled_from((OrderType.STOP, OrderType.LIMIT, *OrderType)))
    terms = draw(terms_of(kind, in_ticks=in_ticks))
    is_usual = bool(draw(st.integers(0, 3)))
    if is_usual and terms.stop_ahead is not None:
        terms = terms._replace(stop_ahead=abs(terms.stop_ahead) + 1)
    limit_ahead = draw(limits_ahead(terms))
    if is_usual and kind is OrderType.LIMIT and limit_ahead is not None:
        limit_ahead = -abs(limit_ahead) - 1
    if group is Group.BRACKET:
        return Other(terms, limit_ahead)
    return Other(terms, limit_ahead, draw(st.integers(1, 2)), draw(st.booleans()))


@st.composite
def _asks(draw: st.DrawFn, *, in_ticks: bool) -> Ask:
    side = draw(st.sampled_from((BUY, BUY, SELL)))
    terms = draw(terms_of(draw(_TYPES), in_ticks=in_ticks))
    limit_ahead = draw(limits_ahead(terms))
    group = draw(st.sampled_from((Group.ALONE, Group.ALONE, Group.ALONE, Group.SIBLINGS, Group.BRACKET)))
    others = () if group is Group.ALONE else draw(st.lists(others_of(group, in_ticks=in_ticks), min_size=1, max_size=3))
    return Ask(
        draw(st.sampled_from(("A", "A", "A", "A", "B", "C"))),
        side,
        draw(st.integers(1, 40)),
        None if limit_ahead is None else side.sign * limit_ahead,
        terms,
        group,
        tuple(others),
    )


asks = _asks(in_ticks=True)
"""Orders whose every distance is in ticks, so that mirrored prices mirror them."""
_BACK = st.integers(0, 5)
amends = st.builds(
    Amend, _BACK, st.none() | st.integers(1, 40), limit_offset=st.none() | offsets, stop_offset=st.none() | offsets
)
cancels = st.builds(Cancel, _BACK)
cancels_of_all = st.builds(Cancel, st.none(), st.none() | st.sampled_from(SYMBOLS))


def wishes(*, in_ticks: bool = False) -> st.SearchStrategy[Wish]:
    """Draw one thing to ask for."""
    one = _asks(in_ticks=in_ticks)
    return st.integers(0, 9).flatmap(lambda chance: (one, amends, amends, cancels, cancels_of_all)[max(chance - 5, 0)])


@st.composite
def plans(draw: st.DrawFn, most_steps: int = 12, *, in_ticks: bool = False) -> "Planned":
    """Draw what to ask for at each step, and once after each of the first fills."""
    one = wishes(in_ticks=in_ticks)
    steps = draw(st.lists(st.lists(one, min_size=1, max_size=4), min_size=4, max_size=most_steps))
    return Planned(dict(enumerate(steps)), draw(st.lists(one, max_size=6)))


@define
class Planned(Strategy):
    """Ask for what was drawn, and keep what was seen, unless told not to look."""

    steps: Mapping[int, list[Wish]]
    answers: Sequence[Wish] = ()
    is_looking: bool = field(default=True, kw_only=True)
    seen: list[tuple[int, Any]] = field(factory=list, init=False)
    _answered: int = field(default=0, init=False)
    _count: int = field(default=0, init=False)

    def again(self) -> "Planned":
        """Return the same plan, not yet begun."""
        return Planned(self.steps, self.answers, is_looking=self.is_looking)

    def changed(self, how: Callable[[Wish], Wish]) -> "Planned":
        """Return a plan of which every wish is changed in one way, not yet begun."""
        steps = {step: [how(wish) for wish in wishes] for step, wishes in self.steps.items()}
        return Planned(steps, [how(wish) for wish in self.answers], is_looking=self.is_looking)

    def on_bar(self, now: Now) -> None:
        if self.is_looking:
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
        elif isinstance(wish, Amend):
            self._amend(now, wish)
        elif wish.back is None:
            now.cancel_all(wish.symbol)
        elif wish.back < self._count:
            now.cancel(self._count - wish.back)

    def _submit(self, now: Now, ask: Ask) -> None:
        mark, time = now.get_mark(ask.symbol), now.timestamp
        if mark is None or time is None:
            return
        first, *others = ask.orders(Quote(mark, time))
        if ask.group is Group.BRACKET:
            ids = now.submit_bracket(first, *others)
        elif ask.group is Group.SIBLINGS:
            ids = now.submit_oco(first, *others)
        else:
            ids = [now.submit(first)]
        self._count = ids[-1]

    def _amend(self, now: Now, amend: Amend) -> None:
        order_id = self._count - amend.back
        if order_id < 1:
            return
        order = now.get_order(order_id).order
        mark = now.get_mark(order.symbol)
        changes = {} if mark is None else amend.changes(order, mark)
        if changes:
            now.amend(order_id, **changes)


def look(now: Now) -> dict[str, Any]:
    """Return all that a strategy can read of the symbols that have had a bar."""
    begun = [symbol for symbol in SYMBOLS if now.get_mark(symbol) is not None]
    money = (now.get_cash_balance(), now.equity, now.realized_pnl, now.unrealized_pnl, now.commissions)
    risk = (now.gross_exposure, now.net_exposure, now.leverage, now.drawdown, now.drawdown_ratio)
    bars = {symbol: (now[symbol].bar(), now[symbol].indicators()) for symbol in begun}
    held = {symbol: now.get_position(symbol) for symbol in SYMBOLS}
    present = (tuple(now.symbols), now.timestamp, now.get_all_positions(), now.open_orders())
    return {"money": money, "risk": risk, "bars": bars, "held": held, "present": present}


# --- what a run is told

PATHS = tuple(path for path in PathRule if path is not PathRule.SUBBARS)
_COMMISSIONS = (
    Commission(),
    Commission(per_unit=cents(1), minimum=cents(25)),
    Commission(basis_points=Decimal(10)),
    Commission(per_order=cents(50)),
    Commission(basis_points=Decimal(10), maker_basis_points=Decimal(-2)),
)
_SLIPPAGES = (
    Slippage(),
    Slippage(ticks=2),
    Slippage(basis_points=Decimal(15)),
    Slippage(volume_impact=Decimal("0.1")),
    Slippage(ticks=1, basis_points=Decimal(5)),
)
_LIMITS = (
    Limits(),
    Limits(),
    Limits(),
    Limits(position_quantity_max=Decimal(30)),
    Limits(order_notional_max=Decimal(250)),
    Limits(gross_exposure_max=Decimal(500)),
    Limits(drawdown_ratio_max=Decimal("0.05")),
)
_DRAWN: Mapping[str, st.SearchStrategy[Any]] = {
    "initial_capital": st.sampled_from((Decimal(400), Decimal(2000), Decimal(10**6), Decimal(10**6))),
    "allow_short": st.sampled_from((True, True, False)),
    "timing": st.sampled_from((Timing.NEXT_OPEN, Timing.NEXT_OPEN, Timing.SAME_CLOSE)),
    "limit_rule": st.sampled_from(LimitRule),
    "path": st.sampled_from(PATHS),
    "cash_rule": st.sampled_from(CashRule),
    "volume_cap": st.sampled_from((None, None, Decimal("0.1"), Decimal("0.5"), Decimal(1))),
    "quantity_step": st.sampled_from((*[Decimal(1)] * 5, Decimal("0.5"), Decimal(3))),
    "splits": st.just(SplitRule.APPLY),  # drawn prices say nothing of splits
    "costs": st.sampled_from(_COMMISSIONS),
    "slippage": st.sampled_from(_SLIPPAGES),
    "limits": st.sampled_from(_LIMITS),
}


def run_settings(**given: st.SearchStrategy[Any]) -> st.SearchStrategy[Settings]:
    """Draw what a run is told, with those parts drawn as given."""
    return st.builds(Settings, **{**_DRAWN, **given})


given_fills = st.lists(
    st.tuples(st.one_of(quantities, quantities.map(lambda units: -units)), prices, commissions),
    min_size=1,
    max_size=12,
)
"""Fills of one symbol, in an order in which they may be booked."""
