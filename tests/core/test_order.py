"""What can be written down as an order, and which status may follow which."""

from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import pytest

from core.errors import InvalidOrderError, NotExactError
from core.order import BUY, LEGAL_MOVES, SELL, Order, OrderStatus, OrderType, Side, TimeInForce, TrackedOrder

S = OrderStatus
# invariant O1, as docs/invariants.md has it
MOVES = {
    S.SUBMITTED: {S.ACCEPTED, S.REJECTED},
    S.ACCEPTED: {S.TRIGGERED, S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.EXPIRED},
    S.TRIGGERED: {S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.EXPIRED},
    S.PARTIALLY_FILLED: {S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.EXPIRED},
    S.REJECTED: set(),
    S.FILLED: set(),
    S.CANCELED: set(),
    S.EXPIRED: set(),
}


NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
PRICES = ("limit_price", "stop_price", "trail_amount", "trail_percent")
T, L = OrderType, TimeInForce


@pytest.mark.parametrize("field", ["quantity", *PRICES])
@pytest.mark.parametrize("value", [1.5, True, "1", Decimal("NaN"), Decimal("1E-13")])
def test_a_number_that_is_not_exact_is_refused_by_the_fields_name(field: str, value: object) -> None:
    with pytest.raises(NotExactError, match=rf"^{field} must be "):
        Order("ACME", BUY, **({"quantity": 1} | {field: value}))


@pytest.mark.parametrize("side", [1, "BUY", None])
def test_a_side_that_is_none_is_refused(side: object) -> None:
    with pytest.raises(InvalidOrderError, match=rf"^order: side must be BUY or SELL, was {side}$"):
        Order("ACME", side, 1)


TYPES: list[Any] = [
    pytest.param({}, T.MARKET, id="no price"),
    pytest.param({"limit_price": 9}, T.LIMIT, id="a limit"),
    pytest.param({"stop_price": 9}, T.STOP, id="a stop"),
    pytest.param({"stop_price": 9, "limit_price": 10}, T.STOP_LIMIT, id="a stop and a limit"),
    pytest.param({"trail_amount": 1}, T.TRAILING_STOP, id="a trail"),
    pytest.param({"trail_percent": 1}, T.TRAILING_STOP, id="a trail in percent"),
    pytest.param({"trail_amount": 1, "stop_price": 9}, T.TRAILING_STOP, id="a trail and its first stop"),
    pytest.param({"trail_percent": 1, "stop_price": 9}, T.TRAILING_STOP, id="a trail in percent and its first stop"),
    pytest.param({"type": T.MARKET_ON_OPEN}, T.MARKET_ON_OPEN, id="on the open, as it says"),
    pytest.param({"type": T.MARKET_ON_CLOSE}, T.MARKET_ON_CLOSE, id="on the close, as it says"),
    pytest.param({"type": T.LIMIT}, T.LIMIT, id="a limit order that the broker will reject"),
]


@pytest.mark.parametrize(("terms", "kind"), TYPES)
def test_the_type_follows_from_the_prices_or_is_as_given(terms: dict[str, Any], kind: OrderType) -> None:
    assert Order("ACME", BUY, 1, **terms).type is kind


ALLOWED = {
    T.MARKET: set(),
    T.LIMIT: {"limit_price"},
    T.STOP: {"stop_price"},
    T.STOP_LIMIT: {"limit_price", "stop_price"},
    T.TRAILING_STOP: {"stop_price", "trail_amount", "trail_percent"},
    T.MARKET_ON_OPEN: set(),
    T.MARKET_ON_CLOSE: set(),
}


@pytest.mark.parametrize("name", PRICES)
@pytest.mark.parametrize("kind", OrderType)
def test_an_order_has_the_prices_of_its_type_and_no_others(kind: OrderType, name: str) -> None:
    terms: dict[str, Any] = {name: Decimal("9.50")}
    if name in ALLOWED[kind]:
        assert getattr(Order("ACME", BUY, 1, type=kind, **terms), name) == Decimal("9.50")
        return
    words = kind.value.lower().replace("_", " ")
    with pytest.raises(InvalidOrderError) as caught:
        Order("ACME", BUY, 1, type=kind, **terms)
    assert str(caught.value) == f"order: a {words} order has no {name}, was 9.50"


