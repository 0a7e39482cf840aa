"""OrderLifecycle: what happens to an order, and to those that depend on it; recorded and announced (rules R8 and R9).

It decides neither whether an order is allowed nor when it fills: it does what follows once that is decided.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from attrs import field, frozen

from core.announcer import Announcer
from core.clock import Clock
from core.events import (
    OrderAccepted,
    OrderActivated,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderReduced,
    OrderRejected,
    OrderSplit,
    OrderSubmitted,
    OrderTriggered,
    StopMoved,
)
from core.execution.claim_sums import ClaimSums
from core.execution.lifetimes import Lifetimes
from core.execution.open_book import OpenBooks
from core.execution.order_record import Entry, OrderRecord
from core.execution.order_tracker import OrderTracker
from core.execution.path import first_stop, is_trailing
from core.fill import Fill, FillRule
from core.money import subtract
from core.order import Order, OrderStatus
from core.protocols import PortfolioView
from core.reason import Code, Param, Reason


@frozen
class OrderLifecycle:
    """The one that changes orders.

    Args:
        tracker: Where they are kept.
        announcer: What the facts are announced through.
        clock: Where simulated time stands.
        portfolio: What tells the time and the marks.
        tick_size: Returns the smallest move of a symbol's price; None where any price will do.

    Attributes:
        books: The open orders of each symbol that its bar can concern.
        claims: What open orders claim.
        lifetimes: When their lives end.
    """

    _tracker: OrderTracker
    _announcer: Announcer
    _clock: Clock
    _portfolio: PortfolioView
    _tick_size: Callable[[str], Decimal | None]
    books: OpenBooks = field(factory=OpenBooks, init=False)
    claims: ClaimSums = field(factory=ClaimSums, init=False)
    lifetimes: Lifetimes = field(factory=Lifetimes, init=False)

    def announce_submitted(self, record: OrderRecord, cause: str) -> None:
        """Announce that an order was asked for."""
        now, order, step = record.submitted_at, record.order, record.eligible_step
        price, part = _place(record.entry)
        relations = (record.parent_id, record.group_id)
        self._make_new(record, record.entry)
        self._announcer.announce(OrderSubmitted, now, record.id, order, step, price, *relations, cause, part)

    def decide(self, record: OrderRecord, reason: Reason | None) -> None:
        """Accept an order, or reject it for a reason; a trailing stop without a first price counts from the mark."""
        now = record.submitted_at
        if reason is not None:
            self._tracker.reject(record, reason)
            self._announcer.announce(OrderRejected, now, record.id, reason)
            return
        self._tracker.accept(record)
        self.books[record.order.symbol].add(record)
        self.claims.open(record)
        if record.order.time_in_force.is_bounded:
            self.lifetimes.add(record)
        self._announcer.announce(OrderAccepted, now, record.id)
        if record.stop_price is None and is_trailing(record):
            mark = self._portfolio.get_mark(record.order.symbol)
            if mark is not None:
                self._begin_trail(record, mark, now)

    def amend(self, record: OrderRecord, order: Order, stop_price: Decimal | None, now: datetime | None) -> None:
        """Change what an order asks for; it keeps its place in line if no price changes and no quantity is added."""
        is_moved = stop_price != record.stop_price or order.limit_price != record.order.limit_price
        keeps_place = not is_moved and order.quantity <= record.order.quantity
        entry = self.entry_in(order.symbol)
        self._tracker.amend(record, order, stop_price, keeps_place=keeps_place, entry=entry)
        record.just_triggered = False
        self._make_new(record, entry)
        self._stir(record)
        self.lifetimes.wake(record)
        self._announcer.announce(OrderAmended, now, record.id, order, stop_price, keeps_place, *_place(entry))

    def split(
        self, record: OrderRecord, order: Order, stop_price: Decimal | None, new: int, old: int, now: datetime
    ) -> None:
        """Put an open order into the units after a split; it keeps its place in line."""
        self._tracker.split(record, order, stop_price, new, old)
        self._stir(record)
        self._announcer.announce(OrderSplit, now, record.id, order, stop_price, new, old)

    def entry_in(self, symbol: str) -> Entry | None:
        """Return where on the path of a symbol's bar this instant is; None where none is being walked."""
        price = self._clock.price_in(symbol)
        return None if price is None else Entry(self._clock.step, self._clock.phase, price, self._clock.part)

    def trigger(self, record: OrderRecord, price: Decimal, now: datetime) -> None:
        """Record that a stop was reached at a price of the path."""
        clock, stop = self._clock, record.stop_price
        self._tracker.trigger(record, Entry(clock.step, clock.phase, price, clock.part))
        record.instant, record.just_triggered = record.instant or FillRule.STOP, True
        self._stir(record)
        self._announcer.announce(OrderTriggered, now, record.id, stop, price, clock.part)

    def request_cancel(self, record: OrderRecord) -> None:
        """Note that an order will be canceled, and claims nothing any more."""
        self._tracker.request_cancel(record)
        if record.is_open:
            self.claims.change(record)

    def move_stop(self, record: OrderRecord, stop_price: Decimal, now: datetime | None) -> None:
        """Record that a trailing stop was set, or has followed the price."""
        before = record.stop_price
        self._tracker.move_stop(record, stop_price, self._clock.step)
        self._announcer.announce(StopMoved, now, record.id, before, stop_price)

    def note_fill(self, record: OrderRecord) -> None:
        """Note that an order has filled, in part or whole, and so claims less."""
        if record.is_open:
            self.claims.change(record)
        else:
            self._forget(record)

    def settle(self, record: OrderRecord, fill: Fill) -> None:
        """Do what a fill does to the siblings, the entry and the exits of its order (rules R8 and R9)."""
        if record.sibling_ids:
            self._reduce_siblings(record, fill)
        if record.parent_id is not None:
            self._end_parent(record, fill.timestamp)
        if record.child_ids:
            self._wake_children(record, fill)
        if record.is_open and not record.remaining:  # the rest of it was given up before
            self.end(record, record.reduction or left_of(record, Code.CANCEL_REQUESTED), fill.timestamp)

    def end(self, record: OrderRecord, reason: Reason, now: datetime | None = None) -> None:
        """Cancel what is left of an order, and what depends on it."""
        self._finish(record, OrderStatus.CANCELED, reason, now or self._portfolio.timestamp)

    def expire(self, record: OrderRecord, reason: Reason, now: datetime) -> None:
        """End an order whose life is over, and what depends on it."""
        self._finish(record, OrderStatus.EXPIRED, reason, now)

    def _reduce_siblings(self, record: OrderRecord, fill: Fill) -> None:
        for sibling in self._tracker.find_open(record.sibling_ids):
            given_up = min(fill.quantity, sibling.remaining)
            self._give_up(
                sibling, given_up, Code.SIBLING_FILLED, fill.timestamp, sibling=record.id, filled=fill.quantity
            )

    def _end_parent(self, record: OrderRecord, now: datetime) -> None:
        for parent in self._tracker.find_open((record.parent_id or 0,)):
            self.end(parent, left_of(parent, Code.CHILD_FILLED, child=record.id), now)

    def _wake_children(self, record: OrderRecord, fill: Fill) -> None:
        entry, now = self.entry_in(fill.symbol), fill.timestamp
        for child in self._tracker.find_open(record.child_ids):
            woken = min(child.asleep, fill.quantity)
            if woken:
                self._tracker.wake(child, woken, now.date(), self._clock.step, entry)
                self._make_new(child, entry)
                self._stir(child)
                self.lifetimes.wake(child)
                self._announcer.announce(OrderActivated, now, child.id, woken, *_place(entry))
                if child.stop_price is None and is_trailing(child):
                    self._begin_trail(child, fill.reference_price if entry is None else entry.price, now)
        if not record.is_open:
            self._end_children(record, fill.timestamp)

    def _end_children(self, record: OrderRecord, now: datetime | None) -> None:
        for child in self._tracker.find_open(record.child_ids):
            if child.asleep:
                params: dict[str, Param] = {"parent": record.id, "filled": record.filled, "asleep": child.asleep}
                self._give_up(child, child.asleep, Code.PARENT_NOT_FILLED, now, **params)

    def _give_up(
        self, record: OrderRecord, quantity: Decimal, code: Code, now: datetime | None, **params: Param
    ) -> None:
        """Take units off what remains of an order; one with nothing left is canceled."""
        left = subtract(record.remaining, quantity)
        described = {"remaining": left, "quantity": record.order.quantity, **params}
        if not left:
            self.end(record, Reason.of(code, **described), now)
            return
        reason = Reason.of(code, **described)
        self._tracker.reduce(record, quantity, reason)
        self.claims.change(record)
        self._announcer.announce(OrderReduced, now, record.id, quantity, left, reason)

    def _stir(self, record: OrderRecord) -> None:
        """Have an open order asked again, since what it waits for or claims has changed."""
        self.books[record.order.symbol].add(record)
        self.claims.change(record)

    def _forget(self, record: OrderRecord) -> None:
        self.books[record.order.symbol].remove(record)
        self.claims.remove(record)

    def _finish(self, record: OrderRecord, status: OrderStatus, reason: Reason, now: datetime | None) -> None:
        given_up = self._tracker.end(record, status, reason)
        self._forget(record)
        kind = OrderExpired if status is OrderStatus.EXPIRED else OrderCanceled
        with self._announcer.deliveries:
            self._announcer.announce(kind, now, record.id, given_up, reason)
            if record.child_ids:
                self._end_children(record, now)

    def _make_new(self, record: OrderRecord, entry: Entry | None) -> None:
        """Let an order that has entered a path here be tested at the price that stands there (rule R8)."""
        if entry is not None:
            record.instant = record.instant or FillRule.INSTANT

    def _begin_trail(self, record: OrderRecord, price: Decimal, now: datetime | None) -> None:
        """Give a trailing stop that has none yet its first price."""
        self.move_stop(record, first_stop(record, price, self._tick_size(record.order.symbol)), now)


def _place(entry: Entry | None) -> tuple[Decimal | None, int]:
    """Return an entry as the fields of a fact."""
    return (None, 0) if entry is None else (entry.price, entry.part)


def left_of(record: OrderRecord, code: Code, **params: Param) -> Reason:
    """Return the reason of an order that ends, with what is left of it."""
    return Reason.of(code, remaining=record.remaining, quantity=record.order.quantity, **params)
