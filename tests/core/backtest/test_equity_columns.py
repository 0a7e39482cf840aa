"""Equity as columns: at the end of every step what the curve and the portfolio say of it."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backtest.equity_columns import equity_columns
from core.backtest.loop import Backtest
from core.backtest.settings import Settings, SplitRule, Timing
from core.corporate_action import CorporateAction
from core.errors import InputError
from core.protocols import PortfolioView
from core.replay.timeline import Timeline
from tests.core.builders import backtest, bars_of, run
from tests.generators import SYMBOLS, Market, Planned, corporate_actions, markets, plans, run_settings

SEEN = ("net_exposure", "gross_exposure", "equity", "drawdown", "realized_pnl", "unrealized_pnl", "commissions")


def columns_of(made: Backtest, first: int = 0) -> pl.DataFrame:
    steps = range(first, made.step_count)
    return equity_columns(made.feed, made.journal.rows, made.settings.initial_capital, steps)


def seen(portfolio: PortfolioView) -> list[Decimal]:
    return [portfolio.get_cash_balance(), *(getattr(portfolio, name) for name in SEEN)]


@given(
    markets(),
    plans(),
    run_settings(splits=st.just(SplitRule.APPLY)),
    st.just([]) | corporate_actions(SYMBOLS),
)
def test_every_row_is_what_the_portfolio_and_the_curve_said_at_the_end_of_its_step(
    market: Market, plan: Planned, settings: Settings, actions: list[CorporateAction]
) -> None:
    made = Backtest(market.bars, plan, settings, actions=actions)
    expected, income = [], []
    while made.step():
        expected.append(seen(made.portfolio))
        income.append(made.portfolio.income)
    frame = columns_of(made)
    steps = range(made.step_count)
    assert list(map(list, frame.select("cash", *SEEN).rows())) == expected
    assert frame["income"].to_list() == income
    assert frame["step"].to_list() == list(steps)
    assert frame["time"].to_list() == [made.feed.time(step) for step in steps]
    assert frame["equity"].to_list() == [made.equity_curve.equity(step) for step in steps]
    assert frame["drawdown"].to_list() == [made.equity_curve.drawdown(step) for step in steps]
    peaks = [made.equity_curve.peak_profit(step) + settings.initial_capital for step in steps]
    assert frame["peak_equity"].to_list() == peaks
    moments = Timeline(made).steps()
    assert [seen(moment) for moment in moments] == expected
    for first in (1, len(steps) // 2, len(steps)):
        assert columns_of(made, first).equals(frame[first:])


def test_rows_of_a_run_that_goes_on_stay_as_they_were() -> None:
    bars = [bars_of("A", "100", "130", "110", "120"), bars_of("B", "-", "50", "-", "40", "45")]
    made = backtest(bars, {1: lambda now: [now.buy("A", 5), now.sell("B", 3)]}, allow_short=True)
    seen_before = columns_of(made)
    assert seen_before.is_empty()
    while made.step():
        frame = columns_of(made)
        assert frame[: seen_before.height].equals(seen_before)
        seen_before = frame
    # 5 A at 110 and -3 B at 40, no cost; the last closes are 120 and 45, and what lies between is -3 x 40 + 5 x 120
    assert frame["net_exposure"].to_list() == [0, 0, 550, 480, 465]
    assert frame["gross_exposure"].to_list() == [0, 0, 550, 720, 735]
    assert frame["equity"].to_list() == [100_000, 100_000, 100_000, 100_050, 100_035]
    assert frame["peak_equity"].to_list() == [100_000, 100_000, 100_000, 100_050, 100_050]
    assert frame["drawdown"].to_list() == [0, 0, 0, 0, 15]


def test_deposits_move_the_peak_and_income_is_profit() -> None:
    made = backtest(bars_of("A", "100", "100", "130", "110"), {0: lambda now: now.buy("A", 5)}, initial_capital=2000)
    made.portfolio.deposit(100, made.feed.time(0))
    made.step()
    made.step()
    made.portfolio.deposit(500, made.feed.time(1))
    made.step()
    made.portfolio.withdraw(1000, made.feed.time(2))
    made.portfolio.receive_income(Decimal("7.5"), made.feed.time(2))
    made.step()
    frame = columns_of(made)
    # 2100; + 500; + 5 x 30 - 1000 + 7.50; - 5 x 20
    assert frame["equity"].to_list() == [2100, 2600, Decimal("1757.5"), Decimal("1657.5")]
    assert frame["peak_equity"].to_list() == [2100, 2600, Decimal("1757.5"), Decimal("1757.5")]
    assert frame["income"].to_list() == [0, 0, Decimal("7.5"), Decimal("7.5")]
    assert frame["drawdown"][-1] == made.portfolio.drawdown == 100


@pytest.mark.parametrize("timing", Timing)
def test_a_run_in_which_nothing_happens_has_its_cash_in_every_row(timing: Timing) -> None:
    frame = columns_of(run(bars_of("A", "100", "110"), {}, timing=timing))
    assert frame["equity"].to_list() == [100_000, 100_000]
    assert frame["gross_exposure"].to_list() == [0, 0]
    assert frame["commissions"].to_list() == [0, 0]


def test_a_value_that_no_column_holds_is_refused() -> None:
    # 10^17 + 10^-12 units at 10^8 + 10^-12: 25 digits before the point, 24 after
    price = Decimal(10) ** 2 + Decimal("1E-12")
    made = run(
        bars_of("A", *[f"{price}"] * 2),
        {0: lambda now: now.buy("A", Decimal(10) ** 13 + Decimal("1E-12"))},
        initial_capital=10**17,
        quantity_step=Decimal("1E-12"),
    )
    assert made.portfolio.get_position("A").quantity > 0
    with pytest.raises(InputError, match="does not fit a column of 38 digits"):
        columns_of(made)
