"""The keymap: which keys a person wants for which actions, read from their settings."""

from collections.abc import Iterable, Mapping
from typing import Final

from textual.keys import Keys, _character_to_key, key_to_character

from core.backtest.configuration import Layer
from core.errors import SettingsError, shown
from tui.actions import ACTIONS, in_force
from tui.keys import Action, Scope, read_key
from tui.panes import PANES

_BY_ID: Final = {action.id: action for action in ACTIONS}
_NAMED: Final = frozenset(key.value for key in Keys)
_MODIFIERS: Final = frozenset(("alt", "ctrl", "hyper", "meta", "shift", "super"))
_FUNCTION_KEYS: Final = frozenset(f"f{number}" for number in range(1, 25))
_EXAMPLE: Final = "such as n, N, ?, space, f5, ctrl+n or shift+left"


def read_keymap(table: Layer) -> Mapping[str, tuple[str, ...]]:
    """Read a table of actions, each with its keys, blanks between them.

    Returns:
        Keys, in Textual's names, by the names of actions.

    Raises:
        SettingsError: An action or a key is unknown, or a key would stand for two actions.
    """
    keymap = {name: _keys(table, name) for name in table.values}
    actions = in_force(keymap)
    for pane in PANES:
        own = {action.id for action in pane.ACTIONS}
        _check_once(table, [action for action in actions if action.scope is Scope.APP or action.id in own])
    return keymap


def _check_once(table: Layer, actions: Iterable[Action]) -> None:
    """Check that among the actions of one place no key stands for two."""
    owners: dict[str, str] = {}
    for action in actions:
        for key in action.keys:
            other = owners.setdefault(key, action.id)
            if other != action.id:
                raise _twice(table, key, other, action.id)


def _twice(table: Layer, key: str, one: str, other: str) -> SettingsError:
    if other not in table.values:
        one, other = other, one
    return table.refusal(other, f"{key} is a key of {one} too: give {one} another")


def _keys(table: Layer, name: str) -> tuple[str, ...]:
    if name not in _BY_ID:
        raise table.refusal(name, f"is unknown: known are {', '.join(_BY_ID)}")
    words = table.value(name, str).split()
    if not words:
        raise table.refusal(name, f"must be a key, or several with blanks between, {_EXAMPLE}")
    keys = tuple(dict.fromkeys(_key(table, name, word) for word in words))
    unfit = next((key for key in keys if _BY_ID[name].is_everywhere and not _is_command_key(key)), None)
    if unfit is not None:
        raise table.refusal(name, f"must be a key with ctrl or alt, or f1 to f24, was {unfit}: it works in dialogs too")
    return keys


def _key(table: Layer, name: str, word: str) -> str:
    """Return Textual's name of a key that is written as the help shows it, or as Textual calls it."""
    if len(word) == 1:
        return _character_to_key(word)
    known = read_key(word)
    *modifiers, base = known.split("+")
    base = _character_to_key(base) if len(base) == 1 else base
    if (base in _NAMED or _types(base)) and _MODIFIERS.issuperset(modifiers):
        if modifiers == ["shift"] and _types(base):
            raise table.refusal(name, f"{shown(word)} is never sent by a terminal: write what it types, such as N")
        return "+".join((*sorted(modifiers), base))
    raise table.refusal(name, f"{shown(word)} is no key: a key is {_EXAMPLE}")


def _types(key: str) -> bool:
    """Say whether a key types a character."""
    return (key_to_character(key) or "\0").isprintable()


def _is_command_key(key: str) -> bool:
    return key.startswith(("ctrl+", "alt+")) or key in _FUNCTION_KEYS
