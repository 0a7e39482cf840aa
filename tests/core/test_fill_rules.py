"""The worked examples of the fill rules, with the numbers of that page.

B1 = 101.00 / 102.00 / 99.50 / 100.50, and the close before it 100.00. The tick is 0.01, the quantity step 1, the cash
ample, and there is no commission, if nothing else is said.
"""

from decimal import Decimal
from typing import Any

import pytest

from core.backtest.loop import Backtest
from core.backtest.settings import Timing
from core.backtest.strategy import Now
from core.execution.broker import BacktestBroker
from core.execution.costs import Commission
from core.execution.engine import ExecutionEngine
from core.execution.market_simulator import MarketSimulator
from core.execution.path import LimitRule
from core.fill import Fill, FillRule
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderStatus, Side
from core.risk.portfolio import PortfolioState
from tests.core.builders import B1, BEFORE_B1, Action, at, backtest, bar_of, bars_of, fills_of, reason_of, run

UNITS = Instrument("ACME", tick_size=Decimal("0.01"), quantity_step=Decimal(1))
PER_UNIT = Commission(per_unit=Decimal("0.005"), minimum=Decimal(1))
CENT = Commission(per_unit=Decimal("0.01"))


def on_bar(text: str, order: tuple[Side, int, str | None], held: int = 0, **settings: Any) -> tuple[Backtest, int]:
    """Submit an order after a close of 100.00, let it meet one bar, and return the run and the order's number."""
    side, quantity, limit = order
    price = None if limit is None else Decimal(limit)
    steps: dict[int, Action] = {
        0: lambda now: now.buy("ACME", held) if held else None,
        1: lambda now: now.submit(Order("ACME", side, quantity, limit_price=price)),
    }
    made = run(bars_of("ACME", "100.00", BEFORE_B1, text), steps, **settings)
    return made, made.broker.order_count


FILLS = [
    # number, bar, order, settings, price, rule, the day it fills on (the bar is of the 4th)
    pytest.param(B1, (BUY, 100, None), {}, "101.00", FillRule.OPEN, "04", id="1 a market order at the open"),
    pytest.param(
        B1,
        (BUY, 100, None),
        {"timing": Timing.SAME_CLOSE},
        "100.00",
        FillRule.SAME_CLOSE,
        "03",
        id="4 at the close of the bar before, optimistic",
    ),
    pytest.param(B1, (BUY, 100, "99.75"), {}, "99.75", FillRule.LEG, "04", id="5 a buy limit on the falling leg"),
    pytest.param(B1, (BUY, 100, "101.50"), {}, "101.00", FillRule.OPEN, "04", id="6 a buy limit the open improves"),
    pytest.param(B1, (BUY, 100, "99.50"), {}, "99.50", FillRule.LEG, "04", id="7 a buy limit that the low touches"),
]


@pytest.mark.parametrize(("text", "order", "settings", "price", "rule", "day"), FILLS)
def test_an_order_fills_at_this_price_by_this_rule(
    text: str, order: tuple[Side, int, str | None], settings: dict[str, Any], price: str, rule: FillRule, day: str
) -> None:
    made, _ = on_bar(text, order, **settings)
    (fill,) = made.broker.fills()
    assert (fill.quantity, str(fill.price), fill.rule, f"{fill.timestamp:%d}") == (100, price, rule, day)
    assert ("optimistic" in fill.rule.value) == (rule is FillRule.SAME_CLOSE)


NON_FILLS = [
    pytest.param(
        B1,
        (BUY, 100, "99.50"),
        {"limit_rule": LimitRule.THROUGH},
        "LIMIT_TOUCHED_NOT_THROUGH",
        {"limit": "99.50", "extreme_name": "low", "extreme": "99.50", "needed": "99.49"},
        id="7 touched, not traded through",
    ),
    pytest.param(
        "101.00/102.99/100.00/102.00",
        (SELL, 100, "103.00"),
        {},
        "LIMIT_NOT_REACHED",
        {"limit": "103.00", "extreme_name": "high", "extreme": "102.99", "ticks": "1"},
        id="8 one tick short",
    ),
]


