"""What is recorded of any run comes back to the byte."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import settings as few
from hypothesis import strategies as st

from core.backtest.command import Amend, Cancel, Submit
from core.backtest.journal import Journal
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.clock import Clock
from core.order import BUY, Order
from core.replay.disk import Disk
from core.replay.recorder import Recorder
from core.replay.recording import open_recording
from tests.generators import Market, Planned, markets, plans, run_settings


class NoSync(Disk):
    """A disk that nobody waits for."""

    def sync(self, file: int) -> None:
        pass

    def sync_folder(self, path: Path) -> None:
        pass


@few(max_examples=60)
@given(markets(), plans(), run_settings(), st.integers(-1, 12), st.integers(1, 50))
def test_a_recorded_run_comes_back_to_the_byte(
    market: Market, plan: Planned, settings: Settings, recorded_from: int, by_hand: int
) -> None:
    run = Backtest(market.bars, plan, settings)
    with tempfile.TemporaryDirectory() as folder:
        recorder = None
        while True:
            if recorder is None and run.clock.step >= min(recorded_from, len(run.feed) - 1):
                recorder = Recorder(run, f"{folder}/it", disk=NoSync())
            if run.clock.step == by_hand % len(run.feed) and not run.is_over:
                run.command(Submit(Order(market.bars[0].symbol, BUY, by_hand)))
                run.command(Amend(run.broker.order_count, quantity=by_hand + 1))
                run.command(Cancel(1))
            if recorder is not None:
                recorder.write()
            if not run.step():
                break
        assert recorder is not None
        recorder.finish()
        recording = open_recording(f"{folder}/it.fillstep")
    back = Journal(Clock())
    back.rows = list(recording.rows)
    assert back.canonical_bytes() == run.journal.canonical_bytes()
    assert [str(row) for row in back.rows] == [str(row) for row in run.journal.rows]
    assert recording.commands == run.commands
    assert (recording.step_count, recording.settings) == (run.step_count, run.settings)
    assert all(one.frame.equals(other.frame) for one, other in zip(recording.bars, run.bars, strict=True))
    assert (recorder.stopped, list(recording.notes)) == (None, [])
