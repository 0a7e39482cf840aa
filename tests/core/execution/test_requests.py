"""Cancels and changes that are asked for: when they take effect, what they do, and why some are refused (R12c)."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from core.errors import InvalidOrderError, NotExactError
from core.events import (
    AmendRequested,
    CancelRequested,
    Event,
    OrderAmended,
    OrderCanceled,
    OrderReduced,
    RequestRefused,
)
from core.execution.requests import Change
from core.fill import Fill
from core.order import BUY, SELL, Order, OrderStatus, TimeInForce
from core.reason import Code, Reason
from tests.core.builders import at, reason_of
from tests.core.execution.desks import Desk, desk
from tests.core.execution.records import order_of

S = OrderStatus
buy, sell = partial(order_of, BUY), partial(order_of, SELL)


def heard(made: Desk) -> list[Event]:
    """Listen to a broker from now on."""
    events: list[Event] = []
    made.broker.subscribe(events.append)
    return events


def filled(made: Desk, order_id: int, quantity: int) -> None:
    """Record a fill of an order, and what follows for others."""
    record = made.broker.tracker.find(order_id)
    fill = Fill(made.broker.tracker.next_fill_id(), order_id, "ACME", record.order.side, quantity, Decimal(100), at(0))
    made.broker.execute_fill(fill)
    made.broker.lifecycle.settle(record, fill)


def why(code: Code, **params: Any) -> Reason:
    numbers = ("remaining", "quantity", "filled", "asleep", "price")
    return Reason.of(code, **{name: Decimal(value) if name in numbers else value for name, value in params.items()})


def over(status: str) -> Reason:
    return why(Code.ORDER_MUST_BE_OPEN, status=status)


# --- what is to change


def test_a_change_leaves_what_it_does_not_name() -> None:
    order = Order("ACME", SELL, 10, stop_price=95, limit_price=94, time_in_force=TimeInForce.DAY, tag="out")
    terms: dict[str, Any] = {"time_in_force": TimeInForce.DAY, "tag": "out"}
    assert Change().of(order) == order
    assert Change(quantity=7).of(order) == Order("ACME", SELL, 7, stop_price=95, limit_price=94, **terms)
    assert Change(limit_price=93).of(order) == Order("ACME", SELL, 10, stop_price=95, limit_price=93, **terms)
    assert Change(stop_price=96).of(order) == Order("ACME", SELL, 10, stop_price=96, limit_price=94, **terms)


@pytest.mark.parametrize("name", ["quantity", "limit_price", "stop_price"])
def test_a_change_is_an_exact_number(name: str) -> None:
    kept = getattr(Change(**{name: 7}), name)
    assert (type(kept), kept) == (Decimal, 7)
    with pytest.raises(NotExactError, match=f"^{name} must be an int or a Decimal, was float 0.5$"):
        Change(**{name: 0.5})


def test_a_price_that_an_order_cannot_have_is_an_error() -> None:
    with pytest.raises(InvalidOrderError, match=r"^order: a market order has no limit_price, was 9$"):
        Change(limit_price=9).of(buy(10))


# --- cancels


def test_a_cancel_takes_effect_at_once() -> None:
    made = desk()
    made.submit(BUY, 10, "90")
    events = heard(made)
    made.broker.request_cancel(1, at_once=True, cause="mine.py:7 on_bar")
    assert events == [
        CancelRequested(at(0), 1, "mine.py:7 on_bar"),
        OrderCanceled(at(0), 1, Decimal(10), why(Code.CANCEL_REQUESTED, remaining=10, quantity=10)),
    ]
    assert made.broker.get_order(1).status is S.CANCELED
    assert list(made.broker.requests) == []


def test_a_cancel_that_waits_takes_effect_when_the_next_step_begins() -> None:
    made = desk()
    made.submit(BUY, 10, "90")
    events = heard(made)
    made.broker.request_cancel(1, at_once=False)
    assert events == [CancelRequested(at(0), 1, "")]
    assert made.broker.get_order(1).status is S.ACCEPTED
    assert len(made.broker.requests) == 1
    assert made.broker.begin_step(at(1)) == [1]
    assert events[1:] == [OrderCanceled(at(1), 1, Decimal(10), why(Code.CANCEL_REQUESTED, remaining=10, quantity=10))]
    assert made.broker.begin_step(at(2)) == []


def test_a_cancel_that_waits_already_is_not_asked_for_again() -> None:
    made = desk()
    made.submit(BUY, 10, "90")
    events = heard(made)
    for at_once in (False, False, True):
        made.broker.request_cancel(1, at_once=at_once)
    assert events == [CancelRequested(at(0), 1, "")]
    assert made.broker.begin_step(at(1)) == [1]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_cancel_of_an_order_that_is_over_is_refused_now(*, at_once: bool) -> None:
    made = desk()
    made.submit(BUY, 0)
    made.submit(BUY, 10, "90")
    made.broker.request_cancel(2, at_once=False)
    made.broker.begin_step(at(1))
    events = heard(made)
    for order_id in (1, 2):
        made.broker.request_cancel(order_id, at_once=at_once, cause="here")
    assert events == [
        CancelRequested(at(0), 1, "here"),
        RequestRefused(at(0), 1, "cancel", over("REJECTED")),
        CancelRequested(at(0), 2, "here"),
        RequestRefused(at(0), 2, "cancel", over("CANCELED")),
    ]


def test_a_cancel_of_an_order_that_ended_meanwhile_is_refused_when_it_would_take_effect() -> None:
    made = desk()
    made.submit(BUY, 10, "90")
    made.broker.request_cancel(1, at_once=False)
    made.broker.execute_fill(Fill(1, 1, "ACME", BUY, 10, 90, at(0)))
    events = heard(made)
    assert made.broker.begin_step(at(1)) == [1]
    assert events == [RequestRefused(at(1), 1, "cancel", over("FILLED"))]
    assert made.broker.get_order(1).status is S.FILLED


# --- amends

CHANGES = [
    # the order, what changes, the order then, whether it keeps its place
    pytest.param(buy(10, limit_price=90), {"quantity": 15}, buy(15, limit_price=90), False, id="more"),
    pytest.param(buy(10, limit_price=90), {"quantity": 6}, buy(6, limit_price=90), True, id="less"),
    pytest.param(buy(10, limit_price=90), {"quantity": 10}, buy(10, limit_price=90), True, id="the same"),
    pytest.param(buy(10, limit_price=90), {}, buy(10, limit_price=90), True, id="nothing"),
    pytest.param(buy(10, limit_price=90), {"limit_price": 91}, buy(10, limit_price=91), False, id="another limit"),
    pytest.param(buy(10, stop_price=105), {"stop_price": 106}, buy(10, stop_price=106), False, id="another stop"),
    pytest.param(
        buy(10, stop_price=105, limit_price=106),
        {"quantity": 6, "stop_price": 107, "limit_price": 108},
        buy(6, stop_price=107, limit_price=108),
        False,
        id="all",
    ),
]


@pytest.mark.parametrize(("order", "change", "after", "keeps"), CHANGES)
def test_a_change_takes_effect_at_once_and_is_a_fact(
    order: Order, change: dict[str, Any], after: Order, *, keeps: bool
) -> None:
    made = desk()
    made.broker.submit(order)
    events = heard(made)
    made.broker.request_amend(1, **change, at_once=True, cause="here")
    asked = tuple(change.get(name) for name in ("quantity", "limit_price", "stop_price"))
    assert events == [
        AmendRequested(at(0), 1, *asked, "here"),
        OrderAmended(at(0), 1, after, after.stop_price, keeps, None),
    ]
    tracked = made.broker.get_order(1)
    assert (tracked.order, tracked.status, tracked.remaining_quantity) == (after, S.ACCEPTED, after.quantity)


@pytest.mark.parametrize(("order", "change", "after", "keeps"), CHANGES)
def test_a_change_by_hand_is_the_same_without_a_request(
    order: Order, change: dict[str, Any], after: Order, *, keeps: bool
) -> None:
    made = desk()
    made.broker.submit(order)
    events = heard(made)
    assert made.broker.amend(1, **change) is None
    assert events == [OrderAmended(at(0), 1, after, after.stop_price, keeps, None)]


def test_requests_take_effect_in_the_order_in_which_they_were_asked_for() -> None:
    made = desk()
    for _ in range(3):
        made.submit(BUY, 10, "90")
    made.broker.request_amend(3, quantity=5, at_once=False)
    made.broker.request_cancel(2, at_once=False)
    made.broker.request_amend(1, limit_price=91, at_once=False)
    made.broker.request_cancel(3, at_once=False)
    made.broker.request_amend(3, quantity=4, at_once=False)
    events = heard(made)
    assert made.broker.begin_step(at(1)) == [3, 2, 1, 3, 3]
    assert [(type(event).__name__, event.timestamp) for event in events] == [
        ("OrderAmended", at(1)),
        ("OrderCanceled", at(1)),
        ("OrderAmended", at(1)),
        ("OrderCanceled", at(1)),
        ("RequestRefused", at(1)),
    ]
    assert events[-1] == RequestRefused(at(1), 3, "amend", over("CANCELED"))
    assert made.broker.get_order(3).given_up_quantity == 5


def test_an_amend_to_what_has_filled_cancels_the_rest() -> None:
    made = desk()
    made.submit(BUY, 10, "90")
    filled(made, 1, 4)
    events = heard(made)
    made.broker.request_amend(1, quantity=4, limit_price=91, at_once=True)
    assert events[1:] == [OrderCanceled(at(0), 1, Decimal(6), why(Code.CANCEL_REQUESTED, remaining=6, quantity=10))]
    tracked = made.broker.get_order(1)
    assert (tracked.order.quantity, tracked.order.limit_price, tracked.filled_quantity) == (10, 90, 4)


def test_an_amend_to_what_has_filled_that_waits_cancels_when_the_next_step_begins() -> None:
    made = desk()
    made.submit(BUY, 10, "90")
    filled(made, 1, 4)
    made.broker.request_amend(1, quantity=4, at_once=False)
    events = heard(made)
    assert made.broker.begin_step(at(1)) == [1]
    assert events == [OrderCanceled(at(1), 1, Decimal(6), why(Code.CANCEL_REQUESTED, remaining=6, quantity=10))]


def test_an_amend_to_nothing_of_an_order_that_has_not_filled_cancels_it() -> None:
    made = desk()
    made.submit(BUY, 10, "90")
    assert made.broker.amend(1, quantity=0) is None
    assert made.broker.get_order(1).status is S.CANCELED


REFUSED: list[Any] = [
    # what was done before, the change, and why it is refused
    pytest.param(
        lambda made: filled(made, 1, 4),
        {"quantity": 3},
        why(Code.QUANTITY_MUST_COVER_FILLED, quantity=3, filled=4),
        id="less than has filled",
    ),
    pytest.param(lambda made: filled(made, 1, 10), {"quantity": 20}, over("FILLED"), id="an order that is over"),
    pytest.param(
        lambda _: None, {"quantity": -1}, why(Code.QUANTITY_MUST_COVER_FILLED, quantity=-1, filled=0), id="below zero"
    ),
    pytest.param(
        lambda _: None,
        {"limit_price": Decimal("90.005")},
        Reason.of(
            Code.PRICE_MUST_BE_ON_TICK,
            name="limit_price",
            price=Decimal("90.005"),
            tick=Decimal("0.01"),
            below=Decimal("90.00"),
            above=Decimal("90.01"),
        ),
        id="a price between two ticks",
    ),
    pytest.param(
        lambda _: None,
        {"quantity": Decimal("9.5")},
        Reason.of(
            Code.QUANTITY_MUST_BE_ON_STEP,
            quantity=Decimal("9.5"),
            step=Decimal(1),
            below=Decimal(9),
            above=Decimal(10),
        ),
        id="a quantity between two steps",
    ),
    pytest.param(
        lambda _: None,
        {"quantity": 112},
        Reason.of(
            Code.CASH_MUST_COVER_PURCHASE,
            needed=Decimal(10_080),
            available=Decimal(10_000),
            missing=Decimal(80),
            at_most=Decimal(111),
            worst_price=Decimal("89.28"),  # 10000 / 112 = 89.28
        ),
        id="more than cash covers",
    ),
]


@pytest.mark.parametrize(("before", "change", "reason"), REFUSED)
def test_a_change_that_is_refused_leaves_the_order_as_it_was(
    before: Callable[[Desk], object], change: dict[str, Any], reason: Reason
) -> None:
    made = desk()
    made.submit(BUY, 10, "90")
    before(made)
    seen = made.broker.get_order(1)
    events = heard(made)
    made.broker.request_amend(1, **change, at_once=True)
    assert events[1:] == [RequestRefused(at(0), 1, "amend", reason)]
    assert made.broker.get_order(1) == seen
    assert made.broker.amend(1, **change) == reason
    assert made.broker.get_order(1) == seen
    assert len(events) == 2


def test_an_order_is_left_out_when_its_own_change_is_checked() -> None:
    made = desk()
    made.submit(BUY, 100, "90")  # 9000 of 10000
    assert made.broker.amend(1, quantity=111) is None  # 9990
    assert made.broker.amend(1, limit_price=Decimal("90.10")) is not None  # 10001.10
    assert made.broker.get_order(1).order.limit_price == 90
    assert made.broker.amend(1, limit_price=Decimal("90.09")) is None  # 9999.99


def test_a_change_that_is_only_checked_takes_no_place_in_line() -> None:
    made = desk()
    made.submit(BUY, 10, "90")
    assert made.broker.amend(1, quantity=112) is not None  # refused: 10080 of 10000
    assert made.broker.amend(1, quantity=9) is None  # it keeps its place
    made.submit(BUY, 10, "90")
    assert [made.broker.tracker.find(order_id).line for order_id in (1, 2)] == [1, 2]


def test_an_amended_stop_is_what_a_purchase_is_checked_at() -> None:
    made = desk()
    made.submit(BUY, 95, stop_price=105)  # 95 x 105 = 9975 of 10000
    assert reason_of(made.broker.amend(1, stop_price=106)) == (
        "CASH_MUST_COVER_PURCHASE",
        {
            "needed": Decimal(10_070),
            "available": Decimal(10_000),
            "missing": Decimal(70),
            "at_most": Decimal(94),  # 94 x 106 = 9964
            "worst_price": Decimal("105.26"),  # 10000 / 95 = 105.263..
        },
    )
    assert made.broker.get_order(1).stop_price == 105
    assert made.broker.amend(1, stop_price=Decimal("105.26")) is None


def test_of_an_order_that_has_filled_in_part_the_rest_is_checked() -> None:
    made = desk(cash="1000")
    made.submit(BUY, 10, "90")
    filled(made, 1, 4)  # the cash is still 1000, for only the broker was told
    assert made.broker.amend(1, quantity=15) is None  # 11 x 90 = 990
    assert reason_of(made.broker.amend(1, quantity=16)) == (
        "CASH_MUST_COVER_PURCHASE",
        {
            "needed": Decimal(1080),
            "available": Decimal(1000),
            "missing": Decimal(80),
            "at_most": Decimal(11),
            "worst_price": Decimal("83.33"),  # 1000 / 12
        },
    )


# --- stops


def triggered(**terms: Any) -> Desk:
    made = desk(("ACME", 10, "100"))
    made.submit(SELL, 10, **terms)
    made.broker.lifecycle.trigger(made.broker.tracker.find(1), Decimal(95), at(0))
    return made


def test_the_stop_of_an_order_that_was_triggered_cannot_be_moved() -> None:
    made = triggered(stop_price=95, limit="94")
    assert made.broker.amend(1, stop_price=96) == why(Code.STOP_MUST_NOT_BE_TRIGGERED, price=96)
    assert made.broker.amend(1, stop_price=95) is None  # it stays where it is
    assert made.broker.amend(1, limit_price=93, quantity=9) is None
    tracked = made.broker.get_order(1)
    assert (tracked.order.limit_price, tracked.stop_price, tracked.is_triggered) == (93, 95, True)


def test_the_stop_of_a_trail_is_amended_where_it_is() -> None:
    made = desk(("ACME", 10, "100"))
    made.submit(SELL, 10, trail_amount=5)  # at 95
    events = heard(made)
    assert made.broker.amend(1, quantity=9) is None
    assert made.broker.amend(1, stop_price=97) is None
    assert made.broker.amend(1, stop_price=97) is None
    assert [(event.stop_price, event.keeps_place) for event in events if isinstance(event, OrderAmended)] == [
        (95, True),
        (97, False),
        (97, True),
    ]
    tracked = made.broker.get_order(1)
    assert (tracked.stop_price, tracked.order.stop_price) == (97, 97)


# --- siblings


def pair(quantity: int = 10) -> Desk:
    """Hold 10, and protect them by a stop and a target."""
    made = desk(("ACME", 10, "100"))
    made.broker.submit_oco([sell(quantity, stop_price=95), sell(quantity, limit_price=105)])
    return made


def test_an_amended_stop_must_still_lie_behind_the_limit_of_its_sibling() -> None:
    made = pair()
    refused = Reason.of(Code.STOP_AND_LIMIT_MUST_AGREE, stop=Decimal(105), limit=Decimal(105), where="below")
    assert made.broker.amend(1, stop_price=105) == refused
    assert made.broker.amend(1, stop_price=104) is None
    assert made.broker.amend(2, limit_price=104) is not None


def test_what_siblings_took_is_taken_of_the_new_quantity_too() -> None:
    made = pair()
    filled(made, 1, 4)
    assert made.broker.amend(2, quantity=8) is None
    tracked = made.broker.get_order(2)
    assert (tracked.remaining_quantity, tracked.given_up_quantity, tracked.status) == (4, 4, S.ACCEPTED)


@pytest.mark.parametrize(("quantity", "given_up"), [(4, 4), (3, 3)])
def test_an_amend_that_leaves_nothing_ends_the_order_with_what_took_it(quantity: int, given_up: int) -> None:
    made = pair()
    filled(made, 1, 4)
    events = heard(made)
    assert made.broker.amend(2, quantity=quantity) is None
    reason = why(Code.SIBLING_FILLED, remaining=6, quantity=10, sibling=1, filled=4)
    assert [type(event).__name__ for event in events] == ["OrderAmended", "OrderCanceled"]
    assert events[1] == OrderCanceled(at(0), 2, Decimal(0), reason)
    tracked = made.broker.get_order(2)
    assert (tracked.status, tracked.given_up_quantity, tracked.order.quantity) == (S.CANCELED, given_up, quantity)


def test_an_amend_that_waits_and_leaves_nothing_ends_the_order_when_the_next_step_begins() -> None:
    made = pair()
    filled(made, 1, 4)
    made.broker.request_amend(2, quantity=4, at_once=False)  # its sibling took 4
    events = heard(made)
    assert made.broker.begin_step(at(1)) == [2]
    assert [(type(event), event.timestamp) for event in events] == [(OrderAmended, at(1)), (OrderCanceled, at(1))]


# --- brackets


def bracket() -> Desk:
    """Buy 10 at 90, with a stop and a target."""
    made = desk()
    made.broker.submit_bracket(buy(10, limit_price=90), [sell(10, stop_price=85), sell(10, limit_price=105)])
    return made


def quantities(made: Desk) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Return quantity, remaining and asleep of each order."""
    return [(one.order.quantity, one.remaining_quantity, one.asleep_quantity) for one in made.broker.orders()]


