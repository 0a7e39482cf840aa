"""The one owner of positions and cash: what it takes, books, announces and refuses."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Context, Decimal, FloatOperation, Inexact, InvalidOperation, Rounded, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.corporate_action import Dividend, Split
from core.errors import NotExactError
from core.events import (
    CashCause,
    CashChanged,
    DividendEarned,
    DividendPaid,
    Event,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    PositionSplit,
    SplitApplied,
)
from core.position import Position
from core.protocols import PortfolioStateProtocol, PortfolioView
from core.risk.portfolio import PortfolioState
from tests.core.builders import at
from tests.generators import GivenFill, given_fills, prices


def portfolio_of(*fills: tuple[int, str], capital: int = 10_000, symbol: str = "ACME") -> PortfolioState:
    """Build a portfolio with some fills, each a signed quantity and a price."""
    portfolio = PortfolioState(capital)
    for delta, price in fills:
        portfolio.update_position(symbol=symbol, quantity_delta=delta, price=Decimal(price), timestamp=at(0))
    return portfolio


def state_of(portfolio: PortfolioState) -> tuple[object, ...]:
    """Return everything that can be read."""
    positions = dict(portfolio.get_all_positions())
    marks = {symbol: portfolio.get_mark(symbol) for symbol in ("ACME", "B")}
    money = (portfolio.get_cash_balance(), portfolio.capital, portfolio.equity, portfolio.income)
    gains = (portfolio.realized_pnl, portfolio.unrealized_pnl, portfolio.commissions)
    risk = (portfolio.gross_exposure, portfolio.net_exposure, portfolio.leverage)
    drawdown = (portfolio.drawdown, portfolio.drawdown_ratio)
    return positions, portfolio.get_position("ACME"), marks, money, gains, risk, drawdown, portfolio.timestamp


FILL = {"symbol": "ACME", "quantity_delta": 10, "price": 9, "timestamp": at(0)}
BAD_NUMBERS = [
    pytest.param(0.5, "an int or a Decimal", id="a float"),
    pytest.param(True, "an int or a Decimal", id="a bool"),
    pytest.param("1", "an int or a Decimal", id="a text"),
    pytest.param(None, "an int or a Decimal", id="nothing"),
    pytest.param(Decimal("NaN"), "a number of at most", id="NaN"),
    pytest.param(Decimal("1E-13"), "a number of at most", id="too many digits"),
]
NAIVE = datetime(2024, 1, 2, 21)  # noqa: DTZ001


@pytest.mark.parametrize(("value", "rule"), BAD_NUMBERS)
@pytest.mark.parametrize("name", ["quantity_delta", "price", "commission"])
def test_a_fill_with_a_number_that_is_not_exact_is_refused_and_changes_nothing(
    name: str, value: object, rule: str
) -> None:
    portfolio = portfolio_of((10, "95"))
    before = state_of(portfolio)
    with pytest.raises(NotExactError, match=rf"^{name} must be {rule}"):
        portfolio.update_position(**(FILL | {name: value}))
    assert state_of(portfolio) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quantity_delta": 0}, "quantity_delta must be other than zero, was int 0"),
        ({"quantity_delta": Decimal("-0.00")}, r"quantity_delta must be other than zero, was Decimal -0\.00"),
        ({"price": 0}, "price must be above zero, was int 0"),
        ({"price": -9}, "price must be above zero, was int -9"),
        ({"timestamp": NAIVE}, "timestamp must be aware of its zone, was datetime 2024-01-02 21:00:00"),
    ],
)
def test_a_fill_that_cannot_be_is_refused_and_changes_nothing(changes: dict[str, object], message: str) -> None:
    portfolio, events = portfolio_of((10, "95")), list[Event]()
    portfolio.subscribe(events.append)
    before = state_of(portfolio)
    with pytest.raises(NotExactError, match=f"^{message}$"):
        portfolio.update_position(**(FILL | changes))
    assert state_of(portfolio) == before
    assert not events


@pytest.mark.parametrize(("value", "rule"), [*BAD_NUMBERS, pytest.param(0, "above zero", id="zero")])
def test_an_initial_capital_is_an_exact_number_above_zero(value: object, rule: str) -> None:
    with pytest.raises(NotExactError, match=rf"^initial_capital must be {rule}"):
        PortfolioState(initial_capital=value)


CALLS: list[Any] = [
    pytest.param(lambda portfolio, value, time: portfolio.deposit(value, time), "amount", id="deposit"),
    pytest.param(lambda portfolio, value, time: portfolio.withdraw(value, time), "amount", id="withdraw"),
    pytest.param(lambda portfolio, value, time: portfolio.mark("ACME", value, time), "price", id="mark"),
]
Call = Callable[[PortfolioState, Any, datetime], object]


@pytest.mark.parametrize(
    ("value", "rule"),
    [*BAD_NUMBERS, pytest.param(0, "above zero", id="zero"), pytest.param(-1, "above zero", id="below zero")],
)
@pytest.mark.parametrize(("call", "name"), CALLS)
def test_a_deposit_a_withdrawal_and_a_mark_are_exact_and_above_zero(
    call: Call, name: str, value: object, rule: str
) -> None:
    portfolio = portfolio_of((10, "95"))
    before = state_of(portfolio)
    with pytest.raises(NotExactError, match=rf"^{name} must be {rule}"):
        call(portfolio, value, at(0))
    assert state_of(portfolio) == before


@pytest.mark.parametrize(("value", "rule"), BAD_NUMBERS)
def test_income_is_an_exact_number(value: object, rule: str) -> None:
    with pytest.raises(NotExactError, match=rf"^amount must be {rule}"):
        PortfolioState(1000).receive_income(value, at(0))


@pytest.mark.parametrize(
    "call",
    [
        *(pytest.param(*param.values[:1], id=param.id) for param in CALLS),
        pytest.param(lambda portfolio, value, time: portfolio.receive_income(value, time), id="income"),
    ],
)
def test_a_time_that_is_not_aware_of_its_zone_is_refused_and_changes_nothing(call: Call) -> None:
    portfolio = portfolio_of((10, "95"))
    before = state_of(portfolio)
    with pytest.raises(NotExactError, match=r"^timestamp must be aware of its zone, was datetime 2024-01-02 21:00:00$"):
        call(portfolio, 5, NAIVE)
    assert state_of(portfolio) == before


def test_example_31_a_flip_with_a_commission_on_the_whole() -> None:
    portfolio = portfolio_of((50, "10.00"), capital=1000)
    cash = portfolio.get_cash_balance()  # 1000 - 500
    position = portfolio.update_position(
        symbol="ACME", quantity_delta=-80, price=Decimal("12.00"), timestamp=at(1), commission=Decimal("0.80")
    )
    assert portfolio.realized_pnl == Decimal(100)  # 50 x (12 - 10)
    assert position == Position("ACME", Decimal(-30), Decimal(-360), Decimal(100), Decimal("0.80"))
    assert portfolio.get_cash_balance() - cash == Decimal("959.20")  # 80 x 12 - 0.80
    assert portfolio.commissions == Decimal("0.80")


MONEY = [
    # cash 10000 - 950; 10 x 95
    pytest.param([(10, "95")], "9050", "0", "950", "950", "0", id="long"),
    # cash 9050 + 4 x 100 = 9450; gain 4 x 5; held 6 x 95
    pytest.param([(10, "95"), (-4, "100")], "9450", "20", "570", "570", "0", id="part of a long closed"),
    # 10000 - 950 + 1000
    pytest.param([(10, "95"), (-10, "100")], "10050", "50", "0", "0", "0", id="a long closed"),
    # cash 10000 + 950; -10 x 95
    pytest.param([(-10, "95")], "10950", "0", "-950", "950", "0", id="short"),
    # cash 10950 - 4 x 100; loss 4 x 5; held -6 x 95
    pytest.param([(-10, "95"), (4, "100")], "10550", "-20", "-570", "570", "0", id="part of a short closed"),
    # cash 10000 - 950 + 15 x 100; gain 50; held -5 x 100, valued at cost
    pytest.param([(10, "95"), (-15, "100")], "10550", "50", "-500", "500", "0", id="a long flipped"),
]


@pytest.mark.parametrize(("fills", "cash", "realized", "net", "gross", "unrealized"), MONEY)
def test_money_before_any_mark_is_valued_at_cost(
    fills: list[tuple[int, str]], cash: str, realized: str, net: str, gross: str, unrealized: str
) -> None:
    portfolio = portfolio_of(*fills)
    assert portfolio.get_cash_balance() == Decimal(cash)
    assert portfolio.realized_pnl == Decimal(realized)
    assert (portfolio.net_exposure, portfolio.gross_exposure) == (Decimal(net), Decimal(gross))
    assert portfolio.unrealized_pnl == Decimal(unrealized)
    assert portfolio.equity == Decimal(cash) + Decimal(net)
    portfolio.check()


@pytest.mark.parametrize(
    ("fills", "mark", "equity", "unrealized", "leverage"),
    [
        # 9050 + 10 x 110; 1100 - 950; 1100 / 10150
        pytest.param([(10, "95")], "110", "10150", "150", "0.108374384236", id="long"),
        # 10950 - 10 x 110; -1100 + 950; 1100 / 9850
        pytest.param([(-10, "95")], "110", "9850", "-150", "0.111675126904", id="short"),
        # 10550 - 5 x 110; -550 + 500; 550 / 10000
        pytest.param([(10, "95"), (-15, "100")], "110", "10000", "-50", "0.055", id="a long flipped"),
    ],
)
def test_money_at_a_mark(fills: list[tuple[int, str]], mark: str, equity: str, unrealized: str, leverage: str) -> None:
    portfolio = portfolio_of(*fills)
    portfolio.mark("ACME", Decimal(mark), at(1))
    assert portfolio.equity == Decimal(equity)
    assert portfolio.unrealized_pnl == Decimal(unrealized)
    assert portfolio.leverage == Decimal(leverage)
    assert portfolio.timestamp == at(1)
    portfolio.check()


def test_a_mark_changes_what_derives_from_it_and_nothing_else() -> None:
    portfolio, events = portfolio_of((10, "95")), list[Event]()
    portfolio.subscribe(events.append)
    before = (portfolio.get_all_positions(), portfolio.get_cash_balance(), portfolio.realized_pnl, portfolio.capital)
    portfolio.mark("ACME", 200, at(1))
    assert before == (
        portfolio.get_all_positions(),
        portfolio.get_cash_balance(),
        portfolio.realized_pnl,
        portfolio.capital,
    )
    assert (portfolio.get_mark("ACME"), portfolio.get_mark("B")) == (Decimal(200), None)
    assert not events


def test_positions_come_in_the_order_in_which_they_first_traded_without_the_flat_ones() -> None:
    portfolio = PortfolioState(10_000)
    for symbol, delta in (("Z", 1), ("A", 1), ("M", 1), ("A", -1), ("Z", 1)):
        portfolio.update_position(symbol=symbol, quantity_delta=delta, price=1, timestamp=at(0))
    assert list(portfolio.get_all_positions()) == ["Z", "M"]


def test_a_symbol_that_never_traded_is_flat() -> None:
    portfolio = PortfolioState(1000)
    assert portfolio.get_position("ACME") == Position("ACME")
    assert not portfolio.get_all_positions()


def test_what_was_read_does_not_change_later() -> None:
    portfolio = portfolio_of((10, "95"))
    position, positions = portfolio.get_position("ACME"), portfolio.get_all_positions()
    portfolio.update_position(symbol="ACME", quantity_delta=-10, price=100, timestamp=at(1))
    assert (position.quantity, positions["ACME"].quantity) == (10, 10)


def test_deposits_and_withdrawals_are_neither_profit_nor_loss() -> None:
    portfolio = portfolio_of((10, "95"))
    portfolio.mark("ACME", 105, at(0))
    portfolio.deposit(500, at(1))
    portfolio.withdraw(Decimal("200.50"), at(2))
    # 9050 + 500 - 200.50; 10000 + 500 - 200.50; 9349.50 + 1050
    assert portfolio.get_cash_balance() == Decimal("9349.50")
    assert portfolio.capital == Decimal("10299.50")
    assert portfolio.equity == Decimal("10399.50")
    assert portfolio.equity - portfolio.capital == Decimal(100)  # 10 x (105 - 95)
    assert (portfolio.realized_pnl, portfolio.income) == (0, 0)
    portfolio.check()


def test_income_is_profit_that_no_fill_made() -> None:
    portfolio = portfolio_of((10, "95"))
    portfolio.receive_income(Decimal("2.50"), at(1))
    portfolio.receive_income(Decimal("-1.25"), at(2))
    assert portfolio.income == Decimal("1.25")
    assert portfolio.get_cash_balance() == Decimal("9051.25")
    assert (portfolio.capital, portfolio.realized_pnl) == (10_000, 0)
    portfolio.check()


def test_a_commission_below_zero_is_a_rebate() -> None:
    portfolio = PortfolioState(1000)
    portfolio.update_position(symbol="ACME", quantity_delta=10, price=9, timestamp=at(0), commission=Decimal("-0.25"))
    assert portfolio.get_cash_balance() == Decimal("910.25")  # 1000 - 90 + 0.25
    assert portfolio.commissions == Decimal("-0.25")


def test_each_change_of_a_position_is_announced_with_before_after_time_and_fill() -> None:
    portfolio, events = PortfolioState(10_000), list[Event]()
    portfolio.subscribe(events.append)
    deltas = (10, 5, -6, -9, -3, 1)
    for number, delta in enumerate(deltas):
        portfolio.update_position(
            symbol="ACME", quantity_delta=delta, price=10, timestamp=at(number), commission=1, fill_id=number + 1
        )
    kinds = (PositionOpened, PositionChanged, PositionChanged, PositionClosed, PositionOpened, PositionChanged)
    changes, cash = events[::2], events[1::2]
    assert [type(event) for event in changes] == list(kinds)
    assert [(event.timestamp, event.fill_id) for event in events[::2]] == [(at(n), n + 1) for n in range(6)]
    assert [(event.before.quantity, event.after.quantity) for event in changes] == [
        (0, 10),
        (10, 15),
        (15, 9),
        (9, 0),
        (0, -3),
        (-3, -2),
    ]
    assert [event.before for event in changes[1:]] == [event.after for event in changes[:-1]]
    assert changes[-1].after == portfolio.get_position("ACME")
    # 10000 - 101, less 51, plus 59, plus 89, plus 29, less 11
    assert [event.after for event in cash] == [9899, 9848, 9907, 9996, 10025, 10014]
    assert all(isinstance(event, CashChanged) and event.cause is CashCause.FILL for event in cash)
    assert [(event.timestamp, event.fill_id) for event in cash] == [(at(n), n + 1) for n in range(6)]


def test_a_flip_is_announced_as_a_close_and_then_an_open() -> None:
    portfolio, events = portfolio_of((50, "10")), list[Event]()
    portfolio.subscribe(events.append)
    portfolio.update_position(symbol="ACME", quantity_delta=-80, price=12, timestamp=at(1), commission=Decimal("0.8"))
    flat = Position("ACME", Decimal(0), Decimal(0), Decimal(100), Decimal("0.8"))
    long, short = Position("ACME", Decimal(50), Decimal(500)), portfolio.get_position("ACME")
    assert events == [
        PositionClosed(at(1), "ACME", long, flat, None),
        PositionOpened(at(1), "ACME", flat, short, None),
        CashChanged(at(1), Decimal(9500), Decimal("10459.2"), CashCause.FILL, None),
    ]


@pytest.mark.parametrize(
    ("move", "cause", "after"),
    [
        (lambda portfolio: portfolio.deposit(5, at(1)), CashCause.DEPOSIT, 10_005),
        (lambda portfolio: portfolio.withdraw(5, at(1)), CashCause.WITHDRAWAL, 9_995),
        (lambda portfolio: portfolio.receive_income(-5, at(1)), CashCause.INCOME, 9_995),
    ],
)
def test_a_move_of_cash_is_announced_with_its_cause(
    move: Callable[[PortfolioState], object], cause: CashCause, after: int
) -> None:
    portfolio, events = PortfolioState(10_000), list[Event]()
    portfolio.subscribe(events.append)
    move(portfolio)
    assert events == [CashChanged(at(1), Decimal(10_000), Decimal(after), cause, None)]


def test_whoever_is_told_sees_the_state_after_the_whole_fill() -> None:
    portfolio, seen = portfolio_of((50, "10"), capital=1000), list[object]()
    portfolio.mark("ACME", 12, at(0))
    portfolio.subscribe(lambda _: (portfolio.check(), seen.append(state_of(portfolio))))
    portfolio.update_position(symbol="ACME", quantity_delta=-80, price=12, timestamp=at(1))
    assert seen == [state_of(portfolio)] * 3
    assert portfolio.get_cash_balance() == 1460  # 500 + 960


def test_a_fork_goes_its_own_way_and_tells_nobody() -> None:
    portfolio, events = portfolio_of((10, "95")), list[Event]()
    portfolio.mark("ACME", 105, at(0))
    portfolio.deposit(500, at(0))
    portfolio.receive_income(7, at(0))
    portfolio.subscribe(events.append)
    other, before = portfolio.fork(), state_of(portfolio)
    assert state_of(other) == before
    assert other.initial_capital == portfolio.initial_capital
    other.update_position(symbol="ACME", quantity_delta=-15, price=100, timestamp=at(1), commission=1)
    other.update_position(symbol="B", quantity_delta=1, price=100, timestamp=at(1))
    assert state_of(portfolio) == before
    assert not events
    # 10000 - 950 + 500 + 7, and 1500 - 1 - 100
    assert (other.get_cash_balance(), other.get_position("ACME").quantity) == (10_956, -5)
    portfolio.update_position(symbol="ACME", quantity_delta=5, price=100, timestamp=at(1))
    assert other.get_position("ACME").quantity == -5
    other.check()
    portfolio.check()


def test_a_fork_has_the_marks_of_its_origin() -> None:
    portfolio = portfolio_of((10, "95"))
    other = portfolio.fork()
    portfolio.mark("ACME", 105, at(1))
    assert (other.get_mark("ACME"), other.timestamp) == (105, at(1))


def test_a_handler_may_book_and_its_facts_come_after() -> None:
    portfolio, events = PortfolioState(1000), list[Event]()

    def hedge(event: Event) -> None:
        if isinstance(event, PositionOpened) and event.symbol == "ACME":
            portfolio.update_position(symbol="B", quantity_delta=-1, price=1, timestamp=at(1))

    portfolio.subscribe(hedge)
    portfolio.subscribe(events.append)
    portfolio.update_position(symbol="ACME", quantity_delta=1, price=1, timestamp=at(0))
    told = [(type(event).__name__, getattr(event, "symbol", "cash")) for event in events]
    assert told == [
        ("PositionOpened", "ACME"),
        ("CashChanged", "cash"),
        ("PositionOpened", "B"),
        ("CashChanged", "cash"),
    ]
    portfolio.check()


def test_a_handler_that_raises_leaves_the_fill_booked_and_the_books_sound() -> None:
    portfolio = PortfolioState(1000)
    stop = portfolio.subscribe(lambda _: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        portfolio.update_position(symbol="ACME", quantity_delta=1, price=1, timestamp=at(0))
    stop()
    assert portfolio.get_position("ACME").quantity == 1
    portfolio.check()


DRAWDOWNS = [
    # bought 10 @ 100 of 10000: the peak is 10000 until a mark is above 100
    pytest.param(["90"], "100", "0.01", id="below the start"),  # 10 x 10; 100 / 10000
    pytest.param(["120", "110"], "100", "0.009803921569", id="below a peak"),  # 10200 - 10100; 100 / 10200
    pytest.param(["120", "110", "130"], "0", "0", id="at a new peak"),
    pytest.param(["120", "80", "115"], "50", "0.004901960784", id="on the way back"),  # 10200 - 10150; 50 / 10200
]


@pytest.mark.parametrize(("marks", "money", "ratio"), DRAWDOWNS)
def test_drawdown_is_the_fall_from_the_highest_mark(marks: list[str], money: str, ratio: str) -> None:
    portfolio = portfolio_of((10, "100"))
    for number, mark in enumerate(marks):
        portfolio.mark("ACME", Decimal(mark), at(number))
    assert portfolio.drawdown == Decimal(money)
    assert portfolio.drawdown_ratio == Decimal(ratio)


def test_the_peak_moves_with_deposits_and_withdrawals() -> None:
    portfolio = portfolio_of((10, "100"))
    portfolio.mark("ACME", 120, at(0))
    portfolio.mark("ACME", 110, at(1))
    portfolio.deposit(5000, at(2))
    assert portfolio.drawdown == Decimal(100)  # 15200 - 15100
    portfolio.withdraw(10_000, at(3))
    assert portfolio.drawdown == Decimal(100)  # 5200 - 5100
    assert portfolio.drawdown_ratio == Decimal("0.019230769231")  # 100 / 5200


def test_looking_at_the_drawdown_changes_no_later_drawdown() -> None:
    def trade(*, look: bool) -> Decimal:
        portfolio = PortfolioState(1000)
        portfolio.mark("ACME", 10, at(0))
        portfolio.update_position(symbol="ACME", quantity_delta=10, price=9, timestamp=at(0))  # 10 above the mark
        if look:
            assert portfolio.drawdown == 0
        portfolio.update_position(symbol="ACME", quantity_delta=-10, price=9, timestamp=at(0))
        return portfolio.drawdown

    assert trade(look=True) == trade(look=False)


HOSTILE_CONTEXTS = [
    pytest.param(Context(prec=3), id="three digits"),
    pytest.param(Context(prec=1, traps=[Inexact, Rounded, InvalidOperation, FloatOperation]), id="all traps"),
    pytest.param(Context(prec=3, Emax=2, Emin=-2, capitals=0, clamp=1), id="small exponents"),
]


@pytest.mark.parametrize("context", HOSTILE_CONTEXTS)
@given(fills=given_fills, mark=prices)
def test_the_threads_context_changes_nothing(context: Context, fills: list[GivenFill], mark: Decimal) -> None:
    def book() -> tuple[object, ...]:
        portfolio = PortfolioState(Decimal("123456789.25"))
        for delta, price, commission in fills:
            portfolio.update_position(
                symbol="ACME", quantity_delta=delta, price=price, timestamp=at(0), commission=commission
            )
        portfolio.deposit(Decimal("1234.56"), at(0))
        portfolio.withdraw(Decimal("234.56"), at(0))
        portfolio.receive_income(Decimal("0.123456"), at(0))
        portfolio.mark("ACME", mark, at(1))
        portfolio.check()
        held = portfolio.get_position("ACME")
        return *state_of(portfolio), held.average_price, held.unrealized_pnl(mark)

    expected = book()
    with localcontext(context):
        seen = book()
    assert str(seen) == str(expected)


@given(st.lists(st.tuples(st.integers(1, 50), prices, st.integers(0, 500)), min_size=1, max_size=10), prices)
def test_buying_and_then_selling_everything_at_one_price_costs_the_commissions(
    bought: list[tuple[int, Decimal, int]], price: Decimal
) -> None:
    portfolio = PortfolioState(10**9)
    for units, _, commission in bought:
        portfolio.update_position(
            symbol="ACME", quantity_delta=units, price=price, timestamp=at(0), commission=commission
        )
    for units, _, commission in reversed(bought):
        portfolio.update_position(
            symbol="ACME", quantity_delta=-units, price=price, timestamp=at(1), commission=commission
        )
    assert portfolio.get_cash_balance() == 10**9 - 2 * sum(commission for _, _, commission in bought)
    assert (portfolio.realized_pnl, portfolio.get_position("ACME").cost_basis) == (0, 0)


def test_the_live_portfolio_is_what_its_readers_ask_for() -> None:
    names = {
        name
        for protocol in (PortfolioView, PortfolioStateProtocol)
        for name in vars(protocol)
        if not name.startswith("_")
    }
    assert "get_position" in names
    assert all(hasattr(PortfolioState, name) for name in names)


def test_a_time_in_another_zone_is_kept_as_it_was_given() -> None:
    portfolio = PortfolioState(1000)
    portfolio.mark("ACME", 10, datetime(2024, 1, 2, 21, tzinfo=UTC))
    assert portfolio.timestamp == at(0)


# --- splits and dividends

HALVED = Split("ACME", at(1), 1, 2)


def heard_of(portfolio: PortfolioState) -> list[Event]:
    heard: list[Event] = []
    portfolio.subscribe(heard.append)
    return heard


def test_a_split_is_told_with_what_it_did() -> None:
    # 25 bought at 20, valued at 30: 12 are kept, half a unit brings 30 of which 20 was its cost
    portfolio = portfolio_of((25, "20"))
    portfolio.mark("ACME", 30, at(0))
    heard, equity = heard_of(portfolio), portfolio.equity
    after = portfolio.split(HALVED, at(1), quantity_step=Decimal(1))
    assert after == Position("ACME", Decimal(12), Decimal(480), Decimal(10))
    assert heard == [
        SplitApplied(at(1), "ACME", 1, 2, Decimal(25), Decimal(60)),
        PositionSplit(at(1), "ACME", Position("ACME", Decimal(25), Decimal(500)), after, None, Decimal(30)),
        CashChanged(at(1), Decimal(9500), Decimal(9530), CashCause.CASH_IN_LIEU, None),
    ]
    assert (portfolio.equity, portfolio.get_mark("ACME"), portfolio.income) == (equity, 60, 0)
    portfolio.check()


def test_without_a_mark_what_is_cut_off_is_sold_at_its_cost() -> None:
    portfolio = portfolio_of((25, "20"))
    heard = heard_of(portfolio)
    after = portfolio.split(HALVED, at(1), quantity_step=Decimal(1))
    assert (after.cost_basis, after.realized_pnl, portfolio.get_cash_balance()) == (480, 0, 9520)
    assert isinstance(heard[0], SplitApplied)
    assert heard[0].mark is None
    assert portfolio.get_mark("ACME") is None
    portfolio.check()


def test_a_split_of_what_is_not_held_changes_its_mark_alone() -> None:
    portfolio = portfolio_of((25, "20"))
    portfolio.mark("B", 10, at(0))
    heard, before = heard_of(portfolio), portfolio.get_cash_balance()
    assert portfolio.split(Split("B", at(1), 2), at(1)).is_flat
    assert heard == [SplitApplied(at(1), "B", 2, 1, Decimal(0), Decimal(5))]
    assert (portfolio.get_cash_balance(), list(portfolio.get_all_positions())) == (before, ["ACME"])


def test_without_a_step_any_part_that_can_be_written_is_kept() -> None:
    portfolio = portfolio_of((1, "3"))
    assert portfolio.split(Split("ACME", at(1), 1, 3), at(1)).quantity == Decimal("0.333333333333")


@pytest.mark.parametrize(("units", "amount"), [(33, "7.51"), (-33, "-7.51"), (0, "0")])
def test_a_dividend_is_earned_and_then_paid(units: int, amount: str) -> None:
    # 33 x 0.2275 = 7.5075
    portfolio = portfolio_of((units, "20")) if units else portfolio_of()
    cash, heard = portfolio.get_cash_balance(), heard_of(portfolio)
    dividend = Dividend("ACME", at(1), Decimal("0.2275"), at(2))
    assert portfolio.earn_dividend(dividend, at(1)) == Decimal(amount)
    owed = DividendEarned(at(1), "ACME", Decimal("0.2275"), Decimal(units), Decimal(amount), at(2))
    assert heard == ([owed] if units else [])
    assert (portfolio.get_cash_balance(), portfolio.income) == (cash, 0)
    portfolio.pay_dividend("ACME", Decimal(amount), at(2))
    assert heard[-2:] == [
        DividendPaid(at(2), "ACME", Decimal(amount)),
        CashChanged(at(2), cash, cash + Decimal(amount), CashCause.INCOME, None),
    ]
    assert portfolio.income == Decimal(amount)
    portfolio.check()
