"""The help: every action with its keys, from the registry."""

from collections.abc import Iterator
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.actions import ACTIONS
from tui.keys import LIST_ACTIONS, Group, bindings
from tui.widgets.columns import Column
from tui.widgets.lines import set_border_text
from tui.widgets.rows import Row, Rows

_COLUMNS: Final = (Column("keys", 14), Column("", 20, grow=True))


def help_rows() -> Iterator[Row]:
    """Yield a row for each action that has a key, under the heading of its group."""
    for group in Group:
        yield Row((group.value, ""), group, "warn")
        for action in ACTIONS:
            if action.group is group and action.keys:
                yield Row((action.keys_text, action.help), action.id)


class _HelpRows(Rows):
    BINDINGS: ClassVar[list[BindingType]] = bindings(LIST_ACTIONS)


class HelpScreen(ModalScreen[None]):
    """All keys, in a list that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close the help", id="close_help"),
    ]

    def compose(self) -> ComposeResult:
        """Lay the list over the panes."""
        rows = _HelpRows(_COLUMNS, header=False)
        rows.show(list(help_rows()))
        set_border_text(rows, title="Keys", subtitle="esc closes")
        yield rows
