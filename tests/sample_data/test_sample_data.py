"""The sample files are what their README says they are."""

import csv
import hashlib
import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "sample_data"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
ACTIONS = FOLDER / "split" / "actions.csv"
HEADER = ["Date", "Open", "High", "Low", "Close", "Volume", "Adj Close"]
PRICES = ("Open", "High", "Low", "Close")
SYMBOLS = ("AAPL", "GOOG", "IBM", "MSFT")

# | `AAPL.csv` | 2005-03-01 | 2013-03-01 | 2015 | 344 | `5c1a...` |
CLAIM = re.compile(r"^\| `([^`]+\.csv)` \| (\S+) \| (\S+) \| (\d+) \| (\d+) \| `([0-9a-f]{64})` \|$", re.MULTILINE)
DECIMALS_CLAIM = re.compile(r"Of ([\d,]+) prices, ([\d,]+) .*?they are in ([\d,]+) of ([\d,]+) bars", re.DOTALL)


class Claim(NamedTuple):
    """One row of the README's table."""

    file: str
    first_day: str
    last_day: str
    rows: int
    fine_prices: int
    sha256: str


def read_claims() -> list[Claim]:
    """Return the rows of the README's table."""
    return [
        Claim(file, first, last, int(rows), int(fine), sha256)
        for file, first, last, rows, fine, sha256 in CLAIM.findall(README)
    ]


def read_rows(file: str) -> list[dict[str, str]]:
    """Return the bars of one sample file, each field as its text."""
    with (FOLDER / file).open(encoding="ascii", newline="") as lines:
        return list(csv.DictReader(lines))


def count_fine_prices(row: dict[str, str]) -> int:
    """Return how many of a bar's four prices have more than two decimals."""
    return sum(len(row[price].partition(".")[2]) > 2 for price in PRICES)


CLAIMS = read_claims()
each_file = pytest.mark.parametrize("claim", CLAIMS, ids=[claim.file for claim in CLAIMS])


def test_the_readme_lists_every_csv_file_and_no_other() -> None:
    files = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.csv") if path != ACTIONS)
    assert sorted(claim.file for claim in CLAIMS) == files


def test_the_files_beside_the_readme_are_the_four_symbols_without_a_split() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.csv")) == [f"{symbol}.csv" for symbol in SYMBOLS]


@each_file
def test_the_readme_gives_the_hash_of_the_file(claim: Claim) -> None:
    assert hashlib.sha256((FOLDER / claim.file).read_bytes()).hexdigest() == claim.sha256


@each_file
def test_the_readme_gives_the_range_and_the_number_of_rows(claim: Claim) -> None:
    rows = read_rows(claim.file)
    assert (rows[0]["Date"], rows[-1]["Date"], len(rows)) == (claim.first_day, claim.last_day, claim.rows)


@each_file
def test_the_readme_gives_the_number_of_prices_with_three_or_four_decimals(claim: Claim) -> None:
    assert sum(map(count_fine_prices, read_rows(claim.file))) == claim.fine_prices


def test_the_readme_gives_the_sums_of_fine_prices_and_of_bars_that_have_one() -> None:
    claimed = DECIMALS_CLAIM.search(README)
    assert claimed is not None
    fine = [count_fine_prices(row) for symbol in SYMBOLS for row in read_rows(f"{symbol}.csv")]
    counted = (4 * len(fine), sum(fine), sum(count > 0 for count in fine), len(fine))
    assert tuple(int(number.replace(",", "")) for number in claimed.groups()) == counted


@each_file
def test_no_price_has_more_than_four_decimals(claim: Claim) -> None:
    prices = {row[price] for row in read_rows(claim.file) for price in PRICES}
    assert [price for price in prices if not re.fullmatch(r"\d+\.\d{1,4}", price)] == []


@each_file
def test_every_line_ends_with_a_line_feed_alone(claim: Claim) -> None:
    content = (FOLDER / claim.file).read_bytes()
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert content.count(b"\n") == claim.rows + 1


@each_file
def test_every_row_has_every_column(claim: Claim) -> None:
    with (FOLDER / claim.file).open(encoding="ascii", newline="") as lines:
        header, *rows = csv.reader(lines)
    assert header == HEADER
    assert {len(row) for row in rows} == {len(HEADER)}
    assert all(all(row) for row in rows)


@each_file
def test_every_bar_is_valid(claim: Claim) -> None:
    for row in read_rows(claim.file):
        open_, high, low, close = (Decimal(row[price]) for price in PRICES)
        assert 0 < low <= min(open_, close), row
        assert max(open_, close) <= high, row
        assert int(row["Volume"]) > 0, row


@each_file
def test_dates_rise(claim: Claim) -> None:
    days = [row["Date"] for row in read_rows(claim.file)]
    assert all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) for day in days)
    assert days == sorted(set(days))


def test_the_four_calendars_are_equal() -> None:
    calendars = {tuple(row["Date"] for row in read_rows(f"{symbol}.csv")) for symbol in SYMBOLS}
    assert len(calendars) == 1


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_no_split_falls_within_the_four_files(symbol: str) -> None:
    closes = [Decimal(row["Close"]) for row in read_rows(f"{symbol}.csv")]
    ratios = [close / before for before, close in pairwise(closes)]
    # the smallest usual split, three for two, would give 0.67; its reverse 1.5
    assert Decimal("0.8") < min(ratios)
    assert max(ratios) < Decimal("1.25")


def test_the_split_file_holds_a_split_of_two_for_one() -> None:
    closes = {row["Date"]: row["Close"] for row in read_rows("split/AAPL.csv")}
    assert (closes["2005-02-25"], closes["2005-02-28"]) == ("88.99", "44.86")


def test_the_split_has_a_file_of_its_own_which_the_readme_shows() -> None:
    assert f"`split/actions.csv`:\n\n```\n{ACTIONS.read_text(encoding='ascii')}```\n" in README


def test_the_split_file_agrees_with_the_other_where_they_overlap() -> None:
    later = {row["Date"]: row for row in read_rows("AAPL.csv")}
    overlap = [row for row in read_rows("split/AAPL.csv") if row["Date"] in later]
    assert len(overlap) == 10
    assert all(later[row["Date"]] == row for row in overlap)
