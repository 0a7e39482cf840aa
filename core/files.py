"""Files that a person named: read whole, or refused with why they cannot be."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.errors import InputError

_T = TypeVar("_T")


def read_file(path: str, refusal: Callable[[str], InputError]) -> bytes:
    """Return what a file holds. A pipe would wait for its other end, and a device may have none: neither is opened.

    Args:
        path: The file, as it was given.
        refusal: Makes the error of a sentence that says why it cannot be read.
    """
    return _of_file(path, refusal, lambda file, _: file.read_bytes())


def stat_file(path: str, refusal: Callable[[str], InputError]) -> os.stat_result:
    """Return what the system says of a file, which is refused as `read_file` refuses it.

    Args:
        path: The file, as it was given.
        refusal: Makes the error of a sentence that says why it cannot be read.
    """
    return _of_file(path, refusal, lambda _, found: found)


def _of_file(path: str, refusal: Callable[[str], InputError], take: Callable[[Path, os.stat_result], _T]) -> _T:
    try:
        found = Path(path).stat()
        if stat.S_ISREG(found.st_mode):
            return take(Path(path), found)
    except (OSError, ValueError, MemoryError) as error:  # a ValueError is a NUL in the path
        why = getattr(error, "strerror", None) or str(error) or "it does not fit into memory"
        raise refusal(f"cannot be read: {why[0].lower()}{why[1:]}") from error
    raise refusal(f"must be a file, was a {'folder' if stat.S_ISDIR(found.st_mode) else 'pipe or a device'}")
