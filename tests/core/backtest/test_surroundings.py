"""What a process has once is a run's own where its strategy changes it, and the program's is put back."""

import locale
import os
import random  # noqa: TID251 - strategies may
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal, getcontext
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import define, field

from core.backtest import surroundings
from core.backtest.configuration import make_strategy
from core.backtest.loop import Backtest
from core.backtest.strategies import find_strategy
from core.backtest.strategy import Now, Strategy
from core.backtest.surroundings import Surroundings, mark_of_random
from tests.core.builders import bars_of

BARS = bars_of("A", *["100"] * 6)
Execute = Callable[[Backtest], object]


def by_steps(run: Backtest) -> None:
    while run.step():
        pass


def in_slices(run: Backtest) -> None:
    while not run.is_over:
        with run.guard:
            run.step()
            run.step()


WAYS: dict[str, Execute] = {"to the end": Backtest.run, "by steps": by_steps, "in slices": in_slices}
ways = pytest.mark.parametrize("execute", WAYS.values(), ids=WAYS)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in a folder; fail where the program's surroundings are others after a test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    (tmp_path / "elsewhere").mkdir()
    before = all_of_them()
    yield
    assert all_of_them() == before
    monkeypatch.undo()
    time.tzset()
    sys.modules.pop("mine.py", None)


