"""A list reads what is visible, paints what changed, and keeps its cursor with its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from textual.color import Color
from textual.containers import Container
from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Region

from tui.widgets.columns import Column
from tui.widgets.lines import set_border_text
from tui.widgets.rows import Row, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.style import Style
    from textual.pilot import Pilot

COLUMNS = (
    Column("id", 5, "right"),
    Column("sym", 6, grow=True, priority=3),
    Column("state", 6, priority=2),
)
WIDE = "日本株式会社"
FAMILY = "👩‍👩‍👧"


class Orders:
    """As many orders as one likes; counts the rows that are read."""

    def __init__(self, count: int, *, state: str = "ACCEPT", first: int = 0) -> None:
        self.count = count
        self.state = state
        self.first = first
        self.reads = 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int, /) -> Row:
        self.reads += 1
        number = self.first + index
        return Row((str(number), f"SYM{number}", self.state), key=number)


class Listening(Container):
    """Collects what the list in it tells."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self.heard: list[tuple[int, object]] = []

    def on_rows_selected(self, message: Rows.Selected) -> None:
        assert message.control is message.rows
        self.heard.append((message.index, message.key))


def cells(pilot: Pilot[None]) -> list[str]:
    """Return the text of every line of the screen, as it is composed."""
    return [strip.text for strip in pilot.app.screen._compositor.render_strips()]


def style_of(rows: Rows, y: int) -> Style:
    style = rows.render_line(y)._segments[0].style
    assert style is not None
    return style


def a_list(**options: object) -> Rows:
    return Rows(COLUMNS, empty="no orders yet", **options)  # type: ignore[arg-type]


def top_of(rows: Rows) -> str:
    return rows.plain_lines()[1].split()[0]


# Showing


