"""What a balance is expected to be at a time, and whether it is, to the digits that were written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.backtest.configuration import read_settings
from core.bars import Bars
from core.errors import InputError, SettingsError
from core.replay.balances import check_balances, check_symbols, read_balances, tolerance
from core.replay.history import History
from core.replay.manifest import Balance, Expected
from tests.core.builders import backtest, bars_of, run


def read(tmp_path: Path, text: str) -> tuple[Expected, ...]:
    file = tmp_path / "run.toml"
    file.write_text(text, encoding="utf-8")
    return read_balances(read_settings(str(file))[2])


def test_a_settings_file_says_what_balances_are_expected(tmp_path: Path) -> None:
    text = """
initial_capital = 1000
[[balance]]
at = 2024-01-03
cash = 98765.40
quantity.AAPL = 100
quantity."BRK.B" = -1.50
[[balance]]
at = 2024-01-04T16:00:00-05:00
equity = 1e6
[[balance]]
at = 2024-01-05 09:30:00
cash = 7
"""
    day_end = datetime(2024, 1, 3, 23, 59, 59, 999999, tzinfo=UTC)
    expected = read(tmp_path, text)
    assert [(one.what, one.symbol, f"{one.value:f}") for one in expected] == [
        (Balance.CASH, "", "98765.40"),
        (Balance.QUANTITY, "AAPL", "100"),
        (Balance.QUANTITY, "BRK.B", "-1.50"),
        (Balance.EQUITY, "", "1000000"),
        (Balance.CASH, "", "7"),
    ]
    assert [one.time for one in expected] == [
        day_end,
        day_end,
        day_end,
        datetime(2024, 1, 4, 21, tzinfo=UTC),
        datetime(2024, 1, 5, 9, 30, tzinfo=UTC),
    ]
    assert tolerance(expected[3].value) == Decimal("0.5")
    assert read(tmp_path, "initial_capital = 1000") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("balance = 5", "balance: must be tables, each [[balance]] (FILE)"),
        ("balance = [5]", "balance: must be tables, each [[balance]] (FILE)"),
        ("[[balance]]\ncash = 5", "balance 1 at: must be given, a date or a time (FILE)"),
        ('[[balance]]\nat = "2024-01-03"\ncash = 5', "at: must be a date or a time, was the text 2024-01-03 (FILE)"),
        ("[[balance]]\nat = 2024-01-03", "balance 1 at: must stand with what is expected then: cash, equity, or"),
        (
            "[[balance]]\nat = 2024-01-03\nmoney = 1",
            "balance 1 money: is unknown: known are at, cash, quantity, equity",
        ),
        ('[[balance]]\nat = 2024-01-03\ncash = "5"', "balance 1 cash: must be a number, was the text 5 (FILE)"),
        ("[[balance]]\nat = 2024-01-03\ncash = true", "balance 1 cash: must be a number, was True (FILE)"),
        ("[[balance]]\nat = 2024-01-03\nquantity = 5", "balance 1 quantity: must be a table, was 5 (FILE)"),
        ("[[balance]]\nat = 2024-01-03\nquantity.A = nan", "balance 1 quantity.A: must be"),
    ],
)
def test_what_cannot_be_expected_is_refused_by_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    assert said.replace("FILE", str(tmp_path / "run.toml")) in str(caught.value)


def bought() -> History:
    # 10 units at 11.25 on the second bar: cash is 99,887.50, and equity that and 10 x 13 in the end
    return History(run(bars_of("A", "10.00", "11.25", "13"), {0: lambda now: now.buy("A", 10)}))


def expect(what: Balance, value: str, day: int, symbol: str = "") -> Expected:
    return Expected(datetime(2024, 1, day, 23, tzinfo=UTC), what, symbol, Decimal(value))


@pytest.mark.parametrize(
    ("what", "day", "symbol", "within", "beyond"),
    [
        (Balance.CASH, 2, "", ["100000", "100000.00"], ["100001", "99999.9"]),
        (Balance.CASH, 3, "", ["99887.50", "99887", "99888"], ["99886", "99889", "99887.4", "99887.51"]),
        (Balance.EQUITY, 4, "", ["100017.5", "100018", "100017"], ["100019", "100017.6"]),
        (Balance.EQUITY, 9, "", ["100017.50"], ["100000"]),
        (Balance.CASH, 1, "", ["100000"], ["99999"]),
        (Balance.QUANTITY, 3, "A", ["10", "10.00"], ["11", "-10"]),
    ],
)
def test_a_balance_holds_within_half_a_unit_of_its_last_digit(
    what: Balance, day: int, symbol: str, within: list[str], beyond: list[str]
) -> None:
    history = bought()
    outcomes = [next(check_balances(history, [expect(what, text, day, symbol)])) for text in (*within, *beyond)]
    assert [one.is_broken for one in outcomes] == [False] * len(within) + [True] * len(beyond)


def test_an_outcome_says_what_is_and_what_was_expected() -> None:
    history = bought()
    expected = [expect(Balance.QUANTITY, "12.50", 3, "A"), expect(Balance.EQUITY, "1", 4)]
    assert [one.text for one in check_balances(history, expected)] == [
        "quantity of A at 2024-01-03 23:00 is 10, expected 12.50",
        "equity at 2024-01-04 23:00 is 100017.5, expected 1",
    ]


def test_what_a_run_has_not_come_to_is_not_known() -> None:
    made = backtest(bars_of("A", "10.00", "11", "13"), {})
    made.run_until(lambda run: run.step_count == 2)
    (outcome,) = check_balances(History(made), [expect(Balance.CASH, "5", 4)])
    assert (outcome.actual, outcome.is_broken) == (None, False)
    assert outcome.text == "cash at 2024-01-04 23:00 is not known: the run ends before, expected 5"


def test_a_quantity_is_of_a_symbol_that_there_is() -> None:
    check_symbols([expect(Balance.QUANTITY, "1", 3, "A"), expect(Balance.CASH, "1", 3)], ["A"])
    with pytest.raises(InputError, match=r"^balance: symbol AB is unknown: known are A, B$"):
        check_symbols([expect(Balance.QUANTITY, "1", 3, "AB")], ["A", "B"])


def test_a_date_is_the_end_of_its_day() -> None:
    stamp = datetime(2024, 1, 3, tzinfo=UTC) + timedelta(days=1) - timedelta(microseconds=1)
    made = run(Bars.from_rows("A", [(stamp, *[Decimal("10.00")] * 4)]), {})
    (outcome,) = check_balances(History(made), [Expected(stamp, Balance.CASH, "", Decimal(1))])
    assert outcome.text == "cash at 2024-01-03 is 100000, expected 1"
