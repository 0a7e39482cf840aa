"""How much of an order may fill, at the price it has met (rule R15b)."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from core.execution.ask import largest
from core.execution.claims import compared, kept_for_shorts, units_against
from core.execution.order_record import OrderRecord
from core.execution.order_tracker import traded_after
from core.execution.terms import CashRule, Terms
from core.instrument import Instrument
from core.money import (
    ZERO,
    add,
    fraction_digits,
    multiply,
    quantum,
    subtract,
)
from core.order import TimeInForce
from core.protocols import PortfolioView
from core.reason import Code, Reason


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


def check_fill(
    record: OrderRecord,
    quantity: Decimal,
    price: Decimal,
    view: PortfolioView,
    terms: Terms,
    instrument: Instrument,
    *,
    is_maker: bool = False,
) -> FillCheck:
    """Say how much of some units of an order may fill at a price; what reduces is never refused.

    Args:
        record: The order.
        quantity: Units that the market offers.
        price: Money for one unit.
        view: What is held.
        terms: What is allowed.
        instrument: The units of its symbol.
        is_maker: Whether the order rested and the price came to it.
    """
    whole = _charge(record, quantity, price, terms, is_maker=is_maker)

    def charge(units: Decimal) -> Decimal:
        return whole if units == quantity else _charge(record, units, price, terms, is_maker=is_maker)

    against = min(units_against(record, view), quantity)
    if against == quantity:
        return _reducing(record, quantity, price, whole, view)
    refusal = _refusal(record, quantity, against, price, charge, view, terms)
    if refusal is None:
        return FillCheck(quantity, whole)
    code, available = refusal
    most = against
    if code is Code.CASH_MUST_COVER_FILL:
        step = instrument.quantity_step or quantum(fraction_digits(quantity))
        most = _most_covered(against, quantity, price, charge, available, step)
    reason = _refusal_reason(code, record, quantity, against, price, charge, available, most, view)
    allowed = most if terms.cash_rule is CashRule.REDUCE else against
    if allowed > against:
        return FillCheck(allowed, charge(allowed), reason)
    if not against:
        return FillCheck(ZERO, ZERO, reason)
    return _reducing(record, against, price, charge(against), view)._replace(refusal=reason)


def _reducing(
    record: OrderRecord, quantity: Decimal, price: Decimal, commission: Decimal, view: PortfolioView
) -> FillCheck:
    """Let a fill that reduces pass, and say where it leaves cash below zero."""
    spent = add(multiply(multiply(quantity, price), record.sign), commission)
    cash = subtract(view.get_cash_balance(), spent)
    note = Reason.of(Code.CASH_BELOW_ZERO, cash=cash) if cash < ZERO else None
    return FillCheck(quantity, commission, None, note)


def _charge(record: OrderRecord, quantity: Decimal, price: Decimal, terms: Terms, *, is_maker: bool) -> Decimal:
    """Return what a fill adds to the commission of its order, money (rule R16)."""
    traded = traded_after(record.traded, quantity, multiply(quantity, price), is_maker=is_maker)
    return subtract(terms.commission.total(traded), record.commissions)


def _refusal(
    record: OrderRecord,
    quantity: Decimal,
    against: Decimal,
    price: Decimal,
    charge: Callable[[Decimal], Decimal],
    view: PortfolioView,
    terms: Terms,
) -> tuple[Code, Decimal] | None:
    """Say why what an order opens or adds may not fill, and which cash there is for it; None where it may."""
    if record.sign < 0 and not terms.allow_short:
        return Code.SHORT_NOT_ALLOWED, ZERO
    if not terms.checks_cash:
        return None
    available = view.get_cash_balance()
    if terms.allow_short:
        available = subtract(available, kept_for_shorts(view, record.order.symbol if against else ""))
    if against:  # the rest flips the position: what closes it is booked first
        available = subtract(available, multiply(multiply(against, price), record.sign))
    needed = add(multiply(subtract(quantity, against), price), charge(quantity))
    return None if needed <= available else (Code.CASH_MUST_COVER_FILL, available)


def _refusal_reason(
    code: Code,
    record: OrderRecord,
    quantity: Decimal,
    against: Decimal,
    price: Decimal,
    charge: Callable[[Decimal], Decimal],
    available: Decimal,
    most: Decimal,
    view: PortfolioView,
) -> Reason:
    if code is Code.SHORT_NOT_ALLOWED:
        held = view.get_position(record.order.symbol).quantity
        return Reason.of(code, held=held, asked=quantity, at_most=most)
    needed = add(multiply(subtract(quantity, against), price), charge(quantity))
    return Reason.of(code, price=price, **compared(needed, available), at_most=most)


def _most_covered(
    against: Decimal,
    quantity: Decimal,
    price: Decimal,
    charge: Callable[[Decimal], Decimal],
    available: Decimal,
    step: Decimal,
) -> Decimal:
    """Return the largest quantity that cash covers with its commission, at least what only reduces."""

    def passes(units: Decimal) -> bool:
        return units <= against or add(multiply(subtract(units, against), price), charge(units)) <= available

    return max(largest(passes, quantity, step), against)


def all_or_nothing(record: OrderRecord, asked: Decimal, available: Decimal) -> Reason | None:
    """Say that a FOK order cannot fill whole; None where it can, or need not."""
    if record.order.time_in_force is not TimeInForce.FOK or available >= asked:
        return None
    return Reason.of(Code.FOK_NOT_FILLABLE, asked=asked, available=available)
