"""Conditions: what a run is searched for, such as a rejection, or equity falling below a number.

Each finds its places in one step after the other, forward. Which places these are does not depend on where the search
came from, so whoever goes backward looks through stretches of steps, each of them forward, and finds the same.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol, TypeAlias

from attrs import field, frozen

from core.backtest.journal import Row
from core.clock import Phase
from core.errors import InputError
from core.events import (
    ActionEvent,
    CashChanged,
    DividendPaid,
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    OrderTriggered,
    PositionClosed,
    PositionEvent,
    PositionOpened,
    PositionSplit,
    SplitApplied,
)
from core.reason import Code
from core.replay.cursor import Cursor
from core.replay.expression import Changes, Expression, Value
from core.replay.history import History
from core.replay.moment import OF_BOOKS, Moment
from core.replay.places import is_whole

Finder: TypeAlias = Callable[[int], list[Cursor]]
"""Returns the places of a step; it is asked for one step after the other."""

_MARK = Phase.MARK
_OF_A_SYMBOL: Final = (PositionEvent, ActionEvent)
_WITH_BOOKS: Final = frozenset({CashChanged, PositionSplit, SplitApplied})
_ENDS: Final = frozenset({OrderCanceled, OrderExpired, OrderRejected})


class Condition(Protocol):
    """What can be searched for."""

    @property
    def text(self) -> str:
        """What it is, as a person writes it."""
        ...

    def finder(self, history: History, first_step: int) -> Finder:
        """Return what finds its places from a step on."""
        ...


# Facts


@frozen
class FactKind:
    """A kind of fact of trading.

    Attributes:
        event: The class of the fact.
        holds: Says whether its fields make it one; None where each is.
        help: What it is.
    """

    event: type[Event]
    help: str
    holds: Callable[[tuple[Any, ...]], bool] | None = None


def _is_ambiguous(fields: tuple[Any, ...]) -> bool:
    return any(note.code is Code.AMBIGUOUS for note in fields[2].notes)


FACTS: Final[Mapping[str, FactKind]] = {
    "fill": FactKind(OrderFilled, "part or all of an order was executed"),
    "partial": FactKind(OrderFilled, "a fill that left something to fill", lambda fields: bool(fields[3])),
    "ambiguous": FactKind(OrderFilled, "a fill that the path inside the bar decided", _is_ambiguous),
    "order": FactKind(OrderSubmitted, "an order was asked for"),
    "rejection": FactKind(OrderRejected, "an order failed a check"),
    "trigger": FactKind(OrderTriggered, "a stop was reached"),
    "cancel": FactKind(OrderCanceled, "what was left of an order was given up"),
    "expiry": FactKind(OrderExpired, "the life of an order was over"),
    "opened": FactKind(PositionOpened, "a flat position became long or short"),
    "closed": FactKind(PositionClosed, "a position became flat"),
    "flipped": FactKind(PositionOpened, "a position changed its side in one fill"),
    "split": FactKind(SplitApplied, "a symbol was split"),
    "dividend": FactKind(DividendPaid, "a dividend was paid"),
}
"""The facts that can be searched for, by their names."""

_FLIPPED: Final = "flipped"


@frozen
class Fact:
    """A kind of fact, of one symbol or of all, with one reason code or any.

    Attributes:
        name: One of `FACTS`.
        symbol: Whose; None for all.
        code: The code of its reason; None for any.
    """

    name: str
    symbol: str | None = None
    code: Code | None = None

    @property
    def text(self) -> str:
        """What it is, as a person writes it."""
        return " ".join(str(word) for word in (self.name, self.symbol, self.code and self.code.value) if word)

    def finder(self, history: History, first_step: int) -> Finder:
        """Return what finds its places from a step on."""
        wanted, rows = FACTS[self.name], history.run.journal.rows
        event, holds = wanted.event, wanted.holds
        walk = _RowsByStep(history, first_step)

        def find(step: int) -> list[Cursor]:
            return [
                history.whole_after(number)
                for number, row in walk.of(step)
                if row[2] is event
                and (holds is None or holds(row[3]))
                and (self.name != _FLIPPED or _is_flip(rows, number))
                and self._fits(history, row)
            ]

        return find

    def _fits(self, history: History, row: Row) -> bool:
        if self.code is not None and getattr(row[3][-1], "code", None) is not self.code:
            return False
        return self.symbol is None or symbol_of(history, row) == self.symbol


def _is_flip(rows: list[Row], number: int) -> bool:
    """Say whether the position that opens here was closed by the same fill."""
    before = rows[number - 1] if number else None
    return before is not None and before[2] is PositionClosed and before[3][1::3] == rows[number][3][1::3]


def symbol_of(history: History, row: Row) -> str | None:
    """Return the symbol that a fact is about; None where it is about none."""
    _, _, kind, fields = row
    if kind is OrderFilled:
        return str(fields[2].symbol)
    if kind is OrderSubmitted:
        return str(fields[2].symbol)
    if issubclass(kind, OrderEvent):
        return history.order(fields[1]).symbol
    return str(fields[1]) if issubclass(kind, _OF_A_SYMBOL) else None


@frozen
class About:
    """Any fact about one order."""

    order_id: int

    @property
    def text(self) -> str:
        """What it is, as a person writes it."""
        return f"#{self.order_id}"

    def finder(self, history: History, first_step: int) -> Finder:
        """Return what finds its places from a step on."""
        walk = _RowsByStep(history, first_step)

        def find(step: int) -> list[Cursor]:
            return [
                history.whole_after(number)
                for number, (_, _, kind, fields) in walk.of(step)
                if issubclass(kind, OrderEvent) and fields[1] == self.order_id
            ]

        return find


def _age(value: int) -> int:
    if value < 1:
        raise InputError(f"older must be followed by a number of bars from 1, was {value}")
    return value


@frozen
class Older:
    """An open order gets older than so many bars, at the mark of a bar.

    Attributes:
        bars: How many.
        symbol: Whose order; None for any.
    """

    bars: int = field(converter=_age)
    symbol: str | None = None

    @property
    def text(self) -> str:
        """What it is, as a person writes it."""
        return f"older {self.bars}{f' {self.symbol}' if self.symbol else ''}"

    def finder(self, history: History, first_step: int) -> Finder:
        """Return what finds its places from a step on."""
        still_open: set[int] = set()
        born: dict[int, list[int]] = {}  # the orders by the step in which they were asked for
        for record in _moment_before(history, first_step).orders.open_records():
            still_open.add(record.id)
            born.setdefault(history.run.journal.step_of(history.asked_at(record.id)), []).append(record.id)
        walk = _RowsByStep(history, first_step)

        def take(row: Row) -> None:
            step, _, kind, fields = row
            if kind is OrderAccepted:
                still_open.add(fields[1])
                born.setdefault(step, []).append(fields[1])
            elif kind in _ENDS or (kind is OrderFilled and not fields[3]):
                still_open.discard(fields[1])

        def find(step: int) -> list[Cursor]:
            rows = [row for _, row in walk.of(step)]
            during = sum(row[1] <= _MARK for row in rows)
            for row in rows[:during]:
                take(row)
            due = [one for one in born.pop(step - self.bars - 1, ()) if one in still_open]
            for row in rows[during:]:
                take(row)
            return [mark_of(history, step)] if any(self._is_wanted(history, one) for one in due) else []

        return find

    def _is_wanted(self, history: History, order_id: int) -> bool:
        return self.symbol in (None, history.order(order_id).symbol)


# Numbers


@frozen(eq=False)
class Change:
    """The value of an expression changes; as a condition, whenever it begins or ceases to hold."""

    expression: Expression

    @property
    def text(self) -> str:
        """What it is, as a person writes it."""
        return self.expression.text

    def finder(self, history: History, first_step: int) -> Finder:
        """Return what finds its places from a step on."""
        walk = walk_values(self.expression, history, first_step)
        return lambda step: [place for place, _ in walk(step)]


@frozen(eq=False)
class When:
    """A condition begins to hold.

    Raises:
        InputError: The expression is a number.
    """

    expression: Expression = field()

    @expression.validator
    def _check_condition(self, _: object, value: Expression) -> None:
        if not value.is_condition:
            raise InputError(f"{value.text} is a number: write what it is compared with, such as {value.text} < 0")

    @property
    def text(self) -> str:
        """What it is, as a person writes it."""
        return self.expression.text

    def finder(self, history: History, first_step: int) -> Finder:
        """Return what finds its places from a step on."""
        walk = walk_values(self.expression, history, first_step)
        return lambda step: [place for place, value in walk(step) if value]


def walk_values(
    expression: Expression, history: History, first_step: int
) -> Callable[[int], list[tuple[Cursor, Value]]]:
    """Return what gives the places of a step at which the value changes, and the value there.

    It is looked at after every fact after which the books add up, and at the mark of every bar, quiet ones included.
    """
    moment = _moment_before(history, first_step)
    rows, read, stand_at = history.run.journal.rows, expression.value, moment.stand_at
    value, changes = read(moment), expression.changes
    has_books, has_clock = Changes.BOOKS in changes, Changes.CLOCK in changes
    looks_at_mark = has_clock or Changes.MARKS in changes
    at = (
        history.run.journal.first_of_step(first_step)
        if has_clock
        else bisect_left(history.facts_of_books(), first_step, key=lambda number: rows[number][0])
    )

    def look(place: Cursor, found: list[tuple[Cursor, Value]]) -> None:
        nonlocal value
        stand_at(place)
        now = read(moment)
        if now != value:
            value = now
            found.append((mark_of(history, place.step) if place.phase is _MARK else place, now))

    def find(step: int) -> list[tuple[Cursor, Value]]:
        nonlocal at
        found: list[tuple[Cursor, Value]] = []
        facts = range(len(rows)) if has_clock else history.facts_of_books()  # with a step also the clock changes
        is_marked, is_first, count = step < 0 or not looks_at_mark, has_clock, len(facts)
        while at < count and (row := rows[number := facts[at]])[0] <= step:
            _, phase, kind, _ = row
            if not is_marked and phase > _MARK:
                look(Cursor(step, _MARK, 0), found)
                is_marked = True
            at += 1
            if kind in OF_BOOKS:
                moment.apply_to_books(row)
            changes_value = is_first or (has_books and kind in _WITH_BOOKS)
            if changes_value and is_whole(row):
                look(Cursor(step, phase, number + 1), found)
                is_first = False
        if not is_marked:
            look(Cursor(step, _MARK, 0), found)
        return found

    return find


def mark_of(history: History, step: int) -> Cursor:
    """Return the place at which the bars of a step have closed, before the strategy is called."""
    first, rows = history.rows_of(step)
    return Cursor(step, _MARK, first + sum(row[1] <= _MARK for row in rows))


def _moment_before(history: History, step: int) -> Moment:
    return history.start() if step < 0 else history.at(history.end_of_step(step - 1))


class _RowsByStep:
    """The facts of one step after the other, with their numbers."""

    def __init__(self, history: History, first_step: int) -> None:
        self._rows = history.run.journal.rows
        self.number = history.run.journal.first_of_step(first_step)

    def of(self, step: int) -> Iterator[tuple[int, Row]]:
        rows = self._rows
        while self.number < len(rows) and rows[self.number][0] <= step:
            self.number += 1
            yield self.number - 1, rows[self.number - 1]
