"""One order as the broker keeps it; `TrackedOrder` is what others see of it."""

from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from attrs import define, fields

from core.clock import Phase
from core.fill import FillRule
from core.money import ZERO, subtract
from core.order import Order, OrderStatus, OrderType, TrackedOrder
from core.protocols import Traded
from core.reason import Reason

_MARKET_ON_CLOSE, _STOP_LIMIT = OrderType.MARKET_ON_CLOSE, OrderType.STOP_LIMIT


class Entry(NamedTuple):
    """Where on the path of a bar an order became what it is: asked for, woken, amended or triggered there.

    Attributes:
        step: The step of the bar.
        phase: On which stretch of the path.
        price: The price of the path, money.
        part: In which of the finer bars of the step, from 0.
    """

    step: int
    phase: Phase
    price: Decimal
    part: int = 0


class Wait(NamedTuple):
    """What an order waits for, in units of a digit of the price.

    Attributes:
        edge: The price that it waits for.
        direction: 1 where the price has to rise to it, -1 where it has to fall; 0 where any price will do.
        price: The price of the order itself: its limit or its stop.
    """

    edge: int
    direction: int
    price: int


@define(eq=False)
class OrderRecord:
    """One order, and how far it came.

    Attributes:
        eligible_step: The first step in which it may fill.
        sign: 1 for a purchase, -1 for a sale.
        taken: Units that siblings have filled in its place, a part of what was given up.
        remaining: Units that may still fill, sleeping ones included.
        line: Its place among orders at one price: the submission number, or a later one where an amend has cost that.
        traded: What it has filled so far.
        reduction: Why part of it was last given up while it stayed open.
        asleep: Units of an exit that wait for its entry to fill.
        fresh: The step at whose close some units of it woke last while others were awake, and how many; these meet the
            next bar.
        stop_price: Where its stop is; None where it has none, or none yet.
        stop_before: The last step in which the stop moved, and where it was before.
        day: The date of the first step in which it was eligible; None before that.
        is_after_close: Whether it was asked for once the bars of its step had closed.
        entry: Where it last entered the path of a bar inside that bar; None where it never did.
        cancel_queued: Whether it will be canceled before it can fill again.
        is_open: Whether it may still fill.
        instant: While it is new at the present price of a path, and so is tested there: the rule that a fill there
            follows; None at all other times.
        just_triggered: Whether its stop was reached at the present price of the path.
        wait: What it waits for, as last computed, with the digits and the ticks beyond a limit that this was for.
        cost: What opening takes, money, as last computed, with what this followed from.
    """

    id: int
    order: Order
    submitted_at: datetime | None
    eligible_step: int
    sign: int
    remaining: Decimal
    line: int
    status: OrderStatus = OrderStatus.SUBMITTED
    given_up: Decimal = ZERO
    taken: Decimal = ZERO
    traded: Traded = Traded()  # noqa: RUF009 - a tuple is not shared state
    commissions: Decimal = ZERO
    reason: Reason | None = None
    reduction: Reason | None = None
    parent_id: int | None = None
    group_id: int | None = None
    child_ids: tuple[int, ...] = ()
    sibling_ids: tuple[int, ...] = ()
    asleep: Decimal = ZERO
    fresh: tuple[int, Decimal] | None = None
    stop_price: Decimal | None = None
    stop_before: tuple[int, Decimal | None] | None = None
    is_triggered: bool = False
    day: date | None = None
    is_after_close: bool = False
    entry: Entry | None = None
    cancel_queued: bool = False
    is_open: bool = False
    instant: FillRule | None = None
    just_triggered: bool = False
    wait: tuple[int, int, Wait] | None = None
    cost: tuple[tuple[object, ...], Decimal] | None = None

    @property
    def filled(self) -> Decimal:
        """Units filled so far."""
        return self.traded.quantity

    @property
    def awake(self) -> Decimal:
        """Units that may fill now."""
        return subtract(self.remaining, self.asleep) if self.asleep else self.remaining

    def ready(self, step: int) -> Decimal:
        """Return how many units may fill in a step."""
        if self.eligible_step > step:
            return ZERO
        awake = subtract(self.remaining, self.asleep) if self.asleep else self.remaining
        return awake if self.fresh is None or self.fresh[0] != step else subtract(awake, self.fresh[1])

    @property
    def waits_for_stop(self) -> bool:
        """Whether its stop has to be reached first."""
        return self.order.type.has_stop and not self.is_triggered

    @property
    def limit_price(self) -> Decimal | None:
        """The worst price at which it may fill; None where any price will do."""
        return self.order.limit_price

    @property
    def is_at_market(self) -> bool:
        """Whether it takes any price: a market order, or one whose stop has made it one."""
        kind = self.order.type
        return not kind.has_limit and (self.is_triggered or not kind.has_stop)

    @property
    def is_next_open_market(self) -> bool:
        """Whether it takes any price and does not wait for a close."""
        return self.is_at_market and self.order.type is not _MARKET_ON_CLOSE

    @property
    def slips(self) -> bool:
        """Whether a fill at the present price has slippage (rule R11)."""
        return self.is_at_market or (self.just_triggered and self.order.type is _STOP_LIMIT)

    def copy(self) -> "OrderRecord":
        """Return a copy that may go another way."""
        return OrderRecord(*_all_fields(self))

    def seen(self) -> TrackedOrder:
        """Return the value that others see."""
        return TrackedOrder(
            id=self.id,
            order=self.order,
            status=self.status,
            submitted_at=self.submitted_at,
            filled_quantity=self.traded.quantity,
            given_up_quantity=self.given_up,
            filled_notional=self.traded.notional,
            commissions=self.commissions,
            reason=self.reason,
            stop_price=self.stop_price,
            is_triggered=self.is_triggered,
            asleep_quantity=self.asleep,
            parent_id=self.parent_id,
            group_id=self.group_id,
        )


_all_fields = attrgetter(*(one.name for one in fields(OrderRecord)))
