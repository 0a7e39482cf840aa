"""Bridge: facts of the core -> whether any came since the last picture.

It counts those of the journal. A listener would have the value of each fact made, for nobody to look at.
"""

from core.backtest.journal import Journal


class Bridge:
    """Looks at the facts of a run.

    Args:
        journal: The facts.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._seen = len(journal)

    def take_news(self) -> bool:
        """Say whether there are others than when this was asked last."""
        seen, self._seen = self._seen, len(self._journal)
        return seen != self._seen
