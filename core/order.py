"""What was asked (`Order`), how far it came (`TrackedOrder`), and the moves that an order's life may make."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Final

from attrs import field, frozen

from core.errors import InvalidOrderError
from core.money import ZERO, canonical, exact, subtract
from core.reason import Reason


class Side(Enum):
    """Whether an order buys or sells; the value is the sign that its fills have on a position."""

    BUY = 1
    SELL = -1

    def __init__(self, sign: int) -> None:
        self.sign = sign  # 1 for a purchase, -1 for a sale


BUY: Final = Side.BUY
SELL: Final = Side.SELL


class OrderType(StrEnum):
    """What has to happen for an order to fill."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"


_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT  # an enum takes its time to find a member


class TimeInForce(StrEnum):
    """How long an order lives: until canceled, or for the date of the first step in which it is eligible."""

    GTC = "GTC"
    DAY = "DAY"


class OrderStatus(StrEnum):
    """Where an order stands in its life."""

    __hash__ = str.__hash__  # asked at every move

    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    TRIGGERED = "TRIGGERED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"

    @property
    def is_open(self) -> bool:
        """Whether an order that stands here may still fill."""
        return self in _OPEN

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return not LEGAL_MOVES[self]


_ENDS: Final = frozenset(
    {OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED},
)
LEGAL_MOVES: Final[Mapping[OrderStatus, frozenset[OrderStatus]]] = {
    OrderStatus.SUBMITTED: frozenset({OrderStatus.ACCEPTED, OrderStatus.REJECTED}),
    OrderStatus.ACCEPTED: _ENDS | {OrderStatus.TRIGGERED},
    OrderStatus.TRIGGERED: _ENDS,
    OrderStatus.PARTIALLY_FILLED: _ENDS,
    OrderStatus.REJECTED: frozenset(),
    OrderStatus.FILLED: frozenset(),
    OrderStatus.CANCELED: frozenset(),
    OrderStatus.EXPIRED: frozenset(),
}
"""Which status may follow which (invariant O1); a move that is not here is an error."""
_OPEN: Final = frozenset({OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED})


def _quantity(value: object) -> Decimal:
    return exact(value, "quantity")


def _limit_price(value: object) -> Decimal | None:
    return None if value is None else exact(value, "limit_price")


@frozen
class Order:
    """A request to buy or sell; it may never trade.

    Whether its numbers are allowed (above zero, on the step, on the tick) is for the broker to check, which rejects an
    order with a reason; that they are exact numbers at all is checked here.

    Attributes:
        symbol: What to trade.
        side: BUY or SELL.
        quantity: Units, above zero.
        type: MARKET or LIMIT; follows from the limit price where it is not given.
        limit_price: The worst price at which a limit order may fill; None for a market order.
        time_in_force: GTC, or DAY.
        tag: The strategy's own word for it.

    Raises:
        NotExactError: A quantity or a price that is no int or Decimal.
        InvalidOrderError: A side that is none, or a market order with a limit price.
    """

    symbol: str
    side: Side
    quantity: Decimal = field(converter=_quantity)
    limit_price: Decimal | None = field(default=None, converter=_limit_price, kw_only=True)
    type: OrderType = field(kw_only=True)
    time_in_force: TimeInForce = field(default=TimeInForce.GTC, kw_only=True)
    tag: str = field(default="", kw_only=True)

    @type.default
    def _default_type(self) -> OrderType:
        return _MARKET if self.limit_price is None else _LIMIT

    def __attrs_post_init__(self) -> None:
        """Refuse what no broker could check."""
        if type(self.side) is not Side:
            raise InvalidOrderError(f"side must be BUY or SELL, was {self.side}")
        if self.type is _MARKET and self.limit_price is not None:
            raise InvalidOrderError(f"a market order has no limit price, was {self.limit_price}")

    def __str__(self) -> str:
        """Say it in the words of a trader: `buy 100 AAPL limit 99.5`."""
        limit = "" if self.limit_price is None else f" limit {canonical(self.limit_price)}"
        return f"{self.side.name.lower()} {canonical(self.quantity)} {self.symbol}{limit}"


@frozen
class TrackedOrder:
    """An order and how far it came, at the moment one looked.

    Attributes:
        id: Its number: 1, 2, 3, ... in the order of submission.
        order: What was asked.
        status: Where it stands.
        submitted_at: When it was submitted, in UTC; None where no clock runs.
        filled_quantity: Units filled so far.
        given_up_quantity: Units that a rejection, a cancel or an expiry took.
        filled_notional: Sum of quantity x price over its fills, money.
        commissions: Money charged for its fills so far.
        reason: Why it was rejected, canceled or expired.
    """

    id: int
    order: Order
    status: OrderStatus
    submitted_at: datetime | None = None
    filled_quantity: Decimal = ZERO
    given_up_quantity: Decimal = ZERO
    filled_notional: Decimal = ZERO
    commissions: Decimal = ZERO
    reason: Reason | None = None

    @property
    def remaining_quantity(self) -> Decimal:
        """Units that may still fill: quantity less filled less given up."""
        return subtract(subtract(self.order.quantity, self.filled_quantity), self.given_up_quantity)
