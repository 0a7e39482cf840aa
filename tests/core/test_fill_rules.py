"""The worked examples of the fill rules, with the numbers of that page.

B1 = 101.00 / 102.00 / 99.50 / 100.50, and the close before it 100.00. The tick is 0.01, the quantity step 1, the cash
ample, and there is no slippage, commission or cap, if nothing else is said.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import pytest

from core.backtest.loop import Backtest
from core.backtest.settings import Timing
from core.backtest.strategy import Now, Strategy
from core.clock import Phase
from core.events import OrderFilled, OrderTriggered, PathAmbiguous
from core.execution.broker import BacktestBroker
from core.execution.costs import Commission, Slippage
from core.execution.engine import ExecutionEngine
from core.execution.market_simulator import MarketSimulator
from core.execution.path import LimitRule, PathRule
from core.execution.terms import CashRule
from core.fill import Fill, FillRule
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderStatus, Side, TimeInForce, TrackedOrder
from core.risk.portfolio import PortfolioState
from tests.core.builders import B1, BEFORE_B1, Action, Answering, Script, at, backtest, bar_of, bars_of, reason_of, run

UNITS = Instrument("ACME", tick_size=Decimal("0.01"), quantity_step=Decimal(1))
PER_UNIT = Commission(per_unit=Decimal("0.005"), minimum=Decimal(1))
CENT = Commission(per_unit=Decimal("0.01"))
TENTH = Decimal("0.1")
FIVE_POINTS = {"slippage": Slippage(basis_points=Decimal(5))}
HIGH_FIRST, LOW_FIRST, NEAREST, WORST = PathRule.HIGH_FIRST, PathRule.LOW_FIRST, PathRule.NEAREST, PathRule.WORST

Filled: TypeAlias = tuple[str, str, str, FillRule]
"""A fill: the order's tag, the quantity with its sign, the price, the rule."""


def order(side: Side, quantity: int = 100, tag: str = "order", **terms: Any) -> Order:
    """Return an order whose prices are written as text."""
    exact = {name: Decimal(value) if type(value) is str else value for name, value in terms.items()}
    return Order("ACME", side, quantity, tag=tag, **exact)


buy, sell = partial(order, BUY), partial(order, SELL)


def asking(*orders: Order) -> Action:
    """Submit orders, one after the other."""
    return lambda now: [now.submit(one) for one in orders]


def bracket(entry: Order, *exits: Order) -> Action:
    """Submit an entry and its exits."""
    return lambda now: now.submit_bracket(entry, *exits)


def meet(
    text: str | tuple[str, ...],
    ask: Action,
    *,
    before: str = BEFORE_B1,
    held: int = 0,
    strategy: Callable[[Mapping[int, Action]], Strategy] = Script,
    **settings: Any,
) -> Backtest:
    """Ask for something after a bar, which is of the 3rd, and let it meet the next ones, from the 4th on.

    What is held already was bought at the open of the bar before.
    """
    texts = (text,) if isinstance(text, str) else text
    steps: dict[int, Action] = {0: lambda now: held and now.buy("ACME", held, tag="held"), 1: ask}
    settings = {"tick_size": Decimal("0.01"), **settings}
    return run(bars_of("ACME", "100.00", before, *texts), strategy(steps), **settings)


def fills_in(made: Backtest) -> list[Fill]:
    """Return the fills of what was asked for."""
    return [fill for fill in made.broker.fills() if tag_of(made, fill.order_id) != "held"]


def tag_of(made: Backtest, order_id: int) -> str:
    return made.broker.get_order(order_id).order.tag


def tagged(made: Backtest, tag: str) -> TrackedOrder:
    """Return the one order that has a tag."""
    (found,) = [one for one in made.broker.orders() if one.order.tag == tag]
    return found


def filled(made: Backtest) -> list[Filled]:
    """Return the fills of what was asked for, as one writes them."""
    return [
        (tag_of(made, fill.order_id), f"{fill.quantity_delta:f}", f"{fill.price:.2f}", fill.rule)
        for fill in fills_in(made)
    ]


def numbers(**params: str) -> dict[str, object]:
    """Return the params of a reason; those called a name are text."""
    return {name: value if name.endswith("name") else Decimal(value) for name, value in params.items()}


def notes_of(fill: Fill) -> list[tuple[str, dict[str, object]]]:
    return [reason_of(note) for note in fill.notes]


def events_of(made: Backtest, kind: type) -> list[Any]:
    return [event for event in made.journal if isinstance(event, kind)]


# --- one order on one bar: 1, 4 to 7, 9 to 12

