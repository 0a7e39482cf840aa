"""What each fact does to the orders of the past: it tells their tracker what the broker told its own."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, TypeAlias

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

_Fold: TypeAlias = Callable[[OrderTracker, OrderRecord, Row], None]


def fold_order(orders: OrderTracker, row: Row) -> None:
    """Take in the next fact; one that is about no order changes none."""
    kind = row[2]
    if kind is OrderSubmitted:
        _submit(orders, row)
        return
    fold = _FOLDS.get(kind)
    if fold is not None:
        fold(orders, orders.own(row[3][1]), row)


def _entry(row: Row, price: Decimal | None, part: int) -> Entry | None:
    """Return where on a path a fact happened; None where no path was being walked."""
    return None if price is None else Entry(row[0], row[1], price, part)


def _submit(orders: OrderTracker, row: Row) -> None:
    step, phase, _, (now, _, order, eligible_step, price, parent_id, group_id, _, part) = row
    orders.add(
        order,
        now,
        eligible_step,
        parent_id,
        group_id,
        step=step,
        is_after_close=phase is Phase.STRATEGY,
        entry=_entry(row, price, part),
    )


def _accept(orders: OrderTracker, record: OrderRecord, _: Row) -> None:
    orders.accept(record)


def _reject(orders: OrderTracker, record: OrderRecord, row: Row) -> None:
    orders.reject(record, row[3][-1])


def _activate(orders: OrderTracker, record: OrderRecord, row: Row) -> None:
    step, _, _, (now, _, quantity, price, part) = row
    orders.wake(record, quantity, now.date(), step, _entry(row, price, part))


def _move_stop(orders: OrderTracker, record: OrderRecord, row: Row) -> None:
    orders.move_stop(record, row[3][-1], row[0])


def _trigger(orders: OrderTracker, record: OrderRecord, row: Row) -> None:
    step, phase, _, (_, _, _, price, part) = row
    orders.trigger(record, Entry(step, phase, price, part))


def _fill(orders: OrderTracker, record: OrderRecord, row: Row) -> None:
    orders.apply_fill(record, row[3][2])


def _reduce(orders: OrderTracker, record: OrderRecord, row: Row) -> None:
    orders.reduce(record, row[3][2], row[3][-1])


def _cancel(orders: OrderTracker, record: OrderRecord, row: Row) -> None:
    orders.end(record, OrderStatus.CANCELED, row[3][-1])


def _expire(orders: OrderTracker, record: OrderRecord, row: Row) -> None:
    orders.end(record, OrderStatus.EXPIRED, row[3][-1])


def _request_cancel(orders: OrderTracker, record: OrderRecord, _: Row) -> None:
    orders.request_cancel(record)


def _amend(orders: OrderTracker, record: OrderRecord, row: Row) -> None:
    _, _, order, stop_price, keeps_place, price, part = row[3]
    orders.amend(record, order, stop_price, keeps_place=keeps_place, entry=_entry(row, price, part))


def _split(orders: OrderTracker, record: OrderRecord, row: Row) -> None:
    orders.split(record, *row[3][2:])


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
