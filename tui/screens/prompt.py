"""The command line: one line of text at the bottom, over it what can be written, under it what is wrong."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from attrs import frozen
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from core.text import clean
from tui.completion import Completion, completed
from tui.screens.parts import Dialog

_EXAMPLES: Final = "goto 2024-01-05, break equity < 95000, watch cash, buy, sell, branch, note, verify, q"
FILTER_EXAMPLES: Final = "words of a row, such as: msft !filled"
"""What is shown where a filter is asked for."""
_GAP: Final = "  "
_MORE: Final = "…"


@frozen
class Wrong:
    """What is wrong with a line.

    Attributes:
        what: In words.
        start: Where, from 0; None where no place of it is meant.
    """

    what: str
    start: int | None = None


def _nothing(text: str) -> Completion:
    return Completion(len(text), (), "")


class PromptScreen(Dialog[str | None]):
    """Asks for one line; nothing is asked for with esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Close the command line", id="close_prompt"),
        Binding("up", "recall(-1)", "The line before", id="earlier_line", priority=True),
        Binding("down", "recall(1)", "The line after", id="later_line", priority=True),
        Binding("tab", "complete", "Complete the word", id="complete_word", priority=True),
    ]
    DEFAULT_CSS = """
    PromptScreen { align: left bottom; background: transparent; }
    PromptScreen > Static { width: 100%; background: $panel; }
    PromptScreen > #offers { height: 1; color: $foreground-muted; }
    PromptScreen > #mark { height: 1; color: $text-error; }
    PromptScreen > #hint { height: auto; color: $text-error; }
    PromptScreen > Input { background: $surface; }
    """

    def __init__(
        self,
        text: str = "",
        *,
        complete: Callable[[str], Completion] = _nothing,
        wrong: Wrong | None = None,
        earlier: Sequence[str] = (),
        examples: str = _EXAMPLES,
    ) -> None:
        """Ask for a line.

        Args:
            text: What stands in it already.
            complete: Says what the last word of a text can become.
            wrong: What is wrong with it.
            examples: What is shown while the line is empty.
            earlier: Lines that were written before, the newest last.
        """
        super().__init__()
        self._text, self._complete, self._wrong = text, complete, wrong
        self._lines = [*earlier, text]
        self._at = len(earlier)
        self._offers = Static(id="offers", markup=False)
        self._line = Input(text, placeholder=examples, compact=True, select_on_focus=False)
        self._mark, self._hint = Static(id="mark", markup=False), Static(id="hint", markup=False)

    def compose(self) -> ComposeResult:
        """Lay the line over the last one of the screen, between what can be written and what is wrong."""
        yield from (self._offers, self._line, self._mark, self._hint)

    def on_mount(self) -> None:
        """Write at once; where something is wrong, after the word that is."""
        self._line.cursor_blink = False
        self._line.focus()
        self._tell()
        if self._wrong is not None and self._wrong.start is not None:
            self.call_after_refresh(self._go_to, self._wrong.start)

    def on_resize(self) -> None:
        """Offer what has room."""
        self._tell()

    def on_input_changed(self) -> None:
        """Offer what the word can become."""
        self._tell()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give what was written."""
        self.dismiss(event.value)

    def action_cancel(self) -> None:
        """Give nothing."""
        self.dismiss(None)

    def action_complete(self) -> None:
        """Write the word before the cursor as far as it is certain."""
        line = self._line
        before, after = line.value[: line.cursor_position], line.value[line.cursor_position :]
        whole = completed(before, self._complete(before))
        if after.startswith(" "):
            whole = whole.removesuffix(" ")
        line.value = whole + after
        line.cursor_position = len(whole)
        self._tell()

    def action_recall(self, delta: int) -> None:
        """Show a line that was written before; what is written now stays the last one."""
        line = self._line
        if self._at == len(self._lines) - 1:
            self._lines[-1] = line.value
        self._at = max(min(self._at + delta, len(self._lines) - 1), 0)
        line.value = self._lines[self._at]
        line.cursor_position = len(line.value)

    def _tell(self) -> None:
        """Show what can be written, and, until the line is changed, what is wrong with it."""
        line = self._line
        offered = self._complete(line.value[: line.cursor_position])
        self._offers.update(_written(offered, self.app.size.width))
        wrong = self._wrong if self._wrong and line.value == self._text else None
        self._hint.display, self._mark.display = wrong is not None, wrong is not None and wrong.start is not None
        if wrong is not None:
            self._hint.update(wrong.what)

    def _go_to(self, start: int) -> None:
        """Stand after the word that begins at a place, and mark it."""
        self._line.cursor_position = 0  # from where the line is scrolled to what is not in view
        self._line.cursor_position = start + len(self._text[start:].split(" ", 1)[0])
        self.call_after_refresh(self._point, start)

    def _point(self, start: int) -> None:
        """Mark a place under the line, wherever that is scrolled to."""
        column = cell_len(self._text[:start]) - self._line.scroll_offset.x
        self._mark.update(f"{' ' * max(column, 0)}^")


def _written(offered: Completion, width: int) -> str:
    """Write what is expected and as many options as have room."""
    text = offered.expected
    for place, option in enumerate(map(clean, offered.options)):
        separator = (": " if place == 0 else _GAP) if text else ""
        is_last = place + 1 == len(offered.options)
        if cell_len(text + separator + option) + (0 if is_last else len(_GAP + _MORE)) > width:
            return f"{text}{_GAP}{_MORE}"
        text += separator + option
    return text
