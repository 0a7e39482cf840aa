"""Which open orders a bar can concern, compared with what the path does to each of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import Phase
from core.execution.market_simulator import WALKING_PHASES
from core.execution.open_book import OpenBook, OpenBooks, Reach, rests
from core.execution.order_record import OrderRecord
from core.execution.path import END_OF, high_first, is_trailing, low_first, next_execution
from core.fill import FillRule
from core.order import BUY, SELL, OrderType, TimeInForce
from tests.core.execution.records import order_of, record_of

BAR: Reach = (95, 105, 0, 0)


def book_of(*records: OrderRecord) -> OpenBook:
    book = OpenBook()
    for record in records:
        book.add(record)
    return book


def left_by(bar: Reach, *records: OrderRecord) -> list[int]:
    book = book_of(*records)
    assert book.reach(bar) == bool(book)
    return list(book)


@pytest.mark.parametrize(
    ("side", "terms", "is_reached"),
    [
        (BUY, {"limit_price": 94}, False),
        (BUY, {"limit_price": 95}, True),
        (BUY, {"limit_price": 110}, True),  # the open is better than that
        (SELL, {"limit_price": 106}, False),
        (SELL, {"limit_price": 105}, True),
        (SELL, {"limit_price": 90}, True),
        (BUY, {"stop_price": 106}, False),
        (BUY, {"stop_price": 105}, True),
        (SELL, {"stop_price": 94}, False),
        (SELL, {"stop_price": 95}, True),
        (SELL, {"stop_price": 120}, True),  # jumped over
        (BUY, {"stop_price": 106, "limit_price": 100}, False),
        (BUY, {"stop_price": 106, "time_in_force": TimeInForce.FOK}, False),
        (BUY, {"limit_price": 94, "time_in_force": TimeInForce.IOC}, True),  # its one test fails here
        (SELL, {"trail_amount": 50, "stop_price": 50}, True),  # its stop follows
        (BUY, {}, True),
        (BUY, {"type": OrderType.MARKET_ON_CLOSE}, True),
    ],
)
def test_a_bar_concerns_what_it_reaches_and_what_does_something_anywhere(
    side: Any, terms: dict[str, Any], is_reached: bool
) -> None:
    assert left_by(BAR, record_of(order_of(side, 1, **terms))) == [1] * is_reached


def test_a_limit_that_has_to_be_traded_through_is_reached_one_tick_later() -> None:
    touched = record_of(order_of(BUY, 1, limit_price=95))
    assert left_by((95, 105, 0, 1), touched) == []
    assert left_by((94, 105, 0, 1), touched) == [1]


def test_an_order_comes_back_with_the_bar_that_reaches_it_in_the_place_of_its_number() -> None:
    book = book_of(*(record_of(order_of(BUY, 1, limit_price=price), n) for n, price in enumerate((80, 100, 90, 70), 1)))
    assert book.reach(BAR)
    assert list(book) == [2]
    assert book.reach((85, 96, 0, 0))
    assert list(book) == [2, 3]  # what such a bar meets at its open is reached too
    assert book.reach((75, 99, 0, 0))
    assert list(book) == [1, 2, 3]
    book.remove(book[2])
    assert not book.reach((101, 101, 0, 0))


def test_an_order_that_has_changed_is_asked_again() -> None:
    record = record_of(order_of(BUY, 1, limit_price=90))
    book = book_of(record)
    assert not book.reach(BAR)
    record.order, record.wait = order_of(BUY, 1, limit_price=96), None
    book.add(record)
    assert list(book) == [1]
    assert book.reach(BAR)


def test_an_order_that_ends_is_gone_wherever_it_was() -> None:
    far, asleep = record_of(order_of(BUY, 1, limit_price=90)), record_of(order_of(SELL, 1, stop_price=99), 2)
    asleep.asleep = Decimal(1)
    book = book_of(far, asleep)
    assert not book.reach(BAR)
    book.remove(far)
    book.remove(asleep)
    book.remove(far)  # nobody minds
    assert not book.reach((1, 1000, 0, 0))


def test_an_exit_that_sleeps_concerns_no_bar_until_it_wakes() -> None:
    exit_ = record_of(order_of(SELL, 1, stop_price=99), asleep=Decimal(1))
    book = book_of(exit_)
    assert not book.reach(BAR)
    exit_.asleep = Decimal(0)
    book.add(exit_)
    assert book.reach(BAR)


def test_prices_in_a_finer_unit_are_compared_in_that() -> None:
    book = book_of(record_of(order_of(BUY, 1, limit_price="94.5")))
    assert not book.reach((950, 1050, 1, 0))
    assert not book.reach((9500, 10500, 2, 0))
    assert book.reach((9450, 10500, 2, 0))


def test_what_is_new_at_this_price_or_is_triggered_does_not_rest() -> None:
    assert rests(record_of(order_of(BUY, 1, limit_price=90)))
    assert not rests(record_of(order_of(BUY, 1, limit_price=90), instant=FillRule.INSTANT))
    assert not rests(record_of(order_of(SELL, 1, trail_amount=3, stop_price=90)))


def test_each_symbol_has_a_book_of_its_own() -> None:
    books = OpenBooks()
    one, other = record_of(order_of(BUY, 1, "A")), record_of(order_of(BUY, 1, "B"), 2)
    books["A"].add(one)
    books["B"].add(other)
    books["A"].remove(one)
    assert {symbol: list(book) for symbol, book in books.items()} == {"A": [], "B": [2]}


_PRICES = st.integers(min_value=1, max_value=30)
_KINDS = st.sampled_from(
    [
        ("limit_price",),
        ("stop_price",),
        ("stop_price", "limit_price"),
        ("trail_amount", "stop_price"),
        (),
    ]
)


@st.composite
def _orders(draw: st.DrawFn, number: int) -> OrderRecord:
    terms: dict[str, Any] = {name: draw(_PRICES) for name in draw(_KINDS)}
    terms["time_in_force"] = draw(st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]))
    record = record_of(order_of(draw(st.sampled_from([BUY, SELL])), 2, **terms), number)
    record.is_triggered = record.order.type.has_stop and draw(st.booleans())
    record.asleep = Decimal(draw(st.sampled_from([0, 0, 1, 2])))
    return record


_BOOKS = st.integers(min_value=0, max_value=6).flatmap(lambda n: st.tuples(*(_orders(one) for one in range(1, n + 1))))
_BARS = st.lists(st.tuples(_PRICES, _PRICES, _PRICES, _PRICES).map(sorted), min_size=1, max_size=5)


def _does_anything(record: OrderRecord, low: int, high: int, beyond: int) -> bool:
    """Say whether an order does anything on any path of any bar with these extremes."""
    if is_trailing(record):
        return True
    for opened in range(low, high + 1):
        for path in (high_first(opened, high, low, opened), low_first(opened, high, low, opened)):
            place = opened
            for phase in (*WALKING_PHASES, Phase.CLOSE):
                end = path[END_OF[phase]]
                if next_execution([record], phase, place, end, held=0, digits=0, beyond=beyond):
                    return True
                place = end
    return False


@given(_BOOKS, _BARS, st.integers(min_value=0, max_value=2))
def test_what_a_bar_does_not_concern_does_nothing_in_it(
    records: Sequence[OrderRecord], bars: Sequence[list[int]], beyond: int
) -> None:
    book = book_of(*records)
    for low, _, _, high in bars:
        book.reach((low, high, 0, beyond))
        assert list(book) == [one.id for one in records if one.awake and _does_anything(one, low, high, beyond)]
