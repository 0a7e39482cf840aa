"""A pane over whose last lines something can be told, so that no pane moves and nothing is laid out again."""

from collections.abc import Sequence
from typing import ClassVar, Final

from attrs import frozen
from rich.cells import cell_len
from textual.geometry import Size

from tui.panes.pane import Pane
from tui.widgets.columns import fit_cell
from tui.widgets.lines import Line
from tui.widgets.wrapped import wrapped_text

MOST_LINES: Final = 3
READ_ON: Final = " … ! reads on"
"""Stands where something is cut: the key shows all of it."""


@frozen
class Notice:
    """Something that is told.

    Attributes:
        text: Plain text, without control characters.
        is_error: Whether something has gone wrong.
        is_standing: Whether it is told all the time, so that one line must do.
    """

    text: str
    is_error: bool = False
    is_standing: bool = False


class TellingPane(Pane):
    """A pane that tells something."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"telling--message", "telling--error"}
    DEFAULT_CSS = """
    TellingPane > .telling--message { background: $panel; color: $text-warning; }
    TellingPane > .telling--error { background: $error-muted; color: $text-error; }
    TellingPane:ansi > .telling--error { background: ansi_default; text-style: bold; }  /* it has no muted red */
    """

    def __init__(self) -> None:
        super().__init__()
        self.told: Sequence[Notice] = ()

    def tell(self, notices: Sequence[Notice]) -> None:
        """Tell something, the first of it over the next; with none, show what the pane shows."""
        if notices != self.told:
            self.told = notices
            self.redraw()

    def _built_lines(self, size: Size) -> list[Line]:
        lines = super()._built_lines(size)
        over = notice_lines(self.told, size.width, min(MOST_LINES, size.height))
        return [*lines[: len(lines) - len(over)], *over]


def notice_lines(notices: Sequence[Notice], width: int, most: int) -> list[Line]:
    """Return notices as lines; what has no room is cut, the last of each where that is so.

    Args:
        notices: What is told.
        width: Cells of a line.
        most: Lines there are.
    """
    lines: list[Line] = []
    for place, notice in enumerate(notices[:most]):
        kept = most - len(lines) - len(notices[place + 1 : most])
        texts = _wrapped(notice.text, width, 1 if notice.is_standing else kept)
        style = "telling--error" if notice.is_error else "telling--message"
        lines += [((fit_cell(f" {text}", width), style),) for text in texts]
    return lines


def _wrapped(text: str, width: int, most: int) -> list[str]:
    texts = wrapped_text(text, max(width - 2, 1))
    if len(texts) <= most:
        return texts
    last = " ".join(texts[most - 1 :])
    room = max(width - 2 - cell_len(READ_ON), 1)
    return [*texts[: most - 1], wrapped_text(last, room)[0] + READ_ON]
