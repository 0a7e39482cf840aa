"""Opened: a recording, in a folder or packed, and the run that is read of it. Nothing of it is executed."""

from pathlib import Path

from attrs import field, frozen

from core.backtest.examples import SHIPPED
from core.replay.audit import audit
from core.replay.packing import is_packed, open_packed
from core.replay.recorded_run import RecordedRun
from core.replay.recording import SUFFIX, Recording, open_recording


@frozen(eq=False)
class Opened:
    """A recording that was opened.

    Attributes:
        recording: What is in it.
        run: The run that it is of.
        is_packed: Whether it was packed, most likely on another machine.
    """

    recording: Recording = field(repr=False)
    run: RecordedRun = field(repr=False)
    is_packed: bool


def is_recording(name: str) -> bool:
    """Say whether a name is meant for a recording, rather than for a strategy."""
    return name not in SHIPPED and (name.rstrip("/\\").endswith(SUFFIX) or is_packed(name) or Path(name).is_dir())


def open_run(name: str) -> Opened:
    """Open a recording, to be looked at.

    Raises:
        NewerRecordingError: It is of a later version of this program.
        ImpossibleRecordError: One of its facts breaks an invariant.
        RecordingError: It is no recording, or not one that can be read.
    """
    if not is_packed(name):
        recording = open_recording(name)
        return Opened(recording, _run_of(recording, None), is_packed=False)
    recording, length = open_packed(name)
    return Opened(recording, _run_of(recording, length), is_packed=True)


def _run_of(recording: Recording, length: int | None) -> RecordedRun:
    run = RecordedRun.of(
        recording.bars,
        recording.subbars,
        recording.settings,
        recording.rows,
        step_count=recording.step_count,
        strategy_name=strategy_name(recording.manifest.strategy.name),
        length=length,
    )
    audit(recording.path, run)
    return run


def strategy_name(name: str) -> str:
    """Return what a strategy is called on the screen, of the name by which it is asked for.

    >>> strategy_name("dip-buyer"), strategy_name("mine.py:Mine")
    ('DipBuyer', 'Mine')
    """
    kind = SHIPPED.get(name)
    return name.rpartition(":")[2].rpartition(".")[2] if kind is None else kind.__name__
