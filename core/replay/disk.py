"""How a recording is written: each thing that is done to a disk, one by one, and files that a crash leaves whole.

A file is either written whole under another name and then renamed, or it is appended to, a framed line at a time.
"""

import os
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from attrs import define, field

from core.replay.framing import frame

_BINARY: Final = getattr(os, "O_BINARY", 0)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY
_ADD: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | _BINARY
_UNFINISHED: Final = ".new"
_flock: Any = import_module("fcntl") if find_spec("fcntl") else None


class Disk:
    """What can be done to a disk; every method raises an OSError where it cannot."""

    def make_folder(self, path: Path) -> None:
        """Make a folder that is not there yet."""
        path.mkdir()

    def create(self, path: Path) -> int:
        """Open a file to be written from its start."""
        return os.open(path, _NEW, 0o666)

    def add(self, path: Path) -> int:
        """Make a file that is not there yet, to be appended to."""
        return os.open(path, _ADD, 0o666)

    def write(self, file: int, data: bytes) -> None:
        """Write all of some bytes."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]

    def sync(self, file: int) -> None:
        """Wait until what was written is on the disk."""
        os.fsync(file)

    def close(self, file: int) -> None:
        """Close a file."""
        os.close(file)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, in the place of whatever had that."""
        old.replace(new)

    def sync_folder(self, path: Path) -> None:
        """Wait until the names in a folder are on the disk, where there is a way to."""
        with suppress(PermissionError):  # a folder cannot be opened everywhere
            file = os.open(path, os.O_RDONLY)
            try:
                os.fsync(file)
            finally:
                os.close(file)

    def write_whole(self, path: Path, data: bytes) -> None:
        """Write a file so that under its name there is all of it, or what was there before."""
        unfinished = path.with_name(path.name + _UNFINISHED)
        file = self.create(unfinished)
        try:
            self.write(file, data)
            self.sync(file)
        finally:
            self.close(file)
        self.rename(unfinished, path)
        self.sync_folder(path.parent)


@define(eq=False)
class FramedFile:
    """A file of framed lines that is appended to.

    Attributes:
        count: How many lines it has.
    """

    _disk: Disk
    _file: int
    count: int = field(default=0, init=False)

    def append(self, texts: list[str]) -> None:
        """Write some lines; when this returns, they are on the disk."""
        if texts:
            lines = [frame(self.count + place, text.encode()) for place, text in enumerate(texts)]
            self._disk.write(self._file, b"".join(lines))
            self._disk.sync(self._file)
            self.count += len(texts)

    def close(self) -> None:
        """Close it."""
        self._disk.close(self._file)


@define(eq=False)
class Lock:
    """The file that says which process writes a recording; it is let go when that process ends, however it does."""

    _disk: Disk
    _file: int

    @classmethod
    def take(cls, disk: Disk, path: Path) -> "Lock":
        """Take the lock of a folder that was made just now; its file holds the number of this process."""
        lock = cls(disk, disk.create(path))
        if _flock is not None:
            _flock.flock(lock._file, _flock.LOCK_EX | _flock.LOCK_NB)
        disk.write(lock._file, b"%d" % os.getpid())
        return lock

    def close(self) -> None:
        """Let it go."""
        self._disk.close(self._file)


def writer_of(path: Path) -> int | None:
    """Return the number of the process that holds a lock; None where none does."""
    if _flock is None:
        return None
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        _flock.flock(file, _flock.LOCK_SH | _flock.LOCK_NB)
    except BlockingIOError:
        text = os.read(file, 20)
        return int(text) if text.isdigit() else 0
    finally:
        os.close(file)
    return None
