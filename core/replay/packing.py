"""A recording as one file, with the bars that it needs, so that it opens on another machine and shows the same.

    fillstep pack 1
    {"length": ..., "sha256": ..., "members": [[name, size], ...]}
    the bytes of each member, one after the other

The members are those of a recording's folder, and are read where they stand: none is ever written to a disk under a
name that the file gives it. Nothing that happened is left out. Of the bars those are kept that were seen, and those of
one step more, since a run that is repeated must not take the last step of its record for the end of the data.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from attrs import evolve, field, frozen

from core.backtest.feed import Feed
from core.bars import Bars
from core.errors import InputError, RecordingError
from core.replay.columns import MOST_FACTS, write_bars, write_facts
from core.replay.framing import frame
from core.replay.manifest import MOST_ROWS, RecordedBars, write_manifest
from core.replay.recording import (
    INPUTS,
    JOURNAL,
    MANIFEST,
    SUFFIX,
    Edited,
    Given,
    Input,
    Recording,
    Segment,
    bars_file,
    facts_file,
    open_recording,
    read_recording,
)
from core.replay.storage import Folder, said
from core.replay.written import as_json, from_json

PACKED: Final = ".fillpack"
"""What the name of a packed recording ends with."""
_MAGIC: Final = b"fillstep pack 1\n"
_MOST: Final = 1 << 30  # bytes of the file
_MOST_OF_HEADER: Final = 1 << 20
_FEWEST_ROWS: Final = 32  # of a symbol: the first ones say how long its bars are
_NAME: Final = re.compile(
    rf"{re.escape(MANIFEST)}|{INPUTS}|{JOURNAL}|(bars|subbars|{JOURNAL})-(0|[1-9][0-9]{{0,6}})\.parquet"
)


@frozen
class _Header:
    """What the file says of itself.

    Attributes:
        length: How many steps there were, executed or not.
        sha256: Of the header with nothing here, and of the members, in hexadecimal.
        members: The name of each, and how many bytes it is.
    """

    length: int
    sha256: str
    members: tuple[tuple[str, int], ...]

    def hash_with(self, body: bytes | memoryview) -> str:
        """Return what its SHA-256 must be over some members."""
        digest = sha256(as_json(evolve(self, sha256=""), _Header).encode())
        digest.update(body)
        return digest.hexdigest()


@frozen
class Packed:
    """A recording that is one file.

    Attributes:
        name: The file, as it was named.
        length: How many steps there were, executed or not.
    """

    name: str
    length: int
    _members: Mapping[str, bytes] = field(repr=False)

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a member; None where there is none.

        Raises:
            RecordingError: They are more than the limit.
        """
        data = self._members.get(name)
        if data is not None and len(data) > limit:
            raise RecordingError(f"{self.name}/{name}", f"must be at most {limit:,} bytes, is {len(data):,}")
        return data


def packed_path(path: str) -> str:
    """Return the file that a recording is packed into where nobody names another.

    >>> packed_path("runs/dip.fillstep/")
    'runs/dip.fillpack'
    """
    return path.rstrip("/\\").removesuffix(SUFFIX) + PACKED


def pack(path: str) -> bytes:
    """Return a recording as one file.

    Raises:
        RecordingError: It cannot be opened, or it is being written.
    """
    recording = open_recording(path)
    if recording.writer is not None:
        raise RecordingError(path, f"process {recording.writer} is writing it: pack it when that has ended")
    feed = Feed(recording.bars)
    members = dict(_members(recording, feed))
    body = b"".join(members.values())
    header = _Header(len(feed), "", tuple((name, len(data)) for name, data in members.items()))
    header = evolve(header, sha256=header.hash_with(body))
    return b"".join((_MAGIC, as_json(header, _Header).encode(), b"\n", body))


def write_packed(file: str, data: bytes) -> int:
    """Write a file that is not there yet, and return how many bytes it has.

    Raises:
        RecordingError: There is one, or it cannot be written; of what was begun nothing stays.
    """
    path = Path(file)
    try:
        with path.open("xb") as written:
            try:
                written.write(data)
                written.flush()
            except OSError:
                path.unlink()
                raise
    except FileExistsError as error:
        raise RecordingError(file, "is there already: choose another name") from error
    except (OSError, ValueError) as error:  # a ValueError is a NUL in the path
        raise RecordingError(file, f"cannot be written: {said(error)}") from error
    return len(data)


def is_packed(path: str) -> bool:
    """Say whether there is a file that begins as a packed recording does, or that is named like one."""
    if path.endswith(PACKED):
        return True
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except (OSError, ValueError):
        return False


