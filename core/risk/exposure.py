"""What positions are worth and risk together, as pure functions of their market values."""

from collections.abc import Iterable
from decimal import Decimal

from core.money import ZERO, add, magnitude, quotient, subtract


def total(amounts: Iterable[Decimal], start: Decimal = ZERO) -> Decimal:
    """Return the exact sum of amounts of money, counted from a start.

    >>> total([Decimal("0.1"), Decimal("0.2")], Decimal(1))
    Decimal('1.3')
    """
    result = start
    for amount in amounts:
        result = add(result, amount)
    return result


def gross_exposure(market_values: Iterable[Decimal]) -> Decimal:
    """Return the sum of absolute market values, money.

    >>> gross_exposure([Decimal(300), Decimal(-100)])
    Decimal('400')
    """
    return total(map(magnitude, market_values))


def leverage(gross: Decimal, equity: Decimal) -> Decimal | None:
    """Return gross exposure over equity, a ratio; None where equity is not above zero.

    >>> leverage(Decimal(400), Decimal(1000))
    Decimal('0.4')
    """
    return quotient(gross, equity) if equity > ZERO else None


def drawdown(peak: Decimal, equity: Decimal) -> Decimal:
    """Return how far equity lies below its peak: money, never below zero.

    >>> drawdown(Decimal(1100), Decimal(1000)), drawdown(Decimal(1000), Decimal(1100))
    (Decimal('100'), Decimal('0'))
    """
    return max(subtract(peak, equity), ZERO)


def drawdown_ratio(peak: Decimal, equity: Decimal) -> Decimal:
    """Return drawdown over peak equity, a fraction; zero where the peak is not above zero.

    >>> drawdown_ratio(Decimal(1250), Decimal(1000))
    Decimal('0.2')
    """
    return quotient(drawdown(peak, equity), peak) if peak > ZERO else ZERO
