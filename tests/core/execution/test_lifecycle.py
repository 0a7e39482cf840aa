"""What happens to an order, and to those that depend on it, fact by fact (R8, R9, R10, R12c)."""

from decimal import Context, Decimal, Inexact, localcontext
from functools import partial
from typing import Any

import pytest

from core.announcer import Announcer
from core.clock import Clock, Phase
from core.events import (
    Event,
    OrderAccepted,
    OrderActivated,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderReduced,
    OrderRejected,
    OrderSubmitted,
    OrderTriggered,
    StopMoved,
)
from core.execution.broker import BacktestBroker
from core.execution.lifecycle import OrderLifecycle, left_of
from core.execution.order_record import Entry, OrderRecord
from core.execution.order_tracker import OrderTracker
from core.fill import Fill, FillRule
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderStatus
from core.reason import Code, Reason
from core.risk.portfolio import PortfolioState
from tests.core.builders import at, reason_of
from tests.core.execution.records import order_of, record_of

S = OrderStatus
buy, sell = partial(order_of, BUY), partial(order_of, SELL)
PRICE = Decimal("99.75")
HERE = Entry(3, Phase.LEG_2, PRICE, 1)
"""Where the price stands, inside the bar of ACME."""


class Ward:
    """A lifecycle, and all that it changes, in step 3."""

    def __init__(self, tick: str | None = "0.01", mark: str | None = "100", *, inside: bool = True) -> None:
        self.clock = Clock(3, Phase.LEG_2, 1, ("ACME", PRICE) if inside else None)
        self.portfolio = PortfolioState(10_000)
        if mark is not None:
            self.portfolio.mark("ACME", Decimal(mark), at(2))
        self.tracker = OrderTracker()
        self.events: list[Event] = []
        announcer = Announcer()
        announcer.subscribe(self.events.append)
        size = None if tick is None else Decimal(tick)
        self.lifecycle = OrderLifecycle(self.tracker, announcer, self.clock, self.portfolio, lambda _: size)

    def add(self, order: Order, *relations: int | None) -> OrderRecord:
        """Add an order that is accepted, and that nobody was told of."""
        record = self.tracker.add(order, at(2), 0, *relations)
        self.tracker.accept(record)
        return record

    def bracket(self, *exits: Order, quantity: int = 10) -> list[OrderRecord]:
        """Add an entry and its exits."""
        entry = self.add(buy(quantity, limit_price=100))
        group_id = entry.id + 1 if len(exits) > 1 else None
        return [entry, *(self.add(one, entry.id, group_id) for one in exits)]

    def fill(self, record: OrderRecord, quantity: int, price: str = "99.75", **named: Any) -> None:
        """Fill a part of an order, and settle what follows."""
        number = self.tracker.next_fill_id()
        order = record.order
        fill = Fill(number, record.id, order.symbol, order.side, quantity, Decimal(price), at(3), **named)
        self.tracker.apply_fill(record, fill)
        self.lifecycle.settle(record, fill)


def why(code: Code, **params: Any) -> Reason:
    """Return a reason of whole numbers."""
    numbers = ("remaining", "quantity", "filled", "asleep")
    return Reason.of(code, **{name: Decimal(value) if name in numbers else value for name, value in params.items()})


# --- asking


def test_an_order_that_is_asked_for_is_announced_with_all_that_belongs_to_it() -> None:
    ward, order = Ward(), buy(10)
    entry = ward.tracker.add(order, at(2), 4)
    ward.lifecycle.announce_submitted(entry, "mine.py:7 on_bar")
    child = ward.tracker.add(sell(10), at(2), 3, 1, 2, entry=HERE)
    ward.lifecycle.announce_submitted(child, "")
    assert ward.events == [
        OrderSubmitted(at(2), 1, order, 4, cause="mine.py:7 on_bar"),
        OrderSubmitted(at(2), 2, sell(10), 3, PRICE, 1, 2, "", 1),
    ]


def test_an_order_that_entered_a_path_is_new_there() -> None:
    ward = Ward()
    inside, outside = ward.tracker.add(buy(), at(2), 3, entry=HERE), ward.tracker.add(buy(), at(2), 4)
    for record in (inside, outside):
        ward.lifecycle.announce_submitted(record, "")
    assert (inside.instant, outside.instant) == (FillRule.INSTANT, None)


