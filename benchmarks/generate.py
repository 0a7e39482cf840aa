"""Make one-minute bars for benchmarks: a seeded random walk with gaps.

A seed gives the same bars on every machine: each bar is made from 64 random bits by integer arithmetic alone, and a
price stays a whole number of ticks until it is written as an exact decimal.
"""

import argparse
import hashlib
import random
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

TICKS_PER_UNIT = 100
"""Ticks in a price of 1.00; the tick size is 0.01."""

FIRST_OPEN_TICKS = 100 * TICKS_PER_UNIT
FLOOR_TICKS = 10 * TICKS_PER_UNIT
"""Opens and closes below this are mirrored upwards, so that no walk comes near zero."""

FIRST_TIME = datetime(2020, 1, 1, 0, 1, tzinfo=UTC)
"""End of the first minute, which is the stamp of the first bar."""

PRICES = ("open", "high", "low", "close")
FILE_TYPES = (".csv", ".parquet")

Bar = tuple[int, int, int, int, int, int]
"""Open, high, low and close in ticks, volume in units, and the open of the next bar in ticks."""


def random_walk(bars: int, seed: int) -> pl.DataFrame:
    """Return one-minute bars with every price as a whole number of ticks.

    Args:
        bars: Number of bars, above zero.
        seed: Zero or above; Python's generator takes -1 for 1.

    Returns:
        Columns time (end of the minute, UTC, microseconds), open, high, low, close (ticks) and volume (units).

    Raises:
        ValueError: If `bars` or `seed` is out of range.

    Example:
        >>> random_walk(2, seed=1).select("open", "high", "low", "close").rows()
        [(10000, 10002, 9998, 10000), (10000, 10004, 10000, 10004)]
    """
    if bars < 1:
        raise ValueError(f"bars must be above zero, was {bars}")
    if seed < 0:
        raise ValueError(f"seed must not be below zero, was {seed}")
    names = (*PRICES, "volume")
    columns = zip(names, _walk_columns(bars, seed), strict=True)
    return pl.DataFrame({"time": _minutes(bars)} | {name: pl.Series(column) for name, column in columns})


def with_prices(walk: pl.DataFrame) -> pl.DataFrame:
    """Return the bars of `random_walk` with prices as Decimal(18, 2) instead of ticks.

    Example:
        >>> with_prices(random_walk(1, seed=1))["open"].item()
        Decimal('100.00')
    """
    return walk.with_columns(_price(name) for name in PRICES)


def write_bars(bars: pl.DataFrame, file: Path) -> None:
    """Write bars with exact prices as CSV or Parquet, whichever the file's extension says.

    CSV has the time as text without a zone, like `2020-01-01 00:01:00`. The file's folder is made if it is not there.

    Raises:
        ValueError: If the extension is neither `.csv` nor `.parquet`.
    """
    _check_extension(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".csv":
        bars.write_csv(file, datetime_format="%Y-%m-%d %H:%M:%S")
    else:
        bars.write_parquet(file)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file that the command line asks for and say what was written."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        _check_extension(options.file)
        bars = with_prices(random_walk(options.bars, options.seed))
        write_bars(bars, options.file)
    except ValueError as error:
        parser.error(str(error))
    print(f"{bars.height} rows  {options.file}  SHA-256 {_sha256(options.file)}")


def _check_extension(file: Path) -> None:
    """Raise ValueError for a file that is neither CSV nor Parquet."""
    if file.suffix not in FILE_TYPES:
        raise ValueError(f"{file}: extension must be .csv or .parquet, was {file.suffix!r}")


def _walk_columns(bars: int, seed: int) -> "tuple[array[int], ...]":
    """Return open, high, low and close in ticks and volume in units, one array each."""
    columns = tuple(array("q", bytes(8 * bars)) for _ in range(5))
    opens, highs, lows, closes, volumes = columns
    draw = random.Random(seed).getrandbits
    next_open = FIRST_OPEN_TICKS
    for row in range(bars):
        opens[row], highs[row], lows[row], closes[row], volumes[row], next_open = _make_bar(next_open, draw(64))
    return columns


def _make_bar(open_ticks: int, bits: int) -> Bar:
    """Return the bar that opens at a price, and the open after it.

    From the lowest bit up: 32 bits for the move to the close (its ones less 16: mean 0, deviation 2.8 ticks), 2 and 2
    for how far the high and the low reach beyond (0 to 3 ticks), 10 for the volume (100 to 102,400), 6 that are zero
    where a gap follows (one bar in 64), 5 for the gap (1 to 16 ticks, up or down). The last 7 are not used.
    """
    close = _above_floor(open_ticks + (bits & 0xFFFFFFFF).bit_count() - 16)
    high = max(open_ticks, close) + (bits >> 32 & 3)
    low = min(open_ticks, close) - (bits >> 34 & 3)
    volume = 100 * ((bits >> 36 & 1023) + 1)
    next_open = close if bits >> 46 & 63 else _above_floor(close + _gap(bits >> 52 & 31))
    return open_ticks, high, low, close, volume, next_open


def _gap(bits: int) -> int:
    """Return -16 to -1 or 1 to 16 ticks for a number from 0 to 31.

    Example:
        >>> [_gap(bits) for bits in (0, 15, 16, 31)]
        [-16, -1, 1, 16]
    """
    return bits - 16 + (bits >> 4)


def _above_floor(ticks: int) -> int:
    """Return a price mirrored at the floor, in ticks.

    Example:
        >>> _above_floor(1003), _above_floor(997)
        (1003, 1003)
    """
    return ticks if ticks >= FLOOR_TICKS else 2 * FLOOR_TICKS - ticks


def _minutes(bars: int) -> pl.Series:
    """Return the end of each minute."""
    last = FIRST_TIME + timedelta(minutes=bars - 1)
    return pl.datetime_range(FIRST_TIME, last, "1m", time_unit="us", time_zone="UTC", eager=True)


def _price(name: str) -> pl.Expr:
    """Return a column of ticks as exact prices, by way of text: 10003 is 100.03."""
    ticks = pl.col(name)
    hundredths = (ticks % TICKS_PER_UNIT).cast(pl.String).str.zfill(2)
    return pl.format("{}.{}", ticks // TICKS_PER_UNIT, hundredths).cast(pl.Decimal(18, 2)).alias(name)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.generate",
        description="Write one-minute bars of a seeded random walk, one symbol a file.",
    )
    parser.add_argument("bars", metavar="BARS", type=int, help="number of bars, above zero")
    parser.add_argument("file", metavar="FILE", type=Path, help="ends in .csv or .parquet, which says the format")
    parser.add_argument("--seed", type=int, default=1, help="zero or above; a seed always gives the same bars (1)")
    return parser


if __name__ == "__main__":
    main()
