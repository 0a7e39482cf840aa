"""Recordings on the command line: opened, verified, compared, packed; what each prints, says and returns."""

import io
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.backtest.examples import DipBuyer
from core.backtest.loop import Backtest
from core.replay.manifest import Bookmark, Place
from core.replay.opened import open_run
from core.replay.recorder import Recorder
from core.replay.timeline import Timeline
from tests.tui.conftest import _lines, play
from tests.tui.driving import place, press, session_of, told
from tui.__main__ import main
from tui.app import FillstepApp
from tui.sample import load_sample, make_sample
from tui.serve import HOST, PORT

HEADER = "time,open,high,low,close,volume\n"
BARS = f"{HEADER}2024-01-02,10,12,9,11,100\n2024-01-03,11,13,10,12.5,100\n2024-01-04,12,14,11,13,100\n"
BUY_ONE = """from attrs import define
from core import Strategy

@define
class BuyOne(Strategy):
    quantity: int = 1

    def on_bar(self, now):
        print("at step", now.step)
        if now.step == 0:
            now.buy("A", self.quantity)
"""
RUN = ("run", "buy_one.py:BuyOne", "--data", "A.csv")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in a folder with bars and a strategy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tui.settings.user_config_path", lambda name: tmp_path / "settings" / name)
    Path("A.csv").write_text(BARS, encoding="utf-8")
    Path("buy_one.py").write_text(BUY_ONE, encoding="utf-8")
    before = set(sys.modules)
    yield
    for name in {name for name in sys.modules if name.endswith(".py")} - before:
        del sys.modules[name]


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Return the exit code, and what was written to the output and beside it."""
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def recorded(capsys: pytest.CaptureFixture[str], name: str, *words: str) -> None:
    assert main([*RUN, "--record", name, *words]) == 0
    capsys.readouterr()


def test_a_recording_is_verified(capsys: pytest.CaptureFixture[str]) -> None:
    recorded(capsys, "one")
    code, out, err = said(capsys, "verify", "one.fillstep")
    assert code == 0
    assert out.splitlines() == [
        "record    5 events up to bar 3: every invariant holds that can be seen of a record",
        "strategy  run again: all 5 events are alike",
    ]
    assert err == "at step 0\nat step 1\nat step 2\n"


def test_balances_of_the_settings_file_are_checked_as_it_is_run_and_as_it_is_verified(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # bought one at 11: cash is 99,989 from the second bar on
    Path("run.toml").write_text(
        "[[balance]]\nat = 2024-01-03\ncash = 99989.00\nquantity.A = 2\n[strategy]\nquantity = 1\n", encoding="utf-8"
    )
    code, out, err = said(capsys, *RUN, "--settings", "run.toml", "--record", "one")
    assert (code, out.splitlines()[0]) == (1, "strategy            buy_one.py:BuyOne")
    assert err.splitlines()[-1] == "fillstep: quantity of A at 2024-01-03 is 1, expected 2"
    code, out, _ = said(capsys, "verify", "one.fillstep")
    assert code == 1
    assert out.splitlines()[-2:] == ["balances  1 of 2 hold", "balances  quantity of A at 2024-01-03 is 1, expected 2"]


def test_a_balance_that_cannot_be_expected_is_one_line_before_anything_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("run.toml").write_text("[[balance]]\nat = 2024-01-03\nquantity.B = 2\n", encoding="utf-8")
    assert said(capsys, *RUN, "--settings", "run.toml") == (
        2,
        "",
        "fillstep: balance: symbol B is unknown: known are A\n",
    )
    Path("run.toml").write_text("[[balance]]\nat = 5\ncash = 2\n", encoding="utf-8")
    assert said(capsys, *RUN, "--settings", "run.toml") == (
        2,
        "",
        "fillstep: balance 1 at: must be a date or a time, was 5 (run.toml)\n",
    )


def test_a_record_of_what_cannot_have_happened_is_named_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    recorded(capsys, "one")
    manifest = Path("one.fillstep", "manifest.json")
    manifest.write_text(manifest.read_text().replace('"initial_capital":"100000"', '"initial_capital":"200000"'))
    code, out, err = said(capsys, "verify", "one.fillstep")
    assert (code, err) == (1, "")
    assert re.fullmatch(r"record    one.fillstep: record \d breaks invariant I1: .*\n", out)
    code, out, err = said(capsys, "diff", "one.fillstep", "one.fillstep")
    assert (code, out) == (2, "")
    assert "breaks invariant I1" in err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("verify", "gone.fillstep"), "gone.fillstep: cannot be opened: no such file or directory"),
        (("verify", "A.csv"), "A.csv: must be a folder that a run was recorded in, was something else"),
        (("diff", "gone.fillpack", "A.csv"), "gone.fillpack: cannot be opened: no such file"),
        (("pack", "gone.fillstep"), "gone.fillstep: cannot be opened: no such file or directory"),
        (("open", "gone.fillstep"), "gone.fillstep: cannot be opened: no such file or directory"),
        (("open", "gone.fillpack"), "gone.fillpack: cannot be opened: no such file"),
        (("open", "."), ".: has no manifest.json"),
    ],
)
def test_what_is_no_recording_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], line: str
) -> None:
    monkeypatch.setattr("tui.terminal.is_terminal", lambda *_: True)
    code, out, err = said(capsys, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"fillstep: {line}")


def test_two_recordings_are_compared_where_they_part(capsys: pytest.CaptureFixture[str]) -> None:
    recorded(capsys, "one")
    recorded(capsys, "two", "--set", "quantity=2", "--costs.per-unit", "0.01")
    code, out, err = said(capsys, "diff", "one.fillstep", "two.fillstep")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[:5] == [
        "one.fillstep: BuyOne, 3 of 3 bars, 5 events",
        "two.fillstep: BuyOne, 3 of 3 bars, 5 events",
        "differs: parameter quantity is 1, and 2",
        "differs: setting costs.per_unit is 0, and 0.01",
        "they part at event 0, bar 1",
    ]
    assert lines[5].startswith("  one.fillstep: OrderSubmitted 1 buy 1 A")
    assert lines[6].startswith("  two.fillstep: OrderSubmitted 1 buy 2 A")
    assert lines[7].split() == ["there", "first", "second", "difference"]
    assert lines[8].split() == ["equity", "100,000.00", "100,000.00"]


def test_recordings_that_do_not_part_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    recorded(capsys, "one")
    recorded(capsys, "two")
    code, out, _ = said(capsys, "diff", "one.fillstep", "two.fillstep")
    assert (code, out.splitlines()[-1]) == (0, "they do not part up to bar 3")
    run = open_run("one.fillstep")
    part = Backtest(run.recording.bars, DipBuyer())
    part.step()
    Recorder(part, "part").finish()
    Path("one.fillstep").rename("gone")
    again = Backtest(run.recording.bars, DipBuyer())
    again.run()
    Recorder(again, "one").finish()
    code, out, _ = said(capsys, "diff", "part.fillstep", "one.fillstep")
    assert (code, out.splitlines()[-1]) == (1, "they do not part up to bar 1")


class Typed(io.StringIO):
    """What a person types at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ("y\n", "strategy  run again: all 5 events are alike"),
        ("YES\n", "strategy  run again: all 5 events are alike"),
        ("\n", "strategy  not run again: buy_one.py:BuyOne is named by a recording that came from elsewhere"),
        ("", "strategy  not run again: buy_one.py:BuyOne is named by a recording that came from elsewhere"),
        (None, "strategy  not run again: buy_one.py:BuyOne is named by a recording that came from elsewhere"),
    ],
)
def test_a_person_is_asked_before_what_a_pack_names_is_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, answer: str | None, line: str
) -> None:
    recorded(capsys, "one")
    assert said(capsys, "pack", "one.fillstep")[0] == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n") if answer is None else Typed(answer))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    code, out, err = said(capsys, "verify", "one.fillpack")
    assert code == 0
    assert out.splitlines()[1].startswith(line)
    asked = "run buy_one.py:BuyOne, which a recording from elsewhere names? It can do whatever you can. [y/N] "
    assert err.startswith(asked) is (answer is not None)
    assert ("at step 0" in err) is ("alike" in line)


