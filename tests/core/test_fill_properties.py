"""What follows from the fill rules, whatever is asked for: drawn orders of every kind, under drawn settings."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from attrs import evolve
from hypothesis import assume, event, given
from hypothesis import strategies as st

from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.bars import Bar, Bars
from core.events import (
    CashChanged,
    Event,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderReduced,
    OrderRejected,
    OrderSubmitted,
    PositionEvent,
)
from core.execution.costs import Commission, Slippage
from core.execution.path import PathRule
from core.execution.terms import Limits
from core.fill import Fill
from core.order import OrderStatus
from core.position import Position
from core.risk.portfolio import PortfolioState
from tests.generators import Ask, Market, Planned, Wish, asks, markets, plans, run_settings

MIRROR = 20
"""Prices p are mirrored to 20 - p, so that they stay in the band that they were in."""
lively = markets(fewest_steps=5)
only_asks = st.lists(st.lists(asks, max_size=4), min_size=4, max_size=12).map(
    lambda steps: Planned(dict(enumerate(steps)))
)


def made_of(bars: Sequence[Bars], plan: Planned, settings: Settings) -> Backtest:
    """Run a plan to the end."""
    made = Backtest(bars, plan, settings)
    made.run()
    return made


def bars_in(bars: Bars) -> list[Bar]:
    return [bars.bar(row) for row in range(len(bars))]


def bar_under(made: Backtest, fill: Fill) -> Bar:
    """Return the bar that a fill happened on."""
    (bars,) = [bars for bars in made.bars if bars.symbol == fill.symbol]
    (bar,) = [bar for bar in bars_in(bars) if bar.time == fill.timestamp]
    return bar


# --- prices


@given(lively, plans(), run_settings())
def test_every_fill_is_within_its_bar(market: Market, plan: Planned, settings: Settings) -> None:
    made = made_of(market.bars, plan, settings)
    for fill in made.broker.fills():
        bar = bar_under(made, fill)
        assert bar.low <= fill.reference_price <= bar.high
        assert bar.low <= fill.price <= bar.high
        event(f"fills by {fill.rule.name}")


@given(lively, plans(), run_settings(slippage=st.sampled_from((Slippage(ticks=5), Slippage(basis_points=Decimal(80))))))
def test_no_fill_is_worse_than_the_limit_that_its_order_had_then(
    market: Market, plan: Planned, settings: Settings
) -> None:
    made = made_of(market.bars, plan, settings)
    limits: dict[int, Decimal | None] = {}
    for fact in made.journal:
        if isinstance(fact, OrderSubmitted | OrderAmended):
            limits[fact.order_id] = fact.order.limit_price
        elif isinstance(fact, OrderFilled):
            limit = limits[fact.order_id]
            assert limit is None or (fact.fill.price - limit) * fact.fill.side.sign <= 0


@given(lively, plans(), run_settings())
def test_slippage_is_never_in_favor_and_an_order_that_rested_at_its_limit_has_none(
    market: Market, plan: Planned, settings: Settings
) -> None:
    made = made_of(market.bars, plan, settings)
    for fill in made.broker.fills():
        assert fill.slippage >= 0
        assert not (fill.slippage and fill.rule.is_maker)


@given(lively, plans(), run_settings(volume_cap=st.sampled_from((Decimal("0.1"), Decimal("0.5"), Decimal(1)))))
def test_the_fills_of_a_bar_stay_within_its_share_of_the_volume(
    market: Market, plan: Planned, settings: Settings
) -> None:
    made = made_of(market.bars, plan, settings)
    assert settings.volume_cap is not None
    taken: dict[tuple[str, Any], Decimal] = defaultdict(Decimal)
    for fill in made.broker.fills():
        taken[fill.symbol, fill.timestamp] += fill.quantity
        volume = bar_under(made, fill).volume
        assert volume is None or taken[fill.symbol, fill.timestamp] <= volume * settings.volume_cap


# --- the books


@given(lively, plans(), run_settings())
def test_the_sum_of_the_ledgers_changes_is_the_state(market: Market, plan: Planned, settings: Settings) -> None:
    made = made_of(market.bars, plan, settings)
    cash = settings.initial_capital
    positions: dict[str, Position] = {}
    for fact in made.journal:
        if isinstance(fact, CashChanged):
            assert fact.before == cash
            cash = fact.after
        elif isinstance(fact, PositionEvent):
            assert fact.before == positions.get(fact.symbol, Position(fact.symbol))
            positions[fact.symbol] = fact.after
    assert cash == made.portfolio.get_cash_balance()
    for bars in made.bars:
        assert positions.get(bars.symbol, Position(bars.symbol)) == made.portfolio.get_position(bars.symbol)


@given(lively, plans(), run_settings())
def test_the_sum_of_its_fills_is_every_position_and_the_cash(market: Market, plan: Planned, settings: Settings) -> None:
    made = made_of(market.bars, plan, settings)
    cash, held = settings.initial_capital, dict[str, Decimal]()
    for fill in made.broker.fills():
        cash -= fill.quantity_delta * fill.price + fill.commission
        held[fill.symbol] = held.get(fill.symbol, Decimal(0)) + fill.quantity_delta
    assert cash == made.portfolio.get_cash_balance()
    assert {symbol: quantity for symbol, quantity in held.items() if quantity} == {
        symbol: position.quantity for symbol, position in made.portfolio.get_all_positions().items()
    }


@given(lively, plans(), run_settings())
def test_the_sum_of_what_happened_to_an_order_is_how_far_it_came(
    market: Market, plan: Planned, settings: Settings
) -> None:
    made = made_of(market.bars, plan, settings)
    asked: dict[int, Decimal] = {}
    filled: dict[int, Decimal] = defaultdict(Decimal)
    given_up: dict[int, Decimal] = defaultdict(Decimal)
    is_over: set[int] = set()
    amended: set[int] = set()
    for fact in made.journal:
        if isinstance(fact, OrderSubmitted | OrderAmended):
            asked[fact.order_id] = fact.order.quantity
        if isinstance(fact, OrderAmended):
            amended.add(fact.order_id)
        if isinstance(fact, OrderFilled):
            filled[fact.order_id] += fact.fill.quantity
        if isinstance(fact, OrderReduced | OrderCanceled | OrderExpired):
            given_up[fact.order_id] += fact.given_up_quantity
        if isinstance(fact, OrderRejected | OrderCanceled | OrderExpired):
            is_over.add(fact.order_id)
    for one in made.broker.orders():
        parts = (one.filled_quantity, one.remaining_quantity, one.given_up_quantity)
        assert (one.order.quantity, one.filled_quantity) == (asked[one.id], filled[one.id])
        assert one.given_up_quantity == given_up[one.id] or one.id in amended or one.status is OrderStatus.REJECTED
        assert sum(parts) == one.order.quantity
        assert min(parts) >= 0
        assert 0 <= one.asleep_quantity <= one.remaining_quantity
        assert (one.status is OrderStatus.FILLED) == (one.filled_quantity == one.order.quantity)
        assert one.status is OrderStatus.FILLED or (one.id in is_over) == (not one.remaining_quantity)


def residuals(portfolio: PortfolioState) -> tuple[Decimal, Decimal]:
    """Return by how much the two identities of rule R18 fail."""
    value, cost = Decimal(0), Decimal(0)
    for symbol, position in portfolio.get_all_positions().items():
        mark = portfolio.get_mark(symbol)
        assert mark is not None
        value += position.quantity * mark
        cost += position.cost_basis
    gained = portfolio.realized_pnl + (value - cost) - portfolio.commissions + portfolio.income
    equity = portfolio.equity
    return equity - (portfolio.get_cash_balance() + value), equity - portfolio.capital - gained


@given(lively, plans(), run_settings())
def test_both_identities_hold_exactly_after_every_event_and_every_step(
    market: Market, plan: Planned, settings: Settings
) -> None:
    made, heard = Backtest(market.bars, plan, settings), list[Event]()

    def look(fact: Event) -> None:
        heard.append(fact)
        assert residuals(made.portfolio) == (0, 0)

    made.broker.subscribe(look)
    made.portfolio.subscribe(look)
    while made.step():
        assert residuals(made.portfolio) == (0, 0)
    assert len(heard) == len(made.journal)


# --- what may be put in another order


@given(lively, plans(), run_settings(), st.randoms(use_true_random=False))
def test_the_order_in_which_symbols_are_loaded_changes_no_byte(
    market: Market, plan: Planned, settings: Settings, chance: Any
) -> None:
    shuffled = list(market.bars)
    chance.shuffle(shuffled)
    one, other = made_of(market.bars, plan, settings), made_of(shuffled, plan.again(), settings)
    assert other.journal.canonical_bytes() == one.journal.canonical_bytes()
    assert (other.money_at_stake, other.clamped) == (one.money_at_stake, one.clamped)


def interleaved(wishes: Sequence[Ask], chance: Any) -> list[Ask]:
    """Return the same wishes in another turn, in which those of one symbol keep theirs."""
    turn = [wish.symbol for wish in wishes]
    chance.shuffle(turn)
    left: Mapping[str, Iterator[Ask]] = {
        symbol: iter([wish for wish in wishes if wish.symbol == symbol]) for symbol in set(turn)
    }
    return [next(left[symbol]) for symbol in turn]


def fills_by_symbol(made: Backtest) -> dict[str, list[tuple[Any, ...]]]:
    """Return the fills of each symbol, without what numbers them."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for fill in made.broker.fills():
        what = (fill.quantity_delta, fill.price, fill.timestamp, fill.rule, fill.commission, fill.reference_price)
        found.setdefault(fill.symbol, []).append(what)
    return found


