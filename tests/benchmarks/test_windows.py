"""Bars in pieces are the walk that is made at once; and the command that runs over them."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks.generate import FIRST_OPEN_TICKS, PRICES, random_walk
from benchmarks.long_walk import FIRST_OPEN_TICKS as HIGH
from benchmarks.long_walk import main as write
from benchmarks.long_walk import pieces
from benchmarks.windows import main
from core.data.load import load


@pytest.mark.parametrize("size", [1, 97, 1_000, 5_000])
def test_pieces_of_any_size_are_the_same_walk_at_a_higher_price(size: int) -> None:
    walk = pl.concat(pieces(2_000, 3, size))
    assert walk.equals(random_walk(2_000, 3).with_columns(pl.col(PRICES) + HIGH - FIRST_OPEN_TICKS))


def test_a_file_of_several_pieces_is_written_exactly(tmp_path: Path) -> None:
    write(["3000", str(tmp_path / "A.parquet")])
    (bars,) = load([tmp_path / "A.parquet"])
    walk = pl.concat(pieces(3_000, 1))
    assert bars.frame.select(f"{name}_ticks" for name in PRICES).rows() == walk.select(PRICES).rows()
    assert bars.times == walk["time"].to_physical().to_list()


def test_the_command_says_what_a_run_took_and_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--rows", "20000", "--longer", "1", "--folder", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("20,000 rows, a file of ")
    assert [line.split()[0] for line in lines[1:4]] == ["check", "run,", "peak"]
    assert list(tmp_path.iterdir()) == []


def test_a_measurement_that_fails_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rows", "0", "--folder", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("a measurement has failed: ")
