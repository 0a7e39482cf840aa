"""Which bars orders meet in a step, and in which order these are walked."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.standing import BarStand, Parts, in_rounds
from core.bars import Bars
from core.execution.path import PathRule
from core.execution.standing_bar import StandingBar
from tests.core.builders import Script, at, bars_of, numbers

WHOLE = bars_of("A", "10.00/10.50/9.50/10.00/900", "10.00/11.00/9.00/10.50/900")
FINER = Bars.from_rows(
    "A",
    [
        (at(1) - timedelta(hours=2), *numbers("10.00/10.25/9.00/9.10/300")),
        (at(1), *numbers("9.10/11.00/9.10/10.50/600")),
    ],
)


def stand(**settings: Any) -> BarStand:
    return Backtest(WHOLE, Script(), Settings(**settings), [FINER]).bar_stand


def parts_of(row: int, **settings: Any) -> Parts:
    return stand(**settings).parts("A", row, row)


def test_a_bar_stands_for_itself_unless_finer_ones_are_asked_for() -> None:
    (bar,) = parts_of(1)
    assert (bar.prices, bar.volume, bar.timestamp) == ((1000, 1100, 900, 1050), Decimal(900), at(1))
    assert (bar.part, bar.ends_at, bar.pool) == (0, 0, None)


def test_finer_bars_stand_for_a_bar_one_after_the_other_under_its_stamp() -> None:
    parts = parts_of(1, path=PathRule.SUBBARS)
    assert [one.prices for one in parts] == [(1000, 1025, 900, 910), (910, 1100, 910, 1050)]
    assert [one.timestamp for one in parts] == [at(1), at(1)]
    assert [one.part for one in parts] == [0, 1]
    assert [one.ends_at for one in parts] == FINER.times


def test_a_bar_without_finer_ones_stands_for_itself() -> None:
    (bar,) = parts_of(0, path=PathRule.SUBBARS)
    assert (bar.prices, bar.ends_at) == ((1000, 1050, 950, 1000), 0)


def test_each_bar_has_a_pool_of_its_own_volume_on_the_step() -> None:
    settings: dict[str, Any] = {"volume_cap": Decimal("0.125"), "quantity_step": Decimal(10)}
    (bar,) = parts_of(1, **settings)
    assert bar.pool == bar.whole_pool == 110  # 112.5, down to the step
    assert [one.pool for one in parts_of(1, path=PathRule.SUBBARS, **settings)] == [30, 70]  # 37.5 and 75


@pytest.mark.parametrize(("tick_size", "units"), [("0.01", 1), ("0.05", 5), ("0.005", 5), ("0.25", 25)])
def test_a_tick_is_counted_in_the_digits_of_the_bars(tick_size: str, units: int) -> None:
    (bar,) = parts_of(1, tick_size=Decimal(tick_size))
    assert bar.tick == units
    assert bar.tick_size == Decimal(tick_size)


def test_a_step_ends_with_the_close_of_the_bar_itself_and_the_volume_that_its_last_part_has_left() -> None:
    made = stand(path=PathRule.SUBBARS, volume_cap=Decimal("0.1"))
    parts = made.parts("A", 1, 1)
    parts[1].take(Decimal(20))
    bar = made.closing(parts, 1, 1)
    assert (bar.prices, bar.timestamp, bar.part) == ((1000, 1100, 900, 1050), at(1), 1)
    assert [bar.pool, bar.whole_pool, bar.volume] == [40, 60, 600]  # a tenth of 600, less 20


def test_a_bar_without_finer_ones_is_the_one_that_its_step_ends_with() -> None:
    made = stand(path=PathRule.SUBBARS)
    parts = made.parts("A", 0, 0)
    assert made.closing(parts, 0, 0) is parts[0]


# --- several symbols


def ending(symbol: str, *ends: int) -> Parts:
    return [
        StandingBar(symbol, at(1), 2, (100, 100, 100, 100), part=part, ends_at=end) for part, end in enumerate(ends)
    ]


def test_finer_bars_are_walked_by_when_they_end_and_those_that_end_together_together() -> None:
    rounds = in_rounds({"A": ending("A", 1, 3, 5), "B": ending("B", 2, 3)})
    assert [[(one.symbol, one.part) for one in each.values()] for each in rounds] == [
        [("A", 0)],
        [("B", 0)],
        [("A", 1), ("B", 1)],
        [("A", 2)],
    ]


def test_what_is_no_finer_bar_is_walked_first() -> None:
    rounds = in_rounds({"A": ending("A", 1), "B": ending("B", 0), "C": ending("C", 0)})
    assert [list(each) for each in rounds] == [["B", "C"], ["A"]]
    assert in_rounds({}) == []
