"""The loader's property: a damaged file is sound bars or one line of error, in bounded time and memory.

The files are loaded in processes with limits, many in each. One that dies or computes too long is replaced, and the
file that ended it has failed.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.mutated_files import mutated

ROOT: Final = Path(__file__).parents[2]
PARTS: Final = {"text": 6, "parquet": 3, "arrow": 1}
A_PART: Final = 2_000
WAIT: Final = 600
"""Seconds, for a process that waits and does not compute; it takes a few on a machine where nothing else runs."""


@pytest.mark.parametrize(
    ("kind", "first"), [(kind, part * A_PART) for kind, parts in PARTS.items() for part in range(parts)]
)
def test_a_damaged_file_is_sound_bars_or_one_line_of_error(kind: str, first: int, tmp_path: Path) -> None:
    wrong: list[str] = []
    begin = first
    while begin < first + A_PART:
        begin, found = load_from(kind, begin, first + A_PART, tmp_path)
        wrong += found
    assert wrong == []


def load_from(kind: str, begin: int, end: int, folder: Path) -> tuple[int, list[str]]:
    """Load files in a process; return which is the next one, and what was wrong with those before it."""
    command = [sys.executable, "-m", "tests.mutated_files", kind, str(begin), str(end - begin), str(folder)]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=WAIT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout, f"the process loaded nothing: {done.stderr}"
    *lines, last = done.stdout.splitlines()
    wrong = [line for line in lines if not line.isdecimal()]
    if done.stderr:
        wrong.append(f"{kind} from {begin}: printed {done.stderr[:500]}")
    if last == "done":
        return end, wrong
    number = last.partition(":")[0]
    return int(number) + 1, [*wrong, f"{kind} {number}: ended the process with {done.returncode}"]


def test_a_damaged_file_is_the_same_each_time() -> None:
    assert mutated("text", 1) == mutated("text", 1) != mutated("text", 2)
