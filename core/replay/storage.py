"""What a recording is read from: bytes by name, within bounds, and nothing outside of it."""

import errno
import os
import stat
from hashlib import file_digest
from pathlib import Path
from typing import Final, Protocol

from attrs import frozen

from core.errors import RecordingError

_READ: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS: Final = {
    b"PK\x03\x04": "a zip",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"#!": "a program",
    b"\x80": "a pickle",
    b"\x1f\x8b": "a packed file",
}
"""What some files begin with."""


class Source(Protocol):
    """What a recording is read from."""

    @property
    def name(self) -> str:
        """The recording, as it was named; for errors."""
        ...

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a name; None where it has none of it.

        Raises:
            RecordingError: They cannot be read, or are more than the limit.
        """
        ...


@frozen
class Folder:
    """A recording that is a folder: what is read of it are files in it, and nothing that they link to.

    Attributes:
        name: The folder, as it was named.
    """

    name: str

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the bytes of a file; None where there is none.

        Raises:
            RecordingError: It cannot be read, is no regular file, or holds more than the limit.
        """
        path = Path(self.name, name)
        try:
            with os.fdopen(os.open(path, _READ), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise RecordingError(str(path), "must be a file")
                if status.st_size > limit:
                    raise RecordingError(str(path), f"must be at most {limit:,} bytes, is {status.st_size:,}")
                return file.read(status.st_size)
        except FileNotFoundError:
            return None
        except OSError as error:
            what = "must be a file, was a link" if error.errno == errno.ELOOP else f"cannot be read: {said(error)}"
            raise RecordingError(str(path), what) from error


def find_folder(path: str) -> Folder:
    """Return the folder of a recording.

    Raises:
        RecordingError: There is none; of a file it says what it is, where that can be told.
    """
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            return Folder(path)
        start = b""
        if stat.S_ISREG(mode):
            with Path(path).open("rb") as file:
                start = file.read(4)
    except (OSError, ValueError) as error:  # a ValueError is a NUL in the path
        raise RecordingError(path, f"cannot be opened: {said(error)}") from error
    what = next((what for mark, what in _KINDS.items() if start.startswith(mark)), "something else")
    raise RecordingError(path, f"must be a folder that a run was recorded in, was {what}; nothing of it was run")


def hash_file(path: str) -> str | None:
    """Return the SHA-256 of a file, in hexadecimal; None where there is no regular file that can be read."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return file_digest(file, "sha256").hexdigest() if is_file else None
    except (OSError, ValueError):
        return None


def said(error: OSError | ValueError) -> str:
    """Say in words what could not be done with a file."""
    text = getattr(error, "strerror", None) or str(error)
    return f"{text[:1].lower()}{text[1:]}"
