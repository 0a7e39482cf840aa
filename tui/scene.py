"""Scene: a run, and how its positions, orders and facts are written as lines.

What can no longer change is written once and kept for the next picture: the line of a fact, and that of an order that
is over. The rest is written anew each time.
"""

from collections.abc import Callable, Collection
from decimal import Decimal
from functools import lru_cache
from typing import Final

from attrs import evolve, field, frozen

from core.backtest.journal import Row
from core.clock import Phase
from core.events import CashChanged, PathAmbiguous
from core.money import EXACT, ZERO, fraction_digits, minus, multiple_above, multiply, subtract
from core.order import OrderStatus, OrderType, TrackedOrder
from core.position import Position
from core.reason import Reason
from core.replay.conditions import symbol_of
from core.replay.cursor import Cursor
from core.replay.explain import PastBars, explain_step
from core.replay.moment import Moment
from core.replay.past_orders import PastOrders
from core.replay.run import Run, executable
from core.replay.timeline import Timeline
from core.risk.exposure import leverage, total
from core.text import clean
from tui.fill_times import FillTimes
from tui.lives import Lives
from tui.numbers import NOTHING, average, exactly, money, percent, signed
from tui.sentences import Tone, reason_text, sentence, tone
from tui.shown import EventLine, Lines, MadeLines, NumberedLines, OrderLine, PositionLine, differing
from tui.track import Track