RICH = st.just(Decimal(10**9))
UNLIMITED = st.just(Limits())


@given(lively, only_asks, run_settings(initial_capital=RICH, limits=UNLIMITED), st.randoms(use_true_random=False))
def test_orders_of_different_symbols_may_be_asked_for_in_any_turn_where_cash_covers_them_all(
    market: Market, plan: Planned, settings: Settings, chance: Any
) -> None:
    steps = {step: interleaved(wishes, chance) for step, wishes in plan.steps.items()}
    one, other = made_of(market.bars, plan, settings), made_of(market.bars, Planned(steps), settings)
    assert fills_by_symbol(other) == fills_by_symbol(one)
    assert other.portfolio.get_cash_balance() == one.portfolio.get_cash_balance()
    assert (other.money_at_stake, other.clamped) == (one.money_at_stake, one.clamped)


# --- what may be doubled and mirrored


def doubled(wish: Wish) -> Wish:
    return wish.doubled()


def mirrored(wish: Wish) -> Wish:
    return wish.mirrored()


def gross_pnl(made: Backtest) -> Decimal:
    return made.portfolio.realized_pnl + made.portfolio.unrealized_pnl


FREE = st.just(Commission())
NO_CAP = st.none()
BY_PRICE = st.sampled_from((Slippage(), Slippage(ticks=2), Slippage(ticks=1, basis_points=Decimal(15))))
"""Slippage that does not look at quantities."""


