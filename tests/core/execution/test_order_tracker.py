"""Orders move only as they may, lose no unit, and take each fill once (O1, O2, O3, O6)."""

from collections.abc import Callable
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import Phase
from core.errors import InvalidFillError, InvariantError, OrderTransitionError, UnknownOrderError
from core.execution.order_record import Entry, OrderRecord, Wait
from core.execution.order_tracker import OrderTracker, traded_after
from core.fill import Fill, FillRule
from core.order import BUY, SELL, Order, OrderStatus
from core.protocols import Traded
from core.reason import Code, Reason
from tests.core.builders import at
from tests.core.execution.records import order_of

S = OrderStatus
WHY = Reason.of(Code.CANCEL_REQUESTED, remaining=Decimal(0), quantity=Decimal(10))
HERE = Entry(3, Phase.LEG_1, Decimal("99.75"), 1)


def tracked(quantity: int = 10, status: OrderStatus = S.ACCEPTED) -> tuple[OrderTracker, OrderRecord]:
    """Return a tracker and an order that stands at a status."""
    tracker = OrderTracker()
    record = tracker.add(Order("ACME", BUY, quantity), at(0), 0)
    paths: dict[OrderStatus, Callable[[], object]] = {
        S.SUBMITTED: lambda: None,
        S.REJECTED: lambda: tracker.reject(record, WHY),
        S.ACCEPTED: lambda: tracker.accept(record),
        S.TRIGGERED: lambda: (tracker.accept(record), tracker.trigger(record, HERE)),
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


def test_open_orders_of_two_symbols_come_by_number_too() -> None:
    tracker = OrderTracker()
    for symbol in ("Z", "A", "Z"):
        tracker.accept(tracker.add(Order(symbol, BUY, 1), None, 0))
    assert [record.id for record in tracker.open_records()] == [1, 2, 3]


TAMPERED = [
    pytest.param({"remaining": Decimal(5)}, id="units lost"),
    pytest.param({"given_up": Decimal(1)}, id="a unit too many"),
    pytest.param({"traded": Traded(Decimal(11)), "remaining": Decimal(-1)}, id="less than nothing remains"),
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
        pytest.param({"given_up": Decimal(-1), "traded": Traded(Decimal(1))}, id="less than nothing was given up"),
        pytest.param({"traded": Traded(Decimal(1))}, id="a unit filled twice"),
    ],
)
def test_an_order_that_was_tampered_with_cannot_fill(tampered: dict[str, Decimal]) -> None:
    tracker, record = tracked(10)
    for name, value in tampered.items():
        setattr(record, name, value)
    with pytest.raises(InvariantError, match="invariant O2 is broken"):
        fill(tracker, record, 4)


def test_an_order_of_which_a_part_was_given_up_cannot_become_filled() -> None:
    tracker, record = tracked(10)
    tracker.give_up(record, Decimal(4))
    fill(tracker, record, 6)
    assert (record.status, record.remaining, record.is_open) == (S.PARTIALLY_FILLED, 0, True)
    record.status = S.FILLED
    with pytest.raises(InvariantError, match=r"^invariant O2 is broken: 10 of order 1 is not 10 "):
        tracker.give_up(record, Decimal(0))


def test_an_order_that_filled_whole_is_filled_and_nothing_else() -> None:
    tracker, record = tracked(10, S.FILLED)
    record.status = S.CANCELED
    with pytest.raises(InvariantError, match=r"^invariant O2 is broken: 10 of order 1 is not 10 "):
        tracker.give_up(record, Decimal(0))


def test_a_broken_order_is_named_with_both_sides_and_all_that_is_known_of_it() -> None:
    tracker, record = tracked(10)
    record.remaining = Decimal(5)
    with pytest.raises(InvariantError) as caught:
        tracker.give_up(record, Decimal(1))
    assert caught.value.name == "O2"
    text = str(caught.value)
    assert text.startswith("invariant O2 is broken: 5 of order 1 is not 10 (OrderRecord(id=1, ")
    assert "remaining=Decimal('4')" in text


