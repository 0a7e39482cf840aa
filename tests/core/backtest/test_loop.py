"""One loop: to the end, step by step, or until a condition, in this process or in another, it is one journal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal, getcontext
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from attrs import define, evolve, field
from hypothesis import assume, given
from hypothesis import strategies as st

import core
from core.backtest.loop import Backtest
from core.backtest.settings import Settings, Timing
from core.backtest.strategy import Now, Strategy
from core.bars import TICK_COLUMNS, Bars
from core.clock import Phase
from core.errors import BarDataError, InvariantError, RunStoppedError, StrategyError
from core.events import Event, OrderAccepted, OrderFilled, OrderSubmitted
from core.execution.costs import Commission, Slippage
from core.execution.path import LimitRule
from core.fill import Fill, FillRule
from core.order import Order, OrderStatus, Side, TimeInForce, TrackedOrder
from core.risk import portfolio as portfolio_module
from tests.core.builders import (
    B1,
    BEFORE_B1,
    Action,
    Answering,
    Script,
    at,
    backtest,
    bars_of,
    fills_of,
    reason_of,
    run,
)
from tests.generators import HIGHEST, LOWEST, Market, Planned, asks, cents, markets, plans

ROOT = Path(core.__file__ or "").parents[1]
SETTINGS = [
    Settings(
        initial_capital=Decimal(2000),
        allow_short=allow_short,
        timing=timing,
        limit_rule=rule,
        costs=Commission(per_unit=cents(1), minimum=cents(25)),
    )
    for allow_short in (False, True)
    for timing in Timing
    for rule in LimitRule
]
some_settings = st.sampled_from(SETTINGS)


def journal_of(bars: Sequence[Bars], plan: Planned, settings: Settings) -> bytes:
    made = Backtest(bars, plan, settings)
    made.run()
    return made.journal.canonical_bytes()


@given(markets(), plans(), some_settings, st.randoms(use_true_random=False))
def test_the_order_in_which_symbols_are_loaded_changes_no_byte(
    market: Market, plan: Planned, settings: Settings, chance: Any
) -> None:
    shuffled = list(market.bars)
    chance.shuffle(shuffled)
    assert journal_of(shuffled, plan.again(), settings) == journal_of(market.bars, plan, settings)


@given(markets(), plans(), some_settings, st.integers(0, 12))
def test_step_by_step_and_until_a_condition_is_the_same_as_to_the_end(
    market: Market, plan: Planned, settings: Settings, until: int
) -> None:
    expected = journal_of(market.bars, plan, settings)
    by_step = Backtest(market.bars, plan.again(), settings)
    while by_step.step():
        pass
    assert by_step.journal.canonical_bytes() == expected
    in_parts = Backtest(market.bars, plan.again(), settings)
    in_parts.run_until(lambda made: made.step_count > until)
    in_parts.run()
    assert in_parts.journal.canonical_bytes() == expected


@given(markets(), plans(), some_settings)
def test_whoever_listens_changes_no_byte(market: Market, plan: Planned, settings: Settings) -> None:
    expected = journal_of(market.bars, plan, settings)
    heard = Backtest(market.bars, plan.again(), settings)
    events: list[Event] = []
    heard.broker.subscribe(events.append)
    heard.portfolio.subscribe(events.append)
    heard.run()
    assert heard.journal.canonical_bytes() == expected
    assert events == list(heard.journal)


@given(markets(), plans(), some_settings)
def test_facts_are_numbered_without_a_gap_and_times_never_fall(
    market: Market, plan: Planned, settings: Settings
) -> None:
    made = Backtest(market.bars, plan, settings)
    made.run()
    lines = [json.loads(line) for line in made.journal.canonical_lines()]
    assert [line["sequence"] for line in lines] == list(range(len(lines)))
    places = [(line["step"], Phase[line["phase"]]) for line in lines]
    assert places == sorted(places)
    times = [event.timestamp for event in made.journal]
    assert times == [made.feed.time(line["step"]) for line in lines]
    assert times == sorted(times)


@given(markets(), plans(), some_settings)
def test_orders_and_fills_keep_their_invariants(market: Market, plan: Planned, settings: Settings) -> None:
    made = Backtest(market.bars, plan, settings)
    made.run()
    fills = made.broker.fills()
    assert [fill.id for fill in fills] == list(range(1, len(fills) + 1))
    for tracked in made.broker.orders():
        own = [fill for fill in fills if fill.order_id == tracked.id]
        parts = (tracked.filled_quantity, tracked.remaining_quantity, tracked.given_up_quantity)
        assert sum(parts) == tracked.order.quantity  # O2
        assert min(parts) >= 0
        assert tracked.filled_quantity == sum(fill.quantity for fill in own)
        assert (tracked.status is OrderStatus.FILLED) == (tracked.filled_quantity == tracked.order.quantity)
        for fill in own:
            check_fill(made, tracked, fill)


def check_fill(made: Backtest, tracked: TrackedOrder, fill: Fill) -> None:
    """Check O3, O4 and R14 of one fill."""
    order = tracked.order
    assert (fill.symbol, fill.side) == (order.symbol, order.side)
    bars = next(bars for bars in made.bars if bars.symbol == fill.symbol)
    (bar,) = [bar for bar in map(bars.bar, range(len(bars))) if bar.time == fill.timestamp]
    assert bar.low <= fill.price <= bar.high
    assert order.limit_price is None or (fill.price - order.limit_price) * order.side.sign <= 0
    assert tracked.submitted_at is not None
    if fill.timestamp == tracked.submitted_at:  # in the step in which it was asked for: at the close, or from a fill
        assert fill.rule is FillRule.SAME_CLOSE or any(
            one.timestamp == fill.timestamp and one.symbol == fill.symbol and one.id < fill.id
            for one in made.broker.fills()
        )
    else:
        assert fill.timestamp > tracked.submitted_at


def poisoned(bars: Bars, step_time: int, chance: Any) -> Bars:
    """Return the same bars, with other prices in every row stamped later than a time."""
    rows = bars.frame.rows()
    changed = [row if row[0] <= step_time else (row[0], *_other_prices(chance), row[5]) for row in rows]
    frame = pl.DataFrame(changed, schema=bars.frame.schema, orient="row")
    return Bars(bars.symbol, frame, bars.digits, bars.volume_digits)


def _other_prices(chance: Any) -> tuple[int, ...]:
    low, high = sorted(chance.choices(range(LOWEST, HIGHEST), k=2))
    return tuple(dict(zip(TICK_COLUMNS, (low, high, low, high), strict=True)).values())


@define
class Averaging(Planned):
    """Look at indicators too."""

    def indicators(self) -> dict[str, pl.Expr]:
        close = pl.col("close_ticks")
        return {"sum": close.rolling_sum(2), "highest": close.cum_max(), "mean": pl.col("close").rolling_mean(3)}


@given(markets(), plans(), some_settings, st.integers(0, 11), st.randoms(use_true_random=False))
def test_poisoning_later_rows_changes_nothing_before_them(
    market: Market, plan: Planned, settings: Settings, last: int, chance: Any
) -> None:
    one = Backtest(market.bars, Averaging(plan.steps, plan.answers), settings)
    one.run()
    last = min(last, len(one.feed) - 1)
    later = [poisoned(bars, one.feed.times[last], chance) for bars in market.bars]
    other = Backtest(later, Averaging(plan.steps, plan.answers), settings)
    other.run()
    assert _until(one, last) == _until(other, last)


def _until(made: Backtest, last: int) -> tuple[list[Any], list[str]]:
    """Return what a plan saw and what was recorded up to the end of a step."""
    assert isinstance(made.strategy, Planned)
    seen = [sight for step, sight in made.strategy.seen if step <= last]
    return seen, list(made.journal.canonical_lines())[: made.journal.first_of_step(last + 1)]


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda symbol: symbol.open, id="open"),
        pytest.param(lambda symbol: symbol.high, id="high"),
        pytest.param(lambda symbol: symbol.low, id="low"),
        pytest.param(lambda symbol: symbol.close, id="close"),
        pytest.param(lambda symbol: symbol.volume, id="volume"),
        pytest.param(lambda symbol: symbol.bar(), id="bar"),
        pytest.param(lambda symbol: symbol.highest, id="an indicator"),
        pytest.param(lambda symbol: symbol.indicators(), id="all indicators"),
    ],
)
def test_a_symbol_that_has_not_begun_shows_nothing_of_its_later_bars(read: Any) -> None:
    def look_at(later: str) -> list[object]:
        seen: list[object] = []

        @define
        class Looking(Strategy):
            def indicators(self) -> dict[str, pl.Expr]:
                return {"highest": pl.col("close_ticks").cum_max()}

            def on_bar(self, now: Now) -> None:
                if now.step == 0:
                    try:
                        seen.append(read(now["B"]))
                    except Exception as error:  # noqa: BLE001 - whatever it says, it says the same
                        seen.append(str(error))

        Backtest([bars_of("A", "1.00", "1.00"), bars_of("B", "-", later)], Looking()).run()
        return seen

    assert look_at("5.00/5.00/5.00/5.00/100") == look_at("7.00/8.00/6.00/7.50/300")


def test_inside_the_next_bar_a_strategy_sees_the_last_bar_and_what_happened_so_far() -> None:
    seen: list[tuple[Any, ...]] = []

    def look(now: Now, fill: Fill) -> None:
        seen.append((now.step, now["A"].close, now["A"].bar().high, now.get_position("A").quantity, fill.price))

    run(bars_of("A", BEFORE_B1, B1), Answering({0: lambda now: now.buy("A", 5)}, answer=look))
    assert seen == [(1, 100, 101, 5, 101)]


# --- what follows from the rules

RICH = Settings(initial_capital=Decimal(10**9), allow_short=True)
traded = st.dictionaries(st.integers(0, 11), st.lists(asks, max_size=4), max_size=12).map(Planned)


def fills_by_symbol(made: Backtest) -> dict[str, list[tuple[Any, ...]]]:
    """Return the fills of each symbol, without what numbers them."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for fill in made.broker.fills():
        what = (fill.quantity_delta, fill.price, fill.timestamp, fill.rule)
        found.setdefault(fill.symbol, []).append(what)
    return found


