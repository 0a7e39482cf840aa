"""A recording that is ended at any point, and a disk that fails at any: what was recorded is there."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import RecordingError
from core.replay.recording import Recording, open_recording
from tests.core.replay.recordings import Unhurried, Watched, play

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
