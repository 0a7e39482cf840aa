"""Parquet, looked at before it is decoded: how much it holds, and whether what its pages claim can be true.

The decoder of polars allocates what a page claims, and ends the process where that is impossible. So every header is
read here first, and a file that contradicts itself is refused.
"""

from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from core.data.thrift import Fields, Reader, ThriftError

_MAGIC: Final = b"PAR1"
_ENCRYPTED: Final = b"PARE"
_TAIL: Final = 8
"""The length of the footer, and the magic."""

# Numbers of fields in the structures of the format
_ROWS, _GROUPS, _ENCRYPTION = 3, 4, 8
_COLUMNS, _ROWS_OF_GROUP = 1, 3
_OTHER_FILE, _META, _CRYPTO = 1, 3, 8
_VALUES, _COMPRESSED, _PAGES, _DICTIONARY = 5, 7, 9, 11
_PLAIN_SIZE, _SIZE, _PAGE, _DICTIONARY_PAGE, _PAGE_V2 = 2, 3, 5, 7, 8
_VALUES_OF_PAGE, _NULLS_V2, _ROWS_V2, _DEFINITIONS_V2, _REPETITIONS_V2 = 1, 2, 3, 5, 6


class ParquetError(ThriftError):
    """A file that is no Parquet, or contradicts itself."""


@frozen
class Footer:
    """What the end of a file says of it.

    Attributes:
        rows: How many rows there are.
        start: Where in the file the footer begins.
        groups: The groups of rows, as fields.
    """

    rows: int
    start: int
    groups: list[Fields]


def footer_size(tail: bytes) -> int:
    """Return how many bytes the footer takes with its length and magic, from the last eight bytes of a file.

    Raises:
        ParquetError: They are not those of a Parquet file that can be read.
    """
    if tail.endswith(_ENCRYPTED):
        raise ParquetError("it is encrypted")
    if len(tail) < _TAIL or not tail.endswith(_MAGIC):
        raise ParquetError("it is no Parquet, or was cut off")
    return int.from_bytes(tail[:4], "little") + _TAIL


def read_footer(data: bytes, size: int) -> Footer:
    """Read the footer of a file.

    Args:
        data: The file, or the end of it that `footer_size` says.
        size: How many bytes the whole file has.

    Raises:
        ParquetError: There is none, or it contradicts itself.
    """
    length = footer_size(data[-_TAIL:])
    if length > len(data):
        raise ParquetError("it was cut off")
    start = len(data) - length
    fields = _structure(data, start, len(data) - _TAIL)[0]
    if isinstance(fields.get(_ENCRYPTION), dict):
        raise ParquetError("it is encrypted")
    groups = [_fields(one) for one in _list(fields, _GROUPS)]
    rows = _count(fields, _ROWS)
    if rows != sum(_count(one, _ROWS_OF_GROUP) for one in groups):
        raise ParquetError("its groups have other rows than it says")
    return Footer(rows, size - length, groups)


def check_pages(data: bytes, footer: Footer) -> int:
    """Return how many bytes all pages hold when they are unpacked.

    Raises:
        ParquetError: A page reaches beyond its column, or holds other values than it is said to.
    """
    return sum(
        _check_column(data, footer, _fields(column)) for group in footer.groups for column in _list(group, _COLUMNS)
    )


def _check_column(data: bytes, footer: Footer, column: Fields) -> int:
    if _OTHER_FILE in column or _CRYPTO in column:
        raise ParquetError("it is encrypted" if _CRYPTO in column else "a column is in another file")
    meta = _fields(column.get(_META))
    start = _count(meta, _PAGES)
    if _DICTIONARY in meta and 0 < _count(meta, _DICTIONARY) < start:
        start = _count(meta, _DICTIONARY)
    end = start + _count(meta, _COMPRESSED)
    if start < len(_MAGIC) or end > footer.start:
        raise ParquetError("a column reaches beyond its end")
    unpacked = values = 0
    for page in _pages(data, start, end):
        unpacked += _count(page, _PLAIN_SIZE)
        values += _values(page)
    if values != _count(meta, _VALUES):
        raise ParquetError("a column has other values than it says")
    return unpacked


def _pages(data: bytes, start: int, end: int) -> Iterator[Fields]:
    place = start
    while place < end:
        page, after = _structure(data, place, end)
        yield page
        place = after + _count(page, _SIZE)
    if place != end:
        raise ParquetError("a page reaches beyond its column")


def _values(page: Fields) -> int:
    """Return how many values of its column a page holds, none of which may be fewer than zero."""
    if _DICTIONARY_PAGE in page:
        _count(_fields(page[_DICTIONARY_PAGE]), _VALUES_OF_PAGE)
        return 0
    if _PAGE in page:
        return _count(_fields(page[_PAGE]), _VALUES_OF_PAGE)
    if _PAGE_V2 not in page:
        return 0
    second = _fields(page[_PAGE_V2])
    values, nulls = _count(second, _VALUES_OF_PAGE), _count(second, _NULLS_V2)
    levels = _count(second, _DEFINITIONS_V2) + _count(second, _REPETITIONS_V2)
    if nulls > values or _count(second, _ROWS_V2) > values or levels > _count(page, _SIZE):
        raise ParquetError("a page contradicts itself")
    return values


def _structure(data: bytes, start: int, end: int) -> tuple[Fields, int]:
    reader = Reader(data, start, end)
    try:
        return reader.structure(), reader.place
    except ThriftError as error:
        raise ParquetError(f"it is damaged: {error}") from error


def _fields(value: object) -> Fields:
    if not isinstance(value, dict):
        raise ParquetError("it is damaged: a part of it is missing")
    return value


def _list(fields: Fields, number: int) -> list[Any]:
    items = fields.get(number)
    if not isinstance(items, list):
        raise ParquetError("it is damaged: a list is missing")
    return items


def _count(fields: Fields, number: int) -> int:
    count = fields.get(number)
    if type(count) is not int or count < 0:
        raise ParquetError(f"it is damaged: a count is {count}")
    return count
