"""The limits that a person sets: each at its border and one beyond, and what would have passed (limits.py)."""

from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import pytest

from core.execution.ask import Ask
from core.execution.costs import Commission
from core.execution.limits import check_limits
from core.execution.terms import Limits, Terms
from core.instrument import Instrument
from core.order import BUY, SELL, Order
from core.reason import Reason
from core.risk.portfolio import PortfolioState
from tests.core.builders import at, reason_of
from tests.core.execution.desks import ACME, portfolio_of
from tests.core.execution.records import order_of, record_of


def limited(
    view: PortfolioState, order: Order, others: Sequence[Order] = (), instrument: Instrument = ACME, **limits: Any
) -> Reason | None:
    """Check an order beside others against some limits."""
    records = [record_of(other, number) for number, other in enumerate(others, start=1)]
    exact = {name: Decimal(value) for name, value in limits.items()}
    return check_limits(
        Ask(record_of(order, 99), view, records, Terms(Commission(), limits=Limits(**exact)), instrument)
    )


def params(**numbers: str) -> dict[str, Decimal]:
    return {name: Decimal(number) for name, number in numbers.items()}


def position(quantity: int) -> list[tuple[str, int, str]]:
    return [("ACME", quantity, "100")] if quantity else []


def test_without_limits_everything_passes() -> None:
    view = portfolio_of()
    assert limited(view, order_of(BUY, 10**6)) is None
    assert check_limits(Ask(record_of(order_of(BUY, 10**6)), view, [], Terms(Commission()), ACME)) is None


# --- units of one symbol

POSITIONS = [
    # held, other orders, the order; the position it would come to, at most; None where it passes a limit of 100
    pytest.param(0, [], order_of(BUY, 100), None, id="at the limit"),
    pytest.param(0, [], order_of(BUY, 101), ("101", "100"), id="one beyond"),
    pytest.param(60, [], order_of(BUY, 40), None, id="with what is held"),
    pytest.param(60, [], order_of(BUY, 41), ("101", "40"), id="with what is held, one beyond"),
    pytest.param(60, [order_of(BUY, 30)], order_of(BUY, 10), None, id="with another open order"),
    pytest.param(60, [order_of(BUY, 30)], order_of(BUY, 11), ("101", "10"), id="with another, one beyond"),
    pytest.param(60, [order_of(BUY, 40)], order_of(BUY, 1), ("101", "0"), id="nothing is left"),
    pytest.param(120, [], order_of(BUY, 1), ("121", "0"), id="beyond already"),
    pytest.param(60, [order_of(SELL, 30)], order_of(BUY, 40), None, id="an open sale makes no room"),
    pytest.param(60, [order_of(SELL, 30)], order_of(BUY, 41), ("101", "40"), id="an open sale makes no room, beyond"),
    pytest.param(60, [order_of(BUY, 30, "OTHER")], order_of(BUY, 40), None, id="another symbol does not count"),
    pytest.param(0, [], order_of(SELL, 100), None, id="a short at the limit"),
    pytest.param(0, [], order_of(SELL, 101), ("101", "100"), id="a short one beyond"),
    pytest.param(-60, [], order_of(SELL, 41), ("101", "40"), id="a short that grows"),
    pytest.param(60, [], order_of(SELL, 160), None, id="a flip to a short at the limit"),
    pytest.param(60, [], order_of(SELL, 161), ("101", "160"), id="a flip one beyond"),
    pytest.param(60, [order_of(SELL, 60)], order_of(SELL, 101), ("101", "100"), id="another sale has taken the long"),
    pytest.param(500, [], order_of(SELL, 500), None, id="what only reduces passes"),
    pytest.param(-500, [], order_of(BUY, 500), None, id="a purchase that covers passes"),
    pytest.param(500, [], order_of(SELL, 601), ("101", "600"), id="a flip beyond, from beyond"),
]


@pytest.mark.parametrize(("held", "others", "order", "numbers"), POSITIONS)
def test_the_units_of_one_symbol(held: int, others: list[Order], order: Order, numbers: tuple[str, str] | None) -> None:
    found = limited(portfolio_of(*position(held)), order, others, position_quantity_max="100")
    if numbers is None:
        assert found is None
        return
    expected = params(position=numbers[0], limit="100", at_most=numbers[1])
    assert reason_of(found) == ("POSITION_MUST_BE_WITHIN_LIMIT", expected)


