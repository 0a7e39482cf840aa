"""While one writes, what can stand there is offered; what is offered can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ExpressionError
from core.replay.breakpoints import read_condition
from core.replay.conditions import FACTS
from core.replay.expression import NAMES, SYMBOL_NAMES
from tui.commands import COMMANDS, HELP, Known, read_command
from tui.completion import complete, completed

KNOWN = Known(
    symbols=("AAPL", "AC ME"),
    orders=(12, 11, 2),
    breakpoints=(3,),
    bookmarks=("a", "q"),
    fields=("fast", "slow"),
    settings=("path",),
    themes=("dark", "light"),
)

OFFERED = {
    "got": ["goto"],
    "go_b": ["go_back"],
    "goto ": ["event", "#12", "#11", "#2"],
    "goto #1": ["#12", "#11"],
    "cancel ": ["12", "11", "2"],
    "amend 12 ": ["quantity", "limit", "stop"],
    "amend 12 limit 5 s": ["stop"],
    "delete ": ["3"],
    "diff ": ["a", "q"],
    "theme l": ["light"],
    "buy 100 ": ["AAPL", "AC ME"],
    "buy 100 AAPL l": ["limit"],
    "buy 100 AAPL limit 5 f": ["fok"],
    "branch ": ["set", "setting", "drop", "change", "buy", "sell"],
    "branch set s": ["slow="],
    "branch setting ": ["path="],
    "branch drop 1": ["12", "11"],
    "branch change 12 ": ["buy", "sell"],
    "break f": ["fill", "flipped"],
    "break rejection AA": ["AAPL"],
    "break rejection CASH_MUST_COVER_P": ["CASH_MUST_COVER_PURCHASE"],
    "break fill CASH_MUST_C": [],
    "break older 5 ig": ["ignore"],
    "break #1": ["#12", "#11"],
    "watch draw": ["drawdown", "drawdown_ratio"],
    "watch f": [],  # a kind of fact is not watched
    "watch equity<ca": ["cash"],
    "watch cl": ['close["'],
    'watch close["A': ['AAPL"]', 'AC ME"]'],
    "watch close['AC M": ["AC ME']"],
    "watch cash < 5 a": ['average["', "and"],
    # after what cannot be read, or where nothing may stand, nothing is offered
    "fly ": [],
    "buy x ": [],
    "verify ": [],
    "goto 12 ": [],
    "note ": [],
}


@pytest.mark.parametrize(("text", "options"), OFFERED.items())
def test_what_can_stand_where_one_writes_is_offered(text: str, options: list[str]) -> None:
    assert complete(text, KNOWN).options == options


def test_before_the_first_letter_all_commands_are_offered_and_then_the_actions() -> None:
    options = complete("", KNOWN).options
    assert tuple(options[: len(COMMANDS)]) == COMMANDS
    assert {"next_fill", "help", "zoom", "focus_orders"} < set(options)
    assert "down" not in options  # an action of a list


def test_a_breakpoint_begins_with_a_kind_of_fact_a_number_or_an_order() -> None:
    options = complete("break ", KNOWN).options
    symbol_names = [f'{name}["' for name in SYMBOL_NAMES]
    assert options == [*FACTS, "older", *NAMES, *symbol_names, "#12", "#11", "#2"]


def test_what_is_expected_is_said_in_words() -> None:
    said = {text: complete(text, KNOWN).expected for text in ("", "goto ", "buy ", "verify ", "break ", "watch ")}
    assert said == {
        "": "a command",
        "goto ": "a date, a bar, #12, or event 40",
        "buy ": "a quantity, such as 100",
        "verify ": "",
        "break ": "a kind of fact, #12, or such as equity < 95000",
        "watch ": "such as equity < 95000",
    }


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("bra", "branch "),
        ("br", "br"),  # break and branch
        ("break rej", "break rejection "),
        ("branch set f", "branch set fast="),
        ("watch clo", 'watch close["'),
        ('watch close["AA', 'watch close["AAPL"] '),
        ("goto #", "goto #"),
        ("xyz", "xyz"),
    ],
)
def test_a_word_is_completed_as_far_as_it_is_certain(text: str, whole: str) -> None:
    assert completed(text, complete(text, KNOWN)) == whole


@pytest.mark.parametrize("example", HELP)
def test_each_first_word_of_the_examples_is_offered(example: str) -> None:
    for length in range(len(example.split(maxsplit=1)[0]) + 1):
        assert example.split(maxsplit=1)[0] in complete(example[:length], KNOWN).options


def test_each_condition_that_is_offered_can_be_read_as_it_stands() -> None:
    for option in complete("break ", KNOWN).options:
        if option in FACTS or option.startswith("#"):
            read_condition(option, KNOWN.symbols)


@given(st.text(), st.sampled_from([*OFFERED, ""]))
def test_whatever_is_written_can_be_asked_what_may_follow(text: str, before: str) -> None:
    offered = complete(before + text, KNOWN)
    assert 0 <= offered.start <= len(before + text)
    assert all(option.startswith((before + text)[offered.start :]) for option in offered.options)
    assert completed(before + text, offered).startswith(before + text)


@pytest.mark.parametrize("text", [text for text, options in OFFERED.items() if options])
def test_no_word_that_is_offered_is_refused_where_it_stands(text: str) -> None:
    offered = complete(text, KNOWN)
    for option in offered.options:
        if not option.endswith("=") and " " not in option:  # else it is not whole yet, or cannot be written
            assert refused_at(text[: offered.start] + option) != offered.start


def refused_at(text: str) -> int | None:
    try:
        read_command(text, KNOWN)
    except ExpressionError as error:
        return error.start
    return None
