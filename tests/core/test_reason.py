"""A reason is a code, the numbers, and the sentence made from them."""

from datetime import UTC, datetime
from decimal import Decimal
from string import Formatter
from typing import Any

import pytest

from core.reason import _SENTENCES, Code, Reason

AT_MOST, WORST_PRICE = {"at_most": Decimal("99.0")}, {"worst_price": Decimal("99.990")}
LEFT = {"remaining": Decimal("7.0"), "quantity": Decimal(10)}
NEIGHBORS = {"below": Decimal("99.99"), "above": Decimal("100.00")}
EXTREME = {"extreme_name": "low", "extreme": Decimal("99.50")}
# of each code the params, and the sentence
SENTENCES: dict[Code, tuple[dict[str, Any], str]] = {
    Code.SYMBOL_MUST_BE_KNOWN: ({"symbol": "C", "known": "A, B"}, "symbol must be known, known are A, B"),
    Code.QUANTITY_MUST_BE_ABOVE_ZERO: ({"quantity": Decimal("-5.0")}, "quantity must be above zero, was -5"),
    Code.QUANTITY_MUST_BE_ON_STEP: (
        {"quantity": Decimal("1.50"), "step": Decimal(1), "below": Decimal(1), "above": Decimal(2)},
        "quantity must be on the step of 1, was 1.5, neighbors 1 and 2",
    ),
    Code.QUANTITY_MUST_COVER_FILLED: (
        {"quantity": Decimal(3), "filled": Decimal(4)},
        "quantity must cover what has filled, asked 3, filled 4",
    ),
    Code.PRICE_MUST_BE_GIVEN: ({"name": "limit_price"}, "such an order must have a limit_price"),
    Code.PRICE_MUST_BE_ABOVE_ZERO: (
        {"name": "stop_price", "price": Decimal("-0.50")},
        "stop_price must be above zero, was -0.5",
    ),
    Code.PRICE_MUST_BE_ON_TICK: (
        {"name": "limit_price", "tick": Decimal("0.01"), "price": Decimal("99.995"), **NEIGHBORS},
        "limit_price must be on the tick of 0.01, was 99.995, neighbors 99.99 and 100",
    ),
    Code.STOP_AND_LIMIT_MUST_AGREE: (
        {"where": "below", "stop": Decimal(103), "limit": Decimal(98)},
        "of siblings the stop must be below the limit, stop 103, limit 98",
    ),
    Code.STOP_MUST_NOT_BE_TRIGGERED: (
        {"price": Decimal("97.50")},
        "a stop that was triggered cannot be moved to 97.5",
    ),
    Code.GROUP_MUST_PASS: (
        {"order": 3, "failed": "PRICE_MUST_BE_GIVEN"},
        "all orders of a group must pass, order 3 did not: PRICE_MUST_BE_GIVEN",
    ),
    Code.DROPPED_BY_HAND: ({}, "dropped by hand, in this branch of the run"),
    Code.ORDER_MUST_BE_OPEN: ({"status": "FILLED"}, "order must be open, it is FILLED"),
    Code.POSITION_MUST_COVER_SALE: (
        {"held": Decimal("1E+2"), "other_sales": Decimal(0), "asked": Decimal(150), **AT_MOST},
        "position must cover sale, held 100, other open sales 0, asked 150, at most 99",
    ),
    Code.CASH_MUST_COVER_PURCHASE: (
        {"needed": Decimal("10001.00"), "available": Decimal(10000), "missing": Decimal("1.00"), **AT_MOST},
        "cash must cover purchase, needs 10001, has 10000, short 1, at most 99",
    ),
    Code.CASH_MUST_COVER_FILL: (
        {
            "price": Decimal("102.00"),
            "needed": Decimal(10099),
            "available": Decimal(10000),
            "missing": Decimal(99),
            **AT_MOST,
        },
        "cash must cover fill at 102, needs 10099, has 10000, short 99, at most 99",
    ),
    Code.SHORT_NOT_ALLOWED: (
        {"held": Decimal(6), "asked": Decimal(10), "at_most": Decimal(6)},
        "no fill may go below zero, held 6, asked 10, at most 6",
    ),
    Code.NOTIONAL_MUST_BE_WITHIN_LIMIT: (
        {"limit": Decimal(5000), "notional": Decimal("6000.0"), **AT_MOST, **WORST_PRICE},
        "notional must be within its limit of 5000, would be 6000, at most 99, or at a price no worse than 99.99",
    ),
    Code.POSITION_MUST_BE_WITHIN_LIMIT: (
        {"limit": Decimal(100), "position": Decimal(120), **AT_MOST},
        "position must be within its limit of 100, would be 120, at most 99",
    ),
    Code.EXPOSURE_MUST_BE_WITHIN_LIMIT: (
        {"limit": Decimal(5000), "exposure": Decimal(6000), **AT_MOST},
        "gross exposure must be within its limit of 5000, would be 6000, at most 99",
    ),
    Code.DRAWDOWN_MUST_BE_WITHIN_LIMIT: (
        {"limit": Decimal("0.10"), "drawdown_ratio": Decimal("0.125"), "at_most": Decimal(0)},
        "drawdown must be within its limit of 0.1 for what opens or adds, is 0.125, at most 0",
    ),
    Code.CANCEL_REQUESTED: (LEFT, "cancel was requested, 7 of 10 left"),
    Code.SPLIT: (
        {"ratio": "1:2", "name": "quantity", "value": Decimal("3.50"), "unit": Decimal(1), **LEFT},
        "a split of 1:2 would make its quantity 3.5, which none can have: its unit is 1, 7 of 10 left",
    ),
    Code.EXPIRED: ({"until": "2024-01-02", **LEFT}, "its life ended with 2024-01-02, 7 of 10 left"),
    Code.SIBLING_FILLED: (
        {"sibling": 2, "filled": Decimal("3.0"), **LEFT},
        "its sibling 2 filled 3, 7 of 10 left",
    ),
    Code.PARENT_NOT_FILLED: (
        {"parent": 1, "filled": Decimal(4), "asleep": Decimal(6), "quantity": Decimal(10)},
        "its entry 1 has filled 4, 6 of 10 not alive",
    ),
    Code.CHILD_FILLED: ({"child": 2, **LEFT}, "its exit 2 filled, 7 of 10 left"),
    Code.FOK_NOT_FILLABLE: (
        {"asked": Decimal(800), "available": Decimal("500.0")},
        "all or nothing, asked 800, 500 available",
    ),
    Code.NO_BAR: ({"symbol": "ACME", "steps": 2}, "ACME has no bar in this step, its last price is 2 steps old"),
    Code.NO_VOLUME: ({"asked": Decimal(10)}, "no volume in this bar, asked 10"),
    Code.VOLUME_CAP_REACHED: (
        {
            "asked": Decimal(800),
            "available": Decimal(200),
            "pool": Decimal("500.0"),
            "cap": Decimal("0.10"),
            "volume": Decimal(5000),
        },
        "volume cap reached, asked 800, 200 left of a pool of 500, 0.1 of volume 5000",
    ),
    Code.NOT_ELIGIBLE_UNTIL: ({"eligible": 3, "step": 2}, "not eligible until the open of step 3, this is step 2"),
    Code.LIMIT_NOT_REACHED: (
        {"limit": Decimal("99.00"), **EXTREME, "ticks": Decimal(50)},
        "limit 99 not reached, low 99.5, 50 ticks short",
    ),
    Code.LIMIT_TOUCHED_NOT_THROUGH: (
        {"limit": Decimal("99.50"), **EXTREME, "needed": Decimal("99.49")},
        "limit 99.5 only touched, low 99.5, needs 99.49",
    ),
    Code.STOP_NOT_REACHED: (
        {"stop": Decimal("99.00"), **EXTREME, "ticks": Decimal(50)},
        "stop 99 not reached, low 99.5, 50 ticks short",
    ),
    Code.TRIGGERED_LIMIT_NOT_REACHED: (
        {"limit": Decimal("99.00"), **EXTREME, "ticks": Decimal(50)},
        "stop triggered, its limit 99 not reached since, low 99.5, 50 ticks short",
    ),
    Code.AMBIGUOUS: (
        {
            "path": "low_first",
            "outcome": "100 @ 98",
            "other_path": "high_first",
            "other_outcome": "100 @ 103",
            "at_stake": Decimal("500.00"),
        },
        "low_first gave 100 @ 98, high_first would give 100 @ 103, 500 at stake",
    ),
    Code.CASH_BELOW_ZERO: ({"cash": Decimal("-5.00")}, "the fill that reduces leaves cash below zero, at -5"),
    Code.SLIPPAGE_CLAMPED: (
        {"slipped": Decimal("101.060"), "extreme_name": "high", "price": Decimal("101.030")},
        "slippage would give 101.06, beyond the high, clamped to 101.03",
    ),
    Code.VOLUME_UNKNOWN: ({}, "the bar has no volume, the rules on volume are off"),
}


