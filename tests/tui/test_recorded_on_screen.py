"""A recorded run on the screen: what it shows is what the run showed, and what would execute says that it cannot."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot

from core.backtest.examples import BracketBreakout, DipBuyer, TrailingStop
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Strategy
from core.errors import InputError
from core.execution.path import PathRule
from tests.core.recorded import recorded
from tests.tui.conftest import play
from tests.tui.driving import app_of, hint, place, press, say, session_of, told
from tests.tui.test_time_law import text_of
from tui.app import FillstepApp
from tui.scene import Scene
from tui.shown import Selection
from tui.view import FrameView

Sample = Callable[..., Backtest]
ENDS = "the record ends here, and a recorded run is only looked at: N goes back, q quits"
LOOKED_AT = "a recorded run is only looked at; `fillstep open STRATEGY` executes one"
COLUMNS = 40
ROWS = 12


def shown(view: FrameView) -> Iterator[object]:
    """Yield what every pane shows of a moment, but the indicators and the fields of the strategy."""
    yield view.status
    yield [view.positions[index] for index in range(len(view.positions))], view.position_total()
    for lines in (view.orders, view.events):
        yield len(lines), [lines[index] for index in range(len(lines))][:ROWS]
    yield view.pnl.figures, view.pnl.equity(COLUMNS), view.pnl.drawdown(COLUMNS), view.pnl.residuals
    explain = view.explain
    yield explain.title, explain.path, [line for line in explain.lines if not line[0].startswith("  indicators")]
    price, line = view.price, view.timeline
    yield price.row, price.forming, price.levels, price.title, price.has_bar, price.marks(range(COLUMNS), 2)
    yield line.step, line.head, line.count, line.fills(COLUMNS), line.marks(COLUMNS), line.drawdowns(COLUMNS)


@pytest.mark.parametrize(
    ("strategy", "path"),
    [(DipBuyer, PathRule.WORST), (BracketBreakout, PathRule.NEAREST), (TrailingStop, PathRule.LOW_FIRST)],
)
def test_each_pane_shows_of_a_record_what_it_shows_of_the_run(
    sample: Sample, strategy: type[Strategy], path: PathRule
) -> None:
    run = Backtest(sample().bars, strategy(), Settings(path=path))
    run.run_until(lambda run: run.step_count == 130)
    one, other = Scene(run), Scene(recorded(run))
    places = [place for step in range(-1, 130, 4) for place in one.timeline.places(step)]
    for number, cursor in enumerate(places[::2]):
        order_id = number % (run.broker.order_count + 1) or None
        selection = Selection("AAPL" if number % 2 else "MSFT", order_id=order_id)
        here, there = (list(shown(FrameView(scene, selection, cursor=cursor))) for scene in (one, other))
        assert here == there


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_a_record_that_is_opened_at_a_place_paints_what_the_run_paints_there(
    sample: Sample, size: tuple[int, int]
) -> None:
    texts = []
    run = sample(146)
    where = Scene(run).timeline.places(140)[3]

    async def look(pilot: Pilot[Any]) -> None:
        assert place(pilot) == where
        await press(pilot, "b", "b")  # a message is gone, and another is there
        texts.append(text_of(app_of(pilot)))

    for app in (FillstepApp(run, place=where), FillstepApp(recorded(run), place=where)):
        play(app, look, size)
    for text in texts:
        assert text.pop("price") is not None  # of the indicators a record knows nothing
        text.pop("strategy", None)
    assert texts[0] == texts[1]


def test_a_place_that_was_not_recorded_cannot_be_opened(sample: Sample) -> None:
    far = Scene(sample(5)).timeline.head
    with pytest.raises(InputError, match="cannot seek to bar 5: bars 1 to 3 are recorded"):
        FillstepApp(recorded(sample(3)), place=far)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("n", ENDS),
        ("c", ENDS),
        ("f", "no further fill"),
        ("R", LOOKED_AT),
        ("D", LOOKED_AT),
        ("o", LOOKED_AT),
        (":verify", LOOKED_AT),
        (":branch set dip=5", LOOKED_AT),
        (":goto 500", ENDS),
    ],
)
def test_what_would_execute_says_that_a_record_is_only_looked_at(sample: Sample, keys: str, said: str) -> None:
    record = recorded(sample(146))
    before = record.journal.canonical_bytes()

    async def script(pilot: Pilot[Any]) -> None:
        if keys.startswith(":"):
            await say(pilot, keys[1:])
        else:
            await press(pilot, keys)
        is_refused = pilot.app.screen is not app_of(pilot).default_screen  # and is to be written in another way
        assert (hint(pilot) if is_refused else told(pilot)) == said
        assert session_of(pilot).timeline.is_at_head

    play(FillstepApp(record), script, (120, 30))
    assert record.journal.canonical_bytes() == before


def test_what_the_strategy_had_in_its_fields_was_not_recorded(sample: Sample) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "8", "N")
        assert str(text_of(app_of(pilot))["strategy"][0]).startswith("a recorded run is only looked at; ")

    play(FillstepApp(recorded(sample(20))), script, (140, 40))


def test_a_record_is_searched_compared_and_marked_as_a_run_is(sample: Sample) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        await press(pilot, "0")
        assert told(pilot) == ""
        await press(pilot, "f")
        assert place(pilot).step == 2
        await say(pilot, "break rejection")
        await press(pilot, "c")
        assert "breakpoint 1: rejection (hit 3)" in told(pilot)
        await press(pilot, "m", "a", "d", "escape", "N")
        await say(pilot, "diff a")
        await press(pilot, "escape")

    play(FillstepApp(recorded(sample(146))), script, (120, 30))
