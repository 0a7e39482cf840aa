"""The ledger against a model of twenty lines in exact fractions, whatever is bought, sold, marked and moved.

After every step the invariants I1 to I9 and I12 hold, compared with `==`. And the model is no echo: books with a sign
error are caught by the same machine.
"""

import os
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import floor, trunc
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.corporate_action import Dividend, Split
from core.errors import InvariantError, NotExactError
from core.events import CashChanged, Event, Ledger, PositionEvent
from core.position import Position
from core.risk import portfolio as portfolio_module
from core.risk.booking import book_fill
from core.risk.portfolio import PortfolioState
from tests.core.builders import at
from tests.generators import amounts, commissions, prices

CAPITAL = Decimal("100000.25")
SYMBOLS = ("A", "B", "C")
NOON = at(0)
symbols = st.sampled_from(SYMBOLS)
units = st.one_of(st.integers(1, 60).map(Decimal), amounts(1, 10**6, digits=3))
shares = st.sampled_from((Fraction(1, 2), Fraction(1, 3), Fraction(2, 3), Fraction(1, 7), Fraction(99, 100)))
money = amounts(1, 10**6)
ratios = st.sampled_from(((2, 1), (3, 2), (1, 2), (1, 3), (2, 3), (7, 5), (1, 30), (1, 50)))


class Model:
    """What the books must be."""

    def __init__(self) -> None:
        self.cash = self.capital = Fraction(CAPITAL)
        self.income, self.peak = Fraction(0), Fraction(0)
        self.ledgers = {symbol: [Fraction(0)] * 4 for symbol in SYMBOLS}
        self.marks: dict[str, Fraction] = {}

    def fill(self, symbol: str, x: Fraction, p: Fraction, c: Fraction) -> None:
        q, k, r, f = self.ledgers[symbol]
        closed = max(-abs(q), min(abs(q), x if q < 0 else -x)) if q * x < 0 else Fraction(0)
        out = k if closed == abs(q) else Fraction(trunc(10**12 * k * closed / abs(q)), 10**12)
        taken = closed if q > 0 else -closed
        self.ledgers[symbol] = [q + x, k - out + (x + taken) * p, r + taken * p - out, f + c]
        self.cash -= x * p + c

    def split(self, symbol: str, r: Fraction, step: Fraction) -> None:
        q, k, r0, f = self.ledgers[symbol]
        whole = trunc(q * r / step) * step
        part, value = q * r - whole, q * self.marks[symbol] if symbol in self.marks else k
        if part:
            out = Fraction(trunc(10**12 * k * part / (q * r)), 10**12) if whole else k
            brings = abs(value) * abs(part) / abs(q * r)
            cash = Fraction(floor(100 * brings + Fraction(1, 2)), 100) * (1 if q > 0 else -1)
            self.ledgers[symbol] = [whole, k - out, r0 + cash - out, f]
            self.cash += cash
        elif q:
            self.ledgers[symbol] = [whole, k, r0, f]
        if symbol in self.marks:
            self.marks[symbol] = Fraction(round(10**12 * self.marks[symbol] / r), 10**12)

    def value(self) -> Fraction:
        return sum(
            (q * self.marks[s] if s in self.marks else k for s, (q, k, _, _) in self.ledgers.items()), Fraction()
        )

    def profit(self) -> Fraction:
        return self.cash + self.value() - self.capital


