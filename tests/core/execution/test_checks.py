"""What an order must satisfy at submit, and the numbers that a refusal gives (R15)."""

from collections.abc import Callable
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.execution.ask import Ask
from core.execution.broker import BacktestBroker
from core.execution.checks import check_claims, check_known, check_siblings, check_terms
from core.execution.costs import Commission
from core.execution.terms import CashRule, Limits, Terms
from core.fill import Fill
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderStatus, OrderType, Side
from core.reason import Code, Reason
from tests.core.builders import at, reason_of
from tests.core.execution.desks import ACME, OTHER, PER_UNIT, Desk, desk, portfolio_of
from tests.core.execution.records import order_of, record_of
from tests.generators import cents

T = OrderType


def terms_of(**params: Any) -> dict[str, Any]:
    """Return params, of which numbers may be written as text."""
    return {name: Decimal(value) if name not in ("name", "where") else value for name, value in params.items()}


TERMS: list[Any] = [
    # the order, and which of its terms breaks which rule; None where it passes
    pytest.param(order_of(BUY, 0), Code.QUANTITY_MUST_BE_ABOVE_ZERO, {"quantity": 0}, id="no quantity"),
    pytest.param(order_of(SELL, -5), Code.QUANTITY_MUST_BE_ABOVE_ZERO, {"quantity": -5}, id="a quantity below zero"),
    pytest.param(
        order_of(BUY, "1.5"),
        Code.QUANTITY_MUST_BE_ON_STEP,
        {"quantity": "1.5", "step": 1, "below": 1, "above": 2},
        id="a quantity between two steps",
    ),
    pytest.param(
        order_of(BUY, "0.5"),
        Code.QUANTITY_MUST_BE_ON_STEP,
        {"quantity": "0.5", "step": 1, "below": 0, "above": 1},
        id="a quantity below one step",
    ),
    pytest.param(order_of(BUY, "2.00"), None, {}, id="a quantity on the step"),
    pytest.param(order_of(BUY), None, {}, id="a market order"),
    pytest.param(order_of(BUY, type=T.MARKET_ON_OPEN), None, {}, id="on the open"),
    pytest.param(order_of(BUY, type=T.MARKET_ON_CLOSE), None, {}, id="on the close"),
    pytest.param(order_of(BUY, type=T.LIMIT), Code.PRICE_MUST_BE_GIVEN, {"name": "limit_price"}, id="no limit"),
    pytest.param(order_of(BUY, type=T.STOP), Code.PRICE_MUST_BE_GIVEN, {"name": "stop_price"}, id="no stop"),
    pytest.param(
        order_of(BUY, type=T.STOP_LIMIT), Code.PRICE_MUST_BE_GIVEN, {"name": "stop_price"}, id="neither stop nor limit"
    ),
    pytest.param(
        order_of(BUY, stop_price=9, type=T.STOP_LIMIT),
        Code.PRICE_MUST_BE_GIVEN,
        {"name": "limit_price"},
        id="a stop and no limit",
    ),
    pytest.param(
        order_of(BUY, limit_price=9, type=T.STOP_LIMIT),
        Code.PRICE_MUST_BE_GIVEN,
        {"name": "stop_price"},
        id="a limit and no stop",
    ),
    pytest.param(
        order_of(BUY, type=T.TRAILING_STOP), Code.PRICE_MUST_BE_GIVEN, {"name": "trail_amount"}, id="no trail"
    ),
    pytest.param(
        order_of(BUY, stop_price=9, type=T.TRAILING_STOP),
        Code.PRICE_MUST_BE_GIVEN,
        {"name": "trail_amount"},
        id="a first stop and no trail",
    ),
    *(
        pytest.param(
            order_of(BUY, **{name: price}),
            Code.PRICE_MUST_BE_ABOVE_ZERO,
            {"name": name, "price": price},
            id=f"{name} {price}",
        )
        for name in ("limit_price", "stop_price", "trail_amount", "trail_percent")
        for price in ("0", "-1")
    ),
    *(
        pytest.param(order_of(BUY, **{name: "0.01"}), None, {}, id=f"{name} of one tick")
        for name in ("limit_price", "stop_price", "trail_amount", "trail_percent")
    ),
    *(
        pytest.param(
            order_of(BUY, **{name: "99.995"}),
            Code.PRICE_MUST_BE_ON_TICK,
            {"name": name, "price": "99.995", "tick": "0.01", "below": "99.99", "above": "100.00"},
            id=f"example 35: {name}",
        )
        for name in ("limit_price", "stop_price")
    ),
    pytest.param(order_of(BUY, trail_amount="0.005"), None, {}, id="a trail between two ticks"),
    pytest.param(
        order_of(BUY, trail_amount=1, stop_price="9.995"),
        Code.PRICE_MUST_BE_ON_TICK,
        {"name": "stop_price", "price": "9.995", "tick": "0.01", "below": "9.99", "above": "10.00"},
        id="the first stop of a trail",
    ),
    # several at once: the quantity first, then what is missing, then stop, limit, trail
    pytest.param(
        order_of(BUY, 0, limit_price=0), Code.QUANTITY_MUST_BE_ABOVE_ZERO, {"quantity": 0}, id="quantity and price"
    ),
    pytest.param(
        order_of(BUY, limit_price=0, type=T.STOP_LIMIT),
        Code.PRICE_MUST_BE_GIVEN,
        {"name": "stop_price"},
        id="what is missing before what is wrong",
    ),
    pytest.param(
        order_of(BUY, stop_price=0, limit_price=0),
        Code.PRICE_MUST_BE_ABOVE_ZERO,
        {"name": "stop_price", "price": 0},
        id="the stop before the limit",
    ),
    pytest.param(
        order_of(BUY, stop_price=0, trail_amount=0),
        Code.PRICE_MUST_BE_ABOVE_ZERO,
        {"name": "stop_price", "price": 0},
        id="the stop before the trail",
    ),
]


