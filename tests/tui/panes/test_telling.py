"""What is told lies over the last lines of a pane, and says where it is cut."""

from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

from tui.messages import PaneName
from tui.panes.telling import READ_ON, Notice, TellingPane, notice_lines
from tui.widgets.lines import Line, line_text

LONG = "one two three four five six seven eight nine ten"


def texts(*notices: Notice, width: int = 30, most: int = 3) -> list[str]:
    lines = notice_lines(notices, width, most)
    assert {len(line_text(line)) for line in lines} <= {width}
    return [line_text(line).strip() for line in lines]


def test_a_notice_takes_the_lines_it_needs() -> None:
    assert texts() == []
    assert texts(Notice("short")) == ["short"]
    assert texts(Notice(LONG)) == ["one two three four five six", "seven eight nine ten"]


def test_what_has_no_room_is_cut_where_one_sees_it_and_says_how_to_read_on() -> None:
    assert texts(Notice(LONG), most=1) == [f"one two three{READ_ON}"]
    assert texts(Notice(f"{LONG} {LONG}"), most=2) == ["one two three four five six", f"seven eight{READ_ON}"]


def test_what_is_told_all_the_time_has_one_line() -> None:
    assert texts(Notice(LONG, is_standing=True)) == [f"one two three{READ_ON}"]


def test_of_two_notices_each_has_a_line_at_least() -> None:
    error = Notice(LONG, is_error=True)
    assert texts(error, Notice("short")) == ["one two three four five six", "seven eight nine ten", "short"]
    assert texts(error, Notice("short"), most=2) == [f"one two three{READ_ON}", "short"]
    assert texts(error, Notice("short"), most=1) == [f"one two three{READ_ON}"]


def test_an_error_has_a_color_of_its_own() -> None:
    lines = notice_lines([Notice("a", is_error=True), Notice("b")], 10, 2)
    assert [line[0][1] for line in lines] == ["telling--error", "telling--message"]


def test_no_width_and_no_height_is_too_small() -> None:
    for width in range(1, 20):
        for most in range(3):
            assert len(texts(Notice(LONG), Notice("b"), width=width, most=most)) <= most


class Counting(TellingPane):
    NAME: PaneName = "timeline"
    TITLE = "7 Timeline"

    def build(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        return [((f"line {number}", ""),) for number in range(height)]


def test_the_last_lines_are_covered_and_come_back(on_stage: Callable[..., None]) -> None:
    pane = Counting()

    async def script(pilot: Pilot[Any]) -> None:
        pane.tell([Notice("told")])
        assert [line.strip() for line in pane.plain_lines()] == ["line 0", "line 1", "told"]
        pane.tell([])
        assert pane.plain_lines() == ["line 0", "line 1", "line 2"]

    on_stage(script, pane, css="#timeline { border: none; }", size=(30, 3))
