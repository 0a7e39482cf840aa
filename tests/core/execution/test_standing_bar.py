"""One bar that orders are matched against: its prices in units, its tick, its volume, and where its path stands."""

from decimal import Context, Decimal, Inexact, localcontext

import pytest

from core.bars import Bar
from core.errors import InvariantError
from core.execution.standing_bar import StandingBar
from core.fill import FillRule
from core.order import BUY, Order
from tests.core.builders import B1, at, bar_of, bars_of
from tests.core.execution.records import order_of


def standing(text: str = B1) -> StandingBar:
    """Stand on one row of bars in cents."""
    return StandingBar.of_row(bars_of("ACME", text), 0, 1, at(0))


def test_a_row_of_bars_becomes_a_bar_to_stand_on() -> None:
    bars = bars_of("ACME", "100", "101/102/99.5/100.5/10000.5")
    bar = StandingBar.of_row(bars, 1, 5, at(1))
    assert (bar.symbol, bar.timestamp, bar.digits) == ("ACME", at(1), 1)
    assert (bar.prices, bar.tick, bar.volume) == ((1010, 1020, 995, 1005), 5, Decimal("10000.5"))
    assert (bar.opening_rule, bar.part, bar.ends_at) == (FillRule.OPEN, 0, 0)
    assert (bar.path, bar.place) == ((1010, 1020, 995, 1005), 1010)  # the high is nearer
    assert (bar.pool, bar.whole_pool, bar.has_volume) == (None, 0, True)
    assert StandingBar.of_row(bars, 0, 1, at(0)).volume is None


def test_a_bar_of_which_the_fewest_facts_are_given_has_the_finest_tick_and_no_volume() -> None:
    bar = StandingBar("ACME", at(1), 2, (10_100, 10_200, 9_950, 10_050))
    assert (bar.tick, bar.volume, bar.opening_rule) == (1, None, FillRule.OPEN)
    assert (bar.part, bar.ends_at, bar.pool, bar.whole_pool) == (0, 0, None, 0)


def test_a_bar_equals_only_itself() -> None:
    assert standing() != standing()


def test_a_bar_stands_at_its_open_on_the_nearest_path() -> None:
    bar = standing("100.00/102.00/99.00/101.00")
    assert (bar.path, bar.place) == ((10_000, 9_900, 10_200, 10_100), 10_000)


def test_a_bar_has_its_prices_in_money() -> None:
    bar = standing()
    assert (bar.close, bar.price(9_950), bar.tick_size) == (Decimal("100.50"), Decimal("99.50"), Decimal("0.01"))
    coarse = StandingBar.of_row(bars_of("ACME", B1), 0, 25, at(0))
    assert coarse.tick_size == Decimal("0.25")


@pytest.mark.parametrize(
    ("order", "tick", "digits", "prices", "units"),
    [
        pytest.param(None, None, 1, (1010, 1020, 995, 1005), 1, id="those of the bar"),
        pytest.param(order_of(BUY, limit_price="99.75"), None, 2, (10_100, 10_200, 9_950, 10_050), 1, id="of a limit"),
        pytest.param(order_of(BUY, stop_price="99.75"), None, 2, (10_100, 10_200, 9_950, 10_050), 1, id="of a stop"),
        pytest.param(order_of(BUY, trail_amount="0.25"), None, 2, (10_100, 10_200, 9_950, 10_050), 1, id="of a trail"),
        pytest.param(order_of(BUY), "0.01", 2, (10_100, 10_200, 9_950, 10_050), 1, id="of a tick"),
        pytest.param(order_of(BUY), "0.25", 2, (10_100, 10_200, 9_950, 10_050), 25, id="of a coarse tick"),
        pytest.param(order_of(BUY), "0.5", 1, (1010, 1020, 995, 1005), 5, id="of a tick that is coarser than the bar"),
        pytest.param(order_of(BUY, limit_price="99.125"), "0.01", 3, (101_000, 102_000, 99_500, 100_500), 10, id="all"),
    ],
)
def test_a_single_bar_is_stood_on_in_units_that_are_fine_enough(
    order: Order | None, tick: str | None, digits: int, prices: tuple[int, ...], units: int
) -> None:
    bar = StandingBar.of_bar(bar_of("101/102/99.5/100.5/300"), order, None if tick is None else Decimal(tick))
    assert (bar.digits, bar.prices, bar.tick) == (digits, prices, units)
    assert (bar.symbol, bar.timestamp, bar.volume, bar.opening_rule) == ("ACME", at(1), 300, FillRule.OPEN)


