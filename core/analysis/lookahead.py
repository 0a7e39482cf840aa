"""Look-ahead: whether a strategy knows of rows that come later than the step that it is in (invariant T7).

It is run again over bars whose later rows are gone or are others. What it did up to there must be the same, and so must
its indicators; the first fact that is not has depended on a later row.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import chain, islice
from typing import Any, Final, NamedTuple, TypeAlias

from attrs import define, evolve, field, frozen

from core.analysis.cut_files import standing_in_cut_files
from core.analysis.other_rows import REPLACED, TAKEN_AWAY, with_other_rows_after, without_rows_after
from core.backtest.journal import Row
from core.backtest.loop import Backtest
from core.backtest.strategy import Strategy
from core.bars import Bars
from core.errors import DeadlineError, InputError, StrategyError

Make: TypeAlias = Callable[[Sequence[Bars], Sequence[Bars]], Backtest]
"""Makes a run of the strategy, as new as if nothing had been run before, over bars and finer bars."""

_EVENLY: Final = 6  # places that are looked at, spread over the facts
_EARLIEST: Final = 16  # of the steps with facts are looked at one by one for the first fact that depends on a later row


class Indicator(NamedTuple):
    """A value of an indicator that depends on later rows.

    Attributes:
        symbol: Of which symbol.
        name: Its name.
        row: At which row of the symbol, from 0; the first that was found.
        value: What it is over the whole bars.
        other: What it is where the rows after `step` are gone or are others.
        step: The last step whose rows were the same.
        how: What was done to later rows.
    """

    symbol: str
    name: str
    row: int
    value: Any
    other: Any
    step: int
    how: str


@frozen
class Dependence:
    """The first fact that was found to depend on a later row.

    Attributes:
        sequence: Its number in the journal.
        step: Its step.
        fact: The fact; None where only the other run has one there.
        other: What is in its place where later rows are gone or are others; None where nothing is.
        error: What the strategy raises there instead, if it does.
        until: The last step whose rows were the same in both.
        how: What was done to the rows after it.
        last: The last step whose rows it depends on, where that could be told.
    """

    sequence: int
    step: int
    fact: Row | None
    other: Row | None
    error: StrategyError | DeadlineError | None
    until: int
    how: str
    last: int | None = None


@frozen
class LookAhead:
    """What was found.

    Attributes:
        places: After how many steps the later rows were gone or were others.
        dependence: The first fact that depended on a later row; None where none was found.
        indicators: Those of which a value depends on later rows, the first of each that was found.
    """

    places: int
    dependence: Dependence | None
    indicators: Sequence[Indicator]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return self.dependence is None and not self.indicators


def find_look_ahead(record: Backtest, make: Make) -> LookAhead:
    """Run a strategy again over other later rows, and say what of the record depended on them.

    Args:
        record: The strategy's run over the whole bars, over.
        make: Makes the same run over other bars.

    Raises:
        InputError: The strategy cannot be made again.
    """
    return _Search(record, make).result()


@define(eq=False)
class _Search:
    _record: Backtest
    _make: Make
    _found: dict[int, Dependence | None] = field(factory=dict)  # by the last step whose rows were the same
    _indicators: dict[tuple[str, str], Indicator] = field(factory=dict)
    _can_stand_elsewhere: bool = False

    def result(self) -> LookAhead:
        self._can_stand_elsewhere = self._stands_elsewhere()
        steps = sorted({row[0] for row in self._record.journal.rows if row[0] < self._last})
        found = self._first(_spread(steps, self._last))
        if found is not None or self._indicators:
            found = self._earliest(steps, found)
        if found is not None:
            found = self._with_last(found)
        return LookAhead(len(self._found), found, tuple(self._indicators.values()))

    @property
    def _last(self) -> int:
        return len(self._record.feed) - 1

    def _stands_elsewhere(self) -> bool:
        """Say whether it does the same where everything is as here, but the folder is another."""
        feed = self._record.feed
        try:
            with standing_in_cut_files(feed.bars, feed.times[self._last]):
                run = self._run(feed.bars, self._last, self._last)
        except InputError:
            return False
        return _compare(self._record, run, self._last, REPLACED) is None

    def _first(self, steps: Iterable[int]) -> Dependence | None:
        return next((found for step in steps if (found := self._at(step)) is not None), None)

    def _earliest(self, steps: Sequence[int], found: Dependence | None) -> Dependence | None:
        """Look for an earlier fact: at the earliest steps with facts one by one, then by halves."""
        until = self._last if found is None else found.until
        first = self._first(islice(steps, _EARLIEST))
        if first is not None or found is None:
            return first
        low, high = _EARLIEST, sum(step <= until for step in steps)
        while low < high:
            middle = (low + high) // 2
            earlier = self._at(steps[middle])
            if earlier is None:
                low = middle + 1
            else:
                found, high = earlier, middle
        return found

    def _with_last(self, found: Dependence) -> Dependence:
        """Say which row it is: the last one that makes another fact of it where it and all after it are others."""
        low, high = found.until, self._last
        while low < high:
            middle = (low + high + 1) // 2
            if self._depends_on_rows_from(middle, found.step):
                low = middle
            else:
                high = middle - 1
        return (
            evolve(found, last=low) if low > found.until else found
        )  # else it is only in files, or in how many there are

    def _depends_on_rows_from(self, step: int, until: int) -> bool:
        """Say whether a fact up to a step is another where the rows from a later step on are others."""
        runs = (self._run(bars, step - 1, until) for bars in self._replaced(step - 1))
        return any(_compare(self._record, run, until, REPLACED) is not None for run in runs)

    def _at(self, step: int) -> Dependence | None:
        """Return the first fact up to a step that the rows after it change."""
        if step not in self._found:
            variants = chain(self._taken_away(step), self._replaced_runs(step))
            compared = (self._look(run, step, how) for how, run in variants)
            self._found[step] = next((found for found in compared if found is not None), None)
        return self._found[step]

    def _look(self, run: "_Run", step: int, how: str) -> Dependence | None:
        if run.run is not None:
            self._compare_indicators(run.run, step, how)
        return _compare(self._record, run, step, how)

    def _taken_away(self, step: int) -> Iterator[tuple[str, "_Run"]]:
        feed = self._record.feed
        if all(feed.row_at(place, step) >= 0 for place in range(len(feed.bars))):  # else it would know fewer symbols
            bars = without_rows_after(feed.bars, feed.times[step])
            with standing_in_cut_files(feed.bars, feed.times[step]) if self._can_stand_elsewhere else nullcontext():
                run = self._run(bars, step, step)
            yield TAKEN_AWAY, run

    def _replaced_runs(self, step: int) -> Iterator[tuple[str, "_Run"]]:
        for bars in self._replaced(step):
            yield REPLACED, self._run(bars, step, step)

    def _replaced(self, step: int) -> Iterator[list[Bars]]:
        return with_other_rows_after(self._record.feed.bars, self._record.feed.times[step])

    def _run(self, bars: Sequence[Bars], same: int, until: int) -> "_Run":
        """Run over bars of which the rows up to one step are the same, up to a step."""
        made = None
        try:
            made = self._make(bars, without_rows_after(self._record.subbars, self._record.feed.times[same]))
            with made.guard:
                while made.clock.step < until and made.step():
                    pass
        except (StrategyError, DeadlineError) as error:
            return _Run(made, error)
        return _Run(made, None)

    def _compare_indicators(self, run: Backtest, step: int, how: str) -> None:
        feed = self._record.feed
        for place, bars in enumerate(feed.bars):
            whole, others = (one.indicator_columns(bars.symbol) for one in (self._record, run))
            count = feed.row_at(place, step) + 1
            for name in whole.keys() & others.keys():
                row = _first_other(whole[name][:count], others[name][:count])
                if row is not None and (bars.symbol, name) not in self._indicators:
                    found = Indicator(bars.symbol, name, row, whole[name][row], others[name][row], step, how)
                    self._indicators[bars.symbol, name] = found


class _Run(NamedTuple):
    """Another run, as far as it came; none where the strategy cannot even be made."""

    run: Backtest | None
    error: StrategyError | DeadlineError | None


def _compare(record: Backtest, other: _Run, until: int, how: str) -> Dependence | None:
    """Return the first fact up to a step that another run does not have, or has besides."""
    rows, others = (_rows(run, until) for run in (record, other.run))
    if how == TAKEN_AWAY and type(record.strategy).on_end is not Strategy.on_end:
        others = others[: len(rows)]  # for the other run that step is the end, and it is told so
    place = next((at for at, (one, two) in enumerate(zip(rows, others, strict=False)) if one != two), None)
    if place is None and len(rows) == len(others) and other.error is None:
        return None
    place = min(len(rows), len(others)) if place is None else place
    fact, instead = (some[place] if place < len(some) else None for some in (rows, others))
    error = other.error if instead is None else None
    reached = 0 if other.run is None else other.run.clock.step
    step = min((row[0] for row in (fact, instead) if row is not None), default=reached)
    return Dependence(place, reached if error is not None else step, fact, instead, error, until, how)


def _rows(run: Backtest | None, until: int) -> list[Row]:
    """Return the facts of a run up to a step."""
    return [] if run is None else run.journal.rows[: run.journal.first_of_step(until + 1)]


def _first_other(values: Sequence[Any], others: Sequence[Any]) -> int | None:
    pairs = enumerate(zip(values, others, strict=False))
    return next((row for row, (one, other) in pairs if one != other and not (one != one and other != other)), None)  # noqa: PLR0124 - of a NaN


def _spread(steps: Sequence[int], last: int) -> list[int]:
    """Return some of the steps with facts, and some of all, evenly."""
    some = {steps[len(steps) * place // _EVENLY] for place in range(_EVENLY)} if steps else set()
    some |= {last * place // _EVENLY for place in range(1, _EVENLY)} | ({steps[-1]} if steps else set())
    return sorted(step for step in some if 0 <= step < last)
