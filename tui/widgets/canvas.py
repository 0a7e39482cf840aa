"""Bars, closes and markers, drawn in the cells of a grid.

Invariant: every price is placed by one formula, `Plot.dot`, from which its half cell and its line follow, so a bar, a
dot, a marker and a label at one price stand on one line.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui.widgets.axis import Bounds
    from tui.widgets.lines import Span

Candle: TypeAlias = tuple[int, int, int, int]
"""Open, high, low and close, in ticks."""


class Level(NamedTuple):
    """A price at which something waits.

    Attributes:
        ticks: The price.
        sign: 1 where it is to buy, -1 where it is to sell.
    """

    ticks: int
    sign: int


_EMPTY, _WICK, _BODY = 0, 1, 2
INDICATOR_STYLES = tuple(f"candles--indicator-{number}" for number in range(1, 5))
"""The component classes of indicators; there are no more of them than these."""

_MARKER_STYLES = {"▲": "candles--buy", "▼": "candles--sell"}
_BELOW = "▲"
_HALVES = " ╷╻╵│╽╹╿┃"
"""For the upper half of a cell empty, wick and body, each time the lower half empty, wick and body."""

_CURSOR = "┊"
POINTS = "•∘×+"
"""What indicators are drawn with, one character each."""

_LEFT_DOTS = (0x01, 0x02, 0x04, 0x40)
_RIGHT_DOTS = (0x08, 0x10, 0x20, 0x80)
_BRAILLE = 0x2800
_DOTS = 4
"""Dots of braille from the top of a cell to its bottom."""


class Canvas:
    """Cells of a chart, with the columns at which the style of a line changes.

    Cells of a line are put from left to right. A blank takes the style of what stands left of it, which keeps spans
    few; so no style of a chart may have a background of its own.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._runs: list[list[tuple[int, str]]] = [[] for _ in range(rows)]
        self._grounds = [""] * rows

    def rule(self, y: int, glyph: str, style: str) -> None:
        """Draw a horizontal line for everything else to stand on."""
        self._cells[y] = [glyph] * self.columns
        self._runs[y] = [(0, style)]
        self._grounds[y] = style

    def put(self, x: int, y: int, glyph: str, style: str) -> None:
        """Write a cell, not left of any written before in its line."""
        self._cells[y][x] = glyph
        runs, ground = self._runs[y], self._grounds[y]
        if ground and runs[-1][0] > x:
            runs.pop()
        if not runs or runs[-1][1] != style:
            runs.append((x, style))
        if ground:
            runs.append((x + 1, ground))

    def spans(self, y: int) -> list[Span]:
        """Return a line in as few spans as its styles allow."""
        text = "".join(self._cells[y])
        runs = self._runs[y]
        if not runs:
            return [(text, "")]
        ends = [(0, runs[0][1]), *runs[1:], (self.columns, "")]
        return [(text[start:stop], style) for (start, style), (stop, _) in pairwise(ends) if start < stop]


class Plot:
    """Where prices stand on a canvas, counted from the top: in braille dots, in half cells of two, in lines of four."""

    def __init__(self, rows: int, bounds: Bounds) -> None:
        self.low, self.high = bounds
        self.rows = rows
        self._last_dot = _DOTS * rows - 1
        self._dots_a_tick = self._last_dot / ((self.high - self.low) or 1)

    def dot(self, ticks: float) -> int:
        """Return the dot of a price, at an edge for one out of bounds."""
        dot = int((self.high - ticks) * self._dots_a_tick + 0.5)
        return min(dot, self._last_dot) if dot > 0 else 0

    def half(self, ticks: float) -> int:
        """Return the half cell of a price."""
        return self.dot(ticks) // 2

    def row(self, ticks: float) -> int:
        """Return the line of a price."""
        return self.dot(ticks) // _DOTS

    def rows_of(self, values: Iterable[float | None]) -> list[int | None]:
        """Return the line of each price; None for one that is out of bounds, and where there is none."""
        low, high, row = self.low, self.high, self.row
        return [row(ticks) if ticks is not None and low <= ticks <= high else None for ticks in values]


@frozen
class Pen:
    """Draws columns; those that draw a bar return its first and its last line."""

    canvas: Canvas
    plot: Plot

    def cursor(self, x: int) -> None:
        """Draw the column of the cursor, under its bar."""
        for y in range(self.canvas.rows):
            self.canvas.put(x, y, _CURSOR, "candles--cursor")

    def candle(self, x: int, candle: Candle) -> tuple[int, int]:
        """Draw a body and its wicks."""
        opening, high, low, close = candle
        put, half = self.canvas.put, self.plot.half
        style = "candles--up" if close >= opening else "candles--down"
        top, bottom = half(high), half(low)
        cells = _cells(top, half(max(opening, close)), half(min(opening, close)), bottom)
        for y, cell in enumerate(cells, top // 2):
            put(x, y, _HALVES[cell], style)
        return top // 2, bottom // 2

    def close(self, x: int, candle: Candle, previous: Candle | None) -> tuple[int, int]:
        """Draw a close, joined with the one before it."""
        bits = _joining_bits(self.plot.dot((previous or candle)[3]), self.plot.dot(candle[3]))
        for y, bit in bits.items():
            self.canvas.put(x, y, chr(_BRAILLE + bit), "candles--line")
        return min(bits), max(bits)

    def points(self, x: int, rows: Sequence[int | None]) -> None:
        """Draw a point of each indicator in its line; the first of those that share a cell is seen."""
        for number in range(len(rows) - 1, -1, -1):
            y = rows[number]
            if y is not None:
                self.canvas.put(x, y, POINTS[number], INDICATOR_STYLES[number])

    def marker(self, x: int, top: int, bottom: int, marker: str) -> None:
        """Draw a marker next to a bar, or over its end where there is no room."""
        y = min(bottom + 1, self.canvas.rows - 1) if marker == _BELOW else max(top - 1, 0)
        self.canvas.put(x, y, marker, _MARKER_STYLES.get(marker, "candles--marker"))


@lru_cache(maxsize=4096)
def _cells(top: int, body_top: int, body_bottom: int, bottom: int) -> tuple[int, ...]:
    """Return the place in `_HALVES` of every cell of a bar, from half cells counted from the top of its first."""
    halves = [_EMPTY] * (top % 2) + [_WICK] * (body_top - top)
    halves += [_BODY] * (body_bottom - body_top + 1) + [_WICK] * (bottom - body_bottom) + [_EMPTY] * (1 - bottom % 2)
    return tuple(3 * upper + lower for upper, lower in zip(halves[::2], halves[1::2], strict=True))


def _joining_bits(previous: int, dot: int) -> dict[int, int]:
    """Return, by line, the braille bits of a cell column that leads from one dot to another."""
    middle = (previous + dot) // 2
    bits: dict[int, int] = {}
    for dots, start, stop in ((_LEFT_DOTS, previous, middle), (_RIGHT_DOTS, middle, dot)):
        for place in _joined(start, stop):
            bits[place // _DOTS] = bits.get(place // _DOTS, 0) | dots[place % _DOTS]
    return bits


def _joined(start: int, stop: int) -> range:
    """Return the dots after `start` and up to `stop`, in either direction; `stop` alone where they are one."""
    if start < stop:
        return range(start + 1, stop + 1)
    return range(stop, max(start, stop + 1))
