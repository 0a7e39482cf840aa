"""Which number of the focused pane one means, when one asks where it was changed; and how a number is written."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from core.replay.expression import Value
from tui.messages import PaneName
from tui.numbers import MONEY_DIGITS, NOTHING, average, exactly, money, percent

_OF_RUN: Final = re.compile(r"\s*(\w+)\s*")
_OF_SYMBOL: Final = re.compile(r"""\s*(\w+)\s*\[\s*(?:\w+|"[^"]*"|'[^']*')\s*\]\s*""")

MONEY: Mapping[str, tuple[str, str]] = {
    "c": ("cash", "cash"),
    "r": ("realized", "realized"),
    "m": ("commissions", "commissions"),
    "e": ("equity", "equity"),
    "l": ("equity low", "equity_low"),
    "d": ("drawdown", "drawdown"),
}
"""The numbers of the run: by their keys, what each is called, and how it is written as an expression."""


def numbers_of(pane: PaneName, symbol: str | None, order_id: int | None) -> Mapping[str, tuple[str, str]]:
    """Return the numbers of a pane: by their keys, what each is called, and how it is searched for.

    Args:
        pane: The focused pane.
        symbol: The symbol of the row that is selected; None where there is none.
        order_id: The order of the row that is selected; None where there is none.
    """
    if pane == "orders" and order_id is not None:
        return {"o": (f"order #{order_id}", f"#{order_id}")}
    if pane in ("positions", "price") and symbol is not None:
        quote = "'" if '"' in symbol else '"'
        name = f"[{quote}{symbol}{quote}]"
        return {
            "q": (f"{symbol} quantity", f"position{name}"),
            "a": (f"{symbol} average", f"average{name}"),
            "r": (f"{symbol} realized", f"realized{name}"),
            "c": ("cash", "cash"),
            "l": ("equity low", "equity_low"),
        }
    return MONEY


def writer_of(text: str) -> Callable[[Value], str]:
    """Return how the values of an expression are written: as on the rest of the screen, where it is one number there.

    >>> writer_of("drawdown_ratio")(Decimal("0.0321")), writer_of("cash * 2")(Decimal("60005.0400"))
    ('3.21%', '60,005.04')
    """
    of_run, of_symbol = _OF_RUN.fullmatch(text), _OF_SYMBOL.fullmatch(text)
    number = (of_run and _RUN_WRITERS.get(of_run[1])) or (of_symbol and _SYMBOL_WRITERS.get(of_symbol[1])) or _plain

    def write(value: Value) -> str:
        if isinstance(value, bool):
            return "holds" if value else "does not hold"
        return NOTHING if value is None else number(value)

    return write


def _plain(number: Decimal) -> str:
    return exactly(number, 0)


def _price(number: Decimal) -> str:
    return exactly(number, MONEY_DIGITS)


_RUN_WRITERS: Final[Mapping[str, Callable[[Decimal], str]]] = {
    "equity": money,
    "cash": money,
    "realized": money,
    "unrealized": money,
    "commissions": money,
    "net": money,
    "drawdown": money,
    "drawdown_ratio": percent,
    "equity_low": money,
    "gross_exposure": money,
    "net_exposure": money,
    "leverage": average,
}
_SYMBOL_WRITERS: Final[Mapping[str, Callable[[Decimal], str]]] = {
    "average": average,
    "realized": money,
    "commissions": money,
    "open": _price,
    "high": _price,
    "low": _price,
    "close": _price,
}
