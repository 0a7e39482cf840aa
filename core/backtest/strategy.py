"""Strategy, and what one sees and asks for: `Now`, and `SymbolNow` for one symbol.

A strategy sees the present and the past of the bars, never a later row: every price and every indicator is read at the
row that the run has reached.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

import polars as pl
from attrs import define
from attrs.exceptions import FrozenInstanceError

from core.backtest.cause import cause_of
from core.bars import PRICES, TICK_COLUMNS, Bar, Bars
from core.clock import Clock, Phase
from core.errors import InputError
from core.execution.broker import BacktestBroker
from core.fill import Fill
from core.instrument import Instrument
from core.money import multiply
from core.order import BUY, SELL, Order, OrderType, TimeInForce, TrackedOrder
from core.position import Position
from core.risk.portfolio import PortfolioState
from core.text import clean

_REQUESTS = Phase.REQUESTS


class OrderTerms(TypedDict, total=False):
    """What an order may say besides its symbol, side and quantity; see `Order`."""

    limit_price: int | Decimal | None
    stop_price: int | Decimal | None
    trail_amount: int | Decimal | None
    trail_percent: int | Decimal | None
    type: OrderType
    time_in_force: TimeInForce
    good_till: datetime | None
    tag: str


class SymbolRow:
    """How far a symbol has come: the newest row that may be seen, -1 before the first; only the loop moves it."""

    __slots__ = ("row", "symbol")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.row = -1


class SymbolNow:
    """One symbol at the present of a run: its newest bar, and the strategy's indicators at it.

    An indicator is an attribute by the name it was given; it is None until there are bars enough. A price of a symbol
    that has had no bar yet is an `InputError`.
    """

    __slots__ = ("_at", "_bars", "_columns")

    def __init__(self, bars: Bars, columns: Mapping[str, Sequence[Any]], at: SymbolRow) -> None:
        self._bars = bars
        self._columns = columns
        self._at = at

    @property
    def symbol(self) -> str:
        """What is traded."""
        return self._bars.symbol

    @property
    def row(self) -> int:
        """How many bars came before the newest one; -1 before the first."""
        return self._at.row

    @property
    def open(self) -> Decimal:
        """The first price of the newest bar."""
        return self._price(0)

    @property
    def high(self) -> Decimal:
        """The highest price of the newest bar."""
        return self._price(1)

    @property
    def low(self) -> Decimal:
        """The lowest price of the newest bar."""
        return self._price(2)

    @property
    def close(self) -> Decimal:
        """The last price of the newest bar."""
        bars, row = self._bars, self._at.row
        if row < 0:
            raise _no_bar(self.symbol)
        return multiply(bars.unit, bars.closes[row])

    @property
    def volume(self) -> Decimal | None:
        """Units traded in the newest bar; None where it is not known."""
        return self.bar().volume

    def bar(self, back: int = 0) -> Bar:
        """Return the newest bar, or one so many bars before it.

        Raises:
            InputError: There is none, or it would be a later one.
        """
        if self.row < 0:
            raise _no_bar(self.symbol)
        if not 0 <= back <= self.row:
            raise InputError(f"{self.symbol} has no bar {back} back: it is at its bar {self.row}")
        return self._bars.bar(self.row - back)

    def indicators(self) -> dict[str, Any]:
        """Return every indicator at the newest bar, by name."""
        return {name: getattr(self, name) for name in self._columns}

    def _price(self, place: int) -> Decimal:
        if self.row < 0:
            raise _no_bar(self.symbol)
        return self._bars.price(self._bars.ticks[place][self.row])

    def __getattr__(self, name: str) -> Any:
        """Refuse what is neither a price nor an indicator."""
        known = ", ".join(self._columns) or "none"
        raise AttributeError(clean(f"{self.symbol} has no {name}: its indicators are {known}"))


def _no_bar(symbol: str) -> InputError:
    return InputError(f"{symbol} has had no bar yet")


def make_symbol_now(bars: Bars, columns: Mapping[str, Sequence[Any]], at: SymbolRow) -> SymbolNow:
    """Return a symbol with a property for each indicator, since that is read on every bar.

    Args:
        bars: The symbol's bars.
        columns: The strategy's indicators over all of them, by name.
        at: How far it has come.

    Raises:
        InputError: An indicator has the name of something that a symbol already has.
    """
    getters: dict[str, Any] = {"__slots__": ()}
    for name, column in columns.items():
        if hasattr(SymbolNow, name):
            raise InputError(f"an indicator cannot be called {name}: a symbol has that already")
        rows = [*column, None] if isinstance(column, list) else column  # None: no bar yet, row -1
        getters[name] = _indicator(rows, at)
    kind: type[SymbolNow] = type("SymbolNow", (SymbolNow,), getters)
    return kind(bars, columns, at)


def _indicator(column: Sequence[Any], at: SymbolRow) -> property:
    return property(lambda _: column[at.row])


def evaluate_indicators(expressions: Mapping[str, pl.Expr], bars: Bars) -> dict[str, list[Any]]:
    """Evaluate a strategy's indicators over one symbol's bars, as columns.

    The expressions see `open`, `high`, `low`, `close` and `volume` as float, and `open_ticks` to `close_ticks` as
    integers in units of the finest digit of the file.
    """
    frame = seen_frame(bars, bars.frame)
    return {name: column.to_list() for name, column in indicator_columns(expressions, frame).items()}


def indicator_columns(expressions: Mapping[str, pl.Expr], frame: pl.DataFrame) -> dict[str, pl.Series]:
    """Evaluate indicators over what they see, by their names."""
    return {name: _column(frame, f"indicator {name}", expression) for name, expression in expressions.items()}


def wake_rows(wake: pl.Expr, expressions: Mapping[str, pl.Expr], bars: Bars) -> pl.Series:
    """Return the rows of one symbol's bars on which a strategy has something to decide, rising.

    Args:
        wake: What says so; it sees what the indicators see, and these.
        expressions: The indicators.
        bars: The bars of the symbol.
    """
    frame = seen_frame(bars, bars.frame)
    named = {name: expressions[name] for name in wake.meta.root_names() if name in expressions}
    return wake_column(wake, frame, indicator_columns(named, frame)).fill_null(value=False).arg_true()


def wake_column(wake: pl.Expr, frame: pl.DataFrame, indicators: Mapping[str, pl.Series]) -> pl.Series:
    """Return whether a strategy has something to decide, row by row of what it sees."""
    frame = frame.with_columns(column.alias(name) for name, column in indicators.items())
    column = _column(frame, "wake", wake)
    if column.dtype != pl.Boolean:
        raise InputError(f"wake must say yes or no for each bar, is of the type {column.dtype}")
    return column


def seen_frame(bars: Bars, rows: pl.DataFrame) -> pl.DataFrame:
    """Return what expressions see of rows of some bars."""
    prices = {name: pl.col(ticks) / 10**bars.digits for name, ticks in zip(PRICES, TICK_COLUMNS, strict=True)}
    volume = pl.col("volume_units") / 10**bars.volume_digits
    return rows.with_columns(**prices, volume=volume)


def _column(frame: pl.DataFrame, what: str, expression: pl.Expr) -> pl.Series:
    column = frame.select(value=expression)["value"]
    if len(column) != frame.height:
        raise InputError(f"{what} must have a value for each of {frame.height} bars, has {len(column)}")
    return column


class Now(dict[str, SymbolNow]):
    """The present of a run: what a strategy may read, and how it asks for orders. It is a `PortfolioView`.

    `now[symbol]` gives a symbol's newest bar and indicators.

    Attributes:
        symbols: Those that have a bar in this step.
        step: The step, from 0.
    """

    __slots__ = ("_broker", "_clock", "_instruments", "_module", "_portfolio", "get_position", "symbols")

    def __init__(
        self,
        portfolio: PortfolioState,
        broker: BacktestBroker,
        clock: Clock,
        symbols: Mapping[str, SymbolNow],
        instruments: Mapping[str, Instrument],
        module: str = "",
    ) -> None:
        self._module = module
        self._portfolio = portfolio
        self._broker = broker
        self._clock = clock
        super().__init__(symbols)
        self._instruments = instruments
        self.symbols: Sequence[str] = ()
        self.get_position: Callable[[str], Position] = portfolio.position_getter

    def _refuse(self, *_: object, **__: object) -> Any:
        """Refuse to be changed: it is what the run shows."""
        raise FrozenInstanceError

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __missing__(self, symbol: str) -> SymbolNow:
        """Refuse a symbol that the run does not have."""
        raise InputError(f"symbol {symbol} is unknown: known are {', '.join(self)}")

    @property
    def step(self) -> int:
        """The step, from 0."""
        return self._clock.step

    def buy(self, symbol: str, quantity: int | Decimal, **terms: Unpack[OrderTerms]) -> int:
        """Ask to buy units, above zero; returns the id, also of a rejected order.

        Args:
            symbol: What to buy.
            quantity: Units.
            **terms: What else `Order` takes: prices, type, time in force, tag. Without any it is a market order.
        """
        return self._submit(Order(symbol, BUY, quantity, **terms))

    def sell(self, symbol: str, quantity: int | Decimal, **terms: Unpack[OrderTerms]) -> int:
        """Ask to sell units, above zero; returns the id, also of a rejected order.

        Args:
            symbol: What to sell.
            quantity: Units.
            **terms: What else `Order` takes: prices, type, time in force, tag. Without any it is a market order.
        """
        return self._submit(Order(symbol, SELL, quantity, **terms))

    def submit(self, order: Order) -> int:
        """Ask for an order, and return its id, also of a rejected one.

        It is eligible from the open of the next step; asked for inside a bar, by a callback for the same symbol, at
        that instant (rules R1 and R8).
        """
        return self._submit(order)

    def submit_bracket(self, entry: Order, *exits: Order) -> list[int]:
        """Ask for an entry and its exits, which come to life as it fills; returns their ids, the entry's first.

        The exits have the entry's symbol and quantity and the other side; each cancels as much of the others as it
        fills.

        Raises:
            InvalidOrderError: No exit, or one that does not fit the entry.
        """
        step = self._eligible_step(entry.symbol)
        return self._broker.submit_bracket(entry, exits, eligible_step=step, cause=cause_of(self._module))

    def submit_oco(self, *orders: Order) -> list[int]:
        """Ask for orders of one symbol, of which each cancels as much of the others as it fills; returns their ids.

        Raises:
            InvalidOrderError: Fewer than two, or of several symbols.
        """
        step = self._eligible_step(orders[0].symbol) if orders else 0
        return self._broker.submit_oco(orders, eligible_step=step, cause=cause_of(self._module))

    def cancel(self, order_id: int) -> None:
        """Ask to give up what is left of an order; it can no longer fill. One that is over is refused, as an event.

        Raises:
            UnknownOrderError: No order has this id.
        """
        at_once = self._takes_effect_now(self._broker.get_order(order_id).order.symbol)
        self._broker.request_cancel(order_id, at_once=at_once, cause=cause_of(self._module))

    def cancel_all(self, symbol: str | None = None) -> None:
        """Ask to cancel every open order, or every one of a symbol."""
        for order in self.open_orders():
            if symbol is None or order.order.symbol == symbol:
                self.cancel(order.id)

    def amend(
        self,
        order_id: int,
        *,
        quantity: int | Decimal | None = None,
        limit_price: int | Decimal | None = None,
        stop_price: int | Decimal | None = None,
    ) -> None:
        """Ask to change an order; what is not given stays. A change that cannot be is refused, as an event (rule R12c).

        Args:
            order_id: Which order.
            quantity: All units, those filled included; equal to these it cancels the rest.
            limit_price: The new limit, money for one unit.
            stop_price: The new stop, money for one unit.

        Raises:
            UnknownOrderError: No order has this id.
            NotExactError: A number that is none.
            InvalidOrderError: A price that such an order cannot have.
        """
        self._broker.request_amend(
            order_id,
            quantity=quantity,
            limit_price=limit_price,
            stop_price=stop_price,
            at_once=self._takes_effect_now(self._broker.get_order(order_id).order.symbol),
            cause=cause_of(self._module),
        )

    def get_order(self, order_id: int) -> TrackedOrder:
        """Return an order and how far it came."""
        return self._broker.get_order(order_id)

    def open_orders(self, symbol: str | None = None) -> list[TrackedOrder]:
        """Return the orders that may still fill, of one symbol or of all, by id."""
        return [one for one in self._broker.open_orders() if symbol in (None, one.order.symbol)]

    def get_instrument(self, symbol: str) -> Instrument:
        """Return a symbol's units; it rounds a price to the tick."""
        return self._instruments[symbol]

    def get_all_positions(self) -> Mapping[str, Position]:
        """Return every position that is not flat, by symbol."""
        return self._portfolio.get_all_positions()

    def get_cash_balance(self) -> Decimal:
        """Return the cash."""
        return self._portfolio.get_cash_balance()

    def get_mark(self, symbol: str) -> Decimal | None:
        """Return the price that values a symbol; None while there is none."""
        return self._portfolio.get_mark(symbol)

    @property
    def timestamp(self) -> datetime | None:
        """The stamp of the step, in UTC."""
        return self._portfolio.timestamp

    @property
    def equity(self) -> Decimal:
        """Cash and all market values."""
        return self._portfolio.equity

    @property
    def realized_pnl(self) -> Decimal:
        """What closing has booked, before commission."""
        return self._portfolio.realized_pnl

    @property
    def unrealized_pnl(self) -> Decimal:
        """Market values less costs, before commission."""
        return self._portfolio.unrealized_pnl

    @property
    def commissions(self) -> Decimal:
        """What was paid in commissions."""
        return self._portfolio.commissions

    @property
    def gross_exposure(self) -> Decimal:
        """Sum of absolute market values."""
        return self._portfolio.gross_exposure

    @property
    def net_exposure(self) -> Decimal:
        """Sum of signed market values."""
        return self._portfolio.net_exposure

    @property
    def leverage(self) -> Decimal | None:
        """Gross exposure over equity, a ratio; None where equity is not above zero."""
        return self._portfolio.leverage

    @property
    def drawdown(self) -> Decimal:
        """Peak equity less equity, money."""
        return self._portfolio.drawdown

    @property
    def drawdown_ratio(self) -> Decimal:
        """Drawdown over peak equity, a fraction."""
        return self._portfolio.drawdown_ratio

    def _submit(self, order: Order) -> int:
        step = self._eligible_step(order.symbol)
        return self._broker.submit(order, eligible_step=step, cause=cause_of(self._module))

    def _eligible_step(self, symbol: str) -> int:
        return self._clock.step if self._takes_effect_now(symbol) else self._clock.step + 1

    def _takes_effect_now(self, symbol: str) -> bool:
        return self._clock.phase <= _REQUESTS or self._clock.price_in(symbol) is not None