class LedgerMachine(RuleBasedStateMachine):
    """Do anything with a portfolio and the same with the model."""

    def __init__(self) -> None:
        super().__init__()
        self.portfolio, self.model = PortfolioState(CAPITAL), Model()
        self.announced: dict[str, Position] = {symbol: Position(symbol) for symbol in SYMBOLS}
        self.announced_cash = CAPITAL
        self.portfolio.subscribe(self.hear)

    def hear(self, event: Event) -> None:
        """Follow the facts: each begins where the one before it ended (I7)."""
        if isinstance(event, PositionEvent):
            assert event.before == self.announced[event.symbol]
            self.announced[event.symbol] = event.after
        elif isinstance(event, CashChanged):
            assert event.before == self.announced_cash
            self.announced_cash = event.after

    def fill(self, symbol: str, delta: Decimal, price: Decimal, commission: Decimal) -> None:
        self.portfolio.update_position(
            symbol=symbol, quantity_delta=delta, price=price, timestamp=NOON, commission=commission
        )
        self.model.fill(symbol, Fraction(delta), Fraction(price), Fraction(commission))

    def held(self, symbol: str) -> Decimal:
        return self.portfolio.get_position(symbol).quantity

    @rule(symbol=symbols, quantity=units, price=prices, commission=commissions)
    def buy(self, symbol: str, quantity: Decimal, price: Decimal, commission: Decimal) -> None:
        self.fill(symbol, quantity, price, commission)

    @rule(symbol=symbols, quantity=units, price=prices, commission=commissions)
    def sell(self, symbol: str, quantity: Decimal, price: Decimal, commission: Decimal) -> None:
        self.fill(symbol, -quantity, price, commission)

    @precondition(lambda self: self.portfolio.get_all_positions())
    @rule(place=st.integers(0, 2), share=shares, price=prices, commission=commissions)
    def close_part(self, place: int, share: Fraction, price: Decimal, commission: Decimal) -> None:
        held = list(self.portfolio.get_all_positions().values())
        position = held[place % len(held)]
        delta = Decimal(trunc(-Fraction(position.quantity) * share * 1000)).scaleb(-3)
        if delta:
            self.fill(position.symbol, delta, price, commission)

    @precondition(lambda self: self.portfolio.get_all_positions())
    @rule(place=st.integers(0, 2), price=prices, commission=commissions)
    def close(self, place: int, price: Decimal, commission: Decimal) -> None:
        held = list(self.portfolio.get_all_positions().values())
        position = held[place % len(held)]
        self.fill(position.symbol, -position.quantity, price, commission)
        assert self.portfolio.get_position(position.symbol).is_flat

    @precondition(lambda self: self.portfolio.get_all_positions())
    @rule(place=st.integers(0, 2), beyond=units, price=prices, commission=commissions)
    def flip(self, place: int, beyond: Decimal, price: Decimal, commission: Decimal) -> None:
        held = list(self.portfolio.get_all_positions().values())
        position = held[place % len(held)]
        opening = beyond if position.quantity < 0 else -beyond
        self.fill(position.symbol, opening - position.quantity, price, commission)

    @rule(symbol=symbols, price=prices)
    def mark(self, symbol: str, price: Decimal) -> None:
        booked = self.booked()
        self.portfolio.mark(symbol, price, NOON)
        assert self.booked() == booked  # I8
        self.model.marks[symbol] = Fraction(price)
        self.model.peak = max(self.model.peak, self.model.profit())

    @rule(amount=money)
    def deposit(self, amount: Decimal) -> None:
        self.portfolio.deposit(amount, NOON)
        self.model.cash += Fraction(amount)
        self.model.capital += Fraction(amount)

    @rule(amount=money)
    def withdraw(self, amount: Decimal) -> None:
        self.portfolio.withdraw(amount, NOON)
        self.model.cash -= Fraction(amount)
        self.model.capital -= Fraction(amount)

    @rule(amount=money, sign=st.sampled_from((1, -1)))
    def receive_income(self, amount: Decimal, sign: int) -> None:
        self.portfolio.receive_income(amount * sign, NOON)
        self.model.cash += Fraction(amount) * sign
        self.model.income += Fraction(amount) * sign

    @rule(symbol=symbols, ratio=ratios, step=st.sampled_from((Decimal(1), Decimal("0.001"))))
    def split(self, symbol: str, ratio: tuple[int, int], step: Decimal) -> None:
        before, held = self.portfolio.equity, abs(self.held(symbol))
        mark = self.portfolio.get_mark(symbol)
        self.portfolio.split(Split(symbol, NOON, *ratio), NOON, quantity_step=step)
        self.model.split(symbol, Fraction(*ratio), Fraction(step))
        if mark is not None:  # I9
            bound = Fraction(held) * Fraction(*ratio) / 10**12 + Fraction(1, 200)
            assert abs(Fraction(self.portfolio.equity) - Fraction(before)) <= bound

    @rule(symbol=symbols, per_unit=amounts(1, 10**4, digits=3))
    def pay_dividend(self, symbol: str, per_unit: Decimal) -> None:
        dividend = Dividend(symbol, NOON, per_unit)
        amount = self.portfolio.earn_dividend(dividend, NOON)
        exact = Fraction(self.held(symbol)) * Fraction(per_unit)
        assert abs(Fraction(amount) - exact) <= Fraction(1, 200)
        self.portfolio.pay_dividend(symbol, amount, NOON)
        self.model.cash += Fraction(amount)
        self.model.income += Fraction(amount)

    @rule(symbol=symbols, wrong=st.sampled_from(({"price": 0.5}, {"quantity_delta": 0}, {"commission": "1"})))
    def refuse(self, symbol: str, wrong: dict[str, Any]) -> None:
        booked = self.booked()
        with pytest.raises(NotExactError):
            self.portfolio.update_position(
                **({"symbol": symbol, "quantity_delta": 1, "price": 1, "timestamp": NOON} | wrong)
            )
        assert self.booked() == booked  # I12

    def booked(self) -> tuple[object, ...]:
        portfolio = self.portfolio
        positions = [portfolio.get_position(symbol) for symbol in SYMBOLS]
        return positions, portfolio.get_cash_balance(), portfolio.capital, portfolio.income

    @invariant()
    def the_books_are_those_of_the_model(self) -> None:
        portfolio, model = self.portfolio, self.model
        assert portfolio.get_cash_balance() == model.cash  # I1
        assert (portfolio.capital, portfolio.income) == (model.capital, model.income)
        for symbol in SYMBOLS:
            position = portfolio.get_position(symbol)
            assert [
                position.quantity,
                position.cost_basis,
                position.realized_pnl,
                position.commissions,
            ] == model.ledgers[symbol]  # I5
            assert (position.quantity > 0, position.quantity < 0) == (position.cost_basis > 0, position.cost_basis < 0)
            assert self.announced[symbol] == position  # I7
        assert self.announced_cash == portfolio.get_cash_balance()

    @invariant()
    def the_identities_hold(self) -> None:
        portfolio, model = self.portfolio, self.model
        _, k, r, f = (sum(column) for column in zip(*model.ledgers.values(), strict=True))
        assert (portfolio.realized_pnl, portfolio.commissions) == (r, f)
        assert Fraction(portfolio.get_cash_balance()) + k == model.capital + r - f + model.income  # I2
        value = model.value()
        assert (portfolio.net_exposure, portfolio.equity) == (value, model.cash + value)  # I3
        assert portfolio.unrealized_pnl == value - k
        assert model.profit() == r + (value - k) - f + model.income
        assert portfolio.drawdown == max(model.peak - model.profit(), 0)

    def teardown(self) -> None:
        self.portfolio.check()