@given(markets(), traded, st.booleans())
def test_twice_the_quantities_the_step_and_the_capital_gain_twice_as_much(
    market: Market, plan: Planned, allow_short: bool
) -> None:
    doubled = {
        step: [wish._replace(quantity=2 * wish.quantity) for wish in wishes] for step, wishes in plan.steps.items()
    }
    one = Backtest(market.bars, plan, Settings(initial_capital=Decimal(2000), allow_short=allow_short))
    settings = Settings(initial_capital=Decimal(4000), allow_short=allow_short, quantity_step=Decimal(2))
    other = Backtest(market.bars, Planned(doubled), settings)
    one.run()
    other.run()
    assert [(fill.quantity * 2, fill.price) for fill in one.broker.fills()] == [
        (fill.quantity, fill.price) for fill in other.broker.fills()
    ]
    for name in ("equity", "drawdown", "gross_exposure", "net_exposure"):
        assert getattr(other.portfolio, name) == 2 * getattr(one.portfolio, name)
    gained = [made.portfolio.realized_pnl + made.portfolio.unrealized_pnl for made in (one, other)]
    assert gained[1] == 2 * gained[0]


def mirrored(bars: Bars) -> Bars:
    """Return bars whose every price is as far below 20.00 as it was above zero."""
    rows = [(bar.time, *(20 - price for price in (bar.open, bar.low, bar.high, bar.close))) for bar in bars_in(bars)]
    return Bars.from_rows(bars.symbol, rows)


