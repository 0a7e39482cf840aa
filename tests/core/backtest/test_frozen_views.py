"""What a strategy is given shows the present and cannot be changed, whatever public name it tries (invariant T7)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import polars as pl
import pytest
from attrs import define, field
from attrs.exceptions import FrozenInstanceError

from core.backtest.loop import Backtest
from core.backtest.strategy import Now, Strategy, SymbolNow
from core.bars import Bars
from core.errors import StrategyError
from core.fill import Fill
from core.order import TrackedOrder
from tests.core.builders import bars_of, run

PAST = ["100/105/95/101/500", "101/106/96/102/501", "102/107/97/103/502"]
LATER = (["111/115/105/112/600", "112/113/111/112/601"], ["93/95/92/94/700", "94/99/93/98/7"])
PLAIN = (str, int, float, Decimal, datetime, Enum, type(None))
DEPTH = 3
REQUESTS = ("buy", "sell", "submit", "submit_bracket", "submit_oco", "cancel", "cancel_all", "amend")
CALLS: list[tuple[Any, ...]] = [(), ("A",), (1,), (-1,), (4,)]


def bars(later: list[str]) -> list[Bars]:
    return [bars_of("A", *PAST, *later), bars_of("B", *PAST[:2], "-", *later)]


def seen_from(thing: Any, depth: int = DEPTH) -> Any:
    """Return all that a thing gives under public names, and what that gives."""
    if isinstance(thing, PLAIN) or not depth:
        return thing if isinstance(thing, PLAIN) else type(thing).__name__
    if isinstance(thing, (tuple, list)):
        return [seen_from(one, depth) for one in thing]
    found = {}
    if isinstance(thing, Mapping):
        found = {repr(name): seen_from(thing[name], depth - 1) for name in thing}
    for name in dir(thing):
        if not name.startswith("_") and name not in REQUESTS and not (isinstance(thing, dict) and hasattr(dict, name)):
            found[name] = seen_from(given_by(thing, name), depth - 1)
    return found


def given_by(thing: Any, name: str) -> Any:
    """Return an attribute, or what it returns for the numbers and names with which it can be called."""
    try:
        value = getattr(thing, name)
    except Exception as error:  # noqa: BLE001 - to look is not to fail
        return str(error)
    if not callable(value):
        return value
    return [called(value, *given) for given in (CALLS if isinstance(thing, (Now, SymbolNow)) else CALLS[:1])]


def called(method: Callable[..., Any], *given: Any) -> Any:
    try:
        return method(*given)
    except Exception as error:  # noqa: BLE001 - to look is not to fail
        return str(error)


@define
class Looking(Strategy):
    """Look at everything, also at the instant of a fill, and keep it."""

    seen: list[Any] = field(factory=list)

    def indicators(self) -> Mapping[str, pl.Expr]:
        return {"average": pl.col("close_ticks").rolling_sum(2)}

    def on_bar(self, now: Now) -> None:
        if now.step == 0:
            now.buy("A", 5)
        if now.step == 1:
            now.buy("A", 1, limit_price=1)
        if now.step < len(PAST):
            self.seen.append(seen_from(now))

    def on_fill(self, now: Now, fill: Fill) -> None:
        self.seen.append((seen_from(now), seen_from(fill)))

    def on_order(self, now: Now, order: TrackedOrder) -> None:
        self.seen.append((seen_from(now), seen_from(order)))


def test_no_public_name_leads_to_a_later_bar() -> None:
    looks = [Looking(), Looking()]
    for strategy, later in zip(looks, LATER, strict=True):
        run(bars(later), strategy)
    one, other = (strategy.seen for strategy in looks)
    assert one == other
    assert len(one) == 3 + 3  # bars; two orders accepted, one filled
    assert "Decimal('103')" in repr(one)  # it does look at prices


SETS: dict[str, Callable[[Now], object]] = {
    "the row": lambda now: setattr(now["A"], "row", 4),
    "the symbol": lambda now: setattr(now["A"], "symbol", "B"),
    "a price": lambda now: setattr(now["A"], "close", Decimal(1)),
    "an indicator": lambda now: setattr(now["A"], "average", 1),
    "the step": lambda now: setattr(now, "step", 7),
    "the equity": lambda now: setattr(now, "equity", Decimal(10**9)),
}
CHANGES: dict[str, Callable[[Now], object]] = {
    "another symbol": lambda now: now.__setitem__("B", now["A"]),
    "a symbol less": lambda now: now.__delitem__("A"),
    "no symbols": lambda now: now.clear(),
    "a symbol taken": lambda now: now.pop("A"),
    "any taken": lambda now: now.popitem(),
    "symbols more": lambda now: now.update({"B": now["A"]}),
    "by default": lambda now: now.setdefault("B", now["A"]),
    "by operator": lambda now: now.__ior__({"B": now["A"]}),
    "a bar": lambda now: setattr(now["A"].bar(), "close", Decimal(1)),
    "a position": lambda now: setattr(now.get_position("A"), "quantity", Decimal(10**6)),
    "an order": lambda now: setattr(now.get_order(1), "filled_quantity", Decimal(0)),
    "what was asked": lambda now: setattr(now.get_order(1).order, "quantity", Decimal(0)),
    "an instrument": lambda now: setattr(now.get_instrument("A"), "symbol", "B"),
}


@define
class Changing(Strategy):
    """Hold a position, and then change something."""

    change: Callable[[Now], object]

    def indicators(self) -> Mapping[str, pl.Expr]:
        return {"average": pl.col("close_ticks").rolling_sum(2)}

    def on_bar(self, now: Now) -> None:
        if now.step == 0:
            now.buy("A", 5)
        elif now.step == 2:
            self.change(now)


@pytest.mark.parametrize("change", [*SETS.values(), *CHANGES.values()], ids=[*SETS, *CHANGES])
def test_what_a_strategy_is_given_cannot_be_changed(change: Callable[[Now], object]) -> None:
    made = Backtest(bars(LATER[0]), Changing(change))
    with pytest.raises(StrategyError) as caught:
        made.run()
    assert isinstance(caught.value.__cause__, (AttributeError, FrozenInstanceError))
    assert caught.value.call == "on_bar"


COPIES: dict[str, Callable[[Now], object]] = {
    "positions": lambda now: dict.clear(now.get_all_positions()),
    "open orders": lambda now: now.open_orders().clear(),
    "indicators": lambda now: now["A"].indicators().clear(),
}


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES)
def test_lists_and_dicts_that_a_strategy_is_given_are_copies(change: Callable[[Now], object]) -> None:
    changed, honest = (run(bars(LATER[0]), Changing(how)) for how in (change, lambda _: None))
    assert changed.journal.canonical_bytes() == honest.journal.canonical_bytes()
    assert changed.portfolio.get_all_positions() == honest.portfolio.get_all_positions() != {}


def test_iterating_reads_all_symbols_and_shows_no_more_of_them() -> None:
    found: list[Any] = []

    def look(now: Now) -> Iterator[None]:
        found.extend((list(now), list(now.keys()), [one.symbol for one in now.values()], "C" in now, len(now)))
        return iter(())

    run(bars(LATER[0]), {2: look})
    assert found == [["A", "B"], ["A", "B"], ["A", "B"], False, 2]
