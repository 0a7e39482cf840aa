"""Cells as integers: what a cell says is taken exactly, or refused by its place.

Nothing is rounded and no text passes through a float. What a number is, `core.money.parse` alone says; a column of
plain digits only takes a faster way to the same answer.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from core.bars import END_OF_DAY, to_microseconds
from core.data.table import Table
from core.errors import BarDataError, NotExactError, shown
from core.money import FRACTION_DIGITS, WHOLE_DIGITS, canonical, parse

_DECIMAL: Final = pl.Decimal(38, FRACTION_DIGITS)
_PLAIN: Final = rf"^-?[0-9]{{1,{WHOLE_DIGITS}}}(?:\.[0-9]{{1,{FRACTION_DIGITS}}})?$"

_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = r"[0-9]{2}:[0-9]{2}(?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_ZONE: Final = r"Z|[+-][01][0-9]:?[0-5][0-9]"
_TIME: Final = re.compile(f"{_DATE}(?:([ T]){_CLOCK}({_ZONE})?)?")
_TIME_RULE: Final = "time must be a date such as 2024-01-31 or a time such as 2024-01-31 09:30:00 or 2024-01-31T09:30Z"
_TO_MINUTES: Final = len("2024-01-31 09:30")
_TO_SECONDS: Final = len("2024-01-31 09:30:00")

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_IN_A_SECOND: Final = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_FIRST_STAMP: Final = to_microseconds(datetime.min.replace(tzinfo=UTC))
_LAST_STAMP: Final = to_microseconds(datetime.max.replace(tzinfo=UTC))


def read_numbers(table: Table, columns: Sequence[str]) -> pl.DataFrame:
    """Return columns of numbers in units of the last digit that is kept, 1E-12; null where a volume is not given.

    Raises:
        BarDataError: A cell that is no exact number within the digits that are kept, or none at all for a price.
    """
    cells = table.cells.select(_as_text(table, table.cells[name]) for name in columns)
    plain = cells.select(_is_plain(column) for column in cells)
    cells = cells.with_columns(_respell(table, cells[each.name], each) for each in plain if not each.all())
    return cells.select(pl.all().cast(_DECIMAL).to_physical())


def _as_text(table: Table, cells: pl.Series) -> pl.Series:
    """Return numbers as text, a float by its shortest digits; decimals that fit as they are."""
    if isinstance(cells.dtype, pl.Decimal) and cells.dtype.scale <= FRACTION_DIGITS:
        return cells
    if not (cells.dtype.is_numeric() or cells.dtype in (pl.String, pl.Null)):
        raise BarDataError(table.source, f"column {cells.name} must hold numbers, was {cells.dtype}")
    return cells.cast(pl.String)


def _is_plain(cells: pl.Series) -> pl.Expr:
    cell = pl.col(cells.name)
    plain = cell.str.contains(_PLAIN) if cells.dtype == pl.String else cell.cast(_DECIMAL, strict=False).is_not_null()
    return plain.fill_null(value=False)


def _respell(table: Table, cells: pl.Series, plain: pl.Series) -> pl.Series:
    """Write what is a number, but not in plain digits, in plain digits."""
    spellings: dict[object, str | None] = {}
    for place, cell in zip(table.cells["place"].filter(~plain), cells.filter(~plain), strict=True):
        if cell not in spellings:
            spellings[cell] = _spelling(table, place, cells.name, cell)
    return cells.replace(list(spellings), pl.Series(list(spellings.values()), dtype=cells.dtype))


def _spelling(table: Table, place: int, name: str, cell: object) -> str | None:
    if name == "volume" and cell in (None, ""):
        return None
    try:
        return canonical(parse("" if cell is None else str(cell), name))
    except NotExactError as error:
        raise table.refusal(place, f"{error.field} must be {error.rule}, was {_named(cell)}") from error


def read_stamps(table: Table) -> pl.Series:
    """Return the times as microseconds since 1970 in UTC; a date stands for the end of its day, a naive time is UTC.

    Raises:
        BarDataError: A cell that is no date or time, is of another kind than the first, is finer than a microsecond, or
            is not within the years 1 to 9999.
    """
    cells = table.cells["time"]
    if cells.dtype == pl.String:
        stamps = _stamps_of_text(table, cells)
    elif isinstance(cells.dtype, pl.Datetime):
        stamps = _stamps_of_datetimes(table, cells, _IN_A_SECOND[cells.dtype.time_unit])
    elif cells.dtype == pl.Date:
        stamps = _ends_of_days(cells)
    else:
        raise BarDataError(table.source, f"column time must hold dates or times, was {cells.dtype}")
    _refuse(table, stamps.is_null(), _TIME_RULE)
    _refuse(table, ~stamps.is_between(_FIRST_STAMP, _LAST_STAMP), "time must be within the years 1 to 9999")
    return stamps.cast(pl.Int64)


def _ends_of_days(dates: pl.Series) -> pl.Series:
    days = pl.lit(dates.to_physical().cast(pl.Int128))
    return pl.select(days * _DAY + END_OF_DAY // timedelta(microseconds=1)).to_series()


def _stamps_of_datetimes(table: Table, cells: pl.Series, in_a_second: int) -> pl.Series:
    scaled = pl.lit(cells.to_physical().cast(pl.Int128)) * _SECOND
    stamps, rests = pl.select(stamp=scaled // in_a_second, rest=scaled % in_a_second)
    _refuse(table, rests != 0, "time must be a whole number of microseconds")
    return stamps


def _stamps_of_text(table: Table, texts: pl.Series) -> pl.Series:
    """Return stamps, null for a day or a time of day that does not exist."""
    first = _TIME.fullmatch(texts[0] or "")
    between, zone = first.groups(default="") if first else ("", "")
    _refuse_unlike(table, texts, f"{_DATE}{between}{_CLOCK}{_like(zone)}" if between else _DATE)
    if not between:
        return _ends_of_days(texts.str.to_date("%Y-%m-%d", strict=False))
    if not zone:
        return _naive_stamps(texts, between)
    zones = texts.str.tail(len(zone))
    offsets = {each: _offset(each) for each in zones.unique()}
    return _naive_stamps(texts.str.head(-len(zone)), between) - zones.replace_strict(offsets, return_dtype=pl.Int64)


def _like(zone: str) -> str:
    """Return the pattern of zones that are written like this one."""
    return zone if zone in ("", "Z") else f"[+-][01][0-9]{':' if ':' in zone else ''}[0-5][0-9]"


def _offset(zone: str) -> int:
    """Return how far a zone is ahead of UTC, in microseconds."""
    return 0 if zone == "Z" else int(zone[:3]) * _HOUR + int(zone[0] + zone[-2:]) * _MINUTE


def _refuse_unlike(table: Table, texts: pl.Series, pattern: str) -> None:
    """Refuse the first text that is no time, and then the first that is written in another way than the first."""
    fits = texts.str.contains(f"^{pattern}$").fill_null(value=False)
    if not fits.all():
        _refuse(table, ~texts.str.contains(f"^{_TIME.pattern}$").fill_null(value=False), _TIME_RULE)
        _refuse(table, ~fits, f"time must be written like the first one, {texts[0]}")


def _naive_stamps(texts: pl.Series, between: str) -> pl.Series:
    lengths = texts.str.len_bytes()
    if lengths.min() == _TO_MINUTES:
        texts = pl.select(pl.when(lengths == _TO_MINUTES).then(texts + ":00").otherwise(texts)).to_series()
    fraction = "%.f" if (lengths > _TO_SECONDS).any() else ""
    return texts.str.to_datetime(f"%Y-%m-%d{between}%H:%M:%S{fraction}", time_unit="us", strict=False).to_physical()


def _refuse(table: Table, wrong: pl.Series, rule: str) -> None:
    """Refuse the first time that is wrong, shown as it is stored."""
    if wrong.any():
        row = wrong.arg_true()[0]
        cell = table.cells["time"].to_physical()[row]
        raise table.refusal(table.cells["place"][row], f"{rule}, was {_named(cell)}")


def _named(cell: object) -> str:
    return "null" if cell is None else shown(cell) or "empty"
