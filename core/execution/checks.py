"""What an order must satisfy, at submit and at fill (rules R15 and R15b): a reason, or nothing.

Open sales and reserved cash follow from the open orders each time; the broker keeps neither.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from attrs import frozen

from core.execution.order_tracker import OrderRecord
from core.instrument import Instrument
from core.money import (
    EXACT,
    ZERO,
    add,
    fraction_digits,
    is_multiple,
    minus,
    multiple_above,
    multiple_below,
    multiply,
    quantum,
    subtract,
)
from core.order import BUY, Order, OrderType
from core.protocols import CommissionModel, PortfolioView
from core.reason import Code, Reason


@frozen
class Terms:
    """What a broker allows.

    Attributes:
        commission: What orders cost.
        allow_short: Whether a sale may exceed what is held.
    """

    commission: CommissionModel
    allow_short: bool = False


class FillCheck(NamedTuple):
    """How much of an order may fill now.

    Attributes:
        quantity: Units that may; zero where nothing may.
        commission: What they cost, money.
        refusal: Why the rest may not.
        note: That the fill leaves cash below zero.
    """

    quantity: Decimal
    commission: Decimal
    refusal: Reason | None = None
    note: Reason | None = None


def check_terms(order: Order, instrument: Instrument) -> Reason | None:
    """Check what an order says by itself: its quantity, its price, their units."""
    if order.quantity <= ZERO:
        return Reason.of(Code.QUANTITY_MUST_BE_ABOVE_ZERO, quantity=order.quantity)
    step = instrument.quantity_step
    if step is not None and not is_multiple(order.quantity, step):
        return Reason.of(
            Code.QUANTITY_MUST_BE_ON_STEP, quantity=order.quantity, **_neighbors(order.quantity, step=step)
        )
    return _check_limit(order, instrument) if order.type is OrderType.LIMIT else None


def _check_limit(order: Order, instrument: Instrument) -> Reason | None:
    price, tick = order.limit_price, instrument.tick_size
    if price is None:
        return Reason.of(Code.PRICE_MUST_BE_GIVEN)
    if price <= ZERO:
        return Reason.of(Code.PRICE_MUST_BE_ABOVE_ZERO, price=price)
    if tick is not None and not is_multiple(price, tick):
        return Reason.of(Code.PRICE_MUST_BE_ON_TICK, price=price, **_neighbors(price, tick=tick))
    return None


def _neighbors(number: Decimal, **unit: Decimal) -> dict[str, Decimal]:
    (size,) = unit.values()
    return {**unit, "below": multiple_below(number, size), "above": multiple_above(number, size)}


def check_sale(
    record: OrderRecord,
    view: PortfolioView,
    others: Iterable[OrderRecord],
    instrument: Instrument,
) -> Reason | None:
    """Check that what is held, less other open sales, covers a sale (no shorts allowed)."""
    order = record.order
    held = view.get_position(order.symbol).quantity
    other_sales = _remaining_of(others, order.symbol, record.sign)
    covered = max(subtract(held, other_sales), ZERO)
    if order.quantity <= covered:
        return None
    return Reason.of(
        Code.POSITION_MUST_COVER_SALE,
        held=held,
        other_sales=other_sales,
        asked=order.quantity,
        at_most=instrument.quantity_below(covered),
    )


def check_cash(
    record: OrderRecord,
    view: PortfolioView,
    others: Sequence[OrderRecord],
    terms: Terms,
    instrument: Instrument,
) -> Reason | None:
    """Check that cash, less what others have reserved, covers what an order opens or adds.

    An order without a price to estimate at (a market order before the first bar) passes: it is checked when it fills.
    """
    order = record.order
    price = _estimate_price(order, view)
    if price is None:
        return None
    covered = _against(record, view)
    if covered and others:
        covered = max(subtract(covered, _remaining_of(others, order.symbol, record.sign)), ZERO)
    opening = subtract(order.quantity, covered)
    if opening <= ZERO:
        return None
    needed = _opening_cost(opening, price, terms)
    available = _available_cash(view, others, terms)
    if needed <= available:
        return None
    params = _compared(needed, available)
    return Reason.of(
        Code.CASH_MUST_COVER_PURCHASE, **params, **_remedies(order, price, covered, available, terms, instrument)
    )


def _remedies(
    order: Order,
    price: Decimal,
    covered: Decimal,
    available: Decimal,
    terms: Terms,
    instrument: Instrument,
) -> dict[str, Decimal]:
    """Return the largest quantity, and for a limit order the worst price, that would have passed."""

    def passes(quantity: Decimal, at: Decimal) -> bool:
        return quantity <= covered or _opening_cost(subtract(quantity, covered), at, terms) <= available

    step = instrument.quantity_step or quantum(fraction_digits(order.quantity))
    remedies = {"at_most": _largest(lambda quantity: passes(quantity, price), order.quantity, step)}
    if order.type is OrderType.LIMIT and order.side is BUY:
        tick = instrument.tick_size or quantum(fraction_digits(price))
        worst_price = _largest(lambda at: passes(order.quantity, at), price, tick)
        if worst_price > ZERO:
            remedies["worst_price"] = worst_price
    return remedies


def check_fill(record: OrderRecord, price: Decimal, view: PortfolioView, terms: Terms) -> FillCheck:
    """Say how much of what remains of an order may fill at a price; what reduces is never refused."""
    remaining = record.remaining
    commission = _charge(record, remaining, price, terms)
    against = _against(record, view)
    if against >= remaining:
        return FillCheck(remaining, commission, None, _note(record, remaining, price, commission, view))
    refusal = _refusal(record, against, price, commission, view, terms)
    if refusal is None:
        return FillCheck(remaining, commission)
    if not against:
        return FillCheck(ZERO, ZERO, refusal)
    commission = _charge(record, against, price, terms)
    return FillCheck(against, commission, refusal, _note(record, against, price, commission, view))


def _note(
    record: OrderRecord,
    quantity: Decimal,
    price: Decimal,
    commission: Decimal,
    view: PortfolioView,
) -> Reason | None:
    """Say that a fill that reduces, and so is never refused, leaves cash below zero."""
    spent = add(multiply(multiply(quantity, price), record.sign), commission)
    cash = subtract(view.get_cash_balance(), spent)
    return Reason.of(Code.CASH_BELOW_ZERO, cash=cash) if cash < ZERO else None


def _charge(record: OrderRecord, quantity: Decimal, price: Decimal, terms: Terms) -> Decimal:
    """Return what a fill adds to the commission of its order, money (rule R16)."""
    notional = add(record.notional, multiply(quantity, price))
    return subtract(terms.commission.total(add(record.filled, quantity), notional), record.commissions)


def _refusal(
    record: OrderRecord,
    reducing: Decimal,
    price: Decimal,
    commission: Decimal,
    view: PortfolioView,
    terms: Terms,
) -> Reason | None:
    """Say why what an order opens or adds may not fill."""
    symbol, remaining = record.order.symbol, record.remaining
    if record.sign < 0 and not terms.allow_short:
        return Reason.of(Code.SHORT_NOT_ALLOWED, held=view.get_position(symbol).quantity, asked=remaining)
    needed = add(multiply(subtract(remaining, reducing), price), commission)
    available = view.get_cash_balance()
    if terms.allow_short:
        available = subtract(available, _kept_for_shorts(view, symbol if reducing else ""))
    if reducing:  # the rest flips the position: what closes it is booked first
        available = subtract(available, multiply(multiply(reducing, price), record.sign))
    if needed <= available:
        return None
    return Reason.of(Code.CASH_MUST_COVER_FILL, price=price, **_compared(needed, available))


def _compared(needed: Decimal, available: Decimal) -> dict[str, Decimal]:
    return {"needed": needed, "available": available, "missing": subtract(needed, available)}


def _against(record: OrderRecord, view: PortfolioView) -> Decimal:
    """Return how many units an order could take off a position of the other side."""
    held = view.get_position(record.order.symbol).quantity
    if record.sign > 0:
        return max(minus(held), ZERO)
    return max(held, ZERO)


def _remaining_of(records: Iterable[OrderRecord], symbol: str, sign: int) -> Decimal:
    result = ZERO
    for one in records:
        if one.order.symbol == symbol and one.sign == sign:
            result = add(result, one.remaining)
    return result


def _estimate_price(order: Order, view: PortfolioView) -> Decimal | None:
    return view.get_mark(order.symbol) if order.limit_price is None else order.limit_price


def _opening_cost(opening: Decimal, price: Decimal, terms: Terms) -> Decimal:
    if opening <= ZERO:
        return ZERO
    notional = multiply(opening, price)
    return add(notional, terms.commission.total(opening, notional))


def _kept_for_shorts(view: PortfolioView, ignored: str = "") -> Decimal:
    """Return twice the cost of all shorts: their proceeds and as much again."""
    result = ZERO
    for symbol, position in view.get_all_positions().items():
        if position.quantity < ZERO and symbol != ignored:
            result = subtract(result, multiply(2, position.cost_basis))
    return result


def _available_cash(view: PortfolioView, open_orders: Iterable[OrderRecord], terms: Terms) -> Decimal:
    """Return the cash that no short and no open order has a claim on; open exits at market count as proceeds."""
    available = view.get_cash_balance()
    if terms.allow_short:
        available = subtract(available, _kept_for_shorts(view))
    left: dict[tuple[str, int], Decimal] = {}
    for record in open_orders:
        order, side = record.order, (record.order.symbol, record.sign)
        against = left.get(side)
        if against is None:
            against = _against(record, view)
        exits = min(against, record.remaining)
        left[side] = subtract(against, exits)
        price = _estimate_price(order, view)
        if price is None:
            continue
        if exits and record.sign < 0 and order.type is OrderType.MARKET:
            proceeds = multiply(exits, price)
            available = add(available, subtract(proceeds, terms.commission.total(exits, proceeds)))
        reserved = _opening_cost(subtract(record.remaining, exits), price, terms)
        available = subtract(available, reserved)
    return available


def _largest(passes: Callable[[Decimal], bool], below: Decimal, unit: Decimal) -> Decimal:
    """Return the largest multiple of a unit, from zero to below, that passes; zero where none does."""
    low, high = 0, int(EXACT.divide_int(below, unit))
    while low < high:
        middle = (low + high + 1) // 2
        if passes(multiply(unit, middle)):
            low = middle
        else:
            high = middle - 1
    return multiply(unit, low)


def check_known(symbol: str, instruments: Mapping[str, Instrument] | None) -> Reason | None:
    """Check that a symbol is known; where no instruments are given, every symbol is."""
    if instruments is None or symbol in instruments:
        return None
    return Reason.of(Code.SYMBOL_MUST_BE_KNOWN, symbol=symbol, known=", ".join(sorted(instruments)) or "none")