TestLedger = LedgerMachine.TestCase
if os.environ.get("CI") == "true":
    TestLedger.settings = settings(max_examples=1_000, stateful_step_count=100)


Booking = Callable[..., tuple[Ledger, ...]]


def _opens_on_the_wrong_side(ledger: Ledger, delta: Decimal, price: Decimal, commission: Decimal) -> tuple[Ledger, ...]:
    passed = book_fill(ledger, delta, price, commission)
    if len(passed) == 1:
        return passed
    closed, (quantity, cost, *rest) = passed
    return closed, (-quantity, -cost, *rest)


def _counts_the_gain_of_the_close_as_a_loss(
    ledger: Ledger, delta: Decimal, price: Decimal, commission: Decimal
) -> tuple[Ledger, ...]:
    passed = book_fill(ledger, delta, price, commission)
    if len(passed) == 1:
        return passed
    (quantity, cost, realized, paid), (opened, opened_cost, _, _) = passed
    lost = ledger[2] - (realized - ledger[2])
    return (quantity, cost, lost, paid), (opened, opened_cost, lost, paid)


def _lets_the_cost_hide_the_wrong_gain(
    ledger: Ledger, delta: Decimal, price: Decimal, commission: Decimal
) -> tuple[Ledger, ...]:
    """Book so that cash, cost and realized agree among themselves, as I1 and I2 ask."""
    passed = book_fill(ledger, delta, price, commission)
    if len(passed) == 1:
        return passed
    closed, (quantity, cost, realized, paid) = passed
    wrong = Decimal("0.01") if quantity > 0 else Decimal("-0.01")
    return closed, (quantity, cost + wrong, realized + wrong, paid)


