"""Splits and dividends as files have them: exactly as they are written, or refused by their place."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bars import Bars
from core.corporate_action import CorporateAction, Dividend, Split
from core.data.actions import _ratio, actions_of_bars, actions_of_file, load_actions
from core.data.load import load
from core.data.reading import Reading
from core.errors import BarDataError

HEADER = "time,open,high,low,close"
READING = Reading()


def bar(day: str, *cells: str) -> str:
    return ",".join((day, "10", "10", "10", "10", *cells))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, *lines: str) -> str:
    Path(name).write_text("\n".join((*lines, "")), encoding="utf-8")
    return name


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2024, 1, number, hour, tzinfo=UTC)


def end_of(number: int) -> datetime:
    return datetime(2024, 1, number, 23, 59, 59, 999_999, tzinfo=UTC)


def beside(columns: str, *lines: str) -> list[CorporateAction]:
    return actions_of_bars(load([write("A.csv", f"{HEADER},{columns}", *lines)]))


# --- ratios

RATIOS: dict[str, tuple[int, int] | None] = {
    **dict.fromkeys(("", "0", "0.0", "1", "1.0", "1:1", "5:5"), None),
    **dict.fromkeys(("2", "2.0", "2:1", "2/1", "2 : 1", "2 for 1", "2-for-1", "4:2", "2 FOR 1"), (2, 1)),
    "1.5": (3, 2),
    "0.5": (1, 2),
    "0.05": (1, 20),
    "1.025": (41, 40),  # 2.5 %
    "1.253": (1253, 1000),
    **dict.fromkeys(("0.333", "0.3333", "0.33333333", "0.3333333333333333", "1:3"), (1, 3)),
    "0.33": (33, 100),  # of two digits nobody knows
    "0.667": (2, 3),
    "0.666": (2, 3),
    "1.333": (4, 3),
    "0.0667": (1, 15),
    "0.142857": (1, 7),
    "0.428": (3, 7),
    "0.125": (1, 8),
    "0.0001": (1, 10_000),
}


@pytest.mark.parametrize(("text", "ratio"), RATIOS.items())
def test_a_ratio_is_two_whole_numbers(text: str, ratio: tuple[int, int] | None) -> None:
    assert _ratio(text) == ratio


@given(st.integers(1, 3), st.integers(1, 300), st.integers(4, 12), st.booleans())
def test_a_reverse_split_is_known_by_its_decimals(few: int, many: int, digits: int, is_cut: bool) -> None:
    scaled = 10**digits * few
    count = scaled // many if is_cut else (2 * scaled + many) // (2 * many)
    read = _ratio(f"{Decimal(count).scaleb(-digits):f}")
    near = Decimal(few) / many - Decimal(read[0]) / read[1] if read else 0
    assert abs(near) < Decimal("1.5").scaleb(-digits)  # where few digits fit several ratios, it is one of them


# --- beside bars


def test_what_stands_beside_a_bar_is_of_that_bar() -> None:
    lines = [bar("2024-01-02", "0", ""), bar("2024-01-03", "2:1", "0.25"), bar("2024-01-04", "1", "0")]
    assert beside("Stock Splits,Dividends", *lines) == [
        Split("A", end_of(3), 2),
        Dividend("A", end_of(3), Decimal("0.25")),
    ]


def test_where_it_was_read_is_kept() -> None:
    split, dividend = beside("split,dividend", bar("2024-01-02", "0", "0"), bar("2024-01-03", "2", "1"))
    assert (split.place, dividend.place) == ("A.csv:3", "A.csv:3")


NAMES = "Stock Splits,split_ratio,splitFactor,SPLITS,split,ex_dividend,Dividends,divCash,dividend_amount,DIVIDEND"


@pytest.mark.parametrize("name", NAMES.split(","))
def test_a_column_is_found_by_the_names_that_vendors_use(name: str) -> None:
    (found,) = beside(name, bar("2024-01-02", "0"), bar("2024-01-03", "2"))
    assert isinstance(found, Split) == ("pl" in name.lower())


def test_files_without_such_columns_and_bars_of_no_file_have_none() -> None:
    assert beside("volume", bar("2024-01-02", "100")) == []
    rows = [(day(2), 10, 10, 10, 10)]
    assert actions_of_bars([Bars.from_rows("A", rows)]) == []


def test_a_file_that_is_gone_by_now_is_named() -> None:
    loaded = load([write("A.csv", f"{HEADER},split", bar("2024-01-02", "0"))])
    Path("A.csv").unlink()
    with pytest.raises(BarDataError, match=r"^A\.csv: cannot be read any more$"):
        actions_of_bars(loaded)


def test_several_symbols_and_rows_from_new_to_old_keep_what_is_theirs() -> None:
    rows = [("2024-01-03", "A", "2"), ("2024-01-02", "A", "0"), ("2024-01-03", "B", "0.5"), ("2024-01-02", "B", "0")]
    lines = [f"{bar(stamp)},{symbol},{split}" for stamp, symbol, split in rows]
    loaded = load([write("all.csv", f"{HEADER},symbol,split", *lines)])
    assert actions_of_bars(loaded) == [Split("A", end_of(3), 2), Split("B", end_of(3), 1, 2)]


def test_a_row_that_was_dropped_says_nothing() -> None:
    lines = [bar("2024-01-02", "0"), bar("2024-01-03", "2"), bar("2024-01-03", "2")]
    assert beside("split", *lines) == [Split("A", end_of(3), 2)]


def test_a_dividend_beside_a_bar_may_have_a_pay_date() -> None:
    lines = [bar("2024-01-02", "0", ""), bar("2024-01-03", "1", "2024-02-01"), bar("2024-01-04", "1", "")]
    paid, at_once = beside("dividend,pay_date", *lines)
    assert isinstance(paid, Dividend)
    assert isinstance(at_once, Dividend)
    assert (paid.pay_time, at_once.pay_time) == (datetime(2024, 2, 1, tzinfo=UTC), None)


def test_a_pay_date_that_nobody_has_is_none() -> None:
    (dividend,) = beside("dividend,pay_date", bar("2024-01-02", "0", ""), bar("2024-01-03", "1", ""))
    assert dividend == Dividend("A", end_of(3), Decimal(1))


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_columns_of_other_kinds_of_files_are_read_too(ending: str) -> None:
    prices = {name: [10.0, 10.0] for name in ("open", "high", "low", "close")}
    days = [date(2024, 1, 2), date(2024, 1, 3)]
    columns: dict[str, Any] = {"split": [0.0, 1 / 3], "dividend": [None, 0.1], "pay date": [None, date(2024, 1, 9)]}
    frame = pl.DataFrame({"time": days, **prices, **columns})
    name = f"A.{ending}"
    frame.write_parquet(name) if ending == "parquet" else frame.write_ipc(name)
    split, dividend = actions_of_bars(load([name]))
    assert (split, dividend) == (Split("A", end_of(3), 1, 3), Dividend("A", end_of(3), Decimal("0.1"), day(9)))
    assert split.place == f"{name}, row 1"


def test_a_decimal_comma_is_a_point() -> None:
    lines = ["2024-01-02;10,5;10,5;10,5;10,5;0;0,25", "2024-01-03;10,5;10,5;10,5;10,5;1,5;0"]
    loaded = load([write("A.csv", "time;open;high;low;close;split;dividend", *lines)])
    assert actions_of_bars(loaded) == [
        Split("A", end_of(3), 3, 2),
        Dividend("A", end_of(2), Decimal("0.25")),
    ]


# --- in a file of their own


def alone(*lines: str, name: str = "actions.csv", symbols: str = "AB", reading: Reading = READING) -> list[Any]:
    return actions_of_file(write(name, *lines), symbols, reading)


def test_a_date_is_the_start_of_its_day_and_a_time_itself() -> None:
    assert alone("date,symbol,split", "2024-01-03,A,2") == [Split("A", day(3), 2)]
    assert alone("time,symbol,split", "2024-01-03 09:30,A,2") == [Split("A", day(3, 9).replace(minute=30), 2)]


def test_a_time_is_in_the_zone_that_is_said() -> None:
    reading = Reading(zone="America/New_York")
    assert alone("time,symbol,split", "2024-01-03 09:00,A,2", reading=reading) == [Split("A", day(3, 14), 2)]
    with pytest.raises(BarDataError, match=r"^actions.csv:2: this time does not exist in America/New_York"):
        alone("time,symbol,split", "2024-03-10 02:30,A,2", reading=reading)


def test_a_file_without_symbols_is_named_after_one() -> None:
    assert alone("Date,Dividends", "2024-01-03,0.25", name="A.csv") == [Dividend("A", day(3), Decimal("0.25"))]


def test_symbols_that_the_run_does_not_have_are_left_out() -> None:
    assert alone("date,symbol,split,dividend", "2024-01-03,A,2,0", "2024-01-03,C,2,1") == [Split("A", day(3), 2)]


def test_all_of_bars_and_of_a_file_come_together() -> None:
    write("A.csv", f"{HEADER},split", bar("2024-01-02", "0"), bar("2024-01-03", "2"))
    write("more.csv", "date,symbol,dividend", "2024-01-04,A,1")
    loaded, dividend = load(["A.csv"]), Dividend("A", day(4), Decimal(1))
    assert load_actions(loaded, Reading(actions="more.csv")) == [Split("A", end_of(3), 2), dividend]
    assert load_actions(loaded, Reading(actions="more.csv"), has_columns=False) == [dividend]
    assert load_actions(loaded, READING) == [Split("A", end_of(3), 2)]


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "no action": (
        ("date,symbol", "2024-01-03,A"),
        "needed are a date, and a split or a dividend; found are columns date",
    ),
    "no time": (
        ("symbol,split", "A,2"),
        "needed are a date, and a split or a dividend; found are columns symbol, split",
    ),
    "two splits": (
        ("date,symbol,split,Stock Splits", "2024-01-03,A,2,2"),
        "one column must be the split, found are split and Stock Splits",
    ),
    "another symbol": (
        ("date,symbol,split", "2024-01-03,C,2"),
        "must be of a symbol of the run: needed is one of A, B; found are C",
    ),
    "an empty symbol": (("date,symbol,split", "2024-01-03,,2"), "symbol must not be empty"),
    "no rows": (("date,symbol,split",), "no rows"),
    "no date": (("date,symbol,split", "soon,A,2"), "time must be a date"),
    "no ratio": (("date,symbol,split", "2024-01-03,A,two"), ":2: split must be a ratio such as 2:1 or a number"),
    "too large": (("date,symbol,split", "2024-01-03,A,9000000:1"), ":2: of a split new must be a whole number from 1"),
    "less than nothing": (("date,symbol,dividend", "2024-01-03,A,-1"), ":2: dividend must be above zero, or zero"),
}


@pytest.mark.parametrize(("lines", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_file_of_actions_is_refused(lines: tuple[str, ...], why: str) -> None:
    with pytest.raises(BarDataError) as raised:
        alone(*lines)
    assert why in str(raised.value)
    assert str(raised.value).startswith("actions.csv")


def test_a_column_of_another_type_is_refused() -> None:
    pl.DataFrame({"date": [date(2024, 1, 3)], "symbol": ["A"], "split": [date(2024, 1, 3)]}).write_parquet("a.parquet")
    with pytest.raises(BarDataError, match=r"^a.parquet: column split must hold numbers or text, was Date$"):
        actions_of_file("a.parquet", ["A"], READING)


def test_what_was_read_is_not_said_to_be_left_alone() -> None:
    (bars,) = load([write("A.csv", f"{HEADER},split,other", bar("2024-01-02", "0", "x"))])
    assert bars.origin is not None
    assert ("left alone", "columns other") in bars.origin.file
