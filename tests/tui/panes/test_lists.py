"""The three lists show literal lines as they are given."""

from collections.abc import Callable, Collection
from typing import Any

import pytest
from attrs import define, evolve, field, frozen
from textual.containers import Container
from textual.pilot import Pilot
from textual.widget import Widget

from tui.messages import RowSelected
from tui.panes.events import EventsPane
from tui.panes.list_pane import MOST_AT_ONCE, PAUSE, ListPane
from tui.panes.orders import OrdersPane
from tui.panes.positions import PositionsPane
from tui.shown import EventLine, NumberedLines, OrderLine, PositionLine

OnStage = Callable[..., None]

POSITION = PositionLine(
    about="ACME",
    symbol="ACME",
    quantity="-1,500",
    average="45.1067",
    mark="44.1200",
    unrealized="+1,480.05",
    value="-66,180.00",
    realized="0.00",
    share="-41.20%",
)
TOTAL = PositionLine("", "total", "", "", "", "+2,960.10", "-132,360.00", "0.00", "-82.40%")
ORDER = OrderLine(
    key=7,
    about="ACME",
    id="7",
    symbol="ACME",
    side="buy",
    quantity="1,500",
    price="44.1200",
    state="rejected",
    filled="0",
    reason="cash must cover purchase, needs 66180, has 20071.74",
    tone="bad",
    ticks="",
    age="0",
    remaining="0",
)
EVENT = EventLine(3, "ACME", "12", "fill #12 buy 100 ACME @ 45.11, commission 1.00, R5 at the open", "good")


@frozen
class Literal:
    """As much of a view as a test needs."""

    positions: list[PositionLine] = field(factory=list)
    orders: list[OrderLine] = field(factory=list)
    events: list[EventLine] = field(factory=list)

    def position_total(self, symbols: Collection[str] | None = None) -> PositionLine:
        return evolve(TOTAL, quantity="" if symbols is None else f"{len(symbols)}")


class Listening(Container):
    """Collects what the pane in it tells."""

    def __init__(self, pane: Widget) -> None:
        super().__init__(pane)
        self.heard: list[str | None] = []

    def on_row_selected(self, message: RowSelected) -> None:
        self.heard.append(message.about)


def test_positions_in_a_narrow_pane(on_stage: OnStage) -> None:
    pane = PositionsPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(positions=[POSITION]))
        assert pane.plain_lines()[:2] == [
            "sym        qty      avg    mark    unreal",
            "ACME    -1,500  45.1067 44.1200 +1,480.05",
        ]

    on_stage(script, pane, size=(41, 5))


def test_positions_in_a_wide_pane_have_their_value_and_what_they_realized(on_stage: OnStage) -> None:
    pane = PositionsPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(positions=[POSITION]))
        assert pane.plain_lines()[1].split() == POSITION_CELLS

    on_stage(script, pane, size=(90, 5))


POSITION_CELLS = ["ACME", "-1,500", "45.1067", "44.1200", "+1,480.05", "-66,180.00", "-41.20%", "0.00"]


def test_several_positions_have_a_line_for_all_of_them(on_stage: OnStage) -> None:
    pane = PositionsPane()

    async def script(pilot: Pilot[Any]) -> None:
        many = [evolve(POSITION, about=name, symbol=name) for name in "ABCDEFGH"]
        pane.show_view(Literal(positions=many))
        assert pane.plain_lines()[-1].split() == ["total", "+2,960.10", "-132,360.00", "-82.40%", "0.00"]
        pane.focus()
        await pilot.press("G")
        assert (pane.cursor, pane.plain_lines()[-2].split()[0]) == (7, "H")
        pane.show_view(Literal(positions=many[:1]))
        assert "total" not in "".join(pane.plain_lines())
        pane.show_view(Literal(positions=many[:2]))
        assert [line.split()[0] for line in pane.plain_lines()[1:4]] == ["A", "B", "total"]

    on_stage(script, pane, size=(90, 6))


