"""The little language of the page on fill rules: what one of its blocks says.

A block runs down in time: what is asked for stands before the bar that it meets, and what a bar did stands under it.
"""

import re
import shlex
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from attrs import define, field

from core.backtest.conversion import Text
from core.corporate_action import CorporateAction, Dividend, Split
from core.money import ZERO
from core.order import Order, OrderType, Side, TimeInForce
from tests.core.builders import at

Facts: TypeAlias = dict[str, Decimal | str]
"""What is said of one thing that happened: `kind`, `#` of the order, `units`, `@` price, `rule`, `reason`, params."""

SYMBOL: Final = "ACME"
SET_UP: Final = ("before", "cash", "held", "hours", "settings")
ASKS: Final = ("order", "bracket", "oco", "cancel", "amend")
ACTIONS: Final = ("split", "dividend")
INPUT: Final = (*SET_UP, *ASKS, *ACTIONS, "then", "bar", "finer")
"""Lines that say what is given; all others say what comes of it."""
OF_THE_RUN: Final = ("leaves", "ambiguous")
STATES: Final = ("none", "stop", *OF_THE_RUN)
"""Lines that say how things stand under a bar; the others say what happened on it, in order."""


@define
class Ask:
    """One thing that is asked for, and what is asked for once it fills."""

    kind: str
    words: list[str]
    then: list["Ask"] = field(factory=list)

    @property
    def orders(self) -> list[list[str]]:
        """The orders of a bracket or of siblings, each in its words."""
        first, *others = [part.split() for part in " ".join(self.words).split(",")]
        if self.kind == "bracket":
            side, quantity, *_ = first
            others = [["sell" if side == "buy" else "buy", quantity, *terms] for terms in others]
        return [first, *others]


@define
class Step:
    """The bars of one step, what is said of it, and what is asked for once they have closed."""

    bars: dict[str, list[Decimal]] = field(factory=dict)
    finer: list[list[Decimal]] = field(factory=list)
    said: list[Facts] = field(factory=list)
    asks: list[Ask] = field(factory=list)


@define
class Block:
    """One block of the page: how the run is set up, and its steps, the first of which is the close before."""

    steps: list[Step] = field(factory=lambda: [Step({SYMBOL: [Decimal("100.00")] * 4})])
    settings: dict[str, Any] = field(factory=lambda: {"tick_size": Text("0.01")})
    cash: Decimal = Decimal(100_000)
    held: Decimal = ZERO
    paid: Decimal | None = None
    hours: int = 24
    actions: list[CorporateAction] = field(factory=list)

    @property
    def lead(self) -> int:
        """How many steps, and orders, come before what is written: those that build what is held."""
        return 1 if self.held else 0

    @property
    def cost(self) -> Decimal:
        """The price at which what is held was bought or sold."""
        return self.steps[0].bars[SYMBOL][-1] if self.paid is None else self.paid

    def stamp(self, step: int) -> datetime:
        """Return when a step is that is written, the close before being 0."""
        return at(step + self.lead, hours=self.hours)

    def order(self, words: Sequence[str]) -> Order:
        """Read `buy 100 OTHER stop 101.80 limit 102.00 day` and the like."""
        side, quantity, *terms = words
        symbol = terms.pop(0) if terms and terms[0].isupper() else SYMBOL
        given: dict[str, Any] = {}
        left = iter(terms)
        for term in left:
            given |= self._immediate(term) or self._term(term, next(left, ""))
        return Order(symbol, Side[side.upper()], Decimal(quantity), **given)

    def _immediate(self, term: str) -> dict[str, Any]:
        return {"time_in_force": TimeInForce[term.upper()]} if term in ("day", "ioc", "fok") else {}

    def _term(self, term: str, value: str) -> dict[str, Any]:
        if term == "on":
            return {"type": OrderType[f"MARKET_ON_{value.upper()}"]}
        if term == "gtd":
            return {"good_till": self.stamp(int(value))}
        if value == "-":  # a price that should be there and is not
            return {"type": OrderType[term.upper()]}
        if term == "trail":
            return {"trail_percent" if value.endswith("%") else "trail_amount": Decimal(value.rstrip("%"))}
        return {f"{term}_price": Decimal(value)}


