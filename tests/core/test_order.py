"""What can be written down as an order, and which status may follow which."""

from decimal import Decimal

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


@pytest.mark.parametrize("field", ["quantity", "limit_price"])
@pytest.mark.parametrize("value", [1.5, True, "1", Decimal("NaN"), Decimal("1E-13")])
def test_a_number_that_is_not_exact_is_refused_by_the_fields_name(field: str, value: object) -> None:
    with pytest.raises(NotExactError, match=rf"^{field} must be "):
        Order("ACME", BUY, **({"quantity": 1} | {field: value}))


@pytest.mark.parametrize("side", [1, "BUY", None])
def test_a_side_that_is_none_is_refused(side: object) -> None:
    with pytest.raises(InvalidOrderError, match=rf"^order: side must be BUY or SELL, was {side}$"):
        Order("ACME", side, 1)


def test_a_market_order_with_a_limit_price_is_refused() -> None:
    with pytest.raises(InvalidOrderError, match=r"^order: a market order has no limit price, was 9\.50$"):
        Order("ACME", BUY, 1, type=OrderType.MARKET, limit_price=Decimal("9.50"))


def test_the_type_follows_from_the_limit_price() -> None:
    assert Order("ACME", BUY, 1).type is OrderType.MARKET
    assert Order("ACME", BUY, 1, limit_price=9).type is OrderType.LIMIT


def test_an_order_lives_until_canceled_if_nothing_else_is_said() -> None:
    assert Order("ACME", BUY, 1).time_in_force is TimeInForce.GTC


def test_quantity_and_price_are_kept_as_decimals() -> None:
    order = Order("ACME", SELL, 3, limit_price=9)
    assert (type(order.quantity), type(order.limit_price)) == (Decimal, Decimal)


@pytest.mark.parametrize("quantity", [0, -5])
def test_a_quantity_not_above_zero_is_for_the_broker_to_reject(quantity: int) -> None:
    assert Order("ACME", BUY, quantity).quantity == quantity


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order("ACME", BUY, 100, limit_price=Decimal("99.50")), "buy 100 ACME limit 99.5"),
        (Order("ACME", SELL, Decimal("1.50")), "sell 1.5 ACME"),
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


def test_what_remains_is_the_quantity_less_what_filled_and_what_was_given_up() -> None:
    order = Order("ACME", BUY, Decimal("10.5"))
    tracked = TrackedOrder(1, order, S.CANCELED, filled_quantity=Decimal(4), given_up_quantity=Decimal("1.5"))
    assert tracked.remaining_quantity == Decimal(5)  # 10.5 less 4 less 1.5
