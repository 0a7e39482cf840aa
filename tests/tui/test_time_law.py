"""The law of time travel: what is shown at a place does not depend on how one came there.

Walks of keys and of clicks go up and down a run, and execute some of it. At each place the text of all panes must be
what it was at the first arrival there; the status and the timeline say how far the run has come, so they may differ.
"""

from collections.abc import Callable
from random import Random  # noqa: TID251 - with a seed
from typing import Any

import pytest
from textual.pilot import Pilot

from core.backtest.examples import BracketBreakout, DipBuyer, TrailingStop
from core.backtest.loop import Backtest
from core.backtest.strategy import Strategy
from tests.tui.driving import app_of, place, press, session_of
from tui.app import FillstepApp
from tui.panes.timeline import TimelinePane

Sample = Callable[..., Backtest]
OnScreen = Callable[..., FillstepApp]
Text = dict[str, tuple[object, ...]]
CLICK = "a click on the timeline"
EXECUTING = ("n", "s", "f")
KEYS = ("n", "N", "N", "s", "s", "S", "S", "S", "f", "F", "F", "[", "]", "0", "$", CLICK, CLICK)
NAMES = {"[": "left_square_bracket", "]": "right_square_bracket", "$": "dollar_sign"}
SIZES = [(80, 24), (140, 40), (60, 15)]
WALK = 60


def text_of(app: FillstepApp) -> Text:
    """Return what the panes show, without the timeline, and the status without its state."""
    panes = {name: pane for name, pane in app._panes.items() if name != "timeline" and pane.display and pane.size}
    shown: Text = {
        name: (*pane.plain_lines(), str(pane.border_title), str(pane.border_subtitle)) for name, pane in panes.items()
    }
    return shown | {"status": app._status._view.parts, "size": tuple(pane.size for pane in panes.values())}


async def act(pilot: Pilot[Any], key: str, random: Random) -> None:
    if key == CLICK:
        width = app_of(pilot).default_screen.query_one(TimelinePane).size.width
        reached = session_of(pilot).run.step_count * width // len(session_of(pilot).run.feed)
        await pilot.click(TimelinePane, offset=(random.randrange(reached + 2), 0))
        await pilot.pause()
    elif key == "f" and session_of(pilot).timeline.is_at_head:
        await press(pilot, key)
    else:
        await pilot.press(NAMES.get(key, key))


def walk(on_screen: OnScreen, run: Backtest, seed: int, size: tuple[int, int], *first: str) -> None:
    random = Random(seed)  # noqa: S311 - a walk
    seen: dict[object, Text] = {}
    came_back = 0

    async def script(pilot: Pilot[Any]) -> None:
        nonlocal came_back
        app = app_of(pilot)
        await pilot.press(*first)
        for _ in range(WALK):
            key = random.choice(KEYS)
            was_at_head, facts = session_of(pilot).timeline.is_at_head, len(run.journal)
            journal = None if was_at_head or key == "f" else run.journal.canonical_bytes()
            await act(pilot, key, random)
            if journal is not None:
                assert run.journal.canonical_bytes() == journal, key
            assert len(run.journal) == facts or key in EXECUTING
            text = text_of(app)
            # A message takes a line of the panes, and at a fill that was looked for its symbol is selected.
            there = (place(pilot), text.pop("size"), app._selection)
            came_back += there in seen
            assert seen.setdefault(there, text) == text, (key, there)

    on_screen(run, script, size=size)
    assert came_back > 5


@pytest.mark.parametrize(
    ("seed", "strategy", "steps", "size", "first"),
    [
        (1, DipBuyer, 30, (80, 24), ("2",)),
        (2, DipBuyer, 145, (140, 40), ("8",)),
        (3, BracketBreakout, 60, (140, 40), ("v", "4")),
        (5, BracketBreakout, 90, (140, 40), ("1", "j", "j", "ctrl+u", "h")),
        (4, TrailingStop, 130, (80, 24), ("5",)),
    ],
)
def test_what_is_shown_at_a_place_is_what_was_shown_at_the_first_arrival(
    sample: Sample,
    on_screen: OnScreen,
    seed: int,
    strategy: type[Strategy],
    steps: int,
    size: tuple[int, int],
    first: tuple[str, ...],
) -> None:
    walk(on_screen, sample(steps, strategy()), seed, size, *first)


@pytest.mark.parametrize("size", SIZES)
def test_every_state_is_shown_at_every_size(sample: Sample, on_screen: OnScreen, size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[Any]) -> None:
        for pane in "1578":
            await press(pilot, pane, "0", "s", "n", "F", "f", "d", "escape", "colon", "escape", "B", "escape")
            await press(pilot, "o", "escape", "m", "a", "apostrophe", "a", "z", "S", "N", "z", "r", "d", "escape")
            await press(pilot, "p", "dollar_sign", "question_mark", "escape")
            assert pilot.app.screen is app_of(pilot).default_screen
        await press(pilot, "c")
        assert session_of(pilot).run.is_over

    on_screen(sample(12), script, size=size)


def test_a_run_looked_at_from_a_place_is_the_run_that_was_there(sample: Sample, on_screen: OnScreen) -> None:
    """At the end of a bar the screen shows what a run shows that has come no further."""
    rewound: list[Text] = []
    paused: list[Text] = []

    async def back(pilot: Pilot[Any]) -> None:
        await press(pilot, *["N"] * 16)
        rewound.append(text_of(app_of(pilot)))

    async def stay(pilot: Pilot[Any]) -> None:
        paused.append(text_of(app_of(pilot)))

    on_screen(sample(161), back)
    on_screen(sample(145), stay)
    for one in (*rewound, *paused):
        one.pop("price")  # of the symbol that traded last, which another run knows otherwise
    assert rewound == paused
