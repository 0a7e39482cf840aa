"""`fillstep check`: what it says and returns, and the page that shows it."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.backtest.examples import SHIPPED
from core.execution.broker import BacktestBroker
from tui.__main__ import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
CLOSES = (10, 11, 12, 11, 13, 12, 14, 13)
NOTHING_CHANGED = "changes the engine: no"
THE_SAME = (
    "depends on more than its inputs: no, in 2 other processes, later and in other zones, every event is the same"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    rows = [f"2024-01-{2 + day:02},{close},{close},{close},{close}" for day, close in enumerate(CLOSES)]
    Path("A.csv").write_text("\n".join(["time,open,high,low,close", *rows]), encoding="utf-8")
    before = set(sys.modules)
    yield
    for name in {name for name in sys.modules if name.endswith(".py")} - before:
        del sys.modules[name]


def checked(capsys: pytest.CaptureFixture[str], name: str, text: str = "") -> tuple[int, list[str]]:
    if text:
        Path(name).write_text(text, encoding="utf-8")
    code = main(["check", name, "--data", "A.csv"])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out.splitlines()


def test_the_page_shows_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (shown,) = re.findall(r"```\n(tomorrow\.py: .*?)```", PAGE, re.DOTALL)
    assert checked(capsys, "tomorrow.py", text) == (1, shown.splitlines())


@pytest.mark.parametrize("name", ["accumulator", "sma-cross"])
def test_a_strategy_that_ships_is_clean(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = checked(capsys, name)
    assert code == 0
    assert re.fullmatch(rf"{name}: \d+ events in 8 bars", lines[0])
    assert lines[1:3] == [NOTHING_CHANGED, THE_SAME]
    assert re.fullmatch(
        r"looks ahead: no, with the rows after each of \d bars taken away or replaced, "
        "every event and indicator up to it is the same",
        lines[3],
    )
    assert name in SHIPPED


HEAD = "import random\nimport polars as pl\nfrom core import BacktestBroker, Strategy\nclass Mine(Strategy):\n"
READS = """    def __init__(self):
        self.closes = pl.read_csv("A.csv")["close"].to_list()
    def on_bar(self, now):
        if self.closes[now.step + 1 : now.step + 2] > [float(now["A"].close)]:
            now.buy("A", 1)
"""
MEAN = """    def indicators(self):
        return {"cheap": pl.col("close") < pl.col("close").mean()}
    def on_bar(self, now):
        if now["A"].cheap:
            now.buy("A", 1)
"""
UNUSED = """    def indicators(self):
        return {"next": pl.col("close_ticks").shift(-1)}
"""
CHANCE = "    def on_bar(self, now):\n        now.buy('A', random.randint(1, 10**9))\n"
OF_A_SET = "    def on_bar(self, now):\n        for tag in {'a', 'b', 'c', 'd', 'e', 'f'}: now.buy('A', 1, tag=tag)\n"
PATCHES = "    def on_start(self, now):\n        BacktestBroker.cancel = None\n"
FOUND = {
    "reads a file": (
        READS,
        r"looks ahead: yes, event 0 in bar 1 \(2024-01-02\) depends on later rows",
        r"  no indicator shows that; its own code uses what may differ: the surroundings \(read_csv in __init__\)",
    ),
    "the mean of a column": (MEAN, "looks ahead: yes, event 0 in bar 1 .*", "  indicator cheap of A in bar 1 .*"),
    "an unused indicator": (
        UNUSED,
        "looks ahead: yes, though no event that was tried has depended on it",
        "  indicator next of A in bar .*: None",
    ),
    "chance": (
        CHANCE,
        (
            "depends on more than its inputs: yes, run again, .* at event 0, bar 1: was OrderSubmitted .*"
            "order.quantity .*"
            r"randomness \(randint, random in on_bar\)"
        ),
        "looks ahead: that cannot be told of what does something else each time",
    ),
    "the order of a set": (
        OF_A_SET,
        r"depends on more than its inputs: yes, .*, is OrderSubmitted .*order.tag .*the order of a set \(in on_bar\)",
        "looks ahead: that cannot be told of what does something else each time",
    ),
}


@pytest.mark.parametrize(("text", "first", "last"), FOUND.values(), ids=FOUND)
def test_what_is_found_is_said_and_the_exit_code_is_1(
    text: str, first: str, last: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = checked(capsys, "mine.py", HEAD + text)
    assert code == 1
    assert any(re.fullmatch(first, line) for line in lines), lines
    assert re.fullmatch(last, lines[-1]), lines


def test_a_part_of_the_engine_that_is_the_strategys_own_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BacktestBroker, "cancel", BacktestBroker.cancel)  # so that it is put back
    code, lines = checked(capsys, "mine.py", HEAD + PATCHES)
    assert (code, lines[1:]) == (
        1,
        [
            (
                "changes the engine: yes, it has put something of its own in the place of "
                "core.execution.broker.BacktestBroker.cancel"
            )
        ],
    )


WRONG = {
    "nosuch": "strategy nosuch: must be one of ",
    "nosuch.py": "strategy nosuch.py: cannot be read: no such file or directory",
}


@pytest.mark.parametrize("name", WRONG)
def test_bad_input_is_one_line_and_exit_code_2(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", name, "--data", "A.csv"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"fillstep: {WRONG[name]}")


def test_a_strategy_that_raises_by_itself_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(HEAD + "    def on_bar(self, now): 1 / 0\n", encoding="utf-8")
    assert main(["check", "mine.py", "--data", "A.csv"]) == 1
    assert capsys.readouterr().err == (
        "fillstep: mine.py:5: Mine.on_bar raised ZeroDivisionError: division by zero (step 0)\n"
    )