def bars_in(bars: Bars) -> list[Any]:
    return [bars.bar(row) for row in range(len(bars))]


@given(markets(), traded, st.sampled_from(LimitRule), st.sampled_from(Timing))
def test_mirroring_sides_and_prices_mirrors_the_fills(
    market: Market, plan: Planned, rule: LimitRule, timing: Timing
) -> None:
    ties = [bar for bars in market.bars for bar in bars_in(bars) if bar.high - bar.open == bar.open - bar.low]
    assume(not [bar for bar in ties if bar.high > bar.low])
    other_side = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}
    steps = {
        step: [
            wish._replace(
                side=other_side[wish.side], limit_offset=None if wish.limit_offset is None else -wish.limit_offset
            )
            for wish in wishes
        ]
        for step, wishes in plan.steps.items()
    }
    settings = evolve(RICH, limit_rule=rule, timing=timing)
    one, other = (
        Backtest(market.bars, plan, settings),
        Backtest([mirrored(bars) for bars in market.bars], Planned(steps), settings),
    )
    one.run()
    other.run()
    expected = {
        symbol: [(-delta, 20 - price, time, rule) for delta, price, time, rule in fills]
        for symbol, fills in fills_by_symbol(one).items()
    }
    assert fills_by_symbol(other) == expected


@given(markets(), traded, st.sampled_from(Timing))
def test_orders_of_different_symbols_may_be_asked_for_in_any_turn_where_cash_covers_them_all(
    market: Market, plan: Planned, timing: Timing
) -> None:
    steps = {step: sorted(wishes, key=lambda wish: wish.symbol) for step, wishes in plan.steps.items()}
    settings = evolve(RICH, timing=timing)
    one, other = Backtest(market.bars, plan, settings), Backtest(market.bars, Planned(steps), settings)
    one.run()
    other.run()
    assert fills_by_symbol(one) == fills_by_symbol(other)
    assert one.portfolio.get_cash_balance() == other.portfolio.get_cash_balance()


# --- fresh processes

