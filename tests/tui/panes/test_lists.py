"""The three lists show literal lines as they are given."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve, field, frozen
from textual.containers import Container
from textual.pilot import Pilot
from textual.widget import Widget

from tui.messages import RowSelected
from tui.panes.events import EventsPane
from tui.panes.orders import OrdersPane
from tui.panes.positions import PositionsPane
from tui.shown import EventLine, OrderLine, PositionLine

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
)
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
)
EVENT = EventLine(3, "ACME", "12", "fill #12 buy 100 ACME @ 45.11, commission 1.00, R5 at the open", "good")


@frozen
class Literal:
    """As much of a view as a test needs."""

    positions: list[PositionLine] = field(factory=list)
    orders: list[OrderLine] = field(factory=list)
    events: list[EventLine] = field(factory=list)


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
            "sym      qty      avg     mark     unreal",
            "ACME  -1,500  45.1067  44.1200  +1,480.05",
        ]

    on_stage(script, pane, size=(41, 5))


def test_positions_in_a_wide_pane_have_their_value_and_what_they_realized(on_stage: OnStage) -> None:
    pane = PositionsPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(positions=[POSITION]))
        assert pane.plain_lines()[1].split() == POSITION_CELLS

    on_stage(script, pane, size=(90, 5))


POSITION_CELLS = ["ACME", "-1,500", "45.1067", "44.1200", "+1,480.05", "-66,180.00", "0.00"]


def test_orders_in_a_narrow_pane(on_stage: OnStage) -> None:
    pane = OrdersPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(orders=[ORDER]))
        assert pane.plain_lines()[:2] == [
            "   id sym   side    qty       price state   ",
            "    7 ACME  buy   1,500     44.1200 rejected",
        ]

    on_stage(script, pane, size=(44, 5))


@pytest.mark.parametrize(
    ("width", "price", "cell"),
    [
        (44, "market", "     market"),
        (44, "trail 98.00", "trail 98.00"),
        (44, "98.00/97.50", "98.00/97.50"),
        (44, "1234.56/1234.50", "###########"),
        (58, "1234.56/1234.50", "1234.56/1234.50"),
    ],
)
def test_the_price_of_an_order_has_the_room_that_there_is(width: int, price: str, cell: str, on_stage: OnStage) -> None:
    pane = OrdersPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(orders=[evolve(ORDER, price=price)]))
        assert pane.plain_lines()[1].startswith(f"    7 ACME  buy   1,500 {cell} rejected")

    on_stage(script, pane, size=(width, 3))


def test_orders_in_a_wide_pane_say_how_much_was_filled_and_why_not_all(on_stage: OnStage) -> None:
    pane = OrdersPane()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(orders=[ORDER]))
        assert pane.plain_lines()[1].rstrip() == (
            "    7 ACME  buy   1,500         44.1200 rejected         0 "
            "cash must cover purchase, needs 66180, has 20071.74"
        )

    on_stage(script, pane, size=(120, 5))


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