def test_an_order_that_passes_is_accepted_and_one_that_does_not_is_rejected() -> None:
    ward, reason = Ward(), Reason.of(Code.PRICE_MUST_BE_GIVEN, name="limit_price")
    one, other = ward.tracker.add(buy(10), at(2), 4), ward.tracker.add(sell(10), at(2), 4)
    ward.lifecycle.decide(one, None)
    ward.lifecycle.decide(other, reason)
    assert ward.events == [OrderAccepted(at(2), 1), OrderRejected(at(2), 2, reason)]
    assert (one.status, other.status, other.reason) == (S.ACCEPTED, S.REJECTED, reason)


TRAILS = [
    # the tick, the last close, the order, where its stop is then
    pytest.param("0.01", "100", sell(trail_amount="1.5"), "98.50", id="a sale, below the close"),
    pytest.param("0.01", "100", buy(trail_amount="1.5"), "101.50", id="a purchase, above it"),
    pytest.param("0.25", "100.10", sell(trail_amount=1), "99.00", id="down to the tick"),  # 99.10
    pytest.param("0.25", "100.10", buy(trail_amount=1), "101.25", id="up to the tick"),  # 101.10
    pytest.param(None, "100", sell(trail_percent="0.999"), "99.00", id="without a tick: to cents"),  # 99.001
    pytest.param(None, "100.125", sell(trail_amount="0.0005"), "100.124", id="or to the digits of the price"),
    pytest.param("0.01", None, sell(trail_amount=1), None, id="before the first bar there is none"),
]


@pytest.mark.parametrize(("tick", "mark", "order", "stop"), TRAILS)
def test_a_trailing_stop_without_a_first_price_counts_from_the_last_close(
    tick: str | None, mark: str | None, order: Order, stop: str | None
) -> None:
    ward = Ward(tick, mark)
    record = ward.tracker.add(order, at(2), 4)
    ward.lifecycle.decide(record, None)
    expected: list[Event] = [OrderAccepted(at(2), 1)]
    if stop is not None:
        expected.append(StopMoved(at(2), 1, None, Decimal(stop)))
    assert ward.events == expected
    assert record.stop_price == (None if stop is None else Decimal(stop))


@pytest.mark.parametrize(
    "order",
    [sell(trail_amount=1, stop_price=90), sell(stop_price=90), sell(limit_price=110), sell()],
)
def test_a_stop_that_is_given_stays_where_it_is(order: Order) -> None:
    ward = Ward()
    record = ward.tracker.add(order, at(2), 4)
    ward.lifecycle.decide(record, None)
    assert ward.events == [OrderAccepted(at(2), 1)]
    assert record.stop_price == order.stop_price


def test_a_trailing_exit_that_sleeps_has_no_stop_yet() -> None:
    ward = Ward()
    ward.add(buy(10))
    record = ward.tracker.add(sell(10, trail_amount=1), at(2), 4, 1)
    ward.lifecycle.decide(record, None)
    assert (ward.events, record.stop_price) == ([OrderAccepted(at(2), 2)], None)


# --- amends


def test_an_instant_is_of_one_symbol() -> None:
    ward = Ward()
    assert (ward.lifecycle.entry_in("ACME"), ward.lifecycle.entry_in("OTHER")) == (HERE, None)
    ward.clock.instant = None
    assert ward.lifecycle.entry_in("ACME") is None


KEPT = [
    # the order as it is, as it shall be, its stop then, and whether it keeps its place
    pytest.param(buy(10, limit_price=99), buy(10, limit_price=99), None, True, id="nothing changes"),
    pytest.param(buy(10, limit_price=99), buy(9, limit_price=99), None, True, id="fewer units"),
    pytest.param(buy(10, limit_price=99), buy(11, limit_price=99), None, False, id="more units"),
    pytest.param(buy(10, limit_price=99), buy(10, limit_price=98), None, False, id="another limit"),
    pytest.param(buy(10, limit_price=99), buy(9, limit_price=98), None, False, id="fewer units at another limit"),
    pytest.param(sell(10, stop_price=95), sell(10, stop_price=95), "95", True, id="the same stop"),
    pytest.param(sell(10, stop_price=95), sell(10, stop_price=96), "96", False, id="another stop"),
    pytest.param(sell(10, trail_amount=5), sell(10, trail_amount=5, stop_price=95), "95", False, id="a first stop"),
]


