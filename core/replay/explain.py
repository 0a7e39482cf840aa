"""Explain: the life of any order, from the line that asked for it to its end, and why it did not fill on a bar between.

Nothing of this is stored: facts are read from the journal, and a non-fill is asked of the simulator again, with the
order and the bar as they were.
"""

from bisect import bisect_left
from collections.abc import Iterator
from decimal import Decimal

from attrs import define, field

from core.backtest.journal import Row
from core.backtest.standing import Parts
from core.bars import Bar
from core.clock import Phase
from core.events import CashChanged, OrderEvent, OrderFilled, OrderSubmitted, PathAmbiguous, SplitApplied
from core.fill import Fill
from core.money import multiply, subtract
from core.reason import Reason
from core.replay.chapters import (
    Ambiguity,
    Books,
    Chapter,
    FillEffect,
    Happening,
    SplitEffect,
    StillOpen,
    Submission,
    Waiting,
)
from core.replay.cursor import Cursor
from core.replay.history import History
from core.replay.moment import Moment
from core.replay.places import is_whole
from core.replay.run import Run

_MARK = Phase.MARK
_NOTES = 4  # where in the fields of a `PathAmbiguous` they are


def explain_order(run: Run, order_id: int) -> Iterator[Chapter]:
    """Yield the life of an order, in the order in which it happened.

    Raises:
        UnknownOrderError: No order of the run has this id.
    """
    history = History(run)
    history.asked_at(order_id)
    return _Story(history, order_id).chapters()


def explain_at(history: History, order_id: int, cursor: Cursor) -> list[Chapter]:
    """Return what happened to an order in the step of a place, up to there; of one that is over, in its last step.

    Raises:
        UnknownOrderError: None of this id had been submitted then.
    """
    record, step = history.at(cursor).orders.find(order_id), cursor.step
    if not record.is_open:
        about = history.facts_about(order_id)
        step = history.run.journal.step_of(about[bisect_left(about, cursor.sequence) - 1])
    return list(_Story(history, order_id).chapters_of(step, cursor))


def explain_step(run: Run, moment: Moment, order_id: int, met: "PastBars | None" = None) -> Reason | None:
    """Say why an open order did not fill in a step; None where nothing held it back, or where the order is over.

    At the newest step it is what `Backtest.why_open` says.

    Args:
        run: The run.
        moment: The end of the step.
        order_id: The order.
        met: The bars that orders met, of whoever asks about many orders of one step.

    Raises:
        UnknownOrderError: No order of this id had been submitted.
    """
    record, step = moment.orders.find(order_id), moment.cursor.step
    if not record.is_open or step < 0:
        return None
    row = newest_row(run, record.order.symbol, step)
    if row < 0:
        return run.simulator.explain(record, (), step, step + 1)
    age = step - run.feed.step_at(run.feed.places[record.order.symbol], row)
    parts = () if age else (met or PastBars(run)).parts(record.order.symbol, row, step)
    return run.simulator.explain(record, parts, step, age)


@define(eq=False)
class PastBars:
    """The bars that orders met in the step that was asked about last: each is found once, however many orders ask."""

    _run: Run
    _place: tuple[int, int] = field(default=(-1, 0), init=False)  # the step, and how many facts there were at its end
    _found: dict[str, Parts] = field(factory=dict, init=False)

    def parts(self, symbol: str, row: int, step: int) -> Parts:
        """Return what `parts_of_past` does; who asks only reads it."""
        place = step, self._run.journal.first_of_step(step + 1)
        if place != self._place:
            self._place, self._found = place, {}
        if symbol not in self._found:
            self._found[symbol] = parts_of_past(self._run, symbol, row, step)
        return self._found[symbol]


def parts_of_past(run: Run, symbol: str, row: int, step: int) -> Parts:
    """Return the bars that a symbol's orders met in a step, on the paths that were kept, with what volume was left."""
    journal = run.journal
    parts = run.bar_stand.parts(symbol, row, step)
    kept: dict[int, str] = {}
    for sequence in range(journal.first_of_step(step), journal.first_of_step(step + 1)):
        event = journal[sequence]
        if isinstance(event, PathAmbiguous) and event.symbol == symbol:
            kept[event.part] = event.path
        elif isinstance(event, OrderFilled) and event.fill.symbol == symbol:
            parts[event.part].take(event.fill.quantity)
    for bar in parts:
        paths = run.simulator.paths(bar)
        bar.path = paths[kept.get(bar.part, next(iter(paths)))]
    return parts


