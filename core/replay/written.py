"""Values as JSON and back, by their types: exact, strict, and nothing of it is ever executed.

What is written says no type: who reads knows which one must stand there, and refuses everything else. Exact numbers and
times are text that keeps every digit as it was, so what is shown of a value that was read is what was shown before.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from json import JSONDecoder, JSONEncoder
from types import NoneType, UnionType
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias, Union, get_args, get_origin, get_type_hints

import attrs

from core.errors import FillstepError, InputError, shown
from core.reason import Param, Reason

LONGEST: Final = 1 << 20
"""The most bytes that one value takes as JSON."""
MOST: Final = 10**18
"""The largest whole number."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,200}(?:\.[0-9]{1,200})?(?:E[+-]?[0-9]{1,2})?", re.ASCII)
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}[+-][0-9:.]{5,15}", re.ASCII)
_TEXT_PARAMS: Final = frozenset(
    (
        "symbol",
        "known",
        "name",
        "failed",
        "status",
        "where",
        "path",
        "other_path",
        "outcome",
        "other_outcome",
        "extreme_name",
        "until",
        "ratio",
    ),
)

Write: TypeAlias = Callable[[Any], Any]
Read: TypeAlias = Callable[[Any], Any]


class NotWrittenError(InputError, ValueError):
    """A value that is not what must stand in its place."""

    def __init__(self, rule: str, value: object) -> None:
        """Say what must stand there, and what does."""
        kind = "" if isinstance(value, str) else f"{type(value).__name__} "
        super().__init__(f"must be {rule}, was {kind}{shown(value)}")


class Form(NamedTuple):
    """How values of a type are written as JSON, and read again.

    Attributes:
        write: Makes what `json` can hold, or raises a `NotWrittenError`.
        read: Makes the value of that, or raises a `NotWrittenError` or what the type itself refuses.
    """

    write: Write
    read: Read


def as_json(value: object, kind: Any, most: int = LONGEST) -> str:
    """Write a value of a type as one line of ASCII, of at most so many bytes.

    Raises:
        InputError: It is of another type, or longer.
    """
    line = _ENCODER.encode(form_of(kind).write(value))
    if len(line) > most:
        raise NotWrittenError(f"at most {most:,} bytes", line)
    return line


def from_json(text: str | bytes, kind: Any) -> Any:
    """Read a value of a type.

    Raises:
        InputError: It is no JSON, has a key twice or one too many, or a value that is not what must stand there.
    """
    return read_as(parse_json(text), kind)


def parse_json(text: str | bytes, most: int = LONGEST) -> Any:
    """Read JSON of at most so many bytes, without numbers that are not whole, and without a key that stands twice.

    Raises:
        InputError: It is none, is longer, or nested too deep.
    """
    if len(text) > most:
        raise InputError(f"must be at most {most:,} bytes, was {len(text):,}")
    try:
        return _DECODER.decode(text if isinstance(text, str) else text.decode())
    except RecursionError:
        raise InputError("must be JSON, is nested too deep") from None
    except ValueError as error:  # a number of thousands of digits, and bytes that are no UTF-8, are others
        raise InputError(f"must be JSON: {shown(error)}") from None


def read_as(value: Any, kind: Any) -> Any:
    """Take what JSON holds as a value of a type.

    Raises:
        InputError: It is none.
    """
    try:
        return form_of(kind).read(value)
    except InputError:
        raise
    except (ValueError, TypeError, ArithmeticError, AttributeError, LookupError) as error:
        raise InputError(f"is no {_name(kind)}: {shown(error)}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"key {shown(twice)} stands twice")
    return found


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"a number must be whole or text, was {shown(text)}")


_ENCODER: Final = JSONEncoder(allow_nan=False, separators=(",", ":"))
_DECODER: Final = JSONDecoder(
    object_pairs_hook=_once, parse_float=_refuse_number, parse_constant=_refuse_number, strict=True
)


def form_of(kind: Any) -> Form:
    """Return how values of a type are written and read.

    Raises:
        FillstepError: Such a type is not written: a mistake of this project.
    """
    form = _FORMS.get(kind)
    if form is None:
        form = _FORMS[kind] = _made_of(kind)
    return form


def _made_of(kind: Any) -> Form:
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _one_of(parts)
    if origin is Sequence or parts[1:] == (...,):
        return _list_of(parts[0])
    if origin is tuple:
        return _row_of(parts)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_of(parts[1])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _choice_of(kind)
    if attrs.has(kind):
        return _record_of(kind)
    raise FillstepError(f"a {_name(kind)} cannot be written")


def _one_of(kinds: tuple[Any, ...]) -> Form:
    """Return the form of a value or None, of any number, or of records of several classes, which say their class."""
    if NoneType in kinds:
        inner = form_of(Union[tuple(one for one in kinds if one is not NoneType)])  # noqa: UP007 - as many as there are
        return Form(
            lambda value: None if value is None else inner.write(value),
            lambda value: None if value is None else inner.read(value),
        )
    if set(kinds) == {int, Decimal}:
        return Form(
            lambda value: _write_number(value) if isinstance(value, Decimal) else _whole(value),
            lambda value: _read_number(value) if isinstance(value, str) else _whole(value),
        )
    names = {one.__name__: one for one in kinds}

    def write(value: Any) -> Any:
        name = type(value).__name__
        if names.get(name) is not type(value):
            raise NotWrittenError(" or ".join(names), value)
        return {name: form_of(type(value)).write(value)}

    def read(value: Any) -> Any:
        ((name, inner),) = _typed(value, dict, "a record of one key").items()
        if name not in names:
            raise NotWrittenError(" or ".join(names), name)
        return form_of(names[name]).read(inner)

    return Form(write, read)


