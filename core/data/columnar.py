"""Parquet and Arrow as a table: the types of the file are kept, and told."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import polars as pl

from core.data.arrow import check_buffers
from core.data.findings import Findings
from core.data.formats import FindShape, Shape, find_shape, say
from core.data.parquet import check_pages, read_footer
from core.data.table import Table
from core.errors import BarDataError

PARQUET: Final = (".parquet", ".pq")
ARROW: Final = (".arrow", ".feather", ".ipc")
_STDERR: Final = 2


def read_parquet(source: str, data: bytes, find: FindShape = find_shape) -> Table:
    """Read Parquet.

    Raises:
        BarDataError: A column is not there, or twice.
        ParquetError: It is no Parquet, contradicts itself, or is encrypted.
        PolarsError: polars cannot read it; and PanicException.
    """
    check_pages(data, read_footer(data, len(data)))
    with without_stderr():
        names = list(pl.read_parquet_schema(data))
        shape = find(source, names)
        cells = pl.read_parquet(data, columns=list(shape.columns.values()))
    return _table(source, cells, shape, "Parquet")


def read_arrow(source: str, data: bytes, find: FindShape = find_shape) -> Table:
    """Read a file of Arrow, also called IPC or Feather.

    Raises:
        BarDataError: A column is not there, or twice.
        ArrowError: It is no Arrow, or contradicts itself.
        PolarsError: polars cannot read it; and PanicException.
    """
    check_buffers(data)
    with without_stderr():
        whole = pl.read_ipc(io.BytesIO(data))
        shape = find(source, whole.columns)
        cells = whole.select(whole.columns[index] for index in shape.columns.values())
    return _table(source, cells, shape, "Arrow")


def _table(source: str, cells: pl.DataFrame, shape: Shape, kind: str) -> Table:
    found = Findings()
    if "clock" in shape.columns:
        raise BarDataError(source, "the time must be in one column, found are a date and a time")
    say(shape, found, kind)
    cells.columns = list(shape.columns)
    found.add("types", ", ".join(f"{name} {kind}" for name, kind in cells.schema.items()))
    if any(kind.is_float() for kind in cells.dtypes):
        found.add("floats", "binary numbers; each is read as the shortest decimal that stands for it")
    return Table(source, cells.with_row_index("place"), has_lines=False, found=found)


@contextmanager
def without_stderr() -> Iterator[None]:
    """Let nobody print to the terminal: where a file is damaged, polars' own threads do, over whatever stands there."""
    with suppress(AttributeError, OSError, ValueError):  # there may be none
        sys.stderr.flush()
    try:
        kept = os.dup(_STDERR)
    except OSError:  # it is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
