"""A packed recording: one file, with the bars that it needs, that opens as the recording did and climbs nowhere."""

import io
import json
import shutil
from collections.abc import Callable, Mapping
from errno import ENOSPC
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from core.backtest.command import Submit
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.bars import Bars
from core.errors import RecordingError
from core.execution.path import PathRule
from core.order import BUY, Order
from core.replay.branch import branch, without_order
from core.replay.explain import explain_order
from core.replay.manifest import Bookmark, Place
from core.replay.opened import Opened, is_recording, open_run, strategy_name
from core.replay.packing import PACKED, Packed, is_packed, open_packed, pack, packed_path, write_packed
from core.replay.recorder import Recorder
from core.replay.timeline import Timeline
from tests.core.builders import Script, at, backtest, bars_of
from tests.core.replay.test_timeline_properties import Drawn, Seen, any_runs

Spoil = Callable[[bytes], bytes]
MAGIC = b"fillstep pack 1\n"
LONG = [f"{100 + day % 7}.00/108/95/{101 + day % 5}/1000" for day in range(60)]


def recorded_at(folder: Path, run: Backtest, **places: Any) -> str:
    recorder = Recorder(run, str(folder / "run"))
    if places:
        recorder.keep_places(places.get("bookmarks", ()), places.get("opens_at"))
    recorder.finish()
    return str(recorder.path)


def packed_at(folder: Path, path: str) -> str:
    """Pack a recording, and let nothing else of it be there."""
    file = folder / f"other{PACKED}"
    file.write_bytes(pack(path))
    shutil.rmtree(path)
    return str(file)


def bought(steps: int, texts: list[str] | None = None) -> Backtest:
    """Return a run that buys, and has an order that waits, as far as some steps."""
    made = backtest(
        [bars_of("A", *(texts or LONG)), bars_of("B", *["-"] * 40, "7", "8", "9")],
        {0: lambda now: now.buy("A", 10), 1: lambda now: now.buy("A", 10, limit_price=90)},
    )
    made.run_until(lambda run: run.step_count == steps)
    return made


@settings(max_examples=10)
@given(any_runs)
def test_a_packed_recording_has_every_moment_and_every_reason_of_the_run(
    tmp_path_factory: pytest.TempPathFactory, drawn: Drawn
) -> None:
    folder = tmp_path_factory.mktemp("packed")
    live = drawn.backtest()
    live.run_until(lambda run: run.step_count == 3)
    one, other = Timeline(live), Timeline(open_run(packed_at(folder, recorded_at(folder, live))).run)
    for step in range(-1, live.step_count):
        assert Seen.of_past(other, other.end_of_step(step)) == Seen.of_past(one, one.end_of_step(step))
    for order_id in range(1, live.broker.order_count + 1):
        told = [list(explain_order(run, order_id))[:-1] for run in (live, other.run)]  # the last: whether it is over
        assert told[0] == told[1]


def test_it_has_the_bars_up_to_one_step_more_and_some_of_each_symbol(tmp_path: Path) -> None:
    made = bought(45)
    opened = open_run(packed_at(tmp_path, recorded_at(tmp_path, made)))
    assert opened.is_packed
    assert [len(one) for one in opened.recording.bars] == [46, 3]
    assert (opened.run.step_count, opened.run.length) == (45, 60)
    assert opened.recording.manifest.inputs == ()
    early = open_run(packed_at(tmp_path, recorded_at(tmp_path, bought(2))))
    assert [len(one) for one in early.recording.bars] == [32, 3]  # the first 32, and all that there are
    assert (early.run.step_count, early.run.length) == (2, 60)


def test_it_has_all_bars_of_a_run_that_is_over_and_what_a_person_did(tmp_path: Path) -> None:
    parent = bought(3)
    made = branch(parent, without_order(1)).run
    made.command(Submit(Order("A", BUY, 5)))
    made.run()
    place = Timeline(made).end_of_step(7)
    path = recorded_at(tmp_path, made, bookmarks=[Bookmark("a", *place, "here")], opens_at=Place(*place))
    recording, length = open_packed(packed_at(tmp_path, path))
    assert (length, [len(one) for one in recording.bars]) == (60, [60, 3])
    assert dict(recording.commands) == {2: [Submit(Order("A", BUY, 5))]}
    assert recording.edits == {1: None}
    assert (recording.opens_at, recording.manifest.bookmarks[0].note) == (place, "here")


