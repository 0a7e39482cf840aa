"""What the two charts show at one moment: bars up to now with the fills in them, and equity since the start."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from math import isfinite
from typing import Any, Final, Protocol, TypeGuard

from attrs import frozen

from core.bars import Bars, to_datetime, written_time
from core.money import EXACT
from core.order import BUY, SELL, Order, Side
from core.text import clean
from tui.fill_times import FillTimes
from tui.folded import Fold, IndicatorsAt
from tui.numbers import exactly
from tui.widgets.canvas import Candle, Level

BUY_MARK = "▲"
SELL_MARK = "▼"
BOTH_MARK = "◆"
MOST_INDICATORS: Final = 4
MOST_LEVELS: Final = 100
"""So many open orders are drawn, the newest of them: more than there is room for."""
NO_BAR: Final = "no bar now"
_FEWEST_DIGITS: Final = 2  # of a price where there is little room
_SIZES: Final = ((10**9, "G"), (10**6, "M"), (10**3, "k"))
_NUMBERS: Final = frozenset({int, float})
_BEFORE_ALL: Final = -(2**63)
_GAPS = 20
"""So many gaps between bars are looked at to tell how long a bar is."""

_UNITS = (("w", timedelta(weeks=1)), ("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)))


def interval(bars: Bars) -> str:
    """Name the length of a bar, as the shortest gap between two of the first: `1d`, `5m`; empty for a single bar."""
    gaps = [later - earlier for earlier, later in pairwise(bars.times[: _GAPS + 1])]
    if not gaps:
        return ""
    length = timedelta(microseconds=min(gaps))
    for name, unit in _UNITS:
        if not length % unit:
            return f"{length // unit}{name}"
    return f"{length.total_seconds():g}s"


class OpenOrder(Protocol):
    """What is asked of an open order, to draw where it waits."""

    @property
    def order(self) -> Order:
        """What was asked for."""
        ...

    @property
    def stop_price(self) -> Decimal | None:
        """Where its stop is."""
        ...

    @property
    def waits_for_stop(self) -> bool:
        """Whether its stop has to be reached first."""
        ...


def order_levels(orders: Iterable[OpenOrder], digits: int) -> list[Level]:
    """Return the prices that open orders wait for: a stop until it is reached, and a limit.

    Args:
        orders: The orders.
        digits: Digits after the point of a tick; a price with more is drawn at the nearest one.
    """
    levels = []
    for one in orders:
        prices = (one.stop_price if one.waits_for_stop else None, one.order.limit_price)
        levels += [
            Level(round(price.scaleb(digits, EXACT)), one.order.side.sign) for price in prices if price is not None
        ]
    return levels


def _no_indicators(_symbol: str, _row: int) -> Mapping[str, Any]:
    return {}


@frozen(eq=False)
class PriceView:
    """One symbol's bars up to a moment, and what else is drawn among them.

    Attributes:
        bars: All its bars; later ones than `row` are not looked at.
        row: The newest bar; -1 before the first.
        fills: When there was a fill, of every symbol.
        fill_count: How many of them have happened.
        price_digits: Decimals of a price, at least.
        as_line: Whether to draw closes as a line.
        forming: The bar after `row` as far as its path has come: open, high, low and the price now, in ticks.
        levels: The prices that its open orders wait for.
        indicators_at: Returns the strategy's indicators of a symbol at a row, by name.
        step_of: Returns the step of the run that has a row.
        has_bar: Whether it has a bar in the newest step that is over.
    """

    bars: Bars
    row: int
    fills: FillTimes
    fill_count: int
    price_digits: int
    as_line: bool = False
    forming: Candle | None = None
    levels: Sequence[Level] = ()
    indicators_at: IndicatorsAt = _no_indicators
    step_of: Callable[[int], int] = int
    has_bar: bool = True

    @property
    def newest(self) -> int:
        """The newest row that is shown, in part or whole; -1 for none."""
        return self.row + (self.forming is not None)

    @property
    def price(self) -> int:
        """The newest price, in ticks, where there is any."""
        return self.bars.closes[self.row] if self.forming is None else self.forming[3]

    @property
    def title(self) -> str:
        """The symbol, and how long a bar is."""
        return f"{clean(self.bars.symbol)} {interval(self.bars)}".rstrip()

    @property
    def indicators(self) -> list[str]:
        """The names of the indicators that can be drawn, the first few: those that are numbers, or nothing yet."""
        values = self.indicators_at(self.bars.symbol, self.row) if self.row >= 0 else {}
        return [name for name, value in values.items() if value is None or is_number(value)][:MOST_INDICATORS]

    def marks(self, columns: range, size: int) -> dict[int, str]:
        """Return what was done in each column that has a fill, by its place in a range of columns.

        Args:
            columns: Which.
            size: How many bars are in one.
        """
        marks = dict[int, str]()
        if self.newest < 0:
            return marks
        for side, mark in ((BUY, BUY_MARK), (SELL, SELL_MARK)):
            for column in self._columns_with(side, columns, size):
                place = column - columns.start
                marks[place] = BOTH_MARK if place in marks else mark
        return marks

    def _columns_with(self, side: Side, columns: range, size: int) -> Iterator[int]:
        """Yield the columns in which there was a fill, from one to the next: the fills between are not looked at."""
        times, first = self.bars.times, columns.start * size
        edge = times[first - 1] if first else _BEFORE_ALL
        while (time := self.fills.after(self.bars.symbol, side, edge, self.fill_count)) is not None:
            column = bisect_left(times, time) // size
            if column not in columns:
                return
            yield column
            edge = max(times[min((column + 1) * size, len(times)) - 1], time)

    def points(self, folds: Sequence[Fold]) -> list[list[float | None]]:
        """Return the values of each indicator that is drawn, in ticks, a column each; None where it has none."""
        scale = 10.0**self.bars.digits
        names = self.indicators
        return [
            [value * scale if is_number(value := fold.values.get(name)) else None for fold in folds] for name in names
        ]

    def price_label(self, ticks: int) -> str:
        """Write a price given in ticks."""
        return exactly(self.bars.price(ticks), self.price_digits)

    def volume_label(self, units: int) -> str:
        """Write a volume given in units of the bars, in few characters."""
        return brief(units / 10**self.bars.volume_digits)

    def time_label(self, row: int) -> str:
        """Write the stamp of a bar."""
        return written_time(to_datetime(self.bars.times[row]))

    def caption(self, fold: Fold, row: int | None, room: int) -> str:
        """Write a bar in at most so many characters: its time, prices and volume, as far as they fit.

        Args:
            fold: The bar, or several as one.
            row: The last row of them where one was chosen; None for the newest.
            room: How many characters there may be.
        """
        time = self.time_label(self.newest if row is None else row)
        prices = " ".join(f"{name} {self.price_label(ticks)}" for name, ticks in zip("OHLC", fold.candle, strict=True))
        short = [exactly(self.bars.price(ticks), _FEWEST_DIGITS) for ticks in fold.candle]
        near, last = " ".join(map("".join, zip("OHLC", short, strict=True))), f"C{short[-1]}"
        volume = "" if fold.volume is None else f"V {self.volume_label(fold.volume)}"
        note = "" if self.has_bar or row is not None else NO_BAR
        parts = (
            (time, prices, volume),
            (prices, volume),
            (near, volume),
            (near,),
            (last, volume),
            (last,),
        )
        texts = ["  ".join(filter(None, (note, *some))) for some in parts]
        return next((text for text in texts if len(text) <= room), note)


def is_number(value: object) -> TypeGuard[float]:
    """Say whether a value can be drawn on a scale.

    >>> is_number(1.5), is_number(True), is_number(float("nan")), is_number("1")
    (True, False, False, False)
    """
    return type(value) in _NUMBERS and isfinite(value)  # type: ignore[arg-type]


def brief(amount: float) -> str:
    """Write a number of units in at most six characters up to a thousand million.

    >>> brief(950), brief(12345), brief(2_500_000), brief(0.00125)
    ('950', '12.3k', '2.5M', '0.00125')
    """
    for size, name in _SIZES:
        if amount >= size:
            return f"{amount / size:.1f}".removesuffix(".0") + name
    return f"{amount:.4g}"


def equity_points(equity_at: Callable[[int], Decimal], step: int, columns: int) -> list[Decimal]:
    """Return equity at the end of steps up to one, that one always among them; none before the first.

    The steps are a power of two apart, so that the line keeps still while it grows.

    Args:
        equity_at: Returns equity at the end of a step, money.
        step: The newest step; -1 before the first.
        columns: How many points there may be.
    """
    if step < 0 or columns < 1:
        return []
    return [equity_at(past) for past in (*_spread(step, columns - 1), step)]


def _spread(stop: int, most: int) -> range:
    """Return at most so many steps below one, from 0 on, as near to each other as that allows."""
    stride = 1
    while most and -(-stop // stride) > most:
        stride *= 2
    return range(0, stop if most else 0, stride)
