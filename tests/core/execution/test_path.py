"""Which order executes next, and at which price: compared with a walk tick by tick."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.execution.path import Execution, nearest, next_execution
from tests.generators import candles


class Resting(NamedTuple):
    """An open order."""

    id: int
    sign: int


BUY_1, BUY_2, SELL_3 = Resting(1, 1), Resting(2, 1), Resting(3, -1)
Orders = list[tuple[Resting, int | None]]


@pytest.mark.parametrize(
    ("bar", "path"),
    [
        pytest.param((101, 102, 99, 100), (101, 102, 99, 100), id="the high is nearer"),
        pytest.param((100, 102, 99, 101), (100, 99, 102, 101), id="the low is nearer"),
        pytest.param((100, 101, 99, 100), (100, 99, 101, 100), id="equally near: the low first"),
        pytest.param((100, 100, 100, 100), (100, 100, 100, 100), id="no range"),
        pytest.param((102, 102, 99, 100), (102, 102, 99, 100), id="opened at the high"),
    ],
)
def test_the_path_goes_to_the_nearer_extreme_first(
    bar: tuple[int, int, int, int], path: tuple[int, int, int, int]
) -> None:
    assert nearest(*bar) == path


@given(candles())
def test_the_path_has_the_prices_of_its_bar(bar: tuple[int, int, int, int]) -> None:
    opened, high, low, close = bar
    path = nearest(*bar)
    assert sorted(path) == sorted(bar)
    assert (path[0], path[3]) == (opened, close)
    assert {path[1], path[2]} == {high, low}
    assert abs(path[1] - opened) <= abs(path[2] - opened)


NEXT = [
    pytest.param([(BUY_1, None)], 100, 100, (1, 100, 100, True), id="a market order, at once"),
    pytest.param([(BUY_1, None)], 100, 90, (1, 100, 100, True), id="a market order before the price moves"),
    pytest.param([(BUY_1, 95)], 100, 90, (1, 95, 95, False), id="a buy limit as the price falls"),
    pytest.param([(BUY_1, 90)], 100, 90, (1, 90, 90, False), id="a buy limit at the very end"),
    pytest.param([(BUY_1, 89)], 100, 90, None, id="a buy limit one tick further"),
    pytest.param([(BUY_1, 95)], 90, 100, (1, 90, 90, True), id="a buy limit that the start meets"),
    pytest.param([(BUY_1, 100)], 100, 110, (1, 100, 100, True), id="a buy limit that equals the start"),
    pytest.param([(BUY_1, 99)], 100, 110, None, id="a buy limit as the price rises"),
    pytest.param([(SELL_3, 105)], 100, 110, (3, 105, 105, False), id="a sell limit as the price rises"),
    pytest.param([(SELL_3, 110)], 100, 110, (3, 110, 110, False), id="a sell limit at the very end"),
    pytest.param([(SELL_3, 111)], 100, 110, None, id="a sell limit one tick further"),
    pytest.param([(SELL_3, 95)], 100, 110, (3, 100, 100, True), id="a sell limit that the start meets"),
    pytest.param([(SELL_3, 101)], 100, 90, None, id="a sell limit as the price falls"),
    pytest.param([(BUY_1, 93), (BUY_2, 97)], 100, 90, (2, 97, 97, False), id="the first that the price reaches"),
    pytest.param([(BUY_2, 95), (BUY_1, 95)], 100, 90, (1, 95, 95, False), id="at one price the lower number"),
    pytest.param([(BUY_1, 99), (SELL_3, None)], 100, 90, (3, 100, 100, True), id="at once comes before on the way"),
    pytest.param([], 100, 90, None, id="no orders"),
]


@pytest.mark.parametrize(("orders", "start", "end", "expected"), NEXT)
def test_what_executes_first_on_a_stretch(
    orders: Orders, start: int, end: int, expected: tuple[int, int, int, bool] | None
) -> None:
    found = next_execution(orders, start, end, held=0)
    assert found == (None if expected is None else Execution(*expected, reduces=False))


@pytest.mark.parametrize(
    ("held", "first"),
    [
        pytest.param(0, 1, id="flat: by number"),
        pytest.param(-1, 1, id="short: the purchase reduces"),
        pytest.param(1, 3, id="long: the sale reduces, though its number is higher"),
    ],
)
def test_at_one_price_reductions_come_before_increases(held: int, first: int) -> None:
    found = next_execution([(BUY_1, None), (SELL_3, None)], 100, 100, held)
    assert found is not None
    assert (found.order_id, found.reduces) == (first, held != 0)


THROUGH = [
    pytest.param((BUY_1, 95), 100, 95, None, id="touched"),
    pytest.param((BUY_1, 95), 100, 94, (1, 95, 94, False), id="one tick beyond fills at the limit"),
    pytest.param((BUY_1, 95), 95, 95, None, id="at the open too it is touched only"),
    pytest.param((BUY_1, 95), 94, 94, (1, 94, 94, True), id="an open one tick beyond fills at the open"),
    pytest.param((SELL_3, 105), 100, 105, None, id="a sale touched"),
    pytest.param((SELL_3, 105), 100, 106, (3, 105, 106, False), id="a sale one tick beyond"),
    pytest.param((BUY_1, None), 100, 90, (1, 100, 100, True), id="a market order asks for nothing"),
]


@pytest.mark.parametrize(("order", "start", "end", "expected"), THROUGH)
def test_the_price_has_to_trade_through_a_limit_where_that_is_asked_for(
    order: tuple[Resting, int | None], start: int, end: int, expected: tuple[int, int, int, bool] | None
) -> None:
    found = next_execution([order], start, end, held=0, beyond=1)
    assert found == (None if expected is None else Execution(*expected, reduces=False))


def walk(orders: Orders, start: int, end: int, held: int, beyond: int) -> tuple[int, int] | None:
    """Go from start to end tick by tick, and return who executes first, and at which price."""
    direction = 1 if end > start else -1
    for price in range(start, end + direction, direction):
        ready = [
            (held * order.sign >= 0, order.id, price if limit is None or price == start else limit)
            for order, limit in orders
            if limit is None or (limit - price) * order.sign >= beyond
        ]
        if ready:
            _, first, at = min(ready)
            return first, at
    return None


resting = st.lists(
    st.tuples(st.sampled_from((1, -1)), st.none() | st.integers(85, 115)),
    max_size=6,
).map(lambda drawn: [(Resting(number, sign), limit) for number, (sign, limit) in enumerate(drawn)])


@given(resting, st.integers(90, 110), st.integers(90, 110), st.sampled_from((-1, 0, 1)), st.sampled_from((0, 1, 3)))
def test_what_executes_first_is_what_a_walk_tick_by_tick_meets_first(
    orders: Sequence[tuple[Resting, int | None]], start: int, end: int, held: int, beyond: int
) -> None:
    found = next_execution(orders, start, end, held, beyond)
    assert (found and (found.order_id, found.price)) == walk(list(orders), start, end, held, beyond)


@given(resting, st.integers(90, 110), st.integers(90, 110), st.sampled_from((-1, 0, 1)))
def test_the_order_in_which_orders_are_listed_changes_nothing(
    orders: Sequence[tuple[Resting, int | None]], start: int, end: int, held: int
) -> None:
    assert next_execution(orders, start, end, held) == next_execution(reversed(orders), start, end, held)
