"""Equity over the steps of a run: derived from the journal and the bars when asked for, never recorded.

Between two events positions and cash stand still, so the value of each stretch follows from its closes alone.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from attrs import define, field

from core.backtest.feed import Feed
from core.backtest.journal import Journal, Row
from core.backtest.split_prices import SplitPrices
from core.events import CashCause, CashChanged, PositionEvent, SplitApplied
from core.money import ZERO, add, multiply, subtract
from core.risk import exposure

_OF_VALUE: Final = (CashChanged, PositionEvent, SplitApplied)
_KEPT: Final = 1024  # steps between two extremes that are kept
_RECENT: Final = 4  # a picture of a moment asks for it, for the one before, and for the steps before these


class Extremes(NamedTuple):
    """The highest and the lowest equity less capital at the ends of the steps up to one, money.

    Attributes:
        step: The last of these steps; -1 for none.
        highest: Zero or above, since a run begins at zero.
        lowest: Zero or below.
    """

    step: int = -1
    highest: Decimal = ZERO
    lowest: Decimal = ZERO


class _Known(NamedTuple):
    """Extremes, and of which stretch their step is, by its number."""

    step: int = -1
    highest: Decimal = ZERO
    lowest: Decimal = ZERO
    place: int = 0


class Stretch(NamedTuple):
    """Steps in which nothing but marks changed.

    Attributes:
        start: Its first step; it ends where the next begins.
        cash: The balance, money.
        capital: Initial capital, and deposits less withdrawals, money.
        held: Signed quantities by the symbol's place in the feed, flat ones left out.
    """

    start: int
    cash: Decimal
    capital: Decimal
    held: Mapping[int, Decimal]


@define(eq=False)
class EquityCurve:
    """Equity, profit and peak at the end of each step, as far as the run has come.

    Args:
        feed: The bars.
        journal: The facts.
        initial_capital: Cash before the first fact, money.
    """

    _feed: Feed
    _journal: Journal
    _initial_capital: Decimal
    _stretches: list[Stretch] = field(init=False)
    _read: int = field(default=0, init=False)  # how many facts are in the stretches
    _kept: list[_Known] = field(factory=lambda: [_Known()], init=False)  # from which others are found
    _recent: list[_Known] = field(factory=lambda: [_Known()], init=False)  # what was asked for last, the newest first
    _splits: SplitPrices = field(factory=SplitPrices, init=False)

    def __attrs_post_init__(self) -> None:
        """Begin with a stretch of cash alone."""
        self._stretches = [Stretch(0, self._initial_capital, self._initial_capital, {})]

    def equity(self, step: int) -> Decimal:
        """Return cash and all market values at the end of a step, money."""
        stretch = self._stretch_at(step)
        return add(stretch.cash, self._market_value(stretch, step))

    def drawdown(self, step: int) -> Decimal:
        """Return how far equity at the end of a step lies below its peak up to then, money, never below zero."""
        profit = subtract(self.equity(step), self._stretch_at(step).capital)
        return max(subtract(self.peak_profit(step), profit), ZERO)

    def drawdown_ratio(self, step: int) -> Decimal:
        """Return how far equity at the end of a step lies below its peak up to then, a fraction of that peak."""
        peak = add(self.peak_profit(step), self._stretch_at(step).capital)
        return exposure.drawdown_ratio(peak, self.equity(step))

    def peak_profit(self, step: int) -> Decimal:
        """Return the highest equity less capital at the end of any step up to this one, money, at least zero."""
        return self.extremes(step).highest

    def extremes(self, step: int) -> Extremes:
        """Return the highest and the lowest equity less capital at the end of any step up to this one.

        The steps must be over: what was seen of them is remembered.
        """
        self._read_on()
        step = max(step, -1)
        near = [one for one in self._recent if one.step <= step]
        known = max(near, default=self._kept[0])  # a later one is greater: its step comes first
        if known.step < step - _KEPT:
            known = self._kept[bisect_right(self._kept, step, key=lambda one: one.step) - 1]
        while known.step < step:
            known = self._with(known, min(step, known.step + _KEPT - known.step % _KEPT))
            if known.step % _KEPT == 0 and known.step > self._kept[-1].step:
                self._kept.append(known)
        self._recent = [known, *(one for one in self._recent if one.step != step)][:_RECENT]
        return Extremes(*known[:3])

    def _with(self, known: _Known, step: int) -> _Known:
        """Return what is known with the steps up to another, one stretch after the other."""
        last, highest, lowest, place = known
        stretches = self._stretches
        newest = len(stretches) - 1
        while last < step:
            following = stretches[place + 1].start if place < newest else step + 1
            if following <= last + 1:
                place += 1
                continue
            first, last = last + 1, min(following - 1, step)
            low, high = self._profits(stretches[place], first, last)
            highest, lowest = max(highest, high), min(lowest, low)
        return _Known(last, highest, lowest, place)

    def _profits(self, stretch: Stretch, first: int, last: int) -> tuple[Decimal, Decimal]:
        """Return the lowest and the highest equity less capital at the ends of some steps of one stretch."""
        base = subtract(stretch.cash, stretch.capital)
        if not stretch.held:
            return base, base
        if len(stretch.held) == 1:
            low, high = self._values_of_one(stretch, first, last)
        else:
            values = [self._market_value(stretch, step) for step in range(first, last + 1)]
            low, high = min(values), max(values)
        return add(base, low), add(base, high)

    def _values_of_one(self, stretch: Stretch, first: int, last: int) -> tuple[Decimal, Decimal]:
        """Return the lowest and the highest market value of the one position held: at its lowest and highest close."""
        ((place, quantity),) = stretch.held.items()
        bars, row = self._feed.bars[place], max(self._feed.row_at(place, first), 0)
        closes = [self._close(place, row, last)]  # the only one that may be of before a split
        if later := bars.closes[row + 1 : self._feed.row_at(place, last) + 1]:
            closes += (bars.price(min(later)), bars.price(max(later)))
        low, high = (multiply(quantity, close) for close in (min(closes), max(closes)))
        return (low, high) if low < high else (high, low)

    def _market_value(self, stretch: Stretch, step: int) -> Decimal:
        value = ZERO
        for place, quantity in stretch.held.items():
            value = add(value, multiply(quantity, self._close(place, self._feed.row_at(place, step), step)))
        return value

    def _close(self, place: int, row: int, step: int) -> Decimal:
        """Return the close of a row of a symbol in the units of a step, money."""
        bars = self._feed.bars[place]
        close = bars.price(bars.closes[row])
        return self._splits.price(bars.symbol, row, close, step) if self._splits else close

    def _stretch_at(self, step: int) -> Stretch:
        self._read_on()
        return self._stretches[self._place_of(step)]

    def _place_of(self, step: int) -> int:
        return bisect_right(self._stretches, step, key=lambda stretch: stretch.start) - 1

    def _read_on(self) -> None:
        rows = self._journal.rows
        if self._read < len(rows):
            for step, facts in _by_step(rows[self._read :]):
                self._stretches.append(self._after(self._stretches[-1], step, facts))
            self._read = len(rows)

    def _after(self, stretch: Stretch, step: int, facts: list[Row]) -> Stretch:
        cash, capital, held = stretch.cash, stretch.capital, dict(stretch.held)
        for _, _, kind, fields in facts:
            if kind is CashChanged:
                _, before, cash, cause, _ = fields
                if cause in (CashCause.DEPOSIT, CashCause.WITHDRAWAL):
                    capital = add(capital, subtract(cash, before))
            elif kind is SplitApplied:
                _, symbol, new, old, *_ = fields
                self._splits.note(symbol, self._feed.row_at(self._feed.places[symbol], step - 1), step, new, old)
            else:
                _, symbol, _, after, *_ = fields
                held.pop(self._feed.places[symbol], None)
                if after[0]:
                    held[self._feed.places[symbol]] = after[0]
        return Stretch(step, cash, capital, held)


def _by_step(rows: list[Row]) -> Iterator[tuple[int, list[Row]]]:
    """Yield the facts about cash, positions and their units of each step that has any."""
    facts: list[Row] = []
    for row in rows:
        if issubclass(row[2], _OF_VALUE):
            if facts and facts[0][0] != row[0]:
                yield facts[0][0], facts
                facts = []
            facts.append(row)
    if facts:
        yield facts[0][0], facts
