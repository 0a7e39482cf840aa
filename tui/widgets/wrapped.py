"""Rows over as many lines as their longest cell needs, so that nothing in them is cut."""

from __future__ import annotations

from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.widgets.columns import Column, fit_columns
from tui.widgets.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def wrapped_rows(rows: Sequence[Row], columns: tuple[Column, ...], width: int) -> Iterator[tuple[int, Row]]:
    """Yield the lines of rows, each with the index of its row; the first line of a row has the row's key.

    Args:
        rows: The rows.
        columns: Their columns, from left to right.
        width: Cells of a line.
    """
    widths = fit_columns(columns, width)
    for index, row in enumerate(rows):
        if all(cell_len(cell) <= cells for cell, cells in zip(row.cells, widths, strict=True) if cells):
            yield index, row
            continue
        parts = (wrapped_text(cell, cells) for cell, cells in zip(row.cells, widths, strict=True))
        for line, cells in enumerate(zip_longest(*parts, fillvalue="")):
            yield index, Row(cells, (row.key, line) if line else row.key, row.tone)


def wrapped_text(text: str, width: int) -> list[str]:
    """Break a text into lines of so many cells, at its blanks where there are any."""
    most = max(width if cell_len(text) == len(text) else width // 2, 1)  # characters may be two cells wide
    return wrap(text, most) or [""] if width else [text]