def test_positions_that_are_chosen_have_a_line_for_all_of_them(on_stage: OnStage) -> None:
    pane = PositionsPane()

    async def script(_: Pilot[Any]) -> None:
        pane.set_filter("a")
        pane.show_view(Literal(positions=[evolve(POSITION, about=name, symbol=name) for name in ("A", "B", "AB")]))
        assert [line.split()[:2] for line in pane.plain_lines()[1:4]] == [
            ["A", "-1,500"],
            ["AB", "-1,500"],
            ["total", "2"],
        ]

    on_stage(script, pane, size=(90, 6))


def test_what_changed_stands_out_unless_it_always_changes(on_stage: OnStage) -> None:
    pane = OrdersPane()

    async def script(_: Pilot[Any]) -> None:
        changed = frozenset({"state", "remaining", "age", "reason"})
        pane.show_view(Literal(orders=[evolve(ORDER, changed=changed), evolve(ORDER, key=8)]))
        first, second = pane.render_line(1), pane.render_line(2)
        assert [one.text.strip() for one in first if one.style and one.style.bold] == ["rejected", "0"]
        assert [one.text for one in second if one.style and one.style.bold] == []

    on_stage(script, pane, size=(120, 5))


def test_orders_in_a_narrow_pane(on_stage: OnStage) -> None:
    pane = OrdersPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(orders=[ORDER]))
        assert pane.plain_lines()[:2] == [
            "   id sym   side    qty      price state    ",
            "    7 ACME  buy   1,500    44.1200 rejected ",
        ]

    on_stage(script, pane, size=(44, 5))


@pytest.mark.parametrize(
    ("width", "price", "cell"),
    [
        (44, "market", "    market"),
        (44, "trail 98.00", "trail 98.00"),
        (44, "98.00/97.50", "98.00/97.50"),
        (44, "1234.56/1234.50", "##########"),
        (58, "1234.56/1234.50", "1234.56/1234.50"),
    ],
)
def test_the_price_of_an_order_has_the_room_that_there_is(width: int, price: str, cell: str, on_stage: OnStage) -> None:
    pane = OrdersPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(orders=[evolve(ORDER, price=price)]))
        assert pane.plain_lines()[1].startswith(f"    7 ACME  buy   1,500 {cell} rejected")

    on_stage(script, pane, size=(width, 3))


def test_orders_in_a_wide_pane_say_how_far_away_they_are_and_why_not_all_has_filled(on_stage: OnStage) -> None:
    pane = OrdersPane()

    async def script(_: Pilot[Any]) -> None:
        waiting = evolve(
            ORDER, state="accepted", ticks="1,250", age="12", remaining="500", filled="1,000", reason="only touched"
        )
        pane.show_view(Literal(orders=[waiting, ORDER]))
        assert [line.split() for line in pane.plain_lines()[:2]] == [
            ["id", "sym", "side", "qty", "price", "state", "ticks", "age", "left", "filled", "why"],
            ["7", "ACME", "buy", "1,500", "44.1200", "accepted", "1,250", "12", "500", "1,000", "only", "touched"],
        ]
        assert pane.plain_lines()[2].rstrip().endswith(" cash must cover purchase, needs 66180, has 20071.74")

    on_stage(script, pane, size=(140, 5))


def test_the_cursor_stays_on_the_newest_order(on_stage: OnStage) -> None:
    pane = OrdersPane()

    async def script(_: Pilot[Any]) -> None:
        for newest in (3, 9, 40):
            pane.show_view(Literal(orders=[evolve(ORDER, key=n, id=str(n)) for n in range(newest, 0, -1)]))
            assert pane.cursor == 0
            assert pane.plain_lines()[1].split()[0] == str(newest)

    on_stage(script, pane, size=(41, 5))


def test_events_follow_the_newest(on_stage: OnStage) -> None:
    pane = EventsPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(events=[evolve(EVENT, key=n, bar=str(n)) for n in range(30)]))
        assert pane.plain_lines()[-1].rstrip() == "   29 fill #12 buy 100 ACME @ 45.11, com…"
        assert pane.position_text == "27-30/30"

    on_stage(script, pane, size=(41, 5))


