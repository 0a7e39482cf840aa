"""Comparison: the same strategy under the settings of another engine, and the rule by which an order parts from it."""

from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Any, Final, NamedTuple, TypeAlias

from attrs import frozen

from core.backtest.loop import Backtest
from core.backtest.profiles import Beyond, Profile
from core.backtest.settings import Settings
from core.clock import Phase
from core.events import (
    Event,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    OrderTriggered,
)
from core.fill import Fill
from core.order import Order, OrderStatus
from core.reason import Code

RunUnder: TypeAlias = Callable[[Settings], Backtest]
"""Runs the same strategy over the same bars, to the end, under settings."""

_SAID: Final[Mapping[type[Event], Callable[[Any], object]]] = {
    OrderSubmitted: lambda event: event.order,
    OrderRejected: lambda event: event.reason.code,
    OrderTriggered: lambda event: event.price,
    OrderFilled: lambda event: (event.fill.quantity, event.fill.price),
    OrderCanceled: lambda event: event.reason.code,
    OrderExpired: lambda event: event.reason.code,
}
"""What counts of the facts that make an order's fate."""


class Fact(NamedTuple):
    """One fact of an order's fate: where it happened, what kind it is, and what counts of it."""

    step: int
    phase: Phase
    kind: type[Event]
    said: object

    @property
    def counts(self) -> tuple[object, ...]:
        """What two runs are compared by: not the phase, which another path through the bar may exchange."""
        return self.step, self.kind, self.said


@frozen
class Fate:
    """What was asked for, and what became of it.

    Attributes:
        order: What was asked for.
        fills: Its fills.
        status: How it ended, or that it is open.
        code: Why it was rejected, canceled or expired.
        facts: All of this in the order in which it happened.
    """

    order: Order
    fills: tuple[Fill, ...]
    status: OrderStatus
    code: Code | None
    facts: tuple[Fact, ...]


@frozen
class Difference:
    """A setting in which a profile differs.

    Attributes:
        rule: The rule that it belongs to.
        setting: Its name.
        here: Its value in the settings given.
        there: Its value in the profile.
    """

    rule: str
    setting: str
    here: Any
    there: Any


@frozen
class Parting:
    """Where two runs part.

    Attributes:
        step: In which step.
        order_id: The order that is another, or becomes another there.
        here: What it is under the settings given; None where there is no such order.
        there: What it is under those of the profile; None where there is no such order.
        differences: The settings that, changed alone, make it another; where none does alone, all that differ.
    """

    step: int
    order_id: int
    here: Fate | None
    there: Fate | None
    differences: tuple[Difference, ...]


@frozen
class Comparison:
    """One order under a profile.

    Attributes:
        here: What it is under the settings given.
        there: What it is under the profile; None where there is no such order.
        parting: Where the runs first part, if the order is another; at this order or at one that has led to it.
        beyond: What of the other engine concerns the order and no setting reaches.
    """

    here: Fate
    there: Fate | None
    parting: Parting | None
    beyond: tuple[Beyond, ...]


_Fates: TypeAlias = Mapping[int, Fate]


def compare_with(run: Backtest, run_under: RunUnder, profile: Profile, order_id: int) -> Comparison:
    """Run the strategy under a profile, and say whether and by which rule an order becomes another.

    Args:
        run: The run under its own settings, over.
        run_under: Repeats it under others.
        profile: The other engine.
        order_id: The order.

    Raises:
        UnknownOrderError: No order of the run has this id.
    """
    tracked = run.broker.get_order(order_id)
    here, there = _fates(run), _fates(run_under(profile.over(run.settings)))
    entry = None if tracked.parent_id is None else run.broker.get_order(tracked.parent_id).order
    is_another = _parting_place(here.get(order_id), there.get(order_id)) is not None
    return Comparison(
        here=here[order_id],
        there=there.get(order_id),
        parting=_parting(run.settings, run_under, profile, order_id, here, there) if is_another else None,
        beyond=tuple(one for one in profile.beyond if one.concerns(tracked.order, entry)),
    )


def _parting(
    settings: Settings, run_under: RunUnder, profile: Profile, order_id: int, here: _Fates, there: _Fates
) -> Parting:
    """Find where two runs first part, and the settings that are to blame."""
    places = {one: _parting_place(here.get(one), there.get(one)) for one in here.keys() | there.keys()}
    (step, _), _, parted = min((place, one != order_id, one) for one, place in places.items() if place is not None)
    differing, deciding = [], []
    for rule, name, changed in profile.one_by_one(settings):
        difference = Difference(rule, name, getattr(settings, name), profile.settings[name])
        differing.append(difference)
        if _parting_place(here.get(parted), _fates(run_under(changed)).get(parted)) is not None:
            deciding.append(difference)
    return Parting(step, parted, here.get(parted), there.get(parted), tuple(deciding or differing))


def _parting_place(here: Fate | None, there: Fate | None) -> tuple[int, Phase] | None:
    """Return the step and the phase in which an order becomes another; None where it does not."""
    ours, theirs = (() if one is None else one.facts for one in (here, there))
    for one, other in zip_longest(ours, theirs):
        if one is None or other is None or one.counts != other.counts:
            return min((fact.step, fact.phase) for fact in (one, other) if fact is not None)
    return None


def _fates(run: Backtest) -> _Fates:
    """Return what became of each order of a run."""
    asked: dict[int, Order] = {}
    facts: dict[int, list[Fact]] = {}
    fills: dict[int, list[Fill]] = {}
    for step, phase, kind, fields in run.journal.rows:
        if kind in _SAID:
            event = kind.make(*fields)
            facts.setdefault(fields[1], []).append(Fact(step, phase, kind, _SAID[kind](event)))
        if kind is OrderSubmitted:
            asked[fields[1]] = fields[2]
    for fill in run.broker.fills():
        fills.setdefault(fill.order_id, []).append(fill)
    return {
        one.id: Fate(
            order=asked[one.id],
            fills=tuple(fills.get(one.id, ())),
            status=one.status,
            code=one.reason.code if one.reason else None,
            facts=tuple(facts[one.id]),
        )
        for one in run.broker.orders()
    }
