"""Two moments side by side, as rows: what differs between them, or between a branch and its parent."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final, TypeAlias

from core.money import subtract
from core.position import Position
from core.replay.moment import Moment
from core.replay.reexecution import Call
from core.text import clean
from tui.numbers import NOTHING, average, exactly, money, signed

Cells: TypeAlias = tuple[str, str, str, str]
"""What it is, one, the other, and the difference where there is one."""

_MONEY: Final[dict[str, Callable[[Moment], Decimal]]] = {
    "equity": lambda moment: moment.equity,
    "cash": lambda moment: moment.get_cash_balance(),
    "realized": lambda moment: moment.realized_pnl,
    "unrealized": lambda moment: moment.unrealized_pnl,
    "commissions": lambda moment: moment.commissions,
    "drawdown": lambda moment: moment.drawdown,
}


def rows_of(one: Moment, other: Moment) -> Iterator[Cells]:
    """Yield money, positions and open orders of two moments; what is alike has an empty last cell."""
    for name, read in _MONEY.items():
        before, after = read(one), read(other)
        yield name, money(before), money(after), "" if before == after else signed(subtract(after, before))
    for symbol in dict.fromkeys((*one.get_all_positions(), *other.get_all_positions())):
        pair = (one.get_position(symbol), other.get_position(symbol))
        change = subtract(pair[1].quantity, pair[0].quantity)
        texts = [_held(position) for position in pair]
        sign = "+" if change > 0 else ""
        yield clean(symbol), texts[0], texts[1], f"{sign}{exactly(change, 0)}" if change else ""
    yield from _counted("open orders", len(one.open_orders()), len(other.open_orders()))
    yield from _counted("orders", len(one.orders), len(other.orders))
    yield from _counted("fills", one.orders.fill_count, other.orders.fill_count)


def fields_of(one: Call, other: Call) -> Iterator[Cells]:
    """Yield the fields of a strategy that were another value at the other moment."""
    for name in dict.fromkeys((*one.fields, *other.fields)):
        before, after = one.fields.get(name, NOTHING), other.fields.get(name, NOTHING)
        if before != after:
            yield clean(name), before, after, "differs"


def _counted(name: str, before: int, after: int) -> Iterator[Cells]:
    yield name, f"{before:,}", f"{after:,}", "" if before == after else f"{after - before:+,}"


def _held(position: Position) -> str:
    return NOTHING if position.is_flat else f"{exactly(position.quantity, 0)} @ {average(position.average_price)}"
