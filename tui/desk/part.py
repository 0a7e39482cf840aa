"""What the parts of the desk have in common: the run that is looked at, dialogs, and the way to a place."""

from collections.abc import Callable

from attrs import define
from textual.screen import Screen

from core.bars import written_time
from core.errors import FillstepError
from core.replay.cursor import Cursor
from core.text import clean
from tui.host import DeskHost, ResultT
from tui.session import Session


@define(eq=False)
class Part:
    """Answers some of what is asked of the run that is looked at."""

    _host: DeskHost

    @property
    def session(self) -> Session:
        """The run that is looked at."""
        return self._host.session

    @property
    def cursor(self) -> Cursor:
        """Where in it one stands."""
        return self.session.timeline.cursor

    def go(self, cursor: Cursor, message: str = "") -> None:
        """Go to a place, and say something there or nothing."""
        self.session.timeline.seek(cursor)
        self._host.show(clean(message))

    def put(self, screen: Screen[ResultT | None], then: Callable[[ResultT], object]) -> None:
        """Show a dialog, and call with its answer where there is one; what cannot be is said."""

        def take(answer: ResultT | None) -> None:
            if answer is not None:
                said(self._host, lambda: then(answer))

        self._host.put(screen, take)

    def work(self, what: str, job: Callable[[], ResultT], then: Callable[[ResultT], object]) -> None:
        """Do what may take long, while the run stands still, and then something with what it returns."""
        self.session.runner.pause()
        self._host.do(what, job, then)

    def time(self, cursor: Cursor) -> str:
        """Write the time of a place; a dash before the first bar."""
        return "-" if cursor.step < 0 else written_time(self.session.run.feed.time(cursor.step))


def said(host: DeskHost, action: Callable[[], object]) -> None:
    """Do something; where it cannot be done, say why."""
    try:
        action()
    except FillstepError as error:
        host.show(clean(str(error)))
