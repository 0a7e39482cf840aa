"""Orders against bars: which fill, at which price, by which rule, and why the others do not."""

import asyncio
from decimal import Context, Decimal, Inexact, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bars import Bar
from core.clock import Phase
from core.errors import InvariantError
from core.execution.market_simulator import MarketSimulator, Match, StandingBar
from core.execution.order_tracker import OrderRecord
from core.execution.path import Execution, LimitRule
from core.fill import FillRule
from core.order import BUY, SELL, Order, OrderType, Side
from core.reason import Code, Reason
from tests.core.builders import B1, at, bar_of, bars_of, reason_of
from tests.generators import cents, single_bars

FALLING, RISING = "10/10/9/9.5", "9/10/9/9.5"


def limit(side: Side, price: str | None) -> Order:
    return Order("ACME", side, 100, limit_price=None if price is None else Decimal(price))


def simulator(text: str, rule: LimitRule = LimitRule.TOUCH) -> MarketSimulator:
    made = MarketSimulator(rule)
    made.stand_on(bar_of(text))
    return made


MATCHES = [
    pytest.param("101/102/99.5/100.5", BUY, None, "101", FillRule.OPEN, id="a market order at the open"),
    pytest.param("101/102/99.5/100.5", SELL, None, "101", FillRule.OPEN, id="a market sale at the open"),
    pytest.param("101/102/99.5/100.5", BUY, "99.75", "99.75", FillRule.LEG, id="a buy limit on the falling leg"),
    pytest.param("101/102/99.5/100.5", SELL, "101.75", "101.75", FillRule.LEG, id="a sell limit on the rising leg"),
    pytest.param("101/102/99.5/100.5", BUY, "101.5", "101", FillRule.OPEN, id="a buy limit the open improves"),
    pytest.param("101/102/99.5/100.5", SELL, "100", "101", FillRule.OPEN, id="a sell limit the open improves"),
    pytest.param("101/102/99.5/100.5", BUY, "101", "101", FillRule.OPEN, id="a buy limit that equals the open"),
    pytest.param("101/102/99.5/100.5", BUY, "99.5", "99.5", FillRule.LEG, id="a buy limit that equals the low"),
    pytest.param("101/102/99.5/100.5", SELL, "102", "102", FillRule.LEG, id="a sell limit that equals the high"),
    pytest.param("101/102/99.5/100.5", BUY, "99.49", None, None, id="a buy limit below the low"),
    pytest.param("101/102/99.5/100.5", SELL, "102.01", None, None, id="a sell limit above the high"),
    pytest.param("100/100/100/100", BUY, "100", "100", FillRule.OPEN, id="a bar that never moves"),
    pytest.param("100/100/100/100", BUY, "99.999", None, None, id="a limit finer than the bar's prices"),
]


@pytest.mark.parametrize(("text", "side", "price", "filled", "rule"), MATCHES)
def test_one_order_on_one_bar(
    text: str, side: Side, price: str | None, filled: str | None, rule: FillRule | None
) -> None:
    match = simulator(text).match(limit(side, price))
    if filled is None or rule is None:
        assert match is None
        return
    assert match is not None
    assert (match.price, match.rule, match.timestamp) == (Decimal(filled), rule, at(1))


def test_the_awaitable_door_leads_to_the_same() -> None:
    made = simulator(B1)
    order = limit(BUY, "99.75")
    assert asyncio.run(made.simulate_fill(order)) == made.match(order)
    assert made.match(order) is not None


def test_an_order_of_a_symbol_without_a_bar_does_not_match() -> None:
    made = simulator(B1)
    assert made.match(Order("OTHER", BUY, 1)) is None
    assert made.standing(Order("OTHER", BUY, 1)) is None


def test_a_limit_order_without_a_limit_is_no_market_order() -> None:
    assert simulator(B1).match(Order("ACME", BUY, 1, type=OrderType.LIMIT)) is None


def test_a_later_bar_takes_the_place_of_the_one_before() -> None:
    made = simulator(B1)
    made.stand_on(bar_of("90", step=2))
    assert made.match(limit(BUY, None)) == Match(0, Decimal(90), FillRule.OPEN, at(2))


def test_matching_moves_no_bar() -> None:
    made = simulator(B1)
    assert made.match(limit(BUY, "99.75")) == made.match(limit(BUY, "99.75"))


NON_FILLS = [
    pytest.param(
        "101/102.99/100/102",
        SELL,
        "103.00",
        LimitRule.TOUCH,
        Reason.of(
            Code.LIMIT_NOT_REACHED,
            limit=Decimal(103),
            extreme_name="high",
            extreme=Decimal("102.99"),
            ticks=Decimal(1),
        ),
        id="one tick short of the high",
    ),
    pytest.param(
        B1,
        BUY,
        "98.25",
        LimitRule.THROUGH,
        Reason.of(
            Code.LIMIT_NOT_REACHED,
            limit=Decimal("98.25"),
            extreme_name="low",
            extreme=Decimal("99.5"),
            ticks=Decimal(125),
        ),
        id="far above a buy limit",
    ),
    pytest.param(
        B1,
        SELL,
        "102.00",
        LimitRule.THROUGH,
        Reason.of(
            Code.LIMIT_TOUCHED_NOT_THROUGH,
            limit=Decimal(102),
            extreme_name="high",
            extreme=Decimal(102),
            needed=Decimal("102.01"),
        ),
        id="a sell limit touched",
    ),
]


