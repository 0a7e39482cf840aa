"""What a strategy sees of bars that are read in windows: its indicators and the rows it has named, window by window.

They are evaluated over the rows of a window and as many before them as the strategy says it needs, its `lookback`. On
a sample that is compared with the whole column, value by value.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Final

import polars as pl
from attrs import frozen

from core.backtest.guard import RAISED, blame
from core.backtest.strategy import Strategy, indicator_columns, seen_frame, wake_column
from core.backtest.wakes import Span, Touched, touched_in
from core.bars import Bars
from core.errors import InputError, LookbackError, shown
from core.windowed_bars import Window, WindowedBars

_PARTS: Final = 64
"""Into so many the sample is cut; at the beginning of each a lookback that is too small shows."""

_TIMES_LOOKBACK: Final = 2
"""The sample is at least so many times as long as the lookback, so that it cuts bars off."""


def stated_lookback(strategy: Strategy) -> int | None:
    """Return how many earlier bars a strategy says that it needs; None where it does not say.

    One without indicators and `wake` needs none, and need not say so.

    Raises:
        InputError: What it says is no whole number from zero up.
        StrategyError: It raised.
    """
    stated: object = strategy.lookback
    if callable(stated):
        stated = ask(strategy, "lookback")
    if stated is None and not ask(strategy, "indicators") and ask(strategy, "wake") is None:
        return 0
    if stated is None or (type(stated) is int and stated >= 0):
        return stated
    kind = type(strategy).__name__
    raise InputError(f"{kind}.lookback must be a whole number of bars from 0, was {shown(stated)}")


@frozen(eq=False)
class SeenByWindow:
    """The columns of one strategy over windowed bars.

    Args:
        strategy: What has them; for errors.
        bars: The bars.
        lookback: How many rows before a window are read with it.
        expressions: The indicators.
        wake: Which rows are named; None where the strategy does not say.

    Raises:
        LookbackError: On the sample, a value is another one than over the whole column.
        StrategyError: Something cannot be evaluated.
    """

    _strategy: Strategy
    _bars: WindowedBars
    _lookback: int
    _expressions: Mapping[str, pl.Expr]
    _wake: pl.Expr | None

    def __attrs_post_init__(self) -> None:
        """Check the lookback on a sample."""
        rows = min(len(self._bars), max(self._bars.rows.size, _TIMES_LOOKBACK * self._lookback))
        sample = self._bars.read(0, rows)
        whole = self._evaluate(sample)
        for first, end in pairwise(sorted({rows * part // _PARTS for part in range(_PARTS + 1)})):
            lead = min(first, self._lookback)
            parts = self._evaluate(sample[first - lead : end])
            for what, column in parts.items():
                self._compare(what, first, whole[what][first:end], column[lead:])

    def _compare(self, what: str, first: int, whole: pl.Series, part: pl.Series) -> None:
        place = whole.ne_missing(part).arg_true().first()
        if isinstance(place, int):
            kind = type(self._strategy).__name__
            raise LookbackError(kind, self._lookback, what, first + place, whole[place], part[place])

    def _evaluate(self, rows: pl.DataFrame) -> dict[str, pl.Series]:
        """Return all columns over some rows, by what they are."""
        frame = seen_frame(self._bars, rows)
        try:
            found = indicator_columns(self._expressions, frame)
        except RAISED as error:
            raise blame(self._strategy, "indicators", error) from error
        columns = {_called(name): column for name, column in found.items()}
        if self._wake is not None:
            try:
                columns["wake"] = wake_column(self._wake, frame, found)
            except RAISED as error:
                raise blame(self._strategy, "wake", error) from error
        return columns

    def of(self, window: Window) -> dict[str, pl.Series]:
        """Return the columns over a window, by what they are."""
        return window.made(self, lambda: self._evaluate_window(window))

    def values(self, window: Window, what: str) -> list[Any]:
        """Return one of the columns over a window as a list."""
        return window.made((self, what), partial(self._listed, window, what))

    def _listed(self, window: Window, what: str) -> list[Any]:
        return self.of(window)[what].to_list()

    def _evaluate_window(self, window: Window) -> dict[str, pl.Series]:
        before = self._bars.read(window.first - self._lookback, window.first)
        columns = self._evaluate(pl.concat([before, window.frame]))
        return {what: column[before.height :] for what, column in columns.items()}

    @property
    def indicators(self) -> "dict[str, SeenColumn]":
        """Every indicator by its name, read row by row."""
        return {name: SeenColumn(self, self._bars, _called(name)) for name in self._expressions}

    def span_at(self, step: int) -> Span:
        """Return the steps of the window that a step lies in; each is the row of the same number."""
        window = self._bars.window_at(step)
        rows = self.of(window)["wake"].fill_null(value=False).arg_true() + window.first
        return Span(rows.to_list(), window.end, lambda _: self._touched(window.first))

    def _touched(self, first: int) -> Touched:
        window = self._bars.window_at(first)
        return window.made("touched", lambda: touched_in(window.frame, first))


def seen_by_window(strategy: Strategy, bars: Bars) -> SeenByWindow | None:
    """Return a strategy's columns over bars that are read in windows; None for bars that are in memory.

    Raises:
        InputError: The strategy does not say its lookback.
        StrategyError: What it says is not so, or a column cannot be evaluated.
    """
    if not isinstance(bars, WindowedBars):
        return None
    lookback = stated_lookback(strategy)
    if lookback is None:
        raise InputError(f"{type(strategy).__name__} must say its lookback: its bars are read in windows")
    return SeenByWindow(strategy, bars, lookback, ask(strategy, "indicators"), ask(strategy, "wake"))


def ask(strategy: Strategy, call: str) -> Any:
    """Return what a strategy answers to a call without arguments.

    Raises:
        StrategyError: It raised.
    """
    try:
        return getattr(strategy, call)()
    except RAISED as error:
        raise blame(strategy, call, error) from error


@frozen(eq=False)
class SeenColumn(Sequence[Any]):
    """An indicator, read by rows from 0; None at row -1, where there is no bar yet."""

    _seen: SeenByWindow
    _bars: WindowedBars
    _what: str

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._bars)

    def __getitem__(self, row: Any) -> Any:
        """Return the value of a row."""
        if row == -1:
            return None
        window = self._bars.window_at(row)
        return self._seen.values(window, self._what)[row - window.first]


def _called(name: str) -> str:
    return f"indicator {name}"
