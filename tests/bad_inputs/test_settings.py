"""Bad input: settings that cannot be (row 57): nothing starts, and the key is named."""

from pathlib import Path

import pytest

from tui.__main__ import main

KEYS = {
    "an unknown key": ("initial_cash = 5", "initial_cash: is unknown"),
    "an unknown key of a table": ("[costs]\nper_share = 1", "costs.per_share: is unknown"),
    "an unknown table": ("[fees]\nper_unit = 1", "fees: is unknown"),
    "a text for a number": ('initial_capital = "much"', "initial_capital: must be a number, was the text much"),
    "a number for a flag": ("allow_short = 1", "allow_short: must be "),
    "a list for a number": ("initial_capital = [1]", "initial_capital: must be a number"),
    "a table for a number": ("[initial_capital]\na = 1", "initial_capital: must be a number"),
    "a number for a table": ("costs = 5", "costs: must be a table, was 5"),
    "no choice": ('timing = "now"', "timing: must be next_open or same_close, was "),
    "negative cash": ("initial_capital = -5", "initial_capital: must be above zero, was -5"),
    "no cash": ("initial_capital = 0", "initial_capital: must be above zero, was 0"),
    "NaN": ("initial_capital = nan", "initial_capital: must be a number"),
    "infinity": ("initial_capital = inf", "initial_capital: must be a number"),
    "a fee of 200 %": ("[costs]\nbasis_points = 20_000", "costs.basis_points: must be at most 10,000"),
    "a rebate of 200 %": ("[costs]\nmaker_basis_points = -20_000", "costs.maker_basis_points: must be at most 10,000"),
    "slippage of 200 %": ("[slippage]\nbasis_points = 20_000", "slippage.basis_points: must be at most 10,000"),
    "a negative fee": ("[costs]\nper_unit = -1", "costs.per_unit: must be zero or above, was -1"),
    "more than all volume": ("volume_cap = 2", "volume_cap: must be a fraction, at most 1, was 2"),
    "a field that the strategy has not": ("[strategy]\nfst = 5", "strategy.fst: is unknown: known are fast"),
    "a field of another type": ('[strategy]\nfast = "x"', "strategy.fast: must be a whole number"),
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in an empty folder, in a terminal that could show a screen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("tui.terminal.is_terminal", lambda *_: True)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Expect exit code 2 and one line that starts nothing; return it."""
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err.removeprefix("fillstep: ").rstrip("\n")


@pytest.mark.parametrize(("text", "says"), KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("command", ["run", "open"])
def test_row_57_a_key_of_a_settings_file_that_cannot_be_is_named(
    command: str, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("run.toml").write_text(text, encoding="utf-8")
    line = refused(capsys, command, "sma-cross", "--settings", "run.toml")
    assert line.startswith(says)
    assert line.endswith("(run.toml)")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("initial_capital = ", "run.toml: must be TOML: "),
        ("a = 1\na = 2", "run.toml: must be TOML: "),
        ("\x00", "run.toml: must be TOML: "),
        (b"\xff\xfe", "run.toml: must be "),
    ],
)
def test_row_57_a_file_that_is_no_toml_is_named(
    text: str | bytes, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("run.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert refused(capsys, "run", "sma-cross", "--settings", "run.toml").startswith(says)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("--costs.basis-points=20000", "--costs.basis-points: must be at most 10,000, which is all of it, was 20000"),
        ("--initial-capital=-5", "--initial-capital: must be above zero, was -5"),
        ("--initial-cash=5", "unknown option: --initial-cash"),
        ("--allow-short=maybe", "invalid value for --allow-short"),
    ],
)
def test_row_57_an_option_that_cannot_be_is_named(option: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "run", "sma-cross", option).startswith(says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour = 1", "colour: is unknown"),
        ("layout = 'big'", "layout: must be auto or wide or narrow"),
        ("speed = -1", "speed: must be from 0 to 1000000 bars a second, was -1"),
        ("speed = 'fast'", "speed: must be a whole number"),
        ("theme = 'none'", "theme: none is unknown: known are"),
        ("[keymap]\nfly = 'x'", "keymap.fly: "),
    ],
)
def test_row_57_a_key_of_the_screens_own_settings_that_cannot_be_is_named_and_no_screen_starts(
    text: str, says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("FILLSTEP_CONFIG", "mine.toml")
    monkeypatch.setattr("tui.app.FillstepApp.run", lambda _: pytest.fail("a screen was started"))
    assert refused(capsys, "open", "sma-cross").startswith(says)