def test_a_limit_of_zero_lets_nothing_open() -> None:
    assert reason_of(limited(portfolio_of(), order_of(BUY, 1), position_quantity_max="0")) == (
        "POSITION_MUST_BE_WITHIN_LIMIT",
        params(position="1", limit="0", at_most="0"),
    )


def test_what_would_have_passed_is_on_the_step() -> None:
    tens = Instrument("ACME", quantity_step=Decimal(10))
    found = limited(portfolio_of(), order_of(BUY, 30), instrument=tens, position_quantity_max="25")
    assert reason_of(found)[1]["at_most"] == 20


# --- the money of one order

NOTIONALS = [
    # the order; its notional, at most, the worst price; None where it passes a limit of 5000
    pytest.param(order_of(BUY, 50), None, id="at the last close, at the limit"),
    pytest.param(order_of(BUY, 51), ("5100", "50", None), id="at the last close, one unit beyond"),
    pytest.param(order_of(SELL, 51), ("5100", "50", None), id="a sale"),
    pytest.param(order_of(BUY, 100, limit_price=50), None, id="at its limit price, at the limit"),
    pytest.param(order_of(BUY, 100, limit_price="50.01"), ("5001", "99", "50.00"), id="one tick beyond"),
    pytest.param(order_of(SELL, 100, limit_price="50.01"), ("5001", "99", None), id="of a sale no worst price"),
    pytest.param(order_of(BUY, 10**6, "NEW"), None, id="no price to estimate at"),
]


@pytest.mark.parametrize(("order", "numbers"), NOTIONALS)
def test_the_money_of_one_order(order: Order, numbers: tuple[str, str, str | None] | None) -> None:
    found = limited(portfolio_of(), order, order_notional_max="5000")
    if numbers is None:
        assert found is None
        return
    notional, at_most, worst_price = numbers
    expected = params(notional=notional, limit="5000", at_most=at_most)
    expected |= {} if worst_price is None else params(worst_price=worst_price)
    assert reason_of(found) == ("NOTIONAL_MUST_BE_WITHIN_LIMIT", expected)


def test_the_money_of_an_order_is_of_all_its_units_where_some_of_them_open() -> None:
    view = portfolio_of(*position(60))
    assert limited(view, order_of(SELL, 60), order_notional_max="5000") is None  # all reduce
    # one of 61 opens
    assert reason_of(limited(view, order_of(SELL, 61), order_notional_max="5000")) == (
        "NOTIONAL_MUST_BE_WITHIN_LIMIT",
        params(notional="6100", limit="5000", at_most="50"),
    )


# --- all market values

EXPOSURES = [
    # held, other orders, the order; the exposure it would come to, at most, the worst price; a limit of 5000
    pytest.param(0, [], order_of(BUY, 50), None, id="at the limit"),
    pytest.param(0, [], order_of(BUY, 51), ("5100", "50", None), id="one unit beyond"),
    pytest.param(0, [], order_of(BUY, 100, limit_price="50.01"), ("5001", "99", "50.00"), id="one tick beyond"),
    pytest.param(20, [], order_of(BUY, 30), None, id="with what is held"),
    pytest.param(20, [], order_of(BUY, 31), ("5100", "30", None), id="with what is held, one beyond"),
    pytest.param(-20, [], order_of(SELL, 31), ("5100", "30", None), id="a short counts as much as a long"),
    pytest.param(0, [order_of(BUY, 20)], order_of(BUY, 31), ("5100", "30", None), id="with another open order"),
    pytest.param(0, [order_of(BUY, 100, "OTHER")], order_of(BUY, 31), ("5100", "30", None), id="of another symbol"),
    pytest.param(20, [order_of(SELL, 20)], order_of(BUY, 30), None, id="an open exit makes no room"),
    pytest.param(20, [order_of(SELL, 20)], order_of(BUY, 31), ("5100", "30", None), id="an open exit, one beyond"),
    # of 30 that another sells 10 open: 2000 + 1000, and 20 more
    pytest.param(20, [order_of(SELL, 30)], order_of(SELL, 21), ("5100", "20", None), id="what another opens beyond"),
    pytest.param(60, [], order_of(BUY, 1), ("6100", "0", None), id="beyond already"),
    pytest.param(60, [], order_of(SELL, 60), None, id="what only reduces passes"),
    # 60 are held, 60 close, one opens: the 60 still count
    pytest.param(60, [], order_of(SELL, 61), ("6100", "60", None), id="a flip, from beyond: only the close"),
    pytest.param(0, [], order_of(BUY, 10**6, "NEW"), None, id="no price to estimate at"),
]


