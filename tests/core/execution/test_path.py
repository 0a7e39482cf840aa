"""Which order does what next, and at which price: written down case by case, and compared with a walk tick by tick."""

from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, localcontext
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import Phase
from core.execution.order_record import OrderRecord, Wait
from core.execution.path import (
    END_OF,
    Act,
    Execution,
    LimitRule,
    Miss,
    PathRule,
    first_stop,
    followed_stop,
    high_first,
    is_trailing,
    low_first,
    may_differ,
    misses,
    nearest,
    next_execution,
    to_ticks,
    wait_of,
)
from core.fill import FillRule
from core.order import BUY, SELL, OrderType, Side, TimeInForce
from tests.core.execution.records import order_of, record_of
from tests.generators import candles

OPEN, LEG, CLOSE, SAME_CLOSE = Phase.OPEN, Phase.LEG_2, Phase.CLOSE, Phase.STRATEGY
FILL, TRIGGER, LAPSE = Act.FILL, Act.TRIGGER, Act.LAPSE
INSTANT, NEW_STOP = FillRule.INSTANT, FillRule.STOP
ON_OPEN, ON_CLOSE = OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE
IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
NEVER = 10**30


class Resting(NamedTuple):
    """An open order as a test writes it: its side, its prices, and how it stands."""

    side: Side
    limit: int | None = None
    stop: int | None = None
    trail: int | None = None
    type: OrderType | None = None
    life: TimeInForce = TimeInForce.GTC
    new: FillRule | None = None
    triggered: bool = False
    asleep: int = 0

    def record(self, number: int) -> OrderRecord:
        """Return the order with a number."""
        terms: dict[str, Any] = {} if self.type is None else {"type": self.type}
        prices = {"limit_price": self.limit, "stop_price": self.stop, "trail_amount": self.trail}
        order = order_of(self.side, **prices, time_in_force=self.life, **terms)
        asleep = Decimal(self.asleep)
        return record_of(order, number, instant=self.new, is_triggered=self.triggered, asleep=asleep)


buy, sell = partial(Resting, BUY), partial(Resting, SELL)


def next_of(
    orders: Sequence[Resting], phase: Phase, start: int, end: int, held: int = 0, **named: Any
) -> Execution | None:
    """Number the orders 1, 2, 3, ... and return what happens first."""
    records = [one.record(number) for number, one in enumerate(orders, start=1)]
    return next_execution(records, phase, start, end, held=held, digits=0, **named)


def said(found: Execution | None) -> tuple[int, Act, int, int] | None:
    """Return number, act, price and place of what happens."""
    return found and (found.record.id, found.act, found.price, found.place)


# --- the path of a bar


@pytest.mark.parametrize(
    ("bar", "path"),
    [
        pytest.param((101, 102, 99, 100), (101, 102, 99, 100), id="the high is nearer"),
        pytest.param((100, 102, 99, 101), (100, 99, 102, 101), id="the low is nearer"),
        pytest.param((100, 101, 99, 100), (100, 99, 101, 100), id="equally near: the low first"),
        pytest.param((100, 100, 100, 100), (100, 100, 100, 100), id="no range"),
        pytest.param((102, 102, 99, 100), (102, 102, 99, 100), id="opened at the high"),
    ],
)
def test_the_path_goes_to_the_nearer_extreme_first(
    bar: tuple[int, int, int, int], path: tuple[int, int, int, int]
) -> None:
    assert nearest(*bar) == path


@given(candles())
def test_the_path_has_the_prices_of_its_bar(bar: tuple[int, int, int, int]) -> None:
    opened, high, low, close = bar
    path = nearest(*bar)
    assert sorted(path) == sorted(bar)
    assert (path[0], path[3]) == (opened, close)
    assert {path[1], path[2]} == {high, low}
    assert abs(path[1] - opened) <= abs(path[2] - opened)


def test_the_other_paths_go_where_their_names_say() -> None:
    assert high_first(101, 102, 99, 100) == (101, 102, 99, 100)
    assert low_first(101, 102, 99, 100) == (101, 99, 102, 100)


def test_each_phase_ends_at_its_corner_of_the_path() -> None:
    ends = {Phase.OPEN: 0, Phase.LEG_1: 1, Phase.LEG_2: 2, Phase.LEG_3: 3, Phase.CLOSE: 3, Phase.STRATEGY: 3}
    assert ends == END_OF


def test_the_rules_are_called_as_the_page_calls_them() -> None:
    assert [rule.value for rule in LimitRule] == ["touch", "through"]
    assert [rule.value for rule in PathRule] == ["worst", "nearest", "high_first", "low_first", "subbars"]


# --- what an order waits for

