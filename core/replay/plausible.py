"""Whether facts can have happened: they are folded through the checks of the orders and of the books.

Each fill is booked once more, by the portfolio's own code, which must come to the facts that follow in the record.
"""

from collections import Counter, deque
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NoReturn

from core.announcer import Announcer
from core.backtest.equity import EquityCurve
from core.backtest.feed import Feed
from core.backtest.journal import Journal, Row
from core.clock import Clock
from core.corporate_action import Dividend, Split
from core.errors import FillstepError, ImpossibleRecordError, InvariantError, OrderTransitionError
from core.events import (
    ActionEvent,
    CashCause,
    CashChanged,
    DividendEarned,
    Event,
    OrderActivated,
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderReduced,
    OrderSplit,
    OrderSubmitted,
    PositionEvent,
    SplitApplied,
)
from core.execution.order_record import OrderRecord
from core.execution.order_tracker import OrderTracker
from core.fill import Fill, FillRule
from core.money import COST_QUANTUM, ZERO, add, multiply, subtract
from core.order import Order
from core.protocols import book
from core.replay.cursor import Cursor
from core.replay.moment import PastMarks
from core.replay.orders import fold_order
from core.risk.portfolio import PortfolioState

MOST_RELATED: Final = 256
"""Siblings of an order, or exits of an entry."""
_GIVING_UP: Final = frozenset({OrderReduced, OrderCanceled, OrderExpired})
_REMAINING: Final = 3  # where it stands in the fields of a fill and of a reduction
_PARENT, _GROUP = 5, 6  # where they stand in the fields of a submission


_FOLLOWING: Final = frozenset({CashCause.FILL, CashCause.CASH_IN_LIEU})
"""What moves cash only after a fact that says why."""


class _Impossible(Exception):  # noqa: N818 - it is told by another error
    """An invariant that a fact breaks, and how."""


