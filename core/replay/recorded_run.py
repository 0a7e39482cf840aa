"""RecordedRun: a run as it was recorded. It is read as any run is, and nothing of it can be executed."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from attrs import frozen

from core.backtest.feed import Feed
from core.backtest.journal import Journal, Row
from core.backtest.loop import instrument_of, make_simulator, with_tick
from core.backtest.settings import Settings
from core.backtest.standing import BarStand
from core.backtest.subbars import Subbars
from core.bars import Bars
from core.clock import Clock
from core.execution.market_simulator import MarketSimulator


@frozen(eq=False)
class RecordedRun:
    """A run that is over where its record ends: bars and facts, without a strategy. It satisfies `Run`.

    Attributes:
        feed: The steps.
        journal: What happened.
        settings: What it was told besides its bars and its strategy.
        simulator: What its orders were matched by.
        bar_stand: What they were matched against.
        step_count: How many steps were executed.
        length: How many steps there were, executed or not.
        strategy_name: What its strategy is called.
    """

    feed: Feed
    journal: Journal
    settings: Settings
    simulator: MarketSimulator
    bar_stand: BarStand
    step_count: int
    length: int
    strategy_name: str

    @classmethod
    def of(
        cls,
        bars: Sequence[Bars],
        subbars: Sequence[Bars],
        settings: Settings,
        rows: Sequence[Row],
        *,
        step_count: int,
        strategy_name: str,
        length: int | None = None,
    ) -> Self:
        """Make one of what was recorded.

        Args:
            bars: The bars of each symbol, at least up to the last step.
            subbars: Finer bars of some.
            settings: What else it was told.
            rows: The facts, in order.
            step_count: How many steps were executed.
            strategy_name: What its strategy is called.
            length: How many steps there were, executed or not; those of the bars where it is not given.

        Raises:
            BarDataError: No bars, two of one symbol, or finer ones that do not belong to them.
        """
        feed = Feed([with_tick(one, settings) for one in bars])
        journal = Journal(Clock())
        journal.rows = list(rows)
        simulator = make_simulator(settings)
        instruments = {one.symbol: instrument_of(one, settings) for one in feed.bars}
        stand = BarStand(feed, Subbars(feed.bars, subbars), simulator, instruments)
        steps = len(feed) if length is None else length
        return cls(feed, journal, settings, simulator, stand, step_count, steps, strategy_name)

    @property
    def is_over(self) -> bool:
        """Nothing follows its last step."""
        return True

    def indicators_at(self, symbol: str, row: int) -> Mapping[str, Any]:  # noqa: ARG002 - as of any run
        """Return none: what a strategy computes of its bars is not recorded."""
        return {}
