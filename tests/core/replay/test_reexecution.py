"""A run again from its inputs: what a strategy had in its fields, and that it does the same as was recorded."""

import io
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import define, field

from core.backtest.command import Amend, Cancel, Command, Submit
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategies import find_strategy
from core.backtest.strategy import Now, Strategy
from core.errors import FillstepError, InputError, StepOutOfRangeError, StrategyError
from core.fill import Fill
from core.order import BUY, Order, TrackedOrder
from core.replay import fresh_process
from core.replay.fresh_process import check_in_fresh_processes
from core.replay.reexecution import Call, NotDeterministicError, Reexecution, again, fields_of, follow, stop_in
from tests.core.builders import backtest, bars_of, run

CLOSES = [str(100 + place * 7 % 11) for place in range(24)]
BARS = bars_of("A", *CLOSES)
LAST = len(CLOSES) - 1
BY_HAND: Mapping[int, list[Command]] = {
    -1: [Submit(Order("A", BUY, 3, limit_price=1, tag="by hand"))],
    2: [Amend(1, quantity=2), Submit(Order("A", BUY, 1))],
    5: [Cancel(1)],
    LAST - 1: [Submit(Order("A", BUY, 1))],
}


@define
class Counting(Strategy):
    """Keep what it was told in fields of several kinds, and print some of it."""

    quantity: int = 2
    bars: int = 0
    told: list[tuple[int, str]] = field(factory=list)
    filled: dict[int, object] = field(factory=dict)

    def on_bar(self, now: Now) -> None:
        self.bars += 1
        print("bar", now.step, now["A"].close)  # noqa: T201 - strategies do
        if now.step % 4 == 0:
            now.buy("A", self.quantity)

    def on_order(self, now: Now, order: TrackedOrder) -> None:
        self.told.append((now.step, order.status.value))

    def on_fill(self, now: Now, fill: Fill) -> None:
        self.filled[fill.id] = (now.step, fill.price)
        print("fill", fill.id)  # noqa: T201 - strategies do


def recorded(
    strategy: Strategy, commands: Mapping[int, list[Command]] | None = None, until: int = LAST
) -> tuple[Backtest, dict[int, dict[str, str]]]:
    """Return a run, and what a probe saw in the fields at the end of each step; -1 is before the first."""
    made, seen = Backtest(BARS, strategy), {}
    while True:
        for command in (commands or {}).get(made.clock.step, ()):
            made.command(command)
        seen[made.clock.step] = fields_of(strategy)
        if made.clock.step >= until or not made.step():
            return made, seen


@pytest.mark.parametrize("commands", [{}, BY_HAND], ids=["alone", "with commands"])
def test_the_fields_at_each_step_are_what_they_were_whatever_one_asks_for_first(
    commands: Mapping[int, list[Command]],
) -> None:
    made, seen = recorded(Counting(), commands)
    steps = list(seen)
    for order in (steps, steps[::-1], [*steps[::3], *steps[::-5]], [7, 3, 11, 3, -1, LAST]):
        found = Reexecution(made)
        assert {step: found.at(step).fields for step in order} == {step: seen[step] for step in order}


def test_the_fields_are_given_as_text_by_name() -> None:
    made, _ = recorded(Counting(), until=1)
    assert Reexecution(made).at(1).fields == {
        "quantity": "2",
        "bars": "2",
        "told": "[(0, 'ACCEPTED')]",
        "filled": "{1: (1, Decimal('107'))}",
    }


def test_what_was_printed_is_that_of_the_step_alone(capsys: pytest.CaptureFixture[str]) -> None:
    made, _ = recorded(Counting())
    capsys.readouterr()
    found = Reexecution(made)
    assert found.at(-1).output == ""
    assert found.at(1).output == "fill 1\nbar 1 107"
    assert found.at(0).output == "bar 0 100"
    assert found.at(2).output == f"bar 2 {CLOSES[2]}"
    assert capsys.readouterr().out == ""


