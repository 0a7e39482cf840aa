"""Every fact of the core as one line, in the words of the glossary.

A price and a quantity are written with every digit they have; text from outside is cleaned.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from core.events import (
    CashCause,
    CashChanged,
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    PositionChanged,
    PositionClosed,
    PositionEvent,
    PositionOpened,
)
from core.money import EXACT
from core.order import Order
from core.text import clean
from tui.numbers import MONEY_DIGITS, exactly, money, signed

Tone: TypeAlias = Literal["", "dim", "good", "bad", "warn"]


def sentence(event: Event) -> str:
    """Say what happened, beginning with what it happened to."""
    return clean(_SENTENCES[type(event)](event))


def tone(event: Event) -> Tone:
    """Say how the line of a fact is colored."""
    return _TONES.get(type(event), "")


def _quantity(units: Decimal) -> str:
    return exactly(units, 0)


def _asked(order: Order) -> str:
    limit = "" if order.limit_price is None else f" limit {exactly(order.limit_price, MONEY_DIGITS)}"
    return f"{order.side.name.lower()} {_quantity(order.quantity)} {order.symbol}{limit}"


def _submitted(event: OrderSubmitted) -> str:
    return f"order #{event.order_id} submitted: {_asked(event.order)}"


def _accepted(event: OrderAccepted) -> str:
    return f"order #{event.order_id} accepted"


def _rejected(event: OrderRejected) -> str:
    return f"order #{event.order_id} rejected: {event.reason.text}"


def _canceled(event: OrderCanceled) -> str:
    return f"order #{event.order_id} canceled: {event.reason.text}"


def _expired(event: OrderExpired) -> str:
    return f"order #{event.order_id} expired: {event.reason.text}"


def _filled(event: OrderFilled) -> str:
    fill = event.fill
    what = f"{fill.side.name.lower()} {_quantity(fill.quantity)} {fill.symbol}"
    how = f"{exactly(fill.price, MONEY_DIGITS)}, commission {money(fill.commission)}, {fill.rule.value}"
    left = f", {_quantity(event.remaining_quantity)} left" if event.remaining_quantity else ""
    note = f", {fill.note.text}" if fill.note else ""
    return f"fill #{fill.id} {what} @ {how}{left}{note}"


def _position(event: PositionEvent) -> str:
    before, after = event.before, event.after
    booked = EXACT.subtract(after.realized_pnl, before.realized_pnl)
    realized = f", realized {signed(booked)}" if booked else ""
    move = f"{_quantity(before.quantity)} -> {_quantity(after.quantity)}"
    return f"position {event.symbol} {_MOVES[type(event)]} {move}{realized}"


def _cash(event: CashChanged) -> str:
    cause = "" if event.cause is CashCause.FILL else f", {event.cause.value.lower()}"
    return f"cash {money(event.before)} -> {money(event.after)}{cause}"


_MOVES: Final[Mapping[type[Event], str]] = {
    PositionOpened: "opened",
    PositionChanged: "changed",
    PositionClosed: "closed",
}
_SENTENCES: Final[Mapping[type[Event], Callable[[Any], str]]] = {
    OrderSubmitted: _submitted,
    OrderAccepted: _accepted,
    OrderRejected: _rejected,
    OrderFilled: _filled,
    OrderCanceled: _canceled,
    OrderExpired: _expired,
    PositionOpened: _position,
    PositionChanged: _position,
    PositionClosed: _position,
    CashChanged: _cash,
}
_TONES: Final[Mapping[type[Event], Tone]] = {
    OrderFilled: "good",
    OrderRejected: "bad",
    OrderCanceled: "dim",
    OrderExpired: "dim",
}
