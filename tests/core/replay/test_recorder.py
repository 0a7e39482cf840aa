"""A recording that is ended at any point, and a disk that fails at any: what was recorded is there."""

import errno
import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from attrs import define, field, frozen

from core.backtest.examples import BuyAndHold
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Strategy
from core.bars import Bars
from core.clock import Phase
from core.errors import InputError, RecordingError
from core.events import OrderFilled
from core.execution.costs import Commission
from core.execution.path import PathRule
from core.order import BUY, Order
from core.replay.columns import read_bars, write_bars, write_facts
from core.replay.cursor import Cursor
from core.replay.framing import frame
from core.replay.manifest import RecordedBars
from core.replay.recorded_strategy import describe
from core.replay.recorder import Recorder
from core.replay.recording import Recording, open_recording
from core.replay.storage import hash_file
from tests.core.builders import Script, at, backtest, bars_of
from tests.core.replay.recordings import PRICES, Unhurried, Watched, make_run, play

ROOT = Path(__file__).parents[3]


@pytest.fixture
def whole(tmp_path: Path) -> Recording:
    """The recording that nothing has ended."""
    play(str(tmp_path / "whole"), Unhurried())
    return open_recording(str(tmp_path / "whole.fillstep"))


def things_done(tmp_path: Path) -> int:
    """Return how many points there are at which a recording can end."""
    disk = Watched(bool)
    play(str(tmp_path / "counted"), disk)
    return disk.count


def assert_holds(recording: Recording, whole: Recording, given: int, facts: int) -> None:
    """Check that a recording holds so many commands and facts at least, and nothing that did not happen."""
    commands = [one for some in recording.commands.values() for one in some]
    assert commands == [one for some in whole.commands.values() for one in some][: len(commands)]
    assert list(recording.rows) == list(whole.rows)[: len(recording.rows)]
    assert (len(commands) >= given, len(recording.rows) >= facts) == (True, True)
    assert all(row[0] < recording.step_count for row in recording.rows)


