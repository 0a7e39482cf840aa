"""The broker checks and records orders, announces what becomes of them, and holds no position."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import attrs
import pytest

from core.clock import Clock, Phase
from core.errors import InvalidFillError, OrderTransitionError, UnknownOrderError
from core.events import (
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
)
from core.execution.broker import BacktestBroker, StatementLine
from core.execution.costs import Commission
from core.execution.engine import ExecutionEngine
from core.fill import Fill
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderStatus, TimeInForce
from core.position import Position
from core.risk.portfolio import PortfolioState
from tests.core.builders import at, reason_of

S = OrderStatus


def portfolio_of(**held: tuple[int, str]) -> PortfolioState:
    """Build a portfolio that holds so much of each symbol, at this cost and mark."""
    portfolio = PortfolioState(100_000)
    for symbol, (quantity, price) in held.items():
        portfolio.update_position(symbol=symbol, quantity_delta=quantity, price=Decimal(price), timestamp=at(0))
        portfolio.mark(symbol, Decimal(price), at(0))
    return portfolio


def buy(quantity: int = 10, **changes: Any) -> Order:
    return Order("ACME", BUY, quantity, **changes)


def fill(number: int, order_id: int, quantity: int = 10, **changes: Any) -> Fill:
    facts = {"symbol": "ACME", "side": BUY, "price": 100, "timestamp": at(1)} | changes
    return Fill(id=number, order_id=order_id, quantity=quantity, **facts)


def test_an_order_gets_its_number_also_if_it_is_rejected() -> None:
    broker = BacktestBroker(portfolio_of())
    numbers = [broker.submit(order) for order in (buy(), Order("ACME", SELL, 1), buy())]
    assert numbers == [1, 2, 3]
    assert broker.order_count == 3
    assert [order.status for order in broker.orders()] == [S.ACCEPTED, S.REJECTED, S.ACCEPTED]
    assert [order.id for order in broker.open_orders()] == [1, 3]


def test_the_awaitable_door_leads_to_the_same() -> None:
    broker = BacktestBroker(portfolio_of())
    assert asyncio.run(broker.submit_order(buy())) == 1
    assert broker.get_order(1).status is S.ACCEPTED


def test_a_rejected_order_changes_nothing_but_the_list_of_orders() -> None:
    portfolio = portfolio_of(ACME=(10, "100"))
    broker = BacktestBroker(portfolio)
    broker.submit(buy(20, limit_price=90))
    before = (portfolio.get_cash_balance(), portfolio.get_all_positions(), broker.open_orders(), broker.fills())
    rejected = [
        broker.submit(order) for order in (Order("ACME", SELL, 11), buy(10**6, limit_price=90), buy(0), buy(-1))
    ]
    assert [broker.get_order(number).status for number in rejected] == [S.REJECTED] * 4
    after = (portfolio.get_cash_balance(), portfolio.get_all_positions(), broker.open_orders(), broker.fills())
    assert after == before
    assert all(broker.get_order(number).remaining_quantity == 0 for number in rejected)


def test_what_becomes_of_an_order_is_announced() -> None:
    broker, events = BacktestBroker(portfolio_of(ACME=(100, "100"))), list[Event]()
    broker.subscribe(events.append)
    order, refused = buy(limit_price=90), Order("ACME", SELL, 101)
    broker.submit(order)
    broker.submit(refused)
    made = fill(1, 1, 4)
    broker.execute_fill(made)
    broker.cancel(1)
    reason = broker.get_order(2).reason
    assert events == [
        OrderSubmitted(at(0), 1, order),
        OrderAccepted(at(0), 1),
        OrderSubmitted(at(0), 2, refused),
        OrderRejected(at(0), 2, reason),
        OrderFilled(at(1), 1, made, Decimal(6)),
        OrderCanceled(at(0), 1, Decimal(6), broker.get_order(1).reason),
    ]
    assert reason_of(broker.get_order(1).reason) == (
        "CANCEL_REQUESTED",
        {"remaining": Decimal(6), "quantity": Decimal(10)},
    )


def test_whoever_is_told_of_an_order_sees_it_as_it_is() -> None:
    broker, seen = BacktestBroker(portfolio_of()), list[tuple[str, OrderStatus]]()
    broker.subscribe(lambda event: seen.append((type(event).__name__, broker.get_order(event.order_id).status)))
    broker.submit(buy())
    broker.submit(Order("ACME", SELL, 1))
    assert seen == [
        ("OrderSubmitted", S.ACCEPTED),
        ("OrderAccepted", S.ACCEPTED),
        ("OrderSubmitted", S.REJECTED),
        ("OrderRejected", S.REJECTED),
    ]


def test_where_no_clock_has_told_the_time_facts_have_none() -> None:
    broker, events = BacktestBroker(portfolio_of()), list[Event]()
    broker.subscribe(events.append)
    broker.cancel(broker.submit(buy()))
    assert [event.timestamp for event in events] == [None] * 3
    assert broker.get_order(1).submitted_at is None


@pytest.mark.parametrize("call", ["get_order", "cancel", "queue_cancel"])
@pytest.mark.parametrize("order_id", [0, 2, -1])
def test_an_order_that_was_never_submitted_is_unknown(call: str, order_id: int) -> None:
    broker = BacktestBroker(portfolio_of())
    broker.submit(buy())
    with pytest.raises(UnknownOrderError, match=f"^order {order_id} is unknown$"):
        getattr(broker, call)(order_id)


def test_a_fill_of_an_unknown_order_is_refused() -> None:
    with pytest.raises(UnknownOrderError):
        BacktestBroker(portfolio_of()).execute_fill(fill(1, 7))


@pytest.mark.parametrize("call", ["cancel", "queue_cancel"])
def test_an_order_that_is_over_cannot_be_canceled(call: str) -> None:
    broker = BacktestBroker(portfolio_of())
    broker.execute_fill(fill(1, broker.submit(buy())))
    broker.submit(buy(0))
    with pytest.raises(OrderTransitionError, match=r"^order 1 cannot be canceled: it is FILLED$"):
        getattr(broker, call)(1)
    with pytest.raises(OrderTransitionError, match=r"^order 2 cannot be canceled: it is REJECTED$"):
        getattr(broker, call)(2)


def test_a_cancel_takes_what_is_left_at_once() -> None:
    broker = BacktestBroker(portfolio_of())
    broker.execute_fill(fill(1, broker.submit(buy()), 4))
    broker.cancel(1)
    order = broker.get_order(1)
    assert (order.status, order.filled_quantity, order.given_up_quantity) == (S.CANCELED, 4, 6)
    assert not broker.open_orders()


def test_a_queued_cancel_takes_effect_when_the_next_step_begins() -> None:
    broker, events = BacktestBroker(portfolio_of()), list[Event]()
    broker.submit(buy())
    broker.submit(buy())
    broker.subscribe(events.append)
    for order_id in (2, 1, 2):
        broker.queue_cancel(order_id)
    assert [order.id for order in broker.open_orders()] == [1, 2]
    assert not events
    assert broker.begin_step(at(1)) == [2, 1]
    assert [(type(event), event.order_id, event.timestamp) for event in events] == [
        (OrderCanceled, 2, at(1)),
        (OrderCanceled, 1, at(1)),
    ]
    assert broker.begin_step(at(2)) == []


def test_a_queued_cancel_of_an_order_that_ended_meanwhile_is_forgotten() -> None:
    broker = BacktestBroker(portfolio_of())
    broker.submit(buy())
    broker.queue_cancel(1)
    broker.execute_fill(fill(1, 1))
    assert broker.begin_step(at(1)) == []
    assert broker.get_order(1).status is S.FILLED


def steps(broker: BacktestBroker, clock: Clock, *times: datetime) -> list[list[int]]:
    """Begin one step after the other, and return which orders ended in each."""
    ended = []
    for time in times:
        clock.step += 1
        ended.append(broker.begin_step(time))
    return ended


def test_a_day_order_expires_in_the_first_step_of_a_later_date() -> None:
    clock = Clock(step=0)
    broker, events = BacktestBroker(portfolio_of(), clock=clock), list[Event]()
    broker.subscribe(events.append)
    broker.submit(buy(time_in_force=TimeInForce.DAY), eligible_step=1)
    broker.submit(buy(), eligible_step=1)
    day = at(1).replace(hour=10)
    ended = steps(broker, clock, day, day + timedelta(hours=9), day + timedelta(hours=13), day + timedelta(hours=14))
    assert ended == [[], [], [], [1]]  # 10:00, 19:00, 23:00, and 00:00 of the next date
    order = broker.get_order(1)
    assert (order.status, order.given_up_quantity) == (S.EXPIRED, 10)
    expected = {"day": "2024-01-03", "remaining": Decimal(10), "quantity": Decimal(10)}
    assert reason_of(order.reason) == ("EXPIRED", expected)
    assert events[-1] == OrderExpired(day + timedelta(hours=14), 1, Decimal(10), order.reason)
    assert broker.get_order(2).status is S.ACCEPTED


def test_the_day_of_an_order_is_that_of_the_first_step_in_which_it_is_eligible() -> None:
    clock = Clock(step=0)
    broker = BacktestBroker(portfolio_of(), clock=clock)
    broker.submit(buy(time_in_force=TimeInForce.DAY), eligible_step=2)
    assert steps(broker, clock, at(1), at(2), at(3)) == [[], [], [1]]


def test_the_day_of_an_order_that_is_eligible_at_once_is_today() -> None:
    portfolio, clock = portfolio_of(ACME=(1, "100")), Clock(step=0)
    broker = BacktestBroker(portfolio, clock=clock)  # the newest mark is of step 0
    broker.submit(buy(time_in_force=TimeInForce.DAY), eligible_step=0)
    assert steps(broker, clock, at(1)) == [[1]]


def test_expiries_come_before_queued_cancels() -> None:
    clock = Clock(step=0)
    broker = BacktestBroker(portfolio_of(), clock=clock)
    broker.submit(buy(), eligible_step=1)
    broker.submit(buy(time_in_force=TimeInForce.DAY), eligible_step=1)
    broker.queue_cancel(1)
    clock.step = 1
    broker.queue_cancel(2)
    assert steps(broker, clock, at(1)) == [[1, 2]]


def test_a_day_order_that_was_to_be_canceled_and_expires_first_ends_once() -> None:
    clock = Clock(step=0)
    broker = BacktestBroker(portfolio_of(), clock=clock)
    broker.submit(buy(), eligible_step=1)
    broker.submit(buy(time_in_force=TimeInForce.DAY), eligible_step=1)
    assert steps(broker, clock, at(1)) == [[]]
    broker.queue_cancel(1)
    broker.queue_cancel(2)
    assert steps(broker, clock, at(2)) == [[2, 1]]
    assert [broker.get_order(number).status for number in (1, 2)] == [S.CANCELED, S.EXPIRED]


def test_a_day_order_whose_day_is_over_claims_nothing() -> None:
    portfolio, clock = PortfolioState(1000), Clock(step=0)
    broker = BacktestBroker(portfolio, clock=clock)
    end_of_day = at(1).replace(hour=23, minute=59, second=59, microsecond=999999)
    broker.submit(buy(limit_price=100, time_in_force=TimeInForce.DAY), eligible_step=1)
    steps(broker, clock, at(1))
    portfolio.mark("ACME", 101, at(1))
    clock.phase = Phase.STRATEGY
    assert broker.get_order(broker.submit(buy(1, limit_price=100))).status is S.REJECTED
    portfolio.mark("ACME", 101, end_of_day)
    assert broker.get_order(broker.submit(buy(10, limit_price=100))).status is S.ACCEPTED


def test_a_fill_is_recorded_on_the_order_and_only_there() -> None:
    portfolio = portfolio_of(ACME=(10, "100"))
    broker = BacktestBroker(portfolio)
    broker.submit(buy())
    before = (portfolio.get_cash_balance(), portfolio.get_position("ACME"))
    made = fill(1, 1, commission=Decimal("0.5"))
    broker.execute_fill(made)
    assert (portfolio.get_cash_balance(), portfolio.get_position("ACME")) == before
    assert broker.fills() == [made]
    assert broker.get_order(1).commissions == Decimal("0.5")


def test_a_fill_is_recorded_once_and_announced_once() -> None:
    broker, events = BacktestBroker(portfolio_of()), list[Event]()
    broker.submit(buy())
    broker.execute_fill(fill(1, 1, 4))
    broker.subscribe(events.append)
    with pytest.raises(InvalidFillError, match=r"^fill 1: was applied before$"):
        broker.execute_fill(fill(1, 1, 4))
    assert not events
    assert len(broker.fills()) == 1


def test_positions_in_the_shape_of_a_statement() -> None:
    portfolio = portfolio_of(LONG=(10, "95"), SHORT=(-20, "50"))
    portfolio.update_position(symbol="UNMARKED", quantity_delta=3, price=Decimal("10.5"), timestamp=at(0))
    portfolio.mark("LONG", 100, at(1))
    portfolio.mark("SHORT", 60, at(1))
    broker = BacktestBroker(portfolio)
    lines = broker.convert_positions(portfolio.get_all_positions() | {"FLAT": Position("FLAT")})
    numbers = [Decimal(number) for number in (10, 95, 1000, 50, 20, 50, -1200, -200)]
    assert (
        lines
        == [
            StatementLine("LONG", "LONG", *numbers[:4]),  # 10 x 100; 1000 - 950
            StatementLine("SHORT", "SHORT", *numbers[4:]),  # -20 x 60; -1200 + 1000
            StatementLine("UNMARKED", "LONG", Decimal(3), Decimal("10.5"), Decimal("31.5"), Decimal(0)),
        ]
    )


def test_a_statement_is_derived_anew_each_time() -> None:
    portfolio = portfolio_of(ACME=(10, "95"))
    broker = BacktestBroker(portfolio)
    portfolio.update_position(symbol="ACME", quantity_delta=5, price=95, timestamp=at(1))
    (line,) = broker.convert_positions(portfolio.get_all_positions())
    assert line.quantity == 15


@pytest.mark.parametrize(
    ("tick", "digits", "units"),
    [("0.01", 2, 1), ("0.01", 4, 100), ("0.25", 2, 25), ("5", 0, 5), (None, 2, 1), ("0.001", 2, 1)],
)
def test_a_tick_in_units_of_a_digit_is_at_least_one(tick: str | None, digits: int, units: int) -> None:
    instrument = Instrument("ACME", None if tick is None else Decimal(tick))
    broker = BacktestBroker(portfolio_of(), instruments=[instrument])
    assert broker.tick_units("ACME", digits) == units
    assert broker.tick_units("OTHER", digits) == 1
    assert BacktestBroker(portfolio_of()).tick_units("ACME", digits) == 1


def test_the_threads_context_changes_no_answer() -> None:
    def answers() -> list[object]:
        portfolio = PortfolioState(Decimal("123456.75"))
        portfolio.update_position(symbol="ACME", quantity_delta=-1234, price=Decimal("17.25"), timestamp=at(0))
        portfolio.mark("ACME", Decimal("17.125"), at(0))
        broker = BacktestBroker(
            portfolio,
            instruments=[Instrument("ACME", Decimal("0.125"), Decimal("0.5"))],
            commission=Commission(per_unit=Decimal("0.00125"), minimum=Decimal("1.25")),
            allow_short=True,
        )
        orders = [
            buy(Decimal("123456.5")),
            buy(Decimal("123456.25")),
            buy(12345, limit_price=Decimal("17.1")),
            buy(12345, limit_price=Decimal("17.125")),
            Order("ACME", SELL, Decimal("4321.5"), limit_price=Decimal("17.5")),
        ]
        seen = [broker.get_order(broker.submit(order)) for order in orders]
        checks = [broker.check_fill(record, Decimal("17.125")) for record in broker.tracker.open_records()]
        return [seen, checks, broker.convert_positions(portfolio.get_all_positions()), broker.tick_units("ACME", 5)]

    expected = str(answers())
    with localcontext(Context(prec=2, traps=[Inexact])):
        seen = str(answers())
    assert seen == expected


def values_under(root: object) -> Iterator[object]:
    """Yield everything that can be reached from an object through slots, attributes and containers."""
    waiting, seen = [root], set[int]()
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, (str, int, Decimal, datetime, type)):
            continue
        seen.add(id(value))
        yield value
        if isinstance(value, dict):
            waiting.extend([*value, *value.values()])
        elif isinstance(value, (list, tuple, set, frozenset)):
            waiting.extend(value)
        else:
            names = {name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())}
            waiting.extend(getattr(value, name) for name in names if hasattr(value, name))
            waiting.extend(getattr(value, "__dict__", {}).values())


def test_the_broker_holds_no_position() -> None:
    portfolio = portfolio_of(ACME=(100, "100"))
    broker = BacktestBroker(portfolio, instruments=[Instrument("ACME")])
    engine = ExecutionEngine(broker, portfolio)
    for order in (buy(7), Order("ACME", SELL, 50), buy(1, limit_price=50), Order("ACME", SELL, 500)):
        engine.process(order)
    broker.queue_cancel(3)
    before = dict.fromkeys(map(id, values_under(portfolio)))
    own = [value for value in values_under(broker) if id(value) not in before]
    assert len(own) > 10
    assert not [value for value in own if isinstance(value, Position)]
    mappings = [value for value in own if isinstance(value, dict)]
    by_symbol = [kept for kept in mappings if "ACME" in kept]
    assert by_symbol
    assert not [kept for kept in by_symbol if isinstance(kept["ACME"], (int, Decimal, Position))]
    assert portfolio.get_position("ACME").quantity not in [  # 57, which no order and no fill is of
        number
        for value in own
        if attrs.has(type(value))
        for number in attrs.asdict(value, recurse=False).values()
        if isinstance(number, Decimal)
    ]


def test_what_is_held_is_asked_anew_for_each_order() -> None:
    portfolio = portfolio_of()
    broker = BacktestBroker(portfolio)
    assert broker.get_order(broker.submit(Order("ACME", SELL, 10))).status is S.REJECTED
    portfolio.update_position(symbol="ACME", quantity_delta=10, price=1, timestamp=at(0))
    assert broker.get_order(broker.submit(Order("ACME", SELL, 10))).status is S.ACCEPTED
