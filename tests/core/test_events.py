"""A fact's value is made from its compact row."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from attrs.exceptions import FrozenInstanceError

from core.events import CashCause, CashChanged, OrderAccepted, PositionClosed, PositionEvent
from core.position import Position

NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
LONG = (Decimal(50), Decimal(500), Decimal(0), Decimal(1))
FLAT = (Decimal(0), Decimal(0), Decimal(100), Decimal(2))


def test_a_position_event_is_made_from_ledgers() -> None:
    event = PositionClosed.make(NOON, "ACME", LONG, FLAT, 7)
    assert event == PositionClosed(NOON, "ACME", Position("ACME", *LONG), Position("ACME", *FLAT), 7)
    assert isinstance(event, PositionEvent)


def test_another_event_is_made_from_its_fields_as_they_are() -> None:
    event = CashChanged.make(NOON, Decimal(5), Decimal(7), CashCause.INCOME, None)
    assert (event.before, event.after, event.cause, event.fill_id) == (5, 7, CashCause.INCOME, None)


def test_a_fact_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        OrderAccepted(NOON, 1).order_id = 2  # type: ignore[misc]