# --- giving up


def test_units_are_given_up_waking_ones_first() -> None:
    tracker, record = tracked(10)
    record.asleep = Decimal(6)
    assert tracker.give_up(record, Decimal(3)) == 3
    assert (record.remaining, record.asleep, record.awake, record.given_up) == (7, 6, 1, 3)
    assert tracker.give_up(record, Decimal(2)) == 2
    assert (record.remaining, record.asleep, record.awake, record.given_up) == (5, 5, 0, 5)


def reason(code: Code) -> Reason:
    return Reason.of(code, remaining=Decimal(7), quantity=Decimal(10))


@pytest.mark.parametrize(
    ("code", "remaining", "asleep", "taken"),
    [
        pytest.param(Code.SIBLING_FILLED, 7, 6, 3, id="a sibling takes what is awake first"),
        pytest.param(Code.PARENT_NOT_FILLED, 7, 3, 0, id="an entry that ends takes what sleeps"),
        pytest.param(Code.CHILD_FILLED, 7, 6, 0, id="anything else takes what is awake first"),
    ],
)
def test_an_open_order_loses_units_for_a_reason(code: Code, remaining: int, asleep: int, taken: int) -> None:
    tracker, record = tracked(10)
    record.asleep = Decimal(6)
    tracker.reduce(record, Decimal(3), reason(code))
    assert (record.remaining, record.asleep, record.given_up, record.taken) == (remaining, asleep, 3, taken)
    assert (record.reduction, record.status, record.is_open) == (reason(code), S.ACCEPTED, True)


def test_what_siblings_take_adds_up() -> None:
    tracker, record = tracked(10)
    tracker.reduce(record, Decimal(3), reason(Code.SIBLING_FILLED))
    tracker.reduce(record, Decimal(2), reason(Code.SIBLING_FILLED))
    assert (record.taken, record.given_up, record.remaining) == (5, 5, 5)


@pytest.mark.parametrize("status", [S.CANCELED, S.EXPIRED])
def test_an_order_that_ends_gives_up_all_it_has(status: OrderStatus) -> None:
    tracker, record = tracked(10)
    record.asleep = Decimal(6)
    fill(tracker, record, 1)
    assert tracker.end(record, status, WHY) == 9
    assert (record.remaining, record.asleep, record.given_up, record.reason) == (0, 0, 9, WHY)
    assert (record.status, record.is_open, tracker.symbols) == (status, False, {})


def test_a_rejected_order_gives_up_all_and_was_never_open() -> None:
    tracker, record = tracked(10, S.REJECTED)
    assert (record.remaining, record.given_up, record.reason, record.is_open) == (0, 10, WHY, False)
    assert not tracker.symbols


# --- relations


def bracket(tracker: OrderTracker, exits: int) -> list[OrderRecord]:
    """Add an entry and its exits, which are siblings."""
    entry = tracker.add(order_of(BUY, 10), at(0), 0)
    group_id = entry.id + 1 if exits > 1 else None
    return [entry, *(tracker.add(order_of(SELL, 10), at(0), 0, entry.id, group_id) for _ in range(exits))]


def test_an_exit_sleeps_and_knows_its_entry_as_the_entry_knows_it() -> None:
    entry, one, other = bracket(OrderTracker(), 2)
    assert (entry.child_ids, entry.parent_id, entry.asleep, entry.awake) == ((2, 3), None, 0, 10)
    assert [(exit_.parent_id, exit_.asleep, exit_.awake, exit_.child_ids) for exit_ in (one, other)] == [
        (1, 10, 0, ()),
        (1, 10, 0, ()),
    ]


