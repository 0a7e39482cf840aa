"""The command line: what a person writes is read and done; what cannot be comes back, with the place that is wrong."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import attrs
from attrs import define, field

from core.backtest.settings import Settings
from core.errors import ExpressionError, FillstepError
from core.text import clean
from tui.commands import Asked, Known, read_command
from tui.completion import complete
from tui.desk.part import Part
from tui.screens.prompt import PromptScreen, Wrong
from tui.session import Session

_NEAR: Final = 200  # newest orders that are offered
_WORDS: Final = re.compile(r"\w+")


@define(eq=False)
class CommandLine(Part):
    """Asks for commands.

    Attributes:
        _doers: What does each kind of command.
    """

    _doers: Mapping[type[Asked], Callable[[Any], object]]
    _lines: list[str] = field(factory=list, init=False)  # commands that were written, the newest last

    def command(self) -> None:
        """Ask for a command."""
        self.write("")

    def go_to(self) -> None:
        """Ask for a place to go to."""
        self.write("goto ")

    def write(self, text: str, wrong: Wrong | None = None) -> None:
        """Ask for a command that begins with a text, of which something may be wrong."""
        offered = partial(complete, known=self._known())
        self.put(PromptScreen(text, complete=offered, wrong=wrong, earlier=self._lines), self.take)

    def take(self, line: str) -> None:
        """Do what a line asks for; where that cannot be, ask for it again."""
        if not line.strip():
            return
        self._lines = [one for one in self._lines if one != line] + [line]
        try:
            asked = read_command(line, self._known())
            self._doers[type(asked)](asked)
        except FillstepError as error:
            self.write(line, _wrong(error, line))

    def _known(self) -> Known:
        session = self.session
        count = len(session.timeline.at(self.cursor).orders)
        return Known(
            symbols=session.run.feed.places,
            orders=range(count, 0, -1)[:_NEAR],
            breakpoints=[one.id for one in session.breakpoints],
            bookmarks=sorted(session.bookmarks),
            fields=_fields_of(session),
            settings=[one.name for one in attrs.fields(Settings)],
            themes=self._host.themes,
        )


def _fields_of(session: Session) -> list[str]:
    """Return the fields of the strategy that can be set; none of a run that was recorded."""
    if session.is_recorded:
        return []
    return [str(one.alias) for one in attrs.fields(type(session.backtest.strategy)) if one.init]


def _wrong(error: FillstepError, line: str) -> Wrong:
    """Say what is wrong with a line, and where."""
    if isinstance(error, ExpressionError):
        return Wrong(error.what, _place_of(error, line))
    return Wrong(clean(str(error)), _named_in(str(error), line))


def _place_of(error: ExpressionError, line: str) -> int:
    """Return where in a line an error points: it is about the line, or about what follows its first word."""
    if error.text == line:
        return error.start
    word = line.split(maxsplit=1)[0]
    at = line.find(error.text, line.index(word) + len(word))
    return len(line) if at < 0 else at + error.start


def _named_in(message: str, line: str) -> int | None:
    """Return where the last word of a command stands that a message names; None where it names none."""
    named = set(_WORDS.findall(message))
    there = [found.start() for found in _WORDS.finditer(line) if found[0] in named]
    return there[-1] if there and there[-1] else None
