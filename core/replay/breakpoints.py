"""Breakpoints: where a run stops by itself, forward and backward alike.

A breakpoint is written as a kind of fact (`fill`, `rejection`), as an age (`older 20`), as an order (`#12`), or as a
condition on numbers (`equity < 95000`); a fact may be of one symbol, and a rejection of one code.
"""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Final

from attrs import define, field

from core.errors import ExpressionError, InputError
from core.reason import Code
from core.replay.conditions import FACTS, About, Condition, Fact, Older, When
from core.replay.cursor import Cursor
from core.replay.expression import NAMES, SYMBOL_NAMES, parse_expression
from core.replay.history import History
from core.replay.search import Search

WITH_CODE: Final = frozenset({"rejection", "cancel", "expiry"})
"""The kinds of facts that have a reason, so that one can wait for its code."""
_IGNORE: Final = " ignore "
_WORD: Final = re.compile(r"\S+")
_MOST_DIGITS: Final = 18  # of a count


@define(eq=False)
class Breakpoint:
    """One condition, and whether it stops.

    Attributes:
        id: Its number, from 1.
        search: Where it is met.
        ignored: So many of its places, from the start of the run, do not stop.
        is_on: Whether it stops at all.
    """

    id: int
    search: Search
    ignored: int = 0
    is_on: bool = True

    @property
    def condition(self) -> Condition:
        """What it waits for."""
        return self.search.condition

    @property
    def text(self) -> str:
        """What it is, as a person writes it."""
        return self.condition.text + (f"{_IGNORE}{self.ignored}" if self.ignored else "")

    def hits(self, cursor: Cursor) -> int:
        """Return how often it was met from the start of the run to a place."""
        return self.search.count_to(cursor)

    def after(self, cursor: Cursor) -> Cursor | None:
        """Return the first place after another at which it stops; None where there is none."""
        found = self.search.after(cursor)
        while found is not None and self.ignored and self.hits(found) <= self.ignored:
            found = self.search.after(found)
        return found

    def before(self, cursor: Cursor) -> Cursor | None:
        """Return the last place before another at which it stops; None where there is none."""
        found = self.search.before(cursor)
        return None if found is not None and self.ignored and self.hits(found) <= self.ignored else found


@define(eq=False)
class Breakpoints:
    """Those of a run.

    Args:
        history: What was recorded.
    """

    _history: History
    _all: dict[int, Breakpoint] = field(factory=dict, init=False)
    _next_id: int = field(default=1, init=False)

    def __iter__(self) -> Iterator[Breakpoint]:
        """Every one of them, by number."""
        return iter(tuple(self._all.values()))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)

    def add(self, text: str) -> Breakpoint:
        """Add one as a person writes it.

        Raises:
            ExpressionError: It cannot be read.
            InputError: It is no condition.
        """
        condition, ignored = read_breakpoint(text, self._history.run.feed.places)
        made = Breakpoint(self._next_id, Search(self._history, condition), ignored)
        self._all[made.id] = made
        self._next_id += 1
        return made

    def remove(self, number: int) -> None:
        """Take one away.

        Raises:
            InputError: There is none of this number.
        """
        if self._all.pop(number, None) is None:
            raise InputError(f"breakpoint {number} is unknown: there are {', '.join(map(str, self._all)) or 'none'}")

    def find(self, text: str) -> Breakpoint | None:
        """Return the one that is written so; None where there is none."""
        return next((one for one in self if one.text == text), None)

    def after(self, cursor: Cursor) -> tuple[Cursor, list[Breakpoint]] | None:
        """Return the first place after another at which any stops, and which do; None where there is none."""
        found = [(place, one) for one in self if one.is_on and (place := one.after(cursor)) is not None]
        return _gather(found, min((place.order for place, _ in found), default=None))

    def before(self, cursor: Cursor) -> tuple[Cursor, list[Breakpoint]] | None:
        """Return the last place before another at which any stops, and which do; None where there is none."""
        found = [(place, one) for one in self if one.is_on and (place := one.before(cursor)) is not None]
        return _gather(found, max((place.order for place, _ in found), default=None))


def _gather(
    found: list[tuple[Cursor, Breakpoint]], order: tuple[int, int, int] | None
) -> tuple[Cursor, list[Breakpoint]] | None:
    there = [(place, one) for place, one in found if place.order == order]
    return (there[0][0], [one for _, one in there]) if there else None


def read_breakpoint(text: str, symbols: Collection[str]) -> tuple[Condition, int]:
    """Read a breakpoint as a person writes it: its condition, and how many of its places it ignores.

    Raises:
        ExpressionError: It cannot be read.
        InputError: It is no condition.
    """
    said, found, ignored = text.rpartition(_IGNORE)
    if found:
        return read_condition(said, symbols), _count(text, len(said) + len(_IGNORE), ignored.strip(), "a number")
    return read_condition(text, symbols), 0


def read_condition(text: str, symbols: Collection[str]) -> Condition:
    """Read a condition as a person writes it.

    Raises:
        ExpressionError: It cannot be read.
        InputError: It is a number.
    """
    words = [(found.start(), found[0]) for found in _WORD.finditer(text)]
    if not words:
        raise ExpressionError(text, 0, f"what to wait for: {', '.join(FACTS)}, older, #1, or such as equity < 95000")
    (start, name), others = words[0], words[1:]
    if name in FACTS:
        return _fact(text, name, others, symbols)
    if name == "older":
        return _older(text, others, symbols)
    if name.startswith("#") and name[1:].isdecimal() and not others:
        return About(_count(text, start + 1, name[1:], "the number of an order"))
    if name.isalpha() and name not in {*NAMES, *SYMBOL_NAMES} and (nearest := get_close_matches(name, FACTS, 1)):
        raise ExpressionError(text, start, f"{name} is unknown: did you mean {nearest[0]}")
    return When(parse_expression(text, symbols))


def _fact(text: str, name: str, others: list[tuple[int, str]], symbols: Collection[str]) -> Fact:
    symbol, code = None, None
    for start, word in others:
        if word in symbols and symbol is None:
            symbol = word
        elif name in WITH_CODE and word in Code.__members__ and code is None:
            code = Code[word]
        else:
            expected = "a symbol, or a reason code" if name in WITH_CODE else "a symbol"
            known = ", ".join(symbols)
            raise ExpressionError(text, start, f"{expected} must stand here, symbols are {known}")
    return Fact(name, symbol, code)


def _older(text: str, others: list[tuple[int, str]], symbols: Collection[str]) -> Older:
    start, word = others[0] if others else (len(text), "")
    bars = _count(text, start, word, "a number of bars")
    symbol = None
    for start, word in others[1:]:
        if word not in symbols or symbol is not None:
            raise ExpressionError(text, start, f"a symbol must stand here, symbols are {', '.join(symbols)}")
        symbol = word
    return Older(bars, symbol)


def _count(text: str, start: int, word: str, what: str) -> int:
    if not word.isdecimal() or len(word) > _MOST_DIGITS:
        raise ExpressionError(text, start, f"{what} must stand here")
    return int(word)