@pytest.mark.parametrize(("order", "code", "params"), TERMS)
def test_an_order_that_says_what_it_may_not_is_rejected(
    order: Order, code: Code | None, params: dict[str, object]
) -> None:
    reason = check_terms(order, ACME)
    if code is None:
        assert reason is None
        return
    assert reason_of(reason) == (code.name, terms_of(**params))
    made = desk()
    tracked = made.broker.get_order(made.broker.submit(order))
    assert (tracked.status, tracked.reason) == (OrderStatus.REJECTED, reason)


def test_an_unknown_symbol_is_rejected_before_anything_else() -> None:
    made = desk()
    tracked = made.broker.get_order(made.broker.submit(order_of(BUY, -1, "NONE", limit_price=-1)))
    assert tracked.status is OrderStatus.REJECTED
    assert reason_of(tracked.reason) == ("SYMBOL_MUST_BE_KNOWN", {"symbol": "NONE", "known": "ACME, OTHER"})


def test_which_symbols_are_known() -> None:
    assert check_known("ANY", None) is None
    assert check_known("ACME", {"ACME": ACME}) is None
    assert reason_of(check_known("NONE", {"Z": ACME, "A": OTHER}))[1] == {"symbol": "NONE", "known": "A, Z"}
    assert reason_of(check_known("NONE", {}))[1] == {"symbol": "NONE", "known": "none"}


def test_without_units_any_quantity_and_any_price_will_do() -> None:
    order = order_of(BUY, "0.000000000001", limit_price="0.000000000001", stop_price="12345.678901234567")
    assert check_terms(order, Instrument("ACME")) is None


# --- siblings

