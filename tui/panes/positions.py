"""Pane 2: what is held."""

from typing import Final, Protocol

from tui.panes.list_pane import ListPane
from tui.shown import Lines, PositionLine
from tui.widgets.columns import Column

_COLUMNS: Final = {
    "symbol": Column("sym", 5, grow=True, priority=5),
    "quantity": Column("qty", 6, "right", grow=True, priority=4),
    "average": Column("avg", 8, "right", grow=True, priority=3),
    "mark": Column("mark", 8, "right", grow=True, priority=3),
    "unrealized": Column("unreal", 10, "right", grow=True, priority=4),
    "value": Column("value", 11, "right", grow=True, priority=2),
    "realized": Column("real", 11, "right", grow=True),
}


class HasPositions(Protocol):
    """What the pane takes from a view."""

    @property
    def positions(self) -> Lines[PositionLine]:
        """Every position that is not flat."""
        ...


class PositionsPane(ListPane):
    """A line for each position that is not flat."""

    NAME = "positions"
    TITLE = "2 Positions"
    HELP = "A line for each symbol that is held: its units (below zero for a short) and what they are worth."
    SIGNS = (
        ("avg, mark", "the average price of what is held; the last close, which values it"),
        ("unreal", "profit or loss of what is held, before commission; real is what closing it has booked"),
    )

    def __init__(self) -> None:
        super().__init__(_COLUMNS, empty="nothing is held: f runs to a fill")

    def show_view(self, view: HasPositions) -> None:
        """Show the positions of a view."""
        self.show_lines(view.positions)
