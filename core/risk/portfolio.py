"""PortfolioState: the one owner of positions and cash.

Every change is computed before anything is written, checked against the invariants, and announced. Nothing else in the
project keeps a quantity held or an amount of cash.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from attrs import define, field

from core.announcer import Announcer, Handler
from core.errors import NotExactError
from core.events import CashCause, CashChanged, Ledger, PositionChanged, PositionClosed, PositionEvent, PositionOpened
from core.money import ZERO, add, exact, minus, multiply, subtract
from core.position import Position
from core.protocols import Marks
from core.risk import exposure
from core.risk.booking import FLAT, book_fill
from core.risk.invariants import Totals, check_books, check_fill, check_totals
from core.risk.marks import GivenMarks

_FILL = CashCause.FILL


def _capital(value: object) -> Decimal:
    return _above_zero(value, "initial_capital")


class _Positions(dict[str, Position]):
    """Positions by symbol; each is made from its ledger when somebody looks, and dropped when that changes."""

    def __init__(self, ledgers: Mapping[str, Ledger]) -> None:
        super().__init__()
        self._ledgers = ledgers

    def __missing__(self, symbol: str) -> Position:
        position = self[symbol] = Position(symbol, *self._ledgers.get(symbol, FLAT))
        return position


@define(eq=False)
class PortfolioState:
    """Positions and cash, exact, and what derives from them.

    Attributes:
        initial_capital: Cash at the start, money above zero.

    Raises:
        NotExactError: A float, or any other number that is not exact; the message names the argument.

    >>> portfolio = PortfolioState(initial_capital=Decimal(1000))
    >>> from datetime import UTC
    >>> noon = datetime(2024, 1, 2, 12, tzinfo=UTC)
    >>> portfolio.update_position(symbol="ACME", quantity_delta=10, price=Decimal("9.50"), timestamp=noon).average_price
    Decimal('9.50')
    >>> portfolio.mark("ACME", 11, noon)
    >>> portfolio.get_cash_balance(), portfolio.unrealized_pnl, portfolio.equity
    (Decimal('905.00'), Decimal('15.00'), Decimal('1015.00'))
    """

    initial_capital: Decimal = field(converter=_capital)
    _marks: Marks = field(factory=GivenMarks, kw_only=True)
    _announcer: Announcer = field(factory=Announcer, kw_only=True)
    _totals: Totals = field(init=False)
    _ledgers: dict[str, Ledger] = field(factory=dict, init=False)
    _positions: "_Positions" = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Start with the initial capital as cash."""
        self._positions = _Positions(self._ledgers)
        self._totals = Totals(cash=self.initial_capital, capital=self.initial_capital)

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Call the handler with every change of a position or of cash from now on; returns how to stop."""
        return self._announcer.subscribe(handler)

    def update_position(
        self,
        *,
        symbol: str,
        quantity_delta: int | Decimal,
        price: int | Decimal,
        timestamp: datetime,
        commission: int | Decimal = 0,
        fill_id: int | None = None,
    ) -> Position:
        """Book a fill, and return the position after it.

        Args:
            symbol: What was traded.
            quantity_delta: Units, above zero for a purchase, below for a sale.
            price: Money for one unit, above zero.
            timestamp: When, aware of its zone.
            commission: Money; below zero is a rebate.
            fill_id: The fill that is booked, for the record.

        Raises:
            NotExactError: A number that is not exact, a quantity of zero, a price not above zero, a naive time.
        """
        delta = exact(quantity_delta, "quantity_delta")
        if not delta:
            raise NotExactError("quantity_delta", quantity_delta, "other than zero")
        cost = _above_zero(price, "price")
        charged = exact(commission, "commission")
        _check_aware(timestamp)
        before, old = self._ledgers.get(symbol, FLAT), self._totals
        passed, amount = book_fill(before, delta, cost, charged), multiply(delta, cost)
        after, totals = passed[-1], _after_fill(old, amount, charged)
        check_fill(symbol, before, after, amount, totals)
        self._ledgers[symbol], self._totals = after, totals
        self._positions.pop(symbol, None)
        with self._announcer.deliveries:
            for became in passed:
                self._announcer.announce(_kind(before, became), timestamp, symbol, before, became, fill_id)
                before = became
            self._announcer.announce(CashChanged, timestamp, old.cash, totals.cash, _FILL, fill_id)
        return self._positions[symbol]

    def deposit(self, amount: int | Decimal, timestamp: datetime) -> None:
        """Add money above zero to cash and to capital; it is no profit."""
        self._move_capital(_above_zero(amount, "amount"), CashCause.DEPOSIT, timestamp)

    def withdraw(self, amount: int | Decimal, timestamp: datetime) -> None:
        """Take money above zero from cash and from capital; it is no loss."""
        self._move_capital(minus(_above_zero(amount, "amount")), CashCause.WITHDRAWAL, timestamp)

    def receive_income(self, amount: int | Decimal, timestamp: datetime) -> None:
        """Book money that comes without a fill, such as a dividend; below zero is paid, as on a short."""
        received, old = exact(amount, "amount"), self._totals
        totals = old._replace(cash=add(old.cash, received), income=add(old.income, received))
        self._move_cash(totals, CashCause.INCOME, timestamp)

    def mark(self, symbol: str, price: int | Decimal, timestamp: datetime) -> None:
        """Value a symbol at a price above zero from now on; it changes the mark and what derives from it, nothing else.

        Raises:
            NotExactError: A price that is not exact or not above zero, or a naive time.
        """
        _check_aware(timestamp)
        self._marks.put(symbol, _above_zero(price, "price"), timestamp, self._profit)

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
        return add(self._totals.cash, self.net_exposure)

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

    def check(self) -> None:
        """Check every invariant of the books in full (`docs/invariants.md`).

        Raises:
            InvariantError: One does not hold.
        """
        positions = (self.get_position(symbol) for symbol in self._ledgers)
        unrealized = exposure.total(subtract(self._market_value(held), held.cost_basis) for held in positions)
        check_books(self._totals, self._ledgers.items(), self._profit(), unrealized)

    @property
    def _peak_equity(self) -> Decimal:
        return add(self._marks.get_peak_profit(self._profit()), self.capital)

    def _profit(self) -> Decimal:
        return subtract(self.equity, self.capital)

    def _market_values(self) -> Iterator[Decimal]:
        return (self._market_value(self.get_position(symbol)) for symbol, held in self._ledgers.items() if held[0])

    def _market_value(self, position: Position) -> Decimal:
        mark = self._marks.get_mark(position.symbol)
        return position.cost_basis if mark is None else position.market_value(mark)

    def _move_capital(self, amount: Decimal, cause: CashCause, timestamp: datetime) -> None:
        old = self._totals
        totals = old._replace(cash=add(old.cash, amount), capital=add(old.capital, amount))
        self._move_cash(totals, cause, timestamp)

    def _move_cash(self, totals: Totals, cause: CashCause, timestamp: datetime) -> None:
        _check_aware(timestamp)
        check_totals(totals)
        before, self._totals = self._totals.cash, totals
        self._announcer.announce(CashChanged, timestamp, before, totals.cash, cause, None)


def _after_fill(old: Totals, amount: Decimal, commission: Decimal) -> Totals:
    cash, capital, paid, commissions, income = old
    cash = subtract(subtract(cash, amount), commission)
    return Totals(cash, capital, add(paid, amount), add(commissions, commission), income)


def _kind(before: Ledger, after: Ledger) -> type[PositionEvent]:
    if not before[0]:
        return PositionOpened
    return PositionChanged if after[0] else PositionClosed


def _above_zero(value: object, name: str) -> Decimal:
    number = exact(value, name)
    if number <= ZERO:
        raise NotExactError(name, value, "above zero")
    return number


def _check_aware(timestamp: datetime) -> None:
    if timestamp.tzinfo is None:
        raise NotExactError("timestamp", timestamp, "aware of its zone")
