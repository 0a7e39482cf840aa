"""One order as it is checked at submit, and what would have passed in its place."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from core.execution.claim_sums import NO_CLAIM, Claim
from core.execution.claims import claimed_units, estimate_price, units_against
from core.execution.order_record import OrderRecord
from core.execution.path import first_stop, is_trailing
from core.execution.terms import Terms
from core.instrument import Instrument
from core.money import (
    EXACT,
    ZERO,
    add,
    fraction_digits,
    multiply,
    quantum,
    subtract,
)
from core.protocols import PortfolioView
from core.reason import Param


class Ask(NamedTuple):
    """One order as it is checked at submit.

    Attributes:
        record: What is asked.
        view: What is held.
        others: The other open orders that have a claim, its siblings left out, and those that are added up.
        terms: What is allowed.
        instrument: The units of its symbol.
        units: What orders that are added up claim of each symbol and side, units.
        opening: What those of them take that open, money.
    """

    record: OrderRecord
    view: PortfolioView
    others: Sequence[OrderRecord]
    terms: Terms
    instrument: Instrument
    units: Mapping[tuple[str, int], Decimal] = MappingProxyType({})
    opening: Claim = NO_CLAIM

    @property
    def price(self) -> Decimal | None:
        """The price that it is estimated at; None where there is none yet."""
        if self.record.stop_price is not None or not is_trailing(self.record):
            return estimate_price(self.record, self.view)
        mark = self.view.get_mark(self.record.order.symbol)
        return None if mark is None else max(mark, first_stop(self.record, mark, self.instrument.tick_size))

    @property
    def covered(self) -> Decimal:
        """Units that only reduce what is held, other open orders of its side having taken theirs."""
        against = units_against(self.record, self.view)
        return max(subtract(against, self.claimed), ZERO) if against else against

    @property
    def claimed(self) -> Decimal:
        """Units that other open orders of its symbol and side claim."""
        if not self.others and not self.units:
            return ZERO
        side = (self.record.order.symbol, self.record.sign)
        return add(claimed_units(self.others, *side), self.units.get(side, ZERO))


def find_remedies(ask: Ask, price: Decimal, passes: Callable[[Decimal, Decimal], bool]) -> dict[str, Param]:
    """Return the largest quantity, and for a purchase at its own price the worst one, that would have passed."""
    record = ask.record
    order, quantity = record.order, record.remaining
    step = ask.instrument.quantity_step or quantum(fraction_digits(quantity))
    remedies: dict[str, Param] = {"at_most": largest(lambda units: passes(units, price), quantity, step)}
    own = order.stop_price if order.limit_price is None else order.limit_price
    if record.sign > 0 and own == price:
        tick = ask.instrument.tick_size or quantum(fraction_digits(price))
        worst_price = largest(lambda at: passes(quantity, at), price, tick)
        mark = ask.view.get_mark(order.symbol) or ZERO
        if worst_price > (ZERO if order.limit_price is not None else mark):
            remedies["worst_price"] = worst_price
    return remedies


def largest(passes: Callable[[Decimal], bool], below: Decimal, unit: Decimal) -> Decimal:
    """Return the largest multiple of a unit, from zero to below, that passes; zero where none does."""
    low, high = 0, int(EXACT.divide_int(below, unit))
    while low < high:
        middle = (low + high + 1) // 2
        if passes(multiply(unit, middle)):
            low = middle
        else:
            high = middle - 1
    return multiply(unit, low)