@pytest.mark.parametrize(("before", "after", "stop", "keeps"), KEPT)
def test_an_order_keeps_its_place_if_no_price_changes_and_no_unit_is_added(
    before: Order, after: Order, stop: str | None, *, keeps: bool
) -> None:
    ward = Ward(inside=False)
    record, stop_price = ward.add(before), None if stop is None else Decimal(stop)
    ward.lifecycle.amend(record, after, stop_price, at(3))
    assert ward.events == [OrderAmended(at(3), 1, after, stop_price, keeps, None)]
    assert (record.line == 1, record.order, record.stop_price) == (keeps, after, stop_price)
    assert (record.instant, record.entry) == (None, None)


def test_the_stop_where_it_is_counts_and_not_the_one_that_was_asked_for() -> None:
    ward, order = Ward(inside=False), sell(10, trail_amount=5, stop_price=90)
    record = ward.add(order)
    record.stop_price = Decimal(95)
    ward.lifecycle.amend(record, order, Decimal(95), at(3))
    ward.lifecycle.amend(record, order, Decimal(90), at(3))
    assert [event.keeps_place for event in ward.events if isinstance(event, OrderAmended)] == [True, False]


def test_an_order_that_is_amended_inside_a_bar_is_new_there_and_slips_no_more() -> None:
    ward, order = Ward(), buy(10, limit_price=99)
    record = ward.add(buy(10, limit_price=98))
    record.just_triggered = True
    ward.lifecycle.amend(record, order, None, at(3))
    assert ward.events == [OrderAmended(at(3), 1, order, None, False, PRICE, 1)]
    assert (record.instant, record.entry, record.just_triggered) == (FillRule.INSTANT, HERE, False)


def test_what_is_new_already_keeps_the_rule_by_which_it_became_so() -> None:
    ward = Ward()
    record = ward.add(buy(10, limit_price=98))
    record.instant = FillRule.STOP
    ward.lifecycle.amend(record, buy(10, limit_price=99), None, at(3))
    assert record.instant is FillRule.STOP


# --- stops


@pytest.mark.parametrize(("instant", "after"), [(None, FillRule.STOP), (FillRule.INSTANT, FillRule.INSTANT)])
def test_a_stop_that_is_reached_is_new_where_it_was_reached(instant: FillRule | None, after: FillRule) -> None:
    ward = Ward()
    record = ward.add(sell(10, stop_price=100))
    record.instant = instant
    ward.lifecycle.trigger(record, PRICE, at(3))
    assert ward.events == [OrderTriggered(at(3), 1, Decimal(100), PRICE, 1)]
    assert (record.is_triggered, record.just_triggered, record.instant) == (True, True, after)
    assert (record.entry, record.status) == (HERE, S.TRIGGERED)


def test_a_stop_that_moves_says_from_where() -> None:
    ward = Ward()
    record = ward.add(sell(10, trail_amount=5))
    ward.lifecycle.move_stop(record, Decimal(95), at(3))
    ward.lifecycle.move_stop(record, Decimal(96), at(3))
    assert ward.events == [
        StopMoved(at(3), 1, None, Decimal(95)),
        StopMoved(at(3), 1, Decimal(95), Decimal(96)),
    ]
    assert (record.stop_price, record.stop_before) == (96, (3, None))


# --- what a fill does to siblings


def test_a_fill_takes_as_much_off_each_open_sibling() -> None:
    ward = Ward()
    one, two, three, four = (ward.add(sell(quantity), None, 1) for quantity in (10, 6, 3, 10))
    ward.lifecycle.end(four, left_of(four, Code.CANCEL_REQUESTED), at(2))
    ward.events.clear()
    ward.fill(one, 4)
    reduced = why(Code.SIBLING_FILLED, remaining=2, quantity=6, sibling=1, filled=4)
    ended = why(Code.SIBLING_FILLED, remaining=0, quantity=3, sibling=1, filled=4)
    assert ward.events == [
        OrderReduced(at(3), 2, Decimal(4), Decimal(2), reduced),
        OrderCanceled(at(3), 3, Decimal(3), ended),
    ]
    assert [(record.remaining, record.given_up) for record in (one, two, three, four)] == [
        (6, 0),
        (2, 4),
        (0, 3),
        (0, 10),
    ]
    assert (two.taken, two.reduction, three.status, three.reason) == (4, reduced, S.CANCELED, ended)


def test_a_sibling_of_which_nothing_is_left_is_canceled() -> None:
    ward = Ward()
    one, two = ward.add(sell(10), None, 1), ward.add(sell(10), None, 1)
    ward.fill(one, 10)
    reason = why(Code.SIBLING_FILLED, remaining=0, quantity=10, sibling=1, filled=10)
    assert ward.events == [OrderCanceled(at(3), 2, Decimal(10), reason)]
    assert (one.status, two.status) == (S.FILLED, S.CANCELED)


