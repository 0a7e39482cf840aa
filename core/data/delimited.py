"""Text with separators as a table: CSV, whatever its ending.

No row is skipped but a blank line.
"""

from typing import Final

import polars as pl

from core.bars import PRICES
from core.data.findings import Findings
from core.data.formats import FindShape, Shape, find_shape, find_shape_of_row, say
from core.data.table import Table
from core.errors import BarDataError

_SEPARATORS: Final = {"\t": "tabs", ";": "semicolons", ",": "commas"}
_UTF_8_MARK: Final = b"\xef\xbb\xbf"
_OTHERS: Final = {
    "UTF-16": (b"\xff\xfe", b"\xfe\xff"),
    "compressed": (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"x\x01", b"x^", b"x\x9c", b"x\xda", b"PK\x03\x04"),
    "Parquet, of which the name ends in .parquet": (b"PAR1", b"PARE"),
    "Arrow, of which the name ends in .arrow": (b"ARROW1",),
}
"""With what other files begin. What is compressed polars would unpack, to any size."""
LONGEST_LINE: Final = 65_536
_MIDNIGHTS: Final = ("000000", "00:00", "00:00:00")
_NUMBERS: Final = (*PRICES, "volume", "dividend")
_WITH_COMMA: Final = "^[+-]?[0-9]+,[0-9]+$"
_LIKE_THOUSANDS: Final = "^[+-]?[0-9]{1,3},[0-9]{3}$"


def read_delimited(source: str, data: bytes, find: FindShape = find_shape) -> Table:
    """Read a text in UTF-8, its fields separated by commas, semicolons or tabs.

    Args:
        source: What errors call it.
        data: What it holds.
        find: Returns which columns hold what by their names.

    Raises:
        BarDataError: It is no such text; a line that is too long, or has too few or too many fields; no rows; a column
            that is not there, or twice.
    """
    text = _plain_text(source, data)
    lines = _fields(text, "\0", None).to_series()  # the text holds no NUL, so a field is a line
    _check_lengths(source, lines)
    header = lines[0]
    separator = max(_SEPARATORS, key=header.count)
    quote = '"' if b'"' in text else None
    if quote:
        _check_quotes(source, lines, separator)
    names = _fields(header.encode(), separator, quote).row(0) if header else ()
    shape = find_shape_of_row(names) or find(source, names)
    _check_widths(source, lines.str.replace_all('"[^"]*"', "") if quote else lines, separator, shape)
    cells = _fields(text, separator, quote, list(shape.columns.values()))
    cells.columns = list(shape.columns)
    rows = cells.with_row_index("place", offset=1).filter(lines != "").slice(1 if shape.has_header else 0)
    return _table(source, rows, shape, separator, may_have_commas=quote is not None or separator != ",")


def names_of(first_line: bytes) -> list[str]:
    """Return the names in the first line of a text; what is no text has no names that mean anything."""
    header = first_line.removeprefix(_UTF_8_MARK).splitlines()[:1]
    text = header[0].decode("utf-8", "replace") if header else ""
    separator = max(_SEPARATORS, key=text.count)
    return [name.strip('"') for name in text.split(separator)]


def _table(source: str, rows: pl.DataFrame, shape: Shape, separator: str, *, may_have_commas: bool) -> Table:
    found = Findings()
    has_commas = may_have_commas and _has_decimal_commas(rows)
    commas = ", decimal commas" if has_commas else ""
    say(shape, found, f"text separated by {_SEPARATORS[separator]}{commas}")
    if "clock" in shape.columns:
        rows = rows.with_columns(time=_joined(rows, found)).drop("date", "clock")
    return Table(source, rows, has_lines=True, has_decimal_commas=has_commas, found=found)


def _joined(rows: pl.DataFrame, found: Findings) -> pl.Series:
    """Return dates and times of day as one; dates alone where it is always midnight, as it is for bars of days."""
    if rows["clock"].is_in(_MIDNIGHTS).all():
        found.add("left alone", "the time of day, which is always midnight")
        return rows["date"]
    return rows.select(pl.concat_str("date", "clock", separator=" ")).to_series()


def _has_decimal_commas(rows: pl.DataFrame) -> bool:
    """Say whether commas stand for points: where there is one, and none that could stand between thousands only.

    A comma before three digits may do either, and means a point only where another shows that it does.
    """
    numbers = [rows[name] for name in _NUMBERS if name in rows.columns] or [pl.Series([""])]
    with_comma = pl.concat([one.filter(one.str.contains(",", literal=True)).rename("number") for one in numbers])
    if with_comma.is_empty() or not with_comma.str.contains(_WITH_COMMA).all():
        return False
    has_point = any(one.str.contains(".", literal=True).any() for one in numbers)
    return not has_point and not with_comma.str.contains(_LIKE_THOUSANDS).all()


def _plain_text(source: str, data: bytes) -> bytes:
    """Return UTF-8 text without a mark before it, each line ended by a line feed."""
    text = data.removeprefix(_UTF_8_MARK)
    for name, marks in _OTHERS.items():
        if text.startswith(marks):
            raise BarDataError(source, f"must be text in UTF-8, was {name}")
    if text[:2].count(b"\0") == 1:
        raise BarDataError(source, "must be text in UTF-8, was UTF-16")
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


def _check_lengths(source: str, lines: pl.Series) -> None:
    lengths = lines.str.len_bytes()
    if (lengths > LONGEST_LINE).any():
        row = (lengths > LONGEST_LINE).arg_true()[0]
        what = f"a line must have at most {LONGEST_LINE:,} bytes, had {lengths[row]:,}"
        raise BarDataError(source, what, line=row + 1)


def _check_quotes(source: str, lines: pl.Series, separator: str) -> None:
    entry = f'(?:"(?:[^"]|"")*"|[^"{separator}]*)'
    wrong = ~lines.str.contains(f"^{entry}(?:{separator}{entry})*$")
    if wrong.any():
        raise BarDataError(source, "a quote must open and close a whole field", line=wrong.arg_true()[0] + 1)


def _check_widths(source: str, lines: pl.Series, separator: str, shape: Shape) -> None:
    counts = lines.str.count_matches(separator, literal=True) + 1
    wrong = (counts != counts[0]) & (lines != "")
    if wrong.any():
        index = wrong.arg_true()[0]
        like = "header" if shape.has_header else "first line"
        what = f"a row must have {counts[0]} fields like the {like}, had {counts[index]}"
        raise BarDataError(source, what, line=index + 1)


def _fields(text: bytes, separator: str, quote: str | None, columns: list[int] | None = None) -> pl.DataFrame:
    """Return the fields of each line, the first one among them, as text."""
    return pl.read_csv(
        text,
        columns=columns,
        has_header=False,
        separator=separator,
        quote_char=quote,
        infer_schema=False,
        empty_string_is_null=False,
    )
