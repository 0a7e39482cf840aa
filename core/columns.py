"""Exact numbers as columns: a Decimal column holds each of them to the last digit, or it is refused.

A column has 38 digits, of which all rows have the same number after the point. polars refuses a sum or a product that
does not fit, but rounds a product to the digits of the finer number; `product` does not.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Final

import polars as pl

from core.errors import InputError

MOST_DIGITS: Final = 38
"""What a column has room for, before the point and after it together."""


def decimal_column(name: str, numbers: Sequence[Decimal | None]) -> pl.Series:
    """Return exact numbers as a column, with as many digits after the point as the finest of them.

    Args:
        name: That of the column.
        numbers: None where there is none.

    Raises:
        InputError: They need more digits than a column has.

    >>> decimal_column("price", [Decimal("1.5"), None, Decimal("0.25")]).to_list()
    [Decimal('1.50'), None, Decimal('0.25')]
    """
    with fitting(name):
        texts = pl.Series(name, [None if number is None else f"{number:f}" for number in numbers], dtype=pl.String)
        before = texts.str.find(".", literal=True).cast(pl.Int64) + 1
        digits = (texts.str.len_bytes().cast(pl.Int64) - before).max()
        return texts.cast(pl.Decimal(MOST_DIGITS, digits if isinstance(digits, int) else 0))


def product(quantity: pl.Series, ticks: pl.Series, digits: int) -> pl.Series:
    """Return quantity x price, exactly; polars would round it to the digits of the finer of the two.

    Args:
        quantity: A Decimal column.
        ticks: Integers, prices in units of 10 ** -digits.
        digits: Those after the point of a price.
    """
    kind = quantity.dtype
    scale = digits + (kind.scale if isinstance(kind, pl.Decimal) else 0)
    units = quantity.reinterpret(dtype=pl.Int128).reinterpret(dtype=pl.Decimal(MOST_DIGITS, 0))
    prices = ticks.cast(pl.Int128).reinterpret(dtype=pl.Decimal(MOST_DIGITS, scale))
    return units * prices


@contextmanager
def fitting(what: str) -> Iterator[None]:
    """Refuse what does not fit a column inside.

    Args:
        what: What an error calls it.

    Raises:
        InputError: A number inside needs more digits than a column has.
    """
    try:
        yield
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{what} does not fit a column of {MOST_DIGITS} digits") from error
