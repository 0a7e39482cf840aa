"""Text in columns, measured in terminal cells.

Invariant: a built line is exactly as wide as asked for, whatever characters stand in it: text that is too long is cut
and marked, and a wide character is never cut in half. A number is never cut, because what is left of one is another
number: its column becomes as wide as the widest number in view, where columns of a lower priority can make the room,
and otherwise that one number is covered by `#`, as in a spreadsheet.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from attrs import frozen
from rich.cells import cell_len, set_cell_size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tui.widgets.lines import Line, Span

Align: TypeAlias = Literal["left", "right"]

ELLIPSIS = "…"
COVER = "#"
"""Stands in every cell of a number that has no room."""

GAP = " "
_ANY_WIDTH: Final = 1 << 16  # more than any screen has


@frozen(cache_hash=True)  # it is looked up for every row
class Column:
    """A column of a list.

    Attributes:
        title: Text of the header.
        width: Cells it takes at least.
        align: The side its text stands on; what stands on the right are numbers.
        grow: Whether it takes what other columns leave; several share it.
        most: Cells it grows to at most, unless a number needs more.
        priority: The lowest goes first where the widget is too narrow, and of equals the one to the right.
        once: Whether its text is left out where the row above it in view says the same.
    """

    title: str
    width: int
    align: Align = "left"
    grow: bool = False
    priority: int = 1
    most: int = _ANY_WIDTH
    once: bool = False

    @property
    def is_number(self) -> bool:
        """Whether numbers stand in it."""
        return self.align == "right"

    def fit(self, text: str, width: int) -> str:
        """Bring the text of one of its cells to a width in cells."""
        if self.is_number and cell_len(text) > width:
            return COVER * width
        return fit_cell(text, width, self.align)


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


def needed(rows: Iterable[Sequence[str]], columns: tuple[Column, ...]) -> tuple[int, ...]:
    """Return how many cells the widest number of each column takes; 0 for a column of text.

    Args:
        rows: The cells of each row in view.
        columns: The columns, from left to right.
    """
    texts = tuple(zip(*rows, strict=True)) or ((),) * len(columns)
    return tuple(
        max(map(cell_len, cells), default=0) if column.is_number else 0
        for column, cells in zip(columns, texts, strict=True)
    )


@lru_cache(maxsize=256)
def fit_columns(columns: tuple[Column, ...], width: int, needs: tuple[int, ...] = ()) -> tuple[int, ...]:
    """Share the width of a line among its columns.

    Args:
        columns: The columns, from left to right.
        width: Cells of the line; one lies between two columns.
        needs: Cells that each needs so that no number in it is covered; none where that is not known.

    Returns:
        Cells for each column; 0 for one that is dropped.
    """
    least = {i: column.width for i, column in enumerate(columns)}
    while len(least) > 1 and _taken(least) > width:
        del least[_lowest(columns, least)]
    if needs:
        _widen(columns, least, width, needs)
    widths = {i: min(cells, width) for i, cells in least.items()}
    spare = max(width - _taken(widths), 0)
    room = {i: min(max(columns[i].most - widths[i], 0), spare) for i in widths if columns[i].grow}
    for place, i in enumerate(sorted(room, key=lambda one: room[one])):  # one with less room leaves more to the others
        share = min(room[i], -(-spare // (len(room) - place)))
        widths[i] += share
        spare -= share
    return tuple(widths.get(i, 0) for i in range(len(columns)))


def _lowest(columns: Sequence[Column], kept: Iterable[int]) -> int:
    """Return which of the columns that are kept goes first."""
    return min(kept, key=lambda i: (columns[i].priority, -i))


def _widen(columns: Sequence[Column], widths: dict[int, int], width: int, needs: Sequence[int]) -> None:
    """Give columns what their numbers need, the most important first; one that cannot have all of it gets nothing."""
    for i in sorted(widths, key=lambda one: (-columns[one].priority, one)):
        if needs[i] <= widths.get(i, needs[i]):
            continue
        wanted = {**widths, i: needs[i]}
        while _taken(wanted) > width and columns[lowest := _lowest(columns, wanted)].priority < columns[i].priority:
            del wanted[lowest]
        if _taken(wanted) <= width:
            widths.clear()
            widths.update(wanted)


def _taken(widths: Mapping[int, int]) -> int:
    """Return the cells that columns take, with the gaps between them."""
    return sum(widths.values()) + len(widths) - 1


def build_row(
    cells: Sequence[str],
    columns: tuple[Column, ...],
    width: int,
    style: str,
    changed: Collection[int] = (),
    *,
    needs: tuple[int, ...] = (),
    is_title: bool = False,
) -> Line:
    """Build the line of a row, in one span unless some of its cells changed.

    Args:
        cells: One text a column.
        columns: The columns, from left to right.
        width: Cells of the line.
        style: Component classes of the line.
        changed: Columns whose cell stands out.
        needs: Cells that the numbers in view need, of `needed`.
        is_title: Whether the cells are titles, and so may be cut over numbers too.
    """
    widths = fit_columns(columns, width, needs)
    kept = [i for i, cells_wide in enumerate(widths) if cells_wide]
    if is_title:
        texts = [fit_cell(cells[i], widths[i], columns[i].align) for i in kept]
    else:
        texts = [columns[i].fit(cells[i], widths[i]) for i in kept]
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