@pytest.mark.parametrize(
    ("count", "siblings"),
    [
        pytest.param(1, [()], id="one alone"),
        pytest.param(2, [(2,), (1,)], id="two"),
        pytest.param(3, [(2, 3), (1, 3), (1, 2)], id="three"),
        pytest.param(4, [(2, 3, 4), (1, 3, 4), (1, 2, 4), (1, 2, 3)], id="four"),
    ],
)
def test_siblings_know_each_other_and_share_the_least_of_their_numbers(
    count: int, siblings: list[tuple[int, ...]]
) -> None:
    tracker = OrderTracker()
    records = [tracker.add(order_of(SELL, 10), at(0), 0, None, 1) for _ in range(count)]
    assert [record.sibling_ids for record in records] == siblings
    assert [record.group_id for record in records] == [1] * count


def test_without_relations_an_order_stands_alone() -> None:
    record = OrderTracker().add(order_of(BUY), at(0), 0)
    assert (record.parent_id, record.group_id, record.child_ids, record.sibling_ids) == (None, None, (), ())


def test_the_open_ones_of_some_orders_come_as_they_are_asked_for() -> None:
    tracker = OrderTracker()
    for _ in range(3):
        tracker.accept(tracker.add(order_of(BUY), None, 0))
    tracker.end(tracker.find(2), S.CANCELED, WHY)
    tracker.add(order_of(BUY), None, 0)  # never accepted
    assert [record.id for record in tracker.find_open((3, 2, 1, 4, 9))] == [3, 1]
    assert tracker.find_open(()) == []


# --- a new order


def test_an_order_begins_as_it_was_asked_for() -> None:
    tracker, order = OrderTracker(), order_of(SELL, 10, stop_price=95)
    tracker.add(order_of(BUY), None, 0)
    record = tracker.add(order, at(0), 4, step=3, is_after_close=True, entry=HERE)
    assert (record.id, record.line, record.order, record.submitted_at, record.eligible_step) == (2, 2, order, at(0), 4)
    assert (record.sign, record.remaining, record.stop_price) == (-1, 10, 95)
    assert (record.is_after_close, record.entry, record.status) == (True, HERE, S.SUBMITTED)
    assert (record.instant, record.is_open) == (None, False)


def test_an_order_came_before_the_close_if_nothing_else_is_said() -> None:
    assert OrderTracker().add(order_of(BUY), at(0), 0).is_after_close is False


@pytest.mark.parametrize(
    ("eligible", "step", "submitted", "has_day"),
    [
        pytest.param(4, 3, True, False, id="eligible in the next step"),
        pytest.param(3, 3, True, True, id="eligible in this one"),
        pytest.param(2, 3, True, True, id="eligible before"),
        pytest.param(3, 3, False, False, id="without a clock"),
    ],
)
def test_an_order_that_is_eligible_at_once_has_its_day(
    eligible: int, step: int, *, submitted: bool, has_day: bool
) -> None:
    record = OrderTracker().add(order_of(BUY), at(0) if submitted else None, eligible, step=step)
    assert record.day == (at(0).date() if has_day else None)


def test_an_exit_has_no_day_while_it_sleeps() -> None:
    tracker = OrderTracker()
    tracker.add(order_of(BUY, 10), at(0), 0)
    assert tracker.add(order_of(SELL, 10), at(0), 0, 1, step=0).day is None


# --- waking


def asleep(tracker: OrderTracker, quantity: int = 10) -> OrderRecord:
    _, record = bracket(tracker, 1)
    tracker.accept(record)
    record.asleep = Decimal(quantity)
    return record


def test_units_wake_inside_a_bar() -> None:
    tracker = OrderTracker()
    record = asleep(tracker)
    record.is_after_close, record.eligible_step = True, 3
    tracker.wake(record, Decimal(4), at(3).date(), 3, HERE)
    assert (record.asleep, record.awake, record.remaining) == (6, 4, 10)
    assert (record.entry, record.day, record.eligible_step) == (HERE, at(3).date(), 3)
    assert record.is_after_close is False
    later = HERE._replace(step=4)
    tracker.wake(record, Decimal(6), at(4).date(), 4, later)
    assert (record.asleep, record.awake, record.entry, record.day) == (0, 10, later, at(3).date())


