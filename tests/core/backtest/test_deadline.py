"""A call that does not come back is ended, and what was recorded before its step stays."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from types import FrameType
from typing import Any

import pytest

from core.backtest import deadline as deadline_module
from core.backtest.command import Submit
from core.backtest.deadline import Deadline, OutOfTime
from core.backtest.loop import Backtest
from core.backtest.strategies import find_strategy
from core.errors import DeadlineError, InputError, RunStoppedError
from core.order import BUY, Order
from core.replay.timeline import Timeline
from tests.core.builders import bars_of

SECONDS = 0.2
STUCK = """from core import Strategy
STUCK = ""
class Mine(Strategy):
    def on_bar(self, now):
        if now.step in (0, 2):
            now.buy("A", 10)
        if STUCK == "on_bar" and now.step == 3:
            stick()
    def on_fill(self, now, fill):
        if STUCK == "on_fill" and now.step == 3:
            stick()
    def on_order(self, now, order):
        if STUCK == "on_order" and order.id == 2:
            stick()
    def on_end(self, now):
        if STUCK == "on_end":
            stick()
def stick():
    {how}
"""
FOREVER = "while True: pass"
STEP_OF = {"on_bar": 3, "on_fill": 3, "on_order": 2, "on_end": 4}
"""In which step each call is stuck."""
BARS = bars_of("A", "100", "110", "120", "130", "140")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("mine.py", None)


def written(stuck: str, how: str = FOREVER, seconds: float = SECONDS) -> Backtest:
    """Return a run of a strategy that is stuck in one of its calls; in none where that is empty."""
    text = STUCK.replace('STUCK = ""', f'STUCK = "{stuck}"').format(how=how)
    Path("mine.py").write_text(text, encoding="utf-8")
    made = Backtest(BARS, find_strategy("mine.py")())
    made.deadline.seconds = seconds
    return made


def honest(until: int) -> Backtest:
    """Return the same run of a strategy that is stuck nowhere, after a step."""
    made = written("")
    while made.clock.step < until:
        made.step()
    return made


def ended(made: Backtest) -> DeadlineError:
    """Run until a call is ended."""
    with pytest.raises(DeadlineError) as caught, made.deadline:
        made.run()
    return caught.value


@pytest.mark.parametrize("call", STEP_OF)
def test_a_call_that_loops_forever_is_ended_and_named(call: str) -> None:
    error = ended(written(call))
    assert str(error) == f"mine.py:19: Mine.{call} took longer than its deadline of 0.2 s (step {STEP_OF[call]})"
    assert error.call == call
    assert isinstance(error.__cause__, OutOfTime)


@pytest.mark.parametrize("call", STEP_OF)
def test_the_run_is_recorded_up_to_the_step_before(call: str) -> None:
    made, before = written(call), STEP_OF[call] - 1
    ended(made)
    expected = honest(before)
    assert made.journal.canonical_bytes() == expected.journal.canonical_bytes()
    assert (made.clock.step, made.step_count) == (before, before + 1)


@pytest.mark.parametrize("call", STEP_OF)
def test_what_was_recorded_can_be_stood_in(call: str) -> None:
    made, before = written(call), STEP_OF[call] - 1
    ended(made)
    timeline, expected = Timeline(made), honest(before)
    moment = timeline.seek(timeline.head)
    assert moment.timestamp == expected.portfolio.timestamp
    assert moment.get_cash_balance() == expected.portfolio.get_cash_balance()
    assert moment.equity == expected.portfolio.equity
    assert moment.drawdown == expected.portfolio.drawdown
    assert moment.get_all_positions() == expected.portfolio.get_all_positions()
    assert moment.open_orders() == expected.broker.open_orders()
    assert [made.equity_curve.equity(step) for step in range(before + 1)] == [
        expected.equity_curve.equity(step) for step in range(before + 1)
    ]
    assert [timeline.step_back().step for _ in range(before + 2)] == [*range(before - 1, -2, -1), -1]


@pytest.mark.parametrize("call", STEP_OF)
def test_a_timeline_that_was_there_before_shows_what_was_recorded(call: str) -> None:
    made, before = written(call), STEP_OF[call] - 1
    timeline = Timeline(made)

    def look(_: Backtest) -> bool:
        timeline.seek(timeline.head)
        return False

    with pytest.raises(DeadlineError), made.deadline:
        made.run_until(look)
    assert timeline.is_at_head
    assert timeline.cursor.step == before
    assert timeline.at(timeline.head).open_orders() == honest(before).broker.open_orders()


@pytest.mark.parametrize("call", STEP_OF)
def test_a_run_whose_call_was_ended_cannot_go_on(call: str) -> None:
    made = written(call)
    ended(made)
    assert made.is_over
    with pytest.raises(RunStoppedError), made.deadline:
        made.step()
    with pytest.raises(RunStoppedError):
        made.run()
    with pytest.raises(InputError, match="the run is over"):
        made.command(Submit(Order("A", BUY, 1)))


def test_a_strategy_that_is_stuck_when_it_is_told_of_an_order_by_hand_is_ended_too() -> None:
    made = written("on_order")
    made.step()
    with pytest.raises(DeadlineError, match=r"^mine\.py:19: Mine\.on_order took .* \(step 0\)$"), made.deadline:
        made.command(Submit(Order("A", BUY, 1, limit_price=1)))
    assert made.is_over
    assert made.journal.canonical_bytes() == honest(0).journal.canonical_bytes()
    assert not any(made.commands.values())


# --- what keeps it

SWALLOWED = """
    try: loop()
    except BaseException: pass
    loop()
