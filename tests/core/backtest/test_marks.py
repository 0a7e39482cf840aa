"""The marks of a run are its bars."""

import pytest

from core.backtest.strategy import Now
from core.errors import FillstepError
from core.fill import Fill
from tests.core.builders import Answering, at, backtest, bars_of


def test_the_mark_is_the_newest_close_from_the_end_of_its_bar() -> None:
    bars = [bars_of("A", "100", "101/103/100/102", "-"), bars_of("B", "-", "-", "20")]
    made = backtest(bars, {})
    seen = []
    while made.step():
        seen.append((made.portfolio.get_mark("A"), made.portfolio.get_mark("B"), made.portfolio.timestamp))
    assert seen == [(100, None, at(0)), (102, None, at(1)), (102, 20, at(2))]


def test_before_the_first_step_there_is_no_mark_and_no_time() -> None:
    made = backtest(bars_of("A", "100"), {})
    assert (made.portfolio.get_mark("A"), made.portfolio.timestamp) == (None, None)
    assert made.portfolio.get_mark("NONE") is None
    assert made.portfolio.drawdown == 0


def test_inside_a_bar_the_mark_is_still_the_last_close() -> None:
    seen: list[tuple[object, ...]] = []

    def look(now: Now, _: Fill) -> None:
        seen.append((now.get_mark("A"), now["A"].close, now.equity))

    made = backtest(bars_of("A", "100", "110/120/105/115"), Answering({0: lambda now: now.buy("A", 10)}, answer=look))
    made.run()
    # bought at 110, valued at 100: 100000 - 10 x 10
    assert seen == [(100, 100, 99_900)]


def test_a_run_cannot_be_marked_by_hand() -> None:
    made = backtest(bars_of("A", "100"), {})
    with pytest.raises(FillstepError, match=r"^A␛ cannot be marked by hand: the marks of a run are its bars$"):
        made.portfolio.mark("A\x1b", 100, at(0))
    assert made.portfolio.get_mark("A") is None