@given(lively, plans(), run_settings(costs=FREE, volume_cap=NO_CAP, slippage=BY_PRICE))
def test_twice_the_quantities_the_step_the_limits_and_the_capital_gain_twice_as_much(
    market: Market, plan: Planned, settings: Settings
) -> None:
    twice = evolve(
        settings,
        initial_capital=2 * settings.initial_capital,
        quantity_step=2 * settings.quantity_step,
        limits=twice_of(settings.limits),
    )
    one, other = made_of(market.bars, plan, settings), made_of(market.bars, plan.changed(doubled), twice)
    assert [(2 * fill.quantity, fill.price, fill.rule) for fill in one.broker.fills()] == [
        (fill.quantity, fill.price, fill.rule) for fill in other.broker.fills()
    ]
    assert gross_pnl(other) == 2 * gross_pnl(one)
    assert other.money_at_stake == 2 * one.money_at_stake
    for name in ("equity", "drawdown", "gross_exposure", "net_exposure"):
        assert getattr(other.portfolio, name) == 2 * getattr(one.portfolio, name)


def twice_of(limits: Limits) -> Limits:
    """Return limits for twice as much; that of the drawdown is a ratio, and stays."""

    def twice(most: Decimal | None) -> Decimal | None:
        return None if most is None else 2 * most

    return evolve(
        limits,
        position_quantity_max=twice(limits.position_quantity_max),
        order_notional_max=twice(limits.order_notional_max),
        gross_exposure_max=twice(limits.gross_exposure_max),
    )


def mirrored_bars(bars: Bars) -> Bars:
    """Return bars whose every price is as far below 20.00 as it was above zero."""
    return Bars.from_rows(
        bars.symbol,
        [
            (bar.time, *(MIRROR - price for price in (bar.open, bar.low, bar.high, bar.close)), bar.volume)
            for bar in bars_in(bars)
        ],
    )


def has_tie(market: Market) -> bool:
    """Say whether a bar's extremes are equally near its open, and so which comes first is no matter of prices."""
    every = [bar for bars in market.bars for bar in bars_in(bars)]
    return any(bar.high - bar.open == bar.open - bar.low > 0 for bar in every)


EXCHANGED = {PathRule.HIGH_FIRST: PathRule.LOW_FIRST, PathRule.LOW_FIRST: PathRule.HIGH_FIRST}
IN_TICKS = st.sampled_from((Slippage(), Slippage(ticks=2)))


@given(
    lively,
    plans(in_ticks=True),
    run_settings(
        initial_capital=RICH,
        allow_short=st.just(True),
        limits=UNLIMITED,
        costs=st.sampled_from((Commission(), Commission(per_unit=Decimal("0.01"), minimum=Decimal("0.25")))),
        slippage=IN_TICKS,
    ),
)
def test_mirroring_sides_and_prices_mirrors_the_fills(market: Market, plan: Planned, settings: Settings) -> None:
    path = EXCHANGED.get(settings.path)
    assume(path is not None or not has_tie(market))
    other_settings = evolve(settings, path=path or settings.path)
    one = made_of(market.bars, plan, settings)
    other = made_of([mirrored_bars(bars) for bars in market.bars], plan.changed(mirrored), other_settings)
    assert [
        (fill.order_id, -fill.quantity_delta, MIRROR - fill.price, fill.timestamp, fill.rule, fill.commission)
        for fill in one.broker.fills()
    ] == [
        (fill.order_id, fill.quantity_delta, fill.price, fill.timestamp, fill.rule, fill.commission)
        for fill in other.broker.fills()
    ]
    assert gross_pnl(other) == gross_pnl(one)
    assert (other.money_at_stake, other.clamped) == (one.money_at_stake, one.clamped)
