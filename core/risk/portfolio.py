"""PortfolioState: the one owner of positions and cash.

Every change is computed before anything is written, checked against the invariants, and announced. Nothing else in the
project keeps a quantity held or an amount of cash.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from attrs import define, field

from core.announcer import Announcer, Handler
from core.corporate_action import Dividend, Split, price_after
from core.errors import NotExactError
from core.events import (
    CashCause,
    CashChanged,
    DividendEarned,
    DividendPaid,
    Ledger,
    PositionChanged,
    PositionClosed,
    PositionEvent,
    PositionOpened,
    PositionSplit,
    SplitApplied,
)
from core.money import COST_QUANTUM, ZERO, add, exact, minus, multiply, round_half_up, subtract
from core.position import Position
from core.protocols import Marks
from core.risk import exposure
from core.risk.booking import FLAT, book_fill, book_split
from core.risk.invariants import Totals, check_books, check_fill, check_split, check_totals
from core.risk.marks import GivenMarks
from core.risk.values import PortfolioValues, Positions

_FILL = CashCause.FILL


def _capital(value: object) -> Decimal:
    return _above_zero(value, "initial_capital")


@define(eq=False)
class PortfolioState(PortfolioValues):
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
    _positions: "Positions" = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Start with the initial capital as cash."""
        self._positions = Positions(self._ledgers)
        self._totals = Totals(cash=self.initial_capital, capital=self.initial_capital)

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Call the handler with every change of a position or of cash from now on; returns how to stop."""
        return self._announcer.subscribe(handler)

    def fork(self) -> "PortfolioState":
        """Return a copy that goes its own way and announces to nobody: what would be if."""
        other = PortfolioState(self.initial_capital, marks=self._marks)
        other._ledgers.update(self._ledgers)
        other._totals = self._totals
        return other

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

    def pay_dividend(self, symbol: str, amount: Decimal, timestamp: datetime) -> None:
        """Book a dividend that was earned, money; below zero it is paid."""
        with self._announcer.deliveries:
            self._announcer.announce(DividendPaid, timestamp, symbol, amount)
            self.receive_income(amount, timestamp)

    def earn_dividend(self, dividend: Dividend, timestamp: datetime, *, currency_digits: int = 2) -> Decimal:
        """Return what a dividend brings for what is held now, money, below zero for a short; it is not booked yet.

        Args:
            dividend: Which.
            timestamp: When, aware of its zone.
            currency_digits: Digits after the point to which money is rounded.
        """
        _check_aware(timestamp)
        held, symbol = self._ledgers.get(dividend.symbol, FLAT)[0], dividend.symbol
        amount = round_half_up(multiply(held, dividend.amount), currency_digits)
        if held:
            owed = (dividend.amount, held, amount, dividend.pay_time)
            self._announcer.announce(DividendEarned, timestamp, symbol, *owed)
        return amount

    def split(
        self, split: Split, timestamp: datetime, *, quantity_step: Decimal = COST_QUANTUM, currency_digits: int = 2
    ) -> Position:
        """Book a split, and return the position after it; what is below the quantity step is sold at the mark.

        Args:
            split: Which.
            timestamp: When, aware of its zone.
            quantity_step: The smallest move of a quantity.
            currency_digits: Digits after the point to which cash is rounded.
        """
        _check_aware(timestamp)
        symbol, new, old, mark = split.symbol, split.new, split.old, self._marks.get_mark(split.symbol)
        before, totals = self._ledgers.get(symbol, FLAT), self._totals
        held, cost = before[:2]
        value = cost if mark is None else multiply(held, mark)
        after, cash = book_split(
            before, new, old, quantity_step=quantity_step, value=value, currency_digits=currency_digits
        )
        booked, priced = _after_fill(totals, minus(cash), ZERO), None if mark is None else price_after(mark, new, old)
        worth = add(cash, after[1] if priced is None else multiply(after[0], priced))
        gained = ZERO if priced is None else subtract(worth, value)
        check_split(symbol, after, booked, quantity=held, ratio=(new, old), digits=currency_digits, gained=gained)
        self._marks.note_split(symbol, new, old)
        if held:
            self._ledgers[symbol], self._totals = after, booked
            self._positions.pop(symbol, None)
        with self._announcer.deliveries:
            self._announcer.announce(SplitApplied, timestamp, symbol, new, old, held, priced)
            if held:
                self._announcer.announce(PositionSplit, timestamp, symbol, before, after, None, cash)
            if cash:
                cause = CashCause.CASH_IN_LIEU
                self._announcer.announce(CashChanged, timestamp, totals.cash, booked.cash, cause, None)
        return self._positions[symbol]

    def mark(self, symbol: str, price: int | Decimal, timestamp: datetime) -> None:
        """Value a symbol at a price above zero from now on; it changes the mark and what derives from it, nothing else.

        Raises:
            NotExactError: A price that is not exact or not above zero, or a naive time.
        """
        _check_aware(timestamp)
        self._marks.put(symbol, _above_zero(price, "price"), timestamp, self._profit)

    def check(self) -> None:
        """Check every invariant of the books in full (`docs/invariants.md`).

        Raises:
            InvariantError: One does not hold.
        """
        positions = (self.get_position(symbol) for symbol in self._ledgers)
        unrealized = exposure.total(subtract(self._market_value(held), held.cost_basis) for held in positions)
        check_books(self._totals, self._ledgers.items(), self._profit(), unrealized)

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
