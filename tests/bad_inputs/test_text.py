"""Bad input: text that is more than text (rows 33 to 36): on the screen, the command line, in errors and in exports."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.backtest.loop import Backtest
from core.backtest.strategy import Now
from core.data.load import load
from core.errors import BarDataError, StrategyError
from tests.bad_inputs.screens import check_harmless, play
from tests.core.builders import Script, bars_of
from tests.tui.driving import press, told
from tui.__main__ import main

ROOT = Path(__file__).parents[2]
MARKUP = ("[red]", "[/]", "[/nope]", "[@click=app.quit]x[/]", "[")
HOSTILE = (
    "A\x1b[2J",
    "A\x1b]0;title\x07",
    "A\x1b]52;c;Zm9v\x07",
    "A\x1b]8;;http://x\x1b\\",
    "A\x9b2J",
    "\u202eA",
    "A\0B",
)
PATHS = ("../../etc/x", "/etc/passwd", "CON", "a/b", "..", "orders")
STRATEGY = """from core import Strategy

class Tagged(Strategy):
    def on_bar(self, now):
        if now.step == 0:
            for symbol in now.symbols:
                now.buy(symbol, 1, tag=symbol)
        if now.step == 1 and {fails}:
            raise ValueError("; ".join(now.symbols))
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield
    for name in {name for name in sys.modules if name.endswith(".py")} - before:
        del sys.modules[name]