class _Story:
    """One order of a run, told from its submission on."""

    def __init__(self, history: History, order_id: int) -> None:
        self._run = history.run
        self._order_id = order_id
        self._rows = history.run.journal.rows
        self._history = history
        self._moment = history.start()

    def chapters(self) -> Iterator[Chapter]:
        """Yield what happened, fact by fact and step by step, to the last fact about the order."""
        asked_at, newest = self._history.asked_at(self._order_id), self._run.step_count - 1
        last = next(at for at in range(len(self._rows) - 1, -1, -1) if _is_about(self._rows[at], self._order_id))
        first = self._rows[asked_at][0]
        self._stand_before(first)
        for step in range(first, newest + 1):
            yield from self._facts_of(step, self._history.end_of_step(step))
            yield from self._waiting(step)
            record = self._moment.orders.find(self._order_id)
            if not record.is_open and self._sequence > last:
                return
        record = self._moment.orders.find(self._order_id)
        yield StillOpen(newest, self._moment.timestamp, record.seen(), record.eligible_step, self._run.is_over)

    def chapters_of(self, step: int, until: Cursor) -> Iterator[Chapter]:
        """Yield what happened in one step, up to a place; that it waits is known once the bars of the step are over."""
        end = self._history.end_of_step(step)
        place = until if until.order < end.order else end
        self._stand_before(step)
        yield from self._facts_of(step, place)
        if place.phase >= _MARK:
            yield from self._waiting(step)

    def _stand_before(self, step: int) -> None:
        history = self._history
        self._moment = history.start() if step < 0 else history.at(history.end_of_step(step - 1))

    def _waiting(self, step: int) -> Iterator[Chapter]:
        record = self._moment.orders.find(self._order_id)
        if record.is_open and max(record.eligible_step, 0) <= step:
            yield Waiting(step, self._run.feed.time(step), explain_step(self._run, self._moment, self._order_id))

    @property
    def _sequence(self) -> int:
        return self._moment.cursor.sequence

    def _facts_of(self, step: int, end: Cursor) -> Iterator[Chapter]:
        """Take in every fact of a step up to a place, and tell those about the order."""
        while self._sequence < end.sequence:
            row = self._rows[self._sequence]
            if _is_about(row, self._order_id):
                self._moment.stand_at(Cursor(step, row[1], self._sequence))  # its marks, before the fact
                yield self._told(row)
            elif row[2] is SplitApplied and self._is_concerned(row):
                yield self._split(step, row)
            else:
                self._moment.apply(row)
        self._moment.stand_at(end)

    def _told(self, row: Row) -> Chapter:
        """Take in a fact about the order, and tell it."""
        step, _, kind, fields = row
        if kind is OrderFilled:
            return self._fill(step, *fields[2:4])
        if kind is OrderSubmitted:
            return self._submission(step, row)
        books = self._books()
        self._moment.apply(row)
        if kind is PathAmbiguous:
            return Ambiguity(step, fields[0], dict(fields[_NOTES])[self._order_id])
        return Happening(step, kind.make(*fields), books)

    def _submission(self, step: int, row: Row) -> Submission:
        _, phase, _, fields = row
        event = OrderSubmitted.make(*fields)
        symbol = event.order.symbol
        row_of_bar = newest_row(self._run, symbol, step if phase >= _MARK else step - 1)
        self._moment.apply(row)
        newest = self._history.at(self._history.head)  # of those it belongs to, some are not asked for yet
        record = newest.orders.find(self._order_id)
        return Submission(
            order_id=self._order_id,
            event=event,
            step=step,
            bar=None if row_of_bar < 0 else self._bar(symbol, row_of_bar),
            indicators={} if row_of_bar < 0 else self._run.indicators_at(symbol, row_of_bar),
            books=self._books(),
            sibling_ids=record.sibling_ids,
            exit_ids=record.child_ids,
        )

    def _fill(self, step: int, fill: Fill, remaining: Decimal) -> FillEffect:
        """Take in all that one fill did, to the order, the position and cash."""
        before, limit = self._books(), self._moment.orders.find(self._order_id).limit_price
        row = self._rows[self._sequence]
        self._moment.apply(row)
        while not (row[2] is CashChanged and row[3][-1] == fill.id):
            row = self._rows[self._sequence]
            self._moment.apply(row)
        return FillEffect(
            step=step,
            fill=fill,
            bar=self._bar(fill.symbol, newest_row(self._run, fill.symbol, step)),
            improvement=None if limit is None else multiply(subtract(limit, fill.price), fill.side.sign),
            remaining=remaining,
            before=before,
            after=self._books(),
        )

    def _is_concerned(self, row: Row) -> bool:
        """Say whether a split is of the symbol of the order, and that is open."""
        if self._order_id > len(self._moment.orders):
            return False
        record = self._moment.orders.find(self._order_id)
        return record.is_open and record.order.symbol == row[3][1]

    def _split(self, step: int, row: Row) -> SplitEffect:
        """Take in all that a split did to the position and cash."""
        before, event = self._books(), SplitApplied.make(*row[3])
        self._moment.apply(row)
        while not is_whole(row):
            row = self._rows[self._sequence]
            self._moment.apply(row)
        return SplitEffect(step, event, before, self._books())

    def _books(self) -> Books:
        return Books.of(self._moment, self._moment.orders.find(self._order_id).order.symbol)

    def _bar(self, symbol: str, row: int) -> Bar:
        return self._run.feed.bars[self._run.feed.places[symbol]].bar(row)


def _is_about(row: Row, order_id: int) -> bool:
    """Say whether a fact is about an order, or says that the path of a bar matters to it."""
    _, _, kind, fields = row
    if kind is PathAmbiguous:
        return any(concerned == order_id for concerned, _ in fields[_NOTES])
    return issubclass(kind, OrderEvent) and fields[1] == order_id


def newest_row(run: Run, symbol: str, step: int) -> int:
    """Return the row of a symbol's newest bar at the end of a step; -1 where it has had none, or is unknown."""
    place = run.feed.places.get(symbol)
    return -1 if place is None or step < 0 else run.feed.row_at(place, step)
