"""ClaimSums: what open orders claim, kept as sums where it stands still, so that a new order need not ask each of them.

What an order with a limit claims follows from itself alone, and what a market order claims from the mark too, as long
as none of its side only reduces a position or all of its side do. Such orders are added up, anew where the mark moves;
all others are asked each time. `claims` says what each of them claims.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from attrs import define, field

from core.execution.claims import claimed_units, held_against, opening_cost
from core.execution.order_record import OrderRecord
from core.execution.terms import Terms
from core.money import ZERO, add, multiply, subtract
from core.order import OrderType
from core.protocols import PortfolioView

_Side: TypeAlias = tuple[str, int]
"""A symbol, and the sign of orders for it."""


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


NO_OTHERS: Final = Others([], {}, NO_CLAIM)


@define(eq=False)
class _AtMarket:
    """The market orders of one side, as they were added up.

    Attributes:
        mark: The price that they were estimated at.
        records: These orders, by number.
        claim: What they claim together.
    """

    mark: Decimal
    records: dict[int, OrderRecord] = field(factory=dict)
    claim: Claim = NO_CLAIM

    @property
    def proceeds(self) -> Decimal:
        """What sales that only reduce a position bring, money: the notional less the commission."""
        return subtract(
            multiply(2, self.claim.notional), self.claim.cost
        )  # the cost is the notional and the commission


@define(eq=False)
class ClaimSums:
    """What the open orders of a broker claim."""

    _new: dict[int, OrderRecord] = field(factory=dict, init=False)  # nobody has asked for them as they are now
    _loose: dict[int, OrderRecord] = field(factory=dict, init=False)  # their claims hang on something else
    _dated: dict[int, tuple[OrderRecord, Claim]] = field(factory=dict, init=False)  # theirs end with a time
    _added: dict[_Side, dict[int, tuple[OrderRecord, Claim]]] = field(factory=dict, init=False)
    _sums: dict[_Side, Claim] = field(factory=dict, init=False)
    _at_market: dict[_Side, _AtMarket] = field(factory=dict, init=False)  # of those that are added up

    def __bool__(self) -> bool:
        """Whether any order claims anything, as far as one knows without asking."""
        return bool(self._new or self._loose or self._dated or self._sums)

    def open(self, record: OrderRecord) -> None:
        """Take in an order that was opened."""
        self._new[record.id] = record

    def change(self, record: OrderRecord) -> None:
        """Ask an open order anew, since something of it has changed."""
        if record.id not in self._new:
            self.remove(record)
            self._new[record.id] = record

    def remove(self, record: OrderRecord) -> None:
        """Forget an order that is over."""
        order_id = record.id
        if self._new.pop(order_id, None) or self._dated.pop(order_id, None) or self._loose.pop(order_id, None):
            return
        side = _side_of(record)
        of_side = self._added.get(side)
        if of_side is not None and order_id in of_side:
            _, claim = of_side.pop(order_id)
            self._leave_market(side, order_id, claim)
            if of_side:
                self._sums[side] = self._sums[side].less(claim)
            else:
                del self._added[side], self._sums[side]

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
        self._follow_marks(view)
        self._sort_in(asked, view, terms)
        records = [one for one in self._loose.values() if counts(one)]
        dated = [pair for pair in self._dated.values() if counts(pair[0])]
        sums = self._sums if not dated else self._sums_with(dated)
        units: dict[_Side, Decimal] = {}
        opening, mixed = NO_CLAIM, []
        for side, claim in sums.items():
            against = held_against(*side, view)
            if against and add(claim.units, claimed_units(records, *side)) > against:
                mixed.append(side)
                continue
            units[side] = claim.units
            if not against:
                opening = claim if opening is NO_CLAIM else opening.plus(claim)
            elif side in self._at_market and side[1] < 0:
                opening = opening._replace(cost=subtract(opening.cost, self._at_market[side].proceeds))
        for side in mixed:
            records += [record for record, _ in self._added.get(side, _NONE).values()]
            records += [record for record, _ in dated if _side_of(record) == side]
        records.sort(key=_number)
        return Others(records, units, opening)

    def _follow_marks(self, view: PortfolioView) -> None:
        """Have market orders added up anew where their mark is another one."""
        for (symbol, _), known in list(self._at_market.items()):
            if known.mark != view.get_mark(symbol):
                for record in tuple(known.records.values()):
                    self.change(record)

    def _leave_market(self, side: _Side, order_id: int, claim: Claim) -> None:
        known = self._at_market.get(side)
        if known is not None and order_id in known.records:
            del known.records[order_id]
            known.claim = known.claim.less(claim)
            if not known.records:
                del self._at_market[side]

    def _sort_in(self, asked: OrderRecord, view: PortfolioView, terms: Terms) -> None:
        """Add up what is new, except what is asked for."""
        own = self._added.get(_side_of(asked), _NONE).get(asked.id) if self._added else None
        if own is not None:
            self.change(own[0])
        for record in tuple(self._new.values()):
            if record.id != asked.id:
                del self._new[record.id]
                self._add_up(record, view, terms)

    def _add_up(self, record: OrderRecord, view: PortfolioView, terms: Terms) -> None:
        awake, price = record.awake, record.limit_price
        if not awake or record.cancel_queued:  # it claims nothing until that changes
            return
        is_bounded = record.order.time_in_force.is_bounded
        is_at_market = record.order.type in _AT_MARKET and not is_bounded
        if is_at_market:
            price = view.get_mark(record.order.symbol)
        if price is None or record.group_id is not None:
            self._loose[record.id] = record
            return
        claim = Claim(awake, opening_cost(record, awake, price, terms), multiply(awake, price))
        if is_bounded:
            self._dated[record.id] = (record, claim)
            return
        side = _side_of(record)
        if is_at_market:
            known = self._at_market.setdefault(side, _AtMarket(price))
            known.records[record.id] = record
            known.claim = known.claim.plus(claim)
        self._added.setdefault(side, {})[record.id] = (record, claim)
        self._sums[side] = self._sums.get(side, NO_CLAIM).plus(claim)

    def _sums_with(self, dated: Iterable[tuple[OrderRecord, Claim]]) -> dict[_Side, Claim]:
        sums = self._sums.copy()
        for record, claim in dated:
            side = _side_of(record)
            sums[side] = sums[side].plus(claim) if side in sums else claim
        return sums


_AT_MARKET: Final = frozenset({OrderType.MARKET, OrderType.MARKET_ON_OPEN})
_NONE: Final[dict[int, tuple[OrderRecord, Claim]]] = {}


def _side_of(record: OrderRecord) -> _Side:
    return record.order.symbol, record.sign


def _number(record: OrderRecord) -> int:
    return record.id
