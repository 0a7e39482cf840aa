"""Pane 1: one symbol's bars up to now, the fills in them, and what waits for a price; it moves and zooms."""

from collections.abc import Sequence
from typing import ClassVar, Final, Protocol

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType

from core.text import clean
from tui.charts import PriceView
from tui.folded import Fold, Folded
from tui.keys import CHART_ACTIONS, bindings
from tui.messages import SeekRequested
from tui.panes.pane import Pane
from tui.widgets.axis import Bounds, settled_bounds
from tui.widgets.candles import CandleChart, Candles, build_chart, plot_columns
from tui.widgets.canvas import POINTS
from tui.widgets.columns import fit_cell
from tui.widgets.lines import Line, set_border_text
from tui.widgets.window import Window

NARROWEST_AXIS: Final = 9
_NO_BAR: Final = "no bar yet: n executes the first"
_BORDER_BLANKS: Final = 4  # of the cells between the corners, those that a border text leaves free


class HasPrice(Protocol):
    """What the pane takes from a view."""

    @property
    def price(self) -> PriceView:
        """The bars of the symbol that is selected."""
        ...


class PricePane(Candles, Pane, can_focus=True):
    """A price chart whose scale follows from its bars in view and its size alone."""

    NAME = "price"
    TITLE = "1 Price"
    HELP = "The bars of the selected symbol up to where one stands, the newest at the right."
    SIGNS = (
        ("▲ ▼ ◆", "a buy under its bar, a sell over it, both in one bar"),
        ("▸", "the last close, on the axis of prices"),
        ("▷ ◁", "the price an open order to buy or to sell waits for"),
        ("• ∘ × +", "indicators of the strategy, in the order of the title"),
    )
    ACTIONS = CHART_ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self) -> None:
        super().__init__()
        self._view: PriceView | None = None
        self._window = Window()
        self._folded: Folded | None = None
        self._width = 0  # the last that the layout gave it, also while it is hidden

    def show_view(self, view: HasPrice) -> None:
        """Show the bars of a view; of another symbol, the newest."""
        before, self._view = self._view, view.price
        if before is not None and before.bars.symbol != self._view.bars.symbol:
            self._window = self._window.followed()
        self._write()
        self.redraw()

    @property
    def chosen(self) -> tuple[str | None, object] | None:
        """The symbol, and the step of the bar under the cursor."""
        step = self.selected_step
        return None if step is None or self._view is None else (self._view.bars.symbol, step)

    @property
    def selected_step(self) -> int | None:
        """The step of the bar under the cursor; of several in a column, of the last; None where no cursor is seen."""
        view, column = self._view, self._cursor_column
        if view is None or column is None:
            return None
        return view.step_of(self._window.row_of(column, view.newest))

    # What is drawn

    def build(self, width: int, height: int) -> list[Line]:
        """Build the columns in view, or a hint before the first bar."""
        view = self._view
        if view is None or view.newest < 0:
            return [((fit_cell(_NO_BAR, width), "candles--axis"),)]
        axis_width = _axis_width(view)
        room = plot_columns(width, axis_width)
        shown = self._window.columns(view.newest, room)
        folds, bounds = self._in_view(view, shown, room)
        chart = self._chart_of(view, shown, folds, self._window.cursor_column(view.newest, room), axis_width)
        return build_chart(chart, width, height, bounds=bounds, axis_width=axis_width)

    def _in_view(self, view: PriceView, shown: range, room: int) -> tuple[list[Fold], Bounds]:
        """Return the columns in view, and a scale for them that keeps still from one to the next."""
        block = room // 4 + 1
        start = shown.start - shown.start % block
        folds = self._folds(view, range(start, shown.stop))
        bounds = settled_bounds(((fold.candle[2], fold.candle[1]) for fold in folds), whole=True)
        return folds[shown.start - start :], bounds or (0, 1)

    def _chart_of(
        self, view: PriceView, shown: range, folds: Sequence[Fold], cursor: int | None, axis_width: int
    ) -> CandleChart:
        size = self._window.size
        return CandleChart(
            [fold.candle for fold in folds],
            price_label=lambda ticks: f"{view.price_label(ticks):>{axis_width - 1}}",
            column_label=lambda index: view.time_label((shown.start + index) * size),
            markers=view.marks(shown, size),
            levels=view.levels,
            cursor=None if cursor is None else cursor - shown.start,
            line=view.as_line,
            points=view.points(folds),
            volumes=[fold.volume for fold in folds],
            volume_label=view.volume_label,
        )

    def _folds(self, view: PriceView, columns: range) -> list[Fold]:
        known, size = self._folded, self._window.size
        if known is None or (known.bars, known.size, known.indicators_at) != (view.bars, size, view.indicators_at):
            known = self._folded = Folded(view.bars, size, view.indicators_at)
        return known.folds(columns, view.row, view.forming)

    def on_resize(self, event: events.Resize) -> None:  # noqa: ARG002 - the size of the content is smaller
        """Write into the border what has room there now."""
        self._width = self.size.width or self._width
        self._write()

    def _write(self) -> None:
        """Write into the border what is drawn, and the bar under the cursor, else the newest."""
        view = self._view
        if view is None:
            return
        room = self._width - _BORDER_BLANKS
        set_border_text(self, title=self._title(view, room), subtitle=self._caption(view, room))

    def _title(self, view: PriceView, room: int) -> str:
        """Return the symbol, how long a bar is and how many are in a column, and the indicators as far as they fit."""
        title = f"{self.TITLE} {view.title}"
        if self._window.size > 1:
            title += f" x{self._window.size}"
        for sign, name in zip(POINTS, view.indicators, strict=False):
            longer = f"{title} {sign} {clean(name)}"
            title = longer if cell_len(longer) <= room else title
        return title

    def _caption(self, view: PriceView, room: int) -> str:
        if view.newest < 0 or room < 1:
            return ""
        cursor = self._cursor_column
        column = view.newest // self._window.size if cursor is None else cursor
        row = None if cursor is None else self._window.row_of(cursor, view.newest)
        return view.caption(self._folds(view, range(column, column + 1))[0], row, room)

    # How a person looks at it

    @property
    def _room(self) -> int:
        return 0 if self._view is None or self._view.newest < 0 else plot_columns(self._width, _axis_width(self._view))

    @property
    def _cursor_column(self) -> int | None:
        view = self._view
        return None if view is None else self._window.cursor_column(view.newest, self._room)

    def _look(self, window: Window) -> None:
        if window != self._window:
            self._window = window
            self._write()
            self.redraw()

    def move(self, delta: int) -> None:
        """Move the cursor by columns, to later bars where `delta` is above zero."""
        if self._room:
            self._look(self._window.moved(delta, self._newest, self._room))

    def page(self, fraction: float) -> None:
        """Move what is in view by a part of the columns."""
        if self._room:
            self._look(self._window.panned(round(fraction * self._room) or 1, self._newest, self._room))

    def home(self) -> None:
        """Put the cursor on the first bar."""
        if self._room:
            self._look(self._window.at(0, self._newest, self._room))

    def end(self) -> None:
        """Follow the newest bar, without a cursor."""
        self._look(self._window.followed())

    def magnify(self, delta: int, column: int | None = None) -> None:
        """Show fewer bars in a column where `delta` is above zero, and more where it is below.

        Args:
            delta: In which direction.
            column: The column that keeps its place; by default that of the cursor, else the last.
        """
        if self._room:
            self._look(self._window.zoomed(delta, self._newest, self._room, column))

    action_move, action_page, action_home, action_end, action_magnify = move, page, home, end, magnify

    @property
    def _newest(self) -> int:
        return -1 if self._view is None else self._view.newest

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the bar that was clicked; where it is there already, go to that bar."""
        column = self._column_under(event)
        if column is None:
            return
        if column == self._cursor_column:
            step = self.selected_step
            if step is not None:
                self.post_message(SeekRequested(step))
        else:
            self._look(self._window.at(column, self._newest, self._room))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Show fewer bars in a column, and keep the one under the mouse where it is."""
        event.stop()
        self.magnify(1, self._column_under(event))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Show more bars in a column, and keep the one under the mouse where it is."""
        event.stop()
        self.magnify(-1, self._column_under(event))

    def _column_under(self, event: events.MouseEvent) -> int | None:
        """Return the column of the bar under the mouse; None where there is none."""
        offset = event.get_content_offset(self)
        if offset is None or not self._room:
            return None
        shown = self._window.columns(self._newest, self._room)
        column = shown.start + offset.x
        return column if column in shown else None


def _axis_width(view: PriceView) -> int:
    """Return room for the rule and for twice the last price, so that the axis seldom changes its width."""
    return max(NARROWEST_AXIS, 1 + len(view.price_label(2 * view.price)))
