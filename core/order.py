"""What was asked (`Order`), how far it came (`TrackedOrder`), and the moves that an order's life may make."""

from collections.abc import Iterator, Mapping
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
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"
    TRAILING_STOP = "TRAILING_STOP"
    MARKET_ON_OPEN = "MARKET_ON_OPEN"
    MARKET_ON_CLOSE = "MARKET_ON_CLOSE"

    __hash__ = str.__hash__  # asked of every order

    def __init__(self, value: str) -> None:
        self.has_stop = value in ("STOP", "STOP_LIMIT", "TRAILING_STOP")  # it waits for a stop before anything else
        self.has_limit = value in ("LIMIT", "STOP_LIMIT")  # it may not fill at a price worse than its limit


_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT  # an enum takes its time to find a member
_STOP, _STOP_LIMIT, _TRAILING_STOP = OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP


class TimeInForce(StrEnum):
    """How long an order lives (rule R12b).

    GTC: until canceled. DAY: for the date of the first step in which it is eligible. GTD: on bars stamped no later than
    its time. IOC and FOK: for one test, at the first price met; IOC takes what there is, FOK all or nothing.
    """

    GTC = "GTC"
    DAY = "DAY"
    GTD = "GTD"
    IOC = "IOC"
    FOK = "FOK"

    __hash__ = str.__hash__  # asked of every order

    def __init__(self, value: str) -> None:
        self.is_immediate = value in ("IOC", "FOK")  # it is tested once
        self.is_bounded = value in ("DAY", "GTD")  # it ends with a time


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


def _stop_price(value: object) -> Decimal | None:
    return None if value is None else exact(value, "stop_price")


def _trail_amount(value: object) -> Decimal | None:
    return None if value is None else exact(value, "trail_amount")


def _trail_percent(value: object) -> Decimal | None:
    return None if value is None else exact(value, "trail_percent")


_PRICES: Final = ("limit_price", "stop_price", "trail_amount", "trail_percent")
_PRICES_OF: Final[Mapping[OrderType, frozenset[str]]] = {
    OrderType.MARKET: frozenset(),
    OrderType.LIMIT: frozenset({"limit_price"}),
    OrderType.STOP: frozenset({"stop_price"}),
    OrderType.STOP_LIMIT: frozenset({"limit_price", "stop_price"}),
    OrderType.TRAILING_STOP: frozenset({"stop_price", "trail_amount", "trail_percent"}),
    OrderType.MARKET_ON_OPEN: frozenset(),
    OrderType.MARKET_ON_CLOSE: frozenset(),
}
"""Which prices an order of each type may have."""
_NO_PRICES_OF: Final[Mapping[OrderType, tuple[str, ...]]] = {
    kind: tuple(name for name in _PRICES if name not in names) for kind, names in _PRICES_OF.items()
}


