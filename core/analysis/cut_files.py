"""A folder like another one, in which the files of bars end early: where a strategy reads them itself, that shows."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from core.analysis.other_rows import without_rows_after
from core.bars import Bars
from core.data.load import load
from core.errors import BarDataError

_PARQUET: Final = (".parquet", ".pq")


@contextmanager
def standing_in_cut_files(bars: Sequence[Bars], time: int) -> Iterator[None]:
    """Stand in a folder where all is as in the current one, but the files of some bars end at a time.

    A file is cut that was named by a path below the current folder, and holds one symbol. Other files, and those that a
    strategy names by a whole path, are as they are.

    Args:
        bars: The bars, whole.
        time: The last stamp that is kept, in microseconds since 1970 in UTC.
    """
    here = Path.cwd()
    files = {Path(one.source): without_rows_after([one], time) for one in bars if _can_be_cut(one, bars)}
    with TemporaryDirectory() as there:
        _mirror(here, Path(there), files)
        os.chdir(there)
        try:
            yield
        finally:
            os.chdir(here)


def _can_be_cut(one: Bars, bars: Sequence[Bars]) -> bool:
    path = PurePath(one.source)
    is_below = bool(one.source) and not path.is_absolute() and ".." not in path.parts
    return is_below and Path(path).is_file() and sum(other.source == one.source for other in bars) == 1


def _mirror(here: Path, there: Path, files: Mapping[Path, list[Bars]]) -> None:
    """Link to everything in a folder, but write the files to be cut; a folder that holds one is mirrored likewise."""
    for entry in here.iterdir():
        inside = {Path(*path.parts[1:]): kept for path, kept in files.items() if path.parts[0] == entry.name}
        if inside and entry.is_dir():
            (there / entry.name).mkdir()
            _mirror(entry, there / entry.name, inside)
        elif not inside or not _cut(entry, there / entry.name, inside[Path()]):
            (there / entry.name).symlink_to(entry)


def _cut(source: Path, target: Path, kept: list[Bars]) -> bool:
    """Write those rows of a file that make just these bars: the first ones, or where it is newest first, the last.

    Returns:
        Whether there are such; else nothing is written.
    """
    count = sum(map(len, kept))
    for is_falling in (False, True):
        _write_some(source, target, -count if is_falling else count)
        if not kept:
            return True
        with suppress(BarDataError):
            (read,) = load([target])
            if read.with_digits(kept[0].digits).frame.equals(kept[0].frame):
                return True
    target.unlink()
    return False


def _write_some(source: Path, target: Path, rows: int) -> None:
    """Write so many of the first rows of a file, or of the last ones where that is below zero."""
    part = slice(rows, None) if rows < 0 else slice(rows)
    if source.suffix.lower() in _PARQUET:
        pl.read_parquet(source)[part].write_parquet(target)
        return
    head, *lines = (line for line in source.read_bytes().splitlines(keepends=True) if line.strip())
    target.write_bytes(head + b"".join(lines[part]))