def test_units_that_wake_after_the_close_wait_for_the_next_bar() -> None:
    tracker = OrderTracker()
    record = asleep(tracker)
    tracker.wake(record, Decimal(4), at(3).date(), 3, None)
    assert (record.asleep, record.eligible_step, record.entry, record.day) == (6, 4, None, None)
    record.eligible_step = 9
    tracker.wake(record, Decimal(1), at(4).date(), 4, None)
    assert record.eligible_step == 9  # it never comes earlier


def test_units_that_wake_after_the_close_beside_others_wait_for_the_next_bar_alone() -> None:
    tracker = OrderTracker()
    record = asleep(tracker)
    tracker.wake(record, Decimal(4), at(3).date(), 3, None)
    assert (record.eligible_step, record.fresh) == (4, None)
    tracker.wake(record, Decimal(5), at(4).date(), 4, None)
    assert (record.eligible_step, record.fresh, record.awake) == (4, (4, Decimal(5)), 9)
    assert [record.ready(step) for step in (3, 4, 5)] == [0, 4, 9]  # the 5 that woke in step 4 from step 5 on


# --- stops


@pytest.mark.parametrize(("before", "after"), [(S.ACCEPTED, S.TRIGGERED), (S.PARTIALLY_FILLED, S.PARTIALLY_FILLED)])
def test_a_stop_that_is_reached_is_triggered_where_it_was(before: OrderStatus, after: OrderStatus) -> None:
    tracker, record = tracked(10, before)
    record.wait = (2, 0, Wait(1, 1, 1))
    tracker.trigger(record, HERE)
    assert (record.status, record.is_triggered, record.entry, record.wait) == (after, True, HERE, None)
    assert record.is_open


def test_a_trailing_stop_remembers_where_it_was_before_the_step() -> None:
    tracker, record = tracked()
    record.wait = (2, 0, Wait(1, 1, 1))
    moves = [(3, "97"), (3, "98"), (4, "99"), (4, "99.5"), (6, "100")]
    seen = []
    for step, price in moves:
        tracker.move_stop(record, Decimal(price), step)
        seen.append((record.stop_price, record.stop_before))
    assert seen == [
        (97, (3, None)),
        (98, (3, None)),
        (99, (4, Decimal(98))),
        (Decimal("99.5"), (4, Decimal(98))),
        (100, (6, Decimal("99.5"))),
    ]
    assert record.wait is None


@pytest.mark.parametrize("status", [S.ACCEPTED, S.CANCELED])
def test_a_cancel_is_noted_on_an_order_that_is_open(status: OrderStatus) -> None:
    tracker, record = tracked(status=status)
    tracker.request_cancel(record)
    assert record.cancel_queued is status.is_open


# --- amends

AMENDS = [
    # filled before, taken by siblings; the new quantity; then remaining, given up
    pytest.param(0, 0, 15, (15, 0), id="more"),
    pytest.param(0, 0, 6, (6, 0), id="less"),
    pytest.param(4, 0, 6, (2, 0), id="less, of which a part has filled"),
    pytest.param(4, 0, 5, (1, 0), id="one more than has filled"),
    pytest.param(0, 3, 15, (12, 3), id="what siblings took stays taken"),
    pytest.param(0, 3, 4, (1, 3), id="less, one more than siblings took"),
    pytest.param(0, 3, 3, (0, 3), id="no more than siblings took"),
    pytest.param(0, 3, 2, (0, 2), id="less than siblings took"),
    pytest.param(2, 3, 4, (0, 2), id="less than filled and taken together"),
    pytest.param(2, 3, 10, (5, 3), id="the same"),
]