def _list_of(kind: Any) -> Form:
    one = form_of(kind)
    return Form(
        lambda value: [one.write(item) for item in _typed(value, tuple, "a row")],
        lambda value: tuple(one.read(item) for item in _typed(value, list, "a list")),
    )


def _row_of(kinds: Iterable[Any]) -> Form:
    forms = tuple(form_of(one) for one in kinds)
    writes, reads = [one.write for one in forms], [one.read for one in forms]

    def items(value: Any, kind: Any) -> Any:
        if type(value) is not kind or len(value) != len(forms):
            raise NotWrittenError(f"a row of {len(forms)}", value)
        return value

    return Form(
        lambda value: [write(item) for write, item in zip(writes, items(value, tuple), strict=True)],
        lambda value: tuple([read(item) for read, item in zip(reads, items(value, list), strict=True)]),
    )


def _mapping_of(kind: Any) -> Form:
    one = form_of(kind)

    def each(value: Any, do: Callable[[Any], Any]) -> dict[str, Any]:
        return {_text(name): do(item) for name, item in value.items()}

    def write(value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise NotWrittenError("a record", value)
        return each(value, one.write)

    return Form(write, lambda value: each(_typed(value, dict, "a record"), one.read))


def _choice_of(kind: type[Enum]) -> Form:
    members = kind.__members__

    def write(value: Any) -> str:
        if type(value) is not kind:
            raise NotWrittenError(f"a {kind.__name__}", value)
        return str(value.name)

    def read(value: Any) -> Enum:
        if _text(value) not in members:
            raise NotWrittenError(f"one of {', '.join(members)}", value)
        return members[value]

    return Form(write, read)


def _record_of(kind: Any) -> Form:
    """Return the form of an attrs class: a key for each of its fields, all of them, and no others."""
    hints = get_type_hints(kind)
    fields = [(one.name, str(one.alias), form_of(hints[one.name])) for one in attrs.fields(kind) if one.init]
    names = frozenset(name for name, _, _ in fields)

    def write(value: Any) -> Any:
        if type(value) is not kind:
            raise NotWrittenError(f"a {kind.__name__}", value)
        name, written = "", {}
        try:
            for name, _, form in fields:
                written[name] = form.write(getattr(value, name))
        except NotWrittenError as error:
            raise InputError(f"{name} {error}") from None
        return written

    def read(value: Any) -> Any:
        _check_keys(_typed(value, dict, "a record"), names)
        name, given = "", {}
        try:
            for name, alias, form in fields:
                given[alias] = form.read(value[name])
        except NotWrittenError as error:
            raise InputError(f"{name} {error}") from None
        return kind(**given)

    return Form(write, read)


def _check_keys(value: Mapping[str, Any], names: frozenset[str]) -> None:
    if value.keys() == names:
        return
    unknown, missing = sorted(value.keys() - names), sorted(names - value.keys())
    if unknown:
        raise InputError(f"key {shown(unknown[0])} is unknown: known are {', '.join(sorted(names))}")
    raise InputError(f"key {missing[0]} is missing")


def _name(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind))


# Single values


def _typed(value: Any, kind: type, rule: str) -> Any:
    if type(value) is not kind:
        raise NotWrittenError(rule, value)
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise NotWrittenError("a text", value if not isinstance(value, str) else type(value))
    return value


def _flag(value: Any) -> bool:
    return bool(_typed(value, bool, "true or false"))


def _whole(value: Any) -> int:
    if type(value) is not int or not -MOST <= value <= MOST:
        raise NotWrittenError(f"a whole number of at most {MOST:,}", value)
    return value


def _write_number(value: Any) -> str:
    text = str(_typed(value, Decimal, "an exact number"))
    return text if _NUMBER.fullmatch(text) else _no_number(text)


def _read_number(value: Any) -> Decimal:
    return Decimal(value) if _NUMBER.fullmatch(_text(value)) else _no_number(value)


def _no_number(value: object) -> NoReturn:
    raise NotWrittenError("a number such as 187.15", value)


def _write_time(value: Any) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise NotWrittenError("a time with its zone", value)
    return value.isoformat(timespec="microseconds")


def _read_time(value: Any) -> datetime:
    if not _TIME.fullmatch(_text(value)):
        raise NotWrittenError("a time such as 2024-01-02T21:00:00.000000+00:00", value)
    return datetime.fromisoformat(value)


def _write_param(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"number": _write_number(value)}
    if isinstance(value, datetime):
        return {"time": _write_time(value)}
    return _text(value) if isinstance(value, str) else _whole(value)


def _read_param(value: Any) -> Param:
    if type(value) is dict:
        ((kind, inner),) = value.items()
        return _read_number(inner) if kind == "number" else _read_time(inner if kind == "time" else None)
    return _text(value) if isinstance(value, str) else _whole(value)


def _read_reason(value: Any) -> Reason:
    """Read a reason whose sentence can be made."""
    reason: Reason = _REASON.read(value)
    for name, param in reason.params.items():
        if isinstance(param, str) != (name in _TEXT_PARAMS):
            raise NotWrittenError(f"{'a text' if name in _TEXT_PARAMS else 'a number'} for {shown(name)}", param)
    try:
        reason.text.encode("utf-8", "surrogatepass")
    except LookupError as error:
        raise InputError(f"{reason.code.value} has no {shown(error)}") from None
    return reason


_FORMS: Final[dict[Any, Form]] = {
    str: Form(_text, _text),
    bool: Form(_flag, _flag),
    int: Form(_whole, _whole),
    Decimal: Form(_write_number, _read_number),
    datetime: Form(_write_time, _read_time),
    Param: Form(_write_param, _read_param),
}
_REASON: Final = _record_of(Reason)
_FORMS[Reason] = Form(_REASON.write, _read_reason)
