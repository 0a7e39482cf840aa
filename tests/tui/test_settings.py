"""A person's settings: what the file takes and refuses, and what each key does on the screen."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, fields
from platformdirs import user_config_path
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import OptionList

from core.backtest.configuration import Layer, read_toml
from core.backtest.loop import Backtest
from core.errors import SettingsError
from tests.tui.conftest import play
from tests.tui.driving import place, press, session_of
from tui.actions import ACTIONS, in_force
from tui.app import WIDE, FillstepApp
from tui.settings import PLACE, Ascii, Layout, UserSettings, read_user_settings, settle
from tui.themes import NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def read(file: Path, text: str) -> UserSettings:
    file.write_text(text, encoding="utf-8")
    return read_user_settings({PLACE: str(file)})


def test_the_example_of_the_page_is_taken(file: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file.write_text(example, encoding="utf-8")
    assert settle(read_toml(str(file))) == UserSettings(
        theme="fillstep-light",
        ascii=Ascii.AUTO,
        layout=Layout.AUTO,
        speed=20,
        keymap={"next_bar": ("x", "right", "f10"), "previous_bar": ("X", "left"), "quit_now": ("ctrl+x",)},
    )


def test_the_page_has_every_key_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([a-z]+)` \| `([^`]+)` \|", PAGE, re.MULTILINE))
    defaults = UserSettings()
    assert rows == {
        "theme": f'"{defaults.theme}"',
        "ascii": f'"{defaults.ascii.value}"',
        "layout": f'"{defaults.layout.value}"',
        "speed": str(defaults.speed),
    }
    assert {*rows, "keymap"} == {one.name for one in fields(UserSettings)}


def test_the_page_has_every_action() -> None:
    (actions,) = re.findall(r"<!-- actions -->\n(.*?)\n<!--", PAGE, re.DOTALL)
    assert re.findall(r"`([^`]+)`", actions) == [action.id for action in ACTIONS]


def test_without_a_file_everything_is_at_its_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tui.settings.user_config_path", lambda name: tmp_path / name)
    assert read_user_settings({}) == UserSettings(ascii=Ascii.NEVER)
    assert read_user_settings({"LANG": "C"}) == UserSettings(ascii=Ascii.ALWAYS)


def test_the_file_stands_where_the_system_keeps_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = user_config_path("fillstep")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text("speed = 5", encoding="utf-8")
    assert read_user_settings({}).speed == 5


@pytest.mark.parametrize(
    ("text", "locale", "expected"),
    [
        ("true", "C.UTF-8", Ascii.ALWAYS),
        ("false", "C", Ascii.NEVER),
        ('"auto"', "C", Ascii.ALWAYS),
        ('"auto"', "C.UTF-8", Ascii.NEVER),
    ],
)
def test_ascii_is_true_or_false_or_left_to_the_terminal(file: Path, text: str, locale: str, expected: Ascii) -> None:
    file.write_text(f"ascii = {text}", encoding="utf-8")
    assert read_user_settings({PLACE: str(file), "LC_ALL": locale}).ascii is expected


KEYS = "such as n, N, ?, space, f5, ctrl+n or shift+left"
REFUSED = {
    "no TOML": ("theme =", "{file}: must be TOML: Invalid value (at end of document)"),
    "an unknown key": ("color = 1", "color: is unknown: known are theme, ascii, layout, speed, keymap ({file})"),
    "a key of a run": ("strategy = {}", "strategy: is unknown: known are theme, ascii, layout, speed, keymap ({file})"),
    "an unknown theme": ("theme = 'x'", f"theme: x is unknown: known are {', '.join(NAMES)} ({{file}})"),
    "a theme that is no text": ("theme = 5", "theme: must be a text, was 5 ({file})"),
    "another choice": ("layout = 'big'", "layout: must be auto or wide or narrow, was the text big ({file})"),
    "a number for a choice": ("ascii = 1", "ascii: must be auto or true or false, was 1 ({file})"),
    "a text for a number": ("speed = '5'", "speed: must be a whole number, was the text 5 ({file})"),
    "too slow": ("speed = -1", "speed: must be from 0 to 1000000 bars a second, was -1 ({file})"),
    "no table": ("keymap = 3", "keymap: must be a table, was 3 ({file})"),
    "an unknown action": (
        "[keymap]\nnext = 'l'",
        f"keymap.next: is unknown: known are {', '.join(action.id for action in ACTIONS)} ({{file}})",
    ),
    "an unknown key name": (
        "[keymap]\nnext_bar = 'flop'",
        f"keymap.next_bar: flop is no key: a key is {KEYS} ({{file}})",
    ),
    "an unknown modifier": (
        "[keymap]\nnext_bar = 'control+n'",
        f"keymap.next_bar: control+n is no key: a key is {KEYS} ({{file}})",
    ),
    "a key that no terminal sends": (
        "[keymap]\nnext_bar = 'shift+n'",
        "keymap.next_bar: shift+n is never sent by a terminal: write what it types, such as N ({file})",
    ),
    "no key": (
        "[keymap]\nnext_bar = ' '",
        f"keymap.next_bar: must be a key, or several with blanks between, {KEYS} ({{file}})",
    ),
    "a list of keys": ("[keymap]\nnext_bar = ['l']", "keymap.next_bar: must be a text, was ['l'] ({file})"),
    "the key of another": (
        "[keymap]\nnext_bar = 'c'",
        "keymap.next_bar: c is a key of go_on too: give go_on another ({file})",
    ),
    "the key of one that comes before": (
        "[keymap]\nquit = 'n'",
        "keymap.quit: n is a key of next_bar too: give next_bar another ({file})",
    ),
    "one key for two": (
        "[keymap]\nnext_bar = 'l'\ngo_on = 'l'",
        "keymap.go_on: l is a key of next_bar too: give next_bar another ({file})",
    ),
    "a key of lists": (
        "[keymap]\nzoom = 'j'",
        "keymap.zoom: j is a key of chart_farther too: give chart_farther another ({file})",
    ),
    "a character that would end a dialog": (
        "[keymap]\nquit_now = 'x'",
        "keymap.quit_now: must be a key with ctrl or alt, or f1 to f24, was x: it works in dialogs too ({file})",
    ),
    "hostile text": (
        '[keymap]\nnext_bar = "\\u001b[2J"',
        f"keymap.next_bar: ␛[2J is no key: a key is {KEYS} ({{file}})",
    ),
}


@pytest.mark.parametrize(("text", "line"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_told_by_its_key(text: str, line: str, file: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read(file, text)
    assert str(caught.value) == line.format(file=file)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    for path, why in (
        (tmp_path / "none.toml", "cannot be read: no such file"),
        (tmp_path, "must be a file, was a folder"),
    ):
        with pytest.raises(SettingsError, match=why):
            read_user_settings({PLACE: str(path)})


def test_a_file_that_cannot_be_read_is_not_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tui.settings.user_config_path", lambda name: tmp_path / name)
    (tmp_path / "fillstep" / "config.toml").mkdir(parents=True)
    with pytest.raises(SettingsError, match="must be a file, was a folder"):
        read_user_settings({})


@pytest.mark.parametrize("action", [action for action in ACTIONS if action.keys], ids=lambda action: action.id)
def test_the_keys_of_every_action_are_taken_as_the_help_shows_them(action: Any) -> None:
    shown = action.keys_text.translate(str.maketrans({"←": "left", "→": "right", "↑": "up", "↓": "down"}))
    keymap = settle(Layer({"keymap": {action.id: shown}})).keymap
    assert keymap[action.id] == action.keys


def test_two_actions_can_change_their_keys_with_each_other() -> None:
    keymap = settle(Layer({"keymap": {"next_bar": "N", "previous_bar": "n"}})).keymap
    assert keymap == {"next_bar": ("N",), "previous_bar": ("n",)}


# On the screen


def shown(run: Backtest, script: Any, size: tuple[int, int] = (120, 40), **settings: Any) -> None:
    play(FillstepApp(run, settings=evolve(UserSettings(), **settings)), script, size)


def test_a_key_of_the_keymap_counts_and_the_usual_one_does_not(sample: Callable[..., Backtest]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "L")
        assert place(pilot).step == 5
        await press(pilot, "n")
        assert place(pilot).step == 4
        await press(pilot, "N")
        assert place(pilot).step == 4

    shown(sample(5), script, keymap={"next_bar": ("L",), "previous_bar": ("n",)})


def test_a_key_of_a_list_can_be_another(sample: Callable[..., Backtest]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        pane = pilot.app.query_one("#orders")
        await press(pilot, "3", "H")
        assert pane.cursor == 1  # type: ignore[attr-defined]
        await press(pilot, "j")
        assert pane.cursor == 1  # type: ignore[attr-defined]

    shown(sample(200), script, keymap={"down": ("H",)})


def test_help_footer_and_palette_show_the_keys_in_force(
    sample: Callable[..., Backtest], lines_of: Callable[..., list[str]]
) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        assert " L Next " in lines_of(pilot.app)[-1]
        assert "Step" in lines_of(pilot.app)[-1]
        await press(pilot, "question_mark")
        helped = next(line for line in lines_of(pilot.app) if "Next bar;" in line)
        assert " L f9 " in helped
        assert "f10" not in helped
        await press(pilot, "escape")
        offered = {command.title: command.help for command in pilot.app.get_system_commands(pilot.app.screen)}
        assert offered["Next bar; at the head, execute it"] == "L f9"

    shown(sample(5), script, keymap={"next_bar": ("L", "f9")})


def test_the_key_that_quits_from_anywhere_can_be_another(sample: Callable[..., Backtest]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("colon", "ctrl+q")
        assert pilot.app.is_running
        await pilot.press("ctrl+x")
        await pilot.pause()
        assert pilot.app._exit

    shown(sample(1), script, keymap={"quit_now": ("ctrl+x",)})


def test_the_key_of_the_palette_can_be_another(sample: Callable[..., Backtest]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("ctrl+p")
        assert not CommandPalette.is_open(pilot.app)
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert CommandPalette.is_open(pilot.app)
        assert pilot.app.screen.query(OptionList)

    shown(sample(1), script, keymap={"palette": ("ctrl+o",)})


@pytest.mark.parametrize(
    ("layout", "width", "is_wide"),
    [
        (Layout.AUTO, WIDE - 1, False),
        (Layout.AUTO, WIDE, True),
        (Layout.WIDE, 80, True),
        (Layout.NARROW, 200, False),
    ],
)
def test_the_layout_can_be_kept(layout: Layout, width: int, is_wide: bool, sample: Callable[..., Backtest]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for _ in range(2):
            assert pilot.app.screen.has_class("-wide") is is_wide
            assert pilot.app.screen.has_class("-narrow") is not is_wide
            assert pilot.app.query_one("#events").display is is_wide
            await pilot.resize_terminal(width, 30)
            await pilot.pause()

    shown(sample(5), script, size=(width, 24), layout=layout)


def test_a_theme_of_the_settings_is_taken(sample: Callable[..., Backtest]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        assert pilot.app.theme == "nord"
        assert session_of(pilot).run.step_count == 5

    shown(sample(5), script, theme="nord")


def test_keys_in_force_are_a_copy() -> None:
    assert in_force({}) == tuple(ACTIONS)
    assert in_force({"help": ("H",)}) != tuple(ACTIONS)
