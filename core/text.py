"""Strings from outside, made harmless to show.

Text is kept as it came and cleaned where it leaves: for the screen, an error or the command line. What is cleaned
holds no control, bidirectional or zero-width character, so it can neither move the terminal's cursor nor hide.
"""

import re
from typing import Final

_CONTROL_PICTURES: Final = 0x2400
_DELETE: Final = 0x7F
_SPACE: Final = 0x20
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]",
)
"""Characters that Python calls printable and that show nothing: joiners, fillers, variation selectors."""


def clean(text: str) -> str:
    r"""Show every character that does not print as a visible mark.

    >>> clean("ACME \x1b[2J\u202e")
    'ACME ␛[2J<202E>'
    """
    return text if _is_plain(text) else "".join(map(_mark, text))


def _is_plain(text: str) -> bool:
    return text.isprintable() and (text.isascii() or not _UNSEEN.search(text))


def _mark(character: str) -> str:
    code = ord(character)
    if _is_plain(character):
        return character
    if code < _SPACE:
        return chr(_CONTROL_PICTURES + code)
    return "␡" if code == _DELETE else f"<{code:02X}>"
