"""A question that one key answers."""

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from core.text import clean
from tui.screens.parts import Dialog


class ChoiceScreen(Dialog[str | None]):
    """Asks for one of some keys, or for any letter; nothing is chosen with esc."""

    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = """
    ChoiceScreen { align: left bottom; background: transparent; }
    ChoiceScreen > Static { height: auto; width: 100%; background: $panel; padding: 0 1; }
    """

    def __init__(self, question: str, choices: Mapping[str, str]) -> None:
        """Ask.

        Args:
            question: What is asked.
            choices: What each key is; where there is none, any letter or digit will do.
        """
        super().__init__()
        offered = "  ".join(f"{key} {name}" for key, name in choices.items())
        self._text = clean(f"{question}  {offered}".rstrip())
        self._choices = choices

    def compose(self) -> ComposeResult:
        """Lay the question over the last line of the screen."""
        yield Static(self._text, markup=False)

    def on_key(self, event: events.Key) -> None:
        """Take the answer."""
        event.stop()
        event.prevent_default()
        key = event.character or ""
        if key in self._choices or (not self._choices and key.isalnum()):
            self.dismiss(key)
        elif event.key in ("escape", "q"):
            self.dismiss(None)
