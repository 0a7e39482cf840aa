"""What a file and the command line say, as settings and as a strategy."""

from decimal import Decimal
from pathlib import Path

import attrs
import pytest
from attrs import define, frozen

from core.backtest.configuration import Layer, make_strategy, overlay, read_assignments, read_settings
from core.backtest.examples import SmaCross
from core.backtest.settings import Settings, Timing
from core.backtest.strategy import Strategy
from core.errors import NotExactError, SettingsError, StrategyError
from core.execution.costs import Commission, Slippage
from core.execution.path import LimitRule, PathRule
from core.execution.terms import CashRule, Limits


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@define
class Typed(Strategy):
    """Its types are texts, and one field is its own."""

    size: "Decimal"
    windows: "list[int]" = attrs.field(factory=list)
    _seen: int = attrs.field(default=0, init=False)


@define
class Bare(Strategy):
    """It has no fields."""


@frozen
class Positive(Strategy):
    """It says itself what it cannot be."""

    size: Decimal = attrs.field(default=Decimal(1))

    def __attrs_post_init__(self) -> None:
        if self.size <= 0:
            raise NotExactError("size", self.size, "above zero")


@define
class Unmade(Strategy):
    """It cannot be made."""

    size: Decimal = attrs.field(default=Decimal(1))

    def __attrs_post_init__(self) -> None:
        raise LookupError("nothing there")


def write(text: str | bytes, name: str = "run.toml") -> str:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def settings_in(text: str | bytes) -> Settings:
    return overlay(Settings(), read_settings(write(text))[0])


def strategy_in(text: str, *assignments: str) -> Strategy:
    return make_strategy(SmaCross, [read_settings(write(text))[1], read_assignments(assignments)])


def test_every_setting_can_stand_in_a_file() -> None:
    assert settings_in(
        """
        initial_capital = 50_000.50
        allow_short = true
        timing = "same_close"
        limit_rule = "through"
        path = "low_first"
        cash_rule = "reduce"
        volume_cap = 0.1
        tick_size = 0.01
        quantity_step = 10

        [costs]
        per_unit = 0.005
        minimum = 1
        basis_points = 2.5
        maker_basis_points = -0.5
        per_order = 0.75
        tiers = [[0, 0.005], [1_000, 0.004]]
        digits = 3

        [slippage]
        ticks = 2
        basis_points = 5
        volume_impact = 0.1

        [limits]
        position_quantity_max = 1_000
        order_notional_max = 25_000
        gross_exposure_max = 50_000
        drawdown_ratio_max = 0.2
        """
    ) == Settings(
        initial_capital=Decimal("50000.50"),
        allow_short=True,
        timing=Timing.SAME_CLOSE,
        limit_rule=LimitRule.THROUGH,
        path=PathRule.LOW_FIRST,
        cash_rule=CashRule.REDUCE,
        volume_cap=Decimal("0.1"),
        tick_size=Decimal("0.01"),
        quantity_step=Decimal(10),
        costs=Commission(
            per_unit=Decimal("0.005"),
            minimum=Decimal(1),
            basis_points=Decimal("2.5"),
            maker_basis_points=Decimal("-0.5"),
            per_order=Decimal("0.75"),
            tiers=((0, Decimal("0.005")), (1000, Decimal("0.004"))),
            digits=3,
        ),
        slippage=Slippage(ticks=Decimal(2), basis_points=Decimal(5), volume_impact=Decimal("0.1")),
        limits=Limits(
            position_quantity_max=Decimal(1000),
            order_notional_max=Decimal(25_000),
            gross_exposure_max=Decimal(50_000),
            drawdown_ratio_max=Decimal("0.2"),
        ),
    )


def test_what_a_file_does_not_say_keeps_its_default() -> None:
    assert settings_in("") == Settings()
    assert settings_in("costs.per_unit = 1") == Settings(costs=Commission(per_unit=Decimal(1)))


def test_a_key_may_have_a_dash_for_an_underscore() -> None:
    assert settings_in("initial-capital = 5\n[costs]\nper-unit = 1") == settings_in(
        "initial_capital = 5\n[costs]\nper_unit = 1"
    )


