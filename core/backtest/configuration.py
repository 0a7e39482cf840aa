"""Configuration: what a file and the command line say, as settings and as a strategy.

Each source is a layer over the one before it. A value is taken as it is written, or refused by its key, as it is
written there.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Context, Decimal
from functools import partial
from typing import Any, TypeVar, cast

import attrs
from attrs import Attribute, frozen

from core.backtest.conversion import convert, sentence
from core.backtest.guard import RAISED, blame
from core.backtest.strategy import Strategy
from core.backtest.surroundings import keep_surroundings, surroundings_of
from core.errors import NotExactError, SettingsError, shown
from core.files import read_file

_Values = TypeVar("_Values", bound=attrs.AttrsInstance)
_AnyStrategy = TypeVar("_AnyStrategy", bound=Strategy)
_TABLE = "strategy"
BALANCE = "balance"
"""The table that says what a balance is expected to be."""
_number = partial(Decimal, context=Context(traps=[]))  # what is out of range is no number, and is refused by its key


@frozen
class Layer:
    """What one source says.

    Attributes:
        values: By key, nested as tables are; a key may have `-` for `_`.
        prefix: What stands before a key where an error names it.
        source: The file, as it was given; empty for the command line.
    """

    values: Mapping[str, object]
    prefix: str = ""
    source: str = ""

    def refusal(self, key: str, what: str) -> SettingsError:
        """Return the error that names a key and says what is wrong with it."""
        return SettingsError(f"{self.prefix}{key}", f"{what} ({self.source})" if self.source else what)

    def table(self, key: str) -> "Layer":
        """Return the layer of a table in this one."""
        values = self.values.get(key, {})
        if not isinstance(values, Mapping):
            raise self.refusal(key, sentence("a table", values))
        return Layer(values, f"{self.prefix}{key}.", self.source)

    def without(self, *keys: str) -> "Layer":
        """Return the layer of every other key."""
        return attrs.evolve(self, values={one: self.values[one] for one in self.values if one not in keys})

    def only(self, key: str) -> "Layer":
        """Return the layer of one key, where it is there."""
        return attrs.evolve(self, values={one: self.values[one] for one in self.values if one == key})

    def value(self, key: str, kind: Any) -> Any:
        """Return the value of a key as a type."""
        try:
            return convert(self.values[key], kind)
        except ValueError as error:
            raise self.refusal(key, str(error)) from None

    def fields(self, kind: type[attrs.AttrsInstance]) -> Iterator[tuple[str, str, "Attribute[Any]"]]:
        """Yield every key, the name that it has in Python, and the field of a class that it is for."""
        if not self.values:
            return
        known = {str(one.alias): one for one in attrs.fields(attrs.resolve_types(kind)) if one.init}
        seen: set[str] = set()
        for key in self.values:
            name = key.replace("-", "_")
            if name not in known:
                raise self.refusal(key, f"is unknown: known are {', '.join(known) or 'none'}")
            if name in seen:
                raise self.refusal(key, "is given twice")
            seen.add(name)
            yield key, name, known[name]


def read_toml(path: str) -> Layer:
    """Read a TOML file.

    Raises:
        SettingsError: It cannot be read, or is not TOML.
    """
    text = read_file(path, partial(SettingsError, path))
    try:
        return Layer(tomllib.loads(text.decode("utf-8-sig"), parse_float=_number), source=path)
    except (ValueError, RecursionError) as error:
        raise SettingsError(path, f"must be TOML: {error}") from error


def read_settings(path: str) -> tuple[Layer, Layer, Layer]:
    """Read the settings of a run from a TOML file.

    Returns:
        The settings; the fields of the strategy, which stand in the table `[strategy]`; and the tables `[[balance]]`,
        with what balances are expected.

    Raises:
        SettingsError: It cannot be read, or is not TOML.
    """
    whole = read_toml(path)
    return whole.without(_TABLE, BALANCE), whole.table(_TABLE), whole.only(BALANCE)


def read_assignments(assignments: Iterable[str]) -> Layer:
    """Read what was given as `key=value`: a value of TOML, or a text where it is none; a later one of a key counts.

    Raises:
        SettingsError: There is no key, or no equals sign.
    """
    values: dict[str, object] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not key or not equals:
            raise SettingsError("--set", f"must be KEY=VALUE, was {shown(assignment)}")
        values[key] = _toml_value(value)
    return Layer(values, "--set ")


def overlay(base: _Values, layer: Layer) -> _Values:
    """Return values with those of a layer in the place of theirs.

    Raises:
        SettingsError: A key is unknown, or has a value that it cannot have.
    """
    values: Any = base
    for key, name, one in layer.fields(type(base)):
        under = getattr(values, one.name)
        value = overlay(under, layer.table(key)) if attrs.has(type(under)) else layer.value(key, one.type)
        try:
            values = attrs.evolve(values, **{name: value})
        except NotExactError as error:
            raise layer.refusal(key, sentence(error.rule, layer.values[key])) from None
    return cast("_Values", values)


def make_strategy(kind: type[_AnyStrategy], layers: Iterable[Layer]) -> _AnyStrategy:
    """Make a strategy, with its fields as the layers say, a later one over those before it.

    Raises:
        SettingsError: A field is unknown, has a value that it cannot have, or is not given though it has no default.
        StrategyError: It cannot be made.
    """
    given: dict[str, Any] = {}
    try:
        for layer in layers:
            given |= {name: layer.value(key, one.type) for key, name, one in layer.fields(kind)}
        _check_complete(kind, given)
        with surroundings_of(kind) as surroundings:
            made = kind(**given)
        keep_surroundings(kind, surroundings)
    except SettingsError:
        raise
    except RAISED as error:
        if given and isinstance(error, ValueError):  # a validator of its own refuses what it was given
            raise SettingsError(f"strategy {kind.__name__}", str(error)) from error
        raise blame(kind, "__init__", error) from error
    return made


def _check_complete(kind: type[Strategy], given: Mapping[str, object]) -> None:
    for one in attrs.fields(kind):
        if one.init and one.default is attrs.NOTHING and one.alias not in given:
            raise SettingsError(f"--set {one.alias}", "must be given: it has no default")


def _toml_value(text: str) -> object:
    try:
        values = tomllib.loads(f"value = {text}", parse_float=_number)
    except (ValueError, RecursionError):
        return text
    return values["value"] if len(values) == 1 else text
