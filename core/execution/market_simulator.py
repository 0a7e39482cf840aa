"""MarketSimulator: order x bar -> executions, each with the rule that made it.

It walks the path of each symbol's bar, one stretch a phase, and asks `path.next_execution` what happens next. It holds
no order and no position, and no time passes in it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from attrs import define, field, frozen

from core.bars import Bar, Bars
from core.clock import Phase
from core.errors import InvariantError
from core.execution.order_tracker import OrderRecord
from core.execution.path import Execution, LimitRule, nearest, next_execution
from core.fill import FillRule
from core.money import EXACT, fraction_digits, multiply, quantum, quotient
from core.order import Order, OrderType
from core.reason import Code, Reason

MATCHING_PHASES: Final = (Phase.OPEN, Phase.LEG_1, Phase.LEG_2, Phase.LEG_3, Phase.CLOSE)
_END_OF: Final = {Phase.OPEN: 0, Phase.LEG_1: 1, Phase.LEG_2: 2, Phase.LEG_3: 3, Phase.CLOSE: 3, Phase.STRATEGY: 3}


_OPEN, _THROUGH = Phase.OPEN, LimitRule.THROUGH
_INSIDE: Final = frozenset({Phase.LEG_1, Phase.LEG_2, Phase.LEG_3, Phase.CLOSE})


class Match(NamedTuple):
    """One execution as others see it: at which price, by which rule, in which bar."""

    order_id: int
    price: Decimal
    rule: FillRule
    timestamp: datetime


@define(eq=False)
class StandingBar:
    """One bar that orders are matched against, and how far its path has been walked.

    Attributes:
        path: Open, first extreme, second extreme, close, in units of the digit.
        tick: The instrument's tick in the same units, at least 1.
        place: Where on the path the price stands.
    """

    symbol: str
    timestamp: datetime
    digits: int
    path: tuple[int, int, int, int]
    tick: int = 1
    opening_rule: FillRule = FillRule.OPEN
    place: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Stand at the open."""
        self.place = self.path[0]

    @classmethod
    def of_row(cls, bars: Bars, row: int, tick: int, timestamp: datetime) -> "StandingBar":
        """Stand on one row of a symbol's bars."""
        return cls(bars.symbol, timestamp, bars.digits, nearest(*bars.row_ticks(row)), tick)

    @classmethod
    def of_bar(cls, bar: Bar, limit: Decimal | None = None, tick_size: Decimal | None = None) -> "StandingBar":
        """Stand on a bar, in units fine enough for its prices, a limit and a tick."""
        prices = (bar.open, bar.high, bar.low, bar.close)
        digits = max(fraction_digits(price) for price in (*prices, limit or bar.open, tick_size or bar.open))
        opened, high, low, close = (int(price.scaleb(digits, EXACT)) for price in prices)
        tick = 1 if tick_size is None else int(tick_size.scaleb(digits, EXACT))
        return cls(bar.symbol, bar.time, digits, nearest(opened, high, low, close), tick)

    @classmethod
    def at_mark(
        cls,
        order: Order,
        mark: Decimal,
        timestamp: datetime,
        tick_size: Decimal | None = None,
    ) -> "StandingBar":
        """Stand on a mark, as on a bar that never moves."""
        bar = cls.of_bar(Bar(order.symbol, timestamp, mark, mark, mark, mark), order.limit_price, tick_size)
        bar.opening_rule = FillRule.MARK
        return bar

    def price(self, ticks: int) -> Decimal:
        """Return a price, money, of a number of units of the digit."""
        return multiply(quantum(self.digits), ticks)

    def rule(self, phase: Phase, execution: Execution) -> FillRule:
        """Name the rule that an execution in a phase follows."""
        if phase is _OPEN:
            return self.opening_rule
        if phase is Phase.STRATEGY:
            return FillRule.SAME_CLOSE
        return FillRule.INSTANT if execution.at_once else FillRule.LEG

    def check(self, execution: Execution) -> None:
        """Check R14: the price lies within the bar."""
        _, first, second, _ = self.path
        if not (first <= execution.price <= second or second <= execution.price <= first):
            raise InvariantError("R14", self.price(execution.price), f"within the bar of {self.symbol}")