@pytest.mark.parametrize("quantity", [6, 15])
def test_the_exits_of_an_entry_change_with_it(quantity: int) -> None:
    made = bracket()
    events = heard(made)
    assert made.broker.amend(1, quantity=quantity) is None
    assert quantities(made) == [(quantity, quantity, 0), (quantity, quantity, quantity), (quantity, quantity, quantity)]
    assert [(event.order_id, event.keeps_place) for event in events if isinstance(event, OrderAmended)] == [
        (1, quantity == 6),
        (2, quantity == 6),
        (3, quantity == 6),
    ]


def test_the_exits_of_an_entry_change_when_it_does() -> None:
    made = bracket()
    made.broker.request_amend(1, quantity=6, at_once=False)
    events = heard(made)
    assert made.broker.begin_step(at(1)) == [1]
    changed = [(event.order_id, event.timestamp) for event in events if isinstance(event, OrderAmended)]
    assert changed == [(1, at(1)), (2, at(1)), (3, at(1))]


def test_a_price_of_an_entry_changes_nothing_of_its_exits() -> None:
    made = bracket()
    events = heard(made)
    assert made.broker.amend(1, limit_price=91) is None
    assert [event.order_id for event in events if isinstance(event, OrderAmended)] == [1]


def test_of_an_entry_that_has_filled_in_part_the_sleeping_units_change() -> None:
    made = bracket()
    filled(made, 1, 4)
    assert made.broker.amend(1, quantity=6) is None
    assert quantities(made) == [(6, 2, 0), (6, 6, 2), (6, 6, 2)]
    assert made.broker.amend(1, quantity=9) is None
    assert quantities(made) == [(9, 5, 0), (9, 9, 5), (9, 9, 5)]


