"""Corporate actions: splits and dividends, which change what is held and what is asked for without a trade."""

from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias

from attrs import field, frozen

from core.errors import NotExactError
from core.money import EXACT, ZERO, exact, is_multiple, multiply, quotient

MOST_UNITS: Final = 1_000_000
"""The largest of the two numbers of a ratio."""


def _aware(value: datetime, name: str) -> datetime:
    if value.tzinfo is None:
        raise NotExactError(name, value, "aware of its zone")
    return value


def _ex_time(value: datetime) -> datetime:
    return _aware(value, "ex_time")


def _pay_time(value: datetime | None) -> datetime | None:
    return None if value is None else _aware(value, "pay_time")


def _units(value: object, name: str) -> int:
    if type(value) is not int or not 1 <= value <= MOST_UNITS:
        raise NotExactError(name, value, f"a whole number from 1 to {MOST_UNITS:,}")
    return value


def _new(value: int) -> int:
    return _units(value, "new")


def _old(value: int) -> int:
    return _units(value, "old")


def _amount(value: int | Decimal) -> Decimal:
    amount = exact(value, "amount")
    if amount <= ZERO:
        raise NotExactError("amount", value, "above zero")
    return amount


@frozen
class Split:
    """So many new units for so many old ones; the ratio is two whole numbers, so that a third is a third.

    Attributes:
        symbol: Of what.
        ex_time: From when on the price is of new units: the first step stamped then or later.
        new: Units after it.
        old: For so many before it.
        place: Where it was read, such as `AAPL.csv:42`, for errors.

    Raises:
        NotExactError: A number that is none, or a time without a zone.

    >>> from datetime import UTC
    >>> halved = Split("ACME", datetime(2024, 1, 3, tzinfo=UTC), new=1, old=2)
    >>> halved.text, halved.units(Decimal(30), Decimal(1)), halved.units(Decimal(31), Decimal(1))
    ('1:2', Decimal('15'), None)
    """

    symbol: str
    ex_time: datetime = field(converter=_ex_time)
    new: int = field(converter=_new)
    old: int = field(default=1, converter=_old)
    place: str = field(default="", eq=False)

    @property
    def text(self) -> str:
        """The ratio, as it is written: `2:1` is two for one."""
        return f"{self.new}:{self.old}"

    def units(self, quantity: Decimal, step: Decimal) -> Decimal | None:
        """Return what a quantity becomes; None where that is no multiple of the quantity step."""
        return units_after(quantity, self.new, self.old, step)


@frozen
class Dividend:
    """Money for each unit that is held as the ex-time comes; who is short pays it.

    Attributes:
        symbol: Of what.
        ex_time: Who buys in the first step stamped then or later does not get it.
        amount: Money for one unit, above zero.
        pay_time: When it is paid: in the first step stamped then or later; None for at once.
        place: Where it was read, such as `AAPL.csv:42`, for errors.

    Raises:
        NotExactError: A number that is none, or a time without a zone.
    """

    symbol: str
    ex_time: datetime = field(converter=_ex_time)
    amount: Decimal = field(converter=_amount)
    pay_time: datetime | None = field(default=None, converter=_pay_time)
    place: str = field(default="", eq=False)


CorporateAction: TypeAlias = Split | Dividend


def units_after(quantity: Decimal, new: int, old: int, step: Decimal) -> Decimal | None:
    """Return quantity x new / old; None where that is no multiple of a step.

    >>> units_after(Decimal(3), 3, 2, Decimal("0.5")), units_after(Decimal(3), 3, 2, Decimal(1))
    (Decimal('4.5'), None)
    """
    units = multiply(quantity, new)
    return EXACT.divide(units, old) if is_multiple(units, multiply(step, old)) else None


def price_after(price: Decimal, new: int, old: int) -> Decimal:
    """Return price x old / new: exact where it ends within 12 digits, else rounded half even there.

    >>> price_after(Decimal("88.99"), 2, 1)
    Decimal('44.495')
    """
    return quotient(multiply(price, old), Decimal(new))
