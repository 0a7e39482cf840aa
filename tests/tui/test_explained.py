"""The explain pane says of an order why it did what it did, and without one what happened where one stands."""

from decimal import Decimal

import pytest

from core.backtest.loop import Backtest
from core.backtest.strategy import Now
from core.clock import Phase
from core.order import SELL, Order, OrderType
from core.replay.cursor import START, Cursor
from tests.core.builders import Action, bars_of, run
from tui.explained import explain_view
from tui.scene import Scene
from tui.shown import ExplainView

BARS = bars_of("ACME", "100", "100/104/98/101", "101/103/95/96", "96")
BAR = tuple(map(Decimal, (100, 104, 98, 101)))
DIP = Decimal(99)


def buy_dip(now: Now) -> None:
    now.buy("ACME", 10, limit_price=DIP)


def view_at(made: Backtest, cursor: Cursor | int, order_id: int | None = None) -> ExplainView:
    scene = Scene(made)
    place = scene.timeline.end_of_step(cursor) if isinstance(cursor, int) else cursor
    return explain_view(scene, scene.timeline.at(place), order_id)


def texts(view: ExplainView) -> list[str]:
    return [text for text, _ in view.lines]


FILLED = run(BARS, {0: buy_dip})
REJECTED = run(BARS, {0: lambda now: now.buy("ACME", 1001)})
WAITING = run(BARS, {0: lambda now: now.buy("ACME", 10, limit_price=90)})


def test_a_fill_says_what_it_did_on_which_bar() -> None:
    view = view_at(FILLED, 1)
    assert view.title == "#1, bar 2"
    assert view.lines[0] == ("#1 buy 10 ACME limit 99.00: filled", "good")
    assert view.lines[1] == ("fill #1: buy 10 @ 99.00, R6 at its limit on the path", "good")
    assert texts(view)[2:5] == [
        "  cash 100,000.00 -> 99,010.00",
        "  position 0 -> 10 @ 99.0000",
        "  equity 100,000.00 -> 100,010.00",  # at the close of 100 before, which is the newest that is known
    ]
    assert view.bar == BAR
    assert view.path == "O→L→H→C"
    assert view.marks == [("@", DIP), ("▲", DIP)]


def test_of_one_bar_the_newest_chapter_stands_first() -> None:
    at_once = run(BARS, {0: buy_dip, 1: lambda now: now.buy("ACME", 1, limit_price=1)})
    lines = texts(view_at(at_once, 1, 2))
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == ["#2", "accepted", "order"]


def test_an_order_that_is_over_stays_explained_by_its_last_bar() -> None:
    assert view_at(FILLED, 3, 1) == view_at(FILLED, 1, 1)


def test_a_rejection_says_why_and_what_would_pass() -> None:
    view = view_at(REJECTED, 0)
    assert view.title == "#1, bar 1"
    assert view.lines[0] == ("#1 buy 1,001 ACME market: rejected", "bad")
    text, tone = view.lines[1]
    assert (text.startswith("rejected, CASH_MUST_COVER_PURCHASE: "), tone) == (True, "bad")
    assert texts(view)[2].startswith("  would pass: at most 1,000")


def test_a_bar_in_which_an_order_waits_says_why() -> None:
    view = view_at(WAITING, 1)
    assert view.title == "bar 2"
    assert texts(view) == [
        "#1 buy 10 ACME limit 90.00: waits, LIMIT_NOT_REACHED: limit 90 not reached, low 98, 8 ticks short"
    ]
    assert (view.bar, view.path, list(view.marks)) == (None, "", [])


def test_an_order_that_waits_can_be_asked_for() -> None:
    view = view_at(WAITING, 1, 1)
    assert view.lines[0] == ("#1 buy 10 ACME limit 90.00: accepted", "")
    assert texts(view)[1].startswith("waits, LIMIT_NOT_REACHED: ")
    assert view.bar == BAR
    assert view.marks == [("@", Decimal(90))]


