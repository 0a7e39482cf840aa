"""The command line: what each command prints, says and returns."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from core.backtest.loop import Backtest
from core.errors import FillstepError, StrategyError
from tui.__main__ import main

ROOT = Path(__file__).parents[2]
HEADER = "time,open,high,low,close,volume\n"
BARS = f"{HEADER}2024-01-02,10,12,9,11,100\n2024-01-03,11,13,10,12.5,100\n2024-01-04,12,14,11,13,100\n"
BUY_ONE = """from attrs import define
from core import Strategy

@define
class BuyOne(Strategy):
    quantity: int = 1
    tag: str = ""

    def on_bar(self, now):
        print("at step", now.step)
        if now.step == 0:
            now.buy("A", self.quantity, tag=self.tag)
"""
RAISES = """from core import Strategy
class Mine(Strategy):
    def on_bar(self, now):
        if now.step == 0:
            now.buy("A", 1)
    def {call}(self, *_):
        raise {error}
"""
NEEDED = "time (or timestamp, date, datetime), open, high, low, close"
CALLS = ("__init__", "indicators", "on_start", "on_bar", "on_order", "on_fill", "on_end")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in a folder with bars and a strategy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("A.csv").write_text(BARS, encoding="utf-8")
    Path("buy_one.py").write_text(BUY_ONE, encoding="utf-8")
    before = set(sys.modules)
    yield
    for name in {name for name in sys.modules if name.endswith(".py")} - before:
        del sys.modules[name]


def write(name: str, text: str) -> None:
    Path(name).write_text(text, encoding="utf-8")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Return the exit code and the one line; fail where there is anything else."""
    code = main(arguments)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("fillstep: ")
    assert err.count("\n") == 1
    return code, err.removeprefix("fillstep: ").rstrip("\n")


