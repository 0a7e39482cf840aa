"""Every action of the person, once: its keys, what it does, and where it is offered.

The help screen, the footer, the palette and the bindings are all made from this list, so that none of them can say
something else. In one scope a key has one meaning.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final

from attrs import frozen
from textual.binding import Binding, BindingType

from tui.messages import TITLES


class Scope(Enum):
    """Where an action is bound: everywhere on the main screen, or where a list has the focus."""

    APP = "app"
    LIST = "list"


class Group(Enum):
    """Under which heading the help shows an action."""

    TIME = "Time"
    PANES = "Panes"
    LISTS = "Lists"
    PROGRAM = "Program"


@frozen
class Action:
    """Something that a person can ask for.

    Attributes:
        id: Its name in a keymap.
        call: The action method and its arguments, as Textual writes them.
        keys: The keys, in Textual's names; the first one is shown.
        help: What it does, in the imperative.
        group: The heading in the help.
        label: Its name in the footer, which does without it where that is empty.
        scope: Where it is bound.
        in_palette: Whether the palette offers it.
        is_essential: Whether it stays in the footer when there is little room.
        is_everywhere: Whether its keys work in dialogs too.
    """

    id: str
    call: str
    keys: tuple[str, ...]
    help: str
    group: Group
    label: str = ""
    scope: Scope = Scope.APP
    in_palette: bool = True
    is_essential: bool = False
    is_everywhere: bool = False

    @property
    def key_text(self) -> str:
        """The first key, as the footer shows it."""
        return _written(self.keys[0])

    @property
    def keys_text(self) -> str:
        """All its keys, as the help shows them."""
        return " ".join(map(_written, self.keys))

    def binding(self) -> Binding:
        """Bind its keys."""
        keys = ",".join(self.keys)
        return Binding(keys, self.call, self.help, show=bool(self.label), id=self.id, priority=self.is_everywhere)


_WRITTEN: Final = {
    "question_mark": "?",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
    "right": "→",
    "up": "↑",
    "down": "↓",
}


def _written(key: str) -> str:
    return _WRITTEN.get(key, key)


def _in_list(id: str, call: str, keys: tuple[str, ...], help: str, label: str = "") -> Action:  # noqa: A002 - as the field
    return Action(id, call, keys, help, Group.LISTS, label, scope=Scope.LIST, in_palette=False)


ACTIONS: Final[Sequence[Action]] = (
    Action("next_bar", "next_bar", ("n", "right", "f10"), "Execute the next bar", Group.TIME, "Next"),
    Action("next_fill", "next_fill", ("f",), "Run to the next fill", Group.TIME, "Fill"),
    Action("run_to_end", "run_to_end", ("c", "f5"), "Run to the end", Group.TIME, "End"),
    Action("run_or_pause", "run_or_pause", ("space",), "Run, or pause; n and f pause too", Group.TIME, "Run"),
    *(
        Action(f"focus_{name}", f"focus_pane({name!r})", (title[0],), f"Go to {title[2:]}", Group.PANES)
        for name, title in TITLES.items()
    ),
    Action("next_pane", "next_pane", ("tab",), "Go to the next pane", Group.PANES, "Pane"),
    Action("previous_pane", "previous_pane", ("shift+tab",), "Go to the previous pane", Group.PANES),
    Action("zoom", "zoom", ("z",), "Show one pane alone, or all again", Group.PANES, "Zoom"),
    Action("leave_zoom", "leave_zoom", ("escape",), "Show all panes again", Group.PANES, in_palette=False),
    Action("chart", "toggle_chart", ("v",), "Draw bars, or a line of closes", Group.PANES, "View"),
    _in_list("down", "move(1)", ("j", "down"), "Move down", "Down"),
    _in_list("up", "move(-1)", ("k", "up"), "Move up", "Up"),
    _in_list("half_down", "page(0.5)", ("ctrl+d",), "Move down by half a page"),
    _in_list("half_up", "page(-0.5)", ("ctrl+u",), "Move up by half a page"),
    _in_list("page_down", "page(1)", ("pagedown",), "Move down by a page"),
    _in_list("page_up", "page(-1)", ("pageup",), "Move up by a page"),
    _in_list("first", "home", ("g", "home"), "Move to the first row", "First"),
    _in_list("last", "end", ("G", "end"), "Move to the last row", "Last"),
    Action("help", "help", ("question_mark",), "Show every key", Group.PROGRAM, "Help", is_essential=True),
    Action("palette", "command_palette", ("ctrl+p",), "Find an action by its name", Group.PROGRAM, in_palette=False),
    Action("theme", "change_theme", (), "Change the colors", Group.PROGRAM),
    Action(
        "suspend", "suspend_process", ("ctrl+z",), "Go back to the shell for a while", Group.PROGRAM, is_everywhere=True
    ),
    Action("quit", "quit", ("q",), "Quit", Group.PROGRAM, "Quit", is_essential=True),
    Action("quit_now", "quit", ("ctrl+q",), "Quit from anywhere", Group.PROGRAM, in_palette=False, is_everywhere=True),
)


def bindings(scope: Scope) -> list[BindingType]:
    """Return the bindings of a scope."""
    return [action.binding() for action in ACTIONS if action.scope is scope and action.keys]
