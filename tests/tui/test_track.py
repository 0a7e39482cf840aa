"""The track counts fills and marks rejections for any number of columns, as far as the run has come."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.backtest.loop import Backtest
from core.events import OrderFilled, OrderRejected
from core.replay.breakpoints import Breakpoints
from core.replay.timeline import Timeline
from tui.shown import column_of, step_at
from tui.track import BREAKPOINT, REJECTION, Track

Sample = Callable[..., Backtest]
SHAPES = [(1, 1), (1, 7), (10, 4), (10, 10), (10, 25), (2015, 78), (2015, 138), (100_000, 80)]


def steps_of(run: Backtest, kind: type) -> list[int]:
    return [row[0] for row in run.journal.rows if row[2] is kind]


@pytest.mark.parametrize(("count", "columns"), SHAPES)
def test_every_step_is_in_the_column_between_its_edges(count: int, columns: int) -> None:
    for step in range(0, count, 1 + count // 500):
        column = column_of(step, count, columns)
        assert 0 <= column < columns
        assert -(-column * count // columns) <= step < -(-(column + 1) * count // columns)


@pytest.mark.parametrize(("count", "columns"), [shape for shape in SHAPES if shape[0] >= shape[1]])
def test_a_column_leads_to_a_step_in_it_and_the_ends_to_the_ends(count: int, columns: int) -> None:
    steps = [step_at(column, count, columns) for column in range(columns)]
    assert [column_of(step, count, columns) for step in steps] == list(range(columns))
    assert (steps[0], columns == 1 or steps[-1] == count - 1) == (0, True)


def test_beyond_the_columns_the_ends_are_meant() -> None:
    assert (step_at(-5, 10, 4), step_at(9, 10, 4), step_at(3, 10, 0)) == (0, 9, 0)


def test_no_column_is_before_the_first_or_after_the_last() -> None:
    assert (column_of(-1, 10, 4), column_of(99, 10, 4), column_of(3, 0, 4), column_of(3, 10, 0)) == (0, 3, 3, 0)


@pytest.mark.parametrize("columns", [1, 7, 80, 3000])
def test_each_fill_is_counted_in_its_column(sample: Sample, columns: int) -> None:
    run = sample(200)
    expected = [0] * columns
    for step in steps_of(run, OrderFilled):
        expected[column_of(step, 2015, columns)] += 1
    assert Track(run.journal).fills(2015, columns) == expected
    assert sum(expected) == len(run.broker.fills())


def test_facts_that_came_since_are_counted_too(sample: Sample) -> None:
    run = sample(3)
    track = Track(run.journal)
    assert track.fills(2015, 2) == [1, 0]
    while run.step_count < 1500:
        run.step()
    assert sum(track.fills(2015, 2)) == len(run.broker.fills()) > 1
    assert track.fills(2015, 2)[1] > 0


def test_a_column_with_a_rejection_is_marked_once(sample: Sample) -> None:
    run = sample(200)
    marked = {column_of(step, 2015, 80) for step in steps_of(run, OrderRejected)}
    assert Track(run.journal).marks(2015, 80, {}) == dict.fromkeys(marked, REJECTION)


def test_a_bookmark_is_seen_by_its_letter_over_a_rejection(sample: Sample) -> None:
    marks = Track(sample(30).journal).marks(2015, 2015, {0: "a", 7: "b"})
    assert (marks[0], marks[7], marks[10]) == ("a", "b", REJECTION)
    assert Track(sample(0).journal).marks(2015, 10, {-1: "s"}) == {0: "s"}


@pytest.mark.parametrize("columns", [1, 7, 80, 3000])
def test_drawdown_is_that_at_the_end_of_each_column(sample: Sample, columns: int) -> None:
    run = sample(0)
    timeline, track = Timeline(run), Track(run.journal)

    def at(step: int) -> Decimal:
        return timeline.at(timeline.end_of_step(step)).drawdown_ratio

    for head in (-1, 0, 3, 40, 41, 300):
        while run.step_count <= head:
            run.step()
        expected = []
        for column in range(columns):
            there = [step for step in range(head + 1) if column_of(step, 2015, columns) == column]
            if there:
                expected.append(at(there[-1]))
        shown = track.drawdowns(at, head, 2015, columns)
        if columns <= 2015:
            assert shown == expected
        else:  # some columns have no step of their own
            assert [shown[column_of(step, 2015, columns)] for step in range(head + 1)] == expected


def test_the_drawdown_of_a_column_that_is_over_is_asked_for_once(sample: Sample) -> None:
    asked: list[int] = []
    track = Track(sample(0).journal)

    def at(step: int) -> Decimal:
        asked.append(step)
        return Decimal(0)

    for head in (99, 99, 100):
        track.drawdowns(at, head, 1000, 10)
    assert asked == [99, 100]


def test_breakpoints_that_are_on_mark_where_they_stop(sample: Sample) -> None:
    run = sample(100)
    breakpoints, track = Breakpoints(Timeline(run)), Track(run.journal)
    fills = {column_of(step, 2015, 2015) for step in steps_of(run, OrderFilled)}
    one = breakpoints.add("fill")

    def marked() -> set[int]:
        return {column for column, mark in track.marks(2015, 2015, {}, breakpoints).items() if mark == BREAKPOINT}

    assert marked() == fills
    while run.step_count < 200:
        run.step()
    assert marked() == set(steps_of(run, OrderFilled)) > fills
    one.is_on = False
    assert marked() == set()
    one.is_on = True
    assert marked() == set(steps_of(run, OrderFilled))
    breakpoints.remove(one.id)
    assert marked() == set()
