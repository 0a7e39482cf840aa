"""Text stands in columns by its width in cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.columns import COVER, Column, build_row, fit_cell, fit_columns, needed
from tui.widgets.lines import line_text

COLUMNS = (
    Column("id", 5, "right"),
    Column("sym", 6, grow=True, priority=3),
    Column("state", 6, priority=2),
)
WIDE = "日本株式会社"
FAMILY = "👩‍👩‍👧"
TEXT = st.text(
    st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from([*WIDE, *FAMILY, "\ufe0f"]), max_size=12
)


# Cells


@pytest.mark.parametrize(
    ("text", "width", "cell"),
    [
        ("AAPL", 6, "AAPL  "),
        ("AAPL", 4, "AAPL"),
        ("AAPL", 3, "AA…"),
        ("AAPL", 1, "…"),
        ("AAPL", 0, ""),
        ("", 2, "  "),
        (WIDE, 12, WIDE),
        (WIDE, 5, "日本…"),
        (WIDE, 6, "日本… "),
        (WIDE, 2, "… "),
        (FAMILY + "x", 3, FAMILY + "x"),
        (FAMILY + "x", 2, "… "),
        ("[/]", 4, "[/] "),
    ],
)
def test_a_cell_is_measured_in_cells_and_a_cut_is_marked(text: str, width: int, cell: str) -> None:
    assert fit_cell(text, width) == cell
    assert cell_len(cell) == width


def test_a_cell_may_stand_on_the_right() -> None:
    assert fit_cell("12.50", 8, "right") == "   12.50"
    assert fit_cell(WIDE, 6, "right") == " 日本…"


# Columns


@pytest.mark.parametrize(
    ("width", "widths"),
    [
        (30, (5, 17, 6)),  # 30 - 5 - 6 - 2 gaps
        (19, (5, 6, 6)),
        (18, (0, 11, 6)),  # id has the lowest priority
        (12, (0, 12, 0)),
        (4, (0, 4, 0)),
        (0, (0, 0, 0)),
    ],
)
def test_columns_of_low_priority_give_way(width: int, widths: tuple[int, ...]) -> None:
    assert fit_columns(COLUMNS, width) == widths


def test_of_equal_columns_the_right_one_gives_way_and_growing_ones_share() -> None:
    columns = (Column("a", 3, grow=True), Column("b", 3), Column("c", 3, grow=True))
    assert fit_columns(columns, 14) == (5, 3, 4)
    assert fit_columns(columns, 10) == (6, 3, 0)


def test_a_column_that_grows_to_a_bound_leaves_the_rest_to_the_others() -> None:
    columns = (Column("a", 3, grow=True), Column("b", 3, grow=True, most=5), Column("c", 3, grow=True))
    # 9 and 2 gaps are taken: of 6 each has 2; of 12 b has 2 and the others 5 each
    assert fit_columns(columns, 17) == (5, 5, 5)
    assert fit_columns(columns, 23) == (8, 5, 8)
    assert fit_columns(columns[1:2], 20) == (5,)


def test_a_row_is_one_span_unless_cells_of_it_changed() -> None:
    cells = ("7", "ACME", "FILLED")
    assert build_row(cells, COLUMNS, 21, "s") == (("    7 ACME     FILLED", "s"),)
    assert build_row(cells, COLUMNS, 21, "s", {2}) == (("    7 ACME     ", "s"), ("FILLED", "s rows--changed"))


def test_a_row_fills_its_line_where_no_column_grows() -> None:
    columns = (Column("a", 2), Column("b", 2))
    assert build_row(("x", WIDE), columns, 8, "s") == (("x  …    ", "s"),)
    assert line_text(build_row(("x", "y"), columns, 8, "s", {1})) == "x  y    "


@given(st.tuples(TEXT, TEXT, TEXT), st.integers(0, 40), st.sets(st.integers(0, 2)))
def test_a_row_is_as_wide_as_asked_for_whatever_stands_in_it(
    cells: tuple[str, str, str], width: int, changed: set[int]
) -> None:
    line = build_row(cells, COLUMNS, width, "s", changed)
    assert line_text(line) == line_text(build_row(cells, COLUMNS, width, "s"))
    assert sum(cell_len(text) for text, _ in line) == width


# Numbers

HUGE = "123,456,789,012,345,678.123456789012"
MONEY = (
    Column("sym", 5, grow=True, priority=9),
    Column("qty", 6, "right", priority=8),
    Column("value", 8, "right", priority=4),
    Column("share", 6, "right", priority=2),
)


@pytest.mark.parametrize(
    ("width", "needs", "widths"),
    [
        (28, (0, 6, 8, 6), (5, 6, 8, 6)),
        (28, (0, 1, 1, 1), (5, 6, 8, 6)),
        (40, (0, 9, 12, 6), (10, 9, 12, 6)),  # there is room: 40 - 27 - 3 gaps
        (28, (0, 8, 8, 6), (10, 8, 8, 0)),  # share gives way
        (28, (0, 18, 8, 6), (9, 18, 0, 0)),  # and value too
        (28, (0, 23, 8, 6), (5, 6, 8, 6)),  # without room nothing goes in vain
        (28, (0, 23, 10, 6), (10, 6, 10, 0)),  # but it does for the next
        (28, (0, 6, 8, 7), (5, 6, 8, 6)),  # the least important takes nothing from others
    ],
)
def test_numbers_take_room_from_what_is_less_important(
    width: int, needs: tuple[int, ...], widths: tuple[int, ...]
) -> None:
    assert fit_columns(MONEY, width, needs) == widths


def test_a_number_that_has_no_room_is_covered_and_never_cut() -> None:
    cells = (WIDE, HUGE, "1.00", "2%")
    line = line_text(build_row(cells, MONEY, 28, "s", needs=needed([cells], MONEY)))
    assert line == "日本… ###### " + "    1.00     2%"
    assert line_text(build_row(cells, MONEY, 60, "s", needs=needed([cells], MONEY))).split() == [
        "日本株…",
        HUGE,
        "1.00",
        "2%",
    ]


def test_titles_over_numbers_are_cut_as_text_is() -> None:
    columns = (Column("quantity", 4, "right"),)
    assert line_text(build_row(["quantity"], columns, 4, "s", is_title=True)) == "qua…"


def test_only_numbers_need_room() -> None:
    assert needed([("x" * 60, "1"), ("", "12,345.00")], MONEY[:2]) == (0, 9)
    assert needed([], MONEY) == (0, 0, 0, 0)


NUMBER = st.decimals(-(10**18), 10**18, allow_nan=False, places=12).map(lambda number: f"{number:,f}")


@given(
    st.lists(st.tuples(TEXT, NUMBER, NUMBER, NUMBER), min_size=1, max_size=4),
    st.integers(0, 120),
    st.sets(st.integers(0, 3)),
)
def test_no_part_of_a_number_is_ever_shown_for_it(
    rows: list[tuple[str, str, str, str]], width: int, changed: set[int]
) -> None:
    needs = needed(rows, MONEY)
    widths = fit_columns(MONEY, width, needs)
    for cells in rows:
        text = line_text(build_row(cells, MONEY, width, "s", changed, needs=needs))
        assert cell_len(text) == width
        if not widths[0] or cell_len(cells[0]) > widths[0]:
            continue
        rest = text[len(fit_cell(cells[0], widths[0])) :].split()
        shown = [number for number, room in zip(cells[1:], widths[1:], strict=True) if room]
        rooms = [room for room in widths[1:] if room]
        assert rest == [
            number if len(number) <= room else COVER * room for number, room in zip(shown, rooms, strict=True)
        ]
