"""BacktestBroker: checks orders against a portfolio it can only read, and records orders and fills.

It has no place to keep a position: what is held it asks the portfolio, and what open orders claim follows from them.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import frozen

from core.announcer import Announcer, Handler
from core.clock import Clock, Phase
from core.events import OrderAccepted, OrderCanceled, OrderExpired, OrderFilled, OrderRejected, OrderSubmitted
from core.execution.checks import FillCheck, Terms, check_cash, check_fill, check_known, check_sale, check_terms
from core.execution.costs import Commission
from core.execution.order_tracker import OrderRecord, OrderTracker
from core.fill import Fill
from core.instrument import Instrument
from core.money import EXACT, ZERO, magnitude
from core.order import Order, OrderStatus, TimeInForce, TrackedOrder
from core.position import Position
from core.protocols import CommissionModel, PortfolioView
from core.reason import Code, Reason

_OPEN, _CLOSE, _STRATEGY = Phase.OPEN, Phase.CLOSE, Phase.STRATEGY
_MICROSECOND = timedelta(microseconds=1)


@frozen
class StatementLine:
    """One position in the shape of a broker statement; money is Decimal.

    Attributes:
        side: LONG or SHORT.
        quantity: Units, above zero.
        market_value: Quantity x mark, signed; at cost where there is no mark.
        unrealized_pnl: Market value less cost.
    """

    symbol: str
    side: str
    quantity: Decimal
    average_price: Decimal
    market_value: Decimal
    unrealized_pnl: Decimal


class BacktestBroker:
    """Takes orders, answers for them, and records what becomes of them.

    Args:
        portfolio_state: What it reads of positions, cash and marks.
        instruments: The symbols that can be traded, with their units; with none given every symbol is known, and any
            tick and quantity step is allowed.
        commission: What orders cost; nothing where none is given.
        allow_short: Whether a sale may exceed what is held.
        clock: Where simulated time stands; orders are eligible at once where none runs.
        announcer: What its facts are announced through.

    >>> from core.order import BUY, SELL
    >>> from core.risk.portfolio import PortfolioState
    >>> broker = BacktestBroker(PortfolioState(initial_capital=Decimal(1000)))
    >>> broker.get_order(broker.submit(Order("ACME", SELL, 10))).reason.text
    'position must cover sale, held 0, other open sales 0, asked 10, at most 0'
    """

    __slots__ = ("_announcer", "_clock", "_instruments", "_portfolio", "_queued", "_terms", "_tracker")

    def __init__(
        self,
        portfolio_state: PortfolioView,
        *,
        instruments: Iterable[Instrument] | None = None,
        commission: CommissionModel | None = None,
        allow_short: bool = False,
        clock: Clock | None = None,
        announcer: Announcer | None = None,
    ) -> None:
        self._portfolio = portfolio_state
        self._instruments = None if instruments is None else {one.symbol: one for one in instruments}
        self._terms = Terms(commission or Commission(), allow_short)
        self._clock = clock or Clock()
        self._announcer = announcer or Announcer()
        self._tracker = OrderTracker()
        self._queued: list[OrderRecord] = []

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Call the handler with every change of an order from now on; returns how to stop."""
        return self._announcer.subscribe(handler)

    def submit(self, order: Order, *, eligible_step: int | None = None) -> int:
        """Take an order, check it, and return its id, also for a rejected one.

        Args:
            order: What is asked.
            eligible_step: The first step in which it may fill; the present one where it is not given.
        """
        step = self._clock.step if eligible_step is None else eligible_step
        now = self._portfolio.timestamp
        record = self._tracker.add(order, now, step)
        record.is_after_close = self._clock.phase is _STRATEGY
        if now is not None and step <= self._clock.step:
            record.day = now.date()
            record.is_inside = _OPEN <= self._clock.phase < _CLOSE
        with self._announcer.deliveries:
            self._announcer.announce(OrderSubmitted, now, record.id, order)
            reason = self._check(record)
            if reason is None:
                self._tracker.accept(record)
                self._announcer.announce(OrderAccepted, now, record.id)
            else:
                self._tracker.reject(record, reason)
                self._announcer.announce(OrderRejected, now, record.id, reason)
        return record.id

    async def submit_order(self, order: Order) -> int:
        """Await `submit`, for a caller that lives in an event loop."""
        return self.submit(order)

    def cancel(self, order_id: int) -> None:
        """Give up what is left of an open order, at once.

        Raises:
            UnknownOrderError: No order has this id.
            OrderTransitionError: The order is over.
        """
        record = self._tracker.find(order_id)
        self._tracker.check_can_end(record)
        self._end(record, _left(record, Code.CANCEL_REQUESTED))

    def queue_cancel(self, order_id: int) -> None:
        """Cancel an order before it can fill again, when the next step begins; until then it claims nothing.

        Raises:
            UnknownOrderError: No order has this id.
            OrderTransitionError: The order is over.
        """
        record = self._tracker.find(order_id)
        self._tracker.check_can_end(record)
        if not record.cancel_queued:
            record.cancel_queued = True
            self._queued.append(record)

    def begin_step(self, now: datetime) -> list[int]:
        """Let orders expire whose day is over, then cancel those queued (phase 2 of rule R2); return their ids."""
        if not self._queued and not self._tracker.has_day_records:
            return []
        ended = [record.id for record in self._tracker.day_records() if self._expire(record, now)]
        queued, self._queued = self._queued, []
        for record in queued:
            if record.is_open:
                self._end(record, _left(record, Code.CANCEL_REQUESTED), now=now)
                ended.append(record.id)
        return ended

    def check_fill(self, record: OrderRecord, price: Decimal) -> FillCheck:
        """Say how much of what remains of an order may fill at a price, and why the rest may not."""
        return check_fill(record, price, self._portfolio, self._terms)

    def execute_fill(self, fill: Fill) -> None:
        """Record a fill on its order, and only there: positions and cash are the portfolio's.

        Raises:
            UnknownOrderError: No order has the id it names.
            InvalidFillError: It was applied before, or does not fit its order.
            OrderTransitionError: Its order is not open.
        """
        record = self._tracker.find(fill.order_id)
        self._tracker.apply_fill(record, fill)
        self._announcer.announce(OrderFilled, fill.timestamp, record.id, fill, record.remaining)

    def refuse(self, record: OrderRecord, reason: Reason, now: datetime) -> None:
        """Cancel what is left of an order because it was refused at fill (rule R15b)."""
        self._end(record, reason, now=now)

    def get_order(self, order_id: int) -> TrackedOrder:
        """Return an order and how far it came.

        Raises:
            UnknownOrderError: No order has this id.
        """
        return self._tracker.find(order_id).seen()

    @property
    def order_count(self) -> int:
        """How many orders were ever submitted; their ids are 1 to this."""
        return len(self._tracker)

    def orders(self) -> list[TrackedOrder]:
        """Return every order ever submitted, rejected ones too, by id."""
        return [record.seen() for record in self._tracker.all_records()]

    def open_orders(self) -> list[TrackedOrder]:
        """Return the orders that may still fill, by id."""
        return [record.seen() for record in self._tracker.open_records()]

    def fills(self) -> list[Fill]:
        """Return every fill, in the order of execution."""
        return list(self._tracker.fills.values())

    def convert_positions(self, positions: Mapping[str, Position]) -> list[StatementLine]:
        """Return positions in the shape of a broker statement, derived anew each time."""
        return [self._statement_line(position) for position in positions.values() if not position.is_flat]

    @property
    def tracker(self) -> OrderTracker:
        """The orders as they are kept, for the engine."""
        return self._tracker

    @property
    def announcer(self) -> Announcer:
        """What its facts are announced through, for the engine."""
        return self._announcer

    def tick_size(self, symbol: str) -> Decimal | None:
        """Return the smallest move of a symbol's price; None where any price will do."""
        instrument = self._instruments.get(symbol) if self._instruments is not None else None
        return None if instrument is None else instrument.tick_size

    def tick_units(self, symbol: str, digits: int) -> int:
        """Return a symbol's tick in units of the given digit after the point; at least 1."""
        tick = self.tick_size(symbol)
        return 1 if tick is None else max(1, int(tick.scaleb(digits, EXACT)))

    def _check(self, record: OrderRecord) -> Reason | None:
        order = record.order
        instrument = self._instruments.get(order.symbol) if self._instruments else None
        instrument = instrument or Instrument(order.symbol)
        reason = check_known(order.symbol, self._instruments) or check_terms(order, instrument)
        if reason:
            return reason
        others = [one for one in self._tracker.open_records() if self._counts(one)] if self._tracker.symbols else []
        if record.sign < 0 and not self._terms.allow_short:
            return check_sale(record, self._portfolio, others, instrument)
        return check_cash(record, self._portfolio, others, self._terms, instrument)

    def _counts(self, record: OrderRecord) -> bool:
        """Say whether an open order still has a claim: its cancel is not queued, and its day can go on."""
        if record.cancel_queued:
            return False
        now = self._portfolio.timestamp
        if record.day is None or now is None or record.order.time_in_force is not TimeInForce.DAY:
            return True
        return self._clock.phase is not _STRATEGY or (now + _MICROSECOND).date() <= record.day

    def _expire(self, record: OrderRecord, now: datetime) -> bool:
        if record.day is None and record.eligible_step <= self._clock.step:
            record.day = now.date()
        if record.day is None or now.date() <= record.day:
            return False
        reason = _left(record, Code.EXPIRED, day=f"{record.day}")
        given_up = self._tracker.end(record, OrderStatus.EXPIRED, reason)
        self._announcer.announce(OrderExpired, now, record.id, given_up, reason)
        return True

    def _end(self, record: OrderRecord, reason: Reason, now: datetime | None = None) -> None:
        given_up = self._tracker.end(record, OrderStatus.CANCELED, reason)
        self._announcer.announce(OrderCanceled, now or self._portfolio.timestamp, record.id, given_up, reason)

    def _statement_line(self, position: Position) -> StatementLine:
        mark = self._portfolio.get_mark(position.symbol)
        value = position.cost_basis if mark is None else position.market_value(mark)
        return StatementLine(
            symbol=position.symbol,
            side="LONG" if position.quantity > ZERO else "SHORT",
            quantity=magnitude(position.quantity),
            average_price=position.average_price or ZERO,
            market_value=value,
            unrealized_pnl=ZERO if mark is None else position.unrealized_pnl(mark),
        )


def _left(record: OrderRecord, code: Code, **params: str) -> Reason:
    return Reason.of(code, remaining=record.remaining, quantity=record.order.quantity, **params)
