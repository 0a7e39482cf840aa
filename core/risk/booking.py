"""What a fill or a split does to a position, as pure functions (rules R2 and R17).

Cost that goes in comes out again to the last digit: a partial close takes its share of the cost, rounded once toward
zero, and the last close takes whatever is left.
"""

from decimal import Decimal
from typing import Final

from core.events import Ledger
from core.money import EXACT, ZERO, add, magnitude, minus, multiply, part_in_cash, part_of, subtract

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


def book_split(
    ledger: Ledger, new: int, old: int, *, quantity_step: Decimal, value: Decimal, currency_digits: int
) -> tuple[Ledger, Decimal]:
    """Return the ledger after a split, and the cash for what is below the quantity step: that part is sold.

    The part takes its share of the cost with it, rounded as in a partial close, and brings its share of the value,
    rounded to the currency. So equity stays as it was, up to these two roundings (invariant I9).

    Args:
        ledger: Quantity, cost basis, realized P&L and commissions before.
        new: Units after the split.
        old: For so many before it.
        quantity_step: The smallest move of a quantity.
        value: What is held is worth, money, below zero for a short.
        currency_digits: Digits after the point to which cash is rounded.

    >>> held = (Decimal(25), Decimal(500), ZERO, ZERO)
    >>> after, cash = book_split(held, 1, 2, quantity_step=Decimal(1), value=Decimal(750), currency_digits=2)
    >>> [str(number) for number in after], str(cash)  # half a unit, which cost 20, brings 30
    (['12', '480.000000000000', '10.000000000000', '0'], '30.00')
    """
    quantity, cost, realized, commissions = ledger
    units = multiply(quantity, new)  # in so many parts of a new unit as there were old ones for it
    rest = EXACT.remainder(units, multiply(quantity_step, old))
    whole = EXACT.divide(subtract(units, rest), old)
    if not rest:
        return (whole, cost, realized, commissions), ZERO
    removed = part_of(cost, rest, units) if whole else cost
    cash = part_in_cash(value, rest, units, currency_digits)
    kept = subtract(cost, removed) if whole else ZERO
    return (whole or ZERO, kept, add(realized, subtract(cash, removed)), commissions), cash


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
