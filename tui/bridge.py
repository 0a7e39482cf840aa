"""Bridge: facts of the core -> which panes no longer show what is so.

It only takes note: it formats nothing and cannot fail, because what a handler raises stops the step.
"""

from typing import Final

from core.backtest.loop import Backtest
from core.events import Event, OrderEvent, OrderFilled, PathAmbiguous
from tui.messages import TITLES, PaneName

FOLLOW_THE_CLOCK: Final[frozenset[PaneName]] = frozenset(
    {"price", "positions", "orders", "pnl", "explain", "timeline", "strategy"}
)
"""What changes with each step, even where nothing happens: bars, marks, and why an open order does not fill."""

_OF_A_FILL: Final = frozenset(TITLES)
_OF_AN_ORDER: Final[frozenset[PaneName]] = frozenset({"orders", "events"})
_OF_A_PATH: Final[frozenset[PaneName]] = frozenset({"events"})
_OF_THE_BOOKS: Final[frozenset[PaneName]] = frozenset({"positions", "pnl", "events"})


class Bridge:
    """Listens to the portfolio and the broker of a run."""

    def __init__(self, run: Backtest) -> None:
        self._dirty: set[PaneName] = set()
        run.portfolio.subscribe(self._note)
        run.broker.subscribe(self._note)

    def take_dirty(self) -> set[PaneName]:
        """Return the panes that facts have changed since this was asked last."""
        dirty, self._dirty = self._dirty, set()
        return dirty

    def _note(self, event: Event) -> None:
        self._dirty |= _panes_of(event)


def _panes_of(event: Event) -> frozenset[PaneName]:
    if isinstance(event, OrderFilled):
        return _OF_A_FILL
    if isinstance(event, PathAmbiguous):
        return _OF_A_PATH
    return _OF_AN_ORDER if isinstance(event, OrderEvent) else _OF_THE_BOOKS
