"""Formats: which column of a file holds what, by its name or by where it stands, as vendors write them."""

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from attrs import frozen

from core.bars import PRICES
from core.data.findings import Findings
from core.data.time_forms import find_form, is_clock, is_epoch
from core.errors import BarDataError, shown

_TIMES: Final = ("time", "timestamp", "date", "datetime")
_COLUMNS: Final = {
    **dict.fromkeys((*_TIMES, "gmt time", "local time", "open time", "close time"), "time"),
    **{price: price for price in PRICES},
    **dict.fromkeys(("volume", "vol", "real volume"), "volume"),
    **dict.fromkeys(("symbol", "ticker"), "symbol"),
}
_SPLITS: Final = ("split", "splits", "stock split", "stock splits", "split ratio", "split factor", "splitfactor")
_DIVIDENDS: Final = ("dividend", "dividends", "ex dividend", "dividend amount", "cash dividend", "div cash", "divcash")
OF_ACTIONS: Final = {
    **dict.fromkeys((*_SPLITS, "split coefficient"), "split"),
    **dict.fromkeys(_DIVIDENDS, "dividend"),
    **dict.fromkeys(("pay date", "payment date"), "pay"),
}
"""What columns of splits and dividends hold, by their names, as `spelled`."""
_NEEDED: Final = f"time (or {', '.join(_TIMES[1:])}), {', '.join(PRICES)}"
_MOST_NAMES: Final = 20
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")


@frozen
class Vendor:
    """Somebody who writes files of bars.

    Attributes:
        name: Who it is.
        signs: Names of columns that nobody else writes, in lower case.
        stamps_starts: Whether a time is that at which a bar begins.
    """

    name: str
    signs: frozenset[str] = frozenset()
    stamps_starts: bool = False


_METATRADER: Final = Vendor("MetaTrader", frozenset({"<date>", "<open>"}), stamps_starts=True)
_BINANCE: Final = Vendor("Binance", frozenset({"open_time", "close_time"}))
_VENDORS: Final = (
    _BINANCE,
    Vendor("Dukascopy", frozenset({"gmt time"}), stamps_starts=True),
    Vendor("Dukascopy", frozenset({"local time"}), stamps_starts=True),
    Vendor("Stooq", frozenset({"<ticker>", "<per>"})),
    _METATRADER,
    Vendor("Interactive Brokers", frozenset({"average", "barcount"}), stamps_starts=True),
    Vendor("Yahoo", frozenset({"adj close"})),
)


@frozen
class Shape:
    """Which columns of a file hold what.

    Attributes:
        columns: Where each stands that bars are made of, from 0, in the order of the file: `time`, or `date` and
            `clock`; the prices; `volume` and `symbol` where there are any.
        has_header: Whether the first line names them.
        vendor: Who writes such files; None where that cannot be told.
        left_alone: The names of the other columns.
    """

    columns: dict[str, int]
    has_header: bool = True
    vendor: Vendor | None = None
    left_alone: Sequence[str] = ()

    @property
    def told(self) -> str:
        """How the columns were found, in words."""
        how = "by their names" if self.has_header else "by where they stand, since there is no header"
        return f"columns found {how}{f', as {self.vendor.name} writes them' if self.vendor else ''}"


FindShape: TypeAlias = Callable[[str, Sequence[str]], Shape]
"""Returns which columns of a file hold what, by its name and theirs."""


def find_shape(source: str, names: Sequence[str]) -> Shape:
    """Return which columns hold what by their names.

    Raises:
        BarDataError: A column is not there, or twice.
    """
    written = [name.strip().lower() for name in names]
    plain = list(map(spelled, names))
    found: dict[str, int] = {}
    for index, name in enumerate(plain):
        column = column_of(name, plain)
        if column in found:
            twins = f"{shown(names[found[column]])} and {shown(names[index])}"
            raise BarDataError(source, f"one column must be the {column}, found are {twins}")
        if column:
            found[column] = index
    needed = PRICES if "date" in found else ("time", *PRICES)
    missing = next((column for column in needed if column not in found), None)
    if missing:
        raise BarDataError(source, f"no column {missing}: needed are {_NEEDED}; found are {_listed(names)}")
    vendor = next((one for one in _VENDORS if one.signs <= set(written)), None)
    others = (index for index, name in enumerate(plain) if index not in found.values() and name not in OF_ACTIONS)
    return Shape(found, True, vendor, [names[index] for index in others])


def spelled(name: str) -> str:
    """Return the name of a column in the one way in which it is looked up."""
    return " ".join(name.strip().lower().strip("<>").replace("_", " ").split())


def column_of(name: str, names: Sequence[str]) -> str | None:
    """Return what a column holds; a date beside a time is a part of it, and the end of a bar counts over its start."""
    if name in ("date", "time") and {"date", "time"} <= set(names):
        return "date" if name == "date" else "clock"
    if name in ("open time", "close time") and "close time" in names:
        return "time" if name == "close time" else None
    return _COLUMNS.get(name)


def find_shape_of_row(fields: Sequence[str]) -> Shape | None:
    """Return which columns hold what by where they stand in a file without names; None where its first row is no bar.

    >>> find_shape_of_row(["2024.01.02", "09:30", "1.1", "1.2", "1.0", "1.1", "7"]).columns
    {'date': 0, 'clock': 1, 'open': 2, 'high': 3, 'low': 4, 'close': 5, 'volume': 6}
    """
    for columns, counts, vendor in _ROWS:
        there = {name: index for index, name in enumerate(columns) if name and index < len(fields)}
        if len(fields) in counts and all(_may_be(name, fields[index]) for name, index in there.items()):
            is_dotted = "clock" in there and "." in fields[0]
            known = _METATRADER if is_dotted else vendor
            left_alone = [f"number {index + 1}" for index in range(len(fields)) if index not in there.values()]
            return Shape(there, False, known, left_alone)
    return None


_ROWS: Final[Sequence[tuple[Sequence[str], Sequence[int], Vendor | None]]] = (
    (("", *PRICES, "volume", "time"), (11, 12), _BINANCE),
    (("date", "clock", *PRICES, "volume"), (6, 7), None),
    (("time", *PRICES, "volume"), (5, 6), None),
)
"""What the fields of a row without names may be, how many there are then, and who writes that."""


def _may_be(name: str, field: str) -> bool:
    if name == "clock":
        return is_clock(field)
    if name in ("date", "time"):
        return find_form(field) is not None or is_epoch(field)
    return _NUMBER.fullmatch(field) is not None


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return (", ".join(map(shown, names[:_MOST_NAMES])) or "none") + rest


def say(shape: Shape, found: Findings, kind: str) -> None:
    """Say what a file is, what of it is left alone, and what should be known of its vendor."""
    found.add("format", f"{kind}; {shape.told}")
    if shape.left_alone:
        found.add("left alone", f"columns {_listed(shape.left_alone)}")
    if shape.vendor and shape.vendor.stamps_starts:
        found.warn(f"{shape.vendor.name} writes when a bar begins, and here a time is the end of its bar")
