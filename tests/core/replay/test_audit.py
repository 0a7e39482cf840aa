"""What a record claims is checked, fact by fact: what a run does passes, and what no run does is named."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings

from core.backtest.command import Submit
from core.backtest.journal import Row
from core.backtest.loop import Backtest
from core.backtest.strategy import Strategy
from core.clock import Phase
from core.errors import ImpossibleRecordError
from core.events import (
    CashChanged,
    OrderAccepted,
    OrderFilled,
    OrderSubmitted,
    OrderTriggered,
    PathAmbiguous,
    PositionChanged,
    StopMoved,
)
from core.execution.path import PathRule
from core.order import BUY, SELL, Order
from core.reason import Code, Reason
from core.replay.audit import audit
from tests.core.builders import at, bars_of, run
from tests.core.recorded import recorded
from tests.core.replay.test_timeline_properties import Drawn, any_runs

FEW = settings(max_examples=25)
BARS = bars_of(
    "A",
    "100.00/101/99/100/1000",
    "100/102/98/101/1000",
    "101/110/100/109/1000",
    "108/109/90/92/1000",
    "92/93/91/92/1000",
)
NOTE = Reason.of(Code.CANCEL_REQUESTED, remaining=1, quantity=1)
Change = Callable[[Any], Any]


@FEW
@given(any_runs)
def test_what_a_run_does_passes(drawn: Drawn) -> None:
    audit("a run", recorded(drawn.run()))


def traded() -> Backtest:
    """Return a run in which a trailing stop follows, is reached, and sells what a limit order has bought."""

    def ask(now: Any) -> None:
        now.submit(Order("A", BUY, 10, limit_price=Decimal("99.50")))
        now.submit(Order("A", BUY, 5))

    def protect(now: Any) -> None:
        now.submit(Order("A", SELL, 10, trail_amount=Decimal(8)))

    return run(BARS, {0: ask, 1: protect}, volume_cap=Decimal("0.02"), path=PathRule.LOW_FIRST)


def changed(made: Backtest, kind: type, change: Change, which: int = 0) -> list[Row]:
    """Return the facts of a run with the fields of one of a kind changed."""
    rows = list(made.journal.rows)
    places = [place for place, row in enumerate(rows) if row[2] is kind]
    step, phase, _, fields = rows[places[which]]
    rows[places[which]] = (step, phase, kind, tuple(change(list(fields))))
    return rows


def put(place: int, value: object) -> Change:
    def change(fields: list[object]) -> list[object]:
        fields[place] = value
        return fields

    return change


def in_fill(**values: object) -> Change:
    return lambda fields: [*fields[:2], evolve(fields[2], **values), *fields[3:]]


def in_order(**values: object) -> Change:
    return lambda fields: [*fields[:2], evolve(fields[2], **values), *fields[3:]]


@pytest.mark.parametrize(
    ("kind", "change", "which", "said"),
    [
        (OrderFilled, put(4, 1), 0, "O3: fill 1 is in part 2 of a bar of 1"),
        (StopMoved, put(2, Decimal(90)), -1, "T1: the stop of order 3 was at "),
        (OrderTriggered, put(2, Decimal(90)), 0, "T1: the stop of order 3 was at "),
        (StopMoved, put(3, Decimal("97.001")), 0, "O1: order 3 is open at 97.001, which is off the tick"),
        (OrderSubmitted, in_order(limit_price=Decimal("99.505")), 0, "O1: order 1 is open at 99.505, which is off"),
        (OrderSubmitted, in_order(symbol="B"), 0, "O1: order 1 is open, and its symbol is unknown"),
        (CashChanged, put(2, Decimal(98_000)), -1, "I2: the two sides differ by "),
        (PositionChanged, put(3, (Decimal(15), Decimal(1000), Decimal(0), Decimal(0))), 0, "I2: the two sides differ"),
    ],
)
def test_what_no_run_does_is_named(kind: type, change: Change, which: int, said: str) -> None:
    made = traded()
    audit("a run", recorded(made))
    rows = changed(made, kind, change, which)
    assert rows != made.journal.rows
    with pytest.raises(ImpossibleRecordError) as caught:
        audit("a run", recorded(made, rows))
    assert said in str(caught.value)
    assert caught.value.invariant == said[:2]


def test_more_than_the_cap_of_a_bar_cannot_fill() -> None:
    # 1,000 units, of which 2 in 100 may fill: 20; 15 have, and then 15 more
    made = traded()
    rows = list(made.journal.rows)
    places = [place for place, row in enumerate(rows) if row[2] is OrderFilled]
    step, phase, kind, fields = rows[places[0]]
    big = evolve(fields[2], quantity=Decimal(21))
    rows[places[0]] = (step, phase, kind, (*fields[:2], big, *fields[3:]))
    with pytest.raises(ImpossibleRecordError, match="invariant O5: fill 1 exceeds the pool of its bar, 20"):
        audit("a run", recorded(made, rows))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ((at(1), "A", "high_first", Decimal(5), ((9, NOTE),), 0), "T1: it is about order 9, which is not there"),
        ((at(1), "B", "high_first", Decimal(5), ((1, NOTE),), 0), "T1: it is about a bar of B, which is not there"),
        ((at(1), "A", "high_first", Decimal(5), ((1, NOTE),), 2), "T1: it is about part 3 of a bar of A, which is not"),
        (
            (at(1), "A", "sideways", Decimal(5), ((1, NOTE),), 0),
            "T1: it is about the path sideways, which is not there",
        ),
    ],
)
def test_two_paths_are_those_of_a_bar_and_concern_orders_that_there_are(fields: tuple[Any, ...], said: str) -> None:
    made = traded()
    rows = list(made.journal.rows)
    first = made.journal.first_of_step(1)
    good = (at(1), "A", "high_first", Decimal(5), ((1, NOTE),), 0)
    audit("a run", recorded(made, [*rows[:first], (1, Phase.REQUESTS, PathAmbiguous, good), *rows[first:]]))
    with pytest.raises(ImpossibleRecordError, match=said):
        audit("a run", recorded(made, [*rows[:first], (1, Phase.REQUESTS, PathAmbiguous, fields), *rows[first:]]))


def test_the_phases_of_a_step_follow_each_other_unless_finer_bars_begin_anew() -> None:
    made = traded()
    rows = list(made.journal.rows)
    assert (rows[-1][2], rows[-1][1]) == (CashChanged, Phase.LEG_1)
    rows[-1] = (rows[-1][0], Phase.OPEN, *rows[-1][2:])
    with pytest.raises(ImpossibleRecordError, match="T8: it is in phase OPEN, after one of a later phase"):
        audit("a run", recorded(made, rows))


def test_no_path_is_walked_in_the_phase_in_which_an_order_entered_one() -> None:
    made = traded()
    rows = changed(made, OrderSubmitted, put(4, Decimal("99.50")))
    rows = [(step, Phase.MARK if step == 0 else phase, kind, fields) for step, phase, kind, fields in rows]
    with pytest.raises(ImpossibleRecordError, match="T8: order 1 is open since MARK, in which no path is walked"):
        audit("a run", recorded(made, rows))


def test_what_is_recorded_before_the_first_step_is_checked_too() -> None:
    made = Backtest(BARS, Strategy())
    made.command(Submit(Order("A", BUY, 10)))
    made.run()
    rows = changed(made, OrderAccepted, lambda fields: fields)
    audit("a run", recorded(made, rows))
    audit("a run", recorded(made, []))
