"""Orders against bars: what happens next, at which price, by which rule; and why the others do not fill."""

import asyncio
from datetime import timedelta
from decimal import Context, Decimal, Inexact, localcontext
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bars import Bar
from core.clock import Phase
from core.execution.costs import Slippage
from core.execution.market_simulator import WALKING_PHASES, MarketSimulator, Match, Price
from core.execution.order_record import OrderRecord
from core.execution.path import Act, Execution, LimitRule, PathRule
from core.execution.standing_bar import StandingBar
from core.fill import FillRule
from core.order import BUY, SELL, Order, OrderType, Side, TimeInForce
from core.reason import Code, Reason
from tests.core.builders import B1, at, bar_of, reason_of
from tests.core.execution.records import order_of, record_of
from tests.generators import cents, single_bars

buy, sell = partial(order_of, BUY, 100), partial(order_of, SELL, 100)
IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
ON_OPEN, ON_CLOSE = OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE
LEG, AT_STOP, AT_OPEN, AT_CLOSE = FillRule.LEG, FillRule.STOP, FillRule.OPEN, FillRule.CLOSE


def limit(side: Side, price: str | None) -> Order:
    return order_of(side, 100, limit_price=price)


def simulator(text: str, rule: LimitRule = LimitRule.TOUCH, **named: Any) -> MarketSimulator:
    made = MarketSimulator(rule, **named)
    made.stand_on(bar_of(text))
    return made


def standing(text: str = B1, *, tick: int = 1) -> StandingBar:
    """Stand on a bar in units of its digits, without any columns: a mutation run may not start threads so early."""
    bar = StandingBar.of_bar(bar_of(text, step=0))
    bar.tick = tick
    return bar


def test_a_simulator_takes_a_touch_and_the_worst_path_if_nothing_is_said() -> None:
    made = MarketSimulator()
    assert (made.limit_rule, made.path_rule, made.volume_cap) == (LimitRule.TOUCH, PathRule.WORST, None)
    assert made.slippage == Slippage()
    assert WALKING_PHASES == (Phase.OPEN, Phase.LEG_1, Phase.LEG_2, Phase.LEG_3)


# --- one order on one bar

MATCHES = [
    pytest.param("101/102/99.5/100.5", buy(), "101", AT_OPEN, id="a market order at the open"),
    pytest.param("101/102/99.5/100.5", sell(), "101", AT_OPEN, id="a market sale at the open"),
    pytest.param("101/102/99.5/100.5", buy(type=ON_OPEN), "101", AT_OPEN, id="on the open"),
    pytest.param("101/102/99.5/100.5", buy(type=ON_CLOSE), "100.5", AT_CLOSE, id="on the close"),
    pytest.param("101/102/99.5/100.5", buy(limit_price="99.75"), "99.75", LEG, id="a buy limit on the falling leg"),
    pytest.param("101/102/99.5/100.5", sell(limit_price="101.75"), "101.75", LEG, id="a sell limit on the rising leg"),
    pytest.param("101/102/99.5/100.5", buy(limit_price="101.5"), "101", AT_OPEN, id="a buy limit the open improves"),
    pytest.param("101/102/99.5/100.5", sell(limit_price="100"), "101", AT_OPEN, id="a sell limit the open improves"),
    pytest.param("101/102/99.5/100.5", buy(limit_price="101"), "101", AT_OPEN, id="a buy limit that equals the open"),
    pytest.param("101/102/99.5/100.5", buy(limit_price="99.5"), "99.5", LEG, id="a buy limit that equals the low"),
    pytest.param("101/102/99.5/100.5", sell(limit_price="102"), "102", LEG, id="a sell limit that equals the high"),
    pytest.param("101/102/99.5/100.5", buy(limit_price="99.49"), None, None, id="a buy limit below the low"),
    pytest.param("101/102/99.5/100.5", sell(limit_price="102.01"), None, None, id="a sell limit above the high"),
    pytest.param("100/100/100/100", buy(limit_price="100"), "100", AT_OPEN, id="a bar that never moves"),
    pytest.param("100/100/100/100", buy(limit_price="99.999"), None, None, id="a limit finer than the bar's prices"),
    pytest.param("101/102/99.5/100.5", buy(stop_price="101.8"), "101.8", AT_STOP, id="a buy stop on the rising leg"),
    pytest.param("101/102/99.5/100.5", buy(stop_price="100.5"), "101", AT_OPEN, id="a buy stop that gapped"),
    pytest.param("101/102/99.5/100.5", sell(stop_price="99.5"), "99.5", AT_STOP, id="a sell stop at the low"),
    pytest.param("101/102/99.5/100.5", sell(stop_price="99.49"), None, None, id="a sell stop below the low"),
    pytest.param(
        "99.8/101.5/99.6/101",
        buy(stop_price=100, limit_price="100.25"),
        "100",
        AT_STOP,
        id="14 a stop-limit at its stop",
    ),
    pytest.param(
        "93/96/92/95.5", sell(stop_price=95, limit_price="94.5"), "94.5", LEG, id="17 a stop-limit that gapped"
    ),
    pytest.param(
        "101/102/99.5/100.5",
        buy(stop_price="100.5", limit_price="101"),
        "101",
        AT_OPEN,
        id="a stop-limit that the open triggers and fills",
    ),
    pytest.param("100/108/95/105", sell(stop_price=90, trail_amount=10), None, None, id="a trail: low first, 98.00"),
    pytest.param("105/108/95/100", sell(stop_price=90, trail_amount=10), "98", AT_STOP, id="a trail: high first"),
    pytest.param("97/99/96/98", sell(stop_price=98, trail_amount=10), "97", AT_OPEN, id="22 a trail that gapped"),
    pytest.param("101/102/99.5/100.5", buy(time_in_force=IOC), "101", AT_OPEN, id="IOC at the open"),
    pytest.param(
        "101/102/99.5/100.5", buy(limit_price="99.75", time_in_force=IOC), None, None, id="IOC has one test only"
    ),
    pytest.param(
        "101/102/99.5/100.5",
        buy(stop_price="101.8", limit_price="101.7", time_in_force=FOK),
        None,
        None,
        id="FOK has its one test at its trigger",
    ),
]


