"""Each profile gives the fills of its engine, as far as settings reach, and says what they do not reach."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from core.backtest.loop import Backtest
from core.backtest.profiles import _RULE_OF, PROFILES, Beyond, find_profile
from core.backtest.settings import Settings, Timing
from core.errors import InputError
from core.execution.costs import Commission, Slippage
from core.execution.path import LimitRule, PathRule
from core.order import BUY, SELL, Order, OrderType
from tests.core.builders import B1, BEFORE_B1, Action, Script, bars_of, fills_of

OURS = Settings(initial_capital=10**6, tick_size=Decimal("0.01"), costs=Commission(per_unit=Decimal("0.01")))
OTHER = Settings(
    timing=Timing.SAME_CLOSE,
    limit_rule=LimitRule.THROUGH,
    path=PathRule.NEAREST,
    slippage=Slippage(ticks=1),
    volume_cap=Decimal(1),
)


def fills_under(profile: str, texts: list[str], steps: Mapping[int, Action]) -> list[tuple[int, str, str]]:
    """Return order, quantity and price of each fill of the second bar."""
    made = Backtest(bars_of("A", *texts), Script(steps), find_profile(profile).over(OURS))
    made.run()
    second = f"{made.feed.time(1):%d}"
    return [(order_id, quantity, price) for order_id, quantity, price, day in fills_of(made) if day == second]


def rules_beyond(profile: str, order: Order, entry: Order | None = None) -> list[str]:
    return [one.rule for one in find_profile(profile).beyond if one.concerns(order, entry)]


# --- the table "The same order in other engines" of the fill rules, a row a test

LIMIT = {0: lambda now: now.buy("A", 100, limit_price=Decimal("99.50"))}


@pytest.mark.parametrize("name", ["backtrader", "backtesting.py"])
def test_a_limit_that_the_low_touches_fills(name: str) -> None:
    assert fills_under(name, [BEFORE_B1, B1], LIMIT) == [(1, "100", "99.50")]


def test_in_lean_the_price_must_trade_through_a_limit() -> None:
    assert fills_under("lean", [BEFORE_B1, B1], LIMIT) == []
    assert fills_under("lean", [BEFORE_B1, "101/102/99.49/100.50/10000"], LIMIT) == [(1, "100", "99.50")]


def test_that_zipline_tests_the_close_is_beyond_settings() -> None:
    assert rules_beyond("zipline", Order("A", BUY, 100, limit_price=Decimal("99.50"))) == ["R4"]


GAP = ["97/97/97/97/10000", "97/97/97/97/10000", "93/94/92/93.50/10000"]
STOPPED = {0: lambda now: now.buy("A", 100), 1: lambda now: now.sell("A", 100, stop_price=95)}


@pytest.mark.parametrize("name", ["backtrader", "backtesting.py", "lean"])
def test_a_stop_that_the_open_has_passed_fills_there(name: str) -> None:
    made = Backtest(bars_of("A", *GAP), Script(STOPPED), find_profile(name).over(OURS))
    made.run()
    assert fills_of(made)[-1] == (2, "-100", "93.00", "04")


def test_that_zipline_fills_a_stop_at_the_close_is_beyond_settings() -> None:
    assert rules_beyond("zipline", Order("A", SELL, 100, stop_price=95)) == ["R4"]


@pytest.mark.parametrize("name", ["backtrader", "backtesting.py", "lean"])
def test_a_market_order_fills_at_the_next_open(name: str) -> None:
    assert fills_under(name, [BEFORE_B1, B1], {0: lambda now: now.buy("A", 100)}) == [(1, "100", "101.00")]


def test_zipline_slips_by_five_basis_points_and_that_it_does_so_from_the_close_is_beyond_settings() -> None:
    fills = fills_under("zipline", [BEFORE_B1, B1], {0: lambda now: now.buy("A", 100)})
    assert fills == [(1, "100", "101.06")]  # 101 x 1.0005 = 101.0505, up to the tick; there 100.50 x 1.0005 = 100.55
    assert rules_beyond("zipline", Order("A", BUY, 100)) == ["R5"]


def test_zipline_fills_at_most_a_tenth_of_the_volume() -> None:
    fills = fills_under("zipline", [BEFORE_B1, B1], {0: lambda now: now.buy("A", 2500)})
    assert fills == [(1, "1000", "101.06")]  # of 10,000


ENTRY = Order("A", BUY, 100)
STOP, TARGET = Order("A", SELL, 100, stop_price=98), Order("A", SELL, 100, limit_price=103)
BOTH = ["100/100/100/100/10000", "100/103.50/97.50/102/10000"]
BRACKET = {0: lambda now: now.submit_bracket(ENTRY, STOP, TARGET)}


def test_of_a_stop_and_a_target_in_one_bar_backtesting_py_takes_the_stop() -> None:
    assert fills_under("backtesting.py", BOTH, BRACKET) == [(1, "100", "100.00"), (2, "-100", "98.00")]  # -2 a unit
    assert rules_beyond("backtesting.py", STOP, ENTRY) == []


def test_that_exits_wait_for_the_next_bar_is_beyond_settings() -> None:
    resting = Order("A", BUY, 100, limit_price=99)
    assert rules_beyond("backtrader", STOP, ENTRY) == rules_beyond("backtrader", TARGET, resting) == ["R8"]
    assert rules_beyond("backtesting.py", TARGET, resting) == ["R8"]
    assert rules_beyond("backtrader", STOP) == rules_beyond("backtesting.py", STOP) == []


# --- what no setting reaches


def of_type(kind: OrderType) -> Order:
    stop_price, limit_price = (100 if has_it else None for has_it in (kind.has_stop, kind.has_limit))
    return Order("A", BUY, 1, type=kind, limit_price=limit_price, stop_price=stop_price)


CONCERNED: dict[str, dict[str, set[OrderType]]] = {
    "backtrader": {"R10": {OrderType.TRAILING_STOP}},
    "backtesting.py": {},
    "zipline": {
        "R5": {OrderType.MARKET, OrderType.MARKET_ON_OPEN},
        "R4": {OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT},
    },
    "lean": {
        "R4": {OrderType.STOP, OrderType.STOP_LIMIT},
        "R6": {OrderType.STOP_LIMIT},
        "R10": {OrderType.TRAILING_STOP},
    },
}


@pytest.mark.parametrize("name", PROFILES)
def test_a_remark_concerns_the_types_of_order_that_it_is_about(name: str) -> None:
    concerned: dict[str, set[OrderType]] = {}
    for kind in OrderType:
        for rule in rules_beyond(name, of_type(kind)):
            concerned.setdefault(rule, set()).add(kind)
    assert concerned == CONCERNED[name]


def test_a_remark_about_every_order_concerns_every_order() -> None:
    assert all(Beyond("R1", "does something else").concerns(of_type(kind)) for kind in OrderType)


# --- profiles over settings


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_changes_only_how_orders_fill(name: str) -> None:
    over = find_profile(name).over(OTHER)
    assert {key: getattr(over, key) for key in PROFILES[name].settings} == dict(PROFILES[name].settings)
    kept = ("initial_capital", "allow_short", "cash_rule", "tick_size", "quantity_step", "costs", "limits")
    assert [getattr(over, key) for key in kept] == [getattr(OTHER, key) for key in kept]


def test_each_setting_in_which_a_profile_differs_comes_alone_with_its_rule() -> None:
    changed = {name: (rule, settings) for rule, name, settings in find_profile("lean").one_by_one(OTHER)}
    assert {name: rule for name, (rule, _) in changed.items()} == {
        "timing": "R1",
        "path": "R3",
        "slippage": "R11",
        "volume_cap": "R12",
    }
    _, alone = changed["path"]
    assert (alone.path, alone.timing, alone.slippage) == (PathRule.WORST, OTHER.timing, OTHER.slippage)


def test_a_profile_differs_in_nothing_from_its_own_settings() -> None:
    for profile in PROFILES.values():
        assert list(profile.one_by_one(profile.over(OTHER))) == []


def test_every_setting_of_a_profile_belongs_to_a_rule() -> None:
    assert {key for profile in PROFILES.values() for key in profile.settings} == set(_RULE_OF)


@pytest.mark.parametrize("name", ["lean", "LEAN", "Backtrader", "backtesting.py", "zipline"])
def test_a_profile_is_found_by_its_name_in_letters_of_any_case(name: str) -> None:
    assert find_profile(name).name == name.lower()


@pytest.mark.parametrize(("name", "shown"), [("vectorbt", "vectorbt"), ("", ""), ("x\x1b[2J", "x␛[2J")])
def test_a_profile_that_is_unknown_names_those_that_are_not(name: str, shown: str) -> None:
    with pytest.raises(InputError) as raised:
        find_profile(name)
    assert str(raised.value) == f"profile {shown} is unknown: known are backtrader, backtesting.py, zipline, lean"
