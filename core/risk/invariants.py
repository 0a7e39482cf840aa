"""What holds after every event, compared with `==` and always checked (`docs/invariants.md`)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from core.errors import InvariantError
from core.events import Ledger
from core.money import ZERO, add, canonical, subtract
from core.risk.exposure import total


class Totals(NamedTuple):
    """The running totals of a portfolio, money.

    Attributes:
        cash: The balance.
        capital: The initial capital, and deposits less withdrawals.
        paid: Sum of quantity x price over all fills, above zero for purchases.
        cost_basis: Cost of all that is held.
        realized_pnl: Booked by closing, before commission.
        commissions: Charged.
        income: Received without a fill.
    """

    cash: Decimal
    capital: Decimal
    paid: Decimal = ZERO
    cost_basis: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    commissions: Decimal = ZERO
    income: Decimal = ZERO


def check_totals(totals: Totals) -> None:
    """Check I1 and I2: cash follows from what was paid, and from what is held and was booked.

    Raises:
        InvariantError: It does not.
    """
    invested = subtract(add(totals.capital, totals.income), totals.commissions)
    _check("I1", totals.cash, subtract(invested, totals.paid), totals)
    held = add(totals.cash, totals.cost_basis)
    _check("I2", held, add(invested, totals.realized_pnl), totals)


def check_ledger(symbol: str, ledger: Ledger) -> None:
    """Check I4: nothing is held if and only if it cost nothing, and the signs agree.

    Raises:
        InvariantError: They do not.
    """
    quantity, cost, *_ = ledger
    if (quantity > ZERO) != (cost > ZERO) or (quantity < ZERO) != (cost < ZERO):
        raise InvariantError("I4", f"quantity {canonical(quantity)}", f"cost {canonical(cost)}", [symbol])


def check_books(totals: Totals, ledgers: Iterable[tuple[str, Ledger]], profit: Decimal, unrealized: Decimal) -> None:
    """Check everything at once: each ledger, the totals as sums of the ledgers, and I3.

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
    sums = [total(ledger[place] for _, ledger in kept) for place in (1, 2, 3)]
    _check("I2", sums, [totals.cost_basis, totals.realized_pnl, totals.commissions], totals)
    booked = subtract(add(totals.realized_pnl, totals.income), totals.commissions)
    _check("I3", profit, add(booked, unrealized), totals)


def _check(name: str, left: object, right: object, totals: Totals) -> None:
    if left != right:
        raise InvariantError(name, left, right, [str(totals)])
