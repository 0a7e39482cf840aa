"""Framed lines: records that are appended to a file, of which a reader can tell which are whole.

A line is the length of its content, the CRC-32 of it, and the content: its number, counted from 0, and a text without
line ends. What a crash has torn is the end of the file; a line that is broken before whole ones was damaged later.
"""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final
from zlib import crc32

from attrs import frozen

_LINE: Final = re.compile(rb"([0-9a-f]{8}) ([0-9a-f]{8}) ((0|[1-9][0-9]{0,17}) (.*))", re.DOTALL)


class LossKind(Enum):
    """What a reader may find wrong."""

    TORN = "torn"
    DAMAGED = "damaged"
    MISSING = "missing"
    REPEATED = "repeated"


@frozen
class Loss:
    """Why the records of a file end before the file does.

    Attributes:
        kind: What is wrong.
        record: The number of the first record that could not be read.
        what: That, in words.
    """

    kind: LossKind
    record: int
    what: str


@frozen
class Framed:
    """What a file holds.

    Attributes:
        records: The text of each whole record, from number 0 on.
        loss: Why they end there; None where the file does.
    """

    records: Sequence[bytes]
    loss: Loss | None = None


def frame(number: int, text: bytes) -> bytes:
    r"""Return a record as a line.

    >>> frame(0, b"{}")
    b'00000004 0b5dcce1 0 {}\n'
    """
    content = b"%d %s" % (number, text)
    return b"%08x %08x %s\n" % (len(content), crc32(content), content)


def read_frames(data: bytes) -> Framed:
    """Return the records of a file, as far as they are whole and follow each other."""
    lines = data.split(b"\n")
    torn = lines.pop()
    records: list[bytes] = []
    for place, line in enumerate(lines):
        found = _content(line)
        if found is None:
            return Framed(records, _broken(len(records), lines[place + 1 :]))
        number, text = found
        if number != len(records):
            return Framed(records, _out_of_order(number, len(records)))
        records.append(text)
    return Framed(records, _torn(len(records)) if torn else None)


def _content(line: bytes) -> tuple[int, bytes] | None:
    """Return the number and the text of a line; None where it is not whole."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    length, check, content, number, text = found.groups()
    if int(length, 16) != len(content) or int(check, 16) != crc32(content):
        return None
    return int(number), text


def _broken(record: int, following: Sequence[bytes]) -> Loss:
    if any(_content(line) is not None for line in following):
        return Loss(LossKind.DAMAGED, record, f"record {record} is damaged, and what follows it is left out")
    return _torn(record)


def _torn(record: int) -> Loss:
    kept = f"up to record {record - 1}" if record else "nothing"
    return Loss(LossKind.TORN, record, f"the end is torn: recovered {kept}, what was being written then is dropped")


def _out_of_order(number: int, expected: int) -> Loss:
    if number < expected:
        return Loss(LossKind.REPEATED, expected, f"record {number} comes twice: kept up to record {expected - 1}")
    kept = f"kept up to record {expected - 1}" if expected else "none is kept"
    return Loss(LossKind.MISSING, expected, f"record {expected} is missing, {number} follows: {kept}")