FILLS = [
    # bar, order, what else is so, price, rule, the day it fills on (the bar is of the 4th)
    pytest.param(B1, buy(), {}, "101.00", FillRule.OPEN, "04", id="1 a market order at the open"),
    pytest.param(
        B1,
        buy(),
        {"timing": Timing.SAME_CLOSE},
        "100.00",
        FillRule.SAME_CLOSE,
        "03",
        id="4 at the close of the bar before, optimistic",
    ),
    pytest.param(B1, buy(limit_price="99.75"), {}, "99.75", FillRule.LEG, "04", id="5 a buy limit on the falling leg"),
    pytest.param(
        B1, buy(limit_price="101.50"), {}, "101.00", FillRule.OPEN, "04", id="6 a buy limit that the open improves"
    ),
    pytest.param(
        B1, buy(limit_price="99.50"), {}, "99.50", FillRule.LEG, "04", id="7 a buy limit that the low touches"
    ),
    pytest.param(B1, buy(stop_price="101.80"), {}, "101.80", FillRule.STOP, "04", id="9 a buy stop on the rising leg"),
    pytest.param(
        B1, buy(stop_price="100.50"), {}, "101.00", FillRule.OPEN, "04", id="10 a buy stop that the open gaps over"
    ),
    pytest.param(
        "93.00/94.00/92.00/93.50",
        sell(stop_price="95"),
        {"before": "97.00", "held": 100},
        "93.00",
        FillRule.OPEN,
        "04",
        id="11 a sell stop that the open gaps over",
    ),
    pytest.param(
        "170.54/180.17/164.08/172.43",  # GOOG on 2004-10-22
        buy(stop_price="160"),
        {"before": "149.38"},
        "170.54",
        FillRule.OPEN,
        "04",
        id="12 a buy stop that lies outside the bar",
    ),
]


@pytest.mark.parametrize(("text", "asked", "given", "price", "rule", "day"), FILLS)
@pytest.mark.parametrize("path", [WORST, NEAREST, HIGH_FIRST, LOW_FIRST])
def test_an_order_fills_at_this_price_by_this_rule(
    text: str, asked: Order, given: dict[str, Any], price: str, rule: FillRule, day: str, path: PathRule
) -> None:
    made = meet(text, asking(asked), path=path, **given)
    (fill,) = fills_in(made)
    assert (fill.quantity, fill.price, fill.rule, f"{fill.timestamp:%d}") == (100, Decimal(price), rule, day)
    assert ("optimistic" in fill.rule.value) == (rule is FillRule.SAME_CLOSE)
    assert (fill.reference_price, fill.slippage, fill.notes) == (Decimal(price), 0, ())
    assert (made.money_at_stake, made.clamped) == (0, 0)


LEGS = [
    pytest.param(buy(limit_price="99.75"), HIGH_FIRST, Phase.LEG_2, id="5 falling after the high"),
    pytest.param(buy(limit_price="99.75"), LOW_FIRST, Phase.LEG_1, id="5 falling before the high"),
    pytest.param(buy(stop_price="101.80"), HIGH_FIRST, Phase.LEG_1, id="9 rising before the low"),
    pytest.param(buy(stop_price="101.80"), LOW_FIRST, Phase.LEG_2, id="9 rising after the low"),
]


@pytest.mark.parametrize(("asked", "path", "phase"), LEGS)
def test_a_limit_fills_on_the_falling_leg_and_a_stop_on_the_rising_one(
    asked: Order, path: PathRule, phase: Phase
) -> None:
    assert phases(meet(B1, asking(asked), path=path), OrderFilled) == [phase]


def phases(made: Backtest, kind: type) -> list[Phase]:
    """Return in which part of its step each event of a kind happened."""
    return [made.journal.phase_of(number) for number, event in enumerate(made.journal) if isinstance(event, kind)]


TRIGGERS = [
    pytest.param(B1, buy(stop_price="101.80"), {}, "101.80", "101.80", id="9 on the rising leg"),
    # 101.00 - 100.50 = 0.50 worse than the stop
    pytest.param(B1, buy(stop_price="100.50"), {}, "100.50", "101.00", id="10 at the open, 0.50 worse"),
    pytest.param(
        "93.00/94.00/92.00/93.50",
        sell(stop_price="95"),
        {"before": "97.00", "held": 100},
        "95.00",
        "93.00",
        id="11 at the open, 2.00 worse",
    ),
    pytest.param(
        "170.54/180.17/164.08/172.43",
        buy(stop_price="160"),
        {"before": "149.38"},
        "160.00",
        "170.54",
        id="12 at the open; the low is 164.08",
    ),
    pytest.param(
        "93.00/96.00/92.00/95.50",
        sell(stop_price="95", limit_price="94.50"),
        {"before": "97.00", "held": 100},
        "95.00",
        "93.00",
        id="17 at the open, where its limit is not met",
    ),
]


@pytest.mark.parametrize(("text", "asked", "given", "stop", "price"), TRIGGERS)
def test_a_stop_triggers_where_the_price_reaches_it(
    text: str, asked: Order, given: dict[str, Any], stop: str, price: str
) -> None:
    made = meet(text, asking(asked), **given)
    (event,) = events_of(made, OrderTriggered)
    assert (event.stop_price, event.price) == (Decimal(stop), Decimal(price))
    assert tagged(made, "order").is_triggered


def test_example_12_the_stop_lies_below_the_whole_bar() -> None:
    made = meet("170.54/180.17/164.08/172.43", asking(buy(stop_price="160")), before="149.38")
    bar = made.bars[0].bar(2)
    (fill,) = made.broker.fills()
    assert tagged(made, "order").order.stop_price == 160
    assert 160 < bar.low == Decimal("164.08")
    assert bar.low <= fill.price <= bar.high


# --- why an order is open: 7, 8, 28, 36, 37

