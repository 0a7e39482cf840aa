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
    QUESTIONS = "Questions"
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
    "colon": ":",
    "apostrophe": "'",
    "dollar_sign": "$",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "f23": "shift+f11",
    "shift+right": "shift+→",
    "shift+left": "shift+←",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}


def _written(key: str) -> str:
    return _WRITTEN.get(key, key)


def _in_list(id: str, call: str, keys: tuple[str, ...], help: str, label: str = "") -> Action:  # noqa: A002 - as the field
    return Action(id, call, keys, help, Group.LISTS, label, scope=Scope.LIST, in_palette=False)


def _in_time(id: str, keys: tuple[str, ...], help: str, label: str = "") -> Action:  # noqa: A002 - as the field
    return Action(id, f"travel({id!r})", keys, help, Group.TIME, label)


def _asked(id: str, keys: tuple[str, ...], help: str, label: str = "") -> Action:  # noqa: A002 - as the field
    return Action(id, f"ask({id!r})", keys, help, Group.QUESTIONS, label)


ACTIONS: Final[Sequence[Action]] = (
    _in_time("next_bar", ("n", "right", "f10"), "Next bar; at the head, execute it", "Next"),
    _in_time("previous_bar", ("N", "left", "f23"), "Previous bar", "Back"),
    _in_time("next_place", ("s", "f11"), "Next place inside the bar: a phase, an order, a fill", "Step"),
    _in_time("previous_place", ("S",), "Previous place inside the bar"),
    _in_time("next_fill", ("f",), "To the next fill, or run to it", "Fill"),
    _in_time("previous_fill", ("F",), "To the fill before"),
    _in_time("go_on", ("c", "f5"), "Run to the next breakpoint, or to the end", "Go on"),
    _in_time("go_back", ("C",), "Back to the last breakpoint, or to the start"),
    _in_time("run_or_pause", ("space",), "Run, or pause; any key of time pauses too", "Run"),
    _in_time("ten_on", ("right_square_bracket", "shift+right"), "Ten bars on"),
    _in_time("ten_back", ("left_square_bracket", "shift+left"), "Ten bars back"),
    _in_time("first", ("0",), "To the start"),
    _in_time("last", ("dollar_sign",), "To the newest bar"),
    _asked("breakpoint", ("b",), "Set a breakpoint at this bar, or take it away", "Break"),
    _asked("breakpoints", ("B",), "Breakpoints and their conditions"),
    _asked("changed_before", ("W",), "To where a number of this row was last changed", "Why"),
    _asked("changed_after", ("w",), "To where it is changed next"),
    _asked("retry", ("r",), "Of a rejection: retry with its remedy, in a branch"),
    _asked("reload", ("R",), "Run the strategy's file as it is now, in a branch"),
    _asked("other_run", ("p",), "Between a branch and its parent"),
    _asked("difference", ("d",), "This moment beside the one before, or the parent's"),
    _asked("debug", ("D",), "Into the code of the strategy, in a debugger"),
    _asked("set_bookmark", ("m",), "Bookmark this place with a letter"),
    _asked("go_to_bookmark", ("apostrophe",), "Go to a bookmark"),
    _asked("bookmarks", (), "Bookmarks and notes"),
    _asked("order", ("o",), "Ask for an order by hand, at the head"),
    _asked("command", ("colon",), "Write a command", "Cmd"),
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
    _in_list("first_row", "home", ("g", "home"), "Move to the first row", "First"),
    _in_list("last_row", "end", ("G", "end"), "Move to the last row", "Last"),
    Action("explain_row", "ask('explain_row')", ("enter",), "Explain the row; of a fill, go to it", Group.LISTS),
    Action("go_to_row", "ask('go_to_row')", ("t",), "Go to where the event of the row happened", Group.LISTS),
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
