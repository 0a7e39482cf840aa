"""The command line: each command, and what it says and returns when something is wrong.

Bad input is one line and exit code 2, what a strategy raised one line and exit code 1. The app is imported only by a
command that opens it.
"""

import sys

if __name__ == "__main__":
    from tui.opening import main as open_and_run

    sys.exit(open_and_run())

import gc
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import version
from inspect import getdoc
from typing import Annotated, Final

from attrs import evolve
from cyclopts import App, CycloptsError, Parameter
from cyclopts.exceptions import UnusedCliTokensError

from core.analysis.export import Format, export, make_folder
from core.backtest.examples import SHIPPED
from core.backtest.loop import Backtest
from core.backtest.profiles import find_profile
from core.backtest.settings import Settings
from core.data.actions import load_actions
from core.data.load import load
from core.data.reading import Reading
from core.data.report import report
from core.errors import FillstepError, InputError, SettingsError
from core.execution.path import PathRule
from core.progress import listening
from core.replay.balances import check_balances
from core.replay.comparison import compare_with
from core.replay.explain import explain_order
from core.replay.history import History
from core.replay.opened import Opened, is_recording, open_run
from core.replay.packing import pack, packed_path, write_packed
from core.text import clean
from tui.opening import OPENING
from tui.options import READING, Options, make_backtest, settle
from tui.parting import tell_comparison
from tui.progress import run_to_end, said_once_it_takes_long
from tui.recorded import Recording
from tui.sample import make_sample
from tui.serve import HOST, PORT, serve
from tui.story import tell
from tui.summary import as_json, as_table, as_text, count_facts, fields_of
from tui.verifying import asks_to_run, tell_difference, tell_verified

_FAILED: Final = 1
_BAD_INPUT: Final = 2
_INTERRUPTED: Final = 130
_PIPE_CLOSED: Final = 141
_TRACEBACK: Final = "--traceback"
_HELP: Final = """Step through a backtest in the terminal; without a command, through a sample in the middle of its run.

- `fillstep`
- `fillstep open sma-cross --data AAPL.csv --set fast=5`
- `fillstep run my_strategy.py:MyStrategy --settings run.toml`
- `fillstep explain dip-buyer --order 3`
- `fillstep data AAPL.csv`
- `fillstep open monday.fillstep`
- `fillstep check my_strategy.py --data AAPL.csv`
- `fillstep strategies`
"""

