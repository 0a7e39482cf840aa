"""Expressions: what a person asks of the numbers of a run, read by their own grammar."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Final, NamedTuple, TypeAlias

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from core.errors import ExpressionError
from core.execution.costs import Commission
from core.replay.expression import NAMES, SYMBOL_NAMES, Changes, Expression, parse_expression
from core.replay.moment import Moment
from core.replay.timeline import Timeline
from tests.core.builders import Action, bars_of, run

SYMBOLS = ("A", "B", "C D")


@cache
def moments() -> list[Moment]:
    """Return the ends of four steps.

    Bought 10 A in the second bar at 110 for 1.00, sold 4 in the fourth at 90 for 1.00; B has a bar in the third, C D in
    none before the fourth. The closes of A are 100, 115, 120 and 90.
    """
    steps: dict[int, Action] = {0: lambda now: now.buy("A", 10), 2: lambda now: now.sell("A", 4)}
    bars = [bars_of("A", "100", "110/120/105/115", "120", "90"), bars_of("B", "-", "-", "5", "-")]
    made = run([*bars, bars_of("C D", "-", "-", "-", "7")], steps, costs=Commission(per_order=Decimal(1)))
    timeline = Timeline(made)
    return [timeline.at(timeline.end_of_step(step)) for step in range(4)]


def value_of(text: str, step: int = 0) -> Decimal | bool | None:
    return parse_expression(text, SYMBOLS).value(moments()[step])


# --- what can be asked for

ASKED = [
    ("equity", 0, "100000"),
    ("equity", 1, "100049"),  # 100,000 - 1,100 - 1 + 10 x 115
    ("equity", 3, "99798"),  # + 4 x 90 - 1, and 6 x 90
    ("cash", 1, "98899"),
    ("cash", 3, "99258"),
    ("realized", 1, "0"),
    ("realized", 3, "-80"),  # 4 x (90 - 110)
    ("unrealized", 1, "50"),
    ("unrealized", 3, "-120"),  # 6 x (90 - 110)
    ("commissions", 3, "2"),
    ("net", 1, "49"),
    ("net", 3, "-202"),
    ("income", 3, "0"),
    ("drawdown", 1, "0"),
    ("drawdown", 3, "301"),  # from 100,099
    ("drawdown_ratio", 3, "0.003007023047"),  # 301 / 100,099 = 0.0030070230471...
    ("equity_low", 0, "100000"),
    ("equity_low", 2, "100000"),
    ("equity_low", 3, "99798"),
    ("gross_exposure", 3, "540"),
    ("net_exposure", 3, "540"),
    ("leverage", 1, "0.011494367760"),  # 1,150 / 100,049 = 0.01149436776...
    ("bar", 0, "1"),
    ("bar", 3, "4"),
    ('position["A"]', 0, "0"),
    ('position["A"]', 3, "6"),
    ("position['A']", 3, "6"),
    ("position [ A ]", 3, "6"),
    ('position["C D"]', 3, "0"),
    ('average["A"]', 0, None),
    ('average["A"]', 1, "110"),
    ('realized["A"]', 3, "-80"),
    ('commissions["A"]', 3, "2"),
    ('commissions["B"]', 3, "0"),
    ('open["A"]', 1, "110"),
    ('high["A"]', 1, "120"),
    ('low["A"]', 1, "105"),
    ('close["A"]', 1, "115"),
    ('close["B"]', 1, None),
    ('close["B"]', 2, "5"),
    ('close["B"]', 3, "5"),  # its newest bar
    ('close["C D"]', 3, "7"),
]


@pytest.mark.parametrize(("text", "step", "expected"), ASKED)
def test_a_name_is_the_number_of_the_moment(text: str, step: int, expected: str | None) -> None:
    assert value_of(text, step) == (None if expected is None else Decimal(expected))


def test_every_name_is_in_the_table() -> None:
    asked = [text.partition("[")[0].strip() for text, _, _ in ASKED]
    assert {*NAMES, *SYMBOL_NAMES} == set(asked)


def test_where_equity_is_not_above_zero_there_is_no_leverage() -> None:
    bars, capital = bars_of("A", "100", "100", "300"), Decimal(1000)
    timeline = Timeline(run(bars, {0: lambda now: now.sell("A", 10)}, initial_capital=capital, allow_short=True))
    expression = parse_expression("leverage", SYMBOLS)
    values = [expression.value(timeline.at(timeline.end_of_step(step))) for step in range(3)]
    assert values == [0, 1, None]  # 2,000 - 10 x 300 is below zero


# --- what is made of it

MADE = [
    ("1 + 2 * 3", "7"),
    ("2 * 3 + 1", "7"),
    ("(1 + 2) * 3", "9"),
    ("10 - 4 - 3", "3"),
    ("10 - (4 - 3)", "9"),
    ("8 / 4 / 2", "1"),
    ("8 / (4 / 2)", "4"),
    ("6 / 2 * 3", "9"),
    ("-2 * 3", "-6"),
    ("2 * -3", "-6"),
    ("2 - -3", "5"),
    ("--2", "2"),
    ("-(1 + 2)", "-3"),
    (".5 + 1.", "1.5"),
    ("1_000.50", "1000.5"),
    ("0.1 + 0.2", "0.3"),
    ("1 / 3", "0.333333333333"),
    ("2 / 3", "0.666666666667"),
    ("999999999999999999 * 999999999999999999", "999999999999999998000000000000000001"),
    ("0.000000000001 * 0.000000000001", "1E-24"),
    ("\t cash\n/ 2 ", "50000"),
    ("1 / 0", None),
    ("0 / 0", None),
    ("1 / (bar - 1)", None),
    ("1 / 0 + 1", None),
    ("0 * (1 / 0)", None),
    ("-(1 / 0)", None),
    ('average["A"] + 1', None),
    ('1 - average["A"]', None),
    ('1 / average["A"]', None),
    ('average["A"] / 0', None),
]
HELD = [
    ("1 < 2", True),
    ("2 <= 2", True),
    ("2 < 2", False),
    ("2 >= 3", False),
    ("3 > 2", True),
    ("2 == 2.00", True),
    ("2 != 2.00", False),
    ("1 + 1 == 2", True),
    ("(1 < 2)", True),
    ("not 1 < 2", False),
    ("not not 1 < 2", True),
    ("not (1 < 2 and 1 > 2)", True),
    ("not 1 < 2 and 1 > 2", False),  # `not` binds more
    ("not 1 > 2 or 1 < 2", True),
    ("1 < 2 or 1 < 2 and 1 > 2", True),  # `and` binds more than `or`
    ("(1 < 2 or 1 < 2) and 1 > 2", False),
    ("1 > 2 and 1 < 2 or 1 < 2", True),
    ("1 / 0 == 1 / 0", False),  # what is not there compares to nothing
    ("1 / 0 != 1", False),
    ("1 / 0 < 1 or 1 / 0 >= 1", False),
    ("not 1 / 0 == 1", True),
    ('average["A"] < 1 or average["A"] > 0', False),
    ('not average["A"] > 0', True),
    ('position["A"] == 0 and not close["B"] > 0', True),
]


@pytest.mark.parametrize(("text", "expected"), MADE)
def test_a_calculation_is_exact_and_what_has_no_result_has_none(text: str, expected: str | None) -> None:
    assert not parse_expression(text, SYMBOLS).is_condition
    assert value_of(text) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(("text", "expected"), HELD)
def test_a_condition_holds_or_does_not(text: str, expected: bool) -> None:
    assert parse_expression(text, SYMBOLS).is_condition
    assert value_of(text) is expected


BOOKS, MARKS, CLOCK, NEVER = Changes.BOOKS, Changes.MARKS, Changes.CLOCK, Changes.NEVER
CHANGED_BY = [
    ("1 + 2 < 3", NEVER),
    ("cash", BOOKS),
    ("-cash", BOOKS),
    ('close["A"]', MARKS),
    ("bar", CLOCK),
    ("equity", BOOKS | MARKS),
    ('not bar > 1 and close["A"] > cash', BOOKS | MARKS | CLOCK),
    ('1 < 2 or 1 / position["A"] > bar', BOOKS | CLOCK),
]


@pytest.mark.parametrize(("text", "expected"), CHANGED_BY)
def test_it_is_known_with_what_a_value_can_change(text: str, expected: Changes) -> None:
    assert parse_expression(text, SYMBOLS).changes == expected


@pytest.mark.parametrize(("outer", "inner"), [("({})", "1"), ("-{}", "1"), ("not {}", "1 < 2"), ("-({})", "1")])
def test_parts_may_lie_within_each_other_but_not_without_end(outer: str, inner: str) -> None:
    deepest = 50 if outer != "-({})" else 25
    text = inner
    for _ in range(deepest):
        text = outer.format(text)
    assert value_of(text) == (-1 if deepest == 25 else True)  # an even number of signs, or of nots: 1 is one
    with pytest.raises(ExpressionError, match=r"^more than 50 parts within each other: "):
        parse_expression(outer.format(text), SYMBOLS)


@pytest.mark.parametrize(
    ("first", "more"), [("1", " + 1"), ("1", " * 1"), ("1 < 2", " and 1 < 2"), ("1 > 2", " or 1 < 2")]
)
def test_a_text_may_be_long_but_not_without_end(first: str, more: str) -> None:
    words = len(more.split())
    fits = (500 - len(first.split())) // words
    assert value_of(first + more * fits)
    with pytest.raises(ExpressionError, match=r"^more than 500 words and signs: ") as caught:
        parse_expression(first + more * 5000, SYMBOLS)
    assert len(caught.value.text[: caught.value.start].split()) == 500


# --- what cannot be read

NUMBER = "a number or a name must stand here"
HOLDS = "this holds or does not: a number must stand here"
NO_CONDITION = "this is a number: a comparison must stand here"
TOO_LONG = "a number must be a number of at most 18 digits before the point and 12 after, was Decimal {}"
RUN_NAMES, ALL_NAMES = ", ".join(SYMBOL_NAMES), ", ".join({**NAMES, **SYMBOL_NAMES})
WRONG = [
    ("", NUMBER, 0),
    ("  ", NUMBER, 2),
    ("1 2", "unexpected 2", 2),
    ("1)", "unexpected )", 1),
    ("(1", ") must stand here", 2),
    ("()", NUMBER, 1),
    ("*", NUMBER, 0),
    ("equity <", NUMBER, 8),
    ("and", NUMBER, 0),
    ("not", NUMBER, 3),
    ("1 < not 2", NUMBER, 4),
    ('"A"', NUMBER, 0),
    ("1 + 'A'", NUMBER, 4),
    ("1 < 2 < 3", "a comparison has two sides: write `and` between two of them", 6),
    ("equity = 5", "unexpected =", 7),
    ("a$b", "unexpected $", 1),
    ("1 <\t$", "unexpected $", 4),
    ("bar.x", "unexpected .", 3),
    ("1e5", "unexpected e5", 1),
    ("1.2.3", "unexpected .3", 3),
    ("equity\x1b[2J", "unexpected ␛", 6),
    ("cash + (1 < 2)", HOLDS, 8),
    ("(1 < 2) < 3", HOLDS, 1),
    ("-(1 < 2)", HOLDS, 2),
    ("1 + (not 1 < 2)", HOLDS, 5),
    ("1 + (1 < 2 or 1 < 3)", HOLDS, 11),
    ("1 and 1 < 2", NO_CONDITION, 0),
    ("1 < 2 and 3", NO_CONDITION, 10),
    ("1 < 2 or 3", NO_CONDITION, 9),
    ("not 5", NO_CONDITION, 4),
    ("position", 'position is of a symbol: write position["A"]', 0),
    ("1 + close", 'close is of a symbol: write close["A"]', 4),
    ("equity[A]", "equity is of no symbol", 0),
    ("1 + equty", "equty is unknown: did you mean equity", 4),
    ("positon", "positon is unknown: did you mean position", 0),
    ("closse[A]", "closse is unknown: did you mean close", 0),
    ("xyz", f"xyz is unknown: known are {ALL_NAMES}", 0),
    ("xyz[A]", f"xyz is unknown: known are {RUN_NAMES}", 0),
    ("position[", 'a symbol must stand here, such as "AAPL"', 9),
    ("position[1]", 'a symbol must stand here, such as "AAPL"', 9),
    ("position[A", "] must stand here", 10),
    ("position[A < 1", "] must stand here", 11),
    ('position["X"]', "symbol X is unknown: known are A, B, C D", 9),
    ("position[a]", "symbol a is unknown: known are A, B, C D", 9),
    ("position[C D]", "symbol C is unknown: known are A, B, C D", 9),
    ("close['A", "unexpected '", 6),
    ("1 + " + "9" * 19, TOO_LONG.format("9" * 19), 4),
    ("0." + "1" * 13, TOO_LONG.format("0." + "1" * 13), 0),
    ("1 + ٣", "a number must be a number such as 187.15, was ٣", 4),
]


@pytest.mark.parametrize(("text", "what", "start"), WRONG)
def test_a_text_that_cannot_be_read_is_an_error_at_its_place(text: str, what: str, start: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text, SYMBOLS)
    assert (caught.value.what, caught.value.start, caught.value.text) == (what, start, text)


def test_the_error_shows_the_place_in_the_text() -> None:
    with pytest.raises(ExpressionError, match=r"^unexpected \$: cash »\$ 5$"):
        parse_expression("cash $ 5", SYMBOLS)


# --- any expression

Number: TypeAlias = Fraction | None
Result: TypeAlias = Number | bool


class Tree(NamedTuple):
    """An expression: how it is written, how much it binds, and its value, which was calculated as it was built."""

    text: str
    binds: int
    value: Result

    def within(self, least: int) -> str:
        """Return it as it is written inside another: in brackets where it binds less."""
        return self.text if self.binds >= least else f"({self.text})"


OR, AND, NOT, COMPARISON, SUM, PRODUCT, FACTOR = range(7)
NAMED: Final[Mapping[str, str | None]] = {
    "equity": "100000",
    "cash": "100000",
    "bar": "1",
    'position["A"]': "0",
    "average['A']": None,
    "close[A]": "100",
}


def rounded(number: Fraction) -> Fraction:
    """Round to 12 digits after the point, halves to the even one."""
    return Fraction(round(number * 10**12), 10**12)


def divided(one: Fraction, other: Fraction) -> Number:
    return rounded(one / other) if other else None


CALCULATIONS: Final[Mapping[str, tuple[int, Callable[[Fraction, Fraction], Number]]]] = {
    "+": (SUM, lambda one, other: one + other),
    "-": (SUM, lambda one, other: one - other),
    "*": (PRODUCT, lambda one, other: one * other),
    "/": (PRODUCT, divided),
}
COMPARED: Final[Mapping[str, Callable[[Fraction, Fraction], bool]]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
}


def calculated(sign: str, left: Tree, right: Tree) -> Tree:
    binds, calculate = CALCULATIONS[sign]
    one, other = left.value, right.value
    value = None if one is None or other is None else calculate(Fraction(one), Fraction(other))
    return Tree(f"{left.within(binds)} {sign} {right.within(binds + 1)}", binds, value)


def compared(sign: str, left: Tree, right: Tree) -> Tree:
    one, other = left.value, right.value
    value = one is not None and other is not None and COMPARED[sign](Fraction(one), Fraction(other))
    return Tree(f"{left.within(SUM)}{sign}{right.within(SUM)}", COMPARISON, value)


def negated(one: Tree) -> Tree:
    return Tree(f"-{one.within(FACTOR)}", FACTOR, None if one.value is None else -Fraction(one.value))


def denied(one: Tree) -> Tree:
    return Tree(f"not {one.within(NOT)}", NOT, not one.value)


def joined(word: str, left: Tree, right: Tree) -> Tree:
    binds = OR if word == "or" else AND
    value = (left.value or right.value) if word == "or" else (left.value and right.value)
    return Tree(f"{left.within(binds)} {word} {right.within(binds + 1)}", binds, value)


def in_brackets(one: Tree) -> Tree:
    return Tree(f"( {one.text})", FACTOR, one.value)


leaves = st.one_of(
    st.sampled_from(sorted(NAMED)).map(
        lambda name: Tree(name, FACTOR, None if NAMED[name] is None else Fraction(str(NAMED[name])))
    ),
    st.decimals(0, 1000, places=2).map(lambda number: Tree(f"{number:f}", FACTOR, Fraction(number))),
    st.integers(0, 3).map(lambda number: Tree(str(number), FACTOR, Fraction(number))),
)
numbers = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(calculated, st.sampled_from(sorted(CALCULATIONS)), parts, parts),
        parts.map(negated),
        parts.map(in_brackets),
    ),
    max_leaves=6,
)
conditions = st.recursive(
    st.builds(compared, st.sampled_from(sorted(COMPARED)), numbers, numbers),
    lambda parts: st.one_of(
        st.builds(joined, st.sampled_from(("and", "or")), parts, parts), parts.map(denied), parts.map(in_brackets)
    ),
    max_leaves=5,
)


@given(numbers)
def test_any_calculation_comes_to_what_its_parts_come_to(tree: Tree) -> None:
    expression = parse_expression(tree.text, SYMBOLS)
    value = expression.value(moments()[0])
    assert not expression.is_condition
    assert (None if value is None else Fraction(value)) == tree.value
    event("a number" if value is not None else "none")


@given(conditions)
def test_any_condition_holds_where_its_parts_make_it_hold(tree: Tree) -> None:
    expression = parse_expression(tree.text, SYMBOLS)
    assert expression.is_condition
    assert expression.value(moments()[0]) is bool(tree.value)
    event(f"{bool(tree.value)}")


SIGNS = ["and", "or", "not", "(", ")", "[", "]", "A", '"C D"', "1", ".5", "x"]
WORDS = [*NAMES, *SYMBOL_NAMES, *COMPARED, *CALCULATIONS, *SIGNS]


@given(st.text() | st.text("()-<>=!+*/[]\"'.0123456789_ aAnotdr\t") | st.lists(st.sampled_from(WORDS)).map(" ".join))
def test_any_text_is_read_or_is_an_error_inside_it(text: str) -> None:
    try:
        expression = parse_expression(text, SYMBOLS)
    except ExpressionError as error:
        start = error.start
        event("an error")
    else:
        start = 0
        event("read")
        _check_values(expression)
    assert 0 <= start <= len(text)


def _check_values(expression: Expression) -> None:
    for moment in moments():
        value = expression.value(moment)
        assert isinstance(value, bool) if expression.is_condition else value is None or isinstance(value, Decimal)