@define(getstate_setstate=False)  # so that one that is no attrs class is copied with all that it has
class Strategy:
    """What decides. Subclass it, give it fields with attrs, and override what it needs.

    An order's quantity and prices are int or Decimal; an indicator may be float, and may decide.
    """

    def indicators(self) -> Mapping[str, pl.Expr]:
        """Return polars expressions over one symbol's bars, by the name under which `now[symbol]` gives them."""
        return {}

    def wake(self) -> pl.Expr | None:
        """Return on which rows of a symbol's bars there is something to decide; None for every row.

        A boolean expression over the columns that indicators see, and the indicators by their names. Then `on_bar` is
        called in the steps of these rows and in those in which an order has changed, and in no other: it may neither
        ask for anything in the others nor remember anything of them. Where it keeps to that, the run is the same as
        without `wake`, and much faster.
        """

    def lookback(self) -> int | None:
        """Return how many bars before its own the indicators and `wake` of a row need at most; None where that is all.

        Bars that memory does not hold at once can only be run over where this is said, or where there are neither
        indicators nor `wake`. On their first rows it is checked: what is computed there of all bars, and of so many
        before a row, has to be equal. A field of this name says it too.
        """

    def on_start(self, now: Now) -> None:
        """Be called once, before the first `on_bar`, in the same step."""

    def on_bar(self, now: Now) -> None:
        """Be called once a step, after every symbol's bar of that step."""

    def on_order(self, now: Now, order: TrackedOrder) -> None:
        """Be called when an order was accepted, rejected, triggered, changed, canceled or expired."""

    def on_fill(self, now: Now, fill: Fill) -> None:
        """Be called at the instant of a fill; what is asked for here meets the rest of that bar."""

    def on_end(self, now: Now) -> None:
        """Be called once, after the last `on_bar`, in the same step."""
