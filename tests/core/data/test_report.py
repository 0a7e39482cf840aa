"""The data report: each of its lines, and that bars of no file have one too."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.bars import Bars
from core.corporate_action import Dividend, Split
from core.data.load import load
from core.data.report import report

HEADER = "time,open,high,low,close,volume"


def lines(bars: Sequence[Bars], title: str, zone: str | None = None) -> list[tuple[str, str]]:
    (section,) = [one for one in report(bars, zone) if one.title == title]
    return [(name, text) for name, text in section.lines]


def made(
    *closes: str, apart: timedelta = timedelta(days=1), first: datetime = datetime(2024, 1, 2, 21, tzinfo=UTC)
) -> Bars:
    """Return bars of one price each, made of no file."""
    rows = [(first + apart * row, *[Decimal(close)] * 4, 1) for row, close in enumerate(closes)]
    return Bars.from_rows("ACME", rows)


def test_bars_of_no_file_are_reported_by_their_rows() -> None:
    assert lines([made("1.25", "1.50")], "ACME") == [
        ("rows", "2, row 0 to row 1"),
        ("range", "2024-01-02 21:00 to 2024-01-03 21:00"),
        ("interval", "1 day, of most bars"),
        ("prices", "in units of 0.01"),
        ("volume", "in units of 1"),
    ]


def test_a_bar_alone_has_no_interval() -> None:
    assert [name for name, _ in lines([made("1")], "ACME")] == ["rows", "range", "prices", "volume"]


def test_files_come_first_and_then_their_symbols() -> None:
    for name, symbols in (("b.csv", "CA"), ("a.csv", "B")):
        rows = [f"2024-01-02,1,3,1,2,9,{symbol}" for symbol in symbols]
        Path(name).write_text("\n".join((f"{HEADER},symbol", *rows, "")), encoding="utf-8")
    titles = [section.title for section in report(load(["b.csv", "a.csv"]))]
    assert titles == ["a.csv", "B", "b.csv", "A", "C"]


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        (timedelta(minutes=5), "5 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(microseconds=250), "0.00025 seconds"),
    ],
)
def test_the_interval_is_said_in_the_largest_unit(apart: timedelta, said: str) -> None:
    assert ("interval", f"{said}, of most bars") in lines([made("1", "1", "1", apart=apart)], "ACME")


def test_only_the_longest_gaps_are_listed() -> None:
    stamps = [0, 1, 2, 5, 6, 9, 10, 12, 13, 15, 16, 25, 26, 30]
    start = datetime(2024, 1, 2, 9, tzinfo=UTC)
    rows = [(start + timedelta(hours=hour), *[Decimal(1)] * 4, 1) for hour in stamps]
    told = lines([Bars.from_rows("ACME", rows)], "ACME")
    at = told.index(("gaps", "6; the longest are"))
    assert [text.partition(" from ")[0] for _, text in told[at + 1 : at + 6]] == [
        "9 hours",
        "4 hours",
        "3 hours",
        "3 hours",
        "2 hours",
    ]
    assert told[at + 1] == ("", "9 hours from 2024-01-03 01:00 (row 10) to 2024-01-03 10:00")


def test_many_splits_are_counted() -> None:
    told = [text for _, text in lines([made(*(["100", "50"] * 4))], "ACME")]
    assert sum(text.startswith("looks like a split 2:1") for text in told) == 3
    assert sum(text.startswith("looks like a split 1:2") for text in told) == 2
    assert told[-1] == "more bars that look like splits: 2"


@pytest.mark.parametrize("after", ["81", "74", "60", "108", "130"])
def test_a_usual_move_is_no_split(after: str) -> None:
    assert not [text for _, text in lines([made("100", after)], "ACME") if "split" in text]


@pytest.mark.parametrize(
    ("after", "ratio"), [("67", "3:2"), ("33", "3:1"), ("14.2", "7:1"), ("5", "20:1"), ("205", "1:2")]
)
def test_a_usual_ratio_is_told(after: str, ratio: str) -> None:
    (said,) = [text for _, text in lines([made("100", after)], "ACME") if "split" in text]
    assert said.startswith(f"looks like a split {ratio} at 2024-01-03 21:00 (row 1): after a close of 100")


def test_times_are_shown_in_the_zone_and_dates_as_they_are() -> None:
    Path("A.csv").write_text(f"{HEADER}\n2024-07-02,1,3,1,2,9\n", encoding="utf-8")
    loaded = [*load(["A.csv"]), made("1")]
    assert lines(loaded, "A", "Asia/Tokyo")[1] == ("range", "2024-07-02 to 2024-07-02")
    assert lines(loaded, "ACME", "Asia/Tokyo")[1] == ("range", "2024-01-03 06:00 JST to 2024-01-03 06:00 JST")


def test_a_time_that_the_zone_has_in_no_year_is_shown_in_utc() -> None:
    Path("A.csv").write_text(f"{HEADER}\n9999-12-31 20:00Z,1,3,1,2,9\n", encoding="utf-8")
    assert lines(load(["A.csv"]), "A", "Asia/Tokyo")[1][1] == "9999-12-31 20:00 UTC to 9999-12-31 20:00 UTC"


def test_what_is_told_of_files_is_clean() -> None:
    Path("A.csv").write_text(f"{HEADER},\x1b[2J,symbol\n2024-07-02,1,3,1,2,9,x,\u202eB\n", encoding="utf-8")
    for section in report(load(["A.csv"])):
        assert all(text.isprintable() for text in (section.title, *(line.text for line in section.lines)))


def test_splits_and_dividends_that_are_given_are_told_with_their_symbol() -> None:
    day = datetime(2024, 1, 3, tzinfo=UTC)
    given = [
        Split("ACME", day, 2, place="a.csv:3"),
        Dividend("ACME", day + timedelta(days=9), Decimal(1)),
        Dividend("ACME", day, Decimal(2)),
        Split("OTHER", day, 3),
    ]
    (section,) = report([made("2", "1")], actions=given)
    told = [(name, text) for name, text in section.lines if name in ("split", "dividends")]
    assert told == [("split", "2:1 on 2024-01-03, a.csv:3"), ("dividends", "2, first on 2024-01-03")]
