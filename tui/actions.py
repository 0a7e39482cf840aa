"""Every action of the person, once: its keys, what it does, and where it is offered.

The help screen, the footer, the palette and the bindings are all made from this list, so that none of them can say
something else. In one scope a key has one meaning.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from attrs import evolve

from tui.keys import CHART_ACTIONS, FILTER_ACTIONS, LIST_ACTIONS, Action, Group, Scope
from tui.panes import PANES


def _calling(
    method: str,
    group: Group,
    id: str,  # noqa: A002 - as the field
    keys: tuple[str, ...],
    help: str,  # noqa: A002 - as the field
    label: str = "",
    *,
    adds_to_run: bool = False,
) -> Action:
    """Return an action whose method is told its name."""
    return Action(id, f"{method}({id!r})", keys, help, group, label, adds_to_run=adds_to_run)


_in_time = partial(_calling, "travel", Group.TIME)
_asked = partial(_calling, "ask", Group.QUESTIONS)

ACTIONS: Final[Sequence[Action]] = (
    _in_time("next_bar", ("n", "right", "f10"), "Next bar; at the head, execute it", "Next", adds_to_run=True),
    _in_time("previous_bar", ("N", "left", "f23"), "Previous bar", "Back"),
    _in_time(
        "next_place", ("s", "f11"), "Next place inside the bar: a phase, an order, a fill", "Step", adds_to_run=True
    ),
    _in_time("previous_place", ("S",), "Previous place inside the bar"),
    _in_time("next_fill", ("f",), "To the next fill, or run to it", "Fill", adds_to_run=True),
    _in_time("previous_fill", ("F",), "To the fill before"),
    _in_time("go_on", ("c", "f5"), "Run to the next breakpoint, or to the end", "Go on", adds_to_run=True),
    _in_time("go_back", ("C",), "Back to the last breakpoint, or to the start"),
    _in_time("run_or_pause", ("space",), "Run, or pause; any key of time pauses too", "Run", adds_to_run=True),
    _in_time("faster", ("plus",), "Let space play faster; at last as fast as it goes"),
    _in_time("slower", ("minus",), "Let space play slower, in bars a second"),
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
    _asked("data", (), "What was found in the files of bars: gaps, duplicates, what looks like a split"),
    _asked("order", ("o",), "Ask for an order by hand, at the head", adds_to_run=True),
    _asked("go_to", ("at",), "Go to a bar, a time, an order, or an event", adds_to_run=True),
    _asked("command", ("colon",), "Write a command", "Cmd", adds_to_run=True),
    *(
        Action(f"focus_{one.NAME}", f"focus_pane({one.NAME!r})", (one.TITLE[0],), f"Go to {one.TITLE[2:]}", Group.PANES)
        for one in PANES
    ),
    Action("next_pane", "next_pane", ("tab",), "Go to the next pane", Group.PANES, "Pane"),
    Action("previous_pane", "previous_pane", ("shift+tab",), "Go to the previous pane", Group.PANES),
    Action("zoom", "zoom", ("z",), "Show one pane alone, or all again", Group.PANES, "Zoom"),
    Action(
        "leave_zoom",
        "leave_zoom",
        ("escape",),
        "Clear the filter, or show all panes again",
        Group.PANES,
        in_palette=False,
    ),
    Action("chart", "toggle_chart", ("v",), "Draw bars, or a line of closes", Group.PANES, "View"),
    *LIST_ACTIONS,
    *FILTER_ACTIONS,
    *CHART_ACTIONS,
    Action("explain_row", "ask('explain_row')", ("enter",), "Explain the row; of a fill, go to it", Group.LISTS),
    Action("go_to_row", "ask('go_to_row')", ("t",), "Go to where the row happened, or to the chart's bar", Group.LISTS),
    Action("read_notice", "read_notice", ("exclamation_mark",), "Read in full what is told", Group.PROGRAM),
    Action(
        "help", "help", ("question_mark",), "Help of this pane, and every key", Group.PROGRAM, "Help", is_essential=True
    ),
    Action("palette", "command_palette", ("ctrl+p",), "Find an action by its name", Group.PROGRAM, in_palette=False),
    Action("theme", "change_theme", (), "Change the colors", Group.PROGRAM),
    Action(
        "suspend", "suspend_process", ("ctrl+z",), "Go back to the shell for a while", Group.PROGRAM, is_everywhere=True
    ),
    Action("quit", "quit", ("q",), "Quit", Group.PROGRAM, "Quit", is_essential=True),
    Action("quit_now", "quit", ("ctrl+q",), "Quit from anywhere", Group.PROGRAM, in_palette=False, is_everywhere=True),
)


def actions_of(*scopes: Scope) -> list[Action]:
    """Return the actions of some scopes, in the order of the registry."""
    return [action for action in ACTIONS if action.scope in scopes]


def in_force(keymap: Mapping[str, Sequence[str]]) -> tuple[Action, ...]:
    """Return every action by the keys that a person wants, and by its own where they want no others.

    Args:
        keymap: Keys, in Textual's names, by the names of actions.
    """
    return tuple(evolve(action, keys=tuple(keymap.get(action.id, action.keys))) for action in ACTIONS)
