"""What positions and cash are worth: everything that can be read of a portfolio, now or at a moment of the past."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from core.events import Ledger
from core.money import add, multiply, subtract
from core.position import Position
from core.protocols import Marks
from core.risk import exposure
from core.risk.booking import FLAT
from core.risk.invariants import Totals


class Positions(dict[str, Position]):
    """Positions by symbol; each is made from its ledger when somebody looks, and dropped when that changes."""

    def __init__(self, ledgers: Mapping[str, Ledger]) -> None:
        super().__init__()
        self._ledgers = ledgers

    def __missing__(self, symbol: str) -> Position:
        position = self[symbol] = Position(symbol, *self._ledgers.get(symbol, FLAT))
        return position


class PortfolioValues:
    """Reads positions and cash, and derives the rest; who inherits from it keeps them. It is a `PortfolioView`."""

    __slots__ = ()
    _ledgers: dict[str, Ledger]
    _marks: Marks
    _positions: Positions

    @property
    def _totals(self) -> Totals:
        raise NotImplementedError

    def get_position(self, symbol: str) -> Position:
        """Return the position in a symbol; a flat one if it never traded."""
        return self._positions[symbol]

    @property
    def position_getter(self) -> Callable[[str], Position]:
        """`get_position` without the cost of a call in Python, for whoever asks on every bar."""
        return self._positions.__getitem__

    def get_all_positions(self) -> Mapping[str, Position]:
        """Return every position that is not flat, by symbol, in the order in which they first traded."""
        return {symbol: self.get_position(symbol) for symbol, ledger in self._ledgers.items() if ledger[0]}

    def get_cash_balance(self) -> Decimal:
        """Return the cash, money."""
        return self._totals.cash

    def get_mark(self, symbol: str) -> Decimal | None:
        """Return the price that values a symbol; None while there is none."""
        return self._marks.get_mark(symbol)

    @property
    def timestamp(self) -> datetime | None:
        """The time of the newest mark, aware of its zone; None while there is none."""
        return self._marks.timestamp

    @property
    def capital(self) -> Decimal:
        """The initial capital, and deposits less withdrawals, money."""
        return self._totals.capital

    @property
    def equity(self) -> Decimal:
        """Cash and all market values, money. A position without a mark is valued at its cost."""
        return exposure.total(self._market_values(), self.get_cash_balance())

    @property
    def realized_pnl(self) -> Decimal:
        """What closing has booked, money, before commission."""
        return exposure.total(ledger[2] for ledger in self._ledgers.values())

    @property
    def unrealized_pnl(self) -> Decimal:
        """Market values less costs, money, before commission."""
        return subtract(self.net_exposure, exposure.total(ledger[1] for ledger in self._ledgers.values()))

    @property
    def commissions(self) -> Decimal:
        """What was paid in commissions, money."""
        return self._totals.commissions

    @property
    def income(self) -> Decimal:
        """What was received without a fill, money."""
        return self._totals.income

    @property
    def gross_exposure(self) -> Decimal:
        """Sum of absolute market values, money."""
        return exposure.gross_exposure(self._market_values())

    @property
    def net_exposure(self) -> Decimal:
        """Sum of signed market values, money."""
        return exposure.total(self._market_values())

    @property
    def leverage(self) -> Decimal | None:
        """Gross exposure over equity, a ratio; None where equity is not above zero."""
        return exposure.leverage(self.gross_exposure, self.equity)

    @property
    def drawdown(self) -> Decimal:
        """Peak equity less equity, money; the peak is over all marks, and moves with deposits and withdrawals."""
        return exposure.drawdown(self._peak_equity, self.equity)

    @property
    def drawdown_ratio(self) -> Decimal:
        """Drawdown over peak equity, a fraction."""
        return exposure.drawdown_ratio(self._peak_equity, self.equity)

    @property
    def _peak_equity(self) -> Decimal:
        return add(self._marks.get_peak_profit(self._profit()), self.capital)

    def _profit(self) -> Decimal:
        return subtract(self.equity, self.capital)

    def _market_values(self) -> list[Decimal]:
        get_mark, values = self._marks.get_mark, []
        for symbol, (quantity, cost, _, _) in self._ledgers.items():
            if quantity:
                mark = get_mark(symbol)
                values.append(cost if mark is None else multiply(quantity, mark))
        return values

    def _market_value(self, position: Position) -> Decimal:
        mark = self._marks.get_mark(position.symbol)
        return position.cost_basis if mark is None else position.market_value(mark)


def residuals(values: PortfolioValues) -> tuple[Decimal, Decimal]:
    """Return what is left of the two identities of rule R18, money: of cash and costs, and of equity; each is zero.

    Cash + costs = capital + realized - commissions + income, and equity = that + unrealized, where unrealized is summed
    position by position.
    """
    held = list(values.get_all_positions().values())
    cost = exposure.total(position.cost_basis for position in held)
    marks = ((position, values.get_mark(position.symbol)) for position in held)
    unrealized = exposure.total(position.unrealized_pnl(mark) for position, mark in marks if mark is not None)
    booked = add(subtract(add(values.capital, values.realized_pnl), values.commissions), values.income)
    of_cash = subtract(add(values.get_cash_balance(), cost), booked)
    return of_cash, subtract(values.equity, add(booked, unrealized))
