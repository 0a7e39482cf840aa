"""What a fill does to a position: cost in is cost out, to the last digit (rule R17)."""

from decimal import Context, Decimal, Inexact, localcontext
from fractions import Fraction
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import Ledger
from core.risk.booking import FLAT, book_fill, book_split
from tests.generators import GivenFill, fine_prices, given_fills, prices, quantities

Numbers: TypeAlias = tuple[str, str, str, str]
QUANTUM = Fraction(1, 10**12)


def ledger(quantity: str, cost: str, realized: str = "0", commissions: str = "0") -> Ledger:
    return Decimal(quantity), Decimal(cost), Decimal(realized), Decimal(commissions)


def booked(before: Ledger, *fills: GivenFill) -> Ledger:
    """Return the ledger after some fills."""
    for delta, price, commission in fills:
        before = book_fill(before, delta, price, commission)[-1]
    return before


CASES = [
    # long: 10 x 9.50 = 95
    pytest.param(("0", "0", "0", "0"), "10", "9.50", "1", [("10", "95", "0", "1")], id="open a long"),
    # 95 + 5 x 11 = 150
    pytest.param(("10", "95", "0", "1"), "5", "11", "0", [("15", "150", "0", "1")], id="add to a long"),
    # cost out 150 x 6 / 15 = 60, proceeds 6 x 12 = 72, gain 12
    pytest.param(("15", "150", "0", "1"), "-6", "12", "0.50", [("9", "90", "12", "1.50")], id="close part of a long"),
    # all 90 out, proceeds 9 x 8 = 72, loss 18
    pytest.param(("9", "90", "12", "1.50"), "-9", "8", "0", [("0", "0", "-6", "1.50")], id="close a long"),
    # short: -10 x 9.50 = -95
    pytest.param(("0", "0", "0", "0"), "-10", "9.50", "1", [("-10", "-95", "0", "1")], id="open a short"),
    # -95 - 5 x 11 = -150
    pytest.param(("-10", "-95", "0", "1"), "-5", "11", "0", [("-15", "-150", "0", "1")], id="add to a short"),
    # cost out -150 x 6 / 15 = -60, paid 6 x 12 = 72: -72 + 60 = -12
    pytest.param(
        ("-15", "-150", "0", "1"), "6", "12", "0.50", [("-9", "-90", "-12", "1.50")], id="close part of a short"
    ),
    # all -90 out, paid 9 x 8 = 72: gain 18
    pytest.param(("-9", "-90", "-12", "1.50"), "9", "8", "0", [("0", "0", "6", "1.50")], id="close a short"),
    # example 31: 50 closed at 12 against 10: +100; then 30 short at 12
    pytest.param(
        ("50", "500", "0", "0"),
        "-80",
        "12",
        "0.80",
        [("0", "0", "100", "0.80"), ("-30", "-360", "100", "0.80")],
        id="flip a long",
    ),
    # 30 covered at 10 against 12: +60; then 20 long at 10
    pytest.param(
        ("-30", "-360", "100", "0.80"),
        "50",
        "10",
        "0",
        [("0", "0", "160", "0.80"), ("20", "200", "160", "0.80")],
        id="flip a short",
    ),
    # cost out 10 / 3 = 3.333333333333, down; gain 3.50 - 3.333333333333 = 0.166666666667
    pytest.param(
        ("3", "10", "0", "0"),
        "-1",
        "3.50",
        "0",
        [("2", "6.666666666667", "0.166666666667", "0")],
        id="a share of a long that does not end",
    ),
    # cost out -20 / 3 = -6.666666666666, toward zero; -7 + 6.666666666666 = -0.333333333334
    pytest.param(
        ("-3", "-10", "0", "0"),
        "2",
        "3.50",
        "0",
        [("-1", "-3.333333333334", "-0.333333333334", "0")],
        id="a share of a short that does not end",
    ),
    pytest.param(("0", "0", "5", "1"), "1", "2", "-0.25", [("1", "2", "5", "0.75")], id="a rebate"),
]


@pytest.mark.parametrize(("before", "delta", "price", "commission", "after"), CASES)
def test_a_fill_takes_a_position_through_these_ledgers(
    before: Numbers, delta: str, price: str, commission: str, after: list[Numbers]
) -> None:
    passed = book_fill(ledger(*before), Decimal(delta), Decimal(price), Decimal(commission))
    assert list(passed) == [ledger(*numbers) for numbers in after]


