"""Pane 2: what is held."""

from collections.abc import Collection
from typing import Final, Protocol

from tui.panes.list_pane import ListPane
from tui.shown import Lines, PositionLine
from tui.widgets.columns import Column

_COLUMNS: Final = {
    "symbol": Column("sym", 5, grow=True, priority=9),
    "quantity": Column("qty", 6, "right", grow=True, priority=8),
    "average": Column("avg", 7, "right", grow=True, priority=5),
    "mark": Column("mark", 7, "right", grow=True, priority=6),
    "unrealized": Column("unreal", 9, "right", grow=True, priority=7),
    "value": Column("value", 10, "right", grow=True, priority=4),
    "share": Column("share", 6, "right", grow=True, priority=3),
    "realized": Column("real", 9, "right", grow=True, priority=2),
}


class HasPositions(Protocol):
    """What the pane takes from a view."""

    @property
    def positions(self) -> Lines[PositionLine]:
        """Every position that is not flat."""
        ...

    def position_total(self, symbols: Collection[str] | None = None) -> PositionLine:
        """Some of the positions together, all for None."""
        ...


class PositionsPane(ListPane):
    """A line for each position that is not flat, and one for those that are listed, where there are several."""

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

        def total(symbols: Collection[str] | None) -> PositionLine:
            return view.position_total(symbols)

        self.show_lines(view.positions, total)
