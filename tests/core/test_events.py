"""A fact's value is made from its compact row."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest
from attrs.exceptions import FrozenInstanceError

from core import events
from core.events import (
    ActionEvent,
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
    OrderEvent,
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
from core.order import BUY, Order
from core.position import Position

NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
LONG = (Decimal(50), Decimal(500), Decimal(0), Decimal(1))
FLAT = (Decimal(0), Decimal(0), Decimal(100), Decimal(2))


# of each fact the fields of its row, in order, behind the time; what is behind the bar may be left out
FIELDS: dict[type[Event], str] = {
    OrderSubmitted: "order_id order eligible_step | entry_price parent_id group_id cause part",
    OrderAccepted: "order_id",
    OrderRejected: "order_id reason",
    OrderActivated: "order_id quantity entry_price | part",
    StopMoved: "order_id before after",
    OrderTriggered: "order_id stop_price price | part",
    OrderFilled: "order_id fill remaining_quantity | part",
    OrderReduced: "order_id given_up_quantity remaining_quantity reason",
    OrderCanceled: "order_id given_up_quantity reason",
    OrderExpired: "order_id given_up_quantity reason",
    CancelRequested: "order_id cause",
    AmendRequested: "order_id quantity limit_price stop_price cause",
    OrderSplit: "order_id order stop_price new old",
    OrderAmended: "order_id order stop_price keeps_place entry_price | part",
    RequestRefused: "order_id request reason",
    PathAmbiguous: "symbol path at_stake notes | part",
    PositionOpened: "symbol before after fill_id",
    PositionChanged: "symbol before after fill_id",
    PositionClosed: "symbol before after fill_id",
    PositionSplit: "symbol before after fill_id cash",
    CashChanged: "before after cause fill_id",
    SplitApplied: "symbol new old held mark",
    DividendEarned: "symbol per_unit held amount pay_time",
    DividendPaid: "symbol amount",
}
ABSTRACT = {Event, OrderEvent, PositionEvent, ActionEvent}


def test_every_fact_is_known() -> None:
    kinds = {one for one in vars(events).values() if isinstance(one, type) and issubclass(one, Event)}
    assert kinds == set(FIELDS) | ABSTRACT
    assert {kind for kind in FIELDS if issubclass(kind, OrderEvent)} == {
        kind for kind in FIELDS if FIELDS[kind].startswith("order_id")
    }


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
def test_the_fields_of_a_fact_are_those_of_its_row_in_order(kind: type[Event]) -> None:
    needed, _, further = FIELDS[kind].partition(" | ")
    fields = attrs.fields(kind)[1:]
    assert attrs.fields(kind)[0].name == "timestamp"
    assert [one.name for one in fields if one.default is attrs.NOTHING] == needed.split()
    assert [one.name for one in fields if one.default is not attrs.NOTHING] == further.split()


@pytest.mark.parametrize("kind", [kind for kind in FIELDS if not issubclass(kind, PositionEvent)])
def test_a_fact_is_made_from_its_row_field_by_field(kind: type[Event]) -> None:
    names = [one.name for one in attrs.fields(kind)]
    row: list[Any] = [NOON, *range(1, len(names))]
    made = kind.make(*row)
    assert type(made) is kind
    assert [getattr(made, name) for name in names] == row


def test_what_a_row_leaves_out_has_its_default() -> None:
    order = Order("ACME", BUY, 1)
    assert OrderSubmitted.make(NOON, 1, order, 4) == OrderSubmitted(NOON, 1, order, 4, None, None, None, "", 0)
    assert OrderTriggered(NOON, 1, Decimal(9), Decimal(10)).part == 0


def test_what_moves_cash_is_called_by_its_name() -> None:
    assert [cause.value for cause in CashCause] == ["FILL", "INCOME", "CASH_IN_LIEU", "DEPOSIT", "WITHDRAWAL"]


def test_a_position_event_is_made_from_ledgers() -> None:
    event = PositionClosed.make(NOON, "ACME", LONG, FLAT, 7)
    assert event == PositionClosed(NOON, "ACME", Position("ACME", *LONG), Position("ACME", *FLAT), 7)
    assert isinstance(event, PositionEvent)


def test_a_split_of_a_position_says_what_its_fraction_brought() -> None:
    event = PositionSplit.make(NOON, "ACME", LONG, FLAT, None, Decimal(12))
    assert event == PositionSplit(NOON, "ACME", Position("ACME", *LONG), Position("ACME", *FLAT), None, Decimal(12))


def test_another_event_is_made_from_its_fields_as_they_are() -> None:
    event = CashChanged.make(NOON, Decimal(5), Decimal(7), CashCause.INCOME, None)
    assert (event.before, event.after, event.cause, event.fill_id) == (5, 7, CashCause.INCOME, None)


def test_a_fact_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        OrderAccepted(NOON, 1).order_id = 2  # type: ignore[misc]
