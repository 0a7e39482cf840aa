"""What orders cost: commission, rounded half-up (rule R16), and slippage against the trader (rule R11)."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Context, Decimal, Inexact, localcontext
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from math import ceil, floor
from typing import Any, TypeAlias

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backtest.conversion import convert, plain
from core.errors import NotExactError
from core.execution.costs import (
    BasisPointSlippage,
    Commission,
    MakerTaker,
    PerNotional,
    PerOrder,
    PerUnit,
    Slippage,
    TickSlippage,
    Tiered,
    VolumeShareSlippage,
)
from core.money import ZERO, add, multiple_above, multiple_below, multiply, subtract
from core.protocols import CommissionModel, SlippageModel, Traded
from tests.generators import amounts, fine_prices, prices, quantities

TICK = Decimal("0.01")
RATES = [
    (PerUnit, "per_unit"),
    (PerUnit, "minimum"),
    (PerNotional, "basis_points"),
    (PerNotional, "minimum"),
    (MakerTaker, "taker_basis_points"),
    (PerOrder, "per_order"),
    (Commission, "per_unit"),
    (Commission, "minimum"),
    (Commission, "basis_points"),
    (Commission, "per_order"),
    (TickSlippage, "ticks"),
    (BasisPointSlippage, "basis_points"),
    (VolumeShareSlippage, "impact"),
    (Slippage, "ticks"),
    (Slippage, "basis_points"),
    (Slippage, "volume_impact"),
]
MAKER_RATES = [(MakerTaker, "maker_basis_points"), (Commission, "maker_basis_points")]
NO_NUMBERS = [
    (0.005, "an int or a Decimal"),
    (True, "an int or a Decimal"),
    ("1", "an int or a Decimal"),
    (Decimal("NaN"), "a number of at most"),
    (Decimal("1E-13"), "a number of at most"),
]


def traded(quantity: str, notional: str, maker_quantity: str = "0", maker_notional: str = "0") -> Traded:
    return Traded(*map(Decimal, (quantity, notional, maker_quantity, maker_notional)))


@pytest.mark.parametrize(("model", "rate"), RATES)
@pytest.mark.parametrize(("value", "rule"), [*NO_NUMBERS, (Decimal("-0.01"), "zero or above")])
def test_a_rate_is_an_exact_number_of_zero_or_above(
    model: Callable[..., object], rate: str, value: object, rule: str
) -> None:
    with pytest.raises(NotExactError, match=rf"^{rate} must be {rule}"):
        model(**{rate: value})


@pytest.mark.parametrize(("model", "rate"), MAKER_RATES)
@pytest.mark.parametrize(("value", "rule"), NO_NUMBERS)
def test_a_maker_s_rate_is_an_exact_number(model: Callable[..., object], rate: str, value: object, rule: str) -> None:
    with pytest.raises(NotExactError, match=rf"^{rate} must be {rule}"):
        model(**{rate: value})


def test_a_rate_may_be_an_int_and_a_maker_s_may_be_below_zero() -> None:
    assert MakerTaker(-1, 5) == MakerTaker(Decimal(-1), Decimal(5))
    assert Commission(maker_basis_points=-1).maker_basis_points == Decimal(-1)


PARTS = [rate for rate in (*RATES, *MAKER_RATES) if "basis_points" in rate[1]]


@pytest.mark.parametrize(("model", "rate"), PARTS)
def test_a_part_of_the_price_or_the_notional_is_at_most_all_of_it(model: Callable[..., object], rate: str) -> None:
    model(**{rate: 10_000})
    for value in (10_001, Decimal("10000.000001")):
        with pytest.raises(NotExactError, match=rf"^{rate} must be at most 10,000, which is all of it, was "):
            model(**{rate: value})


def test_a_rebate_is_at_most_all_of_the_notional() -> None:
    assert MakerTaker(-10_000).maker_basis_points == -10_000
    with pytest.raises(NotExactError, match=r"^maker_basis_points must be at most 10,000"):
        Commission(maker_basis_points=-10_001)


@pytest.mark.parametrize("digits", [-1, 13, True, 2.0, "2", Decimal(2)])
def test_the_digits_of_a_currency_are_a_whole_number_from_0_to_12(digits: Any) -> None:
    for model in (PerUnit, PerNotional, MakerTaker, Tiered, PerOrder, Commission):
        with pytest.raises(NotExactError, match=r"^digits must be a whole number from 0 to 12, was "):
            model(digits=digits)


def test_a_currency_may_have_as_many_digits_as_are_kept() -> None:
    assert PerOrder(Decimal("1E-12"), digits=12).total(traded("1", "50")) == Decimal("0.000000000001")


TIERS: dict[str, tuple[object, str]] = {
    "no pairs": (5, "pairs of units and money for each"),
    "a text": ("01", "pairs of units and money for each"),
    "numbers": ((0, 1), "pairs of units and money for each"),
    "three of a pair": (((0, 1, 2),), "pairs of units and money for each"),
    "a float": (((0, 0.005),), "an int or a Decimal"),
    "a rate below zero": (((0, -1),), "zero or above"),
    "a quantity below zero": (((-1, 1),), "zero or above"),
    "not from zero": (((1, 1),), "in rising order from 0 units on"),
    "falling": (((0, 1), (20, 1), (10, 1)), "in rising order from 0 units on"),
    "twice the same": (((0, 1), (10, 1), (10, 2)), "in rising order from 0 units on"),
}


@pytest.mark.parametrize(("tiers", "rule"), TIERS.values(), ids=TIERS)
def test_tiers_are_pairs_of_exact_numbers_that_rise_from_zero(tiers: Any, rule: str) -> None:
    for model in (Tiered, Commission):
        with pytest.raises(NotExactError, match=rf"^tiers must be {rule}, was "):
            model(tiers=tiers)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"per_order": -1}, "per_order must be zero or above, was int -1"),
        ({"digits": 13}, "digits must be a whole number from 0 to 12, was int 13"),
        ({"tiers": 5}, "tiers must be pairs of units and money for each, was int 5"),
        ({"tiers": ((0, 1, 2),)}, "tiers must be pairs of units and money for each, was tuple (0, 1, 2)"),
        ({"tiers": ((1, 1),)}, "tiers must be in rising order from 0 units on, was tuple ((1, 1),)"),
    ],
)
def test_a_setting_that_is_refused_is_said_as_it_was_given(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(NotExactError) as caught:
        Commission(**settings)
    assert str(caught.value) == message


def test_tiers_are_read_as_a_file_and_the_command_line_write_them() -> None:
    written = convert([[0, Decimal("0.005")], [1000, Decimal("0.003")]], attrs.fields(Commission).tiers.type)
    assert Commission(tiers=written) == Commission(tiers=[(0, Decimal("0.005")), (1000, Decimal("0.003"))])


def test_a_commission_is_written_by_its_settings_alone() -> None:
    assert plain(Commission(per_unit=Decimal("0.005"), tiers=((0, 1),))) == {
        "per_unit": "0.005",
        "minimum": "0",
        "basis_points": "0",
        "maker_basis_points": None,
        "per_order": "0",
        "tiers": [("0", "1")],
        "digits": 2,
    }


def test_slippage_is_written_by_its_settings_alone() -> None:
    assert plain(Slippage(ticks=2)) == {"ticks": "2", "basis_points": "0", "volume_impact": "0"}


def test_what_a_setting_becomes_counts_for_the_whole() -> None:
    changed = attrs.evolve(Commission(per_unit=1), per_unit=2)
    assert changed.total(traded("3", "30")) == Decimal(6)
    assert attrs.evolve(Slippage(ticks=1), ticks=3).amount(Decimal(10), Decimal(1), None, TICK) == Decimal("0.03")


FIVE_THEN_THREE = [(0, Decimal("0.005")), (1000, Decimal("0.003"))]
BY_UNIT = {
    "nothing": (PerUnit(), traded("100", "5000"), "0.00"),
    "for each unit": (PerUnit(Decimal("0.005")), traded("250", "12500"), "1.25"),  # 250 x 0.005
    "the minimum": (PerUnit(Decimal("0.005"), 1), traded("100", "5000"), "1.00"),  # 0.50
    "the minimum of a tiny order": (PerUnit(0, 1), traded("0.001", "0.01"), "1.00"),
    "a minimum below the last digit": (PerUnit(0, Decimal("0.004")), traded("1", "1"), "0.00"),
    "rounded down": (PerUnit(Decimal("0.00499")), traded("1", "50"), "0.00"),
    "a half rounded up": (PerUnit(Decimal("0.005")), traded("1", "50"), "0.01"),
    "a currency without digits": (PerUnit(Decimal("0.5"), digits=0), traded("5", "50"), "3"),  # 2.5
    "no tiers": (Tiered(), traded("5", "50"), "0.00"),
    "the first tier": (Tiered(FIVE_THEN_THREE), traded("400", "1"), "2.00"),  # 400 x 0.005
    "all of the first tier": (Tiered(FIVE_THEN_THREE), traded("1000", "1"), "5.00"),  # 1000 x 0.005
    "the second tier": (Tiered(FIVE_THEN_THREE), traded("1500", "1"), "6.50"),  # 5.00 + 500 x 0.003
    "a unit on the border": (Tiered([(0, 1), (1, 3)]), traded("1.5", "1"), "2.50"),  # 1 x 1 + 0.5 x 3
    # 10 x 1 + 10 x 0 + 5 x 2
    "a tier that is free": (Tiered([(0, 1), (10, 0), (20, 2)]), traded("25", "1"), "20.00"),
}
BY_NOTIONAL = {
    "nothing of the notional": (PerNotional(), traded("100", "5000"), "0.00"),
    "of the notional": (PerNotional(5), traded("100", "5050"), "2.53"),  # 5050 x 0.0005 = 2.525, half up
    "half a basis point": (PerNotional(Decimal("2.5")), traded("1", "10000"), "2.50"),
    "the minimum of the notional": (PerNotional(5, 3), traded("100", "5050"), "3.00"),
    "taken": (MakerTaker(1, 5), traded("100", "5000"), "2.50"),  # 5000 x 0.0005
    "made": (MakerTaker(1, 5), traded("100", "5000", "100", "5000"), "0.50"),  # 5000 x 0.0001
    "made in part": (MakerTaker(1, 5), traded("100", "5000", "60", "3000"), "1.30"),  # 0.30 + 2000 x 0.0005
    "a rebate": (MakerTaker(-1, 5), traded("100", "5000", "100", "5000"), "-0.50"),
    "a rebate in part": (MakerTaker(-1, 5), traded("100", "5000", "60", "3000"), "0.70"),  # -0.30 + 1.00
    # 50 x -0.0001 = -0.005: halves away from zero
    "a rebate of half a cent": (MakerTaker(-1), traded("1", "50", "1", "50"), "-0.01"),
    "a rebate that rounds to nothing": (MakerTaker(-1), traded("1", "40", "1", "40"), "0.00"),
    "for the order": (PerOrder(7), traded("0.001", "0.01"), "7.00"),
    "nothing for the order": (PerOrder(), traded("1", "1"), "0.00"),
}
WHOLE = {
    "nothing at all": (Commission(), traded("100", "5000"), "0.00"),
    "by unit, at least": (Commission(per_unit=Decimal("0.005"), minimum=1), traded("100", "5000"), "1.00"),
    # 100 x 0.005 + 5000 x 0.0002
    "by unit and notional": (Commission(per_unit=Decimal("0.005"), basis_points=2), traded("100", "5000"), "1.50"),
    # 0.004 + 40 x 0.0001 = 0.008: each by itself would round to nothing
    "rounded once": (Commission(per_unit=Decimal("0.004"), basis_points=1), traded("1", "40"), "0.01"),
    # 100 x 0.01 + 5000 x 0.0002 + 2 + (50 x 0.1 + 50 x 0.05)
    "all of it": (
        Commission(per_unit=TICK, basis_points=2, per_order=2, tiers=[(0, Decimal("0.1")), (50, Decimal("0.05"))]),
        traded("100", "5000"),
        "11.50",
    ),
    "makers as all others": (Commission(basis_points=2), traded("100", "5000", "60", "3000"), "1.00"),
    # 3000 x 0.0001 + 2000 x 0.0002
    "makers at their own rate": (
        Commission(basis_points=2, maker_basis_points=1),
        traded("100", "5000", "60", "3000"),
        "0.70",
    ),
    "makers for nothing": (
        Commission(basis_points=2, maker_basis_points=0),
        traded("100", "5000", "60", "3000"),
        "0.40",  # 2000 x 0.0002
    ),
    "a rebate without a minimum": (Commission(maker_basis_points=-1), traded("1", "5000", "1", "5000"), "-0.50"),
    "a minimum over a rebate": (
        Commission(maker_basis_points=-1, minimum=TICK),
        traded("1", "5000", "1", "5000"),
        "0.01",
    ),
    # a rebate of 0.50 off 2.00
    "a rebate off the rest": (
        Commission(maker_basis_points=-1, per_order=2),
        traded("1", "5000", "1", "5000"),
        "1.50",
    ),
    "a minimum for the sum": (Commission(per_unit=1, per_order=2, minimum=4), traded("1", "1"), "4.00"),  # 3.00
    "other digits": (Commission(per_unit=Decimal("0.0005"), digits=3), traded("1", "1"), "0.001"),
}
COSTS = BY_UNIT | BY_NOTIONAL | WHOLE


@pytest.mark.parametrize(("model", "filled", "total"), COSTS.values(), ids=COSTS)
def test_what_an_order_costs(model: CommissionModel, filled: Traded, total: str) -> None:
    assert str(model.total(filled)) == total


MODELS: list[CommissionModel] = [
    PerUnit(1, 1),
    PerNotional(5, 1),
    MakerTaker(-1, 5),
    Tiered([(0, 1)]),
    PerOrder(7),
    Commission(per_unit=1, minimum=1, basis_points=5, maker_basis_points=-1, per_order=7, tiers=[(0, 1)]),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_an_order_that_filled_nothing_costs_nothing(model: CommissionModel) -> None:
    assert str(model.total(Traded())) == "0"


def test_two_fills_of_an_order_below_its_minimum_pay_it_once() -> None:
    costs = Commission(per_unit=Decimal("0.005"), minimum=1)
    first = costs.total(traded("100", "5000"))  # 0.50, at least 1.00
    assert (first, costs.total(traded("150", "7500")) - first) == (Decimal("1.00"), ZERO)  # 0.75, at least 1.00


rates = amounts(0, 10**5, digits=4)
signed_rates = amounts(-(10**5), 10**5, digits=4)
minimums = st.one_of(st.just(ZERO), amounts(0, 500))
digit_counts = st.integers(0, 6)


@st.composite
def tiers(draw: st.DrawFn) -> Sequence[tuple[Decimal, Decimal]]:
    starts = sorted(draw(st.sets(quantities, max_size=4)))
    return [(start, draw(rates)) for start in (ZERO, *starts)]


def models(maker_rates: st.SearchStrategy[Decimal]) -> st.SearchStrategy[CommissionModel]:
    return st.one_of(
        st.builds(PerUnit, rates, minimums, digits=digit_counts),
        st.builds(PerNotional, rates, minimums, digits=digit_counts),
        st.builds(MakerTaker, maker_rates, rates, digits=digit_counts),
        st.builds(Tiered, tiers(), digits=digit_counts),
        st.builds(PerOrder, rates, digits=digit_counts),
        st.builds(
            Commission, rates, minimums, rates, st.none() | maker_rates, rates, st.just(()) | tiers(), digit_counts
        ),
    )


parts_of_an_order = st.lists(st.tuples(quantities, prices, st.booleans()), min_size=1, max_size=5)


Parts: TypeAlias = Sequence[tuple[Decimal, Decimal, bool]]


def in_parts(parts: Parts) -> Iterator[Traded]:
    """Yield what has filled after each part."""
    so_far = Traded()
    for quantity, price, is_maker in parts:
        notional = multiply(quantity, price)
        part = Traded(quantity, notional, *((quantity, notional) if is_maker else ()))
        so_far = Traded(*map(add, so_far, part))
        yield so_far


def charges(model: CommissionModel, parts: Parts) -> Iterator[Decimal]:
    """Yield what each part is charged: what it adds to the total."""
    for before, after in pairwise((Traded(), *in_parts(parts))):
        yield subtract(model.total(after), model.total(before))


@given(models(signed_rates), parts_of_an_order)
def test_an_order_charged_in_parts_is_charged_what_the_whole_costs(model: CommissionModel, parts: Parts) -> None:
    *_, whole = in_parts(parts)
    charged, charged_backward = reduce(add, charges(model, parts)), reduce(add, charges(model, parts[::-1]))
    assert charged == charged_backward == model.total(whole)


@given(models(rates), parts_of_an_order)
def test_without_rebates_no_fill_is_charged_less_than_nothing(model: CommissionModel, parts: Parts) -> None:
    assert all(charge >= 0 for charge in charges(model, parts))


@given(models(signed_rates), parts_of_an_order)
def test_a_total_is_rounded_once(model: Any, parts: Parts) -> None:
    *_, filled = in_parts(parts)
    off = Fraction(model.total(filled)) - Fraction(model.unrounded(filled))
    assert abs(off) <= Fraction(1, 2 * 10**model.digits)


@given(tiers(), quantities)
def test_each_unit_costs_the_rate_of_its_tier(drawn: Sequence[tuple[Decimal, Decimal]], quantity: Decimal) -> None:
    ends = [*(start for start, _ in drawn[1:]), max(quantity, drawn[-1][0])]
    expected = sum(
        (max(min(quantity, end) - start, ZERO) * rate for (start, rate), end in zip(drawn, ends, strict=True)), ZERO
    )
    assert Tiered(drawn).unrounded(Traded(quantity, quantity)) == expected


def test_the_threads_context_changes_no_commission() -> None:
    costs = Commission(per_unit=Decimal("0.0035"), basis_points=Decimal("1.25"), maker_basis_points=Decimal("1.25"))
    filled = traded("123456", "7890123.45", "1", "1.25")
    with localcontext(Context(prec=1, traps=[Inexact])):
        total = costs.total(filled)
    # 123456 x 0.0035 = 432.096; 7890123.45 x 0.000125 = 986.26543125; together 1418.36143125
    assert total == Decimal("1418.36")


SLIPPED = {
    "no ticks": (TickSlippage(), "95", "100", None, "0"),
    "two ticks": (TickSlippage(2), "95", "100", None, "0.02"),
    "half a tick": (TickSlippage(Decimal("0.5")), "95", "100", "0", "0.005"),
    "five basis points": (BasisPointSlippage(5), "101", "100", None, "0.0505"),  # 101 x 0.0005
    "of a price below zero": (BasisPointSlippage(5), "-101", "100", None, "0.0505"),
    "a tenth of the volume": (VolumeShareSlippage(Decimal("0.1")), "100", "500", "5000", "0.1"),  # 100 x 0.1 x 0.01
    "of a price below zero by volume": (VolumeShareSlippage(Decimal("0.1")), "-100", "500", "5000", "0.1"),
    "all of the volume": (VolumeShareSlippage(Decimal("0.1")), "100", "5000", "5000", "10"),  # 100 x 0.1
    "more than the volume": (VolumeShareSlippage(Decimal("0.1")), "100", "9000", "5000", "10"),
    "a volume of zero": (VolumeShareSlippage(Decimal("0.1")), "100", "1", "0", "10"),
    "an unknown volume": (VolumeShareSlippage(Decimal("0.1")), "100", "1", None, "0"),
    # 1 x 1 x (1 / 3)^2 = 0.111...
    "a third of the volume": (VolumeShareSlippage(1), "1", "1", "3", f"0.{'1' * 35}2"),
    "nothing": (Slippage(), "101", "100", "1000", "0"),
    # 2 x 0.01 + 101 x 0.0005 + 101 x 0.1 x (100 / 1000)^2 = 0.02 + 0.0505 + 0.101
    "the sum": (Slippage(2, 5, Decimal("0.1")), "101", "100", "1000", "0.1715"),
    "the sum without a volume": (Slippage(2, 5, Decimal("0.1")), "101", "100", None, "0.0705"),
}


@pytest.mark.parametrize(("model", "price", "quantity", "volume", "amount"), SLIPPED.values(), ids=SLIPPED)
def test_how_far_a_fill_slips(model: SlippageModel, price: str, quantity: str, volume: str | None, amount: str) -> None:
    known = None if volume is None else Decimal(volume)
    assert model.amount(Decimal(price), Decimal(quantity), known, TICK) == Decimal(amount)


def test_a_market_purchase_slips_five_basis_points_up_to_the_tick() -> None:
    amount = Slippage(basis_points=5).amount(Decimal(101), Decimal(100), None, TICK)
    assert multiple_above(add(Decimal(101), amount), TICK) == Decimal("101.06")  # 101 x 1.0005 = 101.0505


@given(
    st.builds(Slippage, amounts(0, 10**4, digits=12), amounts(0, 10**9, digits=12), amounts(0, 10**12, digits=12)),
    st.one_of(prices, fine_prices),
    quantities,
    quantities,
    st.sampled_from([Decimal("1E-12"), Decimal("1E-9"), TICK, Decimal("0.25"), Decimal(3)]),
)
def test_a_slipped_price_on_the_tick_is_the_exact_one_rounded_once(
    slippage: Slippage, price: Decimal, quantity: Decimal, volume: Decimal, tick: Decimal
) -> None:
    amount = slippage.amount(price, quantity, volume, tick)
    share = min(Fraction(quantity) / Fraction(volume), Fraction(1))
    off = Fraction(slippage.ticks) * Fraction(tick) + Fraction(price) * (
        Fraction(slippage.basis_points) / 10_000 + Fraction(slippage.volume_impact) * share**2
    )
    unit = Fraction(tick)
    assert multiple_above(add(price, amount), tick) == ceil((Fraction(price) + off) / unit) * unit
    assert multiple_below(subtract(price, amount), tick) == floor((Fraction(price) - off) / unit) * unit


def test_the_threads_context_changes_no_slippage() -> None:
    with localcontext(Context(prec=1, traps=[Inexact])):
        amount = Slippage(2, 5, Decimal("0.1")).amount(Decimal("101.25"), Decimal(100), Decimal(1000), TICK)
    # 0.02 + 101.25 x 0.0005 + 101.25 x 0.1 x 0.01 = 0.02 + 0.050625 + 0.10125
    assert amount == Decimal("0.171875")
