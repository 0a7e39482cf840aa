"""What holds after every event, compared with `==` and always checked (`docs/invariants.md`)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from core.errors import InvariantError
from core.events import Ledger
from core.money import COST_QUANTUM, HALF, ZERO, add, canonical, magnitude, multiply, quantum, subtract
from core.risk.exposure import total


class Totals(NamedTuple):
    """The running totals of a portfolio, money.

    Attributes:
        cash: The balance.
        capital: The initial capital, and deposits less withdrawals.
        paid: Sum of quantity x price over all fills, above zero for purchases.
        commissions: Charged.
        income: Received without a fill.
    """

    cash: Decimal
    capital: Decimal
    paid: Decimal = ZERO
    commissions: Decimal = ZERO
    income: Decimal = ZERO


def check_totals(totals: Totals) -> None:
    """Check I1: cash is what came in less what was paid and charged.

    Raises:
        InvariantError: It is not.
    """
    cash, capital, paid, commissions, income = totals
    if add(add(cash, paid), commissions) != add(capital, income):
        raise InvariantError("I1", f"cash {cash}", "capital + income - paid - commissions", [str(totals)])


def check_ledger(symbol: str, ledger: Ledger) -> None:
    """Check I4: nothing is held if and only if it cost nothing, and the signs agree.

    Raises:
        InvariantError: They do not.
    """
    quantity, cost, _, _ = ledger
    if (quantity > ZERO) != (cost > ZERO) or (quantity < ZERO) != (cost < ZERO):
        raise InvariantError("I4", f"quantity {canonical(quantity)}", f"cost {canonical(cost)}", [symbol])


def check_fill(symbol: str, before: Ledger, after: Ledger, amount: Decimal, totals: Totals) -> None:
    """Check what one fill changed: I1, I4, and I2: the cost gained is what was paid and what was realized.

    Args:
        symbol: Whose position.
        before: Its ledger before the fill.
        after: Its ledger after it.
        amount: Signed quantity x price, money.
        totals: The running totals after it.

    Raises:
        InvariantError: Something does not hold.
    """
    check_totals(totals)
    check_ledger(symbol, after)
    gained, realized = subtract(after[1], before[1]), subtract(after[2], before[2])
    if gained != add(amount, realized):
        raise InvariantError("I2", f"cost gained {gained}", f"paid {amount} + realized {realized}", [symbol])


def check_split(
    symbol: str,
    after: Ledger,
    totals: Totals,
    *,
    quantity: Decimal,
    ratio: tuple[int, int],
    digits: int,
    gained: Decimal,
) -> None:
    """Check I9: a split leaves equity alone, but for rounding the mark and the cash for a part of a unit.

    Args:
        symbol: Whose position.
        after: Its ledger after the split.
        totals: The running totals after it.
        quantity: What was held before it.
        ratio: New units, and for so many old ones.
        digits: Digits after the point of the currency.
        gained: Equity after it less equity before it, money.

    Raises:
        InvariantError: Something does not hold.
    """
    check_totals(totals)
    check_ledger(symbol, after)
    new, old = ratio
    of_mark = multiply(multiply(magnitude(quantity), new), COST_QUANTUM)
    bound = add(of_mark, multiply(multiply(quantum(digits), HALF), old))
    if multiply(magnitude(gained), old) > bound:
        raise InvariantError("I9", f"equity gained {gained}", f"within {bound} / {old}", [symbol])


def check_books(totals: Totals, ledgers: Iterable[tuple[str, Ledger]], profit: Decimal, unrealized: Decimal) -> None:
    """Check everything at once: each ledger, I1 to I3, and the totals as sums over the ledgers.

    Args:
        totals: The running totals.
        ledgers: Each symbol with its ledger.
        profit: Equity less capital, computed from cash and market values.
        unrealized: Market values less costs, computed position by position.

    Raises:
        InvariantError: Something does not hold.
    """
    check_totals(totals)
    kept = list(ledgers)
    for symbol, ledger in kept:
        check_ledger(symbol, ledger)
    cost, realized, commissions = (total(ledger[place] for _, ledger in kept) for place in (1, 2, 3))
    booked = add(subtract(realized, commissions), totals.income)
    _check("I2", commissions, totals.commissions, totals)
    _check("I2", add(totals.cash, cost), add(totals.capital, booked), totals)
    _check("I3", profit, add(booked, unrealized), totals)


def _check(name: str, left: Decimal, right: Decimal, totals: Totals) -> None:
    if left != right:
        raise InvariantError(name, left, right, [str(totals)])
