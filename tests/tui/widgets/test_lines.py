"""Only lines that changed are painted again, and text is never read as markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container
from textual.geometry import Region, Size
from textual.widget import Widget

from tui.widgets.lines import Line, LineWidget, line_regions, line_text, set_border_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

HOSTILE = "[@click=app.quit]x[/]"


class Poem(LineWidget):
    """Shows the lines it is given, and counts what it does."""

    ALLOW_MAXIMIZE = True

    def __init__(self, *verses: str) -> None:
        super().__init__()
        self.verses = verses
        self.builds = 0
        self.refreshed: list[tuple[Region, ...]] = []

    def say(self, *verses: str) -> int:
        self.verses = verses
        self.refreshed.clear()
        return self.redraw()

    def build(self, width: int, height: int) -> list[Line]:
        self.builds += 1
        return [((verse[:width], ""),) for verse in self.verses[:height]]

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Poem:
        if self.is_mounted:
            self.refreshed.append(regions)
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self


def cells(pilot: Pilot[None]) -> list[str]:
    """Return the text of every line of the screen, as it is composed."""
    return [strip.text for strip in pilot.app.screen._compositor.render_strips()]


def test_changed_lines_that_touch_are_one_region() -> None:
    assert line_regions([0, 1, 4], 9) == [Region(0, 0, 9, 2), Region(0, 4, 9, 1)]
    assert line_regions([], 9) == []


def test_only_changed_lines_are_refreshed_and_counted(on_stage: Callable[..., None]) -> None:
    poem = Poem("one", "two", "three")

    async def script(_: Pilot[None]) -> None:
        assert poem.say("one", "TWO", "three") == 1
        assert poem.refreshed == [(Region(0, 1, 30, 1),)]
        assert poem.say("one", "TWO") == 1
        assert poem.refreshed == [(Region(0, 2, 30, 1),)]

    on_stage(script, poem)


def test_equal_lines_refresh_nothing(on_stage: Callable[..., None]) -> None:
    poem = Poem("one")

    async def script(_: Pilot[None]) -> None:
        assert poem.say("one") == 0
        assert poem.refreshed == []

    on_stage(script, poem)


def test_a_line_is_made_into_a_strip_once_for_each_change(on_stage: Callable[..., None]) -> None:
    poem = Poem("one", "two")

    async def script(_: Pilot[None]) -> None:
        before = [poem.render_line(y) for y in (0, 1)]
        poem.say("one", "TWO")
        assert poem.render_line(0) is before[0]
        assert poem.render_line(1) is not before[1]

    on_stage(script, poem)


def test_a_border_does_not_shift_what_is_repainted(on_stage: Callable[..., None]) -> None:
    poem = Poem("one", "two")

    async def script(pilot: Pilot[None]) -> None:
        poem.say("one", "TWO")
        await pilot.pause()
        assert [line.rstrip("│ ") for line in cells(pilot)[1:4]] == ["│one", "│TWO", ""]

    on_stage(script, poem, css="Poem { border: round red; }")


def test_new_data_causes_no_layout(on_stage: Callable[..., None]) -> None:
    poem = Poem("one")

    async def script(pilot: Pilot[None]) -> None:
        updates = poem._layout_updates, pilot.app.screen._layout_updates
        poem.say("a much longer line than the widget is wide", *"abcdefgh")
        await pilot.pause()
        assert (poem._layout_updates, pilot.app.screen._layout_updates) == updates

    on_stage(script, poem)


def test_a_new_size_is_built_before_it_is_painted(on_stage: Callable[..., None]) -> None:
    poem = Poem("a line of thirty cells or more of it")

    async def script(pilot: Pilot[None]) -> None:
        await pilot.resize_terminal(10, 3)
        assert cells(pilot) == ["a line of ", " " * 10, " " * 10]

    on_stage(script, poem)


def test_data_that_comes_between_a_new_size_and_its_paint_is_painted_once(on_stage: Callable[..., None]) -> None:
    poem = Poem("one")

    async def script(pilot: Pilot[None]) -> None:
        poem._built_size = Size(9, 9)
        poem.builds = 0
        assert poem.say("two") == poem.size.height
        assert (poem.builds, poem.refreshed) == (0, [()])
        await pilot.pause()
        assert (poem.builds, cells(pilot)[0].rstrip()) == (1, "two")

    on_stage(script, poem)


def test_what_changed_while_hidden_shows_afterwards_and_costs_nothing_before(on_stage: Callable[..., None]) -> None:
    poem = Poem("one")

    async def script(pilot: Pilot[None]) -> None:
        for attribute in ("display", "visible"):
            setattr(poem, attribute, False)
            await pilot.pause()
            poem.builds = 0
            assert poem.say(attribute) == 0
            assert poem.builds == 0
            setattr(poem, attribute, True)
            await pilot.pause()
            assert cells(pilot)[0].rstrip() == attribute

    on_stage(script, poem)


def test_what_changed_while_another_pane_was_zoomed_shows_afterwards(on_stage: Callable[..., None]) -> None:
    poem, other = Poem("one"), Poem("other")

    async def script(pilot: Pilot[None]) -> None:
        assert pilot.app.screen.maximize(other, container=False)
        await pilot.pause()
        assert poem.say("two") == 0
        pilot.app.screen.minimize()
        await pilot.pause()
        assert cells(pilot)[0].rstrip() == "two"

    on_stage(script, poem, other)


def test_text_that_looks_like_markup_is_shown_as_it_is(on_stage: Callable[..., None]) -> None:
    poem = Poem(HOSTILE)

    async def script(pilot: Pilot[None]) -> None:
        assert cells(pilot)[0].rstrip() == HOSTILE
        assert all(not segment.style.meta for segment in poem.render_line(0) if segment.style)

    on_stage(script, poem)


def test_border_text_is_plain_and_set_only_when_it_changes(on_stage: Callable[..., None]) -> None:
    poem = Poem()

    async def script(pilot: Pilot[None]) -> None:
        assert set_border_text(poem, title=HOSTILE, subtitle="1-4/7")
        poem.refreshed.clear()
        assert not set_border_text(poem, title=HOSTILE, subtitle="1-4/7")
        assert not set_border_text(poem)
        assert poem.refreshed == []
        await pilot.pause()
        assert HOSTILE in cells(pilot)[0]
        assert set_border_text(poem, title="")
        await pilot.pause()
        assert HOSTILE not in cells(pilot)[0]
        assert "1-4/7" in cells(pilot)[-1]

    on_stage(script, poem, css="Poem { border: round red; }")


def test_a_border_may_belong_to_a_container_instead(on_stage: Callable[..., None]) -> None:
    poem = Poem("one", "two")

    async def script(pilot: Pilot[None]) -> None:
        assert poem.say("one", "TWO") == 1
        await pilot.pause()
        assert [line.rstrip("│ ") for line in cells(pilot)[1:3]] == ["│one", "│TWO"]

    on_stage(script, Container(poem), css="Container { border: round red; }")


def test_a_theme_restyles_lines_that_did_not_change(on_stage: Callable[..., None]) -> None:
    poem = Poem("one")

    async def script(pilot: Pilot[None]) -> None:
        before = poem.render_line(0)
        pilot.app.theme = "textual-light"
        await pilot.pause()
        assert poem.render_line(0).text == before.text
        assert poem.render_line(0)._segments[0].style != before._segments[0].style

    on_stage(script, poem)


def test_the_text_of_a_line_is_that_of_its_spans() -> None:
    assert line_text((("a", "x"), ("b", ""))) == "ab"
    assert issubclass(LineWidget, Widget)


def test_neighbors_of_one_style_are_one_segment(on_stage: Callable[..., None]) -> None:
    class Loud(Poem):
        COMPONENT_CLASSES: ClassVar[set[str]] = {"loud"}

        def build(self, *_: int) -> list[Line]:
            return [(("a", ""), ("b", ""), ("c", "loud"), ("d", ""))]

    poem = Loud()

    async def script(_: Pilot[None]) -> None:
        assert [segment.text for segment in poem.render_line(0)][:3] == ["ab", "c", "d"]

    on_stage(script, poem)


def test_a_text_of_the_border_refreshes_its_line_alone(on_stage: Callable[..., None]) -> None:
    poem = Poem("one", "two")

    async def script(pilot: Pilot[None]) -> None:
        set_border_text(poem, title="above", subtitle="below")
        assert poem._repaint_regions == {Region(0, 0, 30, 1), Region(0, 5, 30, 1)}
        await pilot.pause()
        lines = cells(pilot)
        assert "above" in lines[0]
        assert "below" in lines[-1]
        assert "one" in lines[1]

    on_stage(script, poem, css="Poem { border: round red; }")


def test_a_text_of_the_border_that_came_while_hidden_is_seen_afterwards(on_stage: Callable[..., None]) -> None:
    poem, other = Poem("one"), Poem("other")

    async def script(pilot: Pilot[None]) -> None:
        set_border_text(poem, subtitle="before")
        await pilot.pause()
        assert pilot.app.screen.maximize(other, container=False)
        await pilot.pause()
        set_border_text(poem, subtitle="meanwhile")
        pilot.app.screen.minimize()
        await pilot.pause()
        assert "meanwhile" in "".join(cells(pilot))

    on_stage(script, poem, other, css="Poem { border: round red; }")
