"""The strategy's fields at a moment, what of them a step has changed, and what it printed."""

import sys
from collections.abc import Callable
from typing import ClassVar

import pytest
from attrs import define, field

from core.backtest.loop import Backtest
from core.backtest.strategy import Now, Strategy
from core.errors import InputError
from core.replay.reexecution import Call
from tests.core.builders import bars_of
from tui.runner import Runner
from tui.session import Session
from tui.strategy_text import StrategyCalls, strategy_view

Lines = list[tuple[str, str]]
BARS = bars_of("ACME", "10", "11", "12", "13")


@define
class Counting(Strategy):
    window: int = 3
    seen: list[int] = field(factory=list, init=False)

    def on_bar(self, now: Now) -> None:
        if now.step % 2:
            self.seen.append(now.step)
            sys.stdout.write(f"step {now.step}\n\x1b[31mred\n")


@define
class Wild(Strategy):
    """Do something else each time it is run."""

    runs: ClassVar[list[int]] = []

    def on_start(self, now: Now) -> None:
        self.runs.append(1)
        now.buy("ACME", len(self.runs))


def lines_of(now: Call, before: Call | None = None) -> Lines:
    return list(strategy_view(lambda _: (now, before), 0).lines)


def lines_at(strategy: Strategy, step: int) -> Lines:
    run = Backtest(BARS, strategy)
    run.run()
    session = Session(run, Runner(run, lambda: None))
    return list(strategy_view(session.calls, step).lines)


def test_each_field_has_a_line_and_a_changed_one_what_it_was() -> None:
    before = Call({"window": "3", "fast": "[]"}, "earlier")
    now = Call({"window": "3", "fast": "[1]"}, "")
    assert lines_of(now, before) == [("window  3", ""), ("fast    [1]   was []", "warn")]


def test_before_the_first_step_nothing_has_changed() -> None:
    assert lines_of(Call({"window": "3"}, "")) == [("window  3", "")]


def test_a_field_that_is_new_was_nothing() -> None:
    assert lines_of(Call({"x": "3"}, ""), Call({}, "")) == [("x  3   was nothing", "warn")]


def test_a_strategy_without_fields_says_so() -> None:
    assert lines_of(Call({}, "")) == [("the strategy has no fields", "dim")]


def test_what_was_printed_stands_under_the_fields() -> None:
    assert lines_of(Call({"x": "3"}, "one\n two")) == [("x  3", ""), ("> one", "dim"), (">  two", "dim")]


def test_of_a_run_that_cannot_be_run_again_there_is_nothing() -> None:
    assert strategy_view(None, 3).lines == ()


def test_what_cannot_be_known_says_why() -> None:
    def fails(_: int) -> StrategyCalls:
        raise InputError("no \x1b[31mcopy")

    assert strategy_view(fails, 3).lines == (("no ␛[31mcopy", "bad"),)


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        (-1, [("window  3", ""), ("seen    []", "")]),
        (0, [("window  3", ""), ("seen    []", "")]),
        (1, [("window  3", ""), ("seen    [1]   was []", "warn"), ("> step 1", "dim"), ("> ␛[31mred", "dim")]),
        (2, [("window  3", ""), ("seen    [1]", "")]),
        (3, [("window  3", ""), ("seen    [1, 3]   was [1]", "warn"), ("> step 3", "dim"), ("> ␛[31mred", "dim")]),
    ],
)
def test_a_real_strategy_at_the_end_of_each_step(step: int, lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_at(Counting(), step) == lines


def test_moments_may_be_asked_for_in_any_order(capsys: pytest.CaptureFixture[str]) -> None:
    run = Backtest(BARS, Counting())
    run.run()
    session = Session(run, Runner(run, lambda: None))

    def seen(step: int) -> str:
        return session.calls(step)[0].fields["seen"]

    assert [seen(step) for step in (3, 1, 2, -1, 3)] == ["[1, 3]", "[1]", "[1]", "[]", "[1, 3]"]


def test_a_strategy_that_is_not_deterministic_shows_where(sample: Callable[..., Backtest]) -> None:
    ((text, tone),) = lines_at(Wild(), 2)
    assert text.startswith("run again, the strategy does something else at event 0, bar 1: was OrderSubmitted")
    assert tone == "bad"
