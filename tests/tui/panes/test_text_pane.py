"""A pane of text wraps its lines, moves through them, and begins anew with another subject."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from attrs import field, frozen
from textual import events
from textual.pilot import Pilot

from tui.panes.explain import ExplainPane
from tui.panes.strategy import StrategyPane
from tui.panes.text_pane import TextPane
from tui.shown import ExplainView, TextView

OnStage = Callable[..., None]


class Text(TextPane):
    NAME = "explain"
    TITLE = "6 Explain"


BORDER = "TextPane { border: round white; }"


@frozen
class Literal:
    """As much of a view as a test needs."""

    explain: ExplainView = field(factory=lambda: ExplainView("", ()))
    strategy: TextView = field(factory=lambda: TextView("", ()))


def text_of(*lines: str, title: str = "") -> TextView:
    return TextView(title, tuple((line, "") for line in lines))


def shown(on_stage: OnStage, view: TextView, size: tuple[int, int]) -> list[str]:
    pane, lines = Text(), list[str]()

    async def script(_: Pilot[Any]) -> None:
        pane.show_text(view)
        lines.extend(line.rstrip() for line in pane.plain_lines())

    on_stage(script, pane, size=size)
    return lines


def test_a_long_line_goes_on_under_itself(on_stage: OnStage) -> None:
    assert shown(on_stage, text_of("one two three", "  four five six", "seven"), (9, 7)) == [
        "one two",
        "  three",
        "  four",
        "    five",
        "    six",
        "seven",
        "",
    ]


def test_an_empty_line_stays(on_stage: OnStage) -> None:
    assert shown(on_stage, text_of("one", "", "two"), (9, 3)) == ["one", "", "two"]


def test_a_word_that_is_too_long_is_broken(on_stage: OnStage) -> None:
    assert shown(on_stage, text_of("x" * 20), (9, 3)) == ["x" * 9, f"  {'x' * 7}", "  xxxx"]


def test_wide_characters_do_not_leave_the_pane(on_stage: OnStage) -> None:
    lines = shown(on_stage, text_of("株式会社日本株式会社日本"), (9, 6))
    assert "".join(line.strip() for line in lines) == "株式会社日本株式会社日本"


def test_there_is_no_size_that_is_too_small(on_stage: OnStage) -> None:
    for size in ((1, 1), (2, 1), (3, 9)):
        assert len(shown(on_stage, text_of("one two three", "  four"), size)) == size[1]


def test_keys_and_the_wheel_move_the_text(on_stage: OnStage) -> None:
    pane, seen = Text(), list[str]()

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_text(text_of(*map(str, range(30))))
        pane.focus()
        for key in ("j", "down", "k", "G", "up", "g", "k", "ctrl+d", "ctrl+u", "pagedown", "pageup", "end", "home"):
            await pilot.press(key)
            seen.append(pane.plain_lines()[0].rstrip())
        await pilot._post_mouse_events([events.MouseScrollDown], pane)
        seen.append(pane.plain_lines()[0].rstrip())

    on_stage(script, pane, size=(20, 10))
    assert seen[:-1] == ["1", "2", "1", "20", "19", "0", "0", "5", "0", "10", "0", "20", "0"]
    assert seen[-1] == "3"


def test_another_subject_is_shown_from_its_first_line(on_stage: OnStage) -> None:
    pane, seen = Text(), list[str]()

    async def script(_: Pilot[Any]) -> None:
        for title in ("#1, bar 2", "#1, bar 2", "#2, bar 2"):
            pane.show_text(text_of(*map(str, range(30)), title=title))
            seen.append(pane.plain_lines()[0].rstrip())
            pane.move(4)

    on_stage(script, pane, size=(20, 10))
    assert seen == ["0", "4", "0"]


def test_a_shorter_text_is_not_scrolled_past_its_end(on_stage: OnStage) -> None:
    pane = Text()

    async def script(_: Pilot[Any]) -> None:
        pane.show_text(text_of(*map(str, range(30))))
        pane.end()
        pane.show_text(text_of("one", "two"))
        assert [line.rstrip() for line in pane.plain_lines()[:2]] == ["one", "two"]

    on_stage(script, pane, size=(20, 10))


def test_the_title_is_in_the_border_and_taken_literally(on_stage: OnStage) -> None:
    pane = Text()

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_text(text_of("one", title="[b]#1[/], bar 2"))
        await pilot.pause()
        strips = pilot.app.screen._compositor.render_strips()
        assert strips[0].text.startswith("╭─ 6 Explain [b]#1[/], bar 2 ─")

    on_stage(script, pane, size=(40, 4), css=BORDER)


def test_the_bar_stands_over_the_explanation_as_one_line(on_stage: OnStage) -> None:
    pane = ExplainPane()
    bar = (Decimal(10), Decimal(20), Decimal(0), Decimal(5))
    view = ExplainView("#1, bar 2", (("why", ""),), bar, "O→H→L→C", [("▲", Decimal(12))])

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(explain=view))
        assert [line.rstrip() for line in pane.plain_lines()[:2]] == ["L────C────O─▲───────H  O→H→L→C", "why"]
        pane.show_view(Literal(explain=ExplainView("bar 3", (("why", ""),))))
        assert [line.rstrip() for line in pane.plain_lines()[:2]] == ["why", ""]

    on_stage(script, pane, size=(30, 3))


def test_in_a_pane_without_room_the_bar_is_cut(on_stage: OnStage) -> None:
    bar = (Decimal(10), Decimal(20), Decimal(0), Decimal(5))
    for width in (1, 5, 9, 12):
        pane = ExplainPane()
        view = ExplainView("#1, bar 2", (), bar, "O→H→L→C", [("▲", Decimal(12))])

        async def script(_: Pilot[Any], pane: ExplainPane = pane, view: ExplainView = view, width: int = width) -> None:
            pane.show_view(Literal(explain=view))
            assert len(pane.plain_lines()[0]) == width

        on_stage(script, pane, size=(width, 3))


def test_the_strategy_is_looked_at_only_while_it_is_seen(on_stage: OnStage) -> None:
    pane = StrategyPane()

    class Asked:
        @property
        def strategy(self) -> TextView:
            raise AssertionError

    async def script(_: Pilot[Any]) -> None:
        pane.display = False
        pane.show_view(Asked())
        pane.display = True
        pane.show_view(Literal(strategy=text_of("window  3")))

    on_stage(script, pane, size=(30, 3))
