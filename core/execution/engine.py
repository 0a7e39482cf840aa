"""ExecutionEngine: broker, then simulator, then portfolio, in that order.

Facts of one fill, the order's and the portfolio's, are delivered only when both have booked it, so whoever listens sees
a consistent state.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from core.clock import Clock, Phase
from core.errors import NoMarkError, OrderNotFilledError
from core.execution.broker import BacktestBroker
from core.execution.checks import FillCheck
from core.execution.market_simulator import MATCHING_PHASES, MarketSimulator, Match, StandingBar
from core.execution.order_tracker import OrderRecord
from core.fill import Fill
from core.money import ZERO
from core.order import Order, OrderType
from core.protocols import PortfolioStateProtocol
from core.reason import Reason

_REQUESTS = Phase.REQUESTS
Books = Mapping[str, Mapping[int, OrderRecord]]
"""Open orders by symbol and number."""


class ExecutionEngine:
    """Takes an order from the broker through the market into the portfolio.

    Args:
        broker: Checks and records orders.
        portfolio_state: Books fills.
        market_simulator: Matches orders against bars; without one they fill at the portfolio's mark.
        clock: Where simulated time stands.
        on_fill: Called after each fill is booked everywhere; what it submits meets the rest of the bar.
        on_end: Called with the id of each order that a step cancels, lets expire, or refuses at fill.

    >>> from datetime import UTC
    >>> from decimal import Decimal
    >>> from core.order import BUY
    >>> from core.risk.portfolio import PortfolioState
    >>> portfolio = PortfolioState(initial_capital=Decimal(1000))
    >>> portfolio.mark("ACME", Decimal("9.50"), datetime(2024, 1, 2, tzinfo=UTC))
    >>> ExecutionEngine(BacktestBroker(portfolio), portfolio).fill(Order("ACME", BUY, 100)).price
    Decimal('9.50')
    """

    __slots__ = ("_broker", "_clock", "_on_end", "_on_fill", "_portfolio", "_simulator", "_stands_on_marks")

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
        self._clock = clock or Clock()
        self._on_fill = on_fill or _ignore
        self._on_end = on_end or _ignore

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
        reason = tracked.reason or self.why_open(order_id, self._standing(order))
        raise OrderNotFilledError(order_id, tracked.status.value, reason)

    async def process_order(self, order: Order) -> list[Fill]:
        """Await `process`, for a caller that lives in an event loop."""
        return self.process(order)

    async def execute(self, order: Order) -> Fill:
        """Await `fill`, for a caller that lives in an event loop."""
        return self.fill(order)

    def begin_step(self, now: datetime) -> None:
        """Let orders expire and cancel those queued, at the stamp of a step (phase 2 of rule R2)."""
        self._clock.phase = _REQUESTS
        for order_id in self._broker.begin_step(now):
            self._on_end(order_id)

    def run_bars(self, standing: Mapping[str, StandingBar]) -> None:
        """Take every open order along the path of the bar of its symbol, where that has one in this step."""
        self._walk(standing, self._broker.tracker.symbols)

    def fill_at_close(self, standing: Mapping[str, StandingBar]) -> None:
        """Fill the market orders that wait for the next step at the close they were decided on (rule R1)."""
        step = self._clock.step + 1
        books = {symbol: _new_market_orders(self._broker.tracker.symbols.get(symbol, {}), step) for symbol in standing}
        self._simulator.finish(Phase.CLOSE, standing)
        self._match(Phase.STRATEGY, standing, books, step)

    def why_open(self, order_id: int, standing: StandingBar | None, age: int = 0) -> Reason | None:
        """Say why an open order does not fill on a bar; None where it would, or where the order is over.

        Args:
            order_id: Which order.
            standing: The bar of its symbol in this step, its path not yet walked; None where there is none.
            age: Without a bar: how many steps old the last price is.
        """
        record = self._broker.tracker.find(order_id)
        return self._simulator.explain(record, standing, self._clock.step, age) if record.is_open else None

    def _process(self, order: Order) -> tuple[int, list[Fill]]:
        standing = self._standing(order)
        order_id = self._broker.submit(order)
        record = self._broker.tracker.find(order_id)
        if standing is not None and record.is_open:
            self._walk({order.symbol: standing}, {order.symbol: {order_id: record}})
        return order_id, [fill for fill in self._broker.fills() if fill.order_id == order_id]

    def _walk(self, standing: Mapping[str, StandingBar], books: Books) -> None:
        for phase in MATCHING_PHASES:
            if not books:
                break
            self._clock.phase = phase
            self._match(phase, standing, books, self._clock.step)
            self._simulator.finish(phase, standing)

    def _match(self, phase: Phase, standing: Mapping[str, StandingBar], books: Books, step: int) -> None:
        while books and (match := self._simulator.next_match(phase, standing, books, step, self._held)):
            self._execute(self._broker.tracker.find(match.order_id), match)

    def _held(self, symbol: str) -> int:
        quantity = self._portfolio.get_position(symbol).quantity
        return (quantity > ZERO) - (quantity < ZERO)

    def _execute(self, record: OrderRecord, match: Match) -> None:
        check = self._broker.check_fill(record, match.price)
        fill = self._book(record, match, check) if check.quantity else None
        if check.refusal:
            self._broker.refuse(record, check.refusal, match.timestamp)
        if fill:
            self._on_fill(fill)
        if check.refusal:
            self._on_end(record.id)

    def _book(self, record: OrderRecord, match: Match, check: FillCheck) -> Fill:
        fill = self._make_fill(record, match, check)
        with self._broker.announcer.deliveries:
            self._broker.execute_fill(fill)
            self._portfolio.update_position(
                symbol=fill.symbol,
                quantity_delta=fill.quantity_delta,
                price=fill.price,
                timestamp=fill.timestamp,
                commission=fill.commission,
                fill_id=fill.id,
            )
        return fill

    def _make_fill(self, record: OrderRecord, match: Match, check: FillCheck) -> Fill:
        return Fill(
            id=self._broker.tracker.next_fill_id(),
            order_id=record.id,
            symbol=record.order.symbol,
            side=record.order.side,
            quantity=check.quantity,
            price=match.price,
            timestamp=match.timestamp,
            commission=check.commission,
            rule=match.rule,
            note=check.note,
        )

    def _standing(self, order: Order) -> StandingBar | None:
        if not self._stands_on_marks:
            return self._simulator.standing(order, self._broker.tick_size(order.symbol))
        mark, timestamp = self._portfolio.get_mark(order.symbol), self._portfolio.timestamp
        if mark is None or timestamp is None:
            raise NoMarkError(order.symbol)
        return StandingBar.at_mark(order, mark, timestamp, self._broker.tick_size(order.symbol))


def _new_market_orders(book: Mapping[int, OrderRecord], step: int) -> dict[int, OrderRecord]:
    """Return the market orders that were asked for once the bars of this step had closed."""
    return {order_id: record for order_id, record in book.items() if _is_new_market_order(record, step)}


def _is_new_market_order(record: OrderRecord, step: int) -> bool:
    is_market = record.order.type is OrderType.MARKET
    return is_market and record.is_after_close and record.eligible_step == step and not record.cancel_queued


def _ignore(_: object) -> None:
    """Do nothing."""
