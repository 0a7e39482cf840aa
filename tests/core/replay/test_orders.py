"""What each fact does to the orders of the past."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.backtest.loop import Backtest
from core.backtest.settings import SplitRule
from core.backtest.strategy import Now
from core.clock import Phase
from core.corporate_action import Split
from core.errors import UnknownOrderError
from core.events import (
    AmendRequested,
    CancelRequested,
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
    RequestRefused,
    StopMoved,
)
from core.execution.order_record import Entry, OrderRecord
from core.execution.order_tracker import OrderTracker
from core.order import BUY, SELL, Order, OrderStatus, TimeInForce
from core.reason import Code
from core.replay.orders import fold_order
from core.replay.timeline import Timeline
from tests.core.builders import Action, Answering, at, bars_of, run

MARKET = bars_of("A", "100", "100/104/98/103/50", "103/106/97/99/50", "99/110/99/108/50", "108")


def price(text: str) -> Decimal:
    return Decimal(text)


def around(made: Backtest, kind: type[OrderEvent]) -> Iterator[tuple[OrderEvent, OrderRecord | None, OrderRecord]]:
    """Yield each fact of a kind with its order before and after it."""
    timeline = Timeline(made)
    for sequence, fact in enumerate(made.journal):
        if type(fact) is kind:
            before = timeline.at(timeline.after(sequence - 1) if sequence else timeline.end_of_step(-1)).orders
            after = timeline.at(timeline.after(sequence)).orders
            yield fact, before.find(fact.order_id) if len(before) >= fact.order_id else None, after.find(fact.order_id)


def changed(made: Backtest, kind: type[OrderEvent], place: int = 0) -> dict[str, Any]:
    """Return what a fact of a kind changes of its order, by name; of the first such fact, or of a later one."""
    _, before, after = list(around(made, kind))[place]
    assert before is not None
    return {
        name: getattr(after, name)
        for name in OrderRecord.__slots__
        if not name.startswith("_") and getattr(before, name) != getattr(after, name)
    }


def bracket(now: Now) -> None:
    exits = (Order("A", SELL, 10, stop_price=97), Order("A", SELL, 10, limit_price=107))
    now.submit_bracket(Order("A", BUY, 10, limit_price=99), *exits)


def test_an_order_that_was_asked_for_has_its_terms_and_its_place_in_line() -> None:
    made = run(MARKET, {0: lambda now: now.buy("A", 5, limit_price=90), 1: lambda now: now.buy("A", 6, limit_price=91)})
    facts = [(before, after) for _, before, after in around(made, OrderSubmitted)]
    assert [before for before, _ in facts] == [None, None]
    assert [(one.id, one.line, one.eligible_step) for _, one in facts] == [(1, 1, 1), (2, 2, 2)]
    assert [one.remaining for _, one in facts] == [5, 6]
    assert {(one.status, one.is_open, one.is_after_close) for _, one in facts} == {(OrderStatus.SUBMITTED, False, True)}


def test_the_orders_of_a_bracket_know_each_other() -> None:
    made = run(MARKET, {0: bracket})
    entry, stop, target = Timeline(made).at(Timeline(made).end_of_step(0)).orders.all_records()
    assert [one.parent_id for one in (entry, stop, target)] == [None, 1, 1]
    assert [one.child_ids for one in (entry, stop, target)] == [(2, 3), (), ()]
    assert [one.sibling_ids for one in (entry, stop, target)] == [(), (3,), (2,)]
    assert [one.group_id for one in (entry, stop, target)] == [None, 2, 2]
    assert [one.asleep for one in (entry, stop, target)] == [0, 10, 10]


def answer(now: Now, fill: Any) -> None:
    if fill.order_id == 1:
        now.sell("A", 10, stop_price=97)


def test_what_a_call_inside_a_bar_asks_for_has_entered_its_path_there() -> None:
    made = run(MARKET, Answering({0: lambda now: now.buy("A", 10, limit_price=99)}, answer=answer))
    *_, (_, _, asked) = around(made, OrderSubmitted)
    assert asked.entry == Entry(1, Phase.LEG_1, price("99.00"))  # the low comes first, being nearer to the open
    assert (asked.eligible_step, asked.is_after_close) == (1, False)


def partly(now: Now) -> None:
    now.submit_oco(Order("A", BUY, 4), Order("A", BUY, 10, limit_price=90))


CHANGES: Mapping[str, tuple[Mapping[int, Action], dict[str, Any], type[OrderEvent], dict[str, Any]]] = {
    "accepted": (
        {0: lambda now: now.buy("A", 5)},
        {},
        OrderAccepted,
        {"status": OrderStatus.ACCEPTED, "is_open": True},
    ),
    "rejected": (
        {0: lambda now: now.sell("A", 5)},
        {},
        OrderRejected,
        {"status": OrderStatus.REJECTED, "remaining": 0, "given_up": 5},
    ),
    "filled in part": (
        {0: lambda now: now.buy("A", 15)},
        {"volume_cap": price("0.2")},
        OrderFilled,
        {"status": OrderStatus.PARTIALLY_FILLED, "remaining": 5},
    ),
    "filled": (
        {0: lambda now: now.buy("A", 15)},
        {},
        OrderFilled,
        {"status": OrderStatus.FILLED, "remaining": 0, "is_open": False},
    ),
    "an exit that wakes": (
        {0: bracket},
        {},
        OrderActivated,
        {"asleep": 0, "entry": Entry(1, Phase.LEG_1, price("99.00")), "is_after_close": False, "day": date(2024, 1, 3)},
    ),
    "a stop that is reached": (
        {0: lambda now: now.buy("A", 5, stop_price=104)},
        {},
        OrderTriggered,
        {"status": OrderStatus.TRIGGERED, "is_triggered": True, "entry": Entry(1, Phase.LEG_2, price("104.00"))},
    ),
    "a stop that is set": (
        {0: lambda now: now.buy("A", 5, trail_amount=9)},
        {},
        StopMoved,
        {"stop_price": 109, "stop_before": (0, None)},
    ),
    "a sibling that has filled": (
        {0: partly},
        {},
        OrderReduced,
        {"remaining": 6, "given_up": 4, "taken": 4},
    ),
    "a cancel that waits": (
        {0: lambda now: now.buy("A", 5, limit_price=90), 1: lambda now: now.cancel(1)},
        {},
        CancelRequested,
        {"cancel_queued": True},
    ),
    "canceled": (
        {0: lambda now: now.buy("A", 5, limit_price=90), 1: lambda now: now.cancel(1)},
        {},
        OrderCanceled,
        {"status": OrderStatus.CANCELED, "remaining": 0, "given_up": 5, "is_open": False},
    ),
    "expired": (
        {0: lambda now: now.buy("A", 5, limit_price=90, time_in_force=TimeInForce.DAY)},
        {},
        OrderExpired,
        {"status": OrderStatus.EXPIRED, "remaining": 0, "given_up": 5, "is_open": False},
    ),
    "a change that waits": (
        {0: lambda now: now.buy("A", 5, limit_price=90), 1: lambda now: now.amend(1, quantity=7)},
        {},
        AmendRequested,
        {},
    ),
    "more": (
        {0: lambda now: now.buy("A", 5, limit_price=90), 1: lambda now: now.amend(1, quantity=7)},
        {},
        OrderAmended,
        {"remaining": 7, "line": 2},
    ),
    "less": (
        {0: lambda now: now.buy("A", 5, limit_price=90), 1: lambda now: now.amend(1, quantity=3)},
        {},
        OrderAmended,
        {"remaining": 3},
    ),
    "another stop": (
        {0: lambda now: now.buy("A", 5, stop_price=120), 1: lambda now: now.amend(1, stop_price=119)},
        {},
        OrderAmended,
        {"stop_price": 119, "line": 2},
    ),
    "a split": (
        {0: lambda now: now.buy("A", 5, stop_price=120)},
        {"actions": [Split("A", at(2), 2)], "splits": SplitRule.APPLY},
        OrderSplit,
        {"remaining": 10, "stop_price": 60},
    ),
    "a change that was refused": (
        {0: lambda now: now.buy("A", 5, limit_price=90), 1: lambda now: now.amend(1, quantity=-1)},
        {},
        RequestRefused,
        {},
    ),
}
BESIDE = {"reason", "reduction", "traded", "commissions", "order"}
"""What the tests below look at."""


@pytest.mark.parametrize(("steps", "settings", "kind", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_fact_changes_of_its_order_what_it_says(
    steps: Mapping[int, Action], settings: dict[str, Any], kind: type[OrderEvent], expected: dict[str, Any]
) -> None:
    changes = changed(run(MARKET, steps, **settings), kind)
    assert {name: value for name, value in changes.items() if name not in BESIDE} == expected


@pytest.mark.parametrize(
    ("kind", "steps"),
    [(kind, steps) for steps, _, kind, _ in CHANGES.values() if kind in (OrderRejected, OrderCanceled, OrderExpired)],
)
def test_an_end_has_its_reason(kind: type[OrderEvent], steps: Mapping[int, Action]) -> None:
    for fact, _, after in around(run(MARKET, steps), kind):
        assert after.reason == getattr(fact, "reason", None) is not None


def test_a_fill_is_counted_in_units_money_and_commissions() -> None:
    made = run(MARKET, {0: lambda now: now.buy("A", 15)}, volume_cap=price("0.2"))
    filled = [one.traded for _, _, one in around(made, OrderFilled)]
    assert [one.quantity for one in filled] == [10, 15]
    assert [one.notional for one in filled] == [1000, 1515]  # 10 x 100, then 5 x 103


def test_a_change_keeps_what_siblings_took() -> None:
    steps: Mapping[int, Action] = {0: partly, 1: lambda now: now.amend(2, quantity=12)}
    assert changed(run(MARKET, steps), OrderAmended)["remaining"] == 8  # 12 - 4


def test_units_that_never_came_to_life_are_given_up_as_such() -> None:
    steps: Mapping[int, Action] = {0: bracket, 1: lambda now: now.cancel(1)}
    made = run(MARKET, steps, volume_cap=price("0.1"))  # 5 fill, 5 sleep on, of both exits
    reduced = [(fact, after) for fact, _, after in around(made, OrderReduced)]
    assert [fact.order_id for fact, _ in reduced[:2]] == [2, 3]
    assert [after.asleep for _, after in reduced[:2]] == [0, 0]
    assert [after.remaining for _, after in reduced[:2]] == [5, 5]
    assert {one.reduction.code for _, one in reduced[:2] if one.reduction} == {Code.PARENT_NOT_FILLED}
    assert [(one.reduction, one.reason) for _, one in reduced] == [
        (getattr(fact, "reason", None), None) for fact, _ in reduced
    ]


def test_a_fact_about_an_order_that_nobody_asked_for_is_an_error() -> None:
    with pytest.raises(UnknownOrderError, match=r"^order 7 is unknown$"):
        fold_order(OrderTracker(), (0, Phase.OPEN, OrderAccepted, (None, 7)))


def leaves(kind: type[Event]) -> Iterator[type[Event]]:
    for subclass in kind.__subclasses__():
        yield from leaves(subclass)
    if not kind.__subclasses__():
        yield kind


def test_every_kind_of_fact_about_an_order_is_looked_at_here() -> None:
    assert set(leaves(OrderEvent)) == {kind for _, _, kind, _ in CHANGES.values()} | {OrderSubmitted}
