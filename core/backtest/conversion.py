"""Conversion: a value that a person wrote, as the type that its key holds, and back.

Nothing is guessed: a text is no number, a number is no text, true is not 1, and no amount of money passes through a
float.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any, Final, get_args, get_origin

from cattrs import Converter
from cattrs.errors import CattrsError, StructureHandlerNotFoundError

from core.errors import NotExactError, shown
from core.money import canonical, exact, parse

_RULES: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
_CONTAINERS: Final[dict[Any, Callable[[Iterable[Any]], Any]]] = {
    list: list,
    Sequence: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
}
_REFUSALS: Final = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, CattrsError)


class Text(str):
    """A value of the command line: it says no type, and is read as what its key holds."""

    __slots__ = ()


def convert(value: object, kind: Any) -> Any:
    """Take a value of TOML, or a text of the command line, as a type.

    Raises:
        ValueError: It is none; the sentence begins with what it must be.

    >>> convert([1, 2], list[int])
    [1, 2]
    >>> convert("1", int)
    Traceback (most recent call last):
    ValueError: must be a whole number, was str 1
    """
    try:
        return _CONVERTER.structure(value, kind)
    except NotExactError as error:
        raise ValueError(rule_of(error)) from None
    except StructureHandlerNotFoundError:
        raise ValueError(f"cannot be given: it holds {_name(kind)}") from None
    except _REFUSALS:
        written = "str" if isinstance(value, str) else type(value).__name__
        raise ValueError(f"must be {_rule(kind)}, was {written} {shown(value)}") from None


def rule_of(error: NotExactError) -> str:
    """Return what an error says of its field, without the field's name."""
    return str(error).removeprefix(f"{shown(error.field)} ")


def plain(value: object) -> Any:
    """Return a value as TOML and JSON can hold it: exact numbers as text, a choice as it is written."""
    return _CONVERTER.unstructure(value)


def _rule(kind: Any) -> str:
    if _is_choice(kind):
        return " or ".join(str(one.value) for one in kind)
    return _RULES.get(kind) or _name(kind)


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)


def _is_choice(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _is_container(kind: Any) -> bool:
    return (get_origin(kind) or kind) in _CONTAINERS and get_args(kind)[1:] in ((), (...,))


def _container(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    """Return how a list becomes a container; a text is no list of letters."""
    make, item = _CONTAINERS[get_origin(kind) or kind], (*get_args(kind), Any)[0]

    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, list):
            raise TypeError
        return make(converter.structure(one, item) for one in value)

    return structure


def _as_it_is(value: Any, kind: Any) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _text(value: Any, _: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value)


def _decimal(value: Any, _: Any) -> Decimal:
    return parse(str(value), "value") if isinstance(value, Text) else exact(value, "value")


def _integer(value: Any, _: Any) -> int:
    if isinstance(value, Text) and re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        return int(value)
    return int(_as_it_is(value, int))


def _float(value: Any, _: Any) -> float:
    number = float(exact(value, "value"))
    if not isfinite(number):
        raise ValueError
    return number


def _choice(value: Any, kind: Any) -> Any:
    try:
        return kind(value)
    except ValueError:
        return kind(str(value).replace("-", "_"))


_CONVERTER: Final = Converter(detailed_validation=False, forbid_extra_keys=True)
_CONVERTER.register_structure_hook(bool, _as_it_is)
for _kind in (date, datetime, time):
    _CONVERTER.register_structure_hook(_kind, _as_it_is)
    _CONVERTER.register_unstructure_hook(_kind, str)
_CONVERTER.register_structure_hook(str, _text)
_CONVERTER.register_structure_hook(int, _integer)
_CONVERTER.register_structure_hook(float, _float)
_CONVERTER.register_structure_hook(Decimal, _decimal)
_CONVERTER.register_structure_hook_func(_is_choice, _choice)
_CONVERTER.register_structure_hook_factory(_is_container, _container)
_CONVERTER.register_unstructure_hook(Decimal, canonical)
_CONVERTER.register_unstructure_hook(float, lambda value: value if isfinite(value) else str(value))
