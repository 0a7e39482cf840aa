"""Recordings that are newer, changed, torn, damaged, hostile or impossible; disks that fail; two at one recording.

Rows 39 to 44: each is refused or opened as far as it is whole, says why, and nothing of it is ever run.
"""

import errno
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import polars as pl
import pytest

from core.backtest.command import Submit
from core.backtest.examples import BuyAndHold
from core.backtest.journal import Row
from core.backtest.loop import Backtest
from core.data.load import load
from core.errors import ImpossibleRecordError, NewerRecordingError, RecordingError, ReplayRefusedError
from core.events import CashChanged, Event, OrderFilled, OrderSubmitted
from core.order import BUY, Order
from core.replay import recording
from core.replay.columns import write_facts
from core.replay.disk import Disk
from core.replay.framing import frame
from core.replay.recorder import Recorder
from core.replay.recording import Segment, open_recording
from core.replay.written import as_json
from tests.core.replay.recordings import PRICES, Unhurried, make_run, play
from tui.__main__ import main

CSV = "time,open,high,low,close,volume\n2024-01-02,10,12,9,11,100\n2024-01-03,11,13,10,12.5,100\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A recording that is whole: of 4 commands and 22 facts in 3 files."""
    play(str(tmp_path / "it"), Unhurried())
    return tmp_path / "it.fillstep"


def refusal(folder: Path) -> str:
    """Return why a recording is refused, without its folder."""
    with pytest.raises(RecordingError) as refused:
        open_recording(str(folder))
    return str(refused.value).replace(str(folder), "IT")


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    file = folder / "manifest.json"
    whole = json.loads(file.read_text())
    change(whole)
    file.write_text(json.dumps(whole))


def write_rows(folder: Path, rows: list[Row], step: int = 4) -> None:
    """Have a recording claim some facts; all that can be checked without folding them is in order."""
    for file in folder.glob("journal-*"):
        file.unlink()
    data = write_facts(rows)
    (folder / "journal-0.parquet").write_bytes(data)
    segment = Segment(step, 0, len(rows), sha256(data).hexdigest())
    (folder / "journal").write_bytes(frame(0, as_json(segment, Segment).encode()))


# Row 39


def test_row_39_a_recording_of_a_newer_version_is_refused_by_both_numbers(folder: Path) -> None:
    change_manifest(folder, lambda whole: whole.update(version=2, new_key=1))
    with pytest.raises(NewerRecordingError) as refused:
        open_recording(str(folder))
    assert str(refused.value) == (f"{folder}: is a recording of version 2, known are versions up to 1: update fillstep")


def test_row_39_a_recording_by_other_rules_is_looked_at_and_not_run_again(folder: Path) -> None:
    change_manifest(folder, lambda whole: whole["manifest"].update(rules=7))
    opened = open_recording(str(folder))
    assert opened.notes == ["it follows version 7 of the fill rules, this program version 1"]
    with pytest.raises(ReplayRefusedError) as refused:
        opened.check_can_replay()
    assert str(refused.value) == (
        f"{folder}: it follows version 7 of the fill rules, this program version 1: it can be opened to be looked at, "
        "or its run be recorded anew"
    )


def test_row_39_a_data_file_that_has_changed_since_is_named_and_nothing_is_run_again(tmp_path: Path) -> None:
    file = tmp_path / "A.csv"
    file.write_text(CSV)
    run = Backtest(load([file]), BuyAndHold())
    Recorder(run, str(tmp_path / "it"), disk=Unhurried()).finish()
    opened = open_recording(str(tmp_path / "it.fillstep"))
    opened.check_can_replay()
    file.write_text(CSV.replace("12.5", "12.6"))
    with pytest.raises(ReplayRefusedError, match=r"A\.csv has changed since it was recorded: it can be opened"):
        opened.check_can_replay()
    again = open_recording(str(tmp_path / "it.fillstep"))  # the bars are in the recording, as they were
    assert again.bars[0].bar(1).close == Decimal("12.5")
    file.unlink()
    again.check_can_replay()


