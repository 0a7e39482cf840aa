"""The life of an order: what led to it, why it waited, what its fills did, and how it ended."""

import sys
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import pytest
from attrs import define

from core.backtest.loop import Backtest
from core.backtest.settings import Settings, Timing
from core.backtest.strategies import find_strategy
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.errors import UnknownOrderError
from core.events import Event, OrderCanceled, OrderExpired, OrderRejected, OrderTriggered, RequestRefused, StopMoved
from core.execution.costs import Commission, Slippage
from core.execution.path import LimitRule, PathRule
from core.fill import Fill, FillRule
from core.order import BUY, SELL, Order, OrderType, TimeInForce
from core.position import Position
from core.reason import Code, Reason
from core.replay.chapters import Ambiguity, Books, Chapter, FillEffect, Happening, StillOpen, Submission, Waiting
from core.replay.explain import explain_order, explain_step
from core.replay.timeline import Timeline
from tests.core.builders import (
    B1,
    BEFORE_B1,
    Action,
    Answering,
    Script,
    at,
    backtest,
    bar_of,
    bars_of,
    numbers,
    reason_of,
    run,
)

ChapterT = TypeVar("ChapterT", bound=Chapter)


def price(text: str) -> Decimal:
    return Decimal(text)


def told(made: Backtest, order_id: int, kind: type[ChapterT]) -> list[ChapterT]:
    """Return the chapters of one kind."""
    return [chapter for chapter in explain_order(made, order_id) if isinstance(chapter, kind)]


def waits(made: Backtest, order_id: int = 1) -> dict[int, tuple[str, dict[str, object]]]:
    """Return why an order waited, by step."""
    return {one.step: reason_of(one.reason) for one in told(made, order_id, Waiting)}


def events(made: Backtest, order_id: int = 1) -> list[tuple[int, type[Event]]]:
    return [(one.step, type(one.event)) for one in told(made, order_id, Happening)]


def end(made: Backtest, order_id: int = 1) -> tuple[type[Event], tuple[str, dict[str, object]]]:
    """Return the last fact of an order, and its reason."""
    event = told(made, order_id, Happening)[-1].event
    return type(event), reason_of(getattr(event, "reason", None))


# --- what led to it


@define
class Crossing(Strategy):
    """Buy above an average."""

    def indicators(self) -> Mapping[str, pl.Expr]:
        return {"mean": pl.col("close").rolling_mean(2), "above": pl.col("close") > pl.col("close").rolling_mean(2)}

    def on_bar(self, now: Now) -> None:
        if now["A"].above and not now.open_orders():
            now.buy("A", 5, limit_price=80, tag="dip")


def test_a_story_begins_with_the_line_the_bar_the_indicators_and_the_books() -> None:
    made = run(bars_of("A", "100", "90", "95/99/94/98/70", "99"), Crossing())
    (asked,) = told(made, 1, Submission)
    assert (asked.order_id, asked.step, asked.event.timestamp) == (1, 2, at(2))
    assert asked.event.order == Order("A", BUY, 5, limit_price=80, tag="dip")
    line = Crossing.on_bar.__code__.co_firstlineno + 2
    assert asked.event.cause == f"{__name__}:{line} on_bar"
    assert asked.bar == bar_of("95/99/94/98/70", "A", step=2)
    assert asked.indicators == {"mean": 94.0, "above": True}  # (90 + 98) / 2
    assert asked.books == Books(Decimal(100_000), made.portfolio.get_position("A"), Decimal(98), Decimal(100_000))


MINE = """from core import Strategy

class Mine(Strategy):
    def on_bar(self, now):
        if now.step == 0:
            self.ask(now)

    def ask(self, now):
        now.buy("A", 1)
"""


def test_no_story_tells_where_on_a_disk_a_strategy_lies(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MINE, encoding="utf-8")
    before = set(sys.modules)
    made = run(bars_of("A", "100", "101"), find_strategy(str(file))())
    for name in set(sys.modules) - before:
        del sys.modules[name]
    (asked,) = told(made, 1, Submission)
    assert asked.event.cause == "mine.py:9 ask"
    assert str(tmp_path) not in repr(list(explain_order(made, 1)))


