"""A position: what is held of one symbol, and what was paid for it.

Quantity and total cost are stored and the average price is derived from them: with a stored average, cost that goes in
would not come out again to the last digit.
"""

from decimal import Decimal

from attrs import frozen

from core.money import ZERO, multiply, quotient, subtract


@frozen
class Position:
    """One symbol's holding, and what was booked on it so far.

    Attributes:
        symbol: What is held.
        quantity: Units held; above zero long, below zero short, zero flat.
        cost_basis: Money paid for what is held, before commission; the sign of the quantity.
        realized_pnl: Money booked by closing, before commission, since the start.
        commissions: Money paid in commissions, since the start.
    """

    symbol: str
    quantity: Decimal = ZERO
    cost_basis: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    commissions: Decimal = ZERO

    @property
    def average_price(self) -> Decimal | None:
        """Cost over quantity, to at most 12 digits after the point; None when flat.

        >>> Position("ACME", Decimal(3), Decimal("30.02")).average_price
        Decimal('10.006666666667')
        """
        return quotient(self.cost_basis, self.quantity) if self.quantity else None

    @property
    def is_flat(self) -> bool:
        """Whether nothing is held."""
        return not self.quantity

    def market_value(self, mark: Decimal) -> Decimal:
        """Quantity x mark: money, below zero for a short."""
        return multiply(self.quantity, mark)

    def unrealized_pnl(self, mark: Decimal) -> Decimal:
        """Market value less cost: money, before commission.

        >>> Position("ACME", Decimal(-10), Decimal(-1000)).unrealized_pnl(Decimal(90))
        Decimal('100')
        """
        return subtract(self.market_value(mark), self.cost_basis)
