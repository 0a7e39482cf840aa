"""Pane 7: where in the run one stands, and where along it something was done."""

from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from typing import ClassVar, Protocol

from textual import events

from tui.messages import SeekRequested
from tui.panes.pane import Place
from tui.panes.telling import TellingPane
from tui.shown import REJECTION, TimelineView, column_of, step_at
from tui.widgets.lines import Line

_PAST, _RECORDED, _AHEAD, _HERE = "━", "─", " ", "●"
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_DEPTHS = " ▔▀█"


class HasTimeline(Protocol):
    """What the pane takes from a view."""

    @property
    def timeline(self) -> TimelineView:
        """Where in the run one stands."""
        ...


class TimelinePane(TellingPane):
    """A line of the run, under it how many fills there were, and with a third line the drawdown; a click goes there."""

    NAME = "timeline"
    TITLE = "7 Timeline"
    HELP = "The whole run from left to right; a click goes there. Under it are the fills, the higher the more."
    SIGNS = (
        ("━ ● ─", "what lies before the place where one stands, that place, and what is recorded after it"),
        ("✕", "an order was rejected there"),
        ("◆", "a breakpoint stops there, as far as was looked"),
        ("a to z, 0 to 9", "a bookmark, by its letter"),
        ("▔ ▀ █", "in a high screen: the drawdown, the deeper the more of it"),
    )
    PLACE = Place.BOTTOM
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "timeline--here",
        "timeline--mark",
        "timeline--fills",
        "timeline--drawdown",
    }
    DEFAULT_CSS = """
    TimelinePane { height: 2; }
    TimelinePane > .timeline--here { color: $accent; text-style: bold; }
    TimelinePane > .timeline--mark { color: $text-warning; }
    TimelinePane > .timeline--fills { color: $foreground-muted; }
    TimelinePane > .timeline--drawdown { color: $text-error; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._view: TimelineView | None = None
        self._is_held = False

    def show_view(self, view: HasTimeline) -> None:
        """Show the timeline of a view."""
        self._view = view.timeline
        self.redraw()

    def build(self, width: int, height: int) -> list[Line]:
        """Build the line and the fills, or the line alone where there is room for one."""
        view = self._view
        if view is None or width < 1:
            return []
        here, head = column_of(view.step, view.count, width), column_of(view.head, view.count, width)
        marks, fills = view.marks(width), view.fills(width)
        line, below = [], []
        most = max(fills, default=0)
        for column, count in enumerate(fills):
            mark = marks.get(column, "")
            if column == here:
                line.append((_HERE, "timeline--here"))
            elif mark and mark != REJECTION:
                line.append((mark, "timeline--mark"))
            else:
                line.append((_PAST if column < here else _RECORDED if column <= head else _AHEAD, ""))
            if count or mark != REJECTION:
                below.append((_HEIGHTS[-(-count * 8 // most) if most else 0], "timeline--fills"))
            else:
                below.append((REJECTION, "timeline--mark"))
        lines: list[Line] = [tuple(line), tuple(below)]
        if height > len(lines):
            lines.append(((_depths(view.drawdowns(width)), "timeline--drawdown"),))
        return lines[:height]

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go to the place under the mouse, and follow it while its button is held."""
        self._is_held = True
        self.capture_mouse()
        self._ask(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Go to the place under the mouse while its button is held."""
        if self._is_held:
            self._ask(event.x)

    def on_mouse_up(self) -> None:
        """Stay."""
        self._is_held = False
        self.release_mouse()

    def _ask(self, x: int) -> None:
        if self._view is not None:
            self.post_message(SeekRequested(step_at(x, self._view.count, self.size.width)))


def _depths(drawdowns: Sequence[Decimal]) -> str:
    """Draw drawdowns hanging from above, the worst of them as deep as it goes; none is blank."""
    worst, most = max(drawdowns, default=Decimal(0)), len(_DEPTHS) - 1
    return "".join(_DEPTHS[ceil(one * most / worst) if one else 0] for one in drawdowns)