@pytest.mark.parametrize(("filled", "taken", "quantity", "expected"), AMENDS)
def test_an_amend_changes_what_remains_and_never_what_has_filled(
    filled: int, taken: int, quantity: int, expected: tuple[int, int]
) -> None:
    tracker, record = tracked(10)
    if filled:
        fill(tracker, record, filled)
    if taken:
        tracker.reduce(record, Decimal(taken), reason(Code.SIBLING_FILLED))
    tracker.amend(record, order_of(BUY, quantity), None, keeps_place=True)
    assert (record.remaining, record.given_up, record.asleep) == (*expected, 0)
    assert (record.filled, record.taken, record.order.quantity) == (filled, taken, quantity)


EXITS = [
    # asleep, taken by siblings; the new quantity; then remaining, given up, asleep
    pytest.param(6, 0, 15, (15, 0, 11), id="what is added sleeps"),
    pytest.param(6, 0, 7, (7, 0, 3), id="what is taken off slept"),
    pytest.param(6, 0, 3, (3, 0, 0), id="more than slept"),
    pytest.param(6, 3, 9, (6, 3, 5), id="one that a sibling reduced"),
    pytest.param(2, 8, 15, (7, 8, 7), id="one that a sibling has all but ended"),
    pytest.param(10, 0, 4, (4, 0, 4), id="one that sleeps whole"),
    pytest.param(0, 0, 15, (15, 0, 5), id="what is added sleeps, though all is awake"),
    pytest.param(6, 0, 10, (10, 0, 6), id="the same"),
]


@pytest.mark.parametrize(("sleeping", "taken", "quantity", "expected"), EXITS)
def test_of_an_exit_whose_entry_is_open_the_change_is_of_what_sleeps(
    sleeping: int, taken: int, quantity: int, expected: tuple[int, int, int]
) -> None:
    tracker = OrderTracker()
    entry, record = bracket(tracker, 1)
    tracker.accept(entry)
    tracker.accept(record)
    if taken:
        tracker.reduce(record, Decimal(taken), reason(Code.SIBLING_FILLED))
    record.asleep = Decimal(sleeping)
    tracker.amend(record, order_of(SELL, quantity), None, keeps_place=True)
    assert (record.remaining, record.given_up, record.asleep) == expected


def test_of_an_exit_whose_entry_is_over_all_is_awake() -> None:
    tracker = OrderTracker()
    entry, record = bracket(tracker, 1)
    tracker.accept(entry)
    tracker.accept(record)
    record.asleep = Decimal(0)
    fill(tracker, entry, 10)
    tracker.amend(record, order_of(SELL, 15), None, keeps_place=True)
    assert (record.remaining, record.asleep) == (15, 0)


def test_an_amend_sets_the_prices_and_forgets_what_was_waited_for() -> None:
    tracker, record = tracked(10)
    record.wait, order = (2, 0, Wait(1, 1, 1)), order_of(BUY, 10, stop_price=105, trail_amount=3)
    tracker.amend(record, order, Decimal(104), keeps_place=True)
    assert (record.order, record.stop_price, record.wait, record.entry) == (order, 104, None, None)
    tracker.amend(record, order, None, keeps_place=True, entry=HERE)
    assert (record.stop_price, record.entry) == (None, HERE)
    tracker.amend(record, order, None, keeps_place=True)
    assert record.entry == HERE


def test_an_amend_that_costs_the_place_in_line_gives_the_last_one() -> None:
    tracker, record = tracked(10)
    other = tracker.add(order_of(BUY), None, 0)
    tracker.amend(record, order_of(BUY, 9), None, keeps_place=True)
    assert (record.line, other.line) == (1, 2)
    tracker.amend(record, order_of(BUY, 9), None, keeps_place=False)
    assert record.line == 3
    assert tracker.add(order_of(BUY), None, 0).line == 4


def test_an_amend_below_what_has_filled_breaks_the_order() -> None:
    tracker, record = tracked(10, S.PARTIALLY_FILLED)
    with pytest.raises(InvariantError, match="invariant O2 is broken"):
        tracker.amend(record, order_of(BUY, 3), None, keeps_place=True)


