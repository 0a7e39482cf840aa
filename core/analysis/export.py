"""A run as files that other programs read: each table of it as CSV or Parquet, whole or not at all."""

import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import polars as pl

from core.analysis.frames import FRAMES
from core.errors import InputError
from core.replay.run import Run
from core.text import clean

_COMPUTED: Final = ("=", "+", "-", "@")  # what a spreadsheet takes for the beginning of a formula
_TIME: Final = "%Y-%m-%dT%H:%M:%S%.6fZ"
_Write: TypeAlias = Callable[[BinaryIO], object]


class Format(StrEnum):
    """How a table is written."""

    CSV = "csv"
    PARQUET = "parquet"


def make_folder(name: str) -> Path:
    """Return the folder for an export, made where it is not there.

    Raises:
        InputError: It cannot be made, or is none.
    """
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # a ValueError is a NUL in the name
        raise _refusal(name, error) from error
    return folder


def export(run: Run, name: str, form: Format = Format.CSV) -> list[Path]:
    """Write orders, fills, positions and equity of a run, as far as it has come; return the files.

    None of them is there, or another than before, until all are on the disk. Their names are fixed: nothing that comes
    from data becomes a part of a path.

    Args:
        run: The run.
        name: The folder; it is made where it is not there.
        form: CSV is text for people and spreadsheets: numbers exact, times in UTC, text cleaned as for a screen, and an
            apostrophe before text that a spreadsheet would compute. Parquet has Decimal columns, and text as it came.

    Raises:
        InputError: The folder or a file cannot be written, or a number does not fit a column.
    """
    folder = make_folder(name)
    write = _WRITE[form]
    frames = {folder / f"{table}.{form.value}": make(run) for table, make in FRAMES.items()}
    try:
        _write_whole({path: write(frame) for path, frame in frames.items()})
    except (OSError, pl.exceptions.PolarsError) as error:  # polars says in its own words that a disk is full
        raise _refusal(name, error) from error
    return list(frames)


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table as its CSV file has it: numbers without trailing zeros, times in UTC, harmless text."""
    return frame.with_columns(_as_text(frame[name]) for name in frame.columns)


def _as_text(column: pl.Series) -> pl.Series:
    kind = column.dtype
    if isinstance(kind, pl.Decimal):
        text = column.cast(pl.String)
        return text.str.strip_chars_end("0").str.strip_chars_end(".") if kind.scale else text
    if kind == pl.Datetime:
        return column.dt.to_string(_TIME)
    return pl.Series(column.name, map(_harmless, column), dtype=pl.String) if kind == pl.String else column


def _harmless(text: str | None) -> str | None:
    if text is None:
        return None
    cleaned = clean(text)
    return f"'{cleaned}" if cleaned.startswith(_COMPUTED) else cleaned


def _csv(frame: pl.DataFrame) -> _Write:
    return as_text(frame).write_csv


def _parquet(frame: pl.DataFrame) -> _Write:
    return frame.write_parquet


_WRITE: Final[Mapping[Format, Callable[[pl.DataFrame], _Write]]] = {Format.CSV: _csv, Format.PARQUET: _parquet}


def _write_whole(files: Mapping[Path, _Write]) -> None:
    """Write each file under another name, and give them theirs once all are on the disk."""
    fresh = {path.with_name(f".{path.name}.{os.getpid()}.new"): path for path in files}
    try:
        for new, path in fresh.items():
            with new.open("xb") as file:
                files[path](file)
                file.flush()
                os.fsync(file.fileno())
        for new, path in fresh.items():
            new.replace(path)
    finally:
        for new in fresh:
            new.unlink(missing_ok=True)


def _refusal(name: str, error: Exception) -> InputError:
    why = getattr(error, "strerror", None) or str(error)
    return InputError(f"{name} cannot be written: {why[:1].lower()}{why[1:]}")
