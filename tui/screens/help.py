"""The help: what the focused pane shows and the keys that work there, then all other keys, and the commands."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from tui.actions import ACTIONS
from tui.commands import HELP
from tui.keys import Action, Group
from tui.messages import PaneName
from tui.panes.pane import Pane
from tui.screens.listing import ListingScreen
from tui.widgets.columns import Column
from tui.widgets.rows import Row

_COLUMNS: Final = (Column("", 14, priority=2), Column("", 20, grow=True, priority=2))
_ROWS: Final = ("orders", "events")
_NUMBERS: Final = ("price", "positions", "orders", "pnl")
_ABOUT_A_PANE: Final[Mapping[str, Collection[PaneName]]] = {
    "explain_row": _ROWS,
    "go_to_row": _ROWS,
    "changed_before": _NUMBERS,
    "changed_after": _NUMBERS,
    "retry": ("orders", "explain"),
    "chart": ("price",),
    "difference": ("strategy",),
    "debug": ("strategy",),
}
"""The panes that an action asks about; those that a pane binds itself are its `ACTIONS`."""


def help_rows(kind: type[Pane], actions: Sequence[Action] = ACTIONS) -> Iterator[Row]:
    """Yield what a pane shows, its keys, and then each other action that has a key, under the heading of its group."""
    own = {one.id for one in kind.ACTIONS}
    here = [one for one in actions if one.id in own or kind.NAME in _ABOUT_A_PANE.get(one.id, ())]
    yield Row((kind.TITLE, ""), kind.NAME, "warn")
    yield Row(("", kind.HELP or ""), kind.HELP)
    yield from (Row(sign, sign) for sign in kind.SIGNS)
    yield from map(_row, here)
    for group in Group:
        others = [one for one in actions if one.group is group and one.keys and one not in here]
        if others:
            yield Row((group.value, ""), group, "warn")
            yield from map(_row, others)
    yield Row((":", "Commands, and each action by its name, such as :next_fill"), "commands", "warn")
    for example, said in HELP.items():
        yield Row(("", example), example)
        yield Row(("", f"  {said}"), (example, said), "dim")


def _row(action: Action) -> Row:
    return Row((action.keys_text, action.help), action.id)


class HelpScreen(ListingScreen):
    """The help, in a list that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "cancel", "Close the help", id="close_help"),
    ]

    def __init__(self, kind: type[Pane], actions: Sequence[Action]) -> None:
        """Show the help of a pane first, with the keys that are in force."""
        super().__init__("Help", _COLUMNS, list(help_rows(kind, actions)), keys=("esc close",))

    def action_choose(self, how: str) -> None:
        """Stay: there is nothing to choose."""
