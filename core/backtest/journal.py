"""Journal: the facts of a run, numbered 0, 1, 2, ... and only ever appended to.

Each is kept as one compact row; its value is made when somebody looks. A bar on which nothing happened leaves none.
"""

import json
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

import attrs

from core.clock import Clock, Phase
from core.errors import FillstepError
from core.events import Event
from core.money import canonical
from core.reason import Reason

Row: TypeAlias = tuple[int, Phase, type[Event], tuple[Any, ...]]
"""Step, phase, class of the event, and its fields."""


class Journal:
    """What happened, in order.

    Args:
        clock: Says in which step and phase a fact is appended.
    """

    __slots__ = ("_clock", "rows")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.rows: list[Row] = []

    def append(self, kind: type[Event], fields: tuple[Any, ...]) -> None:
        """Record one fact where the clock stands."""
        clock = self._clock
        self.rows.append((clock.step, clock.phase, kind, fields))

    def __len__(self) -> int:
        """How many facts there are."""
        return len(self.rows)

    def __getitem__(self, sequence: int) -> Event:
        """Return a fact by its number."""
        _, _, kind, fields = self.rows[sequence]
        return kind.make(*fields)

    def __iter__(self) -> Iterator[Event]:
        """Every fact, in order."""
        return (self[sequence] for sequence in range(len(self.rows)))

    def step_of(self, sequence: int) -> int:
        """Return the step in which a fact happened."""
        return self.rows[sequence][0]

    def phase_of(self, sequence: int) -> Phase:
        """Return the part of its step in which a fact happened."""
        return self.rows[sequence][1]

    def first_of_step(self, step: int) -> int:
        """Return the number of the first fact of a step or of a later one; the count of all where there is none."""
        return bisect_left(self.rows, step, key=lambda row: row[0])

    def drop_from(self, sequence: int) -> None:
        """Forget the facts from one on: a step that was ended half-way has not happened."""
        del self.rows[sequence:]

    def canonical_lines(self) -> Iterator[str]:
        """Write every fact as one line of JSON, in the one way in which a run is compared with another."""
        for sequence, event in enumerate(self):
            place = {"sequence": sequence, "step": self.step_of(sequence), "phase": self.phase_of(sequence).name}
            facts = {"event": type(event).__name__, **place, **plain(event)}
            yield json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    def canonical_bytes(self) -> bytes:
        """Return all those lines as UTF-8."""
        return "".join(f"{line}\n" for line in self.canonical_lines()).encode("utf-8", "surrogatepass")


def plain(value: object) -> Any:  # noqa: PLR0911 - one for each kind of value
    """Return a value as JSON can hold it: exact numbers as text, times in UTC with six digits of a second.

    Raises:
        FillstepError: A float, or anything else that has no one way to be written.
    """
    match value:
        case Enum():
            return value.name
        case None | bool() | int() | str():
            return value
        case Decimal():
            return canonical(value)
        case datetime():
            return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
        case tuple():
            return [plain(one) for one in value]
        case Reason():
            params = {name: plain(value.params[name]) for name in sorted(value.params)}
            return {"code": value.code.name, "params": params, "text": value.text}
    kind = type(value)
    if attrs.has(kind):
        return {one.name: plain(getattr(value, one.name)) for one in attrs.fields(kind)}
    raise FillstepError(f"a {kind.__name__} cannot be recorded")