def test_a_list_shows_its_header_and_the_visible_rows(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(pilot: Pilot[None]) -> None:
        assert rows.show(Orders(9)) == 3
        assert rows.plain_lines() == [
            "   id sym         state ",
            "    0 SYM0        ACCEPT",
            "    1 SYM1        ACCEPT",
            "    2 SYM2        ACCEPT",
        ]
        await pilot.pause()
        assert cells(pilot) == rows.plain_lines()

    on_stage(script, rows, size=(24, 4))


def test_a_list_without_rows_gives_a_hint(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        assert rows.show([]) == 0
        assert rows.plain_lines()[1].rstrip() == "no orders yet"
        assert rows.position_text == ""
        assert rows.selected is None
        rows.end()
        rows.move(1)
        assert rows.cursor == 0

    on_stage(script, rows)


def test_a_list_may_do_without_a_header(on_stage: Callable[..., None]) -> None:
    rows = Rows([Column("", 9, grow=True)], header=False)

    async def script(_: Pilot[None]) -> None:
        rows.show([Row(("fill 100 @ 108.32",), key=0)])
        assert rows.plain_lines()[0].rstrip() == "fill 100 @ 108.32"

    on_stage(script, rows)


def test_only_the_lines_that_differ_are_refreshed(on_stage: Callable[..., None]) -> None:
    rows = a_list()
    orders = [Row((str(n), "ACME", "ACCEPT"), key=n) for n in range(5)]

    async def script(_: Pilot[None]) -> None:
        assert rows.show(orders) == 5
        assert rows.show(list(orders)) == 0
        orders[3] = Row(("3", "ACME", "FILLED"), key=3, tone="good")
        assert rows.show(orders) == 1

    on_stage(script, rows)


def test_a_row_outside_the_window_changes_nothing(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show(Orders(5))
        assert rows.show(Orders(500)) == 0

    on_stage(script, rows)


def test_a_hundred_thousand_rows_cost_what_the_visible_ones_do(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(pilot: Pilot[None]) -> None:
        for source in (Orders(100), Orders(100_000)):
            rows.show(source)
            assert source.reads == 5
            rows.end()
            rows.page(-0.5)
            rows.home()
            await pilot.pause()
            assert source.reads == 5 + 6 + 1 + 6  # two windows moved; each of three messages reads its row
            source.reads = 0
            rows.show(source)
            assert source.reads == 5

    on_stage(script, rows)


def test_symbols_that_look_like_markup_are_shown_as_they_are(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(pilot: Pilot[None]) -> None:
        rows.show([Row(("1", "[@click=app.quit]x", "[/]"), key=1)])
        await pilot.pause()
        assert cells(pilot)[1] == "    1 [@click=app.quit]x   [/]   "

    on_stage(script, rows, size=(33, 4))


def test_wide_characters_are_cut_at_the_edge_of_their_column(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(pilot: Pilot[None]) -> None:
        rows.show([Row((FAMILY, WIDE, FAMILY * 4), key=1)])
        await pilot.pause()
        line = cells(pilot)[1]
        assert line == f"   {FAMILY} 日本株… {FAMILY * 2}… "
        assert cell_len(line) == 20

    on_stage(script, rows, size=(20, 4))


def test_a_tone_styles_the_line(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show([Row(("1", "A", ""), 1), Row(("2", "B", ""), 2, "bad"), Row(("3", "C", ""), 3, "dim")])
        plain, bad, dim = (style_of(rows, y) for y in (1, 2, 3))
        assert plain.color != bad.color
        assert dim.dim

    on_stage(script, rows)


# What changed


def bold(rows: Rows) -> list[str]:
    strips = [rows.render_line(y) for y in range(1, rows.size.height)]
    return [segment.text for strip in strips for segment in strip if segment.style and segment.style.bold]


@pytest.mark.parametrize("no_color", [False, True])
def test_changed_cells_stand_out_without_color_too(on_stage: Callable[..., None], no_color: bool) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show([Row(("1", "A", "FILLED"), 1, changed=frozenset({2})), Row(("2", "B", "OPEN"), 2, "dim")])
        assert bold(rows) == ["FILLED"]
        assert rows.show([Row(("1", "A", "FILLED"), 1), Row(("2", "B", "OPEN"), 2, "dim")]) == 1
        assert bold(rows) == []

    on_stage(script, rows, no_color=no_color)


def test_in_a_dim_row_what_changed_is_not_dim(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show([Row(("0", "A", ""), 0), Row(("1", "A", "FILLED"), 1, "dim", frozenset({2}))])
        styles = {segment.text.strip(): segment.style for segment in rows.render_line(2)}
        changed, other = styles["FILLED"], next(style for text, style in styles.items() if "A" in text)
        assert changed is not None
        assert other is not None
        assert (bool(changed.dim), bool(other.dim)) == (False, True)

    on_stage(script, rows)


def test_moving_the_cursor_and_resizing_leave_what_stands_out(on_stage: Callable[..., None]) -> None:
    rows = a_list()
    orders = [Row((str(n), "A", f"S{n}"), n, changed=frozenset({2} if n % 2 else ())) for n in range(9)]

    async def script(pilot: Pilot[None]) -> None:
        rows.show(orders)
        for move, seen in ((2, "S1 S3"), (4, "S3 S5"), (-6, "S1 S3")):
            rows.move(move)
            assert [text.strip() for text in bold(rows)] == seen.split()
        await pilot.resize_terminal(30, 4)
        assert [text.strip() for text in bold(rows)] == ["S1"]
        await pilot.resize_terminal(30, 6)
        assert [text.strip() for text in bold(rows)] == ["S1", "S3"]

    on_stage(script, rows)


# What is said once


def test_a_text_that_is_said_once_stands_in_the_first_of_its_rows_in_view(on_stage: Callable[..., None]) -> None:
    rows = Rows([Column("bar", 3, "right", once=True), Column("event", 6)])

    def bars() -> list[str]:
        return [line[:3].strip() for line in rows.plain_lines()[1:]]

    async def script(_: Pilot[None]) -> None:
        rows.show([Row((bar, f"e{n}"), n) for n, bar in enumerate("1112223")])
        assert bars() == ["1", "", "", "2", ""]
        rows.pan(1)
        assert bars() == ["1", "", "2", "", ""]
        assert rows.selected == Row(("1", "e0"), 0)

    on_stage(script, rows)


# A last line


TOTAL = Row(("99", "total", ""), "total")


def test_a_footer_stays_under_the_rows_and_out_of_reach_of_the_cursor(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(pilot: Pilot[None]) -> None:
        rows.show(Orders(3), footer=TOTAL)
        assert [line.split() for line in rows.plain_lines()[3:]] == [["2", "SYM2", "ACCEPT"], ["99", "total"], []]
        rows.show(Orders(9), footer=TOTAL)
        assert rows.position_text == "1-4/9"
        rows.end()
        assert rows.cursor == 8
        assert [line.split()[0] for line in rows.plain_lines()[1:]] == ["5", "6", "7", "8", "99"]
        rows.home()
        await pilot.click(rows, offset=(2, 5))
        assert rows.cursor == 0

    on_stage(script, rows)


def test_without_room_a_footer_is_left_out(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(pilot: Pilot[None]) -> None:
        rows.show(Orders(9), footer=TOTAL)
        assert "total" in rows.plain_lines()[3]
        await pilot.resize_terminal(30, 3)
        assert [line.split()[0] for line in rows.plain_lines()[1:]] == ["0", "1"]
        assert rows.position_text == "1-2/9"

    on_stage(script, rows, size=(30, 4))


# Numbers


def test_a_column_of_numbers_is_as_wide_as_the_widest_in_view(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show([Row((text, "A", "OPEN"), text) for text in ("1", "2", "3", "4", "5", "1,000,000")])
        assert rows.plain_lines()[1].startswith("    1 A ")
        rows.move(5)
        assert [line.rstrip() for line in rows.plain_lines()[:2]] == [
            "       id sym                state",
            "        2 A                  OPEN",
        ]
        assert rows.plain_lines()[5].split()[0] == "1,000,000"

    on_stage(script, rows, size=(35, 6))


def test_a_number_in_the_footer_counts_too(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show(Orders(2), footer=Row(("1,000,000", "total", ""), "total"))
        assert rows.plain_lines()[3].split()[0] == "1,000,000"

    on_stage(script, rows, size=(35, 6))


# The cursor


def test_moving_the_cursor_repaints_two_lines(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show(Orders(9))
        lines = list(rows._lines)
        rows.move(2)
        assert [y for y, line in enumerate(rows._lines) if line != lines[y]] == [1, 3]

    on_stage(script, rows)


def test_the_window_moves_as_little_as_will_do(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show(Orders(100))
        assert rows.position_text == "1-5/100"
        rows.move(5)
        assert (rows.cursor, rows.position_text) == (5, "2-6/100")
        rows.page(1)
        assert (rows.cursor, rows.position_text) == (10, "7-11/100")
        rows.page(-0.5)
        assert (rows.cursor, rows.position_text) == (8, "7-11/100")
        rows.end()
        assert (rows.cursor, rows.position_text) == (99, "96-100/100")
        rows.move(1)
        assert rows.cursor == 99
        rows.home()
        assert (rows.cursor, rows.position_text) == (0, "1-5/100")
        rows.move(-1)
        assert rows.cursor == 0

    on_stage(script, rows)


def test_where_all_rows_are_in_view_their_number_is_enough(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show(Orders(5))
        assert rows.position_text == "5"

    on_stage(script, rows)


def test_only_the_user_moving_the_cursor_is_told(on_stage: Callable[..., None]) -> None:
    rows = a_list(follow="last")
    pane = Listening(rows)

    async def script(pilot: Pilot[None]) -> None:
        rows.show(Orders(3, first=40))
        rows.show(Orders(9, first=40))
        await pilot.pause()
        assert pane.heard == []
        rows.move(-1)
        rows.move(0)
        rows.home()
        await pilot.pause()
        assert pane.heard == [(7, 47), (0, 40)]

    on_stage(script, pane)


def test_a_click_selects_the_row_under_it(on_stage: Callable[..., None]) -> None:
    rows = a_list()
    pane = Listening(rows)

    async def script(pilot: Pilot[None]) -> None:
        rows.show(Orders(3))
        await pilot.click(rows, offset=(4, 3))  # border, header, rows 0 and 1
        await pilot.click(rows, offset=(4, 1))  # the header
        await pilot.click(rows, offset=(4, 6))  # below the last row
        await pilot.click(rows, offset=(0, 2))  # the border
        assert pane.heard == [(1, 1)]
        assert rows.has_focus

    on_stage(script, pane, size=(30, 9), css="Rows { border: round red; }")


def test_the_wheel_moves_the_window_and_not_the_cursor(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(pilot: Pilot[None]) -> None:
        rows.show(Orders(7))
        await pilot._post_mouse_events([MouseScrollDown], rows, offset=(1, 1))
        assert (top_of(rows), rows.cursor) == ("2", 0)  # 7 rows, 5 in view
        rows.show(Orders(7))
        assert top_of(rows) == "2"
        await pilot._post_mouse_events([MouseScrollUp], rows, offset=(1, 1))
        assert top_of(rows) == "0"

    on_stage(script, rows)


def test_the_cursor_stays_with_its_row(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show(Orders(9, first=10))
        rows.move(3)
        rows.show(Orders(8, first=11))
        assert rows.selected == Row(("13", "SYM13", "ACCEPT"), key=13)
        rows.show(Orders(9, first=10))
        assert (rows.cursor, rows.selected.key) == (3, 13)

    on_stage(script, rows)


def test_the_cursor_keeps_its_place_when_its_row_is_gone(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show(Orders(9))
        rows.move(3)
        rows.show(Orders(9, first=500))
        assert rows.cursor == 3
        rows.show(Orders(2, first=500))
        assert rows.cursor == 1

    on_stage(script, rows)


@pytest.mark.parametrize("focused_pane", [False, True], ids=["list has focus", "pane has focus"])
def test_the_cursor_shows_only_with_focus(on_stage: Callable[..., None], focused_pane: bool) -> None:
    rows = a_list()
    rows.can_focus = not focused_pane
    pane = Container(rows)
    pane.can_focus = focused_pane

    def highlighted() -> list[int]:
        ground = style_of(rows, 0).bgcolor
        return [y for y in range(1, 4) if style_of(rows, y).bgcolor != ground]

    async def script(pilot: Pilot[None]) -> None:
        rows.show(Orders(3))
        pilot.app.set_focus(None)
        await pilot.pause()
        assert highlighted() == []
        (pane if focused_pane else rows).focus()
        await pilot.pause()
        assert highlighted() == [1]

    on_stage(script, pane)


def test_a_pane_that_is_a_list_looks_and_tells_like_one(on_stage: Callable[..., None]) -> None:
    class Positions(Rows):
        DEFAULT_CSS = "Positions { border: round red; }"

    rows = Positions(COLUMNS)
    pane = Listening(rows)

    async def script(pilot: Pilot[None]) -> None:
        rows.show(Orders(3))
        rows.focus()
        rows.move(1)
        await pilot.pause()
        assert pane.heard == [(1, 1)]
        assert style_of(rows, 0).dim
        assert style_of(rows, 2).bgcolor != style_of(rows, 1).bgcolor

    on_stage(script, pane)


def test_the_cursor_shows_without_color(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(pilot: Pilot[None]) -> None:
        rows.show(Orders(3))
        rows.focus()
        await pilot.pause()
        cursor, other = (style_of(rows, y).bgcolor or rows.styles.background.rich_color for y in (1, 2))
        grays = [Color.from_rich_color(one).monochrome.brightness for one in (cursor, other)]
        assert abs(grays[0] - grays[1]) > 0.2
        assert not style_of(rows, 1).reverse

    on_stage(script, rows, no_color=True)


def test_a_smaller_list_keeps_its_cursor_in_view(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(pilot: Pilot[None]) -> None:
        rows.show(Orders(9))
        rows.move(4)
        await pilot.resize_terminal(30, 3)
        assert rows.position_text == "4-5/9"

    on_stage(script, rows)


# Following


def test_a_following_list_stays_at_the_last_row(on_stage: Callable[..., None]) -> None:
    rows = a_list(follow="last")

    async def script(_: Pilot[None]) -> None:
        for count in (0, 3, 8, 100, 7):
            rows.show(Orders(count))
            assert rows.cursor == max(count - 1, 0)
        assert rows.position_text == "3-7/7"

    on_stage(script, rows)


def test_a_following_list_stays_where_the_user_put_it(on_stage: Callable[..., None]) -> None:
    rows = a_list(follow="last")

    async def script(_: Pilot[None]) -> None:
        rows.show(Orders(50))
        rows.move(-1)
        rows.show(Orders(60))
        assert (rows.cursor, rows.position_text) == (48, "46-50/60")
        rows.end()
        rows.show(Orders(70))
        assert rows.cursor == 69
        rows.pan(-20)
        rows.show(Orders(80))
        assert (rows.cursor, rows.position_text) == (69, "46-50/80")

    on_stage(script, rows)


def test_a_list_that_grows_above_may_be_followed_at_its_first_row(on_stage: Callable[..., None]) -> None:
    rows = a_list(follow="first")

    async def script(_: Pilot[None]) -> None:
        for newest in (5, 8, 90):
            rows.show([Row((str(n), "ACME", "ACCEPT"), key=n) for n in range(newest, 0, -1)])
            assert (rows.cursor, top_of(rows)) == (0, str(newest))
        rows.move(1)
        rows.show([Row((str(n), "ACME", "ACCEPT"), key=n) for n in range(91, 0, -1)])
        assert (rows.cursor, rows.selected and rows.selected.key) == (2, 89)

    on_stage(script, rows)


def test_a_list_that_grows_in_place_is_followed_too(on_stage: Callable[..., None]) -> None:
    rows = a_list(follow="last")
    orders = Orders(3)

    async def script(_: Pilot[None]) -> None:
        rows.show(orders)
        orders.count = 30
        rows.show(orders)
        assert rows.cursor == 29

    on_stage(script, rows)


def test_a_list_without_following_stays_at_the_first_row(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(_: Pilot[None]) -> None:
        rows.show(Orders(1))
        rows.show(Orders(9))
        assert rows.cursor == 0

    on_stage(script, rows)


def test_what_is_shown_before_the_first_layout_is_there_at_the_first_paint(on_stage: Callable[..., None]) -> None:
    rows = a_list(follow="last")
    assert rows.show(Orders(20)) == 0

    async def script(pilot: Pilot[None]) -> None:
        assert cells(pilot)[-1].split()[0] == "19"
        assert rows.position_text == "16-20/20"

    on_stage(script, rows)


# The border


def test_a_pane_may_be_the_list_itself_with_a_border_that_tells_the_rows_in_view(on_stage: Callable[..., None]) -> None:
    told: list[str] = []

    def report(text: str) -> None:
        told.append(text)
        set_border_text(rows, subtitle=text)

    rows = a_list(report_position=report)

    async def script(pilot: Pilot[None]) -> None:
        rows.show(Orders(7))
        rows.show(Orders(7))
        rows.end()
        await pilot.pause()
        assert told == ["1-4/7", "4-7/7"]
        assert "4-7/7" in cells(pilot)[-1]
        await pilot.resize_terminal(30, 9)
        await pilot.pause()
        assert "2-7/7" in cells(pilot)[-1]

    on_stage(script, rows, size=(30, 7), css="Rows { border: round red; }")


def test_the_regions_of_a_bordered_list_are_those_of_its_content(on_stage: Callable[..., None]) -> None:
    rows = a_list()

    async def script(pilot: Pilot[None]) -> None:
        rows.show([Row(("1", "A", "NEW"), 1), Row(("2", "B", "NEW"), 2)])
        await pilot.pause()
        assert rows.show([Row(("1", "A", "NEW"), 1), Row(("2", "B", "FILLED"), 2)]) == 1
        assert rows._repaint_regions == {Region(1, 3, 28, 1)}  # border and header above, border to the left
        await pilot.pause()
        assert "FILLED" in cells(pilot)[3]

    on_stage(script, rows, css="Rows { border: round red; }")
