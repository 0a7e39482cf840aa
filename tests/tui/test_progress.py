"""A run to its end, with a bar on the terminal once it takes a while."""

import re
from io import StringIO
from time import sleep

import pytest

from core.backtest.examples import SmaCross
from core.backtest.loop import Backtest
from tui import progress
from tui.sample import load_sample

SPEED = re.compile(r"2,015 steps in \d+\.\d\d s, [\d,]+ a second\n")


class Terminal(StringIO):
    """Says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def sample() -> Backtest:
    return Backtest(load_sample(), SmaCross())


def run_on(stderr: StringIO, monkeypatch: pytest.MonkeyPatch) -> Backtest:
    backtest = sample()
    monkeypatch.setattr("sys.stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    progress.run_to_end(backtest)
    return backtest


def test_a_quick_run_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal()
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 1_000)
    assert run_on(stderr, monkeypatch).is_over
    assert stderr.getvalue() == ""


def test_a_long_run_shows_how_far_it_came_and_clears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal()
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", -1)
    assert run_on(stderr, monkeypatch).is_over
    bar, erased, last = stderr.getvalue().rpartition("\x1b[2K")  # the line of the bar is erased
    assert "steps" in bar
    assert erased
    assert SPEED.fullmatch(last)


def test_no_bar_is_shown_where_stderr_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = StringIO()
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", -1)
    assert run_on(stderr, monkeypatch).is_over
    assert SPEED.fullmatch(stderr.getvalue())


def test_a_run_is_the_same_with_the_bar_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", -1)
    shown, plain = run_on(Terminal(), monkeypatch), run_on(StringIO(), monkeypatch)
    assert shown.journal.canonical_bytes() == plain.journal.canonical_bytes()


def test_a_stream_that_is_not_there_is_no_terminal() -> None:
    assert progress.is_terminal(Terminal(), Terminal())
    assert not progress.is_terminal(Terminal(), StringIO())
    assert not progress.is_terminal(None)


def said_while_waiting(stderr: StringIO, monkeypatch: pytest.MonkeyPatch, *, is_long: bool) -> str:
    monkeypatch.setattr("sys.stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    with progress.said_once_it_takes_long("loading ...", 0 if is_long else 1_000):
        while is_long and isinstance(stderr, Terminal) and "loading" not in stderr.getvalue():
            sleep(0.001)
    return stderr.getvalue()


def test_what_takes_long_is_said_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    said = said_while_waiting(Terminal(), monkeypatch, is_long=True)
    assert "loading ..." in said
    assert said.endswith("\x1b[2K")  # the line is blank again


def test_what_takes_no_time_is_not_said_nor_is_anything_to_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "loading" not in said_while_waiting(Terminal(), monkeypatch, is_long=False)
    assert said_while_waiting(StringIO(), monkeypatch, is_long=True) == ""