SIBLINGS = [
    # the order, its siblings, and what does not agree: stop, limit, where the stop must be
    pytest.param(order_of(SELL, stop_price=98), [order_of(SELL, limit_price=103)], None, id="a sell stop below"),
    pytest.param(
        order_of(SELL, stop_price=103), [order_of(SELL, limit_price=98)], ("103", "98", "below"), id="a sell stop above"
    ),
    pytest.param(
        order_of(SELL, stop_price=100),
        [order_of(SELL, limit_price=100)],
        ("100", "100", "below"),
        id="a sell stop that equals",
    ),
    pytest.param(
        order_of(SELL, stop_price="99.99"), [order_of(SELL, limit_price=100)], None, id="a sell stop one tick below"
    ),
    pytest.param(
        order_of(SELL, limit_price=98),
        [order_of(SELL, stop_price=103)],
        ("103", "98", "below"),
        id="turned round",
    ),
    pytest.param(order_of(BUY, stop_price=103), [order_of(BUY, limit_price=98)], None, id="a buy stop above"),
    pytest.param(
        order_of(BUY, stop_price=98), [order_of(BUY, limit_price=103)], ("98", "103", "above"), id="a buy stop below"
    ),
    pytest.param(
        order_of(BUY, limit_price=100),
        [order_of(BUY, stop_price=100)],
        ("100", "100", "above"),
        id="a buy stop that equals",
    ),
    pytest.param(
        order_of(BUY, stop_price="100.01"), [order_of(BUY, limit_price=100)], None, id="a buy stop one tick above"
    ),
    pytest.param(
        order_of(SELL, stop_price=103, limit_price=102),
        [order_of(SELL, limit_price=98)],
        ("103", "98", "below"),
        id="the stop of a stop-limit counts",
    ),
    pytest.param(
        order_of(SELL, stop_price=97),
        [order_of(SELL, stop_price=95, limit_price=96)],
        None,
        id="the limit of a stop-limit does not count",
    ),
    pytest.param(
        order_of(SELL, stop_price=95, limit_price=99), [order_of(SELL, limit_price=103)], None, id="nor its own"
    ),
    pytest.param(
        order_of(SELL, stop_price=103, trail_amount=1),
        [order_of(SELL, limit_price=98)],
        ("103", "98", "below"),
        id="the first stop of a trail counts",
    ),
    pytest.param(order_of(SELL, trail_amount=1), [order_of(SELL, limit_price=98)], None, id="a trail without a stop"),
    pytest.param(order_of(BUY, stop_price=98), [order_of(SELL, limit_price=98)], None, id="of two sides"),
    pytest.param(order_of(SELL, stop_price=103), [order_of(SELL, stop_price=98)], None, id="two stops"),
    pytest.param(order_of(SELL, limit_price=103), [order_of(SELL, limit_price=98)], None, id="two limits"),
    pytest.param(order_of(SELL), [order_of(SELL, limit_price=98)], None, id="a market order"),
    pytest.param(order_of(SELL, stop_price=103), [], None, id="no sibling"),
    pytest.param(
        order_of(SELL, stop_price=99),
        [order_of(BUY, limit_price=98), order_of(SELL, limit_price=103), order_of(SELL, limit_price=98)],
        ("99", "98", "below"),
        id="the third of three",
    ),
]


@pytest.mark.parametrize(("order", "siblings", "numbers"), SIBLINGS)
def test_of_siblings_the_stop_lies_behind_the_limit(
    order: Order, siblings: list[Order], numbers: tuple[str, str, str] | None
) -> None:
    found = check_siblings(order, siblings)
    if numbers is None:
        assert found is None
        return
    stop, limit, where = numbers
    expected = terms_of(stop=stop, limit=limit, where=where)
    assert reason_of(found) == ("STOP_AND_LIMIT_MUST_AGREE", expected)


def test_no_instruments_means_every_symbol_and_every_unit_is_known() -> None:
    made = desk(instruments=None)
    assert made.accepts(BUY, "0.001", "0.00005", symbol="ANY")


def test_an_empty_list_of_instruments_means_that_no_symbol_is_known() -> None:
    reason = desk(instruments=()).reason(BUY, 1)
    assert reason_of(reason) == ("SYMBOL_MUST_BE_KNOWN", {"symbol": "ACME", "known": "none"})


PURCHASES = [
    # example 29: 100 x 100 + max(1, 0.50)
    pytest.param({"commission": PER_UNIT}, (BUY, 100), ("10001.00", "10000", "1.00", "99", None), id="example 29"),
    pytest.param({}, (BUY, 101), ("10100", "10000", "100", "100", None), id="a market order, at the last close"),
    # 200 x 60 = 12000; at 50.00 it would cost 10000
    pytest.param({}, (BUY, 200, "60"), ("12000", "10000", "2000", "166", "50"), id="a limit order, at its limit"),
    pytest.param({}, (BUY, 100, "100.01"), ("10001", "10000", "1", "99", "100"), id="one tick too dear"),
    pytest.param({"cash": "0.50"}, (BUY, 1, "1"), ("1", "0.50", "0.50", "0", "0.50"), id="less than one unit"),
    # the minimum alone is more than there is
    pytest.param(
        {"cash": "0.50", "commission": PER_UNIT}, (BUY, 1, "1"), ("2.00", "0.50", "1.50", "0", None), id="no remedy"
    ),
]


