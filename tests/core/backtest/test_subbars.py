"""Finer bars that stand for a bar: they are walked one after the other, each as a bar (rule R3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from core.backtest.loop import Backtest
from core.backtest.settings import Settings, Timing
from core.backtest.strategy import Strategy
from core.backtest.subbars import Subbars
from core.bars import Bars
from core.errors import BarDataError
from core.events import OrderFilled, OrderSubmitted, OrderTriggered, PathAmbiguous
from core.execution.path import PathRule
from core.fill import FillRule
from core.order import BUY, SELL, Order, OrderStatus, OrderType, TimeInForce
from tests.core.builders import Action, Answering, Script, at, bars_of, fills_of, numbers, reason_of
from tests.generators import Ask, Market, Planned, asks, markets, run_settings

Filled: TypeAlias = list[tuple[int, str, str, FillRule]]
BEFORE = "100.00"
DAY = "100.00/104.00/96.00/101.00/6000"
"""What the finer bars below are in all."""
DOWN_THEN_UP = (
    "100.00/100.50/96.00/97.00/1000",
    "98.00/103.00/98.00/103.00/3000",
    "104.00/104.00/104.00/104.00/1000",
    "102.00/102.50/101.00/101.00/1000",
)
"""The low comes first; nothing trades between 97.00 and 98.00, nor between 102.50 and 104.00 at the end."""


def finer_of(symbol: str, *texts: str, hours: int = 1, after: int = 0) -> Bars:
    """Build finer bars, the first some hours after a step, the others as many hours one after the other."""
    times = [at(after) + timedelta(hours=hours) * (number + 1) for number in range(len(texts))]
    return Bars.from_rows(symbol, [(time, *numbers(text)) for time, text in zip(times, texts, strict=True)])


def replayed(
    strategy: Strategy | Mapping[int, Action],
    bars: Bars | list[Bars] | None = None,
    finer: Bars | list[Bars] | None = None,
    **settings: Any,
) -> Backtest:
    """Run a strategy over a bar, the day after the one on which it decides, and the finer bars that stand for it."""
    made = Backtest(
        bars_of("A", BEFORE, DAY) if bars is None else bars,
        strategy if isinstance(strategy, Strategy) else Script(strategy),
        Settings(**{"path": PathRule.SUBBARS, "allow_short": True} | settings),
        finer_of("A", *DOWN_THEN_UP) if finer is None else finer,
    )
    made.run()
    return made


def asking(*orders: Order) -> dict[int, Action]:
    return {0: lambda now: [now.submit(order) for order in orders]}


def filled(made: Backtest) -> Filled:
    return [(one.order_id, f"{one.quantity_delta:f}", f"{one.price:f}", one.rule) for one in made.broker.fills()]


def limit(side: Any, price: str, **terms: Any) -> Order:
    return Order("A", side, 10, limit_price=Decimal(price), **terms)


def stop(side: Any, price: str, **terms: Any) -> Order:
    return Order("A", side, 10, stop_price=Decimal(price), **terms)


# --- the order of prices


def test_the_finer_bars_say_in_which_order_the_prices_came() -> None:
    asked = asking(limit(SELL, "102.75"), limit(BUY, "96.50"))
    # 96.50 is met in the first finer bar, 102.75 in the second
    assert filled(replayed(asked)) == [(2, "10", "96.50", FillRule.LEG), (1, "-10", "102.75", FillRule.LEG)]
    up_then_down = finer_of("A", "100.00/104.00/100.00/103.00", "103.00/103.00/96.00/101.00")
    assert filled(replayed(asked, finer=up_then_down)) == [
        (1, "-10", "102.75", FillRule.LEG),
        (2, "10", "96.50", FillRule.LEG),
    ]


def test_what_two_paths_would_leave_open_the_finer_bars_decide() -> None:
    entry = Order("A", BUY, 10)
    exits = (stop(SELL, "97.00"), limit(SELL, "103.00"))
    made = replayed({0: lambda now: now.submit_bracket(entry, *exits)})
    assert [fill[1:3] for fill in filled(made)] == [("10", "100.00"), ("-10", "97.00")]
    assert not [event for event in made.journal if isinstance(event, PathAmbiguous)]
    other = replayed(
        {0: lambda now: now.submit_bracket(entry, *exits)},
        finer=finer_of("A", "100.00/104.00/99.00/102.00", "102.00/102.00/96.00/101.00"),
    )
    assert [fill[1:3] for fill in filled(other)] == [("10", "100.00"), ("-10", "103.00")]


def test_one_finer_bar_that_holds_both_prices_is_walked_as_a_bar_and_may_be_ambiguous() -> None:
    quiet, wide = "100.00/100.00/100.00/100.00", "100.00/104.00/96.00/101.00"
    exits = (stop(SELL, "97.00"), limit(SELL, "103.00"))
    made = replayed({0: lambda now: now.submit_bracket(Order("A", BUY, 10), *exits)}, finer=finer_of("A", quiet, wide))
    assert [fill[1:3] for fill in filled(made)] == [("10", "100.00"), ("-10", "97.00")]  # what leaves less
    (ambiguous,) = [event for event in made.journal if isinstance(event, PathAmbiguous)]
    assert (ambiguous.part, ambiguous.path, ambiguous.at_stake) == (1, "low_first", 60)  # 10 x (103 - 97)
    assert made.money_at_stake == 60


@pytest.mark.parametrize(
    ("entry", "exit_order", "expected"),
    [
        pytest.param(
            limit(BUY, "96.50"),
            limit(SELL, "97.50"),
            ("-10", "98.00", FillRule.OPEN),  # 0.50 better than asked for
            id="a limit, between 97.00 and 98.00",
        ),
        pytest.param(
            limit(BUY, "96.50"),
            limit(SELL, "98.00"),
            ("-10", "98.00", FillRule.OPEN),
            id="a limit at the open after the gap",
        ),
        pytest.param(
            limit(BUY, "96.50"),
            limit(SELL, "98.25"),
            ("-10", "98.25", FillRule.LEG),
            id="a limit beyond the gap",
        ),
        pytest.param(
            stop(BUY, "103.50"),
            stop(SELL, "102.50"),
            ("-10", "102.00", FillRule.OPEN),  # 0.50 worse than the stop
            id="a stop, between 104.00 and 102.00",
        ),
        pytest.param(
            stop(BUY, "103.50"),
            stop(SELL, "101.50"),
            ("-10", "101.50", FillRule.STOP),
            id="a stop beyond the gap",
        ),
        pytest.param(
            stop(BUY, "103.50"),
            Order("A", SELL, 10, trail_amount=Decimal("1.50")),  # follows to 104.00 - 1.50 = 102.50
            ("-10", "102.00", FillRule.OPEN),
            id="a trailing stop, between 104.00 and 102.00",
        ),
    ],
)
def test_a_gap_between_finer_bars_is_filled_at_the_open(
    entry: Order, exit_order: Order, expected: tuple[str, str, FillRule]
) -> None:
    made = replayed({0: lambda now: now.submit_bracket(entry, exit_order)})
    assert [fill[0] for fill in filled(made)] == [1, 2]
    assert filled(made)[1][1:] == expected


def test_a_stop_that_the_next_finer_bar_gaps_over_tells_in_which_one_it_was_triggered() -> None:
    made = replayed({0: lambda now: now.submit_bracket(stop(BUY, "103.50"), stop(SELL, "102.50"))})
    found = [event for event in made.journal if isinstance(event, OrderTriggered)]
    assert [(one.order_id, one.price, one.part) for one in found] == [(1, 104, 2), (2, 102, 3)]


def test_every_fact_carries_the_stamp_of_the_step() -> None:
    made = replayed({0: lambda now: now.submit_bracket(limit(BUY, "96.50"), limit(SELL, "103.50"))})
    facts = [event for event in made.journal if isinstance(event, OrderFilled)]
    assert [event.timestamp for event in facts] == [at(1)] * 2
    assert [event.part for event in facts] == [0, 2]
    assert [event.fill.timestamp for event in facts] == [at(1)] * 2


# --- which orders meet which finer bar


def test_a_market_order_and_one_for_the_open_meet_the_first_and_one_for_the_close_the_close_of_the_bar() -> None:
    kinds = (OrderType.MARKET_ON_CLOSE, OrderType.MARKET_ON_OPEN, OrderType.MARKET)
    made = replayed(asking(*[Order("A", BUY, 1, type=kind) for kind in kinds]))
    assert filled(made) == [
        (2, "1", "100.00", FillRule.OPEN),
        (3, "1", "100.00", FillRule.OPEN),
        (1, "1", "101.00", FillRule.CLOSE),
    ]


OFFICIAL = "100.00/104.00/96.00/99.00/6000"
"""The same day, whose close is not that of its last finer bar, and lies below all of that."""


def test_an_order_for_the_close_meets_the_close_of_the_bar_also_where_the_finer_ones_end_elsewhere() -> None:
    order = Order("A", BUY, 10, type=OrderType.MARKET_ON_CLOSE)
    made = replayed(asking(order), bars_of("A", BEFORE, OFFICIAL))
    assert filled(made) == [(1, "10", "99.00", FillRule.CLOSE)]
    assert made.portfolio.get_mark("A") == 99


def test_at_the_same_close_the_close_is_that_of_the_bar_also_where_the_finer_ones_end_elsewhere() -> None:
    made = replayed({1: lambda now: now.buy("A", 10)}, bars_of("A", BEFORE, OFFICIAL), timing=Timing.SAME_CLOSE)
    assert filled(made) == [(1, "10", "99.00", FillRule.SAME_CLOSE)]


def test_at_the_close_of_the_bar_what_the_last_finer_one_has_left_may_fill() -> None:
    orders = Order("A", BUY, 550), Order("A", SELL, 550, type=OrderType.MARKET_ON_CLOSE)
    made = replayed(asking(*orders), bars_of("A", BEFORE, OFFICIAL), volume_cap=Decimal("0.1"), initial_capital=10**6)
    # 100 + 300 + 100 + 50 of 100 at the opens, and the other 50 at the close
    assert [fill[:3] for fill in filled(made)] == [
        (1, "100", "100.00"),
        (1, "300", "98.00"),
        (1, "100", "104.00"),
        (1, "50", "102.00"),
        (2, "-50", "99.00"),
    ]
    assert reason_of(made.broker.fills()[-1].notes[0])[1]["volume"] == 1000  # of the last finer bar


def test_an_order_for_the_open_that_wakes_in_the_first_finer_bar_waits_for_the_next_step() -> None:
    exit_order = Order("A", SELL, 10, type=OrderType.MARKET_ON_OPEN)
    bars = bars_of("A", BEFORE, DAY, "105.00")
    made = replayed({0: lambda now: now.submit_bracket(limit(BUY, "96.50"), exit_order)}, bars)
    assert fills_of(made) == [(1, "10", "96.50", "03"), (2, "-10", "105.00", "04")]


def test_what_the_volume_leaves_of_an_order_for_the_open_waits_for_the_next_step() -> None:
    order = Order("A", BUY, 250, type=OrderType.MARKET_ON_OPEN)
    bars = bars_of("A", BEFORE, DAY, "105.00/105.00/105.00/105.00/5000")
    made = replayed(asking(order), bars, volume_cap=Decimal("0.1"))
    # a tenth of 1000 at the first open, and no more before a tenth of 5000
    assert fills_of(made) == [(1, "100", "100.00", "03"), (1, "150", "105.00", "04")]


@pytest.mark.parametrize("life", [TimeInForce.IOC, TimeInForce.FOK])
def test_an_order_for_one_test_is_tested_at_the_first_open(life: TimeInForce) -> None:
    made = replayed(asking(limit(BUY, "99.00", time_in_force=life)))
    assert filled(made) == []
    assert made.broker.get_order(1).status is OrderStatus.CANCELED
    assert reason_of(made.broker.get_order(1).reason)[1]["extreme"] == 100


def test_at_the_same_close_what_is_left_of_the_last_pool_is_filled() -> None:
    asked: dict[int, Action] = {
        0: lambda now: now.sell("A", 30, type=OrderType.MARKET_ON_CLOSE),
        1: lambda now: now.buy("A", 90),
    }
    bars = bars_of("A", BEFORE, DAY, "105.00/105.00/105.00/105.00/5000")
    made = replayed(asked, bars, volume_cap=Decimal("0.1"), timing=Timing.SAME_CLOSE)
    # a tenth of 1000 less 30 is 70
    assert fills_of(made) == [(1, "-30", "101.00", "03"), (2, "70", "101.00", "03"), (2, "20", "105.00", "04")]
    assert [fill.rule for fill in made.broker.fills()] == [FillRule.CLOSE, FillRule.SAME_CLOSE, FillRule.OPEN]


def test_what_a_fill_asks_for_meets_the_rest_of_its_finer_bar_and_those_after_it() -> None:
    def answer(now: Any, fill: Any) -> None:
        if fill.id == 1:
            now.sell("A", 1, limit_price=Decimal("96.75"))  # still in the first, as it rises to 97.00
            now.sell("A", 1, limit_price=Decimal("100.25"))  # it was there before, and comes again in the second
            now.sell("A", 1, limit_price=Decimal("104.25"))

    made = replayed(Answering(asking(limit(BUY, "96.50")), answer=answer))
    assert filled(made) == [
        (1, "10", "96.50", FillRule.LEG),
        (2, "-1", "96.75", FillRule.LEG),
        (3, "-1", "100.25", FillRule.LEG),
    ]
    assert reason_of(made.why_open(4)) == (
        "LIMIT_NOT_REACHED",
        {"limit": Decimal("104.25"), "extreme_name": "high", "extreme": 104, "ticks": 25},
    )


def test_what_was_asked_for_inside_a_finer_bar_says_in_which() -> None:
    answering = Answering(asking(limit(SELL, "102.75")), answer=lambda now, _: now.buy("A", 10, limit_price=90))
    made = replayed(answering)
    (_, asked) = [event for event in made.journal if isinstance(event, OrderSubmitted)]
    assert (asked.eligible_step, asked.entry_price, asked.part) == (1, Decimal("102.75"), 1)
    # from 102.75 on the lowest was 101.00, in the last; the 96.00 of the first it did not meet
    assert reason_of(made.why_open(2))[1]["extreme"] == 101


def test_why_an_order_is_open_counts_all_the_finer_bars() -> None:
    made = replayed(asking(limit(BUY, "95.00"), stop(BUY, "104.50")))
    assert [reason_of(made.why_open(number)) for number in (1, 2)] == [
        ("LIMIT_NOT_REACHED", {"limit": 95, "extreme_name": "low", "extreme": 96, "ticks": 100}),
        ("STOP_NOT_REACHED", {"stop": Decimal("104.50"), "extreme_name": "high", "extreme": 104, "ticks": 50}),
    ]


# --- volume


def test_each_finer_bar_has_its_own_pool() -> None:
    made = replayed(asking(Order("A", BUY, 450)), volume_cap=Decimal("0.1"))
    # a tenth of 1000, of 3000 and of 1000, each at its open
    assert [fill[1:3] for fill in filled(made)] == [("100", "100.00"), ("300", "98.00"), ("50", "104.00")]
    notes = [[reason_of(note) for note in fill.notes] for fill in made.broker.fills()]
    cap = Decimal("0.1")
    assert notes == [
        [("VOLUME_CAP_REACHED", {"asked": 450, "available": 100, "pool": 100, "cap": cap, "volume": 1000})],
        [("VOLUME_CAP_REACHED", {"asked": 350, "available": 300, "pool": 300, "cap": cap, "volume": 3000})],
        [],
    ]


def test_without_its_finer_bars_a_bar_has_one_pool() -> None:
    made = replayed(asking(Order("A", BUY, 450)), finer=[], volume_cap=Decimal("0.1"))
    assert [fill[1:3] for fill in filled(made)] == [("450", "100.00")]  # of 600, a tenth of 6000


# --- several symbols


def test_symbols_are_walked_together_by_when_their_finer_bars_end() -> None:
    bars = [bars_of("A", "100", "100/100/98/98"), bars_of("B", "20", "20/20/19/19"), bars_of("C", "50", "50/51/49/50")]
    finer = [finer_of("B", "20", "19", hours=2), finer_of("A", "100", "99", "98")]

    def ask(now: Any) -> None:
        now.buy("B", 1, limit_price=19)  # at four o'clock
        now.buy("B", 1)  # at two
        now.buy("A", 1, limit_price=98)  # at three
        now.buy("A", 1, limit_price=99)  # at two
        now.buy("A", 1)  # at one
        now.buy("C", 1, limit_price=49)  # before all, since it has no finer bars

    made = replayed({0: ask}, bars, finer)
    assert [(fill[0], fill[2]) for fill in filled(made)] == [
        (6, "49"),
        (5, "100"),
        (2, "20"),
        (4, "99"),
        (3, "98"),
        (1, "19"),
    ]


@pytest.mark.parametrize(
    ("hours", "status", "fills"),
    [
        pytest.param(
            1,
            OrderStatus.FILLED,
            [(2, "-50", "20"), (3, "9", "100")],
            id="at the same time it pays: what reduces comes first",
        ),
        pytest.param(2, OrderStatus.CANCELED, [(2, "-50", "20")], id="an hour later it does not"),
    ],
)
def test_what_one_symbol_is_sold_for_pays_for_what_another_costs_then_or_later(
    hours: int, status: OrderStatus, fills: list[Any]
) -> None:
    bars = [bars_of("A", "100", "100", "100/100/98/98"), bars_of("B", "20", "20", "20/20/19/19")]
    finer = [finer_of("B", "20", "19", hours=hours, after=1), finer_of("A", "100", "98", after=1)]
    asked: dict[int, Action] = {
        0: lambda now: now.buy("B", 50),  # for all the cash
        1: lambda now: (now.sell("B", 50), now.buy("A", 9)),
    }
    made = replayed(asked, bars, finer, initial_capital=1000, allow_short=False)
    assert [fill[:3] for fill in filled(made)[1:]] == fills
    assert made.broker.get_order(3).status is status


# --- where there are finer bars, and where not


def test_a_bar_without_finer_ones_stands_for_itself() -> None:
    bars = bars_of("A", BEFORE, DAY, DAY, DAY)
    finer = finer_of("A", *DOWN_THEN_UP, after=1)  # of the second day alone
    made = Backtest(bars, Strategy(), Settings(path=PathRule.SUBBARS), finer)
    counts = [len(made.bar_stand.parts("A", row, row)) for row in range(4)]
    assert counts == [1, 1, 4, 1]


def test_a_finer_bar_belongs_to_the_bar_that_ends_with_it_or_next_after_it() -> None:
    bars = bars_of("A", "100", "100", "-", "100")
    times = [at(0) - timedelta(hours=5), at(0), at(0) + timedelta(microseconds=1), at(1), at(2), at(3), at(4)]
    finer = Bars.from_rows("A", [(time, *numbers("100")) for time in times])
    found = Subbars([bars], [finer])
    rows = [found.of_row("A", row) for row in range(3)]
    assert [one and one[1] for one in rows] == [range(2), range(2, 4), range(4, 6)]  # the last is of no bar


def test_finer_bars_that_all_come_after_the_last_bar_stand_for_none() -> None:
    found = Subbars([bars_of("A", "100")], [finer_of("A", "1", "2")])
    assert found.of_row("A", 0) is None


def test_a_symbol_without_finer_bars_has_none() -> None:
    found = Subbars([bars_of("A", "100"), bars_of("B", "100")], [finer_of("B", "1")])
    assert found.of_row("A", 0) is None


@pytest.mark.parametrize("path", [path for path in PathRule if path is not PathRule.SUBBARS])
def test_another_path_rule_takes_no_notice_of_finer_bars(path: PathRule) -> None:
    asked = {0: lambda now: now.submit_bracket(Order("A", BUY, 10), stop(SELL, "97.00"), limit(SELL, "103.00"))}
    with_them, without = replayed(asked, path=path), replayed(asked, finer=[], path=path)
    assert with_them.journal.canonical_bytes() == without.journal.canonical_bytes()
    assert len(with_them.broker.fills()) == 2


@given(markets(), st.lists(asks, max_size=4), run_settings())
def test_without_any_finer_bars_the_worst_path_is_kept(market: Market, wishes: list[Ask], settings: Settings) -> None:
    plan = Planned({0: list(wishes), 3: list(wishes)})
    written = []
    for path in (PathRule.WORST, PathRule.SUBBARS):
        made = Backtest(market.bars, plan.again(), evolve(settings, path=path))
        made.run()
        written.append(made.journal.canonical_bytes())
    assert written[0] == written[1]


# --- digits


@pytest.mark.parametrize("whole", ["100.0/104.0/96.0/101.0", "100.0000/104.0000/96.0000/101.0000"])
def test_finer_bars_may_have_more_digits_than_their_bars_or_fewer(whole: str) -> None:
    bars = bars_of("A", "100.00" if whole.endswith("0000") else "100", whole)
    finer = finer_of("A", "100.00/100.50/96.00/97.00", "97.00/104.00/97.00/101.00")
    made = replayed(asking(stop(SELL, "97.0"), limit(SELL, "103.0")), bars, finer)
    assert [(one.order_id, one.price) for one in made.broker.fills()] == [(1, 97), (2, 103)]


def test_a_price_of_a_finer_bar_counts_as_it_was_loaded_on_the_tick_or_not() -> None:
    bars, finer = bars_of("A", "100.0", "100.0/104.0/96.0/101.0"), finer_of("A", "100.0", "98.125", "101")
    made = replayed(asking(stop(SELL, "99.0"), limit(SELL, "100.9")), bars, finer)
    assert [(one.order_id, one.price) for one in made.broker.fills()] == [(1, Decimal("98.125")), (2, 101)]


def test_a_tick_that_is_finer_than_the_bars_is_that_of_the_finer_bars_too() -> None:
    order = limit(BUY, "96.505")
    made = replayed(asking(order), tick_size=Decimal("0.005"))
    assert [fill[1:3] for fill in filled(made)] == [("10", "96.505")]


# --- what is refused


def refusal(bars: list[Bars], *finer: Bars) -> str:
    with pytest.raises(BarDataError) as caught:
        Backtest(bars, Strategy(), subbars=finer)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        pytest.param("100/104.01/97/98", 1, id="above its high"),
        pytest.param("100/101/95.99/98", 1, id="below its low"),
        pytest.param("200", 1, id="far above"),
    ],
)
def test_a_finer_bar_outside_of_its_bar_is_refused_by_its_row(text: str, row: int) -> None:
    bars = [bars_of("A", BEFORE, DAY)]
    assert refusal(bars, finer_of("A", "104/104/96/96", text)) == (
        f"subbars: row {row} of A's finer bars lies outside of its bar, row 1"
    )
    named = evolve(finer_of("A", text), source="A_hourly.csv")
    assert refusal(bars, named).startswith("A_hourly.csv: row 0 of A's finer bars lies outside of its bar, row 1")


def test_a_finer_bar_is_measured_by_its_own_bar_and_no_other() -> None:
    bars = [bars_of("A", "100", "200", "300")]
    fits = Bars.from_rows("A", [(at(0), *numbers("100")), (at(1), *numbers("200.000")), (at(3), *numbers("1"))])
    Backtest(bars, Strategy(), subbars=fits)
    late = Bars.from_rows("A", [(at(0), *numbers("100")), (at(2), *numbers("200"))])
    assert refusal(bars, late) == "subbars: row 1 of A's finer bars lies outside of its bar, row 2"


def test_finer_bars_of_a_symbol_that_the_run_does_not_have_are_refused() -> None:
    assert refusal([bars_of("A", "1")], finer_of("B", "1")) == "subbars: must be of one symbol of the run each, was B"


def test_finer_bars_of_one_symbol_are_given_once() -> None:
    twice = finer_of("A", "1"), evolve(finer_of("A", "1"), source="again.csv")
    assert refusal([bars_of("A", "1")], *twice) == "again.csv: must be of one symbol of the run each, was A"


def test_a_hostile_symbol_is_harmless_in_a_refusal() -> None:
    assert refusal([bars_of("A", "1")], finer_of("B\x1b", "1")).isprintable()


# --- it is as if the finer bars were the bars

_ALIKE = {TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK}


def is_alike(ask: Ask) -> bool:
    """Say whether an ask meets finer bars as it meets bars: what lives by dates and steps does not."""
    terms = [ask.terms, *(other.terms for other in ask.others)]
    by_step = (OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE)
    return all(one.time_in_force in _ALIKE and one.type not in by_step for one in terms)


def first_and_rest(bars: Bars, first: datetime, last: datetime) -> Bars:
    """Return bars as two: the one at a time, and all after it in one."""
    every = [bars.bar(row) for row in range(len(bars))]
    rows = [(one.time, one.open, one.high, one.low, one.close, one.volume) for one in every if one.time == first]
    rest = every[len(rows) :]
    if rest:
        highest, lowest = max(one.high for one in rest), min(one.low for one in rest)
        rows.append((last, rest[0].open, highest, lowest, rest[-1].close, None))
    return Bars.from_rows(bars.symbol, rows)


def state_of(made: Backtest) -> dict[str, Any]:
    """Return what a run has come to, without its times."""
    fills = [evolve(fill, timestamp=at(0)) for fill in made.broker.fills()]
    orders = [evolve(order, reason=None) for order in made.broker.orders()]
    return {"fills": fills, "orders": orders, "cash": made.portfolio.get_cash_balance(), "stake": made.money_at_stake}


@given(
    markets(fewest_steps=2, most_steps=8),
    st.lists(asks.filter(is_alike), min_size=1, max_size=4),
    run_settings(path=st.just(PathRule.SUBBARS), timing=st.just(Timing.NEXT_OPEN)),
)
def test_orders_meet_finer_bars_as_if_these_were_the_bars(
    market: Market, wishes: Sequence[Ask], settings: Settings
) -> None:
    plan = Planned({0: list(wishes)}, is_looking=False)
    by_itself = Backtest(market.bars, plan, settings)
    by_itself.run()
    first, last = (by_itself.feed.time(step) for step in (0, len(by_itself.feed) - 1))
    wholes = [first_and_rest(bars, first, last) for bars in market.bars]
    made = Backtest(wholes, plan.again(), settings, market.bars)
    made.run()
    assert len(made.feed) <= 2
    assert state_of(made) == state_of(by_itself)
