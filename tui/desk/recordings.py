"""Recordings: runs that are written to disk as they go on."""

from attrs import define, field

from core.replay.recorder import Recorder
from core.text import clean
from tui.desk.part import Part
from tui.session import Session


@define(eq=False)
class Recordings(Part):
    """Begins recordings, and ends all of them when the screen is left.

    Attributes:
        _sessions: The runs that are recorded.
    """

    _sessions: list[Session] = field(factory=list, init=False)

    def record(self, name: str) -> None:
        """Write the run that is looked at to a folder, and go on as it goes on.

        Raises:
            InputError: It was recorded before, and is only looked at.
            RecordingError: The folder is there already, or cannot be written.
        """
        session, run = self.session, self.session.backtest
        if session.recorder is not None and session.recorder.stopped is None:
            self._host.show(f"this run is recorded already, to {clean(str(session.recorder.path))}")
            return
        self.work("recording", lambda: Recorder(run, name), lambda made: self._begin(session, made))

    def _begin(self, session: Session, recorder: Recorder) -> None:
        session.recorder = recorder
        self._sessions.append(session)
        session.record()
        self._host.show(f"recording to {clean(str(recorder.path))}, until the screen is left")

    def end(self) -> list[str]:
        """Write what is left, and return what could not be written, one line each."""
        for session in self._sessions:
            session.end_recording()
        return [one.recorder.stopped for one in self._sessions if one.recorder and one.recorder.stopped]
