"""The data report: what is in files of bars, and at what a person should look.

It warns and changes nothing: what looks like a split may be a crash.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from core.bars import Bars, to_datetime, written_time
from core.corporate_action import CorporateAction, Dividend, Split
from core.money import canonical, quantum
from core.origin import WARNING
from core.text import clean

_MOST_LISTED: Final = 5
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5  # of the days of a week, from 0
_WEEKEND: Final = 2  # days of it
_MICROSECOND: Final = timedelta(microseconds=1)
_UNITS: Final = {"day": _DAY, **{name: timedelta(**{f"{name}s": 1}) for name in ("hour", "minute", "second")}}
_SPLITS: Final = ((3, 2), (5, 2), *((many, 1) for many in (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 50)))
_RATIOS: Final = {after / before: f"{after}:{before}" for one in _SPLITS for after, before in (one, one[::-1])}
"""Into how many shares how many were split, as is usual; the other way round too."""
_NEAR: Final = 0.06
"""How far from such a ratio two prices may be, as a part of it."""
_LOOKS_LATIN: Final = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTYXaeopcyxijsABEZHIKMNOPTYXo"
)
"""Cyrillic and Greek letters that look like others."""


class Line(NamedTuple):
    """A line of the report: what it is about, empty where that is what the line before is about, and what is said."""

    name: str
    text: str


class Section(NamedTuple):
    """What is said of a file or of a symbol; texts are clean."""

    title: str
    lines: Sequence[Line]


def report(loaded: Sequence[Bars], zone: str | None = None, actions: Iterable[CorporateAction] = ()) -> list[Section]:
    """Return what was found in files and in the bars of each symbol.

    Args:
        loaded: Bars, of which those with one source stand in one section.
        zone: The zone in which times are shown; UTC where it is not given.
        actions: The splits and dividends that are given with them.
    """
    alike: dict[str, list[str]] = {}
    for one in loaded:
        alike.setdefault(_looks(one.symbol), []).append(one.symbol)
    sections, given = [], list(actions)
    for source, group in groupby(sorted(loaded, key=lambda one: (one.source, one.symbol)), key=lambda one: one.source):
        bars = list(group)
        origin = bars[0].origin
        if origin is not None:
            sections.append(Section(clean(source), [Line(name, clean(what)) for name, what in origin.file]))
        sections += [
            Section(clean(one.symbol), _Symbol(one, zone, alike[_looks(one.symbol)], given).lines()) for one in bars
        ]
    return sections


class _Symbol:
    """What is said of the bars of one symbol.

    Args:
        bars: Its bars.
        zone: The zone in which times are shown.
        alike: The symbols that look like theirs, and that itself.
        actions: The splits and dividends of all.
    """

    def __init__(self, bars: Bars, zone: str | None, alike: Sequence[str], actions: Sequence[CorporateAction]) -> None:
        self._bars = bars
        self._actions = [one for one in actions if one.symbol == bars.symbol]
        self._zone = None if zone is None else ZoneInfo(zone)
        self._alike = alike
        self._steps = bars.frame["time"].diff().slice(1)

    def lines(self) -> list[Line]:
        """Return what is said."""
        origin, bars = self._bars.origin, self._bars
        first, last = self._place(0), self._place(len(bars) - 1)
        found = () if origin is None else origin.rows
        return _named_once(
            [
                Line("rows", f"{len(bars):,}, {first} to {last}"),
                Line("range", f"{self._time(0)} to {self._time(len(bars) - 1)}"),
                *(Line(name, clean(what)) for name, what in found if name != WARNING),
                *self._gaps(),
                Line("prices", f"in units of {canonical(quantum(bars.digits))}"),
                *self._volumes(),
                *self._given(),
                *(Line(WARNING, clean(what)) for name, what in found if name == WARNING),
                *(Line(WARNING, what) for what in (*self._splits(), *self._lookalikes())),
            ]
        )

    def _given(self) -> Iterator[Line]:
        """Say which splits and dividends are given: each split, and how many dividends."""
        splits = [one for one in self._actions if isinstance(one, Split)]
        dividends = [one for one in self._actions if isinstance(one, Dividend)]
        for split in splits:
            yield Line("split", f"{split.text} on {split.ex_time.date()}, {clean(split.place)}")
        if dividends:
            first = min(one.ex_time for one in dividends)
            yield Line("dividends", f"{len(dividends):,}, first on {first.date()}")

    def _place(self, row: int) -> str:
        return f"row {row}" if self._bars.origin is None else self._bars.origin.place(row)

    def _time(self, row: int) -> str:
        time = to_datetime(self._bars.frame["time"][row])
        written = written_time(time)
        if self._zone is None or len(written) == len("2024-01-31"):
            return written
        try:
            local = time.astimezone(self._zone)
        except OverflowError:  # there it is a year before the first one, or after the last
            return f"{written} UTC"
        return f"{written_time(local)} {local:%Z}"

    def _gaps(self) -> Iterator[Line]:
        """Say how far bars are apart, and where they are farther apart; days at the weekend are no gap."""
        if self._steps.is_empty():
            return
        usual = self._steps.mode().min()
        interval = timedelta(microseconds=usual)  # type: ignore[arg-type] # there is one
        yield Line("interval", f"{_duration(interval)}, of most bars")
        wide = (self._steps > usual).arg_true().to_list()
        gaps = [row for row in wide if not (interval == _DAY and self._is_weekend(row))]
        weekends = len(wide) - len(gaps)
        if not wide:
            return
        beside = f", and {weekends:,} over weekends" if weekends else ""
        shown = sorted(gaps, key=lambda row: (-self._steps[row], row))[:_MOST_LISTED]
        yield Line("gaps", f"{len(gaps):,}{beside}{'; the longest are' if len(gaps) > _MOST_LISTED else ''}")
        for row in shown:
            length = _duration(self._steps[row] * _MICROSECOND)
            yield Line("", f"{length} from {self._time(row)} ({self._place(row)}) to {self._time(row + 1)}")

    def _is_weekend(self, row: int) -> bool:
        """Say whether no day but those of a weekend lies between a bar and the next one."""
        before, after = (to_datetime(self._bars.frame["time"][one]) for one in (row, row + 1))
        days = (after - before) // _DAY - 1
        return 0 < days <= _WEEKEND and all((before + _DAY * day).weekday() >= _SATURDAY for day in range(1, days + 1))

    def _volumes(self) -> Iterator[Line]:
        volumes = self._bars.frame["volume_units"]
        unknown, zero = volumes.is_null(), (volumes == 0).fill_null(value=False)
        if unknown.all():
            yield Line("volume", "not known: no rule of volume applies")
            return
        yield Line("volume", f"in units of {canonical(quantum(self._bars.volume_digits))}")
        for what, rows in (
            ("bars of which it is not known, and no rule of volume applies", unknown),
            ("bars of which it is zero", zero),
        ):
            if rows.any():
                place = self._place(rows.arg_true()[0])
                yield Line("", f"{what}: {rows.sum():,}, first {place}")

    def _splits(self) -> Iterator[str]:
        """Warn of a bar whose open or close stands to the close before it as after a split."""
        before = pl.col("close_ticks").shift(1).cast(pl.Float64)
        ratios = [before / pl.col(name) for name in ("open_ticks", "close_ticks")]
        found = self._bars.frame.select(
            row=pl.coalesce(pl.when(_is_near(one, ratio)).then(pl.lit(ratio)) for one in ratios for ratio in _RATIOS)
        )["row"]
        rows = found.is_not_null().arg_true().to_list()
        for row in rows[:_MOST_LISTED]:
            bar, closed = self._bars.bar(row), self._bars.bar(row - 1).close
            yield (
                f"looks like a split {_RATIOS[found[row]]} at {self._time(row)} ({self._place(row)}): after a close of "
                f"{closed} it opens at {bar.open} and closes at {bar.close}; nothing was adjusted"
            )
        if len(rows) > _MOST_LISTED:
            yield f"more bars that look like splits: {len(rows) - _MOST_LISTED:,}"

    def _lookalikes(self) -> Iterator[str]:
        """Warn of a symbol that may be taken for another one."""
        symbol = self._bars.symbol
        scripts = sorted({unicodedata.name(letter, "UNKNOWN").split()[0] for letter in symbol if letter.isalpha()})
        if len(scripts) > 1:
            yield f"the symbol mixes letters that are {' and '.join(scripts)}"
        for other in self._alike:
            if other != symbol:
                yield f"the symbol looks like {clean(other)}, which is another one"


def _is_near(ratio: pl.Expr, usual: float) -> pl.Expr:
    return (ratio / usual - 1).abs() <= _NEAR


def _looks(symbol: str) -> str:
    """Return what a symbol looks like to a hasty eye."""
    plain = unicodedata.normalize("NFKD", symbol.translate(_LOOKS_LATIN))
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] not in "MC")


def _duration(time: timedelta) -> str:
    """Write how long something takes, in the largest unit that fits.

    >>> _duration(timedelta(days=3)), _duration(timedelta(minutes=90)), _duration(timedelta(seconds=1))
    ('3 days', '90 minutes', '1 second')
    """
    for name, unit in _UNITS.items():
        if not time % unit:
            count = time // unit
            return f"{count:,} {name}{'' if count == 1 else 's'}"
    return f"{time.total_seconds():,g} seconds"


def _named_once(lines: Iterable[Line]) -> list[Line]:
    """Leave the name away where it is that of the line before."""
    before = ""
    told = []
    for line in lines:
        told.append(line if line.name != before else Line("", line.text))
        before = line.name or before
    return told
