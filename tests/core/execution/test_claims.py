"""What open orders claim of cash and positions (R15): each sum by itself, with the arithmetic beside it."""

from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import pytest

from core.execution.claims import (
    available_cash,
    claimed_units,
    compared,
    estimate_price,
    kept_for_shorts,
    notional_of_opening,
    opening_cost,
    sum_claims,
    units_against,
)
from core.execution.costs import Commission
from core.execution.order_record import OrderRecord
from core.execution.terms import Terms
from core.order import BUY, SELL, Order, OrderType, Side
from core.protocols import Traded
from tests.core.execution.desks import PER_UNIT, portfolio_of
from tests.core.execution.records import order_of, record_of

FREE = Terms(Commission())
SHORTS = Terms(Commission(), allow_short=True)
ON_OPEN, ON_CLOSE = OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE


def buy(quantity: int | str, symbol: str = "ACME", **terms: Any) -> Order:
    return order_of(BUY, quantity, symbol, **terms)


def sell(quantity: int | str, symbol: str = "ACME", **terms: Any) -> Order:
    return order_of(SELL, quantity, symbol, **terms)


def open_orders(*orders: Order, group: int | None = None, first: int = 1, **state: Any) -> list[OrderRecord]:
    """Return open orders, numbered in turn; all of one group, where one is given."""
    return [record_of(order, number, group_id=group, **state) for number, order in enumerate(orders, start=first)]


# --- one order


@pytest.mark.parametrize(
    ("held", "side", "against"),
    [
        pytest.param(0, BUY, 0, id="flat, a purchase"),
        pytest.param(0, SELL, 0, id="flat, a sale"),
        pytest.param(5, BUY, 0, id="long, a purchase adds"),
        pytest.param(5, SELL, 5, id="long, a sale"),
        pytest.param(-5, BUY, 5, id="short, a purchase"),
        pytest.param(-5, SELL, 0, id="short, a sale adds"),
    ],
)
def test_how_many_units_an_order_could_take_off_a_position(held: int, side: Side, against: int) -> None:
    view = portfolio_of(*([("ACME", held, "10")] if held else []), ("OTHER", 7, "10"))
    assert units_against(record_of(order_of(side, 99)), view) == against


ESTIMATES = [
    # the order, its state, the last close, the price it is estimated at
    pytest.param(buy(1), {}, "100", "100", id="market: the last close"),
    pytest.param(buy(1), {}, None, None, id="market before the first bar: none"),
    pytest.param(buy(1, type=ON_OPEN), {}, "100", "100", id="on the open: the last close"),
    pytest.param(buy(1, type=ON_CLOSE), {}, "100", "100", id="on the close: the last close"),
    pytest.param(buy(1, limit_price=90), {}, "100", "90", id="limit: itself, below the close"),
    pytest.param(buy(1, limit_price=110), {}, "100", "110", id="limit: itself, above the close"),
    pytest.param(buy(1, limit_price=90), {}, None, "90", id="limit before the first bar: itself"),
    pytest.param(buy(1, stop_price=105), {}, "100", "105", id="stop: itself, where it is higher"),
    pytest.param(buy(1, stop_price=95), {}, "100", "100", id="stop: the last close, where that is higher"),
    pytest.param(sell(1, stop_price=95), {}, "100", "100", id="sell stop: the higher too"),
    pytest.param(buy(1, stop_price=95), {}, None, "95", id="stop before the first bar: itself"),
    pytest.param(buy(1, stop_price=105), {"is_triggered": True}, "100", "100", id="a triggered stop: the last close"),
    pytest.param(buy(1, stop_price=105), {"is_triggered": True}, None, None, id="the same before the first bar"),
    pytest.param(buy(1, stop_price=105, limit_price=106), {}, "100", "106", id="stop-limit: its limit"),
    pytest.param(buy(1, trail_amount=5), {"stop_price": Decimal(107)}, "100", "107", id="trailing: where its stop is"),
    pytest.param(buy(1, trail_amount=5), {}, "100", "100", id="trailing without a stop: the last close"),
    pytest.param(buy(1, trail_amount=5), {}, None, None, id="trailing before the first bar: none"),
]


@pytest.mark.parametrize(("order", "state", "mark", "price"), ESTIMATES)
def test_the_price_at_which_an_order_is_estimated(
    order: Order, state: dict[str, Any], mark: str | None, price: str | None
) -> None:
    symbol = "NEW" if mark is None else "ACME"
    record = record_of(Order(symbol, order.side, 1, **given(order)), **({"stop_price": order.stop_price} | state))
    assert estimate_price(record, portfolio_of()) == (None if price is None else Decimal(price))


def given(order: Order) -> dict[str, Any]:
    """Return the terms of an order besides symbol, side and quantity."""
    names = ("limit_price", "stop_price", "trail_amount", "type")
    return {name: getattr(order, name) for name in names}


