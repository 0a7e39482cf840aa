"""ClaimSums: what open orders claim, kept as sums where it stands still, so that a new order need not ask each of them.

What an order with a limit claims follows from itself alone, as long as none of its side only reduces a position or all
of its side do. Such orders are added up once; all others are asked each time. `claims` says what each of them claims.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from attrs import define, field

from core.execution.claims import claimed_units, held_against, opening_cost
from core.execution.order_record import OrderRecord
from core.execution.terms import Terms
from core.money import ZERO, add, multiply, subtract
from core.order import TimeInForce
from core.protocols import PortfolioView

_Side: TypeAlias = tuple[str, int]
"""A symbol, and the sign of orders for it."""
_BOUNDED: Final = frozenset({TimeInForce.DAY, TimeInForce.GTD})


class Claim(NamedTuple):
    """What one order claims, or several together.

    Attributes:
        units: Units that may fill.
        cost: Money that it takes to open them, with the commission of each order.
        notional: The same without commission.
    """

    units: Decimal = ZERO
    cost: Decimal = ZERO
    notional: Decimal = ZERO

    def plus(self, other: "Claim") -> "Claim":
        """Return both together."""
        return Claim(add(self.units, other.units), add(self.cost, other.cost), add(self.notional, other.notional))

    def less(self, other: "Claim") -> "Claim":
        """Return what is left without the other."""
        return Claim(
            subtract(self.units, other.units), subtract(self.cost, other.cost), subtract(self.notional, other.notional)
        )


NO_CLAIM: Final = Claim()


class Others(NamedTuple):
    """The claims of the open orders besides one that is asked for.

    Attributes:
        records: Those that are asked one by one, by number.
        units: What those that are added up claim of each symbol and side, units.
        opening: What those of them take that open, money.
    """

    records: list[OrderRecord]
    units: dict[_Side, Decimal]
    opening: Claim


@define(eq=False)
class ClaimSums:
    """What the open orders of a broker claim."""

    _loose: dict[int, OrderRecord] = field(factory=dict, init=False)  # those not added up, or not yet
    _sums: dict[_Side, Claim] = field(factory=dict, init=False)
    _added: dict[_Side, dict[int, tuple[OrderRecord, Claim]]] = field(factory=dict, init=False)

    def add(self, record: OrderRecord) -> None:
        """Take in an order that was opened, or something of which has changed."""
        self._take_out(record)
        self._loose[record.id] = record

    def remove(self, record: OrderRecord) -> None:
        """Forget an order that is over."""
        if self._loose.pop(record.id, None) is None:
            self._take_out(record)

    def besides(
        self, asked: OrderRecord, counts: Callable[[OrderRecord], bool], view: PortfolioView, terms: Terms
    ) -> Others:
        """Return the claims of all orders but one and its siblings.

        Args:
            asked: That order, or a changed copy of it.
            counts: Says whether an order that is not added up has a claim besides it.
            view: What is held.
            terms: What is allowed.
        """
        own = self._added.get(_side_of(asked), _NONE).get(asked.id)
        if own is not None:
            self.add(own[0])
        for record in tuple(self._loose.values()):
            if record.id != asked.id:
                self._add_up(record, terms)
        records = [one for one in self._loose.values() if counts(one)]
        units: dict[_Side, Decimal] = {}
        opening = NO_CLAIM
        for side, claim in self._sums.items():
            against = held_against(*side, view)
            if not against:
                opening = opening.plus(claim)
            elif add(claim.units, claimed_units(records, *side)) > against:
                records += [record for record, _ in self._added[side].values()]
                continue
            units[side] = claim.units
        records.sort(key=_number)
        return Others(records, units, opening)

    def _add_up(self, record: OrderRecord, terms: Terms) -> None:
        awake, limit = record.awake, record.limit_price
        if not awake or record.cancel_queued:  # it claims nothing until that changes
            del self._loose[record.id]
            return
        if limit is None or record.group_id is not None or record.order.time_in_force in _BOUNDED:
            return
        claim = Claim(awake, opening_cost(record, awake, limit, terms), multiply(awake, limit))
        side = _side_of(record)
        del self._loose[record.id]
        self._added.setdefault(side, {})[record.id] = (record, claim)
        self._sums[side] = self._sums.get(side, NO_CLAIM).plus(claim)

    def _take_out(self, record: OrderRecord) -> None:
        side = _side_of(record)
        of_side = self._added.get(side)
        if of_side is None or record.id not in of_side:
            return
        _, claim = of_side.pop(record.id)
        if of_side:
            self._sums[side] = self._sums[side].less(claim)
        else:
            del self._added[side], self._sums[side]


_NONE: Final[dict[int, tuple[OrderRecord, Claim]]] = {}


def _side_of(record: OrderRecord) -> _Side:
    return record.order.symbol, record.sign


def _number(record: OrderRecord) -> int:
    return record.id
