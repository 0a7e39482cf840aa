"""The command line with bars that need more memory than they may: read in windows, or refused before loading."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.generate import random_walk, with_prices, write_bars
from tui.__main__ import main

STRATEGIES = """
from core.backtest.examples import SmaCross

class Said(SmaCross):
    def lookback(self):
        return self.slow - 1

class TooFew(SmaCross):
    def lookback(self):
        return 3
"""
ROWS = 2_000
NEEDED = "A.parquet: needs about 0.0 GB; the limit is 0.0 GB (--memory-gb)"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("core.backtest.memory.WINDOW_ROWS", 128)
    monkeypatch.setattr("core.data.opening.GIGABYTE", 1000)
    write_bars(with_prices(random_walk(ROWS, 1)), Path("A.parquet"))
    Path("mine.py").write_text(STRATEGIES, encoding="utf-8")
    yield
    sys.modules.pop("mine.py", None)


def told(capsys: pytest.CaptureFixture[str], command: str, strategy: str, *more: str) -> tuple[int, str, str]:
    code = main([command, strategy, "--data", "A.parquet", *more])
    return code, *capsys.readouterr()


def test_a_run_in_windows_prints_what_a_run_in_memory_prints(capsys: pytest.CaptureFixture[str]) -> None:
    whole = told(capsys, "run", "mine.py:Said", "--json")
    assert told(capsys, "run", "mine.py:Said", "--json", "--memory-gb", "500") == whole
    assert whole[0] == 0
    assert json.loads(whole[1])["fills"] > 20


def test_memory_is_named_before_anything_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    way_out = "let SmaCross say its lookback, and it is read in windows"
    assert told(capsys, "run", "sma-cross", "--memory-gb", "500") == (2, "", f"fillstep: {NEEDED}: {way_out}\n")


def test_a_command_that_needs_all_bars_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    way_out = "only `fillstep run` reads bars in windows"
    found = told(capsys, "explain", "mine.py:Said", "--order", "1", "--memory-gb", "500")
    assert found == (2, "", f"fillstep: {NEEDED}: {way_out}\n")


def test_a_lookback_that_is_too_small_is_the_strategys_error(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "run", "mine.py:TooFew", "--memory-gb", "500")
    what = "indicator above at row 29 is False over all bars and None over so many before it"
    assert found == (1, "", f"fillstep: TooFew.lookback is 3, but {what}\n")
