"""Requests: cancels and changes of orders that were asked for, when they take effect, and their answers (rule R12c)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from attrs import define, evolve, field, frozen

from core.announcer import Announcer
from core.events import AmendRequested, CancelRequested, RequestRefused
from core.execution.lifecycle import OrderLifecycle, left_of
from core.execution.order_record import OrderRecord
from core.execution.order_tracker import OrderTracker
from core.money import add, exact, minus, subtract
from core.order import Order
from core.protocols import PortfolioView
from core.reason import Code, Reason


def _quantity(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else exact(value, "quantity")


def _limit_price(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else exact(value, "limit_price")


def _stop_price(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else exact(value, "stop_price")


@frozen
class Change:
    """What is to change of an order; None is what stays as it is."""

    quantity: Decimal | None = field(default=None, converter=_quantity)
    limit_price: Decimal | None = field(default=None, converter=_limit_price)
    stop_price: Decimal | None = field(default=None, converter=_stop_price)

    def of(self, order: Order) -> Order:
        """Return the order as it would be.

        Raises:
            NotExactError: A number that is none.
            InvalidOrderError: A price that such an order cannot have.
        """
        return evolve(
            order,
            quantity=order.quantity if self.quantity is None else self.quantity,
            limit_price=order.limit_price if self.limit_price is None else self.limit_price,
            stop_price=order.stop_price if self.stop_price is None else self.stop_price,
        )


Request: TypeAlias = tuple[OrderRecord, Change | None]
"""A change of an order, or None for its cancel."""


@define(eq=False)
class Requests:
    """What was asked of open orders; each request has an outcome, which is a fact.

    Args:
        tracker: The orders.
        lifecycle: Changes them.
        announcer: What the facts are announced through.
        portfolio: Tells the time.
        check: Says why an order as it would be is not allowed at a time; None where it is.

    Attributes:
        waiting: What waits for the next step to begin, in the order of asking.
    """

    _tracker: OrderTracker
    _lifecycle: OrderLifecycle
    _announcer: Announcer
    _portfolio: PortfolioView
    _check: Callable[[OrderRecord, datetime | None], Reason | None]
    waiting: list[Request] = field(factory=list, init=False)

    def cancel(self, record: OrderRecord, *, at_once: bool, cause: str) -> None:
        """Take a cancel; until it takes effect the order claims nothing."""
        if record.is_open and record.cancel_queued:
            return
        self._announcer.announce(CancelRequested, self._portfolio.timestamp, record.id, cause)
        self._lifecycle.request_cancel(record)
        self._take(record, None, at_once=at_once)

    def amend(self, record: OrderRecord, change: Change, *, at_once: bool, cause: str) -> None:
        """Take a change.

        Raises:
            InvalidOrderError: A price that such an order cannot have.
        """
        change.of(record.order)
        asked = (change.quantity, change.limit_price, change.stop_price)
        self._announcer.announce(AmendRequested, self._portfolio.timestamp, record.id, *asked, cause)
        self._take(record, change, at_once=at_once)

    def carry_out(self, now: datetime) -> list[int]:
        """Do what waits, and return the orders it was asked of, by id."""
        requests = self.waiting.copy()
        self.waiting.clear()
        for record, change in requests:
            self._do(record, change, now)
        return [record.id for record, _ in requests]

    def _take(self, record: OrderRecord, change: Change | None, *, at_once: bool) -> None:
        """Do what is asked for now, or keep it for when the next step begins; what is over is refused now."""
        if at_once or not record.is_open:
            self._do(record, change, self._portfolio.timestamp)
        else:
            self.waiting.append((record, change))

    def _do(self, record: OrderRecord, change: Change | None, now: datetime | None) -> None:
        reason = None
        if not record.is_open:
            reason = Reason.of(Code.ORDER_MUST_BE_OPEN, status=record.status.value)
        elif change is None:
            self._lifecycle.end(record, left_of(record, Code.CANCEL_REQUESTED), now)
        else:
            reason = self.change_now(record, change, now)
        if reason is not None:
            request = "cancel" if change is None else "amend"
            self._announcer.announce(RequestRefused, now, record.id, request, reason)

    def change_now(self, record: OrderRecord, change: Change, now: datetime | None = None) -> Reason | None:
        """Change an order, and say why if that is refused: then it stands as it was."""
        now = now or self._portfolio.timestamp
        if not record.is_open:
            return Reason.of(Code.ORDER_MUST_BE_OPEN, status=record.status.value)
        if change.quantity is not None and change.quantity == record.filled:
            self._lifecycle.end(record, left_of(record, Code.CANCEL_REQUESTED), now)
            return None
        order = change.of(record.order)
        stop_price = record.stop_price if change.stop_price is None else change.stop_price
        reason = self._check_amended(record, order, stop_price)
        if reason is None:
            self._amend_all(record, order, stop_price, now)
        return reason

    def _check_amended(self, record: OrderRecord, order: Order, stop_price: Decimal | None) -> Reason | None:
        if order.quantity < record.filled:
            return Reason.of(Code.QUANTITY_MUST_COVER_FILLED, quantity=order.quantity, filled=record.filled)
        if record.is_triggered and stop_price is not None and stop_price != record.stop_price:
            return Reason.of(Code.STOP_MUST_NOT_BE_TRIGGERED, price=stop_price)
        trial = record.copy()
        self._tracker.amend(trial, order, stop_price, keeps_place=True)
        return self._check(trial, self._portfolio.timestamp)

    def _amend_all(self, record: OrderRecord, order: Order, stop_price: Decimal | None, now: datetime | None) -> None:
        """Change an order, and the exits of an entry by as many units; what has none left is canceled."""
        grown = subtract(order.quantity, record.order.quantity)
        self._lifecycle.amend(record, order, stop_price, now)
        children = self._tracker.find_open(record.child_ids)
        for child in children:
            change = max(grown, minus(child.asleep))  # what is awake belongs to what the entry has filled
            if change:
                amended = evolve(child.order, quantity=add(child.order.quantity, change))
                self._lifecycle.amend(child, amended, child.stop_price, now)
        for one in (record, *children):
            if one.is_open and not one.remaining:
                self._lifecycle.end(one, one.reduction or left_of(one, Code.CANCEL_REQUESTED), now)
