"""Text from outside is harmless where it is shown."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import clean


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b[2J", "␛[2J", id="an escape sequence"),
        pytest.param("\0", "␀", id="NUL"),
        pytest.param("a\r\n\tb", "a␍␊␉b", id="a new line and a tab"),
        pytest.param("\x1f", "␟", id="the last of the C0 controls"),
        pytest.param("\x7f", "␡", id="delete"),
        pytest.param("\x80", "<80>", id="the first of the C1 controls"),
        pytest.param("\x9b31m", "<9B>31m", id="an escape sequence in one C1 character"),
        pytest.param("\u202eAB\u202c", "<202E>AB<202C>", id="a bidirectional override"),
        pytest.param("\u2066x\u2069", "<2066>x<2069>", id="a bidirectional isolate"),
        pytest.param("\u200f", "<200F>", id="a right-to-left mark"),
        pytest.param("A\u200bB", "A<200B>B", id="a zero-width space"),
        pytest.param("\u200d", "<200D>", id="a zero-width joiner"),
        pytest.param("\ufeff", "<FEFF>", id="a byte order mark"),
        pytest.param("\u00ad", "<AD>", id="a soft hyphen"),
        pytest.param("\u2028\u2029", "<2028><2029>", id="the line separators of Unicode"),
        pytest.param("\ud800", "<D800>", id="a lone surrogate"),
        pytest.param("\U000e0041", "<E0041>", id="a tag character"),
        pytest.param("\u00a0", "<A0>", id="a space that does not look like one"),
    ],
)
def test_what_does_not_print_becomes_a_visible_mark(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize("text", ["", "AAPL", "BRK.B 100 %", "Ærø/東京-€", "~"])
def test_what_prints_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("hidden", ["\u034f", "\u115f", "\u3164", "\ufe0f", "\u17b5", "\u180b"])
def test_a_character_that_shows_nothing_becomes_a_mark_though_python_calls_it_printable(hidden: str) -> None:
    assert clean(f"AA{hidden}PL") != f"AA{hidden}PL"


@given(st.text(st.characters()))
def test_what_was_cleaned_has_no_control_and_no_format_character(text: str) -> None:
    shown = clean(text)
    kinds = {unicodedata.category(character) for character in shown}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert clean(shown) == shown


@given(st.text(st.characters()), st.text(st.characters()))
def test_text_is_cleaned_character_by_character(text: str, more: str) -> None:
    assert clean(text + more) == clean(text) + clean(more)
