"""Where simulated time stands: a step, and a part of it."""

from decimal import Decimal
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
        part: Which of the finer bars of a step is walked, from 0.
        instant: While something happens inside the bar of a symbol: that symbol, and the price of its path, money.
    """

    step: int = -1
    phase: Phase = Phase.STRATEGY
    part: int = 0
    instant: tuple[str, Decimal] | None = None

    def price_in(self, symbol: str) -> Decimal | None:
        """Return the price of the path that a symbol's orders meet at this instant; None where they wait for a bar."""
        instant = self.instant
        return instant[1] if instant is not None and instant[0] == symbol else None