def test_a_stop_limit_that_trails_is_refused() -> None:
    with pytest.raises(InvalidOrderError, match=r"^order: a trailing stop order has no limit_price, was 9$"):
        Order("ACME", BUY, 1, limit_price=9, stop_price=8, trail_amount=1)


def test_a_trailing_stop_has_one_trail() -> None:
    with pytest.raises(InvalidOrderError) as caught:
        Order("ACME", BUY, 1, trail_amount=1, trail_percent=1)
    assert str(caught.value) == "order: a trailing stop order has one trail, was given an amount and a percent"


LIVES: list[Any] = [
    pytest.param({}, L.GTC, id="until canceled"),
    pytest.param({"good_till": NOON}, L.GTD, id="until a time"),
    pytest.param({"good_till": NOON, "time_in_force": L.GTD}, L.GTD, id="until a time, said twice"),
    pytest.param({"time_in_force": L.DAY}, L.DAY, id="for a day"),
    pytest.param({"time_in_force": L.IOC}, L.IOC, id="for one test"),
    pytest.param({"time_in_force": L.FOK}, L.FOK, id="for one test, all or nothing"),
]


@pytest.mark.parametrize(("terms", "life"), LIVES)
def test_an_order_lives_until_canceled_if_nothing_else_is_said(terms: dict[str, Any], life: TimeInForce) -> None:
    order = Order("ACME", BUY, 1, **terms)
    assert (order.time_in_force, order.good_till) == (life, terms.get("good_till"))


@pytest.mark.parametrize("life", [L.GTC, L.DAY, L.IOC, L.FOK])
def test_only_an_order_until_a_time_has_a_time(life: TimeInForce) -> None:
    with pytest.raises(InvalidOrderError) as caught:
        Order("ACME", BUY, 1, time_in_force=life, good_till=NOON)
    assert str(caught.value) == (
        "order: good_till must be given for GTD and for nothing else, was 2024-01-02 12:00:00+00:00"
    )


def test_an_order_until_a_time_has_one() -> None:
    with pytest.raises(InvalidOrderError, match=r"^order: good_till must be given for GTD and for nothing else, was N"):
        Order("ACME", BUY, 1, time_in_force=L.GTD)


def test_a_time_is_aware_of_its_zone() -> None:
    with pytest.raises(InvalidOrderError) as caught:
        Order("ACME", BUY, 1, good_till=NOON.replace(tzinfo=None))
    assert str(caught.value) == "order: good_till must be aware of its zone, was 2024-01-02 12:00:00"


def test_what_an_order_waits_for_and_how_long_follow_from_its_type_and_life() -> None:
    assert [kind for kind in OrderType if kind.has_stop] == [T.STOP, T.STOP_LIMIT, T.TRAILING_STOP]
    assert [kind for kind in OrderType if kind.has_limit] == [T.LIMIT, T.STOP_LIMIT]
    assert [life for life in TimeInForce if life.is_immediate] == [L.IOC, L.FOK]


def test_a_type_and_a_life_are_written_as_they_are_called() -> None:
    assert all(one.value == one.name for kind in (OrderType, TimeInForce, OrderStatus) for one in kind)


def test_quantity_and_price_are_kept_as_decimals() -> None:
    order = Order("ACME", SELL, 3, limit_price=9, stop_price=10)
    assert (type(order.quantity), type(order.limit_price), type(order.stop_price)) == (Decimal, Decimal, Decimal)
    for trail in ("trail_amount", "trail_percent"):
        assert type(getattr(Order("ACME", SELL, 3, **{trail: 2}), trail)) is Decimal


