"""FrameView: what all panes show at one moment, formatted and cleaned.

Invariant: a view is a function of the run's bars and facts up to its step and of what is selected. Nothing in it costs
more where there are more orders or events: each line of a list is made when it is looked at, and each part of a view
when its pane asks for it.
"""

from functools import cached_property

from attrs import frozen

from core.backtest.loop import Backtest
from core.bars import written_time
from core.money import EXACT
from core.text import clean
from tui.charts import PriceView, equity_points
from tui.numbers import money, percent, signed
from tui.scene import Scene
from tui.shown import EventLine, Lines, MadeLines, OrderLine, PnlView, PositionLine, Selection, State, StatusView


@frozen(eq=False)
class FrameView:
    """What all panes show at the head of a run."""

    scene: Scene
    selection: Selection
    state: State = State.PAUSED

    @property
    def _run(self) -> Backtest:
        return self.scene.run

    @cached_property
    def status(self) -> StatusView:
        """State, bar, time, equity, cash, drawdown, and the strategy's name."""
        run, count = self._run, len(self._run.feed)
        parts = (
            f"bar {run.step_count:>{len(str(count))}}/{count}",
            written_time(run.feed.time(run.step_count - 1)) if run.step_count else "at the start",
            f"equity {money(run.portfolio.equity):>12}",
            f"cash {money(run.portfolio.get_cash_balance()):>11}",
            f"drawdown {percent(run.portfolio.drawdown_ratio):>6}",
            clean(type(run.strategy).__name__),
        )
        return StatusView(self.state, parts)

    @cached_property
    def price(self) -> PriceView:
        """The bars of the symbol that is selected."""
        run = self._run
        place = next(place for place, bars in enumerate(run.bars) if bars.symbol == self.selection.symbol)
        row = run.feed.row_at(place, run.step_count - 1) if run.step_count else -1
        fills = run.broker.tracker.fills
        return PriceView(run.bars[place], row, fills, len(fills), self.scene.price_digits, self.selection.as_line)

    @cached_property
    def positions(self) -> Lines[PositionLine]:
        """Every position that is not flat, in the order in which they first traded."""
        held = list(self._run.portfolio.get_all_positions().values())
        return MadeLines(len(held), lambda index: self.scene.position_line(held[index]))

    @cached_property
    def orders(self) -> Lines[OrderLine]:
        """Every order, the newest first."""
        count = self._run.broker.order_count
        return MadeLines(count, lambda index: self.scene.order_line(count - index))

    @cached_property
    def events(self) -> Lines[EventLine]:
        """Every fact, the newest last."""
        return MadeLines(len(self._run.journal), self.scene.event_line)

    @cached_property
    def pnl(self) -> PnlView:
        """Profit and loss; net is realized and unrealized less commissions."""
        portfolio, step = self._run.portfolio, self._run.step_count - 1
        realized, unrealized = portfolio.realized_pnl, portfolio.unrealized_pnl
        figures = (
            ("realized", "real", signed(realized)),
            ("unrealized", "unrl", signed(unrealized)),
            ("commissions", "comm", money(portfolio.commissions)),
            ("net", "net", signed(EXACT.subtract(EXACT.add(realized, unrealized), portfolio.commissions))),
            ("equity", "eqty", money(portfolio.equity)),
            ("drawdown", "drdn", money(portfolio.drawdown)),
        )
        return PnlView(figures, lambda columns: equity_points(self.scene.equity_at, step, columns))
