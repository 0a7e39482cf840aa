"""One order as the broker keeps it: what it says of itself, and what others see of it."""

from datetime import date
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import attrs
import pytest

from core.clock import Phase
from core.execution.order_record import Entry, OrderRecord, Wait
from core.fill import FillRule
from core.order import BUY, SELL, Order, OrderStatus, OrderType, TrackedOrder
from core.protocols import Traded
from core.reason import Code, Reason
from tests.core.builders import at
from tests.core.execution.records import order_of, record_of

WHY = Reason.of(Code.CANCEL_REQUESTED, remaining=Decimal(3), quantity=Decimal(10))


def test_an_order_begins_submitted_whole_and_closed() -> None:
    order = order_of(SELL, 10)
    record = OrderRecord(7, order, at(0), 2, -1, Decimal(10), 9)
    assert (record.id, record.order, record.submitted_at, record.eligible_step) == (7, order, at(0), 2)
    assert (record.sign, record.remaining, record.line) == (-1, 10, 9)
    assert (record.status, record.is_open, record.cancel_queued) == (OrderStatus.SUBMITTED, False, False)
    assert (record.filled, record.given_up, record.asleep, record.commissions) == (0, 0, 0, 0)
    assert (record.child_ids, record.sibling_ids, record.parent_id, record.group_id) == ((), (), None, None)


@pytest.mark.parametrize(
    ("remaining", "asleep", "awake"),
    [("10", "0", "10"), ("10", "10", "0"), ("10", "4", "6"), ("2.5", "0.5", "2.0"), ("0", "0", "0")],
)
def test_what_is_awake_is_what_remains_less_what_sleeps(remaining: str, asleep: str, awake: str) -> None:
    record = record_of(order_of(SELL, 10), remaining=Decimal(remaining), asleep=Decimal(asleep))
    assert record.awake == Decimal(awake)


def test_units_that_woke_at_the_close_of_a_step_are_ready_from_the_next_on() -> None:
    record = record_of(order_of(SELL, 10), eligible_step=3, asleep=Decimal(1), fresh=(4, Decimal(5)))
    assert [record.ready(step) for step in (2, 3, 4, 5)] == [0, 9, 4, 9]  # of 9 that are awake 5 are fresh in step 4
    record.fresh = None
    assert [record.ready(step) for step in (2, 3, 4, 5)] == [0, 9, 9, 9]


KINDS = [
    # the order, triggered just now, then: waits for its stop, at market, at market and not for a close, slips
    pytest.param(order_of(BUY), None, (False, True, True, True), id="market"),
    pytest.param(order_of(BUY, type=OrderType.MARKET_ON_OPEN), None, (False, True, True, True), id="on the open"),
    pytest.param(order_of(BUY, type=OrderType.MARKET_ON_CLOSE), None, (False, True, False, True), id="on the close"),
    pytest.param(order_of(BUY, limit_price=9), None, (False, False, False, False), id="limit"),
    pytest.param(order_of(BUY, stop_price=9), None, (True, False, False, False), id="stop"),
    pytest.param(order_of(BUY, stop_price=9), True, (False, True, True, True), id="a stop, triggered just now"),
    pytest.param(order_of(BUY, stop_price=9), False, (False, True, True, True), id="a stop, triggered before"),
    pytest.param(order_of(BUY, trail_amount=1), None, (True, False, False, False), id="trailing"),
    pytest.param(order_of(BUY, trail_amount=1), True, (False, True, True, True), id="trailing, triggered just now"),
    pytest.param(order_of(BUY, stop_price=9, limit_price=10), None, (True, False, False, False), id="stop-limit"),
    pytest.param(
        order_of(BUY, stop_price=9, limit_price=10), True, (False, False, False, True), id="a stop-limit just triggered"
    ),
    pytest.param(
        order_of(BUY, stop_price=9, limit_price=10), False, (False, False, False, False), id="a stop-limit long since"
    ),
]


@pytest.mark.parametrize(("order", "triggered", "expected"), KINDS)
def test_what_an_order_says_of_itself(order: Order, *, triggered: bool | None, expected: tuple[bool, ...]) -> None:
    record = record_of(order, is_triggered=triggered is not None, just_triggered=triggered is True)
    said = (record.waits_for_stop, record.is_at_market, record.is_next_open_market, record.slips)
    assert said == expected


def test_a_limit_that_was_amended_just_now_does_not_slip() -> None:
    assert not record_of(order_of(BUY, limit_price=9), just_triggered=True).slips


def test_its_limit_is_that_of_what_was_asked() -> None:
    assert record_of(order_of(BUY, limit_price="9.5")).limit_price == Decimal("9.5")
    assert record_of(order_of(BUY, stop_price=9)).limit_price is None


CHANGED: dict[str, Any] = {
    "status": OrderStatus.CANCELED,
    "remaining": Decimal(1),
    "given_up": Decimal(2),
    "traded": Traded(Decimal(7), Decimal("66.50"), Decimal(3), Decimal(30)),
    "commissions": Decimal("0.75"),
    "reason": WHY,
    "parent_id": 4,
    "group_id": 5,
    "child_ids": (8,),
    "sibling_ids": (6,),
    "asleep": Decimal(1),
    "stop_price": Decimal(97),
    "stop_before": (3, Decimal(96)),
    "is_triggered": True,
    "day": date(2024, 1, 2),
    "is_after_close": True,
    "entry": Entry(3, Phase.LEG_1, Decimal(98), 1),
    "cancel_queued": True,
    "is_open": False,
    "instant": FillRule.INSTANT,
    "just_triggered": True,
    "wait": (2, 0, Wait(1, 1, 1)),
    "cost": ((Decimal(1),), Decimal(97)),
}


def test_a_copy_is_equal_in_all_and_goes_its_own_way() -> None:
    record = record_of(order_of(SELL, 10, stop_price=95), **CHANGED)
    copy = record.copy()
    names = [one.name for one in attrs.fields(OrderRecord)]
    assert {name: getattr(copy, name) for name in names} == {name: getattr(record, name) for name in names}
    copy.remaining, copy.is_triggered = Decimal(0), False
    assert (record.remaining, record.is_triggered) == (1, True)
    assert copy != record  # it is another order


def test_others_see_an_order_as_a_value() -> None:
    order = order_of(SELL, 10, stop_price=95)
    assert record_of(order, 3, submitted_at=at(0), **CHANGED).seen() == TrackedOrder(
        id=3,
        order=order,
        status=OrderStatus.CANCELED,
        submitted_at=at(0),
        filled_quantity=Decimal(7),
        given_up_quantity=Decimal(2),
        filled_notional=Decimal("66.50"),
        commissions=Decimal("0.75"),
        reason=WHY,
        stop_price=Decimal(97),
        is_triggered=True,
        asleep_quantity=Decimal(1),
        parent_id=4,
        group_id=5,
    )


def test_what_was_seen_does_not_change_later() -> None:
    record = record_of(order_of(BUY, 10))
    seen = record.seen()
    record.status, record.asleep = OrderStatus.FILLED, Decimal(4)
    assert (seen.status, seen.asleep_quantity) == (OrderStatus.SUBMITTED, 0)


def test_the_threads_context_changes_no_quantity() -> None:
    record = record_of(order_of(BUY, "123456.75"), asleep=Decimal("0.25"))
    with localcontext(Context(prec=2, traps=[Inexact])):
        assert record.awake == Decimal("123456.50")
