"""FillstepApp: composes the panes, and joins keys, runner and view."""

import gc
from collections.abc import Iterable
from functools import partial
from typing import ClassVar, Final, TypeAlias

import attrs
from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from core.backtest.loop import Backtest
from core.errors import FillstepError
from core.text import clean
from tui.actions import ACTIONS, Scope, bindings
from tui.bridge import FOLLOW_THE_CLOCK, Bridge
from tui.messages import TITLES, PaneName, RowSelected
from tui.panes.events import EventsPane
from tui.panes.footer import FooterLine
from tui.panes.list_pane import ListPane
from tui.panes.orders import OrdersPane
from tui.panes.pnl import PnlPane
from tui.panes.positions import PositionsPane
from tui.panes.price import PricePane
from tui.panes.status import StatusLine
from tui.runner import Condition, Runner, never, next_fill
from tui.scene import Scene
from tui.screens.help import HelpScreen
from tui.shown import Selection, State
from tui.view import FrameView

Pane: TypeAlias = PricePane | PositionsPane | OrdersPane | PnlPane | EventsPane

WIDE: Final = 110
"""Columns from which on the panes have the wide layout."""
LEAST_COLUMNS: Final = 80
LEAST_ROWS: Final = 24
"""The smallest screen with more than one pane is so many columns and rows."""
_SMALL = f"{LEAST_COLUMNS}x{LEAST_ROWS} shows all panes, tab the next"


class MainScreen(Screen[None], inherit_bindings=False):
    """The screen under all others; its keys are those of the registry, and no others."""


