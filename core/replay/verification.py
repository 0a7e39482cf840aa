"""Verification: a recording against its invariants, against its strategy run again, and against expected balances.

Nothing of a strategy is run unless the file that is here is the one that was recorded, to the byte, and, for a
recording that was packed, a person has said so.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from attrs import frozen

from core.backtest.configuration import make_strategy, read_assignments
from core.backtest.deadline import DEFAULT_SECONDS
from core.backtest.examples import SHIPPED
from core.backtest.loop import Backtest
from core.backtest.strategies import find_strategy
from core.backtest.strategy import Strategy
from core.errors import DeadlineError, InputError, ReplayRefusedError, StrategyError
from core.replay.balances import check_balances, check_symbols
from core.replay.divergence import Divergence, first_divergence
from core.replay.history import History
from core.replay.opened import Opened
from core.replay.recorded_strategy import hash_of
from core.replay.reexecution import NotDeterministicError, follow, told
from core.replay.storage import hash_file
from core.replay.suspects import likely_cause

_IN_A_FILE: Final = re.compile(r"(.+\.py):[^:]+", re.DOTALL)
_NOT_RUN: Final = "not run again: "


@frozen
class Verdict:
    """What came of one thing that was verified.

    Attributes:
        about: What was looked at, in a word.
        text: What was found.
        differs: Whether that is not as it must be.
    """

    about: str
    text: str
    differs: bool = False


def verify(opened: Opened, may_run: Callable[[str], bool], seconds: float = DEFAULT_SECONDS) -> Iterator[Verdict]:
    """Verify a recording; its invariants were checked as it was opened.

    Args:
        opened: The recording.
        may_run: Is asked, with the name of a strategy that came from elsewhere, whether it may be run.
        seconds: How long a step may take.

    Raises:
        InputError: A balance is expected of a symbol that there is not.
    """
    run, recording = opened.run, opened.recording
    check_symbols(recording.manifest.expected, run.feed.places)
    counted = f"{len(run.journal):,} events up to bar {run.step_count:,}"
    yield Verdict("record", f"{counted}: every invariant holds that can be seen of a record")
    for note in recording.notes[recording.writer is not None :]:  # that it is being written is no fault
        yield Verdict("record", note, differs=True)
    yield _verify_strategy(opened, may_run, seconds)
    outcomes = list(check_balances(History(run), recording.manifest.expected))
    holding = [one for one in outcomes if one.actual is not None and not one.is_broken]
    if holding:
        yield Verdict("balances", f"{len(holding):,} of {len(outcomes):,} hold")
    for one in outcomes:
        if one not in holding:
            yield Verdict("balances", one.text, one.is_broken)


def _verify_strategy(opened: Opened, may_run: Callable[[str], bool], seconds: float) -> Verdict:
    name = opened.recording.manifest.strategy.name
    why_not = _why_not(opened)
    if not why_not and opened.is_packed and name not in SHIPPED and not may_run(name):
        why_not = f"{name} is named by a recording that came from elsewhere, and nobody has said yes"
    if why_not:
        return Verdict("strategy", f"{_NOT_RUN}{why_not}")
    try:
        return _run_again(opened, _make(opened), seconds)
    except (InputError, StrategyError) as error:
        return Verdict("strategy", f"it cannot be run again: {error}", differs=True)


def _why_not(opened: Opened) -> str:
    """Say why a strategy is not the one that was recorded, or cannot be made; nothing where it is and can."""
    recording, strategy = opened.recording, opened.recording.manifest.strategy
    try:
        recording.check_can_replay()
    except ReplayRefusedError as error:
        return str(error)
    found = _IN_A_FILE.fullmatch(strategy.name)
    if strategy.name in SHIPPED:
        here, what = hash_of(SHIPPED[strategy.name]), strategy.name
    elif found is not None:
        here, what = hash_file(found[1]), found[1]
    else:
        return f"{strategy.name} is in no file"
    if here is None or strategy.sha256 is None:
        return f"{what} is not here"
    if here != strategy.sha256:
        return f"{what} has changed since"
    return "" if strategy.is_complete else f"not all fields of {strategy.name} could be recorded"


def _make(opened: Opened) -> Strategy:
    strategy = opened.recording.manifest.strategy
    fields = read_assignments(f"{name}={text}" for name, text in strategy.parameters.items())
    return make_strategy(find_strategy(strategy.name), [fields])


def _run_again(opened: Opened, strategy: Strategy, seconds: float) -> Verdict:
    recording, record = opened.recording, opened.run
    run = Backtest(
        recording.bars,
        strategy,
        recording.settings,
        recording.subbars,
        edits=recording.edits,
        actions=recording.manifest.actions,
    )
    run.deadline.seconds = seconds
    raised = ""
    try:
        with run.deadline:
            follow(run, recording.commands, record.step_count - 1)
    except (DeadlineError, StrategyError) as error:
        raised = str(error)
    parting = first_divergence(record, run, whole=True)
    if parting is not None and not (parting.one is None and recording.notes):  # what was lost is no difference
        return Verdict("strategy", _differs(parting, strategy), differs=True)
    if run.step_count < record.step_count or (raised and not recording.error):
        how = f": {raised}" if raised else ""
        return Verdict("strategy", f"run again, it ends at bar {run.step_count:,}{how}", differs=True)
    return Verdict("strategy", f"run again: all {len(record.journal):,} events are alike")


def _differs(parting: Divergence, strategy: Strategy) -> str:
    was, now = told(parting.one), told(parting.other)
    return str(NotDeterministicError(parting.sequence, parting.step, was, now, likely_cause(type(strategy))))
