"""A bar as one line: its prices and others on one scale, from the lowest to the highest."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

Mark = tuple[str, Decimal]
"""A character, and the price at which it stands."""

_LINE: Final = "─"
_OUTSIDE: Final = "·"


def build_ruler(prices: Sequence[Decimal], marks: Iterable[Mark], width: int) -> str:
    """Return a bar as one line of at most `width` cells.

    The letters O, H, L and C are its prices; a line joins low and high, dots lead to what lies beyond. Where two fall
    on one cell, the later of O, H, L, C and then of the marks is seen.

    Args:
        prices: Open, high, low and close.
        marks: What else stands on the scale.
        width: Cells.

    >>> ten = [Decimal(price) for price in (10, 20, 0, 5)]
    >>> build_ruler(ten, [("▲", Decimal(30))], 31)
    'L────C────O─────────H·········▲'
    """
    if width < 1:
        return ""
    others = list(marks)
    everything = [*prices, *(price for _, price in others)]
    lowest, highest = min(everything), max(everything)
    _, high, low, _ = prices

    def cell(price: Decimal) -> int:
        return 0 if highest == lowest else int((price - lowest) * (width - 1) / (highest - lowest))

    line = [_OUTSIDE] * (cell(highest) + 1)
    line[cell(low) : cell(high) + 1] = _LINE * (cell(high) - cell(low) + 1)
    for sign, price in [*zip("OHLC", prices, strict=True), *others]:
        line[cell(price)] = sign[:1]
    return "".join(line)
