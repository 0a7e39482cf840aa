"""A value that a person wrote, as the type that its key holds."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from math import inf
from typing import Any, Literal

import pytest
from attrs import frozen

from core.backtest.conversion import Text, convert, plain
from core.errors import NotExactError


class Color(StrEnum):
    DARK_RED = "dark_red"
    BLUE = "blue"


class Mixed(str, Enum):  # noqa: UP042 - an older way, which users have
    A = "a"


class Level(IntEnum):
    LOW = 1


@frozen
class Range:
    low: int
    high: int = 9


ROWS = tuple[tuple[Decimal, Decimal], ...]
TAKEN = {
    "a whole number": (5, int, 5),
    "a whole number for money": (5, Decimal, Decimal(5)),
    "a number for money": (Decimal("0.1"), Decimal, Decimal("0.1")),
    "a number for a float": (Decimal("0.5"), float, 0.5),
    "true": (True, bool, True),
    "a text": ("a", str, "a"),
    "nothing in particular": ([1, "a"], Any, [1, "a"]),
    "a choice": ("dark_red", Color, Color.DARK_RED),
    "a choice with a dash": ("dark-red", Color, Color.DARK_RED),
    "a choice among texts": ("a", Mixed, Mixed.A),
    "a choice among numbers": (1, Level, Level.LOW),
    "a literal": ("up", Literal["up", "down"], "up"),
    "a list": ([1, 2], list[int], [1, 2]),
    "a list of anything": ([1, "a"], list, [1, "a"]),
    "a sequence": (["a"], Sequence[str], ["a"]),
    "a tuple": ([1, 2], tuple[int, ...], (1, 2)),
    "a row": ([1, "a"], tuple[int, str], (1, "a")),
    "rows": ([[0, Decimal("0.005")], [1000, 0]], ROWS, ((0, Decimal("0.005")), (1000, 0))),
    "no rows": ([], ROWS, ()),
    "a set": ([1, 1], set[int], {1}),
    "a list of lists": ([["a"]], list[list[str]], [["a"]]),
    "a table": ({"A": Decimal(1)}, dict[str, Decimal], {"A": Decimal(1)}),
    "a table of fields": ({"low": 1}, Range, Range(1)),
    "what may be missing": (5, int | None, 5),
    "a date": (date(2024, 1, 2), date, date(2024, 1, 2)),
    "a time": (time(9, 30), time, time(9, 30)),
    "a date and a time": (datetime(2024, 1, 2, tzinfo=UTC), datetime, datetime(2024, 1, 2, tzinfo=UTC)),
    "written money": (Text("0.5"), Decimal, Decimal("0.5")),
    "a written whole number": (Text("-12"), int, -12),
    "a written text": (Text("12"), str, "12"),
    "written rows": (Text("[[0, 0.005], [1000, 0.003]]"), ROWS, ((0, Decimal("0.005")), (1000, Decimal("0.003")))),
    "a written list": (Text("['a']"), list[str], ["a"]),
    "a written choice": (Text("dark-red"), Color, Color.DARK_RED),
}


@pytest.mark.parametrize(("value", "kind", "taken"), TAKEN.values(), ids=TAKEN)
def test_a_value_is_taken_exactly_as_its_type(value: object, kind: Any, taken: object) -> None:
    converted = convert(value, kind)
    assert converted == taken
    assert type(converted) is type(taken)


WITHIN = "a number of at most 18 digits before the point and 12 after"
REFUSED = {
    "a text for a whole number": ("5", int, "a whole number, was the text 5"),
    "a fraction for a whole number": (Decimal("5.0"), int, "a whole number, was 5.0"),
    "true for a whole number": (True, int, "a whole number, was True"),
    "a text for money": ("5", Decimal, "a number, was the text 5"),
    "true for money": (True, Decimal, "a number, was True"),
    "a float for money": (0.5, Decimal, "a number, was 0.5"),
    "a list for money": ([5], Decimal, "a number, was [5]"),
    "no number for money": (Decimal("NaN"), Decimal, f"{WITHIN}, was NaN"),
    "too large for money": (10**19, Decimal, f"{WITHIN}, was 10000000000000000000"),
    "too fine for money": (Decimal("1E-13"), Decimal, f"{WITHIN}, was 1E-13"),
    "no number for a float": (Decimal("NaN"), float, "a number, was NaN"),
    "too large for a float": (10**400, float, "a number, was 1" + "0" * 59 + "…"),
    "a text for a float": ("0.5", float, "a number, was the text 0.5"),
    "a whole number for true": (1, bool, "true or false, was 1"),
    "a text for true": ("true", bool, "true or false, was the text true"),
    "a number for a text": (5, str, "a text, was 5"),
    "no choice": ("red", Color, "dark_red or blue, was the text red"),
    "no choice among texts": ("b", Mixed, "a, was the text b"),
    "no choice among numbers": (2, Level, "1, was 2"),
    "no literal": ("left", Literal["up", "down"], "typing.Literal['up', 'down'], was the text left"),
    "a text for a list": ("ab", list[str], "list[str], was the text ab"),
    "a text in a list of lists": (["ab"], list[list[str]], "list[list[str]], was ['ab']"),
    "a text for a set": ("ab", set[str], "set[str], was the text ab"),
    "a table for a list": ({"a": 1}, list[str], "list[str], was {'a': 1}"),
    "a text for a table": ("ab", dict[str, int], "dict[str, int], was the text ab"),
    "a wrong item": ([1, "x"], list[int], "list[int], was [1, 'x']"),
    "a fraction in a list": ([Decimal("1.5")], list[int], "list[int], was [1.5]"),
    "a number of thousands of digits in a list": ([[10**5000]], ROWS, f"{WITHIN}, was a number of thousands of digits"),
    "a number for a row": (5, tuple[int, str], "[a whole number, a text], was 5"),
    "a text for a row": ("ab", tuple[str, str], "[a text, a text], was the text ab"),
    "a short row": ([1], tuple[int, str], "[a whole number, a text], was [1]"),
    "a long row": ([1, "a", 2], tuple[int, str], "[a whole number, a text], was [1, 'a', 2]"),
    "a row for rows": ([0, Decimal("0.005")], ROWS, "a list of [a number, a number], was [0, 0.005]"),
    "a short row among rows": ([[0, 1], [5]], ROWS, "a list of [a number, a number], was [[0, 1], [5]]"),
    "a text in a row": ([[0, "1"]], ROWS, "a list of [a number, a number], was [[0, '1']]"),
    "no number in a row": ([[0, Decimal("NaN")]], ROWS, f"{WITHIN}, was [[0, NaN]]"),
    "a written number for rows": (Text("0"), ROWS, "a list of [a number, a number], was 0"),
    "nothing written for rows": (Text(""), ROWS, "a list of [a number, a number], was "),
    "written rows without brackets": (Text("0:0.005"), ROWS, "a list of [a number, a number], was 0:0.005"),
    "written rows and more": (Text("[]\nb = 1"), ROWS, "a list of [a number, a number], was []␊b = 1"),
    "written endless brackets": (Text("[" * 9999), ROWS, f"a list of [a number, a number], was {'[' * 60}…"),
    "a written exponent out of range": (
        Text(f"[[0, 1e{'9' * 20}]]"),
        ROWS,
        f"a list of [a number, a number], was [[0, 1e{'9' * 20}]]",
    ),
    "an unknown field": ({"low": 1, "hgh": 2}, Range, "Range, was {'low': 1, 'hgh': 2}"),
    "a missing field": ({}, Range, "Range, was {}"),
    "a time for a date": (datetime(2024, 1, 2, tzinfo=UTC), date, "date, was 2024-01-02 00:00:00+00:00"),
    "written no number": (Text("NaN"), Decimal, "a number such as 187.15, was NaN"),
    "written digits of another script": (Text("１２"), Decimal, "a number such as 187.15, was １２"),
    "a written number with underscores": (Text("1_0"), int, "a whole number, was 1_0"),
    "a written whole number of another script": (Text("１２"), int, "a whole number, was １２"),
    "a written fraction": (Text("1.0"), int, "a whole number, was 1.0"),
    "a long text": ("x" * 100, int, f"a whole number, was the text {'x' * 60}…"),
    "an escape sequence": ("\x1b[2J", int, "a whole number, was the text ␛[2J"),
}


@pytest.mark.parametrize(("value", "kind", "rule"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_value_of_its_type_is_refused_with_what_it_must_be(value: object, kind: Any, rule: str) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        convert(value, kind)
    assert str(caught.value) == f"must be {rule}"
    assert not isinstance(caught.value, NotExactError)


def test_a_type_that_nobody_can_write_says_so() -> None:
    with pytest.raises(ValueError, match=r"^cannot be given: it holds object$"):
        convert(5, object)


PLAIN = {
    "money": (Decimal("1.50"), "1.5"),
    "a choice": (Color.BLUE, "blue"),
    "a table": (Range(1), {"low": 1, "high": 9}),
    "a date": (date(2024, 1, 2), "2024-01-02"),
    "a float": (0.5, 0.5),
    "an endless float": (inf, "inf"),
    "nothing": (None, None),
    "a list": ([Decimal(1), True], ["1", True]),
    "rows": (((Decimal(0), Decimal("0.50")),), [["0", "0.5"]]),
}


@pytest.mark.parametrize(("value", "written"), PLAIN.values(), ids=PLAIN)
def test_a_value_is_written_as_toml_and_json_can_hold_it(value: object, written: object) -> None:
    assert plain(value) == written
