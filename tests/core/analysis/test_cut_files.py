"""A folder like another one, in which the files of bars end early."""

from pathlib import Path

import polars as pl
import pytest

from core.analysis.cut_files import standing_in_cut_files
from core.bars import Bars
from core.data.load import load

HEADER = "time,open,high,low,close\n"
ROWS = [f"2024-01-0{day},{day},{day},{day},{day}\n" for day in range(1, 6)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "here"
    (here / "data" / "more").mkdir(parents=True)
    monkeypatch.chdir(here)
    Path("notes.txt").write_text("as it is", encoding="utf-8")
    return here


def written(path: str, *rows: str, header: str = HEADER) -> Bars:
    Path(path).write_text(header + "".join(rows), encoding="utf-8")
    (bars,) = load([path])
    return bars


def read_in_cut(*bars: Bars, after: int = 1, first: int = 0) -> list[str]:
    """Return what the files hold where they end after a row of the first one."""
    with standing_in_cut_files(bars, bars[first].times[after]):
        return [Path(one.source).read_text(encoding="utf-8") for one in bars]


def test_a_file_ends_at_the_time_and_everything_else_is_there(folder: Path) -> None:
    bars = written("data/more/A.csv", *ROWS)
    Path("data/other.txt").write_text("other", encoding="utf-8")
    with standing_in_cut_files([bars], bars.times[1]):
        assert Path.cwd() != folder
        assert Path("data/more/A.csv").read_text(encoding="utf-8") == HEADER + "".join(ROWS[:2])
        assert Path("notes.txt").read_text(encoding="utf-8") == "as it is"
        assert Path("data/other.txt").read_text(encoding="utf-8") == "other"
    assert Path.cwd() == folder
    assert Path("data/more/A.csv").read_text(encoding="utf-8") == HEADER + "".join(ROWS)


def test_a_file_from_new_to_old_keeps_its_last_rows() -> None:
    assert read_in_cut(written("A.csv", *ROWS[::-1])) == [HEADER + "".join(ROWS[:2][::-1])]


def test_prices_that_need_fewer_digits_without_later_ones_are_the_same_bars() -> None:
    assert read_in_cut(written("A.csv", *ROWS[:4], "2024-01-05,5.25,5.25,5.25,5.25\n")) == [HEADER + "".join(ROWS[:2])]


def test_a_file_that_begins_later_has_no_rows_yet() -> None:
    early, late = written("A.csv", *ROWS), written("B.csv", *ROWS[3:])
    assert read_in_cut(early, late) == [HEADER + "".join(ROWS[:2]), HEADER]


def test_a_parquet_file_ends_too() -> None:
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, 5), eager=True)
    pl.DataFrame({"time": days, **{name: range(1, 6) for name in ("open", "high", "low", "close")}}).write_parquet(
        "A.parquet"
    )
    (bars,) = load(["A.parquet"])
    with standing_in_cut_files([bars], bars.times[2]):
        assert pl.read_parquet("A.parquet")["close"].to_list() == [1, 2, 3]


def test_a_file_whose_rows_are_in_no_order_that_can_be_cut_is_as_it_is() -> None:
    text = HEADER + "".join(ROWS)
    bars = written("A.csv", *ROWS)
    Path("A.csv").write_text(text.replace("2024-01-01,1,1", "2024-01-01,7,7"), encoding="utf-8")  # changed since
    assert read_in_cut(bars) == [text.replace("2024-01-01,1,1", "2024-01-01,7,7")]


def test_a_file_of_several_symbols_one_that_is_elsewhere_and_bars_of_no_file_are_as_they_are(tmp_path: Path) -> None:
    header = "symbol," + HEADER
    rows = "".join(f"{symbol},{row}" for symbol in "AB" for row in ROWS)
    Path("both.csv").write_text(header + rows, encoding="utf-8")
    elsewhere = written(str(tmp_path / "C.csv"), *ROWS)
    above = written("../D.csv", *ROWS)
    plain = Bars("E", above.frame)
    gone = Bars("F", above.frame, source="gone.csv")
    both = load(["both.csv"])
    with standing_in_cut_files([*both, elsewhere, above, plain, gone], elsewhere.times[1]):
        assert Path("both.csv").read_text(encoding="utf-8") == header + rows
        assert Path(elsewhere.source).read_text(encoding="utf-8") == HEADER + "".join(ROWS)
        assert not Path("gone.csv").exists()
