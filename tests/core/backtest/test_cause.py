"""The cause of an order is the line of the strategy's own file that asked for it."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.backtest.cause import cause_of
from core.backtest.examples import SmaCross
from core.backtest.loop import Backtest
from core.backtest.strategies import find_strategy
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.events import AmendRequested, CancelRequested, Event, OrderSubmitted
from tests.core import builders
from tests.core.builders import Script, bars_of

ALL = """from core import BUY, SELL, Order, Strategy

class All(Strategy):
    def on_start(self, now):
        now.buy("A", 1)

    def on_bar(self, now):
        if now.step == 1:
            now.sell("A", 1, limit_price=500)
            now.amend(2, limit_price=600)
            now.submit_bracket(
                Order("A", BUY, 1), Order("A", SELL, 1, limit_price=500), Order("A", SELL, 1, stop_price=5)
            )
            now.submit_oco(Order("A", BUY, 1, limit_price=5), Order("A", BUY, 1, stop_price=500))
            now.cancel(2)
            now.cancel_all()

    def on_fill(self, now, fill):
        if fill.id == 1:
            now.submit(Order("A", BUY, 1, limit_price=6))

    def on_order(self, now, order):
        if order.id == 1:
            now.buy("A", 1, limit_price=7)

    def on_end(self, now):
        now.buy("A", 1, limit_price=8)
"""
HELPED = """from core import Strategy

def ask(now):
    return now.buy("A", 1)

class Helped(Strategy):
    def on_bar(self, now):
        if now.step == 0:
            self.decide(now)

    def decide(self, now):
        sorted([2, 1], key=lambda _: ask(now))
"""
PARENT = """from core import Strategy

class Parent(Strategy):
    def on_bar(self, now):
        self.ask(now)

    def ask(self, now):
        now.buy("A", 1)
