"""What each pane is given: plain values, every text in them formatted and cleaned.

A pane that is tested gets them as literals; on a screen they come from a `FrameView`.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

from attrs import field, fields_dict, frozen

from tui.sentences import Tone

_LineT_co = TypeVar("_LineT_co", covariant=True)


class State(Enum):
    """What the run is doing."""

    PAUSED = "■ PAUSED"
    REWOUND = "◀ REWOUND"
    RUNNING = "▶ RUNNING"
    END = "■ END of data"
    ERROR = "✖ ERROR"


@frozen
class Selection:
    """What the person chose to see.

    Attributes:
        symbol: Whose bars the chart shows.
        as_line: Whether it shows closes as a line.
        order_id: The order that is explained; None for what happened where one stands.
    """

    symbol: str
    as_line: bool = False
    order_id: int | None = None


class Lines(Protocol[_LineT_co]):
    """Lines of a list that are made when they are looked at; a list of lines is one too."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def __getitem__(self, index: int, /) -> _LineT_co:
        """Return the line at an index from 0."""
        ...


@frozen(eq=False)
class MadeLines(Generic[_LineT_co]):
    """Lines made by a function, from their index."""

    count: int
    make: Callable[[int], _LineT_co]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> _LineT_co:
        return self.make(index)


@frozen(eq=False)
class NumberedLines(Generic[_LineT_co]):
    """Lines by number, of which most can no longer change: facts, or orders.

    Attributes:
        first: The lowest number.
        stop: One more than the highest.
        make: Makes the line of a number.
        origin: What the numbers belong to: a line that is settled is the same in all lists of one origin.
        is_newest_first: Whether the highest number comes first; else it comes last.
        live: Numbers of lines that may change, rising; where the newest comes first, these come before all others.
        is_settled: Says whether the line of a number can no longer change; those that are not are in `live`.
    """

    first: int
    stop: int
    make: Callable[[int], _LineT_co]
    origin: object
    is_newest_first: bool = False
    live: Sequence[int] = ()
    is_settled: Callable[[int], bool] = lambda _: True

    def __len__(self) -> int:
        return self.stop - self.first

    def __getitem__(self, index: int) -> _LineT_co:
        if not self.is_newest_first:
            return self.make(self.first + index)
        rank = index - len(self.live)
        if rank < 0:
            return self.make(self.live[-1 - index])
        return self.make(self.first + place_from_end(len(self), [one - self.first for one in self.live], rank))


def place_from_end(count: int, skipped: Sequence[int], rank: int) -> int:
    """Return the place of an item counted from the end, where some places do not count; the skipped are bisected.

    Args:
        count: How many places there are, from 0 on.
        skipped: Those that do not count, rising.
        rank: 0 for the last place that counts, 1 for the one before it, and so on.

    >>> [place_from_end(7, [2, 5, 6], rank) for rank in range(4)]
    [4, 3, 1, 0]
    """
    most = len(skipped)

    def counted_after(turn: int) -> int:
        return count - 1 - skipped[most - 1 - turn] - turn

    return count - 1 - rank - bisect_right(range(most), rank, key=counted_after)


@frozen
class PositionLine:
    """A position, as text; or all of them together.

    Attributes:
        about: The symbol as the data names it; empty for all of them.
        unrealized: Before commission, like `realized`; with a sign.
        value: The market value, signed.
        share: The market value over equity.
        changed: The fields that differ from what they were at the end of the bar before.
    """

    about: str
    symbol: str
    quantity: str
    average: str
    mark: str
    unrealized: str
    value: str
    realized: str
    share: str = ""
    tone: Tone = ""
    changed: frozenset[str] = field(default=frozenset(), eq=False)

    @property
    def key(self) -> str:
        """What the line stands for, at every moment."""
        return self.about


