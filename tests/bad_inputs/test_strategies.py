"""Strategies that are wrong, raise, do not come back, print, or change or depend on what they should not.

Rows 45 to 51 and 58: what is said, what is returned, and that nothing is left behind.
"""

import asyncio
import json
import locale
import os
import random  # noqa: TID251 - strategies may
import re
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from decimal import getcontext
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from core.execution.broker import BacktestBroker
from tests.tui.driving import app_of, place, press, say, session_of, told
from tui.__main__ import main
from tui.app import FillstepApp
from tui.options import Options, make_backtest

ROOT = Path(__file__).parents[2]
CLOSES = (10, 11, 12, 11, 13, 12, 14, 13)
HEAD = "import os, random, sys, time\nfrom core import Strategy\nclass Mine(Strategy):\n"
ON_BAR = "    def on_bar(self, now):\n        if now.step == 2:\n            "
DATA = ("--data", "A.csv")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    rows = [f"2024-03-{8 + day:02},{close},{close},{close},{close}" for day, close in enumerate(CLOSES)]
    Path("A.csv").write_text("\n".join(["time,open,high,low,close", *rows]), encoding="utf-8")
    monkeypatch.delitem(sys.modules, "mine.py", raising=False)  # of another test that ran in this process
    before = set(sys.modules)
    yield tmp_path
    for name in {name for name in sys.modules if name.endswith(".py")} - before:
        del sys.modules[name]


