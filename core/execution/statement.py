"""Positions in the shape of a broker statement: derived anew each time, never kept."""

from decimal import Decimal

from attrs import frozen

from core.money import ZERO, magnitude
from core.position import Position


@frozen
class StatementLine:
    """One position in the shape of a broker statement; money is Decimal.

    Attributes:
        side: LONG or SHORT.
        quantity: Units, above zero.
        market_value: Quantity x mark, signed; at cost where there is no mark.
        unrealized_pnl: Market value less cost.
    """

    symbol: str
    side: str
    quantity: Decimal
    average_price: Decimal
    market_value: Decimal
    unrealized_pnl: Decimal


def statement_line(position: Position, mark: Decimal | None) -> StatementLine:
    """Return the line of a position that is not flat.

    Args:
        position: What is held.
        mark: The price that values it; None where there is none.
    """
    return StatementLine(
        symbol=position.symbol,
        side="LONG" if position.quantity > ZERO else "SHORT",
        quantity=magnitude(position.quantity),
        average_price=position.average_price or ZERO,
        market_value=position.cost_basis if mark is None else position.market_value(mark),
        unrealized_pnl=ZERO if mark is None else position.unrealized_pnl(mark),
    )
