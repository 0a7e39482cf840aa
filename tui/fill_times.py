"""FillTimes: when each symbol was bought and sold, in lists that are searched and not walked."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Self

from attrs import define, field

from core.bars import to_microseconds
from core.fill import Fill
from core.order import Side


@define(eq=False)
class FillTimes:
    """The fills of a run by symbol and side, as far as they were read."""

    _read: int = field(default=0, init=False)
    _known: dict[tuple[str, int], tuple[list[int], list[int]]] = field(factory=dict, init=False)
    """Times and numbers of a symbol's fills, by whether they bought or sold."""

    def read(self, fills: Mapping[int, Fill], count: int) -> Self:
        """Take in the fills up to a number, as far as they are new.

        Args:
            fills: Those of one run, by number: 1, 2, 3, ...
            count: The number of the last.
        """
        for number in range(self._read + 1, count + 1):
            fill = fills[number]
            key = (fill.symbol, fill.side.sign)
            known = self._known.get(key)
            if known is None:
                known = self._known[key] = ([], [])
            known[0].append(to_microseconds(fill.timestamp))
            known[1].append(number)
        self._read = max(self._read, count)
        return self

    def after(self, symbol: str, side: Side, time: int, count: int) -> int | None:
        """Return the stamp of the first fill after a time, of those up to a number; None where there is none.

        Args:
            symbol: What was traded.
            side: Whether it was bought or sold.
            time: In microseconds since 1970 in UTC.
            count: The number of the last fill that has happened.
        """
        times, numbers = self._known.get((symbol, side.sign), ((), ()))
        place = bisect_right(times, time)
        is_there = place < len(times) and numbers[place] <= count
        return times[place] if is_there else None
