"""How a block of the page on fill rules is played, and each of its numbers compared with what happens."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from attrs import define, field

from core.backtest.configuration import Layer, overlay
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.events import (
    Event,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderReduced,
    OrderRejected,
    OrderSplit,
    OrderTriggered,
    PathAmbiguous,
    RequestRefused,
)
from core.fill import Fill
from core.money import ZERO
from core.order import BUY, SELL, Order
from core.protocols import Traded
from core.reason import Code, Reason
from tests.core.builders import at
from tests.fill_blocks import STATES, SYMBOL, Ask, Block, Facts, Step, read

_ENDS: Final[Mapping[type[Event], str]] = {
    OrderCanceled: "canceled",
    OrderExpired: "expired",
    OrderReduced: "reduced",
}
_REFUSALS: Final[Mapping[type[Event], str]] = {OrderRejected: "rejected", RequestRefused: "refused"}
_NUMBERS_OF_ORDERS: Final = ("sibling", "parent", "child", "order")
_NUMBERS_OF_STEPS: Final = ("eligible", "step")
Row = tuple[object, ...]


@define
class Told(Strategy):
    """Ask for what a block says."""

    block: Block
    answers: dict[int, list[Ask]] = field(factory=dict, init=False)

    def on_bar(self, now: Now) -> None:
        step = now.step - self.block.lead
        if step < 0:
            now.submit(Order(SYMBOL, BUY if self.block.held > ZERO else SELL, abs(self.block.held)))
            return
        for ask in self.block.steps[step].asks:
            self._ask(now, ask)

    def on_fill(self, now: Now, fill: Fill) -> None:
        for ask in self.answers.pop(fill.order_id, ()):
            self._ask(now, ask)

    def _ask(self, now: Now, ask: Ask) -> None:
        if ask.kind in ("cancel", "amend"):
            self._change(now, ask)
            return
        orders = [self.block.order(words) for words in ask.orders]
        submit = {"order": lambda one: [now.submit(one)], "bracket": now.submit_bracket, "oco": now.submit_oco}
        order_id, *_ = submit[ask.kind](*orders)
        self.answers[order_id] = ask.then

    def _change(self, now: Now, ask: Ask) -> None:
        number, *changes = ask.words
        order_id = int(number[1:]) + self.block.lead
        if ask.kind == "cancel":
            now.cancel(order_id)
            return
        names = (name if name == "quantity" else f"{name}_price" for name in changes[::2])
        now.amend(order_id, **dict(zip(names, map(Decimal, changes[1::2]), strict=True)))


def prepare(block: Block) -> Backtest:
    """Set up the run that a block is about."""
    settings = overlay(Settings(), Layer(block.settings))
    units, spent = abs(block.held), block.held * block.cost
    commission = settings.costs.total(Traded(units, abs(spent)))
    capital = Layer({"initial_capital": block.cash + spent + commission})
    bars = [Bars.from_rows(symbol, rows) for symbol, rows in _rows(block).items()]
    finer = [Bars.from_rows(SYMBOL, rows) for rows in [_finer(block)] if rows]
    return Backtest(bars, Told(block), overlay(settings, capital), subbars=finer, actions=block.actions)


def _rows(block: Block) -> dict[str, list[Row]]:
    """Return the rows of each symbol; what is held is bought at the open of the bar whose close is the one before."""
    rows: dict[str, list[Row]] = {symbol: [] for step in block.steps for symbol in step.bars}
    first = block.steps[0].bars
    if block.held:
        cost, close = block.cost, first[SYMBOL][-1]
        rows[SYMBOL].append((block.stamp(-1), *[cost] * 4, None))
        first[SYMBOL] = [cost, max(cost, close), min(cost, close), close]
    for place, step in enumerate(block.steps):
        for symbol, numbers in step.bars.items():
            rows[symbol].append((block.stamp(place), *numbers, *[None] * (5 - len(numbers))))
    return rows


def _finer(block: Block) -> list[Row]:
    rows: list[Row] = []
    for place, step in enumerate(block.steps):
        for index, prices in enumerate(step.finer, start=1):
            part = timedelta(hours=block.hours) * index / len(step.finer)
            rows.append((block.stamp(place - 1) + part, *prices, None))
    return rows


@define
class Play:
    """One block as it is played, and every reason that was given."""

    block: Block
    made: Backtest
    reasons: list[Reason] = field(factory=list)

    def happened(self, step: int) -> Iterator[Facts]:
        """Tell what happened in a step to the orders that are written, in its order."""
        return (told for event in self.events(step) for told in self._tell(event, step) if told["#"])

    def _tell(self, event: Event, step: int) -> Iterator[Facts]:
        match event:
            case OrderFilled(fill=fill):
                yield from self._tell_fill(fill, step)
            case OrderTriggered():
                yield {**self._about("triggered", event.order_id), "@": event.price}
            case OrderCanceled() | OrderExpired() | OrderReduced():
                told = self._about(_ENDS[type(event)], event.order_id, event.reason)
                yield {**told, "units": event.given_up_quantity}
            case OrderSplit(order=order):
                prices = {"limit": order.limit_price, "stop": event.stop_price, "trail": order.trail_amount}
                told = {name: price for name, price in prices.items() if price is not None}
                yield {**self._about("adjusted", event.order_id), "units": order.quantity, **told}
            case OrderRejected() | RequestRefused():
                yield self._about(_REFUSALS[type(event)], event.order_id, event.reason)

    def events(self, step: int) -> Iterator[Event]:
        """Return the events of a step."""
        journal = self.made.journal
        return (journal[place] for place in range(journal.first_of_step(step), journal.first_of_step(step + 1)))

    def state(self, said: Facts, step: int) -> Facts:
        """Tell how things stand at the end of the newest step, of the kind that a line is about."""
        order_id = int(said.get("#", 1)) + self.block.lead
        assert order_id <= self.made.broker.order_count, f"there is no order {said['#']}"
        match said["kind"]:
            case "none":
                reason = self.made.why_open(order_id)
                assert reason, "the order would fill, or is over"
                return self._about("none", order_id, reason)
            case "stop":
                stop = self.made.broker.get_order(order_id).stop_price
                return {**self._about("stop", order_id), "@": "nowhere" if stop is None else stop}
            case "leaves":
                return self._books()
            case _:
                return self._ambiguity(step)

    def _tell_fill(self, fill: Fill, step: int) -> Iterator[Facts]:
        hours = self.block.hours
        assert at(step - 1, hours=hours) < fill.timestamp <= at(step, hours=hours), "it is of another bar"
        told = {**self._about("fill", fill.order_id), "units": fill.quantity, "@": fill.price}
        told |= {"rule": fill.rule.value.split()[0], "commission": fill.commission}
        yield {**told, "reference": fill.reference_price, "slippage": fill.slippage}
        for note in fill.notes:
            if note.code is not Code.AMBIGUOUS:
                yield self._about("note", fill.order_id, note)

    def _about(self, kind: str, order_id: int, reason: Reason | None = None) -> Facts:
        told: Facts = {"kind": kind, "#": Decimal(order_id - self.block.lead)}
        if reason is None:
            return told
        self.reasons.append(reason)
        params = {name: self._param(name, param) for name, param in reason.params.items()}
        return {"reason": reason.code.name, **params, **told}

    def _param(self, name: str, param: Any) -> Decimal | str:
        if name in (*_NUMBERS_OF_ORDERS, *_NUMBERS_OF_STEPS):
            param -= self.block.lead
        return Decimal(param) if isinstance(param, int | Decimal) else f"{param}"

    def _books(self) -> Facts:
        portfolio = self.made.portfolio
        return {
            "kind": "leaves",
            "cash": portfolio.get_cash_balance(),
            "held": portfolio.get_position(SYMBOL).quantity,
            "realized": portfolio.realized_pnl,
            "unrealized": portfolio.unrealized_pnl,
            "commissions": portfolio.commissions,
            "income": portfolio.income,
            "equity": portfolio.equity,
            "at_stake": self.made.money_at_stake,
            "clamped": self.made.clamped,
        }

    def _ambiguity(self, step: int) -> Facts:
        (event,) = (one for one in self.events(step) if isinstance(one, PathAmbiguous))
        self.reasons += [note for _, note in event.notes]
        return {"kind": "ambiguous", "path": event.path, "at_stake": event.at_stake}

    def check_ambiguities(self, step: int, *, are_said: bool) -> None:
        """Check that ambiguities are said where there are any, and noted on each fill of an order concerned."""
        events = [one for one in self.events(step) if isinstance(one, PathAmbiguous)]
        assert len(events) == are_said
        concerned = {order_id for event in events for order_id, _ in event.notes}
        for event in self.events(step):
            if isinstance(event, OrderFilled):
                codes = {note.code for note in event.fill.notes}
                assert (Code.AMBIGUOUS in codes) == (event.order_id in concerned)


def play(text: str) -> list[Reason]:
    """Play a block, compare each of its numbers with what happens, and return every reason that was given."""
    block = read(text)
    playing = Play(block, prepare(block))
    for place, step in enumerate(block.steps, start=block.lead):
        while playing.made.clock.step < place:
            assert playing.made.step(), "the bars are over"
        _compare(playing, step, place)
    _check_books(playing.made)
    return playing.reasons


def _compare(playing: Play, step: Step, place: int) -> None:
    kinds = {said["kind"] for said in step.said}
    said = [one for one in step.said if one["kind"] not in STATES]
    told = [one for one in playing.happened(place) if one["kind"] != "triggered" or "triggered" in kinds]
    assert len(told) == len(said), f"written are {len(said)} of these: {[_words(one) for one in told]}"
    for one, like in zip(told, said, strict=True):
        _check_alike(one, like)
    for like in step.said:
        if like["kind"] in STATES:
            _check_alike(playing.state(like, place), like)
    playing.check_ambiguities(place, are_said="ambiguous" in kinds)


def _check_alike(told: Facts, said: Facts) -> None:
    """Check that whatever is said of something is what happened."""
    picked = {name: told.get(name, "nothing") for name in said}
    assert picked == said, f"written is {_words(said)}, and it is {_words(told)}"


def _words(facts: Facts) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def _check_books(made: Backtest) -> None:
    """Check the identities of rule R18."""
    portfolio = made.portfolio
    positions = portfolio.get_all_positions().values()
    value = sum(one.market_value(portfolio.get_mark(one.symbol) or ZERO) for one in positions)
    assert portfolio.equity == portfolio.get_cash_balance() + value
    profit = portfolio.realized_pnl + portfolio.unrealized_pnl - portfolio.commissions + portfolio.income
    assert portfolio.equity - made.settings.initial_capital == profit