def test_an_order_that_fills_the_rest_that_siblings_left_it_ends_with_their_reason() -> None:
    ward = Ward()
    one, two = ward.add(sell(10), None, 1), ward.add(sell(10), None, 1)
    ward.fill(one, 4)
    ward.events.clear()
    ward.fill(two, 6)
    taken = why(Code.SIBLING_FILLED, remaining=6, quantity=10, sibling=1, filled=4)
    mutual = why(Code.SIBLING_FILLED, remaining=0, quantity=10, sibling=2, filled=6)
    assert ward.events == [OrderCanceled(at(3), 1, Decimal(6), mutual), OrderCanceled(at(3), 2, Decimal(0), taken)]
    assert (two.status, two.filled, two.given_up, two.reason) == (S.CANCELED, 6, 4, taken)


def test_an_order_whose_rest_was_given_up_without_a_reason_ends_as_canceled() -> None:
    ward = Ward()
    record = ward.add(sell(10))
    ward.tracker.give_up(record, Decimal(4))
    ward.fill(record, 6)
    assert ward.events == [OrderCanceled(at(3), 1, Decimal(0), why(Code.CANCEL_REQUESTED, remaining=0, quantity=10))]


def test_a_sibling_loses_what_is_awake_before_what_sleeps() -> None:
    ward = Ward()
    entry, stop, target = ward.bracket(sell(10, stop_price=95), sell(10, limit_price=105))
    ward.fill(entry, 6)
    ward.fill(stop, 4)
    taken, given_up = (event for event in ward.events if isinstance(event, OrderReduced) and event.order_id == 3)
    # of 6 awake and 4 asleep 4 that were awake go; then the entry ends, and with it the 4 that sleep
    assert (taken.reason.code, taken.remaining_quantity) == (Code.SIBLING_FILLED, 6)
    assert (given_up.reason.code, given_up.given_up_quantity) == (Code.PARENT_NOT_FILLED, 4)
    assert (target.remaining, target.asleep, target.taken) == (2, 0, 4)


# --- what it does to exits and entries


def test_an_entry_that_fills_in_part_wakes_its_exits_for_that_part() -> None:
    ward = Ward()
    entry, stop, target = ward.bracket(sell(10, stop_price=95), sell(10, limit_price=105))
    ward.fill(entry, 4)
    assert ward.events == [
        OrderActivated(at(3), 2, Decimal(4), PRICE, 1),
        OrderActivated(at(3), 3, Decimal(4), PRICE, 1),
    ]
    for exit_ in (stop, target):
        assert (exit_.awake, exit_.asleep, exit_.entry, exit_.instant) == (4, 6, HERE, FillRule.INSTANT)
        assert (exit_.day, exit_.eligible_step) == (at(3).date(), 0)
    ward.events.clear()
    ward.fill(entry, 6)
    assert ward.events == [
        OrderActivated(at(3), 2, Decimal(6), PRICE, 1),
        OrderActivated(at(3), 3, Decimal(6), PRICE, 1),
    ]
    assert (entry.status, stop.asleep, target.awake) == (S.FILLED, 0, 10)


def test_what_wakes_once_the_bar_is_over_waits_for_the_next() -> None:
    ward = Ward(inside=False)
    entry, stop = ward.bracket(sell(10, stop_price=95))
    ward.fill(entry, 10)
    assert ward.events == [OrderActivated(at(3), 2, Decimal(10), None)]
    assert (stop.awake, stop.eligible_step, stop.entry, stop.instant, stop.day) == (10, 4, None, None, None)


def test_an_exit_that_has_ended_does_not_wake() -> None:
    ward = Ward()
    entry, stop, target = ward.bracket(sell(10, stop_price=95), sell(10, limit_price=105))
    ward.lifecycle.end(stop, left_of(stop, Code.CANCEL_REQUESTED), at(2))
    ward.events.clear()
    ward.fill(entry, 10)
    assert ward.events == [OrderActivated(at(3), 3, Decimal(10), PRICE, 1)]
    assert target.awake == 10


def test_only_units_that_still_sleep_wake() -> None:
    ward = Ward()
    entry, stop = ward.bracket(sell(10, stop_price=95))
    ward.tracker.reduce(stop, Decimal(7), why(Code.SIBLING_FILLED, remaining=3, quantity=10))
    for quantity in (2, 4, 4):
        ward.fill(entry, quantity)
    assert [event.quantity for event in ward.events if isinstance(event, OrderActivated)] == [2, 1]
    assert stop.awake == 3


