"""Scales keep still, and steps are round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.axis import Scale, axis_span, fresh_bounds, grid_values, nice_step, settled_bounds


@pytest.mark.parametrize(
    ("least", "step"),
    [(0.3, 0.5), (1, 1), (1.01, 2), (2.1, 2.5), (2.6, 5), (7, 10), (21, 25), (99, 100), (0.0021, 0.0025)],
)
def test_a_step_is_1_2_2_and_a_half_or_5_times_a_power_of_ten(least: float, step: float) -> None:
    assert nice_step(least) == pytest.approx(step)


@pytest.mark.parametrize(("least", "step"), [(0.3, 1), (1.01, 2), (2.1, 5), (21, 25), (260, 500)])
def test_a_whole_step_is_an_int_and_never_2_and_a_half(least: float, step: int) -> None:
    assert nice_step(least, whole=True) == step
    assert isinstance(nice_step(least, whole=True), int)


def test_grid_values_are_the_multiples_within_bounds_both_ends_included() -> None:
    assert list(grid_values(-10, 7, 5)) == [-10, -5, 0, 5]


def test_fresh_bounds_leave_a_step_free_on_either_side() -> None:
    # a range of 160 in at least 16 steps: a step of 10
    assert fresh_bounds(100, 260, whole=True) == (90, 270)


def test_fresh_bounds_of_a_flat_line_have_it_between_them() -> None:
    assert fresh_bounds(100_000, 100_000) == (99_900, 100_100)
    assert fresh_bounds(0, 0, whole=True) == (-1, 1)


def test_a_scale_keeps_still_while_data_moves_within_it() -> None:
    scale = Scale(whole=True)
    bounds = scale.fit(100, 260)
    assert [scale.fit(*data) for data in ((90, 250), (110, 270), (150, 240))] == [bounds] * 3


def test_a_scale_changes_when_data_leaves_it() -> None:
    scale = Scale(whole=True)
    scale.fit(100, 260)
    assert scale.fit(100, 271) == fresh_bounds(100, 271, whole=True)


def test_a_scale_changes_when_data_uses_less_than_half_of_it() -> None:
    scale = Scale(whole=True)
    assert scale.fit(100, 260) == (90, 270)
    assert scale.fit(100, 190) == (90, 270)  # 90 of 180
    assert scale.fit(100, 189) == fresh_bounds(100, 189, whole=True)


def test_a_scale_of_flat_data_keeps_still() -> None:
    scale = Scale(whole=True)
    bounds = scale.fit(5000, 5000)
    assert scale.fit(5001, 5001) == bounds


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**9), st.booleans())
def test_bounds_hold_their_data_and_are_whole_where_they_should_be(low: int, span: int, whole: bool) -> None:
    bottom, top = fresh_bounds(low, low + span, whole=whole)
    assert bottom < low <= low + span < top
    assert not whole or (isinstance(bottom, int) and isinstance(top, int))


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**6))
def test_fresh_bounds_serve_the_data_they_were_made_for(low: int, span: int) -> None:
    scale = Scale(whole=True)
    assert scale.fit(low, low + span) == scale.fit(low, low + span)


def test_settled_bounds_are_those_of_a_scale_that_saw_bar_after_bar() -> None:
    scale = Scale(whole=True)
    scale.fit(100, 200)
    assert settled_bounds([(100, 200), (120, 130), (110, 205)], whole=True) == scale.fit(100, 205)
    assert settled_bounds([]) is None


def test_an_axis_line_is_as_wide_as_asked_for() -> None:
    labels = {1: ("┤12,345", "a")}
    assert axis_span(labels, 0, 5, ("│", "b")) == ("│    ", "b")
    assert axis_span(labels, 1, 5, ("│", "b")) == ("┤12,…", "a")
