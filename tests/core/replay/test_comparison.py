"""The same strategy under the settings of another engine: where an order parts, and by which rule."""

from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from core.backtest.loop import Backtest
from core.backtest.profiles import PROFILES, Profile, find_profile
from core.backtest.settings import Settings, Timing
from core.backtest.strategy import Now
from core.bars import Bars
from core.errors import UnknownOrderError
from core.execution.path import LimitRule, PathRule
from core.fill import Fill
from core.order import BUY, SELL, Order, OrderStatus, OrderType
from core.reason import Code
from core.replay.comparison import Comparison, RunUnder, compare_with
from tests.core.builders import B1, BEFORE_B1, Action, Answering, Script, bars_of
from tests.generators import Market, Planned, markets, plans, run_settings

TWO = bars_of("A", BEFORE_B1, B1)


def price(text: str) -> Decimal:
    return Decimal(text)


def runs_of(bars: Bars, make: Callable[[], Script]) -> RunUnder:
    def run_under(settings: Settings) -> Backtest:
        made = Backtest(bars, make(), settings)
        made.run()
        return made

    return run_under


def compared(
    bars: Bars, steps: Mapping[int, Action], profile: str, order_id: int = 1, settings: Settings | None = None
) -> Comparison:
    run_under = runs_of(bars, lambda: Script(steps))
    return compare_with(run_under(settings or Settings()), run_under, find_profile(profile), order_id)


def rules(comparison: Comparison) -> list[tuple[str, str]]:
    """Return the rules that are to blame, each with its setting."""
    assert comparison.parting is not None
    return [(one.rule, one.setting) for one in comparison.parting.differences]


def prices(comparison: Comparison) -> tuple[list[str], list[str]]:
    """Return the prices of the order's fills, here and there."""
    here, there = ([] if one is None else one.fills for one in (comparison.here, comparison.there))
    return [f"{fill.price:.2f}" for fill in here], [f"{fill.price:.2f}" for fill in there]


MARKET: Mapping[int, Action] = {0: lambda now: now.buy("A", 100)}
TOUCHED: Mapping[int, Action] = {0: lambda now: now.buy("A", 100, limit_price=price("99.50"))}


def test_lean_does_not_fill_a_limit_that_is_only_touched() -> None:
    found = compared(TWO, TOUCHED, "lean")
    assert rules(found) == [("R4", "limit_rule")]
    assert prices(found) == (["99.50"], [])
    assert found.parting is not None
    assert (found.parting.step, found.parting.order_id) == (1, 1)
    (difference,) = found.parting.differences
    assert (difference.here, difference.there) == (LimitRule.TOUCH, LimitRule.THROUGH)
    assert (found.here.status, found.there and found.there.status) == (OrderStatus.FILLED, OrderStatus.ACCEPTED)


def test_zipline_slips_a_market_order() -> None:
    found = compared(TWO, MARKET, "zipline")
    assert rules(found) == [("R11", "slippage")]
    assert prices(found) == (["101.00"], ["101.06"])  # 101 x 1.0005 = 101.0505, up to the tick


def test_zipline_fills_a_tenth_of_the_volume() -> None:
    found = compared(TWO, {0: lambda now: now.buy("A", 2500)}, "zipline", settings=Settings(initial_capital=10**6))
    assert rules(found) == [("R11", "slippage"), ("R12", "volume_cap")]  # each alone makes it another
    assert [[fill.quantity for fill in one.fills] for one in (found.here, found.there) if one] == [[2500], [1000]]


def test_an_engine_that_fills_at_the_next_open_parts_from_the_same_close() -> None:
    found = compared(TWO, MARKET, "backtrader", settings=Settings(timing=Timing.SAME_CLOSE))
    assert rules(found) == [("R1", "timing")]
    assert prices(found) == (["100.00"], ["101.00"])
    assert found.parting is not None
    assert found.parting.step == 0  # the earlier of the two fills


def bracket(now: Now) -> None:
    exits = (Order("A", SELL, 100, stop_price=98), Order("A", SELL, 100, limit_price=103))
    now.submit_bracket(Order("A", BUY, 100), *exits)


