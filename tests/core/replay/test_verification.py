"""A recording is verified: against what must hold, its strategy run again, and the balances that it expects."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.backtest.command import Submit
from core.backtest.examples import BuyAndHold
from core.backtest.loop import Backtest
from core.backtest.strategies import find_strategy
from core.errors import InputError, StrategyError
from core.order import BUY, Order
from core.replay.manifest import Balance, Expected
from core.replay.opened import open_run
from core.replay.packing import pack
from core.replay.recorder import Recorder
from core.replay.verification import Verdict, verify
from tests.core.builders import Script, bars_of

BARS = bars_of("A", "10.00", "11", "12", "13", "14")
MINE = """from attrs import define, field
from core import Strategy

COUNT = [0]

@define
class Mine(Strategy):
    quantity: int = 1
    other: object = None
    _kept: list[int] = field(factory=list, init=False)

    def on_bar(self, now):
        COUNT[0] += 1
        {body}
"""
BUYS = "if now.step == 0: now.buy('A', self.quantity)"
NAME = "mine.py:Mine"
WELL = Verdict("record", "5 events up to bar 5: every invariant holds that can be seen of a record")
ALIKE = Verdict("strategy", "run again: all 5 events are alike")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield
    for name in {name for name in sys.modules if name.endswith(".py")} - before:
        del sys.modules[name]


def write(body: str = BUYS) -> None:
    Path("mine.py").write_text(MINE.format(body=body), encoding="utf-8")


def made(**fields: object) -> Backtest:
    return Backtest(BARS, find_strategy(NAME)(**fields))


def record(run: Backtest, *expected: Expected, error: str = "") -> str:
    recorder = Recorder(run, "run", expected=expected)
    if not run.step_count and not error:
        run.run()
    recorder.finish(error)
    return str(recorder.path)


def never(name: str) -> bool:
    raise AssertionError(f"nobody had to be asked whether {name} may be run")


def verdicts(path: str, *, may_run: bool | None = None) -> list[Verdict]:
    return list(verify(open_run(path), never if may_run is None else lambda _: bool(may_run)))


def of_strategy(path: str) -> Verdict:
    (verdict,) = (one for one in verdicts(path) if one.about == "strategy")
    return verdict


def packed(path: str) -> str:
    Path("run.fillpack").write_bytes(pack(path))
    return "run.fillpack"


def test_a_shipped_strategy_is_run_again_with_its_fields_and_what_a_person_did() -> None:
    run = Backtest(BARS, BuyAndHold())
    run.step()
    run.command(Submit(Order("A", BUY, 2)))
    run.run()
    found = verdicts(record(run))
    assert [one.differs for one in found] == [False, False]
    assert found[1].text.startswith("run again: all ")
    assert verdicts(packed("run.fillstep")) == found  # nothing of it came from elsewhere


def test_a_strategy_in_a_file_is_run_again_where_the_file_is_the_same() -> None:
    write()
    assert verdicts(record(made(quantity=3))) == [WELL, ALIKE]


def test_what_a_packed_recording_names_is_run_only_where_a_person_says_so() -> None:
    write()
    path = packed(record(made()))
    before = sys.modules["mine.py"]
    refused = "not run again: mine.py:Mine is named by a recording that came from elsewhere, and nobody has said yes"
    assert verdicts(path, may_run=False) == [WELL, Verdict("strategy", refused)]
    assert sys.modules["mine.py"] is before
    assert verdicts(path, may_run=True) == [WELL, ALIKE]
    assert sys.modules["mine.py"] is not before


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda: Path("mine.py").unlink(), "not run again: mine.py is not here"),
        (lambda: write("raise SystemExit('run!')"), "not run again: mine.py has changed since"),
        (lambda: Path("mine.py").write_text("raise SystemExit('run!')"), "not run again: mine.py has changed since"),
    ],
)
def test_a_file_that_is_another_is_not_run(spoil: object, said: str) -> None:
    write()
    path = record(made())
    assert callable(spoil)
    spoil()
    assert of_strategy(path) == Verdict("strategy", said)


def test_a_strategy_that_is_in_no_file_is_not_run() -> None:
    path = record(Backtest(BARS, Script({0: lambda now: now.buy("A", 1)})))
    found = of_strategy(path)
    assert found.text.startswith("not run again: ")
    assert found.text.endswith("tests.core.builders:Script is in no file")
    assert not found.differs


def test_a_strategy_of_which_a_field_cannot_be_written_is_not_run() -> None:
    write()
    assert of_strategy(record(made(other=object()))) == Verdict(
        "strategy", "not run again: not all fields of mine.py:Mine could be recorded"
    )


def test_a_shipped_strategy_of_another_version_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    path = record(Backtest(BARS, BuyAndHold()))
    monkeypatch.setattr("core.replay.verification.hash_of", lambda _: "0" * 64)
    assert of_strategy(path) == Verdict("strategy", "not run again: buy-and-hold has changed since")


def test_a_run_whose_data_has_changed_since_is_not_repeated() -> None:
    Path("A.csv").write_text("time,open,high,low,close\n2024-01-02,10,12,9,11\n", encoding="utf-8")
    from core.data.load import load  # noqa: PLC0415 - of the file that was just written

    path = record(Backtest(load(["A.csv"]), BuyAndHold()))
    Path("A.csv").write_text("time,open,high,low,close\n2024-01-02,10,13,9,11\n", encoding="utf-8")
    found = of_strategy(path)
    assert "A.csv has changed since it was recorded" in found.text
    assert not found.differs


def test_a_strategy_that_depends_on_what_ran_before_is_named_at_its_first_event() -> None:
    write("if COUNT[0] == 3: now.buy('A', self.quantity)")
    run = made()
    sys.modules["mine.py"].COUNT[0] = 1
    found = of_strategy(record(run))
    assert found.differs
    assert found.text.startswith("run again, the strategy does something else at event 0, bar 2: was OrderSubmitted")
    assert "global state" in found.text or "shows no cause" in found.text


def test_a_strategy_that_raises_where_it_did_not_is_named() -> None:
    write("assert COUNT[0] < 4 or COUNT[0] > 9, 'now it is four'")
    run = made()
    sys.modules["mine.py"].COUNT[0] = 10
    found = of_strategy(record(run))
    assert found.differs
    assert found.text.startswith("run again, it ends at bar 4: mine.py:14: Mine.on_bar raised AssertionError")


def test_a_strategy_that_raises_on_the_last_bar_too_is_named() -> None:
    write("assert COUNT[0] < 5 or COUNT[0] > 9, 'now it is five'")
    run = made()
    sys.modules["mine.py"].COUNT[0] = 10
    found = of_strategy(record(run))
    assert found.differs
    assert "run again, it ends at bar 5: mine.py:14: Mine.on_bar raised AssertionError" in found.text


def test_a_run_that_its_strategy_has_stopped_is_stopped_again() -> None:
    write(f"{BUYS}\n        assert now.step < 3, 'as always'")
    run = made()
    with pytest.raises(StrategyError) as caught:
        run.run()
    path = record(run, error=str(caught.value))
    assert verdicts(path)[0].text.startswith("5 events up to bar 4: ")
    assert of_strategy(path) == ALIKE


def test_a_strategy_that_cannot_be_made_any_more_is_said() -> None:
    write()
    path = record(made(quantity=3))
    manifest = Path(path, "manifest.json")
    manifest.write_text(manifest.read_text().replace('"quantity":"3"', '"quantity":"text"'))
    found = of_strategy(path)
    assert found.differs
    assert found.text.startswith("it cannot be run again: --set quantity: must be a whole number")


def test_what_was_lost_of_a_record_is_said_and_is_no_difference_of_the_strategy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.replay.recorder.MOST_FACTS", 4)  # so that a step is in several files
    write("[now.buy('A', self.quantity) for _ in range(3)]")
    path = record(made())
    assert not any(one.differs for one in verdicts(path))
    Path(path, "journal-1.parquet").unlink()
    found = verdicts(path)
    assert [one.differs for one in found] == [False, True, False]
    assert found[0].text.startswith("4 events up to bar 1: ")
    assert found[1].text.startswith("journal-1.parquet: is missing: ")
    assert found[2] == Verdict("strategy", "run again: all 4 events are alike")


def test_that_a_record_is_being_written_is_no_fault() -> None:
    recorder = Recorder(Backtest(BARS, BuyAndHold()), "run")
    try:
        assert not any(one.differs for one in verdicts(str(recorder.path)))
    finally:
        recorder.finish()


def test_balances_that_are_expected_are_told_one_by_one_where_they_do_not_hold() -> None:
    write()
    day = [datetime(2024, 1, 2 + day, 23, tzinfo=UTC) for day in range(5)]
    expected = (
        Expected(day[0], Balance.CASH, "", Decimal("100000.00")),
        Expected(day[1], Balance.QUANTITY, "A", Decimal(2)),
        Expected(day[4], Balance.EQUITY, "", Decimal("100003.0")),
    )
    assert verdicts(record(made(), *expected))[2:] == [
        Verdict("balances", "2 of 3 hold"),
        Verdict("balances", "quantity of A at 2024-01-03 23:00 is 1, expected 2", differs=True),
    ]


def test_a_balance_that_the_record_does_not_reach_is_said() -> None:
    run = Backtest(BARS, BuyAndHold())
    run.step()
    expected = Expected(datetime(2024, 1, 5, 23, tzinfo=UTC), Balance.CASH, "", Decimal(5))
    assert verdicts(record(run, expected))[2:] == [
        Verdict("balances", "cash at 2024-01-05 23:00 is not known: the run ends before, expected 5")
    ]


def test_a_balance_of_a_symbol_that_is_not_there_is_refused() -> None:
    write()
    path = record(made(), Expected(datetime(2024, 1, 3, tzinfo=UTC), Balance.QUANTITY, "B", Decimal(1)))
    with pytest.raises(InputError, match="balance: symbol B is unknown: known are A"):
        verdicts(path)