def test_row_39_bars_of_another_run_are_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "journal-0.parquet", folder / "bars-0.parquet")
    assert refusal(folder) == "IT/bars-0.parquet: is not what was recorded, its SHA-256 differs"


# Row 40


def test_row_40_a_torn_last_record_is_dropped_and_said(folder: Path) -> None:
    whole = (folder / "inputs").read_bytes()
    (folder / "inputs").write_bytes(whole[:-5])
    opened = open_recording(str(folder))
    assert opened.notes == ["inputs: the end is torn: recovered up to record 2, what was being written then is dropped"]
    assert sum(map(len, opened.commands.values())) == 3
    with pytest.raises(ReplayRefusedError, match="inputs: the end is torn"):
        opened.check_can_replay()


def test_row_40_a_damaged_middle_opens_up_to_the_damage(folder: Path) -> None:
    lines = (folder / "inputs").read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"ACME", b"ACNE")
    (folder / "inputs").write_bytes(b"".join(lines))
    opened = open_recording(str(folder))
    assert opened.notes == ["inputs: record 1 is damaged, and what follows it is left out"]
    assert sum(map(len, opened.commands.values())) == 1


def test_row_40_facts_that_are_damaged_or_missing_end_what_is_opened(folder: Path) -> None:
    whole = open_recording(str(folder))
    file = folder / "journal-1.parquet"
    data = file.read_bytes()
    first = 7  # facts 0 to 6 are in the first file
    file.write_bytes(data[:40] + bytes([data[40] ^ 1]) + data[41:])
    damaged = open_recording(str(folder))
    assert damaged.notes[0] == f"journal-1.parquet: is damaged, its SHA-256 differs: recovered up to fact {first - 1}"
    file.unlink()
    missing = open_recording(str(folder))
    assert missing.notes[0] == f"journal-1.parquet: is missing: recovered up to fact {first - 1}"
    for opened in (damaged, missing):
        assert list(opened.rows) == list(whole.rows[:first])
        assert opened.step_count == 2
        assert not opened.manifest.bookmarks or opened.manifest.bookmarks[0].step < 2


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ((0, 2), "journal: record 1 is missing, 2 follows: kept up to record 0"),
        ((0, 1, 1), "journal: record 1 comes twice: kept up to record 1"),
        ((1, 2), "journal: record 0 is missing, 1 follows: none is kept"),
    ],
)
def test_row_40_records_that_are_missing_or_repeated_are_named(folder: Path, order: tuple[int, ...], said: str) -> None:
    lines = (folder / "journal").read_bytes().splitlines(keepends=True)
    (folder / "journal").write_bytes(b"".join(lines[place] for place in order))
    assert said in open_recording(str(folder)).notes


@pytest.mark.parametrize(
    ("first", "said"),
    [(3, "journal: fact 3 comes twice: recovered up to fact 6"), (12, "journal: facts 7 to 11 are missing: recovered")],
)
def test_row_40_facts_whose_numbers_repeat_or_jump_are_named(folder: Path, first: int, said: str) -> None:
    lines = (folder / "journal").read_bytes().splitlines()
    text = lines[1].split(b" ", 3)[3]
    segment = json.loads(text)
    segment["first"] = first
    (folder / "journal").write_bytes(lines[0] + b"\n" + frame(1, json.dumps(segment).encode()))
    opened = open_recording(str(folder))
    assert any(note.startswith(said) for note in opened.notes)
    assert len(opened.rows) == 7


# Row 41


