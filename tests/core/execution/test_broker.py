"""The broker checks and records orders, announces what becomes of them, and holds no position."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import attrs
import pytest

from core.clock import Clock, Phase
from core.errors import InvalidFillError, InvalidOrderError, OrderTransitionError, UnknownOrderError
from core.events import (
    AmendRequested,
    CancelRequested,
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
)
from core.execution.broker import BacktestBroker
from core.execution.costs import Commission
from core.execution.engine import ExecutionEngine
from core.execution.order_record import Entry
from core.execution.terms import CashRule, Limits
from core.fill import Fill, FillRule
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderStatus, TimeInForce
from core.position import Position
from core.reason import Code, Reason
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


def sell(quantity: int = 10, **changes: Any) -> Order:
    return Order("ACME", SELL, quantity, **changes)


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
        OrderSubmitted(at(0), 1, order, -1),
        OrderAccepted(at(0), 1),
        OrderSubmitted(at(0), 2, refused, -1),
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


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda broker, number: broker.get_order(number), id="get_order"),
        pytest.param(lambda broker, number: broker.cancel(number), id="cancel"),
        pytest.param(lambda broker, number: broker.amend(number), id="amend"),
        pytest.param(lambda broker, number: broker.request_cancel(number, at_once=True), id="request_cancel"),
        pytest.param(lambda broker, number: broker.request_amend(number, at_once=True), id="request_amend"),
    ],
)
@pytest.mark.parametrize("order_id", [0, 2, -1])
def test_an_order_that_was_never_submitted_is_unknown(call: Any, order_id: int) -> None:
    broker, events = BacktestBroker(portfolio_of()), list[Event]()
    broker.submit(buy())
    broker.subscribe(events.append)
    with pytest.raises(UnknownOrderError, match=f"^order {order_id} is unknown$"):
        call(broker, order_id)
    assert not events


def test_a_fill_of_an_unknown_order_is_refused() -> None:
    with pytest.raises(UnknownOrderError):
        BacktestBroker(portfolio_of()).execute_fill(fill(1, 7))


def test_an_order_that_is_over_cannot_be_canceled() -> None:
    broker = BacktestBroker(portfolio_of())
    broker.execute_fill(fill(1, broker.submit(buy())))
    broker.submit(buy(0))
    with pytest.raises(OrderTransitionError, match=r"^order 1 cannot be canceled: it is FILLED$"):
        broker.cancel(1)
    with pytest.raises(OrderTransitionError, match=r"^order 2 cannot be canceled: it is REJECTED$"):
        broker.cancel(2)


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
        broker.request_cancel(order_id, at_once=False)
    assert [order.id for order in broker.open_orders()] == [1, 2]
    assert events == [CancelRequested(None, 2, ""), CancelRequested(None, 1, "")]
    events.clear()
    assert broker.begin_step(at(1)) == [2, 1]
    assert [(type(event), event.order_id, event.timestamp) for event in events] == [
        (OrderCanceled, 2, at(1)),
        (OrderCanceled, 1, at(1)),
    ]
    assert broker.begin_step(at(2)) == []


def steps(broker: BacktestBroker, clock: Clock, *times: datetime) -> list[list[int]]:
    """Begin one step after the other, and return which orders ended in each."""
    ended = []
    for now in times:
        clock.step += 1
        ended.append(broker.begin_step(now))
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
    expected = {"until": "2024-01-03", "remaining": Decimal(10), "quantity": Decimal(10)}
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
    broker.submit(buy(), eligible_step=1)
    broker.request_cancel(3, at_once=False)
    assert steps(broker, clock, at(1)) == [[3]]
    broker.request_cancel(1, at_once=False)
    assert steps(broker, clock, at(2)) == [[2, 1]]


def test_a_day_order_that_was_to_be_canceled_and_expires_first_ends_once() -> None:
    clock = Clock(step=0)
    broker = BacktestBroker(portfolio_of(), clock=clock)
    broker.submit(buy(), eligible_step=1)
    broker.submit(buy(time_in_force=TimeInForce.DAY), eligible_step=1)
    assert steps(broker, clock, at(1)) == [[]]
    broker.request_cancel(1, at_once=False)
    broker.request_cancel(2, at_once=False)
    assert steps(broker, clock, at(2)) == [[2, 1, 2]]
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


def test_a_fill_says_in_which_of_the_finer_bars_it_was() -> None:
    clock = Clock(3, Phase.LEG_2, 2)
    broker, events = BacktestBroker(portfolio_of(), clock=clock), list[Event]()
    broker.submit(buy())
    broker.subscribe(events.append)
    made = fill(1, 1, 4)
    broker.execute_fill(made)
    assert events == [OrderFilled(at(1), 1, made, Decimal(6), 2)]


def test_positions_in_the_shape_of_a_statement() -> None:
    portfolio = portfolio_of(LONG=(10, "95"), SHORT=(-20, "50"))
    portfolio.update_position(symbol="UNMARKED", quantity_delta=3, price=Decimal("10.5"), timestamp=at(0))
    portfolio.mark("LONG", 100, at(1))
    lines = BacktestBroker(portfolio).convert_positions(portfolio.get_all_positions() | {"FLAT": Position("FLAT")})
    # at its mark, 10 x 100; at its cost where there is none
    assert [(line.symbol, line.market_value) for line in lines] == [
        ("LONG", 1000),
        ("SHORT", -1000),
        ("UNMARKED", Decimal("31.5")),
    ]


def test_a_statement_is_derived_anew_each_time() -> None:
    portfolio = portfolio_of(ACME=(10, "95"))
    broker = BacktestBroker(portfolio)
    portfolio.update_position(symbol="ACME", quantity_delta=5, price=95, timestamp=at(1))
    (line,) = broker.convert_positions(portfolio.get_all_positions())
    assert line.quantity == 15


def test_a_symbol_has_the_units_of_its_instrument_or_none() -> None:
    broker = BacktestBroker(portfolio_of(), instruments=[Instrument("ACME", Decimal("0.25"), Decimal(10))])
    assert (broker.tick_size("ACME"), broker.quantity_step("ACME")) == (Decimal("0.25"), 10)
    assert (broker.tick_size("OTHER"), broker.quantity_step("OTHER")) == (None, None)
    bare = BacktestBroker(portfolio_of())
    assert (bare.tick_size("ACME"), bare.quantity_step("ACME")) == (None, None)


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
        price = Decimal("17.125")
        checks = [
            broker.check_fill(record, record.awake, price, FillRule.OPEN) for record in broker.tracker.open_records()
        ]
        return [seen, checks, broker.convert_positions(portfolio.get_all_positions())]

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
    broker.request_cancel(3, at_once=False)
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


# --- lives


def test_an_order_until_a_time_lives_on_bars_stamped_no_later() -> None:
    clock = Clock(step=0)
    broker, events = BacktestBroker(portfolio_of(), clock=clock), list[Event]()
    broker.submit(buy(good_till=at(2)), eligible_step=1)
    broker.subscribe(events.append)
    assert steps(broker, clock, at(1), at(2), at(2) + timedelta(microseconds=1)) == [[], [], [1]]
    expected = {"until": "2024-01-04 21:00", "remaining": Decimal(10), "quantity": Decimal(10)}
    assert reason_of(broker.get_order(1).reason) == ("EXPIRED", expected)
    late = at(2) + timedelta(microseconds=1)
    assert events == [OrderExpired(late, 1, Decimal(10), broker.get_order(1).reason)]


def test_the_end_of_a_life_is_said_in_utc() -> None:
    clock = Clock(step=0)
    broker = BacktestBroker(portfolio_of(), clock=clock)
    eastern = timezone(timedelta(hours=-5))
    broker.submit(buy(good_till=datetime(2024, 1, 4, 18, 30, tzinfo=eastern)), eligible_step=1)
    assert steps(broker, clock, at(3)) == [[1]]
    assert reason_of(broker.get_order(1).reason)[1]["until"] == "2024-01-04 23:30"


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this machine's zone cannot be set")
def test_the_end_of_a_life_is_said_in_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(step=0)
    broker = BacktestBroker(portfolio_of(), clock=clock)
    broker.submit(buy(good_till=datetime(2024, 1, 4, 23, 30, tzinfo=UTC)), eligible_step=1)
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "EST+5")
        time.tzset()
        assert steps(broker, clock, at(3)) == [[1]]
    time.tzset()
    assert reason_of(broker.get_order(1).reason)[1]["until"] == "2024-01-04 23:30"


def test_an_exit_that_sleeps_expires_by_its_time_and_not_by_a_day() -> None:
    clock = Clock(step=0)
    broker = BacktestBroker(portfolio_of(), clock=clock)
    exits = [sell(time_in_force=TimeInForce.DAY), sell(good_till=at(2))]
    broker.submit_bracket(buy(limit_price=50), exits, eligible_step=1)
    assert steps(broker, clock, at(1), at(2), at(3)) == [[], [], [3]]
    assert [order.status for order in broker.orders()] == [S.ACCEPTED, S.ACCEPTED, S.EXPIRED]


def test_an_entry_that_expires_ends_its_exits() -> None:
    clock = Clock(step=0)
    broker = BacktestBroker(portfolio_of(), clock=clock)
    exits = [sell(time_in_force=TimeInForce.DAY, stop_price=40), sell(limit_price=60)]
    broker.submit_bracket(buy(limit_price=50, time_in_force=TimeInForce.DAY), exits, eligible_step=1)
    assert steps(broker, clock, at(1), at(2)) == [[], [1]]
    assert [order.status for order in broker.orders()] == [S.EXPIRED, S.CANCELED, S.CANCELED]


def test_of_two_orders_that_expire_at_once_one_may_end_the_other() -> None:
    clock = Clock(step=0)
    broker = BacktestBroker(portfolio_of(), clock=clock)
    broker.submit_bracket(buy(limit_price=50, good_till=at(1)), [sell(good_till=at(1))], eligible_step=1)
    assert steps(broker, clock, at(1), at(2)) == [[], [1]]
    assert [order.status for order in broker.orders()] == [S.EXPIRED, S.CANCELED]


@pytest.mark.parametrize(
    ("good_till", "phase", "status"),
    [
        pytest.param(at(2), Phase.STRATEGY, S.REJECTED, id="it may still fill"),
        pytest.param(at(1), Phase.STRATEGY, S.ACCEPTED, id="this bar was its last"),
        pytest.param(at(1), Phase.LEG_1, S.REJECTED, id="this bar is its last and not over"),
    ],
)
def test_an_order_whose_time_is_over_claims_nothing(good_till: datetime, phase: Phase, status: OrderStatus) -> None:
    portfolio, clock = PortfolioState(1000), Clock(step=1, phase=phase)
    portfolio.mark("ACME", 100, at(1))
    broker = BacktestBroker(portfolio, clock=clock)
    broker.submit(buy(limit_price=100, good_till=good_till))
    assert broker.get_order(broker.submit(buy(1, limit_price=100))).status is status


def test_where_no_clock_has_told_the_time_open_orders_have_their_claims() -> None:
    broker = BacktestBroker(PortfolioState(1000))
    for _ in range(2):
        broker.submit(buy(limit_price=60))
    expected = {"needed": 600, "available": 400, "missing": 200, "at_most": 6, "worst_price": 40}  # 1000 - 10 x 60
    assert broker.get_order(1).status is S.ACCEPTED
    assert reason_of(broker.get_order(2).reason) == ("CASH_MUST_COVER_PURCHASE", expected)


def test_an_order_for_a_day_that_has_not_begun_claims_its_units() -> None:
    portfolio, clock = PortfolioState(1000), Clock(step=1)
    portfolio.mark("ACME", 100, at(1))
    broker = BacktestBroker(portfolio, clock=clock)
    broker.submit(buy(limit_price=100, time_in_force=TimeInForce.DAY), eligible_step=2)
    assert broker.get_order(broker.submit(buy(1, limit_price=100))).status is S.REJECTED


@pytest.mark.parametrize("microsecond", [999_998, 999_999])
def test_the_day_is_over_with_its_last_microsecond(microsecond: int) -> None:
    portfolio, clock = PortfolioState(1000), Clock(step=1)
    portfolio.mark("ACME", 100, at(1).replace(hour=23, minute=59, second=59, microsecond=microsecond))
    broker = BacktestBroker(portfolio, clock=clock)
    broker.submit(buy(limit_price=100, time_in_force=TimeInForce.DAY))
    is_over = microsecond == 999_999
    assert broker.get_order(broker.submit(buy(1, limit_price=100))).status is (S.ACCEPTED if is_over else S.REJECTED)


# --- where an order enters


@pytest.mark.parametrize(
    ("eligible", "symbol", "price"),
    [
        pytest.param(3, "ACME", "99.75", id="at the price of the path"),
        pytest.param(None, "ACME", "99.75", id="in this step if nothing else is said"),
        pytest.param(4, "ACME", None, id="not if it waits for the next step"),
        pytest.param(3, "OTHER", None, id="not inside the bar of another symbol"),
    ],
)
def test_an_order_that_is_asked_for_inside_a_bar_enters_there(
    eligible: int | None, symbol: str, price: str | None
) -> None:
    clock = Clock(3, Phase.LEG_2, 1, ("ACME", Decimal("99.75")))
    broker, events = BacktestBroker(portfolio_of(ACME=(1, "100")), clock=clock), list[Event]()
    broker.subscribe(events.append)
    order = Order(symbol, BUY, 1, limit_price=50)
    broker.submit(order, eligible_step=eligible, cause="here")
    entry = None if price is None else Entry(3, Phase.LEG_2, Decimal(price), 1)
    record = broker.tracker.find(1)
    assert (record.entry, record.is_after_close) == (entry, False)
    part = 0 if price is None else 1
    assert events[0] == OrderSubmitted(at(0), 1, order, eligible or 3, entry and entry.price, cause="here", part=part)


@pytest.mark.parametrize("phase", Phase)
def test_an_order_that_is_asked_for_once_the_bars_have_closed_says_so(phase: Phase) -> None:
    broker = BacktestBroker(portfolio_of(), clock=Clock(3, phase))
    broker.submit(buy())
    assert broker.tracker.find(1).is_after_close is (phase is Phase.STRATEGY)


# --- groups


def test_an_order_group_is_submitted_and_then_accepted() -> None:
    broker, events = BacktestBroker(portfolio_of(ACME=(10, "100"))), list[Event]()
    broker.subscribe(events.append)
    orders = [sell(stop_price=95), sell(limit_price=105)]
    assert broker.submit_oco(orders, cause="here") == [1, 2]
    assert events == [
        OrderSubmitted(at(0), 1, orders[0], -1, group_id=1, cause="here"),
        OrderSubmitted(at(0), 2, orders[1], -1, group_id=1, cause="here"),
        OrderAccepted(at(0), 1),
        OrderAccepted(at(0), 2),
    ]
    assert [(order.group_id, order.parent_id, order.asleep_quantity) for order in broker.orders()] == [
        (1, None, 0),
        (1, None, 0),
    ]


def test_an_order_group_is_eligible_from_the_step_that_was_said() -> None:
    broker = BacktestBroker(portfolio_of(), clock=Clock(step=3))
    broker.submit_oco([buy(limit_price=90), buy(limit_price=91)], eligible_step=5)
    assert [record.eligible_step for record in broker.tracker.all_records()] == [5, 5]


def test_without_a_cause_none_is_said() -> None:
    broker, events = BacktestBroker(portfolio_of()), list[Event]()
    broker.subscribe(events.append)
    broker.submit_oco([buy(limit_price=90), buy(limit_price=91)])
    broker.submit_bracket(buy(limit_price=90), [sell()])
    broker.request_amend(1, quantity=9, at_once=True)
    causes = [event.cause for event in events if isinstance(event, (OrderSubmitted, AmendRequested))]
    assert causes == [""] * 5


def test_a_bracket_is_an_entry_and_exits_that_sleep() -> None:
    broker, events = BacktestBroker(portfolio_of()), list[Event]()
    broker.submit(buy())
    broker.subscribe(events.append)
    orders = [buy(limit_price=90), sell(stop_price=85), sell(limit_price=105)]
    assert broker.submit_bracket(orders[0], orders[1:], eligible_step=4, cause="here") == [2, 3, 4]
    assert events == [
        OrderSubmitted(None, 2, orders[0], 4, cause="here"),
        OrderSubmitted(None, 3, orders[1], 4, None, 2, 3, "here"),
        OrderSubmitted(None, 4, orders[2], 4, None, 2, 3, "here"),
        *(OrderAccepted(None, number) for number in (2, 3, 4)),
    ]
    assert [(order.parent_id, order.group_id, order.asleep_quantity) for order in broker.orders()[1:]] == [
        (None, None, 0),
        (2, 3, 10),
        (2, 3, 10),
    ]


def test_one_exit_alone_has_no_siblings() -> None:
    broker = BacktestBroker(portfolio_of())
    assert broker.submit_bracket(buy(), [sell(limit_price=105)]) == [1, 2]
    assert [(order.parent_id, order.group_id) for order in broker.orders()] == [(None, None), (1, None)]


def codes(broker: BacktestBroker) -> list[str | None]:
    return [order.reason and order.reason.code.name for order in broker.orders()]


def test_all_orders_of_a_group_are_accepted_or_none() -> None:
    broker = BacktestBroker(portfolio_of(ACME=(10, "100")))
    broker.submit_oco([sell(stop_price=95), sell(11, limit_price=105), sell(0)])
    assert codes(broker) == ["GROUP_MUST_PASS", "POSITION_MUST_COVER_SALE", "QUANTITY_MUST_BE_ABOVE_ZERO"]
    expected = {"order": 2, "failed": "POSITION_MUST_COVER_SALE"}
    assert reason_of(broker.get_order(1).reason) == ("GROUP_MUST_PASS", expected)
    assert not broker.open_orders()


@pytest.mark.parametrize(
    ("entry", "exits", "expected"),
    [
        pytest.param(
            buy(10**6, limit_price=90),
            [sell(10**6)],
            ["CASH_MUST_COVER_PURCHASE", "GROUP_MUST_PASS"],
            id="an entry that cash does not cover",
        ),
        pytest.param(
            buy(),
            [sell(stop_price=105), sell(limit_price=95)],
            ["GROUP_MUST_PASS", "STOP_AND_LIMIT_MUST_AGREE", "STOP_AND_LIMIT_MUST_AGREE"],
            id="exits that do not agree",
        ),
        pytest.param(
            buy(), [sell(limit_price=-1)], ["GROUP_MUST_PASS", "PRICE_MUST_BE_ABOVE_ZERO"], id="an exit's terms"
        ),
        pytest.param(
            buy(), [sell(), sell(stop_price=50)], [None, None, None], id="exits are not checked for what is held"
        ),
    ],
)
def test_a_bracket_passes_whole_or_not_at_all(entry: Order, exits: list[Order], expected: list[str | None]) -> None:
    broker = BacktestBroker(portfolio_of())
    broker.submit_bracket(entry, exits)
    assert codes(broker) == expected


def test_a_group_that_was_rejected_leaves_no_claim() -> None:
    broker = BacktestBroker(PortfolioState(1000))
    broker.submit_oco([buy(limit_price=100), buy(11, limit_price=100)])
    assert broker.get_order(broker.submit(buy(limit_price=100))).status is S.ACCEPTED


def test_whoever_is_told_of_a_group_sees_it_decided() -> None:
    broker, seen = BacktestBroker(portfolio_of()), list[list[OrderStatus]]()
    broker.subscribe(lambda _: seen.append([order.status for order in broker.orders()]))
    broker.submit_bracket(buy(), [sell()])
    assert seen == [[S.ACCEPTED, S.ACCEPTED]] * 4


@pytest.mark.parametrize(
    "orders",
    [
        pytest.param([], id="none"),
        pytest.param([sell()], id="one"),
        pytest.param([sell(), Order("OTHER", SELL, 10)], id="two symbols"),
        pytest.param([sell(), sell(), Order("OTHER", SELL, 10)], id="the last of another symbol"),
    ],
)
def test_a_group_needs_two_of_one_symbol(orders: list[Order]) -> None:
    broker = BacktestBroker(portfolio_of())
    with pytest.raises(InvalidOrderError, match=r"^order: one that cancels another needs it, in the same symbol$"):
        broker.submit_oco(orders)
    assert broker.order_count == 0


@pytest.mark.parametrize(
    "exits",
    [
        pytest.param([], id="none"),
        pytest.param([sell(9)], id="fewer units"),
        pytest.param([sell(11)], id="more units"),
        pytest.param([buy()], id="the same side"),
        pytest.param([Order("OTHER", SELL, 10)], id="another symbol"),
        pytest.param([sell(), sell(9)], id="the second of two"),
    ],
)
def test_an_exit_fits_its_entry(exits: list[Order]) -> None:
    broker = BacktestBroker(portfolio_of())
    text = r"^order: an exit must have the symbol and quantity of its entry, and the other side$"
    with pytest.raises(InvalidOrderError, match=text):
        broker.submit_bracket(buy(), exits)
    assert broker.order_count == 0


def test_siblings_of_two_sides_may_be_of_any_prices() -> None:
    broker = BacktestBroker(portfolio_of(ACME=(10, "100")))
    broker.submit_oco([buy(stop_price=105), sell(limit_price=105)])
    assert codes(broker) == [None, None]


# --- what a broker was told, and what it tells


def test_a_broker_keeps_to_the_terms_that_it_was_given() -> None:
    limits = Limits(order_notional_max=Decimal(500))
    broker = BacktestBroker(portfolio_of(ACME=(1, "100")), limits=limits)
    assert codes_of(broker, buy(5), buy(6)) == [None, "NOTIONAL_MUST_BE_WITHIN_LIMIT"]
    margin = BacktestBroker(portfolio_of(ACME=(1, "100")), cash_rule=CashRule.ALLOW_MARGIN)
    assert codes_of(margin, buy(10**6), sell(2)) == [None, "POSITION_MUST_COVER_SALE"]
    shorts = BacktestBroker(portfolio_of(ACME=(1, "100")), allow_short=True)
    assert codes_of(shorts, sell(2)) == [None]


def codes_of(broker: BacktestBroker, *orders: Order) -> list[str | None]:
    for order in orders:
        broker.submit(order)
    return codes(broker)


def test_a_fork_goes_its_own_way_by_the_same_terms_and_tells_nobody() -> None:
    portfolio, clock = portfolio_of(ACME=(10, "100")), Clock(3)
    commission = Commission(minimum=Decimal(7))
    instruments = [Instrument("ACME", Decimal("0.25"))]
    broker = BacktestBroker(portfolio, instruments=instruments, commission=commission, clock=Clock(2))
    events: list[Event] = []
    broker.submit(sell(limit_price=105))
    broker.submit(sell(0))
    broker.subscribe(events.append)
    other = broker.fork(portfolio.fork(), broker.tracker.open_records(), clock)
    assert [order.id for order in other.orders()] == [1]
    assert (other.clock, broker.clock.step) == (clock, 2)
    record = other.tracker.find(1)
    assert other.check_fill(record, Decimal(10), Decimal(105), FillRule.LEG).commission == 7
    assert (other.tick_size("ACME"), other.get_order(1).order) == (Decimal("0.25"), sell(limit_price=105))
    other.cancel(1)
    assert (other.get_order(1).status, broker.get_order(1).status) == (S.CANCELED, S.ACCEPTED)
    assert not events


def test_who_no_longer_listens_hears_nothing() -> None:
    broker, events = BacktestBroker(portfolio_of()), list[Event]()
    stop = broker.subscribe(events.append)
    broker.submit(buy())
    stop()
    broker.submit(buy())
    assert [event.order_id for event in events] == [1, 1]


def test_a_refusal_says_which_order_of_the_group_has_failed_first() -> None:
    broker = BacktestBroker(portfolio_of())
    broker.submit_oco([buy(), buy(0), buy(-1)])
    assert broker.get_order(1).reason == Reason.of(Code.GROUP_MUST_PASS, order=2, failed="QUANTITY_MUST_BE_ABOVE_ZERO")


def test_an_order_that_was_edited_is_asked_for_as_edited_and_one_that_was_dropped_is_rejected() -> None:
    broker = BacktestBroker(portfolio_of(), edits={2: buy(4), 3: None})
    for _ in range(4):
        broker.submit(buy(10))
    assert [one.order.quantity for one in broker.orders()] == [10, 4, 10, 10]
    assert [one.status for one in broker.orders()] == [S.ACCEPTED, S.ACCEPTED, S.REJECTED, S.ACCEPTED]
    assert reason_of(broker.get_order(3).reason) == ("DROPPED_BY_HAND", {})
