"""Rows in the order of time: turned around, sorted where that is asked for, each of them once, widened where asked."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import polars as pl

from core.bars import TICK_COLUMNS, to_datetime, written_time
from core.data.findings import Findings
from core.data.reading import Reading
from core.data.table import Table
from core.data.times import CALENDAR_RULE, FIRST_STAMP, LAST_STAMP
from core.data.zones import to_utc
from core.errors import shown


def arrange(table: Table, rows: pl.DataFrame, zone: str | None, reading: Reading, found: Findings) -> pl.DataFrame:
    """Return rows with rising times in UTC, each of them once.

    Args:
        table: The file they are from.
        rows: The place, the time in microseconds since 1970, and numbers; those of one symbol.
        zone: The zone on whose clock the times are; None for UTC.
        reading: Whether rows may be sorted.
        found: Told what was done.

    Raises:
        BarDataError: A time that its zone's clock never shows, rows out of order, or two of one time that differ.
    """
    falls = rows["time"][-1] < rows["time"][0]
    ordered, repeated = _in_utc(table, rows.reverse() if falls else rows, zone)
    if falls and ordered["time"].is_sorted():
        found.add("order", "from new to old; turned around")
    elif falls:
        ordered, repeated = _in_utc(table, rows, zone)
    if not ordered["time"].is_sorted():
        ordered = _sorted(table, ordered, repeated, reading, found)
    elif len(repeated):
        _say_repeated(table, ordered, repeated, found)
    return _once(table, ordered, found)


def _in_utc(table: Table, rows: pl.DataFrame, zone: str | None) -> tuple[pl.DataFrame, Sequence[int]]:
    """Return rows with their times in UTC, and which of them a clock showed twice."""
    if zone is None:
        return rows, ()
    resolved = to_utc(rows["time"], ZoneInfo(zone))
    if resolved.missing is not None:
        place, clock = rows["place"][resolved.missing], written_time(to_datetime(rows["time"][resolved.missing]))
        raise table.refusal(place, f"time {clock} does not exist in {zone}: the clock was put forward")
    outside = ~resolved.stamps.is_between(FIRST_STAMP, LAST_STAMP)
    if outside.any():
        raise table.refusal(rows["place"].filter(outside)[0], CALENDAR_RULE)
    return rows.with_columns(resolved.stamps.alias("time")), resolved.repeated


def _say_repeated(table: Table, rows: pl.DataFrame, repeated: Sequence[int], found: Findings) -> None:
    first = table.named(rows["place"][repeated[0]])
    found.warn(
        f"times in an hour that the clock showed twice: {len(repeated):,}, first {first}; "
        "which of the two is meant follows from the row before"
    )


def _sorted(
    table: Table, rows: pl.DataFrame, repeated: Sequence[int], reading: Reading, found: Findings
) -> pl.DataFrame:
    """Return rows in the order of their times where that is asked for."""
    row = (rows["time"].diff() < 0).arg_true()[0]
    place, time = rows["place"][row], _written(rows, row)
    if not reading.sort:
        raise table.refusal(place, f"time {time} does not come after the bar before (--sort puts rows in order)")
    if repeated:
        place = rows["place"][repeated[0]]
        raise table.refusal(place, "a time that the clock showed twice can be told only by the order of rows")
    found.add("order", f"none; sorted by time, the first row out of order was {table.named(place)}")
    return rows.sort("time", maintain_order=True)


def _once(table: Table, rows: pl.DataFrame, found: Findings) -> pl.DataFrame:
    """Drop rows that are the same as the one before, and refuse another one of the same time."""
    is_twice = (rows["time"].diff() == 0).fill_null(value=False)
    if not is_twice.any():
        return rows
    values = pl.exclude("place")
    is_same = rows.select(pl.all_horizontal(values.eq_missing(values.shift(1))).alias("same"))["same"]
    differs = is_twice & ~is_same
    if differs.any():
        row = differs.arg_true()[0]
        here, there = rows["place"][row], rows["place"][row - 1]
        what = f"time {_written(rows, row)} stands in {table.named(there)} too, with other values"
        raise table.refusal(here, f"{what}: {_values(table, there)} there and {_values(table, here)} here")
    first = table.named(rows["place"].filter(is_twice)[0])
    found.add("duplicates", f"rows like the one before, dropped: {is_twice.sum():,}, first {first}")
    return rows.filter(~is_twice)


def _written(rows: pl.DataFrame, row: int) -> str:
    return written_time(to_datetime(rows["time"][row]))


def _values(table: Table, place: int) -> str:
    """Write the numbers of a row as the file has them."""
    cells = table.cells.filter(pl.col("place") == place).drop("place", "time", "symbol", strict=False)
    return "/".join("" if cell is None else shown(cell) for cell in cells.row(0))


def widen(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return rows of which high and low lie around all prices, and which of them were widened.

    A price that is not above zero is no reason to widen a bar: it is refused.
    """
    prices = pl.col(TICK_COLUMNS)
    highest, lowest = pl.max_horizontal(prices), pl.min_horizontal(prices)
    is_wrong = (lowest > 0) & ((pl.col("high_ticks") < highest) | (pl.col("low_ticks") > lowest))
    wrong = rows.select(is_wrong.alias("wrong"))["wrong"]
    widened = rows.with_columns(
        high_ticks=pl.when(wrong).then(highest).otherwise("high_ticks"),
        low_ticks=pl.when(wrong).then(lowest).otherwise("low_ticks"),
    )
    return widened, wrong
