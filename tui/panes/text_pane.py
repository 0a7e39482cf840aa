"""What the panes of text have in common: lines that are wrapped, in a border, and move up and down."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType

from tui.keys import LIST_ACTIONS, bindings
from tui.panes.pane import Pane
from tui.shown import TextView
from tui.widgets.columns import fit_cell
from tui.widgets.lines import Line, set_border_text

_INDENT = "  "
_WHEEL_LINES = 3


class TextPane(Pane):
    """Lines of text, wrapped to the width there is."""

    ACTIONS = LIST_ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"text--good", "text--bad", "text--warn", "text--dim"}
    DEFAULT_CSS = """
    TextPane > .text--good { color: $text-success; }
    TextPane > .text--bad { color: $text-error; }
    TextPane > .text--warn { color: $text-warning; }
    TextPane > .text--dim { color: $foreground-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._text = TextView("", ())
        self._offset = self._count = self._rows = 0

    def show_text(self, view: TextView) -> None:
        """Show other lines, from the first on where they are about something else."""
        if view.title != self._text.title:
            self._offset = 0
        self._text = view
        set_border_text(self, title=f"{self.TITLE} {view.title}".rstrip())
        self.redraw()

    def build(self, width: int, height: int) -> list[Line]:
        """Build the lines that are in view."""
        lines = [*self.head(width), *_wrapped(self._text.lines, width)]
        self._count, self._rows = len(lines), height
        self._offset = max(min(self._offset, len(lines) - height), 0)
        return lines[self._offset : self._offset + height]

    def head(self, _width: int) -> list[Line]:
        """Return lines that stand before the text."""
        return []

    def move(self, delta: int) -> None:
        """Move the text by lines, up where `delta` is above zero."""
        self._offset = max(min(self._offset + delta, self._count - self._rows), 0)
        self.redraw()

    def page(self, fraction: float) -> None:
        """Move the text by a part of the lines in view."""
        self.move(round(fraction * self._rows) or (1 if fraction > 0 else -1))

    def home(self) -> None:
        """Show the first lines."""
        self.move(-self._count)

    def end(self) -> None:
        """Show the last lines."""
        self.move(self._count)

    action_move, action_page, action_home, action_end = move, page, home, end

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move on by a few lines."""
        event.stop()
        self.move(_WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move back by a few lines."""
        event.stop()
        self.move(-_WHEEL_LINES)


def _wrapped(lines: Sequence[tuple[str, str]], width: int) -> Iterator[Line]:
    for text, tone in lines:
        most = max(width if cell_len(text) == len(text) else width // 2, 1)  # characters may be two cells wide
        indent = f"{text[: len(text) - len(text.lstrip())]}{_INDENT}"[: most - 1]
        for part in wrap(text, most, subsequent_indent=indent) or [""]:
            yield ((fit_cell(part, width), f"text--{tone}" if tone else ""),)
