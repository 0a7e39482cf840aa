"""Moment: a run as it was at a place, by folding the facts before it. It is a `PortfolioView`.

The fold sets positions, cash and orders to what the facts say they became; no rule is applied again.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final

from attrs import define, field

from core.backtest.equity import EquityCurve
from core.backtest.feed import Feed
from core.backtest.journal import Row
from core.clock import Phase
from core.errors import FillstepError
from core.events import CashCause, CashChanged, Ledger, OrderEvent, PositionEvent
from core.execution.order_tracker import OrderTracker
from core.money import add, subtract
from core.order import TrackedOrder
from core.replay.cursor import Cursor
from core.replay.orders import fold_order
from core.risk.invariants import Totals
from core.risk.values import PortfolioValues, Positions
from core.text import clean

_MARK = Phase.MARK
_START: Final = Cursor(-1, Phase.STRATEGY, 0)


@define(eq=False)
class PastMarks:
    """The marks of a moment: the newest closes that were marked then."""

    _feed: Feed
    _curve: EquityCurve
    cursor: Cursor = _START

    @property
    def timestamp(self) -> datetime | None:
        """The stamp of the step; None before the first."""
        return None if self.cursor.step < 0 else self._feed.time(self.cursor.step)

    def get_mark(self, symbol: str) -> Decimal | None:
        """Return the newest close that was marked; None before a symbol's first, and for one that is unknown."""
        place, step = self._feed.places.get(symbol), self._marked_step
        row = -1 if place is None or step < 0 else self._feed.row_at(place, step)
        if place is None or row < 0:
            return None
        bars = self._feed.bars[place]
        return bars.price(bars.closes[row])

    def get_peak_profit(self, now: Decimal) -> Decimal:
        """Return the highest profit at the end of any step that was over, or the one now."""
        return max(self._curve.peak_profit(self.cursor.step - 1), now)

    def put(self, symbol: str, _price: Decimal, _timestamp: datetime, _profit: Callable[[], Decimal]) -> None:
        """Refuse: what was cannot be changed."""
        raise FillstepError(f"{clean(symbol)} cannot be marked in the past")

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
    _totals: Totals
    orders: OrderTracker = field(factory=OrderTracker, init=False)
    _ledgers: dict[str, Ledger] = field(factory=dict, init=False)
    _positions: Positions = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Begin with no position."""
        self._positions = Positions(self._ledgers)

    @classmethod
    def start(cls, feed: Feed, curve: EquityCurve, initial_capital: Decimal) -> "Moment":
        """Return the moment before the first step."""
        return cls(PastMarks(feed, curve), Totals(cash=initial_capital, capital=initial_capital))

    @property
    def cursor(self) -> Cursor:
        """Where it stands."""
        return self._marks.cursor

    def get_order(self, order_id: int) -> TrackedOrder:
        """Return an order as it was.

        Raises:
            UnknownOrderError: None of this id had been submitted.
        """
        return self.orders.find(order_id).seen()

    def open_orders(self) -> list[TrackedOrder]:
        """Return the orders that were open, by id."""
        return [record.seen() for record in self.orders.open_records()]

    def stand_at(self, cursor: Cursor) -> None:
        """Move the clock and the marks."""
        self._marks.cursor = cursor

    def apply(self, row: Row) -> None:
        """Take in the next fact of the journal."""
        step, phase, kind, fields = row
        self.stand_at(Cursor(step, phase, self.cursor.sequence + 1))
        if issubclass(kind, OrderEvent):
            fold_order(self.orders, row)
        elif issubclass(kind, PositionEvent):
            self._move(*fields)
        elif kind is CashChanged:
            self._pay(*fields)

    def _move(self, _now: datetime, symbol: str, before: Ledger, after: Ledger, _fill_id: int | None) -> None:
        charged = subtract(after[-1], before[-1])
        self._totals = self._totals._replace(commissions=add(self._totals.commissions, charged))
        self._ledgers[symbol] = after
        self._positions.pop(symbol, None)

    def _pay(self, _now: datetime, before: Decimal, after: Decimal, cause: CashCause, _fill_id: int | None) -> None:
        _, capital, _, commissions, income = self._totals
        change = subtract(after, before)
        if cause is CashCause.INCOME:
            income = add(income, change)
        elif cause is not CashCause.FILL:
            capital = add(capital, change)
        paid = subtract(add(capital, income), add(after, commissions))  # invariant I1
        self._totals = Totals(after, capital, paid, commissions, income)
