"""The price pane draws what is up to now, in a scale that does not depend on what it showed before."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen
from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot

from core.bars import Bars
from core.fill import Fill
from core.order import BUY
from tui.charts import PriceView
from tui.fill_times import FillTimes
from tui.messages import SeekRequested
from tui.panes.price import PricePane
from tui.widgets.canvas import Level

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
    times = FillTimes().read({fill.id: fill for fill in fills}, len(fills))
    return Literal(PriceView(bars, row, times, len(fills), 2, as_line))


def test_before_the_first_bar_there_is_a_hint(on_stage: OnStage) -> None:
    pane = PricePane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(view_of(-1))
        assert pane.plain_lines()[0].rstrip() == "no bar yet: n executes the first"
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


# How a person looks at it

LONG = Bars.from_rows(
    "ACME",
    [
        (
            START + timedelta(days=day),
            *[Decimal(price + more) for more in (0, 2, -2, 1)],
            None if day % 7 == 3 else day,
        )
        for day, price in enumerate(50 + 7 * day % 31 for day in range(400))
    ],
)
PLOT = 31  # columns, of the 40 of the stage


def column(pane: PricePane, mark: str) -> list[int]:
    """Return in which columns a character stands."""
    return sorted({place for line in pane.plain_lines() for place, one in enumerate(line[:PLOT]) if one == mark})


def shown(view: Literal, script: Callable[[Pilot[Any], PricePane], Any], on_stage: OnStage) -> None:
    pane = PricePane()

    async def run(pilot: Pilot[Any]) -> None:
        pane.show_view(view)
        await script(pilot, pane)

    on_stage(run, pane, size=(42, 14), css="#price { border: round white; }")


def test_the_newest_bar_is_written_in_the_border(on_stage: OnStage) -> None:
    async def script(_: Pilot[Any], pane: PricePane) -> None:
        # 50 + 7 x 398 % 31 = 50 + 27
        assert pane.border_subtitle == "O77.00 H79.00 L75.00 C78.00  V 398"
        assert pane.selected_step is None

    shown(view_of(398, bars=LONG), script, on_stage)


def test_keys_move_a_cursor_whose_bar_is_written_in_the_border(on_stage: OnStage) -> None:
    async def script(pilot: Pilot[Any], pane: PricePane) -> None:
        pane.focus()
        await pilot.press("h", "h")
        assert column(pane, "┊") == [PLOT - 3]
        assert pane.selected_step == 396
        assert pane.border_subtitle == "O63.00 H65.00 L61.00 C64.00  V 396"
        await pilot.press("l")
        assert pane.selected_step == 397
        await pilot.press("G")
        assert (pane.selected_step, column(pane, "┊")) == (None, [])

    shown(view_of(398, bars=LONG), script, on_stage)


def test_a_fold_is_written_in_the_border_as_one_bar(on_stage: OnStage) -> None:
    async def script(pilot: Pilot[Any], pane: PricePane) -> None:
        pane.focus()
        await pilot.press("j", "down")
        # bars 395 to 398 open at 56, 63, 70 and 77; that of 395 has no volume: 396 + 397 + 398 = 1191
        assert pane.border_subtitle == "O56.00 H79.00 L54.00 C78.00  V 1.2k"
        assert pane.border_title == "1 Price ACME 1d x5"
        await pilot.press("h")
        assert pane.selected_step == 394
        await pilot.press("k", "up")
        assert pane.border_title == "1 Price ACME 1d"
        assert pane.selected_step == 394

    shown(view_of(398, bars=LONG), script, on_stage)


def test_home_and_panning_end_at_the_first_bar(on_stage: OnStage) -> None:
    async def script(pilot: Pilot[Any], pane: PricePane) -> None:
        pane.focus()
        await pilot.press("g")
        assert pane.selected_step == 0
        first = pane.plain_lines()
        assert first[-1].startswith("└2024-01-02 21:00")
        await pilot.press("ctrl+u")
        assert pane.plain_lines() == first
        await pilot.press(*["ctrl+d"] * 40)
        assert pane.selected_step == 398
        await pilot.press("ctrl+u")
        assert 0 < (pane.selected_step or 0) < 398

    shown(view_of(398, bars=LONG), script, on_stage)


def test_what_was_panned_keeps_still_while_bars_come_in_and_shows_no_later_ones_in_the_past(on_stage: OnStage) -> None:
    async def script(pilot: Pilot[Any], pane: PricePane) -> None:
        pane.focus()
        await pilot.press("j", "ctrl+u", "ctrl+u")
        before = pane.plain_lines()
        pane.show_view(view_of(305, bars=LONG))
        assert pane.plain_lines() == before
        pane.show_view(view_of(20, bars=LONG))
        short = Bars("ACME", LONG.frame.head(21), LONG.digits, LONG.volume_digits)
        past = pane.plain_lines()
        pane.show_view(view_of(20, bars=short))
        assert pane.plain_lines() == past
        assert pane.selected_step is None
        pane.show_view(view_of(300, bars=LONG))
        assert pane.plain_lines() == before

    shown(view_of(300, bars=LONG), script, on_stage)


def test_without_bars_keys_and_clicks_do_nothing(on_stage: OnStage) -> None:
    async def script(pilot: Pilot[Any], pane: PricePane) -> None:
        pane.focus()
        await pilot.press("h", "l", "j", "k", "ctrl+u", "ctrl+d", "g", "G")
        await pilot.click(PricePane, offset=(3, 3))
        assert pane.plain_lines()[0].rstrip() == "no bar yet: n executes the first"
        assert (pane.selected_step, pane.border_subtitle) == (None, None)

    shown(view_of(-1, bars=LONG), script, on_stage)


def test_another_symbol_is_shown_at_its_newest_bar(on_stage: OnStage) -> None:
    async def script(pilot: Pilot[Any], pane: PricePane) -> None:
        pane.focus()
        await pilot.press("j", "g")
        pane.show_view(view_of(398, bars=Bars("OTHER", LONG.frame)))
        assert pane.selected_step is None
        assert pane.border_title == "1 Price OTHER 1d x2"

    shown(view_of(398, bars=LONG), script, on_stage)


def test_a_click_puts_the_cursor_on_a_bar_and_a_second_one_goes_there(on_stage: OnStage) -> None:
    asked: list[int] = []

    class Heard(PricePane):
        def post_message(self, message: Any) -> bool:
            if isinstance(message, SeekRequested):
                asked.append(message.step)
            return super().post_message(message)

    pane = Heard()

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_view(view_of(398, bars=LONG))
        await pilot.click("#price", offset=(1 + 4, 3))
        assert (column(pane, "┊"), asked) == ([4], [])
        assert pane.selected_step == 398 - PLOT + 1 + 4
        await pilot.click("#price", offset=(1 + 5, 3))
        assert (column(pane, "┊"), asked) == ([5], [])
        await pilot.click("#price", offset=(1 + 5, 7))
        assert asked == [398 - PLOT + 1 + 5]
        await pilot.click("#price", offset=(0, 3))
        await pilot.click("#price", offset=(1 + PLOT + 2, 3))  # the border, and the axis
        assert (column(pane, "┊"), len(asked)) == ([5], 1)

    on_stage(script, pane, size=(42, 14), css="#price { border: round white; }")


def test_the_wheel_zooms_at_the_bar_under_the_mouse(on_stage: OnStage) -> None:
    async def script(pilot: Pilot[Any], pane: PricePane) -> None:
        pane.focus()
        await pilot.press("g")
        await pilot.click("#price", offset=(1 + 20, 3))
        assert pane.selected_step == 20
        await pilot._post_mouse_events([MouseScrollDown], "#price", offset=(1 + 20, 3))
        assert pane.border_title == "1 Price ACME 1d x2"
        assert column(pane, "┊") == [10]  # there is nothing before the first bar
        await pilot.press("G", "ctrl+u")
        await pilot.click("#price", offset=(1 + 12, 3))
        at = pane.selected_step
        await pilot._post_mouse_events([MouseScrollUp], "#price", offset=(1 + 12, 3))
        assert (pane.border_title, column(pane, "┊"), pane.selected_step) == ("1 Price ACME 1d", [12], at)

    shown(view_of(398, bars=LONG), script, on_stage)


# What else is drawn


def test_indicators_are_named_in_the_title_and_none_of_the_future_is_drawn(on_stage: OnStage) -> None:
    asked: list[int] = []

    def at(_symbol: str, row: int) -> dict[str, object]:
        asked.append(row)
        return {"crossed": True, "fast": 60.0, "[b]": None if row < 90 else 70.5}

    async def script(pilot: Pilot[Any], pane: PricePane) -> None:
        assert pane.border_title == r"1 Price ACME 1d • fast ∘ \[b]"
        assert column(pane, "•") == list(range(PLOT))
        assert column(pane, "∘") == list(range(PLOT - 11, PLOT))
        pane.focus()
        await pilot.press("j", "j", "ctrl+u", "G")
        pane.show_view(Literal(evolve(view_of(95, bars=LONG).price, indicators_at=at)))
        assert max(asked) == 100

    shown(Literal(evolve(view_of(100, bars=LONG).price, indicators_at=at)), script, on_stage)


def test_a_title_names_as_many_indicators_as_have_room(on_stage: OnStage) -> None:
    names = dict.fromkeys(("first", "a name that is too long", "third"), 60.0)

    async def script(_: Pilot[Any], pane: PricePane) -> None:
        assert pane.border_title == "1 Price ACME 1d • first × third"

    shown(Literal(evolve(view_of(100, bars=LONG).price, indicators_at=lambda *_: names)), script, on_stage)


def test_orders_are_lines_in_the_scale_of_the_bars(on_stage: OnStage) -> None:
    plain, with_orders = view_of(100, bars=LONG), [Level(60, -1), Level(900, 1)]

    async def script(_: Pilot[Any], pane: PricePane) -> None:
        lines = pane.plain_lines()
        assert sum("◁   60.00" in line for line in lines) == 1
        assert not any("▷" in line for line in lines)
        assert "╌" in next(line for line in lines if "◁" in line)
        pane.show_view(plain)
        bottom = pane.plain_lines()[-1]
        assert lines[-1] == bottom

    shown(Literal(evolve(plain.price, levels=with_orders)), script, on_stage)


def test_where_the_symbol_has_no_bar_the_border_says_so(on_stage: OnStage) -> None:
    async def script(pilot: Pilot[Any], pane: PricePane) -> None:
        assert pane.border_subtitle == "no bar now  C78.00  V 398"
        pane.focus()
        await pilot.press("h")
        assert str(pane.border_subtitle).startswith("O70.00")

    shown(Literal(evolve(view_of(398, bars=LONG).price, has_bar=False)), script, on_stage)


def test_the_chart_of_a_moment_does_not_depend_on_what_was_folded_before(on_stage: OnStage) -> None:
    pane = PricePane()

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_view(view_of(399, bars=LONG))
        pane.focus()
        await pilot.press("j", "j", "j")
        for row in (0, 399, 17, 250, 111):
            pane.show_view(view_of(row, bars=LONG))
            kept = pane.plain_lines()
            pane._folded = None
            pane.redraw()
            assert pane.plain_lines() == kept

    on_stage(script, pane, size=(40, 12))