def test_what_is_printed_is_made_harmless() -> None:
    made = run(BARS, {0: lambda _: sys.stderr.write("\x1b[2J")})
    assert Reexecution(made).at(0).output == "␛[2J"


def test_a_run_that_goes_on_is_followed() -> None:
    made, expected = backtest(BARS, Counting()), recorded(Counting())[1]
    found = Reexecution(made)
    assert found.at(-1).fields == expected[-1]
    for step in range(5):
        made.step()
        assert found.at(step).fields == expected[step]
        assert found.at(step // 2).fields == expected[step // 2]


def test_a_command_that_comes_after_one_has_looked_is_counted_in() -> None:
    made = backtest(BARS, Counting())
    made.step()
    found = Reexecution(made)
    assert found.at(0).fields["told"] == "[(0, 'ACCEPTED')]"
    made.command(Submit(Order("A", BUY, 1)))
    assert found.at(0).fields == fields_of(made.strategy)


@pytest.mark.parametrize("step", [-2, 3, 100])
def test_a_step_that_was_not_recorded_has_no_fields(step: int) -> None:
    made, _ = recorded(Counting(), until=2)
    with pytest.raises(StepOutOfRangeError, match=f"^cannot seek to step {step}: steps 0 to 2 are recorded$"):
        Reexecution(made).at(step)


@define
class Raising(Counting):
    """Raise in a step, after it has counted."""

    last: int = 6

    def on_bar(self, now: Now) -> None:
        super().on_bar(now)
        if now.step == self.last:
            raise ValueError


def test_a_strategy_that_raised_has_at_the_head_the_fields_with_which_it_raised() -> None:
    made = backtest(BARS, Raising())
    with pytest.raises(StrategyError):
        made.run()
    expected = recorded(Counting())[1]
    found = Reexecution(made)
    for step in (6, 5, 6, 0):
        fields = found.at(step).fields
        assert {name: fields[name] for name in expected[step]} == expected[step]
    assert found.at(6).fields == fields_of(made.strategy)


def test_looking_leaves_the_record_as_it_was() -> None:
    made, _ = recorded(Counting(), BY_HAND)
    before, fields = made.journal.canonical_bytes(), fields_of(made.strategy)
    found = Reexecution(made)
    for step in (LAST, 3, 9):
        found.at(step)
    assert made.journal.canonical_bytes() == before
    assert fields_of(made.strategy) == fields


def test_a_run_again_is_of_the_same_inputs_and_has_not_begun() -> None:
    made = backtest(BARS, Counting(quantity=3), initial_capital=5000)
    made.deadline.seconds = 7
    made.run()
    other = again(made)
    assert (other.clock.step, len(other.journal), other.deadline.seconds) == (-1, 0, 7)
    assert other.strategy == Counting(quantity=3)
    assert other.settings == Settings(initial_capital=5000)
    follow(other, made.commands, made.clock.step)
    assert other.journal.canonical_bytes() == made.journal.canonical_bytes()


# --- fields as text


class Unwritable:
    def __repr__(self) -> str:
        raise KeyError("no")


class Slotless(Strategy):
    """Not an attrs class of its own."""

    def __init__(self, value: object) -> None:
        self.value = value


WRITTEN: dict[str, tuple[object, str]] = {
    "a number": (0.1, "0.1"),
    "text": ("two words", "two words"),
    "a list": (["a"], "['a']"),
    "an escape": ("\x1b[2J", "␛[2J"),
    "what raises": (Unwritable(), "cannot be written: KeyError"),
    "much": ("x" * 500, "x" * 200 + "…"),
}


@pytest.mark.parametrize(("value", "text"), WRITTEN.values(), ids=WRITTEN)
def test_whatever_a_field_holds_is_written_on_one_line(value: object, text: str) -> None:
    assert fields_of(Slotless(value)) == {"value": text}


# --- what cannot be run again


@define
class Locked(Strategy):
    lock: Any = field(factory=threading.Lock)


@define
class Generating(Strategy):
    numbers: Any = field(factory=lambda: (number for number in range(3)))


@pytest.mark.parametrize("kind", [Locked, Generating])
def test_a_strategy_that_cannot_be_copied_is_one_error_that_says_why(kind: type[Strategy]) -> None:
    made = backtest(BARS, kind())
    made.run()
    expected = rf"^{kind.__name__} cannot be run again, since it cannot be copied: TypeError: cannot pickle"
    attempts: list[Callable[[], object]] = [
        lambda: Reexecution(made).at(0),
        lambda: again(made),
        lambda: check_in_fresh_processes(made, 1),
        lambda: stop_in(made, 0, None, lambda *_: None),
    ]
    for attempt in attempts:
        with pytest.raises(InputError, match=expected):
            attempt()


# --- what is not deterministic

HEAD = "from core import Strategy\n"
CHANCE = """
import random
class Mine(Strategy):
    def on_bar(self, now):
        now.buy("A", random.randint(1, 10**9))
"""
WALL_CLOCK = """
import time
class Mine(Strategy):
    def on_bar(self, now):
        if now.step > 3: now.buy("A", time.time_ns() % 10**9)
"""
OTHER_CLOCK = """
from time import perf_counter
class Mine(Strategy):
    def on_bar(self, now):
        now.buy("A", 1, tag=str(perf_counter()))
"""
GLOBAL = """
SEEN = 0
class Mine(Strategy):
    def on_bar(self, now):
        global SEEN
        SEEN += 1
        if now.step % 5 == 4: now.buy("A", SEEN)
"""
CLASS_ATTRIBUTE = """
class Mine(Strategy):
    seen = []
    def on_bar(self, now):
        self.seen.append(now.step)
        if now.step % 6 == 5: now.buy("A", len(self.seen))
"""
FEWER_FACTS = """
LEFT = [1, 2, 3]
class Mine(Strategy):
    def on_bar(self, now):
        if now.step in (4, 8, 9) and LEFT: now.buy("A", LEFT.pop())
"""
MORE_FACTS = """
SEEN = []
class Mine(Strategy):
    def on_bar(self, now):
        SEEN.append(1)
        if now.step == 2 or (now.step == 6 and len(SEEN) > 24): now.buy("A", 1)
"""
NO_CAUSE = "its own code shows no cause: it may keep something outside its fields, such as in a class or a module"
NOT_DETERMINISTIC = {
    "chance": (CHANCE, "randomness (randint, random in on_bar)"),
    "wall clock": (WALL_CLOCK, "the wall clock (time, time_ns in on_bar)"),
    "another clock": (OTHER_CLOCK, "the wall clock (perf_counter in on_bar)"),
    "a global": (GLOBAL, "global state (in on_bar)"),
    "a class attribute": (CLASS_ATTRIBUTE, NO_CAUSE),
    "fewer facts": (FEWER_FACTS, NO_CAUSE),
    "more facts": (MORE_FACTS, NO_CAUSE),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("mine.py", None)


def from_file(text: str) -> Backtest:
    """Return a run, over, of a strategy in a file."""
    Path("mine.py").write_text(HEAD + text, encoding="utf-8")
    made = Backtest(BARS, find_strategy("mine.py")())
    made.run()
    return made


def first_that_differs(one: Backtest, lines: list[str]) -> int:
    """Return the number of the first line that differs from those of another run."""
    own = list(one.journal.canonical_lines())
    longest = max(len(own), len(lines))
    return next(place for place in range(longest) if own[place : place + 1] != lines[place : place + 1])


@pytest.mark.parametrize(("text", "cause"), NOT_DETERMINISTIC.values(), ids=NOT_DETERMINISTIC)
def test_a_strategy_that_depends_on_something_else_is_told_so_at_the_first_fact_that_differs(
    text: str, cause: str
) -> None:
    made = from_file(text)
    found = Reexecution(made)
    with pytest.raises(NotDeterministicError) as caught:
        found.at(LAST)
    other = again(made)
    other.run()
    expected = first_that_differs(made, list(other.journal.canonical_lines()))
    assert caught.value.sequence == expected
    assert caught.value.step == min(
        one.journal.step_of(expected) for one in (made, other) if expected < len(one.journal)
    )
    where = f"event {expected}, bar {caught.value.step + 1}"
    said = rf"^run again, the strategy does something else at {where}: was .*, is .*; .*{re.escape(cause)}"
    assert re.search(said, str(caught.value))


def test_up_to_the_first_fact_that_differs_the_fields_are_told() -> None:
    made = from_file(
        "TIMES = []\nclass Mine(Strategy):\n    bars: int = 0\n    def on_bar(self, now):\n        TIMES.append(1)\n"
        "        self.bars = now.step\n        if now.step == 5: now.buy('A', len(TIMES))\n"
    )
    found = Reexecution(made)
    assert found.at(4).fields == {"bars": "4"}
    for _ in range(2):
        with pytest.raises(NotDeterministicError) as caught:
            found.at(LAST)
        assert (caught.value.sequence, caught.value.step) == (0, 5)
    assert found.at(3).fields == {"bars": "3"}


def test_a_strategy_that_raises_only_when_it_is_run_again_is_told_so() -> None:
    made = from_file(
        "RUNS = []\nclass Mine(Strategy):\n    def on_start(self, now):\n        RUNS.append(1)\n"
        "    def on_bar(self, now):\n        if now.step == 5: now.buy('A', 4 // (2 - len(RUNS)))\n"
    )
    found = Reexecution(made)
    for _ in range(2):
        with pytest.raises(
            NotDeterministicError, match=r"event 0, bar 6: was OrderSubmitted .*, is .*ZeroDivisionError"
        ):
            found.at(LAST)
        made.strategy.__class__.__dict__["on_start"].__globals__["RUNS"].pop()


def test_what_is_drawn_from_a_seed_in_a_field_is_no_chance() -> None:
    made = from_file(
        "import random\nfrom attrs import define, field\n@define\nclass Mine(Strategy):\n"
        "    chance: object = field(factory=lambda: random.Random(7))\n    def on_bar(self, now):\n"
        "        now.buy('A', self.chance.randint(1, 100))\n"
    )
    Reexecution(made).at(LAST)
    Reexecution(made).at(3)
    assert check_in_fresh_processes(made, 1) == len(made.journal)


# --- in fresh processes

OF_A_SET = (
    "class Mine(Strategy):\n    def on_bar(self, now):\n        if now.step == 6: now.buy('A', 1)\n"
    "        if now.step == 9: now.buy('A', 1, tag='-'.join({str(number) for number in range(50)}))\n"
)


def test_a_strategy_that_depends_on_the_order_of_a_set_shows_only_in_another_process() -> None:
    made = from_file(OF_A_SET)
    Reexecution(made).at(LAST)
    with pytest.raises(NotDeterministicError) as caught:
        check_in_fresh_processes(made)
    assert (caught.value.sequence, caught.value.step) == (5, 9)  # submitted, accepted; filled, position, cash
    assert re.search(r"at event 5, bar 10: was OrderSubmitted .*the order of a set \(in ", str(caught.value))


OTHERS = {
    "the year": (
        "from datetime import date",
        "now.buy('A', date.today().year)",
        r"was OrderSubmitted .*, is OrderSubmitted in bar 1 with order.quantity \d{4}; .*the wall clock \(today",
    ),
    "the zone": (
        "import time",
        "now.buy('A', 1, tag=time.strftime('%z', time.localtime(0)))",
        r"is OrderSubmitted in bar 1 with order.tag [+-]\d{4}; .*the wall clock",
    ),
    "fewer facts": (
        "import time; LATE = time.time() > {later}",
        "if now.step < 3 and not LATE: now.buy('A', 1)",
        "at event 0, bar 1: was OrderSubmitted .*, is nothing; ",
    ),
    "more facts": (
        "import time; LATE = time.time() > {later}",
        "if LATE and now.step == 4: now.buy('A', 1)",
        "at event 0, bar 5: was nothing, is OrderSubmitted in bar 5; ",
    ),
    "another fact": (
        "import time; LATE = time.time() > {later}",
        "now.buy('A', 1); LATE and now.step == 2 and now.cancel(1)",
        r"at event 12, bar 3: was OrderFilled 3 .*, is CancelRequested in bar 3; ",
    ),
}


@pytest.mark.parametrize(("top", "does", "said"), OTHERS.values(), ids=OTHERS)
def test_what_depends_on_the_time_or_the_zone_shows_in_other_processes(top: str, does: str, said: str) -> None:
    later = time.time() + 10_000_000  # noqa: TID251 - as a strategy may
    text = f"{top.format(later=later)}\nclass Mine(Strategy):\n    def on_bar(self, now):\n        {does}\n"
    with pytest.raises(NotDeterministicError, match=said):
        check_in_fresh_processes(from_file(text), 1)


def test_a_strategy_that_is_no_attrs_class_is_run_again_with_what_it_had() -> None:
    text = (
        "class Mine(Strategy):\n    def __init__(self):\n        self.quantity = 5\n"
        "    def on_bar(self, now):\n        now.buy('A', self.quantity)\n"
    )
    made = from_file(text)
    assert vars(made.fresh_strategy()) == {"quantity": 5}
    assert check_in_fresh_processes(made, 1) == len(made.journal)


def test_a_strategy_that_depends_on_nothing_does_the_same_in_other_processes() -> None:
    made = from_file(
        "class Mine(Strategy):\n    def on_bar(self, now):\n        if now.step % 3 == 0: now.buy('A', 1)\n"
    )
    assert check_in_fresh_processes(made) == len(made.journal) == 8 * 5


def test_commands_and_edits_are_given_again_in_other_processes() -> None:
    text = "class Mine(Strategy):\n    def on_bar(self, now):\n        if now.step % 3 == 0: now.buy('A', 1)\n"
    Path("mine.py").write_text(HEAD + text, encoding="utf-8")
    edits = {2: Order("A", BUY, 7), 3: None}
    made = Backtest(BARS, find_strategy("mine.py")(), Settings(initial_capital=3000), edits=edits)
    for step in range(-1, 12):
        for command in BY_HAND.get(step, ()):
            made.command(command)
        made.step()
    assert check_in_fresh_processes(made, 1) == len(made.journal)
    assert any(one.order.quantity == 7 for one in made.broker.orders())


def test_a_strategy_that_raised_does_the_same_in_another_process() -> None:
    text = "class Mine(Strategy):\n    def on_bar(self, now):\n        now.buy('A', 1 // (now.step != 4))\n"
    Path("mine.py").write_text(HEAD + text, encoding="utf-8")
    made = Backtest(BARS, find_strategy("mine.py")())
    with pytest.raises(StrategyError):
        made.run()
    assert check_in_fresh_processes(made, 1) == len(made.journal)


def test_what_a_strategy_prints_in_another_process_is_no_fact() -> None:
    made = from_file(
        "class Mine(Strategy):\n    def on_bar(self, now):\n        print('{}')\n        now.buy('A', 1)\n"
    )
    assert check_in_fresh_processes(made, 1) == len(made.journal)


def test_a_strategy_that_cannot_be_made_in_another_process_is_refused() -> None:
    class Local(Strategy):
        pass

    with pytest.raises(InputError, match=r"^Local cannot be made in another process: "):
        check_in_fresh_processes(run(BARS, Local()), 1)


def test_a_file_that_was_executed_again_or_is_gone_meanwhile_is_said() -> None:
    made = from_file("class Mine(Strategy): pass\n")
    kind = find_strategy("mine.py")
    with pytest.raises(InputError, match=r"^Mine cannot be made in another process: there is another Mine in its file"):
        check_in_fresh_processes(made, 1)
    other = Backtest(BARS, kind())
    Path("mine.py").unlink()
    with pytest.raises(FillstepError, match=r"^run again in another process, it failed: .*cannot be read"):
        check_in_fresh_processes(other, 1)


def test_the_child_writes_the_lines_of_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    made = from_file("class Mine(Strategy):\n    def on_bar(self, now): print(now.buy('A', 1))\n")
    written = io.BytesIO()
    monkeypatch.setattr(fresh_process, "set_clock_forward", lambda _: None)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(fresh_process._job(made))))
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=written))
    fresh_process._main()
    sys.stdout.close()  # where what the strategy prints went
    assert written.getvalue() == made.journal.canonical_bytes() != b""


