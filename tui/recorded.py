"""A run without a screen that is recorded as it goes on, where that is asked for."""

from collections.abc import Iterable

from core.backtest.loop import Backtest
from core.replay.manifest import Expected
from core.replay.recorder import Recorder


class Recording:
    """Writes a run to disk while one is inside; with no name, nothing.

    Args:
        run: The run, before its first step.
        name: The folder; None to record nothing.
        expected: What balances are to be.

    Raises:
        RecordingError: The folder is there already, or cannot be written.
    """

    def __init__(self, run: Backtest, name: str | None, expected: Iterable[Expected] = ()) -> None:
        self._recorder = None if name is None else Recorder(run, name, expected=expected)
        self.between = None if self._recorder is None else self._recorder.write

    @property
    def stopped(self) -> str | None:
        """Why nothing more could be written; None where all was."""
        return None if self._recorder is None else self._recorder.stopped

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _at: object) -> None:
        """Write what is left, also of a run that an error has stopped."""
        if self._recorder is not None:
            self._recorder.finish("" if error is None else str(error) or type(error).__name__)
