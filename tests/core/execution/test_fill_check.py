"""How much of an order may fill at the price it has met, and the numbers that a refusal gives (R15b, R16)."""

from decimal import Context, Decimal, Inexact, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.execution.costs import Commission
from core.execution.fill_check import FillCheck, all_or_nothing, check_fill
from core.execution.terms import CashRule, Terms
from core.fill import Fill, FillRule
from core.instrument import Instrument
from core.order import BUY, SELL, Side, TimeInForce
from core.reason import Reason
from tests.core.builders import at, reason_of
from tests.core.execution.desks import ACME, PER_UNIT, Desk, desk, portfolio_of
from tests.core.execution.records import order_of, record_of
from tests.generators import cents

ONE = Commission(minimum=Decimal(1))
REJECT, REDUCE, MARGIN = CashRule.REJECT, CashRule.REDUCE, CashRule.ALLOW_MARGIN


def params(**numbers: str) -> dict[str, Decimal]:
    return {name: Decimal(number) for name, number in numbers.items()}


def refused(reason: Reason | None, *numbers: str) -> None:
    """Assert that cash does not cover a fill: its price, what it needs, what there is, what is missing, at most."""
    names = ("price", "needed", "available", "missing", "at_most")
    expected = {name: Decimal(number) for name, number in zip(names, numbers, strict=True)}
    assert reason_of(reason) == ("CASH_MUST_COVER_FILL", expected)


# --- what opens or adds


def test_example_30_cash_must_cover_the_fill() -> None:
    made = desk(commission=PER_UNIT)
    order_id = made.submit(BUY, 99)  # estimate 9900 + 1
    check = made.check_fill(order_id, "102")
    assert (check.quantity, check.commission, check.note) == (0, 0, None)
    # 99 x 102 + 1; 98 x 102 + 1 = 9997
    refused(check.refusal, "102", "10099.00", "10000", "99.00", "98")


def test_example_30_as_much_as_cash_covers() -> None:
    made = desk(commission=PER_UNIT, cash_rule=REDUCE)
    check = made.check_fill(made.submit(BUY, 99), "102")
    assert (check.quantity, check.commission, check.note) == (98, Decimal("1.00"), None)
    refused(check.refusal, "102", "10099.00", "10000", "99.00", "98")


def test_with_margin_cash_is_not_looked_at() -> None:
    made = desk(commission=PER_UNIT, cash_rule=MARGIN)
    check = made.check_fill(made.submit(BUY, 1_000), "102")
    assert check == FillCheck(Decimal(1000), Decimal("5.00"))  # 1000 x 0.005


@pytest.mark.parametrize("rule", CashRule)
def test_a_fill_that_cash_just_covers_passes(rule: CashRule) -> None:
    made = desk(cash="10099", commission=PER_UNIT, cash_rule=rule)
    assert made.check_fill(made.submit(BUY, 99), "102") == FillCheck(Decimal(99), Decimal("1.00"))  # 10098 + 1


@pytest.mark.parametrize(
    ("rule", "quantity", "commission"),
    [(REJECT, "0", "0"), (REDUCE, "98", "1.00"), (MARGIN, "99", "1.00")],
)
def test_a_fill_that_lacks_a_cent_follows_the_rule(rule: CashRule, quantity: str, commission: str) -> None:
    made = desk(commission=PER_UNIT, cash_rule=rule)
    order_id = made.submit(BUY, 99)
    made.leave("10098.99")
    check = made.check_fill(order_id, "102")
    assert (check.quantity, check.commission) == (Decimal(quantity), Decimal(commission))
    assert (check.refusal is None) == (rule is MARGIN)
    if rule is not MARGIN:
        refused(check.refusal, "102", "10099.00", "10098.99", "0.01", "98")


def test_only_the_units_that_the_market_offers_are_checked() -> None:
    made = desk()
    order_id = made.submit(BUY, 100)
    assert made.check_fill(order_id, "102", 98) == FillCheck(Decimal(98), Decimal("0.00"))  # 9996
    refused(made.check_fill(order_id, "102", 99).refusal, "102", "10098", "10000", "98", "98")