@pytest.mark.parametrize(("before", "delta", "price", "commission", "after"), CASES)
def test_the_threads_context_changes_no_ledger(
    before: Numbers, delta: str, price: str, commission: str, after: list[Numbers]
) -> None:
    with localcontext(Context(prec=1, traps=[Inexact])):
        passed = book_fill(ledger(*before), Decimal(delta), Decimal(price), Decimal(commission))
        same = list(passed) == [ledger(*numbers) for numbers in after]
    assert same


def test_a_flip_by_little_of_a_large_position_is_a_flip_whatever_the_threads_context() -> None:
    # to three digits, 12345 and 12349 are one number
    with localcontext(Context(prec=3)):
        passed = book_fill(ledger("12345", "12345"), Decimal(-12349), Decimal(1), Decimal(0))
    assert list(passed) == [FLAT, ledger("-4", "-4")]


def test_example_34_the_realized_amounts_sum_to_what_was_gained() -> None:
    # bought 1 @ 10.00 and 2 @ 10.01 = 30.02, sold 1 and 2 @ 10.05 = 30.15
    held = booked(FLAT, (Decimal(1), Decimal("10.00"), Decimal(0)), (Decimal(2), Decimal("10.01"), Decimal(0)))
    first = book_fill(held, Decimal(-1), Decimal("10.05"), Decimal(0))[-1]
    last = book_fill(first, Decimal(-2), Decimal("10.05"), Decimal(0))[-1]
    # of the cost 30.02 / 3 = 10.006666666666 goes out first: 10.05 - 10.006666666666
    assert first[2] == Decimal("0.043333333334")
    assert last == ledger("0", "0", "0.13")


@given(st.lists(st.tuples(quantities, fine_prices), min_size=1, max_size=8), st.data())
def test_cost_in_is_cost_out_however_a_position_is_closed(
    bought: list[tuple[Decimal, Decimal]], data: st.DataObject
) -> None:
    sign = data.draw(st.sampled_from((1, -1)))
    position = booked(FLAT, *((sign * units, price, Decimal(0)) for units, price in bought))
    paid = sum(Fraction(units) * Fraction(price) for units, price in bought)
    assert Fraction(position[1]) == sign * paid
    proceeds = Fraction(0)
    while position[0]:
        part = data.draw(st.sampled_from((1, 2, 3, 7)))
        units = -position[0] if part == 1 else -(position[0] / part).quantize(Decimal("0.0001"))
        price = data.draw(fine_prices)
        if units:
            position = booked(position, (units, price, Decimal(0)))
            proceeds -= Fraction(units) * Fraction(price)
    assert position[1] == 0
    assert Fraction(position[2]) == proceeds - sign * paid


@given(given_fills, quantities, prices)
def test_what_only_adds_leaves_what_was_realized_alone(fills: list[GivenFill], units: Decimal, price: Decimal) -> None:
    before = booked(FLAT, *fills)
    delta = units if before[0] >= 0 else -units
    (after,) = book_fill(before, delta, price, Decimal(0))
    assert (after[2], after[3]) == (before[2], before[3])
    assert Fraction(after[1]) == Fraction(before[1]) + Fraction(delta) * Fraction(price)


@given(given_fills, st.fractions(0, 1).filter(bool), fine_prices)
def test_what_only_reduces_leaves_the_average_alone(fills: list[GivenFill], share: Fraction, price: Decimal) -> None:
    before = booked(FLAT, *fills)
    delta = -(before[0] * share.numerator / share.denominator).quantize(Decimal("0.0001"))
    if not delta or delta == -before[0]:
        return
    (after,) = book_fill(before, delta, price, Decimal(0))
    held = Fraction(after[0])
    difference = Fraction(after[1]) / held - Fraction(before[1]) / Fraction(before[0])
    assert abs(difference) <= QUANTUM / abs(held)
    # what closing booked is the proceeds less the cost that went out
    assert Fraction(after[2]) - Fraction(before[2]) == -Fraction(delta) * Fraction(price) - (
        Fraction(before[1]) - Fraction(after[1])
    )