def test_nobody_is_asked_where_yes_was_said_before(capsys: pytest.CaptureFixture[str]) -> None:
    recorded(capsys, "one")
    assert said(capsys, "pack", "one.fillstep", "-o", "report")[1].startswith("report: ")
    code, out, err = said(capsys, "verify", "--yes", "report")
    assert (code, out.splitlines()[1]) == (0, "strategy  run again: all 5 events are alike")
    assert "whatever you can" not in err


def test_a_pack_takes_the_place_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    recorded(capsys, "one")
    Path("one.fillpack").write_bytes(b"mine")
    expected = "fillstep: one.fillpack: is there already: choose another name\n"
    assert said(capsys, "pack", "one.fillstep") == (2, "", expected)
    assert Path("one.fillpack").read_bytes() == b"mine"


def test_a_pack_that_cannot_be_written_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    recorded(capsys, "one")
    expected = "fillstep: no/one: cannot be written: no such file or directory\n"
    assert said(capsys, "pack", "one.fillstep", "-o", "no/one") == (2, "", expected)


# On the screen


def screen_of(name: str, size: tuple[int, int], *keys: str) -> tuple[list[str], Any]:
    """Return the lines of the screen of a recording, after some keys, and where one stands."""
    seen: list[Any] = []

    async def look(pilot: Pilot[Any]) -> None:
        await press(pilot, *keys)
        seen.extend((_lines(pilot.app), place(pilot), session_of(pilot).bookmarks, told(pilot)))

    play(FillstepApp.of_recording(open_run(name)), look, size)
    return seen[0], seen[1:]


