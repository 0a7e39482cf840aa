"""Origin: where bars were read, and what was found there."""

from typing import Final, TypeAlias

import polars as pl
from attrs import field, frozen

Finding: TypeAlias = tuple[str, str]
"""What was found: its name, and what a person reads of it."""

WARNING: Final = "warning"
"""The name of a finding at which a person should look."""


@frozen(eq=False)
class Origin:
    """Where the bars of one symbol were read, and what was found there.

    Attributes:
        file: What was found in the whole file: its format, what was left alone, how times are read.
        rows: What was done with the rows of this symbol: turned around, dropped, widened.
        places: The line, or the row, of each bar.
        has_lines: Whether places are lines (from 1) rather than rows (from 0).
        repaired: The bars, from 0, of which the high or the low was widened.
    """

    file: tuple[Finding, ...]
    rows: tuple[Finding, ...]
    places: pl.Series = field(repr=False)
    has_lines: bool
    repaired: tuple[int, ...] = ()

    def place(self, row: int) -> str:
        """Say where a bar stands in its file."""
        return f"{'line' if self.has_lines else 'row'} {self.places[row]}"
