"""Cursor: a place in a run where one can stand."""

from typing import NamedTuple

from core.clock import Phase


class Cursor(NamedTuple):
    """A place in a run; a quiet bar has no event, but one can stand on it.

    Attributes:
        step: The step, from 0.
        phase: The part of the step: what it does is done.
        sequence: How many facts of the journal lie before this place.
    """

    step: int
    phase: Phase
    sequence: int
