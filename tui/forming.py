"""The bar that is being walked: how far its path has come at a place inside it, and which path that is."""

from core.clock import Phase
from core.execution.path import END_OF
from core.replay.cursor import Cursor
from core.replay.explain import parts_of_past
from core.replay.run import Run


def forming_candle(run: Run, place: int, cursor: Cursor) -> tuple[int, int, int, int] | None:
    """Return a symbol's bar as far as its path has come at a place inside it, in ticks; None where it is over.

    Args:
        run: The run.
        place: Which symbol, by its place in the feed.
        cursor: Where one stands.
    """
    end = END_OF.get(cursor.phase)
    if end is None or cursor.step < 0 or cursor.phase >= Phase.MARK:
        return None
    symbol, row = run.feed.bars[place].symbol, run.feed.row_at(place, cursor.step)
    if row < 0 or run.feed.step_at(place, row) != cursor.step:
        return None
    (bar, *others) = parts_of_past(run, symbol, row, cursor.step)
    if others:
        return None
    prices = bar.path[: end + 1]
    return prices[0], max(prices), min(prices), prices[-1]


def path_text(run: Run, symbol: str, row: int, step: int) -> str:
    """Say in which order the prices of a bar are taken to have happened: `O→H→L→C`."""
    (bar, *others) = parts_of_past(run, symbol, row, step)
    if others:
        return f"{1 + len(others)} finer bars"
    _, high, low, _ = bar.prices
    first, second = ("H", "L") if bar.path[1] == high else ("L", "H")
    return "one price" if high == low else f"O→{first}→{second}→C"