@pytest.mark.parametrize(("text", "order", "filled", "rule"), MATCHES)
def test_one_order_on_one_bar(text: str, order: Order, filled: str | None, rule: FillRule | None) -> None:
    match = simulator(text).match(order)
    if filled is None or rule is None:
        assert match is None
        return
    assert match == Match(Decimal(100), Decimal(filled), rule, at(1))


@pytest.mark.parametrize(
    ("path", "filled"),
    [
        (PathRule.HIGH_FIRST, "98"),
        (PathRule.LOW_FIRST, None),
        (PathRule.NEAREST, None),
        (PathRule.WORST, None),  # by itself an order has the nearest
        (PathRule.SUBBARS, None),
    ],
)
def test_example_21_one_order_is_walked_on_the_path_that_is_preferred(path: PathRule, filled: str | None) -> None:
    match = simulator("100/108/95/105", path_rule=path).match(sell(stop_price=90, trail_amount=10))
    assert (match and match.price) == (None if filled is None else Decimal(filled))


@pytest.mark.parametrize(
    ("volume", "life", "quantity"),
    [
        pytest.param("5000", TimeInForce.GTC, 80, id="all"),
        pytest.param("500", TimeInForce.GTC, 50, id="a tenth"),
        pytest.param("505", TimeInForce.GTC, "50.5", id="a tenth without a step"),
        pytest.param("0", TimeInForce.GTC, None, id="nothing"),
        pytest.param("500", IOC, 50, id="IOC takes what there is"),
        pytest.param("800", FOK, 80, id="FOK takes all"),
        pytest.param("799", FOK, None, id="FOK takes no part"),
    ],
)
def test_one_order_fills_as_far_as_the_volume_reaches(
    volume: str, life: TimeInForce, quantity: int | str | None
) -> None:
    made = simulator(f"50/51/49/50/{volume}", volume_cap=Decimal("0.1"))
    match = made.match(order_of(BUY, 80, time_in_force=life))
    assert (match and match.quantity) == (None if quantity is None else Decimal(quantity))
    # of a volume that is not known nothing is bounded
    assert simulator("50/51/49/50", volume_cap=Decimal("0.1")).match(order_of(BUY, 80, time_in_force=life)) is not None


def test_a_limit_that_the_price_meets_without_volume_waits_and_does_not_fill_later() -> None:
    made = simulator("50/51/49/50/0", volume_cap=Decimal("0.1"))
    assert made.match(limit(BUY, "49.5")) is None


def test_one_order_slips() -> None:
    made = simulator(B1, slippage=Slippage(basis_points=Decimal(5)))
    match = made.match(order_of(BUY, 100))
    # in units of the bar, 0.01: 101 x 1.0005 = 101.0505
    assert match == Match(Decimal(100), Decimal("101.06"), AT_OPEN, at(1))
    assert made.match(limit(BUY, "99.75")) == Match(Decimal(100), Decimal("99.75"), LEG, at(1))