def test_what_is_asked_for_inside_a_bar_was_decided_on_the_bar_before() -> None:
    def answer(now: Now, fill: Fill) -> None:
        if fill.order_id == 1:
            now.sell("A", 10, limit_price=120)

    bars = bars_of("A", "100", "99/103/98/102", "110")
    made = run(bars, Answering({0: lambda now: now.buy("A", 10)}, answer=answer))
    (asked,) = told(made, 2, Submission)
    assert asked.step == asked.event.eligible_step == 1
    assert asked.event.entry_price == 99
    assert asked.bar == bar_of("100", "A", step=0)
    assert asked.books.cash == 99_010  # less 10 x 99
    assert asked.books.position.quantity == 10
    assert asked.books.equity == 100_010  # 99,010 + 10 x 100: the bar is not over


def test_the_books_that_led_to_an_order_are_at_the_marks_of_its_bar_and_not_of_an_older_fact() -> None:
    steps = {0: lambda now: now.buy("A", 10), 3: lambda now: now.buy("A", 1, limit_price=1)}
    made = run(bars_of("A", "100", "100", "110", "120"), steps)
    (asked,) = told(made, 2, Submission)
    assert (asked.books.mark, asked.books.equity) == (Decimal(120), Decimal(100_200))  # 99,000 + 10 x 120


def test_an_order_of_a_symbol_that_has_had_no_bar_or_that_is_unknown_has_none() -> None:
    def ask(now: Now) -> None:
        now.buy("B", 1)
        now.buy("NONE", 1)

    made = run([bars_of("A", "100", "101"), bars_of("B", "-", "20")], {0: ask})
    for order_id in (1, 2):
        (asked,) = told(made, order_id, Submission)
        assert (asked.bar, asked.indicators, asked.books.mark) == (None, {}, None)
    assert end(made, 2)[1] == ("SYMBOL_MUST_BE_KNOWN", {"symbol": "NONE", "known": "A, B"})


def bracket(now: Now) -> None:
    exits = (Order("A", SELL, 100, stop_price=98), Order("A", SELL, 100, limit_price=103))
    now.submit_bracket(Order("A", BUY, 100), *exits)


EXAMPLE_18 = bars_of("A", "100", "100/103.50/97.50/102", "102")


def test_those_that_an_order_belongs_with_are_named() -> None:
    made = run(EXAMPLE_18, {0: bracket})
    asked = [told(made, order_id, Submission)[0] for order_id in (1, 2, 3)]
    assert [one.exit_ids for one in asked] == [(2, 3), (), ()]
    assert [one.sibling_ids for one in asked] == [(), (3,), (2,)]
    assert [one.event.parent_id for one in asked] == [None, 1, 1]


def test_an_order_that_a_person_submits_before_the_first_bar_has_a_story_too() -> None:
    made = backtest(bars_of("A", "100", "110"), {})
    made.broker.submit(Order("A", BUY, 5, limit_price=90))
    asked, accepted, still = explain_order(made, 1)
    assert isinstance(asked, Submission)
    assert (asked.step, asked.event.timestamp, asked.bar) == (-1, None, None)
    assert isinstance(accepted, Happening)
    assert isinstance(still, StillOpen)
    assert (still.step, still.time, still.is_run_over) == (-1, None, False)
    made.run()
    assert [one.step for one in told(made, 1, Waiting)] == [0, 1]


# --- why it waited


def finer_of(*texts: str) -> Bars:
    """Build finer bars, which follow one another by the hour and end with the second step."""
    hours = range(len(texts) - 1, -1, -1)
    return Bars.from_rows(
        "A", [(at(1) - timedelta(hours=hour), *numbers(text)) for hour, text in zip(hours, texts, strict=True)]
    )


TWO = bars_of("A", BEFORE_B1, B1)
CAP = {"volume_cap": price("0.1")}