def read(text: str) -> Block:
    """Read a block."""
    block = Block()
    for kind, *words in map(shlex.split, text.splitlines()):
        if kind in SET_UP:
            _set_up(block, kind, words)
        elif kind == "bar":
            _add_bar(block, words)
        elif kind in ACTIONS:
            block.actions.append(_action(block, kind, words))
        elif kind == "finer":
            block.steps[-1].finer.append([Decimal(word) for word in words])
        elif kind == "then":
            block.steps[-1].asks[-1].then.append(Ask(words[0], words[1:]))
        elif kind in ASKS:
            block.steps[-1].asks.append(Ask(kind, words))
        else:
            block.steps[-1].said.append(_facts(kind, words))
    return block


def _action(block: Block, kind: str, words: list[str]) -> CorporateAction:
    """Read `split 2:1` or `dividend 0.50 paid 3`, which is of the bar that follows."""
    day = block.stamp(len(block.steps))
    if kind == "split":
        new, old = map(int, words[0].split(":"))
        return Split(SYMBOL, day, new, old)
    return Dividend(SYMBOL, day, Decimal(words[0]), block.stamp(int(words[2])) if words[1:] else None)


def _set_up(block: Block, kind: str, words: list[str]) -> None:
    if kind == "settings":
        block.settings |= _tables(words)
    elif kind == "before":
        symbol, prices = _prices(words)
        block.steps[0].bars[symbol] = prices
    elif kind == "held":
        block.held, block.paid = Decimal(words[0]), Decimal(words[2]) if words[1:] else None
    elif kind == "cash":
        block.cash = Decimal(words[0])
    else:
        block.hours = int(words[0])


def _prices(words: list[str]) -> tuple[str, list[Decimal]]:
    symbol, *rest = words if words[0].isupper() else [SYMBOL, *words]
    numbers = [Decimal(word) for word in rest]
    return symbol, numbers * 4 if len(numbers) == 1 else numbers


def _tables(words: Sequence[str]) -> dict[str, Any]:
    """Read `costs.per_unit=0.005` as a settings file would have it."""
    values: dict[str, Any] = {}
    for word in words:
        path, _, value = word.partition("=")
        *tables, key = path.split(".")
        table = values
        for name in tables:
            table = table.setdefault(name, {})
        table[key] = value == "true" if value in ("true", "false") else Text(value)
    return values


def _add_bar(block: Block, words: list[str]) -> None:
    """Add a bar to the newest step, or to one after it, where that has said something or has a bar of the symbol."""
    symbol, prices = _prices(words)
    newest = block.steps[-1]
    if newest is block.steps[0] or symbol in newest.bars or newest.said or newest.asks:
        block.steps.append(Step())
    block.steps[-1].bars[symbol] = prices


def _facts(kind: str, words: Sequence[str]) -> Facts:
    said: Facts = {"kind": kind} if kind in OF_THE_RUN else {"kind": kind, "#": Decimal(1)}
    before = ""
    for word in words:
        name, value = _fact(word, before)
        if name != "at":
            said[name] = value
        before = word
    return said


def _fact(word: str, before: str) -> tuple[str, Decimal | str]:
    name, equals, value = word.partition("=")
    if equals:
        return name, _value(value)
    if word.startswith("#"):
        return "#", Decimal(word[1:])
    if word == "@":
        return "at", word
    if re.fullmatch(r"R\d+[bc]?", word):
        return "rule", word
    number = _value(word)
    return ("reason" if isinstance(number, str) else "@" if before == "@" else "units"), number


def _value(word: str) -> Decimal | str:
    try:
        return Decimal(word)
    except InvalidOperation:
        return word