FEWEST_PRICE_DIGITS: Final = 2
MOST_PRICE_DIGITS: Final = 8
_MOMENTS: Final = 4  # of the newest looks
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
        drawdown_at: Returns how far it lies there below its peak, money.
        moment_at: Returns the run as it was at a place.
    """

    run: Run
    timeline: Timeline = field()
    track: Track = field(init=False)
    fill_times: FillTimes = field(factory=FillTimes, init=False)
    price_digits: int = field(init=False)
    quantity_digits: int = field(init=False)
    event_line: Callable[[int], EventLine] = field(init=False)
    equity_at: Callable[[int], Decimal] = field(init=False)
    drawdown_at: Callable[[int], Decimal] = field(init=False)
    moment_at: Callable[[Cursor], Moment] = field(init=False)
    _lives: Lives = field(init=False)
    _met: PastBars = field(init=False)
    _ended: dict[int, OrderLine] = field(factory=dict, init=False)

    @timeline.default
    def _default_timeline(self) -> Timeline:
        return Timeline(self.run)

    @track.default
    def _default_track(self) -> Track:
        return Track(self.run.journal)

    @price_digits.default
    def _default_price_digits(self) -> int:
        return min(max(FEWEST_PRICE_DIGITS, *(bars.digits for bars in self.run.feed.bars)), MOST_PRICE_DIGITS)

    @quantity_digits.default
    def _default_quantity_digits(self) -> int:
        return fraction_digits(self.run.settings.quantity_step)

    @event_line.default
    def _default_event_line(self) -> Callable[[int], EventLine]:
        return lru_cache(_KEPT)(self._written_event)

    @equity_at.default
    def _default_equity_at(self) -> Callable[[int], Decimal]:
        return lru_cache(_KEPT)(self.timeline.curve.equity)

    @drawdown_at.default
    def _default_drawdown_at(self) -> Callable[[int], Decimal]:
        return lru_cache(_KEPT)(self.timeline.curve.drawdown)

    @moment_at.default
    def _default_moment_at(self) -> Callable[[Cursor], Moment]:
        return lru_cache(_MOMENTS)(self.timeline.at)

    @_met.default
    def _default_met(self) -> PastBars:
        return PastBars(self.run)

    @_lives.default
    def _default_lives(self) -> Lives:
        return Lives(self.run.journal)

    def read_on(self) -> None:
        """Take in what the run has done since; what a picture looks things up in is then no longer with more of it."""
        run = executable(self.run)
        fills = run.broker.tracker.fills
        self.timeline.read_on()
        self.timeline.curve.extremes(run.step_count - 1)
        self.fill_times.read(fills, len(fills))
        self.track.read_on()
        self._lives.read_on()

    def order_lines(self, moment: Moment, before: Moment) -> NumberedLines[OrderLine]:
        """Return the lines of all orders at a moment: open ones first, each kind from the newest on.

        Args:
            moment: The moment.
            before: The moment with which it is compared.
        """
        orders = moment.orders
        return NumberedLines(
            first=1,
            stop=len(orders) + 1,
            make=lambda order_id: self._compared(self.order_line(moment, order_id), before),
            origin=self,
            is_newest_first=True,
            live=_live(orders),
            is_settled=lambda order_id: orders.find(order_id).status.is_final,
        )

    def order_line(self, moment: Moment, order_id: int) -> OrderLine:
        """Return the line of an order by its id, as it was at a moment."""
        tracked = moment.get_order(order_id)
        if not tracked.status.is_final:
            return self._open_order(moment, tracked, self.why_open(moment, order_id))
        line = self._ended.get(order_id)
        if line is None:
            if len(self._ended) >= _KEPT:
                self._ended.clear()
            age = self._lives.lifetime(order_id)
            line = self._ended[order_id] = self._written_order(tracked, tracked.reason, age, "")
        return line

    def _compared(self, line: OrderLine, before: Moment) -> OrderLine:
        """Say what of a line was otherwise before; why an order does not fill is not compared."""
        order_id = line.key
        if order_id > len(before.orders):
            return evolve(line, changed=differing(line, None))
        tracked = before.get_order(order_id)
        if tracked.status.is_final:
            return line
        return evolve(line, changed=differing(line, self._open_order(before, tracked, None)))

    def _open_order(self, moment: Moment, tracked: TrackedOrder, reason: Reason | None) -> OrderLine:
        age = self._lives.age(tracked.id, moment.cursor.step)
        return self._written_order(tracked, reason, age, self._ticks_away(moment, tracked.id))

    def _ticks_away(self, moment: Moment, order_id: int) -> str:
        """Say how many ticks the price has to go from its mark to the stop or the limit of an order; 0 if none."""
        record, run = moment.orders.find(order_id), self.run
        price, mark = record.limit_price, moment.get_mark(record.order.symbol)
        if record.waits_for_stop:
            price = record.stop_price
        if price is None or mark is None:
            return NOTHING
        tick = run.settings.tick_size or run.feed.bars[run.feed.places[record.order.symbol]].unit
        rise = multiply(subtract(price, mark), record.sign)
        missing = rise if record.waits_for_stop else minus(rise)
        return f"{int(max(EXACT.divide(multiple_above(missing, tick), tick), ZERO)):,}"

    def why_open(self, moment: Moment, order_id: int) -> Reason | None:
        """Say why an open order has not filled in the bar of a moment; None before that bar is over."""
        return explain_step(self.run, moment, order_id, self._met) if moment.cursor.phase >= Phase.MARK else None

    def position_lines(self, moment: Moment, before: Moment) -> Lines[PositionLine]:
        """Return the lines of what is held at a moment, in the order in which it first traded.

        Args:
            moment: The moment.
            before: The moment with which it is compared.
        """
        held = list(moment.get_all_positions().values())
        equity, equity_before = moment.equity, before.equity

        def make(index: int) -> PositionLine:
            line, then = self._position_line(moment, held[index], equity), before.get_position(held[index].symbol)
            was = self._position_line(before, then, equity_before) if then.quantity else None
            return evolve(line, changed=differing(line, was))

        return MadeLines(len(held), make)

    def position_total(self, moment: Moment, symbols: Collection[str] | None) -> PositionLine:
        """Return the line of some of the positions together, all for None: its numbers are the sums of theirs.

        A position without a mark is valued at its cost.
        """
        held = moment.get_all_positions().values()
        some = [one for one in held if symbols is None or one.symbol in symbols]
        marks = ((one, moment.get_mark(one.symbol)) for one in some)
        value = total(one.cost_basis if mark is None else one.market_value(mark) for one, mark in marks)
        unrealized = subtract(value, total(one.cost_basis for one in some))
        return PositionLine(
            about="",
            symbol="total",
            quantity="",
            average="",
            mark="",
            unrealized=signed(unrealized),
            value=money(value),
            realized=signed(total(one.realized_pnl for one in some)),
            share=share_of(value, moment.equity),
            tone=_tone_of(unrealized),
        )

    def _position_line(self, moment: Moment, position: Position, equity: Decimal) -> PositionLine:
        """Return the line of a position, valued at its mark at a moment."""
        mark = moment.get_mark(position.symbol)
        unrealized = None if mark is None else position.unrealized_pnl(mark)
        value = None if mark is None else position.market_value(mark)
        return PositionLine(
            about=position.symbol,
            symbol=clean(position.symbol),
            quantity=exactly(position.quantity, self.quantity_digits),
            average=average(position.average_price),
            mark=exactly(mark, self.price_digits),
            unrealized=NOTHING if unrealized is None else signed(unrealized),
            value=NOTHING if value is None else money(value),
            realized=signed(position.realized_pnl),
            share=NOTHING if value is None else share_of(value, equity),
            tone=_tone_of(unrealized),
        )

    def _written_order(self, tracked: TrackedOrder, reason: Reason | None, age: int, ticks: str) -> OrderLine:
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
            ticks=ticks,
            age=f"{age:,}",
            remaining=exactly(tracked.remaining_quantity, self.quantity_digits),
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
        about = self.about(sequence)
        return EventLine(sequence, about, str(step + 1), sentence(event), tone(event), clean(about or ""))

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


def marked_step(cursor: Cursor) -> int:
    """Return the newest step whose bars are over at a place."""
    return cursor.step if cursor.phase >= Phase.MARK else cursor.step - 1


def share_of(value: Decimal, equity: Decimal) -> str:
    """Write a market value as a part of equity; nothing where equity is not above zero."""
    ratio = leverage(value, equity)
    return NOTHING if ratio is None else percent(ratio)


def _tone_of(profit: Decimal | None) -> Tone:
    return "" if not profit else "good" if profit > 0 else "bad"


def _live(orders: PastOrders) -> list[int]:
    """Return, rising, the orders that may still change: the open ones, and the newest where no check was made yet."""
    numbers = {record.id for record in orders.open_records()}
    newest = len(orders)
    while newest and not orders.find(newest).status.is_final and newest not in numbers:
        numbers.add(newest)
        newest -= 1
    return sorted(numbers)


def _written_state(tracked: TrackedOrder) -> str:
    """Say where an order stands; an exit that waits for its entry is asleep."""
    is_asleep = tracked.status.is_open and tracked.asleep_quantity == tracked.remaining_quantity
    return "asleep" if is_asleep else tracked.status.value.lower().replace("_", " ")