def limit(limit_price: str, quantity: int = 100) -> Mapping[int, Action]:
    return {0: lambda now: now.buy("A", quantity, limit_price=price(limit_price))}


def stop(**terms: str) -> Mapping[int, Action]:
    return {0: lambda now: now.buy("A", 100, **{name: price(value) for name, value in terms.items()})}


WAITS: dict[str, tuple[list[Bars], Mapping[int, Action], dict[str, Any], tuple[str, dict[str, object]]]] = {
    "a limit": ([TWO], limit("99.40"), {}, ("LIMIT_NOT_REACHED", {"limit": price("99.40"), "ticks": 10})),
    "a touch": (
        [TWO],
        limit("99.50"),
        {"limit_rule": LimitRule.THROUGH},
        ("LIMIT_TOUCHED_NOT_THROUGH", {"limit": price("99.50"), "extreme": price("99.50"), "needed": price("99.49")}),
    ),
    "a stop": (
        [TWO],
        stop(stop_price="102.25"),
        {},
        ("STOP_NOT_REACHED", {"stop": price("102.25"), "extreme_name": "high", "extreme": 102, "ticks": 25}),
    ),
    "a stop that was reached": (  # the low comes first: 102.00 triggers, then the close is 100.50
        [TWO],
        stop(stop_price="102.00", limit_price="99.40"),
        {"path": PathRule.LOW_FIRST},
        ("TRIGGERED_LIMIT_NOT_REACHED", {"limit": price("99.40"), "extreme": price("100.50"), "ticks": 110}),
    ),
    "a trailing stop": (  # 100 + 5 = 105, then 101 + 5 is no better, 99.50 + 5 = 104.50, reached by none after
        [TWO],
        stop(trail_amount="5"),
        {"path": PathRule.LOW_FIRST},
        ("STOP_NOT_REACHED", {"stop": price("104.50"), "extreme": 102, "ticks": 250}),
    ),
    "no bar": (
        [bars_of("A", "100"), bars_of("B", "100", "100")],
        limit("99"),
        {},
        ("NO_BAR", {"symbol": "A", "steps": 1}),
    ),
    "no volume": (
        [bars_of("A", "100/100/100/100/50", "100/100/100/100/0")],
        limit("100"),
        CAP,
        ("NO_VOLUME", {"asked": 100}),
    ),
    "the volume cap": (  # 10 of 100 fill
        [bars_of("A", "100/100/100/100/50", "100/100/100/100/100")],
        limit("100"),
        CAP,
        ("VOLUME_CAP_REACHED", {"asked": 90, "available": 0, "pool": 10, "volume": 100}),
    ),
    "its entry": (
        [TWO],
        {0: lambda now: now.submit_bracket(Order("A", SELL, 1, limit_price=110), Order("A", BUY, 1, limit_price=90))},
        {"allow_short": True, "order_id": 2},
        ("PARENT_NOT_FILLED", {"parent": 1, "filled": 0, "asleep": 1}),
    ),
}


@pytest.mark.parametrize(("bars", "steps", "settings", "expected"), WAITS.values(), ids=WAITS)
def test_an_order_says_why_it_waited(
    bars: list[Bars],
    steps: Mapping[int, Action],
    settings: dict[str, Any],
    expected: tuple[str, dict[str, object]],
) -> None:
    order_id = settings.get("order_id", 1)
    made = run(bars, steps, **{name: value for name, value in settings.items() if name != "order_id"})
    code, params = waits(made, order_id)[1]
    assert (code, {name: params[name] for name in expected[1]}) == expected
    assert [one.step for one in told(made, order_id, Waiting)] == [1]


def test_an_order_for_the_open_that_was_asked_for_inside_a_bar_waits_for_the_next() -> None:
    def answer(now: Now, fill: Fill) -> None:
        if fill.order_id == 1:
            now.sell("A", 10, type=OrderType.MARKET_ON_OPEN)

    bars = bars_of("A", "100", "100/102/98/101", "102")
    made = run(bars, Answering({0: lambda now: now.buy("A", 10, limit_price=99)}, answer=answer))
    assert waits(made, 2) == {1: ("NOT_ELIGIBLE_UNTIL", {"eligible": 2, "step": 1})}
    assert [one.fill.price for one in told(made, 2, FillEffect)] == [102]


