"""A run over bars that are read in windows is the run over the same bars in memory."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from weakref import ref

import polars as pl
import pytest
from attrs import define, field
from hypothesis import event, given
from hypothesis import strategies as st

from benchmarks.generate import random_walk
from core.backtest.by_window import seen_by_window, stated_lookback
from core.backtest.examples import SHIPPED
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.errors import BarDataError, FillstepError, InputError, LookbackError, StrategyError
from core.execution.path import PathRule
from core.order import BUY, Order
from core.replay.explain import explain_order
from core.replay.timeline import Timeline
from core.windowed_bars import Rows, WindowedBars
from tests.core.builders import windowed
from tests.generators import Market, Planned, cents, markets, plans, run_settings

NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLOSE = pl.col("close_ticks")
SIZE = 7


@define
class Placed(Planned):
    """A plan with indicators, woken in the steps of which it says something or asked on every bar."""

    times: Sequence[int] | None = field(kw_only=True, default=None)

    def indicators(self) -> Mapping[str, pl.Expr]:
        return {
            "change": CLOSE - CLOSE.shift(2),
            "sum": CLOSE.rolling_sum(4),
            "volume_before": pl.col("volume").shift(1),
        }

    def wake(self) -> pl.Expr | None:
        return None if self.times is None else pl.col("time").is_in(list(self.times)) | pl.col("change").is_null()

    def lookback(self) -> int:
        return 3


def placed(plan: Planned, bars: Bars, stride: int, *, is_woken: bool) -> Placed:
    """Return the plan with its steps further from each other; it looks where it is asked on every bar."""
    steps = {step * stride: wishes for step, wishes in plan.steps.items()}
    named = [bars.times[step] for step in steps if step < len(bars)]
    return Placed(steps, plan.answers, is_looking=not is_woken, times=named if is_woken else None)


@given(
    markets("A", fewest_steps=12, most_steps=40),
    plans(),
    run_settings(tick_size=st.sampled_from((None, None, Decimal("0.001")))),
    st.integers(1, 8),
    st.integers(1, 12),
)
def test_a_run_in_windows_is_the_run_in_memory(
    market: Market, plan: Planned, settings: Settings, stride: int, size: int
) -> None:
    (bars,) = market.bars
    asked = Backtest(bars, placed(plan, bars, stride, is_woken=False), settings)
    asked.run()
    record = asked.journal.canonical_bytes()
    event(f"facts: {min(len(asked.journal) // 10, 5)}0 or so")

    runs = [Backtest(windowed(bars, size), placed(plan, bars, stride, is_woken=woken), settings) for woken in (0, 1)]
    while runs[0].step():
        pass
    runs[1].run()

    for run in runs:
        assert run.journal.canonical_bytes() == record
        assert run.step_count == asked.step_count
        assert run.portfolio.equity == asked.portfolio.equity
        assert run.portfolio.drawdown == asked.portfolio.drawdown
        steps = range(run.step_count)
        assert [run.equity_curve.equity(step) for step in steps] == [asked.equity_curve.equity(step) for step in steps]
        assert run.indicators_at("A", len(bars) - 1) == asked.indicators_at("A", len(bars) - 1)
    assert runs[0].strategy.seen == asked.strategy.seen  # type: ignore[attr-defined]


# --- by hand


def bars_of(*closes: int, high: int = 200) -> Bars:
    rows = [(NOON + step * HOUR, close, high, 50, close) for step, close in enumerate(closes)]
    return Bars.from_rows("ACME", rows)


@define
class Given(Strategy):
    """Has what a test gives it, and writes down where it is called."""

    columns: Mapping[str, pl.Expr] = field(factory=dict)
    named: pl.Expr | None = None
    lookback: Any = 2
    orders: Sequence[Order] = ()
    steps: list[int] = field(factory=list, init=False)

    def indicators(self) -> Mapping[str, pl.Expr]:
        return self.columns

    def wake(self) -> pl.Expr | None:
        return self.named

    def on_bar(self, now: Now) -> None:
        self.steps.append(now.step)
        if now.step == 0:
            for order in self.orders:
                now.submit(order)


def refusal(strategy: Strategy, bars: Bars, kind: type[FillstepError] = LookbackError) -> str:
    with pytest.raises(kind) as error:
        Backtest(windowed(bars, SIZE), strategy)
    return str(error.value)


SUM = CLOSE.rolling_sum(4)


@pytest.mark.parametrize(
    ("column", "lookback", "why"),
    [
        (SUM, 2, "indicator x at row 3 is 406 over all bars and None over so many before it"),
        (CLOSE.shift(-1), 2, "indicator x at row 0 is 101 over all bars and None over so many before it"),
        (pl.int_range(pl.len()), 2, "indicator x at row 3 is 3 over all bars and 2 over so many before it"),
        (CLOSE.cum_sum(), 30, "indicator x at row 31 is 3696 over all bars and 3596 over so many before it"),
    ],
)
def test_a_lookback_that_is_too_small_is_found(column: pl.Expr, lookback: int, why: str) -> None:
    bars = bars_of(*range(100, 180))
    strategy = Given({"x": column}, lookback=lookback)
    assert refusal(strategy, bars) == f"Given.lookback is {lookback}, but {why}"


def test_a_wake_that_needs_more_bars_is_found_by_its_name() -> None:
    strategy = Given({"x": SUM}, pl.col("x") > pl.col("x").shift(1), 3)
    why = "wake at row 4 is True over all bars and None over so many before it"
    assert refusal(strategy, bars_of(*range(100, 140))) == f"Given.lookback is 3, but {why}"
    strategy.lookback = 4
    run = Backtest(windowed(bars_of(*range(100, 140)), SIZE), strategy)
    run.run()
    assert strategy.steps == list(range(4, 40))


def test_a_value_that_is_no_number_is_equal_to_itself() -> None:
    column = (pl.col("close") - pl.col("close")) / (pl.col("close") - pl.col("close"))
    Backtest(windowed(bars_of(*range(100, 140)), SIZE), Given({"x": column}, lookback=0))


def test_bars_in_windows_need_a_lookback() -> None:
    told = refusal(Given({"x": CLOSE}, lookback=None), bars_of(100), InputError)
    assert told == "Given must say its lookback: its bars are read in windows"


@pytest.mark.parametrize("lookback", [-1, True, "3", 2.0])
def test_a_lookback_is_a_whole_number(lookback: object) -> None:
    told = refusal(Given(lookback=lookback), bars_of(100), InputError)
    assert told == f"Given.lookback must be a whole number of bars from 0, was {lookback}"


def test_without_indicators_and_wake_nothing_has_to_be_said() -> None:
    assert stated_lookback(Strategy()) == 0
    assert stated_lookback(Given({"x": CLOSE}, lookback=None)) is None
    assert stated_lookback(Given(named=CLOSE > 0, lookback=None)) is None


def test_bars_in_memory_are_not_seen_by_window() -> None:
    assert seen_by_window(Strategy(), bars_of(100)) is None


@pytest.mark.parametrize("name", [name for name, kind in SHIPPED.items() if stated_lookback(kind()) is not None])
def test_what_ships_runs_over_windows(name: str) -> None:
    walk = random_walk(400, 1)
    rows = [(time, *map(cents, prices)) for time, *prices, _ in walk.iter_rows()]
    bars = Bars.from_rows("WALK", rows)
    runs = [Backtest(one, SHIPPED[name]()) for one in (bars, windowed(bars, 90))]
    for run in runs:
        run.run()
    assert runs[0].journal.canonical_bytes() == runs[1].journal.canonical_bytes()
    assert len(runs[0].journal)


@pytest.mark.parametrize("call", ["lookback", "indicators", "wake"])
def test_what_a_strategy_raises_is_its_own_error(call: str) -> None:
    def fail(_: Strategy) -> None:
        raise ValueError("no")

    strategy = type("Failing", (Strategy,), {"lookback": lambda _: 0, call: fail})()
    assert f"Failing.{call} raised ValueError: no" in refusal(strategy, bars_of(100), StrategyError)


@pytest.mark.parametrize(
    ("strategy", "call"),
    [(Given({"x": pl.col("none")}), "indicators"), (Given(named=pl.col("none") > 0), "wake")],
)
def test_a_column_that_cannot_be_evaluated_is_the_strategys_error(strategy: Given, call: str) -> None:
    assert f"Given.{call} raised" in refusal(strategy, bars_of(100), StrategyError)


def test_an_order_far_from_the_market_is_met_in_a_later_window_and_costs_no_bar_but_the_first_of_each() -> None:
    rows = 700
    bars = bars_of(*[100] * rows)
    deep = pl.when(pl.col("time") == bars.times[650]).then(40 * 10**bars.digits).otherwise(pl.col("low_ticks"))
    bars = Bars("ACME", bars.frame.with_columns(low_ticks=deep), bars.digits)
    strategy = Given(named=CLOSE < 0, lookback=0)
    run = Backtest(windowed(bars, 100), strategy)
    run.step()
    run.broker.submit(Order("ACME", BUY, 1, limit_price=45), eligible_step=1)
    assert run._wakes is not None
    run._wakes.until = rows - 1
    taken = [run.clock.step for _ in run._steps]
    assert taken == [100, 200, 300, 400, 500, 600, 650, 699]
    assert [fill.timestamp for fill in run.broker.fills()] == [NOON + 650 * HOUR]


def test_a_run_keeps_no_more_than_two_windows() -> None:
    bars, frames = bars_of(*range(100, 150)), []
    most = 0

    def read(first: int, count: int) -> pl.DataFrame:
        nonlocal most
        frame = bars.frame.slice(first, count)
        if count == SIZE:  # else it is what lies before a window, or the sample
            most = max(most, 1 + sum(one() is not None for one in frames))
            frames.append(ref(frame))
        return frame

    strategy = Given(
        {"x": SUM}, pl.col("x").is_null(), 3, [Order("ACME", BUY, 1), Order("ACME", BUY, 1, limit_price=10)]
    )
    run = Backtest(WindowedBars("ACME", Rows(read, len(bars), 200, SIZE)), strategy)
    run.run()
    assert run.portfolio.drawdown == 0
    assert len(frames) > 2 * len(bars) // SIZE
    assert most == 2


def test_the_past_of_a_run_in_windows_is_that_of_a_run_in_memory() -> None:
    whole = bars_of(*range(100, 150))
    orders = [Order("ACME", BUY, 1), Order("ACME", BUY, 1, limit_price=10)]
    runs = [Backtest(bars, Given(orders=orders)) for bars in (whole, windowed(whole, SIZE))]
    for run in runs:
        run.run()
    in_memory, in_windows = (Timeline(run) for run in runs)
    for order_id in (1, 2):
        assert list(explain_order(runs[1], order_id)) == list(explain_order(runs[0], order_id))
    for hours in (40, 3, 49, 0):
        (one, _), (other, _) = (timeline.find_time(NOON + hours * HOUR) for timeline in (in_memory, in_windows))
        assert one == other
        assert in_memory.at(one).equity == in_windows.at(other).equity
        assert in_memory.at(one).drawdown == in_windows.at(other).drawdown


def test_finer_bars_and_other_symbols_need_all_bars_in_memory() -> None:
    bars = bars_of(*range(100, 150))
    with pytest.raises(BarDataError, match="its bars are read in windows, and all of them at once are asked for"):
        Backtest(windowed(bars, SIZE), Given(), Settings(path=PathRule.SUBBARS), bars)
    other = Bars("OTHER", bars.frame, bars.digits)
    with pytest.raises(BarDataError) as error:
        Backtest([windowed(bars, SIZE), other], Given())
    assert str(error.value) == "ACME.parquet: what is read in windows must be the only symbol of a run"


def test_an_indicator_has_a_value_for_each_row_and_none_before_the_first() -> None:
    bars = windowed(bars_of(*range(100, 150)), SIZE)
    seen = seen_by_window(Given({"x": CLOSE}), bars)
    assert seen is not None
    column = seen.indicators["x"]
    assert len(column) == 50
    assert column[-1] is None
    assert [later - earlier for earlier, later in pairwise(column)] == [1] * 49
