"""Why an order was rejected, canceled, expired, or did not fill: a code, the numbers compared, and the sentence.

The code is named by the condition that failed, and is stable; the sentence is made from the params, so the two cannot
part.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias

from attrs import frozen

from core.money import canonical
from core.text import clean

Param: TypeAlias = str | int | Decimal | datetime


class Code(StrEnum):
    """The condition that failed."""

    SYMBOL_MUST_BE_KNOWN = "SYMBOL_MUST_BE_KNOWN"
    QUANTITY_MUST_BE_ABOVE_ZERO = "QUANTITY_MUST_BE_ABOVE_ZERO"
    QUANTITY_MUST_BE_ON_STEP = "QUANTITY_MUST_BE_ON_STEP"
    PRICE_MUST_BE_GIVEN = "PRICE_MUST_BE_GIVEN"
    PRICE_MUST_BE_ABOVE_ZERO = "PRICE_MUST_BE_ABOVE_ZERO"
    PRICE_MUST_BE_ON_TICK = "PRICE_MUST_BE_ON_TICK"
    POSITION_MUST_COVER_SALE = "POSITION_MUST_COVER_SALE"
    CASH_MUST_COVER_PURCHASE = "CASH_MUST_COVER_PURCHASE"
    CASH_MUST_COVER_FILL = "CASH_MUST_COVER_FILL"
    SHORT_NOT_ALLOWED = "SHORT_NOT_ALLOWED"
    CASH_BELOW_ZERO = "CASH_BELOW_ZERO"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    EXPIRED = "EXPIRED"
    NO_BAR = "NO_BAR"
    NOT_ELIGIBLE_UNTIL = "NOT_ELIGIBLE_UNTIL"
    LIMIT_NOT_REACHED = "LIMIT_NOT_REACHED"
    LIMIT_TOUCHED_NOT_THROUGH = "LIMIT_TOUCHED_NOT_THROUGH"


_SENTENCES: Final[Mapping[Code, str]] = {
    Code.SYMBOL_MUST_BE_KNOWN: "symbol must be known, known are {known}",
    Code.QUANTITY_MUST_BE_ABOVE_ZERO: "quantity must be above zero, was {quantity}",
    Code.QUANTITY_MUST_BE_ON_STEP: (
        "quantity must be on the step of {step}, was {quantity}, neighbors {below} and {above}"
    ),
    Code.PRICE_MUST_BE_GIVEN: "a limit order must have a limit price",
    Code.PRICE_MUST_BE_ABOVE_ZERO: "price must be above zero, was {price}",
    Code.PRICE_MUST_BE_ON_TICK: "price must be on the tick of {tick}, was {price}, neighbors {below} and {above}",
    Code.POSITION_MUST_COVER_SALE: (
        "position must cover sale, held {held}, other open sales {other_sales}, asked {asked}"
    ),
    Code.CASH_MUST_COVER_PURCHASE: "cash must cover purchase, needs {needed}, has {available}, short {missing}",
    Code.CASH_MUST_COVER_FILL: "cash must cover fill at {price}, needs {needed}, has {available}, short {missing}",
    Code.SHORT_NOT_ALLOWED: "no fill may go below zero, held {held}, asked {asked}",
    Code.CASH_BELOW_ZERO: "the fill that reduces leaves cash below zero, at {cash}",
    Code.CANCEL_REQUESTED: "cancel was requested, {remaining} of {quantity} left",
    Code.EXPIRED: "its day {day} is over, {remaining} of {quantity} left",
    Code.NO_BAR: "{symbol} has no bar in this step, its last price is {steps} steps old",
    Code.NOT_ELIGIBLE_UNTIL: "not eligible until the open of step {eligible}, this is step {step}",
    Code.LIMIT_NOT_REACHED: "limit {limit} not reached, {extreme_name} {extreme}, {ticks} ticks short",
    Code.LIMIT_TOUCHED_NOT_THROUGH: "limit {limit} only touched, {extreme_name} {extreme}, needs {needed}",
}
_REMEDIES: Final[Mapping[str, str]] = {
    "at_most": ", at most {at_most}",
    "worst_price": ", or at a price no worse than {worst_price}",
}


def _written(param: Param) -> str:
    if isinstance(param, Decimal):
        return canonical(param)
    if isinstance(param, datetime):
        return param.replace(tzinfo=None).isoformat(sep=" ", timespec="minutes")
    return clean(str(param))


@frozen
class Reason:
    """A refusal, a non-fill or a note, as a value.

    Attributes:
        code: The condition that failed.
        params: The numbers that were compared, by name; money, prices and quantities are Decimal.
    """

    code: Code
    params: Mapping[str, Param]

    @classmethod
    def of(cls, code: Code, **params: Param) -> "Reason":
        """Build one from named params.

        >>> Reason.of(Code.POSITION_MUST_COVER_SALE, held=100, other_sales=0, asked=150, at_most=100).text
        'position must cover sale, held 100, other open sales 0, asked 150, at most 100'
        """
        return cls(code, params)

    @property
    def text(self) -> str:
        """The sentence, made from the params."""
        remedies = (sentence for param, sentence in _REMEDIES.items() if param in self.params)
        sentence = _SENTENCES[self.code] + "".join(remedies)
        return sentence.format_map({name: _written(param) for name, param in self.params.items()})
