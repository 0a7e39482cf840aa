"""A strategy that knows of later rows is found out, at the first fact that depended on one."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from attrs import define, field

from core.analysis.lookahead import LookAhead, find_look_ahead
from core.analysis.other_rows import REPLACED, TAKEN_AWAY
from core.backtest.configuration import make_strategy
from core.backtest.examples import SHIPPED
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategies import find_strategy
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.data.load import load
from core.errors import DeadlineError
from core.execution.path import PathRule
from tests.core.builders import at, bars_of

CLOSES = [100 + place * 37 % 23 for place in range(40)]
BARS = bars_of("A", *map(str, CLOSES))
LAST = len(CLOSES) - 1
Make = Callable[[Sequence[Bars], Sequence[Bars]], Backtest]


def look_at(make: Callable[[], Strategy], bars: Sequence[Bars] = (BARS,)) -> LookAhead:
    def made(bars: Sequence[Bars], subbars: Sequence[Bars]) -> Backtest:
        assert not subbars
        return Backtest(bars, make())

    record = made(bars, ())
    record.run()
    return find_look_ahead(record, made)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_strategies_that_ship_do_not_look_ahead(name: str) -> None:
    other = bars_of("B", "-", "-", *map(str, CLOSES[::-1]))
    found = look_at(SHIPPED[name], (BARS, other))
    assert found.is_clean
    assert found.places >= 5


def test_a_strategy_that_does_nothing_is_looked_at_too() -> None:
    assert look_at(Strategy).is_clean
    assert look_at(Strategy, [bars_of("A", "1")]) == LookAhead(0, None, ())


@define
class ByIndicator(Strategy):
    """Hold where an indicator says so, from a step on."""

    wanted: pl.Expr
    first: int = 0

    def indicators(self) -> Mapping[str, pl.Expr]:
        return {"wanted": self.wanted, "honest": pl.col("close_ticks").shift(1)}

    def on_bar(self, now: Now) -> None:
        held = now.get_position("A").quantity
        if now.step < self.first:
            return
        if now["A"].wanted and not held:
            now.buy("A", 1)
        elif held and not now["A"].wanted:
            now.sell("A", 1)


@pytest.mark.parametrize("first", [0, 25])
def test_an_indicator_that_sees_the_next_row_is_found_with_the_first_fact_that_it_made(first: int) -> None:
    rises = pl.col("close_ticks").shift(-1) > pl.col("close_ticks")
    found = look_at(lambda: ByIndicator(rises, first))
    step = next(step for step in range(first, LAST) if CLOSES[step + 1] > CLOSES[step])
    assert found.dependence is not None
    assert (found.dependence.sequence, found.dependence.step, found.dependence.last) == (0, step, step + 1)
    assert (found.dependence.until, found.dependence.how, found.dependence.other) == (step, TAKEN_AWAY, None)
    (indicator,) = found.indicators
    assert (indicator.symbol, indicator.name, indicator.how) == ("A", "wanted", TAKEN_AWAY)
    assert (indicator.row, indicator.other) == (indicator.step, None)
    assert not found.is_clean


def test_an_indicator_that_is_of_the_whole_column_is_found() -> None:
    found = look_at(lambda: ByIndicator(pl.col("close") > pl.col("close").mean()))
    assert found.dependence is not None
    assert found.dependence.sequence == 0
    assert found.dependence.last is not None
    assert found.dependence.last > found.dependence.until
    assert [one.name for one in found.indicators] == ["wanted"]


def test_an_indicator_that_sees_ahead_is_found_though_no_fact_depends_on_it() -> None:
    found = look_at(lambda: ByIndicator(pl.col("close_ticks").shift(-2), first=LAST + 1))
    assert found.dependence is None
    assert not found.is_clean
    assert [(one.name, one.other) for one in found.indicators] == [("wanted", None)]


def test_an_indicator_without_a_number_is_the_same_one_again() -> None:
    nothing = pl.lit(float("nan"))
    assert look_at(lambda: ByIndicator(nothing + pl.col("close"))).is_clean


@define
class Knowing(Strategy):
    """Know all closes from elsewhere, and buy before each rise; from a step on, often."""

    closes: Sequence[int] = field(factory=lambda: LATEST)
    first: int = 0

    def on_bar(self, now: Now) -> None:
        later = self.closes[now.step + 1 :][:1]
        if now.step < self.first or (later and later[0] > now["A"].close):
            now.buy("A", 1)


LATEST: list[int] = []


@pytest.mark.parametrize("first", [0, 30])
def test_what_a_strategy_knows_from_elsewhere_is_found_by_halves_where_much_happened_before(first: int) -> None:
    def made(bars: Sequence[Bars], _: Sequence[Bars]) -> Backtest:
        LATEST[:] = [int(bars[0].price(ticks)) for ticks in bars[0].closes]
        return Backtest(bars, Knowing(list(LATEST), first))

    record = made([BARS], ())
    record.run()
    found = find_look_ahead(record, made).dependence
    assert found is not None
    step = next(step for step in range(first, LAST) if CLOSES[step + 1] > CLOSES[step])
    assert found.step == step
    assert (found.how, found.last) == (TAKEN_AWAY, step + 1)


def test_what_only_later_prices_change_is_found_where_the_symbols_begin_at_different_times() -> None:
    late = bars_of("B", *["-"] * 30, *["5"] * 10)  # before, no row can be taken away: B would be unknown
    found = look_at(lambda: ByIndicator(pl.col("close_ticks").reverse() > 0), (BARS, late))
    assert found.dependence is None
    assert {(one.symbol, one.name) for one in found.indicators} <= {("A", "wanted"), ("B", "wanted")}
    falls = pl.col("close_ticks").shift(-1) < pl.col("close_ticks")
    dependence = look_at(lambda: ByIndicator(falls), (BARS, late)).dependence
    assert dependence is not None
    assert dependence.how == REPLACED


@define
class Ending(Strategy):
    """Ask for an order at the end, which another run has earlier."""

    def on_bar(self, now: Now) -> None:
        if now.step % 7 == 0:
            now.buy("A", 1)

    def on_end(self, now: Now) -> None:
        now.buy("A", 2)


def test_what_a_strategy_does_at_the_end_does_not_look_ahead() -> None:
    assert look_at(Ending).is_clean


@define
class Failing(Strategy):
    """Fail where there are fewer or other rows than it knows, in a call or when it is made."""

    call: str = "on_bar"

    def indicators(self) -> Mapping[str, pl.Expr]:
        self.fail("indicators")
        return {}

    def on_bar(self, now: Now) -> None:
        now.buy("A", 1)
        if now.step == 3:
            self.fail("on_bar")

    def fail(self, call: str) -> None:
        if self.call == call and len(LATEST) != len(CLOSES):
            raise ValueError


@pytest.mark.parametrize(("call", "step", "sequence"), [("on_bar", 3, 7 + 3 * 3), ("indicators", 0, 0)])
def test_where_a_strategy_raises_instead_that_is_told(call: str, step: int, sequence: int) -> None:
    def made(bars: Sequence[Bars], _: Sequence[Bars]) -> Backtest:
        LATEST[:] = bars[0].closes
        return Backtest(bars, Failing(call))

    record = made([BARS], ())
    record.run()
    found = find_look_ahead(record, made).dependence
    assert found is not None
    assert found.step == step
    assert found.error is not None
    assert f"Failing.{call} raised ValueError" in str(found.error)
    assert found.last is None
    assert found.other is None


def test_a_call_that_does_not_come_back_over_other_rows_is_told() -> None:
    def made(bars: Sequence[Bars], _: Sequence[Bars]) -> Backtest:
        def on_bar(_: Strategy, now: Now) -> None:
            while len(bars[0]) < len(CLOSES) and now.step == 2:
                pass

        run = Backtest(bars, type("Stuck", (Strategy,), {"on_bar": on_bar})())
        run.deadline.seconds = 0.1
        return run

    record = made([BARS], ())
    record.run()
    found = find_look_ahead(record, made).dependence
    assert found is not None
    assert isinstance(found.error, DeadlineError)


def test_finer_bars_are_cut_too() -> None:
    whole = bars_of("A", "10/12/8/11", "11/13/9/12", "12/14/10/13")
    finer = Bars.from_rows(
        "A", [(at(step, hours=24), *[Decimal(close)] * 4) for step, close in enumerate((11, 12, 13))]
    )
    given: list[list[int]] = []

    def made(bars: Sequence[Bars], subbars: Sequence[Bars]) -> Backtest:
        given.append([len(one) for one in subbars])
        return Backtest(bars, SHIPPED["buy-and-hold"](), Settings(path=PathRule.SUBBARS), subbars)

    record = made([whole], [finer])
    record.run()
    assert find_look_ahead(record, made).is_clean
    assert given[:2] == [[3], [3]]
    assert {tuple(one) for one in given[2:]} == {(1,), (2,)}


# --- files that a strategy reads by itself

READING = """import csv
from pathlib import Path
from core import Strategy
class Mine(Strategy):
    def __init__(self):
        with open({path!r}, encoding="utf-8") as file:
            self.closes = [float(row["close"]) for row in csv.DictReader(file)]
    def on_bar(self, now):
        later = self.closes[now.step + 1 : now.step + 2]
        if later and later[0] > now["A"].close:
            now.buy("A", 1)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    lines = [f"{at(step).date()},{close},{close},{close},{close}" for step, close in enumerate(CLOSES)]
    Path("A.csv").write_text("\n".join(["time,open,high,low,close", *lines]), encoding="utf-8")
    yield tmp_path
    sys.modules.pop("mine.py", None)


