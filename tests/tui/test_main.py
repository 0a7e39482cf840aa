"""The command line: what each command prints, says and returns."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import pytest

from core.backtest.examples import SHIPPED
from core.backtest.loop import Backtest
from core.errors import FillstepError, StrategyError
from tui.__main__ import main
from tui.settings import UserSettings

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
BRACKET = """from decimal import Decimal
from core import BUY, SELL, Order, Strategy

class Bracket(Strategy):
    def on_bar(self, now):
        if now.step == 0:
            target = Order("A", SELL, 10, limit_price=Decimal("11.40"))
            now.submit_bracket(Order("A", BUY, 10), Order("A", SELL, 10, stop_price=Decimal("9.50")), target)
"""
RAISES = """from core import Strategy
class Mine(Strategy):
    def on_bar(self, now):
        if now.step == 0:
            now.buy("A", 1)
    def {call}(self, *_):
        raise {error}
"""
INTERRUPT = "import signal; signal.raise_signal(signal.SIGINT)"
"""As ctrl+c does."""
NEEDED = "time (or timestamp, date, datetime), open, high, low, close"
CALLS = ("__init__", "indicators", "on_start", "on_bar", "on_order", "on_fill", "on_end")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in a folder with bars and a strategy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("tui.settings.user_config_path", lambda name: tmp_path / "settings" / name)
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
        "strategy            buy_one.py",
        "steps               3",
        "orders              1",
        "  rejected          0",
        "  filled            1",
        "  canceled          0",
        "  expired           0",
        "fills               1",
        "realized P&L        0.00",
        "unrealized P&L      +4.00",
        "commissions         0.01",
        "net P&L             +3.99",
        "equity              100,003.99",
        "drawdown            0.00 (0.00%)",
        "at stake in paths   0.00",
        "slippage clamped    0.00",
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
            "path": "worst",
            "cash_rule": "reject",
            "volume_cap": None,
            "tick_size": None,
            "quantity_step": "1",
            "splits": "ask",
            "dividends": True,
            "costs": {
                "per_unit": "0",
                "minimum": "1.5",
                "basis_points": "0",
                "maker_basis_points": None,
                "per_order": "0",
                "tiers": [],
                "digits": 2,
            },
            "slippage": {"ticks": "0", "basis_points": "0", "volume_impact": "0"},
            "limits": {
                "position_quantity_max": None,
                "order_notional_max": None,
                "gross_exposure_max": None,
                "drawdown_ratio_max": None,
            },
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
        "income": "0",
        "equity": "100000.5",
        "drawdown": "0",
        "money_at_stake": "0",
        "clamped": "0",
    }


def test_a_run_says_what_paths_decide_and_what_the_bars_took_off_slippage(capsys: pytest.CaptureFixture[str]) -> None:
    # bought 10 at the open: 10.00, by 200 ticks 12.00, clamped to the high: 10 x 0.50 = 5.00 is taken off
    # low first, sold at the stop: 9.50, by 200 ticks 7.50, clamped to the low: 10 x 1.75 = 17.50 is taken off
    # high first, sold at the target: 10 x (11.40 - 9.25) = 21.50 is at stake
    write("A.csv", f"{HEADER}2024-01-02,10,10,10,10.00,9\n2024-01-03,10,11.50,9.25,10,9\n")
    write("bracket.py", BRACKET)
    options = ("--data", "A.csv", "--slippage.ticks", "200")
    assert main(["run", "bracket.py", *options]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "at stake in paths   21.50",
        "slippage clamped    22.50",
    ]


def unhurried(errors: str) -> str:
    """Leave out the line that says how fast a run was, which a slow machine prints."""
    return re.sub(r"^[\d,]+ steps in [\d.]+ s, [\d,]+ a second\n", "", errors)


def test_the_same_run_prints_the_same_bytes_anywhere(tmp_path: Path) -> None:
    places = [
        {"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "Asia/Kathmandu", "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"},
    ]
    arguments = ("run", "dip-buyer", "--json", "--costs.per-unit", "0.005")
    first, second = (
        in_a_process(*arguments, cwd=cwd, **place) for cwd, place in zip((ROOT, tmp_path), places, strict=True)
    )
    assert (first.returncode, unhurried(first.stderr)) == (0, "")
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


def test_finer_bars_stand_for_those_of_their_symbol(capsys: pytest.CaptureFixture[str]) -> None:
    # 10 are bought at the open of 10; the bar alone sells them at its stop, its two halves at the target on the way up
    write("bracket.py", BRACKET)
    write("A.csv", f"{HEADER}2024-01-02,10,10,10,10.00,9\n2024-01-03,10,11.50,9.25,10,9\n")
    Path("finer").mkdir()
    halves = "2024-01-03T12:00,10,11.50,10,10,5\n2024-01-03T18:00,10,10,9.25,10,4\n"
    write("finer/A.csv", f"{HEADER}{halves}")
    found = []
    for options in ([], ["--path", "subbars", "--subbars", "finer/A.csv"]):
        assert main(["run", "bracket.py", "--data", "A.csv", "--json", *options]) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert [one["realized_pnl"] for one in found] == ["-5", "14"]
    assert [one["money_at_stake"] for one in found] == ["19", "0"]


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


ZONED = f"{HEADER}2024-01-02 09:30,10,12,9,11,100\n2024-01-02 09:31,10,12,9,11,100\n"


def test_what_is_in_files_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    write("B.csv", ZONED)
    assert main(["data", "B.csv", "A.csv", "--zone", "Asia/Tokyo"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert [line for line in out.splitlines() if not line.startswith(" ")] == ["A.csv", "A", "B.csv", "B"]
    assert "  range       2024-01-02 to 2024-01-04\n" in out
    assert "  range       2024-01-02 09:30 JST to 2024-01-02 09:31 JST\n" in out


def test_what_is_said_of_files_counts_for_every_command_and_over_the_settings_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("B.csv", ZONED)
    write("run.toml", "initial_capital = 500\n[data]\nzone = 'Asia/Tokyo'\nsort = true\n")
    options = ("run", "buy_one.py", "--data", "B.csv", "--settings", "run.toml", "--json")
    for zone, hour in (((), "00:30"), (("--zone", "Europe/Berlin"), "08:30")):
        write("buy_one.py", BUY_ONE.replace('print("at step", now.step)', "print(now['B'].bar().time)"))
        assert main([*options, *zone]) == 0
        out, err = capsys.readouterr()
        assert err.startswith(f"2024-01-02 {hour}:00")
        assert json.loads(out)["settings"]["initial_capital"] == "500"


def test_finer_bars_are_read_likewise(capsys: pytest.CaptureFixture[str]) -> None:
    write("A.csv", f"{HEADER}2024-01-02,10,12,9,11,100\n")
    Path("finer").mkdir()
    write("finer/A.csv", f"{HEADER}02/01/2024 09:30,10,12,9,11,100\n")
    words = ("run", "buy_one.py", "--data", "A.csv", "--path", "subbars", "--subbars", "finer/A.csv")
    assert main([*words, "--dates", "day-first"]) == 0


OPTIONS = {
    "no number": ("--initial-capital nan", "--initial-capital: must be a number such as 187.15, was nan"),
    "another script": ("--costs.per-unit １２", "--costs.per-unit: must be a number such as 187.15, was １２"),
    "negative cash": ("--initial-capital -5", "--initial-capital: must be above zero, was -5"),
    "a negative rate": ("--costs.minimum -1", "--costs.minimum: must be zero or above, was -1"),
    "underscores": ("--costs.digits 1_0", "--costs.digits: must be a whole number, was 1_0"),
    "empty": ("--tick-size=", "--tick-size: must be a number such as 187.15, was "),
    "no choice": ("--timing now", "--timing: must be next_open or same_close, was now"),
    "no zone": ("--zone Mars", "--zone: must be the name of a time zone, such as America/New_York, was Mars"),
    "no order of dates": ("--dates x", "--dates: must be unknown or day_first or month_first, was x"),
    "no memory": ("--memory-gb 0", "--memory-gb: must be a whole number above zero, was 0"),
    "a table": ("--costs 5", "--costs: must be a table, was 5"),
    "an escape": ("--timing \x1b[2J", "--timing: must be next_open or same_close, was ␛[2J"),
    "more than all volume": ("--volume-cap 2", "--volume-cap: must be a fraction, at most 1, was 2"),
    "no path": (
        "--path foo",
        "--path: must be worst or nearest or high_first or low_first or subbars, was foo",
    ),
    "no finer bars": ("--path subbars", "--path: subbars must have files of finer bars: --subbars FILE"),
    "finer bars for nothing": ("--subbars A.csv", "--subbars: must go with --path subbars, the path is worst"),
    "no rule for cash": ("--cash-rule no", "--cash-rule: must be reject or reduce or allow_margin, was no"),
    "negative slippage": ("--slippage.ticks -1", "--slippage.ticks: must be zero or above, was -1"),
    "a negative limit": (
        "--limits.drawdown-ratio-max -1",
        "--limits.drawdown-ratio-max: must be zero or above, was -1",
    ),
    "no pairs": ("--costs.tiers [[0,1],[10]]", "--costs.tiers: must be a list of [a number, a number]"),
    "an unknown limit": ("--limits.cash 5", "unknown option: --limits.cash."),
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


def test_what_a_file_says_of_data_is_refused_by_its_key(capsys: pytest.CaptureFixture[str]) -> None:
    write("run.toml", "[data]\nzone = 'Mars'\n")
    expected = "data.zone: must be the name of a time zone, such as America/New_York, was the text Mars (run.toml)"
    assert refused(capsys, "run", "sma-cross", "--settings", "run.toml") == (2, expected)
    write("run.toml", "data = 5\n")
    assert refused(capsys, "run", "sma-cross", "--settings", "run.toml") == (
        2,
        "data: must be a table, was 5 (run.toml)",
    )


WORDS = {
    "no files of bars": (["data"], "no files were given: `fillstep data FILE...`"),
    "missing strategy": (["run"], 'command "run" parameter STRATEGY requires an argument'),
    "unknown command": (["rum"], "unexpected rum: `fillstep --help` lists the commands"),
    "unknown option": (["--data", "A.csv"], "unknown option: --data"),
    "unknown strategy": (
        ["run", "sma"],
        f"strategy sma: must be one of {', '.join(SHIPPED)}, or a file such as my_strategy.py:MyStrategy",
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
    write("mine.py", BUY_ONE.replace('print("at step", now.step)', f"if now.step == 2: {INTERRUPT}"))
    said = "interrupted at step 3 of 3, with 1 orders and 1 fills"
    assert refused(capsys, "run", "mine.py", "--data", "A.csv") == (130, said)


def test_a_file_that_is_interrupted_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    write("mine.py", INTERRUPT)
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
    failure = return_code = None

    settings: UserSettings

    def __init__(self, run: Backtest, settings: UserSettings) -> None:
        Screen.shown, Screen.settings = run, settings

    def run(self) -> None:
        """Show nothing."""

    def end_recordings(self) -> list[str]:
        """Have nothing to end."""
        return []


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> type[Screen]:
    monkeypatch.setattr("tui.terminal.is_terminal", lambda *_: True)
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
    first = next(line for line in lines if line.startswith("sma-cross"))
    assert first.split(maxsplit=1)[1].startswith("Hold a fixed quantity of each symbol while")
    place = lines.index(first)
    assert [line.strip() for line in lines[place + 1 : place + 4]] == ["fast = 10", "slow = 30", "quantity = 100"]
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == list(SHIPPED)


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
    options = (
        "path volume-cap cash-rule tick-size costs.tiers costs.digits slippage.volume-impact limits.order-notional-max"
    )
    for option in ("initial-capital NUMBER", "no-allow-short", "costs.per-unit NUMBER", *options.split()):
        assert f"--{option}" in shown
    for word in ("INT", "DECIMAL", "OBJECT", "()"):
        assert word not in shown


def test_a_setting_of_each_table_is_taken_from_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    options = {
        "--volume-cap": "0.5",
        "--cash-rule": "allow-margin",
        "--costs.tiers": "[[0, 0.005], [100, 0.003]]",
        "--slippage.ticks": "2",
        "--limits.position-quantity-max": "50",
    }
    assert main(["run", "buy_one.py", "--data", "A.csv", "--json", *chain(*options.items())]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    assert (settings["volume_cap"], settings["cash_rule"]) == ("0.5", "allow_margin")
    assert settings["costs"]["tiers"] == [["0", "0.005"], ["100", "0.003"]]
    assert (settings["slippage"]["ticks"], settings["limits"]["position_quantity_max"]) == ("2", "50")


def test_a_setting_of_each_table_is_taken_from_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    tables = "[costs]\ntiers = [[0, 0.005]]\n[slippage]\nticks = 2\n[limits]\nposition-quantity-max = 50\n"
    write("run.toml", f"volume-cap = 0.5\npath = 'high_first'\n{tables}")
    assert main(["run", "buy_one.py", "--data", "A.csv", "--json", "--settings", "run.toml"]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    assert (settings["volume_cap"], settings["path"]) == ("0.5", "high_first")
    assert settings["costs"]["tiers"] == [["0", "0.005"]]
    assert (settings["slippage"]["ticks"], settings["limits"]["position_quantity_max"]) == ("2", "50")


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


# --- explain

QUIET = BUY_ONE.replace('print("at step", now.step)', "")
TOUCHING = """from decimal import Decimal
from core import Strategy

