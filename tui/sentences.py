"""Every fact of the core as one line, in the words of the glossary.

A price and a quantity are written with every digit they have; text from outside is cleaned.
"""

from collections.abc import Callable, Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from attrs import evolve

from core.bars import written_time
from core.events import (
    AmendRequested,
    CancelRequested,
    CashCause,
    CashChanged,
    DividendEarned,
    DividendPaid,
    Event,
    OrderAccepted,
    OrderActivated,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderReduced,
    OrderRejected,
    OrderSplit,
    OrderSubmitted,
    OrderTriggered,
    PathAmbiguous,
    PositionChanged,
    PositionClosed,
    PositionEvent,
    PositionOpened,
    PositionSplit,
    RequestRefused,
    SplitApplied,
    StopMoved,
)
from core.money import EXACT
from core.order import Order, TimeInForce
from core.reason import Code, Reason
from core.text import clean
from tui.numbers import MONEY_DIGITS, exactly, money, signed

Tone: TypeAlias = Literal["", "dim", "good", "bad", "warn"]


def sentence(event: Event) -> str:
    """Say what happened, beginning with what it happened to."""
    return clean(_SENTENCES[type(event)](event))


def reason_text(reason: Reason) -> str:
    """Write a reason; steps are counted as the screen counts bars, from 1."""
    if reason.code is Code.NOT_ELIGIBLE_UNTIL:
        return f"not eligible until the open of bar {reason.decimal('eligible') + 1}"
    return clean(reason.text)


def tone(event: Event) -> Tone:
    """Say how the line of a fact is colored."""
    return _TONES.get(type(event), "")


def _quantity(units: Decimal) -> str:
    return exactly(units, 0)


def _price(price: Decimal) -> str:
    return exactly(price, MONEY_DIGITS)


def asked(order: Order) -> str:
    """Say what an order asks for; a symbol in it is not cleaned."""
    return f"{order.side.name.lower()} {_quantity(order.quantity)} {order.symbol} {_terms(order)}{_life(order)}"


def _terms(order: Order) -> str:
    """Say at which prices: `stop 95.00 limit 94.50`; where there is none, of which type the order is."""
    prices = {"stop": order.stop_price, "limit": order.limit_price, "trail": order.trail_amount}
    said = [f"{name} {_price(price)}" for name, price in prices.items() if price is not None]
    if order.trail_percent is not None:
        said.append(f"trail {exactly(order.trail_percent, 0)}%")
    return " ".join(said) or order.type.value.lower().replace("_", " ")


def _life(order: Order) -> str:
    """Say how long an order lives, unless it is until somebody cancels it."""
    if order.time_in_force is TimeInForce.GTC:
        return ""
    till = "" if order.good_till is None else f" {written_time(order.good_till.astimezone(UTC))}"
    return f", {order.time_in_force.value}{till}"


def _inside(entry_price: Decimal | None) -> str:
    """Say at which price of a bar's path something took effect, where it was inside one."""
    return "" if entry_price is None else f", inside the bar at {_price(entry_price)}"


def _submitted(event: OrderSubmitted) -> str:
    parent = "" if event.parent_id is None else f", exit of #{event.parent_id}"
    group = "" if event.group_id is None else f", of group #{event.group_id}"
    return f"order #{event.order_id} submitted: {asked(event.order)}{parent}{group}{_inside(event.entry_price)}"


def _accepted(event: OrderAccepted) -> str:
    return f"order #{event.order_id} accepted"


def _rejected(event: OrderRejected) -> str:
    return f"order #{event.order_id} rejected: {event.reason.text}"


def _activated(event: OrderActivated) -> str:
    where = _inside(event.entry_price) or ", from its next bar on"
    return f"order #{event.order_id} activated: {_quantity(event.quantity)} awake{where}"


def _stop_moved(event: StopMoved) -> str:
    before = "set to" if event.before is None else f"{_price(event.before)} ->"
    return f"order #{event.order_id} stop {before} {_price(event.after)}"


def _triggered(event: OrderTriggered) -> str:
    beyond = "" if event.price == event.stop_price else f" at {_price(event.price)}"
    return f"order #{event.order_id} triggered: stop {_price(event.stop_price)} reached{beyond}"


def _reduced(event: OrderReduced) -> str:
    return f"order #{event.order_id} reduced by {_quantity(event.given_up_quantity)}: {event.reason.text}"


def _canceled(event: OrderCanceled) -> str:
    return f"order #{event.order_id} canceled: {event.reason.text}"


def _expired(event: OrderExpired) -> str:
    return f"order #{event.order_id} expired: {event.reason.text}"


def _cancel_requested(event: CancelRequested) -> str:
    return f"order #{event.order_id} cancel requested"