def all_of_them() -> tuple[object, ...]:
    return (
        getcontext().prec,
        random.getstate(),
        {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        time.localtime(0).tm_hour,
        locale.setlocale(locale.LC_ALL),
        sys.getrecursionlimit(),
        Path.cwd(),
    )


@define
class Changing(Strategy):
    """Change something in a step, and look at it in each."""

    change: Callable[[], object]
    look: Callable[[], object]
    seen: list[object] = field(factory=list)

    def on_bar(self, now: Now) -> None:
        if now.step == 2:
            self.change()
        self.seen.append(self.look())


def set_precision() -> None:
    getcontext().prec = 3


def set_zone() -> None:
    os.environ["TZ"] = "America/New_York"
    time.tzset()


def leave_variables() -> None:
    os.environ.pop("TZ")
    os.environ["MINE"] = "1"
    time.tzset()


CHANGES: dict[str, tuple[Callable[[], object], Callable[[], object], list[object]]] = {
    "the precision": (set_precision, lambda: str(Decimal(1) / 3), ["0." + "3" * 28] * 2 + ["0.333"] * 4),
    "the zone": (set_zone, lambda: time.localtime(0).tm_hour, [9] * 2 + [19] * 4),
    "other variables": (leave_variables, lambda: (os.environ.get("TZ"), os.environ.get("MINE")), [
        *[("Asia/Tokyo", None)] * 2, *[(None, "1")] * 4
    ]),
    "a variable": (lambda: os.environ.update(MINE="1"), lambda: os.environ.get("MINE"), [None] * 2 + ["1"] * 4),
    "the folder": (lambda: os.chdir("elsewhere"), lambda: Path.cwd().name == "elsewhere", [False] * 2 + [True] * 4),
    "the locale": (
        lambda: locale.setlocale(locale.LC_ALL, "C"),
        lambda: locale.setlocale(locale.LC_CTYPE) == "C",
        [locale.setlocale(locale.LC_CTYPE) == "C"] * 2 + [True] * 4,
    ),
    "the depth of calls": (
        lambda: sys.setrecursionlimit(5432), lambda: sys.getrecursionlimit() == 5432, [False] * 2 + [True] * 4
    ),
}  # fmt: skip


@ways
@pytest.mark.parametrize("change", CHANGES)
def test_what_a_strategy_changes_is_there_in_its_later_calls_and_nowhere_else(change: str, execute: Execute) -> None:
    change_it, look, expected = CHANGES[change]
    before = look()
    strategy = Changing(change_it, look)
    run = Backtest(BARS, strategy)
    execute(run)
    assert strategy.seen == expected
    assert look() == before


@ways
def test_what_the_program_changes_meanwhile_is_the_programs(execute: Execute) -> None:
    strategy = Changing(set_precision, lambda: getcontext().prec)
    run = Backtest(BARS, strategy)
    for _ in range(4):
        run.step()
    before, getcontext().prec = getcontext().prec, 7
    try:
        execute(run)
        assert getcontext().prec == 7
    finally:
        getcontext().prec = before
    assert strategy.seen == [28, 28, 3, 3, 3, 3]


def test_a_folder_that_is_gone_is_not_gone_back_to(tmp_path: Path) -> None:
    def lose() -> None:
        (tmp_path / "gone").mkdir()
        os.chdir("gone")
        (tmp_path / "gone").rmdir()

    strategy = Changing(lose, lambda: None)
    by_steps(Backtest(BARS, strategy))
    assert Path.cwd() == tmp_path


def test_a_depth_below_that_of_the_program_is_not_taken() -> None:
    def call_deeply(deeper: int) -> None:
        if deeper:
            call_deeply(deeper - 1)
        else:
            inner.enter()
            inner.leave()

    inner = Surroundings()
    with inner:
        depth = len(list(frames()))
        sys.setrecursionlimit(depth + 40)
    call_deeply(100)


def frames() -> Iterator[Any]:
    frame: Any = sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


# --- chance


@define
class Drawing(Strategy):
    """Draw numbers, perhaps from a seed."""

    seed: int | None = None
    drawn: list[float] = field(factory=list)

    def on_start(self, now: Now) -> None:  # noqa: ARG002 - as it is called
        if self.seed is not None:
            random.seed(self.seed)

    def on_bar(self, now: Now) -> None:
        self.drawn.append(random.gauss(0, 1) if now.step % 2 else random.random())  # noqa: S311 - no secret


def drawn_by(strategy: Drawing, execute: Execute = Backtest.run) -> list[float]:
    execute(Backtest(BARS, strategy))
    return strategy.drawn


@ways
def test_a_seed_of_a_strategy_gives_the_same_numbers_however_its_steps_are_taken(execute: Execute) -> None:
    expected = drawn_by(Drawing(7))

    def others_draw_meanwhile(run: Backtest) -> None:
        state = random.getstate()
        while run.step():
            random.gauss(0, 1)
        random.setstate(state)

    assert len(set(expected)) == 6
    assert drawn_by(Drawing(7), execute) == expected
    assert drawn_by(Drawing(7), others_draw_meanwhile) == expected


def test_two_runs_that_take_turns_draw_what_each_would_draw_alone() -> None:
    one, other = Drawing(1), Drawing(2)
    runs = Backtest(BARS, one), Backtest(BARS, other)
    for _ in BARS.times:
        runs[0].step()
        runs[1].step()
    assert (one.drawn, other.drawn) == (drawn_by(Drawing(1)), drawn_by(Drawing(2)))


def test_without_a_seed_each_run_draws_other_numbers() -> None:
    assert not set(drawn_by(Drawing())) & set(drawn_by(Drawing()))


def test_a_seed_of_the_program_decides_over_the_numbers_of_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    state, found = random.getstate(), []
    for _ in range(2):
        monkeypatch.setattr(surroundings, "_runs", iter(range(2)))
        random.seed(5)
        found.append((drawn_by(Drawing()), drawn_by(Drawing())))
    random.setstate(state)
    assert found[0] == found[1]


SEEDED = """import random, decimal
from attrs import define
from core import Strategy
{at_the_top}
@define
class Mine(Strategy):
    def __attrs_post_init__(self):
        {in_init}
    def on_bar(self, now):
        DRAWN.append((random.random(), decimal.getcontext().prec))
DRAWN = []
"""


@pytest.mark.parametrize(
    ("at_the_top", "in_init"),
    [("random.seed(3); decimal.getcontext().prec = 9", "pass"), ("", "random.seed(3); decimal.getcontext().prec = 9")],
    ids=["in the file", "in init"],
)
def test_what_a_file_or_init_has_changed_is_what_each_run_begins_with(at_the_top: str, in_init: str) -> None:
    Path("mine.py").write_text(SEEDED.format(at_the_top=at_the_top, in_init=in_init), encoding="utf-8")
    kind = find_strategy("mine.py")
    drawn = sys.modules["mine.py"].DRAWN
    strategy = make_strategy(kind, [])
    for _ in range(2):
        Backtest(BARS, strategy).run()
    expected = random.Random(3)  # noqa: S311 - no secret
    assert drawn == 2 * [(expected.random(), 9) for _ in range(6)]


def test_where_python_keeps_random_numbers_elsewhere_all_of_them_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mark_of_random() is not random.getstate
    monkeypatch.setattr(surroundings.random, "_inst", SimpleNamespace())
    assert mark_of_random() is random.getstate

    class Other(random.Random):
        __slots__ = ("more",)

    monkeypatch.setattr(surroundings.random, "_inst", Other(1))
    assert mark_of_random() is random.getstate


@pytest.mark.parametrize("draw", [random.random, lambda: random.seed(4), lambda: random.gauss(0, 1)])
def test_a_number_that_was_drawn_and_a_seed_leave_another_mark(draw: Callable[[], object]) -> None:
    state, mark = random.getstate(), mark_of_random()
    marks = [mark()]
    for _ in range(3):
        draw()
        marks.append(mark())
        random.seed(str(len(marks)))
        marks.append(mark())
    random.setstate(state)
    assert all(one != other for one, other in pairwise(marks))
    assert mark() == marks[0]


class Numpy:
    """Stands for numpy's random numbers: a seed, and how many were drawn."""

    def __init__(self) -> None:
        self.state: tuple[Any, ...] = ("MT19937", memoryview(b"program"), 0)

    def get_state(self) -> tuple[Any, ...]:
        return self.state

    def set_state(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def seed(self, number: int) -> None:
        assert 0 <= number < 2**32
        self.state = ("MT19937", memoryview(str(number).encode()), 0)

    def draw(self) -> tuple[str, int]:
        name, seed, count = self.state
        self.state = (name, seed, count + 1)
        return bytes(seed).decode(), count


@ways
def test_numpys_numbers_are_kept_apart_too_once_it_is_there(execute: Execute, monkeypatch: pytest.MonkeyPatch) -> None:
    numpy = Numpy()
    monkeypatch.setitem(sys.modules, "numpy.random", numpy)
    one, other = (Changing(lambda: numpy.seed(5), numpy.draw) for _ in range(2))
    for strategy in (one, other):
        execute(Backtest(BARS, strategy))
    assert one.seen[2:] == other.seen[2:] == [("5", count) for count in range(4)]
    assert one.seen[:2] != other.seen[:2]
    assert [count for _, count in one.seen[:2]] == [0, 1]  # type: ignore[misc]
    assert numpy.draw() == ("program", 0)


def test_numpy_may_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numpy.random", raising=False)
    numpy = Numpy()
    strategy = Changing(lambda: monkeypatch.setitem(sys.modules, "numpy.random", numpy), lambda: None)
    by_steps(Backtest(BARS, strategy))
    assert numpy.state[1] == b"program"