NON_FILLS = [
    pytest.param(
        B1,
        buy(limit_price="99.50"),
        {"limit_rule": LimitRule.THROUGH},
        "LIMIT_TOUCHED_NOT_THROUGH",
        numbers(limit="99.50", extreme_name="low", extreme="99.50", needed="99.49"),
        id="7 touched, not traded through",
    ),
    pytest.param(
        "101.00/102.99/100.00/102.00",
        sell(limit_price="103.00"),
        {"held": 100},
        "LIMIT_NOT_REACHED",
        numbers(limit="103.00", extreme_name="high", extreme="102.99", ticks="1"),
        id="8 one tick short",
    ),
    pytest.param(
        "50.00/50.00/50.00/50.00/0",
        buy(10),
        {"before": "50.00", "volume_cap": TENTH},
        "NO_VOLUME",
        numbers(asked="10"),
        id="28 no volume",
    ),
]


@pytest.mark.parametrize(("text", "asked", "given", "code", "params"), NON_FILLS)
def test_an_order_does_not_fill_for_this_reason(
    text: str, asked: Order, given: dict[str, Any], code: str, params: dict[str, object]
) -> None:
    made = meet(text, asking(asked), **given)
    assert fills_in(made) == []
    found = tagged(made, "order")
    assert reason_of(made.why_open(found.id)) == (code, params)
    assert (found.status, found.remaining_quantity) == (OrderStatus.ACCEPTED, asked.quantity)


@pytest.mark.parametrize(
    ("limit", "needed"), [pytest.param("99.50", "99.49", id="7"), pytest.param("99.5", "99.49", id="7 without a zero")]
)
def test_example_7_one_tick_is_the_instruments_also_without_a_run(limit: str, needed: str) -> None:
    portfolio, simulator = PortfolioState(100_000), MarketSimulator(LimitRule.THROUGH)
    simulator.stand_on(bar_of("101/102/99.5/100.5"))
    broker = BacktestBroker(portfolio, instruments=[UNITS])
    engine = ExecutionEngine(broker, portfolio, simulator)
    assert engine.process(Order("ACME", BUY, 100, limit_price=Decimal(limit))) == []
    standing = simulator.standing(broker.get_order(1).order, UNITS.tick_size)
    assert standing is not None
    reason = engine.why_open(1, [standing])
    assert reason_of(reason)[1]["needed"] == Decimal(needed)


def test_example_36_an_order_is_not_filled_by_the_low_of_the_bar_it_was_decided_on() -> None:
    submit: dict[int, Action] = {1: lambda now: now.buy("ACME", 100, limit_price=Decimal("99.50"))}
    made = run(bars_of("ACME", "100.00", "100.00/101.00/99.00/100.00"), submit)
    assert made.broker.fills() == []
    assert reason_of(made.why_open(1)) == ("NOT_ELIGIBLE_UNTIL", {"eligible": 2, "step": 1})


def test_example_37_without_a_bar_nothing_fills_until_the_next_real_open() -> None:
    bars = [bars_of("ACME", BEFORE_B1, "-", B1), bars_of("OTHER", "20.00", "20.00", "20.00")]
    made = backtest(bars, {0: lambda now: now.buy("ACME", 100, tag="order")})
    made.run_until(lambda made: made.step_count == 2)
    assert made.broker.fills() == []
    assert reason_of(made.why_open(1)) == ("NO_BAR", {"symbol": "ACME", "steps": 1})
    made.run()
    assert filled(made) == [("order", "100", "101.00", FillRule.OPEN)]


# --- slippage: 2, 3, 13

SLIPPED = [
    # bar, order, what else is so, price, reference, slippage, what the clamp took off, its note
    # 101 x 1.0005 = 101.0505, up to the tick
    pytest.param(B1, buy(), FIVE_POINTS, "101.06", "101.00", "0.06", "0", [], id="2 five basis points"),
    pytest.param(
        "101.00/101.03/99.50/100.50",
        buy(),
        FIVE_POINTS,
        "101.03",
        "101.00",
        "0.03",
        "3.00",  # 100 x (101.06 - 101.03)
        [("SLIPPAGE_CLAMPED", {**numbers(slipped="101.06", price="101.03"), "extreme_name": "high"})],
        id="3 clamped to the high",
    ),
    pytest.param(
        "96.00/96.50/94.00/94.50",
        sell(stop_price="95"),
        {"held": 100, "slippage": Slippage(ticks=2)},
        "94.98",  # 95.00 - 2 x 0.01
        "95.00",
        "0.02",
        "0",
        [],
        id="13 two ticks below a stop",
    ),
]


@pytest.mark.parametrize(("text", "asked", "given", "price", "reference", "slippage", "clamped", "notes"), SLIPPED)
def test_a_fill_slips_from_its_reference_price(
    text: str,
    asked: Order,
    given: dict[str, Any],
    price: str,
    reference: str,
    slippage: str,
    clamped: str,
    notes: list[Any],
) -> None:
    made = meet(text, asking(asked), **given)
    (fill,) = fills_in(made)
    assert (fill.quantity, fill.price, fill.reference_price) == (100, Decimal(price), Decimal(reference))
    assert (fill.slippage, made.clamped) == (Decimal(slippage), Decimal(clamped))
    assert notes_of(fill) == notes


# --- the two paths of a bar: 14, 15, 17 to 21, 23


