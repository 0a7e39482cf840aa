"""Pane 4: profit and loss in numbers, over a picture of equity, over one of the drawdown."""

from collections.abc import Sequence
from typing import ClassVar, Final, Protocol

from tui.numbers import rough
from tui.panes.pane import Pane
from tui.shown import Figure, PnlView
from tui.widgets.area import FILL, Area, AreaChart, build_area
from tui.widgets.axis import settled_bounds
from tui.widgets.columns import Column, fit_cell
from tui.widgets.lines import Line, set_border_text

AXIS_WIDTH = 10
LEAST_EQUITY = 2
"""Drawdown has a line under equity where equity has so many."""

DRAWDOWN: Final = "pnl--drawdown"
_WIDEST_GAP = 4
_NUMBER_WIDTH = len("100,000.00")
_LAYOUTS = ((3, 0), (3, 1), (2, 0), (2, 1), (1, 0))
"""How many numbers stand in a line, and whether with their long name (0) or their short one (1)."""


class HasPnl(Protocol):
    """What the pane takes from a view."""

    @property
    def pnl(self) -> PnlView:
        """Profit and loss."""
        ...


class PnlPane(Area, Pane, can_focus=True):
    """Numbers in as many columns as have room, and equity since the start in what is left."""

    NAME = "pnl"
    TITLE = "4 P&L"
    HELP = "Profit and loss where one stands, and equity since the start as an area."
    SIGNS = (
        ("net", "realized and unrealized less commissions"),
        ("drawdown", "the highest equity so far less equity"),
        ("R18", "what is left of the two identities of the books; anything but 0 and 0 is a bug in this program"),
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {DRAWDOWN}
    DEFAULT_CSS = "PnlPane > .pnl--drawdown { color: $text-error; }"

    def __init__(self) -> None:
        super().__init__()
        self._view: PnlView | None = None

    def show_view(self, view: HasPnl) -> None:
        """Show the profit and loss of a view."""
        self._view = view.pnl
        set_border_text(self, subtitle=self._view.residuals)
        self.redraw()

    def build(self, width: int, height: int) -> list[Line]:
        """Build the numbers, and equity under them."""
        if self._view is None:
            return []
        figures = _figures(self._view.figures, width)
        room = height - len(figures)
        if room <= LEAST_EQUITY:
            return figures + _equity(self._view, width, room)
        return figures + _equity(self._view, width, room - 1) + _drawdown(self._view, width)


def _figures(figures: Sequence[Figure], width: int) -> list[Line]:
    """Lay out numbers, with long names or short ones, in the most columns that cut none of them.

    Where there is no room for one column, a number that is too long is covered.
    """
    layouts = ((count, _cells(figures, place)) for count, place in _LAYOUTS)
    count, cells = next((one for one in layouts if one[0] * (len(one[1][0]) + 1) - 1 <= width), (1, None))
    cells = _covered(figures, width) if cells is None else cells
    gap = " " * min((width - count * len(cells[0])) // max(count - 1, 1), _WIDEST_GAP)
    rows = (cells[i : i + count] for i in range(0, len(cells), count))
    return [((fit_cell(gap.join(row), width), ""),) for row in rows]


def _cells(figures: Sequence[Figure], place: int) -> list[str]:
    """Write each number after its long name (0) or its short one (1), all in one width."""
    label = max(len(figure[place]) for figure in figures)
    number = max(_NUMBER_WIDTH, *(len(figure[2]) for figure in figures))
    return [f"{figure[place]:<{label}} {figure[2]:>{number}}" for figure in figures]


def _covered(figures: Sequence[Figure], width: int) -> list[str]:
    """Write each number after its short name in what room there is, and cover it where that is too little."""
    label = max(len(short) for _, short, _ in figures)
    number = Column("", max(width - label - 1, 0), "right")
    return [f"{short:<{label}} {number.fit(text, number.width)}" for _, short, text in figures]


def _label(value: float) -> str:
    """Write money for the axis; what is too long in powers of ten, because it may not be cut."""
    text = rough(value)
    return f"{text if len(text) < AXIS_WIDTH else f'{value:.1e}':>{AXIS_WIDTH - 1}}"


def _equity(view: PnlView, width: int, height: int) -> list[Line]:
    values = view.equity(width - AXIS_WIDTH) if height > 0 else ()
    bounds = settled_bounds((float(value), float(value)) for value in values)
    if bounds is None:
        return []
    return build_area(
        AreaChart(values, _label),
        width,
        height,
        bounds=bounds,
        axis_width=AXIS_WIDTH,
    )


def _drawdown(view: PnlView, width: int) -> list[Line]:
    """Draw how deep the drawdown was in each column of equity, and write how deep it was at the worst."""
    values = view.drawdown(width - AXIS_WIDTH)
    if not values:
        return []
    worst = max(values)
    label = _label(float(-worst) if worst else 0)
    chart = AreaChart([value or None for value in values], lambda _: label)
    (line,) = build_area(chart, width, 1, bounds=(0, float(worst)), axis_width=AXIS_WIDTH)
    return [tuple((text, DRAWDOWN if name == FILL else name) for text, name in line)]
