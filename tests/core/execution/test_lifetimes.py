"""When the lives of open orders end."""

from datetime import date
from decimal import Decimal

from core.execution.lifetimes import Lifetimes
from core.execution.order_record import OrderRecord
from core.order import BUY, TimeInForce
from tests.core.builders import at
from tests.core.execution.records import order_of, record_of

DAY = TimeInForce.DAY


def of_day(number: int = 1, *, eligible: int = 0, asleep: int = 0) -> OrderRecord:
    order = order_of(BUY, 10, limit_price=90, time_in_force=DAY)
    return record_of(order, number, eligible_step=eligible, asleep=Decimal(asleep))


def until(step: int, number: int = 1) -> OrderRecord:
    return record_of(order_of(BUY, 10, limit_price=90, good_till=at(step)), number)


def lives_of(*records: OrderRecord) -> Lifetimes:
    lives = Lifetimes()
    for record in records:
        lives.add(record)
    return lives


def due(lives: Lifetimes, step: int) -> list[int]:
    return [record.id for record in lives.due(at(step), step)]


def test_an_order_that_lives_until_it_is_canceled_is_never_due() -> None:
    assert due(lives_of(record_of(order_of(BUY, 1))), 10**6) == []


def test_without_such_orders_there_is_nothing_to_ask() -> None:
    assert not lives_of(record_of(order_of(BUY, 1)))
    assert lives_of(until(1))
    lives = lives_of(of_day())
    assert lives
    assert [due(lives, step) for step in (0, 1)] == [[], [1]]
    assert not lives


def test_a_day_begins_with_the_first_step_in_which_an_order_may_fill() -> None:
    record = of_day(eligible=2)
    lives = lives_of(record)
    assert [due(lives, step) for step in (1, 2)] == [[], []]
    assert record.day == date(2024, 1, 4)
    assert [due(lives, step) for step in (3, 4)] == [[1], []]  # once, whatever becomes of it


def test_a_day_that_is_known_is_kept() -> None:
    record = of_day()
    record.day = date(2024, 1, 3)
    lives = lives_of(record)
    assert [due(lives, step) for step in (1, 2)] == [[], [1]]


def test_an_order_with_an_end_is_due_in_the_first_step_beyond() -> None:
    lives = lives_of(until(3))
    assert [due(lives, step) for step in (2, 3, 4)] == [[], [], [1]]


def test_those_of_one_step_come_by_number() -> None:
    assert due(lives_of(until(2, 1), of_day(2), until(1, 3), until(1, 4)), 0) == []
    lives = lives_of(until(1, 3), of_day(2), until(0, 4), until(9, 1))
    assert [due(lives, step) for step in (0, 2)] == [[], [2, 3, 4]]


def test_what_is_over_is_not_due() -> None:
    records = [of_day(1), until(1, 2)]
    lives = lives_of(*records)
    assert due(lives, 0) == []
    for record in records:
        record.is_open = False
    assert due(lives, 5) == []


def test_an_exit_that_sleeps_has_no_day_until_it_wakes() -> None:
    record = of_day(asleep=10)
    lives = lives_of(record)
    assert [due(lives, step) for step in (0, 1)] == [[], []]
    record.asleep = Decimal(0)
    lives.wake(record)
    assert [due(lives, step) for step in (2, 3)] == [[], [1]]


def test_an_exit_of_which_more_wakes_when_its_day_is_over_is_due_at_once() -> None:
    record = of_day(asleep=4)
    lives = lives_of(record)
    assert due(lives, 0) == []
    record.remaining = record.asleep = Decimal(4)  # what was awake has filled
    assert due(lives, 1) == []
    record.asleep = Decimal(0)
    lives.wake(record)
    assert due(lives, 2) == [1]


def test_two_ends_at_one_instant_are_no_question() -> None:
    lives = lives_of(until(1, 1), until(1, 2), of_day(3), of_day(4))
    assert [due(lives, step) for step in (0, 2)] == [[], [1, 2, 3, 4]]
