"""Reexecution: a run again from its inputs, compared with the record; and what a strategy had in its fields.

A strategy's own state is not recorded. A run is a function of its inputs, so it comes back when these are run again; a
strategy that depends on anything else is told so, at the first fact that differs.
"""

import io
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from typing import Any, Final, NoReturn

import attrs
from attrs import define, field, frozen

from core.backtest.command import Command
from core.backtest.journal import Row
from core.backtest.loop import Around, Backtest
from core.backtest.output import Output
from core.backtest.settings import Settings
from core.backtest.strategy import Strategy
from core.errors import FillstepError, InvalidOrderError, StepOutOfRangeError, StrategyError, UnknownOrderError
from core.order import Order
from core.progress import report
from core.replay.divergence import first_divergence
from core.replay.suspects import likely_cause
from core.text import clean

_LONGEST_OUTPUT: Final = 10_000
_LONGEST_FIELD: Final = 200
_KEPT_STEPS: Final = 1024
_NEAR_STEPS: Final = 256


class NotDeterministicError(FillstepError):
    """A strategy did something else when it was run again from the same inputs."""

    def __init__(self, sequence: int, step: int, was: str, now: str, cause: str) -> None:
        """Name the first fact that differs, what it was in the record and what it is now, and the likely cause."""
        where = f"event {sequence}, bar {step + 1}"
        super().__init__(clean(f"run again, the strategy does something else at {where}: was {was}, is {now}; {cause}"))
        self.sequence, self.step = sequence, step


def told(row: Row | None) -> str:
    """Write a fact, or that there is none, on one line."""
    if row is None:
        return "nothing"
    event = row[2].make(*row[3])
    fields = (getattr(event, one.name) for one in attrs.fields(type(event))[1:])
    return " ".join((type(event).__name__, *(str(one) for one in fields if one is not None)))


def again(
    run: Backtest,
    *,
    strategy: Strategy | None = None,
    settings: Settings | None = None,
    edits: Mapping[int, Order | None] | None = None,
    around: Around | None = None,
) -> Backtest:
    """Return a run of the same inputs, before its first step; what is given stands in the place of what it was.

    Raises:
        InputError: The strategy cannot be copied.
    """
    made = Backtest(
        run.bars,
        run.fresh_strategy() if strategy is None else strategy,
        run.settings if settings is None else settings,
        run.subbars,
        actions=run.actions,
        edits=run.edits if edits is None else edits,
        around=around,
    )
    made.deadline.seconds = run.deadline.seconds
    if run.guard.output is not None:
        made.take_output(Output())
    return made


def follow(
    run: Backtest,
    commands: Mapping[int, Sequence[Command]],
    until: int,
    *,
    is_changed: bool = False,
    goal: int | None = None,
) -> None:
    """Execute a run up to a step, and give it the commands of another there, by their steps; report each step.

    Args:
        run: The run.
        commands: What it is given.
        until: The step.
        is_changed: Whether it may lack an order that a command is about, or have another one: that command is left out.
        goal: The step to which all the work goes that this is a part of; `until` where it is not given.
    """
    while True:
        step = run.clock.step
        for command in commands.get(step, ())[len(run.commands.get(step, ())) :]:
            if not run.is_over:
                with suppress(*((UnknownOrderError, InvalidOrderError) if is_changed else ())):
                    run.command(command)
        report(step + 1, (until if goal is None else goal) + 1)
        if step >= until or not run.step():
            return


@frozen
class Call:
    """What a strategy was after a step.

    Attributes:
        fields: What its fields held, as text, by name.
        output: What it printed in that step.
    """

    fields: Mapping[str, str]
    output: str


