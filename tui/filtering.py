"""Filters: which lines of a list match what a person wrote, found without looking at a line twice.

A text matches a line whose cells contain every word of it, in capitals or not; a word after `!` must be in none.

The line of a fact, and that of an order that is over, are the same at every moment at which they are there. So for
each filter it is kept which of them match, by number, and for which numbers that is known. To look at a moment is to
look at the lines of open orders, and at what is not known yet: in a step that is what has happened in it. The first
look at a long list goes from the newest line down, a bounded number at a time; until it has come to the first, the
matches that are known are those of an unbroken stretch up to the newest.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from attrs import define, field, frozen

from tui.shown import Lines, NumberedLines, place_from_end

_LineT = TypeVar("_LineT")

NOT: Final = "!"
"""Inverts the word after it."""


@frozen
class Filter:
    """What a person wrote to choose lines by.

    Attributes:
        text: As it was written, without blanks around it.

    >>> [Filter("msft !filled").matches(cells) for cells in (("7", "MSFT", "open"), ("8", "MSFT", "filled"), ("9",))]
    [True, False, False]
    """

    text: str
    _wanted: tuple[str, ...] = field(init=False)
    _unwanted: tuple[str, ...] = field(init=False)

    @_wanted.default
    def _default_wanted(self) -> tuple[str, ...]:
        return tuple(word.casefold() for word in self.text.split() if not word.startswith(NOT))

    @_unwanted.default
    def _default_unwanted(self) -> tuple[str, ...]:
        words = (word.removeprefix(NOT).casefold() for word in self.text.split() if word.startswith(NOT))
        return tuple(word for word in words if word)

    def matches(self, cells: Sequence[str]) -> bool:
        """Say whether a line of these cells matches; a word stands in one cell."""
        text = "\n".join(cells).casefold()
        return all(word in text for word in self._wanted) and not any(word in text for word in self._unwanted)


@frozen(eq=False)
class FilteredLines(Generic[_LineT]):
    """The lines that match, in the order of the list that they are of.

    Attributes:
        lines: The list.
        live: The lines of it that match and may still change, newest first.
        found: The numbers of the others that match, rising.
        low: The first of them that counts, by its place in `found`.
        high: One more than the last.
        skipped: Places after `low`, rising, that do not count: what was found is known of a later moment.
        is_whole: Whether no line is left to look at.
    """

    lines: NumberedLines[_LineT]
    live: Sequence[_LineT]
    found: Sequence[int]
    low: int
    high: int
    skipped: Sequence[int]
    is_whole: bool

    def count_before(self, number: int) -> int:
        """Return how many of those that match, and that are not live, have a lower number."""
        return bisect_left(self.found, number, self.low, self.high) - self.low

    def __len__(self) -> int:
        return len(self.live) + self.high - self.low - len(self.skipped)

    def __getitem__(self, index: int) -> _LineT:
        if not self.lines.is_newest_first:
            return self.lines.make(self.found[self.low + index])
        rank = index - len(self.live)
        if rank < 0:
            return self.live[index]
        return self.lines.make(self.found[self.low + place_from_end(self.high - self.low, self.skipped, rank)])


@define(eq=False)
class Matches(Generic[_LineT]):
    """Which lines of one origin match a filter, as far as they were looked at.

    Args:
        origin: What the numbers of the lines belong to.
        matches: Says whether a line matches.
    """

    origin: object
    _matches: Callable[[_LineT], bool]
    _found: list[int] = field(factory=list, init=False)
    _known: list[tuple[int, int]] = field(factory=list, init=False)  # stretches, apart and rising: first and stop
    _waiting: set[int] = field(factory=set, init=False)  # known, but for the lines that could still change then

    def look(self, lines: NumberedLines[_LineT], most: int) -> FilteredLines[_LineT]:
        """Look at lines that are not known, and return those that match.

        Args:
            lines: The lines of a moment.
            most: At so many at most, besides those that may change.
        """
        self._settle(lines)
        first = self._look_down(lines, most)
        low, high = bisect_left(self._found, first), bisect_left(self._found, lines.stop)
        live = [line for line in map(lines.make, reversed(lines.live)) if self._matches(line)]
        places = ((bisect_left(self._found, number, low, high), number) for number in lines.live)
        skipped = [place - low for place, number in places if place < high and self._found[place] == number]
        return FilteredLines(lines, live, self._found, low, high, skipped, first <= lines.first)

    def _settle(self, lines: NumberedLines[_LineT]) -> None:
        """Look at the lines that could still change when they were looked at, and no longer can."""
        settled = [number for number in self._waiting if number < lines.stop and lines.is_settled(number)]
        self._waiting.difference_update(settled)
        for number in settled:
            if self._matches(lines.make(number)):
                insort(self._found, number)

    def _look_down(self, lines: NumberedLines[_LineT], most: int) -> int:
        """Look from the newest line down, and return the first of the stretch that is known then."""
        known, stop = self._known, lines.stop
        place = bisect_right(known, stop, key=lambda stretch: stretch[0]) - 1
        if place < 0 or known[place][1] < stop:
            place += 1
            known.insert(place, (stop, stop))
        while (first := known[place][0]) > lines.first:
            below = known[place - 1][1] if place else lines.first
            if below == first:
                known[place - 1 : place + 1] = [(known[place - 1][0], known[place][1])]
                place -= 1
                continue
            start = max(below, first - most)
            if start == first:
                break
            at = bisect_left(self._found, start)
            self._found[at:at] = [number for number in range(start, first) if self._takes(lines, number)]
            most -= first - start
            known[place] = (start, known[place][1])
        return first

    def _takes(self, lines: NumberedLines[_LineT], number: int) -> bool:
        if lines.is_settled(number):
            return self._matches(lines.make(number))
        self._waiting.add(number)
        return False


def matching(lines: Lines[_LineT], matches: Callable[[_LineT], bool]) -> list[_LineT]:
    """Return the lines of a short list that match; each is looked at."""
    return [line for line in (lines[index] for index in range(len(lines))) if matches(line)]
