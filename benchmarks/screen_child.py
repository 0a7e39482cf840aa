"""What runs in the terminal while the screen is measured: an empty app, or the app over a long run."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, ComposeResult
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.binding import BindingType

    from core import Backtest


class Floor(App[None]):
    """An app of one small widget, which a key changes: what no app can be quicker than."""

    BINDINGS: ClassVar[list["BindingType"]] = [("n", "count", "Count")]

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._shown = Static("ready 0")

    def compose(self) -> ComposeResult:
        """Show the count."""
        yield self._shown

    def action_count(self) -> None:
        """Count on."""
        self._count += 1
        self._shown.update(f"ready {self._count}", layout=False)


def _open(make: Callable[[], "Backtest"], notes: Path | None) -> None:
    """Open the screen of a run; write down when each key of time was obeyed, one line each."""
    from tui import app  # noqa: PLC0415 - the floor starts without it

    class Noting(app.FillstepApp):
        CSS_PATH = str(Path(app.__file__).with_name("app.tcss"))

        def action_travel(self, name: str) -> None:
            super().action_travel(name)
            if notes is not None:
                with notes.open("a") as file:
                    file.write(f"{name} {perf_counter()} {self.session.run.step_count}\n")

    (Noting if notes else app.FillstepApp)(make()).run()


def _long_run(data: Path, steps: int, *, is_busy: bool) -> "Backtest":
    """Return a run over the bars of a file, so many steps on.

    Args:
        data: The bars.
        steps: How many steps are executed.
        is_busy: Whether it asks for an order on every bar, instead of trading on crosses.
    """
    from benchmarks.time_travel import EveryBar  # noqa: PLC0415 - the floor starts without it
    from core import Backtest, Settings  # noqa: PLC0415
    from core.backtest.examples import SmaCross  # noqa: PLC0415
    from core.backtest.garbage import rare_collections  # noqa: PLC0415
    from core.data.load import load  # noqa: PLC0415

    strategy = EveryBar() if is_busy else SmaCross()
    backtest = Backtest(load([data]), strategy, Settings(initial_capital=1_000_000))
    with rare_collections():
        for _ in range(steps):
            backtest.step()
    return backtest


def _race(data: Path, notes: Path) -> "Backtest":
    """Execute a run without a screen, write down how long that took, and return the same run at its start."""
    alone = _long_run(data, 0, is_busy=False)
    begun = perf_counter()
    alone.run()
    notes.write_text(f"alone {perf_counter() - begun} {alone.step_count}\n")
    return _long_run(data, 0, is_busy=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screen_child", description=__doc__)
    parser.add_argument("what", choices=("floor", "crosses", "busy", "race"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--notes", type=Path)
    options = parser.parse_args(arguments)
    if options.what == "floor":
        Floor().run()
    elif options.what == "race":
        _open(lambda: _race(options.data, options.notes), options.notes)
    else:
        is_busy = options.what == "busy"
        _open(lambda: _long_run(options.data, options.steps, is_busy=is_busy), options.notes)
    sys.stdout.flush()
    os._exit(0)  # a journal of a million facts need not be taken apart


if __name__ == "__main__":
    main()