def test_a_process_that_is_killed_at_any_write_point_loses_nothing_it_had_recorded(
    tmp_path: Path, whole: Recording
) -> None:
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    child = [sys.executable, "-m", "tests.core.replay.recordings", str(deaths)]
    subprocess.run(child, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    points = len(list(deaths.glob("*.said")))
    begun = torn = 0
    for point in range(points):
        said = [list(map(int, line.split())) for line in (deaths / f"{point}.said").read_text().splitlines()]
        folder = str(deaths / f"{point}.fillstep")
        if not said:
            try:
                assert_holds(open_recording(folder), whole, 0, 0)
            except RecordingError as error:
                assert "first writing did not end" in str(error) or "no such file" in str(error)  # noqa: PT017
            continue
        recording = open_recording(folder)
        given, facts, bookmarks = said[-1]
        assert_holds(recording, whole, given, facts)
        assert len(recording.manifest.bookmarks) >= bookmarks
        begun += 1
        torn += any("torn" in note for note in recording.notes)
    assert points == things_done(tmp_path) + 1  # the last child came to its end
    assert list(open_recording(folder).rows) == list(whole.rows)
    assert (begun, torn) == (40, 5)  # of lines that follow the first, each is torn once
    assert [len(whole.commands[step]) for step in sorted(whole.commands)] == [1, 2, 1]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_disk_that_fails_at_any_point_stops_the_recording_and_not_the_run(
    tmp_path: Path, whole: Recording, code: int
) -> None:
    count, why = 0, os.strerror(code).lower()

    def happens(number: int) -> None:
        if number == count:
            raise OSError(code, os.strerror(code))

    while True:
        folder, said = tmp_path / f"{count}.fillstep", []
        try:
            disk = Watched(happens)
            run, recorder = play(str(folder), disk, lambda one, said=said: said.append((one._given, one._facts)))
        except RecordingError as error:
            assert str(error) == f"{folder}: cannot be written: {why}"  # noqa: PT017
            assert not folder.exists()
            assert not said
        else:
            assert list(run.journal.rows) == list(whole.rows)
            assert_holds(open_recording(str(folder)), whole, *said[-1])
            if disk.count <= count:
                break
            if recorder.stopped is not None:
                assert recorder.stopped.endswith(f": {why}; the run goes on without it")
        count += 1
    assert count == things_done(tmp_path)


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8])
def test_facts_that_one_file_does_not_hold_are_in_several_each_of_which_ends_where_one_can_stand(
    tmp_path: Path, whole: Recording, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("core.replay.recorder.MOST_FACTS", max(most, 4))  # as many as one fill makes
    run = make_run()
    run.run()
    Recorder(run, str(tmp_path / "it"), disk=Unhurried()).finish()
    folder = tmp_path / "it.fillstep"
    assert list(open_recording(str(folder)).rows) == list(run.journal.rows)
    files = len(list(folder.glob("journal-*")))
    assert files > 1
    lines = (folder / "journal").read_bytes().splitlines(keepends=True)
    for kept in range(len(lines)):  # as if it had been ended after each
        (folder / "journal").write_bytes(b"".join(lines[:kept]))
        part = open_recording(str(folder))
        assert list(part.rows) == list(run.journal.rows)[: len(part.rows)]
        assert kept == len(lines) or any("was not finished" in note for note in part.notes)


def test_a_recording_opens_at_the_place_that_was_kept_or_else_at_its_end(tmp_path: Path, whole: Recording) -> None:
    assert whole.opens_at == Cursor(3, Phase.STRATEGY, len([row for row in whole.rows if row[0] <= 3]))
    Recorder(make_run(), str(tmp_path / "other"), disk=Unhurried()).finish()
    assert open_recording(str(tmp_path / "other.fillstep")).opens_at is None


def test_a_recording_holds_so_many_facts_and_then_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.replay.recorder.MOST_FACTS_OF_ALL", 9)
    run = make_run()
    run.step()
    recorder = Recorder(run, str(tmp_path / "it"), disk=Unhurried())
    facts = len(run.journal)
    run.run()
    recorder.finish()
    assert recorder.stopped == (
        f"recording stopped at record {facts}: a recording holds at most 9 facts; the run goes on without it"
    )


def test_a_fill_that_was_not_booked_to_its_end_is_left_out(tmp_path: Path) -> None:
    run = make_run()
    run.run()
    whole = len(run.journal)
    last = next(place for place in reversed(range(whole)) if run.journal.rows[place][2] is OrderFilled)
    run.journal.drop_from(last + 1)
    Recorder(run, str(tmp_path / "it"), disk=Unhurried()).finish("I5 is broken")
    opened = open_recording(str(tmp_path / "it.fillstep"))
    assert (len(opened.rows), opened.error) == (last, "I5 is broken")


def test_what_no_file_can_hold_is_refused_and_leaves_no_folder(tmp_path: Path) -> None:
    @frozen
    class OwnCosts(Commission):
        pass

    run = Backtest(bars_of("ACME", *PRICES), BuyAndHold(), Settings(costs=OwnCosts()))
    with pytest.raises(RecordingError, match="cannot be written: costs must be a Commission, was OwnCosts"):
        Recorder(run, str(tmp_path / "it"))
    assert not list(tmp_path.iterdir())


def test_a_tag_that_is_no_text_stops_the_recording(tmp_path: Path) -> None:
    run = backtest(bars_of("ACME", *PRICES), {1: lambda now: now.buy("ACME", 1, tag=5)})
    recorder = Recorder(run, str(tmp_path / "it"), disk=Unhurried())
    run.run()
    recorder.finish()
    assert recorder.stopped == (
        "recording stopped at record 0: OrderSubmitted: tag must be a text, was int 5; the run goes on without it"
    )
    with pytest.raises(RecordingError, match="cannot be written: OrderSubmitted: tag must be a text"):
        Recorder(run, str(tmp_path / "other"))


def test_what_interrupts_the_beginning_of_a_recording_leaves_no_folder(tmp_path: Path) -> None:
    def happens(number: int) -> None:
        if number == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Recorder(make_run(), str(tmp_path / "it"), disk=Watched(happens))
    assert not list(tmp_path.iterdir())


def test_where_there_are_no_locks_nobody_is_known_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(make_run(), str(tmp_path / "it"), disk=Unhurried())
    monkeypatch.setattr("core.replay.disk._flock", None)
    assert open_recording(str(recorder.path)).writer is None
    Recorder(make_run(), str(tmp_path / "other"), disk=Unhurried()).finish()
    assert open_recording(str(tmp_path / "other.fillstep")).writer is None
    monkeypatch.undo()
    (recorder.path / "lock").write_bytes(b"x")
    assert open_recording(str(recorder.path)).writer == 0  # somebody does, and has not said who
    (recorder.path / "lock").unlink()
    assert open_recording(str(recorder.path)).writer is None


def test_edits_and_finer_bars_of_a_branch_are_recorded_and_read(tmp_path: Path) -> None:
    hours = [at(0) + hour * timedelta(hours=1) for hour in range(-1, 1)]
    finer = Bars.from_rows("ACME", [(time, 10, 11, 9, 10, 50) for time in hours])
    edits = {1: Order("ACME", BUY, 3), 2: None}
    steps = {0: lambda now: [now.buy("ACME", 1), now.buy("ACME", 2)]}
    run = Backtest(bars_of("ACME", *PRICES), Script(steps), Settings(path=PathRule.SUBBARS), finer, edits=edits)
    run.run()
    Recorder(run, str(tmp_path / "it"), disk=Unhurried()).finish()
    opened = open_recording(str(tmp_path / "it.fillstep"))
    assert opened.edits == edits
    assert opened.subbars[0].frame.equals(finer.frame)
    assert list(opened.rows) == list(run.journal.rows)


def test_a_strategy_is_described_by_its_name_its_hash_and_what_it_was_given() -> None:
    @define
    class Inner(Strategy):
        size: Decimal = Decimal("1.50")
        names: list[str] = field(factory=lambda: ["é", 'a"b'])
        ratios: tuple[Decimal, ...] = (Decimal("0.1"), Decimal(2))
        share: float = 0.1
        is_bold: bool = True
        nothing: int | None = None

    described = describe(Inner())
    assert described.name == f"{Inner.__module__}:{Inner.__qualname__}"
    assert described.sha256 == sha256(Path(__file__).read_bytes()).hexdigest()
    assert described.parameters == {
        "size": "1.5",
        "names": '["é", "a\\"b"]',
        "ratios": "[0.1, 2]",
        "share": "0.1",
        "is_bold": "true",
    }
    assert described.is_complete
    assert not describe(Script({0: print})).is_complete  # a function cannot be given
    assert describe(BuyAndHold()).name == "buy-and-hold"
    Inner.__module__ = "not_loaded"
    assert describe(Inner()).sha256 is None


def test_what_is_printed_while_a_strategy_is_described_is_not_seen(capsys: pytest.CaptureFixture[str]) -> None:
    @define
    class Loud(Strategy):
        def __attrs_post_init__(self) -> None:
            print("made")  # noqa: T201

    loud = Loud()
    capsys.readouterr()
    assert describe(loud).is_complete
    assert capsys.readouterr().out == ""


def test_a_file_that_is_none_has_no_hash(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert [hash_file(str(tmp_path / name)) for name in ("pipe", "nothing", "")] == [None, None, None]


def test_what_is_no_file_and_no_folder_is_no_recording(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RecordingError, match="was something else; nothing of it was run"):
        open_recording(str(tmp_path / "pipe"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, whole: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdopen", fail)
    with pytest.raises(RecordingError, match=r"manifest\.json: cannot be read: input/output error"):
        open_recording(whole.path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"step": 9}, "record 1 breaks invariant T8: journal: 14 facts up to step 9 after step 1, of 5 steps"),
        ({"count": 10**6}, "record 1 breaks invariant T8: journal: 1000000 facts up to step 2 after step 1"),
        ({"step": 1}, "record 20 breaks invariant T8: its step is 2, after 1, the last that was executed"),
        ({"count": "14"}, "/journal: record 1: count must be a whole number"),
    ],
)
def test_a_line_of_the_journal_that_cannot_be_is_refused(
    whole: Recording, change: dict[str, object], said: str
) -> None:
    file = Path(whole.path) / "journal"
    lines = file.read_bytes().splitlines()
    segment = json.loads(lines[1].split(b" ", 3)[3])
    file.write_bytes(lines[0] + b"\n" + frame(1, json.dumps(segment | change).encode()))
    with pytest.raises(RecordingError) as refused:
        open_recording(whole.path)
    assert said in str(refused.value)


def test_bars_out_of_range_are_refused(whole: Recording) -> None:
    bars = whole.bars[0]
    made = RecordedBars.of(bars, "")
    later = bars.frame.with_columns(pl.lit(2**62).alias("time"))
    dearer = bars.frame.with_columns((pl.col("high_ticks") * 10**15).alias("high_ticks"))
    for frame_of_bars in (later, dearer):
        file = io.BytesIO()
        frame_of_bars.write_parquet(file)
        with pytest.raises(InputError, match="a time or a number is out of range"):
            read_bars(made, file.getvalue())
    unknown = Bars.from_rows("A", [(at(0), 1, 1, 1, 1), (at(1), 1, 1, 1, 1)])
    assert read_bars(RecordedBars.of(unknown, ""), write_bars(unknown)).frame.equals(unknown.frame)
    with pytest.raises(InputError, match="cannot be read: it is no Parquet, or was cut off"):
        read_bars(made, b"nothing")


def test_texts_that_together_are_too_long_are_not_written(monkeypatch: pytest.MonkeyPatch, whole: Recording) -> None:
    monkeypatch.setattr("core.replay.columns.MOST_BYTES", 100)
    with pytest.raises(InputError, match="facts must take at most 50 bytes"):
        write_facts(whole.rows)


def test_a_file_that_polars_cannot_read_is_damaged(monkeypatch: pytest.MonkeyPatch, whole: Recording) -> None:
    def fail(_: object) -> None:
        raise pl.exceptions.PanicException

    data = write_bars(whole.bars[0])
    monkeypatch.setattr(pl, "read_parquet_schema", fail)
    with pytest.raises(InputError, match="cannot be read: it is damaged"):
        read_bars(RecordedBars.of(whole.bars[0], ""), data)