@pytest.mark.parametrize(("setting", "order", "numbers"), PURCHASES)
def test_cash_must_cover_a_purchase(
    setting: dict[str, Any], order: tuple[Any, ...], numbers: tuple[str | None, ...]
) -> None:
    names = ("needed", "available", "missing", "at_most", "worst_price")
    expected = {name: Decimal(text) for name, text in zip(names, numbers, strict=True) if text is not None}
    assert reason_of(desk(**setting).reason(*order)) == ("CASH_MUST_COVER_PURCHASE", expected)


@pytest.mark.parametrize(
    ("setting", "order"),
    [
        pytest.param({}, (BUY, 100), id="all the cash"),
        pytest.param({"cash": "10001", "commission": PER_UNIT}, (BUY, 100), id="all the cash with commission"),
        pytest.param({}, (BUY, 100, "100"), id="all the cash at a limit"),
        pytest.param({"cash": "0.01"}, (BUY, 100_000, None, "NEW"), id="no price to estimate at: checked at the fill"),
    ],
)
def test_cash_that_just_covers_is_enough(setting: dict[str, Any], order: tuple[Any, ...]) -> None:
    assert desk(**setting, instruments=None).accepts(*order)


def test_what_would_have_passed_is_on_the_step_and_on_the_tick() -> None:
    coarse = Instrument("ACME", tick_size=Decimal("0.25"), quantity_step=Decimal(10))
    made = desk(instruments=[coarse])
    _, params = reason_of(made.reason(BUY, 210, "50"))
    # 10000 / 50 = 200; 10000 / 210 = 47.61...
    assert (params["at_most"], params["worst_price"]) == (200, Decimal("47.50"))


def test_of_an_opening_sale_there_is_no_worst_price() -> None:
    _, params = reason_of(desk(allow_short=True).reason(SELL, 101, "100"))
    assert sorted(params) == ["at_most", "available", "missing", "needed"]
    assert params["at_most"] == 100


SALES = [
    pytest.param([], 10, ("0", "0", "10", "0"), id="nothing held"),
    pytest.param([("ACME", 50, "10")], 80, ("50", "0", "80", "50"), id="example 32"),
    pytest.param([("ACME", 50, "10")], 51, ("50", "0", "51", "50"), id="one too many"),
    pytest.param([("ACME", -5, "10")], 1, ("-5", "0", "1", "0"), id="a short held"),
    pytest.param([("OTHER", 50, "10")], 1, ("0", "0", "1", "0"), id="another symbol held"),
]


@pytest.mark.parametrize(("held", "asked", "numbers"), SALES)
def test_the_position_must_cover_a_sale(held: list[tuple[str, int, str]], asked: int, numbers: tuple[str, ...]) -> None:
    names = ("held", "other_sales", "asked", "at_most")
    expected = {name: Decimal(text) for name, text in zip(names, numbers, strict=True)}
    assert reason_of(desk(*held).reason(SELL, asked)) == ("POSITION_MUST_COVER_SALE", expected)


def test_what_would_have_passed_of_a_sale_is_on_the_step() -> None:
    tens = Instrument("ACME", quantity_step=Decimal(10))
    made = desk(("ACME", 15, "10"), instruments=(tens,))
    _, params = reason_of(made.reason(SELL, 20))
    assert params["at_most"] == 10
    assert made.accepts(SELL, 10)


RESERVATIONS = [
    # 10000 less 40 x 100
    pytest.param([(BUY, 40, "100")], (BUY, 60), (BUY, 61), id="an open purchase"),
    pytest.param([(BUY, 40)], (BUY, 60), (BUY, 61), id="an open purchase at market, at the last close"),
    # less 100 x 20 of another symbol
    pytest.param([(BUY, 100, "20", "OTHER")], (BUY, 80), (BUY, 81), id="a purchase of another symbol"),
    pytest.param([(BUY, 30, "100"), (BUY, 30, "90")], (BUY, 43), (BUY, 44), id="two purchases"),  # 10000 - 5700
]


@pytest.mark.parametrize(("others", "passes", "fails"), RESERVATIONS)
def test_cash_is_reserved_for_what_open_purchases_lack(
    others: list[tuple[Any, ...]], passes: tuple[Any, ...], fails: tuple[Any, ...]
) -> None:
    made = desk()
    for other in others:
        assert made.reason(*other) is None
    assert not made.accepts(*fails)
    assert made.accepts(*passes)


