"""What is seen while long work goes on: what it is, how far it has come, and how to end it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tui.screens.parts import Dialog

_WIDTH = 24


class WorkingScreen(Dialog[None]):
    """A line over the last one of the screen; esc ends the work.

    Attributes:
        is_ended: Whether the person has ended it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,space", "interrupt", "End it", id="interrupt")]
    DEFAULT_CSS = """
    WorkingScreen { align: left bottom; background: transparent; }
    WorkingScreen > Static { height: 1; width: 100%; background: $panel; color: $text-warning; padding: 0 1; }
    """

    def __init__(self, what: str) -> None:
        super().__init__()
        self.is_ended = False
        self._what = what
        self._line = Static(what, markup=False)

    def compose(self) -> ComposeResult:
        """Lay the line over the last one of the screen."""
        yield self._line

    def show(self, done: int, total: int) -> None:
        """Say how far the work has come."""
        self._line.update(progress_text(self._what, done, total), layout=False)

    def action_interrupt(self) -> None:
        """End the work."""
        self.is_ended = True


def progress_text(what: str, done: int, total: int) -> str:
    """Write how far work has come.

    >>> progress_text("searching", 500, 1000)
    'searching 50 % ━━━━━━━━━━━━             esc ends it'
    """
    if total <= 0:
        return f"{what} {done:,}  esc ends it"
    part = min(done / total, 1)
    return f"{what} {part:.0%} {'━' * round(part * _WIDTH):<{_WIDTH}} esc ends it".replace("%", " %", 1)