def test_a_number_of_a_file_passes_through_no_float() -> None:
    assert settings_in("initial_capital = 123456789012345678.123456789012").initial_capital == Decimal(
        "123456789012345678.123456789012"
    )


def test_a_mark_before_the_text_is_not_part_of_it() -> None:
    assert settings_in(b"\xef\xbb\xbfallow_short = true").allow_short


WITHIN = "must be a number of at most 18 digits before the point and 12 after"
ONE_COMMISSION = ("per_unit", "minimum", "basis_points", "maker_basis_points", "per_order", "tiers", "digits")
REFUSED = {
    "unknown": (
        "capital = 5",
        f"capital: is unknown: known are {', '.join(one.name for one in attrs.fields(Settings))}",
    ),
    "unknown in a table": (
        "[costs]\nper_unt = 5",
        f"costs.per_unt: is unknown: known are {', '.join(ONE_COMMISSION)}",
    ),
    "twice": ("tick-size = 1\ntick_size = 2", "tick_size: is given twice"),
    "a text for money": ('initial_capital = "5"', "initial_capital: must be a number, was the text 5"),
    "negative cash": ("initial-capital = -5", "initial-capital: must be above zero, was -5"),
    "no number": ("initial_capital = nan", f"initial_capital: {WITHIN}, was NaN"),
    "an endless number": ("initial_capital = inf", f"initial_capital: {WITHIN}, was Infinity"),
    "an exponent out of range": ("tick_size = 1e99999999999999999999", f"tick_size: {WITHIN}, was NaN"),
    "a negative rate": ("[costs]\nper-unit = -0.1", "costs.per-unit: must be zero or above, was -0.1"),
    "no table": ("costs = 5", "costs: must be a table, was 5"),
    "one for true": ("allow_short = 1", "allow_short: must be true or false, was 1"),
    "no choice": ('timing = "now"', "timing: must be next_open or same_close, was the text now"),
    "no path": (
        'path = "best"',
        "path: must be worst or nearest or high_first or low_first or subbars, was the text best",
    ),
    "no cash rule": ('cash-rule = "no"', "cash-rule: must be reject or reduce or allow_margin, was the text no"),
    "more than all volume": ("volume-cap = 1.5", "volume-cap: must be a fraction, at most 1, was 1.5"),
    "slippage in favor": ("[slippage]\nticks = -1", "slippage.ticks: must be zero or above, was -1"),
    "a negative limit": (
        "[limits]\norder-notional-max = -5",
        "limits.order-notional-max: must be zero or above, was -5",
    ),
    "true for a whole number": ("costs.digits = true", "costs.digits: must be a whole number, was True"),
    "a fraction": ("costs.digits = 2.0", "costs.digits: must be a whole number, was 2.0"),
    "no table of fields": ("strategy = 5", "strategy: must be a table, was 5"),
}


