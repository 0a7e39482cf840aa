"""What the two charts show at one moment: bars up to now with the fills in them, and equity since the start."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from attrs import frozen

from core.bars import Bars, to_datetime, to_microseconds, written_time
from core.fill import Fill
from core.order import BUY
from core.text import clean
from tui.numbers import exactly

BUY_MARK = "▲"
SELL_MARK = "▼"
BOTH_MARK = "◆"
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


@frozen(eq=False)
class PriceView:
    """One symbol's bars up to a moment.

    Attributes:
        bars: All its bars; later ones than `row` are not looked at.
        row: The newest bar; -1 before the first.
        fills: Fills of every symbol by number, 1, 2, 3, ...
        fill_count: How many of them have happened.
        price_digits: Decimals of a price, at least.
        as_line: Whether to draw closes as a line.
        forming: The bar after `row` as far as its path has come: open, high, low and the price now, in ticks.
    """

    bars: Bars
    row: int
    fills: Mapping[int, Fill]
    fill_count: int
    price_digits: int
    as_line: bool = False
    forming: tuple[int, int, int, int] | None = None

    @property
    def newest(self) -> int:
        """The newest row that is shown, in part or whole; -1 for none."""
        return self.row + (self.forming is not None)

    @property
    def title(self) -> str:
        """The symbol, and how long a bar is."""
        return f"{clean(self.bars.symbol)} {interval(self.bars)}".rstrip()

    def candles(self, first: int) -> list[tuple[int, int, int, int]]:
        """Return open, high, low and close, in ticks, of the bars from a row on."""
        stop = self.row + 1
        opens, highs, lows, closes = self.bars.ticks
        whole = list(zip(opens[first:stop], highs[first:stop], lows[first:stop], closes[first:stop], strict=True))
        return whole if self.forming is None else [*whole, self.forming]

    def marks(self, first: int) -> dict[int, str]:
        """Return what was done in each bar from a row on that has a fill, by its place after that row."""
        times, marks = self.bars.times, dict[int, str]()
        for number in range(self.fill_count, 0, -1):
            fill = self.fills[number]
            time = to_microseconds(fill.timestamp)
            if time < times[first]:
                break
            if fill.symbol == self.bars.symbol:
                place = bisect_left(times, time) - first
                mark = BUY_MARK if fill.side is BUY else SELL_MARK
                marks[place] = mark if marks.get(place, mark) == mark else BOTH_MARK
        return marks

    def price_label(self, ticks: int) -> str:
        """Write a price given in ticks."""
        return exactly(self.bars.price(ticks), self.price_digits)

    def time_label(self, row: int) -> str:
        """Write the stamp of a bar."""
        return written_time(to_datetime(self.bars.times[row]))


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
