"""What a test does on the screen of a run, and reads from it."""

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, Static

from core.replay.cursor import Cursor
from tui.app import FillstepApp
from tui.panes.telling import TellingPane
from tui.session import Session


def app_of(pilot: Pilot[Any]) -> FillstepApp:
    """Return the app of a run."""
    assert isinstance(pilot.app, FillstepApp)
    return pilot.app


def session_of(pilot: Pilot[Any]) -> Session:
    """Return the run that is looked at."""
    return app_of(pilot).session


def place(pilot: Pilot[Any]) -> Cursor:
    """Return where one stands."""
    return session_of(pilot).timeline.cursor


def end_of(pilot: Pilot[Any], bar: int) -> Cursor:
    """Return the end of a bar, counted from 1."""
    return session_of(pilot).timeline.end_of_step(bar - 1)


def told(pilot: Pilot[Any]) -> str:
    """Return the message that is shown; empty where there is none."""
    return " / ".join(notice.text for notice in app_of(pilot).default_screen.query_one(TellingPane).told)


def hint(pilot: Pilot[Any]) -> str:
    """Return what stands over the command line."""
    return str(pilot.app.screen.query_one("#hint", Static).content)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, and wait until what they began is done."""
    await pilot.press(*keys)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def say(pilot: Pilot[Any], command: str) -> None:
    """Write a command, and give it."""
    await pilot.press("colon")
    pilot.app.screen.query_one(Input).value = command
    await press(pilot, "enter")
