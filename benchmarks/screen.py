"""Measure the screen through a terminal of its own: from a key to the last byte of what it paints.

F, the floor, is what an app of one small widget takes; it is measured in turn with what it is compared with, so that
a slow machine is slow for both.
"""

import argparse
import os
import random
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from attrs import define, field, frozen

from benchmarks.generate import random_walk, with_prices, write_bars
from benchmarks.terminal import Reply, Size, Terminal

_BARS: Final = 1_000_000
_BEHIND: Final = 980_000
_MANY_ROWS: Final = 100_000
_FEW_ROWS: Final = 100
_SIZE: Final[Size] = (120, 40)
_OTHER_SIZES: Final[Sequence[Size]] = ((80, 24), (200, 60))
_BLOCK: Final = 20
_HELD_A_SECOND: Final = 30
_HELD_SECONDS: Final = 5
_STARTS: Final = 7
_STAND_STILL_SECONDS: Final = 1.0
_PAUSES: Final = 40
_FRAME_MS: Final = 1000 / 60
_SEEK_MS: Final = 5.0
_MOST_BYTES: Final = 25_000
_MEDIAN_FLOORS: Final = 4.5
_P95_FLOORS: Final = 7
_MOST_OF_FEW_ROWS: Final = 1.1
_PAUSE_MS: Final = 10
_LEAST_OF_ALONE: Final = 0.85
_MOST_OF_EMPTY: Final = 2
_READY, _FRAME, _FULL = b"ready 0", b"q Quit", (b"PAUSED", b"Price", b"Quit")


@frozen
class Row:
    """One line of the result.

    Attributes:
        name: What was measured.
        figures: What came out, as text.
        goal: What was wanted, as text.
        is_met: Whether it was; None where nothing was wanted.
    """

    name: str
    figures: str
    goal: str = ""
    is_met: bool | None = None


@define
class Times:
    """How long something took each time, in milliseconds."""

    all: list[float] = field(factory=list)
    computed: list[float] = field(factory=list)

    def add(self, reply: Reply) -> None:
        """Take in one more."""
        self.all.append(1000 * reply.seconds)
        self.computed.append(1000 * reply.processor_seconds)

    @property
    def median(self) -> float:
        """What half of them stay below."""
        return median(self.all)

    @property
    def p95(self) -> float:
        """What 95 % of them stay below."""
        return sorted(self.all)[int(0.95 * len(self.all))]

    def row(self, name: str, floor: float, extra: float = 0.0) -> Row:
        """Compare with the floor: a median of 4.5 times it, 95 % within 7 times it and a frame, and something extra."""
        is_met = self.median <= _MEDIAN_FLOORS * floor + extra
        is_met = is_met and self.p95 <= min(_P95_FLOORS * floor, _FRAME_MS) + extra
        more = f" + {extra:.0f} ms" if extra else ""
        return Row(name, f"{self} {self.median / floor:6.1f} F", f"4.5 F, 95 % 7 F and 16.7 ms{more}", is_met)

    def __str__(self) -> str:
        computed = f"{median(self.computed):8.2f}" if self.computed else " " * 8
        return f"{self.median:8.2f} {self.p95:8.2f} {computed}"


