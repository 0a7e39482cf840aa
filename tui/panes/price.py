"""Pane 1: one symbol's bars up to now, and the fills in them."""

from typing import Protocol

from tui.charts import PriceView
from tui.panes.pane import Pane
from tui.widgets.axis import settled_bounds
from tui.widgets.candles import CandleChart, Candles, build_chart, plot_columns
from tui.widgets.lines import Line, set_border_text

NARROWEST_AXIS = 9


class HasPrice(Protocol):
    """What the pane takes from a view."""

    @property
    def price(self) -> PriceView:
        """The bars of the symbol that is selected."""
        ...


class PricePane(Candles, Pane, can_focus=True):
    """A price chart whose scale follows from its newest bar and its size alone."""

    NAME = "price"
    TITLE = "1 Price"
    HELP = "The bars of the selected symbol up to where one stands, the newest at the right."
    SIGNS = (
        ("▲ ▼ ◆", "a buy under its bar, a sell over it, both in one bar"),
        ("▸", "the last close, on the axis of prices"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._view: PriceView | None = None

    def show_view(self, view: HasPrice) -> None:
        """Show the bars of a view."""
        self._view = view.price
        set_border_text(self, title=f"{self.TITLE} {self._view.title}")
        self.redraw()

    def build(self, width: int, height: int) -> list[Line]:
        """Build the newest bars that have room, or a hint before the first."""
        view = self._view
        if view is None or view.newest < 0:
            return [(("no bar yet: n executes the first", "candles--axis"),)]
        axis_width = _axis_width(view)
        columns = plot_columns(width, axis_width)
        first = max(view.newest + 1 - columns, 0)
        block = columns // 4 + 1
        start = first - first % block
        candles = view.candles(start)
        bounds = settled_bounds(((low, high) for _, high, low, _ in candles), whole=True)
        chart = CandleChart(
            candles[first - start :],
            price_label=lambda ticks: f"{view.price_label(ticks):>{axis_width - 1}}",
            column_label=lambda index: view.time_label(first + index),
            markers=view.marks(first),
            line=view.as_line,
        )
        return build_chart(chart, width, height, bounds=bounds or (0, 1), axis_width=axis_width)


def _axis_width(view: PriceView) -> int:
    """Return room for the rule and for twice the last close, so that the axis seldom changes its width."""
    return max(NARROWEST_AXIS, 1 + len(view.price_label(2 * view.candles(view.newest)[-1][3])))
