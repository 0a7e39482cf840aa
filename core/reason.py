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
    QUANTITY_MUST_COVER_FILLED = "QUANTITY_MUST_COVER_FILLED"
    PRICE_MUST_BE_GIVEN = "PRICE_MUST_BE_GIVEN"
    PRICE_MUST_BE_ABOVE_ZERO = "PRICE_MUST_BE_ABOVE_ZERO"
    PRICE_MUST_BE_ON_TICK = "PRICE_MUST_BE_ON_TICK"
    STOP_AND_LIMIT_MUST_AGREE = "STOP_AND_LIMIT_MUST_AGREE"
    STOP_MUST_NOT_BE_TRIGGERED = "STOP_MUST_NOT_BE_TRIGGERED"
    GROUP_MUST_PASS = "GROUP_MUST_PASS"  # noqa: S105 - to pass is a verb
    DROPPED_BY_HAND = "DROPPED_BY_HAND"
    ORDER_MUST_BE_OPEN = "ORDER_MUST_BE_OPEN"
    POSITION_MUST_COVER_SALE = "POSITION_MUST_COVER_SALE"
    CASH_MUST_COVER_PURCHASE = "CASH_MUST_COVER_PURCHASE"
    CASH_MUST_COVER_FILL = "CASH_MUST_COVER_FILL"
    SHORT_NOT_ALLOWED = "SHORT_NOT_ALLOWED"
    NOTIONAL_MUST_BE_WITHIN_LIMIT = "NOTIONAL_MUST_BE_WITHIN_LIMIT"
    POSITION_MUST_BE_WITHIN_LIMIT = "POSITION_MUST_BE_WITHIN_LIMIT"
    EXPOSURE_MUST_BE_WITHIN_LIMIT = "EXPOSURE_MUST_BE_WITHIN_LIMIT"
    DRAWDOWN_MUST_BE_WITHIN_LIMIT = "DRAWDOWN_MUST_BE_WITHIN_LIMIT"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    SPLIT = "SPLIT"
    EXPIRED = "EXPIRED"
    SIBLING_FILLED = "SIBLING_FILLED"
    PARENT_NOT_FILLED = "PARENT_NOT_FILLED"
    CHILD_FILLED = "CHILD_FILLED"
    FOK_NOT_FILLABLE = "FOK_NOT_FILLABLE"
    NO_BAR = "NO_BAR"
    NO_VOLUME = "NO_VOLUME"
    VOLUME_CAP_REACHED = "VOLUME_CAP_REACHED"
    NOT_ELIGIBLE_UNTIL = "NOT_ELIGIBLE_UNTIL"
    LIMIT_NOT_REACHED = "LIMIT_NOT_REACHED"
    LIMIT_TOUCHED_NOT_THROUGH = "LIMIT_TOUCHED_NOT_THROUGH"
    STOP_NOT_REACHED = "STOP_NOT_REACHED"
    TRIGGERED_LIMIT_NOT_REACHED = "TRIGGERED_LIMIT_NOT_REACHED"
    AMBIGUOUS = "AMBIGUOUS"
    CASH_BELOW_ZERO = "CASH_BELOW_ZERO"
    SLIPPAGE_CLAMPED = "SLIPPAGE_CLAMPED"
    VOLUME_UNKNOWN = "VOLUME_UNKNOWN"


