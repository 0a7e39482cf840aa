"""Parquet files whose rows do not fit into memory: checked once from the first row to the last, then read in windows.

Each cell is read as it is where a whole file is loaded. What is checked of a row and the one before it is checked over
the borders of windows too, since the last row of a window is checked again with the next.
"""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias, cast, overload

import polars as pl
from attrs import evolve, field, frozen

from core.bars import BAR_COLUMNS, MOST_TICKS, PRICES, TICK_COLUMNS, find_fault
from core.data.columnar import PARQUET, without_stderr
from core.data.formats import find_shape
from core.data.load import exact_rows, in_finest_digits, symbols_of, too_large
from core.data.parquet import ParquetError, check_pages, read_footer
from core.data.reading import Reading
from core.data.table import Table
from core.errors import BarDataError
from core.files import stat_file
from core.money import FRACTION_DIGITS
from core.windowed_bars import WINDOW_ROWS, Rows, WindowedBars

_Group: TypeAlias = tuple[str, ...]
"""Columns whose numbers have the same unit."""

_AS_WRITTEN: Final = Reading()
_VOLUME: Final = ("volume",)
_GROUPS: Final[tuple[_Group, ...]] = (PRICES, _VOLUME)
_BAR_NAMES: Final = dict(zip(PRICES, TICK_COLUMNS, strict=True)) | {"volume": "volume_units"}
_UNREADABLE: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, ParquetError, OSError)
_BLOCK: Final = 2**16


def is_parquet(path: str | Path) -> bool:
    """Say whether a file is Parquet, by how its name ends."""
    return Path(path).suffix.lower() in PARQUET


def open_windows(path: str | Path, size: int = WINDOW_ROWS) -> WindowedBars:
    """Check a Parquet file of one symbol, and return its bars, which are read in windows.

    Args:
        path: The file; its rows lie from old to new.
        size: Rows of a window.

    Raises:
        BarDataError: It cannot be read, has several symbols or no rows, or a row in it is wrong; and when a window is
            read, that the file is no longer the one that was checked.
    """
    file = _File.of(path)
    survey = _Survey(file)
    for first in range(0, file.count, size):
        survey.look_at(file.table(first, size))
    return survey.bars(size)


@frozen
class _File:
    """A file, as it was found.

    Attributes:
        source: The file, as it was given.
        columns: Which of its columns are those of bars.
        count: Its rows.
        state: By what one knows that it is still the same.
        head: The cells of its first row, which says how times are written.
    """

    source: str
    columns: Mapping[str, str]
    count: int
    state: tuple[int, ...]
    head: list[pl.DataFrame] = field(factory=list, init=False, repr=False)

    @classmethod
    def of(cls, path: str | Path) -> "_File":
        source = str(path)
        state = _state_of(source)
        scan = _scan(source)
        try:
            count = _look_at_pages(source)
            with without_stderr():
                names = scan.collect_schema().names()
        except _UNREADABLE as error:
            raise _unreadable(source, error) from error
        if not count:
            raise BarDataError(source, "no rows")
        shape = find_shape(source, names)
        if "clock" in shape.columns:
            raise BarDataError(source, "the time must be in one column, found are a date and a time")
        return cls(source, {ours: names[place] for ours, place in shape.columns.items()}, count, state)

    def table(self, first: int, count: int) -> Table:
        """Read some rows."""
        wanted = _scan(self.source).select(pl.col(theirs).alias(ours) for ours, theirs in self.columns.items())
        try:
            with without_stderr():
                cells = wanted.slice(first, count).collect()
        except _UNREADABLE as error:
            raise _unreadable(self.source, error) from error
        if _state_of(self.source) != self.state:
            raise BarDataError(self.source, "was changed while its bars were being read")
        return Table(self.source, cells.with_row_index("place", offset=first), has_lines=False)

    def exact(self, table: Table) -> pl.DataFrame:
        """Return some rows as integers, their times read as those of the whole file are."""
        cells = table.cells.drop("symbol", strict=False)
        if not self.head:
            self.head.append(cells.head(1))
        rows, zone = exact_rows(evolve(table, cells=pl.concat([*self.head, cells])), _AS_WRITTEN)
        if zone is not None:
            raise BarDataError(self.source, f"must have times in UTC to be read in windows, has them in {zone}")
        return rows.slice(1)


