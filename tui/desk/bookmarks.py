"""Bookmarks: places with a letter, and with a note where one was written."""

from typing import Final

from attrs import define

from core.text import clean
from tui.desk.part import Part
from tui.screens.choice import ChoiceScreen
from tui.screens.listing import Chosen, ListingScreen
from tui.widgets.columns import Column
from tui.widgets.rows import Row

_COLUMNS: Final = (Column("", 2), Column("bar", 7, "right"), Column("time", 16), Column("note", 10, grow=True))


@define(eq=False)
class Bookmarks(Part):
    """Marks places, lists them, and goes to them."""

    def set_bookmark(self) -> None:
        """Mark the place with a letter."""

        def take(letter: str) -> None:
            self.session.bookmarks[letter] = (self.cursor, self.session.bookmarks.get(letter, (None, ""))[1])
            self.session.record()
            self._host.show(f"bookmark {letter} at bar {self.cursor.step + 1}")

        self.put(ChoiceScreen("bookmark: a letter", {}), take)

    def go_to_bookmark(self) -> None:
        """Go to a place that was marked."""
        marks = self.session.bookmarks
        if marks:
            names = {letter: f"bar {cursor.step + 1}" for letter, (cursor, _) in sorted(marks.items())}
            self.put(ChoiceScreen("to bookmark:", names), lambda letter: self.go(*marks[letter]))
        else:
            self._host.show("there is no bookmark: m sets one")

    def bookmarks(self) -> None:
        """List the places that were marked."""
        rows = [
            Row((letter, str(cursor.step + 1), self.time(cursor), clean(note)), letter)
            for letter, (cursor, note) in sorted(self.session.bookmarks.items())
        ]
        keys = ("enter go there", "x take away", "esc close")
        self.put(ListingScreen("Bookmarks", _COLUMNS, rows, keys=keys, empty="there is none: m sets one"), self._take)

    def _take(self, chosen: Chosen) -> None:
        how, letter = chosen
        if not isinstance(letter, str):
            return
        if how == "x":
            del self.session.bookmarks[letter]
            self.session.record()
            self.bookmarks()
        else:
            self.go(*self.session.bookmarks[letter])

    def note(self, text: str) -> None:
        """Write a note at the place where one stands."""
        marks = self.session.bookmarks
        free = (letter for letter in "abcdefghijklmnopqrstuvwxyz0123456789" if letter not in marks)
        there = next((letter for letter, (at, _) in marks.items() if at == self.cursor), None)
        letter = there or next(free, "z")
        marks[letter] = (self.cursor, text)
        self.session.record()
        self._host.show(f"note {letter} at bar {self.cursor.step + 1}: {clean(text)}")
