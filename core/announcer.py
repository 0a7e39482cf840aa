"""How facts reach those who listen: to the record first, then to each handler, in the order in which they happened.

Handlers run on the caller's thread, after the state is consistent. One that raises stops what is being done.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from core.events import Event

Handler: TypeAlias = Callable[[Any], object]
Record: TypeAlias = Callable[[type[Event], tuple[Any, ...]], None]
"""Takes the class of a fact and its fields."""


class Deliveries:
    """Facts that wait until the state is consistent; may be shared, so that facts of two sources keep their order.

    As a context manager it holds facts back, and delivers them at the end, or drops them if something was raised.

    Attributes:
        failures: What handlers have raised, so that nobody in between can keep it from stopping the step.
    """

    __slots__ = ("_holds", "_waiting", "failures")

    def __init__(self) -> None:
        self._holds = 0
        self.failures: list[BaseException] = []
        self._waiting: deque[tuple[Mapping[object, Handler], Event]] = deque()

    def add(self, handlers: Mapping[object, Handler], event: Event) -> None:
        """Queue one fact, and deliver it unless deliveries are held."""
        self._waiting.append((handlers, event))
        if not self._holds:
            self._deliver()

    def __enter__(self) -> None:
        self._holds += 1

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._holds -= 1
        if error is not None:
            self._waiting.clear()
        elif not self._holds and self._waiting:
            self._deliver()

    def _deliver(self) -> None:
        self._holds += 1  # what a handler announces waits for its turn
        try:
            while self._waiting:
                handlers, event = self._waiting.popleft()
                for handler in tuple(handlers.values()):
                    handler(event)
        except BaseException as error:
            self.failures.append(error)
            raise
        finally:
            self._waiting.clear()
            self._holds -= 1


class Subscribers(dict[object, Handler]):
    """Handlers by subscription, in the order of subscribing."""

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Add a handler, after those that subscribed earlier; returns how to take it away."""
        subscription = object()
        self[subscription] = handler

        def unsubscribe() -> None:
            self.pop(subscription, None)

        return unsubscribe


class Announcer:
    """One source of facts: its handlers, and the record that every fact is written to first."""

    __slots__ = ("_handlers", "deliveries", "record")

    def __init__(self, record: Record | None = None, deliveries: Deliveries | None = None) -> None:
        self._handlers = Subscribers()
        self.record = record
        self.deliveries = deliveries or Deliveries()

    def subscribe(self, handler: Handler) -> Callable[[], None]:
        """Call the handler with every fact from now on, after those that subscribed earlier; returns how to stop."""
        return self._handlers.subscribe(handler)

    def announce(self, kind: type[Event], *fields: Any) -> None:
        """Record one fact; its value is made only if somebody listens."""
        if self.record is not None:
            self.record(kind, fields)
        if self._handlers:
            self.deliveries.add(self._handlers, kind.make(*fields))