def test_the_sign_of_the_position_changes_no_price() -> None:
    assert simulator(B1).match(buy(), held=-1) == simulator(B1).match(buy(), held=1) == simulator(B1).match(buy())


def test_the_awaitable_door_leads_to_the_same() -> None:
    made = simulator(B1)
    order = limit(BUY, "99.75")
    assert asyncio.run(made.simulate_fill(order)) == made.match(order)
    assert made.match(order) is not None


def test_an_order_of_a_symbol_without_a_bar_does_not_match() -> None:
    made = simulator(B1)
    assert made.match(Order("OTHER", BUY, 1)) is None
    assert made.standing(Order("OTHER", BUY, 1)) is None


@pytest.mark.parametrize("kind", [OrderType.LIMIT, OrderType.STOP_LIMIT])
def test_a_limit_order_without_a_limit_is_no_market_order(kind: OrderType) -> None:
    assert simulator(B1).match(Order("ACME", BUY, 1, type=kind)) is None


def test_a_later_bar_takes_the_place_of_the_one_before() -> None:
    made = simulator(B1)
    made.stand_on(bar_of("90", step=2))
    assert made.match(limit(BUY, None)) == Match(Decimal(100), Decimal(90), FillRule.OPEN, at(2))


def test_matching_moves_no_bar_and_keeps_no_order() -> None:
    made = simulator(B1)
    orders = (limit(BUY, "99.75"), buy(stop_price="101.80"), sell(stop_price=99, trail_amount=1))
    assert [made.match(order) for order in orders] == [made.match(order) for order in orders]


def test_a_bar_is_stood_on_in_the_units_of_order_and_tick() -> None:
    bar = simulator(B1).standing(limit(BUY, "99.755"), Decimal("0.05"))
    assert bar is not None
    assert (bar.digits, bar.tick, bar.place) == (3, 50, 101_000)


# --- the pool of a bar (R12)


@pytest.mark.parametrize(
    ("cap", "volume", "step", "pool"),
    [
        pytest.param("0.1", "5000", "1", "500", id="a tenth"),
        pytest.param("0.1", "5009", "1", "500", id="down to the step"),
        pytest.param("0.1", "5009", None, "500.9", id="no step"),
        pytest.param("0.1", "5009", "40", "480", id="down to a large step"),
        pytest.param("0.1", "9", "1", "0", id="less than one"),
        pytest.param("0.1", "0", "1", "0", id="no volume"),
        pytest.param("1", "5000", "1", "5000", id="all of it"),
        pytest.param(None, "5000", "1", None, id="no cap"),
        pytest.param("0.1", None, "1", None, id="a volume that is not known"),
    ],
)
def test_a_part_of_the_volume_is_the_pool(cap: str | None, volume: str | None, step: str | None, pool: str) -> None:
    made = MarketSimulator(volume_cap=None if cap is None else Decimal(cap))
    bar = standing("50.00" if volume is None else f"50.00/50.00/50.00/50.00/{volume}")
    made.open_pool(bar, None if step is None else Decimal(step))
    expected = None if pool is None else Decimal(pool)
    assert (bar.pool, bar.whole_pool) == (expected, expected or 0)


# --- the paths of a bar

HIGH, LOW = (10_100, 10_200, 9_950, 10_050), (10_100, 9_950, 10_200, 10_050)
NEARER_LOW = "100.00/102.00/99.00/101.00"
TIED = "100.00/101.00/99.00/100.50"


@pytest.mark.parametrize(
    ("rule", "text", "names"),
    [
        pytest.param(PathRule.HIGH_FIRST, NEARER_LOW, ["high_first", "low_first"], id="high first"),
        pytest.param(PathRule.LOW_FIRST, B1, ["low_first", "high_first"], id="low first"),
        pytest.param(PathRule.NEAREST, B1, ["high_first", "low_first"], id="nearest, the high"),
        pytest.param(PathRule.NEAREST, NEARER_LOW, ["low_first", "high_first"], id="nearest, the low"),
        pytest.param(PathRule.NEAREST, TIED, ["low_first", "high_first"], id="nearest, equally near"),
        pytest.param(PathRule.WORST, B1, ["high_first", "low_first"], id="worst begins with the nearest, the high"),
        pytest.param(PathRule.WORST, NEARER_LOW, ["low_first", "high_first"], id="worst, the low"),
        pytest.param(PathRule.SUBBARS, NEARER_LOW, ["low_first", "high_first"], id="subbars as worst"),
    ],
)
def test_the_path_that_is_preferred_comes_first(rule: PathRule, text: str, names: list[str]) -> None:
    assert list(MarketSimulator(path_rule=rule).paths(standing(text))) == names


