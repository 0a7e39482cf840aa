"""Numbers as a person reads them.

Rounding here is for the eye alone, halves to even; what is exact stays in the core. A quantity and a price are never
rounded: they get at least the decimals of their column, and as many more as they have.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from core.money import canonical, quantum

NOTHING: Final = "-"
"""Stands where there is no number."""

MONEY_DIGITS: Final = 2
AVERAGE_DIGITS: Final = 4
_HUNDRED = Decimal(100)
_SHOWN = Context(prec=200, rounding=ROUND_HALF_EVEN)  # the thread's own context may have been changed by a strategy
_MILLION = 1_000_000
_LONGEST_ROUGH = 9_999_999.5


def money(amount: Decimal) -> str:
    """Write an amount of money.

    >>> money(Decimal("1234567.895")), money(Decimal("-0.001"))
    ('1,234,567.90', '0.00')
    """
    return _rounded(amount, MONEY_DIGITS)


def signed(amount: Decimal) -> str:
    """Write a profit, with its sign unless it is zero.

    >>> signed(Decimal("832.19")), signed(Decimal(-5)), signed(Decimal(0))
    ('+832.19', '-5.00', '0.00')
    """
    text = money(amount)
    return text if amount <= 0 or not text.strip("0.") else f"+{text}"


def percent(ratio: Decimal) -> str:
    """Write a fraction in hundredths.

    >>> percent(Decimal("0.16190"))
    '16.19%'
    """
    return f"{_rounded(_SHOWN.multiply(ratio, _HUNDRED), MONEY_DIGITS)}%"


def exactly(number: Decimal | None, digits: int) -> str:
    """Write a price or a quantity with at least so many decimals.

    >>> exactly(Decimal("44.5"), 2), exactly(Decimal("44.121"), 2), exactly(None, 2)
    ('44.50', '44.121', '-')
    """
    return NOTHING if number is None else _rounded(number, max(digits, _needed_digits(number)))


def average(price: Decimal | None) -> str:
    """Write an average price, which may not end.

    >>> average(Decimal("10.006666666667"))
    '10.0067'
    """
    return NOTHING if price is None else _rounded(price, AVERAGE_DIGITS)


def rough(amount: float) -> str:
    """Write money for the label of an axis, in at most nine characters up to a billion.

    >>> rough(113812.4), rough(25_000_000.0)
    ('113,812', '25.00M')
    """
    return f"{amount:,.0f}" if abs(amount) < _LONGEST_ROUGH else f"{amount / _MILLION:,.2f}M"


def _needed_digits(number: Decimal) -> int:
    return len(canonical(number).partition(".")[2])


def _rounded(number: Decimal, digits: int) -> str:
    shown = number.quantize(quantum(digits), context=_SHOWN)
    return f"{shown or abs(shown):,f}"
