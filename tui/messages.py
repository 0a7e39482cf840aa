"""What panes tell the screen, and the names by which it knows them. Messages go up only."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from textual.message import Message

PaneName: TypeAlias = Literal["price", "positions", "orders", "pnl", "events", "explain", "timeline", "strategy"]

TITLES: Final[Mapping[PaneName, str]] = {
    "price": "1 Price",
    "positions": "2 Positions",
    "orders": "3 Orders",
    "pnl": "4 P&L",
    "events": "5 Events",
    "explain": "6 Explain",
    "timeline": "7 Timeline",
    "strategy": "8 Strategy",
}
"""What each pane is called, in the order of their numbers."""


class RowSelected(Message):
    """The cursor of a list was moved to another row.

    Attributes:
        about: The symbol that the row is about, as the data names it; None where it is about none.
        pane: The pane of the list.
        key: What the row stands for.
    """

    def __init__(self, about: str | None, pane: PaneName = "positions", key: object = None) -> None:
        super().__init__()
        self.about, self.pane, self.key = about, pane, key


class SeekRequested(Message):
    """A place on the line of the run was clicked.

    Attributes:
        step: Which step stands there.
    """

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step