REDUCED = [
    # the step, the commission, the cash, the price, how many fill, what they cost
    pytest.param("1", Commission(), "1000", "100", "10", "0.00", id="all of the cash"),
    pytest.param("1", Commission(), "999.99", "100", "9", "0.00", id="a cent less"),
    pytest.param("1", ONE, "1000", "100", "9", "1.00", id="with commission"),
    pytest.param("1", ONE, "1001", "100", "10", "1.00", id="with commission, all of the cash"),
    pytest.param("1", ONE, "100.99", "100", "0", "0", id="not even one"),
    pytest.param("1", ONE, "0", "100", "0", "0", id="no cash"),
    pytest.param("4", Commission(), "1000", "100", "8", "0.00", id="down to the step"),
    pytest.param("0.25", Commission(), "999.99", "100", "9.75", "0.00", id="down to a fraction"),
    pytest.param(None, Commission(), "999.99", "100", "9", "0.00", id="without a step: in the units of the order"),
    # 10 basis points: 9 x 100 x 1.001 = 900.90, 10 x 100 x 1.001 = 1001
    pytest.param("1", Commission(basis_points=10), "1000.99", "100", "9", "0.90", id="with a part of the notional"),
]


@pytest.mark.parametrize(("step", "costs", "cash", "price", "quantity", "commission"), REDUCED)
def test_as_much_fills_as_cash_covers_with_commission(
    step: str | None, costs: Commission, cash: str, price: str, quantity: str, commission: str
) -> None:
    unit = Instrument("ACME", quantity_step=None if step is None else Decimal(step))
    made = desk(cash="100000", commission=costs, cash_rule=REDUCE, instruments=[unit])
    order_id = made.submit(BUY, 100)
    made.leave(cash)
    check = made.check_fill(order_id, price)
    assert (check.quantity, check.commission) == (Decimal(quantity), Decimal(commission))
    assert reason_of(check.refusal)[1]["at_most"] == Decimal(quantity)


def test_without_a_step_a_fraction_of_an_order_is_in_its_own_digits() -> None:
    made = desk(cash="100000", cash_rule=REDUCE, instruments=None)
    order_id = made.submit(BUY, "100.5")
    made.leave("999.99")
    assert made.check_fill(order_id, "100").quantity == Decimal("9.9")  # 990, and 10 would take 1000


@given(st.integers(1, 60), st.integers(1, 2000), st.integers(0, 30_000), st.integers(0, 300), st.integers(0, 30))
def test_the_quantity_that_cash_covers_is_exactly_the_border(
    quantity: int, price: int, cash: int, minimum: int, rate: int
) -> None:
    costs = Commission(per_unit=cents(rate), minimum=cents(minimum))
    made = desk(cash="1000000", commission=costs, cash_rule=REDUCE)
    order_id = made.submit(BUY, quantity)
    made.leave(str(cents(cash)))

    def covers(units: int) -> bool:
        return units * price + max(minimum, rate * units) <= cash

    check = made.check_fill(order_id, str(cents(price)))
    most = max((units for units in range(1, quantity + 1) if covers(units)), default=0)
    assert check.quantity == most
    assert (check.refusal is None) == (most == quantity)
    assert check.commission == (cents(max(minimum, rate * most)) if most else 0)


def test_a_fill_is_not_reduced_by_what_others_have_reserved() -> None:
    made = desk()
    first = made.submit(BUY, 50, "100")
    made.submit(BUY, 50, "100")
    assert made.check_fill(first, "100").quantity == 50


def test_at_the_fill_too_a_short_keeps_twice_its_cost() -> None:
    made = desk(("OTHER", -10, "100"), cash="3000", allow_short=True)  # 2000 are kept
    order_id = made.submit(BUY, 10)
    assert made.check_fill(order_id, "100").quantity == 10
    check = made.check_fill(order_id, "100.01")
    assert check.quantity == 0
    refused(check.refusal, "100.01", "1000.10", "1000", "0.10", "9")


def test_without_shorts_nothing_is_kept_for_one_that_was_booked_by_hand() -> None:
    made = desk(("OTHER", -10, "100"), cash="1000")
    assert made.accepts(BUY, 10)
    assert made.check_fill(made.submit(BUY, 10), "100").quantity == 10