def test_each_path_goes_where_its_name_says() -> None:
    for rule in PathRule:
        assert dict(MarketSimulator(path_rule=rule).paths(standing())) == {"high_first": HIGH, "low_first": LOW}


def test_on_a_bar_that_opens_at_its_high_both_names_are_there() -> None:
    paths = MarketSimulator().paths(standing("102.00/102.00/99.00/100.00"))
    assert list(paths) == ["high_first", "low_first"]


# --- what happens next

ON_LOW = standing()


def book_of(*orders: Order | OrderRecord) -> dict[int, OrderRecord]:
    """Return a book of open orders, numbered in turn."""
    records = [order if isinstance(order, OrderRecord) else record_of(order) for order in orders]
    for number, record in enumerate(records, start=1):
        record.id = record.line = number
    return {record.id: record for record in records}


def next_of(
    bar: StandingBar, phase: Phase, *orders: Order | OrderRecord, step: int = 0, held: int = 0, **named: Any
) -> tuple[int, Act, int] | None:
    """Return number, act and place of what happens next."""
    found = MarketSimulator(**named).next_of(bar, phase, book_of(*orders), step, held)
    return found and (found.record.id, found.act, found.place)


def walked(path: tuple[int, int, int, int] = HIGH, place: int | None = None) -> StandingBar:
    """Stand somewhere on a path of B1."""
    bar = standing()
    bar.path = path
    bar.place = path[0] if place is None else place
    return bar


def test_a_phase_goes_from_where_the_bar_stands_to_its_corner() -> None:
    order = buy(limit_price="99.75")
    assert next_of(walked(), Phase.LEG_1, order) is None
    assert next_of(walked(place=10_200), Phase.LEG_2, order) == (1, Act.FILL, 9_975)
    assert next_of(walked(LOW), Phase.LEG_1, order) == (1, Act.FILL, 9_975)
    assert next_of(walked(place=9_974), Phase.LEG_2, order) is None
    assert next_of(walked(place=9_950), Phase.LEG_3, sell(limit_price="100.50")) == (1, Act.FILL, 10_050)
    assert next_of(walked(place=9_950), Phase.LEG_3, sell(limit_price="100.51")) is None


def test_an_order_that_is_not_eligible_or_not_open_is_left_alone() -> None:
    assert next_of(walked(), Phase.OPEN, record_of(buy(), eligible_step=4), step=3) is None
    assert next_of(walked(), Phase.OPEN, record_of(buy(), eligible_step=4), step=4) == (1, Act.FILL, 10_100)
    assert next_of(walked(), Phase.OPEN, record_of(buy(), is_open=False)) is None


def test_an_order_on_the_open_meets_the_first_of_the_finer_bars_alone() -> None:
    finer = walked()
    assert next_of(finer, Phase.OPEN, buy(type=ON_OPEN)) == (1, Act.FILL, 10_100)
    finer.part = 1
    assert next_of(finer, Phase.OPEN, buy(type=ON_OPEN)) is None
    assert next_of(finer, Phase.OPEN, buy(type=ON_OPEN), buy()) == (2, Act.FILL, 10_100)


def test_the_life_of_an_order_reaches_to_a_bar_stamped_with_its_end() -> None:
    assert next_of(walked(), Phase.OPEN, buy(good_till=at(0))) == (1, Act.FILL, 10_100)  # the bar is stamped at(0)
    assert next_of(walked(), Phase.OPEN, buy(good_till=at(0) - timedelta(microseconds=1))) is None


def test_a_position_makes_its_reductions_come_first() -> None:
    orders = (buy(), sell())
    assert [(next_of(walked(), Phase.OPEN, *orders, held=held) or (0,))[0] for held in (-1, 0, 1)] == [1, 1, 2]


def test_a_limit_has_to_be_traded_through_by_the_instruments_tick() -> None:
    through: dict[str, Any] = {"limit_rule": LimitRule.THROUGH}
    bar = walked(place=10_200)
    assert next_of(bar, Phase.LEG_2, buy(limit_price="99.51"), **through) == (1, Act.FILL, 9_950)
    assert next_of(bar, Phase.LEG_2, buy(limit_price="99.50"), **through) is None
    coarse = standing(tick=25)
    coarse.place = 10_200
    assert next_of(coarse, Phase.LEG_2, buy(limit_price="99.75"), **through) == (1, Act.FILL, 9_950)
    assert next_of(coarse, Phase.LEG_2, buy(limit_price="99.74"), **through) is None
    assert [MarketSimulator(rule).beyond(coarse) for rule in LimitRule] == [0, 25]


