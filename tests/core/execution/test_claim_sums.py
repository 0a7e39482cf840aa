"""What open orders claim, kept as sums: compared with what `claims` says of all of them, one by one."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.execution.ask import Ask
from core.execution.claim_sums import NO_CLAIM, NO_OTHERS, Claim, ClaimSums, Others
from core.execution.claims import available_cash, claimed_units, notional_of_opening, sum_claims
from core.execution.order_record import OrderRecord
from core.execution.terms import Terms
from core.money import subtract
from core.order import BUY, SELL, OrderType, TimeInForce
from core.protocols import Traded
from tests.core.builders import at
from tests.core.execution.desks import ACME, PER_UNIT, portfolio_of
from tests.core.execution.records import order_of, record_of

TERMS = Terms(PER_UNIT)
ASKED = record_of(order_of(BUY, 1), 99)


def sums_of(*records: OrderRecord) -> ClaimSums:
    sums = ClaimSums()
    for record in records:
        sums.open(record)
    return sums


def besides(sums: ClaimSums, *held: tuple[str, int, str], asked: OrderRecord = ASKED, terms: Terms = TERMS) -> Others:
    return sums.besides(asked, lambda one: one.id != asked.id and bool(one.awake), portfolio_of(*held), terms)


def test_without_any_order_there_is_nothing_to_ask() -> None:
    record = record_of(order_of(BUY, 1, limit_price=50))
    sums = sums_of(record)
    assert sums
    assert not ClaimSums()
    besides(sums)
    assert sums
    sums.remove(record)
    assert not sums
    assert besides(sums) == NO_OTHERS


def test_purchases_with_a_limit_are_added_up_with_the_commission_of_each() -> None:
    sums = sums_of(*(record_of(order_of(BUY, 10 * n, limit_price=50), n) for n in (1, 2)))
    assert besides(sums) == ([], {("ACME", 1): 30}, Claim(Decimal(30), Decimal(1502), Decimal(1500)))  # 1 + 1 at least


def test_sales_that_what_is_held_covers_take_no_cash() -> None:
    sums = sums_of(record_of(order_of(SELL, 10, limit_price=50)), record_of(order_of(SELL, 5, limit_price=60), 2))
    assert besides(sums, ("ACME", 15, "40")) == ([], {("ACME", -1): 15}, NO_CLAIM)


def test_where_some_of_a_side_only_reduce_each_is_asked_in_turn() -> None:
    records = [record_of(order_of(SELL, 10, limit_price=50)), record_of(order_of(SELL, 5, limit_price=60), 2)]
    assert besides(sums_of(*reversed(records)), ("ACME", 14, "40")) == (records, {}, NO_CLAIM)


def test_what_hangs_on_the_market_or_on_siblings_is_asked_each_time() -> None:
    records = [
        record_of(order_of(BUY, 1, type=OrderType.MARKET_ON_CLOSE), 1),
        record_of(order_of(BUY, 1, stop_price=120), 2),
        record_of(order_of(BUY, 1, limit_price=50), 3, group_id=3),
    ]
    assert besides(sums_of(*records)) == (records, {}, NO_CLAIM)


def test_market_orders_are_added_up_at_the_mark_and_anew_where_it_moves() -> None:
    sums = sums_of(
        *(record_of(order_of(BUY, 10 * n), n) for n in (1, 2)), record_of(order_of(BUY, 1, limit_price=50), 3)
    )
    view = portfolio_of()
    for mark in (100, 100, 90):
        view.mark("ACME", mark, at(0))
        found = sums.besides(ASKED, lambda _: True, view, TERMS)
        assert found == ([], {("ACME", 1): 31}, Claim(Decimal(31), Decimal(30 * mark + 53), Decimal(30 * mark + 50)))


def test_market_sales_that_what_is_held_covers_bring_what_they_sell_for_less_commission() -> None:
    sums = sums_of(*(record_of(order_of(SELL, 10), n) for n in (1, 2)))
    view = portfolio_of(("ACME", 20, "40"))
    view.mark("ACME", 60, at(0))
    found = sums.besides(ASKED, lambda _: True, view, TERMS)
    assert found == ([], {("ACME", -1): 20}, Claim(cost=Decimal(-1198)))  # 2 x 10 at 60, and 1 each


def test_a_market_order_that_has_changed_or_is_over_leaves_the_sum() -> None:
    records = [record_of(order_of(BUY, 10), n) for n in (1, 2)]
    sums = sums_of(*records)
    assert besides(sums).units == {("ACME", 1): 20}
    records[0].remaining = Decimal(4)
    sums.change(records[0])
    assert besides(sums).units == {("ACME", 1): 14}
    for record in records:
        sums.remove(record)
    assert not sums
    assert besides(sums) == NO_OTHERS


def test_what_time_ends_is_added_while_it_counts() -> None:
    dated = record_of(order_of(BUY, 1, limit_price=50, time_in_force=TimeInForce.DAY))
    sums = sums_of(dated, record_of(order_of(BUY, 2, limit_price=50), 2))
    assert besides(sums) == ([], {("ACME", 1): 3}, Claim(Decimal(3), Decimal(152), Decimal(150)))
    view = portfolio_of()
    assert sums.besides(ASKED, lambda one: one is not dated, view, TERMS).units == {("ACME", 1): 2}
    sums.remove(dated)
    assert besides(sums).units == {("ACME", 1): 2}


def test_where_some_of_a_side_only_reduce_what_time_ends_is_asked_too() -> None:
    records = [
        record_of(order_of(SELL, 10, limit_price=50, time_in_force=TimeInForce.DAY)),
        record_of(order_of(SELL, 5, limit_price=60), 2),
    ]
    assert besides(sums_of(*records), ("ACME", 14, "40")) == (records, {}, NO_CLAIM)


def test_an_order_that_has_changed_is_added_up_anew() -> None:
    record = record_of(order_of(BUY, 10, limit_price=50))
    sums = sums_of(record)
    assert besides(sums).opening.notional == 500
    record.remaining, record.given_up = Decimal(4), Decimal(6)
    sums.change(record)
    assert besides(sums).opening.notional == 200
    record.cancel_queued = True
    sums.change(record)
    assert besides(sums) == ([], {}, NO_CLAIM)
    sums.remove(record)
    assert besides(sums) == ([], {}, NO_CLAIM)


def test_an_order_that_is_over_claims_nothing() -> None:
    records = [record_of(order_of(BUY, 10, limit_price=50), n) for n in (1, 2)]
    sums = sums_of(*records)
    besides(sums)
    sums.remove(records[0])
    assert besides(sums).units == {("ACME", 1): 10}
    sums.remove(records[1])
    sums.remove(records[1])  # nobody minds
    assert besides(sums) == ([], {}, NO_CLAIM)


def test_an_order_has_no_claim_beside_a_changed_copy_of_itself() -> None:
    record = record_of(order_of(BUY, 10, limit_price=50))
    sums = sums_of(record)
    assert besides(sums).units == {("ACME", 1): 10}
    assert besides(sums, asked=record.copy()) == ([], {}, NO_CLAIM)
    assert besides(sums).units == {("ACME", 1): 10}


_UNITS = st.integers(min_value=0, max_value=3)
_PRICES = st.sampled_from([40, 60, 90])


@st.composite
def _records(draw: st.DrawFn, number: int) -> OrderRecord:
    names = draw(
        st.sampled_from([(), ("limit_price",), ("limit_price",), ("stop_price",), ("stop_price", "limit_price")])
    )
    terms: dict[str, Any] = {name: draw(_PRICES) for name in names}
    if not names:
        terms["type"] = draw(st.sampled_from([OrderType.MARKET, OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE]))
    terms["time_in_force"] = draw(st.sampled_from([TimeInForce.GTC, TimeInForce.GTC, TimeInForce.DAY]))
    order = order_of(draw(st.sampled_from([BUY, SELL])), 20, draw(st.sampled_from(["ACME", "OTHER"])), **terms)
    record = record_of(order, number)
    filled, given_up = draw(_UNITS), draw(_UNITS)
    record.traded = Traded(Decimal(filled), Decimal(filled * 50))
    record.commissions = TERMS.commission.total(record.traded)
    record.remaining, record.given_up = Decimal(20 - filled - given_up), Decimal(given_up)
    record.asleep = draw(st.sampled_from([Decimal(0), Decimal(0), Decimal(2), record.remaining]))
    record.group_id = draw(st.sampled_from([None, None, None, 50]))
    record.cancel_queued = draw(st.sampled_from([False, False, False, True]))
    return record


_ALL = st.integers(min_value=0, max_value=8).flatmap(lambda n: st.tuples(*(_records(one) for one in range(1, n + 1))))
_HELD = st.sampled_from([-200, -30, -5, 0, 0, 5, 30, 200])


@given(_ALL, st.sets(st.integers(min_value=1, max_value=8)), _HELD, _HELD, st.booleans())
def test_sums_are_what_asking_each_order_gives(
    records: Sequence[OrderRecord], gone: set[int], acme: int, other: int, allow_short: bool
) -> None:
    held = [(symbol, units, "50") for symbol, units in (("ACME", acme), ("OTHER", other)) if units]
    view, terms = portfolio_of(*held), Terms(PER_UNIT, allow_short)
    sums = sums_of(*records)
    besides(sums, *held, terms=terms)
    for record in records:
        if record.id in gone:
            sums.remove(record)
    left = [one for one in records if one.id not in gone and one.awake and not one.cancel_queued]
    asked, units, opening = besides(sums, *held, terms=terms)
    ask = Ask(ASKED, view, asked, terms, ACME, units, opening)
    assert subtract(available_cash(view, asked, terms), opening.cost) == available_cash(view, left, terms)
    assert ask.claimed == claimed_units(left, "ACME", 1)
    expected = sum_claims(left, view, notional_of_opening)
    assert subtract(sum_claims(asked, view, notional_of_opening), opening.notional) == expected
