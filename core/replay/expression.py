"""Expression: what a person asks of the numbers of a run, such as `equity < 95000 and position["AAPL"] != 0`.

It is read by the grammar below, and never evaluated as Python. Numbers are exact; a quotient is rounded at 12 digits.

    either     = both { "or" both }
    both       = one { "and" one }
    one        = "not" one | comparison
    comparison = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]
    sum        = product { ( "+" | "-" ) product }
    product    = factor { ( "*" | "/" ) factor }
    factor     = "-" factor | NUMBER | NAME | NAME "[" SYMBOL "]" | "(" either ")"
"""

import operator
import re
from collections.abc import Callable, Collection, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, Overflow
from difflib import get_close_matches
from enum import Flag, auto
from typing import Any, Final, NamedTuple, TypeAlias

from attrs import frozen

from core.errors import ExpressionError, NotExactError
from core.money import add, parse, quotient, subtract
from core.replay.moment import Moment

Value: TypeAlias = Decimal | bool | None
"""A number, whether something holds, or None where there is no number, such as the average of a flat position."""


class Changes(Flag):
    """With what the value of an expression can change."""

    NEVER = 0
    BOOKS = auto()
    MARKS = auto()
    CLOCK = auto()


@frozen(eq=False)
class Expression:
    """What was asked for.

    Attributes:
        text: As it was written.
        is_condition: Whether it holds or not, rather than being a number.
        changes: With what its value can change.
        value: Returns its value at a moment.
    """

    text: str
    is_condition: bool
    changes: Changes
    value: Callable[[Moment], Value]


def parse_expression(text: str, symbols: Collection[str]) -> Expression:
    """Read an expression.

    Args:
        text: Such as `position["AAPL"] < 0`.
        symbols: Those of the run.

    Raises:
        ExpressionError: It cannot be read; the error points at the place.
    """
    return _Parser(text, symbols).whole()


_Read: TypeAlias = Callable[[Moment], Any]
_BOOKS, _MARKS, _CLOCK = Changes.BOOKS, Changes.MARKS, Changes.CLOCK
_WIDE: Final = Context(prec=200, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, Overflow])
_DEEPEST: Final = 50
_LONGEST: Final = 500  # words and signs: as a sum is read, each of its parts lies one deeper than the one before

NAMES: Final[Mapping[str, tuple[Changes, _Read, str]]] = {
    "equity": (_BOOKS | _MARKS, lambda now: now.equity, "cash and all market values"),
    "cash": (_BOOKS, lambda now: now.get_cash_balance(), "the balance"),
    "realized": (_BOOKS, lambda now: now.realized_pnl, "what closing has booked, before commission"),
    "unrealized": (_BOOKS | _MARKS, lambda now: now.unrealized_pnl, "market values less costs"),
    "commissions": (_BOOKS, lambda now: now.commissions, "what was paid in commissions"),
    "net": (
        _BOOKS | _MARKS,
        lambda now: subtract(add(now.realized_pnl, now.unrealized_pnl), now.commissions),
        "realized and unrealized less commissions",
    ),
    "income": (_BOOKS, lambda now: now.income, "what dividends have brought"),
    "drawdown": (_BOOKS | _MARKS, lambda now: now.drawdown, "peak equity less equity"),
    "drawdown_ratio": (_BOOKS | _MARKS, lambda now: now.drawdown_ratio, "drawdown over peak equity, a fraction"),
    "equity_low": (_BOOKS | _MARKS, lambda now: now.lowest_equity, "the lowest equity at the end of a bar so far"),
    "gross_exposure": (_BOOKS | _MARKS, lambda now: now.gross_exposure, "sum of absolute market values"),
    "net_exposure": (_BOOKS | _MARKS, lambda now: now.net_exposure, "sum of signed market values"),
    "leverage": (_BOOKS | _MARKS, lambda now: now.leverage, "gross exposure over equity"),
    "bar": (_CLOCK, lambda now: Decimal(now.cursor.step + 1), "the number of the bar, from 1"),
}
"""What can be asked of a run: with what it changes, how it is read, and what it is."""