def test_an_opening_sale_is_checked_as_a_purchase() -> None:
    made = desk(cash="1000", allow_short=True, commission=ONE)
    order_id = made.submit(SELL, 9, "100")
    assert made.check_fill(order_id, "111") == FillCheck(Decimal(9), Decimal("1.00"))  # 999 + 1
    refused(made.check_fill(order_id, "111.01").refusal, "111.01", "1000.09", "1000", "0.09", "8")


def test_a_sale_that_adds_to_a_short_leaves_twice_its_cost_alone() -> None:
    made = desk(("ACME", -10, "100"), cash="3000", allow_short=True)  # 2000 are kept
    order_id = made.submit(SELL, 10)
    assert made.check_fill(order_id, "100").quantity == 10
    refused(made.check_fill(order_id, "100.01").refusal, "100.01", "1000.10", "1000", "0.10", "9")


def test_a_fill_that_is_refused_whole_leaves_the_cash_as_it_is_and_says_nothing_of_it() -> None:
    made = desk()
    order_id = made.submit(BUY, 10)
    made.leave("-5")
    check = made.check_fill(order_id, "100")
    assert (check.quantity, check.commission, check.note) == (0, 0, None)
    refused(check.refusal, "100", "1000", "-5", "1005", "0")


# --- flips

FLIPS = [
    # held, side, quantity, cash, price, how many fill, the refusal: needed, available, missing, at most
    # covers 10 x 100, opens 5 x 100: 1500 of 1500
    pytest.param(-10, BUY, 15, "1500", "100", 15, None, id="cash covers cover and open"),
    # after covering, 499 are left for 5 x 100
    pytest.param(-10, BUY, 15, "1499", "100", 10, ("500", "499", "1", "14"), id="only the cover fills"),
    # after covering, 500 are missing
    pytest.param(-10, BUY, 15, "500", "100", 10, ("500", "-500", "1000", "10"), id="less than the cover takes"),
    # proceeds of 10 x 100 count: 1000 for the 10 that open
    pytest.param(10, SELL, 20, "0", "100", 20, None, id="proceeds cover the opening sale"),
    pytest.param(10, SELL, 21, "0", "100", 10, ("1100", "1000", "100", "20"), id="one too many opens"),
    # 10 x 99.50 for 10 x 99.50
    pytest.param(10, SELL, 20, "0", "99.50", 20, None, id="proceeds at the fill price"),
]


@pytest.mark.parametrize(("held", "side", "quantity", "cash", "price", "fills", "numbers"), FLIPS)
def test_what_a_flip_closes_always_fills_and_what_it_opens_is_checked(
    held: int, side: Side, quantity: int, cash: str, price: str, fills: int, numbers: tuple[str, ...] | None
) -> None:
    made = desk(("ACME", held, "100"), cash="100000", allow_short=True)
    order_id = made.submit(side, quantity)
    made.leave(cash)
    check = made.check_fill(order_id, price)
    assert check.quantity == fills
    if numbers is None:
        assert check.refusal is None
        return
    refused(check.refusal, price, *numbers)


def test_the_commission_of_a_flip_is_on_the_whole_and_paid_by_what_opens() -> None:
    made = desk(("ACME", 10, "100"), cash="0", allow_short=True, commission=Commission(per_unit=Decimal(1)))
    made.leave("100000")
    order_id = made.submit(SELL, 20)
    made.leave("20")
    assert made.check_fill(order_id, "100") == FillCheck(Decimal(20), Decimal("20.00"))  # 1000 + 20 of 1000 + 20
    made.leave("19.99")
    check = made.check_fill(order_id, "100")
    assert (check.quantity, check.commission) == (10, Decimal("10.00"))
    refused(check.refusal, "100", "1020.00", "1019.99", "0.01", "19")


def test_of_a_flip_as_much_opens_as_cash_covers() -> None:
    made = desk(("ACME", -10, "100"), cash="100000", allow_short=True, cash_rule=REDUCE)
    order_id = made.submit(BUY, 15)
    made.leave("1250")
    check = made.check_fill(order_id, "100")  # after covering 250 are left: two more
    assert (check.quantity, check.note) == (12, None)
    refused(check.refusal, "100", "500", "250", "250", "12")


