"""What panes tell the screen. Messages go up only."""

from typing import TypeAlias

from textual.message import Message

PaneName: TypeAlias = str
"""What the program calls a pane."""


class RowSelected(Message):
    """The cursor of a list was moved to another row.

    Attributes:
        about: The symbol that the row is about, as the data names it; None where it is about none.
        pane: The pane of the list.
        key: What the row stands for.
    """

    def __init__(self, about: str | None, pane: PaneName = "positions", key: object = None) -> None:
        super().__init__()
        self.about, self.pane, self.key = about, pane, key


class FilterRequested(Message):
    """A person wants to choose among the lines of a list.

    Attributes:
        pane: The pane of the list.
    """

    def __init__(self, pane: PaneName) -> None:
        super().__init__()
        self.pane = pane


class SeekRequested(Message):
    """A place on the line of the run was clicked.

    Attributes:
        step: Which step stands there.
    """

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step