def test_an_empty_pool_lets_nothing_fill() -> None:
    bar = walked()
    bar.pool = Decimal(0)
    assert next_of(bar, Phase.OPEN, buy()) is None
    assert next_of(bar, Phase.OPEN, buy(), sell(stop_price="101.50")) == (2, Act.TRIGGER, 10_100)


# --- moving on


def test_moving_on_moves_the_place_and_nothing_else() -> None:
    bar = walked()
    record = record_of(buy(limit_price=90), instant=FillRule.INSTANT, just_triggered=True)
    assert MarketSimulator().advance(bar, [record], 10_150, 0) == []
    assert (bar.place, record.instant, record.just_triggered) == (10_150, FillRule.INSTANT, True)


def test_an_order_that_is_not_yet_eligible_does_not_trail() -> None:
    bar = walked()
    record = record_of(sell(trail_amount=1), eligible_step=4, stop_price=Decimal(90))
    assert MarketSimulator().advance(bar, [record], 10_150, 3) == []
    assert bar.place == 10_150
    assert MarketSimulator().advance(bar, [record], 10_150, 4) == [(record, Decimal("100.50"))]


def test_an_order_that_is_not_yet_eligible_keeps_no_other_from_trailing() -> None:
    waiting = record_of(sell(trail_amount=1), eligible_step=4, stop_price=Decimal(90))
    record = record_of(sell(trail_amount=1), eligible_step=3, stop_price=Decimal(90))
    # 101.50 - 1
    assert MarketSimulator().advance(walked(), [waiting, record], 10_150, 3) == [(record, Decimal("100.50"))]


def test_once_the_tests_at_a_price_are_over_what_was_new_there_is_no_longer() -> None:
    bar = walked(place=10_150)
    new = record_of(buy(limit_price=90), instant=FillRule.INSTANT, just_triggered=True)
    old = record_of(buy(limit_price=90), just_triggered=True)
    assert MarketSimulator().settle(bar, [new, old]) == []
    assert [(record.instant, record.just_triggered) for record in (new, old)] == [(None, False), (None, True)]
    assert bar.place == 10_150


def test_the_stop_of_what_was_new_follows_the_price_where_it_was_tested() -> None:
    bar = standing(tick=25)
    bar.place = 10_190
    records = [
        record_of(sell(stop_price=90, trail_amount=1), instant=FillRule.INSTANT),  # 101.90 - 1, below it 100.75
        record_of(buy(stop_price=110, trail_amount=1), instant=FillRule.INSTANT),  # 101.90 + 1, above it 103.00
        record_of(sell(stop_price="100.75", trail_amount=1), instant=FillRule.INSTANT),  # is there
        record_of(sell(stop_price=90, trail_amount=1)),  # was not tested here
        record_of(sell(stop_price=90, trail_amount=1), instant=FillRule.INSTANT, is_triggered=True),
        record_of(sell(stop_price=90), instant=FillRule.INSTANT),
    ]
    found = MarketSimulator().settle(bar, records)
    assert found == [(records[0], Decimal("100.75")), (records[1], Decimal("103.00"))]
    assert [record.instant for record in records] == [None] * 6
    assert records[0].stop_price == 90  # it only says where


def test_trailing_stops_follow_to_the_place() -> None:
    bar = standing(tick=25)
    records = [
        record_of(sell(stop_price=90, trail_amount=1)),  # 101.90 - 1 = 100.90, below it 100.75
        record_of(sell(stop_price="100.75", trail_amount=1)),  # is there
        record_of(buy(stop_price=110, trail_amount=1)),  # 101.90 + 1 = 102.90, above it 103.00
        record_of(sell(stop_price=90)),
        record_of(sell(stop_price=90, trail_amount=1), is_triggered=True),
    ]
    found = MarketSimulator().advance(bar, records, 10_190, 0)
    assert found == [(records[0], Decimal("100.75")), (records[2], Decimal("103.00"))]
    assert [record.stop_price for record in records] == [90, Decimal("100.75"), 110, 90, 90]  # it only says where


# --- at which price (R11, R14)


def execution(record: OrderRecord, price: int, act: Act = Act.FILL) -> Execution:
    return Execution(record, act, price, price, reduces=False)


def priced(order: Order, price: int, text: str = B1, *, tick: int = 1, **slippage: Any) -> Price:
    """Return at which price 100 units of an order that met a price are booked."""
    made = MarketSimulator(slippage=Slippage(**slippage))
    state: dict[str, Any] = {"is_triggered": True, "just_triggered": True} if order.type.has_stop else {}
    bar = standing(text, tick=tick)
    return made.price_of(execution(record_of(order, **state), price), bar, Decimal(100))


