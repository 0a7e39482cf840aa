"""Every exception of the project.

A constructor takes facts and builds the sentence: subject, rule, actual value. Text from outside goes through `clean`,
so no message can carry an escape sequence to a terminal.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.text import clean

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from core.reason import Reason

_LONGEST_VALUE = 60


def shown(value: object) -> str:
    """Return a value as an error shows it: on one line, cleaned, and cut where it is long."""
    try:
        text = clean(str(value))
    except ValueError:  # an int of thousands of digits, which Python does not write
        text = "a number of thousands of digits"
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _gigabytes(count: int) -> str:
    return f"{count / 10**9:,.1f} GB"


class FillstepError(Exception):
    """What every error of this project is."""


class InputError(FillstepError):
    """Something that was given is not as it must be; the person who gave it can mend it."""

    def __init__(self, what: str) -> None:
        """Say what, and what was expected."""
        super().__init__(clean(what))


class NotExactError(InputError, ValueError):
    """A quantity or an amount of money that is no exact number within the digits the project keeps."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        """Name the field, the rule that it breaks, and what it was."""
        kind = "" if isinstance(value, str) else f"{type(value).__name__} "
        super().__init__(f"{shown(field)} must be {rule}, was {kind}{shown(value)}")
        self.field, self.rule = field, rule


class BarDataError(InputError):
    """Bars that cannot be loaded: which file, which line, what was found, what was expected."""

    def __init__(self, source: str, what: str, *, line: int | None = None) -> None:
        """Name the source and, where it is known, the line in it (from 1)."""
        place = clean(source) if line is None else f"{clean(source)}:{line}"
        super().__init__(f"{place}: {clean(what)}")
        self.source, self.line = source, line


class AdjustedTwiceError(InputError):
    """A split is given, and the prices do not fall with it, or rise: they look as if they were adjusted already."""

    def __init__(self, place: str, split: str, closed: "Decimal", opened: "Decimal") -> None:
        """Name the split, as symbol, ratio and day, and the close before and the open after it."""
        at = f"{clean(place)}: " if place else ""
        super().__init__(
            f"{at}{shown(split)} does not show in the prices, which go from {closed} to {opened}: they look "
            f"adjusted for it; set splits to ignore if they are, to apply if they are as traded"
        )


class MemoryNeededError(BarDataError):
    """Bars that need more memory than they may."""

    def __init__(self, source: str, needed: int, of_all: int | None, limit: int, way_out: str = "") -> None:
        """Name the largest file, what it and all files need and what they may, in bytes, and what can be done."""
        others = "" if of_all is None else f", all files {_gigabytes(of_all)}"
        what = f"needs about {_gigabytes(needed)}{others}; the limit is {_gigabytes(limit)} (--memory-gb)"
        super().__init__(source, f"{what}: {way_out}" if way_out else what)
        self.needed = needed


class SettingsError(InputError):
    """A setting that is unknown or has a value it cannot have; the key says which."""

    def __init__(self, key: str, what: str) -> None:
        """Name the key, as it is written in the file or given as an option; or the file."""
        super().__init__(f"{clean(key)}: {clean(what)}")
        self.key = key


class StrategyNotFoundError(InputError):
    """A strategy that does not exist, or a file of strategies that cannot be read."""

    def __init__(self, name: str, what: str) -> None:
        """Name the strategy as it was asked for."""
        super().__init__(f"strategy {clean(name)}: {clean(what)}")


class StrategyError(FillstepError):
    """A strategy raised: on which line of its own file, in which of its calls, and in which step."""

    def __init__(self, strategy: str, call: str, place: str, error: BaseException, step: int | None = None) -> None:
        """Name the place, the call, and the step where there is one; the error itself is the `__cause__`."""
        what = f"{type(error).__name__}: {shown(error)}{'' if step is None else f' (step {step})'}"
        super().__init__(f"{clean(place)}: {shown(strategy)}.{call} raised {what}")
        self.call = call


class LookbackError(StrategyError):
    """A strategy needs other bars than it has said."""

    def __init__(self, strategy: str, lookback: int, what: str, row: int, whole: object, part: object) -> None:
        """Name the strategy, what it said, the column and the row, and both values."""
        there = f"{what} at row {row} is {shown(whole)} over all bars"
        FillstepError.__init__(
            self,
            f"{shown(strategy)}.lookback is {lookback}, but {clean(there)} and {shown(part)} over so many before it",
        )
        self.call = "lookback"


class DeadlineError(FillstepError):
    """A call of a strategy did not come back in time; the record of the run ends before its step.

    The broker and the portfolio of that run may stand half-way: what was, is read through a `Timeline`.
    """

    def __init__(self, strategy: str, call: str, place: str, seconds: float, step: int) -> None:
        """Name the place, the call, the time it was given, and the step."""
        super().__init__(
            f"{clean(place)}: {shown(strategy)}.{call} took longer than its deadline of {seconds:g} s (step {step})"
        )
        self.call = call


class InvalidOrderError(InputError):
    """An order that cannot be written down, such as one whose type and prices do not belong together."""

    def __init__(self, what: str) -> None:
        """Say which field breaks which rule."""
        super().__init__(f"order: {clean(what)}")


class ExpressionError(InputError):
    """A condition or a command that cannot be read; it says where, from 0, and what is wrong there."""

    def __init__(self, text: str, start: int, what: str) -> None:
        """Write the text with the place marked in it."""
        before, after = text[:start], text[start:]
        super().__init__(f"{what}: {before}»{after}")
        self.text, self.start, self.what = text, start, clean(what)


class UnknownOrderError(InputError, KeyError):
    """An order id that was never given out."""

    def __init__(self, order_id: object) -> None:
        """Name the id."""
        super().__init__(f"order {shown(order_id)} is unknown")

    __str__ = Exception.__str__


class OrderTransitionError(FillstepError):
    """A move of an order that its state machine does not have."""

    def __init__(self, order_id: int, move: str, status: str) -> None:
        """Name the order, the move asked for, and the status that forbids it."""
        super().__init__(f"order {order_id} cannot be {move}: it is {status}")


class InvalidFillError(FillstepError):
    """A fill that does not fit its order, or that was applied before."""

    def __init__(self, fill_id: int, what: str) -> None:
        """Name the fill."""
        super().__init__(f"fill {fill_id}: {clean(what)}")


class OrderNotFilledError(FillstepError):
    """An order that had to fill now, and was rejected, was canceled, or rests; the reason says why."""

    def __init__(self, order_id: int, status: str, reason: "Reason | None") -> None:
        """Carry the reason, where there is one."""
        super().__init__(f"order {order_id} is {status}{f': {reason.text}' if reason else ''}")
        self.order_id, self.reason = order_id, reason


class NoMarkError(FillstepError):
    """A fill at the mark was asked for, and there is none."""

    def __init__(self, symbol: str) -> None:
        """Name the symbol, and the two ways out."""
        super().__init__(
            f"{shown(symbol)} has no mark to fill at: "
            f"give one with portfolio_state.mark(symbol, price, timestamp), or give the engine a MarketSimulator"
        )


class StepOutOfRangeError(InputError):
    """A step that is not there."""

    def __init__(self, step: int, count: int) -> None:
        """Name the step, and the steps that there are."""
        there = f"steps 0 to {count - 1} are recorded" if count else "no step is recorded"
        super().__init__(f"cannot seek to step {step}: {there}")


class RunStoppedError(FillstepError):
    """A step was asked of a run that an error has stopped."""

    def __init__(self, step: int) -> None:
        """Name the step at which it stopped."""
        super().__init__(f"the run stopped at step {step} and cannot go on")


class InvariantError(FillstepError):
    """What must hold does not: a bug in this project, never the user's doing."""

    def __init__(self, name: str, left: object, right: object, state: Iterable[str] = ()) -> None:
        """Name the invariant, both sides of it, and the state."""
        held = "; ".join(state)
        broken = f"invariant {name} is broken: {left} is not {right}{f' ({held})' if held else ''}"
        super().__init__(clean(broken))
        self.name = name

    def add_place(self, step: int, time: "datetime", event: str) -> None:
        """Add where in a run it broke."""
        self.add_note(f"at step {step}, {time.replace(tzinfo=None).isoformat(sep=' ')}, after {clean(event)}")


class RecordingError(InputError):
    """A recording that cannot be opened or written: which one, and why."""

    def __init__(self, path: str, what: str) -> None:
        """Name the recording, or the file in it."""
        super().__init__(f"{clean(path)}: {clean(what)}")
        self.path = path


class NewerRecordingError(RecordingError):
    """A recording in a form that only a later version of this program knows."""

    def __init__(self, path: str, version: int, known: int) -> None:
        """Name both versions."""
        super().__init__(
            path, f"is a recording of version {version}, known are versions up to {known}: update fillstep"
        )


class ImpossibleRecordError(RecordingError):
    """A recording that claims what cannot be: by which of its facts, and which invariant this breaks."""

    def __init__(self, path: str, record: int, invariant: str, what: str) -> None:
        """Name the fact by its number, from 0, and the invariant as in `docs/invariants.md`."""
        super().__init__(path, f"record {record} breaks invariant {invariant}: {what}")
        self.record, self.invariant = record, invariant


class ReplayRefusedError(RecordingError):
    """A recording that can be looked at and not be run again as it was, since something is not as it was."""

    def __init__(self, path: str, what: str) -> None:
        """Say what is not, and the two ways out."""
        super().__init__(path, f"{what}: it can be opened to be looked at, or its run be recorded anew")
