"""What the screen does for those who act on a run: `Travel` moves in it, and `Desk` asks of it."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from textual.screen import Screen

from core.replay.branch import Branch
from core.replay.run import Run
from tui.messages import PaneName
from tui.runner import Condition
from tui.session import Session

ResultT = TypeVar("ResultT")


class Host(Protocol):
    """What the screen does for those who act on it."""

    @property
    def session(self) -> Session:
        """The run that is looked at."""
        ...

    def show(self, message: str = "") -> None:
        """Show everything as it is now, with a message or none."""
        ...

    def explain(self, order_id: int | None) -> None:
        """Explain an order; with none, what happened where one stands."""
        ...

    def look_at(self, symbol: str | None) -> None:
        """Show the bars of a symbol; of none, those that are shown."""
        ...

    def do(self, what: str, job: Callable[[], ResultT], then: Callable[[ResultT], object]) -> None:
        """Do what may take long, and then something with what it returns; errors of both are shown."""
        ...

    def play(self, advance: Callable[[], bool], then: Callable[[], object]) -> None:
        """Advance at the speed that was chosen until that says no, or a key pauses; and then do something."""
        ...

    def run_until(self, until: Condition, then: Callable[[], object]) -> None:
        """Execute steps until a condition holds after one, and then do something."""
        ...


class DeskHost(Host, Protocol):
    """What the screen does for the desk, besides what it does for who travels."""

    @property
    def focused_name(self) -> PaneName:
        """The pane that has the focus."""
        ...

    @property
    def selected(self) -> tuple[str | None, object]:
        """What the row of the focused list is about: its symbol, and what it stands for; of a chart, the step."""
        ...

    @property
    def explained_order(self) -> int | None:
        """The order that was chosen to be explained."""
        ...

    def open_branch(self, session: Session) -> None:
        """Look at a branch of the run."""
        ...

    def other_session(self) -> Session | None:
        """Return the parent of a branch, or the branch of a parent; None where there is none."""
        ...

    def swap(self) -> None:
        """Look at the other run."""
        ...

    def new_session(self, run: Run, branch: Branch) -> Session:
        """Return a session of a run."""
        ...

    def put(self, screen: Screen[ResultT], then: Callable[[ResultT | None], object]) -> None:
        """Show a dialog, and call with its answer."""
        ...

    def leave_screen(self, work: Callable[[], object]) -> None:
        """Give the terminal back while something works there."""
        ...

    @property
    def themes(self) -> Sequence[str]:
        """The names of the sets of colors."""
        ...

    def set_theme(self, name: str) -> None:
        """Show other colors."""
        ...

    def act(self, call: str) -> None:
        """Do an action of the registry, once what is under way is done."""
        ...

    def work(self, job: Coroutine[Any, Any, object]) -> None:
        """Let something go on beside the screen."""
        ...

    def leave(self) -> None:
        """Quit."""
        ...
