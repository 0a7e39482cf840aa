"""What takes long is said on the terminal: a run to its end with a bar, and how fast it was; loading in a word."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import Progress

from core.backtest.garbage import rare_collections
from core.backtest.loop import Backtest

_PATIENCE_SECONDS: Final = 1.0
_SLICE: Final = 100  # steps between two looks at the clock


def is_terminal(*streams: object) -> bool:
    """Say whether each of some streams is a terminal."""
    return all(getattr(stream, "isatty", bool)() for stream in streams)


def run_to_end(backtest: Backtest, between: Callable[[], object] | None = None) -> None:
    """Execute every step that is left; the bar is shown only where stderr is a terminal.

    Args:
        backtest: The run.
        between: Called now and then between two steps, where it is given.
    """
    console, begun, done = Console(stderr=True), monotonic(), backtest.step_count
    if is_terminal(sys.stderr) and console.is_interactive:
        _run_with_bar(backtest, Progress(console=console, transient=True), between or bool)
    elif between is not None:
        _run_in_slices(backtest, between)
    else:
        backtest.run()
    seconds, steps = monotonic() - begun, backtest.step_count - done
    if seconds > _PATIENCE_SECONDS:
        print(f"{steps:,} steps in {seconds:.2f} s, {steps / seconds:,.0f} a second", file=sys.stderr)


@contextmanager
def said_once_it_takes_long(text: str, seconds: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Say on the terminal what goes on, once it takes a while; nothing of it stays, and nothing is said to a pipe.

    Args:
        text: What goes on.
        seconds: After how long it is said.
    """
    console = Console(stderr=True)
    status = console.status(text)
    timer = Timer(seconds, status.start)
    if is_terminal(sys.stderr) and console.is_interactive:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if timer.ident is not None:
            timer.join()
        status.stop()


def _run_with_bar(backtest: Backtest, bar: Progress, between: Callable[[], object]) -> None:
    task = bar.add_task("steps", total=len(backtest.feed))
    shown_from = monotonic() + _PATIENCE_SECONDS

    def show() -> None:
        between()
        if monotonic() > shown_from:
            bar.start()
            bar.update(task, completed=backtest.step_count)

    try:
        _run_in_slices(backtest, show)
    finally:
        bar.stop()


def _run_in_slices(backtest: Backtest, between: Callable[[], object]) -> None:
    with rare_collections():
        while not backtest.is_over:
            with backtest.guard:
                for _ in range(_SLICE):
                    backtest.step()
            between()