def test_the_path_decides_between_a_stop_and_a_target_in_one_bar() -> None:
    bars, settings = bars_of("A", "100", "100/103.50/97.50/102"), Settings(path=PathRule.HIGH_FIRST)
    found = compared(bars, {0: bracket}, "backtesting.py", 3, settings)
    assert rules(found) == [("R3", "path")]
    assert prices(found) == (["103.00"], [])
    assert found.there is not None
    assert found.there.code is Code.SIBLING_FILLED


@pytest.mark.parametrize("name", PROFILES)
def test_what_is_the_same_in_another_engine_has_no_parting(name: str) -> None:
    found = compared(TWO, {0: lambda now: now.buy("A", 100, limit_price=price("99.75"))}, name)
    assert found.parting is None
    assert found.there == found.here
    assert prices(found) == (["99.75"], ["99.75"])


def test_a_fill_of_another_leg_at_the_same_price_is_the_same() -> None:
    settings = Settings(path=PathRule.HIGH_FIRST)
    found = compared(TWO, {0: lambda now: now.buy("A", 1, limit_price=price("99.75"))}, "backtrader", settings=settings)
    assert found.parting is None  # the low comes first there


def test_an_order_that_only_follows_another_says_where_the_runs_part() -> None:
    def sell_what_is_held(now: Now) -> None:
        if held := now.get_position("A").quantity:
            now.sell("A", held)

    found = compared(bars_of("A", BEFORE_B1, B1, "103"), {**TOUCHED, 1: sell_what_is_held}, "lean", 2)
    assert found.parting is not None
    assert (found.parting.order_id, found.parting.step) == (1, 1)
    assert rules(found) == [("R4", "limit_rule")]
    assert found.there is None
    assert found.parting.there is not None
    assert found.parting.there.fills == ()


def test_of_orders_that_part_in_one_phase_it_is_the_one_asked_about() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 100, limit_price=price("99.50"))
        now.buy("A", 200, limit_price=price("99.50"))

    found = compared(TWO, {0: ask}, "lean", 2)
    assert found.parting is not None
    assert (found.parting.order_id, found.parting.step) == (2, 1)


def test_a_later_order_can_be_where_the_runs_part() -> None:
    """The first order is canceled once the second has filled, which it does not there."""

    def answer(now: Now, fill: Fill) -> None:
        if fill.order_id == 2:
            now.cancel(1)

    def ask(now: Now) -> None:
        now.buy("A", 1, limit_price=90)
        now.buy("A", 1, limit_price=price("99.50"))

    run_under = runs_of(bars_of("A", BEFORE_B1, B1, "100"), lambda: Answering({0: ask}, answer=answer))
    found = compare_with(run_under(Settings()), run_under, find_profile("lean"), 1)
    assert found.here.code is Code.CANCEL_REQUESTED
    assert found.parting is not None
    assert (found.parting.order_id, found.parting.step) == (1, 1)  # both part in one phase: it is the one asked about
    assert rules(found) == [("R4", "limit_rule")]


def test_an_order_that_there_is_not_yet_parts_where_it_is_asked_for() -> None:
    """It is asked for a step later there, because what it waits for fills later."""
    steps: Mapping[int, Action] = {
        **TOUCHED,
        1: lambda now: now.sell("A", 100) if now.get_position("A").quantity else None,
        2: lambda now: now.sell("A", 100) if now.get_position("A").quantity else None,
    }
    found = compared(bars_of("A", BEFORE_B1, B1, "99/99/99/99/100", "99"), steps, "lean", 2)
    assert found.there is not None
    assert [one.facts[0].step for one in (found.here, found.there)] == [1, 2]
    assert found.parting is not None
    assert found.parting.order_id == 1


