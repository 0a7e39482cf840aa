"""A run as it would be recorded, for tests that need no file."""

from collections.abc import Sequence

from core.backtest.journal import Row
from core.backtest.loop import Backtest
from core.replay.recorded_run import RecordedRun


def recorded(run: Backtest, rows: Sequence[Row] | None = None) -> RecordedRun:
    """Return the record of a run; with other facts, where these are given."""
    return RecordedRun.of(
        run.bars,
        run.subbars,
        run.settings,
        run.journal.rows if rows is None else rows,
        step_count=run.step_count,
        strategy_name=run.strategy_name,
    )