class _Survey:
    """What is known of a file after so many of its rows.

    Args:
        file: The file.
    """

    def __init__(self, file: _File) -> None:
        self._file = file
        self._symbols: set[str] = set()
        self._digits = dict.fromkeys(_GROUPS, 0)
        self._largest: dict[_Group, pl.DataFrame] = {}  # the row with the largest number
        self._before: list[pl.DataFrame] = []  # the last row that was looked at

    def look_at(self, table: Table) -> None:
        """Check the next rows.

        Raises:
            BarDataError: One of them is wrong.
        """
        self._look_at_symbols(table)
        exact = self._file.exact(table)
        rows = pl.concat([*self._before, exact])
        self._before = [exact.tail(1)]
        digits: dict[_Group, int] = {}
        for group in _GROUPS:
            self._look_for_largest(group, exact)
            rows, digits[group] = in_finest_digits(table, rows, group)
            self._digits[group] = max(self._digits[group], digits[group])
        fault = find_fault(rows.rename(_BAR_NAMES), digits[PRICES], digits[_VOLUME])
        if fault:
            row, what = fault
            raise table.refusal(rows["place"][row], what)

    def _look_at_symbols(self, table: Table) -> None:
        if "symbol" in table.cells.columns:
            self._symbols.update(symbols_of(table).unique())
        if len(self._symbols) > 1:
            one, other, *_ = sorted(self._symbols)
            raise BarDataError(table.source, f"must hold one symbol to be read in windows, has {one} and {other}")

    def _look_for_largest(self, group: _Group, rows: pl.DataFrame) -> None:
        number = pl.max_horizontal(group)
        is_largest = number == number.max()
        candidates = pl.concat([self._largest.get(group, rows.clear()), rows.filter(is_largest)])
        self._largest[group] = candidates.filter(is_largest).head(1)

    def bars(self, size: int) -> WindowedBars:
        """Return the bars of the whole file.

        Args:
            size: Rows of a window.

        Raises:
            BarDataError: A number has more units of the finest digit than a column of bars holds.
        """
        digits = self._digits
        for group in _GROUPS:
            self._check_largest(group)
        highest = self._in_digits(self._largest[PRICES])["high_ticks"].item()
        rows = Rows(self._read, self._file.count, highest, size)
        symbol = next(iter(self._symbols), Path(self._file.source).stem)
        return WindowedBars(symbol, rows, digits[PRICES], digits[_VOLUME], self._file.source)

    def _check_largest(self, group: _Group) -> None:
        digits, rows = self._digits[group], self._largest[group]
        scaled = rows.with_columns(pl.col(group) // 10 ** (FRACTION_DIGITS - digits))
        if scaled.select(pl.any_horizontal(pl.col(group) > MOST_TICKS)).to_series().any():
            raise too_large(Table(self._file.source, rows, has_lines=False), scaled, group, digits)

    def _read(self, first: int, count: int) -> pl.DataFrame:
        return self._in_digits(self._file.exact(self._file.table(first, count)))

    def _in_digits(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return exact rows as columns of bars, in units of the finest digits of the file."""
        units = (
            (pl.col(group) // 10 ** (FRACTION_DIGITS - digits)).cast(pl.Int64) for group, digits in self._digits.items()
        )
        return rows.with_columns(units).rename(_BAR_NAMES).select(BAR_COLUMNS)


def _scan(source: str) -> pl.LazyFrame:
    return pl.scan_parquet(Path(source).absolute(), glob=False, hive_partitioning=False)


def _state_of(source: str) -> tuple[int, ...]:
    found = stat_file(source, partial(BarDataError, source))
    return found.st_ino, found.st_size, found.st_mtime_ns


def _unreadable(source: str, error: Exception) -> BarDataError:
    first_line = str(error).partition("\n")[0]
    return BarDataError(source, f"cannot be read: {first_line}")


def _look_at_pages(source: str) -> int:
    """Check what the pages of a file claim before any is decoded, and return how many rows it says it has."""
    with Path(source).open("rb") as file:
        data = cast("bytes", _Blocks(file))
        footer = read_footer(data, len(data))
        check_pages(data, footer)
        return footer.rows


class _Blocks:
    """Reads like the bytes of a file, of which one block is in memory at a time."""

    __slots__ = ("_block", "_file", "_size", "_start")

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._size = file, file.seek(0, os.SEEK_END)
        self._start, self._block = 0, b""

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> bytes: ...
    def __getitem__(self, place: int | slice) -> int | bytes:
        if isinstance(place, slice):
            first, end, _ = place.indices(self._size)
            self._file.seek(first)
            return self._file.read(end - first)
        if not 0 <= place - self._start < len(self._block):
            self._start = place
            self._file.seek(place)
            self._block = self._file.read(_BLOCK)
        return self._block[place - self._start]