def test_an_amend_of_an_entry_to_what_has_filled_leaves_its_exits_that_part() -> None:
    made = bracket()
    filled(made, 1, 4)
    events = heard(made)
    assert made.broker.amend(1, quantity=4) is None
    assert [type(event) for event in events] == [OrderCanceled, OrderReduced, OrderReduced]
    assert quantities(made) == [(10, 0, 0), (10, 4, 0), (10, 4, 0)]


def test_an_exit_that_was_amended_apart_keeps_its_difference() -> None:
    made = bracket()
    assert made.broker.amend(3, quantity=4) is None
    assert made.broker.amend(1, quantity=8) is None
    assert quantities(made) == [(8, 8, 0), (8, 8, 8), (2, 2, 2)]


@pytest.mark.parametrize("quantity", [6, 4])
def test_an_exit_of_which_nothing_is_left_is_canceled_with_the_change_of_its_entry(quantity: int) -> None:
    made = bracket()
    assert made.broker.amend(3, quantity=4) is None
    events = heard(made)
    assert made.broker.amend(1, quantity=quantity) is None
    assert events[-1] == OrderCanceled(at(0), 3, Decimal(0), why(Code.CANCEL_REQUESTED, remaining=0, quantity=0))
    assert [one.status for one in made.broker.orders()] == [S.ACCEPTED, S.ACCEPTED, S.CANCELED]


