"""Every action is offered in one way, and a key means one thing."""

from collections import Counter

import pytest
from textual.binding import Binding

from tui.actions import ACTIONS
from tui.app import FillstepApp
from tui.keys import Action, Group, Scope, bindings
from tui.panes import PANES
from tui.panes.pane import Pane
from tui.screens.help import help_rows


def owners_of(action: Action) -> list[type[FillstepApp] | type[Pane]]:
    """The app, or the panes in which it can be done."""
    return [FillstepApp] if action.scope is Scope.APP else [pane for pane in PANES if action in pane.ACTIONS]


def test_every_action_has_a_name_of_its_own_and_says_what_it_does() -> None:
    assert max(Counter(action.id for action in ACTIONS).values()) == 1
    assert all(action.help and action.help[0].isupper() and action.help[-1] != "." for action in ACTIONS)


@pytest.mark.parametrize("pane", PANES, ids=lambda pane: pane.NAME)
def test_no_key_means_two_things_where_a_pane_has_the_focus(pane: type[Pane]) -> None:
    there = [action for action in ACTIONS if action.scope is Scope.APP or action in pane.ACTIONS]
    keys = Counter(key for action in there for key in action.keys)
    assert keys.most_common(1)[0][1] == 1


def test_what_can_be_done_in_a_pane_is_in_the_registry() -> None:
    assert {action for pane in PANES for action in pane.ACTIONS} == {
        action for action in ACTIONS if action.scope is not Scope.APP
    }


def test_each_pane_has_a_name_and_a_number_of_its_own() -> None:
    assert len({pane.NAME for pane in PANES}) == len(PANES)
    assert [pane.TITLE[:2] for pane in PANES] == [f"{number} " for number in range(1, len(PANES) + 1)]


def test_every_action_can_be_called() -> None:
    for action in ACTIONS:
        assert owners_of(action)
        assert all(hasattr(owner, f"action_{action.call.partition('(')[0]}") for owner in owners_of(action)), action.id


def test_every_action_can_be_found_in_the_help_or_the_palette() -> None:
    listed = {row.key for kind in PANES for row in help_rows(kind)}
    assert all(action.id in listed or action.in_palette for action in ACTIONS)
    assert set(Group) <= listed


def test_every_binding_can_be_remapped_by_its_name() -> None:
    found = [binding for binding in bindings(ACTIONS) if isinstance(binding, Binding)]
    assert {binding.id for binding in found} == {action.id for action in ACTIONS if action.keys}


def test_the_keys_that_the_design_promises_are_there() -> None:
    keys = {key: action.id for action in ACTIONS for key in action.keys}
    assert {keys[key] for key in ("n", "right", "f10")} == {"next_bar"}
    assert {keys[key] for key in ("N", "left", "f23")} == {"previous_bar"}
    assert [keys[key] for key in ("s", "f11", "S")] == ["next_place", "next_place", "previous_place"]
    assert [keys[key] for key in "fFcC"] == ["next_fill", "previous_fill", "go_on", "go_back"]
    assert [keys[key] for key in ("f5", "space")] == ["go_on", "run_or_pause"]
    assert [keys[key] for key in ("right_square_bracket", "left_square_bracket")] == ["ten_on", "ten_back"]
    assert [keys[key] for key in ("0", "dollar_sign")] == ["first", "last"]
    assert [keys[key] for key in "bBwWrRpdDmo"] == [
        "breakpoint",
        "breakpoints",
        "changed_after",
        "changed_before",
        "retry",
        "reload",
        "other_run",
        "difference",
        "debug",
        "set_bookmark",
        "order",
    ]
    assert [keys[key] for key in ("apostrophe", "colon", "enter", "t")] == [
        "go_to_bookmark",
        "command",
        "explain_row",
        "go_to_row",
    ]
    assert keys["ctrl+z"] == "suspend"
    assert [keys[number] for number in "12345678"] == [
        "focus_price",
        "focus_positions",
        "focus_orders",
        "focus_pnl",
        "focus_events",
        "focus_explain",
        "focus_timeline",
        "focus_strategy",
    ]


def test_keys_are_written_as_people_call_them() -> None:
    texts = {action.id: action.keys_text for action in ACTIONS}
    assert (texts["next_bar"], texts["help"], texts["leave_zoom"]) == ("n → f10", "?", "esc")
    assert (texts["down"], texts["page_up"], texts["last_row"]) == ("j ↓", "pgup", "G end")
    assert (texts["previous_bar"], texts["last"], texts["command"]) == ("N ← shift+f11", "$", ":")


def test_each_pane_can_have_the_focus_and_be_shown_alone() -> None:
    assert all(pane.can_focus and pane.ALLOW_MAXIMIZE for pane in PANES)
