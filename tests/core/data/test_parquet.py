"""Parquet before it is decoded: what its end and its pages say, and each contradiction."""

import io
from collections.abc import Callable

import polars as pl
import pytest

from core.data.parquet import ParquetError, check_pages, footer_size, read_footer
from core.data.thrift import Reader, ThriftError

COLUMNS = {"time": [1, 2, 3], "open": [1.5, None, 2.5], "symbol": ["A", "B", "A"]}


def parquet(**options: object) -> bytes:
    file = io.BytesIO()
    pl.DataFrame(COLUMNS).write_parquet(file, compression="uncompressed", **options)  # type: ignore[arg-type]
    return file.getvalue()


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ParquetError) as caught:
        call()
    return str(caught.value)


def check(data: bytes) -> int:
    return check_pages(data, read_footer(data, len(data)))


@pytest.mark.parametrize("rows", [1, 2, 512])
def test_a_sound_file_is_as_it_says(rows: int) -> None:
    data = parquet(row_group_size=rows)
    footer = read_footer(data[-footer_size(data[-8:]) :], len(data))
    assert (footer.rows, len(footer.groups)) == (3, -(-3 // rows))
    assert read_footer(data, len(data)) == footer
    assert check(data) > 0


def varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def field(step: int, kind: int, content: bytes = b"") -> bytes:
    return bytes([step << 4 | kind]) + content


def count(step: int, number: int) -> bytes:
    """Write a whole number as a field so many after the one before."""
    return field(step, 6, varint(number << 1 if number >= 0 else (-number << 1) - 1))


def structure(*fields: bytes) -> bytes:
    return b"".join(fields) + b"\0"


def listed(*items: bytes) -> bytes:
    return bytes([len(items) << 4 | 12]) + b"".join(items)


def page(values: int = 3, size: int = 4, kind: int = 5, inner: bytes = b"") -> bytes:
    """Write a page of no bytes that mean anything: sizes, and under `kind` how many values it has."""
    return structure(
        count(2, 9), count(1, size), field(kind - 3, 12, structure(count(1, values), inner)) if kind else b""
    ) + bytes(size)


def file_of(
    *pages: bytes,
    values: int = 3,
    rows: int = 3,
    said: int = 3,
    start: int = 4,
    column: bytes = b"",
    more: bytes = b"",
    dictionary: int = 0,
    compressed: int | None = None,
) -> bytes:
    body = b"".join(pages)
    meta = [count(5, values), count(2, len(body) if compressed is None else compressed), count(2, start)]
    if dictionary:
        meta.append(count(2, dictionary))
    columns = listed(structure(column, field(3, 12, structure(*meta))) if not column else structure(column))
    group = structure(field(1, 9, columns), count(2, rows))
    footer = structure(count(3, said), field(1, 9, listed(group)), more)
    return b"PAR1" + body + footer + len(footer).to_bytes(4, "little") + b"PAR1"


V2 = structure  # a header of a page of the second version, for short


def test_what_a_page_claims_is_summed() -> None:
    assert check(file_of(page())) == 9
    assert check(file_of(page(1), page(2))) == 18
    assert check(file_of(page(7, kind=7), page(), dictionary=4, start=4 + len(page(7, kind=7)))) == 18
    assert check(file_of(page(kind=0), page())) == 18
    second = count(1, 1) + count(1, 3) + count(2, 0) + count(1, 0)
    assert check(file_of(page(kind=8, inner=second))) == 9


CONTRADICTIONS = {
    "fewer values than none": (file_of(page(-3)), "it is damaged: a count is -3"),
    "a size below zero": (file_of(page(size=0).replace(b"\x16\x00", b"\x16\x01", 1)), "it is damaged: a count is -1"),
    "other values": (file_of(page(2)), "a column has other values than it says"),
    "other rows": (file_of(page(), said=4), "its groups have other rows than it says"),
    "a page that is too long": (file_of(page(), compressed=len(page()) - 1), "a page reaches beyond its column"),
    "a column that is too long": (file_of(page(), compressed=10**6), "a column reaches beyond its end"),
    "a column before the file": (file_of(page(), start=1), "a column reaches beyond its end"),
    "another file": (file_of(page(), column=field(1, 8, b"\x01x")), "a column is in another file"),
    "an encrypted column": (file_of(page(), column=field(8, 12, structure())), "it is encrypted"),
    "an encrypted file": (file_of(page(), more=field(4, 12, structure())), "it is encrypted"),
    "more nulls than values": (
        file_of(page(kind=8, inner=count(1, 4) + count(1, 3) + count(2, 0) + count(1, 0))),
        "a page contradicts itself",
    ),
    "a column without a description": (file_of(page(), column=count(2, 1)), "it is damaged: a part of it is missing"),
    "no groups": (b"PAR1\x00\x01\x00\x00\x00PAR1", "it is damaged: a list is missing"),
    "no footer": (b"PAR1\xff\x00\x00\x00PAR1", "it was cut off"),
}


@pytest.mark.parametrize(("data", "what"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_is_refused(data: bytes, what: str) -> None:
    assert refused(lambda: check(data)) == what


@pytest.mark.parametrize(
    ("tail", "what"),
    [
        (b"", "it is no Parquet, or was cut off"),
        (b"PAR1", "it is no Parquet, or was cut off"),
        (b"12345678", "it is no Parquet, or was cut off"),
        (b"1234PARE", "it is encrypted"),
    ],
)
def test_the_last_bytes_are_those_of_parquet(tail: bytes, what: str) -> None:
    assert refused(lambda: footer_size(tail)) == what


def read(data: bytes) -> object:
    return Reader(data, 0, len(data)).structure()


def test_every_kind_of_field_is_read() -> None:
    fields = (
        field(1, 1),  # true
        field(1, 2),  # false
        field(1, 3, b"\x07"),
        field(1, 4, varint(3)),  # -2
        field(1, 7, b"12345678"),
        field(1, 8, b"\x02ab"),
        field(1, 9, bytes([2 << 4 | 1]) + b"\x01\x02"),
        field(1, 9, b"\xf5" + varint(16) + bytes(16)),  # a list of more than 14
        field(1, 12, structure(count(1, 300))),
        field(0, 5, varint(40) + varint(2)),  # its number in full
    )
    assert read(structure(*fields)) == {
        1: True,
        2: False,
        3: 7,
        4: -2,
        5: b"12345678",
        6: b"ab",
        7: [1, 2],
        8: [0] * 16,
        9: {1: 300},
        20: 1,
    }


DEEP_STRUCTURES = field(1, 12) * 40
DEEP_LISTS = field(1, 9) + b"\x19" * 40


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "a structure goes on after its end"),
        (field(1, 11), "a field has the unknown kind 11"),
        (field(1, 8, varint(200)), "a text is longer than the file"),
        (field(1, 9, b"\xf5" + varint(2**40)), "a list is longer than the file"),
        (field(1, 6, b"\xff" * 12), "a number is too long"),
        (DEEP_STRUCTURES, "structures are nested too deep"),
        (DEEP_LISTS + b"\0" * 40, "lists are nested too deep"),
    ],
)
def test_bytes_that_are_no_structure_are_refused(data: bytes, what: str) -> None:
    with pytest.raises(ThriftError, match=f"^{what}$"):
        read(data)