@pytest.mark.parametrize(("text", "side", "price", "rule", "reason"), NON_FILLS)
def test_why_a_limit_order_does_not_fill(text: str, side: Side, price: str, rule: LimitRule, reason: Reason) -> None:
    made, order = simulator(text, rule), limit(side, price)
    record = OrderRecord.of(1, order, None, 0)
    assert reason_of(made.explain(record, made.standing(order), step=0, age=0)) == reason_of(reason)


def test_an_order_that_is_not_yet_eligible_says_from_when_it_is() -> None:
    made, order = simulator(B1), limit(BUY, None)
    record = OrderRecord.of(1, order, None, 3)
    found = made.explain(record, made.standing(order), step=2, age=0)
    assert reason_of(found) == ("NOT_ELIGIBLE_UNTIL", {"eligible": 3, "step": 2})
    assert made.explain(record, made.standing(order), step=3, age=0) is None


def test_an_order_without_a_bar_says_how_old_the_last_price_is() -> None:
    record = OrderRecord.of(1, limit(BUY, None), None, 0)
    found = MarketSimulator().explain(record, None, step=5, age=2)
    assert reason_of(found) == ("NO_BAR", {"symbol": "ACME", "steps": 2})


@given(single_bars("ACME"), st.sampled_from(Side), st.integers(880, 1120), st.sampled_from(LimitRule))
def test_an_order_fills_or_there_is_a_reason_why_not_and_never_both(
    bar: Bar, side: Side, price: int, rule: LimitRule
) -> None:
    made, order = MarketSimulator(rule), Order("ACME", side, 1, limit_price=cents(price))
    made.stand_on(bar)
    match = made.match(order)
    reason = made.explain(OrderRecord.of(0, order, None, 0), made.standing(order), step=0, age=0)
    assert (match is None) == (reason is not None)
    if match is not None:
        assert bar.low <= match.price <= bar.high  # R14
        assert (match.price - cents(price)) * side.sign <= 0  # no worse than its limit


@given(single_bars("ACME"), st.sampled_from(Side), st.integers(880, 1120))
def test_the_reason_is_exactly_how_far_the_limit_lies_from_the_bar(bar: Bar, side: Side, price: int) -> None:
    made = MarketSimulator()
    made.stand_on(bar)
    order = Order("ACME", side, 1, limit_price=cents(price))
    reason = made.explain(OrderRecord.of(0, order, None, 0), made.standing(order), step=0, age=0)
    if reason is not None:
        ticks = reason.params["ticks"]
        nearer = Order("ACME", side, 1, limit_price=cents(price) + side.sign * ticks * Decimal("0.01"))
        further = Order("ACME", side, 1, limit_price=cents(price) + side.sign * (ticks - 1) * Decimal("0.01"))
        assert made.match(nearer) is not None
        assert made.match(further) is None


@pytest.mark.parametrize("price", [9949, 10201])
def test_a_price_outside_the_bar_is_found_out(price: int) -> None:
    bars = bars_of("ACME", B1)
    standing = StandingBar.of_row(bars, 0, 1, at(0))
    with pytest.raises(InvariantError, match="invariant R14 is broken"):
        standing.check(Execution(1, price, price, at_once=False, reduces=False))
    standing.check(Execution(1, 9950, 9950, at_once=False, reduces=False))
    standing.check(Execution(1, 10200, 10200, at_once=False, reduces=False))


def test_each_execution_names_its_rule() -> None:
    standing = StandingBar.of_row(bars_of("ACME", B1), 0, 1, at(0))
    at_once = Execution(1, 10000, 10000, at_once=True, reduces=False)
    on_the_way = at_once._replace(at_once=False)
    assert standing.rule(Phase.OPEN, at_once) is FillRule.OPEN
    assert standing.rule(Phase.LEG_2, on_the_way) is FillRule.LEG
    assert standing.rule(Phase.LEG_2, at_once) is FillRule.INSTANT
    assert standing.rule(Phase.STRATEGY, at_once) is FillRule.SAME_CLOSE


def test_between_symbols_reductions_come_before_increases_and_then_the_lower_number() -> None:
    standing = {symbol: StandingBar.of_row(bars_of(symbol, "10"), 0, 1, at(0)) for symbol in ("A", "B", "C")}
    sides = {"A": BUY, "B": SELL, "C": BUY}
    books = {}
    for number, (symbol, side) in enumerate(sides.items(), start=1):
        record = OrderRecord.of(number, Order(symbol, side, 1), None, 0)
        record.is_open = True
        books[symbol] = {number: record}
    held = {"A": 0, "B": 1, "C": 0}
    turn = []
    for _ in range(3):
        match = MarketSimulator().next_match(Phase.OPEN, standing, books, 0, held.__getitem__)
        assert match is not None
        turn.append(match.order_id)
        books = {symbol: {n: one for n, one in book.items() if n != match.order_id} for symbol, book in books.items()}
    assert turn == [2, 1, 3]
    assert MarketSimulator().next_match(Phase.OPEN, standing, books, 0, held.__getitem__) is None


def test_the_threads_context_changes_no_match() -> None:
    made = simulator("1234567.25/1234568.75/1234560.5/1234561")
    order = limit(BUY, "1234562.125")
    with localcontext(Context(prec=2, traps=[Inexact])):
        match = made.match(order)
        missed = made.explain(
            OrderRecord.of(1, limit(BUY, "1234560.125"), None, 0), made.standing(limit(BUY, "1234560.125")), 0, 0
        )
    assert match is not None
    assert match.price == Decimal("1234562.125")
    assert reason_of(missed)[1]["extreme"] == Decimal("1234560.5")