@pytest.mark.parametrize(
    ("opening", "price", "cost"),
    [
        pytest.param("100", "50", "5001.00", id="with the least commission"),  # 100 x 0.005 = 0.50, at least 1.00
        pytest.param("300", "50", "15001.50", id="with commission"),  # 15000 + 300 x 0.005
        pytest.param("0", "50", "0", id="nothing opens, nothing is paid"),
        pytest.param("-1", "50", "0", id="less than nothing opens"),
        pytest.param("0.5", "50", "26.00", id="half a unit opens"),  # 25 + 1
    ],
)
def test_what_opening_takes_with_its_commission(opening: str, price: str, cost: str) -> None:
    assert opening_cost(record_of(buy(1)), Decimal(opening), Decimal(price), Terms(PER_UNIT)) == Decimal(cost)


class Dear:
    """A commission on nothing too."""

    def total(self, traded: Traded) -> Decimal:
        return Decimal(7) if traded.quantity < 100 else Decimal(8)


def test_where_nothing_opens_no_model_is_asked() -> None:
    terms = Terms(Dear())
    assert opening_cost(record_of(buy(1)), Decimal(0), Decimal(50), terms) == 0
    assert opening_cost(record_of(buy(1)), Decimal(1), Decimal(50), terms) == 57
    # 10000 + 40 x 100 - 7; and of another sale at market 30 would open: 3000 + 7
    view = portfolio_of(("ACME", 40, "10"))
    assert available_cash(view, open_orders(sell(40), sell(30)), terms) == 13_993 - 3007


# --- shorts

HELD_SHORT = [("ACME", -10, "100"), ("OTHER", -4, "25"), ("LONG", 10, "50")]


@pytest.mark.parametrize(
    ("held", "ignored", "kept"),
    [
        pytest.param([], "", 0, id="nothing held"),
        pytest.param([("LONG", 10, "50")], "", 0, id="a long keeps nothing"),
        pytest.param(HELD_SHORT, "", 2200, id="twice the cost of all shorts"),  # 2 x (1000 + 100)
        pytest.param(HELD_SHORT, "ACME", 200, id="without the one that is covered"),
        pytest.param(HELD_SHORT, "LONG", 2200, id="a long that is left out changes nothing"),
    ],
)
def test_a_short_keeps_twice_its_cost(held: list[tuple[str, int, str]], ignored: str, kept: int) -> None:
    assert kept_for_shorts(portfolio_of(*held), ignored) == kept
    assert kept_for_shorts(portfolio_of()) == 0


# --- units


def test_units_are_claimed_by_symbol_and_side() -> None:
    records = open_orders(sell(30), sell(20, limit_price=110), buy(7), sell(9, "OTHER"))
    claims = {
        (symbol, sign): claimed_units(records, symbol, sign) for symbol in ("ACME", "OTHER", "NEW") for sign in (1, -1)
    }
    assert claims == {
        ("ACME", 1): 7,
        ("ACME", -1): 50,  # 30 + 20
        ("OTHER", 1): 0,
        ("OTHER", -1): 9,
        ("NEW", 1): 0,
        ("NEW", -1): 0,
    }
    assert claimed_units([], "ACME", -1) == 0


def test_siblings_claim_units_once_the_largest() -> None:
    pair = open_orders(sell(30), sell(20), group=1)
    other_pair = open_orders(sell(4), sell(5), sell(3), group=3, first=3)
    alone = open_orders(sell(7), sell(8), first=6)
    assert claimed_units(pair, "ACME", -1) == 30
    assert claimed_units([*pair, *other_pair, *alone], "ACME", -1) == 50  # 30 + 5 + 7 + 8


def test_of_siblings_of_two_sides_each_counts_on_its_own() -> None:
    pair = open_orders(sell(30), buy(20), group=1)
    assert (claimed_units(pair, "ACME", -1), claimed_units(pair, "ACME", 1)) == (30, 20)


def test_only_units_that_are_awake_are_claimed() -> None:
    record = record_of(sell(30), remaining=Decimal(25), asleep=Decimal(10))
    assert claimed_units([record], "ACME", -1) == 15


# --- cash

