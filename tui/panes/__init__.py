"""The panes of the screen: each shows one part of a view, and sends messages up.

One that is added stands in a file of its own, and in the list here.
"""

from collections.abc import Sequence
from typing import Final

from tui.panes.events import EventsPane
from tui.panes.explain import ExplainPane
from tui.panes.orders import OrdersPane
from tui.panes.pane import Pane
from tui.panes.pnl import PnlPane
from tui.panes.positions import PositionsPane
from tui.panes.price import PricePane
from tui.panes.strategy import StrategyPane
from tui.panes.timeline import TimelinePane

PANES: Final[Sequence[type[Pane]]] = (
    PricePane,
    PositionsPane,
    OrdersPane,
    PnlPane,
    EventsPane,
    ExplainPane,
    TimelinePane,
    StrategyPane,
)
"""Every pane, in the order of their numbers."""