_app = App(
    name="fillstep",
    help=_HELP,
    help_epilogue="With `--traceback`, any command shows where its error comes from.",
    version=lambda: version("fillstep"),
    config=settle,
    default_parameter=Parameter(json_dict=False),
    suppress_keyboard_interrupt=False,
)
_Options = Annotated[Options, Parameter(name="*")]
_DEFAULTS: Final = Options()
_ORDER: Final = Parameter(metavar="N", show_default=False)
_AS: Final = Parameter(name="--as", metavar="ENGINE", show_default=False)
_ANY: Final = Parameter(allow_leading_hyphen=True, metavar="OPTIONS")
_NAME: Final = Parameter(metavar="NAME", show_default=False)
_HOST: Final = Parameter(metavar="ADDRESS")
_PORT: Final = Parameter(metavar="NUMBER")
_OUTPUT: Final = Parameter(name=("--output", "-o"), metavar="FILE", show_default=False)
_FLAG: Final = Parameter(negative=(), show_default=False)
_AS_WRITTEN: Final = Reading()
_EXPORT: Final = Parameter(name="--export", metavar="FOLDER", show_default=False)
_FORMAT: Final = Parameter(name="--format", show_default=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code.

    Args:
        arguments: What is written after `fillstep`; that of the process where it is not given.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run_command([word for word in words if word != _TRACEBACK])
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except KeyboardInterrupt:
        _say("interrupted")
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - whatever it is, a person reads one line
        if _TRACEBACK in words:
            traceback.print_exception(error)
        else:
            _say(_line(error))
        return _BAD_INPUT if isinstance(error, (CycloptsError, InputError)) else _FAILED


def _run_command(words: Sequence[str]) -> int:
    code = _app(words, print_error=False, exit_on_error=False, result_action="return_value")
    if sys.stdout:
        sys.stdout.flush()
    return code or 0


@_app.default
def _open_sample() -> int:
    return _show(make_sample)


@_app.command(name="open")
def _open(strategy: str, /, *, options: _Options = _DEFAULTS) -> int:
    """Step through a strategy, from before its first bar; or look at a recording, of which nothing is run.

    For example `fillstep open sma-cross --data AAPL.csv --set fast=5`, or `fillstep open monday.fillstep`.

    Args:
        strategy: A name that `fillstep strategies` lists, a file such as my_strategy.py:MyStrategy, or a recording.
        options: What else the run is made of.
    """
    if is_recording(strategy):
        return _show(lambda: open_run(strategy))
    return _show(lambda: make_backtest(strategy, options))


@_app.command(name="verify")
def _verify(recording: str, /, *, yes: Annotated[bool, _FLAG] = False) -> int:
    """Verify a recording: its invariants, its strategy run again where it is the same, the balances that it expects.

    For example `fillstep verify monday.fillstep`. What differs is exit code 1.

    Args:
        recording: A folder that a run was recorded in, or one that was packed.
        yes: Run the strategy that a packed recording names without asking, where its file is the same.
    """
    may_run = (lambda _: True) if yes else asks_to_run
    code, out = 0, sys.stdout
    with redirect_stdout(sys.stderr):  # what the strategy prints
        for line, differs in tell_verified(recording, may_run):
            print(line, file=out)
            code = _FAILED if differs else code
    return code


@_app.command(name="diff")
def _diff(one: str, other: str, /) -> int:
    """Say where two recordings part, and how each stands there.

    For example `fillstep diff monday.fillstep tuesday.fillstep`. Where they part, the exit code is 1.

    Args:
        one: A recording, in its folder or packed.
        other: Another.
    """
    lines, differ = tell_difference(open_run(one), open_run(other))
    print("\n".join(lines))
    return _FAILED if differ else 0


@_app.command(name="pack")
def _pack(recording: str, /, *, output: Annotated[str | None, _OUTPUT] = None) -> None:
    """Write a recording as one file, with the bars that it needs, to be opened on another machine.

    For example `fillstep pack monday.fillstep`, then `fillstep open monday.fillpack`.

    Args:
        recording: A folder that a run was recorded in.
        output: The file; the name of the recording with .fillpack at its end where it is not given.
    """
    file = packed_path(recording) if output is None else output
    print(clean(f"{file}: {write_packed(file, pack(recording)):,} bytes"))


@_app.command(name="serve")
def _serve(
    strategy: str,
    /,
    *words: Annotated[str, _ANY],
    host: Annotated[str, _HOST] = HOST,
    port: Annotated[int, _PORT] = PORT,
) -> None:
    """Serve what `fillstep open` shows to a browser of this machine; each page that is opened is a run of its own.

    For example `fillstep serve sma-cross --data AAPL.csv`, then open http://127.0.0.1:8000.

    Args:
        strategy: A name that `fillstep strategies` lists, or a file such as my_strategy.py:MyStrategy.
        words: What `fillstep open` takes.
        host: The address to listen on; whoever reaches it can press every key.
        port: The port to listen on.
    """
    _, bound, _ = _app.parse_args(["open", strategy, *words], print_error=False, exit_on_error=False)
    if is_recording(strategy):  # what is wrong is said here, not on the page
        open_run(strategy)
    else:
        make_backtest(*bound.args, *bound.kwargs.values())
    serve((strategy, *words), host, port)


@_app.command(name="run")
def _run(
    strategy: str,
    /,
    *,
    json: Annotated[bool, _FLAG] = False,
    folder: Annotated[str | None, _EXPORT] = None,
    form: Annotated[Format | None, _FORMAT] = None,
    record: Annotated[str | None, _NAME] = None,
    options: _Options = _DEFAULTS,
) -> int:
    """Run a strategy to the end, without a screen, and print a summary.

    For example `fillstep run my_strategy.py:MyStrategy --settings run.toml --json`.

    Args:
        strategy: A name that `fillstep strategies` lists, or a file such as my_strategy.py:MyStrategy.
        json: Print one JSON object, for programs; money and quantities are text, exact.
        folder: Write orders, fills, positions and equity there, each into a file.
        form: As what: csv, if nothing is said, or parquet.
        record: Write the run to the folder NAME.fillstep as it goes on; a disk that is full stops that, not the run.
        options: What else the run is made of.
    """
    if folder is not None:
        make_folder(folder)  # one that cannot be written is said before the run, not after it
    elif form is not None:
        raise SettingsError("--format", "must go with --export FOLDER")
    with said_once_it_takes_long("loading ..."):
        backtest = make_backtest(strategy, options, in_windows=True)
    with _output_told(backtest):
        recording = Recording(backtest, record, options.expected)
        try:
            with recording:
                run_to_end(backtest, recording.between)
        except KeyboardInterrupt:
            _say(f"interrupted at {count_facts(backtest)}")
            return _INTERRUPTED
        finally:
            if recording.stopped is not None:
                _say(recording.stopped)
        if folder is not None:
            files = export(backtest, folder, form or Format.CSV)
            _say(f"{', '.join(file.name for file in files)} are in {folder}")
        print((as_json if json else as_table)(strategy, backtest), flush=True)
    broken = [one.text for one in check_balances(History(backtest), options.expected) if one.is_broken]
    for text in broken:
        _say(text)
    gc.freeze()  # leaving need not look through the whole journal
    return _FAILED if broken or recording.stopped is not None else 0


@_app.command(name="explain")
def _explain(
    strategy: str,
    /,
    *,
    order: Annotated[int, _ORDER],
    as_: Annotated[str | None, _AS] = None,
    short: Annotated[bool, _FLAG] = False,
    options: _Options = _DEFAULTS,
) -> int:
    """Run a strategy to the end, and tell the life of one order: what led to it, why it waited, what its fills did.

    For example `fillstep explain dip-buyer --order 3`, or `fillstep explain dip-buyer --order 3 --as backtrader`.

    Args:
        strategy: A name that `fillstep strategies` lists, or a file such as my_strategy.py:MyStrategy.
        order: Its number, from 1.
        as_: Say also what it would be in another engine, and which rule differs; one of backtrader, backtesting.py,
            zipline, lean.
        short: Write of a long wait only its first bar, its last, and the one that came nearest.
        options: What else the run is made of.
    """
    profile = None if as_ is None else find_profile(as_)

    def run_under(settings: Settings) -> Backtest:
        subbars = options.subbars if settings.path is PathRule.SUBBARS else ()
        backtest = make_backtest(strategy, evolve(options, settings=settings, subbars=subbars))
        run_to_end(backtest)
        return backtest

    backtest = make_backtest(strategy, options)
    with _output_told(backtest):
        run_to_end(backtest)
        _check_known(order, backtest.broker.order_count)
        lines = list(tell(explain_order(backtest, order), is_short=short))
        if profile is not None:
            lines += tell_comparison(profile.name, order, compare_with(backtest, run_under, profile, order))
        print("\n".join(lines), flush=True)
    return 0


@contextmanager
def _output_told(backtest: Backtest) -> Iterator[None]:
    """At the end, whatever it is, tell what the strategy has printed."""
    try:
        yield
    finally:
        if backtest.guard.output is not None:
            for line in backtest.guard.output.lines():
                print(clean(line), file=sys.stderr)


def _check_known(order: int, count: int) -> None:
    if not 0 < order <= count:
        raise InputError(f"order {order} is unknown: the run has {f'orders 1 to {count}' if count else 'no orders'}")


@_app.command(name="data")
def _data(
    *files: Annotated[str, Parameter(metavar="FILE")],
    reading: Annotated[Reading, READING] = _AS_WRITTEN,
) -> None:
    """Say what is in files of bars: rows, range, gaps, what looks like a split, and what was detected.

    For example `fillstep data AAPL.csv`, or `fillstep data trades.csv --zone America/New_York`.

    Args:
        files: Files of bars, CSV, Parquet or Arrow.
        reading: What is said of them.
    """
    if not files:
        raise InputError("no files were given: `fillstep data FILE...`")
    loaded = load(files, reading)
    print(as_text(report(loaded, reading.zone, load_actions(loaded, reading))))


@_app.command(name="check")
def _check(strategy: str, /, *, options: _Options = _DEFAULTS) -> int:
    """Run a strategy again over other data and in other processes, and say whether it looks ahead or depends on chance.

    For example `fillstep check my_strategy.py --data AAPL.csv`. The exit code is 1 where something was found.

    Args:
        strategy: A name that `fillstep strategies` lists, or a file such as my_strategy.py:MyStrategy.
        options: What else the run is made of.
    """
    from tui.checking import check, tell_check  # noqa: PLC0415 - no other command pays for it

    checked = check(strategy, options)
    print("\n".join(tell_check(strategy, checked)))
    return 0 if checked.is_clean else _FAILED


@_app.command(name="strategies")
def _strategies() -> None:
    """List the strategies that ship, with their fields.

    For example `fillstep strategies`; then `fillstep run sma-cross --set fast=5`.
    """
    for name, kind in SHIPPED.items():
        print(f"{name:<18}{(getdoc(kind) or '').partition(chr(10))[0]}")
        for field, default in fields_of(kind()).items():
            print(f"{'':<18}  {field} = {default}")


def _show(make: Callable[[], Backtest | Opened]) -> int:
    from tui.app import FillstepApp  # noqa: PLC0415 - no other command pays for the screen
    from tui.settings import read_user_settings  # noqa: PLC0415
    from tui.terminal import check_terminal, leaving_when_told  # noqa: PLC0415

    check_terminal()
    settings = read_user_settings()
    with listening(OPENING.tell):
        made = make()
    OPENING.give_way()
    app = FillstepApp.of_recording(made, settings) if isinstance(made, Opened) else FillstepApp(made, settings=settings)
    with leaving_when_told(app):
        app.run()
    for line in app.end_recordings():
        _say(line)
    stopped = app.failure or app.error
    if stopped:
        raise stopped
    return app.return_code or 0


def _line(error: Exception) -> str:
    """Return what a person reads of an error."""
    if isinstance(error, UnusedCliTokensError):
        return f"unexpected {' '.join(error.unused_tokens or ())}: `fillstep --help` lists the commands"
    if isinstance(error, CycloptsError):
        text = str(error).rstrip(".")
        return f"{text[:1].lower()}{text[1:]}"
    if isinstance(error, FillstepError):
        return str(error)
    return f"{type(error).__name__}: {error}; {_TRACEBACK} shows where it comes from"


def _say(line: str) -> None:
    print(f"fillstep: {clean(line)}", file=sys.stderr)