WAITS = [
    # the order, ticks beyond a limit, what it waits for: edge, direction, price
    pytest.param(buy(), 0, (0, 0, 0), id="a market order: nothing"),
    pytest.param(buy(type=ON_OPEN), 3, (0, 0, 0), id="a market order on the open: nothing"),
    pytest.param(buy(95), 0, (95, -1, 95), id="a buy limit: a fall to it"),
    pytest.param(sell(95), 0, (95, 1, 95), id="a sell limit: a rise to it"),
    pytest.param(buy(95), 3, (92, -1, 95), id="a buy limit: a fall beyond it"),
    pytest.param(sell(95), 3, (98, 1, 95), id="a sell limit: a rise beyond it"),
    pytest.param(buy(stop=95), 3, (95, 1, 95), id="a buy stop: a rise to it, never beyond"),
    pytest.param(sell(stop=95), 3, (95, -1, 95), id="a sell stop: a fall to it, never beyond"),
    pytest.param(buy(96, 95), 3, (95, 1, 95), id="a buy stop-limit: its stop"),
    pytest.param(buy(96, 95, triggered=True), 3, (93, -1, 96), id="a triggered buy stop-limit: its limit"),
    pytest.param(sell(94, 95, triggered=True), 3, (97, 1, 94), id="a triggered sell stop-limit: its limit"),
    pytest.param(sell(stop=95, triggered=True), 3, (0, 0, 0), id="a triggered stop: nothing"),
    pytest.param(sell(stop=95, trail=4), 3, (95, -1, 95), id="a trailing stop that has a stop"),
    pytest.param(buy(trail=4), 0, (NEVER, 1, 0), id="a trailing purchase that has none yet: no price reaches it"),
    pytest.param(sell(trail=4), 0, (-NEVER, -1, 0), id="a trailing sale that has none yet"),
]


@pytest.mark.parametrize(("order", "beyond", "expected"), WAITS)
def test_what_an_order_waits_for(order: Resting, beyond: int, expected: tuple[int, int, int]) -> None:
    assert wait_of(order.record(1), 0, beyond) == Wait(*expected)


def test_what_an_order_waits_for_is_in_units_of_the_digit() -> None:
    record = record_of(order_of(BUY, limit_price="99.50"))
    assert [wait_of(record, digits, 1).edge for digits in (1, 2, 3)] == [994, 9949, 99499]
    assert [wait_of(record, digits, 1).price for digits in (1, 2, 3)] == [995, 9950, 99500]


def test_what_an_order_waits_for_is_kept_for_these_digits_and_this_rule_alone() -> None:
    record, kept = record_of(order_of(BUY, limit_price=95)), Wait(7, 7, 7)
    record.wait = (0, 0, kept)
    assert wait_of(record, 0, 0) == kept
    assert wait_of(record, 0, 1) == Wait(94, -1, 95)
    assert record.wait == (0, 1, Wait(94, -1, 95))
    assert wait_of(record, 1, 1) == Wait(949, -1, 950)
    assert record.wait == (1, 1, Wait(949, -1, 950))


def test_a_price_in_units_of_a_digit_is_exact() -> None:
    assert [to_ticks(Decimal(price), 2) for price in ("99.5", "99.50", "1E+2", "0")] == [9950, 9950, 10_000, 0]
    with pytest.raises(Inexact):
        to_ticks(Decimal("99.505"), 2)


def test_an_order_whose_limit_has_more_digits_than_the_bars_is_not_rounded_quietly() -> None:
    record = record_of(order_of(BUY, limit_price="99.50"))
    assert (wait_of(record, 2, 0).edge, wait_of(record, 1, 0).edge) == (9950, 995)
    with pytest.raises(Inexact):
        wait_of(record, 0, 0)


# --- one order where the price stands

STANDING = [
    # the order, the price at the open, what it does there
    pytest.param(buy(), 100, FILL, id="a market purchase"),
    pytest.param(sell(), 100, FILL, id="a market sale"),
    pytest.param(buy(type=ON_OPEN), 100, FILL, id="a market order on the open"),
    pytest.param(buy(type=ON_CLOSE), 100, None, id="a market order on the close"),
    pytest.param(buy(101), 100, FILL, id="a buy limit above"),
    pytest.param(buy(100), 100, FILL, id="a buy limit that equals"),
    pytest.param(buy(99), 100, None, id="a buy limit one below"),
    pytest.param(sell(99), 100, FILL, id="a sell limit below"),
    pytest.param(sell(100), 100, FILL, id="a sell limit that equals"),
    pytest.param(sell(101), 100, None, id="a sell limit one above"),
    pytest.param(buy(stop=99), 100, TRIGGER, id="a buy stop that the price has passed"),
    pytest.param(buy(stop=100), 100, TRIGGER, id="a buy stop that equals"),
    pytest.param(buy(stop=101), 100, None, id="a buy stop one above"),
    pytest.param(sell(stop=101), 100, TRIGGER, id="a sell stop that the price has passed"),
    pytest.param(sell(stop=100), 100, TRIGGER, id="a sell stop that equals"),
    pytest.param(sell(stop=99), 100, None, id="a sell stop one below"),
    pytest.param(buy(98, 99), 100, TRIGGER, id="a buy stop-limit, whatever its limit"),
    pytest.param(buy(98, 101), 100, None, id="a buy stop-limit one short of its stop"),
    pytest.param(buy(100, 101, triggered=True), 100, FILL, id="a triggered buy stop-limit at its limit"),
    pytest.param(buy(99, 101, triggered=True), 100, None, id="a triggered buy stop-limit one below"),
    pytest.param(sell(stop=98, triggered=True), 100, FILL, id="a triggered sell stop"),
    pytest.param(sell(stop=100, trail=4), 100, TRIGGER, id="a trailing stop that equals"),
    pytest.param(sell(stop=99, trail=4), 100, None, id="a trailing stop one below"),
    pytest.param(sell(trail=4), 100, None, id="a trailing stop that has none yet"),
    pytest.param(buy(life=IOC), 100, FILL, id="an IOC market order"),
    pytest.param(buy(100, life=IOC), 100, FILL, id="an IOC limit that equals"),
    pytest.param(buy(99, life=IOC), 100, LAPSE, id="an IOC limit one below"),
    pytest.param(sell(101, life=FOK), 100, LAPSE, id="a FOK limit one above"),
    pytest.param(buy(stop=101, life=IOC), 100, None, id="an IOC stop waits for its trigger"),
    pytest.param(buy(98, 100, life=FOK), 100, TRIGGER, id="a FOK stop-limit is triggered first"),
    pytest.param(buy(98, 100, life=FOK, triggered=True), 100, LAPSE, id="a triggered FOK stop-limit is tested once"),
]


