"""Files as tables: the columns that bars are made of, each cell as its file has it.

A row keeps its place: its line in a CSV file, its row in a Parquet file. No row is skipped but a blank line, and no
cell is changed, so that what is refused later is refused by its true place and shown as it was written.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl
from attrs import field, frozen

from core.bars import PRICES
from core.errors import BarDataError, shown
from core.files import read_file

_TIMES: Final = ("time", "timestamp", "date", "datetime")
_COLUMNS: Final = {
    **dict.fromkeys(_TIMES, "time"),
    **{price: price for price in PRICES},
    "volume": "volume",
    "symbol": "symbol",
    "ticker": "symbol",
}
_NEEDED: Final = f"time (or {', '.join(_TIMES[1:])}), {', '.join(PRICES)}"
_PARQUET: Final = (".parquet", ".pq")
_SEPARATORS: Final = ",;\t"
_UTF_8_MARK: Final = b"\xef\xbb\xbf"
_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_COMPRESSED_MARKS: Final = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"x\x01", b"x^", b"x\x9c", b"x\xda")
_MOST_NAMES: Final = 20


@frozen
class Table:
    """One file's cells, in the order of the file.

    Attributes:
        source: The file, as it was given.
        cells: The columns time, open, high, low and close, and volume and symbol where the file has them, as text or
            in the types of the file; and `place`, the number of a line (from 1) or of a row (from 0).
        has_lines: Whether places are lines.
    """

    source: str
    cells: pl.DataFrame = field(repr=False)
    has_lines: bool

    def refusal(self, place: int, what: str) -> BarDataError:
        """Return the error that names a place and says what is wrong there."""
        if self.has_lines:
            return BarDataError(self.source, what, line=place)
        return BarDataError(self.source, f"row {place}: {what}")


def read_table(path: str | Path) -> Table:
    """Read a file: as Parquet if its name ends in `.parquet` or `.pq`, as CSV whatever else it ends in.

    Raises:
        BarDataError: No regular file that can be read; neither CSV in UTF-8 nor Parquet; a line with too few or too
            many fields; no rows; a column that is not there, or twice.
    """
    source, file = str(path), Path(path)
    data = read_file(source, partial(BarDataError, source))
    try:
        table = (_read_parquet if file.suffix.lower() in _PARQUET else _read_csv)(source, data)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        first_line = str(error).partition("\n")[0]
        raise BarDataError(source, f"cannot be read: {first_line}") from error
    if table.cells.is_empty():
        raise BarDataError(source, "no rows")
    return table


def _read_parquet(source: str, data: bytes) -> Table:
    columns = _find_columns(source, list(pl.read_parquet_schema(data)))
    cells = pl.read_parquet(data, columns=list(columns.values()))
    cells.columns = list(columns)
    return Table(source, cells.with_row_index("place"), has_lines=False)


def _read_csv(source: str, data: bytes) -> Table:
    text = _plain_text(source, data)
    lines = _fields(text, "\0", None).to_series()  # the text holds no NUL, so a field is a line
    header = lines[0]
    separator = max(_SEPARATORS, key=header.count)
    quote = '"' if b'"' in text else None
    if quote:
        _check_quotes(source, lines, separator)
    columns = _find_columns(source, _fields(header.encode(), separator, quote).row(0) if header else ())
    _check_widths(source, lines.str.replace_all('"[^"]*"', "") if quote else lines, separator)
    cells = _fields(text, separator, quote, list(columns.values()))
    cells.columns = list(columns)
    rows = cells.with_row_index("place", offset=1).filter(lines != "").slice(1)
    return Table(source, rows, has_lines=True)


def _plain_text(source: str, data: bytes) -> bytes:
    """Return UTF-8 text without a mark before it, each line ended by a line feed."""
    if data.startswith(_UTF_16_MARKS):
        raise BarDataError(source, "must be text in UTF-8, was UTF-16")
    text = data.removeprefix(_UTF_8_MARK)
    if text.startswith(_COMPRESSED_MARKS):  # polars would unpack it, to any size
        raise BarDataError(source, "must be text in UTF-8, was compressed")
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    wrong = _find_wrong_byte(text)
    if wrong is not None:
        line = text.count(b"\n", 0, wrong) + 1
        raise BarDataError(source, f"must be text in UTF-8, was the byte 0x{text[wrong]:02X}", line=line)
    if not text or text.isspace():
        raise BarDataError(source, "no rows")
    return text


def _find_wrong_byte(text: bytes) -> int | None:
    if b"\0" in text:
        return text.index(b"\0")
    try:
        if not text.isascii():
            text.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def _check_quotes(source: str, lines: pl.Series, separator: str) -> None:
    entry = f'(?:"(?:[^"]|"")*"|[^"{separator}]*)'
    wrong = ~lines.str.contains(f"^{entry}(?:{separator}{entry})*$")
    if wrong.any():
        raise BarDataError(source, "a quote must open and close a whole field", line=wrong.arg_true()[0] + 1)


def _check_widths(source: str, lines: pl.Series, separator: str) -> None:
    counts = lines.str.count_matches(separator, literal=True) + 1
    wrong = (counts != counts[0]) & (lines != "")
    if wrong.any():
        index = wrong.arg_true()[0]
        what = f"a row must have {counts[0]} fields like the header, had {counts[index]}"
        raise BarDataError(source, what, line=index + 1)


def _fields(text: bytes, separator: str, quote: str | None, columns: list[int] | None = None) -> pl.DataFrame:
    """Return the fields of each line, the header among them, as text."""
    return pl.read_csv(
        text,
        columns=columns,
        has_header=False,
        separator=separator,
        quote_char=quote,
        infer_schema=False,
        empty_string_is_null=False,
    )


def _find_columns(source: str, names: Sequence[str]) -> dict[str, int]:
    """Return where the columns stand that bars are made of, in the order of the file."""
    found: dict[str, int] = {}
    for index, name in enumerate(names):
        column = _COLUMNS.get(name.strip().lower())
        if column in found:
            twins = f"{shown(names[found[column]])} and {shown(name)}"
            raise BarDataError(source, f"one column must be the {column}, found are {twins}")
        if column:
            found[column] = index
    missing = next((column for column in ("time", *PRICES) if column not in found), None)
    if missing:
        raise BarDataError(source, f"no column {missing}: needed are {_NEEDED}; found are {_written(names)}")
    return found


def _written(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return (", ".join(map(shown, names[:_MOST_NAMES])) or "none") + rest
