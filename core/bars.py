"""Bars: one symbol's bars as exact columns; `Bar`: one row as a value.

Prices are kept as integers in units of the finest digit of their file, so no price is ever rounded; a Decimal is made
when somebody looks at one. A `Bars` that exists is valid: prices above zero, low and high around open and close, times
rising.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import polars as pl
from attrs import field, frozen

from core.errors import BarDataError
from core.money import EXACT, exact, fraction_digits, multiply, quantum
from core.origin import Origin

PRICES: Final = ("open", "high", "low", "close")
TICK_COLUMNS: Final = tuple(f"{name}_ticks" for name in PRICES)
BAR_COLUMNS: Final = ("time", *TICK_COLUMNS, "volume_units")
MOST_TICKS: Final = 10**15
"""The largest price in units of the finest digit: sums of a few thousand of them still fit an integer column."""
_TOO_LONG = f"is more than {MOST_TICKS:,}"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
END_OF_DAY: Final = timedelta(days=1) - _MICROSECOND
"""Where in its day a bar is stamped that carries a date and no time: at that day's close."""


def to_microseconds(time: datetime) -> int:
    """Return an aware time as microseconds since 1970 in UTC, exactly."""
    return (time - _EPOCH) // _MICROSECOND


def to_datetime(microseconds: int) -> datetime:
    """Return the time, in UTC, of a count of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)


def written_time(time: datetime) -> str:
    """Write a stamp in UTC as a person reads it: the date alone for a bar that carries no time.

    >>> written_time(datetime(2024, 1, 2, tzinfo=UTC) + END_OF_DAY)
    '2024-01-02'
    >>> written_time(datetime(2024, 1, 2, 9, 30, tzinfo=UTC))
    '2024-01-02 09:30'
    """
    if (time.hour, time.minute, time.second, time.microsecond) == (23, 59, 59, 999999):
        return time.date().isoformat()
    finest = "microseconds" if time.microsecond else "seconds" if time.second else "minutes"
    return time.replace(tzinfo=None).isoformat(sep=" ", timespec=finest)


@frozen
class Bar:
    """One period of one symbol, stamped at its end.

    Attributes:
        symbol: What was traded.
        time: The end of the period, in UTC.
        open: The first price; also high, low and close, money for one unit.
        volume: Units traded; None where it is not known.
    """

    symbol: str
    time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None


_FAULTS: Final = {
    "time is missing": pl.col("time").is_null(),
    **{f"{name} is missing": pl.col(f"{name}_ticks").is_null() for name in PRICES},
    **{f"{name} {{{name}}} is not above zero": pl.col(f"{name}_ticks") <= 0 for name in PRICES},
    "high {high} is below low {low}": pl.col("high_ticks") < pl.col("low_ticks"),
    "high {high} is below open {open}": pl.col("high_ticks") < pl.col("open_ticks"),
    "high {high} is below close {close}": pl.col("high_ticks") < pl.col("close_ticks"),
    "low {low} is above open {open}": pl.col("low_ticks") > pl.col("open_ticks"),
    "low {low} is above close {close}": pl.col("low_ticks") > pl.col("close_ticks"),
    "volume {volume} is below zero": pl.col("volume_units") < 0,
    "time {time} does not come after the bar before": pl.col("time") <= pl.col("time").shift(1),
}


def find_fault(frame: pl.DataFrame, digits: int, volume_digits: int = 0) -> tuple[int, str] | None:
    """Return the first row that cannot be a bar, and what is wrong with it; None where all are right.

    Args:
        frame: Columns `time` (microseconds since 1970, UTC), the four of `TICK_COLUMNS`, and `volume_units`, integers.
        digits: Digits after the point of a price; a tick is the unit of the last of them.
        volume_digits: Digits after the point of a volume.
    """
    is_broken = pl.any_horizontal(*_FAULTS.values()).fill_null(value=False)
    row = frame.select(row=is_broken.arg_true().first())["row"].item()
    if row is None:
        return None
    named = frame.select(*(fault.alias(what) for what, fault in _FAULTS.items())).row(row, named=True)
    cells = frame.row(row, named=True)
    shown = {name: _price(cells[f"{name}_ticks"], digits) for name in PRICES}
    shown["volume"] = _price(cells["volume_units"], volume_digits)
    shown["time"] = "missing" if cells["time"] is None else written_time(to_datetime(cells["time"]))
    return row, next(what for what, is_wrong in named.items() if is_wrong).format(**shown)


def _price(units: int | None, digits: int) -> str:
    return "missing" if units is None else f"{multiply(quantum(digits), units):f}"


@frozen(eq=False)
class Bars:
    """One symbol's bars, oldest first.

    Attributes:
        symbol: What was traded, taken literally.
        frame: Integer columns, in this order: `time` in microseconds since 1970 in UTC; `open_ticks`, `high_ticks`,
            `low_ticks` and `close_ticks` in units of 10 ** -digits; `volume_units` in units of 10 ** -volume_digits,
            null where it is not known.
        digits: Digits after the point of a price.
        volume_digits: Digits after the point of a volume.
        source: Where they come from, for errors.
        origin: What was found there; None for bars that no file holds.

    Raises:
        BarDataError: A row that cannot be a bar.
    """

    symbol: str
    frame: pl.DataFrame = field(repr=False)
    digits: int = 2
    volume_digits: int = 0
    source: str = ""
    origin: Origin | None = field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse rows that cannot be bars."""
        if tuple(self.frame.columns) != BAR_COLUMNS:
            raise BarDataError(self.source or "bars", f"columns must be {', '.join(BAR_COLUMNS)}")
        source = self.source or f"bars of {self.symbol}"
        if self.frame.is_empty():
            raise BarDataError(source, "no rows")
        fault = find_fault(self.frame, self.digits, self.volume_digits)
        if fault:
            row, what = fault
            raise BarDataError(source, f"row {row}: {what}")

    @classmethod
    def from_rows(cls, symbol: str, rows: Iterable[Sequence[object]]) -> "Bars":
        """Build bars from rows of (time, open, high, low, close) and perhaps a volume.

        Args:
            symbol: What was traded.
            rows: Aware times, and an int or a Decimal for each number.

        >>> day = datetime(2024, 1, 2, 21, tzinfo=UTC)
        >>> bars = Bars.from_rows("ACME", [(day, Decimal(101), Decimal(102), Decimal("99.5"), Decimal("100.5"))])
        >>> bars.bar(0).low
        Decimal('99.5')
        """
        table = [tuple(row) for row in rows]
        prices = [[exact(cell, name) for name, cell in zip(PRICES, row[1:5], strict=True)] for row in table]
        volumes = [exact(row[5], "volume") if row[5:] and row[5] is not None else None for row in table]
        digits = max((fraction_digits(price) for row in prices for price in row), default=0)
        volume_digits = max((fraction_digits(volume) for volume in volumes if volume is not None), default=0)
        columns: dict[str, list[int | None]] = {"time": [to_microseconds(_aware(row[0])) for row in table]}
        for index, name in enumerate(TICK_COLUMNS):
            columns[name] = [_units(row[index], digits) for row in prices]
        columns["volume_units"] = [None if volume is None else _units(volume, volume_digits) for volume in volumes]
        return cls(symbol, pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Int64)), digits, volume_digits)

    def __len__(self) -> int:
        """How many bars there are."""
        return self.frame.height

    @cached_property
    def times(self) -> list[int]:
        """The stamp of each bar, in microseconds since 1970 in UTC."""
        return self.frame["time"].to_list()

    @cached_property
    def ticks(self) -> tuple[list[int], list[int], list[int], list[int]]:
        """The opens, highs, lows and closes, each in units of the finest digit."""
        opens, highs, lows = (self.frame[name].to_list() for name in TICK_COLUMNS[:3])
        return opens, highs, lows, self.closes

    @cached_property
    def closes(self) -> list[int]:
        """The closes, in units of the finest digit."""
        return self.frame["close_ticks"].to_list()

    def column(self, name: str) -> "pl.Series | Sequence[int]":
        """Return a column of the frame by its name, to be read row by row."""
        return self.frame[name]

    def row_units(self, row: int) -> tuple[int, int, int, int, int | None]:
        """Return open, high, low, close and volume of one row, each in its units, without reading whole columns."""
        _, opened, high, low, close, volume = self._cells(row)
        return opened, high, low, close, volume

    @cached_property
    def unit(self) -> Decimal:
        """The finest digit: what one tick of the columns is worth, money."""
        return quantum(self.digits)

    def price(self, ticks: int) -> Decimal:
        """Return the price of a number of units of the finest digit."""
        return multiply(self.unit, ticks)

    def bar(self, row: int) -> Bar:
        """Return one row as a value."""
        time, *ticks, units = self._cells(row)
        opened, high, low, close = map(self.price, ticks)
        volume = None if units is None else multiply(quantum(self.volume_digits), units)
        return Bar(self.symbol, to_datetime(time), opened, high, low, close, volume)

    def _cells(self, row: int) -> tuple[Any, ...]:
        return self.frame.row(row)

    def with_digits(self, digits: int) -> "Bars":
        """Return the same bars in units of a finer digit.

        Raises:
            BarDataError: A price has too many digits for that.
        """
        if digits <= self.digits:
            return self
        highest = self.frame["high_ticks"].max()
        if isinstance(highest, int):
            self._check_fits(highest, digits)
        finer = self.frame.with_columns(pl.col(*TICK_COLUMNS) * 10 ** (digits - self.digits))
        return Bars(self.symbol, finer, digits, self.volume_digits, self.source, self.origin)

    def _check_fits(self, highest: int, digits: int) -> None:
        """Check that the highest price fits an integer column in units of a finer digit."""
        if highest * 10 ** (digits - self.digits) > MOST_TICKS:
            raise BarDataError(self.source, f"{self.price(highest)} in units of {quantum(digits)} {_TOO_LONG}")


def _units(number: Decimal, digits: int) -> int:
    units = int(number.scaleb(digits, EXACT))
    if abs(units) > MOST_TICKS:
        raise BarDataError("bars", f"{number} in units of {quantum(digits)}, its column's finest digit, {_TOO_LONG}")
    return units


def _aware(time: object) -> datetime:
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise BarDataError("bars", f"time must be aware of its zone, was {time}")
    return time
