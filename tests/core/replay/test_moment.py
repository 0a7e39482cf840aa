"""A moment: what the facts before it add up to."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.backtest.loop import Backtest
from core.clock import Phase
from core.errors import FillstepError, UnknownOrderError
from core.protocols import PortfolioView
from core.replay.cursor import Cursor
from core.replay.moment import Moment, PastMarks
from core.replay.timeline import Timeline
from core.risk.portfolio import PortfolioState
from tests.core.builders import at, backtest, bars_of

BARS = bars_of("A", "100", "110", "90")
Move = Callable[[PortfolioState], object]


def newest(made: Backtest) -> Moment:
    timeline = Timeline(made)
    return timeline.at(timeline.end_of_step(made.clock.step))


MOVES: dict[str, Move] = {
    "a deposit": lambda portfolio: portfolio.deposit(500, at(0)),
    "a withdrawal": lambda portfolio: portfolio.withdraw(500, at(0)),
    "income": lambda portfolio: portfolio.receive_income(Decimal("12.50"), at(0)),
    "what was paid": lambda portfolio: portfolio.receive_income(Decimal("-12.50"), at(0)),
    "a fill by hand": lambda portfolio: portfolio.update_position(
        symbol="A", quantity_delta=10, price=99, timestamp=at(0), commission=Decimal("1.50")
    ),
    "a flip by hand": lambda portfolio: portfolio.update_position(
        symbol="A", quantity_delta=-25, price=99, timestamp=at(0), commission=Decimal("-0.25")
    ),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_what_moves_cash_or_a_position_without_an_order_is_folded_too(move: Move) -> None:
    made = backtest(BARS, {0: lambda now: now.buy("A", 10)})
    made.run_until(lambda run: run.clock.step == 1)
    move(made.portfolio)
    moment, live = newest(made), made.portfolio
    assert (moment.get_cash_balance(), moment.equity) == (live.get_cash_balance(), live.equity)
    assert (moment.capital, moment.income, moment.commissions) == (live.capital, live.income, live.commissions)
    assert moment.get_position("A") == live.get_position("A")
    assert moment._totals == live._totals
    made.run()
    assert (newest(made).drawdown, newest(made).equity) == (live.drawdown, live.equity)


def test_before_the_first_step_nothing_is_known_but_the_cash() -> None:
    made = backtest(BARS, {}, initial_capital=Decimal(700))
    start = Timeline(made).start()
    assert start.cursor == Cursor(-1, Phase.STRATEGY, 0)
    assert start.get_cash_balance() == start.equity == start.capital == 700
    assert start.drawdown == start.realized_pnl == 0
    assert (start.timestamp, start.get_mark("A"), start.get_mark("NONE")) == (None, None, None)
    assert not start.get_all_positions()
    assert start.open_orders() == []
    with pytest.raises(UnknownOrderError, match=r"^order 1 is unknown$"):
        start.get_order(1)


def test_a_symbol_has_no_mark_before_its_first_bar() -> None:
    made = backtest([bars_of("A", "100", "110"), bars_of("B", "-", "20")], {})
    made.run()
    marks = [(moment.get_mark("A"), moment.get_mark("B")) for moment in Timeline(made).steps()]
    assert marks == [(Decimal(100), None), (Decimal(110), Decimal(20))]


def test_the_past_cannot_be_marked() -> None:
    made = backtest(BARS, {})
    marks = PastMarks(made.feed, made.equity_curve)
    with pytest.raises(FillstepError, match=r"^A␛ cannot be marked in the past$"):
        marks.put("A\x1b", Decimal(1), at(0), Decimal)


def valued(view: PortfolioView) -> tuple[object, object]:
    return view.get_position("A").quantity, view.unrealized_pnl


def test_a_moment_is_what_readers_of_a_portfolio_ask_for() -> None:
    made = backtest(BARS, {0: lambda now: now.buy("A", 10)})
    made.run()
    assert valued(newest(made)) == (10, -200)  # bought at 110, marked at 90


def test_a_position_that_was_read_does_not_change_as_the_moment_moves_on() -> None:
    made = backtest(BARS, {0: lambda now: now.buy("A", 10), 1: lambda now: now.sell("A", 4)})
    made.run()
    read = [moment.get_position("A") for moment in Timeline(made).steps()]
    assert [position.quantity for position in read] == [0, 10, 6]
