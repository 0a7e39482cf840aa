"""A filled line of numbers, in eighths of a cell: equity over time.

Invariant: `build_area` is a function of its arguments. A column that has a value always shows at least an eighth, so
that the lowest value cannot be taken for a missing one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeAlias, Unpack

from attrs import frozen

from tui.widgets.axis import Bounds, Scale, axis_span
from tui.widgets.lines import Line, LineWidget, Span, WidgetNames

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

Number: TypeAlias = "int | float | Decimal"

EIGHTHS = " ▁▂▃▄▅▆▇█"
FILL = "area--fill"
"""The component class of the columns."""

AXIS = "│"
LABEL_ROWS = 6
"""Up to so many lines, each has a label; twice as many, every second one; and so on."""

_FULL = 8


@frozen
class AreaChart:
    """What an area shows.

    Attributes:
        values: One a column, newest last; None leaves a column blank. Of more than there are columns the newest show.
        label: Writes a value for the axis; the value is an estimate, good for a label only.
        bounds: Lowest and highest value of the scale; without it the widget keeps one. The lowest is the base.
    """

    values: Sequence[Number | None]
    label: Callable[[float], str]
    bounds: Bounds | None = None


def value_range(values: Sequence[Number | None]) -> tuple[float, float] | None:
    """Return the lowest and the highest value; None without values."""
    known = [float(value) for value in values if value is not None]
    return (min(known), max(known)) if known else None


def build_area(chart: AreaChart, width: int, height: int, *, bounds: Bounds, axis_width: int) -> list[Line]:
    """Build the lines of an area.

    Args:
        chart: What it shows.
        width: Cells of a line.
        height: Lines.
        bounds: Lowest and highest value of the scale.
        axis_width: Cells of the axis, the rule included.
    """
    columns = max(width - axis_width, 0)
    shown = chart.values[-columns:] if columns else ()
    eighths = [_eighths(value, bounds, height) for value in shown]
    labels, rule = _axis_labels(chart, height, bounds), (AXIS, "area--axis")
    return [
        (
            (_blocks(eighths, height - 1 - y).ljust(columns), FILL),
            axis_span(labels, y, width - columns, rule),
        )
        for y in range(height)
    ]


def _eighths(value: Number | None, bounds: Bounds, height: int) -> int:
    """Return how high a column stands, in eighths of a cell; 0 without a value."""
    if value is None:
        return 0
    low, high = bounds
    full = _FULL * height
    if high <= low:
        return full // 2
    return min(max(int((float(value) - low) / (high - low) * full + 0.5), 1), full)


def _blocks(eighths: Sequence[int], row: int) -> str:
    """Return one line of columns, counted from the lowest."""
    below = row * _FULL
    return "".join([EIGHTHS[min(max(height - below, 0), _FULL)] for height in eighths])


def _axis_labels(chart: AreaChart, height: int, bounds: Bounds) -> dict[int, Span]:
    """Label lines with the value at their upper edge."""
    low, high = bounds
    every = (height - 1) // LABEL_ROWS + 1
    step = (high - low) / height
    return {y: (AXIS + chart.label(high - y * step), "area--axis") for y in range(0, height, every)}


class Area(LineWidget):
    """An area that keeps its scale still while the data stays in it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"area--fill", "area--axis"}
    DEFAULT_CSS = """
    Area > .area--fill { color: $primary; }
    Area > .area--axis { text-style: dim; }
    """

    def __init__(self, *, axis_width: int = 10, **names: Unpack[WidgetNames]) -> None:
        """Make an area that is blank until `show`.

        Args:
            axis_width: Cells of the axis, the rule included. It is fixed, so that columns keep still.
            names: `name`, `id` and `classes` of the widget.
        """
        super().__init__(**names)
        self._axis_width = axis_width
        self._scale = Scale()
        self._chart: AreaChart | None = None

    @property
    def columns(self) -> int:
        """How many values have room."""
        return max(self.size.width - self._axis_width, 0)

    def show(self, chart: AreaChart) -> int:
        """Show an area, refresh the lines that differ from what is drawn, and return their number."""
        self._chart = chart
        return self.redraw()

    def build(self, width: int, height: int) -> list[Line]:
        """Build the lines of the area shown last."""
        chart = self._chart
        if chart is None or not (bounds := self._bounds(chart, width)):
            return []
        return build_area(chart, width, height, bounds=bounds, axis_width=self._axis_width)

    def _bounds(self, chart: AreaChart, width: int) -> Bounds | None:
        """Return the scale for what is visible."""
        if chart.bounds is not None:
            return chart.bounds
        columns = max(width - self._axis_width, 0)
        known = value_range(chart.values[-columns:] if columns else ())
        return known and self._scale.fit(*known)