def test_of_a_flip_that_cash_does_not_cover_at_all_only_the_cover_fills() -> None:
    made = desk(("ACME", -10, "100"), cash="100000", allow_short=True, cash_rule=REDUCE)
    order_id = made.submit(BUY, 15)
    made.leave("1099.99")
    check = made.check_fill(order_id, "100")
    assert check.quantity == 10
    refused(check.refusal, "100", "500", "99.99", "400.01", "10")


def test_of_a_flip_with_a_large_step_the_cover_fills_all_the_same() -> None:
    tens = Instrument("ACME", quantity_step=Decimal(10))
    made = desk(("ACME", -5, "100"), cash="100000", allow_short=True, cash_rule=REDUCE, instruments=[tens])
    order_id = made.submit(BUY, 20)
    made.leave("900")  # after covering 400 are left
    check = made.check_fill(order_id, "100")
    assert check.quantity == 5
    refused(check.refusal, "100", "1500", "400", "1100", "5")


def test_a_flip_keeps_nothing_for_the_short_that_it_closes_and_all_for_another() -> None:
    made = desk(("ACME", -10, "100"), ("OTHER", -10, "50"), cash="100000", allow_short=True)
    order_id = made.submit(BUY, 15)
    made.leave("2500")  # 1000 are kept, 1000 cover, 500 open
    assert made.check_fill(order_id, "100").quantity == 15
    made.leave("2499.99")
    refused(made.check_fill(order_id, "100").refusal, "100", "500", "499.99", "0.01", "14")


# --- shorts that are not allowed


def test_without_shorts_no_fill_goes_below_zero() -> None:
    made = desk(("ACME", 10, "100"))
    order_id = made.submit(SELL, 10)
    made.portfolio.update_position(symbol="ACME", quantity_delta=-4, price=100, timestamp=at(1))
    check = made.check_fill(order_id, "100")
    assert (check.quantity, check.note) == (6, None)
    assert reason_of(check.refusal) == ("SHORT_NOT_ALLOWED", params(held="6", asked="10", at_most="6"))


@pytest.mark.parametrize("rule", CashRule)
def test_without_shorts_a_sale_of_nothing_held_does_not_fill_by_any_rule(rule: CashRule) -> None:
    made = desk(("ACME", 10, "100"), cash_rule=rule)
    order_id = made.submit(SELL, 10)
    made.portfolio.update_position(symbol="ACME", quantity_delta=-14, price=100, timestamp=at(1))
    check = made.check_fill(order_id, "100")
    assert (check.quantity, check.commission, check.note) == (0, 0, None)
    assert reason_of(check.refusal) == ("SHORT_NOT_ALLOWED", params(held="-4", asked="10", at_most="0"))


# --- what reduces


def test_what_reduces_is_never_refused_and_a_balance_below_zero_is_said() -> None:
    made = desk(("ACME", -10, "100"), cash="2000", allow_short=True)
    check = made.check_fill(made.submit(BUY, 10), "250.50")
    assert (check.quantity, check.refusal) == (10, None)
    assert reason_of(check.note) == ("CASH_BELOW_ZERO", {"cash": Decimal("-505.00")})  # 2000 - 2505


def test_a_balance_of_exactly_zero_is_not_below_zero() -> None:
    made = desk(("ACME", -10, "100"), cash="2000", allow_short=True)
    order_id = made.submit(BUY, 10)
    assert made.check_fill(order_id, "200") == FillCheck(Decimal(10), Decimal("0.00"))
    assert reason_of(made.check_fill(order_id, "200.01").note)[1]["cash"] == Decimal("-0.10")


def test_a_sale_whose_commission_exceeds_its_proceeds_says_that_cash_is_below_zero() -> None:
    made = desk(("ACME", 1, "100"), cash="0", commission=Commission(minimum=Decimal(150)))
    check = made.check_fill(made.submit(SELL, 1), "100")
    assert (check.quantity, check.commission) == (1, 150)
    assert reason_of(check.note) == ("CASH_BELOW_ZERO", {"cash": Decimal(-50)})  # 100 - 150


