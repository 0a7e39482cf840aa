"""A reason is a code, the numbers, and the sentence made from them."""

from datetime import UTC, datetime
from decimal import Decimal
from string import Formatter

import pytest

from core.reason import _SENTENCES, Code, Reason

NUMBERS = {
    "quantity": Decimal("1.50"),
    "step": Decimal(1),
    "below": Decimal(1),
    "above": Decimal(2),
    "price": Decimal("99.9950"),
    "tick": Decimal("0.01"),
    "held": Decimal("1E+2"),
    "other_sales": Decimal(0),
    "asked": Decimal(80),
    "needed": Decimal("10001.00"),
    "available": Decimal(10000),
    "missing": Decimal("1.00"),
    "cash": Decimal("-5.00"),
    "remaining": Decimal(7),
    "limit": Decimal("103.00"),
    "extreme": Decimal("102.99"),
    "ticks": Decimal(1),
}
WORDS = {"known": "A, B", "day": "2024-01-02", "symbol": "ACME", "extreme_name": "high", "steps": 2, "eligible": 3}


@pytest.mark.parametrize(
    ("code", "params", "text"),
    [
        (
            Code.CASH_MUST_COVER_PURCHASE,
            {"needed": Decimal("10001.00"), "available": Decimal(10000), "missing": Decimal("1.00")},
            "cash must cover purchase, needs 10001, has 10000, short 1",
        ),
        (
            Code.CASH_MUST_COVER_PURCHASE,
            {
                "needed": Decimal(10001),
                "available": Decimal(10000),
                "missing": Decimal(1),
                "at_most": Decimal(99),
                "worst_price": Decimal("99.99"),
            },
            "cash must cover purchase, needs 10001, has 10000, short 1, at most 99, or at a price no worse than 99.99",
        ),
        (
            Code.PRICE_MUST_BE_ON_TICK,
            {
                "tick": Decimal("0.01"),
                "price": Decimal("99.995"),
                "below": Decimal("99.99"),
                "above": Decimal("100.00"),
            },
            "price must be on the tick of 0.01, was 99.995, neighbors 99.99 and 100",
        ),
        (
            Code.LIMIT_NOT_REACHED,
            {
                "limit": Decimal("103.00"),
                "extreme_name": "high",
                "extreme": Decimal("102.99"),
                "ticks": Decimal(1),
            },
            "limit 103 not reached, high 102.99, 1 ticks short",
        ),
    ],
)
def test_the_sentence_holds_the_numbers_in_the_one_way_they_are_written(
    code: Code, params: dict[str, Decimal | str], text: str
) -> None:
    assert Reason.of(code, **params).text == text


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_sentence_that_shows_each_of_its_params(code: Code) -> None:
    names = [name for _, name, _, _ in Formatter().parse(_SENTENCES[code]) if name]
    given = {name: value for name, value in (NUMBERS | WORDS).items() if name in names}
    reason = Reason.of(code, **given)
    assert sorted(given) == sorted(set(names))
    without = {name: Reason.of(code, **(given | {name: "?other?"})).text for name in names}
    assert all("?other?" in text for text in without.values())
    assert "{" not in reason.text


def test_a_code_is_its_own_name() -> None:
    assert all(code.value == code.name for code in Code)


def test_text_from_outside_is_cleaned_in_the_sentence_and_kept_in_the_params() -> None:
    reason = Reason.of(Code.NO_BAR, symbol="A\x1b[2J{x}", steps=2)
    assert reason.text == "A␛[2J{x} has no bar in this step, its last price is 2 steps old"
    assert reason.params["symbol"] == "A\x1b[2J{x}"


def test_a_time_is_shown_to_the_minute() -> None:
    reason = Reason.of(Code.NO_BAR, symbol="A", steps=datetime(2024, 1, 2, 9, 30, 59, tzinfo=UTC))
    assert reason.text == "A has no bar in this step, its last price is 2024-01-02 09:30 steps old"


def test_reasons_of_equal_code_and_params_are_equal() -> None:
    assert Reason.of(Code.NO_BAR, symbol="A", steps=2) == Reason.of(Code.NO_BAR, steps=2, symbol="A")
    assert Reason.of(Code.NO_BAR, symbol="A", steps=2) != Reason.of(Code.NO_BAR, symbol="A", steps=3)
