"""A portfolio that holds what a test wants, and the broker that reads it."""

from decimal import Decimal
from typing import Any, NamedTuple

from core.execution.broker import BacktestBroker
from core.execution.costs import Commission
from core.execution.fill_check import FillCheck
from core.fill import FillRule
from core.instrument import Instrument
from core.order import OrderStatus, Side
from core.reason import Reason
from core.risk.portfolio import PortfolioState
from tests.core.builders import at
from tests.core.execution.records import order_of

ACME = Instrument("ACME", tick_size=Decimal("0.01"), quantity_step=Decimal(1))
OTHER = Instrument("OTHER", tick_size=Decimal("0.01"), quantity_step=Decimal(1))
PER_UNIT = Commission(per_unit=Decimal("0.005"), minimum=Decimal(1))
MARKS = {"ACME": "100", "OTHER": "20"}


class Desk(NamedTuple):
    """A portfolio, and the broker that reads it."""

    portfolio: PortfolioState
    broker: BacktestBroker

    def submit(
        self, side: Side, quantity: int | str | Decimal, limit: str | None = None, symbol: str = "ACME", **terms: Any
    ) -> int:
        """Submit an order whose numbers may be written as text, and return its number."""
        return self.broker.submit(order_of(side, str(quantity), symbol, limit_price=limit, **terms))

    def reason(self, *order: Any, **named: Any) -> Reason | None:
        """Submit an order, and return why it was rejected."""
        return self.broker.get_order(self.submit(*order, **named)).reason

    def accepts(self, *order: Any, **named: Any) -> bool:
        """Say whether an order passes, and leave no claim behind."""
        order_id = self.submit(*order, **named)
        accepted = self.broker.get_order(order_id).status is OrderStatus.ACCEPTED
        if accepted:
            self.broker.cancel(order_id)
        return accepted

    def leave(self, cash: str) -> None:
        """Withdraw or deposit so that so much cash is left."""
        set_cash(self.portfolio, cash)

    def check_fill(
        self, order_id: int, price: str, quantity: int | None = None, rule: FillRule = FillRule.OPEN
    ) -> FillCheck:
        """Ask how much of an order may fill at a price: of all that is awake, if not of so many units."""
        record = self.broker.tracker.find(order_id)
        units = record.awake if quantity is None else Decimal(quantity)
        return self.broker.check_fill(record, units, Decimal(price), rule)


def set_cash(portfolio: PortfolioState, cash: str) -> None:
    """Withdraw or deposit so that so much cash is left."""
    surplus = portfolio.get_cash_balance() - Decimal(cash)
    if surplus > 0:
        portfolio.withdraw(surplus, at(0))
    elif surplus:
        portfolio.deposit(-surplus, at(0))


def portfolio_of(
    *held: tuple[str, int, str], cash: str = "10000", marks: dict[str, str] | None = None
) -> PortfolioState:
    """Build a portfolio with some positions (symbol, quantity, cost of each), so much cash, and some marks."""
    portfolio = PortfolioState(10**9)
    for symbol, quantity, price in held:
        portfolio.update_position(symbol=symbol, quantity_delta=quantity, price=Decimal(price), timestamp=at(0))
    set_cash(portfolio, cash)
    for symbol, mark in (MARKS | (marks or {})).items():
        portfolio.mark(symbol, Decimal(mark), at(0))
    return portfolio


def desk(*held: tuple[str, int, str], cash: str = "10000", marks: dict[str, str] | None = None, **broker: Any) -> Desk:
    """Set up a portfolio with some positions (symbol, quantity, cost of each) and then so much cash."""
    portfolio = portfolio_of(*held, cash=cash, marks=marks)
    return Desk(portfolio, BacktestBroker(portfolio, **({"instruments": (ACME, OTHER)} | broker)))
