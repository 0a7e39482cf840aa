"""The command line: one line of text at the bottom of the screen, with those that were written before."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input, Static

_EXAMPLES: Final = "goto 2024-01-05, break equity < 95000, watch cash, buy, sell, branch, note, verify, q"


class PromptScreen(ModalScreen[str | None]):
    """Asks for one line; nothing is asked for with esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Close the command line", id="close_prompt"),
        Binding("up", "recall(-1)", "The line before", id="earlier_line", priority=True),
        Binding("down", "recall(1)", "The line after", id="later_line", priority=True),
    ]
    DEFAULT_CSS = """
    PromptScreen { align: left bottom; background: transparent; }
    PromptScreen > #hint { height: auto; max-height: 4; width: 100%; background: $panel; }
    PromptScreen > Input { background: $surface; }
    """

    def __init__(self, text: str = "", *, hint: str = "", earlier: Sequence[str] = ()) -> None:
        super().__init__()
        self._text = text
        self._hint = hint
        self._lines = [*earlier, text]
        self._at = len(earlier)

    def compose(self) -> ComposeResult:
        """Lay the line over the last one of the screen."""
        yield Static(self._hint, id="hint", markup=False)
        yield Input(self._text, placeholder=_EXAMPLES, compact=True)

    def on_mount(self) -> None:
        """Write at once."""
        self.query_one("#hint").display = bool(self._hint)
        line = self.query_one(Input)
        line.cursor_blink = False
        line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give what was written."""
        self.dismiss(event.value)

    def action_cancel(self) -> None:
        """Give nothing."""
        self.dismiss(None)

    def action_recall(self, delta: int) -> None:
        """Show a line that was written before."""
        self._at = max(min(self._at + delta, len(self._lines) - 1), 0)
        line = self.query_one(Input)
        line.value = self._lines[self._at]
        line.cursor_position = len(line.value)
