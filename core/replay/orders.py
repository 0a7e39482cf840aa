"""What each fact does to the orders of the past: it tells their tracker what the broker told its own."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

from core.backtest.journal import Row
from core.clock import Phase
from core.events import (
    CancelRequested,
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
    StopMoved,
)
from core.execution.order_record import Entry, OrderRecord
from core.execution.order_tracker import OrderTracker
from core.order import OrderStatus


class _Place(NamedTuple):
    """Where in a run a fact happened."""

    step: int
    phase: Phase

    def entry(self, price: Decimal | None, part: int) -> Entry | None:
        """Return where on a path that was; None where no path was being walked."""
        return None if price is None else Entry(self.step, self.phase, price, part)


_Fold: TypeAlias = Callable[[OrderTracker, OrderRecord, _Place, tuple[Any, ...]], None]


def fold_order(orders: OrderTracker, row: Row) -> None:
    """Take in the next fact; one that is about no order changes none."""
    step, phase, kind, fields = row
    if kind is OrderSubmitted:
        _submit(orders, _Place(step, phase), fields)
        return
    fold = _FOLDS.get(kind)
    if fold is not None:
        fold(orders, orders.own(fields[1]), _Place(step, phase), fields)


def _submit(orders: OrderTracker, place: _Place, fields: tuple[Any, ...]) -> None:
    now, _, order, eligible_step, price, parent_id, group_id, _, part = fields
    orders.add(
        order,
        now,
        eligible_step,
        parent_id,
        group_id,
        step=place.step,
        is_after_close=place.phase is Phase.STRATEGY,
        entry=place.entry(price, part),
    )


def _accept(orders: OrderTracker, record: OrderRecord, _: _Place, __: tuple[Any, ...]) -> None:
    orders.accept(record)


def _reject(orders: OrderTracker, record: OrderRecord, _: _Place, fields: tuple[Any, ...]) -> None:
    orders.reject(record, fields[-1])


def _activate(orders: OrderTracker, record: OrderRecord, place: _Place, fields: tuple[Any, ...]) -> None:
    now, _, quantity, price, part = fields
    orders.wake(record, quantity, now.date(), place.step, place.entry(price, part))


def _move_stop(orders: OrderTracker, record: OrderRecord, place: _Place, fields: tuple[Any, ...]) -> None:
    orders.move_stop(record, fields[-1], place.step)


def _trigger(orders: OrderTracker, record: OrderRecord, place: _Place, fields: tuple[Any, ...]) -> None:
    _, _, _, price, part = fields
    orders.trigger(record, Entry(place.step, place.phase, price, part))


def _fill(orders: OrderTracker, record: OrderRecord, _: _Place, fields: tuple[Any, ...]) -> None:
    orders.apply_fill(record, fields[2])


def _reduce(orders: OrderTracker, record: OrderRecord, _: _Place, fields: tuple[Any, ...]) -> None:
    orders.reduce(record, fields[2], fields[-1])


def _cancel(orders: OrderTracker, record: OrderRecord, _: _Place, fields: tuple[Any, ...]) -> None:
    orders.end(record, OrderStatus.CANCELED, fields[-1])


def _expire(orders: OrderTracker, record: OrderRecord, _: _Place, fields: tuple[Any, ...]) -> None:
    orders.end(record, OrderStatus.EXPIRED, fields[-1])


def _request_cancel(orders: OrderTracker, record: OrderRecord, _: _Place, __: tuple[Any, ...]) -> None:
    orders.request_cancel(record)


def _amend(orders: OrderTracker, record: OrderRecord, place: _Place, fields: tuple[Any, ...]) -> None:
    _, _, order, stop_price, keeps_place, price, part = fields
    orders.amend(record, order, stop_price, keeps_place=keeps_place, entry=place.entry(price, part))


def _split(orders: OrderTracker, record: OrderRecord, _: _Place, fields: tuple[Any, ...]) -> None:
    orders.split(record, *fields[2:])


_FOLDS: Final[Mapping[type[Event], _Fold]] = {
    OrderAccepted: _accept,
    OrderRejected: _reject,
    OrderActivated: _activate,
    StopMoved: _move_stop,
    OrderTriggered: _trigger,
    OrderFilled: _fill,
    OrderReduced: _reduce,
    OrderCanceled: _cancel,
    OrderExpired: _expire,
    CancelRequested: _request_cancel,
    OrderAmended: _amend,
    OrderSplit: _split,
}
"""A request that waits, and one that was refused, change no order."""