def test_finer_bars_are_cut_and_the_bars_they_stand_for_are_whole(tmp_path: Path) -> None:
    days = ["10.00/12/9/11/100"] * 40
    finer = Bars.from_rows("A", [(at(step), 10, 12, 9, 11, 100) for step in range(40)])
    made = Backtest(
        bars_of("A", *days), Script({0: lambda now: now.buy("A", 1)}), Settings(path=PathRule.SUBBARS), [finer]
    )
    made.run_until(lambda run: run.step_count == 5)
    opened = open_run(packed_at(tmp_path, recorded_at(tmp_path, made)))
    assert [len(one) for one in (*opened.recording.bars, *opened.recording.subbars)] == [40, 6]


def test_many_facts_are_packed_in_several_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bought(45)
    path = recorded_at(tmp_path, made)
    monkeypatch.setattr("core.replay.packing.MOST_FACTS", 3)
    opened = open_run(packed_at(tmp_path, path))
    assert opened.run.journal.rows == made.journal.rows


def test_a_recording_that_is_being_written_is_not_packed(tmp_path: Path) -> None:
    recorder = Recorder(bought(3), str(tmp_path / "run"))
    with pytest.raises(RecordingError, match=r"process \d+ is writing it: pack it when that has ended"):
        pack(str(recorder.path))
    recorder.finish()
    assert pack(str(recorder.path)).startswith(MAGIC)


def split(data: bytes) -> tuple[dict[str, Any], bytes]:
    header, _, body = data.removeprefix(MAGIC).partition(b"\n")
    return json.loads(header), body


def joined(header: Mapping[str, Any], body: bytes) -> bytes:
    return MAGIC + json.dumps(header).encode() + b"\n" + body


def renamed(data: bytes, name: str) -> bytes:
    header, body = split(data)
    header["members"][0][0] = name
    return signed(header, body)


def resized(data: bytes, by: int) -> bytes:
    header, body = split(data)
    header["members"][-1][1] += by
    return joined(header, body)


def signed(header: Mapping[str, Any], body: bytes) -> bytes:
    """Return a pack whose SHA-256 is what it must be."""
    bare = json.dumps({**header, "sha256": ""}, separators=(",", ":")).encode()
    return joined({**header, "sha256": sha256(bare + body).hexdigest()}, body)


def shortened(data: bytes) -> bytes:
    header, body = split(data)
    return signed({**header, "length": 2}, body)


def limited(data: bytes) -> bytes:
    """Return the pack with a manifest of more bytes than one may have."""
    header, body = split(data)
    more = b" " * (1 << 25)
    name, size = header["members"][0]
    assert name == "manifest.json"
    body = body[:size] + more + body[size:]
    members = [[name, size + len(more)], *header["members"][1:]]
    return signed({**header, "members": members}, body)


def bare(header: bytes) -> Spoil:
    return lambda _: MAGIC + header


SPOILT: dict[str, tuple[Spoil, str]] = {
    "a name that climbs": (lambda data: renamed(data, "../manifest.json"), "must have members of a recording, each"),
    "a name that is a path": (lambda data: renamed(data, "/etc/passwd"), "must have members of a recording, each once"),
    "a name twice": (lambda data: renamed(data, "inputs"), "must have members of a recording, each once, has inputs"),
    "a size that is more": (lambda data: resized(data, 1), "must hold "),
    "a size that is less": (lambda data: resized(data, -1), "must end after its members, holds 1 bytes more"),
    "a size below zero": (lambda data: resized(data, -(10**9)), "must hold "),
    "no manifest": (lambda data: renamed(data, "bars-99.parquet"), "has no manifest.json"),
    "a byte that is another": (
        lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "is damaged: it is not what",
    ),
    "a torn end": (lambda data: data[:-40], "must hold "),
    "no header": (bare(b""), "must be JSON"),
    "a header without an end": (bare(b"[" * 3_000_000), "must be JSON"),
    "a header of something else": (bare(b'{"a": 1}\n'), "key a is unknown"),
    "a deep header": (bare(b"[" * 100_000 + b"\n"), "must be JSON"),
    "another beginning": (lambda data: b"PK\x03\x04" + data, "is no packed recording"),
    "fewer steps than there were": (shortened, "holds 45 steps of 2"),
    "a member beyond its bound": (limited, "/manifest.json: must be at most "),
}


