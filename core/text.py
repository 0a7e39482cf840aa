"""Strings from outside, made harmless to show.

Text is kept as it came and cleaned where it leaves: for the screen, an error or the command line. What is cleaned
holds no control, bidirectional or zero-width character, so it can neither move the terminal's cursor nor hide.
"""

_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F
_SPACE = 0x20


def clean(text: str) -> str:
    r"""Show every character that does not print as a visible mark.

    >>> clean("ACME \x1b[2J\u202e")
    'ACME ␛[2J<202E>'
    """
    return text if text.isprintable() else "".join(map(_mark, text))


def _mark(character: str) -> str:
    code = ord(character)
    if character.isprintable():
        return character
    if code < _SPACE:
        return chr(_CONTROL_PICTURES + code)
    return "␡" if code == _DELETE else f"<{code:02X}>"
