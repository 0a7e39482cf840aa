"""What a record says of splits is booked once more: what no split does is named by its fact and its invariant."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from core.backtest.examples import BuyAndHold
from core.backtest.loop import Backtest
from core.backtest.settings import SplitRule
from core.corporate_action import CorporateAction, Dividend, Split
from core.errors import ImpossibleRecordError
from core.events import CashCause, CashChanged, Event, OrderSplit, PositionSplit, SplitApplied
from core.replay.fresh_process import check_in_fresh_processes
from core.replay.plausible import check_facts
from core.replay.reexecution import again
from tests.core.builders import Action, at, bars_of, run

BARS = [bars_of("A", "100", "100", "200", "-", "100", "101"), bars_of("B", *["10"] * 6)]
ACTIONS: list[CorporateAction] = [
    Split("A", at(2), 1, 2),
    Split("A", at(3), 2),
    Split("A", at(4), 1, 2),
    Dividend("A", at(4), Decimal("0.5"), at(5)),
]
Change = Callable[[Any], Any]


def made() -> Backtest:
    """Return a run in which half a unit is sold, and a sale is put into new units three times."""
    steps: Mapping[int, Action] = {
        0: lambda now: now.buy("A", 25),
        1: lambda now: now.sell("A", 20, limit_price=900),
    }
    return run(BARS, steps, actions=ACTIONS, splits=SplitRule.APPLY)


def put(place: int, value: object) -> Change:
    return lambda fields: [*fields[:place], value, *fields[place + 1 :]]


def order_of(quantity: int) -> Change:
    return lambda fields: [*fields[:2], evolve(fields[2], quantity=quantity), *fields[3:]]


CLAIMS: Mapping[str, tuple[type[Event], Change, str, int]] = {
    "another ratio": (SplitApplied, put(2, 3), "I5", 0),
    "no ratio": (SplitApplied, put(2, 0), "T1", 0),
    "another symbol": (SplitApplied, put(1, "B"), "I5", 0),
    "a symbol that is not there": (SplitApplied, put(1, "C"), "T1", 0),
    "another mark": (SplitApplied, put(5, Decimal(7)), "I5", 0),
    "another position": (PositionSplit, put(3, (Decimal(13), Decimal(480), Decimal(0), Decimal(0))), "I5", 0),
    "another amount of cash": (PositionSplit, put(5, Decimal(1)), "I5", 0),
    "cash that was not received": (CashChanged, put(2, Decimal(97_700)), "I1", 1),
    "an order in other units": (OrderSplit, put(4, 3), "I9", 0),
    "an order of another symbol's split": (OrderSplit, put(5, 3), "I9", 0),
    "an order of other units than that makes": (OrderSplit, order_of(11), "O2", 0),
}


@pytest.mark.parametrize(("kind", "change", "invariant", "which"), CLAIMS.values(), ids=CLAIMS)
def test_what_no_split_does_is_refused(kind: type[Event], change: Change, invariant: str, which: int) -> None:
    told = made()
    rows = list(told.journal.rows)
    place = [number for number, row in enumerate(rows) if row[2] is kind][which]
    step, phase, _, fields = rows[place]
    rows[place] = (step, phase, kind, tuple(change(list(fields))))
    with pytest.raises(ImpossibleRecordError) as refused:
        check_facts("it", told.feed, told.settings.initial_capital, rows, quantity_step=told.settings.quantity_step)
    assert (refused.value.record, refused.value.invariant) == (place, invariant)


def test_what_a_run_with_splits_does_passes() -> None:
    told = made()
    assert {SplitApplied, PositionSplit, OrderSplit} <= {row[2] for row in told.journal.rows}
    check_facts(
        "it", told.feed, told.settings.initial_capital, told.journal.rows, quantity_step=told.settings.quantity_step
    )


def test_a_split_before_the_first_bar_and_cash_for_no_part_are_refused() -> None:
    told = made()
    split = next(row for row in told.journal.rows if row[2] is SplitApplied)
    early = (0, split[1], SplitApplied, (at(0), *split[3][1:]))
    for rows, invariant in (
        ([early], "I5"),
        ([(0, split[1], CashChanged, (at(0), Decimal(100_000), Decimal(9), CashCause.CASH_IN_LIEU, None))], "I1"),
    ):
        with pytest.raises(ImpossibleRecordError) as refused:
            check_facts("it", told.feed, told.settings.initial_capital, rows, quantity_step=told.settings.quantity_step)
        assert refused.value.invariant == invariant


def test_the_same_run_again_has_the_same_splits() -> None:
    told = made()
    other = again(told)
    other.run()
    assert other.journal.canonical_bytes() == told.journal.canonical_bytes()


def test_the_same_run_in_fresh_processes_has_the_same_bytes() -> None:
    told = Backtest(BARS, BuyAndHold(), actions=ACTIONS)
    told.run()
    assert SplitApplied in {row[2] for row in told.journal.rows}
    assert check_in_fresh_processes(told, rounds=1) == len(told.journal)
