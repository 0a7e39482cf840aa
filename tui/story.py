"""The life of an order as lines: what led to it, each bar that it waited and why, its fills and what they did.

A line begins with when it was; what belongs to it stands below, indented. A bar has the number that the status of the
screen counts it by, from 1.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, TypeAlias

from attrs import frozen

from core.bars import written_time
from core.events import StopMoved
from core.replay.chapters import Chapter, FillEffect, Happening, StillOpen, Submission, Waiting
from core.text import clean
from tui.chapters import lines_of, price_of
from tui.numbers import NOTHING, exactly

_INDENT: Final = "    "
_LONGEST_STAY: Final = 5  # bars of which each is told
_Step: TypeAlias = Sequence[Chapter]
"""The chapters of one step; that the order is still open stands by itself."""


def tell(chapters: Iterable[Chapter], *, is_short: bool = False) -> Iterator[str]:
    """Write the chapters of an order's life, line by line.

    Args:
        chapters: Of one order.
        is_short: Write of a long stay only its first bar, its last, and the one that came nearest.
    """
    steps = [list(step) for _, step in groupby(chapters, key=lambda one: (one.step, isinstance(one, StillOpen)))]
    margin = _Margin.of(steps)
    for _, stay in groupby(steps, key=_held_by):
        yield from map(clean, _stay(list(stay), margin, is_whole=not is_short))


@frozen
class _Margin:
    """What a line begins with, in two columns: the stamp, and the number of the bar."""

    stamp_width: int
    bar_width: int

    @classmethod
    def of(cls, steps: Sequence[_Step]) -> "_Margin":
        stamps = [len(_stamp(chapter)) for step in steps for chapter in step]
        return cls(max(stamps), len(str(steps[-1][-1].step + 1)))

    def before(self, chapter: Chapter) -> str:
        return f"{_stamp(chapter):<{self.stamp_width}}  bar {chapter.step + 1:>{self.bar_width}}  "


def _stamp(chapter: Chapter) -> str:
    match chapter:
        case Submission(event=event) | Happening(event=event):
            time = event.timestamp
        case FillEffect(fill=fill):
            time = fill.timestamp
        case _:
            time = chapter.time
    return NOTHING if time is None else written_time(time)


def _told(step: _Step, margin: _Margin) -> Iterator[str]:
    for chapter in step:
        first, *others = lines_of(chapter)
        yield f"{margin.before(chapter)}{first}"
        yield from (f"{_INDENT}{line}" for line in others)


# --- stays: steps in which the same held the order back


def _held_by(step: _Step) -> object:
    """Return what held the order back in a step that did nothing else with it, alike for a stay; else the step."""
    last = step[-1]
    if not isinstance(last, Waiting) or any(_move(chapter) is None for chapter in step[:-1]):
        return step
    return last.reason and last.reason.code


def _move(chapter: Chapter) -> StopMoved | None:
    """Return how a trailing stop has followed; None where the chapter is of something else."""
    if isinstance(chapter, Happening) and isinstance(chapter.event, StopMoved):
        return chapter.event
    return None


def _stay(steps: Sequence[_Step], margin: _Margin, *, is_whole: bool) -> Iterator[str]:
    """Write a stay; if it is long, what is between its first and its last bar in one line."""
    if is_whole or len(steps) <= _LONGEST_STAY:
        for step in steps:
            yield from _told(step, margin)
        return
    yield from _told(steps[0], margin)
    yield f"{_INDENT}... {', '.join(_between(steps[1:-1]))}"
    yield from _told(steps[-1], margin)


def _between(steps: Sequence[_Step]) -> Iterator[str]:
    """Say how many bars there were, how near the price came, and where a trailing stop went."""
    yield f"{len(steps):,} bars alike"
    chapters = [chapter for step in steps for chapter in step]
    misses = [
        (one.reason.decimal("ticks"), one.step, one.reason)
        for one in chapters
        if isinstance(one, Waiting) and one.reason is not None and "ticks" in one.reason.params
    ]
    if misses:
        ticks, step, reason = min(misses, key=lambda miss: miss[:2])
        extreme = f"{reason.params['extreme_name']} {price_of(reason.decimal('extreme'))}"
        yield f"nearest in bar {step + 1}: {extreme}, {exactly(ticks, 0)} ticks short"
    moves = [move for chapter in chapters if (move := _move(chapter)) is not None]
    if moves:
        yield f"the stop went to {price_of(moves[-1].after)}"
