"""How much memory bars need is said before they are loaded; a Parquet file of more is read in windows."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from attrs import define

from core.backtest.memory import load_or_open
from core.backtest.strategy import Strategy
from core.bars import Bars
from core.data.reading import Reading
from core.errors import BarDataError, InputError, MemoryNeededError
from core.windowed_bars import WindowedBars
from tests.core.builders import FIRST, at

ROWS = 1_000
A_ROW = 500
"""Bytes, with fewer than seven indicators."""


def whole(a_row: int = A_ROW) -> int:
    """Return what a file needs, in bytes: its rows, and itself."""
    return ROWS * a_row + Path("A.parquet").stat().st_size


@define
class Near(Strategy):
    """Needs ten earlier bars, by so many indicators."""

    lookback: int | None = 10  # type: ignore[assignment]  # a field says it as well as a method
    columns: int = 1

    def indicators(self) -> Mapping[str, pl.Expr]:
        return {f"x{number}": pl.col("close").shift(10) for number in range(self.columns)}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("core.data.opening.GIGABYTE", 1)
    columns = {"time": [at(row, hours=1) for row in range(ROWS)], **dict.fromkeys(("open", "high", "low", "close"), 7)}
    frame = pl.DataFrame(columns)
    frame.write_parquet("A.parquet")
    frame.write_parquet("B.parquet")
    frame.head(100).write_csv("C.csv", datetime_format="%Y-%m-%d %H:%M:%S")


def loaded(paths: list[str], strategy: Strategy, limit: int, *, in_windows: bool = True, **said: Any) -> list[Bars]:
    """Load bars that may need so many bytes."""
    return load_or_open(paths, strategy, Reading(memory_gb=limit, **said), in_windows=in_windows)


def refusal(paths: list[str], strategy: Strategy, limit: int, *, in_windows: bool = True, **said: Any) -> str:
    with pytest.raises(MemoryNeededError) as error:
        loaded(paths, strategy, limit, in_windows=in_windows, **said)
    assert isinstance(error.value, InputError)
    return str(error.value)


def test_what_fits_is_loaded_whole() -> None:
    (bars,) = loaded(["A.parquet"], Strategy(), whole())
    assert type(bars) is Bars


@pytest.mark.parametrize(("columns", "a_row"), [(1, 500), (7, 500), (8, 550), (20, 1150)])
def test_many_indicators_need_memory_too(columns: int, a_row: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.backtest.memory.WINDOW_ROWS", 10)
    strategy = Near(columns=columns)
    assert type(loaded(["A.parquet"], strategy, whole(a_row))[0]) is Bars
    (bars,) = loaded(["A.parquet"], strategy, whole(a_row) - 1)
    assert isinstance(bars, WindowedBars)
    assert bars.bar(999).close == Decimal(7)
    assert bars.bar(0).time == FIRST


def test_a_strategy_that_does_not_say_its_lookback_is_told_what_is_needed() -> None:
    told = refusal(["A.parquet"], Near(lookback=None), 1000)
    way_out = "let Near say its lookback, and it is read in windows"
    assert told == f"A.parquet: needs about 0.0 GB; the limit is 0.0 GB (--memory-gb): {way_out}"


def test_a_lookback_that_windows_do_not_fit_is_told_so() -> None:
    told = refusal(["A.parquet"], Near(lookback=10**9), 1000)
    assert told.endswith(": windows with a lookback of 1,000,000,000 bars need more too")


def test_what_shows_bars_is_told_that_it_needs_all_of_them() -> None:
    told = refusal(["A.parquet"], Near(), 1000, in_windows=False)
    assert told.endswith(": only `fillstep run` reads bars in windows")


def test_several_files_and_text_cannot_be_read_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.backtest.memory.WINDOW_ROWS", 1)
    way_out = "only a single Parquet file can be read in windows"
    one = whole()
    assert len(loaded(["A.parquet", "B.parquet"], Near(), 2 * one)) == 2
    assert refusal(["A.parquet", "B.parquet"], Near(), 2 * one - 1) == (
        f"A.parquet: needs about 0.0 GB, all files 0.0 GB; the limit is 0.0 GB (--memory-gb): {way_out}"
    )
    size = Path("C.csv").stat().st_size
    assert len(loaded(["C.csv"], Near(), 14 * size)) == 1
    assert refusal(["C.csv"], Near(), 14 * size - 1).endswith(way_out)


@pytest.mark.parametrize("said", [{"zone": "America/New_York"}, {"repair": True}, {"sort": True}, {"drop_empty": True}])
def test_what_is_said_of_a_file_is_not_said_of_windows(said: Mapping[str, object]) -> None:
    assert refusal(["A.parquet"], Near(), 1000, **said).endswith("with times in UTC, and nothing is said of it")


def test_splits_in_a_column_are_not_left_out_in_silence() -> None:
    pl.read_parquet("A.parquet").with_columns(split=pl.lit("")).write_parquet("S.parquet")
    assert refusal(["S.parquet"], Near(), 1000).endswith("its columns of splits and dividends are not read in windows")


def test_gigabytes_are_thousands_of_millions_of_bytes() -> None:
    error = MemoryNeededError("A\x1b", 123_456_789_012, None, 2 * 10**9, "no")
    assert str(error) == "A␛: needs about 123.5 GB; the limit is 2.0 GB (--memory-gb): no"


@pytest.mark.parametrize("path", ["none.parquet", "none.csv", "a\0.csv"])
def test_a_file_that_cannot_be_read_is_said_as_it_is_loaded(path: str) -> None:
    with pytest.raises(BarDataError, match="cannot be read"):
        loaded([path], Near(), 1)
