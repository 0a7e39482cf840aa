"""A step, and a move to another place, is one paint and no layout.

What is counted: Textual paints by asking the compositor for an update (`Compositor.render_update`), which is None where
nothing is to be painted, and writes each update to the terminal at once; it lays out by `Compositor.reflow`, or by
`reflow_visible` after scrolling. All three are counted on the class, so nothing can paint or lay out by another way.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from core.backtest.strategy import Now, Strategy
from tests.tui.driving import press
from tui.app import FillstepApp
from tui.panes.pane import Pane

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
BEFORE_A_REFUSAL, BEFORE_A_FILL, BEFORE_A_QUIET_BAR = 10, 24, 3


class Faulty(Strategy):
    def on_bar(self, now: Now) -> None:
        if now.step == 3:
            raise ValueError("no luck" * 40)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counted: Counter[str] = Counter()

    def count(method: str, name: str) -> None:
        original = getattr(Compositor, method)

        def counting(*arguments: object, **options: object) -> object:
            result = original(*arguments, **options)
            counted[name] += method != "render_update" or result is not None
            return result

        monkeypatch.setattr(Compositor, method, counting)

    count("render_update", "paints")
    count("reflow", "layouts")
    count("reflow_visible", "layouts")
    return counted


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 15)])
@pytest.mark.parametrize("step_count", [0, BEFORE_A_QUIET_BAR, BEFORE_A_REFUSAL, BEFORE_A_FILL, 200])
def test_a_step_is_one_paint_and_no_layout(
    sample: Sample, on_screen: OnScreen, counts: Counter[str], step_count: int, size: tuple[int, int]
) -> None:
    run = sample(step_count)

    async def script(pilot: Pilot[Any]) -> None:
        for _ in range(3):
            counts.clear()
            await pilot.press("n")
            await pilot.pause()
            assert (counts["paints"], counts["layouts"]) == (1, 0)

    on_screen(run, script, size=size)
    assert run.step_count == step_count + 3


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 15)])
@pytest.mark.parametrize(
    ("step_count", "key"),
    [
        (11, "N"),
        (300, "N"),
        (11, "F"),
        (300, "F"),
        (40, "S"),
        (25, "s"),
        (300, "left_square_bracket"),
        (300, "0"),
        (300, "C"),
    ],
)
def test_a_move_is_one_paint_and_no_layout(
    sample: Sample, on_screen: OnScreen, counts: Counter[str], step_count: int, key: str, size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        counts.clear()
        await pilot.press(key)
        await pilot.pause()
        assert (counts["paints"], counts["layouts"]) == (1, 0)

    on_screen(sample(step_count), script, size=size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_to_move_on_again_is_one_paint_and_no_layout(
    sample: Sample, on_screen: OnScreen, counts: Counter[str], size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("left_square_bracket")
        for key in ("n", "s", "f", "F", "right_square_bracket", "dollar_sign"):
            counts.clear()
            await pilot.press(key)
            await pilot.pause()
            assert (key, counts["paints"], counts["layouts"]) == (key, 1, 0)

    on_screen(sample(38), script, size=size)


def test_a_long_run_is_one_paint_and_no_layout_for_every_key_of_time(
    long_run: Backtest, on_screen: OnScreen, counts: Counter[str]
) -> None:
    keys = "n N n S s left_square_bracket F F f right_square_bracket 0 dollar_sign n shift+left shift+right"

    async def script(pilot: Pilot[Any]) -> None:
        for key in keys.split():
            counts.clear()
            await pilot.press(key)
            await pilot.pause()
            assert (key, counts["paints"], counts["layouts"]) == (key, 1, 0)

    on_screen(long_run, script, size=(120, 40))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_click_on_the_timeline_is_one_paint_and_no_layout(
    sample: Sample, on_screen: OnScreen, counts: Counter[str], size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("7")
        await pilot.pause()
        counts.clear()
        await pilot.click("#timeline", offset=(4, 0))
        await pilot.pause()
        assert (counts["paints"], counts["layouts"]) == (1, 0)

    on_screen(sample(300), script, size=size)


@pytest.mark.parametrize("keys", [("j",), ("j", "j", "h", "h"), ("ctrl+u", "k"), ("g",)])
def test_a_step_with_a_chart_that_was_zoomed_or_moved_is_one_paint_and_no_layout(
    sample: Sample, on_screen: OnScreen, counts: Counter[str], keys: tuple[str, ...]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("1", *keys)
        for key in ("n", "N", "n", "left_square_bracket"):
            counts.clear()
            await pilot.press(key)
            await pilot.pause()
            assert (key, counts["paints"], counts["layouts"]) == (key, 1, 0)

    on_screen(sample(200), script, size=(120, 40))


@pytest.mark.parametrize("key", ["h", "j", "ctrl+u", "g"])
def test_a_key_of_the_chart_is_one_paint_and_no_layout(
    sample: Sample, on_screen: OnScreen, counts: Counter[str], key: str
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("1")
        await pilot.pause()
        counts.clear()
        await pilot.press(key)
        await pilot.pause()
        assert (counts["paints"], counts["layouts"]) == (1, 0)

    on_screen(sample(200), script)


def test_at_the_end_of_the_data_nothing_is_painted_that_is_told_already(
    sample: Sample, on_screen: OnScreen, counts: Counter[str]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        counts.clear()
        await pilot.press("n")
        await pilot.pause()
        assert not counts["paints"] + counts["layouts"]

    on_screen(sample(2015), script)


def test_what_is_told_is_one_paint_and_no_layout_and_moves_no_pane(
    sample: Sample, on_screen: OnScreen, counts: Counter[str]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        panes = list(pilot.app.screen.query(Pane))
        regions = [pane.region for pane in panes]
        for key in ("b", "n", "b", "F", "0", "0"):
            counts.clear()
            await pilot.press(key)
            await pilot.pause()
            assert (key, counts["paints"], counts["layouts"]) == (key, 1, 0)
            assert [pane.region for pane in panes] == regions

    on_screen(sample(40), script)


def test_an_error_is_one_paint_and_no_layout(sample: Sample, on_screen: OnScreen, counts: Counter[str]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        counts.clear()
        await pilot.press("n")
        await pilot.pause()
        assert (counts["paints"], counts["layouts"]) == (1, 0)

    app = on_screen(sample(3, Faulty()), script)
    assert app.error is not None


def test_to_move_in_a_list_and_to_change_the_chart_is_no_layout(
    sample: Sample, on_screen: OnScreen, counts: Counter[str]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("3")
        await pilot.pause()
        counts.clear()
        await pilot.press("j", "j", "G", "v", "g")
        await pilot.pause()
        assert counts["layouts"] == 0

    on_screen(sample(200), script)


def test_a_step_with_filters_is_one_paint_and_no_layout(
    sample: Sample, on_screen: OnScreen, counts: Counter[str]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for key in ("3", "5", "2"):
            await pilot.press(key, "slash", *"aapl", "enter")
        await pilot.pause()
        for key in ("n", "n", "N", "s", "S", "n"):
            counts.clear()
            await pilot.press(key)
            await pilot.pause()
            assert (key, counts["paints"], counts["layouts"]) == (key, 1, 0)

    on_screen(sample(200), script, size=(140, 40))


def test_a_pane_that_is_hidden_is_not_built(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("2", "z", "n")
        before = pilot.app.screen.query_one("#price").plain_lines()  # type: ignore[attr-defined]
        await pilot.press("n")
        assert pilot.app.screen.query_one("#price").plain_lines() == before  # type: ignore[attr-defined]
        await pilot.press("z")
        await pilot.pause()
        assert pilot.app.screen.query_one("#price").plain_lines() != before  # type: ignore[attr-defined]

    on_screen(sample(40), script)


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        ("colon", "escape"),
        ("colon g o t o space 2 0", "enter"),
        ("question_mark", "escape"),
        ("B", "escape"),
        ("m", "a"),
        ("3 slash a", "enter"),
    ],
)
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_dialog_closes_with_one_paint(
    sample: Sample, on_screen: OnScreen, counts: Counter[str], opened: str, closed: str, size: tuple[int, int]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, *opened.split())
        counts.clear()
        await press(pilot, closed)
        await pilot.pause()
        assert counts["paints"] == 1

    on_screen(sample(300), script, size=size)


def test_what_a_line_has_covered_is_painted_and_no_more(sample: Sample, on_screen: OnScreen) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "colon")
        painted: list[object] = []
        compositor = pilot.app.screen_stack[0]._compositor
        render = compositor.render_partial_update

        def paint() -> Any:
            painted.extend(compositor._dirty_regions)
            return render()

        compositor.render_partial_update = paint  # type: ignore[method-assign]
        await press(pilot, "escape")
        assert painted
        assert all(region.y >= 37 for region in painted)  # type: ignore[attr-defined]

    on_screen(sample(300), script, size=(120, 40))