@pytest.mark.parametrize("code", Code)
def test_the_sentence_holds_the_numbers_in_the_one_way_they_are_written(code: Code) -> None:
    params, text = SENTENCES[code]
    assert Reason.of(code, **params).text == text


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_sentence_that_shows_each_of_its_params(code: Code) -> None:
    names = {name for _, name, _, _ in Formatter().parse(_SENTENCES[code]) if name}
    given = SENTENCES[code][0]
    assert names == set(given) - {"symbol", "at_most", "worst_price"} | (names & {"symbol"})
    for name in given.keys() - ({"symbol"} - names):
        assert "?other?" in Reason.of(code, **(given | {name: "?other?"})).text


@pytest.mark.parametrize(
    ("remedies", "text"),
    [
        ({}, ""),
        (AT_MOST, ", at most 99"),
        (WORST_PRICE, ", or at a price no worse than 99.99"),
        (WORST_PRICE | AT_MOST, ", at most 99, or at a price no worse than 99.99"),
    ],
)
def test_what_would_have_passed_is_said_at_the_end(remedies: dict[str, Any], text: str) -> None:
    assert Reason.of(Code.NO_VOLUME, asked=1, **remedies).text == f"no volume in this bar, asked 1{text}"


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


@pytest.mark.parametrize(("param", "number"), [(Decimal("1.50"), "1.50"), (2, "2"), ("3.25", "3.25")])
def test_a_param_can_be_read_as_an_exact_number(param: Any, number: str) -> None:
    found = Reason.of(Code.NO_VOLUME, asked=param).decimal("asked")
    assert (type(found), str(found)) == (Decimal, number)
