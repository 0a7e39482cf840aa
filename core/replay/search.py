"""Search: the places of a run where a condition is met, forward and backward.

The run is searched in stretches of steps, and what was found in a stretch that is over is kept. Both directions look
through the same stretches, so both find the same places.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

from attrs import define, field

from core.progress import report
from core.replay.conditions import Condition, Finder
from core.replay.cursor import Cursor
from core.replay.history import History

STRETCH: Final = 2048  # steps


@define(eq=False)
class Search:
    """Where a condition is met in a run, as far as the run has come.

    Each look reports its steps, and can be ended there (`core.progress`).

    Args:
        history: What was recorded.
        condition: What to look for.
    """

    _history: History
    condition: Condition
    _found: dict[int, list[Cursor]] = field(factory=dict, init=False)  # by stretch, where that is over
    _finder: Finder | None = field(default=None, init=False)  # stands behind the newest step that was looked at
    _finder_stretch: int = field(default=0, init=False)
    _finder_step: int = field(default=-1, init=False)  # the step that it looks at next
    _finder_facts: int = field(default=0, init=False)  # how many facts lay before that step
    _newest: list[Cursor] = field(factory=list, init=False)  # what it found in the stretch it stands in

    def after(self, cursor: Cursor) -> Cursor | None:
        """Return the first place after another; None where there is none."""
        for stretch in range(max(cursor.step, 0) // STRETCH, self._stretch_count):
            found = self._in_stretch(stretch)
            place = bisect_right(found, cursor.order, key=_order)
            if place < len(found):
                return found[place]
        return None

    def before(self, cursor: Cursor) -> Cursor | None:
        """Return the last place before another; None where there is none."""
        for stretch in range(max(cursor.step, 0) // STRETCH, -1, -1):
            found = self._in_stretch(stretch)
            place = bisect_left(found, cursor.order, key=_order)
            if place:
                return found[place - 1]
        return None

    def all(self) -> Iterator[Cursor]:
        """Yield every place, in order."""
        for stretch in range(self._stretch_count):
            yield from self._in_stretch(stretch)

    def count_to(self, cursor: Cursor) -> int:
        """Return how many places there are up to one, it included."""
        stretch = max(cursor.step, 0) // STRETCH
        earlier = sum(len(self._in_stretch(one)) for one in range(stretch))
        return earlier + bisect_right(self._in_stretch(stretch), cursor.order, key=_order)

    @property
    def history(self) -> History:
        """What is searched."""
        return self._history

    @property
    def _stretch_count(self) -> int:
        return max(-(-self._history.run.step_count // STRETCH), 1)

    def _in_stretch(self, stretch: int) -> list[Cursor]:
        if stretch in self._found:
            return self._found[stretch]
        report(stretch * STRETCH, self._history.run.step_count)
        first, count = stretch * STRETCH or -1, self._history.run.step_count
        stop = min((stretch + 1) * STRETCH, count)
        if stop < count:
            find = self.condition.finder(self._history, first)
            self._found[stretch] = [place for step in range(first, stop) for place in find(step)]
            return self._found[stretch]
        return self._to_head(stretch, first, stop)

    def _to_head(self, stretch: int, first: int, stop: int) -> list[Cursor]:
        """Look through the stretch that the head is in, going on where the last look has ended.

        It begins anew where a step has got more facts since, such as what a person asked for after it.
        """
        is_same = self._finder_stretch == stretch and self._finder_step <= stop
        finder = self._finder if is_same and self._finder_facts == self._facts_before(self._finder_step) else None
        if finder is None:
            finder, self._finder_stretch, self._finder_step = (
                self.condition.finder(self._history, first),
                stretch,
                first,
            )
            self._newest = []
        for step in range(self._finder_step, stop):
            self._newest += finder(step)
        self._finder, self._finder_step, self._finder_facts = finder, stop, self._facts_before(stop)
        return self._newest

    def _facts_before(self, step: int) -> int:
        return self._history.run.journal.first_of_step(step)


def _order(cursor: Cursor) -> tuple[int, int, int]:
    return cursor.order
