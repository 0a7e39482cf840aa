"""An export by the command line and by the screen writes the same files, and says which."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from tests.tui.driving import hint, press, say, told
from tui.__main__ import main
from tui.app import FillstepApp

OnScreen = Callable[..., FillstepApp]
Sample = Callable[..., Backtest]
NAMES = ["orders", "fills", "positions", "equity"]


def there(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)


def test_a_run_is_exported_beside_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "buy-and-hold", "--json", "--export", "out/here"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["fills"] == 4
    assert err == "fillstep: orders.csv, fills.csv, positions.csv, equity.csv are in out/here\n"
    assert there(Path("out/here")) == sorted(f"{name}.csv" for name in NAMES)
    assert len(Path("out/here/fills.csv").read_text(encoding="utf-8").splitlines()) == 5
    assert main(["run", "buy-and-hold", "--export", "out/here", "--format", "parquet"]) == 0
    assert len(there(Path("out/here"))) == 8


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--format parquet", "--format: must go with --export FOLDER"),
        ("--export taken", "taken cannot be written: file exists"),
        ("--export taken/below", "taken/below cannot be written: not a directory"),
    ],
)
def test_an_export_that_cannot_be_is_one_line_before_the_run(
    options: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("taken").write_text("mine")
    assert main(["run", "buy-and-hold", *options.split()]) == 2
    assert capsys.readouterr() == ("", f"fillstep: {line}\n")
    assert there(Path()) == ["taken"]


def test_the_screen_exports_the_whole_run_wherever_one_stands(
    sample: Sample, on_screen: OnScreen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "0")
        await say(pilot, "export out")
        assert told(pilot) == "orders.csv, fills.csv, positions.csv, equity.csv are in out: bars 1 to 40"
        await say(pilot, "export ~/all parquet")
        assert told(pilot).endswith("equity.parquet are in ~/all: bars 1 to 40")

    on_screen(sample(40), script, size=(140, 40))
    assert len(Path("out/equity.csv").read_text(encoding="utf-8").splitlines()) == 41
    assert there(tmp_path / "home" / "all") == sorted(f"{name}.parquet" for name in NAMES)


def test_on_the_screen_a_folder_that_cannot_be_asks_again(sample: Sample, on_screen: OnScreen) -> None:
    Path("taken").write_text("mine")

    async def script(pilot: Pilot[Any]) -> None:
        await say(pilot, "export taken")
        assert "taken cannot be written: file exists" in hint(pilot)

    on_screen(sample(3), script)
    assert there(Path()) == ["taken"]
