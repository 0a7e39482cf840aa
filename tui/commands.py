"""What a person writes after `:`, read into what it asks for; an error points at the word that is wrong.

The same reader says what could stand next, so that what is offered while one writes is what can be read.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from itertools import chain
from typing import Any, Final, NamedTuple, TypeAlias

from attrs import frozen

from core.analysis.export import Format
from core.backtest.command import Amend, Cancel, Command, Submit
from core.bars import END_OF_DAY
from core.errors import ExpressionError, InputError, NotExactError
from core.money import parse
from core.order import BUY, SELL, Order, OrderType, TimeInForce
from tui.actions import actions_of
from tui.keys import Scope

HELP: Final[Mapping[str, str]] = {
    "goto 2024-01-05": "a date or a time, a bar (goto 120), an order (goto #12) or an event (goto event 40)",
    "break equity < 95000": "stop where it begins to hold; also break fill, break rejection, break older 20, break #12",
    "delete 2": "take breakpoint 2 away",
    "watch cash < 0": "every moment at which it changes; also of a number, such as watch cash",
    "buy 100 AAPL limit 50.25": "ask for an order at the head; also sell; stop, trail, day, ioc, fok, gtd DATE",
    "cancel 12": "ask to cancel an order at the head",
    "amend 12 limit 50.50": "ask to change an order at the head: quantity, limit, stop",
    "branch set slow=40": "run again with another field of the strategy, and see where the runs part",
    "branch setting path=nearest": "run again with another setting",
    "branch drop 12": "run again without an order",
    "branch change 12 buy 50 AAPL": "run again with another order in the place of one",
    "branch buy 100 AAPL": "run again with one order more, asked for where one stands",
    "note TEXT": "write a note at the place where one stands",
    "diff a": "this moment beside that of bookmark a",
    "verify": "run again in other processes, and compare",
    "export FOLDER": "write orders, fills, positions and equity of the whole run as CSV; export FOLDER parquet",
    "record NAME": "write the run to the folder NAME.fillstep, and go on writing as it goes on",
    "output": "what the strategy has printed up to where one stands",
    "theme textual-light": "other colors",
    "q": "quit",
}
"""What can be written, as an example, and what it does."""

COMMANDS: Final[Sequence[str]] = tuple(dict.fromkeys([*(example.split()[0] for example in HELP), "sell"]))
"""The first words of commands; each action of the registry can be written by its id as well."""


@frozen
class Known:
    """What there is to be named: a name that is not among the symbols or the themes is refused, the rest is offered.

    Attributes:
        symbols: Those of the run.
        orders: The newest orders, by id.
        breakpoints: Their numbers.
        bookmarks: Their letters.
        fields: Fields of the strategy that can be set.
        settings: Settings that can be set.
        themes: Names of the sets of colors.
    """

    symbols: Collection[str] = ()
    orders: Sequence[int] = ()
    breakpoints: Sequence[int] = ()
    bookmarks: Sequence[str] = ()
    fields: Sequence[str] = ()
    settings: Sequence[str] = ()
    themes: Sequence[str] = ()


@frozen
class GoTo:
    """To another place: a time, a bar from 1, an order, or an event."""

    time: datetime | None = None
    bar: int | None = None
    order_id: int | None = None
    event: int | None = None


@frozen
class AddBreak:
    """A breakpoint more."""

    text: str


@frozen
class DeleteBreak:
    """A breakpoint less."""

    number: int


@frozen
class Watch:
    """Every moment at which a number or a condition changes."""

    text: str


@frozen
class Give:
    """A command to the run."""

    command: Command


@frozen
class MakeBranch:
    """The run again with one change: a field, a setting, an order less, another, or one more."""

    field: tuple[str, str] | None = None
    setting: tuple[str, str] | None = None
    edit: tuple[int, Order | None] | None = None
    order: Order | None = None


@frozen
class AddNote:
    """A note where one stands."""

    text: str


@frozen
class Compare:
    """This moment beside that of a bookmark."""

    letter: str


@frozen
class Verify:
    """The run again in other processes."""


@frozen
class Export:
    """The whole run as files in a folder."""

    folder: str
    form: Format


@frozen
class Record:
    """The run written to a folder from now on."""

    name: str


@frozen
class ShowOutput:
    """What the strategy has printed."""


@frozen
class ChooseTheme:
    """Other colors."""

    name: str


@frozen
class DoAction:
    """What a key would do: an action of the registry, as it is called."""

    call: str


@frozen
class Quit:
    """The end."""


Asked: TypeAlias = (
    GoTo
    | AddBreak
    | DeleteBreak
    | Watch
    | Give
    | MakeBranch
    | AddNote
    | Compare
    | Verify
    | Export
    | Record
    | ShowOutput
    | ChooseTheme
    | DoAction
    | Quit
)


_DATE_LENGTH: Final = len("2024-01-05")
_TIME_LENGTH: Final = len("09:30")
_MOST_DIGITS: Final = 18  # of a whole number
_ACTIONS: Final[Mapping[str, str]] = {one.id: one.call for one in actions_of(Scope.APP)}
_AN_ORDER: Final = "an order, such as 12"
_SIDES: Final = ("buy", "sell")
_CHANGES: Final = ("set", "setting", "drop", "change", *_SIDES)
_CHANGE: Final = "set, setting, drop, change, buy or sell"
_AMENDS: Final = ("quantity", "limit", "stop")
_TERMS: Final = ("limit", "stop", "trail", "open", "close", "day", "ioc", "fok", "gtc", "gtd")
_TERM: Final = "limit, stop, trail, open, close, day, ioc, fok, gtc or gtd"
_PLACE: Final = "a date, a bar, #12, or event 40"


def read_command(text: str, known: Known) -> Asked:
    """Read what a person wrote.

    Args:
        text: Without the colon.
        known: What there is to be named.

    Raises:
        InputError: It cannot be read; an `ExpressionError` points at the place.
    """
    return _Reader(text, known).command()


def what_may_follow(text: str, known: Known) -> tuple[str, Iterable[str]]:
    """Return what must or may stand after a text, in words, and words that can; nothing after what cannot be read.

    Args:
        text: The first words of a command, all of them whole.
        known: What there is to be named.
    """
    reader = _Reader(text, known)
    with suppress(InputError):
        reader.command()
    return reader.expected, reader.offers


class _Word(NamedTuple):
    text: str
    start: int


class _Reader:
    """Reads the words of one command.

    Attributes:
        expected: Where the text ends: what must or may stand there, in words.
        offers: Words that can stand there.
    """

    def __init__(self, text: str, known: Known) -> None:
        self.expected = ""
        self.offers: Iterable[str] = ()
        self._text = text
        self._known = known
        self._words: Iterator[_Word] = (_Word(found[0], found.start()) for found in re.finditer(r"\S+", text))
        self._next: _Word | None = next(self._words, None)

    def command(self) -> Asked:
        word = self._take("a command", chain(COMMANDS, _ACTIONS))
        name = word.text
        if name in ("break", "watch", "note"):
            rest = self._rest()
            return AddBreak(rest) if name == "break" else Watch(rest) if name == "watch" else AddNote(rest)
        asked = self._short(word)
        if self._next is not None:
            raise self._error(f"unexpected {self._next.text}", self._next)
        return asked

    def _short(self, word: _Word) -> Asked:
        readers: Mapping[str, Callable[[], Asked]] = {
            "goto": self._goto,
            "g": self._goto,
            "buy": lambda: Give(Submit(self._order(word))),
            "sell": lambda: Give(Submit(self._order(word))),
            "cancel": lambda: Give(Cancel(self._number(_AN_ORDER, self._known.orders))),
            "amend": lambda: Give(self._amend()),
            "delete": lambda: DeleteBreak(self._number("a breakpoint, such as 2", self._known.breakpoints)),
            "branch": self._branch,
            "diff": lambda: Compare(self._take("the letter of a bookmark", self._known.bookmarks).text),
            "verify": Verify,
            "export": self._export,
            "record": self._record,
            "output": ShowOutput,
            "theme": self._theme,
            "q": Quit,
            "quit": Quit,
        }
        if word.text in readers:
            return readers[word.text]()
        if word.text in _ACTIONS:
            return DoAction(_ACTIONS[word.text])
        nearest = get_close_matches(word.text.lower(), [*COMMANDS, *_ACTIONS], 1)
        hint = f"did you mean {nearest[0]}" if nearest else f"known are {', '.join(COMMANDS)}"
        raise self._error(f"{word.text} is unknown: {hint}", word)

    def _export(self) -> Export:
        folder = self._take("a folder").text
        if not self._may_follow("csv or parquet", list(Format)):
            return Export(folder, Format.CSV)
        word = self._take("csv or parquet")
        if word.text not in list(Format):
            raise self._error("csv or parquet must stand here", word)
        return Export(folder, Format(word.text))

    def _theme(self) -> ChooseTheme:
        word = self._take("a theme", self._known.themes)
        if word.text not in self._known.themes:
            raise self._error(f"{word.text} is unknown: known are {', '.join(self._known.themes)}", word)
        return ChooseTheme(word.text)

    def _record(self) -> Record:
        word = self._take("a name, such as monday")
        name = self._text[word.start :].strip()
        while self._next is not None:  # a name may have spaces
            self._take("")
        return Record(name)

    def _goto(self) -> GoTo:
        word = self._take(_PLACE, chain(("event",), (f"#{one}" for one in self._known.orders)))
        if word.text.startswith("#"):
            return GoTo(order_id=self._whole(word, word.text[1:]))
        if word.text == "event":
            return GoTo(event=self._number("an event, such as 40"))
        if word.text.isdecimal():
            return GoTo(bar=self._whole(word, word.text))
        return GoTo(time=self._time(word))

    def _time(self, word: _Word) -> datetime:
        """Read a time in UTC; a date alone is the end of its day, as bars are stamped that carry no time."""
        text = word.text
        if len(text) == _DATE_LENGTH and self._next is not None and re.match(r"\d\d?:\d\d", self._next.text):
            text = f"{text} {self._take('a time').text.zfill(_TIME_LENGTH)}"
        try:
            time = datetime.fromisoformat(text)
            time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        except (OverflowError, ValueError):
            raise self._error(
                "a date or a time must stand here, such as 2024-01-05 or 2024-01-05 09:30", word
            ) from None
        return time + END_OF_DAY if len(text) == _DATE_LENGTH else time

    def _order(self, side: _Word) -> Order:
        symbols = self._known.symbols
        quantity, word = self._decimal("a quantity, such as 100"), self._take("a symbol", symbols)
        if word.text not in symbols:
            raise self._error(f"symbol {word.text} is unknown: known are {', '.join(symbols)}", word)
        terms: dict[str, Any] = {}
        while self._may_follow(_TERM, _TERMS):
            terms |= self._term(self._take(_TERM))
        try:
            return Order(word.text, BUY if side.text == "buy" else SELL, quantity, **terms)
        except InputError as error:
            raise self._error(str(error), side) from error

    def _term(self, word: _Word) -> dict[str, Any]:
        match word.text:
            case "limit" | "stop":
                return {f"{word.text}_price": self._decimal("a price")}
            case "trail":
                amount = self._take("an amount, or a percentage such as 5%")
                kind = "trail_percent" if amount.text.endswith("%") else "trail_amount"
                return {kind: self._exact(amount, amount.text.rstrip("%"))}
            case "open" | "close":
                return {"type": OrderType[f"MARKET_ON_{word.text.upper()}"]}
            case "day" | "ioc" | "fok" | "gtc":
                return {"time_in_force": TimeInForce[word.text.upper()]}
            case "gtd":
                return {"good_till": self._time(self._take("a date"))}
        raise self._error(f"expected {_TERM}", word)

    def _amend(self) -> Amend:
        order_id = self._number(_AN_ORDER, self._known.orders)
        changes: dict[str, Decimal] = {}
        while self._may_follow("quantity, limit or stop", _AMENDS):
            word = self._take("quantity, limit or stop")
            if word.text not in _AMENDS:
                raise self._error("quantity, limit or stop must stand here", word)
            changes["quantity" if word.text == "quantity" else f"{word.text}_price"] = self._decimal("a number")
        if not changes:
            raise self._error("quantity, limit or stop must stand here")
        return Amend(order_id, **changes)

    def _branch(self) -> MakeBranch:
        word = self._take(_CHANGE, _CHANGES)
        match word.text:
            case "set":
                return MakeBranch(field=self._assignment(self._known.fields))
            case "setting":
                return MakeBranch(setting=self._assignment(self._known.settings))
            case "drop":
                return MakeBranch(edit=(self._number(_AN_ORDER, self._known.orders), None))
            case "change":
                order_id, side = self._number(_AN_ORDER, self._known.orders), self._take("buy or sell", _SIDES)
                if side.text not in _SIDES:
                    raise self._error("buy or sell must stand here", side)
                return MakeBranch(edit=(order_id, self._order(side)))
            case "buy" | "sell":
                return MakeBranch(order=self._order(word))
        raise self._error(f"{_CHANGE} must stand here", word)

    def _assignment(self, names: Sequence[str]) -> tuple[str, str]:
        word = self._take("NAME=VALUE", (f"{name}=" for name in names))
        name, sign, value = word.text.partition("=")
        if not (name and sign and value):
            raise self._error("NAME=VALUE must stand here", word)
        return name, value

    # Words

    def _take(self, expected: str, offers: Iterable[str] = ()) -> _Word:
        word = self._next
        if word is None:
            self.expected, self.offers = expected, offers
            raise self._error(f"{expected} must stand here")
        self._next = next(self._words, None)
        return word

    def _may_follow(self, expected: str, offers: Iterable[str]) -> bool:
        """Say whether a word stands here; where none does, keep what could."""
        if self._next is None:
            self.expected, self.offers = expected, offers
        return self._next is not None

    def _rest(self) -> str:
        return "" if self._next is None else self._text[self._next.start :].strip()

    def _number(self, expected: str, numbers: Iterable[int] = ()) -> int:
        word = self._take(expected, map(str, numbers))
        return self._whole(word, word.text.removeprefix("#"))

    def _whole(self, word: _Word, text: str) -> int:
        if not text.isdecimal() or len(text) > _MOST_DIGITS:
            raise self._error("a whole number must stand here", word)
        return int(text)

    def _decimal(self, expected: str) -> Decimal:
        word = self._take(expected)
        return self._exact(word, word.text)

    def _exact(self, word: _Word, text: str) -> Decimal:
        try:
            return parse(text, "it")
        except NotExactError as error:
            raise self._error(f"a number must stand here: {error}", word) from error

    def _error(self, what: str, word: _Word | None = None) -> ExpressionError:
        return ExpressionError(self._text, len(self._text) if word is None else word.start, what)
