"""BacktestBroker: checks orders against a portfolio it can only read, and records orders and fills.

It has no place to keep a position: what is held it asks the portfolio, and what open orders claim follows from them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.announcer import Announcer, Handler
from core.bars import written_time
from core.clock import Clock, Phase
from core.corporate_action import Split
from core.errors import InvalidOrderError
from core.events import (
    OrderFilled,
)
from core.execution.adjustment import Adjustment
from core.execution.ask import Ask
from core.execution.checks import check_claims, check_known, check_siblings, check_terms
from core.execution.claim_sums import NO_OTHERS, Others
from core.execution.costs import Commission
from core.execution.fill_check import FillCheck, check_fill
from core.execution.lifecycle import OrderLifecycle, left_of
from core.execution.order_record import OrderRecord
from core.execution.order_tracker import OrderTracker
from core.execution.requests import Change, Request, Requests
from core.execution.statement import StatementLine, statement_line
from core.execution.terms import CashRule, Limits, Terms
from core.fill import Fill, FillRule
from core.instrument import Instrument
from core.order import Order, OrderStatus, TimeInForce, TrackedOrder
from core.position import Position
from core.protocols import CommissionModel, PortfolioView
from core.reason import Code, Reason

_STRATEGY = Phase.STRATEGY
_MICROSECOND = timedelta(microseconds=1)
_CANCELED = OrderStatus.CANCELED


class BacktestBroker:
    """Takes orders, answers for them, and records what becomes of them.

    Args:
        portfolio_state: What it reads of positions, cash and marks.
        instruments: The symbols that can be traded, with their units; with none given every symbol is known, and any
            tick and quantity step is allowed.
        commission: What orders cost; nothing where none is given.
        allow_short: Whether a sale may exceed what is held.
        cash_rule: What happens to a fill that cash does not cover.
        limits: What a person allows at most.
        clock: Where simulated time stands; orders are eligible at once where none runs.
        announcer: What its facts are announced through.
        edits: What is asked for in the place of some orders, by their ids; None for one that is refused.

    >>> from core.order import BUY, SELL
    >>> from core.risk.portfolio import PortfolioState
    >>> broker = BacktestBroker(PortfolioState(initial_capital=Decimal(1000)))
    >>> broker.get_order(broker.submit(Order("ACME", SELL, 10))).reason.text
    'position must cover sale, held 0, other open sales 0, asked 10, at most 0'
    """

    __slots__ = (
        "_announcer",
        "_clock",
        "_edits",
        "_instruments",
        "_lifecycle",
        "_portfolio",
        "_requests",
        "_terms",
        "_tracker",
    )

    def __init__(
        self,
        portfolio_state: PortfolioView,
        *,
        instruments: Iterable[Instrument] | None = None,
        commission: CommissionModel | None = None,
        allow_short: bool = False,
        cash_rule: CashRule = CashRule.REJECT,
        limits: Limits | None = None,
        clock: Clock | None = None,
        announcer: Announcer | None = None,
        edits: Mapping[int, Order | None] | None = None,
    ) -> None:
        self._edits = edits or {}
        self._portfolio = portfolio_state
        self._instruments = None if instruments is None else {one.symbol: one for one in instruments}
        self._terms = Terms(commission or Commission(), allow_short, cash_rule, limits or Limits())
        self._clock = clock or Clock()
        self._announcer = announcer or Announcer()
        self._keep_in(OrderTracker())

    def fork(self, portfolio: PortfolioView, records: Iterable[OrderRecord], clock: Clock) -> "BacktestBroker":
        """Return a broker of copies of open orders, over another portfolio and clock, that announces to nobody."""
        other = BacktestBroker(portfolio, clock=clock)
        other._instruments, other._terms = self._instruments, self._terms
        other._keep_in(self._tracker.fork(records))
        for record in other._tracker.all_records():
            other._lifecycle.books[record.order.symbol].add(record)
        return other

    def _keep_in(self, tracker: OrderTracker) -> None:
        self._tracker = tracker
        self._lifecycle = OrderLifecycle(tracker, self._announcer, self._clock, self._portfolio, self.tick_size)
        self._requests = Requests(tracker, self._lifecycle, self._announcer, self._portfolio, self._check)

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Call the handler with every change of an order from now on; returns how to stop."""
        return self._announcer.subscribe(handler)

    def submit(self, order: Order, *, eligible_step: int | None = None, cause: str = "") -> int:
        """Take an order, check it, and return its id, also for a rejected one.

        Args:
            order: What is asked.
            eligible_step: The first step in which it may fill; the present one where it is not given.
            cause: Where a strategy asked for it.
        """
        record = self._add(order, eligible_step)
        with self._announcer.deliveries:
            self._lifecycle.announce_submitted(record, cause)
            self._lifecycle.decide(record, self._check(record, record.submitted_at))
        return record.id

    async def submit_order(self, order: Order) -> int:
        """Await `submit`, for a caller that lives in an event loop."""
        return self.submit(order)

    def submit_oco(self, orders: Sequence[Order], *, eligible_step: int | None = None, cause: str = "") -> list[int]:
        """Take orders of which each cancels as much of the others as it fills, and return their ids.

        All are accepted, or none.

        Args:
            orders: At least two, of one symbol.
            eligible_step: The first step in which they may fill; the present one where it is not given.
            cause: Where a strategy asked for them.

        Raises:
            InvalidOrderError: Fewer than two, or of several symbols.
        """
        if len(orders) < _PAIR or any(one.symbol != orders[0].symbol for one in orders):
            raise InvalidOrderError("one that cancels another needs it, in the same symbol")
        first = self.order_count + 1
        return self._submit_group([self._add(one, eligible_step, None, first) for one in orders], cause)

    def submit_bracket(
        self, entry: Order, exits: Sequence[Order], *, eligible_step: int | None = None, cause: str = ""
    ) -> list[int]:
        """Take an entry and its exits, which come to life as it fills, and return their ids, the entry's first.

        All are accepted, or none.

        Args:
            entry: What opens.
            exits: What closes: of the entry's symbol and quantity, and of the other side.
            eligible_step: The first step in which they may fill; the present one where it is not given.
            cause: Where a strategy asked for them.

        Raises:
            InvalidOrderError: No exit, or one that does not fit the entry.
        """
        if not exits or any(not _is_exit(one, entry) for one in exits):
            raise InvalidOrderError("an exit must have the symbol and quantity of its entry, and the other side")
        parent_id = self.order_count + 1
        group_id = parent_id + 1 if exits[1:] else None
        records = [self._add(entry, eligible_step)]
        records += [self._add(one, eligible_step, parent_id, group_id) for one in exits]
        return self._submit_group(records, cause)

    def cancel(self, order_id: int) -> None:
        """Give up what is left of an open order, at once.

        Raises:
            UnknownOrderError: No order has this id.
            OrderTransitionError: The order is over.
        """
        record = self._tracker.find(order_id)
        self._tracker.check_can_end(record)
        self._lifecycle.end(record, left_of(record, Code.CANCEL_REQUESTED))

    def amend(
        self,
        order_id: int,
        *,
        quantity: int | Decimal | None = None,
        limit_price: int | Decimal | None = None,
        stop_price: int | Decimal | None = None,
    ) -> Reason | None:
        """Change an open order, at once; what is not given stays (rule R12c).

        Args:
            order_id: Which order.
            quantity: All units, those filled included; equal to these it cancels the rest.
            limit_price: The new limit.
            stop_price: The new stop.

        Returns:
            Why it was refused, and the order stands as it was; None where it was changed.

        Raises:
            UnknownOrderError: No order has this id.
            NotExactError: A number that is none.
            InvalidOrderError: A price that such an order cannot have.
        """
        return self._requests.change_now(self._tracker.find(order_id), Change(quantity, limit_price, stop_price))

    def request_cancel(self, order_id: int, *, at_once: bool, cause: str = "") -> None:
        """Ask for a cancel, which takes effect now or when the next step begins; one that cannot be is refused.

        Until it takes effect the order claims nothing.

        Raises:
            UnknownOrderError: No order has this id.
        """
        self._requests.cancel(self._tracker.find(order_id), at_once=at_once, cause=cause)

    def request_amend(
        self,
        order_id: int,
        *,
        quantity: int | Decimal | None = None,
        limit_price: int | Decimal | None = None,
        stop_price: int | Decimal | None = None,
        at_once: bool,
        cause: str = "",
    ) -> None:
        """Ask for a change, which takes effect now or when the next step begins; one that cannot be is refused.

        Raises:
            UnknownOrderError: No order has this id.
            NotExactError: A number that is none.
            InvalidOrderError: A price that such an order cannot have.
        """
        change = Change(quantity, limit_price, stop_price)
        self._requests.amend(self._tracker.find(order_id), change, at_once=at_once, cause=cause)

    @property
    def has_to_begin(self) -> bool:
        """Whether anything can happen as a step begins: a life may end, or something was asked for."""
        return bool(self._requests.waiting or self._lifecycle.lifetimes)

    def begin_step(self, now: datetime) -> list[int]:
        """Let orders expire whose life is over, then do what was asked for (phase 2 of R2); return of which orders."""
        due = self._lifecycle.lifetimes.due(now, self._clock.step)
        ended = [record.id for record in due if record.is_open and self._expire(record, now)] if due else []
        return ended + self._requests.carry_out(now) if self._requests.waiting else ended

    def split(self, split: Split, now: datetime) -> list[int]:
        """Put the open orders of a symbol into the units after a split (rule R2); return of which orders, by id."""
        records = [one for one in self._tracker.open_records() if one.order.symbol == split.symbol]
        instrument = self._instrument(split.symbol)
        adjustment = Adjustment(split, instrument, self._lifecycle, self._announcer, now)
        return adjustment.adjust(records) + adjustment.adjust_waiting(self._requests.waiting)

    def check_fill(self, record: OrderRecord, quantity: Decimal, price: Decimal, rule: FillRule) -> FillCheck:
        """Say how many of some units of an order may fill at a price, and why the rest may not."""
        instrument = self._instrument(record.order.symbol)
        return check_fill(record, quantity, price, self._portfolio, self._terms, instrument, is_maker=rule.is_maker)

    def execute_fill(self, fill: Fill) -> None:
        """Record a fill on its order, and only there: positions and cash are the portfolio's.

        Raises:
            UnknownOrderError: No order has the id it names.
            InvalidFillError: It was applied before, or does not fit its order.
            OrderTransitionError: Its order is not open.
        """
        record = self._tracker.find(fill.order_id)
        self._tracker.apply_fill(record, fill)
        self._lifecycle.note_fill(record)
        self._announcer.announce(OrderFilled, fill.timestamp, record.id, fill, record.remaining, self._clock.part)

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
        view = self._portfolio
        return [statement_line(one, view.get_mark(one.symbol)) for one in positions.values() if not one.is_flat]

    @property
    def tracker(self) -> OrderTracker:
        """The orders as they are kept, for the engine."""
        return self._tracker

    @property
    def requests(self) -> Sequence[Request]:
        """What waits for the next step to begin; the same list all along, for the loop."""
        return self._requests.waiting

    @property
    def lifecycle(self) -> OrderLifecycle:
        """What changes the orders, for the engine."""
        return self._lifecycle

    @property
    def clock(self) -> Clock:
        """Where simulated time stands, for the engine."""
        return self._clock

    @property
    def announcer(self) -> Announcer:
        """What its facts are announced through, for the engine."""
        return self._announcer

    def tick_size(self, symbol: str) -> Decimal | None:
        """Return the smallest move of a symbol's price; None where any price will do."""
        return self._instrument(symbol).tick_size

    def quantity_step(self, symbol: str) -> Decimal | None:
        """Return the smallest move of a symbol's quantity; None where any quantity will do."""
        return self._instrument(symbol).quantity_step

    def _instrument(self, symbol: str) -> Instrument:
        found = self._instruments.get(symbol) if self._instruments is not None else None
        return found or Instrument(symbol)

    def _add(
        self,
        order: Order,
        eligible_step: int | None,
        parent_id: int | None = None,
        group_id: int | None = None,
    ) -> OrderRecord:
        step = self._clock.step if eligible_step is None else eligible_step
        if self._edits:
            order = self._edits.get(self.order_count + 1) or order
        return self._tracker.add(
            order,
            self._portfolio.timestamp,
            step,
            parent_id,
            group_id,
            step=self._clock.step,
            is_after_close=self._clock.phase is _STRATEGY,
            entry=self._lifecycle.entry_in(order.symbol) if step <= self._clock.step else None,
        )

    def _submit_group(self, records: Sequence[OrderRecord], cause: str) -> list[int]:
        with self._announcer.deliveries:
            for record in records:
                self._lifecycle.announce_submitted(record, cause)
            reasons = [self._check(record, record.submitted_at) for record in records]
            failed = next(((one.id, reason) for one, reason in zip(records, reasons, strict=True) if reason), None)
            for record, reason in zip(records, reasons, strict=True):
                self._lifecycle.decide(record, reason or _of_group(failed))
        return [record.id for record in records]

    def _check(self, record: OrderRecord, now: datetime | None) -> Reason | None:
        order = record.order
        if self._edits and self._edits.get(record.id, order) is None:
            return Reason.of(Code.DROPPED_BY_HAND)
        reason = check_known(order.symbol, self._instruments)
        if reason:
            return reason
        instrument = self._instrument(order.symbol)
        reason = check_terms(order, instrument)
        if not reason and record.sibling_ids:
            siblings = (self._tracker.find(one) for one in record.sibling_ids)
            reason = check_siblings(order, [one.order for one in siblings if not one.status.is_final])
        if reason or record.asleep:
            return reason
        others, units, opening = self._besides(record, now)
        return check_claims(Ask(record, self._portfolio, others, self._terms, instrument, units, opening))

    def _besides(self, asked: OrderRecord, now: datetime | None) -> Others:
        claims = self._lifecycle.claims
        return claims.besides(asked, self._counting(asked, now), self._portfolio, self._terms) if claims else NO_OTHERS

    def _counting(self, asked: OrderRecord, now: datetime | None) -> Callable[[OrderRecord], bool]:
        """Return what says whether an open order has a claim besides another.

        It has if it is awake, and neither canceled nor at its end.
        """
        earliest = now and (now + _MICROSECOND if self._clock.phase is _STRATEGY else now)  # when it may fill next

        def counts(record: OrderRecord) -> bool:
            if record.id == asked.id or record.id in asked.sibling_ids or record.cancel_queued or not record.awake:
                return False
            good_till = record.order.good_till
            if earliest is None or good_till is not None:
                return earliest is None or good_till is None or earliest <= good_till
            is_of_day = record.day is not None and record.order.time_in_force is TimeInForce.DAY
            return not is_of_day or record.day is None or earliest.date() <= record.day

        return counts

    def _expire(self, record: OrderRecord, now: datetime) -> bool:
        until = self._life_end(record, now)
        if until is None:
            return False
        self._lifecycle.expire(record, left_of(record, Code.EXPIRED, until=until), now)
        return True

    def _life_end(self, record: OrderRecord, now: datetime) -> str | None:
        """Return with what the life of an order has ended before a step; None where it goes on."""
        good_till = record.order.good_till
        if good_till is not None:
            return None if now <= good_till else written_time(good_till.astimezone(UTC))
        return None if record.day is None or now.date() <= record.day else f"{record.day}"


_PAIR = 2


def _is_exit(order: Order, entry: Order) -> bool:
    is_alike = order.symbol == entry.symbol and order.quantity == entry.quantity
    return is_alike and order.side is not entry.side


def _of_group(failed: tuple[int, Reason] | None) -> Reason | None:
    """Return the reason of an order that passed, in a group where one has not."""
    if failed is None:
        return None
    order_id, reason = failed
    return Reason.of(Code.GROUP_MUST_PASS, order=order_id, failed=reason.code.value)
