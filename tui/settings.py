"""Settings: how a person wants the screen, read from their own file.

Nothing here changes what a run does; those settings are the run's own.
"""

import os
import sys
from collections.abc import Mapping
from enum import Enum
from typing import Final

from attrs import evolve, field, frozen
from platformdirs import user_config_path

from core.backtest.configuration import Layer, overlay, read_toml
from core.backtest.conversion import sentence
from core.errors import SettingsError, shown
from tui.ascii import shows_utf8
from tui.keymap import read_keymap
from tui.themes import DARK, NAMES

PLACE: Final = "FILLSTEP_CONFIG"
"""Names a file that is read in the place of a person's own."""
MOST_SPEED: Final = 1_000_000
_KEYMAP: Final = "keymap"


class Ascii(Enum):
    """Whether the screen is painted in ASCII: where the terminal shows nothing else, always, or never."""

    AUTO = "auto"
    ALWAYS = "true"
    NEVER = "false"

    @classmethod
    def _missing_(cls, value: object) -> "Ascii | None":
        """Take true and false of TOML."""
        return (cls.ALWAYS if value else cls.NEVER) if isinstance(value, bool) else None


class Layout(Enum):
    """How the panes are laid out: by the columns there are, or always in one way."""

    AUTO = "auto"
    WIDE = "wide"
    NARROW = "narrow"


@frozen
class UserSettings:
    """How a person wants the screen.

    Attributes:
        theme: The name of its colors.
        ascii: Whether it is painted in ASCII; what is left to the terminal is not, until that was asked.
        layout: How the panes are laid out.
        speed: Bars a second while a run goes on; 0 for as many as there can be.
        keymap: Keys in the place of an action's own, in Textual's names, by the name of the action.
    """

    theme: str = DARK.name
    ascii: Ascii = Ascii.AUTO
    layout: Layout = Layout.AUTO
    speed: int = 0
    keymap: Mapping[str, tuple[str, ...]] = field(factory=dict)


def read_user_settings(surroundings: Mapping[str, str] = os.environ) -> UserSettings:
    """Read a person's settings, and what they leave to the terminal; without a file, each is at its default.

    Args:
        surroundings: The variables of the process; FILLSTEP_CONFIG names another file, which must be there.

    Raises:
        SettingsError: The file cannot be read, a key of it is unknown, or has a value that it cannot have.
    """
    settings = _read(surroundings.get(PLACE, ""))
    if settings.ascii is not Ascii.AUTO:
        return settings
    encoding = sys.__stderr__.encoding if sys.__stderr__ else ""  # the screen is written there
    return evolve(settings, ascii=Ascii.NEVER if shows_utf8(surroundings, encoding) else Ascii.ALWAYS)


def _read(named: str) -> UserSettings:
    try:
        layer = read_toml(named or str(user_config_path("fillstep") / "config.toml"))
    except SettingsError as error:
        if named or not isinstance(error.__cause__, FileNotFoundError):
            raise
        return UserSettings()
    return settle(layer)


def settle(layer: Layer) -> UserSettings:
    """Return the settings that a file asks for.

    Raises:
        SettingsError: A key is unknown, or has a value that it cannot have.
    """
    settings = evolve(UserSettings(), keymap=read_keymap(layer.table(_KEYMAP)))
    settings = overlay(settings, layer.without(_KEYMAP))
    if settings.theme not in NAMES:
        raise layer.refusal("theme", f"{shown(settings.theme)} is unknown: known are {', '.join(NAMES)}")
    if not 0 <= settings.speed <= MOST_SPEED:
        raise layer.refusal("speed", sentence(f"from 0 to {MOST_SPEED} bars a second", settings.speed))
    return settings