def test_each_bar_of_a_long_wait_has_its_own_numbers() -> None:
    bars = bars_of("A", "100", "100/101/99/100", "100/101/97/100", "100/101/95.50/100", "100/100/95/100")
    made = run(bars, limit("95"))
    assert {step: params["ticks"] for step, (_, params) in waits(made).items()} == {1: 400, 2: 200, 3: 50}
    assert [one.time for one in told(made, 1, Waiting)] == [at(1), at(2), at(3)]


def test_finer_bars_say_how_near_the_price_came_in_any_of_them() -> None:
    whole = bars_of("A", "100", "100/104/97/103")
    finer = finer_of("100/104/99/100", "98/103/97/103")
    made = Backtest(whole, Script(limit("96")), Settings(path=PathRule.SUBBARS), finer)
    made.run()
    assert waits(made)[1][1]["extreme"] == 97


# --- what its fills did


def test_a_fill_has_the_books_before_and_after_it() -> None:
    steps = {0: lambda now: now.buy("A", 10), 1: lambda now: now.sell("A", 4)}
    made = run(bars_of("A", "100", "110/120/105/115", "130"), steps, costs=Commission(per_order=price("1.50")))
    (bought,), (sold,) = told(made, 1, FillEffect), told(made, 2, FillEffect)
    assert (bought.step, bought.fill, bought.bar) == (1, made.broker.fills()[0], bar_of("110/120/105/115", "A"))
    assert (bought.remaining, bought.improvement, bought.realized_pnl) == (Decimal(0), None, Decimal(0))
    assert bought.before == Books(Decimal(100_000), Position("A"), Decimal(100), Decimal(100_000))
    assert bought.after.cash == price("98898.50")  # less 10 x 110 and 1.50
    held = Position("A", Decimal(10), Decimal(1100), Decimal(0), price("1.50"))
    assert bought.after.position == held
    assert bought.after.unrealized_pnl == -100  # 10 x (100 - 110): the bar's own close is not known yet
    assert bought.after.equity == price("99898.50")
    assert sold.before == Books(price("98898.50"), held, Decimal(115), price("100048.50"))  # 98,898.50 + 10 x 115
    assert sold.realized_pnl == 80  # 4 x (130 - 110)
    assert sold.after.cash == price("99417.00")  # and 4 x 130, less 1.50
    assert sold.after.unrealized_pnl == 30  # 6 x (115 - 110)


def test_a_fill_that_flips_a_position_is_told_with_its_close_and_its_open() -> None:
    steps = {0: lambda now: now.buy("A", 50), 1: lambda now: now.sell("A", 80)}
    made = run(bars_of("A", "10", "10", "12"), steps, allow_short=True, costs=Commission(per_unit=price("0.01")))
    (sold,) = told(made, 2, FillEffect)
    assert sold.realized_pnl == 100  # 50 x (12 - 10), example 31
    assert [one.position.quantity for one in (sold.before, sold.after)] == [50, -30]
    assert sold.after.position.average_price == 12
    assert sold.after.cash - sold.before.cash == price("959.20")  # 80 x 12 - 0.80


def test_a_fill_at_the_close_it_was_decided_on_is_valued_at_that_close() -> None:
    made = run(bars_of("A", "100", "100/105/99/104"), {1: lambda now: now.buy("A", 10)}, timing=Timing.SAME_CLOSE)
    (bought,) = told(made, 1, FillEffect)
    assert bought.fill.rule is FillRule.SAME_CLOSE
    assert bought.before.mark == bought.after.mark == 104
    assert bought.before.equity == bought.after.equity == 100_000


