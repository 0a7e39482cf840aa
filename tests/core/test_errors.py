"""An error names subject, rule and value, and carries nothing that a terminal would obey."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from core import errors
from core.errors import (
    BarDataError,
    FillstepError,
    InputError,
    InvalidFillError,
    InvalidOrderError,
    InvariantError,
    NoMarkError,
    NotExactError,
    OrderNotFilledError,
    OrderTransitionError,
    RunStoppedError,
    SettingsError,
    StepOutOfRangeError,
    StrategyError,
    StrategyNotFoundError,
    UnknownOrderError,
    shown,
)
from core.reason import Code, Reason

HOSTILE = "\x1b[2J\u202e"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotExactError("price", 0.5, "an int or a Decimal"), "price must be an int or a Decimal, was float 0.5"),
        (BarDataError("A.csv", "high 1 is below low 2", line=42), "A.csv:42: high 1 is below low 2"),
        (BarDataError("A.csv", "no rows"), "A.csv: no rows"),
        (SettingsError("run.capital", "must be above zero"), "run.capital: must be above zero"),
        (StrategyNotFoundError("nmae", "there is none"), "strategy nmae: there is none"),
        (
            StrategyError("SmaCross", "on_bar", "mine.py:7", ValueError("no")),
            "mine.py:7: SmaCross.on_bar raised ValueError: no",
        ),
        (InvalidOrderError("side must be BUY or SELL, was 1"), "order: side must be BUY or SELL, was 1"),
        (UnknownOrderError(7), "order 7 is unknown"),
        (OrderTransitionError(7, "canceled", "FILLED"), "order 7 cannot be canceled: it is FILLED"),
        (InvalidFillError(3, "was applied before"), "fill 3: was applied before"),
        (OrderNotFilledError(7, "ACCEPTED", None), "order 7 is ACCEPTED"),
        (
            OrderNotFilledError(7, "REJECTED", Reason.of(Code.PRICE_MUST_BE_GIVEN, name="limit_price")),
            "order 7 is REJECTED: such an order must have a limit_price",
        ),
        (
            NoMarkError("ACME"),
            (
                "ACME has no mark to fill at: give one with portfolio_state.mark(symbol, price, timestamp), "
                "or give the engine a MarketSimulator"
            ),
        ),
        (StepOutOfRangeError(250, 200), "cannot seek to step 250: steps 0 to 199 are recorded"),
        (StepOutOfRangeError(0, 0), "cannot seek to step 0: no step is recorded"),
        (RunStoppedError(5), "the run stopped at step 5 and cannot go on"),
        (InvariantError("I1", 1, 2), "invariant I1 is broken: 1 is not 2"),
        (InvariantError("I1", 1, 2, ["cash 1", "paid 2"]), "invariant I1 is broken: 1 is not 2 (cash 1; paid 2)"),
    ],
)
def test_an_error_says_subject_rule_and_value(error: FillstepError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: NotExactError(HOSTILE, HOSTILE, "exact"), id="NotExactError"),
        pytest.param(lambda: BarDataError(HOSTILE, HOSTILE, line=1), id="BarDataError"),
        pytest.param(lambda: SettingsError(HOSTILE, HOSTILE), id="SettingsError"),
        pytest.param(lambda: StrategyNotFoundError(HOSTILE, HOSTILE), id="StrategyNotFoundError"),
        pytest.param(lambda: StrategyError(HOSTILE, "on_bar", HOSTILE, ValueError(HOSTILE)), id="StrategyError"),
        pytest.param(lambda: InvalidOrderError(HOSTILE), id="InvalidOrderError"),
        pytest.param(lambda: UnknownOrderError(HOSTILE), id="UnknownOrderError"),
        pytest.param(lambda: InvalidFillError(1, HOSTILE), id="InvalidFillError"),
        pytest.param(
            lambda: OrderNotFilledError(1, "ACCEPTED", Reason.of(Code.NO_BAR, symbol=HOSTILE, steps=1)),
            id="OrderNotFilledError",
        ),
        pytest.param(lambda: NoMarkError(HOSTILE), id="NoMarkError"),
        pytest.param(lambda: InvariantError("I4", 1, 2, [HOSTILE]), id="InvariantError"),
        pytest.param(lambda: InvariantError("R14", 1, f"within the bar of {HOSTILE}"), id="InvariantError of a bar"),
    ],
)
def test_text_from_outside_is_harmless_in_every_message(make: Callable[[], FillstepError]) -> None:
    message = str(make())
    assert message.isprintable(), message
    assert "␛[2J<202E>" in message


def test_every_error_is_one_of_the_project() -> None:
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, BaseException)]
    assert len(classes) > 10
    assert all(issubclass(one, FillstepError) for one in classes)


@pytest.mark.parametrize(
    "kind",
    [NotExactError, BarDataError, SettingsError, StrategyNotFoundError, InvalidOrderError, UnknownOrderError],
)
def test_what_the_person_can_mend_is_an_input_error(kind: type[FillstepError]) -> None:
    assert issubclass(kind, InputError)


@pytest.mark.parametrize("kind", [InvariantError, InvalidFillError, OrderTransitionError, RunStoppedError])
def test_a_bug_is_no_input_error(kind: type[FillstepError]) -> None:
    assert not issubclass(kind, InputError)


def test_an_unknown_order_is_a_key_error_whose_message_has_no_quotes() -> None:
    assert isinstance(UnknownOrderError(7), KeyError)
    assert str(UnknownOrderError(7)) == "order 7 is unknown"


WHY = Reason.of(Code.NO_BAR, symbol="ACME", steps=1)


@pytest.mark.parametrize(
    ("error", "facts"),
    [
        (NotExactError("price", 0.5, "above zero"), {"field": "price", "rule": "above zero"}),
        (BarDataError("A.csv", "no rows"), {"source": "A.csv", "line": None}),
        (BarDataError("A.csv", "no rows", line=42), {"source": "A.csv", "line": 42}),
        (SettingsError("run.capital", "is unknown"), {"key": "run.capital"}),
        (StrategyError("SmaCross", "on_bar", "mine.py:7", ValueError("no")), {"call": "on_bar"}),
        (OrderNotFilledError(7, "ACCEPTED", WHY), {"order_id": 7, "reason": WHY}),
        (OrderNotFilledError(7, "ACCEPTED", None), {"order_id": 7, "reason": None}),
        (InvariantError("I1", 1, 2, ["cash 1"]), {"name": "I1"}),
    ],
)
def test_an_error_carries_the_facts_that_somebody_may_ask_for(error: FillstepError, facts: dict[str, object]) -> None:
    assert {name: getattr(error, name) for name in facts} == facts


def test_an_error_of_a_strategy_names_the_step_where_there_is_one() -> None:
    error = StrategyError("SmaCross", "on_bar", "mine.py:7", ValueError("no"), 12)
    assert str(error) == "mine.py:7: SmaCross.on_bar raised ValueError: no (step 12)"


def test_a_number_of_thousands_of_digits_is_not_written() -> None:
    assert shown(10**5000) == "a number of thousands of digits"


def test_a_value_that_is_not_exact_is_shown_with_its_kind_unless_it_is_a_text() -> None:
    assert str(NotExactError("price", "1,5", "a number")) == "price must be a number, was 1,5"


def test_a_long_value_is_cut() -> None:
    assert shown("x" * 60) == "x" * 60
    assert shown("x" * 61) == "x" * 60 + "…"


def test_a_broken_invariant_says_where_in_the_run_it_broke() -> None:
    error = InvariantError("I1", 1, 2)
    error.add_place(7, datetime(2024, 1, 2, 21, tzinfo=UTC), "a fill")
    assert error.__notes__ == ["at step 7, 2024-01-02 21:00:00, after a fill"]
    assert error.name == "I1"
