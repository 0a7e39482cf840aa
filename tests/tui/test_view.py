"""A view follows from the run and the selection, and looks only at what is shown."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from attrs import define

from core.backtest.equity import EquityCurve
from core.backtest.examples import BracketBreakout, BuyAndHold
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.events import PathAmbiguous
from core.order import BUY, SELL, Order, OrderType, TrackedOrder
from core.replay.moment import Moment
from tui.scene import Scene, share_of
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
        share="38.97%",  # 38,321.43 of 98,326.47: 1,668.94 and 4.59 of commission below 100,000
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


def test_positions_together_are_the_sum_of_their_lines(sample: Sample) -> None:
    view = view_of(sample(150))
    lines = [view.positions[index] for index in range(len(view.positions))]
    assert len(lines) > 1
    for symbols, some in ((None, lines), ([lines[0].about], lines[:1]), ([], [])):
        whole = view.position_total(symbols)
        for name in ("value", "unrealized", "realized"):
            assert abs(number(getattr(whole, name)) - sum(number(getattr(line, name)) for line in some)) <= CENTS
    share = number(view.position_total().share.removesuffix("%"))
    assert abs(share - sum(number(line.share.removesuffix("%")) for line in lines)) <= Decimal("0.01") * len(lines)
    assert {name: text for name, _, text in view.pnl.figures}["net exposure"] == view.position_total().share


CENTS = Decimal("0.02")  # each line is rounded by itself


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def test_exposure_is_gross_and_net_over_equity() -> None:
    run = Backtest(bars_of("ACME", "10", "10", "8", "9"), Hedge(), Settings(allow_short=True))
    run.run()
    view = view_of(run, "ACME")
    figures = {name: text for name, _, text in view.pnl.figures}
    # 70 sold short at a mark of 9 are 630; equity is 100,000 + 60 + 70
    assert (figures["exposure"], figures["net exposure"]) == ("0.63%", "-0.63%")
    assert view.positions[0].share == "-0.63%"


def test_without_equity_nothing_is_a_part_of_it() -> None:
    assert share_of(Decimal(5), Decimal(0)) == share_of(Decimal(5), Decimal(-1)) == "-"


def test_open_orders_stand_before_those_that_are_over_each_kind_from_the_newest_on(sample: Sample) -> None:
    orders = view_of(sample(3)).orders
    lines = [orders[index] for index in range(len(orders))]
    assert [line.id for line in lines] == ["5", "2", "4", "3", "1"]
    assert [line.state for line in lines] == ["accepted", "accepted", "rejected", "rejected", "filled"]


def test_the_lines_of_orders_are_those_of_any_moment(sample: Sample) -> None:
    run = sample(300)
    scene = Scene(run)
    for step in range(0, 300, 7):
        for cursor in scene.timeline.places(step):
            view = FrameView(scene, Selection("AAPL"), cursor=cursor)
            lines = [view.orders[index] for index in range(len(view.orders))]
            final = [view.moment.get_order(line.key).status.is_final for line in lines]
            assert final == sorted(final)
            for over in (False, True):
                ids = [line.key for line, one in zip(lines, final, strict=True) if one is over]
                assert ids == sorted(ids, reverse=True)
            assert len({line.key for line in lines}) == len(view.moment.orders)


def test_an_order_says_why_it_is_not_filled(sample: Sample) -> None:
    orders = view_of(sample(3)).orders
    offer, resting, refused, filled = orders[0], orders[1], orders[2], orders[4]
    assert (offer.side, offer.quantity, offer.price, offer.state) == ("sell", "917", "45.3544", "accepted")
    assert resting.reason.startswith("limit 182.3388 not reached, low ")
    assert refused.state == "rejected"
    assert refused.reason.startswith("cash must cover purchase, needs 39993.9516, has 20071.7428, short ")
    assert (filled.state, filled.filled, filled.reason, filled.tone) == ("filled", "917", "", "good")


def test_an_order_has_an_age_until_it_is_over(sample: Sample) -> None:
    run = sample(60)
    scene = Scene(run)
    asked, ended = {}, {}
    for step in range(-1, 60):
        view = FrameView(scene, Selection("AAPL"), cursor=scene.timeline.end_of_step(step))
        for index in range(len(view.orders)):
            line = view.orders[index]
            asked.setdefault(line.key, step)
            if view.moment.get_order(line.key).status.is_final:
                ended.setdefault(line.key, step)
            assert line.age == str(ended.get(line.key, step) - asked[line.key])
    assert max(ended[key] - asked[key] for key in ended) > 2


AWAY = {
    "a limit to buy": (Order("ACME", BUY, 1, limit_price=9), "100"),
    "a limit to sell": (Order("ACME", SELL, 1, limit_price=Decimal("10.25")), "25"),
    "a limit that is reached": (Order("ACME", BUY, 1, limit_price=11), "0"),
    "a stop to buy": (Order("ACME", BUY, 1, stop_price=12), "200"),
    "a stop to sell": (Order("ACME", SELL, 1, stop_price=Decimal("9.99")), "1"),
    "a stop before its limit": (Order("ACME", BUY, 1, stop_price=11, limit_price=15), "100"),
    "a trailing stop": (Order("ACME", SELL, 1, trail_amount=3), "300"),
    "a market order": (Order("ACME", BUY, 1), "-"),
}


@pytest.mark.parametrize(("order", "ticks"), AWAY.values(), ids=AWAY)
def test_an_open_order_says_how_many_ticks_it_is_away(order: Order, ticks: str) -> None:
    run = Backtest(bars_of("ACME", "10.00", "10"), Asking([order]), Settings(allow_short=True))
    run.step()
    assert view_of(run, "ACME").orders[0].ticks == ticks


def test_ticks_are_those_of_the_settings_and_begun_ones_count() -> None:
    settings = Settings(tick_size=Decimal("0.05"))
    run = Backtest(bars_of("ACME", "10.02", "10.02"), Asking([Order("ACME", BUY, 1, limit_price=9)]), settings)
    run.step()
    assert view_of(run, "ACME").orders[0].ticks == "21"  # 1.02 is 20 ticks and a part of one


def test_an_order_that_is_over_is_no_ticks_away_and_has_nothing_left(sample: Sample) -> None:
    orders = view_of(sample(3)).orders
    assert [(orders[index].ticks != "", orders[index].remaining) for index in range(5)] == [
        (True, "917"),
        (True, orders[1].quantity),
        (False, "0"),
        (False, "0"),
        (False, "0"),
    ]


def changed_in(view: FrameView) -> dict[object, frozenset[str]]:
    """Return what stands out, by symbol and by order."""
    return {
        line.key: line.changed
        for lines in (view.positions, view.orders)
        for line in (lines[index] for index in range(len(lines)))
        if line.changed
    }


def test_what_differs_from_the_bar_before_stands_out(sample: Sample) -> None:
    scene = Scene(sample(60))
    end = scene.timeline.end_of_step
    for step in range(1, 60):
        before, now = (FrameView(scene, Selection("AAPL"), cursor=end(one)) for one in (step - 1, step))
        was = {line.key: line for line in (before.orders[index] for index in range(len(before.orders)))}
        for index in range(len(now.orders)):
            line = now.orders[index]
            if line.key not in was:
                assert {"id", "symbol", "state"} <= line.changed
                continue
            texts = ("id", "symbol", "quantity", "price", "state", "ticks", "remaining", "filled")
            differ = {name for name in texts if getattr(line, name) != getattr(was[line.key], name)}
            assert line.changed & set(texts) == differ


def test_what_stands_out_does_not_depend_on_how_one_came_there(sample: Sample) -> None:
    run = sample(40)
    far, near = Scene(run), Scene(run)
    ends = [near.timeline.end_of_step(step) for step in range(25, 40)]
    seen = [changed_in(FrameView(near, Selection("AAPL"), cursor=end)) for end in ends]
    for step in (39, 25, 30):
        jumped = FrameView(far, Selection("AAPL"), cursor=far.timeline.end_of_step(step))
        assert changed_in(jumped) == seen[step - 25] != {}


def test_in_a_bar_in_which_nothing_happens_and_no_price_moves_nothing_stands_out() -> None:
    run = Backtest(bars_of("ACME", "10", "10", "10", "10"), BuyAndHold())
    run.run()
    scene = Scene(run)
    view = FrameView(scene, Selection("ACME"), cursor=scene.timeline.end_of_step(2))
    assert changed_in(view) == {}
    opened = FrameView(scene, Selection("ACME"), cursor=scene.timeline.end_of_step(1))
    assert "quantity" in changed_in(opened)["ACME"]


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
    numbers = {name: number(text) for name, text in figures.items() if not text.endswith("%")}
    assert numbers["net"] == run.portfolio.equity.quantize(Decimal("0.01")) - 100_000
    assert abs(numbers["realized"] + numbers["unrealized"] - numbers["commissions"] - numbers["net"]) <= Decimal("0.02")


def test_equity_ends_with_what_it_is_now(sample: Sample) -> None:
    run = sample(300)
    points = view_of(run).pnl.equity(40)
    assert len(points) == 39  # 0, 8, ... 296, and step 299
    assert points[-1] == run.portfolio.equity


def test_the_drawdown_of_each_step_is_what_the_moment_there_says(sample: Sample) -> None:
    scene = Scene(sample(300))
    view = FrameView(scene, Selection("AAPL"))
    steps = [*range(0, 299, 8), 299]
    moments = [scene.timeline.at(scene.timeline.end_of_step(step)) for step in steps]
    assert view.pnl.drawdown(40) == [moment.drawdown for moment in moments]
    assert view.pnl.equity(40) == [moment.equity for moment in moments]


def test_the_next_step_looks_at_one_more_drawdown(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    run = sample(300)
    scene = Scene(run)
    FrameView(scene, Selection("AAPL")).pnl.drawdown(40)
    asked: list[int] = []
    equity = EquityCurve.equity
    monkeypatch.setattr(EquityCurve, "equity", lambda curve, step: asked.append(step) or equity(curve, step))
    run.step()
    FrameView(scene, Selection("AAPL")).pnl.drawdown(40)
    assert asked == [300]


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
    assert set(asked) == {int(orders[3].id)}


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
