"""What an order must satisfy, at submit and at fill, and the numbers that a refusal gives (R15, R15b)."""

from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.execution.broker import BacktestBroker
from core.execution.costs import Commission
from core.fill import Fill
from core.instrument import Instrument
from core.order import BUY, SELL, Order, OrderStatus, OrderType, Side
from core.reason import Code, Reason
from core.risk.portfolio import PortfolioState
from tests.core.builders import at, reason_of
from tests.generators import cents

ACME = Instrument("ACME", tick_size=Decimal("0.01"), quantity_step=Decimal(1))
OTHER = Instrument("OTHER", tick_size=Decimal("0.01"), quantity_step=Decimal(1))
PER_UNIT = Commission(per_unit=Decimal("0.005"), minimum=Decimal(1))


class Desk(NamedTuple):
    """A portfolio, and the broker that reads it."""

    portfolio: PortfolioState
    broker: BacktestBroker

    def submit(self, side: Side, quantity: int | str, limit: str | None = None, symbol: str = "ACME") -> int:
        price = None if limit is None else Decimal(limit)
        return self.broker.submit(Order(symbol, side, Decimal(quantity), limit_price=price))

    def reason(self, *order: Any, **named: Any) -> Reason | None:
        return self.broker.get_order(self.submit(*order, **named)).reason

    def accepts(self, *order: Any, **named: Any) -> bool:
        """Say whether an order passes, and leave no claim behind."""
        order_id = self.submit(*order, **named)
        accepted = self.broker.get_order(order_id).status is OrderStatus.ACCEPTED
        if accepted:
            self.broker.cancel(order_id)
        return accepted


def desk(*held: tuple[str, int, str], cash: str = "10000", marks: dict[str, str] | None = None, **broker: Any) -> Desk:
    """Set up a portfolio with some positions (symbol, quantity, cost of each) and then so much cash."""
    portfolio = PortfolioState(10**9)
    for symbol, quantity, price in held:
        portfolio.update_position(symbol=symbol, quantity_delta=quantity, price=Decimal(price), timestamp=at(0))
    surplus = portfolio.get_cash_balance() - Decimal(cash)
    portfolio.withdraw(surplus, at(0))
    for symbol, price in ({"ACME": "100", "OTHER": "20"} | (marks or {})).items():
        portfolio.mark(symbol, Decimal(price), at(0))
    return Desk(portfolio, BacktestBroker(portfolio, **({"instruments": (ACME, OTHER)} | broker)))


TERMS = [
    pytest.param(Order("NONE", BUY, 1), Code.SYMBOL_MUST_BE_KNOWN, {"symbol": "NONE", "known": "ACME, OTHER"}),
    pytest.param(Order("ACME", BUY, 0), Code.QUANTITY_MUST_BE_ABOVE_ZERO, {"quantity": 0}),
    pytest.param(Order("ACME", SELL, -5), Code.QUANTITY_MUST_BE_ABOVE_ZERO, {"quantity": -5}),
    pytest.param(
        Order("ACME", BUY, Decimal("1.5")),
        Code.QUANTITY_MUST_BE_ON_STEP,
        {"quantity": Decimal("1.5"), "step": 1, "below": 1, "above": 2},
    ),
    pytest.param(Order("ACME", BUY, 1, type=OrderType.LIMIT), Code.PRICE_MUST_BE_GIVEN, {}),
    pytest.param(Order("ACME", BUY, 1, limit_price=0), Code.PRICE_MUST_BE_ABOVE_ZERO, {"price": 0}),
    pytest.param(Order("ACME", BUY, 1, limit_price=-1), Code.PRICE_MUST_BE_ABOVE_ZERO, {"price": -1}),
    pytest.param(
        Order("ACME", BUY, 1, limit_price=Decimal("99.995")),
        Code.PRICE_MUST_BE_ON_TICK,
        {
            "price": Decimal("99.995"),
            "tick": Decimal("0.01"),
            "below": Decimal("99.99"),
            "above": Decimal("100.00"),
        },
        id="example 35",
    ),
]


@pytest.mark.parametrize(("order", "code", "params"), TERMS)
def test_an_order_that_says_what_it_may_not_is_rejected(order: Order, code: Code, params: dict[str, object]) -> None:
    made = desk()
    tracked = made.broker.get_order(made.broker.submit(order))
    assert tracked.status is OrderStatus.REJECTED
    assert reason_of(tracked.reason) == (code.name, params)


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


@pytest.mark.parametrize("ending", ["cancel", "queue_cancel"])
def test_an_order_that_is_canceled_or_will_be_claims_nothing(ending: str) -> None:
    made = desk(("ACME", 50, "10"))
    purchase, sale = made.submit(BUY, 100, "100"), made.submit(SELL, 50, "100")
    assert not made.accepts(BUY, 1, "100")
    assert not made.accepts(SELL, 1)
    getattr(made.broker, ending)(purchase)
    getattr(made.broker, ending)(sale)
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


def filled(made: Desk, order_id: int, price: str) -> Any:
    return made.broker.check_fill(made.broker.tracker.find(order_id), Decimal(price))


def test_example_30_cash_must_cover_the_fill() -> None:
    made = desk(commission=PER_UNIT)
    order_id = made.submit(BUY, 99)  # estimate 9900 + 1
    check = filled(made, order_id, "102")
    assert (check.quantity, check.commission) == (0, 0)
    # 99 x 102 + 1
    expected = {
        "price": Decimal(102),
        "needed": Decimal("10099.00"),
        "available": Decimal(10000),
        "missing": Decimal(99),
    }
    assert reason_of(check.refusal) == ("CASH_MUST_COVER_FILL", expected)