def test_the_reservation_includes_the_commission_of_each_order() -> None:
    made = desk(cash="10000", commission=PER_UNIT)
    assert made.reason(BUY, 40, "100") is None  # 4000 + 1
    # 10000 - 4001 = 5999: 59 x 100 + 1 fit, and 60 x 100 do not
    assert reason_of(made.reason(BUY, 60)) == (
        "CASH_MUST_COVER_PURCHASE",
        {"needed": Decimal(6001), "available": Decimal(5999), "missing": Decimal(2), "at_most": Decimal(59)},
    )


def test_an_open_order_that_has_no_price_to_estimate_at_reserves_nothing() -> None:
    made = desk(instruments=None)
    assert made.reason(BUY, 10**6, symbol="NEW") is None
    assert made.accepts(BUY, 100)
    assert not made.accepts(BUY, 101)


def test_a_purchase_filled_in_part_reserves_what_is_left_of_it() -> None:
    made = desk()
    order_id = made.submit(BUY, 60, "100")
    made.broker.execute_fill(Fill(1, order_id, "ACME", BUY, 20, 100, at(1)))
    # the cash is still 10000 here, for only the broker was told: 10000 - 40 x 100
    assert not made.accepts(BUY, 61)
    assert made.accepts(BUY, 60)


def canceled(broker: BacktestBroker, order_id: int) -> None:
    broker.cancel(order_id)


def canceled_later(broker: BacktestBroker, order_id: int) -> None:
    broker.request_cancel(order_id, at_once=False)


@pytest.mark.parametrize("end", [canceled, canceled_later])
def test_an_order_that_is_canceled_or_will_be_claims_nothing(end: Callable[[BacktestBroker, int], None]) -> None:
    made = desk(("ACME", 50, "10"))
    purchase, sale = made.submit(BUY, 100, "100"), made.submit(SELL, 50, "100")
    assert not made.accepts(BUY, 1, "100")
    assert not made.accepts(SELL, 1)
    end(made.broker, purchase)
    end(made.broker, sale)
    assert made.accepts(BUY, 100, "100")
    assert made.accepts(SELL, 50)


def test_open_sales_of_the_same_symbol_count_together() -> None:
    made = desk(("ACME", 100, "10"))
    made.submit(SELL, 30, "110")
    made.submit(SELL, 20)
    reason = reason_of(made.reason(SELL, 51))
    expected = {"held": Decimal(100), "other_sales": Decimal(50), "asked": Decimal(51), "at_most": Decimal(50)}
    assert reason == ("POSITION_MUST_COVER_SALE", expected)
    assert made.accepts(SELL, 50)


def test_open_exits_at_market_count_as_proceeds() -> None:
    made = desk(("ACME", 100, "10"), cash="0", commission=PER_UNIT)
    assert not made.accepts(BUY, 1, symbol="OTHER")
    made.submit(SELL, 100)
    # 100 x 100 - 1 = 9999: 499 x 20 + 2.495, rounded 2.50, fit
    assert made.accepts(BUY, 499, symbol="OTHER")
    assert not made.accepts(BUY, 500, symbol="OTHER")


def test_exits_at_a_limit_do_not_count_as_proceeds() -> None:
    made = desk(("ACME", 100, "10"), cash="0")
    made.submit(SELL, 100, "100")
    assert not made.accepts(BUY, 1, symbol="OTHER")


def test_a_sale_on_the_other_side_reserves_no_cash() -> None:
    made = desk(("ACME", 50, "10"))
    made.submit(SELL, 50, "120")
    assert made.accepts(BUY, 100)


SHORTS = [
    pytest.param([], "10000", (SELL, 100), (SELL, 101), id="an opening sale is checked as a purchase"),
    # of 20000 in cash, 2 x 100 x 100 is kept
    pytest.param([("ACME", -100, "100")], "20000", None, (BUY, 1, "20", "OTHER"), id="a short keeps twice its cost"),
    pytest.param([("ACME", -50, "100")], "15000", (SELL, 50), (SELL, 51), id="adding to a short"),  # 15000 - 10000
    # what covers 50 is not checked; what opens beyond may cost 15000 - 10000
    pytest.param([("ACME", -50, "100")], "15000", (BUY, 100), (BUY, 101), id="flipping a short"),
    pytest.param([("ACME", 50, "100")], "10000", (SELL, 150), (SELL, 151), id="flipping a long"),
]


