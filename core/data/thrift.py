"""Thrift's compact protocol, as far as Parquet needs it: structures as dictionaries by the number of a field.

Everything is bounded by the bytes that there are: nothing that a file claims is believed before it was read.
"""

from collections.abc import Mapping
from typing import Any, Final

from core.errors import FillstepError

_MOST_DEEP: Final = 16
_LONGEST_VARINT: Final = 10
_LONG_LIST: Final = 15
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS: Final = (4, 5, 6)
_DOUBLE_BYTES: Final = 8

Fields = Mapping[int, Any]
"""What a structure holds, by the number of a field."""


class ThriftError(FillstepError):
    """Bytes that are no structure."""


class Reader:
    """Reads structures from bytes, one after the other.

    Args:
        data: The bytes.
        place: Where the first structure begins.
        end: Where the last one must have ended.
    """

    __slots__ = ("_data", "_end", "place")

    def __init__(self, data: bytes, place: int, end: int) -> None:
        self._data, self.place, self._end = data, place, end

    def structure(self, depth: int = 0) -> Fields:
        """Read one structure.

        Raises:
            ThriftError: There is none.
        """
        if depth > _MOST_DEEP:
            raise ThriftError("structures are nested too deep")
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else self._integer()
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in _INTEGERS:
            return self._integer()
        if kind in (_TRUE, _FALSE, _BYTE):  # in a list, a truth takes a byte
            return self._byte()
        if kind == _DOUBLE:
            return self._bytes(_DOUBLE_BYTES)
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind == _STRUCT:
            return self.structure(depth + 1)
        raise ThriftError(f"a field has the unknown kind {kind}")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count, kind = head >> 4, head & 15
        if count == _LONG_LIST:
            count = self._varint()
        if count > self._end - self.place:  # an item takes a byte at least
            raise ThriftError("a list is longer than the file")
        if depth >= _MOST_DEEP:
            raise ThriftError("lists are nested too deep")
        return [self._value(kind, depth + 1) for _ in range(count)]

    def _integer(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _varint(self) -> int:
        number = 0
        for index in range(_LONGEST_VARINT):
            byte = self._byte()
            number |= (byte & 127) << 7 * index
            if byte < 128:  # noqa: PLR2004 - the highest bit says that more follows
                return number
        raise ThriftError("a number is too long")

    def _byte(self) -> int:
        if self.place >= self._end:
            raise ThriftError("a structure goes on after its end")
        byte = self._data[self.place]
        self.place += 1
        return byte

    def _bytes(self, count: int) -> bytes:
        start = self.place
        if count > self._end - start:
            raise ThriftError("a text is longer than the file")
        self.place = start + count
        return self._data[start : self.place]
