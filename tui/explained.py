"""What the explain pane shows: why an order did what it did, or what happened where one stands."""

from collections.abc import Iterator
from decimal import Decimal

from core.bars import Bar
from core.clock import Phase
from core.events import OrderEvent, OrderFilled, OrderRejected
from core.order import TrackedOrder
from core.replay.chapters import Chapter, FillEffect
from core.replay.explain import explain_at, newest_row
from core.replay.moment import Moment
from core.text import clean
from tui.chapters import held, lines_of
from tui.forming import path_text
from tui.numbers import money, signed
from tui.scene import Scene
from tui.sentences import Tone, asked, reason_text
from tui.shown import ExplainView

_REMEDY = "would pass"
_ITS_BAR = "  on bar "  # which is not known before it is over
_NOT_OVER = "waits, the bar is not over"
_NOT_BEGUN = "before the first bar: n goes to it"
_MOST_TOLD = 6  # open orders of a quiet bar


def explain_view(scene: Scene, moment: Moment, order_id: int | None) -> ExplainView:
    """Return why an order did what it did at a moment; where none is given, or it did not exist yet, what happened."""
    if order_id is not None and 0 < order_id <= len(moment.orders):
        return _of_order(scene, moment, order_id)
    newest = _most_telling(scene, moment)
    return _of_bar(scene, moment) if newest is None else _of_order(scene, moment, newest)


def _most_telling(scene: Scene, moment: Moment) -> int | None:
    """Return the order of the newest fill of the step, else of the newest rejection, else of any fact about one."""
    first, rows = scene.timeline.rows_of(moment.cursor.step)
    facts = [row for row in rows[: moment.cursor.sequence - first] if issubclass(row[2], OrderEvent)]
    for kind in (OrderFilled, OrderRejected, OrderEvent):
        for row in reversed(facts):
            if issubclass(row[2], kind):
                return int(row[3][1])
    return None


def _of_order(scene: Scene, moment: Moment, order_id: int) -> ExplainView:
    tracked = moment.get_order(order_id)
    chapters = explain_at(scene.timeline, order_id, moment.cursor)
    state = tracked.status.value.lower().replace("_", " ")
    lines: list[tuple[str, Tone]] = [(clean(f"#{order_id} {asked(tracked.order)}: {state}"), _tone(tracked))]
    step = chapters[-1].step if chapters else moment.cursor.step
    bar, path = _bar(scene, moment, tracked.order.symbol, step)
    if not chapters:
        lines.append((_NOT_OVER if moment.cursor.step >= 0 else _NOT_BEGUN, "dim"))
    for chapter in reversed(chapters):
        lines += (line for line in _told(chapter) if bar is not None or not line[0].startswith(_ITS_BAR))
    prices = None if bar is None else (bar.open, bar.high, bar.low, bar.close)
    marks = [*_waits_for(tracked), *((_sign(one), one.fill.price) for one in chapters if isinstance(one, FillEffect))]
    return ExplainView(f"#{order_id}, bar {step + 1}", tuple(lines), prices, path, marks)


def _of_bar(scene: Scene, moment: Moment) -> ExplainView:
    if moment.cursor.step < 0:
        return ExplainView("", ((_NOT_BEGUN, "dim"),))
    lines = list(_why_open(scene, moment)) or [("nothing happened in this bar, and no order was open", "dim")]
    return ExplainView(f"bar {moment.cursor.step + 1}", tuple(lines))


def _why_open(scene: Scene, moment: Moment) -> "Iterator[tuple[str, Tone]]":
    open_orders = moment.open_orders()
    for tracked in open_orders[:_MOST_TOLD]:
        reason = scene.why_open(moment, tracked.id)
        why = f"waits, {reason.code.value}: {reason_text(reason)}" if reason else _NOT_OVER
        yield clean(f"#{tracked.id} {asked(tracked.order)}: {why}"), ""
    if open_orders[_MOST_TOLD:]:
        yield f"and {len(open_orders) - _MOST_TOLD} more open orders", "dim"


def _told(chapter: Chapter) -> "Iterator[tuple[str, Tone]]":
    first, *others = map(clean, lines_of(chapter))
    if isinstance(chapter, FillEffect):
        yield first, "good"
        yield from ((f"  {line}", "") for line in _changes(chapter))
        others = others[: others.index(next(line for line in others if line.endswith("equity")))]
    else:
        yield first, "bad" if first.startswith("rejected") else ""
        others.sort(key=lambda line: not line.startswith(_REMEDY))  # which is what one does next
    yield from ((f"  {line}", "") for line in others)


def _changes(effect: FillEffect) -> Iterator[str]:
    """Say what a fill did, in few columns."""
    before, after = effect.before, effect.after
    yield f"cash {money(before.cash)} -> {money(after.cash)}"
    yield f"position {held(before)} -> {held(after)}"
    if effect.realized_pnl:
        yield f"realized {signed(effect.realized_pnl)}"
    yield f"equity {money(before.equity)} -> {money(after.equity)}"


def _tone(tracked: TrackedOrder) -> Tone:
    return "bad" if tracked.status.value == "REJECTED" else "good" if tracked.status.value == "FILLED" else ""


def _bar(scene: Scene, moment: Moment, symbol: str, step: int) -> tuple[Bar | None, str]:
    """Return a symbol's bar of a step, and its path, once that bar is over at the moment."""
    run = scene.run
    is_over = step < moment.cursor.step or moment.cursor.phase >= Phase.MARK
    row = newest_row(run, symbol, step) if is_over else -1
    if row < 0 or run.feed.step_at(run.feed.places[symbol], row) != step:
        return None, ""
    return run.feed.bars[run.feed.places[symbol]].bar(row), path_text(run, symbol, row, step)


def _waits_for(tracked: TrackedOrder) -> Iterator[tuple[str, Decimal]]:
    prices = {"@": tracked.order.limit_price, "!": tracked.stop_price}
    yield from ((name, price) for name, price in prices.items() if price is not None)


def _sign(effect: FillEffect) -> str:
    return "▲" if effect.fill.side.sign > 0 else "▼"
