"""The manifest of a recording: what a run was made of, where its record opens, and what it is expected to come to.

It names no file of the recording: their names follow from what they hold, so a manifest cannot point anywhere.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from importlib.metadata import version
from typing import Any, Final

from attrs import frozen

from core.backtest.settings import Settings
from core.bars import Bars
from core.clock import Phase
from core.corporate_action import CorporateAction
from core.errors import InputError, NewerRecordingError
from core.replay.cursor import Cursor
from core.replay.written import as_json, parse_json, read_as

FORMAT: Final = "fillstep recording"
VERSION: Final = 1
"""The version of the files of a recording."""
RULES: Final = 1
"""The version of `docs/fill-rules.md`; a run by other rules may come to something else."""
MOST_ROWS: Final = 20_000_000
"""Bars of all symbols together; one takes 48 bytes."""


MOST_OF_MANIFEST: Final = 1 << 24
"""Bytes."""


class Balance(Enum):
    """What can be expected."""

    CASH = "cash"
    QUANTITY = "quantity"
    EQUITY = "equity"


@frozen
class Expected:
    """What a balance is to be at a time.

    Attributes:
        time: When, aware of its zone: at the end of the last step that is no later.
        what: Which balance.
        symbol: Of which symbol, for a quantity; empty for the others.
        value: Money or units, to the digits that are written.
    """

    time: datetime
    what: Balance
    symbol: str
    value: Decimal


@frozen
class Bookmark:
    """A place with a letter and a note.

    Attributes:
        letter: One character.
        step: Where it is, with the other parts of a `Cursor`.
    """

    letter: str
    step: int
    phase: Phase
    sequence: int
    note: str = ""

    @property
    def cursor(self) -> Cursor:
        """The place."""
        return Cursor(self.step, self.phase, self.sequence)


@frozen
class Place:
    """A place where a recording opens; the parts of a `Cursor`."""

    step: int
    phase: Phase
    sequence: int

    @property
    def cursor(self) -> Cursor:
        """The place."""
        return Cursor(self.step, self.phase, self.sequence)


@frozen
class InputFile:
    """A file that bars were loaded from.

    Attributes:
        path: As it was given.
        sha256: Of its bytes, in hexadecimal; None where there was no such file when the recording began.
    """

    path: str
    sha256: str | None


@frozen
class RecordedBars:
    """The bars of one symbol, which are a file of the recording.

    Attributes:
        symbol: What was traded.
        digits: Digits after the point of a price.
        volume_digits: Digits after the point of a volume.
        rows: How many there are.
        source: Where they came from.
        sha256: Of the file, in hexadecimal.
    """

    symbol: str
    digits: int
    volume_digits: int
    rows: int
    source: str
    sha256: str

    @classmethod
    def of(cls, bars: Bars, sha256: str) -> "RecordedBars":
        """Describe bars."""
        return cls(bars.symbol, bars.digits, bars.volume_digits, len(bars), bars.source, sha256)


@frozen
class RecordedStrategy:
    """What decided; never the code itself.

    Attributes:
        name: A shipped name, or `path/to/file.py:Class`, or `module:Class`.
        sha256: Of its file, in hexadecimal; None where it has none.
        parameters: What its fields were given, each as `--set` takes it.
        is_complete: Whether that is all of them, so that it can be made again.
    """

    name: str
    sha256: str | None
    parameters: Mapping[str, str]
    is_complete: bool


@frozen
class Manifest:
    """What a run was made of.

    Attributes:
        program: The version of the program that recorded it.
        rules: The version of the rules that it followed.
        strategy: What decided.
        settings: What else it was told.
        bars: Those of each symbol, in the order of the symbols.
        subbars: Finer ones, where there are any.
        inputs: The files that they came from.
        opens_at: Where it opens; None for its end.
        bookmarks: Places that were marked.
        expected: What balances are to be.
        actions: The splits and dividends that it was given.
    """

    program: str
    rules: int
    strategy: RecordedStrategy
    settings: Settings
    bars: tuple[RecordedBars, ...]
    subbars: tuple[RecordedBars, ...]
    inputs: tuple[InputFile, ...]
    opens_at: Place | None = None
    bookmarks: tuple[Bookmark, ...] = ()
    expected: tuple[Expected, ...] = ()
    actions: tuple[CorporateAction, ...] = ()


def program_version() -> str:
    """Return the version of this program."""
    return version("fillstep")


def write_manifest(manifest: Manifest) -> bytes:
    """Write a manifest.

    Raises:
        InputError: It holds what no file can, such as a model of costs that is a class of its own.
    """
    held = as_json(manifest, Manifest, MOST_OF_MANIFEST)
    return f'{{"format":"{FORMAT}","version":{VERSION},"manifest":{held}}}\n'.encode()


def read_manifest(name: str, data: bytes) -> Manifest:
    """Read a manifest.

    Args:
        name: The recording, as it was named.
        data: What its file holds.

    Raises:
        NewerRecordingError: It is of a later version of this program.
        InputError: It is none, or not as it must be.
    """
    whole = parse_json(data, MOST_OF_MANIFEST)
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise InputError("is no manifest of a recording")
    found: Any = whole.get("version")
    if type(found) is int and found > VERSION:
        raise NewerRecordingError(name, found, VERSION)
    if type(found) is not int or found != VERSION or whole.keys() != {"format", "version", "manifest"}:
        raise InputError("must hold format, version and manifest")
    manifest: Manifest = read_as(whole["manifest"], Manifest)
    _check(manifest)
    return manifest


def _check(manifest: Manifest) -> None:
    many = sum(max(one.rows, 0) for one in (*manifest.bars, *manifest.subbars))
    if many > MOST_ROWS:
        raise InputError(f"bars must be at most {MOST_ROWS:,} rows together, are {many:,}")
    letters = [one.letter for one in manifest.bookmarks]
    if any(len(one) != 1 for one in letters) or len(set(letters)) < len(letters):
        raise InputError("bookmarks must have a letter each, and no two the same")