def test_the_number_of_a_bar_stands_at_the_first_of_its_events_in_view(on_stage: OnStage) -> None:
    pane = EventsPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(events=[evolve(EVENT, key=n, bar=str(n // 3)) for n in range(30)]))
        assert [line[:5].strip() for line in pane.plain_lines()[1:]] == ["8", "", "9", "", ""]

    on_stage(script, pane, size=(41, 6))


def test_an_empty_list_says_that_it_is_empty(on_stage: OnStage) -> None:
    panes = (PositionsPane(), OrdersPane(), EventsPane())

    async def script(_: Pilot[Any]) -> None:
        for pane in panes:
            pane.show_view(Literal())
        assert [pane.plain_lines()[1].rstrip() for pane in panes] == [
            "nothing is held: f runs to a fill",
            "nothing was asked for yet: n goes on",
            "nothing has happened yet: n goes on",
        ]

    on_stage(script, *panes, size=(60, 9))


def test_a_pane_tells_which_symbol_the_row_is_about_that_was_selected(on_stage: OnStage) -> None:
    pane = EventsPane()
    listening = Listening(pane)

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_view(Literal(events=[EVENT, evolve(EVENT, key=4, about=None), evolve(EVENT, key=5)]))
        await pilot.pause()
        assert listening.heard == []
        pane.focus()
        await pilot.press("k", "k")
        assert listening.heard == [None, "ACME"]

    on_stage(script, listening)


def test_what_is_listed_stands_in_the_border(on_stage: OnStage) -> None:
    pane = OrdersPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(orders=[evolve(ORDER, key=n) for n in range(30)]))
        assert (pane.border_title, pane.border_subtitle) == ("3 Orders", "1-7/30")

    on_stage(script, pane, size=(41, 10), css="OrdersPane { border: round white; }")


def test_keys_move_in_a_list(on_stage: OnStage) -> None:
    pane = OrdersPane()
    places: list[int] = []

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_view(Literal(orders=[evolve(ORDER, key=n) for n in range(50)]))
        pane.focus()
        for key in ["j", "down", "k", "G", "up", "g", "ctrl+d", "ctrl+u", "pagedown", "pageup", "end", "home"]:
            await pilot.press(key)
            places.append(pane.cursor)

    on_stage(script, pane, size=(41, 11))
    assert places == [1, 2, 1, 49, 48, 0, 5, 0, 10, 0, 49, 0]


# Filters


@define(eq=False)
class Many:
    """As many orders as one likes, one in ten of them filled; counts those that are read."""

    count: int
    reads: list[int] = field(factory=list)

    def line(self, number: int) -> OrderLine:
        self.reads.append(number)
        return evolve(ORDER, key=number, id=str(number), state="rejected" if number % 10 else "filled")

    def view(self, count: int) -> "LazyOrders":
        return LazyOrders(NumberedLines(1, count + 1, self.line, self, is_newest_first=True, live=[count]))


@frozen
class LazyOrders:
    """A view of such orders."""

    orders: NumberedLines[OrderLine]


@frozen
class LazyEvents:
    """A view of many events."""

    events: NumberedLines[EventLine]


def ids(pane: OrdersPane) -> list[str]:
    return [line.split()[0] for line in pane.plain_lines()[1:] if line.strip()]


async def until_whole(pilot: Pilot[Any], pane: ListPane) -> None:
    while "+ of" in str(pane.border_title):
        await pilot.pause(PAUSE)


def test_a_filter_shows_the_lines_that_match_and_says_so_in_the_border(on_stage: OnStage) -> None:
    pane = OrdersPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Many(0).view(1_679))
        pane.set_filter("  Filled !160 ")
        # 167 are filled, and 160, 1160 and 1600 are not wanted
        assert (pane.border_title, pane.border_subtitle) == ("3 Orders /Filled !160 164 of 1,679", "1-4/164")
        assert ids(pane) == ["1670", "1660", "1650", "1640"]
        pane.show_view(Many(0).view(1_680))
        assert str(pane.border_title).endswith(" of 1,680")
        pane.set_filter("")
        assert (pane.border_title, pane.border_subtitle) == ("3 Orders", "1-4/1680")

    on_stage(script, pane, size=(80, 7), css="OrdersPane { border: round white; }")


@pytest.mark.parametrize("text", ["", "filled"])
def test_a_hundred_thousand_lines_are_read_as_far_as_they_are_visible(on_stage: OnStage, text: str) -> None:
    pane, many = OrdersPane(), Many(0)

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_view(many.view(99_999))
        pane.set_filter(text)
        await until_whole(pilot, pane)
        many.reads.clear()
        pane.show_view(many.view(100_000))
        assert len(many.reads) <= 10 + 2  # those in view; for a filter also the new one, which is open too
        many.reads.clear()
        pane.focus()
        await pilot.press("G", "g")
        assert len(many.reads) <= 2 * (10 + 2)  # each move reads what is in view, and the row that is selected

    on_stage(script, pane, size=(80, 11))


def test_a_long_first_look_leaves_the_keys_their_time(on_stage: OnStage) -> None:
    pane, many = OrdersPane(), Many(0)

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_view(many.view(10_000))
        many.reads.clear()
        pane.set_filter("rejected")
        assert len(set(many.reads)) <= MOST_AT_ONCE + 1
        assert "+ of 10,000" in str(pane.border_title)
        assert ids(pane)[:3] == ["9999", "9998", "9997"]
        await until_whole(pilot, pane)
        assert pane.border_title == "3 Orders /rejected 9,000 of 10,000"

    on_stage(script, pane, size=(80, 11))


def test_older_events_that_are_found_later_leave_the_cursor_on_its_row(on_stage: OnStage) -> None:
    pane, origin = EventsPane(), object()

    def view(count: int) -> LazyEvents:
        return LazyEvents(NumberedLines(0, count, lambda n: evolve(EVENT, key=n, event=f"fill {n}"), origin))

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_view(view(10_000))
        pane.set_filter("fill")
        pane.move(-700)
        assert pane.selected is not None
        assert (pane.selected.key, pane.plain_lines()[1].split()) == (9_299, ["12", "fill", "9299"])
        await until_whole(pilot, pane)
        assert (pane.selected.key, pane.cursor) == (9_299, 9_299)
        assert pane.plain_lines()[1].split() == ["12", "fill", "9299"]
        pane.end()
        pane.show_view(view(10_001))
        assert pane.selected.key == 10_000
        pane.show_view(view(40))  # a look at the past
        assert (pane.selected.key, pane.border_title) == (39, "5 Events /fill 40 of 40")

    on_stage(script, pane, size=(80, 11))


def test_where_nothing_matches_it_is_said_how_to_go_on(on_stage: OnStage) -> None:
    pane, many = OrdersPane(), Many(0)

    async def script(pilot: Pilot[Any]) -> None:
        pane.show_view(many.view(5_000))
        pane.set_filter("[b]x\x1b")
        assert pane.plain_lines()[1].rstrip() == "looking for /[b]x␛: esc clears"
        await until_whole(pilot, pane)
        assert pane.plain_lines()[1].rstrip() == "nothing matches /[b]x␛: esc clears"
        assert pane.selected is None
        assert pane.about is None

    on_stage(script, pane, size=(80, 11))


def test_a_filter_of_events_finds_symbols_that_are_not_written(on_stage: OnStage) -> None:
    pane = EventsPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(events=[evolve(EVENT, key=n, symbol=name) for n, name in enumerate(("IBM", "GOOG"))]))
        pane.set_filter("ibm")
        assert pane.border_title == "5 Events /ibm 1 of 2"

    on_stage(script, pane, size=(80, 11))


def test_another_run_has_matches_of_its_own(on_stage: OnStage) -> None:
    pane = OrdersPane()

    async def script(_: Pilot[Any]) -> None:
        pane.set_filter("filled")
        pane.show_view(Many(0).view(100))
        assert str(pane.border_title).endswith("10 of 100")
        pane.show_view(Many(0).view(50))
        assert str(pane.border_title).endswith("5 of 50")

    on_stage(script, pane, size=(80, 11))
