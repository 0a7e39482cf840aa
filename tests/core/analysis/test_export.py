"""A run as files: exact, harmless, whole or not at all."""

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from core.analysis.export import Format, as_text, export, make_folder
from core.analysis.frames import FRAMES
from core.backtest.loop import Backtest
from core.errors import InputError
from core.execution.costs import Commission
from tests.core.builders import bars_of, run

NAMES = ["orders", "fills", "positions", "equity"]


def made_of(symbol: str, tag: str = "") -> Backtest:
    costs = Commission(per_unit=Decimal("0.005"))
    bars = bars_of(symbol, "10.25/12/9/11", "11/13/10.50/12", "12/14/11/13")
    return run(bars, {0: lambda now: now.buy(symbol, 3, tag=tag), 1: lambda now: now.sell(symbol, 1)}, costs=costs)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_holds_every_number_to_the_last_digit_and_every_time_in_utc(tmp_path: Path) -> None:
    made = made_of("A")
    files = export(made, str(tmp_path))
    assert files == [tmp_path / f"{name}.csv" for name in NAMES]
    for name, make in FRAMES.items():
        frame = make(made)
        numbers = [column.name for column in frame if isinstance(column.dtype, pl.Decimal)]
        for written, row in zip(rows_of(tmp_path / f"{name}.csv"), frame.rows(named=True), strict=True):
            assert [Decimal(written[name]) if written[name] else None for name in numbers] == [
                row[name] for name in numbers
            ]
    # 3 at 11 for 0.02 (3 x 0.005 is 0.015), and 1 sold at 12 for 0.01
    fill = rows_of(tmp_path / "fills.csv")[0]
    assert (fill["price"], fill["commission"], fill["cash_before"], fill["cash_after"]) == (
        "11",
        "0.02",
        "100000",
        "99966.98",
    )
    assert fill["time"] == "2024-01-03T21:00:00.000000Z"


def test_parquet_holds_the_tables_as_they_are(tmp_path: Path) -> None:
    made = made_of("=A\x1b[2J", tag="@now")
    assert export(made, str(tmp_path), Format.PARQUET) == [tmp_path / f"{name}.parquet" for name in NAMES]
    for name, make in FRAMES.items():
        read = pl.read_parquet(tmp_path / f"{name}.parquet")
        assert read.equals(make(made))
        assert read.schema == make(made).schema


@pytest.mark.parametrize("first", "=+-@")
def test_text_that_a_spreadsheet_would_compute_has_an_apostrophe_before_it_and_numbers_have_none(
    first: str, tmp_path: Path
) -> None:
    export(made_of(f"{first}1+2", tag=f"{first}HYPERLINK(0)"), str(tmp_path))
    order, _ = rows_of(tmp_path / "orders.csv")
    assert (order["symbol"], order["tag"]) == (f"'{first}1+2", f"'{first}HYPERLINK(0)")
    lowest = min(Decimal(row["unrealized_pnl"]) for row in rows_of(tmp_path / "equity.csv"))
    assert lowest == 0
    assert as_text(pl.DataFrame({"n": [Decimal("-1.50")]}))["n"].to_list() == ["-1.5"]


def test_text_that_would_move_a_terminal_shows_marks(tmp_path: Path) -> None:
    export(made_of("A\x1b[2J\n\u202eB"), str(tmp_path))
    assert {row["symbol"] for row in rows_of(tmp_path / "fills.csv")} == {"A␛[2J␊<202E>B"}


@pytest.mark.parametrize("symbol", ["../../etc/x", "/etc/passwd", "CON", "a\nb", "orders"])
def test_no_symbol_is_a_part_of_a_path(symbol: str, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    export(made_of(symbol), str(folder))
    there = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert there == sorted(f"deep/er/{name}.csv" for name in NAMES)


def test_an_export_takes_the_place_of_the_one_before_and_leaves_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    export(made_of("A"), str(tmp_path))
    export(made_of("B"), str(tmp_path))
    assert {row["symbol"] for row in rows_of(tmp_path / "orders.csv")} == {"B"}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["notes.txt", *(f"{name}.csv" for name in NAMES)])


FAILURES: dict[str, Callable[..., object]] = {
    "write_csv": lambda *_: _fail(OSError(28, "No space left on device")),
    "write_parquet": lambda *_: _fail(pl.exceptions.ComputeError("parquet: No space left on device (os error 28)")),
}


def _fail(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(("form", "method"), [(Format.CSV, "write_csv"), (Format.PARQUET, "write_parquet")])
def test_where_a_disk_is_full_the_files_that_were_there_stay(
    form: Format, method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in export(made_of("A"), str(tmp_path), form)}
    real, count = getattr(pl.DataFrame, method), iter(range(9))

    def write(self: pl.DataFrame, file: Any) -> None:
        (real if next(count) < 2 else FAILURES[method])(self, file)

    monkeypatch.setattr(pl.DataFrame, method, write)
    with pytest.raises(InputError, match=r"cannot be written: .*o space left on device"):
        export(made_of("B"), str(tmp_path), form)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_a_full_disk_says_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        for method in ("write_csv", "write_parquet"):
            with pytest.raises((OSError, pl.exceptions.PolarsError)):
                getattr(pl.DataFrame({"a": range(100_000)}), method)(full)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a file", "a file cannot be written: file exists"),
        ("a file/below", "a file/below cannot be written: not a directory"),
        ("a\0b", "a␀b cannot be written: embedded null byte"),
    ],
)
def test_a_folder_that_cannot_be_is_refused(
    name: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a file").write_text("mine")
    with pytest.raises(InputError) as caught:
        make_folder(name)
    assert str(caught.value) == says
    assert list(Path().iterdir()) == [Path("a file")]