SYMBOL_NAMES: Final[Mapping[str, tuple[Changes, Callable[[Moment, str], Any], str]]] = {
    "position": (_BOOKS, lambda now, symbol: now.get_position(symbol).quantity, "units held, below zero for a short"),
    "average": (
        _BOOKS,
        lambda now, symbol: now.get_position(symbol).average_price,
        "the average price of what is held",
    ),
    "realized": (_BOOKS, lambda now, symbol: now.get_position(symbol).realized_pnl, "realized with this symbol"),
    "commissions": (_BOOKS, lambda now, symbol: now.get_position(symbol).commissions, "commissions of this symbol"),
    "open": (_MARKS, lambda now, symbol: now.get_price(symbol, 0), "the first price of its newest bar that is over"),
    "high": (_MARKS, lambda now, symbol: now.get_price(symbol, 1), "the highest price of that bar"),
    "low": (_MARKS, lambda now, symbol: now.get_price(symbol, 2), "the lowest price of that bar"),
    "close": (_MARKS, lambda now, symbol: now.get_price(symbol, 3), "the last price of that bar"),
}
"""What can be asked of a symbol."""

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ARITHMETIC: Final[Mapping[str, Callable[[Decimal, Decimal], Decimal]]] = {
    "+": _WIDE.add,
    "-": _WIDE.subtract,
    "*": _WIDE.multiply,
    "/": quotient,
}
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<number>\d[\d_]*\.?\d*|\.\d+)|(?P<name>[^\W\d]\w*)|(?P<text>"[^"]*"|'[^']*')"""
    r"""|(?P<sign><=|>=|==|!=|[-<>+*/()\[\]]))"""
)


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


@frozen(eq=False)
class _Node:
    """A part of an expression: how it is read, whether it holds or is a number, where it begins, and a fixed number."""

    read: _Read
    is_condition: bool
    changes: Changes
    start: int
    constant: Decimal | None = None


class _Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str, symbols: Collection[str]) -> None:
        self._text = text
        self._symbols = symbols
        self._tokens = list(self._split())
        self._at = self._depth = 0

    def whole(self) -> Expression:
        node = self._either()
        if self._next.kind != "end":
            raise self._error(f"unexpected {self._next.text}")
        return Expression(self._text, node.is_condition, node.changes, node.read)

    # The grammar, from what binds least to what binds most

    def _either(self) -> _Node:
        node = self._both()
        while sign := self._take("or"):
            node = _either_holds(self._condition(node), self._condition(self._both()), sign.start)
        return node

    def _both(self) -> _Node:
        node = self._one()
        while sign := self._take("and"):
            node = _both_hold(self._condition(node), self._condition(self._one()), sign.start)
        return node

    def _one(self) -> _Node:
        start = self._take("not")
        if not start:
            return self._comparison()
        with_not = self._condition(self._nested(self._one))
        return _Node(lambda now: not with_not.read(now), True, with_not.changes, start.start)

    def _comparison(self) -> _Node:
        left = self._sum()
        sign = self._take(*_COMPARISONS)
        if not sign:
            return left
        node = _compared(self._number(left), self._number(self._sum()), _COMPARISONS[sign.text])
        if self._next.text in _COMPARISONS:
            raise self._error("a comparison has two sides: write `and` between two of them")
        return node

    def _sum(self) -> _Node:
        return self._calculation(self._product, "+", "-")

    def _product(self) -> _Node:
        return self._calculation(self._factor, "*", "/")

    def _calculation(self, part: Callable[[], _Node], *signs: str) -> _Node:
        node = part()
        while sign := self._take(*signs):
            node = _calculated(self._number(node), self._number(part()), _ARITHMETIC[sign.text])
        return node

    def _factor(self) -> _Node:
        token = self._next
        if self._take("-"):
            node = self._number(self._nested(self._factor))
            return _calculated(_constant(Decimal(0), token.start), node, _WIDE.subtract)
        if self._take("("):
            node = self._nested(self._either)
            self._expect(")")
            return node
        self._at += 1
        if token.kind == "number":
            return _constant(self._parsed(token), token.start)
        if token.kind == "name" and token.text not in ("and", "or", "not"):
            return self._named(token)
        self._at -= 1
        raise self._error("a number or a name must stand here")

    def _named(self, token: _Token) -> _Node:
        name, is_of_symbol = token.text, self._next.text == "["
        known: Collection[str] = SYMBOL_NAMES if is_of_symbol else NAMES
        if name not in known:
            raise self._error(self._unknown(name, is_of_symbol=is_of_symbol), token)
        if not is_of_symbol:
            changes, read, _ = NAMES[name]
            return _Node(read, is_condition=False, changes=changes, start=token.start)
        changes, read_of, _ = SYMBOL_NAMES[name]
        symbol = self._symbol()
        return _Node(lambda now: read_of(now, symbol), is_condition=False, changes=changes, start=token.start)

    def _unknown(self, name: str, *, is_of_symbol: bool) -> str:
        if name in SYMBOL_NAMES and not is_of_symbol:
            symbol = min(self._symbols, default="AAPL")
            return f'{name} is of a symbol: write {name}["{symbol}"]'
        if name in NAMES:
            return f"{name} is of no symbol"
        known = SYMBOL_NAMES if is_of_symbol else {**NAMES, **SYMBOL_NAMES}
        nearest = get_close_matches(name, known, 1)
        hint = f"did you mean {nearest[0]}" if nearest else f"known are {', '.join(known)}"
        return f"{name} is unknown: {hint}"

    def _symbol(self) -> str:
        self._expect("[")
        token = self._next
        if token.kind not in ("name", "text"):
            raise self._error('a symbol must stand here, such as "AAPL"')
        self._at += 1
        symbol = token.text[1:-1] if token.kind == "text" else token.text
        if symbol not in self._symbols:
            raise self._error(f"symbol {symbol} is unknown: known are {', '.join(self._symbols)}", token)
        self._expect("]")
        return symbol

    # What a part must be

    def _condition(self, node: _Node) -> _Node:
        if not node.is_condition:
            raise self._error("this is a number: a comparison must stand here", node)
        return node

    def _number(self, node: _Node) -> _Node:
        if node.is_condition:
            raise self._error("this holds or does not: a number must stand here", node)
        return node

    def _parsed(self, token: _Token) -> Decimal:
        try:
            return parse(token.text.replace("_", ""), "a number")
        except NotExactError as error:
            raise self._error(str(error), token) from error

    # Tokens

    def _split(self) -> "list[_Token]":
        tokens: list[_Token] = []
        at = 0
        while self._text[at:].strip():
            found = _TOKEN.match(self._text, at)
            if found is None:
                at = len(self._text) - len(self._text[at:].lstrip())
                raise self._error(f"unexpected {self._text[at]}", _Token("sign", self._text[at], at))
            kind = str(found.lastgroup)
            token = _Token(kind, found[kind], found.start(kind))
            if len(tokens) == _LONGEST:
                raise self._error(f"more than {_LONGEST} words and signs", token)
            tokens.append(token)
            at = found.end()
        return [*tokens, _Token("end", "the end", len(self._text))]

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> _Token | None:
        token = self._next
        if token.kind == "text" or token.text not in texts:
            return None
        self._at += 1
        return token

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._error(f"{text} must stand here")

    def _nested(self, part: Callable[[], _Node]) -> _Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"more than {_DEEPEST} parts within each other")
        node = part()
        self._depth -= 1
        return node

    def _error(self, what: str, at: "_Token | _Node | None" = None) -> ExpressionError:
        return ExpressionError(self._text, (at or self._next).start, what)


