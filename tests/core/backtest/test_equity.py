"""Equity and its peak at the end of every step, compared with what one gets by adding everything up anew."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backtest.equity import EquityCurve, Extremes
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
        assert made.equity_curve.drawdown_ratio(made.clock.step) == made.portfolio.drawdown_ratio
        made.portfolio.check()
    steps = range(len(made.feed))
    assert [made.equity_curve.equity(step) for step in steps] == curve
    highest = [max(CAPITAL, *curve[: step + 1]) - CAPITAL for step in steps]
    assert [made.equity_curve.peak_profit(step) for step in steps] == highest
    assert [made.equity_curve.peak_profit(step) for step in reversed(steps)] == highest[::-1]
    below = [CAPITAL + peak - equity for peak, equity in zip(highest, curve, strict=True)]
    assert [made.equity_curve.drawdown(step) for step in steps] == below


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
    assert made.equity_curve.drawdown(3) == made.portfolio.drawdown
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


# --- the highest and the lowest


def extremes_added_up(made: Backtest, capital: Decimal) -> list[tuple[int, Decimal, Decimal]]:
    """Return the step, and the highest and the lowest profit up to its end, for each; from -1, where nothing was."""
    found = [(-1, Decimal(0), Decimal(0))]
    for step in range(made.step_count):
        profit = made.equity_curve.equity(step) - capital
        _, highest, lowest = found[-1]
        found.append((step, max(highest, profit), min(lowest, profit)))
    return found


@given(markets(), plans(), st.sampled_from(SETTINGS), st.lists(st.integers(-1, 20), max_size=20))
def test_extremes_are_those_of_all_profits_whatever_was_asked_for_before(
    market: Market, plan: Planned, settings: Settings, looks: list[int]
) -> None:
    made = Backtest(market.bars, plan, settings)
    made.run()
    expected = extremes_added_up(made, CAPITAL)
    curve = EquityCurve(made.feed, made.journal, CAPITAL)
    for step in looks:
        there = min(step, made.step_count - 1)
        assert curve.extremes(there) == expected[there + 1]
    assert [curve.extremes(step) for step in range(-1, made.step_count)] == expected
    assert [curve.extremes(step) for step in reversed(range(-1, made.step_count))] == expected[::-1]


LONG = 3 * 1024 + 5
"""Steps, of which some extremes are kept."""
TRADES = {
    "one position all along": {0: [("A", 5)]},
    "two positions": {0: [("A", 5), ("B", 3)]},
    "a position that ends, and another": {0: [("A", 5)], 700: [("A", -5)], 1500: [("B", -4)], 2900: [("A", 1)]},
    "trades about where extremes are kept": {step: [("A", 1 - 2 * (step % 2))] for step in (1022, 1023, 2046, 2047)},
    "none": {},
}


def swinging(symbol: str, step: int) -> str:
    """Return a price that swings wider and wider."""
    return f"{100 + (step * 37 + len(symbol)) % 90 * (step % 700) // 700 - (40 if step % 2 and symbol == 'B' else 0)}"


def traded(trades: dict[int, list[tuple[str, int]]]) -> Backtest:
    """Run over many steps, with B in two of three."""

    def trade(now: Now) -> None:
        for symbol, quantity in trades[now.step]:
            (now.buy if quantity > 0 else now.sell)(symbol, abs(quantity))

    closes = [swinging("A", step) for step in range(LONG)]
    others = [swinging("B", step) if step % 3 else "-" for step in range(LONG)]
    bars = [bars_of("A", *closes, hours=1), bars_of("B", *others, hours=1)]
    return run(bars, dict.fromkeys(trades, trade), allow_short=True, initial_capital=CAPITAL)


@pytest.mark.parametrize("trades", TRADES.values(), ids=TRADES)
def test_extremes_of_a_long_run_are_the_same_in_any_order(trades: dict[int, list[tuple[str, int]]]) -> None:
    made = traded(trades)
    expected = extremes_added_up(made, CAPITAL)
    to_and_fro = [step * 997 % LONG for step in range(0, LONG, 8)]
    for order in (to_and_fro, range(LONG), reversed(range(LONG)), [LONG - 1, 0, 1024, 1023, 1025, 2048, 2047, -1, 5]):
        curve = EquityCurve(made.feed, made.journal, CAPITAL)
        for step in order:
            assert curve.extremes(step) == expected[step + 1]


def test_extremes_are_known_while_a_run_goes_on() -> None:
    made = backtest(bars_of("A", "100", "100", "130", "70", "90"), {0: lambda now: now.buy("A", 5)})
    found = []
    while made.step():
        found.append(made.equity_curve.extremes(made.clock.step))
    assert [one.highest for one in found] == [0, 0, 150, 150, 150]  # 5 x 30
    assert [one.lowest for one in found] == [0, 0, 0, -150, -150]
    assert [one.step for one in found] == [0, 1, 2, 3, 4]
    assert made.equity_curve.extremes(-1) == made.equity_curve.extremes(-5) == Extremes()


def test_extremes_of_one_step_after_another_cost_a_step_each_wherever_the_walk_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = run(bars_of("A", *map(str, range(100, 100 + LONG))), {0: lambda now: now.buy("A", 1)})
    curve = EquityCurve(made.feed, made.journal, CAPITAL)
    curve.extremes(LONG - 1)
    counted, whole = list[int](), EquityCurve._profits

    def count(self: EquityCurve, stretch: Any, first: int, last: int) -> Any:
        counted.append(last)
        return whole(self, stretch, first, last)

    monkeypatch.setattr(EquityCurve, "_profits", count)
    for step in range(1500, 2500):
        curve.extremes(step)
    assert 1000 <= len(counted) <= 1010
    counted.clear()
    for step in range(2500, 3000):
        for before in (1, 0, 2, 1):  # as a picture asks for it
            curve.extremes(step - before)
    assert 500 <= len(counted) <= 510