BETTER = {
    "a gap": (lambda now: now.buy("A", 100, limit_price=price("101.50")), "0.50"),
    "at the limit": (lambda now: now.buy("A", 100, limit_price=price("99.75")), "0.00"),
    "a sale": (lambda now: now.sell("A", 1, limit_price=price("100.25")), "0.75"),
}


@pytest.mark.parametrize(("action", "better"), BETTER.values(), ids=BETTER)
def test_a_limit_order_says_by_how_much_its_price_was_better(action: Action, better: str) -> None:
    (filled,) = told(run(TWO, {0: action}, allow_short=True), 1, FillEffect)
    assert filled.improvement == price(better)


def test_a_stop_says_where_it_was_reached_before_it_fills() -> None:
    steps = {0: lambda now: now.buy("A", 1), 1: lambda now: now.sell("A", 1, stop_price=95)}
    made = run(bars_of("A", "97", "97", "93/94/92/93.50"), steps, slippage=Slippage(ticks=2))
    (event,) = [one.event for one in told(made, 2, Happening) if isinstance(one.event, OrderTriggered)]
    assert event.stop_price == 95
    assert event.price == 93
    (sold,) = told(made, 2, FillEffect)
    assert (sold.fill.price, sold.fill.slippage) == (price("92.98"), price("0.02"))
    assert sold.fill.reference_price == 93


def test_parts_of_an_order_are_told_one_after_the_other() -> None:
    made = run(bars_of("A", "100", "50/51/49/50/5000", "51/51/51/51/5000"), {0: lambda now: now.buy("A", 800)}, **CAP)
    assert [type(one).__name__ for one in explain_order(made, 1)][2:] == ["FillEffect", "Waiting", "FillEffect"]
    effects = told(made, 1, FillEffect)
    assert [one.fill.quantity for one in effects] == [500, 300]
    assert [one.remaining for one in effects] == [300, 0]
    assert effects[1].before.cash == effects[0].after.cash == 75_000


# --- what happened to it


def test_a_trailing_stop_tells_each_place_that_it_went_to() -> None:
    steps = {0: lambda now: now.buy("A", 1), 1: lambda now: now.sell("A", 1, trail_amount=10, stop_price=90)}
    bars = bars_of("A", "100", "100", "100/108/95/105", "97/99/96/98")
    made = run(bars, steps, path=PathRule.LOW_FIRST)
    moves = [one.event for one in told(made, 2, Happening) if isinstance(one.event, StopMoved)]
    assert [one.before for one in moves] == [90]
    assert [one.after for one in moves] == [98]  # 108 - 10
    assert [one.fill.price for one in told(made, 2, FillEffect)] == [97]  # example 22


ENDS: dict[str, tuple[Mapping[int, Action], dict[str, Any], type[Event], str, dict[str, object]]] = {
    "a purchase that cash does not cover": (  # example 29: 100 x 100 + 1.00
        {0: lambda now: now.buy("A", 100)},
        {"initial_capital": 10_000, "costs": Commission(per_unit=price("0.005"), minimum=Decimal(1))},
        OrderRejected,
        "CASH_MUST_COVER_PURCHASE",
        {"needed": 10_001, "available": 10_000, "missing": 1, "at_most": 99},
    ),
    "a limit that cash does not cover": (
        {0: lambda now: now.buy("A", 100, limit_price=101)},
        {"initial_capital": 10_000},
        OrderRejected,
        "CASH_MUST_COVER_PURCHASE",
        {"needed": 10_100, "at_most": 99, "worst_price": 100},
    ),
    "a sale of what is not held": (
        {0: lambda now: now.sell("A", 80)},
        {},
        OrderRejected,
        "POSITION_MUST_COVER_SALE",
        {"held": 0, "asked": 80, "at_most": 0},
    ),
    "a fill that cash does not cover": (  # the open is 101.00: 99 x 101
        {0: lambda now: now.buy("A", 100)},
        {"initial_capital": 10_000},
        OrderCanceled,
        "CASH_MUST_COVER_FILL",
        {"price": 101, "needed": 10_100, "available": 10_000, "at_most": 99},
    ),
    "a day": (
        {0: lambda now: now.buy("A", 1, limit_price=90, time_in_force=TimeInForce.DAY)},
        {},
        OrderExpired,
        "EXPIRED",
        {"until": "2024-01-03", "remaining": 1},
    ),
    "an immediate order": (
        {0: lambda now: now.buy("A", 1, limit_price=100, time_in_force=TimeInForce.IOC)},
        {},
        OrderCanceled,
        "LIMIT_NOT_REACHED",
        {"limit": 100, "extreme": 101, "ticks": 100},
    ),
    "all or nothing": (
        {0: lambda now: now.buy("A", 1200, time_in_force=TimeInForce.FOK)},
        {**CAP, "initial_capital": 1_000_000},
        OrderCanceled,
        "FOK_NOT_FILLABLE",
        {"asked": 1200, "available": 1000},
    ),
    "a cancel": (
        {0: lambda now: now.buy("A", 1, limit_price=90), 1: lambda now: now.cancel(1)},
        {},
        OrderCanceled,
        "CANCEL_REQUESTED",
        {"remaining": 1, "quantity": 1},
    ),
}


