"""Pane 5: what happened."""

from typing import Final, Protocol

from tui.panes.list_pane import ListPane
from tui.panes.pane import Place
from tui.shown import EventLine, Lines
from tui.widgets.columns import Column

_COLUMNS: Final = {
    "bar": Column("bar", 5, "right", once=True),
    "event": Column("event", 12, grow=True, priority=2),
}


class HasEvents(Protocol):
    """What the pane takes from a view."""

    @property
    def events(self) -> Lines[EventLine]:
        """Every fact, the newest last."""
        ...


class EventsPane(ListPane):
    """A line for each fact, following the newest; the facts of a bar have its number once."""

    NAME = "events"
    TITLE = "5 Events"
    HELP = "Every fact up to where one stands, the newest last, each with its bar. Enter goes to one."
    SIGNS = (("R1, R2 ...", "the rule that made a fill, as docs/fill-rules.md numbers them"),)
    PLACE = Place.OWN_IF_WIDE
    FOLLOWS_CLOCK = False

    def __init__(self) -> None:
        super().__init__(_COLUMNS, empty="nothing has happened yet: n goes on", follow="last", also=("symbol",))

    def show_view(self, view: HasEvents) -> None:
        """Show the facts of a view."""
        self.show_lines(view.events)
