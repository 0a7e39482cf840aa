"""What an action is, and the actions of lists and of the chart; all others stand in `tui.actions`.

A pane binds the actions of its scope from here, because the registry of all actions knows the panes.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final

from attrs import frozen
from textual.binding import Binding, BindingType


class Scope(Enum):
    """Where an action is bound: everywhere, or where lines, a list with a filter, or the chart has the focus."""

    APP = "app"
    LIST = "list"
    FILTERED = "filtered"
    CHART = "chart"


class Group(Enum):
    """Under which heading the help shows an action."""

    TIME = "Time"
    QUESTIONS = "Questions"
    PANES = "Panes"
    LISTS = "Lists"
    CHART = "Chart"
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
        adds_to_run: Whether it may execute steps or ask for orders; every other leaves the record of the run as it is.
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
    adds_to_run: bool = False

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
    "slash": "/",
    "plus": "+",
    "minus": "-",
    "at": "@",
    "exclamation_mark": "!",
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


def read_key(text: str) -> str:
    """Return the name of a key as the help shows it; of any other text, the text."""
    return next((key for key, shown in _WRITTEN.items() if shown == text), text)


def _in_list(id: str, call: str, keys: tuple[str, ...], help: str, label: str = "") -> Action:  # noqa: A002 - as the field
    return Action(id, call, keys, help, Group.LISTS, label, scope=Scope.LIST, in_palette=False)


def _in_chart(id: str, call: str, keys: tuple[str, ...], help: str, label: str = "") -> Action:  # noqa: A002 - as the field
    return Action(id, call, keys, help, Group.CHART, label, scope=Scope.CHART, in_palette=False)


LIST_ACTIONS: Final[Sequence[Action]] = (
    _in_list("down", "move(1)", ("j", "down"), "Move down", "Down"),
    _in_list("up", "move(-1)", ("k", "up"), "Move up", "Up"),
    _in_list("half_down", "page(0.5)", ("ctrl+d",), "Move down by half a page"),
    _in_list("half_up", "page(-0.5)", ("ctrl+u",), "Move up by half a page"),
    _in_list("page_down", "page(1)", ("pagedown",), "Move down by a page"),
    _in_list("page_up", "page(-1)", ("pageup",), "Move up by a page"),
    _in_list("first_row", "home", ("g", "home"), "Move to the first row", "First"),
    _in_list("last_row", "end", ("G", "end"), "Move to the last row", "Last"),
)
"""What moves in a list, or in lines of text."""

FILTER_ACTIONS: Final[Sequence[Action]] = (
    Action(
        "filter",
        "filter",
        ("slash",),
        "Choose rows by words; ! before a word inverts it",
        Group.LISTS,
        "Filter",
        scope=Scope.FILTERED,
        in_palette=False,
    ),
)
"""What chooses among the lines of a pane."""

CHART_ACTIONS: Final[Sequence[Action]] = (
    _in_chart("chart_left", "move(-1)", ("h",), "Move the cursor to the bar before", "Left"),
    _in_chart("chart_right", "move(1)", ("l",), "Move the cursor to the next bar", "Right"),
    _in_chart("chart_closer", "magnify(1)", ("k", "up"), "Fewer bars in a column", "Closer"),
    _in_chart("chart_farther", "magnify(-1)", ("j", "down"), "More bars in a column", "Farther"),
    _in_chart("chart_back", "page(-0.5)", ("ctrl+u",), "Move back by half of what is in view"),
    _in_chart("chart_on", "page(0.5)", ("ctrl+d",), "Move on by half of what is in view"),
    _in_chart("chart_first", "home", ("g", "home"), "Move to the first bar", "First"),
    _in_chart("chart_last", "end", ("G", "end"), "Follow the newest bar", "Last"),
)
"""What moves in the chart."""


def bindings(actions: Iterable[Action]) -> list[BindingType]:
    """Return the bindings of some actions."""
    return [action.binding() for action in actions if action.keys]
