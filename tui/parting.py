"""What an order would be in another engine, as lines: its fate here and there, and which rule differs."""

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, Final

import attrs

from core.bars import written_time
from core.execution.costs import Slippage
from core.money import canonical
from core.replay.comparison import Comparison, Difference, Fate, Parting
from core.text import clean
from tui.numbers import MONEY_DIGITS, exactly

_INDENT: Final = "    "


def tell_comparison(name: str, order_id: int, comparison: Comparison) -> Iterator[str]:
    """Write what an order would be in another engine, and which rule differs.

    Args:
        name: What the engine is called.
        order_id: The order.
        comparison: What was found of it.
    """
    is_same = comparison.parting is None
    yield clean(f"as {name}: {'the same, as far as settings reach' if is_same else 'another order'}")
    if comparison.parting is None:
        yield clean(f"{_INDENT}here and there: {_fate(comparison.here)}")
    else:
        yield from (clean(f"{_INDENT}{line}") for line in _fates(order_id, comparison, comparison.parting))
    for beyond in comparison.beyond:
        yield f"{_INDENT}rule {beyond.rule} differs, and no setting reaches it: {beyond.text}"


def _fates(order_id: int, comparison: Comparison, parting: Parting) -> Iterator[str]:
    yield f"here:  {_fate(comparison.here)}"
    yield f"there: {_fate(comparison.there)}"
    if parting.order_id != order_id:
        yield f"the runs part before, in bar {parting.step + 1} at order #{parting.order_id}"
        yield f"here:  {_fate(parting.here)}"
        yield f"there: {_fate(parting.there)}"
    yield from map(_difference, parting.differences)


def _difference(one: Difference) -> str:
    return f"rule {one.rule} differs: {one.setting} is {_value(one.here)} here, {_value(one.there)} there"


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Decimal):
        return canonical(value)
    if not isinstance(value, Slippage):
        return type(value).__name__  # a model of one's own
    parts = {one.name: getattr(value, one.name) for one in attrs.fields(Slippage) if one.init}
    return ", ".join(f"{name} {canonical(part)}" for name, part in parts.items() if part) or "none"


def _fate(fate: Fate | None) -> str:
    if fate is None:
        return "not asked for"
    fills = ", ".join(
        f"{exactly(one.quantity, 0)} @ {exactly(one.price, MONEY_DIGITS)} on {written_time(one.timestamp)}"
        for one in fate.fills
    )
    status = fate.status.value.lower().replace("_", " ")
    life = "" if fate.order.time_in_force.value == "GTC" else f" {fate.order.time_in_force.value}"
    return f"{fate.order}{life}: {fills or 'no fill'}, {status}{f' {fate.code.value}' if fate.code else ''}"
