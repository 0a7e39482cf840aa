"""Text in columns, measured in terminal cells.

Invariant: a built line is exactly as wide as asked for, whatever characters stand in it: what is too long is cut and
marked, and a wide character is never cut in half.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from attrs import frozen
from rich.cells import cell_len, set_cell_size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from tui.widgets.lines import Line, Span

Align: TypeAlias = Literal["left", "right"]

ELLIPSIS = "…"
GAP = " "
_ANY_WIDTH: Final = 1 << 16  # more than any screen has


@frozen(cache_hash=True)  # it is looked up for every row
class Column:
    """A column of a list.

    Attributes:
        title: Text of the header.
        width: Cells it takes at least.
        align: The side its text stands on.
        grow: Whether it takes what other columns leave; several share it.
        most: Cells it grows to at most.
        priority: The lowest goes first where the widget is too narrow, and of equals the one to the right.
    """

    title: str
    width: int
    align: Align = "left"
    grow: bool = False
    priority: int = 1
    most: int = _ANY_WIDTH


@lru_cache(maxsize=4096)
def fit_cell(text: str, width: int, align: Align = "left") -> str:
    """Bring text to a width in cells, by padding it, or by cutting it and marking the cut.

    Args:
        text: Plain text.
        width: Cells, 0 or more.
        align: The side the text stands on where it is padded.
    """
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + ELLIPSIS if width else ""
    padding = " " * (width - cell_len(text))
    return padding + text if align == "right" else text + padding


@lru_cache(maxsize=64)
def fit_columns(columns: tuple[Column, ...], width: int) -> tuple[int, ...]:
    """Share the width of a line among its columns.

    Args:
        columns: The columns, from left to right.
        width: Cells of the line; one lies between two columns.

    Returns:
        Cells for each column; 0 for one that is dropped.
    """
    kept = list(range(len(columns)))
    while len(kept) > 1 and _taken(columns, kept) > width:
        kept.remove(min(kept, key=lambda i: (columns[i].priority, -i)))
    widths = {i: min(columns[i].width, width) for i in kept}
    spare = max(width - _taken(columns, kept), 0)
    room = {i: min(columns[i].most - columns[i].width, spare) for i in kept if columns[i].grow}
    for place, i in enumerate(sorted(room, key=lambda one: room[one])):  # one with less room leaves more to the others
        share = min(room[i], -(-spare // (len(room) - place)))
        widths[i] += share
        spare -= share
    return tuple(widths.get(i, 0) for i in range(len(columns)))


def _taken(columns: Sequence[Column], kept: Sequence[int]) -> int:
    """Return the cells that columns need, with the gaps between them."""
    return sum(columns[i].width for i in kept) + len(kept) - 1


def build_row(
    cells: Sequence[str],
    columns: tuple[Column, ...],
    width: int,
    style: str,
    changed: Collection[int] = (),
) -> Line:
    """Build the line of a row, in one span unless some of its cells changed.

    Args:
        cells: One text a column.
        columns: The columns, from left to right.
        width: Cells of the line.
        style: Component classes of the line.
        changed: Columns whose cell stands out.
    """
    widths = fit_columns(columns, width)
    kept = [i for i, cells_wide in enumerate(widths) if cells_wide]
    texts = [fit_cell(cells[i], widths[i], columns[i].align) for i in kept]
    if not changed:
        return ((_filled(GAP.join(texts), width), style),)
    filler = " " * (width - sum(widths) - len(kept) + 1)
    spans: list[Span] = []
    for place, i in enumerate(kept):
        spans.append((texts[place], f"{style} rows--changed" if i in changed else style))
        spans.append((GAP if place + 1 < len(kept) else filler, style))
    return tuple(_merged(span for span in spans if span[0]))


def _filled(text: str, width: int) -> str:
    """Pad a line with blanks, so that the cursor's color reaches its end."""
    return text + " " * (width - cell_len(text))


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Join neighbors of one style."""
    merged: list[Span] = []
    for text, style in spans:
        if merged and merged[-1][1] == style:
            merged[-1] = (merged[-1][0] + text, style)
        else:
            merged.append((text, style))
    return merged
