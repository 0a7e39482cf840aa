"""Opening files: which reader a file needs, and how much memory it will take, before any of it is read."""

import os
import stat
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from core.data.arrow import ArrowError
from core.data.columnar import ARROW, PARQUET, read_arrow, read_parquet, without_stderr
from core.data.delimited import LONGEST_LINE, names_of, read_delimited
from core.data.formats import FindShape, find_shape
from core.data.parquet import ParquetError, footer_size, read_footer
from core.data.reading import GIGABYTE, Reading
from core.data.table import Table
from core.errors import BarDataError, MemoryNeededError
from core.files import read_file

_READERS: Final = {**dict.fromkeys(PARQUET, read_parquet), **dict.fromkeys(ARROW, read_arrow)}
BYTES_A_ROW: Final = 500
"""How much memory a row of Parquet takes at most while it is read, as it is written and exactly."""
_TIMES_AS_LARGE: Final = 14
"""How much memory a text takes at most while it is read, as a multiple of its size."""
_TAIL: Final = 8


def read_names(path: str | Path) -> list[str]:
    """Return the names of the columns of a file that was read before, without reading its rows.

    Raises:
        BarDataError: It cannot be read any more.
    """
    kind = Path(path).suffix.lower()
    try:
        if kind in PARQUET or kind in ARROW:
            with without_stderr():
                return list(pl.read_parquet_schema(path) if kind in PARQUET else pl.read_ipc_schema(path))
        with Path(path).open("rb") as file:
            return names_of(file.readline(LONGEST_LINE))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise BarDataError(str(path), "cannot be read any more") from error


def read_table(path: str | Path, find: FindShape = find_shape) -> Table:
    """Read a file: Parquet or Arrow where its name ends so, else text with separators.

    Args:
        path: The file.
        find: Returns which columns hold what by their names.

    Raises:
        BarDataError: No regular file that can be read; neither text in UTF-8 nor Parquet nor Arrow; a line with too
            few or too many fields; no rows; a column that is not there, or twice.
    """
    source = str(path)
    data = read_file(source, partial(BarDataError, source))
    reader = _READERS.get(Path(path).suffix.lower(), read_delimited)
    try:
        with without_stderr():
            table = reader(source, data, find)
    except pl.exceptions.PanicException as error:  # a bug of the decoder, which a sound file does not meet
        raise BarDataError(source, "cannot be read: it is damaged") from error
    except (pl.exceptions.PolarsError, ArrowError, ParquetError, OSError) as error:
        first_line = str(error).partition("\n")[0]
        raise BarDataError(source, f"cannot be read: {first_line}") from error
    if table.cells.is_empty():
        raise BarDataError(source, "no rows")
    return table


def check_memory(paths: Iterable[str | Path], reading: Reading) -> None:
    """Refuse files that together need more memory than they may.

    Raises:
        MemoryNeededError: They do; it names the largest.
    """
    needed, limit = memory_needed(paths), memory_limit(reading)
    if sum(needed.values()) > limit:
        raise too_little(needed, limit)


def too_little(needed: Mapping[str, int], limit: int, way_out: str = "") -> MemoryNeededError:
    """Return the error of files that need more memory than they may, in bytes; it names the largest."""
    largest = max(needed, key=needed.__getitem__)
    of_all = None if len(needed) == 1 else sum(needed.values())
    return MemoryNeededError(largest, needed[largest], of_all, limit, way_out)


def memory_limit(reading: Reading) -> int:
    """Return how many bytes of memory files may need: what a person says, or what the machine has."""
    return _memory() if reading.memory_gb is None else reading.memory_gb * GIGABYTE


def memory_needed(paths: Iterable[str | Path], bytes_a_row: int = BYTES_A_ROW) -> dict[str, int]:
    """Return about how many bytes each file takes; nothing where it cannot be read, which is said when it is loaded.

    Args:
        paths: Files of bars.
        bytes_a_row: What a row of Parquet takes while it is read, and in what is made of it.
    """
    return {str(path): _needed(Path(path), bytes_a_row) for path in paths}


def _needed(path: Path, bytes_a_row: int) -> int:
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            return 0
        if path.suffix.lower() in PARQUET:
            return _rows(path, about.st_size) * bytes_a_row + about.st_size
    except (OSError, ValueError, ParquetError):
        return 0
    return about.st_size * _TIMES_AS_LARGE


def _rows(path: Path, size: int) -> int:
    with path.open("rb") as file:
        file.seek(max(size - _TAIL, 0))
        length = footer_size(file.read())
        file.seek(max(size - length, 0))
        return read_footer(file.read(), size).rows


def _memory() -> int:
    """Return how much memory the machine has, in bytes."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # a system that does not say
        return 8 * GIGABYTE
