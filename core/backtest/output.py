"""Output: what a strategy prints and logs, kept in its lines as far as there is room, and never shown by itself.

The first lines and the newest are kept, and those between are counted. What a strategy asks of the keyboard is answered
by the end of the file: nobody sits there.
"""

import io
import sys
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, Self, TextIO

MOST_LINES: Final = 1000
"""So many of the first lines are kept, and as many of the newest."""
LONGEST_LINE: Final = 1000
"""So many characters of a line are kept."""


class Output:
    """What one run's strategy has written, to stdout and to stderr; as a context manager it takes what is written.

    Attributes:
        step: Returns the step that the run is in.
    """

    def __init__(self) -> None:
        self.step: Callable[[], int] = lambda: -1
        self._first: list[tuple[int, str]] = []
        self._newest: deque[tuple[int, str]] = deque(maxlen=MOST_LINES)
        self._begun = ""  # a line that is not yet at its end
        self._count = 0
        self._omitted_from: int | None = None  # the step of the first line that was left out
        self._before: list[tuple[TextIO, TextIO, TextIO, Output]] = []

    def write(self, text: str) -> None:
        """Take a text, of any number of lines."""
        if "\n" in text:
            begun, *lines = text.split("\n")
            self._grow(begun)
            for line in lines:
                self._end_line()
                self._begun = line[:LONGEST_LINE]
        else:
            self._grow(text)

    def lines(self, until: int | None = None) -> Iterator[str]:
        """Yield what was written, as it came, with a line for those that were left out.

        Args:
            until: The last step of which it is told; the newest where it is not given.
        """
        shown = [line for step, line in self._first if until is None or step <= until]
        yield from shown
        newest = [line for step, line in self._newest if until is None or step <= until]
        if self._omitted_from is not None and (until is None or self._omitted_from <= until):
            yield f"... {self.omitted:,} lines left out ..." if newest else "... lines left out ..."
        yield from newest
        if self._begun and (until is None or self.step() <= until):
            yield self._begun

    @property
    def omitted(self) -> int:
        """How many lines were left out."""
        return self._count - len(self._first) - len(self._newest)

    def _grow(self, text: str) -> None:
        self._begun += text[: LONGEST_LINE - len(self._begun)]

    def _end_line(self) -> None:
        kept = self._first if len(self._first) < MOST_LINES else self._newest
        if len(self._newest) == MOST_LINES and self._omitted_from is None:
            self._omitted_from = self._newest[0][0]
        kept.append((self.step(), self._begun))
        self._count += 1

    def __enter__(self) -> Self:
        outer = _DOOR.target if sys.stdout is _DOOR else self
        self._before.append((sys.stdin, sys.stdout, sys.stderr, outer))
        _DOOR.target = self
        sys.stdin, sys.stdout, sys.stderr = _KEYBOARD, _DOOR, _DOOR
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdin, sys.stdout, sys.stderr, _DOOR.target = self._before.pop()


class _Door(io.TextIOBase):
    """Leads to the output of the run that was entered last, for all that keep it, such as the handlers of a log.

    Attributes:
        target: That output.
    """

    target: Output

    def write(self, text: str) -> int:
        self.target.write(str(text))
        return len(text)

    def close(self) -> None:
        """Stay open: another run may write here."""


class _Keyboard(io.TextIOBase):
    """At its end before anything is read."""

    def readline(self, _: int | None = -1) -> str:  # type: ignore[override]
        return ""

    def read(self, _: int | None = -1) -> str:
        return ""

    def close(self) -> None:
        """Stay as it is."""


_DOOR: Final = _Door()
_KEYBOARD: Final = _Keyboard()
