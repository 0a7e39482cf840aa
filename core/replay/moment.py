"""Moment: a run as it was at a place, by folding the facts before it. It is a `PortfolioView`.

The fold sets positions, cash and orders to what the facts say they became; no rule is applied again.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

from attrs import define, field

from core.backtest.equity import EquityCurve
from core.backtest.feed import Feed
from core.backtest.journal import Row
from core.backtest.split_prices import SplitPrices
from core.clock import Phase
from core.errors import FillstepError
from core.events import (
    CashCause,
    CashChanged,
    Ledger,
    PositionChanged,
    PositionClosed,
    PositionEvent,
    PositionOpened,
    PositionSplit,
    SplitApplied,
)
from core.money import ZERO, add, multiply, subtract
from core.order import TrackedOrder
from core.replay.cursor import START, Cursor
from core.replay.orders import fold_order
from core.replay.past_orders import PastOrders
from core.risk.exposure import total
from core.risk.invariants import Totals
from core.risk.values import PortfolioValues, Positions
from core.text import clean

OF_BOOKS: Final = frozenset({CashChanged, PositionOpened, PositionChanged, PositionClosed, PositionSplit, SplitApplied})
"""The facts about cash, positions and the units that they count in."""
_MARK = Phase.MARK
_OF_CAPITAL = frozenset({CashCause.DEPOSIT, CashCause.WITHDRAWAL})


@define(eq=False)
class PastMarks:
    """The marks of a moment: the newest closes that were marked then."""

    _feed: Feed
    _curve: EquityCurve
    cursor: Cursor = START
    _splits: SplitPrices = field(factory=SplitPrices)

    @property
    def timestamp(self) -> datetime | None:
        """The stamp of the step; None before the first."""
        return None if self.cursor.step < 0 else self._feed.time(self.cursor.step)

    def get_mark(self, symbol: str) -> Decimal | None:
        """Return the newest close that was marked; None before a symbol's first, and for one that is unknown."""
        place, (step, phase, _) = self._feed.places.get(symbol), self.cursor
        marked = step if phase >= _MARK else step - 1
        row = -1 if place is None or marked < 0 else self._feed.row_at(place, marked)
        if place is None or row < 0:
            return None
        bars = self._feed.bars[place]
        close = multiply(bars.unit, bars.closes[row])
        return self._splits.price(symbol, row, close, step) if self._splits else close

    def note_split_at(self, step: int, symbol: str, new: int, old: int) -> None:
        """Value a symbol in the units after a split of a step, until its next bar is marked."""
        self._splits.note(symbol, self._feed.row_at(self._feed.places[symbol], step - 1), step, new, old)

    def get_price(self, symbol: str, which: int) -> Decimal | None:
        """Return a price of the newest bar that was marked: 0 to 3 for its open, high, low and close."""
        place, step = self._feed.places.get(symbol), self._marked_step
        row = -1 if place is None or step < 0 else self._feed.row_at(place, step)
        if place is None or row < 0:
            return None
        bars = self._feed.bars[place]
        return bars.price(bars.ticks[which][row])

    def get_lowest_profit(self, now: Decimal) -> Decimal:
        """Return the lowest profit at the end of any step that was marked, zero at the start."""
        lowest = self._curve.extremes(self.cursor.step - 1).lowest
        return min(lowest, now) if self.cursor.phase >= _MARK else lowest

    def get_peak_profit(self, now: Decimal) -> Decimal:
        """Return the highest profit at the end of any step that was over, or the one now."""
        return max(self._curve.peak_profit(self.cursor.step - 1), now)

    def share(self) -> "PastMarks":
        """Return the same a second time."""
        return PastMarks(self._feed, self._curve, self.cursor, self._splits.share())

    def put(self, symbol: str, _price: Decimal, _timestamp: datetime, _profit: Callable[[], Decimal]) -> None:
        """Refuse: what was cannot be changed."""
        raise FillstepError(f"{clean(symbol)} cannot be marked in the past")

    def note_split(self, symbol: str, _new: int, _old: int) -> None:
        """Refuse: what was cannot be changed."""
        raise FillstepError(f"{clean(symbol)} cannot be split in the past")

    @property
    def _marked_step(self) -> int:
        step, phase, _ = self.cursor
        return step if phase >= _MARK else step - 1