class FillstepApp(App[None]):
    """The screen of one run."""

    TITLE = "Fillstep"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.APP)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - typed where it is declared
    ALLOW_IN_MAXIMIZED_VIEW = "#status, #bottom"
    ESCAPE_TO_MINIMIZE = False

    def __init__(self, run: Backtest, error: FillstepError | None = None) -> None:
        """Show a run where it stands.

        Args:
            run: A run, at its start or after any number of steps.
            error: What has stopped it already, if anything did.
        """
        super().__init__()
        self._backtest = run
        self._bridge = Bridge(run)
        self._stepper = Runner(run, self._sync_step, error)
        self._scene = Scene(run)
        self._selection = Selection(newest_symbol(run))
        self._is_zoomed = self._is_small = False
        self._panes: dict[PaneName, Pane] = {
            "price": PricePane(),
            "positions": PositionsPane(),
            "orders": OrdersPane(),
            "pnl": PnlPane(),
            "events": EventsPane(),
        }
        self._status = StatusLine()
        self._notice = Static(id="notice", markup=False)
        self._footer = FooterLine()

    @property
    def error(self) -> FillstepError | None:
        """What has stopped the run, if anything did."""
        return self._stepper.error

    def get_default_screen(self) -> Screen[None]:
        """Return the screen that the panes are laid out on."""
        return MainScreen(id="_default", classes="-wide" if self.size.width >= WIDE else "-narrow")

    def compose(self) -> ComposeResult:
        """Lay out the status, the panes, and the last lines."""
        yield self._status
        yield from self._panes.values()
        yield Vertical(self._notice, self._footer, id="bottom")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 - all from any
        """Offer the registry's actions in the palette."""
        for action in ACTIONS:
            if action.in_palette:
                yield SystemCommand(action.help, action.keys_text, partial(self.run_action, action.call))

    # What is shown

    @property
    def _state(self) -> State:
        if self.error:
            return State.ERROR
        if self._stepper.is_running:
            return State.RUNNING
        return State.END if self._backtest.is_over else State.PAUSED

    def sync(self, panes: Iterable[PaneName] = tuple(TITLES)) -> None:
        """Show in some panes, and in the status, what is so now; one paint follows."""
        view = FrameView(self._scene, self._selection, self._state)
        for name in panes:
            self._panes[name].show_view(view)
        self._status.show_view(view)

    def _sync_step(self) -> None:
        self.sync(self._bridge.take_dirty() | FOLLOW_THE_CLOCK)
        self._tell()

    def _tell(self) -> None:
        """Show what stopped the run, or why there is one pane only; most of the time there is nothing to tell."""
        text = _written_error(self.error) if self.error else (self._is_small and _SMALL) or ""
        if text != self._notice.content:
            self._notice.update(text)
            self._notice.set_class(self.error is not None, "-error")
            self._notice.display = bool(text)

    def _fit(self) -> None:
        """Show the focused pane alone where that is wanted, or where there is no room for more."""
        if self._is_zoomed or self._is_small:
            self.default_screen.maximize(self._focused_pane, container=False)
        else:
            self.default_screen.minimize()

    @property
    def _focused_pane(self) -> Pane:
        focused = self.default_screen.focused
        return next((pane for pane in self._panes.values() if pane is focused), self._panes["price"])

    # What happens

    def on_mount(self) -> None:
        """Show everything for the first time, and keep what exists now out of the collector's way."""
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))  # Textual itself leaves it blank
        self.sync()
        self._tell()
        gc.collect()
        gc.freeze()

    def on_unmount(self) -> None:
        """Give back what was kept from the collector."""
        gc.unfreeze()

    def on_resize(self, event: events.Resize) -> None:
        """Show one pane where there is no room for more."""
        self._is_small = event.size.width < LEAST_COLUMNS or event.size.height < LEAST_ROWS
        self._fit()
        self._tell()

    def on_descendant_focus(self) -> None:
        """Show the keys of what has the focus, and it alone where one pane is shown."""
        is_list = isinstance(self.default_screen.focused, ListPane)
        self._footer.show_scopes((Scope.APP, Scope.LIST) if is_list else (Scope.APP,))
        self._fit()

    def on_row_selected(self, message: RowSelected) -> None:
        """Show the bars of the symbol that the row is about."""
        if message.about not in (None, self._selection.symbol):
            self._select(attrs.evolve(self._selection, symbol=message.about))

    def _select(self, selection: Selection) -> None:
        self._selection = selection
        self.sync(("price",))

    # What a person asks for

    def action_next_bar(self) -> None:
        """Execute the next bar, or pause."""
        if self._stepper.is_running:
            self._stepper.pause()
        else:
            self._stepper.step()
            self._sync_step()

    def action_next_fill(self) -> None:
        """Run to the next fill, or pause."""
        self._pause_or_run(next_fill(self._backtest.journal))

    def action_run_or_pause(self) -> None:
        """Run to the end, or pause."""
        self._pause_or_run(never)

    def action_run_to_end(self) -> None:
        """Run to the end, whatever it runs to now."""
        self._run_until(never)

    def _pause_or_run(self, until: Condition) -> None:
        if self._stepper.is_running:
            self._stepper.pause()
        else:
            self._run_until(until)

    def _run_until(self, until: Condition) -> None:
        self.run_worker(self._stepper.run(until), group="run")

    def action_focus_pane(self, name: PaneName) -> None:
        """Give a pane the focus."""
        self.screen.set_focus(self._panes[name])

    def action_next_pane(self) -> None:
        """Give the pane of the next number the focus."""
        self._move_focus(1)

    def action_previous_pane(self) -> None:
        """Give the pane of the number before the focus."""
        self._move_focus(-1)

    def _move_focus(self, delta: int) -> None:
        panes = list(self._panes.values())
        self.screen.set_focus(panes[(panes.index(self._focused_pane) + delta) % len(panes)])

    def action_zoom(self) -> None:
        """Show the focused pane alone, or all again."""
        self._is_zoomed = not self._is_zoomed
        self._fit()

    def action_leave_zoom(self) -> None:
        """Show all panes again."""
        self._is_zoomed = False
        self._fit()

    def action_toggle_chart(self) -> None:
        """Draw bars, or a line of closes."""
        self._select(attrs.evolve(self._selection, as_line=not self._selection.as_line))

    def action_help(self) -> None:
        """Show every key."""
        self.push_screen(HelpScreen())


def newest_symbol(run: Backtest) -> str:
    """Return the symbol of the newest fill; the first symbol where there is none."""
    fills = run.broker.tracker.fills
    return fills[len(fills)].symbol if fills else run.bars[0].symbol


def _written_error(error: FillstepError) -> str:
    return clean(" ".join((str(error), *getattr(error, "__notes__", ()))))