@frozen
class Order:
    """A request to buy or sell; it may never trade.

    Whether its numbers are allowed (above zero, on the step, on the tick) is for the broker to check, which rejects an
    order with a reason; that they are exact numbers at all, and belong together, is checked here.

    Attributes:
        symbol: What to trade.
        side: BUY or SELL.
        quantity: Units, above zero.
        type: What has to happen for it to fill; follows from the prices where it is not given.
        limit_price: The worst price at which it may fill.
        stop_price: The price that triggers it; of a trailing stop the first one, counted from the last close where it
            is not given.
        trail_amount: How far a trailing stop follows the best price, money for one unit.
        trail_percent: The same in percent of that price.
        time_in_force: How long it lives; GTD where `good_till` is given, else GTC.
        good_till: The stamp of the last bar on which a GTD order may fill, aware of its zone.
        tag: The strategy's own word for it.

    Raises:
        NotExactError: A quantity or a price that is no int or Decimal.
        InvalidOrderError: A side that is none, or parts that contradict each other, as a market order and a limit.

    >>> Order("AAPL", SELL, 100, stop_price=95, limit_price=Decimal("94.50")).type.value
    'STOP_LIMIT'
    """

    symbol: str
    side: Side
    quantity: Decimal = field(converter=_quantity)
    limit_price: Decimal | None = field(default=None, converter=_limit_price, kw_only=True)
    stop_price: Decimal | None = field(default=None, converter=_stop_price, kw_only=True)
    trail_amount: Decimal | None = field(default=None, converter=_trail_amount, kw_only=True)
    trail_percent: Decimal | None = field(default=None, converter=_trail_percent, kw_only=True)
    type: OrderType = field(kw_only=True)
    good_till: datetime | None = field(default=None, kw_only=True)
    time_in_force: TimeInForce = field(kw_only=True)
    tag: str = field(default="", kw_only=True)

    @type.default
    def _default_type(self) -> OrderType:
        if self.trail_amount is not None or self.trail_percent is not None:
            return _TRAILING_STOP
        if self.stop_price is not None:
            return _STOP if self.limit_price is None else _STOP_LIMIT
        return _MARKET if self.limit_price is None else _LIMIT

    @time_in_force.default
    def _default_time_in_force(self) -> TimeInForce:
        return TimeInForce.GTC if self.good_till is None else TimeInForce.GTD

    def __attrs_post_init__(self) -> None:
        """Refuse what no broker could check."""
        if type(self.side) is not Side:
            raise InvalidOrderError(f"side must be BUY or SELL, was {self.side}")
        self._check_prices()
        if (self.good_till is None) == (self.time_in_force is TimeInForce.GTD):
            raise InvalidOrderError(f"good_till must be given for GTD and for nothing else, was {self.good_till}")
        if self.good_till is not None and self.good_till.tzinfo is None:
            raise InvalidOrderError(f"good_till must be aware of its zone, was {self.good_till}")

    def _check_prices(self) -> None:
        for name in _NO_PRICES_OF[self.type]:
            if getattr(self, name) is not None:
                raise InvalidOrderError(f"a {_words(self.type)} order has no {name}, was {getattr(self, name)}")
        if self.trail_amount is not None and self.trail_percent is not None:
            raise InvalidOrderError("a trailing stop order has one trail, was given an amount and a percent")

    def __str__(self) -> str:
        """Say it in the words of a trader: `buy 100 AAPL limit 99.5`."""
        said = [self.side.name.lower(), canonical(self.quantity), self.symbol, *self._said_prices()]
        if self.type in (OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE):
            said.append(_words(self.type).removeprefix("market "))
        return " ".join(said)

    def _said_prices(self) -> Iterator[str]:
        for name, price in (("stop", self.stop_price), ("limit", self.limit_price), ("trail", self.trail_amount)):
            if price is not None:
                yield f"{name} {canonical(price)}"
        if self.trail_percent is not None:
            yield f"trail {canonical(self.trail_percent)}%"


def _words(order_type: OrderType) -> str:
    return order_type.value.lower().replace("_", " ")


@frozen
class TrackedOrder:
    """An order and how far it came, at the moment one looked.

    Attributes:
        id: Its number: 1, 2, 3, ... in the order of submission.
        order: What was asked, as last amended.
        status: Where it stands.
        submitted_at: When it was submitted, in UTC; None where no clock runs.
        filled_quantity: Units filled so far.
        given_up_quantity: Units that a rejection, a cancel, an expiry or a sibling took.
        filled_notional: Sum of quantity x price over its fills, money.
        commissions: Money charged for its fills so far.
        reason: Why it was rejected, canceled or expired.
        stop_price: Where its stop is, which trails; None where it has none.
        is_triggered: Whether its stop was reached.
        asleep_quantity: Units of a bracket's exit that wait for the entry to fill.
        parent_id: The entry whose exit it is; None where it is none.
        group_id: What it shares with its siblings: the least of their ids; None where it has none.
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
    stop_price: Decimal | None = None
    is_triggered: bool = False
    asleep_quantity: Decimal = ZERO
    parent_id: int | None = None
    group_id: int | None = None

    @property
    def remaining_quantity(self) -> Decimal:
        """Units that may still fill: quantity less filled less given up."""
        return subtract(subtract(self.order.quantity, self.filled_quantity), self.given_up_quantity)
