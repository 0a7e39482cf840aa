"""The first and the last line of the screen say as much as has room."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import frozen
from textual.pilot import Pilot

from tui.actions import actions_of
from tui.keys import Scope
from tui.panes.footer import FooterLine
from tui.panes.status import StatusLine
from tui.shown import State, StatusView

OnStage = Callable[..., None]
PARTS = ("bar  201/2015", "2005-12-13", "equity   133,650.03", "cash  133,650.03", "drawdown  0.00%", "日本株")


@frozen
class Literal:
    """As much of a view as a test needs."""

    status: StatusView


def status_at(on_stage: OnStage, width: int, state: State = State.PAUSED) -> str:
    line, lines = StatusLine(), list[str]()

    async def script(_: Pilot[Any]) -> None:
        line.show_view(Literal(StatusView(state, PARTS)))
        lines.extend(line.plain_lines())

    on_stage(script, line, size=(width, 1))
    return lines[0]


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (1, "…"),
        (9, " ■ PAUSED"),
        (8, " ■ PAUS…"),
        (24, " ■ PAUSED "),
        (25, " ■ PAUSED   bar  201/2015"),
        (80, " ■ PAUSED   bar  201/2015  2005-12-13  equity   133,650.03  cash  133,650.03"),
        (100, " ■ PAUSED   " + "  ".join(PARTS[:5])),
        (101, " ■ PAUSED   " + "  ".join(PARTS)),
    ],
)
def test_what_has_no_room_is_left_out_whole(on_stage: OnStage, width: int, text: str) -> None:
    assert status_at(on_stage, width) == text


def test_each_state_is_named(on_stage: OnStage) -> None:
    assert [status_at(on_stage, 30, state).split("  ")[0].strip() for state in State] == [
        "■ PAUSED",
        "◀ REWOUND",
        "▶ RUNNING",
        "■ END of data",
        "✖ ERROR",
    ]


def footer_at(on_stage: OnStage, width: int, *scopes: Scope) -> str:
    line, lines = FooterLine(), list[str]()

    async def script(_: Pilot[Any]) -> None:
        line.show_actions(actions_of(*scopes))
        lines.extend(line.plain_lines())

    on_stage(script, line, size=(width, 1))
    return lines[0].rstrip()


def test_the_footer_has_the_keys_of_the_focused_pane(on_stage: OnStage) -> None:
    time = " n Next  N Back  s Step  f Fill  c Go on  space Run  b Break  W Why  : Cmd"
    common = f"{time}  tab Pane  z Zoom  v View"
    assert footer_at(on_stage, 160, Scope.APP) == f"{common}  ? Help  q Quit"
    assert footer_at(on_stage, 160, Scope.APP, Scope.LIST) == (
        f"{common}  j Down  k Up  g First  G Last  ? Help  q Quit"
    )


def test_how_to_get_help_and_how_to_leave_stay_in_the_footer(on_stage: OnStage) -> None:
    assert footer_at(on_stage, 80, Scope.APP, Scope.LIST).endswith("  ? Help  q Quit")
    assert footer_at(on_stage, 25, Scope.APP) == " n Next  ? Help  q Quit"
    assert footer_at(on_stage, 18, Scope.APP) == " ? Help  q Quit"
    assert footer_at(on_stage, 9, Scope.APP) == " ? Help"
