"""What is said where a run ends: at its last bar, without an order or a fill, or by an error."""

from typing import Final

from attrs import frozen

from core.errors import DeadlineError, FillstepError, StrategyError
from core.replay.cursor import START
from core.text import clean
from tui.session import Session

_END: Final = "this is the end of the data"
_RECORDED: Final = "a recorded run is only looked at: n and N move in it, q quits"
_RECORD_END: Final = "the record ends here, and a recorded run is only looked at: N goes back, q quits"
_FILE: Final = ".py"


@frozen
class Ending:
    """How a run has ended.

    Attributes:
        text: What is said of it, and what one can do; empty where it goes on, or where an error says it.
        order_id: The order that says most about it, where one does.
    """

    text: str = ""
    order_id: int | None = None


def ending(session: Session) -> Ending:
    """Return how a run has ended."""
    run, timeline = session.run, session.timeline
    if session.is_recorded:
        return Ending(_of_record(session))
    if not run.is_over or session.error:
        return Ending()
    orders = timeline.at(timeline.head).orders
    if not len(orders):
        return Ending(f"{_END}: the strategy has asked for no order; 8 shows its fields, D opens its code, N goes back")
    if orders.fill_count:
        return Ending(f"{_END}: N goes back, C to the last breakpoint, q quits")
    rejections = session.search("rejection")
    first = rejections.after(START)
    if first is None:
        return Ending(f"{_END}: no order was filled; 3 lists them, and enter there says why")
    order_id = int(run.journal.rows[first.sequence - 1][3][1])
    count = rejections.count_to(timeline.head)
    which = f"all {count:,}" if count == len(orders) else f"{count:,} of {len(orders):,}"
    return Ending(
        f"{_END}: no order was filled, {which} were rejected, the first is #{order_id} in bar {first.step + 1}; "
        f"3 lists them, @ #{order_id} goes there, r retries it in a branch",
        order_id,
    )


def _of_record(session: Session) -> str:
    """Say what was lost of a record, how its run has ended where one stands there, and what one can do."""
    is_at_head, recording = session.timeline.is_at_head, session.recording
    said = [] if recording is None else [clean(one) for one in recording.notes]
    if is_at_head and recording is not None and recording.error:
        said.append(clean(f"the run was stopped: {recording.error}"))
    return " | ".join((*said, _RECORD_END if is_at_head else _RECORDED))


def error_text(session: Session, error: FillstepError) -> str:
    """Say what has stopped a run, and what one can do."""
    what = clean(" ".join((str(error), *getattr(error, "__notes__", ()))))
    ways = ["N goes back"]
    if isinstance(error, StrategyError | DeadlineError):
        if type(session.backtest.strategy).__module__.endswith(_FILE):
            ways.append("R runs the edited file")
        ways.append("D opens the code")
    return f"{what} | {', '.join(ways)}"
