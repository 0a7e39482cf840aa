"""Files of bars: read, check, refuse.

Either every bar of every file is loaded, exactly as it is written, or one error names the file, the place in it and
what was expected there. Nothing is skipped, repaired or rounded but what a person asks for, and that is told.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import polars as pl
from attrs import frozen

from core.bars import MOST_TICKS, PRICES, TICK_COLUMNS, Bars, find_fault
from core.data.cells import drop_empty_rows, read_numbers
from core.data.findings import Findings
from core.data.opening import check_memory, read_table
from core.data.reading import Reading
from core.data.rows import arrange, widen
from core.data.table import Table
from core.data.times import read_stamps
from core.errors import BarDataError
from core.money import EXACT, FRACTION_DIGITS, canonical, quantum
from core.origin import Origin

_HEAD: Final = 1_000
_AS_WRITTEN: Final = Reading()


def load(paths: Iterable[str | Path], reading: Reading = _AS_WRITTEN) -> list[Bars]:
    """Load the bars of every symbol in some files, sorted by symbol.

    A file holds one symbol and is named after it (`AAPL.csv`), or has a column `symbol` or `ticker`. Its other columns
    are found by their names, in any case: `time` (or `timestamp`, `date`, `datetime`), `open`, `high`, `low`, `close`,
    and perhaps `volume`; a volume that is not given is not known. Columns of any other name are not looked at. A text
    without names is known by its first row, where that is a bar. A file is Parquet if its name ends in `.parquet` or
    `.pq`, Arrow if it ends in `.arrow`, `.feather` or `.ipc`; whatever else it ends in, it is CSV in UTF-8, separated
    by commas, semicolons or tabs.

    A date without a time stands for the end of that day, and a time without a zone is in UTC, if the reading says no
    other. Rows from new to old are turned around, and a row that is the same as the one before is dropped. The ticks
    of the prices are in units of the finest digit that the symbol needs in its file. What was found and done is in
    the `origin` of the bars.

    Args:
        paths: Files, in any order; errors name them as they are given here.
        reading: What the files do not say themselves, and what may be done to their rows.

    Raises:
        BarDataError: A file that cannot be read, a cell that is not what its column holds, a row that is no bar or is
            out of order, or a symbol that is in two files.
    """
    files = list(paths)
    check_memory(files, reading)
    loaded: dict[str, Bars] = {}
    for path in files:
        for bars in _load_file(path, reading):
            if bars.symbol in loaded:
                raise BarDataError(bars.source, f"{bars.symbol} is in {loaded[bars.symbol].source} too")
            loaded[bars.symbol] = bars
    return [loaded[symbol] for symbol in sorted(loaded)]


@frozen
class _Source:
    """A file whose cells were read, and how its rows become bars."""

    table: Table
    zone: str | None
    reading: Reading


def _load_file(path: str | Path, reading: Reading) -> list[Bars]:
    table = read_table(path)
    if reading.drop_empty:
        table = drop_empty_rows(table)
    rows, zone = exact_rows(table, reading)
    source = _Source(table, zone, reading)
    if "symbol" not in table.cells.columns:
        return [_bars(source, Path(path).stem, rows)]
    parts = rows.with_columns(symbol=symbols_of(table)).partition_by(
        "symbol", as_dict=True, maintain_order=True, include_key=False
    )
    return [_bars(source, symbol, part) for (symbol,), part in parts.items()]


def symbols_of(table: Table) -> pl.Series:
    """Return the symbol of each row.

    Raises:
        BarDataError: One is empty, or no text.
    """
    cells = table.cells["symbol"]
    if cells.dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise BarDataError(table.source, f"column symbol must hold text, was {cells.dtype}")
    symbols = cells.cast(pl.String)
    empty = symbols.fill_null("").str.strip_chars() == ""
    if empty.any():
        raise table.refusal(table.cells["place"].filter(empty)[0], "symbol must not be empty")
    return symbols


def exact_rows(table: Table, reading: Reading) -> tuple[pl.DataFrame, str | None]:
    """Return integers, the place, the time in microseconds, numbers in units of 1E-12; and the zone of the times."""
    stamps, zone = read_stamps(table, reading)
    if "volume" in table.cells.columns:
        numbers = read_numbers(table, (*PRICES, "volume"))
    else:
        numbers = read_numbers(table, PRICES).with_columns(volume=pl.lit(None, pl.Int128))
    return numbers.with_columns(table.cells["place"], time=stamps), zone


def _bars(source: _Source, symbol: str, rows: pl.DataFrame) -> Bars:
    table, found = source.table, Findings()
    rows, digits = in_finest_digits(table, rows, PRICES)
    rows, volume_digits = in_finest_digits(table, rows, ["volume"])
    rows = rows.rename(dict(zip(PRICES, TICK_COLUMNS, strict=True)) | {"volume": "volume_units"})
    rows = arrange(table, rows, source.zone, source.reading, found)
    rows, repaired = _repair(table, rows, found) if source.reading.repair else (rows, ())
    fault = find_fault(rows, digits, volume_digits)
    if fault:
        row, what = fault
        raise table.refusal(rows["place"][row], what)
    origin = Origin(table.found.all(), found.all(), rows["place"], table.has_lines, repaired)
    frame = rows.select("time", *TICK_COLUMNS, "volume_units")
    return Bars(symbol, frame, digits, volume_digits, table.source, origin)


def _repair(table: Table, rows: pl.DataFrame, found: Findings) -> tuple[pl.DataFrame, tuple[int, ...]]:
    widened, wrong = widen(rows)
    if not wrong.any():
        return rows, ()
    first = table.named(rows["place"].filter(wrong)[0])
    found.warn(f"bars widened to hold all their prices: {wrong.sum():,}, first {first}")
    return widened, tuple(wrong.arg_true())


def in_finest_digits(table: Table, rows: pl.DataFrame, columns: Sequence[str]) -> tuple[pl.DataFrame, int]:
    """Return the rows with some columns in units of the finest digit that they need, and how many digits that is."""
    digits = _finest_digit(rows.select(columns))
    numbers = pl.col(columns)
    scaled = rows.with_columns(numbers // 10 ** (FRACTION_DIGITS - digits))
    if scaled.select(pl.any_horizontal(numbers.max() > MOST_TICKS, numbers.min() < -MOST_TICKS)).item():
        raise too_large(table, scaled, columns, digits)
    return scaled.with_columns(numbers.cast(pl.Int64)), digits


def too_large(table: Table, rows: pl.DataFrame, columns: Sequence[str], digits: int) -> BarDataError:
    """Return the error for the first row with a number of more units than a column of bars holds."""
    row = rows.filter(pl.any_horizontal(pl.col(columns).abs() > MOST_TICKS)).row(0, named=True)
    column = next(column for column in columns if abs(row[column]) > MOST_TICKS)
    number, most = (canonical(EXACT.multiply(quantum(digits), count)) for count in (row[column], MOST_TICKS))
    rule = f"{column} must be at most {most} where {digits} decimals are needed"
    return table.refusal(row["place"], f"{rule}, was {number}")


def _finest_digit(units: pl.DataFrame) -> int:
    digits = 0
    for rows in (units.head(_HEAD), units):  # a few rows mostly tell, and then all of them are looked at once
        while digits < FRACTION_DIGITS and _have_rest(rows, 10 ** (FRACTION_DIGITS - digits)):
            digits += 1
    return digits


def _have_rest(units: pl.DataFrame, divisor: int) -> bool:
    return bool(units.select(pl.any_horizontal((pl.all() % divisor != 0).any())).item())
