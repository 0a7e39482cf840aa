"""Bars whose later rows are gone, or are others: what a strategy did before must not depend on which these are."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

import polars as pl
from attrs import evolve

from core.bars import MOST_TICKS, TICK_COLUMNS, Bars

TAKEN_AWAY: Final = "taken away"
REPLACED: Final = "replaced"

_Replace: TypeAlias = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]


def without_rows_after(bars: Sequence[Bars], time: int) -> list[Bars]:
    """Return bars up to a time, in microseconds since 1970 in UTC; a symbol that has none by then is left out."""
    kept = (evolve(one, frame=one.frame.filter(pl.col("time") <= time)) for one in bars if one.times[0] <= time)
    return list(kept)


def with_other_rows_after(bars: Sequence[Bars], time: int) -> Iterator[list[Bars]]:
    """Yield bars that are the same up to a time, each list with other valid prices and volumes after it."""
    for replace in (_mirrored, _doubled, _halved):
        yield [_with(one, time, replace) for one in bars]


def _with(bars: Bars, time: int, replace: _Replace) -> Bars:
    is_kept = pl.col("time") <= time
    later = replace(bars.frame.filter(~is_kept), bars.frame)
    return evolve(bars, frame=pl.concat([bars.frame.filter(is_kept), later]))


def _mirrored(later: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """Exchange highs and lows: each price is as far below the highest as it was above the lowest."""
    both = whole["high_ticks"].max() + whole["low_ticks"].min()  # type: ignore[operator]
    sources = dict(zip(TICK_COLUMNS, ("open_ticks", "low_ticks", "high_ticks", "close_ticks"), strict=True))
    prices = {name: both - pl.col(source) for name, source in sources.items()}
    return later.with_columns(**prices, volume_units=pl.col("volume_units") * 2 + 1)


def _doubled(later: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """Double each price; where one would be too large, leave them."""
    is_large = whole["high_ticks"].max() > MOST_TICKS // 2  # type: ignore[operator]
    factor = 1 if is_large else 2
    return later.with_columns(pl.col(*TICK_COLUMNS) * factor, volume_units=pl.col("volume_units") // 2)


def _halved(later: pl.DataFrame, _: pl.DataFrame) -> pl.DataFrame:
    """Halve each price, rounded up."""
    return later.with_columns((pl.col(*TICK_COLUMNS) + 1) // 2, volume_units=pl.col("volume_units") + 1)
