"""The facts of a run, numbered from 0, and written in one way."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from core.backtest.journal import Journal, plain
from core.clock import Clock, Phase
from core.errors import FillstepError
from core.events import (
    CashCause,
    CashChanged,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    PathAmbiguous,
    PositionOpened,
)
from core.fill import Fill, FillRule
from core.order import BUY, Order
from core.position import Position
from core.reason import Code, Reason
from tests.core.builders import at, bars_of, run

FLAT, LONG = (Decimal(0),) * 4, (Decimal(5), Decimal("50.00"), Decimal(0), Decimal(1))


def journal_of(*places: tuple[int, Phase]) -> Journal:
    """Append a change of cash in each of some places."""
    clock = Clock()
    journal = Journal(clock)
    for number, (step, phase) in enumerate(places):
        clock.step, clock.phase = step, phase
        journal.append(CashChanged, (at(step), Decimal(number), Decimal(number + 1), CashCause.INCOME, None))
    return journal


def test_a_fact_is_kept_where_the_clock_stands_and_made_when_somebody_looks() -> None:
    journal = journal_of((0, Phase.STRATEGY), (2, Phase.OPEN), (2, Phase.LEG_1))
    assert len(journal) == 3
    assert [journal.step_of(sequence) for sequence in range(3)] == [0, 2, 2]
    assert [journal.phase_of(sequence) for sequence in range(3)] == [Phase.STRATEGY, Phase.OPEN, Phase.LEG_1]
    assert journal[1] == CashChanged(at(2), Decimal(1), Decimal(2), CashCause.INCOME, None)
    assert list(journal) == [journal[0], journal[1], journal[2]]


def test_the_first_fact_of_a_step_or_of_a_later_one() -> None:
    journal = journal_of((0, Phase.STRATEGY), (2, Phase.OPEN), (2, Phase.LEG_1), (5, Phase.OPEN))
    assert [journal.first_of_step(step) for step in range(7)] == [0, 1, 1, 3, 3, 3, 4]
    assert journal_of().first_of_step(0) == 0


def test_a_fact_is_one_line_with_sorted_keys_and_nothing_between() -> None:
    journal = Journal(Clock(3, Phase.OPEN))
    journal.append(PositionOpened, (at(0), "AÇ\n", FLAT, LONG, 7))
    position = '{"commissions":"%s","cost_basis":"%s","quantity":"%s","realized_pnl":"0","symbol":"AÇ\\n"}'
    assert list(journal.canonical_lines()) == [
        '{"after":'
        + position % ("1", "50", "5")
        + ',"before":'
        + position % ("0", "0", "0")
        + ',"event":"PositionOpened","fill_id":7,"phase":"OPEN","sequence":0,"step":3,"symbol":"AÇ\\n"'
        + ',"timestamp":"2024-01-02T21:00:00.000000Z"}'
    ]
    assert journal.canonical_bytes() == (next(journal.canonical_lines()) + "\n").encode()


def test_an_order_and_a_reason_are_written_in_full() -> None:
    journal = Journal(Clock())
    order = Order("A", BUY, Decimal("1.50"), limit_price=Decimal("1E+3"), good_till=at(3), tag="x")
    reason = Reason.of(Code.POSITION_MUST_COVER_SALE, held=Decimal(5), other_sales=0, asked=7, at_most=5)
    journal.append(OrderSubmitted, (None, 3, order, 7, Decimal("99.50"), 1, 2, "mine.py:14 on_bar", 4))
    journal.append(OrderRejected, (None, 1, reason))
    submitted, rejected = map(json.loads, journal.canonical_lines())
    assert submitted["order"] == {
        "symbol": "A",
        "side": "BUY",
        "quantity": "1.5",
        "type": "LIMIT",
        "limit_price": "1000",
        "stop_price": None,
        "trail_amount": None,
        "trail_percent": None,
        "good_till": "2024-01-05T21:00:00.000000Z",
        "time_in_force": "GTD",
        "tag": "x",
    }
    del submitted["order"]
    assert submitted == {
        "event": "OrderSubmitted",
        "sequence": 0,
        "step": -1,
        "phase": "STRATEGY",
        "timestamp": None,
        "order_id": 3,
        "eligible_step": 7,
        "entry_price": "99.5",
        "parent_id": 1,
        "group_id": 2,
        "cause": "mine.py:14 on_bar",
        "part": 4,
    }
    assert rejected["reason"] == {
        "code": "POSITION_MUST_COVER_SALE",
        "params": {"held": "5", "other_sales": 0, "asked": 7, "at_most": 5},
        "text": "position must cover sale, held 5, other open sales 0, asked 7, at most 5",
    }


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("-0.00"), "0"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("100.10"), "100.1"),
        (datetime(2024, 1, 2, 16, 0, 0, 5, tzinfo=timezone(timedelta(hours=-5))), "2024-01-02T21:00:00.000005Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
        (BUY, "BUY"),
        (Phase.LEG_2, "LEG_2"),
        (Code.NO_BAR, "NO_BAR"),
        (7, 7),
        (True, True),
        (None, None),
        ("a", "a"),
        ((), []),
        (((1, Decimal("2.50")), BUY), [[1, "2.5"], "BUY"]),
        (Position("A"), {"symbol": "A", "quantity": "0", "cost_basis": "0", "realized_pnl": "0", "commissions": "0"}),
    ],
)
def test_each_kind_of_value_is_written_in_one_way(value: object, written: object) -> None:
    assert plain(value) == written


def test_a_fill_and_what_there_is_to_say_of_it_are_written_in_full() -> None:
    journal = Journal(Clock(1, Phase.OPEN))
    note = Reason.of(Code.SLIPPAGE_CLAMPED, slipped=Decimal("101.060"), extreme_name="high", price=Decimal("101.03"))
    fill = Fill(
        id=2,
        order_id=1,
        symbol="A",
        side=BUY,
        quantity=5,
        price=Decimal("101.03"),
        timestamp=at(1),
        commission=Decimal("0.50"),
        rule=FillRule.OPEN,
        reference_price=101,
        notes=(note,),
    )
    journal.append(OrderFilled, (at(1), 1, fill, Decimal("3.0")))
    (line,) = map(json.loads, journal.canonical_lines())
    assert line["remaining_quantity"] == "3"
    assert line["fill"] == {
        "id": 2,
        "order_id": 1,
        "symbol": "A",
        "side": "BUY",
        "quantity": "5",
        "price": "101.03",
        "timestamp": "2024-01-03T21:00:00.000000Z",
        "commission": "0.5",
        "rule": "OPEN",
        "reference_price": "101",
        "notes": [
            {
                "code": "SLIPPAGE_CLAMPED",
                "params": {"extreme_name": "high", "price": "101.03", "slipped": "101.06"},
                "text": "slippage would give 101.06, beyond the high, clamped to 101.03",
            }
        ],
    }


def test_a_path_that_was_ambiguous_is_written_with_each_order_concerned() -> None:
    journal = Journal(Clock(1, Phase.LEG_1))
    both = {"path": "low_first", "outcome": "-5 @ 98", "other_path": "high_first", "other_outcome": "-5 @ 103"}
    note = Reason.of(Code.AMBIGUOUS, **both, at_stake=Decimal("25.00"))
    journal.append(PathAmbiguous, (at(1), "A", "low_first", Decimal("25.00"), ((2, note), (3, note))))
    (line,) = map(json.loads, journal.canonical_lines())
    written = {"code": "AMBIGUOUS", "params": {**both, "at_stake": "25"}, "text": note.text}
    assert (line["at_stake"], line["part"]) == ("25", 0)
    assert line["notes"] == [[2, written], [3, written]]


@pytest.mark.parametrize("value", [0.5, {1, 2}, [1], date(2024, 1, 2), b"x", object()])
def test_what_has_no_one_way_to_be_written_is_refused(value: object) -> None:
    with pytest.raises(FillstepError, match=f"^a {type(value).__name__} cannot be recorded$"):
        plain(value)


def test_equal_numbers_that_are_written_differently_give_equal_bytes() -> None:
    def bytes_of(cash: str) -> bytes:
        journal = Journal(Clock())
        journal.append(CashChanged, (at(0), Decimal(cash), Decimal("1E+2"), CashCause.DEPOSIT, None))
        return journal.canonical_bytes()

    assert bytes_of("0.50") == bytes_of("0.5000") == bytes_of("5E-1")


def test_text_that_is_no_unicode_is_kept() -> None:
    journal = Journal(Clock())
    journal.append(OrderSubmitted, (None, 1, Order("A\ud800", BUY, 1), 0))
    assert b"A\xed\xa0\x80" in journal.canonical_bytes()


def facts_of(made: Any) -> list[str]:
    return [type(event).__name__ for event in made.journal]


def test_a_run_is_recorded_in_the_order_in_which_it_happened() -> None:
    made = run(bars_of("A", "100", "101", "102"), {0: lambda now: now.buy("A", 5), 1: lambda now: now.sell("A", 9)})
    assert facts_of(made) == [
        "OrderSubmitted",
        "OrderAccepted",
        "OrderFilled",
        "PositionOpened",
        "CashChanged",
        "OrderSubmitted",
        "OrderRejected",
    ]
    assert [(made.journal.step_of(n), made.journal.phase_of(n).name) for n in range(len(made.journal))] == [
        (0, "STRATEGY"),
        (0, "STRATEGY"),
        (1, "OPEN"),
        (1, "OPEN"),
        (1, "OPEN"),
        (1, "STRATEGY"),
        (1, "STRATEGY"),
    ]


def test_a_bar_on_which_nothing_happened_leaves_no_fact() -> None:
    quiet = run(bars_of("A", *["100/110/90/100"] * 50), {0: lambda now: now.buy("A", 5, limit_price=80)})
    assert facts_of(quiet) == ["OrderSubmitted", "OrderAccepted"]
    assert facts_of(run(bars_of("A", "1", "2"), {})) == []
