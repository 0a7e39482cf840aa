"""Where simulated time stands: a step, and a part of it."""

from enum import IntEnum

from attrs import define


class Phase(IntEnum):
    """The parts of a step, in the order of rule R2."""

    __hash__ = int.__hash__  # asked at every match

    CORPORATE_ACTIONS = 1
    REQUESTS = 2
    OPEN = 3
    LEG_1 = 4
    LEG_2 = 5
    LEG_3 = 6
    CLOSE = 7
    MARK = 8
    STRATEGY = 9


@define(eq=False)
class Clock:
    """The one place that says which step a run is in; only `Backtest.step` moves it.

    Attributes:
        step: From 0; -1 before the first.
        phase: The part of the step.
    """

    step: int = -1
    phase: Phase = Phase.STRATEGY