SLIPPED = [
    # the order, the price of the path in cents, slippage, the price; the bar is 101.00/102.00/99.50/100.50/10000
    pytest.param(buy(), 10_100, {"basis_points": 5}, "101.06", id="2 a purchase, up to the tick"),  # 101.0505
    pytest.param(sell(), 10_100, {"basis_points": 5}, "100.94", id="a sale, down to the tick"),  # 100.9495
    pytest.param(sell(stop_price=101), 10_100, {"ticks": 2}, "100.98", id="13 a triggered stop, by ticks"),
    pytest.param(buy(stop_price=101), 10_100, {"ticks": 2}, "101.02", id="a purchase by ticks"),
    pytest.param(buy(trail_amount=1), 10_100, {"ticks": 2}, "101.02", id="a triggered trailing stop"),
    pytest.param(buy(type=ON_OPEN), 10_100, {"ticks": 2}, "101.02", id="on the open"),
    pytest.param(buy(type=ON_CLOSE), 10_050, {"ticks": 2}, "100.52", id="on the close"),
    pytest.param(buy(limit_price=102), 10_100, {"ticks": 2}, "101.00", id="a limit order has none"),
    pytest.param(buy(), 10_100, {}, "101.00", id="no slippage"),
    # share 100 / 10000, 101 x 10 x 0.0001 = 0.101
    pytest.param(buy(), 10_100, {"volume_impact": 10}, "101.11", id="by the share of the volume"),
    pytest.param(
        buy(stop_price=101, limit_price="101.01"), 10_100, {"ticks": 2}, "101.01", id="never past a stop-limit's limit"
    ),
    pytest.param(
        buy(stop_price=101, limit_price="101.05"), 10_100, {"ticks": 2}, "101.02", id="a stop-limit inside its limit"
    ),
    pytest.param(
        sell(stop_price=101, limit_price="100.99"), 10_100, {"ticks": 2}, "100.99", id="a sale, never past its limit"
    ),
    pytest.param(
        sell(stop_price=101, limit_price="100.95"), 10_100, {"ticks": 2}, "100.98", id="a sale inside its limit"
    ),
    pytest.param(buy(), 10_100, {"ticks": 100}, "102.00", id="exactly to the high"),
    pytest.param(sell(), 10_100, {"ticks": 150}, "99.50", id="exactly to the low"),
]


@pytest.mark.parametrize(("order", "met", "slippage", "price"), SLIPPED)
def test_slippage_is_adverse_and_rounded_against_the_trader(
    order: Order, met: int, slippage: dict[str, Any], price: str
) -> None:
    assert priced(order, met, **slippage) == Price(Decimal(price), Decimal(met).scaleb(-2))


@pytest.mark.parametrize(
    ("order", "ticks", "slipped", "price", "extreme"),
    [
        pytest.param(buy(), 101, "102.01", "102.00", "high", id="a purchase one tick beyond the high"),
        pytest.param(sell(), 151, "99.49", "99.50", "low", id="a sale one tick beyond the low"),
        pytest.param(
            buy(stop_price=101, limit_price="102.50"),
            200,
            "102.50",
            "102.00",
            "high",
            id="a stop-limit whose limit is beyond",
        ),
    ],
)
def test_example_3_slippage_beyond_the_bar_is_clamped_with_both_numbers(
    order: Order, ticks: int, slipped: str, price: str, extreme: str
) -> None:
    found = priced(order, 10_100, ticks=ticks)
    assert (found.price, found.reference) == (Decimal(price), 101)
    expected = {"slipped": Decimal(slipped), "extreme_name": extreme, "price": Decimal(price)}
    assert reason_of(found.clamped) == ("SLIPPAGE_CLAMPED", expected)


def test_a_price_off_the_tick_is_rounded_only_where_it_slips() -> None:
    # the tick is 0.25, and the bar opens between two
    text = "101.10/102.00/99.50/100.50"
    assert priced(buy(), 10_110, text, tick=25).price == Decimal("101.10")
    assert priced(buy(), 10_110, text, tick=25, ticks=1).price == Decimal("101.50")  # 101.35, up
    assert priced(sell(), 10_110, text, tick=25, ticks=1).price == Decimal("100.75")  # 100.85, down


def test_a_stop_limit_slips_only_where_it_is_triggered() -> None:
    made, bar = MarketSimulator(slippage=Slippage(ticks=2)), standing()
    record = record_of(buy(stop_price=101, limit_price=102), is_triggered=True, just_triggered=True)
    assert made.price_of(execution(record, 10_100), bar, Decimal(1)).price == Decimal("101.02")
    record.just_triggered = False
    assert made.price_of(execution(record, 10_100), bar, Decimal(1)).price == Decimal("101.00")