class TestCanary:
    """A ledger with an error in the flip is caught within the examples that the machine has."""

    BROKEN: ClassVar = [
        _opens_on_the_wrong_side,
        _counts_the_gain_of_the_close_as_a_loss,
        _lets_the_cost_hide_the_wrong_gain,
    ]

    @pytest.mark.parametrize("book", BROKEN)
    def test_an_error_in_the_flip_is_caught(self, book: Booking, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(portfolio_module, "book_fill", book)
        with pytest.raises((AssertionError, InvariantError)):
            run_without_shrinking()

    @pytest.mark.parametrize("book", BROKEN)
    def test_it_is_caught_by_the_model_alone(self, book: Booking, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(portfolio_module, "book_fill", book)
        monkeypatch.setattr(portfolio_module, "check_fill", lambda *_: None)
        monkeypatch.setattr(LedgerMachine, "teardown", lambda _: None)
        with pytest.raises(AssertionError):
            run_without_shrinking()


def run_without_shrinking() -> None:
    """Run the machine with the examples of the profile, and stop at the first failure as it was found."""
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            phases=[Phase.generate], database=None, print_blob=False, suppress_health_check=list(HealthCheck)
        ),
    )


Trade = tuple[str, Decimal, Decimal, Decimal]
trades = st.lists(
    st.tuples(symbols, st.one_of(units, units.map(lambda count: -count)), prices, commissions), min_size=1, max_size=15
)


def booked(given_trades: list[Trade], marks: dict[str, Decimal], times: int = 1) -> PortfolioState:
    portfolio = PortfolioState(CAPITAL)
    for symbol, delta, price, commission in given_trades:
        portfolio.update_position(
            symbol=symbol, quantity_delta=delta, price=price * times, timestamp=NOON, commission=commission
        )
    for symbol, price in marks.items():
        portfolio.mark(symbol, price * times, NOON)
    return portfolio


@given(trades, st.fixed_dictionaries(dict.fromkeys(SYMBOLS, prices)), st.randoms(use_true_random=False))
def test_any_order_of_the_same_fills_holds_the_same_and_gains_the_same(
    given_trades: list[Trade], marks: dict[str, Decimal], chance: Any
) -> None:
    mixed = list(given_trades)
    chance.shuffle(mixed)
    one, other = booked(given_trades, marks), booked(mixed, marks)
    assert one.get_cash_balance() == other.get_cash_balance()
    assert one.commissions == other.commissions
    assert one.equity == other.equity
    assert one.realized_pnl + one.unrealized_pnl == other.realized_pnl + other.unrealized_pnl
    for symbol in SYMBOLS:
        assert one.get_position(symbol).quantity == other.get_position(symbol).quantity


@given(trades, st.fixed_dictionaries(dict.fromkeys(SYMBOLS, prices)), st.integers(2, 9))
def test_all_prices_times_k_gain_exactly_k_times_as_much(
    given_trades: list[Trade], marks: dict[str, Decimal], k: int
) -> None:
    free = [(symbol, delta, price, Decimal(0)) for symbol, delta, price, _ in given_trades]
    one, other = booked(free, marks), booked(free, marks, times=k)
    assert other.get_cash_balance() - CAPITAL == k * (one.get_cash_balance() - CAPITAL)
    gained = one.realized_pnl + one.unrealized_pnl
    assert other.realized_pnl + other.unrealized_pnl == k * gained


@given(trades)
def test_selling_everything_at_what_it_cost_returns_the_cash_less_the_commissions(given_trades: list[Trade]) -> None:
    portfolio = PortfolioState(CAPITAL)
    for symbol, delta, price, commission in given_trades:
        for signed in (delta, -delta):
            portfolio.update_position(
                symbol=symbol, quantity_delta=signed, price=price, timestamp=NOON, commission=commission
            )
    assert not portfolio.get_all_positions()
    assert portfolio.get_cash_balance() == CAPITAL - 2 * sum(commission for *_, commission in given_trades)
    assert portfolio.equity == CAPITAL - portfolio.commissions