def write(text: str) -> None:
    Path("mine.py").write_text(text, encoding="utf-8")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Return the exit code and the one line; fail where there is anything else."""
    code = main(words)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("fillstep: ")
    assert err.count("\n") == 1
    return code, err.removeprefix("fillstep: ").rstrip("\n")


def in_a_process(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tui", *words]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, check=False, capture_output=True, encoding="utf-8", env=variables, timeout=60)


def opened(deadline: float = 5) -> Backtest:
    return make_backtest("mine.py", Options(data=("A.csv",), deadline=deadline))


def on_screen(run: Backtest, script: Callable[[Pilot[Any]], Awaitable[None]]) -> None:
    app = FillstepApp(run)

    async def play() -> None:
        async with app.run_test(size=(110, 30)) as pilot:
            await pilot.pause()
            await script(pilot)
            assert app.is_running

    asyncio.run(play())


# --- 45

WRONG_FILES = {
    "a syntax error": ("x = 1\ny = (", "strategy mine.py: mine.py:2: '(' was never closed"),
    "an import error": (
        "import json\nimport nosuchmodule\n",
        "strategy mine.py: mine.py:2: ModuleNotFoundError: No module named 'nosuchmodule'",
    ),
    "no class": ("x = 1\n", "strategy mine.py: there is no strategy in it"),
    "two classes": (
        "from core import Strategy\nclass A(Strategy): pass\nclass B(Strategy): pass\n",
        "strategy mine.py: there are A, B: write mine.py:CLASS",
    ),
    "not text": ("x = '\x00'", "strategy mine.py: mine.py: SyntaxError: source code string cannot contain null bytes"),
}


@pytest.mark.parametrize(("text", "line"), WRONG_FILES.values(), ids=WRONG_FILES)
@pytest.mark.parametrize("command", ["run", "check"])
def test_row_45_a_wrong_file_is_one_line_with_its_place(
    text: str, line: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(text)
    assert refused(capsys, command, "mine.py", *DATA) == (2, line)
    assert "mine.py" not in sys.modules or text.startswith(("x = 1\n", "from"))


def test_row_45_a_class_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    write(HEAD + "    pass\n")
    line = "strategy mine.py:Other: there is no Other in it; its strategies are Mine"
    assert refused(capsys, "run", "mine.py:Other", *DATA) == (2, line)


@pytest.mark.parametrize("text", [text for text, _ in WRONG_FILES.values()][:3], ids=list(WRONG_FILES)[:3])
def test_row_45_the_screen_says_it_and_goes_on(text: str) -> None:
    write(HEAD + ON_BAR + "now.buy('A', 1)\n")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n", "n")
        write(text)
        await press(pilot, "R")
        assert "mine.py" in told(pilot)
        before = place(pilot)
        await press(pilot, "n", "N")
        assert place(pilot) == before

    on_screen(opened(), script)


# --- 46

RAISED = {
    "ValueError('no')": "ValueError: no",
    "SystemExit(3)": "SystemExit: 3",
    "KeyboardInterrupt": "KeyboardInterrupt: ",
    "MemoryError": "MemoryError: ",
    "GeneratorExit": "GeneratorExit: ",
    "RecursionError('deep')": "RecursionError: deep",
}


@pytest.mark.parametrize("call", ["__init__", "indicators", "on_start", "on_bar", "on_end"])
@pytest.mark.parametrize("error", RAISED)
def test_row_46_what_a_strategy_raises_is_one_line_with_its_place(
    error: str, call: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(f"{HEAD}    def {call}(self, *_):\n        raise {error}\n")
    code, line = refused(capsys, "run", "mine.py", *DATA)
    assert code == 1
    assert line.startswith(f"mine.py:5: Mine.{call} raised {RAISED[error]}")


@pytest.mark.parametrize("error", [*RAISED, "endless calls"])
def test_row_46_the_run_pauses_at_that_step_and_one_can_go_back_and_forward(error: str) -> None:
    raises = "def f(): f()\n            f()" if error == "endless calls" else f"raise {error}"
    write(f"{HEAD}    def on_bar(self, now):\n        now.buy('A', 1)\n{ON_BAR.partition(chr(10))[2]}{raises}\n")
    run = opened()

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "c")
        assert "mine.py:" in told(pilot)
        assert "raised" in told(pilot)
        head = place(pilot)
        assert head.step == 2
        cash = session_of(pilot).timeline.at(head).get_cash_balance()
        await press(pilot, "N", "N")
        assert place(pilot).step == 0
        await press(pilot, "n", "n")
        assert place(pilot) == head
        assert session_of(pilot).timeline.at(head).get_cash_balance() == cash == run.portfolio.get_cash_balance()
        await press(pilot, "n")
        assert place(pilot) == head

    on_screen(run, script)


# --- 47

STUCK = {
    "loops": "while True: pass",
    "sleeps": "time.sleep(3600)",
    "waits": "__import__('threading').Event().wait()",
}


@pytest.mark.parametrize("how", STUCK.values(), ids=STUCK)
def test_row_47_a_step_that_does_not_come_back_is_ended(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(HEAD + ON_BAR + how + "\n")
    line = "mine.py:6: Mine.on_bar took longer than its deadline of 0.2 s (step 2)"
    assert refused(capsys, "run", "mine.py", *DATA, "--deadline", "0.2") == (1, line)


@pytest.mark.parametrize("how", STUCK.values(), ids=STUCK)
def test_row_47_the_screen_lives_on_before_that_step(how: str) -> None:
    write(HEAD + ON_BAR + how + "\n")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "c")
        assert "took longer than its deadline of 0.2 s (step 2)" in told(pilot)
        assert place(pilot).step == 1
        await press(pilot, "N")
        assert place(pilot).step == 0

    on_screen(opened(0.2), script)


def test_row_47_nobody_answers_what_is_asked_of_the_keyboard(capsys: pytest.CaptureFixture[str]) -> None:
    write(HEAD + ON_BAR + "input('well? ')\n")
    assert main(["run", "mine.py", *DATA]) == 1
    asked, line = capsys.readouterr().err.splitlines()
    assert asked == "well? "
    assert line.startswith("fillstep: mine.py:6: Mine.on_bar raised EOFError: ")


def test_row_47_a_thread_of_a_strategy_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    write(
        HEAD + ON_BAR + "import threading; threading.Thread(target=lambda: time.sleep(0.1), name='its own').start()\n"
    )
    assert main(["run", "mine.py", *DATA, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == len(CLOSES)
    for thread in threading.enumerate():
        if thread.name == "its own":
            thread.join()


def test_row_47_a_process_that_a_strategy_forks_ends_when_it_comes_back() -> None:
    write(HEAD + ON_BAR + "os.fork() and os.wait()\n")
    done = in_a_process("run", "mine.py", *DATA, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["steps"] == len(CLOSES)  # one of them, not two


def test_row_47_what_leaves_the_process_ends_that_process_and_nothing_else() -> None:
    write(HEAD + ON_BAR + "os._exit(7)\n")
    done = in_a_process("run", "mine.py", *DATA)
    assert (done.returncode, done.stdout) == (7, "")


# --- 48


def test_row_48_a_million_lines_are_kept_in_part_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    write(HEAD + ON_BAR + "for number in range(1_000_000): print(number)\n")
    assert main(["run", "mine.py", *DATA]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("strategy            mine.py\n")
    first, newest = map(str, range(1000)), map(str, range(999_000, 1_000_000))
    assert [line for line in err.splitlines() if " steps in " not in line] == [
        *first,
        "... 998,000 lines left out ...",
        *newest,
    ]


ESCAPES = (
    r"print('\x1b[2J\x1b]0;title\x07 [red]'); print('\u202e', file=sys.stderr); "
    r"__import__('logging').warning('\x9b1m')"
)
CLEAN = ["␛[2J␛]0;title␇ [red]", "<202E>", "WARNING:root:<9B>1m"]


def test_row_48_what_is_printed_is_made_harmless() -> None:
    write(HEAD + ON_BAR + ESCAPES + "\n")
    done = in_a_process("run", "mine.py", *DATA)
    assert (done.returncode, done.stderr.splitlines()) == (0, CLEAN)


def test_row_48_on_the_screen_it_is_shown_where_one_asks_for_it_and_nowhere_else() -> None:
    write(HEAD + ON_BAR + ESCAPES + "\n")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n", "n")
        await say(pilot, "output")
        assert "it has printed nothing" in text_of(pilot)
        await press(pilot, "escape", "n", "n")
        assert "title" not in text_of(pilot)
        await say(pilot, "output")
        assert CLEAN[0] in text_of(pilot)
        await press(pilot, "escape", "N", "N")
        await say(pilot, "output")
        assert "it has printed nothing" in text_of(pilot)  # a rewound screen shows nothing of the future

    on_screen(opened(), script)


def text_of(pilot: Pilot[Any]) -> str:
    app = app_of(pilot)
    return "\n".join("".join(segment.text for segment in line) for line in app.screen._compositor.render_strips())


# --- 49

CHANGES = {
    "a bar": "now['A'].bar().close = 1",
    "a position": "now.get_position('A').quantity = 10**6",
    "an order": "now.get_order(1).filled_quantity = 0",
    "the symbols": "now['B'] = now['A']",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_row_49_what_a_strategy_is_given_is_frozen(change: str, capsys: pytest.CaptureFixture[str]) -> None:
    write(HEAD + "    def on_start(self, now): now.buy('A', 1)\n" + ON_BAR + change + "\n")
    code, line = refused(capsys, "run", "mine.py", *DATA)
    assert (code, line.partition(": ")[2].partition(":")[0]) == (1, "Mine.on_bar raised FrozenInstanceError")
    assert line.startswith("mine.py:7: ")


def test_row_49_lists_and_dicts_are_copies(capsys: pytest.CaptureFixture[str]) -> None:
    results = []
    for change in ("now.get_all_positions().clear(), now.open_orders().clear(), now['A'].indicators().clear()", "0"):
        write(HEAD + "    def on_start(self, now): now.buy('A', 1)\n" + ON_BAR + change + "\n")
        assert main(["run", "mine.py", *DATA, "--json"]) == 0
        results.append(capsys.readouterr().out)
    assert results[0] == results[1]


def test_row_49_books_that_are_changed_behind_the_engine_break_an_invariant(capsys: pytest.CaptureFixture[str]) -> None:
    write(HEAD + ON_BAR + "now._portfolio._totals = now._portfolio._totals._replace(cash=10**9)\n")
    code, line = refused(capsys, "run", "mine.py", *DATA)
    assert code == 1
    assert line.startswith("invariant I1 is broken: ")


def test_row_49_an_engine_that_is_patched_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BacktestBroker, "cancel", BacktestBroker.cancel)  # so that it is put back
    write(HEAD + ON_BAR + "import core; core.BacktestBroker.cancel = None\n")
    assert main(["check", "mine.py", *DATA]) == 1
    assert "in the place of core.execution.broker.BacktestBroker.cancel" in capsys.readouterr().out


# --- 50

DISTURBED = """    def on_start(self, now): now.buy("A", 7)
    def on_bar(self, now):
        if now.step % 2: now.sell("A", 1) if now.get_position("A").quantity else now.buy("A", 3)
        if {is_on}:
            decimal.getcontext().prec = 2
            random.seed(now.step)
            os.environ["TZ"] = "Pacific/Apia"; time.tzset()
            locale.setlocale(locale.LC_ALL, "C")
            sys.setrecursionlimit(sys.getrecursionlimit() + 1)
            os.chdir("/")
