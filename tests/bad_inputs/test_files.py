"""Files that are not as they should be: the one line a person reads, the exit code, and that nothing was half-loaded.

Every refused file is given after a sound one, which must not be told of either.
"""

import io
import os
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import polars as pl
import pytest

from core.backtest.examples import BuyAndHold
from core.backtest.loop import Backtest
from core.bars import Bars
from core.data.load import load
from core.data.reading import Reading
from tui.__main__ import main

ROOT: Final = Path(__file__).parents[2]
HEADER: Final = "time,open,high,low,close,volume"
FIRST: Final = "2024-01-02,10,12,9,11,100"
SECOND: Final = "2024-01-03,11,13,10,12.5,100"
NUMBER: Final = "must be a number such as 187.15"
WITHIN: Final = "must be a number of at most 18 digits before the point and 12 after"
TIME: Final = "time must be a date such as 2024-01-31 or a time such as 2024-01-31 09:30:00 or 2024-01-31T09:30Z"
NEEDED: Final = "needed are time (or timestamp, date, datetime), open, high, low, close"
DAYS: Final = {"Date": [date(2024, 1, 2), date(2024, 1, 3)]}
COLUMNS: Final = {**DAYS, "Open": [1.5, 2], "High": [3.25, 3], "Low": [1, 1], "Close": [2, 2], "Volume": [10, None]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder with one sound file."""
    monkeypatch.chdir(tmp_path)
    write(HEADER, FIRST, SECOND, name="sound.csv")


def write(*lines: str, name: str = "A.csv") -> str:
    Path(name).write_bytes("\n".join((*lines, "")).encode())
    return name


def write_parquet(columns: Mapping[str, object], name: str = "A.parquet") -> str:
    pl.DataFrame(columns, strict=False).write_parquet(name)
    return name


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str]) -> "Refusal":
    return Refusal(capfd)


class Refusal:
    """Gives a file to the program, and returns the one line that it prints; anything else fails."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, name: str = "A.csv", *options: str) -> str:
        assert main(["data", "sound.csv", name, *options]) == 2
        out, err = self._capfd.readouterr()
        assert out == ""
        assert err.startswith("fillstep: ")
        assert err.count("\n") == 1
        assert len(err) < 1_000
        return err.removeprefix("fillstep: ").rstrip("\n")

    def row(self, row: str, *options: str) -> str:
        """Refuse the row on line 3."""
        return self(write(HEADER, FIRST, row), *options)


def told(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Return the lines of the report, without blanks around them."""
    assert main(["data", *arguments]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    return [" ".join(line.split()) for line in out.splitlines()]


def only(name: str, reading: Reading | None = None) -> Bars:
    (bars,) = load([name], reading or Reading())
    return bars


def days_of(bars: Bars) -> list[int]:
    return [bars.bar(row).time.day for row in range(len(bars))]


def test_row_01_a_missing_file_a_folder_a_pipe_and_a_device(refused: Refusal) -> None:
    assert refused("no.csv") == "no.csv: cannot be read: no such file or directory"
    Path("folder.csv").mkdir()
    assert refused("folder.csv") == "folder.csv: must be a file, was a folder"
    for name in ("pipe.csv", "pipe.parquet"):
        os.mkfifo(name)  # nobody writes into it: whoever opened it would wait forever
        assert refused(name) == f"{name}: must be a file, was a pipe or a device"
    assert refused("/dev/zero") == "/dev/zero: must be a file, was a pipe or a device"


def test_row_01_a_file_that_may_not_be_read(refused: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    name = write(HEADER, FIRST)
    monkeypatch.setattr(Path, "read_bytes", deny)
    assert refused(name).endswith(".csv: cannot be read: permission denied")


@pytest.mark.parametrize("content", [b"", b"\n\n", HEADER.encode(), f"{HEADER}\n".encode(), b"\xef\xbb\xbf"])
def test_row_02_a_file_without_rows(content: bytes, refused: Refusal) -> None:
    Path("A.csv").write_bytes(content)
    assert refused() == "A.csv: no rows"
    assert refused(write_parquet({name: [] for name in COLUMNS})) == "A.parquet: no rows"


def test_row_03_a_missing_column_beside_those_needed_and_found(refused: Refusal) -> None:
    write("time,high,low,close", "2024-01-02,3,1,2")
    assert refused() == f"A.csv: no column open: {NEEDED}; found are time, high, low, close"


def test_row_04_other_columns_are_left_alone_and_told(capfd: pytest.CaptureFixture[str]) -> None:
    write("note,CLOSE,Adj Close,open,High,LOW,Date", "x,2,0.5,1,3,1,2024-01-02")
    assert only("A.csv").bar(0).close == 2
    assert "left alone columns note, Adj Close" in told(capfd, "A.csv")


def test_row_04_an_adjusted_close_is_never_the_close(refused: Refusal) -> None:
    write("Date,Open,High,Low,Adj Close", "2024-01-02,1,3,1,2")
    assert refused() == f"A.csv: no column close: {NEEDED}; found are Date, Open, High, Low, Adj Close"


def test_row_05_a_column_that_is_there_twice(refused: Refusal) -> None:
    assert (
        refused(write(f"{HEADER},Open", f"{FIRST},1")) == "A.csv: one column must be the open, found are open and Open"
    )


@pytest.mark.parametrize("ended_by", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_row_06_line_ends_and_a_mark_make_no_difference(ended_by: str, mark: str) -> None:
    Path("A.csv").write_bytes((mark + ended_by.join((HEADER, FIRST, SECOND, ""))).encode())
    assert only("A.csv").frame.equals(only("sound.csv").frame)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_row_06_utf_16_is_refused_by_its_name(encoding: str, refused: Refusal) -> None:
    Path("A.csv").write_bytes(f"{HEADER}\n{FIRST}\n".encode(encoding))
    assert refused() == "A.csv: must be text in UTF-8, was UTF-16"


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_row_07_separators_and_decimal_commas_are_told(
    separator: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    write(*(line.replace(",", separator).replace(".", ",") for line in (HEADER, FIRST, SECOND)))
    assert only("A.csv").frame.equals(only("sound.csv").frame)
    assert f"format text separated by {name}, decimal commas; columns found by their names" in told(capfd, "A.csv")


def test_row_07_a_comma_between_thousands_is_never_a_point(refused: Refusal) -> None:
    write(HEADER.replace(",", ";"), "2024-01-02;1,500;1,600;1,400;1,500;9")
    assert refused() == f"A.csv:2: open {NUMBER}, was 1,500"


def test_row_08_an_open_quote_a_nul_and_fields_without_end(refused: Refusal) -> None:
    assert refused.row('"2024-01-03,1,3,1,2,9') == "A.csv:3: a quote must open and close a whole field"
    assert refused.row("2024-01-03,1,\0,1,2,9") == "A.csv:3: must be text in UTF-8, was the byte 0x00"
    field = "9" * 200_000
    assert refused.row(f"2024-01-03,1,3,1,2,{field}") == "A.csv:3: a line must have at most 65,536 bytes, had 200,019"
    write(HEADER, f"{FIRST}{field}")
    assert refused().startswith("A.csv:2: a line must have at most 65,536 bytes, had ")


def test_row_08_a_line_of_two_gigabytes_is_not_read(refused: Refusal) -> None:
    with Path("A.csv").open("wb") as file:
        file.truncate(2 * 10**9)  # takes no room on the disk
    assert (
        refused("A.csv", "--memory-gb", "4")
        == "A.csv: needs about 28.0 GB, all files 28.0 GB; the limit is 4.0 GB (--memory-gb)"
    )


@pytest.mark.parametrize(("row", "count"), [("2024-01-03,1,3,1,2", 5), ("2024-01-03,1,3,1,2,9,", 7), (" ", 1)])
def test_row_09_a_row_with_too_few_or_too_many_fields(row: str, count: int, refused: Refusal) -> None:
    assert refused.row(row) == f"A.csv:3: a row must have 6 fields like the header, had {count}"


EMPTY: Final = ["", "NaN", "null", "-", "sNaN", "N/A"]


@pytest.mark.parametrize("cell", EMPTY)
def test_row_10_a_price_that_is_empty_is_refused(cell: str, refused: Refusal) -> None:
    assert refused.row(f"2024-01-03,{cell},3,1,2,9") == f"A.csv:3: open {NUMBER}, was {cell or 'empty'}"


@pytest.mark.parametrize("cell", EMPTY)
def test_row_10_rows_with_an_empty_price_are_left_out_on_demand(cell: str, capfd: pytest.CaptureFixture[str]) -> None:
    write(
        HEADER,
        FIRST,
        f"2024-01-03,1,3,1,{cell},9",
        f"2024-01-04,{cell},{cell},{cell},{cell},{cell}",
        SECOND.replace("03", "05"),
    )
    said = "dropped rows in which a price is empty: 2, first line 3"
    assert said in told(capfd, "A.csv", "--drop-empty")
    assert days_of(only("A.csv", Reading(drop_empty=True))) == [2, 5]


def test_row_10_a_file_of_empty_rows_has_none(refused: Refusal) -> None:
    write(HEADER, "2024-01-03,,,,,")
    assert refused("A.csv", "--drop-empty") == "A.csv: no rows in which every price is given"
    columns = {**COLUMNS, "Open": [None, None]}
    assert refused(write_parquet(columns), "--drop-empty") == "A.parquet: no rows in which every price is given"


@pytest.mark.parametrize(
    ("cell", "rule"), [("inf", NUMBER), ("-Infinity", NUMBER), ("1e999", WITHIN), ("1E+999999999", NUMBER)]
)
def test_row_11_a_price_without_end(cell: str, rule: str, refused: Refusal) -> None:
    assert refused.row(f"2024-01-03,{cell},3,1,2,9") == f"A.csv:3: open {rule}, was {cell}"


def test_row_12_a_price_that_is_zero_or_below(refused: Refusal) -> None:
    assert refused.row("2024-01-03,1,3,-1,2,9") == "A.csv:3: low -1 is not above zero"
    assert refused.row("2024-01-03,0,3,0,2,9") == "A.csv:3: open 0 is not above zero"
    assert refused.row("2024-01-03,0,3,0,2,9", "--repair") == "A.csv:3: open 0 is not above zero"


def test_row_13_fine_and_large_prices_are_exact_or_refused(refused: Refusal) -> None:
    write(HEADER, "2024-01-02,1e-12,1e-12,1e-12,0.000000000001,1")
    assert (only("A.csv").digits, only("A.csv").frame["open_ticks"][0]) == (12, 1)
    write(HEADER, "2024-01-02,1e15,1e15,1e15,1000000000000000,1")
    assert (only("A.csv").digits, only("A.csv").frame["open_ticks"][0]) == (0, 10**15)
    fine = f"0.{'1' * 40}"
    assert refused.row(f"2024-01-03,{fine},3,1,2,9") == f"A.csv:3: open {WITHIN}, was {fine}"
    most = "high must be at most 1000 where 12 decimals are needed"
    assert refused(write(HEADER, "2024-01-02,1e-12,1e15,1e-12,1,1")) == f"A.csv:2: {most}, was 1000000000000000"


@pytest.mark.parametrize("cell", ["\uff11\uff12", "\u0661\u0662", "1_000", "0x10", '"1,234.50"', " 1"])
def test_row_14_what_only_looks_like_a_number(cell: str, refused: Refusal) -> None:
    assert refused.row(f"2024-01-03,{cell},3,1,2,9") == f"A.csv:3: open {NUMBER}, was {cell.strip(chr(34))}"


def test_row_15_a_binary_float_is_its_shortest_decimal_and_that_is_told(
    capfd: pytest.CaptureFixture[str], refused: Refusal
) -> None:
    write_parquet({**COLUMNS, "Open": [1.1, 2.2]})
    assert str(only("A.parquet").bar(0).open) == "1.10"
    assert "floats binary numbers; each is read as the shortest decimal that stands for it" in told(capfd, "A.parquet")
    name = write_parquet({**COLUMNS, "Open": [1.1, 0.1 + 0.2]})
    assert refused(name) == f"A.parquet: row 1: open {WITHIN}, was 0.30000000000000004"


@pytest.mark.parametrize(
    ("row", "what", "repaired"),
    [
        ("10,9,11,10,1", "high 9 is below low 11", (10, 11, 9, 10)),
        ("10,11,9,12,1", "high 11 is below close 12", (10, 12, 9, 12)),
        ("8,11,9,10,1", "low 9 is above open 8", (8, 11, 8, 10)),
    ],
)
def test_row_16_a_bar_that_does_not_hold_its_prices(
    row: str, what: str, repaired: tuple[int, ...], refused: Refusal, capfd: pytest.CaptureFixture[str]
) -> None:
    assert refused.row(f"2024-01-03,{row}") == f"A.csv:3: {what}"
    bars = only("A.csv", Reading(repair=True))
    bar = bars.bar(1)
    assert (bar.open, bar.high, bar.low, bar.close) == repaired
    assert bars.origin is not None
    assert bars.origin.repaired == (1,)
    said = "warning bars widened to hold all their prices: 1, first line 3"
    assert said in told(capfd, "A.csv", "--repair")


def test_row_17_volumes(refused: Refusal, capfd: pytest.CaptureFixture[str]) -> None:
    assert refused.row("2024-01-03,1,3,1,2,-9") == "A.csv:3: volume -9 is below zero"
    write(HEADER, FIRST, "2024-01-03,1,3,1,2,0.125", "2024-01-04,1,3,1,2,", "2024-01-05,1,3,1,2,0")
    bars = only("A.csv")
    assert [None if one is None else str(one) for one in (bars.bar(row).volume for row in range(4))] == [
        "100.000",
        "0.125",
        None,
        "0.000",
    ]
    lines = told(capfd, "A.csv")
    at = lines.index("volume in units of 0.001")
    assert lines[at + 1 : at + 3] == [
        "bars of which it is not known, and no rule of volume applies: 1, first line 4",
        "bars of which it is zero: 1, first line 5",
    ]
    write("time,open,high,low,close", "2024-01-02,1,3,1,2")
    assert "volume not known: no rule of volume applies" in told(capfd, "A.csv")


def test_row_18_the_same_row_again_is_dropped_and_counted(capfd: pytest.CaptureFixture[str]) -> None:
    write(HEADER, FIRST, FIRST, SECOND, SECOND, SECOND)
    assert days_of(only("A.csv")) == [2, 3]
    assert "duplicates rows like the one before, dropped: 3, first line 3" in told(capfd, "A.csv")


def test_row_19_another_row_of_the_same_time_is_refused_with_both(refused: Refusal) -> None:
    both = "10/12/9/11/100 there and 10/12/9/11.5/100 here"
    what = f"time 2024-01-02 stands in line 2 too, with other values: {both}"
    assert refused.row("2024-01-02,10,12,9,11.5,100") == f"A.csv:3: {what}"


def test_row_20_rows_from_new_to_old_are_turned_around(capfd: pytest.CaptureFixture[str]) -> None:
    write(HEADER, SECOND, FIRST)
    assert days_of(only("A.csv")) == [2, 3]
    assert "order from new to old; turned around" in told(capfd, "A.csv")


def test_row_20_rows_in_no_order_are_refused_or_sorted_on_demand(
    refused: Refusal, capfd: pytest.CaptureFixture[str]
) -> None:
    write(HEADER, "2024-01-04,1,3,1,2,9", FIRST, SECOND)
    what = "time 2024-01-02 does not come after the bar before (--sort puts rows in order)"
    assert refused() == f"A.csv:3: {what}"
    assert days_of(only("A.csv", Reading(sort=True))) == [2, 3, 4]
    said = "order none; sorted by time, the first row out of order was line 3"
    assert said in told(capfd, "A.csv", "--sort")


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("2024-01-02 09:30", "2024-01-02 09:31Z"),
        ("2024-01-02 09:30Z", "2024-01-02 09:31"),
        ("2024-01-02", "2024-01-03 09:30"),
        ("2024-01-02 09:30 US/Eastern", "2024-01-02 09:30 US/Pacific"),
        ("2024-01-02", "03.01.2024"),
    ],
)
def test_row_21_a_mixture_of_times_is_refused(first: str, other: str, refused: Refusal) -> None:
    write(HEADER, f"{first},1,3,1,2,9", f"{other},1,3,1,2,9")
    assert refused() == f"A.csv:3: time must be written like the first one, {first}, was {other}"


def test_row_21_a_date_that_may_be_two_needs_a_stated_order(refused: Refusal) -> None:
    write(HEADER, "01/02/2006,1,3,1,2,9")
    asked = "--dates day-first or month-first says it"
    assert refused() == f"A.csv:2: day and month of 01/02/2006 cannot be told apart: {asked}"
    assert main(["data", "A.csv", "--dates", "day-first"]) == 0


NEW_YORK: Final = ("--zone", "America/New_York")


def test_row_22_the_hour_that_is_there_twice_follows_from_the_order(capfd: pytest.CaptureFixture[str]) -> None:
    clocks = ["00:30", "01:30", "01:30", "02:30"]  # 2024-11-03: at 02:00 clocks were put back to 01:00
    rows = [f"2024-11-03 {clock},1,3,1,2,{volume}" for volume, clock in enumerate(clocks)]
    for lines in (rows, rows[::-1]):
        write(HEADER, *lines)
        bars = only("A.csv", Reading(zone="America/New_York"))
        hours = [f"{bars.bar(row).time:%H:%M}" for row in range(4)]
        assert hours == ["04:30", "05:30", "06:30", "07:30"]
        assert [bars.bar(row).volume for row in range(4)] == [0, 1, 2, 3]
    write(HEADER, *rows)
    lines = told(capfd, "A.csv", *NEW_YORK)
    assert "range 2024-11-03 00:30 EDT to 2024-11-03 02:30 EST" in lines
    said = "warning times in an hour that the clock showed twice: 2, first line 3; "
    assert f"{said}which of the two is meant follows from the row before" in lines


def test_row_22_the_hour_that_is_not_there_is_refused(refused: Refusal) -> None:
    write(HEADER, "2024-03-10 01:30,1,3,1,2,9", "2024-03-10 02:30,1,3,1,2,9")
    what = "time 2024-03-10 02:30 does not exist in America/New_York: the clock was put forward"
    assert refused("A.csv", *NEW_YORK) == f"A.csv:3: {what}"


def test_row_22_an_hour_that_is_there_twice_cannot_be_sorted(refused: Refusal) -> None:
    write(HEADER, *(f"2024-11-03 {clock},1,3,1,2,9" for clock in ("01:30", "03:30", "02:30")))
    what = "a time that the clock showed twice can be told only by the order of rows"
    assert refused("A.csv", *NEW_YORK, "--sort") == f"A.csv:2: {what}"


@pytest.mark.parametrize(
    ("zeros", "name"),
    [("", "seconds"), ("000", "milliseconds"), ("000000", "microseconds"), ("000000000", "nanoseconds")],
)
def test_row_23_the_unit_of_an_epoch_is_detected_and_told(
    zeros: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    write(HEADER, f"1704187800{zeros},1,3,1,2,9", f"1704187860{zeros},1,3,1,2,9")
    lines = told(capfd, "A.csv")
    assert f"times {name} since 1970, such as 1704187800{zeros}" in lines
    assert "range 2024-01-02 09:30 to 2024-01-02 09:31" in lines
    write_parquet({**COLUMNS, "Date": [int(f"1704187800{zeros}"), int(f"1704187860{zeros}")]})
    assert only("A.parquet").frame["time"].equals(only("A.csv").frame["time"])


def test_row_23_years_at_the_ends_of_the_calendar(refused: Refusal) -> None:
    assert refused(write(HEADER, "3600,1,3,1,2,9")) == f"A.csv:2: {TIME}, was 3600"  # may be of any unit
    write(HEADER, "9999-12-31 23:59-01:00,1,3,1,2,9")
    assert refused() == "A.csv:2: time must be within the years 1 to 9999, was 9999-12-31 23:59-01:00"
    write(HEADER, "9999-12-31 23:59,1,3,1,2,9")
    assert refused("A.csv", *NEW_YORK) == "A.csv:2: time must be within the years 1 to 9999"
    for text, year in (("1970-01-01", 1970), ("2262-04-12", 2262), ("9999-12-31", 9999)):
        assert only(write(HEADER, f"{text},1,3,1,2,9")).bar(0).time.year == year


def test_row_24_gaps_are_listed_and_nothing_is_invented(capfd: pytest.CaptureFixture[str]) -> None:
    days = [2, 3, 4, 5, 8, 9, 10, 12, 15]  # of January 2024: the 6th and 13th are Saturdays, and the 11th is missing
    write(HEADER, *(f"2024-01-{day:02},1,3,1,2,9" for day in days))
    lines = told(capfd, "A.csv")
    at = lines.index("interval 1 day, of most bars")
    assert lines[at + 1 : at + 3] == ["gaps 1, and 2 over weekends", "2 days from 2024-01-10 (line 8) to 2024-01-12"]
    assert days_of(only("A.csv")) == days


def test_row_24_a_symbol_may_begin_later_or_end_early(capfd: pytest.CaptureFixture[str]) -> None:
    days = [f"2024-01-{day:02},1,3,1,2,9" for day in (2, 3, 4, 5)]
    for name, rows in {"WHOLE": days, "LATE": days[2:], "EARLY": days[:2]}.items():
        write(HEADER, *rows, name=f"{name}.csv")
    lines = told(capfd, "WHOLE.csv", "LATE.csv", "EARLY.csv")
    assert [line for line in lines if line.startswith("range")] == [
        "range 2024-01-02 to 2024-01-03",
        "range 2024-01-04 to 2024-01-05",
        "range 2024-01-02 to 2024-01-05",
    ]
    run = Backtest(load(["WHOLE.csv", "LATE.csv", "EARLY.csv"]), BuyAndHold())
    run.run()
    assert run.step_count == 4
    assert run.portfolio.get_mark("EARLY") == 2  # the last one that there was


def test_row_25_symbols_of_several_calendars_keep_their_own_bars(capfd: pytest.CaptureFixture[str]) -> None:
    hours = [f"2024-01-02 {hour:02}:00,1,3,1,2,9" for hour in (9, 10, 11)]
    write(HEADER, *hours, name="HOURS.csv")
    write(HEADER, FIRST, SECOND, name="DAYS.csv")
    assert [len(bars) for bars in load(["HOURS.csv", "DAYS.csv"])] == [2, 3]
    assert main(["run", "buy-and-hold", "--data", "HOURS.csv", "DAYS.csv", "--json"]) == 0
    assert '"steps": 5' in capfd.readouterr().out


def test_row_25_nothing_is_carried_forward_into_a_fill() -> None:
    write(HEADER, *(f"2024-01-02 {hour:02}:00,1,3,1,2,9" for hour in (9, 10, 11)), name="HOURS.csv")
    write(HEADER, FIRST, SECOND, name="DAYS.csv")
    loaded = load(["HOURS.csv", "DAYS.csv"])
    run = Backtest(loaded, BuyAndHold())
    run.run()
    fills = run.broker.fills()
    own = {bars.symbol: [bars.bar(row).time for row in range(len(bars))] for bars in loaded}
    assert {fill.symbol for fill in fills} == {"HOURS", "DAYS"}
    assert all(fill.timestamp in own[fill.symbol] for fill in fills)


SPLITS: Final = {
    "ORCL 2000-01-19": ("2000-01-18,111,112,110,111.25,9", "2000-01-19,57,58,56,57.13,9", "2:1"),
    "AAPL 2000-09-29, a crash": ("2000-09-28,53,54,53,53.50,9", "2000-09-29,28.19,29,25,25.75,9", "2:1"),
    "a reverse split": ("2024-01-02,1,1.1,0.9,1,9", "2024-01-03,10,11,9,10.1,9", "1:10"),
}


@pytest.mark.parametrize(("before", "after", "ratio"), SPLITS.values(), ids=SPLITS)
def test_row_26_what_looks_like_a_split_is_told_and_left_alone(
    before: str, after: str, ratio: str, capfd: pytest.CaptureFixture[str]
) -> None:
    write(HEADER, before, after)
    (line,) = [line for line in told(capfd, "A.csv") if line.startswith("warning")]
    assert line.startswith(f"warning looks like a split {ratio} at {after[:10]} (line 3): after a close of ")
    assert line.endswith("; nothing was adjusted")
    bar = only("A.csv").bar(1)
    assert [f"{price.normalize():f}" for price in (bar.open, bar.close)] == [
        f"{float(cell):g}" for cell in (after.split(",")[1], after.split(",")[4])
    ]


def test_row_26_the_split_of_the_sample_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    prices = "after a close of 88.990 it opens at 44.680 and closes at 44.860"
    said = f"warning looks like a split 2:1 at 2005-02-28 (line 11): {prices}; nothing was adjusted"
    assert said in told(capfd, str(ROOT / "sample_data" / "split" / "AAPL.csv"))


@pytest.mark.parametrize("symbol", ["AAPL", "GOOG", "IBM", "MSFT"])
def test_row_27_news_is_no_split(symbol: str, capfd: pytest.CaptureFixture[str]) -> None:
    lines = told(capfd, str(ROOT / "sample_data" / f"{symbol}.csv"))
    assert not [line for line in lines if "split" in line]


SYMBOLS: Final = ["NA", "NULL", "TRUE", "1E5", "BRK.B", "^GSPC", "null", "nan", "-", "X" * 300]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_row_31_a_symbol_is_taken_literally(symbol: str) -> None:
    write(f"{HEADER},symbol", f"{FIRST},{symbol}")
    assert only("A.csv").symbol == symbol
    if len(symbol) < 200:
        assert only(write(HEADER, FIRST, name=f"{symbol}.csv")).symbol == symbol


@pytest.mark.parametrize("symbol", ["", '""', " "])
def test_row_31_an_empty_symbol_is_refused(symbol: str, refused: Refusal) -> None:
    write(f"{HEADER},symbol", f"{FIRST},A", f"{SECOND},{symbol}")
    assert refused() == "A.csv:3: symbol must not be empty"


LIKE_AAPL: Final = ["\u0410APL", "A\u0301APL", "\uff21APL", "AA\u200dPL", "AAPL\u202e", "AAPL\ufe0f"]


@pytest.mark.parametrize("symbol", LIKE_AAPL)
def test_row_32_a_symbol_that_looks_like_another_one_is_shown_with_a_mark(
    symbol: str, capfd: pytest.CaptureFixture[str]
) -> None:
    write(f"{HEADER},symbol", f"{FIRST},{symbol}", f"{FIRST},AAPL")
    assert {bars.symbol for bars in load(["A.csv"])} == {symbol, "AAPL"}
    assert main(["data", "A.csv"]) == 0
    out = capfd.readouterr().out
    assert sum("the symbol looks like" in line for line in out.splitlines()) == 2
    assert all(mark not in out for mark in "\u200d\u202e\ufe0f")


def test_row_32_scripts_that_are_mixed_are_told(capfd: pytest.CaptureFixture[str]) -> None:
    write(f"{HEADER},symbol", f"{FIRST},\u0410APL")
    assert "warning the symbol mixes letters that are CYRILLIC and LATIN" in told(capfd, "A.csv")


def parquet_bytes(columns: Mapping[str, object] = COLUMNS) -> bytes:
    file = io.BytesIO()
    pl.DataFrame(columns, strict=False).write_parquet(file)
    return file.getvalue()


DAMAGED: Final = {
    "nothing": (b"", "cannot be read: it is no Parquet, or was cut off"),
    "only a magic": (b"PAR1", "cannot be read: it is no Parquet, or was cut off"),
    "text": (f"{HEADER}\n{FIRST}\n".encode(), "cannot be read: it is no Parquet, or was cut off"),
    "truncated": (parquet_bytes()[:-20], "cannot be read: it is no Parquet, or was cut off"),
    "without its start": (parquet_bytes()[200:], "cannot be read: "),
    "wrong magic": (parquet_bytes()[:-4] + b"PARX", "cannot be read: it is no Parquet, or was cut off"),
    "encrypted": (b"PARE" + parquet_bytes()[4:-4] + b"PARE", "cannot be read: it is encrypted"),
    "a footer without end": (b"PAR1" + b"\xff" * 8 + b"PAR1", "cannot be read: it was cut off"),
    "no columns": (parquet_bytes({}), f"no column time: {NEEDED}; found are none"),
}


@pytest.mark.parametrize(("content", "what"), DAMAGED.values(), ids=DAMAGED)
def test_row_37_what_is_no_parquet_is_one_line(content: bytes, what: str, refused: Refusal) -> None:
    Path("A.parquet").write_bytes(content)
    assert refused("A.parquet").startswith(f"A.parquet: {what}")


def test_row_37_a_page_that_claims_the_impossible_does_not_end_the_process(refused: Refusal) -> None:
    """Fewer values than none: the decoder would ask for 2 ** 61 bytes, and end the process where it gets none."""
    content = parquet_bytes({**COLUMNS, "Volume": [10, 20]})
    page = content.index(b"\x2c\x15\x04")  # in a header, the structure of a page, and that it has two values
    Path("A.parquet").write_bytes(content[: page + 2] + b"\x05" + content[page + 3 :])
    assert refused("A.parquet") == "A.parquet: cannot be read: it is damaged: a count is -3"


TYPES: Final = {
    "nested": ({"Open": [[1], [2]]}, "column open must hold numbers, was List(Int64)"),
    "a structure": ({"Open": [{"x": 1}, {"x": 2}]}, "column open must hold numbers, was Struct({'x': Int64})"),
    "truths": ({"Open": [True, False]}, "column open must hold numbers, was Boolean"),
    "times of day": (
        {"Date": [timedelta(1), timedelta(2)]},
        "column time must hold dates or times, was Duration(time_unit='us')",
    ),
    "numbers as symbols": ({"symbol": [1, 2]}, "column symbol must hold text, was Int64"),
}


@pytest.mark.parametrize(("columns", "what"), TYPES.values(), ids=TYPES)
def test_row_37_a_column_of_another_type_is_one_line(
    columns: Mapping[str, object], what: str, refused: Refusal
) -> None:
    assert refused(write_parquet({**COLUMNS, **columns})) == f"A.parquet: {what}"


LOADED: Final = {
    "decimals": ({"Open": pl.Decimal(38, 6)}, "open Decimal(precision=38, scale=6)"),
    "a dictionary": ({"symbol": pl.Categorical}, "symbol Categorical"),
    "nanoseconds": ({"Date": pl.Datetime("ns")}, "time Datetime(time_unit='ns', time_zone=None)"),
    "short floats": ({"Open": pl.Float32}, "open Float32"),
}


@pytest.mark.parametrize("ending", ["parquet", "pq", "arrow", "feather", "ipc"])
@pytest.mark.parametrize(("kinds", "said"), LOADED.values(), ids=LOADED)
def test_row_37_types_that_are_loaded_are_told(
    kinds: Mapping[str, pl.DataType], said: str, ending: str, capfd: pytest.CaptureFixture[str]
) -> None:
    frame = pl.DataFrame({**COLUMNS, "symbol": ["A", "A"]}, strict=False).cast(kinds)
    (frame.write_parquet if ending in ("parquet", "pq") else frame.write_ipc)(f"A.{ending}")
    (types,) = [line for line in told(capfd, f"A.{ending}") if line.startswith("types ")]
    assert said in types
    assert only(f"A.{ending}").frame["open_ticks"].to_list() == [150, 200]


def test_row_37_what_the_decoder_prints_stays_off_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    """Some bytes, changed, let a thread of the decoder panic, and it prints of it past Python."""
    content = parquet_bytes({**COLUMNS, "Volume": [10, 20]})
    for place in range(40, 90):
        Path("A.parquet").write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        main(["data", "A.parquet"])
    lines = capfd.readouterr().err.splitlines()
    assert "fillstep: A.parquet: cannot be read: it is damaged" in lines
    assert all(line.startswith("fillstep: A.parquet: ") for line in lines)


def test_row_38_a_small_file_of_many_rows_is_not_unpacked(refused: Refusal) -> None:
    rows = 3_000_000
    frame = pl.select(time=pl.date(2024, 1, 2), **{name: pl.lit(1.5) for name in ("open", "high", "low", "close")})
    frame.select(pl.all().repeat_by(rows).explode()).write_parquet("A.parquet")
    assert Path("A.parquet").stat().st_size < 100_000
    said = "A.parquet: needs about 1.5 GB, all files 1.5 GB; the limit is 1.0 GB (--memory-gb)"
    assert refused("A.parquet", "--memory-gb", "1") == said


def test_row_38_a_text_of_ten_gigabytes_is_not_read(refused: Refusal) -> None:
    with Path("A.csv").open("wb") as file:
        file.truncate(10 * 10**9)
    said = "A.csv: needs about 140.0 GB, all files 140.0 GB; the limit is 100.0 GB (--memory-gb)"
    assert refused("A.csv", "--memory-gb", "100") == said


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "lots"])
def test_row_38_a_limit_that_is_none_is_refused(text: str, refused: Refusal) -> None:
    assert refused("sound.csv", "--memory-gb", text).startswith("--memory-gb: must be ")
