"""Pictures of the screen, and beside each its text, so that a change can be read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from attrs import define

from core.backtest.examples import BracketBreakout, DipBuyer, TrailingStop
from core.backtest.loop import Backtest
from core.backtest.settings import Settings
from core.backtest.strategy import Now, Strategy
from core.bars import Bars
from tui.app import FillstepApp
from tui.settings import Ascii, UserSettings

Sample = Callable[..., Backtest]
SamePicture = Callable[..., None]
MID_RUN = 145
A_REFUSAL = 161
AN_AMBIGUOUS_PATH = 469
A_STOP_THAT_TRAILS = 130
END = 2015
FIRST_TRADE = 60


def sizes(*some: tuple[int, int]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("size", some, ids=lambda size: f"{size[0]}x{size[1]}")


SIZES = sizes((80, 24), (140, 40))
THREE_SIZES = sizes((80, 24), (100, 30), (140, 40))
ALL_SIZES = sizes((60, 15), (80, 24), (100, 30), (140, 40), (200, 60))
MIDDLE = (100, 30)


def typed(text: str) -> str:
    """Return the keys that write a text."""
    names = {" ": "space", "=": "equals_sign", "<": "less_than_sign", "#": "number_sign", "!": "exclamation_mark"}
    return " ".join(names.get(one, one) for one in text)


class Refused(Strategy):
    """It asks for what cannot be had."""

    def on_bar(self, now: Now) -> None:
        """Ask."""
        if now.step % 40 == 3:
            now.buy("AAPL", 1_000_000)


@define
class Holds(Strategy):
    """It holds a lot of some symbols."""

    symbols: tuple[str, ...]

    def on_bar(self, now: Now) -> None:
        """Buy."""
        for symbol in self.symbols if now.step == 0 else ():
            now.buy(symbol, 1000)


@define
class Faulty(DipBuyer):
    """Fail at a step."""

    def on_bar(self, now: Now) -> None:
        if now.step == MID_RUN:
            raise ValueError("no luck")
        super().on_bar(now)


@THREE_SIZES
def test_before_the_first_bar(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample()), size)


@ALL_SIZES
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


@THREE_SIZES
def test_end_of_data(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(END - 1)), size, "n n")


@SIZES
def test_help(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(MID_RUN)), size, "question_mark")


@THREE_SIZES
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


@THREE_SIZES
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


@THREE_SIZES
def test_before_the_first_trade(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    same_picture(FillstepApp(sample(FIRST_TRADE, Refused())), size, "0 ] ]".replace("]", "right_square_bracket"))


@THREE_SIZES
def test_running(sample: Sample, same_picture: SamePicture, size: tuple[int, int]) -> None:
    app = FillstepApp(sample(MID_RUN))
    app.session.runner._begin()  # it says that it runs, and stays where it is
    same_picture(app, size)


def test_only_rejections(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(END, Refused())), MIDDLE)


def test_a_strategy_that_never_asks(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(END, Strategy())), MIDDLE)


@pytest.mark.parametrize("pane", "12345678")
def test_a_pane_alone(sample: Sample, same_picture: SamePicture, pane: str) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), MIDDLE, f"{pane} z")


def test_focus_and_cursor(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), MIDDLE, "3 j j j j")


def test_a_filter(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), MIDDLE, f"3 slash {typed('msft !rejected')} enter")


def test_a_filter_that_nothing_matches(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), MIDDLE, f"5 slash {typed('nothing')} enter")


def test_the_command_line_completes(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), MIDDLE, f"colon {typed('break re')}")


def test_the_command_line_points(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), MIDDLE, f"colon {typed('break equity < x')} enter")


def test_help_of_a_list(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), MIDDLE, "3 question_mark")


def test_the_palette(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), MIDDLE, "ctrl+p f i l l")


def test_where_to_go(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), MIDDLE, "at")


def test_two_moments(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL)), MIDDLE, "d")


def test_a_chart_zoomed_and_moved(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(1000)), MIDDLE, "1 z j j h h h h")


def test_bookmarks_and_breakpoints_along_the_run(sample: Sample, same_picture: SamePicture) -> None:
    app = FillstepApp(sample(1000))
    app.session.breakpoints.add("flipped")
    app.session.breakpoints.add("drawdown_ratio > 0.05")
    same_picture(app, MIDDLE, "m a F F F F F F F F m b C")


@pytest.mark.parametrize("theme", ["fillstep-light", "ansi-dark", "textual-dark"])
def test_other_colors(sample: Sample, same_picture: SamePicture, theme: str) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL), settings=UserSettings(theme=theme)), MIDDLE, "3 j")


def test_no_color(sample: Sample, same_picture: SamePicture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    same_picture(FillstepApp(sample(A_REFUSAL)), MIDDLE, "3 j")


def test_ascii_alone(sample: Sample, same_picture: SamePicture) -> None:
    same_picture(FillstepApp(sample(A_REFUSAL), settings=UserSettings(ascii=Ascii.ALWAYS)), MIDDLE, "3 j")


def test_long_names_and_wide_numbers(same_picture: SamePicture) -> None:
    day, name = datetime(2024, 1, 2, 21, tzinfo=UTC), "A_VERY_LONG_NAME_OF_A_SYMBOL_THAT_GOES_ON_AND_ON_AND_ON_60"
    price, wide = Decimal("123456789.123456"), "\N{CJK UNIFIED IDEOGRAPH-682A}\N{CJK UNIFIED IDEOGRAPH-5F0F}"
    rows = [(day + timedelta(days=place), *[price] * 4) for place in range(30)]
    bars = [Bars.from_rows(one, rows) for one in (name, wide)]
    run = Backtest(bars, Holds((name, wide)), Settings(initial_capital=10**17))
    for _ in range(20):
        run.step()
    same_picture(FillstepApp(run), MIDDLE)


def test_no_bar_of_a_symbol_today(same_picture: SamePicture) -> None:
    day = datetime(2024, 1, 2, 21, tzinfo=UTC)
    days = [day + timedelta(days=place) for place in range(30)]
    run = Backtest(
        [
            Bars.from_rows("A", [(one, 10, 12, 9, 11) for one in days]),
            Bars.from_rows("B", [(one, 10, 12, 9, 11) for one in days[::7]]),
        ],
        Holds(("A", "B")),
    )
    for _ in range(20):
        run.step()
    same_picture(FillstepApp(run), MIDDLE, "2 j")
