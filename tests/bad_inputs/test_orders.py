"""Bad input: orders that cannot be (rows 52 to 54): each has its reason, and nothing else changes."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from core.backtest.strategy import Now
from core.errors import InvalidFillError, OrderTransitionError, StrategyError, UnknownOrderError
from core.events import OrderRejected, OrderSubmitted, RequestRefused
from core.execution.broker import BacktestBroker
from core.fill import Fill
from core.order import BUY, SELL, Order, OrderStatus, OrderType
from core.replay import explain
from core.risk.portfolio import PortfolioState
from tests.bad_inputs.screens import lines_of, play
from tests.core.builders import at, backtest, bars_of, run
from tests.tui.driving import hint, press, say
from tui.panes.list_pane import ListPane
from tui.scene import Scene

Ask = Callable[[Now], object]
BARS = [bars_of("A", *["100/101/99/100"] * 4), bars_of("B", "-", "50", "50", "50")]


def buying(quantity: Any, **terms: Any) -> Ask:
    return lambda now: now.submit(Order("A", BUY, quantity, **terms))


def selling(quantity: Any, **terms: Any) -> Ask:
    return lambda now: now.submit(Order("A", SELL, quantity, **terms))


def rejected(ask: Ask) -> str:
    """Ask for an order, expect that it is rejected and changes nothing else, and return the sentence."""
    made = run(BARS, {0: ask})
    assert [type(event) for event in made.journal] == [OrderSubmitted, OrderRejected]
    (tracked,) = made.broker.orders()
    assert tracked.status is OrderStatus.REJECTED
    assert tracked.reason is not None
    assert (made.portfolio.equity, made.portfolio.get_all_positions(), made.broker.fills()) == (100_000, {}, [])
    assert made.step_count == 4
    return tracked.reason.text


def refused(ask: Ask) -> str:
    """Ask for what is no order, expect an error where it was asked for and nothing else, and return its sentence."""
    made = backtest(BARS, {0: ask})
    with pytest.raises(StrategyError) as caught:
        made.run()
    assert (len(made.journal), made.broker.order_count, made.portfolio.equity) == (0, 0, 100_000)
    return str(caught.value.__cause__)


NO_NUMBERS = {
    "a float": (1.5, "quantity must be an int or a Decimal, was float 1.5"),
    "a text": ("100", "quantity must be an int or a Decimal, was 100"),
    "a bool": (True, "quantity must be an int or a Decimal, was bool True"),
    "none": (None, "quantity must be an int or a Decimal, was NoneType None"),
    "NaN": (Decimal("NaN"), "quantity must be a number of at most 18 digits"),
    "infinity": (Decimal("inf"), "quantity must be a number of at most 18 digits"),
    "1e30": (Decimal("1e30"), "quantity must be a number of at most 18 digits"),
    "a whole number of 31 digits": (10**30, "quantity must be a number of at most 18 digits"),
    "thirteen decimals": (Decimal("1E-13"), "quantity must be a number of at most 18 digits"),
}


@pytest.mark.parametrize(
    ("quantity", "says"),
    [
        (0, "quantity must be above zero, was 0"),
        (-5, "quantity must be above zero, was -5"),
        (Decimal("0.5"), "quantity must be on the step of 1, was 0.5, neighbors 0 and 1"),
    ],
)
def test_row_52_a_quantity_that_is_not_allowed_is_rejected_with_its_reason(quantity: Any, says: str) -> None:
    assert rejected(buying(quantity)) == says


@pytest.mark.parametrize(("quantity", "says"), NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_row_52_a_quantity_that_is_no_exact_number_is_an_error_where_it_is_asked_for(quantity: Any, says: str) -> None:
    assert refused(buying(quantity)).startswith(says)


def test_row_52_by_hand_what_is_no_number_asks_again_and_what_is_not_allowed_is_in_the_list() -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for quantity in ("NaN", "1e30", "1_0", "٣", "0x10"):
            await say(pilot, f"buy {quantity} A")
            assert "a number must stand here" in hint(pilot)
            await press(pilot, "escape")
        await say(pilot, "buy 0 A")
        assert any("quantity must be above zero, was 0" in line for line in lines_of(pilot.app))

    made = backtest(BARS, {})
    made.step()
    play(made, script, (120, 40))
    assert [type(event) for event in made.journal] == [OrderSubmitted, OrderRejected]


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (buying(1, limit_price=0), "limit_price must be above zero, was 0"),
        (buying(1, limit_price=-5), "limit_price must be above zero, was -5"),
        (buying(1, stop_price=-5), "stop_price must be above zero, was -5"),
        (
            buying(1, limit_price=Decimal("99.995")),
            "limit_price must be on the tick of 1, was 99.995, neighbors 99 and 100",
        ),
        (buying(1, type=OrderType.LIMIT), "such an order must have a limit_price"),
        (buying(1, type=OrderType.STOP), "such an order must have a stop_price"),
        (lambda now: now.submit(Order("NONE", BUY, 1)), "symbol must be known, known are A, B"),
        (lambda now: now.submit(Order("", BUY, 1)), "symbol must be known, known are A, B"),
    ],
)
def test_row_53_a_price_or_a_symbol_that_cannot_be_is_rejected_with_its_reason(ask: Ask, says: str) -> None:
    assert rejected(ask) == says


@pytest.mark.parametrize("price", [Decimal("NaN"), Decimal("inf"), 1.5, "100", True, Decimal("1e30")])
def test_row_53_a_price_that_is_no_exact_number_is_an_error_where_it_is_asked_for(price: Any) -> None:
    assert refused(buying(1, limit_price=price)).startswith("limit_price must be ")


def test_row_53_siblings_on_the_wrong_sides_of_each_other_are_rejected() -> None:
    def protect(now: Now) -> None:
        now.submit_oco(Order("A", SELL, 5, stop_price=105), Order("A", SELL, 5, limit_price=95))

    made = run(BARS, {0: lambda now: now.buy("A", 5), 1: protect})
    _, stop, limit = made.broker.orders()
    assert [one.status for one in (stop, limit)] == [OrderStatus.REJECTED] * 2
    said = {one.reason.text for one in (stop, limit) if one.reason}
    assert "of siblings the stop must be below the limit, stop 105, limit 95" in said
    assert made.portfolio.get_position("A").quantity == 5


def test_row_53_an_order_for_a_symbol_without_a_bar_waits_and_says_so() -> None:
    made = backtest(BARS, {0: lambda now: now.buy("B", 1)})
    made.step()
    (tracked,) = made.broker.open_orders()
    reason = made.why_open(tracked.id)
    assert reason is not None
    assert reason.code.name in ("NO_BAR", "NOT_ELIGIBLE_UNTIL")
    made.run()
    (fill,) = made.broker.fills()
    assert (fill.timestamp, fill.price) == (at(1), 50)


# Row 54


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (selling(1), "position must cover sale, held 0, other open sales 0, asked 1, at most 0"),
        (buying(1001), "cash must cover purchase, needs 100100, has 100000, short 100"),
    ],
)
def test_row_54_more_than_there_is_is_rejected_with_what_there_is(ask: Ask, says: str) -> None:
    assert rejected(ask).startswith(says)


def test_row_54_the_cancel_of_an_order_that_has_filled_is_refused_and_changes_nothing() -> None:
    made = run(BARS, {0: lambda now: now.buy("A", 5), 2: lambda now: now.cancel(1)})
    (refusal,) = [event for event in made.journal if isinstance(event, RequestRefused)]
    assert refusal.reason.text == "order must be open, it is FILLED"
    assert made.broker.get_order(1).status is OrderStatus.FILLED
    assert made.portfolio.get_position("A").quantity == 5


@pytest.mark.parametrize("order_id", [0, -1, 2, 10**30])
def test_row_54_the_cancel_of_an_unknown_order_is_an_error_where_it_is_asked_for(order_id: int) -> None:
    made = backtest(BARS, {0: lambda now: now.buy("A", 5), 1: lambda now: now.cancel(order_id)})
    made.step()
    before = len(made.journal)
    with pytest.raises(StrategyError) as caught:
        made.run()
    assert isinstance(caught.value.__cause__, UnknownOrderError)
    assert "CancelRequested" not in {type(event).__name__ for event in made.journal}
    assert len(made.journal) == before + 3  # it filled


def test_row_54_by_hand_the_cancel_of_an_unknown_order_asks_again() -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "cancel 999")
        assert "order 999 is unknown" in hint(pilot)

    made = backtest(BARS, {})
    made.step()
    play(made, script)
    assert len(made.journal) == 0


def test_row_54_a_fill_that_comes_twice_is_booked_once() -> None:
    portfolio = PortfolioState(Decimal(1000))
    broker = BacktestBroker(portfolio)
    order_id = broker.submit(Order("A", BUY, 10))
    fill = Fill(1, order_id, "A", BUY, Decimal(4), Decimal(10), at(0))
    broker.execute_fill(fill)
    with pytest.raises(InvalidFillError, match=r"^fill 1: was applied before$"):
        broker.execute_fill(fill)
    assert broker.get_order(order_id).filled_quantity == 4
    assert broker.fills() == [fill]
    broker.cancel(order_id)
    with pytest.raises(OrderTransitionError):
        broker.cancel(order_id)


MANY = 10_000


def many(now: Now) -> None:
    """Ask for ten thousand orders: half of them rest, the others cannot be."""
    for number in range(MANY // 2):
        now.buy("A", 1, limit_price=1 + number % 50)
        now.buy("A", 0)


@pytest.fixture(scope="module")
def crowded() -> Backtest:
    """Return a run in the first bar of which ten thousand orders were asked for."""
    made = backtest(BARS, {0: many}, initial_capital=10**9)
    made.step()
    return made


def test_row_54_ten_thousand_orders_in_one_bar_are_answered_one_by_one(crowded: Backtest) -> None:
    statuses = Counter(one.status for one in crowded.broker.orders())
    assert statuses == {OrderStatus.ACCEPTED: MANY // 2, OrderStatus.REJECTED: MANY // 2}


def test_row_54_of_ten_thousand_orders_no_more_lines_are_made_than_are_seen(
    crowded: Backtest, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: Counter[str] = Counter()
    whole = Scene.order_line

    def counted(self: Scene, *arguments: Any, **named: Any) -> object:
        made["lines"] += 1
        return whole(self, *arguments, **named)

    monkeypatch.setattr(Scene, "order_line", counted)

    async def script(pilot: Pilot[Any]) -> None:
        for key in ("3", "z", "j", "G", "g", "pagedown", "n", "N"):
            before = made["lines"]
            await press(pilot, key)
            height = pilot.app.screen.query_one("#orders", ListPane).size.height
            assert made["lines"] - before <= 3 * height, key

    play(crowded, script, (100, 30))
    assert made["lines"] > 0


def test_row_54_to_say_why_orders_wait_the_facts_of_a_crowded_bar_are_read_once_and_not_for_each_order(
    crowded: Backtest, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    whole = explain.parts_of_past

    def counted(run: Backtest, symbol: str, row: int, step: int) -> object:
        read.append(step)
        return whole(run, symbol, row, step)

    monkeypatch.setattr(explain, "parts_of_past", counted)

    async def script(pilot: Pilot[Any]) -> None:
        keys = ("3", "z", "g", *["j"] * 5, "pagedown", "G", "g")
        await press(pilot, *keys)
        assert len(read) <= 1 + len(keys)  # once for the list, and once for each order that is explained

    play(crowded, script, (100, 30))
    assert read
