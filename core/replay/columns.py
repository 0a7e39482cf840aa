"""Bars and facts as the bytes of Parquet files, and back: exact, and within bounds that are known beforehand."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_type_hints

import attrs
import polars as pl

from core import events
from core.backtest.journal import Row
from core.bars import MOST_TICKS, TICK_COLUMNS, Bars
from core.clock import Phase
from core.data.columnar import without_stderr
from core.data.parquet import ParquetError, check_pages, read_footer
from core.errors import InputError, shown
from core.events import ActionEvent, Event, Ledger, OrderEvent, PositionEvent
from core.money import FRACTION_DIGITS
from core.position import Position
from core.replay.manifest import RecordedBars
from core.replay.written import LONGEST, as_json, from_json

MOST_FACTS: Final = 1 << 16
"""In one file."""
MOST_BYTES: Final = 1 << 26
"""Of the facts of one file, when they are unpacked."""
_BARS: Final = dict.fromkeys(("time", *TICK_COLUMNS, "volume_units"), pl.Int64())
_FACTS: Final = {"step": pl.Int32(), "phase": pl.UInt8(), "kind": pl.String(), "fields": pl.String()}
_BYTES_A_BAR: Final = 8 * len(_BARS)
_SLACK: Final = 1 << 20  # of pages, beyond what is in them
_TIMES: Final = (-62_135_596_800_000_000, 253_402_300_799_999_999)  # the years 1 to 9999, in microseconds since 1970
_KINDS: Final = {
    name: kind
    for name, kind in vars(events).items()
    if isinstance(kind, type)
    and issubclass(kind, Event)
    and kind not in (Event, OrderEvent, PositionEvent, ActionEvent)
}
_PHASES: Final = {int(one): one for one in Phase}


def write_bars(bars: Bars) -> bytes:
    """Return the rows of bars as a Parquet file."""
    return _written(bars.frame)


def read_bars(made: RecordedBars, data: bytes) -> Bars:
    """Return bars.

    Args:
        made: What is known of them.
        data: A Parquet file.

    Raises:
        InputError: It is not what is known of it, or a row cannot be a bar.
    """
    if not (0 <= made.digits <= FRACTION_DIGITS and 0 <= made.volume_digits <= FRACTION_DIGITS):
        raise InputError(f"digits must be from 0 to {FRACTION_DIGITS}")
    if not made.symbol:
        raise InputError("symbol must not be empty")
    frame = _read(data, _BARS, made.rows, _SLACK + 2 * _BYTES_A_BAR * made.rows)
    numbers = frame.select(pl.exclude("time").abs().max() <= MOST_TICKS)
    if not frame["time"].is_between(*_TIMES).all() or not all(one is not False for one in numbers.row(0)):
        raise InputError("a time or a number is out of range")
    return Bars(made.symbol, frame, made.digits, made.volume_digits, made.source)


def write_facts(rows: Sequence[Row]) -> bytes:
    """Return facts as a Parquet file.

    Raises:
        InputError: One holds what cannot stand there, such as a tag that is no text; it is named by its class.
    """
    texts = [_fields_of(row) for row in rows]
    if sum(map(len, texts)) > MOST_BYTES // 2:  # the names of their kinds are the rest
        raise InputError(f"{len(rows):,} facts must take at most {MOST_BYTES // 2:,} bytes")
    columns = {
        "step": [row[0] for row in rows],
        "phase": [int(row[1]) for row in rows],
        "kind": [row[2].__name__ for row in rows],
        "fields": texts,
    }
    return _written(pl.DataFrame(columns, schema=_FACTS))


def read_facts(data: bytes, count: int, first: int) -> list[Row]:
    """Return facts.

    Args:
        data: A Parquet file.
        count: How many there are.
        first: The number of the first of them, for errors.

    Raises:
        InputError: It is not that, or one of them cannot be a fact.
    """
    frame = _read(data, _FACTS, count, _SLACK + 2 * MOST_BYTES)
    sizes = frame.select(pl.col("kind", "fields").str.len_bytes()).sum_horizontal()
    if frame.null_count().sum_horizontal()[0] or (sizes.max() or 0) > LONGEST or (sizes.sum() or 0) > MOST_BYTES:  # type: ignore[operator]
        raise InputError(f"facts must be whole, at most {LONGEST:,} bytes each and {MOST_BYTES:,} together")
    return [_row(first + place, *row) for place, row in enumerate(frame.iter_rows())]


def _fields_of(row: Row) -> str:
    kind = row[2]
    try:
        return as_json(row[3], _FIELDS[kind])
    except InputError as error:
        raise InputError(f"{kind.__name__}: {error}") from error


def _row(number: int, step: int, phase: int, name: str, fields: str) -> Row:
    kind = _KINDS.get(name)
    if kind is None or phase not in _PHASES:
        raise InputError(f"record {number}: there is no fact {shown(name)} in phase {phase}")
    try:
        return step, _PHASES[phase], kind, from_json(fields, _FIELDS[kind])
    except InputError as error:
        raise InputError(f"record {number}, {name}: {error}") from error


def _types_of(kind: type[Event]) -> Any:
    """Return the type of the fields of a fact, in which a position is kept as its ledger."""
    hints = get_type_hints(kind)
    types = tuple(Ledger if hints[one.name] is Position else hints[one.name] for one in attrs.fields(kind))
    return tuple.__class_getitem__(types)


_FIELDS: Final[Mapping[type[Event], Any]] = {kind: _types_of(kind) for kind in _KINDS.values()}


def _written(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file, statistics=False)
    return file.getvalue()


def _read(data: bytes, schema: Mapping[str, pl.DataType], count: int, most: int) -> pl.DataFrame:
    """Read a Parquet file of so many rows, which take at most so many bytes when they are unpacked."""
    try:
        footer = read_footer(data, len(data))
        unpacked = check_pages(data, footer)
        if footer.rows != count:
            raise InputError(f"must hold {count:,} rows, holds {footer.rows:,}")
        if unpacked > most:
            raise InputError(f"must take at most {most:,} bytes unpacked, takes {unpacked:,}")
        with without_stderr():
            if dict(pl.read_parquet_schema(data)) != schema:
                raise InputError(f"must hold the columns {', '.join(schema)} and no others")
            return pl.read_parquet(data, use_statistics=False)
    except ParquetError as error:
        raise InputError(f"cannot be read: {error}") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise InputError("cannot be read: it is damaged") from error