class Walks(NamedTuple):
    """What an example gives on its two paths.

    Attributes:
        high_first: The fills where the high comes first.
        low_first: The fills where the low comes first.
        gains: Realized and unrealized P&L at the end on each of the two, money.
        worst: The path that `worst` keeps.
        nearest: The path that `nearest` takes.
        at_stake: By how much the two gains differ, money.
        outcomes: What becomes of each order whose outcome differs, on each of the two.
    """

    high_first: list[Filled]
    low_first: list[Filled]
    gains: tuple[str, str]
    worst: PathRule
    nearest: PathRule
    at_stake: str = "0"
    outcomes: Mapping[str, tuple[str, str]] = MappingProxyType({})

    def kept(self, path: PathRule) -> PathRule:
        """Return the path that a setting leads to."""
        return {WORST: self.worst, NEAREST: self.nearest}.get(path, path)


def same(fills: list[Filled], gain: str, nearest: PathRule) -> Walks:
    """Return what is one outcome on both paths; `worst` keeps the path of `nearest` then."""
    return Walks(fills, fills, (gain, gain), nearest, nearest)


ENTRY = ("entry", "100", "100.00", FillRule.OPEN)
LIMIT_ENTRY = ("entry", "100", "99.00", FillRule.LEG)
TARGET_101 = ("target", "-100", "101.00", FillRule.LEG)
BRACKET_18 = bracket(buy(tag="entry"), sell(tag="stop", stop_price="98"), sell(tag="target", limit_price="103"))
BRACKET_19 = bracket(
    buy(tag="entry", limit_price="99"), sell(tag="stop", stop_price="97.50"), sell(tag="target", limit_price="101")
)
BRACKET_23 = bracket(
    sell(1, tag="entry", stop_price="21097"),
    buy(1, tag="stop", stop_price="21104.75"),
    buy(1, tag="target", limit_price="21087"),
)
TRAIL_21 = asking(sell(tag="trail", trail_amount="10", stop_price="90"))
BAR_15 = "99.00/101.00/98.80/100.60"
BAR_18 = "100.00/103.50/97.50/102.00"
BAR_20 = "100.00/101.50/98.50/100.00"
BAR_21 = "100.00/108.00/95.00/105.00"
EXAMPLE_15 = asking(buy(stop_price="100", limit_price="99.50"))
EXAMPLE_16 = asking(buy(stop_price="100", limit_price="100.25"))

BOTH_PATHS = [
    # bar, what is asked for, what else is so, what the paths give
    pytest.param(
        "99.80/101.50/99.60/101.00",
        asking(buy(stop_price="100", limit_price="100.25")),
        {},
        # 100 x (101 - 100); the low is nearer
        same([("order", "100", "100.00", FillRule.STOP)], "100.00", LOW_FIRST),
        id="14 a stop-limit with the limit beyond the stop",
    ),
    pytest.param(
        BAR_15,
        EXAMPLE_15,
        {},
        Walks(
            high_first=[("order", "100", "99.50", FillRule.LEG)],
            low_first=[],
            gains=("110.00", "0"),  # 100 x (100.60 - 99.50); nothing
            worst=LOW_FIRST,
            nearest=LOW_FIRST,
            at_stake="110.00",
            outcomes={"order": ("100 @ 99.5", "no fill, 100 left triggered")},
        ),
        id="15 a stop-limit with the limit before the stop",
    ),
    pytest.param(
        "93.00/96.00/92.00/95.50",
        asking(sell(stop_price="95", limit_price="94.50")),
        {"before": "97.00", "held": 100},
        # 100 x (94.50 - 97)
        same([("order", "-100", "94.50", FillRule.LEG)], "-250.00", LOW_FIRST),
        id="17 a stop-limit that the open gaps over",
    ),
    pytest.param(
        BAR_18,
        BRACKET_18,
        {},
        Walks(
            high_first=[ENTRY, ("target", "-100", "103.00", FillRule.LEG)],
            low_first=[ENTRY, ("stop", "-100", "98.00", FillRule.STOP)],
            gains=("300.00", "-200.00"),  # 100 x (103 - 100); 100 x (98 - 100)
            worst=LOW_FIRST,
            nearest=LOW_FIRST,
            at_stake="500.00",  # 300 + 200
            outcomes={
                "stop": ("no fill, canceled", "100 @ 98"),
                "target": ("100 @ 103", "no fill, canceled"),
            },
        ),
        id="18 a bracket whose stop and target both lie in the bar",
    ),
    pytest.param(
        "100.00/101.50/98.50/101.20",
        BRACKET_19,
        {},
        # 100 x (101 - 99); equally near, so the low first
        same([LIMIT_ENTRY, TARGET_101], "200.00", LOW_FIRST),
        id="19 a bracket where the close lies beyond the target",
    ),
    pytest.param(
        BAR_20,
        BRACKET_19,
        {},
        Walks(
            high_first=[LIMIT_ENTRY],
            low_first=[LIMIT_ENTRY, TARGET_101],
            gains=("100.00", "200.00"),  # 100 x (100 - 99); 100 x (101 - 99)
            worst=HIGH_FIRST,
            nearest=LOW_FIRST,
            at_stake="100.00",  # 200 - 100
            outcomes={
                "stop": ("no fill, 100 left at stop 97.5", "no fill, canceled"),
                "target": ("no fill, 100 left", "100 @ 101"),
            },
        ),
        id="20 a bracket where it does not",
    ),
    pytest.param(
        BAR_21,
        TRAIL_21,
        {"held": 100},
        Walks(
            high_first=[("trail", "-100", "98.00", FillRule.STOP)],  # 108 - 10
            low_first=[],
            gains=("-200.00", "500.00"),  # 100 x (98 - 100); 100 x (105 - 100)
            worst=HIGH_FIRST,
            nearest=LOW_FIRST,
            at_stake="700.00",  # 500 + 200
            outcomes={"trail": ("100 @ 98", "no fill, 100 left at stop 98")},
        ),
        id="21 a trailing stop",
    ),
    pytest.param(
        "21102.75/21103.25/21085.75/21095.50",
        BRACKET_23,
        {"before": "21102.75", "allow_short": True, "tick_size": Decimal("0.25")},
        # 21097 - 21087; the stop at 21104.75 lies above the high
        same(
            [("entry", "-1", "21097.00", FillRule.STOP), ("target", "1", "21087.00", FillRule.LEG)],
            "10.00",
            HIGH_FIRST,
        ),
        id="23 a short bracket whose stop lies outside the bar",
    ),
]


