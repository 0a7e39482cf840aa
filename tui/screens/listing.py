"""A list over the panes: breakpoints, bookmarks, the moments of a watch, or two moments side by side."""

from collections.abc import Sequence
from typing import ClassVar, Final, TypeAlias

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from tui.keys import LIST_ACTIONS, bindings
from tui.screens.parts import Dialog
from tui.widgets.columns import Column
from tui.widgets.lines import set_border_text
from tui.widgets.rows import Row, Rows
from tui.widgets.wrapped import wrapped_rows

Chosen: TypeAlias = tuple[str, object]
"""What was done with a row, `enter`, `x` or `space`, and the key of the row."""

_GAP: Final = "   "
_FRAME: Final = 4  # cells that border and padding take of a line
_BORDER: Final = 2  # rows that the border takes
_MOST_WIDE, _MOST_HIGH = 0.9, 0.8  # of the screen
_WIDEST: Final = 110


class ClickableRows(Rows):
    """A list in a dialog: a click selects a row, and a click on the same row again chooses it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(LIST_ACTIONS)

    class ClickedAgain(Message):
        """The row under the cursor was clicked a second time."""

    _clicked = -1

    def on_click(self, event: events.Click) -> None:
        """Choose the row under the mouse if it was the last one to be clicked."""
        place = event.get_content_offset(self)
        line = -1 if place is None else place.y - self._header
        if not 0 <= line < self._count - self._offset:
            return
        clicked = self._offset + line
        if clicked == self._clicked == self.cursor:
            self.post_message(self.ClickedAgain())
        self._clicked = clicked


class ListingScreen(Dialog[Chosen | None]):
    """Rows to look at and to choose from, as high as they need; what is too long for its column goes on below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", "Close the list", id="close_list"),
        Binding("enter", "choose('enter')", "Go there", id="choose_row", priority=True),
        Binding("x,delete", "choose('x')", "Take it away", id="remove_row"),
        Binding("space", "choose('space')", "Switch it on or off", id="switch_row"),
        Binding("a", "choose('a')", "Add one", id="add_row"),
    ]
    DEFAULT_CSS = """
    ListingScreen { align: center middle; }
    ListingScreen > Vertical { border: round $accent; background: $surface; padding: 0 1; }
    ListingScreen Static { color: $foreground-muted; }
    """

    def __init__(
        self, title: str, columns: Sequence[Column], rows: Sequence[Row], *, keys: Sequence[str], empty: str = ""
    ) -> None:
        """Show rows.

        Args:
            title: What they are.
            columns: Their columns.
            rows: Their cells, whatever their length.
            keys: What each key does, as texts that are not broken.
            empty: What stands there where there is no row.
        """
        super().__init__()
        self._columns, self._all, self._keys = tuple(columns), rows, keys
        self._header = int(any(column.title for column in columns))
        self._rows_of_lines: list[int] = []
        self._rows = ClickableRows(columns, empty=empty, header=self._header > 0, report_position=self._write_position)
        self._foot = Static(markup=False)
        self._box = Vertical(self._rows, self._foot)
        set_border_text(self._box, title=title)

    def compose(self) -> ComposeResult:
        """Lay the list over the panes."""
        yield self._box

    def on_resize(self, event: events.Resize) -> None:
        """Take as much room as the rows need, up to most of the screen."""
        width = min(int(event.size.width * _MOST_WIDE), _WIDEST)
        inside = max(width - _FRAME, 1)
        lines = list(wrapped_rows(self._all, self._columns, inside))
        foot = packed(self._keys, inside)
        room = max(int(event.size.height * _MOST_HIGH) - _BORDER - len(foot), 1)
        needed = self._header + max(len(lines), 1)
        self._box.styles.width, self._box.styles.height = width, min(needed, room) + len(foot) + _BORDER
        self._rows.styles.height, self._foot.styles.height = min(needed, room), len(foot)
        self._foot.update("\n".join(foot))
        self._rows_of_lines = [index for index, _ in lines]
        self._rows.show([line for _, line in lines])

    def on_click(self, event: events.Click) -> None:
        """Choose nothing where the click is beside the list."""
        if event.widget is self:
            self.dismiss(None)

    def on_clickable_rows_clicked_again(self) -> None:
        """Choose the row."""
        self.action_choose("enter")

    def action_cancel(self) -> None:
        """Choose nothing."""
        self.dismiss(None)

    def action_choose(self, how: str) -> None:
        """Choose the row under the cursor."""
        chosen = self._all[self._rows_of_lines[self._rows.cursor]].key if self._rows_of_lines else None
        self.dismiss((how, chosen))

    def _write_position(self, text: str) -> None:
        set_border_text(self._box, subtitle=text)


def packed(texts: Sequence[str], width: int) -> list[str]:
    """Put texts into as few lines of so many cells as will do, none of them broken.

    >>> packed(["enter go there", "x take away", "esc close"], 30)
    ['enter go there   x take away', 'esc close']
    """
    lines: list[str] = []
    for text in texts:
        if lines and cell_len(lines[-1] + _GAP + text) <= width:
            lines[-1] += _GAP + text
        else:
            lines.append(text)
    return lines
