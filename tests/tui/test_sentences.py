"""Every fact can be said, in the words of the glossary."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from attrs import evolve

from core.backtest.examples import SHIPPED
from core.backtest.loop import Backtest
from core.events import (
    AmendRequested,
    CancelRequested,
    CashCause,
    CashChanged,
    DividendEarned,
    DividendPaid,
    Event,
    OrderAccepted,
    OrderActivated,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderReduced,
    OrderRejected,
    OrderSplit,
    OrderSubmitted,
    OrderTriggered,
    PathAmbiguous,
    PositionChanged,
    PositionClosed,
    PositionOpened,
    PositionSplit,
    RequestRefused,
    SplitApplied,
    StopMoved,
)
from core.fill import Fill, FillRule
from core.order import BUY, SELL, Order, OrderType, TimeInForce
from core.position import Position
from core.reason import Code, Reason
from tui.sentences import sentence, tone

AT = datetime(2024, 1, 2, 21, tzinfo=UTC)
FILL = Fill(12, 7, "AAPL", BUY, Decimal(100), Decimal("45.11"), AT, Decimal(1), FillRule.OPEN)
SHORT_OF_CASH = Reason.of(
    Code.CASH_MUST_COVER_PURCHASE, needed=Decimal(4512), available=Decimal(4000), missing=Decimal(512)
)
TWO = Decimal("0.02")
CLAMPED = Reason.of(Code.SLIPPAGE_CLAMPED, slipped=Decimal("45.15"), extreme_name="high", price=Decimal("45.13"))
CAPPED = Reason.of(
    Code.VOLUME_CAP_REACHED,
    asked=Decimal(150),
    available=Decimal(100),
    pool=Decimal(100),
    cap=TWO,
    volume=Decimal(5000),
)
TWO_NOTES = f"{CLAMPED.text}, {CAPPED.text}"
OVER = Reason.of(Code.ORDER_MUST_BE_OPEN, status="FILLED")
SIBLING = Reason.of(Code.SIBLING_FILLED, sibling=5, filled=Decimal(40), remaining=Decimal(60), quantity=Decimal(100))
AMBIGUOUS = Reason.of(
    Code.AMBIGUOUS,
    path="low_first",
    outcome="100 @ 98",
    other_path="high_first",
    other_outcome="no fill, 100 left",
    at_stake=Decimal(500),
)
LEFT = Reason.of(Code.CANCEL_REQUESTED, remaining=Decimal(40), quantity=Decimal(100))
BELOW_ZERO = Reason.of(Code.CASH_BELOW_ZERO, cash=Decimal("-3.50"))
LONG = Position("AAPL", Decimal(100), Decimal(4511))
LESS = Position("AAPL", Decimal(40), Decimal("1804.4"), Decimal("12.50"))
FLAT = Position("AAPL", Decimal(0), Decimal(0), Decimal("-7.25"))


def cash(before: str, after: str, cause: CashCause = CashCause.FILL) -> CashChanged:
    return CashChanged(AT, Decimal(before), Decimal(after), cause, None)


FACTS: list[tuple[Event, str]] = [
    (
        OrderSubmitted(AT, 7, Order("AAPL", BUY, 1100, limit_price=Decimal("45.1")), 3),
        "order #7 submitted: buy 1,100 AAPL limit 45.10",
    ),
    (OrderAccepted(AT, 7), "order #7 accepted"),
    (
        OrderRejected(AT, 7, SHORT_OF_CASH),
        "order #7 rejected: cash must cover purchase, needs 4512, has 4000, short 512",
    ),
    (OrderActivated(AT, 8, Decimal(60), None), "order #8 activated: 60 awake, from its next bar on"),
    (
        OrderActivated(AT, 8, Decimal(60), Decimal("99.5")),
        "order #8 activated: 60 awake, inside the bar at 99.50",
    ),
    (StopMoved(AT, 9, None, Decimal(98)), "order #9 stop set to 98.00"),
    (StopMoved(AT, 9, Decimal(97), Decimal("98.125")), "order #9 stop 97.00 -> 98.125"),
    (OrderTriggered(AT, 9, Decimal(98), Decimal(98)), "order #9 triggered: stop 98.00 reached"),
    (OrderTriggered(AT, 9, Decimal(98), Decimal(93)), "order #9 triggered: stop 98.00 reached at 93.00"),
    (
        OrderReduced(AT, 6, Decimal(40), Decimal(60), SIBLING),
        "order #6 reduced by 40: its sibling 5 filled 40, 60 of 100 left",
    ),
    (OrderCanceled(AT, 7, Decimal(40), LEFT), "order #7 canceled: cancel was requested, 40 of 100 left"),
    (
        OrderExpired(AT, 7, Decimal(40), Reason.of(Code.EXPIRED, until="2024-01-02", remaining=40, quantity=100)),
        "order #7 expired: its life ended with 2024-01-02, 40 of 100 left",
    ),
    (CancelRequested(AT, 7, "mine.py:14 on_bar"), "order #7 cancel requested"),
    (
        AmendRequested(AT, 7, Decimal(1200), Decimal("99.5"), Decimal(98), ""),
        "order #7 amend requested: quantity 1,200, limit 99.50, stop 98.00",
    ),
    (AmendRequested(AT, 7, None, None, None, ""), "order #7 amend requested: nothing"),
    (
        OrderAmended(AT, 7, Order("AAPL", BUY, 80, limit_price=45), None, True, None),
        "order #7 amended: buy 80 AAPL limit 45.00, keeps its place",
    ),
    (
        OrderAmended(AT, 7, Order("AAPL", BUY, 80, limit_price=46), None, False, Decimal("45.5")),
        "order #7 amended: buy 80 AAPL limit 46.00, takes the last place, inside the bar at 45.50",
    ),
    (
        OrderAmended(AT, 9, Order("AAPL", SELL, 80, stop_price=90, trail_amount=10), Decimal(98), True, None),
        "order #9 amended: sell 80 AAPL stop 98.00 trail 10.00, keeps its place",
    ),
    (RequestRefused(AT, 7, "cancel", OVER), "order #7 cancel refused: order must be open, it is FILLED"),
    (
        PathAmbiguous(AT, "AAPL", "low_first", Decimal(500), ((2, AMBIGUOUS), (3, AMBIGUOUS))),
        "path AAPL low_first kept, 500.00 at stake: "
        + "; ".join(f"order #{order}: 100 @ 98 instead of no fill, 100 left" for order in (2, 3)),
    ),
    (
        OrderFilled(AT, 7, FILL, Decimal(0)),
        "fill #12 buy 100 AAPL @ 45.11, commission 1.00, R5 at the open",
    ),
    (
        OrderFilled(AT, 7, FILL, Decimal(50)),
        "fill #12 buy 100 AAPL @ 45.11, commission 1.00, R5 at the open, 50 left",
    ),
    (
        OrderFilled(AT, 7, Fill(1, 7, "A", SELL, 1, Decimal("9.1234"), AT, notes=(BELOW_ZERO,)), Decimal(0)),
        "fill #1 sell 1 A @ 9.1234, commission 0.00, at the mark, no simulator, " + BELOW_ZERO.text,
    ),
    (
        OrderFilled(AT, 7, evolve(FILL, price=FILL.price + TWO, notes=(CLAMPED, CAPPED)), Decimal(50)),
        "fill #12 buy 100 AAPL @ 45.13, slippage 0.02, commission 1.00, R5 at the open, 50 left, " + TWO_NOTES,
    ),
    (
        OrderFilled(AT, 7, evolve(FILL, side=SELL, price=FILL.price - TWO), Decimal(0)),
        "fill #12 sell 100 AAPL @ 45.09, slippage 0.02, commission 1.00, R5 at the open",
    ),
    (PositionOpened(AT, "AAPL", Position("AAPL"), LONG, 12), "position AAPL opened 0 -> 100"),
    (PositionChanged(AT, "AAPL", LONG, LESS, 13), "position AAPL changed 100 -> 40, realized +12.50"),
    (PositionClosed(AT, "AAPL", LESS, FLAT, 14), "position AAPL closed 40 -> 0, realized -19.75"),
    (cash("100000", "95489"), "cash 100,000.00 -> 95,489.00"),
    (cash("0", "10.005", CashCause.DEPOSIT), "cash 0.00 -> 10.00, deposit"),
    (cash("10", "14.50", CashCause.CASH_IN_LIEU), "cash 10.00 -> 14.50, cash in lieu"),
    (PositionSplit(AT, "AAPL", LONG, LESS, None, Decimal(9)), "position AAPL split 100 -> 40, realized +12.50"),
    (
        SplitApplied(AT, "AAPL", 2, 1, Decimal(100), Decimal("44.495")),
        "split AAPL 2:1, the last price is 44.495 now",
    ),
    (SplitApplied(AT, "AAPL", 2, 1, Decimal(0), None), "split AAPL 2:1"),
    (
        OrderSplit(AT, 7, Order("AAPL", SELL, 200, trail_amount=5), Decimal("42.50"), 2, 1),
        "order #7 split 2:1: sell 200 AAPL stop 42.50 trail 5.00",
    ),
    (
        DividendEarned(AT, "AAPL", Decimal("0.225"), Decimal(100), Decimal("22.50"), AT),
        "dividend AAPL earned on 100 x 0.225: +22.50, due 2024-01-02 21:00",
    ),
    (
        DividendEarned(AT, "AAPL", Decimal("0.5"), Decimal(-3), Decimal("-1.50"), None),
        "dividend AAPL owed on -3 x 0.50: -1.50",
    ),
    (DividendPaid(AT, "AAPL", Decimal("22.50")), "dividend AAPL paid: +22.50"),
]


@pytest.mark.parametrize(
    ("event", "text"),
    FACTS,
    ids=lambda value: type(value).__name__ if isinstance(value, Event) else "",
)
def test_a_fact_is_one_line(event: Event, text: str) -> None:
    assert sentence(event) == text


ORDERS = {
    "market": (Order("A", SELL, Decimal("0.5")), "sell 0.5 A market"),
    "market on open": (Order("A", BUY, 1, type=OrderType.MARKET_ON_OPEN), "buy 1 A market on open"),
    "market on close": (Order("A", BUY, 1, type=OrderType.MARKET_ON_CLOSE), "buy 1 A market on close"),
    "limit": (Order("A", BUY, 1, limit_price=Decimal("0.00012")), "buy 1 A limit 0.00012"),
    "stop": (Order("A", SELL, 1, stop_price=95), "sell 1 A stop 95.00"),
    "stop-limit": (
        Order("A", SELL, 1, stop_price=95, limit_price=Decimal("94.5")),
        "sell 1 A stop 95.00 limit 94.50",
    ),
    "trail": (Order("A", SELL, 1, stop_price=90, trail_amount=10), "sell 1 A stop 90.00 trail 10.00"),
    "trail in percent": (Order("A", SELL, 1, trail_percent=Decimal("2.5")), "sell 1 A trail 2.5%"),
    "limit without a price": (Order("A", BUY, 1, type=OrderType.LIMIT), "buy 1 A limit"),
    "day": (Order("A", BUY, 1, time_in_force=TimeInForce.DAY), "buy 1 A market, DAY"),
    "immediate": (Order("A", BUY, 1, time_in_force=TimeInForce.IOC), "buy 1 A market, IOC"),
    "all or nothing": (Order("A", BUY, 1, time_in_force=TimeInForce.FOK), "buy 1 A market, FOK"),
    "till a time": (Order("A", BUY, 1, good_till=AT), "buy 1 A market, GTD 2024-01-02 21:00"),
    "till a time elsewhere": (
        Order("A", BUY, 1, good_till=AT.astimezone(timezone(timedelta(hours=5, minutes=45)))),
        "buy 1 A market, GTD 2024-01-02 21:00",
    ),
}


@pytest.mark.parametrize(("order", "text"), ORDERS.values(), ids=ORDERS)
def test_an_order_says_its_prices_and_how_long_it_lives(order: Order, text: str) -> None:
    assert sentence(OrderSubmitted(AT, 1, order, 0)) == f"order #1 submitted: {text}"


def test_an_order_says_to_which_others_it_belongs_and_where_it_entered_a_bar() -> None:
    stop = Order("A", SELL, 1, stop_price=95)
    said = [
        OrderSubmitted(AT, 2, stop, 0, parent_id=1, group_id=2),
        OrderSubmitted(AT, 3, stop, 0, group_id=3),
        OrderSubmitted(AT, 4, stop, 0, entry_price=Decimal("99.5"), cause="mine.py:14 on_fill"),
    ]
    assert [sentence(event).removeprefix("order #") for event in said] == [
        "2 submitted: sell 1 A stop 95.00, exit of #1, of group #2",
        "3 submitted: sell 1 A stop 95.00, of group #3",
        "4 submitted: sell 1 A stop 95.00, inside the bar at 99.50",
    ]


def leaves(kind: type[Event]) -> Iterator[type[Event]]:
    subclasses = kind.__subclasses__()
    for subclass in subclasses:
        yield from leaves(subclass)
    if not subclasses:
        yield kind


def test_every_kind_of_fact_has_a_sentence_and_the_test_above_says_it() -> None:
    said = {type(event) for event, _ in FACTS}
    assert set(leaves(Event)) == said


@pytest.mark.parametrize("name", SHIPPED)
def test_there_is_a_sentence_for_every_fact_that_a_run_records(name: str, sample: Callable[..., Backtest]) -> None:
    assert all(sentence(event) for event in sample(200, SHIPPED[name]()).journal)


def test_fills_and_refusals_stand_out() -> None:
    assert tone(OrderFilled(AT, 7, FILL, Decimal(0))) == "good"
    assert tone(OrderRejected(AT, 7, SHORT_OF_CASH)) == "bad"
    assert tone(RequestRefused(AT, 7, "cancel", OVER)) == "bad"
    assert tone(PathAmbiguous(AT, "AAPL", "low_first", Decimal(500), ())) == "warn"
    assert tone(StopMoved(AT, 7, None, Decimal(98))) == "dim"
    assert tone(OrderReduced(AT, 7, Decimal(40), Decimal(60), SIBLING)) == "dim"
    assert tone(OrderCanceled(AT, 7, Decimal(40), LEFT)) == "dim"
    assert tone(OrderAccepted(AT, 7)) == ""


def test_text_from_outside_is_cleaned() -> None:
    event = OrderSubmitted(AT, 1, Order("AC\x1b[2JME", BUY, 1), 0)
    assert sentence(event) == "order #1 submitted: buy 1 AC␛[2JME market"