@pytest.mark.parametrize(("text", "ask", "given", "walks"), BOTH_PATHS)
@pytest.mark.parametrize("path", [WORST, NEAREST, HIGH_FIRST, LOW_FIRST])
def test_what_the_two_paths_give_and_which_is_kept(
    text: str, ask: Action, given: dict[str, Any], walks: Walks, path: PathRule
) -> None:
    made = meet(text, ask, path=path, **given)
    kept = walks.kept(path)
    is_high = kept is HIGH_FIRST
    assert filled(made) == (walks.high_first if is_high else walks.low_first)
    gained = made.portfolio.realized_pnl + made.portfolio.unrealized_pnl
    assert gained == made.portfolio.equity - 100_000 == Decimal(walks.gains[0 if is_high else 1])
    assert made.money_at_stake == Decimal(walks.at_stake)
    check_ambiguity(made, walks, kept)


def check_ambiguity(made: Backtest, walks: Walks, kept: PathRule) -> None:
    """Check that the event and the notes on fills name the orders concerned, and no others."""
    events = events_of(made, PathAmbiguous)
    assert len(events) == bool(walks.outcomes)
    for event in events:
        assert (event.symbol, event.path, event.at_stake) == ("ACME", kept.value, Decimal(walks.at_stake))
        found = {tag_of(made, order_id): reason_of(note) for order_id, note in event.notes}
        assert found == {tag: note_of(walks, tag, kept) for tag in walks.outcomes}
    for fill in fills_in(made):
        tag = tag_of(made, fill.order_id)
        assert notes_of(fill) == ([note_of(walks, tag, kept)] if tag in walks.outcomes else [])


def note_of(walks: Walks, tag: str, kept: PathRule) -> tuple[str, dict[str, object]]:
    """Return the note on an order whose outcome differs."""
    high, low = walks.outcomes[tag]
    is_high = kept is HIGH_FIRST
    return "AMBIGUOUS", {
        "path": kept.value,
        "outcome": high if is_high else low,
        "other_path": "low_first" if is_high else "high_first",
        "other_outcome": low if is_high else high,
        "at_stake": Decimal(walks.at_stake),
    }


def test_example_15_the_limit_rests_triggered() -> None:
    made = meet(BAR_15, EXAMPLE_15)
    found = tagged(made, "order")
    assert (found.status, found.is_triggered, found.remaining_quantity) == (OrderStatus.TRIGGERED, True, 100)
    # it triggers at 100.00 on the way up to 101.00, and the price does not fall below that again
    expected = numbers(limit="99.50", extreme_name="low", extreme="100.00", ticks="50")
    assert reason_of(made.why_open(found.id)) == ("TRIGGERED_LIMIT_NOT_REACHED", expected)


def test_example_16_a_stop_limit_that_was_triggered_the_bar_before_is_a_limit_order() -> None:
    # the open of 101.00 has passed the stop of 100.00; the limit of 100.25 lies below the low of 100.90
    made = meet(("101.00/102.00/100.90/101.00", "101.00/101.20/99.80/100.60"), EXAMPLE_16, before="99.00")
    assert filled(made) == [("order", "100", "100.25", FillRule.LEG)]
    assert f"{fills_in(made)[0].timestamp:%d}" == "05"
    (event,) = events_of(made, OrderTriggered)
    assert (event.price, f"{event.timestamp:%d}") == (101, "04")
    assert (made.money_at_stake, fills_in(made)[0].notes) == (0, ())


def test_example_18_the_fill_of_one_exit_cancels_the_other() -> None:
    made = meet(BAR_18, BRACKET_18)
    stop, target = tagged(made, "stop"), tagged(made, "target")
    assert (stop.status, target.status, target.given_up_quantity) == (OrderStatus.FILLED, OrderStatus.CANCELED, 100)
    assert reason_of(target.reason) == (
        "SIBLING_FILLED",
        {"sibling": stop.id, **numbers(filled="100", remaining="0", quantity="100")},
    )


