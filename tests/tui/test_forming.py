"""Inside a bar its candle is drawn as far as its path has come."""

from datetime import timedelta

import pytest

from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.bars import Bars
from core.clock import Phase
from core.execution.path import PathRule
from core.replay.cursor import START, Cursor
from tests.core.builders import Script, at, bars_of, run
from tui.forming import forming_candle, path_text

BARS = bars_of("ACME", "10", "10/14/8/11", "12/12/12/12")
LATE = bars_of("LATE", "-", "-", "5")


def made(path: PathRule, *bars: Bars) -> Backtest:
    return run(list(bars or (BARS,)), {}, path=path)


def place(phase: Phase, step: int = 1) -> Cursor:
    return Cursor(step, phase, 0)


@pytest.mark.parametrize(
    ("phase", "high_first", "low_first"),
    [
        (Phase.CORPORATE_ACTIONS, None, None),
        (Phase.REQUESTS, None, None),
        (Phase.OPEN, (10, 10, 10, 10), (10, 10, 10, 10)),
        (Phase.LEG_1, (10, 14, 10, 14), (10, 10, 8, 8)),
        (Phase.LEG_2, (10, 14, 8, 8), (10, 14, 8, 14)),
        (Phase.LEG_3, (10, 14, 8, 11), (10, 14, 8, 11)),
        (Phase.CLOSE, (10, 14, 8, 11), (10, 14, 8, 11)),
        (Phase.MARK, None, None),
        (Phase.STRATEGY, None, None),
    ],
)
def test_a_candle_grows_with_the_phases(
    phase: Phase, high_first: tuple[int, int, int, int] | None, low_first: tuple[int, int, int, int] | None
) -> None:
    assert forming_candle(made(PathRule.HIGH_FIRST), 0, place(phase)) == high_first
    assert forming_candle(made(PathRule.LOW_FIRST), 0, place(phase)) == low_first


def test_a_symbol_without_a_bar_in_the_step_has_none() -> None:
    both = made(PathRule.HIGH_FIRST, BARS, LATE)
    assert forming_candle(both, 1, place(Phase.LEG_2)) is None
    assert forming_candle(both, 1, place(Phase.LEG_2, 2)) == (5, 5, 5, 5)


def test_before_the_first_step_there_is_none() -> None:
    assert forming_candle(made(PathRule.HIGH_FIRST), 0, START) is None
    assert forming_candle(made(PathRule.HIGH_FIRST), 0, Cursor(-1, Phase.OPEN, 0)) is None


def test_finer_bars_have_no_one_path() -> None:
    rows = [(at(1) - timedelta(hours=6), 10, 14, 10, 14), (at(1), 14, 14, 8, 11)]
    replayed = Backtest(BARS, Script(), Settings(path=PathRule.SUBBARS), subbars=[Bars.from_rows("ACME", rows)])
    replayed.run()
    assert forming_candle(replayed, 0, place(Phase.LEG_2)) is None
    assert path_text(replayed, "ACME", 1, 1) == "2 finer bars"


def test_the_order_of_the_prices_is_written_with_letters() -> None:
    assert path_text(made(PathRule.HIGH_FIRST), "ACME", 1, 1) == "O→H→L→C"
    assert path_text(made(PathRule.LOW_FIRST), "ACME", 1, 1) == "O→L→H→C"
    assert path_text(made(PathRule.LOW_FIRST), "ACME", 0, 0) == "one price"
