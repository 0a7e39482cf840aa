"""Comparisons: a moment beside another of the run, or beside that of the parent."""

from collections.abc import Sequence

from attrs import define

from core.errors import InputError
from core.replay.cursor import Cursor
from tui.branching import first_facts
from tui.desk.part import Part
from tui.difference import Cells, fields_of, rows_of
from tui.numbers import money, signed
from tui.screens.listing import ListingScreen
from tui.widgets.columns import Column
from tui.widgets.rows import Row


@define(eq=False)
class Comparisons(Part):
    """Puts two moments side by side."""

    def difference(self) -> None:
        """Show this moment beside the parent's, or beside the end of the bar before."""
        session, other = self.session, self._host.other_session()
        if session.branch is None or other is None:
            self._compare(session.timeline.previous_bar(self.cursor))
            return
        alike, one, another = first_facts(session.branch)
        final = tuple(map(money, session.branch.final_equities))
        head: list[Cells] = [
            ("parts with", alike, alike, ""),
            ("", one, another, ""),
            (f"at bar {session.branch.compared_step + 1}", final[0], final[1], signed(session.branch.equity_gained)),
        ]
        there = other.timeline.at(other.timeline.cursor)
        rows = rows_of(there, session.timeline.at(self.cursor))
        self._side_by_side("Parent and branch, where each stands", ("parent", "branch"), [*head, *rows])

    def compare_with(self, letter: str) -> None:
        """Show this moment beside that of a bookmark.

        Raises:
            InputError: There is no such bookmark.
        """
        marks = self.session.bookmarks
        if letter not in marks:
            raise InputError(f"bookmark {letter} is unknown: there are {', '.join(sorted(marks)) or 'none'}")
        self._compare(marks[letter][0])

    def _compare(self, place: Cursor) -> None:
        """Show this moment beside another of the same run; from the strategy's pane, its fields too."""
        session, here = self.session, self.cursor
        rows = list(rows_of(session.timeline.at(place), session.timeline.at(here)))
        if self._host.focused_name == "strategy":
            rows += fields_of(session.calls(place.step)[0], session.calls(here.step)[0])
        names = (f"bar {place.step + 1}", f"bar {here.step + 1}")
        self._side_by_side("This moment beside another", names, rows)

    def _side_by_side(self, title: str, names: tuple[str, str], rows: Sequence[Cells]) -> None:
        shown = [Row(cells, index, "warn" if cells[3] else "") for index, cells in enumerate(rows)]
        self.put(ListingScreen(title, _both(*names), shown, keys=("esc close",)), lambda _: None)


def _both(one: str, other: str) -> tuple[Column, ...]:
    sides = (Column(name, 16, grow=True, most=44, priority=2) for name in (one, other))
    return Column("", 12, priority=2), *sides, Column("difference", 12, "right")