@pytest.mark.parametrize("path", [HIGH_FIRST, LOW_FIRST])
def test_example_18_the_exits_wake_with_the_entry_at_the_open(path: PathRule) -> None:
    made = meet(BAR_18, BRACKET_18, path=path)
    assert phases(made, OrderFilled) == [Phase.OPEN, Phase.LEG_1]


def test_example_20_the_exits_are_still_open() -> None:
    made = meet(BAR_20, BRACKET_19)
    assert [tagged(made, tag).status for tag in ("entry", "stop", "target")] == [
        OrderStatus.FILLED,
        OrderStatus.ACCEPTED,
        OrderStatus.ACCEPTED,
    ]
    assert made.portfolio.get_position("ACME").quantity == 100


@pytest.mark.parametrize(
    ("path", "status", "stop"),
    [
        pytest.param(HIGH_FIRST, OrderStatus.FILLED, "98.00", id="21 the high first: 108 - 10, then reached"),
        pytest.param(LOW_FIRST, OrderStatus.ACCEPTED, "98.00", id="21 the low first: 108 - 10, and open"),
    ],
)
def test_example_21_the_stop_follows_the_high(path: PathRule, status: OrderStatus, stop: str) -> None:
    found = tagged(meet(BAR_21, TRAIL_21, held=100, path=path), "trail")
    assert (found.status, found.stop_price) == (status, Decimal(stop))


def test_example_22_a_trailing_stop_that_the_next_open_gaps_over() -> None:
    # 108.00 - 10.00 is the stop from the bar before
    texts = ("100.00/108.00/100.00/105.00", "97.00/99.00/96.00/98.00")
    made = meet(texts, asking(sell(tag="trail", trail_amount="10")), held=100)
    assert filled(made) == [("trail", "-100", "97.00", FillRule.OPEN)]
    (event,) = events_of(made, OrderTriggered)
    assert (event.stop_price, event.price) == (98, 97)


# --- more orders than one, and volume: 24 to 28, 33


def test_example_24_stops_fill_in_the_order_in_which_the_price_reaches_them() -> None:
    stops = [sell(40, tag="95", stop_price="95"), sell(60, tag="97", stop_price="97")]
    for asked in (stops, stops[::-1]):
        made = meet("100.00/101.00/94.00/96.00", asking(*asked), held=100)
        assert filled(made) == [("97", "-60", "97.00", FillRule.STOP), ("95", "-40", "95.00", FillRule.STOP)]
        assert made.money_at_stake == 0


BAR_25 = "50.00/51.00/49.00/50.00/5000"
CAPPED: dict[str, Any] = {"before": "50.00", "volume_cap": TENTH}


def test_example_25_what_the_volume_cap_leaves_fills_at_the_next_open() -> None:
    made = meet((BAR_25, "52.00/53.00/51.00/52.00/5000"), asking(buy(800)), **CAPPED)
    # 10 % of 5000; 800 - 500
    assert filled(made) == [("order", "500", "50.00", FillRule.OPEN), ("order", "300", "52.00", FillRule.OPEN)]
    assert [f"{fill.timestamp:%d}" for fill in made.broker.fills()] == ["04", "05"]


def of_pool(asked: str, available: str) -> tuple[str, dict[str, object]]:
    """Return the reason that the pool of the bar, 10 % of 5000, bounds an order."""
    return "VOLUME_CAP_REACHED", numbers(asked=asked, available=available, pool="500", cap="0.1", volume="5000")


def test_example_25_the_rest_waits_because_the_cap_is_reached() -> None:
    made = meet(BAR_25, asking(buy(800)), **CAPPED)
    found = tagged(made, "order")
    assert (found.status, found.remaining_quantity) == (OrderStatus.PARTIALLY_FILLED, 300)
    assert notes_of(fills_in(made)[0]) == [of_pool(asked="800", available="500")]
    assert reason_of(made.why_open(found.id)) == of_pool(asked="300", available="0")


def test_example_26_two_orders_share_the_pool_of_a_bar() -> None:
    made = meet(BAR_25, asking(buy(300, tag="A"), buy(400, tag="B")), **CAPPED)
    # 500 - 300
    assert filled(made) == [("A", "300", "50.00", FillRule.OPEN), ("B", "200", "50.00", FillRule.OPEN)]
    assert [notes_of(fill) for fill in fills_in(made)] == [[], [of_pool(asked="400", available="200")]]
    assert reason_of(made.why_open(tagged(made, "B").id)) == of_pool(asked="200", available="0")


def test_example_27_all_or_nothing_is_nothing_where_the_pool_is_too_small() -> None:
    made = meet(BAR_25, asking(buy(800, time_in_force=TimeInForce.FOK)), **CAPPED)
    assert fills_in(made) == []
    found = tagged(made, "order")
    assert (found.status, found.given_up_quantity) == (OrderStatus.CANCELED, 800)
    assert reason_of(found.reason) == ("FOK_NOT_FILLABLE", numbers(asked="800", available="500"))


