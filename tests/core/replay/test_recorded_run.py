"""A recorded run is read as the run that was recorded, and nothing of it can be executed."""

import pytest
from attrs import evolve
from hypothesis import given, settings

from core.backtest.equity import EquityCurve
from core.backtest.strategy import Strategy
from core.errors import InputError
from core.money import quantum
from core.replay.breakpoints import Breakpoints
from core.replay.cursor import START
from core.replay.divergence import first_divergence
from core.replay.explain import explain_order, explain_step
from core.replay.recorded_run import RecordedRun
from core.replay.run import executable
from core.replay.timeline import Timeline
from tests.core.builders import backtest, bars_of, run
from tests.core.recorded import recorded
from tests.core.replay.test_timeline_properties import Drawn, Seen, any_runs

FEW = settings(max_examples=15)


@FEW
@given(any_runs)
def test_every_moment_of_a_record_is_that_of_the_run(drawn: Drawn) -> None:
    live = drawn.run()
    one, other = Timeline(live), Timeline(recorded(live))
    assert one.head == other.head
    cursor = START
    while cursor != one.head:
        cursor = one.next_place(cursor)
        assert other.places(cursor.step) == one.places(cursor.step)
        assert Seen.of_past(other, cursor) == Seen.of_past(one, cursor)


@FEW
@given(any_runs)
def test_a_record_says_why_its_orders_filled_or_did_not_as_the_run_does(drawn: Drawn) -> None:
    live = drawn.run()
    record = recorded(live)
    for order_id in range(1, live.broker.order_count + 1):
        assert list(explain_order(record, order_id)) == list(explain_order(live, order_id))
    assert first_divergence(live, record, whole=True) is None


def test_a_record_is_over_where_it_ends_and_goes_back_and_stops_as_a_run_does() -> None:
    made = backtest(bars_of("A", "100", "110", "90", "95"), {0: lambda now: now.buy("A", 10)})
    made.run_until(lambda run: run.clock.step == 2)
    record = recorded(made)
    assert (record.is_over, record.step_count, record.length) == (True, 3, 4)
    timeline, breakpoints = Timeline(record), Breakpoints(Timeline(record))
    breakpoints.add("fill")
    found = breakpoints.after(START)
    assert found is not None
    assert found[0] == timeline.after(len(record.journal) - 1)
    assert timeline.seek(timeline.head).get_mark("A") == 90
    assert timeline.step_back() == timeline.end_of_step(1)


def test_bars_after_the_last_recorded_step_do_not_matter() -> None:
    texts = ["10/12/9/11/100", "11/13/10/12/100", "12/14/11/13/100", "13/15/12/14/100"]
    made = backtest(bars_of("A", *texts), {0: lambda now: now.buy("A", 10, limit_price=5)})
    made.run_until(lambda run: run.clock.step == 1)
    whole = recorded(made)
    part = RecordedRun.of(
        [evolve(one, frame=one.frame.head(2)) for one in made.bars],
        (),
        made.settings,
        made.journal.rows,
        step_count=2,
        strategy_name="Script",
        length=whole.length,
    )
    assert (part.length, len(part.feed)) == (4, 2)
    for record in (whole, part):
        timeline = Timeline(record)
        assert explain_step(record, timeline.at(timeline.head), 1) == made.why_open(1)


def test_the_tick_that_is_stated_counts_as_in_the_run() -> None:
    live = run(bars_of("A", "10", "11"), {0: lambda now: now.buy("A", 1, limit_price=9)}, tick_size=quantum(3))
    assert recorded(live).feed.bars[0].digits == live.bars[0].digits == 3


def test_what_is_recorded_cannot_be_executed() -> None:
    made = backtest(bars_of("A", "10", "11"), Strategy())
    assert executable(made) is made
    with pytest.raises(InputError, match=r"^a recorded run is only looked at; `fillstep open STRATEGY` executes one$"):
        executable(recorded(made))


def test_a_record_computes_no_indicators_and_its_equity_of_its_own_facts() -> None:
    live = run(bars_of("A", "10", "11", "13"), {0: lambda now: now.buy("A", 10)})
    record = recorded(live)
    assert record.indicators_at("A", 1) == {}
    curve = EquityCurve(record.feed, record.journal, record.settings.initial_capital)
    assert [curve.equity(step) for step in range(3)] == [100_000, 100_000, 100_020]
