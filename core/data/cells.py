"""Numbers as integers: what a cell says is taken exactly, or refused by its place.

Nothing is rounded and no text passes through a float. What a number is, `core.money.parse` alone says; a column of
plain digits only takes a faster way to the same answer.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl
from attrs import evolve

from core.bars import PRICES
from core.data.table import Table
from core.errors import BarDataError, NotExactError, shown
from core.money import FRACTION_DIGITS, WHOLE_DIGITS, canonical, parse

_DECIMAL: Final = pl.Decimal(38, FRACTION_DIGITS)
_PLAIN: Final = rf"^-?[0-9]{{1,{WHOLE_DIGITS}}}(?:\.[0-9]{{1,{FRACTION_DIGITS}}})?$"
_EMPTY: Final = ("", "null", "none", "nan", "snan", "na", "n/a", "-", "--")
"""What stands, in any case, where there is no price."""


def read_numbers(table: Table, columns: Sequence[str]) -> pl.DataFrame:
    """Return columns of numbers in units of the last digit that is kept, 1E-12; null where a volume is not given.

    Raises:
        BarDataError: A cell that is no exact number within the digits that are kept, or none at all for a price.
    """
    cells = table.cells.select(_as_text(table, table.cells[name]) for name in columns)
    if table.has_decimal_commas:
        cells = cells.with_columns(pl.col(pl.String).str.replace(",", ".", literal=True))
    plain = cells.select(_is_plain(column) for column in cells)
    cells = cells.with_columns(_respell(table, cells[each.name], each) for each in plain if not each.all())
    return cells.select(pl.all().cast(_DECIMAL).to_physical())


def _as_text(table: Table, cells: pl.Series) -> pl.Series:
    """Return numbers as text, a float by its shortest digits; whole numbers and what fits as decimals."""
    if isinstance(cells.dtype, pl.Decimal) and cells.dtype.scale <= FRACTION_DIGITS:
        return cells
    if cells.dtype.is_integer() and cells.dtype != pl.Int128:
        return cells.cast(pl.Decimal(38, 0))
    if not (cells.dtype.is_numeric() or cells.dtype in (pl.String, pl.Null)):
        raise BarDataError(table.source, f"column {cells.name} must hold numbers, was {cells.dtype}")
    return cells.cast(pl.String)


def _is_plain(cells: pl.Series) -> pl.Expr:
    cell = pl.col(cells.name)
    if cells.dtype == pl.String:
        return cell.str.contains(_PLAIN).fill_null(value=False)
    return cell.cast(_DECIMAL, strict=False).is_not_null()  # a type may say fewer digits than a damaged file holds


def _respell(table: Table, cells: pl.Series, plain: pl.Series) -> pl.Series:
    """Write what is a number, but not in plain digits, in plain digits."""
    spellings: dict[object, str | None] = {}
    for place, cell in zip(table.cells["place"].filter(~plain), cells.filter(~plain), strict=True):
        if cell not in spellings:
            spellings[cell] = _spelling(table, place, cells.name, cell)
    return cells.replace(list(spellings), pl.Series(list(spellings.values()), dtype=cells.dtype))


def _spelling(table: Table, place: int, name: str, cell: object) -> str | None:
    if name == "volume" and cell in (None, ""):
        return None
    try:
        return canonical(parse("" if cell is None else str(cell), name))
    except NotExactError as error:
        raise table.refusal(place, f"{error.field} must be {error.rule}, was {_named(table, cell)}") from error


def _named(table: Table, cell: object) -> str:
    if cell is None:
        return "null"
    text = str(cell).replace(".", ",") if table.has_decimal_commas else cell
    return shown(text) or "empty"


def drop_empty_rows(table: Table) -> Table:
    """Leave out the rows in which a price is empty, and say how many they were.

    Raises:
        BarDataError: None is left.
    """
    is_empty = pl.any_horizontal(_is_empty(table.cells[name]) for name in PRICES)
    kept = table.cells.filter(~is_empty)
    if kept.is_empty():
        raise BarDataError(table.source, "no rows in which every price is given")
    count = len(table.cells) - len(kept)
    if count:
        first = table.cells.filter(is_empty)["place"][0]
        table.found.add("dropped", f"rows in which a price is empty: {count:,}, first {table.named(first)}")
    return evolve(table, cells=kept)


def _is_empty(cells: pl.Series) -> pl.Expr:
    cell = pl.col(cells.name)
    if cells.dtype == pl.String:
        return cell.is_null() | cell.str.to_lowercase().is_in(_EMPTY)
    return cell.is_null() | cell.is_nan() if cells.dtype.is_float() else cell.is_null()
