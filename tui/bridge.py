"""Bridge: facts of the core -> whether anything was announced since the last picture.

It only takes note: it formats nothing and cannot fail, because what a handler raises stops the step.
"""

from core.backtest.loop import Backtest
from core.events import Event
from core.replay.run import Run


class Bridge:
    """Listens to the portfolio and the broker of a run; one that was recorded announces nothing."""

    def __init__(self, run: Run) -> None:
        self._has_news = False
        if isinstance(run, Backtest):
            run.portfolio.subscribe(self._note)
            run.broker.subscribe(self._note)

    def take_news(self) -> bool:
        """Say whether anything was announced since this was asked last."""
        had_news, self._has_news = self._has_news, False
        return had_news

    def _note(self, _event: Event) -> None:
        self._has_news = True