@pytest.mark.parametrize(("held", "cash", "passes", "fails"), SHORTS)
def test_shorts_where_they_are_allowed(
    held: list[tuple[str, int, str]], cash: str, passes: tuple[Any, ...] | None, fails: tuple[Any, ...]
) -> None:
    made = desk(*held, cash=cash, allow_short=True)
    assert not made.accepts(*fails)
    if passes is not None:
        assert made.accepts(*passes)


@pytest.mark.parametrize(
    ("held", "order"),
    [
        pytest.param(("ACME", -10, "50"), (BUY, 10), id="a purchase that covers"),
        pytest.param(("ACME", -10, "50"), (BUY, 4, "1000"), id="a purchase that covers a part, at any price"),
        pytest.param(("ACME", 10, "50"), (SELL, 10), id="a sale of what is held"),
    ],
)
def test_what_only_reduces_is_accepted_however_little_cash_there_is(
    held: tuple[str, int, str], order: tuple[Any, ...]
) -> None:
    made = desk(held, ("OTHER", -10, "50"), cash="100", allow_short=True)  # 1000 is kept for the short in OTHER
    assert made.accepts(*order)


def test_open_orders_against_one_position_share_it() -> None:
    made = desk(("ACME", -10, "100"), cash="2000", allow_short=True)  # all of it is kept
    assert made.reason(BUY, 6) is None
    assert made.reason(BUY, 4, "90") is None
    assert not made.accepts(BUY, 1)  # this one would open


def test_what_an_open_order_opens_beyond_the_position_is_reserved() -> None:
    made = desk(("ACME", 10, "100"), cash="1000", allow_short=True)
    assert made.reason(SELL, 15, "100") is None  # opens 5 at 100
    assert not made.accepts(BUY, 26, "20", symbol="OTHER")
    assert made.accepts(BUY, 25, "20", symbol="OTHER")


@st.composite
def desks(draw: st.DrawFn) -> Desk:
    """Draw what is held, what is open and how much cash there is."""
    allow_short = draw(st.booleans())
    lowest = -30 if allow_short else 0
    held = [(symbol, draw(st.integers(lowest, 30)), "10") for symbol in ("ACME", "OTHER")]
    costs = Commission(per_unit=cents(draw(st.integers(0, 50))), minimum=cents(draw(st.integers(0, 300))))
    made = desk(
        *(one for one in held if one[1]),
        cash=str(cents(draw(st.integers(0, 200_000)))),
        marks={"ACME": str(cents(draw(st.integers(500, 2000))))},
        commission=costs,
        allow_short=allow_short,
    )
    for _ in range(draw(st.integers(0, 3))):
        made.submit(draw(st.sampled_from(Side)), draw(st.integers(1, 40)), draw(st.sampled_from((None, "9", "11"))))
    return made


@given(desks(), st.sampled_from(Side), st.integers(1, 300), st.none() | st.integers(500, 2000))
def test_a_remedy_is_exactly_the_border(made: Desk, side: Side, quantity: int, limit: int | None) -> None:
    price = None if limit is None else str(cents(limit))
    reason = made.reason(side, quantity, price)
    assume(reason is not None)
    _, params = reason_of(reason)
    at_most = params["at_most"]
    assert isinstance(at_most, Decimal)
    assert 0 <= at_most < quantity
    assert at_most == 0 or made.accepts(side, at_most, price)
    assert not made.accepts(side, at_most + 1, price)
    if price is not None and side is BUY:
        worst = params.get("worst_price", Decimal(0))
        assert isinstance(worst, Decimal)
        assert worst < cents(limit or 0)
        assert worst == 0 or made.accepts(side, quantity, str(worst))
        assert not made.accepts(side, quantity, str(worst + Decimal("0.01")))


@given(desks(), st.sampled_from(Side), st.integers(1, 300), st.none() | st.integers(500, 2000))
def test_an_order_that_passes_passes_with_fewer_units_too(
    made: Desk, side: Side, quantity: int, limit: int | None
) -> None:
    price = None if limit is None else str(cents(limit))
    if made.accepts(side, quantity, price):
        assert quantity == 1 or made.accepts(side, quantity - 1, price)


# --- which of several checks is said, and what is left out