@pytest.mark.parametrize(("text", "line"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_names_the_key_as_it_is_written_and_the_file(text: str, line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_in(text)
    assert str(caught.value) == f"{line} (run.toml)"


NOT_TOML = {
    "no value": ("a =\n", "Invalid value (at line 1, column 4)"),
    "a key twice": ("a = 1\na = 2\n", "Cannot overwrite a value (at line 2, column 6)"),
    "a huge number": (f"a = {'9' * 5000}", "Exceeds the limit (4300 digits) for integer string conversion"),
    "not UTF-8": (b"a = '\xff'", "'utf-8' codec can't decode byte 0xff in position 5: invalid start byte"),
    "endless brackets": ("a = " + "[" * 100_000, ""),
}


@pytest.mark.parametrize(("text", "why"), NOT_TOML.values(), ids=NOT_TOML)
def test_what_is_not_toml_is_refused_by_file_and_line(text: str | bytes, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_in(text)
    assert str(caught.value).startswith(f"run.toml: must be TOML: {why}")


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^no\.toml: cannot be read: no such file or directory$"):
        read_settings("no.toml")


def test_a_later_layer_counts_over_an_earlier_one() -> None:
    first = overlay(Settings(), Layer({"initial_capital": 5, "costs": {"per_unit": 1, "minimum": 2}}))
    second = overlay(first, Layer({"costs": {"per_unit": 3}}))
    assert second == Settings(initial_capital=5, costs=Commission(Decimal(3), Decimal(2)))


def test_the_fields_of_a_strategy_come_from_the_file_and_then_from_what_is_set() -> None:
    assert strategy_in("[strategy]\nfast = 3\nslow = 7", "slow=9", "quantity=0.5", "quantity=1.5") == SmaCross(
        fast=3, slow=9, quantity=Decimal("1.5")
    )


SET = {
    "a whole number": ("a=5", 5),
    "a number": ("a=0.5", Decimal("0.5")),
    "true": ("a=true", True),
    "a text": ('a="5"', "5"),
    "a bare word": ("a=AAPL", "AAPL"),
    "nothing": ("a=", ""),
    "an equals sign": ("a=b=c", "b=c"),
    "a list": ("a=[1, 2]", [1, 2]),
    "a second line": ("a=5\nb = 6", "5\nb = 6"),
    "endless brackets": (f"a={'[' * 100_000}", "[" * 100_000),
}


@pytest.mark.parametrize(("assignment", "value"), SET.values(), ids=SET)
def test_what_is_set_is_read_as_toml_or_is_a_text(assignment: str, value: object) -> None:
    assert read_assignments([assignment]).values == {"a": value}


SET_WRONGLY = {
    "no equals sign": ("fast", "--set: must be KEY=VALUE, was fast"),
    "no key": ("=5", "--set: must be KEY=VALUE, was =5"),
    "unknown": ("fst=5", "--set fst: is unknown: known are fast, slow, quantity"),
    "a text for a whole number": ("fast=x", "--set fast: must be a whole number, was the text x"),
    "a fraction for a whole number": ("fast=1.5", "--set fast: must be a whole number, was 1.5"),
    "no number": ("quantity=nan", f"--set quantity: {WITHIN}, was NaN"),
    "digits of another script": ("quantity=１２", "--set quantity: must be a number, was the text １２"),
}


@pytest.mark.parametrize(("assignment", "line"), SET_WRONGLY.values(), ids=SET_WRONGLY)
def test_what_is_set_wrongly_is_refused_by_its_key(assignment: str, line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        strategy_in("", assignment)
    assert str(caught.value) == line


def test_a_field_of_a_file_is_refused_by_its_table_and_key() -> None:
    with pytest.raises(SettingsError) as caught:
        strategy_in("[strategy]\nfast = 'x'")
    assert str(caught.value) == "strategy.fast: must be a whole number, was the text x (run.toml)"


def test_types_that_are_texts_are_resolved() -> None:
    layer = read_assignments(["size=1", "windows=[1, 2]"])
    assert make_strategy(Typed, [layer]) == Typed(Decimal(1), [1, 2])


def test_what_is_the_strategy_s_own_cannot_be_set() -> None:
    with pytest.raises(SettingsError, match=r"^--set seen: is unknown: known are size, windows$"):
        make_strategy(Typed, [read_assignments(["seen=1"])])


def test_a_strategy_without_fields_takes_none() -> None:
    assert make_strategy(Bare, []) == Bare()
    with pytest.raises(SettingsError, match=r"^--set fast: is unknown: known are none$"):
        make_strategy(Bare, [read_assignments(["fast=1"])])


def test_a_field_without_a_default_must_be_given() -> None:
    with pytest.raises(SettingsError, match=r"^--set size: must be given: it has no default$"):
        make_strategy(Typed, [])


def test_what_a_validator_of_the_strategy_refuses_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match=r"^strategy Positive: size must be above zero") as caught:
        make_strategy(Positive, [read_assignments(["size=-1"])])
    assert isinstance(caught.value.__cause__, NotExactError)


@pytest.mark.parametrize("assignments", [[], ["size=2"]], ids=str)
def test_a_strategy_that_cannot_be_made_for_another_reason_is_at_fault_itself(assignments: list[str]) -> None:
    with pytest.raises(StrategyError, match=r"Unmade\.__init__ raised LookupError: nothing there$"):
        make_strategy(Unmade, [read_assignments(assignments)])
