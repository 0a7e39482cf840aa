"""What a strategy has in its fields at a moment, what of that changed in the step, and what it printed."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from core.errors import FillstepError
from core.replay.reexecution import Call
from core.text import clean
from tui.sentences import Tone
from tui.shown import TextView

StrategyCalls: TypeAlias = tuple[Call, Call | None]
"""What it was at the end of a step, and at the end of the step before; None where there is none."""


def strategy_view(call: Callable[[int], StrategyCalls | None] | None, step: int) -> TextView:
    """Return what the strategy was at the end of a step.

    Args:
        call: Returns it, or None where it is not known yet; it may raise what says why that is not known.
        step: The step.
    """
    title = f"after bar {step + 1}" if step >= 0 else "at the start"
    if call is None:
        return TextView(title, ())
    try:
        calls = call(step)
    except FillstepError as error:
        return TextView(title, ((clean(str(error)), "bad"),))
    return TextView(title, tuple(_lines(*calls)) if calls else (("running again ...", "dim"),))


def _lines(now: Call, before: Call | None) -> Iterator[tuple[str, Tone]]:
    width = max(map(len, now.fields), default=0)
    for name, value in now.fields.items():
        earlier = value if before is None else before.fields.get(name, "nothing")
        was = "" if earlier == value else f"   was {earlier}"
        yield f"{clean(name):<{width}}  {value}{was}", "warn" if was else ""
    if not now.fields:
        yield "the strategy has no fields", "dim"
    for line in now.output.splitlines():
        yield f"> {line}", "dim"
