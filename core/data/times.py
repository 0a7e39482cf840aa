"""Times as integers: what a cell says is taken exactly, or refused by its place."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from core.bars import END_OF_DAY, to_microseconds
from core.data.reading import Reading, find_zone
from core.data.table import Table
from core.data.time_forms import TimeForm, find_form, is_epoch
from core.errors import BarDataError, shown

_RULE: Final = "time must be a date such as 2024-01-31 or a time such as 2024-01-31 09:30:00 or 2024-01-31T09:30Z"
_EPOCH_UNITS: Final = {11: "s", 14: "ms", 17: "us", 20: "ns"}  # by how many digits there are at most
_UNIT_NAMES: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_IN_A_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
FIRST_STAMP: Final = to_microseconds(datetime.min.replace(tzinfo=UTC))
LAST_STAMP: Final = to_microseconds(datetime.max.replace(tzinfo=UTC))
CALENDAR_RULE: Final = "time must be within the years 1 to 9999"


def read_stamps(table: Table, reading: Reading) -> tuple[pl.Series, str | None]:
    """Return the times as microseconds since 1970, and the zone on whose clock they are counted; None for UTC.

    A date stands for the end of its day, whatever the zone; a time that states no zone is in that of the reading.

    Raises:
        BarDataError: A cell that is no date or time, is of another kind than the first, is finer than a microsecond, or
            is not within the years 1 to 9999; a date of which the day cannot be told from the month.
    """
    cells = table.cells["time"]
    zone: str | None = None
    if cells.dtype == pl.String or cells.dtype.is_integer():
        stamps, zone = _stamps_of_text(table, cells.cast(pl.String), reading)
    elif isinstance(cells.dtype, pl.Datetime):
        stamps = _in_microseconds(table, cells.to_physical(), _IN_A_SECOND[cells.dtype.time_unit])
        zone = None if cells.dtype.time_zone else _say_naive(table, "times", reading)
        if cells.dtype.time_zone:
            table.found.add("times", f"stored in UTC, with the zone {cells.dtype.time_zone}")
    elif cells.dtype == pl.Date:
        stamps = _ends_of_days(table, cells)
    else:
        raise BarDataError(table.source, f"column time must hold dates or times, was {cells.dtype}")
    _refuse(table, stamps.is_null(), _RULE)
    _refuse(table, ~stamps.is_between(FIRST_STAMP, LAST_STAMP), CALENDAR_RULE)
    if isinstance(cells.dtype, pl.Datetime):
        _warn_of_midnights(table, _local(stamps.cast(pl.Int64), cells.dtype.time_zone))
    return stamps.cast(pl.Int64), zone


def _local(stamps: pl.Series, zone: str | None) -> pl.Series:
    """Return what clocks show at some times of the calendar."""
    times = stamps.cast(pl.Datetime("us", "UTC"))
    return times.dt.convert_time_zone(zone or "UTC").dt.replace_time_zone(None).to_physical()


def _say_naive(table: Table, how: str, reading: Reading) -> str | None:
    zone = reading.zone or "UTC"
    table.found.add("times", f"{how}, without a zone: taken to be in {zone}")
    return reading.zone


def _ends_of_days(table: Table, dates: pl.Series, how: str = "dates") -> pl.Series:
    table.found.add("times", f"{how}; each stands for the end of its day")
    days = pl.lit(dates.to_physical().cast(pl.Int128))
    return pl.select(days * _DAY + END_OF_DAY // timedelta(microseconds=1)).to_series()


def _in_microseconds(table: Table, counts: pl.Series, in_a_second: int) -> pl.Series:
    scaled = pl.lit(counts.cast(pl.Int128)) * _SECOND
    stamps, rests = pl.select(stamp=scaled // in_a_second, rest=scaled % in_a_second)
    _refuse(table, rests != 0, "time must be a whole number of microseconds")
    return stamps


def _stamps_of_text(table: Table, texts: pl.Series, reading: Reading) -> tuple[pl.Series, str | None]:
    """Return stamps, null for a day or a time of day that does not exist, and their zone."""
    first = texts[0] or ""
    if is_epoch(first):
        return _stamps_of_epochs(table, texts), None
    form = find_form(first, reading.dates)
    if form is None:
        raise table.refusal(table.cells["place"][0], f"{_RULE}, was {_named(texts[0])}")
    _refuse_unlike(table, texts, form.pattern)
    if not form.date_format:
        what = f"day and month of {shown(first)} cannot be told apart: --dates day-first or month-first says it"
        raise table.refusal(table.cells["place"][0], what)
    if not form.between:
        dates = texts.str.to_date(form.date_format, strict=False)
        return _ends_of_days(table, dates, f"dates such as {first}, read as {_spoken(form)}"), None
    how = f"such as {first}, read as {_spoken(form)}"
    clocks = _on_their_clock(texts.str.head(-len(form.zone)) if form.zone else texts, form)
    _warn_of_midnights(table, clocks)
    if not form.zone:
        return clocks, _say_naive(table, how, reading)
    table.found.add("times", f"{how}, with their zone")
    if form.zone_name:
        return clocks, _known_zone(table, form.zone_name)
    zones = texts.str.tail(len(form.zone))
    offsets = {each: _offset(each) for each in zones.unique()}
    return clocks - zones.replace_strict(offsets, return_dtype=pl.Int64), None


def _known_zone(table: Table, name: str) -> str:
    if find_zone(name) is None:
        raise table.refusal(table.cells["place"][0], f"time must have the name of a time zone, was {shown(name)}")
    return name


def _spoken(form: TimeForm) -> str:
    """Say in which order a date has its numbers."""
    letters = re.sub("[^Ymd]", "", form.date_format)
    return " ".join({"Y": "year", "m": "month", "d": "day"}[letter] for letter in letters)


def _stamps_of_epochs(table: Table, texts: pl.Series) -> pl.Series:
    """Return stamps of counts since 1970; how large the first one is says what they count."""
    most = next(digits for digits in _EPOCH_UNITS if len(texts[0]) <= digits)
    unit = _EPOCH_UNITS[most]
    least = max((digits for digits in _EPOCH_UNITS if digits < most), default=8) + 1
    rule = f"time must be {_UNIT_NAMES[unit]} since 1970 like the first one, {texts[0]}"
    _refuse_where(table, texts, f"^[0-9]{{{least},{most}}}$", rule)
    table.found.add("times", f"{_UNIT_NAMES[unit]} since 1970, such as {texts[0]}")
    stamps = _in_microseconds(table, texts.cast(pl.Int128), _IN_A_SECOND[unit])
    _warn_of_midnights(table, stamps)
    return stamps


def _warn_of_midnights(table: Table, clocks: pl.Series) -> None:
    """Warn of days that are stamped at their start, where what happened in them has not yet happened."""
    if pl.select((pl.lit(clocks) % _DAY == 0).all()).item():
        table.found.warn("every time is midnight: a bar of a day must carry the end of that day, or its date alone")


def _offset(zone: str) -> int:
    """Return how far a zone is ahead of UTC, in microseconds."""
    match = re.search("([+-])([0-9]{2}):?([0-9]{2})$", zone)
    if match is None:
        return 0
    sign, hours, minutes = match.groups()
    return int(f"{sign}1") * (int(hours) * _HOUR + int(minutes) * _MINUTE)


def _refuse_unlike(table: Table, texts: pl.Series, pattern: str) -> None:
    """Refuse the first text that is no time, or is written in another way than the first."""
    fits = texts.str.contains(pattern).fill_null(value=False)
    if not fits.all():
        row = (~fits).arg_true()[0]
        text = texts[row] or ""
        is_time = find_form(text) is not None or is_epoch(text)
        rule = f"time must be written like the first one, {texts[0]}" if is_time else _RULE
        raise table.refusal(table.cells["place"][row], f"{rule}, was {_named(texts[row])}")


def _refuse_where(table: Table, texts: pl.Series, pattern: str, rule: str) -> None:
    _refuse(table, ~texts.str.contains(pattern).fill_null(value=False), rule)


def _on_their_clock(texts: pl.Series, form: TimeForm) -> pl.Series:
    """Return what clocks show, in microseconds since their 1970; null for what no clock shows."""
    clock = "%H:%M:%S" if form.has_colons else "%H%M%S"
    if form.has_colons:
        few = texts.head(1) if _are_alike(texts, form) else texts
        colons = few.str.count_matches(":", literal=True)
        if colons.min() == 1:
            texts = pl.select(pl.when(colons == 1).then(texts + ":00").otherwise(texts)).to_series()
        clock += "%.f" if few.str.contains(r":[0-9]{2}\.").any() else ""
    whole = f"{form.date_format}{form.between}{clock}"
    return texts.str.to_datetime(whole, time_unit="us", strict=False).to_physical()


def _are_alike(texts: pl.Series, form: TimeForm) -> bool:
    """Say whether all times have the same digits: where dates have one length, those of one length do."""
    lengths = texts.str.len_bytes()
    return form.has_wide_dates and lengths.min() == lengths.max()


def _refuse(table: Table, wrong: pl.Series, rule: str) -> None:
    """Refuse the first time that is wrong, shown as it is stored."""
    if wrong.any():
        row = wrong.arg_true()[0]
        cell = table.cells["time"].to_physical()[row]
        raise table.refusal(table.cells["place"][row], f"{rule}, was {_named(cell)}")


def _named(cell: object) -> str:
    return "null" if cell is None else shown(cell) or "empty"