@pytest.mark.parametrize(("order", "price", "act"), STANDING)
@pytest.mark.parametrize("end", [90, 100, 110])
def test_what_an_order_does_at_the_open(order: Resting, price: int, act: Act | None, end: int) -> None:
    found = next_of([order], OPEN, price, price)
    assert said(found) == (None if act is None else (1, act, price, price))
    fresh = order._replace(new=INSTANT)
    if act is None or order.type is ON_OPEN:  # asked for inside the bar, that waits for the next one
        return
    assert said(next_of([fresh], LEG, price, end)) == (1, act, price, price)


TESTED = [
    # the phase, the order, whether it is tested at a price that meets it
    pytest.param(OPEN, buy(), True, id="a market order at the open"),
    pytest.param(LEG, buy(), False, id="a market order on a leg waits for the next open"),
    pytest.param(LEG, buy(new=INSTANT), True, id="a new one on a leg"),
    pytest.param(LEG, buy(stop=95, triggered=True), False, id="what a triggered stop has left waits for the next open"),
    pytest.param(LEG, buy(stop=95, triggered=True, new=NEW_STOP), True, id="a stop that was triggered just now"),
    pytest.param(LEG, buy(type=ON_OPEN, new=INSTANT), False, id="on the open, asked for on a leg"),
    pytest.param(CLOSE, buy(type=ON_OPEN, new=INSTANT), False, id="on the open, at the close"),
    pytest.param(SAME_CLOSE, buy(type=ON_OPEN, new=INSTANT), False, id="on the open, at the same close"),
    pytest.param(OPEN, buy(type=ON_CLOSE, new=INSTANT), False, id="on the close, at the open"),
    pytest.param(LEG, buy(type=ON_CLOSE, new=INSTANT), False, id="on the close, on a leg"),
    pytest.param(CLOSE, buy(type=ON_CLOSE), True, id="on the close, at the close"),
    pytest.param(SAME_CLOSE, buy(type=ON_CLOSE), False, id="on the close, at the same close"),
    pytest.param(CLOSE, buy(new=INSTANT), False, id="nothing else at the close, not what is new"),
    pytest.param(CLOSE, buy(105, new=INSTANT), False, id="nothing else at the close, no limit"),
    pytest.param(CLOSE, buy(stop=95, new=INSTANT), False, id="nothing else at the close, no stop"),
    pytest.param(SAME_CLOSE, buy(), True, id="a market order at the same close"),
    pytest.param(OPEN, buy(asleep=1), False, id="an exit that sleeps, at the open"),
    pytest.param(LEG, buy(asleep=1, new=INSTANT), False, id="an exit that sleeps, on a leg"),
    pytest.param(CLOSE, buy(type=ON_CLOSE, asleep=1), False, id="an exit that sleeps, at the close"),
]


@pytest.mark.parametrize(("phase", "order", "tested"), TESTED)
def test_which_orders_a_phase_tests(phase: Phase, order: Resting, *, tested: bool) -> None:
    act = TRIGGER if order.stop is not None and not order.triggered else FILL
    assert said(next_of([order], phase, 100, 100)) == ((1, act, 100, 100) if tested else None)


# --- one order as the price goes on

