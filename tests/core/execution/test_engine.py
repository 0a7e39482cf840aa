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
from core.errors import NoMarkError, OrderNotFilledError
from core.events import Event, OrderEvent, OrderRejected
from core.execution.broker import BacktestBroker
from core.execution.costs import Commission
from core.execution.engine import ExecutionEngine
from core.execution.market_simulator import MarketSimulator
from core.execution.path import LimitRule, nearest
from core.fill import Fill, FillRule
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderStatus, Side, TimeInForce, TrackedOrder
from core.risk.portfolio import PortfolioState
from tests.core.builders import (
    B1,
    BEFORE_B1,
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
    assert reason_of(made.broker.get_order(1).reason)[1]["day"] == "2024-01-03"


def test_a_day_order_asked_for_inside_a_bar_lives_for_that_bars_date() -> None:
    def take_gain(now: Now, _: Fill) -> None:
        now.sell("A", 1, limit_price=103, time_in_force=TimeInForce.DAY)

    made = run(
        bars_of("A", "100", "100", "102/104/102/103"),
        Answering({0: lambda now: now.buy("A", 1)}, answer=take_gain),
    )
    assert made.broker.get_order(2).status is S.EXPIRED
    assert reason_of(made.broker.get_order(2).reason)[1]["day"] == "2024-01-03"


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
    # 99 x 102 = 10098
    expected = {"price": Decimal(102), "needed": Decimal(10098), "available": Decimal(10000), "missing": Decimal(98)}
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
    note = made.broker.fills()[1].note
    assert reason_of(note) == ("CASH_BELOW_ZERO", {"cash": Decimal(-500)})  # 1500 - 50 x 40
    assert made.portfolio.get_cash_balance() == -500
    assert made.broker.fills()[0].note is None


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
    made = run(bars_of("A", "10.00", text), answering, limit_rule=rule, allow_short=True)
    fills = [(fill.order_id, fill.price, fill.rule) for fill in made.broker.fills()]
    assert fills == walked(bar, orders, answers, beyond=rule is LimitRule.THROUGH)
    assert all(made.why_open(order.id) is not None for order in made.broker.open_orders())
