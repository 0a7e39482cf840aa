"""Equity and its peak at the end of every step, compared with what one gets by adding everything up anew."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backtest.loop import Backtest
from core.backtest.settings import Settings, Timing
from core.backtest.strategy import Now
from core.execution.costs import Commission
from tests.core.builders import backtest, bars_of, run
from tests.generators import Market, Planned, cents, markets, plans

CAPITAL = Decimal(2000)


def added_up(made: Backtest, step: int) -> Decimal:
    """Return cash and market values at the end of a step, from the fills and the bars alone."""
    time = made.feed.time(step)
    fills = [fill for fill in made.broker.fills() if fill.timestamp <= time]
    value = CAPITAL - sum(fill.quantity_delta * fill.price + fill.commission for fill in fills)
    for bars in made.bars:
        held = sum((fill.quantity_delta for fill in fills if fill.symbol == bars.symbol), Decimal(0))
        closes = [bar.close for bar in map(bars.bar, range(len(bars))) if bar.time <= time]
        value += held * closes[-1] if held else 0
    return value


SETTINGS = [
    Settings(initial_capital=CAPITAL, allow_short=allow_short, timing=timing, costs=Commission(minimum=cents(75)))
    for allow_short in (False, True)
    for timing in Timing
]


@given(markets(), plans(), st.sampled_from(SETTINGS))
def test_equity_and_drawdown_are_those_of_adding_up_everything_anew(
    market: Market, plan: Planned, settings: Settings
) -> None:
    made, peak = Backtest(market.bars, plan, settings), CAPITAL
    curve = []
    while made.step():
        equity = added_up(made, made.clock.step)
        peak = max(peak, equity)
        curve.append(equity)
        assert made.portfolio.equity == equity
        assert made.equity_curve.equity(made.clock.step) == equity
        assert made.portfolio.drawdown == peak - equity
        ratio = Fraction(made.portfolio.drawdown_ratio) - Fraction(peak - equity) / Fraction(peak)
        assert abs(ratio) <= Fraction(1, 2 * 10**12)
        made.portfolio.check()
    steps = range(len(made.feed))
    assert [made.equity_curve.equity(step) for step in steps] == curve
    highest = [max(CAPITAL, *curve[: step + 1]) - CAPITAL for step in steps]
    assert [made.equity_curve.peak_profit(step) for step in steps] == highest
    assert [made.equity_curve.peak_profit(step) for step in reversed(steps)] == highest[::-1]


@given(markets(), plans(), st.sampled_from(SETTINGS))
def test_looking_at_the_drawdown_changes_no_later_drawdown(market: Market, plan: Planned, settings: Settings) -> None:
    looking = Backtest(market.bars, plan, settings)  # a plan notes the drawdown at each step
    blind = Backtest(market.bars, Planned(plan.steps, plan.answers, is_looking=False), settings)
    looking.run()
    blind.run()
    assert looking.journal.canonical_bytes() == blind.journal.canonical_bytes()
    assert looking.portfolio.drawdown == blind.portfolio.drawdown


CURVES = [
    pytest.param(["100", "100", "130", "110"], 5, [0, 0, 150, 50], "100", id="a long"),  # 5 x 30; 5 x 20 down
    pytest.param(["100", "100", "70", "90"], -5, [0, 0, 150, 50], "100", id="a short"),
    pytest.param(["100", "100", "90", "95"], 5, [0, 0, -50, -25], "25", id="a long below the start"),
]


@pytest.mark.parametrize(("closes", "quantity", "profits", "drawdown"), CURVES)
def test_profit_and_drawdown_of_one_position(
    closes: list[str], quantity: int, profits: list[int], drawdown: str
) -> None:
    def trade(now: Now) -> None:
        (now.buy if quantity > 0 else now.sell)("A", abs(quantity))

    made = run(bars_of("A", *closes), {0: trade}, allow_short=True, initial_capital=CAPITAL)
    assert [made.equity_curve.equity(step) - CAPITAL for step in range(4)] == profits
    assert made.portfolio.drawdown == Decimal(drawdown)


def test_deposits_and_withdrawals_move_equity_and_are_no_profit() -> None:
    made = backtest(bars_of("A", "100", "100", "130", "110"), {0: lambda now: now.buy("A", 5)}, initial_capital=CAPITAL)
    made.step()
    made.step()
    made.portfolio.deposit(500, made.feed.time(1))
    made.step()
    made.portfolio.withdraw(1000, made.feed.time(2))
    made.step()
    # 2000 + 500 at the end of step 1, + 150 - 1000 at that of step 2, - 100
    assert [made.equity_curve.equity(step) for step in range(4)] == [2000, 2500, 1650, 1550]
    assert [made.equity_curve.peak_profit(step) for step in range(4)] == [0, 0, 150, 150]
    assert made.portfolio.drawdown == 100


def test_income_between_two_steps_counts_in_the_step_that_is_over() -> None:
    def trade(*, look: bool) -> Decimal:
        made = backtest(bars_of("A", "100", "100", "90"), {0: lambda now: now.buy("A", 5)}, initial_capital=CAPITAL)
        made.step()
        made.step()
        if look:
            assert made.portfolio.drawdown == 0
        made.portfolio.receive_income(40, made.feed.time(1))
        made.step()
        return made.portfolio.drawdown

    # at the end of step 1 the profit was 40, now it is 40 - 50
    assert (trade(look=False), trade(look=True)) == (50, 50)


def test_a_fill_at_the_close_counts_in_that_close_though_somebody_looked_before() -> None:
    def trade(*, look: bool) -> Decimal:
        def sell(now: Now) -> None:
            now.sell("A", 5)
            assert not look or now.drawdown == 0

        made = run(
            bars_of("A", "100", "130", "130"),
            {0: lambda now: now.buy("A", 5), 1: sell},
            initial_capital=CAPITAL,
            timing=Timing.SAME_CLOSE,
            costs=Commission(minimum=Decimal(10)),
        )
        return made.portfolio.drawdown

    # the ends of the steps are 1990, 2000 - 20 + 150 = 2130 and 2130: there is no fall
    assert (trade(look=False), trade(look=True)) == (0, 0)


def test_facts_that_move_neither_cash_nor_a_position_leave_equity_as_it_was() -> None:
    made = backtest(bars_of("A", "100", "110", "120"), {0: lambda now: now.buy("A", 5, limit_price=1)})
    made.step()
    assert len(made.journal) == 2  # submitted, accepted
    assert made.equity_curve.equity(0) == 100_000
    made.run()
    assert [made.equity_curve.equity(step) for step in range(3)] == [100_000] * 3
    assert made.equity_curve.peak_profit(2) == 0