def test_example_33_the_commission_of_an_order_that_fills_twice() -> None:
    # 10 % of 1000 is a pool of 100
    texts = ("50.00/50.00/50.00/50.00/1000", "50.00/50.00/50.00/50.00/1000")
    made = meet(texts, asking(buy(150)), costs=PER_UNIT, **CAPPED)
    fills = [(fill.quantity, fill.commission) for fill in made.broker.fills()]
    # the minimum is above 100 x 0.005; then it is still above 150 x 0.005, and has been paid
    assert fills == [(100, Decimal("1.00")), (50, Decimal("0.00"))]
    assert tagged(made, "order").commissions == made.portfolio.commissions == Decimal("1.00")


# --- checks at submit: 29, 32, 35


def broker_of(
    held: int = 0, price: str = "10.00", cash: str = "100000", mark: str = "100.00", **terms: Any
) -> tuple[PortfolioState, BacktestBroker]:
    """Set up a portfolio with so much held, and then so much cash, and its broker."""
    portfolio = PortfolioState(10**6)
    if held:
        portfolio.update_position(symbol="ACME", quantity_delta=held, price=Decimal(price), timestamp=at(0))
    portfolio.withdraw(portfolio.get_cash_balance() - Decimal(cash), at(0))
    portfolio.mark("ACME", Decimal(mark), at(0))
    return portfolio, BacktestBroker(portfolio, instruments=[UNITS], **terms)


REJECTIONS = [
    pytest.param(
        {"cash": "10000", "commission": PER_UNIT},
        buy(),
        "CASH_MUST_COVER_PURCHASE",
        # 100 x 100.00 + max(1.00, 0.50)
        numbers(needed="10001.00", available="10000.00", missing="1.00", at_most="99"),
        id="29 cash must cover a purchase",
    ),
    pytest.param(
        {"held": 50, "commission": CENT},
        sell(80),
        "POSITION_MUST_COVER_SALE",
        numbers(held="50", other_sales="0", asked="80", at_most="50"),
        id="32 the position must cover a sale",
    ),
    pytest.param(
        {},
        buy(1, limit_price="99.995"),
        "PRICE_MUST_BE_ON_TICK",
        numbers(name="limit_price", price="99.995", tick="0.01", below="99.99", above="100.00"),
        id="35 a price must be on the tick",
    ),
]


@pytest.mark.parametrize(("setting", "asked", "code", "params"), REJECTIONS)
def test_an_order_is_rejected_for_this_reason(
    setting: dict[str, Any], asked: Order, code: str, params: dict[str, object]
) -> None:
    _, broker = broker_of(**setting)
    tracked = broker.get_order(broker.submit(asked))
    assert tracked.status is OrderStatus.REJECTED
    assert reason_of(tracked.reason) == (code, params)


def test_example_29_in_a_run() -> None:
    made = run(
        bars_of("ACME", "100.00", "100.00"),
        {0: lambda now: (now.buy("ACME", 100), now.buy("ACME", 99))},
        initial_capital=10_000,
        costs=PER_UNIT,
    )
    assert [one.status for one in made.broker.orders()] == [OrderStatus.REJECTED, OrderStatus.FILLED]


# --- cash at the fill, and the books: 30, 31, 34

MISSING_99 = numbers(price="102.00", needed="10099.00", available="10000", missing="99.00", at_most="98")
"""99 x 102.00 + 1.00; 10099 - 10000; 98 x 102.00 + 1.00 is 9997."""


def dearer(cash_rule: CashRule) -> Backtest:
    """Ask for 99 at a close of 100.00, an estimate of 9901.00, and let it meet an open of 102.00."""
    return run(
        bars_of("ACME", "100.00", "102.00/103.00/101.00/102.00"),
        {0: lambda now: now.buy("ACME", 99, tag="order")},
        initial_capital=10_000,
        costs=PER_UNIT,
        cash_rule=cash_rule,
    )


def test_example_30_an_accepted_order_that_cash_does_not_cover_at_the_open_is_canceled() -> None:
    made = dearer(CashRule.REJECT)
    found = tagged(made, "order")
    assert (found.status, found.given_up_quantity, made.broker.fills()) == (OrderStatus.CANCELED, 99, [])
    assert reason_of(found.reason) == ("CASH_MUST_COVER_FILL", MISSING_99)
    assert made.portfolio.get_cash_balance() == 10_000


def test_example_30_or_is_reduced_to_what_cash_covers() -> None:
    made = dearer(CashRule.REDUCE)
    found = tagged(made, "order")
    assert filled(made) == [("order", "98", "102.00", FillRule.OPEN)]
    assert (found.status, found.given_up_quantity) == (OrderStatus.CANCELED, 1)
    assert reason_of(found.reason) == ("CASH_MUST_COVER_FILL", MISSING_99)
    assert made.portfolio.get_cash_balance() == 3  # 10000 - 98 x 102.00 - 1.00


def test_example_30_or_fills_on_margin() -> None:
    made = dearer(CashRule.ALLOW_MARGIN)
    assert filled(made) == [("order", "99", "102.00", FillRule.OPEN)]
    assert made.portfolio.get_cash_balance() == -99  # 10000 - 10099