def test_what_is_not_given_is_none_and_the_tag_is_empty() -> None:
    order = Order("ACME", SELL, 3)
    assert [getattr(order, name) for name in (*PRICES, "good_till")] == [None] * 5
    assert (order.tag, Order("ACME", SELL, 3, tag="dip").tag) == ("", "dip")


@pytest.mark.parametrize("quantity", [0, -5])
def test_a_quantity_not_above_zero_is_for_the_broker_to_reject(quantity: int) -> None:
    assert Order("ACME", BUY, quantity).quantity == quantity


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order("ACME", BUY, 100, limit_price=Decimal("99.50")), "buy 100 ACME limit 99.5"),
        (Order("ACME", SELL, Decimal("1.50")), "sell 1.5 ACME"),
        (Order("ACME", SELL, 100, stop_price=Decimal("95.0")), "sell 100 ACME stop 95"),
        (Order("ACME", SELL, 100, stop_price=95, limit_price=Decimal("94.5")), "sell 100 ACME stop 95 limit 94.5"),
        (Order("ACME", SELL, 100, trail_amount=10), "sell 100 ACME trail 10"),
        (Order("ACME", SELL, 100, trail_amount=10, stop_price=90), "sell 100 ACME stop 90 trail 10"),
        (Order("ACME", BUY, 100, trail_percent=Decimal("2.50")), "buy 100 ACME trail 2.5%"),
        (Order("ACME", BUY, 100, type=OrderType.MARKET_ON_OPEN), "buy 100 ACME on open"),
        (Order("ACME", BUY, 100, type=OrderType.MARKET_ON_CLOSE), "buy 100 ACME on close"),
    ],
)
def test_an_order_is_said_in_the_words_of_a_trader(order: Order, words: str) -> None:
    assert str(order) == words


def test_a_side_has_the_sign_of_its_fills() -> None:
    assert (BUY, SELL) == (Side.BUY, Side.SELL)
    assert (BUY.sign, SELL.sign) == (1, -1)


@pytest.mark.parametrize("status", OrderStatus)
def test_the_moves_of_a_status_are_those_of_the_invariant(status: OrderStatus) -> None:
    assert LEGAL_MOVES[status] == MOVES[status]
    assert status.is_final == (not MOVES[status])
    assert status.is_open == (S.CANCELED in MOVES[status])


def test_an_order_of_another_day_is_another_order() -> None:
    order = Order("ACME", BUY, 1, good_till=NOON)
    assert order == Order("ACME", BUY, 1, good_till=NOON)
    assert order != Order("ACME", BUY, 1, good_till=NOON + timedelta(days=1))


def test_an_order_that_nobody_has_touched_is_whole_and_awake() -> None:
    tracked = TrackedOrder(1, Order("ACME", BUY, 10), S.ACCEPTED)
    assert (tracked.filled_quantity, tracked.given_up_quantity, tracked.asleep_quantity) == (0, 0, 0)
    assert (tracked.filled_notional, tracked.commissions, tracked.remaining_quantity) == (0, 0, 10)
    assert (tracked.submitted_at, tracked.reason, tracked.stop_price) == (None, None, None)
    assert (tracked.parent_id, tracked.group_id, tracked.is_triggered) == (None, None, False)


def test_the_threads_context_changes_no_remaining_quantity() -> None:
    tracked = TrackedOrder(1, Order("ACME", BUY, 123_456), S.CANCELED, None, Decimal(1), Decimal("0.25"))
    with localcontext(Context(prec=2, traps=[Inexact])):
        assert tracked.remaining_quantity == Decimal("123454.75")


def test_what_remains_is_the_quantity_less_what_filled_and_what_was_given_up() -> None:
    order = Order("ACME", BUY, Decimal("10.5"))
    tracked = TrackedOrder(1, order, S.CANCELED, filled_quantity=Decimal(4), given_up_quantity=Decimal("1.5"))
    assert tracked.remaining_quantity == Decimal(5)  # 10.5 less 4 less 1.5
