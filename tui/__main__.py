"""The command line: each command, and what it says and returns when something is wrong.

Bad input is one line and exit code 2, what a strategy raised one line and exit code 1. The app is imported only by a
command that opens it.
"""

import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from importlib.metadata import version
from inspect import getdoc
from typing import Annotated, Final

from cyclopts import App, CycloptsError, Parameter
from cyclopts.exceptions import UnusedCliTokensError

from core.backtest.examples import SHIPPED
from core.backtest.loop import Backtest
from core.errors import FillstepError, InputError
from core.text import clean
from tui.options import Options, make_backtest, settle
from tui.progress import is_terminal, run_to_end
from tui.sample import make_sample
from tui.summary import as_json, as_table, count_facts, fields_of

_FAILED: Final = 1
_BAD_INPUT: Final = 2
_INTERRUPTED: Final = 130
_PIPE_CLOSED: Final = 141
_TRACEBACK: Final = "--traceback"
_HELP: Final = """Step through a backtest in the terminal; without a command, through a sample in the middle of its run.

- `fillstep`
- `fillstep open sma-cross --data AAPL.csv --set fast=5`
- `fillstep run my_strategy.py:MyStrategy --settings run.toml`
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
    """Step through a strategy, from before its first bar.

    For example `fillstep open sma-cross --data AAPL.csv --set fast=5`.

    Args:
        strategy: A name that `fillstep strategies` lists, or a file such as my_strategy.py:MyStrategy.
        options: What else the run is made of.
    """
    return _show(lambda: make_backtest(strategy, options))


@_app.command(name="run")
def _run(
    strategy: str,
    /,
    *,
    json: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    options: _Options = _DEFAULTS,
) -> int:
    """Run a strategy to the end, without a screen, and print a summary.

    For example `fillstep run my_strategy.py:MyStrategy --settings run.toml --json`.

    Args:
        strategy: A name that `fillstep strategies` lists, or a file such as my_strategy.py:MyStrategy.
        json: Print one JSON object, for programs; money and quantities are text, exact.
        options: What else the run is made of.
    """
    with redirect_stdout(sys.stderr):  # what the strategy prints
        backtest = make_backtest(strategy, options)
        try:
            run_to_end(backtest)
        except KeyboardInterrupt:
            _say(f"interrupted at {count_facts(backtest)}")
            return _INTERRUPTED
    print((as_json if json else as_table)(strategy, backtest))
    gc.freeze()  # leaving need not look through the whole journal
    return 0


@_app.command(name="strategies")
def _strategies() -> None:
    """List the strategies that ship, with their fields.

    For example `fillstep strategies`; then `fillstep run sma-cross --set fast=5`.
    """
    for name, kind in SHIPPED.items():
        print(f"{name:<16}{(getdoc(kind) or '').partition(chr(10))[0]}")
        for field, default in fields_of(kind()).items():
            print(f"{'':<16}  {field} = {default}")


def _show(make: Callable[[], Backtest]) -> int:
    if not is_terminal(sys.stdin, sys.stdout):
        raise InputError("this needs a terminal; `fillstep run` prints a summary without one")
    from tui.app import FillstepApp  # noqa: PLC0415 - no other command pays for the screen

    app = FillstepApp(make())
    app.run()
    if app.error:
        raise app.error
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


if __name__ == "__main__":
    sys.exit(main())