class Bomb:
    """Something that runs a command when it is read as a pickle."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def write_program(path: Path, marker: Path) -> None:
    path.write_text(f"#!/bin/sh\ntouch {marker}\n")
    path.chmod(0o755)


def write_zip(path: Path, marker: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("../../../manifest.json", "{}")
        file.writestr("marker", str(marker))


KINDS: dict[str, Callable[[Path, Path], object]] = {
    "a pickle": lambda path, marker: path.write_bytes(pickle.dumps(Bomb(marker))),
    "a zip": write_zip,
    "a program": write_program,
}


@pytest.mark.parametrize("kind", KINDS)
def test_row_41_a_file_of_another_kind_is_refused_by_its_kind_and_not_run(tmp_path: Path, kind: str) -> None:
    marker, path = tmp_path / "marker", tmp_path / "it.fillstep"
    KINDS[kind](path, marker)
    assert refusal(path) == f"IT: must be a folder that a run was recorded in, was {kind}; nothing of it was run"
    assert not marker.exists()


@pytest.mark.parametrize("name", ["manifest.json", "inputs", "journal", "bars-0.parquet", "journal-0.parquet"])
@pytest.mark.parametrize("kind", KINDS)
def test_row_41_no_file_of_a_recording_is_run(folder: Path, tmp_path: Path, kind: str, name: str) -> None:
    marker = tmp_path / "marker"
    KINDS[kind](folder / name, marker)
    try:
        opened = open_recording(str(folder))
    except RecordingError:
        pass
    else:
        assert opened.notes
    assert not marker.exists()


DEEP = '{"a":' * 1_000_000
HOSTILE: dict[str, tuple[str, str]] = {
    "[" * 1_000_000: ("manifest.json", "must be JSON, is nested too deep"),
    DEEP[: 1 << 24]: ("manifest.json", "must be JSON, is nested too deep"),
    '{"format":"fillstep recording","version":1e400,"manifest":{}}': (
        "manifest.json",
        "a number must be whole or text",
    ),
    '{"format":"fillstep recording","version":NaN,"manifest":{}}': ("manifest.json", "a number must be whole or text"),
    f'{{"format":"fillstep recording","version":{"9" * 5000}}}': ("manifest.json", "must be JSON: "),
    '{"format":"fillstep recording","format":"x"}': ("manifest.json", "key format stands twice"),
    '{"format":"fillstep recording","version":1,"manifest":{},"more":1}': (
        "manifest.json",
        "must hold format, version",
    ),
    '{"format":"fillstep recording","version":true,"manifest":{}}': ("manifest.json", "must hold format, version"),
    '{"format":"fillstep recording","version":1,"manifest":[]}': ("manifest.json", "must be a record, was list"),
    '{"format":"fillstep recording","version":1,"manifest":{}}': ("manifest.json", "key actions is missing"),
    "[]": ("manifest.json", "is no manifest of a recording"),
    "\udcff": ("manifest.json", "must be JSON: "),
}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:50])
def test_row_41_a_manifest_that_is_none_is_refused_with_its_reason(folder: Path, text: str) -> None:
    name, said = HOSTILE[text]
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    refused = refusal(folder)
    assert refused.startswith(f"IT/{name}: ")
    assert said in refused
    assert len(refused) < 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made.update(surprise=1), "key surprise is unknown: known are actions, bars, bookmarks"),
        (
            lambda made: made["settings"].update(initial_capital="-5"),
            "initial_capital must be above zero, was Decimal -5",
        ),
        (lambda made: made["settings"].update(initial_capital=5), "initial_capital must be a text, was int 5"),
        (
            lambda made: made["settings"].update(timing="NEVER"),
            "timing must be one of NEXT_OPEN, SAME_CLOSE",
        ),
        (lambda made: made["bars"][0].update(rows=10**12), "bars must be at most 20,000,000 rows together"),
        (lambda made: made["bars"][0].update(rows=10**19), "rows must be a whole number of at most"),
        (lambda made: made["bars"][0].update(rows=4), "must hold 4 rows, holds 5"),
        (lambda made: made["bars"][0].update(digits=400), "digits must be from 0 to 12"),
        (lambda made: made["bars"][0].update(symbol=""), "symbol must not be empty"),
        (lambda made: made["bars"].append(made["bars"][0]), "has no bars-1.parquet"),
        (lambda made: made["bars"].clear(), "bars: none were given"),
        (lambda made: made.update(bookmarks=made["bookmarks"] * 2), "bookmarks must have a letter each"),
        (lambda made: made["bookmarks"][0].update(letter="\x1b[2J"), "bookmarks must have a letter each"),
        (lambda made: made["strategy"].update(parameters={"a": 1}), "parameters must be a text, was int 1"),
        (lambda made: made["opens_at"].update(phase=4), "phase must be a text, was int 4"),
    ],
)
def test_row_41_a_manifest_with_a_wrong_value_is_refused_by_its_key(
    folder: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    change_manifest(folder, lambda whole: change(whole["manifest"]))
    assert said in refusal(folder)


@pytest.mark.parametrize("name", ["manifest.json", "inputs", "journal", "bars-0.parquet", "journal-0.parquet"])
def test_row_41_no_file_leads_out_of_its_recording_waits_or_is_endless(folder: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    (folder / name).rename(outside)
    (folder / name).symlink_to(outside)
    assert refusal(folder) == f"IT/{name}: must be a file, was a link"
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert refusal(folder) == f"IT/{name}: must be a file"
    (folder / name).unlink()
    with (folder / name).open("wb") as file:
        file.truncate(1 << 33)  # it takes no room on the disk
    assert refusal(folder).startswith(f"IT/{name}: must be at most ")


def test_row_41_a_recording_names_no_paths_and_what_its_data_was_called_is_not_opened(folder: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be opened: no such file"):
        open_recording("../../nothing.fillstep")
    with pytest.raises(RecordingError, match="cannot be opened"):
        open_recording("a\0b")
    made = {"path": "../../../../etc/passwd", "sha256": "0" * 64}
    change_manifest(folder, lambda whole: whole["manifest"].update(inputs=[made]))
    opened = open_recording(str(folder))
    assert [one.path for one in opened.manifest.inputs] == ["../../../../etc/passwd"]


def bomb(folder: Path, frame_of_facts: pl.DataFrame, count: int | None = None) -> None:
    """Put a Parquet file in the place of the facts."""
    frame_of_facts.write_parquet(folder / "journal-0.parquet")
    digest = sha256((folder / "journal-0.parquet").read_bytes()).hexdigest()
    segment = Segment(4, 0, frame_of_facts.height if count is None else count, digest)
    (folder / "journal").write_bytes(frame(0, as_json(segment, Segment).encode()))


def facts(count: int, fields: str, **others: object) -> pl.DataFrame:
    """Return so many facts that are all alike."""
    cells = {"step": 0, "phase": 9, "kind": "OrderAccepted", "fields": fields} | others
    types = {"step": pl.Int32, "phase": pl.UInt8, "kind": pl.String, "fields": pl.String}
    return pl.select(*(pl.lit(cells[name], kind).alias(name) for name, kind in types.items())).select(
        pl.all().repeat_by(count).explode()
    )


BOMBS: dict[str, tuple[Callable[[], pl.DataFrame], str]] = {
    "more facts than a file holds": (lambda: facts(70_000, "[]"), "record 0 breaks invariant T8"),
    "one long text many times": (lambda: facts(100, "[" + " " * 900_000), "facts must be whole, at most"),
    "a text of many megabytes": (lambda: facts(1, " " * (1 << 26)), "facts must be whole, at most"),
    "a text that unpacks to much": (
        lambda: facts(1, " " * (130 << 20)),
        "must take at most 135,266,304 bytes unpacked",
    ),
    "facts that are lists without end": (lambda: facts(1, "[" * 500_000), "must be JSON, is nested too deep"),
    "an unknown kind": (lambda: facts(1, "[]", kind="eval"), "record 0: there is no fact eval in phase 9"),
    "an abstract kind": (lambda: facts(1, "[null]", kind="Event"), "record 0: there is no fact Event in phase 9"),
    "an unknown phase": (lambda: facts(1, "[]", phase=77), "there is no fact OrderAccepted in phase 77"),
    "too few fields": (lambda: facts(1, "[null]"), "record 0, OrderAccepted: must be a row of 2, was list [None]"),
    "a number with a point": (lambda: facts(1, "[null,1.5]"), "a number must be whole or text, was 1.5"),
    "a missing step": (lambda: facts(1, "[null,1]", step=None), "facts must be whole, at most"),
    "another column": (lambda: facts(1, "[]").with_columns(more=1), "must hold the columns step, phase, kind, fields"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_row_41_a_parquet_bomb_is_refused_by_its_sizes(folder: Path, kind: str) -> None:
    make, said = BOMBS[kind]
    bomb(folder, make())
    assert said in refusal(folder)


OPEN_ALL = """
import sys
from pathlib import Path
from core.errors import RecordingError
from core.replay.recording import open_recording
for folder in sys.argv[1:]:
    try:
        open_recording(folder)
    except RecordingError:
        continue
    sys.exit(f"{folder} was opened")
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])  # the most it ever had, in kB
"""


def test_row_41_hostile_recordings_take_no_more_than_a_gigabyte_of_memory(folder: Path, tmp_path: Path) -> None:
    folders = []
    for place, (make, _) in enumerate(BOMBS.values()):
        folders.append(str(tmp_path / f"{place}.fillstep"))
        shutil.copytree(folder, folders[-1])
        bomb(Path(folders[-1]), make())
    child = subprocess.run([sys.executable, "-c", OPEN_ALL, *folders], capture_output=True, text=True, check=True)
    assert int(child.stdout) < 1_000_000  # kB


# Row 42


def changed(rows: list[Row], kind: type[Event], change: Callable[[Any], tuple[Any, ...]]) -> tuple[list[Row], int]:
    """Return facts of which the first of a kind is another, and its number."""
    number = next(number for number, row in enumerate(rows) if row[2] is kind)
    step, phase, _, fields = rows[number]
    rows[number] = (step, phase, kind, change(fields))
    return rows, number


def with_fill(**changes: Any) -> Callable[[Any], tuple[Any, ...]]:
    return lambda fields: (*fields[:2], attrs.evolve(fields[2], **changes), *fields[3:])


CLAIMS: dict[str, tuple[type[Event], Callable[[Any], tuple[Any, ...]], str, int]] = {
    "a fill above its order": (OrderFilled, with_fill(quantity=Decimal(11)), "O2", 0),
    "a fill of another order": (OrderFilled, with_fill(symbol="OTHER"), "O3", 0),
    "a fill outside of its bar": (OrderFilled, with_fill(price=Decimal(99)), "O4", 0),
    "a fill that comes twice": (OrderFilled, with_fill(id=7), "O6", 0),
    "a fill at another price": (OrderFilled, with_fill(price=Decimal("10.5")), "I5", 1),
    "cash that does not match": (CashChanged, lambda one: (*one[:2], one[2] + 1, *one[3:]), "I1", 0),
    "cash out of nowhere": (CashChanged, lambda one: (one[0], one[1] + 1, *one[2:]), "I1", 0),
    "what remains": (OrderFilled, lambda one: (*one[:3], Decimal(3), one[4]), "O2", 0),
    "an order out of turn": (OrderSubmitted, lambda one: (one[0], 5, *one[2:]), "T8", 0),
    "a time of another step": (CashChanged, lambda one: (one[0].replace(year=2025), *one[1:]), "T8", 0),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_row_42_an_impossible_claim_is_refused_by_its_invariant_and_its_record(folder: Path, claim: str) -> None:
    kind, change, invariant, later = CLAIMS[claim]
    rows, number = changed(list(open_recording(str(folder)).rows), kind, change)
    write_rows(folder, rows)
    with pytest.raises(ImpossibleRecordError) as refused:
        open_recording(str(folder))
    assert (refused.value.invariant, refused.value.record) == (invariant, number + later)
    assert str(refused.value).startswith(f"{folder}: record {number + later} breaks invariant {invariant}: ")


def test_row_42_a_fill_without_its_cash_is_refused(folder: Path) -> None:
    rows = list(open_recording(str(folder)).rows)
    fill = next(number for number, row in enumerate(rows) if row[2] is OrderFilled)
    write_rows(folder, rows[: fill + 1])
    assert refusal(folder) == f"IT: record {fill + 1} breaks invariant I5: a fill is not booked to its end"


def test_row_42_commands_out_of_time_are_refused(folder: Path) -> None:
    order = recording.Given(9, Submit(Order("ACME", BUY, 1)))
    (folder / "inputs").write_bytes(frame(0, as_json(order, recording.Input).encode()))
    assert refusal(folder) == "IT: record 0 breaks invariant T8: inputs: step 9 after step -1, of 5 steps"


# Row 43


class Failing(Disk):
    """A disk that fails once so many facts are on it.

    Attributes:
        code: How.
        what: The method that fails.
    """

    def __init__(self, code: int, what: str) -> None:
        self.code, self.what, self.is_full = code, what, False

    def __getattribute__(self, name: str) -> Any:
        get = object.__getattribute__
        if name == get(self, "what") and get(self, "is_full"):
            code = get(self, "code")
            raise OSError(code, os.strerror(code))
        return get(self, name)


@pytest.mark.parametrize(
    ("code", "what", "why"),
    [
        (errno.ENOSPC, "write", "no space left on device"),
        (errno.EROFS, "create", "read-only file system"),
        (errno.EIO, "sync", "input/output error"),
    ],
)
def test_row_43_a_disk_that_fails_stops_the_recording_and_says_so(
    tmp_path: Path, code: int, what: str, why: str
) -> None:
    run, disk = make_run(), Failing(code, what)
    run.step()
    recorder = Recorder(run, str(tmp_path / "it"), disk=disk)
    facts_before = len(run.journal)
    disk.is_full = True
    run.run()
    recorder.finish()
    assert recorder.stopped == f"recording stopped at record {facts_before}: {why}; the run goes on without it"
    recorder.write()  # nothing more is tried
    assert len(open_recording(str(tmp_path / "it.fillstep")).rows) == facts_before


def test_row_43_a_folder_that_vanishes_stops_the_recording_of_a_run_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("core.replay.recorder.ENOUGH_FACTS", 1)
    (tmp_path / "A.csv").write_text(CSV)
    (tmp_path / "mine.py").write_text(
        "import shutil\nfrom core import Strategy\n\nclass Mine(Strategy):\n    def on_bar(self, now):\n"
        "        now.buy('A', 1)\n        shutil.rmtree('it.fillstep', ignore_errors=True)\n"
    )
    assert main(["run", "mine.py", "--data", "A.csv", "--record", "it"]) == 1
    out, said = capsys.readouterr()
    assert said == ("fillstep: recording stopped at record 0: no such file or directory; the run goes on without it\n")
    assert "fills               1" in out
    assert not (tmp_path / "it.fillstep").exists()


@pytest.mark.parametrize("name", ["it", "nowhere/it", "a\0b"])
def test_row_43_a_recording_that_cannot_begin_is_refused_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it.fillstep").mkdir()
    assert main(["run", "buy-and-hold", "--record", name]) == 2
    out, said = capsys.readouterr()
    why = {
        "it": "is there already: choose another name",
        "nowhere/it": "cannot be written: no such file or directory",
        "a\0b": "cannot be written: embedded null byte",
    }
    assert (out, said) == ("", f"fillstep: {name.replace(chr(0), '␀')}.fillstep: {why[name]}\n")
    assert not list((tmp_path / "it.fillstep").iterdir())


# Row 44


def test_row_44_a_second_instance_is_told_who_writes_and_only_looks(tmp_path: Path) -> None:
    run = make_run()
    recorder = Recorder(run, str(tmp_path / "it"), disk=Unhurried())
    opened = open_recording(str(recorder.path))
    assert opened.writer == os.getpid()
    assert opened.notes[0] == (
        f"process {os.getpid()} is writing it: this is what it has written so far, to be looked at only"
    )
    with pytest.raises(RecordingError, match="is there already: choose another name"):
        Recorder(run, str(tmp_path / "it"))
    recorder.finish()
    assert open_recording(str(recorder.path)).writer is None


def test_row_44_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom core.replay.recorder import Recorder\n"
        "from tests.core.replay.recordings import make_run\n"
        "run = make_run()\nrun.step()\nRecorder(run, sys.argv[1])\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    child = subprocess.run([sys.executable, "-c", code, str(tmp_path / "it")], check=False)
    assert child.returncode == -9
    opened = open_recording(str(tmp_path / "it.fillstep"))
    assert (opened.writer, opened.step_count, opened.notes) == (None, 1, [])
    assert len(opened.bars[0]) == len(PRICES)
