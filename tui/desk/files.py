"""Files: what was found in those of which the run has its bars."""

from typing import Final

from attrs import define

from core.data.report import Section, report
from tui.desk.part import Part
from tui.screens.listing import ListingScreen
from tui.widgets.columns import Column
from tui.widgets.rows import Row

_COLUMNS: Final = (Column("", 12), Column("", 30, grow=True))


@define(eq=False)
class Files(Part):
    """Shows the data report."""

    def data(self) -> None:
        """Show what was found in the files of bars."""
        self.work("looking through the bars", lambda: report(self.session.run.feed.bars), self._show)

    def _show(self, sections: list[Section]) -> None:
        rows = [
            Row(cells, None)
            for section in sections
            for cells in ((section.title, ""), *((f"  {line.name}", line.text) for line in section.lines))
        ]
        self.put(ListingScreen("Data", _COLUMNS, rows, keys=("esc close",), empty="there are no bars"), lambda _: None)