def test_an_exit_loses_what_its_entry_has_not_bought_once_that_is_filled() -> None:
    ward = Ward()
    entry, stop, target = ward.bracket(sell(10, stop_price=95), sell(12, limit_price=105))
    ward.fill(entry, 9)
    assert [type(event) for event in ward.events] == [OrderActivated] * 2  # the entry is open, and so 1 and 3 sleep
    ward.events.clear()
    ward.fill(entry, 1)
    given_up = why(Code.PARENT_NOT_FILLED, remaining=10, quantity=12, parent=1, filled=10, asleep=2)
    assert ward.events == [
        OrderActivated(at(3), 2, Decimal(1), PRICE, 1),
        OrderActivated(at(3), 3, Decimal(1), PRICE, 1),
        OrderReduced(at(3), 3, Decimal(2), Decimal(10), given_up),
    ]
    assert (stop.remaining, target.remaining, target.awake) == (10, 10, 10)


@pytest.mark.parametrize(
    ("inside", "stop"),
    [
        pytest.param(True, "97.75", id="from the price of the path"),  # 99.75 - 2
        pytest.param(False, "97.50", id="or from the reference price of the fill"),  # 99.50 - 2
    ],
)
def test_a_trailing_exit_counts_from_where_it_wakes(stop: str, *, inside: bool) -> None:
    ward = Ward(inside=inside)
    entry, trail = ward.bracket(sell(10, trail_amount=2))
    ward.fill(entry, 4, "99.80", reference_price=Decimal("99.50"))
    price, part = (PRICE, 1) if inside else (None, 0)
    assert ward.events == [
        OrderActivated(at(3), 2, Decimal(4), price, part),
        StopMoved(at(3), 2, None, Decimal(stop)),
    ]
    ward.events.clear()
    ward.clock.instant = ("ACME", Decimal(103))
    ward.fill(entry, 6, "103")
    assert ward.events == [OrderActivated(at(3), 2, Decimal(6), Decimal(103), 1)]  # it has a stop already
    assert trail.stop_price == Decimal(stop)


def test_an_exit_that_fills_ends_what_is_left_of_its_entry() -> None:
    ward = Ward()
    entry, stop, target = ward.bracket(sell(10, stop_price=95), sell(10, limit_price=105))
    ward.fill(entry, 4)
    ward.events.clear()
    ward.fill(target, 4)
    asleep = {"parent": 1, "filled": 4, "asleep": 6, "quantity": 10}
    assert ward.events == [
        # 4 that were awake go, 6 that sleep are left
        OrderReduced(
            at(3), 2, Decimal(4), Decimal(6), why(Code.SIBLING_FILLED, remaining=6, quantity=10, sibling=3, filled=4)
        ),
        OrderCanceled(at(3), 1, Decimal(6), why(Code.CHILD_FILLED, remaining=6, quantity=10, child=3)),
        OrderCanceled(at(3), 2, Decimal(6), why(Code.PARENT_NOT_FILLED, remaining=0, **asleep)),
        OrderCanceled(at(3), 3, Decimal(6), why(Code.PARENT_NOT_FILLED, remaining=0, **asleep)),
    ]
    assert [record.status for record in (entry, stop, target)] == [S.CANCELED] * 3
    assert (target.filled, target.given_up) == (4, 6)


def test_an_exit_of_an_entry_that_is_over_ends_nothing() -> None:
    ward = Ward()
    entry, target = ward.bracket(sell(10, limit_price=105))
    ward.fill(entry, 10)
    ward.events.clear()
    ward.fill(target, 4)
    assert ward.events == []
    assert (entry.status, target.remaining) == (S.FILLED, 6)


@pytest.mark.parametrize("ending", ["end", "expire"])
def test_an_entry_that_ends_unfilled_ends_its_exits(ending: str) -> None:
    ward = Ward()
    entry, *_ = ward.bracket(sell(10, stop_price=95), sell(10, limit_price=105))
    reason = left_of(entry, Code.CANCEL_REQUESTED)
    getattr(ward.lifecycle, ending)(entry, reason, at(3))
    given_up = why(Code.PARENT_NOT_FILLED, remaining=0, quantity=10, parent=1, filled=0, asleep=10)
    kind = OrderCanceled if ending == "end" else OrderExpired
    assert ward.events == [
        kind(at(3), 1, Decimal(10), reason),
        OrderCanceled(at(3), 2, Decimal(10), given_up),
        OrderCanceled(at(3), 3, Decimal(10), given_up),
    ]
    assert entry.status is (S.CANCELED if ending == "end" else S.EXPIRED)
    assert not ward.tracker.symbols


