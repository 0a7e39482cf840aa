"""Profit and loss is never cut, and equity takes the room that is left."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from attrs import frozen
from textual.pilot import Pilot

from tui.panes.pnl import PnlPane
from tui.shown import PnlView

OnStage = Callable[..., None]
FIGURES = (
    ("realized", "real", "+11,558.59"),
    ("unrealized", "unrl", "-1,372.49"),
    ("commissions", "comm", "47.44"),
    ("net", "net", "+10,138.66"),
    ("equity", "eqty", "110,138.66"),
    ("drawdown", "drdn", "0.00"),
)
MILLIONS = tuple((name, short, f"{text}"[:1] + "1,234,567.89") for name, short, text in FIGURES)


@frozen
class Literal:
    """As much of a view as a test needs."""

    pnl: PnlView


def shown(on_stage: OnStage, view: PnlView, size: tuple[int, int]) -> list[str]:
    pane, lines = PnlPane(), list[str]()

    async def script(_: Pilot[Any]) -> None:
        pane.show_view(Literal(view))
        lines.extend(pane.plain_lines())

    on_stage(script, pane, size=size)
    return lines


def nothing(_: int) -> list[Decimal]:
    return []


def rising(columns: int) -> list[Decimal]:
    return [Decimal(100_000 + 1_000 * column) for column in range(columns)]


def test_in_a_narrow_pane_numbers_stand_in_two_columns(on_stage: OnStage) -> None:
    assert [line.rstrip() for line in shown(on_stage, PnlView(FIGURES, nothing, nothing), (35, 4))[:3]] == [
        "real +11,558.59    unrl  -1,372.49",
        "comm      47.44    net  +10,138.66",
        "eqty 110,138.66    drdn       0.00",
    ]


def test_in_a_wide_pane_they_have_their_whole_names(on_stage: OnStage) -> None:
    assert [line.rstrip() for line in shown(on_stage, PnlView(FIGURES, nothing, nothing), (78, 4))[:2]] == [
        "realized    +11,558.59    unrealized   -1,372.49    commissions      47.44",
        "net         +10,138.66    equity      110,138.66    drawdown          0.00",
    ]


def test_long_numbers_take_fewer_columns(on_stage: OnStage) -> None:
    lines = shown(on_stage, PnlView(MILLIONS, nothing, nothing), (35, 8))
    assert [line.split() for line in lines[:6]] == [[name, text] for name, _, text in MILLIONS]


def test_equity_stands_under_the_numbers(on_stage: OnStage) -> None:
    lines = shown(on_stage, PnlView(FIGURES, rising, fallen), (35, 9))
    assert {len(line) for line in lines} == {35}
    assert all("│" in line for line in lines[3:])
    assert set(lines[7][:25]) <= set("▁▂▃▄▅▆▇█")
    assert lines[3][0] == " "


def test_equity_is_asked_for_as_many_columns_as_there_are(on_stage: OnStage) -> None:
    asked: list[int] = []

    def equity(columns: int) -> list[Decimal]:
        asked.append(columns)
        return []

    shown(on_stage, PnlView(FIGURES, equity, nothing), (35, 9))
    assert set(asked) == {25}


def test_a_pane_without_room_draws_what_fits(on_stage: OnStage) -> None:
    for size in ((1, 1), (5, 2), (12, 7)):
        assert len(shown(on_stage, PnlView(FIGURES, rising, nothing), size)) == size[1]


def fallen(columns: int) -> list[Decimal]:
    return [Decimal(250 * (column % 5)) for column in range(columns)]


def test_the_drawdown_stands_under_equity_with_the_worst_of_it(on_stage: OnStage) -> None:
    lines = shown(on_stage, PnlView(FIGURES, rising, fallen), (35, 9))
    assert lines[-1] == f"{' ▂▄▆█' * 5}│   -1,000"
    assert all("│" in line for line in lines[3:])


def test_where_equity_never_fell_no_drawdown_is_drawn(on_stage: OnStage) -> None:
    lines = shown(on_stage, PnlView(FIGURES, rising, lambda columns: [Decimal(0)] * columns), (35, 9))
    assert lines[-1] == f"{' ' * 25}│        0"


def test_without_room_for_equity_there_is_no_drawdown(on_stage: OnStage) -> None:
    lines = shown(on_stage, PnlView(FIGURES, rising, fallen), (35, 5))
    assert "-1,000" not in "".join(lines)
    assert "-1,000" in "".join(shown(on_stage, PnlView(FIGURES, rising, fallen), (35, 6)))


HUGE = tuple((name, short, "-123,456,789,012,345,678.12") for name, short, _ in FIGURES)


def test_a_number_that_has_no_room_is_covered(on_stage: OnStage) -> None:
    for width, cell in ((40, "-123,456,789,012,345,678.12"), (31, "#" * 26), (8, "###")):
        lines = shown(on_stage, PnlView(HUGE, nothing, nothing), (width, 7))
        assert [line.split()[-1] for line in lines[:6]] == [cell] * 6
    assert [line.split() for line in shown(on_stage, PnlView(HUGE, nothing, nothing), (32, 7))[:6]] == [
        [short, text] for _, short, text in HUGE
    ]


def test_a_label_of_the_axis_is_whole_however_large_equity_is(on_stage: OnStage) -> None:
    def vast(columns: int) -> list[Decimal]:
        return [Decimal(10**18) * (column + 1) for column in range(columns)]

    lines = shown(on_stage, PnlView(FIGURES, vast, vast), (35, 9))
    assert not [line for line in lines if "…" in line]
    assert lines[-1].endswith("│ -2.5e+19")
