"""Which bars orders meet in a step: the bar of a symbol, or the finer ones that stand for it (rule R3)."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import polars as pl
from attrs import field, frozen

from core.backtest.feed import Feed
from core.backtest.subbars import Subbars
from core.bars import Bars
from core.execution.market_simulator import MarketSimulator
from core.execution.open_book import Reach
from core.execution.path import PathRule
from core.execution.standing_bar import StandingBar
from core.instrument import Instrument
from core.money import EXACT

Parts: TypeAlias = Sequence[StandingBar]
"""The bars that stand for one bar of a symbol, one after the other; most often that bar alone."""

_Extremes: TypeAlias = tuple[pl.Series | Sequence[int], pl.Series | Sequence[int], int, int]
"""The lows and the highs of a symbol, the digits of its prices, and how far beyond a limit they must go."""


@frozen
class BarStand:
    """Makes the bars that orders are matched against, their paths not yet walked.

    Args:
        feed: The bars of the run.
        subbars: The finer bars of some.
        simulator: Says whether these count, and how much volume may fill.
        instruments: The units of each symbol.
    """

    _feed: Feed
    _subbars: Subbars
    _simulator: MarketSimulator
    _instruments: Mapping[str, Instrument]
    _extremes: dict[str, _Extremes] = field(factory=dict, init=False)

    def reach(self, symbol: str, row: int) -> Reach:
        """Return how far the prices of a row of a symbol reach; no finer bar reaches beyond that."""
        lows, highs, digits, beyond = self._extremes.get(symbol) or self._find_extremes(symbol)
        return lows[row], highs[row], digits, beyond

    def units(self, symbol: str) -> tuple[int, int]:
        """Return the digits after the point of a symbol's prices, and how many ticks beyond a limit they must go."""
        _, _, digits, beyond = self._extremes.get(symbol) or self._find_extremes(symbol)
        return digits, beyond

    def _find_extremes(self, symbol: str) -> _Extremes:
        bars = self._feed.bars[self._feed.places[symbol]]
        beyond = self._simulator.beyond(self._stand_on(bars, 0, 0))
        extremes = (bars.column("low_ticks"), bars.column("high_ticks"), bars.digits, beyond)
        self._extremes[symbol] = extremes
        return extremes

    def parts(self, symbol: str, row: int, step: int) -> Parts:
        """Return what stands for a row of a symbol in a step."""
        finer = self._subbars.of_row(symbol, row) if self._simulator.path_rule is PathRule.SUBBARS else None
        if finer is None:
            bars = self._feed.bars[self._feed.places[symbol]]
            return [self._stand_on(bars, row, step)]
        bars, rows = finer
        parts = [self._stand_on(bars, one, step) for one in rows]
        for part, (row_of_part, bar) in enumerate(zip(rows, parts, strict=True)):
            bar.part, bar.ends_at = part, bars.times[row_of_part]
        return parts

    def closing(self, parts: Parts, row: int, step: int) -> StandingBar:
        """Return the bar whose close ends a step: the row itself, with the volume that its last part has left."""
        last = parts[-1]
        if not last.ends_at:
            return last
        bar = self._stand_on(self._feed.bars[self._feed.places[last.symbol]], row, step)
        bar.part, bar.pool, bar.whole_pool, bar.volume = last.part, last.pool, last.whole_pool, last.volume
        return bar

    def _stand_on(self, bars: Bars, row: int, step: int) -> StandingBar:
        instrument = self._instruments[bars.symbol]
        bar = StandingBar.of_row(bars, row, _tick_of(bars, instrument), self._feed.time(step))
        self._simulator.open_pool(bar, instrument.quantity_step)
        return bar


def _tick_of(bars: Bars, instrument: Instrument) -> int:
    """Return the tick of a symbol in units of the digit of its bars, at least 1."""
    tick = instrument.tick_size
    return 1 if tick is None or tick == bars.unit else max(1, int(tick.scaleb(bars.digits, EXACT)))


def in_rounds(parts_of: Mapping[str, Parts]) -> list[dict[str, StandingBar]]:
    """Return the bars of several symbols in the order in which they are walked: finer ones by when they end.

    What is no finer bar is walked in the first round.
    """
    rounds: dict[int, dict[str, StandingBar]] = {}
    for symbol, parts in parts_of.items():
        for bar in parts:
            rounds.setdefault(bar.ends_at, {})[symbol] = bar
    return [rounds[ends_at] for ends_at in sorted(rounds)] if len(rounds) > 1 else list(rounds.values())
