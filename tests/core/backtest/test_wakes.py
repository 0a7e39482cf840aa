"""A strategy that says when it has something to decide: the same run, with fewer calls."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from attrs import define, field
from hypothesis import event, given
from hypothesis import strategies as st

from core.backtest.command import Submit
from core.backtest.feed import Feed
from core.backtest.loop import Backtest
from core.backtest.settings import Settings, SplitRule
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.corporate_action import CorporateAction
from core.errors import StrategyError
from core.fill import Fill
from core.order import BUY, Order, TimeInForce
from tests.generators import SYMBOLS, Market, Planned, corporate_actions, markets, plans, run_settings

NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLOSE = pl.col("close_ticks")


@define
class Woken(Planned):
    """A plan that is woken in the steps of which it says something, or asked on every bar."""

    times: Sequence[int] | None = field(kw_only=True)

    def wake(self) -> pl.Expr | None:
        return None if self.times is None else pl.col("time").is_in(list(self.times))


def woken(plan: Planned, bars: Sequence[Bars], stride: int, *, is_woken: bool = True) -> Woken:
    """Return the plan with its steps further from each other, and nothing remembered of those between."""
    times = Feed(bars).times
    steps = {step * stride: wishes for step, wishes in plan.steps.items()}
    named = [times[step] for step in steps if step < len(times)]
    return Woken(steps, plan.answers, is_looking=False, times=named if is_woken else None)


@given(
    markets(fewest_steps=12, most_steps=40),
    plans(),
    run_settings(splits=st.just(SplitRule.APPLY)),
    st.integers(1, 8),
    st.integers(1, 30),
    corporate_actions(SYMBOLS, most_steps=40) | st.just([]),
)
def test_a_run_that_is_woken_is_the_run_that_is_asked_on_every_bar(
    market: Market, plan: Planned, settings: Settings, stride: int, halt: int, actions: list[CorporateAction]
) -> None:
    asked, hurried, stepped, mixed = (
        Backtest(market.bars, woken(plan, market.bars, stride, is_woken=is_woken), settings, actions=actions)
        for is_woken in (False, True, True, True)
    )
    asked.run()
    event(f"facts: {min(len(asked.journal) // 10, 5)}0 or so")
    hurried.run()
    while stepped.step():
        pass
    for _ in range(halt):
        mixed.step()
    if not mixed.is_over:
        mixed.run()

    for other in (hurried, stepped, mixed):
        assert other.journal.canonical_bytes() == asked.journal.canonical_bytes()
        assert other.step_count == asked.step_count
        assert other.portfolio.equity == asked.portfolio.equity
        assert [one.row for one in other._symbols.values()] == [one.row for one in asked._symbols.values()]


# --- by hand


def bars_of(*lows: int) -> Bars:
    """Return bars of 100 to 110 whose lows are as given."""
    return Bars.from_rows("ACME", [(NOON + step * HOUR, 105, 110, low, 105) for step, low in enumerate(lows)])


@define
class Counted(Strategy):
    """Ask for orders at the first bar, and count the calls."""

    orders: Sequence[Order] = ()
    named: Sequence[int] = (0,)
    steps: list[int] = field(factory=list, init=False)
    fills: list[int] = field(factory=list, init=False)

    def wake(self) -> pl.Expr | None:
        return pl.int_range(pl.len()).is_in(list(self.named))

    def on_bar(self, now: Now) -> None:
        self.steps.append(now.step)
        if now.step == 0:
            for order in self.orders:
                now.submit(order)

    def on_fill(self, now: Now, _: Fill) -> None:
        self.fills.append(now.step)


def calls(strategy: Counted, *bars: Bars) -> list[int]:
    Backtest(bars, strategy).run()
    return strategy.steps


def test_it_is_called_where_it_said_so_and_where_an_order_changed_and_nowhere_else() -> None:
    strategy = Counted([Order("ACME", BUY, 1, limit_price=99)], named=(0, 7))
    assert calls(strategy, bars_of(*[100] * 5, 99, *[100] * 6)) == [0, 5, 7]
    assert strategy.fills == [5]


def test_without_any_row_it_is_never_called() -> None:
    assert calls(Counted(named=()), bars_of(*[100] * 5)) == []


def test_an_order_far_from_the_market_costs_no_bar_and_fills_where_the_price_comes_to_it() -> None:
    far = 100_000
    bars = bars_of(*[100] * far, 99, *[100] * 10)
    strategy = Counted([Order("ACME", BUY, 1, limit_price=99)])
    run = Backtest(bars, strategy)
    taken = [0]
    run._wakes = Noted(run._wakes, taken)  # type: ignore[assignment]
    run.run()
    assert strategy.fills == [far]
    assert len(taken) < 8


class Noted:
    """Steps, written down as they are taken."""

    def __init__(self, steps: object, taken: list[int]) -> None:
        self._steps, self._taken = steps, taken

    def __getattr__(self, name: str) -> object:
        return getattr(self._steps, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "until":
            setattr(self._steps, name, value)
        else:
            super().__setattr__(name, value)

    def __iter__(self) -> "Noted":
        return self

    def __next__(self) -> int:
        self._taken.append(next(self._steps))  # type: ignore[call-overload]
        return self._taken[-1]


def test_lives_end_in_the_step_in_which_they_do_without_waking() -> None:
    day = Order("ACME", BUY, 1, limit_price=90, time_in_force=TimeInForce.DAY)
    dated = Order("ACME", BUY, 1, limit_price=90, good_till=NOON + 5 * HOUR)
    assert calls(Counted([day, dated]), bars_of(*[100] * 40)) == [0, 6, 12]


def test_symbols_that_have_no_bar_in_a_step_stand_where_they_stood() -> None:
    seen = []

    @define
    class Looking(Counted):
        def on_bar(self, now: Now) -> None:
            super().on_bar(now)
            seen.append((now.step, now.symbols, now["OTHER"].close))

    rows = [(NOON + 2 * step * HOUR, 105, 110, 100, 101 + step) for step in range(4)]
    other = Bars.from_rows(
        "OTHER", [tuple(Decimal(one) if isinstance(one, int) else one for one in row) for row in rows]
    )
    assert calls(Looking(named=(5,)), bars_of(*[100] * 7), other) == [5]
    assert seen == [(5, ("ACME",), Decimal(103))]


def test_indicators_can_be_named() -> None:
    @define
    class Crossed(Counted):
        def indicators(self) -> Mapping[str, pl.Expr]:
            return {"deep": pl.col("low_ticks") < 100, "unused": CLOSE.rolling_mean(3)}

        def wake(self) -> pl.Expr:
            return pl.col("deep") != pl.col("deep").shift(1)

    assert calls(Crossed(), bars_of(100, 100, 99, 99, 100)) == [2, 4]


@pytest.mark.parametrize(
    ("wake", "why"),
    [
        (pl.col("close"), "wake must say yes or no for each bar, is of the type Float64"),
        (pl.col("close").filter(pl.col("close") > 0).head(1) > 1, "wake must have a value for each of 3 bars, has 1"),
        (pl.col("nothing") > 1, "nothing"),
    ],
)
def test_what_is_no_answer_is_refused(wake: pl.Expr, why: str) -> None:
    @define
    class Wrong(Counted):
        def wake(self) -> pl.Expr:
            return wake

    with pytest.raises(StrategyError, match=r"Wrong\.wake raised") as error:
        Backtest(bars_of(100, 100, 100), Wrong())
    assert why in str(error.value)


def test_what_a_person_asks_for_is_met_by_the_next_bar() -> None:
    strategy = Counted(named=())
    run = Backtest(bars_of(*[100] * 6), strategy)
    for _ in range(3):
        run.step()
    run.command(Submit(Order("ACME", BUY, 1)))
    run.run()
    assert strategy.steps == strategy.fills == [3]
