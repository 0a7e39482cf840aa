"""What a person asks for by hand: when it takes effect, what is recorded of it, and who is told."""

from decimal import Decimal
from typing import Any

import pytest

from core.backtest.command import Amend, Cancel, Command, Submit
from core.backtest.loop import Backtest
from core.backtest.settings import Timing
from core.backtest.strategy import Now
from core.clock import Phase
from core.errors import InputError, InvalidOrderError, NotExactError, RunStoppedError, StrategyError, UnknownOrderError
from core.events import (
    AmendRequested,
    CancelRequested,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderRejected,
    OrderSubmitted,
    RequestRefused,
)
from core.order import BUY, SELL, Order, OrderStatus, TrackedOrder
from tests.core.builders import Answering, Hearing, at, backtest, bars_of, fills_of, reason_of, run

BUY_TEN = Submit(Order("A", BUY, 10))
BUY_LOW = Submit(Order("A", BUY, 10, limit_price=50))
STEPS = ("100", "110", "120", "130")


def made_to(step: int, **settings: Any) -> Backtest:
    """Return a run of a strategy that does nothing, after a step; -1 is before the first."""
    made = backtest(bars_of("A", *STEPS), {}, **settings)
    while made.clock.step < step:
        made.step()
    return made


def facts_of(made: Backtest) -> list[tuple[str, int, str]]:
    """Return each fact by its name, step and phase."""
    rows = made.journal.rows
    return [(kind.__name__, step, phase.name) for step, phase, kind, _ in rows]


@pytest.mark.parametrize("step", [-1, 0, 2])
def test_an_order_by_hand_is_recorded_after_the_newest_step_and_eligible_from_the_next(step: int) -> None:
    made = made_to(step)
    assert made.command(BUY_TEN) == 1
    stamp = None if step < 0 else at(step)
    expected = OrderSubmitted(stamp, 1, BUY_TEN.order, step + 1, cause="by hand")
    assert list(made.journal) == [expected, OrderAccepted(stamp, 1)]
    assert {made.journal.phase_of(place) for place in range(2)} == {Phase.STRATEGY}
    assert [made.journal.step_of(place) for place in range(2)] == [step, step]


@pytest.mark.parametrize("step", [-1, 0, 2])
def test_an_order_by_hand_fills_at_the_open_of_the_next_step(step: int) -> None:
    made = made_to(step)
    made.command(BUY_TEN)
    made.run()
    assert fills_of(made) == [(1, "10", STEPS[step + 1], f"{at(step + 1):%d}")]


def test_what_is_decided_on_closes_fills_at_the_next_open_where_it_is_asked_for_by_hand() -> None:
    made = made_to(1, timing=Timing.SAME_CLOSE)
    made.command(BUY_TEN)
    made.step()
    assert fills_of(made) == [(1, "10", "120", "04")]


def test_what_is_asked_for_by_hand_is_kept_by_its_step() -> None:
    made = made_to(-1)
    made.command(BUY_LOW)
    made.step()
    made.command(BUY_TEN)
    made.command(Cancel(1))
    assert made.commands == {-1: [BUY_LOW], 0: [BUY_TEN, Cancel(1)]}


@pytest.mark.parametrize("step", [-1, 1])
def test_a_cancel_by_hand_takes_effect_when_the_next_step_begins(step: int) -> None:
    made = made_to(step)
    made.command(BUY_LOW)
    assert made.command(Cancel(1)) == 1
    assert made.journal[-1] == CancelRequested(None if step < 0 else at(step), 1, "by hand")
    assert made.broker.get_order(1).status is OrderStatus.ACCEPTED
    made.step()
    assert made.broker.get_order(1).status is OrderStatus.CANCELED
    assert facts_of(made)[-1] == ("OrderCanceled", step + 1, "REQUESTS")
    canceled = made.journal[-1]
    assert isinstance(canceled, OrderCanceled)
    assert reason_of(canceled.reason)[0] == "CANCEL_REQUESTED"


def test_an_order_whose_cancel_was_asked_for_by_hand_claims_nothing() -> None:
    made = made_to(0, initial_capital=1000)
    made.command(Submit(Order("A", BUY, 20, limit_price=50)))  # 20 x 50: all the cash
    assert made.broker.get_order(made.command(BUY_LOW)).status is OrderStatus.REJECTED
    made.command(Cancel(1))
    assert made.broker.get_order(made.command(BUY_LOW)).status is OrderStatus.ACCEPTED


@pytest.mark.parametrize("step", [-1, 1])
def test_a_change_by_hand_takes_effect_when_the_next_step_begins(step: int) -> None:
    made = made_to(step)
    made.command(BUY_LOW)
    assert made.command(Amend(1, quantity=7, limit_price=Decimal(60))) == 1
    stamp = None if step < 0 else at(step)
    assert made.journal[-1] == AmendRequested(stamp, 1, Decimal(7), Decimal(60), None, "by hand")
    assert made.broker.get_order(1).order == BUY_LOW.order
    made.step()
    assert made.broker.get_order(1).order == Order("A", BUY, 7, limit_price=60)
    assert isinstance(made.journal[-1], OrderAmended)
    assert facts_of(made)[-1] == ("OrderAmended", step + 1, "REQUESTS")


def test_an_order_by_hand_that_fails_a_check_is_rejected_with_the_reason() -> None:
    made = made_to(0)
    assert made.command(Submit(Order("A", SELL, 10))) == 1
    rejected = made.journal[-1]
    assert isinstance(rejected, OrderRejected)
    assert reason_of(rejected.reason)[0] == "POSITION_MUST_COVER_SALE"
    assert made.commands == {0: [Submit(Order("A", SELL, 10))]}


