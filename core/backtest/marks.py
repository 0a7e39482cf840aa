"""Marks that are read from the bars of a run: the newest close of each symbol, made when somebody looks."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from attrs import field, frozen

from core.backtest.equity import EquityCurve
from core.backtest.feed import Feed
from core.backtest.split_prices import SplitPrices
from core.backtest.strategy import SymbolNow
from core.clock import Clock
from core.errors import FillstepError
from core.text import clean


@frozen
class FeedMarks:
    """The marks of a portfolio in a run."""

    _feed: Feed
    _clock: Clock
    _symbols: Mapping[str, SymbolNow]
    _curve: EquityCurve
    _splits: SplitPrices = field(factory=SplitPrices, init=False)

    @property
    def timestamp(self) -> datetime | None:
        """The stamp of the step that the run is in; None before the first."""
        step = self._clock.step
        return None if step < 0 else self._feed.time(step)

    def get_mark(self, symbol: str) -> Decimal | None:
        """Return the newest close that was marked; None before a symbol's first."""
        symbol_now = self._symbols.get(symbol)
        if symbol_now is None or symbol_now.row < 0:
            return None
        close = symbol_now.close
        return self._splits.price(symbol, symbol_now.row, close, self._clock.step) if self._splits else close

    def note_split(self, symbol: str, new: int, old: int) -> None:
        """Value a symbol in the units after a split, until its next bar is marked."""
        self._splits.note(symbol, self._symbols[symbol].row, self._clock.step, new, old)

    def put(self, symbol: str, _price: Decimal, _timestamp: datetime, _profit: Callable[[], Decimal]) -> None:
        """Refuse: the bars say what a symbol is worth."""
        raise FillstepError(f"{clean(symbol)} cannot be marked by hand: the marks of a run are its bars")

    def get_peak_profit(self, now: Decimal) -> Decimal:
        """Return the highest profit at the end of any step that is over, or the one now."""
        return max(self._curve.peak_profit(self._clock.step - 1), now)