def loop():
    while True: pass"""


def test_a_call_that_keeps_what_should_end_it_is_ended_the_next_time() -> None:
    made = written("on_bar", SWALLOWED)
    assert str(ended(made)).startswith("mine.py:24: Mine.on_bar took longer")
    assert made.journal.canonical_bytes() == honest(2).journal.canonical_bytes()


def test_a_call_that_keeps_what_should_end_it_and_comes_back_goes_on() -> None:
    made = written("on_bar", SWALLOWED.replace("    loop()\n", ""))
    with made.deadline:
        made.run()
    assert made.journal.canonical_bytes() == honest(4).journal.canonical_bytes()


WAITS = {
    "sleeps": "import time; time.sleep(3600)",
    "waits for a lock": "import threading; threading.Event().wait()",
    "reads what nobody writes": "import os; os.read(os.pipe()[0], 1)",
    "waits for a process": "import subprocess; subprocess.run(['sleep', '3600'])",
}


@pytest.mark.parametrize("how", WAITS.values(), ids=WAITS)
def test_a_call_that_waits_for_the_system_is_ended_in_the_main_thread(how: str) -> None:
    assert str(ended(written("on_bar", how))).startswith("mine.py:19: Mine.on_bar took longer")


def test_in_another_thread_a_call_that_waits_is_ended_when_it_comes_back() -> None:
    errors: list[DeadlineError] = []
    made = written("on_bar", "import time; time.sleep(1)")
    worker = threading.Thread(target=lambda: errors.append(ended(made)))
    worker.start()
    worker.join()
    assert str(errors[0]).startswith("mine.py:19: Mine.on_bar took longer")


def test_where_the_program_takes_the_signal_itself_a_call_is_ended_when_it_comes_back() -> None:
    before = signal.signal(signal.SIGURG, signal.SIG_IGN)
    try:
        assert str(ended(written("on_bar", "import time; time.sleep(1)"))).startswith("mine.py:19: ")
    finally:
        signal.signal(signal.SIGURG, before)


def test_in_another_thread_a_call_that_keeps_what_should_end_it_and_comes_back_goes_on() -> None:
    made = written("on_bar", SWALLOWED.replace("    loop()\n", ""))
    worker = threading.Thread(target=made.run)
    worker.start()
    worker.join()
    assert made.journal.canonical_bytes() == honest(4).journal.canonical_bytes()


def test_the_thread_that_looks_ends_when_nobody_asks_for_it_and_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline_module, "_IDLE_SECONDS", 0.05)
    deadline = Deadline(SECONDS, lambda: 0)
    for _ in range(2):
        with pytest.raises(OutOfTime), deadline:
            spin_until(float("inf"))
        thread = deadline._thread
        assert thread is not None
        thread.join()
        assert deadline._thread is None


def test_a_call_that_begins_as_the_thread_ends_is_looked_at() -> None:
    class Late:
        """Stands for what wakes the thread: it is set as soon as nobody waits for it any more."""

        def wait(self, _: float) -> bool:
            return False

        def is_set(self) -> bool:
            return True

    deadline = Deadline(SECONDS, lambda: 0)
    deadline._wake = Late()  # type: ignore[assignment]
    assert deadline._is_wanted()
    assert deadline._thread is threading.current_thread()


def test_a_signal_that_comes_late_does_no_harm() -> None:
    deadline = Deadline(60, lambda: 0)
    with deadline:
        pass
    deadline._send(threading.get_ident())
    deadline_module._due.append(deadline)
    signal.raise_signal(signal.SIGURG)
    assert not deadline_module._due


# --- when nothing is ended


def test_where_no_time_is_set_nothing_is_ended() -> None:
    with Deadline(0, lambda: 0) as deadline:
        spin_until(monotonic() + 3 * SECONDS)
    assert deadline._thread is None


def test_what_moves_on_is_not_ended_however_long_it_takes() -> None:
    looks = count()
    with Deadline(SECONDS, lambda: next(looks)):
        spin_until(monotonic() + 4 * SECONDS)
    assert next(looks) > 1


def test_what_is_done_outside_is_not_ended() -> None:
    deadline = Deadline(SECONDS, lambda: 0)
    with deadline:
        pass
    spin_until(monotonic() + 3 * SECONDS)
    with deadline:
        pass


def test_the_same_deadline_ends_one_call_after_another() -> None:
    deadline = Deadline(SECONDS, lambda: 0)
    for _ in range(3):
        with pytest.raises(OutOfTime), deadline:
            spin_until(float("inf"))


def test_a_thread_ends_no_call_of_another_thread() -> None:
    outcomes: list[str] = []

    def work() -> None:
        try:
            with Deadline(SECONDS, lambda: 0):
                spin_until(float("inf"))
        except OutOfTime:
            outcomes.append("ended")

    worker = threading.Thread(target=work)
    worker.start()
    while worker.is_alive():
        sleep(0)
    worker.join()
    assert outcomes == ["ended"]


def spin_until(time: float) -> None:
    while monotonic() < time:
        pass


def test_what_lands_after_the_call_has_returned_does_no_harm() -> None:
    deadline = Deadline(60, lambda: 0)
    with deadline:
        deadline._is_sending = True
        threading.Timer(0.1, sending(deadline, threading.get_ident())).start()
    spin_until(monotonic() + SECONDS)


def sending(deadline: Deadline, thread: int) -> Callable[[], None]:
    """Return what sends to a thread that has left already."""

    def send() -> None:
        deadline._watched = thread
        deadline._send(thread)

    return send


LEAVING = (Deadline.__exit__.__code__, Deadline._leave.__code__)


def lines_of_leaving() -> list[int]:
    """Return the lines that are executed on the way out, from the first that is guarded."""
    lines: list[int] = []

    def note(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code not in LEAVING:
            return None
        if event == "line" and frame.f_lineno not in lines:
            lines.append(frame.f_lineno)
        return note

    before = sys.gettrace()
    with Deadline(60, lambda: 0):
        sys.settrace(note)
    sys.settrace(before)
    return lines[1:]


@pytest.mark.parametrize("line", lines_of_leaving())
def test_what_lands_while_it_is_left_does_no_harm(line: int) -> None:
    landed: list[int] = []
    deadline = Deadline(60, lambda: 0)

    def land(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code not in LEAVING:
            return None
        if event == "line" and frame.f_lineno == line and not landed:
            landed.append(line)
            raise OutOfTime
        return land

    before = sys.gettrace()
    with deadline:
        deadline._sent = 1
        sys.settrace(land)
    sys.settrace(before)
    assert landed == [line]
    assert deadline._watched is None
