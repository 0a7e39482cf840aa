"""Tables: the columns of a file that bars are made of, each cell as its file has it.

A row keeps its place: its line in a text, its row elsewhere. No cell is changed, so that what is refused later is
refused by its true place and shown as it was written.
"""

import polars as pl
from attrs import field, frozen

from core.data.findings import Findings
from core.errors import BarDataError


@frozen
class Table:
    """One file's cells, in the order of the file.

    Attributes:
        source: The file, as it was given.
        cells: The columns time, open, high, low and close, and volume and symbol where the file has them, as text or
            in the types of the file; and `place`, the number of a line (from 1) or of a row (from 0).
        has_lines: Whether places are lines.
        has_decimal_commas: Whether a number that is text has a comma where others have a point.
        found: What was found in it.
    """

    source: str
    cells: pl.DataFrame = field(repr=False)
    has_lines: bool
    has_decimal_commas: bool = False
    found: Findings = field(factory=Findings, eq=False, repr=False)

    def refusal(self, place: int, what: str) -> BarDataError:
        """Return the error that names a place and says what is wrong there."""
        if self.has_lines:
            return BarDataError(self.source, what, line=place)
        return BarDataError(self.source, f"row {place}: {what}")

    def named(self, place: int) -> str:
        """Say where a place is, as `Origin.place` does."""
        return f"{'line' if self.has_lines else 'row'} {place}"
