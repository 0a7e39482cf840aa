"""Run: what may be read of a run, be it one that goes on or one that was recorded."""

from collections.abc import Mapping
from typing import Any, Protocol

from core.backtest.feed import Feed
from core.backtest.journal import Journal
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.standing import BarStand
from core.errors import InputError
from core.execution.market_simulator import MarketSimulator


class Run(Protocol):
    """What may be read of a run: all that its moments, its searches and its pictures are made of."""

    @property
    def feed(self) -> Feed:
        """The steps."""
        ...

    @property
    def journal(self) -> Journal:
        """What happened, so far."""
        ...

    @property
    def settings(self) -> Settings:
        """What it was told besides its bars and its strategy."""
        ...

    @property
    def simulator(self) -> MarketSimulator:
        """What its orders are matched by."""
        ...

    @property
    def bar_stand(self) -> BarStand:
        """What they are matched against."""
        ...

    @property
    def step_count(self) -> int:
        """How many steps were executed."""
        ...

    @property
    def length(self) -> int:
        """How many steps there are, executed or not."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether no step will be executed any more."""
        ...

    @property
    def strategy_name(self) -> str:
        """What its strategy is called."""
        ...

    def indicators_at(self, symbol: str, row: int) -> Mapping[str, Any]:
        """Return the strategy's indicators at a row of a symbol, by name; none where they are not known."""
        ...


def executable(run: Run) -> Backtest:
    """Return a run, to be executed or run again.

    Raises:
        InputError: It was recorded: there are no strategy and no bars after it.
    """
    if isinstance(run, Backtest):
        return run
    raise InputError("a recorded run is only looked at; `fillstep open STRATEGY` executes one")
