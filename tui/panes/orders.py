"""Pane 3: what was asked for, and how far it came."""

from typing import Final, Protocol

from tui.panes.list_pane import ListPane
from tui.shown import Lines, OrderLine
from tui.widgets.columns import Column

_COLUMNS: Final = {
    "id": Column("id", 5, "right", priority=12),
    "symbol": Column("sym", 5, priority=11),
    "side": Column("side", 4, priority=8),
    "quantity": Column("qty", 6, "right", priority=9),
    "price": Column("price", 8, "right", grow=True, most=15, priority=7),
    "state": Column("state", 8, grow=True, most=16, priority=10),
    "ticks": Column("ticks", 5, "right", priority=6),
    "age": Column("age", 3, "right", priority=5),
    "remaining": Column("left", 4, "right", priority=4),
    "filled": Column("filled", 6, "right", priority=2),
    "reason": Column("why", 8, grow=True, priority=3),
}
_STILL: Final = frozenset({"age", "reason"})
"""What differs in every bar, or says again what another column says, does not stand out."""


class HasOrders(Protocol):
    """What the pane takes from a view."""

    @property
    def orders(self) -> Lines[OrderLine]:
        """Every order: open ones first, each kind from the newest on."""
        ...


class OrdersPane(ListPane):
    """A line for each order: the open ones first, each kind from the newest on."""

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
        super().__init__(_COLUMNS, empty="nothing was asked for yet: n goes on", follow="first", still=_STILL)

    def show_view(self, view: HasOrders) -> None:
        """Show the orders of a view."""
        self.show_lines(view.orders)
