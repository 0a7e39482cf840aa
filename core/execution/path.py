"""The path inside a bar: which order does what next, and at which price (rules R3 to R10).

Prices are integers in units of one digit, so that comparing them is exact. The function that decides a fill is the
only one that knows the rules, so what explains a fill or a non-fill asks it too.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Final, NamedTuple, TypeAlias

from core.clock import Phase
from core.execution.order_record import OrderRecord, Wait
from core.money import EXACT, add, fraction_digits, multiple_above, multiple_below, multiply, quantum, subtract
from core.order import OrderType

Path: TypeAlias = tuple[int, int, int, int]
"""Open, first extreme, second extreme, close, in units of the digit."""

_OPEN, _CLOSE, _SAME_CLOSE = Phase.OPEN, Phase.CLOSE, Phase.STRATEGY
_LIMIT, _STOP, _STOP_LIMIT = OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT
_ON_OPEN, _ON_CLOSE, _TRAILING = OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE, OrderType.TRAILING_STOP
_PLAIN: Final = frozenset({_LIMIT, _STOP})
_PERCENT: Final = Decimal("0.01")
_CENTS: Final = 2
_NEVER: Final = 10**30  # a price that no bar has

END_OF: Final = {Phase.OPEN: 0, Phase.LEG_1: 1, Phase.LEG_2: 2, Phase.LEG_3: 3, Phase.CLOSE: 3, Phase.STRATEGY: 3}
"""Where on a path each phase ends."""


class LimitRule(StrEnum):
    """Whether a price that equals a limit fills it, or has to go one tick beyond (rule R4)."""

    TOUCH = "touch"
    THROUGH = "through"


class PathRule(StrEnum):
    """In which order the prices of a bar are taken to have happened (rule R3).

    WORST: the path that leaves less. NEAREST: the nearer extreme first. SUBBARS: finer bars where there are any.
    """

    WORST = "worst"
    NEAREST = "nearest"
    HIGH_FIRST = "high_first"
    LOW_FIRST = "low_first"
    SUBBARS = "subbars"


class Act(Enum):
    """What an order does where it meets the price: it is executed, its stop is reached, or its one test has failed."""

    FILL = 1
    TRIGGER = 2
    LAPSE = 3


class Execution(NamedTuple):
    """What happens next on a stretch of the path.

    Attributes:
        record: Which order.
        act: What it does.
        price: At which price, in ticks.
        place: Where on the path that is, in ticks: beyond the price where the limit rule asks for it.
        reduces: Whether it goes against the position.
    """

    record: OrderRecord
    act: Act
    price: int
    place: int
    reduces: bool

    @property
    def turn(self) -> tuple[bool, int]:
        """What decides between two at one place: reductions first, then the place in line."""
        return not self.reduces, self.record.line


class Miss(NamedTuple):
    """How near the price came to what an order waits for.

    Attributes:
        wait: What it waits for, at that moment.
        extreme: The price that came nearest, in ticks.
    """

    wait: Wait
    extreme: int

    @property
    def distance(self) -> int:
        """How many units of the digit are missing; zero or below where none are."""
        return (self.wait.edge - self.extreme) * self.wait.direction


def high_first(opened: int, high: int, low: int, close: int) -> Path:
    """Return the path that goes to the high first."""
    return opened, high, low, close


def low_first(opened: int, high: int, low: int, close: int) -> Path:
    """Return the path that goes to the low first."""
    return opened, low, high, close


def nearest(opened: int, high: int, low: int, close: int) -> Path:
    """Return the path that goes to the nearer extreme first, to the low when both are equally near (rule R3).

    >>> nearest(101, 102, 99, 100), nearest(100, 101, 99, 100)
    ((101, 102, 99, 100), (100, 99, 101, 100))
    """
    return (opened, high, low, close) if high - opened < opened - low else (opened, low, high, close)


def wait_of(record: OrderRecord, digits: int, beyond: int) -> Wait:
    """Return what an order waits for (rules R4 and R6).

    Args:
        record: The order.
        digits: Digits after the point of the prices of the path.
        beyond: How many ticks beyond a limit the price must go.
    """
    kept = record.wait
    if kept is not None and kept[0] == digits and kept[1] == beyond:
        return kept[2]
    wait = _wait(record, digits, beyond)
    record.wait = (digits, beyond, wait)
    return wait


def _wait(record: OrderRecord, digits: int, beyond: int) -> Wait:
    if record.waits_for_stop:
        stop = record.stop_price
        if stop is None:  # a trailing stop that has seen no price yet: nothing can reach it
            return Wait(record.sign * _NEVER, record.sign, 0)
        ticks = to_ticks(stop, digits)
        return Wait(ticks, record.sign, ticks)
    limit = record.limit_price
    if limit is None:
        return Wait(0, 0, 0)
    ticks = to_ticks(limit, digits)
    return Wait(ticks - record.sign * beyond, -record.sign, ticks)


def to_ticks(price: Decimal, digits: int) -> int:
    """Return a price, exactly, in units of the given digit after the point."""
    return int(EXACT.to_integral_exact(price.scaleb(digits, EXACT)))


def next_execution(
    records: Iterable[OrderRecord],
    phase: Phase,
    start: int,
    end: int,
    *,
    held: int,
    digits: int,
    beyond: int = 0,
    has_volume: bool = True,
) -> Execution | None:
    """Return what happens first as the price goes from start to end, both included (rules R4 to R8).

    Where the stretch begins only those are tested that have not met that price yet: all at the open, later those that
    are new at this instant. The others are met on the way, in the order in which the price reaches them; at one price
    reductions come before increases, then the place in line counts.

    Args:
        records: The open and eligible orders of one symbol.
        phase: Which part of the path this is; in CLOSE only orders for the close are tested.
        start: Where the price is, in ticks.
        end: Where this stretch leads, in ticks; equal to the start where the price stands.
        held: The sign of the position.
        digits: Digits after the point of the prices.
        beyond: How many ticks beyond its limit the price must go.
        has_volume: Whether anything can fill; without it only stops are reached and single tests fail.
    """
    found: Execution | None = None
    least: tuple[int, bool, int] | None = None
    for record in records:
        kept = record.wait
        wait = kept[2] if kept and kept[0] == digits and kept[1] == beyond else wait_of(record, digits, beyond)
        met = _meet(record, wait, phase, start, end)
        if met is None or not _takes_part(record, phase):
            continue
        act, price, place = met
        if act is Act.FILL and not has_volume and not record.order.time_in_force.is_immediate:
            continue
        key = (abs(place - start), held * record.sign >= 0, record.line)
        if least is None or key < least:
            least = key
            found = Execution(record, act, price, place, held * record.sign < 0)
    return found


def _takes_part(record: OrderRecord, phase: Phase) -> bool:
    kind = record.order.type
    if kind is _ON_CLOSE or phase is _CLOSE:
        is_meant = kind is _ON_CLOSE and phase is _CLOSE
    else:
        is_meant = kind is not _ON_OPEN or phase is _OPEN
    return is_meant and bool(record.awake)


def _meet(record: OrderRecord, wait: Wait, phase: Phase, start: int, end: int) -> tuple[Act, int, int] | None:
    """Return what an order does on a stretch, at which price and at which place of it; None where it does nothing."""
    edge, direction, price = wait
    is_there = (start - edge) * direction >= 0
    if record.instant is not None or phase is _OPEN or phase is _CLOSE or phase is _SAME_CLOSE:  # it is tested here
        if is_there:
            return (Act.TRIGGER if record.waits_for_stop else Act.FILL), start, start
        if record.order.time_in_force.is_immediate and not record.waits_for_stop:
            return Act.LAPSE, start, start
    if not direction or (start - edge) * direction > 0 or (end - edge) * direction < 0:
        return None  # it was tested beyond its edge before, or the price does not come to it
    return (Act.TRIGGER if record.waits_for_stop else Act.FILL), price, edge


def trailed_stop(record: OrderRecord, price: Decimal, tick: Decimal) -> Decimal:
    """Return where a trailing stop counted from a price is, money, rounded to the tick away from it (rule R10)."""
    trail = record.order.trail_amount
    distance = multiply(price, multiply(record.order.trail_percent or 0, _PERCENT)) if trail is None else trail
    if record.sign < 0:
        return multiple_below(subtract(price, distance), tick)
    return multiple_above(add(price, distance), tick)


def first_stop(record: OrderRecord, mark: Decimal, tick: Decimal | None) -> Decimal:
    """Return where a trailing stop that is given no first price begins; with no tick, in units of the mark's digits."""
    return trailed_stop(record, mark, tick or quantum(max(fraction_digits(mark), _CENTS)))


