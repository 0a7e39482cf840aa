"""The pictures of docs/debugging.md: one story, each picture some keys further; and what else the page says."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from core.backtest.loop import Backtest
from core.replay.conditions import FACTS
from core.replay.expression import NAMES, SYMBOL_NAMES
from tui.app import FillstepApp

Sample = Callable[..., Backtest]
SamePicture = Callable[..., None]

PAGE = (Path(__file__).parents[2] / "docs" / "debugging.md").read_text(encoding="utf-8")
SIZE: Final = (110, 36)
OPENED: Final = 151
TO_THE_REJECTION: Final = "0 colon b r e a k space r e j e c t i o n enter c"
BACK: Final = f"{TO_THE_REJECTION} S"
BRANCH: Final = f"{BACK} s r"
BOTH: Final = f"{BRANCH} d"
FILL: Final = f"{BOTH} escape p f"


def test_the_first_rejection(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(OPENED)), SIZE, TO_THE_REJECTION)


def test_one_place_back(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(OPENED)), SIZE, BACK)


def test_the_branch(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(OPENED)), SIZE, BRANCH)


def test_both_moments(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(OPENED)), SIZE, BOTH)


def test_a_fill(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(OPENED)), SIZE, FILL)


def test_each_picture_of_the_page_is_one_of_these() -> None:
    shown = re.findall(r"!\[[^]]+\]\(\.\./tests/tui/__snapshots__/test_debugging_page/(\w+)\.svg\)", PAGE)
    assert shown == [
        "test_the_first_rejection",
        "test_one_place_back",
        "test_the_branch",
        "test_both_moments",
        "test_a_fill",
    ]
    assert PAGE.count("![") == len(shown)


def test_the_page_lists_every_number_and_every_kind_of_fact() -> None:
    listed = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE)
    assert listed == [(name, said) for names in (NAMES, SYMBOL_NAMES) for name, (_, _, said) in names.items()]
    kinds = set(re.findall(r"`(?:break )?(\w+)[^`]*`", "".join(re.findall(r"^\| `break .*$", PAGE, re.MULTILINE))))
    assert set(FACTS) <= kinds
