"""What a strategy sees of the present, and how it asks for orders."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from attrs import define

from core.backtest.loop import Backtest
from core.backtest.strategy import Now, Strategy, SymbolRow, evaluate_indicators, make_symbol_now
from core.bars import Bars
from core.clock import Phase
from core.errors import InputError, InvalidOrderError, NotExactError, StrategyError, UnknownOrderError
from core.events import (
    AmendRequested,
    CancelRequested,
    Event,
    OrderAmended,
    OrderCanceled,
    OrderEvent,
    OrderSubmitted,
    RequestRefused,
)
from core.fill import Fill
from core.order import BUY, SELL, Order, OrderStatus, OrderType, TimeInForce, TrackedOrder
from core.protocols import PortfolioView
from tests.core.builders import Answering, Hearing, at, backtest, bars_of, fills_of, reason_of, run


def seen_at(step: int, look: Callable[[Now], Any], *bars: Bars, **settings: Any) -> Any:
    """Return what a look at the present gives at the end of a step."""
    seen = []
    run(list(bars) or [bars_of("A", "100", "101", "102")], {step: lambda now: seen.append(look(now))}, **settings)
    return seen[0]


def test_a_symbol_shows_its_newest_bar() -> None:
    bars = bars_of("A", "100", "101/103/99.5/102/1500", "110")
    look = seen_at(1, lambda now: (now["A"].open, now["A"].high, now["A"].low, now["A"].close, now["A"].volume), bars)
    assert look == (101, 103, Decimal("99.5"), 102, 1500)
    assert seen_at(1, lambda now: now["A"].symbol) == "A"


def test_a_volume_that_is_not_known_is_none() -> None:
    assert seen_at(0, lambda now: now["A"].volume) is None


def test_the_bars_behind_are_there_and_the_ones_ahead_are_not() -> None:
    assert seen_at(1, lambda now: (now["A"].bar().close, now["A"].bar(1).close, now["A"].bar(1).time)) == (
        101,
        100,
        at(0),
    )
    for back in (-1, 2):
        with pytest.raises(StrategyError, match=f"InputError: A has no bar {back} back: it is at its bar 1"):
            seen_at(1, lambda now, back=back: now["A"].bar(back))


def test_in_a_step_without_its_bar_a_symbol_shows_the_last_one() -> None:
    bars = bars_of("A", "100", "-", "102"), bars_of("B", "1", "2", "3")
    assert seen_at(1, lambda now: (now.symbols, now["A"].close, now["B"].close), *bars) == (("B",), 100, 2)


def test_an_unknown_symbol_is_an_input_error_that_names_the_known_ones() -> None:
    with pytest.raises(StrategyError, match="InputError: symbol C is unknown: known are A, B"):
        seen_at(0, lambda now: now["C"], bars_of("A", "1"), bars_of("B", "1"))


def test_an_unknown_indicator_is_an_error_that_names_the_known_ones() -> None:
    symbol = make_symbol_now(bars_of("A", "1"), {"fast": [1], "slow": [2]}, SymbolRow("A"))
    with pytest.raises(AttributeError, match=r"^A has no fats: its indicators are fast, slow$"):
        _ = symbol.fats
    with pytest.raises(AttributeError, match=r"^A has no fast: its indicators are none$"):
        _ = make_symbol_now(bars_of("A", "1"), {}, SymbolRow("A")).fast


@pytest.mark.parametrize("name", ["close", "volume", "bar", "row", "symbol", "indicators"])
def test_an_indicator_cannot_take_the_name_of_something_else(name: str) -> None:
    with pytest.raises(InputError, match=f"^an indicator cannot be called {name}: a symbol has that already$"):
        make_symbol_now(bars_of("A", "1"), {name: [1]}, SymbolRow("A"))


def test_hostile_names_are_harmless_in_errors() -> None:
    symbol = make_symbol_now(bars_of("A\x1b", "1"), {"x\x1b": [1]}, SymbolRow("A"))
    with pytest.raises(AttributeError) as missing:
        _ = getattr(symbol, "y\x1b")
    with pytest.raises(InputError) as behind:
        symbol.bar(5)
    messages = [str(missing.value), str(behind.value)]

    def ask(now: Now) -> None:
        for symbol in ("A\x1b", "B\x1b"):
            try:
                now[symbol]
            except InputError as error:
                messages.append(str(error))

    run(bars_of("A\x1b", "1"), {0: ask})
    assert len(messages) == 3
    assert all(message.isprintable() for message in messages), messages


def test_indicators_are_expressions_over_one_symbols_bars() -> None:
    bars = bars_of("A", "1.0/1.5/0.5/1.0/10", "2.0/2.5/1.5/2.25/20", "4.0")
    columns = evaluate_indicators(
        {
            "mean": pl.col("close").rolling_mean(2),
            "range": pl.col("high_ticks") - pl.col("low_ticks"),
            "turnover": pl.col("volume") * pl.col("open"),
        },
        bars,
    )
    # the finest digit is 0.01
    assert columns == {"mean": [None, 1.625, 3.125], "range": [100, 100, 0], "turnover": [10.0, 40.0, None]}


def test_an_indicator_is_read_at_the_newest_bar_of_its_symbol() -> None:
    seen: list[tuple[object, ...]] = []

    @define
    class Looking(Strategy):
        def indicators(self) -> dict[str, pl.Expr]:
            return {"before": pl.col("close_ticks").shift(1)}

        def on_bar(self, now: Now) -> None:
            seen.append((now["A"].before, now["A"].indicators(), now["B"].before))

    Backtest([bars_of("A", "1", "2", "3"), bars_of("B", "5", "-", "7")], Looking()).run()
    assert seen == [(None, {"before": None}, None), (1, {"before": 1}, None), (2, {"before": 2}, 5)]


def test_indicators_that_cannot_be_evaluated_are_refused_before_the_run() -> None:
    @define
    class Wrong(Strategy):
        def indicators(self) -> dict[str, pl.Expr]:
            return {"x": pl.col("nothing")}

    with pytest.raises(StrategyError, match=r"Wrong\.indicators raised ColumnNotFoundError"):
        Backtest(bars_of("A", "1"), Wrong())


def test_an_indicator_of_another_length_than_the_bars_is_refused_before_the_run() -> None:
    @define
    class Wrong(Strategy):
        def indicators(self) -> dict[str, pl.Expr]:
            return {"highest": pl.col("close").max()}

    with pytest.raises(StrategyError, match=r"Wrong\.indicators raised "):
        Backtest(bars_of("A", "1", "2"), Wrong())


def test_orders_are_asked_for_with_all_their_terms() -> None:
    made = run(
        bars_of("A", "100"),
        {
            0: lambda now: (
                now.buy("A", 5),
                now.buy("A", Decimal(5), limit_price=99, time_in_force=TimeInForce.DAY, tag="dip"),
                now.sell("A", 5, limit_price=Decimal(101), tag="gain"),
                now.submit(Order("A", SELL, 1)),
                now.buy("A", 5, stop_price=105, limit_price=106, time_in_force=TimeInForce.IOC),
                now.sell("A", 5, stop_price=95, good_till=at(9)),
                now.sell("A", 5, trail_amount=Decimal("2.5"), stop_price=96),
                now.buy("A", 5, trail_percent=3),
                now.buy("A", 5, type=OrderType.MARKET_ON_CLOSE, time_in_force=TimeInForce.FOK),
            )
        },
        allow_short=True,
    )
    assert [tracked.order for tracked in made.broker.orders()] == [
        Order("A", BUY, 5),
        Order("A", BUY, 5, limit_price=99, type=OrderType.LIMIT, time_in_force=TimeInForce.DAY, tag="dip"),
        Order("A", SELL, 5, limit_price=101, tag="gain"),
        Order("A", SELL, 1),
        Order("A", BUY, 5, stop_price=105, limit_price=106, time_in_force=TimeInForce.IOC),
        Order("A", SELL, 5, stop_price=95, good_till=at(9)),
        Order("A", SELL, 5, trail_amount=Decimal("2.5"), stop_price=96),
        Order("A", BUY, 5, trail_percent=3),
        Order("A", BUY, 5, type=OrderType.MARKET_ON_CLOSE, time_in_force=TimeInForce.FOK),
    ]
    assert {tracked.status for tracked in made.broker.orders()} == {OrderStatus.ACCEPTED}


@pytest.mark.parametrize("call", ["buy", "sell"])
@pytest.mark.parametrize(("terms", "field"), [({"quantity": 0.5}, "quantity"), ({"limit_price": 9.5}, "limit_price")])
def test_a_float_in_an_order_is_refused_by_the_fields_name(call: str, terms: dict[str, Any], field: str) -> None:
    with pytest.raises(StrategyError, match=f"NotExactError: {field} must be an int or a Decimal") as caught:
        run(bars_of("A", "1"), {0: lambda now: getattr(now, call)("A", **({"quantity": 1} | terms))})
    assert isinstance(caught.value.__cause__, NotExactError)


def test_an_order_gives_its_number_and_can_be_looked_up() -> None:
    assert seen_at(0, lambda now: (now.buy("A", 1), now.buy("A", 0), now.get_order(2).status.name)) == (
        1,
        2,
        "REJECTED",
    )


@pytest.mark.parametrize(
    ("ask", "cause"),
    [
        (lambda now: now.cancel(7), UnknownOrderError),
        (lambda now: now.get_order(7), UnknownOrderError),
        (lambda now: now.amend(7, quantity=1), UnknownOrderError),
        (lambda now: now.amend(now.buy("A", 1), quantity=0.5), NotExactError),
        (lambda now: now.amend(now.buy("A", 1), limit_price=9), InvalidOrderError),
        (lambda now: now.submit_bracket(Order("A", BUY, 1)), InvalidOrderError),
        (lambda now: now.submit_bracket(Order("A", BUY, 1), Order("A", BUY, 1, limit_price=2)), InvalidOrderError),
        (lambda now: now.submit_oco(), InvalidOrderError),
        (lambda now: now.submit_oco(Order("A", BUY, 1)), InvalidOrderError),
        (lambda now: now.submit_oco(Order("A", BUY, 1), Order("B", BUY, 1)), InvalidOrderError),
    ],
)
def test_what_cannot_be_asked_of_an_order_is_an_error(ask: Callable[[Now], object], cause: type[Exception]) -> None:
    with pytest.raises(StrategyError) as caught:
        run(bars_of("A", "1"), {0: ask})
    assert isinstance(caught.value.__cause__, cause)


def events_of(made: Backtest, *kinds: type[Event]) -> list[Any]:
    return [event for event in made.journal if isinstance(event, kinds)]


def places_of(made: Backtest, kind: type[OrderEvent]) -> list[tuple[int, int, Phase]]:
    """Return of each fact of a kind the order, the step and the phase."""
    rows = [row for row in made.journal.rows if row[2] is kind]
    return [(fields[1], step, phase) for step, phase, _, fields in rows]


# --- orders that belong together


def test_a_bracket_gives_the_number_of_its_entry_and_then_those_of_its_exits() -> None:
    ids: list[list[int]] = []
    entry = Order("A", BUY, 5)
    exits = Order("A", SELL, 5, stop_price=90), Order("A", SELL, 5, limit_price=110)
    made = run(bars_of("A", "100", "100/110/100/110"), {0: lambda now: ids.append(now.submit_bracket(entry, *exits))})
    assert ids == [[1, 2, 3]]
    submitted = events_of(made, OrderSubmitted)
    assert [(one.order, one.parent_id, one.group_id) for one in submitted] == [
        (entry, None, None),
        (exits[0], 1, 2),
        (exits[1], 1, 2),
    ]
    assert fills_of(made) == [(1, "5", "100", "03"), (3, "-5", "110", "03")]
    assert made.broker.get_order(2).status is OrderStatus.CANCELED


def test_of_orders_of_which_each_cancels_the_others_one_fills() -> None:
    ids: list[list[int]] = []
    orders = Order("A", BUY, 5, limit_price=90), Order("A", BUY, 5, stop_price=110)
    made = run(bars_of("A", "100", "100/110/100/105"), {0: lambda now: ids.append(now.submit_oco(*orders))})
    assert ids == [[1, 2]]
    assert [one.group_id for one in events_of(made, OrderSubmitted)] == [1, 1]
    assert fills_of(made) == [(2, "5", "110", "03")]
    assert reason_of(made.broker.get_order(1).reason) == (
        "SIBLING_FILLED",
        {"sibling": 2, "filled": 5, "remaining": 0, "quantity": 5},
    )


# --- when what is asked for takes effect


def ask_everything(now: Now) -> None:
    """Ask for one order in each way."""
    now.buy("A", 1, limit_price=1)
    now.sell("A", 1, limit_price=900)
    now.submit(Order("A", BUY, 1, limit_price=1))
    now.submit_bracket(Order("A", BUY, 1, limit_price=1), Order("A", SELL, 1, limit_price=900))
    now.submit_oco(Order("A", BUY, 1, limit_price=1), Order("A", BUY, 1, stop_price=900))
    now.buy("B", 1, limit_price=1)


def eligible_steps(made: Backtest, first: int) -> list[tuple[str, int]]:
    """Return the symbol of each order from a number on, and the step in which it may fill first."""
    submitted = events_of(made, OrderSubmitted)
    return [(one.order.symbol, one.eligible_step) for one in submitted if one.order_id >= first]


TWO = bars_of("A", "100", "100/101/99/100", "100"), bars_of("B", "20", "20", "20")


def test_what_is_asked_for_after_the_bars_waits_for_the_next_step() -> None:
    made = run(list(TWO), {0: ask_everything}, allow_short=True)
    assert eligible_steps(made, 1) == [("A", 1)] * 7 + [("B", 1)]


def test_what_a_fill_asks_for_takes_effect_at_once_for_its_symbol_and_later_for_another() -> None:
    asked = Answering({0: lambda now: now.buy("A", 1)}, answer=lambda now, _: ask_everything(now))
    made = run(list(TWO), asked, allow_short=True)
    assert eligible_steps(made, 2) == [("A", 1)] * 7 + [("B", 2)]


def test_what_an_order_that_ends_before_the_bars_asks_for_meets_the_bars_of_that_step() -> None:
    def hear(now: Now, order: TrackedOrder) -> None:
        if order.id == 1 and order.status is OrderStatus.EXPIRED:
            ask_everything(now)

    asked = Hearing({0: lambda now: now.buy("A", 1, limit_price=2, good_till=at(0, hours=0))}, hear=hear)
    made = run(list(TWO), asked, allow_short=True)
    assert eligible_steps(made, 2) == [("A", 1)] * 7 + [("B", 1)]


def test_a_cancel_and_a_change_wait_for_the_next_step_to_begin() -> None:
    def ask(now: Now) -> None:
        now.amend(2, quantity=3, limit_price=98)
        now.cancel(1)

    made = run(
        bars_of("A", "100", "100", "97"),
        {0: lambda now: [now.buy("A", 1, limit_price=99) for _ in "12"], 1: ask},
    )
    assert places_of(made, AmendRequested) == [(2, 1, Phase.STRATEGY)]
    assert places_of(made, CancelRequested) == [(1, 1, Phase.STRATEGY)]
    assert places_of(made, OrderAmended) == [(2, 2, Phase.REQUESTS)]
    assert places_of(made, OrderCanceled) == [(1, 2, Phase.REQUESTS)]
    assert fills_of(made) == [(2, "3", "97", "04")]


@pytest.mark.parametrize(
    ("symbol", "place"),
    [
        pytest.param("A", (1, Phase.OPEN), id="of that symbol at once"),
        pytest.param("B", (2, Phase.REQUESTS), id="of another when the next step begins"),
    ],
)
def test_a_cancel_and_a_change_that_a_fill_asks_for_take_effect(symbol: str, place: tuple[int, Phase]) -> None:
    def answer(now: Now, _: Fill) -> None:
        now.cancel(1)
        now.amend(2, limit_price=2)

    def ask(now: Now) -> None:
        now.buy(symbol, 1, limit_price=1)
        now.buy(symbol, 1, limit_price=1)
        now.buy("A", 1)

    made = run(list(TWO), Answering({0: ask}, answer=answer))
    assert places_of(made, OrderCanceled) == [(1, *place)]
    assert places_of(made, OrderAmended) == [(2, *place)]


@pytest.mark.parametrize(
    ("changes", "order"),
    [
        pytest.param({"quantity": 4}, Order("A", BUY, 4, stop_price=110, limit_price=111), id="the quantity"),
        pytest.param({"limit_price": 115}, Order("A", BUY, 5, stop_price=110, limit_price=115), id="the limit"),
        pytest.param({"stop_price": 105}, Order("A", BUY, 5, stop_price=105, limit_price=111), id="the stop"),
        pytest.param(
            {"quantity": 6, "stop_price": 108, "limit_price": 109},
            Order("A", BUY, 6, stop_price=108, limit_price=109),
            id="all",
        ),
    ],
)
def test_of_an_order_that_is_changed_what_is_not_given_stays(changes: dict[str, Any], order: Order) -> None:
    script: dict[int, Callable[[Now], object]] = {
        0: lambda now: now.buy("A", 5, stop_price=110, limit_price=111),
        1: lambda now: now.amend(1, **changes),
    }
    made = run(bars_of("A", "100", "100", "100"), script)
    assert made.broker.get_order(1).order == order
    (asked,) = events_of(made, AmendRequested)
    given = {name: getattr(asked, name) for name in ("quantity", "limit_price", "stop_price")}
    assert given == {"quantity": None, "limit_price": None, "stop_price": None} | changes


def test_a_request_for_an_order_that_is_over_is_refused_and_not_raised() -> None:
    def ask(now: Now) -> None:
        order_id = now.buy("A", 0)
        now.cancel(order_id)
        now.amend(order_id, quantity=1)

    made = run(bars_of("A", "1", "1"), {0: ask})
    refused = events_of(made, RequestRefused)
    assert [(one.order_id, one.request, reason_of(one.reason)) for one in refused] == [
        (1, "cancel", ("ORDER_MUST_BE_OPEN", {"status": "REJECTED"})),
        (1, "amend", ("ORDER_MUST_BE_OPEN", {"status": "REJECTED"})),
    ]
    assert made.broker.get_order(1).status is OrderStatus.REJECTED


def test_a_change_that_cannot_be_is_refused_and_the_order_stands() -> None:
    def ask(now: Now) -> None:
        now.amend(1, quantity=Decimal("0.5"))
        now.amend(1, limit_price=Decimal("98.001"))

    made = run(bars_of("A", "100.00", "100.00", "98.00"), {0: lambda now: now.buy("A", 1, limit_price=99), 1: ask})
    assert [reason_of(one.reason)[0] for one in events_of(made, RequestRefused)] == [
        "QUANTITY_MUST_BE_ON_STEP",
        "PRICE_MUST_BE_ON_TICK",
    ]
    assert fills_of(made) == [(1, "1", "98.00", "04")]


@pytest.mark.parametrize(("symbol", "canceled"), [(None, [1, 2, 3]), ("A", [1, 3]), ("B", [2]), ("C", [])])
def test_all_orders_are_canceled_or_all_of_one_symbol(symbol: str | None, canceled: list[int]) -> None:
    def ask(now: Now) -> None:
        for one in ("A", "B", "A"):
            now.buy(one, 1, limit_price=1)
        now.buy("A", 0)  # is over

    made = run(list(TWO), {0: ask, 1: lambda now: now.cancel_all(symbol)})
    assert [order_id for order_id, *_ in places_of(made, OrderCanceled)] == canceled
    assert events_of(made, RequestRefused) == []


def test_a_cancel_is_asked_for_once() -> None:
    script: dict[int, Callable[[Now], object]] = {
        0: lambda now: now.buy("A", 1, limit_price=1),
        1: lambda now: (now.cancel(1), now.cancel(1), now.cancel_all()),
    }
    made = run(bars_of("A", "100", "100", "100"), script)
    assert len(events_of(made, CancelRequested, RequestRefused, OrderCanceled)) == 2


def test_open_orders_of_one_symbol_or_of_all() -> None:
    def look(now: Now) -> tuple[list[int], ...]:
        for symbol in ("B", "A", "B"):
            now.buy(symbol, 1, limit_price=1)
        now.buy("A", 0)
        return tuple([one.id for one in now.open_orders(symbol)] for symbol in (None, "A", "B", "C"))

    assert seen_at(0, look, bars_of("A", "2"), bars_of("B", "2")) == ([1, 2, 3], [2], [1, 3], [])


def test_the_present_reads_what_the_portfolio_says() -> None:
    def look(now: Now) -> dict[str, object]:
        names = (name for name in vars(PortfolioView) if not name.startswith("_"))
        return {name: getattr(now, name) for name in names}

    def compared(now: Now) -> list[tuple[object, object]]:
        portfolio = made.portfolio
        pairs = []
        for name, value in look(now).items():
            real = getattr(portfolio, name)
            arguments = ("A",) if name in ("get_position", "get_mark") else ()
            pairs.append((value(*arguments), real(*arguments)) if callable(value) else (value, real))
        return pairs

    seen: list[tuple[object, object]] = []
    script = {0: lambda now: now.buy("A", 5), 2: lambda now: seen.extend(compared(now))}
    made = backtest(bars_of("A", "100", "100", "90"), script)
    made.run()
    assert len(seen) >= 14
    assert all(mine == theirs for mine, theirs in seen)
    assert Decimal(99_950) in [mine for mine, _ in seen]  # 100000 + 5 x (90 - 100)
    assert Decimal(50) in [mine for mine, _ in seen]  # the drawdown


def test_the_step_and_its_time() -> None:
    assert seen_at(2, lambda now: (now.step, now.timestamp)) == (2, at(2))
    assert isinstance(seen_at(0, lambda now: now.timestamp), datetime)


def test_an_instrument_has_the_units_of_its_symbol() -> None:
    assert seen_at(0, lambda now: now.get_instrument("A").price_below(Decimal("99.999")), bars_of("A", "1.25")) == (
        Decimal("99.99")
    )


def test_a_strategy_that_overrides_nothing_does_nothing() -> None:
    made = Backtest(bars_of("A", "1", "2"), Strategy())
    made.run()
    assert len(made.journal) == 0
