"""The debugger is handed the call of the strategy at the place where one stands."""

import pdb  # noqa: T100 - what is replaced
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from attrs import define, field

from core.backtest.examples import DipBuyer
from core.backtest.loop import Backtest
from core.backtest.strategy import Now, Strategy
from core.clock import Phase
from core.errors import InputError
from core.fill import Fill
from core.replay.cursor import START, Cursor
from tui.debugger import check_debugger, debug_at

Sample = Callable[..., Backtest]
A_FILL = Cursor(6, Phase.LEG_2, 26)  # of order 2, after its cash
Called = list[tuple[Any, ...]]


@define
class Quiet(Strategy):
    """Hear of no fill."""

    _bought: bool = field(default=False, init=False)

    def on_bar(self, now: Now) -> None:
        if not self._bought:
            self._bought = True
            now.buy("AAPL", 5)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Called:
    """Take the place of pdb, and note the calls."""
    calls: Called = []
    monkeypatch.delenv("PYTHONBREAKPOINT", raising=False)
    monkeypatch.setattr(pdb.Pdb, "runcall", lambda _, *call: noted(calls, *call))
    return calls


def noted(calls: Called, method: Callable[..., object], *arguments: Any) -> object:
    now, *fills = arguments
    calls.append((method.__name__, now.step, *(fill.id for fill in fills)))
    return method(*arguments)


@pytest.mark.parametrize(
    ("cursor", "call"),
    [
        (START, ("on_bar", 0)),
        (Cursor(0, Phase.STRATEGY, 8), ("on_bar", 0)),
        (Cursor(6, Phase.CORPORATE_ACTIONS, 23), ("on_bar", 6)),
        (A_FILL, ("on_fill", 6, 2)),
        (Cursor(6, Phase.LEG_2, 24), ("on_fill", 6, 2)),  # after the fill itself
        (Cursor(6, Phase.LEG_2, 27), ("on_bar", 6)),  # after the order that was its answer
        (Cursor(7, Phase.CORPORATE_ACTIONS, 28), ("on_bar", 7)),
    ],
)
def test_at_a_fill_it_is_on_fill_and_everywhere_else_on_bar(
    sample: Sample, called: Called, capsys: pytest.CaptureFixture[str], cursor: Cursor, call: tuple[Any, ...]
) -> None:
    run = sample(10)
    before = run.journal.canonical_bytes()
    debug_at(run, cursor)
    assert called == [call]
    name = call[0] if len(call) == 2 else "on_fill of fill #2"
    assert f"bar {call[1] + 1}: {name}; c or q leads back" in capsys.readouterr().out
    assert run.journal.canonical_bytes() == before


def test_a_strategy_that_does_not_hear_of_fills_is_called_with_the_bar(sample: Sample, called: Called) -> None:
    run = sample(3, Quiet())
    debug_at(run, Cursor(1, Phase.OPEN, 5))
    assert called == [("on_bar", 1)]


def test_what_the_strategy_prints_before_is_not_seen(
    sample: Sample, called: Called, capsys: pytest.CaptureFixture[str]
) -> None:
    class Loud(DipBuyer):
        def on_bar(self, now: Now) -> None:
            sys.stdout.write(f"at {now.step}\n")

    run = sample(10, Loud())
    capsys.readouterr()
    debug_at(run, Cursor(4, Phase.STRATEGY, 0))
    assert [line for line in capsys.readouterr().out.splitlines() if line] == [
        "bar 5: on_bar; c or q leads back",
        "at 4",
    ]


def test_another_debugger_with_runcall_is_used(sample: Sample, called: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Called = []
    other = ModuleType("a_debugger")
    other.runcall = lambda *call: noted(calls, *call)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_debugger", other)
    monkeypatch.setenv("PYTHONBREAKPOINT", "a_debugger.set_trace")
    debug_at(sample(10), A_FILL)
    assert (calls, called) == ([("on_fill", 6, 2)], [])


def test_one_without_runcall_stands_before_the_call_and_sees_now(
    sample: Sample, called: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def set_trace() -> None:
        frame = sys._getframe(1)
        while "now" not in frame.f_locals and frame.f_back is not None:
            frame = frame.f_back
        seen.append((frame.f_locals["now"].step, isinstance(frame.f_locals["arguments"][-1], Fill)))

    other = ModuleType("a_hook")
    other.set_trace = set_trace  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_hook", other)
    monkeypatch.setenv("PYTHONBREAKPOINT", "a_hook.set_trace")
    debug_at(sample(10), A_FILL)
    assert (seen, called) == ([(6, True)], [])


@pytest.mark.parametrize("hook", ["no_such_module.set_trace", "set_trace"])
def test_a_hook_that_cannot_be_imported_is_an_input_error(monkeypatch: pytest.MonkeyPatch, hook: str) -> None:
    monkeypatch.setenv("PYTHONBREAKPOINT", hook)
    with pytest.raises(InputError, match=f"PYTHONBREAKPOINT is {hook}, which cannot be imported"):
        check_debugger()


@pytest.mark.parametrize(("value", "is_off"), [("0", True), ("", False), ("pdb.set_trace", False), (None, False)])
def test_0_switches_debugging_off(monkeypatch: pytest.MonkeyPatch, value: str | None, is_off: bool) -> None:
    if value is None:
        monkeypatch.delenv("PYTHONBREAKPOINT", raising=False)
    else:
        monkeypatch.setenv("PYTHONBREAKPOINT", value)
    if is_off:
        with pytest.raises(InputError, match="PYTHONBREAKPOINT is 0, which switches debugging off"):
            check_debugger()
    else:
        check_debugger()
