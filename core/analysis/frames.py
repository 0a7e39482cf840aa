"""A run as tables: its orders, its fills, its positions and its equity, each a polars frame.

Everything is read from the facts of the run. Money, prices and quantities are Decimal columns, to the last digit; times
are those of bars, in UTC; text is as it came.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

import polars as pl

from core.backtest.equity_columns import equity_columns
from core.backtest.journal import Row
from core.columns import decimal_column
from core.events import CashChanged, OrderEvent, OrderFilled, OrderSubmitted, PositionEvent
from core.execution.order_record import OrderRecord
from core.fill import Fill
from core.progress import report
from core.reason import Reason
from core.replay.orders import fold_order
from core.replay.past_orders import PastOrders
from core.replay.run import Run

_BETWEEN_REPORTS: Final = 4096  # facts
_TIME: Final = pl.Datetime("us", "UTC")
_CAUSE: Final = 7  # where in the fields of an `OrderSubmitted` it stands who asked
_ASKED: Final = ("quantity", "limit_price", "stop_price", "trail_amount", "trail_percent")
_LEDGER: Final = ("quantity", "cost_basis", "realized_pnl", "commissions")
_UNKNOWN: Final = (None,) * len(_LEDGER)  # of a fill that was never booked, since the run broke there

Cells: TypeAlias = Sequence[Any]
"""Those of one column."""


def orders_frame(run: Run) -> pl.DataFrame:
    """Return every order of a run as it is now, a row each, in the order in which they were asked for.

    Its columns: `order_id`; the `step` and `time` at which it was asked for, and the `cause`, the line that did;
    `symbol`, `side`, `type`, `time_in_force`, `good_till`; as last amended `quantity`, `limit_price`, `stop_price`
    (where a stop that trails is now), `trail_amount`, `trail_percent`; how far it came: `status`, `filled_quantity`,
    `remaining_quantity` and `given_up_quantity` (units), `filled_notional` and `commissions` (money); `reason_code` and
    `reason`, why it was rejected, canceled or expired; `reduction_code` and `reduction`, why a part was given up while
    it stayed open; `parent_id` of an exit and `group_id` of siblings; `tag`.

    Raises:
        InputError: A number needs more than the 38 digits of a column.
    """
    rows = run.journal.rows
    asked = [row for row in rows if row[2] is OrderSubmitted]
    records = _fold(rows)
    seen = [record.seen() for record in records]
    orders = [one.order for one in seen]
    prices = {name: [getattr(order, name) for order in orders] for name in _ASKED}
    prices["stop_price"] = [one.stop_price for one in seen]
    come = ("filled_quantity", "remaining_quantity", "given_up_quantity", "filled_notional", "commissions")
    return pl.DataFrame(
        [
            *_whole(order_id=[one.id for one in seen]),
            *_places(asked),
            *_text(cause=[row[3][_CAUSE] for row in asked], symbol=[order.symbol for order in orders]),
            *_text(side=[order.side.name for order in orders], type=[order.type.value for order in orders]),
            *_text(time_in_force=[order.time_in_force.value for order in orders]),
            pl.Series("good_till", [order.good_till for order in orders], dtype=_TIME),
            *_numbers(**prices),
            *_text(status=[one.status.value for one in seen]),
            *_numbers(**{name: [getattr(one, name) for one in seen] for name in come}),
            *_reasons("reason", [one.reason for one in seen]),
            *_reasons("reduction", [one.reduction for one in records]),
            *_whole(parent_id=[one.parent_id for one in seen], group_id=[one.group_id for one in seen]),
            *_text(tag=[order.tag for order in orders]),
        ]
    )


def fills_frame(run: Run) -> pl.DataFrame:
    """Return every fill of a run, a row each, in the order in which they happened, with what each did to the books.

    Its columns: `fill_id`, `order_id`; `step`, `time` and `phase`, which part of the step; `symbol`, `side`, `quantity`
    (units, above zero); `price`, `reference_price`, that before slippage, and `slippage` (money for one unit, above
    zero is worse for us); `notional` (quantity x price) and `commission` (money); the `rule` that made it; `note_codes`
    and `notes`, what else there is to say; `remaining_quantity` of its order; and before and after it, of its symbol
    `quantity`, `cost_basis` and `realized_pnl`, and `cash`: `quantity_before`, `quantity_after` and so on.

    Raises:
        InputError: A number needs more than the 38 digits of a column.
    """
    rows = run.journal.rows
    filled = [row for row in rows if row[2] is OrderFilled]
    fills: list[Fill] = [row[3][2] for row in filled]
    facts = ("quantity", "price", "reference_price", "slippage", "notional", "commission")
    notes = [fill.notes for fill in fills]
    return pl.DataFrame(
        [
            *_whole(fill_id=[fill.id for fill in fills], order_id=[fill.order_id for fill in fills]),
            *_places(filled),
            *_text(phase=[row[1].name for row in filled], symbol=[fill.symbol for fill in fills]),
            *_text(side=[fill.side.name for fill in fills]),
            *_numbers(**{name: [getattr(fill, name) for fill in fills] for name in facts}),
            *_text(rule=[fill.rule.value for fill in fills]),
            *_text(note_codes=["; ".join(note.code for note in some) for some in notes]),
            *_text(notes=["; ".join(note.text for note in some) for some in notes]),
            *_numbers(remaining_quantity=[row[3][3] for row in filled]),
            *_numbers(**_effects(rows, fills)),
        ]
    )


def positions_frame(run: Run) -> pl.DataFrame:
    """Return every change of a position of a run, a row each, in the order in which they happened.

    Its columns: `step`, `time`, `symbol`; the `event`, such as PositionOpened; the `fill_id` that caused it; and before
    and after it `quantity` (signed units), `cost_basis`, `realized_pnl` and `commissions` (money): `quantity_before`,
    `quantity_after` and so on. A fill that takes a position through zero closes it and then opens one: two rows.

    Raises:
        InputError: A number needs more than the 38 digits of a column.
    """
    changes = [row for row in run.journal.rows if issubclass(row[2], PositionEvent)]
    ledgers = {
        f"{name}_{when}": [row[3][field][place] for row in changes]
        for place, name in enumerate(_LEDGER)
        for when, field in (("before", 2), ("after", 3))
    }
    return pl.DataFrame(
        [
            *_places(changes),
            *_text(symbol=[row[3][1] for row in changes], event=[row[2].__name__ for row in changes]),
            *_whole(fill_id=[row[3][4] for row in changes]),
            *_numbers(**ledgers),
        ]
    )


def equity_frame(run: Run) -> pl.DataFrame:
    """Return what a run was worth at the end of each step so far; `equity_columns` says in which columns.

    Raises:
        InputError: A number needs more than the 38 digits of a column.
    """
    return equity_columns(run.feed, run.journal.rows, run.settings.initial_capital, range(run.step_count))


FRAMES: Final[Mapping[str, Callable[[Run], pl.DataFrame]]] = {
    "orders": orders_frame,
    "fills": fills_frame,
    "positions": positions_frame,
    "equity": equity_frame,
}
"""Every table of a run by its name."""


def _fold(rows: Sequence[Row]) -> list[OrderRecord]:
    """Return the orders as the facts leave them."""
    orders = PastOrders()
    for number, row in enumerate(rows):
        if not number % _BETWEEN_REPORTS:
            report(number, len(rows))
        if issubclass(row[2], OrderEvent):
            fold_order(orders, row)
    return list(orders.all_records())


def _effects(rows: Sequence[Row], fills: Sequence[Fill]) -> dict[str, Cells]:
    """Return the books before and after each fill."""
    before: dict[int | None, Cells] = {}
    after: dict[int | None, Cells] = {}
    cash: dict[int | None, Cells] = {}
    for _, _, kind, fields in rows:
        if kind is CashChanged:
            cash[fields[4]] = fields[1:3]
        elif issubclass(kind, PositionEvent):
            before.setdefault(fields[4], fields[2])
            after[fields[4]] = fields[3]
    columns: dict[str, Cells] = {}
    for place, name in enumerate(_LEDGER[:-1]):
        columns[f"{name}_before"] = [before.get(fill.id, _UNKNOWN)[place] for fill in fills]
        columns[f"{name}_after"] = [after.get(fill.id, _UNKNOWN)[place] for fill in fills]
    for place, when in enumerate(("before", "after")):
        columns[f"cash_{when}"] = [cash.get(fill.id, _UNKNOWN)[place] for fill in fills]
    return columns


# Columns


def _places(rows: Sequence[Row]) -> list[pl.Series]:
    return [*_whole(step=[row[0] for row in rows]), pl.Series("time", [row[3][0] for row in rows], dtype=_TIME)]


def _whole(**columns: Sequence[int | None]) -> list[pl.Series]:
    return [pl.Series(name, cells, dtype=pl.Int64) for name, cells in columns.items()]


def _numbers(**columns: Sequence[Decimal | None]) -> list[pl.Series]:
    return [decimal_column(name, cells) for name, cells in columns.items()]


def _text(**columns: Sequence[str | None]) -> list[pl.Series]:
    return [pl.Series(name, map(_encodable, cells), dtype=pl.String) for name, cells in columns.items()]


def _reasons(name: str, reasons: Sequence[Reason | None]) -> list[pl.Series]:
    codes = [None if reason is None else reason.code.value for reason in reasons]
    return _text(**{f"{name}_code": codes, name: [None if reason is None else reason.text for reason in reasons]})


def _encodable(text: str | None) -> str | None:
    r"""Return a text as UTF-8 can hold it: half of a character, which no file holds, becomes its number."""
    return text if text is None or text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