@define(eq=False)
class Reexecution:
    """The same run a second time, as far as somebody has asked for it.

    Args:
        run: The run that was recorded.
    """

    _record: Backtest
    _run: Backtest | None = field(default=None, init=False)
    _compared: int = field(default=0, init=False)
    _output: io.StringIO = field(factory=io.StringIO, init=False)
    _kept: dict[int, tuple[int, Call]] = field(factory=dict, init=False)  # and after how many commands there

    def is_near(self, step: int) -> bool:
        """Say whether it takes no time to tell what the strategy was at a step."""
        if step in self._kept:
            return True
        at = -1 if self._run is None else self._run.clock.step
        return 0 <= step - at <= _NEAR_STEPS or step <= _NEAR_STEPS

    def at(self, step: int) -> Call:
        """Return what the strategy was at the end of a step; run again from the start where it went past it.

        Raises:
            NotDeterministicError: It does something else than was recorded.
            StepOutOfRangeError: The step was not recorded.
            InputError: It cannot be copied.
        """
        if not -1 <= step < self._record.step_count:
            raise StepOutOfRangeError(step, self._record.step_count)
        given, call = self._kept.get(step, (-1, None))
        if call is not None and given == self._commands_at(step):
            return call
        run = self._run
        if run is None or run.clock.step > step:
            run = self._begin()
        with run.guard:
            self._go_on(run, run.clock.step)  # what was asked for by hand since
            self._keep(run, step)
            while run.clock.step < step:
                self._output.seek(0)
                self._output.truncate()
                self._go_on(run, run.clock.step + 1, step)
                self._keep(run, step)
        return self._kept[step][1]

    def _go_on(self, run: Backtest, until: int, goal: int | None = None) -> None:
        """Execute up to a step; where the record ends with what the strategy raised, it may raise again."""
        try:
            follow(run, self._record.commands, until, goal=goal)
        except StrategyError as error:
            if run.clock.step < self._record.clock.step or not self._record.is_over:
                self._compare(run, str(error))
                self._part(len(run.journal), run.clock.step, str(error))
        self._compare(run)

    def _commands_at(self, step: int) -> int:
        return len(self._record.commands.get(step, ()))

    def _begin(self) -> Backtest:
        self._kept.clear()
        self._compared = 0
        self._run = again(self._record, around=self._captured)
        return self._run

    def _captured(self, _call: str, method: Callable[..., object], *arguments: object) -> object:
        with redirect_stdout(self._output), redirect_stderr(self._output):
            return method(*arguments)

    def _keep(self, run: Backtest, until: int) -> None:
        """Write down what the fields hold, where that is near enough to be asked for next."""
        if run.clock.step > until - _KEPT_STEPS:
            output = clean_lines(self._output.getvalue()[:_LONGEST_OUTPUT])
            call = Call(fields_of(run.strategy), output)
            self._kept[run.clock.step] = (self._commands_at(run.clock.step), call)

    def _compare(self, run: Backtest, instead: str = "") -> None:
        divergence = first_divergence(self._record, run, whole=True, first=self._compared)
        if divergence is not None:
            now = instead if instead and divergence.other is None else told(divergence.other)
            self._part(divergence.sequence, divergence.step, now)
        self._compared = len(run.journal)

    def _part(self, sequence: int, step: int, now: str) -> NoReturn:
        """Say where the strategy does something else; what was kept of it stays."""
        self._run = None
        rows = self._record.journal.rows
        was = rows[sequence] if sequence < len(rows) and rows[sequence][0] <= step else None
        raise NotDeterministicError(sequence, step, told(was), now, likely_cause(type(self._record.strategy)))


def clean_lines(text: str) -> str:
    """Make what was printed harmless to show, line by line."""
    return "\n".join(map(clean, text.splitlines()))


def fields_of(strategy: Strategy) -> dict[str, str]:
    """Return what the fields of a strategy hold, as text, by name."""
    return {name: _written(value) for name, value in _own_fields(strategy)}


def _own_fields(strategy: Strategy) -> Iterable[tuple[str, object]]:
    names = [one.name for one in attrs.fields(type(strategy))] if attrs.has(type(strategy)) else []
    yield from ((name, getattr(strategy, name, None)) for name in names)
    yield from ((name, value) for name, value in getattr(strategy, "__dict__", {}).items() if name not in names)


def _written(value: object) -> str:
    try:
        text = clean(str(value) if isinstance(value, (int, float, str)) else repr(value))
    except Exception as error:  # noqa: BLE001 - it is the user's own
        text = f"cannot be written: {type(error).__name__}"
    return text if len(text) <= _LONGEST_FIELD else f"{text[:_LONGEST_FIELD]}…"


def stop_in(run: Backtest, step: int, fill_id: int | None, debug: Callable[..., object]) -> None:
    """Run again up to a call of the strategy, and hand that call to a debugger.

    Args:
        run: What was recorded.
        step: In which step the call is.
        fill_id: The fill of which `on_fill` is the call, where the strategy has one; else it is `on_bar`.
        debug: Is given the method and its arguments in the place of the call.
    """
    is_done = False
    is_of_fill = fill_id is not None and type(run.strategy).on_fill is not Strategy.on_fill

    def around(call: str, method: Callable[..., object], *arguments: Any) -> object:
        nonlocal is_done
        is_wanted = call == "on_fill" and arguments[-1].id == fill_id if is_of_fill else call == "on_bar"
        is_there = made.clock.step == step and is_wanted
        if not is_there or is_done:
            with redirect_stdout(io.StringIO()):
                return method(*arguments)
        is_done = True
        sys.stdout.flush()
        return debug(method, *arguments)

    made = again(run, around=around)
    made.deadline.seconds, made.guard.output = 0, None
    follow(made, run.commands, step)