@pytest.mark.parametrize("command", [Cancel(1), Amend(1, quantity=5)])
def test_what_is_asked_of_an_order_that_is_over_is_refused_as_a_fact(command: Command) -> None:
    made = made_to(0)
    made.command(BUY_TEN)
    made.step()
    made.command(command)
    refused = made.journal[-1]
    assert isinstance(refused, RequestRefused)
    assert reason_of(refused.reason) == ("ORDER_MUST_BE_OPEN", {"status": "FILLED"})
    assert made.broker.get_order(1).filled_quantity == 10


UNGIVEN: dict[str, tuple[Command, type[Exception]]] = {
    "no such order to cancel": (Cancel(7), UnknownOrderError),
    "no such order to change": (Amend(7, quantity=1), UnknownOrderError),
    "order 0": (Cancel(0), UnknownOrderError),
    "a stop of a limit order": (Amend(1, stop_price=5), InvalidOrderError),
    "a number that is none": (Amend(1, limit_price=0.5), NotExactError),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("step", [-1, 1])
@pytest.mark.parametrize(("command", "error"), UNGIVEN.values(), ids=UNGIVEN)
def test_what_cannot_be_asked_for_leaves_nothing_behind(command: Command, error: type[Exception], step: int) -> None:
    made, other = made_to(step), made_to(step)
    made.command(BUY_LOW)
    other.command(BUY_LOW)
    with pytest.raises(error):
        made.command(command)
    assert made.commands == {step: [BUY_LOW]}
    for one in (made, other):
        one.command(BUY_TEN)
        one.run()
    assert made.journal.canonical_bytes() == other.journal.canonical_bytes()


def test_a_run_that_is_over_takes_nothing() -> None:
    made = made_to(3)
    for command in (BUY_TEN, Cancel(1), Amend(1)):
        with pytest.raises(InputError, match=r"^the run is over: no order can be asked for any more$"):
            made.command(command)
    assert not made.commands
    assert len(made.journal) == 0


def test_a_run_that_an_error_has_stopped_takes_nothing() -> None:
    made = backtest(bars_of("A", *STEPS), {1: lambda _: 1 // 0})
    with pytest.raises(StrategyError):
        made.run()
    with pytest.raises(InputError, match=r"^the run is over"):
        made.command(BUY_TEN)
    assert not made.commands


# --- who is told


def test_on_order_is_told_at_once() -> None:
    heard: list[tuple[int, int, str]] = []
    hearing = Hearing(hear=lambda now, order: heard.append((now.step, order.id, order.status.value)))
    made = backtest(bars_of("A", *STEPS), hearing)
    made.step()
    made.command(BUY_LOW)
    assert heard == [(0, 1, "ACCEPTED")]
    made.command(Submit(Order("A", SELL, 1)))
    assert heard[1:] == [(0, 2, "REJECTED")]
    made.command(Cancel(1))
    assert heard[2:] == []
    made.step()
    assert heard[2:] == [(1, 1, "CANCELED")]


def test_on_order_is_told_in_the_first_step_of_what_was_asked_for_before_it() -> None:
    heard: list[tuple[int, int, str]] = []
    hearing = Hearing(hear=lambda now, order: heard.append((now.step, order.id, order.status.value)))
    made = backtest(bars_of("A", *STEPS), hearing)
    made.command(BUY_LOW)
    made.command(Submit(Order("B", BUY, 1)))
    assert heard == []
    made.step()
    assert heard == [(0, 1, "ACCEPTED"), (0, 2, "REJECTED")]


def test_what_on_order_asks_for_in_answer_is_eligible_from_the_next_step() -> None:
    def answer(now: Now, order: TrackedOrder) -> None:
        if order.id == 1:
            now.buy("A", 3)

    made = backtest(bars_of("A", *STEPS), Hearing(hear=answer))
    made.step()
    made.command(BUY_TEN)
    made.run()
    assert fills_of(made) == [(1, "10", "110", "03"), (2, "3", "110", "03")]
    causes = [event.cause for event in made.journal if isinstance(event, OrderSubmitted)]
    assert [cause == "by hand" for cause in causes] == [True, False]


def test_on_fill_is_told_of_a_fill_of_an_order_by_hand() -> None:
    told: list[tuple[int, int]] = []
    made = backtest(bars_of("A", *STEPS), Answering(answer=lambda now, fill: told.append((now.step, fill.order_id))))
    made.step()
    made.command(BUY_TEN)
    made.run()
    assert told == [(1, 1)]


def test_what_on_order_raises_when_it_is_told_stops_the_run() -> None:
    made = backtest(bars_of("A", *STEPS), Hearing(hear=lambda *_: 1 // 0))
    made.step()
    with pytest.raises(StrategyError, match=r"Hearing\.on_order raised ZeroDivisionError: .* \(step 0\)$"):
        made.command(BUY_TEN)
    assert made.is_over
    with pytest.raises(RunStoppedError):
        made.step()
    assert made.commands == {0: [BUY_TEN]}


def test_whoever_listens_hears_of_what_is_asked_for_by_hand() -> None:
    made, heard = made_to(0), list[str]()
    made.broker.subscribe(lambda event: heard.append(type(event).__name__))
    made.command(BUY_LOW)
    made.command(Cancel(1))
    assert heard == ["OrderSubmitted", "OrderAccepted", "CancelRequested"]


def test_looking_at_what_was_asked_for_at_a_step_keeps_no_step() -> None:
    made = run(bars_of("A", *STEPS), {})
    assert made.commands.get(2, ()) == ()
    assert made.commands == {}
