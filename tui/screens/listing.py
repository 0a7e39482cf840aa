"""A list over the panes: breakpoints, bookmarks, the moments of a watch, or two moments side by side."""

from collections.abc import Sequence
from typing import ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.keys import LIST_ACTIONS, bindings
from tui.widgets.columns import Column
from tui.widgets.lines import set_border_text
from tui.widgets.rows import Row, Rows

Chosen: TypeAlias = tuple[str, object]
"""What was done with a row, `enter`, `x` or `space`, and the key of the row."""


class _ListingRows(Rows):
    BINDINGS: ClassVar[list[BindingType]] = bindings(LIST_ACTIONS)


class ListingScreen(ModalScreen[Chosen | None]):
    """Rows to look at and to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", "Close the list", id="close_list"),
        Binding("enter", "choose('enter')", "Go there", id="choose_row", priority=True),
        Binding("x,delete", "choose('x')", "Take it away", id="remove_row"),
        Binding("space", "choose('space')", "Switch it on or off", id="switch_row"),
        Binding("a", "choose('a')", "Add one", id="add_row"),
    ]
    DEFAULT_CSS = """
    ListingScreen { align: center middle; }
    ListingScreen > _ListingRows {
        width: 90%; max-width: 110; height: 80%;
        border: round $accent; background: $surface; padding: 0 1;
    }
    """

    def __init__(
        self, title: str, columns: Sequence[Column], rows: Sequence[Row], *, keys: str, empty: str = ""
    ) -> None:
        super().__init__()
        self._rows = _ListingRows(columns, empty=empty)
        self._rows.show(rows)
        set_border_text(self._rows, title=title, subtitle=keys)

    def compose(self) -> ComposeResult:
        """Lay the list over the panes."""
        yield self._rows

    def action_cancel(self) -> None:
        """Choose nothing."""
        self.dismiss(None)

    def action_choose(self, how: str) -> None:
        """Choose the row under the cursor."""
        row = self._rows.selected
        self.dismiss((how, None if row is None else row.key))
