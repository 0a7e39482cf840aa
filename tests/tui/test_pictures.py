"""Pictures of the screen, and beside each its text, so that a change can be read."""

from collections.abc import Callable

import pytest
from attrs import define

from core.backtest.examples import BracketBreakout, DipBuyer, TrailingStop
from core.backtest.loop import Backtest
from core.backtest.strategy import Now
from tui.app import FillstepApp

Sample = Callable[..., Backtest]
SamePicture = Callable[..., None]
MID_RUN = 145
A_REFUSAL = 161
AN_AMBIGUOUS_PATH = 469
A_STOP_THAT_TRAILS = 130
END = 2015
SIZES = pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])


@define
class Faulty(DipBuyer):
    """Fail at a step."""

    def on_bar(self, now: Now) -> None:
        if now.step == MID_RUN:
            raise ValueError("no luck")
        super().on_bar(now)


@SIZES
def test_before_the_first_bar(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample()), size)


@SIZES
def test_mid_run(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(MID_RUN)), size)


@SIZES
def test_a_rejected_order_is_selected(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), size, "3 j j")


@SIZES
def test_brackets_some_of_whose_exits_are_asleep(
    sample: Sample, same_picture: SamePicture, size: tuple[int, int]
) -> None:
    same_picture(FillstepApp(sample(AN_AMBIGUOUS_PATH, BracketBreakout())), size)


def test_a_stop_that_trails(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_STOP_THAT_TRAILS, TrailingStop())), (100, 30))


@SIZES
def test_end_of_data(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(END - 1)), size, "n n")


@SIZES
def test_help(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(MID_RUN)), size, "question_mark")


def test_orders_alone(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), (100, 30), "3 z")


def test_line_chart(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(MID_RUN)), (100, 30), "v")


def test_a_small_screen(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(MID_RUN)), (60, 15), "5")


def test_an_error(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(MID_RUN, Faulty())), (80, 24), "n")