"""


@pytest.fixture(autouse=True)
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], object]]:
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield lambda text, name: Path(name).write_text(text, encoding="utf-8")
    for name in set(sys.modules) - before:
        del sys.modules[name]


def two_bars() -> Bars:
    return bars_of("A", "100", "100")


def causes_of(strategy: Strategy, bars: Bars | None = None) -> list[str]:
    """Run a strategy, and return the cause of each request, in the order of asking."""
    made = Backtest(two_bars() if bars is None else bars, strategy)
    made.run()
    return [cause for cause in map(cause_in, made.journal) if cause is not None]


def cause_in(event: Event) -> str | None:
    return event.cause if isinstance(event, (OrderSubmitted, CancelRequested, AmendRequested)) else None


def line_of(text: str, part: str) -> int:
    """Return the line, from 1, on which a part of a text first stands."""
    return text[: text.index(part)].count("\n") + 1


def test_each_way_of_asking_in_each_callback_has_its_line_and_function(write: Callable[[str, str], object]) -> None:
    write(ALL, "all.py")
    parts = [
        ('now.buy("A", 1)', "on_start"),
        ("limit_price=7", "on_order"),  # order 1 is accepted
        ("limit_price=6)", "on_fill"),
        ("limit_price=500)", "on_bar"),
        ("now.amend", "on_bar"),
        *[("now.submit_bracket", "on_bar")] * 3,
        *[("now.submit_oco", "on_bar")] * 2,
        ("now.cancel(2)", "on_bar"),
        ("limit_price=8", "on_end"),
    ]
    found = causes_of(find_strategy("all.py")())
    expected = [f"all.py:{line_of(ALL, part)} {function}" for part, function in parts]
    all_canceled = f"all.py:{line_of(ALL, 'now.cancel_all')} on_bar"
    assert [cause for cause in found if cause != all_canceled] == expected
    assert found.count(all_canceled) > 1


def test_a_helper_in_the_file_is_where_it_was_asked_for(write: Callable[[str, str], object]) -> None:
    write(HELPED, "helped.py")
    assert causes_of(find_strategy("helped.py")()) == [f"helped.py:{line_of(HELPED, 'now.buy')} ask"] * 2


def test_of_what_another_file_does_for_it_the_line_that_called_it_counts(
    write: Callable[[str, str], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write("def ask(now):\n    now.buy('A', 1)\n", "cause_helper.py")
    own = "from cause_helper import ask\nfrom core import Strategy\nclass One(Strategy):\n"
    write(f"{own}    on_bar = lambda _, now: ask(now)\n", "one.py")
    assert causes_of(find_strategy("one.py")()) == ["one.py:4 <lambda>"] * 2


def test_a_callback_that_is_inherited_is_named_where_it_stands(
    write: Callable[[str, str], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write(PARENT, "cause_parent.py")
    write("from cause_parent import Parent\nclass Child(Parent): ...\n", "child.py")
    # nothing of `child.py` was called: the callback itself is told, not what it called
    assert causes_of(find_strategy("child.py")()) == [f"cause_parent:{line_of(PARENT, 'self.ask')} on_bar"] * 2


def test_a_helper_of_ones_own_that_an_inherited_callback_calls_is_ones_own_line(
    write: Callable[[str, str], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write(PARENT, "cause_parent.py")
    child = 'from cause_parent import Parent\nclass Child(Parent):\n    def ask(self, now):\n        now.buy("A", 1)\n'
    write(child, "child.py")
    assert causes_of(find_strategy("child.py")()) == ["child.py:4 ask"] * 2


@pytest.mark.parametrize("folder", ["", "a folder/", "./"])
def test_a_relative_path_is_told_as_it_was_given(write: Callable[[str, str], object], folder: str) -> None:
    Path("a folder").mkdir()
    write(HELPED, f"{folder}helped.py")
    expected = f"{folder}helped.py:{line_of(HELPED, 'now.buy')} ask"
    assert causes_of(find_strategy(f"{folder}helped.py")()) == [expected] * 2


def test_of_an_absolute_path_only_the_name_is_told(write: Callable[[str, str], object], tmp_path: Path) -> None:
    write(HELPED, "helped.py")
    kind = find_strategy(f"{tmp_path}{os.sep}helped.py:Helped")
    assert kind.__module__ == f"{tmp_path}{os.sep}helped.py"
    assert causes_of(kind()) == [f"helped.py:{line_of(HELPED, 'now.buy')} ask"] * 2


def test_a_strategy_that_ships_is_named_by_its_module() -> None:
    closes = [str(price) for price in (100, 99, 98, 97, 96, 110, 120, 130)]
    (cause,) = set(causes_of(SmaCross(fast=2, slow=4), bars_of("A", *closes)))
    assert cause.startswith("core.backtest.examples:")
    assert cause.endswith(" on_bar")


def test_outside_of_a_run_nothing_has_asked() -> None:
    kept: list[Now] = []

    class Keeping(Strategy):
        def on_bar(self, now: Now) -> None:
            kept.append(now)

    made = Backtest(two_bars(), Keeping())
    made.step()
    assert cause_of(__name__) == ""
    assert cause_of("no.such.module") == ""
    kept[0].buy("A", 1)
    (submitted,) = [event for event in made.journal if isinstance(event, OrderSubmitted)]
    assert submitted.cause == ""


def test_who_steps_the_run_is_not_the_cause() -> None:
    made = Backtest(two_bars(), Script({0: lambda now: now.buy("A", 1)}))
    made.step()
    (submitted,) = [event for event in made.journal if isinstance(event, OrderSubmitted)]
    assert submitted.cause == f"{builders.__name__}:{line_of_script()} on_bar"  # a script's class stands in builders


def line_of_script() -> int:
    return line_of(Path(builders.__file__).read_text(encoding="utf-8"), "self.steps.get(")


def test_the_cause_is_recorded() -> None:
    made = Backtest(two_bars(), Script({0: lambda now: now.buy("A", 1)}))
    made.run()
    recorded: dict[str, Any] = json.loads(next(made.journal.canonical_lines()))
    assert recorded["cause"] == f"{builders.__name__}:{line_of_script()} on_bar"


@pytest.mark.parametrize("text", [ALL, HELPED], ids=["all", "helped"])
def test_a_run_and_its_steps_record_the_same_causes(write: Callable[[str, str], object], text: str) -> None:
    write(text, "mine.py")
    kind = find_strategy("mine.py")
    at_once, by_step = Backtest(two_bars(), kind()), Backtest(two_bars(), kind())
    at_once.run()
    while by_step.step():
        pass
    assert b'"cause":"mine.py:' in at_once.journal.canonical_bytes()
    assert by_step.journal.canonical_bytes() == at_once.journal.canonical_bytes()
