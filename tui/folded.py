"""Folded bars: so many of a symbol's bars as one, with what the strategy's indicators were at its end.

Columns are counted from the first bar of all, so a column that is whole never changes: it is folded once, and kept.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from attrs import define, field

from core.bars import Bars
from tui.widgets.canvas import Candle

IndicatorsAt: TypeAlias = Callable[[str, int], Mapping[str, Any]]
"""Returns the indicators of a symbol at a row, by name."""

_KEPT: Final = 4096
"""So many columns are kept, which is more than a screen has."""


class Fold(NamedTuple):
    """Some bars as one.

    Attributes:
        candle: The first open, the highest high, the lowest low and the last close, in ticks.
        volume: What was traded in those whose volume is known, in units of the bars; None where none is.
        values: The indicators at the last bar that is over, by name; empty where none is.
    """

    candle: Candle
    volume: int | None
    values: Mapping[str, Any]


@define(eq=False)
class Folded:
    """One symbol's bars in columns of so many.

    Attributes:
        bars: The bars.
        size: How many are in a column.
        indicators_at: Returns the indicators of a symbol at a row.
    """

    bars: Bars
    size: int
    indicators_at: IndicatorsAt
    _whole: dict[int, Fold] = field(factory=dict, init=False)

    def folds(self, columns: range, row: int, forming: Candle | None = None) -> list[Fold]:
        """Return columns as they are at a moment.

        Args:
            columns: Which; each has a bar up to `row`, or the one that is forming.
            row: The newest bar that is over; later ones are not looked at.
            forming: The bar after it as far as its path has come, where it is on its way.
        """
        whole, size = self._whole, self.size
        over = (row + 1) // size  # so many columns are whole
        folds = []
        for column in columns:
            fold = whole.get(column) if column < over else None
            if fold is None:
                fold = self._fold(column * size, min((column + 1) * size, row + 1))
                if column < over:
                    whole[column] = fold
            folds.append(fold)
        if forming is not None and columns and columns[-1] == (row + 1) // size:
            folds[-1] = _joined(folds[-1] if (row + 1) % size else None, forming)
        if len(whole) > _KEPT:
            whole.clear()
        return folds

    def _fold(self, first: int, stop: int) -> Fold:
        """Fold the rows from one on to before another; the whole part of a column whose first bar forms is nothing."""
        bars, last = self.bars, stop - 1
        if last < first:
            return Fold((0, 0, 0, 0), None, {})
        values = self.indicators_at(bars.symbol, last)
        opening, high, low, close, volume = bars.row_units(last)
        if first == last:
            return Fold((opening, high, low, close), volume, values)
        count, frame = stop - first, bars.frame  # its columns are searched much faster than a list
        highest: Any = frame["high_ticks"].slice(first, count).max()
        lowest: Any = frame["low_ticks"].slice(first, count).min()
        known = frame["volume_units"].slice(first, count)
        volume = None if known.null_count() == count else int(known.sum())
        return Fold((bars.row_units(first)[0], highest, lowest, close), volume, values)


def _joined(fold: Fold | None, forming: Candle) -> Fold:
    """Add the bar that is forming; what it trades is not known before it is over."""
    if fold is None:
        return Fold(forming, None, {})
    opening, high, low, _ = fold.candle
    return Fold((opening, max(high, forming[1]), min(low, forming[2]), forming[3]), fold.volume, fold.values)
