"""The vertical axis that charts share: a scale that keeps still, round steps, labels on the right.

Invariant: fresh bounds are a function of the data alone, on a grid of round steps, so the same data gives the same
bounds on every machine. Only `Scale` remembers, and only its last bounds.
"""

from __future__ import annotations

from math import ceil, floor, inf, log10
from typing import TYPE_CHECKING, TypeAlias

from tui.widgets.columns import fit_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tui.widgets.lines import Span

Bounds: TypeAlias = tuple[float, float]
"""Lowest and highest value of a scale; ints where the data are whole."""

MANTISSAS = (1, 2, 2.5, 5, 10)
FINENESS = 16
"""The least number of steps that the data's range is divided into, when bounds are laid around it."""

FLAT_FRACTION = 1000
"""Data without a range is given a scale by its value over this."""

_ALMOST = 1 - 1e-9


def nice_step(least: float, *, whole: bool = False) -> float:
    """Return the smallest of 1, 2, 2.5 and 5 times a power of ten that is not below a value.

    Args:
        least: Above zero.
        whole: Whether only ints will do, 1 being the smallest.
    """
    if whole and least <= 1:
        return 1
    exponent = floor(log10(least))
    power = 10**exponent if exponent >= 0 else 10.0**exponent
    steps = (mantissa * power for mantissa in MANTISSAS)
    return next(
        int(step) if whole else step for step in steps if step >= least * _ALMOST and (not whole or step == int(step))
    )


def grid_values(low: float, high: float, step: float) -> Iterator[float]:
    """Yield the multiples of a step within bounds, rising."""
    for multiple in range(ceil(low / step), floor(high / step) + 1):
        yield multiple * step


def fresh_bounds(low: float, high: float, *, whole: bool = False) -> Bounds:
    """Lay bounds around a range: on a grid of round steps, with one to two steps left free on either side.

    Args:
        low: Lowest value of the data.
        high: Highest value, not below it.
        whole: Whether the values are ints; then the bounds are too.
    """
    least = (high - low) / FINENESS or abs(low) / FLAT_FRACTION or 1
    step = nice_step(least, whole=whole)
    return (floor(low / step) - 1) * step, (ceil(high / step) + 1) * step


class Scale:
    """Bounds that keep still until the data leaves them, or uses less than half of them.

    What it shows depends on what it was shown before. Where the picture must be a function of the moment alone, give a
    chart its bounds instead.
    """

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole
        self._bounds: Bounds | None = None

    def fit(self, low: float, high: float) -> Bounds:
        """Return the bounds to draw data of this range in, both ends included."""
        if self._bounds is None or not self._serves(low, high, *self._bounds):
            self._bounds = fresh_bounds(low, high, whole=self._whole)
        return self._bounds

    def _serves(self, low: float, high: float, bottom: float, top: float) -> bool:
        if low < bottom or high > top:
            return False
        if (high - low) * 2 >= top - bottom:
            return True
        fresh_bottom, fresh_top = fresh_bounds(low, high, whole=self._whole)
        return fresh_top - fresh_bottom >= top - bottom


def settled_bounds(ranges: Iterable[Bounds], *, whole: bool = False) -> Bounds | None:
    """Return the bounds of a scale that was shown one range after the other, and kept all of them in view.

    This is a still scale without a memory: begin at a bar that follows from the newest one, such as the start of its
    block of bars, and the bounds are the same however one came there.

    Args:
        ranges: Lowest and highest value of bar after bar.
        whole: Whether the values are ints.
    """
    scale, bounds = Scale(whole=whole), None
    low, high = inf, -inf
    for bar_low, bar_high in ranges:
        if bar_low < low or bar_high > high:
            low, high = min(low, bar_low), max(high, bar_high)
            bounds = scale.fit(low, high)
    return bounds


def axis_span(labels: Mapping[int, Span], y: int, width: int, blank: Span) -> Span:
    """Return the axis part of a line.

    Args:
        labels: Tick and label by line, with their style.
        y: The line.
        width: Cells of the axis, the rule included.
        blank: The rule of a line without a label, with its style.
    """
    text, style = labels.get(y, blank)
    return fit_cell(text, width), style