ON_THE_WAY = [
    # the order, from, to, what it does: act, price, place
    pytest.param(buy(95), 100, 90, (FILL, 95, 95), id="a buy limit as the price falls"),
    pytest.param(buy(90), 100, 90, (FILL, 90, 90), id="a buy limit at the very end"),
    pytest.param(buy(89), 100, 90, None, id="a buy limit one tick further"),
    pytest.param(buy(100), 100, 90, (FILL, 100, 100), id="a second buy limit at the price where the first has filled"),
    pytest.param(buy(100), 100, 100, (FILL, 100, 100), id="the same at the end of a leg"),
    pytest.param(buy(101), 100, 90, None, id="a buy limit that was tested above"),
    pytest.param(buy(105), 100, 110, None, id="a buy limit that the price only comes back to"),
    pytest.param(buy(99), 100, 110, None, id="a buy limit as the price rises"),
    pytest.param(sell(105), 100, 110, (FILL, 105, 105), id="a sell limit as the price rises"),
    pytest.param(sell(110), 100, 110, (FILL, 110, 110), id="a sell limit at the very end"),
    pytest.param(sell(111), 100, 110, None, id="a sell limit one tick further"),
    pytest.param(sell(101), 100, 90, None, id="a sell limit as the price falls"),
    pytest.param(sell(95), 100, 90, None, id="a sell limit that the price only comes back to"),
    pytest.param(buy(stop=105), 100, 110, (TRIGGER, 105, 105), id="a buy stop as the price rises"),
    pytest.param(buy(stop=110), 100, 110, (TRIGGER, 110, 110), id="a buy stop at the very end"),
    pytest.param(buy(stop=111), 100, 110, None, id="a buy stop one tick further"),
    pytest.param(buy(stop=105), 100, 90, None, id="a buy stop as the price falls"),
    pytest.param(sell(stop=95), 100, 90, (TRIGGER, 95, 95), id="a sell stop as the price falls"),
    pytest.param(sell(stop=89), 100, 90, None, id="a sell stop one tick further"),
    pytest.param(sell(stop=95, trail=2), 100, 90, (TRIGGER, 95, 95), id="a trailing stop as the price falls"),
    pytest.param(sell(trail=2), 100, 90, None, id="a trailing stop that has none yet"),
    pytest.param(buy(103, 105), 100, 110, (TRIGGER, 105, 105), id="a stop-limit at its stop"),
    pytest.param(buy(97, 105, triggered=True), 100, 90, (FILL, 97, 97), id="a triggered stop-limit at its limit"),
    pytest.param(buy(stop=105, life=IOC), 100, 110, (TRIGGER, 105, 105), id="an IOC stop at its trigger"),
    pytest.param(buy(95, life=IOC), 100, 90, (FILL, 95, 95), id="an IOC limit that was amended away is a limit"),
    pytest.param(buy(95, new=INSTANT), 100, 90, (FILL, 95, 95), id="a new buy limit that is not met here"),
    pytest.param(buy(95, new=INSTANT, life=IOC), 100, 90, (LAPSE, 100, 100), id="a new IOC limit that is not met here"),
    pytest.param(buy(stop=105, new=INSTANT), 100, 110, (TRIGGER, 105, 105), id="a new buy stop that is not met here"),
    pytest.param(sell(stop=105, new=INSTANT), 100, 90, (TRIGGER, 100, 100), id="a new sell stop that was passed"),
]


@pytest.mark.parametrize(("order", "start", "end", "expected"), ON_THE_WAY)
@pytest.mark.parametrize("phase", [Phase.LEG_1, Phase.LEG_2, Phase.LEG_3])
def test_what_an_order_does_as_the_price_goes_on(
    order: Resting, start: int, end: int, expected: tuple[Act, int, int] | None, phase: Phase
) -> None:
    assert said(next_of([order], phase, start, end)) == (expected and (1, *expected))


THROUGH = [
    pytest.param(buy(95), LEG, 100, 95, None, id="touched"),
    pytest.param(buy(95), LEG, 100, 94, (FILL, 95, 94), id="one tick beyond fills at the limit"),
    pytest.param(buy(95), OPEN, 95, 95, None, id="at the open too it is touched only"),
    pytest.param(buy(95), OPEN, 94, 94, (FILL, 94, 94), id="an open one tick beyond fills at the open"),
    pytest.param(buy(95, life=IOC), OPEN, 95, 95, (LAPSE, 95, 95), id="an IOC limit that is touched only"),
    pytest.param(sell(105), LEG, 100, 105, None, id="a sale touched"),
    pytest.param(sell(105), LEG, 100, 106, (FILL, 105, 106), id="a sale one tick beyond"),
    pytest.param(buy(stop=105), LEG, 100, 105, (TRIGGER, 105, 105), id="a stop is reached by a touch"),
    pytest.param(buy(96, 105, triggered=True), LEG, 100, 96, None, id="a triggered stop-limit touched"),
    pytest.param(buy(96, 105, triggered=True), LEG, 100, 95, (FILL, 96, 95), id="a triggered stop-limit one beyond"),
    pytest.param(buy(), OPEN, 100, 100, (FILL, 100, 100), id="a market order asks for nothing"),
]


@pytest.mark.parametrize(("order", "phase", "start", "end", "expected"), THROUGH)
def test_the_price_has_to_trade_through_a_limit_where_that_is_asked_for(
    order: Resting, phase: Phase, start: int, end: int, expected: tuple[Act, int, int] | None
) -> None:
    assert said(next_of([order], phase, start, end, beyond=1)) == (expected and (1, *expected))


