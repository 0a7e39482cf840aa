"""The strategies that ship run on any data, and do what they say."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core
from core.backtest.examples import (
    SHIPPED,
    Accumulator,
    BracketBreakout,
    BuyAndHold,
    DipBuyer,
    SmaCross,
    TrailingStop,
)
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Strategy
from core.bars import Bars
from core.data.load import load
from core.events import (
    AmendRequested,
    CancelRequested,
    Event,
    OrderActivated,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    OrderTriggered,
    PathAmbiguous,
    PositionChanged,
    RequestRefused,
    StopMoved,
)
from core.order import OrderStatus
from tests.core.builders import at, bars_of, fills_of, run
from tests.generators import Market, markets

SAMPLES = sorted((Path(core.__file__ or "").parents[1] / "sample_data").glob("*.csv"))


def test_buy_and_hold_buys_each_symbol_at_its_first_bar_once() -> None:
    bars = [bars_of("A", "100", "101", "102"), bars_of("B", "-", "20", "21")]
    made = run(bars, BuyAndHold(quantity=Decimal(5)))
    assert fills_of(made) == [(1, "5", "101", "03"), (2, "5", "21", "04")]


def test_sma_cross_buys_above_and_sells_below() -> None:
    # sums of 2 times 3 against sums of 3 times 2: closes 3 2 1 5 6 1 1
    # step 2: 3x3 < 6x2; step 3: 6x3 > 8x2, buy; step 4: 11x3 > 12x2; step 5: 7x3 < 12x2, sell
    made = run(bars_of("A", "3", "2", "1", "5", "6", "1", "1"), SmaCross(fast=2, slow=3, quantity=Decimal(5)))
    assert fills_of(made) == [(1, "5", "6", "06"), (2, "-5", "1", "08")]


def test_sma_cross_is_exact_on_a_tie() -> None:
    # 0.1 + 0.2 against 0.3: in binary fractions the fast mean would be above
    made = run(bars_of("A", "0.3", "0.1", "0.2", "0.2", "0.2", "0.2"), SmaCross(fast=2, slow=4))
    # step 3: (0.2 + 0.2) x 4 = 1.6 against (0.3 + 0.1 + 0.2 + 0.2) x 2 = 1.6: a tie, and a tie is not above
    assert [fill.order_id for fill in made.broker.fills()] == [1]
    assert fills_of(made)[0][3] == "07"  # step 4: 1.6 against 1.4, bought at the next open


def test_sma_cross_is_exact_on_a_tie_of_large_prices() -> None:
    # sums beyond 2**53 would be rounded if they were float
    large = 999_999_999_999_999
    tie = [large, large - 1, large, large - 1]
    made = run(bars_of("A", *map(str, tie), "1"), SmaCross(fast=2, slow=4, quantity=Decimal(1)), allow_short=True)
    assert made.broker.orders() == []
    above = [large, large - 1, large, large]
    made = run(bars_of("A", *map(str, above), "1"), SmaCross(fast=2, slow=4, quantity=Decimal(1)))
    assert len(made.broker.orders()) > 0


@given(st.lists(st.integers(1, 6), min_size=1, max_size=25))
def test_sma_cross_holds_exactly_while_the_fast_average_is_above(closes: list[int]) -> None:
    made = Backtest(
        Bars.from_rows("A", [(at(step), *[close] * 4) for step, close in enumerate(closes)]),
        SmaCross(fast=2, slow=5, quantity=Decimal(1)),
    )
    held = False
    for step in range(len(closes)):
        made.step()
        # what was decided on the closes before is held now
        assert bool(made.portfolio.get_position("A").quantity) == held
        if step >= 4:
            fast, slow = sum(closes[step - 1 : step + 1]), sum(closes[step - 4 : step + 1])
            held = 5 * fast > 2 * slow


def test_dip_buyer_bids_below_the_close_and_offers_above_its_fill() -> None:
    # 98 % of 100.00; 40 % of 1000 / 98 = 4.08; 104 % of 98.00 = 101.92
    made = run(
        bars_of("A", "100.00", "99.00/99.00/97.00/98.00", "99.00/102.00/99.00/101.00"),
        DipBuyer(),
        initial_capital=1000,
    )
    assert fills_of(made) == [(1, "4", "98.00", "03"), (2, "-4", "101.92", "04")]
    assert [order.order.tag for order in made.broker.orders()] == ["bid", "offer"]


def test_dip_buyer_withdraws_a_bid_that_the_price_left_behind() -> None:
    made = run(bars_of("A", *["100.00"] * 5, "200.00", "200.00"), DipBuyer(), initial_capital=1000)
    first, second = made.broker.orders()
    assert (first.order.limit_price, first.status) == (Decimal("98.00"), OrderStatus.CANCELED)
    assert (second.order.limit_price, second.status) == (Decimal("196.00"), OrderStatus.ACCEPTED)


def test_dip_buyer_asks_for_more_than_the_cash_so_that_some_bids_are_rejected() -> None:
    bars = [bars_of(symbol, "100.00", "100.00") for symbol in "ABC"]
    made = run(bars, DipBuyer(), initial_capital=10_000)
    assert [order.status.name for order in made.broker.orders()] == ["ACCEPTED", "ACCEPTED", "REJECTED"]


def test_bracket_breakout_buys_above_the_high_and_sells_at_its_target() -> None:
    # a tick above 10.50 is 10.51; 30 % of 1000 / 10.51 = 28.5; 96 % is 10.0896, 108 % is 11.3508
    made = run(
        bars_of("A", "10.00", "10.40/10.50/10.30/10.40", "10.40/11.50/10.40/11.40"),
        BracketBreakout(window=2),
        initial_capital=1000,
    )
    assert fills_of(made) == [(1, "28", "10.51", "04"), (3, "-28", "11.35", "04")]
    asked = [(order.order.tag, order.order.stop_price, order.order.limit_price) for order in made.broker.orders()[:3]]
    assert asked == [
        ("entry", Decimal("10.51"), None),
        ("stop", Decimal("10.08"), None),
        ("target", None, Decimal("11.35")),
    ]


def test_bracket_breakout_moves_with_the_high() -> None:
    # of two bars the high is 10.50, 10.50, 10.20, 10.20
    made = run(
        bars_of("A", "10.00", "10.50", "10.20", "10.10", "10.20"), BracketBreakout(window=2), initial_capital=1000
    )
    assert [order.status.name for order in made.broker.orders()] == ["CANCELED"] * 3 + ["ACCEPTED"] * 3
    assert made.broker.get_order(4).order.stop_price == Decimal("10.21")


def test_bracket_breakout_asks_again_for_what_was_rejected_when_the_high_moves() -> None:
    # four times 30 % is more than all
    bars = [bars_of(symbol, *["10.00"] * 4, "9.00", "9.00") for symbol in "ABCD"]
    made = Backtest(bars, BracketBreakout(window=2), Settings(initial_capital=1000))
    counts = []
    while made.step():
        counts.append(made.broker.order_count)
    assert counts == [0, 12, 12, 12, 12, 24]
    assert [order.status.name for order in made.broker.orders()[9:12]] == ["REJECTED"] * 3


def test_trailing_stop_buys_on_a_cross_and_sells_when_the_price_falls_back() -> None:
    # step 2: 2 x 11 > 9 + 11, and step 1: 2 x 9 < 10 + 9; 40 % of 1000 / 11 = 36.4
    # bought at 11.00; 92 % of the highest price, 12.00, is 11.04
    made = run(
        bars_of(
            "A",
            "10.00",
            "9.00",
            "11.00",
            "11.00/11.50/11.00/11.50",
            "11.50/12.00/11.40/12.00",
            "12.00/12.00/10.00/10.00",
        ),
        TrailingStop(window=2),
        initial_capital=1000,
    )
    assert fills_of(made) == [(1, "36", "11.00", "05"), (2, "-36", "11.04", "07")]
    moved = [event.after for event in made.journal if isinstance(event, StopMoved)]
    assert moved[0] == Decimal("10.12")  # 92 % of 11.00
    assert moved == sorted(moved)


def test_accumulator_buys_and_sells_over_several_bars_where_volume_is_capped() -> None:
    # 40 % of 1000 / 10 = 40; half of 20 units a bar; it bids after step 0, and sells after step 5
    made = run(
        bars_of("A", *["10.00/10.00/10.00/10.00/20"] * 10),
        Accumulator(every=10),
        initial_capital=1000,
        volume_cap=Decimal("0.5"),
    )
    bought = [(1, "10", "10.00", f"{day:02}") for day in (3, 4, 5, 6)]
    assert fills_of(made) == bought + [(2, "-10", "10.00", f"{day:02}") for day in (8, 9, 10, 11)]


def test_accumulator_raises_its_bid_until_that_expires() -> None:
    # asked at 10.00 for two days; raised to 11.00 on the first, to 12.00 on the second, when it is too late
    made = run(bars_of("A", "10.00", "11.00", "12.00", "13.00"), Accumulator(days=2))
    (bid,) = made.broker.orders()
    assert (bid.order.limit_price, bid.status) == (Decimal("11.00"), OrderStatus.EXPIRED)
    requests = [type(event) for event in made.journal if isinstance(event, (AmendRequested, OrderAmended))]
    assert requests == [AmendRequested, OrderAmended, AmendRequested]
    assert sum(isinstance(event, RequestRefused) for event in made.journal) == 1


SHOWN = {
    "accumulator": {OrderRejected, PositionChanged, AmendRequested, OrderAmended, RequestRefused, OrderExpired},
    "bracket-breakout": {OrderRejected, OrderActivated, OrderTriggered, CancelRequested, OrderCanceled, PathAmbiguous},
    "trailing-stop": {OrderRejected, OrderActivated, StopMoved, OrderTriggered, PathAmbiguous},
}


@pytest.mark.parametrize(("name", "kinds"), SHOWN.items(), ids=SHOWN)
def test_on_the_sample_data_a_strategy_shows_what_orders_can_do(name: str, kinds: set[type[Event]]) -> None:
    made = Backtest(load(SAMPLES), SHIPPED[name](), Settings(volume_cap=Decimal("0.00001")))
    made.run_until(lambda run: run.step_count == 1000)
    assert kinds <= {type(event) for event in made.journal}


@pytest.mark.parametrize("name", SHIPPED)
@given(market=markets())
def test_a_strategy_that_ships_runs_on_any_data(name: str, market: Market) -> None:
    made = Backtest(market.bars, SHIPPED[name](), Settings(initial_capital=1000))
    made.run()
    assert made.is_over


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("price", ["0.01", "1", "999999999999999"])
def test_a_strategy_that_ships_runs_on_prices_of_any_size(name: str, price: str) -> None:
    made = run(bars_of("A", *[price] * 40), SHIPPED[name]())
    assert made.is_over


@pytest.mark.parametrize("name", SHIPPED)
def test_a_strategy_that_ships_trades_on_the_sample_data(name: str) -> None:
    made = Backtest(load(SAMPLES), SHIPPED[name]())
    made.run()
    assert len(SAMPLES) == 4
    assert made.broker.fills()
    made.portfolio.check()


def test_the_names_under_which_strategies_ship() -> None:
    assert list(SHIPPED) == sorted(SHIPPED)
    assert set(SHIPPED) == {
        "accumulator",
        "bracket-breakout",
        "buy-and-hold",
        "dip-buyer",
        "sma-cross",
        "trailing-stop",
    }
    assert all(issubclass(kind, Strategy) for kind in SHIPPED.values())
