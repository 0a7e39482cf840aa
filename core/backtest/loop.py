"""Backtest: the loop, the only place where time moves. `step` takes one turn of it, `run` and `run_until` the rest.

A bar on which nothing can happen costs a call of the strategy and nothing else: no event, no Decimal, no object.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from core.announcer import Announcer, Deliveries
from core.backtest.equity import EquityCurve
from core.backtest.feed import Feed
from core.backtest.garbage import rare_collections
from core.backtest.guard import RAISED, blame
from core.backtest.journal import Journal
from core.backtest.marks import FeedMarks
from core.backtest.settings import Settings, Timing
from core.backtest.strategy import Now, Strategy, SymbolNow, evaluate_indicators, make_symbol_now
from core.bars import Bars
from core.clock import Clock, Phase
from core.errors import InvariantError, RunStoppedError
from core.events import OrderAccepted, OrderCanceled, OrderEvent, OrderExpired, OrderRejected
from core.execution.broker import BacktestBroker
from core.execution.engine import ExecutionEngine
from core.execution.market_simulator import MarketSimulator, StandingBar
from core.fill import Fill
from core.instrument import Instrument
from core.money import fraction_digits
from core.reason import Reason
from core.risk.portfolio import PortfolioState

_STRATEGY = Phase.STRATEGY
_TOLD = (OrderAccepted, OrderRejected, OrderCanceled, OrderExpired)


class Backtest:
    """One run of a strategy over bars.

    Args:
        bars: The bars of one symbol, or of several in any order.
        strategy: What decides.
        settings: What else the run is told.

    Attributes:
        bars: The bars of each symbol, in the order of the symbols.
        journal: What happened, so far.
        portfolio: Positions and cash, now.
        broker: Orders and fills, so far.
        feed: The steps.
        equity_curve: Equity at the end of each step so far.

    Raises:
        BarDataError: No bars, or two of one symbol.
        StrategyError: Its indicators cannot be evaluated.
    """

    def __init__(self, bars: Bars | Sequence[Bars], strategy: Strategy, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.strategy = strategy
        given = [bars] if isinstance(bars, Bars) else list(bars)
        self.feed = Feed([_with_tick(one, self.settings) for one in given])
        self.bars = self.feed.bars
        self.clock = Clock()
        self.journal = Journal(self.clock)
        self.equity_curve = EquityCurve(self.feed, self.journal, self.settings.initial_capital)
        self._symbols = self._with_indicators()
        self._join()
        self._order_calls: list[int] = []
        self._steps = self._run_or_stop()
        self._is_stopped = False
        if _overrides(strategy, "on_order"):
            self.broker.subscribe(self._note_order)

    def _join(self) -> None:
        deliveries = Deliveries()
        self._failures = deliveries.failures
        instruments = {one.symbol: _instrument(one, self.settings) for one in self.bars}
        self.portfolio = PortfolioState(
            self.settings.initial_capital,
            marks=FeedMarks(self.feed, self.clock, self._symbols, self.equity_curve),
            announcer=Announcer(self.journal.append, deliveries),
        )
        self.broker = BacktestBroker(
            self.portfolio,
            instruments=instruments.values(),
            commission=self.settings.costs,
            allow_short=self.settings.allow_short,
            clock=self.clock,
            announcer=Announcer(self.journal.append, deliveries),
        )
        self.engine = ExecutionEngine(
            self.broker,
            self.portfolio,
            MarketSimulator(self.settings.limit_rule),
            clock=self.clock,
            on_fill=self._on_fill if _overrides(self.strategy, "on_fill") else None,
            on_end=self._tell_orders,
        )
        self._ticks = {one.symbol: self.broker.tick_units(one.symbol, one.digits) for one in self.bars}
        self._open = self.broker.tracker.symbols
        self._now = Now(self.portfolio, self.broker, self.clock, self._symbols, instruments)

    @property
    def step_count(self) -> int:
        """How many steps were executed."""
        return self.clock.step + 1

    @property
    def is_over(self) -> bool:
        """Whether every step was executed, or an error has stopped the run."""
        return self._is_stopped or self.step_count >= len(self.feed)

    def step(self) -> bool:
        """Execute the next step, to its end; say whether there was one.

        Raises:
            StrategyError: The strategy raised; the run is stopped.
            InvariantError: The books broke; the run is stopped.
            RunStoppedError: The run was stopped before.
        """
        self._check_runs()
        return next(self._steps, False)

    def run(self) -> None:
        """Execute every step that is left: the loop that `step` takes one turn of; it raises what `step` raises."""
        self._check_runs()
        with rare_collections():
            deque(self._steps, maxlen=0)

    def run_until(self, condition: Callable[["Backtest"], bool]) -> bool:
        """Execute steps until a condition holds at the end of one; say whether it did before the bars ended."""
        while self.step():
            if condition(self):
                return True
        return False

    def why_open(self, order_id: int) -> Reason | None:
        """Say why an open order did not fill in the newest step; None where the order is over.

        Computed by the function that decides fills, and never stored.
        """
        symbol = self.broker.get_order(order_id).order.symbol
        place = self.feed.places.get(symbol)
        if place is None or self.clock.step < 0:
            return None
        row = self.feed.row_at(place, self.clock.step)
        age = self.clock.step - self.feed.step_at(place, row) if row >= 0 else self.step_count
        standing = None if age else self._standing_at(symbol, row)
        return self.engine.why_open(order_id, standing, age)

    def _check_runs(self) -> None:
        if self._is_stopped:
            raise RunStoppedError(self.clock.step)

    def _run_or_stop(self) -> Iterator[bool]:
        try:
            yield from self._execute()
        except GeneratorExit:  # nobody wants another step
            raise
        except BaseException as error:
            self._is_stopped = True
            if isinstance(error, InvariantError):
                error.add_place(self.clock.step, self.feed.time(self.clock.step), self._last_event())
            raise

    def _execute(self) -> Iterator[bool]:
        """Execute one step each time it is resumed; what every bar needs is kept in local names."""
        clock, now, on_bar, open_orders = self.clock, self._now, self.strategy.on_bar, self._open
        members = [self._members(group) for group in self.feed.groups]
        failures = self._failures
        last, fills_at_close = len(self.feed) - 1, self.settings.timing is Timing.SAME_CLOSE
        for step, group in enumerate(self.feed.group_of_step):
            clock.step = step
            symbols, present = members[group]
            if open_orders:
                self._trade(step, present)
            for symbol_now in present:
                symbol_now.row += 1
            now.symbols = symbols
            if not step:
                self._call("on_start", now)
            try:
                on_bar(now)
            except RAISED as error:
                raise blame(self.strategy, "on_bar", error, step) from error
            if failures:  # a strategy has caught what an observer raised
                raise failures[0]
            if self._order_calls:
                self._tell_orders()
            if fills_at_close and open_orders:
                self.engine.fill_at_close(self._standing(present, ahead=0))
            if step == last:
                self._end()
            yield True

    def _trade(self, step: int, present: tuple[SymbolNow, ...]) -> None:
        self.engine.begin_step(self.feed.time(step))
        self.engine.run_bars(self._standing(present, ahead=1))
        self.clock.phase = _STRATEGY

    def _end(self) -> None:
        self._call("on_end", self._now)
        self._tell_orders()
        self.portfolio.check()

    def _standing(self, present: tuple[SymbolNow, ...], ahead: int) -> Mapping[str, StandingBar]:
        """Return the bars that open orders meet: the newest seen, or the ones after it."""
        return {
            one.symbol: self._standing_at(one.symbol, one.row + ahead) for one in present if one.symbol in self._open
        }

    def _standing_at(self, symbol: str, row: int) -> StandingBar:
        bars = self.bars[self.feed.places[symbol]]
        return StandingBar.of_row(bars, row, self._ticks[symbol], self.feed.time(self.clock.step))

    def _on_fill(self, fill: Fill) -> None:
        self._call_inside_bar("on_fill", fill.symbol, fill)
        self._tell_orders()

    def _tell_orders(self, _: object = None) -> None:
        while self._order_calls:
            order = self.broker.get_order(self._order_calls.pop(0))
            self._call_inside_bar("on_order", order.order.symbol, order)

    def _note_order(self, event: OrderEvent) -> None:
        if isinstance(event, _TOLD):
            self._order_calls.append(event.order_id)

    def _call_inside_bar(self, call: str, symbol: str, what: object) -> None:
        self._now.instant = symbol if Phase.OPEN <= self.clock.phase < Phase.CLOSE else None
        self._call(call, self._now, what)
        self._now.instant = None

    def _call(self, call: str, *arguments: object) -> None:
        try:
            getattr(self.strategy, call)(*arguments)
        except RAISED as error:
            raise blame(self.strategy, call, error, self.clock.step) from error
        if self._failures:
            raise self._failures[0]

    def _with_indicators(self) -> dict[str, SymbolNow]:
        try:
            expressions = self.strategy.indicators()
            return {one.symbol: make_symbol_now(one, evaluate_indicators(expressions, one)) for one in self.bars}
        except RAISED as error:
            raise blame(self.strategy, "indicators", error) from error

    def _members(self, group: Sequence[int]) -> tuple[tuple[str, ...], tuple[SymbolNow, ...]]:
        symbols = tuple(self.bars[place].symbol for place in group)
        return symbols, tuple(self._symbols[symbol] for symbol in symbols)

    def _last_event(self) -> str:
        return repr(self.journal[-1]) if len(self.journal) else "no event"


def _overrides(strategy: Strategy, call: str) -> bool:
    return getattr(type(strategy), call) is not getattr(Strategy, call)


def _with_tick(bars: Bars, settings: Settings) -> Bars:
    """Return bars in units fine enough for the tick that the settings state."""
    return bars if settings.tick_size is None else bars.with_digits(fraction_digits(settings.tick_size))


def _instrument(bars: Bars, settings: Settings) -> Instrument:
    return Instrument(bars.symbol, settings.tick_size or bars.unit, settings.quantity_step)
