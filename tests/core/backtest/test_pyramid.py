"""Searching a column by the least values of its blocks."""

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.backtest.pyramid import Pyramid


def by_looking(values: list[int], bound: int, start: int) -> int | None:
    return next((row for row in range(start, len(values)) if values[row] <= bound), None)


@given(st.integers(1, 10_000), st.lists(st.tuples(st.integers(0, 9_999), st.integers(-5, 50)), max_size=8), st.data())
@example(64, [(63, 1)], None)
@example(65, [(64, 1)], None)
@example(4096, [(4095, 1)], None)
@example(4097, [(4096, 1)], None)
def test_it_finds_what_looking_at_each_row_finds(
    count: int, dips: list[tuple[int, int]], data: st.DataObject | None
) -> None:
    values = [100] * count
    for row, value in dips:
        values[row % count] = value
    pyramid = Pyramid(pl.Series(values, dtype=pl.Int64))
    starts = [0, count - 1] if data is None else data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=5))
    for start in starts:
        for bound in (-10, 1, 20, 99, 100):
            assert pyramid.first_at_most(bound, start) == by_looking(values, bound, start)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 300_000])
def test_the_search_looks_at_a_few_blocks_only(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    scan = Pyramid._scan
    monkeypatch.setattr(Pyramid, "_scan", lambda self, level, *rest: looks.append(level) or scan(self, level, *rest))
    pyramid = Pyramid(pl.Series([5] * (count - 1) + [1], dtype=pl.Int64))
    assert pyramid.first_at_most(1, 0) == count - 1
    assert len(looks) <= 8
