"""Session: one run that is looked at, with all that belongs to it; a branch is another one beside its parent's."""

from attrs import define, field

from core.backtest.loop import Backtest
from core.errors import FillstepError
from core.replay.branch import Branch
from core.replay.breakpoints import Breakpoints, read_condition
from core.replay.cursor import Cursor
from core.replay.manifest import Bookmark, Place
from core.replay.recorder import Recorder
from core.replay.recording import Recording
from core.replay.reexecution import Reexecution
from core.replay.run import Run, executable
from core.replay.search import Search
from core.replay.timeline import Timeline
from tui.bridge import Bridge
from tui.runner import Runner
from tui.scene import Scene
from tui.strategy_text import StrategyCalls


@define(eq=False)
class Session:
    """A run, where in it one stands, and what drives it.

    Attributes:
        run: The run.
        runner: Executes its steps.
        scene: How it is written.
        bridge: Says whether facts came since the last picture.
        breakpoints: Where it stops.
        bookmarks: Places by the letter they were given, each with a note.
        branch: How it came about, where it is a branch.
        recording: What it was opened from, where it was recorded before.
        recorder: What writes it to disk, where something does.
        wanted: The step at which it was asked what the strategy was, where that takes long to find out.
    """

    run: Run
    runner: Runner
    branch: Branch | None = None
    scene: Scene = field(init=False)
    bridge: Bridge = field(init=False)
    breakpoints: Breakpoints = field(init=False)
    bookmarks: dict[str, tuple[Cursor, str]] = field(factory=dict)
    _again: Reexecution | None = field(default=None, init=False)
    recording: Recording | None = field(default=None, init=False)
    recorder: Recorder | None = field(default=None, init=False)
    _recorded_bookmarks: dict[str, tuple[Cursor, str]] = field(factory=dict, init=False)
    wanted: int | None = field(default=None, init=False)
    _failed: tuple[int, FillstepError] | None = field(default=None, init=False)  # at which step, and by what
    _searches: dict[str, Search] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Stand at the head of the run."""
        self.scene, self.bridge = Scene(self.run), Bridge(self.run.journal)
        self.breakpoints = Breakpoints(self.timeline)
        self.timeline.seek(self.timeline.head)
        self.runner.record = self.record
        self.runner.keep_up = self.scene.read_on

    @property
    def timeline(self) -> Timeline:
        """Its moments, and where one stands."""
        return self.scene.timeline

    @property
    def backtest(self) -> Backtest:
        """The run, to be executed or run again.

        Raises:
            InputError: It was recorded.
        """
        return executable(self.run)

    @property
    def is_recorded(self) -> bool:
        """Whether it was recorded, so that nothing of it can be executed."""
        return not isinstance(self.run, Backtest)

    @property
    def error(self) -> FillstepError | None:
        """What has stopped it, if anything did."""
        return self.runner.error

    @property
    def steps_with_bookmarks(self) -> dict[int, str]:
        """The letters of the bookmarks by their steps."""
        return {cursor.step: letter for letter, (cursor, _) in self.bookmarks.items()}

    def search(self, condition: str) -> Search:
        """Return the search for a condition, kept so that it looks at each step once.

        Raises:
            InputError: It cannot be read.
        """
        found = self._searches.get(condition)
        if found is None:
            found = Search(self.timeline, read_condition(condition, self.run.feed.places))
            self._searches[condition] = found
        return found

    def known_calls(self, step: int) -> StrategyCalls | None:
        """Return what `calls` does where that takes no time; else None, and it is wanted.

        Raises:
            FillstepError: That was raised when it was found out.
        """
        if self._failed is not None and self._failed[0] == step:
            raise self._failed[1]
        if step < 0 or (self._rerun.is_near(step) and self._rerun.is_near(step - 1)):
            return self.calls(step)
        self.wanted = step
        return None

    def find_calls(self, step: int) -> None:
        """Run again to a step, so that what the strategy was there is known; what that raises is kept."""
        self.wanted = self._failed = None
        try:
            self.calls(step)
        except FillstepError as error:
            self._failed = (step, error)

    def calls(self, step: int) -> StrategyCalls:
        """Return what the strategy was at the end of a step, and of the step before.

        Raises:
            FillstepError: It does something else when it is run again, or cannot be run again.
        """
        before = self._rerun.at(step - 1) if step >= 0 else None
        return self._rerun.at(step), before

    @property
    def _rerun(self) -> Reexecution:
        if self._again is None:
            self._again = Reexecution(self.backtest)
        return self._again

    def record(self) -> None:
        """Write to the recording, where there is one, what is new: between two steps, after a command, a bookmark."""
        if self.recorder is None:
            return
        self.recorder.write()
        if self.bookmarks != self._recorded_bookmarks:
            self._keep_places()

    def end_recording(self) -> None:
        """Write what is left, with the place where one stands, at which the recording opens."""
        if self.recorder is not None:
            self._keep_places()
            self.recorder.finish("" if self.error is None else str(self.error))

    def _keep_places(self) -> None:
        marks = sorted(self.bookmarks.items())
        bookmarks = [Bookmark(letter, *cursor, note) for letter, (cursor, note) in marks]
        if self.recorder is not None:
            self.recorder.keep_places(bookmarks, Place(*self.timeline.cursor))
        self._recorded_bookmarks = dict(self.bookmarks)
