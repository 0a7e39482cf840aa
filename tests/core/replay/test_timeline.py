"""Where one can stand in a run, and what one sees from there."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.backtest.loop import Backtest
from core.clock import Phase
from core.errors import InputError, StepOutOfRangeError, StrategyError
from core.events import OrderFilled, OrderSubmitted
from core.replay.cursor import Cursor
from core.replay.timeline import Timeline
from tests.core.builders import Answering, backtest, bars_of, run

QUIET = Cursor(-1, Phase.STRATEGY, 0)


def bought() -> Backtest:
    """Buy 10 at 110 inside the second of four bars; the closes are 100, 115, 120 and 90."""
    bars = bars_of("A", "100", "110/120/105/115", "120", "90")
    return run(bars, {0: lambda now: now.buy("A", 10)})


def sequence_of(made: Backtest, kind: type) -> int:
    return next(place for place, fact in enumerate(made.journal) if isinstance(fact, kind))


def test_the_end_of_a_step_lies_after_everything_that_it_did() -> None:
    made = bought()  # submitted, accepted; filled, position, cash
    timeline = Timeline(made)
    ends = [timeline.end_of_step(step) for step in range(-1, 4)]
    assert ends == [QUIET, *(Cursor(step, Phase.STRATEGY, count) for step, count in enumerate([2, 5, 5, 5]))]


@pytest.mark.parametrize("step", [-2, 4, 100])
def test_a_step_that_was_not_executed_has_no_end(step: int) -> None:
    with pytest.raises(StepOutOfRangeError, match=f"^cannot seek to step {step}: steps 0 to 3 are recorded$"):
        Timeline(bought()).end_of_step(step)


def test_a_run_that_has_not_begun_has_only_its_start() -> None:
    timeline = Timeline(backtest(bars_of("A", "100"), {}))
    assert timeline.end_of_step(-1) == QUIET
    assert timeline.at(QUIET).equity == timeline.start().equity == 100_000
    assert list(timeline.steps()) == []
    with pytest.raises(StepOutOfRangeError, match=r"^cannot seek to step 0: no step is recorded$"):
        timeline.end_of_step(0)


def test_the_place_after_a_fact_is_in_its_step_and_phase() -> None:
    made = bought()
    place = sequence_of(made, OrderFilled)
    assert Timeline(made).after(place) == Cursor(1, Phase.OPEN, place + 1)


@pytest.mark.parametrize("sequence", [-1, 5])
def test_there_is_no_place_after_a_fact_that_is_not_there(sequence: int) -> None:
    with pytest.raises(InputError, match=f"^cannot seek to event {sequence}: events 0 to 4 are recorded$"):
        Timeline(bought()).after(sequence)
    with pytest.raises(InputError, match=f"^cannot seek to event {sequence}: no event is recorded$"):
        Timeline(run(bars_of("A", "100"), {})).after(sequence)


def test_between_the_facts_of_a_fill_only_what_was_told_has_changed() -> None:
    made = bought()
    timeline, place = Timeline(made), sequence_of(made, OrderFilled)
    seen = [timeline.at(timeline.after(sequence)) for sequence in range(place, place + 3)]
    assert [one.get_order(1).filled_quantity for one in seen] == [10, 10, 10]
    assert [one.get_position("A").quantity for one in seen] == [0, 10, 10]
    assert [one.get_cash_balance() for one in seen] == [100_000, 100_000, 98_900]  # less 10 x 110


MARKS = {
    "inside the bar that fills": (lambda timeline, fill: timeline.after(fill + 2), 100, 99_900),
    "before its marks": (lambda _, fill: Cursor(1, Phase.CLOSE, fill + 3), 100, 99_900),
    "from its marks on": (lambda _, fill: Cursor(1, Phase.MARK, fill + 3), 115, 100_050),
    "at its end": (lambda timeline, _: timeline.end_of_step(1), 115, 100_050),
    "inside a bar without a fact": (lambda _, fill: Cursor(2, Phase.LEG_2, fill + 3), 115, 100_050),
    "at the end of one": (lambda timeline, _: timeline.end_of_step(2), 120, 100_100),
}


@pytest.mark.parametrize(("place", "mark", "equity"), MARKS.values(), ids=MARKS)
def test_a_bar_counts_from_the_mark_phase_of_its_step_on(
    place: Callable[[Timeline, int], Cursor], mark: int, equity: int
) -> None:
    made = bought()
    timeline = Timeline(made)
    moment = timeline.at(place(timeline, sequence_of(made, OrderFilled)))
    assert moment.get_mark("A") == mark
    assert moment.equity == equity  # 98,900 + 10 x mark


def test_the_fall_from_the_peak_counts_the_steps_before() -> None:
    timeline = Timeline(bought())
    falls = [timeline.at(timeline.end_of_step(step)).drawdown for step in (3, 2, 1, 0)]
    assert falls == [300, 0, 0, 0]  # from 100,100 to 98,900 + 10 x 90


def test_steps_begin_where_one_asks() -> None:
    timeline = Timeline(bought())
    assert {one.cursor.step: one.equity for one in timeline.steps(2)} == {2: Decimal(100_100), 3: Decimal(99_800)}
    assert list(timeline.steps(4)) == []
    with pytest.raises(StepOutOfRangeError):
        next(timeline.steps(5))


def test_a_run_that_goes_on_is_seen_as_far_as_it_has_come() -> None:
    made = backtest(bars_of("A", "100", "110", "120"), {0: lambda now: now.buy("A", 10)})
    timeline = Timeline(made)
    equities = []
    while made.step():
        moment = timeline.at(timeline.end_of_step(made.clock.step))
        equities.append(moment.equity)
        assert moment.equity == made.portfolio.equity
    assert equities == [100_000, 100_000, 100_100]


def test_a_run_that_an_error_has_stopped_is_seen_up_to_there() -> None:
    def fail(*_: object) -> None:
        raise ValueError

    made = backtest(bars_of("A", "100", "110"), Answering({0: lambda now: now.buy("A", 10)}, answer=fail))
    with pytest.raises(StrategyError):
        made.run()
    moment = Timeline(made).at(Timeline(made).end_of_step(1))
    assert moment.get_cash_balance() == 98_900
    assert made.journal.step_of(len(made.journal) - 1) == 1


def test_an_order_that_was_not_asked_for_yet_is_not_there() -> None:
    made = bought()
    timeline = Timeline(made)
    assert timeline.at(QUIET).open_orders() == []
    after = timeline.at(timeline.after(sequence_of(made, OrderSubmitted)))
    assert (len(after.orders), after.open_orders()) == (1, [])  # asked for, and not accepted yet
    assert [order.id for order in timeline.at(timeline.end_of_step(0)).open_orders()] == [1]
    assert timeline.at(timeline.end_of_step(0)).get_order(1).remaining_quantity == Decimal(10)