class Touching(Strategy):
    def on_bar(self, now):
        if now.step == 0:
            now.buy("A", 2, limit_price=10)
        elif now.get_position("A").quantity:
            now.sell("A", 2)
"""


def test_the_life_of_an_order_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "buy_one.py", "--order", "1", "--data", "A.csv", "--set", "tag=first"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "2024-01-02  bar 1  order #1 submitted: buy 1 A market",
        "    asked for by buy_one.py:12 on_bar",
        "    tag first",
        "    newest bar 10.00/12.00/9.00/11.00, volume 100",
        "    cash 100,000.00, position 0, equity 100,000.00 at 11.00",
        "2024-01-02  bar 1  accepted",
        "2024-01-03  bar 2  fill #1: buy 1 @ 11.00, R5 at the open",
        "    on bar 11.00/13.00/10.00/12.50, volume 100",
        "    notional 11.00, commission 0.00",
        "                   cash      position   realized   unrealized       equity",
        "    before   100,000.00             0       0.00         0.00   100,000.00",
        "    after     99,989.00   1 @ 11.0000       0.00         0.00   100,000.00",
        "    change       -11.00            +1       0.00         0.00         0.00",
        "    valued at 11.00, the newest close",
    ]
    assert err == "at step 0\nat step 1\nat step 2\n"


def test_an_order_is_told_as_it_would_be_in_another_engine(capsys: pytest.CaptureFixture[str]) -> None:
    write("touching.py", TOUCHING)
    assert main(["explain", "touching.py", "--order", "2", "--data", "A.csv", "--as", "LEAN"]) == 0
    assert capsys.readouterr().out.splitlines()[-7:] == [
        "as lean: another order",
        "    here:  sell 2 A: 2 @ 12.00 on 2024-01-04, filled",
        "    there: not asked for",
        "    the runs part before, in bar 2 at order #1",
        "    here:  buy 2 A limit 10: 2 @ 10.00 on 2024-01-03, filled",
        "    there: buy 2 A limit 10: no fill, accepted",
        "    rule R4 differs: limit_rule is touch here, through there",
    ]


def test_a_run_over_finer_bars_is_compared_with_an_engine_that_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    write("bracket.py", BRACKET)
    write("A.csv", f"{HEADER}2024-01-02,10,10,10,10.00,9\n2024-01-03,10,11.50,9.25,10,9\n")
    Path("finer").mkdir()
    write("finer/A.csv", f"{HEADER}2024-01-03T12:00,10,11.50,10,10,5\n2024-01-03T18:00,10,10,9.25,10,4\n")
    finer = ("--data", "A.csv", "--path", "subbars", "--subbars", "finer/A.csv")
    assert main(["explain", "bracket.py", "--order", "3", *finer, "--as", "backtesting.py"]) == 0
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "    here:  sell 10 A limit 11.4: 10 @ 11.40 on 2024-01-03, filled",
        "    there: sell 10 A limit 11.4: no fill, canceled SIBLING_FILLED",
        "    rule R3 differs: path is subbars here, worst there",
    ]


def test_every_bar_of_a_long_wait_is_told_unless_it_is_to_be_short(capsys: pytest.CaptureFixture[str]) -> None:
    days = "".join(f"2024-01-{day:02},10,12,9,11,100\n" for day in range(2, 20))
    write("A.csv", HEADER + days)
    write("waiting.py", TOUCHING.replace("limit_price=10", "limit_price=8"))
    counts = []
    for options in ([], ["--short"]):
        assert main(["explain", "waiting.py", "--order", "1", "--data", "A.csv", *options]) == 0
        counts.append(capsys.readouterr().out.count("waits, LIMIT_NOT_REACHED"))
    assert counts == [17, 2]


def test_each_kind_of_order_of_the_sample_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Backtest] = []
    make = sys.modules["tui.__main__"].make_backtest

    def make_once(*arguments: object) -> Backtest:
        made[:] = made or [make(*arguments)]
        return made[0]

    monkeypatch.setattr("tui.__main__.make_backtest", make_once)
    seen = set()
    for order_id in (*range(1, 12), *range(12, 1679, 67), 1679):
        assert main(["explain", "dip-buyer", "--order", str(order_id)]) == 0
        out, err = capsys.readouterr()
        first, *_, last = out.splitlines()
        assert f"order #{order_id} submitted: " in first
        assert (unhurried(err), out.count("Traceback"), out.isascii()) == ("", 0, True)
        assert max(map(len, out.splitlines())) < 160
        seen |= {word for word in ("rejected, ", "canceled, ", "valued at", "would pass: ") if word in last}
        order = made[0].broker.get_order(order_id)
        fills = [fill for fill in made[0].broker.fills() if fill.order_id == order_id]
        assert out.count("fill #") == len(fills)
        assert all(f"fill #{fill.id}: {fill.side.name.lower()} {fill.quantity:,f} @ " in out for fill in fills)
        assert ("rejected" in out) == (order.status.name == "REJECTED")
    assert seen == {"canceled, ", "valued at", "would pass: "}


EXPLAINED = {
    "no order": ([], 'command "explain" parameter --order requires an argument'),
    "no number": (["--order", "x"], 'invalid value for --order: unable to convert "x" into int'),
    "zero": (["--order", "0"], "order 0 is unknown: the run has orders 1 to 1"),
    "below zero": (["--order=-1"], "order -1 is unknown: the run has orders 1 to 1"),
    "too high": (["--order", "2"], "order 2 is unknown: the run has orders 1 to 1"),
    "none at all": (["--order", "1", "--set", "quantity=0"], "order 1 is unknown: the run has no orders"),
    "an unknown engine": (
        ["--order", "1", "--as", "vectorbt\x1b[2J"],
        "profile vectorbt␛[2J is unknown: known are backtrader, backtesting.py, zipline, lean",
    ),
    "no engine": (["--order", "1", "--as"], 'command "explain" parameter --as requires an argument'),
    "a wrong setting": (["--order", "1", "--path", "x"], "--path: must be worst or nearest or high_first or low_first"),
}


@pytest.mark.parametrize(("options", "line"), EXPLAINED.values(), ids=EXPLAINED)
def test_an_explanation_that_cannot_be_is_one_line(
    options: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("quiet.py", QUIET.replace("if now.step == 0:", "if now.step == 0 and self.quantity:"))
    code, said = refused(capsys, "explain", "quiet.py", "--data", "A.csv", *options)
    assert code == 2
    assert said.startswith(line)


def test_an_explanation_of_a_strategy_that_raises_is_one_line_and_exit_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("mine.py", RAISES.format(call="on_fill", error="ValueError('too late')"))
    expected = "mine.py:7: Mine.on_fill raised ValueError: too late (step 1)"
    assert refused(capsys, "explain", "mine.py", "--order", "1", "--data", "A.csv") == (1, expected)


def test_an_explanation_tells_text_from_outside_harmlessly(capsys: pytest.CaptureFixture[str]) -> None:
    symbol = "A\x1b[2J"
    write(f"{symbol}.csv", BARS)
    write("quiet.py", QUIET.replace('"A"', repr(symbol)))
    options = ("--data", f"{symbol}.csv", "--set", "tag=\x1b]0;x\x07\u202e", "--as", "zipline")
    assert main(["explain", "quiet.py", "--order", "1", *options]) == 0
    out = capsys.readouterr().out
    assert all(line.isprintable() for line in out.splitlines())
    assert "order #1 submitted: buy 1 A␛[2J market" in out
    assert "tag ␛]0;x␇<202E>" in out


def test_an_explanation_names_no_place_on_the_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("quiet.py", QUIET)
    assert main(["explain", f"{tmp_path}/quiet.py", "--order", "1", "--data", f"{tmp_path}/A.csv"]) == 0
    out = capsys.readouterr().out
    assert "asked for by quiet.py:12 on_bar" in out
    assert str(tmp_path) not in out


def test_a_reader_that_has_seen_enough_of_an_explanation_ends_it_quietly() -> None:
    write("quiet.py", QUIET.replace('tag: str = ""', f'tag: str = "{"x" * 200_000}"'))  # more than a pipe holds
    command = (
        f"'{sys.executable}' -m tui explain quiet.py --order 1 --data A.csv "
        "| head -n 1 >/dev/null; exit ${PIPESTATUS[0]}"
    )
    done = subprocess.run(
        ["bash", "-c", command],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (141, "")


def test_the_help_of_an_explanation_names_every_engine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "For example fillstep explain dip-buyer --order 3" in shown
    for name in ("backtrader", "backtesting.py", "zipline", "lean"):
        assert name in shown


# --- the screen of a person


def test_a_persons_settings_are_read_before_the_screen_starts(screen: type[Screen], tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("theme = 'nord'", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FILLSTEP_CONFIG", "mine.toml")
        assert main([]) == 0
    assert screen.settings.theme == "nord"


def test_a_mistake_in_a_persons_settings_is_one_line_and_exit_code_2(
    screen: type[Screen], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write("mine.toml", "layout = 'big'")
    monkeypatch.setenv("FILLSTEP_CONFIG", "mine.toml")
    expected = "layout: must be auto or wide or narrow, was the text big (mine.toml)"
    assert refused(capsys, "open", "sma-cross") == (2, expected)


def test_a_persons_settings_do_not_matter_to_a_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FILLSTEP_CONFIG", "there is none")
    assert main(["run", "sma-cross", "--data", "A.csv"]) == 0


def test_a_terminal_that_cannot_place_text_is_refused(
    screen: type[Screen], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    said = "this needs a terminal that can place text, and TERM is dumb; `fillstep run` prints a summary without one"
    assert refused(capsys) == (2, said)


def test_a_screen_that_is_drawn_elsewhere_needs_no_terminal(
    screen: type[Screen], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.terminal.is_terminal", lambda *_: False)
    monkeypatch.setenv("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    assert main(["open", "buy_one.py", "--data", "A.csv"]) == 0