def test_each_price_of_a_bar_makes_its_units_fine_enough() -> None:
    for number in range(4):
        prices = [Decimal(100)] * 4
        prices[number] = Decimal("100.000")
        assert StandingBar.of_bar(Bar("ACME", at(0), *prices)).digits == 3


def test_a_mark_is_a_bar_that_never_moves() -> None:
    bar = StandingBar.at_mark(order_of(BUY, limit_price="99.125"), Decimal("187.15"), at(3), Decimal("0.05"))
    assert (bar.symbol, bar.timestamp, bar.digits, bar.tick) == ("ACME", at(3), 3, 50)
    assert (bar.prices, bar.path, bar.place) == ((187_150,) * 4, (187_150,) * 4, 187_150)
    assert (bar.opening_rule, bar.volume) == (FillRule.MARK, None)
    assert StandingBar.at_mark(order_of(BUY), Decimal("187.15"), at(3)).tick_size == Decimal("0.01")


@pytest.mark.parametrize(("pool", "has_volume"), [(None, True), ("0.5", True), ("0", False)])
def test_a_bar_says_whether_anything_can_still_fill(pool: str | None, *, has_volume: bool) -> None:
    bar = standing()
    bar.pool = None if pool is None else Decimal(pool)
    assert bar.has_volume is has_volume


def test_what_fills_is_taken_off_the_pool_and_not_off_the_whole() -> None:
    bar = standing()
    bar.take(Decimal(200))
    assert (bar.pool, bar.whole_pool) == (None, 0)  # nothing bounds it
    bar.pool = bar.whole_pool = Decimal(500)
    bar.take(Decimal(200))
    bar.take(Decimal("299.5"))
    assert (bar.pool, bar.whole_pool) == (Decimal("0.5"), 500)


def test_a_copy_goes_on_from_the_same_place_on_another_path() -> None:
    bar = StandingBar("ACME", at(1), 2, (10_100, 10_200, 9_950, 10_050), 5, Decimal(900), FillRule.MARK, 2, 77)
    bar.place, bar.pool, bar.whole_pool = 10_150, Decimal(30), Decimal(90)
    path = (10_100, 9_950, 10_200, 10_050)
    copy = bar.on_path(path)
    assert (copy.path, copy.place, copy.pool, copy.whole_pool) == (path, 10_150, 30, 90)
    assert (copy.symbol, copy.timestamp, copy.digits, copy.prices) == ("ACME", at(1), 2, bar.prices)
    assert (copy.tick, copy.volume, copy.opening_rule, copy.part, copy.ends_at) == (5, 900, FillRule.MARK, 2, 77)
    copy.place = 9_950
    copy.take(Decimal(10))
    assert (bar.path, bar.place, bar.pool) == ((10_100, 10_200, 9_950, 10_050), 10_150, 30)


@pytest.mark.parametrize("price", ["99.50", "102.00", "101.005"])
def test_a_price_inside_the_bar_passes(price: str) -> None:
    standing().check(Decimal(price))


@pytest.mark.parametrize("price", ["99.49", "102.01", "99.499999", "102.000001"])
def test_a_price_outside_the_bar_is_found_out(price: str) -> None:
    with pytest.raises(InvariantError) as caught:
        standing().check(Decimal(price))
    assert str(caught.value) == f"invariant R14 is broken: {price} is not within the bar of ACME"
    assert caught.value.name == "R14"


@pytest.mark.parametrize(
    ("ticks", "within"),
    # the low is 9950, the high 10200
    [(9_949, 9_950), (9_950, 9_950), (9_951, 9_951), (10_199, 10_199), (10_200, 10_200), (10_201, 10_200)],
)
def test_a_price_of_an_order_is_taken_within_the_bar(ticks: int, within: int) -> None:
    assert standing().clamp(ticks) == within


def test_the_threads_context_changes_no_number_of_a_bar() -> None:
    with localcontext(Context(prec=2, traps=[Inexact])):
        bar = standing("1234567.25/1234568.75/1234560.50/1234561.00/12345678")
        bar.pool = bar.whole_pool = Decimal(12_345_678)
        bar.take(Decimal(1))
        bar.check(Decimal("1234568.75"))
        assert (bar.close, bar.pool, bar.volume) == (1_234_561, 12_345_677, 12_345_678)
        assert bar.price(bar.place) == Decimal("1234567.25")