@pytest.mark.parametrize(("held", "others", "order", "numbers"), EXPOSURES)
def test_all_market_values_with_what_an_order_opens(
    held: int, others: list[Order], order: Order, numbers: tuple[str, str, str | None] | None
) -> None:
    found = limited(portfolio_of(*position(held)), order, others, gross_exposure_max="5000")
    if numbers is None:
        assert found is None
        return
    exposure, at_most, worst_price = numbers
    expected = params(exposure=exposure, limit="5000", at_most=at_most)
    expected |= {} if worst_price is None else params(worst_price=worst_price)
    assert reason_of(found) == ("EXPOSURE_MUST_BE_WITHIN_LIMIT", expected)


def test_market_values_are_at_the_marks() -> None:
    view = portfolio_of(("ACME", 20, "10"), ("OTHER", -50, "30"))
    # 20 x 100 + 50 x 20 = 3000
    assert limited(view, order_of(BUY, 20), gross_exposure_max="5000") is None
    assert reason_of(limited(view, order_of(BUY, 21), gross_exposure_max="5000"))[1]["exposure"] == 5100


# --- the drawdown


def fallen(mark: str, held: int = 10) -> PortfolioState:
    """Hold 10 that cost 100, of a capital of 2000, and mark them."""
    view = PortfolioState(2000)
    view.update_position(symbol="ACME", quantity_delta=held, price=100, timestamp=at(0))
    view.mark("ACME", 100, at(0))
    view.mark("ACME", Decimal(mark), at(1))
    return view


FALLS = [
    # the mark, the order; the ratio, at most; None where it passes a limit of a tenth
    pytest.param("80", order_of(BUY, 1), None, id="at the limit"),  # 200 of 2000
    pytest.param("79.99", order_of(BUY, 1), ("0.10005", "0"), id="one tick beyond"),  # 200.10 of 2000
    pytest.param("79.99", order_of(SELL, 10), None, id="what only reduces passes"),
    pytest.param("79.99", order_of(SELL, 11), ("0.10005", "10"), id="a flip: only what reduces"),
    pytest.param("110", order_of(BUY, 1), None, id="no drawdown"),
]


@pytest.mark.parametrize(("mark", "order", "numbers"), FALLS)
def test_above_a_drawdown_only_reductions_pass(mark: str, order: Order, numbers: tuple[str, str] | None) -> None:
    found = limited(fallen(mark), order, drawdown_ratio_max="0.1")
    if numbers is None:
        assert found is None
        return
    expected = params(drawdown_ratio=numbers[0], limit="0.1", at_most=numbers[1])
    assert reason_of(found) == ("DRAWDOWN_MUST_BE_WITHIN_LIMIT", expected)


def test_what_would_have_passed_above_a_drawdown_is_on_the_step() -> None:
    fours = Instrument("ACME", quantity_step=Decimal(4))
    found = limited(fallen("79"), order_of(SELL, 12), instrument=fours, drawdown_ratio_max="0.1")
    assert reason_of(found)[1]["at_most"] == 8


# --- several limits

TIGHT = {
    "drawdown_ratio_max": "0.05",
    "position_quantity_max": "5",
    "order_notional_max": "50",
    "gross_exposure_max": "40",
}
CODES = [
    "DRAWDOWN_MUST_BE_WITHIN_LIMIT",
    "POSITION_MUST_BE_WITHIN_LIMIT",
    "NOTIONAL_MUST_BE_WITHIN_LIMIT",
    "EXPOSURE_MUST_BE_WITHIN_LIMIT",
]


@pytest.mark.parametrize("lifted", range(4))
def test_of_several_limits_the_first_that_is_broken_is_said(lifted: int) -> None:
    limits = dict(list(TIGHT.items())[lifted:])
    assert reason_of(limited(fallen("80"), order_of(BUY, 1), **limits))[0] == CODES[lifted]


def test_the_threads_context_changes_no_limit() -> None:
    view = portfolio_of(("ACME", 12, "98765.4321"), marks={"ACME": "98765.4321"}, cash="123456.78")
    order = order_of(BUY, 123, limit_price="98765.43")

    def checked() -> list[object]:
        return [limited(view, order, [order_of(BUY, 7)], **{name: limit}) for name, limit in TIGHT.items()]

    expected = checked()
    with localcontext(Context(prec=2, traps=[Inexact])):
        assert checked() == expected
    assert expected[0] is None
    assert None not in expected[1:]
