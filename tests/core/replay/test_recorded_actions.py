"""Splits and dividends of a record: what they do follows from them, and is checked as the rest."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.backtest.examples import BuyAndHold
from core.backtest.journal import Row
from core.backtest.loop import Backtest
from core.corporate_action import Dividend, Split
from core.errors import ImpossibleRecordError
from core.events import CashChanged, DividendEarned, DividendPaid, PositionSplit, SplitApplied
from core.replay.opened import open_run
from core.replay.packing import pack
from core.replay.plausible import check_facts
from core.replay.recorder import Recorder
from core.replay.timeline import Timeline
from core.replay.verification import verify
from tests.core.builders import at, bars_of
from tests.core.replay.test_timeline_properties import Seen

BARS = bars_of("A", "10.00", "10.00", "6.60", "6.70", "6.80")
ACTIONS = (
    Dividend("A", at(2), Decimal("0.50"), at(4)),
    Dividend("A", at(2) + timedelta(hours=1), Decimal("0.10")),
    Split("A", at(2), 3, 2),
)


def held(quantity: int = 101) -> Backtest:
    """Return a run that holds a symbol over a split, of which a half is paid in cash, and two dividends."""
    made = Backtest(BARS, BuyAndHold(quantity=Decimal(quantity)), actions=ACTIONS)
    made.run()
    return made


def changed(rows: list[Row], kind: type, place: int, value: object) -> list[Row]:
    number = next(number for number, row in enumerate(rows) if row[2] is kind)
    step, phase, _, fields = rows[number]
    return [*rows[:number], (step, phase, kind, (*fields[:place], value, *fields[place + 1 :])), *rows[number + 1 :]]


def without(rows: list[Row], kind: type) -> list[Row]:
    number = next(number for number, row in enumerate(rows) if row[2] is kind)
    return rows[:number] + rows[number + 1 :]


def check(made: Backtest, rows: list[Row]) -> None:
    step = made.settings.quantity_step
    check_facts("a run", made.feed, made.settings.initial_capital, rows, quantity_step=step)


def test_a_run_over_a_split_and_dividends_is_recorded_packed_and_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = held()
    kinds = [row[2] for row in made.journal.rows]
    assert {SplitApplied, PositionSplit, DividendEarned, DividendPaid} <= set(kinds)
    Recorder(made, "run").finish()
    Path("run.fillpack").write_bytes(pack("run.fillstep"))
    for name in ("run.fillstep", "run.fillpack"):
        opened = open_run(name)
        assert opened.run.journal.rows == made.journal.rows
        assert not any(one.differs for one in verify(opened, lambda _: False))
        one, other = Timeline(made), Timeline(opened.run)
        for step in range(-1, made.step_count):
            assert [Seen.of_past(other, place) for place in other.places(step)] == [
                Seen.of_past(one, place) for place in one.places(step)
            ]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: changed(rows, SplitApplied, 2, 4), "I5: what was before makes "),
        (lambda rows: changed(rows, SplitApplied, 4, Decimal(5)), "I5: what was before makes "),
        (lambda rows: changed(rows, PositionSplit, 5, Decimal(5)), "I5: what was before makes "),
        (lambda rows: without(rows, SplitApplied), "I5: A moves by no fill, split or dividend"),
        (lambda rows: without(rows, PositionSplit), "I5: what was before makes "),
        (lambda rows: changed(rows, DividendEarned, 4, Decimal(5)), "I5: what was before makes "),
        (
            lambda rows: changed(rows, DividendPaid, 2, Decimal(5)),
            "I1: a dividend of 5 is paid on A that was not earned",
        ),
        (lambda rows: without(rows, DividendEarned), "I1: a dividend of 50.50 is paid on A that was not earned"),
    ],
)
def test_what_no_split_and_no_dividend_does_is_named(spoil: Callable[[list[Row]], list[Row]], said: str) -> None:
    made = held()
    rows = made.journal.rows
    check(made, rows)
    with pytest.raises(ImpossibleRecordError) as caught:
        check(made, spoil(list(rows)))
    assert said in str(caught.value).replace("record ", "").replace("breaks invariant ", "")


def test_a_dividend_that_nobody_holds_is_not_earned() -> None:
    made = held()
    earned: list[Any] = [row for row in made.journal.rows if row[2] is DividendEarned]
    with pytest.raises(ImpossibleRecordError, match="I5: A moves by no fill, split or dividend"):
        check(made, earned)


def test_cash_in_the_place_of_a_part_follows_a_split() -> None:
    made = held()
    lieu = [row for row in made.journal.rows if row[2] is CashChanged and row[3][3].value == "CASH_IN_LIEU"]
    step, phase, kind, (now, before, after, cause, fill_id) = lieu[0]
    start = made.settings.initial_capital
    moved = start + after - before
    with pytest.raises(ImpossibleRecordError, match="I1: cash goes by CASH_IN_LIEU from 100000, it was 100000"):
        check(made, [(step, phase, kind, (now, start, moved, cause, fill_id))])
