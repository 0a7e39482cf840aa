"""Facts reach the record first, then each handler in turn, in the order in which they happened."""

from collections.abc import Callable
from typing import Any

import pytest

from core.announcer import Announcer, Deliveries
from core.events import OrderAccepted, OrderEvent


def fact(number: int) -> tuple[Any, ...]:
    return OrderAccepted, None, number


def heard_by(name: str, heard: list[str]) -> Callable[[OrderEvent], None]:
    return lambda event: heard.append(f"{name}{event.order_id}")


def test_handlers_are_called_in_the_order_in_which_they_subscribed() -> None:
    announcer, heard = Announcer(), list[str]()
    for name in "abc":
        announcer.subscribe(heard_by(name, heard))
    announcer.announce(*fact(1))
    announcer.announce(*fact(2))
    assert heard == ["a1", "b1", "c1", "a2", "b2", "c2"]


def test_a_handler_hears_what_happens_after_it_subscribed() -> None:
    announcer, heard = Announcer(), list[str]()
    announcer.announce(*fact(1))
    announcer.subscribe(heard_by("a", heard))
    announcer.announce(*fact(2))
    assert heard == ["a2"]


def test_a_handler_that_stopped_hears_nothing_more_and_the_others_do() -> None:
    announcer, heard = Announcer(), list[str]()
    stop = announcer.subscribe(heard_by("a", heard))
    announcer.subscribe(heard_by("b", heard))
    stop()
    stop()
    announcer.announce(*fact(1))
    assert heard == ["b1"]


def test_stopping_twice_stops_no_other_subscription_of_the_same_handler() -> None:
    announcer, heard = Announcer(), list[str]()
    handler = heard_by("a", heard)
    stop = announcer.subscribe(handler)
    announcer.subscribe(handler)
    stop()
    stop()
    announcer.announce(*fact(1))
    assert heard == ["a1"]


def test_stopping_a_later_subscription_keeps_the_place_of_the_earlier_one() -> None:
    announcer, heard = Announcer(), list[str]()
    handler = heard_by("a", heard)
    announcer.subscribe(handler)
    announcer.subscribe(heard_by("b", heard))
    announcer.subscribe(handler)()
    announcer.announce(*fact(1))
    assert heard == ["a1", "b1"]


def test_a_handler_may_stop_while_it_is_called() -> None:
    announcer, heard = Announcer(), list[str]()
    stops: list[Callable[[], None]] = []
    stops.append(announcer.subscribe(lambda event: (heard.append(f"once{event.order_id}"), stops[0]())))
    announcer.subscribe(heard_by("b", heard))
    announcer.announce(*fact(1))
    announcer.announce(*fact(2))
    assert heard == ["once1", "b1", "b2"]


def test_every_fact_is_in_the_record_before_any_handler_is_called() -> None:
    rows: list[int] = []
    announcer = Announcer(lambda _, fields: rows.append(fields[1]))
    recorded: list[list[int]] = []
    announcer.subscribe(lambda _: recorded.append(list(rows)))
    with announcer.deliveries:
        announcer.announce(*fact(1))
        announcer.announce(*fact(2))
    assert recorded == [[1, 2], [1, 2]]


def test_a_fact_is_recorded_though_nobody_listens() -> None:
    rows: list[tuple[object, ...]] = []
    Announcer(lambda kind, fields: rows.append((kind, *fields))).announce(*fact(1))
    assert rows == [(OrderAccepted, None, 1)]


def test_what_a_handler_announces_is_delivered_after_what_it_heard() -> None:
    announcer, heard = Announcer(), list[str]()
    announcer.subscribe(lambda event: announcer.announce(*fact(event.order_id * 10)) if event.order_id < 10 else None)
    announcer.subscribe(heard_by("b", heard))
    with announcer.deliveries:
        announcer.announce(*fact(1))
        announcer.announce(*fact(2))
    assert heard == ["b1", "b2", "b10", "b20"]


def test_facts_of_two_sources_keep_their_order() -> None:
    shared, heard = Deliveries(), list[str]()
    orders, books = Announcer(deliveries=shared), Announcer(deliveries=shared)
    orders.subscribe(heard_by("order", heard))
    books.subscribe(heard_by("book", heard))
    with shared:
        orders.announce(*fact(1))
        books.announce(*fact(2))
        orders.announce(*fact(3))
        assert heard == []
    assert heard == ["order1", "book2", "order3"]


def test_facts_are_held_until_the_outermost_hold_ends() -> None:
    announcer, heard = Announcer(), list[str]()
    announcer.subscribe(heard_by("a", heard))
    with announcer.deliveries:
        with announcer.deliveries:
            announcer.announce(*fact(1))
        assert heard == []
    assert heard == ["a1"]


def test_facts_are_dropped_if_what_made_them_raises() -> None:
    announcer, heard = Announcer(), list[str]()
    announcer.subscribe(heard_by("a", heard))

    def announce_and_fail() -> None:
        with announcer.deliveries:
            announcer.announce(*fact(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        announce_and_fail()
    announcer.announce(*fact(2))
    assert heard == ["a2"]


def test_a_handler_that_raises_stops_those_after_it_and_the_facts_after_this_one() -> None:
    announcer, heard = Announcer(), list[str]()

    def fail(_: OrderEvent) -> None:
        raise ZeroDivisionError

    announcer.subscribe(heard_by("a", heard))
    stop = announcer.subscribe(fail)
    announcer.subscribe(heard_by("c", heard))

    def announce_two() -> None:
        with announcer.deliveries:
            announcer.announce(*fact(1))
            announcer.announce(*fact(2))

    with pytest.raises(ZeroDivisionError):
        announce_two()
    assert heard == ["a1"]
    stop()
    announcer.announce(*fact(3))
    assert heard == ["a1", "a3", "c3"]