def look_at_file(path: str) -> LookAhead:
    Path("mine.py").write_text(READING.format(path=path), encoding="utf-8")

    def made(bars: Sequence[Bars], _: Sequence[Bars]) -> Backtest:
        return Backtest(bars, make_strategy(find_strategy("mine.py"), []))

    record = made(load(["A.csv"]), ())
    record.run()
    return find_look_ahead(record, made)


def test_a_file_of_bars_that_a_strategy_reads_by_itself_is_found(folder: Path) -> None:
    found = look_at_file("A.csv").dependence
    step = next(step for step in range(LAST) if CLOSES[step + 1] > CLOSES[step])
    assert found is not None
    assert (found.step, found.how, found.last) == (step, TAKEN_AWAY, None)
    assert Path.cwd() == folder


def test_what_lies_elsewhere_is_read_as_it_is(folder: Path) -> None:
    (folder / "other").mkdir()
    Path("other", "A.csv").write_bytes(Path("A.csv").read_bytes())
    assert look_at_file("other/A.csv").is_clean
    assert look_at_file(f"../{folder.name}/A.csv").is_clean


def test_a_strategy_that_only_its_own_folder_can_make_is_looked_at_there(folder: Path) -> None:
    text = f"import os\nif os.getcwd() != {str(folder)!r}: raise OSError\n"
    Path("mine.py").write_text(text + "from core import Strategy\nclass Mine(Strategy): pass\n", encoding="utf-8")

    def made(bars: Sequence[Bars], _: Sequence[Bars]) -> Backtest:
        return Backtest(bars, make_strategy(find_strategy("mine.py"), []))

    record = made(load(["A.csv"]), ())
    record.run()
    assert find_look_ahead(record, made).is_clean
    assert Path.cwd() == folder