def test_one_order_by_itself_slips_as_in_a_run() -> None:
    stop_limit = buy(stop_price="101.50", limit_price=102)
    match = simulator("101.00/102.00/99.50/100.50", slippage=Slippage(ticks=2)).match(stop_limit)
    assert match == Match(Decimal(100), Decimal("101.52"), AT_STOP, at(1))  # triggered here, so it slips
    by_share = simulator("100.00/108.00/92.00/100.00/1000", slippage=Slippage(volume_impact=Decimal("0.1")))
    assert by_share.match(buy()) == Match(Decimal(100), Decimal("100.10"), AT_OPEN, at(1))  # 100 x 0.1 x 0.1^2


def test_a_model_of_ones_own_is_told_price_quantity_volume_and_tick() -> None:
    told: list[tuple[object, ...]] = []

    class Own:
        def amount(self, price: Decimal, quantity: Decimal, volume: Decimal | None, tick: Decimal) -> Decimal:
            told.append((price, quantity, volume, tick))
            return Decimal("0.005")

    made = MarketSimulator(slippage=Own())
    found = made.price_of(execution(record_of(buy()), 10_100), standing(tick=5), Decimal(70))
    assert told == [(101, 70, 10_000, Decimal("0.05"))]
    assert found == Price(Decimal("101.05"), Decimal(101))


@pytest.mark.parametrize(
    ("price", "booked"),
    [(9_949, "99.50"), (9_950, "99.50"), (10_100, "101.00"), (10_200, "102.00"), (10_201, "102.00")],
)
def test_a_limit_that_lies_beyond_the_bar_is_booked_at_its_extreme(price: int, booked: str) -> None:
    found = MarketSimulator().price_of(execution(record_of(limit(BUY, "102")), price), standing(), Decimal(1))
    assert found == Price(Decimal(booked), Decimal(booked))


# --- by which rule


def test_each_execution_names_its_rule() -> None:
    made, bar = MarketSimulator(), standing()
    resting, instant = record_of(buy()), record_of(buy(), instant=FillRule.INSTANT)
    stopped = record_of(buy(stop_price=101), instant=FillRule.STOP)
    for leg in (Phase.LEG_1, Phase.LEG_2, Phase.LEG_3):
        assert [made.rule_of(record, bar, leg) for record in (resting, instant, stopped)] == [
            FillRule.LEG,
            FillRule.INSTANT,
            FillRule.STOP,
        ]
    for record in (resting, instant, stopped):
        assert made.rule_of(record, bar, Phase.OPEN) is FillRule.OPEN
        assert made.rule_of(record, bar, Phase.CLOSE) is FillRule.CLOSE
        assert made.rule_of(record, bar, Phase.STRATEGY) is FillRule.SAME_CLOSE


def test_at_the_open_of_a_mark_the_rule_is_that_of_the_mark() -> None:
    bar = StandingBar.at_mark(buy(), Decimal(100), at(0))
    assert MarketSimulator().rule_of(record_of(buy()), bar, Phase.OPEN) is FillRule.MARK


# --- why not

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


def explained(made: MarketSimulator, order: Order, step: int = 0, **state: Any) -> Reason | None:
    """Say why an order does not fill on the bar that it meets."""
    bar = made.standing(order)
    assert bar is not None
    return made.explain(record_of(order, **state), [bar], step, 0)


@pytest.mark.parametrize(("text", "side", "price", "rule", "reason"), NON_FILLS)
def test_why_a_limit_order_does_not_fill(text: str, side: Side, price: str, rule: LimitRule, reason: Reason) -> None:
    assert reason_of(explained(simulator(text, rule), limit(side, price))) == reason_of(reason)


def test_an_order_that_is_not_yet_eligible_says_from_when_it_is() -> None:
    made, order = simulator(B1), limit(BUY, None)
    found = explained(made, order, step=2, eligible_step=3)
    assert reason_of(found) == ("NOT_ELIGIBLE_UNTIL", {"eligible": 3, "step": 2})
    assert explained(made, order, step=3, eligible_step=3) is None


@pytest.mark.parametrize("rule", LimitRule)
def test_an_order_without_a_bar_says_how_old_the_last_price_is(rule: LimitRule) -> None:
    found = MarketSimulator(rule).explain(record_of(limit(BUY, None)), [], 5, 2)
    assert reason_of(found) == ("NO_BAR", {"symbol": "ACME", "steps": 2})


