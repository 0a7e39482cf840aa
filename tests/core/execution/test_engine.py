"""From the broker through the market into the portfolio: orders on a mark, on a bar, and through the steps of a run."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backtest.strategy import Now
from core.clock import Clock, Phase
from core.errors import NoMarkError, OrderNotFilledError
from core.events import (
    Event,
    OrderCanceled,
    OrderEvent,
    OrderFilled,
    OrderRejected,
    OrderTriggered,
    PathAmbiguous,
    StopMoved,
)
from core.execution.broker import BacktestBroker
from core.execution.costs import Commission, Slippage
from core.execution.engine import ExecutionEngine
from core.execution.market_simulator import MarketSimulator
from core.execution.path import LimitRule, PathRule, nearest
from core.execution.standing_bar import StandingBar
from core.execution.terms import CashRule
from core.fill import Fill, FillRule
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderStatus, OrderType, Side, TimeInForce, TrackedOrder
from core.reason import Reason
from core.risk.portfolio import PortfolioState
from tests.core.builders import (
    B1,
    BEFORE_B1,
    Action,
    Answering,
    Hearing,
    at,
    bar_of,
    bars_of,
    fills_of,
    reason_of,
    run,
)
from tests.generators import candles, cents

S = OrderStatus


class Floor:
    """A portfolio, its broker and its engine."""

    def __init__(
        self, text: str | None = None, *, rule: LimitRule = LimitRule.TOUCH, cash: int = 100_000, **broker: Any
    ) -> None:
        self.portfolio = PortfolioState(cash)
        self.broker = BacktestBroker(self.portfolio, **broker)
        self.simulator = None if text is None else MarketSimulator(rule)
        if self.simulator is not None and text:
            self.simulator.stand_on(bar_of(text))
        self.engine = ExecutionEngine(self.broker, self.portfolio, self.simulator)

    def fill(self, side: Side, quantity: int, limit: str | None = None) -> Fill:
        return self.engine.fill(Order("ACME", side, quantity, limit_price=None if limit is None else Decimal(limit)))


def test_without_a_simulator_an_order_fills_at_the_mark() -> None:
    floor = Floor()
    floor.portfolio.mark("ACME", Decimal("187.15"), at(0))
    fill = floor.fill(BUY, 100)
    assert (fill.price, fill.quantity, fill.rule, fill.timestamp) == (Decimal("187.15"), 100, FillRule.MARK, at(0))
    position = floor.portfolio.get_position("ACME")
    assert (position.quantity, position.average_price) == (100, Decimal("187.15"))
    assert floor.portfolio.get_cash_balance() == 81_285  # 100000 - 18715
    assert floor.broker.fills() == [fill]


@pytest.mark.parametrize(
    ("side", "limit", "fills"),
    [(BUY, "187.15", True), (BUY, "190", True), (BUY, "187.14", False), (SELL, "187.1", True), (SELL, "187.2", False)],
)
def test_a_limit_order_fills_at_the_mark_if_that_is_no_worse(side: Side, limit: str, *, fills: bool) -> None:
    floor = Floor(allow_short=True)
    floor.portfolio.mark("ACME", Decimal("187.15"), at(0))
    if fills:
        assert floor.fill(side, 1, limit).price == Decimal("187.15")
        return
    with pytest.raises(OrderNotFilledError, match=r"^order 1 is ACCEPTED: limit 187\.\d+ not reached"):
        floor.fill(side, 1, limit)
    assert [order.status for order in floor.broker.open_orders()] == [S.ACCEPTED]


def test_without_a_mark_the_error_says_how_to_give_one_and_no_order_is_submitted() -> None:
    floor = Floor()
    with pytest.raises(NoMarkError, match=r"^ACME has no mark to fill at: give one with portfolio_state\.mark"):
        floor.fill(BUY, 1)
    assert floor.broker.order_count == 0


def test_the_mark_of_another_symbol_is_none_to_fill_at() -> None:
    floor = Floor()
    floor.portfolio.mark("OTHER", 10, at(0))
    with pytest.raises(NoMarkError, match=r"^ACME has no mark to fill at"):
        floor.fill(BUY, 1)
    assert floor.broker.order_count == 0


def test_how_far_the_mark_misses_a_limit_is_in_the_instruments_ticks() -> None:
    floor = Floor(instruments=[Instrument("ACME", tick_size=Decimal("0.05"))])
    floor.portfolio.mark("ACME", 100, at(0))
    with pytest.raises(OrderNotFilledError) as caught:
        floor.fill(BUY, 1, "99")
    assert reason_of(caught.value.reason)[1]["ticks"] == 20  # 1.00 / 0.05


def test_with_a_simulator_an_order_is_matched_against_the_bar() -> None:
    floor = Floor(B1)
    assert [fill.price for fill in floor.engine.process(Order("ACME", BUY, 1))] == [101]
    limit = Order("ACME", BUY, 1, limit_price=Decimal("99.75"))
    assert [(fill.price, fill.rule) for fill in floor.engine.process(limit)] == [(Decimal("99.75"), FillRule.LEG)]
    assert floor.engine.process(Order("ACME", BUY, 1, limit_price=99)) == []
    assert [fill.id for fill in floor.broker.fills()] == [1, 2]


def test_an_order_whose_symbol_has_no_bar_rests() -> None:
    floor = Floor("")
    assert floor.engine.process(Order("ACME", BUY, 1)) == []
    assert floor.broker.get_order(1).status is S.ACCEPTED
    with pytest.raises(OrderNotFilledError, match=r"^order 2 is ACCEPTED: ACME has no bar"):
        floor.fill(BUY, 1)


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        pytest.param((SELL, 1), "REJECTED", "POSITION_MUST_COVER_SALE", id="rejected"),
        pytest.param((BUY, 1, "99"), "ACCEPTED", "LIMIT_NOT_REACHED", id="resting"),
        # accepted without a price to estimate at, then too dear: 1000 x 101
        pytest.param((BUY, 1000), "CANCELED", "CASH_MUST_COVER_FILL", id="refused at the fill"),
    ],
)
def test_an_order_that_had_to_fill_and_did_not_raises_with_the_reason(
    order: tuple[Any, ...], status: str, code: str
) -> None:
    floor = Floor(B1)
    with pytest.raises(OrderNotFilledError, match=rf"^order 1 is {status}: ") as caught:
        floor.fill(*order)
    assert reason_of(caught.value.reason)[0] == code
    assert caught.value.order_id == 1


def test_an_order_that_had_to_fill_is_named_though_another_came_after_it() -> None:
    floor = Floor(B1)

    def ask_again(event: OrderEvent) -> None:
        if isinstance(event, OrderRejected) and event.order_id == 1:
            floor.broker.submit(Order("ACME", BUY, 1, limit_price=1))

    floor.broker.subscribe(ask_again)
    with pytest.raises(OrderNotFilledError) as caught:
        floor.fill(SELL, 1)
    assert caught.value.order_id == 1


def test_the_awaitable_doors_lead_to_the_same() -> None:
    floor = Floor(B1)
    assert asyncio.run(floor.engine.execute(Order("ACME", BUY, 1))).price == 101
    assert [fill.id for fill in asyncio.run(floor.engine.process_order(Order("ACME", BUY, 1)))] == [2]


def test_processing_one_order_leaves_the_others_resting() -> None:
    floor = Floor("")
    floor.engine.process(Order("ACME", BUY, 1))
    assert floor.simulator is not None
    floor.simulator.stand_on(bar_of(B1))
    assert [fill.order_id for fill in floor.engine.process(Order("ACME", BUY, 1))] == [2]
    assert [order.id for order in floor.broker.open_orders()] == [1]


def test_a_fill_that_somebody_recorded_by_hand_does_not_stop_the_next() -> None:
    floor = Floor(B1)
    floor.engine.process(Order("ACME", BUY, 10, limit_price=99))
    floor.broker.execute_fill(Fill(2, 1, "ACME", BUY, 10, 99, at(1)))
    floor.fill(BUY, 1)
    floor.fill(BUY, 1)
    assert len(floor.broker.fills()) == 3


def test_whoever_listens_sees_the_fill_on_the_order_and_in_the_books_at_once() -> None:
    floor, seen = Floor(B1), list[tuple[str, object, object]]()

    def look(event: Event) -> None:
        order, position = floor.broker.get_order(1), floor.portfolio.get_position("ACME")
        seen.append((type(event).__name__, order.filled_quantity, position.quantity))
        floor.portfolio.check()

    floor.portfolio.subscribe(look)
    floor.fill(BUY, 5)
    # the order's own facts and the portfolio's come from two announcers here, each consistent by itself
    assert seen == [("PositionOpened", 5, 5), ("CashChanged", 5, 5)]


def test_a_portfolio_of_ones_own_can_stand_in_its_place() -> None:
    class Recording(PortfolioState):
        booked: list[dict[str, Any]] = []  # noqa: RUF012

        def update_position(self, **fill: Any) -> Any:
            self.booked.append(fill)
            return super().update_position(**fill)

    portfolio = Recording(1000)
    portfolio.mark("ACME", 10, at(0))
    broker = BacktestBroker(portfolio, commission=Commission(minimum=Decimal(1)))
    ExecutionEngine(broker, portfolio).fill(Order("ACME", BUY, 3))
    assert Recording.booked == [
        {
            "symbol": "ACME",
            "quantity_delta": Decimal(3),
            "price": Decimal(10),
            "timestamp": at(0),
            "commission": Decimal("1.00"),
            "fill_id": 1,
        }
    ]


def test_trading_through_is_by_the_instruments_tick() -> None:
    quarter = Instrument("ACME", tick_size=Decimal("0.25"))
    touched = Floor("101/102/99.49/100", rule=LimitRule.THROUGH, instruments=[quarter])
    with pytest.raises(OrderNotFilledError) as caught:
        touched.fill(BUY, 1, "99.50")
    expected = {
        "limit": Decimal("99.5"),
        "extreme_name": "low",
        "extreme": Decimal("99.49"),
        "needed": Decimal("99.25"),
    }
    assert reason_of(caught.value.reason) == ("LIMIT_TOUCHED_NOT_THROUGH", expected)
    through = Floor("101/102/99.25/100", rule=LimitRule.THROUGH, instruments=[quarter])
    assert through.fill(BUY, 1, "99.50").price == Decimal("99.50")


def test_how_far_a_limit_was_missed_is_in_the_instruments_ticks() -> None:
    floor = Floor("101/102.5/100/102", instruments=[Instrument("ACME", tick_size=Decimal("0.01"))], allow_short=True)
    with pytest.raises(OrderNotFilledError) as caught:
        floor.fill(SELL, 1, "103")
    assert reason_of(caught.value.reason)[1]["ticks"] == 50


# --- through the steps of a run


def test_an_order_is_eligible_from_the_next_open() -> None:
    made = run(bars_of("A", BEFORE_B1, B1), {0: lambda now: now.buy("A", 100)})
    assert fills_of(made) == [(1, "100", "101.00", "03")]


def test_orders_execute_along_the_path_by_price_and_then_by_number() -> None:
    def ask(now: Now) -> None:
        for price in ("99.60", "99.80", "99.80", "101"):
            now.buy("A", 1, limit_price=Decimal(price))

    made = run(bars_of("A", BEFORE_B1, B1), {0: ask})
    assert fills_of(made) == [
        (4, "1", "101.00", "03"),
        (2, "1", "99.80", "03"),
        (3, "1", "99.80", "03"),
        (1, "1", "99.60", "03"),
    ]
    rules = [fill.rule for fill in made.broker.fills()]
    assert rules == [FillRule.OPEN, FillRule.LEG, FillRule.LEG, FillRule.LEG]


def test_two_orders_at_one_limit_both_fill_at_it_where_the_price_trades_through() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 1, limit_price=Decimal("99.75"))
        now.buy("A", 1, limit_price=Decimal("99.75"))

    made = run(bars_of("A", BEFORE_B1, B1), {0: ask}, limit_rule=LimitRule.THROUGH)
    assert fills_of(made) == [(1, "1", "99.75", "03"), (2, "1", "99.75", "03")]
    assert [fill.rule for fill in made.broker.fills()] == [FillRule.LEG, FillRule.LEG]


def test_at_one_price_reductions_come_first() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 5)
        now.sell("A", 10)
        now.buy("A", 5)

    made = run(bars_of("A", "100", "100", B1), {0: lambda now: now.buy("A", 10), 1: ask})
    assert [order_id for order_id, *_ in fills_of(made)] == [1, 3, 2, 4]


def test_a_reduction_is_by_the_position_at_that_instant() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 5)
        now.sell("A", 3)
        now.sell("A", 20)

    # flat: by number the purchase; now long, so the sales reduce, the second of them flips
    made = run(bars_of("A", "100", B1), {0: ask}, allow_short=True)
    assert [order_id for order_id, *_ in fills_of(made)] == [1, 2, 3]
    # short from the start: the purchase reduces and comes before the sales
    made = run(
        bars_of("A", "100", "100", B1),
        {0: lambda now: now.sell("A", 50), 1: lambda now: (now.sell("A", 1), now.buy("A", 5))},
        allow_short=True,
    )
    assert [order_id for order_id, *_ in fills_of(made)] == [1, 3, 2]


def test_between_symbols_reductions_come_first_whatever_was_loaded_first() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 400)
        now.sell("B", 100)

    bars = [bars_of("A", "20", "20", "20"), bars_of("B", "100", "100", "100")]
    script = {0: lambda now: now.buy("B", 100), 1: ask}
    for given_bars in (bars, bars[::-1]):
        made = run(given_bars, script, initial_capital=20_000)
        assert [order_id for order_id, *_ in fills_of(made)] == [1, 3, 2]


def test_a_cancel_takes_effect_before_the_next_bar() -> None:
    made = run(
        bars_of("A", "100", "101/102/100/101", B1),
        {0: lambda now: now.buy("A", 1, limit_price=Decimal("99.75")), 1: lambda now: now.cancel(1)},
    )
    assert fills_of(made) == []
    assert made.broker.get_order(1).status is S.CANCELED


@pytest.mark.parametrize(
    ("hours", "status", "filled"),
    [
        # submitted at 21:00, eligible from 00:00 of the 3rd; the limit is reached at 21:00 of the 3rd
        pytest.param(3, S.FILLED, "03", id="within its day"),
        # eligible from 12:00 of the 3rd, reached at 21:00 of the 7th
        pytest.param(15, S.EXPIRED, None, id="after its day"),
    ],
)
def test_a_day_order_lives_for_the_date_of_its_first_step(hours: int, status: OrderStatus, filled: str | None) -> None:
    texts = ["100"] * 8 + ["100/100/98/99"]
    made = run(
        bars_of("A", *texts, hours=hours),
        {0: lambda now: now.buy("A", 1, limit_price=99, time_in_force=TimeInForce.DAY)},
    )
    assert made.broker.get_order(1).status is status
    assert [date for *_, date in fills_of(made)] == ([filled] if filled else [])


def test_the_day_of_an_order_passes_without_a_bar_of_its_symbol() -> None:
    bars = [bars_of("A", "100", "-", "-", B1), bars_of("B", *["20"] * 4)]
    made = run(bars, {0: lambda now: now.buy("A", 1, time_in_force=TimeInForce.DAY)})
    assert made.broker.get_order(1).status is S.EXPIRED
    assert reason_of(made.broker.get_order(1).reason)[1]["until"] == "2024-01-03"


def test_a_day_order_asked_for_inside_a_bar_lives_for_that_bars_date() -> None:
    def take_gain(now: Now, _: Fill) -> None:
        now.sell("A", 1, limit_price=103, time_in_force=TimeInForce.DAY)

    made = run(
        bars_of("A", "100", "100", "102/104/102/103"),
        Answering({0: lambda now: now.buy("A", 1)}, answer=take_gain),
    )
    assert made.broker.get_order(2).status is S.EXPIRED
    assert reason_of(made.broker.get_order(2).reason)[1]["until"] == "2024-01-03"


def test_an_order_without_a_bar_waits_for_the_next_real_open() -> None:
    bars = [bars_of("A", "100", "-", "-", B1), bars_of("B", *["20"] * 4)]
    made = run(bars, {0: lambda now: now.buy("A", 1)})
    assert fills_of(made) == [(1, "1", "101.00", "05")]


# --- what a callback asks for meets the rest of the bar (R8)

UP_THEN_DOWN = "101.00/102.00/99.50/100.50"  # 101, 102, 99.50, 100.50


def answered(answer: Callable[[Now, Fill], object], text: str = UP_THEN_DOWN, **settings: Any) -> list[Any]:
    """Buy 10 at the market on one bar, answer the first fill, and return all fills."""

    def once(now: Now, fill: Fill) -> None:
        if fill.id == 1:
            answer(now, fill)

    made = run(
        bars_of("A", "100.00", text, "100.00"), Answering({0: lambda now: now.buy("A", 10)}, answer=once), **settings
    )
    return [(fill.order_id, str(fill.price), fill.rule, f"{fill.timestamp:%d}") for fill in made.broker.fills()][1:]


ANSWERS = [
    pytest.param((SELL, None), [(2, "101.00", FillRule.OPEN, "03")], id="a market order, at the open it stands at"),
    pytest.param((SELL, "101.50"), [(2, "101.50", FillRule.LEG, "03")], id="a limit on the way up"),
    pytest.param((SELL, "100.20"), [(2, "101.00", FillRule.OPEN, "03")], id="a limit that the price there meets"),
    pytest.param((BUY, "99.75"), [(2, "99.75", FillRule.LEG, "03")], id="a limit on the way down"),
    pytest.param((SELL, "102.50"), [], id="a limit that the bar does not reach"),
]


@pytest.mark.parametrize(("order", "fills"), ANSWERS)
def test_what_a_fill_at_the_open_asks_for_meets_the_whole_path(
    order: tuple[Side, str | None], fills: list[Any]
) -> None:
    side, limit = order
    price = None if limit is None else Decimal(limit)
    assert answered(lambda now, _: now.submit(Order("A", side, 5, limit_price=price))) == fills


@pytest.mark.parametrize(
    ("limit", "fills"),
    [
        pytest.param(None, [(2, "99.75", FillRule.INSTANT, "03")], id="a market order, at the price reached"),
        pytest.param("99.60", [(2, "99.75", FillRule.INSTANT, "03")], id="a limit met there, at the price reached"),
        pytest.param("100.25", [(2, "100.25", FillRule.LEG, "03")], id="a limit on what is left of the path"),
        pytest.param("101.00", [], id="a limit that the price reached before, and not again"),
    ],
)
def test_what_a_fill_on_the_path_asks_for_ignores_earlier_prices(limit: str | None, fills: list[Any]) -> None:
    def once(now: Now, fill: Fill) -> None:
        if fill.id == 1:
            now.sell("A", 10, limit_price=None if limit is None else Decimal(limit))

    buy = {0: lambda now: now.buy("A", 10, limit_price=Decimal("99.75"))}
    made = run(bars_of("A", "100.00", UP_THEN_DOWN, "100.00"), Answering(buy, answer=once))
    seen = [(fill.order_id, str(fill.price), fill.rule, f"{fill.timestamp:%d}") for fill in made.broker.fills()]
    assert seen[0] == (1, "99.75", FillRule.LEG, "03")
    assert seen[1:] == fills


def test_a_sale_asked_for_at_a_fill_and_met_only_before_it_says_why_it_is_open() -> None:
    def once(now: Now, fill: Fill) -> None:
        if fill.id == 1:
            now.sell("A", 10, limit_price=101)

    buy = {0: lambda now: now.buy("A", 10, limit_price=Decimal("99.75"))}
    made = run(bars_of("A", "100.00", UP_THEN_DOWN), Answering(buy, answer=once))
    assert made.broker.get_order(2).status is S.ACCEPTED
    assert made.why_open(2) is not None


def test_a_cancel_at_a_fill_takes_effect_at_that_instant() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 10, limit_price=Decimal("99.80"))
        now.buy("A", 10, limit_price=Decimal("99.70"))

    made = run(bars_of("A", "100.00", UP_THEN_DOWN), Answering({0: ask}, answer=lambda now, _: now.cancel(2)))
    assert fills_of(made) == [(1, "10", "99.80", "03")]
    assert made.broker.get_order(2).status is S.CANCELED
    assert made.broker.get_order(2).reason is not None


def test_what_concerns_another_symbol_waits_for_the_next_bar() -> None:
    def answer(now: Now, fill: Fill) -> None:
        if fill.symbol == "A":
            now.buy("B", 1)
            now.cancel(2)

    def ask(now: Now) -> None:
        now.buy("A", 1)
        now.buy("B", 1, limit_price=Decimal("19.50"))

    bars = [bars_of("A", "100.00", B1, B1), bars_of("B", "20.00", "20.00/21.00/19.00/20.00", "22.00/22.00/19.00/20.00")]
    made = run(bars, Answering({0: ask}, answer=answer))
    # order 2 is canceled from the next bar on only, and fills on this one; order 3 fills at the next open
    assert fills_of(made) == [(1, "1", "101.00", "03"), (2, "1", "19.50", "03"), (3, "1", "22.00", "04")]


def test_what_an_expiry_asks_for_meets_the_bar_of_that_step() -> None:
    def hear(now: Now, order: TrackedOrder) -> None:
        if order.status is S.EXPIRED:
            now.buy("B", 1)

    bars = [bars_of("A", *["100.00"] * 4), bars_of("B", "20.00", "20.00", "21.00", "22.00")]
    order = {0: lambda now: now.buy("A", 1, limit_price=90, time_in_force=TimeInForce.DAY)}
    made = run(bars, Hearing(order, hear=hear))
    assert made.broker.get_order(1).status is S.EXPIRED
    assert fills_of(made) == [(2, "1", "21.00", "04")]


def test_a_chain_of_answers_comes_to_an_end() -> None:
    def answer(now: Now, fill: Fill) -> None:
        if fill.id < 20:
            now.submit(Order("A", SELL if fill.side is BUY else BUY, 10))

    made = run(bars_of("A", "100.00", UP_THEN_DOWN), Answering({0: lambda now: now.buy("A", 10)}, answer=answer))
    assert [str(fill.price) for fill in made.broker.fills()] == ["101.00"] * 20
    assert made.portfolio.get_position("A").is_flat


# --- refusals at the fill (R15b)


def test_what_cash_does_not_cover_at_the_open_is_canceled() -> None:
    made = run(bars_of("A", "100", "102/103/101/102"), {0: lambda now: now.buy("A", 99)}, initial_capital=10_000)
    order = made.broker.get_order(1)
    assert (order.status, order.given_up_quantity) == (S.CANCELED, 99)
    # 99 x 102 = 10098; 98 x 102 = 9996
    expected = {"price": 102, "needed": 10_098, "available": 10_000, "missing": 98, "at_most": 98}
    assert reason_of(order.reason) == ("CASH_MUST_COVER_FILL", expected)
    assert fills_of(made) == []


def test_of_a_flip_that_cash_does_not_cover_only_the_close_fills() -> None:
    def cover(now: Now) -> None:
        now.buy("A", 100)

    made = run(
        bars_of("A", "10", "10", "16", "16"),
        {0: lambda now: now.sell("A", 50), 1: cover},
        initial_capital=1000,
        allow_short=True,
    )
    # 1000 + 500 - 50 x 16 = 700, less than 50 x 16 for what would open
    assert fills_of(made) == [(1, "-50", "10", "03"), (2, "50", "16", "04")]
    order = made.broker.get_order(2)
    assert (order.status, order.filled_quantity, order.given_up_quantity) == (S.CANCELED, 50, 50)
    assert reason_of(order.reason)[1]["missing"] == 100
    assert made.portfolio.get_cash_balance() == 700


def test_a_covering_purchase_that_leaves_cash_below_zero_is_filled_and_says_so() -> None:
    made = run(
        bars_of("A", "10", "10", "40", "40"),
        {0: lambda now: now.sell("A", 50), 1: lambda now: now.buy("A", 50)},
        initial_capital=1000,
        allow_short=True,
    )
    (note,) = made.broker.fills()[1].notes
    assert reason_of(note) == ("CASH_BELOW_ZERO", {"cash": Decimal(-500)})  # 1500 - 50 x 40
    assert made.portfolio.get_cash_balance() == -500
    assert made.broker.fills()[0].notes == ()


# --- volume (R12), and orders that are tested once

IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
CAP: dict[str, Any] = {"volume_cap": Decimal("0.1")}
FIFTY = "50.00/51.00/49.00/50.00/5000"


def capped_by(asked: int, available: int, pool: int = 500, volume: int = 5000) -> tuple[str, dict[str, object]]:
    params = {"asked": asked, "available": available, "pool": pool, "cap": Decimal("0.1"), "volume": volume}
    return "VOLUME_CAP_REACHED", {name: Decimal(value) for name, value in params.items()}


def met(ask: Action, *texts: str, before: str = "50.00/50.00/50.00/50.00/100000", **settings: Any) -> Any:
    """Ask for something after one bar, and let it meet others."""
    return run(bars_of("A", before, *texts), {0: ask}, **settings)


def notes_of(made: Any) -> list[list[tuple[str, dict[str, object]]]]:
    """Return the notes of each fill."""
    return [[reason_of(note) for note in fill.notes] for fill in made.broker.fills()]


def test_example_25_of_a_market_order_the_pool_leaves_a_rest_for_the_next_open() -> None:
    made = met(lambda now: now.buy("A", 800), FIFTY, "60.00/61.00/59.00/60.00/5000", **CAP)
    assert fills_of(made) == [(1, "500", "50.00", "03"), (1, "300", "60.00", "04")]
    assert notes_of(made) == [[capped_by(800, 500)], []]


def test_example_26_orders_share_the_pool_in_their_order() -> None:
    made = met(lambda now: (now.buy("A", 300), now.buy("A", 400)), FIFTY, **CAP)
    assert fills_of(made) == [(1, "300", "50.00", "03"), (2, "200", "50.00", "03")]
    assert notes_of(made) == [[], [capped_by(400, 200)]]
    assert reason_of(made.why_open(2)) == capped_by(200, 0)


def test_a_fill_of_the_whole_pool_needs_no_note() -> None:
    made = met(lambda now: now.buy("A", 500), FIFTY, **CAP)
    assert (fills_of(made), notes_of(made)) == ([(1, "500", "50.00", "03")], [[]])


def test_a_limit_of_which_the_pool_leaves_a_rest_stays_in_the_next_bar() -> None:
    made = met(lambda now: now.buy("A", 800, limit_price=Decimal("49.50")), FIFTY, FIFTY, **CAP)
    assert fills_of(made) == [(1, "500", "49.50", "03"), (1, "300", "49.50", "04")]


def test_a_volume_that_is_not_known_bounds_nothing_and_is_said() -> None:
    made = met(lambda now: now.buy("A", 800), "50.00/51.00/49.00/50.00", **CAP)
    assert (fills_of(made), notes_of(made)) == ([(1, "800", "50.00", "03")], [[("VOLUME_UNKNOWN", {})]])


def test_example_28_without_volume_nothing_fills() -> None:
    made = met(lambda now: now.buy("A", 10), "50.00/50.00/50.00/50.00/0", **CAP)
    assert fills_of(made) == []
    assert reason_of(made.why_open(1)) == ("NO_VOLUME", {"asked": Decimal(10)})


def test_what_a_callback_asks_for_shares_the_pool_and_the_rest_waits_for_the_next_open() -> None:
    def sell(now: Now, fill: Fill) -> None:
        if fill.id == 1:
            now.sell("A", 300)

    answering = Answering({0: lambda now: now.buy("A", 300, limit_price=Decimal("49.50"))}, answer=sell)
    made = run(bars_of("A", "50.00", FIFTY, "60.00/61.00/59.00/60.00/5000"), answering, **CAP)
    # 200 are left of the pool of 500 where the price stands
    assert fills_of(made) == [(1, "300", "49.50", "03"), (2, "-200", "49.50", "03"), (2, "-100", "60.00", "04")]


ONCE = [
    # the order, the bar that it meets, settings, what fills, the reason of what does not
    pytest.param(
        {"quantity": 800, "time_in_force": IOC},
        FIFTY,
        CAP,
        [("500", "50.00")],
        capped_by(800, 500),
        id="IOC takes what there is",
    ),
    pytest.param({"quantity": 500, "time_in_force": IOC}, FIFTY, CAP, [("500", "50.00")], None, id="IOC takes all"),
    pytest.param(
        {"quantity": 10, "time_in_force": IOC},
        "50.00/50.00/50.00/50.00/0",
        CAP,
        [],
        ("NO_VOLUME", {"asked": Decimal(10)}),
        id="IOC without volume",
    ),
    pytest.param(
        {"quantity": 10, "time_in_force": IOC, "limit_price": Decimal("49.99")},
        FIFTY,
        {},
        [],
        (
            "LIMIT_NOT_REACHED",
            {
                "limit": Decimal("49.99"),
                "extreme_name": "low",
                "extreme": Decimal("50.00"),
                "ticks": Decimal(1),
            },
        ),
        id="IOC whose limit the open misses by a tick",
    ),
    pytest.param(
        {"quantity": 10, "time_in_force": IOC, "limit_price": Decimal("50.00")},
        FIFTY,
        {"limit_rule": LimitRule.THROUGH},
        [],
        (
            "LIMIT_TOUCHED_NOT_THROUGH",
            {
                "limit": Decimal("50.00"),
                "extreme_name": "low",
                "extreme": Decimal("50.00"),
                "needed": Decimal("49.99"),
            },
        ),
        id="IOC whose limit the open only touches",
    ),
    pytest.param(
        {"quantity": 10, "time_in_force": IOC, "limit_price": Decimal("50.00")},
        FIFTY,
        {},
        [("10", "50.00")],
        None,
        id="IOC whose limit the open meets",
    ),
    pytest.param(
        {"quantity": 10, "time_in_force": FOK, "stop_price": Decimal("50.50"), "limit_price": Decimal("50.40")},
        FIFTY,
        {},
        [],
        (
            "TRIGGERED_LIMIT_NOT_REACHED",
            {
                "limit": Decimal("50.40"),
                "extreme_name": "low",
                "extreme": Decimal("50.50"),
                "ticks": Decimal(10),
            },
        ),
        id="a stop-limit has its one test at its trigger",
    ),
    pytest.param(
        {"quantity": 10, "time_in_force": FOK, "stop_price": Decimal("50.50"), "limit_price": Decimal("50.60")},
        FIFTY,
        {},
        [("10", "50.50")],
        None,
        id="a stop-limit that its trigger fills",
    ),
    pytest.param(
        {"quantity": 10, "time_in_force": IOC, "type": OrderType.MARKET_ON_CLOSE},
        "50.00/51.00/49.00/50.25/5000",
        CAP,
        [("10", "50.25")],
        None,
        id="on the close it has its test there",
    ),
    pytest.param(
        {"quantity": 800, "time_in_force": FOK},
        FIFTY,
        CAP,
        [],
        ("FOK_NOT_FILLABLE", {"asked": Decimal(800), "available": Decimal(500)}),
        id="27 FOK with too little volume",
    ),
    pytest.param({"quantity": 500, "time_in_force": FOK}, FIFTY, CAP, [("500", "50.00")], None, id="FOK, all of it"),
    pytest.param(
        {"quantity": 10, "time_in_force": FOK},
        "50.00/50.00/50.00/50.00/0",
        CAP,
        [],
        ("FOK_NOT_FILLABLE", {"asked": Decimal(10), "available": Decimal(0)}),
        id="FOK without volume",
    ),
    pytest.param(
        {"quantity": 20, "time_in_force": FOK},
        "51.00",
        {"initial_capital": 1000, "cash_rule": CashRule.REDUCE},
        [],
        ("FOK_NOT_FILLABLE", {"asked": Decimal(20), "available": Decimal(19)}),
        id="FOK with cash for 19",
    ),
    pytest.param(
        {"quantity": 20, "time_in_force": IOC},
        "51.00",
        {"initial_capital": 1000, "cash_rule": CashRule.REDUCE},
        [("19", "51.00")],
        (
            "CASH_MUST_COVER_FILL",
            {
                "price": Decimal(51),
                "needed": Decimal(1020),
                "available": Decimal(1000),
                "missing": Decimal(20),
                "at_most": Decimal(19),
            },
        ),
        id="IOC with cash for 19",
    ),
]


@pytest.mark.parametrize(("terms", "text", "settings", "fills", "reason"), ONCE)
def test_an_order_that_is_tested_once(
    terms: dict[str, Any],
    text: str,
    settings: dict[str, Any],
    fills: list[tuple[str, str]],
    reason: tuple[str, dict[str, object]] | None,
) -> None:
    made = met(lambda now: now.buy("A", **terms), text, "40.00/40.00/40.00/40.00/5000", **settings)
    assert fills_of(made) == [(1, *fill, "03") for fill in fills]
    order = made.broker.get_order(1)
    if reason is None:
        assert (order.status, order.reason) == (S.FILLED, None)
        return
    assert (order.status, reason_of(order.reason)) == (S.CANCELED, reason)


def test_an_order_that_is_tested_once_and_asked_for_inside_a_bar_is_tested_there() -> None:
    def ask(now: Now, fill: Fill) -> None:
        if fill.id == 1:
            now.sell("A", 5, limit_price=Decimal("49.51"), time_in_force=IOC)
            now.sell("A", 5, limit_price=Decimal("49.50"), time_in_force=IOC)

    answering = Answering({0: lambda now: now.buy("A", 10, limit_price=Decimal("49.50"))}, answer=ask)
    made = run(bars_of("A", "50.00", FIFTY), answering)
    assert fills_of(made) == [(1, "10", "49.50", "03"), (3, "-5", "49.50", "03")]
    assert reason_of(made.broker.get_order(2).reason)[1]["extreme"] == Decimal("49.50")


def test_an_order_with_no_volume_at_its_one_test_takes_its_turn() -> None:
    made = met(lambda now: [now.buy("A", 500), now.buy("A", 10, time_in_force=IOC)], FIFTY, **CAP)
    assert fills_of(made) == [(1, "500", "50.00", "03")]
    assert reason_of(made.broker.get_order(2).reason) == capped_by(10, 0)


# --- market on open, market on close


def test_an_order_on_the_close_fills_there_after_all_others() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 1, type=OrderType.MARKET_ON_CLOSE)
        now.buy("A", 1, type=OrderType.MARKET_ON_OPEN)
        now.buy("A", 1, limit_price=Decimal("49.50"))

    made = met(ask, "50.00/51.00/49.00/50.25")
    assert fills_of(made) == [(2, "1", "50.00", "03"), (3, "1", "49.50", "03"), (1, "1", "50.25", "03")]
    assert [fill.rule for fill in made.broker.fills()] == [FillRule.OPEN, FillRule.LEG, FillRule.CLOSE]
    phases = [made.journal.phase_of(n) for n, one in enumerate(made.journal) if isinstance(one, OrderFilled)]
    assert phases == [Phase.OPEN, Phase.LEG_1, Phase.CLOSE]


def test_on_the_close_reductions_come_first_over_all_symbols() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 1, type=OrderType.MARKET_ON_CLOSE)
        now.sell("B", 1, type=OrderType.MARKET_ON_CLOSE)

    bars = [bars_of("A", "50", "50", "50"), bars_of("B", "20", "20", "20")]
    made = run(bars, {0: lambda now: now.buy("B", 1), 1: ask})
    assert [order_id for order_id, *_ in fills_of(made)] == [1, 3, 2]


def test_what_a_fill_at_the_close_asks_for_waits_for_the_next_bar() -> None:
    def ask(now: Now, fill: Fill) -> None:
        if fill.id == 1:
            now.sell("A", 1)
            now.buy("A", 1, type=OrderType.MARKET_ON_CLOSE)

    answering = Answering({0: lambda now: now.buy("A", 1, type=OrderType.MARKET_ON_CLOSE)}, answer=ask)
    made = run(bars_of("A", "50.00", "51.00", "52.00/53.00/52.00/53.00"), answering)
    assert fills_of(made) == [(1, "1", "51.00", "03"), (2, "-1", "52.00", "04"), (3, "1", "53.00", "04")]


def test_what_wakes_at_a_close_beside_what_is_awake_waits_for_the_next() -> None:
    def enter_at_closes(now: Now) -> None:
        entry, exit_ = (Order("A", side, 800, type=OrderType.MARKET_ON_CLOSE) for side in (BUY, SELL))
        now.submit_bracket(entry, exit_)

    volumes = (100_000, 100_000, 5_000, 50_000, 50_000)
    made = run(
        bars_of("A", *(f"50.00/50.00/50.00/50.00/{volume}" for volume in volumes)),
        {0: lambda now: now.sell("A", 1000), 1: enter_at_closes},
        allow_short=True,
        volume_cap=Decimal("0.1"),
    )
    # the entry reduces a short, so it comes first: at the second close it wakes 300 beside the 500 of the close before
    assert fills_of(made) == [
        (1, "-1000", "50.00", "03"),
        (2, "500", "50.00", "04"),
        (2, "300", "50.00", "05"),
        (3, "-500", "50.00", "05"),
        (3, "-300", "50.00", "06"),
    ]


# --- slippage


def test_slippage_is_in_the_fill_with_its_reference_and_what_was_clamped() -> None:
    made = met(lambda now: (now.buy("A", 1), now.buy("A", 1)), "50.00/50.03/49.00/50.00", slippage=Slippage(ticks=5))
    first, second = made.broker.fills()
    assert (first.price, first.reference_price, first.slippage) == (Decimal("50.03"), 50, Decimal("0.03"))
    clamped = ("SLIPPAGE_CLAMPED", {"slipped": Decimal("50.05"), "extreme_name": "high", "price": Decimal("50.03")})
    assert notes_of(made) == [[clamped], [clamped]]
    assert made.clamped == Decimal("0.04")  # 2 x 0.02
    assert second.rule is FillRule.OPEN


def test_slippage_is_of_the_units_that_fill() -> None:
    made = met(lambda now: now.buy("A", 800), FIFTY, slippage=Slippage(volume_impact=Decimal("0.1")), **CAP)
    # a tenth of the volume: 50 x 0.1 x 0.1^2 = 0.05
    assert fills_of(made) == [(1, "500", "50.05", "03")]


def test_a_fill_says_first_what_was_clamped_then_what_was_capped_then_what_it_costs() -> None:
    made = run(
        bars_of("A", "50.00", "50.00", "80.00/80.01/79.00/80.00/500"),
        {0: lambda now: now.sell("A", 100), 1: lambda now: now.buy("A", 100)},
        allow_short=True,
        initial_capital=5000,
        slippage=Slippage(ticks=5),
        **CAP,
    )
    # 49.95 is clamped to 50.00: 5000 + 5000, less 50 x 80.01
    assert made.portfolio.get_cash_balance() == Decimal("5999.50")
    assert [code for code, _ in notes_of(made)[1]] == ["SLIPPAGE_CLAMPED", "VOLUME_CAP_REACHED"]


def test_a_model_of_slippage_is_never_asked_for_no_units() -> None:
    asked: list[Decimal] = []

    class Own:
        def amount(self, price: Decimal, quantity: Decimal, volume: Decimal | None, tick: Decimal) -> Decimal:
            asked.append(quantity)
            return tick if price > 0 and volume is not None else Decimal(0)

    def ask(now: Now) -> None:
        now.buy("A", 500)
        now.buy("A", 10, time_in_force=IOC)
        now.buy("A", 10, time_in_force=FOK)

    made = met(ask, FIFTY, slippage=Own(), **CAP)
    assert fills_of(made) == [(1, "500", "50.01", "03")]
    assert asked == [500]
    assert [order.status for order in made.broker.orders()] == [S.FILLED, S.CANCELED, S.CANCELED]


# --- as much as cash covers (R15b)


def test_example_30_as_much_fills_as_cash_covers_and_the_rest_is_canceled() -> None:
    made = run(
        bars_of("A", "100", "102/103/101/102"),
        {0: lambda now: now.buy("A", 99)},
        initial_capital=10_000,
        cash_rule=CashRule.REDUCE,
        costs=Commission(per_unit=Decimal("0.005"), minimum=Decimal(1)),
    )
    assert fills_of(made) == [(1, "98", "102", "03")]
    order = made.broker.get_order(1)
    assert (order.status, order.given_up_quantity) == (S.CANCELED, 1)
    assert reason_of(order.reason)[0] == "CASH_MUST_COVER_FILL"
    assert made.portfolio.get_cash_balance() == 3  # 10000 - 98 x 102 - 1


def test_with_margin_cash_goes_below_zero() -> None:
    made = run(
        bars_of("A", "100", "102"),
        {0: lambda now: now.buy("A", 1000)},
        initial_capital=10_000,
        cash_rule=CashRule.ALLOW_MARGIN,
    )
    assert fills_of(made) == [(1, "1000", "102", "03")]
    assert made.portfolio.get_cash_balance() == -92_000


# --- which path is kept, and what the other would have given (R3)

BRACKET_BAR = "100.00/103.50/97.50/102.00"


def enter(now: Now) -> None:
    now.submit_bracket(
        Order("A", BUY, 100), Order("A", SELL, 100, stop_price=98), Order("A", SELL, 100, limit_price=103)
    )


PATHS = [
    # the rule, the exit's price, the path that is kept
    pytest.param(PathRule.WORST, "98", "low_first", id="worst"),
    pytest.param(PathRule.NEAREST, "98", "low_first", id="nearest"),
    pytest.param(PathRule.HIGH_FIRST, "103", "high_first", id="high first"),
    pytest.param(PathRule.LOW_FIRST, "98", "low_first", id="low first"),
    pytest.param(PathRule.SUBBARS, "98", "low_first", id="no finer bars"),
]


@pytest.mark.parametrize(("rule", "price", "path"), PATHS)
def test_example_18_the_order_of_the_extremes_decides_and_is_said(rule: PathRule, price: str, path: str) -> None:
    made = run(bars_of("A", "100.00", BRACKET_BAR), {0: enter}, path=rule)
    entry, exit_ = made.broker.fills()
    assert (entry.price, exit_.price) == (100, Decimal(price))
    (event,) = (one for one in made.journal if isinstance(one, PathAmbiguous))
    loss, gain = "100 @ 98", "100 @ 103"
    kept, other = (loss, gain) if path == "low_first" else (gain, loss)
    other_path = "high_first" if path == "low_first" else "low_first"
    shared = {"path": path, "other_path": other_path, "at_stake": Decimal(500)}
    canceled = "no fill, canceled"
    outcomes = {
        2: (kept if price == "98" else canceled, canceled if price == "98" else loss),
        3: (canceled if price == "98" else kept, other if price == "98" else canceled),
    }
    expected = {number: shared | {"outcome": one, "other_outcome": two} for number, (one, two) in outcomes.items()}
    assert (event.timestamp, event.symbol, event.path, event.at_stake, event.part) == (at(1), "A", path, 500, 0)
    assert {number: dict(note.params) for number, note in event.notes} == expected
    assert entry.notes == ()
    assert exit_.notes == (dict(event.notes)[exit_.order_id],)
    assert made.money_at_stake == 500


def test_the_worse_path_is_kept_though_it_is_not_the_nearest() -> None:
    # the high is nearer, and there the target; the stop is worse, and comes first where the low does
    made = run(
        bars_of("A", "100.00", "100.00/101.50/97.50/101.00"),
        {
            0: lambda now: now.submit_bracket(
                Order("A", BUY, 100), Order("A", SELL, 100, stop_price=98), Order("A", SELL, 100, limit_price=101)
            )
        },
    )
    assert [str(fill.price) for fill in made.broker.fills()] == ["100.00", "98.00"]


def test_of_two_paths_that_leave_as_much_the_nearest_is_kept() -> None:
    def ask(now: Now) -> None:
        now.submit_oco(Order("A", BUY, 10, limit_price=99), Order("A", BUY, 10, stop_price=101, limit_price=101))

    made = run(bars_of("A", "100.00", "100.00/101.00/98.50/100.00"), {0: ask})
    # at 99.00 10 are worth 10 more at the close, at 101.00 10 less
    (event,) = (one for one in made.journal if isinstance(one, PathAmbiguous))
    assert (event.path, event.at_stake) == ("high_first", 20)
    assert fills_of(made) == [(2, "10", "101.00", "03")]


def test_a_tie_in_money_is_ambiguous_all_the_same() -> None:
    def ask(now: Now) -> None:
        now.submit_oco(Order("A", BUY, 10, limit_price=99), Order("A", SELL, 10, limit_price=101))

    made = run(bars_of("A", "100.00", "100.00/101.00/98.00/100.00"), {0: ask}, allow_short=True)
    (event,) = (one for one in made.journal if isinstance(one, PathAmbiguous))
    assert (event.path, event.at_stake) == ("high_first", 0)  # either gains 10; the high is nearer
    assert fills_of(made) == [(2, "-10", "101.00", "03")]
    assert made.money_at_stake == 0


def test_where_both_paths_agree_nothing_is_said() -> None:
    made = run(
        bars_of("A", "100.00", "100.00/101.50/98.50/101.20"),
        {
            0: lambda now: now.submit_bracket(
                Order("A", BUY, 100, limit_price=99),
                Order("A", SELL, 100, stop_price=Decimal("97.50")),
                Order("A", SELL, 100, limit_price=101),
            )
        },
    )
    assert fills_of(made) == [(1, "100", "99.00", "03"), (3, "-100", "101.00", "03")]
    assert not [one for one in made.journal if isinstance(one, PathAmbiguous)]
    assert all(fill.notes == () for fill in made.broker.fills())


def test_what_is_ambiguous_in_one_bar_is_not_said_of_the_next() -> None:
    made = run(
        bars_of("A", "100.00", "100.00/108.00/95.00/105.00", "97.00/99.00/96.00/98.00"),
        {
            0: lambda now: now.buy("A", 10),
            1: lambda now: now.sell("A", 10, trail_amount=10, stop_price=90),
        },
        path=PathRule.LOW_FIRST,
    )
    # asked for after the bar of the 3rd, so that only the next one is met
    assert not [one for one in made.journal if isinstance(one, PathAmbiguous)]
    made = run(
        bars_of("A", "100.00", "100.00", "100.00/108.00/95.00/105.00", "97.00/99.00/96.00/98.00"),
        {
            0: lambda now: now.buy("A", 10),
            1: lambda now: now.sell("A", 10, trail_amount=10, stop_price=90),
        },
        path=PathRule.LOW_FIRST,
    )
    assert len([one for one in made.journal if isinstance(one, PathAmbiguous)]) == 1
    assert fills_of(made) == [(1, "10", "100.00", "03"), (2, "-10", "97.00", "05")]
    assert notes_of(made) == [[], []]


def test_both_paths_are_walked_without_callbacks_and_with_no_trace() -> None:
    heard: list[int] = []
    made = run(bars_of("A", "100.00", BRACKET_BAR), Answering({0: enter}, answer=lambda _, fill: heard.append(fill.id)))
    assert heard == [1, 2]
    assert len(made.broker.fills()) == 2
    assert made.broker.order_count == 3
    assert made.portfolio.get_cash_balance() == 99_800  # 100000 - 200
    made.portfolio.check()


def test_the_paths_are_those_of_each_symbol_by_itself() -> None:
    def ask(now: Now) -> None:
        for symbol in "AB":
            now.submit_bracket(
                Order(symbol, BUY, 1), Order(symbol, SELL, 1, stop_price=98), Order(symbol, SELL, 1, limit_price=103)
            )

    bars = [bars_of("A", "100.00", BRACKET_BAR), bars_of("B", "100.00", "100.00/103.50/99.00/102.00")]
    made = run(bars, {0: ask})
    assert [event.symbol for event in made.journal if isinstance(event, PathAmbiguous)] == ["A"]
    assert sorted(str(fill.price) for fill in made.broker.fills()) == ["100.00", "100.00", "103.00", "98.00"]


# --- stops


def test_a_trigger_is_a_fact_of_its_own_before_the_fill() -> None:
    made = met(lambda now: now.buy("A", 1, stop_price=Decimal("50.50")), "50.00/51.00/49.00/50.00")
    facts = [(type(one).__name__, made.journal.phase_of(n)) for n, one in enumerate(made.journal)]
    assert facts[2:4] == [("OrderTriggered", Phase.LEG_2), ("OrderFilled", Phase.LEG_2)]
    (fill,) = made.broker.fills()
    assert (fill.price, fill.rule) == (Decimal("50.50"), FillRule.STOP)


def test_a_stop_that_was_asked_for_inside_a_bar_and_was_passed_is_triggered_there() -> None:
    def protect(now: Now, fill: Fill) -> None:
        if fill.id == 1:
            now.sell("A", 10, stop_price=Decimal("49.60"))

    answering = Answering({0: lambda now: now.buy("A", 10, limit_price=Decimal("49.50"))}, answer=protect)
    made = run(bars_of("A", "50.00", "50.00/51.00/49.00/50.00"), answering)
    triggers = [(one.stop_price, one.price) for one in made.journal if isinstance(one, OrderTriggered)]
    assert triggers == [(Decimal("49.60"), Decimal("49.50"))]
    assert [(str(fill.price), fill.rule) for fill in made.broker.fills()] == [
        ("49.50", FillRule.LEG),
        ("49.50", FillRule.INSTANT),
    ]


def test_a_strategy_hears_of_a_trigger_and_may_act_before_the_fill() -> None:
    def hear(now: Now, order: TrackedOrder) -> None:
        if order.is_triggered and order.status.is_open:
            now.cancel(order.id)

    script = {0: lambda now: now.buy("A", 1, stop_price=Decimal("50.50"))}
    made = run(bars_of("A", "50.00", "50.00/51.00/49.00/50.00"), Hearing(script, hear=hear))
    assert fills_of(made) == []
    assert made.broker.get_order(1).status is S.CANCELED


def test_a_trailing_stop_moves_to_each_place_where_something_happens() -> None:
    def ask(now: Now) -> None:
        now.sell("A", 5, limit_price=Decimal("51.00"))
        now.sell("A", 5, trail_amount=1, stop_price=40)

    made = run(
        bars_of("A", "50.00", "50.00", "50.20/52.00/50.00/50.50"),
        {0: lambda now: now.buy("A", 10), 1: ask},
        path=PathRule.HIGH_FIRST,
    )
    moves = [(str(one.before), str(one.after)) for one in made.journal if isinstance(one, StopMoved)]
    assert moves == [("40", "49.20"), ("49.20", "50.00"), ("50.00", "51.00")]
    assert fills_of(made)[1:] == [(2, "-5", "51.00", "04"), (3, "-5", "51.00", "04")]


def test_a_trailing_stop_that_is_asked_for_inside_a_bar_follows_from_where_it_was_tested() -> None:
    def protect(now: Now, fill: Fill) -> None:
        if fill.id == 1:
            now.sell("A", 10, trail_amount=Decimal("0.50"), stop_price=45)

    answering = Answering({0: lambda now: now.buy("A", 10, limit_price=Decimal("49.50"))}, answer=protect)
    made = run(bars_of("A", "50.00", "50.00/51.00/49.10/50.25"), answering, path=PathRule.HIGH_FIRST)
    moves = [(str(one.before), str(one.after)) for one in made.journal if isinstance(one, StopMoved)]
    # 49.50 - 0.50 where it was tested; the low of 49.10 does not reach it; then 50.25 - 0.50
    assert moves == [("45", "49.00"), ("49.00", "49.75")]
    assert [str(fill.price) for fill in made.broker.fills()] == ["49.50"]


def test_a_trailing_stop_that_follows_where_it_was_tested_is_met_on_the_rest_of_the_leg() -> None:
    def protect(now: Now, fill: Fill) -> None:
        if fill.id == 1:
            now.sell("A", 10, trail_amount=Decimal("0.40"), stop_price=45)

    answering = Answering({0: lambda now: now.buy("A", 10, limit_price=Decimal("49.50"))}, answer=protect)
    made = run(bars_of("A", "50.00", "50.00/51.00/49.10/50.25"), answering, path=PathRule.HIGH_FIRST)
    assert [(str(fill.price), fill.rule) for fill in made.broker.fills()] == [
        ("49.50", FillRule.LEG),
        ("49.10", FillRule.STOP),  # 49.50 - 0.40, at the very low
    ]


def test_each_move_of_a_stop_inside_a_bar_is_stamped_with_the_bar() -> None:
    made, events = Steps(), list[Event]()
    made.portfolio.update_position(symbol="A", quantity_delta=10, price=50, timestamp=at(2))
    made.broker.submit(Order("A", SELL, 10, trail_amount=5, stop_price=40))
    made.broker.subscribe(events.append)
    made.engine.run_bars([{"A": made.bar()}])
    moves = [(one.after, one.timestamp) for one in events if isinstance(one, StopMoved)]
    assert moves == [(45, at(3)), (46, at(3))]  # 50.00 - 5 at the open, 51.00 - 5 at the high


def test_a_reduction_comes_first_where_a_stop_has_just_followed_too() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 10, limit_price=Decimal("99.50"))
        now.buy("A", 5, limit_price=98)
        now.sell("A", 5, stop_price=98)

    def protect(now: Now, fill: Fill) -> None:
        if fill.id == 1:
            now.sell("A", 10, trail_amount=5, stop_price=90)

    made = run(
        bars_of("A", "100.00", "100.00/101.00/97.00/99.00"),
        Answering({0: ask}, answer=protect),
        path=PathRule.HIGH_FIRST,
        allow_short=True,
    )
    # the trail follows to 99.50 - 5 where it was asked for; further down the sale reduces what the first fill holds
    moves = [(str(one.after), one.timestamp) for one in made.journal if isinstance(one, StopMoved)]
    assert moves == [("94.50", at(1))]
    assert fills_of(made) == [(1, "10", "99.50", "03"), (3, "-5", "98.00", "03"), (2, "5", "98.00", "03")]


# --- the engine by itself


class Steps:
    """A broker, its portfolio and an engine that tells whom it calls, in step 3."""

    def __init__(self, **simulator: Any) -> None:
        self.portfolio, self.clock = PortfolioState(100_000), Clock(3)
        self.portfolio.mark("A", 50, at(2))
        self.broker = BacktestBroker(self.portfolio, clock=self.clock)
        self.simulator = MarketSimulator(**simulator)
        self.told: list[tuple[str, object]] = []
        self.engine = ExecutionEngine(
            self.broker,
            self.portfolio,
            self.simulator,
            on_fill=lambda fill: self.told.append(("fill", (fill.id, self.clock.instant, self.clock.part))),
            on_end=lambda order_id: self.told.append(("end", order_id)),
        )

    def bar(self, text: str = "50.00/51.00/49.00/50.25/5000", part: int = 0) -> StandingBar:
        made = StandingBar.of_row(bars_of("A", text), 0, 1, at(3))
        made.part = part
        self.simulator.open_pool(made, Decimal(1))
        return made


def test_an_engine_stands_where_its_broker_does_if_no_clock_is_given() -> None:
    made = Steps()
    made.broker.submit(Order("A", BUY, 1), eligible_step=3)
    made.broker.submit(Order("A", BUY, 1, limit_price=1), eligible_step=3)
    made.engine.begin_step(at(3))
    assert made.clock.phase is Phase.REQUESTS
    made.engine.run_bars([{"A": made.bar()}])
    assert made.clock.phase is Phase.LEG_3
    made.engine.close_bars({"A": made.bar()})
    assert made.clock.phase is Phase.CLOSE
    assert made.told == [("fill", (1, ("A", Decimal("50.00")), 0)), ("end", 1)]
    assert made.clock.instant is None


def test_whose_life_ends_when_a_step_begins_is_told() -> None:
    made = Steps()
    for life in (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.DAY):
        made.broker.submit(Order("A", BUY, 1, time_in_force=life))
    made.broker.request_cancel(2, at_once=False)
    made.engine.begin_step(at(3))
    assert made.told == [("end", 1), ("end", 3), ("end", 2)]


def test_of_finer_bars_one_after_the_other_is_walked_and_the_close_is_that_of_the_last() -> None:
    made = Steps()
    made.broker.submit(Order("A", BUY, 1, limit_price=Decimal("48.50")))
    made.broker.submit(Order("A", BUY, 1, type=OrderType.MARKET_ON_CLOSE))
    parts = [made.bar(), made.bar("49.00/49.50/48.00/48.75", part=1)]
    made.engine.run_bars([{"A": one} for one in parts])
    made.engine.close_bars({"A": parts[-1]})
    fills = [(fill.order_id, str(fill.price)) for fill in made.broker.fills()]
    assert fills == [(1, "48.50"), (2, "48.75")]
    assert [what for kind, what in made.told if kind == "fill"] == [(1, ("A", Decimal("48.50")), 1), (2, None, 1)]
    assert made.engine.why_open(1, parts) is None


@pytest.mark.parametrize("loaded", ["ABC", "CBA", "BCA"])
def test_between_symbols_reductions_come_before_increases_and_then_the_lower_number(loaded: str) -> None:
    made = Steps()
    made.portfolio.update_position(symbol="B", quantity_delta=1, price=10, timestamp=at(2))
    for symbol, side in {"A": BUY, "B": SELL, "C": BUY}.items():
        made.broker.submit(Order(symbol, side, 1))
    bars = {symbol: StandingBar.of_row(bars_of(symbol, "10"), 0, 1, at(3)) for symbol in loaded}
    made.engine.run_bars([bars])
    assert [fill.symbol for fill in made.broker.fills()] == ["B", "A", "C"]


def test_of_one_symbol_its_path_decides_and_not_the_turn() -> None:
    made = Steps(path_rule=PathRule.HIGH_FIRST)
    for symbol, price in (("A", "49.10"), ("B", "49.50"), ("A", "49.80")):
        made.broker.submit(Order(symbol, BUY, 1, limit_price=Decimal(price)))
    text = "50.00/51.00/49.00/50.25"
    made.engine.run_bars([{symbol: StandingBar.of_row(bars_of(symbol, text), 0, 1, at(3)) for symbol in "AB"}])
    # of A its third order comes first, though it has the last number; B has its turn before that, with a lower one
    assert [fill.order_id for fill in made.broker.fills()] == [2, 3, 1]


def test_at_the_close_each_bar_stands_at_its_close() -> None:
    made = Steps()
    made.broker.submit(Order("A", BUY, 1, type=OrderType.MARKET_ON_CLOSE))
    bar = made.bar()
    bar.place = 4_900
    made.engine.close_bars({"A": bar})
    assert [(str(fill.price), fill.rule) for fill in made.broker.fills()] == [("50.25", FillRule.CLOSE)]


def test_an_order_that_is_not_yet_eligible_is_left_alone() -> None:
    made = Steps()
    made.broker.submit(Order("A", BUY, 1), eligible_step=4)
    made.broker.submit(Order("A", SELL, 1, trail_amount=1), eligible_step=4)
    made.engine.run_bars([{"A": made.bar("50.00/60.00/49.00/59.00")}])
    assert made.told == []
    assert reason_of(made.engine.why_open(1, [made.bar()])) == ("NOT_ELIGIBLE_UNTIL", {"eligible": 4, "step": 3})


def test_of_an_order_that_is_tested_once_what_sleeps_is_not_tested() -> None:
    made = Steps()
    made.broker.submit(Order("A", BUY, 10, time_in_force=IOC))
    made.broker.tracker.find(1).asleep = Decimal(4)
    made.engine.run_bars([{"A": made.bar()}])
    tracked = made.broker.get_order(1)
    assert (tracked.status, tracked.filled_quantity, tracked.asleep_quantity) == (S.PARTIALLY_FILLED, 6, 4)


def test_without_open_orders_no_phase_is_entered() -> None:
    made = Steps()
    made.engine.run_bars([{"A": made.bar()}])
    assert made.clock.phase is Phase.STRATEGY


def test_at_the_close_only_new_market_orders_fill() -> None:
    made = Steps()
    made.broker.submit(Order("A", BUY, 1), eligible_step=3)  # not of the next step
    made.broker.submit(Order("A", BUY, 1, limit_price=60), eligible_step=4)
    made.broker.submit(Order("A", BUY, 1, type=OrderType.MARKET_ON_OPEN), eligible_step=4)
    made.broker.submit(Order("A", BUY, 1), eligible_step=4)
    made.broker.submit(Order("A", BUY, 1), eligible_step=4)
    made.broker.submit(Order("A", BUY, 1), eligible_step=5)
    made.broker.submit(Order("B", BUY, 1), eligible_step=4)  # has no bar
    made.broker.request_cancel(5, at_once=False)
    made.clock.phase = Phase.LEG_1
    made.broker.submit(Order("A", BUY, 1), eligible_step=4)  # asked for before the close
    made.clock.phase = Phase.STRATEGY
    none_of_c = StandingBar.of_row(bars_of("C", "10"), 0, 1, at(3))
    made.engine.fill_at_close({"C": none_of_c, "A": made.bar()})
    (fill,) = made.broker.fills()
    assert (fill.order_id, fill.price, fill.rule) == (4, Decimal("50.25"), FillRule.SAME_CLOSE)
    assert fill.timestamp == at(3)
    assert made.told == [("fill", (1, None, 0)), ("end", 4)]


def test_at_the_close_a_day_order_begins_its_life() -> None:
    made = Steps(volume_cap=Decimal("0.1"))
    made.broker.submit(Order("A", BUY, 800, time_in_force=TimeInForce.DAY), eligible_step=4)
    made.engine.fill_at_close({"A": made.bar()})
    record = made.broker.tracker.find(1)
    assert (record.remaining, record.day) == (300, at(3).date())
    made.clock.step = 4
    made.engine.begin_step(at(4))
    assert made.broker.get_order(1).status is S.EXPIRED


def test_an_order_that_is_over_has_no_reason_to_be_open() -> None:
    made = Steps()
    made.broker.submit(Order("A", BUY, 0))
    assert made.engine.why_open(1, [made.bar()]) is None
    made.broker.submit(Order("A", BUY, 1, limit_price=40))
    assert reason_of(made.engine.why_open(2, [made.bar()]))[0] == "LIMIT_NOT_REACHED"
    made.broker.cancel(2)
    assert made.engine.why_open(2, [made.bar()]) is None


def test_a_last_price_is_of_this_step_if_nothing_else_is_said() -> None:
    made = Steps()
    made.broker.submit(Order("A", BUY, 1))
    assert reason_of(made.engine.why_open(1, [])) == ("NO_BAR", {"symbol": "A", "steps": 0})


def test_a_single_order_fills_in_whole_steps_of_its_instrument() -> None:
    portfolio, simulator = PortfolioState(100_000), MarketSimulator(volume_cap=Decimal("0.1"))
    broker = BacktestBroker(portfolio, instruments=[Instrument("A", quantity_step=Decimal(1))])
    simulator.stand_on(bar_of("50/51/49/50.25/5009", "A"))
    fills = ExecutionEngine(broker, portfolio, simulator).process(Order("A", BUY, 800))
    assert [fill.quantity for fill in fills] == [500]  # of 500.9


def test_a_single_order_takes_what_is_left_of_its_bar_once() -> None:
    portfolio = PortfolioState(100_000)
    broker, simulator = BacktestBroker(portfolio), MarketSimulator(volume_cap=Decimal("0.1"))
    simulator.stand_on(bar_of("50/51/49/50.25/5009", "A"))
    engine = ExecutionEngine(broker, portfolio, simulator)
    assert [fill.quantity for fill in engine.process(Order("A", BUY, 800))] == [Decimal("500.9")]
    closing = engine.process(Order("A", BUY, 1, type=OrderType.MARKET_ON_CLOSE))
    assert [(fill.price, fill.rule) for fill in closing] == [(Decimal("50.25"), FillRule.CLOSE)]


def test_an_order_that_had_to_fill_and_lapsed_carries_why() -> None:
    floor = Floor(B1)
    with pytest.raises(OrderNotFilledError, match=r"^order 1 is CANCELED: limit 100 not reached, low 101, ") as caught:
        floor.engine.fill(Order("ACME", BUY, 1, limit_price=100, time_in_force=IOC))
    assert isinstance(caught.value.reason, Reason)


def test_a_cancel_inside_a_bar_is_stamped_with_the_bar_and_not_with_the_newest_mark() -> None:
    made, events = Steps(), list[Event]()  # the newest mark is of step 2
    made.broker.submit(Order("A", BUY, 1, limit_price=40, time_in_force=IOC))
    made.broker.subscribe(events.append)
    made.engine.run_bars([{"A": made.bar()}])
    assert [(type(one), one.timestamp) for one in events] == [(OrderCanceled, at(3))]


def test_a_cancel_inside_a_bar_is_stamped_with_the_bar() -> None:
    made = met(lambda now: now.buy("A", 1, limit_price=40, time_in_force=IOC), "50.00")
    (event,) = (one for one in made.journal if isinstance(one, OrderCanceled))
    assert event.timestamp == at(1)


def ambiguities(made: Steps, text: str, part: int = 0) -> list[PathAmbiguous]:
    """Walk a bar, and return what is ambiguous in it."""
    events: list[Event] = []
    made.broker.subscribe(events.append)
    made.engine.run_bars([{"A": made.bar(text, part)}])
    return [event for event in events if isinstance(event, PathAmbiguous)]


def test_what_is_ambiguous_in_a_finer_bar_says_in_which() -> None:
    made = Steps()
    exits = [Order("A", SELL, 100, stop_price=98), Order("A", SELL, 100, limit_price=103)]
    made.broker.submit_bracket(Order("A", BUY, 100), exits)
    (event,) = ambiguities(made, BRACKET_BAR, part=2)
    assert (event.at_stake, event.part) == (500, 2)  # 100 x (103 - 98)


def test_the_other_path_is_walked_by_the_same_rules() -> None:
    made = Steps(slippage=Slippage(ticks=10))
    exits = [Order("A", SELL, 100, stop_price=98), Order("A", SELL, 100, limit_price=103)]
    made.broker.submit_bracket(Order("A", BUY, 100), exits)
    (event,) = ambiguities(made, BRACKET_BAR)
    assert event.at_stake == 510  # 100 x (103.00 - 97.90)


def test_on_the_other_path_too_an_exit_is_tested_where_its_entry_fills() -> None:
    made = Steps()
    exits = [Order("A", SELL, 10, stop_price=100), Order("A", SELL, 10, limit_price=Decimal("101.50"))]
    made.broker.submit_bracket(Order("A", BUY, 10, stop_price=102), exits)
    # on either path it is bought at 102.00 and sold there, for that is above its target
    assert ambiguities(made, "101.00/103.00/99.00/100.50") == []
    assert [(fill.order_id, str(fill.price)) for fill in made.broker.fills()] == [(1, "102.00"), (3, "102.00")]


# --- against a walk of the path, tick by tick

Wished: TypeAlias = tuple[int, int | None]
"""The sign of an order for one unit, and its limit in cents."""


def walked(
    bar: tuple[int, int, int, int], orders: list[Wished], answers: list[Wished], beyond: int
) -> list[tuple[int, Decimal, FillRule]]:
    """Return number, price and rule of each order that fills on the path, in turn.

    Each fill is answered with the next of the answers, which meets the price there as others meet the open.
    """
    path, held = nearest(*bar), 0
    waiting = {number: (sign, limit, -1) for number, (sign, limit) in enumerate(orders, start=1)}
    submitted, left = len(orders), list(answers)
    fills = []
    places = [(path[0], FillRule.OPEN)]
    for start, end in pairwise(path):
        direction = 1 if end > start else -1
        places += [(price, FillRule.LEG) for price in range(start, end + direction, direction)]
    for place, (price, rule) in enumerate(places):
        while ready := [
            (held * sign >= 0, number)
            for number, (sign, limit, _) in waiting.items()
            if limit is None or (limit - price) * sign >= beyond
        ]:
            _, number = min(ready)
            sign, limit, entered = waiting.pop(number)
            if rule is FillRule.LEG and entered == place:
                fills.append((number, cents(price), FillRule.INSTANT))
            else:
                fills.append((number, cents(price if limit is None or rule is FillRule.OPEN else limit), rule))
            held += sign
            if left:
                submitted += 1
                waiting[submitted] = (*left.pop(0), place)
    return fills


wished = st.tuples(st.sampled_from((1, -1)), st.none() | st.integers(970, 1030))


def submit(now: Now, wish: Wished) -> None:
    sign, limit = wish
    now.submit(Order("A", BUY if sign > 0 else SELL, 1, limit_price=None if limit is None else cents(limit)))


@given(candles(980, 1020), st.lists(wished, max_size=6), st.lists(wished, max_size=5), st.sampled_from(LimitRule))
def test_orders_fill_as_a_walk_tick_by_tick_says(
    bar: tuple[int, int, int, int], orders: list[Wished], answers: list[Wished], rule: LimitRule
) -> None:
    left = list(answers)

    def ask(now: Now) -> None:
        for wish in orders:
            submit(now, wish)

    def answer(now: Now, _: Fill) -> None:
        if left:
            submit(now, left.pop(0))

    text = "/".join(str(cents(price)) for price in bar)
    answering = Answering({0: ask}, answer=answer)
    made = run(bars_of("A", "10.00", text), answering, limit_rule=rule, allow_short=True, path=PathRule.NEAREST)
    fills = [(fill.order_id, fill.price, fill.rule) for fill in made.broker.fills()]
    assert fills == walked(bar, orders, answers, beyond=rule is LimitRule.THROUGH)
    assert all(made.why_open(order.id) is not None for order in made.broker.open_orders())


def test_an_order_asked_for_inside_a_bar_that_is_stamped_after_its_time_never_fills_and_claims_nothing() -> None:
    def answer(now: Now, fill: Fill) -> None:
        if fill.order_id == 1:
            now.buy("ACME", 900, good_till=at(0))
            now.buy("ACME", 900)

    # 100000 - 100 x 100 leave 90000: enough for one of the two purchases of 900 at 100, and the first has no life
    made = run(bars_of("ACME", "100", "100", "100"), Answering({0: lambda now: now.buy("ACME", 100)}, answer=answer))
    assert fills_of(made) == [(1, "100", "100", "03"), (3, "900", "100", "03")]
    assert made.broker.get_order(2).status is S.EXPIRED
