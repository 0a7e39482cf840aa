"""What an order must satisfy at submit (rule R15): a reason, or nothing."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from core.execution.ask import Ask, find_remedies
from core.execution.claims import available_cash, compared, opening_cost
from core.execution.limits import check_limits
from core.instrument import Instrument
from core.money import (
    ZERO,
    is_multiple,
    multiple_above,
    multiple_below,
    multiply,
    subtract,
)
from core.order import Order, OrderType
from core.reason import Code, Reason

_PRICES_NEEDED = {
    OrderType.LIMIT: ("limit_price",),
    OrderType.STOP: ("stop_price",),
    OrderType.STOP_LIMIT: ("stop_price", "limit_price"),
}


def check_known(symbol: str, instruments: Mapping[str, Instrument] | None) -> Reason | None:
    """Check that a symbol is known; where no instruments are given, every symbol is."""
    if instruments is None or symbol in instruments:
        return None
    return Reason.of(Code.SYMBOL_MUST_BE_KNOWN, symbol=symbol, known=", ".join(sorted(instruments)) or "none")


def check_terms(order: Order, instrument: Instrument) -> Reason | None:
    """Check what an order says by itself: its quantity, its prices, their units."""
    if order.quantity <= ZERO:
        return Reason.of(Code.QUANTITY_MUST_BE_ABOVE_ZERO, quantity=order.quantity)
    step = instrument.quantity_step
    if step is not None and not is_multiple(order.quantity, step):
        return Reason.of(
            Code.QUANTITY_MUST_BE_ON_STEP, quantity=order.quantity, **_neighbors(order.quantity, step=step)
        )
    if order.type is OrderType.MARKET:
        return None
    return _check_prices(order, instrument)


def _check_prices(order: Order, instrument: Instrument) -> Reason | None:
    for name in _PRICES_NEEDED.get(order.type, ()):
        if getattr(order, name) is None:
            return Reason.of(Code.PRICE_MUST_BE_GIVEN, name=name)
    stop, limit = order.stop_price, order.limit_price
    reason = None if stop is None else _check_price("stop_price", stop, instrument)
    if reason is None and limit is not None:
        reason = _check_price("limit_price", limit, instrument)
    return reason or (_check_trail(order) if order.type is OrderType.TRAILING_STOP else None)


def _check_trail(order: Order) -> Reason | None:
    for name in ("trail_amount", "trail_percent"):
        trail = getattr(order, name)
        if trail is not None and trail <= ZERO:
            return Reason.of(Code.PRICE_MUST_BE_ABOVE_ZERO, name=name, price=trail)
    if order.trail_amount is None and order.trail_percent is None:
        return Reason.of(Code.PRICE_MUST_BE_GIVEN, name="trail_amount")
    return None


def _check_price(name: str, price: Decimal, instrument: Instrument) -> Reason | None:
    if price <= ZERO:
        return Reason.of(Code.PRICE_MUST_BE_ABOVE_ZERO, name=name, price=price)
    tick = instrument.tick_size
    if tick is not None and not is_multiple(price, tick):
        return Reason.of(Code.PRICE_MUST_BE_ON_TICK, name=name, price=price, **_neighbors(price, tick=tick))
    return None


def _neighbors(number: Decimal, **unit: Decimal) -> dict[str, Decimal]:
    (size,) = unit.values()
    return {**unit, "below": multiple_below(number, size), "above": multiple_above(number, size)}


def check_siblings(order: Order, siblings: Iterable[Order]) -> Reason | None:
    """Check that of two siblings of one side the stop lies behind the limit: a sale's below it, a purchase's above."""
    for other in siblings:
        if other.side is order.side:
            for stopped, limited in ((order, other), (other, order)):
                reason = _check_agreement(stopped, limited)
                if reason:
                    return reason
    return None


def _check_agreement(stopped: Order, limited: Order) -> Reason | None:
    stop, limit = stopped.stop_price, limited.limit_price
    if stop is None or limit is None or limited.type is not OrderType.LIMIT:
        return None
    if multiply(subtract(stop, limit), stopped.side.sign) > ZERO:
        return None
    where = "above" if stopped.side.sign > 0 else "below"
    return Reason.of(Code.STOP_AND_LIMIT_MUST_AGREE, stop=stop, limit=limit, where=where)


def check_claims(ask: Ask) -> Reason | None:
    """Check an order against what is held, what others have claimed, and the limits."""
    if ask.record.sign < 0 and not ask.terms.allow_short:
        reason = _check_sale(ask)
        if reason:
            return reason
    return check_limits(ask) or (_check_cash(ask) if ask.terms.checks_cash else None)


def _check_sale(ask: Ask) -> Reason | None:
    """Check that what is held, less other open sales, covers a sale (no shorts allowed)."""
    symbol, asked = ask.record.order.symbol, ask.record.remaining
    held = ask.view.get_position(symbol).quantity
    other_sales = ask.claimed
    covered = max(subtract(held, other_sales), ZERO)
    if asked <= covered:
        return None
    return Reason.of(
        Code.POSITION_MUST_COVER_SALE,
        held=held,
        other_sales=other_sales,
        asked=asked,
        at_most=ask.instrument.quantity_below(covered),
    )


def _check_cash(ask: Ask) -> Reason | None:
    """Check that cash, less what others have reserved, covers what an order opens or adds.

    An order without a price to estimate at (a market order before the first bar) passes: it is checked when it fills.
    """
    price = ask.price
    if price is None:
        return None
    covered, terms = ask.covered, ask.terms
    opening = subtract(ask.record.remaining, covered)
    if opening <= ZERO:
        return None
    needed = opening_cost(ask.record, opening, price, terms)
    available = subtract(available_cash(ask.view, ask.others, terms), ask.opening.cost)
    if needed <= available:
        return None

    def passes(quantity: Decimal, at: Decimal) -> bool:
        return quantity <= covered or opening_cost(ask.record, subtract(quantity, covered), at, terms) <= available

    return Reason.of(Code.CASH_MUST_COVER_PURCHASE, **compared(needed, available), **find_remedies(ask, price, passes))
