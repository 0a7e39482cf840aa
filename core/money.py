"""Decimal rules: what counts as exact, and the one context in which money is computed.

The context traps inexact results, so a sum or a product of money is exact or raises. Nothing here reads the thread's
context: a strategy that changes its precision changes no book.
"""

import re
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
)
from functools import cache, lru_cache
from typing import Final

from core.errors import NotExactError

WHOLE_DIGITS: Final = 18
"""Most digits before the point of a number that comes from outside."""
FRACTION_DIGITS: Final = 12
"""Most digits after the point of a number that comes from outside."""
COST_QUANTUM: Final = Decimal("1E-12")
"""The unit to which the cost of what a partial close sold is rounded (rule R17)."""
_FINE_DIGITS: Final = 3 * FRACTION_DIGITS  # a product of three numbers from outside has no finer digit
_FINE_QUANTUM: Final = Decimal((0, (1,), -_FINE_DIGITS))
ZERO: Final = Decimal(0)
HALF: Final = Decimal("0.5")

_MOST: Final = 10**WHOLE_DIGITS
_of_int = lru_cache(Decimal)  # a quantity is asked for again and again, and there may be a million orders
_PRECISION = 200  # a product of two such numbers has 60 digits; the rest is room for sums
EXACT: Final = Context(prec=_PRECISION, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow, FloatOperation])
"""The context of all money arithmetic: `add(a, b)` is exact, or raises."""
add, subtract, multiply, minus, magnitude = EXACT.add, EXACT.subtract, EXACT.multiply, EXACT.minus, EXACT.abs
"""Exact arithmetic; Python's own operators, `abs` among them, follow the thread's context."""
_TOWARD_ZERO = Context(prec=_PRECISION, rounding=ROUND_DOWN, traps=[InvalidOperation, DivisionByZero])
_HALF_UP = Context(prec=_PRECISION, rounding=ROUND_HALF_UP, traps=[InvalidOperation, DivisionByZero])
_UP = Context(prec=_PRECISION, rounding=ROUND_CEILING, traps=[InvalidOperation, DivisionByZero])
_HALF_EVEN = Context(prec=_PRECISION, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero])
_fit = Context(prec=WHOLE_DIGITS + FRACTION_DIGITS, traps=[Inexact, InvalidOperation]).quantize

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_WITHIN = f"a number of at most {WHOLE_DIGITS} digits before the point and {FRACTION_DIGITS} after"


def exact(value: object, field: str) -> Decimal:
    """Take an int or a Decimal as an exact number, and refuse everything else by the field's name.

    Args:
        value: A finite number of at most 18 digits before the point and 12 after.
        field: What an error calls it.

    Raises:
        NotExactError: A float, a bool, a text, a NaN, or more digits than are kept.

    >>> exact(0.1, "price")
    Traceback (most recent call last):
    core.errors.NotExactError: price must be an int or a Decimal, was float 0.1
    """
    if type(value) is int and -_MOST < value < _MOST:
        return _of_int(value)
    number = value if type(value) is Decimal else _to_decimal(value, field)
    if not number.is_finite():
        raise NotExactError(field, value, _WITHIN)
    try:
        _fit(number, COST_QUANTUM)
    except (Inexact, InvalidOperation):
        raise NotExactError(field, value, _WITHIN) from None
    return number