def test_a_covering_part_of_a_refused_flip_says_that_cash_is_below_zero() -> None:
    made = desk(("ACME", -10, "100"), cash="100000", allow_short=True)
    order_id = made.submit(BUY, 15)
    made.leave("500")
    check = made.check_fill(order_id, "100")
    assert check.quantity == 10
    assert reason_of(check.note) == ("CASH_BELOW_ZERO", {"cash": Decimal(-500)})  # 500 - 1000
    refused(check.refusal, "100", "500", "-500", "1000", "10")


# --- what a fill is charged


def test_example_33_a_fill_is_charged_what_it_adds_to_its_orders_commission() -> None:
    made = desk(cash="100000", commission=PER_UNIT)
    order_id = made.submit(BUY, 150)
    record = made.broker.tracker.find(order_id)
    # 100 x 0.005 = 0.50, at least 1.00
    assert made.check_fill(order_id, "100", 100).commission == Decimal("1.00")
    made.broker.execute_fill(Fill(1, order_id, "ACME", BUY, 100, 100, at(1), Decimal("1.00")))
    # 150 x 0.005 = 0.75, at least 1.00: nothing to add
    assert record.commissions == Decimal("1.00")
    assert made.check_fill(order_id, "100").commission == Decimal("0.00")


@pytest.mark.parametrize(
    ("rule", "commission"),
    [(FillRule.LEG, "-1.00"), (FillRule.OPEN, "5.00"), (FillRule.STOP, "5.00"), (FillRule.INSTANT, "5.00")],
)
def test_what_rested_pays_the_rate_of_a_maker(rule: FillRule, commission: str) -> None:
    costs = Commission(basis_points=Decimal(5), maker_basis_points=Decimal(-1))
    made = desk(cash="100000", commission=costs)
    order_id = made.submit(BUY, 100, "100")
    assert made.check_fill(order_id, "100", rule=rule).commission == Decimal(commission)  # of 10000


def test_an_order_takes_if_nothing_is_said() -> None:
    terms = Terms(Commission(basis_points=Decimal(5), maker_basis_points=Decimal(-1)))
    check = check_fill(record_of(order_of(BUY, 10)), Decimal(10), Decimal(100), portfolio_of(), terms, ACME)
    assert check == FillCheck(Decimal(10), Decimal("0.50"))  # 5 basis points of 1000


# --- all or nothing


@pytest.mark.parametrize(
    ("life", "asked", "available", "numbers"),
    [
        pytest.param(TimeInForce.FOK, 800, "800", None, id="all"),
        pytest.param(TimeInForce.FOK, 800, "799", ("800", "799"), id="one less"),
        pytest.param(TimeInForce.FOK, 800, "0", ("800", "0"), id="nothing"),
        pytest.param(TimeInForce.FOK, 500, "500", None, id="all that is awake"),
        pytest.param(TimeInForce.FOK, 500, "499", ("500", "499"), id="one less than is awake"),
        pytest.param(TimeInForce.IOC, 800, "1", None, id="an IOC order takes what there is"),
        pytest.param(TimeInForce.GTC, 800, "0", None, id="any other order waits"),
    ],
)
def test_an_order_for_all_or_nothing(
    life: TimeInForce, asked: int, available: str, numbers: tuple[str, str] | None
) -> None:
    record = record_of(order_of(BUY, 800, time_in_force=life))
    found = all_or_nothing(record, Decimal(asked), Decimal(available))
    if numbers is None:
        assert found is None
        return
    assert reason_of(found) == ("FOK_NOT_FILLABLE", params(asked=numbers[0], available=numbers[1]))


def test_the_threads_context_changes_no_check() -> None:
    def check(made: Desk, order_id: int) -> Any:
        return made.check_fill(order_id, "17.125")

    made = desk(("ACME", -1234, "17.25"), cash="123456.75", allow_short=True, commission=PER_UNIT, cash_rule=REDUCE)
    order_id = made.submit(BUY, 5000, "17.00")
    expected = check(made, order_id)
    made.leave("30000.33")
    refusal = check(made, order_id)
    with localcontext(Context(prec=2, traps=[Inexact])):
        assert check(made, order_id) == refusal
    # 30000.33 - 1234 x 17.125 = 8868.08 for what opens: 517 x 17.125 + 1751 x 0.005 = 8862.38
    assert (expected.quantity, refusal.quantity) == (5000, 1751)