def test_a_quiet_bar_says_that_nothing_happened() -> None:
    assert view_at(FILLED, 3).lines == (("nothing happened in this bar, and no order was open", "dim"),)
    assert view_at(FILLED, START).lines == (("before the first bar: n goes to it", "dim"),)


def test_inside_a_bar_nothing_is_known_of_its_rest() -> None:
    view = view_at(FILLED, Cursor(1, Phase.OPEN, 2), 1)
    assert view.lines[0] == ("#1 buy 10 ACME limit 99.00: accepted", "")
    assert "fill" not in " ".join(texts(view))
    assert view.bar is None
    waits = view_at(WAITING, Cursor(1, Phase.OPEN, 2))
    assert texts(waits) == ["#1 buy 10 ACME limit 90.00: waits, the bar is not over"]


def test_at_a_fill_inside_a_bar_the_bar_is_not_over() -> None:
    fill = next(one for one in Scene(FILLED).timeline.places(1) if one.sequence > 2)
    view = view_at(FILLED, fill)
    assert view.lines[0] == ("#1 buy 10 ACME limit 99.00: filled", "good")
    assert (view.bar, view.path) == (None, "")
    assert "104" not in " ".join(texts(view))
    assert "  on bar 100.00/104.00/98.00/101.00" in texts(view_at(FILLED, 1))


def test_an_order_that_was_not_asked_for_yet_is_left_out() -> None:
    made = run(BARS, {0: buy_dip, 2: lambda now: now.sell("ACME", 10)})
    assert view_at(made, 2, 2).title == "#2, bar 3"
    assert view_at(made, 1, 2) == view_at(made, 1)
    assert view_at(made, 1, 0) == view_at(made, 1, 99) == view_at(made, 1)


def test_of_many_facts_a_fill_comes_before_a_rejection_and_that_before_any_other() -> None:
    def all_at_once(now: Now) -> None:
        now.buy("ACME", 10_000)
        now.buy("ACME", 1, limit_price=1)

    made = run(BARS, {0: all_at_once, 1: lambda now: now.buy("ACME", 1)})
    assert view_at(made, 0).title == "#1, bar 1"
    filled = run(BARS, {0: lambda now: now.buy("ACME", 1), 1: all_at_once})
    assert view_at(filled, 1).title == "#1, bar 2"


def test_more_open_orders_than_have_room_are_counted() -> None:
    made = run(BARS, {0: lambda now: [now.buy("ACME", 1, limit_price=50 + one) for one in range(9)]})
    lines = view_at(made, 1).lines
    assert len(lines) == 7
    assert lines[-1] == ("and 3 more open orders", "dim")


def test_an_order_at_the_close_and_a_stop_have_their_marks() -> None:
    made = run(
        BARS,
        {
            0: lambda now: now.buy("ACME", 10),
            1: lambda now: [
                now.submit(Order("ACME", SELL, 5, stop_price=97)),
                now.submit(Order("ACME", SELL, 5, type=OrderType.MARKET_ON_CLOSE)),
            ],
        },
    )
    assert view_at(made, 2, 2).marks == [("!", Decimal(97)), ("▼", Decimal(97))]
    assert view_at(made, 2, 3).marks == [("▼", Decimal(96))]


@pytest.mark.parametrize("step", [-1, 0, 1, 2])
def test_what_is_said_of_a_hostile_symbol_is_harmless(step: int) -> None:
    symbol = "AC\x1b[2J\nME"
    acts: dict[int, Action] = {
        0: lambda now: [now.buy(symbol, 1), now.buy(symbol, 1, limit_price=1, tag="\x1b]0;x\x07")],
        1: lambda now: now.buy(symbol, 10**6),
    }
    made = run(bars_of(symbol, "10", "10", "10"), acts)
    for order_id in (None, 1, 2, 3):
        view = view_at(made, step, order_id)
        assert all(text.isprintable() for text in (*texts(view), view.title, view.path))
