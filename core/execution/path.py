"""The path inside a bar: which order executes next, and at which price.

Prices are integers in units of one digit, so that comparing them is exact. The function that decides a fill is the
only one that knows the rules, so what explains a fill or a non-fill asks it too.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple, Protocol


class LimitRule(StrEnum):
    """Whether a price that equals a limit fills it, or has to go one tick beyond (rule R4)."""

    TOUCH = "touch"
    THROUGH = "through"


class Resting(Protocol):
    """What the path has to know of an open order."""

    @property
    def id(self) -> int:
        """The submission number."""
        ...

    @property
    def sign(self) -> int:
        """1 for a purchase, -1 for a sale."""
        ...


class Execution(NamedTuple):
    """What happens next on a stretch of the path.

    Attributes:
        order_id: Which order executes.
        price: At which price, in ticks.
        place: Where on the path that is, in ticks: beyond the price where the limit rule asks for it.
        at_once: Whether it executes where the stretch begins, rather than on the way.
        reduces: Whether it goes against the position.
    """

    order_id: int
    price: int
    place: int
    at_once: bool
    reduces: bool


Edges = Iterable[tuple[Resting, int | None]]
"""Open orders of one symbol with their limits in ticks, None for market orders."""


def nearest(opened: int, high: int, low: int, close: int) -> tuple[int, int, int, int]:
    """Return the path that goes to the nearer extreme first, to the low when both are equally near (rule R3).

    >>> nearest(101, 102, 99, 100), nearest(100, 101, 99, 100)
    ((101, 102, 99, 100), (100, 99, 101, 100))
    """
    return (opened, high, low, close) if high - opened < opened - low else (opened, low, high, close)


def next_execution(orders: Edges, start: int, end: int, held: int, beyond: int = 0) -> Execution | None:
    """Return what executes first as the price goes from start to end, both included (rules R4 to R8).

    A market order, and a limit order whose limit the start meets, execute at the start. The others execute at their
    limit, in the order in which the price reaches them; at one price reductions come before increases, then the lower
    number.

    Args:
        orders: The open orders of one symbol, with their limits.
        start: Where the price is, in ticks.
        end: Where this stretch leads, in ticks; equal to the start where the price stands.
        held: The sign of the position.
        beyond: How many ticks beyond its limit the price must go.

    >>> class Purchase(NamedTuple):
    ...     id: int
    ...     sign: int
    >>> next_execution([(Purchase(1, 1), 9975)], 10200, 9950, held=0)
    Execution(order_id=1, price=9975, place=9975, at_once=False, reduces=False)
    """
    best: tuple[int, bool, int] | None = None
    found: Execution | None = None
    for order, limit in orders:
        sign, price = order.sign, start if limit is None else limit
        edge = start if limit is None else limit - sign * beyond
        at_once = (start - edge) * sign <= 0
        if not at_once and (end - edge) * sign > 0:
            continue
        place = start if at_once else edge
        reduces = held * sign < 0
        key = (abs(place - start), not reduces, order.id)
        if best is None or key < best:
            best = key
            found = Execution(order.id, start if at_once else price, place, at_once, reduces)
    return found
