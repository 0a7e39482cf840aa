"""Zones: what a clock on a wall shows, as time in UTC.

A clock that is put back shows an hour twice; which of the two a row means follows from the row before it. A clock that
is put forward leaves an hour out, and a row in that hour is refused.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
from attrs import field, frozen

_DAY: Final = 24 * 60 * 60 * 1_000_000
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - what a clock shows has no zone yet
_MICROSECOND: Final = timedelta(microseconds=1)


@frozen
class Resolved:
    """Times in UTC.

    Attributes:
        stamps: In microseconds since 1970 in UTC.
        repeated: The rows in an hour that the clock showed twice.
        missing: The first row in an hour that the clock left out; None where there is none.
    """

    stamps: pl.Series = field(repr=False)
    repeated: tuple[int, ...] = ()
    missing: int | None = None


def to_utc(clocks: pl.Series, zone: ZoneInfo) -> Resolved:
    """Return times in UTC of what clocks show in a zone, row after row from old to new.

    Args:
        clocks: Microseconds since 1970 on the clock of the zone, within the years 1 to 9999.
        zone: The zone.
    """
    days = clocks // _DAY
    offsets: dict[int, int | None] = {day: _offset_of_day(day, zone) for day in days.unique()}
    stamps = clocks - days.replace_strict(offsets, return_dtype=pl.Int64)
    mended: dict[int, int] = {}
    repeated = []
    for row in stamps.is_null().arg_true():
        both = _both(clocks[row], zone)
        if both is None:
            return Resolved(stamps, missing=row)
        early, late = both
        before = mended.get(row - 1, stamps[row - 1]) if row else None
        mended[row] = late if before is not None and early <= before else early
        if early != late:
            repeated.append(row)
    if mended:
        stamps = stamps.scatter(list(mended), list(mended.values()))
    return Resolved(stamps, tuple(repeated))


def _offset_of_day(day: int, zone: ZoneInfo) -> int | None:
    """Return how far a zone is ahead of UTC on a day, in microseconds; None where that changes during the day."""
    start = _EPOCH + timedelta(days=day)
    try:
        after = start + timedelta(days=1)
    except OverflowError:  # the last day of the calendar
        after = start
    offset, next_offset = (one.replace(tzinfo=zone).utcoffset() for one in (start, after))
    return offset // _MICROSECOND if offset is not None and offset == next_offset else None


def _both(clock: int, zone: ZoneInfo) -> tuple[int, int] | None:
    """Return the first and the last time at which a clock shows this; None where it never does."""
    shown = _EPOCH + clock * _MICROSECOND
    early, late = (clock - _offset(shown.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    there = (_EPOCH + early * _MICROSECOND).replace(tzinfo=UTC).astimezone(zone)
    return (early, late) if there.replace(tzinfo=None) == shown else None


def _offset(time: datetime) -> int:
    offset = time.utcoffset()
    return 0 if offset is None else offset // _MICROSECOND
