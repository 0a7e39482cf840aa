"""Pyramid: where a column next comes down to a bound, found in a few looks however far away that is.

Over the column stand the least values of every 64 of its rows, over these the least of every 64 of them, and so on up
to one block. A search climbs while the rest of a block lies above the bound, and comes down where one does not.
"""

from typing import Final

import polars as pl

_FAN: Final = 64
_NONE: Final = 2**63 - 1  # fills the last block of a level up; no bound is as high


class Pyramid:
    """The least values of a column, by blocks.

    Args:
        values: Whole numbers, none missing.

    >>> lows = Pyramid(pl.Series([7, 5, 6, 3, 4]))
    >>> lows.first_at_most(5, 0), lows.first_at_most(5, 2), lows.first_at_most(2, 0)
    (1, 3, None)
    """

    __slots__ = ("_levels",)

    def __init__(self, values: pl.Series) -> None:
        self._levels = [values]
        while len(values) > _FAN:
            missing = -len(values) % _FAN
            whole = pl.concat([values, pl.repeat(_NONE, missing, dtype=pl.Int64, eager=True)]) if missing else values
            values = whole.reshape((-1, _FAN)).arr.min()
            self._levels.append(values)

    def first_at_most(self, bound: int, start: int) -> int | None:
        """Return the first row from `start` on whose value is not above a bound; None where there is none."""
        level, place = 0, start
        while (found := self._scan(level, place, bound)) is None:
            level, place = level + 1, place // _FAN + 1
            if level == len(self._levels):
                return None
        while level:
            level -= 1
            found = self._scan(level, found * _FAN, bound)
            assert found is not None  # noqa: S101 - the level above says that there is one
        return found

    def _scan(self, level: int, start: int, bound: int) -> int | None:
        """Look at what is left of one block."""
        for place, value in enumerate(self._levels[level].slice(start, _FAN - start % _FAN).to_list(), start):
            if value <= bound:
                return place
        return None
