"""Recorder: writes a run to disk while it goes on, so that a crash at any point loses nothing that was finished.

What cannot be written stops the recording, never the run.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import Final

from attrs import evolve

from core.backtest.journal import Row
from core.backtest.loop import Backtest
from core.bars import Bars
from core.errors import InputError, RecordingError
from core.replay.columns import MOST_FACTS, write_bars, write_facts
from core.replay.disk import Disk, FramedFile, Lock
from core.replay.manifest import (
    RULES,
    Bookmark,
    Expected,
    InputFile,
    Manifest,
    Place,
    RecordedBars,
    program_version,
    write_manifest,
)
from core.replay.places import is_whole
from core.replay.recorded_strategy import describe
from core.replay.recording import (
    INPUTS,
    JOURNAL,
    LOCK,
    MANIFEST,
    MOST_FACTS_OF_ALL,
    SUFFIX,
    Edited,
    Given,
    Input,
    Segment,
    bars_file,
    facts_file,
)
from core.replay.storage import hash_file, said
from core.replay.written import as_json

ENOUGH_FACTS: Final = 4096
"""So many facts are written at once, and fewer when the recording ends."""


def recording_path(name: str) -> Path:
    """Return the folder that a name stands for."""
    return Path(name if name.endswith(SUFFIX) else name + SUFFIX)


class Recorder:
    """Writes one run.

    Args:
        run: The run, wherever it stands; what has happened in it is written at once.
        name: Where; `.fillstep` is added where it is not there.
        disk: What it is written to.
        expected: What balances are to be, for who verifies.

    Attributes:
        path: The folder.
        stopped: Why the recording has stopped, in a sentence; None while it goes on, and where it has come to its end.

    Raises:
        RecordingError: There is such a folder already, it cannot be written, or the run holds what no file can.
    """

    def __init__(
        self, run: Backtest, name: str, *, disk: Disk | None = None, expected: Iterable[Expected] = ()
    ) -> None:
        self.path = recording_path(name)
        self.stopped: str | None = None
        self._run = run
        self._disk = disk or Disk()
        self._open: list[FramedFile | Lock] = []  # nothing once the recording has ended
        self._given = self._facts = self._segments = 0  # how many commands, facts, and files of facts are written
        self._step = -2  # the last step up to which facts are
        strategy = describe(run.fresh_strategy())
        inputs = tuple(InputFile(one, hash_file(one)) for one in _sources((*run.bars, *run.subbars)))
        try:
            self._disk.make_folder(self.path)
        except FileExistsError as error:
            raise RecordingError(str(self.path), "is there already: choose another name") from error
        except (OSError, ValueError) as error:
            raise RecordingError(str(self.path), f"cannot be written: {said(error)}") from error
        try:
            self._manifest = self._begin(
                Manifest(
                    program_version(),
                    RULES,
                    strategy,
                    run.settings,
                    (),
                    (),
                    inputs,
                    expected=tuple(expected),
                    actions=run.actions,
                )
            )
        except BaseException as error:
            self._close()
            rmtree(self.path, ignore_errors=True)  # this very folder was made just now
            if isinstance(error, (OSError, InputError)):
                what = said(error) if isinstance(error, OSError) else str(error)
                raise RecordingError(str(self.path), f"cannot be written: {what}") from error
            raise

    def write(self) -> None:
        """Write what a person has asked for, and the facts where there are enough; called between two steps."""
        self._try(lambda: self._write_on(is_last=False))

    def keep_places(self, bookmarks: Iterable[Bookmark], opens_at: Place | None) -> None:
        """Write places that were marked, where the recording opens, and all that has happened."""
        self._try(lambda: self._keep(tuple(bookmarks), opens_at))

    def finish(self, error: str = "") -> None:
        """Write everything that is left, and end.

        Args:
            error: What has stopped the run, if anything did.
        """
        self._try(lambda: self._write_on(is_last=True, error=error))
        self._close()

    def _begin(self, manifest: Manifest) -> Manifest:
        """Write what the run is made of, and what has happened so far; the manifest is the last of it."""
        disk, run, path = self._disk, self._run, self.path
        disk.sync_folder(path.parent)
        self._open.append(Lock.take(disk, path / LOCK))
        self._inputs = FramedFile(disk, disk.add(path / INPUTS))
        self._open.append(self._inputs)
        self._journal = FramedFile(disk, disk.add(path / JOURNAL))
        self._open.append(self._journal)
        manifest = evolve(
            manifest, bars=self._write_bars("bars", run.bars), subbars=self._write_bars("subbars", run.subbars)
        )
        data = write_manifest(manifest)
        self._inputs.append([as_json(Edited(*one), Input) for one in run.edits.items()])
        self._write_on(is_last=True)
        disk.write_whole(path / MANIFEST, data)
        return manifest

    def _write_bars(self, kind: str, bars: Iterable[Bars]) -> tuple[RecordedBars, ...]:
        made = []
        for place, one in enumerate(bars):
            data = write_bars(one)
            self._disk.write_whole(self.path / bars_file(kind, place), data)
            made.append(RecordedBars.of(one, sha256(data).hexdigest()))
        return tuple(made)

    def _try(self, write: Callable[[], object]) -> None:
        if not self._open:
            return
        try:
            write()
        except (OSError, InputError) as error:
            what = said(error) if isinstance(error, OSError) else str(error)
            self.stopped = f"recording stopped at record {self._facts}: {what}; the run goes on without it"
            self._close()

    def _close(self) -> None:
        while self._open:
            with suppress(OSError):
                self._open.pop().close()

    def _keep(self, bookmarks: tuple[Bookmark, ...], opens_at: Place | None) -> None:
        self._write_on(is_last=True)
        manifest = evolve(self._manifest, bookmarks=bookmarks, opens_at=opens_at)
        self._disk.write_whole(self.path / MANIFEST, write_manifest(manifest))
        self._manifest = manifest

    def _write_on(self, *, is_last: bool, error: str = "") -> None:
        """Write inputs, and then facts: all of them, or where there are enough."""
        self._write_commands()
        rows, end = self._run.journal.rows, len(self._run.journal)
        while end and not is_whole(rows[end - 1]):  # a fill that was not booked to its end
            end -= 1
        while end - self._facts >= (1 if is_last else ENOUGH_FACTS):
            self._write_facts(end)
        if is_last and (error or self._step < self._run.clock.step):
            self._add_segment(self._run.clock.step, (), error)

    def _write_commands(self) -> None:
        commands = self._run.commands
        if self._given < sum(map(len, commands.values())):
            given = [Given(step, one) for step, some in commands.items() for one in some][self._given :]
            self._inputs.append([as_json(one, Input) for one in given])
            self._given += len(given)

    def _write_facts(self, end: int) -> None:
        """Write a file of the next facts up to one; where there are more than one holds, up to the end of a step."""
        journal, first, step = self._run.journal, self._facts, self._run.clock.step
        if end - first > MOST_FACTS:
            full = first + MOST_FACTS
            end = journal.first_of_step(journal.step_of(full))
            if end <= first:  # a step of so many facts
                end = next(one for one in range(full, first, -1) if is_whole(journal.rows[one - 1]))
            step = journal.step_of(end - 1)
        self._add_segment(step, journal.rows[first:end])

    def _add_segment(self, step: int, rows: Sequence[Row], error: str = "") -> None:
        if self._facts + len(rows) > MOST_FACTS_OF_ALL:
            raise InputError(f"a recording holds at most {MOST_FACTS_OF_ALL:,} facts")
        digest = ""
        if rows:
            data = write_facts(rows)
            digest = sha256(data).hexdigest()
            self._disk.write_whole(self.path / facts_file(self._segments), data)
        self._journal.append([as_json(Segment(step, self._facts, len(rows), digest, error), Segment)])
        self._segments += bool(rows)
        self._facts += len(rows)
        self._step = step


def _sources(bars: Iterable[Bars]) -> list[str]:
    """Return the files that bars were loaded from, as they were given."""
    return list(dict.fromkeys(one.source for one in bars if one.source))
