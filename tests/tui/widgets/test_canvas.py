"""Cells are joined into spans, and prices placed by one formula."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.canvas import Canvas, Plot


def test_a_line_changes_its_style_only_where_another_begins() -> None:
    canvas = Canvas(8, 2)
    for x, style in ((1, "a"), (3, "a"), (5, "b")):
        canvas.put(x, 0, "x", style)
    assert canvas.spans(0) == [(" x x ", "a"), ("x  ", "b")]
    assert canvas.spans(1) == [("        ", "")]


def test_a_ruled_line_goes_on_beside_what_stands_on_it() -> None:
    canvas = Canvas(6, 1)
    canvas.rule(0, "-", "rule")
    for x, glyph, style in ((1, "x", "a"), (2, "x", "a"), (4, "x", "a"), (4, "y", "b")):
        canvas.put(x, 0, glyph, style)
    assert "".join(text for text, _ in canvas.spans(0)) == "-xx-y-"
    assert [(text, style) for text, style in canvas.spans(0) if style == "rule"] == [("-", "rule")] * 3


def test_a_cell_written_twice_shows_the_later_one() -> None:
    canvas = Canvas(3, 1)
    canvas.put(1, 0, "x", "a")
    canvas.put(1, 0, "y", "b")
    assert canvas.spans(0) == [(" ", "a"), ("y ", "b")]


def test_a_scale_ends_at_the_edges() -> None:
    plot = Plot(5, (0, 9))
    assert [plot.half(ticks) for ticks in range(10)] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert [plot.dot(ticks) for ticks in (9, 0, 99, -99)] == [0, 19, 0, 19]


def test_bounds_without_a_range_are_no_error() -> None:
    assert Plot(5, (7, 7)).row(7) == 0


@given(st.integers(1, 60), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_higher_price_is_never_lower_on_the_screen(rows: int, one: int, other: int) -> None:
    plot = Plot(rows, (0, 10**6))
    assert plot.dot(max(one, other)) <= plot.dot(min(one, other))
    assert plot.row(one) == plot.half(one) // 2 == plot.dot(one) // 4