"""


def of_the_process() -> tuple[object, ...]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    rest = (time.localtime(0), locale.setlocale(locale.LC_ALL), sys.getrecursionlimit(), Path.cwd())
    return getcontext().prec, random.getstate(), environment, *rest


def test_row_50_what_a_strategy_changes_of_the_process_has_no_effect_and_is_put_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    results, before = [], of_the_process()
    for is_on in (True, False):
        write("import decimal, locale\n" + HEAD + DISTURBED.format(is_on=is_on))
        options = ["--costs.per-unit", "0.00123", "--slippage.basis-points", "3"]
        assert main(["run", "mine.py", *DATA, *options, "--json"]) == 0
        results.append(capsys.readouterr().out)
        assert of_the_process() == before
    assert results[0] == results[1]


def test_row_50_on_the_screen_too() -> None:
    write("import decimal, locale\n" + HEAD + DISTURBED.format(is_on=True))
    before = of_the_process()

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "n", "n", "s", "N", "c")
        assert of_the_process()[:3] == before[:3]
        assert Path.cwd() == before[-1]

    on_screen(opened(), script)


# --- 51

DEPENDS = {
    "time.time": ("now.buy('A', time.time_ns() % 10**9)", "the wall clock (time, time_ns in on_bar)"),
    "uuid4": ("now.buy('A', 1, tag=str(__import__('uuid').uuid4()))", "randomness (uuid4 in on_bar)"),
    "the order of a set": (
        "[now.buy('A', 1, tag=one) for one in {'a', 'b', 'c', 'd', 'e', 'f'}]",
        "the order of a set",
    ),
    "chance": ("now.buy('A', random.randint(1, 10**9))", "randomness (randint, random in on_bar)"),
    "the network": (
        "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); now.buy('A', s.getsockname()[1]); s.close()",
        "the network (socket in on_bar)",
    ),
}


@pytest.mark.parametrize(("does", "suspect"), DEPENDS.values(), ids=DEPENDS)
def test_row_51_what_else_a_strategy_depends_on_is_said_at_the_first_event(
    does: str, suspect: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(HEAD + ON_BAR + does + "\n")
    assert main(["check", "mine.py", *DATA]) == 1
    line = capsys.readouterr().out.splitlines()[2]
    assert re.match(r"depends on more than its inputs: yes, .* at event 0, bar 3: was OrderSubmitted 1 buy ", line)
    assert suspect in line


# --- 58


def test_row_58_a_clock_that_jumps_and_zones_that_change_during_a_run_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write("import decimal, locale\n" + HEAD + DISTURBED.format(is_on=False))
    honest = opened()
    honest.run()
    jumps = iter(range(0, -(10**9), -1_000_003))
    monkeypatch.setattr(time, "time", lambda: next(jumps))
    run = opened()
    zones = ("America/New_York", "Europe/Berlin", "Asia/Kathmandu")  # over the hours of March in which clocks change
    while run.step():
        monkeypatch.setenv("TZ", zones[run.clock.step % 3])
        time.tzset()
    monkeypatch.undo()
    time.tzset()
    assert run.journal.canonical_bytes() == honest.journal.canonical_bytes() != b""


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Apia"])
def test_row_58_another_zone_of_the_system_gives_the_same_run(zone: str, folder: Path) -> None:
    write("import decimal, locale\n" + HEAD + DISTURBED.format(is_on=True))
    results = [in_a_process("run", "mine.py", *DATA, "--json", TZ=one) for one in (zone, "UTC")]
    assert results[0].stdout == results[1].stdout != ""
    assert [one.returncode for one in results] == [0, 0]
