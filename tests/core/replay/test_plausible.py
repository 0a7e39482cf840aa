"""Whether facts can have happened: each invariant that one can break is named, with the number of the fact."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import attrs
import pytest

from core.backtest.journal import Row
from core.backtest.loop import Backtest
from core.clock import Phase
from core.errors import ImpossibleRecordError
from core.events import (
    CashCause,
    CashChanged,
    Event,
    OrderAccepted,
    OrderActivated,
    OrderCanceled,
    OrderFilled,
    OrderReduced,
    OrderSubmitted,
    OrderTriggered,
    PathAmbiguous,
    PositionOpened,
)
from core.order import BUY, SELL, Order
from core.reason import Code, Reason
from core.replay.plausible import MOST_RELATED, check_facts
from tests.core.builders import bars_of, run

ZERO = Decimal(0)
DROPPED = Reason(Code.DROPPED_BY_HAND, {})


def made() -> Backtest:
    """Return a run with a limit order, a bracket, and a symbol that is not there at first."""
    limit = Decimal(10)

    def begin(now: Any) -> None:
        now.buy("ACME", 10)
        now.buy("ACME", 5, limit_price=limit)
        now.submit_bracket(Order("ACME", BUY, 2), Order("ACME", SELL, 2, stop_price=Decimal(8)))

    prices = ("10/11/9/10", "11/12/10/11", "12/13/11/12", "7/8/6/7")
    return run([bars_of("ACME", *prices), bars_of("LATE", "-", "-", "10", "10")], {0: begin})


def claim(rows: Sequence[Row], run: Backtest | None = None) -> tuple[str, int, str]:
    """Return the invariant that facts break, the number of the fact, and what is said of it."""
    of = run or made()
    with pytest.raises(ImpossibleRecordError) as refused:
        check_facts("it", of.feed, of.settings.initial_capital, rows)
    return refused.value.invariant, refused.value.record, str(refused.value).partition(": ")[2].partition(": ")[2]


def changed(kind: type[Event], change: Callable[[Any], tuple[Any, ...]], which: int = 0) -> tuple[list[Row], int]:
    """Return the facts of the run with another in the place of one, and its number."""
    rows = list(made().journal.rows)
    number = [number for number, row in enumerate(rows) if row[2] is kind][which]
    step, phase, _, fields = rows[number]
    rows[number] = (step, phase, kind, change(fields))
    return rows, number


def refill(**changes: Any) -> Callable[[Any], tuple[Any, ...]]:
    return lambda fields: (*fields[:2], attrs.evolve(fields[2], **changes), *fields[3:])


def test_what_a_run_has_recorded_can_have_happened() -> None:
    of = made()
    kinds = {row[2] for row in of.journal.rows}
    assert {OrderFilled, OrderActivated, OrderTriggered, CashChanged} <= kinds
    check_facts("it", of.feed, of.settings.initial_capital, of.journal.rows)


def test_money_that_moves_by_no_fill_is_booked() -> None:
    of = made()
    now = of.feed.time(3)
    cash = of.portfolio.get_cash_balance()
    moves = ((5, CashCause.DEPOSIT), (-3, CashCause.WITHDRAWAL), (2, CashCause.INCOME), (-1, CashCause.INCOME))
    rows = list(of.journal.rows)
    for amount, cause in moves:
        rows.append((3, Phase.STRATEGY, CashChanged, (now, cash, cash + amount, cause, None)))
        cash += amount
    check_facts("it", of.feed, of.settings.initial_capital, rows)
    taken = (3, Phase.STRATEGY, CashChanged, (now, cash, cash - 1, CashCause.DEPOSIT, None))
    assert claim([*rows, taken])[:2] == ("T1", len(rows))  # a deposit that takes
    unfilled = (3, Phase.STRATEGY, CashChanged, (now, cash, cash - 1, CashCause.FILL, None))
    assert claim([*rows, unfilled]) == ("I1", len(rows), f"cash goes by FILL from {cash}, it was {cash}")


@pytest.mark.parametrize(
    ("kind", "change", "invariant", "said"),
    [
        (OrderFilled, refill(price=Decimal("99.99")), "O4", "fill 1 at 99.99 is outside of its bar, 10 to 12"),
        (OrderFilled, refill(symbol="LATE"), "O3", "fill 1 does not belong to order 1, which is to buy 10 ACME"),
        (OrderFilled, refill(quantity=Decimal(12)), "O2", "fill 1 of 12 is above the 10 that order 1 had left"),
        (OrderFilled, refill(id=2), "O6", "fill 2 is applied, the next is 1"),
        (OrderFilled, refill(commission=Decimal("0.01")), "I5", "what was before makes PositionOpened("),
        (OrderAccepted, lambda one: (one[0], 7), "T1", "it cannot be folded: order 7 is unknown"),
        (
            OrderActivated,
            lambda one: (*one[:2], Decimal(3), *one[3:]),
            "O2",
            "3 units of order 4 wake that do not sleep",
        ),
        (OrderActivated, lambda one: (*one[:2], ZERO, *one[3:]), "O2", "0 units of order 4 wake that"),
        (OrderSubmitted, lambda one: (one[0], 2, *one[2:]), "T8", "order 2 comes after order 0"),
        (OrderSubmitted, lambda one: (*one[:5], 9, *one[6:]), "T1", "it cannot be folded: order 9 is unknown"),
        (CashChanged, lambda one: (*one[:2], one[2] - 1, *one[3:]), "I1", "what was before makes CashChanged("),
    ],
)
def test_what_cannot_be_is_refused_by_its_invariant(
    kind: type[Event], change: Callable[[Any], tuple[Any, ...]], invariant: str, said: str
) -> None:
    rows, number = changed(kind, change)
    found, record, what = claim(rows)
    assert (found, what.startswith(said)) == (invariant, True)
    assert record - number in (0, 1)


def test_a_limit_that_a_fill_is_worse_than_is_named() -> None:
    rows = list(made().journal.rows)
    number = next(place for place, row in enumerate(rows) if row[2] is OrderFilled and row[3][1] == 2)
    step, phase, kind, fields = rows[number]
    rows[number] = (step, phase, kind, refill(price=Decimal("10.5"))(fields))
    assert claim(rows)[:2] == ("O4", number)
    assert claim(rows)[2] == "fill 3 at 10.5 is worse than its limit 10"


def test_a_fill_before_its_order_may_is_named() -> None:
    rows, number = changed(OrderSubmitted, lambda one: (*one[:3], 3, *one[4:]))
    assert number == 0
    assert claim(rows)[0] == "O3"
    assert claim(rows)[2] == "fill 1 is in step 1, its order may fill from step 3 on"


def test_an_order_that_moves_as_none_can_is_refused_by_o1() -> None:
    of = made()
    rows = [*of.journal.rows, (3, Phase.STRATEGY, OrderAccepted, (of.feed.time(3), 1))]
    assert claim(rows) == ("O1", len(rows) - 1, "order 1 cannot be accepted: it is FILLED")


def test_what_an_order_gives_up_is_what_it_had() -> None:
    of = made()
    time = of.feed.time(0)
    rows = [row for row in of.journal.rows if row[0] == 0]
    canceled = (0, Phase.STRATEGY, OrderCanceled, (time, 1, Decimal(9), DROPPED))
    assert claim([*rows, canceled])[::2] == ("O2", "order 1 gives up 9, 10 remained")
    reduced = (0, Phase.STRATEGY, OrderReduced, (time, 1, Decimal(4), Decimal(5), DROPPED))
    assert claim([*rows, reduced])[::2] == ("O2", "5 of order 1 remain, 6 do")
    more = (0, Phase.STRATEGY, OrderReduced, (time, 1, Decimal(11), Decimal(-1), DROPPED))
    assert claim([*rows, more])[0] == "O2"


def test_a_position_that_no_fill_moves_is_refused_by_i5() -> None:
    of = made()
    flat = (ZERO, ZERO, ZERO, ZERO)
    row = (
        3,
        Phase.STRATEGY,
        PositionOpened,
        (of.feed.time(3), "LATE", flat, (Decimal(1), Decimal(1), ZERO, ZERO), None),
    )
    assert claim([*of.journal.rows, row])[::2] == ("I5", "LATE moves by no fill, split or dividend")


def test_times_never_fall_and_are_those_of_the_steps() -> None:
    of = made()
    rows = list(of.journal.rows)
    early = (-1, Phase.STRATEGY, OrderAccepted, (None, 1))
    assert claim([*rows[:2], early])[::2] == ("T8", "step -1 comes after step 0, of 4 steps")
    assert claim(rows[:-1])[::2] == ("I5", "a fill is not booked to its end")
    step, _, kind, fields = rows[0]
    assert claim([(9, Phase.STRATEGY, kind, fields)])[::2] == ("T8", "step 9 comes after step -1, of 4 steps")
    assert claim([(-1, Phase.STRATEGY, kind, fields)])[0] == "T8"
    assert claim([(step + 1, Phase.STRATEGY, kind, fields)])[0] == "T8"


def test_a_fill_in_a_step_without_a_bar_is_refused() -> None:
    of = made()
    order = Order("LATE", BUY, 1)
    rows: list[Row] = [
        (0, Phase.STRATEGY, OrderSubmitted, (of.feed.time(0), 1, order, 1, None, None, None, "", 0)),
        (0, Phase.STRATEGY, OrderAccepted, (of.feed.time(0), 1)),
    ]
    fill = next(row[3][2] for row in of.journal.rows if row[2] is OrderFilled)
    early = attrs.evolve(fill, symbol="LATE", quantity=Decimal(1))
    rows.append((1, Phase.OPEN, OrderFilled, (of.feed.time(1), 1, early, ZERO, 0)))
    assert claim(rows)[::2] == ("O4", "fill 1 is in step 1, in which LATE has no bar")
    unknown = attrs.evolve(early, symbol="NONE")
    rows[0] = (0, Phase.STRATEGY, OrderSubmitted, (of.feed.time(0), 1, Order("NONE", BUY, 1), 1, *(None,) * 3, "", 0))
    rows[-1] = (1, Phase.OPEN, OrderFilled, (of.feed.time(1), 1, unknown, ZERO, 0))
    assert claim(rows)[0] == "T1"


@pytest.mark.parametrize("relation", ["siblings", "exits"])
def test_orders_that_belong_together_are_bounded(relation: str) -> None:
    of = made()
    time, order = of.feed.time(0), Order("ACME", BUY, 1)
    related = (None, 1) if relation == "siblings" else (1, None)
    rows: list[Row] = [
        (0, Phase.STRATEGY, OrderSubmitted, (time, number, order, 1, None, *(related if number > 1 else first), "", 0))
        for first in [(None, 1) if relation == "siblings" else (None, None)]
        for number in range(1, MOST_RELATED + 3)
    ]
    check_facts("it", of.feed, of.settings.initial_capital, rows[: MOST_RELATED + 1])
    assert claim(rows)[0] == "O1"


def test_facts_about_no_order_are_taken_as_they_are() -> None:
    of = made()
    fact = (of.feed.time(3), "ACME", "high_first", Decimal(1), (), 0)
    rows = [*of.journal.rows, (3, Phase.CLOSE, PathAmbiguous, fact)]
    check_facts("it", of.feed, of.settings.initial_capital, rows)