def claims(order: Order, cash: str = "10000", **terms: Any) -> Reason | None:
    """Check the claims of an order, alone, that 10 ACME are held."""
    view = portfolio_of(("ACME", 10, "100"), cash=cash)
    return check_claims(Ask(record_of(order), view, [], Terms(PER_UNIT, **terms), ACME))


TIGHT = Limits(order_notional_max=Decimal(500))


@pytest.mark.parametrize(
    ("order", "terms", "code"),
    [
        pytest.param(order_of(SELL, 11), {"limits": TIGHT}, "POSITION_MUST_COVER_SALE", id="the position first"),
        pytest.param(order_of(BUY, 200), {"limits": TIGHT}, "NOTIONAL_MUST_BE_WITHIN_LIMIT", id="then the limits"),
        pytest.param(order_of(BUY, 200), {}, "CASH_MUST_COVER_PURCHASE", id="then the cash"),
        pytest.param(
            order_of(BUY, 200), {"cash_rule": CashRule.REDUCE}, "CASH_MUST_COVER_PURCHASE", id="by REDUCE too"
        ),
        pytest.param(order_of(BUY, 200), {"cash_rule": CashRule.ALLOW_MARGIN}, None, id="with margin no cash"),
        pytest.param(
            order_of(BUY, 200),
            {"cash_rule": CashRule.ALLOW_MARGIN, "limits": TIGHT},
            "NOTIONAL_MUST_BE_WITHIN_LIMIT",
            id="with margin the limits",
        ),
        pytest.param(order_of(SELL, 111), {"allow_short": True}, "CASH_MUST_COVER_PURCHASE", id="a short by its cash"),
        pytest.param(order_of(SELL, 109), {"allow_short": True}, None, id="a short that cash covers"),  # 9900 + 1
        pytest.param(order_of(SELL, 10), {"limits": TIGHT}, None, id="what only reduces passes all"),
    ],
)
def test_of_several_checks_the_first_that_fails_is_said(order: Order, terms: dict[str, Any], code: str | None) -> None:
    found = claims(order, **terms)
    assert (found and found.code.name) == code


def test_cash_has_to_cover_what_opens_and_the_remedies_count_all_units() -> None:
    view = portfolio_of(("ACME", -10, "100"), cash="3000")
    terms = Terms(PER_UNIT, allow_short=True)
    found = check_claims(Ask(record_of(order_of(BUY, 25, limit_price=100)), view, [], terms, ACME))
    # 10 cover; 15 x 100 + 1 of 3000 - 2 x 1000; 9 x 100 + 1 fit, at 66.60 15 x 66.60 + 1 = 1000
    expected = terms_of(needed="1501", available="1000", missing="501", at_most="19", worst_price="66.60")
    assert reason_of(found) == ("CASH_MUST_COVER_PURCHASE", expected)


def test_of_an_order_that_was_filled_in_part_what_remains_is_checked() -> None:
    view = portfolio_of(("ACME", 10, "100"))
    record = record_of(order_of(SELL, 40), remaining=Decimal(11))
    found = check_claims(Ask(record, view, [], Terms(Commission()), ACME))
    assert reason_of(found)[1] == terms_of(held=10, other_sales=0, asked=11, at_most=10)
    record.remaining = Decimal(10)
    assert check_claims(Ask(record, view, [], Terms(Commission()), ACME)) is None


def test_the_threads_context_changes_no_check() -> None:
    coarse = Instrument("ACME", tick_size=Decimal("0.125"), quantity_step=Decimal("0.5"))
    orders = [
        order_of(BUY, "123456.25"),
        order_of(BUY, 12345, limit_price="17.1"),
        order_of(SELL, "4321.5", limit_price="17.5"),
        order_of(BUY, "4321.5", limit_price="17.125"),
    ]
    view = portfolio_of(("ACME", 1234, "17.25"), cash="12345.75")

    def checked() -> list[Reason | None]:
        asks = [Ask(record_of(order), view, [], Terms(PER_UNIT), coarse) for order in orders]
        return [check_terms(ask.record.order, coarse) or check_claims(ask) for ask in asks]

    expected = checked()
    with localcontext(Context(prec=2, traps=[Inexact])):
        assert checked() == expected
    assert [reason and reason.code.name for reason in expected] == [
        "QUANTITY_MUST_BE_ON_STEP",
        "PRICE_MUST_BE_ON_TICK",
        "POSITION_MUST_COVER_SALE",
        "CASH_MUST_COVER_PURCHASE",
    ]