def test_an_entry_that_ends_after_a_part_leaves_its_exits_that_part() -> None:
    ward = Ward()
    entry, stop = ward.bracket(sell(10, stop_price=95))
    ward.fill(entry, 4)
    ward.events.clear()
    reason = left_of(entry, Code.CANCEL_REQUESTED)
    ward.lifecycle.end(entry, reason, at(3))
    given_up = why(Code.PARENT_NOT_FILLED, remaining=4, quantity=10, parent=1, filled=4, asleep=6)
    assert ward.events == [
        OrderCanceled(at(3), 1, Decimal(6), reason),
        OrderReduced(at(3), 2, Decimal(6), Decimal(4), given_up),
    ]
    assert (stop.remaining, stop.asleep, stop.given_up, stop.taken, stop.reduction) == (4, 0, 6, 0, given_up)


def test_whoever_is_told_that_an_entry_ended_sees_its_exits_ended_too() -> None:
    ward, seen = Ward(), list[OrderStatus]()
    entry, stop = ward.bracket(sell(10, stop_price=95))
    ward.lifecycle._announcer.subscribe(lambda _: seen.append(stop.status))
    ward.lifecycle.end(entry, left_of(entry, Code.CANCEL_REQUESTED), at(3))
    assert seen == [S.CANCELED] * 2


# --- ends


def test_an_order_that_ends_says_when_and_how_much_is_given_up() -> None:
    ward = Ward()
    one, other = ward.add(sell(10)), ward.add(sell(10))
    for record in (one, other):
        ward.fill(record, 4)
    ward.lifecycle.end(one, left_of(one, Code.CANCEL_REQUESTED))
    ward.lifecycle.expire(other, left_of(other, Code.EXPIRED, until="2024-01-05"), at(4))
    assert ward.events == [
        # with no time given it is that of the newest mark
        OrderCanceled(at(2), 1, Decimal(6), why(Code.CANCEL_REQUESTED, remaining=6, quantity=10)),
        OrderExpired(at(4), 2, Decimal(6), why(Code.EXPIRED, remaining=6, quantity=10, until="2024-01-05")),
    ]


def test_what_is_left_of_an_order_is_in_its_reason() -> None:
    record = record_of(sell(10), remaining=Decimal("2.5"))
    found = left_of(record, Code.CHILD_FILLED, child=7)
    assert reason_of(found) == ("CHILD_FILLED", {"remaining": Decimal("2.5"), "quantity": 10, "child": 7})


def test_the_threads_context_changes_nothing() -> None:
    def facts() -> list[Event]:
        ward = Ward(None, "1234567.125")
        with localcontext(Context(prec=2, traps=[Inexact])):
            entry, stop, trail = ward.bracket(
                sell(12_345, stop_price="1234"), sell(12_345, trail_percent="1.25"), quantity=12_345
            )
            ward.fill(entry, 4321, "1234567.125")
            ward.fill(stop, 1111, "1234567.125")
            ward.lifecycle.decide(ward.tracker.add(buy(trail_percent="1.25"), at(2), 4), None)
        return [*ward.events, trail.remaining, trail.stop_price]

    expected = facts()
    assert expected[-2:] == [3210, Decimal("98.50")]  # 99.75 x 0.9875 = 98.503125
    # 1234567.125 x 1.0125 = 1249999.2140625
    assert expected[-3] == StopMoved(at(2), 4, None, Decimal("1249999.215"))


def test_a_trailing_stop_without_a_first_price_begins_on_the_tick_of_its_symbol() -> None:
    portfolio = PortfolioState(10_000)
    portfolio.mark("ACME", Decimal("10.00"), at(0))
    broker = BacktestBroker(portfolio, instruments=[Instrument("ACME", tick_size=Decimal("0.05"))], allow_short=True)
    broker.submit(Order("ACME", SELL, 1, trail_amount=Decimal("0.52")))
    broker.submit(Order("ACME", BUY, 1, trail_amount=Decimal("0.52")))
    stops = [broker.get_order(number).stop_price for number in (1, 2)]
    assert stops == [Decimal("9.45"), Decimal("10.55")]  # 9.48 and 10.52, away from the market
