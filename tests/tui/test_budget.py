"""What a step may cost, in counts, which no machine changes: bytes written, lines made, and facts of the journal read.

A run without a terminal writes nothing, so what is written is counted by a driver that is none of a headless run: for
it Textual makes the same escape codes as for a terminal.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, SupportsIndex

import pytest
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from benchmarks.time_travel import make_backtest
from core.backtest.journal import Row
from core.backtest.loop import Backtest
from tests.tui.driving import press
from tui.app import FillstepApp
from tui.panes.list_pane import ListPane
from tui.scene import Scene

SIZE = (120, 40)
KEYS = ("n", "N", "n", "S", "s", "left_square_bracket", "F", "F", "f", "right_square_bracket", "0", "dollar_sign")
LINES = {"order_line": "orders", "_written_event": "events"}
"""The functions that make lines, and in which pane they are seen."""
MOST_BYTES = 25_000
MOST_READ = 1_000
"""Facts that a key may read: those of its step, those that halve a search, and those after the kept moment before."""

Sample = Callable[..., Backtest]


class CountingDriver(HeadlessDriver):
    """Counts what a terminal would be given."""

    written = flushes = 0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        type(self).written += len(data.encode())

    def flush(self) -> None:
        type(self).flushes += 1


class CountedRows(list[Row]):
    """The facts of a run, which count how many of them are read."""

    read = 0

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        found = super().__getitem__(index)
        CountedRows.read += len(found) if isinstance(index, slice) else 1
        return found

    def __iter__(self) -> Iterator[Row]:
        CountedRows.read += len(self)
        return super().__iter__()


def on_terminal(run: Backtest, script: Callable[[Pilot[Any]], Awaitable[None]]) -> None:
    """Run a script on the app over a run; it writes as to a terminal."""

    async def look() -> None:
        app = FillstepApp(run)
        app.driver_class = CountingDriver
        async with app.run_test(headless=False, size=SIZE) as pilot:
            await pilot.pause()
            await script(pilot)

    asyncio.run(look())


async def each_key(pilot: Pilot[Any], counted: Callable[[str], None]) -> None:
    """Look at the past and come back, then press each key of time, and have what it cost counted."""
    for key in ("left_square_bracket", "F", "0", "dollar_sign"):  # the first look at the past reads all of it
        await press(pilot, key)
    for key in KEYS:
        counted("")
        await press(pilot, key)
        counted(key)


def counting(made: Counter[str], name: str, make: Callable[..., object]) -> Callable[..., object]:
    """Return a function that counts its calls."""

    def counted(*arguments: object) -> object:
        made[name] += 1
        return make(*arguments)

    return counted


@pytest.mark.parametrize("is_long", [False, True])
def test_a_key_of_time_writes_one_frame_of_few_bytes(sample: Sample, long_run: Backtest, is_long: bool) -> None:
    written: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def count(key: str) -> None:
        written[key].append((CountingDriver.flushes, CountingDriver.written))
        CountingDriver.flushes = CountingDriver.written = 0

    async def script(pilot: Pilot[Any]) -> None:
        await each_key(pilot, count)

    on_terminal(long_run if is_long else sample(300), script)
    del written[""]
    assert set(written) == set(KEYS)
    for key, costs in written.items():
        assert [(key, flushes) for flushes, _ in costs] == [(key, 1) for _ in costs]
        assert max(size for _, size in costs) <= MOST_BYTES


def test_no_more_lines_are_made_than_are_seen(monkeypatch: pytest.MonkeyPatch, long_run: Backtest) -> None:
    made: Counter[str] = Counter()
    for name in LINES:
        monkeypatch.setattr(Scene, name, counting(made, name, getattr(Scene, name)))
    of_a_key: list[Counter[str]] = []

    def count(key: str) -> None:
        if key:
            of_a_key.append(Counter(made))
        made.clear()

    async def script(pilot: Pilot[Any]) -> None:
        await each_key(pilot, count)
        rows = {name: pilot.app.query_one(f"#{pane}", ListPane).size.height - 1 for name, pane in LINES.items()}
        for name, height in rows.items():
            assert 0 < max(one[name] for one in of_a_key) <= height

    on_terminal(long_run, script)


def test_a_key_of_time_reads_few_facts_however_many_there_are(long_run: Backtest) -> None:
    read: dict[str, int] = {}

    def count(key: str) -> None:
        read[key] = max(CountedRows.read, read.get(key, 0))
        CountedRows.read = 0

    async def script(pilot: Pilot[Any]) -> None:
        await each_key(pilot, count)

    whole = long_run.journal.rows
    long_run.journal.rows = CountedRows(whole)
    on_terminal(long_run, script)
    long_run.journal.rows = list(long_run.journal.rows)
    del read[""]
    assert max(read.values()) <= MOST_READ


def test_a_frame_of_a_run_that_goes_on_reads_few_facts_however_many_came_since_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = make_backtest(8_000)
    run.journal.rows = CountedRows()
    read: list[int] = []
    show = FillstepApp.show

    def counted(app: FillstepApp, message: str = "") -> None:
        before = CountedRows.read
        show(app, message)
        read.append(CountedRows.read - before)

    monkeypatch.setattr(FillstepApp, "show", counted)

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "c")

    on_terminal(run, script)
    assert run.is_over
    assert len(run.journal) > 30_000
    assert len(read) > 2
    assert max(read) <= MOST_READ