def test_a_fill_that_cash_just_covers_passes() -> None:
    made = desk(cash="10099", commission=PER_UNIT)
    check = filled(made, made.submit(BUY, 99), "102")
    assert (check.quantity, check.commission, check.refusal, check.note) == (99, 1, None, None)


def test_at_the_fill_too_a_short_keeps_twice_its_cost() -> None:
    made = desk(("OTHER", -10, "100"), cash="3000", allow_short=True)  # 2000 are kept
    order_id = made.submit(BUY, 10)
    assert filled(made, order_id, "100").quantity == 10
    refused = filled(made, order_id, "100.01")
    assert refused.quantity == 0
    expected = {"price": "100.01", "needed": "1000.10", "available": "1000", "missing": "0.10"}
    assert reason_of(refused.refusal) == (
        "CASH_MUST_COVER_FILL",
        {name: Decimal(value) for name, value in expected.items()},
    )


def test_without_shorts_nothing_is_kept_for_one_that_was_booked_by_hand() -> None:
    made = desk(("OTHER", -10, "100"), cash="1000")
    assert made.accepts(BUY, 10)
    assert filled(made, made.submit(BUY, 10), "100").quantity == 10


def test_a_fill_is_not_reduced_by_what_others_have_reserved() -> None:
    made = desk()
    first = made.submit(BUY, 50, "100")
    made.submit(BUY, 50, "100")
    assert filled(made, first, "100").quantity == 50


FLIPS = [
    # covers 10 x 100, opens 5 x 100: 1500 of 2500 less nothing kept for others
    pytest.param(("ACME", -10, "100"), BUY, 15, "1500", "100", 15, None, id="cash covers cover and open"),
    # after covering, 400 are left for 5 x 100
    pytest.param(("ACME", -10, "100"), BUY, 15, "1400", "100", 10, ("500", "400", "100"), id="only the cover fills"),
    # proceeds of 10 x 100 count: 1000 for the 10 that open
    pytest.param(("ACME", 10, "100"), SELL, 20, "0", "100", 20, None, id="proceeds cover the opening sale"),
    pytest.param(("ACME", 10, "100"), SELL, 21, "0", "100", 10, ("1100", "1000", "100"), id="one too many opens"),
]


@pytest.mark.parametrize(("held", "side", "quantity", "cash", "price", "fills", "numbers"), FLIPS)
def test_what_a_flip_closes_always_fills_and_what_it_opens_is_checked(
    held: tuple[str, int, str],
    side: Side,
    quantity: int,
    cash: str,
    price: str,
    fills: int,
    numbers: tuple[str, ...] | None,
) -> None:
    made = desk(held, cash="100000", allow_short=True)
    order_id = made.submit(side, quantity)
    surplus = made.portfolio.get_cash_balance() - Decimal(cash)
    made.portfolio.withdraw(surplus, at(0))
    check = filled(made, order_id, price)
    assert check.quantity == fills
    if numbers is None:
        assert check.refusal is None
        return
    names = ("needed", "available", "missing")
    expected = {name: Decimal(text) for name, text in zip(names, numbers, strict=True)}
    assert reason_of(check.refusal) == ("CASH_MUST_COVER_FILL", expected | {"price": Decimal(price)})


def test_without_shorts_no_fill_goes_below_zero() -> None:
    made = desk(("ACME", 10, "100"))
    order_id = made.submit(SELL, 10)
    made.portfolio.update_position(symbol="ACME", quantity_delta=-4, price=100, timestamp=at(1))
    check = filled(made, order_id, "100")
    assert check.quantity == 6
    assert reason_of(check.refusal) == ("SHORT_NOT_ALLOWED", {"held": Decimal(6), "asked": Decimal(10)})


def test_what_reduces_is_never_refused_and_a_balance_below_zero_is_said() -> None:
    made = desk(("ACME", -10, "100"), cash="2000", allow_short=True)
    check = filled(made, made.submit(BUY, 10), "250.50")
    assert (check.quantity, check.refusal) == (10, None)
    assert reason_of(check.note) == ("CASH_BELOW_ZERO", {"cash": Decimal("-505.00")})  # 2000 - 2505


def test_a_sale_whose_commission_exceeds_its_proceeds_says_that_cash_is_below_zero() -> None:
    made = desk(("ACME", 1, "100"), cash="0", commission=Commission(minimum=Decimal(150)))
    check = filled(made, made.submit(SELL, 1), "100")
    assert (check.quantity, check.commission) == (1, 150)
    assert reason_of(check.note) == ("CASH_BELOW_ZERO", {"cash": Decimal(-50)})  # 100 - 150


def test_a_covering_part_of_a_refused_flip_says_that_cash_is_below_zero() -> None:
    made = desk(("ACME", -10, "100"), cash="100000", allow_short=True)
    order_id = made.submit(BUY, 15)
    made.portfolio.withdraw(99_500, at(0))
    check = filled(made, order_id, "100")
    assert check.quantity == 10
    assert reason_of(check.note) == ("CASH_BELOW_ZERO", {"cash": Decimal(-500)})  # 500 - 1000
    assert check.refusal is not None


def test_example_33_a_fill_is_charged_what_it_adds_to_its_orders_commission() -> None:
    made = desk(cash="100000", commission=PER_UNIT)
    order_id = made.submit(BUY, 150)
    record = made.broker.tracker.find(order_id)
    # 100 x 0.005 = 0.50, at least 1.00
    made.broker.execute_fill(Fill(1, order_id, "ACME", BUY, 100, 100, at(1), Decimal("1.00")))
    # 150 x 0.005 = 0.75, at least 1.00: nothing to add
    assert record.commissions == Decimal("1.00")
    assert filled(made, order_id, "100").commission == Decimal("0.00")
