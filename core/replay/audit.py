"""Audit: what of `docs/invariants.md` is not checked already as a record is opened, fact by fact, over all of it."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from core.backtest.journal import Row
from core.backtest.standing import Parts
from core.errors import ImpossibleRecordError
from core.events import OrderEvent, OrderFilled, OrderTriggered, PathAmbiguous, StopMoved
from core.execution.order_record import OrderRecord
from core.execution.path import END_OF, PathRule
from core.fill import Fill
from core.money import ZERO, fraction_digits
from core.progress import report
from core.replay.cursor import START
from core.replay.explain import newest_row
from core.replay.history import History
from core.replay.moment import OF_BOOKS, Moment
from core.replay.run import Run
from core.risk.values import residuals

_BEFORE: Final = 2  # where a `StopMoved` and an `OrderTriggered` say where the stop was
_FILL, _PART = 2, 4  # where they stand in the fields of an `OrderFilled`


class Breach(NamedTuple):
    """A fact that breaks an invariant: its number, which one, and how."""

    sequence: int
    invariant: str
    what: str


def audit(name: str, run: Run) -> None:
    """Check every fact of a run; each step is reported.

    Args:
        name: The recording, for errors.
        run: What was recorded, as it passed the checks that are made when it is opened.

    Raises:
        ImpossibleRecordError: One cannot have happened: its number, and the invariant that it breaks.
    """
    for breach in _breaches(run):
        raise ImpossibleRecordError(name, *breach)


def _breaches(run: Run) -> Iterator[Breach]:
    history = History(run)
    moment = history.at(START)
    for step in range(-1, run.step_count):
        report(step + 1, run.step_count)
        first, rows = history.rows_of(step)
        pools = _Pools(run, step)
        before = 0
        for sequence, row in enumerate(rows, first):
            if row[1] < before and run.settings.path is not PathRule.SUBBARS:  # finer bars begin again with each
                yield Breach(sequence, "T8", f"it is in phase {row[1].name}, after one of a later phase")
            before = row[1]
            yield from _told_before(sequence, row, moment)
            if row[2] is OrderFilled:
                yield from pools.take(sequence, *row[3][_FILL : _PART + 1 : 2])
            if row[2] is PathAmbiguous:
                yield from pools.check(sequence, PathAmbiguous.make(*row[3]), len(moment.orders))
            moment.apply(row)
            if issubclass(row[2], OrderEvent):
                yield from _misfits(sequence, run, moment.orders.find(row[3][1]))
        moment.stand_at(history.end_of_step(step))
        if any(row[2] in OF_BOOKS for row in rows):
            yield from _unequal(first + len(rows) - 1, moment)
    yield from _unequal(len(run.journal) - 1, moment)


def _told_before(sequence: int, row: Row, moment: Moment) -> Iterator[Breach]:
    """Yield what a fact says of the moment before it that was not so."""
    _, _, kind, fields = row
    if kind in (StopMoved, OrderTriggered):
        stop = moment.orders.find(fields[1]).stop_price
        if fields[_BEFORE] != stop:
            yield Breach(sequence, "T1", f"the stop of order {fields[1]} was at {stop}, not at {fields[_BEFORE]}")


def _misfits(sequence: int, run: Run, record: OrderRecord) -> Iterator[Breach]:
    """Yield what an open order waits for, or where it entered a bar, that no order can."""
    place, entry, told = run.feed.places.get(record.order.symbol), record.entry, f"order {record.id} is open"
    if place is None and record.is_open:
        yield Breach(sequence, "O1", f"{told}, and its symbol is unknown")
    if place is None or not record.is_open:
        return
    digits = run.feed.bars[place].digits
    for price in (record.limit_price, record.stop_price, None if entry is None else entry.price):
        if price is not None and fraction_digits(price) > digits:
            yield Breach(sequence, "O1", f"{told} at {price}, which is off the tick")
    if entry is not None and entry.phase not in END_OF:
        yield Breach(sequence, "T8", f"{told} since {entry.phase.name}, in which no path is walked")


def _unequal(sequence: int, moment: Moment) -> Iterator[Breach]:
    """Yield which of the identities of the books does not hold."""
    for invariant, rest in zip(("I2", "I3"), residuals(moment), strict=True):
        if rest:
            yield Breach(sequence, invariant, f"the two sides differ by {rest} at the end of its step")


class _Pools:
    """How much of the volume of the bars of one step may fill."""

    def __init__(self, run: Run, step: int) -> None:
        self._run = run
        self._step = step
        self._parts: dict[str, Parts] = {}

    def check(self, sequence: int, about: PathAmbiguous, known: int) -> Iterator[Breach]:
        """Yield which path, part of a bar, or order it is that a fact about two paths cannot be about."""
        symbol, path, part, notes = about.symbol, about.path, about.part, about.notes
        unknown = [f"order {one}" for one, _ in notes if not 0 < one <= known]
        if symbol not in self._run.feed.places or newest_row(self._run, symbol, self._step) < 0:
            unknown.append(f"a bar of {symbol}")
        elif not 0 <= part < len(self._of(symbol)):
            unknown.append(f"part {part + 1} of a bar of {symbol}")
        elif path not in self._run.simulator.paths(self._of(symbol)[part]):
            unknown.append(f"the path {path}")
        if unknown:
            yield Breach(sequence, "T1", f"it is about {unknown[0]}, which is not there")

    def take(self, sequence: int, fill: Fill, part: int) -> Iterator[Breach]:
        """Take a fill off the pool of its bar; yield where that has not so much."""
        parts = self._of(fill.symbol)
        if not 0 <= part < len(parts):
            yield Breach(sequence, "O3", f"fill {fill.id} is in part {part + 1} of a bar of {len(parts)}")
        bar = parts[part]
        bar.take(fill.quantity)
        if bar.pool is not None and bar.pool < ZERO:
            yield Breach(sequence, "O5", f"fill {fill.id} exceeds the pool of its bar, {bar.whole_pool}")

    def _of(self, symbol: str) -> Parts:
        parts = self._parts.get(symbol)
        if parts is None:
            row = newest_row(self._run, symbol, self._step)
            parts = self._parts[symbol] = self._run.bar_stand.parts(symbol, row, self._step)
        return parts