AVAILABLE = [
    # what is held, the open orders, the cash that is left of 10000
    pytest.param([], [], "10000", id="no orders"),
    pytest.param([], [buy(40, limit_price=100)], "5999.00", id="a limit order at its limit"),  # 4000 + 1
    pytest.param([], [buy(40)], "5999.00", id="a market order at the last close"),
    pytest.param([], [buy(40, "NEW")], "10000", id="an order without a price to estimate at"),
    pytest.param([], [buy(40, stop_price=110)], "5599.00", id="a stop order at its stop"),  # 4400 + 1
    pytest.param([], [buy(40), buy(100, "OTHER")], "3998.00", id="each pays its commission"),  # less 2000 + 1
    pytest.param([("ACME", 40, "10")], [sell(40)], "13999.00", id="an exit at market is proceeds"),  # + 4000 - 1
    pytest.param([("ACME", 40, "10")], [sell(40, type=ON_OPEN)], "13999.00", id="an exit on the open too"),
    pytest.param([("ACME", 40, "10")], [sell(40, type=ON_CLOSE)], "10000", id="not one that waits for the close"),
    pytest.param([("ACME", 40, "10")], [sell(40, limit_price=100)], "10000", id="not one at a limit"),
    pytest.param([("ACME", 40, "10")], [sell(40, stop_price=90)], "10000", id="not one at a stop"),
    # of 40 the first has 30: + 3000 - 1; the other has 10: + 1000 - 1, and 20 that would open: - 2000 - 1
    pytest.param([("ACME", 40, "10")], [sell(30), sell(30)], "11997.00", id="two exits share what is held"),
    pytest.param([("ACME", -40, "10")], [buy(40)], "10000", id="a cover at market claims nothing and gives nothing"),
]


@pytest.mark.parametrize(("held", "orders", "cash"), AVAILABLE)
def test_the_cash_on_which_no_open_order_has_a_claim(
    held: list[tuple[str, int, str]], orders: list[Order], cash: str
) -> None:
    view, terms = portfolio_of(*held), Terms(PER_UNIT)
    assert available_cash(view, open_orders(*orders), terms) == Decimal(cash)


def test_a_triggered_stop_that_exits_is_proceeds() -> None:
    record = record_of(sell(40, stop_price=110), is_triggered=True)
    assert available_cash(portfolio_of(("ACME", 40, "10")), [record], FREE) == 14_000  # 10000 + 40 x 100


def test_shorts_keep_cash_where_they_are_allowed() -> None:
    view = portfolio_of(("ACME", -10, "100"))
    assert available_cash(view, [], SHORTS) == 8_000  # 10000 - 2 x 1000
    assert available_cash(view, [], FREE) == 10_000


def test_of_siblings_the_one_that_takes_most_is_reserved() -> None:
    view = portfolio_of()
    orders = [buy(30, limit_price=100), buy(40, limit_price=90), buy(20, limit_price=110)]
    assert available_cash(view, open_orders(*orders, group=1), FREE) == 6_400  # of 3000, 3600 and 2200
    assert available_cash(view, open_orders(*orders), FREE) == 1_200  # without any tie all three


def test_of_siblings_of_two_sides_too_only_one_is_reserved() -> None:
    pair = open_orders(buy(3), sell(1), group=1)
    assert available_cash(portfolio_of(), pair, SHORTS) == 9_700  # 300 for the purchase, 100 for the short
    larger = open_orders(buy(3), sell(4), group=1)
    assert available_cash(portfolio_of(), larger, SHORTS) == 9_600


def test_siblings_without_a_price_to_estimate_at_reserve_nothing() -> None:
    assert available_cash(portfolio_of(), open_orders(buy(3, "NEW"), buy(4, "NEW"), group=1), FREE) == 10_000


def test_of_two_exits_that_are_siblings_the_lesser_proceeds_count() -> None:
    pair = open_orders(sell(40), sell(30), group=1)
    assert available_cash(portfolio_of(("ACME", 40, "10")), pair, FREE) == 13_000


def test_an_exit_at_market_beside_one_at_a_limit_is_no_proceeds_yet() -> None:
    pair = open_orders(sell(40), sell(40, limit_price=120), group=1)
    assert available_cash(portfolio_of(("ACME", 40, "10")), pair, FREE) == 10_000


def test_siblings_take_what_is_held_once_and_leave_the_rest_to_others() -> None:
    pair = open_orders(sell(25), sell(30), group=1)
    view = portfolio_of(("ACME", 40, "10"))
    # of 40 the pair has 30, so the third has 10 to reduce and 5 that open: 2500 + 1000 - 500
    third = open_orders(sell(15), first=3)
    assert available_cash(view, [*pair, *third], FREE) == 13_000
    # the other way round: 1500, and of the 25 that are left 2500 for one sibling, for the other 2500 - 500
    assert available_cash(view, [*third, *pair], FREE) == 13_500


def test_what_a_sale_opens_beyond_what_is_held_is_taken_off_its_proceeds() -> None:
    view, terms = portfolio_of(("ACME", 10, "100")), Terms(PER_UNIT, allow_short=True)
    # 10 x 100 - 1, less 5 x 100 + 1
    assert available_cash(view, open_orders(sell(15)), terms) == Decimal("10498.00")


