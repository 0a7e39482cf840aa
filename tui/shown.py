"""What each pane is given: plain values, every text in them formatted and cleaned.

A pane that is tested gets them as literals; on a screen they come from a `FrameView`.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

from attrs import frozen

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


@frozen
class PositionLine:
    """A position, as text.

    Attributes:
        about: The symbol as the data names it.
        unrealized: Before commission, like `realized`; with a sign.
    """

    about: str
    symbol: str
    quantity: str
    average: str
    mark: str
    unrealized: str
    value: str
    realized: str
    tone: Tone = ""

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


@frozen
class EventLine:
    """A fact, as text.

    Attributes:
        key: Its number in the journal.
        about: The symbol it is about, as the data names it; None where it is about none.
    """

    key: int
    about: str | None
    bar: str
    event: str
    tone: Tone = ""


Figure: TypeAlias = tuple[str, str, str]
"""A number: its long name, its short name, and its text."""


@frozen
class PnlView:
    """Profit and loss, and how equity came about.

    Attributes:
        figures: The numbers.
        equity: Returns equity since the start in at most so many columns, newest last.
        residuals: What is left of the two identities of rule R18.
    """

    figures: Sequence[Figure]
    equity: Callable[[int], Sequence[Decimal]]
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
