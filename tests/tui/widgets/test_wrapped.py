"""What is too long for its column goes on below."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.columns import Column, fit_columns
from tui.widgets.rows import Row
from tui.widgets.wrapped import wrapped_rows

COLUMNS = (Column("", 4), Column("", 6, grow=True), Column("", 5, "right"))


def test_a_row_that_fits_stays_as_it_is() -> None:
    row = Row(("ab", "a b c", "1"), "key", "warn")
    assert list(wrapped_rows([row], COLUMNS, 17)) == [(0, row)]


def test_a_long_cell_goes_on_below_beside_empty_ones() -> None:
    rows = [Row(("a", "one two three", "1"), "x", "bad"), Row(("b", "", ""), "y")]
    assert [(index, row.cells, row.key, row.tone) for index, row in wrapped_rows(rows, COLUMNS, 17)] == [
        (0, ("a", "one", "1"), "x", "bad"),
        (0, ("", "two", ""), ("x", 1), "bad"),
        (0, ("", "three", ""), ("x", 2), "bad"),
        (1, ("b", "", ""), "y", ""),
    ]


def test_a_column_that_is_dropped_makes_no_lines() -> None:
    assert len(list(wrapped_rows([Row(("a", "b", "much too long"), 1)], COLUMNS, 11))) == 1


@given(st.lists(st.text(st.sampled_from("ab 世é"), max_size=30), min_size=3, max_size=3), st.integers(17, 40))
def test_no_line_is_wider_than_its_column_and_no_character_is_lost(cells: list[str], width: int) -> None:
    lines = [row for _, row in wrapped_rows([Row(tuple(cells), 1)], COLUMNS, width)]
    widths = fit_columns(COLUMNS, width)
    assert all(cell_len(cell) <= most for row in lines for cell, most in zip(row.cells, widths, strict=True))
    for column, cell in enumerate(cells):
        assert "".join(row.cells[column] for row in lines).replace(" ", "") == cell.replace(" ", "")
