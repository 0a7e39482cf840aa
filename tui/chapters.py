"""Each chapter of an order's life as lines: the first is what happened, the others what belongs to it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from attrs import evolve

from core.backtest.command import BY_HAND
from core.bars import Bar
from core.events import AmendRequested, CancelRequested, OrderTriggered
from core.fill import Fill
from core.money import canonical, magnitude, subtract
from core.reason import Code, Reason
from core.replay.chapters import (
    Ambiguity,
    Books,
    Chapter,
    FillEffect,
    Happening,
    SplitEffect,
    StillOpen,
    Submission,
    Waiting,
)
from core.text import clean
from tui.numbers import MONEY_DIGITS, NOTHING, average, exactly, money, signed
from tui.sentences import reason_text, sentence

_GAP: Final = "   "
_COLUMNS: Final = ("", "cash", "position", "realized", "unrealized", "equity")
_REMEDIES: Final = frozenset({"at_most", "worst_price"})


def lines_of(chapter: Chapter) -> Iterator[str]:
    """Write a chapter; its text from outside is not cleaned yet."""
    return _TELLERS[type(chapter)](chapter)


def _submission(chapter: Submission) -> Iterator[str]:
    yield sentence(evolve(chapter.event, parent_id=None, group_id=None))  # which are told below
    if chapter.event.cause:
        yield _asked_by(chapter.event.cause)
    if chapter.event.order.tag:
        yield f"tag {chapter.event.order.tag}"
    if chapter.event.parent_id is not None:
        yield f"asleep until its entry #{chapter.event.parent_id} fills"
    if chapter.exit_ids:
        yield f"as it fills, its exits wake: {_numbers(chapter.exit_ids)}"
    if chapter.sibling_ids:
        yield f"what it fills, its siblings lose: {_numbers(chapter.sibling_ids)}"
    if chapter.bar is not None:
        yield f"newest bar {_bar(chapter.bar)}"
    if chapter.indicators:
        yield f"indicators {', '.join(f'{name} {_indicator(value)}' for name, value in chapter.indicators.items())}"
    yield _books(chapter.books)


def _happening(chapter: Happening) -> Iterator[str]:
    event = chapter.event
    said = sentence(event).partition(" ")[2].partition(" ")[2]  # without the number of the order, which is known
    reason = getattr(event, "reason", None)
    if not isinstance(reason, Reason):
        yield said
    else:
        yield f"{said.removesuffix(f': {clean(reason.text)}')}, {_why(reason)}"
        yield from _remedies(reason, chapter.books)
    if isinstance(event, CancelRequested | AmendRequested) and event.cause:
        yield _asked_by(event.cause)
    if isinstance(event, OrderTriggered) and event.price != event.stop_price:
        yield f"gap: the price was {price_of(magnitude(subtract(event.price, event.stop_price)))} beyond the stop"


def _asked_by(cause: str) -> str:
    return f"asked for {cause}" if cause == BY_HAND else f"asked for by {cause}"


def _remedies(reason: Reason, books: Books) -> Iterator[str]:
    """Say what would have passed, and of cash where it is."""
    if reason.code is Code.CASH_MUST_COVER_PURCHASE and reason.decimal("available") != books.cash:
        available = reason.decimal("available")
        why = "open orders and shorts leave" if available < books.cash else "with the proceeds of open sales"
        yield f"cash is {money(books.cash)}, {why} {money(available)}"
    passing = []
    if reason.params.get("at_most"):
        passing.append(f"at most {exactly(reason.decimal('at_most'), 0)}")
    if "worst_price" in reason.params:
        passing.append(f"a price no worse than {price_of(reason.decimal('worst_price'))}")
    if passing:
        yield f"would pass: {', or '.join(passing)}"
    elif "at_most" in reason.params:
        yield "no quantity would pass"


def _ambiguity(chapter: Ambiguity) -> Iterator[str]:
    said = chapter.reason.params
    stake = money(chapter.reason.decimal("at_stake"))
    yield f"{chapter.reason.code.value}: the order of the bar's high and low decides, {stake} at stake"
    yield f"{said['path']} is assumed (R3): {said['outcome']}"
    yield f"{said['other_path']} would give: {said['other_outcome']}"


def _waiting(chapter: Waiting) -> Iterator[str]:
    yield f"waits, {_why(chapter.reason) if chapter.reason else 'its turn has not come'}"


def _still_open(chapter: StillOpen) -> Iterator[str]:
    order = chapter.order
    left = f"{exactly(order.remaining_quantity, 0)} of {exactly(order.order.quantity, 0)} left"
    yield f"still open{' at the end of the run' if chapter.is_run_over else ''}, {left}"
    if chapter.eligible_step > chapter.step:
        yield f"it can fill from the open of bar {chapter.eligible_step + 1} on"


def _fill(chapter: FillEffect) -> Iterator[str]:
    fill = chapter.fill
    left = f", {exactly(chapter.remaining, 0)} left" if chapter.remaining else ""
    how = f"{fill.side.name.lower()} {exactly(fill.quantity, 0)} @ {price_of(fill.price)}"
    yield f"fill #{fill.id}: {how}, {fill.rule.value}{left}"
    yield f"on bar {_bar(chapter.bar)}"
    if chapter.improvement:
        yield f"better than its limit by {price_of(chapter.improvement)} a unit"
    if fill.slippage:
        yield f"slippage {price_of(fill.slippage)} a unit, from {price_of(fill.reference_price)} on the path"
    yield from (_why(note) for note in fill.notes if note.code is not Code.AMBIGUOUS)  # which was told before
    yield f"notional {money(fill.notional)}, commission {money(fill.commission)}"
    yield from _table(chapter)


def _split(chapter: SplitEffect) -> Iterator[str]:
    yield sentence(chapter.event)
    if chapter.cash:
        yield f"a part of a unit was sold: {money(chapter.cash)} in cash, realized {signed(chapter.realized_pnl)}"
    before, after = chapter.before, chapter.after
    yield from _aligned([_COLUMNS, ("before", *_cells(before)), ("after", *_cells(after))])


def _table(chapter: FillEffect) -> Iterator[str]:
    """Write what a fill did, in columns."""
    before, after = chapter.before, chapter.after
    change = (
        signed(subtract(after.cash, before.cash)),
        _more(chapter.fill),
        signed(chapter.realized_pnl),
        signed(subtract(after.unrealized_pnl, before.unrealized_pnl)),
        signed(subtract(after.equity, before.equity)),
    )
    yield from _aligned([_COLUMNS, ("before", *_cells(before)), ("after", *_cells(after)), ("change", *change)])
    if after.mark is not None:
        yield f"valued at {price_of(after.mark)}, the newest close"


def _cells(books: Books) -> tuple[str, ...]:
    gained = (signed(books.position.realized_pnl), signed(books.unrealized_pnl))
    return money(books.cash), held(books), *gained, money(books.equity)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Write rows in columns, the first to the left, numbers to the right."""
    name_width, *widths = (max(map(len, column)) for column in zip(*rows, strict=True))
    for name, *cells in rows:
        numbers = (f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        yield _GAP.join((f"{name:<{name_width}}", *numbers))


def _why(reason: Reason) -> str:
    """Write a reason without what would have passed; steps are counted as bars are."""
    params = {name: value for name, value in reason.params.items() if name not in _REMEDIES}
    return f"{reason.code.value}: {reason_text(Reason(reason.code, params))}"


def price_of(price: Decimal) -> str:
    """Write a price."""
    return exactly(price, MONEY_DIGITS)


def _bar(bar: Bar) -> str:
    prices = "/".join(map(price_of, (bar.open, bar.high, bar.low, bar.close)))
    return prices if bar.volume is None else f"{prices}, volume {exactly(bar.volume, 0)}"


def _numbers(order_ids: Iterable[int]) -> str:
    return ", ".join(f"#{one}" for one in order_ids)


def _indicator(value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, float):
        return f"{value:.10g}"
    return canonical(value) if isinstance(value, Decimal) else str(value)


def _books(books: Books) -> str:
    mark = "" if books.mark is None else f" at {price_of(books.mark)}"
    return f"cash {money(books.cash)}, position {held(books)}, equity {money(books.equity)}{mark}"


def held(books: Books) -> str:
    """Write a position: its quantity, and its average price where it is not flat."""
    position = books.position
    at = "" if position.average_price is None else f" @ {average(position.average_price)}"
    return f"{exactly(position.quantity, 0)}{at}"


def _more(fill: Fill) -> str:
    return f"{'+' if fill.side.sign > 0 else '-'}{exactly(fill.quantity, 0)}"


_TELLERS: Final[Mapping[type[Chapter], Callable[[Any], Iterator[str]]]] = {
    Submission: _submission,
    Happening: _happening,
    Ambiguity: _ambiguity,
    Waiting: _waiting,
    FillEffect: _fill,
    SplitEffect: _split,
    StillOpen: _still_open,
}
