"""Timeline: the moments of a run, by query; looking at one changes nothing."""

from collections.abc import Iterator

from attrs import define, field

from core.backtest.equity import EquityCurve
from core.backtest.loop import Backtest
from core.clock import Phase
from core.errors import InputError, StepOutOfRangeError
from core.replay.cursor import Cursor
from core.replay.moment import Moment

_STRATEGY = Phase.STRATEGY


@define(eq=False)
class Timeline:
    """Every recorded moment of a run.

    Args:
        run: The run, as far as it has come.

    >>> from datetime import UTC, datetime, timedelta
    >>> from decimal import Decimal
    >>> from core import Backtest, Bars
    >>> from core.backtest.examples import BuyAndHold
    >>> days = [datetime(2024, 1, 2, 21, tzinfo=UTC) + day * timedelta(days=1) for day in range(3)]
    >>> bars = Bars.from_rows("ACME", [(day, *[10 + place] * 4) for place, day in enumerate(days)])
    >>> run = Backtest(bars, BuyAndHold())
    >>> run.run()
    >>> timeline = Timeline(run)
    >>> [timeline.at(timeline.end_of_step(step)).equity for step in range(3)]
    [Decimal('100000'), Decimal('100000.00'), Decimal('100100.00')]
    """

    _run: Backtest
    _curve: EquityCurve = field(init=False)

    @_curve.default
    def _default_curve(self) -> EquityCurve:
        run = self._run
        return EquityCurve(run.feed, run.journal, run.settings.initial_capital)

    def end_of_step(self, step: int) -> Cursor:
        """Return the place after everything that a step did; -1 is before the first.

        Raises:
            StepOutOfRangeError: It was not executed.
        """
        if not -1 <= step < self._run.step_count:
            raise StepOutOfRangeError(step, self._run.step_count)
        return Cursor(step, _STRATEGY, self._run.journal.first_of_step(step + 1))

    def after(self, sequence: int) -> Cursor:
        """Return the place just after a fact.

        Raises:
            InputError: There is no such fact.
        """
        journal = self._run.journal
        count = len(journal)
        if not 0 <= sequence < count:
            there = f"events 0 to {count - 1} are recorded" if count else "no event is recorded"
            raise InputError(f"cannot seek to event {sequence}: {there}")
        return Cursor(journal.step_of(sequence), journal.phase_of(sequence), sequence + 1)

    def at(self, cursor: Cursor) -> Moment:
        """Return the moment at a place, folded from the start."""
        moment = self.start()
        for row in self._run.journal.rows[: cursor.sequence]:
            moment.apply(row)
        moment.stand_at(cursor)
        return moment

    def start(self) -> Moment:
        """Return the moment before the first step."""
        return Moment.start(self._run.feed, self._curve, self._run.settings.initial_capital)

    def steps(self, first: int = 0) -> Iterator[Moment]:
        """Yield the end of each step from one on: one moment, which moves on."""
        moment = self.at(self.end_of_step(first - 1))
        for step in range(first, self._run.step_count):
            end = self.end_of_step(step)
            for row in self._run.journal.rows[moment.cursor.sequence : end.sequence]:
                moment.apply(row)
            moment.stand_at(end)
            yield moment