@given(given_fills, quantities, fine_prices, prices)
def test_a_flip_is_a_close_and_then_an_open_with_one_commission(
    fills: list[GivenFill], beyond: Decimal, price: Decimal, commission: Decimal
) -> None:
    before = booked(FLAT, *fills)
    if not before[0]:
        return
    opening = -beyond if before[0] > 0 else beyond
    passed = book_fill(before, opening - before[0], price, commission)
    closed = booked(before, (-before[0], price, commission))
    assert list(passed) == [closed, booked(closed, (opening, price, Decimal(0)))]


@given(given_fills)
def test_nothing_is_held_if_and_only_if_it_cost_nothing(fills: list[GivenFill]) -> None:
    position = FLAT
    for fill in fills:
        for position in book_fill(position, *fill):  # noqa: B020 - each follows from the one before
            quantity, cost, *_ = position
            assert (quantity > 0, quantity < 0) == (cost > 0, cost < 0)


@given(given_fills, st.randoms(use_true_random=False))
def test_any_order_of_the_same_fills_holds_the_same_and_gains_the_same(fills: list[GivenFill], order: object) -> None:
    mixed = list(fills)
    order.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = booked(FLAT, *fills), booked(FLAT, *mixed)
    assert (one[0], one[3]) == (other[0], other[3])
    # R - K is what came in less what went out, whatever of it is called realized
    assert one[2] - one[1] == other[2] - other[1]


@given(given_fills, st.integers(2, 9))
def test_all_prices_times_k_gain_k_times_as_much(fills: list[GivenFill], k: int) -> None:
    plain = [(delta, price, Decimal(0)) for delta, price, _ in fills]
    scaled = [(delta, price * k, Decimal(0)) for delta, price, _ in plain]
    one, other = booked(FLAT, *plain), booked(FLAT, *scaled)
    assert other[0] == one[0]
    # C - C0 is R - K: exactly k times
    assert Fraction(other[2]) - Fraction(other[1]) == k * (Fraction(one[2]) - Fraction(one[1]))
    partial_closes = _partial_closes(plain)
    bound = (k + 1) * QUANTUM * partial_closes
    assert abs(Fraction(other[1]) - k * Fraction(one[1])) <= bound
    assert abs(Fraction(other[2]) - k * Fraction(one[2])) <= bound


def _partial_closes(fills: list[GivenFill]) -> int:
    count, held = 0, Decimal(0)
    for delta, _, _ in fills:
        count += held * delta < 0 and abs(delta) < abs(held)
        held += delta
    return count


# --- splits

SplitCase: TypeAlias = tuple[Ledger, tuple[int, int], str, str, Ledger, str]
SPLITS: dict[str, SplitCase] = {
    "two for one": (ledger("100", "8800"), (2, 1), "1", "8899", ledger("200", "8800"), "0"),
    "three for two": (ledger("10", "300"), (3, 2), "1", "330", ledger("15", "300"), "0"),
    # 25 at 1:2 are 12.5: the half takes 500 / 25 = 20 of the cost along, and brings 750 / 25 = 30
    "a half is sold": (ledger("25", "500"), (1, 2), "1", "750", ledger("12", "480", "10"), "30.00"),
    "a half is kept": (ledger("25", "500"), (1, 2), "0.5", "750", ledger("12.5", "500"), "0"),
    # a short of 25 buys the half back: it brought 20 and costs 30
    "a short": (ledger("-25", "-500"), (1, 2), "1", "-750", ledger("-12", "-480", "-10"), "-30.00"),
    # 100 at 1:3 are 33 1/3: a hundredth of the cost, and of the value of 1000.50: 10.005, up to the cent
    "a third": (ledger("100", "900"), (1, 3), "1", "1000.50", ledger("33", "891", "1.01"), "10.01"),
    "all of it is a part": (ledger("1", "30", "5", "2"), (1, 10), "1", "40", ledger("0", "0", "15", "2"), "40.00"),
    "nothing is held": (FLAT, (2, 1), "1", "0", FLAT, "0"),
}


@pytest.mark.parametrize(("before", "ratio", "step", "value", "after", "cash"), SPLITS.values(), ids=SPLITS)
def test_a_split_keeps_what_is_whole_and_sells_the_rest(
    before: Ledger, ratio: tuple[int, int], step: str, value: str, after: Ledger, cash: str
) -> None:
    found = book_split(before, *ratio, quantity_step=Decimal(step), value=Decimal(value), currency_digits=2)
    assert found == (after, Decimal(cash))