def open_packed(path: str) -> tuple[Recording, int]:
    """Open a packed recording; return it, and how many steps there were, executed or not.

    Raises:
        NewerRecordingError: It is of a later version of this program.
        ImpossibleRecordError: One of its facts breaks an invariant.
        RecordingError: It is no packed recording, or not one that can be read.
    """
    packed = _read(path)
    recording = read_recording(packed)
    if not recording.step_count <= packed.length <= MOST_ROWS:
        raise RecordingError(path, f"holds {recording.step_count:,} steps of {packed.length:,}")
    return recording, packed.length


def _members(recording: Recording, feed: Feed) -> Iterator[tuple[str, bytes]]:
    """Yield each member, by its name."""
    bars, subbars = slice_bars(recording, feed)
    files: dict[str, bytes] = {}
    made: dict[str, tuple[RecordedBars, ...]] = {}
    for kind, some in (("bars", bars), ("subbars", subbars)):
        names = [bars_file(kind, place) for place in range(len(some))]
        files |= {name: write_bars(one) for name, one in zip(names, some, strict=True)}
        described = (RecordedBars.of(one, _hash(files[name])) for name, one in zip(names, some, strict=True))
        made[kind] = tuple(described)
    manifest = evolve(recording.manifest, inputs=(), bars=made["bars"], subbars=made["subbars"])
    yield MANIFEST, write_manifest(manifest)
    yield from files.items()
    inputs: list[Input] = [Edited(*one) for one in recording.edits.items()]
    inputs += [Given(step, one) for step, some in recording.commands.items() for one in some]
    yield INPUTS, _framed([as_json(one, Input) for one in inputs])
    yield from _facts(recording)


def _facts(recording: Recording) -> Iterator[tuple[str, bytes]]:
    rows, last = recording.rows, recording.step_count - 1
    segments = []
    for number, first in enumerate(range(0, len(rows), MOST_FACTS)):
        some = rows[first : first + MOST_FACTS]
        data = write_facts(some)
        yield facts_file(number), data
        segments.append(Segment(some[-1][0], first, len(some), _hash(data)))
    segments.append(Segment(last, len(rows), 0, "", recording.error))
    yield JOURNAL, _framed([as_json(one, Segment) for one in segments])


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()


def _framed(texts: Sequence[str]) -> bytes:
    return b"".join(frame(number, text.encode()) for number, text in enumerate(texts))


def slice_bars(recording: Recording, feed: Feed) -> tuple[list[Bars], list[Bars]]:
    """Return the bars that a recording needs, and the finer ones: up to the step after its last, of each symbol some.

    The bars for which finer ones stand are kept whole: which of these stand for the first follows from all of them.
    """
    last = feed.times[min(recording.step_count, len(feed) - 1)]
    finer = {one.symbol for one in recording.subbars}
    bars = [one if one.symbol in finer else _up_to(one, last, _FEWEST_ROWS) for one in recording.bars]
    return bars, [_up_to(one, last, 1) for one in recording.subbars]


def _up_to(bars: Bars, last: int, fewest: int) -> Bars:
    """Return the bars stamped up to a time, and so many of the first at least."""
    count = int((bars.frame["time"] <= last).sum())
    return evolve(bars, frame=bars.frame.head(max(count, fewest)))


def _read(path: str) -> Packed:
    data = _bytes(path)
    if not data.startswith(_MAGIC):
        raise RecordingError(path, "is no packed recording")
    end = data.find(b"\n", len(_MAGIC), len(_MAGIC) + _MOST_OF_HEADER)
    try:
        header: _Header = from_json(data[len(_MAGIC) : max(end, 0)], _Header)
        members = _split(memoryview(data)[end + 1 :], header.members)
    except InputError as error:
        raise RecordingError(path, str(error)) from error
    if header.hash_with(memoryview(data)[end + 1 :]) != header.sha256:
        raise RecordingError(path, "is damaged: it is not what was packed, its SHA-256 differs")
    return Packed(path, header.length, members)


def _bytes(path: str) -> bytes:
    try:
        folder, name = os.path.split(os.path.realpath(path))
        data = Folder(folder).read(name, _MOST)
    except ValueError as error:  # a NUL in the path
        raise RecordingError(path, f"cannot be opened: {said(error)}") from error
    if data is None:
        raise RecordingError(path, "cannot be opened: no such file")
    return data


def _split(data: memoryview, members: Sequence[tuple[str, int]]) -> dict[str, bytes]:
    """Return the bytes of each member.

    Raises:
        InputError: A name that none has or that two have, or sizes that are not those of the file.
    """
    found: dict[str, bytes] = {}
    first = 0
    for name, size in members:
        if not _NAME.fullmatch(name) or name in found:
            raise InputError(f"must have members of a recording, each once, has {name}")
        if not 0 <= size <= len(data) - first:
            raise InputError(f"must hold {size:,} bytes of {name}, holds {len(data) - first:,}")
        found[name] = bytes(data[first : first + size])
        first += size
    if first != len(data):
        raise InputError(f"must end after its members, holds {len(data) - first:,} bytes more")
    return found