def write_bars(symbols: Sequence[str]) -> None:
    """Write bars of some symbols into one file."""
    with Path("bars.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["time", "symbol", "open", "high", "low", "close"])
        rows.writerows([f"2024-01-0{day}", symbol, 10, 12, 9, 11] for symbol in symbols for day in (2, 3, 4))


def write_strategy(*, fails: bool) -> None:
    Path("tagged.py").write_text(STRATEGY.format(fails=fails), encoding="utf-8")


def trading(symbols: Sequence[str], steps: int = 8) -> Backtest:
    """Return a run in which every symbol is bought, with itself as the tag, and one order is rejected."""

    def trade(now: Now) -> None:
        for symbol in now.symbols:
            now.buy(symbol, 1, tag=symbol)
            now.buy(symbol, 0, tag=symbol)

    run = Backtest([bars_of(symbol, *["10/12/9/11"] * 8) for symbol in symbols], Script({0: trade}))
    for _ in range(steps):
        run.step()
    return run


def in_every_pane(run: Backtest) -> str:
    """Look at the run in every pane, also alone, and return all that was seen."""
    seen: list[str] = []

    async def script(pilot: Pilot[Any]) -> None:
        for key in ("2", "3", "z", "enter", "z", "5", "z", "z", "6", "8", "question_mark"):
            await press(pilot, key)
            seen.extend(check_harmless(pilot.app))
        await press(pilot, "escape", "0", "n", "s", "s")
        seen.extend(check_harmless(pilot.app))
        assert pilot.app.is_running
        assert "\x1b" not in pilot.app.export_screenshot()

    play(run, script, (140, 40))
    return "\n".join(seen)


# Row 33


def test_row_33_markup_is_shown_literally_and_does_nothing_on_the_screen() -> None:
    seen = in_every_pane(trading(MARKUP))
    for symbol in MARKUP:
        assert f"buy 1 {symbol}" in seen


def test_row_33_markup_is_printed_literally_by_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    write_bars(MARKUP)
    write_strategy(fails=False)
    for number, symbol in enumerate(sorted(MARKUP), 1):
        assert main(["explain", "tagged.py", "--data", "bars.csv", "--order", str(number)]) == 0
        assert f"order #{number} submitted: buy 1 {symbol} market" in capsys.readouterr().out


def test_row_33_markup_in_an_error_is_printed_literally(capsys: pytest.CaptureFixture[str]) -> None:
    write_bars(MARKUP)
    write_strategy(fails=True)
    assert main(["run", "tagged.py", "--data", "bars.csv"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"raised ValueError: {'; '.join(sorted(MARKUP))} " in err
    assert err.count("\n") == 1


# Row 34


def test_row_34_control_characters_are_marks_on_the_screen() -> None:
    seen = in_every_pane(trading(HOSTILE))
    for mark in ("A␛[2J", "A␛]0;title␇", "A␛]52;c;Zm9v␇", "A␛]8;;http://x␛", "A<9B>2J", "<202E>A", "A␀B"):
        assert f"buy 1 {mark}" in seen


def test_row_34_what_a_strategy_raises_is_marks_on_the_screen() -> None:
    def fail(_: Now) -> None:
        raise ValueError("\x1b[2J\x07\u202e\x9b")

    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "c")
        check_harmless(pilot.app)
        assert "raised ValueError: ␛[2J␇<202E><9B>" in told(pilot)
        await press(pilot, "N", "n")

    play(Backtest(bars_of("A", "10", "11"), Script({1: fail})), script)


def test_row_34_a_terminal_is_given_marks_by_every_command(tmp_path: Path) -> None:
    hostile = tuple(one for one in HOSTILE if "\0" not in one)  # which no CSV file may hold
    write_bars(hostile)
    write_strategy(fails=False)
    command = [sys.executable, "-m", "tui"]
    words = ["tagged.py", "--data", "bars.csv"]
    for arguments in (["explain", *words, "--order", "1"], ["run", *words, "--export", "out\x1b[2J"]):
        done = subprocess.run(
            [*command, *arguments],
            check=True,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        written = (done.stdout + done.stderr).decode()
        assert written.replace("\n", "").isprintable()
    assert "out␛[2J" in written
    for file in (tmp_path / "out\x1b[2J").iterdir():
        assert file.read_text(encoding="utf-8").replace("\n", "").isprintable()


@pytest.mark.parametrize("name", ["no\x1b[2J.csv", "no\x07.csv", "\u202eno.csv", "no\n.csv", "no\0.csv"])
def test_row_34_a_file_name_is_marks_in_an_error(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "sma-cross", "--data", name]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err[:-1].isprintable()
    assert "no" in err
    with pytest.raises(BarDataError) as caught:
        load([name])
    assert str(caught.value).isprintable()


def test_row_34_an_exception_is_marks_in_its_error_and_stays_as_it_was_in_its_cause() -> None:
    def fail(_: Now) -> None:
        raise ValueError("\x1b[2J")

    with pytest.raises(StrategyError, match=r"␛\[2J") as caught:
        Backtest(bars_of("A", "10"), Script({0: fail})).run()
    assert str(caught.value.__cause__) == "\x1b[2J"


# Rows 35 and 36


def exported(symbols: Sequence[str], form: str = "csv") -> list[str]:
    """Export a run over some symbols; return every file below, but the inputs."""
    write_bars(symbols)
    write_strategy(fails=False)
    assert main(["run", "tagged.py", "--data", "bars.csv", "--export", "out", "--format", form]) == 0
    paths = {str(path) for path in Path().rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    return sorted(paths - {"bars.csv", "tagged.py"})


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_row_35_no_symbol_is_a_path_of_an_export(form: str, tmp_path: Path) -> None:
    above = sorted(tmp_path.parent.iterdir())
    assert exported(PATHS, form) == sorted(f"out/{name}.{form}" for name in ("orders", "fills", "positions", "equity"))
    assert sorted(tmp_path.parent.iterdir()) == above


def test_row_35_a_symbol_with_a_line_end_is_one_cell_of_one_line(tmp_path: Path) -> None:
    from core.analysis.export import export  # noqa: PLC0415 - only this test exports by itself

    export(trading(["a\nb", "a\rb"]), str(tmp_path / "out"))
    text = (tmp_path / "out" / "orders.csv").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 5
    assert {row["symbol"] for row in csv.DictReader(text.splitlines())} == {"a␊b", "a␍b"}


@pytest.mark.parametrize("first", "=+-@")
def test_row_36_text_that_a_spreadsheet_computes_is_quoted_in_csv_and_numbers_are_not(first: str) -> None:
    exported([f"{first}1+2", "A"])
    for name in ("orders", "fills", "positions"):
        with Path("out", f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {row["symbol"] for row in rows} == {f"'{first}1+2", "A"}
        for row in rows:
            assert not any(cell.startswith(("=", "+", "@")) for cell in row.values())
            assert all(cell[1:].replace(".", "").isdecimal() for cell in row.values() if cell.startswith("-"))