@frozen
class MarketSimulator:
    """Matches orders against the bars it stands on, along the nearest path of each.

    Attributes:
        limit_rule: Whether a touch fills a limit order.

    >>> from core.order import BUY
    >>> from datetime import UTC
    >>> simulator = MarketSimulator()
    >>> prices = (Decimal(101), Decimal(102), Decimal("99.50"), Decimal("100.50"))
    >>> simulator.stand_on(Bar("ACME", datetime(2024, 1, 2, tzinfo=UTC), *prices))
    >>> simulator.match(Order("ACME", BUY, 100, limit_price=Decimal("99.75"))).price
    Decimal('99.75')
    """

    limit_rule: LimitRule = LimitRule.TOUCH
    _bars: dict[str, Bar] = field(factory=dict, init=False)

    def stand_on(self, bar: Bar) -> None:
        """Match orders of the bar's symbol against this bar from now on."""
        self._bars[bar.symbol] = bar

    def standing(self, order: Order, tick_size: Decimal | None = None) -> StandingBar | None:
        """Return the bar that an order meets, its path not yet walked; None where its symbol has none."""
        bar = self._bars.get(order.symbol)
        return None if bar is None else StandingBar.of_bar(bar, order.limit_price, tick_size)

    def match(self, order: Order, held: int = 0) -> Match | None:
        """Return what an order by itself would do on the bar its symbol stands on; None where it does not fill.

        Args:
            order: What is asked.
            held: The sign of the position.
        """
        standing = self.standing(order)
        if standing is None or (order.type is OrderType.LIMIT and order.limit_price is None):
            return None
        record = OrderRecord.of(0, order, None, 0)
        record.is_open = True
        for phase in MATCHING_PHASES:
            found = self.next_match(phase, {order.symbol: standing}, {order.symbol: {0: record}}, 0, lambda _: held)
            if found:
                return found
            standing.place = standing.path[_END_OF[phase]]
        return None

    async def simulate_fill(self, order: Order, held: int = 0) -> Match | None:
        """Await `match`, for a caller that lives in an event loop."""
        return self.match(order, held)

    def next_match(
        self,
        phase: Phase,
        standing: Mapping[str, StandingBar],
        books: Mapping[str, Mapping[int, OrderRecord]],
        step: int,
        held: Callable[[str], int],
    ) -> Match | None:
        """Return what happens next in a phase, over all symbols, and move there; None where the phase is over.

        Of one symbol it is what its path meets first; between symbols reductions come before increases, then the lower
        number (rule R7).

        Args:
            phase: One of `MATCHING_PHASES`.
            standing: The bar of each symbol that has one.
            books: The open orders of each symbol.
            step: Orders that become eligible later are left alone.
            held: The sign of the position in a symbol.
        """
        best: tuple[StandingBar, Execution] | None = None
        for symbol, bar in standing.items():
            book = books.get(symbol)
            found = self._next_of(bar, phase, book, step, held(symbol)) if book else None
            if found and (best is None or _comes_before(found, best[1])):
                best = bar, found
        if best is None:
            return None
        bar, execution = best
        bar.check(execution)
        bar.place = execution.place
        return Match(execution.order_id, bar.price(execution.price), bar.rule(phase, execution), bar.timestamp)

    def finish(self, phase: Phase, standing: Mapping[str, StandingBar]) -> None:
        """Move every symbol to the end of a phase."""
        for bar in standing.values():
            bar.place = bar.path[_END_OF[phase]]

    def explain(self, record: OrderRecord, bar: StandingBar | None, step: int, age: int) -> Reason | None:
        """Say why an open order does not fill on a bar; None where it would.

        Args:
            record: The order.
            bar: The bar of its symbol, its path not yet walked; None where there is none.
            step: The step of the bar.
            age: Without a bar: how many steps old the last price is.
        """
        symbol = record.order.symbol
        if record.eligible_step > step:
            return Reason.of(Code.NOT_ELIGIBLE_UNTIL, eligible=record.eligible_step, step=step)
        if bar is None:
            return Reason.of(Code.NO_BAR, symbol=symbol, steps=age)
        limit = record.limit_ticks(bar.digits)
        path = _path_met(record, bar, step)
        if limit is None or _reaches(record, limit, path, self._beyond(bar)):
            return None
        return _unreached(record, bar, limit, path)

    def _next_of(
        self,
        bar: StandingBar,
        phase: Phase,
        book: Mapping[int, OrderRecord],
        step: int,
        held: int,
    ) -> Execution | None:
        eligible = [record for record in book.values() if record.is_open and record.eligible_step <= step]
        for record in eligible:
            if record.is_inside and record.entry is None:
                record.entry = (phase, bar.place)
        orders = [(record, record.limit_ticks(bar.digits)) for record in eligible]
        found = next_execution(orders, bar.place, bar.path[_END_OF[phase]], held, self._beyond(bar))
        if found and found.at_once and not _meets_price(book[found.order_id], phase, bar, step):
            limit = book[found.order_id].limit_ticks(bar.digits)
            return found._replace(at_once=False, price=found.price if limit is None else limit)
        return found

    def _beyond(self, bar: StandingBar) -> int:
        return bar.tick if self.limit_rule is _THROUGH else 0


def _meets_price(record: OrderRecord, phase: Phase, bar: StandingBar, step: int) -> bool:
    """Say whether an order meets the price where the path stands, as all do at the open (rule R8).

    That is one that was asked for at this instant; others have been met there, and wait at their limits.
    """
    if phase not in _INSIDE:
        return True
    return record.eligible_step == step and record.entry == (phase, bar.place)


def _path_met(record: OrderRecord, bar: StandingBar, step: int) -> tuple[int, ...]:
    """Return the part of a bar's path that an order met: all of it, unless it was asked for inside that bar."""
    if record.entry is None or record.eligible_step != step:
        return bar.path
    phase, place = record.entry
    return (place, *bar.path[_END_OF[phase] :])


def _comes_before(one: Execution, other: Execution) -> bool:
    return (not one.reduces, one.order_id) < (not other.reduces, other.order_id)


def _reaches(record: OrderRecord, limit: int, path: tuple[int, ...], beyond: int) -> bool:
    return any(next_execution([(record, limit)], start, end, 0, beyond) for start, end in pairwise(path))


def _unreached(record: OrderRecord, bar: StandingBar, limit: int, path: tuple[int, ...]) -> Reason:
    is_purchase = record.sign > 0
    extreme = min(path) if is_purchase else max(path)
    params = {
        "limit": bar.price(limit),
        "extreme_name": "low" if is_purchase else "high",
        "extreme": bar.price(extreme),
    }
    if _reaches(record, limit, path, beyond=0):
        needed = bar.price(limit - record.sign * bar.tick)
        return Reason.of(Code.LIMIT_TOUCHED_NOT_THROUGH, **params, needed=needed)
    ticks = quotient(Decimal((extreme - limit) * record.sign), Decimal(bar.tick))
    return Reason.of(Code.LIMIT_NOT_REACHED, **params, ticks=ticks)
