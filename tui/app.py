"""FillstepApp: composes the panes, and joins keys, runner and view."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

import attrs
from textual import events
from textual.app import App, ComposeResult, SuspendNotSupported, SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.containers import Vertical
from textual.filter import LineFilter
from textual.screen import Screen

from core.errors import FillstepError, InputError
from core.replay.branch import Branch
from core.replay.cursor import Cursor
from core.replay.opened import Opened
from core.replay.run import Run
from core.replay.timeline import Timeline
from core.text import clean
from tui.actions import actions_of, in_force
from tui.ascii import AsciiFilter
from tui.branching import told
from tui.desk.desk import Desk
from tui.endings import ending, error_text
from tui.keys import Scope, bindings
from tui.messages import FilterRequested, PaneName, RowSelected, SeekRequested
from tui.panes import PANES
from tui.panes.footer import FooterLine
from tui.panes.list_pane import ListPane
from tui.panes.pane import Pane, Place
from tui.panes.status import StatusLine
from tui.panes.telling import Notice, TellingPane
from tui.runner import SLICE_SECONDS, YIELDS, Condition, Runner
from tui.screens.help import HelpScreen
from tui.screens.listing import ListingScreen
from tui.screens.palette import Palette
from tui.screens.parts import Dialog, PartsScreen
from tui.screens.prompt import FILTER_EXAMPLES, PromptScreen
from tui.screens.working import WorkingScreen
from tui.session import Session
from tui.settings import Ascii, Layout, UserSettings
from tui.shown import Selection, State
from tui.slices import Slices
from tui.themes import THEMES
from tui.travel import Travel
from tui.view import FrameView
from tui.widgets.columns import Column
from tui.widgets.rows import Row

ResultT = TypeVar("ResultT")

PATIENCE_SECONDS: Final = 0.05
"""What takes longer shows how far it has come."""
WIDE: Final = 110
"""Columns from which on the panes have the wide layout."""
_WIDE_FROM: Final = {Layout.AUTO: WIDE, Layout.WIDE: 0, Layout.NARROW: sys.maxsize}
HIGH: Final = 30
"""Rows from which on the timeline has a line for the drawdown."""
LEAST_COLUMNS: Final = 80
LEAST_ROWS: Final = 24
"""The smallest screen with more than one pane is so many columns and rows."""
LONGEST_PASTE: Final = 1_000
"""What is pasted is a line; it is cut after so many characters."""
_DEFAULTS: Final = UserSettings()
_FIRST_SHARED: Final = next(kind.NAME for kind in PANES if kind.PLACE is Place.SHARED)
_TEXT: Final = Column("", 20, grow=True)
_SMALL = f"{LEAST_COLUMNS}x{LEAST_ROWS} shows all panes, tab the next"


class MainScreen(PartsScreen[None], inherit_bindings=False):
    """The screen under all others; its keys are those of the registry, and no others."""


class FillstepApp(App[None]):
    """The screen of one run."""

    TITLE = "Fillstep"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(actions_of(Scope.APP))
    VERTICAL_BREAKPOINTS = [(0, "-low"), (HIGH, "-high")]  # noqa: RUF012 - typed where it is declared
    ALLOW_IN_MAXIMIZED_VIEW = "#status, #bottom"
    ESCAPE_TO_MINIMIZE = False

    def __init__(
        self,
        run: Run,
        error: FillstepError | None = None,
        settings: UserSettings = _DEFAULTS,
        place: Cursor | None = None,
    ) -> None:
        """Show a run where it stands.

        Args:
            run: A run, at its start or after any number of steps.
            error: What has stopped it already, if anything did.
            settings: How a person wants the screen.
            place: Where one stands to begin with; at the head where it is not given.

        Raises:
            InputError: The place is not in what was recorded.
        """
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = settings.theme
        self.actions = in_force(settings.keymap)
        self.set_keymap({name: ",".join(keys) for name, keys in settings.keymap.items()})
        self._wide_from = _WIDE_FROM[settings.layout]
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (self._wide_from, "-wide")]
        self._last_filters = [AsciiFilter()] if settings.ascii is Ascii.ALWAYS else []
        self.session = Session(run, Runner(run, partial(self._show_head, run), error))
        self.session.runner.speed = settings.speed
        if place is not None:
            self.session.timeline.seek(place)
        self._other: Session | None = None
        self._selection = Selection(newest_symbol(self.session.timeline))
        self._message = ""
        self._at_head: Session | None = None  # whose head is shown, where one is
        self._then: Callable[[], object] = self.show
        self._main_pane: PaneName = PANES[0].NAME
        self._is_zoomed = self._is_small = self._is_wide = False
        self._lower = _FIRST_SHARED  # of those that share a place, the one that is seen
        self._panes: dict[PaneName, Pane] = {kind.NAME: kind() for kind in PANES}
        self._status = StatusLine()
        self._telling = [pane for pane in self._panes.values() if isinstance(pane, TellingPane)]
        self._footer = FooterLine()
        self._travel = Travel(self)
        self._desk = Desk(self, self._travel)

    @classmethod
    def of_recording(cls, opened: Opened, settings: UserSettings = _DEFAULTS) -> "FillstepApp":
        """Show a recorded run where it was left, with the places that were marked in it."""
        recording = opened.recording
        app = cls(opened.run, settings=settings, place=recording.opens_at)
        app.session.recording = recording
        app.session.bookmarks |= {one.letter: (one.cursor, one.note) for one in recording.manifest.bookmarks}
        return app

    @property
    def error(self) -> FillstepError | None:
        """What has stopped the run, if anything did."""
        return self.session.error

    @property
    def failure(self) -> Exception | None:
        """What has ended the screen, if it broke."""
        return self._exception

    def _fatal_error(self) -> None:
        """Leave the screen: who started it says why. Textual would write all that was there, a whole run perhaps."""
        self._close_messages_no_wait()

    def get_default_screen(self) -> Screen[None]:
        """Return the screen that the panes are laid out on."""
        width, height = self.size
        classes = ("-wide" if width >= self._wide_from else "-narrow", "-high" if height >= HIGH else "-low")
        return MainScreen(id="_default", classes=" ".join(classes))

    def compose(self) -> ComposeResult:
        """Lay out the status, the panes, and the last lines."""
        yield self._status
        panes = self._panes.values()
        yield from (pane for pane in panes if pane.PLACE is not Place.BOTTOM)
        yield Vertical(*(pane for pane in panes if pane.PLACE is Place.BOTTOM), self._footer, id="bottom")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 - all from any
        """Offer the registry's actions in the palette."""
        for action in self.actions:
            if action.in_palette:
                yield SystemCommand(action.help, action.keys_text, partial(self.run_action, action.call))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what is done to each line before it is painted: Textual's filters, and ours after them."""
        return [*super().get_line_filters(), *self._last_filters]

    # What is shown

    @property
    def _state(self) -> State:
        session = self.session
        if session.runner.is_running:
            return State.RUNNING
        if not session.timeline.is_at_head:
            return State.REWOUND
        if session.error:
            return State.ERROR
        return State.END if session.run.is_over else State.PAUSED

    def sync(self, *, has_news: bool = True) -> None:
        """Show in the panes, and in the status, what is so where one stands; one paint follows.

        Args:
            has_news: Whether anything but the clock has changed.
        """
        session = self.session
        view = FrameView(
            session.scene,
            self._selection,
            self._state,
            session.timeline.cursor,
            session.known_calls,
            session.steps_with_bookmarks,
            session.breakpoints,
        )
        for pane in self._panes.values():
            if has_news or pane.FOLLOWS_CLOCK:
                pane.show_view(view)
        self._status.show_view(view)
        wanted = session.wanted
        if wanted is not None:
            self.do("running the strategy again", lambda: session.find_calls(wanted), lambda _: self.sync())

    def show(self, message: str = "") -> None:
        """Show what is so where one stands, and a message or none."""
        self._message, session = message, self.session
        is_at_head, has_news = session.timeline.is_at_head, session.bridge.take_news()
        self.sync(has_news=has_news or not (is_at_head and self._at_head is session))
        self._at_head = session if is_at_head else None
        self._tell()

    def _show_head(self, run: Run) -> None:
        """Show the head of a run that goes on, unless one looks at another by now."""
        if run is not self.session.run:
            return
        self.session.timeline.seek(self.session.timeline.head)
        self.show()

    def _tell(self) -> None:
        """Show what stopped the run, a message, or what else is to be told; most of the time there is nothing."""
        for pane in self._telling:
            pane.tell(self._notices)

    @property
    def _notices(self) -> list[Notice]:
        session = self.session
        notices = [Notice(self._message)] if self._message else []
        if session.error is not None and session.timeline.is_at_head:
            notices.insert(0, Notice(error_text(session, session.error), is_error=True))
        if session.recorder is not None and session.recorder.stopped is not None:
            notices.insert(0, Notice(clean(session.recorder.stopped), is_error=True, is_standing=True))
        if not notices and session.branch is not None:
            return [Notice(told(session.branch), is_standing=True)]
        return notices or ([Notice(_SMALL, is_standing=True)] if self._is_small else [])

    def _fit(self) -> None:
        """Show one pane alone where that is wanted, or where there is no room for more; of three, one at a place."""
        sharing = self._sharing
        seen = self._lower if self._lower in sharing else _FIRST_SHARED
        for name, pane in self._panes.items():
            pane.display = name not in sharing or name == seen
        if self._is_zoomed or self._is_small:
            self.default_screen.maximize(self._panes[self._main_pane], container=False)
        else:
            self.default_screen.minimize()

    @property
    def _sharing(self) -> list[PaneName]:
        """The panes of whom one is seen, with the room there is."""
        places = {Place.SHARED} if self._is_wide else {Place.SHARED, Place.OWN_IF_WIDE}
        return [name for name, pane in self._panes.items() if pane.PLACE in places]

    @property
    def focused_name(self) -> PaneName:
        """The pane that has the focus; where none has, the one that had it."""
        focused = self.default_screen.focused
        return next((name for name, pane in self._panes.items() if pane is focused), self._main_pane)

    @property
    def selected(self) -> tuple[str | None, object]:
        """What the row of the focused list is about: its symbol, and what it stands for; of a chart, the step."""
        return self._panes[self.focused_name].chosen or (self._selection.symbol, None)

    @property
    def explained_order(self) -> int | None:
        """The order that was chosen to be explained."""
        return self._selection.order_id

    # What happens

    def on_mount(self) -> None:
        """Show everything for the first time, and keep what exists now out of the collector's way."""
        self.app_resume_signal.subscribe(self, lambda _: self._paint_all())
        self._is_wide = self.size.width >= self._wide_from
        self._fit()
        end = ending(self.session)
        self.explain(end.order_id)
        self.show(end.text)
        gc.collect()
        gc.freeze()

    def on_unmount(self) -> None:
        """Give back what was kept from the collector."""
        gc.unfreeze()

    async def on_event(self, event: events.Event) -> None:
        """Take of what is pasted the first line, so much of it as a command can use, harmless to show."""
        if isinstance(event, events.Paste):
            if len(event.text) > LONGEST_PASTE:
                self.notify(f"what was pasted is cut after {LONGEST_PASTE:,} characters", markup=False)
            line = next(iter(event.text[:LONGEST_PASTE].splitlines()), "")
            event.text = clean(line)[:LONGEST_PASTE]
        await super().on_event(event)

    def on_resize(self, event: events.Resize) -> None:
        """Show one pane where there is no room for more."""
        self._is_wide = event.size.width >= self._wide_from  # the app's own size is still the one before
        self._is_small = event.size.width < LEAST_COLUMNS or event.size.height < LEAST_ROWS
        self._paint_all()  # whatever the terminal made of it
        self._fit()
        self._tell()

    def _paint_all(self) -> None:
        """Paint the whole screen, where the terminal may have lost some of it."""
        self.screen.refresh(self.screen.size.region)

    def on_descendant_focus(self) -> None:
        """Show the keys of what has the focus, and it alone where one pane is shown."""
        name = self.focused_name
        self._main_pane = self._main_pane if name == "timeline" else name
        here = {one.id for one in self._panes[name].ACTIONS}
        self._footer.show_actions([one for one in self.actions if one.scope is Scope.APP or one.id in here])
        self._fit()

    def on_row_selected(self, message: RowSelected) -> None:
        """Show the bars of the symbol that the row is about; of an order, why it is as it is."""
        selection = self._selection
        if message.about is not None:
            selection = attrs.evolve(selection, symbol=message.about)
        if message.pane == "orders" and isinstance(message.key, int):
            selection = attrs.evolve(selection, order_id=message.key)
        if selection != self._selection:
            self._select(selection)

    def on_filter_requested(self, message: FilterRequested) -> None:
        """Ask by which words to choose among the rows of a list."""
        pane = self._panes[message.pane]
        if isinstance(pane, ListPane):
            screen = PromptScreen(pane.filter_text, examples=FILTER_EXAMPLES)
            self.put(screen, lambda text: None if text is None else pane.set_filter(text))

    def on_seek_requested(self, message: SeekRequested) -> None:
        """Go to the place that was clicked."""
        self._travel.go_to_recorded(message.step)

    def _select(self, selection: Selection) -> None:
        self._selection = selection
        self.sync()

    # What those who act on the run need of the screen

    def run_until(self, until: Condition, then: Callable[[], object]) -> None:
        """Execute steps until a condition holds after one, the bars end, or a key pauses; then do something.

        Args:
            until: Where to stop; while a run goes on, its new aim.
            then: What is done once it has stopped.
        """
        self._then = then
        self.run_worker(self._run_on(until), group="run")

    async def _run_on(self, until: Condition) -> None:
        if await self.session.runner.run(until):
            self._then()

    def play(self, advance: Callable[[], bool], then: Callable[[], object]) -> None:
        """Advance at the speed that was chosen until that says no, or a key pauses; and then do something."""
        self._then = then
        self.run_worker(self._play_on(advance), group="run")

    async def _play_on(self, advance: Callable[[], bool]) -> None:
        if await self.session.runner.play(advance, self.show):
            self._then()

    def do(self, what: str, job: Callable[[], ResultT], then: Callable[[ResultT], object]) -> None:
        """Do what may take long, and then something with what it returns; errors of both are shown.

        Where it does take long, a line says how far it has come, and esc ends it.
        """
        slices = Slices(job)
        if slices.go_on(PATIENCE_SECONDS):
            self._take(slices, then)
        else:
            self.run_worker(self._wait_for(slices, WorkingScreen(what), then), group="work")

    async def _wait_for(
        self, slices: Slices[ResultT], screen: WorkingScreen, then: Callable[[ResultT], object]
    ) -> None:
        await self.push_screen(screen)
        try:
            while not screen.is_ended and not slices.go_on(SLICE_SECONDS):
                screen.show(slices.done, slices.total)
                for _ in range(YIELDS):
                    await asyncio.sleep(0)
        finally:
            slices.interrupt()
        await screen.dismiss()
        self._take(slices, then)

    def _take(self, slices: Slices[ResultT], then: Callable[[ResultT], object]) -> None:
        try:
            then(slices.result())
        except FillstepError as error:
            self.show(clean(str(error)))

    def explain(self, order_id: int | None) -> None:
        """Explain an order; with none, what happened where one stands; it is seen with the next `show`."""
        self._selection = attrs.evolve(self._selection, order_id=order_id)

    def look_at(self, symbol: str | None) -> None:
        """Show the bars of a symbol, with the next `show`; of none, those that are shown."""
        if symbol is not None:
            self._selection = attrs.evolve(self._selection, symbol=symbol)

    def new_session(self, run: Run, branch: Branch) -> Session:
        """Return a session of a branch."""
        session = Session(run, Runner(run, partial(self._show_head, run), branch.error), branch)
        session.runner.speed = self.session.runner.speed
        return session

    def other_session(self) -> Session | None:
        """Return the parent of a branch, or the newest branch of a parent; None where there is none."""
        return self._other

    def open_branch(self, session: Session) -> None:
        """Look at a branch; from a branch of a branch, `p` leads to the one before."""
        self._other, self.session = self.session, session

    def swap(self) -> None:
        """Look at the parent of a branch, or at its branch."""
        if self._other is not None:
            self._other, self.session = self.session, self._other
            self.show()

    def put(self, screen: Screen[ResultT], then: Callable[[ResultT | None], object]) -> None:
        """Show a dialog, and call with its answer."""
        self.push_screen(screen, partial(_give, then))

    def pop_screen(self) -> AwaitComplete:
        """Close a dialog, and paint again what it has covered."""
        closing = self.screen
        regions = closing.covered if isinstance(closing, Dialog) else [closing.region]
        closed = super().pop_screen()
        if isinstance(self.screen, PartsScreen):
            self.screen.uncover(regions)
        return closed

    def leave_screen(self, work: Callable[[], object]) -> None:
        """Give the terminal back while something works there."""
        try:
            with self.suspend():
                work()
        except SuspendNotSupported:
            raise InputError("the screen cannot be left here: the code can be gone into in a terminal only") from None

    @property
    def themes(self) -> Sequence[str]:
        """The names of the sets of colors."""
        return sorted(self.available_themes)

    def set_theme(self, name: str) -> None:
        """Show other colors."""
        self.theme = name

    def act(self, call: str) -> None:
        """Do an action of the registry, once what is under way is done."""
        self.call_later(self.run_action, call)

    def work(self, job: Coroutine[Any, Any, object]) -> None:
        """Let something go on beside the screen."""
        self.run_worker(job, group="beside")

    def leave(self) -> None:
        """Quit."""
        self.exit()

    def end_recordings(self) -> list[str]:
        """Write what is left of every recording; return what could not be written, one line each."""
        return self._desk.end_recordings()

    # What a person asks for

    def action_travel(self, name: str) -> None:
        """Do what a key of time stands for."""
        getattr(self._travel, name)()

    def action_ask(self, name: str) -> None:
        """Do what another key stands for that asks something of the run."""
        self._desk.ask(name)

    def action_focus_pane(self, name: PaneName) -> None:
        """Give a pane the focus."""
        if name in self._sharing:
            self._lower = name
            self._fit()
            self.sync()
        self.screen.set_focus(self._panes[name])

    def action_next_pane(self) -> None:
        """Give the pane of the next number the focus."""
        self._move_focus(1)

    def action_previous_pane(self) -> None:
        """Give the pane of the number before the focus."""
        self._move_focus(-1)

    def _move_focus(self, delta: int) -> None:
        names = list(self._panes)
        self.action_focus_pane(names[(names.index(self.focused_name) + delta) % len(names)])

    def action_zoom(self) -> None:
        """Show the focused pane alone, or all again."""
        self._is_zoomed = not self._is_zoomed
        self._fit()

    def action_leave_zoom(self) -> None:
        """Clear the filter of the focused list; where it has none, show all panes again."""
        pane = self._panes[self.focused_name]
        if isinstance(pane, ListPane) and pane.filter_text:
            pane.set_filter("")
            return
        self._is_zoomed = False
        self._fit()

    def action_toggle_chart(self) -> None:
        """Draw bars, or a line of closes."""
        self._select(attrs.evolve(self._selection, as_line=not self._selection.as_line))

    def action_read_notice(self) -> None:
        """Show in full what is told."""
        rows = [Row((one.text,), place, "bad" if one.is_error else "") for place, one in enumerate(self._notices)]
        self.push_screen(ListingScreen("Told", (_TEXT,), rows, keys=("esc close",), empty="nothing is told"))

    def action_suspend_process(self) -> None:
        """Go back to the shell for a while, where the screen stands in one."""
        if self._driver is not None and self._driver.can_suspend:
            super().action_suspend_process()
        else:
            self.show("the screen cannot be left here: there is no shell to go back to")

    def action_command_palette(self) -> None:
        """Show the palette."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def action_help(self) -> None:
        """Show what the focused pane shows, and every key."""
        self.push_screen(HelpScreen(type(self._panes[self.focused_name]), self.actions))


def newest_symbol(timeline: Timeline) -> str:
    """Return the symbol of the newest fill of a run; the first symbol where there is none."""
    newest = timeline.at(timeline.head).orders.fill_count
    return timeline.fill(newest).symbol if newest else timeline.run.feed.bars[0].symbol


def _give(then: Callable[[ResultT | None], object], answer: ResultT | None) -> None:
    then(answer)
