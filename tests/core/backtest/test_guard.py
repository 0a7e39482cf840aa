"""What a strategy raises becomes an error that says where, in its own file, it did."""

import os
import re
import threading
from decimal import getcontext
from pathlib import Path

import polars as pl
import pytest
from attrs import define

from core.backtest.examples import SmaCross
from core.backtest.guard import blame, is_interrupt, outside
from core.backtest.loop import Backtest
from core.backtest.strategies import find_strategy
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from core.errors import InvariantError, StrategyError

CALLS = ("indicators", "on_start", "on_bar", "on_order", "on_fill", "on_end")
RAISES = """from core import Strategy
class Mine(Strategy):
    def on_bar(self, now):
        if now.step == 0:
            now.buy("A", 1)
    def {call}(self, *_):
        fail()
def fail():
    {statement}
"""
PRICES = [100, 100, 100]


def bars() -> Bars:
    prices = {f"{name}_ticks": PRICES for name in ("open", "high", "low", "close")}
    return Bars("A", pl.DataFrame({"time": [0, 1, 2], **prices, "volume_units": PRICES}))


def raised(call: str, statement: str, name: str = "mine.py") -> StrategyError:
    Path(name).write_text(RAISES.format(call=call, statement=statement), encoding="utf-8")
    with pytest.raises(StrategyError) as caught:
        Backtest(bars(), find_strategy(name)()).run()
    return caught.value


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("call", CALLS)
def test_each_call_is_named_with_the_newest_line_of_the_strategy_s_file(call: str) -> None:
    error = raised(call, "raise ValueError('too late')")
    assert re.sub(r" \(step \d\)$", "", str(error)) == f"mine.py:9: Mine.{call} raised ValueError: too late"
    assert isinstance(error.__cause__, ValueError)


WHAT = {
    "an exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "endless calls": ("fail()", "RecursionError: maximum recursion depth exceeded"),
    "no memory": ("raise MemoryError", "MemoryError: "),
    "an escape sequence": ("raise ValueError('\\x1b[2J')", "ValueError: ␛[2J"),
    "an interrupt of its own": ("raise KeyboardInterrupt", "KeyboardInterrupt: "),
    "the end of a generator": ("raise GeneratorExit", "GeneratorExit: "),
    "what is no Exception": ("raise BaseException('no')", "BaseException: no"),
    "another module's fault": (
        "import json; json.loads('x')",
        "JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
    ),
}


@pytest.mark.parametrize(("statement", "what"), WHAT.values(), ids=WHAT)
def test_whatever_is_raised_is_named_on_one_line(statement: str, what: str) -> None:
    assert str(raised("on_bar", statement)).startswith(f"mine.py:9: Mine.on_bar raised {what}")


def test_the_step_is_named() -> None:
    @define
    class Late(Strategy):
        def on_bar(self, now: Now) -> None:
            if now.step == 2:
                raise ValueError

    with pytest.raises(StrategyError, match=r" \(step 2\)$"):
        Backtest(bars(), Late()).run()


def test_before_the_first_step_none_is_named() -> None:
    assert "step" not in str(raised("indicators", "raise ValueError"))


def test_no_path_is_shown_but_the_one_that_was_given(tmp_path: Path) -> None:
    assert str(tmp_path) not in str(raised("on_bar", "raise ValueError"))
    given = f"{tmp_path}/mine.py"
    assert str(raised("on_bar", "raise ValueError", given)).startswith(f"{given}:9: ")


def test_a_strategy_that_ships_is_named_by_its_module() -> None:
    made = SmaCross()
    object.__setattr__(made, "fast", "x")  # past its own validator
    with pytest.raises(StrategyError, match=r"^core\.backtest\.examples:\d+: SmaCross\.indicators raised "):
        Backtest(bars(), made)


def test_what_no_line_of_the_strategy_raised_names_its_module_alone() -> None:
    error = blame(SmaCross, "__init__", TypeError("no"))
    assert str(error) == "core.backtest.examples: SmaCross.__init__ raised TypeError: no"


def test_a_broken_invariant_is_not_the_strategy_s_doing() -> None:
    error = InvariantError("C1", 1, 2)
    assert blame(SmaCross(), "on_bar", error) is error


INTERRUPTS = {
    "in its own code": "import signal; signal.raise_signal(signal.SIGINT)",
    "in a library": "import json; json.loads('[1]', object_hook=None, parse_int=lambda _: signal.raise_signal(2))",
    "in a loop": "import os; os.kill(os.getpid(), signal.SIGINT)\n    while True: pass",
}


@pytest.mark.parametrize("statement", INTERRUPTS.values(), ids=INTERRUPTS)
def test_a_person_who_interrupts_is_not_the_strategy(statement: str) -> None:
    text = RAISES.format(call="on_start", statement=statement).replace("from core", "import signal\nfrom core")
    Path("mine.py").write_text(text, encoding="utf-8")
    run = Backtest(bars(), find_strategy("mine.py")())
    with pytest.raises(KeyboardInterrupt):
        run.run()
    assert run.is_over


def test_a_file_that_is_interrupted_is_not_a_wrong_one() -> None:
    Path("mine.py").write_text("import signal; signal.raise_signal(signal.SIGINT)", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        find_strategy("mine.py")


def test_what_raised_nothing_is_no_interrupt() -> None:
    assert is_interrupt(KeyboardInterrupt())
    assert not is_interrupt(ValueError())


# --- what is around the calls


def test_a_guard_that_is_entered_again_is_left_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Backtest(bars(), SmaCross())
    before = getcontext()
    with run.guard:
        assert getcontext() is not before
        with run.guard:
            run.step()
        assert getcontext() is not before
    assert getcontext() is before


def test_outside_is_outside_of_all_that_this_thread_has_entered() -> None:
    one, other = Backtest(bars(), SmaCross()).guard, Backtest(bars(), SmaCross()).guard
    before = getcontext()
    with one:
        first = getcontext()
        with other, other:
            second = getcontext()
            with outside():
                assert getcontext() is before
                assert (one.depth, other.depth) == (0, 0)
            assert getcontext() is second
            assert (one.depth, other.depth) == (1, 2)
        assert getcontext() is first
    assert getcontext() is before


def test_another_thread_can_execute_steps_while_one_is_outside() -> None:
    run, other = Backtest(bars(), SmaCross()), Backtest(bars(), SmaCross())
    worker = threading.Thread(target=other.run)
    with run.guard:
        worker.start()
        worker.join(0.2)
        assert worker.is_alive()  # it waits
        assert not other.is_over
        with outside():
            worker.join()
    assert other.is_over
    with outside():  # of nothing
        run.run()
    assert run.is_over


def test_a_process_that_a_strategy_has_forked_ends_when_it_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Backtest(bars(), SmaCross()).guard

    def end(code: int) -> None:
        raise SystemExit(code)

    guard.__enter__()
    with monkeypatch.context() as patched:
        patched.setattr(os, "getpid", lambda: -1)
        patched.setattr(os, "_exit", end)
        with pytest.raises(SystemExit, match="0"):
            guard.__exit__(None, None, None)
    guard._end()