@pytest.mark.parametrize(("steps", "settings", "kind", "code", "params"), ENDS.values(), ids=ENDS)
def test_a_story_ends_with_the_reason_and_what_would_have_passed(
    steps: Mapping[int, Action], settings: dict[str, Any], kind: type[Event], code: str, params: dict[str, object]
) -> None:
    made = run(bars_of("A", BEFORE_B1, B1, "100/101/99/100/10000"), steps, **settings)
    assert end(made)[0] is kind
    found, numbers_compared = end(made)[1]
    assert (found, {name: numbers_compared[name] for name in params}) == (code, params)
    assert not told(made, 1, StillOpen)


def test_an_oco_says_which_sibling_has_filled() -> None:
    orders = (Order("A", BUY, 10, limit_price=price("99.75")), Order("A", BUY, 4, limit_price=price("99.50")))
    made = run(bars_of("A", BEFORE_B1, B1), {0: lambda now: now.submit_oco(*orders)})
    expected = {"sibling": 1, "filled": 10, "remaining": 0, "quantity": 4}
    assert end(made, 2) == (OrderCanceled, ("SIBLING_FILLED", expected))


def test_a_group_says_which_of_its_orders_has_failed() -> None:
    orders = (Order("A", BUY, 10, limit_price=99), Order("A", SELL, 4, limit_price=120))
    made = run(TWO, {0: lambda now: now.submit_oco(*orders)})
    expected = {"order": 2, "failed": "POSITION_MUST_COVER_SALE"}
    assert end(made, 1) == (OrderRejected, ("GROUP_MUST_PASS", expected))


def test_a_change_is_told_with_its_answer() -> None:
    steps = {
        0: lambda now: now.buy("A", 5, limit_price=90),
        1: lambda now: now.amend(1, limit_price=price("99.995")),
        2: lambda now: now.amend(1, limit_price=101),
    }
    made = run(bars_of("A", BEFORE_B1, B1, B1, "100"), steps)
    kinds = [kind.__name__ for _, kind in events(made)]
    assert kinds == ["OrderAccepted", "AmendRequested", "RequestRefused", "AmendRequested", "OrderAmended"]
    assert [one.fill.price for one in told(made, 1, FillEffect)] == [100]


def test_what_is_asked_of_an_order_that_is_over_is_told_too() -> None:
    steps = {0: lambda now: now.buy("A", 5), 3: lambda now: now.cancel(1)}
    made = run(bars_of("A", "100", "100", "100", "100", "100"), steps)
    *_, filled, asked, refused = explain_order(made, 1)
    assert isinstance(filled, FillEffect)
    assert isinstance(asked, Happening)
    assert isinstance(refused, Happening)
    assert (refused.step, type(refused.event)) == (3, RequestRefused)
    assert end(made) == (RequestRefused, ("ORDER_MUST_BE_OPEN", {"status": "FILLED"}))


