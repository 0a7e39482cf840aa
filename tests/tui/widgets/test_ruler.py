"""A bar as one line has its prices, and what else there is, on one scale."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.ruler import build_ruler


def line(prices: str, width: int, *marks: tuple[str, int]) -> str:
    return build_ruler(
        [Decimal(price) for price in prices.split("/")], [(sign, Decimal(price)) for sign, price in marks], width
    )


@pytest.mark.parametrize(
    ("prices", "width", "marks", "expected"),
    [
        ("10/20/0/5", 21, (), "L────C────O─────────H"),
        ("10/20/0/5", 5, (), "LCO─H"),
        ("10/20/0/5", 21, (("▲", 12),), "L────C────O─▲───────H"),
        ("10/20/0/5", 21, (("▲", 10),), "L────C────▲─────────H"),  # a mark is seen over a price
        ("0/20/0/20", 21, (), "L───────────────────C"),  # the later price is seen
        ("10/20/10/20", 21, (("l", 0),), "l·········L─────────C"),
        ("0/10/0/10", 21, (("s", 20),), "L─────────C·········s"),
        ("5/5/5/5", 21, (), "C"),
        ("5/5/5/5", 21, (("▼", 5),), "▼"),
        ("5/5/5/5", 11, (("limit", 0), ("stop", 10)), "l····C····s"),
        ("10/20/0/5", 1, (), "C"),
        ("10/20/0/5", 0, (), ""),
        ("10/20/0/5", -3, (), ""),
    ],
)
def test_a_bar_as_one_line(prices: str, width: int, marks: tuple[tuple[str, int], ...], expected: str) -> None:
    assert line(prices, width, *marks) == expected


PRICES = st.decimals(0, 10**9, places=4)


MARKS = st.lists(st.tuples(st.just("x"), PRICES), max_size=4)


@given(st.lists(PRICES, min_size=4, max_size=4), MARKS, st.integers(1, 99))
def test_it_is_never_wider_than_it_may_be_and_has_its_ends(
    some: list[Decimal], marks: list[tuple[str, Decimal]], width: int
) -> None:
    low, one, other, high = sorted(some)
    text = build_ruler([one, high, low, other], marks, width)
    assert 1 <= len(text) <= width
    assert not set(text) - set("OHLC─·x")
    assert "·" not in (text[0], text[-1])
