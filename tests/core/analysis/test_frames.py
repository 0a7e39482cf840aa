"""The tables of a run hold what the broker, the portfolio and the journal say, to the last digit."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings

from core.analysis.frames import FRAMES, equity_frame, fills_frame, orders_frame, positions_frame
from core.backtest.equity_columns import equity_columns
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.errors import InputError, StrategyError
from core.events import CashChanged, OrderFilled, PositionEvent
from core.fill import Fill
from core.order import BUY, SELL, Order, TrackedOrder
from core.reason import Reason
from tests.core.builders import at, backtest, bars_of, run
from tests.generators import Market, Planned, markets, plans, run_settings


def said(reason: Reason | None) -> tuple[str | None, str | None]:
    return (None, None) if reason is None else (reason.code.value, reason.text)


def cells_of(tracked: TrackedOrder) -> dict[str, Any]:
    order = tracked.order
    code, text = said(tracked.reason)
    asked = {name: getattr(order, name) for name in ("symbol", "quantity", "limit_price", "trail_amount", "good_till")}
    come = {name: getattr(tracked, name) for name in ("filled_quantity", "remaining_quantity", "given_up_quantity")}
    words = {"side": order.side.name, "type": order.type.value, "status": tracked.status.value, "tag": order.tag}
    family = {"parent_id": tracked.parent_id, "group_id": tracked.group_id, "order_id": tracked.id}
    paid = {"filled_notional": tracked.filled_notional, "commissions": tracked.commissions}
    others = {"time": tracked.submitted_at, "stop_price": tracked.stop_price, "reason_code": code, "reason": text}
    return asked | come | words | family | paid | others


def books_around(made: Backtest, fill: Fill) -> dict[str, Any]:
    """Return position and cash before and after a fill, from its events."""
    positions = [one for one in made.journal if isinstance(one, PositionEvent) and one.fill_id == fill.id]
    (cash,) = [one for one in made.journal if isinstance(one, CashChanged) and one.fill_id == fill.id]
    before, after = positions[0].before, positions[-1].after
    names = ("quantity", "cost_basis", "realized_pnl")
    found = {f"{name}_before": getattr(before, name) for name in names}
    found |= {f"{name}_after": getattr(after, name) for name in names}
    return found | {"cash_before": cash.before, "cash_after": cash.after}


@given(markets(), plans(), run_settings())
@hypothesis_settings(max_examples=60)
def test_tables_say_what_broker_and_journal_say(market: Market, plan: Planned, settings: Settings) -> None:
    made = Backtest(market.bars, plan, settings)
    made.run()
    orders, fills, positions = orders_frame(made), fills_frame(made), positions_frame(made)
    for row, tracked in zip(orders.rows(named=True), made.broker.orders(), strict=True):
        assert cells_of(tracked).items() <= row.items()
    filled = [one for one in made.journal if isinstance(one, OrderFilled)]
    for row, event in zip(fills.rows(named=True), filled, strict=True):
        fill = event.fill
        names = ("order_id", "symbol", "quantity", "price", "reference_price", "slippage", "notional", "commission")
        expected = {name: getattr(fill, name) for name in names} | books_around(made, fill)
        expected |= {"fill_id": fill.id, "time": fill.timestamp, "rule": fill.rule.value, "side": fill.side.name}
        expected |= {"remaining_quantity": event.remaining_quantity, "notes": "; ".join(one.text for one in fill.notes)}
        assert expected.items() <= row.items()
    changes = [one for one in made.journal if isinstance(one, PositionEvent)]
    for row, change in zip(positions.rows(named=True), changes, strict=True):
        assert (row["event"], row["symbol"], row["fill_id"]) == (type(change).__name__, change.symbol, change.fill_id)
        assert (row["quantity_before"], row["cost_basis_after"]) == (change.before.quantity, change.after.cost_basis)
        assert (row["realized_pnl_before"], row["commissions_after"]) == (
            change.before.realized_pnl,
            change.after.commissions,
        )
    assert equity_frame(made).equals(
        equity_columns(made.feed, made.journal.rows, settings.initial_capital, range(len(made.feed)))
    )


BARS = bars_of("A", "10/12/9/11", "11/13/10/12", "12/14/11/13", "13/13/8/9")


def test_of_orders_each_reason_has_its_code_and_its_sentence() -> None:
    def ask(now: Any) -> None:
        now.buy("A", 0)
        now.buy("A", 10)

    def protect(now: Any) -> None:
        now.submit_oco(Order("A", SELL, 10, stop_price=5), Order("A", SELL, 4, limit_price=13))

    made = run(BARS, {0: ask, 1: protect})
    rejected, _, stop, target = orders_frame(made).rows(named=True)
    assert (rejected["status"], rejected["reason_code"]) == ("REJECTED", "QUANTITY_MUST_BE_ABOVE_ZERO")
    assert rejected["reason"] == "quantity must be above zero, was 0"
    assert rejected["given_up_quantity"] == 0
    assert (target["status"], target["parent_id"], target["group_id"]) == ("FILLED", None, 3)
    # the target has filled 4, so the stop is for 6
    assert (stop["status"], stop["reason_code"], stop["reduction_code"]) == ("ACCEPTED", None, "SIBLING_FILLED")
    assert (stop["remaining_quantity"], stop["given_up_quantity"]) == (6, 4)
    assert rejected["cause"].startswith("tests.core.builders:")


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    east = timezone(timedelta(hours=9))
    till = at(2).astimezone(east)
    made = run(BARS, {0: lambda now: now.submit(Order("A", BUY, 1, limit_price=1, good_till=till))})
    assert orders_frame(made)["good_till"].to_list() == [at(2)]
    assert orders_frame(made)["good_till"].dtype == pl.Datetime("us", "UTC")


def test_half_of_a_character_in_a_tag_becomes_its_number() -> None:
    made = run(BARS, {0: lambda now: now.buy("A", 1, tag="\ud800é")})
    assert orders_frame(made)["tag"].to_list() == ["\\ud800é"]


def test_tables_of_a_run_in_which_nothing_happened_have_their_columns_and_no_row() -> None:
    made = backtest(BARS, {})
    for name, make in FRAMES.items():
        frame = make(made)
        assert frame.is_empty(), name
        assert "time" in frame.columns


def test_a_run_that_an_error_has_stopped_is_told_up_to_there() -> None:
    def fail(now: Any) -> None:
        raise ValueError

    made = backtest(BARS, {0: lambda now: now.buy("A", 1), 2: fail})
    with pytest.raises(StrategyError):
        made.run()
    assert fills_frame(made)["time"].to_list() == [at(1)]
    assert equity_frame(made).height == 3


def test_a_fill_that_was_never_booked_has_no_books_around_it() -> None:
    made = run(BARS, {0: lambda now: now.buy("A", 1)})
    filled = next(place for place, row in enumerate(made.journal.rows) if row[2] is OrderFilled)
    made.journal.drop_from(filled + 1)
    (row,) = fills_frame(made).rows(named=True)
    assert (row["quantity"], row["quantity_before"], row["cash_after"]) == (1, None, None)


def test_a_number_that_no_column_holds_is_refused_by_the_name_of_its_column() -> None:
    # the notional has 16 digits before the point and 24 after
    units, bars = Decimal(10) ** 13 + Decimal("1E-12"), bars_of("A", *["100.000000000001"] * 2)
    made = run(bars, {0: lambda now: now.buy("A", units)}, initial_capital=10**17, quantity_step=Decimal("1E-12"))
    with pytest.raises(InputError, match=r"^filled_notional does not fit a column of 38 digits$"):
        orders_frame(made)


def test_looking_at_tables_adds_nothing_to_the_record() -> None:
    made = run(BARS, {0: lambda now: now.buy("A", 1)})
    before = made.journal.canonical_bytes()
    for make in FRAMES.values():
        make(made)
    assert made.journal.canonical_bytes() == before
    assert isinstance(orders_frame(made)["time"][0], datetime)
