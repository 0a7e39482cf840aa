"""SplitPrices: what the close before a split is worth in the units after it, until the next bar comes."""

from decimal import Decimal
from typing import TypeAlias

from attrs import define, field

from core.corporate_action import price_after

_Row: TypeAlias = tuple[str, int]
"""A symbol, and a row of its bars; -1 is before the first."""


@define(eq=False)
class SplitPrices:
    """The splits that came after a row and before the next, of those rows that have any."""

    _after: dict[_Row, tuple[tuple[int, int, int], ...]] = field(factory=dict)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._after)

    def note(self, symbol: str, row: int, step: int, new: int, old: int) -> None:
        """Take in a split, with the newest row before it and its step."""
        self._after[symbol, row] = (*self._after.get((symbol, row), ()), (step, new, old))

    def price(self, symbol: str, row: int, close: Decimal, step: int) -> Decimal:
        """Return the close of a row in the units of a step, money."""
        every_new = every_old = 1
        for at, new, old in self._after.get((symbol, row), ()):
            if at <= step:
                every_new, every_old = every_new * new, every_old * old
        return close if every_new == every_old else price_after(close, every_new, every_old)

    def share(self) -> "SplitPrices":
        """Return the same a second time: one may take in more, and the other stays."""
        return SplitPrices(self._after.copy()) if self._after else SplitPrices()