WITHOUT_VOLUME = [
    pytest.param(buy(), OPEN, None, id="a market order waits"),
    pytest.param(buy(100), OPEN, None, id="a limit that is met waits"),
    pytest.param(buy(95), LEG, None, id="a limit on the way waits"),
    pytest.param(buy(life=IOC), OPEN, (FILL, 100, 100), id="an IOC order has its one test"),
    pytest.param(buy(life=FOK), OPEN, (FILL, 100, 100), id="a FOK order has its one test"),
    pytest.param(buy(99, life=IOC), OPEN, (LAPSE, 100, 100), id="an IOC limit that is not met has its one test"),
    pytest.param(sell(stop=101), OPEN, (TRIGGER, 100, 100), id="a stop is reached"),
    pytest.param(sell(stop=95), LEG, (TRIGGER, 95, 95), id="a stop is reached on the way"),
    pytest.param(sell(stop=101, triggered=True), OPEN, None, id="a triggered stop waits"),
]


@pytest.mark.parametrize(("order", "phase", "expected"), WITHOUT_VOLUME)
def test_without_volume_only_stops_are_reached_and_single_tests_happen(
    order: Resting, phase: Phase, expected: tuple[Act, int, int] | None
) -> None:
    end = 100 if phase is OPEN else 90
    assert said(next_of([order], phase, 100, end, has_volume=False)) == (expected and (1, *expected))


def test_what_cannot_fill_does_not_hide_what_comes_after_it() -> None:
    assert said(next_of([buy(98), sell(stop=95)], LEG, 100, 90, has_volume=False)) == (2, TRIGGER, 95, 95)


# --- which of several comes first

FIRST = [
    # the orders, from, to, the sign of the position, the number of the first
    pytest.param([buy(93), buy(97)], 100, 90, 0, 2, id="the first that the price reaches"),
    pytest.param([sell(103), buy(stop=102)], 100, 110, 0, 2, id="the first that it reaches as it rises"),
    pytest.param([buy(97), buy(97)], 100, 90, 0, 1, id="at one price the lower number"),
    pytest.param([buy(97), sell(stop=97)], 100, 90, 1, 2, id="at one price the reduction"),
    pytest.param([sell(103), buy(stop=103)], 100, 110, -1, 2, id="of a short the purchase reduces"),
    pytest.param([buy(98), sell(stop=97)], 100, 90, 1, 1, id="the nearer comes before the reduction"),
    pytest.param([buy(99), sell(new=INSTANT)], 100, 90, 0, 2, id="at once comes before on the way"),
    pytest.param([buy(100), sell(new=INSTANT)], 100, 90, 0, 1, id="a distance of zero is at once too"),
    pytest.param([sell(99, life=IOC, new=INSTANT), sell(stop=99)], 100, 90, 0, 1, id="a single test takes its turn"),
    pytest.param([sell(111, life=IOC, new=INSTANT), sell(new=INSTANT)], 100, 90, 0, 1, id="a failed test too"),
    pytest.param([buy(89), buy(88)], 100, 90, 0, None, id="none"),
    pytest.param([], 100, 90, 0, None, id="no orders"),
]


@pytest.mark.parametrize(("orders", "start", "end", "held", "first"), FIRST)
def test_which_order_comes_first_on_a_leg(
    orders: list[Resting], start: int, end: int, held: int, first: int | None
) -> None:
    found = next_of(orders, LEG, start, end, held)
    assert (found and found.record.id) == first


@pytest.mark.parametrize(
    ("held", "first", "reduces"),
    [
        pytest.param(0, 1, False, id="flat: by number"),
        pytest.param(-1, 1, True, id="short: the purchase reduces"),
        pytest.param(1, 2, True, id="long: the sale reduces, though its number is higher"),
    ],
)
def test_at_one_price_reductions_come_before_increases(held: int, first: int, *, reduces: bool) -> None:
    found = next_of([buy(), sell()], OPEN, 100, 100, held)
    assert found is not None
    assert (found.record.id, found.reduces) == (first, reduces)


def test_at_one_price_the_place_in_line_counts_and_not_the_number() -> None:
    records = [buy(95).record(number) for number in (1, 2, 3)]
    records[0].line = 4
    found = next_execution(records, LEG, 100, 90, held=0, digits=0)
    assert found is not None
    assert found.record is records[1]


def test_between_two_at_one_place_reductions_have_the_turn_and_then_the_place_in_line() -> None:
    def turn(line: int, *, reduces: bool) -> tuple[bool, int]:
        return Execution(record_of(order_of(BUY), line=line), FILL, 95, 95, reduces).turn

    assert turn(2, reduces=True) < turn(1, reduces=False)
    assert turn(1, reduces=False) < turn(2, reduces=False)
    assert turn(1, reduces=True) < turn(2, reduces=True)


Drawn: TypeAlias = tuple[OrderRecord, int, int]
"""A record, its edge and its direction."""


