"""A run on disk, opened: what it was made of and what happened in it, as far as that is whole. Nothing of it is run.

A recording is a folder:

    manifest.json            what the run was made of; written last, so a folder without it was never finished
    bars-0.parquet ...       the bars of each symbol, in the order of the symbols
    subbars-0.parquet ...    finer bars
    inputs                   framed lines: what a person changed and asked for
    journal                  framed lines: how far the run had come, and which file holds the facts up to there
    journal-0.parquet ...    the facts, each file written whole
    lock                     the number of the process that writes it, while one does
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from attrs import evolve, field, frozen

from core.backtest.command import Command
from core.backtest.feed import Feed
from core.backtest.journal import Row
from core.backtest.settings import Settings
from core.backtest.subbars import Subbars
from core.bars import Bars
from core.errors import ImpossibleRecordError, InputError, RecordingError, ReplayRefusedError
from core.order import Order
from core.replay.columns import MOST_FACTS, read_bars, read_facts
from core.replay.cursor import Cursor
from core.replay.disk import writer_of
from core.replay.framing import Loss, read_frames
from core.replay.manifest import (
    MOST_OF_MANIFEST,
    RULES,
    Bookmark,
    Manifest,
    Place,
    RecordedBars,
    read_manifest,
)
from core.replay.places import places_of
from core.replay.plausible import check_facts
from core.replay.storage import Source, find_folder, hash_file
from core.replay.written import from_json

ValueT = TypeVar("ValueT")

SUFFIX: Final = ".fillstep"
MANIFEST: Final = "manifest.json"
INPUTS: Final = "inputs"
JOURNAL: Final = "journal"
LOCK: Final = "lock"
_MOST_FRAMED: Final = 1 << 26  # bytes of a file of framed lines
_MOST_PARQUET: Final = 1 << 30
MOST_FACTS_OF_ALL: Final = 2_000_000
"""Facts of one recording."""


def bars_file(kind: str, place: int) -> str:
    """Return the file of a symbol's bars: `bars` or `subbars`, by their place."""
    return f"{kind}-{place}.parquet"


def facts_file(number: int) -> str:
    """Return a file of facts by its number, from 0."""
    return f"journal-{number}.parquet"


@frozen
class Given:
    """A command, and the step after which it was given; -1 before the first."""

    step: int
    command: Command


@frozen
class Edited:
    """What is asked for in the place of an order, by its number; None for one that is refused."""

    order_id: int
    order: Order | None


@frozen
class Segment:
    """How far a run had come, and the facts since the segment before.

    Attributes:
        step: The last step that was executed.
        first: The number of the first fact.
        count: How many facts; with none there is no file.
        sha256: Of the file, in hexadecimal; empty where there is none.
        error: What has stopped the run there, in a sentence; empty where nothing did.
    """

    step: int
    first: int
    count: int
    sha256: str
    error: str = ""


Input: TypeAlias = Given | Edited


@frozen(eq=False)
class Recording:
    """A run as it was recorded.

    Attributes:
        path: The recording, as it was named.
        manifest: What the run was made of.
        bars: Those of each symbol, in the order of the symbols.
        subbars: Finer ones.
        edits: What was asked for in the place of some orders.
        commands: What a person asked for, by the step after which it was.
        rows: The facts, as a journal keeps them.
        step_count: How many steps were executed up to the last of them.
        error: What has stopped the run, in a sentence; empty where nothing did.
        notes: What was dropped or is not as it was, one line each.
        lost_inputs: Why what a person asked for is not all there; None where it is.
        writer: The number of the process that is writing it; None where none does.
    """

    path: str
    manifest: Manifest
    bars: tuple[Bars, ...] = field(repr=False)
    subbars: tuple[Bars, ...] = field(repr=False)
    edits: Mapping[int, Order | None] = field(repr=False)
    commands: Mapping[int, Sequence[Command]] = field(repr=False)
    rows: Sequence[Row] = field(repr=False)
    step_count: int
    error: str = ""
    notes: Sequence[str] = ()
    lost_inputs: Loss | None = None
    writer: int | None = None

    @property
    def settings(self) -> Settings:
        """What the run was told besides its bars and its strategy."""
        return self.manifest.settings

    @property
    def opens_at(self) -> Cursor | None:
        """Where it opens; None for its end."""
        place = self.manifest.opens_at
        return None if place is None else place.cursor

    def changed_inputs(self) -> list[str]:
        """Return the files of data that are there and are not what they were when they were recorded."""
        known = {one.path: one.sha256 for one in self.manifest.inputs if one.sha256 is not None}
        return [path for path, before in known.items() if hash_file(path) not in (None, before)]

    def check_can_replay(self) -> None:
        """Check that a run of the same inputs must come to the same; the strategy is for the caller to compare.

        It reads the files that the recording names as its data, if they are there.

        Raises:
            ReplayRefusedError: The rules are others, inputs were lost, or a file of data has changed since.
        """
        if self.manifest.rules != RULES:
            what = f"it follows version {self.manifest.rules} of the fill rules, this program version {RULES}"
            raise ReplayRefusedError(self.path, what)
        if self.lost_inputs:
            raise ReplayRefusedError(self.path, f"{INPUTS}: {self.lost_inputs.what}")
        changed = self.changed_inputs()
        if changed:
            raise ReplayRefusedError(self.path, f"{changed[0]} has changed since it was recorded")