def left_at(run: Backtest, step: int) -> None:
    """Record a run that was left at the end of a step, with a place marked."""
    timeline = Timeline(run)
    there, marked = timeline.end_of_step(step), timeline.places(step - 9)[0]
    recorder = Recorder(run, "left")
    recorder.keep_places([Bookmark("a", *marked, "look here")], Place(*there))
    recorder.finish()


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_a_pack_paints_on_another_machine_the_screen_that_the_recording_paints(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_sample()
    left_at(run, 90)
    before = [screen_of("left.fillstep", size, *keys) for keys in ((), ("N", "s", "5", "f", "3"))]
    assert main(["pack", "left.fillstep"]) == 0
    capsys.readouterr()
    (tmp_path / "empty").mkdir()
    shutil.move("left.fillpack", tmp_path / "empty")
    monkeypatch.chdir(tmp_path / "empty")
    after = [screen_of("left.fillpack", size, *keys) for keys in ((), ("N", "s", "5", "f", "3"))]
    assert after == before
    lines, (where, marks, message) = before[0]
    assert where == Timeline(run).end_of_step(90)
    assert marks["a"][1] == "look here"
    assert message == "a recorded run is only looked at: n and N move in it, q quits"
    assert any("bar   91/2015" in line for line in lines)
    assert [one.name for one in Path().iterdir()] == ["left.fillpack"]


def test_what_was_lost_and_what_stopped_the_run_is_said_where_it_is_opened() -> None:
    run = Backtest(load_sample(), DipBuyer())
    run.run_until(lambda run: run.step_count == 20)
    Recorder(run, "left").finish("mine.py:7: too late")
    journal = Path("left.fillstep", "journal")
    journal.write_bytes(journal.read_bytes() + b"torn")
    _, (_, _, message) = screen_of("left.fillstep", (140, 40))
    assert re.fullmatch(
        r"journal: the end is torn: .* \| the run was stopped: mine.py:7: too late \| the record ends here, .*", message
    )
    _, (_, _, message) = screen_of("left.fillstep", (140, 40), "N", "dollar_sign", "n")
    assert "the run was stopped: mine.py:7: too late" in message


def test_a_recording_can_be_served(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(capsys, "one")
    served: list[object] = []
    monkeypatch.setattr("tui.__main__.serve", lambda *words: served.append(words))
    assert main(["serve", "one.fillstep"]) == 0
    assert served == [(("one.fillstep",), HOST, PORT)]
    assert said(capsys, "serve", "gone.fillstep")[0] == 2
    assert len(served) == 1


def test_a_recording_is_opened_by_the_command_that_opens_a_strategy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(capsys, "one")
    shown: list[FillstepApp] = []

    def show(app: FillstepApp) -> None:
        shown.append(app)

    monkeypatch.setattr("tui.terminal.is_terminal", lambda *_: True)
    monkeypatch.setattr(FillstepApp, "run", show)
    monkeypatch.setattr("core.backtest.strategies._run", lambda *_: pytest.fail("a strategy was run"))
    assert main(["open", "one.fillstep"]) == 0
    assert main(["pack", "one.fillstep"]) == 0
    assert main(["open", "one.fillpack"]) == 0
    assert [app.session.run.step_count for app in shown] == [3, 3]
    assert all(app.session.is_recorded for app in shown)
