"""What positions, orders and events have in common: lines of a view, in a list with a border."""

from collections.abc import Mapping
from typing import ClassVar, Protocol

from attrs import frozen
from textual.binding import BindingType

from tui.keys import LIST_ACTIONS, bindings
from tui.messages import RowSelected
from tui.panes.pane import Pane
from tui.shown import Lines
from tui.widgets.columns import Column
from tui.widgets.lines import set_border_text
from tui.widgets.rows import Follow, Row, Rows, Tone


class Line(Protocol):
    """What a list needs of a line, besides the fields that its columns are named after."""

    @property
    def key(self) -> object:
        """What the line stands for, at every moment."""
        ...

    @property
    def about(self) -> str | None:
        """The symbol it is about."""
        ...

    @property
    def tone(self) -> Tone:
        """How it is colored."""
        ...


@frozen(eq=False)
class _LineRows:
    """Lines as rows: of each line the fields that have a column."""

    lines: Lines[Line]
    fields: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, index: int) -> Row:
        line = self.lines[index]
        return Row(tuple(getattr(line, name) for name in self.fields), line.key, line.tone)


class ListPane(Rows, Pane):
    """A list of lines with a title, and how far it is scrolled, in its border."""

    ACTIONS = LIST_ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, columns: Mapping[str, Column], *, empty: str, follow: Follow = "") -> None:
        """Make a list that is empty until `show_lines`.

        Args:
            columns: The columns, by the field of a line that each shows.
            empty: A hint to show while there is no line.
            follow: The end at which the cursor stays.
        """
        super().__init__(columns.values(), empty=empty, follow=follow, report_position=self._write_position)
        self._fields = tuple(columns)
        self._shown: Lines[Line] = ()

    def show_lines(self, lines: Lines[Line]) -> None:
        """Show the lines of a view."""
        self._shown = lines
        self.show(_LineRows(lines, self._fields))

    @property
    def chosen(self) -> tuple[str | None, object] | None:
        """The symbol of the row under the cursor, and what the row stands for."""
        row = self.selected
        return None if row is None else (self.about, row.key)

    @property
    def about(self) -> str | None:
        """The symbol that the row under the cursor is about; None where there is none."""
        return self._shown[self.cursor].about if len(self._shown) else None

    def on_rows_selected(self, message: Rows.Selected) -> None:
        """Tell which symbol the row is about that the cursor was moved to."""
        message.stop()
        self.post_message(RowSelected(self._shown[message.index].about, self.NAME, message.key))

    def _write_position(self, text: str) -> None:
        set_border_text(self, subtitle=text)