def test_an_order_that_the_volume_bounds_says_so() -> None:
    made = MarketSimulator(volume_cap=Decimal("0.1"))
    bar = standing("50.00/51.00/49.00/50.00/0")
    made.open_pool(bar, Decimal(1))
    expected = ("NO_VOLUME", {"asked": Decimal(100)})
    assert reason_of(made.explain(record_of(buy()), [bar], 0, 0)) == expected
    assert reason_of(made.capped(Decimal(100), bar, Decimal(0))) == expected
    assert MarketSimulator().capped(Decimal(100), bar, Decimal(0)) is None


@pytest.mark.parametrize(
    ("rule", "price", "expected"),
    [
        pytest.param(LimitRule.TOUCH, "101.50", None, id="met"),
        pytest.param(LimitRule.TOUCH, "101.00", None, id="touched"),
        pytest.param(LimitRule.TOUCH, "100.99", ("LIMIT_NOT_REACHED", "101"), id="one tick short"),
        pytest.param(LimitRule.THROUGH, "101.00", ("LIMIT_TOUCHED_NOT_THROUGH", "101"), id="not traded through"),
    ],
)
def test_at_one_price_the_extreme_is_that_price(rule: LimitRule, price: str, expected: tuple[str, str] | None) -> None:
    found = MarketSimulator(rule).missed_here(record_of(limit(BUY, price)), standing())
    assert (found and (found.code.name, found.decimal("extreme"))) == (
        None if expected is None else (expected[0], Decimal(expected[1]))
    )


def test_at_one_price_a_trailing_stop_is_compared_where_it_is_now() -> None:
    record = record_of(sell(trail_amount=1), stop_price=Decimal(100), stop_before=(0, Decimal(99)))
    found = MarketSimulator().missed_here(record, standing())
    assert reason_of(found)[1] == {
        "stop": Decimal(100),
        "extreme_name": "low",
        "extreme": Decimal(101),
        "ticks": Decimal(100),
    }


@given(single_bars("ACME"), st.sampled_from(Side), st.integers(880, 1120), st.sampled_from(LimitRule))
def test_an_order_fills_or_there_is_a_reason_why_not_and_never_both(
    bar: Bar, side: Side, price: int, rule: LimitRule
) -> None:
    made, order = MarketSimulator(rule), Order("ACME", side, 1, limit_price=cents(price))
    made.stand_on(bar)
    match = made.match(order)
    assert (match is None) == (explained(made, order) is not None)
    if match is not None:
        assert bar.low <= match.price <= bar.high  # R14
        assert (match.price - cents(price)) * side.sign <= 0  # no worse than its limit


@given(single_bars("ACME"), st.sampled_from(Side), st.integers(880, 1120))
def test_a_stop_fills_or_there_is_a_reason_why_not_and_never_both(bar: Bar, side: Side, price: int) -> None:
    made, order = MarketSimulator(), Order("ACME", side, 1, stop_price=cents(price))
    made.stand_on(bar)
    match = made.match(order)
    assert (match is None) == (explained(made, order) is not None)
    if match is not None:
        assert bar.low <= match.price <= bar.high  # R14
        assert (match.price - cents(price)) * side.sign >= 0  # no better than its stop
        assert match.price in (bar.open, cents(price))


@given(single_bars("ACME"), st.sampled_from(Side), st.integers(880, 1120))
def test_the_reason_is_exactly_how_far_the_limit_lies_from_the_bar(bar: Bar, side: Side, price: int) -> None:
    made = MarketSimulator()
    made.stand_on(bar)
    reason = explained(made, Order("ACME", side, 1, limit_price=cents(price)))
    if reason is not None:
        ticks = reason.decimal("ticks")
        nearer = Order("ACME", side, 1, limit_price=cents(price) + side.sign * ticks * Decimal("0.01"))
        further = Order("ACME", side, 1, limit_price=cents(price) + side.sign * (ticks - 1) * Decimal("0.01"))
        assert made.match(nearer) is not None
        assert made.match(further) is None


def test_the_threads_context_changes_no_match() -> None:
    made = simulator("1234567.25/1234568.75/1234560.5/1234561/12345", slippage=Slippage(basis_points=Decimal("0.1")))
    with localcontext(Context(prec=2, traps=[Inexact])):
        match = made.match(limit(BUY, "1234562.125"))
        slipped = made.match(sell(stop_price="1234567.25"))
        missed = explained(made, limit(BUY, "1234560.125"))
    assert match is not None
    assert match.price == Decimal("1234562.125")
    assert slipped is not None
    assert slipped.price == Decimal("1234560.50")  # 1234567.25 - 12.3456725, clamped to the low
    assert reason_of(missed)[1]["extreme"] == Decimal("1234560.5")
