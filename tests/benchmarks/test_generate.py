"""The benchmark data is valid, and the same wherever and however often it is made."""

import csv
import doctest
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from benchmarks import generate
from benchmarks.generate import main, random_walk, with_prices, write_bars

BARS = 5_000
WALK = random_walk(BARS, seed=1)
PRICES = ["open", "high", "low", "close"]


def write_walk(file: Path, seed: int) -> bytes:
    """Write 1,000 bars and return what the file holds."""
    write_bars(with_prices(random_walk(1_000, seed)), file)
    return file.read_bytes()


def texts(row: tuple[object, ...]) -> list[str]:
    """Return a bar of a Parquet file as a CSV file would write it."""
    time, *numbers = row
    assert isinstance(time, datetime)
    return [time.strftime("%Y-%m-%d %H:%M:%S"), *map(str, numbers)]


@pytest.mark.parametrize("name", ["bars.csv", "bars.parquet"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    assert write_walk(tmp_path / "one" / name, seed=7) == write_walk(tmp_path / "two" / name, seed=7)


@pytest.mark.parametrize("name", ["bars.csv", "bars.parquet"])
def test_another_seed_gives_other_bytes(tmp_path: Path, name: str) -> None:
    assert write_walk(tmp_path / "one" / name, seed=7) != write_walk(tmp_path / "two" / name, seed=8)


def test_seed_1_gives_the_same_text_on_every_machine(tmp_path: Path) -> None:
    content = write_walk(tmp_path / "bars.csv", seed=1)
    assert content.splitlines()[:3] == [
        b"time,open,high,low,close,volume",
        b"2020-01-01 00:01:00,100.00,100.02,99.98,100.00,38900",
        b"2020-01-01 00:02:00,100.00,100.04,100.00,100.04,99600",
    ]
    assert hashlib.sha256(content).hexdigest() == "e52aea1e4442993fa45ea6091d082c31a1afb11b0fd83c51d1672d57204c18ab"


def test_a_longer_walk_begins_like_a_shorter_one() -> None:
    assert random_walk(100, seed=1).equals(WALK.head(100))


def test_prices_are_whole_ticks() -> None:
    assert WALK.schema == {"time": pl.Datetime("us", "UTC"), **dict.fromkeys([*PRICES, "volume"], pl.Int64)}


def test_the_walk_starts_at_100() -> None:
    assert with_prices(WALK)["open"].cast(pl.String).first() == "100.00"


def test_every_bar_is_valid() -> None:
    low_is_lowest = pl.col("low") <= pl.min_horizontal("open", "close")
    high_is_highest = pl.max_horizontal("open", "close") <= pl.col("high")
    assert WALK.filter(low_is_lowest & high_is_highest & (pl.col("volume") > 0)).height == BARS


def test_a_bar_is_stamped_at_the_end_of_its_minute_and_none_is_missing() -> None:
    assert WALK["time"].first() == datetime(2020, 1, 1, 0, 1, tzinfo=UTC)
    assert WALK["time"].diff().drop_nulls().unique().to_list() == [timedelta(minutes=1)]


def test_some_bars_open_away_from_the_close_before() -> None:
    gaps = (WALK["open"] - WALK["close"].shift(1)).drop_nulls()
    gaps = gaps.filter(gaps != 0)
    # one bar in 64 of 5,000 is 78
    assert 50 < len(gaps) < 110
    assert (gaps.min(), gaps.max()) == (-16, 16)


def test_a_walk_that_falls_turns_at_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "FIRST_OPEN_TICKS", 1_005)
    falling = random_walk(BARS, seed=1)
    # opens and closes stay at 10.00 or above; a low reaches at most 3 ticks further
    assert falling.select(pl.min_horizontal(pl.min("open"), pl.min("close"))).item() == 1_000
    assert falling.select(pl.min("low")).item() >= 997
    assert (falling["low"] <= falling["open"]).all()


def test_prices_are_exact_decimals_of_the_ticks() -> None:
    prices = with_prices(WALK)
    assert [prices.schema[name] for name in PRICES] == [pl.Decimal(18, 2)] * 4
    for name in PRICES:
        assert [int(price * 100) for price in prices[name]] == WALK[name].to_list()


def test_prices_below_a_tenth_keep_their_zeros() -> None:
    walk = WALK.head(1).with_columns(open=pl.lit(10_005))
    assert with_prices(walk)["open"].cast(pl.String).item() == "100.05"


def test_both_formats_hold_the_same_values(tmp_path: Path) -> None:
    bars = with_prices(WALK)
    write_bars(bars, tmp_path / "bars.csv")
    write_bars(bars, tmp_path / "bars.parquet")
    parquet = pl.read_parquet(tmp_path / "bars.parquet")
    with (tmp_path / "bars.csv").open(encoding="ascii", newline="") as lines:
        header, *rows = csv.reader(lines)
    assert parquet.schema == {
        "time": pl.Datetime("us", "UTC"),
        **dict.fromkeys(PRICES, pl.Decimal(18, 2)),
        "volume": pl.Int64,
    }
    assert header == parquet.columns
    assert rows == [texts(row) for row in parquet.rows()]


def test_the_command_says_how_many_rows_which_file_and_its_hash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new" / "bars.csv"
    main(["10", str(file), "--seed", "3"])
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert capsys.readouterr().out == f"10 rows  {file}  SHA-256 {sha256}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["0", "bars.csv"], "bars must be above zero, was 0", id="no bars"),
        pytest.param(["1", "bars.csv", "--seed", "-1"], "seed must not be below zero, was -1", id="seed below zero"),
        pytest.param(["1", "bars.txt"], "extension must be .csv or .parquet, was '.txt'", id="other extension"),
    ],
)
def test_the_command_refuses_what_it_cannot_make(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert sentence in capsys.readouterr().err


def test_a_file_that_is_neither_csv_nor_parquet_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="extension must be"):
        write_bars(with_prices(WALK.head(1)), tmp_path / "bars.json")
    assert list(tmp_path.iterdir()) == []


def test_the_examples_in_the_docstrings_are_right() -> None:
    results = doctest.testmod(generate)
    assert results.attempted > 0
    assert results.failed == 0