@pytest.mark.parametrize(("text", "order", "settings", "code", "params"), NON_FILLS)
def test_an_order_does_not_fill_for_this_reason(
    text: str, order: tuple[Side, int, str | None], settings: dict[str, Any], code: str, params: dict[str, str]
) -> None:
    made, order_id = on_bar(text, order, held=100 if order[0] is SELL else 0, **settings)
    expected = {name: value if name.endswith("name") else Decimal(value) for name, value in params.items()}
    assert reason_of(made.why_open(order_id)) == (code, expected)
    assert made.broker.get_order(order_id).status is OrderStatus.ACCEPTED


@pytest.mark.parametrize(
    ("limit", "needed"), [pytest.param("99.50", "99.49", id="7"), pytest.param("99.5", "99.49", id="7 without a zero")]
)
def test_example_7_one_tick_is_the_instruments_also_without_a_run(limit: str, needed: str) -> None:
    portfolio, simulator = PortfolioState(100_000), MarketSimulator(LimitRule.THROUGH)
    simulator.stand_on(bar_of("101/102/99.5/100.5"))
    broker = BacktestBroker(portfolio, instruments=[UNITS])
    engine = ExecutionEngine(broker, portfolio, simulator)
    assert engine.process(Order("ACME", BUY, 100, limit_price=Decimal(limit))) == []
    reason = engine.why_open(1, simulator.standing(broker.get_order(1).order, UNITS.tick_size))
    assert reason_of(reason)[1]["needed"] == Decimal(needed)


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
        Order("ACME", BUY, 100),
        "CASH_MUST_COVER_PURCHASE",
        # 100 x 100.00 + max(1.00, 0.50)
        {"needed": "10001.00", "available": "10000.00", "missing": "1.00", "at_most": "99"},
        id="29 cash must cover a purchase",
    ),
    pytest.param(
        {"held": 50, "commission": CENT},
        Order("ACME", SELL, 80),
        "POSITION_MUST_COVER_SALE",
        {"held": "50", "other_sales": "0", "asked": "80", "at_most": "50"},
        id="32 the position must cover a sale",
    ),
    pytest.param(
        {},
        Order("ACME", BUY, 1, limit_price=Decimal("99.995")),
        "PRICE_MUST_BE_ON_TICK",
        {"price": "99.995", "tick": "0.01", "below": "99.99", "above": "100.00"},
        id="35 a price must be on the tick",
    ),
]


@pytest.mark.parametrize(("setting", "order", "code", "params"), REJECTIONS)
def test_an_order_is_rejected_for_this_reason(
    setting: dict[str, Any], order: Order, code: str, params: dict[str, str]
) -> None:
    _, broker = broker_of(**setting)
    tracked = broker.get_order(broker.submit(order))
    assert tracked.status is OrderStatus.REJECTED
    assert reason_of(tracked.reason) == (code, {name: Decimal(value) for name, value in params.items()})


def test_example_30_an_accepted_order_that_cash_does_not_cover_at_the_open_is_canceled() -> None:
    made = run(
        bars_of("ACME", "100.00", "102.00/103.00/101.00/102.00"),
        {0: lambda now: now.buy("ACME", 99)},
        initial_capital=10_000,
        costs=PER_UNIT,
    )
    order = made.broker.get_order(1)
    assert (order.status, order.given_up_quantity, made.broker.fills()) == (OrderStatus.CANCELED, 99, [])
    # 99 x 102.00 + 1.00; 10099 - 10000
    expected = {"price": "102.00", "needed": "10099.00", "available": "10000", "missing": "99.00"}
    assert reason_of(order.reason) == (
        "CASH_MUST_COVER_FILL",
        {name: Decimal(value) for name, value in expected.items()},
    )