PROCESS = """
import sys
from decimal import getcontext
from pathlib import Path
from core.backtest.examples import SHIPPED
from core.backtest.loop import Backtest
from core.data.load import load

files = sorted(Path(sys.argv[1]).glob("*.csv"), reverse=sys.argv[3] == "reverse")
run = Backtest(load(files), SHIPPED[sys.argv[2]]())
run.run()
sys.stdout.buffer.write(run.journal.canonical_bytes())
"""
SURROUNDINGS = [
    ({"PYTHONHASHSEED": "0", "TZ": "UTC", "LANG": "C", "LC_ALL": "C"}, "forward"),
    ({"PYTHONHASHSEED": "4242", "TZ": "Asia/Kolkata", "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "reverse"),
]


@pytest.mark.parametrize("strategy", ["sma-cross", "dip-buyer"])
def test_two_fresh_processes_in_other_surroundings_write_the_same_bytes(strategy: str, tmp_path: Path) -> None:
    written = []
    for number, (surroundings, order) in enumerate(SURROUNDINGS):
        folder = tmp_path / f"folder {number}"
        folder.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        environment = kept | surroundings | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", PROCESS, str(ROOT / "sample_data"), strategy, order]
        written.append(
            subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True, timeout=100).stdout
        )
    assert written[0].count(b"\n") > 100
    assert b"OrderFilled" in written[0]
    assert written[0] == written[1]


def test_a_strategy_that_changes_the_threads_context_changes_no_byte() -> None:
    def script(precision: int) -> Script:
        def trade(now: Now) -> None:
            getcontext().prec = precision
            now.buy("A", Decimal(12345))
            now.sell("A", Decimal(12345), limit_price=Decimal("1.25"))

        return Script({0: trade, 1: trade, 2: trade})

    bars = bars_of("A", "1.13", "1.17/1.31/1.09/1.11", "1.19/1.27/1.03/1.21", "1.23")
    before = getcontext().prec
    try:
        journals = [
            run(bars, script(precision), allow_short=True, costs=Commission(per_unit=Decimal("0.00123")))
            for precision in (28, 2)
        ]
        written = [made.journal.canonical_bytes() for made in journals]
        drawdowns = [made.portfolio.drawdown for made in journals]
    finally:
        getcontext().prec = before
    assert written[0] == written[1]
    assert drawdowns[0] == drawdowns[1]
    assert written[0].count(b"OrderFilled") > 3


# --- the life of a run


def test_a_run_counts_its_steps_and_ends_with_its_bars() -> None:
    made = backtest(bars_of("A", "1", "2"), {})
    assert (made.step_count, made.is_over) == (0, False)
    assert made.step()
    assert (made.step_count, made.is_over) == (1, False)
    assert made.step()
    assert (made.step_count, made.is_over) == (2, True)
    assert not made.step()
    assert made.step_count == 2
    made.run()


def test_run_until_stops_at_the_end_of_the_step_in_which_the_condition_holds() -> None:
    made = backtest(bars_of("A", "1", "2", "3"), {})
    assert made.run_until(lambda made: made.portfolio.get_mark("A") == 2)
    assert made.step_count == 2
    assert not made.run_until(lambda _: False)
    assert made.is_over


def test_one_symbol_needs_no_list() -> None:
    assert [bars.symbol for bars in backtest(bars_of("A", "1"), {}).bars] == ["A"]


def test_no_bars_are_refused() -> None:
    with pytest.raises(BarDataError):
        Backtest([], Strategy())


@define
class Diary(Strategy):
    """Write down each call."""

    calls: list[tuple[str, int, Any]]

    def on_start(self, now: Now) -> None:
        self.calls.append(("start", now.step, tuple(now.symbols)))
        now.buy("A", 1)

    def on_bar(self, now: Now) -> None:
        self.calls.append(("bar", now.step, tuple(now.symbols)))
        if now.step == 1:
            now.buy("A", 1, limit_price=90)
            now.sell("A", 5)
        if now.step == 2:
            now.cancel(2)

    def on_order(self, now: Now, order: TrackedOrder) -> None:
        self.calls.append(("order", now.step, (order.id, order.status.name)))

    def on_fill(self, now: Now, fill: Fill) -> None:
        self.calls.append(("fill", now.step, (fill.id, now.get_order(fill.order_id).status.name)))

    def on_end(self, now: Now) -> None:
        self.calls.append(("end", now.step, tuple(now.symbols)))


def test_the_calls_of_a_strategy_come_in_this_order() -> None:
    diary = Diary([])
    bars = [bars_of("A", "100", "100", "100", "100"), bars_of("B", "20", "-", "20", "-")]
    run(bars, diary)
    assert diary.calls == [
        ("start", 0, ("A", "B")),
        ("bar", 0, ("A", "B")),
        ("order", 0, (1, "ACCEPTED")),
        ("fill", 1, (1, "FILLED")),
        ("bar", 1, ("A",)),
        ("order", 1, (2, "ACCEPTED")),
        ("order", 1, (3, "REJECTED")),
        ("bar", 2, ("A", "B")),
        ("order", 3, (2, "CANCELED")),
        ("bar", 3, ("A",)),
        ("end", 3, ("A",)),
    ]


def test_a_strategy_hears_of_a_refusal_at_the_fill() -> None:
    diary = Diary([])
    run(bars_of("A", "100", "300"), diary, initial_capital=200)
    assert diary.calls[2:4] == [("order", 0, (1, "ACCEPTED")), ("order", 1, (1, "CANCELED"))]


def test_a_strategy_hears_of_an_order_that_it_asks_for_at_the_end() -> None:
    class Last(Diary):
        def on_end(self, now: Now) -> None:
            super().on_end(now)
            now.buy("A", 0)

    diary = Last([])
    run(bars_of("A", "100"), diary)
    assert diary.calls[-2:] == [("end", 0, ("A",)), ("order", 0, (2, "REJECTED"))]


@pytest.mark.parametrize("call", ["on_start", "on_bar", "on_end", "indicators"])
def test_what_a_strategy_raises_stops_the_run_and_names_the_line(call: str) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no more")

    kind = type("Failing", (Script,), {call: fail, "__module__": __name__})
    line = fail.__code__.co_firstlineno + 1
    with pytest.raises(
        StrategyError, match=rf"{__name__}:{line}: Failing\.{call} raised ValueError: no more"
    ) as caught:
        run(bars_of("A", "1"), kind())
    assert caught.value.call == call
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_run_that_was_stopped_says_so_and_executes_no_step() -> None:
    made = backtest(bars_of("A", "1", "1", "1"), {1: lambda _: 1 // 0})
    with pytest.raises(StrategyError):
        made.run()
    assert (made.step_count, made.is_over) == (2, True)
    for go_on in (made.step, made.run, lambda: made.run_until(lambda _: True)):
        with pytest.raises(RunStoppedError, match=r"^the run stopped at step 1 and cannot go on$"):
            go_on()
    assert made.step_count == 2


def test_a_run_that_was_stopped_in_its_last_step_says_so_too() -> None:
    made = backtest(bars_of("A", "1", "1"), {1: lambda _: 1 // 0})
    with pytest.raises(StrategyError):
        made.run()
    with pytest.raises(RunStoppedError):
        made.step()


def test_a_run_of_which_nobody_wants_another_step_was_not_stopped_by_an_error() -> None:
    made = backtest(bars_of("A", "1", "1"), {})
    made.step()
    made._steps.close()  # as when it is thrown away
    assert (made.step_count, made.is_over) == (1, False)


def test_a_person_can_interrupt_a_strategy() -> None:
    made = backtest(bars_of("A", "1", "1"), {0: lambda _: signal.raise_signal(signal.SIGINT)})
    with pytest.raises(KeyboardInterrupt):
        made.run()
    assert made.is_over
    with pytest.raises(RunStoppedError):
        made.step()


@pytest.mark.parametrize("source", ["broker", "portfolio"])
def test_a_raising_observer_of_a_fill_stops_the_run(source: str) -> None:
    made = backtest(bars_of("A", "100", "100", "100"), {0: lambda now: now.buy("A", 1)})

    def fail(event: Event) -> None:
        if not isinstance(event, OrderAccepted) and made.clock.step == 1:
            raise LookupError("observer")

    getattr(made, source).subscribe(fail)
    assert made.step()
    with pytest.raises(LookupError, match="observer"):
        made.step()
    with pytest.raises(RunStoppedError, match=r"^the run stopped at step 1 "):
        made.step()
    # what was booked before somebody raised is in the books and in the journal
    assert any(isinstance(event, OrderFilled) for event in made.journal)
    made.portfolio.check()


def test_a_raising_observer_of_an_order_stops_the_run_whatever_the_strategy_catches() -> None:
    def ask(now: Now) -> None:
        with suppress(Exception):
            now.buy("A", 1)

    made = backtest(bars_of("A", "100", "100"), {0: ask})
    made.broker.subscribe(lambda _: 1 // made.clock.step)  # raises in step 0 alone
    with pytest.raises(ZeroDivisionError):
        made.step()
    with pytest.raises(RunStoppedError):
        made.step()


@pytest.mark.parametrize("call", ["on_start", "on_bar", "on_order", "on_fill", "on_end"])
@pytest.mark.parametrize("timing", Timing)
def test_a_raising_observer_stops_the_run_whichever_call_of_the_strategy_catches(call: str, timing: Timing) -> None:
    def ask(_: Strategy, now: Now, *_what: object) -> None:
        if call != "on_bar":
            with suppress(Exception):
                now.buy("A", 1, tag="caught")
        elif now.step == 0:
            now.buy("A", 1)

    def ask_first(_: Strategy, now: Now) -> None:
        if now.step == 0:
            now.buy("A", 1)

    def fail(event: Event) -> None:
        if isinstance(event, OrderSubmitted) and (event.order.tag == "caught" or call == "on_bar"):
            raise LookupError(f"in step {made.clock.step}")

    kind = type("Catching", (Strategy,), {"on_bar": ask_first, call: ask, "__module__": __name__})
    made = backtest(bars_of("A", "100", "100"), kind(), timing=timing)
    made.broker.subscribe(fail)
    with pytest.raises(LookupError) as caught:
        made.run()
    assert str(caught.value) == f"in step {made.clock.step}"
    with pytest.raises(RunStoppedError):
        made.step()


def test_an_error_of_an_observer_is_not_blamed_on_the_strategy() -> None:
    made = backtest(bars_of("A", "100", "100"), {0: lambda now: now.buy("A", 1)})
    made.broker.subscribe(lambda _: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        made.run()


@pytest.mark.parametrize("timing", Timing)
def test_a_broken_invariant_stops_the_run_and_says_where(timing: Timing, monkeypatch: pytest.MonkeyPatch) -> None:
    made = backtest(bars_of("A", "100", "100", "100"), {1: lambda now: now.buy("A", 1)}, timing=timing)
    monkeypatch.setattr(portfolio_module, "book_fill", lambda *_: ((Decimal(1), Decimal(-1), Decimal(0), Decimal(0)),))
    with pytest.raises(InvariantError) as caught:
        made.run()
    step = 2 if timing is Timing.NEXT_OPEN else 1
    (note,) = caught.value.__notes__
    assert note.startswith(f"at step {step}, 2024-01-0{2 + step} 21:00:00, after OrderFilled(")
    with pytest.raises(RunStoppedError):
        made.step()


def test_the_books_are_checked_in_full_at_the_end() -> None:
    made = backtest(bars_of("A", "100", "100"), {})
    made.step()
    made.portfolio._totals = made.portfolio._totals._replace(commissions=Decimal(1))
    with pytest.raises(InvariantError):
        made.step()


@define
class Told(Strategy):
    """Write down what is told of each order, and when."""

    ask: Action
    told: list[tuple[int, int, str]] = field(factory=list)

    def on_start(self, now: Now) -> None:
        self.ask(now)

    def on_bar(self, now: Now) -> None:
        if now.step == 1:
            now.amend(1, quantity=3)
            now.amend(1, quantity=Decimal("0.5"))

    def on_order(self, now: Now, order: TrackedOrder) -> None:
        self.told.append((now.step, order.id, order.status.name))


def test_a_strategy_hears_of_each_turn_in_the_life_of_an_order() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 5, limit_price=50)  # changed, and refused to be changed, in step 2
        now.submit_oco(Order("A", core.BUY, 5, stop_price=110), Order("A", core.BUY, 8, limit_price=90))
        now.buy("A", 1, limit_price=50, good_till=at(1))
        now.buy("A", 1, limit_price=50, time_in_force=TimeInForce.IOC)

    told = Told(ask)
    made = run(bars_of("A", "100", "100/110/100/110", "110", "110"), told)
    assert fills_of(made) == [(2, "5", "110", "03")]
    assert [one for one in told.told if one[0] > 0] == [
        (1, 5, "CANCELED"),  # one test, at the open
        (1, 2, "TRIGGERED"),  # and filled at once, of which `on_fill` would tell
        (1, 3, "ACCEPTED"),  # reduced by what its sibling filled
        (2, 4, "EXPIRED"),
        (2, 1, "ACCEPTED"),  # amended
        (2, 1, "ACCEPTED"),  # refused
    ]


# --- what a run totals


def test_the_money_at_stake_is_summed_over_the_run() -> None:
    exits = Order("A", core.SELL, 10, stop_price=98), Order("A", core.SELL, 10, limit_price=103)

    def ask(now: Now) -> None:
        now.submit_bracket(Order("A", core.BUY, 10), *exits)

    wide = "100.00/103.50/97.50/102.00"
    made = backtest(bars_of("A", "100.00", wide, "100.00", wide), {0: ask, 2: ask})
    stakes = []
    while made.step():
        stakes.append(made.money_at_stake)
    assert stakes == [0, 50, 50, 100]  # 10 x (103 - 98), twice


@pytest.mark.parametrize(
    ("ask", "clamped"),
    [
        pytest.param(lambda now: now.buy("A", 10), 20, id="a purchase"),  # at 103, and 101 is the high: 10 x 2
        pytest.param(lambda now: now.sell("A", 10), 10, id="a sale"),  # at 97, and 98 is the low: 10 x 1
        pytest.param(lambda now: (now.buy("A", 10), now.sell("A", 20)), 40, id="both"),  # 10 x 2 + 20 x 1
        pytest.param(lambda now: now.buy("A", 10, limit_price=100), 0, id="a limit, which does not slip"),
        pytest.param(lambda _: None, 0, id="no fill"),
    ],
)
def test_what_the_clamp_took_off_is_summed_over_the_run(ask: Action, clamped: int) -> None:
    made = run(bars_of("A", "100", "100/101/98/100"), {0: ask}, allow_short=True, slippage=Slippage(ticks=3))
    assert made.clamped == clamped


def test_what_else_is_said_of_a_fill_is_not_summed_with_it() -> None:
    bars = bars_of("A", "100", "100/101/98/100/50")
    settings: dict[str, Any] = {"volume_cap": Decimal("0.1"), "slippage": Slippage(ticks=3)}
    made = run(bars, {0: lambda now: now.buy("A", 10)}, **settings)
    (fill,) = made.broker.fills()
    assert [note.code.name for note in fill.notes] == ["SLIPPAGE_CLAMPED", "VOLUME_CAP_REACHED"]
    assert made.clamped == 10  # a tenth of 50, x (103 - 101)


def test_the_indicators_of_a_row_that_is_over_can_be_looked_up() -> None:
    @define
    class Looking(Strategy):
        def indicators(self) -> dict[str, pl.Expr]:
            return {"before": pl.col("close_ticks").shift(1), "sum": pl.col("close_ticks").rolling_sum(2)}

    made = Backtest([bars_of("A", "1", "2", "4"), bars_of("B", "5", "-", "7")], Looking())
    made.run()
    assert [made.indicators_at("A", row) for row in range(3)] == [
        {"before": None, "sum": None},
        {"before": 1, "sum": 3},
        {"before": 2, "sum": 6},
    ]
    assert made.indicators_at("B", 1) == {"before": 5, "sum": 12}


# --- settings


def test_the_tick_is_the_finest_digit_of_the_bars_if_none_is_given() -> None:
    made = run(bars_of("A", "10.1", "10.25", "10.1"), {0: lambda now: now.buy("A", 1, limit_price=Decimal("10.105"))})
    assert reason_of(made.broker.get_order(1).reason)[1]["tick"] == Decimal("0.01")


def test_a_tick_finer_than_the_bars_is_taken() -> None:
    script = {0: lambda now: now.buy("A", 1, limit_price=Decimal("10.105"))}
    made = run(bars_of("A", "10.2", "10.2/10.2/10.1/10.1"), script, tick_size=Decimal("0.005"))
    assert fills_of(made) == [(1, "1", "10.105", "03")]


def test_a_coarse_tick_is_what_the_price_has_to_go_beyond() -> None:
    script = {0: lambda now: now.buy("A", 1, limit_price=Decimal("99.75"))}
    settings: dict[str, Any] = {"tick_size": Decimal("0.25"), "limit_rule": LimitRule.THROUGH}
    missed = run(bars_of("A", "100", "100/100/99.51/100"), script, **settings)
    assert fills_of(missed) == []
    assert reason_of(missed.why_open(1))[1]["needed"] == Decimal("99.5")
    assert fills_of(run(bars_of("A", "100", "100/100/99.50/100"), script, **settings)) == [(1, "1", "99.75", "03")]


def test_a_quantity_step_is_kept() -> None:
    made = run(bars_of("A", "100"), {0: lambda now: now.buy("A", Decimal("0.5"))})
    assert reason_of(made.broker.get_order(1).reason)[0] == "QUANTITY_MUST_BE_ON_STEP"
    made = run(bars_of("A", "100", "100"), {0: lambda now: now.buy("A", Decimal("0.5"))}, quantity_step=Decimal("0.25"))
    assert fills_of(made) == [(1, "0.5", "100", "03")]


# --- same_close


def test_at_the_same_close_market_orders_fill_in_the_order_of_the_rule() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 1)
        now.sell("A", 5)
        now.buy("B", 1, limit_price=20)
        now.buy("B", 1)

    script = {0: lambda now: now.buy("A", 5), 1: ask}
    made = run([bars_of("B", "20", "20", "20"), bars_of("A", "100", "101", "102")], script, timing=Timing.SAME_CLOSE)
    assert fills_of(made) == [
        (1, "5", "100", "02"),
        (3, "-5", "101", "03"),
        (2, "1", "101", "03"),
        (5, "1", "20", "03"),
        (4, "1", "20", "04"),
    ]
    rules = [fill.rule for fill in made.broker.fills()]
    assert rules == [FillRule.SAME_CLOSE] * 4 + [FillRule.OPEN]


def test_at_the_same_close_a_symbol_without_a_bar_waits_for_its_next_open() -> None:
    bars = [bars_of("A", "100", "-", "105/106/104/104.5"), bars_of("B", "20", "20", "20")]
    made = run(bars, {1: lambda now: now.buy("A", 1)}, timing=Timing.SAME_CLOSE)
    assert [(fill[2], fill[3]) for fill in fills_of(made)] == [("105.0", "04")]
    assert made.broker.fills()[0].rule is FillRule.OPEN


def test_at_the_same_close_a_canceled_order_no_longer_fills() -> None:
    made = run(bars_of("A", "100", "100"), {0: lambda now: now.cancel(now.buy("A", 1))}, timing=Timing.SAME_CLOSE)
    assert fills_of(made) == []
    assert made.broker.get_order(1).status is OrderStatus.CANCELED


def test_at_the_same_close_what_a_fill_of_another_symbol_asked_for_waits_for_the_next_bar() -> None:
    bars = [bars_of("A", "100.00", "100.00", "100.00"), bars_of("B", "20.00", "21.00", "22.00")]
    answering = Answering(
        {0: lambda now: now.buy("A", 1, limit_price=100)},
        answer=lambda now, fill: now.buy("B", 1) if fill.symbol == "A" else None,
    )
    made = run(bars, answering, timing=Timing.SAME_CLOSE)
    assert fills_of(made) == [(1, "1", "100.00", "03"), (2, "1", "22.00", "04")]


def test_what_a_fill_at_the_close_asks_for_waits_for_the_next_bar() -> None:
    def sell_again(now: Now, fill: Fill) -> None:
        if fill.id == 1:
            now.submit(Order("A", core.SELL, 1))

    made = run(
        bars_of("A", "100", "101/102/100/101", "103"),
        Answering({0: lambda now: now.buy("A", 1)}, answer=sell_again),
        timing=Timing.SAME_CLOSE,
    )
    assert fills_of(made) == [(1, "1", "100", "02"), (2, "-1", "101", "03")]
    assert made.broker.fills()[1].rule is FillRule.OPEN


# --- why an order is open


def test_why_an_order_is_open_is_asked_of_the_newest_step() -> None:
    bars = [bars_of("A", BEFORE_B1, "-", "101.00/101.50/100.00/101.00"), bars_of("B", "20", "20", "20")]
    made = backtest(bars, {0: lambda now: now.buy("A", 1, limit_price=Decimal("99.75"))})
    reasons = []
    while made.step():
        reasons.append(reason_of(made.why_open(1)))
    not_reached = {"limit": Decimal("99.75"), "extreme_name": "low", "extreme": Decimal(100), "ticks": Decimal(25)}
    assert reasons == [
        ("NOT_ELIGIBLE_UNTIL", {"eligible": 1, "step": 0}),
        ("NO_BAR", {"symbol": "A", "steps": 1}),
        ("LIMIT_NOT_REACHED", not_reached),
    ]
    assert len(made.journal) == 2  # it is never stored


def test_an_order_that_is_over_has_no_reason_to_be_open() -> None:
    made = run(bars_of("A", "100", "100"), {0: lambda now: (now.buy("A", 1), now.buy("A", 0))})
    assert (made.why_open(1), made.why_open(2)) == (None, None)


def test_before_the_first_step_an_order_has_no_reason_to_be_open() -> None:
    made = backtest(bars_of("A", "100"), {})
    made.broker.submit(Order("A", core.BUY, 1, limit_price=99))
    assert made.why_open(1) is None
    made.step()
    assert reason_of(made.why_open(1))[0] == "LIMIT_NOT_REACHED"


def test_before_its_first_bar_a_symbol_has_had_none_for_as_many_steps_as_there_were() -> None:
    made = run([bars_of("A", "1", "1"), bars_of("B", "-", "-", "1")], {0: lambda now: now.buy("B", 1)})
    late = backtest([bars_of("A", "1", "1", "1"), bars_of("B", "-", "-", "1")], {0: lambda now: now.buy("B", 1)})
    late.step()
    late.step()
    assert reason_of(late.why_open(1)) == ("NO_BAR", {"symbol": "B", "steps": 2})
    assert fills_of(made) == [(1, "1", "1", "04")]


def test_an_order_of_an_unknown_symbol_is_over() -> None:
    made = run(bars_of("A", "100", "100"), {0: lambda now: now.buy("NONE", 1)})
    assert made.why_open(1) is None


@given(markets(), plans(), some_settings)
def test_every_open_order_has_a_reason_after_each_step(market: Market, plan: Planned, settings: Settings) -> None:
    made = Backtest(market.bars, plan, settings)
    while made.step():
        for order in made.broker.open_orders():
            assert made.why_open(order.id) is not None


def test_the_time_of_a_fact_is_the_stamp_of_its_step() -> None:
    made = run(bars_of("A", "100", "100"), {0: lambda now: now.buy("A", 1)})
    assert [event.timestamp for event in made.journal] == [at(0), at(0), at(1), at(1), at(1)]
