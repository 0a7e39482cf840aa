"""One order as it is checked at submit: what it only reduces, and what would have passed in its place."""

from collections.abc import Callable, Sequence
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.execution.ask import Ask, find_remedies, largest
from core.execution.costs import Commission
from core.execution.order_record import OrderRecord
from core.execution.terms import Terms
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderType, Side
from tests.core.execution.desks import ACME, portfolio_of
from tests.core.execution.records import order_of, record_of


def ask_of(
    order: Order,
    *held: tuple[str, int, str],
    others: Sequence[OrderRecord] = (),
    instrument: Instrument = ACME,
    marks: dict[str, str] | None = None,
    **state: Any,
) -> Ask:
    """Ask for an order beside others."""
    view = portfolio_of(*held, marks=marks)
    return Ask(record_of(order, 99, **state), view, others, Terms(Commission()), instrument)


def test_an_ask_has_the_price_that_its_order_is_estimated_at() -> None:
    assert ask_of(order_of(BUY, 1)).price == 100
    assert ask_of(order_of(BUY, 1, limit_price=90)).price == 90
    assert ask_of(order_of(BUY, 1, "NEW")).price is None


FIRST_STOPS = [
    # the order, the tick, the last close, the price it is estimated at
    pytest.param(order_of(BUY, 1, trail_amount=5), "0.01", "100", "105.00", id="a purchase: where its stop begins"),
    pytest.param(order_of(BUY, 1, trail_amount="0.005"), "0.01", "100", "100.01", id="a purchase: up to the tick"),
    pytest.param(order_of(BUY, 1, trail_percent=3), "0.25", "100.10", "103.25", id="in percent"),  # 103.103
    pytest.param(order_of(BUY, 1, trail_percent=3), None, "100.10", "103.11", id="without a tick: to cents"),
    pytest.param(order_of(SELL, 1, trail_amount=5), "0.01", "100", "100", id="a sale: the last close is higher"),
    pytest.param(order_of(BUY, 1, trail_amount=5, stop_price=103), "0.01", "100", "103", id="a first stop is given"),
    pytest.param(order_of(BUY, 1, "NEW", trail_amount=5), "0.01", None, None, id="before the first bar: none"),
]


@pytest.mark.parametrize(("order", "tick", "mark", "price"), FIRST_STOPS)
def test_a_trailing_stop_is_estimated_where_it_would_begin(
    order: Order, tick: str | None, mark: str | None, price: str | None
) -> None:
    unit = Instrument(order.symbol, tick_size=None if tick is None else Decimal(tick))
    found = ask_of(order, instrument=unit, marks=None if mark is None else {"ACME": mark}).price
    assert found == (None if price is None else Decimal(price))


def test_a_trailing_stop_that_was_triggered_is_estimated_at_the_last_close() -> None:
    assert ask_of(order_of(BUY, 1, trail_amount=5), is_triggered=True).price == 100


COVERED = [
    # what is held, the side, the other orders, how many units only reduce
    pytest.param(0, SELL, [], 0, id="flat"),
    pytest.param(10, SELL, [], 10, id="a sale of what is held"),
    pytest.param(-10, BUY, [], 10, id="a purchase of what is short"),
    pytest.param(10, BUY, [], 0, id="a purchase that adds"),
    pytest.param(10, SELL, [order_of(SELL, 4)], 6, id="another sale has taken its part"),
    pytest.param(10, SELL, [order_of(SELL, 4), order_of(SELL, 6)], 0, id="others have taken all"),
    pytest.param(10, SELL, [order_of(SELL, 40)], 0, id="another asks for more than there is"),
    pytest.param(10, SELL, [order_of(BUY, 4)], 10, id="a purchase takes nothing of a long"),
    pytest.param(10, SELL, [order_of(SELL, 4, "OTHER")], 10, id="a sale of another symbol takes nothing"),
    pytest.param(-10, BUY, [order_of(BUY, 4)], 6, id="another purchase covers its part"),
    pytest.param(0, SELL, [order_of(SELL, 4)], 0, id="flat, and another sale"),
]


@pytest.mark.parametrize(("held", "side", "others", "covered"), COVERED)
def test_how_many_units_only_reduce(held: int, side: Side, others: list[Order], covered: int) -> None:
    position = [("ACME", held, "10")] if held else []
    records = [record_of(order, number) for number, order in enumerate(others, start=1)]
    assert ask_of(order_of(side, 50), *position, others=records).covered == covered


# --- the largest that passes


@pytest.mark.parametrize(
    ("border", "below", "unit", "expected"),
    [
        pytest.param("47", "100", "1", "47", id="on the unit"),
        pytest.param("47.9", "100", "1", "47", id="between two units"),
        pytest.param("47", "100", "5", "45", id="a larger unit"),
        pytest.param("0.62", "1", "0.25", "0.50", id="a fraction"),
        pytest.param("100", "100", "1", "100", id="all pass"),
        pytest.param("99", "100", "1", "99", id="all but the last"),
        pytest.param("1", "100", "1", "1", id="the first alone"),
        pytest.param("0.5", "100", "1", "0", id="none"),
        pytest.param("47", "0.9", "1", "0", id="less than one unit"),
        pytest.param("47", "9.99", "2.5", "7.5", id="not beyond what was asked"),
    ],
)
def test_the_largest_multiple_that_passes(border: str, below: str, unit: str, expected: str) -> None:
    found = largest(lambda number: number <= Decimal(border), Decimal(below), Decimal(unit))
    assert found == Decimal(expected)


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from(("1", "0.5", "3")))
def test_the_largest_is_what_trying_all_finds(border: int, below: int, unit: str) -> None:
    size = Decimal(unit)
    passing = [number for number in multiples(size, below) if number <= border]
    assert largest(lambda number: number <= border, Decimal(below), size) == max(passing)