# --- a call handed to a debugger


@define
class Stopped:
    """Take what a debugger is given, and make the call."""

    calls: list[tuple[str, int, object]] = field(factory=list)

    def debug(self, method: Callable[..., object], now: Now, *rest: object) -> object:
        self.calls.append((method.__name__, now.step, rest[0] if rest else None))
        return method(now, *rest)


@pytest.mark.parametrize("step", [0, 1, 7, LAST])
def test_the_call_of_a_bar_is_handed_over_once(step: int) -> None:
    made, _ = recorded(Counting(), BY_HAND)
    stopped = Stopped()
    stop_in(made, step, None, stopped.debug)
    assert stopped.calls == [("on_bar", step, None)]


def test_the_call_of_each_fill_is_handed_over_once_with_the_fill() -> None:
    made, _ = recorded(Counting(), BY_HAND)
    fills = made.broker.fills()
    assert len(fills) > 6
    for fill in fills:
        stopped = Stopped()
        step = next(place for place in range(LAST + 1) if made.feed.time(place) == fill.timestamp)
        stop_in(made, step, fill.id, stopped.debug)
        assert stopped.calls == [("on_fill", step, fill)]


def test_of_a_strategy_without_a_call_for_fills_the_call_of_the_bar_is_handed_over() -> None:
    made = run(BARS, {0: lambda now: now.buy("A", 1)})
    stopped = Stopped()
    stop_in(made, 1, 1, stopped.debug)
    assert stopped.calls == [("on_bar", 1, None)]


def test_a_debugger_may_take_its_time_and_the_record_stays() -> None:
    made, _ = recorded(Counting())
    made.deadline.seconds = 0.01
    before, ticks = made.journal.canonical_bytes(), count()

    def debug(*_: object) -> None:
        while next(ticks) < 10**6:
            pass

    stop_in(made, 3, None, debug)
    assert made.journal.canonical_bytes() == before


def test_only_what_is_debugged_may_print(capsys: pytest.CaptureFixture[str]) -> None:
    made, _ = recorded(Counting())
    capsys.readouterr()
    stop_in(made, 2, None, Stopped().debug)
    assert capsys.readouterr().out == f"bar 2 {CLOSES[2]}\n"


def test_the_call_that_raised_is_handed_over() -> None:
    made, stopped = backtest(BARS, Raising()), Stopped()
    with pytest.raises(StrategyError):
        made.run()
    with suppress(StrategyError):
        stop_in(made, 6, None, stopped.debug)
    assert stopped.calls == [("on_bar", 6, None)]


def test_a_call_is_what_it_was_after_a_step() -> None:
    made, seen = recorded(Counting(), until=0)
    assert Reexecution(made).at(0) == Call(seen[0], "bar 0 100")
