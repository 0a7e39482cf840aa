"""Options: what the commands that run a strategy are told.

cyclopts takes the options of the settings from their class; what they hold is read by the core, as a settings file is,
and each counts over what the file says.
"""

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, TypeVar

from attrs import AttrsInstance, field, frozen
from cyclopts import App, Argument, ArgumentCollection, Group, Parameter, Token

from core.backtest.configuration import Layer, make_strategy, overlay, read_assignments, read_settings
from core.backtest.conversion import Text
from core.backtest.deadline import DEFAULT_SECONDS
from core.backtest.loop import Backtest
from core.backtest.memory import load_or_open
from core.backtest.output import Output
from core.backtest.settings import Settings
from core.backtest.strategies import find_strategy
from core.backtest.strategy import Strategy
from core.bars import Bars
from core.corporate_action import CorporateAction
from core.data.actions import load_actions
from core.data.load import load
from core.data.reading import Reading
from core.errors import SettingsError
from core.execution.path import PathRule
from core.replay.balances import check_symbols, read_balances
from core.replay.manifest import Expected
from tui.sample import load_sample

if TYPE_CHECKING:
    from cyclopts.help import HelpPanel
    from rich.console import Console, ConsoleOptions

_NOTHING: Final = Layer({})


def _read_settings(_: object, tokens: tuple[Token, ...]) -> tuple[Layer, Layer, Layer, Layer]:
    settings, strategy, balances = read_settings(tokens[0].value)
    return settings.without(_FILES), strategy, settings.table(_FILES), balances


def _show_settings(console: "Console", options: "ConsoleOptions", panel: "HelpPanel") -> None:
    """Show what a setting takes in a person's words rather than by its types."""
    from cyclopts.help import DefaultFormatter  # noqa: PLC0415 - only the help pays for it

    entries = [entry.copy(metavar=_word(entry.metavar), default=_word(entry.default)) for entry in panel.entries]
    DefaultFormatter()(console, options, panel.copy(entries=entries))


def _word(text: str | None) -> str | None:
    return text and _WORDS.get(text, text)


_WORDS: Final = {
    "INT|DECIMAL": "NUMBER",
    "INT": "NUMBER",
    "SEQUENCE[INT|DECIMAL INT|DECIMAL]": "[[NUMBER, NUMBER], ...]",
    "()": "[]",
    "STR": "NAME",
}
"""What cyclopts writes, and what a person reads in the place of that."""
_plain = partial(Parameter, negative=(), show_default=False)
_ValuesT = TypeVar("_ValuesT", bound=AttrsInstance)
_FILES: Final = "data"
DATA: Final = _plain(consume_multiple=1, metavar="FILE...")
_FILE = _plain(name="--settings", converter=_read_settings, accepts_keys=False, n_tokens=1, metavar="FILE")
_FIELDS = _plain(name="--set", metavar="KEY=VALUE")
_A_DAY: Final = 86_400
_SECONDS = Parameter(metavar="SECONDS")
READING: Final = Parameter(name="*", group=Group("Files", help_formatter=_show_settings), negative=())
_SETTINGS = Parameter(name="*", group=Group("Settings", help_formatter=_show_settings), negative_iterable=())


def _check_deadline(_: object, __: object, seconds: float) -> None:
    if not 0 <= seconds <= _A_DAY:
        raise SettingsError("--deadline", f"must be from 0 to {_A_DAY} seconds, was {seconds:g}")


@frozen
class Options:
    """What a run is made of besides its strategy.

    Attributes:
        data: Files of bars, CSV or Parquet; the sample where none is given.
        subbars: Files of finer bars of the same symbols, for --path subbars.
        file: A TOML file with the settings below, the fields of the strategy in a table [strategy], what is said of
            files in a table [data], and in tables [[balance]] what balances are expected.
        fields: One field of the strategy, over what the file says of it; may be given again for another.
        deadline: How many seconds a step may take before the strategy is stopped; 0 for any time.
        settings: Each of them, over what the file says of it.
        reading: What is said of files of bars, over what the file says of it.
    """

    data: Annotated[tuple[str, ...], DATA] = ()
    subbars: Annotated[tuple[str, ...], DATA] = ()
    file: Annotated[tuple[Layer, Layer, Layer, Layer], _FILE] = (_NOTHING, _NOTHING, _NOTHING, _NOTHING)
    fields: Annotated[tuple[str, ...], _FIELDS] = ()
    deadline: Annotated[float, _SECONDS] = field(default=DEFAULT_SECONDS, validator=_check_deadline)
    settings: Annotated[Settings, _SETTINGS] = field(factory=Settings)
    reading: Annotated[Reading, READING] = field(factory=Reading)

    @property
    def expected(self) -> tuple[Expected, ...]:
        """What balances are to be, as the file says."""
        return read_balances(self.file[3])