def walk(
    orders: Sequence[Resting], phase: Phase, start: int, end: int, held: int, beyond: int
) -> tuple[int, Act, int] | None:
    """Go from start to end tick by tick, and return who is first, what it does, and at which price."""
    travel = (end > start) - (end < start)
    for place in range(start, end + (travel or 1), travel or 1):
        ready = [
            (held * order.side.sign >= 0, number, *done)
            for number, order in enumerate(orders, start=1)
            if (done := act_at(order, phase, place, beyond, travel, is_start=place == start))
        ]
        if ready:
            _, number, act, price = min(ready, key=lambda one: one[:2])
            return number, act, price
    return None


def act_at(
    order: Resting, phase: Phase, place: int, beyond: int, travel: int, *, is_start: bool
) -> tuple[Act, int] | None:
    """Return what an order does at one place, and the price of it."""
    sign = order.side.sign
    waits_for_stop = order.stop is not None and not order.triggered
    price = order.stop if waits_for_stop else order.limit
    if price is None:
        is_met, is_met_exactly, needed = True, False, 0
    else:
        needed = sign if waits_for_stop else -sign
        ahead = (place - price) * needed - (0 if waits_for_stop else beyond)
        is_met, is_met_exactly = ahead >= 0, ahead == 0
    act = TRIGGER if waits_for_stop else FILL
    if is_start and (phase is OPEN or order.new):
        if is_met:
            return act, place
        return (LAPSE, place) if order.life is IOC and not waits_for_stop else None
    if price is not None and is_met_exactly and travel in (needed, 0):
        return act, price
    return None


@st.composite
def restings(draw: st.DrawFn) -> Resting:
    """Draw an open order: a market order, a limit, a stop or both, triggered or not, new or not, for once or not."""
    near = st.integers(85, 115)
    limit, stop = draw(st.none() | near), draw(st.none() | near)
    return Resting(
        draw(st.sampled_from(Side)),
        limit,
        stop,
        life=draw(st.sampled_from((TimeInForce.GTC, IOC))),
        new=draw(st.sampled_from((None, INSTANT))),
        triggered=stop is not None and draw(st.booleans()),
    )


resting = st.lists(restings(), max_size=6)
places = st.integers(90, 110)


@given(resting, places, places, st.sampled_from((-1, 0, 1)), st.sampled_from((0, 1, 3)), st.sampled_from((OPEN, LEG)))
def test_what_happens_first_is_what_a_walk_tick_by_tick_meets_first(
    orders: list[Resting], start: int, end: int, held: int, beyond: int, phase: Phase
) -> None:
    end = start if phase is OPEN else end
    found = next_of(orders, phase, start, end, held, beyond=beyond)
    assert (found and (found.record.id, found.act, found.price)) == walk(orders, phase, start, end, held, beyond)


@given(resting, places, places, st.sampled_from((-1, 0, 1)), st.sampled_from((OPEN, LEG)))
def test_the_order_in_which_orders_are_listed_changes_nothing(
    orders: list[Resting], start: int, end: int, held: int, phase: Phase
) -> None:
    records = [one.record(number) for number, one in enumerate(orders, start=1)]
    found = next_execution(records, phase, start, end, held=held, digits=0)
    assert next_execution(reversed(records), phase, start, end, held=held, digits=0) == found


# --- trailing stops

TICK = Decimal("0.01")
FOLLOWED = [
    # side, trail, the stop before, the price, the stop after
    pytest.param(SELL, {"trail_amount": "10"}, "90", "108", "98.00", id="a sale: up behind the price"),
    pytest.param(SELL, {"trail_amount": "10"}, "90", "100.01", "90.01", id="a sale: by one tick"),
    pytest.param(SELL, {"trail_amount": "10"}, "90", "100", None, id="a sale: equal stays"),
    pytest.param(SELL, {"trail_amount": "10"}, "90", "95", None, id="a sale: never down"),
    pytest.param(SELL, {"trail_amount": "10"}, None, "95", "85.00", id="a sale: the first"),
    pytest.param(BUY, {"trail_amount": "10"}, "110", "92", "102.00", id="a purchase: down behind the price"),
    pytest.param(BUY, {"trail_amount": "10"}, "110", "99.99", "109.99", id="a purchase: by one tick"),
    pytest.param(BUY, {"trail_amount": "10"}, "110", "100", None, id="a purchase: equal stays"),
    pytest.param(BUY, {"trail_amount": "10"}, "110", "105", None, id="a purchase: never up"),
    pytest.param(BUY, {"trail_amount": "10"}, None, "105", "115.00", id="a purchase: the first"),
    # 3 % of 100.05 = 3.0015; 97.0485 and 103.0515
    pytest.param(SELL, {"trail_percent": "3"}, "90", "100.05", "97.04", id="percent of a sale: down to the tick"),
    pytest.param(BUY, {"trail_percent": "3"}, "110", "100.05", "103.06", id="percent of a purchase: up to the tick"),
    # 100 - 0.005 and 100 + 0.005
    pytest.param(SELL, {"trail_amount": "0.005"}, "90", "100", "99.99", id="an amount finer than the tick, of a sale"),
    pytest.param(BUY, {"trail_amount": "0.005"}, "110", "100", "100.01", id="the same of a purchase"),
]


