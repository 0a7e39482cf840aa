"""Orders move only as they may, lose no unit, and take each fill once (O1, O2, O3, O6)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidFillError, InvariantError, OrderTransitionError, UnknownOrderError
from core.execution.order_tracker import OrderRecord, OrderTracker
from core.fill import Fill
from core.order import BUY, SELL, Order, OrderStatus, TimeInForce
from core.reason import Code, Reason
from tests.core.builders import at

S = OrderStatus
WHY = Reason.of(Code.CANCEL_REQUESTED, remaining=Decimal(0), quantity=Decimal(10))


def tracked(quantity: int = 10, status: OrderStatus = S.ACCEPTED) -> tuple[OrderTracker, OrderRecord]:
    """Return a tracker and an order that stands at a status."""
    tracker = OrderTracker()
    record = tracker.add(Order("ACME", BUY, quantity), at(0), 0)
    paths: dict[OrderStatus, Callable[[], object]] = {
        S.SUBMITTED: lambda: None,
        S.REJECTED: lambda: tracker.reject(record, WHY),
        S.ACCEPTED: lambda: tracker.accept(record),
        S.TRIGGERED: lambda: (tracker.accept(record), setattr(record, "status", S.TRIGGERED)),
        S.PARTIALLY_FILLED: lambda: (tracker.accept(record), fill(tracker, record, 4)),
        S.FILLED: lambda: (tracker.accept(record), fill(tracker, record, quantity)),
        S.CANCELED: lambda: (tracker.accept(record), tracker.end(record, S.CANCELED, WHY)),
        S.EXPIRED: lambda: (tracker.accept(record), tracker.end(record, S.EXPIRED, WHY)),
    }
    paths[status]()
    assert record.status is status
    return tracker, record


def fill(tracker: OrderTracker, record: OrderRecord, quantity: int, **changes: Any) -> Fill:
    """Apply a fill to an order, and return it."""
    facts = {
        "id": tracker.next_fill_id(),
        "order_id": record.id,
        "symbol": record.order.symbol,
        "side": record.order.side,
        "quantity": quantity,
        "price": 10,
        "timestamp": at(1),
    }
    made = Fill(**(facts | changes))
    tracker.apply_fill(record, made)
    return made


MOVES: dict[str, tuple[OrderStatus, Callable[[OrderTracker, OrderRecord], object], str]] = {
    "accept": (S.ACCEPTED, lambda tracker, record: tracker.accept(record), "accepted"),
    "reject": (S.REJECTED, lambda tracker, record: tracker.reject(record, WHY), "rejected"),
    "cancel": (S.CANCELED, lambda tracker, record: tracker.end(record, S.CANCELED, WHY), "canceled"),
    "expire": (S.EXPIRED, lambda tracker, record: tracker.end(record, S.EXPIRED, WHY), "expired"),
    "fill a part": (S.PARTIALLY_FILLED, lambda tracker, record: fill(tracker, record, 1), "filled"),
    "fill": (S.FILLED, lambda tracker, record: fill(tracker, record, int(record.remaining or 1)), "filled"),
}
LEGAL = {
    S.SUBMITTED: {"accept", "reject"},
    S.ACCEPTED: {"cancel", "expire", "fill a part", "fill"},
    S.TRIGGERED: {"cancel", "expire", "fill a part", "fill"},
    S.PARTIALLY_FILLED: {"cancel", "expire", "fill a part", "fill"},
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("status", OrderStatus)
def test_a_status_makes_its_legal_moves_and_refuses_all_others(status: OrderStatus, move: str) -> None:
    tracker, record = tracked(status=status)
    becomes, make, words = MOVES[move]
    before, fills = record.seen(), dict(tracker.fills)
    if move in LEGAL.get(status, ()):
        make(tracker, record)
        assert record.status is becomes
        return
    if status is S.SUBMITTED and move == "fill":
        words = "filled"
    with pytest.raises(OrderTransitionError) as caught:
        make(tracker, record)
    assert str(caught.value) == f"order 1 cannot be {words}: it is {status.value}"
    assert record.seen() == before
    assert tracker.fills == fills


@pytest.mark.parametrize("status", OrderStatus)
def test_only_an_open_order_can_be_asked_to_end(status: OrderStatus) -> None:
    tracker, record = tracked(status=status)
    if status.is_open:
        tracker.check_can_end(record)
        return
    with pytest.raises(OrderTransitionError, match=rf"^order 1 cannot be canceled: it is {status.value}$"):
        tracker.check_can_end(record)


@pytest.mark.parametrize("status", OrderStatus)
def test_a_record_says_whether_it_is_open(status: OrderStatus) -> None:
    tracker, record = tracked(status=status)
    assert record.is_open == status.is_open
    assert tracker.open_records() == ([record] if status.is_open else [])
    assert (record.order.symbol in tracker.symbols) == status.is_open


def test_orders_are_numbered_from_one() -> None:
    tracker = OrderTracker()
    numbers = [tracker.add(Order("ACME", BUY, 1), None, 0).id for _ in range(3)]
    assert numbers == [1, 2, 3]
    assert len(tracker) == 3


@pytest.mark.parametrize("order_id", [0, -1, 2])
def test_a_number_that_was_never_given_out_is_unknown(order_id: int) -> None:
    tracker, _ = tracked()
    with pytest.raises(UnknownOrderError, match=f"^order {order_id} is unknown$"):
        tracker.find(order_id)


def test_what_fills_and_what_is_given_up_is_what_was_asked() -> None:
    tracker, record = tracked(10)
    fill(tracker, record, 3, price=Decimal("9.50"), commission=Decimal("0.25"))
    fill(tracker, record, 4, price=10, commission=Decimal("0.50"))
    given_up = tracker.end(record, S.CANCELED, WHY)
    seen = record.seen()
    assert (seen.filled_quantity, seen.remaining_quantity, seen.given_up_quantity) == (7, 0, 3)
    assert given_up == 3
    assert seen.filled_notional == Decimal("68.50")  # 3 x 9.50 + 4 x 10
    assert seen.commissions == Decimal("0.75")
    assert (seen.status, seen.reason) == (S.CANCELED, WHY)


@pytest.mark.parametrize(
    ("status", "filled", "remaining", "given_up"),
    [
        (S.SUBMITTED, 0, 10, 0),
        (S.REJECTED, 0, 0, 10),
        (S.ACCEPTED, 0, 10, 0),
        (S.PARTIALLY_FILLED, 4, 6, 0),
        (S.FILLED, 10, 0, 0),
        (S.CANCELED, 0, 0, 10),
        (S.EXPIRED, 0, 0, 10),
    ],
)
def test_the_parts_of_an_order_by_its_status(status: OrderStatus, filled: int, remaining: int, given_up: int) -> None:
    seen = tracked(10, status)[1].seen()
    assert (seen.filled_quantity, seen.remaining_quantity, seen.given_up_quantity) == (filled, remaining, given_up)


@given(st.integers(1, 50), st.lists(st.integers(1, 30), max_size=5), st.booleans())
def test_no_unit_of_an_order_is_lost(quantity: int, parts: list[int], cancel: bool) -> None:
    tracker, record = tracked(quantity)
    for part in parts:
        if record.is_open and part <= record.remaining:
            fill(tracker, record, part)
    if cancel and record.is_open:
        tracker.end(record, S.CANCELED, WHY)
    seen = record.seen()
    assert seen.filled_quantity + seen.remaining_quantity + seen.given_up_quantity == quantity
    assert min(seen.filled_quantity, seen.remaining_quantity, seen.given_up_quantity) >= 0
    assert seen.filled_quantity == sum(one.quantity for one in tracker.fills.values())
    assert (seen.status is S.FILLED) == (seen.filled_quantity == quantity)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        pytest.param({"order_id": 2}, "does not belong to order 1", id="another order"),
        pytest.param({"symbol": "OTHER"}, "does not belong to order 1, which is to buy 10 ACME", id="another symbol"),
        pytest.param({"side": SELL}, "does not belong to order 1", id="the other side"),
        pytest.param({"quantity": 0}, "quantity must be above zero, was 0", id="no quantity"),
        pytest.param({"quantity": -1}, "quantity must be above zero, was -1", id="a quantity below zero"),
        pytest.param({"quantity": 11}, "quantity 11 is above the remaining 10", id="more than remains"),
    ],
)
def test_a_fill_that_does_not_fit_is_refused_and_changes_nothing(changes: dict[str, Any], what: str) -> None:
    tracker, record = tracked(10)
    before = record.seen()
    with pytest.raises(InvalidFillError, match=f"^fill 1: {what}"):
        fill(tracker, record, **({"quantity": 5} | changes))
    assert record.seen() == before
    assert not tracker.fills


def test_a_fill_of_more_than_remains_of_a_part_is_refused() -> None:
    tracker, record = tracked(10, S.PARTIALLY_FILLED)
    with pytest.raises(InvalidFillError, match=r"^fill 2: quantity 7 is above the remaining 6$"):
        fill(tracker, record, 7)


@pytest.mark.parametrize("quantity", [4, 10])
def test_a_fill_is_applied_once(quantity: int) -> None:
    tracker, record = tracked(10)
    made = fill(tracker, record, quantity)
    before = record.seen()
    with pytest.raises(InvalidFillError, match=r"^fill 1: was applied before$"):
        tracker.apply_fill(record, made)
    assert record.seen() == before


def test_the_number_of_a_fill_is_taken_for_all_orders() -> None:
    tracker, record = tracked(10)
    fill(tracker, record, 4)
    other = tracker.add(Order("ACME", BUY, 10), None, 0)
    tracker.accept(other)
    with pytest.raises(InvalidFillError, match=r"^fill 1: was applied before$"):
        fill(tracker, other, 4, id=1)


def test_a_number_that_somebody_else_gave_a_fill_is_not_given_out_again() -> None:
    tracker, record = tracked(10)
    fill(tracker, record, 1, id=2)
    fill(tracker, record, 1)
    fill(tracker, record, 1)
    assert len(tracker.fills) == 3


def test_open_orders_come_by_number_whatever_their_symbols() -> None:
    tracker = OrderTracker()
    for symbol in ("Z", "A", "Z", "M"):
        tracker.accept(tracker.add(Order(symbol, BUY, 1), None, 0))
    tracker.end(tracker.find(1), S.CANCELED, WHY)
    assert [record.id for record in tracker.open_records()] == [2, 3, 4]
    assert {symbol: list(book) for symbol, book in tracker.symbols.items()} == {"Z": [3], "A": [2], "M": [4]}
    assert [record.id for record in tracker.all_records()] == [1, 2, 3, 4]


def test_orders_that_live_for_a_day_are_kept_apart_while_they_are_open() -> None:
    tracker = OrderTracker()
    for time_in_force in (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.DAY):
        tracker.accept(tracker.add(Order("ACME", BUY, 1, time_in_force=time_in_force), None, 0))
    assert [record.id for record in tracker.day_records()] == [1, 3]
    fill(tracker, tracker.find(1), 1)
    assert [record.id for record in tracker.day_records()] == [3]


TAMPERED = [
    pytest.param({"remaining": Decimal(5)}, id="units lost"),
    pytest.param({"given_up": Decimal(1)}, id="a unit too many"),
    pytest.param({"filled": Decimal(11), "remaining": Decimal(-1)}, id="less than nothing remains"),
]


@pytest.mark.parametrize("tampered", TAMPERED)
def test_an_order_that_was_tampered_with_cannot_end(tampered: dict[str, Decimal]) -> None:
    tracker, record = tracked(10)
    for name, value in tampered.items():
        setattr(record, name, value)
    with pytest.raises(InvariantError, match="invariant O2 is broken"):
        tracker.end(record, S.CANCELED, WHY)


@pytest.mark.parametrize(
    "tampered",
    [
        *TAMPERED[:2],
        pytest.param({"given_up": Decimal(-1), "filled": Decimal(1)}, id="less than nothing was given up"),
        pytest.param({"filled": Decimal(1)}, id="a unit filled twice"),
    ],
)
def test_an_order_that_was_tampered_with_cannot_fill(tampered: dict[str, Decimal]) -> None:
    tracker, record = tracked(10)
    for name, value in tampered.items():
        setattr(record, name, value)
    with pytest.raises(InvariantError, match="invariant O2 is broken"):
        fill(tracker, record, 4)


def test_an_order_of_which_a_part_was_given_up_cannot_be_filled_wholly() -> None:
    tracker, record = tracked(10)
    record.remaining, record.given_up = Decimal(6), Decimal(4)
    with pytest.raises(InvariantError, match="invariant O2 is broken"):
        fill(tracker, record, 6)


def test_an_order_whose_limit_has_more_digits_than_the_bars_is_not_rounded_quietly() -> None:
    record = OrderTracker().add(Order("ACME", BUY, 1, limit_price=Decimal("99.50")), None, 0)
    assert record.limit_ticks(2) == 9950
    assert record.limit_ticks(1) == 995
    with pytest.raises(ArithmeticError):
        record.limit_ticks(0)
