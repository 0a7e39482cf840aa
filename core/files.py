"""Files that a person named: read whole, or refused with why they cannot be."""

import stat
from collections.abc import Callable
from pathlib import Path

from core.errors import InputError


def read_file(path: str, refusal: Callable[[str], InputError]) -> bytes:
    """Return what a file holds. A pipe would wait for its other end, and a device may have none: neither is opened.

    Args:
        path: The file, as it was given.
        refusal: Makes the error of a sentence that says why it cannot be read.
    """
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISREG(mode):
            return Path(path).read_bytes()
    except (OSError, ValueError, MemoryError) as error:  # a ValueError is a NUL in the path
        why = getattr(error, "strerror", None) or str(error) or "it does not fit into memory"
        raise refusal(f"cannot be read: {why[0].lower()}{why[1:]}") from error
    raise refusal(f"must be a file, was a {'folder' if stat.S_ISDIR(mode) else 'pipe or a device'}")