def _to_decimal(value: object, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise NotExactError(field, value, "an int or a Decimal")
    return Decimal(value)


def parse(text: str, field: str) -> Decimal:
    """Read a number as a person or a file writes it: ASCII digits, a point, perhaps an exponent.

    Raises:
        NotExactError: Anything else, such as `NaN`, `1_000`, `1,5`, digits of another script, or too many digits.

    >>> parse("187.15", "price")
    Decimal('187.15')
    >>> parse("1,5", "price")
    Traceback (most recent call last):
    core.errors.NotExactError: price must be a number such as 187.15, was 1,5
    """
    if not _NUMBER.fullmatch(text):
        raise NotExactError(field, text, "a number such as 187.15")
    return exact(Decimal(text), field)


def canonical(number: Decimal) -> str:
    """Write a number in the one way in which it is recorded: no exponent, no trailing zero, no minus zero.

    >>> canonical(Decimal("1.50")), canonical(Decimal("1E+3")), canonical(Decimal("-0.0"))
    ('1.5', '1000', '0')
    """
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@cache
def quantum(digits: int) -> Decimal:
    """Return the unit of the given digit after the point: 2 gives 0.01.

    >>> quantum(2)
    Decimal('0.01')
    """
    return Decimal((0, (1,), -digits))


def fraction_digits(number: Decimal) -> int:
    """Return how many digits after the point a finite number is written with.

    >>> fraction_digits(Decimal("1.50")), fraction_digits(Decimal("1E+3"))
    (2, 0)
    """
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def round_half_up(amount: Decimal, digits: int) -> Decimal:
    """Round an amount to the currency's digits, halves away from zero.

    >>> round_half_up(Decimal("0.125"), 2)
    Decimal('0.13')
    """
    return _HALF_UP.quantize(amount, quantum(digits))


def part_of(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return cost x part / whole, rounded once, toward zero, to the cost quantum (rule R17).

    >>> part_of(Decimal(10), Decimal(1), Decimal(3))
    Decimal('3.333333333333')
    """
    product = multiply(cost, part)
    return _TOWARD_ZERO.quantize(_TOWARD_ZERO.divide(product, whole), COST_QUANTUM)


def part_in_cash(amount: Decimal, part: Decimal, whole: Decimal, digits: int) -> Decimal:
    """Return amount x part / whole, rounded to the currency's digits, halves away from zero.

    >>> part_in_cash(Decimal("88.99"), Decimal(1), Decimal(2), 2)
    Decimal('44.50')
    """
    return round_half_up(_HALF_UP.divide(multiply(amount, part), whole), digits)


def quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Divide for showing and comparing: exact where the result ends within 12 digits, rounded half even there if not.

    >>> quotient(Decimal("18715.00"), Decimal(100)), quotient(Decimal(2), Decimal(3))
    (Decimal('187.15'), Decimal('0.666666666667'))
    """
    result = _HALF_EVEN.divide(dividend, divisor)
    exponent = result.as_tuple().exponent
    needs_rounding = isinstance(exponent, int) and exponent < -FRACTION_DIGITS
    return _HALF_EVEN.quantize(result, COST_QUANTUM) if needs_rounding else result


def quotient_up(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Divide, rounded up at the 36th digit after the point where the result has more.

    No product of three numbers from outside has a finer digit. So what is added to such a product, and the sum rounded
    up to a tick, is the exact sum rounded once.

    >>> quotient_up(Decimal(2), Decimal(8)), quotient_up(Decimal(1), Decimal(3))
    (Decimal('0.25'), Decimal('0.333333333333333333333333333333333334'))
    """
    result = _UP.divide(dividend, divisor)
    exponent = result.as_tuple().exponent
    needs_rounding = isinstance(exponent, int) and exponent < -_FINE_DIGITS
    return _UP.quantize(result, _FINE_QUANTUM) if needs_rounding else result


def is_multiple(number: Decimal, unit: Decimal) -> bool:
    """Say whether a number is a whole multiple of a unit above zero.

    >>> is_multiple(Decimal("99.995"), Decimal("0.01"))
    False
    """
    return not EXACT.remainder(number, unit)


def multiple_below(number: Decimal, unit: Decimal) -> Decimal:
    """Return the largest multiple of the unit that is not above a number.

    >>> multiple_below(Decimal("99.995"), Decimal("0.01"))
    Decimal('99.99')
    """
    rest = EXACT.remainder(number, unit)
    below = subtract(number, rest)
    return EXACT.quantize(subtract(below, unit) if rest < 0 else below, unit)


def multiple_above(number: Decimal, unit: Decimal) -> Decimal:
    """Return the smallest multiple of the unit that is not below a number.

    >>> multiple_above(Decimal("99.995"), Decimal("0.01"))
    Decimal('100.00')
    """
    below = multiple_below(number, unit)
    return below if below == number else EXACT.quantize(add(below, unit), unit)
