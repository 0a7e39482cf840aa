"""An area fills columns from the bottom of its scale."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tui.widgets.area import Area, AreaChart, Number, build_area, value_range
from tui.widgets.lines import line_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.pilot import Pilot


def label(value: float) -> str:
    return f"{value:.0f}"


def cells(pilot: Pilot[None]) -> list[str]:
    """Return the text of every line of the screen, as it is composed."""
    return [strip.text for strip in pilot.app.screen._compositor.render_strips()]


def drawn(
    values: Sequence[Number | None], *, bounds: tuple[float, float], width: int = 14, height: int = 2
) -> list[str]:
    chart = AreaChart(values, label)
    return [line_text(line) for line in build_area(chart, width, height, bounds=bounds, axis_width=5)]


def test_a_column_is_as_high_as_its_value_in_eighths() -> None:
    # 16 eighths over 0 to 16
    assert drawn([1, 2, 4, 7, 8, 9, 12, 15, 16], bounds=(0, 16)) == [
        "     ▁▄▇█│16  ",
        "▁▂▄▇█████│8   ",
    ]


def test_the_lowest_value_is_not_taken_for_a_missing_one() -> None:
    assert drawn([0, None, 16], bounds=(0, 16)) == ["  █      │16  ", "▁ █      │8   "]


def test_negative_values_stand_on_the_bottom_of_the_scale() -> None:
    assert drawn([-8, -4, 0, 8], bounds=(-8, 8)) == ["   █     │8   ", "▁▄██     │0   "]


def test_a_scale_without_a_range_is_half_full() -> None:
    assert drawn([5, 5], bounds=(5, 5)) == ["         │5   ", "██       │5   "]


def test_values_out_of_bounds_stand_at_an_edge() -> None:
    assert drawn([-99, 99], bounds=(0, 16)) == [" █       │16  ", "▁█       │8   "]


def test_ints_decimals_and_floats_are_drawn_alike() -> None:
    assert drawn([4, Decimal(4), 4.0], bounds=(0, 16)) == ["         │16  ", "▄▄▄      │8   "]


def test_of_more_values_than_columns_the_newest_are_shown() -> None:
    assert drawn([*[16] * 20, 1], bounds=(0, 16)) == ["████████ │16  ", "████████▁│8   "]


def test_labels_thin_out_where_there_are_many_lines() -> None:
    lines = drawn([], bounds=(0, 80), height=8)
    assert [line.strip() for line in lines] == ["│80", "│", "│60", "│", "│40", "│", "│20", "│"]


def test_no_room_for_columns_is_no_error() -> None:
    assert drawn([1, 2], bounds=(0, 16), width=3) == ["│16", "│8 "]


def test_the_range_leaves_out_what_is_missing() -> None:
    assert value_range([None, Decimal("1.5"), -2]) == (-2, 1.5)
    assert value_range([None]) is None


def test_the_widget_repaints_changed_lines_only(on_stage: Callable[..., None]) -> None:
    area = Area(axis_width=8)

    async def script(pilot: Pilot[None]) -> None:
        assert area.columns == 22
        assert area.show(AreaChart([], label)) == 0
        assert area.show(AreaChart([100, 300, 250], label)) == 4
        assert area.show(AreaChart([100, 300, 250], label)) == 0
        # the scale keeps still: only the two lines change that the fourth column reaches
        assert area.show(AreaChart([100, 300, 250, 180], label)) == 2
        await pilot.pause()
        assert cells(pilot) == [
            " ▅                    │320    ",
            " █▇                   │260    ",
            " ██▅                  │200    ",
            "▃███                  │140    ",
        ]

    on_stage(script, area, size=(30, 4))


def test_equal_values_are_drawn_in_the_middle(on_stage: Callable[..., None]) -> None:
    area = Area(axis_width=9)

    async def script(_: Pilot[None]) -> None:
        area.show(AreaChart([Decimal(100000)] * 3, label))
        assert area.plain_lines()[1:3] == ["                     │100050  ", "███                  │100000  "]

    on_stage(script, area, size=(30, 4))


def test_bounds_given_with_the_data_are_the_scale(on_stage: Callable[..., None]) -> None:
    area = Area(axis_width=5)

    async def script(_: Pilot[None]) -> None:
        area.show(AreaChart([8], label, bounds=(0, 16)))
        assert area.plain_lines() == ["     │16  ", "█    │8   "]

    on_stage(script, area, size=(10, 2))