def test_example_31_a_flip_closes_and_then_opens() -> None:
    portfolio, broker = broker_of(50, "10.00", mark="12.00", allow_short=True, commission=CENT)
    cash = portfolio.get_cash_balance()
    fill = ExecutionEngine(broker, portfolio).fill(Order("ACME", SELL, 80))
    position = portfolio.get_position("ACME")
    assert (fill.price, fill.commission) == (Decimal("12.00"), Decimal("0.80"))  # 80 x 0.01
    assert position.realized_pnl == Decimal("100.00")  # 50 x (12 - 10)
    assert (position.quantity, position.average_price) == (-30, Decimal("12.00"))
    assert portfolio.get_cash_balance() - cash == Decimal("959.20")  # 80 x 12 - 0.80


def test_example_31_in_a_run() -> None:
    steps: dict[int, Action] = {0: lambda now: now.buy("ACME", 50), 1: lambda now: now.sell("ACME", 80)}
    made = run(bars_of("ACME", "10.00", "10.00", "12.00"), steps, allow_short=True, costs=CENT)
    position = made.portfolio.get_position("ACME")
    assert (position.quantity, position.average_price) == (-30, 12)
    assert (made.portfolio.realized_pnl, made.portfolio.commissions) == (100, Decimal("1.30"))  # 0.50 + 0.80
    assert made.portfolio.get_cash_balance() == Decimal("100458.70")  # 100000 - 500.50 + 959.20


def test_example_34_realized_amounts_sum_to_the_last_digit() -> None:
    portfolio = PortfolioState(1000)
    realized = []
    for delta, price in ((1, "10.00"), (2, "10.01"), (-1, "10.05"), (-2, "10.05")):
        before = portfolio.realized_pnl
        portfolio.update_position(symbol="ACME", quantity_delta=delta, price=Decimal(price), timestamp=at(0))
        realized.append(portfolio.realized_pnl - before)
    assert realized[:2] == [0, 0]
    assert sum(realized[2:]) == Decimal("0.13")  # 30.15 - 30.02
    assert portfolio.get_cash_balance() == Decimal("1000.13")


# --- two symbols, and what a callback asks for: 38, 39


def test_example_38_a_sale_pays_for_a_purchase_of_the_same_open() -> None:
    def switch(now: Now) -> None:
        now.sell("A", 100, tag="sale")
        now.buy("B", 500, tag="purchase")

    # all 10,000 go into 100 A at 100.00; then A is sold at 101.00 = 10,100 and 500 B cost 10,000
    bars = [bars_of("A", "100.00", "100.00", B1), bars_of("B", "20.00", "20.00", "20.00/21.00/19.00/20.50")]
    for loaded in (bars, bars[::-1]):
        made = run(loaded, {0: lambda now: now.buy("A", 100, tag="held"), 1: switch}, initial_capital=10_000)
        assert [tagged(made, tag).status for tag in ("sale", "purchase")] == [OrderStatus.FILLED] * 2
        assert filled(made) == [
            ("sale", "-100", "101.00", FillRule.OPEN),
            ("purchase", "500", "20.00", FillRule.OPEN),
        ]
        assert made.portfolio.get_cash_balance() == 100


def test_example_38_whichever_of_the_two_was_asked_for_first() -> None:
    def switch(now: Now) -> None:
        first = now.sell("A", 100)
        now.buy("B", 500, tag="purchase")
        now.cancel(first)
        now.sell("A", 100, tag="sale")

    # the purchase has the lower number of the two that are left, and still the sale, a reduction, comes first
    bars = [bars_of("A", "100.00", "100.00", B1), bars_of("B", "20.00", "20.00", "20.00")]
    made = run(bars, {0: lambda now: now.buy("A", 100, tag="held"), 1: switch}, initial_capital=10_000)
    assert filled(made) == [("sale", "-100", "101.00", FillRule.OPEN), ("purchase", "500", "20.00", FillRule.OPEN)]


def protected(text: str, path: PathRule) -> Backtest:
    """Buy at a stop of 101.80, and answer that fill with a sell stop at 101.50."""

    def protect(now: Now, fill: Fill) -> None:
        if fill.side is BUY:
            now.submit(sell(tag="stop", stop_price="101.50"))

    entry = asking(buy(tag="entry", stop_price="101.80"))
    return meet(text, entry, strategy=partial(Answering, answer=protect), path=path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(HIGH_FIRST, [Phase.LEG_1, Phase.LEG_2], id="39 the fall to the low"),
        pytest.param(LOW_FIRST, [Phase.LEG_2, Phase.LEG_3], id="39 the fall to the close"),
    ],
)
def test_example_39_a_stop_of_a_callback_triggers_on_the_later_falling_leg(
    path: PathRule, expected: list[Phase]
) -> None:
    made = protected(B1, path)
    assert filled(made) == [
        ("entry", "100", "101.80", FillRule.STOP),
        ("stop", "-100", "101.50", FillRule.STOP),
    ]
    assert phases(made, OrderFilled) == expected


def test_example_39_it_ignores_earlier_prices() -> None:
    # 101.00 and 99.50 came before the fill; after it the price only falls from 102.00 to 101.60
    made = protected("101.00/102.00/99.50/101.60", LOW_FIRST)
    assert filled(made) == [("entry", "100", "101.80", FillRule.STOP)]
    found = tagged(made, "stop")
    expected = numbers(stop="101.50", extreme_name="low", extreme="101.60", ticks="10")
    assert reason_of(made.why_open(found.id)) == ("STOP_NOT_REACHED", expected)
