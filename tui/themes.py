"""The two themes that are made for this screen; Textual's own are offered beside them.

Up is blue and down is orange, which stay apart for an eye that does not tell red from green. Color never says anything
alone: a sign or a glyph says it too.
"""

from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

DARK: Final = Theme(
    name="fillstep",
    dark=True,
    primary="#7d97b5",
    accent="#8ed1c6",
    success="#63b0ff",
    error="#f08c3a",
    warning="#f7eb9c",
    foreground="#e4e9ee",
    background="#0f1317",
    surface="#161b21",
    panel="#1f262e",
    variables={
        "text-success": "#63b0ff",
        "text-error": "#f08c3a",
        "text-warning": "#f7eb9c",
        "error-muted": "#3b2413",
        "foreground-muted": "#a3adb8",
        "text-muted": "#a3adb8",
        "text-disabled": "#8b96a2",
        "block-cursor-foreground": "#0f1317",
        "block-cursor-background": "#c3cfdb",
    },
)
LIGHT: Final = Theme(
    name="fillstep-light",
    dark=False,
    primary="#48637f",
    accent="#0b6b60",
    success="#0b5cad",
    error="#933a00",
    warning="#6d5f00",
    foreground="#12171c",
    background="#fbfbf9",
    surface="#f3f3ef",
    panel="#e6e7e3",
    variables={
        "text-success": "#0b5cad",
        "text-error": "#933a00",
        "text-warning": "#6d5f00",
        "error-muted": "#f5e1cf",
        "foreground-muted": "#4d5660",
        "text-muted": "#4d5660",
        "text-disabled": "#5a636d",
        "block-cursor-foreground": "#fbfbf9",
        "block-cursor-background": "#3a4650",
    },
)
THEMES: Final = (DARK, LIGHT)
NAMES: Final = (*(theme.name for theme in THEMES), *BUILTIN_THEMES)
"""What each theme that is offered is called, ours first."""
