"""Files of bars: read, check, refuse.

Either every bar of every file is loaded, exactly as it is written, or one error names the file, the place in it and
what was expected there. Nothing is skipped, repaired or rounded.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from core.bars import MOST_TICKS, PRICES, TICK_COLUMNS, Bars, find_fault
from core.data.cells import read_numbers, read_stamps
from core.data.table import Table, read_table
from core.errors import BarDataError
from core.money import EXACT, FRACTION_DIGITS, canonical, quantum

_HEAD: Final = 1_000


def load(paths: Iterable[str | Path]) -> list[Bars]:
    """Load the bars of every symbol in some files, sorted by symbol.

    A file holds one symbol and is named after it (`AAPL.csv`), or has a column `symbol` or `ticker`. Its other columns
    are found by their names, in any case: `time` (or `timestamp`, `date`, `datetime`), `open`, `high`, `low`, `close`,
    and perhaps `volume`; a volume that is not given is not known. Columns of any other name are not looked at. A file
    is Parquet if its name ends in `.parquet` or `.pq`; whatever else it ends in, it is CSV in UTF-8, separated by
    commas, semicolons or tabs.

    A date without a time stands for the end of that day, and a time without a zone is in UTC. Rows from new to old are
    turned around. The ticks of the prices are in units of the finest digit that the symbol needs in its file.

    Args:
        paths: Files, in any order; errors name them as they are given here.

    Raises:
        BarDataError: A file that cannot be read, a cell that is not what its column holds, a row that is no bar or is
            out of order, or a symbol that is in two files.
    """
    loaded: dict[str, Bars] = {}
    for path in paths:
        for bars in _load_file(path):
            if bars.symbol in loaded:
                raise BarDataError(bars.source, f"{bars.symbol} is in {loaded[bars.symbol].source} too")
            loaded[bars.symbol] = bars
    return [loaded[symbol] for symbol in sorted(loaded)]


def _load_file(path: str | Path) -> list[Bars]:
    table = read_table(path)
    rows = _exact_rows(table)
    if "symbol" not in table.cells.columns:
        return [_bars(table, Path(path).stem, rows)]
    parts = rows.with_columns(symbol=_symbols(table)).partition_by("symbol", as_dict=True, maintain_order=True)
    return [_bars(table, symbol, part) for (symbol,), part in parts.items()]


def _symbols(table: Table) -> pl.Series:
    cells = table.cells["symbol"]
    if cells.dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise BarDataError(table.source, f"column symbol must hold text, was {cells.dtype}")
    symbols = cells.cast(pl.String)
    empty = symbols.fill_null("") == ""
    if empty.any():
        raise table.refusal(table.cells["place"].filter(empty)[0], "symbol must not be empty")
    return symbols


def _exact_rows(table: Table) -> pl.DataFrame:
    """Return integers: the place, the time in microseconds, prices and volume in units of 1E-12."""
    stamps = read_stamps(table)
    if "volume" in table.cells.columns:
        numbers = read_numbers(table, (*PRICES, "volume"))
    else:
        numbers = read_numbers(table, PRICES).with_columns(volume=pl.lit(None, pl.Int128))
    return numbers.with_columns(table.cells["place"], time=stamps)


def _bars(table: Table, symbol: str, rows: pl.DataFrame) -> Bars:
    rows, digits = _in_finest_digits(table, rows, PRICES)
    rows, volume_digits = _in_finest_digits(table, rows, ["volume"])
    rows = rows.rename(dict(zip(PRICES, TICK_COLUMNS, strict=True)) | {"volume": "volume_units"})
    if rows["time"][-1] < rows["time"][0] and rows["time"].is_sorted(descending=True):
        rows = rows.reverse()
    fault = find_fault(rows, digits, volume_digits)
    if fault:
        row, what = fault
        raise table.refusal(rows["place"][row], what)
    return Bars(symbol, rows.select("time", *TICK_COLUMNS, "volume_units"), digits, volume_digits, table.source)


def _in_finest_digits(table: Table, rows: pl.DataFrame, columns: Sequence[str]) -> tuple[pl.DataFrame, int]:
    """Return the rows with some columns in units of the finest digit that they need, and how many digits that is."""
    digits = _finest_digit(rows.select(columns))
    numbers = pl.col(columns)
    scaled = rows.with_columns(numbers // 10 ** (FRACTION_DIGITS - digits))
    if scaled.select(pl.any_horizontal(numbers.max() > MOST_TICKS, numbers.min() < -MOST_TICKS)).item():
        raise _too_large(table, scaled, columns, digits)
    return scaled.with_columns(numbers.cast(pl.Int64)), digits


def _too_large(table: Table, rows: pl.DataFrame, columns: Sequence[str], digits: int) -> BarDataError:
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
