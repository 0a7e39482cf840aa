"""Wakes: which steps a run takes where its strategy says when it has something to decide.

Such a run goes from one step on which something can happen to the next: a row that the strategy named, a bar that an
open order can meet, the end of a life, a split or a dividend, the last bar. In between nothing would have been
recorded. It is one loop: a run step by step stands on the steps in between too, and calls the strategy on none of them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import polars as pl

from core.backtest.feed import Feed
from core.backtest.journal import Journal
from core.backtest.pyramid import Pyramid
from core.backtest.strategy import Now, SymbolRow
from core.clock import Clock
from core.execution.broker import BacktestBroker
from core.execution.open_book import OpenBook

_NO_ROW: Final = 2**63 - 1


class Wakes:
    """The steps of a run, one after the other, as the loop asks for them.

    Args:
        rows: On which rows of each symbol the strategy has something to decide, rising.
        feed: The steps.
        clock: Where the run stands.
        journal: What has happened.
        broker: What may happen to orders.
        symbols: How far each symbol has come; put before the step that comes, where some are left out.
        digits_beyond: Returns, for a symbol, the digits of its prices and how many ticks beyond a limit they must go.
        next_action: Returns the next step in which a corporate action is due; one beyond the last where none is.

    Attributes:
        until: The step that whoever runs the loop wants to stand on; it passes those on which nothing can happen.
    """

    def __init__(
        self,
        rows: Mapping[str, pl.Series],
        feed: Feed,
        clock: Clock,
        journal: Journal,
        broker: BacktestBroker,
        symbols: Mapping[str, SymbolRow],
        digits_beyond: Callable[[str], tuple[int, int]],
        next_action: Callable[[], int],
    ) -> None:
        self._feed, self._clock, self._journal, self._broker = feed, clock, journal, broker
        self._symbols, self._digits_beyond, self._next_action = symbols, digits_beyond, next_action
        self._last = len(feed) - 1
        self._steps = _steps_of(rows, feed)  # on which the strategy has something to decide
        self._at = 0  # how many of these are over
        self._is_named = False  # whether the present step is one
        self._facts = 0  # how many there were as the present step began
        self._touches: dict[str, tuple[Pyramid, Pyramid]] = {}
        self.until = 0

    def __iter__(self) -> Iterator[int]:
        """Return itself: there is one way through a run."""
        return self

    def __next__(self) -> int:
        """Return the next step to execute."""
        step = self._clock.step + 1
        if step > self._last:
            raise StopIteration
        wanted = min(self.until, self._last)
        if step < wanted:
            due = self._next_due(step, wanted)
            if due > step:
                self._pass_over(due)
                step = due
        self._at = bisect_left(self._steps, step, self._at)
        self._is_named = self._at < len(self._steps) and self._steps[self._at] == step
        self._facts = len(self._journal)
        return step

    def heeding(self, on_bar: Callable[[Now], object]) -> Callable[[Now], object]:
        """Return an `on_bar` that is left out on steps that were not named and in which no order has changed."""

        def call(now: Now) -> None:
            if self._is_named or len(self._journal) > self._facts:
                on_bar(now)

        return call

    def _next_due(self, step: int, wanted: int) -> int:
        """Return the first step from one on in which something can happen; at most the one that is wanted."""
        if self._broker.requests or not step:
            return step
        at = bisect_left(self._steps, step, self._at)
        due = min(wanted, self._next_action(), self._steps[at] if at < len(self._steps) else wanted)
        end = self._broker.lifecycle.lifetimes.next_end()
        if end is not None:
            due = min(due, bisect_left(self._feed.times, end, step))
        for symbol in self._broker.tracker.symbols:
            if due == step:
                break
            due = min(due, self._next_met(symbol, step, due))
        return max(due, step)

    def _next_met(self, symbol: str, step: int, due: int) -> int:
        """Return the first step from one on in which a bar can concern an open order of a symbol; `due` for none."""
        place = self._feed.places[symbol]
        row = self._feed.row_at(place, step - 1) + 1
        book = self._broker.lifecycle.books[symbol]
        book.lay_all_aside(*self._digits_beyond(symbol))
        found = row if book else self._next_reached(book, symbol, row)
        return due if found >= len(self._feed.bars[place]) else self._feed.step_at(place, found)

    def _next_reached(self, book: OpenBook, symbol: str, row: int) -> int:
        lows, highs = self._touched(symbol)
        found = _NO_ROW
        if book.highest_fall is not None:
            first = lows.first_at_most(book.highest_fall, row)
            found = _NO_ROW if first is None else first
        if book.lowest_rise is not None:
            first = highs.first_at_most(-book.lowest_rise, row)
            found = found if first is None else min(found, first)
        return found

    def _touched(self, symbol: str) -> tuple[Pyramid, Pyramid]:
        if symbol not in self._touches:
            frame = self._feed.bars[self._feed.places[symbol]].frame
            self._touches[symbol] = Pyramid(frame["low_ticks"]), Pyramid(-frame["high_ticks"])
        return self._touches[symbol]

    def _pass_over(self, step: int) -> None:
        """Have every symbol stand where it does at the end of the step before one."""
        for symbol, at in self._symbols.items():
            at.row = self._feed.row_at(self._feed.places[symbol], step - 1)


def _steps_of(rows: Mapping[str, pl.Series], feed: Feed) -> Sequence[int]:
    """Return the steps of some rows of each symbol, rising."""
    times = [feed.bars[feed.places[symbol]].frame["time"].gather(of_symbol) for symbol, of_symbol in rows.items()]
    named: list[int] = feed.stamps.search_sorted(pl.concat(times).unique().sort()).to_list()
    return named
