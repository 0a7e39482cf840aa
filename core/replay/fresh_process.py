"""A run again in other processes, where sets have other orders, another zone rules, and it is later.

What depends on one of these shows only there. The child is given the inputs, and writes the canonical lines of its
journal, which are compared with the record.
"""

import io
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from operator import attrgetter
from types import FunctionType
from typing import Any, Final

from core.backtest.loop import Backtest
from core.backtest.strategies import find_strategy
from core.errors import FillstepError, InputError, StrategyError
from core.replay.later import set_clock_forward
from core.replay.reexecution import NotDeterministicError, follow, told
from core.replay.suspects import likely_cause
from core.text import clean

_ROUNDS: Final = 3
_ZONES: Final = ("Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu")
_PLACE: Final = ("event", "sequence", "step", "phase", "part", "timestamp", "eligible_step")
"""What of a fact says when it was, not what it was."""
_LATER_SECONDS: Final = 34_567_890
"""How much later it is in a child: another year, month, day, hour, minute and second."""


def check_in_fresh_processes(run: Backtest, rounds: int = _ROUNDS) -> int:
    """Run the whole again, each time with another hash seed, in another zone, later; return how many facts were alike.

    Raises:
        NotDeterministicError: It does something else than was recorded.
        InputError: The strategy cannot be copied, or not made in another process.
        FillstepError: A child failed.
    """
    job = _job(run)
    lines = list(run.journal.canonical_lines())
    taken = os.environ.get("PYTHONHASHSEED")
    seeds = [seed for seed in map(str, range(1, rounds + 2)) if seed != taken][:rounds]
    for place, seed in enumerate(seeds):
        _compare(run, lines, _run_child(job, seed, _ZONES[place % len(_ZONES)]))
    return len(lines)


def _job(run: Backtest) -> bytes:
    strategy = run.fresh_strategy()
    module = type(strategy).__module__
    file = f"{module}:{type(strategy).__qualname__}" if module.endswith(".py") else None
    inputs = (run.bars, strategy, run.settings, run.subbars, run.actions, run.edits)
    try:
        return pickle.dumps((file, _pickled(inputs), dict(run.commands), run.clock.step))
    except (pickle.PicklingError, TypeError, AttributeError, KeyError) as error:
        raise InputError(f"{type(strategy).__name__} cannot be made in another process: {error}") from error


class _Pickler(pickle.Pickler):
    """Names what a strategy's file defines, which no import would find under the name of a file."""

    def reducer_override(self, value: object) -> Any:
        if not isinstance(value, (type, FunctionType)) or not value.__module__.endswith(".py"):
            return NotImplemented
        name = (value.__module__, value.__qualname__)
        if named(*name) is not value:
            raise pickle.PicklingError(f"there is another {value.__qualname__} in its file by now")
        return named, name


def named(module: str, name: str) -> object:
    """Return what a module that is loaded has under a name.

    Raises:
        AttributeError: It has none.
    """
    return attrgetter(name)(sys.modules[module])


def _pickled(inputs: object) -> bytes:
    written = io.BytesIO()
    _Pickler(written).dump(inputs)
    return written.getvalue()


def _run_child(job: bytes, seed: str, zone: str) -> list[str]:
    surroundings = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", __name__]
    child = subprocess.run(command, input=job, env=surroundings, capture_output=True, check=False)  # noqa: S603 - this module
    if child.returncode:
        last = clean((child.stderr.decode(errors="replace").strip().splitlines() or ["no word"])[-1])
        raise FillstepError(f"run again in another process, it failed: {last}")
    return child.stdout.decode("utf-8", "surrogatepass").splitlines()


def _compare(run: Backtest, lines: list[str], others: list[str]) -> None:
    if lines == others:
        return
    place = next((place for place, pair in enumerate(zip(lines, others, strict=False)) if pair[0] != pair[1]), None)
    sequence = min(len(lines), len(others)) if place is None else place
    row = run.journal.rows[sequence] if sequence < len(lines) else None
    now = _difference(lines[sequence:], others[sequence:])
    steps = [json.loads(some[sequence])["step"] for some in (lines, others) if sequence < len(some)]
    raise NotDeterministicError(sequence, min(steps), told(row), now, likely_cause(type(run.strategy)))


def _difference(lines: Sequence[str], others: Sequence[str]) -> str:
    """Write what the first of some lines is instead of the first of others: what of it differs, if not all."""
    if not others:
        return "nothing"
    was, now = (dict(_leaves(json.loads(one))) for one in (lines[0] if lines else "{}", others[0]))
    differing = [f"{name} {now[name]}" for name in now if was.get(name) != now[name] and name not in _PLACE]
    what = f"{now['event']} in bar {now['step'] + 1}"
    return f"{what} with {', '.join(differing)}" if was.get("event") == now["event"] and differing else what


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the plain values of JSON, by where they are in it."""
    if not isinstance(value, dict):
        yield name, value
        return
    for key in value:
        yield from _leaves(value[key], f"{name}.{key}" if name else key)


def _lines_of(job: Any) -> Iterator[str]:
    """Run what the parent has sent."""
    file, inputs, commands, until = job
    if file is not None:
        find_strategy(file)  # so that its class can be found by the name of its file
    bars, strategy, settings, subbars, actions, edits = pickle.loads(inputs)  # noqa: S301 - from the parent
    run = Backtest(bars, strategy, settings, subbars, actions=actions, edits=edits)
    with suppress(StrategyError):  # as in the record, else the facts tell
        follow(run, commands, until)
    return run.journal.canonical_lines()


def _main() -> None:
    set_clock_forward(_LATER_SECONDS)
    out = sys.stdout.buffer
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - what the strategy prints, to the end
    for line in _lines_of(pickle.load(sys.stdin.buffer)):  # noqa: S301 - from the parent
        out.write(f"{line}\n".encode("utf-8", "surrogatepass"))
    out.flush()


if __name__ == "__main__":
    _main()
