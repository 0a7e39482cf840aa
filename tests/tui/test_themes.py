"""The themes: what is written can be read, and up and down differ for every eye, and without color."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import dist
from typing import Any, TypeAlias

import pytest
from rich.color import ColorSystem
from rich.style import Style
from textual.color import Color
from textual.filter import Monochrome
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES, Theme

from core.backtest.loop import Backtest
from core.errors import StrategyError
from tests.tui.driving import press
from tui.app import FillstepApp
from tui.themes import DARK, LIGHT, NAMES, THEMES

Vision: TypeAlias = tuple[tuple[float, ...], ...]

LEAST_CONTRAST = 4.5
LEAST_DIFFERENCE = 60.0
"""Of two colors in CIELAB; between black and white it is 100."""
GROUNDS = ("background", "surface", "panel")
WRITTEN = ("foreground", "foreground-muted", "text-muted", "text-disabled", "text-accent", "accent", "primary")
TONES = ("text-success", "text-error", "text-warning", "success", "error", "warning")
DIM = 0.66
# Machado, Oliveira and Fernandes (2009), severity 1.0, of linear light.
VISIONS: dict[str, Vision] = {
    "all three cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
}
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.95047, 1.0, 1.08883)


def colors_of(theme: Theme) -> dict[str, str]:
    return theme.to_color_system().generate() | theme.variables


def linear(color: Color) -> list[float]:
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]


def times(matrix: Vision, light: Sequence[float]) -> list[float]:
    return [sum(one * other for one, other in zip(row, light, strict=True)) for row in matrix]


def luminance(color: Color) -> float:
    return times(TO_XYZ, linear(color))[1]


def contrast(one: Color, other: Color) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def lab(light: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (one / white for one, white in zip(times(TO_XYZ, light), WHITE, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: Color, other: Color, vision: Vision) -> float:
    seen = ([min(max(part, 0.0), 1.0) for part in times(vision, linear(color))] for color in (one, other))
    return dist(*map(lab, seen))


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize(("ground", "written"), product(GROUNDS, (*WRITTEN, *TONES)))
def test_what_is_written_can_be_read(theme: Theme, ground: str, written: str) -> None:
    colors = colors_of(theme)
    behind = Color.parse(colors[ground])
    assert contrast(behind + Color.parse(colors[written]), behind) >= LEAST_CONTRAST


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_what_stands_back_can_be_read_too(theme: Theme) -> None:
    colors = colors_of(theme)
    pairs = [
        (colors[ground], Color.parse(colors[ground]).blend(Color.parse(colors["foreground"]), DIM).hex)
        for ground in GROUNDS
    ]
    pairs += [(colors["block-cursor-background"], colors["block-cursor-foreground"])]
    pairs += [(colors["error-muted"], colors["text-error"])]
    assert all(contrast(Color.parse(one), Color.parse(other)) >= LEAST_CONTRAST for one, other in pairs)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("vision", VISIONS.values(), ids=VISIONS)
@pytest.mark.parametrize("pair", [("success", "error"), ("text-success", "text-error")], ids="/".join)
def test_up_and_down_differ_for_every_eye(theme: Theme, vision: Vision, pair: tuple[str, str]) -> None:
    one, other = (Color.parse(colors_of(theme)[name]) for name in pair)
    assert difference(one, other, vision) >= LEAST_DIFFERENCE


def test_red_and_green_would_not() -> None:
    red, green = Color.parse("#cc4444"), Color.parse("#44aa44")
    assert difference(red, green, VISIONS["all three cones"]) >= LEAST_DIFFERENCE
    assert difference(red, green, VISIONS["deuteranopia"]) < LEAST_DIFFERENCE


def test_the_measures_are_those_of_the_standards() -> None:
    black, white, gray = Color.parse("#000000"), Color.parse("#ffffff"), Color.parse("#777777")
    assert contrast(black, white) == pytest.approx(21)  # the most there is
    assert contrast(gray, white) == pytest.approx(4.48, abs=0.01)  # the gray that just fails
    assert difference(black, white, VISIONS["all three cones"]) == pytest.approx(100, abs=0.1)


def test_textuals_own_themes_stay(sample: Callable[..., Backtest], on_screen: Callable[..., FillstepApp]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        assert pilot.app.theme == DARK.name
        assert set(BUILTIN_THEMES) | {DARK.name, LIGHT.name} == set(NAMES) == set(pilot.app.available_themes)

    on_screen(sample(1), script)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_a_terminal_of_sixteen_colors_shows_what_is_written(theme: Theme) -> None:
    colors = {name: nearest(color) for name, color in colors_of(theme).items() if name in (*GROUNDS, *WRITTEN, *TONES)}
    assert {colors[ground] for ground in GROUNDS}.isdisjoint(colors[name] for name in (*WRITTEN, *TONES))
    assert colors["success"] != colors["error"]
    assert colors["foreground"] not in (colors["success"], colors["error"])


def nearest(color: str) -> int | None:
    return Color.parse(color).rich_color.downgrade(ColorSystem.STANDARD).number


@pytest.mark.parametrize("theme", NAMES)
def test_in_every_theme_the_same_is_written_and_seen(
    theme: str, sample: Callable[..., Backtest], lines_of: Callable[..., list[str]]
) -> None:
    app = FillstepApp(sample(200), StrategyError("Mine", "on_bar", "mine.py:7", ValueError("too late")))

    async def walk() -> None:
        async with app.run_test(size=(120, 40)) as pilot:
            before = lines_of(app)
            app.theme = theme
            await pilot.pause()
            assert lines_of(app) == before
            for keys in ("", "3", "question_mark", "escape", "colon", "escape", "o"):
                await press(pilot, *keys.split())
                hidden = [text for text, style in cells(app) if is_hidden(style)]
                assert [text for text in hidden if any(map(str.isalnum, text))] == []

    asyncio.run(walk())


def is_hidden(style: Style) -> bool:
    return style.color == style.bgcolor and style.color is not None and not style.color.is_default


def cells(app: FillstepApp) -> Iterator[tuple[str, Any]]:
    for strip in app.screen._compositor.render_strips():
        yield from ((segment.text, segment.style) for segment in strip if segment.text.strip())


def test_everything_can_be_read_without_color(sample: Callable[..., Backtest], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = FillstepApp(sample(200))
    assert app.no_color
    assert any(isinstance(one, Monochrome) for one in app.get_line_filters())
    seen = set()

    async def walk() -> None:
        async with app.run_test(size=(120, 40)) as pilot:
            for keys in (
                "2",
                "3 j",
                "5",
                "6",
                "8",
                "question_mark",
                "escape",
                "colon",
                "escape",
                "o",
                "escape",
                "C",
                "d",
            ):
                await press(pilot, *keys.split())
                for text, style in cells(app):
                    front, behind = (Color.from_rich_color(one) for one in (style.color, style.bgcolor))
                    assert front.r == front.g == front.b
                    stands_back = app.screen is not app.default_screen or not any(map(str.isalnum, text))
                    assert stands_back or contrast(front, behind) >= LEAST_CONTRAST
                    seen.add(bool(style.reverse))

    asyncio.run(walk())
    assert seen == {True, False}  # the row of the cursor is told by that
