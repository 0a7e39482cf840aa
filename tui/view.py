"""FrameView: what all panes show at one moment, formatted and cleaned.

Invariant: a view is a function of the run's bars and facts up to its step and of what is selected. Nothing in it costs
more where there are more orders or events: each line of a list is made when it is looked at, and each part of a view
when its pane asks for it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property, partial
from itertools import islice
from typing import Any, Final

from attrs import field, frozen

from core.bars import written_time
from core.clock import Phase
from core.money import EXACT, canonical
from core.replay.breakpoints import Breakpoint
from core.replay.cursor import Cursor
from core.replay.moment import Moment
from core.replay.run import Run
from core.risk.values import residuals
from core.text import clean
from tui.charts import MOST_LEVELS, PriceView, equity_points, order_levels
from tui.explained import explain_view
from tui.forming import forming_candle
from tui.numbers import money, percent, signed
from tui.scene import Scene, marked_step, share_of
from tui.shown import (
    EventLine,
    ExplainView,
    Lines,
    NumberedLines,
    OrderLine,
    PnlView,
    PositionLine,
    Selection,
    State,
    StatusView,
    TextView,
    TimelineView,
)
from tui.strategy_text import StrategyCalls, strategy_view

PHASES: Final[Mapping[Phase, str]] = {
    Phase.CORPORATE_ACTIONS: "begins",
    Phase.REQUESTS: "requests",
    Phase.OPEN: "open",
    Phase.LEG_1: "leg 1",
    Phase.LEG_2: "leg 2",
    Phase.LEG_3: "leg 3",
    Phase.CLOSE: "close",
    Phase.MARK: "mark",
}
"""What is said of a place inside a bar."""


@frozen(eq=False)
class FrameView:
    """What all panes show at one moment of a run.

    Attributes:
        scene: The run, and how it is written.
        selection: What was chosen to be seen.
        state: What the run is doing.
        cursor: Where one stands; at the head where it is not given.
        call: Returns what the strategy was at the end of a step, and before.
        bookmarks: The steps that are marked, and with what.
        breakpoints: Where the run stops.
    """

    scene: Scene
    selection: Selection
    state: State = State.PAUSED
    cursor: Cursor = field()
    call: Callable[[int], StrategyCalls | None] | None = None
    bookmarks: Mapping[int, str] = {}
    breakpoints: Iterable[Breakpoint] = ()

    @cursor.default
    def _default_cursor(self) -> Cursor:
        return self.scene.timeline.head

    @property
    def _run(self) -> Run:
        return self.scene.run

    @cached_property
    def moment(self) -> Moment:
        """The run as it was there."""
        return self.scene.moment_at(self.cursor)

    @property
    def _before(self) -> Moment:
        """The run as it was at the end of the bar before."""
        return self.scene.moment_at(self.scene.timeline.previous_bar(self.cursor))

    @property
    def _marked_step(self) -> int:
        """The newest step whose bars are over."""
        return marked_step(self.cursor)

    @cached_property
    def status(self) -> StatusView:
        """State, bar, time, equity, cash, drawdown, and the strategy's name."""
        run, count, moment, step = self._run, self._run.length, self.moment, self.cursor.step
        phase = "" if self.cursor.phase is Phase.STRATEGY else f" {PHASES[self.cursor.phase]}"
        parts = (
            f"bar {step + 1:>{len(str(count))}}/{count}{phase}",
            written_time(run.feed.time(step)) if step >= 0 else "at the start",
            f"equity {money(moment.equity):>12}",
            f"cash {money(moment.get_cash_balance()):>11}",
            f"drawdown {percent(moment.drawdown_ratio):>6}",
            clean(run.strategy_name),
        )
        return StatusView(self.state, parts)

    @cached_property
    def price(self) -> PriceView:
        """The bars of the symbol that is selected."""
        run, orders, step = self._run, self.moment.orders, self._marked_step
        place = run.feed.places[self.selection.symbol]
        bars, feed = run.feed.bars[place], run.feed
        waiting: Any = orders.symbols.get(bars.symbol, {})  # a dict, which can be read from its end
        return PriceView(
            bars=bars,
            row=feed.row_at(place, step) if step >= 0 else -1,
            fills=self.scene.fill_times.read(orders.fills, orders.fill_count),
            fill_count=orders.fill_count,
            price_digits=self.scene.price_digits,
            as_line=self.selection.as_line,
            forming=forming_candle(run, place, self.cursor),
            levels=order_levels(islice(reversed(waiting.values()), MOST_LEVELS), bars.digits),
            indicators_at=run.indicators_at,
            step_of=partial(feed.step_at, place),
            has_bar=step < 0 or place in feed.groups[feed.group_of_step[step]],
        )

    @cached_property
    def positions(self) -> Lines[PositionLine]:
        """Every position that is not flat, in the order in which they first traded."""
        return self.scene.position_lines(self.moment, self._before)

    def position_total(self, symbols: Collection[str] | None = None) -> PositionLine:
        """Some of the positions together, all for None."""
        return self.scene.position_total(self.moment, symbols)

    @cached_property
    def orders(self) -> Lines[OrderLine]:
        """Every order: open ones first, each kind from the newest on."""
        return self.scene.order_lines(self.moment, self._before)

    @cached_property
    def events(self) -> Lines[EventLine]:
        """Every fact up to where one stands, the newest last."""
        return NumberedLines(0, self.cursor.sequence, self.scene.event_line, origin=self.scene)

    @cached_property
    def pnl(self) -> PnlView:
        """Profit and loss; net is realized and unrealized less commissions, exposure is over equity."""
        moment, step, scene = self.moment, self._marked_step, self.scene
        realized, unrealized = moment.realized_pnl, moment.unrealized_pnl
        figures = (
            ("realized", "real", signed(realized)),
            ("unrealized", "unrl", signed(unrealized)),
            ("commissions", "comm", money(moment.commissions)),
            ("net", "net", signed(EXACT.subtract(EXACT.add(realized, unrealized), moment.commissions))),
            ("equity", "eqty", money(moment.equity)),
            ("drawdown", "drdn", money(moment.drawdown)),
            ("exposure", "expo", share_of(moment.gross_exposure, moment.equity)),
            ("net exposure", "nexp", share_of(moment.net_exposure, moment.equity)),
            *([("income", "inco", signed(moment.income))] if moment.income else []),
        )
        return PnlView(
            figures,
            lambda columns: equity_points(scene.equity_at, step, columns),
            lambda columns: equity_points(scene.drawdown_at, step, columns),
            self._residuals,
        )

    @property
    def _residuals(self) -> str:
        books, profit = residuals(self.moment)
        return f"R18 {canonical(books)} and {canonical(profit)}"

    @cached_property
    def explain(self) -> ExplainView:
        """Why the order that is selected, or what happened where one stands, came to be so."""
        return explain_view(self.scene, self.moment, self.selection.order_id)

    @cached_property
    def strategy(self) -> TextView:
        """What the strategy has in its fields, and what it printed; inside a bar, what it had before that."""
        step = self.cursor.step
        is_over = self.cursor == self.scene.timeline.end_of_step(step)
        return strategy_view(self.call, step if is_over else step - 1)

    @cached_property
    def timeline(self) -> TimelineView:
        """Where in the run one stands."""
        track, run, ratio_at = self.scene.track, self._run, self.scene.timeline.curve.drawdown_ratio
        return TimelineView(
            self.cursor.step,
            run.step_count - 1,
            run.length,
            lambda columns: track.fills(run.length, columns),
            lambda columns: track.marks(run.length, columns, self.bookmarks, self.breakpoints),
            lambda columns: track.drawdowns(ratio_at, run.step_count - 1, run.length, columns),
        )
