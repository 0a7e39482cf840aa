"""What open orders claim of cash and positions: it follows from them, and from what is held."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from core.execution.order_record import OrderRecord
from core.execution.order_tracker import traded_after
from core.execution.terms import Terms
from core.money import (
    ZERO,
    add,
    minus,
    multiply,
    subtract,
)
from core.protocols import PortfolioView
from core.reason import Param


def units_against(record: OrderRecord, view: PortfolioView) -> Decimal:
    """Return how many units an order could take off a position of the other side."""
    return held_against(record.order.symbol, record.sign, view)


def held_against(symbol: str, sign: int, view: PortfolioView) -> Decimal:
    """Return how many units of a symbol orders of a side could take off a position of the other side."""
    held = view.get_position(symbol).quantity
    if sign > 0:
        return max(minus(held), ZERO)
    return max(held, ZERO)


def estimate_price(record: OrderRecord, view: PortfolioView) -> Decimal | None:
    """Return the price that an order is estimated at: its limit, or the higher of its stop and the last close."""
    limit, stop = record.limit_price, record.stop_price
    if limit is not None:
        return limit
    mark = view.get_mark(record.order.symbol)
    if stop is None or record.is_triggered:
        return mark
    return stop if mark is None else max(stop, mark)


def opening_cost(record: OrderRecord, opening: Decimal, price: Decimal, terms: Terms) -> Decimal:
    """Return what opening some units of an order takes, with the commission that this adds to its own, money."""
    if opening <= ZERO:
        return ZERO
    asked = (opening, price, record.traded, terms)
    if record.cost is None or record.cost[0] != asked:  # it is asked when the order is checked, and for the next one
        notional = multiply(opening, price)
        record.cost = (asked, add(notional, _commission(record, opening, notional, terms)))
    return record.cost[1]


def _commission(record: OrderRecord, quantity: Decimal, notional: Decimal, terms: Terms) -> Decimal:
    traded = traded_after(record.traded, quantity, notional, is_maker=False)
    return subtract(terms.commission.total(traded), record.commissions)


def kept_for_shorts(view: PortfolioView, ignored: str = "") -> Decimal:
    """Return twice the cost of all shorts: their proceeds and as much again."""
    result = ZERO
    for symbol, position in view.get_all_positions().items():
        if position.quantity < ZERO and symbol != ignored:
            result = subtract(result, multiply(2, position.cost_basis))
    return result


def _groups(records: Iterable[OrderRecord]) -> list[list[OrderRecord]]:
    """Return open orders by what they claim together: siblings in one list, every other in its own."""
    groups: dict[int, list[OrderRecord]] = {}
    for record in records:
        groups.setdefault(record.group_id or record.id, []).append(record)
    return list(groups.values())


def claimed_units(records: Iterable[OrderRecord], symbol: str, sign: int) -> Decimal:
    """Return how many units the open orders of a symbol and a side claim; siblings count once, the largest."""
    result = ZERO
    for group in _groups(one for one in records if one.order.symbol == symbol and one.sign == sign):
        result = add(result, max(one.awake for one in group))
    return result


def available_cash(view: PortfolioView, open_orders: Sequence[OrderRecord], terms: Terms) -> Decimal:
    """Return the cash that no short and no open order has a claim on; open exits at market count as proceeds."""
    available = view.get_cash_balance()
    if terms.allow_short:
        available = subtract(available, kept_for_shorts(view))
    if not open_orders:
        return available

    def claim(record: OrderRecord, exits: Decimal, price: Decimal) -> Decimal:
        opening = opening_cost(record, subtract(record.awake, exits), price, terms)
        if not exits or record.sign > 0 or not record.is_next_open_market:
            return minus(opening)
        proceeds = multiply(exits, price)
        return subtract(subtract(proceeds, _commission(record, exits, proceeds, terms)), opening)

    return add(available, sum_claims(open_orders, view, claim))


def notional_of_opening(record: OrderRecord, exits: Decimal, price: Decimal) -> Decimal:
    """Return what an order opens, below zero, money: a claim for `sum_claims`."""
    return minus(multiply(subtract(record.awake, exits), price))


def sum_claims(
    open_orders: Iterable[OrderRecord],
    view: PortfolioView,
    claim: Callable[[OrderRecord, Decimal, Decimal], Decimal],
) -> Decimal:
    """Return the sum of what open orders do to cash: of siblings only the one that takes most.

    Args:
        open_orders: Those that have a claim.
        view: What is held.
        claim: What one order does, below zero for what it takes, given its units that only reduce and its price.
    """
    result = ZERO
    left: dict[tuple[str, int], Decimal] = {}
    for group in _groups(open_orders):
        claims: list[Decimal] = []
        for sign in (1, -1):
            members = [one for one in group if one.sign == sign]
            if members:
                exits = _take_exits(members, left, view)
                claims += [
                    claim(one, min(exits, one.awake), price)
                    for one in members
                    if (price := estimate_price(one, view)) is not None
                ]
        result = add(result, min(claims, default=ZERO))
    return result


def _take_exits(members: Sequence[OrderRecord], left: dict[tuple[str, int], Decimal], view: PortfolioView) -> Decimal:
    """Return how many units of a position some siblings of one side can reduce, and take them off what is left."""
    side = (members[0].order.symbol, members[0].sign)
    remaining = left[side] if side in left else units_against(members[0], view)
    exits = min(remaining, max(one.awake for one in members))
    left[side] = subtract(remaining, exits)
    return exits


def compared(needed: Decimal, available: Decimal) -> dict[str, Param]:
    """Return the money that was compared, as params of a reason."""
    return {"needed": needed, "available": available, "missing": subtract(needed, available)}
