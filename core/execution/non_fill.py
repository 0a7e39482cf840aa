"""Why an open order does not fill on a bar: the test that failed, and the numbers compared (rule R20).

Nothing of this is stored; what decides fills is asked again.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from core.execution.order_record import Entry, OrderRecord
from core.execution.path import END_OF, Miss, misses, to_ticks
from core.execution.standing_bar import StandingBar
from core.money import ZERO, quotient, subtract
from core.order import OrderType
from core.reason import Code, Param, Reason


def why_not(
    record: OrderRecord, parts: Sequence[StandingBar], step: int, age: int, *, beyond: int, cap: Decimal | None
) -> Reason | None:
    """Say why an open order does not fill in a step; None where it would.

    Args:
        record: The order.
        parts: The bar of its symbol, or the finer ones that stand for it, on the path that was kept; none where it
            has none.
        step: The step.
        age: Without a bar: how many steps old the last price is.
        beyond: How many ticks beyond a limit the price must go.
        cap: The part of a bar's volume that may fill, a fraction; None where nothing bounds it.
    """
    if record.asleep and not record.awake:
        return asleep_reason(record)
    if record.eligible_step > step:
        return Reason.of(Code.NOT_ELIGIBLE_UNTIL, eligible=record.eligible_step, step=step)
    if not parts:
        return Reason.of(Code.NO_BAR, symbol=record.order.symbol, steps=age)
    entry = record.entry if record.entry is not None and record.entry.step == step else None
    if entry is not None and record.order.type is OrderType.MARKET_ON_OPEN:
        return Reason.of(Code.NOT_ELIGIBLE_UNTIL, eligible=step + 1, step=step)
    if not record.waits_for_stop:
        met = [one for one in _parts_of(record, parts) if _path_met(entry, one)]
        reached = [one for one in met if missed(record, one, _path_met(entry, one), step, beyond) is None]
        if reached:
            return None if any(one.has_volume for one in reached) else capped(record.awake, reached[0], ZERO, cap)
    path = tuple(corner for one in parts for corner in _path_met(entry, one))
    return missed(record, parts[-1], path, step, beyond)


def _parts_of(record: OrderRecord, parts: Sequence[StandingBar]) -> Sequence[StandingBar]:
    """Return those of the bars of a step on which an order is tested."""
    if record.order.type is OrderType.MARKET_ON_OPEN:
        return parts[:1]
    return parts[-1:] if record.order.type is OrderType.MARKET_ON_CLOSE else parts


def missed(record: OrderRecord, bar: StandingBar, path: Iterable[int], step: int, beyond: int) -> Reason | None:
    """Say by how much the corners of a path missed what an order waits for; None where one reached it."""
    copy = record.copy()
    if record.stop_before is not None and record.stop_before[0] == step and not record.is_triggered:
        copy.stop_price, copy.wait = record.stop_before[1], None
    found = misses(copy, path, bar.digits, beyond, bar.tick)
    least = min(found, key=lambda miss: miss.distance)
    return None if not least.wait.direction or least.distance <= 0 else _unreached(record, bar, least)


def capped(asked: Decimal, bar: StandingBar, available: Decimal, cap: Decimal | None) -> Reason | None:
    """Say that the volume of a bar bounds what an order fills, or cannot because it is not known (rule R12).

    None where it does not bound it.
    """
    if cap is None or (bar.pool is not None and available >= asked):
        return None
    if bar.volume is None:
        return Reason.of(Code.VOLUME_UNKNOWN)
    if not bar.volume:
        return Reason.of(Code.NO_VOLUME, asked=asked)
    return Reason.of(
        Code.VOLUME_CAP_REACHED,
        asked=asked,
        available=available,
        pool=bar.whole_pool,
        cap=cap,
        volume=bar.volume,
    )


def asleep_reason(record: OrderRecord) -> Reason:
    """Say that units of an exit wait for its entry."""
    return Reason.of(
        Code.PARENT_NOT_FILLED,
        parent=record.parent_id or 0,
        filled=subtract(record.order.quantity, record.asleep),
        asleep=record.asleep,
        quantity=record.order.quantity,
    )


def _path_met(entry: Entry | None, bar: StandingBar) -> tuple[int, ...]:
    """Return the part of a bar's path that an order met: all of it, unless it entered inside that bar or later."""
    if entry is None or entry.part < bar.part:
        return bar.path
    if entry.part > bar.part:
        return ()
    return (to_ticks(entry.price, bar.digits), *bar.path[END_OF[entry.phase] :])


def _unreached(record: OrderRecord, bar: StandingBar, miss: Miss) -> Reason:
    edge, direction, price = miss.wait
    params: dict[str, Param] = {
        "extreme_name": "low" if direction < 0 else "high",
        "extreme": bar.price(miss.extreme),
    }
    if record.waits_for_stop:
        return Reason.of(Code.STOP_NOT_REACHED, stop=bar.price(price), **params, ticks=_in_ticks(miss.distance, bar))
    params["limit"] = bar.price(price)
    if edge != price and (price - miss.extreme) * direction <= 0:
        return Reason.of(Code.LIMIT_TOUCHED_NOT_THROUGH, **params, needed=bar.price(edge))
    distance = (price - miss.extreme) * direction
    code = Code.TRIGGERED_LIMIT_NOT_REACHED if record.is_triggered else Code.LIMIT_NOT_REACHED
    return Reason.of(code, **params, ticks=_in_ticks(distance, bar))


def _in_ticks(distance: int, bar: StandingBar) -> Decimal:
    return quotient(Decimal(distance), Decimal(bar.tick))
