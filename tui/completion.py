"""Completion: what the word that is written can become, and what is expected in its place."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

from attrs import frozen

from core.reason import Code
from core.replay.breakpoints import WITH_CODE
from core.replay.conditions import FACTS
from core.replay.expression import NAMES, SYMBOL_NAMES
from tui.commands import Known, what_may_follow

_SEARCHED: Final = re.compile(r"\s*(break|watch)\s+")
_WORD: Final = re.compile(r"\S*\Z")
_NAME: Final = re.compile(r"""[^\s()\[\]<>=!+*/"'-]*\Z""")  # in an expression
_SYMBOL: Final = re.compile(r"""\[\s*(?P<quote>["'])(?P<symbol>[^"']*)\Z""")
_OPEN: Final = ("=", '"', "#")  # what ends so is not whole yet


@frozen
class Completion:
    """What can stand where one writes.

    Attributes:
        start: Where the word begins that is written.
        options: What it can become.
        expected: What must or may stand there, in words; empty where nothing may.
    """

    start: int
    options: Sequence[str]
    expected: str


def complete(text: str, known: Known) -> Completion:
    """Return what the last word of a text can become; a text that ends in a blank has an empty one.

    >>> complete("branch dr", Known()).options
    ['drop']
    """
    searched = _SEARCHED.match(text)
    if searched:
        return _in_condition(text, searched.end(), known, has_facts=searched[1] == "break")
    start = _start(_WORD, text)
    expected, offers = what_may_follow(text[:start], known)
    return Completion(start, _beginning(text[start:], offers), expected)


def completed(text: str, completion: Completion) -> str:
    """Return a text with its last word written as far as all options agree; one that is whole gets a blank.

    >>> completed("br", Completion(0, ["break", "branch"], ""))
    'br'
    >>> completed("bre", Completion(0, ["break", "breakpoints"], ""))
    'break'
    """
    options = completion.options
    if not options:
        return text
    end = " " if len(options) == 1 and not options[0].endswith(_OPEN) else ""
    return text[: completion.start] + _agreed(min(options), max(options)) + end


def _in_condition(text: str, at: int, known: Known, *, has_facts: bool) -> Completion:
    """Complete what a run is searched for, which begins at a place of the text."""
    inside = _SYMBOL.search(text, at)
    if inside:
        names = (f"{symbol}{inside['quote']}]" for symbol in known.symbols)
        return Completion(inside.start("symbol"), _beginning(inside["symbol"], names), "a symbol")
    start = max(at, _start(_NAME, text))
    expected, offers = _searched(text[at:start].split(), known) if has_facts else _number(text[at:start].split())
    return Completion(start, _beginning(text[start:], offers), expected)


def _searched(before: Sequence[str], known: Known) -> tuple[str, Iterable[str]]:
    """Return what may follow some words of a breakpoint."""
    if not before:
        expected, offers = _number(before)
        orders = (f"#{one}" for one in known.orders)
        return f"a kind of fact, #12, or {expected}", chain(FACTS, ("older",), offers, orders)
    if before[0] in FACTS:
        codes: Iterable[str] = Code.__members__ if before[0] in WITH_CODE else ()
        return "a symbol, a code, or ignore 3", chain(known.symbols, codes, ("ignore",))
    expected, offers = _number(before)
    return expected, chain(offers, ("ignore",))


def _number(before: Sequence[str]) -> tuple[str, Iterable[str]]:
    """Return what may follow some words of an expression."""
    offers = chain(NAMES, (f'{name}["' for name in SYMBOL_NAMES))
    return ("a number", chain(offers, ("and", "or", "not"))) if before else ("such as equity < 95000", offers)


def _agreed(one: str, other: str) -> str:
    """Return what two texts begin with; of the first and the last in order, what all between them begin with."""
    parts = (place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1])
    return one[: next(parts, min(len(one), len(other)))]


def _start(end: re.Pattern[str], text: str) -> int:
    found = end.search(text)
    return len(text) if found is None else found.start()


def _beginning(word: str, offers: Iterable[str]) -> list[str]:
    return [offer for offer in offers if offer.startswith(word)]