def test_an_entry_of_which_nothing_is_left_ends_its_exits_once() -> None:
    made = bracket()
    tracker, taken = made.broker.tracker, why(Code.SIBLING_FILLED, remaining=1, quantity=10, sibling=9, filled=9)
    tracker.reduce(tracker.find(1), Decimal(9), taken)
    events = heard(made)
    assert made.broker.amend(1, quantity=9) is None  # 9 - 0 filled - 9 taken = 0
    asleep = why(Code.PARENT_NOT_FILLED, remaining=0, quantity=9, parent=1, filled=0, asleep=9)
    assert events[3:] == [
        OrderCanceled(at(0), 1, Decimal(0), taken),
        OrderCanceled(at(0), 2, Decimal(9), asleep),
        OrderCanceled(at(0), 3, Decimal(9), asleep),
    ]


def test_an_exit_that_is_awake_is_checked_for_what_is_held() -> None:
    made = bracket()
    filled(made, 1, 10)
    expected = {"held": Decimal(0), "other_sales": Decimal(0), "asked": Decimal(9), "at_most": Decimal(0)}
    assert reason_of(made.broker.amend(2, quantity=9)) == ("POSITION_MUST_COVER_SALE", expected)
    made.portfolio.update_position(symbol="ACME", quantity_delta=10, price=90, timestamp=at(0))
    assert made.broker.amend(2, quantity=9) is None


