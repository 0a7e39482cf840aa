"""MarketSimulator: order x bar -> executions, each with the rule that made it.

It walks the path of each symbol's bar, one stretch a phase, and asks `path.next_execution` what happens next. It holds
no order and no position, and no time passes in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from attrs import field, frozen

from core.bars import Bar
from core.clock import Phase
from core.execution.costs import Slippage
from core.execution.non_fill import capped, missed, why_not
from core.execution.order_record import OrderRecord
from core.execution.path import (
    END_OF,
    Act,
    Execution,
    LimitRule,
    Path,
    PathRule,
    followed_stop,
    high_first,
    is_trailing,
    low_first,
    nearest,
    next_execution,
)
from core.execution.standing_bar import StandingBar
from core.fill import FillRule
from core.money import ZERO, add, multiple_above, multiple_below, multiply, subtract
from core.order import Order, OrderType, TimeInForce
from core.protocols import SlippageModel
from core.reason import Code, Reason

WALKING_PHASES: Final = (Phase.OPEN, Phase.LEG_1, Phase.LEG_2, Phase.LEG_3)
_RULE_OF_PHASE: Final = {
    Phase.CLOSE: FillRule.CLOSE,
    Phase.STRATEGY: FillRule.SAME_CLOSE,
}
_OPEN = Phase.OPEN
_TRAILING = OrderType.TRAILING_STOP
_NO_STEP = -1


class Match(NamedTuple):
    """One fill as it would be: how much, at which price, by which rule, in which bar."""

    quantity: Decimal
    price: Decimal
    rule: FillRule
    timestamp: datetime


class Price(NamedTuple):
    """At which price an execution is booked.

    Attributes:
        price: Money for one unit, slippage included.
        reference: The price of the path, money.
        clamped: The note that the bar's extreme kept slippage from going further; None where it did not.
    """

    price: Decimal
    reference: Decimal
    clamped: Reason | None = None


@frozen
class MarketSimulator:
    """Matches orders against the bars it stands on.

    Attributes:
        limit_rule: Whether a touch fills a limit order.
        path_rule: In which order a bar's prices are taken to have happened.
        slippage: How much worse than the path's price an order at the market fills.
        volume_cap: The part of a bar's volume that may fill, a fraction; None where nothing bounds it.

    >>> from core.order import BUY
    >>> from datetime import UTC
    >>> simulator = MarketSimulator()
    >>> prices = (Decimal(101), Decimal(102), Decimal("99.50"), Decimal("100.50"))
    >>> simulator.stand_on(Bar("ACME", datetime(2024, 1, 2, tzinfo=UTC), *prices))
    >>> simulator.match(Order("ACME", BUY, 100, limit_price=Decimal("99.75"))).price
    Decimal('99.75')
    """

    limit_rule: LimitRule = LimitRule.TOUCH
    path_rule: PathRule = PathRule.WORST
    slippage: SlippageModel = field(factory=Slippage)
    volume_cap: Decimal | None = None
    _bars: dict[str, Bar] = field(factory=dict, init=False)

    def stand_on(self, bar: Bar) -> None:
        """Match orders of the bar's symbol against this bar from now on."""
        self._bars[bar.symbol] = bar

    def standing(self, order: Order, tick_size: Decimal | None = None) -> StandingBar | None:
        """Return the bar that an order meets, its path not yet walked; None where its symbol has none."""
        bar = self._bars.get(order.symbol)
        return None if bar is None else StandingBar.of_bar(bar, order, tick_size)

    def open_pool(self, bar: StandingBar, quantity_step: Decimal | None) -> None:
        """Set how much of a bar's volume may fill (rule R12)."""
        if self.volume_cap is not None and bar.volume is not None:
            pool = multiply(bar.volume, self.volume_cap)
            bar.pool = bar.whole_pool = pool if quantity_step is None else multiple_below(pool, quantity_step)

    def paths(self, bar: StandingBar) -> Mapping[str, Path]:
        """Return the two paths of a bar by name, the one that the path rule prefers first."""
        both = {"high_first": high_first(*bar.prices), "low_first": low_first(*bar.prices)}
        preferred = self.path_rule.value if self.path_rule.value in both else _name_of_nearest(bar)
        return {preferred: both.pop(preferred), **both}

    def next_of(
        self, bar: StandingBar, phase: Phase, book: Mapping[int, OrderRecord], step: int, held: int
    ) -> Execution | None:
        """Return what happens next to a symbol's orders in a phase; None where the phase is over for it.

        Args:
            bar: The bar of the symbol.
            phase: Which part of its path.
            book: The open orders of the symbol.
            step: Orders that become eligible later are left alone.
            held: The sign of the position.
        """
        now = bar.timestamp  # the life of one asked for inside a bar may be over already (rule R12b)
        records = [
            one
            for one in book.values()
            if one.is_open and one.ready(step) and ((end := one.order.good_till) is None or now <= end)
        ]
        if bar.part and phase is _OPEN:
            records = [one for one in records if one.order.type is not OrderType.MARKET_ON_OPEN]
        return next_execution(
            records,
            phase,
            bar.place,
            bar.path[END_OF[phase]],
            held=held,
            digits=bar.digits,
            beyond=self.beyond(bar),
            has_volume=bar.has_volume,
        )

    def advance(
        self, bar: StandingBar, records: Iterable[OrderRecord], place: int, step: int
    ) -> list[tuple[OrderRecord, Decimal]]:
        """Move along the path, and return the trailing stops that follow, each with where it is now (rule R10)."""
        followed: list[tuple[OrderRecord, Decimal]] = []
        for record in records:
            if record.order.type is _TRAILING and record.eligible_step <= step and is_trailing(record):
                stop = followed_stop(record, bar.price(place), bar.tick_size)
                if stop is not None:
                    followed.append((record, stop))
        bar.place = place
        return followed

    def settle(self, bar: StandingBar, records: Iterable[OrderRecord]) -> list[tuple[OrderRecord, Decimal]]:
        """End the tests at the present price, and return the stops of what was new there that follow it (rule R8)."""
        new = [record for record in records if record.instant is not None]
        if not new:
            return []
        for record in new:
            record.instant, record.just_triggered = None, False
        found = ((one, followed_stop(one, bar.price(bar.place), bar.tick_size)) for one in new if is_trailing(one))
        return [(record, stop) for record, stop in found if stop is not None]

    def match(self, order: Order, held: int = 0) -> Match | None:
        """Return the first fill that an order by itself would have on the bar its symbol stands on; None for none.

        It is walked on the path that the path rule prefers; of `worst` that is the nearest.

        Args:
            order: What is asked.
            held: The sign of the position.
        """
        bar = self.standing(order)
        if bar is None or (order.type.has_limit and order.limit_price is None):
            return None
        self.open_pool(bar, None)
        (bar.path, _) = self.paths(bar).values()
        record = OrderRecord(0, order, None, 0, order.side.sign, order.quantity, 0, stop_price=order.stop_price)
        record.is_open = True
        return self._first_fill(record, bar, held)

    async def simulate_fill(self, order: Order, held: int = 0) -> Match | None:
        """Await `match`, for a caller that lives in an event loop."""
        return self.match(order, held)

    def _first_fill(self, record: OrderRecord, bar: StandingBar, held: int) -> Match | None:
        for phase in (*WALKING_PHASES, Phase.CLOSE):
            while execution := self.next_of(bar, phase, {record.id: record}, 0, held):
                if execution.act is not Act.TRIGGER:
                    return self._match_of(execution, bar, phase)
                if execution.place != bar.place:
                    self._move(record, bar, execution.place)
                record.is_triggered, record.wait, record.just_triggered = True, None, True
                record.instant = record.instant or FillRule.STOP
            self._move(record, bar, bar.path[END_OF[phase]])
        return None

    def _move(self, record: OrderRecord, bar: StandingBar, place: int) -> None:
        self.settle(bar, [record])
        for _, stop in self.advance(bar, [record], place, 0):
            record.stop_price, record.wait = stop, None

    def _match_of(self, execution: Execution, bar: StandingBar, phase: Phase) -> Match | None:
        record = execution.record
        quantity = record.awake if bar.pool is None else min(record.awake, bar.pool)
        is_whole = quantity == record.awake or record.order.time_in_force is not TimeInForce.FOK
        if execution.act is Act.LAPSE or not quantity or not is_whole:
            return None
        price = self.price_of(execution, bar, quantity).price
        return Match(quantity, price, self.rule_of(record, bar, phase), bar.timestamp)

    def price_of(self, execution: Execution, bar: StandingBar, quantity: Decimal) -> Price:
        """Return at which price an execution of some units is booked (rules R11 and R14)."""
        record, reference = execution.record, bar.price(bar.clamp(execution.price))
        if not record.slips:
            return Price(reference, reference)
        amount = self.slippage.amount(reference, quantity, bar.volume, bar.tick_size)
        if not amount:
            return Price(reference, reference)
        return _clamped(record, bar, _slipped(record, reference, amount, bar.tick_size), reference)

    def rule_of(self, record: OrderRecord, bar: StandingBar, phase: Phase) -> FillRule:
        """Name the rule that a fill in a phase follows."""
        if phase is _OPEN:
            return bar.opening_rule
        return _RULE_OF_PHASE.get(phase) or record.instant or FillRule.LEG

    def explain(self, record: OrderRecord, parts: Sequence[StandingBar], step: int, age: int) -> Reason | None:
        """Say why an open order does not fill in a step; None where it would; see `non_fill.why_not`."""
        beyond = self.beyond(parts[-1]) if parts else 0
        return why_not(record, parts, step, age, beyond=beyond, cap=self.volume_cap)

    def missed_here(self, record: OrderRecord, bar: StandingBar) -> Reason | None:
        """Say by how much the price where the path stands misses what an order waits for; None where it does not."""
        return missed(record, bar, (bar.place,), _NO_STEP, self.beyond(bar))

    def capped(self, asked: Decimal, bar: StandingBar, available: Decimal) -> Reason | None:
        """Say that the volume of a bar bounds what an order fills; None where it does not."""
        return None if self.volume_cap is None else capped(asked, bar, available, self.volume_cap)

    def beyond(self, bar: StandingBar) -> int:
        """Return how many ticks beyond a limit the price must go."""
        return bar.tick if self.limit_rule is LimitRule.THROUGH else 0


def _name_of_nearest(bar: StandingBar) -> str:
    return "high_first" if nearest(*bar.prices) == high_first(*bar.prices) else "low_first"


def _slipped(record: OrderRecord, reference: Decimal, amount: Decimal, tick: Decimal) -> Decimal:
    limit = record.limit_price
    if record.sign > 0:
        slipped = multiple_above(add(reference, amount), tick)
        return slipped if limit is None else min(slipped, limit)
    slipped = multiple_below(subtract(reference, amount), tick)
    return slipped if limit is None else max(slipped, limit)


def _clamped(record: OrderRecord, bar: StandingBar, slipped: Decimal, reference: Decimal) -> Price:
    _, high, low, _ = bar.prices
    bound = bar.price(high if record.sign > 0 else low)
    if multiply(subtract(slipped, bound), record.sign) <= ZERO:
        return Price(slipped, reference)
    name = "high" if record.sign > 0 else "low"
    return Price(bound, reference, Reason.of(Code.SLIPPAGE_CLAMPED, slipped=slipped, extreme_name=name, price=bound))