def test_a_request_has_the_books_at_the_marks_of_the_bar_that_it_was_made_on() -> None:
    steps = {
        0: lambda now: now.buy("A", 10),
        1: lambda now: now.buy("A", 1, limit_price=1),
        3: lambda now: now.cancel(2),
    }
    made = run(bars_of("A", "100", "100", "110", "120", "130"), steps)
    books = {type(one.event).__name__: one.books for one in told(made, 2, Happening)}
    assert {name: one.mark for name, one in books.items()} == {
        "OrderAccepted": Decimal(100),
        "CancelRequested": Decimal(120),
        "OrderCanceled": Decimal(120),  # in phase 2 of the step after: its bar is not known yet
    }
    assert books["CancelRequested"].equity == 100_200  # 99,000 + 10 x 120


# --- ambiguous bars


def test_example_18_tells_both_exits_of_the_other_path_and_the_money_at_stake() -> None:
    made = run(EXAMPLE_18, {0: bracket})
    for order_id in (2, 3):
        ((step, code, params),) = [(one.step, *reason_of(one.reason)) for one in told(made, order_id, Ambiguity)]
        assert (step, code, params["at_stake"]) == (1, "AMBIGUOUS", 500)  # 300 and 200 x 100 / 100
        assert (params["path"], params["other_path"]) == ("low_first", "high_first")
    assert told(made, 1, Ambiguity) == []
    assert told(made, 3, Ambiguity)[0].reason.params["other_outcome"] == "100 @ 103"
    assert end(made, 3)[1][0] == "SIBLING_FILLED"
    assert [one.fill.price for one in told(made, 2, FillEffect)] == [98]


def test_an_order_that_another_path_would_have_filled_says_so_before_it_waits() -> None:
    steps = {0: lambda now: now.buy("A", 100, stop_price=100, limit_price=price("99.50"))}
    made = run(bars_of("A", "99", "99/101/98.80/100.60"), steps)  # example 15
    *_, note, triggered, wait, _ = explain_order(made, 1)
    assert isinstance(note, Ambiguity)
    assert isinstance(triggered, Happening)
    assert isinstance(wait, Waiting)
    assert reason_of(note.reason)[1]["other_outcome"] == "100 @ 99.5"
    assert reason_of(wait.reason)[0] == "TRIGGERED_LIMIT_NOT_REACHED"


# --- how it stands


def test_an_order_that_is_open_at_the_end_says_what_is_left_of_it() -> None:
    made = run(TWO, limit("90"))
    (still,) = told(made, 1, StillOpen)
    assert (still.step, still.time, still.eligible_step, still.is_run_over) == (1, at(1), 1, True)
    assert still.order == made.broker.get_order(1)


def test_an_order_asked_for_on_the_last_bar_has_met_none() -> None:
    made = run(TWO, {1: lambda now: now.buy("A", 1)})
    assert told(made, 1, Waiting) == []
    (still,) = told(made, 1, StillOpen)
    assert (still.step, still.eligible_step) == (1, 2)


def test_a_story_is_told_as_far_as_the_run_has_come() -> None:
    made = backtest(bars_of("A", "100", "100", "94"), limit("95"))
    made.step()
    assert [type(one).__name__ for one in explain_order(made, 1)] == ["Submission", "Happening", "StillOpen"]
    made.step()
    assert told(made, 1, Waiting)[0].step == 1
    assert not told(made, 1, StillOpen)[0].is_run_over
    made.step()
    assert [one.fill.price for one in told(made, 1, FillEffect)] == [94]


def test_an_order_that_is_unknown_has_no_story() -> None:
    with pytest.raises(UnknownOrderError, match=r"^order 2 is unknown$"):
        explain_order(run(TWO, limit("90")), 2)


# --- one step


def reason_at(made: Backtest, step: int, order_id: int = 1) -> Reason | None:
    timeline = Timeline(made)
    return explain_step(made, timeline.at(timeline.end_of_step(step)), order_id)


