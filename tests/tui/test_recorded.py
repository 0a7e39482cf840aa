"""Runs that are recorded: on the screen as they go on, and without one; what is written opens as it was."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from core.clock import Phase
from core.replay.disk import Disk
from core.replay.manifest import Bookmark
from core.replay.recording import open_recording
from tests.tui.driving import app_of, press, say, session_of, told
from tui.__main__ import main
from tui.app import FillstepApp
from tui.panes.telling import Notice

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
CSV = "time,open,high,low,close,volume\n2024-01-02,10,12,9,11,100\n2024-01-03,11,13,10,12.5,100\n"
RAISES = """from core import Strategy

class Mine(Strategy):
    def on_bar(self, now):
        now.buy("A", 1)
        1 / 0
"""


@pytest.fixture(autouse=True)
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_run_on_the_screen_is_recorded_from_where_it_stands_and_goes_on(
    on_screen: OnScreen, sample: Sample, tmp_path: Path
) -> None:
    run = sample(3)

    async def script(pilot: Pilot[None]) -> None:
        await say(pilot, "record my run")
        assert told(pilot) == "recording to my run.fillstep, until the screen is left"
        await say(pilot, "buy 1 AAPL")
        begun = open_recording("my run.fillstep")
        assert (begun.step_count, sum(map(len, begun.commands.values()))) == (3, 1)  # at once, and with it nothing else
        await press(pilot, "n", "n", "m", "a")
        assert open_recording("my run.fillstep").manifest.bookmarks == (
            Bookmark("a", *session_of(pilot).timeline.cursor),
        )
        await say(pilot, "note here it is")
        await say(pilot, "record again")
        assert told(pilot) == "this run is recorded already, to my run.fillstep"
        await press(pilot, "N", "N")
        assert app_of(pilot).end_recordings() == []

    on_screen(run, script)
    opened = open_recording("my run.fillstep")
    assert opened.rows == run.journal.rows
    assert opened.commands == run.commands
    assert (opened.step_count, opened.notes) == (5, [])
    assert opened.opens_at is not None
    assert (opened.opens_at.step, opened.opens_at.phase) == (2, Phase.STRATEGY)
    assert [(one.letter, one.note) for one in opened.manifest.bookmarks] == [("a", "here it is")]
    assert not (tmp_path / "again.fillstep").exists()


def test_a_disk_that_fails_is_told_in_a_banner_and_the_run_goes_on(
    on_screen: OnScreen, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = sample(3)
    said = "recording stopped at record 0: no space left on device; the run goes on without it"

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def script(pilot: Pilot[None]) -> None:
        await say(pilot, "record it")
        recorder = session_of(pilot).recorder
        assert recorder is not None
        monkeypatch.setattr(Disk, "sync", fail)
        await say(pilot, "buy 1 AAPL")
        banner = Notice(recorder.stopped or "", is_error=True, is_standing=True)
        assert (recorder.stopped or "").replace(str(recorder._facts), "0") == said
        assert banner in app_of(pilot)._notices
        await press(pilot, "n")
        assert (run.step_count, banner in app_of(pilot)._notices) == (4, True)
        await say(pilot, "record more")  # refused: the disk is as full as before
        monkeypatch.undo()
        await press(pilot, "escape")
        assert app_of(pilot).end_recordings() == [recorder.stopped]

    on_screen(run, script)
    assert len(run.commands[2]) == 1


def test_a_recording_that_cannot_begin_is_said_where_it_was_asked_for(on_screen: OnScreen, sample: Sample) -> None:
    Path("it.fillstep").mkdir()

    async def script(pilot: Pilot[None]) -> None:
        await say(pilot, "record it")
        assert told(pilot) == "it.fillstep: is there already: choose another name"
        assert session_of(pilot).recorder is None

    on_screen(sample(3), script)


def test_a_run_without_a_screen_is_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "A.csv").write_text(CSV)
    assert main(["run", "buy-and-hold", "--data", "A.csv", "--record", "it.fillstep"]) == 0
    assert capsys.readouterr().err == ""
    opened = open_recording("it.fillstep")
    assert (opened.step_count, opened.error, opened.opens_at) == (2, "", None)
    assert [one.path for one in opened.manifest.inputs] == ["A.csv"]
    assert opened.manifest.strategy.name == "buy-and-hold"


def test_a_run_that_its_strategy_ends_is_recorded_with_its_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "A.csv").write_text(CSV)
    (tmp_path / "mine.py").write_text(RAISES)
    assert main(["run", "mine.py", "--data", "A.csv", "--record", "it"]) == 1
    said = "mine.py:6: Mine.on_bar raised ZeroDivisionError: division by zero (step 0)"
    assert capsys.readouterr().err == f"fillstep: {said}\n"
    opened = open_recording("it.fillstep")
    assert (opened.error, opened.step_count, len(opened.rows)) == (said, 1, 2)
    assert opened.manifest.strategy.name == "mine.py:Mine"
    assert opened.manifest.strategy.sha256 is not None