@pytest.mark.parametrize(("spoil", "said"), SPOILT.values(), ids=SPOILT)
def test_a_file_that_is_no_packed_recording_is_refused(tmp_path: Path, spoil: Spoil, said: str) -> None:
    file = tmp_path / f"spoilt{PACKED}"
    file.write_bytes(spoil(pack(recorded_at(tmp_path, bought(45)))))
    with pytest.raises(RecordingError) as caught:
        open_run(str(file))
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(file))


@pytest.mark.parametrize(("name", "said"), [("gone.fillpack", "no such file"), ("a\0.fillpack", "cannot be opened")])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(RecordingError, match=said):
        open_run(str(tmp_path / name))


def test_a_packed_recording_is_told_by_its_name_or_by_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "report.bin"
    file.write_bytes(pack(recorded_at(tmp_path, bought(3))))
    assert is_packed(str(file))
    assert is_packed("x.fillpack")
    assert not is_packed(str(tmp_path))
    assert not is_packed("no\0name")
    (tmp_path / "strategy.py").write_text("x = 1\n")
    assert not is_packed(str(tmp_path / "strategy.py"))
    assert isinstance(open_run(str(file)), Opened)


def test_a_file_that_cannot_be_read_is_no_packed_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").write_bytes(MAGIC)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    assert not is_packed(str(tmp_path / "closed"))


def test_a_recording_in_a_folder_is_opened_as_it_stands(tmp_path: Path) -> None:
    made = bought(45)
    opened = open_run(recorded_at(tmp_path, made))
    assert (opened.is_packed, opened.run.step_count, opened.run.length) == (False, 45, 60)
    assert opened.run.journal.rows == made.journal.rows
    assert opened.run.strategy_name == "Script"


def test_a_recording_is_told_from_a_strategy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sma-cross").mkdir()
    Path("other").mkdir()
    told = ["sma-cross", "other", "gone.fillstep", "gone.fillstep/", "gone.fillpack", "mine.py", "mine.py:Mine"]
    assert [is_recording(one) for one in told] == [False, True, True, True, True, False, False]


def test_a_strategy_is_called_as_its_class() -> None:
    assert [strategy_name(one) for one in ("sma-cross", "a/b.py:Mine", "module:Outer.Inner")] == [
        "SmaCross",
        "Mine",
        "Inner",
    ]


def test_a_pack_is_named_after_its_recording() -> None:
    assert [packed_path(one) for one in ("a/b.fillstep", "a/b.fillstep/", "b")] == [
        "a/b.fillpack",
        "a/b.fillpack",
        "b.fillpack",
    ]


def test_a_disk_that_is_full_keeps_nothing_of_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "run.fillpack"

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(ENOSPC, "No space left on device")

    def begin(path: Path, _mode: str) -> Full:
        path.touch()
        return Full()

    monkeypatch.setattr(Path, "open", begin)
    with pytest.raises(RecordingError, match="cannot be written: no space left on device"):
        write_packed(str(file), b"data")
    assert not file.exists()


def test_a_pack_is_written_to_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    file = tmp_path / "run.fillpack"
    assert write_packed(str(file), b"data") == 4
    with pytest.raises(RecordingError, match="is there already: choose another name"):
        write_packed(str(file), b"other")
    assert file.read_bytes() == b"data"
    with pytest.raises(RecordingError, match="cannot be written: no such file or directory"):
        write_packed(str(tmp_path / "no" / "run"), b"data")


def test_no_byte_of_a_pack_can_be_another_and_nothing_but_that_is_raised(tmp_path: Path) -> None:
    data, file = pack(recorded_at(tmp_path, bought(5))), tmp_path / "spoilt.fillpack"
    head = data.index(b"\n", len(MAGIC)) + 1
    for at_byte in (*range(0, head, 7), *range(head, len(data), len(data) // 60)):
        for bit in (1, 32):
            file.write_bytes(data[:at_byte] + bytes([data[at_byte] ^ bit]) + data[at_byte + 1 :])
            with pytest.raises(RecordingError):
                open_run(str(file))
    for end in range(0, len(data), len(data) // 60):
        file.write_bytes(data[:end])
        with pytest.raises(RecordingError):
            open_run(str(file))


def test_a_member_that_is_not_there_is_none() -> None:
    assert Packed("a", 1, {}).read("inputs", 10) is None
