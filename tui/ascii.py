"""The screen in ASCII, for a terminal that shows nothing else: each cell of it becomes one character of ASCII.

It is done to the lines as they are painted, those of every widget and dialog and of their borders, so nothing else
needs to know. What is painted keeps its width.
"""

import codecs
import re
from collections.abc import Mapping
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_OTHER: Final = "?"
"""Stands in each cell of a character that has no counterpart: it is data."""
_ALIKE: Final = {
    "─╌┄┈╴╶╼╾▔‐‑–—−": "-",
    "━═": "=",
    "│┆┊╎║╷╵▏▎▍▌▋▊▉▐▕": "|",
    "┃╹╻╽╿█▇■": "#",
    "▄▅▆": "-",
    "▂▃": ",",
    "▁·": ".",
    "╭╮╰╯┌┐┘├┤┬┴┼╔╗╚╝": "+",
    "└‘’": "`",
    "▀": '"',
    "▔": "'",
    "•": ":",
    "∘": "o",
    "▲△↑": "^",
    "▼▽↓": "v",
    "▶▸▷→»❯": ">",
    "◀◂◁←«": "<",
    "●○⭘": "O",
    "◆": "*",
    "♦": "o",
    "✕✖×": "x",
    "…": "~",
    "“”": '"',
    "\N{NO-BREAK SPACE}\u2800": " ",
}
_BRAILLE: Final = range(0x2801, 0x2900)
_DOTS: Final = ".:*#"
"""For one or two dots of braille, three or four, and so on."""
_TABLE: Final = str.maketrans(
    {glyph: plain for glyphs, plain in _ALIKE.items() for glyph in glyphs}
    | {chr(code): _DOTS[((code - 0x2800).bit_count() - 1) // 2] for code in _BRAILLE}
)
_BEYOND: Final = re.compile(r"[^\x00-\x7f]+")
_COERCED: Final = frozenset({"C.UTF-8", "C.utf8", "UTF-8"})
"""What Python writes into LC_CTYPE where the locale says C."""


def to_ascii(text: str) -> str:
    """Write a text in ASCII, in as many cells.

    >>> to_ascii("▲ 3 … 株式"), to_ascii("┃╿ ▁▄█ ⣿⠁")
    ('^ 3 ~ ????', '## .-# #.')
    """
    if text.isascii():
        return text
    width = cell_len(text)
    return _BEYOND.sub(_marks, text.translate(_TABLE)).ljust(width, _OTHER)[:width]


def _marks(found: re.Match[str]) -> str:
    return _OTHER * cell_len(found[0])


class AsciiFilter(LineFilter):
    """Paints every line in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 - as every filter
        """Return the segments of a line, in ASCII, as wide as they were."""
        return [Segment(to_ascii(text), style, control) for text, style, control in segments]


def shows_utf8(surroundings: Mapping[str, str], encoding: str) -> bool:
    """Say whether a terminal shows more than ASCII, as far as a program is told.

    Args:
        surroundings: The variables of the process.
        encoding: That in which the screen is written.
    """
    locale = _locale(surroundings)
    named = locale.partition(".")[2].partition("@")[0]
    return locale not in ("C", "POSIX") and all(map(_is_utf8, filter(None, (named, encoding))))


def _locale(surroundings: Mapping[str, str]) -> str:
    """Return the locale that a person asked for, empty where nothing says one; Python's own change is passed over."""
    every, kind, language = (surroundings.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    if kind in _COERCED and language in ("", "C", "POSIX"):
        kind = ""
    return every or kind or language


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False