@frozen
class OrderLine:
    """An order, as text.

    Attributes:
        key: Its id.
        about: The symbol as the data names it.
        price: Its limit, its stop and its limit, or in a word what else it waits for.
        ticks: Of an open one, how many ticks the price has to go from its mark to what the order waits for.
        age: How many bars ago it was asked for; of one that is over, how many bars it lived.
        remaining: What may still fill.
        reason: Why it was rejected, canceled or expired; of an open one, why it did not fill in the newest step.
    """

    key: int
    about: str
    id: str
    symbol: str
    side: str
    quantity: str
    price: str
    state: str
    filled: str
    reason: str
    tone: Tone = ""
    ticks: str = ""
    age: str = ""
    remaining: str = ""
    changed: frozenset[str] = field(default=frozenset(), eq=False)


@frozen
class EventLine:
    """A fact, as text.

    Attributes:
        key: Its number in the journal.
        about: The symbol it is about, as the data names it; None where it is about none.
        symbol: The same to be read; empty where there is none.
    """

    key: int
    about: str | None
    bar: str
    event: str
    tone: Tone = ""
    symbol: str = ""


_DerivedT = TypeVar("_DerivedT", PositionLine, OrderLine)


def differing(line: _DerivedT, before: _DerivedT | None) -> frozenset[str]:
    """Return the fields in which a line differs from what it was; all of them where it was not there."""
    names = fields_dict(type(line)).keys()
    if before is None:
        return frozenset(names)
    return frozenset(name for name in names if getattr(line, name) != getattr(before, name))


Figure: TypeAlias = tuple[str, str, str]
"""A number: its long name, its short name, and its text."""


@frozen
class PnlView:
    """Profit and loss, and how equity came about.

    Attributes:
        figures: The numbers.
        equity: Returns equity since the start in at most so many columns, newest last.
        drawdown: Returns how far equity lay below its peak, money, in the same columns.
        residuals: What is left of the two identities of rule R18.
    """

    figures: Sequence[Figure]
    equity: Callable[[int], Sequence[Decimal]]
    drawdown: Callable[[int], Sequence[Decimal]]
    residuals: str = ""


@frozen
class StatusView:
    """The status line: what it says, the most important first."""

    state: State
    parts: tuple[str, ...]


@frozen
class TextView:
    """Lines to be read, each with its tone; they are wrapped where they are too long.

    Attributes:
        title: What they are about.
        lines: The lines.
    """

    title: str
    lines: Sequence[tuple[str, Tone]]


@frozen
class ExplainView(TextView):
    """Why something happened, or did not.

    Attributes:
        bar: The bar on which that was, as prices: open, high, low and close; None where there is none.
        path: The order of its prices, such as `O H L C`; empty where it is not over.
        marks: What else lies on the scale of the bar: a character, and the price.
    """

    bar: tuple[Decimal, Decimal, Decimal, Decimal] | None = None
    path: str = ""
    marks: Sequence[tuple[str, Decimal]] = ()


@frozen(eq=False)
class TimelineView:
    """Where in the run one stands.

    Attributes:
        step: Where one stands; -1 before the first bar.
        head: The newest bar that was executed; -1 before the first.
        count: How many bars there are.
        fills: Returns how many fills there are in each of so many columns of bars.
        marks: Returns the columns, of so many, that have a bookmark, a breakpoint's place, or a rejection.
        drawdowns: Returns the drawdown at the end of each of so many columns, a fraction of the peak, as far as the run
            has come.
    """

    step: int
    head: int
    count: int
    fills: Callable[[int], Sequence[int]]
    marks: Callable[[int], Mapping[int, str]]
    drawdowns: Callable[[int], Sequence[Decimal]] = lambda _: ()


REJECTION: Final = "✕"
"""Marks where along the run an order was rejected."""


def column_of(step: int, count: int, columns: int) -> int:
    """Return in which of so many columns a step is; the first for a step before the first."""
    return min(max(step, 0) * columns // max(count, 1), max(columns - 1, 0))


def step_at(column: int, count: int, columns: int) -> int:
    """Return the step to which one of so many columns leads: one that is in it, where the steps are not fewer.

    >>> [step_at(column, 10, 4) for column in range(4)]
    [0, 3, 6, 9]
    """
    return -(-min(max(column, 0), max(columns - 1, 0)) * (count - 1) // max(columns - 1, 1))