def test_example_31_a_flip_closes_and_then_opens() -> None:
    portfolio, broker = broker_of(50, "10.00", mark="12.00", allow_short=True, commission=CENT)
    cash = portfolio.get_cash_balance()
    fill = ExecutionEngine(broker, portfolio).fill(Order("ACME", SELL, 80))
    position = portfolio.get_position("ACME")
    assert (fill.price, fill.commission) == (Decimal("12.00"), Decimal("0.80"))  # 80 x 0.01
    assert position.realized_pnl == Decimal("100.00")  # 50 x (12 - 10)
    assert (position.quantity, position.average_price) == (-30, Decimal("12.00"))
    assert portfolio.get_cash_balance() - cash == Decimal("959.20")  # 80 x 12 - 0.80


def test_example_33_the_commission_of_an_order_that_fills_twice() -> None:
    portfolio, broker = broker_of(commission=PER_UNIT)
    order_id = broker.submit(Order("ACME", BUY, 150))
    first = PER_UNIT.total(Decimal(100), Decimal(10_000))  # max(1.00, 0.50)
    broker.execute_fill(Fill(1, order_id, "ACME", BUY, 100, Decimal("100.00"), at(1), first))
    second = broker.check_fill(broker.tracker.find(order_id), Decimal("100.00"))
    assert (second.quantity, first, second.commission) == (50, Decimal("1.00"), Decimal("0.00"))  # max(1.00, 0.75) - 1
    broker.execute_fill(Fill(2, order_id, "ACME", BUY, 50, Decimal("100.00"), at(1), second.commission))
    assert broker.get_order(order_id).commissions == Decimal("1.00")
    assert portfolio.commissions == 0  # the broker records, and books nothing


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


def test_example_36_an_order_is_not_filled_by_the_low_of_the_bar_it_was_decided_on() -> None:
    submit: dict[int, Action] = {1: lambda now: now.buy("ACME", 100, limit_price=Decimal("99.50"))}
    made = run(bars_of("ACME", "100.00", "100.00/101.00/99.00/100.00"), submit)
    assert made.broker.fills() == []
    assert reason_of(made.why_open(1)) == ("NOT_ELIGIBLE_UNTIL", {"eligible": 2, "step": 1})


def test_example_37_without_a_bar_nothing_fills_until_the_next_real_open() -> None:
    bars = [bars_of("ACME", BEFORE_B1, "-", B1), bars_of("OTHER", "20.00", "20.00", "20.00")]
    made = backtest(bars, {0: lambda now: now.buy("ACME", 100)})
    made.run_until(lambda made: made.step_count == 2)
    assert made.broker.fills() == []
    assert reason_of(made.why_open(1)) == ("NO_BAR", {"symbol": "ACME", "steps": 1})
    made.run()
    assert fills_of(made) == [(1, "100", "101.00", "04")]


def test_example_38_a_sale_pays_for_a_purchase_of_the_same_open() -> None:
    def switch(now: Now) -> None:
        now.sell("A", 100)
        now.buy("B", 500)

    # all 10,000 go into 100 A at 100.00; then A is sold at 101.00 = 10,100 and 500 B cost 10,000
    bars = [bars_of("A", "100.00", "100.00", B1), bars_of("B", "20.00", "20.00", "20.00/21.00/19.00/20.50")]
    for loaded in (bars, bars[::-1]):
        made = run(loaded, {0: lambda now: now.buy("A", 100), 1: switch}, initial_capital=10_000)
        accepted = [made.broker.get_order(number).status for number in (2, 3)]
        assert accepted == [OrderStatus.FILLED] * 2
        assert fills_of(made)[1:] == [(2, "-100", "101.00", "04"), (3, "500", "20.00", "04")]
        assert made.portfolio.get_cash_balance() == 100


def test_example_38_whichever_of_the_two_was_asked_for_first() -> None:
    def switch(now: Now) -> None:
        order = now.sell("A", 100)
        now.buy("B", 500)
        now.cancel(order)
        now.sell("A", 100)

    # the purchase has the lower number of the two that are left, and still the sale, a reduction, comes first
    bars = [bars_of("A", "100.00", "100.00", B1), bars_of("B", "20.00", "20.00", "20.00")]
    made = run(bars, {0: lambda now: now.buy("A", 100), 1: switch}, initial_capital=10_000)
    assert fills_of(made)[1:] == [(4, "-100", "101.00", "04"), (3, "500", "20.00", "04")]