def _amend_requested(event: AmendRequested) -> str:
    asked = {"limit": event.limit_price, "stop": event.stop_price}
    said = [] if event.quantity is None else [f"quantity {_quantity(event.quantity)}"]
    said += [f"{name} {_price(price)}" for name, price in asked.items() if price is not None]
    return f"order #{event.order_id} amend requested: {', '.join(said) or 'nothing'}"


def _amended(event: OrderAmended) -> str:
    order = evolve(event.order, stop_price=event.stop_price)  # it may have trailed since it was asked for
    place = "keeps its place" if event.keeps_place else "takes the last place"
    return f"order #{event.order_id} amended: {asked(order)}, {place}{_inside(event.entry_price)}"


def _order_split(event: OrderSplit) -> str:
    order = evolve(event.order, stop_price=event.stop_price)  # it may have trailed since it was asked for
    return f"order #{event.order_id} split {event.new}:{event.old}: {asked(order)}"


def _request_refused(event: RequestRefused) -> str:
    return f"order #{event.order_id} {event.request} refused: {event.reason.text}"


def _path(event: PathAmbiguous) -> str:
    notes = ((order_id, reason.params) for order_id, reason in event.notes)
    orders = "; ".join(f"order #{one}: {its['outcome']} instead of {its['other_outcome']}" for one, its in notes)
    return f"path {event.symbol} {event.path} kept, {money(event.at_stake)} at stake: {orders}"


def _filled(event: OrderFilled) -> str:
    fill = event.fill
    parts = [
        f"fill #{fill.id} {fill.side.name.lower()} {_quantity(fill.quantity)} {fill.symbol} @ {_price(fill.price)}",
        f"slippage {_price(fill.slippage)}" if fill.slippage else "",
        f"commission {money(fill.commission)}",
        fill.rule.value,
        f"{_quantity(event.remaining_quantity)} left" if event.remaining_quantity else "",
        *(note.text for note in fill.notes),
    ]
    return ", ".join(part for part in parts if part)


def _position(event: PositionEvent) -> str:
    before, after = event.before, event.after
    booked = EXACT.subtract(after.realized_pnl, before.realized_pnl)
    realized = f", realized {signed(booked)}" if booked else ""
    move = f"{_quantity(before.quantity)} -> {_quantity(after.quantity)}"
    return f"position {event.symbol} {_MOVES[type(event)]} {move}{realized}"


def _split(event: SplitApplied) -> str:
    mark = "" if event.mark is None else f", the last price is {_price(event.mark)} now"
    return f"split {event.symbol} {event.new}:{event.old}{mark}"


def _dividend_earned(event: DividendEarned) -> str:
    due = "" if event.pay_time is None else f", due {written_time(event.pay_time.astimezone(UTC))}"
    verb = "owed on" if event.held < 0 else "earned on"
    held = f"{_quantity(event.held)} x {_price(event.per_unit)}"
    return f"dividend {event.symbol} {verb} {held}: {signed(event.amount)}{due}"


def _dividend_paid(event: DividendPaid) -> str:
    return f"dividend {event.symbol} paid: {signed(event.amount)}"


def _cash(event: CashChanged) -> str:
    cause = "" if event.cause is CashCause.FILL else f", {event.cause.value.lower().replace('_', ' ')}"
    return f"cash {money(event.before)} -> {money(event.after)}{cause}"


_MOVES: Final[Mapping[type[Event], str]] = {
    PositionOpened: "opened",
    PositionChanged: "changed",
    PositionClosed: "closed",
    PositionSplit: "split",
}
_SENTENCES: Final[Mapping[type[Event], Callable[[Any], str]]] = {
    OrderSubmitted: _submitted,
    OrderAccepted: _accepted,
    OrderRejected: _rejected,
    OrderActivated: _activated,
    StopMoved: _stop_moved,
    OrderTriggered: _triggered,
    OrderFilled: _filled,
    OrderReduced: _reduced,
    OrderCanceled: _canceled,
    OrderExpired: _expired,
    CancelRequested: _cancel_requested,
    AmendRequested: _amend_requested,
    OrderAmended: _amended,
    OrderSplit: _order_split,
    RequestRefused: _request_refused,
    PathAmbiguous: _path,
    PositionOpened: _position,
    PositionChanged: _position,
    PositionClosed: _position,
    PositionSplit: _position,
    SplitApplied: _split,
    DividendEarned: _dividend_earned,
    DividendPaid: _dividend_paid,
    CashChanged: _cash,
}
_TONES: Final[Mapping[type[Event], Tone]] = {
    OrderFilled: "good",
    OrderRejected: "bad",
    RequestRefused: "bad",
    PathAmbiguous: "warn",
    SplitApplied: "warn",
    OrderSplit: "warn",
    StopMoved: "dim",
    OrderReduced: "dim",
    OrderCanceled: "dim",
    OrderExpired: "dim",
}
