"""Text with separators: what vendors write, decimal commas, and what is no such text."""

from pathlib import Path

import pytest

from core.bars import written_time
from core.data.load import load
from core.errors import BarDataError
from tests.vendor_files import TEXTS

FOUND = {
    "Yahoo": (
        ["2024-01-02", "2024-01-03"],
        "text separated by commas; columns found by their names, as Yahoo writes them",
        "columns Adj Close",
    ),
    "Stooq": (
        ["2024-01-02 15:35", "2024-01-02 15:40"],
        "text separated by commas; columns found by their names, as Stooq writes them",
        "columns <PER>, <OPENINT>",
    ),
    "Stooq of days": (
        ["2024-01-02", "2024-01-03"],
        "text separated by commas; columns found by their names, as Stooq writes them",
        "columns <PER>, <OPENINT>",
    ),
    "Binance": (
        ["2024-01-01 00:00:59.999000", "2024-01-01 00:01:59.999000"],
        "text separated by commas; columns found by where they stand, since there is no header, as Binance writes them",
        "columns number 1, number 8, number 9, number 10, number 11, number 12",
    ),
    "Binance with names": (
        ["2024-01-01 00:00:59.999999", "2024-01-01 00:01:59.999999"],
        "text separated by commas; columns found by their names, as Binance writes them",
        "columns open_time, quote_volume, count",
    ),
    "Dukascopy": (
        ["2024-02-01 00:00", "2024-02-01 00:01"],
        "text separated by commas; columns found by their names, as Dukascopy writes them",
        None,
    ),
    "Dukascopy in local time": (
        ["2024-02-01 00:00", "2024-02-01 00:01"],
        "text separated by commas; columns found by their names, as Dukascopy writes them",
        None,
    ),
    "MetaTrader 4": (
        ["2024-01-02 09:30", "2024-01-02 09:31"],
        (
            "text separated by commas; columns found by where they stand, since there is no header, "
            "as MetaTrader writes them"
        ),
        None,
    ),
    "MetaTrader 5": (
        ["2024-01-02 09:30", "2024-01-02 09:31"],
        "text separated by tabs; columns found by their names, as MetaTrader writes them",
        "columns <TICKVOL>, <SPREAD>",
    ),
    "MetaTrader 5 of days": (
        ["2024-01-02", "2024-01-03"],
        "text separated by tabs; columns found by their names, as MetaTrader writes them",
        "columns <TICKVOL>, <SPREAD>",
    ),
    "Interactive Brokers": (
        ["2024-01-02 09:30", "2024-01-02 09:31"],
        "text separated by commas; columns found by their names, as Interactive Brokers writes them",
        "columns average, barCount",
    ),
    "Interactive Brokers with zone": (
        ["2024-01-02 14:30", "2024-01-02 14:31"],
        "text separated by commas; columns found by their names, as Interactive Brokers writes them",
        "columns average, barCount",
    ),
    "nobody's, without names": (
        ["2024-01-02 09:30", "2024-01-02 09:31"],
        "text separated by semicolons; columns found by where they stand, since there is no header",
        None,
    ),
    "a date and a time": (
        ["2024-01-02 09:30", "2024-01-02 09:31"],
        "text separated by commas; columns found by their names",
        None,
    ),
}


@pytest.mark.parametrize("vendor", FOUND)
def test_files_are_read_as_vendors_write_them(vendor: str) -> None:
    times, told, left_alone = FOUND[vendor]
    Path("A.csv").write_text(TEXTS[vendor], encoding="utf-8")
    (bars,) = load(["A.csv"])
    rows = [bars.bar(row) for row in range(len(bars))]
    assert [written_time(bar.time) for bar in rows] == times
    assert [(bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in rows] == [
        (1, 3, 1, 2, 10),
        (2, 4, 2, 3, 20),
    ]
    assert bars.origin is not None
    found = dict(reversed(bars.origin.file))  # of two that are alike, the first one
    assert found["format"] == told
    assert found.get("left alone") == left_alone


@pytest.mark.parametrize("vendor", ["Dukascopy", "MetaTrader 4", "MetaTrader 5", "Interactive Brokers"])
def test_who_writes_when_a_bar_begins_is_told(vendor: str) -> None:
    Path("A.csv").write_text(TEXTS[vendor], encoding="utf-8")
    name = " ".join(vendor.split()[:2]) if vendor.startswith("Inter") else vendor.split(maxsplit=1)[0]
    origin = load(["A.csv"])[0].origin
    assert origin is not None
    assert ("warning", f"{name} writes when a bar begins, and here a time is the end of its bar") in origin.file


def loaded(*rows: str, header: str = "Date;Open;High;Low;Close;Volume") -> list[tuple[str, ...]]:
    """Return the prices of rows of a day each."""
    Path("A.csv").write_text("\n".join((header, *rows, "")), encoding="utf-8")
    (bars,) = load(["A.csv"])
    return [tuple(f"{one.normalize():f}" for one in (bar.open, bar.high)) for bar in map(bars.bar, range(len(bars)))]


def refused(*rows: str, header: str = "Date;Open;High;Low;Close;Volume") -> str:
    with pytest.raises(BarDataError) as caught:
        loaded(*rows, header=header)
    return str(caught.value)


def test_a_comma_is_a_point_where_it_can_be_nothing_else() -> None:
    assert loaded("2024-01-02;1,5;2,25;1;2;10", "2024-01-03;1,125;3;1;2;10,5") == [("1.5", "2.25"), ("1.125", "3")]
    assert loaded('2024-01-02,"1,5","2,25",1,2,10', header="Date,Open,High,Low,Close,Volume") == [("1.5", "2.25")]
    assert loaded("02.01.2024;1,5;2,25;1;2", header="Date;Open;High;Low;Close") == [("1.5", "2.25")]


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ("2024-01-02;1,234;1,300;1,100;1,200;10", "1,234"),  # may be thousands
        ("2024-01-02;1,5;2.5;1;2;10", "1,5"),
        ("2024-01-02;1,234.50;2;1;2;10", "1,234.50"),
        ("2024-01-02;1,5,5;2;1;2;10", "1,5,5"),
        ("2024-01-02;1,;2;1;2;10", "1,"),
    ],
)
def test_a_comma_that_may_be_something_else_is_refused(row: str, shown: str) -> None:
    assert refused(row) == f"A.csv:2: open must be a number such as 187.15, was {shown}"


def test_a_number_with_a_comma_is_shown_as_it_is_written() -> None:
    row = "2024-01-03;1,0000000000001;2;1;2;10"
    rule = "must be a number of at most 18 digits before the point and 12 after"
    assert refused("2024-01-02;1,5;2;1;2;10", row) == f"A.csv:3: open {rule}, was 1,0000000000001"


def test_a_line_that_is_too_long_is_refused() -> None:
    row = f"2024-01-02;1;2;1;2;{'1' * 70_000}"
    assert refused(row) == "A.csv:2: a line must have at most 65,536 bytes, had 70,019"


def test_rows_are_like_the_first_one_where_there_is_no_header() -> None:
    assert refused("2024-01-03;1;2;1", header="2024-01-02;1;2;1;2;10") == (
        "A.csv:2: a row must have 6 fields like the first line, had 4"
    )