# --- fills


def test_what_an_order_has_filled_adds_up_and_its_makers_part_apart() -> None:
    traded = Traded()
    steps = []
    for quantity, notional, is_maker in ((3, "30.5", False), (4, "41", True), (2, "20", False), (1, "9.5", True)):
        traded = traded_after(traded, Decimal(quantity), Decimal(notional), is_maker=is_maker)
        steps.append(tuple(traded))
    assert steps == [
        (3, Decimal("30.5"), 0, 0),
        (7, Decimal("71.5"), 4, 41),  # 30.5 + 41
        (9, Decimal("91.5"), 4, 41),
        (10, 101, 5, Decimal("50.5")),
    ]
    assert traded_after(Traded(), Decimal(3), Decimal(30), is_maker=True) == Traded(*map(Decimal, (3, 30, 3, 30)))
    assert traded_after(Traded(), Decimal(3), Decimal(30), is_maker=False) == Traded(Decimal(3), Decimal(30))


def test_only_a_fill_that_the_price_came_to_is_a_makers() -> None:
    tracker, record = tracked(10)
    fill(tracker, record, 3, rule=FillRule.OPEN)
    fill(tracker, record, 4, rule=FillRule.LEG)
    assert tuple(record.traded) == (7, 70, 4, 40)


def test_a_rebate_is_a_commission_below_zero() -> None:
    tracker, record = tracked(10)
    fill(tracker, record, 3, commission=Decimal("-0.25"))
    fill(tracker, record, 4, commission=Decimal("0.25"))
    assert record.commissions == 0


def test_an_order_that_filled_whole_is_no_longer_kept_with_the_open_ones() -> None:
    tracker, record = tracked(10, S.FILLED)
    assert (record.remaining, record.is_open, tracker.symbols) == (0, False, {})
    with pytest.raises(OrderTransitionError, match=r"^order 1 cannot be filled: it is FILLED$"):
        fill(tracker, record, 1)


# --- going another way


def test_a_fork_has_copies_of_open_orders_that_go_their_own_way() -> None:
    tracker = OrderTracker()
    for symbol in ("A", "B", "A"):
        tracker.accept(tracker.add(order_of(BUY, 10, symbol), at(0), 0))
    fill(tracker, tracker.find(1), 4, id=7)
    other = tracker.fork([tracker.find(1), tracker.find(3)])
    assert [record.id for record in other.all_records()] == [1, 3]
    assert {symbol: list(book) for symbol, book in other.symbols.items()} == {"A": [1, 3]}
    assert (other.next_fill_id(), dict(other.fills)) == (8, {})
    fill(other, other.find(1), 6)
    assert (other.find(1).status, tracker.find(1).status) == (S.FILLED, S.PARTIALLY_FILLED)
    assert (tracker.find(1).remaining, len(tracker.fills), tracker.next_fill_id()) == (6, 1, 8)
    with pytest.raises(UnknownOrderError):
        other.find(2)


def test_the_threads_context_changes_no_quantity() -> None:
    tracker = OrderTracker()
    record = tracker.add(order_of(BUY, "123456.75"), at(0), 0)
    tracker.accept(record)
    with localcontext(Context(prec=2, traps=[Inexact])):
        fill(tracker, record, 12_345, price=Decimal("17.125"), commission=Decimal("1.2345"))
        fill(tracker, record, 12_345, price=Decimal("17.125"), commission=Decimal("1.2345"))
        tracker.reduce(record, Decimal(1234), reason(Code.SIBLING_FILLED))
        tracker.amend(record, order_of(BUY, "123457.25"), None, keeps_place=True)
        tracker.give_up(record, Decimal("0.25"))
    assert record.remaining == Decimal("97533.00")  # 123457.25 - 2 x 12345 - 1234 - 0.25
    assert (record.traded.notional, record.commissions) == (Decimal("422816.250"), Decimal("2.4690"))
