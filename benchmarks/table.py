"""The table: what was measured as figures, each beside its goal; and the other engines beside ours."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import Final

from attrs import frozen

from benchmarks.outcome import Outcome
from benchmarks.peers import PEERS
from benchmarks.suite import WORKLOADS, Key, Results

_MILLION: Final = 1_000_000
_MICRO: Final = 1e6
_MILLI: Final = 1e3
_MEGABYTE: Final = 1024 * 1024
_TIMES_GOALS: Final[Mapping[Key, float]] = {
    ("backtesting.py", "W1"): 8,
    ("backtesting.py", "W2"): 13,
    ("backtesting.py", "W3"): 2.5,
    ("bt", "W4"): 10,
    ("vectorbt", "W1"): 1,
}
"""How many times as fast as another engine a whole run is to be."""
_WOKEN: Final = "vectorbt"  # it is compiled and asks nobody on any bar: ours beside it says when to wake it


@frozen
class Figure:
    """One line of the table.

    Attributes:
        name: What it is, with its unit.
        values: Every time it was measured.
        goal: What is wanted of the median.
        more_is_better: Whether the goal is the least that is wanted, or the most.
        digits: Digits after the point.
        peak_bytes: The most memory that a process has had; zero where that says nothing.
    """

    name: str
    values: Sequence[float]
    goal: float
    more_is_better: bool = False
    digits: int = 0
    peak_bytes: int = 0

    @property
    def is_met(self) -> bool:
        """Whether the median reaches the goal."""
        middle = median(self.values)
        return middle >= self.goal if self.more_is_better else middle <= self.goal


def figures_of(results: Results) -> Iterator[Figure]:
    """Yield a figure for each thing that was measured."""
    ours = results.ours
    yield from _rates(ours)
    if ("run", "wake") in ours:
        yield _rate("W1 with wake(), bars/s", ours["run", "wake"], lambda one: one.rows, 10_000_000)
    if ("steps", "W2") in ours:
        yield _rate("step() a bar, steps/s", ours["steps", "W2"], lambda one: one.rows, 3_000_000)
    yield from _lives(ours)
    for one in ours.get(("flat", "W3"), []):
        name = f"last tenth over first of {one.orders:,} orders"
        yield Figure(name, [one.tenths[-1] / one.tenths[0]], 1.1, digits=2)
    for one in ours.get(("memory", "W3"), []):
        yield Figure("bytes kept, a fact of W3", [one.kept_bytes / one.events], 300)
        yield Figure("bytes kept, an order of W3", [one.kept_bytes / one.orders], 600)
    for one in ours.get(("memory", "W2"), []):
        yield Figure("bytes kept, a bar of W2", [one.kept_bytes / one.rows], 250)
    for ending, goal in (("parquet", 0.3), ("csv", 0.5)):
        loads = ours.get(("load", ending))
        if loads:
            rows = loads[0].rows
            name = f"{ending} of {rows:,} bars to the first, s"
            seconds = [one.whole_seconds for one in loads]
            yield Figure(name, seconds, goal * rows / _MILLION, digits=3, peak_bytes=_peak(loads))


def _rates(ours: Mapping[Key, Sequence[Outcome]]) -> Iterator[Figure]:
    rates: Sequence[tuple[str, str, Callable[[Outcome], int], float]] = (
        ("W1", "bars/s", lambda one: one.rows, 2_000_000),
        ("W2", "bars/s", lambda one: one.rows, 5_000_000),
        ("W3", "orders/s", lambda one: one.orders, 400_000),
        ("W4", "rows/s", lambda one: one.rows, 4_000_000),
    )
    for name, unit, count, goal in rates:
        if ("run", name) in ours:
            yield _rate(f"{name} {unit}", ours["run", name], count, goal)


def _rate(name: str, outcomes: Sequence[Outcome], count: Callable[[Outcome], int], goal: float) -> Figure:
    rates = [count(one) / one.run_seconds for one in outcomes]
    return Figure(name, rates, goal, more_is_better=True, peak_bytes=_peak(outcomes))


def _lives(ours: Mapping[Key, Sequence[Outcome]]) -> Iterator[Figure]:
    """Yield what an order takes beyond the bars that it lives on."""
    lives = (
        ("W3", "an order's life, us", _MICRO, 3.0),
        ("fills", "an order's life with its fill, us", _MICRO, 4.5),
        ("rest", "an order that rests through all bars, ms", _MILLI, 0.01),
    )
    idle = ours.get(("run", "W2"), [])
    for name, told, unit, goal in lives:
        pairs = list(zip(ours.get(("run", name), []), idle, strict=False))
        if pairs:
            beyond = [unit * (one.run_seconds - other.run_seconds) / one.orders for one, other in pairs]
            yield Figure(told, beyond, goal, digits=2, peak_bytes=_peak([one for one, _ in pairs]))


def _peak(outcomes: Sequence[Outcome]) -> int:
    return max(one.peak_bytes for one in outcomes)


_WIDE: Final = 44
_HEAD: Final = f"{'':{_WIDE}}{'median':>12}{'lowest':>12}{'highest':>12}{'peak MB':>9}{'goal':>14}"


def lines_of(results: Results) -> Iterator[str]:
    """Yield the tables, line by line."""
    yield _HEAD
    for figure in figures_of(results):
        yield _line(figure)
    counted = [(what, outcomes[0]) for (how, what), outcomes in results.ours.items() if how == "run"]
    if counted:
        yield ""
        yield f"{'':{_WIDE}}{'rows':>12}{'orders':>12}{'fills':>12}{'facts':>9}{'equity':>14}"
    for what, one in counted:
        yield f"{what:{_WIDE}}{one.rows:>12,}{one.orders:>12,}{one.fills:>12,}{one.events:>9,}{one.equity:>14}"
    yield from _peer_lines(results)


def _line(figure: Figure) -> str:
    values = (median(figure.values), min(figure.values), max(figure.values))
    numbers = "".join(f"{value:>12,.{figure.digits}f}" for value in values)
    peak = f"{figure.peak_bytes / _MEGABYTE:.0f}" if figure.peak_bytes else ""
    verdict = "met" if figure.is_met else "missed"
    return f"{figure.name:{_WIDE}}{numbers}{peak:>9}{f'{figure.goal:,.{figure.digits}f}':>14}  {verdict}"


def _peer_lines(results: Results) -> Iterator[str]:
    if not results.peers and not results.missing:
        return
    yield ""
    head = f"{'its ms':>10}{'ours ms':>10}{'times':>8}{'goal':>6}{'':8}{'its MB':>8}{'fills':>9}  equity"
    yield f"{'a whole run beside ours':32}{head}"
    for peer in PEERS:
        for name in WORKLOADS:
            key, ours = (peer.name, name), results.ours.get(("run", name))
            if peer.name == _WOKEN:
                ours = results.ours.get(("run", "wake"), ours)
            told = f"{name} {peer.name} {peer.version or ''}".rstrip()
            if key in results.missing:
                yield f"{told:32}{results.missing[key]}"
            elif key in results.peers and ours:
                yield f"{told:32}{_beside(key, results.peers[key], ours)}"


def _beside(key: Key, theirs: Sequence[Outcome], ours: Sequence[Outcome]) -> str:
    their_ms, our_ms = (_MILLI * median([one.whole_seconds for one in outcomes]) for outcomes in (theirs, ours))
    times, goal = their_ms / our_ms, _TIMES_GOALS.get(key)
    wanted = "" if goal is None else f"{goal:g}"
    verdict = "" if goal is None else "met" if times >= goal else "missed"
    numbers = f"{their_ms:>10,.1f}{our_ms:>10,.1f}{times:>8.2f}{wanted:>6}  {verdict:6}"
    ended = f"{theirs[0].fills:>9,}  {theirs[0].equity} {_agrees(theirs[0], ours[0])}"
    return f"{numbers}{_peak(theirs) / _MEGABYTE:>8.0f}{ended}"


def _agrees(one: Outcome, ours: Outcome) -> str:
    if (one.fills, one.equity) == (ours.fills, ours.equity):
        return "as ours"
    return f"NOT as ours: {ours.fills:,} fills, {ours.equity}"
