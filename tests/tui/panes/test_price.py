"""The price pane draws what is up to now, in a scale that does not depend on what it showed before."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import frozen
from textual.pilot import Pilot

from core.bars import Bars
from core.fill import Fill
from core.order import BUY
from tui.charts import PriceView
from tui.panes.price import PricePane

OnStage = Callable[..., None]
START = datetime(2024, 1, 2, 21, tzinfo=UTC)
BARS = Bars.from_rows(
    "ACME",
    [
        (START + timedelta(days=day), Decimal(price), Decimal(price + 2), Decimal(price - 2), Decimal(price + 1))
        for day, price in enumerate(50 + 7 * day % 31 + day for day in range(80))
    ],
)


@frozen
class Literal:
    """As much of a view as a test needs."""

    price: PriceView


def view_of(row: int, *fills: Fill, as_line: bool = False, bars: Bars = BARS) -> Literal:
    return Literal(PriceView(bars, row, {fill.id: fill for fill in fills}, len(fills), 2, as_line))


def test_before_the_first_bar_there_is_a_hint(on_stage: OnStage) -> None:
    pane = PricePane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(view_of(-1))
        assert pane.plain_lines()[0] == "no bar yet: n executes the first"
        assert pane.border_title == "1 Price ACME 1d"

    on_stage(script, pane, size=(40, 8))


def test_bars_axis_and_dates(on_stage: OnStage) -> None:
    pane = PricePane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(view_of(30))
        lines = pane.plain_lines()
        assert {len(line) for line in lines} == {40}
        assert any("▸  105.00" in line for line in lines)
        assert lines[-1].rstrip() == "└2024-01-02 21:00   └2024-01-22 21:00"

    on_stage(script, pane, size=(40, 12))


def test_a_fill_stands_under_its_bar(on_stage: OnStage) -> None:
    pane = PricePane()

    async def script(_: Pilot[Any]) -> None:
        fill = Fill(1, 1, "ACME", BUY, 1, 50, START + timedelta(days=4))
        pane.show_view(view_of(20, fill))
        assert [line.find("▲") for line in pane.plain_lines() if "▲" in line] == [4]

    on_stage(script, pane, size=(40, 12))


def lines_at(on_stage: OnStage, *views: Literal) -> list[str]:
    """Show one view after another, and return the lines of the last."""
    pane, lines = PricePane(), list[str]()

    async def script(_: Pilot[Any]) -> None:
        for view in views:
            pane.show_view(view)
        lines.extend(pane.plain_lines())

    on_stage(script, pane, size=(40, 12))
    return lines


def test_the_chart_of_a_moment_does_not_depend_on_what_was_shown_before(on_stage: OnStage) -> None:
    for row in (0, 1, 17, 40, 79):
        assert lines_at(on_stage, *map(view_of, range(row + 1))) == lines_at(on_stage, view_of(row))


def test_later_bars_are_not_looked_at(on_stage: OnStage) -> None:
    short = Bars("ACME", BARS.frame.head(31), BARS.digits, BARS.volume_digits)
    assert lines_at(on_stage, view_of(30)) == lines_at(on_stage, view_of(30, bars=short))


def test_a_line_of_closes_is_drawn_in_dots(on_stage: OnStage) -> None:
    pane = PricePane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(view_of(30, as_line=True))
        drawn = set("".join(line[:31] for line in pane.plain_lines()[:-1]))
        assert all(character == " " or 0x2800 <= ord(character) < 0x2900 for character in drawn)

    on_stage(script, pane, size=(40, 12))


def test_long_prices_have_a_wider_axis(on_stage: OnStage) -> None:
    pane = PricePane()
    bars = Bars.from_rows("ACME", [(START, *[Decimal("61234.56789012")] * 4)])

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(view_of(0, bars=bars))
        assert any("▸ 61,234.56789012" in line for line in pane.plain_lines())

    on_stage(script, pane, size=(40, 12))


def test_a_pane_without_room_draws_nothing(on_stage: OnStage) -> None:
    for size in ((1, 1), (2, 1), (9, 2), (10, 3)):
        pane = PricePane()

        async def script(_: Pilot[Any], pane: PricePane = pane) -> None:
            pane.show_view(view_of(30))

        on_stage(script, pane, size=size)
