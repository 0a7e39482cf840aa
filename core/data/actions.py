"""Splits and dividends, read from columns of files of bars, or from a file that has nothing else.

A ratio is two whole numbers, such as `2:1`. A decimal is taken as it is written, unless it is one, two or three over a
whole number, or a whole number over three, cut or rounded at three decimals or more: 0.333 is 1:3.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from zoneinfo import ZoneInfo

import polars as pl
from attrs import evolve

from core.bars import END_OF_DAY, Bars, to_datetime
from core.corporate_action import CorporateAction, Dividend, Split
from core.data.formats import OF_ACTIONS, Shape, column_of, spelled
from core.data.load import symbols_of
from core.data.opening import read_names, read_table
from core.data.reading import Reading
from core.data.table import Table
from core.data.times import read_stamps
from core.data.zones import to_utc
from core.errors import BarDataError, NotExactError, shown
from core.money import ZERO, parse

if TYPE_CHECKING:
    from core.origin import Origin

_ValueT = TypeVar("_ValueT")
_OF_A_ROW: Final = frozenset({"time", "date", "clock", "symbol"})
_ACTIONS: Final = frozenset({"split", "dividend"})
_RATIO: Final = re.compile(r"(\d{1,9}) ?(?::|/|-?for-?) ?(\d{1,9})", re.ASCII)
_DECIMAL: Final = re.compile(r"(\d{1,9})(?:\.(\d{1,30}))?", re.ASCII)
_RULE: Final = "a ratio such as 2:1 or a number such as 0.5"
_FEW: Final = (1, 2, 3)
_LEAST_DIGITS: Final = 3
_MOST_NAMES: Final = 20
_MICROSECOND: Final = timedelta(microseconds=1)
_TO_START_OF_DAY: Final = END_OF_DAY // _MICROSECOND
_DAY: Final = _TO_START_OF_DAY + 1


def load_actions(loaded: Sequence[Bars], reading: Reading, *, has_columns: bool = True) -> list[CorporateAction]:
    """Return the splits and dividends of some bars: from columns of their files, and from the file that is named.

    Args:
        loaded: The bars.
        reading: What the files do not say themselves, and the name of that file.
        has_columns: Whether to look into the files of the bars.

    Raises:
        BarDataError: A cell that is not what its column holds, or a file that cannot be read.
    """
    actions = actions_of_bars(loaded) if has_columns else []
    if reading.actions is not None:
        actions += actions_of_file(reading.actions, [one.symbol for one in loaded], reading)
    return actions


def actions_of_bars(loaded: Iterable[Bars]) -> list[CorporateAction]:
    """Return the splits and dividends that stand in columns of the files of some bars.

    Each is of the bar beside which it stands: that bar is the first in new units, or without the dividend.

    Raises:
        BarDataError: A cell that is no ratio or no amount, or two columns for one of them.
    """
    actions: list[CorporateAction] = []
    by_source: dict[str, list[tuple[Bars, Origin]]] = {}
    for bars in loaded:
        if bars.origin is not None:
            by_source.setdefault(bars.source, []).append((bars, bars.origin))
    for source, group in by_source.items():
        if has_actions(source):
            table = read_table(source, _shape_beside_bars)
            for bars, origin in group:
                times = dict(zip(origin.places.to_list(), bars.times, strict=True))
                actions += _actions(table, dict.fromkeys(times, bars.symbol), times, Reading())
    return actions


def has_actions(path: str) -> bool:
    """Say whether a file of bars has columns of splits or dividends."""
    return bool(_shape_beside_bars(path, read_names(path)).columns)


def actions_of_file(path: str, symbols: Iterable[str], reading: Reading) -> list[CorporateAction]:
    """Return the splits and dividends that a file has for some symbols.

    Its columns are found by their names: a time, as in a file of bars, but a date stands for the start of its day;
    `symbol`, or the file is named after it; `split`, `dividend`, and perhaps `pay_date`.

    Args:
        path: The file.
        symbols: Those of the run; others are left out.
        reading: What the file does not say itself.

    Raises:
        BarDataError: It cannot be read, has a cell that is not what its column holds, or is of no symbol of the run.
    """
    table, wanted = read_table(path, _shape_alone), sorted(symbols)
    stem, has_symbols = Path(path).stem, "symbol" in table.cells.columns
    own = _by_place(table, symbols_of(table).to_list() if has_symbols else [stem] * len(table.cells))
    there = sorted(set(own.values()))
    if not set(wanted) & set(there):
        needed, found = (", ".join(map(shown, some[:_MOST_NAMES])) for some in (wanted, there))
        raise BarDataError(path, f"must be of a symbol of the run: needed is one of {needed}; found are {found}")
    own = {place: symbol for place, symbol in own.items() if symbol in wanted}
    return list(_actions(table, own, _by_place(table, _starts(table, reading).to_list()), reading))


def _by_place(table: Table, values: Sequence[_ValueT]) -> dict[int, _ValueT]:
    return dict(zip(table.cells["place"].to_list(), values, strict=True))


def _find(source: str, names: Sequence[str], column_of_name: Callable[[str], str | None]) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, name in enumerate(names):
        column = column_of_name(spelled(name))
        if column in found:
            twins = f"{shown(names[found[column]])} and {shown(name)}"
            raise BarDataError(source, f"one column must be the {column}, found are {twins}")
        if column:
            found[column] = index
    return found


def _shape_beside_bars(source: str, names: Sequence[str]) -> Shape:
    """Return where splits and dividends stand in a file of bars; no columns where it has none."""
    found = _find(source, names, OF_ACTIONS.get)
    return Shape(found if _ACTIONS & set(found) else {})


def _shape_alone(source: str, names: Sequence[str]) -> Shape:
    plain = [spelled(name) for name in names]

    def column_here(name: str) -> str | None:
        of_row = column_of(name, plain)
        return OF_ACTIONS.get(name) or (of_row if of_row in _OF_A_ROW else None)

    found = _find(source, names, column_here)
    if not {"time", "date"} & set(found) or not _ACTIONS & set(found):
        listed = ", ".join(map(shown, names[:_MOST_NAMES])) or "none"
        raise BarDataError(source, f"needed are a date, and a split or a dividend; found are columns {listed}")
    return Shape(found)


def _actions(
    table: Table, symbols: Mapping[int, str], times: Mapping[int, int], reading: Reading
) -> Iterator[CorporateAction]:
    """Yield what stands at some places of a table, of which the symbols and the times are known."""
    pays = _pay_times(table, reading)
    for place, ratio in _values(table, "split", _ratio):
        if place in symbols:
            try:
                yield Split(symbols[place], to_datetime(times[place]), *ratio, _where(table, place))
            except NotExactError as error:
                raise table.refusal(place, f"of a split {error}") from error
    for place, amount in _values(table, "dividend", _amount):
        if place in symbols:
            pay = pays.get(place)
            pay_time = None if pay is None else to_datetime(pay)
            yield Dividend(symbols[place], to_datetime(times[place]), amount, pay_time, _where(table, place))


def _where(table: Table, place: int) -> str:
    return f"{table.source}:{place}" if table.has_lines else f"{table.source}, row {place}"


def _values(table: Table, column: str, read: Callable[[str], _ValueT | None]) -> Iterator[tuple[int, _ValueT]]:
    """Yield the place and the value of each cell of a column that says something; each text is read once."""
    known: dict[str, _ValueT | None] = {}
    for place, text in zip(table.cells["place"], _texts(table, column), strict=True):
        if text not in known:
            try:
                known[text] = read(text)
            except NotExactError as error:
                raise table.refusal(place, str(error)) from error
        value = known[text]
        if value is not None:
            yield place, value


def _texts(table: Table, column: str) -> pl.Series:
    """Return the cells of a column as text; empty where there is no column, or nothing in it."""
    if column not in table.cells.columns:
        return pl.Series([""]).new_from_index(0, len(table.cells))
    cells = table.cells[column]
    if not (cells.dtype.is_numeric() or cells.dtype in (pl.String, pl.Null, pl.Categorical)):
        raise BarDataError(table.source, f"column {column} must hold numbers or text, was {cells.dtype}")
    texts = cells.cast(pl.String).fill_null("").str.strip_chars()
    return texts.str.replace(",", ".", literal=True) if table.has_decimal_commas else texts


def _amount(text: str) -> Decimal | None:
    """Return money for one unit; None where there is no dividend."""
    amount = parse(text, "dividend") if text else ZERO
    if amount < ZERO:
        raise NotExactError("dividend", text, "above zero, or zero where there is none")
    return amount or None


def _ratio(text: str) -> tuple[int, int] | None:
    """Return new and old units; None where there is no split, which is written 0 or 1 too."""
    ratio, decimal = _RATIO.fullmatch(text.lower()), _DECIMAL.fullmatch(text)
    if ratio is not None and int(ratio[2]):
        value = Fraction(int(ratio[1]), int(ratio[2]))
    elif decimal is not None:
        value = _meant(Fraction(text), len(decimal[2] or ""))
    elif text:
        raise NotExactError("split", text, _RULE)
    else:
        return None
    return value.as_integer_ratio() if value not in (0, 1) else None


def _meant(value: Fraction, digits: int) -> Fraction:
    """Return the simple fraction that a decimal of so many digits was cut or rounded from; else what it is.

    >>> _meant(Fraction("0.333"), 3), _meant(Fraction("1.025"), 3)
    (Fraction(1, 3), Fraction(41, 40))
    """
    if digits < _LEAST_DIGITS or not value:
        return value
    unit = 10**digits
    simple = [Fraction(few, max(round(few / value), 1)) for few in _FEW]
    for one in (*simple, Fraction(round(value * _FEW[-1]), _FEW[-1])):
        if value * unit in (floor(one * unit), floor(one * unit + Fraction(1, 2))):
            return one
    return value


def _starts(table: Table, reading: Reading) -> pl.Series:
    """Return the times of a table in UTC; a date stands for the start of its day."""
    stamps, zone = read_stamps(table, reading)
    if zone is not None:
        resolved = to_utc(stamps, ZoneInfo(zone))
        if resolved.missing is not None:
            place = table.cells["place"][resolved.missing]
            raise table.refusal(place, f"this time does not exist in {zone}: the clock was put forward")
        stamps = resolved.stamps
    is_date = stamps % _DAY == _TO_START_OF_DAY
    return pl.select(pl.when(is_date).then(stamps - _TO_START_OF_DAY).otherwise(stamps)).to_series()


def _pay_times(table: Table, reading: Reading) -> dict[int, int]:
    """Return the times at which dividends are paid, by the place of each that has one."""
    if "pay" not in table.cells.columns:
        return {}
    is_there = table.cells["pay"].is_not_null()
    if table.cells["pay"].dtype == pl.String:
        is_there &= table.cells["pay"] != ""
    cells = table.cells.filter(is_there).select("place", time="pay")
    if cells.is_empty():
        return {}
    dated = evolve(table, cells=cells)
    return _by_place(dated, _starts(dated, reading).to_list())
