"""Splits in the life of an order, and where one stands after them."""

from decimal import Decimal
from typing import TYPE_CHECKING

from core.backtest.loop import Backtest
from core.backtest.strategy import Now
from core.corporate_action import CorporateAction, Dividend, Split
from core.events import ActionEvent, CashChanged, PositionSplit, SplitApplied
from core.reason import Reason
from core.replay.chapters import SplitEffect
from core.replay.conditions import symbol_of
from core.replay.explain import explain_order
from core.replay.history import History
from core.replay.written import as_json, from_json
from tests.core.builders import Action, at, bars_of, run

if TYPE_CHECKING:
    from collections.abc import Mapping

BARS = [bars_of("A", "100", "100", "200", "-", "100", "101"), bars_of("B", *["10"] * 6)]
ACTIONS: list[CorporateAction] = [
    Split("A", at(2), 1, 2),
    Split("A", at(3), 2),
    Split("A", at(4), 1, 2),
    Dividend("A", at(4), Decimal("0.5"), at(5)),
]


def made() -> Backtest:
    """Return a run in which half a unit is sold, and a sale is put into new units three times."""
    steps: Mapping[int, Action] = {
        0: lambda now: now.buy("A", 25),
        1: lambda now: now.sell("A", 20, limit_price=900),
    }
    return run(BARS, steps, actions=ACTIONS)


def chapters(told: Backtest, order_id: int) -> list[tuple[int, str]]:
    kinds = [(one.step, type(one).__name__) for one in explain_order(told, order_id)]
    return [(step, kind) for step, kind in kinds if kind != "Waiting"]


def test_the_life_of_an_order_has_the_splits_while_it_was_open() -> None:
    told = made()
    assert chapters(told, 1) == [(0, "Submission"), (0, "Happening"), (1, "FillEffect")]
    of_splits = [(step, kind) for step in (2, 3, 4) for kind in ("SplitEffect", "Happening")]
    assert chapters(told, 2) == [(1, "Submission"), (1, "Happening"), *of_splits, (5, "StillOpen")]
    first, second = [one for one in explain_order(told, 2) if isinstance(one, SplitEffect)][:2]
    assert (first.time, first.cash, first.realized_pnl) == (at(2), 100, 0)
    assert (first.before.position.quantity, first.after.position.quantity) == (25, 12)
    assert (first.before.equity, first.after.equity) == (100_000, 100_000)
    assert (second.cash, second.after.mark) == (0, 100)  # no bar has come between, and half of 200 is 100 again


def test_a_split_before_an_order_or_of_another_symbol_is_none_of_its_life() -> None:
    def ask(now: Now) -> None:
        now.buy("A", 1, limit_price=1)
        now.buy("B", 1, limit_price=1)

    told = run(BARS, {2: ask}, actions=ACTIONS[:2])
    assert [kind for step, kind in chapters(told, 1) if step == 2] == ["Submission", "Happening"]
    assert "SplitEffect" not in [kind for _, kind in chapters(told, 2)]


def test_facts_of_actions_are_about_their_symbol() -> None:
    told = made()
    history = History(told)
    rows = [row for row in told.journal.rows if issubclass(row[2], ActionEvent)]
    assert len(rows) == 5
    assert {symbol_of(history, row) for row in rows} == {"A"}


def test_one_stands_after_the_last_fact_of_a_split() -> None:
    told = made()
    history = History(told)
    rows, splits = told.journal.rows, [n for n, row in enumerate(told.journal.rows) if row[2] is SplitApplied]
    ends = [history.whole_after(number).sequence - 1 for number in splits]
    assert [rows[number][2] for number in ends] == [CashChanged, PositionSplit, PositionSplit]
    for number in splits:
        assert history.after(number) not in history.places(rows[number][0])


def test_why_a_split_ends_an_order_is_written_and_read_again() -> None:
    told = run(BARS, {1: lambda now: now.buy("A", 25, limit_price=1)}, actions=ACTIONS[:1])
    reason = told.broker.get_order(1).reason
    assert reason is not None
    assert from_json(as_json(reason, Reason), Reason) == reason