def check_facts(
    name: str, feed: Feed, initial_capital: Decimal, rows: Sequence[Row], *, quantity_step: Decimal = COST_QUANTUM
) -> None:
    """Check that facts can have happened in a run.

    Args:
        name: The recording, for errors.
        feed: The steps of the run.
        initial_capital: Cash before the first fact, money.
        rows: The facts, each of the form that a journal keeps.
        quantity_step: The smallest move of a quantity; a split pays in cash what is below it.

    Raises:
        ImpossibleRecordError: One cannot have: its number, and the invariant that it breaks.
    """
    check = _Check(feed, initial_capital, quantity_step)
    for number, row in enumerate(rows):
        try:
            check.take(row)
        except _Impossible as error:
            raise ImpossibleRecordError(name, number, *error.args) from None
        except InvariantError as error:
            raise ImpossibleRecordError(name, number, error.name, str(error)) from error
        except OrderTransitionError as error:
            raise ImpossibleRecordError(name, number, "O1", str(error)) from error
        except (FillstepError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
            raise ImpossibleRecordError(name, number, "T1", f"it cannot be folded: {error}") from error
    if check.is_within_fill:
        raise ImpossibleRecordError(name, len(rows), "I5", "a fill is not booked to its end")


class _Marks(PastMarks):
    """The marks of a record, so far."""

    def note_split(self, symbol: str, new: int, old: int) -> None:
        """Value a symbol in the units after a split, until its next bar."""
        self.note_split_at(self.cursor.step, symbol, new, old)


class _Check:
    """The books and the orders of a record, so far."""

    def __init__(self, feed: Feed, initial_capital: Decimal, quantity_step: Decimal) -> None:
        self._feed = feed
        self._quantity_step = quantity_step
        self._marks = _Marks(feed, EquityCurve(feed, Journal(Clock()), initial_capital))
        self._owed: Counter[tuple[str, Decimal]] = Counter()  # dividends that were earned and not paid yet
        self._split: tuple[int, str, int, int] | None = None  # the last one: step, symbol, new and old units
        self._orders = OrderTracker()
        self._following: deque[tuple[type[Event], tuple[Any, ...]]] = deque()  # what must come next
        announcer = Announcer(lambda kind, fields: self._following.append((kind, fields)))
        self._portfolio = PortfolioState(initial_capital, marks=self._marks, announcer=announcer)
        self._step = -1

    @property
    def is_within_fill(self) -> bool:
        """Whether facts of a fill are yet to come."""
        return bool(self._following)

    def take(self, row: Row) -> None:
        """Take in the next fact."""
        step, phase, kind, fields = row
        self._check_time(step, fields[0])
        self._marks.cursor = Cursor(step, phase, 0)
        if not self._following and issubclass(kind, ActionEvent):
            self._act(kind, *fields)
        if self._following:
            self._check_booked(kind, fields)
        elif kind is CashChanged:
            self._move_cash(*fields)
        elif issubclass(kind, (PositionEvent, ActionEvent)):
            _refuse("I5", f"{fields[1]} moves by no fill, split or dividend")
        elif issubclass(kind, OrderEvent):
            self._fold(row)

    def _check_time(self, step: int, time: datetime | None) -> None:
        if not self._step <= step < len(self._feed):
            _refuse("T8", f"step {step} comes after step {self._step}, of {len(self._feed)} steps")
        self._step = step
        if time != (None if step < 0 else self._feed.time(step)):
            _refuse("T8", f"its time is {time}, not that of step {step}")

    def _check_booked(self, kind: type[Event], fields: tuple[Any, ...]) -> None:
        expected = self._following.popleft()
        if expected != (kind, fields):
            name = "I1" if expected[0] is CashChanged else "I5"
            _refuse(name, f"what was before makes {_told(*expected)}, recorded is {_told(kind, fields)}")

    def _act(self, kind: type[Event], now: datetime, symbol: str, *fields: Any) -> None:
        """Book a split or a dividend, which must come to the fact that says so, and to those that follow."""
        if kind is SplitApplied:
            self._portfolio.split(Split(symbol, now, *fields[:2]), now, quantity_step=self._quantity_step)
            self._split = (self._step, symbol, *fields[:2])
        elif kind is DividendEarned:
            per_unit, _, amount, pay_time = fields
            self._portfolio.earn_dividend(Dividend(symbol, now, per_unit, pay_time), now)
            self._owed[symbol, amount] += 1
        else:
            owed = (symbol, fields[0])
            if not self._owed[owed]:
                _refuse("I1", f"a dividend of {fields[0]} is paid on {symbol} that was not earned")
            self._owed[owed] -= 1
            self._portfolio.pay_dividend(*owed, now)

    def _check_split(self, step: int, record: OrderRecord, order: Order, new: int, old: int) -> None:
        """Check that an order is put into the units of a split of its step."""
        if self._split != (step, record.order.symbol, new, old):
            _refuse("I9", f"order {record.id} is split {new}:{old}, and its symbol is not")
        settled = add(record.filled, record.given_up)
        if multiply(subtract(order.quantity, settled), old) != multiply(record.remaining, new):
            what = f"asks for {order.quantity} after a split {new}:{old} of {record.remaining}"
            _refuse("O2", f"order {record.id} {what}")

    def _move_cash(
        self, now: datetime, before: Decimal, after: Decimal, cause: CashCause, _fill_id: int | None
    ) -> None:
        """Book cash that no fill moves."""
        kept = self._portfolio.get_cash_balance()
        if before != kept or cause in _FOLLOWING:
            _refuse("I1", f"cash goes by {cause.value} from {before}, it was {kept}")
        amount = subtract(after, before)
        if cause is CashCause.INCOME:
            self._portfolio.receive_income(amount, now)
        elif cause is CashCause.DEPOSIT:
            self._portfolio.deposit(amount, now)
        else:
            self._portfolio.withdraw(subtract(before, after), now)
        self._following.clear()

    def _fold(self, row: Row) -> None:
        step, _, kind, fields = row
        if kind is OrderSubmitted:
            self._check_related(*fields[_PARENT : _GROUP + 1])
            if fields[1] != len(self._orders) + 1:
                _refuse("T8", f"order {fields[1]} comes after order {len(self._orders)}")
            fold_order(self._orders, row)
            return
        record = self._orders.find(fields[1])
        before = record.remaining
        if kind is OrderFilled:
            self._check_fill(step, record, fields[2])
        if kind is OrderSplit:
            self._check_split(step, record, fields[2], *fields[4:])
        fold_order(self._orders, row)
        if (kind is OrderActivated and not ZERO < fields[2] <= record.awake) or record.asleep < ZERO:
            _refuse("O2", f"{fields[2]} units of order {record.id} wake that do not sleep")
        if kind in _GIVING_UP and fields[2] != subtract(before, record.remaining):
            _refuse("O2", f"order {record.id} gives up {fields[2]}, {before} remained")
        if kind in (OrderFilled, OrderReduced) and fields[_REMAINING] != record.remaining:
            _refuse("O2", f"{fields[_REMAINING]} of order {record.id} remain, {record.remaining} do")
        if kind is OrderFilled:
            book(self._portfolio, fields[2])

    def _check_related(self, parent_id: int | None, group_id: int | None) -> None:
        children = 0 if parent_id is None else len(self._orders.find(parent_id).child_ids)
        is_first = group_id is None or group_id > len(self._orders)
        siblings = 0 if is_first or group_id is None else len(self._orders.find(group_id).sibling_ids)
        if max(children, siblings) >= MOST_RELATED:
            _refuse("O1", f"it is one of more than {MOST_RELATED} orders that belong together")

    def _check_fill(self, step: int, record: OrderRecord, fill: Fill) -> None:
        if fill.id != self._orders.next_fill_id():
            _refuse("O6", f"fill {fill.id} is applied, the next is {self._orders.next_fill_id()}")
        if fill.quantity > record.remaining:
            _refuse(
                "O2",
                f"fill {fill.id} of {fill.quantity} is above the {record.remaining} that order {record.id} had left",
            )
        order = record.order
        if (fill.order_id, fill.symbol, fill.side) != (record.id, order.symbol, order.side):
            _refuse("O3", f"fill {fill.id} does not belong to order {record.id}, which is to {order}")
        if step + (fill.rule is FillRule.SAME_CLOSE) < record.eligible_step:
            _refuse("O3", f"fill {fill.id} is in step {step}, its order may fill from step {record.eligible_step} on")
        limit = order.limit_price
        if limit is not None and subtract(fill.price, limit) * fill.side.sign > ZERO:
            _refuse("O4", f"fill {fill.id} at {fill.price} is worse than its limit {limit}")
        self._check_in_bar(step, fill)

    def _check_in_bar(self, step: int, fill: Fill) -> None:
        place = self._feed.places[fill.symbol]
        row = self._feed.row_at(place, step)
        if row < 0 or self._feed.step_at(place, row) != step:
            _refuse("O4", f"fill {fill.id} is in step {step}, in which {fill.symbol} has no bar")
        bars = self._feed.bars[place]
        _, high, low, _, _ = bars.row_units(row)
        if not bars.price(low) <= fill.price <= bars.price(high):
            _refuse(
                "O4", f"fill {fill.id} at {fill.price} is outside of its bar, {bars.price(low)} to {bars.price(high)}"
            )


def _refuse(invariant: str, what: str) -> NoReturn:
    raise _Impossible(invariant, what)


def _told(kind: type[Event], fields: tuple[Any, ...]) -> str:
    return str(kind.make(*fields))
