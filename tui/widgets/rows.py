"""A list of rows under one header line, of which only the visible part is ever read.

Invariant: no operation reads more of the source than the visible rows and the one under the cursor, so a list of
100,000 rows costs what a list of ten costs. The widget neither scrolls in Textual's sense nor has a virtual size.

The cursor stays with its row (by `Row.key`) when rows are added or removed above it, as long as that row stays in the
window. Only a movement by the user, never new data, posts `Rows.Selected`. A pane reads `position_text` after `show`,
or has it reported, and writes it into its border.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, TypeAlias, Unpack

from attrs import frozen
from textual.message import Message

from tui.widgets.columns import Column, build_row, fit_cell, needed
from tui.widgets.lines import Line, LineWidget, WidgetNames

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from textual import events

Tone: TypeAlias = Literal["", "dim", "good", "bad", "warn"]
Follow: TypeAlias = Literal["", "first", "last"]

WHEEL_ROWS = 3
"""Rows that one notch of the wheel scrolls."""

_NO_ROW = -1

LEAST_OVER_FOOTER = 2
"""There are at least so many rows over a footer, or it is left out."""


@frozen
class Row:
    """A row of a list.

    Attributes:
        cells: One plain text a column, without control characters.
        key: What the row is about, the same in every later source: an order's id, a symbol.
        tone: How the whole line is colored.
        changed: Columns whose cell stands out, by their place.
    """

    cells: tuple[str, ...]
    key: Hashable
    tone: Tone = ""
    changed: frozenset[int] = frozenset()


class RowSource(Protocol):
    """Rows that are made when they are looked at. A list of `Row` is one too."""

    def __len__(self) -> int:
        """Return the number of rows; it stays as it is until the next `show`."""
        ...

    def __getitem__(self, index: int, /) -> Row:
        """Return the row at an index from 0."""
        ...


class Rows(LineWidget, can_focus=True):
    """A list with a header line, a cursor and an offset of its own."""

    SCOPED_CSS = False  # the cursor shows in a focused pane around the list as well
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--header",
        "rows--empty",
        "rows--line",
        "rows--dim",
        "rows--good",
        "rows--bad",
        "rows--warn",
        "rows--cursor",
        "rows--changed",
    }
    DEFAULT_CSS = """
    Rows > .rows--header { text-style: dim; }
    Rows > .rows--empty { text-style: dim; }
    Rows > .rows--dim { text-style: dim; }
    Rows > .rows--good { color: $text-success; }
    Rows > .rows--bad { color: $text-error; }
    Rows > .rows--warn { color: $text-warning; }
    Rows > .rows--changed { text-style: bold not dim; }
    Rows:focus > .rows--cursor, Widget:focus Rows > .rows--cursor {
        color: $block-cursor-foreground;
        background: $block-cursor-background;
    }
    """

    class Selected(Message):
        """The user moved the cursor to another row.

        Attributes:
            index: The row's place in the source, from 0.
            key: The row's `key`.
            rows: The list.
        """

        def __init__(self, index: int, key: Hashable, rows: Rows) -> None:
            super().__init__()
            self.index = index
            self.key = key
            self.rows = rows

        @property
        def control(self) -> Rows:
            """The list, by the name under which Textual looks for it."""
            return self.rows

    def __init__(
        self,
        columns: Iterable[Column],
        *,
        empty: str = "",
        header: bool = True,
        follow: Follow = "",
        report_position: Callable[[str], object] | None = None,
        **names: Unpack[WidgetNames],
    ) -> None:
        """Make a list that is empty until `show`.

        Args:
            columns: The columns, from left to right.
            empty: A hint to show while there is no row.
            header: Whether the first line holds the titles.
            follow: The end, if any, at which the cursor stays while it is there and in view, whatever row that is.
            report_position: Called with `position_text` when that changes, before the paint that shows it.
            names: `name`, `id` and `classes` of the widget.
        """
        super().__init__(**names)
        self.follow = follow
        self._columns = tuple(columns)
        self._empty = self._hint = empty
        self._header = int(header)
        self._report_position = report_position
        self._reported = ""
        self._source: RowSource = ()
        self._count = 0
        self._cursor = 0
        self._cursor_key: Hashable = None
        self._offset = 0
        self._window: tuple[int, list[Row]] | None = None
        self._height = 0
        self._footer: Row | None = None

    # What it shows

    @property
    def cursor(self) -> int:
        """Index of the row under the cursor; 0 where there is none."""
        return self._cursor

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        return self._source[self._cursor] if self._count else None

    @property
    def position_text(self) -> str:
        """Which rows are in view of how many: `1-4/7`; the number alone where all are, nothing where there are none."""
        if not self._count:
            return ""
        if not 0 < self._height < self._count:
            return str(self._count)
        return f"{self._offset + 1}-{self._offset + self._height}/{self._count}"

    def show(self, source: RowSource, *, footer: Row | None = None, empty: str | None = None, above: int = 0) -> int:
        """Show a source, refresh the lines that differ from what is drawn, and return their number.

        Args:
            source: The rows. It does not change until the next `show`.
            footer: A last line under the rows, which the cursor does not reach; without room it is left out.
            empty: A hint to show while there is no row, in place of that of the list.
            above: How many rows have come in above all others; the cursor and the window go down with theirs.
        """
        follows = self._is_following()
        self._cursor, self._offset = self._cursor + above, self._offset + above
        self._source, self._count, self._window = source, len(source), None
        self._footer, self._hint = footer, self._empty if empty is None else empty
        self._cursor = self._within(self._followed if follows else self._cursor)
        self._measure(self.size.height)
        self._offset = self._clamped(self._offset)
        if follows:
            self._reveal()
        else:
            self._stay_with_row()
        return self.redraw()

    def restart(self) -> None:
        """Put the cursor where it is in a new list; that is seen with the next `show`."""
        self._source, self._count, self._cursor, self._offset, self._window = (), 0, 0, 0, None

    # Movement

    def move(self, delta: int) -> None:
        """Move the cursor by rows, down where `delta` is above zero."""
        self.move_to(self._cursor + delta)

    def page(self, fraction: float) -> None:
        """Move the cursor by a part of the visible rows, at least by one row; up where it is below zero."""
        rows = max(round(abs(fraction) * self._height), 1)
        self.move(rows if fraction > 0 else -rows)

    def home(self) -> None:
        """Move the cursor to the first row."""
        self.move_to(0)

    def end(self) -> None:
        """Move the cursor to the last row."""
        self.move_to(self._count)

    def move_to(self, index: int) -> None:
        """Move the cursor to a row, or to the nearest there is, bring it into view and tell of it."""
        if not self._count:
            return
        before, self._cursor = self._cursor, self._within(index)
        self._reveal()
        self.redraw()
        if self._cursor != before:
            self.post_message(self.Selected(self._cursor, self._source[self._cursor].key, self))

    action_move, action_page, action_home, action_end = move, page, home, end

    def pan(self, delta: int) -> None:
        """Move the window by rows, and leave the cursor where it is."""
        self._offset = self._clamped(self._offset + delta)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Select the row under the mouse."""
        place = event.get_content_offset(self)
        in_view = min(self._count - self._offset, self._height)
        if place is not None and 0 <= (line := place.y - self._header) < in_view:
            self.move_to(self._offset + line)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down by a few rows."""
        event.stop()
        self.pan(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up by a few rows."""
        event.stop()
        self.pan(-WHEEL_ROWS)

    # Lines

    def build(self, width: int, height: int) -> list[Line]:
        """Build the header, the visible rows and the footer, or the hint where there is no row."""
        self._measure(height)
        self._tell_position()
        rows = self._rows()
        footer = [self._footer] if self._footer is not None and self._has_footer(height) else []
        needs = needed([row.cells for row in (*rows, *footer)], self._columns)
        lines = [self._title_line(width, needs)] if self._header else []
        if not self._count:
            return [*lines, ((fit_cell(self._hint, width), "rows--empty"),)]
        for index, (row, cells) in enumerate(zip(rows, self._seen_cells(rows), strict=True), self._offset):
            lines.append(self._row_line(row, cells, index, width, needs))
        return lines + [self._row_line(row, row.cells, _NO_ROW, width, needs) for row in footer]

    def _title_line(self, width: int, needs: tuple[int, ...]) -> Line:
        titles = [column.title for column in self._columns]
        return build_row(titles, self._columns, width, "rows--header", needs=needs, is_title=True)

    def _row_line(self, row: Row, cells: Sequence[str], index: int, width: int, needs: tuple[int, ...]) -> Line:
        style = f"rows--{row.tone or 'line'}"
        if index == self._cursor:
            self._cursor_key = row.key
            style += " rows--cursor"
        return build_row(cells, self._columns, width, style, row.changed, needs=needs)

    def _seen_cells(self, rows: Sequence[Row]) -> list[Sequence[str]]:
        """Return the cells of visible rows, without those that are seen once and that the row above has too."""
        seen: list[Sequence[str]] = [row.cells for row in rows]
        for i, column in enumerate(self._columns):
            if column.once:
                for place in range(len(rows) - 1, 0, -1):
                    if rows[place].cells[i] == rows[place - 1].cells[i]:
                        seen[place] = (*seen[place][:i], "", *seen[place][i + 1 :])
        return seen

    def _has_footer(self, height: int) -> bool:
        """Say whether there is room for a footer, if there is one."""
        return self._footer is not None and height - self._header > LEAST_OVER_FOOTER

    def _rows(self) -> list[Row]:
        """Return the visible rows, read once for each place of the window."""
        if self._window is None or self._window[0] != self._offset:
            stop = min(self._offset + self._height, self._count)
            self._window = (self._offset, [self._source[i] for i in range(self._offset, stop)])
        return self._window[1]

    # Where cursor and window stand

    def _measure(self, height: int) -> None:
        """Take a new height, and keep the cursor in view if it was."""
        rows = max(height - self._header - self._has_footer(height), 0)
        if rows == self._height:
            return
        in_view = self._in_view(self._cursor)
        self._height, self._window = rows, None
        self._offset = self._clamped(self._offset)
        if in_view:
            self._reveal()

    @property
    def _followed(self) -> int:
        return 0 if self.follow == "first" else self._count - 1

    def _is_following(self) -> bool:
        return bool(self.follow) and (
            not self._count or (self._cursor == self._followed and self._in_view(self._cursor))
        )

    def _in_view(self, index: int) -> bool:
        """Say whether a row is in view; before there is a layout, every one is."""
        return not self._height or self._offset <= index < self._offset + self._height

    def _within(self, index: int) -> int:
        return max(min(index, self._count - 1), 0)

    def _clamped(self, offset: int) -> int:
        return max(min(offset, self._count - self._height), 0)

    def _reveal(self) -> None:
        """Move the window as little as will do to have the cursor in view."""
        self._offset = self._clamped(max(min(self._offset, self._cursor), self._cursor - self._height + 1))

    def _stay_with_row(self) -> None:
        """Follow the row of the cursor to its new place, if that is in view."""
        rows = self._rows()
        place = self._cursor - self._offset
        if not 0 <= place < len(rows) or rows[place].key == self._cursor_key:
            return
        for new_place, row in enumerate(rows):
            if row.key == self._cursor_key:
                self._cursor = self._offset + new_place

    def _tell_position(self) -> None:
        if self._report_position is not None and self.position_text != self._reported:
            self._reported = self.position_text
            self._report_position(self._reported)
