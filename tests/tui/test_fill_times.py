"""Fills are found by symbol, side and time, among those that have happened."""

from datetime import UTC, datetime, timedelta

from core.bars import to_microseconds
from core.fill import Fill
from core.order import BUY, SELL, Side
from tui.fill_times import FillTimes

START = datetime(2024, 1, 2, tzinfo=UTC)


def day(number: int) -> int:
    return to_microseconds(START + timedelta(days=number))


def made(number: int, on: int, side: Side = BUY, symbol: str = "ACME") -> Fill:
    return Fill(number, number, symbol, side, 1, 10, START + timedelta(days=on))


FILLS = {1: made(1, 2), 2: made(2, 2), 3: made(3, 3, SELL), 4: made(4, 4, symbol="OTHER"), 5: made(5, 6)}


def test_the_next_fill_of_a_symbol_and_a_side_is_found() -> None:
    times = FillTimes().read(FILLS, 5)
    assert [times.after("ACME", BUY, day(one), 5) for one in (1, 2, 5, 6)] == [day(2), day(6), day(6), None]
    assert times.after("ACME", SELL, day(0), 5) == day(3)
    assert times.after("NONE", BUY, day(0), 5) is None


def test_fills_after_the_moment_are_not_found() -> None:
    times = FillTimes().read(FILLS, 5)
    assert times.after("ACME", BUY, day(2), 4) is None


def test_each_fill_is_read_once() -> None:
    fills = dict(FILLS)
    times = FillTimes().read(fills, 4)
    for number in range(1, 5):
        del fills[number]
    assert times.read(fills, 5).after("ACME", BUY, day(2), 5) == day(6)
    assert times.read({}, 3).after("ACME", BUY, day(2), 5) == day(6)
