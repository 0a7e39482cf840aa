"""Pane 3: what was asked for, and how far it came."""

from typing import Final, Protocol

from tui.panes.list_pane import ListPane
from tui.shown import Lines, OrderLine
from tui.widgets.columns import Column

_COLUMNS: Final = {
    "id": Column("id", 5, "right", priority=9),
    "symbol": Column("sym", 5, priority=8),
    "side": Column("side", 4, priority=5),
    "quantity": Column("qty", 6, "right", priority=6),
    "price": Column("price", 11, "right", grow=True, most=15, priority=4),
    "state": Column("state", 8, grow=True, most=11, priority=7),
    "filled": Column("filled", 6, "right", priority=3),
    "reason": Column("why", 8, grow=True, priority=2),
}


class HasOrders(Protocol):
    """What the pane takes from a view."""

    @property
    def orders(self) -> Lines[OrderLine]:
        """Every order, the newest first."""
        ...


class OrdersPane(ListPane):
    """A line for each order, the newest first."""

    NAME = "orders"
    TITLE = "3 Orders"
    HELP = "Every order up to where one stands, the newest first: what was asked for, how far it came, and why."
    SIGNS = (
        ("submitted", "asked for, and not answered yet"),
        ("accepted", "it passed the checks, and waits; triggered: its stop was reached"),
        ("asleep", "an exit that waits for its entry to fill"),
        ("rejected", "refused by a check; enter says by which, r retries it with what would have passed"),
        ("", "partially filled, filled, canceled and expired are what they say."),
        ("price", "stop/limit for a stop with a limit, trail for a stop that follows the price"),
    )

    def __init__(self) -> None:
        super().__init__(_COLUMNS, empty="nothing was asked for yet: n goes on", follow="first")

    def show_view(self, view: HasOrders) -> None:
        """Show the orders of a view."""
        self.show_lines(view.orders)
