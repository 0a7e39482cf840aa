"""The workloads do what they say, and leave the same journal however fast they are; no time decides here."""

import hashlib
import re
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import generate, measure, sampling
from benchmarks.outcome import ChildError, Outcome
from benchmarks.peers import PEERS, Peer
from benchmarks.suite import PARTS, WORKLOADS, Results
from benchmarks.suite import measure as measure_all
from benchmarks.table import Figure, figures_of, lines_of
from benchmarks.workloads import make_backtest, write_data
from core import Backtest

ROWS = 2_000


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_data(folder, ROWS)
    return folder


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("few")
    write_data(folder, 300)
    return folder


@pytest.fixture
def low_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return bars at prices around 20.00, where half a percent is 10 ticks, which some bars reach."""
    monkeypatch.setattr(generate, "FIRST_OPEN_TICKS", 2_000)
    write_data(tmp_path, ROWS)
    return tmp_path


def ran(name: str, folder: Path) -> Backtest:
    backtest = make_backtest(name, folder)()
    backtest.run()
    return backtest


def sha256_of(backtest: Backtest) -> str:
    """Return that of the journal, without the lines of code that asked: those move with every edit."""
    content = re.sub(rb'"cause":"[^"]*"', b'"cause":""', backtest.journal.canonical_bytes())
    return hashlib.sha256(content).hexdigest()


def counts(backtest: Backtest) -> tuple[int, int, int, str]:
    """Return how many facts, orders and fills there are, and equity."""
    facts = [type(event).__name__ for event in backtest.journal]
    return len(facts), facts.count("OrderSubmitted"), facts.count("OrderFilled"), f"{backtest.portfolio.equity:.2f}"


# a market order that fills leaves five facts: submitted, accepted, filled, a position, cash; a limit order that does
# not leaves three: submitted, accepted, expired; what is asked for on the last bar is not over
@pytest.mark.parametrize(
    ("name", "expected", "sha256"),
    [
        ("W1", (405, 81, 81, "999745.00"), "89f00be6c16ccd89348ee5328a24e5c8000a7ef8bad0788bed030a967d4eb91b"),
        ("wake", (405, 81, 81, "999745.00"), "89f00be6c16ccd89348ee5328a24e5c8000a7ef8bad0788bed030a967d4eb91b"),
        ("W2", (0, 0, 0, "1000000.00"), hashlib.sha256(b"").hexdigest()),
        ("W3", (5998, 2000, 0, "1000000.00"), "df30bfc788fb5bb2878970779db210eebb151fb60eea8fc680d4551ed6237242"),
        ("W4", (340, 68, 68, "999501.47"), "4ce682a197cdd404d209f22356fa4b97907d7cb8bd7582e42c24de53b66e7b8b"),
        ("fills", (9997, 2000, 1999, "997969.00"), "03571f648271d6730d9c53ccf62498aa7e1803343731c8d4859c3c58c7b6f06e"),
        ("rest", (2, 1, 0, "1000000.00"), "d65ffe015120687a0f1c86216035623fa69fd82224c34d56105b97efae26ec48"),
    ],
)
def test_a_workload_leaves_the_same_journal(
    name: str, expected: tuple[int, int, int, str], sha256: str, data: Path
) -> None:
    backtest = ran(name, data)
    assert counts(backtest) == expected
    assert sha256_of(backtest) == sha256


def test_limits_that_some_bars_reach_leave_the_same_journal(low_data: Path) -> None:
    backtest = ran("W3", low_data)
    # 2,000 submitted and accepted, 19 filled with a position and cash each, all others but the last two expired
    assert counts(backtest) == (2 * 2_000 + 3 * 19 + 1_979, 2_000, 19, "999983.00")
    assert sha256_of(backtest) == "76485034c2986de433bd99bc339a81e5784bb8619f845f78b5596372b02ed665"


def test_w1_trades_where_whole_numbers_cross(data: Path) -> None:
    backtest = ran("W1", data)
    closes = backtest.bars[0].closes
    above = [3 * sum(closes[end - 10 : end]) > sum(closes[end - 30 : end]) for end in range(30, len(closes) + 1)]
    crosses = sum(one != other for one, other in pairwise([False, *above]))
    assert crosses == counts(backtest)[1]


def test_some_averages_are_equal_so_that_floats_would_decide_by_chance(data: Path) -> None:
    closes = ran("W2", data).bars[0].closes
    ends = range(30, len(closes) + 1)
    ties = sum(3 * sum(closes[end - 10 : end]) == sum(closes[end - 30 : end]) for end in ends)
    assert ties > 0


def test_w3_asks_half_a_percent_from_the_close_on_the_tick_further_away(low_data: Path) -> None:
    backtest = ran("W3", low_data)
    order = backtest.broker.get_order(1).order
    (close, *_), limit = backtest.bars[0].closes, order.limit_price
    assert limit is not None
    assert int(limit * 100) == close * 995 // 1000
    sold = next(fill for fill in backtest.broker.fills() if fill.side.sign < 0)
    asked = sold.order_id - 1  # one order a bar, numbered from 1
    limit = backtest.broker.get_order(sold.order_id).order.limit_price
    assert limit is not None
    assert int(limit * 100) == -(-backtest.bars[0].closes[asked] * 1005 // 1000)


def test_w4_holds_the_same_part_of_equity_in_each_symbol(data: Path) -> None:
    backtest = make_backtest("W4", data)()
    for _ in range(2):
        backtest.step()
    # each walk starts at 100.00 and closes within 16 ticks of it, and 1,000,000 / 51 buys 196 units or 195 or so
    quantities = {one.quantity for one in backtest.portfolio.get_all_positions().values()}
    assert len(backtest.portfolio.get_all_positions()) == 50
    assert quantities <= {195, 196}


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_run_step_by_step_comes_to_the_same(name: str, few: Path) -> None:
    stepped, whole = measure.measure_steps(name, few), measure.measure_run(name, few)
    assert len(stepped.tenths) == 10
    assert (stepped.orders, stepped.fills, stepped.equity) == (whole.orders, whole.fills, whole.equity)


def test_what_is_kept_of_an_order_is_counted(few: Path) -> None:
    busy, idle = measure.measure_memory("W3", few), measure.measure_memory("W2", few)
    assert busy.kept_bytes > idle.kept_bytes + 100 * busy.orders


def test_the_command_measures_in_processes_of_its_own_and_prints_figure_and_goal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["--bars", "200", "--runs", "1", "--only", "W1"]) == 0
    head, _, columns, first, *_ = capsys.readouterr().out.splitlines()
    assert head.startswith("200 bars, 1 runs; ")
    assert columns.split() == ["median", "lowest", "highest", "peak", "MB", "goal"]
    assert first.startswith("W1 bars/s")
    assert "2,000,000" in first


def outcome(seconds: float, **others: object) -> Outcome:
    known: dict[str, object] = {"rows": 1_000_000, "orders": 1_000_000, "fills": 10, "equity": "999.50"}
    return Outcome(0.0, seconds, **(known | others))  # type: ignore[arg-type] - by name


def test_the_median_is_held_against_the_goal() -> None:
    results = Results(ours={("run", "W1"): [outcome(0.1), outcome(0.4), outcome(0.6)]})
    (figure,) = figures_of(results)
    assert figure.is_met  # 1,000,000 / 0.4 are 2.5 M bars/s
    line = next(line for line in lines_of(results) if line.startswith("W1"))
    assert line.split() == ["W1", "bars/s", "2,500,000", "1,666,667", "10,000,000", "2,000,000", "met"]


def test_a_time_must_stay_below_its_goal() -> None:
    assert Figure("s", [0.2, 0.3, 0.9], 0.3).is_met
    assert not Figure("s", [0.2, 0.31, 0.9], 0.3).is_met


def test_an_order_is_charged_what_it_takes_beyond_the_bars() -> None:
    results = Results(ours={("run", "W2"): [outcome(0.2)], ("run", "W3"): [outcome(4.2)]})
    life = next(figure for figure in figures_of(results) if figure.name.startswith("an order's life"))
    assert life.values == [pytest.approx(4.0)]  # (4.2 - 0.2) s for a million
    assert not life.is_met


def test_growth_memory_and_files_are_figures_too() -> None:
    results = Results(
        ours={
            ("steps", "W2"): [outcome(0.25)],
            ("flat", "W3"): [outcome(1.0, tenths=(2.0, *[1.0] * 8, 3.0))],
            ("memory", "W3"): [outcome(0, kept_bytes=600, orders=1, events=3)],
            ("memory", "W2"): [outcome(0, kept_bytes=251, rows=1)],
            ("load", "parquet"): [outcome(0.2, rows=500_000)],
        }
    )
    assert [(figure.values, figure.is_met) for figure in figures_of(results)] == [
        ([4_000_000], True),  # a million steps in a quarter of a second
        ([1.5], False),  # 3.0 over 2.0
        ([200], True),
        ([600], True),
        ([251], False),
        ([0.2], False),  # half a million bars may take 0.15 s
    ]


def peer_lines(results: Results) -> list[str]:
    return [line for line in lines_of(results) if " bt" in line or "vectorbt" in line]


def test_another_engine_stands_beside_ours_with_its_trades_and_equity() -> None:
    ours = {("run", "W4"): [outcome(1.0)]}
    results = Results(ours=ours, peers={("bt", "W4"): [outcome(12.0)]})
    (line,) = peer_lines(results)
    assert " 12,000.0   1,000.0   12.00    10  met" in line
    assert line.endswith("10  999.50 as ours")


def test_another_engine_that_does_not_agree_is_said_to() -> None:
    results = Results(ours={("run", "W4"): [outcome(1.0)]}, peers={("bt", "W4"): [outcome(2.0, equity="999.51")]})
    (line,) = peer_lines(results)
    assert line.endswith("999.51 NOT as ours: 10 fills, 999.50")


def test_an_engine_that_cannot_is_a_line_that_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Outcome, "from_child", lambda *_: outcome(1.0))
    monkeypatch.setattr("benchmarks.suite.PEERS", [Peer("vectorbt", "vectorbt-of-nobody", "nothing", {})])
    results = measure_all(["W1"], tmp_path, bars=1, times=1, with_peers=True)
    (line,) = peer_lines(results)
    assert line.startswith("W1 vectorbt")
    assert "is not installed" in line


def test_an_engine_that_fails_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Peer, "version", "1.0")
    asked = []

    def answer(module: str, *_: str) -> Outcome:
        asked.append(module)
        if module.endswith("with_backtrader"):
            raise ChildError("no such thing")
        return outcome(1.0)

    monkeypatch.setattr(Outcome, "from_child", answer)
    results = measure_all(["W3"], tmp_path, bars=1, times=2, with_peers=True)
    assert results.missing["backtrader", "W3"] == "has failed: no such thing"
    assert results.missing["bt", "W3"] == "has no limit orders"
    assert len(results.peers["backtesting.py", "W3"]) == 2
    assert asked.count("benchmarks.peers.with_backtrader") == 1


def test_a_child_that_fails_says_why() -> None:
    with pytest.raises(ChildError, match="invalid choice: 'W9'"):
        Outcome.from_child("benchmarks.measure", "run", "W9", "nowhere")


@pytest.mark.parametrize(
    ("peer", "name"),
    [
        pytest.param(peer, name, id=f"{name}-{peer.name}")
        for peer in PEERS
        for name in WORKLOADS
        if name not in peer.cannot
    ],
)
@pytest.mark.usefixtures("low_data")  # so that limits fill
def test_an_engine_that_is_installed_agrees_to_the_cent(peer: Peer, name: str, tmp_path: Path) -> None:
    if peer.version is None:
        pytest.skip(f"{peer.name} is not installed: the extra peers has it")
    write_data(tmp_path, ROWS, for_peers=True)
    theirs, ours = Outcome.from_child(peer.module, name, str(tmp_path)), measure.measure_run(name, tmp_path)
    assert (theirs.fills, theirs.equity) == (ours.fills, ours.equity)
    assert (ours.fills > 0) is (name != "W2")


def test_a_profile_names_files_and_functions_in_microseconds_of_an_order(
    few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "_LEAST_SAMPLES", 50)
    lines = list(sampling.lines_of("W3", *sampling.sample("W3", few)))
    assert lines[0] == "W3: a limit order on every bar, alive for one"
    assert lines[1].startswith("300 rows, 300 orders, 0 fills, 898 facts in ")
    assert any("  core/backtest/loop.py Backtest." in line for line in lines)
    assert any("  core/execution/" in line for line in lines)


def test_every_part_measures_something() -> None:
    assert all(PARTS.values())
    assert set(WORKLOADS) < set(PARTS)
