"""Make so many one-minute bars that memory does not hold them: the walk of `benchmarks.generate`, in pieces.

The same random bits move the price, which begins so high that no walk of some hundred million bars comes near zero.
"""

import argparse
import random
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl
from polars.io.plugins import register_io_source

from benchmarks.generate import FIRST_TIME, PRICES, TICKS_PER_UNIT

FIRST_OPEN_TICKS: Final = 10_000 * TICKS_PER_UNIT
GROUP_ROWS: Final = 2**18
"""Rows of a group in the file."""

_PIECE: Final = 4 * GROUP_ROWS
_BITS: Final = pl.col("bits")
_MINUTE: Final = 60_000_000
_FIRST: Final = int(FIRST_TIME.timestamp()) * 1_000_000
_SCHEMA: Final = {
    "time": pl.Datetime("us", "UTC"),
    **dict.fromkeys(PRICES, pl.Decimal(18, 2)),
    "volume": pl.Int64(),
}


def write_walk(rows: int, file: Path, seed: int = 1) -> None:
    """Write a Parquet file of bars, of which memory holds a few pieces at a time.

    Args:
        rows: Number of bars, above zero.
        file: Where to.
        seed: Zero or above.
    """

    def read(columns: list[str] | None, *_: object) -> Iterator[pl.DataFrame]:
        for piece in pieces(rows, seed):
            prices = (pl.col(PRICES).cast(pl.Decimal(38, 2)) / TICKS_PER_UNIT).cast(pl.Decimal(18, 2))
            yield piece.with_columns(prices).select(columns or list(_SCHEMA))

    register_io_source(read, schema=_SCHEMA).sink_parquet(file, row_group_size=GROUP_ROWS)


def pieces(rows: int, seed: int, size: int = _PIECE) -> Iterator[pl.DataFrame]:
    """Yield the walk piece by piece, every price as a whole number of ticks; each but the last has so many rows.

    Example:
        >>> [piece.rows() for piece in pieces(3, seed=1, size=2)][1][0][1:]
        (1000004, 1000005, 1000004, 1000004, 7800)
    """
    draw, opened = random.Random(seed), FIRST_OPEN_TICKS
    for first in range(0, rows, size):
        count = min(size, rows - first)
        moves = pl.DataFrame({"bits": array("Q", draw.randbytes(8 * count))}).select(
            move=(_BITS & 0xFFFFFFFF).bitwise_count_ones().cast(pl.Int64) - 16,
            gap=pl.when(_part(46, 63) == 0).then(_part(52, 31) - 16 + _part(52, 31) // 16).otherwise(0),
            above=_part(32, 3),
            below=_part(34, 3),
            volume=100 * (_part(36, 1023) + 1),
        )
        opens = moves.with_columns(following=opened + (pl.col("move") + pl.col("gap")).cum_sum()).with_columns(
            open=pl.col("following") - pl.col("move") - pl.col("gap")
        )
        opened = opens["following"][-1]
        closes = opens.with_columns(close=pl.col("open") + pl.col("move"))
        yield closes.select(
            (pl.int_range(first, first + count) * _MINUTE + _FIRST).cast(_SCHEMA["time"]).alias("time"),
            "open",
            (pl.max_horizontal("open", "close") + pl.col("above")).alias("high"),
            (pl.min_horizontal("open", "close") - pl.col("below")).alias("low"),
            "close",
            "volume",
        )


def _part(shift: int, mask: int) -> pl.Expr:
    """Return some of the random bits as a number; `benchmarks.generate` says which are for what."""
    bits: pl.Expr = _BITS // 2**shift & mask
    return bits.cast(pl.Int64)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_walk", description=__doc__)
    parser.add_argument("bars", type=int)
    parser.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    write_walk(options.bars, options.file)


if __name__ == "__main__":
    main()
