"""Which measurements there are, and in which order their processes run: one of each in turn, as often as is asked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from attrs import define, field

from benchmarks.outcome import ChildError, Outcome, run_child
from benchmarks.peers import PEERS

Key: TypeAlias = tuple[str, str]
"""How it is measured, and what."""

WORKLOADS: Final = ("W1", "W2", "W3", "W4")
MEASURE: Final = "benchmarks.measure"
LOADED: Final = 10
"""So many times the bars are in the files that are loaded."""

_OFTEN: Final = ("run", "load")  # what is measured several times
_LONGER: Final = 3  # so many times the bars, for what must not grow
_SHORTER: Final = 5  # and so many times fewer where every allocation is counted
_ROWS: Final[Mapping[str, Callable[[int], int]]] = {
    "run": int,
    "steps": int,
    "flat": lambda bars: _LONGER * bars,
    "memory": lambda bars: max(bars // _SHORTER, 1),
    "load": lambda bars: LOADED * bars,
}

PARTS: Final[Mapping[str, Sequence[Key]]] = {
    **{name: [("run", name)] for name in WORKLOADS},
    "wake": [("run", "W1"), ("run", "wake")],
    "step": [("steps", "W2")],
    "order": [("run", "W2"), ("run", "W3"), ("run", "fills"), ("run", "rest")],
    "flat": [("flat", "W3")],
    "memory": [("memory", "W2"), ("memory", "W3")],
    "load": [("load", "parquet"), ("load", "csv")],
}
"""What can be measured alone."""


@define
class Results:
    """What was measured.

    Attributes:
        ours: Every time that something was measured.
        peers: The same by engine and workload.
        missing: Why an engine has not done a workload.
    """

    ours: dict[Key, list[Outcome]] = field(factory=dict)
    peers: dict[Key, list[Outcome]] = field(factory=dict)
    missing: dict[Key, str] = field(factory=dict)


def measure(
    parts: Iterable[str],
    folder: Path,
    *,
    bars: int,
    times: int,
    with_peers: bool = False,
    note: Callable[[str], object] = str,
) -> Results:
    """Measure, each time in a process of its own.

    Args:
        parts: Names of `PARTS`.
        folder: Where the bars are written.
        bars: How many bars a workload has.
        times: How often what is quick is measured.
        with_peers: Whether the workloads among the parts are run in the other engines too, each after ours.
        note: Is told what comes next.

    Raises:
        ChildError: Fillstep has failed; where another engine fails, it is missing.
    """
    keys = list(dict.fromkeys(key for part in parts for key in PARTS[part]))
    for how in dict.fromkeys(how for how, _ in keys):
        note(f"data for {how}")
        _write(folder, how, bars, with_peers)
    results = Results()
    for turn in range(times):
        for how, what in keys:
            if not turn or how in _OFTEN:
                note(f"{how} {what}, {turn + 1} of {times if how in _OFTEN else 1}")
                results.ours.setdefault((how, what), []).append(_measured(folder, how, what, bars))
            if with_peers and how == "run" and what in WORKLOADS:
                _ask_peers(results, _data(folder, how, bars), what, note)
    return results


def _data(folder: Path, how: str, bars: int) -> Path:
    return folder / str(_ROWS[how](bars))


def _write(folder: Path, how: str, bars: int, with_peers: bool) -> None:
    rows, data = _ROWS[how](bars), _data(folder, how, bars)
    if how == "load":
        for ending in ("parquet", "csv"):
            run_child("benchmarks.generate", str(rows), str(data / f"LOADED.{ending}"))
    else:
        Outcome.from_child(MEASURE, "data", str(data), str(rows), *(["--for-peers"] if with_peers else []))


def _measured(folder: Path, how: str, what: str, bars: int) -> Outcome:
    data = _data(folder, how, bars)
    if how == "load":
        return Outcome.from_child(MEASURE, "load", str(data / f"LOADED.{what}"))
    return Outcome.from_child(MEASURE, "steps" if how == "flat" else how, what, str(data))


def _ask_peers(results: Results, data: Path, name: str, note: Callable[[str], object]) -> None:
    for peer in PEERS:
        key = (peer.name, name)
        if peer.version is None:
            results.missing[key] = f"is not installed: pip install -e '.[peers]', or {peer.distribution} alone"
        elif name in peer.cannot:
            results.missing[key] = peer.cannot[name]
        elif key not in results.missing:
            note(f"{name} in {peer.name}")
            try:
                results.peers.setdefault(key, []).append(Outcome.from_child(peer.module, name, str(data)))
            except ChildError as error:
                results.missing[key] = f"has failed: {error}"
