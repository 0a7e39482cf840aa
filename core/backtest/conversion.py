"""Conversion: a value that a person wrote, as the type that its key holds, and back.

Nothing is guessed: a text is no number, a number is no text, true is not 1, and no amount of money passes through a
float.
"""

import re
import tomllib
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

_RULES: Final = {bool: "true or false", int: "a whole number", float: "a number", Decimal: "a number", str: "a text"}
_CONTAINERS: Final[dict[Any, Callable[[Iterable[Any]], Any]]] = {
    list: list,
    Sequence: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
}
_REFUSALS: Final = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError, CattrsError)


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
    ValueError: must be a whole number, was the text 1
    """
    try:
        return _CONVERTER.structure(value, kind)
    except NotExactError as error:
        raise ValueError(sentence(error.rule, value)) from None
    except StructureHandlerNotFoundError:
        raise ValueError(f"cannot be given: it holds {_name(kind)}") from None
    except _REFUSALS:
        raise ValueError(sentence(_rule(kind), value)) from None


def sentence(rule: str, value: object) -> str:
    """Return what an error says of a value that breaks a rule; a text of TOML may look like a number, so it is named.

    >>> sentence("above zero", -5), sentence("a number", "5")
    ('must be above zero, was -5', 'must be a number, was the text 5')
    """
    return f"must be {rule}, was {'the text ' if type(value) is str else ''}{shown(_written(value))}"


class _Digits(str):
    """A number that stands in a list as it was written."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _written(value: object) -> object:
    if isinstance(value, list):
        return [_written(one) for one in value]
    return _Digits(value) if isinstance(value, Decimal) else value


def plain(value: object) -> Any:
    """Return a value as TOML and JSON can hold it: exact numbers as text, a choice as it is written."""
    return _CONVERTER.unstructure(value)


def _rule(kind: Any) -> str:
    if _is_choice(kind):
        return " or ".join(str(one.value) for one in kind)
    if _is_row(kind):
        return f"[{', '.join(map(_rule, get_args(kind)))}]"
    if _is_container(kind) and _is_row(_item(kind)):
        return f"a list of {_rule(_item(kind))}"
    return _RULES.get(kind) or _name(kind)


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)


def _is_choice(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _is_container(kind: Any) -> bool:
    return (get_origin(kind) or kind) in _CONTAINERS and get_args(kind)[1:] in ((), (...,))


def _is_row(kind: Any) -> bool:
    """Say whether a type is a tuple of a fixed length."""
    return get_origin(kind) is tuple and not _is_container(kind)


def _item(kind: Any) -> Any:
    return (*get_args(kind), Any)[0]


def _container(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    """Return how a list becomes a container."""
    make, item = _CONTAINERS[get_origin(kind) or kind], _item(kind)
    return lambda value, _: make(converter.structure(one, item) for one in _listed(value))


def _row(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    """Return how a list becomes a tuple of a fixed length."""
    items = get_args(kind)
    return lambda value, _: tuple(
        converter.structure(one, item) for one, item in zip(_listed(value), items, strict=True)
    )


def _listed(value: Any) -> list[Any]:
    """Return a list, which the command line writes as TOML does; a text of TOML is no list of letters."""
    if isinstance(value, Text):
        (value,) = tomllib.loads(f"list = {value}", parse_float=Decimal).values()
    if not isinstance(value, list):
        raise TypeError
    return value


def _as_it_is(value: Any, kind: Any) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _text(value: Any, _: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value)


def _decimal(value: Any, _: Any) -> Decimal:
    if isinstance(value, Text):
        return parse(str(value), "value")
    if type(value) not in (int, Decimal):
        raise TypeError
    return exact(value, "value")


def _integer(value: Any, _: Any) -> int:
    if isinstance(value, Text) and re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        return int(value)
    return int(_as_it_is(value, int))


def _float(value: Any, _: Any) -> float:
    if type(value) not in (int, Decimal) or not isfinite(value):
        raise TypeError
    return float(value)


def _choice(value: Any, kind: Any) -> Any:
    try:
        return kind(value)
    except ValueError:
        return kind(str(value).replace("-", "_"))


def _unless_choice(hook: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return a hook that leaves choices alone: cattrs takes one that is a text for a text, any text."""
    return lambda value, kind: (_choice if _is_choice(kind) else hook)(value, kind)


_CONVERTER: Final = Converter(detailed_validation=False, forbid_extra_keys=True)
for _kind, _hook in ((str, _text), (int, _integer), (float, _float)):
    _CONVERTER.register_structure_hook(_kind, _unless_choice(_hook))
for _day_or_time in (date, datetime, time):
    _CONVERTER.register_structure_hook(_day_or_time, _as_it_is)
    _CONVERTER.register_unstructure_hook(_day_or_time, str)
_CONVERTER.register_structure_hook(bool, _as_it_is)
_CONVERTER.register_structure_hook(Decimal, _decimal)
_CONVERTER.register_structure_hook(Enum, _choice)
_CONVERTER.register_structure_hook_factory(_is_container, _container)
_CONVERTER.register_structure_hook_factory(_is_row, _row)
_CONVERTER.register_unstructure_hook(Decimal, canonical)
_CONVERTER.register_unstructure_hook(float, lambda value: value if isfinite(value) else str(value))