def test_an_exit_that_sleeps_is_checked_for_its_terms_and_not_for_what_is_held() -> None:
    made = bracket()
    assert made.broker.amend(2, quantity=50) is None
    assert reason_of(made.broker.amend(2, stop_price=Decimal("85.001")))[0] == "PRICE_MUST_BE_ON_TICK"
    assert reason_of(made.broker.amend(2, stop_price=106))[0] == "STOP_AND_LIMIT_MUST_AGREE"
    filled(made, 1, 10)
    assert quantities(made)[1] == (50, 10, 0)  # the 40 that the entry has not bought are given up


def test_units_that_an_entry_adds_to_an_exit_sleep_even_where_none_did() -> None:
    made = bracket()
    filled(made, 1, 4)
    made.portfolio.update_position(symbol="ACME", quantity_delta=4, price=90, timestamp=at(0))
    assert made.broker.amend(2, quantity=4) is None  # all 4 of it are awake
    assert made.broker.amend(1, quantity=12) is None
    assert quantities(made) == [(12, 8, 0), (6, 6, 2), (12, 12, 8)]


def test_a_change_of_a_price_alone_brings_back_no_units_that_were_given_up() -> None:
    made = bracket()
    filled(made, 1, 4)
    made.portfolio.update_position(symbol="ACME", quantity_delta=4, price=90, timestamp=at(0))
    made.broker.cancel(1)
    assert made.broker.amend(2, stop_price=86) is None
    assert quantities(made) == [(10, 0, 0), (10, 4, 0), (10, 4, 0)]
    assert made.broker.get_order(2).given_up_quantity == 6


