"""The timeline shows where one stands, what was done along the run, and goes where it is clicked."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from attrs import field, frozen
from textual import events
from textual.containers import Container
from textual.pilot import Pilot
from textual.widget import Widget

from tui.messages import SeekRequested
from tui.panes.timeline import TimelinePane
from tui.shown import TimelineView

OnStage = Callable[..., None]


@frozen
class Literal:
    """As much of a view as a test needs."""

    timeline: TimelineView


@frozen
class Done:
    """What was done in which columns."""

    fills: Mapping[int, int] = field(factory=dict)
    marks: Mapping[int, str] = field(factory=dict)
    drawdowns: Sequence[str] = ()


class Listening(Container):
    """Collects what the pane in it tells."""

    def __init__(self, pane: Widget) -> None:
        super().__init__(pane)
        self.heard: list[int] = []

    def on_seek_requested(self, message: SeekRequested) -> None:
        self.heard.append(message.step)


def view_of(step: int, head: int, count: int, done: Done | None = None) -> Literal:
    what = done or Done()

    def fills(columns: int) -> list[int]:
        return [what.fills.get(one, 0) for one in range(columns)]

    return Literal(
        TimelineView(step, head, count, fills, lambda _: what.marks, lambda _: [Decimal(one) for one in what.drawdowns])
    )


def lines_at(on_stage: OnStage, view: Literal, size: tuple[int, int] = (20, 2)) -> list[str]:
    pane, lines = TimelinePane(), list[str]()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(view)
        lines.extend(pane.plain_lines())

    on_stage(script, pane, size=size)
    return lines


@pytest.mark.parametrize(
    ("step", "head", "line"),
    [
        (-1, -1, "●                   "),
        (-1, 99, "●───────────────────"),
        (0, 0, "●                   "),
        (99, 99, "━━━━━━━━━━━━━━━━━━━●"),
        (49, 49, "━━━━━━━━━●          "),
        (20, 49, "━━━━●─────          "),
    ],
)
def test_the_line_is_past_recorded_and_ahead(on_stage: OnStage, step: int, head: int, line: str) -> None:
    assert lines_at(on_stage, view_of(step, head, 100))[0] == line


def test_marks_stand_on_the_line_and_where_one_stands_over_them(on_stage: OnStage) -> None:
    done = Done(marks={2: "✕", 4: "a", 15: "b"})
    assert lines_at(on_stage, view_of(20, 49, 100, done))[:2] == ["━━━━●─────     b    ", "  ✕                 "]


def test_fills_are_as_high_as_the_most_of_them(on_stage: OnStage) -> None:
    done = Done({0: 1, 1: 2, 3: 16, 4: 8})
    assert lines_at(on_stage, view_of(20, 49, 100, done))[1] == "▁▁ █▄               "
    assert lines_at(on_stage, view_of(20, 49, 100))[1] == " " * 20


def test_where_there_is_one_line_the_fills_are_left_out(on_stage: OnStage) -> None:
    css = "TimelinePane { height: 1; }"
    pane, lines = TimelinePane(), list[str]()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(view_of(20, 49, 100))
        lines.extend(pane.plain_lines())

    on_stage(script, pane, size=(20, 1), css=css)
    assert lines == ["━━━━●─────          "]


def test_a_third_line_is_the_drawdown_as_deep_as_the_worst_of_it(on_stage: OnStage) -> None:
    css = "TimelinePane { height: 3; }"
    pane, lines = TimelinePane(), list[str]()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(view_of(20, 49, 100, Done(drawdowns=["0", "0.01", "0.04", "0.05", "0.08", "0.09", "0.12"])))
        lines.extend(pane.plain_lines())
        pane.show_view(view_of(20, 49, 100, Done(drawdowns=["0", "0"])))
        lines.append(pane.plain_lines()[2])

    on_stage(script, pane, size=(20, 3), css=css)
    assert lines[2:] == [" ▔▔▀▀██", "  "]


@pytest.mark.parametrize("width", [1, 2, 3])
def test_no_width_is_too_small(on_stage: OnStage, width: int) -> None:
    assert [len(line) for line in lines_at(on_stage, view_of(20, 49, 100), (width, 2))] == [width, width]


def test_a_click_asks_for_a_step_of_the_column_that_was_clicked(on_stage: OnStage) -> None:
    pane = TimelinePane()
    listening = Listening(pane)

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_view(view_of(20, 49, 100))
        for column in (0, 1, 7, 19):
            await pilot.click(TimelinePane, offset=(column, 0))
            step = listening.heard[-1]
            assert step * 20 // 100 == column
        assert (listening.heard[0], listening.heard[-1]) == (0, 99)

    on_stage(script, listening, size=(20, 2))


def test_the_place_follows_the_mouse_while_its_button_is_held(on_stage: OnStage) -> None:
    pane = TimelinePane()
    listening = Listening(pane)

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_view(view_of(20, 49, 100))
        await pilot.hover(TimelinePane, offset=(3, 0))
        assert listening.heard == []
        await pilot.mouse_down(TimelinePane, offset=(5, 0))
        for column in (6, 7):
            await pilot._post_mouse_events([events.MouseMove], TimelinePane, (column, 0), button=1)
        await pilot.mouse_up(TimelinePane, offset=(7, 0))
        heard = [step * 20 // 100 for step in listening.heard]
        assert heard == [5, 6, 7, 7]
        await pilot.hover(TimelinePane, offset=(9, 0))
        assert len(listening.heard) == len(heard)

    on_stage(script, listening, size=(20, 2))


def test_before_there_is_a_view_a_click_asks_for_nothing(on_stage: OnStage) -> None:
    pane = TimelinePane()
    listening = Listening(pane)

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.click(TimelinePane, offset=(3, 0))
        assert listening.heard == []

    on_stage(script, listening, size=(20, 2))
