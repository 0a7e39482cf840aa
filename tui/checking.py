"""Whether a strategy changes the engine, depends on more than its inputs, or looks ahead: found out, and in words."""

from collections.abc import Iterator, Sequence

from attrs import evolve, frozen

from core.analysis.lookahead import Dependence, Indicator, LookAhead, find_look_ahead
from core.analysis.tampering import engine_now
from core.backtest.loop import Backtest
from core.backtest.settings import SplitRule
from core.backtest.strategy import Strategy
from core.bars import Bars, written_time
from core.replay.fresh_process import check_in_fresh_processes
from core.replay.reexecution import NotDeterministicError, told
from core.replay.suspects import likely_cause
from core.text import clean
from tui.options import Data, Options, load_data, make_run
from tui.progress import run_to_end

_ROUNDS = 2


@frozen
class Checked:
    """What a check has found.

    Attributes:
        run: The strategy's run over the whole data.
        replaced: Parts of the engine that are the strategy's own by then.
        difference: The first fact that depended on anything but the inputs; None where none did.
        look_ahead: What depended on later rows; None where what was found before leaves that open.
    """

    run: Backtest
    replaced: list[str]
    difference: NotDeterministicError | None
    look_ahead: LookAhead | None

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        looks_ahead = self.look_ahead is not None and not self.look_ahead.is_clean
        return not (self.replaced or looks_ahead or self.difference)


def check(strategy: str, options: Options) -> Checked:
    """Run a strategy, and again over other later rows, and again in other processes.

    Raises:
        InputError: Something is not there, or not as it must be.
        StrategyError: The strategy raises by itself.
    """
    engine, loaded = engine_now(), list[Data]()

    def load_once(made: Strategy) -> Data:
        loaded.append(load_data(options, made))
        return loaded[-1]

    record = make_run(strategy, options, load_once)
    run_to_end(record)
    replaced = engine.replaced_since()
    if replaced:  # what the engine says then is worth nothing
        return Checked(record, replaced, None, None)
    try:
        check_in_fresh_processes(record, _ROUNDS)
    except NotDeterministicError as error:  # it would do something else over other rows anyway
        return Checked(record, [], error, None)
    (data,) = loaded
    splits = SplitRule.APPLY if options.settings.splits is SplitRule.ASK else options.settings.splits
    elsewhere = evolve(options, settings=evolve(options.settings, splits=splits))  # other rows do not show a split

    def make(bars: Sequence[Bars], subbars: Sequence[Bars]) -> Backtest:
        return make_run(strategy, elsewhere, lambda _: data._replace(bars=bars, subbars=subbars))

    ahead = find_look_ahead(record, make)
    return Checked(record, [], None, ahead)


def tell_check(strategy: str, checked: Checked) -> Iterator[str]:
    """Write what a check has found, line by line."""
    run = checked.run
    yield f"{clean(strategy)}: {len(run.journal):,} events in {run.step_count:,} bars"
    if checked.replaced:
        yield f"changes the engine: yes, it has put something of its own in the place of {', '.join(checked.replaced)}"
        return
    yield "changes the engine: no"
    if checked.difference is not None:
        yield f"depends on more than its inputs: yes, {checked.difference}"
        yield "looks ahead: that cannot be told of what does something else each time"
    else:
        yield (
            f"depends on more than its inputs: no, in {_ROUNDS} other processes, later and in other zones, "
            "every event is the same"
        )
    if checked.look_ahead is not None:
        yield from _tell_look_ahead(run, checked.look_ahead)


def _tell_look_ahead(run: Backtest, found: LookAhead) -> Iterator[str]:
    if found.is_clean:
        yield (
            f"looks ahead: no, with the rows after each of {found.places} bars taken away or replaced, "
            "every event and indicator up to it is the same"
        )
        return
    if found.dependence is None:
        yield "looks ahead: yes, though no event that was tried has depended on it"
    else:
        yield from _tell_dependence(run, found.dependence)
    for one in found.indicators:
        yield f"  {_indicator(run, one)}"
    if not found.indicators:
        yield f"  no indicator shows that; {likely_cause(type(run.strategy))}"


def _tell_dependence(run: Backtest, found: Dependence) -> Iterator[str]:
    instead = told(found.other) if found.error is None else str(found.error)
    yield f"looks ahead: yes, event {found.sequence} in {_bar(run, found.step)} depends on later rows"
    yield f"  it is {clean(told(found.fact))}"
    yield f"  where the rows after {_bar(run, found.until)} are {found.how}: {clean(instead)}"
    if found.last is not None:
        yield f"  the last row that it depends on is that of {_bar(run, found.last)}"


def _indicator(run: Backtest, one: Indicator) -> str:
    place = run.feed.places[one.symbol]
    step = run.feed.step_at(place, one.row)
    return clean(
        f"indicator {one.name} of {one.symbol} in {_bar(run, step)} is {one.value}; "
        f"where the rows after {_bar(run, one.step)} are {one.how}: {one.other}"
    )


def _bar(run: Backtest, step: int) -> str:
    return f"bar {step + 1} ({written_time(run.feed.time(step))})"
