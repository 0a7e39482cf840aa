"""Every place of a step where one can stand: after each of its phases, and after each fact in them.

The facts of one fill (of its order, its position and cash) are one place, and so are those of a split: between them
the books would not add up.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from core.backtest.command import BY_HAND
from core.backtest.journal import Row
from core.clock import Phase
from core.events import (
    CAUSE_FIELD,
    Event,
    OrderFilled,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    PositionSplit,
    SplitApplied,
)
from core.replay.cursor import Cursor

_STRATEGY: Final = Phase.STRATEGY
UNFINISHED: Final = frozenset({OrderFilled, PositionOpened, PositionChanged, PositionClosed})
"""What is followed by the rest of a fill; the last fact of one is about cash."""
_MORE_IF: Final[Mapping[type[Event], int]] = {SplitApplied: 4, PositionSplit: 5}
"""Facts of a split that are followed by another where this field is not zero: what was held, the cash for a part."""


def is_whole(row: Row) -> bool:
    """Say whether one can stand after a fact."""
    _, _, kind, fields = row
    place = _MORE_IF.get(kind)
    return kind not in UNFINISHED and (place is None or not fields[place])


def places_of(step: int, rows: Sequence[Row], first: int) -> list[Cursor]:
    """Return the places of a step, in order; of step -1 its end, and after each fact that a person made before the run.

    Args:
        step: The step.
        rows: Its facts.
        first: The number of the first of them.

    >>> [place.phase.name for place in places_of(3, [], first=7)][-3:]
    ['CLOSE', 'MARK', 'STRATEGY']
    """
    places: list[Cursor] = [Cursor(step, _STRATEGY, first)] if step < 0 else []
    sequence, phase = first, (_STRATEGY if step < 0 else 0)
    for number, row in enumerate(rows, first + 1):
        if is_whole(row):
            if phase < _STRATEGY and _is_by_hand(row):  # after the call of the strategy, which asked for nothing
                places += (Cursor(step, Phase(empty), sequence) for empty in range(phase + 1, _STRATEGY + 1))
                phase = _STRATEGY
            places += (Cursor(step, Phase(empty), sequence) for empty in range(phase + 1, row[1]))
            sequence, phase = number, row[1]
            places.append(Cursor(step, row[1], sequence))
    places += (Cursor(step, Phase(empty), sequence) for empty in range(phase + 1, _STRATEGY + 1))
    return places


def _is_by_hand(row: Row) -> bool:
    place = CAUSE_FIELD.get(row[2])
    return place is not None and row[3][place] == BY_HAND
