"""ActionsOfRun: in which steps the corporate actions of a run are due, and what each does there (rule R2).

Of one step payments come first, then dividends, which count for what is held before a split of that step, then splits.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from math import prod
from typing import Final, NamedTuple

from core.backtest.feed import Feed
from core.backtest.settings import Settings, SplitRule
from core.bars import to_microseconds, written_time
from core.corporate_action import CorporateAction, Dividend, Split
from core.errors import AdjustedTwiceError, InputError
from core.execution.broker import BacktestBroker
from core.instrument import Instrument
from core.money import COST_QUANTUM
from core.risk.portfolio import PortfolioState

_TELLING: Final = 5, 4  # of a smaller ratio the prices of a day do not tell whether they were adjusted for it
_PAYMENT, _DIVIDEND, _SPLIT = range(3)


class _Due(NamedTuple):
    """What is due in a step; sorted as it comes.

    Attributes:
        step: Which step.
        kind: A payment, a dividend or a split.
        symbol: Of what.
        number: In which order it was given, or came about.
        action: The split or the dividend.
        amount: Of a payment, money.
    """

    step: int
    kind: int
    symbol: str
    number: int
    action: CorporateAction
    amount: Decimal | None = None


class ActionsOfRun:
    """The corporate actions of a run, by the step in which they are due.

    One up to the first bar of its symbol concerns nobody, and one of a symbol that the run does not have no more.

    Args:
        actions: The splits and dividends that were given, in any order.
        feed: The steps.
        settings: Says whether they count.
        instruments: The units of each symbol.

    Attributes:
        next_step: The next step in which anything is due; the number of all steps where nothing is.

    Raises:
        InputError: One is given twice.
        AdjustedTwiceError: The prices look adjusted for a split, and the settings do not say whether they are.
    """

    __slots__ = ("_due", "_feed", "_instruments", "next_step")

    def __init__(
        self,
        actions: Iterable[CorporateAction],
        feed: Feed,
        settings: Settings,
        instruments: Mapping[str, Instrument],
    ) -> None:
        self._feed, self._instruments = feed, instruments
        counted = (_due_of(number, one, feed) for number, one in enumerate(actions) if _counts(one, settings))
        self._due = sorted(one for one in counted if one is not None)
        for one, other in pairwise(self._due):
            _check_differ(one.action, other.action)
        if settings.splits is SplitRule.ASK:
            _check_prices([one.action for one in self._due], feed)
        self._look_ahead()

    def apply(self, step: int, portfolio: PortfolioState, broker: BacktestBroker) -> list[int]:
        """Do what is due in a step; return the ids of the orders that something has happened to."""
        now, concerned = self._feed.time(step), list[int]()
        while self.next_step == step:
            due = self._due.pop(0)
            with broker.announcer.deliveries:
                if due.amount is not None:
                    portfolio.pay_dividend(due.symbol, due.amount, now)
                elif isinstance(due.action, Split):
                    concerned += self._split(due.action, now, portfolio, broker)
                else:
                    self._earn(due, due.action, now, portfolio)
            self._look_ahead()
        return concerned

    def _split(self, split: Split, now: datetime, portfolio: PortfolioState, broker: BacktestBroker) -> list[int]:
        unit = self._instruments[split.symbol]
        step = unit.quantity_step or COST_QUANTUM
        portfolio.split(split, now, quantity_step=step, currency_digits=unit.currency_digits)
        return broker.split(split, now)

    def _earn(self, due: _Due, dividend: Dividend, now: datetime, portfolio: PortfolioState) -> None:
        digits = self._instruments[due.symbol].currency_digits
        amount = portfolio.earn_dividend(dividend, now, currency_digits=digits)
        pays_at = None if dividend.pay_time is None else _step_of(dividend.pay_time, self._feed)
        step = due.step if pays_at is None else max(pays_at, due.step)
        if amount and step < len(self._feed):
            insort(self._due, due._replace(step=step, kind=_PAYMENT, amount=amount))

    def _look_ahead(self) -> None:
        self.next_step = self._due[0].step if self._due else len(self._feed)


def _counts(action: CorporateAction, settings: Settings) -> bool:
    return settings.splits is not SplitRule.IGNORE if isinstance(action, Split) else settings.dividends


def _step_of(time: datetime, feed: Feed) -> int:
    """Return the first step at a time or later; the number of all steps where none is."""
    return bisect_left(feed.times, to_microseconds(time))


def _due_of(number: int, action: CorporateAction, feed: Feed) -> _Due | None:
    """Return when an action is due; None where it concerns nobody in the run."""
    place = feed.places.get(action.symbol)
    if place is None:
        return None
    step = _step_of(action.ex_time, feed)
    if not feed.step_at(place, 0) < step < len(feed):
        return None
    return _Due(step, _SPLIT if isinstance(action, Split) else _DIVIDEND, action.symbol, number, action)


def _check_differ(one: CorporateAction, other: CorporateAction) -> None:
    """Refuse a second split of a symbol at one time, and a dividend that is the same as another."""
    is_split = isinstance(one, Split) and isinstance(other, Split)
    if one == other or (is_split and (one.symbol, one.ex_time) == (other.symbol, other.ex_time)):
        what = "the split" if is_split else "a dividend"
        at = f"{other.place}: " if other.place else ""
        also = f", also by {one.place}" if one.place else ""
        raise InputError(f"{at}{what} of {other.symbol} on {_day(other.ex_time)} is given twice{also}")


def _day(time: datetime) -> str:
    """Write a time, a midnight as the day that it begins."""
    return written_time(time).removesuffix(" 00:00")


def _check_prices(actions: Iterable[CorporateAction], feed: Feed) -> None:
    """Refuse splits that do not show in the prices."""
    of_rows: dict[tuple[str, int], list[Split]] = {}
    for one in actions:
        if isinstance(one, Split):
            row = bisect_left(feed.bars[feed.places[one.symbol]].times, to_microseconds(one.ex_time))
            of_rows.setdefault((one.symbol, row), []).append(one)
    for (symbol, row), splits in of_rows.items():
        bars = feed.bars[feed.places[symbol]]
        if row == len(bars):
            continue
        close, opened = bars.closes[row - 1], bars.row_units(row)[0]
        if _look_adjusted(splits, close, opened):
            day = f"{symbol} {splits[-1].text} on {_day(splits[-1].ex_time)}"
            raise AdjustedTwiceError(splits[-1].place, day, bars.price(close), bars.price(opened))


def _look_adjusted(splits: Sequence[Split], close: int, opened: int) -> bool:
    """Say whether a move of prices, in ticks, is nearer to none than to that of the splits that lie within it."""
    new, old = prod(one.new for one in splits), prod(one.old for one in splits)
    most, least = _TELLING
    if max(new, old) * least < min(new, old) * most:
        return False
    moved, middle = opened * opened * new, close * close * old  # the root of old / new lies between the two
    return moved > middle if new > old else moved < middle
