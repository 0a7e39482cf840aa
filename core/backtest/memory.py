"""How much memory files of bars need, said before they are loaded, and which are read in windows instead."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from attrs import evolve

from core.backtest.by_window import ask, stated_lookback
from core.backtest.strategy import Strategy
from core.bars import Bars
from core.data.actions import has_actions
from core.data.load import load
from core.data.opening import BYTES_A_ROW, memory_limit, memory_needed, too_little
from core.data.reading import Reading
from core.data.windows import is_parquet, open_windows
from core.windowed_bars import WINDOW_ROWS

_TO_RUN: Final = 150
"""Bytes a row takes in a run: integers of eight bytes in the columns, and times and closes as numbers of Python."""

_AN_INDICATOR: Final = 50
"""Bytes that a row of an indicator takes in a run."""


def load_or_open(
    paths: Sequence[str | Path], strategy: Strategy, reading: Reading, *, in_windows: bool = True
) -> list[Bars]:
    """Load the bars of files; read them in windows where they need more memory than they may.

    Args:
        paths: Files, in any order.
        strategy: What runs over them: its indicators take memory too, and it says how many earlier bars these need.
        reading: How much memory bars may need, and what else the files do not say.
        in_windows: Whether windows will do; who shows bars needs all of them.

    Raises:
        MemoryNeededError: They need more, and cannot be read in windows.
        BarDataError: A file that cannot be read, or a row in it that is wrong.
        StrategyError: The strategy raised.
    """
    bytes_a_row = max(BYTES_A_ROW, _TO_RUN + _AN_INDICATOR * len(ask(strategy, "indicators")))
    needed, limit = memory_needed(paths, bytes_a_row), memory_limit(reading)
    if sum(needed.values()) <= limit:
        return load(paths, reading)
    refusal = partial(too_little, needed, limit)
    if not in_windows:
        raise refusal("only `fillstep run` reads bars in windows")
    if len(paths) > 1 or not is_parquet(paths[0]):
        raise refusal("only a single Parquet file can be read in windows")
    if evolve(reading, memory_gb=None) != Reading():
        raise refusal("what is read in windows is read as it is written, with times in UTC, and nothing is said of it")
    if has_actions(str(paths[0])):
        raise refusal("its columns of splits and dividends are not read in windows")
    lookback = stated_lookback(strategy)
    if lookback is None:
        raise refusal(f"let {type(strategy).__name__} say its lookback, and it is read in windows")
    if 2 * (WINDOW_ROWS + lookback) * bytes_a_row > limit:
        raise refusal(f"windows with a lookback of {lookback:,} bars need more too")
    return [open_windows(paths[0], WINDOW_ROWS)]