def make_backtest(strategy: str, options: Options, *, in_windows: bool = False) -> Backtest:
    """Load what the options name, and stand before the first step.

    Args:
        strategy: Its name, or its file.
        options: What else the run is made of.
        in_windows: Whether bars that memory does not hold may be read in windows.

    Raises:
        InputError: Something is not there, or not as it must be.
        StrategyError: The strategy cannot be made.
    """
    return make_run(strategy, options, lambda made: load_data(options, made, in_windows=in_windows))


class Data(NamedTuple):
    """What a run goes over.

    Attributes:
        bars: The bars of each symbol.
        subbars: Finer ones of some.
        actions: Their splits and dividends.
    """

    bars: Sequence[Bars]
    subbars: Sequence[Bars]
    actions: Sequence[CorporateAction]


def load_data(options: Options, strategy: Strategy, *, in_windows: bool = False) -> Data:
    """Load what a run goes over.

    Args:
        options: Which files, and what is said of them.
        strategy: What runs over them.
        in_windows: Whether bars that memory does not hold may be read in windows.

    Raises:
        InputError: A file is not there, or not as it must be.
    """
    data, reading = options.data, options.reading
    bars = load_or_open(data, strategy, reading, in_windows=in_windows) if data else load_sample()
    finer = load(options.subbars, reading) if options.subbars else ()
    return Data(bars, finer, load_actions(bars, reading, has_columns=bool(data)))


def make_run(strategy: str, options: Options, data: Callable[[Strategy], Data]) -> Backtest:
    """Make a strategy anew, and stand before the first step of its run over some data; what it prints is kept.

    Raises:
        InputError: Something is not there, or not as it must be.
        StrategyError: The strategy cannot be made.
    """
    output = Output()
    with output:
        kind = find_strategy(strategy)
        made = make_strategy(kind, [options.file[1], read_assignments(options.fields)])
    _check_subbars(options)
    bars, finer, actions = data(made)
    with output:
        backtest = Backtest(bars, made, options.settings, finer, actions=actions)
    check_symbols(options.expected, backtest.feed.places)
    backtest.deadline.seconds = options.deadline
    backtest.take_output(output)
    return backtest


def _check_subbars(options: Options) -> None:
    """Refuse finer bars that nobody asks for, and a rule that has none."""
    is_asked = options.settings.path is PathRule.SUBBARS
    if options.subbars and not is_asked:
        raise SettingsError("--subbars", f"must go with --path subbars, the path is {options.settings.path.value}")
    if is_asked and not options.subbars:
        raise SettingsError("--path", "subbars must have files of finer bars: --subbars FILE")


def settle(_app: App, _commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Put one `Settings` in the place of the options of which it is made, and one `Reading` likewise.

    Raises:
        SettingsError: An option, or a key of the file, has a value that it cannot have.
    """
    file = next((one for one in arguments if one.name == "--settings" and one.tokens), None)
    layers = (Layer({}), Layer({}), Layer({})) if file is None else file.convert()
    for base, layer in ((Settings(), layers[0]), (Reading(), layers[2])):
        whole = next((one for one in arguments if one.hint is type(base)), None)
        if whole is not None:
            whole.append(Token(implicit_value=_settled(base, layer, whole)))


def _settled(base: _ValuesT, layer: Layer, whole: Argument) -> _ValuesT:
    values = overlay(base, layer)
    for option in whole.children_recursive:
        for token in option.tokens:
            values = overlay(values, _layer(option.name, token))
        option.tokens.clear()
    return values


def _layer(option: str, token: Token) -> Layer:
    flag = token.implicit_value
    value: object = flag if isinstance(flag, bool) else Text(token.value)
    keys = option.removeprefix("--").split(".")
    return Layer({keys[0]: reduce(lambda inner, key: {key: inner}, reversed(keys[1:]), value)}, "--")