# --- errors


def test_a_change_that_no_such_order_can_have_is_an_error_and_no_request() -> None:
    made = desk()
    made.submit(BUY, 10)
    events = heard(made)
    for change in ({"limit_price": 90}, {"stop_price": 90}):
        with pytest.raises(InvalidOrderError):
            made.broker.request_amend(1, **change, at_once=False)
        with pytest.raises(InvalidOrderError):
            made.broker.amend(1, **change)
    with pytest.raises(NotExactError):
        made.broker.request_amend(1, quantity=0.5, at_once=False)
    assert events == []
    assert list(made.broker.requests) == []


def test_the_list_of_what_waits_is_the_same_all_along() -> None:
    made = desk()
    waiting = made.broker.requests
    made.submit(BUY, 10, "90")
    made.broker.request_cancel(1, at_once=False)
    assert len(waiting) == 1
    made.broker.begin_step(at(1))
    assert list(waiting) == []
    assert made.broker.requests is waiting


def test_a_fall_of_an_entry_takes_only_what_sleeps_of_an_exit() -> None:
    made = desk()
    made.broker.submit_bracket(Order("ACME", BUY, 3), [Order("ACME", SELL, 3)])
    made.broker.amend(2, quantity=1)  # 1, asleep
    fill = Fill(1, 1, "ACME", BUY, 1, 90, at(0))
    made.broker.execute_fill(fill)
    made.broker.lifecycle.settle(made.broker.tracker.find(1), fill)
    assert made.broker.amend(1, quantity=2) is None
    exit_order = made.broker.get_order(2)
    assert (exit_order.remaining_quantity, exit_order.asleep_quantity, exit_order.status) == (1, 0, S.ACCEPTED)