def multiples(unit: Decimal, below: int) -> list[Decimal]:
    return [unit * count for count in range(int(below // unit) + 1)]


def test_the_largest_is_found_in_few_tries() -> None:
    tried: list[Decimal] = []

    def passes(number: Decimal) -> bool:
        tried.append(number)
        return number <= 999_999

    assert largest(passes, Decimal(10**6), Decimal(1)) == 999_999
    assert len(tried) <= 20  # 2 ** 20 is above a million
    assert 0 not in tried  # zero always passes


# --- what would have passed


def within(money: str) -> Callable[[Decimal, Decimal], bool]:
    """Say what passes: what costs no more than this."""
    return lambda quantity, price: quantity * price <= Decimal(money)


TRAILING = order_of(BUY, 100, trail_amount=5)
REMEDIES = [
    # the order, the price, the money, at most, the worst price
    pytest.param(order_of(BUY, 200, limit_price=60), "60", "10000", "166", "50.00", id="a limit"),  # 10000 / 200
    pytest.param(order_of(BUY, 200, limit_price=60), "60", "10001", "166", "50.00", id="a limit, on the tick"),
    pytest.param(order_of(BUY, 200, limit_price=60), "60", "1", "0", None, id="a limit: no price would do"),
    pytest.param(order_of(BUY, 200, limit_price=60), "60", "2", "0", "0.01", id="a limit: one tick would do"),
    pytest.param(order_of(SELL, 200, limit_price=60), "60", "10000", "166", None, id="of a sale no price"),
    pytest.param(order_of(BUY, 200), "100", "10000", "100", None, id="of a market order no price"),
    # a stop is estimated at the last close, 100, if it is lower
    pytest.param(order_of(BUY, 90, stop_price=120), "120", "10000", "83", "111.11", id="a stop above the close"),
    pytest.param(order_of(BUY, 100, stop_price=120), "120", "10000", "83", None, id="a stop: 100 is no stop above it"),
    pytest.param(order_of(BUY, 100, stop_price=120), "120", "10001", "83", "100.01", id="a stop: one tick above it"),
    pytest.param(order_of(BUY, 200, stop_price=90), "100", "10000", "100", None, id="a stop below the close"),
    pytest.param(
        order_of(BUY, 200, stop_price=55, limit_price=60), "60", "10000", "166", "50.00", id="a stop-limit: its limit"
    ),
    pytest.param(TRAILING, "105", "10100", "96", None, id="a trailing stop that has no price of its own"),
]


@pytest.mark.parametrize(("order", "price", "money", "at_most", "worst_price"), REMEDIES)
def test_what_would_have_passed(order: Order, price: str, money: str, at_most: str, worst_price: str | None) -> None:
    found = find_remedies(ask_of(order), Decimal(price), within(money))
    expected = {"at_most": Decimal(at_most)}
    assert found == expected | ({} if worst_price is None else {"worst_price": Decimal(worst_price)})


def test_before_the_first_bar_any_stop_above_zero_would_do() -> None:
    order = order_of(BUY, 100, "NEW", stop_price=120)
    found = find_remedies(ask_of(order), Decimal(120), within("9000"))
    assert found == {"at_most": 75, "worst_price": 90}


def test_what_would_have_passed_is_in_the_units_of_the_instrument() -> None:
    coarse = Instrument("ACME", tick_size=Decimal("0.25"), quantity_step=Decimal(10))
    order = order_of(BUY, 210, limit_price=49)
    # 10000 / 49 = 204.08, 10000 / 210 = 47.61
    assert find_remedies(ask_of(order, instrument=coarse), Decimal(49), within("10000")) == {
        "at_most": Decimal(200),
        "worst_price": Decimal("47.50"),
    }


def test_without_units_of_an_instrument_it_is_in_those_of_the_order() -> None:
    bare, order = Instrument("ACME"), order_of(BUY, "210.5", limit_price="50.1")
    # 10000 / 50.1 = 199.6, 10000 / 210.5 = 47.505
    assert find_remedies(ask_of(order, instrument=bare), Decimal("50.1"), within("10000")) == {
        "at_most": Decimal("199.6"),
        "worst_price": Decimal("47.5"),
    }


def test_what_would_have_passed_is_of_what_remains() -> None:
    order = order_of(BUY, 200, limit_price=60)
    found = find_remedies(ask_of(order, remaining=Decimal(150)), Decimal(60), within("8999"))
    # 8999 / 60 = 149.98, 8999 / 150 = 59.99
    assert found == {"at_most": 149, "worst_price": Decimal("59.99")}


@pytest.mark.parametrize("kind", [OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE])
def test_of_a_market_order_there_is_no_worst_price(kind: OrderType) -> None:
    order = order_of(BUY, 200, type=kind)
    assert find_remedies(ask_of(order), Decimal(100), within("10000")) == {"at_most": 100}


def test_the_threads_context_changes_no_remedy() -> None:
    ask = ask_of(order_of(BUY, 123_456, limit_price="17.125"), ("ACME", -10, "1.25"))

    def passes(quantity: Decimal, price: Decimal) -> bool:
        with localcontext(Context(prec=28)):
            return quantity * price <= 1_000_000

    with localcontext(Context(prec=2, traps=[Inexact])):
        found = find_remedies(ask, Decimal("17.125"), passes)
        assert (ask.price, ask.covered) == (Decimal("17.125"), 10)
    # 1000000 / 17.125 = 58394.1, 1000000 / 123456 = 8.10005
    assert found == {"at_most": 58_394, "worst_price": Decimal("8.10")}
