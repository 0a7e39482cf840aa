"""ExecutionEngine: broker, then simulator, then portfolio, in that order.

Facts of one fill, the order's and the portfolio's, are delivered only when both have booked it, so whoever listens sees
a consistent state. One walk serves for what happens and for what would: the latter is taken on copies.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from core.clock import Clock, Phase
from core.errors import NoMarkError, OrderNotFilledError
from core.events import PathAmbiguous
from core.execution.ambiguity import Outcome, compare
from core.execution.broker import BacktestBroker
from core.execution.fill_check import FillCheck, all_or_nothing
from core.execution.market_simulator import WALKING_PHASES, MarketSimulator, Price
from core.execution.order_record import OrderRecord
from core.execution.path import END_OF, Act, Execution, Path, PathRule, may_differ
from core.execution.standing_bar import StandingBar
from core.fill import Fill, FillRule
from core.money import ZERO, add, multiply
from core.order import Order, OrderType
from core.protocols import PortfolioStateProtocol, book
from core.reason import Reason

Books: TypeAlias = Mapping[str, Mapping[int, OrderRecord]]
"""Open orders by symbol and number."""
Standing: TypeAlias = Mapping[str, StandingBar]
"""The bar of each symbol that has one."""

_REQUESTS, _OPEN, _CLOSE, _STRATEGY = Phase.REQUESTS, Phase.OPEN, Phase.CLOSE, Phase.STRATEGY
_LEGS = WALKING_PHASES[1:]


class ExecutionEngine:
    """Takes an order from the broker through the market into the portfolio.

    Args:
        broker: Checks and records orders.
        portfolio_state: Books fills.
        market_simulator: Matches orders against bars; without one they fill at the portfolio's mark.
        clock: Where simulated time stands; where it does for the broker, if not given.
        on_fill: Called after each fill is booked everywhere; what it submits meets the rest of the bar.
        on_end: Called with the id of an order after something has happened to it, and `on_fill` was called.

    >>> from datetime import UTC
    >>> from decimal import Decimal
    >>> from core.order import BUY
    >>> from core.risk.portfolio import PortfolioState
    >>> portfolio = PortfolioState(initial_capital=Decimal(1000))
    >>> portfolio.mark("ACME", Decimal("9.50"), datetime(2024, 1, 2, tzinfo=UTC))
    >>> ExecutionEngine(BacktestBroker(portfolio), portfolio).fill(Order("ACME", BUY, 100)).price
    Decimal('9.50')
    """

    __slots__ = ("_broker", "_clock", "_notes", "_on_end", "_on_fill", "_portfolio", "_simulator", "_stands_on_marks")

    def __init__(
        self,
        broker: BacktestBroker,
        portfolio_state: PortfolioStateProtocol,
        market_simulator: MarketSimulator | None = None,
        *,
        clock: Clock | None = None,
        on_fill: Callable[[Fill], object] | None = None,
        on_end: Callable[[int], object] | None = None,
    ) -> None:
        self._broker = broker
        self._portfolio = portfolio_state
        self._simulator = market_simulator or MarketSimulator()
        self._stands_on_marks = market_simulator is None
        self._clock = clock or broker.clock
        self._on_fill = on_fill or _ignore
        self._on_end = on_end or _ignore
        self._notes: dict[int, Reason] = {}  # what was ambiguous in the bar that is walked, by order

    def process(self, order: Order) -> list[Fill]:
        """Submit an order and match it against the bar it meets, or the mark; return all its fills, perhaps none.

        Raises:
            NoMarkError: There is neither a simulator nor a mark.
        """
        return self._process(order)[1]

    def fill(self, order: Order) -> Fill:
        """Submit an order that has to fill now, and return its first fill.

        Raises:
            OrderNotFilledError: It was rejected or canceled, or it rests; the error carries the reason.
            NoMarkError: There is neither a simulator nor a mark.
        """
        order_id, fills = self._process(order)
        if fills:
            return fills[0]
        tracked = self._broker.get_order(order_id)
        standing = self._standing(order)
        reason = tracked.reason or self.why_open(order_id, [] if standing is None else [standing])
        raise OrderNotFilledError(order_id, tracked.status.value, reason)

    async def process_order(self, order: Order) -> list[Fill]:
        """Await `process`, for a caller that lives in an event loop."""
        return self.process(order)

    async def execute(self, order: Order) -> Fill:
        """Await `fill`, for a caller that lives in an event loop."""
        return self.fill(order)

    def begin_step(self, now: datetime) -> None:
        """Let orders expire and do what was asked for, at the stamp of a step (phase 2 of rule R2)."""
        self._clock.phase = _REQUESTS
        for order_id in self._broker.begin_step(now):
            self._on_end(order_id)

    def run_bars(self, rounds: Sequence[Standing]) -> None:
        """Take every open order along the path of the bar of its symbol, where that has one in this step.

        Args:
            rounds: One for the step; several where finer bars stand for a bar, one after the other.
        """
        for standing in rounds:
            self._walk(standing, self._broker.lifecycle.books)

    def close_bars(self, closing: Standing) -> None:
        """Fill the orders for the close, at the close of each bar."""
        for bar in closing.values():
            bar.place = bar.prices[3]
        self._walk_phase(_CLOSE, closing, self._broker.lifecycle.books)

    def was_decided_at_close(self, symbol: str) -> bool:
        """Say whether a symbol has market orders that were asked for once the bars of this step had closed."""
        return bool(_new_market_orders(self._broker.lifecycle.books[symbol], self._clock.step + 1))

    def fill_at_close(self, standing: Standing) -> None:
        """Fill the market orders that wait for the next step at the close they were decided on (rule R1)."""
        step = self._clock.step + 1
        books = {symbol: _new_market_orders(self._broker.lifecycle.books[symbol], step) for symbol in standing}
        for symbol, bar in standing.items():
            bar.place = bar.prices[3]
            for record in books[symbol].values():  # this is the first step in which they may fill
                record.day = bar.timestamp.date()
        self._match(_STRATEGY, standing, books, step)

    def why_open(self, order_id: int, parts: Sequence[StandingBar], age: int = 0) -> Reason | None:
        """Say why an open order does not fill in this step; None where it would, or where the order is over.

        Args:
            order_id: Which order.
            parts: The bar of its symbol, or the finer ones that stand for it, on the path kept; none where it has none.
            age: Without a bar: how many steps old the last price is.
        """
        record = self._broker.tracker.find(order_id)
        return self._simulator.explain(record, parts, self._clock.step, age) if record.is_open else None

    def _process(self, order: Order) -> tuple[int, list[Fill]]:
        standing = self._standing(order)
        order_id = self._broker.submit(order)
        record = self._broker.tracker.find(order_id)
        if standing is not None and record.is_open:
            one = {order.symbol: standing}
            self._simulator.open_pool(standing, self._broker.quantity_step(order.symbol))
            self._walk(one, {order.symbol: {order_id: record}})
            self._walk_phase(_CLOSE, one, {order.symbol: {order_id: record}})
        return order_id, [fill for fill in self._broker.fills() if fill.order_id == order_id]

    def _walk(self, standing: Standing, books: Books) -> None:
        """Take orders along the paths of some bars, from their open to their close."""
        self._walk_phase(_OPEN, standing, books)
        if any(map(books.get, standing)):
            for symbol, bar in standing.items():
                self._choose_path(bar, books.get(symbol, {}))
            self._walk_legs(standing, books)

    def _walk_legs(self, standing: Standing, books: Books) -> None:
        for phase in _LEGS:
            self._walk_phase(phase, standing, books)
        self._notes.clear()

    def _walk_phase(self, phase: Phase, standing: Standing, books: Books) -> None:
        if not any(map(books.get, standing)):  # nothing can happen without an order, and none can come
            return
        self._clock.phase = phase
        self._match(phase, standing, books, self._clock.step)
        for symbol, bar in standing.items():
            self._advance(bar, books.get(symbol, {}).values(), bar.path[END_OF[phase]])

    def _match(self, phase: Phase, standing: Standing, books: Books, step: int) -> None:
        """Do what happens in a phase, over all symbols.

        Of one symbol it is what its path meets first; between symbols reductions come before increases, then the place
        in line (rule R7).
        """
        following = {symbol: self._next_of(bar, phase, books.get(symbol), step) for symbol, bar in standing.items()}
        while found := _first(following.values()):
            bar = standing[found.record.order.symbol]
            if found.place != bar.place:
                self._advance(bar, books[bar.symbol].values(), found.place)
            self._act(found, bar, phase, step)
            following[bar.symbol] = self._next_of(bar, phase, books.get(bar.symbol), step)

    def _next_of(
        self, bar: StandingBar, phase: Phase, book: Mapping[int, OrderRecord] | None, step: int
    ) -> Execution | None:
        """Return what happens next to the orders of a symbol in a phase; None where it is over for them."""
        if not book:
            return None
        found = self._simulator.next_of(bar, phase, book, step, self._held(bar.symbol))
        if found is not None and found.place == bar.place:
            return found
        followed = self._simulator.settle(bar, book.values())
        for record, stop in followed:
            self._broker.lifecycle.move_stop(record, stop, bar.timestamp)
        return self._simulator.next_of(bar, phase, book, step, self._held(bar.symbol)) if followed else found

    def _advance(self, bar: StandingBar, records: Iterable[OrderRecord], place: int) -> None:
        for record, stop in self._simulator.advance(bar, records, place, self._clock.step):
            self._broker.lifecycle.move_stop(record, stop, bar.timestamp)

    def _held(self, symbol: str) -> int:
        quantity = self._portfolio.get_position(symbol).quantity
        return (quantity > ZERO) - (quantity < ZERO)

    def _act(self, execution: Execution, bar: StandingBar, phase: Phase, step: int) -> None:
        """Do what an order does, tell who listens, and give them the rest of the bar of its symbol."""
        record, place = execution.record, bar.price(bar.place)
        self._clock.part = bar.part
        if phase < _CLOSE:
            self._clock.instant = (bar.symbol, place)
        if execution.act is Act.TRIGGER:
            self._broker.lifecycle.trigger(record, place, bar.timestamp)
        elif execution.act is Act.LAPSE:
            self._end(record, self._simulator.missed_here(record, bar), bar)
        else:
            self._fill(execution, bar, phase, step)
        self._on_end(record.id)
        self._clock.instant = None

    def _fill(self, execution: Execution, bar: StandingBar, phase: Phase, step: int) -> None:
        record = execution.record
        asked = record.ready(step)
        quantity = asked if bar.pool is None else min(asked, bar.pool)
        rule = self._simulator.rule_of(record, bar, phase)
        price = self._simulator.price_of(execution, bar, quantity) if quantity else None
        check = FillCheck(ZERO, ZERO) if price is None else self._broker.check_fill(record, quantity, price.price, rule)
        refusal = all_or_nothing(record, asked, check.quantity)
        if refusal is not None:
            self._end(record, refusal, bar)
            return
        capped = self._simulator.capped(asked, bar, quantity)
        fill = self._book(record, price, rule, check, capped, bar) if price and check.quantity else None
        if record.is_open and check.refusal is not None:
            self._end(record, check.refusal, bar)
        elif record.is_open and record.order.time_in_force.is_immediate:
            self._end(record, capped, bar)
        if fill:
            self._on_fill(fill)

    def _end(self, record: OrderRecord, reason: Reason | None, bar: StandingBar) -> None:
        if reason is not None:
            self._broker.lifecycle.end(record, reason, bar.timestamp)

    def _book(
        self,
        record: OrderRecord,
        price: Price,
        rule: FillRule,
        check: FillCheck,
        capped: Reason | None,
        bar: StandingBar,
    ) -> Fill:
        notes = (price.clamped, capped, check.note, self._notes.get(record.id))
        fill = Fill(
            id=self._broker.tracker.next_fill_id(),
            order_id=record.id,
            symbol=record.order.symbol,
            side=record.order.side,
            quantity=check.quantity,
            price=price.price,
            timestamp=bar.timestamp,
            commission=check.commission,
            rule=rule,
            reference_price=price.reference,
            notes=tuple(filter(None, notes)),
        )
        bar.check(fill.price)
        bar.take(fill.quantity)
        with self._broker.announcer.deliveries:
            self._broker.execute_fill(fill)
            book(self._portfolio, fill)
            self._broker.lifecycle.settle(record, fill)
        return fill

    def _choose_path(self, bar: StandingBar, book: Mapping[int, OrderRecord]) -> None:
        """Put a bar on the path that its rule keeps, and say where the other would give another outcome (rule R3)."""
        (preferred, path), (other, other_path) = self._simulator.paths(bar).items()
        bar.path = path
        records = [one for one in book.values() if one.is_open and one.eligible_step <= self._clock.step]
        if not records or not may_differ(records, path, bar.digits, self._simulator.beyond(bar), bar.tick):
            return
        working = self._with_relatives(book)
        outcomes = [self._outcome(bar, working, name, one) for name, one in ((preferred, path), (other, other_path))]
        if self._simulator.path_rule in _WORST and outcomes[1].value < outcomes[0].value:
            outcomes.reverse()
            bar.path = other_path
        at_stake, notes = compare(*outcomes)
        if notes:
            self._notes.update(notes)
            self._broker.announcer.announce(
                PathAmbiguous,
                bar.timestamp,
                bar.symbol,
                outcomes[0].path,
                at_stake,
                tuple(notes.items()),
                bar.part,
            )

    def _with_relatives(self, book: Mapping[int, OrderRecord]) -> list[OrderRecord]:
        """Return open orders and all that a fill of one can change, by number."""
        found = {order_id: one for order_id, one in book.items() if one.is_open}
        added = list(found.values())
        while added:
            record = added.pop()
            parent = () if record.parent_id is None else (record.parent_id,)
            for other in self._broker.tracker.find_open((*parent, *record.child_ids, *record.sibling_ids)):
                if other.id not in found:
                    found[other.id] = other
                    added.append(other)
        return [found[order_id] for order_id in sorted(found)]

    def _outcome(self, bar: StandingBar, records: Sequence[OrderRecord], name: str, path: Path) -> Outcome:
        """Return what a path would give, walked on copies and without callbacks."""
        portfolio = self._portfolio.fork()
        broker = self._broker.fork(portfolio, records, Clock(self._clock.step))
        engine = ExecutionEngine(broker, portfolio, self._simulator)
        engine._walk_legs({bar.symbol: bar.on_path(path)}, broker.lifecycle.books)
        held = portfolio.get_position(bar.symbol).quantity
        value = add(portfolio.get_cash_balance(), multiply(held, bar.close))
        return Outcome.of(name, value, broker.tracker)

    def _standing(self, order: Order) -> StandingBar | None:
        if not self._stands_on_marks:
            return self._simulator.standing(order, self._broker.tick_size(order.symbol))
        mark, timestamp = self._portfolio.get_mark(order.symbol), self._portfolio.timestamp
        if mark is None or timestamp is None:
            raise NoMarkError(order.symbol)
        return StandingBar.at_mark(order, mark, timestamp, self._broker.tick_size(order.symbol))


_WORST = frozenset({PathRule.WORST, PathRule.SUBBARS})


def _first(executions: Iterable[Execution | None]) -> Execution | None:
    """Return the one whose turn comes first."""
    first = None
    for one in executions:
        if one is not None and (first is None or one.turn < first.turn):
            first = one
    return first


def _new_market_orders(book: Mapping[int, OrderRecord], step: int) -> dict[int, OrderRecord]:
    """Return the market orders that were asked for once the bars of this step had closed."""
    return {order_id: record for order_id, record in book.items() if _is_new_market_order(record, step)}


def _is_new_market_order(record: OrderRecord, step: int) -> bool:
    is_market = record.order.type is OrderType.MARKET and bool(record.awake)
    return is_market and record.is_after_close and record.eligible_step == step and not record.cancel_queued


def _ignore(_: object) -> None:
    """Do nothing."""