@pytest.mark.parametrize(("side", "trail", "before", "price", "after"), FOLLOWED)
def test_where_a_trailing_stop_follows_to(
    side: Side, trail: dict[str, str], before: str | None, price: str, after: str | None
) -> None:
    record = record_of(order_of(side, stop_price=before, **trail))
    found = followed_stop(record, Decimal(price), TICK)
    assert found == (None if after is None else Decimal(after))
    assert record.stop_price == (None if before is None else Decimal(before))  # it only says where


def test_a_trailing_stop_is_rounded_to_the_tick_of_its_instrument() -> None:
    # 101.30 - 1.00 = 100.30, below it 100.25; 101.30 + 1.00 = 102.30, above it 102.50
    quarter = Decimal("0.25")
    assert followed_stop(record_of(order_of(SELL, trail_amount=1)), Decimal("101.30"), quarter) == Decimal("100.25")
    assert followed_stop(record_of(order_of(BUY, trail_amount=1)), Decimal("101.30"), quarter) == Decimal("102.50")


def test_the_stop_that_is_kept_counts_and_not_the_one_that_was_asked_for() -> None:
    record = record_of(order_of(SELL, stop_price=90, trail_amount=10), stop_price=Decimal(98))
    assert followed_stop(record, Decimal(107), TICK) is None
    assert followed_stop(record, Decimal("108.01"), TICK) == Decimal("98.01")


@pytest.mark.parametrize(
    ("order", "trails"),
    [
        (sell(stop=95, trail=4), True),
        (sell(trail=4), True),
        (sell(stop=95), False),
        (sell(), False),
        (sell(stop=95, trail=4, triggered=True), False),
        (sell(stop=95, trail=4, asleep=1), False),
    ],
)
def test_a_trailing_stop_follows_until_it_is_triggered_and_not_in_its_sleep(order: Resting, *, trails: bool) -> None:
    assert is_trailing(order.record(1)) is trails


# --- how near the price came


@pytest.mark.parametrize(
    ("wait", "extreme", "distance"),
    [
        pytest.param(Wait(95, -1, 95), 97, 2, id="two above what has to fall"),
        pytest.param(Wait(95, -1, 95), 95, 0, id="there"),
        pytest.param(Wait(95, -1, 95), 94, -1, id="beyond"),
        pytest.param(Wait(105, 1, 105), 102, 3, id="three below what has to rise"),
        pytest.param(Wait(0, 0, 0), 102, 0, id="any price will do"),
    ],
)
def test_how_many_ticks_are_missing(wait: Wait, extreme: int, distance: int) -> None:
    assert Miss(wait, extreme).distance == distance


def test_each_corner_of_a_path_is_compared_with_what_an_order_waits_for() -> None:
    found = list(misses(buy(95).record(1), (100, 102, 96, 98), 0, 1, 1))
    assert found == [Miss(Wait(94, -1, 95), corner) for corner in (100, 102, 96, 98)]


@pytest.mark.parametrize("order", [sell(stop=90), sell(89, 90), sell(stop=90, trail=2, asleep=1)])
def test_a_stop_that_does_not_trail_is_compared_where_it_is(order: Resting) -> None:
    record = order.record(1)
    assert list(misses(record, (100, 108, 99), 0, 1, 1)) == [
        Miss(Wait(90, -1, 90), corner) for corner in (100, 108, 99)
    ]
    assert record.stop_price == 90


def test_a_trailing_stop_is_compared_where_it_is_at_that_corner() -> None:
    record = sell(stop=90, trail=10).record(1)
    found = list(misses(record, (100, 108, 99, 105), 0, 0, 1))
    # 100 - 10 leaves it at 90; 108 - 10 = 98
    assert found == [
        Miss(Wait(90, -1, 90), 100),
        Miss(Wait(90, -1, 90), 108),
        Miss(Wait(98, -1, 98), 99),
        Miss(Wait(98, -1, 98), 105),
    ]
    assert record.stop_price == 98


def test_a_trailing_stop_is_compared_in_units_of_the_digit_and_rounded_to_the_tick() -> None:
    record = record_of(order_of(SELL, stop_price=90, trail_amount=10))
    found = list(misses(record, (10_030, 10_012), 2, 0, 25))
    # 100.30 - 10.00 = 90.30, below it 90.25
    assert found == [Miss(Wait(9000, -1, 9000), 10_030), Miss(Wait(9025, -1, 9025), 10_012)]


# --- whether the order of the extremes can matter

