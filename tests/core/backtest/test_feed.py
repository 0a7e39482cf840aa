"""Many symbols on one clock: a step is the next time at which any of them has a bar."""

from collections.abc import Sequence
from decimal import Context, Inexact, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backtest.feed import Feed
from core.bars import Bars, to_microseconds
from core.errors import BarDataError, StepOutOfRangeError
from tests.core.builders import at, bars_of
from tests.generators import Market, markets


def test_a_step_is_the_next_time_at_which_any_symbol_has_a_bar() -> None:
    feed = Feed([bars_of("B", "-", "1", "-", "1"), bars_of("A", "1", "-", "-", "1")])
    assert [feed.time(step) for step in range(len(feed))] == [at(0), at(1), at(3)]
    assert [feed.groups[group] for group in feed.group_of_step] == [(0,), (1,), (0, 1)]
    assert [bars.symbol for bars in feed.bars] == ["A", "B"]
    assert feed.places == {"A": 0, "B": 1}


def test_a_missing_bar_stays_missing() -> None:
    feed = Feed([bars_of("A", "1", "-", "1"), bars_of("B", "1", "1", "1")])
    assert [feed.row_at(0, step) for step in range(3)] == [0, 0, 1]
    assert [feed.step_at(0, row) for row in range(2)] == [0, 2]


def test_before_its_first_bar_a_symbol_has_no_row() -> None:
    assert Feed([bars_of("A", "-", "-", "1"), bars_of("B", "1", "1", "1")]).row_at(0, 1) == -1


@given(markets(), st.randoms(use_true_random=False))
def test_steps_and_groups_are_those_of_the_bars_however_they_were_loaded(market: Market, chance: object) -> None:
    shuffled = list(market.bars)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    feed = Feed(shuffled)
    symbols = sorted(one.symbol for one in market.bars)
    times = sorted({time for one in market.bars for time in one.times})
    assert feed.times == times
    assert [one.symbol for one in feed.bars] == symbols
    for step, time in enumerate(times):
        present = {one.symbol for one in market.bars if time in one.times}
        assert {symbols[place] for place in feed.groups[feed.group_of_step[step]]} == present
        for place, one in enumerate(feed.bars):
            rows = [row for row, stamp in enumerate(one.times) if stamp <= time]
            assert feed.row_at(place, step) == (rows[-1] if rows else -1)
    assert len(set(feed.groups)) == len(feed.groups)
    assert all(
        feed.step_at(place, row) == times.index(stamp)
        for place, one in enumerate(feed.bars)
        for row, stamp in enumerate(one.times)
    )


@pytest.mark.parametrize("step", [-1, 2, 100])
def test_a_step_that_is_not_there_has_no_time(step: int) -> None:
    feed = Feed([bars_of("A", "1", "1")])
    with pytest.raises(StepOutOfRangeError, match=rf"^cannot seek to step {step}: steps 0 to 1 are recorded$"):
        feed.time(step)


def test_the_time_of_a_step_is_the_same_each_time() -> None:
    feed = Feed([bars_of("A", "1", "1")])
    assert [feed.time(step) for step in (1, 0, 0, 1)] == [at(1), at(0), at(0), at(1)]
    assert to_microseconds(feed.time(1)) == feed.times[1]


@pytest.mark.parametrize(
    ("bars", "what"),
    [
        ([], "^bars: none were given$"),
        ([bars_of("A", "1"), bars_of("B", "1"), bars_of("A", "1")], "symbol A is given twice"),
    ],
)
def test_no_bars_and_two_of_one_symbol_are_refused(bars: Sequence[Bars], what: str) -> None:
    with pytest.raises(BarDataError, match=what):
        Feed(bars)


def test_a_symbol_given_twice_is_named_by_both_sources() -> None:
    one, other = (Bars("A", bars_of("A", "1").frame, 0, 0, source) for source in ("x/A.csv", "y/A.csv"))
    with pytest.raises(BarDataError) as caught:
        Feed([one, other])
    assert {"x/A.csv", "y/A.csv"} <= set(str(caught.value).replace(":", "").split())


def test_the_threads_context_changes_no_step() -> None:
    with localcontext(Context(prec=1, traps=[Inexact])):
        assert Feed([bars_of("A", "1", "1")]).time(1) == at(1)
