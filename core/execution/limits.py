"""The limits that a person sets, tested on the values of the portfolio: a reason, or nothing."""

from decimal import Decimal

from core.execution.ask import Ask, find_remedies
from core.execution.claims import notional_of_opening, sum_claims
from core.execution.terms import Limits
from core.money import (
    ZERO,
    add,
    multiply,
    subtract,
)
from core.reason import Code, Reason


def check_limits(ask: Ask) -> Reason | None:
    """Check what an order opens or adds against the limits; what only reduces passes them all."""
    limits = ask.terms.limits
    if not ask.terms.has_limits:
        return None
    opening = subtract(ask.record.remaining, ask.covered)
    if opening <= ZERO:
        return None
    return _check_drawdown(ask, limits) or _check_position(ask, limits) or _check_money_limits(ask, limits)


def _check_drawdown(ask: Ask, limits: Limits) -> Reason | None:
    limit = limits.drawdown_ratio_max
    if limit is None:
        return None
    ratio = ask.view.drawdown_ratio
    if ratio <= limit:
        return None
    at_most = ask.instrument.quantity_below(ask.covered)
    return Reason.of(Code.DRAWDOWN_MUST_BE_WITHIN_LIMIT, drawdown_ratio=ratio, limit=limit, at_most=at_most)


def _check_position(ask: Ask, limits: Limits) -> Reason | None:
    limit, record = limits.position_quantity_max, ask.record
    if limit is None:
        return None
    held = multiply(ask.view.get_position(record.order.symbol).quantity, record.sign)
    before = add(held, ask.claimed)
    position = add(before, record.remaining)
    if position <= limit:
        return None
    at_most = ask.instrument.quantity_below(max(subtract(limit, before), ZERO))
    return Reason.of(Code.POSITION_MUST_BE_WITHIN_LIMIT, position=position, limit=limit, at_most=at_most)


def _check_money_limits(ask: Ask, limits: Limits) -> Reason | None:
    price = ask.price
    if price is None:
        return None
    quantity, covered = ask.record.remaining, ask.covered
    if limits.order_notional_max is not None:
        limit = limits.order_notional_max
        notional = multiply(quantity, price)
        if notional > limit:
            remedies = find_remedies(ask, price, lambda units, at: multiply(units, at) <= limit)
            return Reason.of(Code.NOTIONAL_MUST_BE_WITHIN_LIMIT, notional=notional, limit=limit, **remedies)
    if limits.gross_exposure_max is not None:
        limit = limits.gross_exposure_max
        room = subtract(limit, add(ask.view.gross_exposure, _opening_notional(ask)))
        opened = multiply(subtract(quantity, covered), price)
        if opened > room:
            remedies = find_remedies(ask, price, lambda units, at: _opened(units, covered, at) <= max(room, ZERO))
            exposure = add(subtract(limit, room), opened)
            return Reason.of(Code.EXPOSURE_MUST_BE_WITHIN_LIMIT, exposure=exposure, limit=limit, **remedies)
    return None


def _opened(quantity: Decimal, covered: Decimal, price: Decimal) -> Decimal:
    return multiply(max(subtract(quantity, covered), ZERO), price)


def _opening_notional(ask: Ask) -> Decimal:
    """Return what the other open orders would open, money."""
    return subtract(ask.opening.notional, sum_claims(ask.others, ask.view, notional_of_opening))
