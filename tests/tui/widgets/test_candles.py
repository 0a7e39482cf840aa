"""A price chart places every price by one formula, and keeps its scale still."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from tui.widgets.candles import CandleChart, Candles, build_chart, price_range
from tui.widgets.canvas import INDICATOR_STYLES, Candle, Level
from tui.widgets.lines import Line, line_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.pilot import Pilot

UP: Candle = (2, 9, 0, 6)
DOWN: Candle = (6, 9, 0, 2)


def price(ticks: int) -> str:
    return f"{ticks / 100:.2f}"


def number(index: int) -> str:
    return str(175 + index)


def chart(candles: Sequence[Candle | None], **options: object) -> CandleChart:
    return CandleChart(candles, price, number, **options)  # type: ignore[arg-type]


def built(shown: CandleChart, bounds: tuple[int, int], *, width: int = 14, height: int = 6) -> list[Line]:
    return build_chart(shown, width, height, bounds=bounds, axis_width=6)


def drawn(shown: CandleChart, bounds: tuple[int, int], *, width: int = 14, height: int = 6) -> list[str]:
    return [line_text(line) for line in built(shown, bounds, width=width, height=height)]


def test_bars_stand_in_half_cells() -> None:
    # five lines are ten half cells: a tick each over 0 to 9
    candles = [(2, 9, 0, 6), (3, 3, 3, 3), (9, 9, 0, 0), None, (4, 8, 1, 5), (0, 9, 0, 0)]
    assert drawn(chart(candles), (0, 9)) == [
        "│ ┃ ╷│  │     ",
        "╽ ┃ ││  │     ",
        "┃ ┃ ┃│  │     ",
        "┃╹┃ ││  │     ",
        "│ ┃ ╵╽  ▸0.00 ",
        "└175          ",
    ]


@pytest.mark.parametrize(
    ("candle", "cell"),
    [
        ((0, 0, 0, 0), "╻"),
        ((1, 1, 1, 1), "╹"),
        ((0, 1, 0, 1), "┃"),
        ((0, 1, 0, 0), "╽"),
        ((1, 1, 0, 1), "╿"),
        ((2, 2, 1, 2), "╵"),
        ((-1, 0, -1, -1), "╷"),
        ((2, 2, -1, 2), "│"),
    ],
)
def test_each_pair_of_halves_has_its_glyph(candle: Candle, cell: str) -> None:
    # three lines are six half cells, a tick each over -2 to 3; ticks 1 and 0 are the halves of the middle one
    assert drawn(chart([candle]), (-2, 3), height=4)[1][0] == cell


def test_up_and_down_have_styles_of_their_own() -> None:
    up, down = (built(chart([candle]), (0, 9))[1][0] for candle in (UP, DOWN))
    assert up == ("╽       ", "candles--up")
    assert down == ("╽       ", "candles--down")


def test_blanks_take_the_style_on_their_left_so_that_spans_are_few() -> None:
    candles = [UP, None, UP, None, DOWN]
    assert [style for _, style in built(chart(candles), (0, 9))[1]] == ["candles--up", "candles--down", "candles--axis"]


def test_fills_stand_next_to_their_bar() -> None:
    markers = {0: "▲", 1: "▼", 2: "◆"}
    lines = built(chart([(5, 6, 4, 5)] * 3, markers=markers), (0, 9))
    assert [line_text(line)[:3] for line in lines[:5]] == [" ▼◆", "╷╷╷", "╿╿╿", "▲  ", "   "]
    assert lines[0][:2] == ((" ▼", "candles--sell"), ("◆     ", "candles--marker"))
    assert lines[3][0] == ("▲       ", "candles--buy")


def test_a_fill_stands_on_its_bar_where_there_is_no_room() -> None:
    lines = drawn(chart([(0, 9, 0, 9)] * 2, markers={0: "▲", 1: "▼"}), (0, 9))
    assert [line[:2] for line in lines[:5]] == ["┃▼", "┃┃", "┃┃", "┃┃", "▲┃"]


def test_levels_and_the_cursor_lie_under_the_bars() -> None:
    shown = chart([UP, None, DOWN], levels=[Level(4, 1), Level(99, 1)], cursor=1)
    lines = built(shown, (0, 9), height=4, width=12)
    assert [line_text(line) for line in lines] == [
        "│┊│   │     ",
        "┃┊┃╌╌╌▷0.04 ",
        "╿┊╿   ▸0.02 ",
        "└175        ",
    ]
    assert lines[1] == (
        ("┃", "candles--up"),
        ("┊", "candles--cursor"),
        ("┃", "candles--down"),
        ("╌╌╌", "candles--level"),
        ("▷0.04 ", "candles--level"),
    )


def test_a_level_says_at_the_axis_what_waits_there() -> None:
    # 0 to 9 are 19 dots, of which a line has four: 9 and 8 share one, and the first is seen
    levels = [Level(8, -1), Level(9, 1), Level(2, 1), Level(-1, 1), Level(10, -1)]
    lines = drawn(chart([None, (5, 5, 5, 5)], levels=levels), (0, 9))
    assert [line[8:].strip() for line in lines[:5]] == ["◁0.08", "│", "▸0.05", "▷0.02", "┤0.00"]


def test_the_newest_price_stands_over_a_level_on_its_line() -> None:
    lines = built(chart([(5, 5, 5, 5)], levels=[Level(5, -1)]), (0, 9))
    assert lines[2][-1] == ("▸0.05 ", "candles--close")
    assert lines[2][1] == ("╌╌╌╌╌╌╌", "candles--level")


def test_indicators_are_points_over_the_bars_and_only_inside_the_scale() -> None:
    points = [[None, 9, 4, 10], [9.0, 9.0, 0.0, -0.5]]
    lines = built(chart([(5, 9, 0, 5)] * 4, points=points), (0, 9))
    assert [line_text(line)[:4] for line in lines[:5]] == ["∘•││", "││││", "╿╿•╿", "││││", "││∘│"]
    assert lines[0][:2] == (("∘", "candles--indicator-2"), ("•", "candles--indicator-1"))


def test_of_more_columns_than_have_room_the_points_are_those_of_the_newest() -> None:
    bars, points = [(5, 9, 0, 5)] * 12, [[0] * 11 + [9]]
    assert drawn(chart(bars, points=points), (0, 9))[0][:8] == "│││││││•"


def test_volume_stands_under_the_bars_where_there_is_room() -> None:
    volumes = [None, 0, 1, 200, 100, 250]
    shown = chart([UP] * 6, volumes=volumes, volume_label=lambda units: f"{units}u")
    lines = built(shown, (0, 9), height=13)
    # to 250 in sixteenths: 1 -> 1, 200 -> 12.8 up to 13, 100 -> 6.4 up to 7
    assert [line_text(line) for line in lines[10:]] == ["   ▅ █  ┤ 250u", "  ▁█▇█  │     ", "└175          "]
    assert lines[11][0] == ("  ▁█▇█  ", "candles--volume")
    assert drawn(shown, (0, 9), height=12)[9:] == drawn(chart([UP] * 6), (0, 9), height=12)[9:]


def test_where_no_volume_is_known_its_lines_are_bars() -> None:
    assert drawn(chart([UP], volumes=[None]), (0, 9), height=13) == drawn(chart([UP]), (0, 9), height=13)


def test_round_prices_are_labeled_and_the_last_close_over_them() -> None:
    shown = chart([(10832, 10900, 10700, 10832)])
    lines = build_chart(shown, 12, 12, bounds=(10400, 11200), axis_width=8)
    assert [line_text(line)[4:].strip() for line in lines[:-1]] == [
        "│",
        "│",
        "┤110.00",
        "│",
        "│",
        "▸108.32",
        "┤107.50",
        "│",
        "│",
        "┤105.00",
        "│",
    ]
    assert lines[5][-1] == ("▸108.32 ", "candles--close")


def test_labels_stand_under_their_bars() -> None:
    assert drawn(chart([UP] * 27), (0, 9), width=36, height=3)[-1] == "└175                └195            "


def test_of_more_bars_than_columns_the_newest_are_shown() -> None:
    shown = chart([UP] * 50, markers={49: "▼", 3: "▼"})
    lines = drawn(shown, (0, 9), width=10, height=4)
    assert lines[-1] == "└221      "
    assert lines[0][:4] == "│││▼"


def test_a_column_without_a_bar_has_no_label() -> None:
    assert drawn(chart([]), (0, 9))[-1].strip() == ""


def test_prices_out_of_bounds_stand_at_an_edge() -> None:
    assert [line[0] for line in drawn(chart([(50, 99, -99, 50)]), (0, 9))[:5]] == ["╿", "│", "│", "│", "│"]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 2), (6, 3), (7, 1), (20, 2), (0, 5)])
def test_no_size_is_too_small(width: int, height: int) -> None:
    lines = drawn(
        chart([UP, DOWN], markers={0: "▲"}, cursor=1, levels=[Level(3, 1)]), (0, 9), width=width, height=height
    )
    assert [len(line) for line in lines] == [width] * height


def test_a_line_of_closes_is_joined() -> None:
    closes = [0, 11, 11, 4, None, 0]
    candles = [None if close is None else (close, close, close, close) for close in closes]
    # three lines are twelve dots: a tick each over 0 to 11
    assert drawn(chart(candles, line=True), (0, 11), height=4) == [
        " ⢸⠉⡆    │     ",
        " ⡎ ⢸    │     ",
        "⣀⠇   ⣀  ▸0.00 ",
        "└175          ",
    ]


def test_the_range_of_prices_is_that_of_highs_and_lows() -> None:
    assert price_range([UP, None, (5, 12, 5, 5)]) == (0, 12)
    assert price_range([None]) is None


# The widget


def walk(bars: int, start: int = 1000) -> list[Candle]:
    """Bars that swing by forty ticks and never leave them."""
    closes = [start + (7 * bar) % 40 for bar in range(bars + 1)]
    return [(a, max(a, b) + 2, min(a, b) - 2, b) for a, b in pairwise(closes)]


def test_equal_data_repaints_nothing(on_stage: Callable[..., None]) -> None:
    candles = Candles()

    async def script(_: Pilot[None]) -> None:
        assert candles.columns == 31
        assert candles.show(chart(walk(20))) == 12
        assert candles.show(chart(walk(20))) == 0

    on_stage(script, candles, size=(40, 12))


def test_a_new_column_repaints_the_lines_it_touches(on_stage: Callable[..., None]) -> None:
    candles = Candles()
    bars = [(1000, 1040, 990, 1010), (1010, 1012, 1008, 1011)]

    async def script(_: Pilot[None]) -> None:
        candles.show(chart(bars))
        assert candles.show(chart([*bars, (1011, 1013, 1009, 1012)])) == 1

    on_stage(script, candles, size=(40, 9))


def test_the_scale_keeps_still_until_the_data_leaves_it(on_stage: Callable[..., None]) -> None:
    candles = Candles()

    def axis() -> list[str]:
        return [line[31:] for line in candles.plain_lines() if "┤" in line]

    async def script(_: Pilot[None]) -> None:
        candles.show(chart([*walk(20), (1010, 1012, 1008, 1030)]))
        before = axis()
        candles.show(chart([*walk(10), (1010, 1012, 1008, 1030)]))
        assert axis() == before
        candles.show(chart([*walk(10), (1010, 1100, 1008, 1030)]))
        assert axis() != before

    on_stage(script, candles, size=(40, 12))


def test_bounds_given_with_the_data_are_the_scale(on_stage: Callable[..., None]) -> None:
    candles = Candles(axis_width=6)

    async def script(_: Pilot[None]) -> None:
        candles.show(chart([UP], bounds=(0, 9)))
        assert candles.plain_lines() == drawn(chart([UP]), (0, 9), width=14, height=6)

    on_stage(script, candles, size=(14, 6))


def test_a_chart_without_bars_is_blank(on_stage: Callable[..., None]) -> None:
    candles = Candles()

    async def script(_: Pilot[None]) -> None:
        assert candles.show(chart([None, None])) == 0
        assert "".join(candles.plain_lines()).strip() == ""

    on_stage(script, candles)


@pytest.mark.parametrize("no_color", [False, True], ids=["in color", "without color"])
def test_up_and_down_look_different(on_stage: Callable[..., None], no_color: bool) -> None:
    candles = Candles()

    async def script(_: Pilot[None]) -> None:
        up, down = candles._style("candles--up"), candles._style("candles--down")
        assert (up.bold, up.dim) != (down.bold, down.dim) if no_color else up.color != down.color

    on_stage(script, candles, no_color=no_color)


def test_every_style_a_chart_uses_is_declared(on_stage: Callable[..., None]) -> None:
    candles = Candles()

    async def script(_: Pilot[None]) -> None:
        shown = chart([UP, DOWN, UP], markers={0: "▲", 1: "▼", 2: "◆"}, levels=[Level(5, -1)], cursor=1)
        for line in (False, True):
            candles.show(evolve(shown, line=line, points=[[ticks] * 3 for ticks in (1, 3, 5, 7)], volumes=[1] * 3))
            used = {style for spans in candles._lines for _, style in spans if style}
            assert used <= Candles.COMPONENT_CLASSES
            assert used >= {"candles--volume", *INDICATOR_STYLES}

    on_stage(script, candles, size=(30, 14))
