"""Splits and dividends that files get wrong: the one line a person reads, the exit code, and what the run then does.

The prices of Apple and Coca-Cola are those that vendors give, rounded to cents.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tui.__main__ import main

HEADER: Final = "Date,Open,High,Low,Close,Volume"
HOLD: Final = """
from decimal import Decimal
from attrs import define
from core import Strategy

@define
class Hold(Strategy):
    \"\"\"Trade so many units after so many bars.\"\"\"
    quantity: Decimal = Decimal(0)
    after: int = 0
    sold_after: int = -1

    def on_bar(self, now):
        for symbol in now.symbols:
            if now.step == self.after:
                (now.buy if self.quantity > 0 else now.sell)(symbol, abs(self.quantity))
            if now.step == self.sold_after:
                now.sell(symbol, self.quantity)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder with one strategy."""
    monkeypatch.chdir(tmp_path)
    write("hold.py", HOLD)


def write(name: str, *lines: str) -> str:
    Path(name).write_text("\n".join((*lines, "")), encoding="utf-8")
    return name


def bar(day: str, price: str) -> str:
    return f"{day},{price},{price},{price},{price},1000"


def refused(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Return the one line that is said where a run does not begin."""
    assert main(["run", "hold.py", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""  # not half a run
    assert err.count("\n") == 1
    return err.removeprefix("fillstep: ").rstrip()


def made(capsys: pytest.CaptureFixture[str], *options: str, **fields: object) -> dict[str, Any]:
    """Run, and return what comes of it."""
    given = [word for name, value in fields.items() for word in ("--set", f"{name}={value}")]
    assert main(["run", "hold.py", "--json", *given, *options]) == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


# --- 26 and 27: prices that fall as in a split, and nobody gave one


def check_nothing_is_adjusted(capsys: pytest.CaptureFixture[str], before: str, after: str) -> None:
    bars = [bar("2000-01-17", before), bar("2000-01-18", before), bar("2000-01-19", after)]
    write("A.csv", HEADER, *bars)
    for splits in ("ask", "apply", "ignore"):  # there is none to ask about, and none is invented
        loss = float(after) - float(before)
        result = made(capsys, "--data", "A.csv", "--splits", splits, quantity=100)
        assert float(result["unrealized_pnl"]) == pytest.approx(100 * loss)
        assert result["fills"] == 1


@pytest.mark.parametrize(("before", "after"), [("111.25", "57.13"), ("88.99", "44.86")], ids=["ORCL", "AAPL"])
def test_row_26_a_split_that_is_not_given_is_never_applied(
    capsys: pytest.CaptureFixture[str], before: str, after: str
) -> None:
    check_nothing_is_adjusted(capsys, before, after)


def test_row_27_a_crash_that_looks_like_a_split_is_never_adjusted(capsys: pytest.CaptureFixture[str]) -> None:
    check_nothing_is_adjusted(capsys, "53.50", "25.75")


# --- 28: adjusted prices, and a split beside them

APPLE: Final = ("2014-06-05,92.31,92.77,91.80,92.48,1", "2014-06-06,92.84,93.04,92.07,92.22,1")
COLA: Final = ("2012-08-09,39.40,39.60,39.20,39.50,1", "2012-08-10,39.30,39.45,39.10,39.34,1")
ADJUSTED: Final = {
    "AAPL": (APPLE, "2014-06-09,92.70,93.88,91.75,93.70,1", "7:1", "2014-06-09", "from 92.22 to 92.70"),
    "KO": (COLA, "2012-08-13,39.35,39.40,39.10,39.25,1", "2.0", "2012-08-13", "from 39.34 to 39.35"),
}


@pytest.fixture(params=ADJUSTED)
def adjusted(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    """Write bars that were adjusted, with the split beside them; return the file, the split and the move."""
    before, first, ratio, day, move = ADJUSTED[request.param]
    write(f"{request.param}.csv", f"{HEADER},Stock Splits", *(f"{line},0" for line in before), f"{first},{ratio}")
    written = {"7:1": "7:1", "2.0": "2:1"}[ratio]
    return f"{request.param}.csv", f"{request.param} {written} on {day}", move


def test_row_28_a_split_beside_adjusted_prices_is_asked_about(
    adjusted: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    file, split, move = adjusted
    assert refused(capsys, "--data", file) == (
        f"{file}:4: {split} does not show in the prices, which go {move}: they look adjusted for it; "
        "set splits to ignore if they are, to apply if they are as traded"
    )


def test_row_28_a_person_says_which_is_meant(
    adjusted: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    file, *_ = adjusted
    first, last = {"AAPL.csv": (92.84, 93.70), "KO.csv": (39.30, 39.25)}[file]
    ratio = {"AAPL.csv": 7, "KO.csv": 2}[file]
    ignored = made(capsys, "--data", file, "--splits", "ignore", quantity=10)
    assert float(ignored["unrealized_pnl"]) == pytest.approx(10 * (last - first))
    applied = made(capsys, "--data", file, "--splits", "apply", quantity=10)
    assert float(applied["unrealized_pnl"]) == pytest.approx(10 * (ratio * last - first))


def test_row_28_a_settings_file_may_say_it(adjusted: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    write("run.toml", 'splits = "ignore"')
    assert made(capsys, "--data", adjusted[0], "--settings", "run.toml")["settings"]["splits"] == "ignore"


def test_row_28_prices_as_they_were_traded_are_not_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    # bought 100 at 88.99 for 8,899; then 200 at 44.86 are worth 8,972
    write("A.csv", f"{HEADER},split", *(f"{bar(f'2005-02-{day}', '88.99')},0" for day in (24, 25)))
    write("A.csv", *Path("A.csv").read_text().splitlines(), f"{bar('2005-02-28', '44.86')},2:1")
    assert made(capsys, "--data", "A.csv", quantity=100)["unrealized_pnl"] == "73"


# --- 29: reverse splits and decimals


@pytest.mark.parametrize("ratio", ["1:3", "1/3", "0.333", "0.3333", "0.333333"])
def test_row_29_what_a_reverse_split_leaves_over_is_paid_in_cash(
    ratio: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # 100 bought at 30 are 33 1/3 at 90: 33 x 90 = 2,970, and 30 in cash, which is what the third of a unit had cost
    lines = [f"{bar('2024-01-02', '30')},", f"{bar('2024-01-03', '30')},0", f"{bar('2024-01-04', '90')},{ratio}"]
    write("A.csv", f"{HEADER},split", *lines)
    result = made(capsys, "--data", "A.csv", quantity=100)
    assert (result["equity"], result["realized_pnl"], result["unrealized_pnl"]) == ("100000", "0", "0")


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("two for one", "split must be a ratio such as 2:1 or a number such as 0.5, was two for one"),
        ("-2", "split must be a ratio such as 2:1 or a number such as 0.5, was -2"),
        ("2:0", "split must be a ratio such as 2:1 or a number such as 0.5, was 2:0"),
        ("NaN", "split must be a ratio such as 2:1 or a number such as 0.5, was NaN"),
        ("9000000:1", "of a split new must be a whole number from 1 to 1,000,000, was int 9000000"),
    ],
)
def test_row_29_what_is_no_ratio_is_refused_with_its_line(
    cell: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("A.csv", f"{HEADER},split", f"{bar('2024-01-02', '30')},0", f"{bar('2024-01-03', '30')},{cell}")
    assert refused(capsys, "--data", "A.csv") == f"A.csv:3: {why}"


# --- 30: dividends


@pytest.fixture
def paying() -> tuple[str, ...]:
    """Write bars of four days, with a dividend of 0.50 that goes with the third and is paid with the fourth."""
    write("A.csv", HEADER, *(bar(f"2024-01-0{day}", "20") for day in (2, 3, 4, 5)))
    write("actions.csv", "date,symbol,dividend,pay_date", "2024-01-04,A,0.50,2024-01-05")
    return "--data", "A.csv", "--actions", "actions.csv"


def test_row_30_who_holds_before_the_ex_date_is_paid(
    paying: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    result = made(capsys, *paying, quantity=10)  # bought with the second bar
    assert (result["income"], result["equity"], result["realized_pnl"]) == ("5", "100005", "0")


def test_row_30_who_buys_on_the_ex_date_is_not(paying: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert made(capsys, *paying, quantity=10, after=1)["income"] == "0"  # with the third


def test_row_30_who_sells_before_the_pay_date_is_paid_nevertheless(
    paying: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(capsys, *paying, quantity=10, sold_after=1)["income"] == "5"  # sold with the third


def test_row_30_who_is_short_pays(paying: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    result = made(capsys, *paying, "--allow-short", quantity=-10)
    assert (result["income"], result["equity"]) == ("-5", "99995")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2024-01-04,A,-0.50,", "actions.csv:2: dividend must be above zero, or zero where there is none, was -0.50"),
        ("2024-01-04,A,half,", "actions.csv:2: dividend must be a number such as 187.15, was half"),
        ("2024-01-04,B,0.50,", "actions.csv: must be of a symbol of the run: needed is one of A; found are B"),
        (
            "2024-01-04,A,0.50,\n2024-01-04,A,0.50,",
            "actions.csv:3: a dividend of A on 2024-01-04 is given twice, also by actions.csv:2",
        ),
    ],
)
def test_row_30_what_is_no_dividend_is_refused(
    line: str, why: str, paying: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    write("actions.csv", "date,symbol,dividend,pay_date", line)
    assert refused(capsys, *paying) == why


def test_row_30_a_settings_file_may_name_the_file(capsys: pytest.CaptureFixture[str], paying: tuple[str, ...]) -> None:
    write("run.toml", "[data]", f'actions = "{paying[-1]}"')
    assert made(capsys, "--data", "A.csv", "--settings", "run.toml", quantity=10)["income"] == "5"


def test_row_30_a_file_of_something_else_is_refused(
    capsys: pytest.CaptureFixture[str], paying: tuple[str, ...]
) -> None:
    write("actions.csv", "day,what", "2024-01-04,A")
    assert refused(capsys, *paying) == (
        "actions.csv: needed are a date, and a split or a dividend; found are columns day, what"
    )
