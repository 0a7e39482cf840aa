"""A price chart: a bar a column, drawn in half cells, or a line of closes in braille dots.

Invariant: `build_chart` is a function of its arguments. Only the widget's scale remembers what was shown before. All
prices are ints, in ticks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Unpack

from attrs import field, frozen

from tui.widgets.axis import Bounds, Scale, axis_span, grid_values, nice_step
from tui.widgets.canvas import INDICATOR_STYLES, Candle, Canvas, Level, Pen, Plot
from tui.widgets.columns import fit_cell
from tui.widgets.lines import Line, LineWidget, Span, WidgetNames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LABEL_COLUMNS = 20
"""Columns from one label of the bottom line to the next."""

LEAST_ROWS_WITH_VOLUME = 12
VOLUME_ROWS = 2
"""So many lines show the volume, where there are enough of them."""

LABEL_ROWS = 3
"""Lines, at least, from one label of the axis to the next."""

_AXIS = "│"
_TICK = "┤"
"""The axis beside a label."""

_CLOSE = "▸"
"""The axis beside the last close."""

_BUY, _SELL = "▷", "◁"
"""The axis beside a level at which something is to be bought, or sold."""

_CORNER = "└"
"""Before a label of the bottom line."""

_LEVEL = "╌"
_HEIGHTS = " ▁▂▃▄▅▆▇█"
"""Blocks of volume, from none to a whole cell."""


@frozen
class CandleChart:
    """What a price chart shows.

    Attributes:
        candles: One a column, newest last; None leaves a column blank. Of more than there are columns the newest show.
        price_label: Writes ticks for the axis.
        column_label: Writes what stands under a candle, by its index; nothing where that is empty.
        markers: "▲" below or "▼" (or any other character) above a candle, by its index.
        levels: Prices of horizontal lines, the first of those that share a line on top.
        cursor: Index of the candle the cursor is on.
        line: Whether to draw closes as a line.
        points: Of each indicator its value in each column, in ticks; None where it has none.
        volumes: What was traded in each column; None where that is not known.
        volume_label: Writes a volume for the axis.
        bounds: Lowest and highest price, in ticks, of the scale; without it the widget keeps one.
    """

    candles: Sequence[Candle | None]
    price_label: Callable[[int], str]
    column_label: Callable[[int], str]
    markers: Mapping[int, str] = field(factory=dict)
    levels: Sequence[Level] = ()
    cursor: int | None = None
    line: bool = False
    points: Sequence[Sequence[float | None]] = ()
    volumes: Sequence[int | None] = ()
    volume_label: Callable[[int], str] = str
    bounds: Bounds | None = None


def plot_columns(width: int, axis_width: int) -> int:
    """Return how many candles fit beside an axis, in a line of `width` cells."""
    return max(width - axis_width, 0)


def price_range(candles: Sequence[Candle | None]) -> tuple[int, int] | None:
    """Return the lowest low and the highest high, in ticks; None without candles."""
    known = [candle for candle in candles if candle is not None]
    if not known:
        return None
    return min(candle[2] for candle in known), max(candle[1] for candle in known)


def build_chart(chart: CandleChart, width: int, height: int, *, bounds: Bounds, axis_width: int) -> list[Line]:
    """Build the lines of a chart.

    Args:
        chart: What it shows.
        width: Cells of a line.
        height: Lines, the last of them for labels where there are more than two.
        bounds: Lowest and highest price, in ticks, of the scale.
        axis_width: Cells of the axis, the rule included.
    """
    columns = plot_columns(width, axis_width)
    above = height - 1 if height > 2 else height  # noqa: PLR2004 - as the docstring says
    first = max(len(chart.candles) - columns, 0)
    below = _volume_lines(chart, first, columns, width) if above >= LEAST_ROWS_WITH_VOLUME else []
    rows = above - len(below)
    canvas, plot = Canvas(columns, rows), Plot(rows, bounds)
    levels = [level for level in chart.levels if plot.low <= level.ticks <= plot.high]
    for level in levels:
        canvas.rule(plot.row(level.ticks), _LEVEL, "candles--level")
    _draw(chart, first, Pen(canvas, plot))
    labels, rule = _axis_labels(chart, levels, plot), (_AXIS, "candles--axis")
    lines: list[Line] = [(*canvas.spans(y), axis_span(labels, y, width - columns, rule)) for y in range(rows)]
    lines += below
    return lines if above == height else [*lines, _bottom_line(chart, first, columns, width)]


def _draw(chart: CandleChart, first: int, pen: Pen) -> None:
    """Draw column after column, because a canvas is written from left to right."""
    previous: Candle | None = None
    rows = list(zip(*(pen.plot.rows_of(values) for values in chart.points), strict=True))
    for index in range(first, len(chart.candles)):
        x, candle = index - first, chart.candles[index]
        if index == chart.cursor:
            pen.cursor(x)
        if candle is not None:
            top, bottom = pen.close(x, candle, previous) if chart.line else pen.candle(x, candle)
            if rows:
                pen.points(x, rows[index])
            if index in chart.markers:
                pen.marker(x, top, bottom, chart.markers[index])
        previous = candle


def _axis_labels(chart: CandleChart, levels: Sequence[Level], plot: Plot) -> dict[int, Span]:
    """Label round prices, over them the levels, and over these the last close."""
    step = nice_step((plot.high - plot.low) * LABEL_ROWS / plot.rows or 1, whole=True)
    labels = {
        plot.row(ticks): (_TICK + chart.price_label(int(ticks)), "candles--axis")
        for ticks in grid_values(plot.low, plot.high, step)
    }
    for level in reversed(levels):
        sign = _BUY if level.sign > 0 else _SELL
        labels[plot.row(level.ticks)] = (sign + chart.price_label(level.ticks), "candles--level")
    last = next((candle for candle in reversed(chart.candles) if candle is not None), None)
    if last is not None:
        labels[plot.row(last[3])] = (_CLOSE + chart.price_label(last[3]), "candles--close")
    return labels


def _volume_lines(chart: CandleChart, first: int, columns: int, width: int) -> list[Line]:
    """Draw what was traded in each column, from a round volume at the top; nothing where none is known."""
    shown = chart.volumes[first:]
    most = max((volume for volume in shown if volume is not None), default=None)
    if most is None:
        return []
    top = int(nice_step(most, whole=True))
    full = len(_HEIGHTS) - 1
    heights = [-(-(volume or 0) * full * VOLUME_ROWS // top) for volume in shown]
    labels = {0: (_TICK + f"{chart.volume_label(top):>{width - columns - 1}}", "candles--axis")}
    lines: list[Line] = []
    for y in range(VOLUME_ROWS):
        base = full * (VOLUME_ROWS - 1 - y)
        blocks = "".join(_HEIGHTS[min(max(height - base, 0), full)] for height in heights)
        rule = axis_span(labels, y, width - columns, (_AXIS, "candles--axis"))
        lines.append(((blocks.ljust(columns), "candles--volume"), rule))
    return lines


def _bottom_line(chart: CandleChart, first: int, columns: int, width: int) -> Line:
    """Label every so many columns with what the bars there are called."""
    pieces = []
    for x in range(0, columns, LABEL_COLUMNS):
        label = chart.column_label(first + x) if first + x < len(chart.candles) else ""
        pieces.append(fit_cell(_CORNER + label if label else "", LABEL_COLUMNS))
    return ((fit_cell("".join(pieces).rstrip(), width), "candles--axis"),)


class Candles(LineWidget):
    """A price chart that keeps its scale still while the data stays in it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "candles--up",
        "candles--down",
        "candles--line",
        "candles--buy",
        "candles--sell",
        "candles--marker",
        "candles--level",
        "candles--volume",
        *INDICATOR_STYLES,
        "candles--cursor",
        "candles--axis",
        "candles--close",
    }
    DEFAULT_CSS = """
    Candles > .candles--up { color: $success; }
    Candles > .candles--down { color: $error; }
    Candles:nocolor > .candles--up { text-style: bold; }
    Candles:nocolor > .candles--down { color: $foreground; text-style: dim; }
    Candles > .candles--line { color: $primary; }
    Candles > .candles--buy { color: $text-success; text-style: bold; }
    Candles > .candles--sell { color: $text-error; text-style: bold; }
    Candles > .candles--marker { color: $text-warning; text-style: bold; }
    Candles > .candles--level { color: $warning; }
    Candles > .candles--volume { color: $foreground-muted; }
    Candles > .candles--indicator-1 { color: $accent; }
    Candles > .candles--indicator-2 { color: $warning; }
    Candles > .candles--indicator-3 { color: $secondary; }
    Candles > .candles--indicator-4 { color: $primary; }
    Candles > .candles--cursor { color: $accent; }
    Candles > .candles--axis { text-style: dim; }
    Candles > .candles--close { text-style: bold; }
    """

    def __init__(self, *, axis_width: int = 9, **names: Unpack[WidgetNames]) -> None:
        """Make a chart that is blank until `show`.

        Args:
            axis_width: Cells of the axis, the rule included. It is fixed, so that columns keep still.
            names: `name`, `id` and `classes` of the widget.
        """
        super().__init__(**names)
        self._axis_width = axis_width
        self._scale = Scale(whole=True)
        self._chart: CandleChart | None = None

    @property
    def columns(self) -> int:
        """How many candles have room."""
        return plot_columns(self.size.width, self._axis_width)

    def show(self, chart: CandleChart) -> int:
        """Show a chart, refresh the lines that differ from what is drawn, and return their number."""
        self._chart = chart
        return self.redraw()

    def build(self, width: int, height: int) -> list[Line]:
        """Build the lines of the chart shown last."""
        chart = self._chart
        if chart is None or not (bounds := self._bounds(chart, width)):
            return []
        return build_chart(chart, width, height, bounds=bounds, axis_width=self._axis_width)

    def _bounds(self, chart: CandleChart, width: int) -> Bounds | None:
        """Return the scale for what is visible."""
        if chart.bounds is not None:
            return chart.bounds
        columns = plot_columns(width, self._axis_width)
        known = price_range(chart.candles[-columns:] if columns else ())
        return known and self._scale.fit(*known)