def test_a_step_is_explained_as_the_run_explained_it_there() -> None:
    made, shown = backtest(bars_of("A", "100", "99/101/98/100", "-", "97/99/96/98"), limit("95")), list[Any]()
    while made.step():
        shown.append(made.why_open(1))
    assert [reason_at(made, step) for step in range(len(shown))] == shown
    assert [reason.code for reason in shown] == [Code.NOT_ELIGIBLE_UNTIL, *[Code.LIMIT_NOT_REACHED] * 2]


def test_an_order_that_is_over_is_not_explained() -> None:
    made = run(bars_of("A", "100", "94"), limit("95"))
    assert reason_at(made, 0) == Reason.of(Code.NOT_ELIGIBLE_UNTIL, eligible=1, step=0)
    assert reason_at(made, 1) is None


def test_before_the_first_step_and_before_a_first_bar_there_is_none() -> None:
    made = backtest([bars_of("A", "100", "100"), bars_of("B", "-", "-", "20")], {})
    made.broker.submit(Order("B", BUY, 5))
    assert reason_at(made, -1) is None
    made.step()
    assert reason_at(made, 0) == made.why_open(1) == Reason.of(Code.NO_BAR, symbol="B", steps=1)


def test_an_order_that_was_not_asked_for_yet_cannot_be_explained() -> None:
    made = run(bars_of("A", "100", "100"), {1: lambda now: now.buy("A", 1)})
    with pytest.raises(UnknownOrderError):
        reason_at(made, 0)


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        (PathRule.HIGH_FIRST, "98.80"),  # reached at 100 on the way to 101, then the low
        (PathRule.LOW_FIRST, "100.00"),  # the low came before: nothing lower than the stop itself
    ],
)
def test_the_path_that_was_kept_is_the_one_that_is_explained(path: PathRule, nearest: str) -> None:
    steps = {0: lambda now: now.buy("A", 100, stop_price=100, limit_price=price("98.50"))}
    made = run(bars_of("A", "99", "99/101/98.80/100.60"), steps, path=path)
    assert reason_of(reason_at(made, 1))[1]["extreme"] == price(nearest)


def test_a_worse_path_that_was_kept_is_the_one_that_is_explained() -> None:
    """The high is nearer, and gives a purchase at 99.50; the low first leaves less, and no purchase."""
    steps = {0: lambda now: now.buy("A", 100, stop_price=100, limit_price=price("99.50"))}
    made = run(bars_of("A", "99", "99/100.50/97.20/99.80"), steps)
    (note,) = told(made, 1, Ambiguity)
    assert note.reason.params["path"] == "low_first"
    assert note.reason.decimal("at_stake") == 30  # 100 x (99.80 - 99.50)
    code, params = waits(made)[1]
    assert (code, params["extreme"], params["ticks"]) == ("TRIGGERED_LIMIT_NOT_REACHED", price("99.80"), 30)


def test_of_finer_bars_each_has_the_path_that_was_kept_in_it() -> None:
    steps = {0: lambda now: now.buy("A", 10, stop_price=104, limit_price=price("99.50"))}
    whole, finer = bars_of("A", "100.00", "100/105/99.75/103"), finer_of("100/103/99.75/101", "101/105/100.50/103")
    made = Backtest(whole, Script(steps), Settings(path=PathRule.SUBBARS), finer)
    made.run()
    code, params = reason_of(reason_at(made, 1))
    assert (code, params["extreme"]) == ("TRIGGERED_LIMIT_NOT_REACHED", price("103.00"))  # low first: then to the close
    assert reason_at(made, 1) == made.why_open(1)


def test_the_volume_that_a_step_has_used_up_holds_back_what_was_reached_later() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 10, limit_price=100)
        now.buy("A", 5, limit_price=99)

    made = run(bars_of("A", "100/100/100/100/100", "100/101/98/100/100"), {0: ask}, **CAP)
    assert [one.fill.quantity for one in told(made, 1, FillEffect)] == [10]
    assert waits(made, 2)[1][0] == "VOLUME_CAP_REACHED"
