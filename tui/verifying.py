"""What the commands print that verify a recording, or put two of them side by side."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from core.backtest.conversion import plain
from core.errors import ImpossibleRecordError
from core.replay.divergence import Divergence, first_divergence, place_of
from core.replay.history import History
from core.replay.manifest import RecordedBars
from core.replay.opened import Opened, open_run
from core.replay.reexecution import told
from core.replay.verification import Verdict, verify
from core.text import clean
from tui.difference import Cells, rows_of
from tui.progress import is_terminal

_WIDTH: Final = 10
_YES: Final = ("y", "yes")


def tell_verified(name: str, may_run: Callable[[str], bool]) -> Iterator[tuple[str, bool]]:
    """Verify a recording; yield what was found, line by line, each with whether it is not as it must be.

    Args:
        name: The recording, in its folder or packed.
        may_run: Is asked, with the name of a strategy that came from elsewhere, whether it may be run.

    Raises:
        RecordingError: It cannot be read.
    """
    for one in _verdicts(name, may_run):
        yield clean(f"{one.about:<{_WIDTH}}{one.text}"), one.differs


def _verdicts(name: str, may_run: Callable[[str], bool]) -> Iterator[Verdict]:
    try:
        opened = open_run(name)
    except ImpossibleRecordError as error:
        yield Verdict("record", str(error), differs=True)
    else:
        yield from verify(opened, may_run)


def asks_to_run(name: str) -> bool:
    """Ask on the terminal whether a strategy that came from elsewhere may be run; where there is none, it may not."""
    if not is_terminal(sys.stdin, sys.stderr):
        return False
    sys.stderr.write(clean(f"run {name}, which a recording from elsewhere names? It can do whatever you can. [y/N] "))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in _YES


def tell_difference(one: Opened, other: Opened) -> tuple[list[str], bool]:
    """Write where two recordings part, with the moments of both; say whether they do, or one ends before."""
    names = [clean(each.recording.path) for each in (one, other)]
    lines = [f"{name}: {_counted(each)}" for name, each in zip(names, (one, other), strict=True)]
    lines += [clean(line) for line in _inputs(one, other)]
    parting = first_divergence(one.run, other.run)
    if parting is None:
        steps = min(one.run.step_count, other.run.step_count)
        return [*lines, f"they do not part up to bar {steps:,}"], one.run.step_count != other.run.step_count
    lines.append(f"they part at event {parting.sequence}, bar {parting.step + 1:,}")
    facts = zip(names, (parting.one, parting.other), strict=True)
    lines += [clean(f"  {name}: {told(fact)}") for name, fact in facts]
    return [*lines, *_side_by_side(_moments(one, other, parting))], True


def _counted(opened: Opened) -> str:
    run = opened.run
    return f"{run.strategy_name}, {run.step_count:,} of {run.length:,} bars, {len(run.journal):,} events"


def _inputs(one: Opened, other: Opened) -> Iterator[str]:
    """Yield what the two runs were made of and is not alike."""
    before, after = _made_of(one), _made_of(other)
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield f"differs: {name} is {before.get(name, 'none')}, and {after.get(name, 'none')}"


def _made_of(opened: Opened) -> dict[str, Any]:
    manifest = opened.recording.manifest
    made: dict[str, Any] = {"strategy": manifest.strategy.name, "code": manifest.strategy.sha256}
    made |= {f"parameter {name}": text for name, text in manifest.strategy.parameters.items()}
    made |= {f"setting {name}": value for name, value in _flat(plain(manifest.settings))}
    made |= {f"bars of {bars.symbol}": _of_bars(bars) for bars in manifest.bars}
    return made | {f"finer bars of {bars.symbol}": _of_bars(bars) for bars in manifest.subbars}


def _of_bars(bars: RecordedBars) -> str:
    return f"{bars.rows:,} rows {bars.sha256[:_WIDTH]}"


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _moments(one: Opened, other: Opened, parting: Divergence) -> Iterator[Cells]:
    histories = [History(each.run) for each in (one, other)]
    before, after = (history.at(place_of(history, parting)) for history in histories)
    return rows_of(before, after)


def _side_by_side(rows: Iterable[Cells]) -> Iterator[str]:
    table = [("there", "first", "second", "difference"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    for what, *cells in table:
        texts = (f"{cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True))
        yield f"{what:<{widths[0]}}  {'  '.join(texts)}".rstrip()
