"""What a split does to open orders and to changes that wait: other units to the last digit, or their end."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.corporate_action import Split
from core.events import Event, OrderCanceled, OrderSplit, RequestRefused
from core.execution.broker import BacktestBroker
from core.fill import Fill
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderStatus, Side
from core.reason import Code
from core.risk.portfolio import PortfolioState

NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
CENT = Decimal("0.01")


def price(text: str) -> Decimal:
    return Decimal(text)


class Desk:
    """A broker that knows one symbol, of which a thousand units are held, and what it announces."""

    def __init__(self, step: str | None = "1", tick: Decimal | None = CENT) -> None:
        self.portfolio = PortfolioState(Decimal(10**9))
        self.portfolio.update_position(symbol="A", quantity_delta=1000, price=100, timestamp=NOON)
        self.portfolio.mark("A", 100, NOON)
        unit = Instrument("A", tick, None if step is None else Decimal(step))
        self.broker = BacktestBroker(self.portfolio, instruments=[unit, Instrument("B")])
        self.heard: list[Event] = []
        self.broker.subscribe(self.heard.append)

    def submit(self, side: Side, quantity: str, **terms: Any) -> int:
        return self.broker.submit(Order("A", side, Decimal(quantity), **terms))

    def split(self, new: int, old: int = 1) -> list[int]:
        self.heard.clear()
        return self.broker.split(Split("A", NOON, new, old), NOON)


PRICES = {
    "the limit of a purchase falls": (BUY, {"limit_price": price("99.99")}, 2, {"limit_price": price("49.99")}),
    "the limit of a sale rises": (SELL, {"limit_price": price("101.01")}, 2, {"limit_price": price("50.51")}),
    "the stop of a purchase rises": (BUY, {"stop_price": price("101.01")}, 2, {"stop_price": price("50.51")}),
    "the stop of a sale falls": (SELL, {"stop_price": price("99.99")}, 2, {"stop_price": price("49.99")}),
    "what is on the tick stays there": (BUY, {"limit_price": price("99.98")}, 2, {"limit_price": price("49.99")}),
    "the limit goes with a stop that waits": (
        BUY,
        {"stop_price": price("101.01"), "limit_price": price("102.01")},
        2,
        {"stop_price": price("50.51"), "limit_price": price("51.01")},
    ),
    "a trail rises": (SELL, {"trail_amount": price("5.01")}, 2, {"trail_amount": price("2.51")}),
    "a trail in percent stays": (SELL, {"trail_percent": price("5")}, 2, {"trail_percent": price("5")}),
    "a market order has no price": (BUY, {}, 2, {"limit_price": None, "stop_price": None}),
}


@pytest.mark.parametrize(("side", "terms", "new", "expected"), PRICES.values(), ids=PRICES)
def test_a_price_is_divided_to_the_tick_away_from_the_market(
    side: Side, terms: dict[str, Any], new: int, expected: dict[str, Any]
) -> None:
    desk = Desk()
    order_id = desk.submit(side, "10", **terms)
    assert desk.split(new) == [order_id]
    order = desk.broker.get_order(order_id).order
    assert {name: getattr(order, name) for name in expected} == expected
    assert order.quantity == 10 * new


def test_the_stop_that_trails_is_where_it_has_come_to() -> None:
    desk = Desk()
    order_id = desk.submit(SELL, "10", trail_amount=price("5.01"))  # from 100: 94.99
    desk.split(2)
    assert desk.broker.get_order(order_id).stop_price == price("47.49")  # 47.495 down


def test_a_limit_behind_a_stop_that_was_reached_is_a_limit() -> None:
    desk = Desk()
    order_id = desk.submit(BUY, "10", stop_price=price("100.01"), limit_price=price("99.99"))
    desk.broker.lifecycle.trigger(desk.broker.tracker.find(order_id), price("100.01"), NOON)
    desk.split(2)
    assert desk.broker.get_order(order_id).order.limit_price == price("49.99")  # 49.995 down


def test_without_a_tick_and_a_step_numbers_keep_what_digits_they_may_have() -> None:
    desk = Desk(step=None, tick=None)
    order_id = desk.submit(BUY, "1", limit_price=price("100"))
    desk.split(3)
    order = desk.broker.get_order(order_id).order
    assert (order.quantity, order.limit_price) == (3, price("33.333333333333"))


def fill(desk: Desk, order_id: int, units: int) -> None:
    record = desk.broker.tracker.find(order_id)
    made = Fill(
        desk.broker.tracker.next_fill_id(), order_id, "A", record.order.side, Decimal(units), price("100"), NOON
    )
    desk.broker.execute_fill(made)
    desk.broker.lifecycle.settle(record, made)


def test_what_has_filled_stays_in_old_units() -> None:
    desk = Desk()
    order_id = desk.submit(BUY, "100", limit_price=100)
    fill(desk, order_id, 40)
    desk.split(3, 2)
    tracked = desk.broker.get_order(order_id)
    assert (tracked.order.quantity, tracked.filled_quantity, tracked.remaining_quantity) == (130, 40, 90)  # 60 x 3/2
    fill(desk, order_id, 90)
    assert desk.broker.get_order(order_id).status is OrderStatus.FILLED


def test_what_sleeps_wakes_in_new_units() -> None:
    desk = Desk()
    exits = [Order("A", SELL, 100, stop_price=90), Order("A", SELL, 100, limit_price=110)]
    entry, stop, target = desk.broker.submit_bracket(Order("A", BUY, 100, limit_price=100), exits)
    fill(desk, entry, 40)
    assert desk.split(2) == [entry, stop, target]
    assert desk.broker.get_order(stop).asleep_quantity == 120
    fill(desk, entry, 120)
    tracked = desk.broker.get_order(stop)
    assert (tracked.asleep_quantity, tracked.remaining_quantity) == (0, 200)
    fill(desk, target, 50)
    assert desk.broker.get_order(stop).remaining_quantity == 150


def test_a_rest_off_the_step_is_canceled_and_takes_what_sleeps_along() -> None:
    desk = Desk()
    exits = [Order("A", SELL, 5, stop_price=90)]
    entry, stop = desk.broker.submit_bracket(Order("A", BUY, 5, limit_price=100), exits)
    assert desk.split(1, 2) == [entry, stop]
    tracked = desk.broker.get_order(entry)
    assert tracked.status is OrderStatus.CANCELED
    assert tracked.reason is not None
    assert (tracked.reason.code, tracked.reason.text) == (
        Code.SPLIT,
        "a split of 1:2 would make its quantity 2.5, which none can have: its unit is 1, 5 of 5 left",
    )
    assert [type(one) for one in desk.heard] == [OrderCanceled, OrderCanceled]
    reason = desk.broker.get_order(stop).reason
    assert reason is not None
    assert reason.code is Code.PARENT_NOT_FILLED


def test_a_price_that_would_be_nothing_is_canceled() -> None:
    desk = Desk()
    order_id = desk.submit(BUY, "10", limit_price=CENT)
    desk.split(2)
    reason = desk.broker.get_order(order_id).reason
    assert reason is not None
    assert reason.text.startswith(
        "a split of 2:1 would make its limit_price 0.005, which none can have: its unit is 0.01"
    )


def test_a_number_of_too_many_digits_is_canceled() -> None:
    desk = Desk()
    order_id = desk.submit(SELL, "1000", limit_price=1000)
    for status in (OrderStatus.ACCEPTED, OrderStatus.ACCEPTED, OrderStatus.CANCELED):  # 10 ** 9, 10 ** 15, 10 ** 21
        desk.split(10**6)
        assert desk.broker.get_order(order_id).status is status
    reason = desk.broker.get_order(order_id).reason
    assert reason is not None
    assert reason.code is Code.SPLIT


def test_orders_of_other_symbols_are_left_alone() -> None:
    desk = Desk()
    other = desk.broker.submit(Order("B", BUY, 7, limit_price=10))
    assert desk.split(2) == []
    assert desk.broker.get_order(other).order.quantity == 7
    assert desk.heard == []


def test_an_order_keeps_its_place_in_line_and_claims_what_it_did() -> None:
    desk = Desk()
    order_id = desk.submit(BUY, "100", limit_price=100)
    line = desk.broker.tracker.find(order_id).line
    desk.split(2)
    assert desk.broker.tracker.find(order_id).line == line
    (event,) = desk.heard
    order = desk.broker.get_order(order_id).order
    assert event == OrderSplit(NOON, order_id, order, None, 2, 1)


# --- changes that wait


def test_a_change_that_waits_is_put_into_new_units_and_a_cancel_stays() -> None:
    desk = Desk()
    first, second = (desk.submit(BUY, "100", limit_price=99) for _ in range(2))
    fill(desk, first, 40)
    desk.broker.request_amend(first, quantity=80, limit_price=price("98.01"), at_once=False)
    desk.broker.request_amend(first, quantity=30, at_once=False)  # less than has filled: refused as ever
    desk.broker.request_cancel(second, at_once=False)
    desk.split(2)
    desk.broker.begin_step(NOON)
    tracked = desk.broker.get_order(first)
    assert (tracked.order.quantity, tracked.order.limit_price) == (120, price("49.00"))  # 40 + 2 x 40; 49.005 down
    assert [one.reason.code for one in desk.heard if isinstance(one, RequestRefused)] == [
        Code.QUANTITY_MUST_COVER_FILLED
    ]
    assert desk.broker.get_order(second).status is OrderStatus.CANCELED


def test_a_change_of_another_symbol_or_of_an_order_that_is_over_waits_as_it_is() -> None:
    desk = Desk()
    other = desk.broker.submit(Order("B", BUY, 7, limit_price=10))
    odd = desk.submit(BUY, "5", limit_price=99)
    desk.broker.request_amend(other, quantity=9, at_once=False)
    desk.broker.request_amend(odd, quantity=4, at_once=False)
    desk.split(1, 2)  # the odd one is canceled
    desk.broker.begin_step(NOON)
    assert desk.broker.get_order(other).order.quantity == 9
    assert [one.reason.code for one in desk.heard if isinstance(one, RequestRefused)] == [Code.ORDER_MUST_BE_OPEN]


def test_a_change_to_what_no_order_can_have_is_refused_and_the_order_stands() -> None:
    desk = Desk()
    order_id = desk.submit(BUY, "10", limit_price=99)
    desk.broker.request_amend(order_id, quantity=7, at_once=False)
    assert desk.split(1, 2) == [order_id, order_id]
    (refused,) = (one for one in desk.heard if isinstance(one, RequestRefused))
    assert (refused.request, refused.reason.code) == ("amend", Code.SPLIT)
    assert desk.broker.get_order(order_id).order.quantity == 5
    assert not desk.broker.requests
