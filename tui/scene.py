"""Scene: a run, and how its positions, orders and facts are written as lines.

What can no longer change is written once and kept for the next picture: the line of a fact, and that of an order that
is over. The rest is written anew each time.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Final

from attrs import field, frozen

from core.backtest.journal import Row
from core.backtest.loop import Backtest
from core.clock import Phase
from core.events import CashChanged, PathAmbiguous
from core.money import fraction_digits
from core.order import OrderStatus, OrderType, TrackedOrder
from core.position import Position
from core.reason import Reason
from core.replay.conditions import About, symbol_of
from core.replay.explain import explain_step
from core.replay.moment import Moment
from core.replay.search import Search
from core.replay.timeline import Timeline
from core.text import clean
from tui.fill_times import FillTimes
from tui.numbers import NOTHING, average, exactly, money, signed
from tui.sentences import Tone, reason_text, sentence, tone
from tui.shown import EventLine, OrderLine, PositionLine
from tui.track import Track

FEWEST_PRICE_DIGITS: Final = 2
MOST_PRICE_DIGITS: Final = 8
_KEPT: Final = 1024
"""So many lines of a kind are kept, which is more than a screen has."""

_MARKET_WORDS: Final = {
    OrderType.MARKET: "market",
    OrderType.MARKET_ON_OPEN: "open",
    OrderType.MARKET_ON_CLOSE: "close",
}
_ORDER_TONES: Final[dict[OrderStatus, Tone]] = {
    OrderStatus.FILLED: "good",
    OrderStatus.REJECTED: "bad",
    OrderStatus.CANCELED: "dim",
    OrderStatus.EXPIRED: "dim",
}


@frozen(eq=False)
class Scene:
    """What all views of one run share.

    Attributes:
        run: The run.
        timeline: Its moments.
        track: Where along the run something was done.
        fill_times: When each symbol was bought and sold.
        price_digits: Decimals of a price, at least: what the finest of its symbols needs.
        quantity_digits: Decimals of a quantity, at least.
        event_line: Returns the line of a fact by its number.
        equity_at: Returns equity at the end of a step, money.
    """

    run: Backtest
    timeline: Timeline = field()
    track: Track = field(init=False)
    fill_times: FillTimes = field(factory=FillTimes, init=False)
    price_digits: int = field(init=False)
    quantity_digits: int = field(init=False)
    event_line: Callable[[int], EventLine] = field(init=False)
    equity_at: Callable[[int], Decimal] = field(init=False)
    _ended: dict[int, OrderLine] = field(factory=dict, init=False)
    _about: dict[int, Search] = field(factory=dict, init=False)

    @timeline.default
    def _default_timeline(self) -> Timeline:
        return Timeline(self.run)

    @track.default
    def _default_track(self) -> Track:
        return Track(self.run.journal)

    @price_digits.default
    def _default_price_digits(self) -> int:
        return min(max(FEWEST_PRICE_DIGITS, *(bars.digits for bars in self.run.bars)), MOST_PRICE_DIGITS)

    @quantity_digits.default
    def _default_quantity_digits(self) -> int:
        return fraction_digits(self.run.settings.quantity_step)

    @event_line.default
    def _default_event_line(self) -> Callable[[int], EventLine]:
        return lru_cache(_KEPT)(self._written_event)

    @equity_at.default
    def _default_equity_at(self) -> Callable[[int], Decimal]:
        return lru_cache(_KEPT)(self.timeline.curve.equity)

    def order_line(self, moment: Moment, order_id: int) -> OrderLine:
        """Return the line of an order by its id, as it was at a moment."""
        tracked = moment.get_order(order_id)
        if not tracked.status.is_final:
            return self._written_order(tracked, self.why_open(moment, order_id))
        line = self._ended.get(order_id)
        if line is None:
            if len(self._ended) >= _KEPT:
                self._ended.clear()
            line = self._ended[order_id] = self._written_order(tracked, tracked.reason)
        return line

    def search_about(self, order_id: int) -> Search:
        """Return the search for facts about an order; that of the newest order that was asked for is kept."""
        if order_id not in self._about:
            self._about.clear()
            self._about[order_id] = Search(self.timeline, About(order_id))
        return self._about[order_id]

    def why_open(self, moment: Moment, order_id: int) -> Reason | None:
        """Say why an open order has not filled in the bar of a moment; None before that bar is over."""
        return explain_step(self.run, moment, order_id) if moment.cursor.phase >= Phase.MARK else None

    def position_line(self, moment: Moment, position: Position) -> PositionLine:
        """Return the line of a position, valued at its mark at a moment."""
        mark = moment.get_mark(position.symbol)
        unrealized = None if mark is None else position.unrealized_pnl(mark)
        return PositionLine(
            about=position.symbol,
            symbol=clean(position.symbol),
            quantity=exactly(position.quantity, self.quantity_digits),
            average=average(position.average_price),
            mark=exactly(mark, self.price_digits),
            unrealized=NOTHING if unrealized is None else signed(unrealized),
            value=NOTHING if mark is None else money(position.market_value(mark)),
            realized=signed(position.realized_pnl),
            tone="" if not unrealized else "good" if unrealized > 0 else "bad",
        )

    def _written_order(self, tracked: TrackedOrder, reason: Reason | None) -> OrderLine:
        order = tracked.order
        return OrderLine(
            key=tracked.id,
            about=order.symbol,
            id=str(tracked.id),
            symbol=clean(order.symbol),
            side=order.side.name.lower(),
            quantity=exactly(order.quantity, self.quantity_digits),
            price=self._written_price(tracked),
            state=_written_state(tracked),
            filled=exactly(tracked.filled_quantity, self.quantity_digits),
            reason=reason_text(reason) if reason else "",
            tone=_ORDER_TONES.get(tracked.status, ""),
        )

    def _written_price(self, tracked: TrackedOrder) -> str:
        """Say at which price an order may fill; the longer texts have no more digits than they need."""
        order_type, limit_price, stop_price = tracked.order.type, tracked.order.limit_price, tracked.stop_price
        if order_type is OrderType.LIMIT:
            return exactly(limit_price, self.price_digits)
        if not order_type.has_stop:
            return _MARKET_WORDS[order_type]
        stop = exactly(stop_price, FEWEST_PRICE_DIGITS)
        if order_type is OrderType.STOP_LIMIT:
            return f"{stop}/{exactly(limit_price, FEWEST_PRICE_DIGITS)}"
        return f"{'stop' if order_type is OrderType.STOP else 'trail'} {stop}"

    def _written_event(self, sequence: int) -> EventLine:
        event, step = self.run.journal[sequence], self.run.journal.step_of(sequence)
        return EventLine(sequence, self.about(sequence), str(step + 1), sentence(event), tone(event))

    def about(self, sequence: int) -> str | None:
        """Return the symbol that a fact is about, by its number; None where it is about none."""
        return self.about_row(self.run.journal.rows[sequence])

    def about_row(self, row: Row | None) -> str | None:
        """Return the symbol that a fact is about; None where it is about none."""
        if row is None:
            return None
        if row[2] is PathAmbiguous:
            return str(row[3][1])
        if row[2] is CashChanged:
            fill_id = row[3][-1]
            return None if fill_id is None else self.timeline.fill(fill_id).symbol
        return symbol_of(self.timeline, row)


def _written_state(tracked: TrackedOrder) -> str:
    """Say where an order stands; an exit that waits for its entry is asleep."""
    is_asleep = tracked.status.is_open and tracked.asleep_quantity == tracked.remaining_quantity
    return "asleep" if is_asleep else tracked.status.value.lower().replace("_", " ")
