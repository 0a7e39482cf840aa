"""What two paths make of the same orders, by how much they differ, and how that is said (R3)."""

from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import pytest

from core.execution.ambiguity import OrderOutcome, Outcome, compare
from core.execution.order_record import OrderRecord
from core.execution.order_tracker import OrderTracker
from core.fill import Fill
from core.order import BUY, SELL
from core.reason import Code, Reason
from tests.core.builders import at, reason_of
from tests.core.execution.records import order_of, record_of

CANCELED = {"remaining": Decimal(0)}


def fill(number: int, order_id: int, quantity: str, price: str) -> Fill:
    return Fill(number, order_id, "ACME", SELL, Decimal(quantity), Decimal(price), at(0))


def outcome_of(*fills: tuple[str, str], **state: Any) -> OrderOutcome:
    """Return what became of a sell stop of 10."""
    made = [fill(number, 1, *one) for number, one in enumerate(fills, start=1)]
    return OrderOutcome.of(record_of(order_of(SELL, 10, stop_price=98), **state), made)


SAID = [
    pytest.param([], {}, "no fill, 10 left at stop 98", id="untouched"),
    pytest.param([], {"stop_price": None}, "no fill, 10 left", id="no stop"),
    pytest.param([], {"stop_price": Decimal("97.50")}, "no fill, 10 left at stop 97.5", id="a stop that trailed"),
    pytest.param([], {"is_triggered": True}, "no fill, 10 left triggered", id="triggered, and resting"),
    pytest.param([], CANCELED, "no fill, canceled", id="canceled"),
    pytest.param([("10", "98.00")], CANCELED, "10 @ 98", id="filled"),
    pytest.param([("4", "98"), ("6", "97.50")], CANCELED, "4 @ 98, 6 @ 97.5", id="filled in two parts"),
    pytest.param(
        [("4", "98")],
        {"remaining": Decimal(6), "is_triggered": True},
        "4 @ 98, 6 left triggered",
        id="filled in part",
    ),
]


@pytest.mark.parametrize(("fills", "state", "text"), SAID)
def test_what_became_of_an_order_is_said_in_words(
    fills: list[tuple[str, str]], state: dict[str, Any], text: str
) -> None:
    assert str(outcome_of(*fills, **state)) == text


def test_an_outcome_has_what_filled_and_what_is_left_working() -> None:
    state = {"remaining": Decimal(6), "asleep": Decimal(2), "is_triggered": True, "stop_price": Decimal(97)}
    made = outcome_of(("4", "98"), **state)
    assert made == OrderOutcome(((Decimal(4), Decimal(98)),), Decimal(6), Decimal(2), True, Decimal(97))


def test_of_an_order_that_is_over_neither_its_stop_nor_its_trigger_counts() -> None:
    assert outcome_of(**CANCELED, is_triggered=True) == outcome_of(**CANCELED, stop_price=None)


DIFFERENT: list[dict[str, Any]] = [
    {"remaining": Decimal(9)},
    {"asleep": Decimal(1)},
    {"is_triggered": True},
    {"stop_price": Decimal(97)},
]


@pytest.mark.parametrize("state", DIFFERENT, ids=str)
def test_outcomes_differ_in_what_they_leave_working(state: dict[str, Any]) -> None:
    assert outcome_of(**state) != outcome_of()


@pytest.mark.parametrize("fills", [[("4", "98"), ("6", "97")], [("10", "97")], [("6", "98"), ("4", "98")]])
def test_outcomes_differ_in_quantity_and_price_of_each_fill(fills: list[tuple[str, str]]) -> None:
    assert outcome_of(*fills, **CANCELED) != outcome_of(("4", "98"), ("6", "98"), **CANCELED)
    assert outcome_of(*fills, **CANCELED) == outcome_of(*fills, **CANCELED)


def tracked() -> tuple[OrderTracker, list[OrderRecord]]:
    tracker = OrderTracker()
    records = [tracker.add(order_of(side, 10), None, 0) for side in (BUY, SELL, SELL)]
    for record in records:
        tracker.accept(record)
    return tracker, records


def test_an_outcome_is_read_from_the_copies_of_a_tracker() -> None:
    tracker, (_, sale, other) = tracked()
    for number, (record, quantity) in enumerate(((sale, "4"), (other, "10"), (sale, "1")), start=1):
        tracker.apply_fill(record, fill(number, record.id, quantity, "98"))
    made = Outcome.of("high_first", Decimal(1000), tracker)
    assert (made.path, made.value, list(made.orders)) == ("high_first", 1000, [1, 2, 3])
    assert [str(one) for one in made.orders.values()] == ["no fill, 10 left", "4 @ 98, 1 @ 98, 5 left", "10 @ 98"]


def outcomes(values: tuple[int, int], *pairs: tuple[OrderOutcome, OrderOutcome]) -> tuple[Outcome, Outcome]:
    """Return two outcomes of the orders 7, 8, ..."""
    kept, other = (
        Outcome(path, Decimal(value), {number: pair[place] for number, pair in enumerate(pairs, start=7)})
        for place, (path, value) in enumerate(zip(("low_first", "high_first"), values, strict=True))
    )
    return kept, other


LOSS, GAIN, OPEN = outcome_of(("10", "98"), **CANCELED), outcome_of(("10", "103"), **CANCELED), outcome_of()


def test_where_two_paths_differ_each_order_concerned_says_so_with_both_outcomes() -> None:
    kept, other = outcomes((9_800, 10_300), (LOSS, GAIN), (OPEN, OPEN), (OPEN, LOSS))
    at_stake, notes = compare(kept, other)
    shared: dict[str, Any] = {"path": "low_first", "other_path": "high_first", "at_stake": Decimal(500)}
    assert at_stake == 500
    assert notes == {
        7: Reason.of(Code.AMBIGUOUS, outcome="10 @ 98", other_outcome="10 @ 103", **shared),
        9: Reason.of(Code.AMBIGUOUS, outcome="no fill, 10 left at stop 98", other_outcome="10 @ 98", **shared),
    }


def test_what_is_at_stake_is_never_below_zero() -> None:
    at_stake, notes = compare(*outcomes((10_300, 9_800), (GAIN, LOSS)))
    assert at_stake == 500
    assert reason_of(notes[7])[1]["at_stake"] == 500


def test_orders_may_differ_where_no_money_does() -> None:
    at_stake, notes = compare(*outcomes((1000, 1000), (LOSS, GAIN)))
    assert (at_stake, list(notes)) == (0, [7])


def test_two_paths_that_agree_say_nothing() -> None:
    assert compare(*outcomes((1000, 1000), (LOSS, LOSS), (OPEN, OPEN))) == (0, {})


def test_the_threads_context_changes_no_comparison() -> None:
    with localcontext(Context(prec=2, traps=[Inexact])):
        at_stake, notes = compare(*outcomes((1_234_567, 7_654_321), (LOSS, GAIN)))
        assert str(outcome_of(("1234.50", "98.125"), **CANCELED)) == "1234.5 @ 98.125"
    assert (at_stake, len(notes)) == (6_419_754, 1)