def followed_stop(record: OrderRecord, price: Decimal, tick: Decimal) -> Decimal | None:
    """Return where a trailing stop is once the price was here, money; None where it stays: it never goes back."""
    stop, old = trailed_stop(record, price, tick), record.stop_price
    if old is not None and multiply(subtract(stop, old), record.sign) >= 0:
        return None
    return stop


def is_trailing(record: OrderRecord) -> bool:
    """Say whether the stop of an order follows the price now."""
    return record.order.type is _TRAILING and not record.is_triggered and bool(record.awake)


def misses(record: OrderRecord, path: Iterable[int], digits: int, beyond: int, tick: int) -> Iterator[Miss]:
    """Yield how near each corner of a path came to what an order waits for there, its stop trailing on the way.

    The record is changed: give a copy.
    """
    unit = Decimal((0, (1,), -digits))
    for place in path:
        yield Miss(wait_of(record, digits, beyond), place)
        if is_trailing(record):
            stop = followed_stop(record, multiply(unit, place), multiply(unit, tick))
            if stop is not None:
                record.stop_price, record.wait = stop, None


def may_differ(records: Iterable[OrderRecord], path: Path, digits: int, beyond: int, tick: int = 1) -> bool:
    """Say whether the order of a bar's extremes can matter to some orders, once its open is over.

    It cannot where the price reaches none, or only one on which nothing else depends.
    """
    lowest, highest = min(path), max(path)
    within = [
        one
        for one in records
        if _is_within(one, lowest, highest, digits, beyond)
        and not (is_trailing(one) and _ends_alike(one, path, digits, tick))
    ]
    if len(within) != 1:
        return bool(within)
    (only,) = within
    return not (only.order.type in _PLAIN and not only.is_triggered and not only.child_ids and not only.sibling_ids)


def _ends_alike(record: OrderRecord, path: Path, digits: int, tick: int) -> bool:
    """Say whether a trailing stop is reached on neither path of a bar, and is at one price at the end of both."""
    _, first, second, close = path
    stop = _trailed_along(record, (first, second, close), digits, tick)
    return stop is not None and stop == _trailed_along(record, (second, first, close), digits, tick)


def _trailed_along(record: OrderRecord, corners: Iterable[int], digits: int, tick: int) -> Decimal | None:
    """Return where a trailing stop is after some corners of a path; None where one of them reaches it."""
    copy = record.copy()
    if any(miss.distance <= 0 for miss in misses(copy, corners, digits, 0, tick)):
        return None
    return copy.stop_price


def _is_within(record: OrderRecord, lowest: int, highest: int, digits: int, beyond: int) -> bool:
    if not record.awake:
        return False
    if is_trailing(record):
        return True
    edge, direction, _ = wait_of(record, digits, beyond)
    return bool(direction) and lowest <= edge <= highest
