"""Divergence: the first fact in which two runs differ, and where one stands to see it in each."""

from attrs import frozen

from core.backtest.journal import Row
from core.events import CAUSE_FIELD
from core.replay.cursor import Cursor
from core.replay.history import History
from core.replay.run import Run


@frozen
class Divergence:
    """Where two runs part.

    Attributes:
        sequence: The number of the first fact that differs, or that only one of them has.
        step: The step of it, the earlier of the two.
        one: The fact in the first run; None where it has none.
        other: The fact in the second.
    """

    sequence: int
    step: int
    one: Row | None
    other: Row | None


def first_divergence(one: Run, other: Run, *, whole: bool = False, first: int = 0) -> Divergence | None:
    """Return where two runs part, as far as both have come; None where they do not.

    Args:
        one: A run.
        other: Another.
        whole: Whether the lines from which orders were asked for count too, as they do for the same strategy.
        first: The number of the fact to begin with; those before are known to be alike.
    """
    common = min(one.step_count, other.step_count)
    rows, others = (run.journal.rows[first : run.journal.first_of_step(common)] for run in (one, other))
    if rows == others:
        return None
    told = _same if whole else _without_cause
    for place in range(max(len(rows), len(others))):
        row, another = (some[place] if place < len(some) else None for some in (rows, others))
        if row is None or another is None or (row != another and told(row) != told(another)):
            step = min(each[0] for each in (row, another) if each is not None)
            return Divergence(first + place, step, row, another)
    return None


def _same(row: Row) -> Row:
    return row


def _without_cause(row: Row) -> Row:
    step, phase, kind, fields = row
    place = CAUSE_FIELD.get(kind)  # which moves when the file is edited
    return row if place is None else (step, phase, kind, (*fields[:place], "", *fields[place + 1 :]))


def place_of(history: History, divergence: Divergence) -> Cursor:
    """Return where one stands in a run to see a divergence: after its fact, or at the end of its step."""
    journal, end = history.run.journal, history.end_of_step(min(divergence.step, history.run.step_count - 1))
    if divergence.sequence < len(journal) and journal.step_of(divergence.sequence) <= divergence.step:
        return history.whole_after(divergence.sequence)
    return end