def _constant(number: Decimal, start: int) -> _Node:
    return _Node(lambda _: number, is_condition=False, changes=Changes.NEVER, start=start, constant=number)


def _both_hold(left: _Node, right: _Node, start: int) -> _Node:
    one, other = left.read, right.read
    changes = left.changes | right.changes
    return _Node(lambda now: one(now) and other(now), is_condition=True, changes=changes, start=start)


def _either_holds(left: _Node, right: _Node, start: int) -> _Node:
    one, other = left.read, right.read
    changes = left.changes | right.changes
    return _Node(lambda now: one(now) or other(now), is_condition=True, changes=changes, start=start)


def _compared(left: _Node, right: _Node, compare: Callable[[Any, Any], bool]) -> _Node:
    """Compare two numbers; what is not there compares to nothing, and does not hold."""
    one, other = left.read, right.read

    def read(now: Moment) -> bool:
        a, b = one(now), other(now)
        return a is not None and b is not None and compare(a, b)

    def read_against(now: Moment) -> bool:
        a = one(now)
        return a is not None and compare(a, fixed)

    fixed = right.constant
    changes = left.changes | right.changes
    return _Node(read if fixed is None else read_against, is_condition=True, changes=changes, start=left.start)


def _calculated(left: _Node, right: _Node, calculate: Callable[[Decimal, Decimal], Decimal]) -> _Node:
    """Calculate with two numbers; there is no result where one of them is not there, nor of a division by zero."""
    is_division = calculate is quotient

    def read(now: Moment) -> Decimal | None:
        one, other = left.read(now), right.read(now)
        if one is None or other is None or (is_division and not other):
            return None
        return calculate(one, other)

    return _Node(read, is_condition=False, changes=left.changes | right.changes, start=left.start)