@define(eq=False)
class Moment(PortfolioValues):
    """Positions, cash and orders as they were at a place of a run, and what derives from them.

    Attributes:
        orders: The orders, as the broker kept them.
    """

    _marks: PastMarks
    _cash: Decimal
    _capital: Decimal
    _income: Decimal = ZERO
    orders: PastOrders = field(factory=PastOrders, init=False)
    _ledgers: dict[str, Ledger] = field(factory=dict, init=False)
    _positions: Positions = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Begin with no position."""
        self._positions = Positions(self._ledgers)

    @classmethod
    def start(cls, feed: Feed, curve: EquityCurve, initial_capital: Decimal) -> "Moment":
        """Return the moment before the first step."""
        return cls(PastMarks(feed, curve), initial_capital, initial_capital)

    @property
    def cursor(self) -> Cursor:
        """Where it stands."""
        return self._marks.cursor

    @property
    def size(self) -> int:
        """How many positions and open orders there were, about."""
        return len(self._ledgers) + len(self.orders.symbols)

    def get_order(self, order_id: int) -> TrackedOrder:
        """Return an order as it was.

        Raises:
            UnknownOrderError: None of this id had been submitted.
        """
        return self.orders.find(order_id).seen()

    def open_orders(self) -> list[TrackedOrder]:
        """Return the orders that were open, by id."""
        return [record.seen() for record in self.orders.open_records()]

    def get_price(self, symbol: str, which: int) -> Decimal | None:
        """Return a price of a symbol's newest bar that was over: 0 to 3 for its open, high, low and close."""
        return self._marks.get_price(symbol, which)

    @property
    def lowest_equity(self) -> Decimal:
        """The lowest equity at the end of any step that was over, money; it moves with deposits and withdrawals."""
        return add(self._marks.get_lowest_profit(self._profit()), self.capital)

    def stand_at(self, cursor: Cursor) -> None:
        """Move the clock and the marks."""
        self._marks.cursor = cursor

    def share(self) -> "Moment":
        """Return the same moment a second time: one may move on, and the other stays."""
        other = Moment(self._marks.share(), self._cash, self._capital, self._income)
        other.orders = self.orders.share()
        other._ledgers.update(self._ledgers)
        return other

    def apply(self, row: Row) -> None:
        """Take in the next fact of the journal."""
        self.apply_all((row,))
        step, phase, _, _ = row
        self.stand_at(Cursor(step, phase, self.cursor.sequence + 1))

    def apply_all(self, rows: Iterable[Row]) -> None:
        """Take in the next facts of the journal; who calls says then where that is."""
        orders = self.orders
        for row in rows:
            if row[2] in OF_BOOKS:
                self.apply_to_books(row)
            else:
                fold_order(orders, row)

    def apply_to_books(self, row: Row) -> bool:
        """Take in a fact about cash or a position; say whether it was one."""
        kind = row[2]
        if kind is CashChanged:
            self._pay(*row[3])
        elif issubclass(kind, PositionEvent):
            self._move(*row[3])
        elif kind is SplitApplied:
            self._marks.note_split_at(row[0], *row[3][1:4])
        else:
            return False
        return True

    def _move(self, _now: datetime, symbol: str, _before: Ledger, after: Ledger, *_: object) -> None:
        self._ledgers[symbol] = after
        self._positions.pop(symbol, None)

    def _pay(self, _now: datetime, before: Decimal, after: Decimal, cause: CashCause, _fill_id: int | None) -> None:
        self._cash = after
        if cause is CashCause.INCOME:
            self._income = add(self._income, subtract(after, before))
        elif cause in _OF_CAPITAL:
            self._capital = add(self._capital, subtract(after, before))

    @property
    def _totals(self) -> Totals:
        """The totals that a portfolio keeps; what was paid follows from invariant I1."""
        commissions = total(ledger[-1] for ledger in self._ledgers.values())
        paid = subtract(add(self._capital, self._income), add(self._cash, commissions))
        return Totals(self._cash, self._capital, paid, commissions, self._income)

    def get_cash_balance(self) -> Decimal:
        """Return the cash, money."""
        return self._cash