def test_settings_that_make_an_order_another_only_together_are_all_named() -> None:
    """The limit is touched by the low: that counts only if a touch fills, and if the low comes before the stop."""
    orders = (Order("A", BUY, 10, limit_price=price("99.50")), Order("A", BUY, 10, stop_price=102))
    settings = Settings(limit_rule=LimitRule.THROUGH, path=PathRule.HIGH_FIRST)
    profile = Profile("both", {"limit_rule": LimitRule.TOUCH, "path": PathRule.LOW_FIRST, "volume_cap": None})
    run_under = runs_of(TWO, lambda: Script({0: lambda now: now.submit_oco(*orders)}))
    found = compare_with(run_under(settings), run_under, profile, 2)
    assert prices(found) == (["102.00"], [])
    assert rules(found) == [("R4", "limit_rule"), ("R3", "path")]


BEYOND = {
    "backtrader, an exit": ("backtrader", bracket, 2, ["R8"]),
    "backtrader, an entry": ("backtrader", bracket, 1, []),
    "backtrader, a trailing stop": ("backtrader", lambda now: now.buy("A", 1, trail_amount=1), 1, ["R10"]),
    "backtesting.py, an exit of a market order": ("backtesting.py", bracket, 2, []),
    "backtesting.py, an exit of a limit order": (
        "backtesting.py",
        lambda now: now.submit_bracket(Order("A", BUY, 1, limit_price=99), Order("A", SELL, 1, stop_price=90)),
        2,
        ["R8"],
    ),
    "zipline, a market order": ("zipline", lambda now: now.buy("A", 1), 1, ["R5"]),
    "zipline, a limit order": ("zipline", lambda now: now.buy("A", 1, limit_price=90), 1, ["R4"]),
    "zipline, an order for the close": ("zipline", lambda now: now.buy("A", 1, type=OrderType.MARKET_ON_CLOSE), 1, []),
    "lean, a limit order": ("lean", lambda now: now.buy("A", 1, limit_price=90), 1, []),
    "lean, a stop order": ("lean", lambda now: now.buy("A", 1, stop_price=120), 1, ["R4"]),
    "lean, a stop-limit order": ("lean", lambda now: now.buy("A", 1, stop_price=120, limit_price=121), 1, ["R4", "R6"]),
}


@pytest.mark.parametrize(("name", "action", "order_id", "expected"), BEYOND.values(), ids=BEYOND)
def test_what_no_setting_reaches_is_said_of_the_orders_that_it_concerns(
    name: str, action: Action, order_id: int, expected: list[str]
) -> None:
    assert [one.rule for one in compared(TWO, {0: action}, name, order_id).beyond] == expected


def test_an_order_that_is_unknown_cannot_be_compared() -> None:
    with pytest.raises(UnknownOrderError, match=r"^order 2 is unknown$"):
        compared(TWO, MARKET, "lean", 2)


@given(
    markets(fewest_steps=4), plans(most_steps=6), run_settings(), st.sampled_from(list(PROFILES)), st.integers(0, 40)
)
def test_before_runs_part_they_are_the_same_and_no_order_that_differs_is_said_to_be(
    market: Market, plan: Planned, settings: Settings, name: str, number: int
) -> None:
    def run_under(asked: Settings) -> Backtest:
        made = Backtest(market.bars, plan.again(), asked)
        made.run()
        return made

    profile = PROFILES[name]
    here, there = run_under(settings), run_under(profile.over(settings))
    if not here.broker.order_count:
        return
    order_id = 1 + number % here.broker.order_count
    found = compare_with(here, run_under, profile, order_id)
    if found.parting is None:
        assert found.there is not None
        assert [one.counts for one in found.there.facts] == [one.counts for one in found.here.facts]
        assert (found.there.status, found.there.code) == (found.here.status, found.here.code)
        return
    event(f"parts at {'the order' if found.parting.order_id == order_id else 'another'}")
    assert {one.setting for one in found.parting.differences} <= set(profile.settings)
    assert found.parting.here != found.parting.there
    assert fills_before(here, found.parting.step) == fills_before(there, found.parting.step)


def fills_before(made: Backtest, step: int) -> list[tuple[object, ...]]:
    fills = [fill for fill in made.broker.fills() if fill.timestamp < made.feed.time(step)]
    return [(fill.order_id, fill.quantity, fill.price, fill.timestamp) for fill in fills]
