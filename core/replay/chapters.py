"""The chapters of an order's life: what was asked for, what happened, each step that it waited, and each fill."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from attrs import frozen

from core.bars import Bar
from core.events import Event, OrderSubmitted, SplitApplied
from core.fill import Fill
from core.money import ZERO, subtract
from core.order import TrackedOrder
from core.position import Position
from core.reason import Reason
from core.replay.moment import Moment


@frozen
class Books:
    """Cash, and one symbol's position, at one moment.

    Attributes:
        cash: The balance, money.
        position: What is held of the symbol, and what was booked on it so far.
        mark: The price that values it, the close of its newest bar; None before its first.
        equity: Cash and all market values, money.
    """

    cash: Decimal
    position: Position
    mark: Decimal | None
    equity: Decimal

    @classmethod
    def of(cls, moment: Moment, symbol: str) -> "Books":
        """Read them."""
        return cls(moment.get_cash_balance(), moment.get_position(symbol), moment.get_mark(symbol), moment.equity)

    @property
    def unrealized_pnl(self) -> Decimal:
        """Market value less cost of the position, money, before commission; zero without a mark."""
        return ZERO if self.mark is None else self.position.unrealized_pnl(self.mark)


@frozen
class Submission:
    """What led to an order.

    Attributes:
        order_id: Its number.
        event: What was asked for, where, and by which line.
        step: In which step.
        bar: The newest bar of its symbol then; None before the first.
        indicators: The strategy's own indicators at that bar, by name.
        books: Cash and position then.
        sibling_ids: The orders of which it cancels as much as it fills.
        exit_ids: The orders that come to life as it fills.
    """

    order_id: int
    event: OrderSubmitted
    step: int
    bar: Bar | None
    indicators: Mapping[str, Any]
    books: Books
    sibling_ids: tuple[int, ...] = ()
    exit_ids: tuple[int, ...] = ()


@frozen
class Happening:
    """A fact about the order, other than a fill.

    Attributes:
        step: In which step.
        event: What happened.
        books: Cash and position then.
    """

    step: int
    event: Event
    books: Books


@frozen
class Ambiguity:
    """The other path through a bar would have made something else of the order (rule R3).

    Attributes:
        step: In which step.
        time: Its stamp.
        reason: Both outcomes, and the money at stake.
    """

    step: int
    time: datetime
    reason: Reason


@frozen
class Waiting:
    """A step that the order went through open: why it, or the rest of it, did not fill.

    Attributes:
        step: The step.
        time: Its stamp.
        reason: Why; None where nothing held it back but the order of events.
    """

    step: int
    time: datetime
    reason: Reason | None


@frozen
class FillEffect:
    """A fill, and what it did.

    Attributes:
        step: In which step.
        fill: What was executed.
        bar: The bar on which it was.
        improvement: By how much its price is better than the order's limit, money for one unit; None without a limit.
        remaining: Units that may still fill.
        before: Cash, position and equity before it.
        after: The same after it.
    """

    step: int
    fill: Fill
    bar: Bar
    improvement: Decimal | None
    remaining: Decimal
    before: Books
    after: Books

    @property
    def realized_pnl(self) -> Decimal:
        """What it booked, money, before commission."""
        return subtract(self.after.position.realized_pnl, self.before.position.realized_pnl)


@frozen
class SplitEffect:
    """A split while the order was open, and what it did to cash and to the position; what it did to the order follows.

    Attributes:
        step: In which step.
        event: The split.
        before: Cash, position and equity before it.
        after: The same after it.
    """

    step: int
    event: SplitApplied
    before: Books
    after: Books

    @property
    def time(self) -> datetime | None:
        """Its stamp."""
        return self.event.timestamp

    @property
    def cash(self) -> Decimal:
        """What was received for a part of a unit, money."""
        return subtract(self.after.cash, self.before.cash)

    @property
    def realized_pnl(self) -> Decimal:
        """What selling that part booked, money."""
        return subtract(self.after.position.realized_pnl, self.before.position.realized_pnl)


@frozen
class StillOpen:
    """The order is open at the newest step.

    Attributes:
        step: That step; -1 before the first.
        time: Its stamp; None before the first.
        order: How far it came.
        eligible_step: The first step in which it may fill.
        is_run_over: Whether no step follows.
    """

    step: int
    time: datetime | None
    order: TrackedOrder
    eligible_step: int
    is_run_over: bool


Chapter: TypeAlias = Submission | Happening | Ambiguity | Waiting | FillEffect | SplitEffect | StillOpen