def _child(what: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.screen_child", what, *options]


def _shown_by(what: str) -> Sequence[bytes]:
    return (_READY,) if what == "floor" else _FULL


def _open(stack: ExitStack, what: str, *options: str, size: Size = _SIZE) -> Terminal:
    """Start a program, and wait until it stands still."""
    terminal = stack.enter_context(Terminal.start(_child(what, *options), size))
    terminal.wait_for(*_shown_by(what))
    terminal.wait_until_quiet(_STAND_STILL_SECONDS)
    return terminal


def _in_turn(programs: Sequence[tuple[Terminal, Sequence[bytes]]], presses: int) -> list[tuple[Times, list[Reply]]]:
    """Press the keys of several programs, a block of one after a block of another."""
    results: list[tuple[Times, list[Reply]]] = [(Times(), []) for _ in programs]
    for begin in range(0, presses, _BLOCK):
        for (terminal, keys), (times, replies) in zip(programs, results, strict=True):
            for place in range(begin, min(begin + _BLOCK, presses)):
                replies.append(terminal.press(keys[place % len(keys)]))
                times.add(replies[-1])
    return results


def _click(column: int, row: int) -> bytes:
    """Return what a terminal sends for a click on a cell, counted from 0."""
    return f"\x1b[<0;{column + 1};{row + 1}M\x1b[<0;{column + 1};{row + 1}m".encode()


@define
class Measurement:
    """Measures, and tells each line as it comes.

    Attributes:
        data: The bars.
        presses: How often each key is pressed.
        tell: Is given the lines.
        floor: F, in milliseconds, as it was measured last.
    """

    data: Path
    presses: int
    tell: Callable[[str], object]
    floor: float = 0.0

    def all(self) -> None:
        """Measure everything."""
        self.tell(f"load {' '.join(f'{one:.1f}' for one in os.getloadavg())} of {os.cpu_count()} cores")
        self.tell(f"{'in ms':44}{'median':>8} {'95 %':>8} {'computed':>8}")
        for part in (self.steps, self.rows, self.running, self.start):
            part()
        self.tell(f"load {' '.join(f'{one:.1f}' for one in os.getloadavg())} of {os.cpu_count()} cores")

    def steps(self) -> None:
        """Measure what the keys of time take, over a million bars."""
        with ExitStack() as stack:
            floor = _open(stack, "floor")
            app = _open(stack, "crosses", "--data", str(self.data), "--steps", str(_BEHIND))
            self._against(floor, app, "step at 120x40", b"n", are_bytes_told=True)
            for key in (b"[", b"$"):  # the first look at the past reads the whole journal
                app.press(key)
            app.press(b"[")
            self._against(floor, app, "N over what is recorded", b"N")
            self._against(floor, app, "n over what is recorded", b"n", at_most=self.presses)
            app.press(b"$")
            app.press(b"7")  # a click there moves the focus only once
            for name, keys in self._seeks().items():
                self._against(floor, app, f"seek {name}", *keys, extra=_SEEK_MS, at_most=60)
            app.press(b"$")
            self._go_to(app)
            app.press(b"$")
            self._held(app)
            for size in _OTHER_SIZES:
                floor.resize(size)
                app.resize(size)
                self._against(floor, app, f"step at {size[0]}x{size[1]}", b"n")

    @staticmethod
    def _seeks() -> dict[str, Sequence[bytes]]:
        line = _SIZE[1] - 3
        return {
            "0 and $": (b"0", b"$"),
            "[": (b"[",),
            "]": (b"]",),
            "f and F": (b"F", b"F", b"f"),
            "S and s": (b"S", b"S", b"s"),
            "by a click on the timeline": [_click(column, line) for column in (80, 5, 50, 20, 100, 35)],
        }

    def _against(
        self,
        floor: Terminal,
        app: Terminal,
        name: str,
        *keys: bytes,
        extra: float = 0.0,
        at_most: int | None = None,
        are_bytes_told: bool = False,
    ) -> None:
        """Measure keys in turn with the floor."""
        presses = min(self.presses, at_most or self.presses)
        (lowest, _), (times, replies) = _in_turn(((floor, (b"n",)), (app, keys)), presses)
        self.floor = lowest.median
        self._say(Row(f"F beside {name}", str(lowest)))
        self._say(times.row(name, self.floor, extra))
        if are_bytes_told:
            counts = sorted(reply.count for reply in replies)
            figures = f"{counts[len(counts) // 2]:8} {counts[int(0.95 * len(counts))]:8}  most {counts[-1]}"
            self._say(Row("bytes of a step", figures, f"at most {_MOST_BYTES}", counts[-1] <= _MOST_BYTES))
        frames = {reply.frames for reply in replies}
        if frames != {1}:
            self._say(Row(f"frames of {name}", str(sorted(frames)), "1", is_met=False))

    def _go_to(self, app: Terminal) -> None:
        """Measure the command `goto`, from the enter that ends it, and that of a blank line."""
        gone, closed, chosen = Times(), Times(), random.Random(1)
        for _ in range(min(self.presses, 30)):
            for text, times in ((f"goto {chosen.randrange(1, _BEHIND)}", gone), (" ", closed)):
                app.press(b":")
                app.press(text.encode())
                times.add(app.press(b"\r"))
        self._say(gone.row("seek by goto, with its dialog closed", self.floor, _SEEK_MS))
        self._say(Row("a dialog closed, and nothing else", f"{closed} {closed.median / self.floor:6.1f} F"))

    def _held(self, app: Terminal) -> None:
        """Measure a key that is held down: how many of its presses are painted before the next one."""
        app.written.clear()
        count, painted, frames = _HELD_A_SECOND * _HELD_SECONDS, 0, 0
        begun = perf_counter()
        for press in range(1, count + 1):
            app.write(b"n")
            ends = app.read_until(begun + press / _HELD_A_SECOND)
            painted, frames = painted + bool(ends), frames + len(ends)
        frames += len(app.read_until(perf_counter() + 1.0))
        figures = f"{frames} frames of {count} keys, {painted} before the next key"
        self._say(Row("key held, 30 a second", figures, "all, before the next key", count == painted == frames))

    def rows(self) -> None:
        """Compare lists of a hundred rows with lists of a hundred thousand, over a run with an order on each bar."""
        with ExitStack() as stack:
            floor = _open(stack, "floor")
            few, many = (
                _open(stack, "busy", "--data", str(self.data), "--steps", str(steps))
                for steps in (_FEW_ROWS, _MANY_ROWS)
            )
            self._against(floor, many, "step with an order on each bar", b"n")
            for name, focus, keys in (
                ("a step", b"5", (b"n",)),
                ("the cursor of the orders", b"3", (b"j",)),
                ("first and last of the orders", b"3", (b"G", b"g")),
                ("the cursor of the events", b"5", (b"k",)),
            ):
                for terminal in (few, many):
                    terminal.write(focus)
                    terminal.press(b"n")
                (less, _), (more, _) = _in_turn(((few, keys), (many, keys)), self.presses)
                ratio = more.median / less.median
                self._say(
                    Row(
                        f"100,000 rows: {name}",
                        f"{more} {ratio:6.2f} of 100 rows",
                        "1.1 of 100 rows",
                        ratio <= _MOST_OF_FEW_ROWS,
                    )
                )

    def running(self) -> None:
        """Measure a run that goes on: how soon it pauses, and how fast it is beside the loop without a screen."""
        with TemporaryDirectory() as folder, ExitStack() as stack:
            notes = Path(folder) / "notes"
            app = _open(stack, "crosses", "--data", str(self.data), "--notes", str(notes))
            obeyed, painted, chosen = Times(), Times(), random.Random(1)
            for _ in range(_PAUSES):
                app.write(b"c")
                app.read_until(perf_counter() + chosen.uniform(0.03, 0.12))
                sent = perf_counter()
                painted.add(app.press(b" "))
                word, at, _ = notes.read_text().splitlines()[-1].split()
                assert word == "run_or_pause"  # noqa: S101 - else something else was measured
                obeyed.all.append(1000 * (float(at) - sent))
            self._say(Row("pause, key to no further step", str(obeyed), "95 % 10 ms", obeyed.p95 <= _PAUSE_MS))
            self._say(Row("pause, key to last paint", str(painted)))
        with TemporaryDirectory() as folder, ExitStack() as stack:
            notes = Path(folder) / "notes"
            app = _open(stack, "race", "--data", str(self.data), "--notes", str(notes))
            alone = float(notes.read_text().split()[1])
            app.written.clear()
            begun = app.write(b"c")
            shown = app.wait_for(b"END of data") - begun
            figures = f"{_BARS / shown:8,.0f} steps a second, {alone / shown:.0%} of {_BARS / alone:,.0f} without"
            self._say(Row("running to the end", figures, "85 %", alone / shown >= _LEAST_OF_ALONE))

    def start(self) -> None:
        """Measure how soon the frame of the screen is there, before anything is loaded, and how soon it is full."""
        empty, frame, full = Times(), Times(), Times()
        for _ in range(_STARTS):
            for what, command, times in (
                ("floor", _child("floor"), empty),
                ("sample", [sys.executable, "-m", "tui"], full),
            ):
                with Terminal.start(command, _SIZE) as terminal:
                    if times is full:
                        frame.all.append(1000 * (terminal.wait_for(_FRAME) - terminal.started))
                    times.all.append(1000 * (terminal.wait_for(*_shown_by(what)) - terminal.started))
                    terminal.wait_until_quiet(_STAND_STILL_SECONDS)
        ratio = frame.median / empty.median
        figures = f"{frame} {ratio:6.2f} of empty"
        self._say(Row("start of an empty app", str(empty)))
        self._say(Row("frame of the sample, nothing loaded", figures, "2 of empty", ratio <= _MOST_OF_EMPTY))
        self._say(Row("the sample, its data loaded", f"{full} {full.median / empty.median:6.2f} of empty"))

    def _say(self, row: Row) -> None:
        met = {None: "", True: "met", False: "OVER"}[row.is_met]
        self.tell(f"{row.name:44}{row.figures:46} {row.goal:38} {met}".rstrip())


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screen", description=__doc__)
    parser.add_argument("--presses", type=int, default=200, help="how often each key is pressed (200)")
    parser.add_argument("--only", choices=("all", "steps", "rows", "running", "start"), default="all")
    options = parser.parse_args(arguments)
    data = Path(__file__).parent / "data" / "WALK.parquet"
    if not data.exists():
        write_bars(with_prices(random_walk(_BARS, seed=1)), data)
    getattr(Measurement(data, options.presses, lambda line: print(line, flush=True)), options.only)()


if __name__ == "__main__":
    main()
