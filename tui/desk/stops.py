"""Stops: breakpoints, and every moment at which a number or a condition changes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from attrs import define

from core.replay.conditions import Change
from core.replay.cursor import Cursor
from core.replay.expression import Expression, parse_expression
from core.replay.search import Search
from core.text import clean
from tui.desk.part import Part
from tui.numbers_asked import writer_of
from tui.screens.listing import Chosen, ListingScreen
from tui.widgets.columns import Column
from tui.widgets.rows import Row

_MOST_WATCHED: Final = 10_000
_PLACE: Final = (Column("bar", 7, "right"), Column("time", 16), Column("value", 12, grow=True))
_BREAKS: Final = (
    Column("no", 3, "right"),
    Column("", 3),
    Column("stops at", 20, grow=True),
    Column("hits", 7, "right"),
)


@define(eq=False)
class Stops(Part):
    """Sets and lists what a run stops at.

    Attributes:
        _write: Asks for a command that begins with a text.
    """

    _write: Callable[[str], object]

    def breakpoint(self) -> None:
        """Set a breakpoint at the bar where one stands, or take it away."""
        text, breakpoints = f"bar == {max(self.cursor.step, 0) + 1}", self.session.breakpoints
        there = breakpoints.find(text)
        if there is None:
            self.add(text)
        else:
            breakpoints.remove(there.id)
            self._host.show(f"no breakpoint at {text} any more")

    def breakpoints(self) -> None:
        """List the breakpoints, to switch them, take them away, or add one."""
        rows = [
            Row((str(one.id), "on" if one.is_on else "off", clean(one.text), f"{one.hits(self.cursor):,}"), one.id)
            for one in self.session.breakpoints
        ]
        keys = ("enter next place", "space on or off", "x take away", "a add", "esc close")
        self.put(ListingScreen("Breakpoints", _BREAKS, rows, keys=keys, empty="there is none: a adds one"), self._take)

    def _take(self, chosen: Chosen) -> None:
        how, number = chosen
        one = next((one for one in self.session.breakpoints if one.id == number), None)
        if how == "a":
            self._write("break ")
        elif one is not None and how == "enter":
            found = one.after(self.cursor) or one.before(self.cursor)
            if found is None:
                self._host.show(f"breakpoint {one.id} was not met yet: {clean(one.text)}")
            else:
                self.go(found)
        elif one is not None:
            if how == "x":
                self.session.breakpoints.remove(one.id)
            else:
                one.is_on = not one.is_on
            self.breakpoints()

    def add(self, text: str) -> None:
        """Add a breakpoint as a person writes it.

        Raises:
            InputError: It cannot be read, or is no condition.
        """
        one = self.session.breakpoints.add(text)
        self._host.show(f"breakpoint {one.id}: {clean(one.text)}, hits up to here: {one.hits(self.cursor):,}")

    def delete(self, number: int) -> None:
        """Take a breakpoint away.

        Raises:
            InputError: There is none of this number.
        """
        self.session.breakpoints.remove(number)
        self._host.show(f"breakpoint {number} is gone")

    def watch(self, text: str) -> None:
        """List every moment at which a number or a condition changes.

        Raises:
            InputError: It cannot be read.
        """
        session = self.session
        expression = parse_expression(text, session.run.feed.places)
        search = Search(session.timeline, Change(expression))
        self.work("watching", lambda: list(search.all()), partial(self._show_watched, expression))

    def _show_watched(self, expression: Expression, places: Sequence[Cursor]) -> None:
        timeline, text = self.session.timeline, expression.text
        written = writer_of(text)
        rows = [
            Row((str(one.step + 1), self.time(one), written(expression.value(timeline.at(one)))), one)
            for one in places[:_MOST_WATCHED]
        ]
        start = written(expression.value(timeline.start()))
        title = f"{clean(text)}: {start} at the start, changes: {len(places):,}"
        keys = ("enter go there", "esc close")
        self.put(ListingScreen(title, _PLACE, rows, keys=keys, empty="it never changes"), self._go_if_place)

    def _go_if_place(self, chosen: Chosen) -> None:
        if isinstance(chosen[1], Cursor):
            self.go(chosen[1])
