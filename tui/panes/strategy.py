"""Pane 8: what the strategy has in its fields, and what it printed."""

from typing import Protocol

from tui.panes.pane import Place
from tui.panes.text_pane import TextPane
from tui.shown import TextView


class HasStrategy(Protocol):
    """What the pane takes from a view."""

    @property
    def strategy(self) -> TextView:
        """What the strategy was."""
        ...


class StrategyPane(TextPane):
    """A line for each field, and for each line that was printed; found by running again, so only while it is seen."""

    NAME = "strategy"
    TITLE = "8 Strategy"
    HELP = "The fields of the strategy where one stands, found by running it again; d compares them with others."
    SIGNS = (
        ("was", "what a field was one bar earlier, where this bar has changed it"),
        (">", "what the strategy has printed in this bar"),
    )
    PLACE = Place.SHARED

    def __init__(self) -> None:
        super().__init__()

    def show_view(self, view: HasStrategy) -> None:
        """Show the strategy of a view."""
        if self.display:
            self.show_text(view.strategy)