def test_only_what_is_awake_is_reserved() -> None:
    record = record_of(buy(40, limit_price=100), remaining=Decimal(30), asleep=Decimal(10))
    assert available_cash(portfolio_of(), [record], FREE) == 8_000  # 20 x 100


# --- what open orders open


def test_what_open_orders_open_is_summed_at_their_prices() -> None:
    view = portfolio_of(("ACME", 10, "100"))
    records = [*open_orders(sell(15, limit_price=110), buy(3)), *open_orders(buy(5, "OTHER"), first=3)]
    # 5 x 110 that open, 3 x 100, 5 x 20
    assert sum_claims(records, view, notional_of_opening) == -950
    assert sum_claims([], view, notional_of_opening) == 0


def test_what_opening_takes_is_asked_anew_once_something_of_it_has_changed() -> None:
    record, terms = record_of(buy(10)), Terms(PER_UNIT)
    assert [opening_cost(record, Decimal(10), Decimal(price), terms) for price in (50, 50, 60)] == [501, 501, 601]
    assert opening_cost(record, Decimal(5), Decimal(60), terms) == 301
    assert opening_cost(record, Decimal(5), Decimal(60), FREE) == 300
    record.traded, record.commissions = Traded(Decimal(5), Decimal(300)), Decimal(1)
    assert opening_cost(record, Decimal(5), Decimal(60), terms) == 300  # the least commission is paid already


def test_what_one_order_opens_is_below_zero() -> None:
    assert notional_of_opening(record_of(buy(15)), Decimal(10), Decimal("2.50")) == Decimal("-12.50")  # 5 x 2.50


def test_a_claim_is_told_what_only_reduces_and_the_price() -> None:
    told: list[tuple[int, Decimal, Decimal]] = []

    def claim(record: OrderRecord, exits: Decimal, price: Decimal) -> Decimal:
        told.append((record.id, exits, price))
        return Decimal(record.id)

    view = portfolio_of(("ACME", 10, "100"))
    records = open_orders(sell(4), sell(9, limit_price=110), sell(2), buy(1))
    assert sum_claims(records, view, claim) == 10  # 1 + 2 + 3 + 4
    assert told == [(1, 4, 100), (2, 6, 110), (3, 0, 100), (4, 0, 100)]


# --- what was compared


def test_the_money_that_was_compared_is_given_with_what_is_missing() -> None:
    found = compared(Decimal("10001.00"), Decimal(10_000))
    assert found == {"needed": Decimal("10001.00"), "available": Decimal(10_000), "missing": Decimal("1.00")}


def test_the_threads_context_changes_no_claim() -> None:
    view, terms = portfolio_of(("ACME", -1234, "17.25"), cash="123456.75"), Terms(PER_UNIT, allow_short=True)
    records = open_orders(buy(2345, limit_price="17.125"), sell(345))

    def all_claims() -> list[object]:
        return [
            available_cash(view, records, terms),
            claimed_units(records, "ACME", 1),
            kept_for_shorts(view),
            sum_claims(records, view, notional_of_opening),
            units_against(records[0], view),
            compared(Decimal("123.456"), Decimal("12.3456")),
        ]

    expected = all_claims()
    with localcontext(Context(prec=2, traps=[Inexact])):
        assert all_claims() == expected


def test_an_order_that_has_filled_in_part_reserves_what_the_rest_adds_to_its_commission() -> None:
    # 5 units have paid the minimum of 1.00; 4 more cost 4 x 50 and nothing on top: max(1.00, 9 x 0.005) - 1.00
    record = record_of(buy(9))
    record.traded, record.commissions = Traded(Decimal(5), Decimal(250)), Decimal("1.00")
    assert opening_cost(record, Decimal(4), Decimal(50), Terms(PER_UNIT)) == 200


def test_what_an_order_will_pay_in_commission_is_counted_as_a_taker_s() -> None:
    terms = Terms(Commission(basis_points=10, maker_basis_points=-10))
    assert opening_cost(record_of(buy(100)), Decimal(100), Decimal(50), terms) == 5005  # 5000 + 5000 x 0.001


def test_the_proceeds_of_an_exit_are_less_a_commission_on_what_it_is_for() -> None:
    view, terms = portfolio_of(("ACME", 40, "10")), Terms(Commission(basis_points=10))
    assert available_cash(view, open_orders(sell(40)), terms) == 13_996  # 10000 + 4000 - 4000 x 0.001


def test_exits_of_two_symbols_take_nothing_from_each_other() -> None:
    view = portfolio_of(("ACME", 40, "10"), ("OTHER", 40, "10"))
    exits = open_orders(sell(40), sell(40, "OTHER"))
    assert available_cash(view, exits, FREE) == 14_800  # 10000 + 40 x 100 + 40 x 20
