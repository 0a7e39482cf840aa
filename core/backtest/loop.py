"""Backtest: the loop, the only place where time moves. `step` takes one turn of it, `run` and `run_until` the rest.

A bar on which nothing can happen costs a call of the strategy and nothing else: no event, no Decimal, no object.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias

import polars as pl

from core.announcer import Announcer, Deliveries
from core.backtest.actions import ActionsOfRun
from core.backtest.by_window import seen_by_window
from core.backtest.command import Command
from core.backtest.deadline import Deadline, OutOfTime
from core.backtest.equity import EquityCurve
from core.backtest.feed import Feed
from core.backtest.garbage import rare_collections
from core.backtest.guard import RAISED, Guard, blame, blame_deadline
from core.backtest.journal import Journal
from core.backtest.marks import FeedMarks
from core.backtest.output import Output
from core.backtest.settings import Settings, Timing
from core.backtest.standing import BarStand, Parts, in_rounds
from core.backtest.strategy import (
    Now,
    Strategy,
    SymbolNow,
    SymbolRow,
    evaluate_indicators,
    make_symbol_now,
    wake_rows,
)
from core.backtest.subbars import Subbars
from core.backtest.surroundings import surroundings_of
from core.backtest.wakes import Span, Wakes
from core.bars import Bars
from core.clock import Clock, Phase
from core.corporate_action import CorporateAction
from core.errors import FillstepError, InputError, InvariantError, RunStoppedError
from core.events import (
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderReduced,
    OrderRejected,
    OrderSplit,
    OrderTriggered,
    PathAmbiguous,
    RequestRefused,
)
from core.execution.broker import BacktestBroker
from core.execution.engine import ExecutionEngine
from core.execution.market_simulator import MarketSimulator
from core.execution.standing_bar import StandingBar
from core.fill import Fill
from core.instrument import Instrument
from core.money import ZERO, add, fraction_digits, multiply, subtract
from core.order import Order, OrderType
from core.reason import Code, Reason
from core.risk.portfolio import PortfolioState

_STRATEGY = Phase.STRATEGY
_AT_STAKE = 3  # where in the fields of a `PathAmbiguous` it is
_TOLD = (
    OrderAccepted,
    OrderRejected,
    OrderTriggered,
    OrderReduced,
    OrderAmended,
    OrderSplit,
    OrderCanceled,
    OrderExpired,
    RequestRefused,
)


Around: TypeAlias = Callable[..., object]
"""Makes a call of a strategy: it is given the name of the call, the method, and its arguments."""


class Backtest:
    """One run of a strategy over bars.

    Args:
        bars: The bars of one symbol, or of several in any order.
        strategy: What decides.
        settings: What else the run is told.
        subbars: Finer bars of some symbols, which stand for theirs where the path rule says so.
        actions: Splits and dividends; those of other symbols are left out.
        edits: What is asked for in the place of some orders, by their ids; None for one that is refused.
        around: Makes the calls of the strategy; they are made as they are where it is not given.

    Attributes:
        bars: The bars of each symbol, in the order of the symbols.
        journal: What happened, so far.
        portfolio: Positions and cash, now.
        broker: Orders and fills, so far.
        feed: The steps.
        simulator: What orders are matched by.
        bar_stand: What they are matched against.
        equity_curve: Equity at the end of each step so far.
        commands: What a person asked for after a step, in order; what was asked for after none has the step -1.
        deadline: How long a step may take, where one is set.
        guard: What the calls of the strategy happen in; each step enters it, or whoever executes many, around them all.

    Raises:
        BarDataError: No bars, or two of one symbol.
        InputError: An action is given twice, or the prices look adjusted for a split already.
        StrategyError: Its indicators cannot be evaluated.
    """

    def __init__(
        self,
        bars: Bars | Sequence[Bars],
        strategy: Strategy,
        settings: Settings | None = None,
        subbars: Bars | Sequence[Bars] = (),
        *,
        actions: Iterable[CorporateAction] = (),
        edits: Mapping[int, Order | None] | None = None,
        around: Around | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.strategy = strategy
        self._unused = _copy_of(strategy)
        self._around = around
        self.actions = tuple(actions)
        self.edits = dict(edits or {})
        self.commands: defaultdict[int, list[Command]] = defaultdict(list)
        given = [bars] if isinstance(bars, Bars) else list(bars)
        self.feed = Feed([with_tick(one, self.settings) for one in given])
        self.bars = self.feed.bars
        self.subbars = [subbars] if isinstance(subbars, Bars) else list(subbars)
        self._subbars = Subbars(self.bars, self.subbars)
        self.clock = Clock()
        self.journal = Journal(self.clock)
        self.deadline = Deadline(0, lambda: self.clock.step)
        self.guard = Guard(self.deadline, surroundings_of(type(strategy)))
        self.equity_curve = EquityCurve(self.feed, self.journal, self.settings.initial_capital)
        self._rows = {one.symbol: SymbolRow(one.symbol) for one in self.bars}
        with self.guard:
            self._seen = seen_by_window(strategy, self.bars[0])
        self._columns = self._evaluate()
        self._symbols = self._with_indicators()
        self._join()
        self._order_calls: list[int] = []
        self._walked: dict[str, Parts] = {}  # the bars that orders have met, when there last were any
        self._closes: dict[str, StandingBar] = {}  # the bars whose closes ended a step, when there last were any
        self._walked_step = self._closed_step = -1
        self._wakes = self._make_wakes()
        self._steps = self._run_or_stop()
        self._is_stopped = False
        if _overrides(strategy, "on_order"):
            self.broker.subscribe(self._note_order)

    def _join(self) -> None:
        deliveries = Deliveries()
        self._failures = deliveries.failures
        instruments = {one.symbol: instrument_of(one, self.settings) for one in self.bars}
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
            cash_rule=self.settings.cash_rule,
            limits=self.settings.limits,
            clock=self.clock,
            announcer=Announcer(self.journal.append, deliveries),
            edits=self.edits,
        )
        self.simulator = make_simulator(self.settings)
        self.bar_stand = BarStand(self.feed, self._subbars, self.simulator, instruments)
        self.engine = ExecutionEngine(
            self.broker,
            self.portfolio,
            self.simulator,
            clock=self.clock,
            on_fill=self._on_fill if _overrides(self.strategy, "on_fill") else None,
            on_end=self._tell_orders,
        )
        self._actions = ActionsOfRun(self.actions, self.feed, self.settings, instruments)
        self._open, self._books = self.broker.tracker.symbols, self.broker.lifecycle.books
        module = type(self.strategy).__module__
        self._now = Now(self.portfolio, self.broker, self.clock, self._symbols, instruments, module)

    @property
    def step_count(self) -> int:
        """How many steps were executed."""
        return self.clock.step + 1

    @property
    def length(self) -> int:
        """How many steps there are, executed or not."""
        return len(self.feed)

    @property
    def strategy_name(self) -> str:
        """What the strategy is called."""
        return type(self.strategy).__name__

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
        if self.guard.depth:
            return next(self._steps, False)
        with self.guard:
            return next(self._steps, False)

    def run(self) -> None:
        """Execute every step that is left: the loop that `step` takes one turn of; it raises what `step` raises."""
        self._check_runs()
        if self._wakes:
            self._wakes.until = len(self.feed) - 1
        with rare_collections(), self.guard:
            deque(self._steps, maxlen=0)

    def run_until(self, condition: Callable[["Backtest"], bool]) -> bool:
        """Execute steps until a condition holds at the end of one; say whether it did before the bars ended."""
        while self.step():
            if condition(self):
                return True
        return False

    def command(self, command: Command) -> int:
        """Do what a person asks for, after the newest step; return the id of the order that it is about.

        Raises:
            InputError: The run is over, or it cannot be asked for.
            StrategyError: The strategy raised when it was told; the run is stopped.
            DeadlineError: The strategy did not come back when it was told; nothing was asked for, the run is stopped.
        """
        if self.is_over:
            raise InputError("the run is over: no order can be asked for any more")
        first, step = len(self.journal), self.clock.step
        order_id = command.give(self.broker, step)
        self.commands[step].append(command)
        if self.step_count:
            try:
                with self.guard:
                    self._tell_orders()
            except BaseException as error:
                self._is_stopped = True
                if isinstance(error, OutOfTime):
                    self.journal.drop_from(first)
                    self.commands[step].pop()
                    raise blame_deadline(self.strategy, error, self.deadline.seconds, step) from error
                raise
        return order_id

    def take_output(self, output: Output) -> None:
        """Take what the strategy prints from now on, in the place of showing it."""
        output.step = lambda: self.clock.step
        self.guard.output = output

    def fresh_strategy(self) -> Strategy:
        """Return the strategy as it was before the run.

        Raises:
            InputError: It cannot be copied.
        """
        if isinstance(self._unused, BaseException):
            why = f"{type(self._unused).__name__}: {self._unused}"
            raise InputError(f"{type(self.strategy).__name__} cannot be run again, since it cannot be copied: {why}")
        strategy: Strategy = deepcopy(self._unused)
        return strategy

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
        return self.engine.why_open(order_id, () if age else self._met(symbol, row), age)

    def _met(self, symbol: str, row: int) -> Parts:
        """Return the bars that a symbol's orders have met in the newest step; not yet walked where there were none."""
        walked = self._walked.get(symbol) if self._walked_step == self.clock.step else None
        return walked or self.bar_stand.parts(symbol, row, self.clock.step)

    def indicators_at(self, symbol: str, row: int) -> dict[str, Any]:
        """Return the strategy's indicators at a row of a symbol, by name."""
        return {name: column[row] for name, column in self._columns[symbol].items()}

    def indicator_columns(self, symbol: str) -> Mapping[str, Sequence[Any]]:
        """Return the strategy's indicators over all rows of a symbol, by name."""
        return self._columns[symbol]

    @property
    def money_at_stake(self) -> Decimal:
        """What the choice of paths through bars decides over, summed over the run: money, zero or above (rule R3)."""
        result = ZERO
        for _, _, kind, fields in self.journal.rows:
            if kind is PathAmbiguous:
                result = add(result, fields[_AT_STAKE])
        return result

    @property
    def clamped(self) -> Decimal:
        """What slippage would have cost beyond the bars, summed over the run: money, zero or above (rule R11)."""
        result = ZERO
        for fill in self.broker.tracker.fills.values():
            for note in fill.notes:
                if note.code is Code.SLIPPAGE_CLAMPED:
                    beyond = subtract(note.decimal("slipped"), note.decimal("price"))
                    result = add(result, multiply(multiply(beyond, fill.side.sign), fill.quantity))
        return result

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
            if isinstance(error, OutOfTime):
                raise self._without_step(error) from error
            if isinstance(error, InvariantError):
                error.add_place(self.clock.step, self.feed.time(self.clock.step), self._last_event())
            raise

    def _without_step(self, error: OutOfTime) -> FillstepError:
        """Take back what the step has done that was ended half-way, and return the error."""
        step = self.clock.step
        self.journal.drop_from(self.journal.first_of_step(step))
        self.equity_curve = EquityCurve(self.feed, self.journal, self.settings.initial_capital)
        self.clock.step, self.clock.phase, self.clock.instant = step - 1, _STRATEGY, None
        return blame_deadline(self.strategy, error, self.deadline.seconds, step)

    def _execute(self) -> Iterator[bool]:  # noqa: C901 - the one loop there is
        """Execute one step each time it is resumed; what every bar needs is kept in local names."""
        clock, now, open_orders = self.clock, self._now, self._open
        steps, on_bar = self._way()
        group_of_step = self.feed.group_of_step
        members = [self._members(group) for group in self.feed.groups]
        failures, requests = self._failures, self.broker.requests
        last, fills_at_close = len(self.feed) - 1, self.settings.timing is Timing.SAME_CLOSE
        due = self._actions.next_step
        for step in steps:
            clock.step = step
            if step == due:
                due = self._act(step)
            symbols, present = members[group_of_step[step]]
            if open_orders or requests:
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
                self._fill_at_close(present)
            if step == last:
                self._end()
            yield True

    def _way(self) -> tuple[Iterable[int], Callable[..., object]]:
        """Return the steps to take and what to call in each: every bar, or those that the strategy has named."""
        on_bar = self._method("on_bar")
        return (range(len(self.feed)), on_bar) if self._wakes is None else (self._wakes, self._wakes.heeding(on_bar))

    def _act(self, step: int) -> int:
        """Do the corporate actions of a step, and return the next step that has any."""
        self.clock.phase = Phase.CORPORATE_ACTIONS
        if self._actions.apply(step, self.portfolio, self.broker):
            self._tell_orders()
        self.clock.phase = _STRATEGY
        return self._actions.next_step

    def _trade(self, step: int, present: tuple[SymbolRow, ...]) -> None:
        if self.broker.has_to_begin:
            self.engine.begin_step(self.feed.time(step))
        stand, books, is_open = self.bar_stand, self._books, self._open
        concerned = [
            one
            for one in present
            if one.symbol in is_open and books[one.symbol].reach(stand.reach(one.symbol, one.row + 1))
        ]
        if concerned:
            self._walk(step, concerned)
        self.clock.phase = _STRATEGY

    def _walk(self, step: int, concerned: list[SymbolRow]) -> None:
        """Take orders through the bars that concern any."""
        self._walked = {one.symbol: self.bar_stand.parts(one.symbol, one.row + 1, step) for one in concerned}
        self._walked_step = step
        self.engine.run_bars(in_rounds(self._walked))
        waiting = [one for one in concerned if self._books[one.symbol] and self._waits_for_close(one.symbol)]
        if waiting:
            closing = self._closing(waiting, 1)
            self.engine.close_bars(closing)
            for symbol, parts in self._walked.items():
                if symbol in closing:  # a bar and the last finer one share what is left
                    parts[-1].pool = closing[symbol].pool

    def _waits_for_close(self, symbol: str) -> bool:
        """Say whether the close of a bar is yet to be met: by an order for it, or since finer bars stood for it."""
        book = self._books[symbol].values()
        is_finer = bool(self._walked[symbol][-1].ends_at)
        return any(is_finer or one.order.type is OrderType.MARKET_ON_CLOSE for one in book)

    def _fill_at_close(self, present: tuple[SymbolRow, ...]) -> None:
        decided = [one for one in present if self.engine.was_decided_at_close(one.symbol)]
        if decided:
            self.engine.fill_at_close(self._closing(decided, 0))

    def _closing(self, present: Sequence[SymbolRow], ahead: int) -> dict[str, StandingBar]:
        """Return the bars whose closes end the step, of symbols with open orders, so many rows ahead of the newest."""
        step = self.clock.step
        if self._closed_step != step:
            self._closes, self._closed_step = {}, step
        for one in present:
            if one.symbol in self._open and one.symbol not in self._closes:
                row = one.row + ahead
                self._closes[one.symbol] = self.bar_stand.closing(self._met(one.symbol, row), row, step)
        return {symbol: bar for symbol, bar in self._closes.items() if symbol in self._open}

    def _end(self) -> None:
        self._call("on_end", self._now)
        self._tell_orders()
        self.portfolio.check()

    def _on_fill(self, fill: Fill) -> None:
        self._call("on_fill", self._now, fill)
        self._tell_orders()

    def _tell_orders(self, _: object = None) -> None:
        while self._order_calls:
            order = self.broker.get_order(self._order_calls.pop(0))
            self._call("on_order", self._now, order)

    def _note_order(self, event: OrderEvent) -> None:
        if isinstance(event, _TOLD):
            self._order_calls.append(event.order_id)

    def _call(self, call: str, *arguments: object) -> None:
        try:
            self._method(call)(*arguments)
        except RAISED as error:
            raise blame(self.strategy, call, error, self.clock.step) from error
        if self._failures:
            raise self._failures[0]

    def _method(self, call: str) -> Callable[..., object]:
        method: Callable[..., object] = getattr(self.strategy, call)
        return method if self._around is None else partial(self._around, call, method)

    def _evaluate(self) -> dict[str, Mapping[str, Sequence[Any]]]:
        if self._seen:
            return {one.symbol: self._seen.indicators for one in self.bars}
        try:
            with self.guard:
                expressions = self.strategy.indicators()
                return {one.symbol: evaluate_indicators(expressions, one) for one in self.bars}
        except RAISED as error:
            raise blame(self.strategy, "indicators", error) from error

    def _with_indicators(self) -> dict[str, SymbolNow]:
        try:
            return {
                one.symbol: make_symbol_now(one, self._columns[one.symbol], self._rows[one.symbol]) for one in self.bars
            }
        except InputError as error:
            raise blame(self.strategy, "indicators", error) from error

    def _make_wakes(self) -> Wakes | None:
        """Return the steps that a strategy has named; None where it takes every step."""
        try:
            with self.guard:
                wake = self.strategy.wake()
                if wake is None:
                    return None
                span_at = self._seen.span_at if self._seen else self._whole_span(wake)
        except RAISED as error:
            raise blame(self.strategy, "wake", error) from error
        units, actions = self.bar_stand.units, self._actions
        return Wakes(
            span_at, self.feed, self.clock, self.journal, self.broker, self._rows, units, lambda: actions.next_step
        )

    def _whole_span(self, wake: pl.Expr) -> Callable[[int], Span]:
        expressions = self.strategy.indicators()
        span = Span.of_rows({one.symbol: wake_rows(wake, expressions, one) for one in self.bars}, self.feed)
        return lambda _: span

    def _members(self, group: Sequence[int]) -> tuple[tuple[str, ...], tuple[SymbolRow, ...]]:
        symbols = tuple(self.bars[place].symbol for place in group)
        return symbols, tuple(self._rows[symbol] for symbol in symbols)

    def _last_event(self) -> str:
        return repr(self.journal[-1]) if len(self.journal) else "no event"


def _copy_of(strategy: Strategy) -> Strategy | BaseException:
    """Return a copy that no run has touched, or why there is none."""
    try:
        return deepcopy(strategy)
    except RAISED as error:
        return error


def _overrides(strategy: Strategy, call: str) -> bool:
    return getattr(type(strategy), call) is not getattr(Strategy, call)


def make_simulator(settings: Settings) -> MarketSimulator:
    """Return the simulator that settings ask for."""
    return MarketSimulator(settings.limit_rule, settings.path, settings.slippage, settings.volume_cap)


def with_tick(bars: Bars, settings: Settings) -> Bars:
    """Return bars in units fine enough for the tick that the settings state."""
    return bars if settings.tick_size is None else bars.with_digits(fraction_digits(settings.tick_size))


def instrument_of(bars: Bars, settings: Settings) -> Instrument:
    """Return the units that the symbol of some bars trades in."""
    return Instrument(bars.symbol, settings.tick_size or bars.unit, settings.quantity_step)
