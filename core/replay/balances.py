"""Balances that are expected at a time, as a settings file or a recording states them, and whether they are so.

A number holds within half a unit of its last digit as it is written, as in the ledgers that people keep as text: 1234.5
stands for everything from 1234.45 to 1234.55.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from attrs import frozen

from core.backtest.configuration import BALANCE, Layer
from core.backtest.conversion import sentence
from core.bars import END_OF_DAY, to_microseconds, written_time
from core.errors import InputError
from core.money import canonical, magnitude, multiply, subtract
from core.replay.history import History
from core.replay.manifest import Balance, Expected
from core.text import clean

_AT: Final = "at"
_QUANTITY: Final = Balance.QUANTITY.value
_MONEY: Final = (Balance.CASH, Balance.EQUITY)
_KNOWN: Final = (_AT, *(one.value for one in Balance))
_HALF: Final = Decimal("0.5")
_WHOLE: Final = Decimal(1)


@frozen
class Outcome:
    """What came of a balance that was expected.

    Attributes:
        expected: What it is to be.
        actual: What it is, money or units; None where the run has not come to that time.
    """

    expected: Expected
    actual: Decimal | None

    @property
    def is_broken(self) -> bool:
        """Whether it is known, and another."""
        if self.actual is None:
            return False
        return magnitude(subtract(self.actual, self.expected.value)) > tolerance(self.expected.value)

    @property
    def text(self) -> str:
        """What it is, and what was expected."""
        one = self.expected
        what = f"{one.what.value} of {one.symbol}" if one.symbol else one.what.value
        found = "is not known: the run ends before" if self.actual is None else f"is {canonical(self.actual)}"
        return clean(f"{what} at {written_time(one.time.astimezone(UTC))} {found}, expected {one.value:f}")


def tolerance(value: Decimal) -> Decimal:
    """Return by how much a number may differ from one that is written: half a unit of its last digit.

    >>> tolerance(Decimal("1234.50")), tolerance(Decimal(100))
    (Decimal('0.005'), Decimal('0.5'))
    """
    return multiply(_HALF, _WHOLE.scaleb(min(int(value.as_tuple().exponent), 0)))


def read_balances(layer: Layer) -> tuple[Expected, ...]:
    """Read the tables `[[balance]]` of a settings file.

    Each has a time `at`, a date for the end of that day, in UTC where it names no zone; and cash, equity, or the
    quantity of symbols.

    Raises:
        SettingsError: A key is unknown or missing, or has a value that it cannot have.
    """
    tables = layer.values.get(BALANCE, [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise layer.refusal(BALANCE, "must be tables, each [[balance]]")
    made = [Layer(one, f"{BALANCE} {number} ", layer.source) for number, one in enumerate(tables, 1)]
    return tuple(expected for one in made for expected in _expected(one))


def check_symbols(expected: Iterable[Expected], symbols: Collection[str]) -> None:
    """Check that what is expected is of symbols that there are.

    Raises:
        InputError: It is not.
    """
    for one in expected:
        if one.symbol and one.symbol not in symbols:
            raise InputError(f"{BALANCE}: symbol {one.symbol} is unknown: known are {', '.join(symbols)}")


def check_balances(history: History, expected: Iterable[Expected]) -> Iterator[Outcome]:
    """Yield what came of each balance, at the end of the last step that is no later than its time."""
    times, count = history.run.feed.times, history.run.step_count
    for one in expected:
        step = bisect_right(times, to_microseconds(one.time)) - 1
        yield Outcome(one, _actual(history, one, step) if step < count else None)


def _actual(history: History, expected: Expected, step: int) -> Decimal:
    moment = history.at(history.end_of_step(step))
    if expected.what is Balance.QUANTITY:
        return moment.get_position(expected.symbol).quantity
    return moment.get_cash_balance() if expected.what is Balance.CASH else moment.equity


def _expected(layer: Layer) -> Iterator[Expected]:
    for key in layer.values:
        if key not in _KNOWN:
            raise layer.refusal(key, f"is unknown: known are {', '.join(_KNOWN)}")
    time = _time(layer)
    for what in _MONEY:
        if what.value in layer.values:
            yield Expected(time, what, "", _number(layer, what.value))
    quantities = layer.table(_QUANTITY)
    for symbol in quantities.values:
        yield Expected(time, Balance.QUANTITY, symbol, _number(quantities, symbol))
    if layer.values.keys() == {_AT}:
        raise layer.refusal(_AT, "must stand with what is expected then: cash, equity, or quantity.SYMBOL")


def _number(layer: Layer, key: str) -> Decimal:
    """Return a number to the digits that are written; one with an exponent above zero has none after the point."""
    value: Decimal = layer.value(key, Decimal)
    return value.quantize(_WHOLE) if int(value.as_tuple().exponent) > 0 else value


def _time(layer: Layer) -> datetime:
    at = layer.values.get(_AT)
    if type(at) is date:
        return datetime(at.year, at.month, at.day, tzinfo=UTC) + END_OF_DAY
    if isinstance(at, datetime):
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    rule = "a date or a time"
    raise layer.refusal(_AT, f"must be given, {rule}" if at is None else sentence(rule, at))