BAR = (100, 110, 90, 105)
MATTERS = [
    pytest.param([], False, id="no orders"),
    pytest.param([buy(89)], False, id="a limit below the bar"),
    pytest.param([buy(90)], False, id="one limit at the low: it fills on both paths"),
    pytest.param([buy(95)], False, id="one limit alone"),
    pytest.param([sell(stop=95)], False, id="one stop alone"),
    pytest.param([buy()], False, id="a market order is done at the open"),
    pytest.param([buy(95), sell(105)], True, id="two limits within"),
    pytest.param([buy(90), sell(110)], True, id="two limits at the extremes"),
    pytest.param([buy(89), sell(110)], False, id="one of the two outside"),
    pytest.param([buy(90), sell(111)], False, id="the other outside"),
    pytest.param([buy(95), buy(95, asleep=1)], False, id="one of the two asleep"),
    pytest.param([sell(94, 95)], True, id="a stop-limit alone"),
    pytest.param([sell(94, 95, triggered=True)], True, id="a triggered stop-limit alone"),
    pytest.param([sell(stop=95, triggered=True)], False, id="a triggered stop waits for the next open"),
    pytest.param([sell(stop=80, trail=4)], True, id="a trailing stop that the low reaches after the high"),
    pytest.param([sell(stop=80, trail=20)], True, id="a trailing stop that the low just reaches"),  # 110 - 20 = 90
    pytest.param([sell(stop=80, trail=21)], False, id="a trailing stop that only follows"),
    pytest.param([sell(stop=90, trail=21)], True, id="a trailing stop that the low reaches before it follows"),
    pytest.param([sell(trail=4)], True, id="a trailing stop that has none yet"),
    pytest.param([sell(trail=21)], False, id="the same, far from the market"),
    pytest.param([buy(stop=120, trail=20)], True, id="a trailing purchase that the high just reaches"),  # 90 + 20
    pytest.param([buy(stop=120, trail=21)], False, id="a trailing purchase that only follows"),
    pytest.param([sell(stop=80, trail=21), sell(stop=80, trail=22), buy(95)], False, id="two of them, and a limit"),
    pytest.param([sell(stop=80, trail=21), sell(105), buy(95)], True, id="one of them, and two limits"),
    pytest.param([sell(stop=95, trail=4, triggered=True)], False, id="a triggered trailing stop"),
    pytest.param([sell(stop=95, trail=4, asleep=1)], False, id="a trailing stop asleep"),
]


@pytest.mark.parametrize(("orders", "matters"), MATTERS)
def test_whether_the_order_of_the_extremes_can_matter(orders: list[Resting], *, matters: bool) -> None:
    records = [one.record(number) for number, one in enumerate(orders, start=1)]
    assert may_differ(records, BAR, 0, 0) is matters


@pytest.mark.parametrize("name", ["child_ids", "sibling_ids"])
@pytest.mark.parametrize("order", [buy(95), buy(stop=105)])
def test_one_order_on_which_another_depends_can_matter(order: Resting, name: str) -> None:
    record = order.record(1)
    setattr(record, name, (2,))
    assert may_differ([record], BAR, 0, 0)


def test_to_ask_whether_a_stop_follows_alike_moves_none() -> None:
    record = sell(stop=80, trail=21).record(1)
    assert not may_differ([record], BAR, 0, 0)
    assert record.stop_price == 80


def test_a_stop_follows_by_the_tick() -> None:
    record = sell(stop=80, trail=19).record(1)
    assert may_differ([record], BAR, 0, 0)  # 110 - 19 = 91, above the low
    assert not may_differ([record], BAR, 0, 0, 25)  # 75 is the next price below, and the stop stays


def test_with_a_tick_beyond_its_limit_an_order_at_the_extreme_is_outside() -> None:
    records = [buy(90).record(1), sell(105).record(2)]
    assert may_differ(records, BAR, 0, 0)
    assert not may_differ(records, BAR, 0, 1)


def test_the_bar_is_compared_in_units_of_the_digit() -> None:
    records = [buy(95).record(1), sell(105).record(2)]
    assert may_differ(records, (1000, 1100, 900, 1050), 1, 0)
    assert not may_differ(records, (1000, 1100, 900, 1050), 2, 0)


def test_the_threads_context_changes_nothing() -> None:
    sale, purchase = (order_of(side, trail_percent="1.234") for side in (SELL, BUY))
    with localcontext(Context(prec=2, traps=[Inexact])):
        # 1234567.25 x 1.234 % = 15234.559865
        assert followed_stop(record_of(sale), Decimal("1234567.25"), TICK) == Decimal("1219332.69")
        assert followed_stop(record_of(purchase), Decimal("1234567.25"), TICK) == Decimal("1249801.81")
        assert to_ticks(Decimal("1234567.25"), 4) == 12_345_672_500


@pytest.mark.parametrize(
    ("trail", "mark", "tick", "sale", "purchase"),
    [
        pytest.param("0.505", "10.00", "0.01", "9.49", "10.51", id="away from the market, on the tick"),
        pytest.param("0.505", "10", None, "9.49", "10.51", id="on cents where there is no tick"),
        pytest.param("0.505", "10.000", None, "9.495", "10.505", id="on the digits of a finer mark"),
    ],
)
def test_a_trailing_stop_without_a_first_price_begins_at_the_mark(
    trail: str, mark: str, tick: str | None, sale: str, purchase: str
) -> None:
    unit = None if tick is None else Decimal(tick)
    for side, expected in ((SELL, sale), (BUY, purchase)):
        record = record_of(order_of(side, trail_amount=Decimal(trail)))
        assert first_stop(record, Decimal(mark), unit) == Decimal(expected)
