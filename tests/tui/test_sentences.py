"""Every fact can be said, in the words of the glossary."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.backtest.loop import Backtest
from core.events import (
    CashCause,
    CashChanged,
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    PositionChanged,
    PositionClosed,
    PositionOpened,
)
from core.fill import Fill, FillRule
from core.order import BUY, SELL, Order
from core.position import Position
from core.reason import Code, Reason
from tui.sentences import sentence, tone

AT = datetime(2024, 1, 2, 21, tzinfo=UTC)
FILL = Fill(12, 7, "AAPL", BUY, Decimal(100), Decimal("45.11"), AT, Decimal(1), FillRule.OPEN)
SHORT_OF_CASH = Reason.of(
    Code.CASH_MUST_COVER_PURCHASE, needed=Decimal(4512), available=Decimal(4000), missing=Decimal(512)
)
LEFT = Reason.of(Code.CANCEL_REQUESTED, remaining=Decimal(40), quantity=Decimal(100))
BELOW_ZERO = Reason.of(Code.CASH_BELOW_ZERO, cash=Decimal("-3.50"))
LONG = Position("AAPL", Decimal(100), Decimal(4511))
LESS = Position("AAPL", Decimal(40), Decimal("1804.4"), Decimal("12.50"))
FLAT = Position("AAPL", Decimal(0), Decimal(0), Decimal("-7.25"))


def cash(before: str, after: str, cause: CashCause = CashCause.FILL) -> CashChanged:
    return CashChanged(AT, Decimal(before), Decimal(after), cause, None)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            OrderSubmitted(AT, 7, Order("AAPL", BUY, 1100, limit_price=Decimal("45.1"))),
            "order #7 submitted: buy 1,100 AAPL limit 45.10",
        ),
        (OrderSubmitted(AT, 8, Order("AAPL", SELL, Decimal("0.5"))), "order #8 submitted: sell 0.5 AAPL"),
        (OrderAccepted(AT, 7), "order #7 accepted"),
        (
            OrderRejected(AT, 7, SHORT_OF_CASH),
            "order #7 rejected: cash must cover purchase, needs 4512, has 4000, short 512",
        ),
        (OrderCanceled(AT, 7, Decimal(40), LEFT), "order #7 canceled: cancel was requested, 40 of 100 left"),
        (
            OrderExpired(AT, 7, Decimal(40), Reason.of(Code.EXPIRED, day="2024-01-02", remaining=40, quantity=100)),
            "order #7 expired: its day 2024-01-02 is over, 40 of 100 left",
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
            OrderFilled(AT, 7, Fill(1, 7, "A", SELL, 1, Decimal("9.1234"), AT, note=BELOW_ZERO), Decimal(0)),
            "fill #1 sell 1 A @ 9.1234, commission 0.00, at the mark, no simulator, " + BELOW_ZERO.text,
        ),
        (PositionOpened(AT, "AAPL", Position("AAPL"), LONG, 12), "position AAPL opened 0 -> 100"),
        (PositionChanged(AT, "AAPL", LONG, LESS, 13), "position AAPL changed 100 -> 40, realized +12.50"),
        (PositionClosed(AT, "AAPL", LESS, FLAT, 14), "position AAPL closed 40 -> 0, realized -19.75"),
        (cash("100000", "95489"), "cash 100,000.00 -> 95,489.00"),
        (cash("0", "10.005", CashCause.DEPOSIT), "cash 0.00 -> 10.00, deposit"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Event) else "",
)
def test_a_fact_is_one_line(event: Event, text: str) -> None:
    assert sentence(event) == text


def leaves(kind: type[Event]) -> Iterator[type[Event]]:
    subclasses = kind.__subclasses__()
    for subclass in subclasses:
        yield from leaves(subclass)
    if not subclasses:
        yield kind


def test_there_is_a_sentence_for_every_fact_that_a_run_records(sample: Callable[..., Backtest]) -> None:
    run = sample(200)
    assert all(sentence(event) for event in run.journal)
    recorded = {type(event) for event in run.journal}
    assert set(leaves(Event)) - recorded == {OrderExpired}  # which is said above


def test_fills_and_refusals_stand_out() -> None:
    assert tone(OrderFilled(AT, 7, FILL, Decimal(0))) == "good"
    assert tone(OrderRejected(AT, 7, SHORT_OF_CASH)) == "bad"
    assert tone(OrderCanceled(AT, 7, Decimal(40), LEFT)) == "dim"
    assert tone(OrderAccepted(AT, 7)) == ""


def test_text_from_outside_is_cleaned() -> None:
    event = OrderSubmitted(AT, 1, Order("AC\x1b[2JME", BUY, 1))
    assert sentence(event) == "order #1 submitted: buy 1 AC␛[2JME"
