"""What a strategy sees of the present, and how it asks for orders."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from attrs import define

from core.backtest.loop import Backtest
from core.backtest.strategy import Now, Strategy, evaluate_indicators, make_symbol_now
from core.bars import Bars
from core.errors import InputError, NotExactError, OrderTransitionError, StrategyError, UnknownOrderError
from core.order import BUY, SELL, Order, OrderType, TimeInForce
from core.protocols import PortfolioView
from tests.core.builders import at, backtest, bars_of, run


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
    symbol = make_symbol_now(bars_of("A", "1"), {"fast": [1], "slow": [2]})
    with pytest.raises(AttributeError, match=r"^A has no fats: its indicators are fast, slow$"):
        _ = symbol.fats
    with pytest.raises(AttributeError, match=r"^A has no fast: its indicators are none$"):
        _ = make_symbol_now(bars_of("A", "1"), {}).fast


@pytest.mark.parametrize("name", ["close", "volume", "bar", "row", "symbol", "indicators"])
def test_an_indicator_cannot_take_the_name_of_something_else(name: str) -> None:
    with pytest.raises(InputError, match=f"^an indicator cannot be called {name}: a symbol has that already$"):
        make_symbol_now(bars_of("A", "1"), {name: [1]})


def test_hostile_names_are_harmless_in_errors() -> None:
    symbol = make_symbol_now(bars_of("A\x1b", "1"), {"x\x1b": [1]})
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
            )
        },
        allow_short=True,
    )
    assert [tracked.order for tracked in made.broker.orders()] == [
        Order("A", BUY, 5),
        Order("A", BUY, 5, limit_price=99, type=OrderType.LIMIT, time_in_force=TimeInForce.DAY, tag="dip"),
        Order("A", SELL, 5, limit_price=101, tag="gain"),
        Order("A", SELL, 1),
    ]


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
        (lambda now: now.cancel(now.buy("A", 0)), OrderTransitionError),
    ],
)
def test_what_cannot_be_asked_of_an_order_is_an_error(ask: Callable[[Now], object], cause: type[Exception]) -> None:
    with pytest.raises(StrategyError) as caught:
        run(bars_of("A", "1"), {0: ask})
    assert isinstance(caught.value.__cause__, cause)


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
