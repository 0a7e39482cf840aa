"""Cursor: a place in a run where one can stand."""

from typing import NamedTuple

from core.clock import Phase


class Cursor(NamedTuple):
    """A place in a run; a quiet bar has no event, but one can stand on it.

    Attributes:
        step: The step, from 0; -1 before the first.
        phase: The part of the step: what it does is done.
        sequence: How many facts of the journal lie before this place.
    """

    step: int
    phase: Phase
    sequence: int

    @property
    def order(self) -> tuple[int, int, int]:
        """What places are ordered by; where finer bars stand for a bar, its phases come more than once."""
        return self.step, self.sequence, self.phase


START = Cursor(-1, Phase.STRATEGY, 0)