def open_recording(path: str) -> Recording:
    """Open a recording.

    Raises:
        NewerRecordingError: It is of a later version of this program.
        ImpossibleRecordError: One of its facts breaks an invariant.
        RecordingError: It is no recording, or not one that can be read.
    """
    folder = find_folder(path)
    writer = writer_of(Path(path, LOCK))
    recording = read_recording(folder)
    if writer is None:
        return recording
    note = f"process {writer} is writing it: this is what it has written so far, to be looked at only"
    return evolve(recording, notes=[note, *recording.notes], writer=writer)


def read_recording(source: Source) -> Recording:
    """Open a recording, wherever it is kept; raises what `open_recording` raises."""
    return _Reader(source).read()


class _Reader:
    """Reads one recording.

    Attributes:
        notes: What there is to say of it, so far.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._notes: list[str] = []
        self._error = ""

    def read(self) -> Recording:
        manifest = self._of(
            MANIFEST, partial(read_manifest, self._source.name, self._bytes(MANIFEST, MOST_OF_MANIFEST))
        )
        bars, subbars = (self._bars(kind, getattr(manifest, kind)) for kind in ("bars", "subbars"))
        feed = self._of(MANIFEST, lambda: Feed(bars))
        self._of(MANIFEST, lambda: Subbars(feed.bars, subbars))
        inputs, lost_inputs = self._framed(INPUTS, Input)
        edits, commands = self._inputs(inputs, len(feed))
        rows, step_count = self._journal(len(feed))
        settings = manifest.settings
        check_facts(self._source.name, feed, settings.initial_capital, rows, quantity_step=settings.quantity_step)
        if manifest.rules != RULES:
            self._notes.append(f"it follows version {manifest.rules} of the fill rules, this program version {RULES}")
        return Recording(
            self._source.name,
            self._with_places(manifest, rows, step_count),
            bars,
            subbars,
            edits,
            commands,
            rows,
            step_count,
            self._error,
            self._notes,
            lost_inputs,
        )

    def _bytes(self, name: str, limit: int) -> bytes:
        data = self._source.read(name, limit)
        if data is None:
            raise RecordingError(
                self._source.name, f"has no {name}: it is no recording, or its first writing did not end"
            )
        return data

    def _of(self, name: str, make: Callable[[], ValueT]) -> ValueT:
        """Make something of a file; what is wrong names the file."""
        try:
            return make()
        except RecordingError:
            raise
        except InputError as error:
            raise RecordingError(f"{self._source.name}/{name}", str(error)) from error

    def _bars(self, kind: str, made: Sequence[RecordedBars]) -> tuple[Bars, ...]:
        return tuple(self._bars_of(bars_file(kind, place), one) for place, one in enumerate(made))

    def _bars_of(self, name: str, made: RecordedBars) -> Bars:
        data = self._bytes(name, _MOST_PARQUET)
        if sha256(data).hexdigest() != made.sha256:
            raise RecordingError(f"{self._source.name}/{name}", "is not what was recorded, its SHA-256 differs")
        return self._of(name, lambda: read_bars(made, data))

    def _framed(self, name: str, kind: Any) -> tuple[list[Any], Loss | None]:
        """Return the values of a file of framed lines, and why they end before it does."""
        framed = read_frames(self._bytes(name, _MOST_FRAMED))
        if framed.loss is not None:
            self._notes.append(f"{name}: {framed.loss.what}")
        return [
            self._of(name, partial(_value, place, text, kind)) for place, text in enumerate(framed.records)
        ], framed.loss

    def _inputs(self, inputs: Sequence[Input], steps: int) -> tuple[dict[int, Order | None], dict[int, list[Command]]]:
        edits: dict[int, Order | None] = {}
        commands: dict[int, list[Command]] = {}
        last = -1
        for number, one in enumerate(inputs):
            if isinstance(one, Edited):
                edits[one.order_id] = one.order
                continue
            if not last <= one.step < steps:
                what = f"{INPUTS}: step {one.step} after step {last}, of {steps} steps"
                raise ImpossibleRecordError(self._source.name, number, "T8", what)
            last = one.step
            commands.setdefault(one.step, []).append(one.command)
        return edits, commands

    def _journal(self, steps: int) -> tuple[list[Row], int]:
        """Return the facts, and how many steps were executed."""
        segments, loss = self._framed(JOURNAL, Segment)
        rows: list[Row] = []
        files, last = 0, -1
        for number, segment in enumerate(segments):
            if not last <= segment.step < steps or not 0 <= segment.count <= MOST_FACTS:
                what = f"{JOURNAL}: {segment.count} facts up to step {segment.step} after step {last}, of {steps} steps"
                raise ImpossibleRecordError(self._source.name, number, "T8", what)
            if segment.first != len(rows):
                self._notes.append(f"{JOURNAL}: {_jump(segment.first, len(rows))}")
                return rows, last + 1
            if segment.count:
                found = self._facts(facts_file(files), segment)
                if found is None:
                    return rows, last + 1
                rows += found
                files += 1
            last, self._error = segment.step, segment.error
        if loss is None and self._source.read(facts_file(files), _MOST_PARQUET) is not None:
            self._notes.append(f"{facts_file(files)}: was not finished: {_up_to(len(rows))}")
        return rows, last + 1

    def _facts(self, name: str, segment: Segment) -> list[Row] | None:
        """Return the facts of a file; none where it is not what was written, which is noted."""
        data = self._source.read(name, _MOST_PARQUET)
        if data is None or sha256(data).hexdigest() != segment.sha256:
            how = "is missing" if data is None else "is damaged, its SHA-256 differs"
            self._notes.append(f"{name}: {how}: {_up_to(segment.first)}")
            return None
        rows = self._of(name, lambda: read_facts(data, segment.count, segment.first))
        if rows[-1][0] > segment.step:
            what = f"its step is {rows[-1][0]}, after {segment.step}, the last that was executed"
            raise ImpossibleRecordError(self._source.name, segment.first + segment.count - 1, "T8", what)
        return rows

    def _with_places(self, manifest: Manifest, rows: Sequence[Row], step_count: int) -> Manifest:
        """Return a manifest with those of its places that were read."""

        def is_there(place: Bookmark | Place | None) -> bool:
            return place is not None and place.cursor in places_of_step(place.step, rows, step_count)

        lost = [one.letter for one in manifest.bookmarks if not is_there(one)]
        if lost:
            self._notes.append(f"{MANIFEST}: left out are bookmarks of places that are not there: {', '.join(lost)}")
        kept = tuple(one for one in manifest.bookmarks if one.letter not in lost)
        return evolve(manifest, bookmarks=kept, opens_at=manifest.opens_at if is_there(manifest.opens_at) else None)


def places_of_step(step: int, rows: Sequence[Row], step_count: int) -> Sequence[Cursor]:
    """Return every place of a step of a record where one can stand; none of a step that it does not have."""
    if not -1 <= step < step_count:
        return ()
    first, end = (bisect_left(rows, one, key=lambda row: row[0]) for one in (step, step + 1))
    return places_of(step, rows[first:end], first)


def _value(number: int, text: bytes, kind: Any) -> Any:
    try:
        return from_json(text, kind)
    except InputError as error:
        raise InputError(f"record {number}: {error}") from error


def _jump(first: int, count: int) -> str:
    if first < count:
        return f"fact {first} comes twice: {_up_to(count)}"
    return f"facts {count} to {first - 1} are missing: {_up_to(count)}"


def _up_to(count: int) -> str:
    return f"recovered up to fact {count - 1}" if count else "no fact was recovered"
