"""Arrow files, looked at before they are decoded: whether what their compressed buffers claim can be true.

The decoder of polars allocates what a buffer claims to hold when it is unpacked, and ends the process where that is
impossible. The claims are found by way of the footer, in the layout of flatbuffers: a table is found by an offset, and
a field of it by the offset that its table of fields has.
"""

import struct
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from core.errors import FillstepError

_MAGIC: Final = b"ARROW1"
_TAIL: Final = 4 + len(_MAGIC)
_BLOCK: Final = 24  # bytes: where a batch begins, how long its description is, and its body
_BUFFER: Final = 16  # bytes: where in the body, and how long
_FRAME: Final = 8  # bytes before a description: a mark, and its length
_DENSEST: Final = 100_000  # how many bytes one may be unpacked to; more than any codec of the format does
_NEVER_PACKED: Final = -1

# Numbers of fields
_DICTIONARIES, _BATCHES, _HEADER_KIND, _HEADER = 2, 3, 1, 2
_BUFFERS, _COMPRESSION, _DATA_OF_DICTIONARY = 2, 3, 1
_KIND_OF_DICTIONARY: Final = 2


class ArrowError(FillstepError):
    """A file that is no Arrow, or contradicts itself."""


@frozen
class _Table:
    """A table of flatbuffers in a file."""

    data: bytes
    place: int

    def _offset(self, field: int) -> int:
        """Return where a field stands; 0 where it is not there."""
        fields = self.place - _number("<i", self.data, self.place)
        size = _number("<H", self.data, fields)
        at = 4 + 2 * field
        offset = _number("<H", self.data, fields + at) if at < size else 0
        return self.place + offset if offset else 0

    def byte(self, field: int) -> int:
        at = self._offset(field)
        return _number("<B", self.data, at) if at else 0

    def table(self, field: int) -> "_Table | None":
        at = self._offset(field)
        return _Table(self.data, at + _number("<I", self.data, at)) if at else None

    def items(self, field: int, size: int) -> Iterator[int]:
        """Yield where each item of a list of structures stands."""
        at = self._offset(field)
        if at:
            start = at + _number("<I", self.data, at)
            count = _number("<I", self.data, start)
            if count * size > len(self.data):
                raise ArrowError("it is damaged: a list is longer than the file")
            yield from range(start + 4, start + 4 + count * size, size)


def check_buffers(data: bytes) -> None:
    """Refuse a file of which a buffer claims more than it can hold.

    Raises:
        ArrowError: It does, or there is no such file.
    """
    if len(data) < _TAIL or not data.startswith(_MAGIC) or not data.endswith(_MAGIC):
        raise ArrowError("it is no Arrow file, or was cut off")
    length = _number("<i", data, len(data) - _TAIL)
    start = len(data) - _TAIL - length
    footer = _root(data, start)
    for field in (_DICTIONARIES, _BATCHES):
        for block in footer.items(field, _BLOCK):
            _check_batch(data, _number("<q", data, block), _number("<i", data, block + 8))


def _check_batch(data: bytes, start: int, described: int) -> None:
    message = _root(data, start + _FRAME)
    batch = message.table(_HEADER)
    if batch is not None and message.byte(_HEADER_KIND) == _KIND_OF_DICTIONARY:
        batch = batch.table(_DATA_OF_DICTIONARY)
    if batch is None or batch.table(_COMPRESSION) is None:
        return
    for buffer in batch.items(_BUFFERS, _BUFFER):
        place, length = _number("<q", data, buffer), _number("<q", data, buffer + 8)
        if length > 0:
            claimed = _number("<q", data, start + described + place)
            if not _NEVER_PACKED <= claimed <= length * _DENSEST:
                raise ArrowError("it is damaged: a buffer claims more than it can hold")


def _root(data: bytes, place: int) -> _Table:
    return _Table(data, place + _number("<I", data, place))


def _number(form: str, data: bytes, place: int) -> int:
    """Return a number at a place, which a damaged file may have anywhere."""
    if not 0 <= place <= len(data) - struct.calcsize(form):
        raise ArrowError("it is damaged: a place is outside of it")
    number: int = struct.unpack_from(form, data, place)[0]
    return number
