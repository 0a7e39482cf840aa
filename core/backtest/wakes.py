"""Wakes: which steps a run takes where its strategy says when it has something to decide.

Such a run goes from one step on which something can happen to the next: a row that the strategy named, a bar that an
open order can meet, the end of a life, a split or a dividend, the last bar; and the first of a window, where bars are
read in windows. In between nothing would have been recorded. It is one loop: a run step by step stands on the steps in
between too, and calls the strategy on none of them.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

import polars as pl

from core.backtest.feed import Feed
from core.backtest.journal import Journal
from core.backtest.pyramid import Pyramid
from core.backtest.strategy import Now, SymbolRow
from core.clock import Clock
from core.execution.broker import BacktestBroker
from core.execution.open_book import OpenBook

_NO_ROW: Final = 2**63 - 1

Touched: TypeAlias = tuple[int, Pyramid, Pyramid]
"""A row of a symbol, and from it on its lows, and its highs with their signs turned."""


class Span(NamedTuple):
    """Steps that lie one after the other: all of a run, or those of a window.

    Attributes:
        named: Those on which the strategy has something to decide, rising.
        end: The step after the last.
        touched: Returns the prices of a symbol, to be searched.
    """

    named: Sequence[int]
    end: int
    touched: Callable[[str], Touched]

    @classmethod
    def of_rows(cls, rows: Mapping[str, pl.Series], feed: Feed) -> "Span":
        """Return the steps of a whole run.

        Args:
            rows: On which rows of each symbol the strategy has something to decide, rising.
            feed: The steps.
        """
        found: dict[str, Touched] = {}

        def touched(symbol: str) -> Touched:
            if symbol not in found:
                found[symbol] = touched_in(feed.bars[feed.places[symbol]].frame)
            return found[symbol]

        return cls(_steps_of(rows, feed), len(feed), touched)


def touched_in(frame: pl.DataFrame, first: int = 0) -> Touched:
    """Return the prices of some rows of a symbol, to be searched from a first row on."""
    return first, Pyramid(frame["low_ticks"]), Pyramid(-frame["high_ticks"])


class Wakes:
    """The steps of a run, one after the other, as the loop asks for them.

    Args:
        span_at: Returns the span that a step lies in.
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
        span_at: Callable[[int], Span],
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
        self._span_at, self._span = span_at, span_at(0)
        self._at = 0  # how many of its named steps are over
        self._is_named = False  # whether the present step is one
        self._facts = 0  # how many there were as the present step began
        self.until = 0

    def __iter__(self) -> Iterator[int]:
        """Return itself: there is one way through a run."""
        return self

    def __next__(self) -> int:
        """Return the next step to execute."""
        step = self._clock.step + 1
        if step > self._last:
            raise StopIteration
        self._enter(step)
        wanted = min(self.until, self._last, self._span.end)
        if step < wanted:
            due = self._next_due(step, wanted)
            if due > step:
                self._pass_over(due)
                step = due
                self._enter(step)
        named = self._span.named
        self._at = bisect_left(named, step, self._at)
        self._is_named = self._at < len(named) and named[self._at] == step
        self._facts = len(self._journal)
        return step

    def _enter(self, step: int) -> None:
        if step >= self._span.end:
            self._span, self._at = self._span_at(step), 0

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
        named = self._span.named
        at = bisect_left(named, step, self._at)
        due = min(wanted, self._next_action(), named[at] if at < len(named) else wanted)
        end = self._broker.lifecycle.lifetimes.next_end()
        if end is not None:
            due = bisect_left(self._feed.times, end, step, due)
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
        first, lows, highs = self._span.touched(symbol)
        fall = None if book.highest_fall is None else lows.first_at_most(book.highest_fall, row - first)
        rise = None if book.lowest_rise is None else highs.first_at_most(-book.lowest_rise, row - first)
        return min((first + found for found in (fall, rise) if found is not None), default=_NO_ROW)

    def _pass_over(self, step: int) -> None:
        """Have every symbol stand where it does at the end of the step before one."""
        for symbol, at in self._symbols.items():
            at.row = self._feed.row_at(self._feed.places[symbol], step - 1)


def _steps_of(rows: Mapping[str, pl.Series], feed: Feed) -> Sequence[int]:
    """Return the steps of some rows of each symbol, rising."""
    times = [feed.bars[feed.places[symbol]].frame["time"].gather(of_symbol) for symbol, of_symbol in rows.items()]
    named: list[int] = feed.stamps.search_sorted(pl.concat(times).unique().sort()).to_list()
    return named
