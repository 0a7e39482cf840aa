"""What a fill does to a position, as pure functions (rule R17).

Cost that goes in comes out again to the last digit: a partial close takes its share of the cost, rounded once toward
zero, and the last close takes whatever is left.
"""

from decimal import Decimal
from typing import Final

from core.events import Ledger
from core.money import ZERO, add, magnitude, minus, multiply, part_of, subtract

FLAT: Final[Ledger] = (ZERO, ZERO, ZERO, ZERO)


def book_fill(ledger: Ledger, quantity_delta: Decimal, price: Decimal, commission: Decimal) -> tuple[Ledger, ...]:
    """Return the ledgers that a position passes through: one, or two where it flips through zero.

    A flip is a close, which pays the commission, and then an open.

    Args:
        ledger: Quantity, cost basis, realized P&L and commissions before.
        quantity_delta: Signed units, not zero.
        price: Money for one unit.
        commission: Money for the whole fill.

    >>> long_50 = (Decimal(50), Decimal(500), ZERO, ZERO)
    >>> closed, opened = book_fill(long_50, Decimal(-80), Decimal(12), Decimal("0.80"))
    >>> [str(number) for number in closed], [str(number) for number in opened]
    (['0', '0', '100', '0.80'], ['-30', '-360', '100', '0.80'])
    """
    quantity, cost, realized, commissions = ledger
    paid = (quantity, cost, realized, add(commissions, commission))
    if not quantity or (quantity > ZERO) == (quantity_delta > ZERO):
        return (_add(paid, quantity_delta, price),)
    if magnitude(quantity_delta) <= magnitude(quantity):
        return (_reduce(paid, quantity_delta, price),)
    closed = _reduce(paid, minus(quantity), price)
    return closed, _add(closed, add(quantity_delta, quantity), price)


def _add(ledger: Ledger, quantity_delta: Decimal, price: Decimal) -> Ledger:
    quantity, cost, realized, commissions = ledger
    amount = multiply(quantity_delta, price)
    return add(quantity, quantity_delta), add(cost, amount), realized, commissions


def _reduce(ledger: Ledger, quantity_delta: Decimal, price: Decimal) -> Ledger:
    quantity, cost, realized, commissions = ledger
    left = add(quantity, quantity_delta)
    removed = part_of(cost, minus(quantity_delta), quantity) if left else cost
    proceeds = minus(multiply(quantity_delta, price))
    gained = subtract(proceeds, removed)
    kept = subtract(cost, removed) if left else ZERO
    return left or ZERO, kept, add(realized, gained), commissions
