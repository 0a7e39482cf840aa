"""What panes tell the screen, and the names by which it knows them. Messages go up only."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from textual.message import Message

PaneName: TypeAlias = Literal["price", "positions", "orders", "pnl", "events"]

TITLES: Final[Mapping[PaneName, str]] = {
    "price": "1 Price",
    "positions": "2 Positions",
    "orders": "3 Orders",
    "pnl": "4 P&L",
    "events": "5 Events",
}
"""What each pane is called, in the order of their numbers."""


class RowSelected(Message):
    """The cursor of a list was moved to another row.

    Attributes:
        about: The symbol that the row is about, as the data names it; None where it is about none.
    """

    def __init__(self, about: str | None) -> None:
        super().__init__()
        self.about = about