_LEFT: Final = ", {remaining} of {quantity} left"
_SENTENCES: Final[Mapping[Code, str]] = {
    Code.SYMBOL_MUST_BE_KNOWN: "symbol must be known, known are {known}",
    Code.QUANTITY_MUST_BE_ABOVE_ZERO: "quantity must be above zero, was {quantity}",
    Code.QUANTITY_MUST_BE_ON_STEP: (
        "quantity must be on the step of {step}, was {quantity}, neighbors {below} and {above}"
    ),
    Code.QUANTITY_MUST_COVER_FILLED: "quantity must cover what has filled, asked {quantity}, filled {filled}",
    Code.PRICE_MUST_BE_GIVEN: "such an order must have a {name}",
    Code.PRICE_MUST_BE_ABOVE_ZERO: "{name} must be above zero, was {price}",
    Code.PRICE_MUST_BE_ON_TICK: "{name} must be on the tick of {tick}, was {price}, neighbors {below} and {above}",
    Code.STOP_AND_LIMIT_MUST_AGREE: "of siblings the stop must be {where} the limit, stop {stop}, limit {limit}",
    Code.STOP_MUST_NOT_BE_TRIGGERED: "a stop that was triggered cannot be moved to {price}",
    Code.GROUP_MUST_PASS: "all orders of a group must pass, order {order} did not: {failed}",
    Code.DROPPED_BY_HAND: "dropped by hand, in this branch of the run",
    Code.ORDER_MUST_BE_OPEN: "order must be open, it is {status}",
    Code.POSITION_MUST_COVER_SALE: (
        "position must cover sale, held {held}, other open sales {other_sales}, asked {asked}"
    ),
    Code.CASH_MUST_COVER_PURCHASE: "cash must cover purchase, needs {needed}, has {available}, short {missing}",
    Code.CASH_MUST_COVER_FILL: "cash must cover fill at {price}, needs {needed}, has {available}, short {missing}",
    Code.SHORT_NOT_ALLOWED: "no fill may go below zero, held {held}, asked {asked}",
    Code.NOTIONAL_MUST_BE_WITHIN_LIMIT: "notional must be within its limit of {limit}, would be {notional}",
    Code.POSITION_MUST_BE_WITHIN_LIMIT: "position must be within its limit of {limit}, would be {position}",
    Code.EXPOSURE_MUST_BE_WITHIN_LIMIT: "gross exposure must be within its limit of {limit}, would be {exposure}",
    Code.DRAWDOWN_MUST_BE_WITHIN_LIMIT: (
        "drawdown must be within its limit of {limit} for what opens or adds, is {drawdown_ratio}"
    ),
    Code.CANCEL_REQUESTED: "cancel was requested" + _LEFT,
    Code.SPLIT: "a split of {ratio} would make its {name} {value}, which none can have: its unit is {unit}" + _LEFT,
    Code.EXPIRED: "its life ended with {until}" + _LEFT,
    Code.SIBLING_FILLED: "its sibling {sibling} filled {filled}" + _LEFT,
    Code.PARENT_NOT_FILLED: "its entry {parent} has filled {filled}, {asleep} of {quantity} not alive",
    Code.CHILD_FILLED: "its exit {child} filled" + _LEFT,
    Code.FOK_NOT_FILLABLE: "all or nothing, asked {asked}, {available} available",
    Code.NO_BAR: "{symbol} has no bar in this step, its last price is {steps} steps old",
    Code.NO_VOLUME: "no volume in this bar, asked {asked}",
    Code.VOLUME_CAP_REACHED: (
        "volume cap reached, asked {asked}, {available} left of a pool of {pool}, {cap} of volume {volume}"
    ),
    Code.NOT_ELIGIBLE_UNTIL: "not eligible until the open of step {eligible}, this is step {step}",
    Code.LIMIT_NOT_REACHED: "limit {limit} not reached, {extreme_name} {extreme}, {ticks} ticks short",
    Code.LIMIT_TOUCHED_NOT_THROUGH: "limit {limit} only touched, {extreme_name} {extreme}, needs {needed}",
    Code.STOP_NOT_REACHED: "stop {stop} not reached, {extreme_name} {extreme}, {ticks} ticks short",
    Code.TRIGGERED_LIMIT_NOT_REACHED: (
        "stop triggered, its limit {limit} not reached since, {extreme_name} {extreme}, {ticks} ticks short"
    ),
    Code.AMBIGUOUS: "{path} gave {outcome}, {other_path} would give {other_outcome}, {at_stake} at stake",
    Code.CASH_BELOW_ZERO: "the fill that reduces leaves cash below zero, at {cash}",
    Code.SLIPPAGE_CLAMPED: "slippage would give {slipped}, beyond the {extreme_name}, clamped to {price}",
    Code.VOLUME_UNKNOWN: "the bar has no volume, the rules on volume are off",
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

    def decimal(self, param: str) -> Decimal:
        """Return a param that is an exact number."""
        value = self.params[param]
        return value if isinstance(value, Decimal) else Decimal(str(value))

    @property
    def text(self) -> str:
        """The sentence, made from the params."""
        remedies = (sentence for param, sentence in _REMEDIES.items() if param in self.params)
        sentence = _SENTENCES[self.code] + "".join(remedies)
        return sentence.format_map({name: _written(param) for name, param in self.params.items()})
