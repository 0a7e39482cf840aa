"""History: every recorded moment of a run, by query; looking at one changes nothing.

Moments are folded from the journal. A copy is kept every hundred facts or so, and what two of them have in common they
share, so that any moment is near to one that is there already.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from attrs import define, field

from core.backtest.equity import EquityCurve
from core.backtest.garbage import no_collections
from core.backtest.journal import Row
from core.clock import Phase
from core.errors import InputError, StepOutOfRangeError, UnknownOrderError
from core.events import OrderEvent
from core.fill import Fill
from core.order import Order
from core.replay.cursor import START, Cursor
from core.replay.moment import OF_BOOKS, Moment
from core.replay.places import is_whole, places_of
from core.replay.run import Run

_STRATEGY = Phase.STRATEGY
_LEAST_APART: Final = 128  # facts between two kept moments
_PER_FACT: Final = 4  # open orders and positions for which they are one fact further apart


@define(eq=False)
class History:
    """What was recorded of a run, as far as it has come.

    Args:
        run: The run.
    """

    _run: Run
    curve: EquityCurve = field(init=False)
    _newest: Moment = field(init=False)  # as far as the journal was read
    _read: int = field(default=0, init=False)
    _books: list[int] = field(factory=list, init=False)  # the facts about cash and positions, as far as was scanned
    _scanned_books: int = field(default=0, init=False)
    _about: defaultdict[int, list[int]] = field(factory=lambda: defaultdict(list), init=False)  # by order, likewise
    _scanned_about: int = field(default=0, init=False)
    _kept: list[Moment] = field(init=False)
    _kept_at: list[int] = field(init=False)

    @curve.default
    def _default_curve(self) -> EquityCurve:
        run = self._run
        return EquityCurve(run.feed, run.journal, run.settings.initial_capital)

    def __attrs_post_init__(self) -> None:
        """Begin before the first step."""
        self._newest = self.start()
        self._kept, self._kept_at = [self._newest.share()], [0]

    @property
    def run(self) -> Run:
        """The run."""
        return self._run

    @property
    def head(self) -> Cursor:
        """The place after everything that was recorded."""
        return self.end_of_step(self._run.step_count - 1)

    def rows_of(self, step: int) -> tuple[int, Sequence[Row]]:
        """Return the number of the first fact of a step, and its facts."""
        journal = self._run.journal
        first = journal.first_of_step(step)
        return first, journal.rows[first : journal.first_of_step(step + 1)]

    def end_of_step(self, step: int) -> Cursor:
        """Return the place after everything that a step did; -1 is before the first.

        Raises:
            StepOutOfRangeError: It was not executed.
        """
        if not -1 <= step < self._run.step_count:
            raise StepOutOfRangeError(step, self._run.step_count)
        return Cursor(step, _STRATEGY, self._run.journal.first_of_step(step + 1))

    def after(self, sequence: int) -> Cursor:
        """Return the place just after a fact.

        Raises:
            InputError: There is no such fact.
        """
        journal = self._run.journal
        count = len(journal)
        if not 0 <= sequence < count:
            there = f"events 0 to {count - 1} are recorded" if count else "no event is recorded"
            raise InputError(f"cannot seek to event {sequence}: {there}")
        return Cursor(journal.step_of(sequence), journal.phase_of(sequence), sequence + 1)

    def whole_after(self, sequence: int) -> Cursor:
        """Return the first place after a fact where the books add up: of a fill, after its last fact.

        Where an error has stopped the run inside a fill, it is the place after the last fact of all.
        """
        rows = self._run.journal.rows
        while not is_whole(rows[sequence]) and sequence + 1 < len(rows):
            sequence += 1
        return self.after(sequence)

    def facts_of_books(self) -> Sequence[int]:
        """Return the numbers of the facts about cash and positions, as far as the run has come."""
        rows = self._run.journal.rows
        if self._scanned_books < len(rows):
            unread = range(self._scanned_books, len(rows))
            self._books += [number for number in unread if rows[number][2] in OF_BOOKS]
            self._scanned_books = len(rows)
        return self._books

    def facts_about(self, order_id: int) -> Sequence[int]:
        """Return the numbers of the facts about an order, as far as the run has come; empty where none has this id.

        Each fact is looked at once, so that an order that was over long ago is found as soon as one of now.
        """
        self._scan_about()
        return self._about.get(order_id, ())

    def asked_at(self, order_id: int) -> int:
        """Return the number of the fact that an order was asked for.

        Raises:
            UnknownOrderError: No order has this id.
        """
        about = self.facts_about(order_id)
        if not about:
            raise UnknownOrderError(order_id)
        return about[0]

    def order(self, order_id: int) -> Order:
        """Return what was asked for, as it was then.

        Raises:
            UnknownOrderError: No order has this id.
        """
        asked: Order = self._run.journal.rows[self.asked_at(order_id)][3][2]
        return asked

    def fill(self, fill_id: int) -> Fill:
        """Return a fill by its number; it was executed."""
        if fill_id not in self._newest.orders.fills:
            self._read_to(len(self._run.journal))
        return self._newest.orders.fills[fill_id]

    def at(self, cursor: Cursor) -> Moment:
        """Return the moment at a place."""
        self._read_to(cursor.sequence)
        if cursor.sequence == self._read:
            moment = self._newest.share()
        else:
            place = bisect_right(self._kept_at, cursor.sequence) - 1
            moment = self._kept[place].share()
            moment.apply_all(self._run.journal.rows[self._kept_at[place] : cursor.sequence])
        moment.stand_at(cursor)
        return moment

    def read_on(self) -> None:
        """Take in the facts that came since; any moment of them is then near to one that is kept."""
        self._read_to(len(self._run.journal))
        self._scan_about()

    def start(self) -> Moment:
        """Return the moment before the first step."""
        return Moment.start(self._run.feed, self.curve, self._run.settings.initial_capital)

    def steps(self, first: int = 0) -> Iterator[Moment]:
        """Yield the end of each step from one on: one moment, which moves on."""
        moment = self.at(self.end_of_step(first - 1))
        for step in range(first, self._run.step_count):
            end = self.end_of_step(step)
            moment.apply_all(self._run.journal.rows[moment.cursor.sequence : end.sequence])
            moment.stand_at(end)
            yield moment

    def places(self, step: int) -> list[Cursor]:
        """Return every place of a step where one can stand, in order."""
        first, rows = self.rows_of(step)
        return places_of(step, rows, first)

    def next_place(self, cursor: Cursor) -> Cursor:
        """Return the place after one; the same at the head."""
        following = [one for one in self.places(cursor.step) if one.order > cursor.order]
        if following:
            return following[0]
        return cursor if cursor.step + 1 >= self._run.step_count else self.places(cursor.step + 1)[0]

    def previous_place(self, cursor: Cursor) -> Cursor:
        """Return the place before one; the same at the start."""
        earlier = [one for one in self.places(cursor.step) if one.order < cursor.order]
        if earlier:
            return earlier[-1]
        return cursor if cursor.step < 0 else self.places(cursor.step - 1)[-1]

    def next_bar(self, cursor: Cursor) -> Cursor:
        """Return the end of the bar that a place is in, or of the bar after it; the same at the head."""
        end = self.end_of_step(cursor.step)
        return end if cursor.order < end.order else self.end_of_step(min(cursor.step + 1, self._run.step_count - 1))

    def previous_bar(self, cursor: Cursor) -> Cursor:
        """Return the end of the bar before; the start where there is none."""
        return START if cursor.step < 0 else self.end_of_step(cursor.step - 1)

    def _scan_about(self) -> None:
        rows, about, scanned = self._run.journal.rows, self._about, self._scanned_about
        if scanned < len(rows):
            for number, (_, _, kind, fields) in enumerate(rows[scanned:], scanned):
                if issubclass(kind, OrderEvent):
                    about[fields[1]].append(number)
            self._scanned_about = len(rows)

    def _read_to(self, sequence: int) -> None:
        """Fold the journal so far at least, and keep moments on the way."""
        if self._read < sequence:
            with no_collections():
                self._read_on(sequence)

    def _read_on(self, sequence: int) -> None:
        rows, newest = self._run.journal.rows, self._newest
        while self._read < sequence:
            following = self._kept_at[-1] + _LEAST_APART + newest.size // _PER_FACT
            stop = max(min(following, sequence), self._read + 1)
            newest.apply_all(rows[self._read : stop])
            self._read = stop
            if stop >= following:
                step, phase, _, _ = rows[stop - 1]
                newest.stand_at(Cursor(step, phase, stop))
                self._kept.append(newest.share())
                self._kept_at.append(stop)
