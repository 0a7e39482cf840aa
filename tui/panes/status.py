"""The first line of the screen: what the run is doing, and where it is."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from rich.cells import cell_len

from tui.shown import State, StatusView
from tui.widgets.columns import fit_cell
from tui.widgets.lines import Line, LineWidget

_GAP = "  "
_STATE_WIDTH = len(" ▶ RUNNING")


class HasStatus(Protocol):
    """What the line takes from a view."""

    @property
    def status(self) -> StatusView:
        """State and place."""
        ...


class StatusLine(LineWidget):
    """The state, and as many of the other parts as have room."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "status--paused",
        "status--rewound",
        "status--running",
        "status--end",
        "status--error",
    }
    DEFAULT_CSS = """
    StatusLine { height: 1; }
    StatusLine > .status--paused { text-style: bold; }
    StatusLine > .status--rewound { color: $text-accent; text-style: bold reverse; }
    StatusLine > .status--running { color: $text-success; text-style: bold; }
    StatusLine > .status--end { color: $text-warning; text-style: bold; }
    StatusLine > .status--error { color: $text-error; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__(id="status")
        self._view = StatusView(State.PAUSED, ())

    def show_view(self, view: HasStatus) -> None:
        """Show the status of a view."""
        self._view = view.status
        self.redraw()

    def build(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002 - it is one line
        """Build the line, up to the first part that has no room."""
        name = f" {self._view.state.value}"
        state = fit_cell(name, min(cell_len(name), width))
        text = state.ljust(_STATE_WIDTH) if width > _STATE_WIDTH else state
        for part in self._view.parts:
            if cell_len(text) + len(_GAP) + cell_len(part) > width:
                break
            text += _GAP + part
        return [((state, f"status--{self._view.state.name.lower()}"), (text[len(state) :], ""))]
