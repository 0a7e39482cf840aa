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


@SIZES
def test_rewound_to_a_fill_inside_a_bar(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), size, "F F")


@SIZES
def test_a_rejection_is_explained(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), size, "3 j enter")


@SIZES
def test_a_branch_where_it_parts_from_its_parent(
    sample: Sample, same_picture: SamePicture, size: tuple[int, int]
) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), size, "r")


@SIZES
def test_parent_and_branch_side_by_side(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), size, "r n n d")


@SIZES
def test_a_breakpoint_is_hit(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    app = FillstepApp(sample(MID_RUN))
    app.session.breakpoints.add("equity < 98000")
    same_picture(app, size, "C")


@SIZES
def test_breakpoints(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    app = FillstepApp(sample(MID_RUN))
    for text in ("equity < 98000", "rejection GOOG ignore 2", 'position["AAPL"] > 0 and cash < 50000', "older 20"):
        app.session.breakpoints.add(text)
    next(iter(app.session.breakpoints)).is_on = False
    same_picture(app, size, "B")


@SIZES
def test_a_command_that_cannot_be_read(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(MID_RUN)), size, f"colon {' '.join('buy')} space 5 space x enter")


@SIZES
def test_the_strategy(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(MID_RUN + 1)), size, "8")


@SIZES
def test_every_change_of_a_number(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(MID_RUN)), size, f"colon {' '.join('watch')} space {' '.join('cash')} enter j")


@SIZES
def test_an_order_by_hand(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(MID_RUN)), size, "o 5 0")


def test_orders_alone(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), (100, 30), "3 z")


def test_line_chart(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(MID_RUN)), (100, 30), "v")


def test_a_small_screen(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(MID_RUN)), (60, 15), "5")


def test_an_error(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(MID_RUN, Faulty())), (80, 24), "n")
