"""A view follows from the run and the selection, and looks only at what is shown."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from attrs import define

from core.backtest.examples import BracketBreakout, BuyAndHold
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.events import PathAmbiguous
from core.order import BUY, SELL, Order, OrderType, TrackedOrder
from core.replay.moment import Moment
from tui.scene import Scene
from tui.shown import OrderLine, PositionLine, Selection, State
from tui.view import FrameView

Sample = Callable[..., Backtest]
START = datetime(2024, 1, 2, 21, tzinfo=UTC)


def view_of(run: Backtest, symbol: str = "AAPL") -> FrameView:
    return FrameView(Scene(run), Selection(symbol))


def bars_of(symbol: str, *closes: str, first_day: int = 0) -> Bars:
    rows = [(START + timedelta(days=first_day + day), *[Decimal(close)] * 4) for day, close in enumerate(closes)]
    return Bars.from_rows(symbol, rows)


@define
class Asking(Strategy):
    """Ask for one order, or for a bracket, after the first bar."""

    orders: list[Order]

    def on_bar(self, now: Now) -> None:
        if now.step:
            return
        entry, *exits = self.orders
        if exits:
            now.submit_bracket(entry, *exits)
        else:
            now.submit(entry)


class Hedge(Strategy):
    """Sell what is not held, then buy back a part of it."""

    def on_bar(self, now: Now) -> None:
        if now.step == 0:
            now.sell("ACME", 100)
        if now.step == 1:
            now.buy("ACME", 30)


def test_before_the_first_bar_there_is_cash_and_nothing_else(sample: Sample) -> None:
    view = view_of(sample())
    assert (len(view.positions), len(view.orders), len(view.events)) == (0, 0, 0)
    assert view.status.parts == (
        "bar    0/2015",
        "at the start",
        "equity   100,000.00",
        "cash  100,000.00",
        "drawdown  0.00%",
        "DipBuyer",
    )
    assert view.price.row == -1
    assert view.pnl.equity(10) == []


def test_the_status_says_where_the_run_is(sample: Sample) -> None:
    status = FrameView(Scene(sample(201)), Selection("AAPL"), State.RUNNING).status
    assert status.state is State.RUNNING
    assert status.parts[:2] == ("bar  201/2015", "2005-12-13")


def test_a_position_is_valued_at_its_mark(sample: Sample) -> None:
    line = view_of(sample(3)).positions[0]
    # bought 917 at 43.61 in step 2, which closed at 41.79
    assert line == PositionLine(
        about="AAPL",
        symbol="AAPL",
        quantity="917",
        average="43.6100",
        mark="41.7900",
        unrealized="-1,668.94",
        value="38,321.43",
        realized="0.00",
        tone="bad",
    )


def test_a_short_position_has_a_minus_and_what_it_has_realized() -> None:
    bars = bars_of("ACME", "10", "10", "8", "9")
    run = Backtest(bars, Hedge(), Settings(allow_short=True))
    run.run()
    line = view_of(run, "ACME").positions[0]
    # sold 100 at 10, bought 30 back at 8: 30 x 2 = 60 realized; 70 x (10 - 9) = 70 unrealized
    assert (line.quantity, line.average, line.mark) == ("-70", "10.0000", "9.00")
    assert (line.unrealized, line.value, line.realized, line.tone) == ("+70.00", "-630.00", "+60.00", "good")


def test_orders_are_listed_from_the_newest_on(sample: Sample) -> None:
    orders = view_of(sample(3)).orders
    assert [orders[index].id for index in range(len(orders))] == ["5", "4", "3", "2", "1"]


def test_an_order_says_why_it_is_not_filled(sample: Sample) -> None:
    orders = view_of(sample(3)).orders
    offer, refused, resting, filled = orders[0], orders[1], orders[3], orders[4]
    assert (offer.side, offer.quantity, offer.price, offer.state) == ("sell", "917", "45.3544", "accepted")
    assert resting.reason.startswith("limit 182.3388 not reached, low ")
    assert refused.state == "rejected"
    assert refused.reason.startswith("cash must cover purchase, needs 39993.9516, has 20071.7428, short ")
    assert (filled.state, filled.filled, filled.reason, filled.tone) == ("filled", "917", "", "good")


PRICES = {
    "market": (Order("ACME", BUY, 1), "market"),
    "open": (Order("ACME", BUY, 1, type=OrderType.MARKET_ON_OPEN), "open"),
    "close": (Order("ACME", BUY, 1, type=OrderType.MARKET_ON_CLOSE), "close"),
    "limit": (Order("ACME", BUY, 1, limit_price=9), "9.000"),
    "stop": (Order("ACME", BUY, 1, stop_price=98), "stop 98.00"),
    "fine stop": (Order("ACME", BUY, 1, stop_price=Decimal("98.125")), "stop 98.125"),
    "stop-limit": (Order("ACME", BUY, 1, stop_price=98, limit_price=Decimal("98.5")), "98.00/98.50"),
    "trail": (Order("ACME", BUY, 1, trail_amount=Decimal("88.5")), "trail 98.50"),
    "trail in percent": (Order("ACME", BUY, 1, trail_percent=5), "trail 10.50"),
}


@pytest.mark.parametrize(("order", "price"), PRICES.values(), ids=PRICES)
def test_an_order_shows_the_price_it_waits_for(order: Order, price: str) -> None:
    bars = Bars.from_rows("ACME", [(START, *[Decimal("10.000")] * 4)])  # a trail counts from the close of 10
    run = Backtest(bars, Asking([order]))
    run.step()
    assert view_of(run, "ACME").orders[0].price == price


def test_a_trailing_stop_shows_where_it_is_now() -> None:
    sale = Order("ACME", SELL, 10, trail_amount=2)
    run = Backtest(bars_of("ACME", "10", "10", "12", "15"), Asking([Order("ACME", BUY, 10), sale]))
    prices = []
    while run.step():
        prices.append(view_of(run, "ACME").orders[0].price)
    # counted from the fill at 10 in the second bar on
    assert prices == ["trail -", "trail 8.00", "trail 10.00", "trail 13.00"]


def test_an_exit_is_asleep_until_its_entry_fills() -> None:
    exits = (Order("ACME", SELL, 10, stop_price=9), Order("ACME", SELL, 10, limit_price=12))
    run = Backtest(bars_of("ACME", "10", "10", "12"), Asking([Order("ACME", BUY, 10), *exits]))
    states = []
    while run.step():
        orders = view_of(run, "ACME").orders
        states.append([orders[index].state for index in range(3)])
    assert states == [
        ["asleep", "asleep", "accepted"],
        ["accepted", "accepted", "filled"],
        ["filled", "canceled", "filled"],
    ]


def test_an_exit_that_is_awake_in_part_is_not_asleep() -> None:
    bars = Bars.from_rows("ACME", [(START + timedelta(days=day), *[Decimal(10)] * 4, 4) for day in range(2)])
    bracket = [Order("ACME", BUY, 10), Order("ACME", SELL, 10, stop_price=9)]
    run = Backtest(bars, Asking(bracket), Settings(volume_cap=Decimal(1)))
    run.run()
    orders = view_of(run, "ACME").orders
    assert [orders[index].state for index in range(2)] == ["accepted", "partially filled"]


def test_an_ambiguous_path_is_about_its_symbol(sample: Sample) -> None:
    run = sample(0, BracketBreakout())
    run.run_until(lambda run: any(isinstance(event, PathAmbiguous) for event in run.journal))
    events = view_of(run).events
    line = next(line for line in map(events.__getitem__, range(len(events))) if line.event.startswith("path "))
    assert (line.about, line.tone) == (line.event.split()[1], "warn")


def test_an_event_has_its_bar_as_the_status_counts_and_its_symbol(sample: Sample) -> None:
    run = sample(3)
    events = view_of(run).events
    assert (events[0].bar, events[0].about) == ("1", "AAPL")
    assert events[0].event == "order #1 submitted: buy 917 AAPL limit 43.61"
    about = {events[index].event.split()[0]: events[index].about for index in range(len(events))}
    assert about == {"order": "AAPL", "fill": "AAPL", "position": "AAPL", "cash": "AAPL"}


def test_money_without_a_fill_is_about_no_symbol(sample: Sample) -> None:
    run = sample(1)
    time = run.portfolio.timestamp
    assert time is not None
    run.portfolio.deposit(5, time)
    assert view_of(run).events[len(run.journal) - 1].about is None


def test_net_is_what_is_left_after_commissions(sample: Sample) -> None:
    run = sample(300)
    figures = {name: text for name, _, text in view_of(run).pnl.figures}
    numbers = {name: Decimal(text.replace(",", "")) for name, text in figures.items()}
    assert numbers["net"] == run.portfolio.equity.quantize(Decimal("0.01")) - 100_000
    assert abs(numbers["realized"] + numbers["unrealized"] - numbers["commissions"] - numbers["net"]) <= Decimal("0.02")


def test_equity_ends_with_what_it_is_now(sample: Sample) -> None:
    run = sample(300)
    points = view_of(run).pnl.equity(40)
    assert len(points) == 39  # 0, 8, ... 296, and step 299
    assert points[-1] == run.portfolio.equity


def test_the_chart_ends_at_the_newest_bar_of_its_symbol() -> None:
    run = Backtest([bars_of("A", "1", "2", "3"), bars_of("B", "5", first_day=1)], Strategy())
    assert view_of(run, "B").price.row == -1
    rows = []
    while run.step():
        rows.append((view_of(run, "A").price.row, view_of(run, "B").price.row))
    assert rows == [(0, -1), (1, 0), (2, 0)]


def test_prices_have_the_decimals_of_the_finest_symbol_and_at_least_two() -> None:
    assert Scene(Backtest([bars_of("A", "1"), bars_of("B", "1.2345")], Strategy())).price_digits == 4
    assert Scene(Backtest(bars_of("A", "1"), Strategy())).price_digits == 2
    assert Scene(Backtest(bars_of("A", "0.000000000001"), Strategy())).price_digits == 8


def test_quantities_have_the_decimals_of_their_step() -> None:
    run = Backtest(bars_of("A", "1", "1"), BuyAndHold(), Settings(quantity_step=Decimal("0.01")))
    run.run()
    assert view_of(run, "A").positions[0].quantity == "100.00"


def test_a_list_of_any_length_costs_what_is_looked_at(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    run = sample(2015)
    asked: list[int] = []
    get_order = Moment.get_order

    def counted(moment: Moment, order_id: int) -> TrackedOrder:
        asked.append(order_id)
        return get_order(moment, order_id)

    monkeypatch.setattr(Moment, "get_order", counted)
    orders = view_of(run).orders
    assert len(orders) == 1679
    assert asked == []
    assert isinstance(orders[3], OrderLine)
    assert set(asked) == {1676}


def test_every_text_is_cleaned() -> None:
    symbol = "AC\x1b[2JME"
    run = Backtest(bars_of(symbol, "10", "10", "10"), BuyAndHold())
    run.step()
    run.step()
    view = view_of(run, symbol)
    texts = [view.positions[0].symbol, view.orders[0].symbol, view.price.title]
    texts += [view.events[index].event for index in range(len(view.events))]
    assert "\x1b" not in "".join(texts)
    assert [text for text in texts if "AC␛[2JME" in text][:3] == texts[:3]
    assert view.positions[0].about == view.orders[0].about == symbol


def test_two_views_of_one_moment_are_the_same(sample: Sample) -> None:
    one, other = view_of(sample(200)), view_of(sample(200))
    for _ in range(2):  # what is kept from the first look does not differ
        for name in ("positions", "orders", "events"):
            lines, others = getattr(one, name), getattr(other, name)
            assert [lines[i] for i in range(len(lines))] == [others[i] for i in range(len(others))]
    assert one.status == other.status
    assert one.pnl.figures == other.pnl.figures