def in_a_process(
    *arguments: str, code: str = "-m tui", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a fresh interpreter."""
    command = [sys.executable, *code.split(" ", 1), *arguments]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        command, check=False, capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL, env=variables, cwd=cwd
    )


def test_a_run_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    # bought 2 at the open of the second bar, 11, for 0.01; the last close is 13: 2 x (13 - 11) = 4
    assert main(["run", "buy_one.py", "--data", "A.csv", "--set", "quantity=2", "--costs.per-unit", "0.005"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "strategy        buy_one.py",
        "steps           3",
        "orders          1",
        "  filled        1",
        "fills           1",
        "realized P&L    0.00",
        "unrealized P&L  +4.00",
        "commissions     0.01",
        "net P&L         +3.99",
        "equity          100,003.99",
        "drawdown        0.00 (0.00%)",
    ]
    assert err == "at step 0\nat step 1\nat step 2\n"


def test_a_run_prints_json_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "buy_one.py:BuyOne", "--json", "--data", "A.csv", "--costs.minimum", "1.50"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "rules": 1,
        "strategy": {"name": "buy_one.py:BuyOne", "fields": {"quantity": 1, "tag": ""}},
        "settings": {
            "initial_capital": "100000",
            "allow_short": False,
            "timing": "next_open",
            "limit_rule": "touch",
            "tick_size": None,
            "quantity_step": "1",
            "costs": {"per_unit": "0", "minimum": "1.5", "basis_points": "0", "digits": 2},
        },
        "steps": 3,
        "orders": {
            "SUBMITTED": 0,
            "ACCEPTED": 0,
            "REJECTED": 0,
            "TRIGGERED": 0,
            "PARTIALLY_FILLED": 0,
            "FILLED": 1,
            "CANCELED": 0,
            "EXPIRED": 0,
        },
        "fills": 1,
        "realized_pnl": "0",
        "unrealized_pnl": "2",
        "commissions": "1.5",
        "net_pnl": "0.5",
        "equity": "100000.5",
        "drawdown": "0",
    }


def test_the_same_run_prints_the_same_bytes_anywhere(tmp_path: Path) -> None:
    places = [
        {"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "Asia/Kathmandu", "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"},
    ]
    arguments = ("run", "dip-buyer", "--json", "--costs.per-unit", "0.005")
    first, second = (
        in_a_process(*arguments, cwd=cwd, **place) for cwd, place in zip((ROOT, tmp_path), places, strict=True)
    )
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    assert json.loads(first.stdout)["steps"] == 2015


def test_an_option_counts_over_the_file_and_the_file_over_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    write("run.toml", "initial-capital = 500\nallow_short = true\ntick_size = 0.1\n[strategy]\nquantity = 3\ntag = 'a'")
    options = ("--settings", "run.toml", "--initial-capital", "700", "--no-allow-short", "--set", "quantity=4")
    assert main(["run", "buy_one.py", "--json", "--data", "A.csv", *options]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["strategy"]["fields"] == {"quantity": 4, "tag": "a"}
    settings = made["settings"]
    assert (settings["initial_capital"], settings["allow_short"], settings["tick_size"]) == ("700", False, "0.1")
    assert settings["quantity_step"] == "1"


def test_files_of_bars_follow_one_option(capsys: pytest.CaptureFixture[str]) -> None:
    write("B.csv", BARS)
    assert main(["run", "buy-and-hold", "--data", "A.csv", "B.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fills"] == 2


DATA = {
    "missing file": (None, "B.csv: cannot be read: no such file or directory"),
    "missing column": (
        "time,open,high,low\n2024-01-02,1,1,1\n",
        f"B.csv: no column close: needed are {NEEDED}; found are time, open, high, low",
    ),
    "no number": (f"{HEADER}2024-01-02,x,1,1,1,1\n", "B.csv:2: open must be a number such as 187.15, was x"),
    "high below low": (f"{HEADER}2024-01-02,10,9,11,10,1\n", "B.csv:2: high 9 is below low 11"),
}


@pytest.mark.parametrize(("text", "line"), DATA.values(), ids=DATA)
def test_bars_that_cannot_be_are_one_line(text: str | None, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    if text:
        write("B.csv", text)
    assert refused(capsys, "run", "sma-cross", "--data", "B.csv") == (2, line)


OPTIONS = {
    "no number": ("--initial-capital nan", "--initial-capital: must be a number such as 187.15, was nan"),
    "another script": ("--costs.per-unit １２", "--costs.per-unit: must be a number such as 187.15, was １２"),
    "negative cash": ("--initial-capital -5", "--initial-capital: must be above zero, was -5"),
    "a negative rate": ("--costs.minimum -1", "--costs.minimum: must be zero or above, was -1"),
    "underscores": ("--costs.digits 1_0", "--costs.digits: must be a whole number, was 1_0"),
    "empty": ("--tick-size=", "--tick-size: must be a number such as 187.15, was "),
    "no choice": ("--timing now", "--timing: must be next_open or same_close, was now"),
    "a table": ("--costs 5", "--costs: must be a table, was 5"),
    "an escape": ("--timing \x1b[2J", "--timing: must be next_open or same_close, was ␛[2J"),
    "no flag": ("--allow-short=maybe", 'invalid value for --allow-short: unable to convert "maybe" into bool'),
    "no value": ("--tick-size", 'command "run" parameter --tick-size requires an argument'),
    "twice": ("--tick-size 1 --tick-size 2", "parameter --tick-size specified multiple times"),
    "unknown": ("--inital-capital 5", "unknown option: --inital-capital. Did you mean --initial-capital?"),
    "too many": ("other", "unexpected other: `fillstep --help` lists the commands"),
    "no file": ("--data", 'command "run" parameter --data requires at least 1 element. Got 0'),
    "a wrong field": ("--set fast=x", "--set fast: must be a whole number, was the text x"),
    "an unknown field": ("--set fst=5", "--set fst: is unknown: known are fast, slow, quantity"),
    "a missing settings file": ("--settings no.toml", "no.toml: cannot be read: no such file or directory"),
    "a wrong file": ("--settings A.csv", "A.csv: must be TOML: Expected '=' after a key in a key/value pair"),
}


@pytest.mark.parametrize(("options", "line"), OPTIONS.values(), ids=OPTIONS)
def test_an_option_that_cannot_be_is_one_line(options: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = refused(capsys, "run", "sma-cross", *options.split(" "))
    assert code == 2
    assert said.startswith(line)


def test_a_key_of_a_file_that_cannot_be_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    write("run.toml", "[costs]\nper-unit = -1\n")
    expected = "costs.per-unit: must be zero or above, was -1 (run.toml)"
    assert refused(capsys, "run", "sma-cross", "--settings", "run.toml") == (2, expected)


WORDS = {
    "missing strategy": (["run"], 'command "run" parameter STRATEGY requires an argument'),
    "unknown command": (["rum"], "unexpected rum: `fillstep --help` lists the commands"),
    "unknown option": (["--data", "A.csv"], "unknown option: --data"),
    "unknown strategy": (
        ["run", "sma"],
        "strategy sma: must be one of buy-and-hold, dip-buyer, sma-cross, or a file such as my_strategy.py:MyStrategy",
    ),
    "missing strategy file": (["run", "no.py"], "strategy no.py: cannot be read: no such file or directory"),
    "missing class": (
        ["run", "buy_one.py:Sell"],
        "strategy buy_one.py:Sell: there is no Sell in it; its strategies are BuyOne",
    ),
}


@pytest.mark.parametrize(("words", "line"), WORDS.values(), ids=WORDS)
def test_a_command_that_cannot_be_is_one_line(
    words: Sequence[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, *words) == (2, line)


def test_a_strategy_file_with_a_wrong_line_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    write("mine.py", "x = 1\ny = (")
    assert refused(capsys, "run", "mine.py") == (2, "strategy mine.py: mine.py:2: '(' was never closed")


@pytest.mark.parametrize("call", CALLS)
def test_what_a_strategy_raises_is_one_line_and_exit_code_1(call: str, capsys: pytest.CaptureFixture[str]) -> None:
    write("mine.py", RAISES.format(call=call, error="ValueError('too late')"))
    expected = f"mine.py:7: Mine.{call} raised ValueError: too late"
    code, line = refused(capsys, "run", "mine.py", "--data", "A.csv")
    assert (code, re.sub(r" \(step \d\)$", "", line)) == (1, expected)


@pytest.mark.parametrize("words", [["--traceback", "run", "mine.py"], ["run", "mine.py", "--traceback"]], ids=str)
def test_where_an_error_comes_from_is_shown_when_asked(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    write("mine.py", RAISES.format(call="on_bar", error="ValueError('too late')"))
    assert main(words) == 1
    shown = capsys.readouterr().err
    assert 'File "mine.py", line 7, in on_bar' in shown
    assert shown.rstrip().endswith("StrategyError: mine.py:7: Mine.on_bar raised ValueError: too late (step 0)")


def test_an_interrupted_run_says_how_far_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    write("mine.py", BUY_ONE.replace('print("at step", now.step)', "if now.step == 2: raise KeyboardInterrupt"))
    said = "interrupted at step 3 of 3, with 1 orders and 1 fills"
    assert refused(capsys, "run", "mine.py", "--data", "A.csv") == (130, said)


def test_a_file_that_is_interrupted_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    write("mine.py", "raise KeyboardInterrupt")
    assert refused(capsys, "run", "mine.py") == (130, "interrupted")


def test_a_bug_is_one_line_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Backtest, "run", lambda _: 1 / 0)
    expected = "ZeroDivisionError: division by zero; --traceback shows where it comes from"
    assert refused(capsys, "run", "sma-cross", "--data", "A.csv") == (1, expected)


@pytest.mark.parametrize("words", [[], ["open", "sma-cross"]], ids=str)
def test_what_opens_the_screen_needs_a_terminal(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, *words) == (2, "this needs a terminal; `fillstep run` prints a summary without one")


class Screen:
    """Stands for the app."""

    shown: Backtest
    error: FillstepError | None = None
    return_code = None

    def __init__(self, run: Backtest) -> None:
        Screen.shown = run

    def run(self) -> None:
        """Show nothing."""


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> type[Screen]:
    monkeypatch.setattr("tui.__main__.is_terminal", lambda *_: True)
    monkeypatch.setattr("tui.app.FillstepApp", Screen)
    monkeypatch.setattr(Screen, "error", None)
    return Screen


def test_a_strategy_is_opened_before_its_first_bar(screen: type[Screen]) -> None:
    assert main(["open", "buy_one.py", "--data", "A.csv", "--initial-capital", "500"]) == 0
    assert screen.shown.step_count == 0
    assert screen.shown.portfolio.get_cash_balance() == 500


def test_the_sample_is_opened_in_the_middle_of_its_run(screen: type[Screen]) -> None:
    assert main([]) == 0
    assert screen.shown.step_count > 100


def test_what_has_stopped_a_run_on_the_screen_is_said_after_it(
    screen: type[Screen], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(screen, "error", StrategyError("Mine", "on_bar", "mine.py:7", ValueError("too late")))
    assert refused(capsys, "open", "sma-cross") == (1, "mine.py:7: Mine.on_bar raised ValueError: too late")


def test_the_strategies_that_ship_are_listed_with_their_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strategies"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(maxsplit=1) == [
        "buy-and-hold",
        "Buy a fixed quantity of each symbol at its first bar, and hold it.",
    ]
    assert [line.strip() for line in lines[-3:]] == ["fast = 10", "slow = 30", "quantity = 100"]


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out[0].isdigit()


def test_the_help_has_an_example_of_each_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("open sma-cross", "run my_strategy.py:MyStrategy", "strategies"):
        assert f"fillstep {command}" in shown
    assert "--traceback" in shown


@pytest.mark.parametrize("command", ["open", "run", "strategies"])
def test_the_help_of_each_command_has_an_example_of_it(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"For example fillstep {command}" in capsys.readouterr().out


def test_each_setting_is_an_option_by_its_key(capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "--help"])
    shown = capsys.readouterr().out
    for option in ("--initial-capital", "--no-allow-short", "--tick-size", "--costs.per-unit", "--costs.digits"):
        assert option in shown


def test_a_run_imports_no_screen() -> None:
    code = (
        "import sys; from tui.__main__ import main; main(['run', 'buy_one.py', '--data', 'A.csv']); "
        "print('textual' in sys.modules, 'tui.app' in sys.modules)"
    )
    assert in_a_process(code, code="-c").stdout.splitlines()[-1] == "False False"


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(tmp_path: Path) -> None:
    command = (
        f"'{sys.executable}' -m tui run buy_one.py --data A.csv --json | head -n 1 >/dev/null; exit ${{PIPESTATUS[0]}}"
    )
    many = BUY_ONE.replace('tag: str = ""', f'tag: str = "{"x" * 200_000}"')  # more than a pipe holds
    write("buy_one.py", many.replace('print("at step", now.step)', ""))
    done = subprocess.run(
        ["bash", "-c", command],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (141, "")
